"""What happens on the way: what is shown while it goes on, run.json epoch by epoch, Ctrl-C."""

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
from fgtrain.devices import Processes, SaidElsewhereError
from fgtrain.record import RunRecord
from fgtrain.trainer import ScoredTokenTrainer, Tally

NOT_FINITE_REMEDY = (
    "Lower --learning_rate, or compute in --dtype float32. The checkpoints up to here are kept."
)
LINE_EVERY_S = 10.0
"""Seconds between two lines about a running epoch where stderr is a file."""


class Reporter(TrainerCallback):  # type: ignore[misc]
    """Shows how far training is, fills run.json epoch by epoch, and stops a run whose loss is no number."""

    def __init__(self, record: RunRecord, progress: Progress, processes: Processes | None = None) -> None:
        self.record = record
        self.progress = progress
        self.processes = processes or Processes()
        self.trainer: ScoredTokenTrainer | None = None
        self.losses: list[float] = []
        """The loss of every logged stretch of steps."""
        self._task: TaskID | None = None
        self._epoch_began, self._epoch_step = 0.0, 0
        self._mark = (0.0, 0, 0)
        """Time, rows and tokens at the last entry of the log."""
        self._began = (0.0, 0)
        """Time and step when this call began to train."""
        self._match: float | None = None
        self._line_at = 0.0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """A bar that begins where a resumed run does."""
        self._task = self.progress.add_task("training", total=state.max_steps, completed=state.global_step)
        self._began = (time.perf_counter(), state.global_step)
        self._line_at = self._began[0]
        if self.record.epochs:
            self._match = self.record.epochs[-1].get("exact_match")

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Start the clock and the sums of the epoch."""
        self._epoch_began, self._epoch_step = time.perf_counter(), state.global_step
        self._mark = (self._epoch_began, 0, 0)
        if self.trainer is not None:
            self.trainer.tally = Tally()

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
        """Keep and show the loss; raise ModelError if it is no number."""
        loss = (logs or {}).get("loss")
        if loss is None or self.trainer is None:
            return
        self._check_loss(loss, state.global_step)
        self.losses.append(loss)
        now, tally = time.perf_counter(), self.trainer.tally
        since, rows, tokens = self._mark
        seconds = max(now - since, 1e-9)
        # Of this process, times their number: a sum over all would have them wait for each other.
        shown = [f"loss {loss:.4f}"]
        if self._match is not None:
            shown.append(f"exact match {100 * self._match:.1f}%")
        if tally.rows > rows:
            n = self.processes.count
            shown.append(f"{n * (tally.tokens - tokens) / seconds:,.0f} tokens/s")
            shown.append(f"{n * (tally.rows - rows) / seconds:,.1f} samples/s")
        self._mark = (now, tally.rows, tally.tokens)
        if self._task is not None:
            self.progress.update(self._task, description=f"training, {', '.join(shown)}")
        if not err.is_terminal and now - self._line_at >= LINE_EVERY_S:
            self._line_at = now
            shown.append(f"{_clock(self._left_s(now, state))} left")
            err.print(f"step {state.global_step} of {state.max_steps}: {', '.join(shown)}", highlight=False)

    def _left_s(self, now: float, state: TrainerState) -> float:
        """Seconds that the steps to come will take if they take as long as those of this call."""
        began, step = self._began
        done = state.global_step - step
        return (now - began) / done * (state.max_steps - state.global_step) if done else 0.0

    def _check_loss(self, loss: float, step: int) -> None:
        """Raise ModelError if the loss is no number. All processes have the same one, and the first says it."""
        try:
            check_loss(loss, step)
        except ModelError:
            if self.processes.is_first:
                raise
            raise SaidElsewhereError from None

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Write the figures of the epoch to run.json and stderr."""
        if self.trainer is None or state.global_step == self._epoch_step:
            return
        seconds = time.perf_counter() - self._epoch_began
        loss_sum, n_scored, rows, tokens = self.trainer.tally.over(self.processes)
        loss = loss_sum / max(1, n_scored)
        self._check_loss(loss, state.global_step)  # steps since the last entry of the log are in here as well
        self.record.epochs.append(
            {
                "epoch": round(state.epoch or 0.0, 4),
                "step": state.global_step,
                "loss": round(loss, 6),
                "seconds": round(seconds, 3),
                "rows": rows,
                "rows_per_second": round(rows / seconds, 2),
                "tokens_per_second": round(tokens / seconds, 1),
            }
        )
        self.record.write("running")
        err.print(
            f"epoch {state.epoch:.4g}: step {state.global_step}, loss {loss:.4f}, {seconds:.1f} s, "
            f"{rows / seconds:,.1f} samples/s, {tokens / seconds:,.0f} tokens/s",
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
                self._match = share
                self.record.epochs[-1]["exact_match"] = round(share, 6)
                said += f", exact match {100 * share:.1f}%"
            self.record.write("running")
            err.print(said, highlight=False)


def _clock(seconds: float) -> str:
    """`1:02:03` or `2:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def check_loss(loss: float, step: int) -> None:
    """Raise ModelError if the loss is no number."""
    if not math.isfinite(loss):
        raise ModelError(Problem("training", f"the loss is {loss} at step {step}.", NOT_FINITE_REMEDY))


class Interrupt(TrainerCallback):  # type: ignore[misc]
    """Ends the run after the current step, with a checkpoint, once it, or another of its processes, is told to."""

    def __init__(self, processes: Processes | None = None) -> None:
        self.is_requested = False
        """Whether this process was asked to stop."""
        self.stops = False
        """Whether all processes are stopping."""
        self._processes = processes or Processes()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Stop here, with a checkpoint, if that was asked for. Processes stop after the same step."""
        self.stops = self._processes.any(self.is_requested)
        if self.stops:
            control.should_save = True
            control.should_training_stop = True

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Do not evaluate a run that is being stopped: its checkpoint is written."""
        if self.stops:
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
