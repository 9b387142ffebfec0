"""Which rows are computed together, and when: every row once an epoch, over all processes.

An epoch is planned from the seed and its number alone, so a resumed run, and every process of a run, makes the same plan.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from torch.utils.data import Sampler

from fgtrain.encode import Encoded


@dataclass(frozen=True, slots=True)
class StepShape:
    """How the rows of one optimizer step are cut."""

    batch_size: int
    """Rows of a batch (`--per_device_train_batch_size`)."""
    accumulation: int
    """Batches of a step in each process (`--gradient_accumulation_steps`)."""
    joined: int = 1
    """Batches computed as one; divides `accumulation`."""
    n_processes: int = 1

    @property
    def batches(self) -> int:
        """Batches of a step in all processes together."""
        return self.accumulation * self.n_processes


def prefix_groups(rows: Sequence[Encoded], end_turn: int) -> list[int]:
    """A number for each row; rows whose first turn is the same, developer text and declarations, have the same one.

    Args:
        end_turn: the id of the token that ends a turn.
    """
    numbers: dict[tuple[int, ...], int] = {}
    groups = []
    for row in rows:
        end = row.input_ids.index(end_turn) if end_turn in row.input_ids else len(row.input_ids)
        groups.append(numbers.setdefault(tuple(row.input_ids[:end]), len(numbers)))
    return groups


def plan_epoch(groups: Sequence[int], batch_size: int, *, seed: int, epoch: int) -> list[list[int]]:
    """Every row's number once, in batches of one group each; what is left of the groups shares the last ones.

    The batches of a group stand evenly over the epoch, each at a random place of its stretch: any part of the epoch holds
    the groups in their proportions.
    """
    draw = random.Random(f"{seed}/{epoch}")
    order = list(range(len(groups)))
    draw.shuffle(order)
    members: dict[int, list[int]] = {}
    for number in order:
        members.setdefault(groups[number], []).append(number)
    left: list[list[int]] = []
    placed: list[tuple[float, list[int]]] = []
    for group in sorted(members):
        numbers = members[group]
        n_whole = len(numbers) - len(numbers) % batch_size
        left.append(numbers[n_whole:])
        placed += _spread(numbers[:n_whole], batch_size, draw)
    draw.shuffle(left)  # where every row is a group of its own, these are all
    placed += _spread([number for numbers in left for number in numbers], batch_size, draw)
    placed.sort(key=lambda item: item[0])
    return [batch for _, batch in placed]


def _spread(numbers: Sequence[int], batch_size: int, draw: random.Random) -> list[tuple[float, list[int]]]:
    """Batches with their places in the epoch, 0 to 1."""
    batches = [list(numbers[start : start + batch_size]) for start in range(0, len(numbers), batch_size)]
    return [((index + draw.random()) / len(batches), batch) for index, batch in enumerate(batches)]


class GroupSampler(Sampler[list[int]]):
    """The batches of one process, epoch after epoch; all processes have as many, the last ones may be empty."""

    def __init__(
        self,
        groups: Sequence[int],
        shape: StepShape,
        *,
        seed: int,
        process: int = 0,
        epoch: Callable[[], int] = lambda: 0,
    ) -> None:
        """Plan for `groups` (see `prefix_groups`).

        Args:
            epoch: asked for the number of the epoch, from 0, whenever one begins.
        """
        self.groups = groups
        self.shape = shape
        self.seed = seed
        self.process = process
        self.epoch = epoch

    def __len__(self) -> int:
        whole, left = divmod(-(-len(self.groups) // self.shape.batch_size), self.shape.batches)
        per_step = self.shape.accumulation // self.shape.joined
        return whole * per_step + -(-left // (self.shape.n_processes * self.shape.joined))

    def __iter__(self) -> Iterator[list[int]]:
        shape = self.shape
        batches = plan_epoch(self.groups, shape.batch_size, seed=self.seed, epoch=self.epoch())
        for start in range(0, len(batches), shape.batches):
            step = batches[start : start + shape.batches]
            # Groups stand together, so that a process has few of them, and the same rows make the step for any number of processes.
            step.sort(key=lambda batch: self.groups[batch[0]])
            first, last = (len(step) * (self.process + n) // shape.n_processes for n in (0, 1))
            mine = step[first:last]
            for index in range(-(-len(step) // (shape.n_processes * shape.joined))):
                joined = mine[index * shape.joined : (index + 1) * shape.joined]
                yield [number for batch in joined for number in batch]
