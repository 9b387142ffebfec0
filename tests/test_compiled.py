"""fgdata.compiled: the quick check of a schema never passes what the full validator refuses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import parameters, values

from fgdata.compiled import compile_schema
from fgdata.schema import Tool

LEAVES: list[dict[str, Any]] = [
    {"type": "integer", "minimum": 0, "maximum": 3},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1.5},
    {"type": "string", "enum": ["a", "b"]},
    {"enum": [1, True, None, "1"]},
    {"enum": [0.0, 1]},
    {"const": 1},
    {"type": ["string", "null"], "minLength": 1, "maxLength": 3},
    {"type": "boolean"},
    {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2},
    {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]},
    {"type": "object", "properties": {"x": {}}, "additionalProperties": False},
    {"minimum": 1},
    {"type": "string", "pattern": "^a"},
    {},
]
SMALL = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 2, 3, 4, -1, 0.0, -0.0, 1.0, 1.5, "", "a", "b", "1", "abcd"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["x", "y"]), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


@given(st.sampled_from(LEAVES), SMALL)
def test_quick_check_agrees(schema: dict[str, Any], value: Any):
    """Of every word that is compiled, the quick check says what the full validator says."""
    tool = Tool("f", "", {"type": "object", "properties": {"v": schema}})
    quick = compile_schema(tool.strict_schema)
    assert quick is None or quick({"v": value}) == (not tool._full_violations({"v": value}))


@given(parameters, st.data())
def test_quick_check_passes_nothing_wrong(schema: dict[str, Any], data: st.DataObject):
    """Of any tool: what the quick check passes, the full validator passes too."""
    tool = Tool.from_json({"name": "f", "parameters": schema})
    names = st.sampled_from([*schema["properties"], "other"])
    arguments = data.draw(st.dictionaries(names, values, max_size=3))
    quick = compile_schema(tool.strict_schema)
    assert quick is None or not quick(arguments) or not tool._full_violations(arguments)


@pytest.mark.parametrize(
    "word",
    [{"pattern": "a"}, {"anyOf": [{}]}, {"$ref": "#"}, {"enum": [[1]]}, {"type": "float"}, {"multipleOf": 2}],
)
def test_other_words_are_not_compiled(word: dict[str, Any]):
    """A schema with a word that the quick check cannot decide has none."""
    assert compile_schema({"properties": {"x": word}}) is None
