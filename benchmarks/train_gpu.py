"""Samples a second on one GPU in bfloat16: TRL's SFTTrainer at its best settings against the shared prefix, on the real 270M shape.

    python benchmarks/train_gpu.py --trl DIR [--prefix 400] [--groups 64 256 512] [--steps 20] [--profile] [--json OUT]
    python benchmarks/train_gpu.py --trl DIR --smoke     # every piece on a CPU, in a tiny shape: no figures worth reading

DIR holds TRL 1.16 or later beside nothing else: `pip install --target DIR --no-deps trl`. Every way runs in a process of its own:
loss and gradient of the same rows, `warmup` steps that do not count (kernels are chosen, graphs compiled), then `steps` optimizer
steps, of which the median counts. The base is in bfloat16, the adapter in float32, LoRA r 32 on q, k, v, o without dropout; fused AdamW
for all. The ratio is to the fastest of TRL's ways:

- trl: rows padded to the longest; they differ by 24 tokens at most, so padding is 3 % of the work. Loss in TRL's fused tiles.
- trl compiled: the same through `torch_compile`, lengths rounded up to a multiple of 64, so that few graphs are compiled.
- trl padding-free, trl packing: only where flash-attn is installed, which they need.

Ours: completion (every row whole, all logits of the answers), shared (as `fgtrain lora` runs it), shared compiled (the layers through
torch.compile, sizes left open), shared graphs (rests padded to one length, so that CUDA graphs can be played again).
`tflops` is what is needed, not what was done: 419 MFLOP a token of the body and 671 a scored one; far below the card's peak with
little time in kernels (--profile) means that launches are the limit, near it that arithmetic is.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from rich.table import Table

from fgdata.console import err, out

COMPARED = 8
"""Rows whose loss and gradient are compared between the ways."""
BODY_FLOP, SCORED_FLOP = 419e6, 671e6
RIVALS: dict[str, dict[str, Any]] = {
    "trl": {},
    "trl compiled": {"torch_compile": True, "pad_to_multiple_of": 64},
    "trl padding-free": {"padding_free": True},
    "trl packing": {"packing": True},
}
NEEDS_FLASH = ("trl padding-free", "trl packing")
OURS = ("completion", "shared", "shared compiled", "shared graphs")


def ways_of(args: argparse.Namespace) -> list[tuple[str, int]]:
    """Ways and rows a step."""
    flash = importlib.util.find_spec("flash_attn") is not None
    if args.trl and not flash:
        err.print(f"flash-attn is not installed: without {' and '.join(NEEDS_FLASH)}.", highlight=False)
    rivals = [name for name in RIVALS if args.trl and (flash or name not in NEEDS_FLASH)]
    whole = [(name, args.rival_rows) for name in [*rivals, "completion"]]
    return whole + [(name, size) for name in OURS[1:] for size in args.groups]


def pad_rests(rows: list[Any]) -> list[Any]:
    """The rows filled up to the length of the longest, without loss there: causal models never see it."""
    from fgtrain.encode import IGNORED, Encoded

    longest = max(len(row.input_ids) for row in rows)
    return [
        Encoded(row.input_ids + [0] * short, row.labels + [IGNORED] * short)
        for row in rows
        for short in [longest - len(row.input_ids)]
    ]


def compile_for(name: str, model: Any) -> None:
    """Have the model's layers compiled, where the way says so."""
    text = model.get_base_model().model
    if name == "shared compiled":
        for layer in text.layers:
            layer.compile(dynamic=True)
    elif name == "shared graphs":
        text.compile(dynamic=False, mode="reduce-overhead")


def child(args: argparse.Namespace) -> None:
    """Run one way in this process and leave its figures in a file."""
    import train_ways

    from fgtrain.devices import peak_memory_bytes

    device, dtype = torch.device("cpu" if args.smoke else "cuda"), torch.bfloat16
    model = train_ways.adapted("tiny" if args.smoke else "real", device, dtype)
    if args.child in NEEDS_FLASH:
        model.config._attn_implementation = "flash_attention_2"
    rows = train_ways.random_rows(4 * args.batch, args.prefix, model.config.vocab_size)
    if args.child == "shared graphs":
        rows = pad_rests(rows)
    clock = train_ways.Clock(device)
    task = train_ways.Task(model, rows, args.batch, args.warmup + args.steps, dtype, clock)

    def trainer() -> Any:
        if args.child in RIVALS:
            return train_ways.trl_trainer(task, **RIVALS[args.child])
        made = train_ways.our_trainer(task, share=args.child != "completion")
        compile_for(args.child, model)
        return made

    result = train_ways.train(trainer, rows[:COMPARED], clock)
    if args.profile:
        profile(task, args.child)
    tokens = args.batch * len(rows[0].input_ids)
    if args.child.startswith("shared"):
        tokens -= (args.batch - 1) * args.prefix
    scored = args.batch * sum(row.n_scored for row in rows) / len(rows)
    result |= {"flop": tokens * BODY_FLOP + scored * SCORED_FLOP, "peak": peak_memory_bytes(device)}
    torch.save(result, args.result)


