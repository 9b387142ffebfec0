"""Counts of data: rows by kind, intent, register, language and file."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.markup import escape
from rich.table import Table

from fgdata.errors import DataError, Problem
from fgdata.example import scan_jsonl
from fgdata.generate import utterance_key

COLUMNS = ("kind", "intent", "register", "language")
NOT_STATED = "(not stated)"


@dataclass(frozen=True, slots=True)
class DataStats:
    """What was counted."""

    files: tuple[str, ...]
    rows: dict[str, int]
    """By file."""
    broken: dict[str, int]
    """Lines that are no rows, by file."""
    distinct: int
    """Different utterances in all files; case and blanks do not count."""
    mean_length: float
    """Characters an utterance."""
    counts: dict[str, dict[str, dict[str, int]]]
    """Column -> value -> file -> rows."""

    @property
    def summary(self) -> str:
        """One line: rows, different texts, mean length."""
        return f"{sum(self.rows.values())} rows, {self.distinct} different utterances of {self.mean_length:.1f} characters on average."

    def to_json(self) -> dict[str, Any]:
        """The counts as JSON."""
        return {
            "files": {
                file: {"rows": self.rows[file], "broken_lines": self.broken[file]} for file in self.files
            },
            "rows": sum(self.rows.values()),
            "distinct_utterances": self.distinct,
            "mean_utterance_characters": round(self.mean_length, 2),
            "counts": self.counts,
        }

    def tables(self) -> list[Table]:
        """A table for each column, files side by side; files of one name are told apart by their folder."""
        found = []
        names = _short_names(self.files)
        for column, values in self.counts.items():
            table = Table(title=f"rows by {column}", title_justify="left")
            table.add_column(column, overflow="fold")
            for name in names:
                table.add_column(name, justify="right", overflow="fold")
            table.add_column("all", justify="right")
            table.add_column("share", justify="right")
            whole = sum(self.rows.values())
            for value, by_file in values.items():
                total = sum(by_file.values())
                cells = [str(by_file.get(file, 0)) for file in self.files]
                table.add_row(escape(value), *cells, str(total), f"{total / whole:.1%}")
            found.append(table)
        return found


def count_rows(files: Sequence[str | os.PathLike[str]]) -> DataStats:
    """The counts of some JSONL files.

    Raises: DataError if a file cannot be opened, or none of them has a row.
    """
    paths = tuple(dict.fromkeys(str(file) for file in files))
    rows, broken = dict.fromkeys(paths, 0), dict.fromkeys(paths, 0)
    counted: dict[str, Counter[tuple[str, str]]] = {column: Counter() for column in COLUMNS}
    texts: set[str] = set()
    length = 0
    for path in paths:
        for item in scan_jsonl(path):
            if isinstance(item, DataError):
                broken[path] += 1
                continue
            rows[path] += 1
            texts.add(utterance_key(item.utterance))
            length += len(item.utterance)
            for column in COLUMNS:
                counted[column][getattr(item, column) or NOT_STATED, path] += 1
    if not any(rows.values()):
        raise DataError(
            *(
                Problem(
                    path, "has no rows.", "`fgdata lint` says what its lines lack." if broken[path] else ""
                )
                for path in paths
            )
        )
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for column, cells in counted.items():
        counts[column] = {}
        for (value, path), count in sorted(cells.items()):
            counts[column].setdefault(value, {})[path] = count
    return DataStats(paths, rows, broken, len(texts), length / max(1, sum(rows.values())), counts)


def _short_names(files: Sequence[str]) -> list[str]:
    """The files' names without what they share."""
    names = [os.path.basename(file) for file in files]  # noqa: PTH119  # paths as given, not resolved
    return names if len(set(names)) == len(names) else list(files)
