"""The operations of an OpenAPI document (3.x, or Swagger 2.0) as tools: parameters and body side by side."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fgdata.errors import DataError, Problem
from fgdata.own.notes import Notes

METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
BODIES = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
"""Kinds of request bodies whose parts a call can give; the first that is there is taken."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as a tool."""

    name: str
    description: str
    parameters: dict[str, Any]
    """A JSON Schema; references still in it."""
    path: str
    method: str
    spoken: str = ""
    """What sentences call it, where it has no name of its own: `delete_order` for DELETE /orders/{id}."""


def operations(
    document: Mapping[str, Any], shown: str, notes: Notes, line_of: Callable[..., int]
) -> Iterator[Operation]:
    """The operations in the order of the document.

    Raises: DataError with everything that is no operation.
    """
    paths = document.get("paths")
    if not isinstance(paths, Mapping) or not paths:
        raise DataError(
            Problem(
                f"{shown}:{line_of('paths')}",
                "has no `paths`.",
                "An OpenAPI document lists its operations there.",
            )
        )
    for word in ("security", "servers", "webhooks"):
        if document.get(word):
            notes.add("left out", shown, f"{word}: whoever executes the call knows it")
    problems: list[Problem] = []
    found: list[Operation] = []
    for path, entry in paths.items():
        item = _followed(entry, document)
        if not isinstance(item, Mapping):
            problems.append(
                Problem(
                    f"{shown}:{line_of('paths', str(path))}",
                    f"the path {path!r} holds no operations.",
                    "Write `get:`, `post:` …",
                )
            )
            continue
        for method in METHODS:
            if method not in item:
                continue
            operation = item[method]
            if not isinstance(operation, Mapping):
                problems.append(
                    Problem(
                        f"{shown}:{line_of('paths', str(path), method)}",
                        f"{method} {path} is no operation.",
                        "Write a mapping.",
                    )
                )
                continue
            name = str(
                operation.get("operationId")
                or f"{method}_{re.sub(r'[^0-9A-Za-z가-힣]+', '_', str(path)).strip('_')}"
            )
            if "operationId" not in operation:
                notes.add("renamed tool", name, f"{method.upper()} {path} has no operationId")
            said = [str(operation.get(word) or "").strip() for word in ("summary", "description")]
            description = " ".join(
                text if text.endswith((".", "!", "?", "다")) else f"{text}."
                for text in dict.fromkeys(said)
                if text
            )
            if operation.get("deprecated"):
                notes.add("keyword", name, "deprecated")
            listed = [
                entry
                for holder in (item, operation)
                if isinstance(holder.get("parameters"), list)
                for entry in holder["parameters"]
            ]
            parameters = _parameters(listed, document, name, notes)
            _add_body(parameters, operation, document, name, notes)
            spoken = "" if operation.get("operationId") else _spoken(method, str(path))
            found.append(Operation(name, description, parameters, str(path), method, spoken))
    DataError.raise_if(problems)
    yield from found


_DEEDS = {"get": "get", "put": "update", "patch": "update", "post": "create", "delete": "delete"}


def _spoken(method: str, path: str) -> str:
    """A name as people give them: a verb for the method, and what the path ends in; empty where there is none."""
    parts = [part for part in path.split("/") if part]
    nouns = [part for part in parts if not part.startswith("{")]
    if method not in _DEEDS or not nouns:
        return ""
    is_one = method == "post" or parts[-1].startswith("{")
    noun = nouns[-1]
    if is_one and len(noun) > 3 and noun.endswith("s") and not noun.endswith(("ss", "us", "is", "news")):
        noun = f"{noun[:-3]}y" if noun.endswith("ies") else noun[:-1]
    return f"{'list' if method == 'get' and not is_one else _DEEDS[method]}_{noun}"


def _followed(value: Any, document: Mapping[str, Any]) -> Any:
    """What a reference to a part of the document stands for; anything else as it is."""
    for _ in range(20):
        if (
            not isinstance(value, Mapping)
            or not isinstance(value.get("$ref"), str)
            or not value["$ref"].startswith("#/")
        ):
            return value
        found: Any = document
        for part in value["$ref"][2:].split("/"):
            found = (
                found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
            )
        value = found
    return None


