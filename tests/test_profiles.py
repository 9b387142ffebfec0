"""fgeval.profiles: a table of cases for every set of rules, and the flaws of other scorers that ours must not have."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import pytest
from eval_data import call, text_of, tool

from fgdata.format import parse_completion
from fgdata.gold import Gold, GoldCall
from fgdata.schema import Call, tools_by_name
from fgeval import load_profile, score_completion
from fgeval.dates import read_date, read_time

TOOLS = tools_by_name([
    tool("set_temperature", ("temperature",), temperature={"type": "integer", "minimum": 16, "maximum": 30},
         room={"type": "string", "enum": ["living_room", "bed room"], "default": "living_room"}),
    tool("adjust", ("delta",), delta={"type": "number"}),
    tool("set_timer", ("length",), length={"type": "integer", "description": "How long, in seconds."},
         wait_minutes={"type": "integer"}, count={"type": "integer"}, loud={"type": "boolean"}),
    tool("set_fan", (), **{"minutes": {"type": "integer", "description": "시간(분)"}}),
    tool("book", ("day",), day={"type": "string"}, time={"type": "string"}, note={"type": "string"},
         guests={"type": "array", "items": {"type": "string"}}, seats={"type": "array", "items": {"type": "integer"}}),
])  # fmt: skip


def one(name: str, **arguments: Any) -> Call:
    return call(name, **arguments)


SEMANTIC: list[tuple[str, Call, dict[str, Any], bool]] = [
    # what is written, what is due, what is made instead, whether it is the same
    ("escaped number", one("set_temperature", temperature=24), {"temperature": "24"}, True),
    ("Sino-Korean number", one("set_temperature", temperature=24), {"temperature": "이십사"}, True),
    ("native number with counter", one("set_timer", length=1, count=3), {"length": 1, "count": "세 번"}, True),
    ("degrees", one("set_temperature", temperature=24), {"temperature": "24도"}, True),
    ("degrees in words", one("set_temperature", temperature=24), {"temperature": "이십사 도"}, True),
    ("celsius", one("set_temperature", temperature=24), {"temperature": "24 °C"}, True),
    ("another number", one("set_temperature", temperature=24), {"temperature": "25도"}, False),
    ("full-width digits", one("set_temperature", temperature=24), {"temperature": "２４"}, True),
    ("float that is whole", one("set_temperature", temperature=24), {"temperature": 24.0}, True),
    ("float that is not", one("set_temperature", temperature=24), {"temperature": 24.5}, False),
    ("int for a number", one("adjust", delta=2.0), {"delta": 2}, True),
    ("boolean for a number", one("adjust", delta=1), {"delta": True}, False),
    ("sign lost", one("adjust", delta=-5), {"delta": "5"}, False),
    ("sign kept", one("adjust", delta=-5), {"delta": "-5"}, True),
    ("below zero in words", one("adjust", delta=-5), {"delta": "영하 오 도"}, True),
    ("percent", one("adjust", delta=30), {"delta": "30%"}, True),
    ("thousands", one("set_timer", length=1500), {"length": "1,500"}, True),
    ("seconds", one("set_timer", length=90), {"length": "90초"}, True),
    ("minutes for seconds", one("set_timer", length=300), {"length": "5 minutes"}, True),
    ("minutes are no seconds", one("set_timer", length=5), {"length": "5분"}, False),
    ("unit by the parameter's name", one("set_timer", length=1, wait_minutes=120), {"length": 1, "wait_minutes": "2시간"}, True),
    ("unit by a Korean description", one("set_fan", minutes=10), {"minutes": "10분"}, True),
    ("unit that may be any", one("set_timer", length=1, count=5), {"length": 1, "count": "5분"}, False),
    ("unit of something else", one("set_timer", length=5), {"length": "5 km"}, False),
    ("several parts", one("set_fan", minutes=90), {"minutes": "한 시간 반"}, False),
    ("true as text", one("set_timer", length=1, loud=True), {"length": 1, "loud": "True"}, True),
    ("yes in Korean", one("set_timer", length=1, loud=True), {"length": 1, "loud": "네"}, True),
    ("no is not yes", one("set_timer", length=1, loud=True), {"length": 1, "loud": "no"}, False),
    ("1 is no boolean", one("set_timer", length=1, loud=True), {"length": 1, "loud": 1}, False),
    ("default left out", one("set_temperature", temperature=24, room="living_room"), {"temperature": 24}, True),
    ("default given", one("set_temperature", temperature=24), {"temperature": 24, "room": "living_room"}, True),
    ("no default", one("set_temperature", temperature=24, room="bed room"), {"temperature": 24}, False),
    ("another value than the default", one("set_temperature", temperature=24), {"temperature": 24, "room": "bed room"}, False),
    ("enum in full width", one("set_temperature", temperature=24, room="living_room"),
     {"temperature": 24, "room": "ｌｉｖｉｎｇ＿ｒｏｏｍ"}, True),
    ("enum in capitals", one("set_temperature", temperature=24, room="living_room"), {"temperature": 24, "room": "LIVING_ROOM"}, False),
    ("enum in the user's language", one("set_temperature", temperature=24, room="living_room"), {"temperature": 24, "room": "거실"}, False),
    ("date in Korean", one("book", day="2025-06-01"), {"day": "2025년 6월 1일"}, True),
    ("date with dots", one("book", day="2025-06-01"), {"day": "2025. 6. 1."}, True),
    ("date in English", one("book", day="2025-06-01"), {"day": "June 1, 2025"}, True),
    ("date that may be two", one("book", day="2025-02-01"), {"day": "01/02/2025"}, False),
    ("another date", one("book", day="2025-06-01"), {"day": "2025-06-10"}, False),
    ("time in Korean", one("book", day="x", time="19:00"), {"day": "x", "time": "오후 7시"}, True),
    ("time in English", one("book", day="x", time="19:30"), {"day": "x", "time": "7:30 PM"}, True),
    ("time that may be two", one("book", day="x", time="19:00"), {"day": "x", "time": "7시"}, False),
    ("spacing in Korean", one("book", day="x", note="창가 자리"), {"day": "x", "note": "창가자리"}, True),
    ("blanks doubled", one("book", day="x", note="by the  window "), {"day": "x", "note": "by the window"}, True),
    ("blanks between Latin words count", one("book", day="x", note="in to"), {"day": "x", "note": "into"}, False),
    ("decomposed Hangul", one("book", day="x", note="거실"), {"day": "x", "note": "\u1100\u1165\u1109\u1175\u11af"}, True),
    ("punctuation counts", one("book", day="x", note="a-5"), {"day": "x", "note": "a5"}, False),
    ("letters count", one("book", day="x", note="AB12"), {"day": "x", "note": "ab12"}, False),
    ("number where text is wanted", one("book", day="x", note="24"), {"day": "x", "note": 24}, True),
    ("a code is no number", one("book", day="x", note="007"), {"day": "x", "note": "7"}, False),
    ("items of a list", one("book", day="x", seats=[1, 2]), {"day": "x", "seats": ["하나", "2"]}, True),
    ("order of a list", one("book", day="x", guests=["a", "b"]), {"day": "x", "guests": ["b", "a"]}, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("due", "made", "same"), [case[1:] for case in SEMANTIC], ids=[c[0] for c in SEMANTIC]
)
def test_semantic(due: Call, made: dict[str, Any], same: bool):
    """What means the same passes, both ways round; what does not is told from it."""
    semantic = load_profile("semantic")
    other = Call(due.name, made)
    for left, right in ((due, other), (other, due)):
        score = score_completion([left], text_of(right), TOOLS, semantic)
        assert score.exact == same, score.reason
        assert bool(score.reasons) == (not same)
        assert score.n_right <= min(score.n_expected, score.n_got)
    assert score_completion([due], text_of(due), TOOLS, semantic).exact


def test_semantic_without_tools():
    """Rows that declare no tools: bare and escaped numbers are one value, as in strict; a postcode stays text."""
    semantic = load_profile("semantic")
    assert score_completion([one("f", n="2")], text_of(one("f", n=2)), {}, semantic).exact
    assert not score_completion([one("f", n="02134")], text_of(one("f", n=2134)), {}, semantic).exact


def test_dates_and_times():
    """Usual forms have one; what is no day of the calendar, or no time of day, has none."""
    assert {read_date(t) for t in ("2025/6/1", "1 June 2025", "Jun. 1st, 2025", "2025년6월1일")} == {
        "2025-06-01"
    }
    assert {read_date(t) for t in ("2025-02-30", "6/1", "June 1", "2025-6/1", "20250601")} == {None}
    assert (read_time("12:00 am"), read_time("12pm"), read_time("7:30:00")) == ("00:00", "12:00", "07:30")
    assert {read_time(t) for t in ("25:00", "13 pm", "7", "0am", "7:61")} == {None}


FLAWS: list[tuple[str, Call, Call]] = [
    ("a sign that punctuation swallows", one("book", day="-5"), one("book", day="5")),
    ("a value outside its enum", one("set_temperature", temperature=24, room="bed room"), one("set_temperature", temperature=24, room="bedroom")),
    ("a value outside its range", one("set_temperature", temperature=30), one("set_temperature", temperature=31)),
    ("true for 1", one("adjust", delta=1), one("adjust", delta=True)),
    ("a required argument left out", one("adjust", delta=1), one("adjust")),
    ("an argument that is not declared", one("adjust", delta=1), one("adjust", delta=1, unit="C")),
]  # fmt: skip


@pytest.mark.parametrize("profile", ["strict", "semantic"])
@pytest.mark.parametrize(("due", "made"), [flaw[1:] for flaw in FLAWS], ids=[flaw[0] for flaw in FLAWS])
def test_flaws_of_other_scorers_are_not_inherited(profile: str, due: Call, made: Call):
    """Outputs that some public scorer passes fail here."""
    assert not score_completion([due], text_of(made), TOOLS, load_profile(profile)).exact


@pytest.mark.parametrize("profile", ["strict", "semantic"])
def test_a_bare_acceptable_value_is_no_wildcard(profile: str):
    """An acceptable value that is no list is one more value, and anything else still fails."""
    gold = Gold("functionchat", "call", (GoldCall("adjust", {"delta": 3}),))
    rules = load_profile(profile)
    due = [one("adjust", delta=2)]
    results = [
        score_completion(due, text_of(one("adjust", **made)), TOOLS, rules, gold=gold).exact
        for made in ({"delta": 2}, {"delta": 3}, {"delta": 9}, {"delta": "x"}, {})
    ]
    assert results == [True, True, False, False, False]
    silent = Gold("functionchat", "call", (GoldCall("adjust", {"delta": None}),))
    assert not score_completion(due, text_of(one("adjust", delta=None)), TOOLS, rules, gold=silent).exact


@pytest.mark.parametrize("profile", ["strict", "semantic"])
def test_order_of_gold_and_calls_cannot_change_a_verdict(profile: str):
    """Of calls with alternatives too: a greedy matching passes some orders of the right answer and fails others."""
    due = [one("adjust", delta=1), one("adjust", delta=2), one("set_fan", minutes=5)]
    gold_calls = [
        GoldCall("adjust", {"delta": [1, 2]}),
        GoldCall("adjust", {"delta": [2]}),
        GoldCall("set_fan", {"minutes": [5]}),
    ]
    made = [one("adjust", delta=2), one("adjust", delta=1), one("set_fan", minutes=5)]
    for order in permutations(range(3)):
        for written in permutations(made):
            gold = Gold("", "", tuple(gold_calls[i] for i in order))
            score = score_completion(
                [due[i] for i in order], text_of(*written), TOOLS, load_profile(profile), gold=gold
            )
            assert score.exact, score.reason


def test_calls_in_order_where_the_row_asks_for_it():
    """The same calls the other way round are right, unless the row says that the order counts."""
    due, made = [one("adjust", delta=1), one("set_fan", minutes=5)], text_of(one("set_fan", minutes=5), one("adjust", delta=1))  # fmt: skip
    assert score_completion(due, made, TOOLS).exact
    score = score_completion(due, made, TOOLS, gold=Gold(ordered=True))
    assert score.error_type == "wrong_order"
    assert score_completion(due, text_of(*due), TOOLS, gold=Gold(ordered=True)).exact


IN_CELSIUS, CHANNEL = ("temperature", "Target temperature in Celsius."), ("channel", "채널 번호")
UNITS: list[tuple[tuple[str, str], str, int | float | None]] = [
    # the parameter's name and description, what is written, the number it is; None: it does not read
    *((IN_CELSIUS, text, 24) for text in ("24", "24도", "24°", "24°C", "24 ℃", "24C", "24 C", "섭씨 24도", "섭씨 이십사 도", "24 celsius")),
    *((IN_CELSIUS, text, None) for text in ("24°F", "24℉", "24F", "24 °F", "화씨 24도", "섭씨 24 °F", "24시", "24층", "24개", "24원", "24볼트", "24번",
                                            "24월", "24dB", "24%", "24분", "채널 24", "24 lux", "24명")),
    (IN_CELSIUS, "24도 반", 24.5),
    (IN_CELSIUS, "섭씨 영하 5도", -5),
    (("temp", "온도(°C)"), "24C", 24),
    (("temp", "온도(°C)"), "75 °F", None),
    (("temp", "온도(°F)"), "75 °F", 75),
    (("temp", "온도(°F)"), "화씨 75도", 75),
    (("temp", "온도(°F)"), "24°C", None),
    (("temp", "In degrees F."), "75°F", 75),
    (("temp", "In degrees F."), "24°C", None),
    (("temp", "In degrees C."), "24°C", 24),
    (("temp", "In degrees C."), "75°F", None),
    (("temp", "In Celsius or Fahrenheit."), "75°F", None),
    (("temperature", ""), "섭씨 24도", 24),
    (("temperature", ""), "24C", 24),
    (("temperature", ""), "75°F", None),
    (("delta", ""), "영하 오 도", -5),
    (CHANNEL, "24번", 24),
    (CHANNEL, "채널 24번", 24),
    (CHANNEL, "24번 채널", 24),
    (CHANNEL, "채널 24", 24),
    (CHANNEL, "24층", None),
    (("volume", "볼륨"), "볼륨 24", 24),
    (("volume", "볼륨"), "24", 24),
    (("volume", "볼륨"), "24번", None),
    (("volume", "소리 크기 (dB)"), "24dB", 24),
    (("volume", "소리 크기 (dB)"), "24데시벨", 24),
    (("floor", ""), "3층", 3),
    (("people", "몇 명인지"), "두 명", 2),
    (("count", ""), "세 개", 3),
    (("count", ""), "3층", None),
    (("count", ""), "5분", None),
    (("speed", "바람 세기 단계"), "3단계", 3),
    (("hour", ""), "7시", 7),
    (("price", "원 단위"), "24원", 24),
    (("voltage", ""), "24V", 24),
]  # fmt: skip


@pytest.mark.parametrize(("parameter", "text", "number"), UNITS, ids=[f"{p[0]}-{text}" for p, text, _ in UNITS])  # fmt: skip
def test_units_are_the_parameters_own(parameter: tuple[str, str], text: str, number: float | None):
    """A unit that a parameter does not speak of, or that contradicts it, is not read; the number is never taken alone."""
    name, description = parameter
    tools = tools_by_name([tool("f", **{name: {"type": "number", "description": description}})])
    due = 99 if number is None else number
    score = score_completion([Call("f", {name: due})], text_of(Call("f", {name: text})), tools, load_profile("semantic"))  # fmt: skip
    assert score.got[0].arguments[name] == (text if number is None else number)
    assert score.exact == (number is not None)


@dataclass(frozen=True)
class Allowed:
    """Acceptable values as BFCL writes them, and whether a call passes in strict."""

    name: str
    accepts: dict[str, Any]
    due: dict[str, Any]
    made: dict[str, Any]
    exact: bool
    counts: tuple[int, int, int] = field(default=(1, 1, 1))


ALLOWED = [
    Allowed("another value that will do", {"a": ["x", "y"]}, {"a": "x"}, {"a": "y"}, True),
    Allowed("none of them", {"a": ["x", "y"]}, {"a": "x"}, {"a": "z"}, False, (0, 1, 1)),
    Allowed("may be left out", {"a": ["x"], "b": [1, ""]}, {"a": "x", "b": 1}, {"a": "x"}, True),
    Allowed("may be given", {"a": ["x"], "b": [1, ""]}, {"a": "x"}, {"a": "x", "b": 1}, True, (2, 2, 2)),
    Allowed("given wrongly", {"a": ["x"], "b": [1, ""]}, {"a": "x"}, {"a": "x", "b": 2}, False, (1, 1, 2)),
    Allowed("the empty text is no value", {"a": ["x", ""]}, {"a": "x"}, {"a": ""}, False, (0, 1, 1)),
    Allowed("a member's alternatives", {"a": [{"k": [1, 2], "o": ["z", ""]}]}, {"a": {"k": 1, "o": "z"}}, {"a": {"k": 2}}, True),
    Allowed("a member that is wrong", {"a": [{"k": [1, 2]}]}, {"a": {"k": 1}}, {"a": {"k": 3}}, False, (0, 1, 1)),
    Allowed("a member too many", {"a": [{"k": [1]}]}, {"a": {"k": 1}}, {"a": {"k": 1, "z": 0}}, False, (0, 1, 1)),
    Allowed("mappings in a list", {"a": [[{"k": [1, 2]}]]}, {"a": [{"k": 1}]}, {"a": [{"k": 2}]}, True),
    Allowed("1.0 is not 1", {"a": [1]}, {"a": 1}, {"a": 1.0}, False, (0, 1, 1)),
]  # fmt: skip


@pytest.mark.parametrize("case", ALLOWED, ids=[case.name for case in ALLOWED])
def test_acceptable_values_in_strict(case: Allowed):
    """What gold lets pass beside the answer passes, and nothing else; counts stay whole."""
    gold = Gold("bfcl", "simple", (GoldCall("f", case.accepts),))
    score = score_completion([Call("f", case.due)], text_of(Call("f", case.made)), {}, gold=gold)
    assert score.exact == case.exact, score.reason
    assert (score.n_right, score.n_expected, score.n_got) == case.counts


# ---------------------------------------------------------------- bfcl


def document(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "f",
        "parameters": {
            "type": "dict",
            "properties": {"a": {"type": kind, **more}, "b": {"type": "string"}},
            "required": [],
        },
    }


LIST_OF_TEXT = {"items": {"type": "string"}}
BFCL: list[tuple[str, dict[str, Any], list[Any], Any, str | None]] = [
    # type of `a`, what gold accepts, what is given, the error ("" passes, None: no verdict)
    ("case and punctuation", document("string"), ["New York, NY"], "new york ny.", ""),
    ("a sign is punctuation", document("string"), ["-5"], "5", ""),
    ("exclamation marks count", document("string"), ["hi"], "hi!", "value_error:string"),
    ("no normalisation", document("string"), ["거실"], "\u1100\u1165\u1109\u1175\u11af", "value_error:string"),
    ("int for float", document("float"), [2.0], 2, ""),
    ("float for int", document("integer"), [2], 2.0, "type_error:simple"),
    ("text for int", document("integer"), [2], "2", "type_error:simple"),
    ("bool for int", document("integer"), [1], True, "type_error:simple"),
    ("wrong int", document("integer"), [2], 3, "value_error:others"),
    ("gold of another type", document("integer"), ["x"], "x", ""),
    ("gold of another type, to the letter", document("integer"), ["x"], "X", "value_error:others"),
    ("items without case", document("array", **LIST_OF_TEXT), [["A", "b"]], ["a", "B"], ""),
    ("items in order", document("array", **LIST_OF_TEXT), [["a", "b"]], ["b", "a"], "value_error:list/tuple"),
    ("items of another type", document("array", **LIST_OF_TEXT), [["a"]], [1], "type_error:nested"),
    ("mapping", document("dict"), [{"k": ["V", ""]}], {"k": "v"}, ""),
    ("member left out", document("dict"), [{"k": ["V", ""]}], {}, ""),
    ("member missing", document("dict"), [{"k": ["V"]}], {}, "value_error:dict_key"),
    ("member unknown", document("dict"), [{"k": ["V"]}], {"k": "V", "z": 1}, "value_error:dict_key"),
    ("member wrong", document("dict"), [{"k": ["V"]}], {"k": "W"}, "value_error:dict_value"),
    ("mapping for nothing", document("dict"), [""], {}, "dict_checker:unclear"),
    ("mappings", document("array", items={"type": "dict"}), [[{"k": [1]}]], [{"k": 1}], ""),
    ("fewer mappings", document("array", items={"type": "dict"}), [[{"k": [1]}]], [], "value_error:list_dict_count"),
    ("enum is not looked at", document("string", enum=["x"]), ["y"], "y", ""),
    ("type it does not know", document("number"), [2], 2, None),
    ("array without items", document("array"), [["a"]], ["a"], None),
]  # fmt: skip


def bfcl_score(category: str, calls: list[GoldCall], made: str, *documents: dict[str, Any]) -> Any:
    gold = Gold("bfcl", category, tuple(calls), tools=documents)
    return score_completion([Call("f", {})] if calls else [], made, {}, load_profile("bfcl"), gold=gold)


@pytest.mark.parametrize(
    ("doc", "accepted", "given", "error"), [c[1:] for c in BFCL], ids=[c[0] for c in BFCL]
)
def test_bfcl_values(doc: dict[str, Any], accepted: list[Any], given: Any, error: str | None):
    """Types and values as BFCL's checker decides them; benchmarks/bfcl_agreement.py compares with the checker itself."""
    score = bfcl_score("simple_python", [GoldCall("f", {"a": accepted})], text_of(one("f", a=given)), doc)
    assert score.is_scored == (error is not None)
    assert score.exact == (error == "")
    assert score.error_type == (error or "")
    assert bool(score.reason) == (error != "")


