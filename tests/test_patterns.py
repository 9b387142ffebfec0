"""Regular expressions of strangers: what they find is what Python finds, and none of them runs for ever."""

from __future__ import annotations

import json
import re
import threading
import time
from pathlib import Path

import pytest
from small_pack import SLOTS, TOOLS, write_pack

from fgdata import patterns
from fgdata.cli import main
from fgdata.errors import PackError
from fgdata.format import render_call
from fgdata.patterns import SlowPatternError, is_found, is_risky
from fgdata.schema import Call, Tool, check_call
from fgeval.ask_markers import asks_for
from fgeval.score import score_completion

EVIL = "^(([a-z])+)+$"
WORSE = "^(([a-z ])+.)+[A-Z]([a-z])+$"
TEXT = "a" * 40 + "!"
PLAIN = ["^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "^[a-z]+$", r"\S", "^(on|off)$", "^#[0-9a-fA-F]{6}$", "", "가*나"]
RISKY = [
    EVIL,
    WORSE,
    "(a|a)*$",
    "(a|b?)+",
    "(a?){30}a{30}",
    "a?" * 30 + "a" * 30,
    "(?:x(?=a*))*",
    "a*a*b",
    "(",
]


@pytest.fixture(autouse=True)
def short_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time runs out soon."""
    monkeypatch.setattr(patterns, "LIMIT_S", 0.1)
    monkeypatch.setattr(patterns, "_slow", set())


def test_plain_and_risky() -> None:
    """Repetitions in one another or side by side are risky; what tools usually ask for is not."""
    assert not [pattern for pattern in PLAIN if is_risky(pattern)]
    assert not [pattern for pattern in RISKY if not is_risky(pattern)]


@pytest.mark.parametrize("pattern", [*PLAIN, *RISKY[:-1]])
@pytest.mark.parametrize("text", ["", "aaa", "2026-01-02", "ab Ab", "가나", "off"])
def test_found_as_python_finds(pattern: str, text: str) -> None:
    """A limit changes no answer."""
    assert is_found(pattern, text) == (re.search(pattern, text) is not None)
    if pattern in PLAIN:
        assert is_found(pattern, text * 2000) == (re.search(pattern, text * 2000) is not None)


@pytest.mark.parametrize("pattern", [EVIL, WORSE, "^(a|a)*$"])
def test_time_runs_out(pattern: str) -> None:
    """A search without end is one error that shows the pattern; the timer is as it was."""
    started = time.process_time()
    for _ in range(3):
        with pytest.raises(SlowPatternError, match=r"takes too long on .*; make its repetitions unambiguous"):
            is_found(pattern, TEXT)
    assert time.process_time() - started < 2
    assert is_found(pattern, "Aab" if pattern == WORSE else "a" * 50) == bool(re.search(pattern, "Aab" if pattern == WORSE else "a" * 50))  # fmt: skip


def test_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no timer can be set, a process of its own searches; the answers are the same."""
    monkeypatch.setattr(patterns, "_START_S", 2.0)
    found: list[object] = []

    def search() -> None:
        found.append(is_found(EVIL, "abc"))
        found.append(is_found(EVIL, "abc1"))
        try:
            is_found(EVIL, TEXT)
        except SlowPatternError as error:
            found.append(error)

    thread = threading.Thread(target=search)
    thread.start()
    thread.join(20)
    assert found[:2] == [True, False]
    assert isinstance(found[2], SlowPatternError)


@pytest.mark.parametrize(
    ("schema", "value", "path"),
    [
        ({"properties": {"room": {"type": "string", "pattern": EVIL}}}, {"room": TEXT}, "set.room: "),
        ({"properties": {"a": {"items": {"pattern": EVIL}}}}, {"a": ["x", TEXT]}, "set.a.1: "),
        ({"properties": {"a": {"not": {"pattern": EVIL}}}}, {"a": TEXT}, "set.a: "),
        ({"patternProperties": {EVIL: {}}}, {TEXT: 1}, f"set.{TEXT}: "),
        ({"propertyNames": {"pattern": EVIL}, "additionalProperties": True}, {TEXT: 1}, f"set.{TEXT}: "),
        ({"unevaluatedProperties": False, "additionalProperties": True, "allOf": [{"patternProperties": {EVIL: {}}}]}, {TEXT: 1}, f"set.{TEXT}: "),
    ],
)  # fmt: skip
def test_calls_are_checked_in_time(schema: dict[str, object], value: dict[str, object], path: str) -> None:
    """Wherever a pattern stands, the one complaint names the tool, the place and the pattern."""
    tool = Tool.from_json({"name": "set", "parameters": {"type": "object", **schema}})
    (complaint,) = check_call(Call("set", value), {"set": tool})  # type: ignore[arg-type]
    assert complaint.startswith(f"{path}the pattern {EVIL!r} takes too long on 'aaa")


def test_a_pack_with_a_slow_pattern(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Checking and generating end with the line of the value, and no traceback."""
    tools = json.loads(json.dumps(TOOLS))
    tools[0]["function"]["parameters"]["properties"]["room"] = {"type": "string", "pattern": WORSE}
    value = "kitchen" + "a" * 36
    slots = SLOTS.replace("value: kitchen", f"value: {value}")
    folder = write_pack(tmp_path / "lamp", tools=json.dumps(tools), slots=slots)
    for command in (
        ["check", str(folder)],
        ["generate", str(folder), "--rows", "400", "--out", str(tmp_path / "out")],
    ):
        assert main(command) == 2
        said = capsys.readouterr()
        assert "slots.yaml:4: " in said.err + said.out
        assert "takes too long on" in said.err + said.out
        assert "Traceback" not in said.err


def test_a_row_with_a_slow_pattern(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The linter reports the row, and goes on."""
    tool = {"type": "function", "function": {"name": "set", "description": "Sets.", "parameters": {"type": "object", "properties": {"v": {"type": "string", "description": "What.", "pattern": EVIL}}}}}  # fmt: skip
    rows = [
        {"messages": [{"role": "developer", "content": "You are a model that can do function calling with the following functions"}, {"role": "user", "content": f"set {value}"}, {"role": "assistant", "tool_calls": [{"type": "function", "function": {"name": "set", "arguments": {"v": value}}}]}], "tools": [tool]}
        for value in (TEXT, "abc")
    ]  # fmt: skip
    file = tmp_path / "train.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    main(["lint", str(file)])
    said = capsys.readouterr()
    assert "takes too long" in " ".join((said.out + said.err).split())
    assert "Traceback" not in said.err


def test_a_completion_with_a_slow_value() -> None:
    """A call whose value cannot be checked is scored as one that breaks its schema, with the reason."""
    schema = {"type": "object", "properties": {"v": {"type": "string", "pattern": EVIL}}}
    tools = {"set": Tool("set", "", schema)}
    score = score_completion([Call("set", {"v": "abc"})], render_call(Call("set", {"v": TEXT})), tools)
    assert "takes too long" in str(score)


def test_markers_of_asking() -> None:
    """A pack's marker that takes too long is an error of the pack."""
    with pytest.raises(PackError, match=r"ask_markers\.yaml: level: the pattern .* takes too long"):
        asks_for(TEXT, "level", {"level": (re.compile(EVIL, re.IGNORECASE),)})
