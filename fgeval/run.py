"""Examples x backend -> predictions on disk. A run that was killed goes on where it stopped."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from rich.progress import TextColumn

from fgdata.console import err, progress_bar
from fgdata.errors import DataError, Problem, UsageError
from fgdata.files import file_sha256, lock_stream, write_whole
from fgdata.format.tokens import END_TURN
from fgdata.hub.source import data_facts
from fgeval.backends import BackendOptions, Failure, Request, example_to_request, open_backend
from fgeval.items import LeftOut, read_items, read_sound_items
from fgeval.predictions import (
    ERRORS_FILE,
    PREDICTIONS_FILE,
    RUN_FILE,
    Prediction,
    json_line,
    list_differences,
    read_predictions,
    read_run,
)
from fgeval.selection import select, shard_of

IDENTITY = (
    "backend",
    "model_fingerprint",
    "model_revision",
    "served_model",
    "endpoint",
    "adapter_sha256",
    "data.sha256",
    "data.n",
    "prompts_sha256",
    "shard",
    "decoding",
    "merged",
    "device",
    "versions",
)
"""What must be the same for a run to go on in a folder. Where the model lies and the batch size may change."""


_KEYED = ("backend", "model_fingerprint", "model_revision", "served_model", "adapter_sha256", "decoding")
"""What goes into the key of a prediction, beside its id and its prompt."""
_LINE_EVERY_S = 30.0
"""How often a line says how far the run is where nobody looks at a bar."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run left on disk."""

    folder: Path
    n: int
    """Predictions that stand there."""
    n_done_before: int
    """Predictions that were there already."""
    failures: tuple[Failure, ...] = ()
    """Items that the backend could not answer. The same command tries them again."""
    left_out: tuple[Problem, ...] = ()
    """What is wrong with the rows of the data that were left out."""


def run_model(
    data: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    backend: str = "transformers",
    options: BackendOptions,
    batch_size: int = 16,
    limit: int | None = None,
    shard: str | None = None,
    filters: Sequence[str] = (),
    skip_broken: bool = False,
) -> RunResult:
    """Predictions for the rows of `data`, in `out`.

    Args:
        batch_size: prompts a batch; it changes speed and memory, not what a model in float32 writes.
        limit: only the first rows that the filters leave.
        shard: `i/n`: every n-th of the rows left, from the i-th on; what n runs wrote, `join_runs` puts together.
        skip_broken: leave rows out that cannot be scored, and say which, instead of stopping.
        filters: `key=value` of a column that says where a row comes from; of several values of one key any will do.
    Raises: DataError for rows that cannot be scored; UsageError if `out` holds another run; ModelError.
    """
    if batch_size < 1:
        raise UsageError(Problem("--batch-size", f"is {batch_size}; it must be at least 1."))
    part = shard_of(shard)
    # Rows without usable gold are found now, not after an hour of predicting.
    items, left_out = read_sound_items(data) if skip_broken else (read_items(data), LeftOut())
    examples = select([item.example for item in items], filters, limit)
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
        **({"filters": sorted(filters)} if filters else {}),
        **({"shard": shard} if part else {}),
        **runner.describe(),
    }
    mine = requests[part[0] - 1 :: part[1]] if part else requests
    keys = {request.id: prediction_key(request.id, prompts[request.id], header) for request in mine}
    failures: list[Failure] = []
    with _open_predictions(folder, header, keys) as (stream, done):
        waiting = [request for request in mine if request.id not in done]
        waiting.sort(key=lambda request: _batch_order(request, prompts[request.id]))
        progress = _Progress(len(mine), len(done))
        with progress:
            for start in range(0, len(waiting), batch_size):
                answers = runner.complete(waiting[start : start + batch_size])
                found = [replace(a, key=keys[a.id]) for a in answers if isinstance(a, Prediction)]
                failures += (answer for answer in answers if isinstance(answer, Failure))
                _append(stream, found)
                progress.advance(len(found), len(failures))
    _write_failures(folder / ERRORS_FILE, failures)
    return RunResult(folder, len(mine) - len(failures), len(done), tuple(failures), tuple(left_out.problems))


def run_adapters(
    data: str | os.PathLike[str],
    out: str | os.PathLike[str],
    adapters: Sequence[str],
    *,
    options: BackendOptions,
    **how: Any,
) -> list[RunResult]:
    """A run for each adapter, in a folder of `out` with the adapter's name; with one adapter or none, a run in `out` itself.

    Args:
        how: what `run_model` takes.
    Raises: what `run_model` raises; UsageError if two adapters have one name.
    """
    if len(adapters) < 2:
        return [run_model(data, out, options=replace(options, adapter=next(iter(adapters), None)), **how)]
    names = [Path(adapter).resolve().name for adapter in adapters]
    UsageError.raise_if(
        Problem("--adapter", f"{names.count(name)} folders are called {name!r}.", "Run them one by one.")
        for name in sorted(set(names))
        if names.count(name) > 1
    )
    return [
        run_model(data, Path(out) / name, options=replace(options, adapter=adapter), **how)
        for name, adapter in zip(names, adapters, strict=True)
    ]


