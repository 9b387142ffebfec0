"""Batches whose shapes hardly ever change: for a compiler that builds a program for every shape it meets.

A batch is N slots, one a device. A slot is a group of at most G samples: a prompt prefix of P tokens that they share, then G
rests of R tokens, of which S at most have loss. P, R and S are padded up to a few sizes, G and N never change: a pack trains
with a handful of programs. It is the same mathematics as one row a sample (a test compares loss and gradients); what is padding
has weight 0 and is seen by no token of a sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from fgtrain.batches import Batch, in_steps
from fgtrain.encode import IGNORED, Encoded
from fgtrain.prefix import common_prefix, groups_of

PREFIX_STEP = 128
"""Prefixes are padded to multiples of this; packs have one or a few."""
REST_STEP = 32
SCORED_STEP = 16
ALONE_STEP = 64
MOST = 0.98
"""Share of the rows that the smaller size of two is for: one long answer shall not be every batch's padding."""
MAX_SCORED = 1024
"""Scored positions of a slot: logits of 262,144 words at 1,024 positions are 1 GiB in float32."""
MAX_ALONE = 4096
"""Tokens of a slot whose rows share no prefix: each of them attends to its whole length."""


@dataclass(frozen=True, slots=True, order=True)
class Shape:
    """The sizes of one slot that decide its program, padded."""

    n_prefix: int
    """P; 0 where the rows share no prefix, and stand in the slot whole."""
    n_rows: int
    """G."""
    n_rest: int
    """R."""
    n_scored: int
    """S."""

    @property
    def n_tokens(self) -> int:
        """T = P + G * R."""
        return self.n_prefix + self.n_rows * self.n_rest


