"""One LoRA run, readable from top to bottom: check, read, encode, load, train, save."""

from __future__ import annotations

import dataclasses
import math
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import EarlyStoppingCallback, TrainingArguments, set_seed
from transformers.utils import logging as transformers_logging

from fgdata.console import err, progress_bar
from fgdata.dialects import read_examples, tell_layouts
from fgdata.errors import DataError, FgError, ModelError, Problem, UsageError
from fgdata.example import Example
from fgdata.files import file_sha256
from fgdata.hub.source import HubData, data_facts, hub_data
from fgeval.loading import (
    base_fingerprint,
    base_revision,
    check_chat_template,
    load_model,
    load_tokenizer,
    model_folder,
)
from fgtrain.adapter import add_lora, has_finite_weights, n_trainable
from fgtrain.callbacks import NOT_FINITE_REMEDY, Interrupt, Reporter
from fgtrain.config import TrainConfig
from fgtrain.devices import (
    choose_device,
    choose_dtype,
    describe_device,
    dtype_name,
    peak_memory_bytes,
    trainer_options,
)
from fgtrain.encode import EncodedFile, encode_examples, token_report
from fgtrain.exact import ExactMatch
from fgtrain.journal import Entry, logged
from fgtrain.output import check_continues, check_output, clear_output, newest_checkpoint
from fgtrain.prefix import make_collator
from fgtrain.record import RunRecord, read_run
from fgtrain.static_run import (
    as_whole_steps,
    has_static_shapes,
    make_measure,
    make_saver,
    static_trainer,
)
from fgtrain.trainer import ScoredTokenTrainer

OPTIMIZERS = {"adamw": "adamw_torch", "adafactor": "adafactor"}


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What a finished run left."""

    folder: Path
    steps: int
    loss: float
    """Mean over the scored tokens of the epoch that was kept."""
    eval_loss: float | None
    exact_match: float | None
    """Share of the validation rows answered exactly, 0 to 1, by the epoch that was kept; None if it was not measured."""
    epoch: float
    """The epoch that was kept: the last, or the best by `--eval_metric`."""
    seconds: float


def train_lora(config: TrainConfig) -> TrainResult:
    """Train an adapter and save it, with its tokenizer and run.json, in `config.output_dir`.

    Raises:
        UsageError: a value of `config`, or the output folder, cannot be used.
        DataError: a row cannot be used.
        ModelError: the base model cannot be used, or the loss is no number.
        KeyboardInterrupt: stopped by Ctrl-C; a checkpoint is left for `--resume`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", FutureWarning
        )  # about names that transformers and peft use of each other
        config.check()
        with logged(config) as entry:
            result = _train_lora(config, entry)
            entry.kept = result.epoch
        return result


def _train_lora(config: TrainConfig, entry: Entry) -> TrainResult:
    folder = Path(config.output_dir)
    check_output(folder, resume=config.resume, force=config.force)
    device = choose_device(config.device)
    dtype = choose_dtype(config.dtype, device)
    if os.environ.get("FG_USE_FP16", "0") not in ("", "0"):
        err.print(
            f"note: FG_USE_FP16 is not used: Gemma 3 overflows in float16. Computing in {dtype}.",
            highlight=False,
        )
    transformers_logging.set_verbosity_error()

    sources = _sources(config)  # a name that is wrong is told before a base is fetched
    base = model_folder(config.model, revision=config.revision)
    tokenizer = load_tokenizer(base)
    train_examples, eval_examples = _read(sources)
    check_chat_template(tokenizer, [*train_examples, *eval_examples], where=config.model)
    train, evaluation = _encode(config, train_examples, eval_examples, tokenizer)

    exact = _exact_match(config, eval_examples, evaluation, tokenizer)

    set_seed(config.seed)  # before the adapter's first weights are drawn
    # A TPU gets its weights from the host, so that the adapter's first ones are those of every other device.
    model = load_model(
        base, dtype=dtype_name(dtype), device="cpu" if config.device == "tpu" else config.device
    )
    _check_positions(model, config)
    if exact is not None:
        exact.check_model(model)
    model = add_lora(
        model,
        r=config.lora_r,
        alpha=config.lora_alpha,
        dropout=config.lora_dropout,
        target_modules=config.target_modules,
        base_name=config.model,
        revision=config.revision,
    )
    facts = {
        "arguments": {**dataclasses.asdict(config), "target_modules": list(config.target_modules)},
        "base": {
            "model": config.model,
            "revision": base_revision(base),
            "fingerprint": base_fingerprint(base),
        },
        "data": _data_facts(sources, train, evaluation),
        "adapter": {"trainable_parameters": n_trainable(model)},
        "device": describe_device(device, dtype),
    }
    record = entry.record = RunRecord(folder, facts)
    checkpoint = _prepare_output(as_whole_steps(config), folder, record)
    return _run(
        config,
        record,
        checkpoint=checkpoint,
        model=model,
        tokenizer=tokenizer,
        train=train,
        evaluation=evaluation,
        exact=exact,
    )


