"""The expansions of a template as numbers: how many there are, which one a number names, and which of them a data set takes.

A template falls into parts: fixed text, and choices. Choices that share a slot hang together and make one dimension; all
others are independent. A cell is one template in one register: its expansions are the product of its dimensions, so the i-th is
built from the digits of i and nothing has to be kept.

    cell.count            how many expansions
    cell.unrank(i)        the digits of the i-th
    cell.text(digits)     its text
    draw(cell, n, j)      the digits of the j-th of n rows: by weight, and never the same twice
"""

from __future__ import annotations

import bisect
import copy
import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import fsum
from typing import Any, NamedTuple

from jinja2 import nodes

from fgdata.entries import Binding, Entries, Entry, entries_of
from fgdata.errors import PackError, Problem
from fgdata.pack import Slot
from fgdata.permutation import ADDEND, MASK, MULTIPLIER, Permutation, mix
from fgdata.template import ASKING, Template, apply_filter, endings_of, tidied, with_ending

MAX_ENTRIES = 100_000
"""Texts that one dimension may have: choices that hang together are written out."""
_WEIGHT_UNITS = 1_000_000

Endings = Callable[[str, str], Iterable[tuple[str, float]]]
"""One of the filters of `ASKING` and its text -> the endings it draws from, with weights; none where nothing can be asked."""


class Outcome(NamedTuple):
    """What an expression may print."""

    text: str
    bindings: tuple[Binding, ...]
    weight: float


@dataclass(frozen=True)
class Dimension:
    """A choice that is independent of the others."""

    positions: tuple[int, ...]
    """The parts of the text that it fills."""
    entries: tuple[Entry, ...]
    sums: tuple[int, ...]
    """Running sums of the entries' weights, in whole units."""
    is_label: bool
    """Whether it fills a slot that the row's call takes."""
    numbers: tuple[int, ...] = ()
    """Of the entries in the whole dimension, where this is a part of one."""

    def number(self, digit: int) -> int:
        """The entry's number in the whole dimension."""
        return self.numbers[digit] if self.numbers else digit

    @cached_property
    def size(self) -> int:
        """How many entries."""
        return len(self.entries)

    @property
    def total(self) -> int:
        """The weights' sum."""
        return self.sums[-1]

    @property
    def is_even(self) -> bool:
        """Whether all weights are the same."""
        return self.largest * self.size <= self.total + self.size

    @cached_property
    def largest(self) -> int:
        """The largest weight."""
        return max(self._weights)

    def only(self, keep: Callable[[Entry], bool]) -> Dimension | None:
        """The dimension with some of its entries; None if that is none of them."""
        kept = [digit for digit, entry in enumerate(self.entries) if keep(entry)]
        return self.picked(kept) if kept else None

    def picked(self, digits: Sequence[int]) -> Dimension:
        """The dimension with these of its entries, in their order."""
        if len(digits) == self.size:
            return self
        key = tuple(digits)
        if (known := self._parts.get(key)) is None:
            known = self._parts[key] = Dimension(
                self.positions,
                entries_of(self.entries).picked(key),
                tuple(itertools.accumulate(map(self._weights.__getitem__, key))),
                self.is_label,
                tuple(map(self.numbers.__getitem__, key)) if self.numbers else key,
            )
        return known

    @cached_property
    def _weights(self) -> list[int]:
        return [high - low for low, high in itertools.pairwise((0, *self.sums))]

    @cached_property
    def _parts(self) -> dict[tuple[int, ...], Dimension]:
        """Parts of it that were asked for: lots of one value share one."""
        return {}

    @cached_property
    def texts(self) -> tuple[tuple[str, ...], ...]:
        """For each of `positions`, the text of each digit."""
        return tuple(
            tuple(entry.texts[place] for entry in self.entries) for place in range(len(self.positions))
        )

    @cached_property
    def has_bindings(self) -> bool:
        """Whether it fills slots that matter."""
        return any(entry.bindings for entry in self.entries)


