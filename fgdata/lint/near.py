"""Texts that are nearly the same: candidates by MinHash, every one verified by its true Jaccard index.

MinHash alone only estimates, and on utterances of twenty characters it is off by tenths. So its bands are set to miss next to
nothing (4 of 128 hashes must agree in one of 32 bands: a pair at 0.85 is missed once in 10^10) and each candidate pair is
then compared exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rensa import RMinHash, RMinHashLSH

GRAM = 3
"""Characters that are compared at a time."""
HASHES, BANDS = 128, 32
BATCH = 4096
"""Texts looked up in one go."""


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
        threshold: true Jaccard index of their trigrams, above 0.5 and at most 1.
    """
    grams = [trigrams(text) for text in texts]
    hashes = [
        one
        for start in range(0, len(texts), BATCH)
        for one in RMinHash.from_token_sets(
            [sorted(found) for found in grams[start : start + BATCH]], num_perm=HASHES, seed=1
        )
    ]
    index = RMinHashLSH(threshold=threshold, num_perm=HASHES, num_bands=BANDS)
    for start in range(0, len(texts), BATCH):
        batch = hashes[start : start + BATCH]
        index.insert_many(batch, start_key=start)
        for later, candidates in enumerate(index.query_all(batch), start):
            yield from _verified(later, candidates, grams, groups, threshold)


def _verified(
    later: int, candidates: Sequence[int], grams: Sequence[frozenset[str]], groups: Sequence[int], threshold: float
) -> Iterator[NearPair]:  # fmt: skip
    """The first candidates before `later` that are near enough: one of its group, one of another."""
    own, size = grams[later], len(grams[later])
    wanted = {True, False}  # of its own group, of another
    for earlier in sorted(candidates):
        is_same = groups[earlier] == groups[later]
        other = len(grams[earlier])
        # Sizes too far apart cannot share enough.
        if earlier >= later or is_same not in wanted or min(size, other) < threshold * max(size, other):
            continue
        if (similarity := jaccard(own, grams[earlier])) >= threshold:
            wanted.remove(is_same)
            yield NearPair(later, earlier, similarity)
            if not wanted:
                return
