"""Rows of several, divided by the values of their clauses: each value often enough and none too often."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from fgdata.compose import Clause, Group
from fgdata.covering import MAX_GROUPS, Holder, Value, holders_of, lower_to_most, most_rows, raise_to_least
from fgdata.dealing import allocate
from fgdata.entries import Entry
from fgdata.lots import Lot
from fgdata.pack import Pack
from fgdata.permutation import mix

MAX_CLASSES = 2048
"""Groups of values that the clauses of one part are divided into; slots of more values are not told apart."""
OFTEN = 0.5
"""Share of a part's draws that need no telling apart where there are too many groups: its values come by themselves."""


@dataclass(frozen=True)
class _PartClass:
    """The clauses of a part with these values alone."""

    values: tuple[Value, ...]
    clauses: tuple[Clause, ...]
    share: float
    """Of the part's draws."""

    @cached_property
    def count(self) -> int:
        """Utterances, at least (see `Group.count`)."""
        return len(self.clauses) * min(clause.cell.count for clause in self.clauses)


@dataclass(slots=True, eq=False)
class _Tuple:
    """The rows of one tuple of intents, and the groups of values that they are dealt to."""

    lot: Lot
    group: Group
    """What the lot draws from."""
    groups: list[tuple[_PartClass, ...]]
    caps: list[int]
    dealt: list[int] = field(default_factory=list)

    def values(self, group: int) -> Iterator[Value]:
        """The values of a group's clauses, each clause's for itself."""
        return itertools.chain.from_iterable(part.values for part in self.groups[group])

    @property
    def part(self) -> str:
        """The composition."""
        return self.group.composition.name

    def number(self, group: int) -> int:
        """A number for a group that is the same in every process."""
        return mix(self.lot.key, group)

    def lots(self) -> Iterator[Lot]:
        """A lot for each group that has rows."""
        lot = self.lot
        for number, (group, rows) in enumerate(zip(self.groups, self.dealt, strict=True)):
            if rows:
                yield replace(
                    lot, rows=rows, key=mix(lot.key, number), source=_narrowed(self.group, group), overlaps=Counter()
                )  # fmt: skip


def steer_several(
    lots: Sequence[Lot], pack: Pack, targets: Mapping[str, frozenset[int]], others: Counter[Value], key: int
) -> list[Lot]:
    """The lots of rows of several, divided so that no value has too few rows in the split or more than its share of its clauses.

    Args:
        lots: with those that have no rows yet, which may be given some.
        targets: slot -> the numbers of the values that are counted.
        others: how many rows of a single intent each value has.
    """
    labels = {intent.name: intent.label_slots for intent in pack.intents}
    slots_of = {
        lot: frozenset[str]().union(*(labels[name] for name in _group_of(lot).intents)) for lot in lots
    }
    lacking = {
        (slot, n)
        for slot in frozenset[str]().union(*slots_of.values())
        for n in targets[slot]
        if others[slot, n] < pack.each_value
    }
    if not lacking and pack.at_most == 1:
        return [lot for lot in lots if lot.rows]
    # Lots without rows are looked at only for what none of the others can say.
    found_in = frozenset[str]().union(*(slots_of[lot] for lot in lots if lot.rows))
    rare = {slot for slot, _ in lacking} - found_in
    lots = [lot for lot in lots if lot.rows or slots_of[lot] & rare]
    # What single intents say often enough need not be told apart, where only that counts.
    alone = {slot: frozenset(n for n in numbers if (slot, n) in lacking) for slot, numbers in targets.items()}
    ways = (alone,) if pack.at_most == 1 else (targets, alone)
    tuples, kept = [], []
    known: dict[object, list[_PartClass]] = {}
    for lot in lots:
        found = None
        if any(ways[0][slot] for slot in slots_of[lot]):
            found = _tuple_of(lot, labels, ways, known)
        # Narrow cells count for less than one wide one: where they are too few for its rows it stays whole.
        if found is None or sum(found.dealt) < lot.rows:
            kept.append(lot)
        else:
            tuples.append(found)
    have, holders = holders_of(tuples)
    of_part: dict[str, list[_Tuple]] = {}
    for one in tuples:
        of_part.setdefault(one.part, []).append(one)

    def siblings(holder: Holder) -> Iterator[Holder]:
        """What says the same intents, then the other tuples of its composition, as long as they keep a row."""
        assert isinstance(holder, _Tuple)
        near = [one for one in of_part[holder.part] if one is not holder]
        rows = Counter[tuple[str, ...]]()
        for one in near:
            rows[one.group.intents] += sum(one.dealt)
        own = holder.group.intents
        yield from sorted(
            (t for t in near if t.group.intents == own or rows[t.group.intents] > 1),
            key=lambda t: t.group.intents != own,
        )

    have.update(others)
    raise_to_least(holders, have, pack.each_value, siblings, key)
    have.subtract(others)
    whole: Counter[str] = Counter()
    for group, n in [(_group_of(lot), lot.rows) for lot in kept] + [(t.group, sum(t.dealt)) for t in tuples]:
        for intent in group.intents:
            whole.update(dict.fromkeys(labels[intent], n))
    most = {value: most_rows(pack, value[0], whole[value[0]]) for value in holders}
    lower_to_most(holders, have, most, lambda value: pack.each_value - others[value])
    return [*(lot for lot in kept if lot.rows), *(lot for found in tuples for lot in found.lots())]


