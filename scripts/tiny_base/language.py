"""What a language gives to the corpus: sentence patterns for what is asked, and words to put into them.

Patterns are written in the phrase language of `phrasing`. Letters of their words: D device, P place, A attribute, N number
with unit, O another such number, V spoken value of a choice, W another such value, R recipient, B body of a text, I item,
Q quantity, C city.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Code: TypeAlias = Literal["ko", "en"]
Block: TypeAlias = tuple[str, ...]
"""Patterns of one intent; every sixth is kept for the development set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """Patterns and words of one language."""

    code: Code
    switches: Mapping[str, Block]
    """Patterns that turn a device on or off, or open or close it, by operation."""
    set_to: Block
    changes: Mapping[str, tuple[Block, Block]]
    """Patterns for up and down: with an amount, and without."""
    get: Block
    reading: Block
    """Asks for a figure that belongs to no device."""
    choice: Block
    choice_adverb: Block = ()
    """For a spoken value that is an adverb."""
    services: Mapping[str, Block]
    chat: Block
    """What no tool is for."""
    chat_answers: tuple[str, ...]
    missing_answers: tuple[str, ...]
    """Answers to a request that only a tool of another scene could carry out."""
    because: tuple[str, ...]
    """A reason before the request."""
    before: tuple[str, ...]
    behind: tuple[str, ...]
    join: tuple[str, ...]
    """Two requests, X and Y, in one."""
    remarks: Block
    """What is said about a device and asks for nothing."""
    elsewhere: Block
    """What no device of a scene is for."""
    without_value: Block
    """Asks to set an attribute and does not say to what."""
    questions: tuple[str, ...]
    """Asks back for the value."""
    words: Mapping[str, tuple[str, ...]]
    """Words by what they name: place, person, note, item, dish, city."""


def lines(text: str) -> Block:
    """The patterns of a block, one a line."""
    return tuple(text.strip().splitlines())


def listed(text: str) -> tuple[str, ...]:
    """Phrases separated by bars."""
    return tuple(phrase.strip() for phrase in text.split("|"))


_SYLLABLES = [
    chr(0xAC00 + (i * 21 + v) * 28 + f)
    for i in (0, 2, 3, 5, 6, 7, 9, 11, 12, 14, 15, 16, 17, 18)
    for v in (0, 4, 8, 13, 20)
    for f in (0, 0, 4, 8, 16, 21)
]


def made_up_name(rng: random.Random, code: Code) -> tuple[str, str]:
    """Slug and spoken name of something that does not exist; the English name is the slug."""
    slug = "".join(
        rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") + rng.choice(["", "", "n", "r", "l", "x"])
        for _ in range(rng.randint(2, 3))
    )
    if code == "en":
        return slug, slug
    return slug, "".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(2, 3)))
