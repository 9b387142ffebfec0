"""Columns `system`, `user`, `assistant` and `tools`: the fitness data as its document shows it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fgdata.dialects.layout import Layout, Values, beside
from fgdata.dialects.messages import plain_call
from fgdata.dialects.turns import developer_text, flat_tools, user_text
from fgdata.example import Example
from fgdata.schema import read_json


class PromptColumns(Layout):
    """One question and one answer; the answer and the tools as JSON text."""

    name = "prompt-columns"
    title = "system, user, assistant, tools; fitness as documented"
    columns = ("system", "user", "assistant", "tools")
    holds = "one turn; calls or text, not both"

    def detects(self, row: Mapping[str, Any]) -> bool:
        """Whether what is asked and what is answered are columns of their own."""
        return "user" in row and "assistant" in row

    def read(self, row: Mapping[str, Any], source: str, default_id: str) -> list[Example]:
        """The example: `system` is the developer's message; an answer that is no call in JSON is a text.

        Raises: DataError with everything that keeps it from being one.
        """
        messages = [{"role": "user", "content": row["user"]}, _answer(row["assistant"])]
        if row.get("system"):
            messages.insert(0, {"role": "developer", "content": row["system"]})
        parts = {"messages": messages, "tools": row.get("tools") or None}
        return [self._example(row, parts, source, default_id)]

    def write(self, example: Example, values: Values, number: int) -> dict[str, Any]:
        """The row, with the last user message and the answer."""
        row = beside(example)
        answer = example.messages[-1]
        calls = [plain_call(entry) for entry in answer.get("tool_calls") or []]
        written = json.dumps(calls[0] if len(calls) == 1 else calls, ensure_ascii=False)
        parts: dict[str, Any] = {"id": row.pop("id")}
        if system := developer_text(example.messages):
            parts["system"] = system
        parts["user"] = user_text(example.messages)
        parts["assistant"] = written if calls else answer.get("content") or ""
        if example.tools is not None:
            parts["tools"] = json.dumps(flat_tools(example.tools), ensure_ascii=False)
        return {**row, **parts}


def _answer(answer: Any) -> dict[str, Any]:
    """The assistant's message in a column: a call, a list of calls, both maybe as JSON text, or a text."""
    decoded = answer
    if isinstance(answer, str):
        try:
            decoded = read_json(answer)
        except (ValueError, RecursionError):
            decoded = answer
    entries = [decoded] if isinstance(decoded, dict) else decoded
    if isinstance(entries, list) and entries and all(isinstance(entry, dict) for entry in entries):
        return {"role": "assistant", "tool_calls": entries}
    return {"role": "assistant", "content": answer}
