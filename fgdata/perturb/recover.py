"""Whether a perturbed text still says what it must: numbers, negation, and the protected values.

This is the check on the perturbing modules, so it shares neither code nor tables with them: a mistake there is found here.
It reads both texts after NFKC and without blanks, and it is strict rather than clever: a syllable or a run of letters that
can be a number or a negation counts as one wherever it stands (사 in 사무실, `not` in `another`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal
from unicodedata import normalize

from fgdata.errors import FgError, Problem

# Blanks between digits part two numbers, so digits are read where the blanks still stand.
_DIGITS = re.compile(r"\d+(?:[.,:/]\d+)*")

_SINO = "영공일삼사오육칠팔구십백천만억조"
_KOREAN_WORDS = (
    "하나 다섯 여섯 일곱 여덟 아홉 스물 스무 서른 마흔 예순 일흔 여든 아흔 절반 마이너스 영하 지말고 지마 지말 지않 지못 말고 말아 빼고 "
    "아니 아닌 제외 대신 외에 금지 그만 취소"
)
_KOREAN_SYLLABLES = f"{_SINO}한두세네둘셋넷열쉰첫반점안못말마빼않없싫"
_COUNTERS = "도단시분초번개층칸퍼프회월일원명배달주살점년대"
# 이 is two, a particle, or part of a word: it counts beside another number or before a counter.
_KOREAN = re.compile(
    f"{'|'.join(_KOREAN_WORDS.split())}|[{_KOREAN_SYLLABLES}]|이(?=[이{_SINO}{_COUNTERS}])|(?<=[이{_SINO}])이"
)

_ENGLISH_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million half quarter double twice once "
    "dozen first second third minus point "
    "no not never without except unless instead neither nor dont doesnt didnt cant cannot couldnt wont wouldnt shouldnt isnt "
    "arent wasnt werent havent hasnt hadnt mustnt neednt aint cancel avoid skip but"
)


def _one_of(words: list[str]) -> str:
    """A pattern for any of the words, the longest first; grouped by first letter, which is three times as fast."""
    rests: dict[str, list[str]] = {}
    for word in sorted(words, key=len, reverse=True):
        rests.setdefault(word[0], []).append(word[1:])
    return "|".join(f"{letter}(?:{'|'.join(ends)})" for letter, ends in rests.items())


_ENGLISH = re.compile(_one_of(_ENGLISH_WORDS.split()))
_APOSTROPHES = {ord("'"): None, ord("’"): None}


def _stream(text: str) -> str:
    """`text` after NFKC, without blanks."""
    # Blanks go first and last: one between two marks keeps them from composing, and NFKC makes blanks of its own.
    return "".join(normalize("NFKC", "".join(text.split())).split())


@lru_cache(maxsize=4096)
def _values(protected: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Each protected value as given, and as it stands in a stream."""
    streams = {value: _stream(value) for value in protected}
    return tuple((value, stream) for value, stream in streams.items() if stream)


def _senses(stream: str, language: str) -> list[str]:
    """Number words and negations of a stream, in order."""
    if language == "ko":
        return _KOREAN.findall(stream)
    return _ENGLISH.findall(stream.lower().translate(_APOSTROPHES))


def recovered(
    original: str, perturbed: str, *, language: Literal["ko", "en"], protected: Sequence[str] = ()
) -> str:
    """What was lost between two texts, as a sentence; "" if nothing was.

    Digits, number words, negation and protected values must be there in the same order and number, after NFKC and
    without blanks; English words in any case and without apostrophes, protected values in their own case.

    Raises: FgError for a language that cannot be read.
    """
    if language not in ("ko", "en"):
        raise FgError(
            Problem("", f"{language!r} cannot be checked for what was lost.", "Languages: 'ko', 'en'.")
        )
    before, after = _stream(original), _stream(perturbed)
    digits = _DIGITS.findall(normalize("NFKC", original))
    if digits != (found := _DIGITS.findall(normalize("NFKC", perturbed))):
        return f"The digits {digits} became {found}: {original!r} -> {perturbed!r}."
    if before == after:
        return ""
    if (said := _senses(before, language)) != (found := _senses(after, language)):
        return f"The number words and negations {said} became {found}: {original!r} -> {perturbed!r}."
    for value, stream in _values(tuple(protected)):
        if before.count(stream) != (n := after.count(stream)):
            return f"{value!r} stood {before.count(stream)} times and stands {n} times: {original!r} -> {perturbed!r}."
    return ""
