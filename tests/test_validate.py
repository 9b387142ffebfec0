"""Validation of test rows: each rule finds its flaw and names item and place; good rows of every layout have none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from layout_rows import (
    BFCL_FUNCTION,
    BFCL_IRRELEVANT,
    BFCL_QUESTION,
    BFCL_TRUTH,
    DEVELOPER,
    ROWS,
    TOOLS,
    USER,
    write_rows,
)

from fgdata.console import EXIT_FINDINGS, EXIT_OK, EXIT_USAGE
from fgdata.errors import DataError
from fgdata.format import render_call
from fgeval import example_to_item, read_items, score_completion, score_predictions
from fgeval.cli import main
from fgeval.validate import RULES, validate


def row(user: str = "Tea, please.", calls: Any = (), text: str = "", **columns: Any) -> dict[str, Any]:
    """A row of ours; `calls` as (name, arguments)."""
    answer: dict[str, Any] = {"role": "assistant"}
    if calls:
        answer["tool_calls"] = [
            {"type": "function", "function": {"name": n, "arguments": a}} for n, a in calls
        ]
    else:
        answer["content"] = text or "No."
    return {"messages": [DEVELOPER, {"role": "user", "content": user}, answer], "tools": TOOLS, **columns}


def bfcl(truth: Any, name: str = "simple_python_1", function: Any = BFCL_FUNCTION) -> dict[str, Any]:
    """A question with its answer in the row."""
    return BFCL_QUESTION | {"id": name, "function": [function], "ground_truth": truth}


def timer(**values: Any) -> dict[str, Any]:
    """An entry of a ground truth."""
    return {"kitchen.timer": values}


GOOD = row(calls=[("set_timer", {"minutes": 5})])
GOLD = {"calls": [{"name": "set_timer", "accepts": {"label": ["tea", 7]}}]}
CASES: list[tuple[str, list[Any], list[str]]] = [
    ("good rows", [GOOD, row("Hello.")], []),
    ("broken lines", [GOOD, "{", "[1]", {"messages": []}], ["broken"] * 3),
    ("broken tools", [GOOD | {"tools": [{"type": "function"}]}], ["broken"]),
    ("an answer that does not read", [row(text="<start_function_call>call:f{")], ["broken"]),
    ("an item without gold", [BFCL_QUESTION], ["broken"]),
    ("nothing asked", [{"messages": [{"role": "assistant", "content": "Hi."}], "tools": TOOLS}], ["broken"]),
    ("one id twice", [GOOD | {"id": "a"}, row("Hello.", id="a")], ["duplicate-id"]),
    ("a control token in gold", [row(calls=[("set_timer", {"minutes": 5, "label": "<eos>"})])], ["unwritable"]),
    ("a control token in the prompt", [row("<escape>", [("set_timer", {"minutes": 5})])], ["unwritable"]),
    ("a name that could be read in two ways", [row(calls=[("set timer", {})])], ["unwritable", "unknown-tool"]),
    ("an unknown tool", [row(calls=[("dim", {})])], ["unknown-tool"]),
    ("outside the type", [row(calls=[("set_timer", {"minutes": "soon"})])], ["off-schema"]),
    ("escaped numbers", [row(text="<start_function_call>call:set_timer{minutes:<escape>5<escape>}<end_function_call>")], []),
    ("a parameter that is missing", [row(calls=[("set_timer", {"label": "tea"})])], ["impossible"]),
    ("a parameter that the tool has not", [row(calls=[("set_timer", {"minutes": 5, "hours": 1})])], ["impossible"]),
    ("no acceptable value", [bfcl([timer(minutes=[])])], ["impossible", "impossible"]),
    ("required and may not be left out", [bfcl([timer(minutes=["", 5])])], []),
    ("one acceptable value off", [bfcl([timer(minutes=[5, "5 min"])])], ["partly-off-schema"]),
    ("all acceptable values off", [bfcl([timer(minutes=["5 min", 5.5])])], ["off-schema"]),
    ("off, but may be left out", [bfcl([timer(minutes=[5], unit=["", 7])])], ["partly-off-schema"]),
    ("only left out", [bfcl([timer(minutes=[5], unit=[""])])], []),
    ("our own acceptable values", [row(calls=[("set_timer", {"minutes": 5, "label": "a"})], gold=GOLD)], ["partly-off-schema"]),
    ("the same prompt, two answers", [GOOD, row(calls=[("set_timer", {"minutes": 6})])], ["ambiguous"]),
    ("the same prompt, call and no call", [GOOD, row()], ["ambiguous"]),
    ("the same item twice", [GOOD, GOOD], ["duplicate"]),
    ("the same text, other tools", [GOOD, GOOD | {"tools": TOOLS[:1]}], []),
    ("the same calls in another order", [row(calls=[("open_door", {}), ("set_timer", {"minutes": 5})]), row(calls=[("set_timer", {"minutes": 5}), ("open_door", {})])], ["duplicate"]),
    ("calls that fit two of gold's", [bfcl([timer(minutes=[5, 6]), timer(minutes=[6, 7])], "parallel_1")], ["interchangeable"]),
    ("calls that fit one each", [bfcl([timer(minutes=[5]), timer(minutes=[7])], "parallel_1")], []),
    ("only the decision", [BFCL_IRRELEVANT], ["decision-only"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "rows", "rules"), CASES, ids=[case[0] for case in CASES])
def test_each_rule(tmp_path: Path, name: str, rows: list[Any], rules: list[str]) -> None:
    """The rules that a file breaks, in order."""
    file = tmp_path / "rows.jsonl"
    file.write_text("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in rows))
    report = validate(file)
    assert [flaw.rule for flaw in report.flaws] == rules, report.flaws
    assert all(flaw.where.startswith(f"{file}:") for flaw in report.flaws)
    assert report.fails("error") == any(RULES[rule].level == "error" for rule in rules)


def test_every_rule_is_tried() -> None:
    """Every rule but those about training files has a case."""
    assert {rule for _, _, rules in CASES for rule in rules} == RULES.keys() - {"seen", "seen-stem"}


@pytest.mark.parametrize("layout", ROWS)
def test_rows_of_every_layout_are_good(tmp_path: Path, layout: str) -> None:
    """The made-up rows can pass: nothing worse than a note is found."""
    report = validate(write_rows(tmp_path / "rows.jsonl", ROWS[layout]))
    assert not report.fails("warning") or layout in ("bfcl", "functionchat-decision", "rows", "native-text")
    assert set(report.counts) <= {"decision-only", "ambiguous"}  # those files ask one thing twice, on purpose
    assert report.n_items == report.layouts.total() > 0


def test_seen_in_training(tmp_path: Path) -> None:
    """An utterance of a training file in whatever layout, and one that differs by its ending, are found with their place."""
    train = write_rows(tmp_path / "train.jsonl", [ROWS["functionchat-singlecall"][0]])
    rows = [
        row("차  1분만 끓일게", text="네."),
        row("차 9분만 끓일게", text="네."),
        row("문 열어", text="네."),
    ]
    report = validate(write_rows(tmp_path / "test.jsonl", rows), [train])
    assert [(flaw.rule, flaw.what) for flaw in report.flaws] == [
        ("seen", f"'차  1분만 끓일게' stands at {train}:1."),
        ("seen-stem", f"'차 9분만 끓일게' shares its stem with {train}:1."),
    ]
    assert report.n_seen_texts == 2
    assert report.flagged("seen") == ["test:1"]


def test_files_that_cannot_be_validated(tmp_path: Path) -> None:
    """A missing file and one without rows are errors with their name."""
    with pytest.raises(DataError, match=r"none.jsonl: cannot be read"):
        validate(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(DataError, match=r"empty.jsonl: has no rows"):
        validate(tmp_path / "empty.jsonl")


def test_the_command(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Tables by rule, JSON with every flaw, and exit codes by level."""
    file = write_rows(tmp_path / "rows.jsonl", [GOOD, GOOD, row("a", [("dim", {})])])
    assert main(["validate", "--data", str(file)]) == EXIT_FINDINGS
    told = capfd.readouterr().out
    assert "unknown-tool (error)" in told
    assert f"{file}: layout rows, 3 items: 1 unknown-tool, 1 duplicate." in told
    assert main(["validate", "--data", str(file), "--json"]) == EXIT_FINDINGS
    found = json.loads(capfd.readouterr().out)
    assert (found["flagged"], found["counts"]) == (["rows:3"], {"unknown-tool": 1, "duplicate": 1})
    good = write_rows(tmp_path / "good.jsonl", [GOOD, GOOD])
    assert main(["validate", "--data", str(good)]) == EXIT_OK
    assert main(["validate", "--data", str(good), "--fail-on", "warning"]) == EXIT_FINDINGS
    assert main(["validate", "--data", str(tmp_path / "none")]) == EXIT_USAGE


