"""Chance from one 64-bit key: splitmix64, the same numbers on every machine and in every process.

`fgdata.chance` hashes its seed and holds a Mersenne twister, which costs more than the whole of a row's perturbation.
"""

from __future__ import annotations

KEY_LIMIT = 1 << 64
"""Keys are below this."""
_MASK = KEY_LIMIT - 1


class Dice:
    """Numbers that follow from a key alone.

    Source: Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014 (the constants of Java's
    SplittableRandom, as in Vigna's splitmix64.c).
    """

    __slots__ = ("_state",)

    def __init__(self, key: int) -> None:
        self._state = key

    def draw(self) -> int:
        """The next number, of 64 bits. The first is `mix(key, 1)` of `fgdata.permutation` and `fgdata.arrays`."""
        self._state = z = (self._state + 0x9E3779B97F4A7C15) & _MASK
        z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & _MASK
        return z ^ z >> 31

    def below(self, n: int) -> int:
        """A number from 0 to n - 1."""
        return self.draw() * n >> 64
