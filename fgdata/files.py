"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib.util
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, BinaryIO, TextIO

from fgdata.errors import Problem, UsageError

HAS_LOCKS = importlib.util.find_spec("fcntl") is not None
"""Whether the platform has locks that end with the process that holds them (all but Windows)."""
_REMEDIES = {
    errno.EISDIR: "Name a file.",
    errno.EACCES: "Choose another folder.",
    errno.EPERM: "Choose another folder.",
    errno.EROFS: "Choose another folder.",
}


@contextlib.contextmanager
def write_whole(path: str | os.PathLike[str]) -> Iterator[TextIO]:
    """A text stream (UTF-8, `\\n`) that becomes `path` when the block ends without an error; else nothing is left.

    Raises: UsageError if the folder cannot be written or the disk is full.
    """
    with whole_path(path) as part, part.open("w", encoding="utf-8", newline="\n") as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())


@contextlib.contextmanager
def whole_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A new file beside `path` that becomes `path` when the block ends without an error; else nothing is left.

    Raises: UsageError if the folder cannot be written or the disk is full.
    """
    target = Path(path)
    made = [folder for folder in target.parents if not folder.exists()]  # the innermost first
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
        # mkstemp makes files that only the owner can read; an output file follows the user's umask.
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
    except OSError as error:
        raise UsageError(
            Problem(str(target), f"cannot be written: {error.strerror or error}.", "Choose another folder.")
        ) from error
    part = Path(name)
    os.close(handle)
    try:
        yield part
        part.replace(target)
    except OSError as error:
        _take_back(part, made)
        raise UsageError(
            Problem(
                str(target),
                f"could not be written: {error.strerror or error}.",
                _REMEDIES.get(error.errno or 0, "Free some space, then run again."),
            )
        ) from error
    except BaseException:
        _take_back(part, made)
        raise


def _take_back(part: Path, made: Sequence[Path]) -> None:
    """Remove a file that will not be written and those folders, made for it, that are still empty."""
    part.unlink(missing_ok=True)
    for folder in made:
        with contextlib.suppress(OSError):
            folder.rmdir()


def lock_stream(stream: IO[Any]) -> bool:
    """Whether no other process holds the open file; from now on this one does, until the stream is closed.

    Processes forked meanwhile share the lock: it ends with the last of them, however they end. Where the platform or the file
    system has no such locks nothing is kept apart, and the answer is yes.
    """
    if not HAS_LOCKS:
        return True
    import fcntl

    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EAGAIN, errno.EACCES)
    return True


def lock_at(path: Path) -> BinaryIO | None:
    """The file, made if it is not there, open and locked as `lock_stream` does; None if another process holds it, or did until now.

    Raises: FileNotFoundError if there is no such folder, or no longer.
    """
    stream = path.open("ab")
    # A file that was locked and has been taken away since is no longer what others would ask for.
    if lock_stream(stream) and _is_at(stream, path):
        return stream
    stream.close()
    return None


def _is_at(stream: IO[Any], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except FileNotFoundError:
        return False


def file_sha256(path: str | os.PathLike[str]) -> str:
    """The file's SHA-256, as 64 hexadecimal digits."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