@dataclass(slots=True)
class Cell:
    """One template in one register: a product of dimensions."""

    parts: tuple[str, ...]
    """The text, with empty places where dimensions go."""
    dimensions: tuple[Dimension, ...]
    count: int = field(init=False)
    """Expansions."""
    _fills: list[tuple[int, int, tuple[str, ...]]] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.count = math.prod(dimension.size for dimension in self.dimensions)

    def unrank(self, index: int) -> tuple[int, ...]:
        """The digits of the expansion with this number.

        Raises: IndexError if there is none.
        """
        if not 0 <= index < self.count:
            raise IndexError(index)
        digits = []
        for dimension in reversed(self.dimensions):
            index, digit = divmod(index, dimension.size)
            digits.append(digit)
        return tuple(reversed(digits))

    def rank(self, digits: Sequence[int]) -> int:
        """The number of the expansion with these digits."""
        index = 0
        for dimension, digit in zip(self.dimensions, digits, strict=True):
            index = index * dimension.size + digit
        return index

    def whole_digits(self, digits: Sequence[int]) -> tuple[int, ...]:
        """The same expansion's digits in the cell that this one is a part of."""
        return tuple(
            dimension.number(digit) for dimension, digit in zip(self.dimensions, digits, strict=True)
        )

    def text(self, digits: Sequence[int]) -> str:
        """The expansion's text, tidied."""
        parts = list(self.parts)
        for number, position, texts in self._fills or self.fills:
            parts[position] = texts[digits[number]]
        return tidied("".join(parts))

    @property
    def fills(self) -> list[tuple[int, int, tuple[str, ...]]]:
        """Number of a dimension, a part that it fills, and the text for each digit."""
        if self._fills is None:
            self._fills = [
                (number, position, texts)
                for number, dimension in enumerate(self.dimensions)
                for position, texts in zip(dimension.positions, dimension.texts, strict=True)
            ]
        return self._fills

    def bindings(self, digits: Sequence[int]) -> Iterator[Binding]:
        """What the slots were filled with."""
        for dimension, digit in zip(self.dimensions, digits, strict=True):
            yield from dimension.entries[digit].bindings

    def restricted(self, number: int, keep: Callable[[Entry], bool]) -> Cell | None:
        """The cell with some of the entries of one dimension; None if that is none."""
        kept = self.dimensions[number].only(keep)
        return None if kept is None else self.with_dimension(number, kept)

    def with_dimension(self, number: int, dimension: Dimension) -> Cell:
        """The cell with another dimension in the place of one."""
        return Cell(self.parts, (*self.dimensions[:number], dimension, *self.dimensions[number + 1 :]))


