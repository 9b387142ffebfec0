"""What we write: calls, declarations, prompts, targets and training texts; what is refused, and where loss falls."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import call_lists, calls, conversations, entries, texts, tool_lists, tools

from fgdata.errors import FormatError
from fgdata.format import (
    CONTROL_TOKENS,
    MAX_DEPTH,
    MAX_VALUES,
    TRIGGER,
    find_control_tokens,
    message_text,
    normalise_conversation,
    parse_completion,
    render_call,
    render_conversation,
    render_declaration,
    render_prompt,
    render_target,
    render_training,
)
from fgdata.schema import Call, Tool

USER = {"role": "user", "content": "온도 2도 올려줘"}
CALL = {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]}
RESPONSE = {"role": "tool", "name": "f", "content": "done"}
ANSWER = {"role": "assistant", "content": "네."}
F = "<start_function_call>call:f{a:1}<end_function_call>"


# --- calls ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "bare", "escaped"),
    [
        ({}, "{}", "{}"),
        ({"s": "x"}, "{s:|x|}", "{s:|x|}"),
        (
            {"n": -2, "f": 0.5, "b": True, "z": None},
            "{b:true,f:0.5,n:-2,z:None}",
            "{b:|true|,f:|0.5|,n:|-2|,z:|None|}",
        ),
        ({"l": [1, ["a"], {"k": False}]}, "{l:[1,[|a|],{k:false}]}", "{l:[|1|,[|a|],{k:|false|}]}"),
        (
            {"f": 1e-05, "g": 1e16, "h": -0.0, "i": 1.0},
            "{f:1e-05,g:1e+16,h:-0.0,i:1.0}",
            "{f:|1e-05|,g:|1e+16|,h:|-0.0|,i:|1.0|}",
        ),
    ],
)
def test_render_call(arguments: Any, bare: str, escaped: str) -> None:
    """The native dialect writes numbers bare, the first seed's dialect inside <escape>."""
    for values, expected in (("bare", bare), ("escaped", escaped)):
        rendered = render_call(Call("f", arguments), values=values)
        assert (
            rendered.replace("<escape>", "|") == f"<start_function_call>call:f{expected}<end_function_call>"
        )


@given(calls)
def test_render_call_is_the_templates(call: Call) -> None:
    """A call is written as the template writes it, names in the same order."""
    normal, _ = normalise_conversation([USER, {"role": "assistant", "tool_calls": [entries(call)]}])
    assert render_conversation(normal).endswith(f"model\n{render_call(call)}<start_function_response>")


def test_equal_calls_are_one_text() -> None:
    """The order in which arguments were given leaves no trace, even where names differ in case only."""
    assert render_call(Call("f", {"a": 1, "A": 2})) == render_call(Call("f", {"A": 2, "a": 1}))


def nested(depth: int) -> Any:
    """A list inside lists."""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("call", "told"),
    [
        *[(Call("f", {"a": f"x{token}y"}), "holds '<") for token in CONTROL_TOKENS],
        (
            Call("f", {"a": {"b": ["<escape>"]}}),
            r"f\.a\.b\[0\]: the text '<escape>' holds '<escape>' at character 0",
        ),
        (Call("f", {"a": "\ud800"}), "holds '.ud800' at character 0"),
        (Call("f", {"a": math.nan}), "nan is no number"),
        (Call("f", {"a": [-math.inf]}), "-inf is no number"),
        (Call("f", {"a": 10**4300}), "more than 4,300 digits"),
        (Call("f", {"a": nested(MAX_DEPTH)}), f"nested more than {MAX_DEPTH} deep"),
        (Call("f", {"a": [0] * (MAX_VALUES + 1)}), "holds more than 32,768 values"),
        (Call("f", {"a": {1, 2}}), "is no JSON value"),  # type: ignore[dict-item]
        (Call("f", {1: "a"}), "the name 1 is no text"),  # type: ignore[dict-item]
        *[(Call("f", {f"a{sign}b": 1}), "could be read in two ways") for sign in " \t\n\u3000:{}[],<"],
        *[(Call(f"f{sign}", {}), "could be read in two ways") for sign in " :{}[],<"],
        (Call("", {}), "could be read in two ways"),
        (Call("f", {"": 1}), "could be read in two ways"),
        (Call("f", {"a": {"b c": 1}}), "f.a: the name 'b c'"),
    ],
)
def test_render_call_refuses(call: Call, told: str) -> None:
    """What could not be read back is refused, with its place."""
    with pytest.raises(FormatError, match=told):
        render_call(call)


