"""The verbs `init` and `coverage` of fgdata's command line."""

from __future__ import annotations

import argparse
import json

from fgdata.arguments import RAW, Commands, named
from fgdata.console import err, out
from fgdata.own.coverage import find_coverage, gap_lines
from fgdata.own.failures import failure_lines
from fgdata.own.init import LANGUAGES, init_pack, notes_lines


def add_init(commands: Commands) -> None:
    """Add `init`."""
    command = commands.add_parser(
        "init",
        help="start a pack from your own tools",
        description="Start a pack from a file of tools: OpenAI or JSON Schema tools, an OpenAPI document (JSON or YAML), a Python module\n"
        "of typed functions with docstrings (parsed, never run), an MCP tools/list reply, Mobile Actions or BFCL rows.\n"
        "What the format cannot carry is named. The pack makes rows at once; comments mark where you should write more.",
        epilog="examples:\n  fgdata init shop --tools openapi.yaml\n  fgdata init shop --tools tools.py --language both --out packs",
        formatter_class=RAW,
    )
    command.add_argument("name", metavar="NAME", help="the pack's name, and its folder's")
    command.add_argument("--tools", required=True, metavar="FILE", help="JSON, JSONL, YAML or Python")
    command.add_argument(
        "--language",
        choices=LANGUAGES,
        default="auto",
        help="of the sentences; both: an English pack NAME_en and a Korean one NAME_ko; auto: Korean where the tools' texts are (default: %(default)s)",
    )
    command.add_argument(
        "--out",
        type=named,
        default=".",
        metavar="DIR",
        help="folder to put the pack's folder into (default: %(default)s)",
    )
    command.set_defaults(run=_init)


def _init(arguments: argparse.Namespace) -> None:
    for started in init_pack(arguments.name, arguments.tools, out=arguments.out, language=arguments.language):
        for line in notes_lines(started.notes):
            err.print(f"note: {line}", markup=False, highlight=False)
        families = ", ".join(f"{count} {split}" for split, count in started.families.items())
        out.print(
            f"{started.folder}: {started.n_tools} tools read as {started.layout}, {started.n_intents} intents,"
            f" {sum(started.families.values())} families ({families}), language {started.language}.",
            markup=False,
            highlight=False,
        )
        out.print(
            f"{len(started.marks)} places are marked `# WRITE:` for you; NOTES.md holds every note.",
            markup=False,
            highlight=False,
        )


def add_coverage(commands: Commands) -> None:
    """Add `coverage`."""
    command = commands.add_parser(
        "coverage",
        help="say what a pack does not say yet",
        description="List what a pack lacks: tools never called, parameters never given, values never used, intents with few\n"
        "families, registers missing. With a scored run, also where the model fails by intent, argument, register and\n"
        "perturbation: what to write next.",
        epilog="examples:\n  fgdata coverage shop\n  fgdata coverage shop --from work/tuned",
        formatter_class=RAW,
    )
    command.add_argument("pack", metavar="PACK", help="a pack's name or folder")
    command.add_argument(
        "--from", dest="run_folder", metavar="RUN", help="a folder that `fgeval score` wrote"
    )
    command.add_argument(
        "--limit",
        type=_limit,
        default=8,
        metavar="N",
        help="places shown of each kind, 0 for all (default: %(default)s)",
    )
    command.add_argument("--json", action="store_true", help="print all of it as JSON")
    command.set_defaults(run=_coverage)


def _limit(text: str) -> int:
    """A whole number, 0 or more."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of places; 0 is all")
    return int(text)


def _coverage(arguments: argparse.Namespace) -> None:
    coverage = find_coverage(arguments.pack, arguments.run_folder)
    if arguments.json:
        print(json.dumps(coverage.to_json(), ensure_ascii=False, indent=2))
        return
    lines = gap_lines(coverage.gaps, arguments.limit)
    if coverage.scored:
        lines += ["", *failure_lines(list(coverage.failures), arguments.limit)]
    for line in lines:
        out.print(line, markup=False, highlight=False)
    wrong = (
        f"; {coverage.scored['wrong']} of {coverage.scored['n']} scored rows are wrong"
        if coverage.scored
        else ""
    )
    out.print(f"{coverage.pack.name}: {len(coverage.gaps)} gaps{wrong}.", markup=False, highlight=False)
