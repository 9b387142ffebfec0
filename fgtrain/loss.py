"""The loss over the tokens the model writes, and nothing else computed.

Of a row's 400 to 2,000 tokens some 13 to 45 have loss, and the vocabulary has 262,144 words: logits everywhere would be
most of the work of a step and nearly all of its memory.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from fgtrain.batches import Batch, scored_positions, scored_targets


@contextlib.contextmanager
def _head_on(head: nn.Module, positions: Tensor) -> Iterator[None]:
    """Inside the block the output layer is given the hidden states at `positions` (B, T) only, and so returns (N, V).

    A hook, and not a call of the model's parts: the forward pass still goes through every wrapper around the model
    (peft, distributed), and what the model does to its logits afterwards still happens.
    """

    def keep(_: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        return (inputs[0][positions], *inputs[1:])  # (B, T, H) -> (N, H)

    handle = head.register_forward_pre_hook(keep)
    try:
        yield
    finally:
        handle.remove()


def scored_logits(model: Any, head: nn.Module, batch: Batch) -> Tensor:
    """(N, V): the model's logits at the positions whose next token has loss.

    Args:
        model: the model as the trainer holds it, wrapped or not.
        head: the output layer inside it.
    """
    with _head_on(head, scored_positions(batch)):
        inputs = {
            name: batch[name] for name in ("input_ids", "attention_mask", "position_ids") if name in batch
        }
        output = model(**inputs, use_cache=False)
    logits: Tensor = output.logits
    return logits


def summed_loss(logits: Tensor, batch: Batch) -> Tensor:
    """Cross entropy summed over the scored tokens, in float32: the caller knows what to divide by."""
    return cross_entropy(logits.to(torch.float32), scored_targets(batch), reduction="sum")
