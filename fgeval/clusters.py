"""Intervals for rates of items that come in clusters: items of one template family are right or wrong together.

The rate is a ratio of two sums over clusters (right items, items). Its variance is the cluster-robust one with the CR2
correction of Bell and McCaffrey (2002), which undoes that few clusters fit their own mean; the interval is built on the logit scale,
so that it stays between 0 and 1 and leans the right way, with Student's t. The degrees of freedom are Satterthwaite's, under
a working correlation estimated from the data, or those that the spread of the clusters itself speaks for if they are fewer:
a handful of large or odd families then widens the interval. Where hardly anything is right, or wrong, two or three items carry
that estimate and it would run away; two bounds from Wilson's interval hold it (`_bound`). `benchmarks/intervals.py` shows what
all of this covers.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

FEW_CLUSTERS = 20
"""Below this number an interval by cluster is a rough guide, and whoever prints it says so."""


@dataclass(frozen=True, slots=True)
class ClusteredRate:
    """A rate with an interval that takes the items of a cluster for alike."""

    value: float | None
    """None where nothing applies: that is not 0 %."""
    low: float | None
    high: float | None
    n: float
    """What was counted: items, or arguments. A mean over several seeds need not be whole."""
    n_clusters: int
    design_effect: float | None
    """How many times the variance is that of independent items; None where every item is right, or none."""

    @property
    def is_rough(self) -> bool:
        """Whether the clusters are too few to rely on the interval."""
        return 0 < self.n_clusters < FEW_CLUSTERS

    def to_json(self) -> dict[str, Any]:
        """The rate as plain data."""
        return asdict(self)


def sum_by_cluster(
    right: Iterable[float], counted: Iterable[float], clusters: Sequence[Hashable]
) -> tuple[Floats, Floats]:
    """(G,) right and (G,) counted of every cluster in which something counts, in order of appearance."""
    numbers: dict[Hashable, int] = {}
    places = np.fromiter(
        (numbers.setdefault(name, len(numbers)) for name in clusters), np.intp, len(clusters)
    )
    sums: list[Floats] = [
        np.bincount(
            places, weights=np.fromiter(values, np.float64, len(clusters)), minlength=len(numbers)
        ).astype(np.float64)
        for values in (right, counted)
    ]
    used = sums[1] > 0
    return sums[0][used], sums[1][used]


def clustered_rate(right: Floats, counted: Floats, confidence: float = 0.95) -> ClusteredRate:
    """The rate over clusters.

    Args:
        right: (G,) what is right in each cluster.
        counted: (G,) what counts in each cluster, above 0.
    """
    n, n_clusters = float(counted.sum()), len(counted)
    if not n_clusters:
        return ClusteredRate(None, None, None, 0, 0, None)
    value = float(right.sum()) / n
    low, high = cluster_intervals(right[None], counted[None], confidence)
    variance = float(cr2_variance(right[None], counted[None])[0]) if n_clusters > 1 else math.nan
    independent = value * (1 - value) / n
    effect = variance / independent if independent > 0 and not math.isnan(variance) else None
    return ClusteredRate(value, float(low[0]), float(high[0]), n, n_clusters, effect)


def cr2_variance(right: Floats, counted: Floats) -> Floats:
    """(R,) CR2 variance of each row's rate; `right` and `counted` are (R, G), of R data sets of G clusters, G above 1."""
    size = counted.sum(axis=1)
    residuals = right - counted * (right.sum(axis=1) / size)[:, None]
    leverage = counted / size[:, None]
    variance: Floats = (residuals**2 / (1 - leverage)).sum(axis=1) / size**2
    return variance


