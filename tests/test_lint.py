"""Lint: each rule finds its defect, names the line and stays silent on good data. Counts and shown rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.text import Text
from small_pack import TOOLS, write_pack

from fgdata.dataset import write_dataset
from fgdata.errors import DataError, UsageError
from fgdata.example import example_from_row
from fgdata.format import TRIGGER
from fgdata.generator import Request
from fgdata.linting import RULES, LintReport, lint, read_tools
from fgdata.pack_reader import read_pack
from fgdata.schema import tools_by_name
from fgdata.show import LOSS_STYLE, find_examples, heading, styled, training_text
from fgdata.stats import NOT_STATED, count_rows

TOOLS_BY_NAME = tools_by_name(TOOLS)


def row(user: str, answer: Any = "Hello.", **columns: Any) -> dict[str, Any]:
    """A row; `answer` is a text, or a list of calls as (name, arguments)."""
    message: dict[str, Any] = {"role": "assistant"}
    if isinstance(answer, str):
        message["content"] = answer
    else:
        message["tool_calls"] = [
            {"type": "function", "function": {"name": n, "arguments": a}} for n, a in answer
        ]
    messages = [{"role": "developer", "content": TRIGGER}, {"role": "user", "content": user}, message]
    return {"messages": messages, "tools": TOOLS, **columns}


def native(arguments: str) -> str:
    """A native call of set_light."""
    return f"<start_function_call>call:set_light{{{arguments}}}<end_function_call>"


def write(file: Path, *rows: Mapping[str, Any] | str) -> Path:
    """A JSONL file; a text is a line as it stands."""
    lines = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in rows]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def findings(report: LintReport) -> list[tuple[str, int]]:
    """Rule and line of every finding."""
    return [(finding.rule, finding.line) for finding in report.findings]


GOOD = row("kitchen to 5 percent", [("set_light", {"room": "kitchen", "level": 5})])


def test_generated_data_is_clean(tmp_path: Path) -> None:
    """What we generate passes every rule, in each shape."""
    pack = read_pack(write_pack(tmp_path / "lamp"))
    for number, (shape, values) in enumerate([("tool-calls", "bare"), ("text", "bare"), ("text", "escaped")]):
        out = tmp_path / str(number)
        write_dataset(pack, Request(200, 1, shape, values), out)  # type: ignore[arg-type]
        report = lint(sorted(out.glob("*.jsonl")), pack.tools_by_name)
        # The small pack has few words: its rows are alike, and none makes two calls.
        assert report.levels["error"] == 0, report.findings
        assert {f.rule for f in report.findings} <= {
            "stem-leak",
            "near-duplicate",
            "few-several-calls",
            "escaped-values",
        }
        assert sum(report.rows.values()) == 200


NO_CALL = row("hello")
PHANTOM = [
    {
        "type": "function",
        "function": {
            "name": "f",
            "description": "F.",
            "parameters": {
                "type": "object",
                "properties": {"a": {"type": "integer", "description": "A.", "enum": None}, "page": None},
            },
        },
    }
]
CASES: list[tuple[str, list[Any], list[tuple[str, int]]]] = [
    ("a good file", [GOOD, NO_CALL], []),
    ("broken JSON", [GOOD, "{oops", NO_CALL], [("broken-line", 2)]),
    ("a row that is none", [GOOD, "[]", '{"messages": []}', NO_CALL], [("broken-line", 2), ("broken-line", 3)]),
    ("a call cut short", [row("a", native("level:5")[:-25]), NO_CALL], [("unparsable-call", 1)]),
    ("a call without a name", [row("a", [("", {})]) | {"messages": [*GOOD["messages"][:2], {"role": "assistant", "tool_calls": [{"function": {}}]}]}, NO_CALL], [("unparsable-call", 1)]),
    ("an unknown tool", [row("a", [("dim", {})]), NO_CALL], [("unknown-tool", 1)]),
    ("outside the range", [row("a", [("set_light", {"level": 101})]), NO_CALL], [("out-of-range", 1)]),
    ("a number as text", [row("a", [("set_light", {"level": "5"})]), NO_CALL], [("wrong-type", 1)]),
    ("a value in another language", [row("a", [("set_light", {"level": 5, "room": "주방"})]), NO_CALL], [("untranslated-value", 1)]),
    ("a value not listed", [row("a", [("set_light", {"level": 5, "room": "garage"})]), NO_CALL], [("off-enum", 1)]),
    ("an argument too many", [row("a", [("set_light", {"level": 5, "colour": "red"})]), NO_CALL], [("unknown-argument", 1)]),
    ("a missing argument", [row("a", [("set_light", {"room": "kitchen"})]), NO_CALL], [("missing-argument", 1)]),
    ("a row that only tests", [GOOD, row("b") | {"messages": [*NO_CALL["messages"][:2], {"role": "assistant", "content": ""}], "gold": {"category": "no_call"}}], [("no-answer", 2)]),
    ("a phantom None", [row("a", [("set_light", {"level": 5, "room": None})]), NO_CALL], [("phantom-null", 1)]),
    ("a phantom of another tool", [row("a", [("set_light", {"level": 5, "speed": None})]), NO_CALL], [("phantom-null", 1)]),
    ("a phantom of another tool, in text", [row("a", native("level:5,speed:None")), NO_CALL], [("phantom-null", 1)]),
    ("a phantom beside a real argument too many", [row("a", [("set_light", {"level": 500, "speed": None, "hue": 1})]), NO_CALL], [("out-of-range", 1), ("phantom-null", 1), ("unknown-argument", 1)]),
    ("escaped, outside the range", [row("a", native("level:<escape>500<escape>")), NO_CALL], [("escaped-values", 1), ("out-of-range", 1)]),
    ("escaped throughout", [row("a", native("level:<escape>5<escape>")), NO_CALL], [("escaped-values", 1)]),
    ("text behind a call", [row("a", native("level:5") + " done"), NO_CALL], [("unwritable", 1)]),
    ("a control token in an argument", [row("a", [("set_light", {"level": 5, "room": "<eos>"})]), NO_CALL], [("off-enum", 1), ("unwritable", 1)]),
    ("a pattern that is none", [GOOD, NO_CALL | {"tools": [{"name": "f", "parameters": {"properties": {"a": {"type": "string", "pattern": "("}}}}]}], [("broken-tools", 2)]),
    ("a $ref that leads nowhere", [row("a", [("f", {"a": 1})], tools=[{"name": "f", "parameters": {"properties": {"a": {"$ref": "#/no"}}}}]), NO_CALL], [("off-schema-call", 1)]),
    ("contents and roles of wrong types", [GOOD, '{"messages": [{"role": "user", "content": 5}, {"role": "assistant", "content": "x"}]}', '{"messages": [{"role": ["user"], "content": "a"}, {"role": "assistant", "content": "x"}]}', NO_CALL], [("broken-line", 2), ("broken-line", 3)]),
    ("broken tools", [GOOD, NO_CALL | {"tools": [{"type": "function"}]}], [("broken-tools", 2)]),
    ("twice the same", [GOOD, NO_CALL, GOOD], [("duplicate", 3)]),
    ("the same but for case and blanks", [row("Hello  there"), row("hello there"), GOOD], [("duplicate", 2)]),
    ("the same call in two notations", [GOOD, row("kitchen to 5 percent", native("level:5,room:<escape>kitchen<escape>")), NO_CALL], [("duplicate", 2)]),
    ("two labels", [GOOD, row("Kitchen to 5 percent", [("lights_off", {})]), NO_CALL], [("conflicting-labels", 2)]),
    ("two labels, blanks apart", [row("5 percent"), row("5percent", [("lights_off", {})]), GOOD], [("conflicting-labels", 2), ("near-duplicate", 2)]),
    ("call and no call", [GOOD, row("kitchen to 5 percent")], [("conflicting-labels", 2)]),
    ("asking and refusing", [GOOD, row("hm", kind="ask"), row("hm", kind="no_call")], [("conflicting-labels", 3)]),
    ("an answer of no named kind", [GOOD, row("hm"), row("hm", kind="out_of_scope")], [("duplicate", 3)]),
    ("two labels under other tools", [GOOD, row("kitchen to 5 percent") | {"tools": TOOLS[1:]}], []),
    ("no developer", [GOOD | {"messages": GOOD["messages"][1:]}, NO_CALL], [("missing-developer-line", 1)]),
    ("another developer", [{"messages": [{"role": "developer", "content": "You help."}, *GOOD["messages"][1:]], "tools": TOOLS}, NO_CALL], [("missing-developer-line", 1)]),
    ("nobody asks", [{"messages": [GOOD["messages"][0], GOOD["messages"][2]], "tools": TOOLS}, NO_CALL], [("missing-user-message", 1)]),
    ("mixed in one row", [row("a", [("set_light", {"level": 5})]), row("b", native("level:<escape>5<escape>") + native("level:7")), NO_CALL], [("mixed-values", 2)]),
    ("mixed over rows", [row("a", native("level:5")), row("b", native("level:6")), row("c", native("level:<escape>7<escape>")), NO_CALL], [("mixed-values", 3)]),
    ("a phantom in a declaration", [GOOD, NO_CALL | {"tools": PHANTOM}], [("phantom-null", 2)]),
    ("a phantom in text", [GOOD, NO_CALL | {"messages": [{"role": "developer", "content": TRIGGER + "page:{description:<escape><escape>,type:<escape><escape>}"}, *NO_CALL["messages"][1:]]}], [("control-token", 2), ("phantom-null", 2)]),
    ("a glued ending", [GOOD, row("에어컨 켜줘요요"), row("오늘은 정말 덥다요!"), row("추우니까요"), row("이것은 바다이다")], [("glued-ending", 2), ("glued-ending", 3)]),
    ("texts that look like numbers", [row("a", [("set_light", {"level": 5})]), row("b", native("level:5,room:<escape>kitchen<escape>")), NO_CALL], []),
    ("a control token", [GOOD, row("hello <end_of_turn>")], [("control-token", 2)]),
    ("one id twice", [GOOD | {"id": "x"}, NO_CALL | {"id": "x"}], [("duplicate-id", 2)]),
    ("calls only", [GOOD], [("no-no-call-rows", 0)]),
    ("no tools", [{"messages": GOOD["messages"]}, NO_CALL], [("unchecked-calls", 0)]),
    ("an empty file", [], [("broken-line", 0)]),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_rules(tmp_path: Path, rows: list[Any], expected: list[tuple[str, int]]) -> None:
    """Each defect is found in its line, and nothing else is."""
    report = lint([write(tmp_path / "rows.jsonl", *rows)])
    assert findings(report) == expected, report.findings
    assert report.is_clean == all(RULES[rule].level != "error" for rule, _ in expected)


def test_leaks_between_files(tmp_path: Path) -> None:
    """A text of one file that stands in another is a leak, whatever its answer; in both directions it is told once."""
    train = write(tmp_path / "train.jsonl", GOOD, NO_CALL)
    test = write(
        tmp_path / "test.jsonl",
        row("bye"),
        row("KITCHEN to  5 percent", [("set_light", {"room": "kitchen", "level": 5})]),
    )
    other = write(tmp_path / "other.jsonl", row("hello", [("lights_off", {})]))
    report = lint([train, test, other])
    assert [(f.rule, Path(f.file).name, f.line) for f in report.findings] == [
        ("split-leak", "test.jsonl", 2),
        ("conflicting-labels", "other.jsonl", 1),
        ("split-leak", "other.jsonl", 1),
    ]
    assert str(train) in report.findings[0].what


def test_rows_without_tools_take_those_given(tmp_path: Path) -> None:
    """Tools given, or the pack that a row names, check rows that declare none."""
    bare = {"messages": row("a", [("set_light", {"level": 500})])["messages"]}
    file = write(tmp_path / "rows.jsonl", bare, row("b"))
    assert findings(lint([file])) == [("unchecked-calls", 0)]
    assert findings(lint([file], TOOLS_BY_NAME)) == [("out-of-range", 1)]
    named = write(tmp_path / "named.jsonl", bare | {"pack": "fitness_en"}, row("b"))
    assert findings(lint([named])) == [("unknown-tool", 1)]
    unknown = write(tmp_path / "unknown.jsonl", bare | {"pack": "nobody_knows"}, row("b"))
    assert findings(lint([unknown])) == [("unchecked-calls", 0)]


def test_the_first_seeds_row(tmp_path: Path) -> None:
    """The seed's example row reads: nothing is wrong with it but that it is alone and has no tools."""
    text = "<start_function_call>call:adjust_temperature{delta:<escape>2<escape>}<end_function_call>"
    messages = [*row("온도 2도 올려줘")["messages"][:2], {"role": "assistant", "content": text}]
    file = write(tmp_path / "rows.jsonl", {"messages": messages})
    report = lint([file])
    assert {finding.rule for finding in report.findings} == {
        "unchecked-calls",
        "no-no-call-rows",
        "escaped-values",
    }
    assert report.layouts == {str(file): {"native-text": 1}}


