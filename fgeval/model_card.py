"""What a model card on the hub says of scores: the `model-index` block of its README, and a file for `.eval_results/`.

Every value has its n, its interval by template family and its scoring profile beside it, and the base's value where there is a base.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fgdata.errors import Problem, UsageError
from fgdata.files import write_whole
from fgeval.clusters import ClusteredRate
from fgeval.comparable import check_comparable
from fgeval.scores import ScoredRun
from fgeval.tallies import METRICS, tally_rows

MODEL_INDEX_FILE = "model-index.yaml"
EVAL_RESULTS_FILE = "eval-results.yaml"
CARD_METRICS = (
    "exact",
    "tool_names",
    "decision",
    "argument_precision",
    "argument_recall",
    "over_call",
    "missed_call",
)
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True)
class CardScores:
    """The scores of a model as its card shall name them."""

    model: str
    """What the card calls the model."""
    dataset: str
    """The data set on the hub that holds the items: `owner/name`; or, with `is_file`, the name of their file."""
    split: str = "test"
    revision: str | None = None
    """Commit of the data set."""
    source_url: str | None = None
    """Where a reader finds the report."""
    config: str | None = None
    """Configuration of the data set."""
    is_file: bool = False
    """Whether the items are of a file that nobody else has: then there is no file for `.eval_results/`, which asks for a data set."""

    @classmethod
    def of_run(cls, model: str, run: ScoredRun) -> CardScores:
        """What the run's own record says of its items."""
        data: Mapping[str, Any] = run.summary["data"]
        if data.get("dataset"):
            return cls(model, data["dataset"], data["split"], data["revision"], config=data["config"])
        return cls(model, str(data["file"]).replace("\\", "/").rpartition("/")[2], is_file=True)

    @property
    def place(self) -> dict[str, str]:
        """The items' place as `model-index` names it."""
        if self.is_file:
            return {"name": self.dataset, "type": "custom"}
        known = {"config": self.config, "split": self.split, "revision": self.revision}
        return {"name": self.dataset, "type": self.dataset} | {
            key: text for key, text in known.items() if text
        }

    def check(self) -> None:
        """Raise UsageError for what the hub would not take."""
        problems = []
        if not self.is_file and not _REPOSITORY.fullmatch(self.dataset):
            what = f"{self.dataset!r} is no data set on the hub."
            problems.append(Problem("--dataset", what, "Write OWNER/NAME."))
        if not self.model.strip():
            problems.append(Problem("--card", "is empty.", "Name the model."))
        if self.source_url is not None and not self.source_url.startswith("https://"):
            problems.append(Problem("--source-url", f"{self.source_url!r} is no https:// address."))
        UsageError.raise_if(problems)


def model_index(card: CardScores, run: ScoredRun, base: ScoredRun | None = None) -> list[dict[str, Any]]:
    """The `model-index` entry of a model card's metadata.

    Raises: NotComparableError if the base was not run and scored in the same way; UsageError.
    """
    results = _results(card, run, base)
    entry: dict[str, Any] = {
        "task": {"type": "text-generation", "name": "Function calling"},
        "dataset": card.place,
        "metrics": [
            {
                "type": f"fgeval_{name}",
                "value": value,
                "name": f"{METRICS[name].label} ({note})",
                "args": arguments,
            }
            for name, value, note, arguments in results
        ],
    }
    if card.source_url:
        entry["source"] = {"name": "fgeval report", "url": card.source_url}
    return [{"name": card.model, "results": [entry]}]


def eval_results(card: CardScores, run: ScoredRun, base: ScoredRun | None = None) -> list[dict[str, Any]]:
    """The entries of a file for the `.eval_results/` folder of a model on the hub; none if the items are not on the hub.

    Raises: NotComparableError if the base was not run and scored in the same way; UsageError.
    """
    if card.is_file:
        return []
    dataset = {"id": card.dataset} | ({"revision": card.revision} if card.revision else {})
    source = {"source": {"url": card.source_url, "name": "fgeval report"}} if card.source_url else {}
    return [
        {
            "dataset": dataset | {"task_id": f"{card.split}_{name}"},
            "value": value,
            **source,
            "notes": f"configuration {card.config}; {note}" if card.config else note,
        }
        for name, value, note, _ in _results(card, run, base)
    ]


def write_card(
    folder: str | os.PathLike[str], card: CardScores, run: ScoredRun, base: ScoredRun | None = None
) -> None:
    """Write `model-index.yaml`, whose content goes into the card's metadata, and `eval-results.yaml`, for `.eval_results/`."""
    contents = {
        MODEL_INDEX_FILE: {"model-index": model_index(card, run, base)},
        EVAL_RESULTS_FILE: eval_results(card, run, base),
    }
    for name, content in contents.items():
        with write_whole(Path(folder) / name) as stream:
            yaml.safe_dump(content, stream, allow_unicode=True, sort_keys=False, width=120)


def _results(
    card: CardScores, run: ScoredRun, base: ScoredRun | None
) -> list[tuple[str, float, str, dict[str, Any]]]:
    """Metric, value, note and figures of everything that the items speak to."""
    card.check()
    if base is not None:
        check_comparable([base, run])
    first = card_rates(base) if base is not None else {}
    found = []
    for name, rate in card_rates(run).items():
        before = first.get(name)
        found.append(
            (name, round(rate.value or 0.0, 4), _note(name, rate, before, run, base), _figures(rate, before))
        )
    return found


def card_rates(run: ScoredRun) -> dict[str, ClusteredRate]:
    """The rates of `CARD_METRICS` that the run's items speak to."""
    tally = tally_rows(run.rows)
    rates = {name: tally.rate(name) for name in CARD_METRICS if name in tally.counts}
    return {name: rate for name, rate in rates.items() if rate.value is not None}


def _note(
    name: str, rate: ClusteredRate, before: ClusteredRate | None, run: ScoredRun, base: ScoredRun | None
) -> str:
    counted = "arguments" if name.startswith("argument") else "items"
    parts = [
        f"n={rate.n:g} {counted} in {rate.n_clusters} clusters",
        f"95% interval {_range(rate)} by template family",
        f"profile {run.summary['profile']['name']}",
    ]
    if METRICS[name].is_error:
        parts.insert(0, "lower is better")
    if before is not None and base is not None:
        parts.append(f"base {base.name}: {before.value:.4f} ({_range(before)}) on the same items")
    if rate.is_rough:
        parts.append("few clusters: the interval is a rough guide")
    return "; ".join(parts)


def _range(rate: ClusteredRate) -> str:
    return f"{rate.low:.4f} to {rate.high:.4f}"


def _figures(rate: ClusteredRate, before: ClusteredRate | None) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "n": round(rate.n, 3),
        "n_clusters": rate.n_clusters,
        "low": round(rate.low or 0.0, 4),
        "high": round(rate.high or 0.0, 4),
    }
    if before is not None:
        figures["base"] = round(before.value or 0.0, 4)
    return figures
