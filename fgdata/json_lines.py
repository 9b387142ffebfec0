"""Where the values of a JSON text stand."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Names and positions that lead to a value."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+|\n')


def lines_by_path(text: str) -> dict[Path, int]:
    """The line, from 1, on which each value of a JSON text begins, or the name that it has in an object.

    Args:
        text: it reads as JSON.
    """
    lines: dict[Path, int] = {(): 1}
    path: list[str | int] = []
    is_name: list[bool] = []  # for each open bracket, whether a name of an object is due
    line = 1
    for found in _TOKEN.finditer(text):
        token = found[0]
        if token == "\n":
            line += 1
            continue
        if token in "]}":
            is_name.pop()
            path.pop()
        elif token == ",":
            if isinstance(path[-1], int):
                path[-1] += 1
            else:
                is_name[-1] = True
        elif is_name and is_name[-1]:
            path[-1] = json.loads(token)
            lines.setdefault(tuple(path), line)
            is_name[-1] = False
        elif token != ":":
            lines.setdefault(tuple(path), line)
            if token in "[{":
                path.append(0 if token == "[" else "")
                is_name.append(token == "{")
    return lines


def line_of(lines: dict[Path, int], path: Sequence[str | int]) -> int:
    """The line of the value at `path`, or of the innermost around it that is there."""
    return next(lines[found] for n in range(len(path), -1, -1) if (found := tuple(path[:n])) in lines)
