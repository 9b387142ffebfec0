"""A parameter's JSON Schema as the format can carry it; what is lost on the way is noted, nothing is lost in silence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from fgdata.characters import unseen_character
from fgdata.format import HIDDEN_NAMES, find_control_tokens
from fgdata.own.notes import Notes
from fgdata.schema import same_value

Schema = dict[str, Any]

SAMPLES = "x-samples"
"""Where values that the file itself gives (examples, defaults) wait for the slots; never declared."""
MAX_DEPTH = 5
"""Levels of objects and arrays: what lies deeper no sentence asks for."""
MAX_PARTS = 20_000
"""Schemas that one file may hold, references followed."""

_TYPES = {
    "dict": "object",
    "float": "number",
    "double": "number",
    "tuple": "array",
    "list": "array",
    "int": "integer",
    "long": "integer",
    "str": "string",
    "bool": "boolean",
    "any": "string",
}
"""Names of types in other people's files; `tuple` and `any` say more than their new name."""
_JSON_TYPES = ("string", "integer", "number", "boolean", "array", "object")
_LIMITS: Mapping[str, tuple[str, ...]] = {
    "string": ("minLength", "maxLength", "pattern"),
    "integer": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "array": ("minItems", "maxItems", "uniqueItems"),
}
_HANDLED = {
    *("type", "description", "enum", "const", "default", "example", "examples", "nullable", "format", "$ref", "required", "properties"),
    *("items", "prefixItems", "additionalProperties", "allOf", "anyOf", "oneOf", "readOnly", "$defs", "definitions", SAMPLES),
    *(word for words in _LIMITS.values() for word in words),
}  # fmt: skip
_ALL_LIMITS = frozenset(word for words in _LIMITS.values() for word in words)
_SHAPES: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("enum", "required", "allOf", "anyOf", "oneOf", "prefixItems"), list),
    "properties": Mapping,
    "$ref": str,
    "type": (str, list),
    "examples": (list, Mapping),
    "items": (Mapping, list, bool),
}
"""Words of a schema -> what their value must be to be read at all."""
BAD_NAME = re.compile(r"[\s:{}\[\],<>]+")
"""What no name in a call may hold."""


def clean_text(text: object, where: str, notes: Notes) -> str:
    """A description on one line, without what no message may hold."""
    said = "" if text is None else str(text)
    for token in find_control_tokens(said):
        said = said.replace(token, " ")
        notes.add("text", where, token)
    if unseen := unseen_character(said):
        said = "".join(c for c in said if not unseen_character(c))
        notes.add("text", where, unseen)
    return " ".join(said.split())


def usable_name(name: str, where: str, notes: Notes, taken: Sequence[str] = ()) -> str:
    """The name, or one like it that the format carries and that is not `taken`."""
    new = clean_text(BAD_NAME.sub("_", name).strip("_") or "value", where, Notes())
    if new in HIDDEN_NAMES:
        new = f"{new}_"
    stem, number = new, 2
    while new in taken:
        new, number = f"{stem}_{number}", number + 1
    if new != name:
        notes.add("renamed parameter", where, f"{name!r} is declared as {new!r}")
    return new


