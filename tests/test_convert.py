"""Conversion between layouts: what is held comes back the same, what is not is named; types stay; files whole or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from layout_rows import (
    ARGUMENTS,
    BFCL_FUNCTION,
    BFCL_IRRELEVANT,
    BFCL_QUESTION,
    BFCL_TRUTH,
    DEVELOPER,
    NATIVE,
    ROWS,
    SET_TIMER,
    TOOLS,
    USER,
    XLAM,
    write_rows,
)
from strategies import calls

from fgdata.cli import main
from fgdata.conversion import Conversion, convert
from fgdata.dialects import LAYOUTS, read_examples, scan_examples
from fgdata.dialects.alternatives import alternatives, decision
from fgdata.dialects.detect import layouts_markdown
from fgdata.dialects.losses import parts
from fgdata.dialects.messages import with_tool_calls
from fgdata.dialects.parquet import ParquetRows
from fgdata.errors import DataError, UsageError
from fgdata.example import Example, Line
from fgdata.linting import lint
from fgdata.schema import Call, canonical_json, tools_by_name
from fgdata.show import find_examples, training_text
from fgeval.validate import rules_markdown, validate
from scripts.docs import with_parts

NAMES = [layout.name for layout in LAYOUTS]
TIMER = tools_by_name(TOOLS)


def lines(path: Path) -> list[Any]:
    """The rows of a JSONL file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def said(path: Path) -> list[dict[str, Any]]:
    """What the examples of a file say, in one form for all layouts."""
    examples = read_examples(path)
    return [parts(with_tool_calls(example, example.declared_tools).example) for example in examples]


@pytest.mark.parametrize("source", ROWS)
def test_every_pair_of_layouts(tmp_path: Path, source: str) -> None:
    """What a conversion does not name as lost comes back the same from the file; every layout holds its own rows."""
    file = write_rows(tmp_path / "in.jsonl", ROWS[source])
    before = {part["id"]: part for part in said(file)}
    for to in NAMES:
        target = tmp_path / to / "out.jsonl"
        try:
            report = convert(file, target, to)
        except DataError as error:
            assert "has no row that the layout" in str(error)
            assert to == "functionchat-singlecall"
            continue
        if to == source:
            assert report.is_lossless, report.lines()
        lost = set(report.losses.found)
        after = {part["id"]: part for part in said(target)}
        assert len(after) == report.n_written
        assert len(after) + sum(loss.count for loss in report.left_out.found.values()) == len(before)
        for name, part in after.items():
            kept = {k: v for k, v in before[name].items() if v not in (None, "", [], {}) and k not in lost}
            assert canonical_json({k: part.get(k) for k in kept}) == canonical_json(kept), (to, name)


def test_the_table_of_conversions(tmp_path: Path) -> None:
    """docs/layouts.md shows which of the made-up rows each layout holds whole."""
    short = [name.removeprefix("functionchat-") for name in NAMES]
    table = [f"| from, to | {' | '.join(short)} |", "|---" * (len(NAMES) + 1) + "|"]
    for source in ROWS:
        file = write_rows(tmp_path / f"{source}.jsonl", ROWS[source])
        marks = []
        for to in NAMES:
            try:
                report = convert(file, tmp_path / "out" / f"{source}-{to}.jsonl", to)
            except DataError:
                marks.append("–")
            else:
                marks.append("●" if report.is_lossless else "○")
        table.append(f"| `{source}` | {' | '.join(marks)} |")
    page = (Path(__file__).parents[1] / "docs" / "layouts.md").read_text("utf-8")
    assert with_parts(page, {"conversions": "\n".join(table)}) == page, "\n".join(table)


def test_the_page_of_layouts() -> None:
    """The tables of layouts and of rules are those that `make docs` writes."""
    page = (Path(__file__).parents[1] / "docs" / "layouts.md").read_text("utf-8")
    assert with_parts(page, {"layouts": layouts_markdown(), "validate": rules_markdown()}) == page


