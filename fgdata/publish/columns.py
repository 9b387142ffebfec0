"""Rows as columns of a table, and back: which type a column has, and the layouts in which a data set is published."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeAlias, get_args

from fgdata import dialects
from fgdata.dialects import LayoutReader, layout_named
from fgdata.dialects.losses import differences, parts
from fgdata.dialects.messages import with_tool_calls
from fgdata.errors import DataError, FgError, Problem
from fgdata.example import Example
from fgdata.schema import tools_by_name

Layout: TypeAlias = Literal["rows", "json-columns", "prompt-columns"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
Column: TypeAlias = Literal["string", "bool", "int64", "float64", "json"]
Row: TypeAlias = Mapping[str, Any]

_SCALARS: dict[type, Column] = {str: "string", bool: "bool", int: "int64", float: "float64"}


def json_text(value: Any) -> str:
    """A value as the JSON text that a column holds."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


class ColumnTypes:
    """The columns that rows have, each with the narrowest type that holds all its values unchanged."""

    def __init__(self) -> None:
        self._types: dict[str, Column | None] = {}

    def add(self, row: Row) -> None:
        """Widen the types by a row's values."""
        for name, value in row.items():
            known = self._types.setdefault(name, None)
            if value is None or known == "json":
                continue
            found = _SCALARS.get(type(value), "json")
            if found == "int64" and not -(2**63) <= value < 2**63:
                found = "json"
            # 1 and 1.0 in one column stay what they are: no number is turned into another type.
            self._types[name] = found if known in (None, found) else "json"

    def result(self) -> dict[str, Column]:
        """Name -> type; a column in which nothing stands is one of texts."""
        return {name: kind or "string" for name, kind in self._types.items()}


def row_writer(layout: Layout) -> Callable[[Any, str, str], Row]:
    """What makes a published row of a decoded line, its `file:line` and the id it has if it states none.

    Its errors are DataErrors of rows that the layout cannot express.
    """
    if layout == "rows":
        return _as_it_is
    reader, goal = LayoutReader(), layout_named(layout)

    def write(row: Any, source: str, default_id: str) -> Row:
        example, *more = reader.read(row, source, default_id)
        if more:
            raise DataError(
                Problem(
                    source,
                    f"holds {1 + len(more)} examples in one row.",
                    "Convert it first: fgdata convert --to rows.",
                )
            )
        try:
            return _published(example, goal)
        except DataError:
            raise
        except FgError as error:
            raise DataError(*error.problems) from error

    return write


def _published(example: Example, goal: dialects.Layout) -> Row:
    """The example as a row whose columns are texts. Raises: DataError if the layout has no place for a part of it; FgError."""
    where = example.source or example.id
    tools = tools_by_name(example.tools or ())
    typed = with_tool_calls(example, tools).example
    # Messages that are JSON text stand as they are; a layout of one turn has a place for calls alone.
    written = goal.write(example if goal.name == "json-columns" else typed, "bare", 1)
    row = {
        name: value if isinstance(value, str) or value is None else json_text(value)
        for name, value in written.items()
    }
    again = [with_tool_calls(one, tools).example for one in goal.read(row, where, example.id)]
    lost = [f"{name} ({how})" for name, how in differences(parts(typed), parts(again[0]))]
    if lost:
        raise DataError(
            Problem(
                where, f"cannot be a row of {goal.name}: {'; '.join(lost)}.", "Publish it as json-columns."
            )
        )
    return row


def _as_it_is(row: Any, source: str, default_id: str) -> Row:
    if not isinstance(row, dict):
        raise DataError(Problem(source, f"a row must be a JSON object, not {type(row).__name__}."))
    return row


def columns_of(rows: Iterable[Row]) -> dict[str, Column]:
    """The columns of some rows."""
    types = ColumnTypes()
    for row in rows:
        types.add(row)
    return types.result()
