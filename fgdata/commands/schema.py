"""`fgdata schema`."""

from __future__ import annotations

import argparse

from fgdata.arguments import RAW, Commands, named
from fgdata.console import out
from fgdata.file_schemas import FILE_KINDS, schema_text, write_schemas


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "schema",
        help="print the JSON Schemas of a pack's files",
        description="Print the JSON Schema (draft 2020-12) of a kind of file, so that editors complete and check what you write.\n"
        "Without KIND and --out, list the kinds.",
        epilog="kinds:\n"
        + "\n".join(f"  {kind.name:<10}{kind.files}" for kind in FILE_KINDS.values())
        + "\n\nexamples:\n  fgdata schema pack\n  fgdata schema --out schemas",
        formatter_class=RAW,
    )
    command.add_argument(
        "kind", metavar="KIND", nargs="?", choices=tuple(FILE_KINDS), help="of the kinds below"
    )
    command.add_argument(
        "--out",
        type=named,
        metavar="DIR",
        help="write KIND.schema.json there instead, of every kind if none is named",
    )
    command.set_defaults(run=_schema)


def _schema(arguments: argparse.Namespace) -> None:
    if arguments.out:
        for file in write_schemas(arguments.out, [arguments.kind] if arguments.kind else []):
            out.print(str(file), markup=False, highlight=False)
    elif arguments.kind:
        print(schema_text(arguments.kind))
    else:
        for kind in FILE_KINDS.values():
            out.print(f"{kind.name:<10}{kind.files}", markup=False, highlight=False)
