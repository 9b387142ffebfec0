"""The strings that may stand at one place of a text, and where two such places can bring texts that are spelt side by side."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from functools import cached_property

ALL_STEPS, STEPS_EACH = 5_000_000, 2_500
"""Steps of all comparisons of a pack, and how many more for each template; the bundled packs take 400 a template."""

Ahead = tuple[int, str]
"""Which side is ahead (0 or 1), and by what; (0, "") where they are even."""
EVEN: Ahead = (0, "")

N_END = 3
"""Characters of a text's beginning and end that are looked at first."""


class Effort:
    """Steps that comparisons took, of those they may take. Counted, not timed: the same pack is refused everywhere."""

    def __init__(self) -> None:
        self.left = ALL_STEPS

    def allow(self, n_templates: int) -> None:
        """Add what a pack of so many templates may take."""
        self.left += n_templates * STEPS_EACH

    @property
    def is_spent(self) -> bool:
        """Whether nothing more can be compared."""
        return self.left < 0

    def spend(self, n_steps: int) -> None:
        """Note steps taken.

        Raises: OverflowError if that was more than there were.
        """
        self.left -= n_steps
        if self.left < 0:
            raise OverflowError


class Part:
    """The strings that may stand at one place of a text."""

    def __init__(self, strings: frozenset[str]) -> None:
        self.strings = strings
        self.lengths = sorted({len(string) for string in strings})
        self.heads = frozenset(string[:N_END] for string in strings)
        self.tails = frozenset(string[-N_END:] for string in strings)
        self.needs = frozenset.intersection(*map(frozenset, strings))
        """Characters that every string has."""
        self.letters = frozenset("".join(strings))
        """Characters that some string has."""
        self._steps: dict[str, tuple[Ahead, ...]] = {}
        self._crossed: dict[int, tuple[Ahead, ...]] = {}

    @cached_property
    def _in_order(self) -> list[str]:
        return sorted(self.strings)

    def _rests(self, start: str) -> Iterator[str]:
        """What may follow a beginning."""
        strings = self._in_order
        for number in range(bisect.bisect_left(strings, start), len(strings)):
            if not strings[number].startswith(start):
                break
            yield strings[number][len(start) :]

    @cached_property
    def _by_first(self) -> dict[str, list[str]]:
        """First character -> strings that begin with it; the empty string has none."""
        found: dict[str, list[str]] = {}
        for string in self.strings:
            found.setdefault(string[:1], []).append(string)
        return found

    def follow(self, ahead: str) -> tuple[Ahead, ...]:
        """Where this part can bring its side if the other is ahead by `ahead`: (0, rest) still behind, (1, rest) now ahead."""
        found = self._steps.get(ahead)
        if found is None:
            if ahead and ahead[0] not in self._by_first and "" not in self._by_first:
                self._steps[ahead] = ()
                return ()
            longest = len(ahead)
            steps: list[Ahead] = [
                (0, ahead[length:])
                for length in self.lengths
                if length < longest and ahead[:length] in self.strings
            ]
            if longest <= self.lengths[-1]:
                steps += [(1, rest) if rest else EVEN for rest in self._rests(ahead)]
            found = self._steps[ahead] = tuple(steps)
        return found

    def starts_in(self, key: str, first: int, last: int) -> list[tuple[int, int]]:
        """For each length of a string that stands in the text from `first` to `last`: its starts, as bits of a number."""
        found = []
        for length in self.lengths:
            starts = 0
            for start in range(first, min(last, len(key) - length) + 1):
                if key[start : start + length] in self.strings:
                    starts |= 1 << start
            if starts:
                found.append((length, starts))
        return found

    def cross(self, other: Part) -> tuple[Ahead, ...]:
        """Where the two can stand after one string each: (0, rest) this one ahead, (1, rest) the other."""
        found = self._crossed.get(id(other))
        if found is None:
            steps: set[Ahead] = set()
            theirs = other._by_first
            for first, strings in self._by_first.items():
                # Strings that begin with other characters have nothing to say to one another.
                if not first or first in theirs:
                    steps.update(step for string in strings for step in other.follow(string))
                elif "" in theirs:
                    steps.update((0, string) for string in strings)
            found = self._crossed[id(other)] = tuple(steps)
        return found


class Parts:
    """Parts by their strings: one object for each set, so that what is found out about it is found once."""

    def __init__(self) -> None:
        self.effort = Effort()
        """Of all comparisons of languages with these parts."""
        self._known: dict[frozenset[str], Part] = {}
        self._joined: dict[tuple[int, ...], tuple[Part, tuple[frozenset[str], ...]]] = {}

    def of(self, choices: Iterable[frozenset[str]]) -> Part:
        """The part with the strings of all these sets."""
        sets = tuple({id(strings): strings for strings in choices}.values())
        key = tuple(map(id, sets))
        known = self._joined.get(key)
        if known is None:
            strings = sets[0] if len(sets) == 1 else frozenset().union(*sets)
            if (part := self._known.get(strings)) is None:
                part = self._known[strings] = Part(strings)
            # The sets are kept: as long as they live, no other has their ids.
            known = self._joined[key] = (part, sets)
        return known[0]
