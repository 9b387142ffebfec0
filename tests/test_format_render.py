"""The renderer against the official template's outputs, its oddities one by one, and our own chat template."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import conversations, message_parts, odd_tools, odd_values, tool_lists

from fgdata.errors import FormatError
from fgdata.format import render_conversation

GOLDEN = [
    json.loads(line) for line in (Path(__file__).parent / "golden/render.jsonl").read_text().splitlines()
]
TEMPLATE = (Path(__file__).parents[1] / "models/tiny/chat_template.jinja").read_text()


def rendered_by_transformers(messages: Any, tools: Any, add_generation_prompt: bool) -> str | None:
    """What transformers' own machinery makes of our chat template; None where the template raises."""
    from transformers.utils.chat_template_utils import render_jinja_template

    try:
        texts, _ = render_jinja_template(
            [messages],
            tools=tools,
            chat_template=TEMPLATE,
            add_generation_prompt=add_generation_prompt,
            bos_token="<bos>",
        )
    except (jinja2.TemplateError, TypeError, AttributeError, ValueError):
        return None
    return str(texts[0])


def rendered(messages: Any, tools: Any = None, add_generation_prompt: bool = False) -> str | None:
    """What `render_conversation` gives; None where it raises."""
    try:
        return render_conversation(messages, tools, add_generation_prompt)
    except FormatError:
        return None


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: row["id"])
def test_golden(row: dict[str, Any]) -> None:
    """Every conversation renders to the bytes the official template gave, or raises where it raised."""
    assert rendered(row["messages"], row["tools"], row["add_generation_prompt"]) == row["expected_text"]


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: row["id"])
def test_golden_by_our_template(row: dict[str, Any]) -> None:
    """The tiny model's chat template is a twin of the official one, too."""
    assert (
        rendered_by_transformers(row["messages"], row["tools"], row["add_generation_prompt"])
        == row["expected_text"]
    )


@given(conversations(), tool_lists, st.booleans())
def test_our_template_renders_the_same(messages: Any, tools: Any, add_generation_prompt: bool) -> None:
    """The renderer in Python and the chat template in Jinja agree on ordinary conversations."""
    assert rendered(messages, tools, add_generation_prompt) == rendered_by_transformers(
        messages, tools, add_generation_prompt
    )


@settings(max_examples=150)
@given(st.lists(odd_tools, max_size=2))
def test_our_template_declares_the_same(tools: Any) -> None:
    """They agree on schemas no validator would pass: Jinja's truth, missing keys, None, and what cannot be iterated."""
    messages = [{"role": "user", "content": "x"}]
    assert rendered(messages, tools) == rendered_by_transformers(messages, tools, False)


_odd_messages = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "tool", "developer", "system", "model", "critic"])},
        optional={
            "content": message_parts()
            | odd_values
            | st.fixed_dictionaries({"name": st.just("f"), "response": odd_values}),
            "name": st.just("f"),
            "tool_calls": st.lists(
                st.fixed_dictionaries(
                    {
                        "function": st.fixed_dictionaries(
                            {"name": st.just("f")}, optional={"arguments": odd_values}
                        )
                    }
                ),
                max_size=2,
            ),
        },
    ),
    max_size=5,
)


@settings(max_examples=150)
@given(_odd_messages, st.booleans())
def test_our_template_takes_turns_the_same(messages: Any, add_generation_prompt: bool) -> None:
    """They agree on messages in any order with any content, and on what is refused."""
    assert rendered(messages, None, add_generation_prompt) == rendered_by_transformers(
        messages, None, add_generation_prompt
    )


def declared(parameters: Any, **body: Any) -> str:
    """The part of a declaration behind its name."""
    tool = {
        "type": "function",
        "function": {"name": "f", "description": "d", "parameters": parameters, **body},
    }
    text = render_conversation([{"role": "user", "content": "x"}], [tool])
    return (
        text.split("declaration:f", 1)[1].split("<end_function_declaration>", 1)[0].replace("<escape>", "|")
    )


