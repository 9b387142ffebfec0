"""`fgdata stats`."""

from __future__ import annotations

import argparse
import json

from fgdata.arguments import RAW, Commands
from fgdata.console import err, out
from fgdata.stats import FIRST_ROWS, count_rows
from fgdata.stats.human import REPORTED, SOURCE


def _rows(text: str) -> int:
    """A whole number, 1 or more."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:10]) < 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of rows; give 1 or more")
    return int(text)


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "stats",
        help="count rows and measure their texts",
        description="Count rows by kind, intent, register, language, perturbation and number of calls, files side by side, and\n"
        "measure how their texts look and how varied they are; Korean beside figures of requests that people wrote.",
        epilog="example:\n  fgdata stats data/climate/*.jsonl",
        formatter_class=RAW,
    )
    command.add_argument(
        "files", nargs="+", metavar="FILE", help="files of rows in any layout: JSONL, JSON lists, Parquet"
    )
    command.add_argument(
        "--first",
        type=_rows,
        default=FIRST_ROWS,
        metavar="N",
        help="measure variety over the first N rows of a language; it depends on the size (default: %(default)s)",
    )
    command.add_argument("--json", action="store_true", help="print the figures as JSON")
    command.set_defaults(run=_stats)


def _stats(arguments: argparse.Namespace) -> None:
    stats = count_rows(arguments.files, arguments.first)
    if arguments.json:
        print(json.dumps(stats.to_json(), ensure_ascii=False, indent=2))
    else:
        for table in stats.tables():
            out.print(table)
        if "ko" in stats.profiles:
            out.print(f"human: {SOURCE}.\nreported: {REPORTED['source']}.", markup=False, highlight=False)
        out.print(stats.summary, markup=False, highlight=False)
    for file, count in stats.broken.items():
        if count:
            err.print(
                f"note: {count} lines of {file} are no rows and were not counted; see `fgdata lint`.",
                markup=False,
            )
