"""fgeval gate: every kind of check passing and failing, the four exit codes, mistakes in gate.toml with their lines."""

from __future__ import annotations

import json
import shlex
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from eval_data import text_of, write_predictions, write_rows
from scored_runs import answers, family_rows, scored_run

from fgdata.cli import main as fgdata_main
from fgdata.dataset import write_dataset
from fgdata.errors import UsageError
from fgdata.example import read_jsonl
from fgdata.generator import Request
from fgdata.packs import load_pack
from fgeval.cli import main
from fgeval.comparable import NotComparableError
from fgeval.gate import Check, Verdict, run_gate, write_verdict
from fgeval.gate_config import read_gate
from fgeval.items import read_items, tools_of
from fgeval.junit import Case, junit_xml
from fgeval.scores import score_predictions
from fgeval.toml_lines import read_toml

ROOT = Path(__file__).parents[1]
ROWS = family_rows()
DECODING = {"decoding": {"method": "greedy"}, "model_fingerprint": "m", "prompts_sha256": "p"}
RUNS = {
    "base": (0.5, 1, None),
    "good": (0.95, 2, "good"),
    "twin": (0.95, 5, "twin"),
    "worse": (0.3, 3, "worse"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scores of a base, a good adapter, another seed of it, and one that is worse."""
    place = tmp_path_factory.mktemp("gate")
    for name, (right, seed, adapter) in RUNS.items():
        head = DECODING | {"adapter_sha256": adapter} | ({"merged": True} if name == "good" else {})
        scored_run(place / name, ROWS, answers(ROWS, right, seed), head, time_s=0.25)
    write_rows(place / "train.jsonl", [ROWS[0] | {"id": "t"}])
    (place / "must.txt").write_text("# the ones we show\nitem-1\n", "utf-8")
    return place


def gate(folder: Path, text: str, name: str = "gate.toml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def judge(folder: Path, text: str, new: str = "good") -> Verdict:
    return run_gate(read_gate(gate(folder, f'new = "{new}"\nbase = "base"\n{text}')))


def outcome(folder: Path, text: str, new: str = "good") -> dict[str, bool | None]:
    return {f"{c.kind}/{c.name}": c.passed for c in judge(folder, text, new).checks if c.kind != "complete"}


CHECKS: list[tuple[str, str, dict[str, bool | None]]] = [
    ("good", "[floors]\nexact = 0.8", {"floors/exact": True}),
    ("worse", "[floors]\nexact = 0.8", {"floors/exact": False}),
    ("good", '[floors]\nexact = {at_least = 0.94, evidence = "shown"}', {"floors/exact": False}),
    ("good", '[floors]\nexact = {at_least = 0.94, evidence = "not_refuted"}', {"floors/exact": True}),
    ("good", "[floors]\nargument_precision = 0.8", {"floors/argument_precision": True}),
    ("good", "[ceilings]\nover_call = 0.2", {"ceilings/over_call": True}),
    ("worse", "[ceilings]\nover_call = 0.2", {"ceilings/over_call": False}),
    ("good", '[ceilings]\nover_call = {at_most = 0.05, evidence = "shown"}', {"ceilings/over_call": False}),
    ("good", "[non_inferiority]\nexact = 0.02", {"non_inferiority/exact": True}),
    ("worse", "[non_inferiority]\nexact = 0.02", {"non_inferiority/exact": False}),
    ("worse", "[non_inferiority]\nover_call = 0.0", {"non_inferiority/over_call": False}),
    ("good", '[non_inferiority]\nexact = {margin = -0.1, evidence = "shown"}', {"non_inferiority/exact": True}),
    (
        "good",
        '[[slices]]\nby = "kind"\nat_least = 0.7\nmin_n = 30',
        {"slices/kind: call": True, "slices/kind: no_call": None},
    ),
    (
        "worse",
        '[[slices]]\nby = "register"\nvalues = ["haeyo"]\nat_least = 0.9',
        {"slices/register: haeyo": False},
    ),
    (
        "good",
        '[contamination]\ntrain = "train.jsonl"\nmax_touched = 0.05\n[[slices]]\nby = "contamination"\nvalues = ["clean"]\nat_least = 0.8',
        {"contamination/touched": True, "slices/contamination: clean": True},
    ),
    (
        "good",
        '[contamination]\ntrain = "train.jsonl"\nmax_touched = 0.0',
        {"contamination/touched": False},
    ),
    ("good", "[latency]\np95_s = 0.3\nmean_s = 0.2", {"latency/p95_s": True, "latency/mean_s": False}),
    (
        "good",
        '[forgetting.english]\nbase = "base"\nnew = "good"\nmargin = 0.05',
        {"forgetting/english": True},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("new", "text", "expected"), CHECKS)
def test_every_check(folder: Path, new: str, text: str, expected: dict[str, bool | None]):
    """Each kind of check, met and not met."""
    assert outcome(folder, text, new) == expected


def test_a_loss_within_chance(folder: Path):
    """A small loss: `shown` does not accept it, `not_refuted` does; that is what the two words mean."""
    text = "[non_inferiority]\nexact = {{margin = 0.01, evidence = '{}'}}"
    run = 'new = "twin"\nbase = "good"\n'
    verdicts = [
        run_gate(read_gate(gate(folder, run + text.format(word)))).checks[-1]
        for word in ("shown", "not_refuted")
    ]
    assert [check.passed for check in verdicts] == [False, True]
    low, high = verdicts[0].low, verdicts[0].high
    assert low is not None and high is not None and low < -0.01 < high


def test_must_pass(folder: Path):
    """Each item is a check of its own, from the file and from the list; of several seeds, all must get it right."""
    rows = {
        name: {row["id"]: row["exact"] for row in map(json.loads, (folder / name / "scores.jsonl").open())}
        for name in ("good", "twin")
    }
    wrong = next(name for name in rows["good"] if rows["good"][name] and not rows["twin"][name])
    text = f'[must_pass]\nfile = "must.txt"\nids = ["{wrong}"]'
    assert outcome(folder, text) == {"must_pass/item-1": rows["good"]["item-1"], f"must_pass/{wrong}": True}
    both = run_gate(read_gate(gate(folder, text), new=[str(folder / "good"), str(folder / "twin")]))
    assert {c.name: c.passed for c in both.checks}[wrong] is False


def test_seeds_widen_the_margin(folder: Path):
    """Of several seeds the mean is judged, by an interval that counts the seeds as drawn too."""
    path = gate(folder, "new = ['good', 'twin', 'worse']\nbase = 'base'\n[non_inferiority]\nexact = 0.3")
    check = run_gate(read_gate(path)).checks[-1]
    assert check.value is not None and check.low is not None and check.value > 0 > check.low + 0.3
    assert check.passed is False and "3 seeds" in check.reason


def test_missing_predictions_close_the_gate(folder: Path, tmp_path: Path):
    """Rows left out of the scores fail the gate unless the file allows so many."""
    texts = answers(ROWS, 0.95, 2)
    texts.pop("item-0")
    fewer = scored_run(tmp_path / "fewer", ROWS, texts)
    for allowed, passed in ((0, False), (1, True)):
        path = gate(tmp_path, f'new = "{fewer}"\nmax_missing = {allowed}\n[floors]\nexact = 0.5')
        assert run_gate(read_gate(path)).passed is passed


def test_a_must_pass_item_without_a_prediction_fails(folder: Path, tmp_path: Path):
    """The data has the item and the run does not: not passed, with that reason, and no mistake of the file."""
    texts = answers(ROWS, 0.95, 2)
    texts.pop("item-0")
    fewer = scored_run(tmp_path / "fewer", ROWS, texts)
    text = f'new = "{fewer}"\nmax_missing = 5\n[must_pass]\nids = ["item-0"]'
    assert main(["gate", "--config", str(gate(tmp_path, text)), "--out", str(tmp_path / "out")]) == 1
    check = json.loads((tmp_path / "out" / "verdict.json").read_text("utf-8"))["checks"][-1]
    assert (check["passed"], check["reason"]) == (False, "has no prediction")


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ("base = 'base'\nnew = ['good', 'good']", "is given twice"),
        ("base = 'base'\nnew = ['good', 'copy']", "holds the very predictions of"),
        ("base = 'good'\nnew = 'good'", "is given twice"),
        ("new = 'good'\n[forgetting.x]\nbase = 'good'\nnew = 'good'\nmargin = 0.1", "is given twice"),
    ],
)
def test_one_run_counts_once(folder: Path, capsys: pytest.CaptureFixture[str], runs: str, said: str):
    """The same folder, or a copy of it, is no second seed, and no base of itself."""
    shutil.copytree(folder / "good", folder / "copy", dirs_exist_ok=True)
    text = f"{runs}\n[floors]\nexact = 0.1"
    assert main(["gate", "--config", str(gate(folder, text))]) == 2
    assert said in capsys.readouterr().err


def test_a_gate_that_judged_nothing_stays_shut(folder: Path):
    """All slices too small: nothing is shown, so the verdict is no."""
    verdict = judge(folder, '[[slices]]\nby = "kind"\nat_least = 0.1\nmin_n = 5000')
    assert not verdict.passed and "nothing is shown" in verdict.warnings[0]


WRONG = [
    ("new = 'good'\n[flors]\nexact = 0.8", ["gate.toml:2: 'flors' is no key of the gate."]),
    (
        "new = 'good'\n[floors]\nexat = 0.8\nexact = 1.2\n",
        ["gate.toml:3: 'exat' is no metric.", "gate.toml:4: `exact` is 1.2."],
    ),
    ("new = 'good'\n[floors]\nexact = {at_least = 0.8, margn = 1}", ["gate.toml:3: 'margn' is no key"]),
    ("new = 'good'\n[floors.exact]\nevidence = 'sure'", ["gate.toml:3: `evidence` is 'sure'.", "gate.toml:2: `at_least` is missing"]),
    ("new = 'good'\n\n[non_inferiority]\nexact = 0.02", ["gate.toml:3: there is no `base`"]),
    ("new = 'good'\n[non_inferiority]\nargument_precision = 0.02", ["gate.toml:3: 'argument_precision' is no metric."]),
    ("[floors]\nexact = 0.8", ["gate.toml: `new` is missing."]),
    ("new = 'good'", ["gate.toml: checks nothing."]),
    ("new = 3\n[floors]\nexact = 0.8", ["gate.toml:1: `new` must be a path"]),
    ("new = 'good'\nconfidence = 95\n[floors]\nexact = 0.8", ["gate.toml:2: `confidence` is 95."]),
    (
        "new = 'good'\n[[slices]]\nby = 'tool'\nat_least = 0.5\n[[slices]]\nby = 'colour'\nat_least = true\nvalues = [1]",
        ["gate.toml:6: `by` is 'colour'.", "gate.toml:7: `at_least` is True.", "gate.toml:8: `values` must be"],
    ),
    ("new = 'good'\n[slices]\nby = 'tool'", ["gate.toml:2: `slices` must be tables."]),
    ("new = 'good'\n[must_pass]\nfile = 'none.txt'\nids = 'item-1'", ["gate.toml:3: ", "gate.toml:4: `ids` must be a list"]),
    ("new = 'good'\n[forgetting.english]\nnew = 'good'", ["gate.toml:2: `base` is missing.", "gate.toml:2: `margin` is missing."]),
    ("new = 'good'\n[latency]\np42_s = 1\np95_s = -1", ["gate.toml:3: 'p42_s'", "gate.toml:4: `p95_s` is -1."]),
    ("new = 'good'\n[contamination]\nmax_touched = 0.1", ["gate.toml:2: `train` is missing."]),
    ("new = 'good'\n[floors\n", ["gate.toml:2: is no TOML"]),
    ("new = 'good'\nfloors = 1", ["gate.toml:2: `floors` must be a table"]),
    ("new = 'good'\n[[slices]]\nby = 'language'\nat_least = 0.5", ["gate.toml:2: no item of the data states its language."]),
    (
        "new = 'good'\n[[slices]]\nby = 'register'\nvalues = ['hap']\nat_least = 0.5",
        ["gate.toml:2: no item of the data is of register 'hap'. There are: hae, haeyo."],
    ),
    ("new = 'good'\n[must_pass]\nids = ['item-999']", ["gate.toml:3: the data has no item 'item-999'."]),
    ("new = 'nowhere'\n[floors]\nexact = 0.8", ["nowhere/summary.json: cannot be read"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_mistakes_are_named(folder: Path, capsys: pytest.CaptureFixture[str], text: str, said: list[str]):
    """Exit code 2, every mistake at once, each with its line; nothing on stdout."""
    assert main(["gate", "--config", str(gate(folder, text))]) == 2
    captured = capsys.readouterr()
    for part in said:
        assert part in captured.err
    assert captured.err.count("error:") == len(said) and captured.out == ""


def test_no_times_is_a_mistake(folder: Path, tmp_path: Path):
    """A latency budget over predictions that took no time is refused, not passed."""
    untimed = scored_run(tmp_path / "untimed", ROWS, answers(ROWS, 0.9, 1))
    path = gate(tmp_path, f"new = '{untimed}'\n[latency]\np95_s = 1")
    with pytest.raises(UsageError, match="120 of 120 items have no `time_s`"):
        run_gate(read_gate(path))


def test_not_comparable(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Exit code 3: other decoding than the base's, another profile than asked for, a forgetting set of another adapter."""
    other = scored_run(
        tmp_path / "other", ROWS, answers(ROWS, 0.9, 2), DECODING | {"decoding": {"method": "sampled"}}
    )
    floors = "[floors]\nexact = 0.1"
    cases = {
        f"new = '{other}'\nbase = 'base'\n{floors}": "run.decoding.method: 'greedy' there, 'sampled' now",
        f"new = 'good'\nprofile = 'semantic'\n{floors}": "the gate asks for 'semantic'",
        "new = 'good'\n[forgetting.x]\nbase = 'base'\nnew = 'worse'\nmargin = 1": "adapter_sha256 'worse'",
    }
    for text, said in cases.items():
        assert main(["gate", "--config", str(gate(folder, text))]) == 3
        captured = capsys.readouterr()
        assert said in captured.err and captured.out == ""
    with pytest.raises(NotComparableError):
        run_gate(read_gate(gate(folder, next(iter(cases)))))


@pytest.mark.parametrize(
    ("new", "code", "failed"), [("good", 0, []), ("worse", 1, ["floors", "non_inferiority", "slices"])]
)
def test_the_documented_gate_runs(folder: Path, tmp_path: Path, new: str, code: int, failed: list[str]):
    """The gate.toml of docs/gate.md, as it stands there, passes the good adapter and not the one that is worse."""
    page = (Path(__file__).parents[1] / "docs" / "gate.md").read_text("utf-8")
    gate(tmp_path, page.partition("```toml\n")[2].partition("```")[0])
    (tmp_path / "must_pass.txt").write_text("item-2\n", "utf-8")
    (tmp_path / "out" / "data").mkdir(parents=True)
    (tmp_path / "out" / "data" / "train.jsonl").symlink_to(folder / "train.jsonl")
    for name in ("base", "unseen-base", "english-base"):
        (tmp_path / "out" / name).symlink_to(folder / "base")
    for name in ("adapter-run", "unseen-adapter", "english-adapter"):
        (tmp_path / "out" / name).symlink_to(folder / new)
    assert main(["gate", "--config", str(tmp_path / "gate.toml"), "--out", str(tmp_path / "v")]) == code
    verdict = json.loads((tmp_path / "v" / "verdict.json").read_text("utf-8"))
    assert {check["kind"] for check in verdict["checks"]} == {
        *(
            "complete",
            "contamination",
            "floors",
            "ceilings",
            "slices",
            "non_inferiority",
            "forgetting",
            "must_pass",
            "latency",
        )
    }
    kinds = {check["kind"] for check in verdict["checks"] if check["passed"] is False}
    assert set(failed) <= kinds and (kinds == set()) is (code == 0)


@pytest.mark.parametrize(("new", "code"), [("good", 0), ("worse", 1)])
def test_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], new: str, code: int):
    """Exit codes 0 and 1, verdict.json and junit.xml, both whole; the file's runs replaced by flags."""
    text = "new = 'base'\n[floors]\nexact = 0.8\n[[slices]]\nby = 'kind'\nat_least = 0.1\nmin_n = 30\n[non_inferiority]\nexact = 0.02"
    words = ["gate", "--config", gate(folder, text), "--new", folder / new, "--base", folder / "base"]
    assert main([*map(str, words), "--out", str(tmp_path / "out")]) == code
    captured = capsys.readouterr()
    assert ("The gate is passed." in captured.out) is (code == 0)
    assert "1 slices have too few items" in captured.err
    verdict: dict[str, Any] = json.loads((tmp_path / "out" / "verdict.json").read_text("utf-8"))
    assert verdict["passed"] is (code == 0)
    assert verdict["runs"]["new"][0]["adapter_sha256"] == new
    assert verdict["runs"]["new"][0]["merged"] is (True if new == "good" else None)
    floor = next(check for check in verdict["checks"] if check["kind"] == "floors")
    assert (
        floor["n_clusters"] == 30
        and floor["low"] <= floor["value"] <= floor["high"]
        and floor["where"].endswith("gate.toml:3")
    )
    suite = ET.parse(tmp_path / "out" / "junit.xml").getroot()
    assert suite.get("tests") == str(len(verdict["checks"])) and suite.get("skipped") == "1"
    assert len(suite.findall(".//failure")) == int(suite.get("failures", "")) == (0 if code == 0 else 2)


