"""Which rows of a data file a run takes: filters, a limit, a shard."""

from __future__ import annotations

from collections.abc import Sequence

from fgdata.errors import Problem, UsageError
from fgdata.example import PROVENANCE, Example

COLUMNS = ("id", *PROVENANCE)
"""What rows can be filtered by."""
_SHOWN = 8


def select(examples: Sequence[Example], filters: Sequence[str], limit: int | None) -> list[Example]:
    """The examples that fit the filters, in their order, and of those the first.

    Args:
        filters: `key=value`; of several values of one key any will do, of several keys all must fit.
    Raises: UsageError for a filter that is none or that no row fits, and for a limit below 1.
    """
    if limit is not None and limit < 1:
        raise UsageError(Problem("--limit", f"is {limit}; it must be at least 1."))
    wanted: dict[str, set[str]] = {}
    problems = []
    for text in filters:
        key, equals, value = text.partition("=")
        if not equals or key not in COLUMNS:
            remedy = f"Write key=value with one of these keys: {', '.join(COLUMNS)}."
            problems.append(Problem("--filter", f"{text!r} is no filter.", remedy))
        else:
            wanted.setdefault(key, set()).add(value)
    for key, values in wanted.items():
        there = dict.fromkeys(getattr(example, key) for example in examples)
        for value in sorted(values - there.keys()):
            shown = ", ".join(repr(name) for name in list(there)[:_SHOWN]) + (
                ", …" if len(there) > _SHOWN else ""
            )
            problems.append(Problem("--filter", f"no row has {key}={value}.", f"Rows have {key}: {shown}."))
    UsageError.raise_if(problems)
    found = [
        example
        for example in examples
        if all(getattr(example, key) in values for key, values in wanted.items())
    ]
    if examples and not found:
        raise UsageError(Problem("--filter", f"no row fits all of {' '.join(filters)}.", "Drop one."))
    return found[:limit]


def shard_of(text: str | None) -> tuple[int, int] | None:
    """`2/4` as (2, 4): the second of four; None without a shard.

    Raises: UsageError for what is none.
    """
    if text is None:
        return None
    place, slash, count = text.partition("/")
    if (
        slash
        and place.isascii()
        and count.isascii()
        and place.isdecimal()
        and count.isdecimal()
        and 1 <= int(place) <= int(count)
    ):
        return int(place), int(count)
    raise UsageError(
        Problem("--shard", f"{text!r} is no shard.", "Write i/n with 1 <= i <= n, e.g. --shard 2/4.")
    )
