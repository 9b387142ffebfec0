"""How fast completions are scored, beside a scorer of the kind that public reports use, and what each makes of the same outputs.

    python benchmarks/score.py [--rows 2000] [--json OUT]

The outputs are the right answers of a pack's test rows, half of them with bare numbers and half with numbers inside <escape>:
all are right. The pattern scorer reads values inside <escape> only. Both run in this process; rates are calls and items a second of
processor time, the median of nine rounds. Within a round a text that comes again is not read again, and no round knows
of another; the second line reads every text anew.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from rich.table import Table

from fgdata.console import out
from fgdata.files import write_whole
from fgdata.format import parse_completion, render_call
from fgdata.generator import generate
from fgdata.packs import load_pack
from fgeval.items import example_to_item
from fgeval.score import forget_readings, score_completion

CALL = re.compile(r"call:([\w.]+)\{(.*?)\}")
PAIR = re.compile(r"(\w+):<escape>(.*?)<escape>")


def pattern_score(expected: list[tuple[str, dict[str, str]]], text: str) -> bool:
    """Exact match as a pattern sees it."""
    return [(name, dict(PAIR.findall(body))) for name, body in CALL.findall(text)] == expected


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=2000, help="rows to generate; the test split is scored")
    parser.add_argument("--pack", default="climate_ko")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    examples = generate(load_pack(args.pack), rows=args.rows, seed=1).splits["test"]
    dialects = ("bare", "escaped")
    texts = [
        "".join(render_call(call, values=dialects[number % 2]) for call in example.expected_calls) or "네."
        for number, example in enumerate(examples)
    ]
    plain = [
        [(c.name, {k: str(v) for k, v in c.arguments.items()}) for c in e.expected_calls] for e in examples
    ]
    items = [example_to_item(example) for example in examples]
    n_calls = sum(len(example.expected_calls) for example in examples)
    ways: dict[str, Callable[[], int]] = {
        "fgeval, strict": lambda: sum(
            score_completion(item.expected, text, item.tools).exact
            for item, text in zip(items, texts, strict=True)
        ),
        "fgeval, strict, nothing kept": lambda: sum(
            score_completion(item.expected, parse_completion(text), item.tools).exact
            for item, text in zip(items, texts, strict=True)
        ),
        "pattern, <escape> only": lambda: sum(
            pattern_score(gold, text) for gold, text in zip(plain, texts, strict=True)
        ),
    }
    table = Table(title=f"{len(examples)} right answers of {args.pack}, numbers bare in half of them")
    for column in ("scorer", "items a second", "calls a second", "called right"):
        table.add_column(column, justify="left" if column == "scorer" else "right")
    result = {}
    for name, way in ways.items():
        times = []
        for _ in range(9):
            forget_readings()
            begun = time.process_time()
            right = way()
            times.append(time.process_time() - begun)
        rate, calls = len(examples) / statistics.median(times), n_calls / statistics.median(times)
        result[name] = {
            "items_per_second": rate,
            "calls_per_second": calls,
            "right": right,
            "items": len(examples),
        }
        table.add_row(name, f"{rate:,.0f}", f"{calls:,.0f}", f"{right} of {len(examples)}")
    out.print(table)
    if args.json:
        with write_whole(args.json) as stream:
            stream.write(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
