"""The conjugation table against kiwipiepy, an independent implementation (a development dependency)."""

from __future__ import annotations

import pytest

from fgdata.korean import conjugate
from fgdata.korean.hangul import tail_of
from fgdata.korean.lexicon import AMBIGUOUS_TAILS, LEXICON

kiwipiepy = pytest.importorskip("kiwipiepy")

ENDINGS = {
    "어": [("어", "EF")],
    "었어요": [("었", "EP"), ("어요", "EF")],
    "으면": [("으면", "EC")],
    "으세요": [("으세요", "EF")],
    "으니까": [("으니까", "EC")],
    "을까": [("ᆯ까", "EF")],
    "을래": [("ᆯ래", "EF")],
    "은": [("ᆫ", "ETM")],
    "음": [("음", "ETN")],
    "는데": [("는데", "EC")],
    "습니다": [("습니다", "EF")],
    "는다": [("는다", "EF")],
    "네": [("네", "EF")],
    "고": [("고", "EC")],
}
DIFFERENT = {
    "놓다": "both 놔 and 놓아 are right; speech has 놔",
    "말다": "지 마, not 지 말아, ends a prohibition",
    "피다": "both 피어 and 펴 are right",
    "띠다": "both 띠어 and 뗘 are right",
    "시다": "both 시어 and 셔 are right",
    "아니다": "아니야, 아니에요; 아니었어요 rather than 아녔어요",
    "누렇다": "누레 is right, 누래 is not: the vowel harmonises outside 그렇다, 어떻다",
    "퍼렇다": "퍼레, likewise",
    "둥그렇다": "둥그레, likewise",
}


def test_forms_agree_with_kiwi():
    """Every lemma with fourteen endings; only the explained lemmas differ, and ㅎ before 네 (빨갛네 and 빨가네 are both right)."""
    kiwi = kiwipiepy.Kiwi()
    differing: dict[str, list[str]] = {}
    n_forms = 0
    for lemma, entry in LEXICON.items():
        stem = lemma[:-1]
        tag = "VA" if entry.kind == "adjective" or lemma == "있다" else "VV"
        if entry.conjugation not in ("규칙", "르"):
            tag += "-I"
        elif tail_of(stem) and tail_of(stem) in AMBIGUOUS_TAILS:
            tag += "-R"
        for ending, morphemes in ENDINGS.items():
            if entry.kind != "verb" and ending in ("는다", "는데", "을래"):
                continue  # forms of adjectives that nobody uses, or that conjugate turns into others
            if entry.conjugation == "ㅎ" and ending == "네":
                continue
            n_forms += 1
            ours, theirs = conjugate(lemma, ending), kiwi.join([(stem, tag), *morphemes], lm_search=False)
            if ours != theirs:
                differing.setdefault(lemma, []).append(f"{ours} {theirs}")
    unexplained = {
        lemma: forms
        for lemma, forms in differing.items()
        if lemma not in DIFFERENT and not lemma.endswith("놓다")
    }
    assert n_forms > 7000
    assert not unexplained
    assert set(DIFFERENT) <= set(differing), "a difference that is gone need not be explained"
