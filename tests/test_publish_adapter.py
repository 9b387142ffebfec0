"""Adapters on the Hub: what a run leaves is sent once, loaded back with peft, and described by what was recorded."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from eval_data import ADAPTER, BASE, ROWS, call, row, write_predictions, write_rows
from hub_double import TOKEN, Hub, Repo

from fgdata.files import file_sha256
from fgdata.publish.card import inline
from fgeval.card import failure_lines
from fgeval.cli import main as fgeval_main
from fgeval.loading import base_fingerprint
from fgeval.model_card import CardScores, eval_results, model_index
from fgeval.scores import read_scores
from fgtrain import TrainConfig
from fgtrain.cli import main
from fgtrain.publish import is_whole_safetensors, without_folders

REPO = "me/air-lora"
TRAINED = [
    row(
        100 + n,
        f"거실 온도를 {16 + n}도까지 올려 주실래요",
        call("set_temperature", temperature=16 + n),
        family="set/asked",
    )
    for n in range(8)
]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, tiny_model_dir: Path) -> Path:
    """A folder with a finished run (`run`), its scores (`adapter`) and those of its base (`base`); read only."""
    from fgtrain.run import train_lora

    folder = tmp_path_factory.mktemp("adapter")
    write_rows(folder / "train.jsonl", TRAINED)
    write_rows(folder / "test.jsonl", ROWS)
    train_lora(
        TrainConfig(
            train_file=str(folder / "train.jsonl"),
            output_dir=str(folder / "run"),
            model=str(tiny_model_dir),
            max_steps=1,
            lora_r=4,
        )
    )
    score(
        folder, "adapter", ADAPTER, adapter_sha256=file_sha256(folder / "run" / "adapter_model.safetensors")
    )
    score(folder, "base", BASE)
    return folder


def score(folder: Path, name: str, texts: dict[str, str], **more: Any) -> None:
    """Scores of recorded completions, as those of a run of the tiny base with what `more` says of it."""
    run = json.loads((folder / "run" / "run.json").read_text("utf-8"))
    data = {"file": str(folder / "test.jsonl"), "sha256": file_sha256(folder / "test.jsonl"), "n": len(ROWS)}
    write_predictions(folder / name / "predictions.jsonl", texts)
    header = {
        "fgeval_run": 1,
        "backend": "transformers",
        "data": data,
        "model_fingerprint": run["base"]["fingerprint"],
        **more,
    }
    (folder / name / "run.json").write_text(json.dumps(header), encoding="utf-8")
    assert (
        fgeval_main(
            [
                "score",
                "--data",
                data["file"],
                "--predictions",
                str(folder / name),
                "--out",
                str(folder / name),
            ]
        )
        == 0
    )


def command(work: Path, *more: str, repo: str = REPO) -> list[str]:
    return [
        "publish",
        str(work / "run"),
        repo,
        "--base-model",
        "me/tiny-gemma",
        "--scores",
        str(work / "adapter"),
        "--base-scores",
        str(work / "base"),
        *more,
    ]


def test_what_was_published_loads_and_answers_alike(
    hub: Hub, work: Path, tiny_model_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """peft and transformers load the adapter, its tokenizer and its base by their names on the Hub; the logits are those of the run's folder."""
    import torch
    from huggingface_hub import snapshot_download
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    base_files = {path.name: path.read_bytes() for path in tiny_model_dir.iterdir()}
    hub.repos["model", "me/tiny-gemma"] = Repo()
    hub.repos["model", "me/tiny-gemma"].commit("base", base_files)
    assert main(command(work)) == 0
    assert f"Published: {hub.url}/{REPO}, revision " in capsys.readouterr().out
    assert len(hub.repos["model", REPO].commits) == 2
    copy = Path(snapshot_download(REPO, local_dir=tmp_path / "copy"))
    for name in ("adapter_model.safetensors", "tokenizer.json", "chat_template.jinja"):
        assert (copy / name).read_bytes() == (work / "run" / name).read_bytes()
    tokenizer = AutoTokenizer.from_pretrained(REPO)
    ids = torch.tensor([tokenizer("온도 올려줘")["input_ids"]])
    base_name = json.loads((copy / "adapter_config.json").read_text("utf-8"))["base_model_name_or_path"]
    loaded = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base_name), REPO).eval()
    kept = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(tiny_model_dir), work / "run"
    ).eval()
    with torch.no_grad():
        assert torch.equal(loaded(ids).logits, kept(ids).logits)
        with loaded.disable_adapter():
            assert not torch.equal(loaded(ids).logits, kept(ids).logits)
    assert any(
        path.startswith(f"/{REPO}/resolve/") and path.endswith("adapter_model.safetensors")
        for _, path in hub.requests
    )


