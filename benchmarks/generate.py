"""How fast rows are made, in how much memory, and what two workers bring; the peers beside ours on one grammar.

    python benchmarks/generate.py [--chatette DIR --chatito DIR] [--rows 100000] [--million 1000000] [--json OUT]

The volume pack is benchmarks/peers/pack (93 million sentences); what is measured of the peers, and how they are installed, stands
in benchmarks/peers. Ours also labels, checks and splits its rows. Every run is a process of its own, timed from start to the written
file; the figure is the median. On a machine that does other work, compare CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent / "peers"))
from run import Peer, Timed, chatette, chatito, run_timed  # a script's folder, no package

from fgdata.console import out
from fgdata.files import write_whole
from fgdata.pack_reader import read_pack
from fgdata.stock import Stock
from fgdata.workers import processors

PACK = Path(__file__).parent / "peers" / "pack"


def ours(rows: int, folder: Path, *, workers: int = 1, perturb: str = "off") -> list[str]:
    """The command that makes `rows` rows of the volume pack."""
    return [
        *(sys.executable, "-m", "fgdata.cli", "generate", str(PACK), "--rows", str(rows), "--seed", "1", "--force"),
        *("--out", str(folder), "--workers", str(workers), "--perturb", perturb),
    ]  # fmt: skip


def timed(command: list[str]) -> Timed:
    """One run of ours, in a new folder: deleting an old one would count, too."""
    shutil.rmtree(command[command.index("--out") + 1], ignore_errors=True)
    done = run_timed(command, {}, 3600)
    if isinstance(done, str):
        raise SystemExit(f"{' '.join(command)}: {done}")
    return done


def middle(runs: list[Timed]) -> Timed:
    """The run of median CPU time."""
    return sorted(runs, key=lambda run: run.cpu_seconds)[len(runs) // 2]


def figures(run: Timed, rows: int) -> dict[str, float]:
    """A run as figures."""
    return {
        "rows": rows,
        "seconds": round(run.seconds, 2),
        "cpu_seconds": round(run.cpu_seconds, 2),
        "rows_per_s": round(rows / run.seconds),
        "rows_per_cpu_s": round(rows / run.cpu_seconds),
        "peak_mib": round(run.peak_mib, 1),
    }


def beside_peers(peers: list[Peer], rows: int, rounds: int, work: Path) -> dict[str, Any]:
    """Ours, as `fgdata generate` runs by default and in one process, and the peers in turn, `rounds` times."""
    runs: dict[str, list[Timed]] = {}
    for peer in peers:
        (work / f"{peer.name}.grammar").write_text(peer.grammar(rows, 0), "utf-8")
    timed(ours(rows // 100, work / "ours"))  # for its bytecode; the peers have theirs from their installation
    for _ in range(rounds):
        for name, workers in {"ours": processors(), "ours, one process": 1}.items():
            runs.setdefault(name, []).append(timed(ours(rows, work / "ours", workers=workers)))
        for peer in peers:
            done = run_timed(
                peer.command(work / f"{peer.name}.grammar", work / peer.name), peer.environment, 1800
            )
            if isinstance(done, str):
                out.print(f"{peer.name}: {done}", markup=False)
            else:
                runs.setdefault(f"{peer.name} {peer.version}", []).append(done)
    found = {name: figures(middle(of), rows) for name, of in runs.items()}
    for figure in found.values():
        figure["ours_is_times_faster"] = round(figure["cpu_seconds"] / found["ours"]["cpu_seconds"], 2)
        figure["ours_is_times_faster_wall"] = round(figure["seconds"] / found["ours"]["seconds"], 2)
    return found


def steady_rate(rows: int, rounds: int, work: Path, perturb: str) -> dict[str, float]:
    """Rows a CPU second once the pack is read: the difference of a long run and a short one."""
    rates = []
    for _ in range(rounds):
        short = timed(ours(rows // 10, work / "short", perturb=perturb))
        long = timed(ours(rows, work / "long", perturb=perturb))
        rates.append((rows - rows // 10) / (long.cpu_seconds - short.cpu_seconds))
    return {"rows_per_cpu_s": round(statistics.median(rates)), "of": rounds}


def two_workers(rows: int, rounds: int, work: Path) -> dict[str, float]:
    """Seconds of one worker and of two, medians of runs in turn."""
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for workers, of in seconds.items():
            of.append(timed(ours(rows, work / "workers", workers=workers)).seconds)
    one, two = map(statistics.median, seconds.values())
    return {"one_s": round(one, 2), "two_s": round(two, 2), "times_faster": round(one / two, 2), "of": rounds}


def big_space(work: Path) -> dict[str, Any]:
    """Count and `unrank` on a pack of more than 10**15 expansions."""
    folder = work / "big"
    for file in PACK.rglob("*"):
        if file.is_file():
            copy = folder / file.relative_to(PACK)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    words = "[" + ", ".join(f"w{number}" for number in range(1000)) + "]"
    with (folder / "slots.yaml").open("a", encoding="utf-8") as stream:
        stream.write("".join(f"  filler_{letter}: {{words: {words}}}\n" for letter in "abcd"))
    fillers = " ".join(f"{{{{ filler_{letter} }}}}" for letter in "abcd")
    for file in (folder / "intents").glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace('templates: ["', f'templates: ["{fillers} '), encoding="utf-8")
    stock = Stock(read_pack(folder))
    cells = [cell for source in stock.base_sources for cell in source.whole.values()]
    begun = time.perf_counter()
    total = sum(cell.count for cell in cells)
    counted = time.perf_counter() - begun
    times = []
    for cell in cells:
        begun = time.perf_counter()
        cell.text(cell.unrank(cell.count * 2 // 3))
        times.append(time.perf_counter() - begun)
    again = []
    for cell in cells:
        begun = time.perf_counter()
        cell.text(cell.unrank(cell.count // 3))
        again.append(time.perf_counter() - begun)
    return {
        "expansions": f"{total:.3e}",
        "count_ms": round(counted * 1000, 4),
        "first_unrank_ms": round(statistics.median(times) * 1000, 4),
        "unrank_ms": round(statistics.median(again) * 1000, 4),
    }


def show(name: str, rows: dict[str, dict[str, Any]]) -> None:
    """One table."""
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    table = Table(title=name, title_justify="left")
    for column in ("", *columns):
        table.add_column(column.replace("_", " "), justify="right" if column else "left")
    for label, row in rows.items():
        table.add_row(
            label, *(f"{row[c]:,}" if isinstance(row.get(c), int) else str(row.get(c, "–")) for c in columns)
        )
    out.print(table)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--chatette", type=Path, metavar="DIR", help="what `pip install --target DIR` made")
    parser.add_argument("--chatito", type=Path, metavar="DIR", help="what `npm install --prefix DIR` made")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--million", type=int, default=1_000_000, help="rows of the long runs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    peers = [make(folder) for make, folder in ((chatette, args.chatette), (chatito, args.chatito)) if folder]
    results: dict[str, dict[str, dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        results["one process, start and files included"] = beside_peers(peers, args.rows, args.rounds, work)
        results["rows once the pack is read, one core"] = {
            level: steady_rate(2 * args.rows, 3, work, level) for level in ("off", "light")
        }
        few, many = timed(ours(10_000, work / "few")), timed(ours(args.million, work / "many"))
        results["memory"] = {
            "10 thousand rows": figures(few, 10_000),
            f"{args.million:,} rows": figures(many, args.million),
        }
        results["memory"]["difference"] = {"peak_mib": round(many.peak_mib - few.peak_mib, 1)}
        results["two workers"] = {
            f"{rows:,} rows": two_workers(rows, args.rounds, work) for rows in (2 * args.rows, args.million)
        }
        last = timed(ours(2 * args.million, work / "many", workers=2))
        results["to the end"] = {f"{2 * args.million:,} rows": figures(last, 2 * args.million)}
        results["a space of more than 10^15"] = {"after load": big_space(work)}
    for title, table in results.items():
        show(title, table)
    if args.json:
        with write_whole(args.json) as stream:
            stream.write(json.dumps(results, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
