"""Item: an example made ready for scoring. Gold that no completion could match is found before any model runs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from fgdata.dialects import read_examples, scan_examples, tell_layouts
from fgdata.errors import DataError, FgError, Problem
from fgdata.example import Example
from fgdata.schema import Call, Tool, canonical_json, check_call, coerce_call, tools_by_name


@dataclass(frozen=True, slots=True)
class Item:
    """An example, the calls that are due and the tools that are declared."""

    example: Example
    expected: tuple[Call, ...]
    tools: Mapping[str, Tool]
    """By name; empty where the row declares none."""


@lru_cache(maxsize=256)
def _read_tools(text: str) -> Mapping[str, Tool]:
    # Building a tool checks its schema, which takes longer than scoring; most rows of a file declare the same tools, if not in
    # the same order or company.
    entries = json.loads(text)
    try:
        tools = [_read_tool(canonical_json(entry)) for entry in entries]
    except FgError:
        return tools_by_name(entries)  # names every entry that is none
    by_name = {tool.name: tool for tool in tools}
    return by_name if len(by_name) == len(tools) else tools_by_name(entries)


@lru_cache(maxsize=2048)
def _read_tool(text: str) -> Tool:
    return Tool.from_json(json.loads(text))


_last: list[tuple[list[dict[str, Any]], Mapping[str, Tool]]] = []
"""The entries that were read last and their tools: rows of one file share a list where they declare the same."""


def tools_of(example: Example) -> Mapping[str, Tool]:
    """The declared tools by name, each list of them built once.

    Raises: DataError if one is no tool.
    """
    if not example.tools:
        return {}
    for entries, tools in _last:
        if entries is example.tools:
            return tools
    try:
        tools = _read_tools(canonical_json(example.tools))
        _last[:] = [(example.tools, tools)]
        return tools
    except FgError as error:
        where = example.source or example.id
        raise DataError(
            *(Problem(where, f"{p.where}: {p.what}", p.remedy) for p in error.problems)
        ) from error


def example_to_item(example: Example) -> Item:
    """The item of an example.

    The gold of benchmarks is taken as it is: their own checkers pass what no schema does. `fgeval validate` names such items.

    Raises: DataError if its tools or its answer do not read, or a call of the answer breaks its tool's schema.
    """
    tools = tools_of(example)
    expected = example.expected_calls
    if tools and not (example.gold and example.gold.layout):
        DataError.raise_if(
            Problem(
                example.source or example.id,
                f"the expected call cannot be right: {complaint}.",
                "Correct the row.",
            )
            for call in expected
            for complaint in check_call(coerce_call(call, tools), tools)
        )
    return Item(example, expected, tools)


@dataclass(slots=True)
class LeftOut:
    """Rows of the data, or lines of predictions, that cannot be used."""

    problems: list[Problem] = field(default_factory=list)
    """What is wrong with them."""
    ids: set[str] = field(default_factory=set)
    """The ids of those that could be read so far."""
    n_unknown: int = 0
    """How many there are beside."""

    def add(self, error: FgError, row_id: str) -> None:
        """Count one, with what is wrong; `row_id` is empty if nobody can say."""
        self.problems += error.problems
        if row_id:
            self.ids.add(row_id)
        else:
            self.n_unknown += 1


def read_sound_items(path: str | os.PathLike[str]) -> tuple[list[Item], LeftOut]:
    """The items of a file that can be scored, and the rows that cannot; of one id given twice the first row stays.

    Raises: DataError if no row can be scored.
    """
    items: dict[str, Item] = {}
    left_out = LeftOut()
    for example in scan_examples(path):
        name = example.row_id if isinstance(example, DataError) else example.id
        try:
            if isinstance(example, DataError):
                raise example
            if example.id in items:
                raise DataError(Problem(example.source, f"the id {example.id!r} stands in the file already."))
            items[example.id] = example_to_item(example)
        except DataError as error:
            left_out.add(error, name)
    if not items:
        raise DataError(*(left_out.problems or [Problem(str(path), "has no rows.")]))
    return list(items.values()), left_out


def read_items(path: str | os.PathLike[str]) -> list[Item]:
    """All items of a file in any layout (docs/layouts.md), or of a data set on the Hub; a layout that is not our own is named on stderr.

    Raises: DataError with the problems of every row.
    """
    items: list[Item] = []
    problems: list[Problem] = []
    examples = read_examples(path)
    tell_layouts(path, examples)
    for example in examples:
        try:
            items.append(example_to_item(example))
        except DataError as error:
            problems += error.problems
    DataError.raise_if(problems)
    return items
