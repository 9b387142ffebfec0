"""What a split falls short of, found when its rows are settled: each with how many were asked for and how many there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from math import fsum

from fgdata.compose import Group
from fgdata.covering import Value, most_rows
from fgdata.languages import in_language
from fgdata.lots import Lot, Shortfall
from fgdata.pack import BORROWED, Pack
from fgdata.schema import JsonValue
from fgdata.stock import Source

TOLERANCE = 0.01
"""How far a share may be off, in shares of the split's rows, before it counts as missed (or by two rows)."""
Origin = tuple[str, ...]
"""`intent` and its name; `composition`, its name, and for one of its tuples the intents."""


class Shortfalls:
    """What is missed in one split, in one language.

    Args:
        targets: slot -> the numbers of the values that coverage counts.
    """

    def __init__(self, pack: Pack, split: str, language: str, targets: Mapping[str, frozenset[int]]) -> None:
        self.pack, self.split, self.language, self.targets = pack, split, language, targets
        self.missed: list[Shortfall] = []

    def miss(self, what: str, asked: int, made: int, value: Value | None = None) -> None:
        """Note what falls short, and which value if it is its rows."""
        what += in_language(self.pack, self.language)
        language = self.language if len(self.pack.languages) > 1 else ""
        slot, said = ("", None) if value is None else (value[0], self._value(value))
        self.missed.append(Shortfall(self.split, what, asked, made, slot, said, language))

    def _value(self, value: Value) -> JsonValue:
        slot, number = value
        return self.pack.slots[slot].values[number].value

    def kinds(self, lots: Sequence[Lot], wanted: Mapping[str, int]) -> None:
        """Note kinds that have fewer rows than their share."""
        made: Counter[str] = Counter()
        for lot in lots:
            made[lot.kind] += lot.rows - lot.borrowed
            made[BORROWED] += lot.borrowed
        for kind, n in wanted.items():
            if made[kind] < n:
                self.miss(f"rows of kind {kind}", n, made[kind])

    def origins(self, lots: Sequence[Lot], wanted: Iterable[Mapping[Origin, int]]) -> None:
        """Note intents, compositions and their tuples that have fewer rows than their share of what they are part of.

        Args:
            wanted: for each whole, its parts and the rows of each if none ran short.
        """
        made: Counter[Origin] = Counter()
        for lot in lots:
            if isinstance(lot.source, Source):
                made["intent", lot.origin] += lot.rows
            else:
                made["composition", lot.origin] += lot.rows
                made["composition", lot.origin, *lot.source.intents] += lot.rows
        for of_whole in wanted:
            for origin, n in of_whole.items() if len(of_whole) > 1 else ():
                if made[origin] < n:
                    what, name, *intents = origin
                    of = f": {' + '.join(intents)}" if intents else ""
                    self.miss(f"rows of {what} {name}{of}", n, made[origin])

    def values(self, lots: Sequence[Lot], slots: Collection[str]) -> None:
        """Note values that have fewer rows than they should, or more: counted when all else is settled.

        Args:
            slots: those that the split's rows can have.
        """
        least = self.pack.each_value
        have: Counter[Value] = Counter()
        whole: Counter[str] = Counter()
        composed = []
        for lot in lots:
            if isinstance(lot.source, Group):
                composed.append((lot, lot.source))
                continue
            whole.update(dict.fromkeys(lot.source.intent.label_slots, lot.rows))
            have.update(self._values_of(lot))
        lacking = any(have[slot, n] < least for slot in slots for n in self.targets[slot])
        if composed and (lacking or self.pack.at_most < 1):
            labels = {intent.name: intent.label_slots for intent in self.pack.intents}
            for lot, group in composed:
                for name in group.intents:
                    whole.update(dict.fromkeys(labels[name], lot.rows))
                have.update(self._values_of_several(lot, labels))
        for slot in [name for name in self.pack.slots if name in slots or whole[name]]:
            for number in sorted(self.targets[slot]):
                value = (slot, number)
                said = f"rows of {slot} = {self._value(value)!r}"
                if slot in slots and have[value] < least:
                    self.miss(said, least, have[value], value)
                most = most_rows(self.pack, slot, whole[slot])
                if self.pack.at_most < 1 and have[value] > most:
                    self.miss(f"at most {said}", most, have[value], value)

    def _values_of(self, lot: Lot) -> Counter[Value]:
        """Rows of each value to cover; gone through row by row only where the lot mixes several."""
        assert isinstance(lot.source, Source)
        assert lot.cell is not None
        labels = lot.source.intent.label_slots
        have: Counter[Value] = Counter()
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

    def _values_of_several(self, lot: Lot, labels: Mapping[str, frozenset[str]]) -> Counter[Value]:
        """Rows of each value to cover, each clause counted for itself."""
        have: Counter[Value] = Counter()
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

    def registers(self, lots: Sequence[Lot], weights: Mapping[str, float]) -> None:
        """Note registers whose share is missed."""
        whole = fsum(weights.values())
        got: Counter[str] = Counter()
        for lot in lots:
            got[lot.register] += lot.rows
        total = sum(got.values())
        for register, weight in weights.items():
            wanted = round(total * weight / whole)
            if abs(got[register] - wanted) > max(2, TOLERANCE * total):
                self.miss(f"rows of register {register}", wanted, got[register])
