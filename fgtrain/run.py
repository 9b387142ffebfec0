"""One LoRA run, readable from top to bottom: check, read, encode, load, train, save."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import EarlyStoppingCallback, TrainerCallback, TrainingArguments, set_seed
from transformers.integrations import get_available_reporting_integrations
from transformers.utils import logging as transformers_logging

from fgdata.console import err, progress_bar
from fgdata.errors import FgError, ModelError, Problem, UsageError
from fgdata.files import write_whole
from fgdata.format.tokens import END_TURN
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
from fgtrain.card import run_card
from fgtrain.config import TrainConfig
from fgtrain.devices import (
    DTYPES,
    TPU_TYPES,
    Hardware,
    Processes,
    choose_hardware,
    memory_bytes,
    peak_memory_bytes,
    start_processes,
)
from fgtrain.failures import as_told, is_disk_full, with_survivor
from fgtrain.fused import fuse
from fgtrain.guard import FiniteGuard
from fgtrain.inputs import Inputs, encode_inputs, find_sources, read_rows
from fgtrain.joining import Joined, join_batches
from fgtrain.journal import Entry, enter_dead, logged
from fgtrain.output import check_continues, check_output, clear_output, kept_apart, newest_checkpoint
from fgtrain.prefix import make_collator
from fgtrain.record import RunRecord, read_run
from fgtrain.sampler import StepShape, prefix_groups
from fgtrain.static_run import (
    has_static_shapes,
    make_measure,
    make_saver,
    over_devices,
    static_trainer,
)
from fgtrain.trainer import Sampling, ScoredTokenTrainer

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


@dataclass(frozen=True, slots=True)
class Setting:
    """All that a run is made of, checked and loaded."""

    config: TrainConfig
    processes: Processes
    hardware: Hardware
    inputs: Inputs
    model: Any
    tokenizer: Any
    record: RunRecord
    checkpoint: str | None
    """To go on from."""


def train_lora(config: TrainConfig, callbacks: Sequence[TrainerCallback] = ()) -> TrainResult:
    """Train an adapter and save it, with its tokenizer, its card and run.json, in `config.output_dir`.

    Started by torchrun or `accelerate launch`, this is one process of the run; the first one speaks and writes.

    Args:
        callbacks: transformers' own, beside ours.
    Raises:
        UsageError: a value of `config`, or the output folder, cannot be used, or the disk is full.
        DataError: a row cannot be used.
        ModelError: the base model cannot be used, the loss is no number, or memory ran out.
        KeyboardInterrupt: stopped by Ctrl-C; a checkpoint is left for `--resume`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", FutureWarning
        )  # about names that transformers and peft use of each other
        config.check()
        processes = start_processes(cpu=config.device == "cpu" or not torch.cuda.is_available())
        with (
            processes.first_speaks(),
            logged(config) if processes.is_first else contextlib.nullcontext(Entry(config)) as entry,
        ):
            with processes.agreed():
                hardware = _choose_hardware(config, processes)
            hardware = _same_type(hardware, config, processes)
            with processes.agreed():
                setting = _prepare(config, processes, hardware, entry)
            with contextlib.ExitStack() as held:
                with processes.agreed():
                    _begin_output(setting, held)
                result = _run(setting, callbacks)
            entry.kept = result.epoch
        return result


def _prepare(config: TrainConfig, processes: Processes, hardware: Hardware, entry: Entry) -> Setting:
    """Everything that may be refused before a step is taken. Nothing is changed on disk."""
    transformers_logging.set_verbosity_error()

    sources = find_sources(config)  # a name that is wrong is told before a base is fetched
    base = model_folder(config.model, revision=config.revision)
    tokenizer = load_tokenizer(base)
    train_examples, eval_examples = read_rows(sources)
    check_chat_template(tokenizer, [*train_examples, *eval_examples], where=config.model)
    inputs = encode_inputs(config, sources, train_examples, eval_examples, tokenizer)

    set_seed(config.seed)  # before the adapter's first weights are drawn
    model = _load_base(base, config, hardware)
    if inputs.exact is not None:
        inputs.exact.check_model(model)
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
        "arguments": {
            **dataclasses.asdict(config),
            "target_modules": list(config.target_modules),
            "report_to": list(config.report_to),
        },
        "base": {
            "model": config.model,
            "revision": base_revision(base),
            "fingerprint": base_fingerprint(base),
        },
        "data": inputs.facts,
        "adapter": {"trainable_parameters": n_trainable(model)},
        "device": hardware.describe(processes),
    }
    record = entry.record = RunRecord(Path(config.output_dir), facts, is_kept=processes.is_first)
    checkpoint = _checkpoint(over_devices(config), record, processes) if config.resume else None
    return Setting(over_devices(config), processes, hardware, inputs, model, tokenizer, record, checkpoint)


