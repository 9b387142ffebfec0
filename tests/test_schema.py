"""Tools and calls: strict types, upper-case types, every problem told, coercion as a step of its own."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from strategies import calls, values

from fgdata.errors import SchemaError
from fgdata.schema import (
    Call,
    Tool,
    calls_to_text,
    canonical_json,
    check_call,
    coerce_call,
    same_value,
    tools_by_name,
)


def tool(properties: dict[str, Any], **schema: Any) -> Tool:
    """A tool `f` with these parameters."""
    return Tool.from_json({"name": "f", "parameters": {"type": "object", "properties": properties, **schema}})


def complaints(declared: Tool, arguments: dict[str, Any]) -> list[str]:
    """What is wrong with a call of `declared`."""
    return check_call(Call(declared.name, arguments), {declared.name: declared})


# --- equality ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, 1.0),
        (1, True),
        (0, False),
        ("42", 42),
        (None, "None"),
        (None, False),
        ([], {}),
        ([1, 2], [2, 1]),
        (0.0, -0.0),
        ("a", "A"),
    ],
)
def test_values_that_differ(left: Any, right: Any) -> None:
    """Types count, and the order of lists does."""
    assert not same_value(left, right)
    assert Call("f", {"a": [left]}) != Call("f", {"a": [right]})


@given(values)
def test_a_value_is_itself(value: Any) -> None:
    """Every value is the same as itself, and calls that hold it are equal and hash alike."""
    assert same_value(value, value)
    assert Call("f", {"a": value, "b": 1}) == Call("f", {"b": 1, "a": value})
    assert hash(Call("f", {"a": value, "b": 1})) == hash(Call("f", {"b": 1, "a": value}))


def test_a_call_is_no_other_thing() -> None:
    """Name and arguments both count; nothing but a call equals a call."""
    assert Call("f") != Call("g")
    assert Call("f") != "f"
    assert canonical_json({"나": 1, "가": [1.0, True]}) == '{"가":[1.0,true],"나":1}'


# --- calls from and to JSON ----------------------------------------------------------------------------------------


@given(calls)
def test_call_round_trip(call: Call) -> None:
    """A call is read back from its entry, from the bare form, and from arguments in JSON text."""
    assert Call.from_json(call.to_json()) == call
    assert Call.from_json({"name": call.name, "arguments": canonical_json(call.arguments)}) == call


@pytest.mark.parametrize("arguments", [None, "", "  ", {}])
def test_calls_without_arguments(arguments: Any) -> None:
    """Missing, empty and null arguments are no arguments."""
    assert Call.from_json({"name": "f", "arguments": arguments}) == Call("f") == Call.from_json({"name": "f"})


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({}, "without a name"),
        ({"function": {}}, "without a name"),
        ({"function": None}, "without a name"),
        ("f", "without a name"),
        ({"name": 5}, "without a name"),
        ({"name": "f", "arguments": "{"}, "arguments of 'f' are no JSON"),
        ({"name": "f", "arguments": "9" * 5000}, "arguments of 'f' are no JSON"),
        ({"name": "f", "arguments": "[" * 100_000}, "arguments of 'f' are no JSON"),
        ({"name": "f", "arguments": "[1]"}, "arguments of 'f' are no mapping"),
        ({"name": "f", "arguments": 5}, "arguments of 'f' are no mapping"),
    ],
)
def test_entries_that_are_no_calls(entry: Any, told: str) -> None:
    """An entry that is no call says why."""
    with pytest.raises(SchemaError, match=told):
        Call.from_json(entry)


def test_calls_to_text() -> None:
    """Calls as a person reads them."""
    assert calls_to_text([]) == "no call"
    assert (
        calls_to_text([Call("f", {"온도": 24, "b": True}), Call("g", {"s": "거실"})])
        == 'f(온도=24, b=true), g(s="거실")'
    )


# --- checking ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "right", "wrong"),
    [
        ({"type": "integer"}, [0, -5, 2**80], [1.0, True, "1", None]),
        ({"type": "number"}, [1, 1.5, -0.0], [True, "1"]),
        ({"type": "boolean"}, [True, False], [0, 1, "true", None]),
        ({"type": "string"}, ["", "42"], [42, None]),
        ({"type": "INTEGER"}, [3], ["3", 3.0]),
        ({"type": ["STRING", "null"]}, ["a", None], [1]),
        ({"type": "integer", "minimum": 16, "maximum": 30}, [16, 30], [15, 31]),
        ({"type": "string", "enum": ["low", "high"]}, ["low"], ["Low", "low "]),
        ({"enum": [1, None, "a"]}, [1, None, "a"], [1.0, True, False, "b"]),
        ({"enum": [[1], {"k": 1}]}, [[1], {"k": 1}], [[1.0], {"k": True}]),
        ({"const": 1}, [1], [1.0, True]),
        ({"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}$"}, ["07:30"], ["7:30"]),
        ({"type": "ARRAY", "items": {"type": "STRING"}}, [[], ["a"]], [[1], "a"]),
        (
            {"type": "object", "properties": {"type": {"type": "STRING"}}, "required": ["type"]},
            [{"type": "x"}],
            [{}, {"type": 1}],
        ),
        (
            {"$defs": {"type": {"type": "INTEGER"}}, "anyOf": [{"type": "NULL"}, {"type": "BOOLEAN"}]},
            [None, True],
            [1, "a"],
        ),
        ({"type": "string", "default": {"type": "KEPT"}}, ["a"], [1]),
    ],
)
def test_types_are_strict(schema: Any, right: list[Any], wrong: list[Any]) -> None:
    """JSON Schema with strict types: 1 is no number with a fraction, 1.0 no integer, true neither."""
    declared = tool({"a": schema})
    for value in right:
        assert complaints(declared, {"a": value}) == []
    for value in wrong:
        assert len(complaints(declared, {"a": value})) >= 1, value


def test_every_complaint_is_told() -> None:
    """Missing, unknown, of the wrong type, out of range: all at once, with the argument's path."""
    declared = tool(
        {
            "a": {"type": "integer", "maximum": 9},
            "b": {"type": "string"},
            "c": {"type": "array", "items": {"type": "integer"}},
        },
        required=["b"],
    )
    told = complaints(declared, {"a": 10, "c": [1, "x"], "d": 1})
    assert len(told) == 4
    assert all(
        any(part in line for line in told)
        for part in ("'b' is a required", "'d' was unexpected", "f.a: 10", "f.c.1: 'x'")
    )


