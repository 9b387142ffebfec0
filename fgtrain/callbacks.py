"""What happens on the way: the progress bar, run.json epoch by epoch, Ctrl-C."""

from __future__ import annotations

import contextlib
import math
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

from rich.progress import Progress, TaskID
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from fgdata.console import err
from fgdata.errors import ModelError, Problem
from fgtrain.record import RunRecord
from fgtrain.trainer import ScoredTokenTrainer

NOT_FINITE_REMEDY = (
    "Lower --learning_rate, or compute in --dtype float32. The checkpoints up to here are kept."
)


class Reporter(TrainerCallback):  # type: ignore[misc]
    """Moves the progress bar, fills run.json epoch by epoch, and stops a run whose loss is no number."""

    def __init__(self, record: RunRecord, progress: Progress) -> None:
        self.record = record
        self.progress = progress
        self.trainer: ScoredTokenTrainer | None = None
        self.losses: list[float] = []
        """The loss of every logged stretch of steps."""
        self._task: TaskID | None = None
        self._mark = (0.0, 0)
        """Time and step at the start of the epoch."""

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """A bar that begins where a resumed run does."""
        self._task = self.progress.add_task("training", total=state.max_steps, completed=state.global_step)

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Start the clock and the sums of the epoch."""
        self._mark = (time.perf_counter(), state.global_step)
        if self.trainer is not None:
            self.trainer.train_loss_sum, self.trainer.train_tokens = 0.0, 0

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Move the bar."""
        if self._task is not None:
            self.progress.update(self._task, completed=state.global_step)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Keep the loss; raise ModelError if it is no number."""
        loss = (logs or {}).get("loss")
        if loss is None:
            return
        check_loss(loss, state.global_step)
        self.losses.append(loss)
        if self._task is not None:
            self.progress.update(self._task, description=f"training, loss {loss:.4f}")

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Write the figures of the epoch to run.json and stderr."""
        began, first_step = self._mark
        steps = state.global_step - first_step
        if self.trainer is None or steps == 0:
            return
        seconds = time.perf_counter() - began
        rows = steps * args.per_device_train_batch_size * args.gradient_accumulation_steps * args.world_size
        rows = min(rows, self.record.facts["data"]["train"]["rows"])
        loss = float(self.trainer.train_loss_sum) / max(1, self.trainer.train_tokens)
        check_loss(loss, state.global_step)  # steps since the last entry of the log are in here as well
        self.record.epochs.append(
            {
                "epoch": round(state.epoch or 0.0, 4),
                "step": state.global_step,
                "loss": round(loss, 6),
                "seconds": round(seconds, 3),
                "rows_per_second": round(rows / seconds, 2),
            }
        )
        self.record.write("running")
        err.print(
            f"epoch {state.epoch:.4g}: step {state.global_step}, loss {loss:.4f}, {seconds:.1f} s",
            highlight=False,
        )

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Add the evaluation loss, and the exact match if it was measured, to the epoch that has just ended."""
        if metrics and self.record.epochs:
            self.record.epochs[-1]["eval_loss"] = round(metrics["eval_loss"], 6)
            said = f"  evaluation loss {metrics['eval_loss']:.4f}"
            if (share := metrics.get("eval_exact_match")) is not None:
                self.record.epochs[-1]["exact_match"] = round(share, 6)
                said += f", exact match {100 * share:.1f}%"
            self.record.write("running")
            err.print(said, highlight=False)


def check_loss(loss: float, step: int) -> None:
    """Raise ModelError if the loss is no number."""
    if not math.isfinite(loss):
        raise ModelError(Problem("training", f"the loss is {loss} at step {step}.", NOT_FINITE_REMEDY))


class Interrupt(TrainerCallback):  # type: ignore[misc]
    """Ends the run after the current step, with a checkpoint, once it is told to."""

    def __init__(self) -> None:
        self.is_requested = False

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Stop here, with a checkpoint, if that was asked for."""
        if self.is_requested:
            control.should_save = True
            control.should_training_stop = True

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Do not evaluate a run that is being stopped: its checkpoint is written."""
        if self.is_requested:
            control.should_save = False
            control.should_evaluate = False

    @contextlib.contextmanager
    def on_ctrl_c(self) -> Iterator[None]:
        """Inside the block the first Ctrl-C asks for the end; a second one ends at once."""
        if threading.current_thread() is not threading.main_thread():
            yield  # Python delivers signals to the main thread only
            return

        def ask(signum: int, frame: Any) -> None:
            if self.is_requested:
                raise KeyboardInterrupt
            self.is_requested = True
            err.print("Stopping after this step, with a checkpoint. Ctrl-C again: at once.")

        before = signal.signal(signal.SIGINT, ask)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
