"""Texts that are nearly the same: every pair whose trigrams have a Jaccard index from a threshold on, and no other.

Exact, by prefix filtering (Chaudhuri and others, 2006; Bayardo and others, 2007): two sets that share 85 % of their members must share
one of the rarest 15 % of each. So only texts that have a rare trigram in common are compared, whole. MinHash
proposes nearly all pairs where templates make texts of one shape, which all share their common trigrams (docs/lint.md).
"""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

GRAM = 3
"""Characters that are compared at a time."""
_ROUNDING = 1e-9
"""0.85 · 20 may come out above 17; a pair just at the threshold counts."""


@lru_cache(maxsize=8192)  # texts of one shape meet again and again
def trigrams(text: str) -> frozenset[str]:
    """The runs of three characters of a text without its blanks, its start and end marked."""
    marked = f"\x02{''.join(text.split())}\x03"
    return frozenset(marked[start : start + GRAM] for start in range(max(1, len(marked) - GRAM + 1)))


def jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    """Shared members over all members."""
    shared = len(left & right)
    return shared / (len(left) + len(right) - shared)


@dataclass(frozen=True, slots=True)
class NearPair:
    """Two texts that are nearly the same, by their numbers."""

    later: int
    earlier: int
    similarity: float


def near_pairs(texts: Sequence[str], groups: Sequence[int], threshold: float) -> Iterator[NearPair]:
    """For each text the first of its own group that is at least `threshold` alike, and the first of another group.

    Args:
        texts: different texts.
        groups: the group (file) of each.
        threshold: Jaccard index of their trigrams, above 0 and at most 1.
    """
    counts = Counter[str]()
    for text in texts:
        counts.update(trigrams(text))
    # Any order will do, as long as it is one; rarest first makes the fewest pairs.
    ranks = {gram: rank for rank, (gram, _) in enumerate(reversed(counts.most_common()))}
    sizes = array("L")
    having: defaultdict[str, array[int]] = defaultdict(lambda: array("L"))
    for later, text in enumerate(texts):
        grams = trigrams(text)
        size = len(grams)
        least, most = threshold * size - _ROUNDING, size / threshold + _ROUNDING
        rarest = sorted(grams, key=ranks.__getitem__)[: size - math.ceil(least) + 1]
        alike = {earlier for gram in rarest for earlier in having.get(gram, ())}
        alike = {earlier for earlier in alike if least <= sizes[earlier] <= most}
        yield from _verified(later, sorted(alike), texts, groups, threshold)
        sizes.append(size)
        for gram in rarest:
            having[gram].append(later)


def _verified(
    later: int, candidates: Sequence[int], texts: Sequence[str], groups: Sequence[int], threshold: float
) -> Iterator[NearPair]:
    """The first candidates that are near enough: one of its group, one of another."""
    wanted = {True, False}  # of its own group, of another
    for earlier in candidates:
        is_same = groups[earlier] == groups[later]
        if is_same not in wanted:
            continue
        similarity = jaccard(trigrams(texts[later]), trigrams(texts[earlier]))
        if similarity >= threshold - _ROUNDING:
            wanted.remove(is_same)
            yield NearPair(later, earlier, similarity)
            if not wanted:
                return
