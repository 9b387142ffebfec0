"""Tools and calls: what may be called, one invocation, and whether the second fits the first."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError as JsonSchemaError
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from fgdata.compiled import Check, compile_schema
from fgdata.errors import Problem, SchemaError
from fgdata.patterns import SlowPatternError, is_found, search_names
from fgdata.plain_schema import is_plain_schema

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"


def canonical_json(value: object) -> str:
    """One text for one JSON value: keys sorted, Korean as it stands. `1`, `1.0` and `true` give different texts."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def read_json(text: str) -> Any:
    """The value in a JSON text. What Python would read and JSON cannot mean for sure is refused: NaN, numbers too large, a key given twice.

    Raises: ValueError, RecursionError.
    """
    return _DECODER.decode(text)


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"the number {digits[:40]} is too large")
    return number


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} is given twice")
    return found


_DECODER = json.JSONDecoder(parse_constant=_no_number, parse_float=_finite, object_pairs_hook=_distinct)


def same_value(left: object, right: object) -> bool:
    """Whether two JSON values are the same, types included: 1 is not 1.0, "42" is not 42, true is not 1."""
    return canonical_json(left) == canonical_json(right)


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One invocation of a tool. Two calls are equal if name and arguments are the same, types included."""

    name: str
    arguments: Mapping[str, JsonValue] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Call)
            and self.name == other.name
            and same_value(self.arguments, other.arguments)
        )

    def __hash__(self) -> int:
        return hash((self.name, canonical_json(self.arguments)))

    def to_json(self) -> dict[str, Any]:
        """The call as an entry of `tool_calls` (arguments as a mapping, never as JSON text)."""
        return {"type": "function", "function": {"name": self.name, "arguments": dict(self.arguments)}}

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Call:
        """The call in an entry of `tool_calls`, or in a bare `{"name", "arguments"}`; arguments may be JSON text.

        Raises: SchemaError if there is no name, or the arguments are no mapping.
        """
        body = entry.get("function", entry) if isinstance(entry, Mapping) else entry
        if not isinstance(body, Mapping) or not isinstance(body.get("name"), str):
            raise SchemaError(f"a tool call without a name: {entry!r}.")
        arguments = body.get("arguments", {})
        if isinstance(arguments, str):
            try:
                arguments = read_json(arguments) if arguments.strip() else {}
            except (ValueError, RecursionError) as error:
                raise SchemaError(
                    f"arguments of {body['name']!r} are no JSON: {arguments!r} ({error})."
                ) from error
        if arguments is None:
            arguments = {}
        if not isinstance(arguments, Mapping):
            raise SchemaError(f"arguments of {body['name']!r} are no mapping: {arguments!r}.")
        return cls(body["name"], dict(arguments))


def _strict_enum(_validator: Any, choices: Any, instance: object, _schema: Any) -> Iterator[ValidationError]:
    if not any(
        choice is instance or (type(choice) is type(instance) and same_value(choice, instance))
        for choice in choices
    ):
        yield ValidationError(f"{instance!r} is not one of {choices!r}")


def _strict_const(_validator: Any, value: Any, instance: object, _schema: Any) -> Iterator[ValidationError]:
    if not same_value(value, instance):
        yield ValidationError(f"{instance!r} is not {value!r}")


def _pattern(_validator: Any, pattern: Any, instance: object, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not is_found(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


# JSON Schema lets 1.0 pass as an integer. The format writes both, and a device that wants 1 should not be sent 1.0.
_STRICT_TYPES = Draft202012Validator.TYPE_CHECKER.redefine_many(
    {
        "integer": lambda _, value: isinstance(value, int) and not isinstance(value, bool),
        "number": lambda _, value: isinstance(value, int | float) and not isinstance(value, bool),
    }
)
_StrictValidator: type[Validator] = extend(  # type: ignore[no-untyped-call]  # jsonschema leaves it untyped
    Draft202012Validator,
    {"enum": _strict_enum, "const": _strict_const, "pattern": _pattern},
    type_checker=_STRICT_TYPES,
)
# Without it a `pattern` that is no regular expression shows only when a call is checked, as an error of Python's own.
_PATTERNS = FormatChecker(formats=["regex"])
# A `$ref` may point inside its own schema only: the registry is empty, nothing is fetched.
_NO_REMOTE_SCHEMAS: Registry[Any] = Registry()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A slot in a tool's schema."""

    name: str
    schema: Mapping[str, Any]
    """Its JSON Schema, types in lower case."""
    required: bool

    @property
    def type(self) -> str:
        """The JSON type in lower case; empty where the schema states none or several."""
        stated = self.schema.get("type", "")
        return stated if isinstance(stated, str) else ""


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which arguments break their tool's schema."""

    word: str
    """The word of JSON Schema that is broken: `enum`, `type`, `required`, `additionalProperties`, `maximum`, …"""
    path: tuple[str | int, ...]
    """Names and positions that lead to the value; empty for the arguments as a whole."""
    message: str
    """What is wrong, in words."""
    value: Any
    """The value."""
    expected: Any
    """What the word asks for."""


