"""Expected calls against what a model wrote: pure functions, no deep-learning library.

Base model and adapter go through the same function, `score_completion`; nothing in it knows which of them wrote the text.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from fgdata.format import STOP_TOKENS, Completion, parse_completion
from fgdata.schema import Call, JsonValue, Tool, calls_to_text, check_call
from fgeval.profiles import DEFAULT_PROFILE, Profile, load_profile

Values: TypeAlias = Literal["bare", "escaped", "mixed", "none"]
ErrorType: TypeAlias = Literal[
    "",  # nothing is wrong
    "unread",  # a call was begun that does not read: cut off, or broken
    "missed_call",  # a call was due, none was made
    "over_call",  # no call was due, one was made
    "invented_tool",  # a tool was called that is not declared
    "wrong_tool",  # as many calls as due, of another tool
    "too_few_calls",
    "too_many_calls",
    "missing_argument",
    "hallucinated_argument",  # an argument that the expected call does not have
    "wrong_type",
    "wrong_value",
]
"""Why an item is not exact: the first of these that applies, in about the order a call goes wrong."""
ERROR_TYPES: tuple[str, ...] = tuple(name for name in get_args(ErrorType) if name)
Verdict: TypeAlias = Literal["right", "wrong_value", "wrong_type", "missing", "hallucinated"]


@dataclass(frozen=True, slots=True)
class Score:
    """A value with its reason."""

    value: float | None
    """0.0 to 1.0; `None` when the check does not apply, and then it is left out of every mean."""
    reason: str = ""
    """Why points were lost, in words the reader of the report can act on; empty at 1.0."""


@dataclass(frozen=True, slots=True)
class ArgumentVerdict:
    """What became of one argument."""

    tool: str
    name: str
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ItemScore:
    """All that is known about one completion. Every number of a report is a sum over these."""

    expected: tuple[Call, ...]
    """The calls that were due, as the profile reads them; empty where none was."""
    got: tuple[Call, ...]
    """The calls that were made, as the profile reads them, in the order they were written."""
    values: Values
    """How numbers and booleans were written."""
    parse_problems: tuple[str, ...]
    invented: tuple[str, ...]
    """Names that were called and are not declared."""
    schema_problems: tuple[str, ...]
    """What is wrong with the calls made, whatever was expected: not declared, out of range, not in the enum, …"""
    decision: Score
    """Was a call made where one was due, and none where none was?"""
    tool_names: Score
    """Were exactly the right tools called, in any order? Not applicable where no call was due."""
    schema: Score
    """Do the calls made fit the declared tools? Not applicable without calls, or without declared tools."""
    arguments: tuple[ArgumentVerdict, ...]
    n_right: int
    """Arguments with the right value, over optimally matched calls of the same tool."""
    n_expected: int
    """Arguments of the calls that were due."""
    n_got: int
    """Arguments of the calls that were made."""
    error_type: ErrorType
    reasons: tuple[str, ...]
    """One sentence for every point lost."""

    @property
    def exact(self) -> bool:
        """Whether the right calls, all of them and nothing else, were made."""
        return not self.error_type

    @property
    def reason(self) -> str:
        """The reasons as one line; empty if the item is exact."""
        return "; ".join(self.reasons)

    @property
    def argument_f1(self) -> Score:
        """Harmonic mean of argument precision and recall; not applicable where neither side has arguments."""
        total = self.n_expected + self.n_got
        if not total:
            return Score(None, "neither the expected nor the predicted calls have arguments")
        return Score(2 * self.n_right / total, "; ".join(v.reason for v in self.arguments if v.reason))


def score_completion(
    expected: Sequence[Call],
    completion: Completion | str,
    tools: Mapping[str, Tool],
    profile: Profile | None = None,
    *,
    cut_off: bool = False,
) -> ItemScore:
    """The score of one completion.

    Args:
        expected: the calls that are due, in any order; none where the right answer is text.
        completion: what the model wrote, parsed or raw.
        tools: the declared tools by name; empty where the row declares none.
        cut_off: whether the model was stopped by the token limit; named in the reasons.
    """
    profile = profile or load_profile(DEFAULT_PROFILE)
    parsed = parse_completion(completion) if isinstance(completion, str) else completion
    due = tuple(profile.read_call(call, tools) for call in expected)
    made = tuple(profile.read_call(call, tools) for call in parsed.calls)
    matching = match_calls(due, made, profile)
    verdicts = tuple(v for left, right in matching.pairs for v in _compare(left, right, profile))
    problems = _problems_before_stop(parsed)
    complaints = tuple(text for call in made for text in check_call(call, tools)) if tools else ()
    invented = tuple(dict.fromkeys(call.name for call in made if tools and call.name not in tools))
    error_type, reasons = _explain(matching, verdicts, problems, invented)
    if error_type and cut_off:
        reasons = (*reasons, "cut off at the token limit")
    return ItemScore(
        expected=due,
        got=made,
        values=_read_dialect(parsed, made, tools),
        parse_problems=problems,
        invented=invented,
        schema_problems=complaints,
        decision=_score_decision(due, made),
        tool_names=_score_names(matching),
        schema=_score_schema(made, complaints, tools),
        arguments=verdicts,
        n_right=sum(verdict.verdict == "right" for verdict in verdicts),
        n_expected=sum(len(call.arguments) for call in due),
        n_got=sum(len(call.arguments) for call in made),
        error_type=error_type,
        reasons=reasons,
    )


def _problems_before_stop(completion: Completion) -> tuple[str, ...]:
    """What did not read. Text behind a stop token is the decoder's doing: whoever runs the model never sees it."""
    stops = [place for token in STOP_TOKENS if (place := completion.raw.find(token)) >= 0]
    end = min(stops, default=len(completion.raw))
    return tuple(f"character {p.offset}: {p.what}" for p in completion.problems if p.offset <= end)


