"""A short run of the whole loop: pack, rows, adapter, predictions, scores, report."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.demo import rows_of

ROOT = Path(__file__).parents[1]
SHORT = ("--rows", "800", "--", "--max_steps", "60", "--learning_rate", "3e-3", "--target_modules", "all-linear",
         "--lora_dropout", "0", "--per_device_train_batch_size", "16", "--gradient_accumulation_steps", "1")  # fmt: skip


def run_demo(out: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "scripts/demo.py", "--out", str(out), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The demo's folder and what it printed."""
    out = tmp_path_factory.mktemp("demo") / "out"
    return out, run_demo(out, *SHORT)


def summary(out: Path, run: str) -> dict[str, Any]:
    overall: dict[str, Any] = json.loads((out / run / "summary.json").read_text("utf-8"))["overall"]
    return overall


def test_the_loop_ends_with_a_verdict(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """60 steps lift the adapter over the base, intervals apart; the exit code and the last lines say so."""
    out, done = demo
    base, adapter = summary(out, "base")["exact"], summary(out, "adapter-run")["exact"]
    assert base["n"] == adapter["n"] == 80
    assert adapter["low"] > base["high"], (base, adapter)
    assert done.returncode == 0, done.stderr
    assert f"{100 * base['value']:.1f}%" in done.stdout
    assert f"{100 * adapter['value']:.1f}%" in done.stdout
    assert str(out / "report.html") in done.stdout


def test_the_report_says_what_the_scores_say(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """Both reports carry both exact-match rates and the warning that the tiny base is no FunctionGemma."""
    out, _ = demo
    for name in ("report.md", "report.html"):
        text = (out / name).read_text("utf-8")
        for run in ("base", "adapter-run"):
            assert f"{100 * summary(out, run)['exact']['value']:.1f}" in text
        assert "nothing about FunctionGemma" in text


def test_no_family_is_in_two_splits(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """The rows the adapter was tested on come from families that it was not trained on."""
    out, _ = demo
    families = {
        split: {
            json.loads(line)["family"]
            for line in (out / f"data/{split}.jsonl").read_text("utf-8").splitlines()
        }
        for split in ("train", "validation", "test")
    }
    assert all(families.values())
    assert families["train"].isdisjoint(families["test"])
    assert families["train"].isdisjoint(families["validation"])
    assert families["validation"].isdisjoint(families["test"])


def test_a_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    """A folder with something else in it is refused and keeps what it holds."""
    (tmp_path / "thesis.txt").write_text("mine")
    done = run_demo(tmp_path)
    assert done.returncode == 2
    assert "thesis.txt" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_packs_of_many_tools_get_fewer_rows(tmp_path: Path) -> None:
    """home_ko's 37 declarations stand in every prompt, so its demo makes fewer rows; an unknown pack is one error."""
    help_text = subprocess.run(
        [sys.executable, "scripts/demo.py", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert "13,500" in help_text
    assert "5,000" in help_text
    assert rows_of("climate_ko") == 13_500
    assert rows_of("home_ko") == 5_000
    done = run_demo(tmp_path / "out", "--pack", "nope")
    assert done.returncode == 2
    assert "no pack 'nope'" in done.stderr
    assert "Generate data" not in done.stderr
    assert not (tmp_path / "out").exists()
