"""Several processes over gloo are one run: the same steps, loss, adapter and figures as one process, and one voice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file
from train_rows import call, tool_calls_row, write_rows

from fgdata.example import write_jsonl
from fgtrain.cli import main

ROOT = Path(__file__).parent.parent
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "--master_port", "0", "--rdzv_backend", "c10d",
            "--rdzv_endpoint", "localhost:0")  # fmt: skip
SETTINGS = ("--device", "cpu", "--dtype", "float32", "--lora_dropout", "0", "--learning_rate", "1e-3", "--logging_steps", "1",
            "--per_device_train_batch_size", "2", "--num_train_epochs", "2")  # fmt: skip


def torchrun(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*TORCHRUN, *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600
    )


def run_json(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "run.json").read_text("utf-8"))
    return content


def far(one: Path, other: Path) -> float:
    """The largest difference of two adapters' weights."""
    ours, theirs = (load_file(folder / "adapter_model.safetensors") for folder in (one, other))
    assert ours.keys() == theirs.keys()
    return max(float((ours[name] - theirs[name]).abs().max()) for name in ours)


@pytest.fixture(scope="module")
def flags(tiny_model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """Thirteen rows of several kinds, a number that neither batches nor processes divide, and three to evaluate exactly."""
    folder = tmp_path_factory.mktemp("rows")
    train = write_rows(folder / "train.jsonl", 13)
    rows = [tool_calls_row(f"{n}도 올려줘", call("adjust_temperature", delta=n), number=n) for n in range(3)]
    write_jsonl(folder / "eval.jsonl", rows)
    measured = ("--eval_metric", "exact_match", "--per_device_eval_batch_size", "1")
    return ("--model", str(tiny_model_dir), "--train_file", train, "--eval_file", str(folder / "eval.jsonl"), *SETTINGS, *measured)  # fmt: skip


@pytest.fixture(scope="module")
def together(flags: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of a run of two processes."""
    folder = tmp_path_factory.mktemp("together")
    done = torchrun("-m", "fgtrain.cli", "lora", *flags, "--gradient_accumulation_steps", "2", "--output_dir", str(folder / "out"))  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Adapter: ") == 1
    assert done.stderr.count("train: 13 rows") == 1
    assert done.stderr.count("epoch 2: step 4") == 1
    return folder / "out"


def test_two_processes_are_one_with_twice_the_accumulation(
    flags: tuple[str, ...], together: Path, tmp_path: Path
) -> None:
    """Losses, evaluation loss and exact match of every epoch, and the adapter to 1e-5; all rows once an epoch."""
    alone = tmp_path / "out"
    assert main(["lora", *flags, "--gradient_accumulation_steps", "4", "--output_dir", str(alone)]) == 0
    ours, theirs = run_json(together), run_json(alone)
    assert (ours["device"]["processes"], theirs["device"]["processes"]) == (2, 1)
    assert ours["losses"] == pytest.approx(theirs["losses"], rel=1e-5)
    assert len(ours["losses"]) == 4
    for one, other in zip(ours["epochs"], theirs["epochs"], strict=True):
        assert one["rows"] == other["rows"] == 13
        assert one["step"] == other["step"]
        for name in ("loss", "eval_loss"):
            assert one[name] == pytest.approx(other[name], rel=1e-5), name
        assert one["exact_match"] == other["exact_match"]
    difference = max(far(together, alone), far(together / "checkpoint-4", alone / "checkpoint-4"))
    print(f"two processes and one: adapters differ by {difference:.1e}")
    assert difference < 1e-5
    weights = load_file(alone / "adapter_model.safetensors")
    assert max(float(weight.abs().max()) for name, weight in weights.items() if "lora_B" in name) > 1e-3


def test_the_first_process_writes_alone(together: Path) -> None:
    """One entry in the log, one card, one run.json that is whole, a state of the random numbers for each process."""
    assert run_json(together)["status"] == "finished"
    log = (together.parent / "fine-tuning.md").read_text("utf-8")
    assert log.count("\n## ") == 1
    assert "- device: cpu, float32, 2 processes\n" in log
    assert "LoRA adapter for" in (together / "README.md").read_text("utf-8")
    states = [path.name for path in (together / "checkpoint-4").glob("rng_state*.pth")]
    assert sorted(states) == ["rng_state_0.pth", "rng_state_1.pth"]


def test_a_killed_process_and_resuming(flags: tuple[str, ...], together: Path, tmp_path: Path) -> None:
    """One of two processes is killed in the second epoch: the run goes on from the first epoch's checkpoint to the same weights."""
    words = (*flags, "--gradient_accumulation_steps", "2", "--output_dir", str(tmp_path / "out"))
    killed = torchrun("-m", "tests.killed_run", "3", *words)
    assert killed.returncode != 0
    assert not (tmp_path / "out" / "adapter_model.safetensors").exists()
    assert (tmp_path / "out" / "checkpoint-2" / "trainer_state.json").is_file()
    resumed = torchrun("-m", "fgtrain.cli", "lora", *words, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    difference = far(tmp_path / "out" / "checkpoint-4", together / "checkpoint-4")
    print(f"resumed and undisturbed: adapters differ by {difference:.1e}")
    assert difference < 1e-6
    run = run_json(tmp_path / "out")
    assert [entry["step"] for entry in run["epochs"]] == [2, 4]


def test_bad_input_is_told_once(flags: tuple[str, ...], tmp_path: Path) -> None:
    """Both processes meet the error; the first one says it, and the run ends."""
    (tmp_path / "broken.jsonl").write_text("{broken\n")
    words = [*flags, "--train_file", str(tmp_path / "broken.jsonl"), "--output_dir", str(tmp_path / "out")]
    done = torchrun("-m", "fgtrain.cli", "lora", *words)
    assert done.returncode != 0
    assert done.stderr.count("broken.jsonl:1: is no JSON") == 1, done.stderr
    assert not (tmp_path / "out").exists()


def test_a_checkpoint_of_other_processes_is_refused(
    flags: tuple[str, ...], together: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What two processes began, one does not go on with: its batches would be others."""
    words = [
        *flags,
        "--gradient_accumulation_steps",
        "2",
        "--output_dir",
        str(together),
        "--num_train_epochs",
        "3",
    ]
    assert main(["lora", *words, "--resume"]) == 2
    assert "this run has 1 processes; it began with 2" in capsys.readouterr().err
    assert run_json(together)["status"] == "finished"
