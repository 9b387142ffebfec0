"""Spoken numbers read back: the inverse of `sino`, `native`, `decimal`, `count`, `channel` and `clock`.

A small grammar, tried as a whole and then without a counter at the end; what it does not cover is no number. It never
guesses: 한두 개 (one or two) and 이삼 단계 (two or three) name no single number.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache

from fgdata.korean.counting import COUNTERS, DAY_PARTS
from fgdata.korean.numerals import GROUPS, native, native_count
from fgdata.korean.reading import UNITS

_DIGITS = {
    "영": 0,
    "공": 0,
    "일": 1,
    "이": 2,
    "삼": 3,
    "사": 4,
    "오": 5,
    "육": 6,
    "륙": 6,
    "칠": 7,
    "팔": 8,
    "구": 9,
}
_PLACES = (("천", 1000), ("백", 100), ("십", 10))
_NATIVE = {word: n for n in range(1, 100) for word in (native(n), native_count(n))} | {
    "석": 3,
    "넉": 4,
    "첫": 1,
}
_HUNDREDS_NATIVE = re.compile(r"(?P<sino>.*[백천만억조경])(?P<native>[가-힣]+)")
_COUNTERS = sorted(
    [*COUNTERS, *UNITS, "번 채널", "번채널", "채널", "K", "%", "℃", "°C", "°"], key=len, reverse=True
)
_NUMBERED = ("번", "번채널", "")
"""What may follow digits read one by one."""
_LONG = 40
"""No number that we know how to say has more letters; longer texts need no look."""
_TIME = re.compile(
    r"(?P<hour>[가-힣]{1,4}|[0-9]{1,2})시(?:(?P<half>반)|(?P<minute>[가-힣]{1,4}|[0-9]{1,2})분)?"
)
_CLOCK = re.compile(r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})")
_FIGURES = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?")
_FRACTION = re.compile(r"(?P<below>.+)분의(?P<above>.+)|(?P<top>[0-9]+)/(?P<bottom>[0-9]+)")
_DECIMAL = re.compile(r"(?P<whole>.+?)[점쩜](?P<decimals>.+)")


@lru_cache(maxsize=65_536)
def read_number(text: str) -> int | float | None:
    """The number that `text` says, or None: "이십사" -> 24, "스물네 시간" -> 24, "이십 4" -> 24, "영하 오 도" -> -5, "한 시간 반" -> 1.5.

    Sino-Korean, native and digits (2십, 1만 5천, 1,500), decimals (이십사 점 오), halves (반, 24도 반), fractions (이분의 일, 1/2), signs
    (마이너스, 영하, -) and digits read one by one (일일, 공일공; only alone or before 번) are understood, with or without a
    counter at the end. A percent is its number: "삼십 퍼센트" -> 30. Blanks may stand or lack anywhere.

    A whole number comes as int. Words that are numbers by chance (이, 일, 구, 만) are read as numbers. 일 after a blank counts
    days where it can (십 일 is ten days, 십일 eleven). For times of day see `read_clock`.
    """
    found = read_counted(text)
    return None if found is None else found[0]


@lru_cache(maxsize=65_536)
def read_counted(text: str) -> tuple[int | float, str] | None:
    """The number that `text` says, as `read_number`, and the counter or unit that stands with it; "" if none does."""
    found = _read(unicodedata.normalize("NFKC", text).replace("\u2044", "/").strip().rstrip(".,!?"))
    if found is None:
        return None
    value, counter = found
    return int(value) if value == value.to_integral_value() else float(value), counter


def _read(text: str) -> tuple[Decimal, str] | None:
    """As `read_counted`, exactly."""
    if not text or len(text) > _LONG:
        return None
    for sign, factor in (("마이너스", -1), ("영하", -1), ("영상", 1), ("-", -1), ("−", -1), ("채널", 1)):
        if text.startswith(sign) and (found := _unsigned(text.removeprefix(sign).strip())) is not None:
            value, counter = found
            return value * factor, counter or ("채널" if sign == "채널" else "")
    return _unsigned(text)


def _unsigned(text: str) -> tuple[Decimal, str] | None:
    """A number without sign, and its counter: bare, counted, or with a half."""
    if text in ("반", "절반"):
        return Decimal("0.5"), ""
    if text.startswith("이번"):
        return None  # this time, this channel
    if text.endswith(" 일") and (days := _bare(text[:-2].rstrip(), may_be_digits=False)) is not None:
        return days, "일"
    if (bare := _bare(text, may_be_digits=True)) is not None:
        return bare, ""
    if text.endswith("반") and not text.endswith("시반") and not text.endswith("시 반"):
        whole = _counted(text[:-1].rstrip())
        return None if whole is None or whole[0] % 1 else (whole[0] + Decimal("0.5"), whole[1])
    return _counted(text)


def _counted(text: str) -> tuple[Decimal, str] | None:
    """A number and perhaps a counter; of the counters that fit, the longest first."""
    if (bare := _bare(text, may_be_digits=True)) is not None:
        return bare, ""
    for counter in _COUNTERS:
        if text.endswith(counter):
            before = text.removesuffix(counter).rstrip()
            if before == "반" and counter in COUNTERS:
                return Decimal("0.5"), counter
            if _is_no_count(before, counter):
                return None
            value = _bare(before, may_be_digits=counter.replace(" ", "") in _NUMBERED)
            if value is not None:
                return value, counter
    return None


def _is_no_count(before: str, counter: str) -> bool:
    """Whether what stands before `counter` looks like a digit and counts nothing: 이 방 is this room, two rooms are 두 방."""
    counts_natively = COUNTERS.get(counter) == "native" and counter != "번"
    return (before in tuple("일이삼사오육칠팔구") and counts_natively) or (
        before == "이" and counter == "채널"
    )


def _bare(text: str, *, may_be_digits: bool) -> Decimal | None:
    """A number without sign and counter."""
    tight = "".join(text.split())
    if tight == text and _FIGURES.fullmatch(tight):
        return Decimal(tight.replace(",", ""))
    if fraction := _FRACTION.fullmatch(tight):
        below = _whole(fraction["below"] or fraction["bottom"])
        above = _whole(fraction["above"] or fraction["top"])
        return Decimal(above) / Decimal(below) if below and above is not None else None
    if parts := _DECIMAL.fullmatch(tight):
        whole, decimals = _whole(parts["whole"]), _digit_text(parts["decimals"])
        return None if whole is None or decimals is None else Decimal(f"{whole}.{decimals}")
    if (whole := _whole(tight)) is not None:
        return Decimal(whole)
    if may_be_digits and tight == text and len(tight) > 1:
        digits = _digit_text(tight)
        return None if digits is None else Decimal(digits)
    return None


def _digit_text(words: str) -> str | None:
    """Digits read one by one, as digits: 일사 -> "14"."""
    if words.isascii() and words.isdigit():
        return words
    digits = [_DIGITS.get(word) for word in words]
    return None if None in digits else "".join(map(str, digits))


def _whole(words: str) -> int | None:
    """A whole number in Sino-Korean, native or mixed words, without blanks."""
    if words in ("영", "공", "제로", "0"):
        return 0
    if words in _NATIVE:
        return _NATIVE[words]
    if (value := _sino_value(words)) is not None:
        return value
    mixed = _HUNDREDS_NATIVE.fullmatch(words)
    if mixed and mixed["native"] in _NATIVE:
        hundreds = _sino_value(mixed["sino"])
        return None if hundreds is None or hundreds % 100 else hundreds + _NATIVE[mixed["native"]]
    return None


def _sino_value(words: str) -> int | None:
    """Sino-Korean words, digits among them, from the largest group down: 1만 5천, 일억이천만, 2백 50."""
    total, rest = 0, words
    for power in range(len(GROUPS) - 1, 0, -1):
        before, group, after = rest.partition(GROUPS[power])
        if not group:
            continue
        # 만 may stand alone at the front, as 10,000 is 만 and not 일만; 억 and above are never said so.
        value = _four_digits(before) if before else int(power == 1 and total == 0)
        if not value:
            return None
        total, rest = total + value * 10 ** (4 * power), after
    if not rest:
        return total or None
    value = _four_digits(rest)
    return None if value is None else total + value


def _four_digits(words: str) -> int | None:
    """Words of a number from 1 to 9999."""
    total, rest, room = 0, words, 10_000
    for place, worth in _PLACES:
        before, found, after = rest.partition(place)
        if not found:
            continue
        digit = _one_digit(before) if before else 1
        if not digit:
            return None
        total, rest, room = total + digit * worth, after, worth
    if not rest:
        return total or None
    if rest.isascii() and rest.isdigit() and rest[0] != "0":
        return total + int(rest) if int(rest) < room else None
    last = _one_digit(rest)
    return total + last if last else None


def _one_digit(word: str) -> int | None:
    """One digit, as word or figure."""
    return int(word) if word in tuple("123456789") else _DIGITS.get(word)


@lru_cache(maxsize=16_384)
def read_clock(text: str) -> tuple[int, int] | None:
    """Hour (0 to 23) and minute of a time of day, or None: "오후 일곱 시 반" -> (19, 30), "자정" -> (0, 0), "19:30" -> (19, 30).

    Without a part of the day the hour is taken as said: "일곱 시" -> (7, 0). A part of the day that does not go with the
    hour (새벽 9시) makes it none.
    """
    tight = "".join(unicodedata.normalize("NFKC", text).split())
    if tight in ("정오", "자정"):
        return (12, 0) if tight == "정오" else (0, 0)
    if clock := _CLOCK.fullmatch(tight):
        hour, minute = int(clock["hour"]), int(clock["minute"])
        return (hour, minute) if hour < 24 and minute < 60 else None
    part = next((part for part, _ in DAY_PARTS if tight.startswith(part)), "")
    found = _TIME.fullmatch(tight.removeprefix(part))
    if found is None:
        return None
    hour_said = _whole(found["hour"]) if not found["hour"].isdigit() else int(found["hour"])
    minute_said = 30 if found["half"] else 0
    if found["minute"]:
        minute_read = _whole(found["minute"]) if not found["minute"].isdigit() else int(found["minute"])
        minute_said = 60 if minute_read is None else minute_read
    if hour_said is None or hour_said > 24 or minute_said > 59:
        return None
    return _on_the_day(part, hour_said % 24, minute_said)


def _on_the_day(part: str, hour: int, minute: int) -> tuple[int, int] | None:
    """The hour in 24, by the part of the day; None if the two do not fit."""
    if not part:
        return hour, minute
    fitting = dict(DAY_PARTS)[part]
    for candidate in (hour, (hour + 12) % 24) if hour <= 12 else (hour,):
        if candidate in fitting:
            return candidate, minute
    return None
