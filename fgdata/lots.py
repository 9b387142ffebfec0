"""The lots of a data set: which rows come from which cell, and which of the cell's draws each row is.

A row is known by its split and its place alone: `Plan.lot(split, place)` says which cell it comes from and which of that
cell's draws it is. So rows can be made in any order, by any number of workers, and again after a run was killed.
"""

from __future__ import annotations

import bisect
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fgdata.compose import Group, Joined
from fgdata.pack import ALL_SPLITS, BORROWED, Pack
from fgdata.permutation import Permutation, key_of, mix
from fgdata.schema import JsonValue
from fgdata.space import Cell, Draws, draws
from fgdata.stock import Source


@dataclass(slots=True, eq=False)
class Lot:
    """Rows of one split that come from one cell."""

    split: str
    kind: str
    register: str
    rows: int
    key: int
    source: Source | Group
    cell: Cell | None
    """None for a group, whose cells are put together row by row."""
    borrowed: int = 0
    """The last so many of its rows are of the kind whose right tool is not declared."""
    drawn: int = 0
    """Draws made for `rows` that count."""
    rejected: Sequence[int] = ()
    """Draws that do not: their text has an earlier derivation. In order."""
    lacks: int = 0
    """Rows asked of it that it cannot give."""
    overlaps: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Places of two templates -> rejected draws."""
    sample: Draws | None = None
    """How its draws are made; None for a group."""
    order: Permutation = field(default_factory=lambda: Permutation(1, 0))
    """Of its draws."""
    frame: Any = None
    """What its rows share as they are written, once one was."""

    @property
    def origin(self) -> str:
        """The intent or composition that the rows are of."""
        return self.source.intent.name if isinstance(self.source, Source) else self.source.composition.name

    @property
    def count(self) -> int:
        """Texts it can give at most."""
        return self.cell.count if self.cell is not None else self.source.count  # type: ignore[union-attr]

    def prepare(self, drawn: int) -> None:
        """Fix the number of draws: which draw is which depends on it."""
        self.drawn = drawn
        self.order = Permutation(max(1, drawn), mix(self.key, 1))
        if self.cell is not None:
            self.sample = draws(self.cell, drawn, mix(self.key, 2))

    @property
    def is_shuffled(self) -> bool:
        """Whether `order` counts. Where all draws become rows of one kind it need not: that of the file's rows is shuffled."""
        return bool(self.borrowed) or not isinstance(self.source, Source) or self.source.is_checked

    def kind_of(self, row: int) -> str:
        """The kind of its row of this number."""
        return BORROWED if self.borrowed and row >= self.rows - self.borrowed else self.kind

    def draw(self, number: int) -> tuple[Joined | None, Cell, tuple[int, ...]]:
        """The draw of this number: what was joined, the cell and its digits."""
        place = self.order[number] if self.is_shuffled else number
        if self.sample is not None and self.cell is not None:
            return None, self.cell, self.sample.digits(place)
        assert isinstance(self.source, Group)
        joined, digits = self.source.at(place, self.drawn, mix(self.key, 2))
        return joined, joined.cell, digits

    def accepted(self, row: int) -> int:
        """The number of the draw that is the lot's row of this number."""
        rejected = self.rejected
        # A rejected draw minus its place is how many before it count.
        return row + bisect.bisect_right(range(len(rejected)), row, key=lambda n: rejected[n] - n)


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What was asked of a part of a split, and what it can give."""

    split: str
    what: str
    asked: int
    made: int
    slot: str = ""
    """The slot, if the rows of one of its values fall short."""
    value: JsonValue = None
    language: str = ""
    """In a pack of several."""

    def to_json(self) -> dict[str, JsonValue]:
        """As the manifest has it."""
        found: dict[str, JsonValue] = {"split": self.split, "what": self.what, "asked": self.asked, "made": self.made}  # fmt: skip
        if self.slot:
            found |= {"slot": self.slot, "value": self.value}
        return found | ({"language": self.language} if self.language else {})


@dataclass(slots=True)
class Plan:
    """The lots of every split."""

    pack: Pack
    seed: int
    lots: Mapping[str, Sequence[Lot]]
    shortfalls: tuple[Shortfall, ...]
    rejected: int
    """Draws left out in all: their text has an earlier derivation."""
    drawn: int
    overlaps: Mapping[tuple[str, str], int]
    """Places of two templates -> draws that both derive."""
    ends: Mapping[str, Sequence[int]] = field(init=False)
    orders: Mapping[str, Permutation] = field(init=False)

    def __post_init__(self) -> None:
        self.ends = {
            split: list(itertools.accumulate(lot.rows for lot in lots)) for split, lots in self.lots.items()
        }
        self.orders = {
            split: Permutation(max(1, self.rows(split)), key_of(self.pack.name, self.seed, split, "order"))
            for split in self.lots
        }

    def rows(self, split: str) -> int:
        """Rows of a split."""
        return self.ends[split][-1] if self.ends[split] else 0

    @property
    def splits(self) -> list[str]:
        """The splits that have rows."""
        return [split for split in ALL_SPLITS if split in self.lots and self.rows(split)]

    def lot(self, split: str, place: int) -> tuple[Lot, int]:
        """The lot of the row at this place of a split's file, and the row's number in it."""
        number = self.orders[split][place]
        index = bisect.bisect_right(self.ends[split], number)
        return self.lots[split][index], number - (self.ends[split][index - 1] if index else 0)
