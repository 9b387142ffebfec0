"""What the model is taught to write, read token by token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from layout_rows import BFCL_IRRELEVANT, ROWS, write_rows
from train_rows import DEVELOPER, TOOLS, call, mixed_rows, text_row, tool_calls_row

from fgdata.dialects import read_examples
from fgdata.errors import DataError
from fgdata.example import Example, example_from_row
from fgdata.format import Span, render_prompt
from fgeval.loading import load_tokenizer
from fgtrain.encode import IGNORED, build_labels, encode_example, encode_examples, token_report


@pytest.fixture(scope="module")
def tokenizer(tiny_model_dir: Path) -> Any:
    return load_tokenizer(tiny_model_dir)


def example(row: dict[str, Any], line: int = 1) -> Example:
    return example_from_row(row, f"rows.jsonl:{line}", f"rows:{line}")


RAISED = "<start_function_call>call:adjust_temperature{delta:2}<end_function_call><start_function_response>"
OFF = "<start_function_call>call:power_off{}<end_function_call><start_function_response>"
ANSWERS = {
    "tool_calls": (tool_calls_row("온도 2도 올려줘", call("adjust_temperature", delta=2)), RAISED),
    "two calls": (
        tool_calls_row("올리고 꺼줘", call("adjust_temperature", delta=2), call("power_off")),
        RAISED.removesuffix("<start_function_response>") + OFF,
    ),
    "raw text, no tools": (
        text_row("온도 2도 올려줘", RAISED.removesuffix("<start_function_response>")),
        RAISED,
    ),
    "raw text with tools": (
        text_row("온도 2도 올려줘", RAISED.removesuffix("<start_function_response>"), with_tools=True),
        RAISED,
    ),
    "no call": (
        text_row("안녕하세요", "무엇을 도와드릴까요?", with_tools=True),
        "무엇을 도와드릴까요?<end_of_turn>",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_loss_lies_on_the_answer_token_by_token(name: str, tokenizer: Any) -> None:
    """Prompt tokens carry no loss, answer tokens all do, and what follows the answer does not."""
    row, answer = ANSWERS[name]
    encoded = encode_example(example(row), tokenizer)
    prompt = render_prompt(row["messages"][:-1], row.get("tools"))
    n_prompt = len(tokenizer(prompt, add_special_tokens=False)["input_ids"])
    n_answer = len(tokenizer(answer, add_special_tokens=False)["input_ids"])
    for index, (token, label) in enumerate(zip(encoded.input_ids, encoded.labels, strict=True)):
        expected = token if n_prompt <= index < n_prompt + n_answer else IGNORED
        assert label == expected, (index, tokenizer.convert_ids_to_tokens(token))
    assert tokenizer.decode(encoded.input_ids[:n_prompt]) == prompt
    assert tokenizer.decode([label for label in encoded.labels if label != IGNORED]) == answer
    assert encoded.n_scored == n_answer


def test_every_turn_of_the_model_carries_loss(tokenizer: Any) -> None:
    """In a conversation of several turns the model's call and its later text have loss; the tool's response has not."""
    messages = [
        DEVELOPER,
        {"role": "user", "content": "온도 2도 올려줘"},
        {"role": "assistant", "tool_calls": [call("adjust_temperature", delta=2)]},
        {"role": "tool", "name": "adjust_temperature", "content": {"now": 24}},
        {"role": "assistant", "content": "24도로 맞췄어요."},
        {"role": "user", "content": "이제 꺼줘"},
        {"role": "assistant", "tool_calls": [call("power_off")]},
    ]
    encoded = encode_example(example({"messages": messages, "tools": TOOLS}), tokenizer)
    runs, last = [], IGNORED
    for label in encoded.labels:
        if label != IGNORED and last == IGNORED:
            runs.append([])
        if label != IGNORED:
            runs[-1].append(label)
        last = label
    written = [tokenizer.decode(run) for run in runs]
    assert written[0].startswith("<start_function_call>call:adjust_temperature{delta:2}<end_function_call>")
    assert "24도로 맞췄어요.<end_of_turn>" in written[1]
    assert written[-1] == OFF
    assert not any("now:24" in text or "이제" in text or "user" in text for text in written)


def test_one_bos(tokenizer: Any) -> None:
    """The text begins with <bos>, and the tokenizer, which would add its own, adds none."""
    assert tokenizer("<bos>")["input_ids"] == [2, 2]
    for row in mixed_rows(6):
        ids = encode_example(example(row), tokenizer).input_ids
        assert ids[0] == 2
        assert ids.count(2) == 1


def test_one_target_for_one_meaning(tokenizer: Any) -> None:
    """`tool_calls` and the same call as raw text become the same tokens with loss."""
    labels = [
        [label for label in encode_example(example(ANSWERS[name][0]), tokenizer).labels if label != IGNORED]
        for name in ("tool_calls", "raw text, no tools", "raw text with tools")
    ]
    assert labels[0] == labels[1] == labels[2]


def test_a_token_across_the_border_is_an_error() -> None:
    """A token that is half prompt and half answer stops the run: either half would be wrong."""
    with pytest.raises(
        DataError,
        match=r"rows.jsonl:3: token 1 covers the characters 2 to 6, and the model's answer is 4 to 9",
    ):
        build_labels([5, 6, 7], [(0, 2), (2, 6), (6, 9)], [Span(4, 9)], "rows.jsonl:3")


def test_tokens_that_share_a_range_are_labelled_alike() -> None:
    """The bytes of one character have one range: all of them carry loss or none."""
    offsets = [(0, 1), (1, 2), (1, 2), (1, 2), (2, 3)]
    assert build_labels([1, 2, 3, 4, 5], offsets, [Span(1, 2)]) == [IGNORED, 2, 3, 4, IGNORED]


def test_a_long_row_stops_the_run(tokenizer: Any) -> None:
    """No row is cut short: each one over the limit is named with both lengths, and what to do."""
    rows = [example(row, line) for line, row in enumerate(mixed_rows(4), 1)]
    lengths = [len(encode_example(row, tokenizer).input_ids) for row in rows]
    limit = sorted(lengths)[1]
    with pytest.raises(DataError) as caught:
        encode_examples(rows, tokenizer, max_length=limit)
    for line, length in enumerate(lengths, 1):
        named = f"rows.jsonl:{line}: has {length} tokens; --max_length is {limit}." in str(caught.value)
        assert named == (length > limit)
    assert f"Set it to {max(lengths)}, or leave them out: --overlong skip." in str(caught.value)


def test_long_rows_are_left_out_and_counted_when_asked(tokenizer: Any) -> None:
    """`--overlong skip` leaves whole rows out and says how many."""
    rows = [example(row, line) for line, row in enumerate(mixed_rows(4), 1)]
    lengths = [len(encode_example(row, tokenizer).input_ids) for row in rows]
    limit = sorted(lengths)[1]
    encoded = encode_examples(rows, tokenizer, max_length=limit, overlong="skip")
    assert [len(row.input_ids) for row in encoded.rows] == [length for length in lengths if length <= limit]
    assert (
        encoded.n_skipped == encoded.report["skipped_overlong"] == sum(length > limit for length in lengths)
    )
    assert encoded.report["longest_tokens"] == max(lengths)
    with pytest.raises(DataError, match="no row is left to use"):
        encode_examples(rows, tokenizer, max_length=16, overlong="skip")


def test_many_problems_are_counted_not_listed(tokenizer: Any) -> None:
    """Thousands of rows over the limit give one readable error with the number of all of them."""
    rows = [example(row, line) for line, row in enumerate(mixed_rows(60), 1)]
    with pytest.raises(DataError) as caught:
        encode_examples(rows, tokenizer, max_length=16)
    assert len(caught.value.problems) <= 21
    assert "more like these" in str(caught.value)
    assert "60 rows are longer" in str(caught.value)


def test_rows_that_cannot_be_written_are_all_named(tokenizer: Any) -> None:
    """A control token in a user's words is refused with file and line, for every row at once."""
    rows = [example(text_row(f"<end_of_turn> {line}", "네", line), line) for line in (1, 2)]
    with pytest.raises(DataError) as caught:
        encode_examples(rows, tokenizer, max_length=512)
    assert "rows.jsonl:1" in str(caught.value)
    assert "rows.jsonl:2" in str(caught.value)


