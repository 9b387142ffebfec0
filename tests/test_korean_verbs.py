"""Conjugation: the frozen table, the classes, wrong input."""

from __future__ import annotations

import re
import unicodedata

import korean_requests
import pytest
from hypothesis import given
from hypothesis import strategies as st
from korean_table import ENDINGS, TABLE, build_table

from fgdata.errors import FgError
from fgdata.korean import REGISTERS, conjugate, request_endings
from fgdata.korean.hangul import LEADS, TAILS, VOWELS, join_syllable, split_syllable
from fgdata.korean.lexicon import CLASSES, LEXICON

LONE_JAMO = re.compile("[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\ud7b0-\ud7ff]")

# Written by hand, not by the code: the forms of the brief, then one or more of each class.
CASES = """
올리다 | 어 줘 | 올려 줘
낮추다 | 어주세요 | 낮춰주세요
덥다 | 어요 | 더워요
끄다 | 어 | 꺼
돌리다 | 을래 | 돌릴래
켜다 | 으면 | 켜면
춥다 | 습니다 | 춥습니다
켜다 | 습니다 | 켭니다
돕다 | 어 주세요 | 도와 주세요
눕다 | 을게 | 누울게
굽다 | 어 | 구워
굽다(규칙) | 었어 | 굽었어
잡다 | 아 줘 | 잡아 줘
뽑다 | 어라 | 뽑아라
입다 | 으니까 | 입으니까
넓다 | 은데 | 넓은데
좁다 | 어요 | 좁아요
듣다 | 을 수 있어 | 들을 수 있어
걷다 | 으려고 | 걸으려고
걷다(규칙) | 어 줘 | 걷어 줘
닫다 | 어줘 | 닫아줘
묻다 | 어 | 물어
묻다(규칙) | 어 | 묻어
짓다 | 을까 | 지을까
낫다 | 었어요 | 나았어요
고르다 | 어 줘 봐 | 골라 줘 봐
부르다 | 어주라 | 불러주라
누르다 | 었 | 눌렀
흐르다 | 어 | 흘러
따르다 | 어 | 따라
들르다 | 어서 | 들러서
이르다 | 어서 | 일러서
이르다(러) | 어서 | 이르러서
푸르다 | 어 | 푸르러
푸다 | 어 줘 | 퍼 줘
모으다 | 어 | 모아
아프다 | 어요 | 아파요
잠그다 | 어 줄래 | 잠가 줄래
예쁘다 | 어 | 예뻐
크다 | 었는데 | 컸는데
빨갛다 | 어 | 빨개
빨갛다 | 은 | 빨간
하얗다 | 어요 | 하얘요
허옇다 | 어 | 허예
누렇다 | 었다 | 누렜다
그렇다 | 어서 | 그래서
어떻다 | 어 | 어때
좋다 | 어 | 좋아
놓다 | 어 줘 | 놔 줘
넣다 | 어 줘 | 넣어 줘
하다 | 어 | 해
설정하다 | 었어 | 설정했어
설정하다 | 여 | 설정해
작동시키다 | 어 | 작동시켜
오다 | 어라 | 와라
보다 | 었어 | 봤어
주다 | 어 | 줘
되다 | 어요 | 돼요
되다 | 었습니다 | 됐습니다
두다 | 어 | 둬
보내다 | 어 줘 | 보내 줘
세다 | 어 | 세
서다 | 었어 | 섰어
자다 | 어 | 자
쉬다 | 어 | 쉬어
바뀌다 | 었어 | 바뀌었어
비다 | 었어 | 비었어
틀다 | 으세요 | 트세요
틀다 | 습니다 | 틉니다
틀다 | 는 거 부탁해 | 트는 거 부탁해
틀다 | 으면 | 틀면
틀다 | 으려고 | 틀려고
틀다 | 을 것 | 틀 것
틀다 | 네 | 트네
틀다 | 으십시오 | 트십시오
틀다 | 읍시다 | 틉시다
틀다 | 도록 | 틀도록
만들다 | 음 | 만듦
열다 | 을래요 | 열래요
걸다 | 는다 | 건다
놀다 | 니 | 노니
알리다 | 는데 | 알리는데
덥다 | 는데 | 더운데
덥다 | 는다 | 덥다
덥다 | 은데 | 더운데
켜다 | 은데 | 켜는데
켜다 | 는다 | 켠다
잡다 | 는다 | 잡는다
있다 | 은데 | 있는데
없다 | 는데 | 없는데
없다 | 은데 | 없는데
맛있다 | 은 | 맛있는
켜다 | 마 | 켜마
듣다 | 으마 | 들으마
싣다 | 읍시다 | 실읍시다
그러다 | 었어 | 그랬어
어쩌다 | 어 | 어째
굽다(규칙) | 은데 | 굽는데
켜다 | ㄹ래 | 켤래
켜다 | ㅂ니다 | 켭니다
켜다 | ㄴ다 | 켠다
켜다 | 세요 | 켜세요
말다 | 어 | 마
말다 | 어 줘 | 말아 줘
말다 | 으세요 | 마세요
아니다 | 어 | 아니야
아니다 | 어요 | 아니에요
끄다 | 지 마 | 끄지 마
끄다 | 지 말아 줘 | 끄지 말아 줘
불을 끄다 | 었으면 좋겠어 | 불을 껐으면 좋겠어
알려주다 | 어 주세요 | 알려주세요
알려 주다 | 어 줄래 | 알려 줄래
""".strip()


