"""Data sets read from the Hub by lint, training and evaluation, pinned to a commit that the records name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from eval_data import ADAPTER, ROWS, row, write_predictions, write_rows
from hub_double import TOKEN, Hub, Repo
from train_rows import mixed_rows

from fgdata.cli import main as fgdata_main
from fgdata.dialects import read_examples
from fgdata.errors import FgError
from fgdata.example import read_jsonl
from fgdata.hub.source import hub_data, is_hub_id
from fgeval.cli import main as fgeval_main

REPO = "me/air"


def put(hub: Hub, files: dict[str, bytes], repo: str = REPO, *, private: bool = False) -> str:
    """The commit of a data set that now stands in the double."""
    stored = hub.repos.setdefault(("dataset", repo), Repo(private))
    return stored.commit(f"commit {len(stored.commits)}", {".gitattributes": b"", **files})


def lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows).encode()


def test_json_lines_keep_what_arrow_would_change(hub: Hub) -> None:
    """JSONL of the Hub comes back line by line: no key of other rows, no type changed; the branch and its commit name the same."""
    commit = put(hub, {"train.jsonl": lines(ROWS[:5]), "test.jsonl": lines(ROWS[5:])})
    [train, test] = hub_data(REPO)
    assert [(data.split, data.revision) for data in (train, test)] == [("train", commit), ("test", commit)]
    assert Path(train).read_bytes() == lines(ROWS[:5])
    assert hub_data(f"{REPO}@{commit}", splits=["test"])[0].facts() == {
        "dataset": REPO, "config": "default", "split": "test", "revision": commit,
    }  # fmt: skip


def test_a_commit_that_was_read_needs_no_network(hub: Hub) -> None:
    """The same commit a second time asks the Hub for nothing; a new commit of the branch is seen."""
    commit = put(hub, {"train.jsonl": lines(ROWS)})
    first = hub_data(f"{REPO}@{commit}")
    hub.requests.clear()
    assert hub_data(f"{REPO}@{commit}") == first
    assert hub.requests == []
    newer = put(hub, {"train.jsonl": lines(ROWS[:3])})
    [data] = hub_data(REPO)
    assert (data.revision, len(Path(data).read_text("utf-8").splitlines())) == (newer, 3)


def test_every_way_to_name_a_commit_is_recorded_whole(hub: Hub, tmp_path: Path) -> None:
    """A branch, a tag and a hash cut short are recorded as the commit that they name, all 40 digits, wherever rows are read."""
    commit = put(hub, {"train.jsonl": lines(mixed_rows(3)), "test.jsonl": lines(ROWS)})
    put(hub, {"train.jsonl": lines(ROWS[:2]), "test.jsonl": lines(ROWS[2:])})
    hub.repos["dataset", REPO].tags["v1.0"] = commit
    recorded = write_predictions(tmp_path / "recorded.jsonl", ADAPTER)
    for number, revision in enumerate(("v1.0", commit[:8], commit)):
        assert {data.revision for data in hub_data(f"{REPO}@{revision}")} == {commit}
        out = str(tmp_path / str(number))
        named = ["--data", f"{REPO}@{revision}", "--predictions"]
        assert fgeval_main(["run", *named, str(recorded), "--backend", "replay", "--out", out]) == 0
        assert fgeval_main(["score", *named, out, "--out", out, "--train", f"{REPO}@{revision}"]) == 0
        for name in ("run.json", "summary.json"):
            data = json.loads((tmp_path / str(number) / name).read_text("utf-8"))["data"]
            assert (data["revision"], data["file"]) == (commit, f"{REPO}@{commit} default/test")
        assert data["n"] == len(ROWS)
        summary = json.loads((tmp_path / str(number) / "summary.json").read_text("utf-8"))
        assert summary["contamination"]["train"] == [f"{REPO}@{commit} default/train"]


def test_the_gate_reads_the_hub(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`train` of a gate's file names a data set of the Hub, or a file beside it; the verdict records the commit."""
    commit = put(hub, {"train.jsonl": lines([*mixed_rows(3), ROWS[0]]), "test.jsonl": lines(ROWS)})
    recorded = write_predictions(tmp_path / "run" / "predictions.jsonl", ADAPTER)
    run = str(recorded.parent)
    assert fgeval_main(["score", "--data", REPO, "--predictions", run, "--out", run]) == 0
    gate = tmp_path / "gates" / "gate.toml"
    gate.parent.mkdir()
    for limit, code in (("0.9", 0), ("0.01", 1)):
        gate.write_text(f'new = "../run"\n[contamination]\ntrain = "{REPO}"\nmax_touched = {limit}\n', encoding="utf-8")  # fmt: skip
        assert fgeval_main(["gate", "--config", str(gate), "--out", str(tmp_path / "out")]) == code
        verdict = json.loads((tmp_path / "out" / "verdict.json").read_text("utf-8"))
        [train] = verdict["runs"]["train"]
        assert (train["dataset"], train["split"], train["revision"]) == (REPO, "train", commit)
        assert verdict["checks"][-1]["value"] >= 1 / len(ROWS)
    capsys.readouterr()
    gate.write_text('new = "../run"\n[contamination]\ntrain = "me/nothing"\nmax_touched = 0.5\n', encoding="utf-8")  # fmt: skip
    assert fgeval_main(["gate", "--config", str(gate), "--out", str(tmp_path / "out")]) == 2
    assert "dataset me/nothing: is not on the Hub" in capsys.readouterr().err
    write_rows(gate.parent / "me" / "nothing", mixed_rows(3))  # a file of that name beside the gate's wins
    assert fgeval_main(["gate", "--config", str(gate), "--out", str(tmp_path / "out")]) == 0