@pytest.mark.parametrize("to", NAMES)
@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_types_never_change(tmp_path: Path, to: str, suffix: str) -> None:
    """Keys of other rows' arguments do not appear, and "24" and 24 in one column stay what they are (Arrow would unify both)."""
    arguments = [
        {"v": "24"},
        {"v": 24},
        {"w": 24.0},
        {"v": True, "w": None},
        {"x": {"a": 1}},
        {"x": {"b": [1, "1"]}},
        {},
    ]
    tool = {
        "name": "f",
        "description": "F.",
        "parameters": {"type": "object", "properties": {"v": {"description": "V."}}},
    }
    rows = [
        {
            "id": f"{number}",
            "messages": [DEVELOPER, USER, {"role": "assistant", "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": a}}]}],
            "tools": [{"type": "function", "function": tool}],
            "mixed": [1, "1", 1.0, None, True, {"a": 1}, []][number],
            "whole": number,
            "deep": {str(number): number},
        }
        for number, a in enumerate(arguments)
    ]  # fmt: skip
    file = write_rows(tmp_path / "in.jsonl", rows)
    report = convert(file, tmp_path / f"out{suffix}", to)
    assert report.is_lossless, report.lines()
    again = convert(tmp_path / f"out{suffix}", tmp_path / "again.jsonl", "rows")
    assert again.n_nulls == 0
    back = read_examples(tmp_path / "again.jsonl")
    for example, given_arguments, row in zip(back, arguments, rows, strict=True):
        assert example.expected_calls == (Call("f", given_arguments),)
        kept = {name: example.extra.get(name) for name in ("mixed", "whole", "deep")}
        assert canonical_json(kept) == canonical_json({name: row[name] for name in kept})


def test_structs_of_other_peoples_parquet(tmp_path: Path) -> None:
    """Keys that Arrow filled with null are taken out, and counted."""
    import pyarrow
    import pyarrow.parquet

    rows = [
        {"messages": [USER, {"role": "assistant", "tool_calls": [{"function": {"name": "set_timer", "arguments": a}}]}], "tools": TOOLS}
        for a in ({"minutes": 5}, {"label": "tea", "minutes": 1})
    ]  # fmt: skip
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "theirs.parquet")
    report = convert(tmp_path / "theirs.parquet", tmp_path / "ours.jsonl", "rows")
    assert report.n_nulls > 0
    assert any("taken out of structs" in line for line in report.lines())
    assert [example.expected_calls[0].arguments for example in read_examples(tmp_path / "ours.jsonl")] == [
        {"minutes": 5},
        {"label": "tea", "minutes": 1},
    ]


@settings(max_examples=25, deadline=None)
@given(call=calls)
def test_any_call_survives(tmp_path_factory: pytest.TempPathFactory, call: Call) -> None:
    """Whatever a call holds, a lossless conversion and the way back give the same call."""
    folder = tmp_path_factory.mktemp("any")
    row = {
        "id": "x",
        "messages": [DEVELOPER, USER, {"role": "assistant", "tool_calls": [call.to_json()]}],
        "tools": [],
    }
    file = write_rows(folder / "in.jsonl", [row])
    for to in ("openai", "native-text", "xlam", "chatml", "bfcl", "prompt-columns"):
        report = convert(file, folder / f"{to}.jsonl", to, overwrite=True)
        (example,) = read_examples(folder / f"{to}.jsonl")
        found = with_tool_calls(example, {}).example.expected_calls
        assert (found == (call,)) == ("answer's calls" not in report.losses.found)
        if to != "bfcl":  # a mapping without members, or "" alone, says something else there
            assert found == (call,)


