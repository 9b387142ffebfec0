"""Models and tokenizers, loaded with every check that keeps a wrong one from giving plausible numbers.

Shared by evaluation and training. A model is a folder or a name on the Hugging Face hub; a name is turned into the
folder of its snapshot first, so that everything after that works on files and fails in one place.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from jinja2.exceptions import TemplateError
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from fgdata.errors import FormatError, ModelError, Problem
from fgdata.example import Example
from fgdata.files import file_sha256
from fgdata.format import CONTROL_TOKENS, STOP_TOKENS, render_conversation
from fgdata.format.tokens import BOS, IMAGE, PAD, START_TURN, UNKNOWN
from fgdata.hub.access import TOKEN_NAMES, load_env, redact

Device: TypeAlias = Literal["auto", "cpu", "cuda"]
Dtype: TypeAlias = Literal["auto", "float32", "bfloat16"]
Model: TypeAlias = Any
"""A transformers or peft model; neither library has types that mypy could check."""

MODEL_FILES = ("*.json", "*.jinja", "*.model", "*.safetensors")
"""What a snapshot needs. Pickled weights stay out: opening one can run code."""

# What decides the model's arithmetic. Versions, paths and the type of the file are left out: saving again changes them.
_CONFIG_ESSENTIALS = (
    "model_type",
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "hidden_activation",
    "query_pre_attn_scalar",
    "rms_norm_eps",
    "sliding_window",
    "tie_word_embeddings",
)


# ---------------------------------------------------------------- where a model lies


def model_folder(model: str | os.PathLike[str], *, revision: str | None = None) -> Path:
    """The folder that holds `model`: itself, or the snapshot of a hub name, downloaded if need be.

    Raises: ModelError if there is no such folder, it holds no model, or the hub does not give the name out.
    """
    folder = Path(model)
    if not folder.is_dir():
        folder = _snapshot(str(model), revision)
    config = folder / "config.json"
    if not config.is_file():
        raise ModelError(
            Problem(
                str(folder),
                "is no model folder: it has no config.json.",
                "Name the folder of the base model; an adapter goes to --adapter."
                if (folder / "adapter_config.json").is_file()
                else "Name a folder written by `save_pretrained`, or a model on the hub.",
            )
        )
    read_json(config)
    if (folder / "adapter_config.json").is_file():
        # transformers would load the base that the adapter names, and put the adapter on it, without a word.
        raise ModelError(
            Problem(
                str(folder),
                "holds a base model and an adapter (adapter_config.json).",
                "Move the adapter's files into a folder of their own, and give that one as --adapter.",
            )
        )
    return folder


def _snapshot(name: str, revision: str | None) -> Path:
    """The local snapshot of a hub model. One message for each way this fails, with what to do."""
    load_env()
    local = "Or download it elsewhere and give the path of its folder."
    if not re.fullmatch(r"[\w][\w.-]*(/[\w][\w.-]*)?", name) or name.endswith((".json", ".safetensors")):
        raise ModelError(
            Problem(
                name, "there is no such folder.", "Give a model folder or a name on the hub (owner/name)."
            )
        )
    try:
        return Path(
            snapshot_download(name, revision=revision, allow_patterns=list(MODEL_FILES), etag_timeout=10)
        )
    except GatedRepoError as error:
        what = "is gated: its licence must be accepted first."
        remedy = (
            f"Accept it at https://huggingface.co/{name}, then put a token of that account into the environment or into "
            f".env as {TOKEN_NAMES[0]} or {TOKEN_NAMES[1]}. {local}"
        )
        cause: Exception = error
    except RevisionNotFoundError as error:
        what, remedy, cause = (
            f"has no revision {revision!r}.",
            "Name a branch, a tag or a commit of it.",
            error,
        )
    except RepositoryNotFoundError as error:
        what = "is neither a folder here nor a model on the hub that this account may read."
        remedy = f"Check the name; for a private model set {TOKEN_NAMES[0]} or {TOKEN_NAMES[1]} (environment or .env). {local}"
        cause = error
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, OSError) as error:
        reason = redact(str(error.__cause__ or error).splitlines()[0])[:160]
        what = f"is no folder here, is not in the hub's cache, and the hub cannot be reached ({reason})."
        remedy = (
            f"With a network: accept the model's licence at https://huggingface.co/{name} and set {TOKEN_NAMES[0]} or "
            f"{TOKEN_NAMES[1]} (environment or .env). Without: give the path of a folder that holds the model."
        )
        cause = error
    raise ModelError(Problem(name, what, remedy)) from cause


def base_revision(folder: Path) -> str | None:
    """The commit of a hub snapshot; None for any other folder."""
    return folder.name if folder.parent.name == "snapshots" else None


def base_fingerprint(model: str | os.PathLike[str], *, revision: str | None = None) -> str:
    """SHA-256 over what makes a base model: its shape, its tokenizer, its weights.

    A folder and the hub name it was copied from have the same one, so an adapter trained on one runs on the other.
    """
    folder = model_folder(model, revision=revision)
    config = read_json(folder / "config.json")
    digest = hashlib.sha256()
    digest.update(
        json.dumps({name: config.get(name) for name in _CONFIG_ESSENTIALS}, sort_keys=True).encode()
    )
    names = sorted(path.name for path in folder.glob("*.safetensors"))
    names += [name for name in ("tokenizer.json", "tokenizer.model") if (folder / name).is_file()][:1]
    for name in names:
        digest.update(f"\n{name} {file_sha256(folder / name)}".encode())
    return digest.hexdigest()


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file of a model or adapter; ModelError if there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ModelError(
            Problem(str(path), f"cannot be read ({error}).", "Copy or download the folder again.")
        ) from error
    if not isinstance(content, dict):
        raise ModelError(Problem(str(path), "holds no JSON object.", "Copy or download the folder again."))
    return content


# ---------------------------------------------------------------- device and number type


def choose_device(device: Device = "auto") -> torch.device:
    """The device to compute on: CUDA (or ROCm, which goes by that name) if there is one, else the CPU.

    Raises: ModelError if `cuda` is asked for and there is none.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device == "cuda" and not torch.cuda.is_available():
        raise ModelError(
            Problem(
                "--device", "is 'cuda', but this machine shows no such device.", "Use --device cpu or auto."
            )
        )
    return torch.device(device)


