"""The layouts in which people keep rows, each a small object that knows its rows and reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from fgdata.errors import DataError, Problem
from fgdata.example import PROVENANCE, Example, example_from_row
from fgdata.schema import read_json


class Layout(Protocol):
    """A way to keep a row."""

    @property
    def name(self) -> str:
        """What it is called in reports."""

    def detects(self, row: Mapping[str, Any]) -> bool:
        """Whether the row's columns are this layout's."""

    def read(self, row: Mapping[str, Any], source: str, default_id: str) -> Example:
        """The example in a row. Raises: DataError with everything that keeps it from being one."""


class Rows:
    """Our own rows: `messages` and `tools` as JSON, with or without provenance."""

    name = "rows"

    def detects(self, row: Mapping[str, Any]) -> bool:
        """Whether there are messages and tools."""
        return "messages" in row and row.get("tools") is not None

    def read(self, row: Mapping[str, Any], source: str, default_id: str) -> Example:
        """The example, as `fgdata.example` reads it."""
        return example_from_row(row, source, default_id)


class NativeText(Rows):
    """`messages` without tools: the answer is native call text, and the developer line stands for the tools."""

    name = "native-text"

    def detects(self, row: Mapping[str, Any]) -> bool:
        """Whether there are messages and no tools."""
        return "messages" in row and row.get("tools") is None


class JsonColumns(Rows):
    """Columns `messages` and `tools` that hold JSON text, which Arrow keeps as it is."""

    name = "json-columns"

    def detects(self, row: Mapping[str, Any]) -> bool:
        """Whether the messages are text."""
        return isinstance(row.get("messages"), str)


class PromptColumns:
    """Columns `system`, `user`, `assistant` and `tools`; the answer and the tools as JSON text."""

    name = "prompt-columns"

    def detects(self, row: Mapping[str, Any]) -> bool:
        """Whether what is asked and what is answered are columns of their own."""
        return "user" in row and "assistant" in row

    def read(self, row: Mapping[str, Any], source: str, default_id: str) -> Example:
        """The example: `system` is the developer's message; an answer that is no call in JSON is a text.

        Raises: DataError with everything that keeps it from being one.
        """
        messages = [{"role": "user", "content": row["user"]}, _answer(row["assistant"])]
        if row.get("system"):
            messages.insert(0, {"role": "developer", "content": row["system"]})
        kept = {name: row[name] for name in ("id", "slots", *PROVENANCE) if name in row}
        return example_from_row(
            {**kept, "messages": messages, "tools": row.get("tools") or None}, source, default_id
        )


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


LAYOUTS: tuple[Layout, ...] = (JsonColumns(), Rows(), NativeText(), PromptColumns())
"""In the order they are tried."""


@dataclass(slots=True)
class LayoutReader:
    """Reads the rows of one file, each in the layout that detects it, and counts them."""

    counts: Counter[str] = field(default_factory=Counter)
    _last: Layout = LAYOUTS[0]

    def read(self, row: Any, source: str, default_id: str) -> Example:
        """The example in a decoded row.

        Raises: DataError if no layout knows its columns, or with everything that keeps it from being an example.
        """
        if not isinstance(row, dict):
            return example_from_row(row, source, default_id)  # says that a row must be an object
        if not self._last.detects(row):
            found = next((layout for layout in LAYOUTS if layout.detects(row)), None)
            if found is None:
                names = ", ".join(map(repr, row)) or "none"
                raise DataError(
                    Problem(
                        source,
                        f"no layout has these columns: {names[:200]}.",
                        "See docs/lint.md for the layouts.",
                    )
                )
            self._last = found
        example = self._last.read(row, source, default_id)
        self.counts[self._last.name] += 1
        return example
