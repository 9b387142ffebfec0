"""Which templates can spell the same text, and which text of several derivations counts: decided without a list of what was made.

A template's texts are a language: a sequence of parts, each one of a few strings. Whether two languages share a text is found by
walking both at once, carrying only what one of them is ahead by. Most pairs share none, and their rows need no check. Where they
do, a row is kept only if no earlier template derives its text (`Language.derives`): a question about the text alone, so every
worker and shard gives the same answer.

Texts are compared as a label reader sees them: Unicode form, case and blanks do not count.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

from fgdata.entries import Label, entries_of, normalised, only_string
from fgdata.parts import EVEN, N_END, Ahead, Effort, Part, Parts
from fgdata.space import Cell, Dimension
from fgdata.template import tidied

MAX_STATES = 200_000
"""Steps of one comparison; templates that overlap in more ways are refused."""
MAX_EDGES = 1_000_000
"""Ways from one of those steps to the next."""
MAX_CUTS = 20_000
"""Places looked at in one text to tell who derives it first; the bundled packs need 1,000."""
_MAX_ENDS = 2_000
"""Beginnings, or ends, of a template's texts; one with more is compared with all others."""


@cache
def spelling_key(text: str) -> str:
    """What two wordings of one part have in common that makes them the same: case, and blanks at the ends or in a row."""
    return " ".join(unicodedata.normalize("NFC", tidied(text)).casefold().split())


def without_twins(cell: Cell, labels: frozenset[str]) -> tuple[Cell, bool]:
    """The cell, of entries that differ in case or outer blanks the first alone; and whether some text has two labels.

    Args:
        labels: slots that the call takes.
    """
    dimensions = []
    has_two_labels = False
    for dimension in cell.dimensions:
        left, has_two = _first_spellings(dimension, labels)
        dimensions.append(replace(left, positions=dimension.positions, numbers=()))
        has_two_labels |= has_two
    return Cell(cell.parts, tuple(dimensions)), has_two_labels


def _first_spellings(dimension: Dimension, labels: frozenset[str]) -> tuple[Dimension, bool]:
    """The same of a dimension, found once for its entries; its positions are those of whoever asked first."""
    entries = entries_of(dimension.entries)
    key = ("twins", labels & entries.slots(), dimension.sums)
    known: tuple[Dimension, bool] | None = entries.known(key)  # type: ignore[assignment]
    if known is None:
        spelt: set[tuple[str, ...]] = set()
        said: dict[tuple[str, ...], Label] = {}
        kept = []
        has_two_labels = False
        rows = zip(entries, entries.spelt(), entries.labels(labels), strict=True)
        for digit, (entry, texts, label) in enumerate(rows):
            has_two_labels |= said.setdefault(texts, label) != label
            spelling = tuple(map(spelling_key, entry.texts))
            if spelling not in spelt:
                spelt.add(spelling)
                kept.append(digit)
        known = (dimension.picked(kept), has_two_labels)
        entries.worked_out(key, known)
    return known