@dataclass(frozen=True, slots=True)
class Matching:
    """Which call made answers which call due."""

    due: Sequence[Call]
    made: Sequence[Call]
    pairs: Sequence[tuple[Call, Call]]
    """A call due and the call made that answers it, both of one tool."""
    missed: Sequence[Call]
    """Calls due that nothing answers."""
    extra: Sequence[Call]
    """Calls made that answer nothing."""


def match_calls(due: Sequence[Call], made: Sequence[Call], profile: Profile) -> Matching:
    """The best matching, so that order cannot change a score.

    Only calls of one tool are paired: first as many pairs as possible, then as many right arguments, then as few missing
    and needless ones.
    """
    if len(due) == len(made) == 1:  # nearly every item
        if due[0].name == made[0].name:
            return Matching(due, made, [(due[0], made[0])], (), ())
        return Matching(due, made, (), due, made)
    pairs: list[tuple[Call, Call]] = []
    missed: list[Call] = []
    extra = list(made)
    for name in sorted({call.name for call in due}):
        # An exact match is never worse than another choice: take those first, and the search below stays small.
        unmatched = []
        for call in (call for call in due if call.name == name):
            if call in extra:
                pairs.append((call, extra.pop(extra.index(call))))
            else:
                unmatched.append(call)
        candidates = [call for call in extra if call.name == name]
        chosen = _assign(unmatched, candidates, profile)
        pairs += [(unmatched[i], candidates[j]) for i, j in chosen.items()]
        missed += [call for i, call in enumerate(unmatched) if i not in chosen]
        taken = {id(candidates[j]) for j in chosen.values()}
        extra = [call for call in extra if id(call) not in taken]
    return Matching(due, made, pairs, missed, extra)


def _assign(due: Sequence[Call], made: Sequence[Call], profile: Profile) -> dict[int, int]:
    """Index of a call due -> index of the call made that answers it best; all are of one tool."""
    if not due or not made:
        return {}
    if len(due) == len(made) == 1:
        return {0: 0}
    from scipy.optimize import (
        linear_sum_assignment,
    )  # heavy to import, and only parallel calls of one tool need it

    def worth(left: Call, right: Call) -> int:
        n_right = sum(v.verdict == "right" for v in _compare(left, right, profile))
        return 1000 * n_right - len(left.arguments.keys() ^ right.arguments.keys())

    # Sorted, so that among equally good assignments the same one is taken whatever order the model chose.
    rows = sorted(range(len(due)), key=lambda i: calls_to_text([due[i]]))
    columns = sorted(range(len(made)), key=lambda j: calls_to_text([made[j]]))
    chosen = linear_sum_assignment([[worth(due[i], made[j]) for j in columns] for i in rows], maximize=True)
    return {rows[i]: columns[j] for i, j in zip(*chosen, strict=True)}


def _compare(due: Call, made: Call, profile: Profile) -> list[ArgumentVerdict]:
    verdicts = []
    for name, value in due.arguments.items():
        place = f"{due.name}.{name}"
        if name not in made.arguments:
            verdicts.append(
                ArgumentVerdict(due.name, name, "missing", f"{place}: missing, expected {_show(value)}")
            )
            continue
        other = made.arguments[name]
        if profile.same_value(value, other):
            verdicts.append(ArgumentVerdict(due.name, name, "right"))
            continue
        verdict: Verdict = "wrong_value" if type(value) is type(other) else "wrong_type"
        reason = f"{place}: expected {_show(value)}, got {_show(other)}"
        verdicts.append(ArgumentVerdict(due.name, name, verdict, reason))
    for name, value in made.arguments.items():
        if name not in due.arguments:
            reason = f"{due.name}.{name}: not expected, got {_show(value)}"
            verdicts.append(ArgumentVerdict(due.name, name, "hallucinated", reason))
    return verdicts