def _group_of(lot: Lot) -> Group:
    assert isinstance(lot.source, Group)
    return lot.source


def _tuple_of(
    lot: Lot,
    labels: Mapping[str, frozenset[str]],
    ways: Sequence[Mapping[str, frozenset[int]]],
    known: dict[object, list[_PartClass]],
) -> _Tuple:
    """The tuple of a lot.

    Args:
        ways: slot -> the values that are told apart; the first of these under which there are not too many groups.
    """
    group = _group_of(lot)
    for number, targets in enumerate(ways):
        parts: list[list[_PartClass]] = []
        for intent, clauses in zip(group.intents, group.options, strict=True):
            key = (number, intent, tuple(map(id, clauses)))
            if (of := known.get(key)) is None:
                of = known[key] = _part_classes(clauses, {s: targets[s] for s in sorted(labels[intent])})
            parts.append(of)
        if math.prod(map(len, parts)) <= MAX_GROUPS:
            groups = list(itertools.product(*parts))
            break
    else:
        groups = _one_at_a_time(parts)
    caps = [len(group.joins) * math.prod(part.count for part in of) for of in groups]
    weights = [math.prod(part.share for part in of) for of in groups]
    return _Tuple(lot, group, groups, caps, allocate(lot.rows, weights, caps, mix(lot.key, 4)))


def _one_at_a_time(parts: Sequence[list[_PartClass]]) -> list[tuple[_PartClass, ...]]:
    """The groups in which one part at most has values that are told apart: far fewer than all, and no two share a text."""
    apart = [_rare_apart(of) for of in parts]
    rest = tuple(of for of, _ in apart)
    found = [rest]
    for place, (_, rare) in enumerate(apart):
        found += [(*rest[:place], one, *rest[place + 1 :]) for one in rare]
    return found


def _rare_apart(of: Sequence[_PartClass]) -> tuple[_PartClass, list[_PartClass]]:
    """The classes that come often by themselves, as one that is not told apart; and the others."""
    ranked = sorted(of, key=lambda one: (bool(one.values), -one.share))
    often, share = 0, 0.0
    while often < len(ranked) and share < OFTEN:
        share += ranked[often].share
        often += 1
    clauses = tuple(clause for one in ranked[:often] for clause in one.clauses)
    return _PartClass((), clauses, share), ranked[often:]


def _narrowed(group: Group, of: Sequence[_PartClass]) -> Group:
    """The tuple with these clauses of each part alone."""
    return replace(group, options=tuple(part.clauses for part in of))


def _part_classes(clauses: tuple[Clause, ...], targets: Mapping[str, frozenset[int]]) -> list[_PartClass]:
    """The clauses divided by the values of their slots; values that are not counted stay together."""
    found = [_PartClass((), clauses, 1.0)]
    for slot, numbers in targets.items():
        if not numbers or len(found) * (len(numbers) + 1) > MAX_CLASSES:
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
