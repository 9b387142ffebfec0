"""Greedy decoding with the common prefix computed once against left-padded batched `generate`, on random weights of the real shape.

    python benchmarks/infer.py [--prompts 16] [--prefix 400] [--rest 16] [--new 24] [--repeats 3] [--shape real|tiny] [--json OUT]

Both ways run in turns in this process on the same prompts; the medians are printed with their ratio, and how many rows are the same,
token for token. `one by one` (with --single N, for the first N prompts) is what both must write. The prefix is computed anew
each time, as for the first batch of a file; `next batch` has it from the batch before. Ratios are of CPU seconds of this process,
which other programs on the machine hardly move; seconds on the clock stand beside them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from rich.table import Table
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, GenerationConfig

from fgdata.console import out
from fgeval.backends.packed import PackedDecoder

SHAPES = {
    "real": Gemma3TextConfig(vocab_size=262_144, hidden_size=640, intermediate_size=2048, num_hidden_layers=18, num_attention_heads=4,
                             num_key_value_heads=1, head_dim=256, query_pre_attn_scalar=256, max_position_embeddings=32_768,
                             sliding_window=512, sliding_window_pattern=6),
    "tiny": Gemma3TextConfig(vocab_size=4096, hidden_size=256, intermediate_size=640, num_hidden_layers=5, num_attention_heads=4,
                             num_key_value_heads=1, head_dim=64, query_pre_attn_scalar=64, sliding_window=512, sliding_window_pattern=6),
}  # fmt: skip
PAD, NO_STOP = 0, 1


def padded(model: Gemma3ForCausalLM, prompts: list[list[int]], new: int) -> list[list[int]]:
    """What transformers' own `generate` writes for a batch padded on the left."""
    longest = max(map(len, prompts))
    ids = torch.tensor([[PAD] * (longest - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    model.generation_config = GenerationConfig(
        do_sample=False, max_new_tokens=new, min_new_tokens=new, eos_token_id=NO_STOP, pad_token_id=PAD
    )
    with torch.inference_mode():
        return model.generate(input_ids=ids, attention_mask=mask)[:, longest:].tolist()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, default in (
        ("prompts", 16),
        ("prefix", 400),
        ("rest", 16),
        ("new", 24),
        ("repeats", 3),
        ("single", 2),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--shape", choices=SHAPES, default="real")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    torch.manual_seed(0)
    model = Gemma3ForCausalLM(SHAPES[args.shape]).eval()
    chance = torch.Generator().manual_seed(1)

    def draw(n: int) -> tuple[int, ...]:
        return tuple(torch.randint(200, model.config.vocab_size, (n,), generator=chance).tolist())

    prefix = draw(args.prefix)
    cut = [(prefix, draw(args.rest + number % 5)) for number in range(args.prompts)]  # of unlike lengths
    whole = [[*before, *rest] for before, rest in cut]
    warm = PackedDecoder(model, [NO_STOP], args.new)
    ways: dict[str, Callable[[], list[list[int]]]] = {
        "left-padded batch": lambda: padded(model, whole, args.new),
        "prefix once": lambda: PackedDecoder(model, [NO_STOP], args.new).decode(cut),
        "prefix once, next batch": lambda: warm.decode(cut),
    }
    warm.decode(cut[:1])
    times: dict[str, list[float]] = {name: [] for name in ways}
    clock: dict[str, list[float]] = {name: [] for name in ways}
    written: dict[str, list[list[int]]] = {}
    for _ in range(args.repeats):
        for name, way in ways.items():
            begun, begun_cpu = time.perf_counter(), time.process_time()
            written[name] = way()
            times[name].append(time.process_time() - begun_cpu)
            clock[name].append(time.perf_counter() - begun)
    alone = [padded(model, [prompt], args.new)[0] for prompt in whole[: args.single]]
    first = "left-padded batch"
    medians = {name: statistics.median(values) for name, values in times.items()}
    table = Table(title=f"{args.prompts} prompts of {args.prefix} + {args.rest} tokens, {args.new} new ones, {args.shape} shape, "
                  f"float32, {torch.get_num_threads()} threads")  # fmt: skip
    for column in (
        "way",
        "CPU s",
        "clock s",
        "samples/CPU s",
        "ratio",
        "rows as padded",
        "rows as one by one",
    ):
        table.add_column(column, justify="left" if column == "way" else "right")
    result = {}
    for name, seconds in medians.items():
        same = sum(a == b for a, b in zip(written[name], written[first], strict=True))
        as_alone = sum(a == b for a, b in zip(written[name], alone, strict=False))
        result[name] = {"cpu_s": times[name], "clock_s": clock[name], "median_cpu_s": seconds, "samples_per_cpu_s": args.prompts / seconds,
                        "ratio": medians[first] / seconds, "same_rows": same, "same_as_alone": as_alone}  # fmt: skip
        table.add_row(name, f"{seconds:.2f}", f"{statistics.median(clock[name]):.2f}", f"{args.prompts / seconds:.2f}", f"{medians[first] / seconds:.2f}x",
                      f"{same}/{args.prompts}", f"{as_alone}/{len(alone)}")  # fmt: skip
    out.print(table)
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        shape = {
            "prompts": args.prompts,
            "prefix": args.prefix,
            "rest": args.rest,
            "new": args.new,
            "shape": args.shape,
        }
        about = {"threads": torch.get_num_threads(), "torch": torch.__version__, **shape, "ways": result}
        args.json.write_text(json.dumps(about, indent=2) + "\n")


if __name__ == "__main__":
    main()
