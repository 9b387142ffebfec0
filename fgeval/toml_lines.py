"""TOML with the line of every key: what a person got wrong is named with its place."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from fgdata.errors import Problem, UsageError

Key: TypeAlias = tuple[str | int, ...]
"""Keys and, in arrays of tables, numbers: `("slices", 0, "by")`."""

_TABLE = re.compile(r"^\s*\[(\[)?\s*([^\]]+?)\s*\]")
_ENTRY = re.compile(r"^\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*=")
_PART = re.compile(r"[\w-]+|\"[^\"]*\"|'[^']*'")
_LONG_TEXT = re.compile(r"\"\"\"|'''")


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A TOML file's content and where its keys stand."""

    path: Path
    content: Mapping[str, Any]
    lines: Mapping[Key, int]

    def where(self, *key: str | int) -> str:
        """`file:line` of a key, or of the nearest table around it: keys of inline tables have no line of their own."""
        for length in range(len(key), 0, -1):
            if line := self.lines.get(key[:length]):
                return f"{self.path}:{line}"
        return str(self.path)


def read_toml(path: str | os.PathLike[str]) -> TomlFile:
    """The file, read with the lines of its keys.

    Raises: UsageError if it cannot be read or is no TOML.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"\(at line (\d+)", str(error))
        place = f"{file}:{line[1]}" if line else str(file)
        raise UsageError(
            Problem(place, f"is no TOML ({str(error).partition(' (at')[0]}).", "Correct the line.")
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(Problem(str(file), "is not UTF-8.", "Save the file as UTF-8.")) from error
    except OSError as error:
        raise UsageError(
            Problem(str(file), f"cannot be read: {error.strerror or error}.", "Check the path.")
        ) from error
    return TomlFile(file, content, _find_lines(text.split("\n")))


def _find_lines(lines: Sequence[str]) -> dict[Key, int]:
    found: dict[Key, int] = {}
    table: Key = ()
    counts: dict[Key, int] = {}
    is_text = False
    for number, line in enumerate(lines, 1):
        starts_in_text = is_text
        is_text ^= len(_LONG_TEXT.findall(line)) % 2 == 1
        if starts_in_text:
            continue
        if header := _TABLE.match(line):
            table = _resolve(tuple(map(_bare, _PART.findall(header[2]))), counts)
            if header[1]:
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            found.setdefault(table, number)
        elif entry := _ENTRY.match(line):
            parts = tuple(map(_bare, _PART.findall(entry[1])))
            for length in range(1, len(parts) + 1):
                found.setdefault((*table, *parts[:length]), number)
    return found


def _bare(part: str) -> str:
    return part.strip("\"'")


def _resolve(parts: tuple[str, ...], counts: Mapping[Key, int]) -> Key:
    """The parts with the number of the latest table wherever they pass through an array of tables."""
    key: Key = ()
    for place, part in enumerate(parts):
        key = (*key, part)
        if place < len(parts) - 1 and key in counts:
            key = (*key, counts[key])
    return key
