"""Rows of many tools, and packs, read and checked: everything anew each time, and what repeats, is plain or is known told at once.

    python benchmarks/reading.py [--pack home_ko] [--rows 1000] [--rounds 3] [--json OUT]

Old way and ours take turns in this process; medians of processor seconds and their ratio are printed. Rows: `read_json` for each line
against `RowDecoder`, which decodes declarations once; beside it what all rows together hold in memory. Tools: jsonschema's check
against the meta-schema for each tool against `is_plain_schema` first, on tools that are all different, as twins with other names are.
Pack: its templates compared, against what an earlier process kept of that (`fgdata.kept_overlaps`).
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.table import Table

from fgdata.console import out
from fgdata.generator import Generator, Request
from fgdata.kept_overlaps import VARIABLE
from fgdata.pack import Pack
from fgdata.packs import load_pack
from fgdata.plain_schema import is_plain_schema
from fgdata.row_decoder import RowDecoder
from fgdata.schema import _PATTERNS, _StrictValidator, read_json
from fgdata.stock import Stock


def timed(work: Callable[[], Any]) -> float:
    """Processor seconds."""
    gc.collect()
    begun = time.process_time()
    work()
    return time.process_time() - begun


def held(work: Callable[[], Any]) -> int:
    """Bytes that what `work` returns holds."""
    gc.collect()
    tracemalloc.start()
    kept = work()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return size


def decoded(lines: list[str]) -> list[Any]:
    """The rows, as files are read."""
    decode = RowDecoder()
    return [decode(line) for line in lines]


def check(schemas: list[dict[str, Any]], *, quick: bool) -> None:
    """Check every schema."""
    for schema in schemas:
        if not (quick and is_plain_schema(schema)):
            _StrictValidator.check_schema(schema, format_checker=_PATTERNS)  # type: ignore[call-arg]


def stock(pack: Pack, cache: str) -> Stock:
    """The pack's stock, with what is kept in a folder, or with nothing kept."""
    os.environ[VARIABLE] = cache
    return Stock(pack)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pack", default="home_ko")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    cache = tempfile.TemporaryDirectory()
    os.environ[VARIABLE] = cache.name
    pack = load_pack(args.pack)
    generator = Generator(pack, Request(args.rows + args.rows // 2, 1))
    lines = [row.line for row in generator.rows("train", range(args.rows))]
    schemas = [
        {**tool.strict_schema, "title": f"{tool.name} {number}"}
        for number in range(30)
        for tool in pack.tools
    ]
    pairs: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        f"{len(lines):,} rows decoded": (lambda: list(map(read_json, lines)), lambda: decoded(lines)),
        f"{len(schemas):,} schemas checked": (
            lambda: check(schemas, quick=False),
            lambda: check(schemas, quick=True),
        ),
        "the pack made ready": (lambda: stock(pack, ""), lambda: stock(pack, cache.name)),
    }
    found: dict[str, dict[str, float]] = {}
    for name, (old, ours) in pairs.items():
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(args.rounds):
            for way, of in zip((old, ours), times, strict=True):
                of.append(timed(way))
        before, after = map(statistics.median, times)
        found[f"{name}, CPU s"] = {"old": before, "ours": after, "ratio": before / after}
    rows, (old, ours) = next(iter(pairs.items()))
    before, after = held(old) / 2**20, held(ours) / 2**20
    found[f"{rows}, MiB held"] = {"old": before, "ours": after, "ratio": before / after}
    table = Table(title=f"{args.pack}, {len(pack.tools)} tools a row, median of {args.rounds}")
    for column in ("what", "old way", "ours", "ratio"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for name, entry in found.items():
        table.add_row(name, f"{entry['old']:.3g}", f"{entry['ours']:.3g}", f"{entry['ratio']:.1f}x")
    out.print(table)
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
