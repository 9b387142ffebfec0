"""What each scored item adds to each metric. The only reader of the lines of `scores.jsonl` outside the report.

Every metric is a ratio of two sums: what is right over what counts. That one form serves intervals, comparisons and the gate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from fgeval.clusters import ClusteredRate, Floats, clustered_rate, sum_by_cluster
from fgeval.metrics import argument_types

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MetricRule:
    """How a metric is taken from a line of scores."""

    label: str
    counted: Callable[[Row], float]
    """How much the item counts: 0 where the metric does not apply to it."""
    right: Callable[[Row], float]
    """How much of that is right (of errors: how much went wrong). Only asked where it counts."""
    is_error: bool = False
    """Whether less is better."""
    is_paired: bool = True
    """Whether the same items count in every run, so that two runs can be compared item by item."""


def _argument(row: Row, name: str) -> float:
    return float(row["arguments"][name])


METRICS: dict[str, MetricRule] = {
    "exact": MetricRule("Exact match", lambda row: 1.0, lambda row: row["exact"]),
    "tool_names": MetricRule(
        "Right tools", lambda row: row["tool_names"] is not None, lambda row: row["tool_names"]
    ),
    "decision": MetricRule(
        "Call or no call", lambda row: row["decision"] is not None, lambda row: row["decision"]
    ),
    "argument_recall": MetricRule(
        "Argument recall", lambda row: _argument(row, "expected"), lambda row: _argument(row, "right")
    ),
    "argument_precision": MetricRule(
        "Argument precision",
        lambda row: _argument(row, "got"),
        lambda row: _argument(row, "right"),
        is_paired=False,
    ),
    "over_call": MetricRule(
        "Called needlessly", lambda row: not row["expected"], lambda row: bool(row["got"]), is_error=True
    ),
    "missed_call": MetricRule(
        "Failed to call", lambda row: bool(row["expected"]), lambda row: not row["got"], is_error=True
    ),
}
"""By name, in the order in which they are shown."""


def _stated(name: str, row: Row) -> Sequence[str]:
    return [row[name]] if row.get(name) else []


SLICES: dict[str, Callable[[Row], Sequence[str]]] = {
    "tool": lambda row: sorted({call["name"] for call in row["expected"]}) or ["no call"],
    "number_of_calls": lambda row: [str(len(row["expected"]))],
    **{name: partial(_stated, name) for name in ("kind", "intent", "family", "register", "language")},
    "perturbation": lambda row: row["perturbation"].split("+") if row.get("perturbation") else ["none"],
    "argument_type": lambda row: argument_types(call["arguments"] for call in row["expected"]),
    "number_of_tools": lambda row: [str(row["number_of_tools"])] if row.get("number_of_tools") else [],
    "split": partial(_stated, "split"),
    "values": partial(_stated, "values_seen"),
    "contamination": lambda row: [] if "touched" not in row else ["touched" if row["touched"] else "clean"],
}
"""What metrics can be broken down by: the values of a line, none where it does not say."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The items of a run, or the mean over several runs, as sums."""

    ids: tuple[str, ...]
    clusters: tuple[str, ...]
    """Template family of each item; an item that states none is a cluster of its own."""
    n_alone: int
    """Items that state no family."""
    counts: dict[str, tuple[Floats, Floats]]
    """Metric -> (n,) right and (n,) counted."""
    slices: dict[str, tuple[Sequence[str], ...]]
    """Slice -> values of each item."""

    def rate(self, metric: str, only: Floats | None = None, confidence: float = 0.95) -> ClusteredRate:
        """A metric with its interval by family.

        Args:
            only: (n,) weights 0 or 1 of the items that count; all do if it is missing.
        """
        return clustered_rate(*self._sums(*self.counts[metric], only), confidence)

    def gained(self, base: Tally, metric: str, only: Floats | None = None) -> tuple[Floats, Floats]:
        """(G,) what this run has right in each family less what `base` has, and (G,) what counts there."""
        right, counted = self.counts[metric]
        return self._sums(right - base.counts[metric][0], counted, only)

    def members(self, by: str, value: str) -> Floats:
        """(n,) 1 for the items with this value of a slice."""
        return np.array([value in values for values in self.slices[by]], dtype=np.float64)

    def values(self, by: str) -> list[str]:
        """The values of a slice that occur, sorted."""
        return sorted({value for values in self.slices[by] for value in values})

    def _sums(self, right: Floats, counted: Floats, only: Floats | None) -> tuple[Floats, Floats]:
        if only is not None:
            right, counted = right * only, counted * only
        return sum_by_cluster(right, counted, self.clusters)


def tally_rows(rows: Sequence[Row]) -> Tally:
    """The tally of the lines of one `scores.jsonl`. A metric that no line states is left out."""
    counts = {}
    for name, rule in METRICS.items():
        try:
            counted = np.array([float(rule.counted(row)) for row in rows])
            right = np.array(
                [float(rule.right(row)) if n else 0.0 for row, n in zip(rows, counted, strict=True)]
            )
        except (KeyError, TypeError):  # scores of a profile that does not judge this
            continue
        counts[name] = (right, counted)
    slices = {}
    for name, values_of in SLICES.items():
        try:
            slices[name] = tuple(values_of(row) for row in rows)
        except (KeyError, TypeError):
            continue
    return Tally(
        ids=tuple(row["id"] for row in rows),
        clusters=tuple(map(cluster_of, rows)),
        n_alone=sum(not row.get("family") for row in rows),
        counts=counts,
        slices=slices,
    )


def cluster_of(row: Row) -> str:
    """The template family of a line of scores; one that states none is a cluster of its own."""
    return f"{row.get('pack', '')}/{row['family']}" if row.get("family") else f"\0{row['id']}"


def mean_tally(runs: Sequence[Sequence[Row]], order: Sequence[str] = ()) -> Tally:
    """The tally of several runs on the same items: what is right, averaged over them.

    Args:
        order: ids of the items in the order in which they shall stand; that of the first run if it is missing.
    """
    tallies = []
    order = order or [row["id"] for row in runs[0]]
    for rows in runs:
        by_id = {row["id"]: row for row in rows}
        tallies.append(tally_rows([by_id[name] for name in order]))
    first = tallies[0]
    if len(tallies) == 1:
        return first
    counts = {}
    for name in first.counts:
        if METRICS[name].is_paired and all(name in one.counts for one in tallies):
            right = np.mean([one.counts[name][0] for one in tallies], axis=0)
            counts[name] = (right, first.counts[name][1])
    return Tally(first.ids, first.clusters, first.n_alone, counts, first.slices)
