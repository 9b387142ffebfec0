"""Every value often enough and none too often: rows are moved between the values of what they are drawn from."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from fgdata.pack import Pack, Slot
from fgdata.permutation import mix

MAX_GROUPS = 256
"""Groups of values that a cell, or the utterances of one tuple of intents, are divided into for coverage."""
MAX_FAILED = 16
"""Holders of one part that are tried for a value before the others count as no better."""
BITE = 8
"""Rows are moved between values an eighth at a time of what is to be moved: few steps, and many groups give and take."""

Value = tuple[str, int]
"""A slot and the number of its value."""


class Holder(Protocol):
    """Groups of values that rows are dealt to."""

    dealt: list[int]
    caps: list[int]

    @property
    def part(self) -> str:
        """What it is part of: its rows may go to others of it."""

    def values(self, group: int) -> Iterator[Value]:
        """The values to cover that a group's rows have."""

    def number(self, group: int) -> int:
        """A number for a group that is the same in every process."""


Holders = Mapping[Value, Sequence[tuple[Holder, int]]]
"""Value -> the groups whose rows have it."""


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


def holders_of(pools: Iterable[Holder]) -> tuple[Counter[Value], Holders]:
    """How many rows each value has, and which groups have it. A value that a row has twice counts twice."""
    have: Counter[Value] = Counter()
    holders: dict[Value, list[tuple[Holder, int]]] = {}
    for pool in pools:
        for group, n in enumerate(pool.dealt):
            held = Counter(pool.values(group))
            for value, times in held.items():
                have[value] += n * times
                holders.setdefault(value, []).append((pool, group))
    return have, holders


def raise_to_least(
    holders: Holders,
    have: Counter[Value],
    least: int,
    siblings: Callable[[Holder], Iterable[Holder]],
    key: int,
) -> None:
    """Move rows to values that have fewer than `least`, as far as there is room.

    Args:
        siblings: what else a holder may take rows from, beside itself: others of its part.
        key: which of several equal holders comes first.
    """
    for value in sorted(value for value in holders if have[value] < least):
        rows = {id(pool): sum(pool.dealt) for pool, _ in holders[value]}
        ordered = sorted(holders[value], key=lambda h: (-rows[id(h[0])], mix(key, h[0].number(h[1]))))
        failed: Counter[str] = Counter()
        for pool, group in ordered:
            # Holders of a part take from one another, so that most fail alike.
            if failed[pool.part] >= MAX_FAILED:
                continue
            while have[value] < least and _move_here(pool, group, have, value, least, siblings=siblings):
                pass
            if have[value] >= least:
                break
            failed[pool.part] += 1


def lower_to_most(
    holders: Holders, have: Counter[Value], most: Mapping[Value, int], least: Callable[[Value], int]
) -> None:
    """Move rows away from values that have more than `most`, as far as there is room and no other falls below its least."""
    for value in sorted(holders):
        while have[value] > most[value] and _move_away(holders[value], have, value, most, least):
            pass


def _move_here(
    pool: Holder,
    group: int,
    have: Counter[Value],
    value: Value,
    least: int,
    *,
    siblings: Callable[[Holder], Iterable[Holder]],
) -> bool:
    """Whether rows were given to this group for its value, taken from another group of the same holder, or of a sibling."""
    if not (room := pool.caps[group] - pool.dealt[group]):
        return False
    for other in itertools.chain((pool,), siblings(pool)):
        given = [g for g, n in enumerate(other.dealt) if n and not (other is pool and g == group)]
        for taken in sorted(given, key=lambda g: -other.dealt[g]):
            loses = Counter(other.values(taken))
            loses.subtract(pool.values(group))
            if loses[value] >= 0:
                continue
            spare = [(have[v] - least) // n for v, n in loses.items() if n > 0]
            n = min([least - have[value], room, other.dealt[taken], *spare])
            if n > 0:
                _shift(other, taken, pool, group, have, n=-(-n // BITE))
                return True
    return False


def _move_away(
    holders: Sequence[tuple[Holder, int]],
    have: Counter[Value],
    value: Value,
    most: Mapping[Value, int],
    least: Callable[[Value], int],
) -> bool:
    """Whether rows were taken from this value and given to another group of the same holder."""
    full = [(pool, group) for pool, group in holders if pool.dealt[group]]
    for pool, group in sorted(full, key=lambda h: -h[0].dealt[h[1]]):
        held = Counter(pool.values(group))
        free = [g for g, n in enumerate(pool.dealt) if n < pool.caps[g]]
        for other in sorted(free, key=lambda g: pool.dealt[g]):
            gains = Counter(pool.values(other))
            gains.subtract(held)
            if gains[value] >= 0:
                continue
            room = [(most[v] - have[v]) // n for v, n in gains.items() if n > 0]
            room += [(have[v] - least(v)) // -n for v, n in gains.items() if n < 0]
            n = min(
                [have[value] - most[value], pool.dealt[group], pool.caps[other] - pool.dealt[other], *room]
            )
            if n > 0:
                _shift(pool, group, pool, other, have, n=-(-n // BITE))
                return True
    return False


def _shift(source: Holder, taken: int, target: Holder, group: int, have: Counter[Value], *, n: int) -> None:
    """Move `n` rows from one group to another."""
    source.dealt[taken] -= n
    target.dealt[group] += n
    for value in source.values(taken):
        have[value] -= n
    for value in target.values(group):
        have[value] += n