class Carrier:
    """Reads the schemas of one file."""

    def __init__(self, document: Any, notes: Notes) -> None:
        self.document = document
        self.notes = notes
        self.count = 0

    def carried(self, schema: Any, where: str, seen: tuple[str, ...] = (), depth: int = 0) -> Schema | None:
        """The schema as it is declared, or None if nothing of it can be.

        Args:
            where: tool and path, for the notes.
            seen: the references that led here.
        """
        self.count += 1
        if self.count > MAX_PARTS or depth > MAX_DEPTH:
            self.notes.add("too deep", where, f"more than {MAX_DEPTH} levels")
            return None
        if not isinstance(schema, Mapping):
            if schema is not True and schema is not None:
                self.notes.add(
                    "left out", where, f"{json.dumps(schema, default=str)[:60]} is no schema of a value"
                )
                return None
            schema = {}
        flat = self.flat(dict(schema), where, seen)
        if flat is None:
            return None
        schema, seen = flat
        kind = self.kind(schema, where)
        found: Schema = {"type": kind}
        said = clean_text(schema.get("description"), where, self.notes)
        extra: list[str] = []
        self.dropped(schema, kind, where)
        if not self.values(schema, found, extra, where):
            return None
        self.limits(schema, found, extra, where)
        if kind == "object" and not self.object(schema, found, where, seen, depth):
            return None
        if kind == "array" and not self.array(schema, found, where, seen, depth):
            return None
        # Values of the file are in them, a default above all, and may hold what no message may.
        cleaned = (clean_text(text, where, self.notes) for text in extra)
        missing = [text for text in cleaned if text and text not in said]
        description = f"{said} ({'; '.join(missing)})".strip() if missing else said
        return {"type": found.pop("type"), "description": description, **found}

    # What stands for another schema

    def flat(
        self, schema: Schema, where: str, seen: tuple[str, ...]
    ) -> tuple[Schema, tuple[str, ...]] | None:
        """The schema with references, unions and joined schemas put in; None for one that holds itself or nothing."""
        for _ in range(50):
            schema = self.well_formed(schema, where)
            if "$ref" in schema:
                ref = str(schema.pop("$ref"))
                if ref in seen:
                    self.notes.add("recursion", where, ref)
                    return None
                target = self.target(ref)
                if not isinstance(target, Mapping):
                    self.notes.add("left out", where, f"$ref {ref!r} leads to nothing in this file")
                    return None
                seen = (*seen, ref)
                schema = {**target, **schema}
            elif isinstance(schema.get("allOf"), list):
                parts, schema = schema["allOf"], {k: v for k, v in schema.items() if k != "allOf"}
                for part in parts:
                    if not isinstance(part, Mapping):
                        self.notes.add("left out", where, f"allOf of {_shown(part)}, which is no schema")
                        return None
                    flat = self.flat(dict(part), where, seen)
                    if flat is None:
                        return None
                    schema, seen = _merged(schema, flat[0]), flat[1]
            elif options := schema.get("anyOf") or schema.get("oneOf"):
                word = "anyOf" if schema.get("anyOf") else "oneOf"
                rest = {k: v for k, v in schema.items() if k not in ("anyOf", "oneOf")}
                chosen = self.option(options, word, where, seen)
                if chosen is None:
                    return None
                schema = _merged(rest, chosen)
            else:
                return schema, seen
        self.notes.add("too deep", where, "references and unions")
        return None

    def well_formed(self, schema: Schema, where: str) -> Schema:
        """The schema without words whose value is none that they may have."""
        kept = {}
        for word, value in schema.items():
            if isinstance(value, _SHAPES.get(word, object)):
                kept[word] = value
            else:
                self.notes.add("keyword", where, f"{word} {_shown(value)}")
        return kept

    def option(self, options: Any, word: str, where: str, seen: tuple[str, ...]) -> Schema | None:
        """The option of a union that is declared."""
        listed = (
            [self.well_formed(dict(option), where) for option in options if isinstance(option, Mapping)]
            if isinstance(options, list)
            else []
        )
        kept = [option for option in listed if option.get("type") != "null"]
        if len(kept) < len(listed):
            self.notes.add("null", where, word)
        if kept and all("const" in option or option.get("enum") for option in kept):
            values = [v for option in kept for v in (option.get("enum") or [option["const"]])]
            if len({type(value) for value in values}) == 1:
                return {"enum": values, **({"type": kept[0]["type"]} if "type" in kept[0] else {})}
        usable = [
            o
            for o in kept
            if "$ref" not in o or (o["$ref"] not in seen and isinstance(self.target(str(o["$ref"])), Mapping))
        ]
        if not usable:
            self.notes.add(
                "recursion" if kept else "left out", where, f"{word} with no option that can be said"
            )
            return None
        if len(kept) > 1:
            names = [str(o.get("type") or str(o.get("$ref", "a schema")).rpartition("/")[2]) for o in kept]
            self.notes.add(
                "union", where, f"{word} of {', '.join(names)}; {names[kept.index(usable[0])]} is declared"
            )
        return usable[0]

    def target(self, ref: str) -> Any:
        """What a reference of this file points to; None if to nothing."""
        if not ref.startswith("#"):
            return None
        found = self.document
        for step in ref[1:].strip("/").split("/") if ref not in ("#", "#/") else ():
            part = step.replace("~1", "/").replace("~0", "~")
            if isinstance(found, Mapping) and part in found:
                found = found[part]
            elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
                found = found[int(part)]
            else:
                return None
        return found

    # One schema

    def kind(self, schema: Schema, where: str) -> str:
        """The JSON type that is declared."""
        stated = schema.get("type")
        if isinstance(stated, list):
            names = [str(name).lower() for name in stated]
            if "null" in names:
                self.notes.add("null", where, f"type {stated}")
            names = [name for name in names if name != "null"]
            if len(names) > 1:
                self.notes.add("union", where, f"type {stated}; {names[0]} is declared")
            stated = names[0] if names else None
        if schema.get("nullable") is True:
            self.notes.add("null", where, "nullable")
        name = str(stated).lower() if stated else ""
        if name in _TYPES:
            new = _TYPES[name]
            if name in ("tuple", "any"):
                self.notes.add("changed type", where, f"{name} is declared as {new}")
            return new
        if name in _JSON_TYPES:
            return name
        guess = (
            "object" if "properties" in schema or "additionalProperties" in schema
            else "array" if "items" in schema or "prefixItems" in schema
            else _type_of((schema.get("enum") or [schema.get("const", schema.get("default"))])[0])
        )  # fmt: skip
        self.notes.add(
            "changed type" if name else "guessed type",
            where,
            f"{name} is declared as {guess}" if name else guess,
        )
        return guess

    def dropped(self, schema: Schema, kind: str, where: str) -> None:
        """Note the words that nothing is done with."""
        for word in schema:
            if word not in _HANDLED:
                self.notes.add("keyword", where, word)
        if "format" in schema and (
            kind != "string" or not isinstance(schema["format"], str) or _unwritable(schema["format"])
        ):
            self.notes.add("keyword", where, f"format {_shown(schema['format'])}")
        fitting = _LIMITS.get(kind, ())
        for word in schema:
            if word in _ALL_LIMITS and word not in fitting and schema[word] not in (None, False):
                self.notes.add("keyword", where, f"{word} of {_an(kind)}")

    def values(self, schema: Schema, found: Schema, extra: list[str], where: str) -> bool:
        """Take enum, default and examples over; False if no value is left."""
        kind = found["type"]
        enum = [schema["const"]] if "const" in schema else schema.get("enum")
        if isinstance(enum, list) and enum:
            kept: list[Any] = []
            for value in enum:
                if (
                    _is_of(value, kind)
                    and not any(same_value(value, other) for other in kept)
                    and not _unwritable(value)
                ):
                    kept.append(value)
            if len(kept) < len(enum):
                self.notes.add(
                    "null" if None in enum else "left out",
                    where,
                    f"{len(enum) - len(kept)} of the enum's {len(enum)} values",
                )
            if not kept:
                self.notes.add("no values", where, "enum")
                return False
            found["enum"] = kept
            if kind != "string":
                extra.append("one of " + ", ".join(map(_shown, kept)))
                self.notes.add(
                    "enum of numbers" if kind in ("integer", "number") else "keyword",
                    where,
                    f"enum of {kind}s",
                )
        samples = [schema[word] for word in ("example", "default") if word in schema]
        listed = schema.get("examples")
        samples += (
            list(listed.values())
            if isinstance(listed, Mapping)
            else listed
            if isinstance(listed, list)
            else []
        )
        samples += schema.get(SAMPLES, [])
        samples = [
            s["value"] if isinstance(s, Mapping) and "value" in s and kind != "object" else s for s in samples
        ]
        if usable := [s for s in samples if _is_of(s, kind) and not _unwritable(s)]:
            found[SAMPLES] = usable
        if "default" in schema:
            if schema["default"] is not None:
                extra.append(f"default {_shown(schema['default'])}")
            self.notes.add("default", where, _shown(schema["default"]))
        return True

    def limits(self, schema: Schema, found: Schema, extra: list[str], where: str) -> None:
        """Take limits over, and say them."""
        for old, end in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            if isinstance(schema.get(old), bool):  # as drafts before 6 wrote it
                schema = {**schema}
                if schema.pop(old) and end in schema:
                    schema[old] = schema.pop(end)
        said: list[str] = []
        for word in _LIMITS.get(found["type"], ()):
            value = schema.get(word)
            if value is None or value is False:
                continue
            if not _is_limit(word, value):
                self.notes.add("keyword", where, f"{word} {_shown(value)}")
                continue
            found[word] = value
            said.append(f"{word} {_shown(value)}")
        low, high = found.get("minimum"), found.get("maximum")
        if low is not None and high is not None:
            extra.append(f"{low} to {high}")
        elif low is not None or high is not None:
            extra.append(f"at least {low}" if high is None else f"at most {high}")
        if found.get("multipleOf"):
            extra.append(f"in steps of {found['multipleOf']}")
        if found.get("pattern"):
            extra.append(f"pattern {found['pattern']}")
        if (
            isinstance(schema.get("format"), str)
            and not _unwritable(schema["format"])
            and found["type"] == "string"
        ):
            found["format"] = schema["format"]
            extra.append(schema["format"])
            said.append(f"format {schema['format']}")
        if said:
            self.notes.add("limits", where, ", ".join(said))

    def object(self, schema: Schema, found: Schema, where: str, seen: tuple[str, ...], depth: int) -> bool:
        """Take an object's parts over; False if one that is required cannot be carried."""
        if schema.get("additionalProperties") not in (None, False):
            self.notes.add("free keys", where, "additionalProperties")
        properties = schema.get("properties")
        listed = [
            str(name) for name in schema.get("required") or () if isinstance(schema.get("required"), list)
        ]
        parts: Schema = {}
        required: list[str] = []
        for key, part in properties.items() if isinstance(properties, Mapping) else ():
            name = str(key)
            place = f"{where}.{name}"
            if isinstance(part, Mapping) and part.get("readOnly") is True:
                self.notes.add("left out", place, "readOnly")
                continue
            carried = self.carried(part, place, seen, depth + 1)
            if carried is None:
                if name in listed:
                    return False
                continue
            new = usable_name(name, place, self.notes, tuple(parts))
            parts[new] = carried
            if name in listed:
                required.append(new)
        described = {str(name) for name in properties} if isinstance(properties, Mapping) else set()
        for name in listed:
            if name not in described:
                self.notes.add("left out", where, f"required names {name!r}, which has no schema")
        found["properties"] = parts
        if required:
            found["required"] = required
        return True

    def array(self, schema: Schema, found: Schema, where: str, seen: tuple[str, ...], depth: int) -> bool:
        """Take an array's items over; False if they cannot be carried."""
        items = schema.get("items")
        listed = schema.get("prefixItems") or (items if isinstance(items, list) else None)
        if isinstance(listed, list) and listed:
            self.notes.add(
                "union", where, "a list with a schema for each place; the first is declared for all"
            )
            items = listed[0]
        if items is None:
            self.notes.add("guessed type", f"{where}[]", "string")
            items = {"type": "string"}
        carried = self.carried(items, f"{where}[]", seen, depth + 1)
        if carried is None:
            return False
        if carried["type"] == "array":
            self.notes.add("nested array", where, "an array of arrays")
        found["items"] = carried
        return True


