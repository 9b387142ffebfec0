"""What is wrong with data, anybody's: rows that cannot be learnt from, contradict each other or leak between files."""

from fgdata.linting.linter import lint, read_tools
from fgdata.linting.report import Finding, LintReport
from fgdata.linting.rules import LEVELS, RULES, SIMILARITY, Level, Rule, rules_markdown, rules_text

__all__ = [
    "LEVELS",
    "RULES",
    "SIMILARITY",
    "Finding",
    "Level",
    "LintReport",
    "Rule",
    "lint",
    "read_tools",
    "rules_markdown",
    "rules_text",
]
