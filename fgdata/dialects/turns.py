"""Parts of a conversation that layouts with columns of their own pick out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

DEVELOPER = ("developer", "system")


def developer_text(messages: Sequence[Mapping[str, Any]]) -> Any:
    """The content of the first message if it is the developer's; empty if it is not."""
    return messages[0].get("content") or "" if messages[0].get("role") in DEVELOPER else ""


def user_text(messages: Sequence[Mapping[str, Any]]) -> Any:
    """The content of the last user message; empty if there is none."""
    said = (message.get("content") for message in reversed(messages) if message.get("role") == "user")
    return next(said, "") or ""


def tool_body(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A tool without its wrapper."""
    body = entry.get("function", entry)
    return dict(body) if isinstance(body, Mapping) else {}


def flat_tools(tools: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Tools without their wrappers."""
    return [tool_body(entry) for entry in tools]


def wrapped(body: Mapping[str, Any]) -> dict[str, Any]:
    """A tool in its wrapper."""
    return {"type": "function", "function": dict(body)}


def wrapped_tools(tools: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Tools in their wrappers, whether they had one or not."""
    return [{"type": "function", **entry} if "function" in entry else wrapped(entry) for entry in tools]
