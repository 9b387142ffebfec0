"""What the three command lines share: the terminal, progress bars, and the way an error ends a command."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from fgdata.errors import FgError

EXIT_OK = 0
EXIT_FINDINGS = 1
"""The command ran; what it looked at is not good enough (lint findings, a failed comparison)."""
EXIT_USAGE = 2
"""Bad input: a flag, a file, a folder."""

out = Console(soft_wrap=True)
"""Results: what a user may pipe on."""
err = Console(stderr=True, soft_wrap=True)
"""Progress, notes and errors."""


def progress_bar() -> Progress:
    """A progress display on stderr: description, bar, n of N, time spent, time left."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
    )


LONG = 4_000_000
"""Bytes of input from which reading is worth a progress bar."""


@contextlib.contextmanager
def byte_progress(files: Sequence[str], what: str) -> Iterator[Callable[[int], object]]:
    """What to tell how many bytes of `files` were read; a bar on stderr shows it if they are long and somebody looks."""
    total = sum(Path(file).stat().st_size for file in files if Path(file).is_file())
    if total < LONG or not err.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda n_bytes: bar.advance(task, n_bytes)


def run_command(command: Callable[[], int | None]) -> int:
    """The exit code of `command`: an `FgError` becomes its text on stderr and code 2, Ctrl-C becomes 130.

    Threads of a library that is loaded from here on soon sleep where they wait for each other, unless the environment says otherwise.
    """
    # By default they spin for milliseconds before they sleep; 3,000 turns last some microseconds. Beside a busy process on two cores
    # training runs faster so, alone about as fast (benchmarks/threads.py has the figures).
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "3000")
    try:
        code = command()
        sys.stdout.flush()
        return code or EXIT_OK
    except FgError as error:
        for problem in error.problems:
            err.print(f"error: {problem}", markup=False, highlight=False)
        return EXIT_USAGE
    except KeyboardInterrupt:
        err.print("Stopped.")
        return 130
    except BrokenPipeError:
        # The reader of a pipe went away (`| head`): not an error of ours. Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