def choose_dtype(dtype: Dtype, device: torch.device) -> torch.dtype:
    """The number type to compute in; `auto` is bfloat16 on a GPU that has it, else float32.

    float16 is no choice: Gemma 3's activations pass 65,504, where float16 ends.
    """
    if dtype == "auto":
        return torch.bfloat16 if device.type == "cuda" and torch.cuda.is_bf16_supported() else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[dtype]


# ---------------------------------------------------------------- tokenizer


def load_tokenizer(model: str | os.PathLike[str], *, revision: str | None = None) -> PreTrainedTokenizerBase:
    """The model's tokenizer, checked to know the format's control tokens.

    Raises: ModelError if it cannot be loaded or cuts a control token in pieces.
    """
    folder = model_folder(model, revision=revision)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
    # The tokenizers library raises bare Exception on a broken file.
    except Exception as error:
        raise ModelError(
            Problem(
                str(folder),
                f"its tokenizer cannot be loaded ({first_line(error)}).",
                "Copy or download the folder again.",
            )
        ) from error
    check_tokenizer(tokenizer, str(model))
    if tokenizer.pad_token is None:
        tokenizer.pad_token = PAD  # a token of the format, whatever the tokenizer's file says of its use
    return tokenizer


def check_tokenizer(tokenizer: PreTrainedTokenizerBase, where: str = "tokenizer") -> None:
    """Raise ModelError unless every control token is one token and a text that starts with <bos> gets no second one."""
    problems = []
    if not getattr(tokenizer, "is_fast", False):
        problems.append(
            Problem(where, "its tokenizer gives no character offsets.", "Use a folder with a tokenizer.json.")
        )
    for token in CONTROL_TOKENS:
        if token in (UNKNOWN, IMAGE):  # no text of ours holds them
            continue
        ids = tokenizer(token, add_special_tokens=False)["input_ids"]
        if len(ids) != 1 or ids[0] == tokenizer.unk_token_id:
            problems.append(
                Problem(
                    where,
                    f"its tokenizer does not know {token}: it becomes {ids}.",
                    "Use a FunctionGemma tokenizer.",
                )
            )
    if not problems:
        start = tokenizer(f"{BOS}{START_TURN}user\n", add_special_tokens=False)["input_ids"]
        if start.count(tokenizer.convert_tokens_to_ids(BOS)) != 1:
            problems.append(Problem(where, f"its tokenizer adds a second {BOS} unasked: {start}."))
    ModelError.raise_if(problems)


