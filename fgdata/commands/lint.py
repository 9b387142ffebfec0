"""`fgdata lint`."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import replace

from fgdata.arguments import RAW, Commands, count
from fgdata.console import EXIT_FINDINGS, EXIT_OK, byte_progress, err, out
from fgdata.errors import Problem, UsageError
from fgdata.hub.source import HubData, find_files
from fgdata.linting import LEVELS, SIMILARITY, lint, read_tools, rules_text
from fgdata.packs import load_tools


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "lint",
        help="find rows that hurt training or tests",
        description="Look for rows that do not read, break their tools' schema, contradict each other or stand in two files.\n"
        "Files named together are taken as splits of one data set. Layouts are recognised, other people's too\n"
        "(docs/layouts.md). docs/lint.md explains every rule.\n"
        "Exit code: 0 clean, 1 findings at or above --fail-on, 2 bad input.",
        epilog="examples:\n"
        "  fgdata lint data/climate/*.jsonl\n  fgdata lint old.jsonl --pack climate_ko --format json\n"
        "  fgdata lint train.jsonl test.jsonl --fail-on warning --format markdown > lint.md\n"
        "  fgdata lint train.jsonl --tokenizer models/tiny --max-length 1024",
        formatter_class=RAW,
    )
    command.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="files of rows: JSONL or Parquet, in any layout; or a data set on the Hub: OWNER/NAME, maybe @REVISION",
    )
    command.add_argument("--config", metavar="NAME", help="of a data set on the Hub: its configuration")
    command.add_argument(
        "--split",
        action="append",
        metavar="NAME",
        help="of a data set on the Hub: only this split; may be repeated (default: all)",
    )
    tools = command.add_mutually_exclusive_group()
    tools.add_argument("--tools", metavar="FILE", help="JSON list of tools, for rows that declare none")
    tools.add_argument("--pack", metavar="PACK", help="pack whose tools such rows call")
    command.add_argument(
        "--format", choices=("table", "json", "markdown"), default="table", help="default: %(default)s"
    )
    command.add_argument(
        "--fail-on",
        choices=LEVELS,
        default="error",
        help="the mildest level that makes the exit code 1 (default: %(default)s)",
    )
    command.add_argument(
        "--limit",
        type=count,
        default=20,
        metavar="N",
        help="places shown for each rule, 0 for all; JSON holds all (default: %(default)s)",
    )
    command.add_argument(
        "--near",
        type=float,
        default=SIMILARITY,
        metavar="S",
        help="share of character trigrams that makes two texts near duplicates, 0 to skip them (default: %(default)s)",
    )
    command.add_argument(
        "--max-length", type=int, metavar="N", help="tokens a row may have; needs --tokenizer"
    )
    command.add_argument(
        "--tokenizer", default="", metavar="PATH_OR_NAME", help="the tokenizer that counts them"
    )
    command.add_argument("--rules", action="store_true", help="list the rules and stop")
    command.set_defaults(run=_lint)


def _lint(arguments: argparse.Namespace) -> int:
    if arguments.rules:
        out.print(rules_text(), markup=False, highlight=False)
        return EXIT_OK
    if not arguments.files:
        raise UsageError(
            Problem("FILE", "no file is named.", "Name JSONL files, or list the rules with --rules.")
        )
    tools = read_tools(arguments.tools) if arguments.tools else None
    if arguments.pack:
        tools = load_tools(arguments.pack)
    sources = find_files(arguments.files, arguments.config, arguments.split)
    for source in sources:
        if isinstance(source, HubData):
            err.print(f"{source.repo}, revision {source.revision}, {source.config}/{source.split}: {source.file}", markup=False, highlight=False)  # fmt: skip
    files = [os.fspath(source) for source in sources]
    with byte_progress(files, "reading") as advance:
        report = lint(
            files,
            tools,
            similarity=arguments.near,
            max_length=arguments.max_length,
            tokenizer=arguments.tokenizer,
            advance=advance,
        )
    report = replace(report, sources={os.fspath(one): one.facts() for one in sources if isinstance(one, HubData)})  # fmt: skip
    if arguments.format == "json":
        print(json.dumps(report.to_json(), ensure_ascii=False, indent=2))
    elif arguments.format == "markdown":
        print(report.to_markdown(arguments.limit), end="")
    else:
        for table in report.tables(arguments.limit):
            out.print(table)
        for file in report.rows:
            out.print(f"{file}: layout {report.layout_of(file)}", markup=False, highlight=False)
        out.print(report.summary, markup=False, highlight=False)
    return EXIT_FINDINGS if report.fails(arguments.fail_on) else EXIT_OK
