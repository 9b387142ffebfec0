"""Intervals by cluster and the paired test: against independent computations, by hand, and in simulations whose truth is known."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmarks.intervals import pair_cell, rate_cell, sizes_of
from fgeval.clusters import (
    clustered_rate,
    cr2_variance,
    intra_cluster_correlation,
    sum_by_cluster,
)
from fgeval.paired import (
    compare_clusters,
    holm,
    items_needed,
    minimum_detectable_effect,
    pool_seeds,
)
from fgeval.stats import paired_difference, wilson

ROOT = Path(__file__).parents[1]
CLUSTERS = st.lists(
    st.integers(1, 12).flatmap(lambda m: st.tuples(st.integers(0, m), st.just(m))), min_size=1, max_size=30
)


def arrays(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    right, counted = np.array(pairs, dtype=float).T
    return right, counted


def test_sums_by_cluster():
    """Items of one name are added up; a cluster in which nothing counts is left out."""
    right, counted = sum_by_cluster([1, 0, 1, 0], [1, 1, 1, 0], ["a", "b", "a", "c"])
    assert (right.tolist(), counted.tolist()) == ([2, 0], [2, 1])


def test_items_alone_have_wilsons_interval():
    """Where every cluster is one item nothing is clustered: Wilson, to the last digit that matters."""
    rate = clustered_rate(np.array([1.0] * 81 + [0.0] * 182), np.ones(263))
    assert (rate.low, rate.high) == pytest.approx(wilson(81, 263))
    assert rate.design_effect == pytest.approx(263 / 262)


def test_cr2_against_the_matrices():
    """The variance is that of the general formula, (X'X)^-1 X' A e e' A X (X'X)^-1 with A = (I - H)^-1/2."""
    right, counted = arrays([(1, 3), (5, 5), (0, 4), (7, 9), (2, 2), (6, 20)])
    n, p = counted.sum(), right.sum() / counted.sum()
    meat = 0.0
    for k, m in zip(right, counted, strict=True):
        e = np.array([1.0] * int(k) + [0.0] * int(m - k)) - p
        values, vectors = np.linalg.eigh(np.eye(len(e)) - np.ones((len(e), len(e))) / n)
        root = vectors @ np.diag(values**-0.5) @ vectors.T
        meat += float(np.ones(len(e)) @ root @ e) ** 2
    assert cr2_variance(right[None], counted[None])[0] == pytest.approx(meat / n**2)


def test_correlation_at_its_ends():
    """Families all right or all wrong: 1. Families with the same share each: 0."""
    assert intra_cluster_correlation(np.array([[4.0, 0, 4, 0]]), np.array([[4.0] * 4]))[0] == pytest.approx(1)
    assert intra_cluster_correlation(np.array([[2.0, 2, 2, 2]]), np.array([[4.0] * 4]))[0] == 0


@given(CLUSTERS)
def test_the_interval_holds_the_rate(pairs: list[tuple[int, int]]):
    """0 <= low <= rate <= high <= 1, whatever the clusters."""
    rate = clustered_rate(*arrays(pairs))
    assert rate.value is not None and rate.low is not None and rate.high is not None
    assert 0 <= rate.low <= rate.value + 1e-12 <= rate.high + 2e-12 <= 1 + 3e-12


@pytest.mark.parametrize(
    ("pairs", "as_if"),
    [([(5, 5)] * 6, (6, 6)), ([(0, 5)] * 6, (0, 6)), ([(3, 3)], (1, 1)), ([(2, 4)] * 10, (5, 10))],
)
def test_clusters_without_spread_count_once(pairs: list[tuple[int, int]], as_if: tuple[int, int]):
    """Where no variance can be estimated every cluster is one item: the most cautious reading."""
    rate = clustered_rate(*arrays(pairs))
    assert (rate.low, rate.high) == pytest.approx(wilson(*as_if), abs=1e-9)


def test_few_alike_clusters_are_no_certainty():
    """Three families with nearly the same share: never narrower than the same items taken for independent."""
    rate = clustered_rate(*arrays([(4, 9), (4, 9), (5, 11)]))
    assert rate.low is not None and rate.high is not None
    assert rate.high - rate.low > np.subtract(*wilson(13, 29)[::-1])


@pytest.mark.parametrize("n_clusters", [50, 200, 1000])
def test_one_right_item_is_not_half_of_all(n_clusters: int):
    """One family of two items among families of one: the interval stays beside Wilson's, however few are right or wrong."""
    counted = np.array([2.0] + [1.0] * (n_clusters - 1))
    uppers = []
    for n_right in range(1, 6):
        right = np.zeros(n_clusters)
        right[1 : 1 + n_right] = 1
        rate, mirror = clustered_rate(right, counted), clustered_rate(counted - right, counted)
        assert (rate.low, rate.high) == pytest.approx(wilson(n_right, n_clusters), rel=0.05)
        assert (1 - mirror.high, 1 - mirror.low) == pytest.approx((rate.low, rate.high))  # type: ignore[operator]
        uppers.append(rate.high)
    assert uppers == sorted(uppers)  # type: ignore[type-var]


