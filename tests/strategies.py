"""Hypothesis strategies shared by the tests: texts, values, calls, tools and conversations.

Importing this module sets how hypothesis runs here: without deadlines, since a busy machine is no fault of the code.
`HYPOTHESIS_EXAMPLES=2000` asks more of every property than the suite's ordinary run does.
"""

from __future__ import annotations

import os
import re
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from fgdata.format import CONTROL_TOKENS, find_control_tokens
from fgdata.schema import Call

settings.register_profile(
    "fgsuite",
    deadline=None,
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "60")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("fgsuite")

# Half characters cannot be written as UTF-8, so no file of ours holds one.
any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)

texts = st.one_of(
    any_text,
    st.sampled_from(
        [
            "",
            " ",
            "거실 불 켜 줘",
            "a,b:{c}[d]",
            '"quoted"',
            "line\nbreak\ttab",
            " spaces ",
            "<b>",
            "42",
            "true",
            "None",
        ]
    ),
    st.text(alphabet="<>{}[],:\\ \n\t'\"a1é가", max_size=20),
).filter(lambda text: not find_control_tokens(text))
"""Texts that may stand in a message or in an argument: anything without a control token."""

names = st.one_of(
    st.from_regex(r"[a-z_][a-z0-9_.\-]{0,12}", fullmatch=True),
    st.sampled_from(
        [
            "온도",
            "알람_설정",
            "Beta",
            "alpha",
            "ALPHA",
            "9lives",
            "_z",
            "a-b.c",
            "description",
            "type",
            "items",
            "ß",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=8).filter(
        lambda name: not re.search(r"[\s:{}\[\],<]", name)
    ),
)
"""Names of tools, parameters and keys that the format can tell from what stands around them."""

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(2**80), max_value=2**80),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, -1, 24, -0.0, 1.0, 1e-05, 1e16, 1e22, 2**63, 0.1]),
    texts,
)

values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
"""Every JSON value the format can hold."""

arguments = st.dictionaries(names, values, max_size=5)
calls = st.builds(Call, names, arguments)
call_lists = st.lists(calls, min_size=1, max_size=4)
# What conversations are made of: small enough for many of them in a second.
_few_arguments = st.dictionaries(names, scalars, max_size=2) | st.just({"list": ["a", {"k": [1.5, None]}]})
_few_calls = st.lists(st.builds(Call, names, _few_arguments), min_size=1, max_size=2)


def entries(call: Call) -> dict[str, Any]:
    """The call as an entry of `tool_calls`."""
    return call.to_json()


