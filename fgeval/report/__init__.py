"""The test report: scores of one or more runs as Markdown and one self-contained HTML page."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from fgdata.errors import FgError, Problem, UsageError
from fgdata.files import write_whole
from fgeval.predictions import list_differences
from fgeval.report.view import FILTERS, build_view
from fgeval.scores import ScoredRun

REPORT_FILES = ("report.md", "report.html")
DEFAULT_TITLE = "Function calling test report"


class NotComparableError(FgError):
    """Runs that no table may put side by side."""


def check_comparable(runs: Sequence[ScoredRun]) -> None:
    """Raise NotComparableError, with every difference, unless all runs answer the same items under the same rules."""
    first = runs[0]
    problems = []
    for other in runs[1:]:
        keys = ["data.sha256", "profile.name"]
        if first.summary["run"] and other.summary["run"]:
            keys.append("run.prompts_sha256")
            if not any((run.summary["run"].get("decoding") or {}).get("recorded") for run in (first, other)):
                keys.append("run.decoding")
        differences = list_differences(first.summary, other.summary, keys)
        if not differences and {row["id"] for row in first.rows} != {row["id"] for row in other.rows}:
            differences = [f"items: {len(first.rows)} there, {len(other.rows)} now, and not the same ones"]
        problems += [
            Problem(
                f"--run {other.name}={other.folder}",
                f"cannot be compared with {first.name!r}: {difference}.",
                "Run and score both on the same data, in the same way.",
            )
            for difference in differences
        ]
    NotComparableError.raise_if(problems)


def write_report(
    runs: Sequence[ScoredRun],
    out: str | os.PathLike[str],
    *,
    title: str = DEFAULT_TITLE,
    note: str = "",
    max_failures: int = 1000,
    overwrite: bool = False,
) -> dict[str, Any]:
    """What the report says, as data; `report.md` and `report.html` stand in `out`.

    Args:
        runs: the first is what the others are compared with.
        note: a sentence shown at the top, e.g. what the model cannot stand for.
        max_failures: failed items listed in the HTML; how many are left out is said.
    Raises: NotComparableError, UsageError.
    """
    if len({run.name for run in runs}) < len(runs):
        raise UsageError(
            Problem("--run", "two runs have the same name.", "Give every run its own: --run base=DIR.")
        )
    check_comparable(runs)
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise UsageError(Problem("--out", f"{str(folder)!r} is a file.", "Name a folder."))
    if not overwrite:
        UsageError.raise_if(
            Problem(
                "--out",
                f"{str(folder)!r} holds a {name} already.",
                "Add --overwrite, or choose another folder.",
            )
            for name in REPORT_FILES
            if (folder / name).exists()
        )
    view = build_view(runs, title=title, note=note, max_failures=max_failures)
    for name in REPORT_FILES:
        text = _environment(name).get_template(f"{name}.jinja").render(view)
        with write_whole(folder / name) as stream:
            # Half a surrogate pair, which a model's bytes may decode to, has no place in UTF-8.
            stream.write(text.encode("utf-8", "replace").decode())
    return view


def _environment(name: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("fgeval.report", "templates"),
        autoescape=name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= FILTERS
    return environment
