"""Kinds of perturbation for English. An edit that would take, move or spell a number, a negation or a protected value is undone.

Letters make words in more ways than syllables do, so every edit is compared with the text before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from fgdata.perturb import writing
from fgdata.perturb.draft import SENSE, Draft, Sense
from fgdata.perturb.english_words import (
    FILLERS,
    HOMOPHONES,
    NEVER_TYPED,
    OPENERS,
    SENSE_RUN,
    SENSE_SPAN,
    SIGNS,
)

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_WORD = re.compile("[A-Za-z]+")
_LONG_WORD = re.compile("[A-Za-z]{4,}")
_APOSTROPHE = re.compile("(?<=[A-Za-z])['’](?=[A-Za-z])")
_NO_APOSTROPHES = {ord("'"): None, ord("’"): None}
_DIGITS = re.compile(r"[0-9]+(?:[.,:/][0-9]+)*")
_NOTHING: frozenset[str] = frozenset()
_HEARD = {spelt: heard for spelt, heard, _ in HOMOPHONES}
_SOUNDS = re.compile(rf"\b(?:{'|'.join(sorted(_HEARD, key=len, reverse=True))})\b", re.IGNORECASE)


def _neighbours() -> dict[str, str]:
    """Letter -> the letters around it on a QWERTY keyboard; every row lies half a key further right than the one above."""
    found = {}
    for row, keys in enumerate(_ROWS):
        for column, key in enumerate(keys):
            near = [(row, column - 1), (row, column + 1), (row - 1, column), (row - 1, column + 1)]
            near += [(row + 1, column - 1), (row + 1, column)]
            found[key] = "".join(
                _ROWS[r][c] for r, c in near if 0 <= r < len(_ROWS) and 0 <= c < len(_ROWS[r])
            )
    return found


_NEIGHBOURS = _neighbours()


def mark_sense(text: str, mask: bytearray) -> None:
    """Mark digits, and number words and negations that stand as words."""
    for match in SENSE_SPAN.finditer(text.lower()):
        for index in range(*match.span()):
            mask[index] = SENSE


def _sense(draft: Draft, text: str) -> Sense:
    """Digits, number words and negations, and how often each protected value stands in a plain text."""
    letters = text.replace(" ", "").lower().translate(_NO_APOSTROPHES)
    counts = [len(pattern.findall(text)) for pattern in draft.guard.pattern]
    return _DIGITS.findall(text), SENSE_RUN.findall(letters), counts


def _settle(draft: Draft, edits: Mapping[int, str]) -> bool:
    """Make the edits, unless there are none or the text would say something else."""
    if not edits:
        return False
    if draft.sense is None:
        draft.sense = _sense(draft, draft.text)
    kept = {index: draft.cells[index] for index in edits}
    for index, new in edits.items():
        draft.cells[index] = new
    if _sense(draft, "".join(draft.cells)) != draft.sense:
        for index, old in kept.items():
            draft.cells[index] = old
        return False
    for index, new in edits.items():
        draft.write(index, new)
    return True


def _mistyped(draft: Draft, edits_at: Callable[[Draft, int], Mapping[int, str]]) -> bool:
    """Make a typing error in a word of four letters or more, behind its first letter.

    Shorter words are often the word that counts (on, off, up), and a first letter tells more than any other.
    """
    if not draft.is_plain:
        return False
    words = [match.span() for match in _LONG_WORD.finditer(draft.text)]
    for _ in range(min(4, len(words))):
        start, end = words.pop(draft.dice.below(len(words)))
        if any(draft.mask[start:end]):
            continue
        edits = edits_at(draft, start + 1 + draft.dice.below(end - start - 2))
        if not edits:
            continue
        word = "".join(edits.get(index, draft.text[index]) for index in range(start, end))
        if word.lower() not in NEVER_TYPED and _settle(draft, edits):
            return True
    return False


def _neighbour_key(draft: Draft) -> bool:
    def edits(draft: Draft, index: int) -> Mapping[int, str]:
        near = _NEIGHBOURS[draft.text[index].lower()]
        new = near[draft.dice.below(len(near))]
        return {index: new.upper() if draft.text[index].isupper() else new}

    return _mistyped(draft, edits)


def _transposition(draft: Draft) -> bool:
    def edits(draft: Draft, index: int) -> Mapping[int, str]:
        here, following = draft.text[index], draft.text[index + 1]
        return {} if here == following else {index: following, index + 1: here}

    return _mistyped(draft, edits)


def _dropped_letter(draft: Draft) -> bool:
    return _mistyped(draft, lambda _, index: {index: ""})


def _doubled_letter(draft: Draft) -> bool:
    return _mistyped(draft, lambda draft, index: {index: draft.text[index] * 2})


def _apostrophe(draft: Draft) -> bool:
    if not draft.is_plain:
        return False
    for match in _APOSTROPHE.finditer(draft.text):
        index = match.start()
        if draft.cells[index] == draft.text[index] and not draft.is_value(index):
            return _settle(draft, {index: ""})
    return False


def _case(draft: Draft) -> bool:
    """All small, all capital, or one word shouted; protected values keep their case."""
    if not draft.is_plain:
        return False
    way, text = draft.dice.below(4), draft.text
    values = [index for index in range(len(text)) if draft.is_value(index)]
    if (
        way == 0
        and not any(text[index].isalpha() for index in values)
        and _settle(draft, _recased(draft, range(len(text)), str.upper))
    ):
        return True
    if way == 1:
        words = [
            match.span()
            for match in _LONG_WORD.finditer(text)
            if not any(draft.mask[match.start() : match.end()])
        ]
        if words and _settle(draft, _recased(draft, range(*words[draft.dice.below(len(words))]), str.upper)):
            return True
    lowered = _recased(draft, range(len(text)), str.lower)
    return _settle(draft, lowered)


def _recased(draft: Draft, places: Sequence[int], change: Callable[[str], str]) -> dict[int, str]:
    """The edits that change the case of what stands in these places, outside protected values."""
    return {
        index: new
        for index in places
        if not draft.is_value(index) and (new := change(draft.cells[index])) != draft.cells[index]
    }


def _missing_space(draft: Draft) -> bool:
    return writing.join_one(draft, _NOTHING)


def _extra_space(draft: Draft) -> bool:
    if not draft.is_plain:
        return False
    words = [
        match.span()
        for match in _LONG_WORD.finditer(draft.text)
        # `notable` is not parted: `not able` says something else.
        if not SENSE_RUN.search(match[0].lower()) and not any(draft.mask[match.start() : match.end()])
    ]
    if not words:
        return False
    start, end = words[draft.dice.below(len(words))]
    index = start + draft.dice.below(end - start - 1)
    return _settle(draft, {index: draft.text[index] + " "})


def _filler(draft: Draft) -> bool:
    if not draft.is_plain:
        return False
    if draft.dice.below(2):
        filler = FILLERS[draft.dice.below(len(FILLERS))]
        for index in draft.order():
            if draft.gap(index) and not (draft.mask[index - 1] and draft.mask[index + 1]):
                return _settle(draft, {index: f" {filler} "})
    opener = OPENERS[draft.dice.below(len(OPENERS))]
    first = draft.cells[0]
    if draft.cells[0] == draft.text[0] and not draft.is_value(0) and draft.text[1:2].islower():
        first = first.lower()
    return _settle(draft, {0: f"{opener} {first}"})


def _homophone(draft: Draft) -> bool:
    if not draft.is_plain:
        return False
    for match in _SOUNDS.finditer(draft.text):
        start, end = match.span()
        if any(draft.mask[start:end]):
            continue
        heard = _HEARD[match[0].lower()]
        if match[0][0].isupper():
            heard = heard[0].upper() + heard[1:]
        if _settle(draft, {start: heard, **dict.fromkeys(range(start + 1, end), "")}):
            return True
    return False


def _punctuation(draft: Draft) -> bool:
    return writing.sign_at_end(draft, SIGNS)


KINDS: Mapping[str, Callable[[Draft], bool]] = {
    "neighbour_key": _neighbour_key,
    "transposition": _transposition,
    "dropped_letter": _dropped_letter,
    "doubled_letter": _doubled_letter,
    "apostrophe": _apostrophe,
    "case": _case,
    "missing_space": _missing_space,
    "extra_space": _extra_space,
    "filler": _filler,
    "homophone": _homophone,
    "punctuation": _punctuation,
    "fullwidth": writing.fullwidth,
}
"""Kind -> what edits a draft."""
