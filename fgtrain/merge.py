"""An adapter merged into its base: a model folder that needs no peft, proven to answer as base and adapter do."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor
from transformers import GenerationConfig
from transformers.utils import logging as transformers_logging

from fgdata.dialects import read_examples
from fgdata.errors import ModelError, Problem, UsageError
from fgdata.files import file_sha256
from fgdata.format import render_prompt
from fgeval.adapters import check_adapter
from fgeval.loading import (
    base_fingerprint,
    base_revision,
    load_model,
    load_tokenizer,
    model_folder,
    read_json,
)
from fgtrain.record import package_versions

MERGE_FILE = "merge.json"
"""The record of a merge, and the mark by which a folder is known as one."""
TOLERANCE = 1e-4
"""The most that a logit may differ between merged and unmerged, as a share of the largest logit, or of 1 where that is smaller."""
N_ROWS = 16
"""Rows of `--data` that are compared."""
N_RANDOM, RANDOM_TOKENS = 4, 128
"""Texts of random tokens that are compared where no rows are given, and their length."""
COPIED = (
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "generation_config.json",
)
"""Files of the base that a merge changes nothing in; they go along byte for byte."""


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What a merge left, and how it was checked."""

    folder: Path
    n_texts: int
    """Texts on which merged and unmerged were compared, at every token."""
    difference: float
    """The largest difference of two logits."""
    largest: float
    """The largest logit, whatever its sign: what the difference is measured by."""
    moved: float
    """The most by which the adapter moves a logit of its base: what a merge that did nothing would differ by."""


def merge_adapter(
    adapter: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    model: str | None = None,
    revision: str | None = None,
    data: str | None = None,
    force: bool = False,
) -> MergeResult:
    """Write base plus adapter as one model folder, in float32, and compare what was written with the two apart.

    Args:
        model: the base; left out, the one that the adapter's run recorded.
        data: rows whose prompts are compared; left out, a prompt with a tool and texts of random tokens are.
        force: replace an earlier merge in `out`.
    Raises:
        UsageError: `out` is in use, or cannot be written.
        ModelError: base or adapter cannot be used, or the merged model, read back, answers otherwise. `out` is then untouched.
    """
    target = Path(out)
    _check_out(target, force)
    place = Path(adapter)
    base, revision = (model, revision) if model is not None else _recorded_base(place, revision)
    check_adapter(place, base, revision=revision)
    folder = model_folder(base, revision=revision)
    transformers_logging.set_verbosity_error()
    texts = _texts(load_tokenizer(folder), data)
    adapted = load_model(folder, adapter=place, dtype="float32", device="cpu")
    apart = _logits(adapted, texts)
    with adapted.disable_adapter():
        moved = _distance(apart, _logits(adapted, texts))
    try:
        merged = adapted.merge_and_unload(safe_merge=True)
    except ValueError as error:  # a product that overflows
        raise ModelError(Problem(str(place), f"cannot be merged ({error}).", "Train again.")) from error
    with _new_folder(target) as part:
        _save(merged, folder, part)
        del adapted, merged
        # What was written is what counts, not what stands in memory.
        difference, largest = check_equal(
            apart, _logits(load_model(part, dtype="float32", device="cpu"), texts), str(place)
        )
        record = {
            "tool": "fgtrain merge",
            "base": {
                "model": base,
                "revision": base_revision(folder),
                "fingerprint": base_fingerprint(folder),
            },
            "adapter": {
                "folder": str(place),
                "sha256": file_sha256(place / "adapter_model.safetensors"),
            },
            "dtype": "float32",
            "fingerprint": base_fingerprint(part),
            "compared": {
                "texts": len(texts),
                "tokens": sum(map(len, texts)),
                "difference": difference,
                "largest_logit": largest,
                "adapter_moves": moved,
            },
            "packages": package_versions(),
        }
        (part / MERGE_FILE).write_text(
            json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
        )
    return MergeResult(target, len(texts), difference, largest, moved)


def check_equal(apart: Sequence[Tensor], merged: Sequence[Tensor], where: str) -> tuple[float, float]:
    """The largest difference of two logits, and the largest logit.

    Raises: ModelError if they differ by more than `TOLERANCE` allows, or one is no number.
    """
    difference = _distance(apart, merged)
    largest = max(float(logits.abs().max()) for logits in apart)
    if not difference <= TOLERANCE * max(1.0, largest):  # written so that nan is a failure
        raise ModelError(
            Problem(
                where,
                f"merged into the base it answers otherwise: a logit differs by {difference:.2g}, the largest is {largest:.3g}.",
                "Use base and adapter apart; nothing was written.",
            )
        )
    return difference, largest


