"""fgeval compare: what stands beside each other, what is refused, seeds, slices, contamination."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from eval_data import row, write_predictions, write_rows
from scored_runs import EACH, N_FAMILIES, answers, family_rows, scored_run
from small_pack import write_pack

from fgdata.errors import DataError, UsageError
from fgeval.cli import main
from fgeval.clusters import clustered_rate
from fgeval.comparable import NotComparableError, find_differences
from fgeval.compare import compare_runs
from fgeval.contamination import find_contamination
from fgeval.paired import holm
from fgeval.scores import read_scores, score_predictions
from fgeval.tallies import tally_rows

ROWS = family_rows()
HEAD = {
    "prompts_sha256": "p",
    "decoding": {"method": "greedy", "max_new_tokens": 64},
    "model_fingerprint": "m",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """base, new and two more seeds of it, scored."""
    place = tmp_path_factory.mktemp("runs")
    for name, right, seed in (("base", 0.5, 1), ("new", 0.8, 2), ("seed2", 0.75, 3), ("seed3", 0.85, 4)):
        scored_run(place / name, ROWS, answers(ROWS, right, seed), HEAD)
    return place


def load(folder: Path, *names: str) -> list[Any]:
    return [read_scores(name, folder / name) for name in names]


def test_a_comparison_by_hand(folder: Path):
    """Rates, differences and the counts of McNemar's test, counted from the lines of scores."""
    base, new = load(folder, "base", "new")
    (found,) = compare_runs(base, [new])
    first, second = ({row["id"]: row["exact"] for row in run.rows} for run in (base, new))
    exact = found.metrics[0]
    n = N_FAMILIES * EACH
    assert exact.metric == "exact" and exact.paired is not None
    assert exact.base.value == sum(first.values()) / n and exact.new.value == sum(second.values()) / n
    assert exact.paired.difference == pytest.approx(exact.new.value - exact.base.value)
    assert exact.paired.n_clusters == N_FAMILIES
    assert exact.paired.low <= exact.paired.difference <= exact.paired.high
    assert found.mcnemar is not None
    assert found.mcnemar.gained == sum(second[name] and not first[name] for name in first)
    right = np.array(
        [sum(row["exact"] for row in base.rows if row["family"] == f"f{f}") for f in range(30)], dtype=float
    )
    assert exact.base == clustered_rate(right, np.full(30, 4.0))
    over = next(one for one in found.metrics if one.metric == "over_call")
    assert over.new.n == 24, "items where no call is due"
    assert {one.metric for one in found.metrics if one.paired is None} == {"argument_precision"}


def test_slices_and_holm(folder: Path):
    """Every slice with enough items once, its p-values corrected over all slices; small ones are counted."""
    base, new = load(folder, "base", "new")
    (found,) = compare_runs(base, [new], min_n=30)
    slices = {(one.by, one.value): one for one in found.slices}
    assert slices["register", "hae"].new.n == 80
    assert ("kind", "no_call") not in slices and found.n_small > 0
    same = {("tool", "set_temperature"), ("number_of_calls", "1"), ("kind", "call")}
    assert len({slices[name].corrected for name in same}) == 1, "the same items are one test"
    distinct = [
        one for one in found.slices if (one.by, one.value) not in same - {("tool", "set_temperature")}
    ]
    assert [one.corrected for one in distinct] == pytest.approx(
        holm([one.paired.p_value for one in distinct])
    )
    assert not any(one.by == "family" for one in found.slices)


