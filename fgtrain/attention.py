"""Attention over a prompt prefix that a group of samples shares.

The group is one row: the prefix, then every sample's rest. One attention over the whole row would compare every rest with
every other only to mask it away. Here the prefix attends to itself once, and each rest to the prefix and itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

SHARED_PREFIX = "fg_shared_prefix"
"""Name of this attention (`attn_implementation`); a batch without a group goes on to PyTorch's own."""


def group_layout(n_prefix: int, lengths: Sequence[int], window: int | None) -> dict[str, Tensor]:
    """What one kind of layer needs to know of a group's row; stands where a batch has its mask.

    Args:
        n_prefix: tokens of the prefix, P.
        lengths: tokens of each sample's rest, in the order of the row.
        window: positions a local layer looks back, its own included; None: all.
    Returns: `places` (B, R) int64, the row's index of each rest's tokens, filled up with P; `back` (N,) int64, where the
        rests' tokens stand in `places`; `prefix_seen` (P, P) and `rest_seen` (R, P + R) bool, True where seen.
    """
    n_rest, starts = max(lengths), torch.tensor([0, *lengths]).cumsum(0)
    offsets = torch.arange(n_rest)
    inside = offsets < torch.tensor(lengths)[:, None]  # (B, R)
    places = torch.where(inside, n_prefix + starts[:-1, None] + offsets, n_prefix)
    positions = torch.arange(n_prefix + n_rest)
    distance = positions[:, None] - positions[None, :]
    seen = (distance >= 0) & (distance < window) if window is not None else distance >= 0
    return {
        "places": places,
        "back": inside.flatten().nonzero().flatten(),
        "prefix_seen": seen[:n_prefix, :n_prefix].contiguous(),
        "rest_seen": seen[n_prefix:].contiguous(),
    }


def shared_prefix_attention(  # noqa: PLR0917 - the signature transformers calls
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Mapping[str, Tensor] | Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **others: Any,
) -> tuple[Tensor, Tensor | None]:
    """(1, T, H, D): what each token of a group's row takes from the tokens it sees.

    Args:
        query: (1, H, T, D).
        key, value: (1, G, T, D), G heads that divide H.
        attention_mask: a `group_layout`; with anything else this is transformers' own attention.
    """
    if not isinstance(attention_mask, Mapping):
        done: tuple[Tensor, Tensor | None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **others
        )
        return done
    places, back, rest_seen = (attention_mask[name] for name in ("places", "back", "rest_seen"))
    (n_samples, n_rest), (_, n_heads, _, width), n_groups = places.shape, query.shape, key.shape[1]
    n_prefix, per_group = rest_seen.shape[1] - n_rest, n_heads // n_groups
    first = slice(0, n_prefix)

    # The heads of a group share keys: their queries stand below each other, and no key is copied for them.
    prefix = scaled_dot_product_attention(
        query[:, :, first].reshape(1, n_groups, per_group * n_prefix, width),
        key[:, :, first],
        value[:, :, first],
        attn_mask=attention_mask["prefix_seen"].repeat(per_group, 1),
        dropout_p=dropout,
        scale=scaling,
    ).reshape(n_heads, n_prefix, width)  # fmt: skip

    grouped = query[0].reshape(n_groups, per_group, -1, width)[:, :, places]  # (G, H / G, B, R, D)
    rests = scaled_dot_product_attention(
        grouped.permute(2, 0, 1, 3, 4).reshape(n_samples, n_groups, per_group * n_rest, width),
        _with_prefix(key, places, n_prefix),
        _with_prefix(value, places, n_prefix),
        attn_mask=rest_seen.repeat(per_group, 1),
        dropout_p=dropout,
        scale=scaling,
    ).reshape(n_samples, n_heads, n_rest, width)  # fmt: skip
    rests = rests.transpose(1, 2).reshape(n_samples * n_rest, n_heads, width)[back]  # (N, H, D)
    return torch.cat((prefix.transpose(0, 1), rests))[None], None


def _with_prefix(states: Tensor, places: Tensor, n_prefix: int) -> Tensor:
    """(B, G, P + R, D): keys or values of the prefix and then a rest's own, for each rest."""
    own = states[0][:, places].transpose(0, 1)  # (B, G, R, D)
    return torch.cat((states[:, :, :n_prefix].expand(len(places), -1, -1, -1), own), dim=2)


AttentionInterface.register(SHARED_PREFIX, shared_prefix_attention)
AttentionMaskInterface.register(SHARED_PREFIX, sdpa_mask)
