"""The output folder: free, to be replaced, or to go on with."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from fgdata.errors import Problem, UsageError
from fgdata.files import lock_at
from fgtrain.record import read_run

CHECKPOINT_FILES = (
    "adapter_config.json",
    "adapter_model.safetensors",
    "optimizer.pt",
    "scheduler.pt",
)
"""What a checkpoint needs besides rng_state*.pth, one a process, and trainer_state.json, which is written last."""
OWN_FILES = (
    "run.json",
    "adapter_config.json",
    "adapter_model.safetensors",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "README.md",
)
"""What a run leaves beside its checkpoints; `--force` removes these and nothing else."""
LOCK = ".lock"
"""Locked while a run writes in the folder."""
CONTINUED = (
    "lora_r",
    "lora_alpha",
    "lora_dropout",
    "target_modules",
    "seed",
    "optim",
    "learning_rate",
    "lr_scheduler_type",
    "warmup_ratio",
    "weight_decay",
    "max_grad_norm",
    "dtype",
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "max_length",
    "overlong",
    "eval_metric",
    "share_prefix",
    "join_batches",
)
"""Arguments that a resumed run must share with the run it goes on with."""


def check_output(folder: Path, *, resume: bool, force: bool, n_processes: int = 1) -> None:
    """Raise UsageError unless a run may write into `folder`. Changes nothing."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(Problem("--output_dir", f"{str(folder)!r} is a file.", "Name a folder."))
    if resume:
        newest_checkpoint(folder, n_processes)
        return
    if not folder.is_dir() or not any(path.name != LOCK for path in folder.iterdir()):
        return
    earlier = read_run(folder)
    if earlier is None:
        raise UsageError(
            Problem(
                "--output_dir",
                f"{str(folder)!r} is in use, and not by a run of fgtrain.",
                "Choose another folder.",
            )
        )
    if not force:
        raise UsageError(
            Problem(
                "--output_dir",
                f"{str(folder)!r} is in use by a run ({earlier.get('status')}).",
                "Choose another folder, go on with the run (--resume), or replace it (--force).",
            )
        )


@contextlib.contextmanager
def kept_apart(folder: Path) -> Iterator[None]:
    """The folder, made if it is not there, in which no other run writes while the block lasts, or until this one is killed.

    Raises: UsageError if another run is writing there, or the folder cannot be made.
    """
    lock = folder / LOCK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = lock_at(lock)
    except OSError as error:
        what = f"{str(folder)!r} cannot be written: {error.strerror or error}."
        raise UsageError(Problem("--output_dir", what, "Choose another folder.")) from error
    if held is None:
        what, remedy = (
            f"another run is writing in {str(folder)!r}.",
            "Wait until it is done, or choose another folder.",
        )
        raise UsageError(Problem("--output_dir", what, remedy))
    with held:
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                lock.unlink()


def clear_output(folder: Path) -> None:
    """Remove what an earlier run left; files that are not ours stay."""
    for name in OWN_FILES:
        (folder / name).unlink(missing_ok=True)
    for checkpoint in _checkpoints(folder):
        shutil.rmtree(checkpoint)


def _checkpoints(folder: Path) -> list[Path]:
    """Checkpoint folders, newest first."""
    found = [path for path in folder.glob("checkpoint-*") if re.fullmatch(r"checkpoint-\d+", path.name)]
    return sorted(found, key=lambda path: int(path.name.partition("-")[2]), reverse=True)


def newest_checkpoint(folder: Path, n_processes: int = 1) -> Path:
    """The newest checkpoint that was written to its end, by all processes.

    Raises: UsageError if there is none.
    """
    for checkpoint in _checkpoints(folder):
        if _is_whole(checkpoint, n_processes):
            return checkpoint
    raise UsageError(
        Problem(
            "--resume",
            f"there is no whole checkpoint in {str(folder)!r}.",
            "Leave --resume out to start from the beginning.",
        )
    )


def _is_whole(checkpoint: Path, n_processes: int) -> bool:
    try:
        json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
        with safe_open(checkpoint / "adapter_model.safetensors", framework="pt"):
            pass
    except (OSError, ValueError, SafetensorError):
        return False
    states = [path.name for path in checkpoint.glob("rng_state*.pth")]
    # torch saves zip archives, whose directory stands at their end: a file cut short has none.
    return len(states) >= n_processes and all(
        zipfile.is_zipfile(checkpoint / name)
        if name.endswith((".pt", ".pth"))
        else (checkpoint / name).is_file()
        for name in (*CHECKPOINT_FILES, *states)
    )


def drop_broken(folder: Path, n_processes: int = 1) -> None:
    """Remove checkpoints that were not written to their end: on a full disk they keep the room that a next try needs."""
    for checkpoint in _checkpoints(folder):
        if not _is_whole(checkpoint, n_processes):
            shutil.rmtree(checkpoint, ignore_errors=True)


def check_continues(earlier: Mapping[str, Any] | None, facts: Mapping[str, Any]) -> None:
    """Raise UsageError, with every difference, unless this run is the one that left its checkpoint.

    Args:
        earlier: the run.json of then; `facts`: those of now.
    """
    if earlier is None:
        raise UsageError(
            Problem("--resume", "the folder has no run.json of fgtrain.", "Start anew in another folder.")
        )
    problems = []
    then, now = earlier.get("arguments") or {}, facts["arguments"]
    for name in CONTINUED:
        if then.get(name) != now[name]:
            problems.append(
                Problem(
                    f"--{name}",
                    f"is {now[name]!r}; the run began with {then.get(name)!r}.",
                    "Give the value it began with.",
                )
            )
    if (earlier.get("base") or {}).get("fingerprint") != facts["base"]["fingerprint"]:
        problems.append(Problem("--model", "is not the base that the run began with."))
    if ((earlier.get("data") or {}).get("train") or {}).get("sha256") != facts["data"]["train"]["sha256"]:
        problems.append(Problem("--train_file", "has changed since the run began.", "Start anew (--force)."))
    then_count, now_count = ((facts_.get("device") or {}).get("processes", 1) for facts_ in (earlier, facts))
    if then_count != now_count:
        problems.append(
            Problem(
                "--resume",
                f"this run has {now_count} processes; it began with {then_count}.",
                "Start as many.",
            )
        )
    UsageError.raise_if(problems)
