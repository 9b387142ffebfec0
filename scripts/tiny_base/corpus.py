"""The pretraining corpus: fixed rows of one declarations prefix and as many requests with their answers as fit.

python -m scripts.tiny_base.corpus --rows 12000 --out out/tiny-base
python -m scripts.tiny_base.corpus --stage 2 --rows 3500 --seed 2 --out out/tiny-base
python -m scripts.tiny_base.corpus --stage 3 --rows 11000 --seed 3 --out out/tiny-base

The first stage also trains the tokenizer. The second one, for the last part of pretraining, has made-up words of all the
tokenizer's pieces and more requests that call nothing; it goes to `stage-2/`. The third one, in `stage-3/`, has many more
ways to say things in Korean, and a third of its requests calls nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from fgdata.console import err, progress_bar
from fgdata.format import TRIGGER, render_prompt, render_target
from fgdata.schema import Call
from scripts.tiny_base.pieces import Pieces
from scripts.tiny_base.scene import Scene
from scripts.tiny_base.tokenizer import train_tokenizer

ROW = 640
"""Tokens of a row, padding included."""
CHUNK = 250
"""Rows that share a random stream."""
PAD_SEGMENT = 255
ALPHABET = Path(__file__).with_name("alphabet.txt")
"""Characters with a piece of their own: printable ASCII and the syllables of this corpus and of the packs when it was frozen."""
_DEVELOPER = {"role": "developer", "content": TRIGGER}
_TURN = "<start_of_turn>user\n"

Array: TypeAlias = npt.NDArray[Any]


class Rows(NamedTuple):
    """One row, (T,) each, or several, (B, T) each."""

    ids: Array
    segments: Array
    """0 for the prefix, 1 and up for the requests, `PAD_SEGMENT` for padding."""
    targets: Array
    """1 for tokens that the model is to write."""
    n_requests: int


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


def scene_texts(scene: Scene) -> tuple[str, Iterator[tuple[str, str]]]:
    """The prefix that all requests of a scene share, and endless (turn, target) pairs."""
    tools = [tool.to_json() for tool in scene.tools]
    prompt = render_prompt([_DEVELOPER, {"role": "user", "content": "x"}], tools)
    prefix = prompt[: prompt.index(_TURN)]

    def pairs() -> Iterator[tuple[str, str]]:
        while True:
            text, calls, answer = scene.request()
            yield (
                f"{_TURN}{text}<end_of_turn>\n<start_of_turn>model\n",
                render_target(answer_message(calls, answer)),
            )

    return prefix, pairs()


def corpus_sample(
    seed: int, scenes: int, pieces: Pieces | None = None, is_wide: bool = False
) -> Iterator[str]:
    """Texts of `scenes` scenes with a few requests each, for the tokenizer and the overlap report."""
    for number in range(scenes):
        rng = chunk_rng(seed, 1_000_000 + number)
        prefix, pairs = scene_texts(Scene(rng, rng.randint(2, 8), pieces=pieces, is_wide=is_wide))
        yield prefix
        for _ in range(12):
            turn, target = next(pairs)
            yield turn + target


def tool_limit(progress: float) -> int:
    """The most tools a scene has at this point of the curriculum (0.0 start to 1.0 end)."""
    return min(9, 3 + int(progress * 12))


def _encode(tokenizer: Tokenizer, text: str) -> list[int]:
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
    return ids


def _row(
    rng: random.Random, tokenizer: Tokenizer, progress: float, pieces: Pieces | None, is_wide: bool
) -> Rows:
    head: list[int] = []
    while not head or len(head) > ROW - 160:  # room for a few requests
        scene = Scene(rng, rng.randint(2, tool_limit(progress)), pieces=pieces, is_wide=is_wide)
        prefix, pairs = scene_texts(scene)
        head = _encode(tokenizer, prefix)
    ids, segments, targets, count = head, [0] * len(head), [0] * len(head), 0
    for turn, target in pairs:
        asked, answered = _encode(tokenizer, turn), _encode(tokenizer, target)
        if len(ids) + len(asked) + len(answered) > ROW:
            break
        count += 1
        ids += asked + answered
        segments += [count] * (len(asked) + len(answered))
        targets += [0] * len(asked) + [1] * len(answered)
    room = ROW - len(ids)
    return Rows(
        np.array(ids + [0] * room, np.uint16),
        np.array(segments + [PAD_SEGMENT] * room, np.uint8),
        np.array(targets + [0] * room, np.uint8),
        count,
    )


def _joined(parts: Sequence[Rows]) -> Rows:
    ids, segments, targets, counts = zip(*parts, strict=True)
    return Rows(np.vstack(ids), np.vstack(segments), np.vstack(targets), sum(counts))


class _Job(NamedTuple):
    tokenizer_file: str
    stage: int
    seed: int
    chunk: int
    n_chunks: int


def _chunk(job: _Job) -> Rows:
    rng, tokenizer = chunk_rng(job.seed, job.chunk), Tokenizer.from_file(job.tokenizer_file)
    pieces = Pieces(tokenizer.get_vocab()) if job.stage > 1 else None
    progress = 1.0 if job.stage > 1 else job.chunk / job.n_chunks
    return _joined([_row(rng, tokenizer, progress, pieces, job.stage == 3) for _ in range(CHUNK)])


def make_corpus(out: Path, rows: int, seed: int, workers: int, stage: int) -> dict[str, object]:
    """Write `corpus.npz` to `out`, in stage 1 after `tokenizer.json`; return the figures for the model card."""
    tokenizer_file = out / "tokenizer.json"
    if stage == 1:
        out.mkdir(parents=True, exist_ok=True)
        tokenizer = train_tokenizer(corpus_sample(seed, 2500), ALPHABET.read_text("utf-8").strip())
        tokenizer.save(str(tokenizer_file))
    else:
        out /= f"stage-{stage}"
        out.mkdir(parents=True, exist_ok=True)
    chunks = max(1, rows // CHUNK)
    jobs = [_Job(str(tokenizer_file), stage, seed, chunk, chunks) for chunk in range(chunks)]
    parts = []
    with multiprocessing.get_context("spawn").Pool(workers) as pool, progress_bar() as bar:
        task = bar.add_task("corpus", total=chunks * CHUNK)
        for part in pool.imap(_chunk, jobs):
            parts.append(part)
            bar.advance(task, CHUNK)
    ids, segments, targets, n_requests = _joined(parts)
    np.savez(out / "corpus.npz", ids=ids, segments=segments, targets=targets)
    figures: dict[str, object] = {
        "rows": len(ids),
        "requests": n_requests,
        "tokens": int((segments != PAD_SEGMENT).sum()),
        "target_tokens": int(targets.sum()),
        "sha256": hashlib.sha256(ids.tobytes() + segments.tobytes() + targets.tobytes()).hexdigest(),
        "seed": seed,
    }
    (out / "corpus.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    return figures


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stage", type=int, choices=(1, 2, 3), default=1)
    parser.add_argument("--rows", type=int, default=12000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("out/tiny-base"))
    args = parser.parse_args()
    err.print(make_corpus(args.out, args.rows, args.seed, args.workers, args.stage))


if __name__ == "__main__":
    main()
