"""Mobile Actions (google/mobile-actions): `metadata`, `tools` with types in upper case, `messages` with `tool_calls`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fgdata.dialects.layout import Values, beside
from fgdata.dialects.rows import Rows
from fgdata.dialects.turns import flat_tools
from fgdata.dialects.types import upper_types
from fgdata.example import Example


class MobileActions(Rows):
    """One file for both splits: `metadata` says which a row is of."""

    name = "mobile-actions"
    title = "Google's Mobile Actions: metadata, tools, messages"
    columns = ("metadata", "tools", "messages")
    holds = "everything but names of types in lower case, which mean the same; `metadata` is `train` where it is not known"

    def detects(self, row: Mapping[str, Any]) -> bool:
        """Whether `metadata` names a split beside messages and tools."""
        return row.get("metadata") in ("train", "eval") and "messages" in row and "tools" in row

    def write(self, example: Example, values: Values, number: int) -> dict[str, Any]:
        """The row, types in upper case."""
        row = beside(example)
        metadata = row.pop("metadata", None)
        if metadata not in ("train", "eval"):
            metadata = "train"
        parts: dict[str, Any] = {"id": row.pop("id"), "metadata": metadata}
        if example.tools is not None:
            parts["tools"] = [
                {"function": {k: upper_types(v) if k == "parameters" else v for k, v in body.items()}}
                for body in flat_tools(example.tools)
            ]
        return {**parts, "messages": example.messages, **row}
