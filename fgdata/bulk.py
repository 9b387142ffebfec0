"""The rows of a plan by the thousand: those that `RowMaker.row` makes, with what is arithmetic worked out for all at once.

`Drawer` finds for many places of a split's file what each is drawn from and its text. `BulkMaker` writes the rows. What
does not fit arrays (several intents in one utterance, rows whose answer or prompt is chosen by their own key, spaces too large for
64 bits) is made one by one, so a file has the same bytes either way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

import numpy as np

from fgdata.arrays import LIMIT, Integers, Permutations, bisect, mix
from fgdata.permutation import ADDEND, MASK, MULTIPLIER, Permutation, key_of
from fgdata.perturb import untouched
from fgdata.rows import MAX_CACHED, Written, check_grounded, check_recovered, perturbed
from fgdata.space import Draws
from fgdata.stock import check_control_tokens
from fgdata.template import tidied

if TYPE_CHECKING:
    from fgdata.generator import Tally
    from fgdata.lots import Lot, Plan
    from fgdata.noise import Clean
    from fgdata.rows import Frame, Row, RowMaker

_MULTIPLIER, _ADDEND = np.uint64(MULTIPLIER), np.uint64(ADDEND)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What stands at some places of a file."""

    lots: list[int]
    """Number of the lot of each row."""
    rows: Integers
    """(N,) the row's number in its lot."""
    digits: Integers
    """(N, D) the expansion's digits; beyond its lot's dimensions 0."""
    indices: list[int]
    """The expansion's number in the whole template, as an id has it."""
    codes: list[int]
    """One number for the digits that a label follows from."""
    noise: list[int]
    """What a perturbation of the row goes by."""
    texts: list[str]
    """Where the arrays cannot tell, an empty text."""


