"""Samples a second on a CPU: TRL's SFTTrainer, logits at the answers only, and the shared prefix, on the real 270M shape.

    OMP_NUM_THREADS=1 python benchmarks/train_cpu.py --trl DIR [--prefix 400] [--rounds 1] [--json OUT]

DIR holds TRL beside nothing else, so that it is no dependency of this project: `pip install --target DIR --no-deps trl`. Without --trl it
is left out. Every way runs in a process of its own, one after the other, so that peak memory is each one's own: first loss and
gradient of the same rows, which are compared, then `steps` optimizer steps of `batch` rows, of which the median counts. Ratios are of
CPU seconds of the process, which other programs on the machine move less than seconds on the clock. Weights are random, in
float32; LoRA r 32 on q, k, v, o without dropout; AdamW.

TRL computes its loss on a CPU from all positions in tiles (only on a GPU from the labelled ones), and runs without gradient
checkpointing, its default, which would cost it a third forward pass.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from rich.table import Table

from fgdata.console import err, out

Way = tuple[str, int, int]
"""Kind, rows a step, steps."""


def ways_of(args: argparse.Namespace) -> list[Way]:
    """What is run, slowest first."""
    rival: list[Way] = [("trl", args.rival_rows, args.rival_steps)] if args.trl else []
    groups: list[Way] = [("shared", size, args.steps) for size in args.groups]
    return [*rival, ("completion", args.rival_rows, args.rival_steps), *groups]


def measure(way: Way, args: argparse.Namespace) -> dict[str, Any]:
    """What one way gives, from a new process."""
    kind, batch, steps = way
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.pt"
        path = os.pathsep.join(
            filter(None, [os.environ.get("PYTHONPATH"), args.trl if kind == "trl" else None])
        )
        command = [sys.executable, __file__, "--child", kind, "--batch", str(batch), "--steps", str(steps),
                   "--prefix", str(args.prefix), "--shape", args.shape, "--compared", str(args.compared), "--result", str(result)]  # fmt: skip
        subprocess.run(
            command, check=True, env=os.environ | {"PYTHONPATH": path, "TRL_EXPERIMENTAL_SILENCE": "1"}
        )
        return dict(torch.load(result))


def child(args: argparse.Namespace) -> None:
    """Run one way in this process and leave its figures in a file."""
    import train_ways

    from fgtrain.devices import peak_memory_bytes

    cpu, dtype = torch.device("cpu"), torch.float32
    model = train_ways.adapted(args.shape, cpu, dtype)
    rows = train_ways.random_rows(max(64, args.batch), args.prefix, model.config.vocab_size)
    clock = train_ways.Clock(cpu)
    task = train_ways.Task(model, rows, args.batch, args.steps, dtype, clock)

    def trainer() -> Any:
        if args.child == "trl":
            return train_ways.trl_trainer(task)
        return train_ways.our_trainer(task, share=args.child == "shared")

    result = train_ways.train(trainer, rows[: args.compared], clock)
    if args.child == "trl":
        import trl  # type: ignore[import-not-found]

        result["version"] = trl.__version__
    torch.save(result | {"peak": peak_memory_bytes(cpu), "threads": torch.get_num_threads()}, args.result)


def differences(run: dict[str, Any], reference: dict[str, Any]) -> dict[str, float | None]:
    """How far a way's loss and gradient are from the reference's; None where they were not compared."""
    loss = gradient = None
    if run["gradient"] is not None:
        loss = abs(run["loss"] / reference["loss"] - 1)
        gradient = float((run["gradient"] - reference["gradient"]).norm() / reference["gradient"].norm())
    return {"loss_relative_difference": loss, "gradient_relative_difference": gradient}


def summary(way: Way, runs: list[dict[str, Any]], reference: dict[str, Any]) -> dict[str, Any]:
    """The figures of a way, from all rounds."""
    kind, batch, _ = way
    steps = [step for run in runs for step in run["steps"]]
    return {
        "kind": kind,
        "rows_a_step": batch,
        "n_steps": len(steps),
        "cpu_s_a_row": statistics.median(cpu for cpu, _ in steps) / batch,
        "cpu_s_a_row_range": [min(cpu for cpu, _ in steps) / batch, max(cpu for cpu, _ in steps) / batch],
        "wall_s_a_row": statistics.median(wall for _, wall in steps) / batch,
        "peak_gib": max(run["peak"] for run in runs) / 2**30,
        **differences(runs[0], reference),
        "threads": runs[0]["threads"],
        **({"version": runs[0]["version"]} if "version" in runs[0] else {}),
    }


def show(results: list[dict[str, Any]], prefix: int) -> None:
    """The table."""
    table = Table(
        title=f"prefix {prefix}, 1 thread each" if results[0]["threads"] == 1 else f"prefix {prefix}"
    )
    columns = (
        "way",
        "rows a step",
        "steps",
        "CPU s a row",
        "s a row",
        "ratio",
        "of answers only",
        "peak GiB",
        "loss off",
        "gradient off",
    )
    for column in columns:
        table.add_column(column, justify="left" if column == "way" else "right")
    for result in results:
        table.add_row(
            result["kind"] + (f" {result['version']}" if "version" in result else ""),
            str(result["rows_a_step"]),
            str(result["n_steps"]),
            f"{result['cpu_s_a_row']:.3f}",
            f"{result['wall_s_a_row']:.3f}",
            f"{result['ratio_to_trl']:.1f}x" if result["ratio_to_trl"] else "",
            f"{result['ratio_to_completion']:.1f}x",
            f"{result['peak_gib']:.2f}",
            *(
                "" if (off := result[f"{name}_relative_difference"]) is None else f"{off:.0e}"
                for name in ("loss", "gradient")
            ),
        )
    out.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trl", help="folder that TRL was installed into")
    parser.add_argument("--prefix", type=int, default=400)
    parser.add_argument(
        "--groups", type=int, nargs="+", default=[16, 64], help="rows that share the prefix in a step"
    )
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--rival-rows", type=int, default=4, help="rows a step of the two that share nothing")
    parser.add_argument("--rival-steps", type=int, default=2)
    parser.add_argument(
        "--compared", type=int, default=2, help="rows whose loss and gradient are compared; 0: none"
    )
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--shape", choices=("real", "tiny"), default="real")
    parser.add_argument("--json", type=Path)
    for name, kind in (("child", str), ("batch", int), ("result", str)):
        parser.add_argument(f"--{name}", type=kind, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args)
        return
    ways = ways_of(args)
    runs: dict[Way, list[dict[str, Any]]] = {way: [] for way in ways}
    for number in range(args.rounds):
        for way in ways:
            runs[way].append(measure(way, args))
            seconds = [round(cpu / way[1], 3) for cpu, _ in runs[way][-1]["steps"]]
            err.print(
                f"round {number + 1}, {way[0]}, {way[1]} rows a step: {seconds} CPU s a row", highlight=False
            )
    reference = runs[next(way for way in ways if way[0] == "completion")][0]
    results = [summary(way, runs[way], reference) for way in ways]
    seconds = {result["kind"]: result["cpu_s_a_row"] for result in results}
    for result in results:
        result["ratio_to_trl"] = seconds["trl"] / result["cpu_s_a_row"] if "trl" in seconds else None
        result["ratio_to_completion"] = seconds["completion"] / result["cpu_s_a_row"]
    show(results, args.prefix)
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        facts = {
            "prefix": args.prefix,
            "shape": args.shape,
            "torch": torch.__version__,
            "platform": platform.platform(),
            "ways": results,
        }
        args.json.write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main()
