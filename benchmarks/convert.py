"""What `fgdata convert` takes: rows a CPU second and the most memory, at two sizes, so that a leak or a list would show.

    python benchmarks/convert.py [--mb 50 200] [--characters 4000] [--json OUT]

Files of our rows and of BFCL questions with their answers are made as large as asked, each row with a text of its own (--characters)
that halves at most when compressed, so that Parquet is large, too; one Parquet file is as other people write them, structs in one
group of rows. Each conversion runs in a process of its own, whose highest resident memory the kernel tells. Memory that grows with the
file is an error: the exit code is 1 if the larger file takes more than 300 MiB, or 1.25 times as much as the smaller one and 16 MiB more.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.table import Table

from fgdata.console import out
from fgdata.files import write_whole
from fgdata.format import TRIGGER
from fgdata.packs import load_pack

LIMIT_MIB = 300
CASES = (
    ("rows", "openai", "openai.jsonl"),
    ("rows", "json-columns", "columns.parquet"),
    ("json-columns", "native-text", "native.jsonl"),
    ("rows", "bfcl", "bfcl.json"),
    ("bfcl", "rows", "rows.jsonl"),
    ("rows, one JSON list", "chatml", "chatml.jsonl"),
    ("structs of others, Parquet", "rows", "structs.jsonl"),
)
"""Layout in, layout out, file out. The third reads the Parquet file of the second, the fifth the two files of the fourth."""
PROBE = """
import json, resource, sys, time
from pathlib import Path
from fgdata.conversion import convert
start = time.process_time()
report = convert(sys.argv[1], sys.argv[2], sys.argv[3], overwrite=True)
seconds = time.process_time() - start
status = Path("/proc/self/status")
if status.exists():  # ru_maxrss there is never below what the parent had when it forked
    peak = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> (10 if sys.platform == "darwin" else 0)
print(json.dumps([report.n_written, report.is_lossless, seconds, peak]))
"""


def filler(number: int, n_characters: int) -> str:
    """Text that halves at most when compressed, another one for each number."""
    return hashlib.shake_256(str(number).encode()).hexdigest(-(-n_characters // 2))[:n_characters]


def rows(n_bytes: int, n_characters: int) -> Iterator[str]:
    """Lines of our rows, as many as fit; every text differs, every row has its own id."""
    pack = load_pack("climate_ko")
    tools = pack.tool_entries
    size = number = 0
    while size < n_bytes:
        number += 1
        call = {"name": "set_temperature", "arguments": {"temperature": 16 + number % 15}}
        row: dict[str, Any] = {
            "id": f"bench/{number}",
            "messages": [
                {"role": "developer", "content": TRIGGER},
                {
                    "role": "user",
                    "content": f"{number}번 방 온도를 {16 + number % 15}도로 맞춰 줘 {filler(number, n_characters)}",
                },
                {"role": "assistant", "tool_calls": [{"type": "function", "function": call}]},
            ],
            "tools": tools,
            "language": "ko",
            "kind": "call",
        }
        line = json.dumps(row, ensure_ascii=False) + "\n"
        size += len(line.encode())
        yield line


def as_list(source: Path, target: Path) -> None:
    """The rows of a file as one JSON list."""
    with source.open(encoding="utf-8") as lines, write_whole(target) as stream:
        stream.writelines(("[" if n == 0 else ",") + line for n, line in enumerate(lines))
        stream.write("]")


def as_structs(source: Path, target: Path) -> None:
    """The rows of a file as Arrow keeps them by itself: structs with every key, all in one row group."""
    import pyarrow
    import pyarrow.parquet

    with source.open(encoding="utf-8") as lines:
        table = pyarrow.Table.from_pylist([_slim(json.loads(line)) for line in lines])
    pyarrow.parquet.write_table(table, target, row_group_size=1 << 30)


def _slim(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose tools are JSON text, as most published files have them."""
    return {**row, "tools": json.dumps(row["tools"], ensure_ascii=False)}


def measure(source: Path, target: Path, to: str) -> dict[str, Any]:
    """Rows, CPU seconds and the highest resident memory of one conversion."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(source), str(target), to],
        capture_output=True,
        text=True,
        check=True,
    )
    n_rows, is_lossless, seconds, peak = json.loads(done.stdout)
    return {
        "to": to,
        "in_mb": round(source.stat().st_size / 1e6, 1),
        "rows": n_rows,
        "lossless": is_lossless,
        "seconds": round(seconds, 1),
        "rows_per_s": round(n_rows / seconds),
        "peak_mib": round(peak / 1024, 1),
    }


MAKERS = {"list.json": as_list, "structs.parquet": as_structs}


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mb", type=int, nargs=2, default=(50, 200), help="sizes (default: %(default)s)")
    parser.add_argument("--characters", type=int, default=0, help="of text in each row (default: a sentence)")
    parser.add_argument("--cases", type=int, default=len(CASES), help="only the first (default: all)")
    parser.add_argument("--json", type=Path, metavar="OUT")
    args = parser.parse_args()
    results: dict[str, list[dict[str, Any]]] = {f"{a} to {b} ({c})": [] for a, b, c in CASES[: args.cases]}
    for size in args.mb:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            with write_whole(folder / "in.jsonl") as stream:
                stream.writelines(rows(size * 1_000_000, args.characters))
            sources = [
                folder / "in.jsonl",
                folder / "in.jsonl",
                folder / "columns.parquet",
                folder / "in.jsonl",
                folder / "bfcl.json",
                folder / "list.json",
                folder / "structs.parquet",
            ]
            for (_, to, target), source, told in zip(CASES, sources, results.values(), strict=False):
                if source.name in MAKERS:
                    MAKERS[source.name](folder / "in.jsonl", source)
                started = time.perf_counter()
                told.append(measure(source, folder / target, to))
                out.print(f"{size} MB, {told[-1]} ({time.perf_counter() - started:.0f} s)", markup=False)
    table = Table(
        "conversion", "rows", "rows/CPU s", "peak MiB", title=f"at {args.mb[0]} and {args.mb[1]} MB of rows"
    )
    for label, told in results.items():
        table.add_row(
            label,
            *(" / ".join(f"{one[key]:,}" for one in told) for key in ("rows", "rows_per_s", "peak_mib")),
        )
    out.print(table)
    if args.json:
        with write_whole(args.json) as stream:
            json.dump(
                {
                    "python": sys.version.split()[0],
                    "mb": list(args.mb),
                    "characters": args.characters,
                    "conversions": results,
                },
                stream,
                indent=2,
            )
            stream.write("\n")
    grown = [
        label
        for label, (small, large) in results.items()
        if large["peak_mib"] > LIMIT_MIB or large["peak_mib"] > 1.25 * small["peak_mib"] + 16
    ]
    out.print(f"Memory that grows: {', '.join(grown) or 'none'}.")
    return int(bool(grown))


if __name__ == "__main__":
    sys.exit(main())
