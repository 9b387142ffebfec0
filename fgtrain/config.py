"""TrainConfig: everything a run can be told, each field with its unit, its meaning and its bounds."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from fgdata.errors import Problem, UsageError

DEFAULT_MODEL = "google/functiongemma-270m-it"
LOG_NAME = "fine-tuning.md"
"""The fine-tuning log's name where none is given."""


def _option(
    default: Any,
    meaning: str,
    *,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
    typical: str = "",
) -> Any:
    """A field whose meaning is also the flag's help, and whose bounds `TrainConfig.problems` checks."""
    bounds = {"at_least": at_least, "above": above, "at_most": at_most, "below": below}
    metadata = {"meaning": meaning, "typical": typical, **bounds}
    if default is dataclasses.MISSING:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """One run of `fgtrain lora`. A field's name is its flag."""

    train_file: str | None = _option(None, "JSONL rows to train on; this, or --dataset_name")
    output_dir: str = _option(dataclasses.MISSING, "folder for the adapter, its tokenizer and run.json")
    eval_file: str | None = _option(
        None, "JSONL rows whose loss is computed after every epoch; never trained on"
    )
    dataset_name: str | None = _option(
        None, "data set on the Hub to train on: OWNER/NAME, maybe @REVISION; the commit is recorded"
    )
    dataset_config: str | None = _option(None, "configuration of the data set on the Hub")
    train_split: str = _option("train", "split of the data set on the Hub that is trained on")
    eval_split: str | None = _option(
        None, "split of the data set on the Hub whose loss is computed after every epoch"
    )

    model: str = _option(DEFAULT_MODEL, "base model: a folder or a name on the hub")
    revision: str | None = _option(None, "branch, tag or commit of a hub model")
    lora_r: int = _option(32, "rank of the adapter's matrices", at_least=1, typical="8 to 64")
    lora_alpha: float = _option(
        64.0, "the adapter's output is scaled by alpha / r", above=0, typical="the rank, or twice it"
    )
    lora_dropout: float = _option(
        0.05,
        "share of the adapter's inputs set to zero while training",
        at_least=0,
        below=1,
        typical="0 to 0.1",
    )
    target_modules: tuple[str, ...] = _option(
        ("q_proj", "k_proj", "v_proj", "o_proj"),
        "linear layers that get an adapter, by the end of their name; all-linear: all",
    )

    num_train_epochs: float = _option(3.0, "passes over the training rows", above=0, typical="1 to 5")
    max_steps: int = _option(0, "optimizer steps; 0: as many as the epochs take", at_least=0)
    per_device_train_batch_size: int = _option(2, "rows computed at once", at_least=1, typical="2 to 16")
    gradient_accumulation_steps: int = _option(
        8, "batches added up before one optimizer step", at_least=1, typical="1 to 16"
    )
    per_device_eval_batch_size: int = _option(8, "rows computed at once for the evaluation loss", at_least=1)
    learning_rate: float = _option(1e-4, "peak learning rate", above=0, typical="5e-5 to 5e-4")
    lr_scheduler_type: Literal["cosine", "linear", "constant", "constant_with_warmup"] = _option(
        "cosine", "how the learning rate goes after the warm-up"
    )
    warmup_ratio: float = _option(
        0.03, "share of all steps in which the learning rate rises from 0", at_least=0, below=1
    )
    optim: Literal["adamw", "adafactor"] = _option("adamw", "optimizer")
    weight_decay: float = _option(0.0, "decay of the adapter's weights", at_least=0, typical="0 to 0.1")
    max_grad_norm: float = _option(1.0, "longer gradients are scaled down to this norm; 0: never", at_least=0)

    eval_metric: Literal["none", "loss", "exact_match"] = _option(
        "none",
        "what the best epoch is kept by: loss, or the share of validation rows answered exactly; none: the last epoch is kept",
    )
    eval_metric_rows: int = _option(
        100,
        "validation rows, evenly taken, that are answered each epoch for exact_match; 0: all",
        at_least=0,
    )
    early_stopping_patience: int = _option(
        0, "epochs without a better --eval_metric after which the run ends; 0: never", at_least=0
    )

    max_length: int = _option(
        2048, "tokens a row may have, prompt and answer", at_least=16, typical="512 to 4096"
    )
    overlong: Literal["error", "skip"] = _option(
        "error", "a row over --max_length stops the run, or is left out and counted; none is ever cut short"
    )

    share_prefix: Literal["auto", "off"] = _option(
        "auto",
        "compute the prompt prefix that the rows of a batch have in common once; same loss and gradients",
    )
    join_batches: Literal["auto", "off"] = _option(
        "auto",
        "compute the batches of an optimizer step as one where memory allows, so that more rows share a prefix; same loss and gradients",
    )

    seed: int = _option(42, "decides the adapter's first weights, the order of rows, and dropout", at_least=0)
    device: Literal["auto", "cpu", "cuda", "tpu"] = _option(
        "auto", "auto: CUDA or ROCm if there is such a device, else CPU; tpu: all TPU chips of the host"
    )
    sharding: Literal["data_parallel", "xla_fsdp_v2"] = _option(
        "data_parallel",
        "on a TPU: rows spread over the chips and weights on each, or weights and optimizer spread as well",
    )
    static_shapes: Literal["auto", "on"] = _option(
        "auto",
        "pad to a few shapes, and compile a program for each; same loss and gradients; auto: on a TPU only",
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = _option(
        "auto",
        "number type to compute in; auto: bfloat16 on a TPU, on a GPU that has it and on a CPU where it is measured to be faster, else float32",
    )
    logging_steps: int = _option(10, "steps between two entries of the loss", at_least=1)
    report_to: tuple[str, ...] = _option(
        ("none",),
        "what else is told of the losses: tensorboard, wandb, mlflow, ..., as transformers has them",
    )

    log_file: str | None = _option(
        None,
        "Markdown file to which the run adds an entry when it ends, however it does; default: fine-tuning.md beside --output_dir; none: no log",
    )

    resume: bool = _option(False, "go on from the newest whole checkpoint in --output_dir")
    force: bool = _option(False, "replace an earlier run in --output_dir")

    def problems(self) -> Iterator[Problem]:
        """Every value that cannot be used, with its flag."""
        hints = get_type_hints(type(self))
        for option in dataclasses.fields(self):
            value, flag = getattr(self, option.name), f"--{option.name}"
            if get_origin(hints[option.name]) is Literal and value not in get_args(hints[option.name]):
                yield Problem(
                    flag, f"is {value!r}.", f"It must be one of {', '.join(get_args(hints[option.name]))}."
                )
            elif isinstance(value, int | float) and not isinstance(value, bool):
                yield from _bound_problems(flag, value, option.metadata)
        yield from self._source_problems()
        for name in ("train_file", "eval_file"):
            path = getattr(self, name)
            if path is not None and not Path(path).is_file():
                yield Problem(
                    f"--{name}",
                    f"there is no file {str(path)!r}.",
                    "Make one with `fgdata generate`, or check the path.",
                )
        if not self.target_modules or not all(self.target_modules):
            yield Problem("--target_modules", "names no layer.", "Typical: q_proj,k_proj,v_proj,o_proj.")
        if not str(self.output_dir).strip():
            yield Problem("--output_dir", "is empty.", "Name the folder for the adapter.")
        if self.eval_metric != "none" and not (self.eval_file or self.eval_split):
            yield Problem(
                "--eval_metric",
                f"is {self.eval_metric!r}, and there are no validation rows.",
                "Add --eval_file (or --eval_split), or leave it out.",
            )
        if self.early_stopping_patience and self.eval_metric == "none":
            yield Problem(
                "--early_stopping_patience",
                "has nothing to go by.",
                "Add --eval_metric exact_match or loss.",
            )
        log = self.log_path
        if log is not None and log.resolve().is_relative_to(Path(self.output_dir).resolve()):
            yield Problem(
                "--log_file", "lies in --output_dir, which is the run's own.", "Name a file beside it."
            )
        if self.sharding == "xla_fsdp_v2" and self.device != "tpu":
            yield Problem(
                "--sharding", f"is 'xla_fsdp_v2' on --device {self.device}.", "It is for --device tpu."
            )
        if self.resume and self.force:
            yield Problem(
                "--resume, --force",
                "exclude each other: one goes on with a run, the other replaces it.",
                "Give one.",
            )

    @property
    def log_path(self) -> Path | None:
        """The fine-tuning log; None: there is to be none."""
        if self.log_file is None:
            return Path(self.output_dir).absolute().parent / LOG_NAME
        return Path(self.log_file) if self.log_file != "none" else None

    def _source_problems(self) -> Iterator[Problem]:
        """Rows come from files or from the Hub, and from one place each."""
        if (self.train_file is None) == (self.dataset_name is None):
            what = "name no rows to train on." if self.train_file is None else "name two sources of rows."
            yield Problem("--train_file, --dataset_name", what, "Give one of them.")
        if self.dataset_name is None:
            given = [name for name in ("dataset_config", "eval_split") if getattr(self, name)]
            yield from (
                Problem(
                    f"--{name}", "belongs to a data set on the Hub.", "Add --dataset_name, or leave it out."
                )
                for name in given
            )
        if self.eval_file and self.eval_split:
            yield Problem("--eval_file, --eval_split", "name two sources of rows.", "Give one of them.")

    def check(self) -> None:
        """Raise UsageError with every value that cannot be used."""
        UsageError.raise_if(self.problems())


def _bound_problems(flag: str, value: float, bounds: Any) -> Iterator[Problem]:
    """A number outside its bounds, or none at all (nan)."""
    rules = (
        ("at_least", value >= bounds["at_least"] if bounds["at_least"] is not None else True, "at least"),
        ("above", value > bounds["above"] if bounds["above"] is not None else True, "above"),
        ("at_most", value <= bounds["at_most"] if bounds["at_most"] is not None else True, "at most"),
        ("below", value < bounds["below"] if bounds["below"] is not None else True, "below"),
    )
    if not math.isfinite(value):
        yield Problem(flag, f"is {value!r}.", "It must be a finite number.")
        return
    broken = [f"{words} {bounds[name]:g}" for name, holds, words in rules if not holds]
    if broken:
        typical = f" Typical: {bounds['typical']}." if bounds["typical"] else ""
        yield Problem(flag, f"is {value:g}; it must be {' and '.join(broken)}.{typical}")
