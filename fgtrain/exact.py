"""The task metric while training: validation rows answered by the model as it stands, and scored as `fgeval score` does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from fgdata.errors import DataError, ModelError, Problem
from fgdata.example import Example
from fgdata.format.tokens import END_TURN
from fgeval.backends import BackendOptions, example_to_request
from fgeval.backends.packed import PACKED_MODELS, PackedDecoder, cut_prompt
from fgeval.items import example_to_item
from fgeval.loading import stop_token_ids
from fgeval.predictions import Prediction
from fgeval.profiles import DEFAULT_PROFILE, load_profile
from fgeval.scores import score_items
from fgtrain.devices import Processes

MAX_NEW_TOKENS = BackendOptions().max_new_tokens
"""Tokens an answer may have: as many as in `fgeval run`."""


class ExactMatch:
    """The share of some rows that the model answers exactly, greedily, under fgeval's default profile."""

    def __init__(self, examples: Sequence[Example], tokenizer: Any, *, n_rows: int, batch_size: int) -> None:
        """Take `n_rows` rows evenly from `examples`; all if it is 0.

        Raises: DataError naming every row whose expected call cannot be right.
        """
        chosen = choose_evenly(examples, n_rows)
        problems: list[Problem] = []
        self.items = []
        for example in chosen:
            try:
                self.items.append(example_to_item(example))
            except DataError as error:
                problems += error.problems
        DataError.raise_if(problems)
        self._requests = [example_to_request(example) for example in chosen]
        self._tokenizer = tokenizer
        self._stop_ids = stop_token_ids(tokenizer)
        self._batch_size = batch_size
        end_turn = int(tokenizer.convert_tokens_to_ids(END_TURN))
        ids = tokenizer([request.prompt for request in self._requests], add_special_tokens=False)["input_ids"]
        cut = [
            cut_prompt(request, tuple(prompt), end_turn)
            for request, prompt in zip(self._requests, ids, strict=True)
        ]
        # Rows with the same declarations stand side by side: a batch computes them once.
        self._order = sorted(range(len(cut)), key=lambda number: (cut[number][0], len(cut[number][1])))
        self._prompts = cut

    def check_model(self, model: Any) -> None:
        """Raise ModelError if the model cannot answer while it is trained."""
        kind = model.config.model_type
        if kind not in PACKED_MODELS:
            raise ModelError(
                Problem(
                    "--eval_metric",
                    f"exact_match is measured on {', '.join(PACKED_MODELS)}; the model is {kind!r}.",
                    "Use --eval_metric loss, and fgeval afterwards.",
                )
            )

    def measure(self, model: Any, processes: Processes | None = None) -> float:
        """The share from 0 to 1. Nothing random is drawn: training goes on as if it had not been measured.

        Args:
            processes: those that share the rows; each calls this, and has the share of all rows.
        """
        processes = processes or Processes()
        was_training = model.training
        model.eval()
        decoder = PackedDecoder(
            model, self._stop_ids, MAX_NEW_TOKENS
        )  # new: prefixes of older weights are wrong
        pairs = []
        try:
            for start in range(
                processes.number * self._batch_size, len(self._order), processes.count * self._batch_size
            ):
                numbers = self._order[start : start + self._batch_size]
                for number, ids in zip(
                    numbers, decoder.decode([self._prompts[n] for n in numbers]), strict=True
                ):
                    pairs.append((self.items[number], self._prediction(number, ids)))
        except torch.OutOfMemoryError as error:
            raise ModelError(
                Problem(
                    "--per_device_eval_batch_size",
                    f"{self._batch_size} prompts do not fit into memory.",
                    "Halve it.",
                )
            ) from error
        finally:
            model.train(was_training)
        scored = [
            item.score for item in score_items(pairs, load_profile(DEFAULT_PROFILE)) if item.score.is_scored
        ]
        right, n = processes.sum([sum(score.exact for score in scored), len(scored)])
        return right / n if n else 0.0

    def _prediction(self, number: int, ids: list[int]) -> Prediction:
        text = self._tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        ended = bool(ids) and ids[-1] in self._stop_ids
        return Prediction(self._requests[number].id, str(text), finished="stop" if ended else "length")


def choose_evenly(examples: Sequence[Example], n: int) -> list[Example]:
    """`n` of the examples, spread over all of them; all if `n` is 0 or there are no more."""
    if n == 0 or n >= len(examples):
        return list(examples)
    return [examples[place * len(examples) // n] for place in range(n)]
