"""A data set's folder: the rows of each split and the manifest that says what they are. It appears whole.

Rows are made in chunks, by one process or several, each of which writes its own, to a folder beside the target. A run that was stopped,
however hard, is gone on with by the same command: whole lines that are there stay, since making them again gives the same bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from fgdata.generator import OVERLAP_LIMIT, Generator, Request, Tally
from fgdata.memory import collection_paused
from fgdata.pack import Pack
from fgdata.part_folder import MANIFEST, STATE, check_folder, part_folder
from fgdata.workers import in_order

CHUNK = 5000
"""Rows made at once."""
MAX_LISTED = 12
"""Values that one note names."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Every `of`-th row, from row `number` on."""

    number: int = 0
    of: int = 1

    def places(self, rows: int) -> range:
        """The places of its rows among so many."""
        return range(self.number, rows, self.of)


def write_dataset(
    pack: Pack,
    request: Request,
    folder: str | os.PathLike[str],
    *,
    workers: int = 1,
    shard: Shard = Shard(),  # frozen
    force: bool = False,
    advance: Callable[[int], object] = lambda _: None,
) -> dict[str, Any]:
    """The manifest of the data set that now stands in `folder`. The bytes are the same for any number of workers.

    Args:
        force: replace a data set that is there, or an unfinished one of other settings; other files of the folder stay.
        advance: told how many more rows are done, now and then.

    Raises: UsageError if the folder is in use, another run is writing there, or it cannot be written; what `Generator` raises.
    """
    check_folder(folder, force=force)
    target = Path(folder).resolve()  # a link is followed, not replaced
    with collection_paused():
        return _write(pack, request, target, workers=workers, shard=shard, force=force, advance=advance)


def _write(
    pack: Pack,
    request: Request,
    target: Path,
    *,
    workers: int,
    shard: Shard,
    force: bool,
    advance: Callable[[int], object],
) -> dict[str, Any]:
    generator = Generator(pack, request)
    state = {
        "pack": pack.name,
        "pack_version": pack.version,
        "pack_sha256": pack.sha256,
        "fgsuite_version": _version(),
        **request.to_json(),
        "shard": f"{shard.number}/{shard.of}",
    }
    tally = Tally(pack)
    with part_folder(target, state, force=force) as part:
        hashes = _write_rows(part, generator, shard, workers=workers, tally=tally, advance=advance)
        made = {split: len(shard.places(generator.plan.rows(split))) for split in generator.plan.splits}
        manifest = _manifest(generator, state, hashes, made, tally)
        # Not `write_whole`: a full disk must reach the folder's own care as what it is.
        (part / MANIFEST).write_text(
            json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n"
        )
        (part / STATE).unlink()
    return manifest


def _manifest(
    generator: Generator, state: dict[str, Any], hashes: dict[str, str], made: dict[str, int], tally: Tally
) -> dict[str, Any]:
    plan, pack = generator.plan, generator.pack
    return {
        **state,
        "rows_made": sum(made.values()),
        "files": {f"{split}.jsonl": {"rows": rows, "sha256": hashes[split]} for split, rows in made.items()},
        "families": {
            split: sorted(
                {s.path for s in generator.stock.by_split["test" if split.startswith("test") else split]}
            )
            for split in made
        },
        "held_out_values": {
            slot.name: sorted({form for value in slot.values for form in value.held_out})
            for slot in pack.slots.values()
            if any(value.held_out for value in slot.values)
        },
        "held_out_compositions": sorted(map(list, pack.held_out_pairs)),
        "counts": {split: tally.table(split) for split in made},
        "expansions": str(generator.stock.count),
        "draws_rejected_share": round(generator.rejected_share, 6),
        "overlaps": generator.overlaps(),
        "rows_left_unperturbed": generator.clean.clashes if generator.clean else 0,
        "shortfalls": [shortfall.to_json() for shortfall in plan.shortfalls],
        "unseen_values": tally.unseen(plan.splits),
    }


