"""What was found, and its forms: tables for a terminal, JSON for programs, Markdown for a pull request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.markup import escape
from rich.table import Column, Table

from fgdata.dialects.detect import in_words
from fgdata.linting.rules import LEVELS, RULES, Level


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that is broken, and where."""

    rule: str
    file: str
    line: int
    """From 1; 0 for the file as a whole."""
    what: str

    @property
    def where(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}" if self.line else self.file

    @property
    def level(self) -> Level:
        """How grave it is."""
        return RULES[self.rule].level

    def to_json(self) -> dict[str, Any]:
        """The finding with its rule's reasons."""
        rule = RULES[self.rule]
        return {"rule": rule.id, "level": rule.level, "file": self.file, "line": self.line, "what": self.what, "why": rule.why, "remedy": rule.remedy}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LintReport:
    """What was found in some files."""

    rows: Mapping[str, int]
    """Rows that read, by file."""
    findings: tuple[Finding, ...]
    """By file, in the order given, and line."""
    layouts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """File -> layout -> rows that were read in it."""
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """File -> data set, configuration, split and commit, where the rows are from the Hub."""

    @property
    def is_clean(self) -> bool:
        """Whether there is no error; warnings and notes do not count."""
        return not self.fails("error")

    def fails(self, level: Level) -> bool:
        """Whether anything of this level, or graver, was found."""
        grave = LEVELS[: LEVELS.index(level) + 1]
        return any(finding.level in grave for finding in self.findings)

    @property
    def counts(self) -> dict[str, int]:
        """Findings by rule, in the order of `RULES`."""
        counted = Counter(finding.rule for finding in self.findings)
        return {name: counted[name] for name in RULES if counted[name]}

    @property
    def levels(self) -> dict[Level, int]:
        """Findings by level, gravest first."""
        counted = Counter(finding.level for finding in self.findings)
        return {level: counted[level] for level in LEVELS}

    @property
    def summary(self) -> str:
        """One line: how much was read, and what was found."""
        found = ", ".join(f"{count} {name}" for name, count in self.counts.items())
        levels = ", ".join(
            f"{count} {level}{'s' * (count != 1)}"
            for level, count in self.levels.items()
            if count or level == "error"
        )
        return f"{sum(self.rows.values())} rows in {len(self.rows)} files: {levels}{f' ({found})' if found else ''}."

    def layout_of(self, file: str) -> str:
        """The layouts of a file's rows in words: `native-text`, or `rows 90, native-text 10` if it mixes them."""
        return in_words(self.layouts.get(file, {}))

    def tables(self, limit: int) -> list[Table]:
        """A table for each rule that is broken, with why it hurts and what to do.

        Args:
            limit: places shown for each rule, the others counted; 0 for all.
        """
        tables = []
        for name, (found, more) in self._shown(limit).items():
            rule = RULES[name]
            table = Table(
                Column("where", overflow="fold", min_width=20),
                "what",
                title=escape(f"{name} ({rule.level}): {rule.why}\n→ {rule.remedy}"),
                title_justify="left",
            )
            for finding in found:
                table.add_row(escape(finding.where), escape(finding.what))
            if more:
                table.add_row("…", f"and {more} more (--limit 0 shows all)")
            tables.append(table)
        return tables

    def to_json(self) -> dict[str, Any]:
        """The report as JSON, all findings in it."""
        return {
            "rows": dict(self.rows),
            "layouts": {file: dict(found) for file, found in self.layouts.items()},
            **(
                {"sources": {file: dict(facts) for file, facts in self.sources.items()}}
                if self.sources
                else {}
            ),
            "is_clean": self.is_clean,
            "levels": dict(self.levels),
            "counts": self.counts,
            "findings": [finding.to_json() for finding in self.findings],
        }

    def to_markdown(self, limit: int) -> str:
        """The report as Markdown: files, then each rule that is broken with its reasons and places.

        Args:
            limit: places shown for each rule, the others counted; 0 for all.
        """
        lines = ["# Lint report", "", _inert(self.summary), "", "| file | rows | layout |", "|---|---:|---|"]
        lines += [
            f"| {_cell(file)} | {count} | {_cell(self.layout_of(file))} |"
            for file, count in self.rows.items()
        ]
        for file, facts in self.sources.items():
            named = f"{facts['dataset']}, {facts['config']}/{facts['split']}, revision {facts['revision']}"
            lines += ["", f"{_inert(file)} is {_inert(named)}."]
        for name, (found, more) in self._shown(limit).items():
            rule = RULES[name]
            lines += ["", f"## {name} ({rule.level}, {len(found) + more})", ""]
            lines += [
                f"{_inert(rule.why)} **What to do:** {_inert(rule.remedy)}",
                "",
                "| where | what |",
                "|---|---|",
            ]
            lines += [f"| {_cell(finding.where)} | {_cell(finding.what)} |" for finding in found]
            if more:
                lines.append(f"| … | and {more} more |")
        return "\n".join(lines) + "\n"

    def _shown(self, limit: int) -> dict[str, tuple[list[Finding], int]]:
        """Rule -> its first findings, and how many more there are."""
        by_rule: dict[str, list[Finding]] = {name: [] for name in self.counts}
        for finding in self.findings:
            by_rule[finding.rule].append(finding)
        return {
            name: (found[:limit], max(0, len(found) - limit)) if limit else (found, 0)
            for name, found in by_rule.items()
        }


_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>#|~"})


def _inert(text: str) -> str:
    """Text that Markdown prints as it stands: rows are other people's, and may hold links and tags."""
    return text.translate(_MARKS)


def _cell(text: str) -> str:
    return _inert(" ".join(text.split()))
