"""The rates of a summary with the intervals that the report shows: by template family wherever the rows state families."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fgeval.clusters import Floats, clustered_rate, sum_by_cluster
from fgeval.scores import ScoredRun
from fgeval.tallies import METRICS, Row, Tally, tally_rows

_NAMES = {"precision": "argument_precision", "recall": "argument_recall"}
"""Metrics of the report that `METRICS` calls otherwise."""
_MORE: Mapping[str, tuple[Callable[[Row], float], Callable[[Row], float]]] = {
    "schema": (lambda row: row["schema"] is not None, lambda row: row["schema"]),
    "read": (lambda row: 1.0, lambda row: not row["parse_problems"]),
    "too_many": (lambda row: 1.0, lambda row: len(row["got"]) > len(row["expected"])),
    "too_few": (lambda row: bool(row["expected"]), lambda row: len(row["got"]) < len(row["expected"])),
    "call_precision": (lambda row: row["calls"]["got"], lambda row: row["calls"]["right"]),
    "call_recall": (lambda row: row["calls"]["expected"], lambda row: row["calls"]["right"]),
    "asked": (lambda row: row["due"] == "ask", lambda row: row["decided"] == "ask"),
}
"""What counts and what is right of the metrics that only the report shows."""


class FamilyRates:
    """Puts the interval by template family into the rates of one run."""

    def __init__(self, run: ScoredRun) -> None:
        self._rows = run.rows
        self._tally: Tally | None = None
        if any(row.get("family") for row in run.rows):
            self._tally = tally_rows(run.rows)

    def metric(self, name: str, rate: Mapping[str, Any]) -> Mapping[str, Any]:
        """The rate of a metric over all items."""
        sums = self._sums(_NAMES.get(name, name)) if self._tally else None
        return rate if sums is None else self._with_interval(rate, *sums)

    def part(self, by: str, value: str, rate: Mapping[str, Any]) -> Mapping[str, Any]:
        """Exact match in one slice. A single family is one cluster, which has no interval by family: its items' own stays."""
        if self._tally is None or by == "family" or by not in self._tally.slices:
            return rate
        right, counted = self._tally.counts["exact"]
        members = self._tally.members(by, value)
        return self._with_interval(rate, right * members, counted * members)

    def _sums(self, name: str) -> tuple[Floats, Floats] | None:
        assert self._tally is not None
        if name in METRICS:
            return self._tally.counts.get(name)
        of, right_of = _MORE[name]
        try:
            counted = np.array([float(of(row)) for row in self._rows])
            right = [float(right_of(row)) if n else 0.0 for row, n in zip(self._rows, counted, strict=True)]
        except (KeyError, TypeError):  # scores of a profile that does not judge this
            return None
        return np.array(right), counted

    def _with_interval(self, rate: Mapping[str, Any], right: Floats, counted: Floats) -> Mapping[str, Any]:
        assert self._tally is not None
        found = clustered_rate(*sum_by_cluster(right, counted, self._tally.clusters))
        # Lines do not say all that a summary counts: whether markers tell that a text asks, or what a later release added.
        if found.value is None or (round(right.sum()), round(found.n)) != (rate["k"], rate["n"]):
            return rate
        return {**rate, "low": found.low, "high": found.high, "n_clusters": found.n_clusters}
