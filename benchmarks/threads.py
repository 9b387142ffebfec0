"""A training step while threads that wait for each other spin, and while they soon sleep: alone, and beside busy processes.

    python benchmarks/threads.py [--batch 64] [--steps 10] [--rounds 3] [--busy 1] [--json OUT]

`fgtrain` and `fgeval` set GOMP_SPINCOUNT=3000 (`fgdata.console.run_command`) unless the environment says otherwise. Each setting is a process of
its own, since OpenMP reads it once; settings take turns, and the medians of rows a second are printed. Beside: as many processes
that never rest run on the same cores.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from rich.table import Table

from fgdata.console import out

SETTINGS = {"spinning (OpenMP's own)": {}, "GOMP_SPINCOUNT=3000": {"GOMP_SPINCOUNT": "3000"}}


def child(batch: int, steps: int) -> None:
    """Print rows a second of steps as `fgtrain lora` takes them, after one that warms up."""
    import torch
    import train

    tokenizer = train.load_tokenizer("models/tiny")
    fused = train.fuse(train.adapted("models/tiny", "bfloat16", 0.0))
    rows = train.encoded_rows("climate_ko", tokenizer, batch)
    _, loss = train.make_ways(fused, fused, tokenizer.pad_token_id, rows)["the same, fused layers"]
    begun = 0.0
    for number in range(steps + 1):
        with torch.autocast("cpu", torch.bfloat16):
            total = loss()
        total.backward()
        begun = begun if number else time.perf_counter()
    print(batch * steps / (time.perf_counter() - begun))


def measure(setting: dict[str, str], busy: int, words: list[str]) -> float:
    """Rows a second of one process with this setting, beside `busy` processes that never rest."""
    clean = {
        name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    }
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
    try:
        command = [sys.executable, __file__, "--child", *words]
        done = subprocess.run(command, env=clean | setting, stdout=subprocess.PIPE, text=True, check=True)
    finally:
        for other in others:
            other.kill()
            other.wait()
    return float(done.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--busy", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args.batch, args.steps)
        return
    words = ["--batch", str(args.batch), "--steps", str(args.steps)]
    found: dict[str, dict[str, list[float]]] = {name: {"alone": [], "beside": []} for name in SETTINGS}
    for _ in range(args.rounds):
        for name, setting in SETTINGS.items():
            found[name]["alone"].append(measure(setting, 0, words))
            found[name]["beside"].append(measure(setting, args.busy, words))
    medians = {name: {how: statistics.median(v) for how, v in entry.items()} for name, entry in found.items()}
    table = Table(
        title=f"rows/s, {args.batch} rows a step, bfloat16, {os.cpu_count()} processors, median of {args.rounds}"
    )
    for column in ("threads that wait", "alone", f"beside {args.busy} busy"):
        table.add_column(column, justify="left" if column == "threads that wait" else "right")
    for name, entry in medians.items():
        table.add_row(name, f"{entry['alone']:.1f}", f"{entry['beside']:.1f}")
    first, second = medians.values()
    table.add_row("ratio", *(f"{second[how] / first[how]:.2f}x" for how in ("alone", "beside")))
    out.print(table)
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps({"rounds": found, "medians": medians}, indent=2) + "\n")


if __name__ == "__main__":
    main()
