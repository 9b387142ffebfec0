"""Numbers with what they count: 세 시간, 삼십 분, 두 대, 영하 오 도, 오후 일곱 시 반.

Which numerals a counter takes is a fact of each counter, so it stands in a table. Counters that the table lacks take
Sino-Korean numerals, as units and loanwords do.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Literal

from fgdata.errors import FgError, Problem
from fgdata.korean.numerals import decimal, native, sino, sino_digits, to_decimal
from fgdata.korean.reading import UNITS

System = Literal["native", "sino"]
"""Native numerals count (한, 두, 세), Sino-Korean ones measure and number (일, 이, 삼)."""

_NATIVE = (
    "개 대 번 번째 시간 시 명 사람 마리 잔 걸음 장 병 권 살 군데 곳 칸 바퀴 판 그릇 벌 켤레 송이 자루 달 가지 배 컵 쌍 줄 스푼 숟갈 모금 세트 통 봉지 봉 "
    "상자 박스 조각 방울 편 곡 끼 집 차례 방 군 포기 그루 채 척 자리 알 톨"
)
_SINO = (
    "분 초 단계 단 층 도 퍼센트 프로 켈빈 보 일 주 주일 개월 월 년 원 인분 회 호 호실 동 번지 인치 점 등 급 레벨 배속 쪽 페이지 박 칼로리 킬로 "
    "밀리 세제곱미터 제곱미터 평 시리즈 차 학년 와트 볼트 암페어 헤르츠 데시벨 럭스 루멘 피피엠 알피엠"
)
COUNTERS: dict[str, System] = {
    **dict.fromkeys(_NATIVE.split(), "native"),
    **dict.fromkeys(_SINO.split(), "sino"),
    **dict.fromkeys(set(UNITS.values()) - {"도", "분", "초", "시간"}, "sino"),
}
"""Counter to the numerals it takes. 번 counts times (세 번); a number in a row is Sino-Korean (삼 번): `system` says so."""
_HALVED = frozenset(
    [
        "개",
        "시간",
        "잔",
        "걸음",
        "장",
        "병",
        "칸",
        "바퀴",
        "판",
        "그릇",
        "달",
        "컵",
        "스푼",
        "통",
        "봉지",
        "박스",
        "조각",
    ]
)
"""Native counters with a 반 of their own: 한 시간 반, 반 컵."""
_HALVES_AFTER = frozenset(["도", "분", "단계", "단", "층", "년", "인분", "킬로", "평"])
"""Sino-Korean counters that are also said with 반: 이십사 도 반 beside 이십사 점 오 도."""
_BOTH_FROM = 20
"""From here up, people count with Sino-Korean numerals too: 이십사 시간 beside 스물네 시간."""
_SPELT = {
    "%": "퍼센트",
    "℃": "도",
    "°C": "도",
    "°": "도",
    "%p": "퍼센트포인트",
    "K": "켈빈",
    "kcal": "킬로칼로리",
}
DAY_PARTS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("오전", tuple(range(12))),
    ("오후", tuple(range(12, 24))),
    ("새벽", tuple(range(1, 6))),
    ("아침", tuple(range(6, 11))),
    ("낮", tuple(range(12, 16))),
    ("저녁", tuple(range(17, 22))),
    ("밤", (*range(20, 24), 0)),
)
"""Parts of the day and the hours they name. At noon 오후 12시 and at midnight 오전 12시 are said beside 정오 and 자정."""


def _counter_name(counter: str) -> str:
    """`counter` as it is said: kg is 킬로그램."""
    return _SPELT.get(counter) or UNITS.get(counter) or counter


def _system(counter: str) -> System:
    """The numerals that `counter` takes; of several words the whole decides, then the first (번 채널 is numbered, not counted)."""
    if " " in counter and counter.startswith("번 "):
        return "sino"
    return COUNTERS.get(counter) or COUNTERS.get(counter.partition(" ")[0], "sino")


@lru_cache(maxsize=65_536)
def count(n: int | float | str | Decimal, counter: str, system: System | None = None) -> str:
    """`n` and its counter as people say them: (3, "시간") -> "세 시간", (30, "분") -> "삼십 분", (1.5, "시간") -> "한 시간 반".

    A counter takes its own numerals (`COUNTERS`). Native ones reach from 1 to 99, in hours of the clock (시) to 12;
    beyond, at 0 and with other decimals they are Sino-Korean. Below zero, 도 is 영하 and all else 마이너스.

    Args:
        counter: a counter or a unit: 대, 도, %, kcal, 번 채널. 채널 alone stands before its number: 채널 십일.
        system: the numerals to use instead: (3, "번") is 세 번, times; (3, "번", "sino") is 삼 번, a number.
    Raises: FgError for what is no number or is too large to be read out, and for a counter of no letters.
    """
    if not counter.strip():
        raise FgError(
            Problem("", "nothing is counted.", "Give a counter, such as 개, or use sino or decimal.")
        )
    value, name = to_decimal(n), _counter_name(counter.strip())
    if name == "채널":
        return f"{name} {decimal(value)}"  # 이 채널 would be this channel
    if value < 0:
        sign = "영하" if name.startswith("도") else "마이너스"
        return f"{sign} {count(-value, name, system)}"
    wanted = system or _system(name)
    if wanted == "native":
        whole, is_half = int(value), value % 1 == Decimal("0.5")
        if is_half and name in _HALVED and whole < 100:
            return f"{native(whole)} {name} 반" if whole else f"반 {name}"
        if value == whole and 1 <= whole < (13 if name == "시" else 100):
            return "첫 번째" if (name, whole) == ("번째", 1) else f"{native(whole)} {name}"
    return f"{decimal(value)} {name}"


@lru_cache(maxsize=16_384)
def count_forms(n: int | float | str | Decimal, counter: str) -> tuple[str, ...]:
    """The ways to write and say `n` and its counter, the commonest spoken one first: 세 시간, 세시간, 3시간, 3 시간.

    From 20 up native counters are said with Sino-Korean numerals too (스물네 시간, 이십사 시간), halves of degrees and the
    like also with 반 (이십사 도 반), and below zero 영하 and 마이너스 stand side by side.
    """
    value, name = to_decimal(n), _counter_name(counter.strip())
    if name == "채널":
        return channel(int(value))
    spoken = [count(value, counter)]
    absolute = abs(value)
    if _system(name) == "native" and absolute >= _BOTH_FROM and name not in ("시", "번째"):
        spoken.append(f"{'마이너스 ' if value < 0 else ''}{count(absolute, counter, 'sino')}")
    if absolute % 1 == Decimal("0.5") and absolute > 1:
        if name in _HALVES_AFTER:
            spoken += [f"{form} 반" for form in _halved(value, name)]
        elif name in _HALVED:
            spoken.append(("마이너스 " if value < 0 else "") + count(absolute, name, "sino"))
    if value < 0:
        spoken += [form.replace("영하", "마이너스", 1) for form in spoken if form.startswith("영하")]
    digits = f"{value:f}"
    written = [f"{digits}{name}", f"{digits} {name}"]
    if counter.strip() != name:
        written += [f"{digits}{counter.strip()}"]
    if value < 0 and name.startswith("도"):
        written += [f"{sign} {digits[1:]}{name}" for sign in ("영하", "마이너스")]
    if absolute % 1 == Decimal("0.5") and absolute > 1 and name in (_HALVES_AFTER | _HALVED):
        sign = "-" if value < 0 else ""
        written.append(f"{sign}{int(absolute)}{name} 반")
    # 이번 is this time, and 이십일 twenty-one before it is twenty days.
    attached = [_attached(form) for form in spoken if not form.startswith("이 번") and name != "일"]
    return tuple(dict.fromkeys([*spoken, *attached, *written]))


def _halved(value: Decimal, name: str) -> tuple[str, ...]:
    """The whole part of `value` with its counter, which 반 will follow; below zero with both signs."""
    whole = count(int(abs(value)), name)
    return (whole,) if value > 0 else (f"영하 {whole}" if name == "도" else f"마이너스 {whole}",)


def _attached(form: str) -> str:
    """`form` with the counter written onto its number, as many write it: 세시간, 마이너스 오도, 한시간 반."""
    for opening in ("영하 ", "마이너스 "):
        if form.startswith(opening):
            return opening + _attached(form.removeprefix(opening))
    return form.replace(" ", "", 1) if " 점 " not in form else form


@lru_cache(maxsize=4096)
def clock(hour: int, minute: int = 0) -> tuple[str, ...]:
    """The ways to say a time of day, the commonest first: (19, 30) -> "저녁 7시 반", "오후 일곱 시 삼십 분", "19:30", ...

    Hours are native from 1 to 12 (일곱 시) and Sino-Korean on the 24-hour clock (십구 시); minutes are Sino-Korean. Half past
    is 반. Noon and midnight have names: 정오, 자정. A form without a part of the day (7시 반) is ambiguous and is not given.

    Raises: FgError unless 0 <= hour <= 23 and 0 <= minute <= 59.
    """
    if not (0 <= hour <= 23 and 0 <= minute <= 59):
        raise FgError(
            Problem(
                "", f"{hour}:{minute} is no time of day.", "Give an hour from 0 to 23, a minute from 0 to 59."
            )
        )
    twelve = hour % 12 or 12
    minutes = [("", "")] if not minute else [(f" {minute}분", f" {sino(minute)} 분")]
    if minute == 30:
        minutes.insert(0, (" 반", " 반"))
    forms = ["정오" if hour else "자정"] if minute == 0 and hour in (0, 12) else []
    parts = [part for part, hours in DAY_PARTS if hour in hours]
    for part in sorted(parts, key=lambda part: part in ("오전", "오후")):
        for digits, words in minutes:
            forms += [f"{part} {twelve}시{digits}", f"{part} {native(twelve)} 시{words}"]
    digits, words = minutes[-1]
    forms += [f"{hour}시{digits}", f"{sino(hour)} 시{words}"] if hour > 12 or hour == 0 else []
    return (*forms, f"{hour:02d}:{minute:02d}")


def channel(n: int) -> tuple[str, ...]:
    """The ways to name the channel, line or room `n`: 11 -> "채널 십일", "채널 일일", "십일 번", "11번 채널", ...

    A number in a row is Sino-Korean. From 10 up the digits are read one by one, too (이공 for 20, as zero is 공 there).

    Raises: FgError below 0.
    """
    if n < 0:
        raise FgError(Problem("", f"{n} is no channel.", "Channels are numbered from 0."))
    digit_by_digit = [f"채널 {sino_digits(str(n))}"] if n >= 10 else []
    said = sino(n)
    return (
        f"{said} 번",
        *([f"{said}번"] if n != 2 else []),  # 이번 is this time
        f"{n}번",
        f"채널 {said}",
        *digit_by_digit,
        f"{said} 번 채널",
        f"채널 {n}",
        f"{n}번 채널",
    )
