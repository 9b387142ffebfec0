"""`fgdata.permutation` and `bisect` for many numbers at once, in NumPy arrays, with the same results.

Numbers must stay below `LIMIT`; what is larger is worked out one by one, with integers of any size.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fgdata.permutation import FIRST, GOLDEN, SECOND, Permutation

LIMIT = 1 << 60
"""Below this sizes, places and their sums fit 64 bits."""

Integers = NDArray[np.int64]
Words = NDArray[np.uint64]

_GOLDEN, _FIRST, _SECOND = (np.uint64(n) for n in (GOLDEN, FIRST, SECOND))
_SHIFTS = tuple(np.uint64(n) for n in (30, 27, 31))


def mix(key: Any, value: Any) -> Words:
    """`permutation.mix` of each key and value (uint64, broadcast)."""
    z = value * _GOLDEN + key
    z = (z ^ (z >> _SHIFTS[0])) * _FIRST
    z = (z ^ (z >> _SHIFTS[1])) * _SECOND
    return z ^ (z >> _SHIFTS[2])  # type: ignore[no-any-return]


class Permutations:
    """Many permutations, each `Permutation(size, key)`, of which some sizes stand for all: they are read off `shapes`.

    Args:
        shapes: one of each; their keys do not matter.
    """

    def __init__(self, shapes: list[Permutation]) -> None:
        self.sizes = np.array([shape.size for shape in shapes], np.uint64)
        self._lows = np.array([shape.low for shape in shapes], np.uint64)
        self._highs = np.array([shape.high for shape in shapes], np.uint64)
        self._rounds = np.array([shape.rounds for shape in shapes])

    def __getitem__(self, at: tuple[Integers, Words, Integers]) -> Integers:
        """(N,) the number at each place.

        Args:
            at: (N,) which shape, (N,) its key, and (N,) the place in it.
        """
        which, keys, places = at
        found = places.astype(np.uint64)
        sizes, lows, highs, rounds = (a[which] for a in (self.sizes, self._lows, self._highs, self._rounds))
        pairs = np.flatnonzero(sizes == 2)
        found[pairs] ^= mix(keys[pairs], np.zeros(1, np.uint64)) & np.uint64(1)
        walking = np.flatnonzero(sizes > 2)
        while len(walking):
            key, low, high, n = keys[walking], lows[walking], highs[walking], rounds[walking]
            left, right = np.divmod(found[walking], low)
            for number in range(4):
                own = mix(key, np.full(1, number, np.uint64))
                if number == 3:
                    right = np.where(n > 3, (right + mix(own, left) % low) % low, right)
                elif number % 2 == 0:
                    left = (left + mix(own, right) % high) % high
                else:
                    right = (right + mix(own, left) % low) % low
            reached = left * low + right
            found[walking] = reached
            walking = walking[reached >= sizes[walking]]
        return found.astype(np.int64)


def bisect(values: Integers, low: Integers, high: Integers, wanted: Any, *, right: bool = False) -> Integers:
    """(N,) where in `values[low:high]`, sorted, each wanted number belongs, from `low` on: before its equals, or after them."""
    low, high = low.copy(), high.copy()
    wanted = np.broadcast_to(wanted, low.shape)
    while len(open_ := np.flatnonzero(low < high)):
        middle = (low[open_] + high[open_]) >> 1
        value = values[middle]
        up = value <= wanted[open_] if right else value < wanted[open_]
        low[open_[up]] = middle[up] + 1
        high[open_[~up]] = middle[~up]
    return low