def manifest_notes(manifest: Mapping[str, Any]) -> Iterator[str]:
    """What fell short, in sentences."""
    alike: dict[tuple[str, int, int], list[str]] = {}
    said = set()
    for missed in manifest["shortfalls"]:
        what, value = missed["what"], ""
        if "slot" in missed:
            value = repr(missed["value"])
            what = what.replace(f" = {value}", " = {}", 1)
            language = f" ({missed['language']})" if "language" in missed else ""
            said.add((f"{missed['split']}{language}", missed["slot"], value))
        alike.setdefault((f"{missed['split']}: {what}", missed["asked"], missed["made"]), []).append(value)
    for (what, asked, made), of in alike.items():
        yield f"{what.replace('{}', _listed(of), 1)}: {asked} asked, {made} made{' of each' if len(of) > 1 else ''}."
    for split, slots in manifest["unseen_values"].items():
        for name, values in slots.items():
            if unsaid := [said_so for value in values if (split, name, said_so := repr(value)) not in said]:
                yield f"{split}: slot {name!r} never took {_listed(unsaid)}."
    if manifest["draws_rejected_share"] > OVERLAP_LIMIT:
        yield f"{manifest['draws_rejected_share']:.1%} of the texts drawn are spelt by another template first; the pairs that overlap most:"
        for pair in manifest["overlaps"]:
            yield f"{pair['template']} and {pair['spelt_first_by']}: {pair['draws']} draws. Make their wordings differ."


def _listed(values: Sequence[str]) -> str:
    """Some of the values; the manifest has all."""
    more = len(values) - MAX_LISTED
    return ", ".join(values[:MAX_LISTED]) + (f" and {more} more" if more > 0 else "")


# Rows


class _RowFile:
    """A split's file while it is written: where its end is, and the hash of what has been hashed of it.

    Others write, so it is read again to be hashed, and brought to the disk, in a thread of its own: both leave the interpreter alone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._thread = ThreadPoolExecutor(1)  # starts at its first work: processes are forked before that
        self._finished: Future[str] | None = None
        self.rows = _whole_lines(path)
        """Rows that a run before this one left."""
        self.end = path.stat().st_size if path.exists() else 0
        path.touch()
        self._digest, self._hashed = hashlib.sha256(), 0
        self._hash_to(self.end)

    def add(self, data: bytes, stream: BinaryIO) -> None:
        """Write at the end, where the stream stands, and hash."""
        stream.write(data)
        self._digest.update(data)
        self.end += len(data)
        self._hashed = self.end

    def reserve(self, size: int) -> int:
        """Where so many bytes go, which others will write."""
        start = self.end
        self.end += size
        return start

    def written_to(self, end: int) -> None:
        """Told that all stands that belongs before `end`."""
        self._thread.submit(self._hash_to, end)

    def finish(self) -> Future[str]:
        """Bring the file, which is whole, to the disk; its SHA-256, when it is there."""
        if self._finished is None:
            self._finished = self._thread.submit(self._finish)
        return self._finished

    def close(self) -> None:
        """Leave what has not been begun."""
        self._thread.shutdown(cancel_futures=True)

    def _hash_to(self, end: int) -> None:
        if end <= self._hashed:
            return
        with self.path.open("rb") as stream:
            stream.seek(self._hashed)
            while self._hashed < end and (block := stream.read(min(1 << 20, end - self._hashed))):
                self._digest.update(block)
                self._hashed += len(block)

    def _finish(self) -> str:
        self._hash_to(self.end)
        with self.path.open("rb") as stream:
            os.fsync(stream.fileno())
        return self._digest.hexdigest()


Job: TypeAlias = tuple[str, range]
"""A split and places of its file: what is written at once."""


def _write_rows(
    part: Path,
    generator: Generator,
    shard: Shard,
    *,
    workers: int,
    tally: Tally,
    advance: Callable[[int], object],
) -> dict[str, str]:
    """Write the shard's rows of all splits, after those that stand in their files already; the files' SHA-256 by split."""
    files: dict[str, _RowFile] = {}
    jobs: list[Job] = []
    with contextlib.ExitStack() as opened:
        for split in generator.plan.splits:
            places = shard.places(generator.plan.rows(split))
            file = files[split] = opened.enter_context(contextlib.closing(_RowFile(part / f"{split}.jsonl")))
            done = min(file.rows, len(places))
            # Counted again, not read back: counting needs the row's parts, and making it costs little more than reading it.
            for start in range(0, done, CHUNK):
                chunk = places[start : min(start + CHUNK, done)]
                tally.merge(_chunk(generator, split, chunk)[1])
                advance(len(chunk))
            rest = places[done:]
            jobs += [(split, rest[start : start + CHUNK]) for start in range(0, len(rest), CHUNK)]
        write = _write_here if workers < 2 or len(jobs) < 2 else _write_apart
        for (_, places), state in zip(jobs, write(generator, jobs, files, workers), strict=True):
            tally.merge(state)
            advance(len(places))
        finished = {split: file.finish() for split, file in files.items()}
        return {split: future.result() for split, future in finished.items()}


def _write_here(
    generator: Generator, jobs: Sequence[Job], files: Mapping[str, _RowFile], workers: int
) -> Iterator[Any]:
    """Write the jobs' rows in this process; yields what was counted, job by job."""
    for split, of_split in itertools.groupby(jobs, key=lambda job: job[0]):
        with files[split].path.open("ab") as stream:
            for job in of_split:
                data, state = _chunk(generator, *job)
                files[split].add(data, stream)
                yield state
        files[split].finish()


