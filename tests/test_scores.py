"""fgeval.scores and what it adds to a score: calls as predictions, asking, seen values, slices, rows without a verdict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from eval_data import ADAPTER, ROWS, TOOLS, call, row, text_of, write_predictions, write_rows

from fgdata.errors import DataError, FgError, PackError, UsageError
from fgdata.gold import Gold, GoldCall
from fgdata.packs import find_pack_folder
from fgdata.schema import Call
from fgeval import read_predictions, read_scores, score_predictions
from fgeval.ask_markers import asks_for, find_markers, read_markers
from fgeval.cli import main
from fgeval.predictions import prediction_from_row
from fgeval.report import write_report


def score(folder: Path, rows: list[dict[str, Any]], predictions: list[dict[str, Any]], **options: Any) -> dict[str, Any]:  # fmt: skip
    data = write_rows(folder / "test.jsonl", rows)
    recorded = write_rows(folder / "predictions.jsonl", predictions)
    return score_predictions(data, recorded, folder / "out", **{"min_n": 1, "overwrite": True, **options})


BASE_TEXT = text_of(call("adjust_temperature", delta=2))

# ---------------------------------------------------------------- predictions as calls

UP = row(0, "2도 올려", call("adjust_temperature", delta=2))


@pytest.mark.parametrize(
    ("prediction", "exact", "error"),
    [
        ({"calls": [{"name": "adjust_temperature", "arguments": {"delta": 2}}]}, True, ""),
        ({"calls": [{"name": "adjust_temperature", "arguments": '{"delta": 2}'}]}, True, ""),
        ({"calls": [{"function": {"name": "adjust_temperature", "arguments": {"delta": "2"}}}]}, True, ""),
        ({"calls": [{"name": "adjust_temperature"}]}, False, "missing_argument"),
        ({"calls": [], "text": "못 해요"}, False, "missed_call"),
        ({"calls": [{"name": "adjust_temperature", "arguments": "{delta"}]}, False, "unread"),
        ({"calls": [{"name": "adjust_temperature", "arguments": [2]}]}, False, "unread"),
        (
            {
                "text": "네",
                "tool_calls": [{"function": {"name": "adjust_temperature", "arguments": '{"delta": 2}'}}],
            },
            True,
            "",
        ),
        (
            {"text": "네", "tool_calls": [{"function": {"name": "power_on", "arguments": "{}"}}]},
            False,
            "wrong_tool",
        ),
        ({"text": text_of(call("adjust_temperature", delta=2)), "tool_calls": []}, True, ""),
        (
            {"text": text_of(call("adjust_temperature", delta=2)), "tool_calls": [{"name": "power_on"}]},
            False,
            "too_many_calls",
        ),
        ({"calls": None, "text": text_of(call("adjust_temperature", delta=2))}, True, ""),
    ],
)
def test_predictions_may_be_calls(
    tmp_path: Path, prediction: dict[str, Any], exact: bool, error: str
) -> None:
    """Calls given as such, their arguments as mapping or JSON text, score as the same calls in text do."""
    score(tmp_path, [UP], [{"id": "item-0", **prediction}])
    (line,) = read_scores("run", tmp_path / "out").rows
    assert (line["id"], line["exact"], line["error_type"]) == ("item-0", exact, error)
    assert bool(line["reason"]) != exact


def test_calls_are_written_and_read_back(tmp_path: Path) -> None:
    """A prediction with calls is the same after a round trip; one with text has no `calls`."""
    file = write_rows(tmp_path / "p.jsonl", [{"id": "a", "calls": [{"name": "f", "arguments": {"x": [1]}}]}, {"id": "b", "text": "t"}])  # fmt: skip
    first, second = read_predictions(file)
    assert first.calls == (Call("f", {"x": [1]}),)
    broken = prediction_from_row({"id": "a", "calls": [{"name": "f", "arguments": "{x"}, {"name": "g"}]}, "")
    assert (broken.calls, broken.unread) == ((Call("g"),), (("f", "{x"),))
    assert prediction_from_row(json.loads(broken.to_line()), "") == broken
    (tmp_path / "q.jsonl").write_text(first.to_line() + second.to_line(), encoding="utf-8")
    assert read_predictions(tmp_path / "q.jsonl") == [first, second]
    assert "calls" not in json.loads(second.to_line())


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ({"id": "a"}, "`text` must be text"),
        ({"id": "a", "calls": {}}, "`calls` must be a list"),
        ({"id": "a", "calls": [{"arguments": {}}]}, "without a name"),
        ({"id": "a", "tool_calls": ["f"], "text": "네"}, "without a name"),
        ({"id": "a", "calls": [{"name": "f"}], "tool_calls": [{"name": "g"}]}, "differ"),
        ({"id": "a", "calls": [], "text": 3}, "`text` must be text"),
    ],
)
def test_predictions_that_are_none(tmp_path: Path, line: dict[str, Any], word: str) -> None:
    """File, line and what is wrong."""
    with pytest.raises(DataError, match=rf"p\.jsonl:1: .*{word}"):
        read_predictions(write_rows(tmp_path / "p.jsonl", [line]))


# ---------------------------------------------------------------- asking

ASKING = [
    # what the model writes, whether it asks for the temperature
    ("몇 도로 맞출까요?", True),
    ("몇도로 할까요", True),
    ("원하시는 온도를 말씀해 주세요.", True),
    ("온도는 바꿀 수 없어요.", False),
    ("냉방, 난방, 자동, 송풍 가운데 어느 모드로 할까요?", False),
    ("", False),
]


@pytest.mark.parametrize(("text", "asks"), ASKING)
def test_asking_is_told_by_the_packs_markers(text: str, asks: bool) -> None:
    """A question for the missing value is told from a refusal, and from a question for something else."""
    assert asks_for(text, "temperature", find_markers(None, "climate_ko")) == asks
    assert asks_for(text, "humidity", find_markers(None, "climate_ko")) is None


@pytest.mark.parametrize(
    "name", ["climate_ko", "home_ko", "fitness_ko", "fitness_en", "fitness_plus_en", "fitness_plus_ko"]
)
def test_markers_know_the_packs_own_answers(name: str) -> None:
    """Every answer of an intent that asks is seen to ask for its parameter, and for no other of the pack's."""
    markers = find_markers(None, name)
    # The pack's files, and not the pack: reading one whole takes seconds.
    for file in (find_pack_folder(name) / "intents").glob("*.yaml"):
        intent = yaml.safe_load(file.read_text(encoding="utf-8"))
        for answer in intent["answers"] if intent["kind"] == "ask" else ():
            asked = [parameter for parameter in markers if asks_for(answer, parameter, markers)]
            assert asked == [intent["asks_for"]], answer


