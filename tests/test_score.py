"""fgeval.score: one completion against the calls that were due."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from eval_data import BY_NAME, call, text_of, tool

from fgdata.errors import UsageError
from fgdata.gold import Gold
from fgdata.schema import Call, tools_by_name
from fgeval import load_profile, score_completion
from fgeval.score import ERROR_TYPES

WARM = call("set_temperature", temperature=24)
ZONED = call("set_temperature", temperature=24, zone="bedroom")
UP = call("adjust_temperature", delta=2)
COOL = call("set_mode", mode="cooling")
ON, OFF = call("power_on"), call("power_off")
DRY = call("set_humidity", level=1.0, silent=True)


@dataclass(frozen=True)
class Case:
    """One completion and all that should be said about it."""

    name: str
    due: Sequence[Call]
    text: str
    error: str = ""
    counts: tuple[int, int, int] = (0, 0, 0)
    """Arguments right, expected, got."""
    reason: str = ""
    """A part of the reason."""
    values: str = "none"
    schema: float | None = field(default=1.0)


CASES = [
    Case("exact", [UP], text_of(UP), counts=(1, 1, 1), values="bare"),
    Case("escaped integer", [UP], text_of(UP, values="escaped"), counts=(1, 1, 1), values="escaped"),
    Case("escaped number and boolean", [DRY], text_of(DRY, values="escaped"), counts=(2, 2, 2), values="escaped"),
    Case("mixed", [DRY], "<start_function_call>call:set_humidity{level:1.0,silent:<escape>true<escape>}<end_function_call>",
         counts=(2, 2, 2), values="mixed"),
    Case("an escaped 24 that the schema calls a string stays one", [call("set_code", code="24")],
         text_of(call("set_code", code="24")), counts=(1, 1, 1)),
    Case("a bare number where the schema wants text", [call("set_code", code="24")], text_of(call("set_code", code=24)),
         "wrong_type", (0, 1, 1), 'set_code.code: expected "24", got 24', "bare", 0.0),
    Case("1.0 is not 1", [call("adjust_temperature", delta=1)], text_of(call("adjust_temperature", delta=1.0)),
         "wrong_type", (0, 1, 1), "expected 1, got 1.0", "bare", 0.0),
    Case("true is not 1", [call("adjust_temperature", delta=1)], text_of(call("adjust_temperature", delta=True)),
         "wrong_type", (0, 1, 1), "expected 1, got true", "bare", 0.0),
    Case("-2 is not 2", [UP], text_of(call("adjust_temperature", delta=-2)), "wrong_value", (0, 1, 1),
         "adjust_temperature.delta: expected 2, got -2", "bare"),
    Case("a value in the user's language", [COOL], text_of(call("set_mode", mode="냉방")), "user_language", (0, 1, 1),
         'expected "cooling", got "냉방", left in the language', schema=0.0),
    Case("case counts", [COOL], text_of(call("set_mode", mode="Cooling")), "wrong_value", (0, 1, 1), schema=0.0),
    Case("order of arguments", [ZONED], "<start_function_call>call:set_temperature{zone:<escape>bedroom<escape>,"
         "temperature:24}<end_function_call>", counts=(2, 2, 2), values="bare"),
    Case("decomposed Hangul", [call("set_code", code="거실")],
         text_of(call("set_code", code="\u1100\u1165\u1109\u1175\u11af")), counts=(1, 1, 1)),
    Case("missing argument", [ZONED], text_of(WARM), "missing_argument", (1, 2, 1),
         'set_temperature.zone: missing, expected "bedroom"', "bare"),
    Case("hallucinated argument", [WARM], text_of(ZONED), "hallucinated_argument", (1, 1, 2),
         'set_temperature.zone: not expected, got "bedroom"', "bare"),
    Case("argument of no schema", [ON], text_of(call("power_on", now=True)), "hallucinated_argument", (0, 0, 1),
         "power_on.now: not expected", "bare", 0.0),
    Case("wrong tool", [COOL], text_of(WARM), "wrong_tool", (0, 1, 1),
         'expected set_mode(mode="cooling"), got set_temperature(temperature=24)', "bare"),
    Case("invented tool", [ON], text_of(call("turn_on")), "invented_tool", reason="'turn_on' is not a declared tool", schema=0.0),
    Case("parallel calls in another order", [ON, WARM], text_of(WARM, ON), counts=(1, 1, 1), values="bare"),
    Case("two calls of one tool in another order", [WARM, call("set_temperature", temperature=20)],
         text_of(call("set_temperature", temperature=20), WARM), counts=(2, 2, 2), values="bare"),
    Case("one of two calls", [ON, WARM], text_of(ON), "too_few_calls", (0, 1, 0), "not called: set_temperature"),
    Case("a call too many", [ON], text_of(ON, WARM), "too_many_calls", (0, 0, 1),
         "called without being due: set_temperature(temperature=24)", "bare"),
    Case("the same call twice", [ON], text_of(ON, ON), "too_many_calls", reason="called without being due: power_on()"),
    Case("the same call due twice", [UP, UP], text_of(UP, UP), counts=(2, 2, 2), values="bare"),
    Case("no call made", [UP], "못 해요.<end_of_turn>", "missed_call", (0, 1, 0), "no call was made, expected adjust", schema=None),
    Case("nothing written", [UP], "", "missed_call", (0, 1, 0), schema=None),
    Case("no call due, none made", [], "그건 못 해요.<end_of_turn>", schema=None),
    Case("no call due, one made", [], text_of(ON), "over_call", reason="no call was due, got power_on()"),
    Case("no call due, one begun", [], "<start_function_call>call:power_on{", "unread", reason="does not read", schema=None),
    Case("cut off in mid-call", [UP], "<start_function_call>call:adjust_temperature{del", "unread", (0, 1, 0),
         "does not read as a call at character", schema=None),
    Case("second call cut off", [ON, WARM], text_of(ON)[:-len("<start_function_response>")]
         + "<start_function_call>call:set_temperature{temp", "unread", (0, 1, 0), "not called: set_temperature"),
    Case("right call, then a broken one", [ON], text_of(ON)[:-len("<start_function_response>")]
         + "<start_function_call>call:power_on{", "unread", reason="does not read"),
    Case("no end token", [UP], "<start_function_call>call:adjust_temperature{delta:2}", counts=(1, 1, 1), values="bare"),
    Case("text around the call", [UP], f"네! {text_of(UP)}", counts=(1, 1, 1), values="bare"),
    Case("behind the stop token", [UP], f"{text_of(UP)}response:ok", counts=(1, 1, 1), values="bare"),
    Case("a key twice", [UP], "<start_function_call>call:adjust_temperature{delta:1,delta:2}<end_function_call>",
         "malformed", (1, 1, 1), "written oddly at character 53: the key 'delta' is given twice", "bare"),
    Case("a stray control token", [ON], "<end_function_call>" + text_of(ON), "malformed", reason="has no place here"),
    Case("a stray control token, and no call due", [], "아니요<end_function_call>", "malformed", reason="no place", schema=None),
    Case("a wrong value, and a call cut off", [UP], text_of(call("adjust_temperature", delta=3))[:-len("<start_function_response>")]
         + "<start_function_call>call:power_on{", "wrong_value", (0, 1, 1), "does not read", "bare"),
    Case("another width is no language", [COOL], text_of(call("set_mode", mode="ｃｏｏｌｉｎｇ")), "wrong_value", (0, 1, 1), schema=0.0),
    Case("a whole number where the schema says number", [call("set_humidity", level=2.0)], text_of(call("set_humidity", level=2)),
         "wrong_type", (0, 1, 1), "expected 2.0, got 2", "bare"),
    Case("call: without its token is text", [UP], "call:adjust_temperature{delta:2}", "missed_call", (0, 1, 0), schema=None),
    Case("best of two partners", [ZONED, call("set_temperature", temperature=20)],
         text_of(call("set_temperature", temperature=24), call("set_temperature", temperature=20, zone="attic")),
         "missing_argument", (2, 3, 3), "zone: missing", "bare"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_score_of_a_completion(case: Case):
    """Verdict, counts, dialect and reason of every kind of completion."""
    score = score_completion(case.due, case.text, BY_NAME)
    assert (score.error_type, score.exact) == (case.error, not case.error)
    assert (score.n_right, score.n_expected, score.n_got) == case.counts
    assert case.reason in score.reason
    assert bool(score.reason) == bool(case.error)
    assert score.values == case.values
    assert score.schema.value == case.schema
    assert score.decision.value == float(bool(case.due) == bool(score.got))


ORDER: dict[str, tuple[Sequence[Call], str]] = {
    "over_call": ([], text_of(call("turn_on"))),
    "invented_tool": ([UP, COOL], text_of(call("turn_on"))[:-25] + "<start_function_call>call:set_mode{"),
    "unread": ([UP, COOL], text_of(call("adjust_temperature", delta=9))[:-25] + "<start_function_call>call:set_mode{"),
    "missed_call": ([UP, COOL], "네<end_function_call>"),
    "wrong_order": ([ON, WARM], text_of(WARM, ON)),
    "wrong_tool": ([UP, COOL], text_of(call("adjust_temperature", delta=9), WARM)),
    "too_few_calls": ([ZONED, COOL], text_of(call("set_temperature", temperature=9))),
    "too_many_calls": ([ZONED], text_of(call("set_temperature", temperature=9), ON)),
    "missing_argument": ([ZONED], text_of(call("set_temperature", temperature=9, room="a"))),
    "hallucinated_argument": ([COOL], text_of(call("set_mode", mode="냉방", room="a"))),
    "user_language": ([DRY], text_of(call("set_humidity", level="일", silent=False))),
    "wrong_type": ([DRY], text_of(call("set_humidity", level="x", silent=False))),
    "wrong_value": ([UP], "<start_function_call>call:adjust_temperature{delta:1,delta:3}<end_function_call>"),
    "malformed": ([UP], "<start_function_call>call:adjust_temperature{delta:1,delta:2}<end_function_call>"),
}  # fmt: skip


@pytest.mark.parametrize("error", ORDER)
def test_the_first_error_type_counts(error: str):
    """Each comes before what follows it in the list, of which the completion shows something, too."""
    due, text = ORDER[error]
    assert score_completion(due, text, BY_NAME, gold=Gold(ordered=True)).error_type == error
    assert tuple(ORDER) == ERROR_TYPES


@pytest.mark.parametrize("page", ["evaluation.md", "evaluation.ko.md"])
def test_documented_order_of_error_types(page: str):
    """Both pages list the types as the code tries them."""
    text = (Path(__file__).parents[1] / "docs" / page).read_text("utf-8")
    listed = re.search(r"(?s)<!-- error types -->(.*?)<!-- end -->", text)
    assert listed is not None
    assert tuple(re.findall(r"`(\w+)`", listed[1])) == ERROR_TYPES


COLD = call("set_temperature", temperature=20)
ORDERED = [
    ("one tool twice", [WARM, COLD], [COLD, WARM], "wrong_order", "another order"),
    ("two tools", [ON, WARM], [WARM, ON], "wrong_order", "another order"),
    (
        "a needless call in front",
        [ON, WARM],
        [OFF, ON, WARM],
        "too_many_calls",
        "called without being due: power_off()",
    ),
    ("a needless call, and the order", [ON, WARM], [OFF, WARM, ON], "too_many_calls", "not in its place: "),
    ("one missing", [ON, WARM, COOL], [ON, COOL], "too_few_calls", "not called: set_temperature"),
    ("a wrong value", [WARM, COLD], [WARM, UP], "wrong_tool", "expected set_temperature"),
    ("a wrong value of one tool", [WARM, COLD], [WARM, WARM], "wrong_value", "expected 20, got 24"),
    ("right", [WARM, COLD], [WARM, COLD], "", ""),
]


@pytest.mark.parametrize(("due", "made", "error", "reason"), [c[1:] for c in ORDERED], ids=[c[0] for c in ORDERED])  # fmt: skip
def test_calls_that_are_due_in_order(due: Sequence[Call], made: Sequence[Call], error: str, reason: str):
    """What is out of its place is called so, and no call is both missing and needless."""
    score = score_completion(due, text_of(*made), BY_NAME, gold=Gold(ordered=True))
    assert score.error_type == error
    assert reason in score.reason
    missed = {one.removeprefix("not called: ") for one in score.reasons if one.startswith("not called: ")}
    assert not any(one.removeprefix("called without being due: ") in missed for one in score.reasons)


@pytest.mark.parametrize(
    ("request_", "value", "error"),
    [
        ("냉방으로", "냉방", "user_language"),
        ("시원하게 해 줘", "냉방", "user_language"),
        ("냉방으로", "制冷", "wrong_value"),
        ("cool it down", "냉방", "wrong_value"),
        ("把空调调成制冷", "制冷", "user_language"),
    ],
)
def test_the_users_language_is_that_of_the_request(request_: str, value: str, error: str):
    """A value is the user's if it stands in the request or is written in its letters."""
    score = score_completion([COOL], text_of(call("set_mode", mode=value)), BY_NAME, request=request_)
    assert score.error_type == error
    assert ("language of the request" in score.reason) == (error == "user_language")


