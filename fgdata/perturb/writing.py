"""Kinds of perturbation that both languages have: blanks, signs at the end, wide letters, decomposed text."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import normalize

from fgdata.perturb.draft import SENSE, Draft

_NUMERIC = frozenset("0123456789.,:/")
_WIDE = {code: code + 0xFEE0 for code in (*b"0123456789", *range(65, 91), *range(97, 123))}
_END_SIGNS = frozenset(".?!~")


def may_join(draft: Draft, index: int, numerals: frozenset[str]) -> bool:
    """Whether a blank can go without two numbers becoming one."""
    before, after = draft.text[index - 1], draft.text[index + 1]
    if before in _NUMERIC and after in _NUMERIC:
        return False
    # 너무 세게 ends and begins like 스무 and 세, but 무 is marked as a numeral in the one only.
    both_numerals = before in numerals and after in numerals
    return not (both_numerals and draft.mask[index - 1] & draft.mask[index + 1] & SENSE)


def join_one(draft: Draft, numerals: frozenset[str]) -> bool:
    """Leave one blank out."""
    if not draft.is_plain or " " not in draft.text:
        return False
    for index in draft.order():
        if draft.cells[index] == " " and draft.gap(index) and may_join(draft, index, numerals):
            draft.write(index, "")
            return True
    return False


def join_all(draft: Draft, numerals: frozenset[str]) -> bool:
    """Leave out every blank that parts no two numbers; at least two of them."""
    if not draft.is_plain:
        return False
    cells = draft.cells
    found = [
        index
        for index, cell in enumerate(cells)
        if cell == " " and draft.gap(index) and may_join(draft, index, numerals)
    ]
    if len(found) < 2:
        return False
    for index in found:
        draft.write(index, "")
    return True


def sign_at_end(draft: Draft, signs: Sequence[str]) -> bool:
    """Add a sign, or take the one away that ends the text."""
    text, end = draft.text, len(draft.text) - 1
    last = text[end]
    if draft.is_plain and last in _END_SIGNS:
        if draft.mask[end]:
            return False
        if end and text[end - 1].isalnum() and draft.dice.below(3):
            draft.write(end, "")
            return True
        if not draft.may_write(last):
            return False
        draft.write(end, last * (2 + draft.dice.below(2)))
        return True
    sign = signs[draft.dice.below(len(signs))]
    # A jamo composes with jamo before it.
    if not draft.may_write(sign) or not (sign.isascii() or (draft.is_plain and last.isalnum())):
        return False
    draft.write(end, draft.cells[end] + sign)
    return True


def fullwidth(draft: Draft) -> bool:
    """Digits and Latin letters as wide as Hangul: 24 -> ２４."""
    if not draft.is_plain or draft.text.translate(_WIDE) == draft.text:
        return False
    draft.whole.append(lambda text: text.translate(_WIDE))
    return True


def nfd(draft: Draft) -> bool:
    """The text decomposed into jamo (Unicode NFD), as some systems write file names."""
    if normalize("NFD", draft.text) == draft.text:
        return False
    draft.whole.append(lambda text: normalize("NFD", text))
    return True
