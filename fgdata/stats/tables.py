"""The tables of `fgdata stats`: counts side by side, and texts beside those that people wrote."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from rich.markup import escape
from rich.table import Table

from fgdata.stats.endings import ENDING_CLASSES, NOT_PLACED
from fgdata.stats.human import HUMAN, REPORTED
from fgdata.stats.profile import DIVERSITY, SURFACE, Profile

_LEVELS = ("formal", "informal", "bare")
_PLAIN = frozenset({"mean_characters", "median_characters", "zlib_ratio"})
"""Measures that are no share."""


def count_table(column: str, values: Mapping[str, Mapping[str, int]], files: Sequence[str]) -> Table:
    """Rows by the values of a column, files side by side; files of one name are told apart by their folder."""
    title = "rows by number of calls" if column == "calls" else f"rows by {column}"
    table = Table(title=title, title_justify="left")
    table.add_column(column, overflow="fold")
    for name in _short_names(files):
        table.add_column(name, justify="right", overflow="fold")
    table.add_column("all", justify="right")
    table.add_column("share", justify="right")
    whole = sum(sum(by_file.values()) for by_file in values.values())
    for value, by_file in values.items():
        total = sum(by_file.values())
        cells = [str(by_file.get(file, 0)) for file in files]
        table.add_row(escape(value), *cells, str(total), f"{total / whole:.1%}")
    return table


def profile_tables(language: str, groups: Mapping[str, Profile]) -> list[Table]:
    """The texts of a language: their surface and variety, and for Korean the endings, each beside the human figures."""
    is_korean = language == "ko"
    profiles = list(groups.values()) + (list(HUMAN.values()) if is_korean else [])

    def head(title: str) -> Table:
        table = Table(title=title, title_justify="left")
        table.add_column("", overflow="fold")
        for name in (*groups, *(f"human: {name}" for name in HUMAN if is_korean)):
            table.add_column(name, justify="right")
        if is_korean:
            table.add_column("human: reported", justify="right")
        return table

    def line(table: Table, label: str, of: Callable[[Profile], str], reported: str | None = None) -> None:
        table.add_row(label, *(of(profile) for profile in profiles), *([reported or ""] if is_korean else []))

    surface = head(f"texts ({language})")
    line(surface, "rows", lambda profile: str(profile.rows), str(REPORTED["rows"]))
    for name, label in SURFACE.items():
        if any(name in profile.surface for profile in profiles):
            line(surface, label, lambda p, n=name: _cell(n, p.surface.get(n)), _cell(name, REPORTED["surface"].get(name)))  # type: ignore[misc]  # fmt: skip
    surface.add_section()
    line(surface, "variety, over the first", lambda profile: f"{profile.diversity_rows} rows")
    for name, label in DIVERSITY.items():
        line(surface, label, lambda p, n=name: _cell(n, p.diversity.get(n)))  # type: ignore[misc]
    tables = [surface]
    if is_korean:
        endings = head("endings (ko): shares of all rows; in each level, shares of the level")
        for level in _LEVELS:
            line(endings, f"[bold]{level}[/]", lambda p, n=level: f"{_level(p, n):.1%}")  # type: ignore[misc]
            names = [name for name in ENDING_CLASSES if name.startswith(f"{level} ")]
            for name in names if len(names) > 1 else ():
                label = f"  {ENDING_CLASSES[name]}"
                line(endings, label, lambda p, n=name: _of_level(p, n), _cell(name, REPORTED["endings"].get(name)))  # type: ignore[misc]  # fmt: skip
        line(endings, f"[bold]{NOT_PLACED}[/] by the classifier", lambda profile: f"{profile.not_placed:.1%}")
        tables.append(endings)
    first_words = Table(title=f"most frequent first words ({language})", title_justify="left")
    first_words.add_column("")
    first_words.add_column("first words, # for a number", overflow="fold")
    for name, profile in groups.items():
        words = (f"{escape(word)} {share:.1%}" for word, share in profile.openings.items())
        first_words.add_row(name, ", ".join(words))
    return [*tables, first_words]


def _level(profile: Profile, level: str) -> float:
    """Share of rows whose ending is of this level."""
    return sum(share for name, share in profile.endings.items() if name.startswith(f"{level} "))


def _of_level(profile: Profile, name: str) -> str:
    """The share of a class among the rows of its level."""
    whole = _level(profile, name.partition(" ")[0])
    return f"{profile.endings.get(name, 0.0) / whole:.1%}" if whole else ""


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return ""
    if name.startswith("distinct_") and name != "distinct_texts":
        return f"{value:.3f}"
    return f"{value:.1f}" if name in _PLAIN else f"{value:.1%}"


def _short_names(files: Sequence[str]) -> list[str]:
    """The files' names without what they share."""
    names = [os.path.basename(file) for file in files]  # noqa: PTH119  # paths as given, not resolved
    return names if len(set(names)) == len(names) else list(files)
