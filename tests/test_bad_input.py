"""What JSON and Python read without a word, and a row or a pack cannot mean: said, with its place, never guessed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_pack import TOOLS, write_pack

from fgdata.cli import main
from fgdata.errors import DataError, FgError, SchemaError
from fgdata.example import read_jsonl
from fgdata.format import TRIGGER
from fgdata.pack_reader import read_pack
from fgdata.schema import Call, read_json

ROW: dict[str, Any] = {
    "messages": [
        {"role": "developer", "content": TRIGGER},
        {"role": "user", "content": "warmer"},
        {
            "role": "assistant",
            "tool_calls": [{"function": {"name": "set_light", "arguments": {"level": 5}}}],
        },
    ],
    "tools": TOOLS,
}
LINE = json.dumps(ROW)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": NaN}', "NaN is no JSON number"),
        ('{"a": -Infinity}', "-Infinity is no JSON number"),
        ('{"a": 1e999}', "the number 1e999 is too large"),
        ('{"a": 1, "b": 2, "a": 3}', "the key 'a' is given twice"),
    ],
)
def test_json_that_means_nothing_for_sure(text: str, message: str) -> None:
    """Refused in a row and in arguments given as JSON text alike."""
    with pytest.raises(ValueError, match=message):
        read_json(text)
    with pytest.raises(SchemaError, match=message):
        Call.from_json({"name": "f", "arguments": text})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (LINE.replace('"level": 5', '"level": 1e999'), "too large"),
        (LINE.replace('"level": 5', '"level": 5, "level": 6'), "'level' is given twice"),
        (LINE.replace('"warmer"', "5"), "the content of message 1 is '5'"),
        (LINE.replace('"user"', '["user"]'), "the role of message 1"),
    ],
)
def test_rows_that_are_none(tmp_path: Path, line: str, message: str) -> None:
    """Each is a problem of its line."""
    file = tmp_path / "rows.jsonl"
    file.write_text(line)
    with pytest.raises(DataError, match=message) as caught:
        read_jsonl(file)
    assert caught.value.problems[0].where == f"{file}:1"


def test_encodings(tmp_path: Path) -> None:
    """A byte order mark and CRLF are read; UTF-16 is no UTF-8, and is not guessed at."""
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + LINE.encode() + b"\r\n")
    assert read_jsonl(file)[0].utterance == "warmer"
    file.write_bytes(LINE.encode("utf-16"))
    with pytest.raises(DataError, match="is not UTF-8"):
        read_jsonl(file)


@pytest.mark.parametrize(
    "flags",
    [
        ["stats", "{empty}"],
        ["show", "{row}", "--limit", "-1"],
        ["lint", "{row}", "--limit", "-1"],
        ["generate", "{pack}", "--rows", "1" + "0" * 400, "--out", "{new}"],
        ["generate", "{pack}", "--out", "x" * 300],
        ["check", "x" * 300],
        ["generate", "{pack}", "--out", "", "--force"],
        ["generate", "{pack}", "--out", "{new}", "--shard", "²/³"],
        ["convert", "{row}", "", "--to", "rows"],
        ["init", "x", "--tools", "{row}", "--out", " "],
        ["schema", "--out", ""],
    ],
)
def test_commands_that_cannot_run(
    tmp_path: Path, flags: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 and an error; nothing is written."""
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "row.jsonl").write_text(LINE)
    write_pack(tmp_path / "pack")
    paths = {"empty": "empty.jsonl", "row": "row.jsonl", "pack": "pack", "new": "new"}
    arguments = [flag.format(**{name: tmp_path / path for name, path in paths.items()}) for flag in flags]
    try:
        code = main(arguments)
    except SystemExit as stopped:  # argparse's own
        code = int(str(stopped.code))
    assert code == 2
    assert "error:" in capfd.readouterr().err
    assert not (tmp_path / "new").exists()


def test_out_may_be_a_link(tmp_path: Path) -> None:
    """A link to an empty folder is followed."""
    write_pack(tmp_path / "pack")
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    assert main(["generate", str(tmp_path / "pack"), "--rows", "40", "--out", str(tmp_path / "link")]) == 0
    assert (tmp_path / "there" / "manifest.json").is_file()


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("tools.json", '"maximum": 100', '"maximum": ' + "9" * 5000, "is no JSON"),
        ("tools.json", '"maximum": 100', '"maximum": 100, "maximum": 99', "'maximum' is given twice"),
        ("slots.yaml", "to: 100, step: 5", "to: 1.0e+30, step: 0.00001", "numbers. At most"),
        ("slots.yaml", "to: 100,", f"to: 0x{'f' * 5000},", "more than 18 digits"),
        ("pack.yaml", "call: 0.7", f"call: 1{'0' * 400}", "more than 18 digits"),
    ],
)
def test_numbers_of_a_pack(tmp_path: Path, file: str, old: str, new: str, message: str) -> None:
    """Numbers that Python stumbles over are problems of the pack."""
    folder = write_pack(tmp_path / "pack")
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))
    with pytest.raises(FgError, match=message):
        read_pack(folder)


def test_empty_names_and_odd_digits(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Both are told in a sentence; an empty name is not the folder one is in."""
    for flags, said in ((["--out", ""], "the name is empty; write ."), (["--out", "a", "--shard", "²/³"], "'²/³' is no shard; write I/N")):  # fmt: skip
        with pytest.raises(SystemExit):
            main(["generate", str(write_pack(tmp_path)), *flags])
        assert said in capfd.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"id": "1", "messages": [\n{"role"', "is no JSON (it breaks off at its end)"),
        ('{"id": "1", "messages": [{"role": "us\n', "is no JSON (it breaks off at its end)"),
        (
            '{"id": 1,, "a": 2}\n',
            "is no JSON (Expecting property name enclosed in double quotes at character 10)",
        ),
    ],
)
def test_lines_that_break_off(tmp_path: Path, text: str, said: str) -> None:
    """The line that is told is the file's; where in it, a character."""
    file = tmp_path / "rows.jsonl"
    file.write_text(text)
    with pytest.raises(DataError) as caught:
        read_jsonl(file)
    assert f"{file}:1: {said}" in str(caught.value.problems[0])
    assert "line 2" not in str(caught.value.problems[0])
