"""Clauses: joined, negated, and the requests not to do something."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from fgdata.errors import FgError
from fgdata.korean import (
    REGISTERS,
    conjugate,
    connective,
    negative,
    prohibition_endings,
    verbless_endings,
)
from fgdata.korean.registers import OPENERS, REQUEST_NOT_LAST, SOFTENER_SHARE

# Lemma, kind, expected. Written by hand.
JOINED = """
거실 불을 끄다 | 고 | 거실 불을 끄고
불을 켜다 | 서 | 불을 켜서
온도를 낮추다 | 서 | 온도를 낮춰서
음악을 듣다 | 면서 | 음악을 들으면서
창문을 열다 | 면서 | 창문을 열면서
창문을 열다 | 고 나서 | 창문을 열고 나서
창문을 열다 | 은 다음 | 창문을 연 다음
창문을 닫다 | 은 다음 | 창문을 닫은 다음
거실 불을 끄다 | , | 거실 불,
TV를 켜다 | , | TV,
24도로 맞추다 | , | 24도로,
거실 불 끄다 | , | 거실 불,
가을을 느끼다 | , | 가을,
가을 느끼다 | , | 가을,
漢字를 읽다 | , | 漢字,
"""
# Lemma, ending, by, expected. Written by hand.
NEGATED = """
끄다 | 어 | 말다 | 끄지 마
끄다 | 어 줘 | 말다 | 끄지 말아 줘
끄다 | 어줘 | 말다 | 끄지 말아줘
끄다 | 으세요 | 말다 | 끄지 마세요
끄다 | 어 주세요 | 말다 | 끄지 말아 주세요
끄다 | 으십시오 | 말다 | 끄지 마십시오
끄다 | 어라 | 말다 | 끄지 마라
끄다 | 어요 | 말다 | 끄지 마요
끄다 | 자 | 말다 | 끄지 말자
끄다 | 읍시다 | 말다 | 끄지 맙시다
끄다 | 고 | 말다 | 끄지 말고
끄다 | 을까 | 말다 | 끄지 말까
끄다 | 을 것 | 말다 | 끄지 말 것
끄다 | 었으면 좋겠어 | 말다 | 끄지 말았으면 좋겠어
불을 끄다 | 어 줘 | 말다 | 불을 끄지 말아 줘
걷다(규칙) | 어 줘 | 말다 | 걷지 말아 줘
켜다 | 는다 | 않다 | 켜지 않는다
켜다 | 은데 | 않다 | 켜지 않는데
덥다 | 는다 | 않다 | 덥지 않다
덥다 | 는데 | 않다 | 덥지 않은데
덥다 | 은 | 않다 | 덥지 않은
켜다 | 어요 | 못하다 | 켜지 못해요
깨끗하다 | 은데 | 못하다 | 깨끗하지 못한데
켜다 | 어 | 안 | 안 켜
불을 켜다 | 어 | 안 | 불을 안 켜
청소하다 | 어 | 안 | 청소 안 해
작동시키다 | 어 | 안 | 작동 안 시켜
말하다 | 어 | 안 | 말 안 해
정하다 | 어 | 안 | 안 정해
시원하다 | 어 | 안 | 안 시원해
더워하다 | 어 | 안 | 안 더워해
덥다 | 어요 | 안 | 안 더워요
이해하다 | 어 | 못 | 이해 못 해
켜다 | 어 | 못 | 못 켜
"""


@pytest.mark.parametrize("row", JOINED.strip().splitlines())
def test_clauses_are_joined(row: str):
    """Each kind; a comma leaves the verb out, and the object's particle with it."""
    lemma, kind, expected = row.split(" | ")
    assert connective(lemma, kind) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("row", NEGATED.strip().splitlines())
def test_verbs_are_negated(row: str):
    """Each auxiliary, with verbs, adjectives and noun verbs."""
    lemma, ending, by, expected = row.split(" | ")
    assert negative(lemma, ending, by) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: connective("끄다", ","), "nothing is left"),
        (lambda: connective("끄다", "지만"), "way to join"),
        (lambda: connective("꺼", "고"), "ends in 다"),
        (lambda: negative("끄다", "습니다"), "only forbids"),
        (lambda: negative("끄다", "는다"), "only forbids"),
        (lambda: negative("덥다", "어"), "adjective"),
        (lambda: negative("덥다", "어", "못"), "adjective"),
        (lambda: negative("끄다", "어", "없다"), "way to negate"),
    ],
)
def test_what_nobody_says_is_refused(call, says: str):
    """The error names what is wrong and what to use."""
    with pytest.raises(FgError, match=says):
        call()


@pytest.mark.parametrize("endings_of", [prohibition_endings, verbless_endings])
@pytest.mark.parametrize("register", REGISTERS)
def test_weights_are_shares(endings_of, register: str):
    """Positive, sorted, distinct, one in sum."""
    weights = [weight for _, weight in endings_of(register)]
    assert math.isclose(sum(weights), 1.0)
    assert min(weights) > 0
    assert all(before >= after for before, after in pairwise(weights))
    assert len({ending for ending, _ in endings_of(register)}) == len(weights)
    with pytest.raises(FgError, match="hapsyo"):
        endings_of("formal")


@pytest.mark.parametrize(
    ("register", "forms"),
    [
        ("hae", {"끄지 마", "끄지 말아줘", "끄지 말아 줘"}),
        ("haeyo", {"끄지 마세요", "끄지 말아주세요", "끄지 말아 주세요"}),
        ("hapsyo", {"끄지 마십시오", "끄지 말아 주십시오", "끄지 말아 주시기 바랍니다"}),
        ("haera", {"끄지 마라", "끄지 말거라"}),
        ("noun", {"끄지 말 것", "끄지 말기"}),
        ("fragment", {"끄지 마"}),
    ],
)
def test_registers_forbid_as_they_should(register: str, forms: set[str]):
    """The commonest prohibitions of each register are there, 주다 attached in 86 %."""
    endings = prohibition_endings(register)
    assert forms <= {conjugate("끄다", ending) for ending, _ in endings}
    assert all(
        conjugate("틀다", ending).startswith(("틀지 말", "틀지 마", "틀지 않")) for ending, _ in endings
    )
    attached = sum(weight for ending, weight in endings if ending.startswith("지 말아주"))
    spaced = sum(weight for ending, weight in endings if ending.startswith("지 말아 주"))
    assert not attached + spaced or attached / (attached + spaced) == pytest.approx(0.86)


def test_counted_shares():
    """The shares that the human lines gave stand as named constants."""
    assert SOFTENER_SHARE == 0.29
    assert dict(OPENERS["hae"]) == {"야": 0.10, "저기": 0.08}
    assert REQUEST_NOT_LAST == 0.05
    assert {"", "좀", "부탁해"} <= {tail for tail, _ in verbless_endings("hae")}
