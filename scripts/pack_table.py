"""Print a pack's intents as a Markdown table: kind, right answer, families by split, templates.

    python scripts/pack_table.py climate_ko
    python scripts/pack_table.py climate_ko --write     put it into the pack's README.md, between its marks

The table stands between `<!-- intents -->` and `<!-- /intents -->`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the checkout's own packages, whatever is installed

from fgdata.pack import KINDS, SPLITS, CallPattern, Intent, Pack  # noqa: E402
from fgdata.packs import find_pack_folder, load_pack  # noqa: E402

OPENING, CLOSING = "<!-- intents -->\n", "<!-- /intents -->"


def answer(intent: Intent) -> str:
    """What the model should do, in a table's cell."""
    if intent.calls:
        return ", ".join(f"`{call_text(pattern)}`" for pattern in intent.calls)
    return f"asks for `{intent.asks_for}`" if intent.asks_for else "a text, no call"


def call_text(pattern: CallPattern) -> str:
    """The call as a person reads it; a slot in braces."""
    arguments = [f"{name}={value}" for name, value in pattern.arguments.items()]
    if pattern.each is not None:
        argument, _, left_out = pattern.each
        arguments.append(f"{argument}=each but {{{left_out}}}" if left_out else f"{argument}=each")
    return f"{pattern.tool}({', '.join(arguments)})"


def table(pack: Pack) -> str:
    """The intents in the order of their kinds, then of their names, and the sums."""
    lines = [
        f"| intent | kind | answer | {' | '.join(SPLITS)} | templates |",
        f"|---|---|---|{'--:|' * (len(SPLITS) + 1)}",
    ]
    for intent in sorted(pack.intents, key=lambda i: (KINDS.index(i.kind), i.name)):
        counts = [len(intent.families_in(split)) for split in SPLITS]
        templates = sum(len(family.templates) for family in intent.families)
        cells = [intent.name, intent.kind, answer(intent), *map(str, [*counts, templates])]
        lines.append(f"| {' | '.join(cells)} |")
    families = [family for intent in pack.intents for family in intent.families]
    of_split = ", ".join(f"{sum(f.split == split for f in families)} {split}" for split in SPLITS)
    templates = sum(len(family.templates) for family in families)
    lines += [
        "",
        f"Version {pack.version}: {len(pack.intents)} intents, {len(families)} families ({of_split}), {templates} templates.",
    ]
    return "\n".join(lines)


def with_table(page: str, text: str) -> str:
    """The page with the table put between its marks.

    Raises: ValueError if it has no marks.
    """
    before, found, rest = page.partition(OPENING)
    if not found or CLOSING not in rest:
        raise ValueError(f"no {OPENING.strip()} … {CLOSING}")
    return f"{before}{OPENING}{text}\n{CLOSING}{rest.partition(CLOSING)[2]}"


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pack", metavar="PACK", help="a pack's name or folder")
    parser.add_argument("--write", action="store_true", help="rewrite the table in the pack's README.md")
    arguments = parser.parse_args(argv)
    text = table(load_pack(arguments.pack))
    if not arguments.write:
        print(text)
        return 0
    page = find_pack_folder(arguments.pack) / "README.md"
    page.write_text(with_table(page.read_text("utf-8"), text), "utf-8")
    print(f"{page}: rewritten")
    return 0


if __name__ == "__main__":
    sys.exit(main())