def cluster_intervals(
    right: Floats, counted: Floats, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(R,) lower and (R,) upper ends of R data sets of G clusters each; `right` and `counted` are (R, G).

    Where every cluster is one item, or the clusters show no spread to estimate a variance from, it is Wilson's interval; in
    the second case every cluster counts as one item, the most cautious reading there is. Below 20 clusters the variance is at
    least that of independent items.
    """
    from scipy.special import expit, logit
    from scipy.stats import t as student

    counted = np.broadcast_to(counted, right.shape)
    n_clusters = right.shape[1]
    size = counted.sum(axis=1)
    rate = right.sum(axis=1) / size
    low, high = _wilson(rate, np.full_like(size, n_clusters), confidence)
    if n_clusters == 1:
        return low, high
    variance = cr2_variance(right, counted)
    if n_clusters < FEW_CLUSTERS:
        # Three families with nearly the same share would seem to know it to a point. Items are never better than independent.
        variance = np.maximum(variance, np.where(variance > 1e-15, rate * (1 - rate) / size, 0))
    spread = (counted != 1).any(axis=1) & (variance > 1e-15) & (rate > 0) & (rate < 1)
    if spread.any():
        p, v = rate[spread], variance[spread]
        quantile = student.ppf((1 + confidence) / 2, _degrees_of_freedom(right[spread], counted[spread]))
        half = quantile * np.sqrt(v) / (p * (1 - p))
        ends = expit(logit(p) - half), expit(logit(p) + half)
        low[spread], high[spread] = _bound(ends, p, v, counted[spread], confidence)
    return low, high


def _bound(
    ends: tuple[Floats, Floats], rate: Floats, variance: Floats, counted: Floats, confidence: float
) -> tuple[Floats, Floats]:
    """The ends held between two readings of the same clusters, neither of which takes a variance from a few right items.

    Never wider than if every cluster were right or wrong as a whole: items cannot be more alike. (One right item in 50 clusters has
    one degree of freedom, t = 12.7, and would end at 55 %.) And the upper end is never below where one right item would put it, the
    lower one never above where one wrong item would: else 5 % right would be surer to stay below 9 % than nothing right is.
    """
    size = counted.sum(axis=1)
    whole = np.minimum(rate * (1 - rate) / variance, size**2 / (counted**2).sum(axis=1))
    lowest, highest = _wilson(rate, whole, confidence)
    n_clusters = np.full_like(size, counted.shape[1])
    one_right = np.minimum(rate, 1 / size)
    one_wrong = np.minimum(1 - rate, 1 / size)
    return (
        np.minimum(np.maximum(ends[0], lowest), _wilson(1 - one_wrong, n_clusters, confidence)[0]),
        np.maximum(np.minimum(ends[1], highest), _wilson(one_right, n_clusters, confidence)[1]),
    )


def _wilson(rate: Floats, n: Floats, confidence: float) -> tuple[Floats, Floats]:
    from scipy.stats import norm

    z2 = float(norm.ppf((1 + confidence) / 2)) ** 2
    middle = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * (rate * (1 - rate) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    # At 0 and 1 rounding would leave 1e-18 where the formula says 0.
    return np.where(rate <= 0, 0.0, middle - half), np.where(rate >= 1, 1.0, middle + half)


def _degrees_of_freedom(right: Floats, counted: Floats) -> Floats:
    """(R,) Satterthwaite's degrees of freedom of the CR2 variance, the fewer of two estimates.

    The first follows from the sizes of the clusters and a working correlation. It takes residuals for normal; those of rates near 0
    or 1 are not, so the second asks their fourth powers.
    """
    size = counted.sum(axis=1)
    h = counted / size[:, None]
    weight = 1 / (1 - h)
    working = counted * (1 + (counted - 1) * intra_cluster_correlation(right, counted)[:, None])
    total = working.sum(axis=1)[:, None]
    # Covariance of the residuals: working[i] where i = j, less h[i] working[j] + h[j] working[i] - h[i] h[j] total.
    diagonal = weight * (working - 2 * h * working + h**2 * total)

    def weighted(values: Floats) -> Floats:
        summed: Floats = (weight * values).sum(axis=1)
        return summed

    hh, hw, ww, t = weighted(h * h), weighted(h * working), weighted(working**2), total[:, 0]
    shared = 2 * hh * ww + 2 * hw**2 + t**2 * hh**2 - 4 * t * hh * hw
    shared -= (weight**2 * (h**2 * total - 2 * h * working) ** 2).sum(axis=1)
    modelled = diagonal.sum(axis=1) ** 2 / (shared + (diagonal**2).sum(axis=1))
    squares = weight * (right - counted * (right.sum(axis=1) / size)[:, None]) ** 2
    summed = squares.sum(axis=1)
    expected = diagonal * (summed / diagonal.sum(axis=1))[:, None]
    excess = (squares**2).sum(axis=1) - (expected**2).sum(axis=1)
    with np.errstate(divide="ignore"):
        observed = np.where(excess > 0, 2 * summed**2 / np.maximum(excess, 1e-300), np.inf)
    chosen: Floats = np.maximum(np.minimum(modelled, observed), 1.0)
    return chosen


def intra_cluster_correlation(right: Floats, counted: Floats) -> Floats:
    """(R,) how alike the items of a cluster are, 0 to 1: the analysis-of-variance estimate, for (R, G) clusters."""
    n_clusters, size = right.shape[1], counted.sum(axis=1)
    rate = (right.sum(axis=1) / size)[:, None]
    between = ((right - counted * rate) ** 2 / counted).sum(axis=1) / (n_clusters - 1)
    within = (right * (counted - right) / counted).sum(axis=1) / np.maximum(size - n_clusters, 1)
    typical = (size - (counted**2).sum(axis=1) / size) / (n_clusters - 1)
    total = between + (typical - 1) * within
    found: Floats = np.clip(
        np.divide(between - within, total, out=np.zeros_like(total), where=total > 0), 0, 1
    )
    return found
