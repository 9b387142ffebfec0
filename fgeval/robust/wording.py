"""The request said in another way: it still asks for the same. Every change is checked to leave numbers and negation alone."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fgdata.perturb import Language, perturb_one, recovered
from fgdata.perturb.dice import Dice
from fgeval.items import Item
from fgeval.robust.changes import Change, find_numbers, language_of, say_number
from fgeval.robust.registers import REGISTERS, in_register

PERTURBATIONS: Mapping[str, Mapping[Language, tuple[str, ...]]] = {
    "spacing": {"ko": ("missing_space", "joined", "extra_space"), "en": ("missing_space", "extra_space")},
    "particles": {"ko": ("dropped_particle",), "en": ()},
    "typos": {
        "ko": ("slip", "jamo", "homophone"),
        "en": ("neighbour_key", "transposition", "dropped_letter", "doubled_letter", "apostrophe"),
    },
    "chatter": {"ko": ("filler", "vocative", "punctuation"), "en": ("filler", "case", "punctuation")},
    "nfd": {"ko": ("nfd",), "en": ()},
    "fullwidth": {"ko": ("fullwidth",), "en": ("fullwidth",)},
}
"""Kind of twin -> kinds of `fgdata.perturb`, by language."""
_PLEASE = re.compile(r"(?:^please,? |,? please(?=[.!?]?$))", re.IGNORECASE)


def _protected(item: Item) -> list[str]:
    """Values that stand in the request as they stand in the call."""
    values = [*item.example.slots.values(), *(v for call in item.expected for v in call.arguments.values())]
    return sorted({v for v in values if isinstance(v, str) and v and v in item.example.utterance})


def perturbed(item: Item, key: int, kind: str) -> Change | None:
    """The request with one perturbation of a kind of `PERTURBATIONS`; None if it has no place for any."""
    language, text, protected = language_of(item.example), item.example.utterance, _protected(item)
    names = PERTURBATIONS[kind][language]
    if not names:
        return None
    dice = Dice(key)
    first = dice.below(len(names))
    for name in (*names[first:], *names[:first]):
        made = perturb_one(text, name, language=language, key=dice.draw(), protected=protected)
        if (
            made.kinds
            and made.text != text
            and not recovered(text, made.text, language=language, protected=protected)
        ):
            return Change(utterance=made.text)
    return None


def in_another_register(item: Item, key: int) -> Change | None:
    """The request in another register: 꺼줘 -> 꺼 주세요, 켜 -> 켜라; English with or without please. None where that is not certain."""
    text, dice = item.example.utterance, Dice(key)
    if language_of(item.example) == "en":
        bare = _PLEASE.sub("", text)
        if bare != text:
            return Change(utterance=bare[:1].upper() + bare[1:]) if bare.strip() else None
        return Change(utterance=re.sub(r"([.!?]*)$", r", please\1", text, count=1))
    first, choice = dice.below(len(REGISTERS)), dice.below(60)
    is_fragment = item.example.register in ("fragment", "noun") and bool(item.expected)
    for register in (*REGISTERS[first:], *REGISTERS[:first]):
        made = in_register(text, register, choice=choice, is_fragment=is_fragment)
        if made is not None:
            return Change(utterance=made)
    return None


def numbers_said_otherwise(item: Item, key: int) -> Change | None:
    """The request with every number in words where it stands in digits, and the other way round; None if none can be."""
    language, text = language_of(item.example), item.example.utterance
    quoted = "".join(_protected(item))
    for spot in reversed(find_numbers(text, language)):
        said = say_number(text, spot, language)
        if said is not None and text[spot.start : spot.end] not in quoted:
            text = said
    return Change(utterance=text) if text != item.example.utterance else None
