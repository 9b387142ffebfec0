"""`functionchat`: the exact-match pass of Kakao's FunctionChat-Bench, before its language-model judge.

Its weak points are part of it: only the first call is looked at, 1, 1.0 and true are one value, and where an acceptable value is
a bare number or boolean instead of a list, anything passes. The other measures of an item are those of `strict`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fgdata.format import Completion
from fgdata.gold import Gold
from fgdata.schema import Call, Tool, same_value
from fgeval.profiles import Judgement, Profile
from fgeval.profiles.strict import read_call


def judge(
    expected: tuple[Call, ...], gold: Gold | None, completion: Completion, tools: Mapping[str, Tool]
) -> Judgement:
    """What the exact-match pass says; no verdict on turns that only the language-model judge decides.

    Values are taken as they were written: an escaped `2` is a string.
    """
    kind = gold.category if gold is not None and gold.layout == "functionchat" else ""
    if kind not in ("", "call") or not expected:
        shown = kind or "no call"
        return Judgement(None, reason=f"a turn of type {shown!r} is left to the language-model judge")
    if not completion.calls:
        return Judgement(False, "no_call", "a call was due, none was made")
    due, made = expected[0], completion.calls[0]
    if made.name != due.name:
        return Judgement(False, "wrong_function", f"expected {due.name!r}, got {made.name!r}")
    accepts = gold.calls[0].accepts if gold is not None and gold.calls else {}
    for name, value in made.arguments.items():
        if name not in due.arguments:
            return Judgement(False, "wrong_arguments", f"{due.name}.{name}: not in the answer, got {value!r}")
    for name, value in due.arguments.items():
        given = made.arguments.get(name)
        if not _is_same(given, value) and not _is_accepted(given, accepts.get(name, [])):
            return Judgement(
                False, "wrong_arguments", f"{due.name}.{name}: expected {value!r}, got {given!r}"
            )
    return Judgement(True)


def _is_same(left: Any, right: Any) -> bool:
    """Texts without blanks and capitals, all else by Python's ==."""
    if isinstance(left, str) and isinstance(right, str):
        return left.replace(" ", "").lower() == right.replace(" ", "").lower()
    return bool(left == right)


def _is_accepted(given: Any, accepted: Any) -> bool:
    if isinstance(accepted, list):
        return any(_is_same(given, one) for one in accepted)
    # Neither list nor text: the benchmark compares nothing and goes on. Kept, since its numbers were made so.
    return _is_same(given, accepted) if isinstance(accepted, str) else True


PROFILE = Profile(
    name="functionchat",
    rules=(
        "The exact-match pass of Kakao's FunctionChat-Bench: the first call only, no argument beyond the answer's, strings without "
        "blanks and capitals, acceptable values as alternatives. Turns without a call are left to its judge and are not scored "
        "here. Argument and tool metrics are those of strict."
    ),
    read_call=read_call,
    same_value=same_value,
    judge=judge,
)