@pytest.mark.parametrize("values", ["bare", "escaped"])
def test_bare_and_escaped(tmp_path: Path, values: str) -> None:
    """Native text one way and the other: with the tool's schema the numbers come back as numbers."""
    file = write_rows(tmp_path / "in.jsonl", ROWS["native-text"])
    report = convert(file, tmp_path / "out.jsonl", "native-text", values=values, tools=TIMER)  # type: ignore[arg-type]
    assert report.is_lossless
    content = lines(tmp_path / "out.jsonl")[0]["messages"][-1]["content"]
    assert ("minutes:<escape>5<escape>" in content) == (values == "escaped")
    back = convert(tmp_path / "out.jsonl", tmp_path / "back.jsonl", "native-text", tools=TIMER)
    assert lines(tmp_path / "back.jsonl")[0]["messages"][-1]["content"] == NATIVE
    assert back.n_typed == (values == "escaped")
    typed = convert(tmp_path / "out.jsonl", tmp_path / "calls.jsonl", "openai", tools=TIMER)
    assert typed.is_lossless
    assert (
        json.loads(
            lines(tmp_path / "calls.jsonl")[0]["messages"][-1]["tool_calls"][0]["function"]["arguments"]
        )
        == ARGUMENTS
    )
    assert lines(tmp_path / "calls.jsonl")[0]["tools"][0]["function"] == SET_TIMER


def test_escaped_without_a_schema(tmp_path: Path) -> None:
    """Without the tool nothing says that `<escape>5<escape>` is a number: it stays text, and it is said."""
    file = write_rows(tmp_path / "in.jsonl", ROWS["native-text"])
    lossy = convert(file, tmp_path / "escaped.jsonl", "native-text", values="escaped")
    assert list(lossy.losses.found) == ["answer's calls"]
    report = convert(tmp_path / "escaped.jsonl", tmp_path / "out.jsonl", "rows")
    assert report.n_untyped == 1
    assert read_examples(tmp_path / "out.jsonl")[0].expected_calls[0].arguments == ARGUMENTS | {
        "minutes": "5"
    }


def test_bfcl_in_two_files(tmp_path: Path) -> None:
    """Questions and answers are joined by id, and written as two files that are the same rows again."""
    file = write_rows(tmp_path / "q" / "BFCL_v4_x.json", [BFCL_IRRELEVANT, BFCL_QUESTION])
    answer = {"id": BFCL_QUESTION["id"], "ground_truth": BFCL_TRUTH}
    write_rows(tmp_path / "q" / "possible_answer" / "BFCL_v4_x.json", [answer])
    irrelevant, example = read_examples(file)
    assert decision(irrelevant) == "no_call"
    assert example.expected_calls == (
        Call("kitchen.timer", {"minutes": 5, "place": [1.0, 2.5], "options": {"loud": True, "tone": "low"}}),
    )
    (due,) = alternatives(example)
    right = {"minutes": 5, "place": [1.0, 2.5], "options": {"loud": True}, "unit": "min"}
    assert due.accepts(Call("kitchen.timer", right))
    for wrong in (
        right | {"minutes": 5.0},
        right | {"more": 1},
        {k: v for k, v in right.items() if k != "place"},
    ):
        assert not due.accepts(Call("kitchen.timer", wrong))
    report = convert(file, tmp_path / "again" / "x.json", "bfcl")
    assert report.is_lossless
    assert lines(tmp_path / "again" / "x.json") == [BFCL_IRRELEVANT, BFCL_QUESTION]
    assert lines(tmp_path / "again" / "possible_answer" / "x.json") == [answer]
    assert example.declared_tools["kitchen.timer"].schema["properties"]["place"]["type"] == "array"
    assert example.gold is not None
    assert list(example.gold.tools) == [BFCL_FUNCTION]


