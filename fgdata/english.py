"""English where a slot's filling changes the words around it: articles, plurals, contractions."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import inflect

_CONTRACTIONS = (
    (r"\b(I) am\b", r"\1'm"),
    (r"\b(you|we|they) are\b", r"\1're"),
    (r"\b(he|she|it|that|what|where|who|how|there|here) is\b", r"\1's"),
    (r"\b(I|you|we|they) have (?=been|got|had|done|\w+ed\b)", r"\1've "),
    (r"\b(I|you|we|they|he|she|it|that|there) will\b", r"\1'll"),
    (r"\b(I|you|we|they|he|she) would\b", r"\1'd"),
    (r"\b(do|does|did|is|are|was|were|have|has|had|could|would|should) not\b", r"\1n't"),
    (r"\bcan ?not\b", "can't"),
    (r"\bwill not\b", "won't"),
    (r"\blet us\b", "let's"),
)


@cache
def _engine() -> inflect.engine:
    # Imported when first asked for: it takes longer than all else that Korean packs need.
    import inflect

    return inflect.engine()


@lru_cache(maxsize=4096)
def with_article(noun: str) -> str:
    """The noun with a or an, by its sound: "hour" -> "an hour", "user" -> "a user"; an empty text stays empty.

    Up to four capitals are read by letters (an LED), digits as numbers (an 8-hour night); all else is left to inflect.
    """
    if read := re.match(r"([A-Z]{1,4}s?|[0-9]+)(?![A-Za-z0-9])", noun):
        return f"{'an' if _starts_with_vowel(read[1]) else 'a'} {noun}"
    return str(_engine().a(noun)) if noun else ""


def _starts_with_vowel(text: str) -> bool:
    """Whether letters or a number, read out, begin with a vowel."""
    if text[0].isdigit():
        return text[0] == "8" or text in ("11", "18") or (len(text) % 3 == 2 and text[:2] in ("11", "18"))
    return text[0] in "AEFHILMNORSX"


@lru_cache(maxsize=4096)
def plural(noun: str) -> str:
    """The noun's plural: "step" -> "steps", "person" -> "people"; an empty text stays empty."""
    return str(_engine().plural(noun)) if noun else ""


@lru_cache(maxsize=4096)
def contracted(text: str) -> str:
    """The text as people say it: "I am" -> "I'm", "do not" -> "don't". Case at a word's start stays."""
    for pattern, short in _CONTRACTIONS:
        text = re.sub(pattern, short, text, flags=re.IGNORECASE)
    return text
