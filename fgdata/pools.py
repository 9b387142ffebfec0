"""The cells that rows of one intent are dealt to, each divided by the values that coverage counts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from fgdata.covering import MAX_GROUPS, Value
from fgdata.entries import Binding, entries_of
from fgdata.permutation import MASK, key_of
from fgdata.space import Cell, Dimension
from fgdata.stock import Source

ValueClass = tuple[tuple[Value, ...], frozenset[int], int]
"""Values to cover, the digits of the entries that stand for them, and their weight together."""
Targets = Mapping[str, frozenset[int]]
"""Slot -> the numbers of the values that coverage counts."""


@dataclass(slots=True, eq=False)
class Pool:
    """A cell of the split and the groups of values that its rows are dealt to."""

    source: Source
    register: str
    cell: Cell
    classes: list[tuple[int, list[ValueClass]]]
    """For some of its dimensions: number, and per class the values to cover, the digits, the weight."""
    groups: list[tuple[int, ...]]
    weights: list[float]
    caps: list[int]
    dealt: list[int] = field(default_factory=list)
    cap: int = 0

    @property
    def part(self) -> str:
        """The intent."""
        return self.source.intent.name

    def values(self, group: int) -> Iterator[Value]:
        """The values to cover that a group's rows have."""
        for (_, classes), choice in zip(self.classes, self.groups[group], strict=True):
            yield from classes[choice][0]

    def number(self, group: int) -> int:
        """A number for a group that is the same in every process."""
        return key_of(self.source.path, self.source.number, self.register, group) & MASK

    def cell_of(self, group: int) -> Cell:
        """The part of the cell that a group is."""
        cell = self.cell
        for (number, classes), choice in zip(self.classes, self.groups[group], strict=True):
            digits = sorted(classes[choice][1])
            cell = cell.with_dimension(number, cell.dimensions[number].picked(digits))
        return cell


def make_pool(source: Source, register: str, cell: Cell, targets: Targets, *, is_held: bool) -> Pool:
    """The pool of a cell.

    Args:
        is_held: whether the rows are of `test_values`, which has no values to cover.
    """
    labels = source.intent.label_slots
    classes = []
    n_groups = 1
    for number, dimension in enumerate(cell.dimensions):
        if not dimension.is_label:
            continue
        found = _classes(dimension, labels, targets, is_held=is_held)
        if n_groups * len(found) > MAX_GROUPS:
            continue
        n_groups *= len(found)
        classes.append((number, found))
    groups = list(itertools.product(*(range(len(of)) for _, of in classes)))
    divided = {number for number, _ in classes}
    rest = math.prod(d.size for n, d in enumerate(cell.dimensions) if n not in divided)
    weights, caps = [], []
    for group in groups:
        chosen = [of[choice] for (_, of), choice in zip(classes, group, strict=True)]
        weights.append(math.prod(float(weight) for _, _, weight in chosen))
        caps.append(rest * math.prod(len(digits) for _, digits, _ in chosen))
    return Pool(source, register, cell, classes, groups, weights, caps, cap=cell.count)


def _classes(
    dimension: Dimension, labels: frozenset[str], targets: Targets, *, is_held: bool
) -> list[ValueClass]:
    """The entries of a dimension by the values to cover that they stand for; found once, many templates share them."""
    entries = entries_of(dimension.entries)
    key = ("classes", is_held, labels, dimension.sums)
    known: list[ValueClass] | None = entries.known(key)  # type: ignore[assignment]
    if known is None:
        weights = [high - low for low, high in itertools.pairwise((0, *dimension.sums))]
        alike: dict[tuple[Binding, ...], list[int]] = {}
        for digit, entry in enumerate(entries):
            alike.setdefault(entry.bindings, []).append(digit)
        found: dict[tuple[Value, ...], list[int]] = {}
        for bindings, digits in alike.items():
            values = tuple((b.slot, b.value) for b in bindings if b.slot in labels and b.value in targets[b.slot])  # fmt: skip
            found.setdefault(values, []).extend(digits)
        known = [
            (values, frozenset(digits), sum(map(weights.__getitem__, digits)))
            for values, digits in found.items()
        ]
        entries.worked_out(key, known)
    return known