def _check_reporters(config: TrainConfig) -> None:
    """Raise UsageError for a reporter that is not there."""
    there = get_available_reporting_integrations()
    UsageError.raise_if(
        Problem(
            "--report_to",
            f"{name!r} is not there.",
            f"Install its package. Here are: {', '.join(sorted(there)) or 'none'}.",
        )
        for name in config.report_to
        if name not in ("none", "all", *there)
    )


def _choose_hardware(config: TrainConfig, processes: Processes) -> Hardware:
    """Device and number type, as they were in a run that is gone on with; the folder is free for the run."""
    folder = Path(config.output_dir)
    check_output(folder, resume=config.resume, force=config.force, n_processes=processes.count)
    _check_reporters(config)
    hardware = choose_hardware(config.device, config.dtype)
    earlier = ((read_run(folder) or {}).get("device") or {}) if config.resume else {}
    if config.dtype == "auto" and earlier.get("dtype") in DTYPES:
        hardware = dataclasses.replace(
            hardware, dtype=DTYPES[earlier["dtype"]], why="as the run began", note=""
        )
    if hardware.note:
        err.print(f"note: {hardware.note}", highlight=False)
    return hardware


def _same_type(hardware: Hardware, config: TrainConfig, processes: Processes) -> Hardware:
    """float32 if that is what one of the processes measured to be the faster one."""
    if config.dtype == "auto" and processes.any(hardware.dtype is torch.float32):
        return dataclasses.replace(hardware, dtype=torch.float32)
    return hardware


def _load_base(base: Path, config: TrainConfig, hardware: Hardware) -> Any:
    """The base on its device. Raises: UsageError if it has fewer positions than `--max_length`."""
    # A TPU gets its weights from the host, so that the adapter's first ones are those of every other device.
    place: Any = "cpu" if hardware.device.type in TPU_TYPES else hardware.device.type
    if hardware.dtype is torch.float16:
        model = load_model(base, dtype="float32", device=place).to(torch.float16)
    else:
        dtype: Any = hardware.dtype_name
        model = load_model(base, dtype=dtype, device=place)
    limit = getattr(model.config, "max_position_embeddings", None)
    if limit is not None and config.max_length > limit:
        raise UsageError(
            Problem(
                "--max_length",
                f"is {config.max_length}; the model has {limit} positions.",
                f"Set it to {limit}.",
            )
        )
    return model


def _checkpoint(config: TrainConfig, record: RunRecord, processes: Processes) -> str:
    """The checkpoint to go on from; the record then holds the epochs up to it."""
    earlier = read_run(record.folder)
    check_continues(earlier, record.facts)
    checkpoint = newest_checkpoint(record.folder, processes.count)
    step = int(checkpoint.name.partition("-")[2])
    if step >= _total_steps(config, record.facts["data"]["train"]["rows"], processes.count):
        raise UsageError(
            Problem(
                "--resume",
                f"the run is at its end (step {step}).",
                "Raise --num_train_epochs, or start anew: --force.",
            )
        )
    record.epochs = [entry for entry in (earlier or {}).get("epochs", []) if entry.get("step", 0) <= step]
    err.print(f"Going on from {checkpoint}.", highlight=False)
    return str(checkpoint)


def _begin_output(setting: Setting, held: contextlib.ExitStack) -> None:
    """The first change on disk: all inputs are good, in all processes. From here on no other run may write in the folder.

    Raises: UsageError if another run is writing there, or has since the inputs were read.
    """
    config, record = setting.config, setting.record
    if not setting.processes.is_first:
        return
    held.enter_context(kept_apart(record.folder))
    n_processes = setting.processes.count
    check_output(record.folder, resume=config.resume, force=config.force, n_processes=n_processes)
    if config.resume and setting.checkpoint != str(newest_checkpoint(record.folder, n_processes)):
        what = f"another run has gone on in {str(record.folder)!r} meanwhile."
        raise UsageError(Problem("--resume", what, "Run the command again."))
    if (earlier := read_run(record.folder)) is not None:
        enter_dead(config, earlier)
    if config.force and record.folder.is_dir():
        clear_output(record.folder)
    record.write("running")