@pytest.mark.parametrize(("n_clusters", "size"), [(20, 10), (40, 10), (40, 2), (200, 3)])
def test_more_right_items_move_both_ends_up(n_clusters: int, size: int):
    """From no right item to one in every family, the ends rise: at most a twentieth back where a third family shows that items vary."""
    ends = []
    for n_right in range(n_clusters):
        right = np.array([1.0] * n_right + [0.0] * (n_clusters - n_right))
        rate = clustered_rate(right, np.full(n_clusters, float(size)))
        ends.append((rate.low, rate.high))
    lows, highs = zip(*ends, strict=True)
    assert list(lows) == sorted(lows) and highs[0] == pytest.approx(wilson(0, n_clusters)[1])
    assert min(highs) == highs[0]
    assert all(later > 0.95 * earlier for earlier, later in itertools.pairwise(highs))


def test_nothing_counted_is_none():
    """No cluster: no rate, no comparison."""
    nothing = np.array([])
    assert clustered_rate(nothing, nothing).value is None
    assert compare_clusters(nothing, nothing) is None


def test_likeness_widens_the_interval():
    """The same 60 % of 200 items: wide where families are right or wrong as a whole, with the design effect to match."""
    mixed, whole = [(6, 10)] * 10 + [(5, 10), (7, 10)] * 5, [(10, 10)] * 12 + [(0, 10)] * 8
    narrow, wide = clustered_rate(*arrays(mixed)), clustered_rate(*arrays(whole))
    assert narrow.value == wide.value == 0.6
    assert wide.high - wide.low > 2.5 * (narrow.high - narrow.low)  # type: ignore[operator]
    assert wide.design_effect == pytest.approx(10 * 20 / 19, rel=1e-6)
    assert not wide.is_rough and clustered_rate(*arrays(whole[:19])).is_rough


@pytest.mark.parametrize(("gained", "lost"), [(6, 0), (5, 0), (9, 2), (3, 3), (1, 0)])
def test_single_items_give_mcnemar(gained: int, lost: int):
    """With every item its own cluster the test is McNemar's exact one."""
    first = [False] * gained + [True] * lost
    p_value = paired_difference(first, [not one for one in first]).p_value
    found = compare_clusters(np.array([1.0] * gained + [-1.0] * lost), np.ones(gained + lost))
    assert found is not None and found.p_value == pytest.approx(p_value)


@given(
    st.lists(st.tuples(st.integers(-5, 5), st.integers(5, 9)), min_size=2, max_size=9), st.floats(-0.9, 0.9)
)
def test_the_interval_holds_what_is_not_rejected(pairs: list[tuple[int, int]], supposed: float):
    """A supposed difference is in the interval if and only if the test, made for it by brute force, does not reject it."""
    gained, counted = arrays(pairs)
    found = compare_clusters(gained, counted)
    assert found is not None
    if (gained != 0).sum() < 6 or min(abs(supposed - found.low), abs(supposed - found.high)) < 1e-6:
        return
    rest = gained - supposed * counted
    signs = np.array(list(itertools.product((-1, 1), repeat=len(rest))))
    p_value = (np.abs(signs @ rest) >= abs(rest.sum()) - 1e-9).mean()
    assert (found.low <= supposed <= found.high) == (p_value > 0.05)