def test_cut_off_is_named():
    """A reader learns that the token limit, not the model, ended the call."""
    score = score_completion([UP], "<start_function_call>call:adjust", BY_NAME, cut_off=True)
    assert score.reasons[-1] == "cut off at the token limit"


def test_order_of_calls_changes_nothing():
    """Every order of the calls made, and of those due, has the same verdict and counts."""
    from itertools import permutations

    due = [ZONED, call("set_temperature", temperature=20), ON]
    made = [
        call("set_temperature", temperature=20, zone="attic"),
        WARM,
        call("set_temperature", temperature=30),
    ]
    seen = {
        (s.error_type, s.n_right, s.n_expected, s.n_got, tuple(sorted(s.reasons)))
        for d in permutations(due)
        for m in permutations(made)
        for s in [score_completion(d, text_of(*m), BY_NAME)]
    }
    assert len(seen) == 1


def escape_only_parser(text: str) -> list[tuple[str, dict[str, str]]]:
    """A parser as it is published: it sees `key:<escape>value<escape>` and nothing else."""
    calls = re.findall(r"<start_function_call>call:(\w+)\{(.*?)\}<end_function_call>", text)
    return [(name, dict(re.findall(r"(\w+):<escape>(.*?)<escape>", inner))) for name, inner in calls]


