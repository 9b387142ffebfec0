"""Rows whose tools are decoded once: the same values and the same complaints as without."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import tool_lists

from fgdata.example import read_jsonl, write_jsonl
from fgdata.row_decoder import RowDecoder
from fgdata.schema import read_json

TOOLS = [
    {"type": "function", "function": {"name": "켜기", "parameters": {"type": "object", "properties": {}}}}
]
ROW = {"id": "1", "messages": [{"role": "user", "content": "켜 줘"}], "tools": TOOLS, "slots": {"n": 1}}


def text(row: Any, **how: Any) -> str:
    """The row as JSON text."""
    return json.dumps(row, ensure_ascii=False, **how)


LINES = [
    text(ROW | {"id": "2"}),
    text(ROW, separators=(",", ":")),
    json.dumps(ROW),  # Hangul as escapes
    text({"tools": TOOLS, "id": "first"}),
    text({"id": "last", "tools": TOOLS}),
    text({"id": "none"}),
    text({"id": "null", "tools": None}),
    text({"id": "empty", "tools": []}),
    text({"id": "others", "tools": [*TOOLS, *TOOLS]}),
    text({"id": "nested", "meta": {"tools": TOOLS}}),
    text({"id": "both", "meta": {"tools": TOOLS}, "tools": [{"a": 1}]}),
    text({"id": "both alike", "meta": {"tools": TOOLS}, "tools": TOOLS}),
    text({"id": "null and nested", "tools": None, "meta": {"tools": TOOLS}}),
    text({"id": "said", "messages": [{"content": f'"tools": {text(TOOLS)}'}]}),
    text({"id": "said and declared", "messages": [{"content": f'"tools": {text(TOOLS)}'}], "tools": TOOLS}),
    text({"id": "as text", "tools": text(TOOLS)}),
    text([ROW]),
    "3",
]
BROKEN = [
    text(ROW)[:-1],
    text(ROW).replace('"slots"', '"tools": [], "slots"'),
    text(ROW).replace('"slots"', "slots"),
    text(ROW).replace('"n": 1', '"n": NaN'),
    text(ROW)[:40],
    "",
]


@pytest.mark.parametrize("first", LINES)
@pytest.mark.parametrize("second", LINES)
def test_values_are_those_of_read_json(first: str, second: str) -> None:
    """Whatever the row before declared, a row has its own values, its keys in their order."""
    decode = RowDecoder()
    for line in (text(ROW), first, second, first):
        found, expected = decode(line), read_json(line)
        assert text(found) == text(expected)


@pytest.mark.parametrize("line", BROKEN)
def test_complaints_are_those_of_read_json(line: str) -> None:
    """A line that is no JSON is told with its own columns, and the next one reads."""
    decode = RowDecoder()
    decode(text(ROW))
    with pytest.raises(ValueError) as expected:
        read_json(line)
    with pytest.raises(ValueError) as caught:
        decode(line)
    assert str(caught.value) == str(expected.value)
    assert decode(text(ROW)) == ROW


@given(st.lists(st.tuples(tool_lists, st.booleans()), min_size=1, max_size=5))
def test_any_tools(rows: list[tuple[Any, bool]]) -> None:
    """Rows of any tools, the same twice or not."""
    decode = RowDecoder()
    for tools, is_twice in rows:
        for line in [text({"id": "a", "tools": tools, "z": 1})] * (1 + is_twice):
            assert text(decode(line)) == text(read_json(line))


def test_rows_share_their_tools(tmp_path: Path) -> None:
    """A file's rows hold one list of the tools that they all declare."""
    rows = [
        ROW | {"id": str(n), "messages": [*ROW["messages"], {"role": "assistant", "content": "네"}]}
        for n in range(3)
    ]  # type: ignore[misc]
    write_jsonl(tmp_path / "rows.jsonl", rows)
    first, second, third = read_jsonl(tmp_path / "rows.jsonl")
    assert first.tools == TOOLS
    assert first.tools is second.tools is third.tools