def padded(n: int, step: int) -> int:
    """The smallest of `step` times 1, 2, 3, 4, 6, 8, 12, 16 ... that holds `n`: few sizes, and at most half is padding."""
    size = step
    while size < n:
        if size // 2 * 3 >= n and size > step:
            return size // 2 * 3
        size *= 2
    return size


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes a run pads to, chosen once from its rows. What is larger than all of a kind is padded by `padded`."""

    in_group: int
    """G of rows that share a prefix."""
    alone: int
    """G of rows that do not."""
    rests: tuple[int, ...] = ()
    """R, rising, for rows that share a prefix of any length."""
    lengths: tuple[int, ...] = ()
    """R, rising, for rows that do not."""
    scored: tuple[int, ...] = ()
    """S, rising."""


def choose_sizes(rows: Sequence[Encoded], rows_per_slot: int) -> Sizes:
    """Groups as large as the batch asks for and memory allows, and a few sizes that hold most rows without much padding.

    Args:
        rows: all rows of the run, those of the evaluation too.
        rows_per_slot: rows of an optimizer step that fall to one device.
    """
    rests: list[int] = []
    lengths: list[int] = []
    for group in groups_of(rows):
        shared = common_prefix(group) if len(group) > 1 else 0
        (rests if shared else lengths).extend(len(row.input_ids) - shared for row in group)
    scored = _typical([row.n_scored for row in rows], SCORED_STEP, (MOST, 1.0))
    longest = _typical(lengths, ALONE_STEP, (0.5, MOST, 1.0))
    in_group = max(1, min(rows_per_slot, MAX_SCORED // scored[-1]))
    return Sizes(
        in_group=in_group,
        alone=max(1, min(in_group, MAX_ALONE // longest[-1])) if longest else in_group,
        rests=_typical(rests, REST_STEP, (MOST, 1.0)),
        lengths=longest,
        scored=scored,
    )


def _typical(lengths: Sequence[int], step: int, shares: Sequence[float]) -> tuple[int, ...]:
    """Padded sizes that hold these shares of the lengths, each size once."""
    rising = sorted(lengths)
    last = len(rising) - 1
    return tuple(sorted({padded(rising[round(share * last)], step) for share in shares})) if rising else ()


def _fitted(n: int, sizes: Sequence[int], step: int) -> int:
    """The smallest of `sizes` that holds `n`; without one, what `padded` says."""
    return next((size for size in sizes if size >= n), padded(n, step))


@dataclass(frozen=True, slots=True)
class Slot:
    """Samples that one device computes together."""

    shape: Shape
    n_prefix: int
    """Tokens they really share."""
    rows: tuple[Encoded, ...]


def slots_of(rows: Sequence[Encoded], sizes: Sizes) -> list[Slot]:
    """The rows in slots, largest shape first; every row stands in exactly one."""
    slots = []
    alone: list[Encoded] = []
    for group in groups_of(rows):
        if len(group) == 1:
            alone += group
            continue
        length = common_prefix(group)
        if length == 0:
            alone += group
            continue
        slots += [_slot(length, chunk, sizes) for chunk in _chunks(group, sizes.in_group)]
    # Neighbours by length share a slot, so that a short row is not padded to the longest.
    alone.sort(key=lambda row: len(row.input_ids), reverse=True)
    slots += [_slot(0, chunk, sizes) for chunk in _chunks(alone, sizes.alone)]
    return sorted(slots, key=lambda slot: slot.shape, reverse=True)


def _chunks(rows: Sequence[Encoded], size: int) -> list[Sequence[Encoded]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _slot(length: int, rows: Sequence[Encoded], sizes: Sizes) -> Slot:
    longest = max(len(row.input_ids) for row in rows) - length
    shape = Shape(
        n_prefix=in_steps(length, PREFIX_STEP),
        n_rows=sizes.in_group if length else sizes.alone,
        n_rest=_fitted(longest, sizes.rests, REST_STEP)
        if length
        else _fitted(longest, sizes.lengths, ALONE_STEP),
        n_scored=_fitted(max(row.n_scored for row in rows), sizes.scored, SCORED_STEP),
    )
    return Slot(shape, length, tuple(rows))


@dataclass(frozen=True, slots=True)
class StaticCollator:
    """Rows as parts of `n_slots` slots each, every part of one shape; what is left over of a part is padding.

    A part is computed, with its gradients, before the next one begins: programs never combine.
    """

    pad_token_id: int
    n_slots: int
    """N: devices, or a multiple."""
    sizes: Sizes
    shapes: set[Shape] = field(default_factory=set)
    """Every shape met so far: a program each."""

    def __call__(self, rows: Sequence[Encoded]) -> Batch:
        """The batch of these rows; the parts after the first stand under `others`."""
        parts = [self._part(slots) for slots in self.schedule(slots_of(rows, self.sizes))]
        return parts[0] if len(parts) == 1 else parts[0] | {"others": parts[1:]}

    def schedule(self, slots: Sequence[Slot]) -> list[Sequence[Slot]]:
        """The slots N at a time: neighbours by shape together, those with a prefix apart from those without."""
        together = [slot for slot in slots if slot.n_prefix], [slot for slot in slots if not slot.n_prefix]
        return [
            kind[start : start + self.n_slots]
            for kind in together
            for start in range(0, len(kind), self.n_slots)
        ]

    def _part(self, slots: Sequence[Slot]) -> Batch:
        shapes = [slot.shape for slot in slots]
        shape = Shape(
            max(one.n_prefix for one in shapes),
            shapes[0].n_rows,
            max(one.n_rest for one in shapes),
            max(one.n_scored for one in shapes),
        )
        self.shapes.add(shape)
        n_scored = shape.n_rows * shape.n_scored
        batch = {
            "input_ids": torch.full((self.n_slots, shape.n_tokens), self.pad_token_id),  # (N, T)
            "position_ids": torch.zeros(self.n_slots, shape.n_tokens, dtype=torch.int64),  # (N, T)
            "prefix_lengths": torch.zeros(self.n_slots, dtype=torch.int64),  # (N,)
            "scored": torch.zeros(self.n_slots, n_scored, dtype=torch.int64),  # (N, G * S), places in the row
            "targets": torch.zeros(self.n_slots, n_scored, dtype=torch.int64),  # (N, G * S)
            "weights": torch.zeros(self.n_slots, n_scored),  # (N, G * S), 1 where there is loss
        }
        for number in range(self.n_slots):
            length = slots[number].n_prefix if number < len(slots) else 0
            batch["prefix_lengths"][number] = length
            batch["position_ids"][number] = _positions(shape, length)
        for number, slot in enumerate(slots):
            _fill(batch, number, slot, shape)
        return batch | {"shape": shape}


def _positions(shape: Shape, length: int) -> torch.Tensor:
    """(T,) int64: 0, 1, 2 ... over the prefix, and from its real end over every rest."""
    rest = torch.arange(length, length + shape.n_rest)
    return torch.cat((torch.arange(shape.n_prefix), rest.repeat(shape.n_rows)))


def _fill(batch: Batch, number: int, slot: Slot, shape: Shape) -> None:
    """Write a slot's tokens, and where they have loss, into row `number` of a batch of padding."""
    ids, length = batch["input_ids"][number], slot.n_prefix
    if length:
        ids[:length] = torch.tensor(slot.rows[0].input_ids[:length])
    for index, row in enumerate(slot.rows):
        start, first = shape.n_prefix + index * shape.n_rest, index * shape.n_scored
        rest = row.input_ids[length:]
        ids[start : start + len(rest)] = torch.tensor(rest)
        # A token is predicted from the one before it, which is the sample's own: the prefix ends before that.
        learnt = [
            place for place in range(max(1, length + 1), len(row.labels)) if row.labels[place] != IGNORED
        ]
        here = slice(first, first + len(learnt))
        batch["scored"][number, here] = torch.tensor([start + place - length - 1 for place in learnt])
        batch["targets"][number, here] = torch.tensor([row.labels[place] for place in learnt])
        batch["weights"][number, here] = 1.0


def count_learnt(part: Batch) -> int:
    """The number of tokens with loss in one part."""
    return int(part["weights"].sum())
