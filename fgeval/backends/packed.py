"""Greedy decoding of many prompts as one row: a prefix that prompts share is computed once and kept once.

All prompts of a pack begin with the same developer turn, 300 to 2,000 tokens in front of some 20 that differ. Its keys and values
stand once in the row; behind them stand every prompt's rest and what was written so far, each seeing its own prefix and itself. A step
feeds one token a prompt. Nothing is padded, and a prompt that is done takes no part in further steps. That is the same
mathematics as one prompt at a time, so in float32 the texts are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from fgeval.backends import Request

PACKED_MODELS = ("gemma3_text",)
"""Architectures (`model_type`) that take a mask a kind of layer, which a window of positions needs."""


_SHORT = 64
"""Tokens up to which a prompt without a developer turn is computed beside the others of its batch, and not before them."""


def cut_prompt(
    request: Request, ids: tuple[int, ...], end_turn: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A prompt's developer turn and its rest.

    Args:
        end_turn: the id of <end_of_turn>.
    """
    if request.messages[0]["role"] in ("developer", "system") or request.tools:
        place = ids.index(end_turn) + 1
    else:
        place = 0 if len(ids) <= _SHORT else len(ids) - 1
    return ids[:place], ids[place:]


def can_pack(model: Any) -> bool:
    """Whether the model takes the masks that a packed row needs."""
    config = model.config
    return config.model_type in PACKED_MODELS and getattr(config, "_attn_implementation", "") == "sdpa"


class KeyValues:
    """Keys and values of one row, layer by layer, in room that is set aside beforehand: nothing is copied as the row grows."""

    def __init__(self, n_layers: int, room: int) -> None:
        self._keys: list[Tensor | None] = [None] * n_layers
        self._values: list[Tensor | None] = [None] * n_layers
        self._room = room
        self.length = 0
        """Tokens that stand in the row; set by who feeds it, after all layers have their keys."""

    def update(
        self, keys: Tensor, values: Tensor, layer: int, *_: object, **__: object
    ) -> tuple[Tensor, Tensor]:
        """All keys and values of the layer, those given behind the others: (1, heads, tokens, head_dim)."""
        end = self.length + keys.shape[2]
        return self._put(self._keys, keys, layer, end), self._put(self._values, values, layer, end)

    def _put(self, kept: list[Tensor | None], new: Tensor, layer: int, end: int) -> Tensor:
        slab = kept[layer]
        if slab is None:
            batch, heads, _, size = new.shape
            slab = kept[layer] = new.new_empty((batch, heads, self._room, size))
        slab[:, :, self.length : end] = new
        return slab[:, :, :end]

    def append(self, other: KeyValues) -> None:
        """Copy all that stands in another row behind what stands here."""
        for layer, (keys, values) in enumerate(zip(other._keys, other._values, strict=True)):
            if keys is not None and values is not None:
                self.update(keys[:, :, : other.length], values[:, :, : other.length], layer)
        self.length += other.length


