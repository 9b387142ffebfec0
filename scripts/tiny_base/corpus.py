"""The pretraining corpus: fixed rows of one declarations prefix and as many requests with their answers as fit.

python -m scripts.tiny_base.corpus --rows 12000 --out out/tiny-base
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from fgdata.console import err, progress_bar
from fgdata.format import TRIGGER, render_prompt, render_target
from fgdata.schema import Call
from scripts.tiny_base.tokenizer import train_tokenizer
from scripts.tiny_base.world import Scene

ROW = 640
CHUNK = 250
PAD_SEGMENT = 255
_DEVELOPER = {"role": "developer", "content": TRIGGER}
_TURN = "<start_of_turn>user\n"


def chunk_rng(seed: int, chunk: int) -> random.Random:
    """The random stream of one chunk: the same whatever process makes it."""
    return random.Random(hashlib.sha256(f"tiny-base/{seed}/{chunk}".encode()).digest())


def answer_message(calls: tuple[Call, ...], answer: str) -> dict[str, object]:
    """The assistant's message for a request."""
    return (
        {"role": "assistant", "tool_calls": [call.to_json() for call in calls]}
        if calls
        else {"role": "assistant", "content": answer}
    )


def scene_texts(rng: random.Random, scene: Scene) -> tuple[str, Iterator[tuple[str, str]]]:
    """The prefix that all requests of a scene share, and endless (turn, target) pairs."""
    tools = [tool.to_json() for tool in scene.tools]
    prompt = render_prompt([_DEVELOPER, {"role": "user", "content": "x"}], tools)
    prefix = prompt[: prompt.index(_TURN)]

    def pairs() -> Iterator[tuple[str, str]]:
        while True:
            text, calls, answer = scene.request(rng)
            yield (
                f"{_TURN}{text}<end_of_turn>\n<start_of_turn>model\n",
                render_target(answer_message(calls, answer)),
            )

    return prefix, pairs()


def tool_limit(progress: float) -> int:
    """The most tools a scene has at this point of the curriculum (0.0 start to 1.0 end)."""
    return min(9, 3 + int(progress * 12))


def _row(
    rng: random.Random, tokenizer: Tokenizer, progress: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """ids, segment (0 prefix, 1.. requests, 255 padding), target flag; and the number of requests."""
    while True:
        scene = Scene(rng, rng.randint(2, tool_limit(progress)))
        prefix, pairs = scene_texts(rng, scene)
        head = tokenizer.encode(prefix, add_special_tokens=False).ids
        if len(head) <= ROW - 160:
            break
    ids, segments, targets = list(head), [0] * len(head), [0] * len(head)
    count = 0
    for turn, target in pairs:
        a = tokenizer.encode(turn, add_special_tokens=False).ids
        b = tokenizer.encode(target, add_special_tokens=False).ids
        if len(ids) + len(a) + len(b) > ROW:
            break
        count += 1
        ids += a + b
        segments += [count] * (len(a) + len(b))
        targets += [0] * len(a) + [1] * len(b)
    room = ROW - len(ids)
    return (np.array(ids + [0] * room, np.uint16), np.array(segments + [PAD_SEGMENT] * room, np.uint8),
            np.array(targets + [0] * room, np.uint8), count)  # fmt: skip


def _chunk(job: tuple[str, int, int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    tokenizer_file, seed, chunk, chunks = job
    rng, tokenizer = chunk_rng(seed, chunk), Tokenizer.from_file(tokenizer_file)
    rows = [_row(rng, tokenizer, chunk / chunks) for _ in range(CHUNK)]
    ids, segments, targets = (np.stack([row[part] for row in rows]) for part in range(3))
    return ids, segments, targets, sum(row[3] for row in rows)


def corpus_sample(seed: int, scenes: int) -> Iterator[str]:
    """Texts of `scenes` scenes with a few requests each, for the tokenizer and the overlap report."""
    for number in range(scenes):
        rng = chunk_rng(seed, 1_000_000 + number)
        prefix, pairs = scene_texts(rng, Scene(rng, rng.randint(2, 8)))
        yield prefix
        for _ in range(12):
            turn, target = next(pairs)
            yield turn + target


ALPHABET = Path(__file__).with_name("alphabet.txt")
"""Characters with a piece of their own: printable ASCII and the syllables of this corpus and of the packs when it was frozen."""


def make_corpus(out: Path, rows: int, seed: int, workers: int) -> dict[str, object]:
    """Write `tokenizer.json` and `corpus.npz` to `out`; return the figures for the model card."""
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = train_tokenizer(corpus_sample(seed, 2500), ALPHABET.read_text("utf-8").strip())
    tokenizer_file = str(out / "tokenizer.json")
    tokenizer.save(tokenizer_file)
    chunks = max(1, rows // CHUNK)
    jobs = [(tokenizer_file, seed, chunk, chunks) for chunk in range(chunks)]
    parts, requests = [], 0
    with multiprocessing.get_context("spawn").Pool(workers) as pool, progress_bar() as bar:
        task = bar.add_task("corpus", total=chunks * CHUNK)
        for *arrays, count in pool.imap(_chunk, jobs):
            parts.append(arrays)
            requests += count
            bar.advance(task, CHUNK)
    ids, segments, targets = (np.concatenate([part[i] for part in parts]) for i in range(3))
    np.savez(out / "corpus.npz", ids=ids, segments=segments, targets=targets)
    digest = hashlib.sha256(ids.tobytes() + segments.tobytes() + targets.tobytes()).hexdigest()
    tokens = int((segments != PAD_SEGMENT).sum())
    return {
        "rows": len(ids),
        "requests": requests,
        "tokens": tokens,
        "target_tokens": int(targets.sum()),
        "sha256": digest,
        "seed": seed,
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=12000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("out/tiny-base"))
    args = parser.parse_args()
    figures = make_corpus(args.out, args.rows, args.seed, args.workers)
    (args.out / "corpus.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    err.print(figures)


if __name__ == "__main__":
    main()
