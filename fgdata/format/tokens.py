"""The control tokens of the FunctionGemma format. The only module that spells them out."""

from __future__ import annotations

import re
from typing import Final

TRIGGER: Final = "You are a model that can do function calling with the following functions"
"""The developer text that the model was trained to read as "here come functions". No colon, no full stop."""

PAD: Final = "<pad>"
EOS: Final = "<eos>"
BOS: Final = "<bos>"
UNKNOWN: Final = "<unk>"
START_TURN: Final = "<start_of_turn>"
END_TURN: Final = "<end_of_turn>"
START_DECLARATION: Final = "<start_function_declaration>"
END_DECLARATION: Final = "<end_function_declaration>"
START_CALL: Final = "<start_function_call>"
END_CALL: Final = "<end_function_call>"
START_RESPONSE: Final = "<start_function_response>"
END_RESPONSE: Final = "<end_function_response>"
ESCAPE: Final = "<escape>"
IMAGE: Final = "<start_of_image>"

CONTROL_TOKENS: Final[tuple[str, ...]] = (
    PAD,
    EOS,
    BOS,
    UNKNOWN,
    START_TURN,
    END_TURN,
    START_DECLARATION,
    END_DECLARATION,
    START_CALL,
    END_CALL,
    START_RESPONSE,
    END_RESPONSE,
    ESCAPE,
    IMAGE,
)
"""Every text that a tokenizer reads as one token of the format; no message, name or value of ours may hold one."""

STOP_TOKENS: Final = (EOS, START_RESPONSE, END_TURN)
"""What ends a completion: the end of the text, the place for a tool's response, the end of the turn."""

CONTROL_PATTERN: Final = re.compile("|".join(map(re.escape, CONTROL_TOKENS)))


def find_control_tokens(text: str) -> list[str]:
    """The control tokens that `text` holds, each once, in the order they appear."""
    if "<" not in text:
        return []
    return list(dict.fromkeys(CONTROL_PATTERN.findall(text)))
