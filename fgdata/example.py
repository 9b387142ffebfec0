"""Example: one JSONL row. Reading and writing of whole files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from fgdata.errors import DataError, FgError, Problem, SchemaError
from fgdata.files import write_whole
from fgdata.format import message_text, parse_completion
from fgdata.gold import Gold
from fgdata.row_decoder import RowDecoder
from fgdata.schema import Call, JsonValue, Tool, read_json, tools_by_name

Message = dict[str, Any]

PROVENANCE = (
    *("pack", "intent", "family", "kind", "register", "language"),
    *("perturbation", "prompt", "policy", "asks_for"),
)
"""Columns that say where a row comes from, in the order they are written; all may be missing in other people's rows."""


@dataclass(frozen=True)
class Example:
    """One row: a conversation whose last message, the assistant's, is what the model should write."""

    id: str
    messages: list[Message]
    tools: list[dict[str, Any]] | None = None
    """Declared tools in OpenAI's shape; None where the row has none (the first seed's layout)."""
    pack: str = ""
    intent: str = ""
    family: str = ""
    kind: str = ""
    """What is asked: `call`, `several`, `no_call`, `ask` and others (`fgdata.pack.KINDS`)."""
    register: str = ""
    language: str = ""
    perturbation: str = ""
    """How the utterance was mistyped, kinds joined by `+`; empty where it was not."""
    prompt: str = ""
    """How the declared tools were chosen where that differs from row to row: `distractors=3 shuffled masked`."""
    policy: str = ""
    """The policies that give arguments which do not stand in the text."""
    asks_for: str = ""
    """The parameter that the answer asks for, of kind `ask`."""
    slots: dict[str, JsonValue] = field(default_factory=dict)
    """Values that filled the template's slots."""
    gold: Gold | None = None
    """What is right beside the answer, in rows of benchmarks."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Columns of other people's, as they stand."""
    source: str = field(default="", compare=False)
    """`file:line` the row was read from; not written."""
    layout: str = field(default="", compare=False)
    """The layout the row was read in (`fgdata.dialects`); not written."""

    @property
    def prompt_messages(self) -> list[Message]:
        """The messages before the last, assistant's, one: what the model is given."""
        return self.messages[:-1]

    @property
    def utterance(self) -> str:
        """The text of the last user message; empty if there is none. Parts that are no text are passed over."""
        for message in reversed(self.messages):
            if message.get("role") == "user":
                content = message.get("content") or ""
                if not isinstance(content, str):
                    content = [
                        part for part in content if isinstance(part, dict) and part.get("type") == "text"
                    ]
                return message_text(content)
        return ""

    @cached_property
    def expected_calls(self) -> tuple[Call, ...]:
        """The calls of the last message, given as `tool_calls` or as raw text in the native format.

        Raises: DataError if they do not read.
        """
        message = self.messages[-1]
        try:
            if message.get("tool_calls"):
                return tuple(Call.from_json(entry) for entry in message["tool_calls"])
            completion = parse_completion(message_text(message.get("content")))
        except FgError as error:
            raise DataError(
                *(Problem(self.source or self.id, p.what, p.remedy) for p in error.problems)
            ) from error
        DataError.raise_if(
            Problem(
                self.source or self.id,
                f"the answer does not read at character {problem.offset}: {problem.what}.",
            )
            for problem in completion.problems
        )
        return completion.calls

    @cached_property
    def declared_tools(self) -> dict[str, Tool]:
        """The declared tools by name; empty where the row declares none.

        Raises: SchemaError if one is no tool.
        """
        return tools_by_name(self.tools or ())

    def to_row(self) -> dict[str, Any]:
        """The row as it is written; provenance that is not known is left out."""
        row: dict[str, Any] = {"id": self.id, "messages": self.messages}
        if self.tools is not None:
            row["tools"] = self.tools
        row |= {name: getattr(self, name) for name in PROVENANCE if getattr(self, name)}
        if self.slots:
            row["slots"] = self.slots
        if self.gold:
            row["gold"] = self.gold.to_json()
        return row | self.extra


