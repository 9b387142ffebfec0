"""JSONL rows: reading with every problem told, columns kept as JSON text, files that appear whole or not at all."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from strategies import arguments, conversations, tool_lists

from fgdata.errors import DataError
from fgdata.example import Example, example_from_row, read_jsonl, scan_jsonl, write_jsonl
from fgdata.schema import Call

USER = {"role": "user", "content": "온도 2도 올려줘"}
ANSWER = {
    "role": "assistant",
    "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": {"a": 1}}}],
}
ROW = {"id": "1", "messages": [USER, ANSWER], "tools": [{"type": "function", "function": {"name": "f"}}]}


def write(path: Path, *lines: str | bytes) -> Path:
    """A file with these lines."""
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines) + b"\n")
    return path


def problems(path: Path) -> list[str]:
    """What `read_jsonl` says is wrong with a file, without the folder's name."""
    with pytest.raises(DataError) as caught:
        read_jsonl(path)
    return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]


@given(conversations(), tool_lists, arguments)
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, messages: Any, tools: Any, slots: Any) -> None:
    """What is written is read back unchanged, types included, and the same bytes are written again."""
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    example = Example("x", messages, tools, pack="p", intent="i", kind="call", language="ko", slots=slots)
    assert write_jsonl(path, [example.to_row()]) == 1
    (read,) = read_jsonl(path)
    assert read == example
    assert read.source == f"{path}:1"
    assert json.dumps(read.to_row()) == json.dumps(example.to_row())


def test_row_layout() -> None:
    """A row holds what is known, flat, in one order; what is not known is left out."""
    example = Example("x", [USER, ANSWER], None, language="ko", pack="p", slots={"n": 2})
    assert list(example.to_row()) == ["id", "messages", "pack", "language", "slots"]
    assert list(Example("x", [USER, ANSWER], []).to_row()) == ["id", "messages", "tools"]


def test_columns_as_json_text(tmp_path: Path) -> None:
    """Published data sets keep messages, tools and slots as JSON text, since Arrow would unify their keys."""
    as_text = ROW | {
        "messages": json.dumps(ROW["messages"]),
        "tools": json.dumps(ROW["tools"]),
        "slots": '{"n": 2}',
    }
    (example,) = read_jsonl(write(tmp_path / "a.jsonl", json.dumps(as_text)))
    assert (example.messages, example.tools, example.slots) == (ROW["messages"], ROW["tools"], {"n": 2})


@pytest.mark.parametrize(
    ("row", "expected"),
    [({"id": ""}, "a:1"), ({"id": None}, "a:1"), ({}, "a:1"), ({"id": 0}, "0"), ({"id": "x"}, "x")],
)
def test_ids(row: dict[str, Any], expected: str) -> None:
    """A row without an id is called by file and line; 0 is an id."""
    assert example_from_row({"messages": [USER, ANSWER], **row}, "a.jsonl:1", "a:1").id == expected