class Language:
    """The normalised texts of some cells of one template, at least: parts that hang together are taken one by one."""

    def __init__(self, cells: Sequence[Cell], parts: Parts) -> None:
        self._effort = parts.effort
        width = len(cells[0].parts)
        found: list[list[frozenset[str]]] = [[] for _ in range(width)]
        for cell in cells:
            filled = {position for dimension in cell.dimensions for position in dimension.positions}
            for position, text in enumerate(cell.parts):
                if position not in filled:
                    found[position].append(only_string(text))
            for dimension in cell.dimensions:
                entries = entries_of(dimension.entries)
                for place, position in enumerate(dimension.positions):
                    found[position].append(entries.strings(place))
        at_all = [(position, parts.of(choices)) for position, choices in enumerate(found)]
        self.kept = tuple(position for position, part in at_all if part.strings != {""})
        """Positions of the template that are parts: all but those that are blank in every text."""
        self.parts = tuple(part for _, part in at_all if part.strings != {""})
        self.needs = frozenset[str]().union(*(part.needs for part in self.parts))
        """Characters that every text has."""
        self.letters = frozenset[str]().union(*(part.letters for part in self.parts))
        """Characters that some text has."""
        heads = _short_texts([part.heads for part in self.parts])
        tails = _short_texts([part.tails for part in reversed(self.parts)], is_end=True)
        self.ends = (heads, tails)
        """How texts begin, and how they end; None where that is too many ways to be listed."""
        self.shortest = sum(part.lengths[0] for part in self.parts)
        self.longest = sum(part.lengths[-1] for part in self.parts)

    def may_meet(self, other: Language) -> bool:
        """Whether a first look cannot tell the two apart."""
        return (
            self.shortest <= other.longest
            and other.shortest <= self.longest
            and self.needs <= other.letters
            and other.needs <= self.letters
        )

    def meets(self, other: Language) -> bool:
        """Whether some text is in both.

        Raises: OverflowError if that takes too many steps to tell.
        """
        if not self.may_meet(other):
            return False
        return self._walk(other, wants_misaligned=False)

    @cached_property
    def is_ambiguous(self) -> bool:
        """Whether some text can be cut into the parts in two ways.

        Raises: OverflowError if that takes too many steps to tell.
        """
        return self._walk(self, wants_misaligned=True)

    def _walk(self, other: Language, *, wants_misaligned: bool) -> bool:
        mine, theirs = self.parts, other.parts
        start = (0, 0, EVEN, False)
        waiting, seen = [start], {start}
        n_steps = 0
        try:
            while waiting:
                i, j, (side, ahead), is_misaligned = waiting.pop()
                if i == len(mine) and j == len(theirs) and not ahead:
                    if is_misaligned or not wants_misaligned:
                        return True
                    continue
                for state in self._next(other, i, j, side, ahead):
                    n_steps += 1
                    i2, j2, place = state
                    off = wants_misaligned and (is_misaligned or bool(place[1]) or i2 != j2)
                    full = (i2, j2, place, off)
                    if full not in seen:
                        seen.add(full)
                        waiting.append(full)
                if n_steps > MAX_STATES:
                    raise OverflowError
        finally:
            self._effort.spend(n_steps)
        return False

    def _next(
        self, other: Language, i: int, j: int, side: int, ahead: str
    ) -> Iterator[tuple[int, int, Ahead]]:
        mine, theirs = self.parts, other.parts
        if not ahead:
            if i < len(mine) and j < len(theirs):
                for place in mine[i].cross(theirs[j]):
                    yield i + 1, j + 1, place
            elif i < len(mine) and "" in mine[i].strings:
                yield i + 1, j, EVEN
            elif j < len(theirs) and "" in theirs[j].strings:
                yield i, j + 1, EVEN
        elif side == 0 and j < len(theirs):
            for behind, rest in theirs[j].follow(ahead):
                yield i, j + 1, (behind, rest)
        elif side == 1 and i < len(mine):
            for behind, rest in mine[i].follow(ahead):
                yield i + 1, j, (1 - behind if rest else 0, rest)

    def derives(self, key: str) -> bool:
        """Whether the language has the (normalised) text."""
        if not self.shortest <= len(key) <= self.longest or not self.needs.issubset(key):
            return False
        if self._one_by_one > _FEW_CUTS:
            return self._open(key) is not None
        ends = {0}
        for part in self.parts:
            strings = part.strings
            ends = {
                end + length for end in ends for length in part.lengths if key[end : end + length] in strings
            }
            if not ends:
                return False
        return len(key) in ends

    @cached_property
    def _ranges(self) -> tuple[tuple[int, int], ...]:
        """For each part the first and the last character that it may start at."""
        firsts = itertools.accumulate((part.lengths[0] for part in self.parts[:-1]), initial=0)
        lasts = itertools.accumulate((part.lengths[-1] for part in self.parts[:-1]), initial=0)
        return tuple(zip(firsts, lasts, strict=True))

    @cached_property
    def _shared_ranges(self) -> dict[Part, tuple[int, int]]:
        """The same for the parts that differ: a part that stands at many places is looked for once."""
        found: dict[Part, tuple[int, int]] = {}
        for part, (first, last) in zip(self.parts, self._ranges, strict=False):
            known = found.setdefault(part, (first, last))
            found[part] = (min(first, known[0]), max(last, known[1]))
        return found

    @cached_property
    def _one_by_one(self) -> int:
        """Places that `derives` looks at in one text at most, each part by itself."""
        return _n_looks(zip(self.parts, self._ranges, strict=False))

    @cached_property
    def n_cuts(self) -> int:
        """Places that are looked at in one text to tell whether it is in the language, at most."""
        if self._one_by_one <= _FEW_CUTS:
            return self._one_by_one
        shared = _n_looks(self._shared_ranges.items()) + sum(len(part.lengths) for part in self.parts)
        return min(self._one_by_one, shared)

    def _open(self, key: str) -> list[int] | None:
        """For each part, and the end, the places from which the rest of the parts can spell the rest of the text, as bits; None if
        the language does not have the text."""
        is_shared = self.n_cuts < self._one_by_one
        known = {p: p.starts_in(key, *r) for p, r in self._shared_ranges.items()} if is_shared else {}
        opens = [1 << len(key)]
        for part, range_of in zip(
            reversed(self.parts), reversed(self._ranges[: len(self.parts)]), strict=True
        ):
            starts = 0
            for length, of_length in known[part] if is_shared else part.starts_in(key, *range_of):
                starts |= (opens[-1] >> length) & of_length
            if not starts:
                return None
            opens.append(starts)
        return opens[::-1] if opens[-1] & 1 else None

    def first_cut(self, key: str) -> tuple[int, ...] | None:
        """The lengths of the parts in the first of the ways to cut the text, shorter ones first; None if it has none."""
        opens = self._open(key)
        if opens is None:
            return None
        cut: list[int] = []
        start = 0
        for part, later in zip(self.parts, opens[1:], strict=True):
            length = next(
                length
                for length in part.lengths
                if later >> (start + length) & 1 and key[start : start + length] in part.strings
            )
            cut.append(length)
            start += length
        return tuple(cut)

    def cut_of(self, cell: Cell, digits: Sequence[int]) -> tuple[int, ...]:
        """The lengths of the parts in this derivation of one of the language's own cells."""
        texts = list(cell.parts)
        for dimension, digit in zip(cell.dimensions, digits, strict=True):
            for position, text in zip(dimension.positions, dimension.entries[digit].texts, strict=True):
                texts[position] = text
        return tuple(len(normalised(texts[position])) for position in self.kept)


