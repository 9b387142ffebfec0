"""What a server with OpenAI's API answered, read from its JSON into the native format. Needs neither a server nor its library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fgdata.errors import FgError, ModelError
from fgdata.format import STOP_TOKENS, parse_completion, render_call
from fgdata.format.tokens import END_CALL, START_CALL, START_RESPONSE
from fgdata.schema import Call

_BUSY = frozenset({408, 409, 429})


class ServerError(ModelError):
    """An error that a server reports in the body of an answer, where HTTP itself says 200."""

    def __init__(self, message: str, *, passes: bool) -> None:
        super().__init__(message)
        self.passes = passes
        """Whether the same request may fare better later."""


class Answer(NamedTuple):
    """What is kept of an answer."""

    text: str
    """In the native format."""
    cut_off: bool
    """Whether the token limit ended it."""
    prompt_tokens: int | None
    completion_tokens: int | None


def read_answer(body: Any, endpoint: str) -> Answer:
    """The answer in the decoded body of a response.

    Args:
        endpoint: `chat` or `completions`.
    Raises: ServerError if the body reports an error; ModelError if it holds no answer of the model: withheld by a content
        filter, a call of a type that was not offered, or none of OpenAI's API.
    """
    if not isinstance(body, Mapping):
        raise ModelError(f"the server's answer is none of OpenAI's API (a JSON {type(body).__name__})")
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    error = body.get("error") or (choice.get("error") if isinstance(choice, Mapping) else None)
    if error:
        raise _server_error(error)
    if not isinstance(choice, Mapping):
        raise ModelError("the server's answer is none of OpenAI's API (it has no `choices`)")
    finish = choice.get("finish_reason")
    if finish == "content_filter":
        raise ModelError("the server's content filter withheld the answer")
    text = _read_message(choice.get("message")) if endpoint == "chat" else _read_content(choice.get("text"))
    usage = body.get("usage")
    tokens = (
        usage.get(name) if isinstance(usage, Mapping) else None
        for name in ("prompt_tokens", "completion_tokens")
    )
    prompt, completion = (n if type(n) is int and n >= 0 else None for n in tokens)
    return Answer(text, finish == "length", prompt, completion)


def _server_error(error: Any) -> ServerError:
    detail = error if isinstance(error, Mapping) else {"message": error}
    message = " ".join(str(detail.get("message") or error).split())[:200]
    code = detail.get("code")
    passes = not (type(code) is int and 400 <= code < 500) or code in _BUSY
    return ServerError(f"the server reports an error: {message}", passes=passes)


def _read_message(message: Any) -> str:
    if not isinstance(message, Mapping):
        raise ModelError("the server's answer is none of OpenAI's API (it has no `message`)")
    entries = message.get("tool_calls") or ()
    if not entries and message.get("function_call"):  # as servers sent a call before there was `tool_calls`
        entries = [{"function": message["function_call"]}]
    calls = []
    for entry in entries if isinstance(entries, list | tuple) else [entries]:
        kind = entry.get("type") or "function" if isinstance(entry, Mapping) else type(entry).__name__
        body = entry.get("function") if isinstance(entry, Mapping) else None
        if kind != "function" or not isinstance(body, Mapping):
            raise ModelError(f"the server sends a call of type {kind!r}; only functions were offered")
        calls.append((str(body.get("name") or ""), body.get("arguments")))
    content = message.get("content")
    return answer_to_text(_read_content(message.get("refusal") if content is None else content), calls)


def _read_content(content: Any) -> str:
    """The text of `content`: a string, or a list of parts with text."""
    if content is None or isinstance(content, str):
        return content or ""
    texts = []
    for part in content if isinstance(content, list) else [content]:
        kind = part.get("type", "text") if isinstance(part, Mapping) else type(part).__name__
        text = part if isinstance(part, str) else part.get(kind) if isinstance(part, Mapping) else None
        if not isinstance(text, str):
            raise ModelError(f"the server sends content that is no text (a part of type {kind!r})")
        texts.append(text)
    return "".join(texts)


def answer_to_text(content: str | None, calls: Sequence[tuple[str, Any]]) -> str:
    """What the model wrote, in the native format: its text, and each call of `tool_calls` that does not stand in it already.

    Nothing that the text holds is dropped: of two calls a server may copy one. The same call counts once, whether its values
    are quoted in one place and not in the other. A call that the format cannot hold, such as one whose arguments are no JSON
    object, becomes one that does not read: it is the model's mistake, and is scored as one.
    """
    text = content or ""
    if not calls:
        return text
    there = [_told(call) for call in parse_completion(text).calls] if START_CALL in text else []
    behind = []
    for name, arguments in calls:
        written, told = _call_to_text(name, arguments)
        if told in there:
            there.remove(told)
        else:
            behind.append(written)
    if behind:  # what follows a stop token is not read
        ends = [place for token in STOP_TOKENS if (place := text.find(token)) >= 0]
        text = text[: min(ends, default=len(text))] + "".join(behind)
    return text if text.endswith(STOP_TOKENS) else text + START_RESPONSE


def _call_to_text(name: str, arguments: Any) -> tuple[str, Any]:
    """The call in the native format, and what it is known by; None where it does not read."""
    try:
        call = Call.from_json({"name": name, "arguments": arguments or {}})
        return render_call(call), _told(call)
    except FgError:
        return unread_call(name, arguments), None


def unread_call(name: str, arguments: Any) -> str:
    """A call that no reader takes for one, since its braces do not close; what came stands there to be seen."""
    shown = str(arguments).replace("{", "(").replace("}", ")")
    return f"{START_CALL}call:{name}{{{shown}{END_CALL}"


def _told(call: Call) -> tuple[str, Any]:
    return call.name, {name: _spelled(value) for name, value in call.arguments.items()}


def _spelled(value: Any) -> Any:
    """A value as text: servers quote numbers and booleans, or take their quotes off."""
    if isinstance(value, Mapping):
        return {name: _spelled(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_spelled(item) for item in value]
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)