def _schemas(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    described = st.fixed_dictionaries({}, optional={"description": texts})
    kinds: list[st.SearchStrategy[dict[str, Any]]] = [
        st.fixed_dictionaries(
            {"type": st.sampled_from(["string", "STRING"])},
            optional={"enum": st.lists(texts, min_size=1, max_size=3), "format": texts},
        ),
        st.fixed_dictionaries(
            {"type": st.sampled_from(["integer", "number", "boolean"])},
            optional={"minimum": st.integers(0, 9)},
        ),
    ]
    if depth:
        inner = _schemas(depth - 1)
        kinds += [
            st.fixed_dictionaries({"type": st.just("array")}, optional={"items": inner}),
            st.fixed_dictionaries(
                {"type": st.just("object"), "properties": st.dictionaries(names, inner, max_size=3)},
                optional={"required": st.lists(names, max_size=2, unique=True)},
            ),
        ]
    return st.tuples(described, st.one_of(kinds)).map(lambda pair: pair[0] | pair[1])


parameters = st.fixed_dictionaries(
    {"type": st.just("object"), "properties": st.dictionaries(names, _schemas(2), max_size=4)},
    optional={"required": st.lists(names, max_size=3, unique=True)},
)
tools = st.fixed_dictionaries({"name": names, "description": texts}, optional={"parameters": parameters}).map(
    lambda body: {"type": "function", "function": body}
)
"""Tools of the ordinary kind: a name, a description, an object schema."""
tool_lists = st.none() | st.lists(tools, max_size=3, unique_by=lambda tool: tool["function"]["name"])

# Schemas that a careless exporter writes: any word with any value. Names that str and dict have as attributes are words here.
_words = st.sampled_from(
    [
        "description",
        "type",
        "properties",
        "required",
        "nullable",
        "enum",
        "items",
        "additionalProperties",
        "title",
        "default",
        "a",
        "B",
    ]
)
_odd_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(-2, 2),
    st.sampled_from(["string", "object", "array", "x", ""]),
)
odd_values = st.recursive(
    _odd_scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=4),
    max_leaves=10,
)
odd_schemas = st.recursive(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["string", "Object", "ARRAY", "integer", None, ["string", "null"]])
        },
    ),
    lambda inner: st.fixed_dictionaries(
        {"type": st.sampled_from(["object", "array", "string"])},
        optional={
            "properties": st.dictionaries(_words, inner, max_size=3) | odd_values,
            "items": inner | odd_values,
            "required": st.lists(st.sampled_from(["a", "B"]), max_size=2) | odd_values,
            "enum": odd_values,
            "description": _odd_scalars,
            "additionalProperties": inner | st.booleans(),
            "title": st.just("T"),
        },
    ),
    max_leaves=5,
)
odd_tools = st.fixed_dictionaries(
    {
        "function": st.fixed_dictionaries(
            {"name": names}, optional={"description": _odd_scalars, "parameters": odd_schemas | odd_values}
        )
    }
)


def message_parts() -> st.SearchStrategy[Any]:
    """Content as a text or as text parts."""
    part = st.builds(lambda text: {"type": "text", "text": text}, texts)
    return texts | st.lists(part, max_size=3)


@st.composite
def conversations(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Conversations in good order that end with the assistant: developer?, then user turns with answers or tool use."""
    filled = texts.filter(str.strip)
    messages: list[dict[str, Any]] = []
    if draw(st.booleans()):
        messages.append(
            {"role": draw(st.sampled_from(["developer", "system"])), "content": draw(message_parts())}
        )
    for _ in range(draw(st.integers(1, 2))):
        messages.append({"role": "user", "content": draw(message_parts())})
        for _ in range(draw(st.integers(0, 1))):
            used = draw(_few_calls)
            messages.append(_call_message(draw, used))
            messages += _tool_messages(draw, used)
        messages.append({"role": "assistant", "content": draw(filled)})
    if draw(st.booleans()):
        messages.append({"role": "user", "content": draw(texts)})
        messages.append(_call_message(draw, draw(_few_calls)))
    return messages


def _call_message(draw: st.DrawFn, used: list[Call]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "tool_calls": [entries(call) for call in used]}
    if draw(st.booleans()):
        message["content"] = draw(st.none() | texts)
    return message


def _tool_messages(draw: st.DrawFn, used: list[Call]) -> list[dict[str, Any]]:
    """The tools' answers, in one of the shapes the template takes."""
    answers = [{"name": call.name, "response": draw(_few_arguments)} for call in used]
    shape = draw(st.sampled_from(["list", "mappings", "texts"]))
    if shape == "list":
        return [{"role": "tool", "content": answers}]
    if shape == "mappings":
        return [{"role": "tool", "content": answer} for answer in answers]
    return [{"role": "tool", "name": call.name, "content": draw(texts.filter(bool))} for call in used]


hostile_texts = st.lists(
    st.sampled_from(
        [
            *CONTROL_TOKENS,
            "call:",
            "call:f{",
            "f{",
            "a:",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "1",
            "-",
            "1e999",
            "true",
            " ",
            "가",
            "\ud800",
        ]
    )
    | st.text(max_size=5),
    max_size=30,
).map("".join)
"""Texts made of the format's own pieces in any order, half characters among them."""
