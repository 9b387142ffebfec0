"""Expected calls against what a model wrote: pure functions, no deep-learning library.

Base model and adapter go through the same function, `score_completion`; nothing in it knows which of them wrote the text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from fgdata.format import STOP_TOKENS, Completion, ParseProblem, parse_completion
from fgdata.gold import Gold
from fgdata.schema import Call, Tool, calls_to_text
from fgeval.gold import is_open, read_allowances
from fgeval.matching import ArgumentVerdict, Matching, Verdict, check_language, match_calls
from fgeval.profiles import DEFAULT_PROFILE, Profile, load_profile

__all__ = [
    "ERROR_TYPES",
    "ArgumentVerdict",
    "Decision",
    "ErrorType",
    "ItemScore",
    "Score",
    "Verdict",
    "forget_readings",
    "score_completion",
    "score_to_row",
]

Values: TypeAlias = Literal["bare", "escaped", "mixed", "none"]
Decision: TypeAlias = Literal["call", "no_call", "ask"]
ErrorType: TypeAlias = Literal[
    "",  # nothing is wrong
    "over_call",  # no call was due, one was made
    "invented_tool",  # a tool was called that is not declared
    "unread",  # a call was begun that does not read, cut off or broken, and a call due has no answer or nothing else is wrong
    "missed_call",  # a call was due, none was made
    "wrong_order",  # the right calls, where the row asks for them in another order
    "wrong_tool",  # as many calls as due, of another tool
    "too_few_calls",
    "too_many_calls",
    "missing_argument",
    "hallucinated_argument",  # an argument that the expected call does not have
    "user_language",  # a value left in the language of the request: 거실 where the tool says living_room
    "wrong_type",
    "wrong_value",
    "malformed",  # all calls read and are right, and what was written breaks the format: a key twice, a stray control token
]
"""Why an item is not exact: the first of these that applies."""
ERROR_TYPES: tuple[str, ...] = tuple(name for name in get_args(ErrorType) if name)


class Score(NamedTuple):
    """A value with its reason."""

    value: float | None
    """0.0 to 1.0; `None` when the check does not apply, and then it is left out of every mean."""
    reason: str = ""
    """Why points were lost, in words the reader of the report can act on; empty at 1.0."""


class ItemScore(NamedTuple):
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
    matching: Matching
    """Which call made answers which call due."""
    arguments: tuple[ArgumentVerdict, ...]
    """What became of the arguments of matched calls."""
    n_right: int
    """Arguments with the right value, over optimally matched calls of the same tool."""
    n_expected: int
    """Arguments of the calls that were due."""
    n_got: int
    """Arguments of the calls that were made."""
    due: Decision
    """What was to be decided: call, call nothing, or ask for what is missing."""
    decided: Decision
    """What was decided. `ask` can be told from `no_call` only with markers for what is missing."""
    asks_known: bool
    """Whether there were markers to tell `ask` from `no_call`."""
    declares_tools: bool
    exact: bool
    """Whether the right calls, all of them and nothing else, were made: by the rule of the profile."""
    error_type: str
    """An `ErrorType`, or under a benchmark's profile what its checker calls it; empty if the item is exact."""
    reasons: tuple[str, ...]
    """One sentence for every point lost."""
    is_scored: bool = True
    """False where the profile's rule has no verdict; `reasons` then says why."""

    @property
    def reason(self) -> str:
        """The reasons as one line; empty if the item is exact."""
        return "; ".join(self.reasons)

    @property
    def decision(self) -> Score:
        """Was a call made where one was due, and none where none was? Where a value is missing and markers tell: was it asked for?"""
        if bool(self.expected) == bool(self.got):
            return Score(1.0) if self.asking.value is None else self.asking
        return Score(
            0.0, "a call was due, none was made" if self.expected else "no call was due, one was made"
        )

    @property
    def asking(self) -> Score:
        """Was the missing value asked for? Not applicable where nothing is missing, or no markers tell."""
        if self.due != "ask" or not self.asks_known:
            return Score(None, "nothing to ask for" if self.due != "ask" else "no markers tell what asks")
        if self.decided == "ask":
            return Score(1.0)
        return Score(0.0, "the missing value was not asked for")

    @property
    def tool_names(self) -> Score:
        """Were exactly the right tools called, in any order? Not applicable where no call was due."""
        if not self.expected:
            return Score(None, "no call was due")
        misfits = _describe_misfits(self.matching)
        return Score(float(not misfits), "; ".join(misfits))

    @property
    def schema(self) -> Score:
        """Do the calls made fit the declared tools? Not applicable without calls, or without declared tools."""
        if not self.got or not self.declares_tools:
            return Score(None, "no call was made" if self.declares_tools else "no tool is declared")
        return Score(float(not self.schema_problems), "; ".join(self.schema_problems))

    @property
    def n_calls_right(self) -> int:
        """Calls due that were made with all their arguments right and no others."""
        return sum(all(v.verdict == "right" for v in verdicts) for verdicts in self.matching.verdicts)

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
    gold: Gold | None = None,
    is_ask: bool = False,
    asks: bool | None = None,
    request: str = "",
) -> ItemScore:
    """The score of one completion.

    Args:
        expected: the calls that are due, in any order; none where the right answer is text.
        completion: what the model wrote, parsed or raw.
        tools: the declared tools by name; empty where the row declares none.
        cut_off: whether the model was stopped by the token limit; named in the reasons.
        gold: what else will do, for rows of benchmarks.
        is_ask: whether the right answer asks for what is missing.
        asks: whether the text asks for it; None where nothing tells.
        request: what the user said, by which a value left in the user's language is known; without it by its letters alone.
    """
    profile = profile or load_profile(DEFAULT_PROFILE)
    parsed, made, values, problems, complaints, invented = _read_completion(completion, tools, profile)
    read = profile.read_call
    due = tuple([read(call, tools) for call in expected]) if expected else ()
    allowances = read_allowances(gold, due, lambda call: read(call, tools)) if gold is not None else ()
    is_ordered = gold is not None and gold.ordered
    matching = match_calls(due, made, profile, tools, allowances, ordered=is_ordered)
    if request:
        matching = check_language(matching, request)
    missed, extra, by_pair = matching.missed, matching.extra, matching.verdicts
    if len(by_pair) == 1:
        verdicts = tuple(by_pair[0])
    else:
        verdicts = tuple([verdict for of_pair in by_pair for verdict in of_pair])
    kinds = [verdict[2] for verdict in verdicts]
    n_right = kinds.count("right")
    error_type: str = ""
    reasons: tuple[str, ...] = ()
    n_expected = n_got = len(kinds)
    if n_expected > n_right or problems or missed or extra or invented:
        n_expected += sum([len(call.arguments) for call in missed]) - kinds.count("hallucinated")
        n_got += sum([len(call.arguments) for call in extra]) - kinds.count("missing")
        in_another_order = is_ordered and _is_reordered(
            matching, match_calls(due, made, profile, tools, allowances)
        )
        error_type, reasons = _explain(
            matching, verdicts, _problems_before_stop(parsed), invented, in_another_order=in_another_order
        )
    is_valid, is_scored = not error_type, True
    if profile.judge is not None:
        judged = profile.judge(tuple(expected), gold, parsed, tools)
        is_valid, is_scored = bool(judged.valid), judged.valid is not None
        error_type = judged.error_type
        reasons = () if is_valid else (judged.reason,)
    elif gold is not None and is_open(gold):
        is_valid, is_scored, error_type = False, False, ""
        reasons = ("gold says that a call is due, and not which",)
    if error_type and cut_off:
        reasons = (*reasons, "cut off at the token limit")
    return ItemScore(
        due,
        made,
        values,
        problems,
        invented,
        complaints,
        matching,
        verdicts,
        n_right,
        n_expected,
        n_got,
        "call" if due else "ask" if is_ask else "no_call",
        "call" if made else "ask" if asks else "no_call",
        asks is not None,
        bool(tools),
        is_valid,
        error_type,
        reasons,
        is_scored,
    )


