"""transformers' Trainer with a loss over the scored tokens only."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from transformers import (
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainingArguments,
)

from fgtrain.batches import Batch, all_parts, count_scored
from fgtrain.encode import Encoded
from fgtrain.loss import scored_loss


class ScoredTokenTrainer(Trainer):  # type: ignore[misc]
    """A Trainer whose loss is the sum over the scored tokens divided by their number in the whole accumulated batch."""

    # The division is done here. Gemma 3 says that its own forward does not do it, and the Trainer would divide again.
    loss_is_scaled_for_ga = True
    control: TrainerControl

    def __init__(
        self,
        *,
        model: Any,
        args: TrainingArguments,
        collator: Callable[[Sequence[Encoded]], Batch],
        train_rows: Sequence[Encoded],
        eval_rows: Sequence[Encoded] | None,
        save: Callable[[str], None],
        callbacks: list[TrainerCallback],
        measure: Callable[[Any], float] | None = None,
    ) -> None:
        super().__init__(
            model=model,
            args=args,
            data_collator=collator,
            train_dataset=train_rows,
            eval_dataset=eval_rows,
            callbacks=callbacks,
        )
        self.remove_callback(PrinterCallback)  # prints Python dictionaries to stdout
        self.model_accepts_loss_kwargs = True  # what releases before `loss_is_scaled_for_ga` look at
        self._head = model.get_output_embeddings()
        self._save_adapter = save
        self._measure = measure
        self.train_loss_sum: torch.Tensor | float = 0.0
        """Summed loss since it was last set to 0; a tensor on the device after the first batch, to save a wait a step."""
        self.train_tokens = 0

    def get_batch_samples(
        self, epoch_iterator: Iterator[Batch], num_batches: int, device: torch.device
    ) -> tuple[list[Batch], torch.Tensor]:
        """The batches of one optimizer step and the number of scored tokens in all of them, over all processes."""
        batches = list(itertools.islice(epoch_iterator, num_batches))
        n_scored = torch.tensor(sum(count_scored(batch) for batch in batches), device=device)
        if self.accelerator.num_processes > 1:
            n_scored = self.accelerator.gather(n_scored).sum()
        return batches, n_scored

    def compute_loss(
        self,
        model: Any,
        inputs: Batch,
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """This batch's share of the loss of the accumulated batch; the shares add up to the mean over its tokens."""
        total, n_tokens = self._summed(model, inputs)
        if model.training:
            self.train_loss_sum += total.detach()
            self.train_tokens += n_tokens
        # Gradients are averaged over processes, and every process counts the tokens of all.
        loss = (
            total
            * self.accelerator.num_processes
            / (n_tokens if num_items_in_batch is None else num_items_in_batch)
        )
        return (loss, {}) if return_outputs else loss

    def _summed(self, model: Any, inputs: Batch) -> tuple[torch.Tensor, int]:
        """The loss summed over all scored tokens of a batch, and their number."""
        losses = [scored_loss(model, self._head, part) for part in all_parts(inputs)]
        return torch.stack(losses).sum(), count_scored(inputs)

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: list[str] | None = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """The mean loss over all scored tokens of the evaluation rows: a row counts by its tokens, whatever its batch.

        And the share of rows answered exactly, where that is measured.
        """
        sums = torch.zeros(2, dtype=torch.float64, device=self.args.device)
        model = self.model_wrapped
        model.eval()
        with torch.no_grad():
            for batch in self.get_eval_dataloader(eval_dataset):
                inputs = self._prepare_inputs(batch)
                total, n_tokens = self._summed(model, inputs)
                sums += torch.stack((total.double(), torch.tensor(float(n_tokens), device=sums.device)))
        if self.accelerator.num_processes > 1:
            sums = self.accelerator.reduce(sums, "sum")
        metrics = {f"{metric_key_prefix}_loss": float(sums[0] / sums[1])}
        if self._measure is not None:
            metrics[f"{metric_key_prefix}_exact_match"] = self._measure(self.model)
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Save adapter and tokenizer; called for every checkpoint."""
        if self.args.should_save:
            self._save_adapter(os.fspath(output_dir or self.args.output_dir))
