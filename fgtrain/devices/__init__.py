"""The only code of the trainer that knows what hardware is: what to run on, and what that means for transformers' Trainer."""

from __future__ import annotations

import os
import platform
import sys
from typing import Any, Literal

import torch
from transformers.utils import is_torch_xla_available

from fgdata.errors import Problem, UsageError
from fgeval import loading

__all__ = [
    "choose_device",
    "choose_dtype",
    "describe_device",
    "dtype_name",
    "peak_memory_bytes",
    "trainer_options",
]


TPU_TYPES = ("xla", "tpu")
"""torch's names of the device that is a TPU: torch_xla's, and its own."""


def choose_device(device: loading.Device | Literal["tpu"]) -> torch.device:
    """The device to compute on, as `fgeval.loading.choose_device`, or what stands for the chips of a TPU host.

    Raises: ModelError if it is not there.
    """
    if device == "tpu":
        from fgtrain.devices.tpu import tpu_device

        return tpu_device()
    return loading.choose_device(device)


def choose_dtype(dtype: loading.Dtype, device: torch.device) -> torch.dtype:
    """The number type to compute in, as `fgeval.loading.choose_dtype`; `auto` is bfloat16 on a TPU."""
    return (
        torch.bfloat16
        if dtype == "auto" and device.type in TPU_TYPES
        else loading.choose_dtype(dtype, device)
    )


def trainer_options(device: torch.device, dtype: torch.dtype) -> dict[str, Any]:
    """Arguments of `TrainingArguments` that follow from the hardware.

    Raises: UsageError if torch_xla would take the run to a device that was not asked for.
    """
    if device.type not in TPU_TYPES and is_torch_xla_available():
        raise UsageError(
            Problem(
                "--device",
                f"is {device.type!r}, and torch_xla, which is installed here, takes every run to its own.",
                "Set USE_TORCH_XLA=0 before Python starts, or use --device tpu.",
            )
        )
    return {
        "use_cpu": device.type == "cpu",
        # The base is loaded in bfloat16 and the adapter stays in float32; autocast multiplies in bfloat16.
        "bf16": dtype is torch.bfloat16,
        "dataloader_pin_memory": device.type == "cuda",
    }


def dtype_name(dtype: torch.dtype) -> Any:
    """Its name as a flag has it."""
    return str(dtype).removeprefix("torch.")


def describe_device(device: torch.device, dtype: torch.dtype) -> dict[str, Any]:
    """What run.json says about the machine."""
    facts: dict[str, Any] = {
        "type": device.type,
        "dtype": dtype_name(dtype),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "threads": torch.get_num_threads(),
    }
    if device.type in TPU_TYPES:
        from fgtrain.devices.tpu import describe_chips

        facts |= describe_chips()
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        facts |= {
            "name": properties.name,
            "memory_bytes": properties.total_memory,
            "visible": torch.cuda.device_count(),
        }
    return facts


def peak_memory_bytes(device: torch.device) -> int | None:
    """The most memory the run has held: of the GPU, or of this process on a CPU; None where the system does not say."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, Linux kilobytes