def test_every_problem_is_told() -> None:
    """A call with three faults gives three problems."""
    with pytest.raises(FormatError) as caught:
        render_call(Call("f", {"a": "<eos>", "b c": 1, "d": math.inf}))
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("a < b", []),
        ("<escape", []),
        ("<eos>a<bos><eos>", ["<eos>", "<bos>"]),
        ("<<escape>>", ["<escape>"]),
    ],
)
def test_find_control_tokens(text: str, found: list[str]) -> None:
    """Each token once, in the order they appear."""
    assert find_control_tokens(text) == found


# --- declarations --------------------------------------------------------------------------------------------------


@given(tools)
def test_declaration_is_the_templates(entry: dict[str, Any]) -> None:
    """A checked tool is declared as the template declares its entry; declaring it again gives the same text."""
    tool = Tool.from_json(entry)
    declaration = render_declaration(tool)
    assert declaration == render_declaration(tool.to_json())
    assert declaration == render_declaration(Tool.from_json(tool.to_json()))
    assert declaration in render_conversation([USER], [tool.to_json()])


@pytest.mark.parametrize(
    ("tool", "told"),
    [
        (Tool("f", "a <escape> b"), "holds '<escape>'"),
        (Tool("f g"), "could be read in two ways"),
        (
            Tool("f", "", {"type": "object", "properties": {"a": {"type": "string", "enum": ["<eos>"]}}}),
            "holds '<eos>'",
        ),
        (Tool("f", "", {"type": "object", "properties": {"<bos>": {"type": "string"}}}), "holds '<bos>'"),
    ],
)
def test_declaration_refuses(tool: Tool, told: str) -> None:
    """A tool of ours holds no control token; an entry of somebody else's is rendered as the template renders it."""
    with pytest.raises(FormatError, match=told):
        render_declaration(tool)
    assert render_declaration(tool.to_json())


# --- prompts, targets, training texts ------------------------------------------------------------------------------


def test_first_seeds_row() -> None:
    """The first seed's example row: raw text, a short developer message, the number inside <escape>."""
    raw = "<start_function_call>call:adjust_temperature{delta:<escape>2<escape>}<end_function_call>"
    row = [{"role": "developer", "content": TRIGGER}, USER, {"role": "assistant", "content": raw}]
    training = render_training(row)
    assert training.text == (
        f"<bos><start_of_turn>developer\n{TRIGGER}<end_of_turn>\n"
        "<start_of_turn>user\n온도 2도 올려줘<end_of_turn>\n"
        f"<start_of_turn>model\n{raw}<start_function_response>"
    )
    (span,) = training.spans
    assert training.text[span.start : span.end] == f"{raw}<start_function_response>"


@given(conversations(), tool_lists)
def test_prompt_and_target_are_the_training_text(messages: list[dict[str, Any]], declared: Any) -> None:
    """What is given plus what should come is what is trained on, to the character, after any history."""
    assert render_training(messages, declared).text == render_prompt(messages[:-1], declared) + render_target(
        messages[-1]
    )


@given(conversations(), tool_lists)
def test_training_text_is_the_templates(messages: list[dict[str, Any]], declared: Any) -> None:
    """Rows in good order are written as the template writes them; only the newline behind the last turn is left out."""
    normal = render_conversation(*normalise_conversation(messages, declared))
    assert render_training(messages, declared).text == normal.removesuffix("\n")
    given_arguments = [
        call["function"]["arguments"] for message in messages for call in message.get("tool_calls", ())
    ]
    if all(len({name.lower() for name in names}) == len(names) for names in given_arguments):
        # Names that differ in case only are put into one order first; nothing else is moved.
        assert render_conversation(messages, declared) == normal


@given(conversations(), tool_lists)
def test_normalising_is_stable(messages: list[dict[str, Any]], declared: Any) -> None:
    """A normalised conversation stays as it is, and so does its text."""
    once = normalise_conversation(messages, declared)
    assert normalise_conversation(*once) == once


