"""Attention over a prompt prefix that a group of samples shares.

The group is one row: the prefix, then every sample's rest. One attention over the whole row would compare every rest with
every other only to mask it away. Here the prefix attends to itself once, and each rest to the prefix and itself. All rests meet the
prefix in one multiplication, so its keys and values are copied for none of them; and local layers are given only the keys that
their window reaches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import dropout as drop
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from fgtrain.batches import in_steps
from fgtrain.rest_attention import rest_attention

SHARED_PREFIX = "fg_shared_prefix"
"""Name of this attention (`attn_implementation`); a batch without a group goes on to PyTorch's own."""

BLOCK = 256
"""Tokens of the prefix that look back together where a window is shorter than the prefix."""

Layout = dict[str, Any]
"""What one kind of layer needs to know of a group's row; stands where a batch has its mask."""


def group_layout(n_prefix: int, lengths: Sequence[int], window: int | None, *, step: int = 1) -> Layout:
    """What one kind of layer needs to know of a group's row.

    Args:
        n_prefix: tokens of the prefix, P.
        lengths: tokens of each sample's rest, in the order of the row; N together, R at least the longest.
        window: positions a local layer looks back, its own included; None: all.
        step: R is a multiple of it.
    Returns: `places` (B, R) int64, which of the N tokens stand in each rest, filled up with 0; `back` (N,) int64, where the
        tokens stand in `places`. `first`: the first token of the prefix that a rest sees. `prefix_hidden` (N, P - first)
        bool, True where a rest's token does not see the prefix; None if all see all from `first` on. `rest_hidden` (R, R) bool, the same for
        a rest's own tokens. `window`: as given, None if the prefix is no longer; then `band` (BLOCK, BLOCK + window - 1) is
        True where the i-th token of a block of the prefix sees the j-th token from the first that any of the block can see.
    """
    n_rest = in_steps(max(lengths), step)
    starts = torch.tensor([0, *lengths]).cumsum(0)
    offsets = torch.arange(n_rest)
    inside = offsets < torch.tensor(lengths)[:, None]  # (B, R)
    reach = window if window is not None else n_prefix + n_rest
    first = max(0, n_prefix + 1 - reach)
    distance = offsets[:, None] - torch.arange(
        first - n_prefix, n_rest
    )  # from a rest's token back to what it may see
    hidden = (distance < 0) | (distance >= reach)
    before = hidden[:, : n_prefix - first]
    layout: Layout = {
        "places": torch.where(inside, starts[:-1, None] + offsets, 0),
        "back": inside.flatten().nonzero().flatten(),
        "first": first,
        "prefix_hidden": before.expand(len(lengths), -1, -1)[inside] if before.any() else None,
        "rest_hidden": hidden[:, n_prefix - first :].contiguous(),
        "window": None,
    }
    if window is not None and window < n_prefix:
        ahead = torch.arange(BLOCK + window - 1) - torch.arange(BLOCK)[:, None]
        layout |= {"window": window, "band": (ahead >= 0) & (ahead < window)}
    return layout


