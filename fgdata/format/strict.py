"""What we write: the same text as the template's, and nothing that could be read in two ways.

A text that holds a control token, a number that is none, a key with a bracket in it: the template would write them, and
nobody could read them back. Here they are refused, with the place and what to do.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from fgdata.errors import FormatError, Problem, SchemaError
from fgdata.format.completion import MAX_DEPTH, MAX_VALUES, parse_completion
from fgdata.format.template import ConversationWriter, declare
from fgdata.format.tokens import CONTROL_PATTERN, END_CALL, ESCAPE, START_CALL
from fgdata.schema import Call, JsonValue, Tool

_ROLES: Final = frozenset({"system", "developer", "user", "assistant", "model", "tool"})
# A control token, or half of a character: neither can be told from what it is not once it is written.
_UNWRITABLE = re.compile(f"{CONTROL_PATTERN.pattern}|[\ud800-\udfff]")
_BAD_NAME = re.compile(r"[\s:{}\[\],<]")
_TOO_LARGE: Final = 10**4300
"""Python writes and reads no integer with more digits."""


@dataclass(frozen=True, slots=True)
class Span:
    """A range of characters, [start, end)."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TrainingText:
    """A conversation as the model is trained on it."""

    text: str
    """Prompt and answer, without the newline that the template puts behind the last `<end_of_turn>`: nobody writes it."""
    spans: tuple[Span, ...]
    """What the model writes, of every model turn: these characters carry the loss. Sorted, disjoint."""


def render_call(call: Call, *, values: Literal["bare", "escaped"] = "bare") -> str:
    """The call in the native format; `parse_completion` reads it back.

    Args:
        values: how numbers, booleans and None are written: bare (native), or inside <escape> as the first seed's data
            has them. The second is read back as strings.
    Raises: FormatError for a control token in a text, NaN and infinity, a key or name that could be read in two ways.
    """
    problems = [*_name_problems(call.name, "call"), *_value_problems(call.arguments, call.name, 1)]
    FormatError.raise_if(problems)
    inside = _pairs(call.arguments, is_escaped=values == "escaped")
    rendered = f"{START_CALL}call:{call.name}{{{inside}}}{END_CALL}"
    n_values_at_most = rendered.count(",") + 2 * (rendered.count("{") + rendered.count("["))
    if n_values_at_most > MAX_VALUES and not parse_completion(rendered).calls:
        raise FormatError(f"the call of {call.name!r} holds more than {MAX_VALUES:,} values. Split it.")
    return rendered


def _pairs(mapping: Mapping[str, JsonValue], *, is_escaped: bool) -> str:
    # The template sorts names without regard to case. Train on the same order, or the model learns one that no
    # rendered conversation has. The second key settles names that differ in case only.
    names = sorted(mapping, key=lambda name: (name.lower(), name))
    return ",".join(f"{name}:{_value(mapping[name], is_escaped=is_escaped)}" for name in names)


def _value(value: Any, *, is_escaped: bool) -> str:
    if isinstance(value, str):
        return f"{ESCAPE}{value}{ESCAPE}"
    if isinstance(value, Mapping):
        return f"{{{_pairs(value, is_escaped=is_escaped)}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(_value(item, is_escaped=is_escaped) for item in value)}]"
    text = "true" if value is True else "false" if value is False else str(value)
    return f"{ESCAPE}{text}{ESCAPE}" if is_escaped else text


def render_declaration(tool: Tool | Mapping[str, Any]) -> str:
    """The declaration of a tool. A `Tool` is checked; an OpenAI entry is rendered as the template renders it.

    Raises: FormatError for a control token in a text of a `Tool`, or an entry the template refuses.
    """
    if not isinstance(tool, Tool):
        return declare(tool)
    entry = tool.to_json()
    FormatError.raise_if(_tool_problems(entry, "tool"))
    return declare(entry)