def test_slices_of_few_families_are_not_tested(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """A slice of five families gets its rates and no p-value, and does not count in Holm's correction."""
    rows = [
        one | {"register": "hapsyo" if one["family"] in {"f0", "f1", "f2", "f5", "f6"} else "hae"}
        for one in ROWS
    ]
    base, new = (
        read_scores(name, scored_run(tmp_path / name, rows, answers(rows, right, 1), HEAD))
        for name, right in (("base", 0.5), ("new", 0.8))
    )
    (found,) = compare_runs(base, [new])
    by_value = {one.value: one.corrected for one in found.slices if one.by == "register"}
    assert by_value["hapsyo"] is None and by_value["hae"] is not None
    assert main(["compare", str(tmp_path / "base"), str(tmp_path / "new")]) == 0
    assert "families" in capsys.readouterr().out


def test_the_same_run_shows_no_difference(folder: Path, tmp_path: Path):
    """A run against a copy of itself: no difference, p = 1, and no smallest effect, since nothing varies."""
    same = scored_run(tmp_path / "same", ROWS, answers(ROWS, 0.5, 1), HEAD)
    (found,) = compare_runs(*load(folder, "base"), [read_scores("same", same)])
    paired = found.metrics[0].paired
    assert paired is not None and paired.detectable is None
    assert (paired.difference, paired.p_value) == (0, 1)
    assert paired.low < -0.05 < 0.05 < paired.high, "30 families that agree do not prove that all do"


def test_seeds_are_pooled(folder: Path):
    """The mean of three seeds against the base; their spread widens the interval."""
    base, *seeds = load(folder, "base", "new", "seed2", "seed3")
    (found,) = compare_runs(base, seeds, pool=True)
    assert found.n_seeds == 3 and found.mcnemar is None and found.seeds is not None
    paired = found.metrics[0].paired
    assert paired is not None
    assert paired.difference == pytest.approx(np.mean(found.seeds.differences))
    assert found.seeds.high - found.seeds.low > 0
    assert len(compare_runs(base, seeds)) == 3, "without pooling, each for itself"


def change(path: Path, edit: Any) -> Path:
    summary = json.loads((path / "summary.json").read_text("utf-8"))
    edit(summary)
    (path / "summary.json").write_text(json.dumps(summary), "utf-8")
    return path


DIFFERENT = [
        (lambda s: s["data"].update(sha256="x"), "data.sha256"),
        (lambda s: s["profile"].update(name="semantic"), "profile.name: 'strict' there, 'semantic' now"),
        (lambda s: s["profile"].update(rules="other"), "profile.rules"),
        (lambda s: s.update(scorer={"fgsuite": "9"}), "scorer.fgsuite"),
        (lambda s: s["run"].update(prompts_sha256="q"), "run.prompts_sha256: 'p' there, 'q' now"),
        (lambda s: s["run"]["decoding"].update(max_new_tokens=8), "run.decoding.max_new_tokens: 64 there, 8 now"),
        (lambda s: s["run"].update(decoding={"method": "sampled"}), "run.decoding.method: 'greedy' there, 'sampled' now"),
        (lambda s: s.update(ask_markers={"p": "x"}), "ask_markers.p: None there, 'x' now"),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "named"), DIFFERENT)
def test_what_differs_is_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], edit: Any, named: str
):
    """Exit code 3 of compare, of the gate and of the report, the difference named, no figure printed."""
    other = change(scored_run(tmp_path / "other", ROWS, answers(ROWS, 0.8, 2), HEAD), edit)
    (tmp_path / "gate.toml").write_text("[floors]\nexact = 0.01\n", "utf-8")
    for command in (
        ["compare", str(folder / "base"), str(other)],
        [
            "gate",
            "--config",
            str(tmp_path / "gate.toml"),
            "--base",
            str(folder / "base"),
            "--new",
            str(other),
        ],
        ["report", "--run", f"a={folder / 'base'}", "--run", f"b={other}", "--out", str(tmp_path / "report")],
    ):
        assert main(command) == 3, command
        captured = capsys.readouterr()
        assert named in captured.err and captured.out == ""
    assert not (tmp_path / "report").exists()