class Drawer:
    """Draws of one split. Equal to `plan.lot`, then `lot.draw(lot.accepted(row))`, for each place."""

    def __init__(self, plan: Plan, split: str, maker: RowMaker) -> None:
        self.lots = list(plan.lots[split])
        self._order = Permutations([plan.orders[split]])
        self._ends = np.array(plan.ends[split], np.int64)
        self._order_key = np.uint64(plan.orders[split].key)
        self._seed = np.uint64(plan.seed & MASK)
        self._fill(maker)

    def _fill(self, maker: RowMaker) -> None:
        """Write all lots' draws into arrays, one row for each."""
        fitting = [fits(lot) for lot in self.lots]
        self.fits = np.array(fitting, np.bool_)
        self.frames: list[Frame | None] = [
            maker.frame(lot) if fit else None for lot, fit in zip(self.lots, fitting, strict=True)
        ]
        cells = [frame.cell for frame in self.frames if frame]
        self._n_dimensions = most = max((len(cell.dimensions) for cell in cells), default=0)
        self._width = width = max((len(cell.parts) for cell in cells), default=0)
        sums, numbers, texts, rejected = _Store([]), _Store([0]), _Store([""]), _Store([])
        none = Permutation(1, 0)
        rows: list[_LotRow] = []
        for lot, frame in zip(self.lots, self.frames, strict=True):
            if frame is None:
                rows.append(_LotRow(none, none))
                continue
            sample, cell = lot.sample, frame.cell
            assert sample is not None
            row = _LotRow(lot.order, Permutation(sample.room, 0), lot.order.key, frame.key, sample.key)
            row.single = [
                sample.n, int(lot.is_shuffled), *rejected.add(_accepted_before(lot.rejected)), len(sample.weighted), len(sample.even)
            ]  # fmt: skip
            for number, own, total in sample.weighted:
                row.weighted += (number, *sums.add(own), total)
            row.even = [n for pair in sample.even for n in pair]
            for number, (own_numbers, size) in enumerate(frame.places):
                start = numbers.add(own_numbers)[0] if own_numbers else -1
                row.dimensions += (size, start, int(number in frame.bound), cell.dimensions[number].size)
            columns = [(most, texts.add_one(part)) for part in cell.parts]
            for number, position, own_texts in cell.fills:
                columns[position] = number, texts.add(own_texts)[0]
            row.columns = [n for pair in columns for n in pair]
            rows.append(row)
        self._orders = Permutations([row.order for row in rows])
        self._rooms = Permutations([row.room for row in rows])
        self._keys = np.array([(row.order_key, row.frame_key, row.draw_key) for row in rows], np.uint64)
        self._single = np.array([row.single for row in rows], np.int64)
        self._weighted = _padded([row.weighted for row in rows], most, (0, 0, 0, 1))
        self._even = _padded([row.even for row in rows], most, (0, 1))
        self._dimensions = _padded([row.dimensions for row in rows], most, (1, -1, 0, 1))
        self._columns = _padded([row.columns for row in rows], width, (most, 0))
        self._sums, self._numbers, self._rejected = (
            np.array(store.items, np.int64) for store in (sums, numbers, rejected)
        )
        self._texts = np.array(texts.items, object)
        self.is_alike = [
            frame is not None and frame.is_calling and not lot.borrowed and not maker.is_prompt_varied
            for frame, lot in zip(self.frames, self.lots, strict=True)
        ]
        """Whether all that a row of the lot has beside its text follows from its label."""

    def place(self, lot: int) -> str:
        """Where the lot's template stands."""
        frame = self.frames[lot]
        assert frame is not None
        return frame.place

    def columns(self, lot: int, kinds: str) -> tuple[str, ...]:
        """What rows of the lot are counted by."""
        frame = self.frames[lot]
        assert frame is not None
        return (self.lots[lot].kind, frame.intent, frame.register, frame.language, kinds)

    def draw(self, places: range) -> Drawn:
        """What stands at these places of the file."""
        place = np.arange(places.start, places.stop, places.step)
        zero = np.zeros(len(place), np.int64)
        number = self._order[zero, np.full(len(place), self._order_key), place]
        lots = np.searchsorted(self._ends, number, side="right")
        rows = number - np.where(lots > 0, self._ends[lots - 1], 0)
        digits = np.zeros((len(place), self._n_dimensions + 1), np.int64)
        kept = np.flatnonzero(self.fits[lots])
        self._draw_digits(kept, lots[kept], rows[kept], digits)
        index, code = zero.copy(), zero.copy()
        for d in range(self._n_dimensions):
            whole, start, is_bound, size = self._dimensions[lots, d].T
            digit = digits[:, d]
            index = index * whole + np.where(start >= 0, self._numbers[(start + digit) * (start >= 0)], digit)
            code = np.where(is_bound == 1, code * size + digit, code)
        every = np.arange(len(place))
        columns = []
        for c in range(self._width):
            dimension, start = self._columns[lots, c].T
            columns.append(self._texts[start + digits[every, dimension]])
        noise = mix(self._keys[lots, 1] ^ self._seed, index.astype(np.uint64))
        parts = zip(*columns, strict=True) if columns else ([""] for _ in place)
        texts = [tidied("".join(row)) for row in parts]
        return Drawn(lots.tolist(), rows, digits, index.tolist(), code.tolist(), noise.tolist(), texts)

    def _draw_digits(self, at: Integers, lots: Integers, rows: Integers, digits: Integers) -> None:
        """Write the digits of these rows at their places of `digits`; see `Draws.digits`."""
        left, is_shuffled, low, high, n_weighted, n_even = self._single[lots].T.copy()
        order_key, _, key = self._keys[lots].T.copy()
        if len(some := np.flatnonzero(high > low)):
            rows = rows.copy()
            skipped = bisect(self._rejected, low[some], high[some], rows[some], right=True) - low[some]
            rows[some] += skipped
        place = rows.copy()
        if len(some := np.flatnonzero(is_shuffled)):
            place[some] = self._orders[lots[some], order_key[some], rows[some]]
        for k in range(int(n_weighted.max(initial=0))):
            some = np.flatnonzero(n_weighted > k)
            number, begin, end, total = self._weighted[lots[some], k].T
            n, own, j = left[some], key[some], place[some]
            start = ((own >> np.uint64(20)) % total.astype(np.uint64)).astype(np.int64)
            is_last = n == 1
            wanted = np.where(is_last, start + 1, -((start - (j + 1) * total) // n))
            found = bisect(self._sums, begin, end, wanted)
            digit = found - begin
            before = np.where(digit > 0, self._sums[np.maximum(found - 1, 0)], 0)
            first = np.where(digit > 0, (n * before + start) // total, 0)
            left[some] = np.where(is_last, 1, (n * self._sums[found] + start) // total - first)
            place[some] = np.where(is_last, j, j - first)
            digits[at[some], number] = digit
            key[some] = (own ^ digit.astype(np.uint64)) * _MULTIPLIER + _ADDEND
        some = np.flatnonzero(n_even > 0)
        if not len(some):
            return
        lot, own = lots[some], mix(key[some], np.zeros(1, np.uint64))
        index = (own % self._rooms.sizes[lot]).astype(np.int64)
        if len(many := np.flatnonzero(left[some] > 1)):
            index[many] = self._rooms[lot[many], own[many], place[some[many]]]
        for k in range(int(n_even.max())):
            has = n_even[some] > k
            number, size = self._even[lot, k].T
            index, digit = np.divmod(index, size)
            digits[at[some[has]], number[has]] = digit[has]


@dataclass(slots=True)
class _LotRow:
    """A lot as numbers, those of its parts one after the other."""

    order: Permutation
    room: Permutation
    order_key: int = 0
    frame_key: int = 0
    draw_key: int = 0
    single: list[int] = field(default_factory=lambda: [1, 0, 0, 0, 0, 0])
    """Draws; whether they are shuffled; rejected ones from, to; how many dimensions go by weight, how many evenly."""
    weighted: list[int] = field(default_factory=list)
    """A dimension's number; its sums from, to; their total."""
    even: list[int] = field(default_factory=list)
    """A dimension's number and size."""
    dimensions: list[int] = field(default_factory=list)
    """Size of the whole dimension; where the entries' numbers in it begin; whether labels follow from it; its own size."""
    columns: list[int] = field(default_factory=list)
    """For each part of the text, the dimension that fills it and where its texts begin."""


class _Store:
    """Sequences one after the other, each once."""

    def __init__(self, items: list[Any]) -> None:
        self.items = items
        self._known: dict[int, tuple[int, int, Any]] = {}
        self._ones: dict[Any, int] = {}

    def add(self, items: Sequence[Any]) -> tuple[int, int]:
        """From where to where they stand."""
        known = self._known.get(id(items))
        if known is None:
            start = len(self.items)
            self.items += items
            # The sequence is kept: the id of what is gone is given again.
            known = self._known[id(items)] = (start, len(self.items), items)
        return known[:2]

    def add_one(self, item: Any) -> int:
        """Where the item stands."""
        known = self._ones.get(item)
        if known is None:
            known = self._ones[item] = len(self.items)
            self.items.append(item)
        return known


def _accepted_before(rejected: Sequence[int]) -> Sequence[int]:
    """For each rejected draw, how many before it count."""
    return [number - place for place, number in enumerate(rejected)] if rejected else ()


def _padded(rows: Sequence[list[int]], n: int, filler: tuple[int, ...]) -> Integers:
    """(rows, n, len(filler)) the rows, filled up."""
    whole = list(filler) * n
    return np.array([row + whole[len(row) :] for row in rows], np.int64).reshape(len(rows), n, len(filler))


def fits(lot: Lot) -> bool:
    """Whether all numbers that come up for the lot's rows fit 64 bits."""
    sample: Draws | None = lot.sample
    if lot.cell is None or sample is None:
        return False
    source: Any = lot.source
    whole = source.whole[lot.register].count
    largest = max((total for _, _, total in sample.weighted), default=1)
    return bool(max(whole, sample.room, (sample.n + 1) * (largest + 1)) < LIMIT)


@dataclass(slots=True)
class _Label:
    """What the rows of a lot with one label share, as bytes in the order of a line."""

    language: str
    front: bytes
    head: bytes
    """The developer's message and what stands before the text."""
    message: bytes
    """What stands between the text and the tools."""
    back: bytes
    tail: bytes
    """The end of a row's line, whose perturbation stands before it."""
    end: bytes
    """Both, where nothing is perturbed."""
    written: Written
    forms: tuple[str, ...]
    """What the call's slots were filled with."""
    kept: tuple[str, ...]
    """What a perturbation leaves alone."""


class BulkMaker:
    """Writes a plan's rows."""

    def __init__(self, plan: Plan, maker: RowMaker) -> None:
        self.plan, self.maker = plan, maker
        self._drawers: dict[str, Drawer] = {}
        self._labels: dict[tuple[str, int, int], _Label] = {}
        self._said: dict[tuple[str, int, int], tuple[int, tuple[str, ...]]] = {}
        """By split, lot and code: a label as a number, and what a perturbation leaves alone."""
        self._untouched = np.array(untouched(maker.options.level), np.bool_)
        self._heads = {
            language: f'", "messages": [{head}, {{"role": "user", "content": '.encode()
            for language, head in maker.heads.items()
        }
        self.tools = f"]{maker.plain_tools}".encode()
        """What stands after the messages of a row that declares the pack's tools."""

    def drawer(self, split: str) -> Drawer:
        """Of a split; made once."""
        if (found := self._drawers.get(split)) is None:
            found = self._drawers[split] = Drawer(self.plan, split, self.maker)
        return found

    def data(
        self,
        split: str,
        places: range,
        clean: Clean | None,
        tally: Tally,
    ) -> bytes:
        """The rows at these places, as they are written.

        Args:
            clean: which rows no perturbation touches; None if that is all.
            tally: where they are counted.
        """
        drawer, maker = self.drawer(split), self.maker
        drawn = drawer.draw(places)
        level = maker.options.level
        level_bytes = level.encode()
        stays = (
            [True] * len(places)
            if clean is None
            else clean.by_split[split][places.start : places.stop : places.step].tolist()
        )
        known = {} if clean is None else clean.perturbed[split]
        quoted, labels = encode_basestring, self._labels
        tools = self.tools
        plain, used = Counter(drawn.lots), dict[int, _Label]()
        # Joined once at the end, so that the tools, most of a line, are copied once.
        pieces: list[bytes] = []
        add = pieces.append
        rows = zip(drawn.lots, drawn.indices, drawn.codes, drawn.texts, strict=True)
        for number, (lot, index, code, text) in enumerate(rows):
            if not drawer.is_alike[lot]:
                row = self._single(drawer, drawn, number, split, stays_clean=stays[number])
                tally.add(split, row)
                plain[lot] -= 1
                add(row.line.encode())
                add(b"\n")
                continue
            label = labels.get((split, lot, code))
            if label is None:
                label = self._label(drawer, drawn, number)
                if len(labels) >= MAX_CACHED:
                    labels.clear()
                labels[split, lot, code] = label
            used[id(label)] = label
            head = label.head
            for form in label.forms:
                if form not in text:
                    check_grounded(form, text, drawer.place(lot))
            if "<" in text:
                check_control_tokens(text, drawer.place(lot))
            if not stays[number]:
                key = drawn.noise[number]
                noisy, kinds = known.get(places[number]) or perturbed(
                    text, label.language, key, label.kept, level
                )
                if kinds:
                    check_recovered(text, noisy, label.language, label.kept, drawer.place(lot))
                    tally.count(split, drawer.columns(lot, kinds), 1)
                    plain[lot] -= 1
                    front = b"%b%d~%b:%x" % (label.front, index, level_bytes, key)
                    add(b"%b%b%b%b" % (front, head, quoted(noisy).encode(), label.message))
                    add(tools)
                    add(b'%b, "perturbation": "%b"%b' % (label.back, kinds.encode(), label.tail))
                    continue
            add(b"%b%d%b%b%b" % (label.front, index, head, quoted(text).encode(), label.message))
            add(tools)
            add(label.end)
        for lot, n in plain.items():
            if n:
                tally.count(split, drawer.columns(lot, ""), n)
        for label in used.values():
            tally.note(split, label.written, label.language)
        return b"".join(pieces)

    def texts(self, split: str, places: range) -> Iterator[tuple[str, tuple[str, str], int]]:
        """For each place, what `RowMaker.texts` says of it, the label as a number."""
        drawer, maker = self.drawer(split), self.maker
        drawn = drawer.draw(places)
        first = mix(np.array(drawn.noise, np.uint64), np.ones(1, np.uint64))
        stays = self._untouched[first % np.uint64(len(self._untouched))].tolist()
        rows = zip(drawn.lots, drawn.codes, drawn.texts, drawn.noise, stays, places, strict=True)
        labels, level = self._said, maker.options.level
        for number, (lot, code, text, key, is_left, place) in enumerate(rows):
            frame = drawer.frames[lot]
            if frame is None or drawer.lots[lot].borrowed:
                plain, noisy, said = maker.texts(self.plan, split, place)
                yield plain, noisy, key_of(split, said)
                continue
            known = labels.get((split, lot, code))
            if known is None:
                digits = drawn.digits[number].tolist()
                said = f"{drawer.lots[lot].kind}:{frame.label(digits)}"
                if len(labels) >= MAX_CACHED:
                    labels.clear()
                known = labels[split, lot, code] = key_of(split, said), frame.forms(digits)
            yield (
                text,
                (text, "") if is_left else perturbed(text, frame.language, key, known[1], level),
                known[0],
            )

    def _label(self, drawer: Drawer, drawn: Drawn, number: int) -> _Label:
        lot = drawn.lots[number]
        frame, kind, digits = drawer.frames[lot], drawer.lots[lot].kind, drawn.digits[number].tolist()
        assert frame is not None
        text, index = drawn.texts[number], drawn.indices[number]
        written = self.maker.written_for(frame, digits, text, kind, index)
        back = f"{frame.provenance}{kind}{frame.register_and_language}".encode()
        tail = f"{written.tail}}}\n".encode()
        return _Label(
            frame.language,
            frame.front.encode(),
            self._heads[frame.language],
            f"}}, {written.message}".encode(),
            back,
            tail,
            back + tail,
            written,
            written.forms,
            frame.forms(digits),
        )

    def _single(self, drawer: Drawer, drawn: Drawn, number: int, split: str, *, stays_clean: bool) -> Row:
        """A row that shares too little with others."""
        maker, lot, row = self.maker, drawer.lots[drawn.lots[number]], int(drawn.rows[number])
        frame = drawer.frames[drawn.lots[number]]
        if frame is None:
            return maker.row_of(lot, row, self.plan.seed, stays_clean=stays_clean)
        noise = ("off", 0) if stays_clean else (maker.options.level, drawn.noise[number])
        return maker.finished(frame, frame.cell, drawn.digits[number].tolist(), lot.kind_of(row), noise)
