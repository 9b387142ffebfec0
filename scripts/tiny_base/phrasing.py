"""A small phrase language for the pretraining corpus, expanded at random.

{D}  {A을/를}        a word, alone or with a Korean particle
<낮추다>  <낮추다:으면>   a verb with an ending that asks for something, or with the ending named
[좀 ]                 may be left out
(지금|당장)            one of these
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from fgdata.korean import conjugate, josa
from fgdata.schema import Call

_WORD = re.compile(r"\{([A-Z])([^}]*)\}")
_VERB = re.compile(r"<([^<>:]+)(?::([^<>]+))?>")
_GROUP = re.compile(r"\[([^\[\]()]*)\]|\(([^\[\]()]*)\)")
_BLANKS = re.compile(r" +")


class Asked(NamedTuple):
    """A request that is still to be worded: `fill` makes its text."""

    pattern: str
    """Resolved."""
    call: Call
    words: Mapping[str, str]
    """For every letter that the pattern may take."""


@cache
def _endings() -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Request endings of all registers that take a verb, with weights: a file, since the corpus must stay what it was."""
    lines = Path(__file__).with_name("endings.tsv").read_text(encoding="utf-8").splitlines()[1:]
    pairs = [line.split("\t") for line in lines]
    return tuple(ending for ending, _ in pairs), tuple(float(weight) for _, weight in pairs)


@cache
def _conjugate(lemma: str, ending: str) -> str:
    return conjugate(lemma, ending)


def resolve(pattern: str, rng: random.Random) -> str:
    """The pattern with its optional parts and alternatives decided; words and verbs still open."""

    def choose(match: re.Match[str]) -> str:
        is_optional = match[1] is not None
        if is_optional and rng.random() >= 0.4:
            return ""
        forms: list[str] = match[1 if is_optional else 2].split("|")
        return rng.choice(forms)

    while _GROUP.search(pattern):
        pattern = _GROUP.sub(choose, pattern)
    return pattern


def open_words(pattern: str) -> set[str]:
    """Letters of the words that a resolved pattern still takes."""
    return {match[1] for match in _WORD.finditer(pattern)}


def fill(pattern: str, words: Mapping[str, str], rng: random.Random, more_endings: Sequence[str] = ()) -> str:
    """A resolved pattern with words and verbs put in, blanks tidied.

    Args:
        more_endings: half of the endings that ask are drawn from these, if there are any.
    """

    def verb(match: re.Match[str]) -> str:
        lemma = rng.choice(match[1].split("/"))
        if more_endings and not match[2] and rng.random() < 0.5:
            return _conjugate(lemma, rng.choice(more_endings))
        return _conjugate(lemma, match[2] or rng.choices(_endings()[0], _endings()[1])[0])

    text = _WORD.sub(lambda m: josa(words[m[1]], m[2]) if m[2] else words[m[1]], pattern)
    text = _BLANKS.sub(" ", _VERB.sub(verb, text)).strip()
    return re.sub(r" ([,.?!])", r"\1", text)