def test_many_clusters_in_blocks():
    """More families than fit into one block of sign patterns: McNemar's exact test agrees."""
    rng = np.random.default_rng(5)
    gained = rng.choice([-1.0, 0.0, 1.0], 450, p=[0.08, 0.8, 0.12])
    found = compare_clusters(gained, np.ones(450))
    assert found is not None and found.standard_error is not None
    exact = paired_difference((gained < 0).tolist(), (gained > 0).tolist()).p_value
    assert found.p_value == pytest.approx(exact, abs=0.015)
    assert found.high - found.low == pytest.approx(2 * 1.96 * found.standard_error, rel=0.05)
    assert compare_clusters(gained, np.ones(450)) == found, "the same files give the same figures"


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1])
def test_rare_changes_are_covered(share: float):
    """Where a run loses an item in few families only, the interval still holds the true loss nine times in ten."""
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(100):
        found = compare_clusters(-1.0 * (rng.random(40) < share), np.full(40, 10.0), draws=999)
        assert found is not None
        held += found.low <= -share / 10 <= found.high
    assert held >= 90


def test_five_families_show_nothing():
    """Two of 32 sign patterns are as far: nothing can be ruled out with five families."""
    found = compare_clusters(np.full(5, 10.0), np.full(5, 10.0))
    assert found is not None
    assert (found.p_value, found.low, found.high) == (2 / 32, -1.0, 1.0)


def test_holm_by_hand():
    """Each p-value times the number of those not yet passed, never below the one before; nothing for an empty list."""
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_effects_that_can_be_found():
    """About 1,000 independent items for 3 points at 80 % power, as tables say; what n items find is the inverse."""
    n = items_needed(0.03, 0.115)
    assert 950 < n < 1050
    error = math.sqrt((0.115 - 0.03**2) / n)
    assert minimum_detectable_effect(error, 10**6) == pytest.approx(0.03, abs=1e-4)
    assert items_needed(0.03, 0.115, design_effect=4) == pytest.approx(4 * n, abs=4)


def test_seeds_add_their_spread():
    """Three seeds that differ: wider than the families alone say. Seeds that agree add nothing; one seed is none."""
    spread = pool_seeds([0.10, 0.14, 0.18], 0.02, 50)
    assert spread is not None and spread.standard_deviation == pytest.approx(0.04)
    middle = (spread.low + spread.high) / 2
    assert middle == pytest.approx(0.14) and spread.high - middle > 2 * 0.02
    agreed = pool_seeds([0.14] * 3, 0.02, 50)
    assert agreed is not None and agreed.high - 0.14 == pytest.approx(stats.t.ppf(0.975, 49) * 0.02)
    assert pool_seeds([0.1], 0.02, 50) is None


@pytest.mark.parametrize("sizes", ["10 each", "2 to 30"])
def test_simulated_coverage(sizes: str):
    """A small cut of benchmarks/intervals.py, at its hardest correlation: 600 data sets, so 92 to 98 % is within chance."""
    counted = sizes_of(sizes, 40)
    for rate in (0.1, 0.5):
        assert 0.92 <= rate_cell(np.random.default_rng(1), counted, rate, 0.3, 600) <= 0.98
    covered, rejected = pair_cell(np.random.default_rng(2), counted, (0.5, 0.5), 0.3, 250, shared=False)
    assert covered >= 0.92 and rejected <= 0.08


def test_recorded_simulation_is_the_documented_one():
    """docs/statistics.md shows the figures of benchmarks/results/intervals.json, and those are within the bounds that it claims."""
    recorded = json.loads((ROOT / "benchmarks" / "results" / "intervals.json").read_text("utf-8"))
    page = (ROOT / "docs" / "statistics.md").read_text("utf-8")
    for row in recorded["summary"]:
        cells = [str(row["clusters"]), row["sizes"]]
        for name in ("rate_covered", "rare_covered", "difference_covered", "false_positives"):
            low, high = row[name]
            cells.append(f"{low:.1%}".rstrip("%") + f"–{high:.1%}".replace("%", " %"))
        assert f"| {' | '.join(cells)} |" in page
    rates, pairs = (
        [cell for cell in recorded[kind] if cell["clusters"] >= 40] for kind in ("rates", "pairs")
    )
    assert recorded["runs"] >= 2000 and len(rates) >= 60
    assert all(0.93 <= cell["covered"] <= 0.97 for cell in (*rates, *pairs))
    assert all(cell["covered"] >= 0.93 for cell in recorded["rare"])
    assert all(cell["rejected"] <= 0.06 for cell in pairs if cell["pair"][0] == cell["pair"][1])
