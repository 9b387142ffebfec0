"""What is told to be a schema beyond doubt is one for jsonschema, and the tools of the packs are told so."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import FormatChecker
from jsonschema.exceptions import SchemaError

from fgdata.packs import load_tools, pack_names
from fgdata.plain_schema import _LISTS, _SCHEMAS, _VALUES, is_plain_schema
from fgdata.schema import _StrictValidator

WORDS = st.sampled_from(
    [*_VALUES, *_SCHEMAS, *_LISTS, "properties", "$ref", "prefixItems", "multipleOf", "x-own"]
)
TYPES = st.sampled_from(["string", "integer", "object", "null", "thing", "STRING"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(-2, 2)
    | TYPES
    | st.sampled_from(["", "(", "[a-z]+"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(WORDS, inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    ),
    max_leaves=8,
)


def is_schema(schema: Any) -> bool:
    """What jsonschema says."""
    try:
        _StrictValidator.check_schema(schema, format_checker=FormatChecker(formats=["regex"]))  # type: ignore[call-arg]
    except SchemaError:
        return False
    return True


@given(st.dictionaries(WORDS, VALUES, max_size=4))
def test_what_is_plain_is_a_schema(schema: dict[str, Any]) -> None:
    """No schema is let through that jsonschema refuses."""
    if is_plain_schema(schema):
        assert is_schema(schema)


@given(WORDS, VALUES)
def test_each_word_with_each_value(word: str, value: Any) -> None:
    """The same for one word alone, which is plain more often."""
    if is_plain_schema({word: value}):
        assert is_schema({word: value})


@pytest.mark.parametrize(
    ("schema", "is_plain"),
    [
        ({"type": "object", "properties": {"a": {"type": ["string", "null"], "enum": ["x", None]}}, "required": ["a"]}, True),
        ({"anyOf": [{"type": "integer", "minimum": 1}, {"const": 0}], "default": 0, "description": "n"}, True),
        ({"items": True, "additionalProperties": False}, True),
        ({"required": ["a", "a"]}, False),
        ({"minimum": "x"}, False),
        ({"minimum": True}, False),
        ({"minItems": 1.0}, False),
        ({"pattern": "("}, False),
        ({"type": []}, False),
        ({"anyOf": []}, False),
        ({"properties": {"a": 5}}, False),
        ({"$ref": "#/$defs/a"}, False),
    ],
)  # fmt: skip
def test_cases(schema: Any, *, is_plain: bool) -> None:
    """Some by hand: what is not plain is refused, or left to jsonschema."""
    assert is_plain_schema(schema) is is_plain


def test_depth_is_left_to_jsonschema() -> None:
    """A schema of a thousand levels is none to walk through here."""
    schema: dict[str, Any] = {}
    for _ in range(1000):
        schema = {"items": schema}
    assert not is_plain_schema(schema)


@pytest.mark.parametrize("name", pack_names())
def test_tools_of_the_packs_are_plain(name: str) -> None:
    """The quick way is taken for all of them."""
    assert all(is_plain_schema(tool.strict_schema) for tool in load_tools(name).values())
