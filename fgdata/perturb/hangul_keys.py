"""Slips of Hangul typing: the two-set keyboard, and final consonants that are lost, doubled or carried over."""

from __future__ import annotations

from collections.abc import Callable

from fgdata.korean.hangul import LEADS, TAILS, VOWELS, is_syllable, join_syllable, split_syllable

_ROWS = ("ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ", "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ", "ㅋㅌㅊㅍㅠㅜㅡ")
_SHIFTED = dict(zip("ㅂㅈㄷㄱㅅㅐㅔ", "ㅃㅉㄸㄲㅆㅒㅖ", strict=True))
_UNSHIFTED = {double: single for single, double in _SHIFTED.items()}
_VOWEL_PAIRS = {
    "ㅘ": "ㅗㅏ", "ㅙ": "ㅗㅐ", "ㅚ": "ㅗㅣ", "ㅝ": "ㅜㅓ", "ㅞ": "ㅜㅔ", "ㅟ": "ㅜㅣ", "ㅢ": "ㅡㅣ",
}  # fmt: skip
_TAIL_PAIRS = {
    "ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅅ", "ㄾ": "ㄹㅌ", "ㄿ": "ㄹㅍ",
    "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ",
}  # fmt: skip

TURNING = frozenset("켜꺼끄켤끌올내낮높줄늘더덜열닫큰작강약위밑앞뒤좌우춥덥")
"""Syllables that no slip writes, and none changes (커 may have been 켜 or 꺼): they tell a command from its opposite (켜다/끄다, 올리다/내리다, 높이다/낮추다, 줄이다/늘리다, 더/덜,
열다/닫다, 춥다/덥다). 줘 -> 져 is no slip here either: 꺼져 and 켜져 are other verbs."""


def _neighbours() -> dict[str, str]:
    """Jamo key -> the keys around it and the same key with shift."""
    found: dict[str, str] = {}
    for row, keys in enumerate(_ROWS):
        for column, key in enumerate(keys):
            # Every row lies half a key further right than the one above it.
            around = [(row, column - 1), (row, column + 1), (row - 1, column), (row - 1, column + 1)]
            around += [(row + 1, column - 1), (row + 1, column)]
            near = [_ROWS[r][c] for r, c in around if 0 <= r < len(_ROWS) and 0 <= c < len(_ROWS[r])]
            found[key] = "".join(near) + _SHIFTED.get(key, "")
    return found | _UNSHIFTED


NEIGHBOURS = _neighbours()


def _typed(part: str, pairs: dict[str, str], allowed: tuple[str, ...] | str) -> list[str]:
    """What a vowel or final consonant becomes when one of its keys is missed."""
    keys = pairs.get(part, part)
    wholes = {typed: whole for whole, typed in pairs.items()}
    spelt = [
        keys[:place] + other + keys[place + 1 :]
        for place, key in enumerate(keys)
        for other in NEIGHBOURS.get(key, "")
    ]
    return [whole for text in spelt if (whole := wholes.get(text, text)) in allowed]


def key_slips(syllable: str) -> list[str]:
    """Syllables that one missed key makes of this one."""
    lead, vowel, tail = split_syllable(syllable)
    made = [join_syllable(other, vowel, tail) for other in _typed(lead, {}, LEADS)]
    made += [join_syllable(lead, other, tail) for other in _typed(vowel, _VOWEL_PAIRS, VOWELS)]
    if tail:
        made += [join_syllable(lead, vowel, other) for other in _typed(tail, _TAIL_PAIRS, TAILS[1:])]
    return made


def tail_slips(syllable: str) -> list[str]:
    """Syllables that a lost or doubled final consonant makes of this one: 컨 -> 커, 했 -> 햇."""
    lead, vowel, tail = split_syllable(syllable)
    if not tail:
        return []
    doubled = {"ㅆ": "ㅅ", "ㅅ": "ㅆ", "ㄲ": "ㄱ", "ㄱ": "ㄲ", "ㅄ": "ㅂ", "ㄶ": "ㄴ", "ㅀ": "ㄹ"}
    made = [join_syllable(lead, vowel)]
    if tail in doubled:
        made.append(join_syllable(lead, vowel, doubled[tail]))
    return made


def carried_over(syllable: str, following: str) -> str:
    """An open syllable that takes the next one's first consonant, as when a key is held: 커 before 튼 -> 컽; "" if none."""
    lead, vowel, tail = split_syllable(syllable)
    first = split_syllable(following)[0]
    return "" if tail or first == "ㅇ" or first not in TAILS else join_syllable(lead, vowel, first)


class SlipTable(dict[str, tuple[str, ...]]):
    """Character -> what it can turn into, worked out when it is first asked for; () for what is no syllable.

    Args:
        banned: syllables that must not be written.
    """

    def __init__(self, slips: Callable[[str], list[str]], banned: frozenset[str]) -> None:
        self._slips, self._banned = slips, banned

    def __missing__(self, character: str) -> tuple[str, ...]:
        made = self._slips(character) if is_syllable(character) and character not in TURNING else ()
        self[character] = kept = tuple(
            new for new in dict.fromkeys(made) if new not in self._banned and new != character
        )
        return kept
