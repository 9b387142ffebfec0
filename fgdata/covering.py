"""No value too often: rows are moved between the values of what they are drawn from, those of one intent and of several."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from fgdata.compose import Clause, Group
from fgdata.dealing import allocate
from fgdata.entries import Entry
from fgdata.lots import Lot
from fgdata.pack import Pack, Slot
from fgdata.permutation import mix

MAX_GROUPS = 256
"""Groups of values that a cell, or the utterances of one tuple of intents, are divided into for coverage."""
BITE = 8
"""Rows are moved between values an eighth at a time of what is to be moved: few steps, and many groups give and take."""

Value = tuple[str, int]
"""A slot and the number of its value."""


class Holder(Protocol):
    """Groups of values that rows are dealt to."""

    dealt: list[int]
    caps: list[int]

    def values(self, group: int) -> Iterator[Value]:
        """The values to cover that a group's rows have."""


def value_numbers(slot: Slot, *, is_held: bool = False) -> Sequence[int]:
    """Numbers of the values that every split must have: all listed ones, or both ends of a range; none of words."""
    if not slot.has_value or is_held:
        return ()
    if slot.kind == "range":
        return sorted({0, len(slot.values) - 1})
    return range(len(slot.values))


def most_rows(pack: Pack, slot: str, rows: int) -> int:
    """Rows of one value at most, of so many rows of its slot."""
    most, n_values = math.floor(pack.at_most * rows + 1e-9), len(pack.slots[slot].values)
    # 13 rows of two values, half each at most, are 6 and 7: what whole rows alone do not allow is not asked.
    if n_values * most < rows <= n_values * pack.at_most * rows + 1e-9:
        most = -(-rows // n_values)
    return max(pack.each_value, most)


def move_away(
    holders: Sequence[tuple[Holder, int]], have: Counter[Value], value: Value, most_of: Callable[[Value], int]
) -> bool:
    """Whether rows were taken from this value and given to another group of the same holder."""
    for pool, group in sorted(holders, key=lambda h: -h[0].dealt[h[1]]):
        if not pool.dealt[group]:
            continue
        held = Counter(pool.values(group))
        for other in sorted(range(len(pool.dealt)), key=lambda g: pool.dealt[g]):  # used at once
            gains = Counter(pool.values(other))
            gains.subtract(held)
            gained = {v: n for v, n in gains.items() if n > 0}
            if (
                gains[value] >= 0
                or pool.dealt[other] >= pool.caps[other]
                or any(have[v] + n > most_of(v) for v, n in gained.items())
            ):
                continue
            room = [pool.caps[other] - pool.dealt[other]]
            room += [(most_of(v) - have[v]) // n for v, n in gained.items()]
            n = min([have[value] - most_of(value), pool.dealt[group], *room])
            shift(pool, group, pool, other, have, n=-(-n // BITE))
            return True
    return False


def shift(source: Holder, taken: int, target: Holder, group: int, have: Counter[Value], *, n: int) -> None:
    """Move `n` rows from one group to another."""
    source.dealt[taken] -= n
    target.dealt[group] += n
    for value in source.values(taken):
        have[value] -= n
    for value in target.values(group):
        have[value] += n


# Rows of several


@dataclass(frozen=True, slots=True)
class _PartClass:
    """The clauses of a part with these values alone."""

    values: tuple[Value, ...]
    clauses: tuple[Clause, ...]
    share: float
    """Of the part's draws."""


@dataclass(slots=True, eq=False)
class _Tuple:
    """The rows of one tuple of intents, and the groups of values that they are dealt to."""

    lot: Lot
    groups: list[tuple[_PartClass, ...]]
    caps: list[int]
    dealt: list[int] = field(default_factory=list)

    def values(self, group: int) -> Iterator[Value]:
        """The values of a group's clauses, each clause's for itself."""
        return itertools.chain.from_iterable(part.values for part in self.groups[group])

    def lots(self) -> Iterator[Lot]:
        """A lot for each group that has rows."""
        lot = self.lot
        for number, (group, rows) in enumerate(zip(self.groups, self.dealt, strict=True)):
            if rows:
                yield replace(
                    lot, rows=rows, key=mix(lot.key, number), source=_narrowed(lot.source, group), overlaps=Counter()
                )  # fmt: skip


def spread_several(lots: Sequence[Lot], pack: Pack, targets: Mapping[str, frozenset[int]]) -> list[Lot]:
    """The lots of rows of several, divided so that no value has more than its share of the clauses that have its slot.

    Args:
        targets: slot -> the numbers of the values that are counted.
    """
    labels = {intent.name: intent.label_slots for intent in pack.intents}
    whole: Counter[str] = Counter()
    have: Counter[Value] = Counter()
    holders: dict[Value, list[tuple[Holder, int]]] = {}
    tuples, kept = [], []
    known: dict[object, list[_PartClass]] = {}
    for lot in lots:
        assert isinstance(lot.source, Group)
        for intent in lot.source.intents:
            whole.update(dict.fromkeys(labels[intent], lot.rows))
        found = _tuple_of(lot, lot.source, labels, targets, known)
        # Narrow cells count for less than one wide one: where they are too few for its rows it stays whole.
        if sum(found.dealt) < lot.rows:
            kept.append(lot)
            continue
        tuples.append(found)
        for group, n in enumerate(found.dealt):
            for value in found.values(group):
                have[value] += n
            for value in set(found.values(group)):
                holders.setdefault(value, []).append((found, group))
    most = {value: most_rows(pack, value[0], whole[value[0]]) for value in holders}
    if not any(have[value] > most[value] for value in holders):
        return list(lots)
    for value in sorted(holders):
        while have[value] > most[value] and move_away(holders[value], have, value, most.__getitem__):
            pass
    return [*kept, *(lot for found in tuples for lot in found.lots())]


def _tuple_of(
    lot: Lot,
    group: Group,
    labels: Mapping[str, frozenset[str]],
    targets: Mapping[str, frozenset[int]],
    known: dict[object, list[_PartClass]],
) -> _Tuple:
    parts: list[list[_PartClass]] = []
    for intent, clauses in zip(group.intents, group.options, strict=True):
        key = (intent, tuple(map(id, clauses)))
        if (of := known.get(key)) is None:
            of = known[key] = _part_classes(clauses, {s: targets[s] for s in sorted(labels[intent])})
        fits = math.prod(map(len, parts)) * len(of) <= MAX_GROUPS
        parts.append(of if fits else [_PartClass((), clauses, 1.0)])
    groups = list(itertools.product(*parts))
    caps = [_narrowed(group, of).count for of in groups]
    weights = [math.prod(part.share for part in of) for of in groups]
    return _Tuple(lot, groups, caps, allocate(lot.rows, weights, caps, mix(lot.key, 4)))


def _narrowed(group: object, of: Sequence[_PartClass]) -> Group:
    """The tuple with these clauses of each part alone."""
    assert isinstance(group, Group)
    return replace(group, options=tuple(part.clauses for part in of))


def _part_classes(clauses: tuple[Clause, ...], targets: Mapping[str, frozenset[int]]) -> list[_PartClass]:
    """The clauses divided by the values of their slots; values that are not counted stay together."""
    found = [_PartClass((), clauses, 1.0)]
    for slot, numbers in targets.items():
        if not numbers or len(found) * (len(numbers) + 1) > MAX_GROUPS:
            continue
        divided = []
        for part in found:
            for wanted in (*({n} for n in sorted(numbers)), None):
                shares, narrow = 0.0, []
                for clause in part.clauses:
                    share, one = _with_values(clause, slot, wanted, numbers)
                    if one is not None:
                        shares += share
                        narrow.append(one)
                if narrow:
                    values = (*part.values, *((slot, number) for number in wanted or ()))
                    divided.append(_PartClass(values, tuple(narrow), part.share * shares / len(part.clauses)))
        found = divided
    return found


def _with_values(
    clause: Clause, slot: str, wanted: set[int] | None, counted: frozenset[int]
) -> tuple[float, Clause | None]:
    """The share of a clause's draws in which the slot has a wanted value, or none that is counted, and the clause so."""

    def keep(entry: Entry) -> bool:
        has = {b.value for b in entry.bindings if b.slot == slot}
        return not has or (has == wanted if wanted is not None else not has & counted)

    share, cell, is_there = 1.0, clause.cell, False
    for number, dimension in enumerate(clause.cell.dimensions):
        if any(b.slot == slot for entry in dimension.entries for b in entry.bindings):
            is_there = True
            if (part := cell.restricted(number, keep)) is None:
                return 0.0, None
            share *= part.dimensions[number].total / dimension.total
            cell = part
    if not is_there and wanted is not None:
        return 0.0, None
    return share, replace(clause, cell=cell, whole=clause.whole or clause)
