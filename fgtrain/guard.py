"""float16 and Gemma 3: the first value that is no number is found where it arises, and stops the run.

float16 ends at 65,504 and Gemma 3's activations go beyond it. GradScaler steps over gradients that overflow, so a run would
go on, step after step, without learning.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from fgdata.errors import ModelError, Problem

REMEDY = (
    "Gemma 3's activations pass 65,504, where float16 ends. Unset FG_USE_FP16 and leave --dtype out: bfloat16 "
    "where the device has it, else float32."
)


class FiniteGuard:
    """Watches what every layer of a model gives while it is computed in float16."""

    def __init__(self, model: Any) -> None:
        self._broken: dict[str, Tensor] = {}
        """For each layer, in the order they are computed: whether a value was no number, on the device."""
        layers = [(name, module) for name, module in model.named_modules() if _is_layer(name)]
        for name, layer in layers:
            layer.register_forward_hook(self._watch(name))

    def _watch(self, name: str) -> Any:
        def look(_: nn.Module, inputs: Any, output: Any) -> None:
            states = output[0] if isinstance(output, tuple) else output
            broken = ~torch.isfinite(states.detach()).all()
            self._broken[name] = self._broken[name] | broken if name in self._broken else broken

        return look

    def check(self, loss: Tensor) -> None:
        """Forget what was seen, or raise ModelError naming the first layer, or the loss, that was no number."""
        seen, self._broken = self._broken, {}
        flags = torch.stack([*seen.values(), ~torch.isfinite(loss.detach()).all()]).tolist()  # one wait
        if any(flags):
            where = [*(_layer_name(name) for name in seen), "the loss"][flags.index(True)]
            raise ModelError(Problem("float16", f"{where} holds a value that is no number.", REMEDY))


def _is_layer(name: str) -> bool:
    """Whether a module's name is that of a decoder layer: `...layers.7`."""
    *_, before, last = ["", *name.split(".")]
    return before == "layers" and last.isdigit()


def _layer_name(name: str) -> str:
    return f"layer {name.rpartition('.')[2]}"
