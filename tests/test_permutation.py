"""Permutations: every number once, whatever the size; the same in every process; no order that shows."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import strategies  # noqa: F401  # sets how hypothesis runs
from hypothesis import given
from hypothesis import strategies as st

from fgdata.permutation import MASK, Permutation, key_of, mix

KEYS = [0, 1, key_of("lamp", 1), MASK]
HUGE = [2**53 + 1, 10**15, 2**64 - 1, 2**64, 2**120, 2**120 + 1, 10**40]


def test_every_number_comes_once() -> None:
    """All sizes up to 300, whatever the key: each number below the size, once."""
    for size in range(1, 301):
        for key in (KEYS[0], key_of(size)):
            order = Permutation(size, key)
            assert sorted(order[place] for place in range(size)) == list(range(size)), (size, key)


@given(st.integers(301, 3000), st.integers(0, MASK))
def test_every_number_comes_once_in_larger_ones(size: int, key: int) -> None:
    """The same for sizes that nobody chose, squares and primes among them."""
    order = Permutation(size, key)
    assert len({order[place] for place in range(size)}) == size


def test_a_million_has_no_repeats() -> None:
    """A sample of a million's places, neighbours among them, gives numbers of its own each."""
    size = 10**6 + 3
    order, chance = Permutation(size, KEYS[2]), random.Random(3)
    places = {*range(20_000), *range(size - 20_000, size), *(chance.randrange(size) for _ in range(20_000))}
    found = {order[place] for place in places}
    assert len(found) == len(places)
    assert 0 <= min(found) <= max(found) < size


@pytest.mark.parametrize("size", HUGE)
@pytest.mark.parametrize("key", KEYS)
def test_huge_sizes_stay_in_range(size: int, key: int) -> None:
    """Sizes beyond any machine number: in range, no repeats, and both halves are used."""
    order = Permutation(size, key)
    places = [*range(300), *range(size - 300, size)]
    found = [order[place] for place in places]
    assert len(set(found)) == 600
    assert all(0 <= number < size for number in found)
    assert 200 < sum(number >= size // 2 for number in found) < 400


@pytest.mark.parametrize("place", [-1, 7, 10**30])
def test_places_outside(place: int) -> None:
    """A place that is none is an IndexError, as of a list."""
    with pytest.raises(IndexError):
        Permutation(7, 1)[place]


KNOWN = {
    (1, 5): [0],
    (2, 5): [0, 1],
    (10, 5): [1, 6, 4, 5, 2, 8, 9, 3, 0, 7],
    (10**15, 5): [311949233510058, 262306406994855, 673184379993474],
    (10**40, 5): [8773943584111841484653827046824188446232, 1816091363452722664959104422880519461108],
}


@pytest.mark.parametrize(("size", "key"), KNOWN)
def test_known_orders(size: int, key: int) -> None:
    """Orders that were written down: a data set's bytes hang on them, so they never change unnoticed."""
    order = Permutation(size, key)
    assert [order[place] for place in range(len(KNOWN[size, key]))] == KNOWN[size, key]


def test_known_keys() -> None:
    """So do keys and hashes."""
    assert key_of("climate_ko", 1, "train") == 2380346011000585456
    assert key_of() == 16476032584258269876
    assert mix(1, 2) == 13757245211066428519
    assert mix(MASK, 10**30) == 13901334408585057816


def test_keys_are_the_same_in_every_process() -> None:
    """Another process with another hash seed has the same keys."""
    probe = "from fgdata.permutation import key_of; print(key_of('a', 1, ('b', 2.5)))"
    command = [sys.executable, "-c", probe]
    here = Path(__file__).parent.parent
    said = {
        subprocess.check_output(command, env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(here)}, text=True)
        for seed in ("0", "4242")
    }
    assert said == {f"{key_of('a', 1, ('b', 2.5))}\n"}


def test_parts_of_a_key_do_not_run_together() -> None:
    """('ab', 'c') and ('a', 'bc') are two keys."""
    assert len({key_of("ab", "c"), key_of("a", "bc"), key_of("abc"), key_of("a", "b", "c")}) == 4


@pytest.mark.parametrize("size", [3, 4, 5, 7, 12, 30, 100])
def test_every_number_is_as_likely_at_every_place(size: int) -> None:
    """Over many keys each place holds each number about equally often (chi-square, far beyond chance only)."""
    keys = 400 * min(size, 12)
    for place in {0, 1, size // 2, size - 1}:
        counts = Counter(Permutation(size, key_of("even", key))[place] for key in range(keys))
        expected = keys / size
        chi_square = sum((counts[number] - expected) ** 2 / expected for number in range(size))
        freedom = size - 1
        assert chi_square < freedom + 5 * (2 * freedom) ** 0.5 + 5, (place, chi_square)


def test_neighbours_part() -> None:
    """Places that follow one another hold numbers that do not: steps are spread over the whole size."""
    size = 10_007
    order = Permutation(size, KEYS[2])
    steps = Counter((order[place + 1] - order[place]) % size * 10 // size for place in range(size - 1))
    assert all(0.8 < count / (size / 10) < 1.2 for count in steps.values())


def test_every_key_bit_matters() -> None:
    """Any one bit of the key turned over gives another order, which shares few places with the first."""
    size = 1000
    first = Permutation(size, KEYS[2])
    for bit in range(64):
        other = Permutation(size, KEYS[2] ^ (1 << bit))
        assert sum(first[place] == other[place] for place in range(size)) < 12, bit
