"""run.json: what was trained, on what, with what, and what came out. Written at the start, after every epoch and at the end."""

from __future__ import annotations

import importlib.metadata
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from fgdata.errors import Problem, UsageError
from fgdata.files import write_whole

RUN_FILE = "run.json"
PACKAGES = ("fgsuite", "torch", "transformers", "peft", "accelerate", "tokenizers", "safetensors")

Status: TypeAlias = Literal["running", "finished", "stopped", "failed"]


@dataclass
class RunRecord:
    """The contents of one run.json."""

    folder: Path
    facts: dict[str, Any]
    """`arguments`, `base`, `data`, `adapter`, `device`: known when the run starts."""
    epochs: list[dict[str, Any]] = field(default_factory=list)
    """One entry an epoch: epoch, step, loss, eval_loss, exact_match, seconds, rows and tokens a second."""
    started: float = field(default_factory=time.time)
    is_kept: bool = True
    """False in all processes but the first, which write nothing."""

    def write(self, status: Status, **figures: Any) -> dict[str, Any]:
        """Replace run.json, and return what it now holds. `figures` are added at its end."""
        content = {
            "tool": "fgtrain lora",
            "status": status,
            "started": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(self.started)),
            "seconds": round(time.time() - self.started, 3),
            **self.facts,
            "packages": package_versions(),
            "epochs": self.epochs,
            **figures,
        }
        if self.is_kept:
            with write_whole(self.folder / RUN_FILE) as stream:
                json.dump(content, stream, ensure_ascii=False, indent=2)
                stream.write("\n")
        return content


def package_versions() -> dict[str, str]:
    """Name -> version of what decides a run's figures; a package that is not installed is left out."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def read_run(folder: Path) -> dict[str, Any] | None:
    """What an earlier run left in `folder`; None if there was none of ours.

    Raises: UsageError if its run.json cannot be read.
    """
    file = folder / RUN_FILE
    if not file.is_file():
        return None
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UsageError(
            Problem(str(file), f"cannot be read ({error}).", "Choose another --output_dir.")
        ) from error
    return (
        content if isinstance(content, dict) and str(content.get("tool", "")).startswith("fgtrain") else None
    )
