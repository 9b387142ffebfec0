"""The openai backend: any server with OpenAI's API, such as vLLM, llama.cpp or Ollama. Calls come as `tool_calls` or as raw text."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from openai import (
    APIConnectionError,
    APIError,
    APIStatusError,
    AuthenticationError,
    NotFoundError,
    OpenAI,
    OpenAIError,
    PermissionDeniedError,
)

from fgdata.errors import FgError, ModelError, Problem, UsageError
from fgdata.format import STOP_TOKENS
from fgdata.schema import Call
from fgeval.backends import BackendOptions, Failure, Request, package_version, refuse_options
from fgeval.backends.openai_answers import ServerError, read_answer
from fgeval.predictions import Prediction

MEANT = (
    *("model", "max_new_tokens", "base_url", "endpoint"),
    *("api_key_env", "concurrency", "retries", "timeout_s"),
)
"""Options that this backend honours."""
ENDPOINTS = ("chat", "completions")
_FATAL = (AuthenticationError, PermissionDeniedError, NotFoundError)
"""What no other request would fare better with: a wrong key, a model that is not served."""
_CHECK_TIMEOUT_S = 10.0
_LISTED = 8
_LONGEST_PAUSE_S = 60.0


def open_backend(options: BackendOptions) -> OpenAIServer:
    """The server that `options` name, asked once whether it is there.

    Raises: UsageError for flags that are missing or out of range; ModelError if nothing answers.
    """
    refuse_options(options, "openai", MEANT)
    problems = [
        Problem(f"--{name}", "is missing.", remedy)
        for name, value, remedy in (
            ("base-url", options.base_url, "Say where the server answers, e.g. http://localhost:8000/v1."),
            ("model", options.model, "Name a model as the server calls it."),
        )
        if not value
    ]
    if options.base_url and not options.base_url.startswith(("http://", "https://")):
        problems.append(
            Problem("--base-url", f"{options.base_url!r} is no address.", "Write http://host:port/v1.")
        )
    if options.endpoint not in ENDPOINTS:
        problems.append(
            Problem("--endpoint", f"{options.endpoint!r} is none.", f"Choose one of: {', '.join(ENDPOINTS)}.")
        )
    for name, number, least in (
        ("concurrency", options.concurrency, 1),
        ("retries", options.retries, 0),
        ("timeout-s", options.timeout_s, 0.001),
    ):
        if not number >= least:
            problems.append(Problem(f"--{name}", f"is {number}; it must be at least {least}."))
    UsageError.raise_if(problems)
    return OpenAIServer(options)


class OpenAIServer:
    """A model behind OpenAI's API."""

    def __init__(self, options: BackendOptions) -> None:
        self._options = options
        self._url = str(options.base_url)
        # The library's own retries: on 408, 409, 429, 5xx and broken connections, with growing pauses or as the server asks.
        self._client = OpenAI(
            base_url=self._url,
            api_key=os.environ.get(options.api_key_env) or "none",
            max_retries=options.retries,
            timeout=options.timeout_s,
        )
        self._answered = False
        self._check_server()

    def _check_server(self) -> None:
        """Raise ModelError if nothing answers. A server that lists no models is there all the same."""
        try:
            self._client.with_options(max_retries=0, timeout=_CHECK_TIMEOUT_S).models.list()
        except APIConnectionError as error:
            raise ModelError(
                Problem(
                    self._url,
                    f"cannot be reached ({_reason(error)}).",
                    "Start the server, or correct --base-url.",
                )
            ) from error
        except (AuthenticationError, PermissionDeniedError) as error:
            raise self._fatal(error) from error
        except (OpenAIError, ValueError):  # no list of models, or a broken one: the first request will tell
            return

    def _is_there(self) -> bool:
        """Whether the server answers anything at all."""
        try:
            self._client.with_options(max_retries=0, timeout=_CHECK_TIMEOUT_S).models.list()
        except APIConnectionError:
            return False
        except (OpenAIError, ValueError):
            pass
        return True

    def describe(self) -> dict[str, Any]:
        """Server, model and decoding."""
        options = self._options
        return {
            "model": str(options.model),
            "served_model": str(options.model),
            "model_revision": None,  # no server tells
            "server": self._url,
            "endpoint": options.endpoint,
            "decoding": {
                "method": "greedy",
                "temperature": 0,
                "max_new_tokens": options.max_new_tokens,
                "stop": list(STOP_TOKENS) if options.endpoint == "completions" else "the server's",
            },
            "versions": {package: package_version(package) for package in ("fgsuite", "openai")},
        }

    def check(self, requests: Sequence[Request]) -> None:
        """Nothing to check: only the server knows how long a prompt may be."""

    def complete(self, requests: Sequence[Request]) -> list[Prediction | Failure]:
        """One prediction a request, or why there is none.

        Raises: ModelError if the server does not know the model or the key, or if it was never or is no longer there.
        """
        with ThreadPoolExecutor(min(self._options.concurrency, len(requests))) as pool:
            answers = list(pool.map(self._ask, requests))
        gone = [error for _, error in answers if isinstance(error, APIConnectionError)]
        fatal = [error for _, error in answers if isinstance(error, _FATAL)]
        if fatal:
            raise self._fatal(fatal[0])
        # A request may kill its connection, and alone in its batch it looks as if the server were gone: ask for something else.
        if len(gone) == len(requests) and not self._is_there():
            raise ModelError(
                Problem(
                    self._url,
                    f"no longer answers ({_reason(gone[0])}): {len(requests)} requests in a row failed.",
                    "Start it again, then run the same command: it goes on where it stopped.",
                )
            )
        return [
            answer if isinstance(answer, Prediction) else Failure(request.id, _reason(error))
            for request, (answer, error) in zip(requests, answers, strict=True)
        ]

    def _fatal(self, error: OpenAIError) -> ModelError:
        if isinstance(error, NotFoundError):
            remedy = f"Correct --model ({self._served()}) or --endpoint."
        else:
            remedy = f"Put the server's key into the environment variable {self._options.api_key_env}."
        return ModelError(Problem(self._url, f"refuses {self._options.model!r} ({_reason(error)}).", remedy))

    def _served(self) -> str:
        try:
            names = [model.id for model in self._client.with_options(max_retries=0).models.list().data]
        except (OpenAIError, TypeError):
            names = []
        return f"it serves {', '.join(names[:_LISTED])}" if names else "the server lists no models"

    def _ask(self, request: Request) -> tuple[Prediction | None, Exception | None]:
        """The prediction, or the error that stands in its way; nothing is raised within a thread."""
        started = time.perf_counter()
        for tries in itertools.count():
            try:
                response = self._send(request)
                answer = read_answer(json.loads(response.content), self._options.endpoint)
                break
            except ServerError as error:
                # HTTP says 200, so the library does not try again.
                if not error.passes or tries >= self._options.retries:
                    return None, error
                time.sleep(_pause_s(tries, response.headers))
            except (APIError, FgError) as error:
                return None, error
            except (TypeError, ValueError, RecursionError) as error:
                return None, ModelError(
                    f"the server's answer is none of OpenAI's API ({type(error).__name__}: {error})"
                )
        return Prediction(
            request.id,
            answer.text,
            prompt_tokens=answer.prompt_tokens,
            completion_tokens=answer.completion_tokens,
            time_s=round(time.perf_counter() - started, 6),
            finished="length" if answer.cut_off else "stop",
        ), None

    def _send(self, request: Request) -> Any:
        """The server's response, undecoded. The older endpoint takes our own prompt: the server's chat template plays no part."""
        options = self._options
        shared: dict[str, Any] = {
            "model": str(options.model),
            "max_tokens": options.max_new_tokens,
            "temperature": 0,
        }
        if options.endpoint != "chat":
            completions = self._client.completions.with_raw_response
            return completions.create(prompt=request.prompt, stop=list(STOP_TOKENS), **shared).http_response
        if request.tools:
            shared["tools"] = [dict(tool) for tool in request.tools]
        messages: Any = [_message_to_api(message) for message in request.messages]
        chat = self._client.chat.completions.with_raw_response
        return chat.create(messages=messages, **shared).http_response


