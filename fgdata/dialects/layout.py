"""What every layout can do: tell its rows, read the examples in one, write an example as a row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from fgdata.errors import DataError, Problem
from fgdata.example import Example, example_from_row
from fgdata.format import TRIGGER
from fgdata.schema import read_json

Values = Literal["bare", "escaped"]
"""How numbers and booleans stand in native text: bare, as the official template writes them, or inside `<escape>`."""


class Layout(ABC):
    """A way to keep a row. A subclass for each, in a file of its own."""

    name: ClassVar[str]
    """What it is called in reports and flags."""
    title: ClassVar[str]
    """What it is, in a few words."""
    columns: ClassVar[tuple[str, ...]] = ()
    """Its own columns; others are kept beside them under their names."""
    holds: ClassVar[str] = ""
    """What it has a place for, in words."""

    @abstractmethod
    def detects(self, row: Mapping[str, Any]) -> bool:
        """Whether the row's columns are this layout's."""

    @abstractmethod
    def read(self, row: Mapping[str, Any], source: str, default_id: str) -> list[Example]:
        """The examples in a row; one, but for layouts that keep several in a row.

        Raises: DataError with everything that keeps it from being read.
        """

    @abstractmethod
    def write(self, example: Example, values: Values, number: int) -> dict[str, Any]:
        """The row of an example whose calls are `tool_calls` (`fgdata.dialects.messages.with_tool_calls`).

        What the layout has no place for is left out: `convert` finds it by reading the row back.

        Args:
            number: of the row in its file, from 1.
        Raises: DataError for an example that the layout has no row for at all; FormatError.
        """

    def _example(
        self, row: Mapping[str, Any], parts: Mapping[str, Any], source: str, default_id: str
    ) -> Example:
        """The example of `parts` (`messages`, `tools`, …) with the row's other columns beside them."""
        beside = {name: value for name, value in row.items() if name not in self.columns}
        return example_from_row({**beside, **parts}, source, default_id)


def beside(example: Example) -> dict[str, Any]:
    """What a row holds beside messages and tools: id, provenance, slots, gold, columns of others."""
    row = example.to_row()
    del row["messages"]
    row.pop("tools", None)
    return row


def json_text(value: Any, name: str, source: str) -> Any:
    """`value`, or what its JSON text holds.

    Raises: DataError if it is text that is no JSON.
    """
    if not isinstance(value, str):
        return value
    try:
        return read_json(value)
    except (ValueError, RecursionError) as error:
        raise DataError(Problem(source, f"`{name}` is text that is no JSON ({error}).")) from error


def list_of_objects(value: Any, name: str, source: str) -> list[dict[str, Any]]:
    """`value`. Raises: DataError unless it is a list of objects."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise DataError(Problem(source, f"`{name}` must be a list of objects, not {str(value)[:60]!r}."))
    return value


def with_trigger(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages with the developer line that the model was trained on: first, or last in the developer message there is."""
    first = messages[0] if messages else {}
    if first.get("role") not in ("developer", "system"):
        return [{"role": "developer", "content": TRIGGER}, *messages]
    content = first.get("content")
    if not isinstance(content, str) or TRIGGER in content:
        return list(messages)
    return [{**first, "content": f"{content}\n{TRIGGER}"}, *messages[1:]]


def without_trigger(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages as `with_trigger` found them."""
    first = messages[0] if messages else {}
    content = first.get("content")
    if first.get("role") not in ("developer", "system") or not isinstance(content, str):
        return list(messages)
    if content == TRIGGER and first["role"] == "developer":
        return list(messages[1:])
    kept = content.removesuffix(f"\n{TRIGGER}")
    return [{**first, "content": kept}, *messages[1:]] if kept != content else list(messages)