def test_other_markers_of_asking_are_refused(tmp_path: Path):
    """What tells asking from refusing is a scoring rule: scores by another pack's markers are not compared."""
    rows = [{**row(n, f"온도 바꿔줘 {n}", asks_for="temperature", pack="mine")} for n in range(4)]
    texts = {one["id"]: "몇 도로 할까요?<end_of_turn>" for one in rows}
    data, runs = write_rows(tmp_path / "test.jsonl", rows), []
    for name, marker in (("first", "몇 도"), ("again", "몇 도"), ("other", "온도를")):
        write_pack(tmp_path / name)
        (tmp_path / name / "ask_markers.yaml").write_text(f"temperature: ['{marker}']\n", "utf-8")
        predictions = write_predictions(tmp_path / f"{name}.jsonl", texts)
        score_predictions(data, predictions, tmp_path / f"{name}-scores", pack=tmp_path / name)
        runs.append(read_scores(name, tmp_path / f"{name}-scores"))
    first, again, other = runs
    assert first.summary["overall"]["asked"]["value"] == 1 and other.summary["overall"]["asked"]["value"] == 0
    assert find_differences(first, again) == []
    (difference,) = find_differences(first, other)
    assert difference.startswith("ask_markers.mine: ")


def test_other_items_are_refused(folder: Path, tmp_path: Path):
    """A run that answered fewer items is not compared: which ones is said."""
    texts = answers(ROWS, 0.8, 2)
    texts.pop("item-7")
    fewer = read_scores("fewer", scored_run(tmp_path / "fewer", ROWS, texts, HEAD))
    (base,) = load(folder, "base")
    assert "'item-7'" in find_differences(base, fewer)[0]
    with pytest.raises(NotComparableError, match="items: 120 there, 119 now"):
        compare_runs(base, [fewer])


def test_unknown_conditions_are_said(folder: Path, tmp_path: Path):
    """A run without run.json is compared, and the note says what nobody knows."""
    bare = read_scores("bare", scored_run(tmp_path / "bare", ROWS, answers(ROWS, 0.8, 2)))
    (found,) = compare_runs(*load(folder, "base"), [bare])
    assert any("no run.json" in note for note in found.notes)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["base"], "the following arguments are required: NEW"),
        (["base", "base"], "is given twice"),
        (["base", "new", "copy"], "holds the very predictions"),
        (["base", "nowhere"], "cannot be read"),
        (["base", "new", "--min-n", "0"], "must be at least 1"),
        (["base", "new", "--train", "nowhere.jsonl"], "nowhere.jsonl"),
        (["base", "new", "--train", "empty"], "has no rows"),
    ],
)
def test_bad_input(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
):
    """Exit code 2 and what is wrong; no base, no comparison."""
    scored_run(tmp_path / "copy", ROWS, answers(ROWS, 0.8, 2), HEAD)
    (tmp_path / "empty").write_text("")
    known = {
        "base": folder / "base",
        "new": folder / "new",
        "copy": tmp_path / "copy",
        "empty": tmp_path / "empty",
    }
    try:
        code = main(["compare", *(str(known.get(word, word)) for word in words)])
    except SystemExit as stop:
        code = int(stop.code or 0)
    assert code == 2
    assert said in capsys.readouterr().err.replace("\n", " ")


