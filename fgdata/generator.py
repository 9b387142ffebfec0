"""Pack + rows + seed -> examples. The same three give the same rows, whatever process or machine makes them."""

from __future__ import annotations

import itertools
import json
import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fgdata.compose import Compositions
from fgdata.covering import value_numbers
from fgdata.errors import PackError, Problem, UsageError
from fgdata.example import Example, example_from_row
from fgdata.lengths import TokenCounter
from fgdata.lots import Plan, Shortfall
from fgdata.memory import collection_paused
from fgdata.pack import Pack
from fgdata.perturb import LEVELS
from fgdata.plan import Mix, make_plan
from fgdata.rows import COLUMNS, Options, Row, RowMaker, Shape, Values, Written
from fgdata.schema import JsonValue, canonical_json
from fgdata.stock import Stock, stock_of

if TYPE_CHECKING:
    from fgdata.bulk import BulkMaker
    from fgdata.noise import Clean

MAX_ROWS = 1_000_000_000
"""Rows of one data set. They take no memory; a number that is larger is a slip of the hand."""
OVERLAP_LIMIT = 0.05
"""Share of draws left out as other templates' texts, above which the pack's writer is told where."""


def utterance_key(text: str) -> str:
    """What makes two utterances the same text: Unicode form, case and blanks do not count."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


@dataclass(frozen=True, slots=True)
class Request:
    """What a data set is to be."""

    rows: int
    """In all files together."""
    seed: int = 1
    shape: Shape = "tool-calls"
    values: Values = "bare"
    perturb: str = "off"
    """`off`, `light` or `strong`."""
    mix: Mix = "fill"
    tokenizer: str = ""
    """Folder or name of the tokenizer that `max_length` counts with."""
    max_length: int | None = None
    """Tokens of prompt and completion that no row may pass."""

    def check(self) -> None:
        """Raise UsageError for what no pack can give."""
        if self.values == "escaped" and self.shape != "text":
            what = "JSON calls have typed values, nothing to escape."
            raise UsageError(Problem("--values escaped", what, "Add --shape text."))
        if (self.max_length is None) != (not self.tokenizer):
            what = "a limit and a tokenizer go together."
            raise UsageError(Problem("--max-length", what, "Give both --max-length N and --tokenizer NAME."))
        if self.rows > MAX_ROWS:
            raise UsageError(
                Problem("--rows", f"more than {MAX_ROWS:,} rows are asked for.", "Ask for that many at most.")
            )
        if self.perturb not in LEVELS:
            raise UsageError(
                Problem("--perturb", f"unknown level {self.perturb!r}.", f"One of {', '.join(LEVELS)}.")
            )

    def to_json(self) -> dict[str, Any]:
        """The request as the manifest has it."""
        return {
            "seed": self.seed,
            "shape": self.shape,
            "values": self.values,
            "perturb": self.perturb,
            "mix": self.mix,
            "rows_asked": self.rows,
        }


class Generator:
    """A pack's rows, each made from its place alone.

    Raises:
        UsageError: what is asked for cannot be made of any pack.
        PackError: one text with two labels, a text that holds a control token, a mix that `exact` cannot meet.
    """

    def __init__(self, pack: Pack, request: Request, *, stock: Stock | None = None) -> None:
        request.check()
        self.pack, self.request = pack, request
        self.stock = stock or stock_of(pack)
        with collection_paused():
            self.compositions = Compositions(self.stock)
        self.plan: Plan = make_plan(
            self.stock,
            self.compositions,
            request.rows,
            request.seed,
            request.mix,
            declares_tools=request.shape == "tool-calls",
        )
        options = Options(request.shape, request.values, request.perturb)
        self.maker = RowMaker(self.stock, self.compositions, options)
        self._counter = TokenCounter(request.tokenizer) if request.tokenizer else None

    @cached_property
    def clean(self) -> Clean | None:
        """Which rows stay as their templates have them; None if all do."""
        if self.request.perturb == "off":
            return None
        from fgdata.noise import clean_rows  # numpy: only where it is needed

        return clean_rows(self.plan, self.bulk)

    def rows(self, split: str, places: Sequence[int] | range) -> Iterator[Row]:
        """The rows at these places of a split's file."""
        clean, make, plan = self.clean, self.maker.row, self.plan
        for place in places:
            row = make(plan, split, place, stays_clean=clean is None or bool(clean.by_split[split][place]))
            if self._counter is not None:
                self._check_length(row, self._counter)
            yield row

    def prepare(self) -> None:
        """Work out all that rows share, so that processes forked from here need not."""
        _ = self.clean
        for split in self.plan.splits:
            self.bulk.drawer(split)

    def data(self, split: str, places: range, tally: Tally) -> bytes:
        """The same rows as they are written, counted in `tally`."""
        if self._counter is not None:
            found = []
            for row in self.rows(split, places):
                tally.add(split, row)
                found.append(f"{row.line}\n".encode())
            return b"".join(found)
        return self.bulk.data(split, places, self.clean, tally)

    @cached_property
    def bulk(self) -> BulkMaker:
        """Makes many rows at once."""
        from fgdata.bulk import BulkMaker  # numpy: only where it is needed

        return BulkMaker(self.plan, self.maker)

    def _check_length(self, row: Row, counter: TokenCounter) -> None:
        """Raise PackError for a row of more tokens than the request allows."""
        example = example_from_row(json.loads(row.line), "", "")
        tokens, most = counter.count(example), self.request.max_length or 0
        if tokens > most:
            what = f"{example.utterance[:80]!r} takes {tokens} tokens; the limit is {most}."
            raise PackError(
                Problem(example.id, what, "Raise --max-length, or shorten texts or declarations.")
            )

    @property
    def rejected_share(self) -> float:
        """Share of draws left out because another template spells their text first."""
        return self.plan.rejected / self.plan.drawn if self.plan.drawn else 0.0

    def overlaps(self, most: int = 10) -> list[dict[str, Any]]:
        """The pairs of templates that spell the same texts most often, by file and line in the pack's folder."""
        found = Counter({tuple(map(self._in_pack, pair)): n for pair, n in self.plan.overlaps.items()})
        ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        return [{"template": a, "spelt_first_by": b, "draws": n} for (a, b), n in ranked[:most]]

    def _in_pack(self, place: str) -> str:
        """A place as it is called whatever the working folder is and wherever the pack lies."""
        return place.removeprefix(self.pack.folder + os.sep).replace(os.sep, "/")


