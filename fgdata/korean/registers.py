"""Endings with which people ask for something, by register, weighted as people weight them.

Shares of the groups are counted in 7,500 human request lines (StyleKQC; regular expressions, so the classes are inferred): an
auxiliary 주다 is attached in 86 % (꺼줘), requests carry next to no punctuation (0.1 %). How a group's share divides among its endings
is our judgement. Every ending reads naturally with a verb such as 켜다 or 올리다.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from fgdata.errors import FgError, Problem
from fgdata.korean.lexicon import LEXICON
from fgdata.korean.verbs import conjugate

REGISTERS = ("hae", "haeyo", "hapsyo", "haera", "noun", "fragment")
"""해, 해요, 합쇼, 해라; noun: 켜기, 켤 것; fragment: clipped commands."""
ATTACHED = 0.86
"""Share of requests whose 주다 is written onto the verb."""
QUESTION_MARK = 0.004
"""Share of the endings that ask which carry a question mark."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Endings of one class and the class's share of its register."""

    share: float
    """In the counts of the human lines; shares of a register are scaled to 1."""
    endings: Mapping[str, float]
    """Ending, 주다 spaced, to its weight in the group."""


_GROUPS: dict[str, dict[str, _Group]] = {
    "hae": {
        "줘": _Group(30.0, {"어 줘": 68, "어 줄래": 13, "어 줘 봐": 8, "어 주라": 7, "어 줄 수 있어": 4}),
        "해": _Group(15.0, {"어": 88, "어 봐": 9, "자": 3}),
        "부탁": _Group(10.0, {"어 줘 부탁해": 30, "는 거 부탁해": 24, "어 주는 거 부탁해": 12, "어 달라고 부탁할게": 4,
                              "어 주길 부탁해": 12, "는 것 좀 부탁해": 18}),
        "other": _Group(37.0, {"어 줬으면 좋겠어": 16, "었으면 좋겠어": 10, "어 주면 좋겠어": 9, "으면 좋겠어": 7, "어 줄 수 있니": 9,
                               "어 주겠니": 8, "어 주면 고맙겠어": 7, "고 싶어": 8, "고 싶은데": 4, "어 줄 수 있을까": 7, "어 달란 말이야": 3,
                               "는 게 어때": 3, "어 주면 안 될까": 4, "어 줘야겠어": 3, "어야겠어": 2}),
    },
    "haeyo": {
        "주시겠어요": _Group(22.0, {"어 주시겠어요": 36, "어 주실래요": 24, "어 주실 수 있나요": 13, "어 주실 수 있을까요": 12,
                                     "어 주실 수 있어요": 9, "어 주실 수 있으세요": 4, "어 주실 수 있으실까요": 2}),
        "other -요": _Group(18.0, {"어 줘요": 36, "어요": 12, "어 줄래요": 13, "으세요": 7, "어 봐요": 4, "어 주면 좋겠어요": 7,
                                   "어 주셨으면 좋겠어요": 5, "어 줬으면 해요": 4, "었으면 좋겠어요": 6, "고 싶어요": 6}),
        "주세요": _Group(16.0, {"어 주세요": 96, "어 줘 보세요": 1, "어 주셔요": 3}),
        "부탁": _Group(16.0, {"는 거 부탁해요": 18, "는 거 부탁드려요": 18, "어 주세요 부탁해요": 14, "어 주시길 부탁드려요": 18,
                              "어 주시는 거 부탁드려요": 8, "어 주세요 부탁드려요": 12, "어 주시기를 부탁드려요": 4, "는 것 좀 부탁드려요": 8}),
    },
    "hapsyo": {
        "-니다": _Group(9.0, {"어 주시기 바랍니다": 38, "어 주시길 바랍니다": 14, "어 주시겠습니까": 16, "어 주시면 감사하겠습니다": 14,
                              "어 주실 수 있습니까": 8, "어 주셨으면 합니다": 6, "기 바랍니다": 4}),
        "십시오": _Group(4.5, {"어 주십시오": 82, "으십시오": 18}),
        "부탁": _Group(2.5, {"어 주시길 부탁드립니다": 50, "어 주시기를 부탁드립니다": 20, "어 주시기 부탁드립니다": 30}),
    },
    "haera": {
        "어라": _Group(80.0, {"어라": 76, "어 줘라": 16, "어 봐라": 8}),
        "other": _Group(20.0, {"어 다오": 20, "어 주렴": 25, "으렴": 20, "도록 해라": 35}),
    },
    "noun": {
        "기": _Group(70.0, {"기": 92, "어 주기": 8}),
        "것": _Group(18.0, {"을 것": 100}),
        "바람": _Group(12.0, {"기 바람": 62, "어 주기 바람": 38}),
    },
    "fragment": {
        "해": _Group(80.0, {"어": 100}),
        "기": _Group(20.0, {"기": 100}),
    },
}  # fmt: skip
_SERVING = "알리다 말하다 얘기하다 이야기하다 설명하다 대답하다 답하다 추천하다 안내하다 깨우다 돕다 기억하다"
_AUXILIARY_STARTS = ("어 주", "어 줘", "어 줄", "어 줬", "어 달", "어 다")
_SPEAKER_ACTS = ("고 싶", "었으면 좋겠", "으면 좋겠", "어야겠", "자")
_FOR_THE_SPEAKER = frozenset(_SERVING.split())
"""Verbs of which wanting to do them oneself means another thing than asking for them."""
_ASKS = (
    *("시겠어요", "래요", "나요", "까요", "수 있어요", "있으세요", "니까"),
    *("줄래", "수 있어", "있니", "겠니", "을까", "될까", "어때"),
)


