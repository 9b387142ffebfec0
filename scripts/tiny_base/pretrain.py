"""Pretrain the tiny base: from nothing on the first stage's corpus, then go on with the others'.

python -m scripts.tiny_base.pretrain --corpus out/tiny-base --out out/tiny-base/model
python -m scripts.tiny_base.pretrain --corpus out/tiny-base/stage-2 --out out/tiny-base/stage-2/model \\
    --init out/tiny-base/model/final --muon-lr 2e-3 --adam-lr 2e-3 --seed 2 --save-every 100
python -m scripts.tiny_base.pretrain --corpus out/tiny-base/stage-3 --out out/tiny-base/stage-3/model \\
    --init out/tiny-base/stage-2/model/final --muon-lr 3e-3 --adam-lr 3e-3 --seed 3 --bf16 --processes 2
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor
from torch.multiprocessing.spawn import spawn
from transformers import Gemma3ForCausalLM, Gemma3TextConfig

from fgdata.console import err
from scripts.tiny_base.corpus import PAD_SEGMENT
from scripts.tiny_base.tokenizer import VOCABULARY

LAYERS = ("sliding_attention", "sliding_attention", "full_attention", "sliding_attention", "full_attention")
PROMPT_WEIGHT = 0.5
"""Loss weight of request tokens in the first third of the run; targets weigh 1.0 throughout."""


def build_model() -> Gemma3ForCausalLM:
    """A Gemma 3 text model of 4.3 million parameters with random weights."""
    config = Gemma3TextConfig(
        vocab_size=VOCABULARY, hidden_size=256, intermediate_size=640, num_hidden_layers=len(LAYERS), num_attention_heads=4,
        num_key_value_heads=1, head_dim=64, query_pre_attn_scalar=64, layer_types=list(LAYERS), sliding_window=512,
        max_position_embeddings=4096, bos_token_id=2, eos_token_id=1, pad_token_id=0, tie_word_embeddings=True,
        attn_implementation="sdpa",
    )  # fmt: skip
    return Gemma3ForCausalLM(config)


def row_positions(segments: Tensor) -> Tensor:
    """(B, T) positions that restart after the prefix for every request of a row."""
    index = torch.arange(segments.shape[1]).expand_as(segments)
    prefix = (segments == 0).sum(1, keepdim=True)
    new = torch.cat(
        [torch.ones_like(segments[:, :1]), (segments[:, 1:] != segments[:, :-1]).long()], 1
    ).bool()
    starts = torch.where(new, index, torch.zeros_like(index)).cummax(1).values
    return torch.where(segments == 0, index, index - starts + prefix)


def row_mask(segments: Tensor, positions: Tensor, window: int | None) -> Tensor:
    """(B, 1, T, T) additive mask: a token sees the prefix and its own request, backwards, at most `window` positions away."""
    T = segments.shape[1]  # noqa: N806
    causal = torch.ones(T, T, dtype=torch.bool).tril()
    own = segments[:, :, None] == segments[:, None, :]
    seen = causal & (own | (segments[:, None, :] == 0))
    if window is not None:
        seen &= positions[:, :, None] - positions[:, None, :] < window
    return torch.zeros(seen.shape).masked_fill(~seen, torch.finfo(torch.float32).min)[:, None]


def batches(corpus: Any, batch: int, seed: int) -> Iterator[tuple[Tensor, Tensor, Tensor, float]]:
    """(ids, segments, target flags, progress); the rows' order (few tools first) is kept, shuffled within blocks."""
    ids, segments, targets = corpus["ids"], corpus["segments"], corpus["targets"]
    rng, block = random.Random(seed), 1000
    order: list[int] = []
    for start in range(0, len(ids), block):
        part = list(range(start, min(start + block, len(ids))))
        rng.shuffle(part)
        order += part
    for start in range(0, len(order) - batch + 1, batch):
        rows = order[start : start + batch]
        i, s, t = (torch.from_numpy(array[rows].astype(np.int64)) for array in (ids, segments, targets))
        yield i, s, t, start / len(order)


class Optimizers:
    """Muon on the matrices of the blocks, AdamW on embeddings and norms, one learning-rate schedule for both."""

    def __init__(self, model: Gemma3ForCausalLM, muon_lr: float, adam_lr: float) -> None:
        matrices: list[Tensor] = []
        rest: list[Tensor] = []
        for name, parameter in model.named_parameters():
            (matrices if parameter.ndim == 2 and "embed" not in name else rest).append(parameter)
        self.parts: list[tuple[torch.optim.Optimizer, float]] = [
            (
                torch.optim.Muon(matrices, lr=muon_lr, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
                muon_lr,
            ),
            (torch.optim.AdamW(rest, lr=adam_lr, betas=(0.9, 0.98), weight_decay=0.0), adam_lr),
        ]

    def step(self, share: float) -> None:
        """One step at `share` of the full learning rates."""
        for optimizer, rate in self.parts:
            for group in optimizer.param_groups:
                group["lr"] = rate * share
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)


def schedule(progress: float) -> float:
    """Share of the full learning rate: a short warm-up, flat, then linearly to 4 % over the last 45 %."""
    return min(1.0, (progress + 1e-3) / 0.02) * (
        1.0 if progress < 0.55 else 1.0 - 0.96 * (progress - 0.55) / 0.45
    )


