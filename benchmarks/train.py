"""A training step with every row's prompt computed anew against the prompt prefix computed once a batch.

    python benchmarks/train.py [--model models/tiny] [--pack climate_ko] [--batch 16] [--dtype float32] [--dropout 0] [--json OUT]

All ways run in turns in this process on the same rows, adapter and weights, forward and backward; medians are printed with their ratio,
and how far apart loss and gradients are (with dropout by the draw). `all logits` is transformers' own loss, `fused layers` what
`fgtrain lora` does on a CPU. Against other trainers and at the real size: `benchmarks/train_cpu.py`, `benchmarks/train_gpu.py`. A whole run:

    fgdata generate climate_ko --rows 5200 --seed 1 --out data && head -n 4000 data/train.jsonl > rows.jsonl
    time fgtrain lora --model models/tiny --train_file rows.jsonl --output_dir out --per_device_train_batch_size 16 \\
        --gradient_accumulation_steps 1
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from rich.table import Table

from fgdata.console import out
from fgdata.generator import generate
from fgdata.packs import load_pack
from fgeval.loading import load_model, load_tokenizer
from fgtrain.adapter import add_lora
from fgtrain.batches import Batch, Collator, all_parts, count_scored
from fgtrain.encode import Encoded, encode_example
from fgtrain.fused import fuse
from fgtrain.loss import scored_logits, scored_loss, summed_loss
from fgtrain.prefix import make_collator

FIRST = "all logits"
"""What the others are compared with."""


def encoded_rows(pack: str, tokenizer: Any, count: int) -> list[Encoded]:
    """The first training rows of a pack."""
    examples = generate(load_pack(pack), rows=20 * count, seed=1).splits["train"][:count]
    return [encode_example(example, tokenizer) for example in examples]


def adapted(model: str, dtype: Literal["float32", "bfloat16"], dropout: float) -> Any:
    """The model with an adapter on all layers whose second matrices are not zero."""
    torch.manual_seed(1)
    base = load_model(model, device="cpu", dtype=dtype)
    tuned = add_lora(
        base, r=32, alpha=64, dropout=dropout, target_modules=("all-linear",), base_name=model, revision=None
    )
    with torch.no_grad():
        for name, parameter in tuned.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.02)
    return tuned.train()


def gradients(model: Any) -> torch.Tensor:
    """All gradients of the adapter as one vector."""
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


def make_ways(
    plain: Any, fused: Any, pad: int, rows: Sequence[Encoded]
) -> dict[str, tuple[Any, Callable[[], torch.Tensor]]]:
    """Name -> the model that is trained, and its loss on the rows."""
    padded, shared = Collator(pad), make_collator(plain, pad, share=True)
    make_collator(fused, pad, share=True)

    def scored(batch: Batch) -> torch.Tensor:
        logits = scored_logits(plain, plain.get_output_embeddings(), batch)
        return summed_loss(logits, batch) / count_scored(batch)

    def tiled(model: Any, batch: Batch) -> torch.Tensor:
        parts = [scored_loss(model, model.get_output_embeddings(), part) for part in all_parts(batch)]
        return torch.stack(parts).sum() / count_scored(batch)

    return {
        FIRST: (plain, lambda: plain(**padded(rows), use_cache=False).loss),
        "scored logits": (plain, lambda: scored(padded(rows))),
        "tiled loss, shared prefix": (plain, lambda: tiled(plain, shared(rows))),
        "the same, fused layers": (fused, lambda: tiled(fused, shared(rows))),
    }


def measure(
    ways: Mapping[str, tuple[Any, Callable[[], torch.Tensor]]], repeats: int, n_rows: int, *, half: bool
) -> dict[str, dict[str, float]]:
    """The median step of each way, and how far its loss and gradients are from the first one's."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    losses: dict[str, float] = {}
    vectors: dict[str, torch.Tensor] = {}
    for _ in range(repeats + 1):  # the first round warms up
        for name, (model, way) in ways.items():
            model.zero_grad()
            begun = time.perf_counter()
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                loss = way()
            loss.backward()
            times[name].append(time.perf_counter() - begun)
            losses[name], vectors[name] = loss.item(), gradients(model)
    seconds = {name: statistics.median(values[1:]) for name, values in times.items()}
    return {
        name: {
            "seconds": seconds[name],
            "rows_per_s": n_rows / seconds[name],
            "ratio": seconds[FIRST] / seconds[name],
            "loss_relative_difference": abs(losses[name] / losses[FIRST] - 1),
            "gradient_relative_difference": float(
                (vectors[name] - vectors[FIRST]).norm() / vectors[FIRST].norm()
            ),
        }
        for name in ways
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="models/tiny")
    parser.add_argument("--pack", default="climate_ko")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    tokenizer = load_tokenizer(args.model)
    plain, fused = (adapted(args.model, args.dtype, args.dropout) for _ in range(2))
    rows = encoded_rows(args.pack, tokenizer, args.batch)
    ways = make_ways(plain, fuse(fused), tokenizer.pad_token_id, rows)
    result = measure(ways, args.repeats, args.batch, half=args.dtype == "bfloat16")
    table = Table(
        title=f"{args.pack}, {args.batch} rows of about {len(rows[0].input_ids)} tokens, {args.model}, {args.dtype}, "
        f"dropout {args.dropout}, {torch.get_num_threads()} threads"
    )
    for column in ("way", "s a step", "rows/s", "ratio", "loss differs by", "gradients differ by"):
        table.add_column(column, justify="left" if column == "way" else "right")
    for name, found in result.items():
        table.add_row(
            name,
            f"{found['seconds']:.3f}",
            f"{found['rows_per_s']:.1f}",
            f"{found['ratio']:.1f}x",
            f"{found['loss_relative_difference']:.1e}",
            f"{found['gradient_relative_difference']:.1e}",
        )
    out.print(table)
    if args.json:
        facts = {
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
            "batch": args.batch,
            "dtype": args.dtype,
            "dropout": args.dropout,
            "ways": result,
        }
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main()
