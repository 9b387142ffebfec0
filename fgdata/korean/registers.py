"""Endings with which people ask for something, by register, weighted as people weight them.

Shares of the groups are counted in 7,500 human request lines (StyleKQC; regular expressions, so the classes are inferred): an
auxiliary 주다 is attached in 86 % (꺼줘), requests carry next to no punctuation (0.1 %). How a group's share divides among its endings
is counted in those 1,294 of the lines that ask for something at home, as far as they go: 주겠니 is the commonest of its group, and
hardly anybody says 주세요 부탁드려요. Wishes and proposals, which those lines lack, have a share by our judgement. Of the lines with 부탁
about six in ten ask with a noun alone (가동 부탁드릴게요): those are left to `verbless_endings`, and the groups 부탁 have the rest.
Every ending reads naturally with a verb such as 켜다 or 올리다.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from math import fsum

from fgdata.errors import FgError, Problem
from fgdata.korean.lexicon import LEXICON
from fgdata.korean.verbs import conjugate, split_lemma

REGISTERS = ("hae", "haeyo", "hapsyo", "haera", "noun", "fragment")
"""해, 해요, 합쇼, 해라; noun: 켜기, 켤 것; fragment: clipped commands."""
ATTACHED = 0.86
"""Share of requests whose 주다 is written onto the verb (StyleKQC)."""
QUESTION_MARK = 0.004
"""Share of the endings that ask which carry a question mark; punctuation of any kind stands in 0.1 % of the lines (StyleKQC)."""
SOFTENER = "좀"
"""The word that softens a request; it stands before the verb, or after what is asked for."""
SOFTENER_SHARE = 0.29
"""Share of requests that hold `SOFTENER` (StyleKQC)."""
OPENERS: Mapping[str, tuple[tuple[str, float], ...]] = {"hae": (("야", 0.10), ("저기", 0.08))}
"""Words that open a request, by register, with the share of lines they open (StyleKQC, informal lines)."""
REQUEST_NOT_LAST = 0.05
"""Share of requests in which more words follow the one that asks: 꺼줘 에어컨 (StyleKQC)."""
DIGITS_SHARE = 0.0
"""Share of lines with digits or Latin letters (StyleKQC, as people speak): numbers are words there (이십사 도)."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Endings of one class and the class's share of its register."""

    share: float
    """In the counts of the human lines (부탁: without those that have a noun alone); shares of a register are scaled to 1."""
    endings: Mapping[str, float]
    """Ending, 주다 spaced, to its weight in the group."""


