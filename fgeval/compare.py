"""Base and other runs on the same items: each metric of both, the difference by template family, and the slices with Holm's correction.

No difference is made without the base's own rate beside it, and none of runs that are not comparable.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fgdata.errors import Problem, UsageError
from fgdata.files import write_whole
from fgeval.clusters import FEW_CLUSTERS, ClusteredRate
from fgeval.comparable import check_comparable, check_distinct, list_unknown
from fgeval.contamination import Contamination, find_contamination, mark_touched
from fgeval.paired import ENOUGH_CHANGED, PairedClusters, SeedSpread, compare_clusters, holm, pool_seeds
from fgeval.predictions import json_text
from fgeval.scores import ScoredRun
from fgeval.stats import PairedDifference, paired_difference
from fgeval.tallies import METRICS, SLICES, Tally, mean_tally

LEAST = 20
"""Items from which on a slice is compared; smaller ones are counted, and not shown."""


@dataclass(frozen=True, slots=True)
class MetricDifference:
    """One metric of base and new run."""

    metric: str
    base: ClusteredRate
    new: ClusteredRate
    paired: PairedClusters | None
    """None where the metric does not count the same in both runs (argument precision), or counts nothing."""


@dataclass(frozen=True, slots=True)
class SliceDifference:
    """Exact match in one slice."""

    by: str
    value: str
    base: ClusteredRate
    new: ClusteredRate
    paired: PairedClusters
    corrected: float | None
    """The p-value after Holm's correction over all slices that can be tested; None for one of too few families."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a run, or several seeds of one recipe, differs from the base."""

    base: str
    new: str
    n_seeds: int
    n: int
    metrics: tuple[MetricDifference, ...]
    slices: tuple[SliceDifference, ...]
    n_small: int
    """Slices with too few items to be compared."""
    seeds: SeedSpread | None
    """Of exact match; None for a single run."""
    mcnemar: PairedDifference | None
    """Of exact match, items taken for independent; None for several seeds."""
    warnings: tuple[str, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The comparison as plain data."""
        return asdict(self)


def compare_runs(
    base: ScoredRun,
    news: Sequence[ScoredRun],
    *,
    pool: bool = False,
    train: Sequence[str | os.PathLike[str]] = (),
    min_n: int = LEAST,
    confidence: float = 0.95,
) -> list[Comparison]:
    """A comparison with the base of every new run, or of all together.

    Args:
        pool: whether the new runs are seeds of one recipe: their mean is compared, and their spread told.
        train: training files; items are marked clean or touched by them, and both parts compared.
        min_n: fewest items of a slice that is shown.
    Raises: NotComparableError; UsageError for a run given twice; DataError for broken training rows.
    """
    if not news:
        raise UsageError(Problem("NEW", "is missing.", "Name the scores to compare with the base."))
    check_distinct([base], news)
    check_comparable([base, *news], where=lambda run: str(run.folder))
    found = None
    if train:
        found = find_contamination(base.rows, train)
        for run in (base, *news):
            mark_touched(run.rows, found)
    groups = [list(news)] if pool else [[run] for run in news]
    return [_compare(base, group, found, min_n, confidence) for group in groups]


def _compare(
    base: ScoredRun, group: list[ScoredRun], found: Contamination | None, min_n: int, confidence: float
) -> Comparison:
    first = mean_tally([base.rows])
    order = {name: place for place, name in enumerate(first.ids)}
    sorted_rows = [sorted(run.rows, key=lambda row: order[row["id"]]) for run in group]
    second = mean_tally([run.rows for run in group], first.ids)
    name = group[0].name if len(group) == 1 else f"mean of {len(group)} seeds"
    metrics = tuple(
        MetricDifference(
            metric,
            first.rate(metric, confidence=confidence),
            second.rate(metric, confidence=confidence),
            compare_clusters(*second.gained(first, metric), confidence=confidence)
            if METRICS[metric].is_paired
            else None,
        )
        for metric in METRICS
        if metric in first.counts and metric in second.counts
    )
    slices, n_small = _compare_slices(first, second, min_n, confidence)
    exact = metrics[0].paired
    seeds = mcnemar = None
    if len(group) == 1:
        mcnemar = paired_difference(
            [row["exact"] for row in base.rows], [row["exact"] for row in sorted_rows[0]]
        )
    elif exact is not None:
        rates = [sum(row["exact"] for row in rows) / len(rows) for rows in sorted_rows]
        start = sum(row["exact"] for row in base.rows) / len(base.rows)
        seeds = pool_seeds([rate - start for rate in rates], exact.standard_error, exact.n_clusters)
    return Comparison(
        base=base.name,
        new=name,
        n_seeds=len(group),
        n=len(first.ids),
        metrics=metrics,
        slices=slices,
        n_small=n_small,
        seeds=seeds,
        mcnemar=mcnemar,
        warnings=tuple(_warn(first, metrics[0].new)),
        notes=tuple(_note(first, metrics[0], [base, *group], found, confidence)),
    )


def _compare_slices(
    first: Tally, second: Tally, min_n: int, confidence: float
) -> tuple[tuple[SliceDifference, ...], int]:
    kept = []
    n_small = 0
    for by in SLICES:
        # A family is what is drawn, not a part to be told apart.
        values = first.values(by) if by in first.slices and by != "family" else []
        if len(values) < 2 and by != "contamination":  # one value: the whole once more
            continue
        for value in values:
            members = first.members(by, value)
            if members.sum() < min_n:
                n_small += 1
                continue
            paired = compare_clusters(*second.gained(first, "exact", members), confidence=confidence)
            assert paired is not None
            kept.append((by, value, members, paired))
    # `no call`, `0 calls` and one intent may be the very same items: one test, however often it is shown. What can never be
    # below .05, whatever comes out, is no test (Tarone 1990), and does not burden the others.
    distinct = {
        members.tobytes(): paired.p_value
        for _, _, members, paired in kept
        if paired.n_clusters >= ENOUGH_CHANGED
    }
    corrected_by = dict(zip(distinct, holm(list(distinct.values())), strict=True))
    return tuple(
        SliceDifference(
            by,
            value,
            first.rate("exact", members),
            second.rate("exact", members),
            paired,
            corrected_by.get(members.tobytes()),
        )
        for by, value, members, paired in kept
    ), n_small


def _warn(tally: Tally, exact: ClusteredRate) -> list[str]:
    warnings = []
    if exact.is_rough and tally.n_alone < len(tally.ids):
        warnings.append(
            f"only {exact.n_clusters} template families: below {FEW_CLUSTERS} the intervals and tests by family are a rough guide"
        )
    if tally.n_alone == len(tally.ids):
        warnings.append("no item states a template family: all are taken for independent")
    elif tally.n_alone:
        warnings.append(f"{tally.n_alone} items state no template family; each counts as one of its own")
    return warnings


def _note(
    tally: Tally,
    exact: MetricDifference,
    runs: Sequence[ScoredRun],
    found: Contamination | None,
    confidence: float,
) -> list[str]:
    kind = "items" if tally.n_alone == len(tally.ids) else "template families"
    notes = [f"{len(tally.ids):,} items in {exact.new.n_clusters:,} {kind}; {confidence:.0%} intervals."]
    effects = [
        f"{name} {rate.design_effect:.1f}"
        for name, rate in (("base", exact.base), ("new", exact.new))
        if rate.design_effect is not None
    ]
    if effects:
        notes.append(f"Design effect of exact match: {', '.join(effects)}.")
    if exact.paired is not None and exact.paired.detectable is not None:
        notes.append(
            f"A true difference in exact match of {100 * exact.paired.detectable:.1f} points would be found four times in five."
        )
    if found is not None:
        ways = ", ".join(f"{kind} {count}" for kind, count in found.to_json()["by"].items() if count)
        notes.append(
            f"{len(found.touched)} of {found.n} items are touched by the training rows"
            + (f" ({ways})." if ways else ".")
        )
    return notes + list_unknown(runs)


def write_comparisons(path: str | os.PathLike[str], comparisons: Sequence[Comparison]) -> None:
    """Write the comparisons as JSON. The file appears whole or not at all."""
    with write_whole(path) as stream:
        stream.write(json_text({"comparisons": [one.to_json() for one in comparisons]}))
