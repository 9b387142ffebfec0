"""Examples x backend -> predictions on disk. A run that was killed goes on where it stopped."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from rich.progress import TaskID

from fgdata.console import progress_bar
from fgdata.errors import DataError, Problem, UsageError
from fgdata.files import file_sha256, write_whole
from fgdata.hub.source import data_facts
from fgeval.backends import BackendOptions, example_to_request, open_backend
from fgeval.items import read_items
from fgeval.predictions import (
    PREDICTIONS_FILE,
    RUN_FILE,
    Prediction,
    list_differences,
    read_predictions,
    read_run,
)

IDENTITY = (
    "backend",
    "model_fingerprint",
    "adapter_sha256",
    "data.sha256",
    "data.n",
    "prompts_sha256",
    "decoding",
    "device",
    "versions",
)
"""What must be the same for a run to go on in a folder. Where the model lies and the batch size may change."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run left on disk."""

    folder: Path
    n: int
    n_done_before: int
    """Predictions that were there already."""


def run_model(
    data: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    backend: str = "transformers",
    options: BackendOptions,
    batch_size: int = 16,
    limit: int | None = None,
) -> RunResult:
    """Predictions for the rows of `data`, in `out`.

    Args:
        batch_size: prompts a batch; it changes speed and memory, not what a model in float32 writes.
        limit: only the first rows of the file.
    Raises: DataError for rows that cannot be scored; UsageError if `out` holds another run; ModelError.
    """
    if batch_size < 1:
        raise UsageError(Problem("--batch-size", f"is {batch_size}; it must be at least 1."))
    if limit is not None and limit < 1:
        raise UsageError(Problem("--limit", f"is {limit}; it must be at least 1."))
    # Rows without usable gold are found now, not after an hour of predicting.
    examples = [item.example for item in read_items(data)][:limit]
    folder = _check_folder(out)
    requests = [example_to_request(example) for example in examples]
    runner = open_backend(backend, replace(options, examples=examples))
    runner.check(requests)
    prompts = {request.id: request.prompt for request in requests}
    header = {
        "fgeval_run": 1,
        "backend": backend,
        "data": {"file": str(data), **data_facts(data), "sha256": file_sha256(data), "n": len(examples)},
        "prompts_sha256": _hash_prompts(prompts),
        **runner.describe(),
    }
    with _open_predictions(folder, header) as (stream, done):
        waiting = [request for request in requests if request.id not in done]
        # Prompts of like length share a batch; by id where lengths are equal, so that two runs make the same batches.
        waiting.sort(key=lambda request: (len(prompts[request.id]), request.id))
        with progress_bar() as progress:
            task = progress.add_task("Predicting", total=len(requests), completed=len(done))
            for start in range(0, len(waiting), batch_size):
                predictions = runner.complete(waiting[start : start + batch_size])
                _append(stream, predictions)
                progress.advance(task, len(predictions))
                _show_rate(
                    progress.tasks[0].speed, lambda text: progress.update(TaskID(task), description=text)
                )
    return RunResult(folder, len(requests), len(done))


def _show_rate(speed: float | None, show: Any) -> None:
    if speed:
        show(f"Predicting ({speed:.1f}/s)")


def _hash_prompts(prompts: dict[str, str]) -> str:
    digest = hashlib.sha256()
    for name, prompt in sorted(prompts.items()):
        digest.update(json.dumps([name, prompt], ensure_ascii=False).encode())
    return digest.hexdigest()


def _check_folder(out: str | os.PathLike[str]) -> Path:
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise UsageError(Problem("--out", f"{str(folder)!r} is a file.", "Name a folder."))
    if (folder / PREDICTIONS_FILE).exists() and not (folder / RUN_FILE).exists():
        what = f"{str(folder)!r} holds a {PREDICTIONS_FILE} that no run of ours wrote (no {RUN_FILE})."
        raise UsageError(Problem("--out", what, "Choose another folder."))
    return folder


@contextlib.contextmanager
def _open_predictions(folder: Path, header: dict[str, Any]) -> Iterator[tuple[BinaryIO, set[str]]]:
    """The predictions file, open for appending and locked, and the ids it holds already.

    Raises: UsageError if the folder holds another run or another process is writing to it.
    """
    file = folder / PREDICTIONS_FILE
    if (old := read_run(folder)) is not None:
        UsageError.raise_if(
            Problem(
                str(folder / RUN_FILE),
                f"is of another run: {difference}.",
                "Choose another --out, or delete the folder.",
            )
            for difference in list_differences(old, header, IDENTITY)
        )
    else:
        with write_whole(folder / RUN_FILE) as stream:
            json.dump(header, stream, ensure_ascii=False, indent=2)
            stream.write("\n")
    try:
        appending = file.open("a+b")
    except OSError as error:
        raise UsageError(
            Problem(str(file), f"cannot be written: {error.strerror or error}.", "Choose another --out.")
        ) from error
    with appending:
        _lock(appending, file)
        _drop_half_line(appending)
        done = {prediction.id for prediction in read_predictions(file)}
        yield appending, done


def _lock(stream: BinaryIO, file: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: two runs into one folder are not kept apart there
        return
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise UsageError(
            Problem(str(file), "is being written by another run.", "Wait for it, or choose another --out.")
        ) from error


def _drop_half_line(stream: BinaryIO) -> None:
    """Cut what follows the last line feed: a line that a killed run did not finish. Its item is predicted again."""
    end = stream.seek(0, os.SEEK_END)
    keep, step = end, 4096
    while keep > 0:
        start = max(0, keep - step)
        stream.seek(start)
        if (found := stream.read(keep - start).rfind(b"\n")) >= 0:
            keep = start + found + 1
            break
        keep = start
    if keep < end:
        stream.truncate(keep)


def _append(stream: BinaryIO, predictions: Sequence[Prediction]) -> None:
    try:
        stream.write("".join(prediction.to_line() for prediction in predictions).encode())
        stream.flush()
        os.fsync(stream.fileno())
    except OSError as error:
        remedy = "Free some space, then run again: it goes on where it stopped."
        raise DataError(
            Problem(stream.name, f"could not be written: {error.strerror or error}.", remedy)
        ) from error