def test_command_prints_both_sides(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Base and new rate with intervals, the difference, families, the smallest effect; the same as JSON."""
    train = write_rows(tmp_path / "train.jsonl", [ROWS[0] | {"id": "t"}])
    words = ["compare", f"base={folder / 'base'}", f"adapter={folder / 'new'}", "--train", train]
    assert main([*map(str, words), "--json", str(tmp_path / "c.json"), "--min-n", "4"]) == 0
    printed = capsys.readouterr().out
    for part in (
        "adapter against base",
        "Exact match",
        "30 template families",
        "four times in five",
        "McNemar",
        "4 of 120 items are touched",
    ):
        assert part in printed
    (comparison,) = json.loads((tmp_path / "c.json").read_text("utf-8"))["comparisons"]
    assert comparison["metrics"][0]["base"]["n_clusters"] == 30
    parts = {one["value"]: one["new"]["n"] for one in comparison["slices"] if one["by"] == "contamination"}
    assert parts == {"clean": 116, "touched": 4}


def test_few_families_are_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Below 20 families a warning goes to stderr."""
    rows = family_rows(8)
    for name, right in (("a", 0.3), ("b", 0.9)):
        scored_run(tmp_path / name, rows, answers(rows, right, 1))
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    assert "only 8 template families" in capsys.readouterr().err


def test_items_without_family_stand_alone():
    """An item that states no family is a cluster of its own; one that names a metric not judged leaves it out."""
    rows = [{"id": str(n), "exact": n % 2 == 0, "expected": [], "got": []} for n in range(10)]
    rows[0] |= {"perturbation": "typo+spacing", "values_seen": "seen"}
    tally = tally_rows(rows)
    assert tally.values("perturbation") == ["none", "spacing", "typo"] and tally.values("values") == ["seen"]
    assert tally.n_alone == 10 and tally.rate("exact").n_clusters == 10
    assert set(tally.counts) == {"exact", "over_call", "missed_call"}


TRAIN = [
    ("온도 24도로 맞춰 주세요", "a"),
    ("turn the light in the living room on now please", "b"),
    ("창문 열어 줘", "c"),
]
CASES = [
    ("온도  24도로 맞춰 주세요", "z", ("exact", "stem", "near")),
    ("온도 24 도로 맞춰주세요", "z", ("exact", "stem", "near")),
    ("온도를 26도로 맞춰줘", "z", ("stem",)),
    ("turn the lights in the living room on now please", "z", ("near",)),
    ("전혀 다른 말", "c", ("family",)),
    ("전혀 다른 말이에요", "y", ()),
]


def test_contamination_by_kind(tmp_path: Path):
    """Exact, stem, near and family, each found alone; the clean item stays clean."""
    chat = [{"role": "assistant", "content": "네"}]
    train = write_rows(
        tmp_path / "train.jsonl",
        [{"id": str(n), "messages": [{"role": "user", "content": text}, *chat], "family": family} for n, (text, family) in enumerate(TRAIN)],
    )  # fmt: skip
    rows = [{"id": str(n), "utterance": text, "family": family} for n, (text, family, _) in enumerate(CASES)]
    found = find_contamination(rows, [train])
    assert [found.touched.get(str(n), ()) for n in range(len(CASES))] == [ways for *_, ways in CASES]
    assert found.to_json()["by"] == {"exact": 2, "stem": 3, "near": 3, "family": 1}


def test_broken_training_rows_are_named(tmp_path: Path):
    """Every broken line of a training file, with its place."""
    (tmp_path / "t.jsonl").write_text("{}\nnothing\n", "utf-8")
    with pytest.raises(DataError, match=r"t\.jsonl:1.*(\n.*)*t\.jsonl:2"):
        find_contamination([], [tmp_path / "t.jsonl"])
    (tmp_path / "e.jsonl").write_text("", "utf-8")
    with pytest.raises(UsageError, match="has no rows"):
        find_contamination([], [tmp_path / "e.jsonl"])


def test_score_marks_what_was_trained_on(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """`fgeval score --train`: a mark on every line, both rates in the summary, told after scoring; comparisons read the marks."""
    train = write_rows(tmp_path / "train.jsonl", [ROWS[0] | {"id": "t"}])
    words = [
        "score",
        "--data",
        folder / "test.jsonl",
        "--predictions",
        folder / "base",
        "--out",
        tmp_path / "s",
    ]
    assert main([*map(str, words), "--train", str(train)]) == 0
    printed = capsys.readouterr().out
    assert "By template family (30 of them, design effect" in printed
    assert "Items clean of the training rows: 116" in printed
    summary = json.loads((tmp_path / "s" / "summary.json").read_text("utf-8"))
    assert summary["contamination"]["by"] == {"exact": 1, "stem": 0, "near": 1, "family": 4}
    marked = read_scores("s", tmp_path / "s").rows
    assert [row["touched"] for row in marked[:5]] == [["exact", "near", "family"], *[["family"]] * 3, []]
    assert tally_rows(marked).values("contamination") == ["clean", "touched"]


def test_comparing_is_light():
    """Comparing, judging and writing a card load no deep-learning library."""
    probe = "import sys, fgeval.gate, fgeval.compare, fgeval.model_card, fgeval.tables; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", probe], text=True).split()
    assert {"torch", "jax", "transformers", "peft", "huggingface_hub"}.isdisjoint(loaded)