def declared(schema: Schema) -> Schema:
    """The schema without what only the slots need."""
    found = {}
    for word, value in schema.items():
        if word == "properties":
            found[word] = {name: declared(part) for name, part in value.items()}
        elif word == "items":
            found[word] = declared(value)
        elif word != SAMPLES:
            found[word] = value
    return found


def _merged(first: Schema, second: Mapping[str, Any]) -> Schema:
    both = {**second, **first}
    for word in ("properties", "$defs"):
        if isinstance(first.get(word), Mapping) and isinstance(second.get(word), Mapping):
            both[word] = {**second[word], **first[word]}
    if isinstance(first.get("required"), list) and isinstance(second.get("required"), list):
        both["required"] = list(dict.fromkeys([*first["required"], *second["required"]]))
    return both


def _an(kind: str) -> str:
    return f"{'an' if kind[0] in 'aio' else 'a'} {kind}"


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    return "array" if isinstance(value, list) else "object" if isinstance(value, Mapping) else "string"


def _is_of(value: Any, kind: str) -> bool:
    return (_type_of(value) == kind and value is not None) or (
        kind == "number" and _type_of(value) == "integer"
    )


def _unwritable(value: Any) -> bool:
    """Whether a text in it, at any depth, holds what no message may hold."""
    if isinstance(value, Mapping):
        return any(map(_unwritable, (*value, *value.values())))
    if isinstance(value, list):
        return any(map(_unwritable, value))
    return isinstance(value, str) and bool(find_control_tokens(value) or unseen_character(value))


def _is_limit(word: str, value: Any) -> bool:
    if word == "uniqueItems":
        return value is True
    if word == "pattern":
        try:
            return isinstance(value, str) and bool(re.compile(value)) and not _unwritable(value)
        except (re.error, RecursionError):
            return False
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if word in ("minLength", "maxLength", "minItems", "maxItems"):
        return is_number and isinstance(value, int) and value >= 0
    return is_number and (word != "multipleOf" or value > 0)


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)[:60]
