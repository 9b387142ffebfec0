"""Benchmarks run by hand, so that a change elsewhere breaks them unseen: here each is at least imported whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "benchmarks"
FOREIGN = ("bfcl_agreement", "bfcl_data")
"""Those that need a package that is not installed with the project's."""


def test_every_benchmark_can_be_imported():
    """Each module and all that it imports at its top, in one process."""
    names = sorted(file.stem for file in FOLDER.glob("*.py") if file.stem not in FOREIGN)
    assert {"generate", "train", "train_cpu", "train_gpu", "train_ways", "score"} <= set(names)
    done = subprocess.run(
        [sys.executable, "-c", "; ".join(f"import {name}" for name in names)],
        cwd=FOLDER,
        env={**os.environ, "PYTHONPATH": f"{FOLDER.parent}{os.pathsep}{FOLDER}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
