"""Schemas as plain functions: a quick yes for values that fit. Most calls do, and a full validator takes ten times as long.

A compiled check says True only where the full validator finds nothing. It covers the words that tools use; for a schema with
any other word there is none, and the full validator decides alone. What is wrong, in words, always comes from that one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

Check: TypeAlias = Callable[[Any], bool]

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
_SILENT = frozenset(
    {"type", "description", "title", "default", "examples", "format", "nullable", "deprecated", "$comment"}
)
"""Words that say nothing about a value, or are looked at first."""
_OBJECT_WORDS = frozenset({"properties", "required", "additionalProperties"})
_MAX_DEPTH = 20


class _UnknownWordError(Exception):
    """A schema says what is not compiled."""


def compile_schema(schema: Any) -> Check | None:
    """A check that is true only for values that fit `schema`; None if the schema says what it cannot decide.

    Args:
        schema: a valid JSON Schema with types in lower case.
    """
    try:
        return _compile(schema, _MAX_DEPTH)
    except _UnknownWordError:
        return None


def _compile(schema: Any, depth: int) -> Check:
    if schema is True:
        return lambda value: True
    if not isinstance(schema, Mapping) or not depth:
        raise _UnknownWordError
    types = _stated_types(schema)
    words = schema.keys() - _SILENT
    if types == (dict,) and words <= _OBJECT_WORDS and words:
        return _compile_object(schema, depth, is_other_fine=False)
    if (usual := _compile_usual(schema, types, words)) is not None:
        return usual
    checks: list[Check] = []
    if words & _OBJECT_WORDS:
        checks.append(_compile_object(schema, depth, is_other_fine=True))
    for word in words - _OBJECT_WORDS:
        checks.append(_compile_word(word, schema[word], depth))
    if types is not None:
        # `type` and not `isinstance`: true is no integer.
        if len(checks) == 1:
            only = checks[0]
            return lambda value: type(value) in types and only(value)
        return lambda value: type(value) in types and all(check(value) for check in checks)
    if len(checks) == 1:
        return checks[0]
    return lambda value: all(check(value) for check in checks)


def _compile_usual(
    schema: Mapping[str, Any], types: tuple[type, ...] | None, words: AbstractSet[str]
) -> Check | None:
    """One comparison for what nearly all parameters are: of a type, a choice of texts, a whole number in a range."""
    if types is None:
        return None
    if not words:
        only = types[0]
        return (lambda value: type(value) is only) if len(types) == 1 else lambda value: type(value) in types
    if types == (str,) and words == {"enum"} and isinstance(schema["enum"], list):
        return _compile_enum([choice for choice in schema["enum"] if isinstance(choice, str)])
    if types == (int,) and words == {"minimum", "maximum"}:
        low, high = schema["minimum"], schema["maximum"]
        return lambda value: type(value) is int and low <= value <= high
    return None


def _stated_types(schema: Mapping[str, Any]) -> tuple[type, ...] | None:
    if "type" not in schema:
        return None
    stated = schema["type"]
    names = stated if isinstance(stated, list) else [stated]
    if not all(isinstance(name, str) and name in _TYPES for name in names):
        raise _UnknownWordError
    return tuple(dict.fromkeys(kind for name in names for kind in _TYPES[name]))


def _compile_word(word: str, limit: Any, depth: int) -> Check:
    if word in {"enum", "const"}:
        return _compile_enum(limit if word == "enum" else [limit])
    if word == "items":
        item = _compile(limit, depth - 1)
        return lambda value: type(value) is not list or all(item(part) for part in value)
    if word in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        return _compile_bound(word, limit)
    if word in ("minLength", "maxLength"):
        if word == "minLength":
            return lambda value: type(value) is not str or len(value) >= limit
        return lambda value: type(value) is not str or len(value) <= limit
    if word in ("minItems", "maxItems"):
        if word == "minItems":
            return lambda value: type(value) is not list or len(value) >= limit
        return lambda value: type(value) is not list or len(value) <= limit
    raise _UnknownWordError


def _compile_bound(word: str, limit: Any) -> Check:
    numbers = (int, float)
    if word == "minimum":
        return lambda value: type(value) not in numbers or value >= limit
    if word == "maximum":
        return lambda value: type(value) not in numbers or value <= limit
    if word == "exclusiveMinimum":
        return lambda value: type(value) not in numbers or value > limit
    return lambda value: type(value) not in numbers or value < limit


def _compile_enum(choices: Any) -> Check:
    # 1, 1.0 and true are one key of a dict. Floats are left to the full validator: 0.0 is -0.0 here and not there.
    if not isinstance(choices, list) or not all(
        type(choice) in (str, int, bool, type(None)) for choice in choices
    ):
        raise _UnknownWordError
    known = {(type(choice), choice) for choice in choices}
    texts = {choice for choice in choices if isinstance(choice, str)}
    if texts and len(texts) == len(known):
        return lambda value: type(value) is str and value in texts
    hashable = (str, int, bool, type(None))
    return lambda value: type(value) in hashable and (type(value), value) in known


def _compile_object(schema: Mapping[str, Any], depth: int, *, is_other_fine: bool) -> Check:
    """Args: is_other_fine: what the check says of values that are no objects."""
    properties = schema.get("properties", {})
    required = schema.get("required", [])
    others = schema.get("additionalProperties", True)
    if not isinstance(properties, Mapping) or not isinstance(required, list) or others not in (True, False):
        raise _UnknownWordError
    checks = {name: _compile(inner, depth - 1) for name, inner in properties.items()}
    needed = tuple(required)

    def check(value: Any) -> bool:
        if type(value) is not dict:
            return is_other_fine
        for name in needed:
            if name not in value:
                return False
        for name, item in value.items():
            part = checks.get(name)
            if part is None:
                if not others:
                    return False
            elif not part(item):
                return False
        return True

    return check