def test_the_card_is_made_from_the_records(hub: Hub, work: Path) -> None:
    """The card holds base, data, losses, scores with intervals, failures, Gemma's terms and a program that compiles; no folder of this machine."""
    assert main(command(work, "--dataset", "me/air")) == 0
    files = hub.files(REPO, "model")
    card = files["README.md"].decode()
    metadata = yaml.safe_load(card.split("---\n")[1])
    assert (metadata["license"], metadata["base_model"], metadata["library_name"], metadata["datasets"]) == (
        "gemma",
        "me/tiny-gemma",
        "peft",
        ["me/air"],
    )
    metric = metadata["model-index"][0]["results"][0]["metrics"][0]
    assert (metric["type"], metric["value"]) == ("fgeval_exact", 0.875)
    assert metric["name"] == (
        "Exact match (n=8 items in 8 clusters; 95% interval 0.5291 to 0.9776 by template family; profile strict; "
        "base base: 0.2500 (0.0715 to 0.5907) on the same items; few clusters: the interval is a rough guide)"
    )
    run = json.loads((work / "run" / "run.json").read_text("utf-8"))
    for fact in (
        run["data"]["train"]["sha256"], run["base"]["fingerprint"], f"{run['epochs'][0]['loss']:.4f}", f"| learning\\_rate | {run['arguments']['learning_rate']} |",
        "87.5% [52.9–97.8%], n = 8", "fewer than 20 families", "Called needlessly (lower is better)", "25.0% [7.1–59.1%], n = 8", "1 of 8 items are not exact", "노래 틀어줘", "Gemma Terms of Use", "found no text, near text or template family",
    ):  # fmt: skip
        assert fact in card, fact
    assert files["NOTICE"].startswith(b"Gemma is provided under")
    program = card.split("```python\n")[1].split("```")[0]
    compile(program, "card", "exec")
    for name, content in files.items():
        if name not in ("tokenizer.json", "adapter_model.safetensors"):
            assert str(work).encode() not in content, name
            assert TOKEN.encode() not in content, name


