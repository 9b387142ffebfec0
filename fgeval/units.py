"""Quantities: a number with a unit, read for a parameter whose own unit is known or beyond doubt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction

_UNITS: Mapping[str, tuple[str, Fraction]] = {
    word: (dimension, factor)
    for dimension, factor, words in (
        ("time", Fraction(1), "초 s sec secs second seconds"),
        ("time", Fraction(60), "분 min mins minute minutes"),
        ("time", Fraction(3600), "시간 h hr hrs hour hours"),
        ("time", Fraction(86400), "일 day days"),
        ("degree", Fraction(1), "도 ° °C ℃ 섭씨 degree degrees celsius"),
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
_OF_ONE_SIZE = frozenset({"degree", "share", "colour"})
"""Dimensions with one unit in use: with these a number means the same whether its unit stands there or not."""
_BY_LENGTH = sorted(_UNITS, key=len, reverse=True)
_ALONE = frozenset("초분도%°℃K")
"""Units of one letter that count as words in a description; others stand for too much."""
_WORD = re.compile(r"[^\W\d_]+|[%°℃]C?")
_SIGNED = re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?")


def read_quantity(
    text: str, name: str, description: str, read_words: Callable[[str], int | float | None]
) -> float | None:
    """The number that `text` says in the unit of a parameter, or None.

    The parameter's unit is looked for in its name and description (`timer_minutes`, "in seconds"). "5 minutes" is 300 for a parameter
    in seconds and 5 for one in minutes; for one that does not say its unit it is no number, since it may mean either.

    Args:
        read_words: reads a number in words, counters included.
    """
    for unit in _BY_LENGTH:
        if not text.endswith(unit):
            continue
        bare = text.removesuffix(unit).rstrip()
        if not bare or (unit.isascii() and unit.isalpha() and bare[-1].isascii() and bare[-1].isalpha()):
            continue  # the end of a longer word
        number = _plain(bare, read_words)
        return None if number is None else _converted(number, unit, name, description)
    number = _plain(text, read_words)
    # Words that hold a unit somewhere (한 시간 반) are more than a number.
    return None if number is None or any(word in _UNITS for word in text.split()) else number


def _plain(text: str, read_words: Callable[[str], int | float | None]) -> float | None:
    if _SIGNED.fullmatch(text):
        return float(text.replace(",", ""))
    return read_words(text)


def _converted(number: float, unit: str, name: str, description: str) -> float | None:
    dimension, factor = _UNITS[unit]
    own = _own_units(name, description)
    if not own:
        return number if dimension in _OF_ONE_SIZE else None
    sizes = {size for kind, size in own if kind == dimension}
    if len(sizes) != 1:
        return None
    return float(Fraction(number) * factor / sizes.pop())


def _own_units(name: str, description: str) -> set[tuple[str, Fraction]]:
    """Units that a parameter's name or description states."""
    words = [*name.replace("-", "_").split("_"), *_WORD.findall(description)]
    stated = {word if word in _UNITS else word.lower() for word in words}
    found = {word for word in stated if word in _UNITS and (len(word) > 1 or word in _ALONE)}
    if len(found) > 1:
        found.discard("시간")  # "시간(분)": time in general, and then the unit
    return {_UNITS[word] for word in found}