@pytest.mark.parametrize("case", CASES.splitlines())
def test_forms_written_by_hand(case: str):
    """Every class of conjugation gives the form that a grammar gives."""
    lemma, ending, expected = case.split(" | ")
    assert conjugate(lemma, ending) == expected


def test_table_is_frozen():
    """The code still makes the table that was read line by line."""
    assert TABLE.read_text(encoding="utf-8") == build_table(), "run tests/korean_table.py and read the diff"


def test_requests_are_frozen():
    """The code still makes the second table, too: at least a hundred words with sixty endings and more."""
    held = korean_requests.TABLE.read_text(encoding="utf-8")
    assert held == korean_requests.build_table(), "run tests/korean_requests.py and read the diff"
    assert len(held.splitlines()) > 150
    assert len(korean_requests.MORPHEMES) > 80


def test_table_covers_the_lexicon():
    """More than 150 lemmas with fourteen forms each, and every class among them."""
    assert len(LEXICON) >= 150
    assert len(ENDINGS) == 14
    assert {entry.conjugation for entry in LEXICON.values()} == set(CLASSES)


@given(
    st.sampled_from(sorted(LEXICON)),
    st.sampled_from([*ENDINGS, "ㄹ게", "ᆯ래요", "ㄴ데", "ㅂ시다", "았는데", "어야지"]),
)
def test_forms_are_whole_syllables(lemma: str, ending: str):
    """A form is NFC and holds no lone jamo."""
    form = conjugate(lemma, ending)
    assert unicodedata.is_normalized("NFC", form)
    assert not LONE_JAMO.search(form)


@given(st.sampled_from(sorted(name for name, entry in LEXICON.items() if entry.kind == "verb")), st.data())
def test_every_verb_takes_every_request(lemma: str, data: st.DataObject):
    """No verb and no request ending make an error or a broken syllable."""
    register = data.draw(st.sampled_from(REGISTERS))
    for ending, _ in request_endings(register, lemma):
        form = conjugate(lemma, ending)
        assert form
        assert not LONE_JAMO.search(form)
        assert "줘 줘" not in form
        assert "줘줘" not in form


@given(st.sampled_from(LEADS), st.sampled_from(VOWELS), st.sampled_from(TAILS))
def test_syllables_come_apart_and_together(lead: str, vowel: str, tail: str):
    """Splitting undoes joining."""
    syllable = join_syllable(lead, vowel, tail)
    assert split_syllable(syllable) == (lead, vowel, tail)
    parts = unicodedata.normalize("NFD", syllable)
    assert len(parts) == (3 if tail else 2)


def test_decomposed_input_gives_composed_output():
    """NFD text, as a Mac's file names have it, conjugates like any other."""
    assert (
        conjugate(unicodedata.normalize("NFD", "올리다"), unicodedata.normalize("NFD", "어 줘")) == "올려 줘"
    )


def test_unknown_lemmas_take_their_class_from_spelling_or_a_known_end():
    """An unlisted verb works where spelling decides, or a listed verb stands at its end."""
    assert conjugate("업그레이드하다", "어 줘") == "업그레이드해 줘"
    assert conjugate("부풀리다", "었어") == "부풀렸어"
    assert conjugate("알아듣다", "었어") == "알아들었어"
    assert conjugate("쓸모있다", "은데") == "쓸모있는데"
    assert conjugate("껴안다(규칙)", "어") == "껴안아"
    assert conjugate("얄밉다", "어") == "얄미워"
    assert conjugate("앞지르다", "어") == "앞질러"
    assert conjugate("바보스럽다", "는데") == "바보스러운데"


@pytest.mark.parametrize(
    ("lemma", "says"),
    [
        ("켜", "ends in 다"),
        ("", "no verb"),
        ("   ", "no verb"),
        ("다", "no verb"),
        ("turn on", "ends in 다"),
        ("TV다", "ends in 다"),
        ("덛다", "덛다(규칙)"),
        ("너겁다", "너겁다(ㅂ)"),
        ("굽다(동사)", "Known classes"),
        ("켜다(ㅂ)", "stem ends in 켜"),
        ("이다", "josa"),
        ("켠다", "dictionary form"),
        ("켰다", "dictionary form"),
        ("올리겠다", "dictionary form"),
        ("마신다", "dictionary form"),
        ("설정합니다", "dictionary form"),
    ],
)
def test_what_is_no_lemma_is_refused(lemma: str, says: str):
    """The error shows the lemma and what to write instead."""
    with pytest.raises(FgError, match=re.escape(says)) as caught:
        conjugate(lemma, "어 줘")
    assert repr(lemma.strip()) in str(caught.value) or repr(lemma) in str(caught.value)


@pytest.mark.parametrize(
    "ending", ["", " 줘", "주세요", "줘", "봐", "를", "abc", "ㅋ", "으", "야", "오다", "습"]
)
def test_what_is_no_ending_is_refused(ending: str):
    """An ending that lacks its 어, or is none, is named in the error."""
    with pytest.raises(FgError, match="is no ending"):
        conjugate("켜다", ending)