@given(conversations(), tool_lists)
def test_spans_cover_the_models_turns_and_nothing_else(messages: list[dict[str, Any]], declared: Any) -> None:
    """Each assistant message is one span: its text with <end_of_turn>, or its calls with the marker that stops the model.

    What stands between the spans holds no word of the model's: without the spans, the text is that of a conversation
    in which the model said nothing.
    """
    training = render_training(messages, declared)
    written = [training.text[span.start : span.end] for span in training.spans]
    assert written == [render_target(message) for message in messages if message["role"] == "assistant"]
    ends = [0, *(end for span in training.spans for end in (span.start, span.end))]
    assert ends == sorted(ends)
    assert ends[-1] == len(training.text)
    for start, end in zip(
        [0, *(span.end for span in training.spans)], [span.start for span in training.spans], strict=False
    ):
        given_text = training.text[start:end]
        assert given_text.endswith(("<start_of_turn>model\n", "<end_function_response>"))
        assert "<start_function_call>" not in given_text


def test_spans_of_a_conversation_with_tool_use() -> None:
    """Calls, one marker, not the responses; then the text that goes on in the same turn, with <end_of_turn>, no newline."""
    both = {"role": "assistant", "content": "Sure.", "tool_calls": CALL["tool_calls"] * 2}
    training = render_training([USER, both, RESPONSE, RESPONSE, ANSWER, USER, ANSWER])
    assert [training.text[span.start : span.end] for span in training.spans] == [
        f"Sure.{F}{F}<start_function_response>",
        "네.<end_of_turn>",
        "네.<end_of_turn>",
    ]
    assert training.text.count("<start_function_response>") == 2
    assert training.text.endswith("네.<end_of_turn>")


@given(call_lists, texts.map(str.strip), st.sampled_from(["bare", "escaped"]))
def test_one_target_for_one_meaning(several: list[Call], text: str, values: Any) -> None:
    """Calls in native text, of either dialect, with or without the markers behind, and the same calls as `tool_calls`."""
    raw = text + "".join(render_call(call, values=values) for call in several)
    read = parse_completion(raw).calls
    as_calls = {"role": "assistant", "content": text, "tool_calls": [entries(call) for call in read]}
    target = render_target(as_calls)
    assert target.endswith("<end_function_call><start_function_response>")
    for end in ("", "<start_function_response>", "<start_function_response><eos>", "<end_of_turn>\n"):
        assert render_target({"role": "model", "content": raw + end}) == target
    assert parse_completion(target).calls == read


