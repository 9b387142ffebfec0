"""The verb `fgdata convert`: flags in, one library call, the report out."""

from __future__ import annotations

import argparse
import json

from fgdata.arguments import RAW, Commands, named
from fgdata.console import EXIT_FINDINGS, EXIT_OK, byte_progress, out
from fgdata.conversion import convert
from fgdata.dialects import LAYOUTS
from fgdata.linting import read_tools
from fgdata.packs import load_tools


def add(commands: Commands) -> None:
    """Add the verb to the command line."""
    command = commands.add_parser(
        "convert",
        help="turn rows of one layout into another",
        description="Read a file of rows in any layout and write it in another, as JSONL, or as Parquet if OUT ends in .parquet.\n"
        "Every row is read back and compared: what the layout cannot hold is listed. Nothing is written if a row is broken.\n"
        "docs/layouts.md says what each layout holds. Exit code: 0 written, 1 not written (--lossless), 2 bad input.",
        epilog="layouts:\n"
        + "\n".join(f"  {layout.name:<24}{layout.title}" for layout in LAYOUTS)
        + "\n\nexamples:\n  fgdata convert theirs.jsonl ours.jsonl --to rows\n"
        "  fgdata convert data/climate/test.jsonl test.parquet --to json-columns --lossless\n"
        "  fgdata convert old.jsonl new.jsonl --to native-text --values bare --pack climate_ko",
        formatter_class=RAW,
    )
    names = tuple(layout.name for layout in LAYOUTS)
    command.add_argument("source", metavar="IN", help="a file of rows: JSONL, one JSON list, or Parquet")
    command.add_argument(
        "target", type=named, metavar="OUT", help="the file to write; it appears whole or not at all"
    )
    command.add_argument("--to", required=True, choices=names, metavar="LAYOUT", help="layout of OUT, below")
    command.add_argument(
        "--from",
        choices=names,
        default="",
        metavar="LAYOUT",
        dest="layout",
        help="layout of IN (default: told from each row's columns)",
    )
    command.add_argument(
        "--values",
        choices=("bare", "escaped"),
        default="bare",
        help="with --to native-text: numbers as the official template writes them, or inside <escape> (default: %(default)s)",
    )
    tools = command.add_mutually_exclusive_group()
    tools.add_argument("--tools", metavar="FILE", help="JSON list of tools, for rows that declare none")
    tools.add_argument("--pack", metavar="PACK", help="pack whose tools such rows call")
    command.add_argument(
        "--answers",
        metavar="FILE",
        help="of BFCL questions (default: the file of that name in possible_answer/ beside IN)",
    )
    command.add_argument("--lossless", action="store_true", help="write nothing if something would be lost")
    command.add_argument("--overwrite", action="store_true", help="replace OUT")
    command.add_argument("--json", action="store_true", help="print the report as JSON")
    command.set_defaults(run=_convert)


def _convert(arguments: argparse.Namespace) -> int:
    tools = read_tools(arguments.tools) if arguments.tools else None
    if arguments.pack:
        tools = load_tools(arguments.pack)
    with byte_progress([arguments.source], "converting") as advance:
        report = convert(
            arguments.source,
            arguments.target,
            arguments.to,
            layout=arguments.layout,
            values=arguments.values,
            tools=tools,
            answers=arguments.answers,
            lossless=arguments.lossless,
            overwrite=arguments.overwrite,
            advance=advance,
        )
    if arguments.json:
        print(json.dumps(report.to_json(), ensure_ascii=False, indent=2))
    else:
        for line in report.lines():
            out.print(line, markup=False, highlight=False)
    return EXIT_OK if report.is_written else EXIT_FINDINGS
