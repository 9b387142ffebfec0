"""What a run on static shapes does otherwise: its steps, its trainer, its saves, what measures it.

`fgtrain.run` asks here, and nowhere else, whether shapes may change.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import torch

from fgdata.console import err
from fgdata.errors import Problem, UsageError
from fgtrain.adapter import save_adapter
from fgtrain.config import TrainConfig
from fgtrain.devices.tpu import find_chips, host_weights, plain_name
from fgtrain.encode import Encoded
from fgtrain.prefix import SHARED_MODELS
from fgtrain.static_shapes import StaticCollator, choose_sizes
from fgtrain.static_trainer import StaticTrainer


def has_static_shapes(config: TrainConfig) -> bool:
    """Whether this run pads to few shapes: on a TPU always, elsewhere where it is asked for."""
    return config.device == "tpu" or config.static_shapes == "on"


def n_devices(config: TrainConfig) -> int:
    """Devices that one batch is spread over."""
    return find_chips().count if config.device == "tpu" else 1


def over_devices(config: TrainConfig) -> TrainConfig:
    """The configuration of one device that does the work of all: N devices are as good as N times the accumulation.

    `--per_device_train_batch_size` is what its name says, rows of one device; under SPMD, where one process drives all
    devices, transformers takes it for the rows of all.
    """
    if not has_static_shapes(config):
        return config
    count = n_devices(config)
    return dataclasses.replace(
        config,
        gradient_accumulation_steps=config.gradient_accumulation_steps * count,
        per_device_eval_batch_size=config.per_device_eval_batch_size * count,
    )


def static_trainer(
    config: TrainConfig,
    model: Any,
    *,
    pad_token_id: int,
    train_rows: Sequence[Encoded],
    eval_rows: Sequence[Encoded] | None,
    **settings: Any,
) -> StaticTrainer:
    """The trainer of a run on static shapes, and a line on stderr about its groups.

    Args:
        config: of `over_devices`; `settings`: the other arguments of `ScoredTokenTrainer`.
    Raises: UsageError if the model's layers cannot be given such batches.
    """
    kind = model.config.model_type
    if kind not in SHARED_MODELS:
        raise UsageError(
            Problem(
                "--device tpu" if config.device == "tpu" else "--static_shapes",
                f"is for {', '.join(SHARED_MODELS)}; the model is {kind!r}.",
                "Use --device cpu or cuda.",
            )
        )
    count = n_devices(config)
    per_slot = config.per_device_train_batch_size * config.gradient_accumulation_steps // count
    sizes = choose_sizes([*train_rows, *(eval_rows or ())], per_slot)
    err.print(
        f"static shapes: {count} x {per_slot} rows an optimizer step, in groups of {sizes.in_group}; "
        f"rests padded to {' or '.join(map(str, sizes.rests or sizes.lengths))} tokens",
        highlight=False,
    )
    settings |= {
        "model": model,
        "collator": StaticCollator(pad_token_id, count, sizes),
        "train_rows": train_rows,
        "eval_rows": eval_rows,
    }
    if config.device == "tpu" and find_chips().kind == "xla":
        from fgtrain.devices.xla_trainer import XlaTrainer

        return XlaTrainer(shard_weights=config.sharding == "xla_fsdp_v2", **settings)
    return StaticTrainer(**settings)


def make_saver(config: TrainConfig, model: Any, tokenizer: Any) -> Callable[[Any], None]:
    """What saves the adapter into a folder: from a TPU through the host's memory, and read back."""
    if config.device != "tpu":
        return lambda folder: save_adapter(model, tokenizer, folder)
    return lambda folder: save_adapter(model, tokenizer, folder, weights=host_weights(model))


def make_measure(
    config: TrainConfig, model: Any, measure: Callable[[Any], float] | None
) -> Callable[[Any], float] | None:
    """`measure` as the trainer calls it: on a TPU by a twin of the model on the host.

    Generation makes a new shape a token, and a TPU would compile a program for each.
    """
    if measure is None or config.device != "tpu":
        return measure
    twin = copy.deepcopy(model).float().eval()
    trained = {name: weight for name, weight in twin.named_parameters() if weight.requires_grad}

    def by_twin(on_device: Any) -> float:
        with torch.no_grad():
            for name, weight in host_weights(on_device).items():
                trained[plain_name(name)].copy_(weight)
        return measure(twin)

    return by_twin
