"""Example -> token ids and labels: which tokens the model learns to write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from fgdata.errors import DataError, FgError, Problem
from fgdata.example import Example
from fgdata.format import Span, render_training
from fgdata.format.tokens import END_TURN

IGNORED = -100
"""The label of a token without loss."""
MAX_PROBLEMS = 20
"""Rows named in one error; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """One row as the trainer sees it; both lists are as long as the row has tokens."""

    input_ids: list[int]
    labels: list[int]
    """The token itself where the model writes it, `IGNORED` elsewhere."""
    source: str = ""
    """`file:line`, for errors."""

    @property
    def n_scored(self) -> int:
        """Tokens with loss. The first token of a text is never one: nothing comes before it to predict it from."""
        return sum(label != IGNORED for label in self.labels[1:])

    @property
    def n_prompt(self) -> int:
        """Tokens before the last answer: what the model is given when it writes that one."""
        end = len(self.labels)
        while end and self.labels[end - 1] == IGNORED:
            end -= 1
        while end and self.labels[end - 1] != IGNORED:
            end -= 1
        return end


@dataclass(frozen=True, slots=True)
class EncodedFile:
    """The rows of one file that are used, and what was left out."""

    rows: list[Encoded]
    n_skipped: int = 0
    """Rows over the limit, left out because `--overlong skip` asked for it."""
    longest: int = 0
    """Tokens of the longest row in the file, left out or not."""
    report: dict[str, int] = field(default_factory=dict)
    """Counts for run.json."""


def encode_example(example: Example, tokenizer: Any) -> Encoded:
    """Token ids and labels of one row: one tokenization of prompt and answer together, labels from character ranges.

    Args:
        tokenizer: a fast tokenizer, checked by `fgeval.loading.check_tokenizer`.
    Raises: DataError if the row cannot be written in the format, or a token lies across the border of an answer.
    """
    where = example.source or example.id
    try:
        training = render_training(example.messages, example.tools)
    except FgError as error:
        raise DataError(
            *(Problem(where, problem.what, problem.remedy) for problem in error.problems)
        ) from error
    # The text begins with <bos> already; the tokenizer would put a second one before it.
    batch = tokenizer(training.text, add_special_tokens=False, return_offsets_mapping=True)
    input_ids, offsets = batch["input_ids"], batch["offset_mapping"]
    labels = build_labels(input_ids, offsets, training.spans, where)
    encoded = Encoded(input_ids, labels, where)
    if encoded.n_scored == 0:
        raise DataError(
            Problem(
                where,
                "has no token to learn: the model's turn is empty.",
                "Give the assistant a call or a text.",
            )
        )
    return encoded


def build_labels(
    input_ids: Sequence[int], offsets: Sequence[tuple[int, int]], spans: Sequence[Span], where: str = ""
) -> list[int]:
    """The ids of the tokens that lie inside `spans`, `IGNORED` for the others.

    Args:
        offsets: character range [start, end) of each token.
        spans: character ranges the model writes; sorted, disjoint.
    Raises: DataError if a token lies partly in a span: half of it would be prompt.
    """
    labels = [IGNORED] * len(input_ids)
    remaining = iter(spans)
    span = next(remaining, None)
    for index, (start, end) in enumerate(offsets):
        while span is not None and start >= span.end:
            span = next(remaining, None)
        if span is None:
            break
        if end <= span.start:
            continue
        if start < span.start or end > span.end:
            raise DataError(
                Problem(
                    where,
                    f"token {index} covers the characters {start} to {end}, and the model's answer is {span.start} to {span.end}: "
                    "the tokenizer merges prompt and answer.",
                    "Use a FunctionGemma tokenizer: there the control tokens around an answer are tokens of their own.",
                )
            )
        labels[index] = input_ids[index]
    return labels


def encode_examples(
    examples: Sequence[Example],
    tokenizer: Any,
    *,
    max_length: int,
    overlong: Literal["error", "skip"] = "error",
) -> EncodedFile:
    """All rows of a file, encoded. None is ever cut short.

    Raises: DataError naming every row that cannot be encoded, or is longer than `max_length` unless `overlong` is `skip`.
    """
    rows: list[Encoded] = []
    problems: list[Problem] = []
    too_long: list[Problem] = []
    longest = longest_prompt = n_declarations = 0
    end_turn = tokenizer.convert_tokens_to_ids(END_TURN)
    for example in examples:
        try:
            encoded = encode_example(example, tokenizer)
        except DataError as error:
            problems += error.problems
            continue
        longest = max(longest, len(encoded.input_ids))
        longest_prompt = max(longest_prompt, encoded.n_prompt)
        if len(encoded.input_ids) > max_length:
            # The declarations stand in the first turn.
            n_declarations += bool(example.tools) and encoded.input_ids.index(end_turn) >= max_length
            too_long.append(
                Problem(encoded.source, f"has {len(encoded.input_ids)} tokens; --max_length is {max_length}.")
            )
        else:
            rows.append(encoded)
    if overlong == "error" and too_long:
        problems += too_long
        cut = f" In {n_declarations} of them the declarations alone do not fit." if n_declarations else ""
        problems.append(
            Problem(
                "--max_length",
                f"{len(too_long)} rows are longer.{cut}",
                f"Set it to {longest}, or leave them out: --overlong skip.",
            )
        )
    if len(problems) > MAX_PROBLEMS:
        rest = len(problems) - MAX_PROBLEMS
        problems[MAX_PROBLEMS - 1 : -1] = [Problem("", f"... and {rest} more like these.")]
    DataError.raise_if(problems)
    if not rows:
        what = f"no row is left to use: all {len(too_long)} are longer than {max_length} tokens."
        raise DataError(Problem("--overlong", what, f"Set --max_length to {longest}."))
    report = {
        "rows": len(rows),
        "skipped_overlong": len(too_long),
        "skipped_by_declarations": n_declarations,
        "longest_tokens": longest,
        "longest_prompt_tokens": longest_prompt,
        "tokens": sum(len(row.input_ids) for row in rows),
        "scored_tokens": sum(row.n_scored for row in rows),
    }
    return EncodedFile(rows, len(too_long), longest, report)


def token_report(encoded: EncodedFile, max_length: int) -> str:
    """What a file's rows are in tokens, and what became of those that are too long: two lines."""
    counts = encoded.report
    first = f"{counts['rows']} rows, {counts['tokens']} tokens, {counts['scored_tokens']} of them with loss"
    second = (
        f"  longest row {counts['longest_tokens']} tokens, longest prompt {counts['longest_prompt_tokens']}; "
        f"--max_length {max_length}: "
    )
    if not encoded.n_skipped:
        return f"{first}\n{second}every row fits, nothing is cut"
    declarations = counts["skipped_by_declarations"]
    cut = f", {declarations} of them with declarations that alone do not fit" if declarations else ""
    return f"{first}\n{second}{encoded.n_skipped} rows are longer and left out whole{cut}"