def stop_token_ids(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """The ids at which a completion ends: `<eos>`, `<start_function_response>`, `<end_of_turn>`.

    By name, not from the model's configuration: published FunctionGemma files disagree about which of the three count.
    """
    return [int(tokenizer.convert_tokens_to_ids(token)) for token in STOP_TOKENS]


def check_chat_template(
    tokenizer: PreTrainedTokenizerBase, examples: Sequence[Example], n: int = 8, where: str = "tokenizer"
) -> None:
    """Raise ModelError unless the model's own chat template gives the same text as ours on up to `n` of `examples`.

    A row that both refuse is no difference. The rows are taken evenly from the whole list.
    """
    if not tokenizer.chat_template:
        raise ModelError(
            Problem(
                where,
                "has no chat template to compare with.",
                "Add the model's chat_template.jinja to its folder.",
            )
        )
    step = max(1, len(examples) // n)
    for example in examples[::step][:n]:
        for messages, prompt_only in ((example.messages, False), (example.prompt_messages, True)):
            if not messages:
                continue
            ours = _text_or_error(
                lambda m=messages, p=prompt_only, e=example: render_conversation(m, e.tools, p)
            )
            theirs = _text_or_error(
                lambda m=messages, p=prompt_only, e=example: tokenizer.apply_chat_template(
                    m, tools=e.tools, add_generation_prompt=p, tokenize=False
                )
            )
            if ours != theirs and not (ours.startswith("\0") and theirs.startswith("\0")):
                raise ModelError(_template_difference(where, example, theirs, ours))


def _text_or_error(render: Any) -> str:
    """The rendered text, or a NUL and the reason it was refused (no template writes a NUL)."""
    try:
        return str(render())
    except (FormatError, TemplateError, TypeError, ValueError, KeyError, AttributeError) as error:
        return f"\0refused: {first_line(error)}"


def _template_difference(where: str, example: Example, theirs: str, ours: str) -> Problem:
    """Where two renderings part, with about 40 characters of each."""
    at = next(
        (i for i, (a, b) in enumerate(zip(theirs, ours, strict=False)) if a != b), min(len(theirs), len(ours))
    )
    seen = [
        text[max(0, at - 15) : at + 40] if not text.startswith("\0") else text[1:] for text in (theirs, ours)
    ]
    return Problem(
        where,
        f"its chat template is not FunctionGemma's: on {example.source or example.id} they part at character {at}. "
        f"The model's: {seen[0]!r}; FunctionGemma's: {seen[1]!r}.",
        "Use a FunctionGemma model, or put the official chat_template.jinja into the model's folder.",
    )


# ---------------------------------------------------------------- model


def load_model(
    model: str | os.PathLike[str],
    *,
    adapter: str | os.PathLike[str] | None = None,
    revision: str | None = None,
    dtype: Dtype = "auto",
    device: Device = "auto",
) -> Model:
    """The model in eval mode, with the adapter on it if one is given.

    Raises: ModelError if a file is missing or broken, a weight is missing, or the adapter belongs to another base.
    """
    from fgeval.adapters import check_adapter, put_adapter

    target = choose_device(device)
    folder = model_folder(model, revision=revision)
    if adapter is not None:
        check_adapter(adapter, model, revision=revision)
    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()  # its report of missing weights; ours follows, as an error
    transformers_logging.disable_progress_bar()
    try:
        loaded, report = AutoModelForCausalLM.from_pretrained(
            folder, dtype=choose_dtype(dtype, target), output_loading_info=True, use_safetensors=True
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        raise ModelError(
            Problem(
                str(folder),
                f"cannot be loaded as a model ({first_line(error)}).",
                "Copy or download the folder again.",
            )
        ) from error
    finally:
        transformers_logging.set_verbosity(verbosity)
        transformers_logging.enable_progress_bar()
    if missing := sorted(report["missing_keys"]) + sorted(str(key) for key in report["mismatched_keys"]):
        raise ModelError(
            Problem(
                str(folder),
                f"lacks {len(missing)} of its weights, {missing[0]!r} first; they would be random numbers.",
                "Copy or download the folder again.",
            )
        )
    _check_window(loaded, folder)
    if adapter is not None:
        loaded = put_adapter(loaded, Path(adapter))
    return loaded.to(target).eval()


def _check_window(model: Model, folder: Path) -> None:
    """Raise ModelError for local layers without a window: no attention mask could be made for them."""
    local = "sliding_attention" in (getattr(model.config, "layer_types", None) or ())
    if local and not getattr(model.config, "sliding_window", None):
        raise ModelError(
            Problem(
                str(folder / "config.json"),
                f"has local layers, and `sliding_window` is {model.config.sliding_window!r}.",
                "Copy or download the folder again.",
            )
        )


def first_line(error: BaseException) -> str:
    """What an error of a library is, short enough for one of ours."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
