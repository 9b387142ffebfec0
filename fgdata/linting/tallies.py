"""Counts of rows, and what they tell when all rows were seen: shares, spellings and scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fgdata.linting.report import Finding
from fgdata.linting.rows import Row
from fgdata.linting.rules import FEWEST_CALLS, FEWEST_VALUES, RARE_SCRIPT, SEVERAL
from fgdata.linting.toolsets import script_of

Place = tuple[str, int]
"""File and line."""


@dataclass(slots=True)
class _Script:
    """Values of one parameter by their script."""

    n_latin: int = 0
    n_other: int = 0
    first: dict[str, tuple[int, str, int]] = field(default_factory=dict)
    """File -> line and value of the first that is not Latin, and how many there are."""


@dataclass(slots=True)
class Tallies:
    """What was counted so far, over all files."""

    first_style: dict[tuple[str, str], int] = field(default_factory=dict)
    """How values are written, file -> the first line that writes them so."""
    styles: Counter[tuple[str, str]] = field(default_factory=Counter)
    unchecked: Counter[str] = field(default_factory=Counter)
    scripts: dict[tuple[str, str], _Script] = field(default_factory=dict)
    n_calling: int = 0
    n_several: int = 0
    n_without: int = 0

    def add(self, row: Row) -> None:
        """Count a row."""
        if row.calls:
            self.n_calling += 1
            self.n_several += len(row.calls) > 1
            if row.tool_set.tools is None:
                self.unchecked[row.file] += 1
        elif not row.problems:
            self.n_without += 1
        if row.values in ("bare", "escaped"):
            self.styles[row.values, row.file] += 1
            self.first_style.setdefault((row.values, row.file), row.line)
        for call in row.typed_calls:
            for name, value in call.arguments.items():
                if (
                    isinstance(value, str)
                    and (script := script_of(value))
                    and not _is_listed(row, call.name, name)
                ):
                    self._count_script(row, (call.name, name), value, is_latin=script == "latin")

    def _count_script(self, row: Row, parameter: tuple[str, str], value: str, *, is_latin: bool) -> None:
        counted = self.scripts.setdefault(parameter, _Script())
        if is_latin:
            counted.n_latin += 1
            return
        counted.n_other += 1
        line, first, count = counted.first.get(row.file, (row.line, value, 0))
        counted.first[row.file] = (line, first, count + 1)

    def closing_findings(self, files: Sequence[str]) -> Iterator[Finding]:
        """What shows only when all rows were seen."""
        yield from self._spellings()
        yield from self._odd_scripts()
        for file, count in self.unchecked.items():
            yield Finding("unchecked-calls", file, 0, f"{count} rows have calls and no tools.")
        if self.n_calling and not self.n_without:
            yield Finding("no-no-call-rows", files[0], 0, f"all {self.n_calling} rows call a tool.")
        if self.n_calling >= FEWEST_CALLS and self.n_several < SEVERAL * self.n_calling:
            what = f"{self.n_several} of {self.n_calling} rows with calls make several."
            yield Finding("few-several-calls", files[0], 0, what)

    def _spellings(self) -> Iterator[Finding]:
        totals = Counter({"bare": 0, "escaped": 0})
        for (style, _), count in self.styles.items():
            totals[style] += count
        rarer, other = sorted(totals, key=lambda style: (totals[style], style))
        for (style, file), line in self.first_style.items():
            count = self.styles[style, file]
            if totals[rarer] and style == rarer:
                what = f"{count} rows write values {rarer}, of which this is the first; {totals[other]} write them {other}."
                yield Finding("mixed-values", file, line, what)
            elif not totals["bare"]:
                what = f"{count} rows write numbers or booleans, all inside <escape>; this is the first."
                yield Finding("escaped-values", file, line, what)

    def _odd_scripts(self) -> Iterator[Finding]:
        for (tool, name), counted in self.scripts.items():
            total = counted.n_latin + counted.n_other
            if total < FEWEST_VALUES or not 0 < counted.n_other <= RARE_SCRIPT * total:
                continue
            for file, (line, value, count) in counted.first.items():
                what = f"{tool}.{name} is {value[:60]!r} here, Latin in {counted.n_latin} of {total} rows; {count} such values in this file."
                yield Finding("odd-script", file, line, what)


def _is_listed(row: Row, tool: str, name: str) -> bool:
    """Whether the schema lists the parameter's values: then another rule speaks of them."""
    known = (row.tool_set.tools or {}).get(tool)
    return known is not None and any(
        parameter.name == name and isinstance(parameter.schema, Mapping) and "enum" in parameter.schema
        for parameter in known.parameters
    )