F, G = GoldCall("f", {"a": ["x"], "b": ["y", ""]}), GoldCall("f", {"a": ["x", "z"]})
REQUIRED = {
    "name": "f",
    "parameters": {"properties": {"a": {"type": "string"}, "c": {"type": "string"}}, "required": ["a"]},
}
ONE_CALL, NO_CALL = text_of(one("f", a="x")), "Sorry."
BFCL_CALLS: list[tuple[str, str, list[GoldCall], str, str]] = [
    ("right", "simple_python", [F], ONE_CALL, ""),
    ("two calls", "simple_python", [F], text_of(one("f", a="x"), one("f", a="x")), "simple_function_checker:wrong_count"),
    ("no call", "live_simple", [F], NO_CALL, "simple_function_checker:wrong_count"),
    ("broken", "live_simple", [F], "<start_function_call>call:f{a", "ast_decoder:decoder_failed"),
    ("name", "multiple", [F], text_of(one("F", a="x")), "simple_function_checker:wrong_func_name"),
    ("count", "multiple", [F], NO_CALL, "multiple_function_checker:wrong_count"),
    ("required first", "multiple", [F], text_of(one("f", z=1)), "simple_function_checker:missing_required"),
    ("not in gold", "multiple", [G], text_of(one("f", a="x", c="legal")), "simple_function_checker:unexpected_param"),
    ("not left out", "simple_python", [GoldCall("f", {"a": ["x"], "c": ["y"]})], ONE_CALL, "simple_function_checker:missing_optional"),
    ("any order", "parallel", [F, G], text_of(one("f", a="z"), one("f", a="x")), ""),
    ("greedy", "parallel", [G, F], text_of(one("f", a="x"), one("f", a="z")), "parallel_function_checker_no_order:cannot_find_match"),
    ("parallel count", "live_parallel", [F, G], ONE_CALL, "parallel_function_checker_no_order:wrong_count"),
    ("irrelevance", "irrelevance", [], NO_CALL, ""),
    ("garbage is irrelevant", "live_irrelevance", [], "<start_function_call>call:f{a", ""),
    ("irrelevance called", "live_irrelevance", [], ONE_CALL, "irrelevance_error:decoder_success"),
    ("relevance", "live_relevance", [], ONE_CALL, ""),
    ("relevance not called", "live_relevance", [], NO_CALL, "relevance_error:decoder_failed"),
]  # fmt: skip