def test_decisions(tmp_path: Path) -> None:
    """Call, no call and ask, due and decided; asking is scored only where markers tell."""
    known = {"kind": "ask", "asks_for": "temperature", "pack": "climate_ko"}
    rows = [
        row(0, "온도 맞춰 줘", **known),
        row(1, "온도 설정해 줘", **known),
        row(2, "온도 좀", **known),
        row(3, "안녕"),
        row(4, "습도 맞춰 줘", kind="ask", asks_for="humidity", pack="elsewhere"),
    ]
    texts = ["몇 도로 맞출까요?", "그건 못 해요.", text_of(call("power_on")), "안녕하세요", "얼마로 할까요?"]
    summary = score(tmp_path, rows, [{"id": f"item-{n}", "text": text} for n, text in enumerate(texts)])
    assert (summary["overall"]["asked"]["k"], summary["overall"]["asked"]["n"]) == (1, 3)
    matrix = summary["decisions"]
    assert matrix["rows"] == ["call", "no_call", "ask"]
    assert matrix["counts"] == [[0, 0, 0], [0, 1, 0], [1, 2, 1]]
    lines = read_scores("run", tmp_path / "out").rows
    assert [(line["due"], line["decided"]) for line in lines[:3]] == [
        ("ask", "ask"),
        ("ask", "no_call"),
        ("ask", "call"),
    ]
    # What is due is to ask, where markers tell; where none do, calling nothing is all that can be seen.
    assert [line["decision"] for line in lines] == [1, 0, 0, 1, 1]
    assert [line.get("decision_reason") for line in lines[:3]] == [
        None,
        "the missing value was not asked for",
        "no call was due, one was made",
    ]
    assert [line["exact"] for line in lines] == [True, True, False, True, True]
    assert (summary["overall"]["decision"]["k"], summary["overall"]["decision"]["n"]) == (3, 5)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("- a", "no mapping"),
        ("temperature: 몇 도", "no list of texts"),
        ("temperature: []", "no list of texts"),
        ("temperature: ['(']\nmode: [1]", "no regular expression.*\n.*no list of texts"),
        ("a: [", "cannot be read"),
    ],
)
def test_broken_markers(tmp_path: Path, content: str, word: str) -> None:
    """Everything that is wrong in the file, with its parameter."""
    file = tmp_path / "ask_markers.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(PackError, match=word):
        read_markers(file)