def test_score_reads_every_layout(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The right answers of each layout's rows score 1.0, and the layout is reported."""
    for layout, rows in ROWS.items():
        kept = [one for one in rows if "relevance_1" not in str(one.get("id"))]  # any call is right there
        file = write_rows(tmp_path / f"{layout}.jsonl", kept)
        items = read_items(file)
        written = "".join(f"{file}: layout" for _ in [0] if {i.example.layout for i in items} != {"rows"})
        assert written in capfd.readouterr().err.replace("\n", "")
        predictions = [
            {"id": item.example.id, "text": "".join(map(render_call, item.expected)) or "No."}
            for item in items
        ]
        out = tmp_path / "scores" / layout
        summary = score_predictions(file, write_rows(tmp_path / f"{layout}.predictions", predictions), out)
        assert summary["overall"]["exact"]["value"] == 1.0, layout
        assert sum(summary["data"]["layouts"].values()) == len(items)


def test_gold_of_benchmarks_is_not_refused(tmp_path: Path) -> None:
    """An item whose gold breaks its schema is scored, since its own checker passes it; in rows of ours it is an error."""
    off = bfcl([timer(minutes=["5 min"])])
    (item,) = read_items(write_rows(tmp_path / "a.jsonl", [off]))
    assert score_completion(item.expected, "".join(map(render_call, item.expected)), item.tools).exact
    with pytest.raises(DataError, match="the expected call cannot be right"):
        read_items(write_rows(tmp_path / "b.jsonl", [row(calls=[("set_timer", {"minutes": "soon"})])]))
    assert example_to_item(item.example) == item
    assert BFCL_TRUTH[0].keys() == {"kitchen.timer"}
    assert USER["role"] == "user"