def example_from_row(row: Any, source: str, default_id: str) -> Example:
    """The example in a decoded JSON row.

    Raises: DataError with everything that keeps it from being one.
    """
    problems: list[Problem] = []

    def wrong(what: str, remedy: str = "") -> None:
        problems.append(Problem(source, what, remedy))

    if not isinstance(row, dict):
        raise DataError(Problem(source, f"a row must be a JSON object, not {type(row).__name__}."))
    messages, tools, slots = (_decoded(row.get(name), name, wrong) for name in ("messages", "tools", "slots"))
    if messages is None and problems:
        messages = []  # already told
    elif not _is_list_of_objects(messages) or not messages:
        wrong(
            f"`messages` must be a list of messages, not {str(messages)[:60]!r}.",
            "See docs/format.md for the layout of a row.",
        )
        messages = []
    elif messages[-1].get("role") not in ("assistant", "model"):
        wrong(
            f"the last message is {messages[-1].get('role')!r}'s.",
            "It must be the assistant's: what the model should write.",
        )
    elif row.get("gold") is None and not (messages[-1].get("content") or messages[-1].get("tool_calls")):
        wrong("the assistant's last message is empty.", "Give it `tool_calls` or `content`.")
    for number, message in enumerate(messages):
        role, content = message.get("role"), message.get("content")
        if not isinstance(role, str):
            wrong(
                f"the role of message {number} is {str(role)[:60]!r}.",
                "Use developer, user, assistant or tool.",
            )
        elif role != "tool" and not isinstance(content, str | list | None):
            wrong(
                f"the content of message {number} is {str(content)[:60]!r}.",
                "Give a text, or a list of text parts.",
            )
    wrong_calls = [
        number
        for number, message in enumerate(messages)
        if not _is_list_of_objects(message.get("tool_calls") or [])
    ]
    if wrong_calls:
        wrong(
            f"`tool_calls` must be a list of objects (messages {wrong_calls}).",
            "See docs/format.md for the layout of a row.",
        )
    if tools is not None and not _is_list_of_objects(tools):
        wrong(f"`tools` must be a list of tools, not {str(tools)[:60]!r}.")
    if slots is not None and not isinstance(slots, dict):
        wrong(f"`slots` must be an object, not {str(slots)[:60]!r}.")
    gold = _decoded(row.get("gold"), "gold", wrong)
    try:
        gold = None if gold is None else Gold.from_json(gold)
    except SchemaError as error:
        wrong(str(error))
    DataError.raise_if(problems)
    return Example(
        id=default_id if row.get("id") in (None, "") else str(row["id"]),
        messages=messages,
        tools=tools,
        slots=slots or {},
        gold=gold,
        extra=_extra(row),
        source=source,
        **{name: str(row.get(name) or "") for name in PROVENANCE},
    )


_TEXTS = frozenset({"id", *PROVENANCE})
_COLUMNS = frozenset({"messages", "tools", "slots", "gold", *_TEXTS})


