"""Scores of many items as metrics: rates with n and interval, overall and by slice, and the confusion of tools."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fgdata.example import Example
from fgeval.score import ERROR_TYPES, ItemScore
from fgeval.stats import Rate

NO_CALL = "no call"
SEVERAL = "several"
INVENTED = "invented"
UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class ScoredItem:
    """A score together with the example it belongs to."""

    example: Example
    score: ItemScore


def _tools_of(item: ScoredItem) -> list[str]:
    return sorted({call.name for call in item.score.expected}) or [NO_CALL]


SLICES: dict[str, Callable[[ScoredItem], list[str]]] = {
    "tool": _tools_of,
    "kind": lambda item: [item.example.kind],
    "intent": lambda item: [item.example.intent],
    "family": lambda item: [item.example.family],
    "register": lambda item: [item.example.register],
    "language": lambda item: [item.example.language],
}
"""What metrics are broken down by. An item that expects several tools counts under each; unknown provenance under none."""


@dataclass(frozen=True, slots=True)
class ArgumentCounts:
    """Arguments over all items (micro): right ones, expected ones, predicted ones."""

    right: int
    expected: int
    got: int

    def to_json(self) -> dict[str, Any]:
        """Precision, recall and their harmonic mean; None where there is nothing to divide by."""
        total = self.expected + self.got
        return {
            "precision": Rate(self.right, self.got).to_json(),
            "recall": Rate(self.right, self.expected).to_json(),
            "f1": 2 * self.right / total if total else None,
        }


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics of a set of items."""

    exact: Rate
    tool_names: Rate
    """Items with exactly the right tools, of those where a call was due."""
    decision: Rate
    """Items where a call was made if and only if one was due."""
    over_call: Rate
    """Items with a call, of those where none was due."""
    missed_call: Rate
    """Items without a call, of those where one was due."""
    read: Rate
    """Items in which nothing was broken: every call that was begun reads."""
    schema: Rate
    """Items whose calls fit their tools, of those with calls."""
    arguments: ArgumentCounts

    def to_json(self) -> dict[str, Any]:
        """The metrics as they stand in `summary.json`."""
        rates = ("exact", "tool_names", "decision", "over_call", "missed_call", "read", "schema")
        return {name: getattr(self, name).to_json() for name in rates} | {
            "arguments": self.arguments.to_json()
        }


def measure(scores: Iterable[ItemScore]) -> Metrics:
    """The metrics of these scores."""
    scores = list(scores)
    due = [score for score in scores if score.expected]
    not_due = [score for score in scores if not score.expected]
    return Metrics(
        exact=_share(score.exact for score in scores),
        tool_names=_share(bool(s.tool_names.value) for s in scores if s.tool_names.value is not None),
        decision=_share(bool(score.decision.value) for score in scores),
        over_call=_share(bool(score.got) for score in not_due),
        missed_call=_share(not score.got for score in due),
        read=_share(not score.parse_problems for score in scores),
        schema=_share(bool(s.schema.value) for s in scores if s.schema.value is not None),
        arguments=ArgumentCounts(
            sum(score.n_right for score in scores),
            sum(score.n_expected for score in scores),
            sum(score.n_got for score in scores),
        ),
    )


def _share(claims: Iterable[bool]) -> Rate:
    found = list(claims)
    return Rate(sum(found), len(found))


def slice_by(items: Sequence[ScoredItem], name: str) -> dict[str, list[ScoredItem]]:
    """The items under each value of a slice (a key of `SLICES`), values sorted; items without a value are left out."""
    groups: defaultdict[str, list[ScoredItem]] = defaultdict(list)
    for item in items:
        for value in SLICES[name](item):
            if value:
                groups[value].append(item)
    return dict(sorted(groups.items()))


@dataclass(frozen=True, slots=True)
class Confusion:
    """Which tool was called where which was due."""

    rows: tuple[str, ...]
    """What was due: tools, `several` (an item with more than one call), `no call`."""
    columns: tuple[str, ...]
    """What was called: the same, and `invented` (a tool that is not declared), `unread` (nothing that reads)."""
    counts: tuple[tuple[int, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """The matrix as it stands in `summary.json`."""
        return {
            "rows": list(self.rows),
            "columns": list(self.columns),
            "counts": [list(row) for row in self.counts],
        }


def confuse_tools(items: Sequence[ScoredItem]) -> Confusion:
    """The confusion matrix. Every item counts once."""
    cells = Counter((_due(item.score), _called(item.score)) for item in items)
    special = (SEVERAL, NO_CALL, INVENTED, UNREAD)
    names = {name for cell in cells for name in cell}
    rows = {row for row, _ in cells}
    tools = sorted(names - set(special))
    # The same order on both sides keeps right answers on the diagonal.
    columns = (*tools, *(name for name in special if name in names))
    rows_in_order = tuple(name for name in columns if name in rows)
    return Confusion(
        rows_in_order, columns, tuple(tuple(cells[row, col] for col in columns) for row in rows_in_order)
    )


def _due(score: ItemScore) -> str:
    return NO_CALL if not score.expected else score.expected[0].name if len(score.expected) == 1 else SEVERAL


def _called(score: ItemScore) -> str:
    got = score.got
    if not got:
        return UNREAD if score.parse_problems else NO_CALL
    if score.invented:
        return INVENTED
    return got[0].name if len(got) == 1 else SEVERAL


def summarise(items: Sequence[ScoredItem]) -> dict[str, Any]:
    """All metrics of a run, as JSON: overall, by slice, values dialects, errors, confusion."""
    scores = [item.score for item in items]
    dialects = Counter(score.values for score in scores)
    errors: Counter[str] = Counter(score.error_type for score in scores)
    return {
        "n": len(items),
        "overall": measure(scores).to_json(),
        "by": {
            name: {
                value: {"n": len(group), **measure(i.score for i in group).to_json()}
                for value, group in groups.items()
            }
            for name in SLICES
            if (groups := slice_by(items, name))
        },
        "values": {
            name: Rate(dialects[name], len(scores)).to_json() for name in ("bare", "escaped", "mixed", "none")
        },
        "errors": {name: errors[name] for name in ERROR_TYPES if errors[name]},
        "confusion": confuse_tools(items).to_json(),
    }