def test_markers_by_language(tmp_path: Path) -> None:
    """In a pack of several languages a parameter may give its markers by language; either language's question counts."""
    file = tmp_path / "ask_markers.yaml"
    file.write_text("level: {ko: ['몇 도'], en: ['how (warm|hot)']}\nroom: [where]\n", encoding="utf-8")
    markers = read_markers(file)
    assert asks_for("몇도로 할까요?", "level", markers)
    assert asks_for("How warm should it be?", "level", markers)
    assert not asks_for("Where?", "level", markers)
    file.write_text("level: {ko: 몇 도}\n", encoding="utf-8")
    with pytest.raises(PackError, match=r"level: is .* and no list of texts"):
        read_markers(file)


# ---------------------------------------------------------------- aggregates


def test_figures_by_hand(tmp_path: Path) -> None:
    """Parameters, macro averages, call sets and both confusions of three items, counted on paper."""
    rows = [
        row(0, "24도", call("set_temperature", temperature=24, zone="a")),
        row(1, "25도랑 켜기", call("set_temperature", temperature=25), call("power_on")),
        row(2, "냉방", call("set_mode", mode="cooling")),
    ]
    texts = [
        text_of(call("set_temperature", temperature=24, zone="b")),
        text_of(call("set_temperature", temperature=25), call("power_off"), call("turn_on", now=True)),
        "네",
    ]
    summary = score(tmp_path, rows, [{"id": f"item-{n}", "text": text} for n, text in enumerate(texts)])
    counts = {
        f"{one['tool']}.{one['name']}": (one["right"], one["expected"], one["got"])
        for one in summary["parameters"]
    }
    assert counts == {
        "set_mode.mode": (0, 1, 0),
        "set_temperature.temperature": (2, 2, 2),
        "set_temperature.zone": (0, 1, 1),
        "turn_on.now": (0, 0, 1),
    }
    macro = summary["overall"]["arguments"]["macro"]
    assert (macro["n_parameters"], macro["n_invented"]) == (3, 1)  # no tool declares turn_on.now
    assert macro["precision"] == pytest.approx((1 + 0) / 2)  # mode was never given
    assert macro["recall"] == pytest.approx((0 + 1 + 0) / 3)
    assert macro["f1"] == pytest.approx((0 + 1 + 0) / 3)
    calls = summary["overall"]["calls"]
    assert (calls["precision"]["k"], calls["precision"]["n"], calls["recall"]["n"]) == (1, 4, 4)
    assert calls["f1"] == pytest.approx(2 * 1 / 8)
    assert (summary["overall"]["too_many"]["k"], summary["overall"]["too_few"]["k"]) == (1, 1)
    matrix = summary["call_confusion"]
    cells = {
        (due, made): count
        for due, line in zip(matrix["rows"], matrix["counts"], strict=True)
        for made, count in zip(matrix["columns"], line, strict=True)
        if count
    }
    assert cells == {
        ("set_temperature", "set_temperature"): 2,
        ("power_on", "invented"): 1,
        ("none", "power_off"): 1,
        ("set_mode", "none"): 1,
    }


def test_macro_average_takes_declared_parameters(tmp_path: Path) -> None:
    """A declared parameter that was given and not due counts, with 0; one that no tool declares is counted apart."""
    texts = [
        {
            "id": "item-0",
            "text": text_of(call("set_temperature", temperature=24, zone="b", colour="x", size=3)),
        }
    ]
    rows = [row(0, "24도", call("set_temperature", temperature=24))]
    macro = score(tmp_path, rows, texts)["overall"]["arguments"]["macro"]
    assert macro == {"precision": 0.5, "recall": 1.0, "f1": 0.5, "n_parameters": 2, "n_invented": 2}