def test_lint_reads_the_hub(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    """`fgdata lint OWNER/NAME`: all splits as one data set, so that a leak is found; the commit is told."""
    commit = put(hub, {"train.jsonl": lines(ROWS), "test.jsonl": lines(ROWS[:2])})
    assert fgdata_main(["lint", REPO, "--format", "json"]) == 1
    said = capsys.readouterr()
    report = json.loads(said.out)
    assert report["counts"]["split-leak"] == 2
    assert list(report["sources"]) == list(report["rows"])
    assert [(one["dataset"], one["split"], one["revision"]) for one in report["sources"].values()] == [
        (REPO, "train", commit),
        (REPO, "test", commit),
    ]
    assert fgdata_main(["lint", REPO, "--format", "markdown"]) == 1
    assert f"revision {commit}" in capsys.readouterr().out
    assert f"{REPO}, revision {commit}" in said.err
    assert fgdata_main(["lint", f"{REPO}@{commit}", "--split", "test"]) == 0


def test_published_rows_are_linted_from_parquet(hub: Hub, tmp_path: Path) -> None:
    """What `fgdata publish` wrote is read back by lint as the same rows, from every layout."""
    originals = read_jsonl(write_rows(tmp_path / "train.jsonl", ROWS))
    for layout in ("rows", "json-columns", "prompt-columns"):
        assert (
            fgdata_main(["publish", str(tmp_path), f"me/{layout}", "--licence", "mit", "--layout", layout])
            == 0
        )
        assert fgdata_main(["lint", f"me/{layout}"]) == 0
        examples = read_examples(hub_data(f"me/{layout}")[0])  # as training and evaluation read them
        assert [one.expected_calls for one in examples] == [one.expected_calls for one in originals]
        assert [one.utterance for one in examples] == [one.utterance for one in originals]
    assert [json.loads(line) for line in Path(hub_data("me/rows")[0]).read_text("utf-8").splitlines()] == ROWS


def test_training_records_the_commit(hub: Hub, tiny_model_dir: Path, tmp_path: Path) -> None:
    """`fgtrain lora --dataset_name REPO --train_split --eval_split` trains on the splits; run.json names their commit."""
    from fgtrain.cli import main as fgtrain_main

    rows = mixed_rows(12)
    commit = put(hub, {"data/train.jsonl": lines(rows[:8]), "data/validation.jsonl": lines(rows[8:])})
    out = tmp_path / "adapter"
    command = f"lora --dataset_name {REPO} --train_split train --eval_split validation --output_dir {out} --model {tiny_model_dir} --max_steps 1"
    assert fgtrain_main(command.split()) == 0
    run = json.loads((out / "run.json").read_text("utf-8"))
    for name, split, n in (("train", "train", 8), ("eval", "validation", 4)):
        facts = run["data"][name]
        assert (facts["dataset"], facts["split"], facts["revision"], facts["rows"]) == (
            REPO,
            split,
            commit,
            n,
        )
    assert TOKEN not in (out / "run.json").read_text("utf-8")


def test_evaluation_records_the_commit(hub: Hub, tmp_path: Path) -> None:
    """`fgeval run` and `score` take a data set of the Hub, its test split unless told; run.json and summary.json name the commit."""
    commit = put(hub, {"train.jsonl": lines(mixed_rows(3)), "test.jsonl": lines(ROWS)})
    recorded = write_predictions(tmp_path / "recorded.jsonl", ADAPTER)
    run = [
        "run",
        "--data",
        REPO,
        "--backend",
        "replay",
        "--predictions",
        str(recorded),
        "--out",
        str(tmp_path / "run"),
    ]
    assert fgeval_main(run) == 0
    score = [
        "score",
        "--data",
        f"{REPO}@{commit}",
        "--predictions",
        str(tmp_path / "run"),
        "--out",
        str(tmp_path / "run"),
    ]
    assert fgeval_main(score) == 0
    for name in ("run.json", "summary.json"):
        data = json.loads((tmp_path / "run" / name).read_text("utf-8"))["data"]
        assert (data["dataset"], data["split"], data["revision"]) == (REPO, "test", commit)


def test_every_verb_reads_the_hub(hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`fgeval validate`, `twins`, `robust` and every `--train` take a data set of the Hub, in any layout; the commit is recorded."""
    commit = put(hub, {"train.jsonl": lines([*mixed_rows(3), ROWS[0]]), "test.jsonl": lines(ROWS)})
    write_rows(tmp_path / "rows" / "train.jsonl", ROWS[:2])
    published = [
        "publish",
        str(tmp_path / "rows"),
        "me/columns",
        "--licence",
        "mit",
        "--layout",
        "prompt-columns",
    ]
    assert fgdata_main(published) == 0
    capsys.readouterr()
    assert fgeval_main(["validate", "--data", REPO, "--train", REPO, "--json"]) in (0, 1)
    found = json.loads(capsys.readouterr().out)
    assert (found["dataset"], found["split"], found["revision"], found["n_items"]) == (
        REPO,
        "test",
        commit,
        len(ROWS),
    )
    assert any(flaw["rule"].startswith("seen") and flaw["id"] == ROWS[0]["id"] for flaw in found["flaws"])
    assert fgeval_main(["validate", "--data", REPO, "--data-split", "nosuch"]) == 2
    assert "has no split 'nosuch'" in capsys.readouterr().err
    twins = tmp_path / "twins.jsonl"
    assert fgeval_main(["twins", "--data", REPO, "--out", str(twins), "--k", "1"]) == 0
    put(hub, {"test.jsonl": twins.read_bytes()}, "me/twins")
    recorded = write_predictions(
        tmp_path / "run" / "predictions.jsonl",
        {json.loads(line)["id"]: "답" for line in twins.read_text("utf-8").splitlines()},
    )
    run = str(recorded.parent)
    assert (
        fgeval_main(
            ["score", "--data", "me/twins", "--predictions", run, "--out", run, "--train", "me/columns"]
        )
        == 0
    )
    summary = json.loads((recorded.parent / "summary.json").read_text("utf-8"))
    assert summary["contamination"]["n_train"] == 2
    assert summary["contamination"]["touched"] >= 2
    trained_on = hub.repos["dataset", "me/columns"].commits[-1][0]
    assert summary["contamination"]["train"] == [f"me/columns@{trained_on} default/train"]
    assert fgeval_main(["robust", "--data", "me/twins", "--scores", run]) == 0


def test_a_wrong_name_is_told_before_a_base_is_fetched(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`fgtrain lora` asks for the rows first: a base is large."""
    from fgtrain.cli import main as fgtrain_main

    put(hub, {"train.jsonl": lines(ROWS)})
    for name, word in (
        (["bad name"], "'bad name' is no name of a dataset"),
        ([REPO, "--train_split", "nosuch"], "has no split 'nosuch'"),
        ([REPO, "--dataset_config", "nosuch"], "has no configuration 'nosuch'"),
    ):
        words = ["lora", "--dataset_name", *name, "--output_dir", str(tmp_path / "out"), "--model", "me/base"]
        assert fgtrain_main(words) == 2
        assert word in capsys.readouterr().err
    assert not [path for _, path in hub.requests if "me/base" in path]
    assert not (tmp_path / "out").exists()


CONFIGS = b"---\nconfigs:\n- {config_name: small, data_files: [{split: train, path: s.jsonl}]}\n- {config_name: large, data_files: [{split: train, path: l.jsonl}]}\n---\n"


SLY = b"---\nconfigs:\n- {config_name: .., data_files: [{split: train, path: s.jsonl}]}\n---\n"


def test_configurations(hub: Hub) -> None:
    """A card's configurations are known by name; without one, or with a wrong one, the error lists them."""
    put(hub, {"README.md": CONFIGS, "s.jsonl": lines(ROWS[:1]), "l.jsonl": lines(ROWS)})
    assert len(Path(hub_data(REPO, config="small")[0]).read_text("utf-8").splitlines()) == 1
    for config in (None, "huge"):
        with pytest.raises(FgError, match="small"):
            hub_data(REPO, config=config)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lint", "me/nothing"], ("dataset me/nothing: is not on the Hub",)),
        (["lint", f"{REPO}@nobranch"], (f"dataset {REPO}: is not on the Hub", "the revision")),
        (["lint", REPO, "--split", "dev"], ("has no split 'dev'", "It has train.")),
        (["lint", "me/broken"], ("train.jsonl: is no JSON",)),
        (["lint", "me/hidden"], ("dataset me/hidden: is not on the Hub",)),
        (["lint", "me/empty"], ("dataset me/empty: holds no data",)),
        (["lint", "me/notes"], ("notes.csv: is of a kind that is not read",)),
        (["lint", "me/torn"], ("cannot be read as Parquet",)),
        (["lint", "me/sly"], ("dataset me/sly: has a configuration or split of the name '..'",)),
        (["lint", REPO, "--config", "../.."], ("'../..' is no name of a configuration",)),
        (["lint", "rows.jsonl", "--split", "test"], ("a file has neither",)),
    ],
)
def test_bad_names(
    hub: Hub,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    words: tuple[str, ...],
) -> None:
    """A name, revision or split that is not there, or files that do not read: one clear error each, exit code 2."""
    monkeypatch.delenv("HF_TOKEN")
    put(hub, {"train.jsonl": lines(ROWS)})
    put(hub, {"train.jsonl": b'{"id": 1'}, "me/broken")
    put(hub, {"train.jsonl": lines(ROWS)}, "me/hidden", private=True)
    put(hub, {}, "me/empty")
    put(hub, {"README.md": SLY, "s.jsonl": lines(ROWS)}, "me/sly")
    put(hub, {"notes.csv": b"a,b\n1,2\n"}, "me/notes")
    put(hub, {"train.parquet": b"PAR1 and no more"}, "me/torn")
    assert fgdata_main(arguments) == 2
    said = capsys.readouterr().err
    for word in words:
        assert word in said
    assert said.count("error:") == 1


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 503])
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/datasets"), ("HEAD", "/resolve/"), ("GET", "README"), ("HEAD", "train"), ("GET", "/resolve/.*train")],
)  # fmt: skip
def test_a_failing_hub(
    hub: Hub, capsys: pytest.CaptureFixture[str], method: str, path: str, status: int
) -> None:
    """Whatever the Hub answers, at each address that is read, reading ends with one message that tells it, and no token in it."""
    put(hub, {"train.jsonl": lines(ROWS), "README.md": b"---\nlicense: mit\n---\n"})
    hub.fail(method, path, status, times=10**6)
    assert fgdata_main(["lint", REPO]) == 2
    said = capsys.readouterr().err
    assert f"({status}" in said
    assert said.count("error:") == 1
    assert TOKEN not in said


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
@pytest.mark.parametrize("path", ["/api/models", "/resolve/"])
def test_a_base_that_the_hub_withholds(
    hub: Hub, tmp_path: Path, capfd: pytest.CaptureFixture[str], path: str, status: int
) -> None:
    """A base or tokenizer on the Hub that cannot be fetched: one error, and not a word of the token that the answer repeats."""
    hub.repos["model", "me/base"] = Repo()
    hub.repos["model", "me/base"].commit("a base", {"config.json": b"{}"})
    for method in ("GET", "HEAD"):
        hub.fail(method, path, status, times=10**6)
    file = str(write_rows(tmp_path / "rows.jsonl", ROWS))
    assert fgeval_main(["run", "--data", file, "--model", "me/base", "--out", str(tmp_path / "out")]) == 2
    assert fgdata_main(["lint", file, "--tokenizer", "me/base", "--max-length", "99"]) == 2
    said = capfd.readouterr()
    assert said.err.count("error:") == 2
    assert TOKEN not in said.out + said.err


def test_flags_of_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No source of rows, two of them, or a split of nothing: all told at once."""
    from fgtrain.cli import main as fgtrain_main

    assert fgtrain_main(["lora", "--output_dir", str(tmp_path), "--eval_split", "test"]) == 2
    said = capsys.readouterr().err
    assert "--train_file, --dataset_name: name no rows to train on." in said
    assert "--eval_split: belongs to a data set on the Hub." in said


def test_what_is_a_hub_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OWNER/NAME, unless a file lies there or the name ends like one."""
    monkeypatch.chdir(tmp_path)
    write_rows(tmp_path / "data" / "rows", [row(0, "켜줘")])
    names = {
        "me/air": True,
        "me/air@main": True,
        "data/rows": False,
        "data/test.jsonl": False,
        "rows": False,
        "a/b/c": False,
        "./me/air": False,
    }
    assert {name: is_hub_id(name) for name in names} == names