@pytest.mark.parametrize(
    ("message", "target"),
    [
        ({"role": "assistant", "content": " 네. \n"}, "네.<end_of_turn>"),
        ({"role": "assistant", "content": "네.<end_of_turn>\n"}, "네.<end_of_turn>"),
        (
            {"role": "assistant", "content": [{"type": "text", "text": "a "}, {"type": "text", "text": "b"}]},
            "ab<end_of_turn>",
        ),
        (
            {"role": "assistant", "content": None, **{"tool_calls": CALL["tool_calls"]}},
            f"{F}<start_function_response>",
        ),
        (
            {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": '{"a": 1}'}}]},
            f"{F}<start_function_response>",
        ),
        ({"role": "assistant", "content": " call : f"}, "call : f<end_of_turn>"),
        (
            {"role": "assistant", "content": "<start_function_call> call:f{ a : 1 }"},
            f"{F}<start_function_response>",
        ),
    ],
)
def test_targets(message: dict[str, Any], target: str) -> None:
    """An answer's target, whatever shape it was given in."""
    assert render_target(message) == target


def test_flat_tools_are_wrapped() -> None:
    """The second seed's rows declare tools without the `function` wrapper; they render like the wrapped ones."""
    flat = {"name": "get_steps", "description": "Steps.", "parameters": {"type": "object", "properties": {}}}
    assert render_prompt([USER], [flat]) == render_prompt([USER], [{"type": "function", "function": flat}])


@pytest.mark.parametrize(
    ("messages", "told"),
    [
        ([], "messages: is empty"),
        ([USER], r"messages\[0\]: is not the assistant's"),
        ([{"role": "critic", "content": "x"}, ANSWER], r"messages\[0\]: the role is 'critic'"),
        (
            [{"role": "user", "content": "a<end_of_turn>b"}, ANSWER],
            r"messages\[0\].*holds '<end_of_turn>' at character 1",
        ),
        ([{"role": "user", "content": [{"type": "image"}]}, ANSWER], r"messages\[0\].*list of text parts"),
        ([{"role": "user", "content": 5}, ANSWER], r"messages\[0\]: the content is '5'"),
        ([USER, {"role": "assistant", "content": " "}], r"messages\[1\]: the assistant's message is empty"),
        (
            [USER, {"role": "assistant", "content": "<start_function_call>call:f{a:1"}],
            r"messages\[1\]: the answer does not read at character 31",
        ),
        ([USER, {"role": "assistant", "content": f"{F} done"}], "text stands after a call"),
        ([USER, {"role": "assistant", "content": "<escape>"}], "<escape> has no place here"),
        (
            [USER, {"role": "assistant", "content": "<eos>", "tool_calls": CALL["tool_calls"]}],
            "holds '<eos>'",
        ),
        ([USER, {"role": "assistant", "tool_calls": 5}], "`tool_calls` is '5'"),
        ([USER, {"role": "assistant", "tool_calls": ["x"]}], "a tool call without a name"),
        ([USER, {"role": "assistant", "tool_calls": [{"name": "f", "arguments": "{"}]}], "are no JSON"),
        (
            [USER, {"role": "assistant", "tool_calls": [{"name": "f", "arguments": {"a b": 1}}]}],
            "'a b' could be read in two ways",
        ),
        (
            [USER, CALL, {"role": "tool", "content": "x"}, ANSWER],
            r"messages\[2\]: a tool response needs the tool's name",
        ),
        (
            [USER, CALL, {"role": "tool", "name": "f", "content": ""}, ANSWER],
            r"messages\[2\]: the tool response is empty",
        ),
        (
            [USER, CALL, {"role": "tool", "name": "f", "content": "<bos>"}, ANSWER],
            r"messages\[2\].*holds '<bos>'",
        ),
        (
            [USER, CALL, ANSWER],
            r"messages\[2\]: the assistant's message stands between a call and the tool's response",
        ),
        ([USER, CALL, USER, ANSWER], r"messages\[2\]: the user's message stands between a call and"),
        (
            [USER, CALL, RESPONSE, USER, ANSWER],
            r"messages\[3\]: the user's message stands between a tool response and",
        ),
        ([USER, RESPONSE, ANSWER], r"messages\[1\]: a tool response without a call"),
    ],
)
def test_training_refuses(messages: Any, told: str) -> None:
    """What the template would run together, drop or write ambiguously is refused, with the message's place."""
    with pytest.raises(FormatError, match=told):
        render_training(messages)


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ([{"function": {"description": "x"}}], r"tools\[0\]: has no name"),
        ([{"function": {"name": "f", "description": "<bos>"}}], r"tools\[0\] \(f\).*holds '<bos>'"),
        ([{"function": 5}], r"tools\[0\]: has no name"),
    ],
)
def test_tools_refused(declared: Any, told: str) -> None:
    """A tool of a row is checked like its messages."""
    with pytest.raises(FormatError, match=told):
        render_prompt([USER], declared)


def test_all_problems_of_a_row_at_once() -> None:
    """A row with faults in two messages and a tool tells all three."""
    with pytest.raises(FormatError) as caught:
        render_training(
            [{"role": "user", "content": "<eos>"}, {"role": "assistant", "content": ""}], [{"function": {}}]
        )
    assert [problem.where for problem in caught.value.problems] == ["messages[0]", "messages[1]", "tools[0]"]


def test_prompt_ends_before_the_answer() -> None:
    """An answer left among the prompt's messages is a mistake, and so is a target that is not the assistant's."""
    with pytest.raises(FormatError, match="Leave the answer out"):
        render_prompt([USER, ANSWER])
    with pytest.raises(FormatError, match="is the user's"):
        render_target(USER)


def test_message_text() -> None:
    """Text or text parts, trimmed; nothing for None."""
    assert [message_text(None), message_text(" a "), message_text([{"type": "text", "text": " b "}])] == [
        "",
        "a",
        "b",
    ]
