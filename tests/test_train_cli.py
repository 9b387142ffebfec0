"""The command line of fgtrain: the seeds' flags as they stand, both spellings, exit codes."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
from train_rows import write_rows

from fgtrain import TrainConfig
from fgtrain.cli import build_parser, main, with_underscores

ROOT = Path(__file__).parent.parent


def test_the_first_seeds_command_line_runs(tiny_model_dir: Path, tmp_path: Path) -> None:
    """The Korean guide's training command, in a process of its own: only paths, the model and the step count differ."""
    train_file = write_rows(tmp_path / "train_home_ko.train.jsonl", 20)
    eval_file = write_rows(tmp_path / "train_home_ko.val.jsonl", 4)
    command = f"""-m fgtrain.cli lora
      --train_file {train_file}
      --eval_file {eval_file}
      --output_dir {tmp_path}/output_lora
      --num_train_epochs 3
      --per_device_train_batch_size 2
      --gradient_accumulation_steps 8
      --learning_rate 1e-4
      --model {tiny_model_dir} --max_steps 2"""
    done = subprocess.run(
        [sys.executable, *command.split()], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"Adapter: {tmp_path}/output_lora (2 steps, loss " in done.stdout
    assert "fgeval run --model" in done.stdout
    assert "train: 20 rows" in done.stderr
    assert "Warning" not in done.stderr
    arguments = json.loads((tmp_path / "output_lora" / "run.json").read_text())["arguments"]
    assert (arguments["num_train_epochs"], arguments["per_device_train_batch_size"]) == (3, 2)
    assert (arguments["gradient_accumulation_steps"], arguments["learning_rate"]) == (8, 1e-4)


def test_the_fitness_seeds_settings_run(tiny_model_dir: Path, tmp_path: Path) -> None:
    """Its configuration as flags, with dashes: r 32, alpha 64, dropout .05, q/k/v/o, Adafactor, 4 x 2, 512 tokens."""
    command = f"""lora --model-id {tiny_model_dir} --train-file {write_rows(tmp_path / "t.jsonl", 9)}
      --output-dir {tmp_path}/fit --num-train-epochs 3 --per-device-train-batch-size 4 --gradient-accumulation-steps 2
      --learning-rate 5e-5 --lora-r 32 --lora-alpha 64 --lora-dropout 0.05 --target-modules q_proj,k_proj,v_proj,o_proj
      --optim adafactor --max-length 512 --max-steps 2"""
    assert main(command.split()) == 0
    arguments = json.loads((tmp_path / "fit" / "run.json").read_text())["arguments"]
    assert (arguments["optim"], arguments["max_length"], arguments["lora_dropout"]) == (
        "adafactor",
        512,
        0.05,
    )


def test_dashes_and_underscores() -> None:
    """Both spellings are the same flag; values keep their dashes, also after an equals sign."""
    assert with_underscores(["--train-file", "my-rows.jsonl", "--output-dir=a-b/c-d", "-h"]) == [
        "--train_file",
        "my-rows.jsonl",
        "--output_dir=a-b/c-d",
        "-h",
    ]


@pytest.mark.parametrize("alias", ["--model", "--model_id", "--model_name_or_path"])
def test_names_of_the_model_flag(alias: str) -> None:
    """The base model's flag has the names that other trainers give it."""
    given = build_parser().parse_args(["lora", alias, "m", "--train_file", "t", "--output_dir", "o"])
    assert given.model == "m"


def test_defaults_are_the_real_model_and_the_seeds_adapter() -> None:
    """Without flags: FunctionGemma, r 32, alpha 64, dropout .05 on q, k, v and o."""
    given = TrainConfig(train_file="t", output_dir="o")
    assert given.model == "google/functiongemma-270m-it"
    assert (given.lora_r, given.lora_alpha, given.lora_dropout) == (32, 64, 0.05)
    assert given.target_modules == ("q_proj", "k_proj", "v_proj", "o_proj")


def test_bad_flags_end_with_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All bad values at once on stderr, exit code 2, nothing written."""
    code = main(
        [
            "lora",
            "--train_file",
            str(tmp_path / "no"),
            "--output_dir",
            str(tmp_path / "o"),
            "--lora_r",
            "0",
            "--seed",
            "-1",
        ]
    )
    assert code == 2
    said = capsys.readouterr().err
    assert "--train_file: there is no file" in said
    assert "--lora_r: is 0; it must be at least 1. Typical: 8 to 64." in said
    assert "--seed: is -1" in said
    assert not (tmp_path / "o").exists()


def test_help_names_every_default(capsys: pytest.CaptureFixture[str]) -> None:
    """`fgtrain lora --help` works and shows meaning and default of a flag."""
    with pytest.raises(SystemExit) as caught:
        main(["lora", "--help"])
    assert caught.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "korean-home: lora_r 16, lora_alpha 32, lora_dropout 0.05, target_modules all-linear" in shown
    assert "rank of the adapter's matrices (default: 32)" in shown
    assert "--target_modules NAME,NAME" in shown


def flag_table() -> str:
    """The table of docs/training.md: a line for each flag."""
    lines = ["| flag | default | meaning |", "|---|---|---|"]
    for option in dataclasses.fields(TrainConfig):
        default = option.default
        if isinstance(default, tuple):
            default = ",".join(default)
        shown = (
            "required"
            if default is dataclasses.MISSING
            else ""
            if default is None or default is False  # 0 is a default to show
            else f"`{default}`"
        )
        lines.append(f"| `--{option.name}` | {shown} | {option.metadata['meaning']} |")
    return "\n".join(lines)


def test_the_docs_list_every_flag() -> None:
    """The table of flags in docs/training.md is the one the configuration gives."""
    assert flag_table() in (ROOT / "docs" / "training.md").read_text(encoding="utf-8"), (
        f"put this table there:\n{flag_table()}"
    )


def test_import_is_light() -> None:
    """`--help` and a wrong flag do not wait for torch."""
    probe = "import sys, fgtrain.cli; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", probe], text=True, cwd=ROOT).split()
    assert {"torch", "transformers", "peft"}.isdisjoint(loaded)
