"""Hangul syllables taken apart and put together again; everything else in this package stands on it."""

from __future__ import annotations

LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
TAILS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
_FIRST, _LAST = ord("가"), ord("힣")


def is_syllable(character: str) -> bool:
    """Whether `character` is one composed Hangul syllable (가 to 힣)."""
    return len(character) == 1 and _FIRST <= ord(character) <= _LAST


def split_syllable(syllable: str) -> tuple[str, str, str]:
    """Leading consonant, vowel and final consonant ("" if open) of a syllable, as compatibility jamo."""
    number = ord(syllable) - _FIRST
    return LEADS[number // 588], VOWELS[number % 588 // 28], TAILS[number % 28]


def join_syllable(lead: str, vowel: str, tail: str = "") -> str:
    """The syllable with these three parts."""
    return chr(_FIRST + LEADS.index(lead) * 588 + VOWELS.index(vowel) * 28 + TAILS.index(tail))


def tail_of(text: str) -> str:
    """Final consonant of the last syllable of `text`; "" if that is open or no Hangul."""
    return split_syllable(text[-1])[2] if text and is_syllable(text[-1]) else ""


def with_tail(text: str, tail: str) -> str:
    """`text` with the final consonant of its last syllable replaced."""
    lead, vowel, _ = split_syllable(text[-1])
    return text[:-1] + join_syllable(lead, vowel, tail)


def with_vowel(text: str, vowel: str, tail: str = "") -> str:
    """`text` with vowel and final consonant of its last syllable replaced."""
    return text[:-1] + join_syllable(split_syllable(text[-1])[0], vowel, tail)
