"""Exact match while training: it is what fgeval measures, decides which epoch is kept and when to stop, and disturbs nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from train_rows import call, tool_calls_row, write_rows

from fgdata.dialects import read_examples
from fgdata.errors import DataError, UsageError
from fgdata.example import write_jsonl
from fgeval.backends import BackendOptions
from fgeval.loading import load_model, load_tokenizer
from fgeval.run import run_model
from fgeval.scores import score_predictions
from fgtrain import TrainConfig
from fgtrain.exact import ExactMatch, choose_evenly
from fgtrain.run import TrainResult, train_lora


def same_call_rows(path: Path, n: int) -> str:
    """Rows whose right answer is always the same call: learnt in a few steps."""
    write_jsonl(
        path, [tool_calls_row(f"꺼 줘 {number}", call("power_off"), number=number) for number in range(n)]
    )
    return str(path)


def train(base: Path, folder: Path, name: str, **changes: Any) -> TrainResult:
    """A run on `folder`'s files; its output folder is `name`."""
    settings: dict[str, Any] = {
        "model": str(base),
        "train_file": str(folder / "train.jsonl"),
        "eval_file": str(folder / "eval.jsonl"),
        "output_dir": str(folder / name),
        "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": 1,
        "learning_rate": 1e-2,
        "lr_scheduler_type": "constant",  # the steps of a run do not hang on its length
        "target_modules": ("all-linear",),
        "device": "cpu",
    }
    return train_lora(TrainConfig(**(settings | changes)))


@pytest.fixture(scope="module")
def learnt(tiny_model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrainResult]:
    """A run that keeps the best of its epochs by exact match; read only."""
    folder = tmp_path_factory.mktemp("exact")
    same_call_rows(folder / "train.jsonl", 24)
    same_call_rows(folder / "eval.jsonl", 6)
    return folder, train(
        tiny_model_dir,
        folder,
        "best",
        num_train_epochs=8,
        eval_metric="exact_match",
        early_stopping_patience=2,
    )


def run_json(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "run.json").read_text("utf-8"))
    return content


def test_the_best_epoch_is_kept_and_the_run_stops_early(learnt: tuple[Path, TrainResult]) -> None:
    """Exact match rises to a best; two epochs that are no better end the run; the weights saved are the best epoch's."""
    folder, result = learnt
    run = run_json(folder / "best")
    shares = [entry["exact_match"] for entry in run["epochs"]]
    best = max(shares)
    assert best == 1.0
    assert shares[0] < best or shares.index(best) == 0
    assert len(shares) == shares.index(best) + 3 < 8
    kept = run["epochs"][shares.index(best)]
    assert run["kept"] == {"epoch": kept["epoch"], "step": kept["step"], "by": "exact_match"}
    assert (result.exact_match, result.epoch) == (best, kept["epoch"])
    saved = load_file(folder / "best" / "adapter_model.safetensors")
    checkpoint = load_file(folder / "best" / f"checkpoint-{kept['step']}" / "adapter_model.safetensors")
    last = load_file(
        folder / "best" / f"checkpoint-{run['epochs'][-1]['step']}" / "adapter_model.safetensors"
    )
    assert all(torch.equal(weight, checkpoint[name]) for name, weight in saved.items())
    assert not all(torch.equal(weight, last[name]) for name, weight in saved.items())


def test_it_is_what_fgeval_measures(
    tiny_model_dir: Path, learnt: tuple[Path, TrainResult], tmp_path: Path
) -> None:
    """`fgeval run` and `score` on the saved adapter give the figure of the kept epoch, and so does measuring again; the base's is another."""
    folder, result = learnt
    eval_file = str(folder / "eval.jsonl")
    options = BackendOptions(model=str(tiny_model_dir), adapter=str(folder / "best"), device="cpu")
    run_model(eval_file, tmp_path / "run", options=options)
    summary = score_predictions(eval_file, tmp_path / "run", tmp_path / "scores")
    assert summary["overall"]["exact"]["value"] == result.exact_match
    exact = ExactMatch(read_examples(eval_file), load_tokenizer(tiny_model_dir), n_rows=0, batch_size=4)
    assert exact.measure(load_model(tiny_model_dir, device="cpu")) == 0.0


def test_measuring_changes_no_weight(tiny_model_dir: Path, learnt: tuple[Path, TrainResult]) -> None:
    """A run that is measured goes through the same losses as one that is not: nothing random is drawn."""
    folder, _ = learnt
    train(tiny_model_dir, folder, "plain", num_train_epochs=2)
    plain, measured = (run_json(folder / name)["epochs"] for name in ("plain", "best"))
    assert "exact_match" not in plain[0]
    assert [entry["loss"] for entry in plain] == [entry["loss"] for entry in measured[:2]]
    assert [entry["eval_loss"] for entry in plain] == [entry["eval_loss"] for entry in measured[:2]]


def test_rows_are_taken_evenly(tmp_path: Path) -> None:
    """As many rows as asked for, from the whole file, none twice; all if there are no more."""
    rows = read_examples(write_rows(tmp_path / "rows.jsonl", 10))
    assert [row.id for row in choose_evenly(rows, 4)] == [rows[place].id for place in (0, 2, 5, 7)]
    for n in range(11):
        assert len({row.id for row in choose_evenly(rows, n)}) == (n or 10)
    assert choose_evenly(rows, 99) == rows


def test_bad_input(tiny_model_dir: Path, tmp_path: Path) -> None:
    """No validation rows, nothing to stop by, a row whose expected call its tool refuses: said before anything is trained."""
    same_call_rows(tmp_path / "train.jsonl", 4)
    write_jsonl(tmp_path / "eval.jsonl", [tool_calls_row("x", call("adjust_temperature", delta="warm"))])
    with pytest.raises(UsageError, match="--eval_metric: is 'loss', and there are no validation rows"):
        train(tiny_model_dir, tmp_path, "a", eval_metric="loss", eval_file=None)
    with pytest.raises(UsageError, match="--early_stopping_patience: has nothing to go by"):
        train(tiny_model_dir, tmp_path, "a", early_stopping_patience=1)
    with pytest.raises(DataError, match=r"eval\.jsonl:1: the expected call cannot be right"):
        train(tiny_model_dir, tmp_path, "a", eval_metric="exact_match")
    assert not (tmp_path / "a").exists()
