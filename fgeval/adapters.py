"""LoRA adapters, put on a base model with every check that keeps one from being loaded in part, or on another base."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from transformers import AutoConfig, AutoModelForCausalLM

from fgdata.console import err
from fgdata.errors import ModelError, Problem
from fgeval.loading import base_fingerprint, first_line, model_folder, read_json


def check_adapter(
    adapter: str | os.PathLike[str], model: str | os.PathLike[str], *, revision: str | None = None
) -> None:
    """Raise ModelError unless `adapter` is a folder with LoRA weights made for `model`.

    An adapter of ours says in run.json which base it was trained on. For one from elsewhere the shapes must fit, and
    if both it and `model` are named after the hub, the names; one that names another base otherwise is warned of on stderr.
    """
    folder = Path(adapter)
    if not (folder / "adapter_config.json").is_file():
        remedy = "Name the folder that `fgtrain lora` wrote (--output_dir)."
        what = (
            "is no adapter folder: it has no adapter_config.json."
            if folder.is_dir()
            else "there is no such adapter folder."
        )
        raise ModelError(Problem(str(folder), what, remedy))
    config = read_json(folder / "adapter_config.json")
    if config.get("peft_type") != "LORA":
        raise ModelError(
            Problem(
                str(folder / "adapter_config.json"),
                f"`peft_type` is {config.get('peft_type')!r}; only 'LORA' can be used.",
                "Train again, or copy the folder again.",
            )
        )
    shapes = _adapter_shapes(folder)
    recorded = _recorded_base(folder)
    named = str(config.get("base_model_name_or_path") or "")
    if fingerprint := recorded.get("fingerprint"):
        if fingerprint != base_fingerprint(model, revision=revision):
            raise ModelError(_other_base(folder, str(recorded.get("model") or named), model))
    elif (
        "/" in named
        and not Path(named).exists()
        and not Path(model).exists()
        and Path(named).name != Path(model).name
    ):
        raise ModelError(_other_base(folder, named, model))
    _check_shapes(folder, shapes, model_folder(model, revision=revision), named)
    if not fingerprint and named and not _is_same_base(named, model, revision):
        what = (
            f"warning: {folder}: its adapter_config.json names the base {named!r}, and the model given is {str(model)!r}; the "
            "shapes fit, and nothing shows that the weights do."
        )
        err.print(what, markup=False, highlight=False)


def _is_same_base(named: str, model: str | os.PathLike[str], revision: str | None) -> bool:
    """Whether the base that an adapter names may be `model`: by its weights where both can be read, else by its name."""
    if Path(named).exists():
        try:
            return base_fingerprint(named) == base_fingerprint(model, revision=revision)
        except ModelError:
            return False
    return Path(named).name == Path(model).resolve().name or named == str(model)


def _other_base(adapter: Path, trained_on: str, model: str | os.PathLike[str]) -> Problem:
    return Problem(
        str(adapter),
        f"was trained on another base: {trained_on!r}, and the model given is {str(model)!r}, with other weights or another tokenizer.",
        f"Give the base it was trained on (--model {trained_on}), or train an adapter for this one.",
    )


def _recorded_base(folder: Path) -> Mapping[str, Any]:
    """What `fgtrain` wrote about the base, beside the adapter or, for a checkpoint, one folder up."""
    for place in (folder, folder.parent) if folder.name.startswith("checkpoint-") else (folder,):
        if (place / "run.json").is_file():
            base = read_json(place / "run.json").get("base")
            return base if isinstance(base, dict) else {}
    return {}


def _adapter_shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Weight name -> shape, from the file's header."""
    file = folder / "adapter_model.safetensors"
    if not file.is_file():
        raise ModelError(
            Problem(
                str(folder),
                "has no adapter_model.safetensors.",
                "Train again, or copy the whole folder with its weights.",
            )
        )
    try:
        with safe_open(file, framework="pt") as weights:
            return {name: tuple(weights.get_slice(name).get_shape()) for name in weights.keys()}  # noqa: SIM118 no mapping
    except (SafetensorError, OSError) as error:
        raise ModelError(
            Problem(
                str(file), f"cannot be read ({first_line(error)}).", "Train again, or copy the folder again."
            )
        ) from error


def _check_shapes(folder: Path, shapes: Mapping[str, tuple[int, ...]], base: Path, trained_on: str) -> None:
    """Every LoRA pair must fit the module of the base that it is named after."""
    try:
        with torch.device("meta"):
            modules = dict(AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(base)).named_modules())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            Problem(
                str(base),
                f"cannot be loaded as a model ({first_line(error)}).",
                "Copy or download the folder again.",
            )
        ) from error
    wrong = []
    for name, shape in shapes.items():
        found = re.fullmatch(r"base_model\.model\.(.+)\.lora_([AB])\.weight", name)
        if not found:
            continue
        weight = getattr(modules.get(found[1]), "weight", None)
        if weight is None:
            wrong.append(f"the base has no {found[1]}")
        elif len(shape) != 2:
            wrong.append(f"{name} is {shape}, and not a matrix")
        elif (shape[1] != weight.shape[1]) if found[2] == "A" else (shape[0] != weight.shape[0]):
            wrong.append(f"{found[1]} is {tuple(weight.shape)} in the base, and lora_{found[2]} is {shape}")
    if wrong:
        raise ModelError(
            Problem(
                str(folder),
                f"was made for another base ({trained_on!r}): {wrong[0]}"
                + (f", and {len(wrong) - 1} more." if wrong[1:] else "."),
                "Give the base model it was trained on.",
            )
        )


def put_adapter(model: Any, folder: Path) -> Any:
    """`model` with the adapter in `folder` on it, every weight of it.

    Raises: ModelError if the adapter's files contradict each other, or one of its weights is no number.
    """
    from peft import PeftModel, get_peft_model_state_dict

    try:
        with warnings.catch_warnings():
            # About a name that peft uses of transformers, and about missing weights, which are an error below.
            warnings.simplefilter("ignore")
            adapted = PeftModel.from_pretrained(model, str(folder))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        raise ModelError(
            Problem(
                str(folder),
                f"cannot be loaded as an adapter ({first_line(error)}).",
                "Train again, or copy the whole folder again.",
            )
        ) from error
    needed = get_peft_model_state_dict(adapted, save_embedding_layers=False)
    present = set(_adapter_shapes(folder))
    # peft leaves a weight it does not find as it was made: the model would answer as the base does.
    missing = sorted(needed.keys() - present)
    unused = sorted(name for name in present - needed.keys() if "lora_" in name)
    broken = sorted(name for name, weight in needed.items() if not torch.isfinite(weight).all())
    reasons = [
        f"{what}: {len(names)}, {names[0]!r} first"
        for what, names in (
            ("weights that its configuration calls for are missing", missing),
            ("weights have no place in the model", unused),
            ("weights are no numbers (nan or inf)", broken),
        )
        if names
    ]
    ModelError.raise_if(
        Problem(str(folder), f"{reason}.", "Train again, or copy the whole folder again.")
        for reason in reasons
    )
    return adapted