def _parameters(listed: list[Any], document: Mapping[str, Any], name: str, notes: Notes) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required: list[str] = []
    tool = {"type": "object", "properties": properties, "required": required}
    for entry in listed:
        parameter = _followed(entry, document)
        if not isinstance(parameter, Mapping) or not isinstance(parameter.get("name"), str):
            notes.add("left out", name, f"a parameter without a name: {str(entry)[:60]}")
            continue
        key, place = parameter["name"], parameter.get("in")
        if place in ("header", "cookie"):
            notes.add("left out", f"{name}.{key}", f"in: {place}")
            continue
        if place == "body" and "schema" in parameter:  # Swagger 2.0
            is_required = bool(parameter.get("required"))
            _join(tool, parameter["schema"], document, notes, name=name, is_required=is_required)
            continue
        schema = parameter.get("schema")
        if schema is None and isinstance(parameter.get("content"), Mapping):
            schema = next(
                (part.get("schema") for part in parameter["content"].values() if isinstance(part, Mapping)),
                None,
            )
        if schema is None:  # Swagger 2.0 keeps the schema's words in the parameter itself
            schema = {
                k: v
                for k, v in parameter.items()
                if k not in ("name", "in", "required", "description", "style", "explode", "collectionFormat")
            }
        if isinstance(schema, Mapping):
            extra = {
                word: parameter[word]
                for word in ("description", "example", "examples")
                if parameter.get(word)
            }
            schema = {**schema, **extra}
        properties[key] = schema
        if (parameter.get("required") or place == "path") and key not in required:
            required.append(key)
    return tool


def _add_body(
    parameters: dict[str, Any],
    operation: Mapping[str, Any],
    document: Mapping[str, Any],
    name: str,
    notes: Notes,
) -> None:
    body = _followed(operation.get("requestBody"), document)
    content = body.get("content") if isinstance(body, Mapping) else None
    if not isinstance(content, Mapping) or not content:
        return
    kinds = {str(kind).partition(";")[0].strip(): part for kind, part in content.items()}
    kind = next(
        (kind for kind in BODIES if kind in kinds), next((k for k in kinds if k.endswith("+json")), "")
    )
    if not kind or not isinstance(kinds[kind], Mapping):
        notes.add("left out", name, f"a request body of {', '.join(kinds)}")
        return
    schema = kinds[kind].get("schema", {})
    is_required = bool(isinstance(body, Mapping) and body.get("required"))
    _join(parameters, schema, document, notes, name=name, is_required=is_required)


_SAID_OF_BODIES = frozenset(["type", "properties", "required", "allOf", "additionalProperties", "title", "description", "example", "examples", "$ref", "xml", "externalDocs"])  # fmt: skip
"""Words of a body's schema that need no note of their own."""


def _join(
    tool: dict[str, Any],
    schema: Any,
    document: Mapping[str, Any],
    notes: Notes,
    *,
    name: str,
    is_required: bool,
) -> None:
    """Put the parts of a body's object beside the parameters; a body of another kind becomes one, `body`."""
    properties, required = tool["properties"], tool["required"]
    parts, needed = _object_parts(schema, document)
    whole = _followed(schema, document)
    for word, value in whole.items() if parts is not None and isinstance(whole, Mapping) else ():
        if word == "additionalProperties" and value not in (None, False):
            notes.add("free keys", name, "additionalProperties")
        elif word not in _SAID_OF_BODIES:
            notes.add("keyword", name, word)
    if parts is None:
        properties["body"] = schema
        if is_required:
            required.append("body")
        return
    for key, part in parts.items():
        if key in properties:
            notes.add("renamed parameter", f"{name}.{key}", f"of the body, is declared as 'body_{key}'")
        new = f"body_{key}" if key in properties else key
        properties[new] = part
        if key in needed:
            required.append(new)


def _object_parts(
    schema: Any, document: Mapping[str, Any], depth: int = 0
) -> tuple[dict[str, Any] | None, list[str]]:
    """Properties and required names of an object, joined schemas put together; None for another kind of schema."""
    schema = _followed(schema, document)
    if not isinstance(schema, Mapping) or depth > 20 or "oneOf" in schema or "anyOf" in schema:
        return None, []
    parts = dict(schema["properties"]) if isinstance(schema.get("properties"), Mapping) else None
    needed = [str(n) for n in schema["required"]] if isinstance(schema.get("required"), list) else []
    for inner in schema["allOf"] if isinstance(schema.get("allOf"), list) else ():
        more, also = _object_parts(inner, document, depth + 1)
        if more is None:
            if _followed(inner, document) is not None and "properties" not in schema and also == []:
                continue
            return None, []
        parts = {**more, **(parts or {})}
        needed += also
    return parts, needed