def test_findings_say_why_and_what_to_do(tmp_path: Path) -> None:
    """A finding as JSON carries its rule, place, reason and remedy."""
    file = write(tmp_path / "rows.jsonl", row("a", [("dim", {})]), NO_CALL)
    report = lint([file]).to_json()
    assert report["counts"] == {"unknown-tool": 1}
    finding = report["findings"][0]
    assert (finding["rule"], finding["file"], finding["line"]) == ("unknown-tool", str(file), 1)
    assert finding["what"].endswith(".")
    assert finding["why"]
    assert finding["remedy"]


def test_every_rule_is_tested() -> None:
    """No rule without a case that finds it."""
    found = {rule for _, _, expected in CASES for rule, _ in expected}
    elsewhere = {
        "split-leak",
        "near-leak",
        "stem-leak",
        "family-leak",
        "contaminated-split",
        "near-duplicate",
        "odd-script",
    }
    assert found | elsewhere | {"few-several-calls", "too-long"} == set(RULES)


def test_files_that_cannot_be_linted(tmp_path: Path) -> None:
    """A file that is not there, or named twice, is an error, not a finding."""
    with pytest.raises(DataError, match="cannot be read"):
        lint([tmp_path / "none.jsonl"])
    file = write(tmp_path / "rows.jsonl", GOOD)
    with pytest.raises(UsageError, match="is given twice"):
        lint([file, tmp_path / "." / "rows.jsonl"])


