"""fgeval's command line: the way from data to a report, and every bad input with its exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from eval_data import ADAPTER, BASE, ROWS, TOOLS, write_predictions, write_rows

from fgeval.cli import main


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "test.jsonl", ROWS)


def run(*words: object) -> int:
    return main([str(word) for word in words])


def test_the_whole_way(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]):
    """run, score, report: a table in the terminal and both files."""
    for name, texts in (("base", BASE), ("adapter", ADAPTER)):
        recorded = write_predictions(tmp_path / f"{name}.jsonl", texts, time_s=0.1, completion_tokens=5)
        assert (
            run(
                "run",
                "--backend",
                "replay",
                "--data",
                data,
                "--predictions",
                recorded,
                "--out",
                tmp_path / name,
            )
            == 0
        )
        assert run("score", "--data", data, "--predictions", tmp_path / name, "--out", tmp_path / name) == 0
    capsys.readouterr()
    runs = ["--run", f"base={tmp_path / 'base'}", "--run", f"adapter={tmp_path / 'adapter'}"]
    assert run("report", *runs, "--out", tmp_path / "report", "--title", "Title", "--note", "Note") == 0
    printed = capsys.readouterr().out
    assert "Exact match" in printed
    assert "87.5%" in printed
    assert "+62.5" in printed
    assert str(tmp_path / "report" / "report.html") in printed.replace("\n", "")
    summary = json.loads((tmp_path / "adapter" / "summary.json").read_text(encoding="utf-8"))
    each = {"median_s": 0.1, "p95_s": 0.1, "slowest_s": 0.1}
    assert summary["speed"] == {"timed": 8, "time_s": 0.8, "completion_tokens": 40, "cut_off": 0, **each}
    rows = [
        json.loads(line)
        for line in (tmp_path / "adapter" / "scores.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert [row["id"] for row in rows] == [row["id"] for row in ROWS], "in the order of the data"
    assert (
        rows[7] | {"expected": [], "got": [{"name": "power_on", "arguments": {}}], "exact": False} == rows[7]
    )
    assert rows[7]["reason"] == "no call was due, got power_on()"


def test_replayed_gold_scores_one(tmp_path: Path, data: Path):
    """Gold answers through our own renderer and parser: 100 %."""
    from eval_data import text_of

    from fgdata.example import read_jsonl

    gold = {
        e.id: text_of(*e.expected_calls) if e.expected_calls else "아니요.<end_of_turn>"
        for e in read_jsonl(data)
    }
    recorded = write_predictions(tmp_path / "gold.jsonl", gold)
    assert run("score", "--data", data, "--predictions", recorded, "--out", tmp_path / "gold") == 0
    overall = json.loads((tmp_path / "gold" / "summary.json").read_text(encoding="utf-8"))["overall"]
    assert overall["exact"]["value"] == overall["arguments"]["f1"] == overall["decision"]["value"] == 1.0


Make = Callable[[Path], list[object]]


def _predictions(text: str) -> Make:
    def make(folder: Path) -> list[object]:
        (folder / "p.jsonl").write_text(text, encoding="utf-8")
        return [
            "score",
            "--data",
            folder / "test.jsonl",
            "--predictions",
            folder / "p.jsonl",
            "--out",
            folder / "out",
        ]

    return make


def _data(text: str) -> Make:
    def make(folder: Path) -> list[object]:
        (folder / "bad.jsonl").write_text(text, encoding="utf-8")
        recorded = write_predictions(folder / "p.jsonl", BASE)
        return ["score", "--data", folder / "bad.jsonl", "--predictions", recorded, "--out", folder / "out"]

    return make


def _run_without_model(folder: Path) -> list[object]:
    return ["run", "--data", folder / "test.jsonl", "--out", folder / "out"]


def _missing_data(folder: Path) -> list[object]:
    return ["run", "--data", folder / "none.jsonl", "--out", folder / "out", "--model", "m"]


def _batch_size(folder: Path) -> list[object]:
    return [*_run_without_model(folder), "--model", folder, "--batch-size", 0]


def _tokens(folder: Path) -> list[object]:
    return [*_run_without_model(folder), "--model", folder, "--max-new-tokens", 0]


def _no_model_folder(folder: Path) -> list[object]:
    return [*_run_without_model(folder), "--model", folder]


def _missing_prediction(folder: Path) -> list[object]:
    recorded = write_predictions(folder / "p.jsonl", {name: BASE[name] for name in list(BASE)[:6]})
    return ["score", "--data", folder / "test.jsonl", "--predictions", recorded, "--out", folder / "out"]


def _unknown_id(folder: Path) -> list[object]:
    recorded = write_predictions(folder / "p.jsonl", BASE | {"item-99": "x"})
    return ["score", "--data", folder / "test.jsonl", "--predictions", recorded, "--out", folder / "out"]


def _other_run_data(folder: Path) -> list[object]:
    recorded = write_predictions(folder / "run" / "predictions.jsonl", BASE)
    (folder / "run" / "run.json").write_text(json.dumps({"data": {"sha256": "0" * 64}}))
    return ["score", "--data", folder / "test.jsonl", "--predictions", recorded, "--out", folder / "out"]


def _out_is_file(folder: Path) -> list[object]:
    (folder / "out").write_text("x")
    recorded = write_predictions(folder / "p.jsonl", BASE)
    return ["score", "--data", folder / "test.jsonl", "--predictions", recorded, "--out", folder / "out"]


def _no_scores(folder: Path) -> list[object]:
    return ["report", "--run", f"base={folder}", "--out", folder / "out"]


def _run_flag(folder: Path) -> list[object]:
    return ["report", "--run", "base", "--out", folder / "out"]


def _tools_file(folder: Path) -> list[object]:
    (folder / "tools.json").write_text("{}")
    return ["ask", "--model", folder, "--tools", folder / "tools.json", "켜줘"]


def _no_pack(folder: Path) -> list[object]:
    return ["ask", "--model", folder, "--pack", "no_such_pack", "켜줘"]


BAD_INPUTS: list[tuple[str, Make, list[str]]] = [
    ("no JSON", _predictions('{"id": "item-0", "text": "a"}\n{broken\n'), ["p.jsonl:2: is no prediction"]),
    (
        "no UTF-8",
        _predictions('{"id": 1}\n[]\n'),
        ["p.jsonl:1: `id` must be text", "p.jsonl:1: `text`", "p.jsonl:2: a prediction must"],
    ),
    (
        "an id twice",
        _predictions('{"id": "item-0", "text": "a"}\n{"id": "item-0", "text": "b"}\n'),
        ["p.jsonl:2", "p.jsonl:1 already"],
    ),
    (
        "a wrong number",
        _predictions('{"id": "item-0", "text": "a", "time_s": "fast", "finished": "no"}\n'),
        ["`time_s`", "`finished`"],
    ),
    ("data of no JSON", _data("{broken\n"), ["bad.jsonl:1: is no JSON"]),
    ("data without rows", _data(""), ["has no rows"]),
    ("no model named", _run_without_model, ["--model: is missing."]),
    ("no data file", _missing_data, ["none.jsonl: cannot be read"]),
    ("batch size 0", _batch_size, ["--batch-size: is 0"]),
    ("no new tokens", _tokens, ["--max-new-tokens: is 0"]),
    ("a folder without a model", _no_model_folder, ["is no model folder"]),
    (
        "missing predictions",
        _missing_prediction,
        ["test.jsonl:7: the row 'item-6'", "test.jsonl:8: the row 'item-7'", "--allow-missing"],
    ),
    ("an unknown id", _unknown_id, ["p.jsonl:9: the id 'item-99' is not in"]),
    ("predictions for other data", _other_run_data, ["was made for data with the SHA-256 000000000000"]),
    ("--out is a file", _out_is_file, ["is a file"]),
    ("no scores", _no_scores, ["summary.json: cannot be read"]),
    ("--run without a folder", _run_flag, ["--run: 'base' is no NAME=DIR."]),
    ("no list of tools", _tools_file, ["tools.json: holds no list of tools"]),
    ("no such pack", _no_pack, ["no_such_pack"]),
]


@pytest.mark.parametrize(
    ("make", "parts"), [case[1:] for case in BAD_INPUTS], ids=[case[0] for case in BAD_INPUTS]
)
def test_bad_input(
    make: Make, parts: list[str], tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
):
    """Exit code 2, an error with its place for every problem, no traceback, nothing written."""
    assert run(*make(tmp_path)) == 2
    printed = capsys.readouterr().err
    for part in parts:
        assert part in printed
    assert printed.count("error: ") >= 1
    assert "Traceback" not in printed
    assert not (tmp_path / "out").is_dir()


def test_scores_are_not_replaced_unasked(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]):
    """Scores in --out stay, unless --overwrite."""
    recorded = write_predictions(tmp_path / "p.jsonl", BASE)
    words = ["score", "--data", data, "--predictions", recorded, "--out", tmp_path / "out"]
    assert run(*words) == 0
    assert run(*words) == 2
    assert "Add --overwrite" in capsys.readouterr().err
    assert run(*words, "--overwrite") == 0


def test_allow_missing_counts(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]):
    """Rows without a prediction are left out of every n, and their ids stand in the summary."""
    recorded = write_predictions(tmp_path / "p.jsonl", {"item-0": BASE["item-0"], "item-1": BASE["item-1"]})
    assert (
        run("score", "--data", data, "--predictions", recorded, "--out", tmp_path / "out", "--allow-missing")
        == 0
    )
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["n"] == 2
    assert summary["missing"] == [f"item-{n}" for n in range(2, 8)]
    assert "6 rows without a prediction are left out" in capsys.readouterr().out


def test_rows_of_the_first_seed(tmp_path: Path):
    """Raw text, no tools, numbers escaped: the base, which writes them bare, is scored as right as the adapter."""
    messages = [
        {
            "role": "developer",
            "content": "You are a model that can do function calling with the following functions",
        },
        {"role": "user", "content": "온도 2도 올려줘"},
        {
            "role": "assistant",
            "content": "<start_function_call>call:adjust_temperature{delta:<escape>2<escape>}<end_function_call>",
        },
    ]
    data = write_rows(tmp_path / "seed.jsonl", [{"messages": messages}])
    for name, value in (("base", "2"), ("adapter", "<escape>2<escape>"), ("wrong", "3")):
        text = f"<start_function_call>call:adjust_temperature{{delta:{value}}}<end_function_call><start_function_response>"
        recorded = write_predictions(tmp_path / f"{name}.jsonl", {"seed:1": text})
        assert run("score", "--data", data, "--predictions", recorded, "--out", tmp_path / name) == 0
        summary = json.loads((tmp_path / name / "summary.json").read_text(encoding="utf-8"))
        assert summary["overall"]["exact"]["k"] == (name != "wrong")


def test_not_comparable_exits_3(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]):
    """Runs on other data: exit code 3 with the difference named, and no report."""
    other = write_rows(tmp_path / "other.jsonl", ROWS[:4])
    some = {name: BASE[name] for name in list(BASE)[:4]}
    for name, rows, texts in (("a", data, BASE), ("b", other, some)):
        recorded = write_predictions(tmp_path / f"{name}.jsonl", texts)
        assert run("score", "--data", rows, "--predictions", recorded, "--out", tmp_path / name) == 0
    assert (
        run(
            "report",
            "--run",
            f"a={tmp_path / 'a'}",
            "--run",
            f"b={tmp_path / 'b'}",
            "--out",
            tmp_path / "out",
        )
        == 3
    )
    assert "data.sha256" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_ask(tmp_path: Path, tiny_model_dir: Path, capsys: pytest.CaptureFixture[str]):
    """The prompt on request, the raw text, the calls and the time; markup in any of them is printed as it stands."""
    (tmp_path / "tools.json").write_text(json.dumps(TOOLS), encoding="utf-8")
    flags = [
        "--model",
        tiny_model_dir,
        "--tools",
        tmp_path / "tools.json",
        "--max-new-tokens",
        4,
        "--device",
        "cpu",
    ]
    assert run("ask", *flags, "--show-prompt", "[red]온도[/red] 2도 올려줘") == 0
    printed = capsys.readouterr().out
    for part in (
        "prompt",
        "raw",
        "calls",
        "time",
        "[red]온도[/red]",
        "<start_of_turn>model",
        "declaration:set_temperature",
    ):
        assert part in printed


def test_failures_exit_1(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """Items that a backend could not answer are named and counted apart; shards are joined by command."""
    (tmp_path / "unlucky_model.py").write_text(
        "def answer(request):\n    if request.id == 'item-4':\n        raise OSError('no luck')\n    return 'ok'\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [str(tmp_path), *sys.path])
    flags = ["--backend", "python", "--callable", "unlucky_model:answer", "--data", data]
    assert run("run", *flags, "--out", tmp_path / "a") == 1
    printed = capsys.readouterr().err
    assert "7 predictions" in printed
    assert "no answer: item-4: OSError: no luck" in printed
    assert "1 items have no prediction" in printed
    parts = [tmp_path / "p1", tmp_path / "p2"]
    for i, part in enumerate(parts, 1):
        assert run("run", *flags, "--out", part, "--shard", f"{i}/2", "--filter", "kind=no_call") == 0
    assert run("join", *parts, "--out", tmp_path / "whole") == 0
    assert "2 predictions" in capsys.readouterr().err