def weighted_loss(
    model: Any, body: Any, batch: tuple[Tensor, Tensor, Tensor], prompt_weight: float
) -> tuple[Tensor, Tensor]:
    """The weighted mean loss of a batch, and the (N,) losses of its answer tokens.

    Args:
        batch: ids, segments and target flags, (B, T) each.
        prompt_weight: weight of request and declaration tokens; answers weigh 1.
    """
    ids, segments, targets = batch
    positions = row_positions(segments)
    masks = {
        "full_attention": row_mask(segments, positions, None),
        "sliding_attention": row_mask(segments, positions, model.config.sliding_window),
    }
    hidden = body(
        input_ids=ids, position_ids=positions, attention_mask=masks, use_cache=False
    ).last_hidden_state
    # Position i predicts token i + 1 if both belong to one request.
    follows = (segments[:, 1:] == segments[:, :-1]) & (segments[:, 1:] != PAD_SEGMENT)
    answers = targets[:, 1:].bool() & follows
    weights = torch.where(follows & ~answers, prompt_weight, answers.float())
    scored = weights > 0
    logits = model.lm_head(hidden[:, :-1][scored])
    losses = torch.nn.functional.cross_entropy(logits, ids[:, 1:][scored], reduction="none")
    return (losses * weights[scored]).sum() / weights.sum(), losses.detach()[answers[scored]]


def _average_gradients(model: Gemma3ForCausalLM) -> None:
    """Give all processes the mean of their gradients."""
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    at = 0
    for gradient in gradients:
        gradient.copy_(flat[at : at + gradient.numel()].view_as(gradient))
        at += gradient.numel()


def pretrain(rank: int, args: argparse.Namespace, meeting: str) -> None:
    """One process of the run: one pass over the corpus, a log line every 20 steps, checkpoints in between.

    Args:
        rank: which of the processes; the first one logs, losses of its own rows, and saves.
        meeting: path of a file through which the processes find each other.
    """
    torch.manual_seed(args.seed)
    if args.processes > 1:
        torch.set_num_threads(1)
        dist.init_process_group("gloo", f"file://{meeting}", rank=rank, world_size=args.processes)
    corpus = dict(np.load(args.corpus / "corpus.npz"))
    model = build_model()
    if args.init:
        model.load_state_dict(Gemma3ForCausalLM.from_pretrained(args.init, dtype=torch.float32).state_dict())
    body = torch.compile(model.model)
    optimizers = Optimizers(model, args.muon_lr, args.adam_lr)
    args.out.mkdir(parents=True, exist_ok=True)
    begun, tokens = time.perf_counter(), 0
    recent: list[Tensor] = []
    with (args.out / ("log.jsonl" if rank == 0 else f"log-{rank}.jsonl")).open("w") as log:
        for step, (ids, segments, targets, progress) in enumerate(batches(corpus, args.batch, args.seed), 1):
            own = slice(rank, None, args.processes)
            prompt_weight = PROMPT_WEIGHT if progress < 1 / 3 and not args.init else 0.0
            with torch.autocast("cpu", torch.bfloat16, enabled=args.bf16):
                loss, answer_losses = weighted_loss(
                    model, body, (ids[own], segments[own], targets[own]), prompt_weight
                )
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            if args.processes > 1:
                _average_gradients(model)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizers.step(schedule(progress))
            recent.append(answer_losses)
            tokens += int((segments != PAD_SEGMENT).sum())
            if step % 20 == 0:
                spent = time.perf_counter() - begun
                entry = {
                    "step": step,
                    "progress": round(progress, 4),
                    "loss": round(float(torch.cat(recent).mean()), 4),
                    "tokens": tokens,
                    "tokens_per_s": round(tokens / spent),
                    "seconds": round(spent),
                }
                log.write(json.dumps(entry) + "\n")
                log.flush()
                recent.clear()
                if rank == 0:
                    err.print(json.dumps(entry))
            if step % args.save_every == 0 and rank == 0:
                save(model, args.out / f"step-{step}")
    if rank == 0:
        save(model, args.out / "final")
    if args.processes > 1:
        dist.destroy_process_group()


def save(model: Gemma3ForCausalLM, folder: Path) -> None:
    """Write the weights in bfloat16, which is how they are published."""
    copy = build_model()
    copy.load_state_dict(model.state_dict())
    copy.to(torch.bfloat16).save_pretrained(folder)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, default=Path("out/tiny-base"))
    parser.add_argument("--out", type=Path, default=Path("out/tiny-base/model"))
    parser.add_argument("--init", type=Path, help="go on from this checkpoint instead of random weights")
    parser.add_argument("--batch", type=int, default=8, help="rows a step")
    parser.add_argument("--muon-lr", type=float, default=4e-3)
    parser.add_argument("--adam-lr", type=float, default=4e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save-every", type=int, default=250, help="steps between checkpoints")
    parser.add_argument("--bf16", action="store_true", help="compute in bfloat16 where torch's autocast does")
    parser.add_argument(
        "--processes",
        type=int,
        default=1,
        help="processes of one thread that share each batch; where other programs run too, faster than threads",
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        meeting = f"{folder}/meeting"
        if args.processes > 1:
            spawn(pretrain, (args, meeting), nprocs=args.processes)  # type: ignore[no-untyped-call]  # as above
        else:
            pretrain(0, args, meeting)


if __name__ == "__main__":
    main()
