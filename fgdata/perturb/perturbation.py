"""A text as hurried people, keyboards and speech recognition write it: the same request, seldom the same letters."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from unicodedata import normalize

from fgdata.errors import FgError, Problem
from fgdata.perturb import english, korean
from fgdata.perturb.dice import KEY_LIMIT, Dice
from fgdata.perturb.draft import Draft, guard_of
from fgdata.perturb.rates import COUNTS, LEVELS, WEIGHTS, Language

_SIZE = 1024
_TRIES = 12
"""Kinds drawn by weight before all of them are tried in turn."""


class Perturbed(NamedTuple):
    """A text and what was done to it. (A tuple, since one is made for every row and a dataclass takes three times as long.)"""

    text: str
    kinds: tuple[str, ...]
    """In the order they were drawn; empty if and only if the text is as it was."""


def _drawn_by(weights: Mapping[str, float]) -> tuple[str, ...]:
    """The keys, each as often as its weight asks, so that one index draws one of them."""
    names, sums = list(weights), list(itertools.accumulate(weights.values()))
    table: list[str] = []
    for name, upto in zip(names, sums, strict=True):
        table += [name] * (round(_SIZE * upto / sums[-1]) - len(table))
    return tuple(table)


_COUNTS = {
    level: tuple(int(count) for count in _drawn_by({str(count): share for count, share in shares.items()}))
    for level, shares in COUNTS.items()
}
_TABLES = {language: _drawn_by(weights) for language, weights in WEIGHTS.items()}
_KINDS: Mapping[str, Mapping[str, Callable[[Draft], bool]]] = {"ko": korean.KINDS, "en": english.KINDS}
_NAMES = {language: tuple(kinds) for language, kinds in _KINDS.items()}
_MARKS = {"ko": korean.mark_sense, "en": english.mark_sense}


def perturb(
    text: str, *, language: Language, level: str, key: int, protected: Sequence[str] = ()
) -> Perturbed:
    """The text with as many perturbations as the level gives it; the same key and text give the same outcome everywhere.

    Digits, number words, negation and protected values can be read back (`recovered`); nothing adds a line break or a
    control token. A text that is changed is composed (NFC) first.

    Args:
        level: one of LEVELS.
        key: 0 to 2^64 - 1, all the chance there is.
        protected: surface forms of slot values that stand in the text; their letters stay.
    Raises: FgError for a language, level or key that is none.
    """
    counts = _COUNTS.get(level)
    if counts is None or language not in _KINDS or not 0 <= key < KEY_LIMIT:
        raise _refusal(language, level, key)
    if level == "off" or not text:
        return Perturbed(text, ())
    dice = Dice(key)
    wanted = counts[dice.draw() % _SIZE]
    if not wanted:
        return Perturbed(text, ())
    draft = Draft(normalize("NFC", text), guard_of(tuple(protected)), dice, _MARKS[language])
    kinds, table = _KINDS[language], _TABLES[language]
    done: list[str] = []
    for _ in range(_TRIES):
        kind = table[dice.draw() % _SIZE]
        if kind not in done and kinds[kind](draft):
            done.append(kind)
            if len(done) == wanted:
                return Perturbed(draft.result(), tuple(done))
    for kind in _NAMES[language]:
        if len(done) < wanted and kind not in done and kinds[kind](draft):
            done.append(kind)
    return Perturbed(draft.result() if done else text, tuple(done))


def untouched(level: str) -> tuple[bool, ...]:
    """Which keys the level leaves every text alone for: by a key's first 64-bit number, modulo the length."""
    return tuple(not count for count in _COUNTS[level])


def perturb_one(
    text: str, kind: str, *, language: Language, key: int, protected: Sequence[str] = ()
) -> Perturbed:
    """The text with one perturbation of a given kind; as it was, without kinds, if it has no place for it.

    Raises: FgError for a language, kind or key that is none.
    """
    if language not in _KINDS or not 0 <= key < KEY_LIMIT:
        raise _refusal(language, "off", key)
    if kind not in _KINDS[language]:
        raise FgError(
            Problem("", f"{kind!r} is no kind of perturbation.", f"Kinds: {', '.join(_NAMES[language])}.")
        )
    if not text:
        return Perturbed(text, ())
    draft = Draft(normalize("NFC", text), guard_of(tuple(protected)), Dice(key), _MARKS[language])
    return Perturbed(draft.result(), (kind,)) if _KINDS[language][kind](draft) else Perturbed(text, ())


def _refusal(language: str, level: str, key: int) -> FgError:
    """What is wrong with what was asked for."""
    problems = []
    if language not in _KINDS:
        problems.append(Problem("", f"{language!r} cannot be perturbed.", f"Languages: {', '.join(_KINDS)}."))
    if level not in LEVELS:
        problems.append(
            Problem("", f"{level!r} is no level of perturbation.", f"Levels: {', '.join(LEVELS)}.")
        )
    if not 0 <= key < KEY_LIMIT:
        problems.append(
            Problem("", f"the key {key} has more than 64 bits or is negative.", "Give 0 to 2^64 - 1.")
        )
    return FgError(*problems)