def declared_property(schema: Any) -> str:
    """How one property `p` is declared."""
    text = declared({"type": "object", "properties": {"p": schema}})
    return text.removeprefix("{description:|d|,parameters:{properties:{").removesuffix("},type:|OBJECT|}}")


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "p:{description:||,type:|STRING|}"),
        ({"description": " d ", "type": "string"}, "p:{description:| d |,type:|STRING|}"),
        ({"description": None, "type": "string"}, "p:{description:|None|,type:|STRING|}"),
        ({}, "p:{description:||,type:||}"),
        (None, "p:{description:||,type:||}"),
        ({"type": ["string", "null"], "enum": ["a"]}, "p:{description:||,type:|['STRING', 'NULL']|}"),
        ({"type": "string", "enum": []}, "p:{description:||,type:|STRING|}"),
        (
            {"type": "string", "enum": ["a", 1, None, True, {"k": 1.5}]},
            "p:{description:||,enum:[|a|,1,None,true,{|k|:1.5}],type:|STRING|}",
        ),
        ({"type": "number", "enum": [1]}, "p:{description:||,type:|NUMBER|}"),
        ({"type": "object"}, "p:{description:||,properties:{},type:|OBJECT|}"),
        (
            {"type": "object", "additionalProperties": False},
            "p:{description:||,properties:{additionalProperties:{description:||,type:||}},type:|OBJECT|}",
        ),
        (
            {"type": "object", "additionalProperties": {"type": "string", "description": "v"}},
            "p:{description:||,properties:{additionalProperties:{description:|v|,type:|STRING|}},type:|OBJECT|}",
        ),
        (
            {"type": "object", "properties": {}, "additionalProperties": False},
            "p:{description:||,properties:{},type:|OBJECT|}",
        ),
        (
            {
                "type": "object",
                "properties": {"b": {"type": "string"}, "nullable": {}},
                "required": ["b", "a"],
            },
            "p:{description:||,properties:{b:{description:||,type:|STRING|}},required:[|b|,|a|],type:|OBJECT|}",
        ),
        ({"type": "array", "items": {}}, "p:{description:||,type:|ARRAY|}"),
        ({"type": "array", "items": [1]}, "p:{description:||,type:|ARRAY|}"),
        (
            {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
            "p:{description:||,items:{items:{|type|:|string|},type:|ARRAY|},type:|ARRAY|}",
        ),
        (
            {
                "type": "array",
                "items": {"type": ["string", "null"], "description": None, "minLength": 1, "default": None},
            },
            "p:{description:||,items:{minLength:1,type:[|STRING|,|NULL|]},type:|ARRAY|}",
        ),
        (
            {
                "type": "array",
                "items": {"description": "e", "properties": {"k": {"type": "string"}}, "required": []},
            },
            "p:{description:||,items:{description:|e|,properties:{k:{description:||,type:|STRING|}},required:[]},type:|ARRAY|}",
        ),
    ],
)
def test_property_oddities(schema: Any, expected: str) -> None:
    """What the template makes of a property, oddity by oddity."""
    assert declared_property(schema) == expected


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (None, "{description:|d|}"),
        ({}, "{description:|d|}"),
        ({"type": "object"}, "{description:|d|,parameters:{type:|OBJECT|}}"),
        (
            {"properties": {"a": {"type": "string"}}},
            "{description:|d|,parameters:{properties:{a:{description:||,type:|STRING|}},}",
        ),
        ({"required": ["a"]}, "{description:|d|,parameters:{required:[|a|],}"),
        (
            {"type": "object", "properties": {"type": {"type": "string"}}},
            "{description:|d|,parameters:{properties:{},type:|OBJECT|}}",
        ),
    ],
)
def test_parameter_oddities(parameters: Any, expected: str) -> None:
    """Parameters that are empty, or lack a type: a trailing comma and one brace too few."""
    assert declared(parameters) == expected


def test_names_are_sorted_as_the_template_sorts_them() -> None:
    """Case is folded, digits and underscores come first, and names that differ in case only keep their order."""
    names = ["Beta", "alpha", "_z", "9lives", "ALPHA", "가"]
    message = {
        "role": "assistant",
        "tool_calls": [{"function": {"name": "f", "arguments": dict.fromkeys(names, 1)}}],
    }
    assert "{9lives:1,_z:1,alpha:1,ALPHA:1,Beta:1,가:1}" in render_conversation(
        [{"role": "user", "content": "x"}, message]
    )


