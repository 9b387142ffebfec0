"""Draft: a text on its way to being perturbed, with the places that must stay as they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from unicodedata import normalize

from fgdata.perturb.dice import Dice

FREE = 0
VALUE = 1
"""Part of a protected value."""
SENSE = 2
"""Part of a number or of a negation, or right after a number, where its counter stands."""
TOUCHED = 4
"""Perturbed already: a second edit could undo the first."""

Sense = tuple[list[str], list[str], list[int]]
"""Digits, number words and negations, and how often each protected value stands."""

_PLAIN = re.compile("[가-힣 -;=-~·°’‘“”]+")


class Guard:
    """Protected values, made ready to be found in texts that are plain."""

    __slots__ = ("letters", "pairs", "pattern")

    def __init__(self, protected: tuple[str, ...]) -> None:
        streams = {"".join(normalize("NFKC", "".join(value.split())).split()) for value in protected} - {""}
        self.letters = frozenset("".join([*streams, *protected])) - {" "}
        """Never written by an edit, so that no edit spells a value."""
        self.pairs = frozenset(stream[at : at + 2] for stream in streams for at in range(len(stream) - 1))
        """Neighbours within a value: what stands between two letters like these is not taken away."""
        spelt = (" *".join(map(re.escape, stream)) for stream in sorted(streams, key=lambda v: (-len(v), v)))
        # A pattern for each value: values overlap, and every standing of every one counts.
        self.pattern = [re.compile(f"(?=({value}))") for value in spelt]


guard_of = lru_cache(maxsize=8192)(Guard)


@lru_cache(maxsize=4096)
def around(n: int, start: int) -> tuple[int, ...]:
    """0 to n - 1, from `start` on and round to it."""
    return (*range(start, n), *range(start))


class Draft:
    """A text as cells, one a character: an edit changes what stands in a cell and moves no other.

    Kinds of perturbation are functions that edit a draft and say whether the text had a place for them.
    """

    __slots__ = ("cells", "dice", "guard", "is_plain", "mask", "sense", "text", "whole")

    def __init__(
        self, text: str, guard: Guard, dice: Dice, mark_sense: Callable[[str, bytearray], None]
    ) -> None:
        self.text = text
        self.guard = guard
        self.dice = dice
        self.cells = list(text)
        self.mask = mask = bytearray(len(text))
        self.sense: Sense | None = None
        """What the text says that must stay, once it was asked for; no edit changes it."""
        self.whole: list[Callable[[str], str]] = []
        """Edits of the whole text, made after those of cells."""
        self.is_plain = _PLAIN.fullmatch(text) is not None
        """Whether NFKC leaves the text alone and no character acts on its neighbour. Other texts are only added to at
        their ends: a blank taken out before a combining mark, or from "< eos>", makes something else."""
        if self.is_plain:
            mark_sense(text, mask)
            for pattern in guard.pattern:
                for match in pattern.finditer(text):
                    for index in range(*match.span(1)):
                        mask[index] |= VALUE

    def may_write(self, new: str) -> bool:
        """Whether no letter of `new` stands in a protected value."""
        return self.guard.letters.isdisjoint(new)

    def order(self) -> tuple[int, ...]:
        """All places, from a drawn one on."""
        n = len(self.cells)
        return around(n, self.dice.below(n))

    def write(self, index: int, new: str) -> None:
        """Put `new` in a cell, for good."""
        self.cells[index] = new
        self.mask[index] |= TOUCHED

    def is_value(self, index: int) -> bool:
        """Whether a place belongs to a protected value."""
        return bool(self.mask[index] & VALUE)

    def gap(self, index: int) -> bool:
        """Whether a place is a single blank between two words, as it was."""
        text = self.text
        return (
            self.cells[index] == " "
            and 0 < index < len(text) - 1
            and text[index - 1] != " "
            and text[index + 1] != " "
        )

    def result(self) -> str:
        """The text as it stands now."""
        text = "".join(self.cells)
        for change in self.whole:
            text = change(text)
        return text