def _exact_match(
    config: TrainConfig, examples: list[Example], evaluation: EncodedFile | None, tokenizer: Any
) -> ExactMatch | None:
    """What measures the exact match, if that is asked for; rows left out as too long are not among its rows."""
    if config.eval_metric != "exact_match" or evaluation is None:
        return None
    used = {row.source for row in evaluation.rows}
    rows = [row for row in examples if (row.source or row.id) in used]
    exact = ExactMatch(
        rows, tokenizer, n_rows=config.eval_metric_rows, batch_size=config.per_device_eval_batch_size
    )
    err.print(
        f"exact match: measured after every epoch on {len(exact.items)} of {len(rows)} validation rows",
        highlight=False,
    )
    return exact


def _sources(config: TrainConfig) -> dict[str, str | HubData]:
    """`train` and maybe `eval`: where the rows come from. Splits of the Hub are of one commit."""
    sources: dict[str, str | HubData] = {}
    if config.dataset_name is not None:
        splits = [config.train_split, *([config.eval_split] if config.eval_split else [])]
        found = hub_data(config.dataset_name, config=config.dataset_config, splits=splits)
        sources = dict(zip(("train", "eval"), found, strict=False))
        err.print(f"data: {found[0].repo}, revision {found[0].revision}", highlight=False, markup=False)
    elif config.train_file is not None:
        sources["train"] = config.train_file
    if config.eval_file is not None:
        sources["eval"] = config.eval_file
    return sources


def _read(sources: Mapping[str, str | HubData]) -> tuple[list[Example], list[Example]]:
    """Training and evaluation rows; the problems of both files in one error."""
    found: dict[str, list[Example]] = {}
    problems: list[Problem] = []
    for name, source in sources.items():
        try:
            found[name] = read_examples(source)
            tell_layouts(source, found[name])
        except DataError as error:
            problems += error.problems
    DataError.raise_if(problems)
    return found["train"], found.get("eval", [])


def _encode(
    config: TrainConfig, train_examples: list[Example], eval_examples: list[Example], tokenizer: Any
) -> tuple[EncodedFile, EncodedFile | None]:
    """Both files as tokens, with a line about each on stderr."""
    encoded: list[EncodedFile | None] = []
    for name, examples in (("train", train_examples), ("eval", eval_examples)):
        if not examples:
            encoded.append(None)
            continue
        rows = encode_examples(examples, tokenizer, max_length=config.max_length, overlong=config.overlong)
        err.print(f"{name}: {token_report(rows, config.max_length)}", highlight=False)
        encoded.append(rows)
    train, evaluation = encoded
    assert train is not None  # a file without rows is an error of read_examples
    return train, evaluation


def _check_positions(model: Any, config: TrainConfig) -> None:
    limit = getattr(model.config, "max_position_embeddings", None)
    if limit is not None and config.max_length > limit:
        raise UsageError(
            Problem(
                "--max_length",
                f"is {config.max_length}; the model has {limit} positions.",
                f"Set it to {limit}.",
            )
        )


def _data_facts(
    sources: Mapping[str, str | HubData], train: EncodedFile, evaluation: EncodedFile | None
) -> dict[str, Any]:
    encoded = {"train": train, "eval": evaluation}
    return {
        name: {"file": str(source), **data_facts(source), "sha256": file_sha256(source), **rows.report}
        for name, source in sources.items()
        if (rows := encoded[name]) is not None
    }


def _prepare_output(config: TrainConfig, folder: Path, record: RunRecord) -> str | None:
    """The checkpoint to go on from, if any. All inputs are good by now: this is the first change on disk."""
    checkpoint = None
    if config.resume:
        earlier = read_run(folder)
        check_continues(earlier, record.facts)
        checkpoint = newest_checkpoint(folder)
        step = int(checkpoint.name.partition("-")[2])
        if step >= _total_steps(config, record.facts["data"]["train"]["rows"]):
            raise UsageError(
                Problem(
                    "--resume",
                    f"the run is at its end (step {step}).",
                    "Raise --num_train_epochs, or start anew: --force.",
                )
            )
        record.epochs = [entry for entry in (earlier or {}).get("epochs", []) if entry.get("step", 0) <= step]
        err.print(f"Going on from {checkpoint}.", highlight=False)
    elif config.force and folder.is_dir():
        clear_output(folder)
    record.write("running")
    return str(checkpoint) if checkpoint else None


def _total_steps(config: TrainConfig, n_rows: int) -> int:
    if config.max_steps:
        return config.max_steps
    batches = math.ceil(n_rows / config.per_device_train_batch_size)
    return math.ceil(config.num_train_epochs * math.ceil(batches / config.gradient_accumulation_steps))


