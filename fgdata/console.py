"""What the three command lines share: the terminal, progress bars, and the way an error ends a command."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from rich.console import Console
from rich.progress import (
    BarColumn,
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


def run_command(command: Callable[[], int | None]) -> int:
    """The exit code of `command`: an `FgError` becomes its text on stderr and code 2, Ctrl-C becomes 130."""
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
