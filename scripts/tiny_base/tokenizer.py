"""The tiny base's tokenizer: BPE with byte fallback, 4,096 ids, the control tokens at FunctionGemma's own ids."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer
from transformers import PreTrainedTokenizerFast

VOCABULARY = 4096
# Ids as in the real tokenizer (docs/format.md). Only the first group is flagged special: decoding without special
# tokens keeps calls readable, as it does there.
SPECIAL = {
    0: "<pad>",
    1: "<eos>",
    2: "<bos>",
    3: "<unk>",
    50: "<start_function_response>",
    105: "<start_of_turn>",
    106: "<end_of_turn>",
}
CONTROL = {
    46: "<start_function_declaration>", 47: "<end_function_declaration>", 48: "<start_function_call>", 49: "<end_function_call>",
    51: "<end_function_response>", 52: "<escape>", 107: "\n",
}  # fmt: skip
_RESERVED = 108


def train_tokenizer(texts: Iterable[str], alphabet: Iterable[str]) -> Tokenizer:
    """A tokenizer whose pieces come from `texts`; every character of `alphabet` is a piece of its own."""
    tokenizer = Tokenizer(BPE(byte_fallback=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"\d"), "isolated"),
        pre_tokenizers.Split(Regex(r"[{}:,\[\]_.?!\-+%]"), "isolated"),
        pre_tokenizers.Split("▁", "merged_with_next"),
    ])  # fmt: skip
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    reserved = [SPECIAL.get(i) or CONTROL.get(i) or f"<unused{i}>" for i in range(_RESERVED)]
    byte_pieces = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=reserved + byte_pieces,
        initial_alphabet=sorted(set(alphabet)),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    # The trainer made the byte pieces and the unused ids special tokens; only the control tokens may be matched in text.
    state = json.loads(tokenizer.to_str())
    state["added_tokens"] = [
        {
            "id": i,
            "content": text,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": i in SPECIAL,
        }
        for i, text in sorted((SPECIAL | CONTROL).items())
    ]
    return Tokenizer.from_str(json.dumps(state))


def save_tokenizer(tokenizer: Tokenizer, folder: Path, chat_template: str) -> None:
    """Write the tokenizer as transformers loads it, with the chat template."""
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<bos>", eos_token="<eos>", pad_token="<pad>", unk_token="<unk>",
        extra_special_tokens={"sfr_token": AddedToken("<start_function_response>", special=True)},
        model_max_length=4096, padding_side="left", clean_up_tokenization_spaces=False,
    )  # fmt: skip
    fast.chat_template = chat_template
    fast.save_pretrained(folder)
