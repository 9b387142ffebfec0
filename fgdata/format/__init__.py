"""The FunctionGemma text format: rendering, reading back, and the ranges that carry loss.

tokens.py        the control tokens; the only module that spells them out
template.py      the byte-for-byte twin of the official chat template, oddities included
completion.py    what a model wrote -> calls, text, problems
strict.py        what we write: refuses what could be read in two ways; prompts, targets, training texts
"""

from fgdata.format.completion import (
    MAX_DEPTH,
    MAX_VALUES,
    Completion,
    ParseProblem,
    ValueStyle,
    parse_completion,
)
from fgdata.format.strict import (
    Span,
    TrainingText,
    message_text,
    normalise_conversation,
    render_call,
    render_declaration,
    render_prompt,
    render_target,
    render_training,
)
from fgdata.format.template import HIDDEN_NAMES, render_conversation
from fgdata.format.tokens import CONTROL_TOKENS, STOP_TOKENS, TRIGGER, find_control_tokens

__all__ = [
    "CONTROL_TOKENS",
    "HIDDEN_NAMES",
    "MAX_DEPTH",
    "MAX_VALUES",
    "STOP_TOKENS",
    "TRIGGER",
    "Completion",
    "ParseProblem",
    "Span",
    "TrainingText",
    "ValueStyle",
    "find_control_tokens",
    "message_text",
    "normalise_conversation",
    "parse_completion",
    "render_call",
    "render_conversation",
    "render_declaration",
    "render_prompt",
    "render_target",
    "render_training",
]
