"""The static trainer over the chips of a TPU host, through torch_xla."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

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


class XlaTrainer(StaticTrainer):
    """Static shapes, slots spread over the chips, one program a shape.

    Accelerate's loader for XLA is left aside: it sends whole batches ahead, while here parts are sent one by one.
    """

    def __init__(self, *, shard_weights: bool, **settings: Any) -> None:
        super().__init__(**settings)
        self._shard_weights = shard_weights
        self._has_spread_states = False
        self.add_callback(CutPrograms())

    def get_train_dataloader(self) -> Any:
        """The loader on the host."""
        return _on_host(super().get_train_dataloader())

    def get_eval_dataloader(self, eval_dataset: Any = None) -> Any:
        """The loader on the host."""
        return _on_host(super().get_eval_dataloader(eval_dataset))

    def _wrap_model(self, model: Any, training: bool = True, dataloader: Any = None) -> Any:
        if not (self._shard_weights and training) or self.model_wrapped is not self.model:
            return model
        return shard_model(model)

    def _send(self, part: Batch) -> Batch:
        return spread(part, self.args.device)

    def _run_collected(self) -> None:
        run_collected()

    @property
    def train_loss_sum(self) -> float:
        """Summed loss since it was last set; waits for the steps that are still computed."""
        self._fetch(0)
        return self._loss_sum

    @train_loss_sum.setter
    def train_loss_sum(self, value: float) -> None:
        self._not_added: list[torch.Tensor] = []
        self._loss_sum = value

    def _add_up(self, total: torch.Tensor, n_scored: int) -> None:
        """The loss is fetched a step late: the host prepares the next batch while the chips compute this one."""
        self._not_added.append(total)
        self._fetch(1)
        self.train_tokens += n_scored

    def _fetch(self, n_left: int) -> None:
        while len(self._not_added) > n_left:
            self._loss_sum += self._not_added.pop(0).item()

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


def _on_host(loader: Any) -> Any:
    """What accelerate's loader for XLA wraps."""
    return getattr(loader, "_loader", loader)
