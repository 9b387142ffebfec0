"""What `summary.json` says beyond independent items: rates by template family, and clean and touched items apart."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fgeval.clusters import FEW_CLUSTERS
from fgeval.contamination import find_contamination, mark_touched
from fgeval.tallies import tally_rows


def describe_rows(
    rows: Sequence[dict[str, Any]], train: Sequence[str | os.PathLike[str]] = ()
) -> dict[str, Any]:
    """`clustered`, and with training files `contamination`, as they stand in `summary.json`; the rows are marked in place.

    Args:
        rows: lines of scores.
    Raises: DataError for broken training rows; UsageError for a training file without any.
    """
    found = find_contamination(rows, train) if train else None
    if found is not None:
        mark_touched(rows, found)
    tally = tally_rows(rows)
    described: dict[str, Any] = {
        "clustered": {metric: tally.rate(metric).to_json() for metric in tally.counts}
        | {"n_alone": tally.n_alone}
    }
    if found is not None:
        exact = {
            part: tally.rate("exact", tally.members("contamination", part)).to_json()
            for part in ("clean", "touched")
        }
        described["contamination"] = found.to_json() | {"exact": exact}
    return described


def summary_lines(summary: Mapping[str, Any]) -> Iterator[str]:
    """What of it a person is told after scoring."""
    exact, n = summary["clustered"]["exact"], summary["n"]
    if summary["clustered"]["n_alone"] < n:
        effect = exact["design_effect"]
        tail = f", design effect {effect:.1f}" if effect is not None else ""
        rough = (
            f"; fewer than {FEW_CLUSTERS} families: a rough guide"
            if exact["n_clusters"] < FEW_CLUSTERS
            else ""
        )
        yield f"By template family ({exact['n_clusters']} of them{tail}): {_range(exact)}{rough}"
    if "contamination" in summary:
        for part, rate in summary["contamination"]["exact"].items():
            value = f"exact match {100 * rate['value']:.1f}% ({_range(rate)})" if rate["n"] else "none"
            yield f"Items {'clean of' if part == 'clean' else 'touched by'} the training rows: {rate['n']:g}, {value}"


def _range(rate: Mapping[str, Any]) -> str:
    return f"{100 * rate['low']:.1f}–{100 * rate['high']:.1f}%"