CALL = {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]}
USER = {"role": "user", "content": "u"}
F = "<start_function_call>call:f{}<end_function_call>"
HEAD = "<bos><start_of_turn>user\nu<end_of_turn>\n"


@pytest.mark.parametrize(
    ("messages", "opens", "expected"),
    [
        (
            [USER, CALL],
            True,
            f"{HEAD}<start_of_turn>model\n{F}<start_function_response><start_of_turn>model\n",
        ),
        ([USER, CALL, USER], False, f"{HEAD}<start_of_turn>model\n{F}<start_of_turn>user\nu<end_of_turn>\n"),
        ([USER, CALL, {"role": "tool", "content": ""}], True, f"{HEAD}<start_of_turn>model\n{F}"),
        (
            [USER, CALL, {"role": "tool", "name": "f", "content": "1"}, CALL],
            False,
            f"{HEAD}<start_of_turn>model\n{F}<start_function_response>response:f{{value:<escape>1<escape>}}<end_function_response>"
            f"{F}<start_function_response>",
        ),
        (
            [{"role": "developer", "content": " "}, USER],
            False,
            f"<bos><start_of_turn>developer\n<end_of_turn>\n{HEAD[5:]}",
        ),
        ([USER, {"role": "system", "content": "s"}], False, f"{HEAD}<start_of_turn>system\ns<end_of_turn>\n"),
        (
            [{**USER, "content": [{"type": "image"}, {"type": "text", "text": " a "}, {"type": "audio"}]}],
            False,
            "<bos><start_of_turn>user\n<start_of_image>a<end_of_turn>\n",
        ),
        (
            [USER, {"role": "assistant", "content": None}],
            False,
            f"{HEAD}<start_of_turn>model\n<end_of_turn>\n",
        ),
    ],
)
def test_turn_oddities(messages: Any, opens: bool, expected: str) -> None:
    """Where the template runs turns into one another, so do we."""
    assert render_conversation(messages, None, opens) == expected


@pytest.mark.parametrize(
    ("messages", "tools", "told"),
    [
        ([], None, "empty"),
        ([CALL, {"role": "tool", "content": "1"}], None, r"messages\[1\].*`name` must be provided"),
        ([CALL, {"role": "tool", "content": {"t": 1}}], None, r"messages\[1\].*`name` and `response`"),
        ([CALL, {"role": "tool", "content": ["x"]}], None, r"messages\[1\].content\[0\]"),
        ([CALL, {"role": "tool", "content": 5}], None, r"messages\[1\].*content is 5"),
        ([{"role": "user", "content": 5}], None, r"messages\[0\].*content is 5"),
        ([{"content": "x"}], None, r"messages\[0\].*role"),
        ([USER], [{"name": "f", "parameters": {}}], r"tools\[0\].*not wrapped in `function`"),
        ([USER], [{"function": {"name": "f", "parameters": {"properties": [1]}}}], "where a mapping belongs"),
        ([USER], [{"function": {"name": "f", "parameters": {"required": 3}}}], "where a list belongs"),
        ([{"role": "assistant", "tool_calls": [{"name": "f"}]}], None, r"tool_calls\[0\]"),
        (
            [
                {
                    "role": "assistant",
                    "tool_calls": [{"function": {"name": "f", "arguments": {"n": 10**5000}}}],
                }
            ],
            None,
            "too many digits",
        ),
    ],
)
def test_refused_as_by_the_template(messages: Any, tools: Any, told: str) -> None:
    """Where the template raises, the error says which message or tool and why."""
    with pytest.raises(FormatError, match=told):
        render_conversation(messages, tools)


def test_nesting_without_end_is_refused() -> None:
    """A value nested deeper than Python's stack is an error a user can read, no crash."""
    value: Any = 1
    for _ in range(100_000):
        value = [value]
    with pytest.raises(FormatError, match="nested too deep"):
        render_conversation(
            [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {"a": value}}}]}]
        )
