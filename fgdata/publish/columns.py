"""Rows as columns of a table, and back: which type a column has, and the layouts in which a data set is published."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Literal, TypeAlias, get_args

from fgdata.dialects import LayoutReader
from fgdata.errors import DataError, FgError, Problem
from fgdata.example import PROVENANCE, Example
from fgdata.format import message_text, render_call
from fgdata.format.tokens import START_CALL, START_RESPONSE

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
    reader = LayoutReader()

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
        kept = {name: value for name, value in row.items() if name not in _OWN}
        columns = json_columns(example) if layout == "json-columns" else prompt_columns(example)
        return columns | {
            name: value if isinstance(value, str) or value is None else json_text(value)
            for name, value in kept.items()
        }

    return write


_OWN = ("id", "messages", "tools", "system", "user", "assistant", "slots", *PROVENANCE)
"""Columns that a layout writes by itself; all others of a row come after them."""


def _as_it_is(row: Any, source: str, default_id: str) -> Row:
    if not isinstance(row, dict):
        raise DataError(Problem(source, f"a row must be a JSON object, not {type(row).__name__}."))
    return row


def _provenance(example: Example) -> dict[str, Any]:
    known: dict[str, Any] = {name: getattr(example, name) for name in PROVENANCE if getattr(example, name)}
    return known | ({"slots": json_text(example.slots)} if example.slots else {})


def json_columns(example: Example) -> dict[str, Any]:
    """A row whose `messages` and `tools` are JSON text."""
    row: dict[str, Any] = {"id": example.id, "messages": json_text(example.messages)}
    if example.tools is not None:
        row["tools"] = _text_of_tools(json_text(example.tools))
    return row | _provenance(example)


@lru_cache(maxsize=64)
def _text_of_tools(text: str) -> str:
    return text  # one object for the many rows that declare the same


def prompt_columns(example: Example) -> dict[str, Any]:
    """A row of columns `system`, `user`, `assistant` and `tools`: a call as `{"name", "arguments"}`, several as a list.

    Raises: DataError for a conversation of more turns, or an answer that would be read back as something else.
    """
    where = example.source or example.id
    roles = [message.get("role") for message in example.messages]
    if roles[:1] in (["developer"], ["system"]):
        roles = roles[1:]
    if roles not in (["user", "assistant"], ["user", "model"]):
        raise DataError(
            Problem(
                where,
                f"has the turns {roles}; these columns hold one request and one answer.",
                "Publish it as json-columns.",
            )
        )
    system = message_text(example.messages[0].get("content")) if len(example.messages) == 3 else ""
    row = {
        "id": example.id,
        "system": system,
        "user": example.utterance,
        "assistant": _answer_text(example, where),
    }
    tools = [entry.get("function", entry) for entry in example.tools or ()]
    if example.tools is not None:
        row["tools"] = _text_of_tools(json_text(tools))
    return row | _provenance(example)


def _answer_text(example: Example, where: str) -> str:
    message = example.messages[-1]
    text = message_text(message.get("content"))
    try:
        calls = example.expected_calls
    except FgError as error:
        raise DataError(*error.problems) from error
    if not calls:
        if text.lstrip().startswith(("{", "[")):
            raise DataError(
                Problem(
                    where,
                    "its answer is a text that looks like JSON; it would be read back as a call.",
                    "Publish it as json-columns.",
                )
            )
        return text
    plain = "".join(render_call(call) for call in calls)
    escaped = "".join(render_call(call, values="escaped") for call in calls)
    if text and START_CALL in text and text.removesuffix(START_RESPONSE) not in (plain, escaped):
        raise DataError(Problem(where, "its answer is more than its calls.", "Publish it as json-columns."))
    if text and START_CALL not in text:
        raise DataError(Problem(where, "its answer has a text and calls.", "Publish it as json-columns."))
    entries = [{"name": call.name, "arguments": dict(call.arguments)} for call in calls]
    return json_text(entries[0] if len(entries) == 1 else entries)


def columns_of(rows: Iterable[Row]) -> dict[str, Column]:
    """The columns of some rows."""
    types = ColumnTypes()
    for row in rows:
        types.add(row)
    return types.result()
