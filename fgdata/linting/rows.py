"""One row: its answer read, and the rules that look at it alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fgdata.errors import FgError, FormatError
from fgdata.example import Example
from fgdata.format import (
    TRIGGER,
    Completion,
    ValueStyle,
    find_control_tokens,
    parse_completion,
    render_training,
)
from fgdata.linting.toolsets import ToolSet
from fgdata.schema import Call, canonical_json, coerce_call

# As the template writes a parameter that Arrow made up.
_PHANTOM_TEXT = re.compile(
    r"([^\s{}:,]+):\{description:(?:<escape><escape>|None),type:(?:<escape><escape>|None)\}"
)
_GLUED = re.compile(
    r"(?:[가-힣]\s?(?:요\s?요|까요요|십시오\s?요|냐요|라요요)|(?<!이)다\s?요|[줘해]\s?주세요\s?(?:줘|주세요)|주세요\s?(?:요|줘)|줘\s?줘|세요\s?(?:줘|해줘))[\s.!?~]*$"
)  # fmt: skip


@dataclass(slots=True)
class Row:
    """A row, its answer read."""

    example: Example
    file: str
    line: int
    tool_set: ToolSet
    utterance: str = ""
    calls: tuple[Call, ...] = ()
    """As the answer writes them."""
    typed_calls: tuple[Call, ...] = ()
    """Where values stand inside <escape>, with the types that their tools state."""
    completion: Completion | None = None
    """The answer, where it is text."""
    problems: tuple[str, ...] = ()
    """Why calls of the answer do not read."""
    values: ValueStyle = "none"
    """How the answer writes what is no string; none if there is nothing to write."""
    found: list[tuple[str, str]] = field(default_factory=list)
    """What is wrong: rule and words."""

    @property
    def label(self) -> str:
        """What the row answers, as text: rows with one text must agree in it. Answers without calls are one label."""
        if self.problems:
            return canonical_json(self.example.messages[-1])
        return "|".join(canonical_json([call.name, call.arguments]) for call in self.typed_calls)


def read_row(example: Example, file: str, line: int, tool_set: ToolSet) -> Row:
    """The row with its answer read; what does not read is kept as problems."""
    row = Row(example, file, line, tool_set, example.utterance)
    message = example.messages[-1]
    if message.get("tool_calls"):
        try:
            row.calls = row.typed_calls = tuple(Call.from_json(entry) for entry in message["tool_calls"])
        except FgError as error:
            row.problems = tuple(problem.what for problem in error.problems)
        if any(not _is_text(value) for call in row.calls for value in call.arguments.values()):
            row.values = "bare"
        return row
    row.completion = completion = parse_completion(text_of(message))
    row.calls = row.typed_calls = completion.calls
    row.problems = tuple(f"{problem.what} (character {problem.offset})" for problem in completion.problems)
    row.values = completion.values
    if tool_set.tools is not None and completion.values in ("escaped", "mixed"):
        row.typed_calls = tuple(coerce_call(call, tool_set.tools) for call in completion.calls)
        if row.typed_calls == completion.calls:
            # Texts that only look like numbers: the tool wants them as texts.
            row.values = "bare" if completion.values == "mixed" else "none"
    return row


def _is_text(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_text, value.values()))
    return all(map(_is_text, value)) if isinstance(value, list) else isinstance(value, str)


def text_of(message: Mapping[str, Any]) -> str:
    """The text of a message's content, parts joined; empty for anything else."""
    content = message.get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))
    return content if isinstance(content, str) else ""


def check_row(row: Row) -> list[tuple[str, str]]:
    """What is wrong with a row alone: rule and words."""
    found = [(issue.rule, issue.what) for issue in row.tool_set.issues]
    found += (("unparsable-call", problem) for problem in row.problems)
    found += _call_issues(row)
    found += _message_issues(row)
    if row.values == "mixed":
        found.append(("mixed-values", "the answer writes values bare and inside <escape>"))
    if glued := _GLUED.search(row.utterance):
        found.append(("glued-ending", f"{row.utterance[-40:]!r} ends in {glued.group().strip()!r}"))
    answer = row.example.messages[-1]
    if not answer.get("content") and not answer.get("tool_calls"):
        found.append(
            ("no-answer", "the row says whether a call is due, and nothing that the model should write")
        )
    elif not {rule for rule, _ in found} & _UNWRITABLE_TOO:
        found += _unwritable(row)
    return found


_UNWRITABLE_TOO = {"broken-tools", "unparsable-call", "control-token", "phantom-null"}
"""Rules whose findings make a row unwritable, too: said once, by the rule that knows why."""


def _call_issues(row: Row) -> Iterator[tuple[str, str]]:
    for call in row.typed_calls:
        for issue in row.tool_set.call_issues(call):
            is_copied = issue.value and issue.value in row.utterance
            yield issue.rule, f"{issue.what}: the user's own word" if is_copied else issue.what


def _message_issues(row: Row) -> Iterator[tuple[str, str]]:
    messages = row.example.messages
    first = messages[0]
    if first.get("role") not in ("developer", "system"):
        yield "missing-developer-line", f"the first message is the {first.get('role')}'s"
    elif TRIGGER not in (text := text_of(first)):
        yield "missing-developer-line", f"the developer message is {text[:60]!r}"
    if not row.utterance.strip():
        yield "missing-user-message", "no user message holds a text"
    for message in messages:
        # The assistant's text is native: its tokens are read, not refused.
        if message.get("role") in ("assistant", "model"):
            continue
        text = text_of(message)
        if tokens := find_control_tokens(text):
            yield from (
                ("control-token", f"the {message.get('role')}'s message holds {token}") for token in tokens
            )
            if phantoms := _PHANTOM_TEXT.findall(text):
                yield (
                    "phantom-null",
                    f"declarations hold parameters without description and type: {', '.join(phantoms[:3])}",
                )


def _unwritable(row: Row) -> Iterator[tuple[str, str]]:
    # Declarations take most of the time and are the same in most rows: they are written once.
    tools = None if row.tool_set.is_written else row.example.tools
    try:
        render_training(row.example.messages, tools)
    except FormatError as error:
        yield from (("unwritable", f"{problem.where}: {problem.what}") for problem in error.problems)
    else:
        row.tool_set.is_written = row.example.tools is not None
