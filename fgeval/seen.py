"""Which argument values were seen in training: what a model gives back from memory is told from what it read in the request."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from fgdata.dialects import scan_examples
from fgdata.errors import DataError, Problem
from fgdata.schema import Call, canonical_json

Seen: TypeAlias = Literal["seen", "unseen", ""]
"""`seen`: all values of an item's arguments stand in training calls; `unseen`: one does not; empty: there are none to look for."""


def values_of(calls: Iterable[Call]) -> set[tuple[str, str, str]]:
    """Tool, parameter and value (as JSON) of every argument."""
    return {
        (call.name, name, canonical_json(value)) for call in calls for name, value in call.arguments.items()
    }


def read_values(files: Sequence[str | os.PathLike[str]]) -> set[tuple[str, str, str]]:
    """The argument values of all calls in training files.

    Raises: DataError with every row that does not read.
    """
    found: set[tuple[str, str, str]] = set()
    problems: list[Problem] = []
    for file in files:
        for row in scan_examples(file):
            try:
                if isinstance(row, DataError):
                    raise row
                found |= values_of(row.expected_calls)
            except DataError as error:
                problems += error.problems
    DataError.raise_if(problems)
    return found


def is_seen(calls: Sequence[Call], seen: set[tuple[str, str, str]]) -> Seen:
    """Whether the values of these calls were seen."""
    values = values_of(calls)
    return "" if not values else "seen" if values <= seen else "unseen"
