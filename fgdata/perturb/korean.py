"""Kinds of perturbation for Korean. None touches a number, a negation or a protected value, or spells a new one.

That holds by construction. What must stay is marked before the first edit, syllables of numbers and negations are written by
no edit, and nothing that parts two of them is taken away; `fgdata.perturb.recover` reads the outcome without knowing this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fgdata.korean.hangul import is_syllable, split_syllable
from fgdata.perturb import writing
from fgdata.perturb.draft import SENSE, TOUCHED, VALUE, Draft
from fgdata.perturb.hangul_keys import TURNING, SlipTable, carried_over, key_slips, tail_slips
from fgdata.perturb.korean_words import (
    COUNTERS,
    FILLERS,
    HOMOPHONES,
    NEVER_WRITTEN,
    NO_OBJECT,
    NUMERALS,
    PARTICLE_NOUNS,
    SENSE_SPAN,
    SIGNS,
    SINO,
    VOCATIVES,
    WORD_PAIRS,
)

_BANNED = NEVER_WRITTEN | TURNING | COUNTERS
_KEY_SLIPS = SlipTable(key_slips, _BANNED)
_TAIL_SLIPS = SlipTable(tail_slips, _BANNED)
_PARTICLES = frozenset("을를은는이가")
_NEEDS_TAIL = frozenset("을은이")
_BESIDE_TWO = SINO | COUNTERS


def _homophones_by_start() -> dict[str, list[tuple[str, str]]]:
    """First syllable -> spellings that begin with it, and what they become."""
    found: dict[str, list[tuple[str, str]]] = {}
    for spelt, heard, _ in HOMOPHONES:
        found.setdefault(spelt[0], []).append((spelt, heard))
    return found


_HOMOPHONES = _homophones_by_start()


def mark_sense(text: str, mask: bytearray) -> None:
    """Mark numbers, what follows them, and negations in a plain text."""
    n = len(text)
    for match in SENSE_SPAN.finditer(text):
        start, end = match.span()
        for index in range(start, end):
            mask[index] = SENSE
        if match.lastindex is None:
            # The counter, or what tells whether 이 is a number.
            while end < n and text[end] == " ":
                end += 1
            if end < n:
                mask[end] = SENSE


def _after(text: str, index: int) -> str:
    """The first character behind a place that is no blank; "" at the end."""
    return text[index + 1 :].lstrip(" ")[:1]


def _before(text: str, index: int) -> str:
    """The last character before a place that is no blank; "" at the start."""
    return text[:index].rstrip(" ")[-1:]


def _is_lone_two(draft: Draft, index: int) -> bool:
    """Whether 이 stands here as something else than a number, untouched and in no protected value."""
    text = draft.text
    return (
        text[index] == "이"
        and not draft.mask[index] & (VALUE | TOUCHED)
        and _before(text, index) not in _BESIDE_TWO
        and _after(text, index) not in _BESIDE_TWO
    )


def _may_vanish(draft: Draft, index: int) -> bool:
    """Whether a character can go without its neighbours spelling a number, a negation or a protected value."""
    before, after = _before(draft.text, index), _after(draft.text, index)
    return before not in SINO and before + after not in WORD_PAIRS and before + after not in draft.guard.pairs


def _missing_space(draft: Draft) -> bool:
    return writing.join_one(draft, NUMERALS)


def _joined(draft: Draft) -> bool:
    return writing.join_all(draft, NUMERALS)


def _extra_space(draft: Draft) -> bool:
    if not draft.is_plain:
        return False
    text, mask = draft.text, draft.mask
    last = len(text) - 1
    for index in draft.order():
        # 안방 is not parted: 안 방 reads as a negation.
        if (
            index < last
            and not (mask[index] or mask[index + 1])
            and is_syllable(text[index])
            and is_syllable(text[index + 1])
        ):
            draft.write(index, text[index] + " ")
            return True
    return False


def _replace(draft: Draft, index: int, options: tuple[str, ...]) -> bool:
    """Put one of the options in a cell, if there is one that spells nothing protected."""
    n = len(options)
    start = draft.dice.below(n)
    for place in range(start, start + n):
        if draft.may_write(options[place % n]):
            draft.write(index, options[place % n])
            return True
    return False


def _slip(draft: Draft) -> bool:
    if not draft.is_plain:
        return False
    text, mask = draft.text, draft.mask
    for index in draft.order():
        if not mask[index] and (options := _KEY_SLIPS[text[index]]) and _replace(draft, index, options):
            return True
    return False


def _jamo(draft: Draft) -> bool:
    if not draft.is_plain:
        return False
    text, mask = draft.text, draft.mask
    last = len(text) - 1
    for index in draft.order():
        if mask[index] or text[index] in TURNING:
            continue
        options = _TAIL_SLIPS[text[index]]
        if not options and index < last and is_syllable(text[index]) and is_syllable(text[index + 1]):
            held = carried_over(text[index], text[index + 1])
            options = (held,) if held and held not in _BANNED else ()
        if options and _replace(draft, index, options):
            return True
    return False


def _homophone(draft: Draft) -> bool:
    if not draft.is_plain:
        return False
    text = draft.text
    for index in draft.order():
        if pairs := _HOMOPHONES.get(text[index]):
            n = len(pairs)
            start = draft.dice.below(n)
            for place in range(start, start + n):
                spelt, heard = pairs[place % n]
                if text.startswith(spelt, index) and _may_sound(draft, index, spelt, heard):
                    for offset, (old, new) in enumerate(zip(spelt, heard, strict=True)):
                        if old != new:
                            draft.write(index + offset, new)
                    return True
    return False


def _may_sound(draft: Draft, index: int, spelt: str, heard: str) -> bool:
    """Whether every syllable that differs is free to."""
    return all(
        old == new
        or ((not draft.mask[index + offset] or _is_lone_two(draft, index + offset)) and draft.may_write(new))
        for offset, (old, new) in enumerate(zip(spelt, heard, strict=True))
    )


def _filler(draft: Draft) -> bool:
    if not draft.is_plain:
        return False
    filler = FILLERS[draft.dice.below(len(FILLERS))]
    if not draft.may_write(filler):
        return False
    # Half of them come first; the others hesitate between two words.
    if draft.dice.below(2):
        for index in draft.order():
            if draft.gap(index) and not (draft.mask[index - 1] and draft.mask[index + 1]):
                draft.write(index, f" {filler} ")
                return True
    draft.cells[0] = f"{filler} {draft.cells[0]}"
    return True


def _vocative(draft: Draft) -> bool:
    called = VOCATIVES[draft.dice.below(len(VOCATIVES))]
    # Without a comma, what begins with a lone jamo or a mark would compose with the word.
    if not draft.may_write(called) or not (draft.is_plain or called.endswith(",")):
        return False
    draft.cells[0] = f"{called} {draft.cells[0]}"
    return True


def _is_particle(text: str, index: int) -> bool:
    """Whether a syllable before a blank is a particle rather than an ending."""
    particle, stem = text[index], text[index - 1]
    if not is_syllable(stem):
        return False
    tail = split_syllable(stem)[2]
    if bool(tail) is not (particle in _NEEDS_TAIL):
        return False
    if particle == "를":
        return True
    if particle == "을":
        return tail not in ("ㅆ", "ㅄ", "ㄶ", "ㅀ") and stem not in NO_OBJECT
    return text[max(0, index - 2) : index] in PARTICLE_NOUNS


def _dropped_particle(draft: Draft) -> bool:
    if not draft.is_plain:
        return False
    text, mask = draft.text, draft.mask
    for index in draft.order():
        if (
            text[index] in _PARTICLES
            and index
            and text[index + 1 : index + 2] == " "
            and (not mask[index] or _is_lone_two(draft, index))
            and _is_particle(text, index)
            and _may_vanish(draft, index)
        ):
            draft.write(index, "")
            return True
    return False


def _punctuation(draft: Draft) -> bool:
    if draft.is_plain and "," in draft.text and draft.dice.below(2):
        text = draft.text
        for index in draft.order():
            if (
                text[index] == ","
                and not draft.mask[index]
                and is_syllable(_before(text, index))
                and is_syllable(_after(text, index))
                and _may_vanish(draft, index)
            ):
                draft.write(index, "")
                return True
    return writing.sign_at_end(draft, SIGNS)


KINDS: Mapping[str, Callable[[Draft], bool]] = {
    "missing_space": _missing_space,
    "joined": _joined,
    "extra_space": _extra_space,
    "slip": _slip,
    "jamo": _jamo,
    "homophone": _homophone,
    "filler": _filler,
    "vocative": _vocative,
    "dropped_particle": _dropped_particle,
    "punctuation": _punctuation,
    "nfd": writing.nfd,
    "fullwidth": writing.fullwidth,
}
"""Kind -> what edits a draft."""
