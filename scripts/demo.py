"""The whole loop: data from a pack, a LoRA adapter, base and adapter scored on held-out families, a test report.

    python scripts/demo.py --model models/tiny --pack climate_ko --seed 1 --out out/demo

Each step is a command a user could type; it is printed before it runs. Ends with code 1 if the adapter does not beat the
base: the paired difference in exact match must be above zero and the two 95 % intervals must not overlap.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fgdata.console import EXIT_FINDINGS, err, run_command
from fgdata.errors import Problem, UsageError
from fgdata.packs import load_pack
from fgeval.report.figures import interval, percent

TINY = Path("models/tiny")
TINY_NOTE = (
    "Made with the bundled tiny base model (a few million parameters, pretrained on synthetic text). Its scores show that "
    "the loop works; they say nothing about FunctionGemma."
)
TINY_TRAINING = (
    "--num_train_epochs", "2", "--learning_rate", "6e-3", "--target_modules", "all-linear", "--lora_dropout", "0",
    "--per_device_train_batch_size", "32", "--gradient_accumulation_steps", "1",
    "--per_device_eval_batch_size", "64", "--max_length", "4096",
)  # fmt: skip
"""The tiny base takes a higher rate, adapters on all layers, and its 4,096 positions; the real model trains with fgtrain's defaults."""
ROWS = 13_500
"""Rows of all splits together."""
MANY_TOOLS = 10
"""Tools up to which a prompt is short: 300 to 1,300 tokens; home_ko's 37 make 2,600."""
MANY_TOOLS_ROWS = 5_000
"""Rows of all splits together for a pack that declares more tools."""
MADE_HERE = ("data", "base", "adapter", "adapter-run", "report.html", "report.md", "fine-tuning.md")


@dataclass(frozen=True, slots=True)
class Plan:
    """What the demo is to do."""

    model: str
    pack: str
    seed: int
    rows: int
    """Rows of all splits together."""
    out: Path
    training: tuple[str, ...] = ()
    """Flags for `fgtrain lora` in place of the demo's own."""


def steps(plan: Plan) -> list[tuple[str, list[str]]]:
    """What to do, in order: a heading, and a command (program, verb, flags)."""
    out, tiny = plan.out, Path(plan.model).resolve() == TINY.resolve()
    train, validation, test = (str(out / f"data/{split}.jsonl") for split in ("train", "validation", "test"))
    base, adapter, tuned = str(out / "base"), str(out / "adapter"), str(out / "adapter-run")
    how = plan.training or (TINY_TRAINING if tiny else ())
    title = f"{plan.pack}: {'tiny base' if tiny else plan.model} before and after LoRA"
    run = ["fgeval", "run", "--data", test, "--model", plan.model, *(["--batch-size", "32"] if tiny else [])]
    score = ["fgeval", "score", "--data", test]
    return [
        ("Generate data", ["fgdata", "generate", plan.pack, "--rows", str(plan.rows), "--seed", str(plan.seed),
                           "--out", str(out / "data")]),
        ("Check data", ["fgdata", "lint", train, validation, test]),
        ("Train a LoRA adapter", ["fgtrain", "lora", "--model", plan.model, "--train_file", train, "--eval_file", validation,
                                  "--output_dir", adapter, "--seed", str(plan.seed), *how]),
        ("Run the base on the test split", [*run, "--out", base]),
        ("Run the adapter on the test split", [*run, "--adapter", adapter, "--out", tuned]),
        ("Score the base", [*score, "--predictions", base, "--out", base]),
        ("Score the adapter", [*score, "--predictions", tuned, "--out", tuned]),
        ("Write the report", ["fgeval", "report", "--run", f"base={base}", "--run", f"adapter={tuned}", "--title", title,
                              *(["--note", TINY_NOTE] if tiny else []), "--out", str(out)]),
    ]  # fmt: skip


def rows_of(pack: str) -> int:
    """How many rows the demo makes of a pack. Raises: FgError for a pack that cannot be read."""
    return ROWS if len(load_pack(pack).tools) <= MANY_TOOLS else MANY_TOOLS_ROWS


def exact_rate(run: Path) -> dict[str, float]:
    """Value of a run's exact match and its bounds by template family (`low`, `high`)."""
    rate: dict[str, float] = json.loads((run / "summary.json").read_text("utf-8"))["clustered"]["exact"]
    return rate


def clear(out: Path) -> None:
    """Remove what an earlier demo left in `out`. Raises: UsageError if something else lies there."""
    if not out.exists():
        return
    if strange := sorted(path.name for path in out.iterdir() if path.name not in MADE_HERE):
        raise UsageError(
            Problem(
                "--out",
                f"{str(out)!r} holds {', '.join(strange[:5])}.",
                "Name a folder for the demo alone (make demo OUT=...).",
            )
        )
    for name in MADE_HERE:
        path = out / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def demo(plan: Plan) -> int:
    """Run all steps; the exit code."""
    out, todo = plan.out, steps(plan)
    clear(out)
    begun = time.perf_counter()
    environment = {**os.environ, "TOKENIZERS_PARALLELISM": "false"}
    for number, (title, command) in enumerate(todo, 1):
        program, *words = command
        err.print(f"\n[bold]{number}/{len(todo)} {title}[/bold]")
        err.print(f"$ {shlex.join(command)}", style="dim", markup=False, highlight=False)
        done = subprocess.run([sys.executable, "-m", f"{program}.cli", *words], check=False, env=environment)
        if done.returncode:
            err.print(f"{program} {words[0]} ended with code {done.returncode}; the demo stops here.")
            return done.returncode
    base, adapter = exact_rate(out / "base"), exact_rate(out / "adapter-run")
    err.print(f"\nDone in {time.perf_counter() - begun:.0f} s.")
    beaten = adapter["low"] > base["high"]
    verdict = "The adapter beats the base" if beaten else "The adapter does NOT beat the base"
    before, after = (f"{percent(rate['value'])} ({interval(rate)})" for rate in (base, adapter))
    print(f"{verdict}: exact match {before} -> {after}")
    print(f"Report: {out / 'report.html'} and {out / 'report.md'}")
    return 0 if beaten else EXIT_FINDINGS


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=str(TINY), help="base model: a folder or a name on the hub")
    parser.add_argument("--pack", default="climate_ko")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--rows",
        type=int,
        help=f"rows of all splits together; without it {ROWS:,}, or {MANY_TOOLS_ROWS:,} of a pack with more than {MANY_TOOLS} tools",
    )
    parser.add_argument("--out", type=Path, default=Path("out/demo"))
    parser.add_argument(
        "training", nargs="*", help="after --: flags for fgtrain lora instead of the demo's own"
    )
    parsed = parser.parse_args(arguments)

    def run() -> int:
        rows = rows_of(parsed.pack) if parsed.rows is None else parsed.rows
        return demo(Plan(parsed.model, parsed.pack, parsed.seed, rows, parsed.out, tuple(parsed.training)))

    return run_command(run)


if __name__ == "__main__":
    sys.exit(main())
