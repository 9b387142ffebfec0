"""Quantities: a number with a unit, read for a parameter whose own unit is known or beyond doubt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache

from fgdata.korean.reading import UNITS as SIGNS

_UNITS: Mapping[str, tuple[str, Fraction]] = {
    word: (dimension, factor)
    for dimension, factor, words in (
        ("time", Fraction(1), "초 s sec secs second seconds"),
        ("time", Fraction(60), "분 min mins minute minutes"),
        ("time", Fraction(3600), "시간 h hr hrs hour hours"),
        ("time", Fraction(86400), "일 day days"),
        ("degree", Fraction(1), "도 ° degree degrees"),
        ("celsius", Fraction(1), "°C ℃ C 섭씨 celsius centigrade"),
        ("fahrenheit", Fraction(1), "°F ℉ F 화씨 fahrenheit"),
        ("share", Fraction(1), "% 퍼센트 프로 percent"),
        ("colour", Fraction(1), "K 켈빈 kelvin"),
        ("length", Fraction(1, 1000), "mm 밀리미터 millimeter millimeters"),
        ("length", Fraction(1, 100), "cm 센티미터 centimeter centimeters"),
        ("length", Fraction(1), "m 미터 meter meters"),
        ("length", Fraction(1000), "km 킬로미터 kilometer kilometers"),
        ("mass", Fraction(1, 1000), "g 그램 gram grams"),
        ("mass", Fraction(1), "kg 킬로그램 kilogram kilograms"),
    )
    for word in words.split()
}
_OF_ONE_SIZE = frozenset({"degree", "celsius", "share", "colour"})
"""Dimensions with one unit in use: with these a number means the same whether its unit stands there or not."""
_BY_LENGTH = sorted(_UNITS, key=len, reverse=True)
_ALONE = frozenset("초분도%°℃℉K")
"""Units of one letter that count as words in a description; others stand for too much."""
_WORD = re.compile(r"[^\W\d_]+|[%°℃℉][CF]?")
_SIGNED = re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?")


_SCALES: Mapping[str, str] = {"섭씨": "celsius", "화씨": "fahrenheit"}
"""What says before a number in which degrees it is."""
_THINGS = (
    "개 대 번 명 사람 마리 잔 장 병 권 군데 곳 칸 바퀴 판 그릇 벌 켤레 송이 자루 가지 컵 쌍 줄 스푼 세트 통 봉지 상자 박스 조각 편 곡 "
    "방 자리 회 인분"
)
"""Counters of things: they say nothing that a parameter which is a count does not say itself."""
_COUNTING = "count counts quantity qty amount times repeat repeats reps 횟수 개수 갯수 수량 인원"
_NAMED: Mapping[str, str] = {
    "번": "channel times repeat repeats 채널 번호 횟수",
    "번 채널": "channel",
    "번채널": "channel",
    "채널": "channel",
    "회": "times repeat repeats reps 횟수",
    "개": "items",
    "명": "people guests persons 인원",
    "층": "floor floors storey",
    "시": "hour hours",
    "월": "month",
    "개월": "months",
    "달": "months",
    "년": "year years",
    "주": "weeks",
    "원": "won krw",
    "단": "level speed step",
    "단계": "level speed step",
    "세트": "sets",
    "인분": "servings",
    "보": "steps",
    "걸음": "steps",
    "쪽": "page pages",
    "페이지": "page pages",
    "살": "age",
    "와트": "watt watts",
    "볼트": "volt volts voltage",
    "암페어": "ampere amperes",
    "데시벨": "decibel decibels",
    "헤르츠": "hertz",
    "리터": "liter liters litre litres",
    "럭스": "lux",
    "루멘": "lumen lumens",
    "칼로리": "calorie calories",
    "킬로칼로리": "kilocalorie kilocalories calories",
}
"""Counter -> English words, and Korean ones beside the counter's own, that show a parameter to be counted so."""
_TAILS = re.compile(r"(?<=.)(?:으로|로|수|를|을|이|가|은|는|의|당|마다|단위)$")


