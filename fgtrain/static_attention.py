"""Attention and loss over `fgtrain.static_shapes`: no size depends on the data, only values do.

Masks are made of lengths and positions, scored positions are gathered by index, padding is weighted with 0: no boolean
indexing, no size that a device would have to ask the data for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from fgtrain.batches import Batch
from fgtrain.static_shapes import Shape

STATIC_PREFIX = "fg_static_prefix"
"""Name of this attention (`attn_implementation`); a batch of another kind goes on to PyTorch's own."""


def static_masks(shape: Shape, prefix_lengths: Tensor, window: int | None) -> dict[str, Tensor]:
    """What the tokens of one kind of layer see, True where seen; stands where a batch has its mask.

    Args:
        prefix_lengths: (N,) int64, the real tokens of each slot's prefix.
        window: positions a local layer looks back, its own included; None: all.
    Returns: `prefix` (P, P), `rest` (R, R), and `before` (N, R, P): which tokens of the prefix a rest's token sees.
    """
    device = prefix_lengths.device
    first, rest = torch.arange(shape.n_prefix, device=device), torch.arange(shape.n_rest, device=device)
    back = prefix_lengths[:, None, None] + rest[:, None] - first  # (N, R, P), positions from rest to prefix
    before = (first < prefix_lengths[:, None, None]) & (back >= 0)
    return {
        "prefix": _causal(first, window),
        "rest": _causal(rest, window),
        "before": before if window is None else before & (back < window),
    }


def _causal(positions: Tensor, window: int | None) -> Tensor:
    distance = positions[:, None] - positions[None, :]
    seen = distance >= 0
    return seen if window is None else seen & (distance < window)


def static_prefix_attention(  # noqa: PLR0917 - the signature transformers calls
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Mapping[str, Tensor] | Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **others: Any,
) -> tuple[Tensor, Tensor | None]:
    """(N, T, H, D): what each token of a slot takes from the tokens it sees.

    Args:
        query: (N, H, T, D).
        key, value: (N, K, T, D), K heads that divide H.
        attention_mask: `static_masks`; with anything else this is transformers' own attention.
    """
    if not isinstance(attention_mask, Mapping):
        done: tuple[Tensor, Tensor | None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **others
        )
        return done
    n_slots, n_heads, _, width = query.shape
    n_shared, n_prefix, n_rest = key.shape[1], len(attention_mask["prefix"]), len(attention_mask["rest"])
    scale = scaling if scaling is not None else width**-0.5
    # (N, K, H / K, T, D): the heads that share keys side by side.
    query = query.reshape(n_slots, n_shared, n_heads // n_shared, -1, width) * scale
    results = []
    first_key, first_value = key[:, :, None, :n_prefix], value[:, :, None, :n_prefix]
    if n_prefix:
        scores = query[..., :n_prefix, :] @ first_key.transpose(-1, -2)
        results.append(_softmax(scores, attention_mask["prefix"], value.dtype) @ first_value)

    # Every rest sees the prefix, whose keys exist once for all of them, and itself.
    rests = _apart(query[..., n_prefix:, :], n_rest)  # (N, K, H / K, G, R, D)
    own_key, own_value = (
        _apart(one[:, :, None, n_prefix:], n_rest) for one in (key, value)
    )  # (N, K, 1, G, R, D)
    own = rests @ own_key.transpose(-1, -2)
    before = _apart(rests.flatten(3, 4) @ first_key.transpose(-1, -2), n_rest)
    seen = attention_mask["before"][:, None, None, None]  # (N, 1, 1, 1, R, P)
    shares = _softmax(
        torch.cat((before, own), dim=-1),
        torch.cat((seen, attention_mask["rest"].expand(n_slots, 1, 1, 1, -1, -1)), dim=-1),
        value.dtype,
    )
    taken = shares[..., n_prefix:] @ own_value
    if n_prefix:
        taken = taken + _apart(shares[..., :n_prefix].flatten(3, 4) @ first_value, n_rest)
    results.append(taken.flatten(3, 4))
    return torch.cat(results, dim=3).flatten(1, 2).transpose(1, 2), None


def _apart(states: Tensor, n_rest: int) -> Tensor:
    """(..., G, R, D) of (..., G * R, D)."""
    *outer, n_tokens, width = states.shape
    return states.reshape(*outer, n_tokens // n_rest, n_rest, width)


def _softmax(scores: Tensor, seen: Tensor, dtype: torch.dtype) -> Tensor:
    """Shares over the tokens that are seen, computed in float32; every token sees one at least, itself."""
    scores = scores.float().masked_fill(~seen, torch.finfo(torch.float32).min)
    return scores.softmax(dim=-1).to(dtype)


AttentionInterface.register(STATIC_PREFIX, static_prefix_attention)
AttentionMaskInterface.register(STATIC_PREFIX, sdpa_mask)


@contextlib.contextmanager
def _head_on(head: nn.Module, places: Tensor) -> Iterator[None]:
    """Inside the block the output layer is given the hidden states at `places` (N, M) of each row only: (N, M, V)."""

    def keep(_: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        hidden = inputs[0]  # (N, T, H)
        return (hidden.gather(1, places[:, :, None].expand(-1, -1, hidden.shape[-1])), *inputs[1:])

    handle = head.register_forward_pre_hook(keep)
    try:
        yield
    finally:
        handle.remove()


def static_loss(model: Any, head: nn.Module, part: Batch, window: int) -> Tensor:
    """Cross entropy summed over the scored tokens of one part, in float32: the caller knows what to divide by.

    Args:
        model: the model as the trainer holds it, wrapped or not.
        head: the output layer inside it.
        window: positions that the model's local layers look back, their own included.
    """
    shape, lengths = part["shape"], part["prefix_lengths"]
    masks = {
        "full_attention": static_masks(shape, lengths, None),
        "sliding_attention": static_masks(shape, lengths, window),
    }
    with _head_on(head, part["scored"]):
        output = model(
            input_ids=part["input_ids"],
            position_ids=part["position_ids"],
            attention_mask=masks,
            use_cache=False,
        )
    logits = output.logits.float()  # (N, G * S, V)
    of_target = logits.gather(-1, part["targets"][..., None])[..., 0]
    loss: Tensor = ((logits.logsumexp(dim=-1) - of_target) * part["weights"]).sum()
    return loss