class _Reading(NamedTuple):
    """What a completion says, whatever was due."""

    parsed: Completion
    made: tuple[Call, ...]
    values: Values
    problems: tuple[str, ...]
    complaints: tuple[str, ...]
    invented: tuple[str, ...]


_MOST_KEPT, _LONGEST_KEPT = 8192, 2000
_kept: dict[tuple[str, int, str], tuple[Mapping[str, Tool], _Reading]] = {}


def _read_completion(completion: Completion | str, tools: Mapping[str, Tool], profile: Profile) -> _Reading:
    """A completion read and checked. Models repeat themselves: the same text under the same tools is read once."""
    if not isinstance(completion, str):
        return _read_parsed(completion, tools, profile)
    key = (completion, id(tools), profile.name)
    known = _kept.get(key)
    # An id is only as good as the object it was taken from: that is kept, too.
    if known is not None and known[0] is tools:
        return known[1]
    reading = _read_parsed(parse_completion(completion), tools, profile)
    if len(completion) <= _LONGEST_KEPT:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[key] = (tools, reading)
    return reading


def _read_parsed(parsed: Completion, tools: Mapping[str, Tool], profile: Profile) -> _Reading:
    made = tuple([profile.read_call(call, tools) for call in parsed.calls])
    complaints, invented = _check(made, tools) if tools and made else ((), ())
    return _Reading(
        parsed,
        made,
        _read_dialect(parsed, made, tools) if made else "none" if tools else parsed.values,
        tuple([f"character {p.offset}: {p.what}" for p in _problems_before_stop(parsed)]),
        complaints,
        invented,
    )