def test_rescoring_lesson():
    """The same 79 outputs under an escape-only parser and under ours: 12.7 % become 21.5 %.

    A public report gives its base model 12.7 % and its adapter 78.5 %. Its scorer reads values inside <escape> alone, and the
    base writes integers bare: 30 of its outputs lost their numbers. The outputs here are made up in the same proportions.
    """
    down, wrong = call("adjust_temperature", delta=-2), call("adjust_temperature", delta=1)
    lots = [
        (10, COOL, text_of(COOL)),  # right, and no number in it
        (7, UP, text_of(UP)),  # right, with a bare integer: what the pattern cannot see
        (23, down, text_of(wrong)),  # a wrong integer, bare
        (39, ON, text_of(OFF)),  # another tool
    ]
    due = [one for n, one, _ in lots for _ in range(n)]
    base = [text for n, _, text in lots for _ in range(n)]
    adapter = [text_of(one, values="escaped") for one in due[:62]] + [text_of(OFF)] * 17

    def rate_escape_only(outputs: list[str]) -> float:
        gold = [(one.name, {name: str(value) for name, value in one.arguments.items()}) for one in due]
        right = sum(escape_only_parser(text) == [g] for text, g in zip(outputs, gold, strict=True))
        return round(100 * right / len(due), 1)

    def rate(outputs: list[str]) -> float:
        scores = [score_completion([g], t, BY_NAME) for g, t in zip(due, outputs, strict=True)]
        return round(100 * sum(score.exact for score in scores) / len(due), 1)

    lost = sum(":<escape>" not in text and "delta:" in text for text in base)
    assert (len(due), lost) == (79, 30)
    assert (rate_escape_only(base), rate_escape_only(adapter)) == (12.7, 78.5)
    assert (rate(base), rate(adapter)) == (21.5, 78.5)