def _distance(ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> float:
    """The largest difference, nan if one is no number."""
    differences = torch.stack([(a - b).abs().max() for a, b in zip(ours, theirs, strict=True)])
    return float(differences.max())


def _logits(model: Any, texts: Sequence[Sequence[int]]) -> list[Tensor]:
    """(T, V) of each text."""
    with torch.inference_mode():
        return [model(input_ids=torch.tensor([list(ids)]), use_cache=False).logits[0] for ids in texts]


def _texts(tokenizer: Any, data: str | None) -> list[list[int]]:
    """Token ids to compare on: prompts of the rows, taken evenly, or a prompt of our own and random tokens."""
    if data is not None:
        examples = read_examples(data)
        step = max(1, len(examples) // N_ROWS)
        prompts = [render_prompt(row.prompt_messages, row.tools) for row in examples[::step][:N_ROWS]]
        return [list(ids) for ids in tokenizer(prompts, add_special_tokens=False)["input_ids"]]
    properties = {"room": {"type": "string", "enum": ["living_room", "bedroom"]}, "delta": {"type": "number"}}
    function = {
        "name": "adjust_temperature",
        "description": "Changes the target temperature of a room.",
        "parameters": {"type": "object", "properties": properties, "required": ["delta"]},
    }
    messages = [{"role": "user", "content": "거실이 좀 더운데 온도 2도만 내려줘"}]
    prompt = render_prompt(messages, [{"type": "function", "function": function}])
    random = torch.Generator().manual_seed(0)
    drawn = torch.randint(len(tokenizer), (N_RANDOM, RANDOM_TOKENS), generator=random)
    own: list[int] = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    return [own, *drawn.tolist()]


def _recorded_base(adapter: Path, revision: str | None) -> tuple[str, str | None]:
    """The base that the adapter says it was trained on, and its revision."""
    if not (adapter / "adapter_config.json").is_file():
        raise ModelError(
            Problem(
                str(adapter),
                "is no adapter folder: it has no adapter_config.json."
                if adapter.is_dir()
                else "there is no such adapter folder.",
                "Name the folder that `fgtrain lora` wrote (--output_dir).",
            )
        )
    config = read_json(adapter / "adapter_config.json")
    name = config.get("base_model_name_or_path")
    if not isinstance(name, str) or not name:
        raise UsageError(
            Problem("--model", f"is missing, and {str(adapter)!r} names no base.", "Give the base model.")
        )
    return name, revision or config.get("revision")


def _check_out(target: Path, force: bool) -> None:
    if target.exists() and not target.is_dir():
        raise UsageError(Problem("--out", f"{str(target)!r} is a file.", "Name a folder."))
    if not target.is_dir() or not any(target.iterdir()):
        return
    if not (target / MERGE_FILE).is_file():
        raise UsageError(
            Problem(
                "--out", f"{str(target)!r} is in use, and not by `fgtrain merge`.", "Choose another folder."
            )
        )
    if not force:
        raise UsageError(
            Problem(
                "--out",
                f"{str(target)!r} holds an earlier merge.",
                "Choose another folder, or replace it (--force).",
            )
        )


def _save(merged: Any, base: Path, part: Path) -> None:
    # The base's own file is copied below; transformers refuses to write one whose sampling flags contradict each other.
    merged.generation_config = GenerationConfig()
    transformers_logging.disable_progress_bar()
    try:
        merged.save_pretrained(part)
    finally:
        transformers_logging.enable_progress_bar()
    (part / "generation_config.json").unlink(missing_ok=True)
    for name in COPIED:
        if (base / name).is_file():
            shutil.copyfile(base / name, part / name)
    mask = os.umask(0)
    os.umask(mask)
    part.chmod(0o777 & ~mask)
    for file in part.iterdir():
        file.chmod(0o666 & ~mask)  # weights are written for their owner only


@contextlib.contextmanager
def _new_folder(target: Path) -> Iterator[Path]:
    """A folder beside `target` that becomes `target` when the block ends without an error; else nothing is left."""
    part: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
        yield part
        if target.is_dir():  # empty, or an earlier merge
            old = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".old", dir=target.parent))
            target.replace(old)
            part.replace(target)
            shutil.rmtree(old)
        else:
            part.replace(target)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            Problem(
                str(target), f"the model could not be written: {reason}.", "Free some space, then run again."
            )
        ) from error
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)
