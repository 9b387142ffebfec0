"""Compute the figures of fgdata/stats/human.py again from the corpus they were measured on, and compare.

    python scripts/human_figures.py FILE [--json]

FILE is JSONL with the lines of StyleKQC that speak of the home (`text`, `act`); the corpus is CC BY-SA 4.0 and no part of this
project. The measuring code is that of `fgdata stats`. Exit code: 0 the frozen figures hold, 1 they do not.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fgdata.stats.human import HUMAN
from fgdata.stats.profile import profile_texts

GROUPS: Mapping[str, frozenset[str]] = {
    "requests": frozenset({"requirement"}),
    "all lines": frozenset({"requirement", "prohibition", "wh_question", "alternative_question"}),
}
"""Column -> the acts whose lines are in it."""


def measure(path: Path) -> dict[str, Any]:
    """The figures of every group, without first words: no word of the corpus is kept."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    found = {}
    for name, acts in GROUPS.items():
        profile = profile_texts((row["text"] for row in rows if row["act"] in acts), korean=True)
        found[name] = {key: value for key, value in profile.to_json().items() if key != "openings"}
    return found


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="print the figures")
    args = parser.parse_args()
    measured = measure(args.file)
    if args.json:
        print(json.dumps(measured, ensure_ascii=False, indent=4))
    frozen = {
        name: {k: v for k, v in profile.to_json().items() if k != "openings"}
        for name, profile in HUMAN.items()
    }
    stale = [name for name in measured if measured[name] != frozen.get(name)]
    for name in stale:
        print(f"{name}: the frozen figures are not these.", file=sys.stderr)
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main())