def test_a_second_publication_changes_nothing(
    hub: Hub, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same run again: no commit and nothing sent; a dry run asks the Hub for nothing."""
    assert main(command(work, "--private")) == 0
    assert hub.repos["model", REPO].private
    hub.requests.clear()
    assert main(command(work)) == 0
    assert "Nothing to do" in capsys.readouterr().out
    assert hub.writes() == []
    hub.requests.clear()
    assert main(command(work, "--dry-run")) == 0
    assert "adapter_model.safetensors" in capsys.readouterr().out
    assert hub.requests == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("PUT", "lfs-store", "cut"), ("POST", "/commit/", 500), ("POST", "/commit/", 429)],
)
def test_a_lasting_failure_leaves_nothing_to_see(
    hub: Hub, work: Path, capsys: pytest.CaptureFixture[str], method: str, path: str, status: int | str
) -> None:
    """A failure that does not pass: one error, an empty repository, and the next run publishes."""
    hub.fail(method, path, status, times=10**6)
    assert main(command(work)) == 2
    said = capsys.readouterr().err
    assert said.count("error:") == 1
    assert "Run the same command again" in said
    assert list(hub.files(REPO, "model")) == [".gitattributes"]
    hub.faults.clear()
    assert main(command(work)) == 0


# Bad input


def no_record(run: Path) -> None:
    (run / "run.json").unlink()


def unfinished(run: Path) -> None:
    record = json.loads((run / "run.json").read_text("utf-8"))
    (run / "run.json").write_text(json.dumps(record | {"status": "stopped"}), encoding="utf-8")


def cut_off(run: Path) -> None:
    weights = run / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])


def no_tokenizer(run: Path) -> None:
    (run / "tokenizer.json").unlink()


def other_adapter(run: Path) -> None:
    weights = run / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")


def other_profile(run: Path) -> None:
    summary = json.loads((run.parent / "base" / "summary.json").read_text("utf-8"))
    summary["profile"]["name"] = "another"
    (run.parent / "base" / "summary.json").write_text(json.dumps(summary), encoding="utf-8")


def nothing(run: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("damage", "flags", "word"),
    [
        (no_record, (), "is no run: it holds no run.json"),
        (unfinished, (), "is 'stopped'. Finish it"),
        (cut_off, (), "is cut off or no safetensors file"),
        (no_tokenizer, (), "tokenizer.json: is missing or empty"),
        (other_adapter, (), "--scores adapter: are not of this adapter."),
        (nothing, ("--base-model", ""), "--base-model: is needed"),
        (nothing, ("--base-model", "no name"), "is no name of a model on the Hub"),
        (nothing, ("--base-model", "me/llama"), "--licence: is needed: the terms of me/llama"),
        (nothing, ("--licence", "My own!"), "'My own!' is no licence's name on the Hub"),
        (nothing, ("--dataset", "train.jsonl"), "--dataset: 'train.jsonl' is no name of a data set"),
        (other_profile, (), "profile"),
        (nothing, ("--scores", "nowhere"), "cannot be read"),
        (nothing, ("--scores", ""), "--base-scores: are there to be compared"),
        (nothing, ("--base-scores", "adapter"), "are not of this adapter's base"),
    ],
)
def test_bad_runs(
    hub: Hub,
    work: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[Path], None],
    flags: tuple[str, ...],
    word: str,
) -> None:
    """A folder that is no finished run, scores of something else, a base that nobody finds: one error, nothing sent."""
    for name in ("run", "adapter", "base"):
        shutil.copytree(work / name, tmp_path / name, ignore=shutil.ignore_patterns("checkpoint-*"))
    damage(tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    given = [
        "publish",
        "run",
        REPO,
        "--base-model",
        "me/tiny-gemma",
        "--scores",
        "adapter",
        "--base-scores",
        "base",
        *flags,
    ]
    assert main(given) == 2
    said = capsys.readouterr().err
    assert word in said
    assert said.count("error:") == 1
    assert hub.requests == []


def test_leaks_stop_a_publication(
    hub: Hub, work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scores on rows that share texts with the training rows, or are those rows, are not published."""
    shutil.copytree(work / "run", tmp_path / "run")
    run = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    leaking = write_rows(tmp_path / "leaking.jsonl", [*TRAINED, ROWS[0]])
    for trained_on, word in (
        (leaking, "split-leak"),
        (work / "test.jsonl", "are of the rows that were trained on"),
    ):
        shared = (
            write_rows(tmp_path / "train.jsonl", [*TRAINED, ROWS[0]]) if word == "split-leak" else trained_on
        )
        run["data"]["train"] |= {"file": str(shared), "sha256": file_sha256(shared)}
        (tmp_path / "run" / "run.json").write_text(json.dumps(run), encoding="utf-8")
        assert (
            main(
                [
                    "publish",
                    str(tmp_path / "run"),
                    REPO,
                    "--base-model",
                    "me/tiny-gemma",
                    "--scores",
                    str(work / "adapter"),
                ]
            )
            == 2
        )
        said = capsys.readouterr().err
        assert word in said
        assert "nothing was sent" in said
    assert hub.requests == []


def test_errors_in_the_training_rows_stop_a_publication(
    hub: Hub, work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An adapter trained on rows in which the linter finds an error is not published, with scores or without."""
    shutil.copytree(work / "run", tmp_path / "run")
    run = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    broken = row(900, "거실 온도를 열여덟 도까지 올려 주실래요", call("set_temperature", temperature="18"))
    file = write_rows(tmp_path / "train.jsonl", [*TRAINED, broken])
    run["data"]["train"] |= {"file": str(file), "sha256": file_sha256(file)}
    (tmp_path / "run" / "run.json").write_text(json.dumps(run), encoding="utf-8")
    for scores in ([], ["--scores", str(work / "adapter")]):
        words = ["publish", str(tmp_path / "run"), REPO, "--base-model", "me/tiny-gemma", *scores]
        assert main(words) == 2
        said = capsys.readouterr().err
        assert f"{file}:9: wrong-type" in said
        assert "1 errors in the training rows; nothing was sent" in said
    assert hub.requests == []


def test_stems_in_common_are_told(hub: Hub, work: Path, tmp_path: Path) -> None:
    """Training rows that differ from test rows in endings alone, under a twentieth of them, are counted in the card."""
    shutil.copytree(work / "run", tmp_path / "run")
    run = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    near = row(901, "노래를 틀어주실래요", intent="chat", family="chat/asked")
    file = write_rows(tmp_path / "train.jsonl", [*TRAINED, near])
    run["data"]["train"] |= {"file": str(file), "sha256": file_sha256(file)}
    (tmp_path / "run" / "run.json").write_text(json.dumps(run), encoding="utf-8")
    words = ["publish", str(tmp_path / "run"), REPO, "--base-model", "me/tiny-gemma", "--scores", str(work / "adapter")]  # fmt: skip
    assert main(words) == 0
    card = hub.files(REPO, "model")["README.md"].decode()
    assert "1 texts differ from one of the other rows in endings, particles or numbers only." in card


# Pure parts


def test_results_of_rows_on_the_hub(work: Path) -> None:
    """`.eval_results` entries name the data set and its commit; rows of a file give none, since the format asks for a data set."""
    from huggingface_hub import parse_eval_result_entries

    run = read_scores("adapter", work / "adapter")
    of_file = CardScores.of_run("x", run)
    assert eval_results(of_file, run) == []
    assert model_index(of_file, run)[0]["results"][0]["dataset"] == {"name": "test.jsonl", "type": "custom"}
    place = {"dataset": "me/air", "config": "default", "split": "test", "revision": "a" * 40}
    run.summary["data"] |= place
    on_hub = CardScores.of_run("x", run)
    entry = parse_eval_result_entries(eval_results(on_hub, run))[0]
    assert (entry.dataset_id, entry.dataset_revision, entry.task_id, entry.value) == ("me/air", "a" * 40, "test_exact", 0.875)  # fmt: skip
    assert "configuration default; n=8 items in " in str(entry.notes)
    assert "profile strict" in str(entry.notes)
    dataset = model_index(on_hub, run)[0]["results"][0]["dataset"]
    assert dataset == {"name": "me/air", "type": "me/air"} | {key: place[key] for key in ("config", "split", "revision")}  # fmt: skip


def test_failures_of_each_kind_are_shown(work: Path) -> None:
    """The failures shown are of as many kinds as there are; markup of other people's texts stays text."""
    run = read_scores("base", work / "base")
    shown = "\n".join(failure_lines(run, 4))
    assert "6 of 8 items are not exact" in shown
    kinds = {one["error_type"] for one in run.rows if not one["exact"]}
    assert len(kinds) >= 4
    reasons = [one["reason"] for one in run.rows if inline(one["reason"])[:160] in shown and one["reason"]]
    assert len(reasons) == 4
    assert len({one["error_type"] for one in run.rows if one["reason"] in reasons}) == 4
    hostile = read_scores("base", work / "base")
    hostile.rows[:] = [row | {"utterance": "<script>|`x`"} for row in hostile.rows]
    assert "\\<script\\>\\|\\`x\\`" in "\n".join(failure_lines(hostile))


def test_records_without_folders() -> None:
    """Absolute paths become names; other values stay."""
    record = {
        "file": "/home/somebody/data/train.jsonl",
        "list": ["../x/y.json", "a/b", 1],
        "model": "google/functiongemma-270m-it",
    }
    assert without_folders(record) == {
        "file": "train.jsonl",
        "list": ["y.json", "a/b", 1],
        "model": "google/functiongemma-270m-it",
    }


def test_whole_weights(work: Path, tmp_path: Path) -> None:
    """A safetensors file of the length its header states is whole; garbage is not."""
    assert is_whole_safetensors(work / "run" / "adapter_model.safetensors")
    for data in (b"", b"\xff" * 8, b"\x02\0\0\0\0\0\0\0{}", b"\x02\0\0\0\0\0\0\0[]"):
        (tmp_path / "x").write_bytes(data)
        assert not is_whole_safetensors(tmp_path / "x")


def test_the_base_is_the_one_that_was_scored(work: Path, tiny_model_dir: Path) -> None:
    """The fingerprint in the run is that of the base's files, by which scores of another base are refused."""
    assert json.loads((work / "run" / "run.json").read_text("utf-8"))["base"][
        "fingerprint"
    ] == base_fingerprint(tiny_model_dir)
