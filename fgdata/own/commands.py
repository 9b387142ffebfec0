"""The verb `init` of fgdata's command line."""

from __future__ import annotations

import argparse
from typing import TypeAlias

from fgdata.console import err, out
from fgdata.own.init import LANGUAGES, init_pack, notes_lines

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_init(commands: Commands) -> None:
    """Add `init`."""
    command = commands.add_parser(
        "init",
        help="start a pack from your own tools",
        description="Start a pack from a file of tools: OpenAI or JSON Schema tools, an OpenAPI document (JSON or YAML), a Python module\n"
        "of typed functions with docstrings (parsed, never run), an MCP tools/list reply, Mobile Actions or BFCL rows.\n"
        "What the format cannot carry is named. The pack makes rows at once; comments mark where you should write more.",
        epilog="examples:\n  fgdata init shop --tools openapi.yaml\n  fgdata init shop --tools tools.py --language both --out packs",
        formatter_class=argparse.RawDescriptionHelpFormatter,
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
        default=".",
        metavar="DIR",
        help="folder to put the pack's folder into (default: %(default)s)",
    )
    command.set_defaults(run=_init)


def _init(arguments: argparse.Namespace) -> None:
    for started in init_pack(arguments.name, arguments.tools, out=arguments.out, language=arguments.language):
        for line in notes_lines(started.notes):
            err.print(f"note: {line}", markup=False, highlight=False)
        pack = started.pack
        out.print(
            f"{started.folder}: {len(pack.tools)} tools read as {started.layout}, {len(pack.intents)} intents, language {pack.language}.",
            markup=False,
            highlight=False,
        )
        out.print(
            f"{len(started.marks)} places are marked `# WRITE:` for you; NOTES.md holds every note.",
            markup=False,
            highlight=False,
        )