def _extra(row: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of others; and values of our own columns that are no text, which keep their type so."""
    return {
        name: value
        for name, value in row.items()
        if name not in _COLUMNS or (name in _TEXTS and not isinstance(value, str | None))
    }


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _decoded(value: Any, name: str, wrong: Callable[[str], None]) -> Any:
    """`value`, or what its JSON text holds: some published data sets keep these columns as text."""
    if not isinstance(value, str):
        return value
    try:
        return read_json(value)
    except (ValueError, RecursionError) as error:
        wrong(f"`{name}` is text that is no JSON ({error}).")
        return None


@dataclass(frozen=True, slots=True)
class Line:
    """A decoded row of a file."""

    value: Any
    source: str
    """`file:line`."""
    default_id: str
    """What the row is called if it states no id."""


def scan_lines(
    path: str | os.PathLike[str], advance: Callable[[int], object] = lambda _: None
) -> Iterator[Line | DataError]:
    """Line by line what a JSONL file holds, in constant memory: the value, or why it is none. Empty lines are skipped.

    Rows that declare the same tools one after the other share one list of them.

    Args:
        advance: told after each line how many bytes it took.
    Raises: DataError if the file cannot be opened.
    """
    file, decode = Path(path), RowDecoder()
    try:
        with file.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                advance(len(line))
                if not line.strip():
                    continue
                source = f"{file}:{number}"
                try:
                    yield Line(decode(line.decode("utf-8-sig")), source, f"{file.stem}:{number}")
                except UnicodeDecodeError as error:
                    yield DataError(
                        Problem(
                            source,
                            f"is not UTF-8 ({error.reason} at byte {error.start}).",
                            "Save the file as UTF-8.",
                        )
                    )
                except (ValueError, RecursionError) as error:
                    yield DataError(
                        Problem(source, f"is no JSON ({_why(error, line)}).", "Write one JSON object a line.")
                    )
    except OSError as error:
        raise DataError(Problem(str(file), f"cannot be read: {error.strerror or error}.")) from error


def _why(error: Exception, line: bytes) -> str:
    """What keeps a line from being JSON: the decoder counts lines of its own, which are none of the file's."""
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    if error.pos >= len(line.decode("utf-8-sig").rstrip()) or error.msg.startswith("Unterminated string"):
        return "it breaks off at its end"
    return f"{error.msg} at character {error.pos + 1}"


def scan_jsonl(
    path: str | os.PathLike[str],
    read: Callable[[Any, str, str], Example] = example_from_row,
    *,
    advance: Callable[[int], object] = lambda _: None,
) -> Iterator[Example | DataError]:
    """Row by row what a JSONL file of ours holds, in constant memory: the example, or why the line is none.

    Args:
        read: makes the example of a decoded row, its `file:line` and the id it has if it states none.
        advance: told after each line how many bytes it took.
    Raises: DataError if the file cannot be opened.
    """
    for line in scan_lines(path, advance):
        if isinstance(line, DataError):
            yield line
            continue
        try:
            yield read(line.value, line.source, line.default_id)
        except DataError as error:
            yield error


def read_jsonl(path: str | os.PathLike[str]) -> list[Example]:
    """All examples of a JSONL file.

    Args:
        read: as in `scan_jsonl`.
    Raises: DataError with the problems of every broken line and every id given twice, or if the file has no rows.
    """
    return collect(scan_jsonl(path), path)


def collect(items: Iterable[Example | DataError], path: str | os.PathLike[str]) -> list[Example]:
    """All examples of a file.

    Raises: DataError with the problems of every broken row and every id given twice, or if there are no rows.
    """
    examples: list[Example] = []
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    for item in items:
        if isinstance(item, DataError):
            problems += item.problems
            continue
        if item.id in seen:
            problems.append(
                Problem(
                    item.source,
                    f"the id {item.id!r} is taken by {seen[item.id]}.",
                    "Give every row its own id.",
                )
            )
        seen[item.id] = item.source
        examples.append(item)
    if not examples and not problems:
        problems.append(Problem(str(path), "has no rows."))
    DataError.raise_if(problems)
    return examples


def write_jsonl(path: str | os.PathLike[str], rows: Iterable[Mapping[str, Any]]) -> int:
    """The number of rows written. The file appears whole or not at all.

    Raises: DataError for a row that JSON or UTF-8 cannot hold (NaN, half a character); UsageError from the file system.
    """
    count = 0
    with write_whole(path) as stream:
        for row in rows:
            try:
                line = json.dumps(row, ensure_ascii=False, allow_nan=False)
                line.encode()
            except ValueError as error:
                raise DataError(
                    Problem(
                        f"{path}:{count + 1}",
                        f"row {row.get('id', '')!r} cannot be written: {error}.",
                        "Correct the row.",
                    )
                ) from error
            stream.write(f"{line}\n")
            count += 1
    return count