def read_quantity(
    text: str,
    name: str,
    description: str,
    read_counted: Callable[[str], tuple[int | float, str] | None],
) -> float | None:
    """The number that `text` says in the unit of a parameter, or None.

    The parameter's unit is looked for in its name and description (`timer_minutes`, "in seconds"). "5 minutes" is 300 for a parameter
    in seconds and 5 for one in minutes; for one that does not say its unit it is no number, since it may mean either. A counter
    (24번, 24층, 24dB) is read where name or description speak of what it counts, and nowhere else.

    Args:
        read_counted: reads a number in words, and the counter that stands with it.
    """
    for prefix, dimension in _SCALES.items():
        if text.startswith(prefix) and (rest := text.removeprefix(prefix).strip()):
            found = _plain(rest, read_counted)
            # 섭씨 24도, 섭씨 24 °C; 섭씨 24 °F is nothing.
            if found is None or (found[1] and _UNITS.get(found[1], ("",))[0] not in ("degree", dimension)):
                return None
            return _converted(found[0], prefix, name, description)
    for unit in _BY_LENGTH:
        if not text.endswith(unit):
            continue
        bare = text.removesuffix(unit).rstrip()
        if not bare or (unit.isascii() and unit.isalpha() and bare[-1].isascii() and bare[-1].isalpha()):
            continue  # the end of a longer word
        found = _plain(bare, read_counted)
        if found is not None and not found[1]:
            return _converted(found[0], unit, name, description)
    words = _words(name, description)
    first, _, rest = text.partition(" ")
    if rest and first in words and first not in _UNITS:  # 볼륨 24, where the parameter speaks of 볼륨
        text = rest.strip()
    found = _plain(text, read_counted)
    if found is None:
        return None
    number, counter = found
    if _UNITS.get(counter, ("time",))[0] in ("degree", "celsius", "fahrenheit", "share"):
        return _converted(number, counter, name, description)  # 24도 반
    # Words that hold another unit somewhere (한 시간 반) are more than a number.
    if counter in _UNITS or any(word in _UNITS for word in text.split()):
        return None
    return number if not counter or _is_counted_so(counter, words, name, description) else None


def _plain(
    text: str, read_counted: Callable[[str], tuple[int | float, str] | None]
) -> tuple[float, str] | None:
    if _SIGNED.fullmatch(text):
        return float(text.replace(",", "")), ""
    return read_counted(text)


def _is_counted_so(counter: str, words: frozenset[str], name: str, description: str) -> bool:
    """Whether a parameter's name or description speaks of what `counter` counts."""
    said = SIGNS.get(counter, counter)
    alike = {counter, said, *(sign for sign, word in SIGNS.items() if word == said)}
    if words & alike or words & set(_NAMED.get(said, "").split()):
        return True
    return (
        counter in _THINGS.split()
        and not words.isdisjoint(_COUNTING.split())
        and not _own_units(name, description)
    )


def _converted(number: float, unit: str, name: str, description: str) -> float | None:
    dimension, factor = _UNITS[unit]
    own = _own_units(name, description)
    if not own:
        return number if dimension in _OF_ONE_SIZE else None
    dimensions = {kind for kind, _ in own}
    if dimension in ("degree", "celsius", "fahrenheit"):
        is_of_both = {"celsius", "fahrenheit"} <= dimensions
        fits = {
            "degree": bool(dimensions & {"degree", "celsius", "fahrenheit"}),
            "celsius": bool(dimensions & {"degree", "celsius"}) and "fahrenheit" not in dimensions,
            "fahrenheit": "fahrenheit" in dimensions and not is_of_both,
        }
        return number if fits[dimension] else None
    sizes = {size for kind, size in own if kind == dimension}
    if len(sizes) != 1:
        return None
    return float(Fraction(number) * factor / sizes.pop())


@lru_cache(maxsize=4096)
def _words(name: str, description: str) -> frozenset[str]:
    """The words of a parameter's name and description, as they stand, in lower case and without a Korean ending."""
    found = [*name.replace("-", "_").split("_"), *_WORD.findall(description)]
    return frozenset([form for word in found for form in (word, word.lower(), _TAILS.sub("", word))])


@lru_cache(maxsize=4096)
def _own_units(name: str, description: str) -> frozenset[tuple[str, Fraction]]:
    """Units that a parameter's name or description states."""
    words = [*name.replace("-", "_").split("_"), *_WORD.findall(description)]
    stated = {word if word in _UNITS else word.lower() for word in words}
    found = {word for word in stated if word in _UNITS and (len(word) > 1 or word in _ALONE)}
    if len(found) > 1:
        found.discard("시간")  # "시간(분)": time in general, and then the unit
    own = {_UNITS[word] for word in found}
    if any(
        kind == "degree" for kind, _ in own
    ):  # degrees C, degrees F: letters that stand for too much elsewhere
        own |= {_UNITS[word] for word in ("C", "F") if word in words}
    return frozenset(own)
