"""Counts of data: rows by kind, intent, register, language, perturbation, number of calls and file; profiles of their texts."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from fgdata.dialects.files import RowFile
from fgdata.errors import DataError, Problem
from fgdata.example import Example
from fgdata.format import message_text
from fgdata.format.tokens import START_CALL
from fgdata.generator import utterance_key
from fgdata.stats.human import HUMAN, REPORTED, SOURCE
from fgdata.stats.profile import FIRST_ROWS, Profile, Tally, look_at
from fgdata.stats.tables import count_table, profile_tables

COLUMNS = ("kind", "intent", "register", "language", "perturbation", "layout", "calls")
NOT_STATED = "(not stated)"
_UNREMARKABLE = {"perturbation": {NOT_STATED}, "layout": {"rows"}}
"""Columns that are shown only where they say something."""
_HANGUL = re.compile("[가-힣]")


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
    """Column -> value -> file -> rows. `calls` counts the calls a row asks for."""
    profiles: dict[str, dict[str, Profile]]
    """Language -> "requests" (the rows that call) and "all rows" -> how their texts look. Rows that state no language and hold
    Hangul are taken for Korean."""

    @property
    def summary(self) -> str:
        """One line: rows, different texts, mean length."""
        return f"{sum(self.rows.values())} rows, {self.distinct} different utterances of {self.mean_length:.1f} characters on average."

    def to_json(self) -> dict[str, Any]:
        """Counts and profiles as JSON, the human figures beside them where there is Korean."""
        found: dict[str, Any] = {
            "files": {
                file: {"rows": self.rows[file], "broken_lines": self.broken[file]} for file in self.files
            },
            "rows": sum(self.rows.values()),
            "distinct_utterances": self.distinct,
            "mean_utterance_characters": round(self.mean_length, 2),
            "counts": self.counts,
            "texts": {
                language: {name: profile.to_json() for name, profile in groups.items()}
                for language, groups in self.profiles.items()
            },
        }
        if "ko" in self.profiles:
            measured = {name: profile.to_json() for name, profile in HUMAN.items()}
            found["human"] = {"source": SOURCE, "measured": measured, "reported": REPORTED}
        return found

    def tables(self) -> list[Table]:
        """A table for each column, files side by side, then the texts of each language; `perturbation` only where a row states it, `layout`
        only where a file has another than ours."""
        shown = {
            column: values
            for column, values in self.counts.items()
            if set(values) != _UNREMARKABLE.get(column)
        }
        found = [count_table(column, values, self.files) for column, values in shown.items()]
        for language, groups in self.profiles.items():
            found += profile_tables(language, groups)
        return found


class _Texts:
    """Tallies of one language's utterances."""

    def __init__(self, *, korean: bool, first: int) -> None:
        # Variety is compared at the size that the human lines had.
        self.requests = Tally(korean, min(first, HUMAN["requests"].diversity_rows))
        self.all = Tally(korean, first)

    def profiles(self) -> dict[str, Profile]:
        tallies = {"requests": self.requests, "all rows": self.all}
        return {name: tally.profile() for name, tally in tallies.items() if tally.lengths}


def count_rows(files: Sequence[str | os.PathLike[str]], first: int = FIRST_ROWS) -> DataStats:
    """The counts and profiles of some files in any layout, read as a stream.

    Args:
        first: rows of a language over which diversity is measured at most, from the first on.
    Raises: DataError if a file cannot be opened, or none of them has a row.
    """
    paths = tuple(dict.fromkeys(str(file) for file in files))
    rows, broken = dict.fromkeys(paths, 0), dict.fromkeys(paths, 0)
    counted: dict[str, Counter[tuple[str, str]]] = {column: Counter() for column in COLUMNS}
    texts: set[str] = set()
    tallies: dict[str, _Texts] = {}
    length = 0
    for path in paths:
        for item in RowFile(path).examples():
            if isinstance(item, DataError):
                broken[path] += 1
                continue
            rows[path] += 1
            utterance, n_calls = item.utterance, _count_calls(item)
            texts.add(utterance_key(utterance))
            length += len(utterance)
            for column in COLUMNS[:-1]:
                counted[column][getattr(item, column) or NOT_STATED, path] += 1
            counted["calls"][str(n_calls), path] += 1
            language = item.language or ("ko" if _HANGUL.search(utterance) else NOT_STATED)
            if language not in tallies:
                tallies[language] = _Texts(korean=language == "ko", first=first)
            look = look_at(utterance, korean=language == "ko")
            tallies[language].all.add(utterance, look)
            if n_calls:
                tallies[language].requests.add(utterance, look)
    if not any(rows.values()):
        remedies = {path: "`fgdata lint` says what its lines lack." if broken[path] else "" for path in paths}
        raise DataError(*(Problem(path, "has no rows.", remedy) for path, remedy in remedies.items()))
    return DataStats(
        files=paths,
        rows=rows,
        broken=broken,
        distinct=len(texts),
        mean_length=length / sum(rows.values()),
        counts={column: _by_value(cells) for column, cells in counted.items()},
        profiles={language: tallies[language].profiles() for language in sorted(tallies)},
    )


def _count_calls(example: Example) -> int:
    """How many calls the right completion makes; calls in text are counted by their opening, whether or not they read."""
    message = example.messages[-1]
    if calls := message.get("tool_calls"):
        return len(calls)
    return message_text(message.get("content")).count(START_CALL)


def _by_value(cells: Mapping[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    """(value, file) -> rows as value -> file -> rows, sorted."""
    found: dict[str, dict[str, int]] = {}
    for (value, path), count in sorted(cells.items()):
        found.setdefault(value, {})[path] = count
    return found
