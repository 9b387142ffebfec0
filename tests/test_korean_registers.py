"""Request endings: grammatical, weighted as people weight them."""

from __future__ import annotations

import math

import pytest

from fgdata.errors import FgError
from fgdata.korean import REGISTERS, conjugate, request_endings


def _share(register: str, *parts: str) -> float:
    """Weight of the endings that hold one of `parts`, blanks aside."""
    return sum(
        weight
        for ending, weight in request_endings(register)
        if any(part in ending.replace(" ", "") for part in parts)
    )


@pytest.mark.parametrize("register", REGISTERS)
def test_weights_are_shares(register: str):
    """Positive, sorted, distinct, and one in sum."""
    endings = request_endings(register)
    weights = [weight for _, weight in endings]
    assert math.isclose(sum(weights), 1.0)
    assert min(weights) > 0
    assert weights == sorted(weights, reverse=True)
    assert len({ending for ending, _ in endings}) == len(endings)


@pytest.mark.parametrize("register", ["hae", "haeyo", "hapsyo"])
def test_give_is_attached_as_people_attach_it(register: str):
    """주다 stands attached in 86 % of the endings that begin with it."""
    attached = sum(
        weight
        for ending, weight in request_endings(register)
        if ending.startswith(("어주", "어줘", "어줄", "어줬", "어달"))
    )
    spaced = sum(
        weight
        for ending, weight in request_endings(register)
        if ending.startswith(("어 주", "어 줘", "어 줄", "어 줬", "어 달"))
    )
    assert attached / (attached + spaced) == pytest.approx(0.86)


@pytest.mark.parametrize("register", REGISTERS)
def test_question_marks_are_rare(register: str):
    """At most 0.4 % of requests carry one, and only those that ask."""
    marked = [(ending, weight) for ending, weight in request_endings(register) if ending.endswith("?")]
    assert sum(weight for _, weight in marked) <= 0.004
    assert not [ending for ending, _ in marked if "좋겠" in ending or "고맙" in ending]


def test_classes_follow_the_human_figures():
    """The shares of the classes counted in StyleKQC stand in their proportions; 부탁 with a verb is some four tenths of all 부탁."""
    assert dict(request_endings("hae"))["어"] == pytest.approx(15 / 86 * 0.88)
    assert _share("hae", "부탁") == pytest.approx(4 / 86)
    assert _share("haeyo", "부탁") == pytest.approx(6 / 62)
    assert _share("haeyo", "주시겠", "주실") == pytest.approx(22 / 62, abs=0.01)
    assert _share("hapsyo", "십시오") == pytest.approx(4.5 / 14.5)


@pytest.mark.parametrize(
    "part",
    [
        "주겠니",
        "줄수있니",
        "줄수있을까",
        "고맙겠어",
        "고싶어",
        "말이야",
        "좋겠어",
        "어때",
        "안돼",
        "것부탁",
        "줘봐",
        "주라",
        "야겠어",
    ],
)
def test_informal_groups_that_people_use_are_there(part: str):
    """The 37 % that plain classes miss: every way of asking that was seen in the human lines has its ending."""
    assert _share("hae", part) > 0


@pytest.mark.parametrize(
    ("register", "lemma", "forms"),
    [
        (
            "hae",
            "켜다",
            {"켜", "켜줘", "켜 줘", "켜줄래", "켜줘 봐", "켜주라", "켜주면 좋겠어", "켜는 것 부탁해"},
        ),
        (
            "haeyo",
            "올리다",
            {"올려주세요", "올려 주세요", "올려주시겠어요", "올려주실래요", "올려주실 수 있나요", "올려줘요"},
        ),
        ("hapsyo", "틀다", {"틀어주십시오", "틀어 주시기 바랍니다", "트십시오", "틀어주시겠습니까"}),
        ("haera", "돌리다", {"돌려라", "돌려줘라", "돌리렴", "돌리도록 해라"}),
        ("noun", "설정하다", {"설정하기", "설정할 것", "설정하기 바람"}),
        ("fragment", "끄다", {"꺼", "끄기"}),
        ("hae", "알려주다", {"알려줘", "알려줄래", "알려줘 봐", "알려달란 말이야"}),
    ],
)
def test_registers_speak_as_they_should(register: str, lemma: str, forms: set[str]):
    """The commonest forms of each register are there."""
    assert forms <= {conjugate(lemma, ending) for ending, _ in request_endings(register)}


def test_endings_that_turn_the_sense_are_left_out():
    """알리고 싶어 offers where 알려줘 asks; the weights still sum to one."""
    endings = request_endings("hae", "알리다")
    assert not [ending for ending, _ in endings if ending.startswith(("고 싶", "으면 좋겠"))]
    assert math.isclose(sum(weight for _, weight in endings), 1.0)
    assert dict(request_endings("hae", "켜다")) == pytest.approx(dict(request_endings("hae")))


