"""The folder beside a data set where it lies unfinished: one run at a time writes there, and the next one goes on with it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from fgdata.errors import FgError, Problem, UsageError
from fgdata.files import HAS_LOCKS, lock_at
from fgdata.pack import ALL_SPLITS

MANIFEST = "manifest.json"
FILES = (*(f"{split}.jsonl" for split in ALL_SPLITS), MANIFEST)
"""All files that a data set may have, the manifest last: where it stands, the others are whole."""
STATE = "run.json"
"""Whose rows lie in the unfinished folder."""
LOCK = ".lock"
PATIENCE_S = 1.0
"""How long the workers of a run that was killed may take to end."""


def check_folder(folder: str | os.PathLike[str], *, force: bool) -> None:
    """Raise UsageError if the folder holds anything and `force` is off, or is a file."""
    target = Path(folder)
    try:
        is_in_use = target.is_dir() and any(target.iterdir())
        if target.exists() and not target.is_dir():
            raise UsageError(Problem(f"--out {folder}", "is a file.", "Name a folder."))
    except OSError as error:
        raise _unwritable(folder, error) from error
    if is_in_use and not force:
        raise UsageError(
            Problem(
                f"--out {folder}",
                "output folder in use.",
                "Choose another, or replace the data set in it with --force.",
            )
        )


@contextlib.contextmanager
def part_folder(target: Path, state: dict[str, Any], *, force: bool) -> Iterator[Path]:
    """The folder beside `target` where an unfinished data set lies; it takes the target's place when the block ends without an error.

    An error that no second run can mend leaves nothing; one that it can (a full disk, Ctrl-C, a kill) leaves what there is.

    Args:
        state: what the rows are made from; rows of another are refused, or with `force` thrown away.

    Raises: UsageError if another run is writing there, rows of another state lie there, or the folder cannot be written.
    """
    part = target.parent / f".{target.name}.part"
    with _locked(part, target):
        try:
            check_folder(target, force=force)  # a run that has just ended may have filled it
            _take_over(part, target, json.dumps(state, ensure_ascii=False, indent=2), force=force)
        except (OSError, UsageError) as error:
            if not _has_rows(part):
                shutil.rmtree(part, ignore_errors=True)
            if isinstance(error, OSError):
                raise _unwritable(target, error) from error
            raise
        try:
            yield part
            _put_in_place(part, target)
        except ChildProcessError as error:
            what = f"{error}; it may have been killed for want of memory."
            raise UsageError(
                Problem("--workers", what, "Run the same command again: it goes on where it stopped.")
            ) from error
        except OSError as error:
            raise UsageError(
                Problem(
                    f"--out {target}",
                    f"could not be written: {error.strerror or error}.",
                    "Free some space, then run the same command again: it goes on where it stopped.",
                )
            ) from error
        except FgError:  # a second run would meet it again; a stop leaves the rows to go on from
            shutil.rmtree(part, ignore_errors=True)
            raise


@contextlib.contextmanager
def _locked(part: Path, target: Path) -> Iterator[None]:
    """The folder, made if it is not there, in which no other run writes while the block lasts.

    The lock is one on a file in it, which moves and goes with the folder. The system gives it back when a run is killed.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        stream = _lock_in(part, target) if HAS_LOCKS else None
        part.mkdir(exist_ok=True)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.rmdir()  # if nothing is in it
        raise _unwritable(target, error) from error
    with stream or contextlib.nullcontext():
        yield


def _lock_in(part: Path, target: Path) -> BinaryIO:
    """The lock file of the folder, open and locked. Raises: UsageError if another run keeps it."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        part.mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # the folder has just been moved into its place
            if (stream := lock_at(part / LOCK)) is not None:
                return stream
        if time.monotonic() > deadline:
            what, remedy = "another run is writing there.", "Wait until it is done, or choose another folder."
            raise UsageError(Problem(f"--out {target}", what, remedy))
        time.sleep(0.02)


def _has_rows(part: Path) -> bool:
    return any((part / name).exists() and (part / name).stat().st_size for name in FILES)


def _take_over(part: Path, target: Path, text: str, *, force: bool) -> None:
    """Leave in the folder this run's state, and rows only if they are its own.

    Raises: UsageError if it holds the rows of another state and `force` is off.
    """
    # Without its state a run had ended, and was stopped on the way into its place: whose rows these are nobody knows.
    state = part / STATE
    known = state.read_text(encoding="utf-8", errors="replace") if state.exists() else None
    if known == text:
        return  # and is not written again: on a full disk that would leave an empty one beside the rows
    if known is not None and not force and _has_rows(part):
        what = "an unfinished data set with other settings lies there."
        remedy = f"Run its command again to finish it, or give it up: --force, or remove {part}."
        raise UsageError(Problem(f"--out {target}", what, remedy))
    for path in part.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != LOCK:
            path.unlink()
    state.write_text(text, encoding="utf-8")


def _put_in_place(part: Path, target: Path) -> None:
    """Make the folder the target, or, where other files stand there, put its files into it."""
    if not target.is_dir() or not any(target.iterdir()):
        part.replace(target)
        (target / LOCK).unlink(missing_ok=True)  # not before: another run would take the folder for its own
        return
    # Its other files are not ours to move. Without a manifest the folder is no data set until all is there.
    (target / MANIFEST).unlink(missing_ok=True)
    for name in FILES:
        if (part / name).exists():
            (part / name).replace(target / name)
        else:
            (target / name).unlink(missing_ok=True)
    (part / LOCK).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # another run may begin in it already
        part.rmdir()


def _unwritable(folder: str | os.PathLike[str], error: OSError) -> UsageError:
    what = f"cannot be written: {error.strerror or error}."
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    remedy = "Free some space, or choose another folder." if is_full else "Choose another folder."
    return UsageError(Problem(f"--out {folder}", what, remedy))
