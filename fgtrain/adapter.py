"""LoRA weights: put on a base model, saved beside its tokenizer."""

from __future__ import annotations

import copy
import os
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from fgdata.errors import ModelError, Problem, UsageError

ADAPTER = "default"
"""What peft calls the one adapter that is trained."""


def add_lora(
    model: Any,
    *,
    r: int,
    alpha: float,
    dropout: float,
    target_modules: Sequence[str],
    base_name: str,
    revision: str | None,
) -> Any:
    """`model` with fresh LoRA weights on `target_modules`; only they are trained.

    Args:
        target_modules: ends of module names, or `all-linear` alone: every linear layer but the output layer.
        base_name: what adapter_config.json says the adapter sits on.
    Raises: ModelError if a name fits no linear layer of the model.
    """
    head = model.get_output_embeddings()
    linear = {
        name.rsplit(".", 1)[-1]
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and module is not head
    }
    wanted = sorted(linear) if list(target_modules) == ["all-linear"] else list(target_modules)
    unknown = [name for name in wanted if name not in linear]
    ModelError.raise_if(
        Problem(
            "--target_modules",
            f"the model has no linear layer {name!r}.",
            f"It has {', '.join(sorted(linear))}.",
        )
        for name in unknown
    )
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=r,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=wanted,
        revision=revision,
    )
    adapted = get_peft_model(model, config)
    # peft puts the folder the base was loaded from here: for a hub model a path into this machine's cache.
    adapted.peft_config[ADAPTER].base_model_name_or_path = base_name
    return adapted


def save_adapter(
    model: Any,
    tokenizer: Any,
    folder: str | os.PathLike[str],
    *,
    weights: Mapping[str, Tensor] | None = None,
) -> None:
    """Adapter weights, their configuration and the tokenizer into `folder`; each file appears whole or not at all.

    Args:
        weights: the trained weights by the names that they have in the model, in the host's memory, where the model itself
            cannot be asked (wrapped, or on a device that is no memory of ours). They are read back before a file appears.
    Raises: UsageError if the folder cannot be written or the disk is full; ModelError if what was written is not `weights`.
    """
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix=".adapter-", suffix=".part", dir=target) as part,
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")  # about a base without a config.json on the hub
            if weights is None:
                # No embedding is trained, and `auto` would ask the hub for the base's vocabulary size.
                model.save_pretrained(part, save_embedding_layers=False)
            else:
                _write_weights(model, weights, Path(part))
            tokenizer.save_pretrained(part)
            (Path(part) / "README.md").unlink(
                missing_ok=True
            )  # peft's card: five pages of "More Information Needed"
            mask = os.umask(0)
            os.umask(mask)
            for file in sorted(Path(part).iterdir()):
                file.chmod(0o666 & ~mask)  # weights are written for their owner only
                file.replace(target / file.name)
    except (OSError, SafetensorError) as error:  # the latter where the disk is full
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            Problem(
                str(target),
                f"the adapter could not be saved: {reason}.",
                "Free some space, then --resume.",
            )
        ) from error


def saved_name(name: str) -> str:
    """The name that an adapter's file gives a weight of the model."""
    return name.replace(".default.", ".")


def _write_weights(model: Any, weights: Mapping[str, Tensor], folder: Path) -> None:
    """What `save_pretrained` writes, of weights given by name, and proven to hold them.

    peft looks for the weights of its own layers by their names in the model. In a wrapped model those are others: it would
    write a file of no weights, or of names that nothing looks for, and the adapter would be the base model.

    Raises: ModelError if what was written is not `weights`.
    """
    file = folder / "adapter_model.safetensors"
    expected = {saved_name(name): weight.contiguous() for name, weight in weights.items()}
    save_file(expected, file, metadata={"format": "pt"})
    config = copy.copy(model.peft_config[ADAPTER])
    config.inference_mode = True
    config.save_pretrained(folder)
    saved = load_file(file)
    wrong = sorted(expected.keys() ^ saved.keys())
    wrong += [name for name in expected if name in saved and not torch.equal(saved[name], expected[name])]
    if wrong or not expected:
        raise ModelError(
            Problem(
                str(folder.parent),
                f"the saved adapter is not what was trained: {len(wrong)} of {len(expected)} weights differ.",
                "This is a fault of the disk or of fgtrain; earlier checkpoints are kept.",
            )
        )


def has_finite_weights(model: Any) -> bool:
    """Whether every weight that is trained is a number; the last step may break them after the last loss was fine."""
    return all(bool(p.isfinite().all()) for p in model.parameters() if p.requires_grad)


def n_trainable(model: Any) -> int:
    """The number of weights that are trained."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
