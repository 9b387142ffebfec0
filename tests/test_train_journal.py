"""The fine-tuning log: every run has its entry, failed ones with their error, and the command in it is the run's."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from train_rows import write_rows

from fgdata.errors import DataError, ModelError, UsageError
from fgdata.files import file_sha256
from fgtrain import TrainConfig, train_lora
from fgtrain.cli import build_parser, lora_config
from fgtrain.journal import command, logged


def test_every_run_has_its_entry(tiny_model_dir: Path, tmp_path: Path) -> None:
    """A finished run with hashes and figures, one that diverges and one with broken rows with their errors, in one file."""
    log = tmp_path / "logs" / "finetuning-log.md"
    train_file, eval_file = write_rows(tmp_path / "t.jsonl", 8), write_rows(tmp_path / "e.jsonl", 2)

    def config(name: str, **changes: object) -> TrainConfig:
        settings = {
            "train_file": train_file,
            "eval_file": eval_file,
            "model": str(tiny_model_dir),
            "max_steps": 2,
        }
        return TrainConfig(
            **settings | {"output_dir": str(tmp_path / name), "log_file": str(log), "device": "cpu"} | changes
        )  # type: ignore[arg-type]

    train_lora(config("good"))
    first = log.read_text("utf-8")
    with pytest.raises(ModelError):
        train_lora(config("bad", learning_rate=1e30, logging_steps=1, max_steps=9))
    (tmp_path / "broken.jsonl").write_text("{broken\n")
    with pytest.raises(DataError):
        train_lora(config("broken", train_file=str(tmp_path / "broken.jsonl")))
    text = log.read_text("utf-8")
    assert text.startswith(first)
    assert first.startswith("# Fine-tuning log\n\n## ")
    _, finished, failed, unread = text.split("\n## ")
    assert ", finished\n" in finished
    assert f"- train: 8 rows, SHA-256 {file_sha256(train_file)}\n" in finished
    assert f"- eval: 2 rows, SHA-256 {file_sha256(eval_file)}\n" in finished
    assert f"SHA-256 {file_sha256(tmp_path / 'good' / 'adapter_model.safetensors')}, epoch" in finished
    assert (
        "| epoch | step | loss | evaluation loss | seconds | rows/s |\n|---|---|---|---|---|---|\n| "
        in finished
    )
    assert "The error" not in finished
    assert ", failed\n" in failed
    assert "    training: the loss is " in failed
    assert "--learning_rate 1e+30" in failed
    assert ", failed\n" in unread
    assert "broken.jsonl:1: is no JSON" in unread
    assert f"- train: SHA-256 {file_sha256(tmp_path / 'broken.jsonl')}\n" in unread


def test_the_command_gives_the_configuration(tmp_path: Path) -> None:
    """Read back as flags it is the same configuration, whatever the paths hold."""
    train_file = write_rows(tmp_path / "my rows's.jsonl", 1)
    config = TrainConfig(
        train_file=train_file,
        output_dir=str(tmp_path / "o u t"),
        target_modules=("q_proj", "v_proj"),
        learning_rate=3e-5,
        optim="adafactor",
        force=True,
    )
    words = shlex.split(command(config))
    assert words[0] == "fgtrain"
    assert lora_config(build_parser().parse_args(words[1:])) == config


def test_a_stopped_run_and_any_other_error(tmp_path: Path) -> None:
    """Ctrl-C and an error that is none of ours are entered, and go on upwards."""
    log = tmp_path / "log.md"
    config = TrainConfig(train_file="t", output_dir=str(tmp_path / "o"), log_file=str(log))
    with pytest.raises(KeyboardInterrupt), logged(config):
        raise KeyboardInterrupt
    with pytest.raises(ZeroDivisionError), logged(config):
        _ = 1 / 0
    text = log.read_text("utf-8")
    assert text.count("\n## ") == 2
    assert ", stopped\n" in text
    assert "    ZeroDivisionError: division by zero" in text


def test_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    """It is said before anything is done; a log inside the output folder is refused."""
    config = TrainConfig(train_file="t", output_dir=str(tmp_path / "o"), log_file=str(tmp_path))
    with pytest.raises(UsageError, match=r"--log_file: .* cannot be written"), logged(config):
        raise AssertionError("the run began")
    inside = TrainConfig(
        train_file="t", output_dir=str(tmp_path / "o"), log_file=str(tmp_path / "o" / "log.md")
    )
    assert "--log_file: lies in --output_dir" in "\n".join(map(str, inside.problems()))
