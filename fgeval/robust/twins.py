"""A data file -> a file of its items and their twins. The same file and seed give the same twins, everywhere."""

from __future__ import annotations

import copy
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from typing import Any, Literal

from fgdata.errors import Problem, UsageError
from fgdata.example import write_jsonl
from fgeval.items import Item, read_items
from fgeval.robust import declarations, directions, removal, wording
from fgeval.robust.changes import Change, language_of

Maker = Callable[[Item, int], Change | None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of twin."""

    name: str
    direction: Literal["same", "other"]
    """Whether the twin asks for what its item asks for, or must change the call."""
    what: str
    make: Maker
    is_drawn: bool = True
    """Whether an item may have several twins of this kind."""


_ALL = (
    Kind("spacing", "same", "blanks left out or put into words", partial(wording.perturbed, kind="spacing")),
    Kind("particles", "same", "a particle left out", partial(wording.perturbed, kind="particles")),
    Kind("typos", "same", "slips of the keys, homophones", partial(wording.perturbed, kind="typos")),
    Kind("chatter", "same", "words of hesitation, calls, signs at the end", partial(wording.perturbed, kind="chatter")),
    Kind("nfd", "same", "the text decomposed (Unicode NFD)", partial(wording.perturbed, kind="nfd"), is_drawn=False),
    Kind("fullwidth", "same", "wide digits and letters", partial(wording.perturbed, kind="fullwidth"), is_drawn=False),
    Kind("register", "same", "another register; in English with or without please", wording.in_another_register),
    Kind("numerals", "same", "digits as words, words as digits", wording.numbers_said_otherwise, is_drawn=False),
    Kind("tool_order", "same", "tools in another order", declarations.shuffled),
    Kind("distractors_1", "same", "one more tool that has nothing to do with it", partial(declarations.with_distractors, n=1)),
    Kind("distractors_4", "same", "four more", partial(declarations.with_distractors, n=4)),
    Kind("distractors_8", "same", "eight more", partial(declarations.with_distractors, n=8)),
    Kind("renamed", "same", "tools and parameters under names that mean nothing", declarations.renamed),
    Kind("paraphrased", "same", "descriptions in other sentences", declarations.paraphrased),
    Kind("changed_value", "other", "another value is said: that argument must change", directions.with_other_value),
    Kind("removed_tool", "other", "the tool is gone: no call", directions.without_tool, is_drawn=False),
    Kind("removed_value", "other", "a required value is not said: it must be asked for", removal.without_value, is_drawn=False),
)  # fmt: skip
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}
"""All kinds, in the order of every table."""
_REFUSALS = {"ko": "그건 지금 할 수 없어요.", "en": "I cannot do that."}
_QUESTIONS = {"ko": "어떤 값으로 할까요?", "en": "Which value should it be?"}


@dataclass(frozen=True, slots=True)
class TwinCounts:
    """What a file of twins holds."""

    items: int
    call_items: int
    """Items where a call is due."""
    twins: Mapping[str, int]
    """Kind -> twins; 0 where no item had a place for one."""
    items_with: Mapping[str, int]
    """Kind -> items that have a twin of it."""
    calls_with: Mapping[str, int]
    """Kind -> such items where a call is due."""


def make_twins(
    data: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    kinds: Sequence[str] = (),
    k: int = 3,
    seed: int = 0,
) -> TwinCounts:
    """How many twins `out` now holds, behind each item of `data` that they belong to.

    Args:
        kinds: names of KINDS; all of them if empty.
        k: twins of a kind an item has, where chance can make more than one.
    Raises: UsageError for a kind that is none, k below 1, and an `out` that is `data`; DataError for rows that cannot be scored.
    """
    problems = [
        Problem("--kind", f"{name!r} is no kind of twin.", f"Choose among: {', '.join(KINDS)}.")
        for name in kinds
        if name not in KINDS
    ]
    if k < 1:
        problems.append(Problem("--k", f"is {k}; it must be at least 1."))
    if os.path.realpath(data) == os.path.realpath(out):
        problems.append(Problem("--out", f"{str(out)!r} is the data file.", "Name another file."))
    UsageError.raise_if(problems)
    chosen = [KINDS[name] for name in KINDS if name in (kinds or KINDS)]
    items = read_items(data)
    unsaid = partial(
        removal.without_value,
        filled=_filled_by_data(items),
        asked=frozenset(item.example.asks_for for item in items if item.example.asks_for),
    )
    chosen = [replace(kind, make=unsaid) if kind.name == "removed_value" else kind for kind in chosen]
    with_call = {item.example.id for item in items if item.expected}
    twins: Counter[str] = Counter(dict.fromkeys((kind.name for kind in chosen), 0))
    items_with, calls_with = twins.copy(), twins.copy()

    def rows() -> Iterator[dict[str, Any]]:
        for item in items:
            yield item.example.to_row() | {"twin_of": item.example.id, "twin": "item"}
            for kind in chosen:
                made = list(_twins_of(item, kind, k, seed))
                twins[kind.name] += len(made)
                items_with[kind.name] += bool(made)
                calls_with[kind.name] += bool(made) and item.example.id in with_call
                yield from made

    write_jsonl(out, rows())
    return TwinCounts(len(items), len(with_call), dict(twins), dict(items_with), dict(calls_with))


def _filled_by_data(items: Sequence[Item]) -> frozenset[tuple[str, str]]:
    """Tool and parameter of values that a policy gives in some row: a request without them is no request that lacks something."""
    return frozenset(
        (call.name, name)
        for item in items
        if item.example.policy
        for call in item.expected
        for name in call.arguments
    )


def _twins_of(item: Item, kind: Kind, k: int, seed: int) -> Iterator[dict[str, Any]]:
    """The twins of one kind, each different from the item and from the others."""
    # A request in parts cannot be written anew as one text.
    if not isinstance(_last_user(item.example.messages).get("content"), str):
        return
    seen: list[Change] = []
    for number in range(k if kind.is_drawn else 1):
        change = kind.make(item, _key(seed, item.example.id, kind.name, number))
        if change is None or change in seen or change.utterance == item.example.utterance:
            continue
        seen.append(change)
        yield _twin_row(item, kind, change, len(seen))


def _key(*parts: object) -> int:
    """64 bits of chance that follow from the parts alone."""
    return int.from_bytes(blake2b(repr(parts).encode(), digest_size=8).digest(), "big")


def _last_user(messages: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return next((message for message in reversed(messages) if message.get("role") == "user"), {})


def _twin_row(item: Item, kind: Kind, change: Change, number: int) -> dict[str, Any]:
    """A twin as a row of the file."""
    row = copy.deepcopy(item.example.to_row())
    if change.utterance is not None:
        _last_user(row["messages"])["content"] = change.utterance
    if change.tools is not None:
        row["tools"] = declarations.tool_rows(change.tools)
    if change.calls:
        row["messages"][-1] = {"role": "assistant", "tool_calls": [call.to_json() for call in change.calls]}
    elif change.calls is not None and item.expected:
        texts = _QUESTIONS if kind.name == "removed_value" else _REFUSALS
        row["messages"][-1] = {"role": "assistant", "content": texts[language_of(item.example)]}
    row |= {
        "id": f"{item.example.id}~{kind.name}-{number}",
        "perturbation": kind.name,
        "twin_of": item.example.id,
        "twin": kind.name,
    }
    row.pop("slots", None)  # a changed value is not theirs any more
    if change.calls is not None and not change.calls and row.get("kind"):
        row["kind"] = "ask" if change.asks_for else "missing_tool"
        row.pop("policy", None)
    if change.asks_for:
        row["asks_for"] = change.asks_for
    return row
