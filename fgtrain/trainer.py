"""transformers' Trainer with a loss over the scored tokens only, for one process or many."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.utils.data import DataLoader
from transformers import (
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainingArguments,
)

from fgtrain.batches import Batch, all_parts, count_scored
from fgtrain.devices import Processes
from fgtrain.encode import Encoded
from fgtrain.guard import FiniteGuard
from fgtrain.loss import scored_logits, summed_loss
from fgtrain.sampler import GroupSampler, StepShape


@dataclass
class Tally:
    """What this process has trained on since the tally was last emptied."""

    loss_sum: torch.Tensor | float = 0.0
    """Summed over scored tokens; a tensor on the device after the first batch, to save a wait a step."""
    scored: int = 0
    rows: int = 0
    tokens: int = 0
    """Of the rows, prompt and answer, whether or not a prefix was shared."""

    def over(self, processes: Processes) -> tuple[float, int, int, int]:
        """Loss sum, scored tokens, rows and tokens of all processes."""
        loss, *counts = processes.sum([float(self.loss_sum), self.scored, self.rows, self.tokens])
        scored, rows, tokens = map(int, counts)
        return loss, scored, rows, tokens


@dataclass(frozen=True)
class Sampling:
    """How the training rows are taken."""

    groups: Sequence[int]
    """A number for each row (`fgtrain.sampler.prefix_groups`)."""
    shape: StepShape
    processes: Processes = field(default_factory=Processes)


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
        sampling: Sampling | None = None,
        guard: FiniteGuard | None = None,
    ) -> None:
        """Train `model` on `train_rows`.

        Args:
            save: writes the adapter into a folder; called for every checkpoint, in the first process.
            measure: the share of rows answered exactly; called in every process.
            sampling: left out, all rows are of one group.
            guard: looks at every step for values that are no numbers.
        """
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
        self._guard = guard
        self.sampling = sampling or Sampling(
            [0] * len(train_rows),
            StepShape(args.per_device_train_batch_size, args.gradient_accumulation_steps),
        )
        self.tally = Tally()

    def get_train_dataloader(self) -> DataLoader[Any]:
        """The batches of this process. Not dealt out by accelerate, which fills the last ones up with rows a second time."""
        shape, processes = self.sampling.shape, self.sampling.processes
        sampler = GroupSampler(
            self.sampling.groups,
            shape,
            seed=self.args.seed,
            process=processes.number,
            # An epoch begins, or a resumed one goes on, at this step.
            epoch=lambda: self.state.global_step // -(-len(sampler) // self.args.gradient_accumulation_steps),
        )
        return DataLoader(
            self.train_dataset,
            batch_sampler=sampler,
            collate_fn=self._counted,
            pin_memory=self.args.dataloader_pin_memory,
        )

    def _counted(self, rows: Sequence[Encoded]) -> Batch:
        """The batch with how many rows and tokens it is made of."""
        counts = {"n_rows": len(rows), "n_tokens": sum(len(row.input_ids) for row in rows)}
        batch: Batch = self.data_collator(rows)
        return batch | counts

    def get_batch_samples(
        self, epoch_iterator: Iterator[Batch], num_batches: int, device: torch.device
    ) -> tuple[list[Batch], torch.Tensor]:
        """The batches of one optimizer step and the number of scored tokens in all of them, over all processes."""
        batches = list(itertools.islice(epoch_iterator, num_batches))
        n_scored = torch.tensor(sum(count_scored(batch) for batch in batches), device=device)
        if self.accelerator.num_processes > 1:
            n_scored = self.accelerator.reduce(n_scored, "sum")
        return batches, n_scored

    def compute_loss(
        self,
        model: Any,
        inputs: Batch,
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """This batch's share of the loss of the accumulated batch; the shares add up to the mean over its tokens."""
        total, n_scored = self._summed(model, inputs)
        if self._guard is not None:
            self._guard.check(total)
        if model.training:
            self.tally.loss_sum += total.detach()
            self.tally.scored += n_scored
            self.tally.rows += inputs.get("n_rows", 0)
            self.tally.tokens += inputs.get("n_tokens", 0)
        # Gradients are averaged over processes, and every process counts the tokens of all.
        loss = (
            total
            * self.accelerator.num_processes
            / (n_scored if num_items_in_batch is None else num_items_in_batch)
        )
        return (loss, {}) if return_outputs else loss

    def _summed(self, model: Any, inputs: Batch) -> tuple[torch.Tensor, int]:
        """The loss summed over all scored tokens of a batch, and their number."""
        logits = [scored_logits(model, self._head, part) for part in all_parts(inputs)]
        losses = [summed_loss(one, part) for one, part in zip(logits, all_parts(inputs), strict=True)]
        return torch.stack(losses).sum(), sum(map(len, logits))

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: list[str] | None = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """The mean loss over all scored tokens of the evaluation rows: a row counts by its tokens, whatever its batch.

        And the share of rows answered exactly, where that is measured. Processes share the rows, each row once.
        """
        rows = self.eval_dataset if eval_dataset is None else eval_dataset
        processes, size = self.sampling.processes, self.args.per_device_eval_batch_size
        total, n_scored = 0.0, 0
        # The model itself: a wrapper for many processes would wait for the others, who may have a batch less.
        model = self.model
        model.eval()
        with torch.no_grad():
            for start in range(processes.number * size, len(rows), processes.count * size):
                inputs = self._prepare_inputs(self.data_collator(rows[start : start + size]))
                loss, n_tokens = self._summed(model, inputs)
                total, n_scored = total + float(loss), n_scored + n_tokens
        total, n_all = processes.sum([total, n_scored])
        metrics = {f"{metric_key_prefix}_loss": total / n_all}
        if self._measure is not None:
            metrics[f"{metric_key_prefix}_exact_match"] = self._measure(self.model)
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Save adapter and tokenizer; called for every checkpoint."""
        if self.args.should_save:
            self._save_adapter(os.fspath(output_dir or self.args.output_dir))