def test_junit_survives_odd_text(tmp_path: Path):
    """Characters that XML cannot hold, and those it must escape."""
    text = junit_xml("s", [Case("g", "a\x00<b>&\ud800", False, 'why "\x1b"')])
    case = ET.fromstring(text).find(".//testcase")
    assert case is not None and case.get("name") == "a\ufffd<b>&\ufffd"
    check = Check("floors", "a\ud800", False, "why", "gate.toml:1")
    write_verdict(tmp_path, Verdict(False, (check,), (), {}))
    assert json.loads((tmp_path / "verdict.json").read_text("utf-8"))["checks"][0]["kind"] == "floors"


def test_lines_of_toml(tmp_path: Path):
    """Keys, tables, arrays of tables and keys after a long text have the line they stand on."""
    path = gate(
        tmp_path, 'a = 1\n[b."c d"]\ne.f = """\na = 2\n"""\n[[g]]\nh = 1\n[[g]]\n[g.i]\nj = 1\nk = {l = 1}\n'
    )
    file = read_toml(path)
    lines = {
        ("a",): 1, ("b", "c d"): 2, ("b", "c d", "e", "f"): 3, ("g", 0, "h"): 7, ("g", 1, "i", "j"): 10, ("g", 1, "i", "k", "l"): 11,
    }  # fmt: skip
    assert {key: file.where(*key) for key in lines} == {key: f"{path}:{line}" for key, line in lines.items()}
    assert file.where("nowhere") == str(path)


