"""English families: in which words a deed and its arguments are asked for. Frames of other splits differ in wording and structure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fgdata.own.slots import Said

Clause = Literal[
    "with", "where", "colon", "as", "plain", "using", "should", "given", "has_to", "taking", "named", ""
]
_MARKS = re.compile(r"\b(DO|ARGS)\b")
REGISTERS = {"plain": 0.5, "polite": 0.25, "casual": 0.25}


@dataclass(frozen=True, slots=True)
class Frame:
    """One family: a sentence around `DO` (what the tool does) and `ARGS` (its arguments)."""

    name: str
    split: str
    register: str
    clause: Clause
    with_arguments: str
    without: str


FRAMES = (
    Frame("direct", "train", "plain", "with", "{{ maybe('please') }} DO ARGS", "{{ maybe('please') }} DO {{ maybe(pick('now', 'for me')) }}"),
    Frame("can_you", "train", "polite", "where", "{{ pick('can you', 'could you', 'would you') }} DO ARGS ?", "{{ pick('can you', 'could you', 'would you') }} DO {{ maybe('for me') }} ?"),
    Frame("i_want", "train", "plain", "plain", "I {{ pick('want', 'would like') }} to DO , ARGS", "I {{ pick('want', 'would like') }} to DO {{ maybe('today') }}"),
    Frame("values_first", "train", "plain", "as", "ARGS , DO {{ pick('now', 'for me') }}", "{{ pick('before I forget', 'one more thing', 'next step') }} , DO"),
    Frame("terse", "train", "casual", "colon", "DO {{ pick('asap', 'quick', 'pls') }}: ARGS", "DO {{ pick('asap', 'quick', 'pls', 'right away') }}"),
    Frame("i_need_you", "train", "casual", "using", "{{ pick('hey', 'ok', 'so') }} , I need you to DO ARGS", "{{ pick('hey', 'ok', 'so') }} , I need you to DO"),
    Frame("somebody_asked", "train", "plain", "named", "{{ pick('my boss', 'a colleague', 'somebody') }} asked me to DO , so here it is: ARGS", "{{ pick('my boss', 'a colleague', 'somebody') }} asked me to DO , {{ pick('so do it', 'so go on') }}"),
    Frame("let_us", "validation", "casual", "should", "let us DO {{ maybe('then') }} . ARGS", "let us DO {{ pick('then', 'together', 'at last') }}"),
    Frame("go_ahead", "validation", "plain", "given", "go ahead and DO , ARGS", "{{ pick('just', 'simply') }} go ahead and DO"),
    Frame("it_is_time", "test", "plain", "has_to", "it is {{ pick('time', 'my turn') }} to DO and ARGS", "it is {{ pick('time', 'my turn') }} to DO {{ maybe('again') }}"),
    Frame("is_it_possible", "test", "polite", "taking", "ARGS , is it {{ pick('possible', 'okay') }} to DO ?", "would it be {{ pick('possible', 'okay') }} to DO {{ maybe('at this point') }} ?"),
    Frame("all_i_ask", "test", "casual", "plain", "what I am after: DO {{ pick('soon', 'next') }} - ARGS", "what I am after: DO {{ pick('soon', 'next') }}"),
)  # fmt: skip

TALK = (
    ("thanks", "train", "polite", "{{ maybe(pick('well', 'oh', 'hm', 'you know')) }} {{ pick('thanks', 'thank you') }} {{ pick('for the help', 'so much') }} {{ maybe('today') }}"),
    ("hello", "train", "casual", "{{ maybe(pick('well', 'oh', 'hm', 'you know')) }} {{ pick('hi', 'hello', 'hey') }} {{ pick('there', 'again', 'you') }} {{ maybe(', nice to see you') }}"),
    ("how_are_you", "train", "plain", "{{ maybe(pick('well', 'oh', 'hm', 'you know')) }} {{ pick('how are you', 'how is it going', 'how do you feel') }} {{ pick('today', 'this morning', 'tonight') }} ?"),
    ("weary", "train", "plain", "{{ maybe(pick('well', 'oh', 'hm', 'you know')) }} I {{ pick('feel', 'am') }} {{ pick('tired', 'bored', 'happy', 'a bit sad') }} {{ pick('lately', 'these days') }}"),
    ("joke", "train", "casual", "{{ maybe(pick('well', 'oh', 'hm', 'you know')) }} {{ pick('that was', 'this is') }} {{ pick('funny', 'great', 'a good one') }} {{ maybe(', haha') }}"),
    ("who_are_you", "train", "plain", "{{ maybe(pick('well', 'oh', 'hm', 'you know')) }} {{ pick('who', 'what') }} are you {{ pick('really', 'exactly', 'anyway') }} ?"),
    ("wait", "train", "plain", "{{ maybe(pick('well', 'oh', 'hm', 'you know')) }} {{ pick('hold on', 'one moment') }} , I am {{ pick('thinking', 'on the phone', 'not ready') }}"),
    ("good_night", "validation", "casual", "{{ maybe(pick('well', 'oh', 'hm', 'you know')) }} {{ pick('good night', 'sleep well', 'bye') }} , {{ pick('see you', 'talk to you') }} {{ pick('tomorrow', 'soon') }}"),
    ("sorry", "validation", "polite", "{{ maybe(pick('well', 'oh', 'hm', 'you know')) }} {{ pick('sorry', 'my apologies') }} {{ pick('for the confusion', 'about that', 'for being late') }}"),
    ("weekend", "test", "plain", "{{ maybe(pick('well', 'oh', 'hm', 'you know')) }} {{ pick('my weekend', 'the party') }} was {{ pick('lovely', 'quite dull', 'too short') }}"),
    ("opinion", "test", "plain", "{{ maybe(pick('well', 'oh', 'hm', 'you know')) }} do you {{ pick('like', 'enjoy', 'prefer') }} {{ pick('rain', 'long walks', 'old films') }} ?"),
    ("never_mind", "test", "casual", "{{ maybe(pick('well', 'oh', 'hm', 'you know')) }} {{ pick('never mind', 'forget it') }} , {{ pick('I changed my mind', 'it was nothing') }}"),
)  # fmt: skip
TALK_ANSWERS = ("I am here if you need something.", "All right. Tell me when there is something to do.")
MISSING_ANSWERS = ("I have no tool for that.", "That is nothing I can do here.")


def ask_answers(label: str) -> tuple[str, ...]:
    """What the model says where a parameter is missing."""
    return f"Which {label} should it be?", f"Please tell me the {label}."


def clause(said: Sequence[Said], kind: Clause) -> str:
    """The arguments in words."""
    pairs = [(one.label, _values(one)) for one in said]
    if kind in ("taking", "has_to", "as"):
        pairs = pairs[::-1]  # in another order than the frames of other splits that say much the same
    texts = {
        "with": [f"{label} {value}" for label, value in pairs],
        "where": [
            f"the {one.label} {'are' if len(one.slots) > 1 and one.label.endswith('s') else 'is'} {_values(one)}"
            for one in said
        ],
        "colon": [f"{label} {value}" for label, value in pairs],
        "as": [f"{value} as the {label}" for label, value in pairs],
        "plain": [f"{label} {value}" for label, value in pairs],
        "using": [f"{value} for the {label}" for label, value in pairs],
        "named": [f"{label} = {value}" for label, value in pairs],
        "should": [f"the {label} should be {value}" for label, value in pairs],
        "given": [f"{label} set to {value}" for label, value in pairs],
        "has_to": [f"{value} has to be the {label}" for label, value in pairs],
        "taking": [f"{value} ({label})" for label, value in pairs],
        "": [],
    }[kind]
    openings = {
        "with": "with",
        "where": "where",
        "as": "with",
        "using": "using",
        "taking": "taking",
        "given": "with",
    }
    listed = (
        ", ".join(texts)
        if kind in ("colon", "plain", "named", "should", "taking") or len(texts) < 2
        else f"{', '.join(texts[:-1])} and {texts[-1]}"
    )
    return f"{openings.get(kind, '')} {listed}".strip()


def _values(one: Said) -> str:
    slots = [f"{{{{ {slot} }}}}" for slot in one.slots]
    return slots[0] if len(slots) == 1 else f"{', '.join(slots[:-1])} and {slots[-1]}"


def templates(frame: Frame, deeds: Sequence[str], said: Sequence[Said]) -> list[str]:
    """The family's templates, one for each way to say what the tool does."""
    text = frame.with_arguments if said else frame.without
    arguments = clause(said, frame.clause)
    # Split once: a label or a deed may spell a mark itself, as a parameter `todo` spells DO.
    parts = _MARKS.split(text)
    return list(
        dict.fromkeys(
            "".join({"DO": deed, "ARGS": arguments}.get(part, part) for part in parts) for deed in deeds
        )
    )
