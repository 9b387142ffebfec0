"""Native text: `messages` whose answers are calls as the model writes them, most often without tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fgdata.dialects.layout import Values, beside
from fgdata.dialects.messages import native_messages
from fgdata.dialects.rows import Rows, has_tool_calls
from fgdata.example import Example
from fgdata.format.tokens import START_CALL


class NativeText(Rows):
    """The answer is native call text; the developer line may stand for the tools."""

    name = "native-text"
    title = "calls as FunctionGemma writes them, values bare or inside <escape>"
    holds = "everything but call ids; numbers inside <escape> need the tool's schema to be read back"

    def detects(self, row: Mapping[str, Any]) -> bool:
        """Whether there are messages with native calls, or messages without tools and without any call that is no text."""
        messages = row.get("messages")
        if not isinstance(messages, list):
            return False
        if any(map(_is_native, messages)):
            return True
        return row.get("tools") is None and not any(map(has_tool_calls, messages))

    def write(self, example: Example, values: Values, number: int) -> dict[str, Any]:
        """The row, calls as text in the assistant's content; tools are kept where there are any."""
        tools = {} if example.tools is None else {"tools": example.tools}
        row = beside(example)
        identity = {"id": row.pop("id")}
        return {**identity, "messages": native_messages(example.messages, values), **tools, **row}


def _is_native(message: Any) -> bool:
    content = message.get("content") if isinstance(message, dict) else None
    return isinstance(content, str) and START_CALL in content