class PackedDecoder:
    """A model that answers batches of prompts; the last batch's prefixes stay ready for the next."""

    def __init__(self, model: Any, stop_ids: Sequence[int], max_new_tokens: int) -> None:
        self._model = model
        self._stop_ids = frozenset(stop_ids)
        self._max_new_tokens = max_new_tokens
        self._window = int(model.config.sliding_window)
        self._n_layers = int(model.config.num_hidden_layers)
        self._prefixes: dict[tuple[int, ...], KeyValues] = {}

    @torch.inference_mode()
    def decode(self, prompts: Sequence[tuple[tuple[int, ...], tuple[int, ...]]]) -> list[list[int]]:
        """The tokens written for each prompt, the stop token among them.

        Args:
            prompts: each cut in two: what others may share (it may be empty), and at least one token more.
        """
        distinct = list(dict.fromkeys(prefix for prefix, _ in prompts if prefix))
        # What the last batch shared and this one does not goes first: memory holds the prefixes of one batch.
        self._prefixes = {prefix: self._prefixes[prefix] for prefix in distinct if prefix in self._prefixes}
        for prefix in distinct:
            if prefix not in self._prefixes:
                self._prefixes[prefix] = self._read_prefix(prefix)
        room = sum(map(len, distinct)) + sum(len(rest) for _, rest in prompts)
        row = _Row(self._n_layers, room + len(prompts) * (self._max_new_tokens - 1), self._model.device)
        places = {prefix: -1 - number for number, prefix in enumerate(distinct)}  # owners below 0: prefixes
        for prefix, place in places.items():
            row.add_prefix(self._prefixes[prefix], place)
        rests = [
            (number, places.get(prefix, number), len(prefix), rest)
            for number, (prefix, rest) in enumerate(prompts)
        ]
        ends = torch.tensor([len(rest) for _, rest in prompts], device=self._model.device).cumsum(0) - 1
        written: list[list[int]] = [[] for _ in prompts]
        going = rests
        for step in range(self._max_new_tokens):
            best = self._feed(row, going, ends)
            for (number, *_), token in zip(going, best, strict=True):
                written[number].append(token)
            going = [
                (number, place, len(prompts[number][0]) + len(prompts[number][1]) + step, (token,))
                for (number, place, *_), token in zip(going, best, strict=True)
                if token not in self._stop_ids
            ]
            if not going:
                break
            ends = torch.arange(len(going), device=self._model.device)
        return written

    def _read_prefix(self, prefix: tuple[int, ...]) -> KeyValues:
        """The keys and values of a prefix."""
        row = _Row(self._n_layers, len(prefix), self._model.device)
        self._feed(row, [(0, 0, 0, prefix)], torch.tensor([len(prefix) - 1], device=self._model.device))
        return row.kept

    def _feed(
        self, row: _Row, parts: Sequence[tuple[int, int, int, tuple[int, ...]]], ends: Tensor
    ) -> list[int]:
        """Put tokens behind the row; the most likely token after each of the places `ends` among them."""
        full, near, tokens, positions = row.extend(parts, self._window)
        logits = self._model(
            input_ids=tokens,
            position_ids=positions,
            attention_mask={"full_attention": full, "sliding_attention": near},
            past_key_values=row.kept,
            use_cache=True,
            logits_to_keep=ends,
        ).logits
        row.kept.length += tokens.shape[1]
        best: list[int] = logits[0].argmax(-1).tolist()
        return best


class _Row:
    """What stands in a row: for every token whose it is and its position, and its keys and values."""

    def __init__(self, n_layers: int, room: int, device: torch.device) -> None:
        self.kept = KeyValues(n_layers, room)
        self._owners = torch.empty(room, dtype=torch.long, device=device)
        self._positions = torch.empty(room, dtype=torch.long, device=device)

    def add_prefix(self, prefix: KeyValues, place: int) -> None:
        """Put the keys and values of a prefix into the row."""
        start, end = self.kept.length, self.kept.length + prefix.length
        self._owners[start:end] = place
        self._positions[start:end] = torch.arange(prefix.length, device=self._owners.device)
        self.kept.append(prefix)

    def extend(
        self, parts: Sequence[tuple[int, int, int, tuple[int, ...]]], window: int
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Masks for global and local layers, (1, 1, new, all) bool, True where seen; tokens and positions, (1, new).

        Args:
            parts: owner, owner of its prefix, position of the first token, and tokens of each.
            window: positions that local layers look back, their own included.
        """
        device = self._owners.device
        tokens = torch.tensor([token for *_, part in parts for token in part], device=device)
        owner = torch.tensor([number for number, *_, part in parts for _ in part], device=device)
        prefix = torch.tensor([place for _, place, _, part in parts for _ in part], device=device)
        at = torch.tensor([start + i for _, _, start, part in parts for i in range(len(part))], device=device)
        start, end = self.kept.length, self.kept.length + len(tokens)
        self._owners[start:end], self._positions[start:end] = owner, at
        owners, positions = self._owners[None, :end], self._positions[None, :end]  # (1, all)
        back = at[:, None] - positions  # (new, all); how far a token lies behind, negative for those ahead
        full = ((owners == owner[:, None]) | (owners == prefix[:, None])) & (back >= 0)
        # Local layers look back by position, not by place in the row.
        return full[None, None], (full & (back < window))[None, None], tokens[None], at[None]