def prediction_key(name: str, prompt: str, header: Mapping[str, Any]) -> str:
    """What tells one prediction from another: a hash of item id, prompt, decoding, model and adapter; 16 hexadecimal digits."""
    kept = dict(header)
    if header.get(
        "merged"
    ):  # hashed as a part of the decoding, where it once stood: runs from then can be gone on with
        kept["decoding"] = {**(header.get("decoding") or {}), "merged": True}
    parts = [name, prompt, *(kept.get(part) for part in _KEYED)]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:16]


def _batch_order(request: Request, prompt: str) -> tuple[int, str, int, str]:
    """Prompts that share their developer turn stand together, then those of like length; two runs make the same batches."""
    opening = prompt.partition(END_TURN)[0]
    return len(opening), opening, len(prompt), request.id


class _Progress:
    """How far a run is: a bar with rate and time left; where nobody looks, a line now and then."""

    def __init__(self, total: int, done: int) -> None:
        self._total, self._before, self._done = total, done, done
        self._started = self._told = time.monotonic()
        self._bar = progress_bar()
        self._bar.columns = (*self._bar.columns, TextColumn("left"))
        self._task = self._bar.add_task("Predicting", total=total, completed=done)

    def __enter__(self) -> None:
        if err.is_terminal:
            self._bar.start()

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def advance(self, n: int, n_failures: int) -> None:
        """Count `n` more predictions."""
        self._done += n
        now = time.monotonic()
        rate = (self._done - self._before) / max(now - self._started, 1e-9)
        failed = f", {n_failures} failed" if n_failures else ""
        self._bar.update(self._task, advance=n, description=f"Predicting ({rate:.1f}/s{failed})")
        if not err.is_terminal and now - self._told >= _LINE_EVERY_S and rate:
            self._told = now
            left = (self._total - self._done) / rate
            err.print(
                f"{self._done} of {self._total} ({rate:.1f}/s{failed}), about {left:.0f} s left",
                highlight=False,
            )


def _write_failures(file: Path, failures: Sequence[Failure]) -> None:
    """The failures of this run, replacing those of the last; no file if there are none."""
    if not failures:
        file.unlink(missing_ok=True)
        return
    with write_whole(file) as stream:
        stream.writelines(json_line({"id": one.id, "reason": one.reason}) for one in failures)


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
def _open_predictions(
    folder: Path, header: dict[str, Any], keys: Mapping[str, str]
) -> Iterator[tuple[BinaryIO, set[str]]]:
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
        if not lock_stream(appending):
            what = "is being written by another run."
            raise UsageError(Problem(str(file), what, "Wait for it, or choose another --out."))
        _drop_half_line(appending)
        found = read_predictions(file)
        DataError.raise_if(
            Problem(
                prediction.source,
                f"the prediction of {prediction.id!r} is not of this run: its key is {prediction.key!r}.",
                "Delete the line, or choose another --out.",
            )
            for prediction in found
            if prediction.key != keys.get(prediction.id)
        )
        yield appending, {prediction.id for prediction in found}


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


def join_runs(folders: Sequence[str | os.PathLike[str]], out: str | os.PathLike[str]) -> int:
    """The number of predictions in `out`, which the shards in `folders` now stand in as one run.

    Raises: UsageError if a folder holds no shard, a shard is missing or given twice, they differ in what must be the same, or
        `out` is in use; DataError for broken predictions, and if some are missing.
    """
    target = _check_folder(out)
    if (target / RUN_FILE).exists():
        raise UsageError(Problem("--out", f"{str(target)!r} holds a run already.", "Choose another folder."))
    headers = {str(folder): read_run(folder) for folder in folders}
    problems = [
        Problem(folder, "holds no run made with --shard.", "Name folders that `fgeval run --shard` wrote.")
        for folder, header in headers.items()
        if header is None or not header.get("shard")
    ]
    UsageError.raise_if(problems)
    runs = {folder: header for folder, header in headers.items() if header is not None}
    first = next(iter(runs.values()))
    total = (shard_of(str(first["shard"])) or (1, 1))[1]
    there = [str((read_run(folder) or {}).get("shard")) for folder in folders]
    for i in range(1, total + 1):
        if there.count(f"{i}/{total}") != 1:
            what = "is given twice" if f"{i}/{total}" in there else "is missing"
            problems.append(Problem("shards", f"{i}/{total} {what}.", "Give every shard's folder once."))
    same = [name for name in IDENTITY if name != "shard"]
    problems += [
        Problem(folder, f"is of another run: {difference}.", "Run it again with the flags of the others.")
        for folder, header in runs.items()
        for difference in list_differences(first, header, same)
    ]
    UsageError.raise_if(problems)
    predictions = [prediction for folder in runs for prediction in read_predictions(folder)]
    expected = int(first["data"]["n"])
    if len(predictions) != expected:
        what = f"{expected - len(predictions)} of {expected} predictions are missing."
        raise DataError(Problem("shards", what, "Run the commands of the unfinished shards again."))
    with write_whole(target / PREDICTIONS_FILE) as stream:
        stream.writelines(prediction.to_line() for prediction in predictions)
    with write_whole(target / RUN_FILE) as stream:
        json.dump({k: v for k, v in first.items() if k != "shard"}, stream, ensure_ascii=False, indent=2)
        stream.write("\n")
    return expected
