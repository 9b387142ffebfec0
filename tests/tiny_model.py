"""A random Gemma 3 model of two layers with FunctionGemma's control tokens, made in seconds for the tests.

It has the parts that decide whether code works on the real model: a sliding and a full attention layer, tied
embeddings, one shared key/value head, control tokens as single tokens at the official ids, a tokenizer that puts
a `<bos>` in front unless it is told not to, and a chat template.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import (
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GenerationConfig,
    PreTrainedTokenizerFast,
    set_seed,
)

TEMPLATE = Path(__file__).parent.parent / "models" / "tiny" / "chat_template.jinja"

OFFICIAL_IDS = {
    0: "<pad>",
    1: "<eos>",
    2: "<bos>",
    3: "<unk>",
    4: "<mask>",
    46: "<start_function_declaration>",
    47: "<end_function_declaration>",
    48: "<start_function_call>",
    49: "<end_function_call>",
    50: "<start_function_response>",
    51: "<end_function_response>",
    52: "<escape>",
    105: "<start_of_turn>",
    106: "<end_of_turn>",
    107: "\n",
}
SPECIAL = {
    "<pad>",
    "<eos>",
    "<bos>",
    "<unk>",
    "<mask>",
    "<start_function_response>",
    "<start_of_turn>",
    "<end_of_turn>",
}
"""What `decode(skip_special_tokens=True)` leaves out; the other control tokens are ordinary added tokens, as in the original."""

LINES = [
    "You are a model that can do function calling with the following functions",
    "온도 2도 올려줘. 에어컨을 냉방 모드로 바꿔 주세요. 바람 세기를 강하게 해 줘. 지금 너무 더워요. 실내 온도 24도로 맞춰줘",
    "Set the living room lamp to red. How many steps have I taken today? Turn the air conditioner off, please.",
    "call:adjust_temperature{delta:2} call:set_mode{mode:cooling} call:set_power{on:true} call:get_steps{}",
    "declaration:set_temperature{description:Sets the target temperature,parameters:{properties:{temperature:{description:"
    "Target in degrees Celsius,type:INTEGER}},required:[temperature],type:OBJECT}}",
    "developer user model assistant STRING NUMBER BOOLEAN ARRAY enum items",
]


def build_tokenizer() -> PreTrainedTokenizerFast:
    """A BPE tokenizer with byte fallback of about 1,000 tokens, control tokens at the official ids."""
    names = [OFFICIAL_IDS.get(number, f"<unused{number}>") for number in range(108)]
    bytes_ = [f"<0x{value:02X}>" for value in range(256)]
    trained = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    _set_text_rules(trained)
    trainer = trainers.BpeTrainer(
        vocab_size=1000, special_tokens=names + bytes_, min_frequency=1, show_progress=False
    )
    trained.train_from_iterator(LINES * 4, trainer)
    # Training turns every reserved name into a special token. The model's own file marks only some of them so.
    tokenizer = Tokenizer.from_str(trained.to_str())
    merges = [tuple(pair) for pair in _model_state(tokenizer)["merges"]]
    tokenizer = Tokenizer(
        models.BPE(
            vocab=_model_state(tokenizer)["vocab"],
            merges=merges,
            unk_token="<unk>",
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    _set_text_rules(tokenizer)
    tokenizer.add_tokens(
        [AddedToken(name, special=name in SPECIAL, normalized=False) for name in names if name != "\n"]
    )
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        unk_token="<unk>",
        padding_side="left",
    )
    fast.chat_template = TEMPLATE.read_text(encoding="utf-8")
    return fast


def _set_text_rules(tokenizer: Tokenizer) -> None:
    """Blanks become `▁` and begin a word, as in Gemma's vocabulary."""
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")


def _model_state(tokenizer: Tokenizer) -> dict[str, Any]:
    return json.loads(tokenizer.to_str())["model"]


def tiny_config(vocab_size: int) -> Gemma3TextConfig:
    """Two layers, one local with a window of 16 tokens and one global, 64 wide."""
    return Gemma3TextConfig(
        vocab_size=vocab_size,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=32,
        query_pre_attn_scalar=32,
        max_position_embeddings=4096,
        sliding_window=16,
        layer_types=["sliding_attention", "full_attention"],
        initializer_range=0.1,
    )


def real_config() -> Gemma3TextConfig:
    """The shape of google/functiongemma-270m-it (18 layers, 268,098,176 parameters)."""
    return Gemma3TextConfig(
        vocab_size=262_144,
        hidden_size=640,
        intermediate_size=2048,
        num_hidden_layers=18,
        num_attention_heads=4,
        num_key_value_heads=1,
        head_dim=256,
        query_pre_attn_scalar=256,
        max_position_embeddings=32_768,
        sliding_window=512,
        sliding_window_pattern=6,
    )


def build_model_folder(
    folder: str | os.PathLike[str], *, seed: int = 0, config: Gemma3TextConfig | None = None, **changes: Any
) -> Path:
    """`folder`, now holding a model that `from_pretrained` reads: random weights by `seed`, `changes` to the config."""
    target = Path(folder)
    tokenizer = build_tokenizer()
    shape = config or tiny_config(len(tokenizer))
    for name, value in changes.items():
        setattr(shape, name, value)
    set_seed(seed)
    model = Gemma3ForCausalLM(shape)
    model.generation_config = GenerationConfig(
        bos_token_id=2, pad_token_id=0, eos_token_id=[1, 50, 106], do_sample=True, top_k=64, top_p=0.95
    )
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)
    return target
