"""Intervals for rates and the paired test of two runs, by scipy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Rate:
    """k of n, with Wilson's 95 % interval. The interval takes the n items for independent."""

    k: int
    n: int

    @property
    def value(self) -> float | None:
        """k / n; None where nothing applies (n is 0): that is not 0 %."""
        return self.k / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Lower and upper end of the interval."""
        return wilson(self.k, self.n) if self.n else None

    def to_json(self) -> dict[str, float | int | None]:
        """The rate as it stands in `summary.json`."""
        low, high = self.interval or (None, None)
        return {"value": self.value, "k": self.k, "n": self.n, "low": low, "high": high}


@lru_cache(maxsize=4096)
def wilson(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for k successes in n independent trials."""
    from scipy.stats import binomtest

    interval = binomtest(k, n).proportion_ci(confidence_level=confidence, method="wilson")
    return float(interval.low), float(interval.high)


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """How a second run differs from a first one on the same items."""

    n: int
    gained: int
    """Items that only the second run gets right."""
    lost: int
    """Items that only the first run gets right."""
    difference: float
    """Share of right items, second minus first."""
    p_value: float
    """McNemar's exact test: how likely so lopsided a split of the changed items is if neither run is better."""


def paired_difference(first: Sequence[bool], second: Sequence[bool]) -> PairedDifference:
    """The difference of two runs, item by item.

    Args:
        first: whether the first run got each item right.
        second: the same for the second run, items in the same order.
    """
    from scipy.stats import binomtest

    pairs = list(zip(first, second, strict=True))
    gained = sum(new and not old for old, new in pairs)
    lost = sum(old and not new for old, new in pairs)
    p_value = float(binomtest(gained, gained + lost, 0.5).pvalue) if gained + lost else 1.0
    return PairedDifference(len(pairs), gained, lost, (gained - lost) / len(pairs) if pairs else 0.0, p_value)
