"""Two runs on the same items: the difference with its interval, a test, what the test could have found, and many tests at once.

The test is the paired cluster bootstrap in its wild form: the difference of every template family is kept whole and only its sign is
drawn anew (Rademacher weights; Cameron, Gelbach and Miller 2008), since under the null hypothesis neither run has
a claim to the plus. With every item its own cluster it is McNemar's exact test. The interval holds every
difference that the test does not reject, so that the two cannot contradict each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fgeval.clusters import Floats, cr2_variance
from fgeval.stats import wilson

DRAWS = 9_999
"""Sign patterns drawn; with fewer possible ones than that, each is taken once."""
SEED = 20_240_501
"""Of the sign patterns: the same files give the same figures."""
ENOUGH_CHANGED = 6
"""Families that must differ between two runs for the sign test to be able to find anything: 2 / 2**6 is below .05."""
_TIE = 1e-9
"""Sums of fractions that are equal on paper differ by rounding; they count as equal."""
_BLOCK = 2_000_000


@dataclass(frozen=True, slots=True)
class PairedClusters:
    """How a second run differs from a first one on the same items, by cluster."""

    difference: float
    """Second minus first."""
    low: float
    high: float
    """Ends of the interval; -1 and 1 where the clusters are too few to rule anything out."""
    p_value: float
    n: float
    n_clusters: int
    standard_error: float | None
    """CR2; None for one cluster."""
    detectable: float | None
    """Smallest true difference that this comparison would have found four times in five; None without any spread."""

    def to_json(self) -> dict[str, Any]:
        """The comparison as plain data."""
        return asdict(self)


def compare_clusters(
    gained: Floats, counted: Floats, *, confidence: float = 0.95, draws: int = DRAWS, seed: int = SEED
) -> PairedClusters | None:
    """The paired comparison; None if nothing counts.

    Args:
        gained: (G,) what the second run has right in a cluster, less what the first has.
        counted: (G,) what counts in each cluster, above 0.
    """
    n_clusters = len(counted)
    if not n_clusters:
        return None
    size = float(counted.sum())
    signed, plain = flip_sums(gained[None], counted, draws, seed)
    p_values, lower, upper = flip_test(
        gained[None], counted, signed, plain, 1 - confidence, drawn=len(plain) == draws
    )
    low, high = float(lower[0]), float(upper[0])
    if (sparse := _sparse_ends(gained, counted, confidence)) is not None:
        low, high = max(-1.0, min(low, sparse[0])), min(1.0, max(high, sparse[1]))
    error = math.sqrt(float(cr2_variance(gained[None], counted[None])[0])) if n_clusters > 1 else None
    return PairedClusters(
        difference=float(gained.sum()) / size,
        low=low,
        high=high,
        p_value=float(p_values[0]),
        n=size,
        n_clusters=n_clusters,
        standard_error=error,
        detectable=minimum_detectable_effect(error, n_clusters, confidence=confidence) if error else None,
    )


def _sparse_ends(gained: Floats, counted: Floats, confidence: float) -> tuple[float, float] | None:
    """Ends for a comparison in which so few families change that signs tell nothing; None for all others.

    That nothing changed in 40 families does not say that nothing would change in 4,000: Wilson's interval for the share of families that
    change either way, times how much of a family changes, as if one more had changed as a whole.
    """
    shares = gained / counted
    won, lost = int((shares > 0).sum()), int((shares < 0).sum())
    if won + lost >= ENOUGH_CHANGED:
        return None
    much = (float(np.abs(shares).sum()) + 1) / (won + lost + 1)
    gain, loss = wilson(won, len(counted), confidence), wilson(lost, len(counted), confidence)
    return much * (gain[0] - loss[1]), much * (gain[1] - loss[0])


def flip_sums(gained: Floats, counted: Floats, draws: int = DRAWS, seed: int = SEED) -> tuple[Floats, Floats]:
    """(R, draws) sums of `gained` and (draws,) sums of `counted` under each sign pattern.

    If there are not more patterns than `draws`, each is taken once and the arrays are as long as there are patterns.

    Args:
        gained: (R, G), of R data sets that share the sizes of their clusters. counted: (G,).
    """
    n_clusters = len(counted)
    if 2**n_clusters <= draws:
        bits = np.arange(2**n_clusters)[:, None] >> np.arange(n_clusters) & 1
        patterns = 2.0 * bits - 1
        return gained @ patterns.T, patterns @ counted
    signed, plain = np.zeros((len(gained), draws)), np.zeros(draws)
    step = max(1, _BLOCK // draws)  # clusters a block, so that any number of them fits into memory
    for number, start in enumerate(range(0, n_clusters, step)):
        part = slice(start, start + step)
        shape = (draws, len(counted[part]))
        patterns = np.random.default_rng((seed, number)).integers(0, 2, shape) * 2.0 - 1
        signed += gained[:, part] @ patterns.T
        plain += patterns @ counted[part]
    return signed, plain


def flip_test(
    gained: Floats, counted: Floats, signed: Floats, plain: Floats, alpha: float, *, drawn: bool
) -> tuple[Floats, Floats, Floats]:
    """(R,) p-values, lower and upper ends for R data sets that share the sizes of their G clusters.

    Under one sign pattern the sum for a supposed difference x is `signed - x plain`, and the observed one is `total - x size`. Which
    of them is larger changes at two values of x only, so the interval is read off sorted values, without a search.

    Args:
        gained: (R, G). counted: (G,).
        signed: (R, draws), sums of `gained` under each sign pattern. plain: (draws,), those of `counted`.
        drawn: whether the patterns are a sample; the observed one is then counted as one more.
    """
    size = counted.sum()
    total = gained.sum(axis=1)[:, None]
    slack = _TIE * (1 + np.abs(gained).sum(axis=1)[:, None])
    as_far = (np.abs(signed) >= np.abs(total) - slack).sum(axis=1)
    n_patterns = signed.shape[1] + drawn
    p_values = (as_far + drawn) / n_patterns
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (total - signed) / (size - plain), (total + signed) / (size + plain)
    # All signs alike: as far away as what was observed, whatever is supposed.
    whole = np.abs(plain) >= size * (1 - _TIE)
    upper = np.where(whole, np.inf, np.maximum(one, other))
    lower = np.where(whole, -np.inf, np.minimum(one, other))
    # A value is kept while more than alpha of the patterns are as far: it may lie beyond the ends of at most so many.
    keep = math.floor(alpha * n_patterns + _TIE) - drawn
    if keep < 0:
        return p_values, np.full(len(total), -1.0), np.full(len(total), 1.0)
    high = np.partition(upper, upper.shape[1] - 1 - keep, axis=1)[:, upper.shape[1] - 1 - keep]
    low = np.partition(lower, keep, axis=1)[:, keep]
    return p_values, np.maximum(low, -1.0), np.minimum(high, 1.0)


def minimum_detectable_effect(
    standard_error: float, n_clusters: int, *, confidence: float = 0.95, power: float = 0.8
) -> float:
    """The smallest true difference that a two-sided test finds with probability `power`."""
    from scipy.stats import t as student

    freedom = n_clusters - 1
    quantiles = student.ppf((1 + confidence) / 2, freedom) + student.ppf(power, freedom)
    return float(quantiles) * standard_error


def items_needed(
    effect: float, changed: float, *, design_effect: float = 1.0, confidence: float = 0.95, power: float = 0.8
) -> int:
    """How many items a paired comparison needs to find a true difference of `effect`.

    Args:
        changed: share of items that only one of the two runs gets right.
        design_effect: how many times the variance is that of independent items.
    """
    from scipy.stats import norm

    quantiles = norm.ppf((1 + confidence) / 2) + norm.ppf(power)
    return math.ceil(float(quantiles) ** 2 * (changed - effect**2) * design_effect / effect**2)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values after Holm's step-down correction, in the given order: below .05 at most one time in twenty for all together."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    corrected = [1.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = largest
    return corrected


@dataclass(frozen=True, slots=True)
class SeedSpread:
    """What several seeds of one recipe add to the uncertainty of their mean difference."""

    n_seeds: int
    differences: tuple[float, ...]
    """Of each seed from the base, on the same items."""
    standard_deviation: float
    low: float
    high: float
    """Ends of an interval for another seed's expected difference on other items: families and seeds both count as drawn."""

    def to_json(self) -> dict[str, Any]:
        """The spread as plain data."""
        return asdict(self) | {"differences": list(self.differences)}


def pool_seeds(
    differences: Sequence[float], standard_error: float | None, n_clusters: int, *, confidence: float = 0.95
) -> SeedSpread | None:
    """The mean of several seeds with both sources of chance added up; None for one seed or one cluster.

    The variance over families (of the mean over seeds) and the variance of the mean over seeds are added, which counts what
    seeds and items share twice: a cautious sum. Satterthwaite's degrees of freedom.
    """
    from scipy.stats import t as student

    n_seeds = len(differences)
    if n_seeds < 2 or standard_error is None:
        return None
    mean = float(np.mean(differences))
    spread = float(np.std(differences, ddof=1))
    parts = ((standard_error**2, n_clusters - 1), (spread**2 / n_seeds, n_seeds - 1))
    total = sum(variance for variance, _ in parts)
    freedom = total**2 / sum(variance**2 / df for variance, df in parts) if total else 1.0
    half = float(student.ppf((1 + confidence) / 2, freedom)) * math.sqrt(total)
    return SeedSpread(n_seeds, tuple(differences), spread, max(-1.0, mean - half), min(1.0, mean + half))
