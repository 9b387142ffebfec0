"""One thing changed that must change the call: another value, a tool that is gone. `removal.py`: a value that is not said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from fgdata.errors import FgError
from fgdata.korean.reading import final_sound
from fgdata.pack import Pack
from fgdata.packs import load_pack
from fgdata.perturb.dice import Dice
from fgdata.schema import Call, JsonValue
from fgeval.items import Item
from fgeval.robust.changes import Change, Spot, find_numbers, language_of

_STEPS = (1, -1, 2, -2, 3, -3, 5, -5, 10, -10)


def without_tool(item: Item, key: int) -> Change | None:
    """The tools without the one that was due: no call is right any more. None unless one call is due and another tool is left."""
    if len(item.expected) != 1 or len(item.tools) < 2:
        return None
    left = [tool for name, tool in item.tools.items() if name != item.expected[0].name]
    return Change(tools=left, calls=())


def with_other_value(item: Item, key: int) -> Change | None:
    """The request with another value in the place of one, and the call with that value; None if no value stands there for sure."""
    dice = Dice(key)
    ways: tuple[Callable[[Item, Dice], Change | None], ...] = (_other_number, _other_word, _other_form)
    return next((change for way in ways if (change := way(item, dice)) is not None), None)


def said_numbers(item: Item) -> Iterator[tuple[Spot, int, str]]:
    """Numbers of the request that are the value of one argument and nothing else: where, which call, which argument."""
    spots = find_numbers(item.example.utterance, language_of(item.example))
    numbers = [
        (place, name, value)
        for place, call in enumerate(item.expected)
        for name, value in call.arguments.items()
        if isinstance(value, int) and not isinstance(value, bool)
    ]
    for place, name, value in numbers:
        there = [spot for spot in spots if spot.value == abs(value)]
        if len(there) == 1 and [abs(other) for *_, other in numbers].count(abs(value)) == 1:
            yield there[0], place, name


def _with_argument(item: Item, place: int, name: str, value: JsonValue) -> tuple[Call, ...] | None:
    """The calls due with another value; None if the tool would not take it."""
    call = item.expected[place]
    changed = Call(call.name, {**call.arguments, name: value})
    tool = item.tools.get(call.name)
    if tool is not None and tool.violations(changed.arguments):
        return None
    return (*item.expected[:place], changed, *item.expected[place + 1 :])


def _other_number(item: Item, dice: Dice) -> Change | None:
    text = item.example.utterance
    korean = language_of(item.example) == "ko"
    for spot, place, name in said_numbers(item):
        if korean and not spot.counter and re.match("[가-힣]", text[spot.end :]):
            continue  # a particle right behind the number may not fit another one
        value = item.expected[place].arguments[name]
        assert isinstance(value, int)
        start = dice.below(len(_STEPS))
        for step in (*_STEPS[start:], *_STEPS[:start]):
            size = abs(value) + step
            said = spot.write(size) if size > 0 else None
            calls = _with_argument(item, place, name, size if value >= 0 else -size)
            if said is not None and calls is not None:
                return Change(f"{text[: spot.start]}{said}{text[spot.end :]}", calls=calls)
    return None


def _other_word(item: Item, dice: Dice) -> Change | None:
    """A value of an enum that stands in the request as it stands in the call."""
    text = item.example.utterance
    for place, call in enumerate(item.expected):
        tool = item.tools.get(call.name)
        for parameter in tool.parameters if tool else ():
            value, allowed = call.arguments.get(parameter.name), parameter.schema.get("enum") or ()
            if not isinstance(value, str) or len(value) < 2 or not value.isascii():
                continue
            found = list(re.finditer(rf"\b{re.escape(value)}\b", text, re.IGNORECASE))
            others = [other for other in allowed if isinstance(other, str) and other != value]
            if len(found) != 1 or not others or any(other.lower() in text.lower() for other in others):
                continue
            other = others[dice.below(len(others))]
            calls = _with_argument(item, place, parameter.name, other)
            if calls is not None:
                return Change(f"{text[: found[0].start()]}{other}{text[found[0].end() :]}", calls=calls)
    return None


@lru_cache(maxsize=16)
def _pack(name: str) -> Pack | None:
    try:
        return load_pack(name)
    except FgError:
        return None


def _other_form(item: Item, dice: Dice) -> Change | None:
    """A word that the row's pack has for the value, such as 냉방 모드 for cooling, in the place of which another one fits."""
    text = item.example.utterance
    for place, parameter, said, forms in said_forms(item):
        value = item.expected[place].arguments[parameter]
        others = [(other, form) for other, all_forms in forms.items() if other != value for form in all_forms]
        fitting = [(other, form) for other, form in others if final_sound(form) == final_sound(said)]
        if not fitting:
            continue
        other, form = fitting[dice.below(len(fitting))]
        calls = _with_argument(item, place, parameter, other)
        if calls is not None:
            return Change(text.replace(said, form), calls=calls)
    return None


def said_forms(item: Item, *, any_type: bool = False) -> Iterator[tuple[int, str, str, dict[str, list[str]]]]:
    """Words of the request that the row's pack has for a value: which call, which argument, the words, all forms of its slot.

    Args:
        any_type: also words for numbers (백색 for 5000).
    """
    pack = load_pack_of(item)
    text = item.example.utterance
    for name, value in item.example.slots.items() if pack else ():
        owners = [(place, parameter) for place, call in enumerate(item.expected)
                  for parameter, given in call.arguments.items() if given == value and (any_type or isinstance(value, str))]  # fmt: skip
        slot = pack.slots.get(name) if pack else None
        if len(owners) != 1 or slot is None:
            continue
        forms = {str(entry.value): [str(form) for form in entry.forms] for entry in slot.values}
        said = sorted((form for form in forms.get(str(value), ()) if form in text), key=len, reverse=True)
        if said and text.count(said[0]) == 1:
            yield *owners[0], said[0], forms


def load_pack_of(item: Item) -> Pack | None:
    """The bundled pack that made the row; None if none did."""
    return _pack(item.example.pack) if item.example.pack else None
