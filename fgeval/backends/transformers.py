"""The transformers backend: base model, adapter or merged adapter, on CPU or GPU, greedy. A prefix that prompts share is computed once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch
from transformers import GenerationConfig

from fgdata.errors import ModelError, Problem, UsageError
from fgdata.files import file_sha256
from fgdata.format import STOP_TOKENS
from fgdata.format.tokens import END_TURN
from fgeval import loading
from fgeval.backends import BackendOptions, Failure, Request, package_version, refuse_options
from fgeval.backends.packed import PackedDecoder, can_pack, cut_prompt
from fgeval.predictions import Prediction

PACKAGES = ("fgsuite", "torch", "transformers", "peft")
"""Whose versions go into `run.json`."""
MEANT = ("model", "adapter", "merge", "revision", "device", "dtype", "max_new_tokens")
"""Options that this backend honours."""


def open_backend(options: BackendOptions) -> Transformers:
    """The model that `options` name, loaded and checked.

    Raises: UsageError without a model; ModelError if model, tokenizer, chat template or adapter cannot be used.
    """
    if options.model is None:
        raise UsageError(Problem("--model", "is missing.", "Name a model folder, or a model on the hub."))
    refuse_options(options, "transformers", MEANT)
    if options.merge and options.adapter is None:
        raise UsageError(Problem("--merge", "has nothing to merge.", "Add --adapter, or leave it out."))
    return Transformers(options)


class Transformers:
    """A causal language model of the transformers library."""

    def __init__(self, options: BackendOptions) -> None:
        assert options.model is not None
        self._options = options
        device, dtype = cast(loading.Device, options.device), cast(loading.Dtype, options.dtype)
        self._tokenizer = loading.load_tokenizer(options.model, revision=options.revision)
        self._tokenizer.padding_side = "left"
        if options.examples:
            loading.check_chat_template(self._tokenizer, options.examples, where=options.model)
        self._stop_ids = loading.stop_token_ids(self._tokenizer)
        self._pad_id = int(self._tokenizer.pad_token_id)
        self._model = loading.load_model(
            options.model, adapter=options.adapter, revision=options.revision, dtype=dtype, device=device
        )
        # A fresh configuration: what the model's own one says about sampling (top_k 64) would come back otherwise. An
        # adapter without a task type leaves generate() to the model inside, so that one needs it as well.
        if options.merge:
            self._model = self._model.merge_and_unload()
        inside = self._model.get_base_model() if options.adapter and not options.merge else self._model
        inside.generation_config = self._model.generation_config = GenerationConfig(
            do_sample=False,
            max_new_tokens=options.max_new_tokens,
            eos_token_id=self._stop_ids,
            pad_token_id=self._pad_id,
        )
        self._end_turn = int(self._tokenizer.convert_tokens_to_ids(END_TURN))
        self._decoder = (
            PackedDecoder(self._model, self._stop_ids, options.max_new_tokens)
            if options.packed and can_pack(self._model)
            else None
        )

    def describe(self) -> dict[str, Any]:
        """Model, adapter, decoding, device and versions."""
        options = self._options
        folder = loading.model_folder(str(options.model), revision=options.revision)
        return {
            "model": str(options.model),
            "model_revision": loading.base_revision(folder),
            "model_fingerprint": loading.base_fingerprint(str(options.model), revision=options.revision),
            "adapter": options.adapter,
            "adapter_sha256": file_sha256(Path(options.adapter) / "adapter_model.safetensors")
            if options.adapter
            else None,
            "decoding": {
                "method": "greedy",
                "max_new_tokens": options.max_new_tokens,
                "stop": list(STOP_TOKENS),
                "dtype": str(self._model.dtype).removeprefix("torch."),
            },
            **({"merged": True} if options.merge else {}),
            "device": self._model.device.type,
            "device_name": _device_name(self._model.device),
            "versions": {package: package_version(package) for package in PACKAGES},
        }

    def check(self, requests: Sequence[Request]) -> None:
        """Raise ModelError naming every request whose prompt leaves no room in the model's context."""
        limit = getattr(self._model.config, "max_position_embeddings", None)
        if limit is None:
            return
        room = limit - self._options.max_new_tokens
        encoded = self._tokenizer([request.prompt for request in requests], add_special_tokens=False)[
            "input_ids"
        ]
        ModelError.raise_if(
            Problem(
                request.id,
                f"its prompt has {len(ids)} tokens; {room} fit into the model's context beside "
                f"{self._options.max_new_tokens} new ones.",
                "Declare fewer tools in the row, or lower --max-new-tokens.",
            )
            for request, ids in zip(requests, encoded, strict=True)
            if len(ids) > room
        )

    def complete(self, requests: Sequence[Request]) -> list[Prediction | Failure]:
        """One prediction a request, all requests as one batch."""
        started = time.perf_counter()
        write = self._write_padded if self._decoder is None else self._write_packed
        try:
            written, sizes = write(requests)
        except torch.OutOfMemoryError as error:
            raise ModelError(
                Problem("--batch-size", f"{len(requests)} prompts do not fit into memory.", "Halve it.")
            ) from error
        time_s = (time.perf_counter() - started) / len(requests)
        return [
            self._prediction(request, ids, size, time_s)
            for request, ids, size in zip(requests, written, sizes, strict=True)
        ]

    def _write_packed(self, requests: Sequence[Request]) -> tuple[list[list[int]], list[int]]:
        """The tokens written for each request, and how many its prompt has; a developer turn that requests share is computed once."""
        assert self._decoder is not None
        # The prompt holds its own <bos>: the tokenizer would add a second one.
        prompts = self._tokenizer([request.prompt for request in requests], add_special_tokens=False)[
            "input_ids"
        ]
        cut = [
            cut_prompt(request, tuple(ids), self._end_turn)
            for request, ids in zip(requests, prompts, strict=True)
        ]
        return self._decoder.decode(cut), [len(ids) for ids in prompts]

    def _write_padded(self, requests: Sequence[Request]) -> tuple[list[list[int]], list[int]]:
        """The same by transformers' own `generate`, for models that take no mask a kind of layer."""
        batch = self._tokenizer(
            [request.prompt for request in requests],
            add_special_tokens=False,
            padding=True,
            return_tensors="pt",
        ).to(self._model.device)
        with torch.inference_mode():
            # generate() counts positions from the attention mask, so padding moves nothing.
            output = self._model.generate(
                input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]
            )
        return output[:, batch["input_ids"].shape[1] :].tolist(), batch["attention_mask"].sum(dim=1).tolist()

    def _prediction(self, request: Request, ids: list[int], prompt_tokens: int, time_s: float) -> Prediction:
        # What follows the first stop token is padding up to the longest completion of the batch.
        end = next((place + 1 for place, token in enumerate(ids) if token in self._stop_ids), None)
        written = ids[:end]
        # A <pad> in there is the model's own, and stays: `text` is what it wrote.
        text = self._tokenizer.decode(
            written,
            skip_special_tokens=False,
            clean_up_tokenization_spaces=False,
        )
        return Prediction(
            request.id,
            str(text),
            prompt_tokens=prompt_tokens,
            completion_tokens=len(written),
            time_s=round(time_s, 6),
            finished="length" if end is None else "stop",
        )


def _device_name(device: torch.device) -> str:
    return (
        torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    )
