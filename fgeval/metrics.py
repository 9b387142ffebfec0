"""Scores of many items as metrics: rates with n and interval, overall and by slice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from fgdata.example import Example
from fgdata.pack import ALL_SPLITS
from fgeval.confusion import NO_CALL, Confusion, confuse_calls, confuse_decisions, confuse_items
from fgeval.score import ERROR_TYPES, ItemScore
from fgeval.seen import Seen
from fgeval.stats import Rate

DEFAULT_MIN_N = 10
"""Items that a slice needs to be reported: with fewer, its interval covers half the scale and one row in a hundred means nothing."""


@dataclass(frozen=True, slots=True)
class ScoredItem:
    """A score together with the example it belongs to."""

    example: Example
    score: ItemScore
    values_seen: Seen = ""
    """Whether the values of the expected arguments stand in the training files, where those were given."""


def _tools_of(item: ScoredItem) -> list[str]:
    return sorted({call.name for call in item.score.expected}) or [NO_CALL]


_TYPE_NAMES: Mapping[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
    type(None): "null",
}


def _perturbations(item: ScoredItem) -> list[str]:
    return sorted(set(item.example.perturbation.split("+"))) if item.example.perturbation else ["none"]


def split_of(example: Example) -> str:
    """The split, by the name of the file that the row was read from; empty if that names none."""
    stem = Path(example.source.rpartition(":")[0]).stem
    return stem if stem in ALL_SPLITS else ""


def argument_types(arguments: Iterable[Mapping[str, Any]]) -> list[str]:
    """The JSON types of these calls' arguments, each once."""
    values = [value for one in arguments for value in one.values()]
    return sorted({_TYPE_NAMES[type(value)] for value in values})


SLICES: dict[str, Callable[[ScoredItem], list[str]]] = {
    "tool": _tools_of,
    "kind": lambda item: [item.example.kind],
    "intent": lambda item: [item.example.intent],
    "family": lambda item: [item.example.family],
    "register": lambda item: [item.example.register],
    "language": lambda item: [item.example.language],
    "perturbation": _perturbations,
    "argument_type": lambda item: argument_types(call.arguments for call in item.score.expected),
    "number_of_calls": lambda item: [str(len(item.score.expected))],
    "number_of_tools": lambda item: [str(len(item.example.tools))] if item.example.tools else [],
    "split": lambda item: [split_of(item.example)],
    "values": lambda item: [item.values_seen],
}
"""What metrics are broken down by. An item counts under each of several tools, argument types or perturbations; what is not known under none."""


