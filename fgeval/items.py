"""Item: an example made ready for scoring. Gold that no completion could match is found before any model runs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from fgdata.errors import DataError, FgError, Problem
from fgdata.example import Example
from fgdata.hub.source import read_examples
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
    # Building a tool checks its schema, which takes longer than scoring; most rows of a file declare the same tools.
    return tools_by_name(json.loads(text))


def example_to_item(example: Example) -> Item:
    """The item of an example.

    Raises: DataError if its tools or its answer do not read, or a call of the answer breaks its tool's schema.
    """
    try:
        tools = _read_tools(canonical_json(example.tools)) if example.tools else {}
    except FgError as error:
        where = example.source or example.id
        raise DataError(
            *(Problem(where, f"{p.where}: {p.what}", p.remedy) for p in error.problems)
        ) from error
    expected = example.expected_calls
    if tools:
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


def read_items(path: str | os.PathLike[str]) -> list[Item]:
    """All items of a JSONL file, or of a data set on the Hub.

    Raises: DataError with the problems of every row.
    """
    items: list[Item] = []
    problems: list[Problem] = []
    for example in read_examples(path):
        try:
            items.append(example_to_item(example))
        except DataError as error:
            problems += error.problems
    DataError.raise_if(problems)
    return items
