"""`strict`: both dialects are read, and after that types, values and names must be the same."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping

from fgdata.schema import Call, JsonValue, Tool, coerce_call, same_value

from . import Profile


def read_call(call: Call, tools: Mapping[str, Tool]) -> Call:
    """The call with escaped numbers and booleans read as the type their tool states, and strings in Unicode's NFC."""
    if tools and _is_plain(call, tools.get(call.name)):
        return call
    read = (
        coerce_call(call, tools)
        if tools
        else Call(call.name, {n: bare_value(v) for n, v in call.arguments.items()})
    )
    return Call(_nfc(read.name), {_nfc(name): _normal(value) for name, value in read.arguments.items()})


def _is_plain(call: Call, tool: Tool | None) -> bool:
    """Whether reading changes nothing: nearly every call, found without looking at the schema again."""
    coerced = tool.coerced_parameters if tool else frozenset()
    if not call.name.isascii():
        return False
    for name, value in call.arguments.items():
        kind = type(value)
        if kind is str:
            if name in coerced or not (value.isascii() or unicodedata.is_normalized("NFC", value)):  # type: ignore[arg-type, union-attr]
                return False
        elif kind is list or kind is dict:
            return False
        if not name.isascii():
            return False
    return True


def bare_value(value: JsonValue) -> JsonValue:
    """The number or boolean that a text spells exactly; any other value as it is. For rows without a schema."""
    # Rows of the first seed declare no tools, so no schema says whether `<escape>2<escape>` is a number. Their gold is
    # escaped and the base model writes bare: unless both read as one value, the base is marked down for its dialect.
    # Only texts that print back the same change, so that a postcode (`02134`) stays a string.
    if not isinstance(value, str):
        return value
    if value in ("true", "false"):
        return value == "true"
    for read in (int, float):
        try:
            number = read(value)
        except ValueError:
            continue
        if str(number) == value and math.isfinite(number):
            return number
    return value


def _normal(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return _nfc(value)
    if isinstance(value, list):
        return [_normal(item) for item in value]
    if isinstance(value, dict):
        return {_nfc(name): _normal(item) for name, item in value.items()}
    return value


def _nfc(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


PROFILE = Profile(
    name="strict",
    rules=(
        "Values written bare and values wrapped in <escape> are both read, the latter by the type their tool's schema "
        "states. After that types are strict (1 is not 1.0, and an escaped 42 stays a string where the schema says "
        "string), strings are compared in Unicode's NFC and otherwise to the letter, and parallel calls may come in any "
        "order. Anything that does not read as a call costs the item."
    ),
    read_call=read_call,
    same_value=same_value,
)
