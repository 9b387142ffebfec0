"""Which rows a data set has, before any is made: how many of each cell, split by split (`fgdata.lots`)."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from fgdata.chance import shares
from fgdata.compose import Compositions, Group
from fgdata.covering import BITE, MAX_GROUPS, most_rows, move_away, shift, spread_several, value_numbers
from fgdata.dealing import allocate, dealt_rows
from fgdata.entries import Binding, entries_of
from fgdata.errors import PackError, Problem
from fgdata.languages import in_language
from fgdata.lots import Lot, Plan, Shortfall
from fgdata.memory import collection_paused
from fgdata.pack import BORROWED, HELD_OUT_SPLITS
from fgdata.permutation import MASK, key_of, mix
from fgdata.space import Cell, Dimension
from fgdata.stock import Source, Stock

Mix = Literal["fill", "exact"]
"""`fill`: what a pack cannot give is left out, and said. `exact`: then nothing is made."""
MAX_DRAWS, MANY = 8, 2000
"""Draws for each row that is asked for, and some for all, after which a cell whose texts are others' counts as empty."""
_ROUNDS = 40
_FACTOR = 6.0
"""How far the weight of a register is moved at most to meet the pack's shares."""
TOLERANCE = 0.01
"""How far a share may be off, in shares of the split's rows, before it counts as missed (or by two rows)."""


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
        missed += planner.missed
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


_ValueClass = tuple[tuple[tuple[str, int], ...], frozenset[int], int]
"""Values to cover, the digits of the entries that stand for them, and their weight together."""


@dataclass(slots=True, eq=False)
class _Pool:
    """A cell of the split and the groups of values that its rows are dealt to."""

    source: Source
    register: str
    cell: Cell
    classes: list[tuple[int, list[_ValueClass]]]
    """For some of its dimensions: number, and per class the values to cover, the digits, the weight."""
    groups: list[tuple[int, ...]]
    weights: list[float]
    caps: list[int]
    dealt: list[int] = field(default_factory=list)
    cap: int = 0

    def values(self, group: int) -> Iterator[tuple[str, int]]:
        """The values to cover that a group's rows have."""
        for (_, classes), choice in zip(self.classes, self.groups[group], strict=True):
            yield from classes[choice][0]

    def cell_of(self, group: int) -> Cell:
        """The part of the cell that a group is."""
        cell = self.cell
        for (number, classes), choice in zip(self.classes, self.groups[group], strict=True):
            digits = sorted(classes[choice][1])
            cell = cell.with_dimension(number, cell.dimensions[number].picked(digits))
        return cell


