"""What a TPU is to the trainer: through torch_xla one device made of all chips, or torch's own device `tpu`.

The only file that calls torch_xla. One process drives all chips of a host (SPMD): tensors are declared to lie spread over
them, and the compiler cuts the program. Data parallel: inputs are spread, weights are on every chip. FSDPv2: weights and
the optimizer's states are spread as well.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import warnings
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from torch import nn

from fgdata.errors import ModelError, Problem
from fgtrain.batches import Batch

Sharding: TypeAlias = Literal["data_parallel", "xla_fsdp_v2"]

AXES = ("fsdp", "model")
"""Names of the mesh's axes, as FSDPv2 and transformers have them; all devices lie along the first."""
WRAPPER = "_orig_module."
"""What FSDPv2 puts into the names of the weights it wraps."""


@dataclass(frozen=True, slots=True)
class Chips:
    """The TPU chips, or their stand-ins, of this host."""

    kind: Literal["xla", "tpu"]
    """`xla`: torch_xla. `tpu`: torch's own device of that name (package torch_tpu)."""
    count: int
    """Devices that one batch is spread over."""
    hardware: str
    """`TPU`, or `CPU` where torch_xla only pretends."""


@functools.cache
def find_chips() -> Chips:
    """The chips of this host; the first call sets torch_xla up for all of them, so nothing may be on its device before.

    Raises: ModelError if there are none, or a stand-in that nobody asked for.
    """
    if importlib.util.find_spec("torch_xla") is None:
        if has_own_device():
            return Chips("tpu", 1, "TPU")
        raise ModelError(
            Problem(
                "--device",
                "is 'tpu', and torch knows of no such device here: neither torch_xla nor torch_tpu is installed.",
                "Make the environment as docs/tpu.md says, or use --device cpu.",
            )
        )
    if os.environ.get("USE_TORCH_XLA", "1").upper() not in ("1", "ON", "YES", "TRUE"):
        raise ModelError(
            Problem("--device", "is 'tpu', and USE_TORCH_XLA switches torch_xla off.", "Unset USE_TORCH_XLA.")
        )
    import torch_xla.distributed.spmd as xs
    import torch_xla.runtime as xr

    try:
        xr.use_spmd()
        hardware, count = str(xr.device_type()), int(xr.global_runtime_device_count())
    except (OSError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0][:160]
        raise ModelError(
            Problem(
                "--device",
                f"is 'tpu', and torch_xla cannot reach one ({reason}).",
                "On a TPU host install torch_xla[tpu]; elsewhere set PJRT_DEVICE=CPU to run the TPU code on the CPU.",
            )
        ) from error
    if hardware != "TPU" and os.environ.get("PJRT_DEVICE") != hardware:
        raise ModelError(
            Problem(
                "--device",
                f"is 'tpu', and torch_xla found none here (it would run on {hardware}).",
                f"Run on a TPU host, or set PJRT_DEVICE={hardware} to run the TPU code on the {hardware}.",
            )
        )
    if xr.process_count() > 1:
        raise ModelError(
            Problem(
                "--device",
                f"is 'tpu', and this slice has {xr.process_count()} hosts; fgtrain drives the chips of one.",
                "Use a slice of one host: v5litepod-8 or v6e-8, or smaller.",
            )
        )
    xs.set_global_mesh(xs.Mesh(np.arange(count), (count, 1), AXES))
    return Chips("xla", count, hardware)


def has_own_device() -> bool:
    """Whether torch itself drives a TPU here, which transformers then calls `tpu`."""
    accelerator = torch.accelerator.current_accelerator() if hasattr(torch, "accelerator") else None
    return accelerator is not None and accelerator.type == "tpu"


def tpu_device() -> torch.device:
    """The device that stands for all chips of this host.

    Raises: ModelError if there are none.
    """
    if find_chips().kind == "tpu":
        return torch.device("tpu", 0)
    import torch_xla

    device: torch.device = torch_xla.device()
    return device


