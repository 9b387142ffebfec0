"""`semantic`: what means the same is the same. Values are read by the schema of their parameter, never by guessing.

A string becomes a number only where the schema says number, a unit or counter is read only where it is the parameter's own, and a
sign is never lost. What does not read stays as it was written, and is then compared as in `strict`.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from fgdata.korean.counting import DAY_PARTS
from fgdata.korean.number_words import read_clock, read_counted
from fgdata.schema import Call, JsonValue, Tool, same_value
from fgeval.dates import read_date, read_time
from fgeval.profiles import Profile
from fgeval.profiles.strict import bare_value
from fgeval.units import read_quantity

_BOOLEANS: Mapping[str, bool] = {
    **dict.fromkeys(("true", "yes", "on", "예", "네", "참"), True),
    **dict.fromkeys(("false", "no", "off", "아니요", "아니오", "거짓"), False),
}
_NULLS = frozenset({"none", "null"})
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
_HANGUL = re.compile(r"[가-힣]")
_BLANKS = re.compile(r"\s+")
# A blank between two figures or two Latin letters tells words apart; in Korean it may stand or lack.
_FREE_BLANK = re.compile(r"(?<![0-9A-Za-z]) | (?![0-9A-Za-z])")
_MAX_DEPTH = 50


def read_call(call: Call, tools: Mapping[str, Tool]) -> Call:
    """The call with every value read by its parameter's schema; without a schema only texts are put into one form."""
    tool = tools.get(call.name)
    schema: Any = tool.strict_schema if tool else {}
    given = call.arguments if tools else {name: bare_value(item) for name, item in call.arguments.items()}
    read = _read(dict(given), schema, "", _MAX_DEPTH)
    assert isinstance(read, dict)
    return Call(unicodedata.normalize("NFC", call.name), read)


def _read(value: JsonValue, schema: Any, name: str, depth: int) -> JsonValue:
    if not isinstance(schema, Mapping) or not depth:
        schema = {}
    if isinstance(value, dict):
        properties = schema.get("properties") or {}
        return {
            unicodedata.normalize("NFC", key): _read(
                item, properties.get(unicodedata.normalize("NFC", key)), key, depth - 1
            )
            if depth
            else item
            for key, item in value.items()
        }
    stated = schema.get("type")
    types = stated if isinstance(stated, list) else [stated]
    if isinstance(value, list):
        return [_read(item, schema.get("items"), name, depth - 1) for item in value] if depth else value
    if isinstance(value, str):
        return _read_text(value, schema, types, name)
    if isinstance(value, bool) or value is None:
        return value
    return _read_number(value, types, schema)


def _read_number(value: float, types: Sequence[Any], schema: Mapping[str, Any]) -> JsonValue:
    if isinstance(value, float) and not math.isfinite(value):
        return value
    if "number" in types or "integer" in types:
        # 24.0 is 24, and so is the number that either of them becomes where any number may stand.
        return int(value) if value == int(value) else value
    if types == ["string"]:
        return _one_form(str(value), schema)
    return value


def _read_text(value: str, schema: Mapping[str, Any], types: Sequence[Any], name: str) -> JsonValue:
    text = unicodedata.normalize("NFKC", value).strip()
    if "string" in types or types == [None]:
        return _one_form(value, schema)
    if "integer" in types or "number" in types:
        number = _spelled_number(text, name, str(schema.get("description") or ""))
        if number is not None and ("number" in types or number == int(number)):
            return number
    if "boolean" in types and (found := _BOOLEANS.get(text.lower())) is not None:
        return found
    return None if "null" in types and text.lower() in _NULLS else value


@lru_cache(maxsize=65_536)
def _spelled_number(text: str, name: str, description: str) -> int | float | None:
    """The number that a text says for this parameter: figures, Hangul, with the parameter's unit or a count."""
    number: float | None
    if _NUMBER.fullmatch(text):
        number = float(text.replace(",", ""))
        if not math.isfinite(number):
            return None
        digits = text.replace(",", "")
        if re.fullmatch(r"[+-]?[0-9]{1,4000}", digits):
            return int(digits)  # no float in between: it would round long ones
    else:
        number = read_quantity(text, name, description, read_counted)
    if number is None:
        return None
    return int(number) if number == int(number) else number


def _one_form(value: str, schema: Mapping[str, Any]) -> str:
    """One spelling for texts that differ in width, composition, blanks, or the way a date or time is written."""
    text = _BLANKS.sub(" ", unicodedata.normalize("NFKC", value)).strip()
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        if value in choices:
            return value
        tight = {_tight(choice): choice for choice in choices if isinstance(choice, str)}
        return str(tight.get(_tight(text), text)) if len(tight) == len(choices) else text
    if (date := read_date(text)) is not None:
        return date
    if (time := read_time(text)) is not None:
        return time
    if _HANGUL.search(text) and (clock := read_clock(text)) is not None and _names_part_of_day(text):
        return f"{clock[0]:02}:{clock[1]:02}"
    return _tight(text)


def _names_part_of_day(text: str) -> bool:
    """Whether a time says which half of the day it means: 7시 may be 07:00 or 19:00."""
    return text in ("정오", "자정") or any(text.startswith(part) for part, _ in DAY_PARTS)


def _tight(text: str) -> str:
    text = _BLANKS.sub(" ", unicodedata.normalize("NFKC", text)).strip()
    return _FREE_BLANK.sub("", text) if _HANGUL.search(text) else text


PROFILE = Profile(
    name="semantic",
    rules=(
        "Values are read by their parameter's schema: numbers and booleans that are escaped or spelled (이십사, 24도, 1,500), dates "
        "and times of day in any usual form, texts in Unicode's NFKC without regard to blanks that Korean may leave out. 24.0 is "
        "24 where the schema wants a number. An optional argument that is left out equals the default its schema states. Types, "
        "signs, enums and letters count otherwise, and parallel calls may come in any order."
    ),
    read_call=read_call,
    same_value=same_value,
    fills_defaults=True,
)