@pytest.mark.parametrize(
    ("register", "ending"),
    [
        ("haera", "도록 해라"),
        ("hapsyo", "기 바랍니다"),
        ("noun", "기 바람"),
        ("hae", "는 것 부탁해"),
        ("hae", "는 게 어떨까"),
    ],
)
def test_a_favour_is_not_ordered(register: str, ending: str):
    """끄도록 해라, 끄기 바랍니다 and 끄는 것 부탁해, but neither 꺼주도록 해라 nor 꺼주기 바랍니다 nor 꺼주는 것 부탁해."""
    assert ending in dict(request_endings(register, "끄다"))
    assert ending not in dict(request_endings(register, "꺼주다"))


@pytest.mark.parametrize("lemma", ["알려주다", "길을 알려 주다", "켜다"])
def test_each_form_is_drawn_once(lemma: str):
    """알려주다 with 어 and with 어줘 are one form, so one ending stays; a choice of endings is a choice of texts."""
    for register in REGISTERS:
        forms = [conjugate(lemma, ending) for ending, _ in request_endings(register, lemma)]
        assert len(set(forms)) == len(forms)


@pytest.mark.parametrize(
    ("lemma", "register", "right", "wrong"),
    [
        ("꺼 두다", "hae", "꺼 둬 줘", "꺼 둬줘"),
        ("꺼 두다", "hae", "꺼 둬 줄래", "꺼 둬줄래"),
        ("꺼 두다", "hapsyo", "꺼 둬 주십시오", "꺼 둬 주시면 감사하겠습니다"),
        ("꺼 두다", "hapsyo", "꺼 두기 바랍니다", "꺼 둬 주시기 바랍니다"),
        ("꺼 두다(규칙)", "hae", "꺼 둬 줘", "꺼 둬줘"),
        ("거실 불을 꺼 두다", "hae", "거실 불을 꺼 둬 줘", "거실 불을 꺼 둬줘"),
        ("맞춰 놓다", "haeyo", "맞춰 놔 주세요", "맞춰 놔주세요"),
        ("틀어 놓다", "haeyo", "틀어 놔 주실래요", "틀어 놔 주시길 부탁드려요"),
        ("설정해 두다", "haeyo", "설정해 둬 주세요", "설정해 둬주세요"),
        ("확인해 보다", "hapsyo", "확인해 봐 주십시오", "확인해 봐주십시오"),
        ("봐 두다", "hae", "봐 둬 줘", "봐 둬줘"),
        ("꺼 버리다", "hae", "꺼 버려 주면 좋겠어", "꺼 버려 주면 고맙겠어"),
        ("덜어 내다", "haera", "덜어 내 줘라", "덜어 내줘라"),
        ("옮겨 가다", "hae", "옮겨 가 줘", "옮겨 가줘"),
        ("켜두다", "hae", "켜둬 줘", "켜둬줘"),
        ("맞춰놓다", "haeyo", "맞춰놔 주세요", "맞춰놔주세요"),
    ],
)
def test_of_two_auxiliaries_only_the_first_may_be_attached(lemma: str, register: str, right: str, wrong: str):
    """Spelling rules, article 47: 꺼 둬 줘 and 꺼둬 줘, but not 꺼 둬줘, nor thanks and pleas behind them."""
    forms = {conjugate(lemma, ending) for ending, _ in request_endings(register, lemma)}
    assert right in forms
    assert wrong not in forms


@pytest.mark.parametrize(
    ("lemma", "form"),
    [
        ("그대로 두다", "그대로 둬줘"),
        ("쉬게 두다", "쉬게 둬줘"),
        ("여기 놓다", "여기 놔줘"),
        ("갖다 놓다", "갖다 놔줘"),
        ("혼자 두다", "혼자 둬줘"),
        ("먼저 놓다", "먼저 놔줘"),
        ("영화 보다", "영화 봐줘"),
        ("효과 내다", "효과 내줘"),
        ("가두다", "가둬줘"),
        ("놔두다", "놔둬줘"),
        ("찾아보다", "찾아봐줘"),
        ("끄다", "꺼줘"),
    ],
)
def test_what_stands_first_takes_its_auxiliary_attached(lemma: str, form: str):
    """Behind a noun or an adverb 두다, 놓다 and 보다 are the verb itself, and so are words that only look like an infinitive with one."""
    assert form in {conjugate(lemma, ending) for ending, _ in request_endings("hae", lemma)}


def test_wrong_registers_and_adjectives_are_refused():
    """The error lists the registers, or offers a verb."""
    with pytest.raises(FgError, match="hapsyo"):
        request_endings("formal")
    with pytest.raises(FgError, match="시원하게 하다"):
        request_endings("hae", "시원하다")
