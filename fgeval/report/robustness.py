"""Flip rates that `fgeval robust` wrote, as a report shows them beside the runs that they are of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fgdata.errors import DataError, Problem
from fgeval.clusters import FEW_CLUSTERS
from fgeval.comparable import NotComparableError
from fgeval.robust.flips import FLIPS_FILES
from fgeval.scores import ScoredRun


def read_robust(folder: Path, runs: Sequence[ScoredRun]) -> dict[str, Any]:
    """Flip rates by kind of twin, and which of `runs` they are of.

    Raises: DataError if the folder holds none; NotComparableError if another model than that of every run answered the twins.
    """
    file = folder / FLIPS_FILES[0]
    remedy = "Name a folder that `fgeval robust --out` wrote."
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        kinds: list[dict[str, Any]] = [
            {
                "kind": str(one["kind"]),
                "n": int(one["n_twins"]),
                "rates": [
                    {"value": None, **one["clustered"][name]}
                    for name in ("base", "worst", "flips", "flipped_items")
                ],
                "n_families": int(one["clustered"]["flips"]["n_clusters"]),
                "lost": int(one["lost"]),
                "gained": int(one["gained"]),
            }
            for one in content["kinds"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            Problem(str(file), f"is no result of `fgeval robust` ({error!r}).", remedy)
        ) from error
    head = content.get("run") or {}
    return {
        "name": folder.name,
        "profile": (content.get("profile") or {}).get("name"),
        "model": _model_of(head),
        "of": _runs_of(folder, head, runs),
        "kinds": kinds,
        "few": FEW_CLUSTERS,
        "rough": [one["kind"] for one in kinds if one["n_families"] < FEW_CLUSTERS],
    }


def _runs_of(folder: Path, head: Mapping[str, Any], runs: Sequence[ScoredRun]) -> list[str]:
    """Names of the runs whose model answered the twins; none where that cannot be told.

    Raises: NotComparableError if all runs say which model they are of, and it is another one.
    """
    heads = {run.name: run.summary["run"] or {} for run in runs}
    if not _identity(head):
        return []
    found = [name for name, other in heads.items() if _identity(other) == _identity(head)]
    if not found and all(map(_identity, heads.values())):
        known = "; ".join(f"{name}: {_model_of(other)}" for name, other in heads.items())
        what = f"is of {_model_of(head)}, which none of the runs is ({known})."
        raise NotComparableError(
            Problem(
                f"--robust {folder}", what, "Give the flips of a run that is reported, or report that run."
            )
        )
    return found


def _identity(head: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """What tells one model from another; None where a run does not say."""
    model = head.get("model_fingerprint") or head.get("model")
    return (model, head.get("adapter_sha256")) if model else None


def _model_of(head: Mapping[str, Any]) -> str:
    """Model and adapter in words; empty where a run does not say."""
    return " + ".join(str(head[key]) for key in ("model", "adapter") if head.get(key))
