"""The only code of the trainer that knows what hardware is: what to run on, and what that means for transformers' Trainer."""

from __future__ import annotations

import os
import platform
import sys
from typing import Any

import torch

from fgeval.loading import choose_device, choose_dtype

__all__ = ["choose_device", "choose_dtype", "describe_device", "peak_memory_bytes", "trainer_options"]


def trainer_options(device: torch.device, dtype: torch.dtype) -> dict[str, Any]:
    """Arguments of `TrainingArguments` that follow from the hardware."""
    return {
        "use_cpu": device.type == "cpu",
        # The base is loaded in bfloat16 and the adapter stays in float32; autocast multiplies in bfloat16.
        "bf16": dtype is torch.bfloat16,
        "dataloader_pin_memory": device.type == "cuda",
    }


def describe_device(device: torch.device, dtype: torch.dtype) -> dict[str, Any]:
    """What run.json says about the machine."""
    facts: dict[str, Any] = {
        "type": device.type,
        "dtype": str(dtype).removeprefix("torch."),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "threads": torch.get_num_threads(),
    }
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