def _write_apart(
    generator: Generator, jobs: Sequence[Job], files: Mapping[str, _RowFile], workers: int
) -> Iterator[Any]:
    """The same by several processes, each of which writes its rows where this one says; hashed here as they come to stand."""
    generator.prepare()  # once, before there are workers
    inherited = generator if sys.platform == "linux" else None
    folder = next(iter(files.values())).path.parent
    ends: list[int] = []
    states: list[Any] = []

    def place(made: tuple[int, Any]) -> int:
        size, state = made
        file = files[jobs[len(ends)][0]]
        start = file.reserve(size)
        ends.append(file.end)
        states.append(state)
        return start

    told = 0
    arguments = (folder, inherited, generator.pack.folder, generator.request)
    with in_order(jobs, workers, _chunk_writer, *arguments) as exchanged:
        for written in exchanged(place):
            for number in range(told, written):
                split = jobs[number][0]
                files[split].written_to(ends[number])
                if number + 1 == len(jobs) or jobs[number + 1][0] != split:
                    files[split].finish()
            told = written
            yield from states
            states.clear()


def _chunk_writer(
    part: Path, generator: Generator | None, folder: str, request: Request
) -> Callable[[Job], tuple[tuple[int, Any], Callable[[int], None]]]:
    """What a worker does: with the generator it was forked with, or one made anew from the pack's folder."""
    if generator is None:
        from fgdata.pack_reader import read_pack

        generator = Generator(read_pack(folder), request)
    own = generator

    def do(job: Job) -> tuple[tuple[int, Any], Callable[[int], None]]:
        data, state = _chunk(own, *job)

        def write(start: int) -> None:
            with (part / f"{job[0]}.jsonl").open("r+b") as stream:
                stream.seek(start)
                stream.write(data)

        return (len(data), state), write

    return do


def _chunk(generator: Generator, split: str, places: range) -> tuple[bytes, Any]:
    """Rows as they are written, and what was counted of them."""
    tally = Tally(generator.pack)
    return generator.data(split, places, tally), tally.state()


def _whole_lines(file: Path) -> int:
    """Rows that stand in the file; what a killed run left of one more, or beyond a gap, is cut off.

    Workers write where their rows belong, so a run that is killed may leave a gap. It reads as zeros, which JSON does not hold.
    """
    if not file.exists():
        return 0
    lines, end, position = 0, 0, 0
    with file.open("r+b") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            gap = block.find(b"\0")
            whole = block if gap < 0 else block[:gap]
            lines += whole.count(b"\n")
            if (last := whole.rfind(b"\n")) >= 0:
                end = position + last + 1
            if gap >= 0:
                break
            position += len(block)
        stream.truncate(end)
    return lines


def _version() -> str:
    try:
        return metadata.version("fgsuite")
    except metadata.PackageNotFoundError:
        return "not installed"
