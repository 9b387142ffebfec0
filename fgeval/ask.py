"""One utterance to a model, and what it makes of it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fgdata.errors import DataError, ModelError, Problem, SchemaError, UsageError
from fgdata.example import Example
from fgdata.format import TRIGGER, Completion, parse_completion
from fgdata.schema import tools_by_name
from fgeval.backends import BackendOptions, Failure, example_to_request, open_backend
from fgeval.predictions import Prediction


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's answer to one utterance."""

    prompt: str
    prediction: Prediction
    completion: Completion


def ask_model(
    options: BackendOptions,
    utterance: str,
    tools: Sequence[Mapping[str, Any]],
    developer: str = TRIGGER,
    backend: str = "transformers",
) -> Answer:
    """What the model answers to `utterance` when `tools` are declared behind the `developer` line.

    Raises: ModelError if the model cannot be used, or its own chat template gives another prompt than ours.
    """
    messages = [
        {"role": "developer", "content": developer},
        {"role": "user", "content": utterance},
        {"role": "assistant", "content": "."},  # any answer: it is not part of the prompt
    ]
    example = Example("ask", messages, [dict(tool) for tool in tools])
    model = open_backend(backend, replace(options, examples=[example]))
    request = example_to_request(example)
    model.check([request])
    (prediction,) = model.complete([request])
    if isinstance(prediction, Failure):
        raise ModelError(Problem(str(options.model or backend), f"did not answer: {prediction.reason}."))
    return Answer(request.prompt, prediction, parse_completion(prediction.text))


def read_tools(path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """The tools of a JSON file: a list in OpenAI's shape.

    Raises: UsageError if it cannot be read; DataError if it holds no tools.
    """
    try:
        tools = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            Problem("--tools", f"{str(path)!r} cannot be read: {error.strerror or error}.")
        ) from error
    except (ValueError, RecursionError) as error:
        raise DataError(
            Problem(str(path), f"is no JSON ({error}).", "Write a list of tools in OpenAI's shape.")
        ) from error
    if not isinstance(tools, list) or not tools:
        raise DataError(
            Problem(str(path), "holds no list of tools.", "Write a list of tools in OpenAI's shape.")
        )
    try:
        return [tool.to_json() for tool in tools_by_name(tools).values()]
    except SchemaError as error:
        raise DataError(*(Problem(f"{path}: {p.where}", p.what, p.remedy) for p in error.problems)) from error