def describe_chips() -> dict[str, Any]:
    """What run.json says about them."""
    chips = find_chips()
    facts: dict[str, Any] = {"hardware": chips.hardware, "devices": chips.count}
    if chips.kind == "xla":
        import torch_xla

        facts["torch_xla"] = torch_xla.__version__
    return facts


def run_collected() -> None:
    """Have torch_xla compile and run what was recorded since the last time."""
    import torch_xla

    torch_xla.sync()


def programs_compiled() -> int:
    """Programs that torch_xla has compiled in this process; those of a line that gather a spread weight for a save are not counted."""
    import torch_xla.debug.metrics as met

    return int(met.counter_value("UncachedCompile") or 0)


def spread(part: Batch, device: torch.device) -> Batch:
    """The part on the device, its slots (the first dimension of every tensor) spread over the chips."""
    import torch_xla.distributed.spmd as xs

    sent = {}
    for name, value in part.items():
        sent[name] = value
        if isinstance(value, torch.Tensor):
            sent[name] = value.to(device)
            axes = (AXES[0], *[None] * (value.dim() - 1))
            xs.mark_sharding(sent[name], xs.get_global_mesh(), axes)
    return sent


def shard_model(model: nn.Module) -> nn.Module:
    """The model wrapped in FSDPv2, layer by layer, every weight spread over the chips along its longest dimension."""
    import torch_xla.distributed.spmd as xs
    from torch_xla.distributed.fsdp.wrap import transformer_auto_wrap_policy
    from torch_xla.experimental.spmd_fully_sharded_data_parallel import SpmdFullyShardedDataParallel

    layers = {type(module) for module in model.modules() if type(module).__name__.endswith("DecoderLayer")}

    def shard_output(output: Any, mesh: Any) -> None:
        first = output[0] if isinstance(output, tuple) else getattr(output, "logits", output)
        xs.mark_sharding(first, mesh, (AXES[0], *[None] * (first.dim() - 1)))

    # Its hooks for the backward pass do not fit a model's outermost output, and nothing there is spread.
    warnings.filterwarnings("ignore", message="For backward hooks to be called")
    warnings.filterwarnings("ignore", message="Full backward hook is firing")
    policy = functools.partial(transformer_auto_wrap_policy, transformer_layer_cls=layers)
    wrapped: nn.Module = SpmdFullyShardedDataParallel(
        model, mesh=xs.get_global_mesh(), shard_output=shard_output, auto_wrap_policy=policy
    )
    return wrapped


def shard_states(optimizer: torch.optim.Optimizer) -> None:
    """Spread what the optimizer keeps of a weight like the weight."""
    import torch_xla.distributed.spmd as xs
    from torch_xla.experimental.spmd_fully_sharded_data_parallel import _prepare_spmd_partition_spec

    for weight, kept in optimizer.state.items():
        axes = _prepare_spmd_partition_spec(weight, shard_maximal=True)
        for value in kept.values():
            if isinstance(value, torch.Tensor) and value.shape == weight.shape and not sharding_of(value):
                xs.mark_sharding(value, xs.get_global_mesh(), axes)


def sharding_of(value: torch.Tensor) -> str:
    """How torch_xla says that a tensor is spread; empty where nothing was said."""
    import torch_xla

    return str(torch_xla._XLAC._get_xla_sharding_spec(value)) if value.device.type == "xla" else ""


def plain_name(name: str) -> str:
    """The name of a weight without what wrappers put into it."""
    return name.replace(WRAPPER, "")


def host_weights(model: nn.Module) -> dict[str, torch.Tensor]:
    """The trained weights by their plain names, whole and in the host's memory.

    FSDPv2's names carry its wrapper, and files with such names load as nothing: an adapter that was saved so is the base model.
    """
    if any(weight.device.type == "xla" for weight in model.parameters()):
        run_collected()
    return {
        plain_name(name): weight.detach().to("cpu").contiguous()
        for name, weight in model.named_parameters()
        if weight.requires_grad
    }
