"""Backends: ways to run a model. One module each, imported by name and only when asked for."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Protocol

from fgdata.errors import Problem, UsageError
from fgdata.example import Example, Message
from fgdata.format import render_prompt
from fgeval.predictions import Prediction

_MODULES = {
    "transformers": "fgeval.backends.transformers",
    "openai": "fgeval.backends.openai",
    "python": "fgeval.backends.python",
    "replay": "fgeval.backends.replay",
}
BACKENDS: tuple[str, ...] = tuple(_MODULES)
_EXTRAS = {"openai": "openai"}
"""Backend -> the extra that brings its libraries, where that is not `train`."""


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
    merge: bool = False
    """Whether the adapter is merged into the weights before anything runs: fewer operations a token."""
    packed: bool = True
    """Whether prompts with a common prefix share it, where the model can; else left-padded batches. Only speed differs."""
    base_url: str | None = None
    """Where an OpenAI-compatible server answers, for `openai`."""
    endpoint: str = "chat"
    """`chat`: messages and tools are sent, and the server renders them; `completions`: our own prompt is sent as text."""
    api_key_env: str = "OPENAI_API_KEY"
    """The environment variable that holds the server's key; the key itself is never written anywhere."""
    concurrency: int = 8
    """Requests under way at once, for `openai`."""
    retries: int = 4
    """Further tries, with growing pauses, before a request counts as failed, for `openai`."""
    timeout_s: float = 120.0
    """Seconds until a request that nobody answers is given up, for `openai`."""
    function: str | None = None
    """`module:function`, for `python`."""
    examples: Sequence[Example] = field(default=(), repr=False)
    """Rows on which the model's own chat template is compared with ours before anything runs."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that the backend could not answer. It says nothing about the model, and is never scored."""

    id: str
    reason: str


class Backend(Protocol):
    """A model that is ready to write."""

    def describe(self) -> dict[str, Any]:
        """Its part of `run.json`: model, adapter, decoding, device, versions. The same for the same run."""
        ...

    def check(self, requests: Sequence[Request]) -> None:
        """Raise an FgError that names every request it cannot answer. Called once with all, before the first is answered."""
        ...

    def complete(self, requests: Sequence[Request]) -> list[Prediction | Failure]:
        """One prediction a request, or why there is none, in the order of the requests."""
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
        raise UsageError(
            Problem("--backend", what, f'Run: pip install "fgsuite[{_EXTRAS.get(name, "train")}]".')
        ) from error
    backend: Backend = module.open_backend(options)
    return backend


_FLAGS = {"function": "--callable"}


def refuse_options(options: BackendOptions, backend: str, meant: Collection[str]) -> None:
    """Raise UsageError naming every option that was given and is not among those `meant` for the backend."""
    allowed = {*meant, "examples", "packed"}
    UsageError.raise_if(
        Problem(
            _FLAGS.get(option.name, f"--{option.name.replace('_', '-')}"),
            f"has no meaning for the {backend} backend.",
            "Leave it out, or choose another --backend.",
        )
        for option in fields(options)
        if option.name not in allowed
        and option.default is not MISSING
        and getattr(options, option.name) != option.default
    )


def package_version(package: str) -> str | None:
    """The version that is installed; None if the package is not."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