def forget_readings() -> None:
    """Drop the completions that were read: for benchmarks, whose rounds must not live off one another."""
    _kept.clear()


def _problems_before_stop(completion: Completion) -> Sequence[ParseProblem]:
    """What did not read. Text behind a stop token is the decoder's doing: whoever runs the model never sees it."""
    if not completion.problems:
        return ()
    stops = [place for token in STOP_TOKENS if (place := completion.raw.find(token)) >= 0]
    end = min(stops, default=len(completion.raw))
    return [problem for problem in completion.problems if problem.offset <= end]


def _check(made: Sequence[Call], tools: Mapping[str, Tool]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is wrong with the calls made by their schema, and the names that are not declared."""
    complaints: list[str] = []
    invented: list[str] = []
    for call in made:
        tool = tools.get(call.name)
        if tool is None:
            invented.append(call.name)
            complaints.append(f"{call.name!r} is not among the declared tools ({', '.join(tools) or 'none'})")
        elif not tool.fits(call.arguments):
            complaints += tool.complaints(call.arguments)
    return tuple(complaints), tuple(dict.fromkeys(invented))


def _describe_misfits(matching: Matching) -> list[str]:
    missed, extra = list(matching.missed), list(matching.extra)
    moved = []  # only where the row asks for an order
    for call in matching.missed:
        if call in extra:
            moved.append(call)
            missed.remove(call)
            extra.remove(call)
    misplaced = [f"not in its place: {calls_to_text([call])}" for call in moved]
    if len(missed) == len(extra) == 1:
        return [*misplaced, f"expected {calls_to_text(missed)}, got {calls_to_text(extra)}"]
    return [
        *misplaced,
        *(f"not called: {calls_to_text([call])}" for call in missed),
        *(f"called without being due: {calls_to_text([call])}" for call in extra),
    ]


def _is_reordered(in_order: Matching, in_any_order: Matching) -> bool:
    """Whether the order is what went wrong: all calls are right in some order, or the tools are and one stands out of its place."""
    if in_any_order.missed or in_any_order.extra:
        return False
    return bool(in_order.missed) or (_is_right(in_any_order) and not _is_right(in_order))


def _is_right(matching: Matching) -> bool:
    return all(verdict.verdict == "right" for verdicts in matching.verdicts for verdict in verdicts)


def _explain(
    matching: Matching,
    verdicts: Sequence[ArgumentVerdict],
    problems: Sequence[ParseProblem],
    invented: Sequence[str],
    *,
    in_another_order: bool,
) -> tuple[str, tuple[str, ...]]:
    """The first thing that went wrong, and a sentence for each thing that did."""
    due, made, missed = matching.due, matching.made, matching.missed
    counts = Counter([verdict.verdict for verdict in verdicts])
    unread = [problem for problem in problems if not problem.is_odd]
    # A cut-off call leaves a call due without an answer, or no call at all, and that is not the cause.
    found: list[tuple[ErrorType, object]] = [
        ("over_call", made and not due),
        ("invented_tool", invented),
        ("unread", unread and (missed or not made)),
        ("missed_call", due and not made),
        ("wrong_order", in_another_order),
        ("wrong_tool", missed and len(made) == len(due)),
        ("too_few_calls", len(made) < len(due)),
        ("too_many_calls", len(made) > len(due)),
        ("missing_argument", counts["missing"]),
        ("hallucinated_argument", counts["hallucinated"]),
        ("user_language", counts["user_language"]),
        ("wrong_type", counts["wrong_type"]),
        ("wrong_value", counts["wrong_value"]),
        ("unread", unread),
        ("malformed", problems),
    ]
    error_type = next((error for error, applies in found if applies), "")
    broken = [
        f"{'written oddly' if problem.is_odd else 'does not read as a call'} at character {problem.offset}: {problem.what}"
        for problem in problems
    ]
    if error_type == "over_call":
        return error_type, (f"no call was due, got {calls_to_text(made)}", *broken)
    if not made:
        return error_type, tuple(
            broken if unread or not due else [f"no call was made, expected {calls_to_text(due)}", *broken]
        )
    if error_type == "wrong_order":
        misfits = [
            f"the calls stand in another order: expected {calls_to_text(due)}, got {calls_to_text(made)}"
        ]
        said = [verdict.reason for verdict in verdicts if verdict.reason] if missed else []
    else:
        misfits = _describe_misfits(matching)
        said = [verdict.reason for verdict in verdicts if verdict.reason]
    return error_type, (*(f"{name!r} is not a declared tool" for name in invented), *misfits, *said, *broken)


def _read_dialect(parsed: Completion, made: Sequence[Call], tools: Mapping[str, Tool]) -> Values:
    """How numbers and booleans are written: by the tools' schema where there is one, else as the parser sees it."""
    if not tools:
        return parsed.values
    bare = escaped = False
    for written, read in zip(parsed.calls, made, strict=True):
        if parsed.values == "none" and written is read:
            continue
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
        **({"reasons": list(score.reasons)} if len(score.reasons) > 1 else {}),
        "expected": [_call_to_row(call) for call in score.expected],
        "got": [_call_to_row(call) for call in score.got],
        "due": score.due,
        "decided": score.decided,
        "decision": score.decision.value,
        **({"decision_reason": score.decision.reason} if score.decision.reason else {}),
        "tool_names": score.tool_names.value,
        "schema": score.schema.value,
        "arguments": {"right": score.n_right, "expected": score.n_expected, "got": score.n_got},
        "verdicts": [{"tool": one.tool, "name": one.name, "verdict": one.verdict} for one in score.arguments],
        "calls": {
            "right": score.n_calls_right,
            "expected": len(score.expected),
            "got": len(score.got),
        },
        "values": score.values,
        "parse_problems": list(score.parse_problems),
        "schema_problems": list(score.schema_problems),
    }


def _call_to_row(call: Call) -> dict[str, Any]:
    return {"name": call.name, "arguments": dict(call.arguments)}