@pytest.mark.parametrize(
    ("questions", "answers", "told"),
    [
        ([BFCL_QUESTION], [], "q.json:1: the item 'simple_python_7' has no ground truth"),
        ([BFCL_QUESTION | {"question": [[USER], [USER]]}], [], "q.json:1: 'simple_python_7' has 2 turns"),
        ([BFCL_QUESTION], [{"id": "simple_python_7"}], "q.json:1: is no answer (ValueError: `ground_truth` is no list)"),
        ([BFCL_QUESTION], [{"id": "simple_python_7", "ground_truth": []}] * 2, "the id 'simple_python_7' is answered twice"),
        ([BFCL_QUESTION], [{"id": "simple_python_7", "ground_truth": [{"f": {"a": 1}}]}], "the values of f.a are 1"),
        ([BFCL_QUESTION, BFCL_QUESTION], [{"id": "simple_python_7", "ground_truth": []}], "1 ids stand twice"),
    ],
)  # fmt: skip
def test_bfcl_that_cannot_be_read(
    tmp_path: Path, questions: list[Any], answers: list[Any], told: str
) -> None:
    """An item without gold, several turns, broken answers: named with their place, and neither file is written."""
    file = write_rows(tmp_path / "q.json", questions)
    write_rows(tmp_path / "possible_answer" / "q.json", answers)
    with pytest.raises(DataError) as caught:
        convert(file, tmp_path / "out" / "o.json", "bfcl")
    assert told in str(caught.value)
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_functionchat_lines_hold_several_examples(tmp_path: Path) -> None:
    """Queries x lists of tools, with acceptable values in every form; turns with what only a judge can mark."""
    single = read_examples(write_rows(tmp_path / "s.jsonl", ROWS["functionchat-singlecall"]))
    assert [example.id for example in single] == [
        "singlecall/3/1/exact",
        "singlecall/3/1/4_random",
        "singlecall/3/2/exact",
        "singlecall/3/2/4_random",
    ]
    assert [len(example.tools or []) for example in single] == [1, 2, 1, 2]
    assert alternatives(single[0])[0].values == {"minutes": (1,), "label": ("차", "티")}
    assert single[2].gold is not None
    assert single[2].gold.note == "Only ground truth is allowed."
    dialog = read_examples(write_rows(tmp_path / "d.jsonl", ROWS["functionchat-dialog"]))
    assert [(example.kind, decision(example)) for example in dialog] == [
        ("ask", "no_call"),
        ("call", "call"),
        ("no_call", "no_call"),
    ]
    assert alternatives(dialog[1])[0].values == {"minutes": (5,), "label": ("tea", "Tea")}
    decided = read_examples(write_rows(tmp_path / "c.jsonl", ROWS["functionchat-decision"]))
    assert [(example.id, decision(example)) for example in decided] == [
        ("decision/4", "call"),
        ("decision/5", "no_call"),
    ]


def test_one_json_list(tmp_path: Path) -> None:
    """A file that is one JSON list is read like lines, whatever chunks it comes in."""
    many = [XLAM | {"id": number, "pad": "x" * 3000} for number in range(900)]
    (tmp_path / "xlam.json").write_text(json.dumps(many, indent=1))
    report = convert(tmp_path / "xlam.json", tmp_path / "out.jsonl", "rows")
    assert report.layouts == {"xlam": 900}
    assert [example.extra["id"] for example in read_examples(tmp_path / "out.jsonl")] == list(range(900))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "in.jsonl: has no rows"),
        ("{", "in.jsonl:1: is no JSON"),
        ('{"a": 1}', "in.jsonl:1: no layout has these columns: 'a'"),
        ('{"query": "q", "tools": "{", "answers": "[]"}', "in.jsonl:1: `tools` is text that is no JSON"),
        ('{"query": "q", "tools": "[{\\"name\\": \\"f\\", \\"parameters\\": {\\"a\\": 5}}]", "answers": "[]"}', "in.jsonl:1: the parameter 'a' of 'f' is 5"),
        ('{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "<start_function_call>call:f{"}]}', "in.jsonl:1: messages[1]: the answer does not read"),
        ('{"messages": [{"role": "system", "content": "<tools>[]</tools>"}, {"role": "assistant", "content": "<tool_call>{"}]}', "message 1: a <tool_call> is not closed"),
        ('{"category": "CALL", "input_messages": [], "input_tools": [], "ground_truth": null}', "has no call as its ground truth"),
        ('{"query": [{"serial_num": 1, "content": "a"}], "ground_truth": [], "tools": [{"type": "exact", "content": []}]}', "the query 1 of None has no ground truth"),
    ],
)  # fmt: skip
def test_bad_input(tmp_path: Path, text: str, told: str) -> None:
    """One clear error with its place; nothing is written, and what was there stays."""
    (tmp_path / "in.jsonl").write_text(text)
    (tmp_path / "out.parquet").write_text("old")
    with pytest.raises(DataError) as caught:
        convert(tmp_path / "in.jsonl", tmp_path / "out.parquet", "rows", overwrite=True)
    assert told in str(caught.value)
    assert (tmp_path / "out.parquet").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.parquet"]


