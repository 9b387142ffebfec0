"""scripts/run_finetune.sh: environment, log file, output on the terminal and in the log, exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from train_rows import write_rows

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "scripts" / "run_finetune.sh"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a bash script")


def launch(folder: Path, *flags: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("HF_TOKEN", "FG_USE_FP16")}
    return subprocess.run(
        [str(SCRIPT), *flags],
        cwd=folder,
        env={**kept, "PYTHON": sys.executable, **environment},
        capture_output=True,
        text=True,
        timeout=600,
    )


def only_log(folder: Path) -> str:
    [file] = (folder / "logs").glob("finetune-*.log")
    return file.read_text("utf-8")


def test_a_run_is_logged_and_shown(tiny_model_dir: Path, tmp_path: Path) -> None:
    """What the run prints stands on the terminal and in the log, with the command, the environment and the exit code."""
    (tmp_path / ".env").write_text('HF_TOKEN="not-a-real-one"\nexport FG_USE_FP16=1\ntouch $(echo ran)\n')
    train_file = write_rows(tmp_path / "my rows.jsonl", 6)
    done = launch(tmp_path, "--model", str(tiny_model_dir), "--train_file", train_file, "--output_dir", "out/a b", "--max_steps", "2",
                  "--device", "cpu")  # fmt: skip
    assert done.returncode == 0, done.stderr
    log = only_log(tmp_path)
    for text in ("Adapter: out/a b (2 steps", "train: 6 rows", "epoch 2: step 2, loss "):
        assert text in log
        assert text in done.stdout
    assert "FG_USE_FP16 is not used: only a GPU gains from float16" in log  # it came from .env
    assert "FG_USE_FP16=1" in log
    assert "token: yes" in log
    assert "not-a-real-one" not in log + done.stdout + done.stderr
    assert log.rstrip().endswith("exit code 0")
    assert r"my\ rows.jsonl" in log
    assert not (tmp_path / "ran").exists()
    assert (tmp_path / "out" / "a b" / "adapter_model.safetensors").is_file()


def test_the_exit_code_is_the_runs(tmp_path: Path) -> None:
    """A run that fails ends the script with its code, whatever tee says, and the error is in the log; what is set wins over .env."""
    (tmp_path / ".env").write_text("FG_USE_FP16=1\n")
    done = launch(tmp_path, "--train_file", "no.jsonl", "--output_dir", "out", FG_USE_FP16="0", LOG_DIR=str(tmp_path / "logs"))  # fmt: skip
    assert done.returncode == 2
    log = only_log(tmp_path)
    assert "error: --train_file: there is no file 'no.jsonl'" in log
    assert "FG_USE_FP16=0" in log
    assert log.rstrip().endswith("exit code 2")


def test_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    """Nothing is trained without its log."""
    (tmp_path / "logs").write_text("a file")
    done = launch(tmp_path, "--train_file", "no.jsonl", "--output_dir", "out")
    assert done.returncode == 2
    assert "fgtrain" not in done.stdout
