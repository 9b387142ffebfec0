"""What ended a run, in words: memory, disk, or what it was."""

from __future__ import annotations

import errno
from pathlib import Path

import torch
from safetensors import SafetensorError

from fgdata.errors import FgError, ModelError, Problem, UsageError
from fgtrain.config import TrainConfig
from fgtrain.output import drop_broken, newest_checkpoint

DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CPU_MEMORY = ("can't allocate memory", "not enough memory")
"""What PyTorch says where a CPU has no memory left; a RuntimeError like any other."""
CUT_OFF = ("PytorchStreamWriter failed", "file write failed", "unexpected pos")
"""What torch.save says when a file cannot be written to its end."""


def as_told(error: Exception, config: TrainConfig, *, joined: int) -> FgError | None:
    """The error for the user; None for one that is none of his, whose traceback is wanted.

    Args:
        joined: batches that were computed as one.
    """
    if isinstance(error, FgError):
        return error
    if is_out_of_memory(error):
        return ModelError(Problem("training", "the device is out of memory.", memory_remedy(config, joined)))
    if is_disk_full(error):
        return UsageError(Problem(config.output_dir, f"a checkpoint could not be written: {error}."))
    return None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device or this machine had no memory left."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in CPU_MEMORY)


def is_disk_full(error: BaseException | None) -> bool:
    """Whether a file could not be written to its end."""
    if isinstance(error, OSError):
        return error.errno in DISK
    if isinstance(error, SafetensorError):
        return True  # only written files raise it here: what is read was checked before
    return isinstance(error, RuntimeError) and any(words in str(error) for words in CUT_OFF)


def memory_remedy(config: TrainConfig, joined: int) -> str:
    """The knob to turn, the one that costs least first."""
    if joined > 1:
        return f"Add --join_batches off: {config.per_device_train_batch_size} rows at once in place of {joined * config.per_device_train_batch_size}, with the same result."
    if config.per_device_train_batch_size > 1:
        return "Lower --per_device_train_batch_size and raise --gradient_accumulation_steps by as much: the result is the same."
    return "Leave out the longest rows: a lower --max_length with --overlong skip."


def with_survivor(error: FgError, folder: Path, n_processes: int) -> FgError:
    """An error of the disk that says what is left to go on from; checkpoints that were cut off are removed."""
    drop_broken(folder, n_processes)
    try:
        name = newest_checkpoint(folder, n_processes).name
        remedy = f"{name} is whole: free some space, then run the same command with --resume."
    except UsageError:
        remedy = "Free some space, then run again with --force: no checkpoint was whole yet."
    return type(error)(*(Problem(problem.where, problem.what, remedy) for problem in error.problems))
