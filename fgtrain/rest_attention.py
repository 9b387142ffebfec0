"""The rests' attention to a shared prefix and to themselves with its backward pass written out, for a CPU.

The same mathematics as `fgtrain.attention` computes with autograd. One head of keys at a time, so that every product is one of two
matrices: a CPU's products of bfloat16 are several times as fast as those of stacks, and what is kept is one matrix of shares.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def computes_in(x: Tensor) -> torch.dtype:
    """The type of a product of `x`: autocast's, where that is on."""
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype


def rest_attention(query: Tensor, key: Tensor, value: Tensor, layout: Mapping[str, Any]) -> Tensor:
    """(N, H, D): what each token of the rests takes; queries are scaled already, nothing is dropped.

    Args:
        query: (H, T, D).
        key, value: (G, T, D), G heads that divide H.
        layout: `fgtrain.attention.group_layout`; N tokens of the T are those of the rests.
    """
    places, back, first, hidden = (layout[name] for name in ("places", "back", "first", "prefix_hidden"))
    n_prefix, n_groups = query.shape[1] - len(back), len(key)
    kind = computes_in(value)
    taken = []
    for number, heads in enumerate(query.chunk(n_groups)):
        rows = heads[:, n_prefix:].transpose(0, 1)  # (N, H / G, D)
        keys, values = key[number].to(kind), value[number].to(kind)
        done: Tensor = _Rests.apply(  # type: ignore[no-untyped-call]
            rows.to(kind), keys[first:], values[first:], places, back, hidden, layout["rest_hidden"]
        )
        taken.append(done)
    return taken[0] if n_groups == 1 else torch.cat(taken, 1)


class _Rests(torch.autograd.Function):
    """The attention of the heads that share one head of keys."""

    @staticmethod
    def forward(  # noqa: PLR0917 - an autograd function takes no names
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        places: Tensor,
        back: Tensor,
        prefix_hidden: Tensor | None,
        rest_hidden: Tensor,
    ) -> Tensor:
        """(N, h, D).

        Args:
            query: (N, h, D).
            key, value: (P + N, D): what is seen of the prefix, then the rests.
            places, back, prefix_hidden, rest_hidden: as in `fgtrain.attention.group_layout`.
        """
        (n_tokens, n_heads, width), n_rest = query.shape, places.shape[1]
        n_prefix = len(key) - n_tokens
        rows = query.reshape(-1, width)
        before = rows @ key[:n_prefix].T  # (N * h, P)
        if prefix_hidden is not None:
            before.view(n_tokens, n_heads, -1).masked_fill_(prefix_hidden[:, None], -torch.inf)
        own_rows = query[places].flatten(1, 2)  # (B, R * h, D)
        own_key, own_value = key[n_prefix:][places], value[n_prefix:][places]  # (B, R, D)
        own = (own_rows @ own_key.transpose(1, 2)).view(-1, n_rest, n_heads, n_rest)
        own = own.masked_fill_(rest_hidden[:, None], -torch.inf).flatten(0, 1)[back].view(-1, n_rest)
        shares = torch.cat((before, own), 1).softmax(-1)  # (N * h, P + R); sums are float32 inside
        padded = _padded(shares[:, n_prefix:], places, back, n_heads)
        taken = (padded @ own_value).view(-1, n_heads, width)[back]
        taken.view(-1, width).addmm_(shares[:, :n_prefix], value[:n_prefix])
        ctx.save_for_backward(query, key, value, places, back, shares, taken)
        return taken

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of query, key and value."""
        query, key, value, places, back, shares, taken = ctx.saved_tensors
        n_tokens, n_heads, width = query.shape
        n_prefix = len(key) - n_tokens
        own_key, own_value = key[n_prefix:][places], value[n_prefix:][places]
        rows, wide = query.reshape(-1, width), gradient.reshape(-1, width)
        # The mean of a row's gradients under its shares is what the row took, against its gradient.
        mean = (wide.float() * taken.view(-1, width).float()).sum(1, keepdim=True).to(shares.dtype)
        before, own = shares[:, :n_prefix], shares[:, n_prefix:]
        of_before = (wide @ value[:n_prefix].T).sub_(mean).mul_(before)  # (N * h, P)
        padded = _padded(wide, places, back, n_heads)  # (B, R * h, D)
        of_own = (padded @ own_value.transpose(1, 2)).view(-1, n_heads, own.shape[1])[back].view_as(own)
        of_own = _padded(of_own.sub_(mean).mul_(own), places, back, n_heads)  # (B, R * h, R)
        own_rows, own_shares = _padded(rows, places, back, n_heads), _padded(own, places, back, n_heads)

        of_query = (of_own @ own_key).view(-1, n_heads, width)[back]
        of_query.view(-1, width).addmm_(of_before, key[:n_prefix])
        of_key, of_value = torch.empty_like(key), torch.empty_like(value)
        torch.mm(of_before.T, rows, out=of_key[:n_prefix])
        torch.mm(before.T, wide, out=of_value[:n_prefix])
        of_key[n_prefix:] = (of_own.transpose(1, 2) @ own_rows).flatten(0, 1)[back]
        of_value[n_prefix:] = (own_shares.transpose(1, 2) @ padded).flatten(0, 1)[back]
        return of_query, of_key, of_value, None, None, None, None


def _padded(rows: Tensor, places: Tensor, back: Tensor, n_heads: int) -> Tensor:
    """(B, R * h, X): rows (N * h, X) by their rests, zero where a rest is shorter than the longest."""
    n_samples, n_rest = places.shape
    padded = rows.new_zeros(n_samples * n_rest, n_heads, rows.shape[1])
    padded.index_copy_(0, back, rows.reshape(-1, n_heads, rows.shape[1]))
    return padded.view(n_samples, n_rest * n_heads, -1)