def test_rows_without_tools_are_scored_alike():
    """The first seed's rows declare no tools and escape numbers: a bare answer to such a row is right, a postcode stays text."""
    gold = call("adjust_temperature", delta="2")
    assert score_completion([gold], text_of(UP), {}).exact
    assert score_completion([gold], text_of(gold), {}).exact
    assert not score_completion([call("f", code="02134")], text_of(call("f", code=2134)), {}).exact
    assert score_completion([gold], text_of(UP), {}).schema.value is None


def test_unknown_profile():
    """A profile that is none is named, with those there are."""
    with pytest.raises(UsageError, match=r"'lenient' is no scoring profile.*strict"):
        load_profile("lenient")


@pytest.mark.parametrize(
    "module", ["fgeval", "fgeval.score", "fgeval.scores", "fgeval.report", "fgeval.cli", "fgeval.run"]
)
def test_scoring_is_light(module: str):
    """Scoring and reporting run where no deep-learning library is installed."""
    probe = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", probe], text=True).split()
    assert {"torch", "jax", "transformers", "peft", "accelerate"}.isdisjoint(loaded)


def test_a_text_is_read_once_for_each_set_of_tools():
    """The same text under other tools is read anew: a 24 that is a number here is a code there."""
    text = text_of(call("set_code", code="24"))
    number = tools_by_name([tool("set_code", code={"type": "integer"})])
    for _ in range(2):
        assert score_completion([call("set_code", code="24")], text, BY_NAME).got[0].arguments == {
            "code": "24"
        }
        assert score_completion([call("set_code", code=24)], text, number).got[0].arguments == {"code": 24}


def test_many_calls_take_no_long():
    """A model that repeats itself up to the limit does not stall the scorer."""
    text = text_of(*[call("adjust_temperature", delta=n % 7) for n in range(2000)])
    started = time.perf_counter()
    score = score_completion([UP, call("adjust_temperature", delta=100)], text, BY_NAME)
    assert (score.error_type, score.n_right) == ("too_many_calls", 1)
    assert time.perf_counter() - started < 5
