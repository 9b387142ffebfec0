"""The loss over the tokens the model writes, and nothing else computed.

Of a row's 400 to 2,000 tokens some 13 to 45 have loss, and the vocabulary has 262,144 words: logits everywhere would be
most of the work of a step and nearly all of its memory. Logits of the scored positions alone are still 1 MiB each, so they are made
some words at a time, and what the loss and its gradient need of them is summed up on the way.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad

from fgtrain.batches import ROWS, Batch, has_few_shapes, in_steps, scored_positions, scored_targets

TILE = 4096
"""Words of the vocabulary whose logits exist at a time: their part of the output layer stays in a processor's cache between
its two uses."""


@contextlib.contextmanager
def _before(head: nn.Module, change: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Inside the block the output layer is given `change(hidden states)`, (B, T, H), in place of the hidden states.

    A hook, and not a call of the model's parts: the forward pass still goes through every wrapper around the model
    (peft, distributed), and what the model does to its logits afterwards still happens.
    """

    def hook(_: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        return (change(inputs[0]), *inputs[1:])

    handle = head.register_forward_pre_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def _forward(model: Any, batch: Batch) -> Any:
    """What the model returns for a batch."""
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask", "position_ids") if name in batch}
    return model(**inputs, use_cache=False)


def scored_logits(model: Any, head: nn.Module, batch: Batch) -> Tensor:
    """(N, V): the model's logits at the positions whose next token has loss.

    Args:
        model: the model as the trainer holds it, wrapped or not.
        head: the output layer inside it.
    """
    positions = scored_positions(batch)
    with _before(head, lambda hidden: hidden[positions]):  # (B, T, H) -> (N, H)
        logits: Tensor = _forward(model, batch).logits
    return logits


def summed_loss(logits: Tensor, batch: Batch) -> Tensor:
    """Cross entropy summed over the scored tokens, in float32: the caller knows what to divide by."""
    return cross_entropy(logits.to(torch.float32), scored_targets(batch), reduction="sum")


def scored_loss(model: Any, head: nn.Module, batch: Batch) -> Tensor:
    """`summed_loss` of `scored_logits`, without all logits in memory where the output layer allows it.

    Args:
        model: the model as the trainer holds it, wrapped or not.
        head: the output layer inside it.
    """
    if not _is_plain(model, head):
        return summed_loss(scored_logits(model, head, batch), batch)
    positions = scored_positions(batch)
    kept: list[Tensor] = []

    def keep(hidden: Tensor) -> Tensor:
        kept.append(hidden[positions])
        return hidden[:, :0]  # the layer itself then has nothing to do

    with _before(head, keep):
        _forward(model, batch)
    loss: Tensor = _TiledLoss.apply(kept[0], head.weight, scored_targets(batch))  # type: ignore[no-untyped-call]
    return loss


def _is_plain(model: Any, head: nn.Module) -> bool:
    """Whether logits are no more than the hidden states times a matrix that is not trained."""
    config = getattr(model, "module", model).config
    return (
        type(head) is nn.Linear
        and head.bias is None
        and not head.weight.requires_grad
        and getattr(config, "final_logit_softcapping", None) is None
    )


class _TiledLoss(torch.autograd.Function):
    """Summed cross entropy of `hidden @ weight.T`, and its gradient, in one walk over the vocabulary.

    The gradient of a position is the mean of the output layer's rows under the softmax, less the target's row. Sums that are
    weighted by exp(logit - largest so far) are put right whenever a larger logit comes, as in attention that reads keys block by block.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        """The loss, a float32 scalar.

        Args:
            hidden: (N, H).
            weight: (V, H), not trained.
            targets: (N,) int64.
        """
        needed = ctx.needs_input_grad[0]
        n_scored = len(hidden)
        missing = in_steps(n_scored, ROWS) - n_scored if has_few_shapes(weight) else 0
        rows = pad(hidden.to(weight.dtype), (0, 0, 0, missing))
        largest = torch.full((len(rows), 1), -torch.inf, dtype=torch.float32, device=rows.device)
        total = torch.zeros_like(largest)
        mean = torch.zeros(rows.shape if needed else (0,), dtype=torch.float32, device=rows.device)
        for words in torch.split(weight, TILE):
            logits = (rows @ words.T).float()  # (N, TILE)
            above = torch.maximum(largest, logits.amax(1, keepdim=True))
            shrink = (largest - above).exp_()
            shares = logits.sub_(above).exp_()
            total.mul_(shrink).add_(shares.sum(1, keepdim=True))
            if needed:
                mean.mul_(shrink).add_(shares.to(words.dtype) @ words)
            largest = above
        target_rows = weight[targets].float()
        target_logits = (rows[:n_scored].float() * target_rows).sum(1)
        largest, total, mean = largest[:n_scored], total[:n_scored], mean[:n_scored]
        if needed:
            ctx.save_for_backward((mean.div_(total) - target_rows).to(hidden.dtype))
        return (largest.squeeze(1) + total.squeeze(1).log() - target_logits).sum()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        """The gradient of the hidden states."""
        (mean,) = ctx.saved_tensors
        return mean * gradient.to(mean.dtype), None, None