def test_unknown_arguments_are_allowed_by_name_only() -> None:
    """A schema that says nothing about further arguments allows none."""
    assert complaints(tool({}), {"x": 1})
    assert not complaints(tool({}, additionalProperties=True), {"x": 1})
    assert complaints(Tool("f"), {"x": 1})
    assert not complaints(Tool("f"), {})


def test_unknown_tools() -> None:
    """A tool that is not declared, and no tools at all."""
    assert check_call(Call("g"), {"f": Tool("f")}) == ["'g' is not among the declared tools (f)"]
    assert check_call(Call("g"), {}) == ["'g' is not among the declared tools (none)"]


@pytest.mark.parametrize("reference", ["#/$defs/nothing", "http://127.0.0.1:9/schema.json"])
def test_references_that_lead_nowhere(reference: str) -> None:
    """A schema that refers to what it does not hold is an error; nothing is fetched."""
    with pytest.raises(SchemaError, match="is not in the schema"):
        complaints(tool({"a": {"$ref": reference}}), {"a": 1})
    with pytest.raises(SchemaError, match="leads back to itself"):
        complaints(tool({"a": {"$ref": "#/properties/a"}}), {"a": 1})
    assert not complaints(
        tool({"a": {"$ref": "#/$defs/n"}}, **{"$defs": {"n": {"type": "INTEGER"}}}), {"a": 1}
    )


# --- tools ---------------------------------------------------------------------------------------------------------


