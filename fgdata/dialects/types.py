"""Names of types as other layouts write them, as JSON Schema, and back; what JSON Schema cannot say stays as it was given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

JSON_TYPES = frozenset({"string", "integer", "number", "boolean", "array", "object", "null"})
_NAMED = ("properties", "patternProperties", "$defs", "definitions")
_ONE = ("items", "additionalProperties", "contains", "not")
_SEVERAL = ("anyOf", "oneOf", "allOf", "prefixItems")

_FROM_BFCL: Mapping[str, str] = {
    **{name: name for name in JSON_TYPES},
    "dict": "object",
    "float": "number",
    "tuple": "array",
    # The Java and JavaScript sets.
    "hashmap": "object",
    "arraylist": "array",
    "char": "string",
    "long": "integer",
    "short": "integer",
    "byte": "integer",
    "double": "number",
    "bigint": "integer",
}
_TO_BFCL = {"object": "dict", "number": "float"}


def from_bfcl(schema: Any) -> Any:
    """A schema of BFCL's as JSON Schema: `dict` is `object`, `float` is `number`, `tuple` is `array`; `any` and no name are left out."""
    return _mapped(
        schema, lambda name: None if name.lower() in ("any", "") else _FROM_BFCL.get(name.lower(), name)
    )


def to_bfcl(schema: Any) -> Any:
    """A JSON Schema with BFCL's names of types; where it states none, `any`."""
    return _mapped(schema, lambda name: _TO_BFCL.get(name.lower(), name.lower()), missing="any")


def upper_types(schema: Any) -> Any:
    """A JSON Schema with `STRING` for `string`, as Mobile Actions writes it."""
    return _mapped(schema, str.upper)


def lower_types(schema: Any) -> Any:
    """A JSON Schema with `string` for `STRING`."""
    return _mapped(schema, str.lower)


def _mapped(schema: Any, name_of: Any, *, missing: str = "") -> Any:
    """A copy of a schema with other names of types, at every depth where a schema stands."""
    if not isinstance(schema, Mapping):
        return schema
    mapped: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "type" and isinstance(value, str):
            if (name := name_of(value)) is not None:
                mapped[key] = name
        elif key == "type" and isinstance(value, list):
            mapped[key] = [name_of(item) if isinstance(item, str) else item for item in value]
        elif key in _NAMED and isinstance(value, Mapping):
            mapped[key] = {name: _mapped(item, name_of, missing=missing) for name, item in value.items()}
        elif key in _ONE:
            mapped[key] = _mapped(value, name_of, missing=missing)
        elif key in _SEVERAL and isinstance(value, list):
            mapped[key] = [_mapped(item, name_of, missing=missing) for item in value]
        else:
            mapped[key] = value
    if (
        missing
        and "type" not in schema
        and not any(key in schema for key in ("$ref", "enum", "const", *_SEVERAL))
    ):
        mapped["type"] = missing
    return mapped


# xLAM: Python's names, `optional` behind a comma

_FROM_PYTHON = {
    "str": "string", "string": "string", "int": "integer", "integer": "integer", "float": "number", "number": "number",
    "bool": "boolean", "boolean": "boolean", "list": "array", "array": "array", "dict": "object", "object": "object",
    "none": "null",
}  # fmt: skip
_TO_PYTHON = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "array": "list", "object": "dict", "null": "None"}  # fmt: skip
_GENERIC = re.compile(r"(?:typing\.)?(\w+)\[(.*)\]\Z", re.DOTALL)


def from_python(text: str) -> dict[str, Any] | None:
    """The JSON Schema of a Python type: `int`, `List[str]`, `Optional[int]`, `Union[int, str]`; None for what it cannot say."""
    text = text.strip()
    name = text.removeprefix("typing.").lower()
    if name in ("any", ""):
        return {}
    if name in _FROM_PYTHON:
        return {"type": _FROM_PYTHON[name]}
    if name == "set":
        return {"type": "array", "uniqueItems": True}
    if name == "tuple":
        return {"type": "array"}
    found = _GENERIC.match(text)
    if not found:
        return None
    outer, inside = found[1].lower(), _split(found[2])
    parts = [from_python(part) for part in inside]
    if any(part is None for part in parts):
        return None
    if outer in ("list", "set", "sequence", "iterable") and len(parts) == 1:
        unique = {"uniqueItems": True} if outer == "set" else {}
        return {"type": "array", **({"items": parts[0]} if parts[0] else {}), **unique}
    if outer in ("dict", "mapping") and len(parts) == 2:
        return {"type": "object", **({"additionalProperties": parts[1]} if parts[1] else {})}
    if outer == "tuple":
        same = all(part == parts[0] for part in parts)
        return {"type": "array", **({"items": parts[0]} if same and parts[0] else {})}
    if outer in ("optional", "union"):
        parts = [*parts, {"type": "null"}] if outer == "optional" else parts
        if all(part and part.keys() == {"type"} for part in parts):
            return {"type": [part["type"] for part in parts if part]}
        return {"anyOf": parts}
    return None


def to_python(schema: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The Python type of a JSON Schema, and the words of the schema that it does not say."""
    rest = {key: value for key, value in schema.items() if key not in ("type", "description")}
    stated = schema.get("type")
    if isinstance(stated, list) and stated and all(isinstance(n, str) and n in _TO_PYTHON for n in stated):
        if stated[-1] == "null" and len(stated) == 2:
            return f"Optional[{_TO_PYTHON[stated[0]]}]", rest
        return f"Union[{', '.join(_TO_PYTHON[name] for name in stated)}]", rest
    if not isinstance(stated, str) or stated not in _TO_PYTHON:
        return ("Any", rest) if stated is None else (str(stated), rest)
    if stated == "array" and isinstance(schema.get("items"), Mapping):
        inner, left = to_python(schema["items"])
        if not left and "description" not in schema["items"] and inner != "Any":
            outer = "set" if rest.get("uniqueItems") is True else "List"
            rest = {
                key: value
                for key, value in rest.items()
                if key not in ("items", "uniqueItems" if outer == "set" else "")
            }
            return f"{'Set' if outer == 'set' else outer}[{inner}]", rest
    if stated == "array" and rest.get("uniqueItems") is True and "items" not in rest:
        return "set", {key: value for key, value in rest.items() if key != "uniqueItems"}
    if (
        stated == "object"
        and isinstance(schema.get("additionalProperties"), Mapping)
        and "properties" not in schema
    ):
        inner, left = to_python(schema["additionalProperties"])
        if not left and "description" not in schema["additionalProperties"] and inner != "Any":
            return f"Dict[str, {inner}]", {k: v for k, v in rest.items() if k != "additionalProperties"}
    return _TO_PYTHON[stated], rest


def _split(text: str) -> list[str]:
    """The parts of a text between commas that stand inside no brackets."""
    parts, depth, start = [], 0, 0
    for number, mark in enumerate(text):
        depth += (mark == "[") - (mark == "]")
        if mark == "," and not depth:
            parts.append(text[start:number])
            start = number + 1
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]
