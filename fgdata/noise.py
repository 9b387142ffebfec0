"""Which rows a perturbation must leave alone: those it would make equal to another row.

Texts of templates are distinct by construction, perturbed ones are not: two requests can lose their difference with a blank or
a particle. One pass over all rows of a plan keeps a number for each text and finds the clashes, before any row is written; every
shard makes the same pass, so all agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fgdata.characters import text_key

if TYPE_CHECKING:
    from fgdata.bulk import BulkMaker
    from fgdata.lots import Plan


BLOCK = 10_000
"""Rows drawn at once."""


MAX_KEPT = 100_000
"""Perturbed texts that are kept for the rows' making: some 25 MiB."""


@dataclass(frozen=True, slots=True)
class Clean:
    """The rows of a data set that stay as their templates have them."""

    by_split: Mapping[str, NDArray[np.bool_]]
    """For each place of a split's file, whether its row does: by chance, or because it must."""
    clashes: int
    """How many must: perturbed, they would equal another row."""
    perturbed: Mapping[str, Mapping[int, tuple[str, str]]]
    """By split and place, perturbed texts and what was done to them, of the first rows: made already, they need not be again."""


def clean_rows(plan: Plan, bulk: BulkMaker) -> Clean:
    """Which rows stay unperturbed.

    A perturbed text is left out if it is another row's text, or if, blanks and case aside, it is the text of a row with another
    label or in another split.
    """
    total = sum(plan.rows(split) for split in plan.splits)
    exact = np.zeros(total, np.uint64)
    spelt = np.zeros(total, np.uint64)
    owner = np.zeros(total, np.uint64)
    original = np.zeros(total, np.uint64)
    is_noisy = np.zeros(total, np.bool_)
    number = kept = 0
    starts = {}
    perturbed: dict[str, dict[int, tuple[str, str]]] = {}
    for split in plan.splits:
        starts[split], perturbed[split] = number, {}
        for start in range(0, plan.rows(split), BLOCK):
            places = range(start, min(start + BLOCK, plan.rows(split)))
            for place, (text, (noisy, kinds), label) in zip(places, bulk.texts(split, places), strict=True):
                original[number] = exact[number] = _number(text)
                if kinds:
                    is_noisy[number], exact[number] = True, _number(noisy)
                    if kept < MAX_KEPT:
                        perturbed[split][place] = noisy, kinds
                        kept += 1
                spelt[number] = _number(text_key(noisy))
                owner[number] = label
                number += 1
    clashing = _shared(exact, is_noisy) | (is_noisy & np.isin(exact, original))
    clashing |= _contested(spelt, owner) & is_noisy
    stays = clashing | ~is_noisy
    by_split = {split: stays[start : start + plan.rows(split)] for split, start in starts.items()}
    return Clean(by_split, int(clashing.sum()), perturbed)


def _number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def _shared(keys: np.ndarray, is_noisy: np.ndarray) -> np.ndarray:
    """Noisy rows whose text another noisy row has."""
    kept = np.flatnonzero(is_noisy)
    _, inverse, counts = np.unique(keys[kept], return_inverse=True, return_counts=True)
    found = np.zeros(len(keys), np.bool_)
    found[kept[counts[inverse] > 1]] = True
    return found


def _contested(keys: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Rows whose key rows of another owner have too."""
    order = np.argsort(keys, kind="stable")
    sorted_keys, sorted_owners = keys[order], owners[order]
    starts = np.flatnonzero(np.r_[True, sorted_keys[1:] != sorted_keys[:-1]])
    least = np.minimum.reduceat(sorted_owners, starts)
    most = np.maximum.reduceat(sorted_owners, starts)
    mixed = np.repeat(least != most, np.diff(np.r_[starts, len(keys)]))
    found = np.zeros(len(keys), np.bool_)
    found[order] = mixed
    return found
