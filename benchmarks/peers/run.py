"""How fast other template generators make rows from one grammar, in how much memory, and whether their splits share families.

    python benchmarks/peers/run.py --chatette DIR --chatito DIR [--rows 100000] [--split-rows 5000] [--json OUT]

It installs nothing. Into folders of your own (PyPI and npm):

    python -m pip install --target work/chatette chatette "setuptools<81"
    npm install --prefix work/chatito chatito

Chatette imports pkg_resources, which newer setuptools no longer have.
Each peer runs in a process of its own: `--rounds` times for `--rows` training rows, timed from start to end, and once for `--split-rows` rows, a
fifth of them test rows, to see how it splits. Memory is the process's peak resident size. On a machine that does other work, compare CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grammar import FamilyFinder, chatette_text, chatito_text, n_sentences
from rich.table import Table

from fgdata.console import out
from fgdata.files import write_whole

Rows = Iterator[tuple[str, str]]
"""(intent, text) of every row made."""


@dataclass(frozen=True)
class Peer:
    """A generator: how it is run and what it leaves."""

    name: str
    version: str
    grammar: Callable[[int, int], str]
    """Training and test rows -> its template file."""
    command: Callable[[Path, Path], list[str]]
    """Template file and output folder -> the command."""
    rows: Callable[[Path, str], Rows]
    """Output folder and split (train, test) -> the rows made."""
    environment: dict[str, str]


def chatette(folder: Path) -> Peer:
    """Chatette in a folder that `pip install --target` filled."""

    def rows(made: Path, split: str) -> Rows:
        for file in sorted((made / split).glob("*.jsonl")):
            for line in file.open(encoding="utf-8"):
                row = json.loads(line)
                yield row["intent-name"], row["text"]

    versions = [path.name.split("-")[1].removesuffix(".dist") for path in folder.glob("chatette-*.dist-info")]
    return Peer(
        name="Chatette",
        version=versions[0] if versions else "?",
        grammar=chatette_text,
        command=lambda file, made: [sys.executable, "-m", "chatette", str(file), "-o", str(made), "-a", "jsonl", "-s", "1", "-f"],
        rows=rows,
        environment={"PYTHONPATH": str(folder.resolve())},
    )  # fmt: skip


def chatito(folder: Path) -> Peer:
    """Chatito in a folder that `npm install --prefix` filled."""
    package = folder.resolve() / "node_modules" / "chatito"

    def rows(made: Path, split: str) -> Rows:
        file = made / f"default_dataset_{'training' if split == 'train' else 'testing'}.json"
        if file.is_file():
            for intent, made_rows in json.loads(file.read_text("utf-8")).items():
                for parts in made_rows:
                    yield intent, "".join(part["value"] for part in parts)

    return Peer(
        name="Chatito",
        version=json.loads((package / "package.json").read_text("utf-8"))["version"],
        grammar=chatito_text,
        command=lambda file, made: ["node", str(package / "dist/bin.js"), str(file), "--format=default", f"--outputPath={made}"],
        rows=rows,
        environment={},
    )  # fmt: skip


BYTECODE = {"PYTHONDONTWRITEBYTECODE": ""}
"""Whoever installs a package has its bytecode, and so has a checkout from its second run on, unless the environment forbids it."""


@dataclass(frozen=True)
class Timed:
    """A child process that ended well."""

    seconds: float
    cpu_seconds: float
    peak_mib: float


def run_timed(command: list[str], environment: dict[str, str], timeout_s: float) -> Timed | str:
    """Wall time and peak resident memory of a command, or why there is none."""
    os.sync()  # what an earlier run has written is not to be paid for by this one
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        child = subprocess.Popen(
            command, stdout=said, stderr=subprocess.STDOUT, env={**os.environ, **environment, **BYTECODE}
        )
        while True:
            # wait4 gives the usage of this child alone; RUSAGE_CHILDREN would give the largest of all so far.
            done, status, usage = os.wait4(child.pid, os.WNOHANG)
            if done:
                break
            if time.perf_counter() - start > timeout_s:
                child.kill()
                os.wait4(child.pid, 0)
                return f"not done after {timeout_s:.0f} s"
            time.sleep(0.01)
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            return f"exit code {child.returncode}: {said.read()[-300:].decode(errors='replace').strip()}"
    return Timed(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def run_peer(
    peer: Peer, work: Path, *, rows: int, split_rows: int, rounds: int, timeout_s: float
) -> dict[str, Any]:
    """The figures of a peer."""
    found: dict[str, Any] = {"peer": peer.name, "version": peer.version, "asked": rows}
    file, made = work / f"{peer.name}.grammar", work / peer.name
    file.write_text(peer.grammar(rows, 0), "utf-8")
    times: list[Timed] = []
    for _ in range(rounds):
        timed = run_timed(peer.command(file, made), peer.environment, timeout_s)
        if isinstance(timed, str):
            found["failed"] = timed
            break
        times.append(timed)
    else:
        texts = [text for _, text in peer.rows(made, "train")]
        middle = sorted(times, key=lambda one: one.seconds)[len(times) // 2]
        found |= {
            "rows": len(texts),
            "distinct": len(set(texts)),
            "seconds": round(middle.seconds, 2),
            "cpu_seconds": round(middle.cpu_seconds, 2),
            "rows_per_second": round(len(texts) / middle.seconds),
            "peak_mib": round(max(one.peak_mib for one in times)),
            "all_seconds": [round(one.seconds, 2) for one in times],
        }
    test_rows = split_rows // 5
    file, made = work / f"{peer.name}.split.grammar", work / f"{peer.name}.split"
    file.write_text(peer.grammar(split_rows - test_rows, test_rows), "utf-8")
    timed = run_timed(peer.command(file, made), peer.environment, timeout_s)
    found["split"] = {"failed": timed} if isinstance(timed, str) else compare_splits(peer, made, timed)
    return found


def compare_splits(peer: Peer, made: Path, timed: Timed) -> dict[str, Any]:
    """How much of the test rows is in the training rows: texts, and families (the template that made a text)."""
    finder = FamilyFinder()
    train, test = (list(peer.rows(made, split)) for split in ("train", "test"))
    seen = {finder(text, intent) for intent, text in train}
    families = [finder(text, intent) for intent, text in test]
    known = {family for family in families if family is not None}
    return {
        "train_rows": len(train),
        "test_rows": len(test),
        "seconds": round(timed.seconds, 2),
        "test_families": len(known),
        "test_families_in_train": round(len(known & seen) / len(known), 4) if known else None,
        "test_rows_of_train_families": round(sum(f in seen for f in families) / len(test), 4)
        if test
        else None,
        "test_texts_in_train": round(len(set(test) & set(train)) / len(set(test)), 4) if test else None,
        "rows_of_no_known_family": sum(family is None for family in families),
    }


def show(results: list[dict[str, Any]]) -> Table:
    """The figures as a table."""
    table = Table(title=f"one grammar, {n_sentences():,} sentences", title_justify="left")
    for name in (
        "",
        "rows",
        "distinct",
        "seconds",
        "CPU seconds",
        "rows/s",
        "peak MiB",
        "families of test in train",
        "test texts in train",
    ):
        table.add_column(name, justify="left" if not name else "right")  # fmt: skip
    for result in results:
        split = result["split"]
        shares = [split.get(name) for name in ("test_families_in_train", "test_texts_in_train")]
        cells = [
            result.get(name)
            for name in ("rows", "distinct", "seconds", "cpu_seconds", "rows_per_second", "peak_mib")
        ]
        table.add_row(
            f"{result['peer']} {result['version']}",
            *("–" if cell is None else f"{cell:,}" for cell in cells),
            *("–" if share is None else f"{share:.1%}" for share in shares),
        )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--chatette", type=Path, metavar="DIR", help="what `pip install --target DIR` made")
    parser.add_argument("--chatito", type=Path, metavar="DIR", help="what `npm install --prefix DIR` made")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--split-rows", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3, help="timed runs; the one of median time is shown")
    parser.add_argument("--timeout", type=float, default=600, metavar="SECONDS", help="for each run")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    peers = [make(folder) for make, folder in ((chatette, args.chatette), (chatito, args.chatito)) if folder]
    if not peers:
        parser.error("name at least one of --chatette and --chatito")
    results = []
    with tempfile.TemporaryDirectory() as work:
        for peer in peers:
            results.append(
                run_peer(
                    peer,
                    Path(work),
                    rows=args.rows,
                    split_rows=args.split_rows,
                    rounds=args.rounds,
                    timeout_s=args.timeout,
                )
            )
    out.print(show(results))
    for result in results:
        for part, what in ((result, "rows"), (result["split"], "split")):
            if "failed" in part:
                out.print(
                    f"{result['peer']}, {what}: {part['failed'].splitlines()[-1]}",
                    markup=False,
                    highlight=False,
                )
    if args.json:
        with write_whole(args.json) as stream:
            stream.write(json.dumps(results, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
