"""Draw a sheet of rows to read line by line: particles, endings, spacing, naturalness, and the label.

    python scripts/grammar_sheet.py --pack home_ko --seed 3 > sheet.md

The rows are stratified: intents take turns, and each turn takes the register that the intent has had least of so far.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the checkout's own packages, whatever is installed

from fgdata.chance import Chance  # noqa: E402
from fgdata.dataset import write_dataset  # noqa: E402
from fgdata.example import Example, read_jsonl  # noqa: E402
from fgdata.generator import Request  # noqa: E402
from fgdata.packs import load_pack  # noqa: E402
from scripts.pack_page import answer, markdown_cell  # noqa: E402


def sheet(rows: Sequence[Example], n: int, seed: int) -> list[Example]:
    """`n` of the rows, spread over intents and registers; intents joined in one request count as one kind of its own."""
    chance = Chance("sheet", seed)
    cells: dict[str, dict[str, list[Example]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        name = "several intents" if "+" in row.intent else row.intent
        cells[name][row.register].append(row)
    taken: dict[str, Counter[str]] = defaultdict(Counter)
    drawn: list[Example] = []
    names = sorted(cells)
    while len(drawn) < n and any(cells.values()):
        for name in names:
            # Requests of several intents are a sixth of the data and get as many turns.
            for _ in range(n // 6 if name == "several intents" and not taken[name] else 1):
                registers = [register for register, left in cells[name].items() if left]
                if not registers or len(drawn) == n:
                    break
                register = min(registers, key=lambda r: (taken[name][r], chance.below(1000)))
                taken[name][register] += 1
                left = cells[name][register]
                drawn.append(left.pop(chance.below(len(left))))
    return drawn


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pack", required=True, metavar="PACK")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=300, help="lines of the sheet")
    parser.add_argument("--of", type=int, default=6000, help="rows that are generated to draw from")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        write_dataset(load_pack(arguments.pack), Request(arguments.of, arguments.seed), folder)
        rows = [row for file in sorted(Path(folder).glob("*.jsonl")) for row in read_jsonl(file)]
    print("| | intent | register | request | answer |\n|--:|---|---|---|---|")
    for number, row in enumerate(sheet(rows, arguments.rows, arguments.seed), 1):
        cells = (row.family, row.register, row.utterance, answer(row))
        print(f"| {number} | {' | '.join(map(markdown_cell, cells))} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
