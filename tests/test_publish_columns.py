"""Rows as text columns: what they have no place for is refused with its place, and never left out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from train_rows import call, tool_calls_row

from fgdata.errors import DataError
from fgdata.publish.columns import row_writer

ROW = tool_calls_row("온도 2도 올려줘", call("adjust_temperature", delta=2))


def answered(**message: Any) -> dict[str, Any]:
    """The row with another answer."""
    return {**ROW, "messages": [*ROW["messages"][:-1], {"role": "assistant", **message}]}


@pytest.mark.parametrize(
    "row",
    [
        {**ROW, "messages": [*ROW["messages"], {"role": "user", "content": "아니"}, {"role": "assistant", "content": "네"}]},
        answered(content='{"name": "adjust_temperature", "arguments": {"delta": 2}}'),
        answered(content="네.", tool_calls=ROW["messages"][-1]["tool_calls"]),
    ],
    ids=["two turns", "a text that reads as a call", "a text beside a call"],
)  # fmt: skip
def test_one_turn_of_calls_or_text(row: dict[str, Any]) -> None:
    """`prompt-columns` hold one request and calls or a text; JSON columns hold any of these rows."""
    with pytest.raises(DataError, match=r"rows\.jsonl:1: cannot be a row of prompt-columns: .*json-columns"):
        row_writer("prompt-columns")(row, "rows.jsonl:1", "rows:1")
    written = row_writer("json-columns")(row, "rows.jsonl:1", "rows:1")
    assert json.loads(written["messages"]) == row["messages"]


def test_native_text_is_written_as_calls() -> None:
    """An answer in the model's own text becomes the same calls, with the types of the tool's schema."""
    text = "<start_function_call>call:adjust_temperature{delta:<escape>2<escape>}<end_function_call>"
    written = row_writer("prompt-columns")(answered(content=text), "rows.jsonl:1", "rows:1")
    assert json.loads(written["assistant"]) == {"name": "adjust_temperature", "arguments": {"delta": 2}}
    assert all(isinstance(value, str) for value in written.values())


def test_several_examples_in_one_row() -> None:
    """A row of a layout that keeps several is told what to do first."""
    from layout_rows import ROWS

    with pytest.raises(DataError, match="examples in one row"):
        row_writer("json-columns")(ROWS["functionchat-singlecall"][0], "rows.jsonl:1", "rows:1")
