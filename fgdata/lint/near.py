"""Texts that are nearly the same: candidates by MinHash, every one verified by its true Jaccard index.

MinHash alone only estimates, and on utterances of twenty characters it is off by tenths. So its bands are set to miss next to
nothing (4 of 128 hashes must agree in one of 32 bands: a pair at 0.85 is missed once in 10^10) and each candidate pair is
then compared exactly.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rensa import RMinHash, RMinHashLSH

GRAM = 3
"""Characters that are compared at a time."""
HASHES, BANDS = 128, 32
BATCH = 1024
"""Texts looked up in one go."""


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
    """For each text an earlier one of its own group that is at least `threshold` alike, and one of another group.

    Args:
        texts: different texts.
        groups: the group (file) of each.
        threshold: true Jaccard index of their trigrams, `LEAST_SIMILAR` to 1.
    """
    hashes: list[RMinHash] = []
    sizes = array("L")
    for start in range(0, len(texts), BATCH):
        grams = [sorted(trigrams(text)) for text in texts[start : start + BATCH]]
        sizes.extend(map(len, grams))
        hashes += RMinHash.from_token_sets(grams, num_perm=HASHES, seed=1)
    index = RMinHashLSH(threshold=threshold, num_perm=HASHES, num_bands=BANDS)
    for start in range(0, len(texts), BATCH):
        batch = hashes[start : start + BATCH]
        index.insert_many(batch, start_key=start)
        for later, candidates in enumerate(index.query_all(batch), start):
            # Sizes too far apart cannot share enough.
            least, most = threshold * sizes[later], sizes[later] / threshold
            likely = [n for n in candidates if n < later and least <= sizes[n] <= most]
            yield from _verified(later, sorted(likely), texts, groups, threshold)


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
        if similarity >= threshold:
            wanted.remove(is_same)
            yield NearPair(later, earlier, similarity)
            if not wanted:
                return
