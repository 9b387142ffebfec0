"""fgdata: make, check, count and show data."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from fgdata.console import run_command

COMMANDS = {
    "init": "fgdata.own.commands:add_init",
    "generate": "fgdata.commands.generate:add",
    "check": "fgdata.commands.check:add",
    "lint": "fgdata.commands.lint:add",
    "convert": "fgdata.commands.convert:add",
    "stats": "fgdata.commands.stats:add",
    "show": "fgdata.commands.show:add",
    "schema": "fgdata.commands.schema:add",
    "publish": "fgdata.publish.command:add_publish",
    "coverage": "fgdata.own.commands:add_coverage",
}
"""Command -> the function that adds it to the parser, as module:name. Each starts without what only the others need."""


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 findings, 2 bad input."""
    words = sys.argv[1:] if argv is None else argv
    only = words[0] if words and words[0] in COMMANDS else None
    arguments = build_parser(only).parse_args(words)
    return run_command(lambda: arguments.run(arguments))


def build_parser(only: str | None = None) -> argparse.ArgumentParser:
    """The command line's parser, with all commands or `only` one."""
    parser = argparse.ArgumentParser(
        prog="fgdata", description="Make, check, count and show data for FunctionGemma."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name in [only] if only else COMMANDS:
        module, _, function = COMMANDS[name].partition(":")
        getattr(importlib.import_module(module), function)(commands)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
