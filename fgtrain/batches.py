"""Rows -> tensors.

A collator decides what a batch holds (this one pads; `fgtrain.prefix` shares the prompt prefix), and
`fgtrain.loss.scored_logits` is the only code that reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor

from fgtrain.encode import IGNORED, Encoded

Batch: TypeAlias = dict[str, Any]
"""`input_ids`, `labels`: (B, T) int64. A batch that shares its prefix also has `position_ids` (B, T) and a dict of masks, `attention_mask`.

Rows that do not fit the others stand in batches of their own, a list under `others`.
"""


ROWS, REST = 64, 16
"""Where shapes should be few (`has_few_shapes`): rows of a matrix, and tokens of a rest, are filled up to a multiple of these."""


def in_steps(n: int, step: int) -> int:
    """`n` rounded up to a multiple of `step`."""
    return -(-n // step) * step


def all_parts(batch: Batch) -> list[Batch]:
    """The batch and those that stand under its `others`: what is computed one after the other and counts as one."""
    return [batch, *batch.get("others", ())]


@dataclass(frozen=True, slots=True)
class Collator:
    """Pads on the right to the longest row of the batch.

    No attention mask: padding comes after every token of its row, and a causal model never looks ahead.
    """

    pad_token_id: int

    def __call__(self, rows: Sequence[Encoded]) -> Batch:
        """The batch of these rows; T is the longest of them. Of no rows: a batch without loss.

        A process without rows in a step takes that, since its gradients, all zero, are waited for.
        """
        if not rows:
            empty = torch.full((1, 2), self.pad_token_id)
            return {"input_ids": empty, "labels": torch.full_like(empty, IGNORED)}
        length = max(len(row.input_ids) for row in rows)
        shape = (len(rows), length)
        input_ids = torch.full(shape, self.pad_token_id)
        labels = torch.full(shape, IGNORED)
        for index, row in enumerate(rows):
            n_tokens = len(row.input_ids)
            input_ids[index, :n_tokens] = torch.tensor(row.input_ids)
            labels[index, :n_tokens] = torch.tensor(row.labels)
        return {"input_ids": input_ids, "labels": labels}


def scored_positions(batch: Batch) -> Tensor:
    """(B, T) bool: positions whose next token has loss. The last position has no next token."""
    scored = torch.zeros_like(batch["labels"], dtype=torch.bool)
    scored[:, :-1] = batch["labels"][:, 1:] != IGNORED
    return scored


def scored_targets(batch: Batch) -> Tensor:
    """(N,) int64: the tokens with loss, in the order of `scored_positions`."""
    following: Tensor = batch["labels"][:, 1:]
    return following[following != IGNORED]


def count_scored(batch: Batch) -> int:
    """The number of tokens with loss, in all parts."""
    return sum(int((part["labels"][:, 1:] != IGNORED).sum()) for part in all_parts(batch))


def has_few_shapes(weight: Tensor) -> bool:
    """Whether matrices that meet such a weight are filled up, so that their shapes repeat.

    A CPU's products of bfloat16 are compiled for each shape and kept: with a shape a batch that takes gigabytes in time.
    """
    return weight.device.type == "cpu" and weight.dtype is torch.bfloat16
