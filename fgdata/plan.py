"""Which rows a data set has, before any is made: how many of each cell, split by split (`fgdata.lots`)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import fsum
from typing import Literal

from fgdata.chance import shares
from fgdata.compose import Compositions, Group
from fgdata.covering import (
    Holder,
    Value,
    holders_of,
    lower_to_most,
    most_rows,
    raise_to_least,
    value_numbers,
)
from fgdata.dealing import allocate, dealt_rows
from fgdata.errors import PackError, Problem
from fgdata.lots import Lot, Plan, Shortfall
from fgdata.memory import collection_paused
from fgdata.pack import BORROWED, HELD_OUT_SPLITS, Intent
from fgdata.permutation import key_of, mix
from fgdata.pools import Pool, make_pool
from fgdata.several import steer_several
from fgdata.shortfalls import Origin, Shortfalls
from fgdata.stock import Source, Stock

Mix = Literal["fill", "exact"]
"""`fill`: what a pack cannot give is left out, and said. `exact`: then nothing is made."""
MAX_DRAWS, MANY = 8, 2000
"""Draws for each row that is asked for, and some for all, after which a cell whose texts are others' counts as empty."""
_ROUNDS = 40
_FACTOR = 6.0
"""How far the weight of a register is moved at most to meet the pack's shares."""


def make_plan(
    stock: Stock,
    compositions: Compositions,
    rows: int,
    seed: int,
    mix_rule: Mix = "fill",
    *,
    declares_tools: bool = True,
) -> Plan:
    """The plan of a data set.

    Args:
        declares_tools: whether rows hold tools. Without, none can lack the right one: other kinds take the places of such rows.

    Raises:
        UsageError: rows that leave a split empty.
        PackError: with `exact`, everything that the pack cannot meet.
    """
    pack = stock.pack
    lots: dict[str, list[Lot]] = {split: [] for split in pack.splits}
    missed: list[Shortfall] = []
    planners = []
    for part, count in dealt_rows(stock, compositions, rows).items():
        with collection_paused():
            planner = _SplitPlanner(stock, compositions, part, count, seed)
            planner.declares_tools = declares_tools
            lots[part[0]] += planner.lots()
        missed += planner.shortfalls.missed
        planners.append(planner)
    if mix_rule == "exact" and missed:
        raise PackError(
            *(
                Problem(
                    f"--mix exact: {m.split}",
                    f"{m.what}: {m.asked} asked, {m.made} possible.",
                    "Add templates or values, ask for fewer rows, or use --mix fill.",
                )
                for m in missed
            )
        )
    overlaps: Counter[tuple[str, str]] = Counter()
    for planner in planners:
        overlaps.update(planner.overlaps)
    rejected, drawn = (sum(p.rejected for p in planners), sum(p.drawn for p in planners))
    return Plan(pack, seed, lots, tuple(missed), rejected, drawn, overlaps)


