"""What benchmarks/train_cpu.py and train_gpu.py measure: the same rows and adapter under TRL's trainer and under ours.

Rows are random tokens of the lengths that packs have: a prefix that all share, a request of 12 to 20 tokens, an answer of 16 to 32 that
carries the loss. Weights are random, of the real 270M shape. Both trainers are transformers' Trainer underneath, with the
same optimizer, and are clocked from the beginning of a step to its end.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from infer import SHAPES
from transformers import Gemma3ForCausalLM, PrinterCallback, Trainer, TrainerCallback, TrainingArguments
from transformers.utils import logging as transformers_logging

from fgeval.loading import load_tokenizer
from fgtrain.adapter import add_lora
from fgtrain.batches import Batch, all_parts, count_scored
from fgtrain.devices import Hardware
from fgtrain.encode import IGNORED, Encoded
from fgtrain.fused import fuse
from fgtrain.loss import scored_logits, summed_loss
from fgtrain.prefix import make_collator
from fgtrain.trainer import ScoredTokenTrainer

TOKENIZER = Path(__file__).parents[1] / "models" / "tiny"
"""TRL asks for one; rows are tokens already, so only its padding token is used."""
TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj")


def random_rows(count: int, prefix: int, vocabulary: int, seed: int = 1) -> list[Encoded]:
    """`count` rows that begin with the same `prefix` tokens."""
    chance = torch.Generator().manual_seed(seed)

    def draw(low: int, high: int) -> list[int]:
        length = int(torch.randint(low, high + 1, (1,), generator=chance))
        return torch.randint(200, vocabulary, (length,), generator=chance).tolist()

    shared = draw(prefix, prefix)
    rows = []
    for _ in range(count):
        prompt, answer = [*shared, *draw(12, 20)], draw(16, 32)
        rows.append(Encoded(prompt + answer, [IGNORED] * len(prompt) + answer))
    return rows


def adapted(shape: str, device: torch.device, dtype: torch.dtype) -> Any:
    """A model of random weights with an adapter whose second matrices are not zero, so that every gradient is one."""
    torch.manual_seed(1)
    base = Gemma3ForCausalLM(SHAPES[shape]).to(device, dtype)
    model = add_lora(
        base, r=32, alpha=64, dropout=0.0, target_modules=TARGETS, base_name=shape, revision=None
    )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.02)
    return model.train()


class Clock(TrainerCallback):
    """Seconds of every step: of this process on the processor, and on the clock."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._begun = (0.0, 0.0)
        self.steps: list[tuple[float, float]] = []

    def _now(self) -> tuple[float, float]:
        if self._device.type == "cuda":
            torch.cuda.synchronize()
        return time.process_time(), time.perf_counter()

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """A step begins."""
        self._begun = self._now()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """A step, with the optimizer's part, is done."""
        self.steps.append(tuple(end - begun for end, begun in zip(self._now(), self._begun, strict=True)))  # type: ignore[arg-type]


class CompletionTrainer(ScoredTokenTrainer):
    """Every row whole, and then all logits of the scored positions: what one gets by cutting the hidden states."""

    def _summed(self, model: Any, inputs: Batch) -> tuple[torch.Tensor, int]:
        parts = all_parts(inputs)
        losses = [summed_loss(scored_logits(model, self._head, part), part) for part in parts]
        return torch.stack(losses).sum(), count_scored(inputs)


@dataclass(frozen=True, slots=True)
class Task:
    """What every way is to train."""

    model: Any
    rows: Sequence[Encoded]
    batch: int
    """Rows a step."""
    steps: int
    dtype: torch.dtype
    """Of the computation; the adapter itself is in float32."""
    clock: Clock

    def options(self) -> dict[str, Any]:
        """Arguments that both trainers get."""
        return {
            "output_dir": tempfile.mkdtemp(),
            "per_device_train_batch_size": self.batch,
            "gradient_accumulation_steps": 1,
            "max_steps": self.steps,
            "logging_strategy": "no",
            "save_strategy": "no",
            "report_to": "none",
            "disable_tqdm": True,
            "remove_unused_columns": False,
            "optim": "adamw_torch",
            "learning_rate": 1e-4,
            "seed": 1,
            **Hardware(self.model.device, self.dtype, "").trainer_options(),
        }


def our_trainer(task: Task, *, share: bool) -> Trainer:
    """Ours; without `share` every row whole, logits at scored positions only."""
    kind = ScoredTokenTrainer if share else CompletionTrainer
    pad = load_tokenizer(TOKENIZER).pad_token_id
    if share:
        fuse(task.model)
    return kind(
        model=task.model,
        args=TrainingArguments(**task.options()),
        collator=make_collator(task.model, pad, share=share),
        train_rows=task.rows,
        eval_rows=None,
        save=lambda _: None,
        callbacks=[task.clock],
    )


def trl_trainer(task: Task, **options: Any) -> Trainer:
    """TRL's SFTTrainer on the answers only, without recomputation of activations: that costs time, and memory is not short.

    Args:
        options: what else its configuration is to say.
    """
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer  # type: ignore[import-not-found]

    columns = {"input_ids": [row.input_ids for row in task.rows], "labels": [row.labels for row in task.rows]}
    settings = {
        "gradient_checkpointing": False,
        "max_length": max(len(row.input_ids) for row in task.rows),
        "completion_only_loss": True,
        "shuffle_dataset": False,
    }
    trainer: Trainer = SFTTrainer(
        model=task.model,
        args=SFTConfig(**(task.options() | settings | options)),
        train_dataset=Dataset.from_dict(columns),
        processing_class=load_tokenizer(TOKENIZER),
        callbacks=[task.clock],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def first_gradient(trainer: Trainer, rows: Sequence[Encoded]) -> tuple[float, torch.Tensor]:
    """Loss and gradient of the adapter on some rows, before any step; it warms up too."""
    if isinstance(trainer, ScoredTokenTrainer):
        batch = trainer.data_collator(rows)
    else:
        batch = trainer.data_collator([{"input_ids": row.input_ids, "labels": row.labels} for row in rows])
    model = trainer.model
    with trainer.compute_loss_context_manager():
        loss = trainer.compute_loss(model, trainer._prepare_inputs(batch))
    loss.backward()
    vector = torch.cat([p.grad.flatten().float().cpu() for p in model.parameters() if p.grad is not None])
    model.zero_grad()
    return loss.item(), vector


def train(make: Callable[[], Trainer], rows: Sequence[Encoded], clock: Clock) -> dict[str, Any]:
    """Loss and gradient on `rows`, if there are any, then the seconds of the steps."""
    transformers_logging.set_verbosity_error()
    trainer = make()
    loss, gradient = first_gradient(trainer, rows) if rows else (None, None)
    trainer.train()
    return {"loss": loss, "gradient": gradient, "steps": clock.steps}
