"""OpenAI's messages: `tool_calls` with ids and arguments as JSON text, tools as JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fgdata.dialects.layout import Values, beside
from fgdata.dialects.messages import openai_messages
from fgdata.dialects.rows import Rows
from fgdata.dialects.turns import tool_body, wrapped_tools
from fgdata.dialects.types import lower_types
from fgdata.example import Example


class OpenAI(Rows):
    """As the API of OpenAI and its fine-tuning files have it."""

    name = "openai"
    title = "OpenAI's messages: tool calls with ids, arguments as JSON text"
    holds = "everything"

    def detects(self, row: Mapping[str, Any]) -> bool:
        """Whether there are messages of which one has arguments as text, or answers a call by its id."""
        messages = row.get("messages")
        return isinstance(messages, list) and any(map(_is_openai, messages))

    def write(self, example: Example, values: Values, number: int) -> dict[str, Any]:
        """The row; calls without an id are numbered, types of schemas in lower case."""
        row = beside(example)
        parts: dict[str, Any] = {"id": row.pop("id"), "messages": openai_messages(example.messages)}
        if example.tools is not None:
            parts["tools"] = [
                {**entry, "function": _lowered(tool_body(entry))} for entry in wrapped_tools(example.tools)
            ]
        return {**parts, **row}


def _lowered(body: Mapping[str, Any]) -> dict[str, Any]:
    return {k: lower_types(v) if k == "parameters" else v for k, v in body.items()}


def _is_openai(message: Any) -> bool:
    if not isinstance(message, Mapping):
        return False
    if message.get("role") == "tool" and "tool_call_id" in message:
        return True
    calls = message.get("tool_calls")
    bodies = (
        [call.get("function") for call in calls if isinstance(call, Mapping)]
        if isinstance(calls, list)
        else []
    )
    return any(isinstance(body, Mapping) and isinstance(body.get("arguments"), str) for body in bodies)
