"""Numbers in a shuffled order, each computed from its place alone: nothing that was drawn needs to be kept.

All chance of a data set that is not a text's own comes from here, from a key and a place: the same in every process, on every
machine, for any number of workers.
"""

from __future__ import annotations

import hashlib
import math

MASK = (1 << 64) - 1
GOLDEN, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
"""Of splitmix64."""
MULTIPLIER, ADDEND = 0xD1342543DE82EF95, 0x2545F4914F6CDD1D
"""One step of a multiplicative generator: its high bits differ by what was mixed in so far."""
_SMALL = 1 << 12
"""Below this size there is one step more: with few numbers three show their seams."""
_WIDE = 1 << 120
"""From here on 64 bits of a hash are fewer than half a number has."""


def key_of(*parts: object) -> int:
    """A 64-bit key for these parts; `hash()` is never asked, it differs from process to process."""
    digest = hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def mix(key: int, value: int) -> int:
    """A 64-bit hash of `value` under `key` (the finaliser of splitmix64, Steele, Lea and Flood 2014)."""
    z = (value * GOLDEN + key) & MASK
    z = ((z ^ (z >> 30)) * FIRST) & MASK
    z = ((z ^ (z >> 27)) * SECOND) & MASK
    return z ^ (z >> 31)


class Permutation:
    """The numbers below `size` in an order of their own, by a keyed Feistel network: `permutation[place]`.

    A place outside of the numbers walks on until it falls inside (cycle walking), so that every number comes once.

    Args:
        size: how many numbers, 1 or more; any size, 10**30 as well.
    """

    __slots__ = ("_keys", "high", "key", "low", "rounds", "size")

    def __init__(self, size: int, key: int) -> None:
        self.size, self.key = size, key
        self.low = math.isqrt(size - 1) + 1 if size > 1 else 1
        self.high = -(-size // self.low)
        self.rounds = 4 if size < _SMALL else 3
        self._keys = [mix(key, number) for number in range(self.rounds)]

    def __getitem__(self, place: int) -> int:
        size, low, high, keys = self.size, self.low, self.high, self._keys
        if not 0 <= place < size:
            raise IndexError(place)
        if size < 3:
            return place ^ (keys[0] & 1) if size > 1 else 0
        wide = size > _WIDE
        while True:
            left, right = divmod(place, low)
            for number, key in enumerate(keys):
                if number % 2 == 0:
                    left = (left + (_wide(key, right) if wide else mix(key, right))) % high
                else:
                    right = (right + (_wide(key, left) if wide else mix(key, left))) % low
            place = left * low + right
            if place < size:
                return place


def _wide(key: int, value: int) -> int:
    digest = hashlib.blake2b(f"{key}:{value}".encode(), digest_size=64).digest()
    return int.from_bytes(digest, "big")
