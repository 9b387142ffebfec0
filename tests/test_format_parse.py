"""Reading completions: a table of everything models write, the inverse of rendering, and hostile texts."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import any_text, call_lists, calls, hostile_texts, texts

from fgdata.format import (
    CONTROL_TOKENS,
    MAX_DEPTH,
    STOP_TOKENS,
    find_control_tokens,
    parse_completion,
    render_call,
)
from fgdata.schema import Call

CASES = [json.loads(line) for line in (Path(__file__).parent / "golden/parse.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case(case: dict[str, Any]) -> None:
    """Calls with their types, the text around them, the number of problems and the way values are written."""
    completion = parse_completion(case["text"])
    assert completion.calls == tuple(Call(call["name"], call["arguments"]) for call in case["calls"])
    assert completion.text == case["around"]
    assert len(completion.problems) == case["n_problems"]
    assert completion.values == case["values"]
    assert completion.raw == case["text"]


@given(calls)
def test_parse_undoes_render(call: Call) -> None:
    """What is written is read back unchanged, types included."""
    completion = parse_completion(render_call(call))
    assert completion.calls == (call,)
    assert (completion.text, completion.problems) == ("", ())


@given(call_lists, st.lists(texts, min_size=5, max_size=5), st.sampled_from(["", *STOP_TOKENS]))
def test_text_around_calls_is_kept(several: list[Call], around: list[str], stop: str) -> None:
    """Several calls with text before, between and after them: every call is read, every text kept as it stands."""
    pieces = around[: len(several) + 1]
    raw = pieces[0] + "".join(
        render_call(call) + piece for call, piece in zip(several, pieces[1:], strict=False)
    )
    completion = parse_completion(raw + stop)
    assert completion.calls == tuple(several)
    assert completion.text == "".join(piece for piece in pieces if piece.strip())
    assert not completion.problems


@given(texts)
def test_text_without_tokens_is_text(text: str) -> None:
    """A text without control tokens is no call, whatever it looks like."""
    completion = parse_completion(text)
    assert (completion.calls, completion.problems, completion.values) == ((), (), "none")
    assert completion.text == (text if text.strip() else "")


@given(calls, st.data())
def test_a_cut_call_is_no_call(call: Call, data: st.DataObject) -> None:
    """A call cut anywhere before its last brace gives a problem and no call."""
    rendered = render_call(call)
    last_brace = rendered.rindex("}")
    cut = data.draw(st.integers(len("<start_function_call>"), last_brace))
    completion = parse_completion(rendered[:cut])
    assert completion.calls == ()
    assert len(completion.problems) == 1


@given(calls)
def test_escaped_values_read_as_strings(call: Call) -> None:
    """The escaped dialect reads, too: every scalar is a string then, and the shape is the same."""
    completion = parse_completion(render_call(call, values="escaped"))
    assert not completion.problems
    assert completion.values in ("escaped", "none")
    assert completion.calls[0].arguments.keys() == call.arguments.keys()


@settings(max_examples=300)
@given(hostile_texts | any_text)
def test_never_raises(text: str) -> None:
    """Any text is data: problems lie inside it and come in order, and what was read can be rendered or compared."""
    completion = parse_completion(text)
    offsets = [problem.offset for problem in completion.problems]
    assert all(0 <= offset <= len(text) for offset in offsets)
    assert offsets == sorted(offsets)
    assert completion.calls == parse_completion(text).calls
    assert not find_control_tokens(completion.text) or "<" in completion.text


@pytest.mark.parametrize(
    ("text", "told", "offset"),
    [
        ("<start_function_call>call:f{a:1", "'f' does not read: the text ends before its braces close", 31),
        ("<start_function_call>call:f{a:<escape>x", "a string is never closed", 30),
        ("<start_function_call>call:f{a:1,}", "a key and its `:` are missing before '}'", 32),
        ("<start_function_call>call:f{a:}", "a value is missing before '}'", 30),
        ("<start_function_call>call:f{a}", "`:` is missing after 'a' before '}'", 29),
        ("<start_function_call>call:f{a:[1 }", "`,` or `]` is missing before '}'", 33),
        ("<start_function_call>call:f{a:1,a:2}", "the key 'a' is given twice", 32),
        ("<start_function_call>f{a:1}", "comes no `call:name{`", 21),
        ("ok<end_function_call>", "<end_function_call> has no place here", 2),
        ("ok<end_of_turn>\n<start_of_turn>user", "what follows the stop token <end_of_turn> is not read", 16),
        ("<start_function_call>call:f{a:" + "9" * 5000 + "}", "too large", 30),
        ("<start_function_call>call:f{a:1e999}", "too large", 30),
    ],
)
def test_problems_tell_what_and_where(text: str, told: str, offset: int) -> None:
    """A problem says in words what does not read, and at which character."""
    (problem,) = parse_completion(text).problems
    assert told in problem.what
    assert problem.offset == offset


def test_numbers_too_large_are_kept_as_strings() -> None:
    """Neither 5,000 digits nor a float beyond the largest one crashes or turns into infinity."""
    digits = "9" * 5000
    completion = parse_completion(f"<start_function_call>call:f{{a:{digits},b:1e999,c:-{digits}.5}}")
    assert completion.calls == (Call("f", {"a": digits, "b": "1e999", "c": f"-{digits}.5"}),)
    assert len(completion.problems) == 3
    assert completion.values == "none"


def test_depth_limit() -> None:
    """What render_call may write at most is what parse_completion reads at most."""
    value: Any = []
    for _ in range(MAX_DEPTH - 2):
        value = [value]
    call = Call("f", {"a": value})
    assert parse_completion(render_call(call)).calls == (call,)
    deeper = render_call(call).replace("[]", "[[]]")
    assert f"nested more than {MAX_DEPTH} deep" in parse_completion(deeper).problems[0].what


def test_the_first_stop_token_ends_the_completion() -> None:
    """A runtime stops there: a call behind it was never made. The end of the text may repeat stop tokens and padding."""
    call = "<start_function_call>call:f{}<end_function_call>"
    assert parse_completion(f"{call}<start_function_response>{call}").calls == (Call("f"),)
    assert not parse_completion(f"{call}<start_function_response><eos><pad><pad>\n").problems


MEGABYTE = 1_000_000
START = "<start_function_call>"
HOSTILE = {
    "{": "{" * MEGABYTE,
    "[": "[" * MEGABYTE,
    "<": "<" * MEGABYTE,
    "blanks": " " * MEGABYTE,
    "blanks after a stop": "<eos>" + " \n" * (MEGABYTE // 2) + "x",
    "surrogates": "\ud800" * MEGABYTE,
    **{token: token * (MEGABYTE // len(token)) for token in CONTROL_TOKENS},
    "calls that open": f"{START}call:a{{" * (MEGABYTE // 28),
    "strings that open": f"{START}call:a{{b:<escape>" * (MEGABYTE // 38),
    "strings that close": f"{START}call:a{{b:<escape>x<escape>" * (MEGABYTE // 47),
    "braces in a call": f"{START}call:a{{" + "{" * MEGABYTE,
    "objects in a call": f"{START}call:a{{" + "a:{" * (MEGABYTE // 3),
    "arrays in a call": f"{START}call:a{{a:" + "[" * MEGABYTE,
    "shallow arrays": f"{START}call:a{{a:[" + "[]," * (MEGABYTE // 3),
    "one key": f"{START}call:a{{" + "k" * MEGABYTE,
    "one name": f"{START}call:" + "n" * MEGABYTE,
    "one word": f"{START}call:a{{a:" + "w" * MEGABYTE,
    "one string": f"{START}call:a{{a:<escape>" + "s" * MEGABYTE,
    "signs in a word": f"{START}call:a{{a:" + "<" * MEGABYTE,
    "signs in a key": f"{START}call:a{{" + "<" * MEGABYTE,
    "digits": f"{START}call:a{{a:" + "9" * MEGABYTE + "}",
    "a fraction": f"{START}call:a{{a:0." + "1" * MEGABYTE + "}",
    "an exponent": f"{START}call:a{{a:1e" + "9" * MEGABYTE + "}",
    "numbers of 4,300 digits": f"{START}call:a{{a:[" + ("9" * 4300 + ",") * 232 + "1]}",
    "one key again and again": f"{START}call:a{{" + "a:1," * (MEGABYTE // 4) + "a:1}",
    "blanks in a call": f"{START}call:a{{" + " " * MEGABYTE,
    "blanks in calls": f"{START} call : a {{ a : 1 , " * (MEGABYTE // 42),
    "blanks around commas": f"{START}call:a{{a:[" + " , " * (MEGABYTE // 3),
    "commas": f"{START}call:a{{a:[" + "1," * (MEGABYTE // 2) + "1]}",
    "colons": f"{START}call:a{{" + ":" * MEGABYTE,
    "words with blanks": f"{START}call:a{{a:" + "w  " * (MEGABYTE // 3),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_megabyte(name: str) -> None:
    """A megabyte of anything takes less than a second: no text makes the scanner go over it twice."""
    best = float("inf")
    for _ in range(3):  # processor time, but a busy machine slows that, too
        start = time.process_time()
        parse_completion(HOSTILE[name])
        best = min(best, time.process_time() - start)
        if best < 1.0:
            break
    assert best < 1.0