def test_a_list_cut_short(tmp_path: Path) -> None:
    """A JSON list that does not end is an error with the number of its row."""
    (tmp_path / "in.json").write_text(f"[{json.dumps(XLAM)}, {{")
    with pytest.raises(DataError, match=r"in.json:2: is no JSON list of rows"):
        convert(tmp_path / "in.json", tmp_path / "out.jsonl", "rows")
    assert not (tmp_path / "out.jsonl").exists()


JUNK = [
    None,
    5,
    1.5,
    True,
    "",
    "x",
    "{",
    "[]",
    [],
    {},
    [1],
    [[]],
    {"a": 1},
    [{}],
    "<tool_call>",
    {"name": "f"},
    {"type": [[1]]},
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to everything inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(layout=st.sampled_from(sorted(ROWS)), to=st.sampled_from(NAMES), data=st.data())
def test_spoilt_rows(tmp_path_factory: pytest.TempPathFactory, layout: str, to: str, data: Any) -> None:
    """Whatever stands in a place where something else belongs, a row is read or named, never an error of ours."""
    row = json.loads(json.dumps(data.draw(st.sampled_from(ROWS[layout]))))
    text = data.draw(
        st.sampled_from(
            [*(name for name in ("tools", "answers", "messages") if isinstance(row.get(name), str)), ""]
        )
    )
    spoilt = {"in": json.loads(row[text])} if text else row
    *path, last = data.draw(st.sampled_from(places(spoilt)[1:]))
    value = spoilt
    for key in path:
        value = value[key]
    if data.draw(st.booleans()):
        value[last] = data.draw(st.sampled_from(JUNK))
    else:
        del value[last]
    if text:
        row[text] = json.dumps(spoilt.get("in"))
    folder = tmp_path_factory.mktemp("spoilt")
    file = write_rows(folder / "in.jsonl", [row])
    n_read = sum(1 if isinstance(item, Example) else len(item.problems) for item in scan_examples(file))
    assert n_read >= 1  # read, or named
    assert validate(file).to_json()
    assert lint([file]).to_json()
    try:
        convert(file, folder / "out.jsonl", to)
    except DataError as error:
        assert all(str(file) in problem.where for problem in error.problems)
        assert [path.name for path in folder.iterdir()] == ["in.jsonl"]  # nothing half-written
    else:
        assert read_examples(folder / "out.jsonl")


def test_every_broken_row_is_told(tmp_path: Path) -> None:
    """All of a file's broken rows up to fifty, then how many more."""
    (tmp_path / "in.jsonl").write_text("{\n" * 70 + json.dumps(ROWS["rows"][0]))
    with pytest.raises(DataError) as caught:
        convert(tmp_path / "in.jsonl", tmp_path / "out.jsonl", "rows")
    assert len(caught.value.problems) == 51
    assert "20 more problems" in str(caught.value)


def test_files_that_are_no_parquet(tmp_path: Path) -> None:
    """A file cut short, and a column that JSON cannot hold, are named."""
    import datetime

    import pyarrow
    import pyarrow.parquet

    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        read_examples(tmp_path / "cut.parquet")
    table = pyarrow.table({"messages": ["[]"], "at": [datetime.datetime(2026, 1, 1)]})
    pyarrow.parquet.write_table(table, tmp_path / "dates.parquet")
    with pytest.raises(DataError, match="the column 'at' is of the type timestamp"):
        read_examples(tmp_path / "dates.parquet")


def test_the_command(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The report names layouts and losses; --lossless writes nothing and ends with 1; a file that is there is kept."""
    file, target = write_rows(tmp_path / "in.jsonl", ROWS["rows"]), tmp_path / "out.jsonl"
    assert main(["convert", str(file), str(target), "--to", "xlam", "--lossless"]) == 1
    assert not target.exists()
    assert main(["convert", str(file), str(target), "--to", "xlam"]) == 0
    told = capfd.readouterr().out
    assert f"{file}: layout rows, 2 examples" in told
    assert "not held: answer's text, 1 rows" in told
    assert main(["convert", str(file), str(target), "--to", "rows"]) == 2
    assert "out.jsonl: is there already. Add --overwrite" in capfd.readouterr().err.replace("\n", "")
    assert main(["convert", str(file), str(target), "--to", "rows", "--overwrite", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["is_lossless"] is True
    assert main(["convert", str(file), str(target), "--to", "rows", "--from", "xlam", "--overwrite"]) == 2
    assert "is no row of the layout 'xlam'" in capfd.readouterr().err
    with pytest.raises(UsageError, match="there is no layout 'x'"):
        convert(file, target, "x")


def test_rows_of_every_layout_are_shown(tmp_path: Path) -> None:
    """The training text of each row; of one without an answer the prompt, nothing of it with loss."""
    for name, rows in ROWS.items():
        for example in find_examples(write_rows(tmp_path / f"{name}.jsonl", rows), None, 0):
            text = training_text(example)
            has_answer = bool(example.messages[-1].get("content") or example.messages[-1].get("tool_calls"))
            assert bool(text.spans) == has_answer
            assert example.utterance in text.text


def test_rows_without_tools_are_told_apart(tmp_path: Path) -> None:
    """Without tools, calls in `tool_calls` make a row one of ours, and a text alone makes it native text."""
    (row,) = (row for row in ROWS["rows"] if row["messages"][-1].get("tool_calls"))
    text = {"messages": [*row["messages"][:-1], {"role": "assistant", "content": "Yes?"}]}
    file = write_rows(tmp_path / "bare.jsonl", [{"messages": row["messages"]}, text])
    assert [example.layout for example in read_examples(file)] == ["rows", "native-text"]


def test_examples_carry_their_layout(tmp_path: Path) -> None:
    """Each example says which layout it was read in, and nothing of that is compared or written."""
    for name, rows in ROWS.items():
        examples: list[Example] = read_examples(write_rows(tmp_path / f"{name}.jsonl", rows))
        assert {example.layout for example in examples} == {name} or name in ("native-text", "openai")
        assert replace(examples[0], layout="") == examples[0]
    assert Conversion("a", "b", "rows").is_lossless


def test_parquet_with_json_inside(tmp_path: Path) -> None:
    """Arrow's type for JSON, as a column and within lists and structs, is read as JSON; nulls of structs stay where that is asked for."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    def texts(*values: str | None) -> Any:
        return pa.ExtensionArray.from_storage(pa.json_(), pa.array(values, pa.string()))

    columns = {
        "whole": texts('{"n": 1.0}', None),
        "listed": pa.ListArray.from_arrays([0, 1, 2], texts("[24]", '"24"')),
        "held": pa.StructArray.from_arrays([texts("true", None), pa.array([None, 2])], ["flag", "n"]),
    }
    file = tmp_path / "rows.parquet"
    pq.write_table(pa.table(columns), file)
    for keep_nulls, held in ((False, [{"flag": True}, {"n": 2}]), (True, [{"flag": True, "n": None}, {"flag": None, "n": 2}])):  # fmt: skip
        rows = ParquetRows(file, keep_nulls=keep_nulls)
        back = [line.value for line in rows.lines() if isinstance(line, Line)]
        assert back == [
            {"whole": {"n": 1.0}, "listed": [[24]], "held": held[0]},
            {"listed": ["24"], "held": held[1]},
        ]
        assert type(back[0]["whole"]["n"]) is float
        assert rows.n_nulls == (0 if keep_nulls else 2)
