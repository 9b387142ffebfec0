"""Our own rows: `messages` and `tools` as JSON, calls as `tool_calls` with mappings; what TRL reads, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from fgdata.dialects.layout import Layout, Values
from fgdata.example import Example, example_from_row


class Rows(Layout):
    """`messages` and `tools`, with or without provenance."""

    name = "rows"
    title = "our own rows; TRL's tool calls"
    columns: ClassVar[tuple[str, ...]] = ("messages", "tools")
    holds = "everything"

    def detects(self, row: Mapping[str, Any]) -> bool:
        """Whether there are messages, and tools or calls that are no text."""
        messages = row.get("messages")
        calls = isinstance(messages, list) and any(map(has_tool_calls, messages))
        return calls or ("messages" in row and row.get("tools") is not None)

    def read(self, row: Mapping[str, Any], source: str, default_id: str) -> list[Example]:
        """The example, as `fgdata.example` reads it."""
        return [example_from_row(row, source, default_id)]

    def write(self, example: Example, values: Values, number: int) -> dict[str, Any]:
        """The row, arguments as mappings."""
        return example.to_row()


def has_tool_calls(message: Any) -> bool:
    """Whether a message of a row makes calls in `tool_calls`."""
    return isinstance(message, Mapping) and bool(message.get("tool_calls"))
