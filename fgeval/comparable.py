"""Which runs may stand side by side: those that answered the same prompts in the same way and were scored by the same rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fgdata.errors import FgError, Problem, UsageError
from fgeval.predictions import list_differences
from fgeval.scores import ScoredRun

_REMEDY = "Run and score both on the same data, in the same way."
_LONGEST = 160


class NotComparableError(FgError):
    """Runs that no table may put side by side."""


def check_comparable(
    runs: Sequence[ScoredRun],
    where: Callable[[ScoredRun], str] = lambda run: f"--run {run.name}={run.folder}",
) -> None:
    """Raise NotComparableError, with every difference, unless all runs answer the same items under the same rules.

    Args:
        where: how a problem names the place where a run was given.
    """
    first = runs[0]
    NotComparableError.raise_if(
        Problem(where(other), f"cannot be compared with {first.name!r}: {_shortened(difference)}.", _REMEDY)
        for other in runs[1:]
        for difference in find_differences(first, other)
    )


def check_distinct(bases: Sequence[ScoredRun], news: Sequence[ScoredRun]) -> None:
    """Raise UsageError for a folder given twice, and for two of `news` with the same predictions: a copy is no second seed."""
    seen: dict[Path, str] = {}
    for run in (*bases, *news):
        folder = run.folder.resolve()
        if folder in seen:
            what = f"is given twice, as {seen[folder]!r} and as {run.name!r}."
            raise UsageError(Problem(str(run.folder), what, "A run says nothing about itself: give two."))
        seen[folder] = run.name
    predictions: dict[str, ScoredRun] = {}
    for run in news:
        sha256 = run.summary["predictions"]["sha256"]
        if sha256 in predictions:
            other = predictions[sha256]
            what = f"holds the very predictions of {str(other.folder)!r}."
            raise UsageError(Problem(str(run.folder), what, "One run counts once: leave one of them out."))
        predictions[sha256] = run


def find_differences(first: ScoredRun, other: ScoredRun) -> list[str]:
    """Where two runs differ in what must be the same: data, scoring rules, markers of asking, prompts, decoding, items. What a run does not say is
    no difference: `list_unknown` names it."""
    keys = ["data.sha256", "profile"]
    keys += [key for key in ("scorer", "ask_markers") if _known(first, other, key)]
    heads = [run.summary["run"] or {} for run in (first, other)]
    if all(head.get("prompts_sha256") for head in heads):
        keys.append("run.prompts_sha256")
    if all(heads) and not any(_is_recorded(head) for head in heads):
        keys.append("run.decoding")
    differences = list_differences(first.summary, other.summary, keys)
    if not differences and (odd := _ids(first) ^ _ids(other)):
        shown = ", ".join(map(repr, sorted(odd)[:3]))
        differences = [
            f"items: {len(first.rows)} there, {len(other.rows)} now, and not the same ones: only one has {shown}"
            + (f" and {len(odd) - 3} more" if len(odd) > 3 else "")
        ]
    return differences


def list_unknown(runs: Sequence[ScoredRun]) -> list[str]:
    """What of the conditions cannot be checked since a run does not say it, in sentences."""
    unknown = []
    for run in runs:
        head = run.summary["run"]
        if not head:
            unknown.append(
                f"{run.name}: no run.json lay beside its predictions, so nothing shows which model wrote them, from which "
                "prompts and how it decoded."
            )
        elif _is_recorded(head):
            unknown.append(f"{run.name}: recorded predictions; how they were decoded is not known.")
    return unknown


def _known(first: ScoredRun, other: ScoredRun, key: str) -> bool:
    return key in first.summary and key in other.summary


def _is_recorded(head: Mapping[str, Any]) -> bool:
    return bool((head.get("decoding") or {}).get("recorded"))


def _ids(run: ScoredRun) -> set[str]:
    return {row["id"] for row in run.rows}


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
