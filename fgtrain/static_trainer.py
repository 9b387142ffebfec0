"""The trainer for batches of static shapes: every part forward and backward before the next one begins."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import torch

from fgtrain.batches import Batch, all_parts
from fgtrain.static_attention import STATIC_PREFIX, static_loss
from fgtrain.static_shapes import count_learnt
from fgtrain.trainer import ScoredTokenTrainer


class StaticTrainer(ScoredTokenTrainer):
    """Loss and gradients of the scored-token trainer, computed part by part (`fgtrain.static_shapes`).

    One batch is one optimizer step: what would be accumulated stands in its parts.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        config = settings["model"].config
        config._attn_implementation = STATIC_PREFIX
        self._window = int(config.sliding_window)

    def get_batch_samples(
        self, epoch_iterator: Iterator[Batch], num_batches: int, device: torch.device
    ) -> tuple[list[Batch], Any]:
        """The batches of one optimizer step, and the number of scored tokens in them."""
        batches = list(itertools.islice(epoch_iterator, num_batches))
        return batches, sum(count_learnt(part) for batch in batches for part in all_parts(batch))

    def training_step(self, model: Any, inputs: Batch, num_items_in_batch: Any = None) -> torch.Tensor:
        """Gradients of one batch added up part by part; its share of the step's mean loss comes back."""
        model.train()
        sums = []
        for part in all_parts(inputs):
            total = self._part_loss(model, part)
            self.accelerator.backward(total / num_items_in_batch)
            sums.append(total.detach())
            self._run_collected()
        total = torch.stack(sums).sum()
        share: torch.Tensor = total / num_items_in_batch
        self._run_collected()
        self._add_up(total)
        self.tally.scored += sum(map(count_learnt, all_parts(inputs)))
        self.tally.rows += inputs["n_rows"]
        self.tally.tokens += inputs["n_tokens"]
        return share

    def _add_up(self, total: torch.Tensor) -> None:
        """Count a step's loss into the epoch's."""
        self.tally.loss_sum += total

    def _summed(self, model: Any, inputs: Batch) -> tuple[torch.Tensor, int]:
        """The loss summed over all scored tokens of a batch, and their number; for the evaluation."""
        losses = []
        for part in all_parts(inputs):
            self._run_collected()
            losses.append(self._part_loss(model, part))
        self._run_collected()
        return torch.stack(losses).sum(), sum(map(count_learnt, all_parts(inputs)))

    def _prepare_inputs(self, inputs: Any) -> Any:
        """Left where they are: a part goes to the device when its turn comes."""
        return inputs

    def _part_loss(self, model: Any, part: Batch) -> torch.Tensor:
        on_device = self._send(part)
        with torch.autocast(self.args.device.type, torch.bfloat16, enabled=self.args.bf16):
            return static_loss(model, self._head, on_device, self._window)

    def _send(self, part: Batch) -> Batch:
        """The part on the device; overridden where it is spread over several."""
        return {
            name: value.to(self.args.device) if isinstance(value, torch.Tensor) else value
            for name, value in part.items()
        }

    def _run_collected(self) -> None:
        """Where a device that collects work is told to do it: between parts, so that programs never combine."""
