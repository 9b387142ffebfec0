"""The processes of a run that torchrun or accelerate started: who am I, and what do the others say."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from accelerate import PartialState

from fgdata.console import err
from fgdata.errors import FgError, ModelError, Problem


class SaidElsewhereError(FgError):
    """An error that the first process tells; it holds no words."""


@dataclass(frozen=True, slots=True)
class Processes:
    """This process among those of the run."""

    number: int = 0
    count: int = 1
    on_this_machine: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is the process that speaks and writes."""
        return self.number == 0

    def wait(self) -> None:
        """Return when all processes are here."""
        if self.count > 1:
            PartialState().wait_for_everyone()

    def sum(self, values: Sequence[float]) -> list[float]:
        """Each value summed over all processes."""
        if self.count == 1:
            return list(values)
        sums = torch.tensor(values, dtype=torch.float64, device=PartialState().device)
        torch.distributed.all_reduce(sums)
        return [float(value) for value in sums]

    def any(self, claim: bool) -> bool:
        """Whether the claim holds in one process at least."""
        return self.sum([float(claim)])[0] > 0

    def texts(self, text: str) -> list[str]:
        """The text of every process."""
        if self.count == 1:
            return [text]
        found: list[str | None] = [None] * self.count
        torch.distributed.all_gather_object(found, text)
        return [one or "" for one in found]

    @contextlib.contextmanager
    def agreed(self) -> Iterator[None]:
        """All processes leave the block together: if one of them meets an `FgError`, each raises, and the first one says it."""
        own: FgError | None = None
        try:
            yield
        except FgError as error:
            own = error
        if self.count == 1:
            if own is not None:
                raise own
            return
        texts = self.texts(str(own) if own is not None else "")
        if not any(texts):
            return
        if not self.is_first:
            raise SaidElsewhereError
        if own is not None:
            raise own
        number = next(n for n, text in enumerate(texts) if text)
        raise ModelError(Problem(f"process {number}", texts[number]))

    @contextlib.contextmanager
    def first_speaks(self) -> Iterator[None]:
        """Inside the block the other processes print nothing to stderr."""
        before = err.quiet
        err.quiet = before or not self.is_first
        try:
            yield
        finally:
            err.quiet = before


def start_processes(*, cpu: bool) -> Processes:
    """This process among those of the run; the others are met here. A process that was started alone meets nobody.

    Args:
        cpu: compute on the CPU (gloo), whatever else there is.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        return Processes()
    state = PartialState(cpu=cpu)
    return Processes(
        state.process_index, state.num_processes, int(os.environ.get("LOCAL_WORLD_SIZE", state.num_processes))
    )
