"""Columns `messages` and `tools` as JSON text, which Arrow keeps as it is: the fitness data as published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fgdata.dialects.layout import Values
from fgdata.dialects.rows import Rows
from fgdata.example import Example


class JsonColumns(Rows):
    """Our rows with text for every column that is not plain."""

    name = "json-columns"
    title = "messages and tools as JSON text; fitness as published"

    def detects(self, row: Mapping[str, Any]) -> bool:
        """Whether the messages are text."""
        return isinstance(row.get("messages"), str)

    def write(self, example: Example, values: Values, number: int) -> dict[str, Any]:
        """The row; messages, tools, slots and gold as JSON text."""
        return {
            name: json.dumps(value, ensure_ascii=False)
            if name in ("messages", "tools", "slots", "gold")
            else value
            for name, value in example.to_row().items()
        }