@pytest.mark.parametrize(("category", "gold", "text", "error"), [c[1:] for c in BFCL_CALLS], ids=[c[0] for c in BFCL_CALLS])  # fmt: skip
def test_bfcl_calls(category: str, gold: list[GoldCall], text: str, error: str):
    """Counts, names and matching by category; a greedy matching fails a right answer, as theirs does."""
    score = bfcl_score(category, gold, text, REQUIRED)
    assert (score.error_type, score.exact) == (error, not error)
    assert bool(score.reason) == bool(error)


def test_bfcl_of_other_rows():
    """A row that is not BFCL's is judged by its answer, its JSON Schema read in BFCL's words; Java is left out by name."""
    bfcl = load_profile("bfcl")
    assert score_completion([one("adjust", delta=2.0)], text_of(one("adjust", delta=2)), TOOLS, bfcl).exact
    assert score_completion([], "no", TOOLS, bfcl).exact
    assert score_completion([], text_of(one("adjust", delta=2)), TOOLS, bfcl).error_type.startswith("irrelevance")  # fmt: skip
    both = [one("adjust", delta=1), one("set_fan", minutes=2)]
    assert score_completion(both, text_of(*reversed(both)), TOOLS, bfcl).exact
    java = bfcl_score("simple_java", [F], ONE_CALL, REQUIRED)
    assert (java.is_scored, "simple_java" in java.reason) == (False, True)


