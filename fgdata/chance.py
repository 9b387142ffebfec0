"""Chance that repeats itself: the same seed text gives the same draws in every process, on every machine."""

from __future__ import annotations

import bisect
import hashlib
import itertools
import random
from collections.abc import Iterable, Mapping, Sequence
from math import fsum
from typing import Generic, TypeVar

T = TypeVar("T")


class Chance:
    """Draws that depend on nothing but the seed's parts.

    Only `random()` is taken from Python's generator: its sequence is promised to stay, that of `choice` and
    `shuffle` is not. `hash()` is never asked, it differs from process to process.
    """

    def __init__(self, *parts: object) -> None:
        seed = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
        self._random = random.Random(int.from_bytes(seed, "big")).random

    def below(self, n: int) -> int:
        """A whole number from 0 to n - 1."""
        return int(self._random() * n)

    def one_of(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[int(self._random() * len(items))]

    def shuffled(self, items: Iterable[T]) -> list[T]:
        """The items in another order."""
        rest = list(items)
        for end in range(len(rest) - 1, 0, -1):
            other = int(self._random() * (end + 1))
            rest[end], rest[other] = rest[other], rest[end]
        return rest

    def weighted(self, choices: Weighted[T]) -> T:
        """One of the choices, by their weights."""
        return choices.items[
            bisect.bisect_right(choices.sums, self._random() * choices.sums[-1], 0, len(choices.items) - 1)
        ]


class Weighted(Generic[T]):
    """Choices with weights above 0, ready to be drawn from."""

    def __init__(self, pairs: Iterable[tuple[T, float]]) -> None:
        listed = list(pairs)
        self.items = tuple(item for item, _ in listed)
        self.sums = tuple(itertools.accumulate(weight for _, weight in listed))


def shares(total: int, weights: Mapping[str, float]) -> dict[str, int]:
    """`total` dealt out by weight in whole numbers (largest remainder; a tie goes to the earlier name)."""
    whole = fsum(weights.values())
    exact = {name: total * weight / whole for name, weight in weights.items()}
    dealt = {name: int(amount) for name, amount in exact.items()}
    by_remainder = sorted(exact, key=lambda name: dealt[name] - exact[name])
    for name in by_remainder[: total - sum(dealt.values())]:
        dealt[name] += 1
    return dealt