_GROUPS: dict[str, dict[str, _Group]] = {
    "hae": {
        "줘": _Group(30.0, {"어 줘": 56, "어 줄래": 34, "어 줘 봐": 3, "어 주라": 3, "어 줄 수 있어": 4}),
        "해": _Group(15.0, {"어": 88, "어 봐": 9, "자": 3}),
        "부탁": _Group(4.0, {"어 주길 부탁해": 48, "어 주길 부탁할게": 40, "어 줘 부탁해": 8, "는 것 부탁해": 4}),
        "other": _Group(37.0, {"어 주겠니": 26, "어 줄 수 있니": 17, "어 주면 고맙겠어": 12, "어 줄 수 있겠니": 5, "어 줬으면 좋겠어": 6,
                               "었으면 좋겠어": 6, "어 주면 좋겠어": 5, "으면 좋겠어": 3, "어 줄 수 있을까": 4, "어 주면 좋을 것 같아": 2,
                               "어 줬으면 해": 2, "고 싶어": 3, "고 싶은데": 2, "는 게 어떨까": 1, "는 게 어때": 1, "는 건 어때": 0.5,
                               "어 주면 안 될까": 2, "어 주면 안 돼": 0.5, "어 달란 말이야": 0.5, "어야겠어": 1}),
    },
    "haeyo": {
        "주시겠어요": _Group(22.0, {"어 주실래요": 30, "어 주실 수 있나요": 26, "어 주시겠어요": 23, "어 주실 수 있으신가요": 10,
                                     "어 주실 수 있을까요": 6, "어 주실 수 있어요": 2, "어 주실 수 있으세요": 2, "어 주실 수 있으실까요": 1}),
        "other -요": _Group(18.0, {"어 줘요": 20, "어요": 11, "어 줄래요": 8, "으세요": 6, "어 봐요": 2, "어 주면 좋겠어요": 7,
                              "어 주시면 좋겠어요": 8, "어 주면 고맙겠어요": 3, "어 주시면 고맙겠어요": 5, "어 주시면 안 될까요": 5,
                                   "어 주셨으면 좋겠어요": 8, "어 줬으면 해요": 3, "었으면 좋겠어요": 8, "고 싶어요": 6}),
        "주세요": _Group(16.0, {"어 주세요": 97, "어 주셔요": 3}),
        "부탁": _Group(6.0, {"어 주시길 부탁드려요": 38, "어 주시길 부탁드릴게요": 34, "어 주시기를 부탁드려요": 12,
                               "어 주시기를 부탁드릴게요": 12, "어 주세요 부탁드려요": 2, "어 주세요 부탁해요": 2}),
    },
    "hapsyo": {
        "-니다": _Group(9.0, {"어 주시겠습니까": 32, "어 주시면 감사하겠습니다": 31, "어 주실 수 있으십니까": 11, "어 주시기 바랍니다": 7,
                              "어 주시길 바랍니다": 3, "어 주실 수 있습니까": 4, "어 주셨으면 합니다": 4, "어 주셨으면 좋겠습니다": 2,
                              "어 주시면 고맙겠습니다": 2, "었으면 합니다": 1, "어 주실 수 있겠습니까": 2, "기 바랍니다": 1}),
        "십시오": _Group(4.5, {"어 주십시오": 82, "으십시오": 18}),
        "부탁": _Group(1.0, {"어 주시길 부탁드립니다": 46, "어 주시길 부탁드리겠습니다": 24, "어 주시기를 부탁드립니다": 14,
                               "어 주시기 부탁드립니다": 16}),
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
_PROHIBITIONS: dict[str, Mapping[str, float]] = {
    "hae": {"지 마": 52, "지 말아 줘": 24, "지 마라": 4, "지 말아 줄래": 5, "지 말아 줄 수 있어": 2, "지 말아 줬으면 좋겠어": 3,
            "지 말았으면 좋겠어": 3, "지 말라고": 3, "지 말자": 2, "지 않았으면 좋겠어": 2},
    "haeyo": {"지 마세요": 38, "지 말아 주세요": 34, "지 마요": 6, "지 말아요": 2, "지 말아 줘요": 5, "지 말아 주시겠어요": 5, "지 말아 주실래요": 4,
              "지 말아 주셨으면 좋겠어요": 3, "지 않았으면 좋겠어요": 3},
    "hapsyo": {"지 마십시오": 36, "지 말아 주십시오": 34, "지 말아 주시기 바랍니다": 14, "지 않기 바랍니다": 4, "지 않도록 해 주십시오": 6,
               "지 말아 주시겠습니까": 4, "지 말아 주셨으면 합니다": 2},
    "haera": {"지 마라": 82, "지 말거라": 6, "지 말아라": 6, "지 말도록 해라": 6},
    "noun": {"지 말 것": 50, "지 말기": 38, "지 않기": 12},
    "fragment": {"지 마": 70, "지 말기": 20, "지 말 것": 10},
}  # fmt: skip
_VERBLESS: dict[str, Mapping[str, float]] = {
    "hae": {"": 38, "좀": 24, "부탁해": 14, "부탁할게": 12, "좀 부탁해": 6, "좀 부탁할게": 6},
    "haeyo": {
        "부탁드려요": 26,
        "부탁드릴게요": 16,
        "부탁해요": 20,
        "좀 부탁드려요": 10,
        "좀 부탁드릴게요": 8,
        "좀 부탁해요": 6,
        "좀요": 8,
        "요": 6,
    },
    "hapsyo": {"부탁드립니다": 76, "부탁드리겠습니다": 14, "좀 부탁드립니다": 10},
    "haera": {"": 70, "좀": 30},
    "noun": {"": 85, "요망": 10, "부탁": 5},
    "fragment": {"": 88, "좀": 12},
}
_SERVING = "알리다 말하다 얘기하다 이야기하다 설명하다 대답하다 답하다 추천하다 안내하다 깨우다 돕다 기억하다"
_AUXILIARY = re.compile(r"(어|지 말아|지 않도록 해) (?=주|줘|줄|줬|달|다오)")
_ATTACHED_GIVING = re.compile(r"어(?=주|줘|줄|줬|달|다오)")
_PLEADING_BY_GIVING = re.compile(r"어 ?주.*(?:부탁|감사|고맙|바랍|바람)")
"""Too much behind an auxiliary: 꺼둬 줘, but hardly 꺼둬 주시길 부탁드려요."""
_AUXILIARY_LEMMA = re.compile(r"(?:(\S+) (?:놓다|두다|보다|버리다|내다|가다|오다)|(\S+)(?:놓다|두다))")
"""What may end in an auxiliary verb behind an infinitive; one word with 놓다 or 두다 alone (꺼두다), since 알아보다 and 나가다 are verbs of their own."""
_WORDS_OF_THEIR_OWN = frozenset(
    ["가두다", "놔두다", "내놓다", "빼놓다", "내버려두다", "내려놓다", "올려놓다"]
)
"""Verbs that look like an infinitive with 놓다 or 두다."""
_SPEAKER_ACTS = ("고 싶", "었으면", "으면 좋겠", "어야겠", "자")
_PLAIN_ORDERS = (
    *("도록 해라", "어 봐라", "기 바랍니다", "기 바람"),
    *("는 게 어때", "는 게 어떨까", "는 건 어때", "는 것 부탁해"),
)
"""Endings that order, propose or plead without 주다; 주다, which asks for a favour, takes those of its own: 꺼주시기 바랍니다, not 꺼주기 바랍니다."""
_FOR_THE_SPEAKER = frozenset(_SERVING.split())
"""Verbs of which wanting to do them oneself means another thing than asking for them."""
_ASKS = (
    *("시겠어요", "래요", "나요", "가요", "까요", "수 있어요", "있으세요", "니까"),
    *("줄래", "수 있어", "있니", "겠니", "을까", "떨까", "될까", "안 돼", "어때"),
)


@lru_cache(maxsize=1024)
def request_endings(register: str, lemma: str | None = None) -> tuple[tuple[str, float], ...]:
    """Endings for `conjugate` that ask for something in `register`, with weights that sum to 1, heaviest first.

    Args:
        lemma: the verb that will take the ending. Endings that turn its sense are left out (알려줘 asks, 알리고 싶어 offers), and
            of endings that make one form of it (알려주다 with 어 and 어줘) one stays, with their weights together. Behind an auxiliary
            주다 stands apart (꺼 둬 줘, 꺼둬 줘), since of several auxiliaries the rules of spelling (article 47) let only the first be
            attached, and thanks and pleas with 주다 are left out (꺼둬 주시길 부탁드려요).
    Raises: FgError for a register that is none of `REGISTERS`, and for an adjective, which cannot be asked for.
    """
    _check(register)
    groups = _GROUPS[register].values()
    total = fsum(group.share for group in groups)
    ranked = _ranked([(group.endings, group.share / total) for group in groups])
    return tuple(_suited(ranked, lemma) if lemma is not None else ranked)


@cache
def prohibition_endings(register: str) -> tuple[tuple[str, float], ...]:
    """Endings for `conjugate` that ask not to do something, weighted as those of `request_endings`: 끄지 마, 끄지 말아줘.

    How often people forbid with which ending is our judgement; no count of them is known to us.
    Raises: FgError for a register that is none of `REGISTERS`.
    """
    _check(register)
    return tuple(_ranked([(_PROHIBITIONS[register], 1.0)]))


@cache
def verbless_endings(register: str) -> tuple[tuple[str, float], ...]:
    """What may follow the thing asked for where no verb does (거실 불 좀, 24도 부탁해요), weighted; "" where nothing does.

    요 joins its word (24도요); all others stand apart. The weights are our judgement; that a request is said with 부탁 in
    10 to 16 % of the lines (StyleKQC) counts those with a verb too.
    Raises: FgError for a register that is none of `REGISTERS`.
    """
    _check(register)
    return tuple(_ranked([(_VERBLESS[register], 1.0)]))


def _check(register: str) -> None:
    """Raise FgError if `register` is none of `REGISTERS`."""
    if register not in REGISTERS:
        raise FgError(
            Problem("", f"{register!r} is no Korean register.", f"Use one of {', '.join(REGISTERS)}.")
        )


def _ranked(groups: Iterable[tuple[Mapping[str, float], float]]) -> list[tuple[str, float]]:
    """Endings of groups with their shares, in each of their spellings, heaviest first."""
    weights: dict[str, float] = {}
    for endings, group_share in groups:
        scale = group_share / fsum(endings.values())
        for ending, weight in endings.items():
            for spelt, share in _spellings(ending):
                weights[spelt] = weights.get(spelt, 0.0) + weight * scale * share
    return sorted(weights.items(), key=lambda item: (-item[1], item[0]))


def _suited(ranked: list[tuple[str, float]], lemma: str) -> list[tuple[str, float]]:
    """The endings that suit `lemma`, each form once."""
    head, named = split_lemma(lemma)
    word = named.partition("(")[0]
    if (entry := LEXICON.get(word)) and entry.kind == "adjective":
        remedy = "Use a verb: 시원하게 하다, 온도를 낮추다."
        raise FgError(Problem("", f"{lemma!r} is an adjective and takes no request.", remedy))
    for_the_speaker = word in _FOR_THE_SPEAKER or word.endswith("주다")
    if _ends_in_an_auxiliary(head, word):
        ranked = _behind_an_auxiliary(ranked)
    forms: dict[str, str] = {}
    weights: dict[str, float] = {}
    for ending, weight in ranked:
        if for_the_speaker and ending.startswith(_SPEAKER_ACTS):
            continue
        if ending.rstrip("?") in _PLAIN_ORDERS and word.endswith("주다"):
            continue
        kept = forms.setdefault(conjugate(lemma, ending), ending)
        weights[kept] = weights.get(kept, 0.0) + weight
    whole = fsum(weights.values())
    return sorted(
        ((ending, weight / whole) for ending, weight in weights.items()), key=lambda item: (-item[1], item[0])
    )


@cache
def _infinitives() -> frozenset[str]:
    """꺼, 맞춰, 틀어: what an auxiliary verb may stand behind, of the verbs we know."""
    return frozenset(conjugate(lemma, "어") for lemma, entry in LEXICON.items() if entry.kind == "verb")


def _ends_in_an_auxiliary(head: str, word: str) -> bool:
    """Whether a lemma ends in an auxiliary verb behind an infinitive: 꺼 두다, 꺼두다, and not 그대로 두다, 혼자 두다, 가두다."""
    last = head.split()[-1:]
    found = _AUXILIARY_LEMMA.fullmatch(" ".join([*last, word])) or _AUXILIARY_LEMMA.fullmatch(word)
    if not found or word in _WORDS_OF_THEIR_OWN:
        return False
    before = found[1] or found[2]
    return before in _infinitives() or before.endswith(("해", "시켜"))


def _behind_an_auxiliary(ranked: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """The endings that an auxiliary takes: 주다 apart from it, and no thanks or pleas with it."""
    return [
        (_ATTACHED_GIVING.sub("어 ", ending), weight)
        for ending, weight in ranked
        if not _PLEADING_BY_GIVING.match(ending)
    ]


def _spellings(ending: str) -> list[tuple[str, float]]:
    """The ways to write `ending`, with their shares: 주다 attached or spaced, a question mark or, nearly always, none."""
    ways = [(ending, 1.0)]
    if joint := _AUXILIARY.match(ending):
        ways = [(joint[1] + ending[joint.end() :], ATTACHED), (ending, 1 - ATTACHED)]
    if ending.endswith(_ASKS):
        ways = [
            (spelt + mark, share * part)
            for spelt, share in ways
            for mark, part in (("", 1 - QUESTION_MARK), ("?", QUESTION_MARK))
        ]
    return ways