# ---------------------------------------------------------------- functionchat

CHAT: list[tuple[str, Call, dict[str, Any], str, str | None]] = [
    ("right", one("f", a="서울 시"), {}, text_of(one("f", a="서울시")), ""),
    ("case", one("f", a="Seoul"), {}, text_of(one("f", a="SEOUL")), ""),
    ("punctuation counts", one("f", a="a-5"), {}, text_of(one("f", a="a5")), "wrong_arguments"),
    ("no normalisation", one("f", a="거실"), {}, text_of(one("f", a="\u1100\u1165\u1109\u1175\u11af")), "wrong_arguments"),
    ("first call only", one("f", a=1), {}, text_of(one("f", a=1), one("g")), ""),
    ("second call does not count", one("f", a=1), {}, text_of(one("g"), one("f", a=1)), "wrong_function"),
    ("no call", one("f", a=1), {}, "네", "no_call"),
    ("key beyond the answer", one("f", a=1), {"b": [2]}, text_of(one("f", a=1, b=2)), "wrong_arguments"),
    ("alternative in a list", one("f", a=1), {"a": [2, "둘"]}, text_of(one("f", a="둘")), ""),
    ("alternative as text", one("f", a="x"), {"a": "y z"}, text_of(one("f", a="Yz")), ""),
    ("none of them", one("f", a=1), {"a": [2]}, text_of(one("f", a=3)), "wrong_arguments"),
    ("missing", one("f", a=1), {}, text_of(one("f")), "wrong_arguments"),
    ("a bare number lets all pass", one("f", a=1), {"a": 2}, text_of(one("f", a="no")), ""),
    ("a bare boolean lets it be missing", one("f", a=True), {"a": False}, text_of(one("f")), ""),
    ("1 is true", one("f", a=1), {}, text_of(one("f", a=True)), ""),
    ("1 is 1.0", one("f", a=1), {}, text_of(one("f", a=1.0)), ""),
    ("text is no number", one("f", a=1), {}, text_of(one("f", a="1")), "wrong_arguments"),
]  # fmt: skip


