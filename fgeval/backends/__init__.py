"""Backends: ways to run a model. One module each, imported by name and only when asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from fgdata.errors import Problem, UsageError
from fgdata.example import Example, Message
from fgdata.format import render_prompt
from fgeval.predictions import Prediction

_MODULES = {"transformers": "fgeval.backends.transformers", "replay": "fgeval.backends.replay"}
BACKENDS: tuple[str, ...] = tuple(_MODULES)


@dataclass(frozen=True, slots=True)
class Request:
    """What a model is asked: the messages before its answer, and the declared tools."""

    id: str
    messages: Sequence[Message]
    tools: Sequence[Mapping[str, Any]] | None

    @property
    def prompt(self) -> str:
        """The prompt in the native format, up to and with the opening of the model's turn."""
        return render_prompt(self.messages, self.tools)


def example_to_request(example: Example) -> Request:
    """The request of an example."""
    return Request(example.id, example.prompt_messages, example.tools)


@dataclass(frozen=True, slots=True)
class BackendOptions:
    """How to run a model. A backend refuses what it cannot honour."""

    model: str | None = None
    adapter: str | None = None
    revision: str | None = None
    """Branch, tag or commit, for a model on the hub."""
    device: str = "auto"
    """auto, cpu or cuda."""
    dtype: str = "auto"
    """auto, float32 or bfloat16."""
    max_new_tokens: int = 128
    predictions: str | None = None
    """Recorded completions, for `replay`."""
    examples: Sequence[Example] = field(default=(), repr=False)
    """Rows on which the model's own chat template is compared with ours before anything runs."""


class Backend(Protocol):
    """A model that is ready to write."""

    def describe(self) -> dict[str, Any]:
        """Its part of `run.json`: model, adapter, decoding, device, versions. The same for the same run."""
        ...

    def check(self, requests: Sequence[Request]) -> None:
        """Raise an FgError that names every request it cannot answer. Called once with all, before the first is answered."""
        ...

    def complete(self, requests: Sequence[Request]) -> list[Prediction]:
        """One prediction a request, in the order of the requests."""
        ...


def open_backend(name: str, options: BackendOptions) -> Backend:
    """The backend called `name`, its model loaded.

    Raises: UsageError if there is none, or a flag does not fit it; ModelError if the model cannot be used.
    """
    if name not in _MODULES:
        raise UsageError(
            Problem("--backend", f"{name!r} is no backend.", f"Choose one of: {', '.join(BACKENDS)}.")
        )
    try:
        module = importlib.import_module(_MODULES[name])
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] == "fgeval":
            raise
        what = f"{name!r} needs the library {error.name!r}, which is not installed."
        raise UsageError(Problem("--backend", what, 'Run: pip install "fgsuite[train]".')) from error
    backend: Backend = module.open_backend(options)
    return backend