_FEW_CUTS = 500
"""Up to so many places are looked at one by one; beyond, those of a part all at once, wherever it stands."""


def _n_looks(ranges: Iterable[tuple[Part, tuple[int, int]]]) -> int:
    return sum((last - first + 1) * len(part.lengths) for part, (first, last) in ranges)


def _short_texts(parts: Iterable[frozenset[str]], *, is_end: bool = False) -> frozenset[str] | None:
    """The beginnings, or ends, that the parts can spell; None if they are too many."""
    texts = {""}
    for part in parts:
        if min(map(len, texts)) == N_END:
            break
        if len(texts) * len(part) > 50 * _MAX_ENDS:
            return None
        if is_end:
            texts = {(more + text)[-N_END:] for text in texts for more in part}
        else:
            texts = {(text + more)[:N_END] for text in texts for more in part}
        if len(texts) > _MAX_ENDS:
            return None
    return frozenset(texts)


@dataclass(frozen=True, slots=True)
class Witness:
    """A text that two cells spell."""

    text: str
    """Normalised."""
    labels: tuple[Label, Label]


def witnesses(
    first: Cell,
    second: Cell,
    slots: tuple[frozenset[str], frozenset[str]],
    effort: Effort | None = None,
) -> Iterator[Witness]:
    """One text for every pair of labels with which both cells can spell it.

    Raises: OverflowError if the two overlap in too many ways to be gone through.
    """
    choices = [_choices(cell, names) for cell, names in zip((first, second), slots, strict=True)]
    effort = effort or Effort()
    live = _live(choices[0], choices[1], effort)
    start: tuple[int, int, int, str, Label, Label] = (0, 0, 0, "", frozenset(), frozenset())
    waiting, texts = [start] if start[:4] in live else [], {start: ""}
    said: set[tuple[Label, Label]] = set()
    while waiting:
        state = waiting.pop()
        i, j, side, ahead, mine, theirs = state
        text = texts[state]
        if i == len(choices[0]) and j == len(choices[1]) and not ahead:
            if (mine, theirs) not in said:
                said.add((mine, theirs))
                yield Witness(text, (mine, theirs))
            continue
        behind = 1 if (side == 0 and ahead) or i == len(choices[0]) else 0
        number = j if behind else i
        if number == len(choices[behind]):
            continue
        options = choices[behind][number]
        for string, label in options.fitting(ahead) if ahead and side != behind else options.all:
            place, more = _stepped(state[:4], behind, string)
            if place not in live:
                continue
            labels = [mine, theirs]
            joined = _merged(labels[behind], label)
            if joined is None:
                continue
            labels[behind] = joined
            step = (*place, labels[0], labels[1])
            if step not in texts:
                texts[step] = text + more
                waiting.append(step)
                if len(texts) > MAX_STATES:
                    raise OverflowError
                effort.spend(1)


_Place = tuple[int, int, int, str]
"""Parts that are behind each of two texts, which of the two is ahead, and by what."""


def _stepped(here: _Place, behind: int, string: str) -> tuple[_Place, str]:
    """Where the two stand after a string more, and what it adds to what both say."""
    i, j, side, ahead = here
    if ahead and side != behind:
        more = string[len(ahead) :]
        side, ahead = (behind, more) if more else (side, ahead[len(string) :])
    else:
        more, side, ahead = string, behind, ahead + string
    return (i + (behind == 0), j + (behind == 1), side if ahead else 0, ahead), more


