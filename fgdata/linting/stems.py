"""What is left of an utterance without its endings, particles and numbers: two texts of one stem ask the same thing.

A light stemmer, made of the particles and request endings that `fgdata.korean` writes with. It knows no dictionary: it cuts
what stands in its tables until nothing more fits, so that every form of a word ends up the same, if not as a word. 온도를
and 온도 both become 온. A stem is a key to compare by, never a text to show as Korean.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from fgdata.korean import REGISTERS, request_endings
from fgdata.korean.hangul import is_syllable, join_syllable, split_syllable
from fgdata.korean.lexicon import LEXICON
from fgdata.korean.particles import INVARIABLE, PAIRS

SOFTENERS = frozenset(["좀", "제발", "please"])
"""Words that ask nicely and say nothing."""
SHORTEST_STEM = 2
"""Characters below which a stem is no evidence: 그래, 네, a number alone."""

_STATEMENTS = (
    "다 네 네요 지 지요 죠 요 어 아 어요 아요 데 데요 은데 은데요 는데 는데요 습니다 니다 습니까 니까 군 군요 구나 냐 니 까 까요 을까 을까요"
    " 거든 거든요 어라 아라 라 자 봐 봐요"
)
_NUMERAL = r"(?:[영공일이삼사오육륙칠팔구십백천만]+|(?:열|스물|서른|마흔|쉰)?(?:한|두|세|네|다섯|여섯|일곱|여덟|아홉)|열|스무|서른|마흔|쉰)"
_UNIT = r"(?:도|퍼센트|프로|퍼|번|분|초|시|단계|칸|켈빈|채널|%|°)"
_SAID_NUMBER = re.compile(rf"^{_NUMERAL}(?={_UNIT})")
_STARTS_WITH_UNIT = re.compile(_UNIT)
_ALONE = re.compile(r"^[이삼사오육륙칠팔구]?[십백천만][영일이삼사오육륙칠팔구십백천만]*$")
_DIGITS = re.compile(r"(?<![a-z\d])\d+(?:[.,:]\d+)*")  # the 3 of mp3 is no number
_NO_WORD = re.compile(r"[^\w\s#%°]|_")
_HANGUL = re.compile(r"[가-힣]")


def _tails() -> frozenset[str]:
    """Request endings as they stand behind a verb, blanks taken out: 어 줘 -> 줘, 어줘, 아줘."""
    endings = [ending for register in REGISTERS for ending, _ in request_endings(register)]
    found: set[str] = set()
    for ending in (*endings, *_STATEMENTS.split()):
        tail = ending.replace(" ", "").rstrip("?")
        rest = tail[1:]
        match tail[0]:
            case (
                "어" | "었"
            ):  # contracted into the stem (켜줘, 켰으면) or standing behind it (틀어줘, 틀었으면)
                found |= {rest, tail, {"어": "아", "었": "았"}[tail[0]] + rest}
            case "으":  # falls away after a vowel
                found |= {rest, tail}
            case "을" | "은":  # merges into an open stem: 올릴 것
                found |= {rest, tail}
            case _:
                found.add(tail)
    return frozenset(found - {""})


_TAILS = _tails()
_LONGEST_TAIL = max(map(len, _TAILS))
_PARTICLES = frozenset(form for pair in PAIRS for form in pair) | INVARIABLE
_LONGEST_PARTICLE = max(map(len, _PARTICLES))
_UNCONTRACTED = {"ㅕ": "ㅣ", "ㅓ": "ㅡ", "ㅝ": "ㅜ", "ㅘ": "ㅗ", "ㅙ": "ㅚ"}
_OPEN_B = frozenset(
    lemma[:-2] + join_syllable(*split_syllable(lemma[-2])[:2])
    for lemma, entry in LEXICON.items()
    if entry.conjugation == "ㅂ"
)
"""Stems in ㅂ without it (더 of 덥다): before 우 they are what 더워 is made of."""


@lru_cache(maxsize=16_384)
def stem(text: str) -> str:
    """The stem of an utterance: numbers as #, no endings, particles, softeners, punctuation or blanks.

    온도 24도로 맞춰 주세요 and 온도를 이십육 도로 맞춰줘 are one stem. Empty if too little is left to tell by.
    """
    text = _DIGITS.sub("#", unicodedata.normalize("NFC", text).casefold())
    words = [word for word in _NO_WORD.sub(" ", text).split() if word not in SOFTENERS]
    if _HANGUL.search(text):
        words = _without_endings(words)
        stems = [_without_particles(word) for word in _masked(words)]
        if stems:
            stems[-1] = _verb_stem(stems[-1])
    else:
        stems = words
    key = "".join(stems)
    return key if len(key.replace("#", "")) >= SHORTEST_STEM else ""


def _without_endings(words: list[str]) -> list[str]:
    """The words without the request or statement they end in, however it is spaced; at least one character stays."""
    while words:
        joined = "".join(words)
        for length in range(min(_LONGEST_TAIL, len(joined) - 1), 0, -1):
            if joined[-length:] in _TAILS:
                break
        else:
            return words
        words = list(words)
        while length >= len(words[-1]):
            length -= len(words.pop())
        if length:
            words[-1] = words[-1][:-length]
    return words


def _masked(words: list[str]) -> list[str]:
    """The words with numbers said in words as #, their unit joined on: 이십사 도로 -> #도로."""
    found: list[str] = []
    for word in words:
        if found and found[-1] == "#" and _STARTS_WITH_UNIT.match(word):
            found[-1] += word
        else:
            found.append(_masked_word(word))
    return found


@lru_cache(maxsize=16_384)
def _masked_word(word: str) -> str:
    return "#" if _ALONE.match(word) else _SAID_NUMBER.sub("#", word)


@lru_cache(maxsize=16_384)
def _without_particles(word: str) -> str:
    """The word without any particles; one character stays."""
    while len(word) > 1:
        for length in range(min(_LONGEST_PARTICLE, len(word) - 1), 0, -1):
            if word[-length:] in _PARTICLES:
                word = word[:-length]
                break
        else:
            return word
    return word


@lru_cache(maxsize=16_384)
def _verb_stem(word: str) -> str:
    """The word as if it were a verb in its infinitive or before an ending: 올려, 올릴, 올리 -> 올리; 낮춰 -> 낮추; 더워, 덥 -> 더."""
    if not is_syllable(word[-1]):
        return word
    lead, vowel, tail = split_syllable(word[-1])
    if tail == "ㅂ" and (open_word := word[:-1] + join_syllable(lead, vowel)) in _OPEN_B:
        return open_word
    if (lead, vowel) == ("ㅎ", "ㅐ"):
        vowel = "ㅏ"
    if not tail or tail in "ㄹㄴㅁㅂㅆ":
        word = word[:-1] + join_syllable(lead, _UNCONTRACTED.get(vowel, vowel))
    if word.endswith("우") and word[:-1] in _OPEN_B:
        return word[:-1]
    return word[:-1] if word.endswith("하") and len(word) > 1 else word
