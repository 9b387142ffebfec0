"""What in a tool's schema no call can satisfy, though it is a JSON Schema: found when a pack is read, not in the middle of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from fgdata.positions import closest
from fgdata.schema import DATA_WORDS, NAMED_SCHEMAS, Tool

Fault = tuple[tuple[str | int, ...], str, str]
"""Where in the schema, what, and what to do."""


def schema_faults(tool: Tool) -> Iterator[Fault]:
    """Every `$ref` that leads nowhere, and every required parameter that is not declared."""
    schema = tool.schema
    resource = DRAFT202012.create_resource(schema)
    for path, ref in _refs(schema, ()):
        try:
            Registry().with_resource("", resource).resolver().lookup(ref)
        except Unresolvable:
            what = f"parameters of {tool.name!r}: $ref {ref!r} is not in the schema."
            yield path, what, "Write what it stands for here, or under `$defs`: nothing is fetched."
    declared = [parameter.name for parameter in tool.parameters]
    required = schema.get("required", ())
    if tool.strict_schema.get("additionalProperties") or "patternProperties" in schema:
        return
    for number, name in enumerate(required):
        if name not in declared:
            what = f"{tool.name} requires {name!r}, which is none of its parameters."
            yield (
                ("required", number),
                what,
                f"{closest(name, declared)} Declare it under `properties`, or take it out.",
            )


def _refs(schema: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The `$ref` of a schema and of those in it; not those of a part with an `$id`, whose references start from there."""
    if isinstance(schema, list):
        for number, item in enumerate(schema):
            yield from _refs(item, (*path, number))
    if not isinstance(schema, Mapping) or "$id" in schema:
        return
    for word, value in schema.items():
        here = (*path, word)
        if word == "$ref" and isinstance(value, str):
            yield here, value
        elif word in NAMED_SCHEMAS and isinstance(value, Mapping):
            for name, inner in value.items():
                yield from _refs(inner, (*here, name))
        elif word not in DATA_WORDS:
            yield from _refs(value, here)