@lru_cache(maxsize=1024)
def request_endings(register: str, lemma: str | None = None) -> tuple[tuple[str, float], ...]:
    """Endings for `conjugate` that ask for something in `register`, with weights that sum to 1, heaviest first.

    Args:
        lemma: the verb that will take the ending. Endings that turn its sense are left out (알려줘 asks, 알리고 싶어 offers), and
            of endings that make one form of it (알려주다 with 어 and 어줘) one stays, with their weights together.
    Raises: FgError for a register that is none of `REGISTERS`, and for an adjective, which cannot be asked for.
    """
    if register not in _GROUPS:
        raise FgError(
            Problem("", f"{register!r} is no Korean register.", f"Use one of {', '.join(REGISTERS)}.")
        )
    groups = _GROUPS[register].values()
    total = sum(group.share for group in groups)
    weights: dict[str, float] = {}
    for group in groups:
        scale = group.share / total / sum(group.endings.values())
        for ending, weight in group.endings.items():
            for spelt, share in _spellings(ending):
                weights[spelt] = weights.get(spelt, 0.0) + weight * scale * share
    ranked = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    return tuple(_suited(ranked, lemma) if lemma is not None else ranked)


def _suited(ranked: list[tuple[str, float]], lemma: str) -> list[tuple[str, float]]:
    """The endings that suit `lemma`, each form once."""
    word = lemma.rpartition(" ")[2]
    if (entry := LEXICON.get(word)) and entry.kind == "adjective":
        remedy = "Use a verb: 시원하게 하다, 온도를 낮추다."
        raise FgError(Problem("", f"{lemma!r} is an adjective and takes no request.", remedy))
    for_the_speaker = word in _FOR_THE_SPEAKER or word.endswith("주다")
    forms: dict[str, str] = {}
    weights: dict[str, float] = {}
    for ending, weight in ranked:
        if for_the_speaker and ending.startswith(_SPEAKER_ACTS):
            continue
        kept = forms.setdefault(conjugate(lemma, ending), ending)
        weights[kept] = weights.get(kept, 0.0) + weight
    whole = sum(weights.values())
    return sorted(
        ((ending, weight / whole) for ending, weight in weights.items()), key=lambda item: (-item[1], item[0])
    )


def _spellings(ending: str) -> list[tuple[str, float]]:
    """The ways to write `ending`, with their shares: 주다 attached or spaced, a question mark or, nearly always, none."""
    ways = [(ending, 1.0)]
    if ending.startswith(_AUXILIARY_STARTS):
        ways = [(ending.replace("어 ", "어", 1), ATTACHED), (ending, 1 - ATTACHED)]
    if ending.endswith(_ASKS):
        ways = [
            (spelt + mark, share * part)
            for spelt, share in ways
            for mark, part in (("", 1 - QUESTION_MARK), ("?", QUESTION_MARK))
        ]
    return ways
