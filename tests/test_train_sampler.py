"""Which rows are computed together: every row once an epoch, over all processes, in groups, in a fair mix."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fgtrain.encode import IGNORED, Encoded
from fgtrain.sampler import GroupSampler, StepShape, plan_epoch, prefix_groups

groupings = st.lists(st.integers(0, 4), min_size=1, max_size=90)


def shapes() -> st.SearchStrategy[StepShape]:
    """Batch sizes, accumulations and the ways of joining that divide them."""
    return st.builds(
        lambda size, joined, per_step, processes: StepShape(size, joined * per_step, joined, processes),
        *(st.integers(1, 4) for _ in range(4)),
    )


@given(groupings, shapes(), st.integers(0, 3))
def test_every_row_once_an_epoch(groups: list[int], shape: StepShape, epoch: int) -> None:
    """Over all processes, which have as many batches, as many as the sampler says."""
    samplers = [
        GroupSampler(groups, shape, seed=1, process=process, epoch=lambda: epoch)
        for process in range(shape.n_processes)
    ]
    dealt = [list(sampler) for sampler in samplers]
    assert {len(batches) for batches in dealt} == {len(samplers[0])}
    numbers = Counter(number for batches in dealt for batch in batches for number in batch)
    assert numbers == Counter(range(len(groups)))


@given(groupings, shapes(), st.integers(0, 3))
def test_a_step_has_the_same_rows_however_it_is_cut(groups: list[int], shape: StepShape, epoch: int) -> None:
    """Many processes take the steps that one takes with as much more accumulation, joined or not."""
    alone = GroupSampler(groups, StepShape(shape.batch_size, shape.batches), seed=1, epoch=lambda: epoch)
    theirs = _steps([list(alone)], shape.batches)
    ours = _steps(
        [
            list(GroupSampler(groups, shape, seed=1, process=process, epoch=lambda: epoch))
            for process in range(shape.n_processes)
        ],
        shape.accumulation // shape.joined,
    )
    assert ours == theirs


def _steps(dealt: list[list[list[int]]], per_step: int) -> list[list[int]]:
    """The sorted rows of each optimizer step."""
    return [
        sorted(number for batches in dealt for batch in batches[start : start + per_step] for number in batch)
        for start in range(0, len(dealt[0]), per_step)
    ]


@given(groupings, st.integers(1, 5), st.integers(0, 3))
def test_batches_are_of_one_group_but_for_what_is_left(
    groups: list[int], batch_size: int, epoch: int
) -> None:
    """As many whole batches of a group as it has rows for; the same epoch is the same plan, another one is another."""
    plan = plan_epoch(groups, batch_size, seed=1, epoch=epoch)
    whole = Counter(
        groups[batch[0]]
        for batch in plan
        if len(batch) == batch_size and len({groups[number] for number in batch}) == 1
    )
    assert all(whole[group] >= count // batch_size for group, count in Counter(groups).items())
    assert len(plan) == -(-len(groups) // batch_size)
    assert plan == plan_epoch(groups, batch_size, seed=1, epoch=epoch)
    if len(groups) > 20:
        assert plan != plan_epoch(groups, batch_size, seed=1, epoch=epoch + 1)
        assert plan != plan_epoch(groups, batch_size, seed=2, epoch=epoch)


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_the_mix_is_fair(share: float) -> None:
    """Any tenth of the epoch holds two packs in their proportion, to a batch on each side; a shuffle is further off."""
    n, batch_size = 2000, 10
    groups = [int(number < share * n) for number in range(n)]
    plan = plan_epoch(groups, batch_size, seed=3, epoch=0)
    tenth = len(plan) // 10
    for start in range(0, len(plan), tenth):
        of_first = sum(groups[batch[0]] for batch in plan[start : start + tenth])
        assert abs(of_first - share * tenth) <= 2


def test_rows_without_a_group_are_shuffled() -> None:
    """Where every row has declarations of its own, an epoch goes through them in another order than the file, and each in its own."""
    orders = [
        [number for batch in plan_epoch(range(200), 4, seed=1, epoch=epoch) for number in batch]
        for epoch in (0, 1)
    ]
    assert sorted(orders[0]) == list(range(200))
    assert orders[0] != orders[1]
    for order in orders:
        neighbours = sum(abs(one - other) == 1 for one, other in itertools.pairwise(order))
        assert neighbours < 15  # of a shuffle some two are expected, of the file's order all


def test_rows_are_grouped_by_their_first_turn() -> None:
    """Rows with the same declarations have one number, whatever follows; a row without an end of turn has its own."""
    rows = [
        Encoded(ids, [IGNORED] * len(ids)) for ids in ([2, 7, 9, 5], [2, 7, 9, 6, 9], [2, 8, 9, 5], [2, 7])
    ]
    assert prefix_groups(rows, end_turn=9) == [0, 0, 1, 0]
    assert prefix_groups(rows[3:], end_turn=9) == [0]
