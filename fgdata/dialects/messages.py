"""Calls in messages, one way and the other: native text, `tool_calls` with mappings, `tool_calls` with JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fgdata.dialects.layout import Values
from fgdata.errors import DataError, FgError, Problem
from fgdata.example import Example
from fgdata.format import parse_completion, render_call
from fgdata.format.tokens import START_CALL
from fgdata.schema import Call, Tool, coerce_call

CALL_KEYS = frozenset({"name", "arguments"})


@dataclass(frozen=True, slots=True)
class Typed:
    """What reading calls found out about how their values were written."""

    example: Example
    """With its calls as `tool_calls`, arguments as mappings."""
    n_typed: int = 0
    """Calls with a value inside `<escape>` that was read as its tool's schema says."""
    n_untyped: int = 0
    """Calls in native text whose tool is not known, so that nothing says which type a value inside `<escape>` has."""


def with_tool_calls(example: Example, tools: Mapping[str, Tool]) -> Typed:
    """The example with every call in native text or JSON text as `tool_calls` with mappings.

    Args:
        tools: the tools that may be called, whose schema says what type a value inside `<escape>` has.
    Raises: DataError for calls that do not read.
    """
    messages: list[dict[str, Any]] = []
    n_typed = n_untyped = 0
    problems: list[Problem] = []
    for number, message in enumerate(example.messages):
        try:
            if message.get("role") not in ("assistant", "model"):
                messages.append(message)
            elif message.get("tool_calls"):
                messages.append({**message, "tool_calls": [_entry(e) for e in message["tool_calls"]]})
            elif isinstance(message.get("content"), str) and START_CALL in message["content"]:
                text, calls = _native(message["content"])
                typed = [coerce_call(call, tools) for call in calls]
                n_typed += sum(one != other for one, other in zip(calls, typed, strict=True))
                n_untyped += sum(call.name not in tools and _has_text(call.arguments) for call in calls)
                rest = {k: v for k, v in message.items() if k not in ("content", "tool_calls")}
                content = {"content": text} if text else {}
                messages.append({**rest, **content, "tool_calls": [call.to_json() for call in typed]})
            else:
                messages.append(message)
        except FgError as error:
            place = f"{example.source or example.id}: messages[{number}]"
            problems += [Problem(place, p.what, p.remedy) for p in error.problems]
    DataError.raise_if(problems)
    return Typed(replace(example, messages=messages), n_typed, n_untyped)


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of `tool_calls` with a mapping for its arguments and everything else as it is."""
    call = Call.from_json(entry)
    body = entry.get("function", entry)
    beside = {k: v for k, v in entry.items() if k not in ("function", "type")} if "function" in entry else {}
    inside = {k: v for k, v in body.items() if k not in CALL_KEYS and k != "type"}
    return {
        **beside,
        "type": entry.get("type", "function"),
        "function": {"name": call.name, "arguments": dict(call.arguments), **inside},
    }


def _native(text: str) -> tuple[str, tuple[Call, ...]]:
    """The text before the calls, and the calls. Raises: DataError if they do not read."""
    completion = parse_completion(text)
    DataError.raise_if(
        Problem("", f"the answer does not read at character {p.offset}: {p.what}.", "Correct the answer.")
        for p in completion.problems
    )
    if completion.text.strip() != text.split(START_CALL, 1)[0].strip():
        raise DataError(Problem("", "text stands after a call.", "Put it before the calls."))
    return completion.text.strip(), completion.calls


def _has_text(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_text, value.values()))
    return any(map(_has_text, value)) if isinstance(value, list) else isinstance(value, str)


def native_messages(messages: Sequence[Mapping[str, Any]], values: Values) -> list[dict[str, Any]]:
    """The messages with their `tool_calls` as native text.

    Raises: FormatError for what the format cannot express.
    """
    written = []
    for message in messages:
        if not message.get("tool_calls"):
            written.append(dict(message))
            continue
        calls = "".join(render_call(Call.from_json(entry), values=values) for entry in message["tool_calls"])
        rest = {k: v for k, v in message.items() if k not in ("content", "tool_calls")}
        written.append({**rest, "content": f"{message.get('content') or ''}{calls}"})
    return written


def openai_messages(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The messages with arguments as JSON text, an id for every call, and every tool message named after its call.

    Ids that are given stay; others are numbered through the conversation. Tool messages answer the calls before them in order.
    """
    written: list[dict[str, Any]] = []
    waiting: list[str] = []
    number = 0
    for message in messages:
        one = dict(message)
        if one.get("role") == "model":
            one["role"] = "assistant"
        if one.get("tool_calls"):
            entries = []
            for entry in one["tool_calls"]:
                number += 1
                body = dict(entry["function"])
                body["arguments"] = json.dumps(body["arguments"], ensure_ascii=False)
                entries.append({"id": f"call_{number}", **entry, "function": body})
            one["tool_calls"] = entries
            waiting = [entry["id"] for entry in entries]
            one.setdefault("content", None)
        elif one.get("role") == "tool" and waiting:
            identity = one.setdefault("tool_call_id", waiting[0])
            waiting = [other for other in waiting if other != identity]
        written.append(one)
    return written


def plain_call(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of `tool_calls` as `{"name", "arguments"}`."""
    call = Call.from_json(entry)
    return {"name": call.name, "arguments": dict(call.arguments)}