class _SplitPlanner:
    """Deals the rows of one split in one language."""

    def __init__(
        self, stock: Stock, compositions: Compositions, part: tuple[str, str], count: int, seed: int
    ) -> None:
        self.stock, self.pack, self.count = stock, stock.pack, count
        self.split, language = part
        self.key = key_of(self.pack.name, seed, *(part if len(self.pack.languages) > 1 else part[:1]))
        self.compositions = compositions
        self.said_language = in_language(self.pack, language)
        self.registers = self.pack.registers_of(language)
        self.declares_tools = True
        self.missed: list[Shortfall] = []
        self.drawn = self.rejected = 0
        self.overlaps: Counter[tuple[str, str]] = Counter()
        self.targets = {
            slot.name: frozenset(value_numbers(slot, is_held=self.split == "test_values"))
            for slot in self.pack.slots.values()
        }
        split = self.split
        families = "test" if split == "test_compositions" else split
        self.pools: dict[str, list[_Pool]] = {}
        if split != "test_compositions":
            for source in stock.by_split[families]:
                if source.family.language != language:
                    continue
                for register, cell in source.cells.items():
                    pool = self._pool(source, register, cell)
                    self.pools.setdefault(source.intent.name, []).append(pool)
        self.groups: dict[str, list[Group]] = {}
        for group in compositions.groups(split):
            if group.language != language:
                continue
            self.groups.setdefault(group.composition.name, []).append(group)

    def _miss(self, what: str, asked: int, made: int) -> None:
        """Note what falls short."""
        self.missed.append(Shortfall(self.split, f"{what}{self.said_language}", asked, made))

    def _classes(self, dimension: Dimension, labels: frozenset[str]) -> list[_ValueClass]:
        """The entries of a dimension by the values to cover that they stand for; found once, many templates share them."""
        entries = entries_of(dimension.entries)
        key = ("classes", self.split == "test_values", labels, dimension.sums)
        known: list[_ValueClass] | None = entries.known(key)  # type: ignore[assignment]
        if known is None:
            weights = [high - low for low, high in itertools.pairwise((0, *dimension.sums))]
            alike: dict[tuple[Binding, ...], list[int]] = {}
            for digit, entry in enumerate(entries):
                alike.setdefault(entry.bindings, []).append(digit)
            found: dict[tuple[tuple[str, int], ...], list[int]] = {}
            for bindings, digits in alike.items():
                values = tuple(
                    (b.slot, b.value)
                    for b in bindings
                    if b.slot in labels and b.value in self.targets[b.slot]
                )
                found.setdefault(values, []).extend(digits)
            known = [
                (values, frozenset(digits), sum(map(weights.__getitem__, digits)))
                for values, digits in found.items()
            ]
            entries.worked_out(key, known)
        return known

    def _pool(self, source: Source, register: str, cell: Cell) -> _Pool:
        labels = source.intent.label_slots
        classes = []
        n_groups = 1
        for number, dimension in enumerate(cell.dimensions):
            if not dimension.is_label:
                continue
            found = self._classes(dimension, labels)
            if n_groups * len(found) > MAX_GROUPS:
                continue
            n_groups *= len(found)
            classes.append((number, found))
        groups = list(itertools.product(*(range(len(of)) for _, of in classes)))
        rest = math.prod(
            d.size for n, d in enumerate(cell.dimensions) if n not in {number for number, _ in classes}
        )
        weights_of, caps = [], []
        for group in groups:
            chosen = [of[choice] for (_, of), choice in zip(classes, group, strict=True)]
            weights_of.append(math.prod(float(weight) for _, _, weight in chosen))
            caps.append(rest * math.prod(len(digits) for _, digits, _ in chosen))
        return _Pool(source, register, cell, classes, groups, weights_of, caps, cap=cell.count)

    def lots(self) -> list[Lot]:
        """The lots, checked texts and all."""
        pack = self.pack
        mix_of_kinds = self._mix()
        if not self.declares_tools and BORROWED in mix_of_kinds:
            what = f"rows of kind {BORROWED}, which only rows with tools can be"
            self._miss(what, shares(self.count, mix_of_kinds)[BORROWED], 0)
            mix_of_kinds = {kind: share for kind, share in mix_of_kinds.items() if kind != BORROWED}
        wanted = shares(self.count, mix_of_kinds)
        quotas = {kind: n for kind, n in wanted.items() if kind != BORROWED}
        if wanted.get(BORROWED):
            quotas["call"] = quotas.get("call", 0) + wanted[BORROWED]
        asked: dict[str, int] = {}
        origins: list[dict[tuple[str, str], int]] = []
        lots: list[Lot] = []
        for kind, of_kind in quotas.items():
            names = [intent for intent in pack.intents if intent.kind == kind]
            composed = list(pack.compositions) if kind == "several" else []
            weights = [intent.weight for intent in names] + [c.weight for c in composed]
            caps = [sum(pool.cap for pool in self.pools.get(intent.name, ())) for intent in names]
            caps += [sum(group.count for group in self.groups.get(c.name, ())) for c in composed]
            dealt = allocate(of_kind, weights, caps, mix(self.key, key_of(kind)))
            # What each would have if none ran short, dealt by the same chance: where it has less, that is more than rounding.
            full = allocate(
                of_kind, weights, [of_kind * bool(cap) for cap in caps], mix(self.key, key_of(kind))
            )
            said = [("intent", intent.name) for intent in names]
            said += [("composition", composition.name) for composition in composed]
            origins.append(dict(zip(said, full, strict=True)))
            asked |= {intent.name: n for intent, n in zip(names, dealt, strict=False)}
            for composition, n in zip(composed, dealt[len(names) :], strict=True):
                lots += self._composed(composition.name, n)
        if pack.at_most < 1:
            lots = spread_several(lots, pack, self.targets)
        factors = self._register_factors(asked)
        for name, n in asked.items():
            self._singles(name, n, factors)
        lots = self._covered(lots, asked)
        for lot in lots:
            self._check(lot)
        self._make_up(lots)
        # Those that have no text of their own count here, or the share left out would hide the worst.
        self.rejected = sum(lot.overlaps.total() for lot in lots)
        self.drawn = self.rejected + sum(lot.rows for lot in lots)
        lots = [lot for lot in lots if lot.rows]
        self._lend(lots, wanted)
        self._note_kinds(lots, wanted)
        self._note_origins(lots, origins)
        self._note_values(lots, asked)
        self._note_registers(lots)
        return lots

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

    # What falls short

    def _note_kinds(self, lots: Sequence[Lot], wanted: Mapping[str, int]) -> None:
        """Note kinds that have fewer rows than their share."""
        made: Counter[str] = Counter()
        for lot in lots:
            made[lot.kind] += lot.rows - lot.borrowed
            made[BORROWED] += lot.borrowed
        for kind, n in wanted.items():
            if made[kind] < n:
                self._miss(f"rows of kind {kind}", n, made[kind])

    def _note_origins(self, lots: Sequence[Lot], origins: Iterable[Mapping[tuple[str, str], int]]) -> None:
        """Note intents and compositions that have fewer rows than their share of their kind, if that has several."""
        made: Counter[tuple[str, str]] = Counter()
        for lot in lots:
            made["intent" if isinstance(lot.source, Source) else "composition", lot.origin] += lot.rows
        for full in origins:
            for (what, name), n in full.items() if len(full) > 1 else ():
                if made[what, name] < n:
                    self._miss(f"rows of {what} {name}", n, made[what, name])

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

    # Dealing

    def _register_factors(self, asked: Mapping[str, int]) -> dict[str, float]:
        """Factors on registers' weights that bring the split's shares as near the pack's as its families allow."""
        registers = self.registers
        whole = sum(registers.values())
        factors = dict.fromkeys(registers, 1.0)
        wanted = {name: weight / whole for name, weight in registers.items()}
        for _ in range(_ROUNDS):
            got = dict.fromkeys(registers, 0.0)
            for name, n in asked.items():
                families = self._families(name)
                weights = [self._family_weight(pools, factors) for pools in families]
                total = sum(weights)
                for pools, weight in zip(families, weights, strict=True):
                    of_register: dict[str, float] = {}
                    for pool in pools:
                        of_register[pool.register] = wanted[pool.register] * factors[pool.register]
                    inner = sum(of_register.values())
                    for register, share in of_register.items():
                        got[register] += n * weight / total * share / inner
            everything = sum(got.values()) or 1.0
            for register in registers:
                if got[register]:
                    moved = factors[register] * (wanted[register] / (got[register] / everything)) ** 0.5
                    factors[register] = min(_FACTOR, max(1 / _FACTOR, moved))
        return factors

    def _families(self, intent: str) -> list[list[_Pool]]:
        """The intent's pools by family."""
        found: dict[str, list[_Pool]] = {}
        for pool in self.pools.get(intent, ()):
            found.setdefault(pool.source.path, []).append(pool)
        return list(found.values())

    def _family_weight(self, pools: Sequence[_Pool], factors: Mapping[str, float]) -> float:
        """The family's share among those of its intent: its own weight, and how much its registers are wanted."""
        registers = {pool.register for pool in pools}
        weights = self.registers
        wanted = sum(weights[r] * factors[r] for r in registers) / sum(weights[r] for r in registers)
        return pools[0].source.family.weight * wanted

    def _singles(self, intent: str, n: int, factors: Mapping[str, float]) -> None:
        """Rows of one intent: to its families, their templates, registers, and groups of values."""
        families = self._families(intent)
        key = mix(self.key, key_of(intent))
        weights = [self._family_weight(pools, factors) for pools in families]
        caps = [sum(pool.cap for pool in pools) for pools in families]
        dealt = allocate(n, weights, caps, key)
        for pools, cap, weight in zip(families, caps, weights, strict=True):
            if cap < (share := math.floor(n * weight / sum(weights))):
                self._miss(f"texts of {pools[0].source.path}", share, cap)
        for pools, of_family in zip(families, dealt, strict=True):
            key = mix(key, 1)
            templates: dict[int, list[_Pool]] = {}
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

    def _composed(self, name: str, n: int) -> list[Lot]:
        """Rows of one composition: evenly to its tuples of intents, by weight to their registers."""
        tuples: dict[tuple[str, ...], list[Group]] = {}
        for group in self.groups.get(name, ()):
            tuples.setdefault(group.intents, []).append(group)
        key = mix(self.key, key_of("several", name))
        caps = [sum(group.count for group in of) for of in tuples.values()]
        lots = []
        for of, n_of in zip(tuples.values(), allocate(n, [1.0] * len(tuples), caps, key), strict=True):
            key = mix(key, 1)
            weights = [self.registers[group.register] for group in of]
            for group, rows in zip(of, allocate(n_of, weights, [g.count for g in of], key), strict=True):
                key = mix(key, 2)
                if rows:
                    lots.append(Lot(self.split, "several", group.register, rows, key, group, None))
        return lots

    # Coverage

    def _covered(self, lots: list[Lot], asked: Mapping[str, int]) -> list[Lot]:
        """The lots of single intents, rows moved between values until each has its least and none more than its most."""
        pools = [pool for name in asked for pool in self.pools.get(name, ()) if pool.dealt]
        have: Counter[tuple[str, int]] = Counter()
        holders: dict[tuple[str, int], list[tuple[_Pool, int]]] = {}
        whole: Counter[str] = Counter()
        for pool in pools:
            for group, n in enumerate(pool.dealt):
                for value in pool.values(group):
                    have[value] += n
                    holders.setdefault(value, []).append((pool, group))
            for slot in pool.source.intent.label_slots:
                whole[slot] += sum(pool.dealt)
        least = self.pack.each_value
        for value in sorted(holders):
            while have[value] < least and self._move(holders[value], have, value, least):
                pass
        most = {value: most_rows(self.pack, value[0], whole[value[0]]) for value in holders}
        for value in sorted(holders):
            while have[value] > most[value] and move_away(holders[value], have, value, most.__getitem__):
                pass
        for number, pool in enumerate(pools):
            for group, rows in enumerate(pool.dealt):
                if rows:
                    key = mix(mix(self.key, number), group)
                    kind = pool.source.intent.kind
                    lots.append(
                        Lot(self.split, kind, pool.register, rows, key, pool.source, pool.cell_of(group))
                    )
        return lots

    def _note_values(self, lots: Sequence[Lot], asked: Iterable[str]) -> None:
        """Note values that have fewer rows than they should, or more: counted when all else is settled."""
        have: Counter[tuple[str, int]] = Counter()
        whole: Counter[str] = Counter()
        single = {
            slot
            for name in asked
            for pool in self.pools.get(name, ())
            for slot in pool.source.intent.label_slots
        }
        composed = [(lot, lot.source) for lot in lots if isinstance(lot.source, Group)]
        for lot in lots:
            if isinstance(lot.source, Source):
                whole.update(dict.fromkeys(lot.source.intent.label_slots, lot.rows))
                have.update(self._values_of(lot))
        lacking = any(have[slot, n] < self.pack.each_value for slot in single for n in self.targets[slot])
        if composed and (lacking or self.pack.at_most < 1):
            labels = {intent.name: intent.label_slots for intent in self.pack.intents}
            for lot, group in composed:
                for name in group.intents:
                    whole.update(dict.fromkeys(labels[name], lot.rows))
                have.update(self._values_of_several(lot, labels))
        for slot in [name for name in self.pack.slots if name in single or whole[name]]:
            for number in sorted(self.targets[slot]):
                value = (slot, number)
                if slot in single and have[value] < self.pack.each_value:
                    what = f"rows of {self._said(value)}"
                    self._miss(what, self.pack.each_value, have[value])
                most = most_rows(self.pack, slot, whole[slot])
                if self.pack.at_most < 1 and have[value] > most:
                    what = f"at most rows of {self._said(value)}"
                    self._miss(what, most, have[value])

    def _values_of_several(self, lot: Lot, labels: Mapping[str, frozenset[str]]) -> Counter[tuple[str, int]]:
        """Rows of each value to cover, each clause counted for itself."""
        have: Counter[tuple[str, int]] = Counter()
        for row in range(lot.rows):
            joined, _, digits = lot.draw(lot.accepted(row))
            assert joined is not None
            for clause, own in joined.cuts(digits):
                named = labels[clause.source.intent.name]
                have.update(
                    {
                        (b.slot, b.value)
                        for b in clause.cell.bindings(own)
                        if b.slot in named and b.value in self.targets[b.slot]
                    }
                )
        return have

    def _values_of(self, lot: Lot) -> Counter[tuple[str, int]]:
        """Rows of each value to cover; gone through row by row only where the lot mixes several."""
        assert isinstance(lot.source, Source)
        assert lot.cell is not None
        labels = lot.source.intent.label_slots
        have: Counter[tuple[str, int]] = Counter()
        mixed = []
        for number, dimension in enumerate(lot.cell.dimensions):
            if not dimension.is_label:
                continue
            values = [
                tuple(
                    (b.slot, b.value)
                    for b in entry.bindings
                    if b.slot in labels and b.value in self.targets[b.slot]
                )
                for entry in dimension.entries
            ]
            if len(set(values)) == 1:
                have.update(dict.fromkeys(values[0], lot.rows))
            else:
                mixed.append((number, values))
        for row in range(lot.rows) if mixed else ():
            _, _, digits = lot.draw(lot.accepted(row))
            for number, values in mixed:
                have.update(values[digits[number]])
        return have

    def _said(self, value: tuple[str, int]) -> str:
        slot, number = value
        return f"{slot} = {self.pack.slots[slot].values[number].value!r}"

    def _move(
        self,
        holders: Sequence[tuple[_Pool, int]],
        have: Counter[tuple[str, int]],
        value: tuple[str, int],
        least: int,
    ) -> bool:
        """Whether a row was given to this value, taken from another group of the same cell, or of another cell of the intent."""
        ordered = sorted(holders, key=lambda h: (-sum(h[0].dealt), mix(self.key, id_of(h))))
        for pool, group in ordered:
            if pool.dealt[group] >= pool.caps[group]:
                continue
            others = [pool, *(p for p in self.pools[pool.source.intent.name] if p is not pool and p.dealt)]
            for other in others:
                for taken in sorted(range(len(other.dealt)), key=lambda g: -other.dealt[g]):  # used at once
                    if not other.dealt[taken] or (other is pool and taken == group):
                        continue
                    if any(have[v] <= least and v != value for v in other.values(taken)) or value in set(
                        other.values(taken)
                    ):
                        continue
                    spare = [have[v] - least for v in other.values(taken) if v != value]
                    room = pool.caps[group] - pool.dealt[group]
                    n = min([least - have[value], room, other.dealt[taken], *spare])
                    shift(other, taken, pool, group, have, n=-(-n // BITE))
                    return True
        return False

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

    def _note_registers(self, lots: Sequence[Lot]) -> None:
        """Note registers whose share is missed."""
        whole = sum(self.registers.values())
        got: Counter[str] = Counter()
        for lot in lots:
            got[lot.register] += lot.rows
        total = sum(got.values())
        for register, weight in self.registers.items():
            wanted = round(total * weight / whole)
            if abs(got[register] - wanted) > max(2, TOLERANCE * total):
                self._miss(f"rows of register {register}", wanted, got[register])


def id_of(holder: tuple[_Pool, int]) -> int:
    """A number for a group of a pool that is the same in every process."""
    pool, group = holder
    return key_of(pool.source.path, pool.source.number, pool.register, group) & MASK