def _live(mine: Sequence[_Options], theirs: Sequence[_Options], effort: Effort) -> set[_Place]:
    """The places on the way to a text of both, whatever its values: all others lead nowhere and need no look."""
    n_edges = 0
    start: _Place = (0, 0, 0, "")
    waiting, came_from = [start], {start: [start]}
    while waiting:
        i, j, side, ahead = here = waiting.pop()
        behind = 1 if (side == 0 and ahead) or i == len(mine) else 0
        sides, number = (theirs, j) if behind else (mine, i)
        if number == len(sides):
            continue
        is_ahead = bool(ahead) and side != behind
        strings = sides[number].strings_fitting(ahead) if is_ahead else sides[number].strings
        n_edges += len(strings)
        effort.spend(len(strings))
        if n_edges > MAX_EDGES:
            raise OverflowError
        for string in strings:
            place, _ = _stepped(here, behind, string)
            if (known := came_from.get(place)) is not None:
                known.append(here)
            else:
                came_from[place] = [here]
                waiting.append(place)
                if len(came_from) > MAX_STATES:
                    raise OverflowError
    end: _Place = (len(mine), len(theirs), 0, "")
    found, waiting = ({end}, [end]) if end in came_from else (set(), [])
    while waiting:
        for place in came_from[waiting.pop()]:
            if place not in found:
                found.add(place)
                waiting.append(place)
    return found


class Ends:
    """Languages by how their texts begin and end, so that those that cannot share a text are never compared."""

    def __init__(self) -> None:
        self._by_end: tuple[dict[str, int], dict[str, int]] = ({}, {})
        self._unlisted = [0, 0]
        """Languages whose beginnings, or ends, are too many to be listed."""

    def add(self, number: int, language: Language) -> None:
        """Note a language under a number."""
        for side, (known, ends) in enumerate(zip(self._by_end, language.ends, strict=True)):
            if ends is None:
                self._unlisted[side] |= 1 << number
            for end in ends or ():
                known[end] = known.get(end, 0) | 1 << number

    def shared(self, language: Language) -> Iterator[int]:
        """Numbers of languages with a text that begins like one of this language's, and one that ends so; in order."""
        left = -1
        for known, unlisted, ends in zip(self._by_end, self._unlisted, language.ends, strict=True):
            like = unlisted
            for end in known if ends is None else ends:
                like |= known.get(end, 0)
            left &= like
        while left:
            lowest = left & -left
            yield lowest.bit_length() - 1
            left ^= lowest


class _Options:
    """What may stand at one place of a text: strings, each with the values that it stands for."""

    def __init__(self, found: frozenset[tuple[str, Label]]) -> None:
        self.all = tuple(sorted(found, key=lambda option: (option[0], sorted(option[1]))))
        self.strings = tuple(dict.fromkeys(string for string, _ in self.all))
        self._by_first: dict[str, list[tuple[str, Label]]] = {}
        for option in self.all:
            self._by_first.setdefault(option[0][:1], []).append(option)
        self._strings_by_first: dict[str, list[str]] = {}
        for string in self.strings:
            self._strings_by_first.setdefault(string[:1], []).append(string)
        # What fits is kept: a wording meets the same others in many templates.
        self._fitting: dict[str, tuple[tuple[str, Label], ...]] = {}
        self._strings_fitting: dict[str, tuple[str, ...]] = {}

    def fitting(self, ahead: str) -> tuple[tuple[str, Label], ...]:
        """Those that begin `ahead` or begin with it."""
        if (found := self._fitting.get(ahead)) is None:
            strings = set(self.strings_fitting(ahead))
            blank, others = self._by_first.get("", ()), self._by_first.get(ahead[0], ())
            found = (*blank, *(option for option in others if option[0] in strings))
            self._fitting[ahead] = found
        return found

    def strings_fitting(self, ahead: str) -> tuple[str, ...]:
        """The same, without values."""
        if (found := self._strings_fitting.get(ahead)) is None:
            blank, others = self._strings_by_first.get("", ()), self._strings_by_first.get(ahead[0], ())
            found = (*blank, *(s for s in others if s.startswith(ahead) or ahead.startswith(s)))
            self._strings_fitting[ahead] = found
        return found


@cache
def _only_option(text: str) -> _Options:
    return _Options(frozenset({(normalised(text), frozenset())}))


def _choices(cell: Cell, names: frozenset[str]) -> list[_Options]:
    """For each part of the text its strings, with the values of `names` that they stand for."""
    found = [_only_option(text) for text in cell.parts]
    for dimension in cell.dimensions:
        entries = entries_of(dimension.entries)
        for place, position in enumerate(dimension.positions):
            key = ("options", place, names & entries.slots())
            options: _Options | None = entries.known(key)  # type: ignore[assignment]
            if options is None:
                options = _Options(entries.options(place, names))
                entries.worked_out(key, options)
            found[position] = options
    return found


def _merged(label: Label, more: Label) -> Label | None:
    """Both together; None if they give a slot two values."""
    both = label | more
    return both if len({slot for slot, _ in both}) == len(both) else None