def _pause_s(tries: int, headers: Mapping[str, str]) -> float:
    """Seconds until the next try: as the server asks, or growing."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            asked = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        if 0 <= asked <= _LONGEST_PAUSE_S:
            return asked
    return float(min(0.5 * 2**tries, 8.0))


def _message_to_api(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message as the API takes it: ids for calls, arguments as JSON text."""
    sent = dict(message)
    if sent.get("role") == "model":
        sent["role"] = "assistant"
    if calls := sent.get("tool_calls"):
        sent["tool_calls"] = []
        for number, entry in enumerate(calls):
            call = Call.from_json(entry)
            body = {"name": call.name, "arguments": json.dumps(dict(call.arguments), ensure_ascii=False)}
            sent["tool_calls"].append(
                {"id": str(entry.get("id") or f"call_{number}"), "type": "function", "function": body}
            )
        sent.setdefault("content", None)
    if sent.get("role") == "tool":
        sent.setdefault("tool_call_id", "call_0")
        if not isinstance(sent.get("content"), str):
            sent["content"] = json.dumps(sent.get("content"), ensure_ascii=False)
    return sent


def _reason(error: BaseException | None) -> str:
    """An error of the client in one line."""
    if isinstance(error, APIStatusError):
        return f"HTTP {error.status_code}: {' '.join(str(error.message).split())[:200]}"
    cause = error.__cause__ if isinstance(error, APIConnectionError) and error.__cause__ else error
    return " ".join(str(cause).split())[:200] or type(cause).__name__
