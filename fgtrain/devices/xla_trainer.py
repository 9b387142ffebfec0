"""The static trainer over the chips of a TPU host, through torch_xla."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from accelerate.data_loader import SkipBatchSampler
from safetensors.torch import load_file
from torch.utils.data import DataLoader
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from fgdata.console import err
from fgtrain.adapter import saved_name
from fgtrain.batches import Batch
from fgtrain.devices.tpu import (
    plain_name,
    programs_compiled,
    run_collected,
    shard_model,
    shard_states,
    spread,
)
from fgtrain.static_trainer import StaticTrainer


class CutPrograms(TrainerCallback):  # type: ignore[misc]
    """Ends the optimizer's program where it ends, and tells how many programs there are."""

    def on_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Run the update now, and not as the head of the next batch's program."""
        run_collected()

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Say the number: one that still rises after the second epoch means shapes that change."""
        err.print(f"  {programs_compiled()} programs compiled so far", highlight=False)


@contextlib.contextmanager
def _skipping_on_host() -> Iterator[None]:
    """Inside the block the Trainer skips batches of a plain loader; accelerate's way knows only its own for XLA."""

    def rest(loader: DataLoader[Any], n_batches: int) -> DataLoader[Any]:
        sampler = SkipBatchSampler(loader.batch_sampler, n_batches)
        return DataLoader(loader.dataset, batch_sampler=sampler, collate_fn=loader.collate_fn)

    module: Any = sys.modules[Trainer.__module__]
    before = module.skip_first_batches
    module.skip_first_batches = rest
    try:
        yield
    finally:
        module.skip_first_batches = before


class LateSum:
    """A sum of numbers on the device that waits for all but the last of them."""

    def __init__(self) -> None:
        self._sum = 0.0
        self._last: torch.Tensor | None = None

    def add(self, value: torch.Tensor) -> None:
        """Take another one."""
        self._sum, self._last = float(self), value

    def __float__(self) -> float:
        return self._sum + (self._last.item() if self._last is not None else 0.0)


class XlaTrainer(StaticTrainer):
    """Static shapes, slots spread over the chips, one program a shape.

    Batches stay on the host until their parts are sent: accelerate's loader for XLA is left aside.
    """

    def __init__(self, *, shard_weights: bool, **settings: Any) -> None:
        super().__init__(**settings)
        self._shard_weights = shard_weights
        self._has_spread_states = False
        self.add_callback(CutPrograms())

    def train(self, *given: Any, **settings: Any) -> Any:
        """As the Trainer's; a run that goes on in mid-epoch skips batches on the host, too."""
        with _skipping_on_host():
            return super().train(*given, **settings)

    def _wrap_model(self, model: Any, training: bool = True, dataloader: Any = None) -> Any:
        if not (self._shard_weights and training) or self.model_wrapped is not self.model:
            return model
        return shard_model(model)

    def _send(self, part: Batch) -> Batch:
        return spread(part, self.args.device)

    def _run_collected(self) -> None:
        run_collected()

    def _add_up(self, total: torch.Tensor) -> None:
        """The loss is fetched a step late: the host prepares the next batch while the chips compute this one."""
        tally: Any = self.tally  # only ever asked for a float
        if not isinstance(tally.loss_sum, LateSum):
            tally.loss_sum = LateSum()
        tally.loss_sum.add(total)

    def training_step(self, model: Any, inputs: Batch, num_items_in_batch: Any = None) -> torch.Tensor:
        """As the static trainer's; the optimizer's states are spread once they exist."""
        if self._shard_weights and not self._has_spread_states and self.optimizer.state:
            shard_states(self.optimizer)
            self._has_spread_states = True
        return super().training_step(model, inputs, num_items_in_batch)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        super()._load_optimizer_and_scheduler(checkpoint)
        if checkpoint is None:
            return
        for kept in self.optimizer.state.values():
            # A number that the host computes with: on the device every step would wait for each of them.
            if isinstance(kept.get("step"), torch.Tensor):
                kept["step"] = kept["step"].to("cpu")

    def _load_best_model(self) -> None:
        """The best epoch's adapter back into the weights, by their plain names."""
        file = Path(self.state.best_model_checkpoint) / "adapter_model.safetensors"
        saved = load_file(file)
        with torch.no_grad():
            for name, weight in self.model.named_parameters():
                if weight.requires_grad:
                    weight.copy_(saved[saved_name(plain_name(name))].to(weight.device))
        run_collected()