class _SplitPlanner:
    """Deals the rows of one split in one language."""

    def __init__(
        self, stock: Stock, compositions: Compositions, part: tuple[str, str], count: int, seed: int
    ) -> None:
        self.stock, self.pack, self.count = stock, stock.pack, count
        self.split, self.language = split, language = part
        self.key = key_of(self.pack.name, seed, *(part if len(self.pack.languages) > 1 else part[:1]))
        self.compositions = compositions
        self.registers = self.pack.registers_of(language)
        self.declares_tools = True
        self.drawn = self.rejected = 0
        self.overlaps: Counter[tuple[str, str]] = Counter()
        self.targets = {
            slot.name: frozenset(value_numbers(slot, is_held=self.split == "test_values"))
            for slot in self.pack.slots.values()
        }
        self.shortfalls = Shortfalls(self.pack, split, language, self.targets)
        families = "test" if split == "test_compositions" else split
        self.pools: dict[str, list[Pool]] = {}
        if split != "test_compositions":
            for source in stock.by_split[families]:
                if source.family.language != language:
                    continue
                for register, cell in source.cells.items():
                    pool = make_pool(source, register, cell, self.targets, is_held=split == "test_values")
                    self.pools.setdefault(source.intent.name, []).append(pool)
        self.groups: dict[str, list[Group]] = {}
        for group in compositions.groups(split):
            if group.language != language:
                continue
            self.groups.setdefault(group.composition.name, []).append(group)
        self.tuples = self.pack.tuples_in(split, language)
        """Of each composition, the tuples of intents that the split should have."""

    def lots(self) -> list[Lot]:
        """The lots, checked texts and all."""
        mix_of_kinds = self._mix()
        if not self.declares_tools and BORROWED in mix_of_kinds:
            what = f"rows of kind {BORROWED}, which only rows with tools can be"
            self.shortfalls.miss(what, shares(self.count, mix_of_kinds)[BORROWED], 0)
            mix_of_kinds = {kind: share for kind, share in mix_of_kinds.items() if kind != BORROWED}
        wanted = shares(self.count, mix_of_kinds)
        quotas = {kind: n for kind, n in wanted.items() if kind != BORROWED}
        if wanted.get(BORROWED):
            quotas["call"] = quotas.get("call", 0) + wanted[BORROWED]
        asked, several, origins = self._dealt_kinds(quotas)
        factors = self._register_factors(asked, several)
        for name, n in asked.items():
            self._singles(name, n, factors)
        have = self._cover(asked)
        lots = steer_several(several, self.pack, self.targets, have, mix(self.key, key_of("several")))
        lots += self._single_lots(asked)
        for lot in lots:
            self._check(lot)
        self._make_up(lots)
        # Those that have no text of their own count here, or the share left out would hide the worst.
        self.rejected = sum(lot.overlaps.total() for lot in lots)
        self.drawn = self.rejected + sum(lot.rows for lot in lots)
        lots = [lot for lot in lots if lot.rows]
        self._lend(lots, wanted)
        self.shortfalls.kinds(lots, wanted)
        self.shortfalls.origins(lots, origins)
        self.shortfalls.values(lots, self._slots(asked, several))
        self.shortfalls.registers(lots, self._able_registers())
        return lots

    def _dealt_kinds(
        self, quotas: Mapping[str, int]
    ) -> tuple[dict[str, int], list[Lot], list[dict[Origin, int]]]:
        """The rows of each kind dealt to its intents and compositions.

        Returns: rows of each intent; lots of compositions, some without rows; of each whole, the rows that its parts are to have.
        """
        asked: dict[str, int] = {}
        origins: list[dict[Origin, int]] = []
        several: list[Lot] = []
        for kind, of_kind in quotas.items():
            names = [intent for intent in self.pack.intents if intent.kind == kind]
            composed = list(self.pack.compositions) if kind == "several" else []
            weights = [intent.weight for intent in names] + [c.weight for c in composed]
            caps = [sum(pool.cap for pool in self.pools.get(intent.name, ())) for intent in names]
            caps += [sum(group.count for group in self.groups.get(c.name, ())) for c in composed]
            is_wanted = [self._is_wanted(intent, cap) for intent, cap in zip(names, caps, strict=False)]
            is_wanted += [bool(self.tuples.get(c.name)) for c in composed]
            said: list[Origin] = [("intent", intent.name) for intent in names]
            said += [("composition", composition.name) for composition in composed]
            dealt, wanted_of = _dealt(of_kind, weights, caps, is_wanted, mix(self.key, key_of(kind)))
            origins.append(dict(zip(said, wanted_of, strict=True)))
            asked |= {intent.name: n for intent, n in zip(names, dealt, strict=False)}
            for composition, n in zip(composed, dealt[len(names) :], strict=True):
                of_composition, wanted_tuples = self._composed(composition.name, n)
                several += of_composition
                origins.append(wanted_tuples)
        return asked, several, origins

    def _is_wanted(self, intent: Intent, cap: int) -> bool:
        """Whether the split should have rows of the intent; a held-out split has those that can have what is held out."""
        return bool(cap) or (self.split not in HELD_OUT_SPLITS and self.language in intent.languages)

    def _lend(self, lots: Sequence[Lot], wanted: Mapping[str, int]) -> None:
        """Make some rows of `call` those whose tool is not declared. Where calls run short both kinds share what there is."""
        calls = [lot for lot in lots if lot.kind == "call"]
        rows = [lot.rows for lot in calls]
        of_both: dict[str, float] = {kind: wanted.get(kind, 0) for kind in ("call", BORROWED)}
        lent = (
            shares(min(sum(rows), wanted.get("call", 0) + wanted.get(BORROWED, 0)), of_both)[BORROWED]
            if of_both[BORROWED]
            else 0
        )
        for lot, n in zip(calls, allocate(lent, rows, rows, mix(self.key, 5)), strict=True):
            lot.borrowed = n

    def _mix(self) -> Mapping[str, float]:
        """Shares of the kinds; in a held-out split, of those that can have what is held out."""
        if self.split not in HELD_OUT_SPLITS:
            return self.pack.mix
        kinds = {intent.kind for intent in self.pack.intents if self.pools.get(intent.name)}
        able: set[str] = {
            *kinds,
            *(["several"] if self.groups else []),
            *([BORROWED] if "call" in kinds else []),
        }
        return {kind: share for kind, share in self.pack.mix.items() if kind in able} or self.pack.mix

    def _able_registers(self) -> Mapping[str, float]:
        """Shares of the registers; in a held-out split, of those that can have what is held out."""
        if self.split not in HELD_OUT_SPLITS:
            return self.registers
        able = {pool.register for pools in self.pools.values() for pool in pools}
        able |= {group.register for groups in self.groups.values() for group in groups}
        return {name: share for name, share in self.registers.items() if name in able} or self.registers

    # Dealing

    def _register_factors(self, asked: Mapping[str, int], several: Iterable[Lot]) -> dict[str, float]:
        """Factors on registers' weights that bring the split's shares as near the pack's as its families allow.

        Args:
            asked: rows of single intents, which are moved.
            several: lots of rows of several, which are not.
        """
        registers = self.registers
        whole = fsum(registers.values())
        factors = dict.fromkeys(registers, 1.0)
        wanted = {name: weight / whole for name, weight in registers.items()}
        fixed = dict.fromkeys(registers, 0.0)
        for lot in several:
            fixed[lot.register] += lot.rows
        for _ in range(_ROUNDS):
            got = dict(fixed)
            for name, n in asked.items():
                families = self._families(name)
                weights = [self._family_weight(pools, factors) for pools in families]
                total = fsum(weights)
                for pools, weight in zip(families, weights, strict=True):
                    of_register: dict[str, float] = {}
                    for pool in pools:
                        of_register[pool.register] = wanted[pool.register] * factors[pool.register]
                    inner = fsum(of_register.values())
                    for register, share in of_register.items():
                        got[register] += n * weight / total * share / inner
            everything = fsum(got.values()) or 1.0
            for register in registers:
                if got[register]:
                    moved = factors[register] * math.sqrt(wanted[register] / (got[register] / everything))
                    factors[register] = min(_FACTOR, max(1 / _FACTOR, moved))
        return factors

    def _families(self, intent: str) -> list[list[Pool]]:
        """The intent's pools by family."""
        found: dict[str, list[Pool]] = {}
        for pool in self.pools.get(intent, ()):
            found.setdefault(pool.source.path, []).append(pool)
        return list(found.values())

    def _family_weight(self, pools: Sequence[Pool], factors: Mapping[str, float]) -> float:
        """The family's share among those of its intent: its own weight, and how much its registers are wanted."""
        registers = sorted({pool.register for pool in pools})
        weights = self.registers
        wanted = fsum(weights[r] * factors[r] for r in registers) / fsum(weights[r] for r in registers)
        return pools[0].source.family.weight * wanted

    def _singles(self, intent: str, n: int, factors: Mapping[str, float]) -> None:
        """Rows of one intent: to its families, their templates, registers, and groups of values."""
        families = self._families(intent)
        key = mix(self.key, key_of(intent))
        weights = [self._family_weight(pools, factors) for pools in families]
        caps = [sum(pool.cap for pool in pools) for pools in families]
        dealt = allocate(n, weights, caps, key)
        for pools, cap, weight in zip(families, caps, weights, strict=True):
            if cap < (share := math.floor(n * weight / fsum(weights))):
                self.shortfalls.miss(f"texts of {pools[0].source.path}", share, cap)
        for pools, of_family in zip(families, dealt, strict=True):
            key = mix(key, 1)
            templates: dict[int, list[Pool]] = {}
            for pool in pools:
                templates.setdefault(pool.source.number, []).append(pool)
            caps = [sum(pool.cap for pool in of) for of in templates.values()]
            by_template = allocate(of_family, [1.0] * len(templates), caps, key)
            for of, of_template in zip(templates.values(), by_template, strict=True):
                key = mix(key, 2)
                shares_of = [self.registers[p.register] * factors[p.register] for p in of]
                for pool, n_pool in zip(
                    of, allocate(of_template, shares_of, [p.cap for p in of], key), strict=True
                ):
                    key = mix(key, 3)
                    pool.dealt = allocate(n_pool, pool.weights, pool.caps, key)

    def _composed(self, name: str, n: int) -> tuple[list[Lot], dict[Origin, int]]:
        """Rows of one composition: evenly to its tuples of intents, by weight to their registers.

        Returns: its lots, some of them without rows, and the rows that each of its tuples is to have at least.
        """
        tuples: dict[tuple[str, ...], list[Group]] = {}
        for group in self.groups.get(name, ()):
            tuples.setdefault(group.intents, []).append(group)
        for intents in self.tuples.get(name, ()):
            tuples.setdefault(intents, [])
        key = mix(self.key, key_of("several", name))
        caps = [sum(group.count for group in of) for of in tuples.values()]
        dealt, wanted = _dealt(n, [1.0] * len(tuples), caps, [True] * len(tuples), key)
        lots = []
        for of, n_of in zip(tuples.values(), dealt, strict=True):
            key = mix(key, 1)
            weights = [self.registers[group.register] for group in of]
            for group, rows in zip(of, allocate(n_of, weights, [g.count for g in of], key), strict=True):
                key = mix(key, 2)
                if n:
                    lots.append(Lot(self.split, "several", group.register, rows, key, group, None))
        # How even they are is no one's order: short is a tuple that cannot give its part, or gives none of it.
        floors = [
            max(1, asked) if n and not cap else asked if cap < asked else min(asked, 1)
            for asked, cap in zip(wanted, caps, strict=True)
        ]
        said = [("composition", name, *intents) for intents in tuples]
        return lots, dict(zip(said, floors, strict=True))

    # Coverage

    def _cover(self, asked: Mapping[str, int]) -> Counter[Value]:
        """Move rows of single intents between values until each has its least and none more than its most; the rows of each."""
        pools = self._dealt_pools(asked)
        have, holders = holders_of(pools)
        whole: Counter[str] = Counter()
        for pool in pools:
            for slot in pool.source.intent.label_slots:
                whole[slot] += sum(pool.dealt)

        def siblings(holder: Holder) -> Iterator[Holder]:
            assert isinstance(holder, Pool)
            near = self.pools[holder.source.intent.name]
            return (pool for pool in near if pool is not holder and pool.dealt)

        least = self.pack.each_value
        raise_to_least(holders, have, least, siblings, self.key)
        most = {value: most_rows(self.pack, value[0], whole[value[0]]) for value in holders}
        lower_to_most(holders, have, most, lambda _: least)
        return have

    def _dealt_pools(self, asked: Mapping[str, int]) -> list[Pool]:
        """The pools of these intents that rows may be dealt to, in the order of the files."""
        return [pool for name in asked for pool in self.pools.get(name, ()) if pool.dealt]

    def _single_lots(self, asked: Mapping[str, int]) -> Iterator[Lot]:
        """The lots of rows of one intent."""
        for number, pool in enumerate(self._dealt_pools(asked)):
            for group, rows in enumerate(pool.dealt):
                if rows:
                    key = mix(mix(self.key, number), group)
                    kind = pool.source.intent.kind
                    cell = pool.cell_of(group)
                    yield Lot(self.split, kind, pool.register, rows, key, pool.source, cell)

    def _slots(self, asked: Mapping[str, int], several: Sequence[Lot]) -> frozenset[str]:
        """The slots whose values the split can have."""
        labels = {intent.name: intent.label_slots for intent in self.pack.intents}
        names = [name for name in asked if self.pools.get(name)]
        names += [name for lot in several if isinstance(lot.source, Group) for name in lot.source.intents]
        return frozenset[str]().union(*(labels[name] for name in dict.fromkeys(names)))

    # Texts that others spell

    def _check(self, lot: Lot) -> None:
        """Find the draws of the lot that do not count, and cut its rows down where there are not enough others."""
        if isinstance(lot.source, Source) and not lot.source.is_checked:
            lot.prepare(lot.rows)
            return
        drawn, asked = lot.rows, lot.rows
        while True:
            lot.prepare(drawn)
            rivals = [self._rival(lot, number) for number in range(drawn)]
            lot.rejected = [number for number, rival in enumerate(rivals) if rival is not None]
            lot.rows = min(asked, drawn - len(lot.rejected))
            if lot.rows == asked or drawn >= min(lot.count, MAX_DRAWS * asked + MANY):
                break
            drawn = min(lot.count, 2 * drawn + 6)
        lot.lacks = asked - lot.rows
        # What a reader of the pack should know of: the draws up to the last row, and one for each row that was not found.
        looked_at = (lot.accepted(lot.rows - 1) + 1 if lot.rows else 0) + lot.lacks
        mine = str(
            lot.source.template.place if isinstance(lot.source, Source) else lot.source.composition.place
        )
        lot.overlaps = Counter((mine, rival) for rival in rivals[:looked_at] if rival is not None)

    def _make_up(self, lots: Sequence[Lot]) -> None:
        """Let other lots of an intent give the rows that some of its texts, being others', cannot give."""
        by_origin: dict[str, list[Lot]] = {}
        for lot in lots:
            by_origin.setdefault(lot.origin, []).append(lot)
        for of in by_origin.values():
            lacking = sum(lot.lacks for lot in of)
            able = sorted((lot for lot in of if not lot.lacks), key=lambda lot: mix(lot.key, 9))
            while lacking and able:
                tried, able = able[:lacking], able[lacking:]
                share = -(-lacking // len(tried))
                for lot in tried:
                    had = lot.rows
                    lot.rows = min(lot.count, had + min(share, lacking))
                    if lot.rows > had:
                        self._check(lot)
                        lacking -= lot.rows - had
                able = [*able, *(lot for lot in tried if not lot.lacks and lot.rows < lot.count)]
        for lot in lots:
            self.overlaps.update(lot.overlaps)

    def _rival(self, lot: Lot, number: int) -> str | None:
        joined, cell, digits = lot.draw(number)
        text = cell.text(digits)
        if joined is not None:
            return self.compositions.rival_of(joined, digits, text)
        assert isinstance(lot.source, Source)
        return lot.source.rival_of(lot.register, cell, digits, text)


def _dealt(
    total: int, weights: Sequence[float], caps: Sequence[int], is_wanted: Sequence[bool], key: int
) -> tuple[list[int], list[int]]:
    """`total` dealt by weight as far as the caps allow, and what each is to have.

    Args:
        is_wanted: whether there should be any at all; what is not wanted has a cap of 0.

    Returns: rows dealt; rows asked. Those that a cap leaves short are asked what they would have if none did, dealt by the same chance:
        where they have less, that is more than rounding.
    """
    dealt = allocate(total, weights, caps, key)
    full = allocate(total, weights, [total * wanted for wanted in is_wanted], key)
    asked = [
        of_full if cap < of_full else min(of_full, n)
        for of_full, n, cap in zip(full, dealt, caps, strict=True)
    ]
    return dealt, asked
