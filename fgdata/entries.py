"""What a choice in a text may print: entries, and what is asked of all of them again and again, found out once.

The same wording stands in many templates, and most of it in every register. `Entries` is a tuple that keeps what was worked out
from it, so that a pack of thousands of templates is read in the time its different wordings take.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from fgdata.characters import joins_backwards, text_key, unseen_character

Label = frozenset[tuple[str, int]]
"""Slots that a call takes, each with the number of its value."""

SIGNS = (",", ".", "?", "!")


class Binding(NamedTuple):
    """What a slot was filled with."""

    slot: str
    value: int
    """Number of the value in the slot."""
    form: str


class Entry(NamedTuple):
    """One of the outcomes of a dimension."""

    texts: tuple[str, ...]
    """One for each of the dimension's positions."""
    bindings: tuple[Binding, ...]


@cache
def normalised(text: str) -> str:
    """The text's key, kept for the next time."""
    return text_key(text)


def label_of(bindings: Iterable[Binding], names: frozenset[str]) -> Label:
    """The values of the slots among `names`."""
    return frozenset((binding.slot, binding.value) for binding in bindings if binding.slot in names)


class Look(NamedTuple):
    """What a first look at some strings finds."""

    fault: tuple[str, str] | None
    """The first string that no text may have, and the character that is not seen in it; empty where it changes the one before."""
    sign: str | None
    """The first string that begins with a sign."""
    is_blank: bool
    """Whether one of them prints nothing."""
    is_angled: bool
    """Whether one of them holds a `<`."""


def look_at(strings: Iterable[str]) -> Look:
    """What there is to say against the strings."""
    fault = sign = None
    is_blank = is_angled = False
    for string in strings:
        if fault is None and ((unseen := unseen_character(string)) or joins_backwards(string)):
            fault = (string, unseen)
        bare = string.strip()
        is_blank |= not bare
        is_angled |= "<" in string
        if sign is None and bare.startswith(SIGNS):
            sign = string
    return Look(fault, sign, is_blank, is_angled)


@cache
def look_at_one(text: str) -> Look:
    """The same of a fixed text."""
    return look_at((text,))


@cache
def only_string(text: str) -> frozenset[str]:
    """The set that has a fixed text's key alone; the same object every time."""
    return frozenset((normalised(text),))


class Entries(tuple[Entry, ...]):
    """Entries of a dimension. Equal to the tuple of them; what is found out about them is kept."""

    def __init__(self, _: Iterable[Entry] = ()) -> None:
        self._found: dict[object, object] = {}

    def spelt(self) -> tuple[tuple[str, ...], ...]:
        """Each entry's normalised texts."""
        kept = self._found
        if (found := kept.get("spelt")) is None:
            found = kept["spelt"] = tuple(tuple(map(normalised, entry.texts)) for entry in self)
        return found  # type: ignore[return-value]

    def picked(self, digits: Sequence[int]) -> Entries:
        """Some of the entries; how they are spelt need not be found again."""
        part = Entries(self[digit] for digit in digits)
        if "spelt" in self._found:
            part._found["spelt"] = tuple(map(self.spelt().__getitem__, digits))
        return part

    def strings(self, place: int) -> frozenset[str]:
        """The normalised texts that the entries print at one of their places."""
        kept = self._found
        if (found := kept.get(place)) is None:
            found = kept[place] = frozenset(texts[place] for texts in self.spelt())
        return found  # type: ignore[return-value]

    def labels(self, names: frozenset[str]) -> tuple[Label, ...]:
        """Each entry's values of the slots among `names`."""
        kept = self._found
        names &= self.slots()
        key = ("labels", names)
        if (found := kept.get(key)) is None:
            # Many texts have the same bindings.
            of = {bindings: label_of(bindings, names) for bindings in {entry.bindings for entry in self}}
            found = kept[key] = tuple(of[entry.bindings] for entry in self)
        return found  # type: ignore[return-value]

    def slots(self) -> frozenset[str]:
        """The slots that some entry fills."""
        kept = self._found
        if (found := kept.get("slots")) is None:
            bindings = set(itertools.chain.from_iterable(entry.bindings for entry in self))
            found = kept["slots"] = frozenset(binding.slot for binding in bindings)
        return found  # type: ignore[return-value]

    def options(self, place: int, names: frozenset[str]) -> frozenset[tuple[str, Label]]:
        """The strings of a place, each with the values of `names` that it stands for."""
        kept = self._found
        key = (place, names & self.slots())
        if (found := kept.get(key)) is None:
            strings = (texts[place] for texts in self.spelt())
            found = kept[key] = frozenset(zip(strings, self.labels(names), strict=True))
        return found  # type: ignore[return-value]

    def look(self, place: int) -> Look:
        """What a first look at the texts of a place finds."""
        kept = self._found
        key = ("look", place)
        if (found := kept.get(key)) is None:
            found = kept[key] = look_at(dict.fromkeys(entry.texts[place] for entry in self))
        return found  # type: ignore[return-value]

    def worked_out(self, key: object, found: object) -> None:
        """Keep something else under a key that begins with the name of who found it."""
        self._found[key] = found

    def known(self, key: object) -> object:
        """What was kept under the key; None if nothing was."""
        return self._found.get(key)


def entries_of(entries: tuple[Entry, ...]) -> Entries:
    """The entries as a tuple that keeps what is found out; the same object if it is one."""
    return entries if isinstance(entries, Entries) else Entries(entries)
