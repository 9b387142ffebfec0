"""Change: what a twin has other than its item. Numbers in a request, found in digits and in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from fgdata.errors import FgError
from fgdata.example import Example
from fgdata.korean.counting import COUNTERS, count
from fgdata.korean.number_words import read_number
from fgdata.korean.numerals import native, sino
from fgdata.perturb import Language
from fgdata.schema import Call, Tool
from fgdata.stats.numbers import spoken_numbers

_HANGUL = re.compile("[가-힣\u1100-\u11ff]")
_DIGITS = re.compile(r"(?<![\w.,:/-])(?:\d{1,3}(?:,\d{3})+|\d{1,9})(?![\d.,:/]*\d)")
_COUNTER = re.compile(
    r"\s?(" + "|".join(sorted(map(re.escape, COUNTERS.keys() - {"번"}), key=len, reverse=True)) + ")"
)
_LARGEST_WORD = 100


@dataclass(frozen=True, slots=True)
class Change:
    """What a twin has other than its item; None is as the item has it."""

    utterance: str | None = None
    tools: Sequence[Tool] | None = None
    calls: Sequence[Call] | None = None
    asks_for: str = ""
    """The parameter that must be asked for, where no call is due for want of it."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A number in a text."""

    start: int
    end: int
    value: int
    written: Literal["digits", "native", "sino", "english"]
    counter: str = ""
    """What is counted, where Korean says so right behind it; it lies behind `end`."""

    def write(self, value: int) -> str | None:
        """Another number written the same way; None if it cannot be."""
        try:
            match self.written:
                case "digits":
                    return str(value)
                case "native":
                    return native(value) if 1 <= value <= 99 else None
                case "sino":
                    return sino(value)
                case "english":
                    return english_words().get(value)
        except FgError:
            return None


def language_of(example: Example) -> Language:
    """The language of a row's request: what the row says, else what it is written in."""
    if example.language in ("ko", "en"):
        return "ko" if example.language == "ko" else "en"
    return "ko" if _HANGUL.search(example.utterance) else "en"


@lru_cache(maxsize=1)
def english_words() -> dict[int, str]:
    """Numbers as English words, without one: that is a pronoun more often."""
    import inflect

    engine = inflect.engine()
    return {n: str(engine.number_to_words(n)) for n in range(_LARGEST_WORD + 1) if n != 1}  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def _english_pattern() -> tuple[re.Pattern[str], dict[str, int]]:
    values = {word: n for n, word in english_words().items()}
    values |= {word.replace("-", " "): n for word, n in values.items()}
    words = sorted(values, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(words)})\b(?!-)", re.IGNORECASE), values


def find_numbers(text: str, language: Language) -> list[Spot]:
    """The whole numbers that stand in a text, in order."""
    spots = []
    for found in _DIGITS.finditer(text):
        counter = _COUNTER.match(text, found.end())
        spots.append(
            Spot(
                found.start(),
                found.end(),
                int(found[0].replace(",", "")),
                "digits",
                counter[1] if counter else "",
            )
        )
    if language == "en":
        pattern, values = _english_pattern()
        for found in pattern.finditer(text):
            spots.append(Spot(found.start(), found.end(), values[found[0].lower()], "english"))
    else:
        for found in spoken_numbers(text):
            value = read_number(found[0])
            counter = _COUNTER.match(text, found.end())
            if isinstance(value, int) and value >= 0 and counter:
                written: Literal["native", "sino"] = "native" if found["native"] else "sino"
                spots.append(Spot(found.start(), found.end(), value, written, counter[1]))
    return sorted(spots, key=lambda spot: spot.start)


def say_number(text: str, spot: Spot, language: Language) -> str | None:
    """The text with a number in words where digits stand, and in digits where words do; None if that cannot be said."""
    if spot.written != "digits":
        return f"{text[: spot.start]}{spot.value}{text[spot.end :]}"
    if language == "en":
        word = english_words().get(spot.value)
        return word and f"{text[: spot.start]}{word}{text[spot.end :]}"
    counter = _COUNTER.match(text, spot.end)
    if counter is None:
        return None
    said = count(spot.value, spot.counter)
    if read_number(said) != spot.value:
        return None
    return f"{text[: spot.start]}{said}{text[counter.end() :]}"