def render_prompt(
    messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] | None = None
) -> str:
    """What the model is given: the messages before its answer, with its turn opened.

    Raises: FormatError with everything that cannot be written, or if the answer is among the messages.
    """
    normal, declarations = _prepared(messages, tools)
    if normal[-1]["role"] == "assistant":
        raise FormatError(
            Problem(
                f"messages[{len(messages) - 1}]",
                "is the assistant's.",
                "Leave the answer out: a prompt ends before it.",
            )
        )
    writer = ConversationWriter()
    writer.write(normal, declarations, open_turn=True)
    return writer.text


def render_target(message: Mapping[str, Any]) -> str:
    """What the model writes for an assistant message, up to the token that stops it.

    Calls given as `tool_calls` and as native text in `content` give the same target.
    Raises: FormatError if it cannot be written, or is no assistant message.
    """
    normal = _normal_message(message, "message")
    if normal["role"] != "assistant":
        raise FormatError(
            Problem(
                "message", f"is the {normal['role']}'s.", "Only the assistant's are written by the model."
            )
        )
    writer = ConversationWriter()
    writer.write([{"role": "user", "content": ""}, normal], (), open_turn=False)
    start, end = writer.spans[-1]
    return writer.text[start:end]


def render_training(
    messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] | None = None
) -> TrainingText:
    """The whole conversation with the ranges that the model writes: `render_prompt` of all messages but the last, plus
    `render_target` of the last.

    Raises: FormatError with everything that cannot be written, or if the last message is not the assistant's.
    """
    normal, declarations = _prepared(messages, tools)
    if normal[-1]["role"] != "assistant":
        raise FormatError(
            Problem(
                f"messages[{len(messages) - 1}]",
                "is not the assistant's.",
                "End with what the model should write.",
            )
        )
    writer = ConversationWriter()
    writer.write(normal, declarations, open_turn=False)
    spans = tuple(Span(start, end) for start, end in writer.spans)
    return TrainingText(writer.text[: spans[-1].end], spans)


def normalise_conversation(
    messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] | None = None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]] | None]:
    """The conversation in the one shape whose template text is what `render_prompt` and `render_training` give.

    Calls in native text become `tool_calls`, arguments in JSON text mappings, flat tools are wrapped in `function`,
    `model` is called `assistant`. A model's own chat template renders the result to the same bytes.
    Raises: FormatError with everything that cannot be written.
    """
    normal, _ = _prepared(messages, tools)
    return normal, [_wrapped(tool) for tool in tools] if tools else None


def _prepared(
    messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] | None
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """The messages in one shape and the declarations. Raises: FormatError with all problems of both."""
    problems: list[Problem] = []
    normal: list[dict[str, Any]] = []
    for index, message in enumerate(messages):
        try:
            normal.append(_normal_message(message, f"messages[{index}]"))
        except FormatError as error:
            problems += error.problems
    if not messages:
        problems.append(Problem("messages", "is empty.", "Give at least one message."))
    if not problems:
        problems += _order_problems(normal)
    declarations: tuple[str, ...] = ()
    if tools:
        try:
            declarations = _declarations(json.dumps(tools, ensure_ascii=False))
        except FormatError as error:
            problems += error.problems
        except (TypeError, ValueError, RecursionError) as error:
            problems.append(Problem("tools", f"are no JSON: {error}.", "Give a list of OpenAI entries."))
    FormatError.raise_if(problems)
    return normal, declarations


@functools.lru_cache(maxsize=256)
def _declarations(tools: str) -> tuple[str, ...]:
    """The declarations of tools given as JSON text, checked. The rows of a data set share a few lists of tools.

    Raises: FormatError with everything that cannot be written.
    """
    entries = [_wrapped(tool) for tool in json.loads(tools)]
    FormatError.raise_if(
        problem for index, entry in enumerate(entries) for problem in _tool_problems(entry, f"tools[{index}]")
    )
    return tuple(declare(entry, f"tools[{index}]") for index, entry in enumerate(entries))


