"""`fgdata check`."""

from __future__ import annotations

import argparse
from collections import Counter

from fgdata.arguments import RAW, Commands
from fgdata.compose import Compositions
from fgdata.console import out
from fgdata.packs import load_pack
from fgdata.stock import stock_of


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "check",
        help="check a pack and say what is in it",
        description="Read a pack and print every problem in it, or, if there is none, what it holds.",
        epilog="example:\n  fgdata check templates/climate_ko",
        formatter_class=RAW,
    )
    command.add_argument("pack", metavar="PACK", help="a pack's name or folder")
    command.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> None:
    pack = load_pack(arguments.pack)
    stock = stock_of(pack)
    Compositions(stock)
    stock.check_against_jinja()
    families = [family for intent in pack.intents for family in intent.families]
    by_split = Counter(family.split for family in families)
    templates = sum(len(family.templates) for family in families)
    out.print(
        f"{pack.name} {pack.version} ({', '.join(pack.languages)}): {pack.title}",
        markup=False,
        highlight=False,
    )
    out.print(
        f"{len(pack.tools)} tools, {len(pack.slots)} slots, {len(pack.intents)} intents, {len(families)} families "
        f"({', '.join(f'{count} {split}' for split, count in by_split.items())}), {templates} templates, {stock.count:,} expansions. No problems.",
        markup=False,
        highlight=False,
    )
