"""Batches that compute the prompt prefix once.

Samples of a pack begin with the same developer text and declarations: 300 to 2,000 tokens in front of some 40 that
differ. A group of samples is laid out as one row, the prefix and then every sample's rest; each rest sees the prefix and
itself, and its positions go on from the prefix. That is the same mathematics as one row a sample: loss and gradients are
equal (a test compares them), only that with dropout the samples of a group share what is dropped in the prefix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from fgtrain.attention import SHARED_PREFIX, group_layout
from fgtrain.batches import REST, ROWS, Batch, Collator, has_few_shapes, in_steps
from fgtrain.encode import IGNORED, Encoded

SHARED_MODELS = ("gemma3_text",)
"""Architectures (`model_type`) that take a mask a kind of layer, which a window of positions needs."""


@dataclass(frozen=True, slots=True)
class PrefixCollator:
    """One row for each group of samples that share most of their tokens; one padded row a sample for all others."""

    pad_token_id: int
    sliding_window: int
    """Positions that the model's local layers look back, their own included."""
    few_shapes: bool = False
    """Whether the rests of a group are filled up, so that shapes repeat."""

    def __call__(self, rows: Sequence[Encoded]) -> Batch:
        """The batch of these rows; `attention_mask` is a layout a kind of layer (`fgtrain.attention.group_layout`)."""
        if not rows:
            return Collator(self.pad_token_id)(rows)
        groups = groups_of(rows)
        alone = [group[0] for group in groups if len(group) == 1]
        parts = [self._shared(group) for group in groups if len(group) > 1]
        parts += [Collator(self.pad_token_id)(alone)] if alone else []
        return parts[0] if len(parts) == 1 else parts[0] | {"others": parts[1:]}

    def _shared(self, rows: Sequence[Encoded]) -> Batch:
        """The group as one row: the prefix, then every sample's rest."""
        length = common_prefix(rows)
        input_ids, labels = list(rows[0].input_ids[:length]), [IGNORED] * length
        positions = list(range(length))
        for row in rows:
            input_ids += row.input_ids[length:]
            labels += row.labels[length:]
            positions += range(length, len(row.input_ids))
        lengths = [len(row.input_ids) - length for row in rows]
        # What fills up stands in rests of its own, which nothing sees and which have no loss.
        n_tokens, longest = sum(lengths), max(lengths)
        missing = in_steps(n_tokens, ROWS) - n_tokens if self.few_shapes else 0
        while missing:
            filler = min(missing, longest)
            lengths.append(filler)
            positions += range(length, length + filler)
            missing -= filler
        input_ids += [self.pad_token_id] * (len(positions) - len(input_ids))
        labels += [IGNORED] * (len(positions) - len(labels))
        step = REST if self.few_shapes else 1
        return {
            "input_ids": torch.tensor([input_ids]),
            "labels": torch.tensor([labels]),
            "position_ids": torch.tensor([positions]),
            "attention_mask": {
                "full_attention": group_layout(length, lengths, None, step=step),
                "sliding_attention": group_layout(length, lengths, self.sliding_window, step=step),
            },
        }


def groups_of(rows: Sequence[Encoded]) -> list[list[Encoded]]:
    """The rows in groups whose members share most of their tokens: the largest first, rows in the order they came in."""
    order = sorted(range(len(rows)), key=lambda number: rows[number].input_ids)
    groups: list[list[int]] = []
    shared = total = 0
    for before, number in zip([None, *order], order, strict=False):
        size = len(rows[number].input_ids)
        if before is not None:
            # Among sorted rows, what all neighbours have in common all rows have.
            together = min(shared, common_prefix([rows[before], rows[number]]))
            if 2 * together * (len(groups[-1]) + 1) >= total + size:
                groups[-1].append(number)
                shared, total = together, total + size
                continue
        groups.append([number])
        shared = total = size
    groups.sort(key=lambda group: (-len(group), min(group)))
    return [[rows[number] for number in sorted(group)] for group in groups]


def common_prefix(rows: Sequence[Encoded]) -> int:
    """The number of tokens all rows begin with and can share.

    It ends a token before the first one with loss: that one is predicted from the token before it, which must be the
    sample's own.
    """
    ids = [row.input_ids for row in rows]
    low, high = min(ids), max(ids)  # what these two share, all between them share
    shared = next(
        (i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high))
    )
    first_scored = (next(i for i, label in enumerate(row.labels) if label != IGNORED) for row in rows)
    return max(0, min(shared, *(index - 1 for index in first_scored)))


def make_collator(model: Any, pad_token_id: int, *, share: bool) -> Collator | PrefixCollator:
    """The collator for a model: with a shared prefix where `share` asks for it and the model can take it.

    A model that can is set to the attention that reads such batches.
    """
    config: Any = model.config
    able = config.model_type in SHARED_MODELS and getattr(config, "_attn_implementation", "") in (
        "sdpa",
        SHARED_PREFIX,
    )
    if not (share and able):
        return Collator(pad_token_id)
    config._attn_implementation = SHARED_PREFIX
    return PrefixCollator(pad_token_id, config.sliding_window, has_few_shapes(next(model.parameters())))