def _training_arguments(config: TrainConfig, n_rows: int, has_eval: bool) -> TrainingArguments:
    device = choose_device(config.device)
    args = TrainingArguments(
        output_dir=config.output_dir,
        num_train_epochs=config.num_train_epochs,
        max_steps=config.max_steps or -1,
        per_device_train_batch_size=config.per_device_train_batch_size,
        per_device_eval_batch_size=config.per_device_eval_batch_size,
        gradient_accumulation_steps=config.gradient_accumulation_steps,
        learning_rate=config.learning_rate,
        lr_scheduler_type=config.lr_scheduler_type,
        warmup_steps=0
        if config.lr_scheduler_type == "constant"
        else round(config.warmup_ratio * _total_steps(config, n_rows)),
        optim=OPTIMIZERS[config.optim],
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        seed=config.seed,
        data_seed=config.seed,
        logging_steps=config.logging_steps,
        logging_nan_inf_filter=False,  # it would replace a broken loss by an old one
        eval_strategy="epoch" if has_eval else "no",
        load_best_model_at_end=config.eval_metric != "none",
        metric_for_best_model=f"eval_{config.eval_metric}" if config.eval_metric != "none" else None,
        greater_is_better=config.eval_metric == "exact_match",
        save_strategy="epoch",
        save_total_limit=2,  # the newest may be broken off by a power cut
        remove_unused_columns=False,
        disable_tqdm=True,
        report_to="none",
        **trainer_options(device, choose_dtype(config.dtype, device)),
    )
    # One process drives one device: with several visible GPUs the Trainer would copy the model to each at every step.
    if args.n_gpu > 1:
        args._n_gpu = 1
    return args


def _early_stopping(config: TrainConfig) -> list[EarlyStoppingCallback]:
    patience = config.early_stopping_patience
    return [EarlyStoppingCallback(early_stopping_patience=patience)] if patience else []


def _run(
    config: TrainConfig,
    record: RunRecord,
    *,
    checkpoint: str | None,
    model: Any,
    tokenizer: Any,
    train: EncodedFile,
    evaluation: EncodedFile | None,
    exact: ExactMatch | None,
) -> TrainResult:
    """Train, save, and leave a run.json that says how it ended, however it does."""
    device = choose_device(config.device)
    interrupt = Interrupt()
    save = make_saver(config, model, tokenizer)
    try:
        with progress_bar() as progress, interrupt.on_ctrl_c(), warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", FutureWarning
            )  # about names that transformers and peft use of each other
            reporter = Reporter(record, progress)
            settings: dict[str, Any] = {
                "model": model,
                "args": _training_arguments(as_whole_steps(config), len(train.rows), evaluation is not None),
                "train_rows": train.rows,
                "eval_rows": evaluation.rows if evaluation is not None else None,
                "save": save,
                "callbacks": [reporter, interrupt, *_early_stopping(config)],
                "measure": make_measure(config, model, exact.measure if exact is not None else None),
            }
            trainer = (
                static_trainer(config, pad_token_id=tokenizer.pad_token_id, **settings)
                if has_static_shapes(config)
                else ScoredTokenTrainer(
                    collator=make_collator(
                        model, tokenizer.pad_token_id, share=config.share_prefix == "auto"
                    ),
                    **settings,
                )
            )
            reporter.trainer = trainer
            trainer.train(resume_from_checkpoint=checkpoint)
        steps = trainer.state.global_step
        if interrupt.is_requested and steps < trainer.state.max_steps:
            err.print(
                f"Stopped after step {steps} of {trainer.state.max_steps}; go on with --resume.",
                highlight=False,
            )
            raise KeyboardInterrupt
        if not has_finite_weights(model):
            raise ModelError(
                Problem(
                    "training", f"the adapter's weights are no numbers after step {steps}.", NOT_FINITE_REMEDY
                )
            )
        save(record.folder)
    except torch.OutOfMemoryError as error:
        record.write("failed", error="out of memory")
        remedy = "Lower --per_device_train_batch_size and raise --gradient_accumulation_steps by as much: the result is the same."
        raise ModelError(Problem("training", "the device is out of memory.", remedy)) from error
    except FgError as error:
        record.write("failed", error=str(error))
        raise
    except KeyboardInterrupt:
        record.write("stopped")
        raise
    best_step = trainer.state.best_global_step if config.eval_metric != "none" else None
    kept = next((entry for entry in record.epochs if entry["step"] == best_step), record.epochs[-1])
    record.write(
        "finished",
        steps=steps,
        kept={"epoch": kept["epoch"], "step": kept["step"], "by": config.eval_metric},
        losses=[round(loss, 6) for loss in reporter.losses],
        peak_memory_bytes=peak_memory_bytes(device),
    )
    return TrainResult(
        folder=record.folder,
        steps=steps,
        loss=kept["loss"],
        eval_loss=kept.get("eval_loss"),
        exact_match=kept.get("exact_match"),
        epoch=kept["epoch"],
        seconds=round(sum(entry["seconds"] for entry in record.epochs), 3),
    )
