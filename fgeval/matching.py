"""Which call made answers which call due, and what became of each argument."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from fgdata.schema import Call, JsonValue, Tool, calls_to_text
from fgeval.gold import Allowance
from fgeval.profiles import Profile

Verdict: TypeAlias = Literal[
    "right",
    "wrong_value",
    "wrong_type",
    "user_language",  # the word of the request (거실) where the tool has its own (living_room)
    "missing",
    "hallucinated",
]
_SCALARS = frozenset({str, int, bool})
_LAST_LATIN = "\u024f"
_LEFT = ", left in the language of the request"
_NO_ALLOWANCE = Allowance()
_Compare: TypeAlias = Callable[[int, int], list["ArgumentVerdict"]]


class ArgumentVerdict(NamedTuple):
    """What became of one argument."""

    tool: str
    name: str
    verdict: Verdict
    reason: str = ""


class Matching(NamedTuple):
    """Which call made answers which call due."""

    due: Sequence[Call]
    made: Sequence[Call]
    pairs: Sequence[tuple[Call, Call]]
    """A call due and the call made that answers it, both of one tool."""
    missed: Sequence[Call]
    """Calls due that nothing answers."""
    extra: Sequence[Call]
    """Calls made that answer nothing."""
    verdicts: Sequence[Sequence[ArgumentVerdict]]
    """For each pair its arguments."""


def match_calls(
    due: Sequence[Call],
    made: Sequence[Call],
    profile: Profile,
    tools: Mapping[str, Tool],
    allowances: Sequence[Allowance] = (),
    *,
    ordered: bool = False,
) -> Matching:
    """The best matching, so that order cannot change a score.

    Only calls of one tool are paired: first as many pairs as possible, then as many right arguments, then as few missing
    and needless ones.

    Args:
        allowances: for each call due what else will do; none where nothing will.
        ordered: pairs keep the order of both sides, where the row asks for the calls in this order.
    """
    if len(due) == len(made) == 1:  # nearly every item
        left, right = due[0], made[0]
        if left.name == right.name:
            allowance = allowances[0] if allowances else _NO_ALLOWANCE
            verdicts = compare_calls(left, right, profile, tools, allowance)
            return Matching(due, made, ((left, right),), (), (), (verdicts,))
        return Matching(due, made, (), due, made, ())
    if not due or not made:
        return Matching(due, made, (), due, made, ())

    def compare(i: int, j: int) -> list[ArgumentVerdict]:
        allowance = allowances[i] if allowances else _NO_ALLOWANCE
        return compare_calls(due[i], made[j], profile, tools, allowance)

    if ordered:
        pairs = _align(due, made, compare)
    else:
        pairs = _pair(due, made, compare, has_alternatives=bool(allowances))
    used = set(pairs.values())
    return Matching(
        due,
        made,
        [(due[i], made[j]) for i, j in pairs.items()],
        [call for i, call in enumerate(due) if i not in pairs],
        [call for j, call in enumerate(made) if j not in used],
        [compare(i, j) for i, j in pairs.items()],
    )


def _align(due: Sequence[Call], made: Sequence[Call], compare: _Compare) -> dict[int, int]:
    """Index of a call due -> index of the call made that answers it, both rising: as many whole calls as possible, then as many pairs."""
    # best[j]: worth and pairs of the calls due so far against the first j calls made.
    best: list[tuple[tuple[int, int, int, int], dict[int, int]]] = [((0, 0, 0, 0), {})] * (len(made) + 1)
    for i, call in enumerate(due):
        row = [best[0]]
        for j, other in enumerate(made):
            choice = max(best[j + 1], row[j], key=lambda found: found[0])
            if call.name == other.name:
                verdicts = compare(i, j)
                n_right = sum(verdict.verdict == "right" for verdict in verdicts)
                n_stray = sum(verdict.verdict in ("missing", "hallucinated") for verdict in verdicts)
                (whole, n_pairs, right, stray), pairs = best[j]
                whole += n_right == len(verdicts)
                worth = (whole, n_pairs + 1, right + n_right, stray - n_stray)
                if worth > choice[0]:
                    choice = worth, {**pairs, i: j}
            row.append(choice)
        best = row
    return best[-1][1]


def _pair(
    due: Sequence[Call], made: Sequence[Call], compare: _Compare, *, has_alternatives: bool
) -> dict[int, int]:
    """Index of a call due -> index of the call made that answers it."""
    pairs: dict[int, int] = {}
    free: dict[str, list[int]] = {}
    for j, call in enumerate(made):
        free.setdefault(call.name, []).append(j)
    for name in sorted({call.name for call in due}):
        candidates = free.get(name, [])
        wanted = []
        for i in (i for i, call in enumerate(due) if call.name == name):
            # An equal call is never worse than another choice: take those first, and the search below stays small.
            # Where a call due has alternatives this does not hold: the equal one may be all that another call takes.
            equal = None if has_alternatives else next((j for j in candidates if made[j] == due[i]), None)
            if equal is None:
                wanted.append(i)
            else:
                pairs[i] = equal
                candidates.remove(equal)
        pairs |= _assign(wanted, candidates, due, made, compare)
    return pairs


def _assign(
    wanted: Sequence[int],
    candidates: Sequence[int],
    due: Sequence[Call],
    made: Sequence[Call],
    compare: _Compare,
) -> dict[int, int]:
    """The best of the `candidates` for each of the calls `wanted`; all are of one tool."""
    if not wanted or not candidates:
        return {}
    if len(wanted) == len(candidates) == 1:
        return {wanted[0]: candidates[0]}
    from scipy.optimize import (
        linear_sum_assignment,
    )  # heavy to import, and only parallel calls of one tool need it

    def worth(i: int, j: int) -> int:
        verdicts = compare(i, j)
        n_right = sum(verdict.verdict == "right" for verdict in verdicts)
        n_stray = sum(verdict.verdict in ("missing", "hallucinated") for verdict in verdicts)
        # A pair with nothing wrong comes first: one call answered whole is worth more than two in part.
        whole = 1_000_000_000 if n_right == len(verdicts) else 0
        return whole + 10_000 * n_right - n_stray

    # Sorted, so that among equally good assignments the same one is taken whatever order the model chose.
    rows = sorted(wanted, key=lambda i: calls_to_text([due[i]]))
    columns = sorted(candidates, key=lambda j: calls_to_text([made[j]]))
    chosen = linear_sum_assignment([[worth(i, j) for j in columns] for i in rows], maximize=True)
    return {rows[a]: columns[b] for a, b in zip(*chosen, strict=True)}


def compare_calls(
    due: Call, made: Call, profile: Profile, tools: Mapping[str, Tool], allowance: Allowance = _NO_ALLOWANCE
) -> list[ArgumentVerdict]:
    """What became of each argument of two calls of one tool."""
    wanted, given = due.arguments, made.arguments
    tool_name = due.name
    verdicts = []
    for name, value in wanted.items():
        if name not in given:
            if name in allowance.optional:
                continue
            if profile.fills_defaults and _is_default(name, value, tools.get(tool_name), profile):
                verdicts.append(_right(tool_name, name))
                continue
            reason = f"{tool_name}.{name}: missing, expected {_show(value)}"
            verdicts.append(ArgumentVerdict(tool_name, name, "missing", reason))
            continue
        other = given[name]
        kind = type(value)
        if (
            (kind is type(other) and kind in _SCALARS and value == other)
            or profile.same_value(value, other)
            or (allowance.values and allowance.accepts(name, other, profile.same_value))
        ):
            verdicts.append(_right(tool_name, name))
        else:
            verdicts.append(_wrong(tool_name, name, value, other))
    if len(given) != len(wanted) or given.keys() != wanted.keys():
        for name, value in given.items():
            if name in wanted:
                continue
            if allowance.accepts(name, value, profile.same_value) or (
                profile.fills_defaults and _is_default(name, value, tools.get(tool_name), profile)
            ):
                verdicts.append(_right(tool_name, name))
                continue
            reason = f"{tool_name}.{name}: not expected, got {_show(value)}"
            verdicts.append(ArgumentVerdict(tool_name, name, "hallucinated", reason))
    return verdicts


@lru_cache(maxsize=4096)
def _right(tool: str, name: str) -> ArgumentVerdict:
    return ArgumentVerdict(tool, name, "right")


def _wrong(tool: str, name: str, value: JsonValue, other: JsonValue) -> ArgumentVerdict:
    reason = f"{tool}.{name}: expected {_show(value)}, got {_show(other)}"
    # Another width (ｌｏｗ for low) is a slip of writing, and no language.
    if (
        isinstance(other, str)
        and _has_foreign_letter(unicodedata.normalize("NFKC", other))
        and not _has_foreign_letter(unicodedata.normalize("NFKC", _show(value)))
    ):
        return ArgumentVerdict(tool, name, "user_language", reason + _LEFT)
    return ArgumentVerdict(tool, name, "wrong_value" if type(value) is type(other) else "wrong_type", reason)


def _has_foreign_letter(text: str) -> bool:
    return not text.isascii() and any(char > _LAST_LATIN and char.isalpha() for char in text)


def check_language(matching: Matching, request: str) -> Matching:
    """The matching, a value being `user_language` only if it stands in the request, or is written in the request's letters."""
    if not any(v.verdict == "user_language" for verdicts in matching.verdicts for v in verdicts):
        return matching
    said = unicodedata.normalize("NFKC", request)
    scripts = _scripts(said)

    def checked(verdict: ArgumentVerdict, due: Call, made: Call) -> ArgumentVerdict:
        if verdict.verdict != "user_language":
            return verdict
        other, value = made.arguments[verdict.name], due.arguments[verdict.name]
        normal = unicodedata.normalize("NFKC", str(other))
        if normal in said or _scripts(normal) <= scripts:
            return verdict
        kind: Verdict = "wrong_value" if type(value) is type(other) else "wrong_type"
        return verdict._replace(verdict=kind, reason=verdict.reason.removesuffix(_LEFT))

    verdicts = [
        [checked(verdict, due, made) for verdict in of_pair]
        for of_pair, (due, made) in zip(matching.verdicts, matching.pairs, strict=True)
    ]
    return matching._replace(verdicts=verdicts)


def _scripts(text: str) -> set[str]:
    """The scripts of the letters beyond Latin, as Unicode names them: HANGUL, CJK, CYRILLIC."""
    return {
        unicodedata.name(char, "").partition(" ")[0] for char in text if char > _LAST_LATIN and char.isalpha()
    }


def _is_default(name: str, value: JsonValue, tool: Tool | None, profile: Profile) -> bool:
    """Whether an optional parameter's schema states `value` as its default."""
    for parameter in tool.parameters if tool else ():
        if parameter.name == name and not parameter.required and "default" in parameter.schema:
            default = profile.read_call(
                Call(tool.name if tool else "", {name: parameter.schema["default"]}),
                {} if tool is None else {tool.name: tool},
            )
            return profile.same_value(default.arguments.get(name), value)
    return False


def _show(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)