@dataclass(frozen=True, slots=True)
class Generated:
    """The rows of a data set and what fell short."""

    splits: Mapping[str, Sequence[Example]]
    shortfalls: tuple[Shortfall, ...]
    unseen_values: Mapping[str, Mapping[str, list[JsonValue]]]
    """Split -> slot -> listed values and ends of ranges that no row of the split has, of the slots that stand in calls."""

    @property
    def n_rows(self) -> int:
        """Rows in all splits."""
        return sum(len(rows) for rows in self.splits.values())


def generate(
    pack: Pack,
    rows: int,
    seed: int,
    *,
    shape: Shape = "tool-calls",
    values: Values = "bare",
    perturb: str = "off",
    mix: Mix = "fill",
    advance: Callable[[int], object] = lambda _: None,
) -> Generated:
    """Examples of a pack, by split: distinct texts, every one checked. All are held in memory; `write_dataset` does without.

    Args:
        rows: rows wanted in all splits together.
        advance: told how many more rows are done, now and then.

    Raises: UsageError, PackError, as `Generator` does.
    """
    generator = Generator(pack, Request(rows, seed, shape, values, perturb, mix))
    made: dict[str, list[Example]] = {split: [] for split in generator.plan.lots}
    tally = Tally(pack)
    for split in generator.plan.splits:
        for row in generator.rows(split, range(generator.plan.rows(split))):
            made[split].append(example_from_row(json.loads(row.line), "", ""))
            tally.add(split, row)
        advance(len(made[split]))
    return Generated(made, generator.plan.shortfalls, tally.unseen(generator.plan.splits))


class Tally:
    """What rows were made: counts by column, and the values of slots that were used."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._counts: dict[str, Counter[tuple[str, ...]]] = {}
        self._values: dict[tuple[str, str], set[tuple[str, str]]] = {}
        """Split and language -> slots and their values."""
        self._seen: dict[tuple[str, str, int], Written] = {}
        """Kept, not only their ids: those of what is gone are given again."""

    def add(self, split: str, row: Row) -> None:
        """Count a row."""
        self.count(split, row.columns, 1)
        self.note(split, row.written, row.columns[COLUMNS.index("language")])

    def count(self, split: str, columns: tuple[str, ...], n: int) -> None:
        """Count `n` rows with these columns."""
        self._counts.setdefault(split, Counter())[columns] += n

    def note(self, split: str, written: Written, language: str) -> None:
        """Note the values that a row has."""
        if (key := (split, language, id(written))) not in self._seen:
            self._seen[key] = written
            self._values.setdefault((split, language), set()).update(written.values)

    def state(self) -> Any:
        """The counts as plain data, for another process."""
        return self._counts, self._values

    def merge(self, state: Any) -> None:
        """Add what another tally counted."""
        counts, values = state
        for split, counter in counts.items():
            self._counts.setdefault(split, Counter()).update(counter)
        for key, used in values.items():
            self._values.setdefault(key, set()).update(used)

    def table(self, split: str) -> dict[str, dict[str, int]]:
        """Rows of a split by column and value."""
        found: dict[str, Counter[str]] = {column: Counter() for column in COLUMNS}
        for columns, count in self._counts.get(split, {}).items():
            for column, value in zip(COLUMNS, columns, strict=True):
                if value:
                    found[column][value] += count
        return {column: dict(sorted(counter.items())) for column, counter in found.items() if counter}

    def unseen(self, splits: Sequence[str]) -> dict[str, dict[str, list[JsonValue]]]:
        """Split -> slot -> values that every split should have and this one has not, of the slots that stand in calls.

        In a pack of several languages each is looked at alone, and named beside the split: `test (en)`.
        """
        found: dict[str, dict[str, list[JsonValue]]] = {}
        for split, language in itertools.product(splits, self.pack.languages):
            missing = self._unseen(split, language)
            if missing:
                found[split if len(self.pack.languages) == 1 else f"{split} ({language})"] = missing
        return found

    def _unseen(self, split: str, language: str) -> dict[str, list[JsonValue]]:
        seen = self._values.get((split, language), ())
        said = {intent.name for intent in self.pack.intents if language in intent.languages}
        if split == "test_compositions":
            held_out = self.pack.tuples_in(split, language).values()
            said &= {name for tuples in held_out for intents in tuples for name in intents}
        named = dict.fromkeys(
            slot
            for intent in self.pack.intents
            if intent.name in said
            for slot in sorted(intent.label_slots)
            if slot in self.pack.slots
        )
        found = {}
        for name in named:
            slot = self.pack.slots[name]
            wanted = value_numbers(slot, is_held=split == "test_values")
            values = [slot.values[number].value for number in sorted(wanted)]
            missing = [value for value in values if (name, canonical_json(value)) not in seen]
            if missing:
                found[name] = missing
        return found