def _total_steps(config: TrainConfig, n_rows: int, n_processes: int) -> int:
    if config.max_steps:
        return config.max_steps
    batches = math.ceil(n_rows / config.per_device_train_batch_size)
    steps = math.ceil(batches / (config.gradient_accumulation_steps * n_processes))
    return math.ceil(config.num_train_epochs * steps)


def _training_arguments(setting: Setting, joined: int) -> TrainingArguments:
    config = setting.config
    total = _total_steps(config, len(setting.inputs.train.rows), setting.processes.count)
    args = TrainingArguments(
        output_dir=config.output_dir,
        num_train_epochs=config.num_train_epochs,
        max_steps=config.max_steps or -1,
        per_device_train_batch_size=config.per_device_train_batch_size * joined,
        per_device_eval_batch_size=config.per_device_eval_batch_size,
        gradient_accumulation_steps=config.gradient_accumulation_steps // joined,
        learning_rate=config.learning_rate,
        lr_scheduler_type=config.lr_scheduler_type,
        warmup_steps=0 if config.lr_scheduler_type == "constant" else round(config.warmup_ratio * total),
        optim=OPTIMIZERS[config.optim],
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        seed=config.seed,
        data_seed=config.seed,
        logging_steps=config.logging_steps,
        logging_nan_inf_filter=False,  # it would replace a broken loss by an old one
        eval_strategy="epoch" if setting.inputs.evaluation is not None else "no",
        load_best_model_at_end=config.eval_metric != "none",
        metric_for_best_model=f"eval_{config.eval_metric}" if config.eval_metric != "none" else None,
        greater_is_better=config.eval_metric == "exact_match",
        save_strategy="epoch",
        save_total_limit=2,  # the newest may be broken off by a power cut
        remove_unused_columns=False,
        disable_tqdm=True,
        report_to=list(config.report_to),
        **setting.hardware.trainer_options(),
    )
    # One process drives one device: with several visible GPUs the Trainer would copy the model to each at every step.
    if args.n_gpu > 1:
        args._n_gpu = 1
    return args


def _early_stopping(config: TrainConfig) -> list[EarlyStoppingCallback]:
    patience = config.early_stopping_patience
    return [EarlyStoppingCallback(early_stopping_patience=patience)] if patience else []


def _join(setting: Setting, collator: Any, groups: Sequence[int]) -> Joined:
    """How many batches are computed as one, told to the user where it is more than one."""
    config, device = setting.config, setting.hardware.device
    shape = StepShape(config.per_device_train_batch_size, config.gradient_accumulation_steps)
    if has_static_shapes(config):
        return Joined(shape.accumulation, 0)  # their slots are cut to fit the memory
    if config.join_batches == "off" or config.share_prefix == "off" or shape.accumulation == 1:
        return Joined(1, 0)
    memory = memory_bytes(device)
    if memory is not None and device.type == "cpu":
        memory //= setting.processes.on_this_machine
    joined = join_batches(
        setting.inputs.train.rows,
        groups,
        shape,
        collator=collator,
        config=setting.model.config,
        memory=memory,
        item_bytes=torch.finfo(setting.hardware.dtype).bits // 8,
    )
    if joined.batches > 1:
        err.print(joined.told(shape.batch_size, shape.accumulation), highlight=False)
    return joined