@pytest.mark.parametrize(("due", "accepts", "text", "error"), [c[1:] for c in CHAT], ids=[c[0] for c in CHAT])
def test_functionchat(due: Call, accepts: dict[str, Any], text: str, error: str):
    """The exact-match pass, its bugs included."""
    gold = Gold("functionchat", "call", (GoldCall("f", accepts),))
    score = score_completion([due], text, {}, load_profile("functionchat"), gold=gold)
    assert (score.error_type, score.exact) == (error, not error)
    assert bool(score.reason) == bool(error)


@pytest.mark.parametrize("kind", ["slot", "relevance", "completion"])
def test_functionchat_leaves_turns_without_calls_to_its_judge(kind: str):
    """Such turns are not scored, and the reason names their type."""
    score = score_completion([], "네", {}, load_profile("functionchat"), gold=Gold("functionchat", kind))
    assert not score.is_scored
    assert kind in score.reason


def test_escaped_values_under_the_benchmarks_rules():
    """Benchmarks take values as written: an escaped 2 is text there, and a number in strict."""
    text = text_of(one("adjust", delta=2), values="escaped")
    due = [one("adjust", delta=2)]
    parsed = parse_completion(text)
    verdicts = {
        name: score_completion(due, parsed, TOOLS, load_profile(name)).exact
        for name in ("strict", "semantic", "bfcl", "functionchat")
    }
    assert verdicts == {"strict": True, "semantic": True, "bfcl": False, "functionchat": False}