def test_the_forgetting_recipe_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_model_dir: Path):
    """The commands of docs/gate.md on bundled data: sets whose tools training never saw, and a loss that the gate shuts on."""
    from fgtrain import TrainConfig, train_lora

    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "gate.md").read_text("utf-8").partition("## Forgetting\n")[2]
    commands = [shlex.split(line) for line in page.partition("```bash\n")[2].partition("```")[0].splitlines()]
    (tmp_path / "forgetting.toml").write_text(page.partition("```toml\n")[2].partition("```")[0], "utf-8")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "tiny").symlink_to(tiny_model_dir)
    write_dataset(load_pack("climate_ko"), Request(60, 1), tmp_path / "out" / "train")
    rows = tmp_path / "out" / "train" / "train.jsonl"
    settings = {
        "model": "models/tiny",
        "train_file": str(rows),
        "output_dir": "out/adapter",
        "max_steps": 1,
        "device": "cpu",
    }
    train_lora(TrainConfig(**settings))
    codes = []
    for program, *words in commands:
        if words[0] == "generate":
            words[words.index("--rows") + 1] = "150"
        codes.append({"fgdata": fgdata_main, "fgeval": main}[program](words))
    assert codes == [0] * len(commands) and len(commands) == 11
    verdict = json.loads((tmp_path / "out" / "forgetting" / "verdict.json").read_text("utf-8"))
    assert [check["name"] for check in verdict["checks"] if check["kind"] == "forgetting"] == [
        "unseen_tools",
        "english",
    ]
    declared = {name for one in read_jsonl(rows) for name in tools_of(one)}
    for place in ("unseen", "english"):
        unseen = {
            name for one in read_jsonl(tmp_path / "out" / place / "test.jsonl") for name in tools_of(one)
        }
        assert unseen and not declared & unseen
    # The same sets, answered well before and badly after: the gate stays shut, by name.
    for place in ("unseen", "english"):
        data = tmp_path / "out" / place / "test.jsonl"
        items = read_items(data)
        texts = {
            one.example.id: text_of(*one.expected) if one.expected else "-<end_of_turn>" for one in items
        }
        for name, given in (("base", texts), ("adapter", dict.fromkeys(texts, "-<end_of_turn>"))):
            file = write_predictions(tmp_path / "p" / f"{place}-{name}.jsonl", given)
            score_predictions(data, file, tmp_path / "out" / f"{place}-{name}", overwrite=True)
    assert main(["gate", "--config", "forgetting.toml", "--out", "out/shut"]) == 1
    shut = json.loads((tmp_path / "out" / "shut" / "verdict.json").read_text("utf-8"))
    assert [c["name"] for c in shut["checks"] if c["passed"] is False] == ["unseen_tools", "english"]
