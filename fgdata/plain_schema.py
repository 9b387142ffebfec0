"""Whether a JSON Schema is one beyond doubt: told in microseconds for the words that tools use.

jsonschema takes milliseconds a tool to check it against the meta-schema, and files have tens of thousands of different tools. What is not
told here, it decides: a word that is not in the table, a value of another type, depth.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})
_MAX_DEPTH = 12
"""Of schemas in schemas; what is deeper is left to jsonschema, which knows how deep it can go."""


def is_plain_schema(schema: Any, depth: int = 0) -> bool:
    """Whether the schema certainly keeps to Draft 2020-12's meta-schema. False where that takes jsonschema to tell."""
    if type(schema) is bool:
        return True
    if type(schema) is not dict or depth > _MAX_DEPTH:
        return False
    for word, value in schema.items():
        check = _VALUES.get(word)
        if check is not None:
            if not check(value):
                return False
        elif word == "properties":
            if type(value) is not dict or not all(is_plain_schema(of, depth + 1) for of in value.values()):
                return False
        elif word in _SCHEMAS:
            if not is_plain_schema(value, depth + 1):
                return False
        elif word in _LISTS:
            if type(value) is not list or not value:
                return False
            if not all(is_plain_schema(of, depth + 1) for of in value):
                return False
        else:
            return False
    return True


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_flag(value: Any) -> bool:
    return type(value) is bool


def _is_list(value: Any) -> bool:
    return type(value) is list


def _is_anything(_: Any) -> bool:
    return True


def _is_number(value: Any) -> bool:
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_type(value: Any) -> bool:
    if type(value) is str:
        return value in _TYPES
    return type(value) is list and bool(value) and _are_texts(value) and _TYPES.issuperset(value)


def _are_texts(value: Any) -> bool:
    return type(value) is list and all(map(_is_text, value)) and len(set(value)) == len(value)


def _is_pattern(value: Any) -> bool:
    if type(value) is not str:
        return False
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


_SCHEMAS = frozenset({"items", "additionalProperties", "not"})
_LISTS = frozenset({"anyOf", "allOf", "oneOf"})
_VALUES: dict[str, Callable[[Any], bool]] = {
    "type": _is_type,
    "enum": _is_list,
    "const": _is_anything,
    "required": _are_texts,
    "pattern": _is_pattern,
    "minimum": _is_number,
    "maximum": _is_number,
    "exclusiveMinimum": _is_number,
    "exclusiveMaximum": _is_number,
    "minLength": _is_count,
    "maxLength": _is_count,
    "minItems": _is_count,
    "maxItems": _is_count,
    "uniqueItems": _is_flag,
    "title": _is_text,
    "description": _is_text,
    "format": _is_text,
    "default": _is_anything,
    "examples": _is_list,
}