def _show(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)


def _score_decision(due: Sequence[Call], made: Sequence[Call]) -> Score:
    if bool(due) == bool(made):
        return Score(1.0)
    return Score(0.0, "a call was due, none was made" if due else "no call was due, one was made")


def _score_names(matching: Matching) -> Score:
    if not matching.due:
        return Score(None, "no call was due")
    misfits = _describe_misfits(matching)
    return Score(float(not misfits), "; ".join(misfits))


def _score_schema(made: Sequence[Call], complaints: Sequence[str], tools: Mapping[str, Tool]) -> Score:
    if not made or not tools:
        return Score(None, "no call was made" if tools else "no tool is declared")
    return Score(float(not complaints), "; ".join(complaints))


def _describe_misfits(matching: Matching) -> list[str]:
    missed, extra = matching.missed, matching.extra
    if len(missed) == len(extra) == 1:
        return [f"expected {calls_to_text(missed)}, got {calls_to_text(extra)}"]
    return [f"not called: {calls_to_text([call])}" for call in missed] + [
        f"called without being due: {calls_to_text([call])}" for call in extra
    ]


def _explain(
    matching: Matching, verdicts: Sequence[ArgumentVerdict], problems: Sequence[str], invented: Sequence[str]
) -> tuple[ErrorType, tuple[str, ...]]:
    """The first thing that went wrong, and a sentence for each thing that did."""
    due, made = matching.due, matching.made
    unread = [f"does not read as a call at {problem}" for problem in problems]
    if not made:
        if unread:
            return "unread", tuple(unread)
        return ("missed_call", (f"no call was made, expected {calls_to_text(due)}",)) if due else ("", ())
    if not due:
        return "over_call", (f"no call was due, got {calls_to_text(made)}", *unread)
    kinds = Counter(verdict.verdict for verdict in verdicts)
    # The order is the order of the taxonomy; a cut-off last call leaves too few calls, and that is not the cause.
    found: list[tuple[ErrorType, object]] = [
        ("invented_tool", invented),
        ("unread", unread and matching.missed),
        ("wrong_tool", matching.missed and len(made) == len(due)),
        ("too_few_calls", len(made) < len(due)),
        ("too_many_calls", len(made) > len(due)),
        ("missing_argument", kinds["missing"]),
        ("hallucinated_argument", kinds["hallucinated"]),
        ("wrong_type", kinds["wrong_type"]),
        ("wrong_value", kinds["wrong_value"]),
        ("unread", unread),
    ]
    reasons = (
        *(f"{name!r} is not a declared tool" for name in invented),
        *_describe_misfits(matching),
        *(verdict.reason for verdict in verdicts if verdict.reason),
        *unread,
    )
    return next((error for error, applies in found if applies), ""), reasons


def _read_dialect(parsed: Completion, made: Sequence[Call], tools: Mapping[str, Tool]) -> Values:
    """How numbers and booleans are written: by the tools' schema where there is one, else as the parser sees it."""
    if not tools:
        return parsed.values
    bare = escaped = False
    for written, read in zip(parsed.calls, made, strict=True):
        for value, meant in zip(written.arguments.values(), read.arguments.values(), strict=False):
            escaped |= isinstance(value, str) and not isinstance(meant, str)
            bare |= isinstance(value, bool | int | float)
    return "mixed" if bare and escaped else "bare" if bare else "escaped" if escaped else "none"


def score_to_row(score: ItemScore) -> dict[str, Any]:
    """The score as it stands in `scores.jsonl`."""
    return {
        "exact": score.exact,
        "error_type": score.error_type,
        "reason": score.reason,
        "expected": [_call_to_row(call) for call in score.expected],
        "got": [_call_to_row(call) for call in score.got],
        "decision": score.decision.value,
        "tool_names": score.tool_names.value,
        "schema": score.schema.value,
        "arguments": {"right": score.n_right, "expected": score.n_expected, "got": score.n_got},
        "values": score.values,
        "parse_problems": list(score.parse_problems),
        "schema_problems": list(score.schema_problems),
    }


def _call_to_row(call: Call) -> dict[str, Any]:
    return {"name": call.name, "arguments": dict(call.arguments)}