@pytest.mark.parametrize("text", ["", "{}", "[{}]", "[1]", "oops"])
def test_tools_files_that_are_none(tmp_path: Path, text: str) -> None:
    """A tools file that holds something else is told by its name."""
    file = tmp_path / "tools.json"
    file.write_text(text)
    with pytest.raises(DataError, match=r"tools\.json"):
        read_tools(file)


# Counts


def test_counts(tmp_path: Path) -> None:
    """Rows are counted by column and file; what a row does not state is counted as that."""
    first = write(
        tmp_path / "train.jsonl", row("a", kind="call", register="hae"), row("b", kind="call"), "{oops"
    )
    second = write(tmp_path / "test.jsonl", row("A ", kind="ask"))
    stats = count_rows([first, second])
    assert stats.rows == {str(first): 2, str(second): 1}
    assert stats.broken == {str(first): 1, str(second): 0}
    assert stats.counts["kind"] == {"ask": {str(second): 1}, "call": {str(first): 2}}
    assert stats.counts["register"][NOT_STATED] == {str(first): 1, str(second): 1}
    assert stats.distinct == 2
    assert stats.to_json()["rows"] == 3
    titles = [str(table.title) for table in stats.tables()]
    assert titles[:5] == [
        f"rows by {name}" for name in ("kind", "intent", "register", "language", "number of calls")
    ]