class Counts(NamedTuple):
    """Right ones, due ones and made ones: of arguments, or of whole calls."""

    right: int
    expected: int
    got: int

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; None where there is nothing to divide by."""
        total = self.expected + self.got
        return 2 * self.right / total if total else None

    def to_json(self) -> dict[str, Any]:
        """Precision, recall and their harmonic mean; None where there is nothing to divide by."""
        return {
            "precision": Rate(self.right, self.got).to_json(),
            "recall": Rate(self.right, self.expected).to_json(),
            "f1": self.f1,
        }


ArgumentCounts = Counts


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
    too_many: Rate
    """Items with more calls than due, of all."""
    too_few: Rate
    """Items with fewer calls than due, of those where one was due."""
    asked: Rate
    """Items whose text asks for the missing value, of those where that was due and markers can tell."""
    read: Rate
    """Items in which nothing was broken: every call that was begun reads."""
    schema: Rate
    """Items whose calls fit their tools, of those with calls."""
    arguments: Counts
    """Arguments over all items (micro)."""
    calls: Counts
    """Calls, right only as a whole."""

    def to_json(self) -> dict[str, Any]:
        """The metrics as they stand in `summary.json`."""
        return {name: getattr(self, name).to_json() for name in _RATES} | {
            "arguments": self.arguments.to_json(),
            "calls": self.calls.to_json(),
        }


_RATES = (
    *("exact", "tool_names", "decision", "over_call", "missed_call", "too_many", "too_few"),
    *("asked", "read", "schema"),
)


def measure(scores: Iterable[ItemScore]) -> Metrics:
    """The metrics of these scores. Items without a verdict are left out."""
    scores = [score for score in scores if score.is_scored]
    due = [score for score in scores if score.expected]
    not_due = [score for score in scores if not score.expected]
    return Metrics(
        exact=_share(score.exact for score in scores),
        tool_names=_share(bool(s.tool_names.value) for s in scores if s.tool_names.value is not None),
        decision=_share(bool(score.decision.value) for score in scores),
        over_call=_share(bool(score.got) for score in not_due),
        missed_call=_share(not score.got for score in due),
        too_many=_share(len(score.got) > len(score.expected) for score in scores),
        too_few=_share(len(score.got) < len(score.expected) for score in due),
        asked=_share(bool(s.asking.value) for s in scores if s.asking.value is not None),
        read=_share(not score.parse_problems for score in scores),
        schema=_share(bool(s.schema.value) for s in scores if s.schema.value is not None),
        arguments=Counts(
            sum(score.n_right for score in scores),
            sum(score.n_expected for score in scores),
            sum(score.n_got for score in scores),
        ),
        calls=Counts(
            sum(score.n_calls_right for score in scores),
            sum(len(score.expected) for score in scores),
            sum(len(score.got) for score in scores),
        ),
    )


def _share(claims: Iterable[bool]) -> Rate:
    found = list(claims)
    return Rate(sum(found), len(found))


def count_parameters(scores: Iterable[ItemScore]) -> dict[tuple[str, str], Counts]:
    """Arguments by tool and parameter, sorted. Those of a call that nothing answers count as due, or as made, and never as right."""
    right: Counter[tuple[str, str]] = Counter()
    expected: Counter[tuple[str, str]] = Counter()
    got: Counter[tuple[str, str]] = Counter()
    for score in scores:
        for verdict in score.arguments:
            place = (verdict.tool, verdict.name)
            right[place] += verdict.verdict == "right"
            expected[place] += verdict.verdict != "hallucinated"
            got[place] += verdict.verdict != "missing"
        expected.update((call.name, name) for call in score.matching.missed for name in call.arguments)
        got.update((call.name, name) for call in score.matching.extra for name in call.arguments)
    return {place: Counts(right[place], expected[place], got[place]) for place in sorted({*expected, *got})}


def declared_parameters(items: Iterable[ScoredItem]) -> set[tuple[str, str]]:
    """Tool and parameter of all that the prompts of these items declare."""
    # Rows share their declarations, so that most of them are looked at once.
    entries = {id(entry): entry for item in items for entry in item.example.tools or ()}
    found: set[tuple[str, str]] = set()
    for entry in entries.values():
        function = entry.get("function", entry)
        properties = (function.get("parameters") or {}).get("properties") or {}
        found.update((function.get("name"), name) for name in properties)
    return found


def macro_average(
    parameters: Mapping[tuple[str, str], Counts], declared: Collection[tuple[str, str]] = ()
) -> dict[str, Any]:
    """Precision, recall and F1 as means over parameters, each counting once: rare ones are not drowned by frequent ones.

    The parameters are those that are due somewhere or `declared`. One that a model invented is none: a mean over inventions would
    hang on how many different names were made up. They are counted as `n_invented`, and cost precision over all arguments. A parameter that is never given has no precision, one that is never due no recall; each mean is over those that have it.
    """
    found = [counts for place, counts in parameters.items() if counts.expected or place in declared]
    precisions = [one.right / one.got for one in found if one.got]
    recalls = [one.right / one.expected for one in found if one.expected]
    f1s = [one.f1 for one in found if one.f1 is not None]
    return {
        "precision": _mean(precisions),
        "recall": _mean(recalls),
        "f1": _mean(f1s),
        "n_parameters": len(found),
        "n_invented": len(parameters) - len(found),
    }


def _mean(numbers: Sequence[float]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None


def slice_by(items: Sequence[ScoredItem], name: str) -> dict[str, list[ScoredItem]]:
    """The items under each value of a slice (a key of `SLICES`), values sorted; items without a value are left out."""
    groups: defaultdict[str, list[ScoredItem]] = defaultdict(list)
    for item in items:
        for value in SLICES[name](item):
            if value:
                groups[value].append(item)
    return dict(sorted(groups.items(), key=lambda pair: (len(pair[0]), pair[0]) if pair[0].isdigit() else (0, pair[0])))  # fmt: skip


def confuse_tools(items: Sequence[ScoredItem]) -> Confusion:
    """Which tool was called where which was due. Every item counts once."""
    return confuse_items(item.score for item in items)


def summarise(items: Sequence[ScoredItem], *, min_n: int = 1) -> dict[str, Any]:
    """All metrics of a run, as JSON: overall, by slice, values dialects, errors, confusion.

    Args:
        min_n: items that a slice needs; smaller ones are counted under `suppressed` and nothing else is said of them.
    """
    unscored = [item for item in items if not item.score.is_scored]
    items = [item for item in items if item.score.is_scored]
    scores = [item.score for item in items]
    dialects = Counter(score.values for score in scores)
    errors: Counter[str] = Counter(score.error_type for score in scores)
    order = [*ERROR_TYPES, *sorted(set(errors) - set(ERROR_TYPES))]
    parameters = count_parameters(scores)
    slices = {name: groups for name in SLICES if (groups := slice_by(items, name))}
    overall = measure(scores).to_json()
    overall["arguments"]["macro"] = macro_average(parameters, declared_parameters(items))
    return {
        "n": len(items),
        "overall": overall,
        "by": {
            name: {
                value: {"n": len(group), **measure(i.score for i in group).to_json()}
                for value, group in groups.items()
                if len(group) >= min_n
            }
            for name, groups in slices.items()
        },
        "min_n": min_n,
        "suppressed": {
            name: small
            for name, groups in slices.items()
            if (small := {value: len(group) for value, group in groups.items() if len(group) < min_n})
        },
        "parameters": [
            {"tool": tool, "name": name, **counts._asdict(), **counts.to_json()}
            for (tool, name), counts in parameters.items()
        ],
        "values": {
            name: Rate(dialects[name], len(scores)).to_json() for name in ("bare", "escaped", "mixed", "none")
        },
        "errors": {name: errors[name] for name in order if name and errors[name]},
        "confusion": confuse_tools(items).to_json(),
        "call_confusion": confuse_calls(scores).to_json(),
        "decisions": confuse_decisions(scores).to_json(),
        "not_scored": [{"id": item.example.id, "reason": item.score.reason} for item in unscored],
    }
