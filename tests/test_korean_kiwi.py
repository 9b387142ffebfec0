"""The conjugation table against kiwipiepy, an independent implementation (a development dependency)."""

from __future__ import annotations

import pytest
from korean_requests import MORPHEMES, cells, is_adjective

from fgdata.korean import conjugate
from fgdata.korean.hangul import tail_of
from fgdata.korean.lexicon import AMBIGUOUS_TAILS, LEXICON
from fgdata.korean.verbs import find_stem

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
    **dict.fromkeys(
        ["이러다", "그러다", "저러다"], "그래 is the form of 그러다; kiwipiepy contracts the stem: 그러"
    ),
    **dict.fromkeys(
        ["없다", "맛있다", "맛없다", "멋있다", "재미있다", "재미없다", "상관없다", "소용없다"],
        "없는, not 없은, is the form before a noun: 있다 and 없다 take a verb's endings there",
    ),
}

# What `requests.tsv` holds against kiwipiepy: decided endings, and decided verbs with endings in 어.
DIFFERENT_ENDINGS = {
    "니": "a question (켜니, 듣니); kiwipiepy has only the 니 of 으니까 (들으니)",
    "어 주겠니": "likewise: 주겠니, where it writes 주겠으니",
    "지 말아 줘": "말아 before an auxiliary, as the grammars have it; kiwipiepy writes 마 줘",
    "은데": "after a verb it is 는데: `conjugate` gives the right one by the table's parts of speech, kiwipiepy what it is asked for",
    "은": "없는, not 없은, as above",
    "네요": "빨갛네요 and 빨가네요 are both right; we write the longer one",
}
DIFFERENT_VERBS = {
    "놓다": "both 놔 and 놓아 are right; speech has 놔",
    "그러다": "그래, not 그러",
    **dict.fromkeys(
        ["주다", "들려주다", "알려주다"], "a lemma in 주다 takes no second 주다: 알려 줘, not 알려줘 줘"
    ),
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


def _morphemes(text: str) -> list[tuple[str, str, bool]]:
    """Form, tag, and whether a blank stands before it."""
    parts = [part.rsplit("/", 1) for part in text.split()]
    return [(form.lstrip("_"), tag, form.startswith("_")) for form, tag in parts]


def test_requests_agree_with_kiwi():
    """Every cell of `requests.tsv`; only the decided endings and verbs differ, and each decision is still needed."""
    kiwi = kiwipiepy.Kiwi()
    differing: list[tuple[str, str, str, str]] = []
    n_forms = 0
    for lemma, ending, ours in cells():
        stem = find_stem(lemma)
        tag = "VA" if is_adjective(lemma) else "VV"
        if stem.conjugation not in ("규칙", "르"):
            tag += "-I"
        elif stem.tail and stem.tail in AMBIGUOUS_TAILS:
            tag += "-R"
        n_forms += 1
        theirs = kiwi.join([(stem.text, tag), *_morphemes(MORPHEMES[ending])], lm_search=False)
        if ours != theirs:
            differing.append((lemma, ending, ours, theirs))
    assert n_forms > 11_000
    assert not [
        cell for cell in differing if cell[1] not in DIFFERENT_ENDINGS and cell[0] not in DIFFERENT_VERBS
    ]
    assert set(DIFFERENT_ENDINGS) <= {ending for _, ending, _, _ in differing}
    assert set(DIFFERENT_VERBS) <= {
        lemma for lemma, ending, _, _ in differing if ending not in DIFFERENT_ENDINGS
    }
    assert all(
        ending.startswith(("어", "었"))
        for lemma, ending, _, _ in differing
        if ending not in DIFFERENT_ENDINGS
    )