# Shown rows


def shown(columns: dict[str, Any], **options: bool) -> Text:
    """A row as it is shown."""
    return styled(training_text(example_from_row(columns, "rows.jsonl:1", "rows:1")), **options)


def test_loss_is_marked() -> None:
    """Without colours, brackets enclose exactly what the model writes."""
    text = shown(GOOD, has_colours=False).plain
    marked = text[text.index("⟦") + 1 : text.index("⟧")]
    assert marked == native("level:5,room:<escape>kitchen<escape>") + "<start_function_response>"
    assert text.count("<start_function_declaration>") == 2
    assert text.startswith("<bos><start_of_turn>developer\n")


def test_loss_is_coloured() -> None:
    """With colours the text is the model's own, and the loss style covers what it writes."""
    text = shown(GOOD)
    training = training_text(example_from_row(GOOD, "rows.jsonl:1", "rows:1"))
    assert text.plain == training.text
    loss = [span for span in text.spans if span.style == LOSS_STYLE]
    assert [(span.start, span.end) for span in loss] == [(span.start, span.end) for span in training.spans]


def test_declarations_fold() -> None:
    """The short form leaves the declarations out and says how many."""
    text = shown(GOOD, is_short=True).plain
    assert "… 2 declarations …" in text
    assert "declaration:set_light" not in text


def test_rows_are_found(tmp_path: Path) -> None:
    """By id, or the first few; an id that no row has is told."""
    file = write(tmp_path / "rows.jsonl", GOOD | {"id": "one"}, NO_CALL | {"id": "two"}, row("c"))
    assert [example.id for example in find_examples(file, None, 2)] == ["one", "two"]
    assert [example.id for example in find_examples(file, None, 0)] == ["one", "two", "rows:3"]
    assert "one" in heading(next(find_examples(file, "one", 1)))
    with pytest.raises(UsageError, match=r"no row of .* has this id"):
        list(find_examples(file, "three", 1))


def test_rows_that_cannot_be_shown() -> None:
    """A row that cannot be written is told with its line."""
    with pytest.raises(DataError, match=r"rows\.jsonl:1: .*<end_of_turn>"):
        shown(row("a <end_of_turn>"))