def _trainer(
    setting: Setting, reporter: Reporter, interrupt: Interrupt, callbacks: Sequence[TrainerCallback]
) -> tuple[ScoredTokenTrainer, Joined]:
    """The trainer, and how its batches are joined."""
    config, processes, inputs, model = setting.config, setting.processes, setting.inputs, setting.model
    if not has_static_shapes(config):
        fuse(model)
    collator = make_collator(model, setting.tokenizer.pad_token_id, share=config.share_prefix == "auto")
    end_turn = int(setting.tokenizer.convert_tokens_to_ids(END_TURN))
    groups = prefix_groups(inputs.train.rows, end_turn)
    joined = _join(setting, collator, groups)
    exact = inputs.exact
    shape = StepShape(
        config.per_device_train_batch_size,
        config.gradient_accumulation_steps,
        joined.batches,
        processes.count,
    )
    measure = (lambda one: exact.measure(one, processes)) if exact is not None else None
    settings: dict[str, Any] = {
        "model": model,
        "args": _training_arguments(setting, joined.batches),
        "train_rows": inputs.train.rows,
        "eval_rows": inputs.evaluation.rows if inputs.evaluation is not None else None,
        "save": make_saver(config, model, setting.tokenizer),
        "callbacks": [reporter, interrupt, *_early_stopping(config), *callbacks],
        "measure": make_measure(config, model, measure),
        "sampling": Sampling(groups, shape, processes),
        "guard": FiniteGuard(model) if setting.hardware.dtype is torch.float16 else None,
    }
    if has_static_shapes(config):
        return static_trainer(config, pad_token_id=setting.tokenizer.pad_token_id, **settings), joined
    trainer = ScoredTokenTrainer(collator=collator, **settings)
    if processes.count > 1:
        torch.manual_seed(config.seed + processes.number)  # else all processes drop the same inputs
    return trainer, joined


def _run(setting: Setting, callbacks: Sequence[TrainerCallback]) -> TrainResult:
    """Train, save, and leave a run.json that says how it ended, however it does."""
    config, processes, record = setting.config, setting.processes, setting.record
    interrupt = Interrupt(processes)
    joined = Joined(1, 0)
    try:
        with progress_bar() as progress, interrupt.on_ctrl_c():
            reporter = Reporter(record, progress, processes)
            trainer, joined = _trainer(setting, reporter, interrupt, callbacks)
            reporter.trainer = trainer
            trainer.train(resume_from_checkpoint=setting.checkpoint)
        steps = trainer.state.global_step
        if interrupt.stops and steps < trainer.state.max_steps:
            err.print(
                f"Stopped after step {steps} of {trainer.state.max_steps}; go on with --resume.",
                highlight=False,
            )
            raise KeyboardInterrupt
        with processes.agreed():
            if not has_finite_weights(setting.model):
                what = f"the adapter's weights are no numbers after step {steps}."
                raise ModelError(Problem("training", what, NOT_FINITE_REMEDY))
            if processes.is_first:
                make_saver(config, setting.model, setting.tokenizer)(record.folder)
    except KeyboardInterrupt:
        record.write("stopped")
        raise
    except Exception as error:
        told = as_told(error, config, joined=joined.batches)
        if told is not None and processes.is_first and (is_disk_full(error) or is_disk_full(error.__cause__)):
            told = with_survivor(told, record.folder, processes.count)
        with contextlib.suppress(FgError):  # the disk may be full for run.json, too
            record.write(
                "failed", error=str(told) if told is not None else f"{type(error).__name__}: {error}"
            )
        if told is None or told is error:
            raise
        raise told from error
    return _finish(setting, trainer, reporter, joined)


def _finish(setting: Setting, trainer: ScoredTokenTrainer, reporter: Reporter, joined: Joined) -> TrainResult:
    """The last words of run.json, and the card."""
    config, record, steps = setting.config, setting.record, trainer.state.global_step
    best_step = trainer.state.best_global_step if config.eval_metric != "none" else None
    kept = next((entry for entry in record.epochs if entry["step"] == best_step), record.epochs[-1])
    run = record.write(
        "finished",
        steps=steps,
        kept={"epoch": kept["epoch"], "step": kept["step"], "by": config.eval_metric},
        batches_joined=joined.batches,
        losses=[round(loss, 6) for loss in reporter.losses],
        peak_memory_bytes=peak_memory_bytes(setting.hardware.device),
    )
    if setting.processes.is_first:
        with write_whole(record.folder / "README.md") as stream:
            stream.write(run_card(run, record.folder.name))
    setting.processes.wait()
    return TrainResult(
        folder=record.folder,
        steps=steps,
        loss=kept["loss"],
        eval_loss=kept.get("eval_loss"),
        exact_match=kept.get("exact_match"),
        epoch=kept["epoch"],
        seconds=round(sum(entry["seconds"] for entry in record.epochs), 3),
    )
