"""How many batches of an optimizer step are computed as one: all of them where memory allows.

`--per_device_train_batch_size 2 --gradient_accumulation_steps 8` makes groups of two rows, which compute their common prefix
eight times a step. The sum over the scored tokens is the same however the step is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fgtrain.batches import Batch, all_parts, count_scored
from fgtrain.encode import Encoded
from fgtrain.sampler import StepShape, plan_epoch

SHARE = 0.4
"""Part of the device's memory that a step may be expected to take. Of all memory, not of what is free: the same machine decides alike every time."""
LOOKED_AT = 16
"""Steps whose memory is estimated: those with most tokens."""


@dataclass(frozen=True, slots=True)
class Joined:
    """What was decided, and why."""

    batches: int
    """Batches computed as one; 1: as they are."""
    needs_bytes: int
    """What the largest of them is expected to hold."""

    def told(self, batch_size: int, accumulation: int) -> str:
        """A line for the user."""
        held = f"{self.needs_bytes / 2**30:.1f} GiB"
        if self.batches == accumulation:
            return f"a step of {batch_size} x {accumulation} rows is computed as one batch ({held} expected); the result is the same"
        return (
            f"a step of {batch_size} x {accumulation} rows is computed as {accumulation // self.batches} batches of "
            f"{self.batches * batch_size} ({held} expected of each; more would not fit); the result is the same"
        )


def join_batches(
    rows: Sequence[Encoded],
    groups: Sequence[int],
    shape: StepShape,
    *,
    collator: Callable[[Sequence[Encoded]], Batch],
    config: Any,
    memory: int | None,
    item_bytes: int,
) -> Joined:
    """The largest divisor of the accumulation whose batches are expected to fit.

    Args:
        groups: of `rows`, see `prefix_groups`.
        config: the model's.
        memory: bytes that one process may count on; None: unknown, and nothing is joined.
        item_bytes: of the type that is computed in.
    """
    plan = plan_epoch(groups, shape.batch_size, seed=0, epoch=0)
    found = Joined(1, 0)
    for n in range(1, shape.accumulation + 1):
        if shape.accumulation % n:
            continue
        joined = [
            [number for batch in plan[start : start + n] for number in batch]
            for start in range(0, len(plan), n)
        ]
        joined.sort(key=lambda numbers: -sum(len(rows[number].input_ids) for number in numbers))
        needs = max(
            batch_bytes(collator([rows[number] for number in numbers]), config, item_bytes)
            for numbers in joined[:LOOKED_AT]
        )
        if n > 1 and (memory is None or needs > SHARE * memory):
            break
        found = Joined(n, needs)
    return found


def batch_bytes(batch: Batch, config: Any, item_bytes: int) -> int:
    """What a batch is expected to hold between its forward and its backward pass, above the weights; on the safe side.

    Counted from Gemma 3's layers: what each keeps of a token, the keys and values of a group's prefix once a row, and the logits
    of the scored positions with what their loss keeps, in float32.
    """
    per_token = (
        10 * config.hidden_size
        + 5 * config.intermediate_size
        + 4 * config.num_attention_heads * config.head_dim
    )
    total = 0
    for part in all_parts(batch):
        n_tokens = part["input_ids"].numel()
        copied = 0
        mask = part.get("attention_mask")
        if isinstance(mask, dict):
            n_rows, n_rest = mask["full_attention"]["places"].shape
            n_prefix = len(mask["full_attention"]["prefix_seen"])
            copied = (
                2 * n_rows * (n_prefix + n_rest) * config.num_key_value_heads * config.head_dim
                + 3 * n_rows * n_rest * config.num_attention_heads * config.head_dim
            )
        total += config.num_hidden_layers * (n_tokens * per_token + copied) * item_bytes
    return int(total + count_scored(batch) * config.vocab_size * (2 * item_bytes + 12))
