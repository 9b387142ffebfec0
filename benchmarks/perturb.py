"""How fast texts are perturbed and checked.

    python benchmarks/perturb.py [--json OUT]

Korean requests of about twenty characters with one or two protected values, each with a new key, as a generator asks for them:
`perturb` for every row, and `recovered` for every row that was changed. Processor time of one core, the best of five rounds.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from pathlib import Path

from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from fgdata.console import out  # noqa: E402
from fgdata.files import write_whole  # noqa: E402
from fgdata.perturb import Language, perturb, recovered  # noqa: E402

ROOMS = ("거실", "안방", "침실", "서재", "작은방")
KOREAN = [
    (
        text.format(room=room, n=n),
        tuple(value for value in (room, f"{n}도") if value in text.format(room=room, n=n)),
    )
    for room in ROOMS
    for n in (18, 21, 24, 27, "이십오 ")
    for text in (
        "{room} 에어컨을 {n}도로 맞춰 줘",
        "{room} 온도 좀 {n}도까지 올려 주세요",
        "{room} 바람이 너무 세니까 약하게 틀어 줘",
        "지금 {room} 에어컨 끄지 말고 {n}도로 해 줘",
    )
]
ENGLISH = [
    (f"Set the {room} to {n} degrees, please", (room, f"{n} degrees"))
    for room in ("living room", "bedroom", "office", "kitchen")
    for n in (18, 21, 24, "twenty-five")
]


def rate(rows: list[tuple[str, tuple[str, ...]]], language: Language, level: str, n_rows: int) -> float:
    """Rows a second: the best of five rounds."""
    best = float("inf")
    for turn in range(5):
        start = time.process_time()
        for number in range(n_rows):
            text, protected = rows[number % len(rows)]
            made = perturb(
                text, language=language, level=level, key=turn * n_rows + number, protected=protected
            )
            if made.kinds:
                assert not recovered(text, made.text, language=language, protected=protected)
        best = min(best, time.process_time() - start)
    return n_rows / best


def main() -> None:
    """Measure, print a table, write the figures if asked to."""
    parser = argparse.ArgumentParser(description="Rates of perturbation with its check.")
    parser.add_argument("--json", metavar="OUT", help="also write the figures to this file")
    parser.add_argument("--rows", type=int, default=40_000, help="rows of a round (default: 40000)")
    flags = parser.parse_args()
    characters = {
        language: sum(len(text) for text, _ in rows) / len(rows)
        for language, rows in (("ko", KOREAN), ("en", ENGLISH))
    }
    rates = {
        f"{language}, {level}": rate(rows, language, level, flags.rows)  # type: ignore[arg-type]
        for language, rows in (("ko", KOREAN), ("en", ENGLISH))
        for level in ("light", "strong")
    }
    table = Table(
        "language, level",
        "rows per second",
        "microseconds a row",
        title=f"perturb + recovered, Python {platform.python_version()}, one core",
    )
    for name, value in rates.items():
        table.add_row(name, f"{value:,.0f}", f"{1e6 / value:.1f}")
    out.print(table)
    out.print(f"Characters a text: {characters['ko']:.1f} Korean, {characters['en']:.1f} English")
    if flags.json:
        figures = {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "characters": characters,
            "per_second": rates,
        }
        with write_whole(flags.json) as stream:
            json.dump(figures, stream, indent=2)
            stream.write("\n")


if __name__ == "__main__":
    main()