@dataclass(frozen=True)
class Tool:
    """What may be called."""

    name: str
    description: str = ""
    schema: Mapping[str, Any] = field(default_factory=dict)
    """The parameters' JSON Schema as it was given (an object schema); empty for a tool without parameters."""

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Tool:
        """The tool in an OpenAI entry (`{"type": "function", "function": {...}}`) or a flat `{"name", ...}`.

        Raises: SchemaError if it has no name or its parameters are no JSON Schema.
        """
        body = entry.get("function", entry) if isinstance(entry, Mapping) else entry
        if not isinstance(body, Mapping) or not isinstance(body.get("name"), str) or not body["name"]:
            shown = canonical_json(entry)
            raise SchemaError(f"a tool without a name: {shown if len(shown) <= 80 else shown[:79] + '…'}.")
        schema = body.get("parameters") or {}
        if not isinstance(schema, Mapping):
            raise SchemaError(f"parameters of {body['name']!r} are no mapping: {schema!r}.")
        tool = cls(body["name"], str(body.get("description") or ""), schema)
        try:
            if not is_plain_schema(tool.strict_schema):
                _StrictValidator.check_schema(tool.strict_schema, format_checker=_PATTERNS)  # type: ignore[call-arg]  # its protocol leaves it out
        except RecursionError as error:
            raise SchemaError(f"parameters of {tool.name!r} are nested too deep.") from error
        except JsonSchemaError as error:
            place = "/".join(str(part) for part in error.absolute_path)
            raise SchemaError(
                f"parameters of {tool.name!r} are no JSON Schema: {place}: {error.message}."
            ) from error
        return tool

    def to_json(self) -> dict[str, Any]:
        """The tool as an OpenAI entry."""
        body: dict[str, Any] = {"name": self.name, "description": self.description}
        if self.schema:
            body["parameters"] = dict(self.schema)
        return {"type": "function", "function": body}

    @cached_property
    def strict_schema(self) -> dict[str, Any]:
        """The schema a call is checked against: types in lower case, unknown arguments refused unless allowed by name."""
        lowered: dict[str, Any] = _lower_types(self.schema)
        return {"type": "object", "additionalProperties": False, **lowered}

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters, in the order the schema gives them."""
        properties = self.strict_schema.get("properties", {})
        required = self.strict_schema.get("required", ())
        return tuple(Parameter(name, schema, name in required) for name, schema in properties.items())

    @cached_property
    def coerced_parameters(self) -> frozenset[str]:
        """Parameters whose values `coerce_call` reads by their type if they are strings."""
        found = set()
        for parameter in self.parameters:
            stated = parameter.schema.get("type") if isinstance(parameter.schema, Mapping) else None
            types = stated if isinstance(stated, list) else [stated]
            if "string" not in types and not _COERCED_TYPES.isdisjoint(types):
                found.add(parameter.name)
        return frozenset(found)

    @cached_property
    def _validator(self) -> Validator:
        return _StrictValidator(self.strict_schema, registry=_NO_REMOTE_SCHEMAS)

    @cached_property
    def _fits(self) -> Check | None:
        return compile_schema(self.strict_schema)

    def fits(self, arguments: Mapping[str, JsonValue]) -> bool:
        """Whether `arguments` certainly fit the schema. False where that takes the full validator to tell: see `violations`."""
        check = self._fits
        return check is not None and check(arguments if type(arguments) is dict else dict(arguments))

    def violations(self, arguments: Mapping[str, JsonValue]) -> list[Violation]:
        """How `arguments` break the schema; empty if they fit it.

        Raises: SchemaError if the schema holds a `$ref` that leads nowhere or in a circle.
        """
        if self.fits(arguments):
            return []
        return self._full_violations(arguments)

    def _full_violations(self, arguments: Mapping[str, JsonValue]) -> list[Violation]:
        """As `violations`, by the full validator."""
        try:
            search_names(self.strict_schema, dict(arguments))
            errors = sorted(
                self._validator.iter_errors(dict(arguments)), key=lambda e: list(map(str, e.absolute_path))
            )
        except Unresolvable as error:
            raise SchemaError(
                f"parameters of {self.name!r}: $ref {error.ref!r} is not in the schema."
            ) from error
        except OverflowError:  # `multipleOf` is reckoned in floats
            return [Violation("multipleOf", (), "holds a number too large to be checked", None, None)]
        except (
            SlowPatternError
        ) as error:  # whether the value fits cannot be told, whatever stands around the pattern
            path = next(_paths_to(error.text, dict(arguments)), ())
            return [Violation("pattern", path, str(error), error.text, error.pattern)]
        except RecursionError as error:
            raise SchemaError(f"parameters of {self.name!r}: a $ref leads back to itself.") from error
        return [
            Violation(str(e.validator), tuple(e.absolute_path), e.message, e.instance, e.validator_value)
            for e in errors
        ]

    def complaint(self, violation: Violation) -> str:
        """A violation in words, with the tool and the place: `set_light.level: 101 is greater than …`."""
        return f"{self.name}{''.join(f'.{part}' for part in violation.path)}: {violation.message}"

    def complaints(self, arguments: Mapping[str, JsonValue]) -> list[str]:
        """What is wrong with `arguments`, in words; empty if they fit the schema.

        Raises: SchemaError if the schema holds a `$ref` that leads nowhere or in a circle.
        """
        return [self.complaint(violation) for violation in self.violations(arguments)]


def _paths_to(
    text: str, value: JsonValue, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[str | int, ...]]:
    """Where a text stands in a value, as a value or as the name of one."""
    if value == text:
        yield path
    items: Iterable[tuple[str | int, JsonValue]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for name, item in items:
        yield from _paths_to(text, item, (*path, name))
        if name == text:
            yield (*path, name)


# Words of JSON Schema whose mappings hold schemas by name: a name there is no word, even if it is `type`.
NAMED_SCHEMAS = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"})
# Words whose values are data, not schemas.
DATA_WORDS = frozenset({"enum", "const", "default", "examples", "required"})


def _lower_types(schema: Any) -> Any:
    """A copy of a JSON Schema with `STRING`, `OBJECT`, … as `string`, `object`, … (some data sets write them so)."""
    if isinstance(schema, list):
        return [_lower_types(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    lowered: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "type":
            parts = value if isinstance(value, list) else [value]
            words = [part.lower() if isinstance(part, str) else part for part in parts]
            lowered[key] = words if isinstance(value, list) else words[0]
        elif key in NAMED_SCHEMAS and isinstance(value, Mapping):
            lowered[key] = {name: _lower_types(inner) for name, inner in value.items()}
        else:
            lowered[key] = value if key in DATA_WORDS else _lower_types(value)
    return lowered


def tools_by_name(entries: Iterable[Mapping[str, Any]]) -> dict[str, Tool]:
    """Tools by their name, in the order given.

    Raises: SchemaError with every entry that is no tool, and every name given twice.
    """
    tools: dict[str, Tool] = {}
    problems: list[Problem] = []
    for number, entry in enumerate(entries, 1):
        try:
            tool = Tool.from_json(entry)
        except SchemaError as error:
            problems += [Problem(f"tool {number}", problem.what) for problem in error.problems]
            continue
        if tool.name in tools:
            problems.append(
                Problem(
                    f"tool {number}", f"the name {tool.name!r} is taken.", "Give every tool its own name."
                )
            )
        tools[tool.name] = tool
    SchemaError.raise_if(problems)
    return tools


def check_call(call: Call, tools: Mapping[str, Tool]) -> list[str]:
    """Why `call` fits none of `tools`, in words; empty if it is valid (name, types, enum, range, required, unknown)."""
    tool = tools.get(call.name)
    if tool is None:
        return [f"{call.name!r} is not among the declared tools ({', '.join(tools) or 'none'})"]
    return tool.complaints(call.arguments)


_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_BOOLEANS = {"true": True, "false": False}
_NULLS = frozenset({"none", "null"})
_COERCED_TYPES = frozenset({"integer", "number", "boolean", "null"})


def coerce_call(call: Call, tools: Mapping[str, Tool]) -> Call:
    """The call with string values read as the type its tool's schema states, at any depth.

    `"2"` becomes 2 where the schema says integer, `"true"` becomes true where it says boolean. What does not read as the
    stated type stays as it is, and so does a call of a tool that is not declared. This is a step of its own: parsing
    never does it.
    """
    tool = tools.get(call.name)
    if tool is None:
        return call
    coerced = _coerce(dict(call.arguments), tool.strict_schema)
    return Call(call.name, coerced if isinstance(coerced, dict) else call.arguments)


def _coerce(value: JsonValue, schema: Any) -> JsonValue:
    if not isinstance(schema, Mapping):
        return value
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return {name: _coerce(item, properties.get(name)) for name, item in value.items()}
    if isinstance(value, list):
        return [_coerce(item, schema.get("items")) for item in value]
    if isinstance(value, str):
        stated = schema.get("type")
        return _coerce_text(value, stated if isinstance(stated, list) else [stated])
    return value


def _coerce_text(value: str, types: Sequence[object]) -> JsonValue:
    """`value` read as the first of `types` that it reads as; as it is if one of them is string."""
    text = value.strip()
    if "string" in types:
        return value
    if ("integer" in types or "number" in types) and _INTEGER.fullmatch(text):
        try:
            return int(text)
        except ValueError:  # Python reads no more than 4,300 digits
            return value
    if "number" in types and _NUMBER.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else value
    if "boolean" in types and text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    return None if "null" in types and text.lower() in _NULLS else value


def calls_to_text(calls: Sequence[Call]) -> str:
    """Calls as a person reads them: `set_temperature(temperature=24), power_on()`; `no call` if there are none."""
    return (
        ", ".join(
            f"{call.name}({', '.join(f'{name}={json.dumps(value, ensure_ascii=False)}' for name, value in call.arguments.items())})"
            for call in calls
        )
        or "no call"
    )