def test_broken_lines_are_all_told(tmp_path: Path) -> None:
    """One run tells every broken line of a file, with file and line."""
    path = write(
        tmp_path / "rows.jsonl",
        json.dumps(ROW),
        "",
        "{",
        "[1]",
        b'{"messages": "\xff"}',
        '{"messages": []}',
        '{"messages": "{"}',
        json.dumps({"messages": [USER]}),
        json.dumps({"messages": [USER, {"role": "assistant"}]}),
        json.dumps({"messages": [USER, ANSWER], "tools": {"f": 1}}),
        json.dumps({"messages": [USER, ANSWER], "slots": 5}),
        json.dumps({"messages": [USER, ANSWER | {"tool_calls": ["f"]}]}),
        '{"id": NaN}',
        '{"id": ' + "9" * 5000 + "}",
        "[" * 100_000,
        json.dumps(ROW),
    )
    told = problems(path)
    expected = [
        "rows.jsonl:3: is no JSON",
        "rows.jsonl:4: a row must be a JSON object, not list",
        "rows.jsonl:5: is not UTF-8 (invalid start byte at byte 14)",
        "rows.jsonl:6: `messages` must be a list of messages, not '[]'",
        "rows.jsonl:7: `messages` is text that is no JSON",
        "rows.jsonl:8: the last message is 'user''s",
        "rows.jsonl:9: the assistant's last message is empty",
        "rows.jsonl:10: `tools` must be a list of tools",
        "rows.jsonl:11: `slots` must be an object, not '5'",
        "rows.jsonl:12: `tool_calls` must be a list of objects (messages [1])",
        "rows.jsonl:13: is no JSON (NaN is no JSON number)",
        "rows.jsonl:14: is no JSON",
        "rows.jsonl:15: is no JSON",
        "rows.jsonl:16: the id '1' is taken by",
    ]
    assert [line[: len(start)] for line, start in zip(told, expected, strict=True)] == expected


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, a folder, and a file without rows are errors with their name."""
    assert problems(tmp_path / "none.jsonl") == ["none.jsonl: cannot be read: No such file or directory."]
    assert "cannot be read" in problems(tmp_path)[0]
    assert problems(write(tmp_path / "empty.jsonl", "", " ")) == ["empty.jsonl: has no rows."]


def test_scanning_goes_on_after_a_broken_line(tmp_path: Path) -> None:
    """A reader that wants to count broken lines gets them one by one among the examples."""
    path = write(tmp_path / "rows.jsonl", json.dumps(ROW), "{", json.dumps(ROW))
    assert [type(item).__name__ for item in scan_jsonl(path)] == ["Example", "DataError", "Example"]


def test_expected_calls() -> None:
    """Calls given as `tool_calls`, as native text or as parts of text are the same; text alone is no call."""
    native = "<start_function_call>call:f{a:1}<end_function_call>"
    for answer in (
        ANSWER,
        {"role": "assistant", "content": native},
        {"role": "model", "content": [{"type": "text", "text": native}]},
    ):
        assert Example("x", [USER, answer]).expected_calls == (Call("f", {"a": 1}),)
    assert Example("x", [USER, {"role": "assistant", "content": "네."}]).expected_calls == ()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            {"content": "<start_function_call>call:f{a:"},
            "a.jsonl:7: the answer does not read at character 30",
        ),
        ({"content": 5}, "a.jsonl:7: the content is '5'"),
        ({"tool_calls": [{"name": "f", "arguments": "{"}]}, "a.jsonl:7: arguments of 'f' are no JSON"),
    ],
)
def test_expected_calls_that_do_not_read(answer: dict[str, Any], told: str) -> None:
    """An answer that does not read is an error of its row."""
    with pytest.raises(DataError) as caught:
        _ = Example("x", [USER, {"role": "assistant", **answer}], source="a.jsonl:7").expected_calls
    assert str(caught.value).startswith(told)


def test_utterance_and_prompt() -> None:
    """The last user message is the utterance; the prompt is everything before the answer."""
    parts = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": " 어때? "}]}
    assert Example("x", [USER, ANSWER]).utterance == "온도 2도 올려줘"
    assert Example("x", [USER, ANSWER, parts, ANSWER]).utterance == "어때?"
    assert Example("x", [ANSWER]).utterance == ""
    assert Example("x", [USER, ANSWER]).prompt_messages == [USER]
    assert list(Example("x", [USER, ANSWER], ROW["tools"]).declared_tools) == ["f"]  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [math.nan, math.inf, "\ud800"])
def test_nothing_is_half_written(tmp_path: Path, value: Any) -> None:
    """A row that cannot be written leaves the old file as it was and no other behind."""
    path = tmp_path / "rows.jsonl"
    write_jsonl(path, [{"id": "old"}])
    with pytest.raises(DataError, match=r"rows.jsonl:2: row 'bad' cannot be written"):
        write_jsonl(path, [{"id": "good"}, {"id": "bad", "value": value}])
    assert path.read_text() == '{"id": "old"}\n'
    assert [entry.name for entry in tmp_path.iterdir()] == ["rows.jsonl"]


def test_nothing_is_written_when_rows_fail(tmp_path: Path) -> None:
    """An error while the rows are made leaves no file, not even a part of one."""

    def rows() -> Any:
        yield {"id": "1"}
        raise KeyError("broken")

    with pytest.raises(KeyError):
        write_jsonl(tmp_path / "rows.jsonl", rows())
    assert list(tmp_path.iterdir()) == []