@pytest.mark.parametrize("layout", ROWS)
def test_rows_of_every_layout_are_learnt(tmp_path: Path, layout: str, tokenizer: Any) -> None:
    """Every row with an answer is encoded, whatever layout it is in, and its calls carry loss as native text."""
    examples = read_examples(write_rows(tmp_path / "rows.jsonl", ROWS[layout]))
    answered = [e for e in examples if e.messages[-1].get("content") or e.messages[-1].get("tool_calls")]
    assert answered
    for one in answered:
        encoded = encode_example(one, tokenizer)
        pairs = zip(encoded.input_ids, encoded.labels, strict=True)
        learnt = tokenizer.decode([token for token, label in pairs if label != IGNORED])
        assert all(f"call:{due.name}{{" in learnt for due in one.expected_calls)


def test_rows_without_an_answer_are_refused(tmp_path: Path, tokenizer: Any) -> None:
    """A row that can only test is named with its place."""
    file = write_rows(tmp_path / "rows.jsonl", [BFCL_IRRELEVANT])
    with pytest.raises(DataError, match=rf"{file}:1.*the assistant's message is empty"):
        encode_examples(read_examples(file), tokenizer, max_length=2000)


def test_the_token_report(tokenizer: Any) -> None:
    """It names the longest prompt and what does not fit, and tells rows whose declarations alone do not fit."""
    declared = example(tool_calls_row("온도 2도 올려줘", call("adjust_temperature", delta=2)))
    long_wish = example(text_row("너무 더워요 " * 80, "네"))
    rows = [declared, long_wish, example(text_row("더워요", "네"))]
    one = encode_example(declared, tokenizer)
    assert one.n_prompt == one.labels.index(next(label for label in one.labels if label != IGNORED))
    whole = encode_examples(rows, tokenizer, max_length=4096)
    longest = max(encode_example(row, tokenizer).n_prompt for row in rows)
    assert whole.report["longest_prompt_tokens"] == longest
    assert token_report(whole, 4096).endswith(
        f"longest row {whole.longest} tokens, longest prompt {longest}; --max_length 4096: every row fits, nothing is cut"
    )
    # A limit that the developer turn with its declarations passes, and the row without any does not.
    turn = tokenizer.convert_tokens_to_ids("<end_of_turn>")
    limit = one.input_ids.index(turn)
    part = encode_examples(rows, tokenizer, max_length=limit, overlong="skip")
    assert token_report(part, limit).endswith(
        "2 rows are longer and left out whole, 1 of them with declarations that alone do not fit"
    )
    assert part.report["skipped_by_declarations"] == 1
    with pytest.raises(
        DataError, match=r"2 rows are longer\. In 1 of them the declarations alone do not fit\."
    ):
        encode_examples(rows, tokenizer, max_length=limit)
    fits = encode_examples(rows, tokenizer, max_length=limit + 1, overlong="skip")
    assert fits.report["skipped_by_declarations"] == 0