def shared_prefix_attention(  # noqa: PLR0917 - the signature transformers calls
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Layout | Tensor | None,
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
    query = query * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    n_prefix = query.shape[2] - len(attention_mask["back"])
    first = slice(n_prefix)
    prefix = _prefix_attention(
        query[:, :, first], key[:, :, first], value[:, :, first], dict(attention_mask), dropout
    )
    if query.device.type == "cpu" and not dropout:
        rests = rest_attention(query[0], key[0], value[0], attention_mask)
    else:
        rests = _rest_attention(query[0], key[0], value[0], dict(attention_mask), dropout)
    return torch.cat((prefix[0].transpose(0, 1), rests))[None], None


def _prefix_attention(query: Tensor, key: Tensor, value: Tensor, layout: Layout, dropout: float) -> Tensor:
    """(1, H, P, D): the prefix's attention to itself; queries are scaled already."""
    n_heads, n_prefix, window = query.shape[1], query.shape[2], layout["window"]
    key, value = (_for_heads(states, n_heads) for states in (key, value))
    if window is None:
        return scaled_dot_product_attention(query, key, value, dropout_p=dropout, scale=1.0, is_causal=True)
    blocks = []
    for start in range(0, n_prefix, BLOCK):
        end = min(start + BLOCK, n_prefix)
        seen = slice(max(0, start + 1 - window), end)
        cut = (
            window - 1 - (start - seen.start)
        )  # of the band: keys before the first token, which do not exist
        blocks.append(
            scaled_dot_product_attention(
                query[:, :, start:end],
                key[:, :, seen],
                value[:, :, seen],
                attn_mask=layout["band"][: end - start, cut : cut + end - seen.start],
                dropout_p=dropout,
                scale=1.0,
            )
        )
    return torch.cat(blocks, dim=2)


def _for_heads(states: Tensor, n_heads: int) -> Tensor:
    """(1, H, P, D): keys or values (1, G, P, D), seen by each head of a group; of one group, without a copy."""
    n_groups = states.shape[1]
    if n_groups == 1:
        return states.expand(-1, n_heads, -1, -1)
    return states.repeat_interleave(n_heads // n_groups, dim=1)


def _rest_attention(query: Tensor, key: Tensor, value: Tensor, layout: Layout, dropout: float) -> Tensor:
    """(N, H, D): the attention of every rest to the prefix and to itself, under one softmax; queries are scaled already.

    Args:
        query: (H, T, D).
        key, value: (G, T, D).
    """
    places, back, first, hidden = (layout[name] for name in ("places", "back", "first", "prefix_hidden"))
    (n_samples, n_rest), n_tokens = places.shape, len(back)
    (n_heads, n_total, width), n_groups = query.shape, len(key)
    n_prefix, per_group = n_total - n_tokens, n_heads // n_groups

    # The heads of a group share keys, so their queries stand below each other.
    rows = (
        query[:, n_prefix:].reshape(n_groups, per_group, n_tokens, width).transpose(1, 2)
    )  # (G, N, H / G, D)
    own_rows = rows[:, places].reshape(n_groups * n_samples, n_rest * per_group, width)
    own_key, own_value = (
        states[:, n_prefix:][:, places].reshape(n_groups * n_samples, n_rest, width)
        for states in (key, value)
    )
    rows = rows.reshape(n_groups, n_tokens * per_group, width)

    before = rows @ key[:, first:n_prefix].transpose(1, 2)  # (G, N * H / G, P - first)
    if hidden is not None:
        before = before.view(n_groups, n_tokens, per_group, -1).masked_fill(hidden[:, None], -torch.inf)
        before = before.flatten(1, 2)
    own = (own_rows @ own_key.transpose(1, 2)).view(n_groups, n_samples, n_rest, per_group, n_rest)
    own = own.masked_fill(layout["rest_hidden"][:, None], -torch.inf)
    own = own.flatten(1, 2)[:, back].reshape(n_groups, n_tokens * per_group, n_rest)
    shares = torch.cat((before, own), dim=2).softmax(-1, dtype=torch.float32).to(value.dtype)
    before, own = torch.split(drop(shares, dropout), [n_prefix - first, n_rest], dim=2)

    padded = own.new_zeros(n_groups, n_samples * n_rest, per_group, n_rest)
    own = padded.index_copy(1, back, own.reshape(n_groups, n_tokens, per_group, n_rest))
    own = own.view(n_groups * n_samples, n_rest * per_group, n_rest) @ own_value
    own = own.view(n_groups, n_samples * n_rest, per_group, width)[:, back]
    taken: Tensor = (before @ value[:, first:n_prefix]).view(n_groups, n_tokens, per_group, width) + own
    return taken.transpose(0, 1).flatten(1, 2)


AttentionInterface.register(SHARED_PREFIX, shared_prefix_attention)
AttentionMaskInterface.register(SHARED_PREFIX, sdpa_mask)
