"""Rows for the linter's tests, and the short form of what it found."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fgdata.format import TRIGGER
from fgdata.linting import LintReport


def text_row(user: str, answer: str, **columns: Any) -> dict[str, Any]:
    """A row in native text without tools; an answer like `set_mode{...}` is wrapped as a call."""
    calls = answer.split("+") if "{" in answer else []
    content = "".join(f"<start_function_call>call:{call}<end_function_call>" for call in calls) or answer
    messages = [
        {"role": "developer", "content": TRIGGER},
        {"role": "user", "content": user},
        {"role": "assistant", "content": content},
    ]
    return {"messages": messages, **columns}


def write_rows(file: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """A JSONL file."""
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def found(report: LintReport, *rules: str) -> list[tuple[str, str, int]]:
    """Rule, file name and line of what was found, only of `rules` if any are named."""
    return [
        (finding.rule, Path(finding.file).name, finding.line)
        for finding in report.findings
        if not rules or finding.rule in rules
    ]