def _normal_message(message: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The message as the template should get it. Raises: FormatError with its problems."""
    role = message.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        raise FormatError(
            Problem(where, f"the role is {role!r}.", f"Use one of {', '.join(sorted(_ROLES))}.")
        )
    if role == "tool":
        return _normal_response(message, where)
    text = message_text(message.get("content"), where)
    if role not in ("assistant", "model"):
        FormatError.raise_if(_text_problems(text, where))
        return {"role": role, "content": text}
    calls: Sequence[Call]
    if message.get("tool_calls"):
        FormatError.raise_if(_text_problems(text, where))
        calls = _calls_of(message["tool_calls"], where)
    else:
        text, calls = _native_text(text, where)
    normal: dict[str, Any] = {"role": "assistant", "content": text}
    if calls:
        problems: list[Problem] = []
        for number, call in enumerate(calls):
            place = f"{where}.tool_calls[{number}]"
            problems += [*_name_problems(call.name, place), *_value_problems(call.arguments, place, 1)]
        FormatError.raise_if(problems)
        normal["tool_calls"] = [_sorted_call(call).to_json() for call in calls]
    elif not text:
        raise FormatError(
            Problem(where, "the assistant's message is empty.", "Give it `tool_calls` or `content`.")
        )
    return normal


def _native_text(text: str, where: str) -> tuple[str, Sequence[Call]]:
    """Text and calls of an answer written in the native format; a text without control tokens is text."""
    if not CONTROL_PATTERN.search(text):
        FormatError.raise_if(_text_problems(text, where))
        return text, ()
    completion = parse_completion(text)
    FormatError.raise_if(
        Problem(
            where,
            f"the answer does not read at character {problem.offset}: {problem.what}.",
            "Correct the answer.",
        )
        for problem in completion.problems
    )
    if completion.calls and completion.text.strip() != text.split(START_CALL, 1)[0].strip():
        raise FormatError(
            Problem(
                where, "text stands after a call.", "Put it before the calls: the format has no other place."
            )
        )
    return completion.text.strip(), completion.calls


def _calls_of(entries: Any, where: str) -> list[Call]:
    if not isinstance(entries, list | tuple):
        raise FormatError(Problem(where, f"`tool_calls` is {str(entries)[:60]!r}.", "Give a list of calls."))
    try:
        return [Call.from_json(entry) for entry in entries]
    except SchemaError as error:
        raise FormatError(
            *(Problem(where, problem.what, problem.remedy) for problem in error.problems)
        ) from error


def _sorted_call(call: Call) -> Call:
    """The call with its names in one order, so that equal calls are one text even where names differ in case only."""

    def ordered(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: ordered(value[name]) for name in sorted(value)}
        return [ordered(item) for item in value] if isinstance(value, list | tuple) else value

    return Call(call.name, ordered(call.arguments))


def message_text(content: Any, where: str = "content") -> str:
    """The text of a message's content, trimmed as the template trims it; parts are joined with nothing.

    Raises: FormatError if it is neither a text nor a list of text parts.
    """
    if content is None:
        return ""
    if isinstance(content, str):
        return content.strip()
    if isinstance(content, list | tuple) and all(
        isinstance(part, Mapping) and part.get("type") == "text" and isinstance(part.get("text"), str)
        for part in content
    ):
        return "".join(part["text"].strip() for part in content).strip()
    raise FormatError(
        Problem(where, f"the content is {str(content)[:60]!r}.", "Give a text, or a list of text parts.")
    )


def _normal_response(message: Mapping[str, Any], where: str) -> dict[str, Any]:
    """A tool message whose content is a list of name and response. Raises: FormatError with its problems."""
    content, name = message.get("content"), message.get("name")
    if not content:
        # The template writes nothing for it, and the model's text would run into its own call.
        raise FormatError(Problem(where, "the tool response is empty.", "Give what the tool answered."))
    if isinstance(content, str):
        content = {"name": name, "response": {"value": content}}
    elif isinstance(content, Mapping) and not {"name", "response"} <= content.keys():
        content = {"name": name, "response": content}
    problems: list[Problem] = []
    responses: Sequence[Any] = content if isinstance(content, list) else [content]
    for response in responses:
        if isinstance(response, Mapping) and isinstance(response.get("name"), str) and "response" in response:
            problems += _name_problems(response["name"], where)
            problems += _value_problems(response["response"], where, 1)
        else:
            problems.append(
                Problem(
                    where,
                    "a tool response needs the tool's name.",
                    'Add "name", or write {"name": ..., "response": ...}.',
                )
            )
    FormatError.raise_if(problems)
    return {"role": "tool", "content": [dict(response) for response in responses]}


def _order_problems(messages: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Orders of messages that the template would run into one another."""
    problems = []
    state, what = "", ""
    for index, message in enumerate(messages):
        role = message["role"]
        if role == "tool" and state not in ("call", "response"):
            what = "a tool response without a call before it"
        elif role != "tool" and state == "call":
            what = f"the {role}'s message stands between a call and the tool's response"
        elif role not in ("tool", "assistant") and state == "response":
            what = f"the {role}'s message stands between a tool response and the model's answer"
        if what:
            problems.append(
                Problem(
                    f"messages[{index}]",
                    f"{what}.",
                    "Order them: call, tool response, model's answer, next message.",
                )
            )
            what = ""
        state = "response" if role == "tool" else "call" if "tool_calls" in message else "text"
    return problems


def _wrapped(tool: Any) -> dict[str, Any]:
    return (
        dict(tool)
        if isinstance(tool, Mapping) and "function" in tool
        else {"type": "function", "function": tool}
    )


def _tool_problems(entry: Mapping[str, Any], where: str) -> list[Problem]:
    body = entry["function"]
    name = body.get("name") if isinstance(body, Mapping) else None
    if not isinstance(name, str):
        return [Problem(where, "has no name.", "Give every tool a name.")]
    return [*_name_problems(name, where), *_texts_problems(body, f"{where} ({name})")]


def _texts_problems(value: Any, where: str) -> list[Problem]:
    """Problems of every text inside a declaration, names included."""
    if isinstance(value, str):
        return _text_problems(value, where)
    if isinstance(value, Mapping):
        return [
            p
            for key, item in value.items()
            for p in (*_text_problems(str(key), where), *_texts_problems(item, where))
        ]
    if isinstance(value, list | tuple):
        return [problem for item in value for problem in _texts_problems(item, where)]
    return []


def _text_problems(text: str, where: str) -> list[Problem]:
    found = _UNWRITABLE.search(text)
    if not found:
        return []
    return [
        Problem(
            where,
            f"the text {text[:60]!r} holds {found.group()!r} at character {found.start()}.",
            "Take it out: the model would read it as a mark of the format.",
        )
    ]


def _name_problems(name: Any, where: str) -> list[Problem]:
    if not isinstance(name, str):
        return [Problem(where, f"the name {name!r} is no text.", "Use text for names.")]
    if not name or _BAD_NAME.search(name) or _UNWRITABLE.search(name):
        return [
            Problem(
                where,
                f"the name {name[:60]!r} could be read in two ways.",
                "Use no blanks and none of : { } [ ] , < in names.",
            )
        ]
    return []


def _value_problems(value: Any, where: str, depth: int) -> list[Problem]:
    if isinstance(value, str):
        return _text_problems(value, where)
    if value is None or isinstance(value, bool):
        return []
    if isinstance(value, float):
        return (
            []
            if math.isfinite(value)
            else [Problem(where, f"{value!r} is no number.", "Use a finite number.")]
        )
    if isinstance(value, int):
        return (
            []
            if abs(value) < _TOO_LARGE
            else [Problem(where, "an integer has more than 4,300 digits.", "Use a string.")]
        )
    if depth > MAX_DEPTH:
        return [Problem(where, f"values are nested more than {MAX_DEPTH} deep.", "Flatten them.")]
    if isinstance(value, Mapping):
        return [
            problem
            for name, item in value.items()
            for problem in (
                *_name_problems(name, where),
                *_value_problems(item, f"{where}.{name}", depth + 1),
            )
        ]
    if isinstance(value, list | tuple):
        return [
            p
            for number, item in enumerate(value)
            for p in _value_problems(item, f"{where}[{number}]", depth + 1)
        ]
    return [
        Problem(
            where, f"{value!r} is no JSON value.", "Use text, numbers, booleans, None, lists and mappings."
        )
    ]