def test_slices_with_few_items_are_suppressed(tmp_path: Path) -> None:
    """Their rates are not shown, their number of items is; what is reported has the items it needs."""
    texts = [{"id": one["id"], "text": ""} for one in ROWS]
    summary = score(tmp_path, ROWS, texts, min_n=3)
    assert {name: part["n"] for name, part in summary["by"]["register"].items()} == {"hae": 4}
    assert summary["suppressed"]["register"] == {"fragment": 2, "haeyo": 2}
    assert (summary["min_n"], summary["n"]) == (3, 8)


def test_slices_of_every_kind(tmp_path: Path) -> None:
    """Perturbation, argument type, numbers of calls and tools, split, and values seen in training or not."""
    train = write_rows(tmp_path / "train.jsonl", [row(9, "24도", call("set_temperature", temperature=24))])
    rows = [
        row(0, "24도", call("set_temperature", temperature=24), perturbation="typo+blanks"),
        row(1, "25도", call("set_temperature", temperature=25)),
        row(2, "켜", call("power_on")) | {"tools": TOOLS[-2:]},
        row(3, "냉방 24도", call("set_mode", mode="cooling"), call("set_temperature", temperature=24)),
    ]
    texts = [{"id": one["id"], "text": ""} for one in rows]
    by = score(tmp_path, rows, texts, train=[train])["by"]
    sizes = {name: {value: part["n"] for value, part in group.items()} for name, group in by.items()}
    assert sizes["perturbation"] == {"blanks": 1, "none": 3, "typo": 1}
    assert sizes["argument_type"] == {"integer": 3, "string": 1}
    assert sizes["number_of_calls"] == {"1": 3, "2": 1}
    assert sizes["number_of_tools"] == {"2": 1, "7": 3}
    assert sizes["split"] == {"test": 4}
    assert sizes["values"] == {"seen": 1, "unseen": 2}


def test_a_broken_training_file_is_named(tmp_path: Path) -> None:
    """File and line of the row that does not read."""
    (tmp_path / "train.jsonl").write_text("{\n", encoding="utf-8")
    with pytest.raises(FgError, match=r"train\.jsonl:1"):
        score(tmp_path, [UP], [{"id": "item-0", "text": ""}], train=[tmp_path / "train.jsonl"])
    with pytest.raises(UsageError, match="--min-n"):
        score(tmp_path, [UP], [{"id": "item-0", "text": ""}], min_n=0)


# ---------------------------------------------------------------- benchmarks' rows


def test_rows_without_a_verdict_are_left_out_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    """They are in no rate and in no line of scores; the summary and the last line of the command say so."""
    relevance = row(1, "틀어") | {"gold": Gold("bfcl", "live_relevance").to_json()}
    called = {"id": "item-1", "text": text_of(call("power_on"))}
    right = {"id": "item-0", "text": text_of(call("adjust_temperature", delta=2))}
    summary = score(tmp_path, [UP, relevance], [right, called])
    assert (summary["n"], summary["overall"]["exact"]["k"]) == (1, 1)
    assert [one["id"] for one in summary["not_scored"]] == ["item-1"]
    assert [line["id"] for line in read_scores("run", tmp_path / "out").rows] == ["item-0"]
    words = ["score", "--data", tmp_path / "test.jsonl", "--predictions", tmp_path / "predictions.jsonl"]
    assert main([*map(str, words), "--out", str(tmp_path / "again"), "--profile", "strict"]) == 0
    assert "1 rows have no verdict" in " ".join(capsys.readouterr().out.split())
    assert score(tmp_path, [UP, relevance], [right, called], profile="bfcl")["n"] == 2


