"""The test report: scores of one or more runs as Markdown and one self-contained HTML page."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from fgdata.errors import Problem, UsageError
from fgdata.files import write_whole
from fgeval.comparable import NotComparableError, check_comparable
from fgeval.model_card import EVAL_RESULTS_FILE, MODEL_INDEX_FILE, CardScores, write_card
from fgeval.report.figures import FILTERS
from fgeval.report.language import LANGUAGES, Language, speak
from fgeval.report.robustness import read_robust
from fgeval.report.view import build_view
from fgeval.scores import ScoredRun

REPORT_FILES = ("report.md", "report.html")
DEFAULT_TITLE = "Function calling test report"

__all__ = [
    "DEFAULT_TITLE",
    "LANGUAGES",
    "REPORT_FILES",
    "NotComparableError",
    "check_comparable",
    "write_report",
]


def write_report(
    runs: Sequence[ScoredRun],
    out: str | os.PathLike[str],
    *,
    title: str = "",
    language: Language = "en",
    note: str = "",
    max_failures: int = 1000,
    card: CardScores | None = None,
    robust: Sequence[str | os.PathLike[str]] = (),
    overwrite: bool = False,
) -> dict[str, Any]:
    """What the report says, as data; `report.md` and `report.html` stand in `out`.

    Args:
        runs: the first is what the others are compared with.
        title: its heading; without one, `DEFAULT_TITLE` in the report's language.
        language: of headings, labels, sentences, reasons, warnings and rules of profiles; data stays as it is.
        note: a sentence shown at the top, e.g. what the model cannot stand for.
        robust: folders that `fgeval robust` wrote; their flip rates stand in the report.
        card: also write the metadata of a model card, for the last run; the first is its base.
        max_failures: failed items listed in the HTML; how many are left out is said.
    Raises: NotComparableError for runs, or flips of a run, that do not belong together; UsageError; DataError.
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
    if card is not None and len(runs) > 2:
        raise UsageError(
            Problem(
                "--card",
                f"{len(runs)} runs are given.",
                "A card is of one model: give its run, or base and its run.",
            )
        )
    if card is not None:
        card.check()
    flips = [read_robust(Path(one), runs) for one in robust]
    title = title or speak(language)(DEFAULT_TITLE)
    view = build_view(runs, title=title, note=note, max_failures=max_failures, language=language)
    view["robust"] = flips
    for name in REPORT_FILES:
        text = _environment(name, language).get_template(f"{name}.jinja").render(view)
        with write_whole(folder / name) as stream:
            # Half a surrogate pair, which a model's bytes may decode to, has no place in UTF-8.
            stream.write(text.encode("utf-8", "replace").decode())
    view["card_files"] = []
    if card is not None:
        write_card(folder, card, runs[-1], runs[0] if len(runs) == 2 else None)
        view["card_files"] = [MODEL_INDEX_FILE, EVAL_RESULTS_FILE]
    return view


def _environment(name: str, language: Language) -> Environment:
    environment = Environment(
        loader=PackageLoader("fgeval.report", "templates"),
        autoescape=name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= FILTERS
    environment.globals["_"] = speak(language, is_html=name.endswith(".html"))
    return environment
