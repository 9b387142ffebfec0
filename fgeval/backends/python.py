"""The python backend: a function of yours, `module:function`, that gets a request and returns what the model wrote or called."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fgdata.errors import Problem, UsageError
from fgdata.format import render_call
from fgdata.format.tokens import START_RESPONSE
from fgdata.schema import Call
from fgeval.backends import BackendOptions, Failure, Request, package_version, refuse_options
from fgeval.predictions import Prediction


def open_backend(options: BackendOptions) -> PythonFunction:
    """The function that `options` name, imported; the folder that the command runs in is looked into first.

    Raises: UsageError if it is missing, cannot be imported, or is no function.
    """
    refuse_options(options, "python", ("function", "model"))
    if options.function is None:
        raise UsageError(
            Problem("--callable", "is missing.", "Write module:function, e.g. --callable my_model:answer.")
        )
    return PythonFunction(options.function, _import(options.function), options.model)


def _import(name: str) -> Callable[[Request], Any]:
    module_name, colon, path = name.partition(":")
    if not colon or not module_name or not path:
        raise UsageError(Problem("--callable", f"{name!r} is no module:function.", "Write my_model:answer."))
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = importlib.import_module(module_name)
    # Importing runs the user's code, and that may raise anything.
    except Exception as error:
        what = f"{module_name!r} cannot be imported ({type(error).__name__}: {error})."
        raise UsageError(
            Problem("--callable", what, "Correct the module, or run where it can be found (PYTHONPATH).")
        ) from error
    for part in path.split("."):
        if not hasattr(found, part):
            names = [n for n, value in vars(found).items() if callable(value) and not n.startswith("_")][:8]
            remedy = f"Functions there: {', '.join(names)}." if names else "Correct the name."
            raise UsageError(Problem("--callable", f"{module_name!r} has no {path!r}.", remedy))
        found = getattr(found, part)
    if not callable(found):
        raise UsageError(
            Problem("--callable", f"{name!r} is a {type(found).__name__}.", "Name a function of one request.")
        )
    answer: Callable[[Request], Any] = found
    return answer


class PythonFunction:
    """A function as a model."""

    def __init__(self, name: str, function: Callable[[Request], Any], model: str | None) -> None:
        self._name = name
        self._function = function
        self._model = model

    def describe(self) -> dict[str, Any]:
        """The function's name and the hash of its file."""
        return {
            "model": self._model or self._name,
            "function": self._name,
            "model_fingerprint": _source_sha256(self._function),
            "decoding": {"method": "the function's own"},
            "versions": {"fgsuite": package_version("fgsuite")},
        }

    def check(self, requests: Sequence[Request]) -> None:
        """Nothing to check before it is called."""

    def complete(self, requests: Sequence[Request]) -> list[Prediction | Failure]:
        """One prediction a request; what the function raises, or returns that is no answer, is a failure of that request."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: Request) -> Prediction | Failure:
        started = time.perf_counter()
        try:
            text = returned_to_text(self._function(request))
        # The user's code may raise anything; one bad request must not end a run of thousands.
        except Exception as error:
            first = (str(error).strip().splitlines() or [""])[0][:200]
            return Failure(request.id, f"{type(error).__name__}: {first}")
        return Prediction(request.id, text, time_s=round(time.perf_counter() - started, 6))


def returned_to_text(returned: Any) -> str:
    """What a function returned, in the native format: text as it is; a list of calls (`Call`, or `{"name", "arguments"}`) rendered.

    Raises: TypeError for anything else; FgError for a call that is none.
    """
    if isinstance(returned, str):
        return returned
    if isinstance(returned, list | tuple) and all(isinstance(one, Call | Mapping) for one in returned):
        calls = [one if isinstance(one, Call) else Call.from_json(one) for one in returned]
        return "".join(map(render_call, calls)) + START_RESPONSE if calls else ""
    raise TypeError(f"it must return text or a list of calls, not {type(returned).__name__}")


def _source_sha256(function: Callable[..., Any]) -> str | None:
    """SHA-256 of the file that the function stands in; None if there is none to be found."""
    try:
        file = inspect.getsourcefile(inspect.unwrap(function))
        return hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else None
    except (TypeError, OSError):
        return None