@dataclass(frozen=True, slots=True)
class Draws:
    """How `n` rows are drawn from a cell: these dimensions by weight, the others evenly."""

    cell: Cell
    n: int
    key: int
    weighted: tuple[tuple[int, tuple[int, ...], int], ...]
    """Numbers of dimensions, the most important first, with their running sums of weights and the whole."""
    even: tuple[tuple[int, int], ...]
    """Numbers of dimensions, with their sizes."""
    room: int
    """Expansions of the even dimensions together."""

    def digits(self, place: int) -> tuple[int, ...]:
        """The digits of the row at `place`, from 0 to n - 1. No two places have the same.

        At each weighted dimension the rows that are left are dealt to its entries in whole numbers, by their weights and from a
        random start; what is then left shares all weighted digits and walks the even ones in a permuted order.
        """
        rows, key = self.n, self.key
        digits = [0] * len(self.cell.dimensions)
        for number, sums, total in self.weighted:
            start = (key >> 20) % total
            if rows == 1:
                digit = bisect.bisect_right(sums, start)
            else:
                # Entry e has the places from (rows * sums[e - 1] + start) // total on, up to that of sums[e].
                digit = bisect.bisect_left(sums, -((start - (place + 1) * total) // rows))
                first = (rows * sums[digit - 1] + start) // total if digit else 0
                rows = (rows * sums[digit] + start) // total - first
                place -= first
            digits[number] = digit
            key = ((key ^ digit) * MULTIPLIER + ADDEND) & MASK
        if self.even:
            key = mix(key, 0)
            index = key % self.room if rows == 1 else Permutation(self.room, key)[place]
            for number, size in self.even:
                index, digits[number] = divmod(index, size)
        return tuple(digits)


def draws(cell: Cell, n: int, key: int) -> Draws:
    """A way to draw `n` rows of a cell, all different, that follows as many weights as there is room for.

    Weights of slots in the call come first, then those of endings and optional words. Where the rows are too many for a weight
    to hold (a heavy word has few texts), that dimension is walked evenly.
    """
    if not 0 <= n <= cell.count:
        raise ValueError(f"{n} rows of {cell.count}")
    sizes = [dimension.size for dimension in cell.dimensions]
    order = sorted(range(len(sizes)), key=lambda number: (not cell.dimensions[number].is_label, number))
    even = [
        number for number in order if cell.dimensions[number].is_even and not cell.dimensions[number].is_label
    ]
    weighted = [number for number in order if number not in even]
    room = math.prod(sizes[number] for number in even)
    while weighted:
        most = n
        for number in weighted:
            dimension = cell.dimensions[number]
            most = -(-most * dimension.largest // dimension.total)
        if most <= room:
            break
        room *= sizes[weighted[-1]]
        even.append(weighted.pop())
    sums = [(number, cell.dimensions[number].sums, cell.dimensions[number].total) for number in weighted]
    return Draws(cell, n, key, tuple(sums), tuple((number, sizes[number]) for number in even), room)


# From a template to its cells


@dataclass(frozen=True, slots=True)
class Expander:
    """Writes out what expressions may print.

    Args:
        kept: slots whose filling is told apart: those in calls and answers, and those that stand twice.
    """

    slots: Mapping[str, Slot]
    endings: Endings
    kept: frozenset[str]
    registers: frozenset[str] = frozenset()
    """Forms that are not said in each of them are left out."""
    language: str = ""
    """Whose forms alone are written out; empty for all."""

    def outcomes(self, node: nodes.Expr) -> list[Outcome]:
        """Everything the expression may print, each once."""
        return self._once(self._outcomes(node))

    def _once(self, found: Iterable[Outcome]) -> list[Outcome]:
        merged: dict[tuple[str, frozenset[Binding]], Outcome] = {}
        for outcome in found:
            key = (outcome.text, frozenset(outcome.bindings))
            known = merged.get(key)
            merged[key] = known._replace(weight=known.weight + outcome.weight) if known else outcome
            if len(merged) > MAX_ENTRIES:
                raise _too_many()
        return list(merged.values())

    def _outcomes(self, node: nodes.Expr) -> Iterator[Outcome]:
        match node:
            case nodes.Const():
                yield Outcome(node.value, (), 1.0)
            case nodes.Name():
                yield from self._slot(node.name)
            case nodes.Concat():
                yield from self._joined([self.outcomes(part) for part in node.nodes])
            case nodes.Filter() if node.node is not None and node.name in ASKING:
                for text, bindings, weight in self.outcomes(node.node):
                    for ending, share in self.endings(node.name, text) if text else (("", 1.0),):
                        yield Outcome(with_ending(text, ending, node.name), bindings, weight * share)
            case nodes.Filter() if node.node is not None:
                arguments = [argument.value for argument in node.args if isinstance(argument, nodes.Const)]
                for text, bindings, weight in self.outcomes(node.node):
                    yield Outcome(apply_filter(node.name, text, *arguments), bindings, weight)
            case nodes.Call(node=nodes.Name(name="maybe")):
                share = optional_share(node)
                yield Outcome("", (), 1.0 - share)
                for text, bindings, weight in self.outcomes(node.args[0]):
                    yield Outcome(text, bindings, weight * share)
            case nodes.Call():
                for argument in node.args:
                    for text, bindings, weight in self.outcomes(argument):
                        yield Outcome(text, bindings, weight / len(node.args))
            case _:
                raise AssertionError(node)

    def _slot(self, name: str) -> Iterator[Outcome]:
        is_kept = name in self.kept
        language = self.language
        for number, value in enumerate(self.slots[name].values):
            of = value.languages or (language,) * len(value.forms)
            for form, weight, said_in in zip(value.forms, value.shares, of, strict=True):
                if language and said_in != language:
                    continue
                if not self.registers.issubset(value.registers.get(form, self.registers)):
                    continue
                yield Outcome(form, (Binding(name, number, form),) if is_kept else (), weight)

    def _joined(self, parts: Sequence[list[Outcome]]) -> Iterator[Outcome]:
        if math.prod(len(part) for part in parts) > 20 * MAX_ENTRIES:
            raise _too_many()
        for chosen in itertools.product(*parts):
            bindings = self.consistent(outcome.bindings for outcome in chosen)
            if bindings is not None:
                yield Outcome(
                    "".join(outcome.text for outcome in chosen),
                    bindings,
                    math.prod(outcome.weight for outcome in chosen),
                )

    def consistent(self, found: Iterable[tuple[Binding, ...]]) -> tuple[Binding, ...] | None:
        """All bindings, each slot once; None if a slot is filled twice or has the value of one it must differ from."""
        filled: dict[str, Binding] = {}
        for binding in itertools.chain.from_iterable(found):
            if filled.setdefault(binding.slot, binding) != binding:
                return None
        for name, binding in filled.items():
            other = filled.get(self.slots[name].differs_from)
            if other is not None and other.value == binding.value:
                return None
        return tuple(filled.values())


def optional_share(node: nodes.Call) -> float:
    """How often a `maybe(...)` is printed: its second argument, 좀 as people say it, else one in two."""
    if len(node.args) > 1:
        share: float = node.args[1].value  # type: ignore[attr-defined]  # a number: checked when it was read
        return share
    first = node.args[0]
    return A_BIT_SHARE if isinstance(first, nodes.Const) and first.value == "좀" else 0.5


A_BIT_SHARE = 0.29
"""Share of human request lines with 좀 (StyleKQC, 7,500 lines)."""


def register_endings(register: str) -> Endings:
    """The endings of a register."""

    def endings(use: str, text: str) -> Iterator[tuple[str, float]]:
        found = endings_of(register, text, use)
        lows = (0.0, *found.sums)
        return zip(
            found.items, (high - low for low, high in zip(lows, found.sums, strict=False)), strict=True
        )

    return endings


def _too_many() -> PackError:
    what = (
        f"more than {MAX_ENTRIES:,} choices hang together, through a slot that stands twice, a filter or `~`."
    )
    return PackError(Problem("", what, "Write the parts side by side, or split the template."))


def make_cell(
    template: Template,
    slots: Mapping[str, Slot],
    endings: Endings,
    labels: Iterable[str],
    kept: Iterable[str],
    *,
    registers: Iterable[str] = (),
    language: str = "",
    known: KnownDimensions | None = None,
) -> Cell:
    """The cell of a template.

    Args:
        labels: slots that the call takes.
        kept: slots that an answer may repeat.
        registers: forms that are not said in each of them are left out.
        language: forms of others are left out.
        known: dimensions that were worked out before, with the same slots and, for one `style`, the same endings and registers.

    Raises: PackError if choices that hang together are too many to be written out.
    """
    labels = frozenset(labels)
    expressions = {i: part for i, part in enumerate(template.parts) if not isinstance(part, str)}
    named = {position: _slots_of(part) for position, part in expressions.items()}
    bound = _linked(named, slots)
    expander = Expander(slots, endings, frozenset(kept) | labels | bound, frozenset(registers), language)
    known = known if known is not None else KnownDimensions(slots)
    try:
        dimensions = tuple(
            known.dimension(group, expressions, named, expander, labels)
            for group in _groups(named, bound, slots)
        )
    except PackError as error:
        raise PackError(*(Problem(str(template.place), p.what, p.remedy) for p in error.problems)) from error
    if any(not dimension.entries for dimension in dimensions):
        what = "prints slots that must differ, but have no two values to do so."
        raise PackError(Problem(str(template.place), what, "Add a value, or leave one of the slots out."))
    parts = tuple(part if isinstance(part, str) else "" for part in template.parts)
    return _with_fixed(Cell(parts, dimensions))


class KnownDimensions:
    """Dimensions by what they print, each worked out once: many templates share a wording, and registers most of each.

    Args:
        style: names the endings that requests are made with.
    """

    def __init__(self, slots: Mapping[str, Slot], style: str = "") -> None:
        self.style = style
        self._in_style = frozenset(
            name
            for name, slot in slots.items()
            if any(value.registers or value.languages for value in slot.values)
        )
        """Slots with forms that are not said in every register."""
        self._known: dict[Wording, Dimension] = {}

    def in_style(self, style: str) -> KnownDimensions:
        """The same dimensions, for requests with other endings."""
        other = copy.copy(self)
        other.style = style
        return other

    def dimension(
        self,
        positions: tuple[int, ...],
        expressions: Mapping[int, nodes.Expr],
        named: Mapping[int, tuple[str, ...]],
        expander: Expander,
        labels: frozenset[str],
    ) -> Dimension:
        """The dimension at these positions of a template."""
        names = frozenset(name for position in positions for name in named[position])
        wordings = tuple(map(wording_of, (expressions[position] for position in positions)))
        is_styled = bool(names & self._in_style) or any(map(_asks, wordings))
        key = (wordings, names & expander.kept, names & labels, self.style if is_styled else None)
        if (found := self._known.get(key)) is None:
            outcomes = {position: expander.outcomes(expressions[position]) for position in positions}
            found = self._known[key] = _dimension(positions, outcomes, expander, labels)
        return Dimension(positions, found.entries, found.sums, found.is_label)


Wording = tuple[Any, ...]
"""An expression, written so that two that print the same compare as equal."""


def wording_of(node: nodes.Expr) -> Wording:
    """The expression's names, texts and filters."""
    match node:
        case nodes.Const():
            return ("text", node.value)
        case nodes.Name():
            return ("slot", node.name)
        case nodes.Concat():
            return ("~", *map(wording_of, node.nodes))
        case nodes.Filter() if node.node is not None:
            return ("|", node.name, wording_of(node.node), *map(wording_of, node.args))
        case nodes.Call(node=nodes.Name(name=name)):
            return (name, *map(wording_of, node.args))
        case _:
            raise AssertionError(node)


def _asks(wording: Wording) -> bool:
    """Whether its texts have endings that depend on the register."""
    if wording[0] == "|" and wording[1] in ASKING:
        return True
    return any(_asks(part) for part in wording if isinstance(part, tuple))


def _slots_of(node: nodes.Expr) -> tuple[str, ...]:
    """The slots that stand in an expression, each as often as it does."""
    return tuple(
        name.name
        for name in ([node] if isinstance(node, nodes.Name) else node.find_all(nodes.Name))
        if name.name not in ("pick", "maybe")
    )


def _linked(named: Mapping[int, tuple[str, ...]], slots: Mapping[str, Slot]) -> frozenset[str]:
    """Slots whose filling ties choices together: they stand twice, or are bound to differ from one another."""
    printed = Counter(name for names in named.values() for name in names)
    twice = {name for name, count in printed.items() if count > 1}
    for name in printed:
        if (other := slots[name].differs_from) in printed:
            twice |= {name, other}
    return frozenset(twice)


def _groups(
    named: Mapping[int, tuple[str, ...]], bound: frozenset[str], slots: Mapping[str, Slot]
) -> list[tuple[int, ...]]:
    """Positions that hang together, each group in the order of the text."""
    groups: list[tuple[set[int], set[str]]] = []
    for position, names in named.items():
        ties = set(names) & bound
        ties |= {slots[name].differs_from for name in ties if slots[name].differs_from}
        touching = [group for group in groups if group[1] & ties]
        merged = ({position}, ties)
        for group in touching:
            merged = (merged[0] | group[0], merged[1] | group[1])
            groups.remove(group)
        groups.append(merged)
    return sorted(tuple(sorted(positions)) for positions, _ in groups)


def _dimension(
    positions: tuple[int, ...],
    found: Mapping[int, list[Outcome]],
    expander: Expander,
    labels: frozenset[str],
) -> Dimension:
    first_place, *others = positions
    joined: list[tuple[tuple[str, ...], tuple[Binding, ...], float]] = [
        ((outcome.text,), outcome.bindings, outcome.weight) for outcome in found[first_place]
    ]
    for position in others:
        longer = []
        # Many texts have the same bindings: what goes with them is found once.
        fitting: dict[tuple[Binding, ...], list[tuple[tuple[Binding, ...], Outcome]]] = {}
        fillings = dict.fromkeys(outcome.bindings for outcome in found[position])
        for texts, bindings, weight in joined:
            if (found_here := fitting.get(bindings)) is None:
                with_them = {more: expander.consistent((bindings, more)) for more in fillings}
                found_here = fitting[bindings] = [
                    (both, outcome)
                    for outcome in found[position]
                    if (both := with_them[outcome.bindings]) is not None
                ]
            longer += [
                ((*texts, outcome.text), both, weight * outcome.weight) for both, outcome in found_here
            ]
            if len(longer) > MAX_ENTRIES:
                raise _too_many()
        joined = longer
    # A derivation counts once, whichever of two choices led to it: {{ room }} {{ pick(room, 'kitchen') }}.
    weights: dict[tuple[tuple[str, ...], frozenset[Binding]], float] = {}
    first: dict[tuple[tuple[str, ...], frozenset[Binding]], Entry] = {}
    for texts, bindings, weight in joined:
        key = (texts, frozenset(bindings))
        if key in weights:
            weights[key] += weight
        else:
            first[key], weights[key] = Entry(texts, bindings), weight
    whole = fsum(weights.values()) or 1.0
    units = [max(1, round(weight / whole * _WEIGHT_UNITS)) for weight in weights.values()]
    entries = Entries(first.values())
    is_label = any(binding.slot in labels for entry in entries for binding in entry.bindings)
    return Dimension(positions, entries, tuple(itertools.accumulate(units)), is_label)


def _with_fixed(cell: Cell) -> Cell:
    """The cell with choices that are none put into its text."""
    parts = list(cell.parts)
    for dimension in cell.dimensions:
        if dimension.size == 1 and not dimension.entries[0].bindings:
            for position, text in zip(dimension.positions, dimension.entries[0].texts, strict=True):
                parts[position] = text
    left = tuple(d for d in cell.dimensions if d.size > 1 or d.entries[0].bindings)
    return Cell(tuple(parts), left)