def profile(task: Any, name: str) -> None:
    """Print where the time of one more step goes."""
    import train_ways

    once = train_ways.Task(
        task.model, task.rows, task.batch, 1, task.dtype, train_ways.Clock(task.model.device)
    )
    trainer = (
        train_ways.trl_trainer(once, **RIVALS[name])
        if name in RIVALS
        else train_ways.our_trainer(once, share=name != "completion")
    )
    with torch.profiler.profile() as profiled:
        trainer.train()
    on_gpu = task.model.device.type == "cuda"
    order = "self_cuda_time_total" if on_gpu else "self_cpu_time_total"
    out.print(f"profile of a step: {name}", highlight=False)
    out.print(profiled.key_averages().table(sort_by=order, row_limit=25), highlight=False, markup=False)


def measure(name: str, batch: int, args: argparse.Namespace) -> dict[str, Any] | None:
    """What one way gives, from a new process; None if it failed, with its last lines on stderr."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.pt"
        extra = args.trl if name in RIVALS else None
        path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), extra]))
        command = [sys.executable, "-W", "ignore", __file__, "--child", name, "--batch", str(batch), "--steps", str(args.steps),
                   "--warmup", str(args.warmup), "--prefix", str(args.prefix), "--result", str(result),
                   *(["--smoke"] if args.smoke else []), *(["--profile"] if args.profile else [])]  # fmt: skip
        done = subprocess.run(
            command, env=os.environ | {"PYTHONPATH": path}, stderr=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            last = "\n".join(done.stderr.splitlines()[-6:])
            err.print(f"{name}, {batch} rows a step, failed:\n{last}", highlight=False, markup=False)
            return None
        return dict(torch.load(result))


def summary(
    name: str, batch: int, run: dict[str, Any], reference: dict[str, Any], warmup: int
) -> dict[str, Any]:
    """The figures of a way."""
    walls = [wall for _, wall in run["steps"][warmup:]]
    seconds, expected = statistics.median(walls), reference["gradient"]
    return {
        "way": name,
        "rows_a_step": batch,
        "n_steps": len(walls),
        "samples_per_s": batch / seconds,
        "samples_per_s_range": [batch / max(walls), batch / min(walls)],
        "tflops": run["flop"] / seconds / 1e12,
        "peak_gib": run["peak"] / 2**30,
        "loss_relative_difference": abs(run["loss"] / reference["loss"] - 1),
        "gradient_relative_difference": float((run["gradient"] - expected).norm() / expected.norm()),
    }


def show(results: list[dict[str, Any]], title: str) -> None:
    """The table."""
    table = Table(title=title)
    for column in (
        "way",
        "rows a step",
        "samples/s",
        "ratio",
        "tflops",
        "peak GiB",
        "loss off",
        "gradient off",
    ):
        table.add_column(column, justify="left" if column == "way" else "right")
    for result in results:
        table.add_row(
            result["way"],
            str(result["rows_a_step"]),
            f"{result['samples_per_s']:.1f}",
            f"{result['ratio']:.2f}x" if result["ratio"] else "",
            f"{result['tflops']:.1f}",
            f"{result['peak_gib']:.2f}",
            f"{result['loss_relative_difference']:.0e}",
            f"{result['gradient_relative_difference']:.0e}",
        )
    out.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trl", help="folder that TRL was installed into")
    parser.add_argument("--prefix", type=int, default=400)
    parser.add_argument("--groups", type=int, nargs="+", default=[64, 256, 512])
    parser.add_argument(
        "--rival-rows", type=int, default=64, help="rows a step of the ways that share nothing"
    )
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warmup", type=int, default=5)
    parser.add_argument("--profile", action="store_true", help="where a step's time goes, for every way")
    parser.add_argument("--smoke", action="store_true", help="every piece on a CPU, in a tiny shape")
    parser.add_argument("--json", type=Path)
    for name, kind in (("child", str), ("batch", int), ("result", str)):
        parser.add_argument(f"--{name}", type=kind, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args)
        return
    if args.smoke:
        args.prefix, args.groups, args.rival_rows, args.steps, args.warmup = 64, [8], 8, 2, 1
    elif not torch.cuda.is_available():
        parser.exit(
            2,
            "benchmarks/train_gpu.py: torch sees no GPU here. Nothing was measured. --smoke tries its pieces on the CPU.\n",
        )
    found = [(name, batch, measure(name, batch, args)) for name, batch in ways_of(args)]
    runs = [(name, batch, run) for name, batch, run in found if run is not None]
    reference = next((run for name, _, run in runs if name == "completion"), None)
    if reference is None:
        parser.exit(1, "benchmarks/train_gpu.py: what the others are compared with failed; see above.\n")
    results = [summary(name, batch, run, reference, args.warmup) for name, batch, run in runs]
    best = max((result["samples_per_s"] for result in results if result["way"] in RIVALS), default=None)
    for result in results:
        result["ratio"] = result["samples_per_s"] / best if best else None
    card = "a CPU, tiny shape: a trial of the pieces" if args.smoke else torch.cuda.get_device_name()
    show(results, f"prefix {args.prefix}, {card}")
    if args.json and not args.smoke:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        facts = {"prefix": args.prefix, "card": card, "torch": torch.__version__, "ways": results}
        args.json.write_text(json.dumps(facts, indent=2) + "\n")
    failed = len(found) - len(runs)
    if failed:
        parser.exit(1, f"{failed} of {len(found)} ways failed; see above.\n")


if __name__ == "__main__":
    main()
