"""Verbs in larger sentences: joined to the next clause, and negated.

connective("거실 불을 끄다", "고") -> "거실 불을 끄고"       negative("끄다", "어 줘") -> "끄지 말아 줘"
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, get_args

from fgdata.errors import FgError, Problem
from fgdata.korean.lexicon import LEXICON
from fgdata.korean.particles import josa
from fgdata.korean.verbs import Stem, attach, conjugate, find_stem, name_ending, split_lemma

ConnectiveKind = Literal["고", "서", "면서", "고 나서", "은 다음", ","]
"""고: and; 서: and then, with the same thing; 면서: while; 고 나서, 은 다음: after; a comma: the verb is left out."""
Negation = Literal["말다", "않다", "못하다", "안", "못"]
"""말다 forbids (끄지 마); 않다 and 안 deny (끄지 않아, 안 꺼); 못하다 and 못 say that it cannot be done."""

_ENDINGS: dict[str, str] = {
    "고": "고",
    "서": "어서",
    "면서": "으면서",
    "고 나서": "고 나서",
    "은 다음": "은 다음",
}
_NOT_WITH_MALDA = re.compile(r"습|[ㅂᆸ]니|는다|[ㄴᆫ]다|네|니|냐|느냐|는데|은데|겠")
"""Endings that state or ask a fact: nobody says 끄지 맙니다."""
_NOUN_VERB = re.compile(r"(?P<noun>\S{2,}|[말일답밥])(?P<verb>하다|시키다|되다)")
_FEELINGS = frozenset(conjugate(lemma, "어") for lemma, entry in LEXICON.items() if entry.kind == "adjective")
"""좋아, 더워: the 하다 of 좋아하다, 더워하다 is no verb of its own."""


@lru_cache(maxsize=16_384)
def connective(lemma: str, kind: ConnectiveKind) -> str:
    """The end of a clause that another clause follows: ("거실 불을 끄다", "고") -> "거실 불을 끄고".

    With a comma the verb is left out, as where the last clause says it for all: ("거실 불을 끄다", ",") -> "거실 불,".
    The object's 을 or 를 goes with the verb; other particles stay (24도로 맞추다: 24도로,). A form in 고 leaves tense
    and politeness to the last verb, and 서 wants a last clause about the same thing (켜서 24도로 맞춰 줘).

    Raises: FgError for an unknown kind, for what is no lemma, and for a comma after a verb that nothing stands before.
    """
    if kind == ",":
        head = split_lemma(lemma)[0].rstrip()
        if not head:
            what = f"{lemma!r} has no words before its verb, so nothing is left when the verb goes."
            raise FgError(Problem("", what, 'Give an object too, such as "불을 끄다", or another kind.'))
        return _without_object_particle(head) + ","
    if kind not in _ENDINGS:
        known = ", ".join(repr(known) for known in get_args(ConnectiveKind))
        raise FgError(Problem("", f"{kind!r} is no way to join clauses.", f"Use one of {known}."))
    return conjugate(lemma, _ENDINGS[kind])


def _without_object_particle(phrase: str) -> str:
    """`phrase` without an 을 or 를 at its end; 가을, whose 을 fits no particle, stays whole."""
    noun = phrase[:-1]
    if len(phrase) < 2 or phrase[-1] not in "을를" or noun[-1].isspace():
        return phrase
    try:
        return noun if josa(noun, "을/를") == phrase else phrase
    except FgError:
        return noun  # an unreadable word (漢字를): what follows it can only be the particle


@lru_cache(maxsize=16_384)
def negative(lemma: str, ending: str, by: Negation = "말다") -> str:
    """`lemma` with `ending`, negated: ("끄다", "어 주세요") -> "끄지 말아 주세요", ("끄다", "어요", "않다") -> "끄지 않아요".

    Args:
        ending: as in `conjugate`. With 말다 an ending that asks, proposes or joins: 어 (끄지 마), 어라 (끄지 마라), 으세요, 자, 고.
        by: 안 and 못 stand before the verb, or between a noun and its 하다: 안 꺼, 청소 안 해.
    Raises: FgError for an ending that 말다 cannot have, and for 말다 or 못 with an adjective (nobody forbids being cold).
    """
    if by not in get_args(Negation):
        raise FgError(
            Problem("", f"{by!r} is no way to negate.", f"Use one of {', '.join(get_args(Negation))}.")
        )
    head, word = split_lemma(lemma)
    stem = find_stem(word)
    if stem.kind == "adjective" and by in ("말다", "못"):
        raise FgError(
            Problem("", f"{lemma!r} is an adjective and has no negation with {by}.", "Use 않다 or 안.")
        )
    if by == "말다":
        if _NOT_WITH_MALDA.match(ending.lstrip("-~")):
            what = f"{ending!r} states or asks a fact, and 말다 only forbids."
            raise FgError(
                Problem("", what, "Use by='않다' or by='안', or an ending such as 어 줘, 으세요, 자.")
            )
        return f"{head}{stem.text}지 {conjugate('말다', ending)}"
    if by in ("않다", "못하다"):
        auxiliary = (
            Stem("않", "규칙", stem.kind, "ㄶ") if by == "않다" else Stem("못하", "규칙", stem.kind, "")
        )
        return f"{head}{stem.text}지 {attach(auxiliary, name_ending(auxiliary, ending))}"
    split = _NOUN_VERB.fullmatch(word)
    if split and split["noun"] not in _FEELINGS and stem.kind != "adjective":
        return f"{head}{split['noun']} {by} {conjugate(split['verb'], ending)}"
    return f"{head}{by} {conjugate(word, ending)}"
