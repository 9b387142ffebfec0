"""How many tokens a row takes, by the tokenizer of the model that will read it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fgdata.errors import ModelError, Problem, UsageError
from fgdata.example import Example
from fgdata.format import render_training
from fgdata.format.tokens import START_TURN


class TokenCounter:
    """Counts tokens of whole training texts."""

    def __init__(self, tokenizer: str) -> None:
        """Load a tokenizer by its folder or name on the Hub.

        Raises: UsageError if transformers is not installed; ModelError if there is no such tokenizer.
        """
        self._tokenizer = _load(tokenizer)
        # A turn begins with a control token, which no token reaches across; the developer's turn, the longest, repeats.
        self._count = lru_cache(maxsize=4096)(self._count_piece)

    def count(self, example: Example) -> int:
        """Tokens of prompt and completion, <bos> among them, the <eos> behind it not.

        Raises: FormatError if the row cannot be written.
        """
        first, *turns = render_training(example.messages, example.tools).text.split(START_TURN)
        return self._count(first) + sum(self._count(START_TURN + turn) for turn in turns)

    def _count_piece(self, piece: str) -> int:
        return len(self._tokenizer(piece, add_special_tokens=False)["input_ids"]) if piece else 0


def _load(tokenizer: str) -> Any:
    try:
        from transformers import AutoTokenizer

        from fgdata.hub.access import load_env, redact
    except ImportError as error:
        what = "counting tokens needs the package transformers, which is not installed."
        raise UsageError(
            Problem(
                f"--tokenizer {tokenizer}", what, "Install it with the extra: pip install 'fgsuite[train]'."
            )
        ) from error
    load_env()
    try:
        return AutoTokenizer.from_pretrained(tokenizer)
    except (OSError, ValueError, KeyError, TypeError) as error:
        what = f"is no tokenizer that can be loaded ({redact(str(error).splitlines()[0])[:160]})."
        raise ModelError(
            Problem(f"--tokenizer {tokenizer}", what, "Give a model's folder, or its name on the Hub.")
        ) from error
