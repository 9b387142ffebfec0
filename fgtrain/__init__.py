"""A LoRA adapter from examples: what is trained, on what, and what it cost.

`import fgtrain` is light; torch, transformers and peft are loaded when a run starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fgtrain.config import TrainConfig
from fgtrain.settings import PRESETS, make_config

if TYPE_CHECKING:
    from fgtrain.run import train_lora

__all__ = ["PRESETS", "TrainConfig", "make_config", "train_lora"]


def __getattr__(name: str) -> Any:
    if name == "train_lora":
        from fgtrain.run import train_lora

        return train_lora
    raise AttributeError(f"module 'fgtrain' has no attribute {name!r}")
