"""Which rows a perturbation must leave alone: those it would make equal to another row.

Texts of templates are distinct by construction, perturbed ones are not: two requests can lose their difference with a blank or
a particle. One pass over all rows of a plan keeps a number for each text and finds the clashes, before any row is written; every
shard makes the same pass, so all agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from fgdata.characters import text_key
from fgdata.permutation import key_of

if TYPE_CHECKING:
    from fgdata.bulk import BulkMaker
    from fgdata.plan import Plan


BLOCK = 10_000
"""Rows drawn at once."""


def clean_rows(plan: Plan, bulk: BulkMaker) -> Mapping[str, frozenset[int]]:
    """By split, the places of rows that stay unperturbed.

    A perturbed text is left out if it is another row's text, or if, blanks and case aside, it is the text of a row with another
    label or in another split.
    """
    total = sum(plan.rows(split) for split in plan.splits)
    exact = np.zeros(total, np.uint64)
    spelt = np.zeros(total, np.uint64)
    owner = np.zeros(total, np.uint64)
    original = np.zeros(total, np.uint64)
    is_noisy = np.zeros(total, np.bool_)
    number = 0
    starts = {}
    for split in plan.splits:
        starts[split] = number
        for start in range(0, plan.rows(split), BLOCK):
            places = range(start, min(start + BLOCK, plan.rows(split)))
            for text, noisy, label in bulk.texts(split, places):
                original[number] = exact[number] = key_of(text)
                if noisy != text:
                    is_noisy[number], exact[number] = True, key_of(noisy)
                spelt[number] = key_of(text_key(noisy))
                owner[number] = label
                number += 1
    clean = _shared(exact, is_noisy) | (is_noisy & np.isin(exact, original))
    clean |= _contested(spelt, owner) & is_noisy
    return {
        split: frozenset(np.flatnonzero(clean[start : start + plan.rows(split)]).tolist())
        for split, start in starts.items()
    }


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
