"""A training step with every row's prompt computed anew against the prompt prefix computed once a batch.

    python benchmarks/train.py [--model models/tiny] [--pack climate_ko] [--batch 16] [--repeats 5] [--json OUT]

Both ways run in turns in this process on the same rows, adapter and weights (dropout 0), forward and backward; medians are
printed with their ratio, and how far apart loss and gradients are. `all logits` is transformers' own loss, `tiled loss, shared prefix`
what `fgtrain lora` does, on a CPU with the layers of the last way. Against other trainers and at the real size: `benchmarks/train_cpu.py`, `benchmarks/train_gpu.py`. A whole run:

    fgdata generate climate_ko --rows 5200 --seed 1 --out data && head -n 4000 data/train.jsonl > rows.jsonl
    time fgtrain lora --model models/tiny --train_file rows.jsonl --output_dir out --per_device_train_batch_size 16 \\
        --gradient_accumulation_steps 1
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from rich.table import Table

from fgdata.console import out
from fgdata.generator import generate
from fgdata.packs import load_pack
from fgeval.loading import load_model, load_tokenizer
from fgtrain.adapter import add_lora
from fgtrain.batches import Collator, all_parts, count_scored
from fgtrain.encode import Encoded, encode_example
from fgtrain.fused import fuse
from fgtrain.loss import scored_logits, scored_loss, summed_loss
from fgtrain.prefix import make_collator


def encoded_rows(pack: str, tokenizer: Any, count: int) -> list[Encoded]:
    """The first training rows of a pack."""
    examples = generate(load_pack(pack), rows=20 * count, seed=1).splits["train"][:count]
    return [encode_example(example, tokenizer) for example in examples]


def adapted(model: str) -> Any:
    """The model with an adapter whose second matrices are not zero."""
    torch.manual_seed(1)
    tuned = add_lora(load_model(model, device="cpu"), r=32, alpha=64, dropout=0.0,
                     target_modules=("q_proj", "k_proj", "v_proj", "o_proj"), base_name=model, revision=None)  # fmt: skip
    with torch.no_grad():
        for name, parameter in tuned.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.02)
    return tuned.train()


def gradients(model: Any) -> torch.Tensor:
    """All gradients of the adapter as one vector."""
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="models/tiny")
    parser.add_argument("--pack", default="climate_ko")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    tokenizer, model = load_tokenizer(args.model), adapted(args.model)
    rows = encoded_rows(args.pack, tokenizer, args.batch)
    quick = fuse(adapted(args.model))
    head = model.get_output_embeddings()

    def scored(batch: Any) -> torch.Tensor:
        return summed_loss(scored_logits(model, head, batch), batch) / count_scored(batch)

    def tiled(batch: Any, model: Any = model) -> torch.Tensor:
        parts = [scored_loss(model, model.get_output_embeddings(), part) for part in all_parts(batch)]
        return torch.stack(parts).sum() / count_scored(batch)

    padded = Collator(tokenizer.pad_token_id)
    shared = make_collator(model, tokenizer.pad_token_id, share=True)
    make_collator(quick, tokenizer.pad_token_id, share=True)
    ways: dict[str, Callable[[], torch.Tensor]] = {
        "all logits": lambda: model(**padded(rows), use_cache=False).loss,
        "scored logits": lambda: scored(padded(rows)),
        "tiled loss, shared prefix": lambda: tiled(shared(rows)),
        "the same, fused layers": lambda: tiled(shared(rows), quick),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    losses: dict[str, float] = {}
    vectors: dict[str, torch.Tensor] = {}
    for _ in range(args.repeats + 1):  # the first round warms up
        for name, way in ways.items():
            one = quick if "fused" in name else model
            one.zero_grad()
            begun = time.perf_counter()
            loss = way()
            loss.backward()
            times[name].append(time.perf_counter() - begun)
            losses[name], vectors[name] = loss.item(), gradients(one)
    medians = {name: statistics.median(values[1:]) for name, values in times.items()}
    first = "all logits"
    table = Table(
        title=f"{args.pack}, {args.batch} rows of about {len(rows[0].input_ids)} tokens, {args.model}"
    )
    for column in ("way", "s a step", "rows/s", "ratio", "loss differs by", "gradients differ by"):
        table.add_column(column, justify="left" if column == "way" else "right")
    result = {}
    for name, seconds in medians.items():
        apart = float((vectors[name] - vectors[first]).norm() / vectors[first].norm())
        off = abs(losses[name] / losses[first] - 1)
        result[name] = {"seconds": seconds, "rows_per_s": args.batch / seconds, "ratio": medians[first] / seconds,
                        "loss_relative_difference": off, "gradient_relative_difference": apart}  # fmt: skip
        table.add_row(
            name,
            f"{seconds:.3f}",
            f"{args.batch / seconds:.1f}",
            f"{medians[first] / seconds:.1f}x",
            f"{off:.1e}",
            f"{apart:.1e}",
        )
    out.print(table)
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(
            json.dumps(
                {
                    "threads": torch.get_num_threads(),
                    "torch": torch.__version__,
                    "batch": args.batch,
                    "ways": result,
                },
                indent=2,
            )
            + "\n"
        )


if __name__ == "__main__":
    main()
