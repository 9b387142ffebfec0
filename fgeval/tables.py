"""Comparisons and verdicts as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.markup import escape
from rich.table import Table

from fgeval.clusters import ClusteredRate
from fgeval.compare import Comparison
from fgeval.gate import Verdict
from fgeval.paired import ENOUGH_CHANGED, PairedClusters
from fgeval.report.figures import p_value, percent, points
from fgeval.tallies import METRICS


def show_rate(rate: ClusteredRate) -> str:
    """A rate with its interval: `87.0% [84.1–89.5]`."""
    if rate.value is None or rate.low is None or rate.high is None:
        return "–"
    return f"{percent(rate.value)} [{100 * rate.low:.1f}–{100 * rate.high:.1f}]"


def show_difference(paired: PairedClusters) -> str:
    """A difference in points with its interval: `+58.7 [+52.1, +64.0]`."""
    return f"{points(paired.difference)} [{points(paired.low)}, {points(paired.high)}]"


def metric_table(comparison: Comparison) -> Table:
    """Every metric of base and new run, and the difference."""
    title = f"{comparison.new} against {comparison.base}"
    table = Table(title=escape(title), caption="intervals by template family; ↓: lower is better")
    table.add_column("metric")
    for name in (comparison.base, comparison.new, "points", "p"):
        table.add_column(escape(name), justify="right")
    for one in comparison.metrics:
        rule = METRICS[one.metric]
        cells = ["", ""]
        if one.paired is not None:
            cells = [show_difference(one.paired), p_value(one.paired.p_value)]
        label = f"{rule.label} ↓" if rule.is_error else rule.label
        table.add_row(label, *(escape(cell) for cell in (show_rate(one.base), show_rate(one.new), *cells)))
    return table


def slice_table(comparison: Comparison) -> Table | None:
    """Exact match by slice, p-values after Holm's correction; None if nothing was compared."""
    if not comparison.slices:
        return None
    table = Table(
        title="Exact match by slice; p after Holm's correction",
        caption=f"fewer than {ENOUGH_CHANGED} families cannot be tested: their number stands in place of p",
    )
    table.add_column("slice")
    for name in ("n", comparison.base, comparison.new, "points", "p"):
        table.add_column(escape(name), justify="right")
    for one in comparison.slices:
        cells = (
            f"{one.new.n:g}",
            show_rate(one.base),
            show_rate(one.new),
            *(
                (show_difference(one.paired), p_value(one.corrected))
                if one.corrected is not None
                else (points(one.paired.difference), f"{one.paired.n_clusters} families")
            ),
        )
        table.add_row(escape(f"{one.by}: {one.value}"), *map(escape, cells))
    return table


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """What stands under the tables, in sentences."""
    if comparison.mcnemar is not None:
        test = comparison.mcnemar
        yield f"{test.gained} items gained, {test.lost} lost; McNemar's exact test, items taken for independent: {p_value(test.p_value)}."
    if comparison.seeds is not None:
        seeds = comparison.seeds
        single = ", ".join(points(one) for one in seeds.differences)
        yield (
            f"Exact match of {seeds.n_seeds} seeds: {single} points, standard deviation {100 * seeds.standard_deviation:.1f}; "
            f"with seeds drawn as well as families [{points(seeds.low)}, {points(seeds.high)}]."
        )
    yield from comparison.notes
    if comparison.n_small:
        yield f"Slices with too few items, not shown: {comparison.n_small}."


def verdict_table(verdict: Verdict) -> Table:
    """Every check of a gate, failed ones first in red."""
    table = Table(title="Gate")
    for name in ("", "check", "what was found and what is asked for"):
        table.add_column(name)
    marks = {False: ("failed", "red"), True: ("passed", "green"), None: ("left out", "yellow")}
    order = {False: 0, None: 1, True: 2}
    for check in sorted(verdict.checks, key=lambda check: order[check.passed]):
        word, colour = marks[check.passed]
        table.add_row(f"[{colour}]{word}[/]", escape(f"{check.kind}: {check.name}"), escape(check.reason))
    return table
