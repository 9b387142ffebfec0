"""Attention over a shared prefix is dense attention under a mask, whatever the lengths, the window and the heads."""

from __future__ import annotations

from itertools import accumulate, pairwise

import pytest
import strategies  # noqa: F401 - how hypothesis runs here
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from fgtrain import attention
from fgtrain.attention import group_layout, shared_prefix_attention

WIDTH = 8


def dense_mask(n_prefix: int, lengths: list[int], window: int | None) -> Tensor:
    """(T, T) bool, True where seen, written down token by token."""
    owner, positions = [0] * n_prefix, list(range(n_prefix))
    for number, length in enumerate(lengths, 1):
        owner += [number] * length
        positions += range(n_prefix, n_prefix + length)
    seen = [
        [
            owner[j] in (0, owner[i]) and 0 <= positions[i] - positions[j] < (window or 10**9)
            for j in range(len(owner))
        ]
        for i in range(len(owner))
    ]
    return torch.tensor(seen)


def states(n_tokens: int, heads: tuple[int, int]) -> list[Tensor]:
    """Random queries, keys and values, with gradients."""
    torch.manual_seed(n_tokens)
    return [
        torch.randn(1, count, n_tokens, WIDTH, requires_grad=True) for count in (heads[0], heads[1], heads[1])
    ]


def dense(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
    """(1, T, H, D) of one attention over the whole row."""
    return scaled_dot_product_attention(
        query, key, value, attn_mask=mask, scale=0.3, enable_gqa=True
    ).transpose(1, 2)


def shared(
    query: Tensor, key: Tensor, value: Tensor, n_prefix: int, lengths: list[int], window: int | None
) -> Tensor:
    layout = group_layout(n_prefix, lengths, window)
    taken, _ = shared_prefix_attention(torch.nn.Identity(), query, key, value, layout, scaling=0.3)
    return taken


def gradients(taken: Tensor, inputs: list[Tensor]) -> tuple[Tensor, ...]:
    torch.manual_seed(7)
    return torch.autograd.grad((taken * torch.randn(taken.shape)).sum(), inputs)


@given(
    st.integers(1, 40),
    st.lists(st.integers(1, 7), min_size=1, max_size=5),
    st.none() | st.integers(1, 50),
    st.sampled_from([(4, 1), (4, 2), (2, 2), (1, 1)]),
)
def test_it_is_dense_attention_under_a_mask(
    n_prefix: int, lengths: list[int], window: int | None, heads: tuple[int, int]
) -> None:
    """Values and gradients, with windows shorter than a rest and longer than all, and prefixes of one block and many."""
    inputs = states(n_prefix + sum(lengths), heads)
    expected = dense(*inputs, dense_mask(n_prefix, lengths, window))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attention, "BLOCK", 8)
        taken = shared(*inputs, n_prefix, lengths, window)
        ours = gradients(taken, inputs)
    assert torch.allclose(taken, expected, atol=1e-5)
    for gradient, theirs in zip(ours, gradients(expected, inputs), strict=True):
        assert torch.allclose(gradient, theirs, atol=1e-5)


def test_no_sample_sees_another() -> None:
    """Another sample's keys and values may be anything: nothing changes, to the last bit."""
    inputs = states(12, (4, 1))
    before = shared(*inputs, 5, [3, 4], None)
    with torch.no_grad():
        for tensor in inputs[1:]:
            tensor[:, :, 8:] = 100
    after = shared(*inputs, 5, [3, 4], None)
    assert torch.equal(before[:, :8], after[:, :8])
    assert not torch.allclose(before[:, 8:], after[:, 8:])


def test_local_layers_are_given_no_key_beyond_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """A prefix of 2,000 tokens and a window of 100: no block of the prefix is given more than its own tokens and 99 before them.

    And of the prefix the rests are given the last 99 tokens.
    """
    given_keys: list[int] = []

    def watched(query: Tensor, key: Tensor, value: Tensor, **others: object) -> Tensor:
        given_keys.append(key.shape[2])
        return scaled_dot_product_attention(query, key, value, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(attention, "scaled_dot_product_attention", watched)
    shared(*states(2020, (2, 1)), 2000, [8, 12], 100)
    bounds = [*range(0, 2000, attention.BLOCK), 2000]
    assert given_keys == [end - max(0, start - 99) for start, end in pairwise(bounds)]
    layout = group_layout(2000, [8, 12], 100)
    assert layout["first"] == 2000 - 99
    assert layout["prefix_hidden"].shape == (20, 99)


def test_places_are_the_tokens_of_the_rests() -> None:
    """Row by row, each of the tokens behind the prefix once."""
    lengths = [3, 1, 4]
    layout = group_layout(10, lengths, None)
    places = layout["places"].flatten()[layout["back"]]
    assert places.tolist() == list(range(sum(lengths)))
    starts = [0, *accumulate(lengths)][:-1]
    assert layout["places"][:, 0].tolist() == starts