def test_tool_round_trip() -> None:
    """Flat and wrapped entries give the same tool, with its parameters in their order."""
    body = {
        "name": "f",
        "description": "d",
        "parameters": {
            "type": "OBJECT",
            "properties": {"b": {"type": "INTEGER"}, "a": {"type": ["STRING", "NULL"]}},
            "required": ["a"],
        },
    }
    flat, wrapped = Tool.from_json(body), Tool.from_json({"type": "function", "function": body})
    assert flat == wrapped == Tool.from_json(flat.to_json())
    assert [(p.name, p.type, p.required) for p in flat.parameters] == [
        ("b", "integer", False),
        ("a", "", True),
    ]
    assert flat.to_json() == {"type": "function", "function": body}
    assert Tool.from_json({"name": "g"}).to_json() == {
        "type": "function",
        "function": {"name": "g", "description": ""},
    }


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({}, "without a name"),
        ({"function": {"description": "d"}}, "without a name"),
        ({"name": ""}, "without a name"),
        ({"name": "f", "parameters": [1]}, "parameters of 'f' are no mapping"),
        ({"name": "f", "parameters": {"type": "thing"}}, "no JSON Schema: type"),
        (
            {"name": "f", "parameters": {"properties": {"a": {"minimum": "x"}}}},
            "no JSON Schema: properties/a/minimum",
        ),
        (
            {"name": "f", "parameters": {"properties": {"a": {"pattern": "("}}}},
            "no JSON Schema: properties/a/pattern",
        ),
    ],
)
def test_entries_that_are_no_tools(entry: Any, told: str) -> None:
    """An entry that is no tool says where in its schema."""
    with pytest.raises(SchemaError, match=told):
        Tool.from_json(entry)


def test_all_tools_are_checked() -> None:
    """Two that are none and a name given twice are three problems."""
    with pytest.raises(SchemaError) as caught:
        tools_by_name([{"name": "f"}, {}, {"name": "f"}, {"name": "g", "parameters": 5}])
    assert [problem.where for problem in caught.value.problems] == ["tool 2", "tool 3", "tool 4"]
    assert list(tools_by_name([{"name": "b"}, {"name": "a"}])) == ["b", "a"]


# --- coercion ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "given_value", "expected"),
    [
        ({"type": "integer"}, "2", 2),
        ({"type": "integer"}, " -3 ", -3),
        ({"type": "integer"}, "+2", 2),
        ({"type": "INTEGER"}, "02134", 2134),
        ({"type": "integer"}, "2.0", "2.0"),
        ({"type": "integer"}, "two", "two"),
        ({"type": "integer"}, "９", "９"),
        ({"type": "integer"}, "9" * 5000, "9" * 5000),
        ({"type": "integer"}, 2.0, 2.0),
        ({"type": "integer"}, "", ""),
        ({"type": "number"}, "2", 2),
        ({"type": "number"}, "2.5", 2.5),
        ({"type": "number"}, ".5", 0.5),
        ({"type": "number"}, "1e-05", 1e-05),
        ({"type": "number"}, "1e999", "1e999"),
        ({"type": "number"}, "nan", "nan"),
        ({"type": "boolean"}, "true", True),
        ({"type": "boolean"}, "False", False),
        ({"type": "boolean"}, "1", "1"),
        ({"type": "string"}, "42", "42"),
        ({"type": ["integer", "null"]}, "5", 5),
        ({"type": ["integer", "null"]}, "None", None),
        ({"type": ["integer", "string"]}, "5", "5"),
        ({"type": ["number", "boolean"]}, "true", True),
        ({}, "5", "5"),
        ({"type": "array", "items": {"type": "integer"}}, ["1", 2, "x"], [1, 2, "x"]),
        (
            {"type": "object", "properties": {"k": {"type": "boolean"}}},
            {"k": "true", "l": "1"},
            {"k": True, "l": "1"},
        ),
    ],
)
def test_coercion(schema: Any, given_value: Any, expected: Any) -> None:
    """Strings become the type that the schema states, at any depth; what does not read as it stays."""
    declared = tool({"a": schema})
    assert coerce_call(Call("f", {"a": given_value}), {"f": declared}) == Call("f", {"a": expected})


@given(calls)
def test_coercion_is_stable(call: Call) -> None:
    """Coercing twice is coercing once; a call of an unknown tool stays as it is."""
    declared = {
        call.name: Tool(call.name, "", {"properties": {name: {"type": "number"} for name in call.arguments}})
    }
    once = coerce_call(call, declared)
    assert coerce_call(once, declared) == once
    assert coerce_call(call, {}) == call
    assert not any(isinstance(value, float) and not math.isfinite(value) for value in once.arguments.values())
