"""The only code of the trainer that knows what hardware is: what to run on, and what that means for transformers' Trainer."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from typing import Any

import torch
from transformers.utils import is_torch_xla_available

from fgdata.errors import Problem, UsageError
from fgeval.loading import choose_device
from fgtrain.devices.cpu import has_bfloat16_units, probe
from fgtrain.devices.memory import memory_bytes, peak_memory_bytes
from fgtrain.devices.processes import Processes, SaidElsewhereError, start_processes

__all__ = [
    "TPU_TYPES",
    "Hardware",
    "Processes",
    "SaidElsewhereError",
    "choose_hardware",
    "memory_bytes",
    "peak_memory_bytes",
    "start_processes",
]

TPU_TYPES = ("xla", "tpu")
"""torch's names of the device that is a TPU: torch_xla's, and its own."""
FLOAT16 = "FG_USE_FP16"
"""Environment variable of the first seed: 1 asks for float16."""
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True, slots=True)
class Hardware:
    """What a run computes on, and in."""

    device: torch.device
    dtype: torch.dtype
    why: str
    """How the number type was chosen."""
    note: str = ""
    """What the user should be told about it."""

    @property
    def dtype_name(self) -> str:
        """`float32`, `bfloat16` or `float16`."""
        return str(self.dtype).removeprefix("torch.")

    def trainer_options(self) -> dict[str, Any]:
        """Arguments of `TrainingArguments` that follow from the hardware.

        Raises: UsageError if torch_xla would take the run to a device that was not asked for.
        """
        if self.device.type not in TPU_TYPES and is_torch_xla_available():
            raise UsageError(
                Problem(
                    "--device",
                    f"is {self.device.type!r}, and torch_xla, which is installed here, takes every run to its own.",
                    "Set USE_TORCH_XLA=0 before Python starts, or use --device tpu.",
                )
            )
        return {
            "use_cpu": self.device.type == "cpu",
            # The base is loaded in the half type and the adapter stays in float32; autocast multiplies in the half type.
            "bf16": self.dtype is torch.bfloat16,
            "fp16": self.dtype is torch.float16,
            "dataloader_pin_memory": self.device.type == "cuda",
            # All of the adapter is used in every pass, and passes differ in number: nothing may be exchanged but gradients.
            "ddp_find_unused_parameters": False,
            "ddp_broadcast_buffers": False,
        }

    def describe(self, processes: Processes) -> dict[str, Any]:
        """What run.json says about the machine."""
        facts: dict[str, Any] = {
            "type": self.device.type,
            "dtype": self.dtype_name,
            "dtype_chosen": self.why,
            "processes": processes.count,
            "platform": platform.platform(),
            "python": platform.python_version(),
            "cpus": os.cpu_count(),
            "threads": torch.get_num_threads(),
        }
        if self.device.type in TPU_TYPES:
            from fgtrain.devices.tpu import describe_chips

            facts |= describe_chips()
        if self.device.type == "cuda":
            properties = torch.cuda.get_device_properties(self.device)
            facts |= {
                "name": properties.name,
                "runtime": runtime_name(),
                "memory_bytes": properties.total_memory,
                "visible": torch.cuda.device_count(),
            }
        return facts


def runtime_name() -> str:
    """What drives the GPU: torch calls AMD's devices `cuda` as well."""
    hip: str | None = getattr(torch.version, "hip", None)
    return f"ROCm {hip}" if hip else f"CUDA {torch.version.cuda}"


def choose_hardware(device: str, dtype: str) -> Hardware:
    """What `--device` and `--dtype` (and FG_USE_FP16) come to on this machine.

    Raises: ModelError if there is no such device; UsageError if it cannot compute in that type.
    """
    if device == "tpu":
        return _tpu(dtype)
    place = choose_device("cpu" if device == "cpu" else "cuda" if device == "cuda" else "auto")
    asked = os.environ.get(FLOAT16, "0") not in ("", "0")
    if asked and dtype not in ("auto", "float16"):
        note = f"{FLOAT16} is not used: --dtype says {dtype}."
        return Hardware(place, DTYPES[dtype], "asked for by --dtype", note)
    if dtype == "float16" or asked:
        if place.type == "cuda":
            note = "float16: Gemma 3's activations may pass 65,504, where it ends; the first that does stops the run. bfloat16 has no such limit."
            return Hardware(
                place, torch.float16, f"asked for by {FLOAT16 if asked else '--dtype'}", f"{note}"
            )
        if not asked:
            raise UsageError(
                Problem(
                    "--dtype", "is 'float16', which only a GPU gains from.", "Use float32, bfloat16 or auto."
                )
            )
        chosen = _auto(place)
        note = f"{FLOAT16} is not used: only a GPU gains from float16. Computing in {chosen.dtype_name}."
        return Hardware(place, chosen.dtype, chosen.why, note)
    if dtype != "auto":
        return Hardware(place, DTYPES[dtype], "asked for by --dtype")
    return _auto(place)


def _tpu(dtype: str) -> Hardware:
    """The chips of this host."""
    from fgtrain.devices.tpu import tpu_device

    if dtype == "float16":
        raise UsageError(
            Problem("--dtype", "is 'float16', which a TPU does not have.", "Use bfloat16 or auto.")
        )
    place = tpu_device()
    if dtype != "auto":
        return Hardware(place, DTYPES[dtype], "asked for by --dtype")
    return Hardware(place, torch.bfloat16, "the TPU has bfloat16")


def _auto(device: torch.device) -> Hardware:
    """bfloat16 where the device has it, and on a CPU where it was measured to be faster."""
    if device.type == "cuda":
        has = torch.cuda.is_bf16_supported()
        return Hardware(
            device, torch.bfloat16 if has else torch.float32, f"the GPU has {'' if has else 'no '}bfloat16"
        )
    if not has_bfloat16_units():
        return Hardware(device, torch.float32, "the CPU has no instructions for bfloat16")
    measured = probe()
    why = f"measured: a product takes {measured.float32_ms:.2f} ms in float32, {measured.bfloat16_ms:.2f} ms in bfloat16"
    return Hardware(device, measured.dtype, why)