def test_broken_rows_are_skipped_by_name_when_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the flag they stop the command; with it run and score go on, say which rows are missing, and count no point lost for them."""
    sound = [
        json.dumps(row(n, "올려", call("adjust_temperature", delta=2)), ensure_ascii=False) for n in range(3)
    ]
    unfit = json.dumps(row(3, "켜", call("power_up")), ensure_ascii=False)
    data = tmp_path / "test.jsonl"
    data.write_text("\n".join([sound[0], "{broken", unfit, sound[1], sound[1], sound[2]]) + "\n", "utf-8")
    answers = {f"item-{n}": text_of(call("adjust_temperature", delta=2)) for n in range(3)}
    recorded = write_predictions(tmp_path / "p.jsonl", answers)
    run = ["run", "--backend", "replay", "--predictions", recorded, "--data", data, "--out", tmp_path / "run"]
    score = ["score", "--data", data, "--predictions", tmp_path / "run", "--out", tmp_path / "run"]
    assert main([str(word) for word in run]) == 2
    assert not (tmp_path / "run").exists()
    for words in (run, score):
        capsys.readouterr()
        assert main([*map(str, words), "--skip-broken"]) == 0
        told = " ".join(capsys.readouterr().err.split())
        assert all(f"test.jsonl:{line}: " in told for line in (2, 3, 5))
        assert "3 rows of the data are left out." in told
    summary = read_scores("run", tmp_path / "run").summary
    assert (summary["overall"]["exact"]["k"], summary["overall"]["exact"]["n"]) == (3, 3)
    assert len(summary["left_out"]) == 3


def test_predictions_of_rows_left_out_and_lines_that_are_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --skip-broken both are passed over by name; an id that no row ever had, or a row without any line, still stops."""
    impossible = row(1, "45도로", call("set_temperature", temperature=45))
    data = write_rows(tmp_path / "test.jsonl", [ROWS[0], impossible, ROWS[2], ROWS[3]])
    with data.open("a", encoding="utf-8") as stream:
        stream.write("{broken\n")
    lines = [{"id": "item-0", "text": BASE_TEXT}, {"id": "item-1", "text": "x"}, {"id": "item-2", "text": 3}]
    recorded = write_rows(tmp_path / "p.jsonl", [*lines, {"id": "of the broken line", "text": ""}])
    with recorded.open("a", encoding="utf-8") as stream:
        stream.write('{"id": "item-3", "te\n')
    words = ["score", "--data", data, "--predictions", recorded, "--out", tmp_path / "out", "--overwrite"]
    assert main([*map(str, words), "--skip-broken"]) == 0
    told = " ".join(capsys.readouterr().err.split())
    assert "2 rows of the data are left out." in told
    assert "2 lines of the predictions are left out." in told
    summary = read_scores("run", tmp_path / "out").summary
    assert (summary["overall"]["exact"]["n"], summary["missing"]) == (1, ["item-2", "item-3"])
    assert [len(summary[name]) for name in ("left_out", "left_out_predictions")] == [2, 2]
    write_rows(recorded, [*lines[:2], {"id": "one", "text": ""}, {"id": "two", "text": ""}])
    assert main([*map(str, words), "--skip-broken"]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "'one' is not in" in told and "'item-3' has no prediction" in told


def test_profiles_by_flag(tmp_path: Path) -> None:
    """The same row and output under each profile: its gold decides, and the summary names the rules."""
    gold = Gold("bfcl", "multiple", (GoldCall("set_code", {"code": ["-5"]}),))
    rows = [row(0, "코드", call("set_code", code="-5")) | {"gold": gold.to_json()}]
    data = write_rows(tmp_path / "test.jsonl", rows)
    recorded = write_predictions(tmp_path / "p.jsonl", {"item-0": text_of(call("set_code", code="5"))})
    verdicts = {}
    for profile in ("strict", "semantic", "bfcl", "functionchat"):
        out = tmp_path / profile
        words = ["score", "--data", data, "--predictions", recorded, "--out", out, "--profile", profile]
        assert main([str(word) for word in words]) == 0
        run = read_scores(profile, out)
        assert run.summary["profile"]["name"] == profile
        verdicts[profile] = (run.rows[0]["exact"], run.rows[0]["error_type"])
    assert verdicts == {
        "strict": (False, "wrong_value"),
        "semantic": (False, "wrong_value"),
        "bfcl": (True, ""),
        "functionchat": (False, "wrong_arguments"),
    }


# ---------------------------------------------------------------- what a run could not answer


def failing_run(folder: Path, errors: str) -> Path:
    """Two rows, of which the first alone has a prediction, and what the run says of the second."""
    write_rows(folder / "test.jsonl", ROWS[:2])
    write_rows(folder / "run" / "predictions.jsonl", [{"id": "item-0", "text": "", "time_s": 0.5}])
    (folder / "run" / "run.json").write_text('{"backend": "openai"}', encoding="utf-8")
    (folder / "run" / "errors.jsonl").write_text(errors, encoding="utf-8")
    return folder / "run"


def test_backend_errors_are_counted_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An item the backend failed on is no wrong answer: it is left out, counted, and named with the backend's reason."""
    run = failing_run(tmp_path, '{"id": "item-1", "reason": "HTTP 500"}\n')
    with pytest.raises(DataError, match=r"'item-1' has no prediction: the backend failed \(HTTP 500\)"):
        score_predictions(tmp_path / "test.jsonl", run, tmp_path / "out")
    flags = [
        "--data",
        str(tmp_path / "test.jsonl"),
        "--predictions",
        str(run),
        "--out",
        str(tmp_path / "out"),
    ]
    assert main(["score", *flags, "--allow-missing"]) == 0
    told = capsys.readouterr()
    assert "1 of them since the backend failed" in " ".join(told.out.split())
    assert "no answer: item-1: HTTP 500" in told.err
    summary = read_scores("run", tmp_path / "out").summary
    assert (summary["n"], summary["missing"]) == (1, ["item-1"])
    assert summary["backend_errors"] == [{"id": "item-1", "reason": "HTTP 500"}]


@pytest.mark.parametrize("line", ["{", "[]", '{"id": "a"}', "\x00"])
def test_broken_errors_file_is_named(tmp_path: Path, line: str) -> None:
    """A broken line of errors.jsonl is named with its place."""
    run = failing_run(tmp_path, '{"id": "item-1", "reason": "x"}\n' + line + "\n")
    with pytest.raises(DataError, match=r"errors\.jsonl:2"):
        score_predictions(tmp_path / "test.jsonl", run, tmp_path / "out")


def test_latency_and_prompt_stand_in_the_scores(tmp_path: Path) -> None:
    """Median, 95th percentile and slowest item; what the prompt says before the last user message."""
    rows = [row(n, "켜줘", call("power_on")) for n in range(5)]
    rows[0]["messages"].insert(1, {"role": "user", "content": "안녕"})
    predictions = [
        {"id": f"item-{n}", "text": "", "time_s": time} for n, time in enumerate((0.1, 0.2, 0.3, 0.4, 2.0))
    ]
    speed = score(tmp_path, rows, predictions)["speed"]
    assert (speed["median_s"], speed["p95_s"], speed["slowest_s"]) == (0.3, pytest.approx(1.68), 2.0)
    first = read_scores("run", tmp_path / "out").rows[0]
    assert [one["role"] for one in first["before"]] == ["developer", "user"] and first["before"][1][
        "text"
    ] == "안녕"
    assert (first["number_of_tools"], first["split"], first["utterance"]) == (len(TOOLS), "test", "켜줘")


def test_rows_that_cannot_be_scored_are_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """With --skip-broken a run and its scores go on without a broken line, gold that cannot be right and an id given twice, by name."""
    impossible = row(8, "45도로", call("set_temperature", temperature=45))
    data = write_rows(tmp_path / "test.jsonl", [*ROWS, impossible, ROWS[0]])
    with data.open("a", encoding="utf-8") as stream:
        stream.write("{broken\n")
    recorded = write_predictions(tmp_path / "recorded.jsonl", ADAPTER)
    run = [
        "run",
        "--backend",
        "replay",
        "--predictions",
        str(recorded),
        "--data",
        str(data),
        "--out",
        str(tmp_path / "run"),
    ]
    assert main(run) == 2 and not (tmp_path / "run" / "predictions.jsonl").exists()
    capsys.readouterr()
    assert main([*run, "--skip-broken"]) == 0
    told = capsys.readouterr().err
    score = [
        "score",
        "--predictions",
        str(tmp_path / "run"),
        "--data",
        str(data),
        "--out",
        str(tmp_path / "scores"),
    ]
    assert main(score) == 2
    assert main([*score, "--skip-broken"]) == 0
    told_again = capsys.readouterr().err
    for text in (told, told_again):
        assert "3 rows of the data are left out" in text
        assert all(f"test.jsonl:{line}: " in text for line in (9, 10, 11))
    found = read_scores("run", tmp_path / "scores")
    assert len(found.rows) == len(ROWS) and len(found.summary["left_out"]) == 3
    write_report([found], tmp_path / "report")
    assert "3 rows of the data cannot be scored" in (tmp_path / "report" / "report.html").read_text("utf-8")
