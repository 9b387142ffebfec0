"""BFCL, versions 3 and 4: a file of questions with their functions, and one of answers with every acceptable value, joined by id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fgdata.dialects.alternatives import alternatives, decision, listed, spelled
from fgdata.dialects.layout import Layout, Values, beside, list_of_objects, with_trigger, without_trigger
from fgdata.dialects.turns import flat_tools, wrapped
from fgdata.dialects.types import from_bfcl, to_bfcl
from fgdata.errors import DataError, Problem
from fgdata.example import Example
from fgdata.gold import Gold, GoldCall
from fgdata.schema import Call

_CATEGORY = re.compile(r"(.+?)_\d[\d-]*\Z")


class BFCL(Layout):
    """`question` and `function`; `ground_truth` comes from the file of answers, or stands in the row."""

    name = "bfcl"
    title = "BFCL v3 and v4: questions and possible answers, two files"
    columns = ("question", "function", "ground_truth")
    holds = "one question with what went before it, acceptable values, parameters that may be left out; no text of an answer, no tool responses"

    def detects(self, row: Mapping[str, Any]) -> bool:
        """Whether there is a question beside functions."""
        return isinstance(row.get("question"), list) and "function" in row

    def read(self, row: Mapping[str, Any], source: str, default_id: str) -> list[Example]:
        """The example; its answer is the first acceptable value of each parameter.

        Raises: DataError with everything that keeps it from being one: several turns, no answer, functions that are none.
        """
        name = str(row.get("id") or default_id)
        raw = list_of_objects(row["function"], "function", source)
        turns = row["question"]
        if len(turns) != 1:
            what = f"{name!r} has {len(turns)} turns."
            raise DataError(
                Problem(source, what, "Only questions of one turn are read; leave the others out.")
            )
        messages = list_of_objects(turns[0], "question", source)
        truth = row.get("ground_truth")
        found = _CATEGORY.match(name)
        category = found[1] if found else ""
        kind = category.removeprefix("live_")
        answer: dict[str, Any] = {"role": "assistant", "content": ""}
        calls: tuple[GoldCall, ...] = ()
        if truth is None and kind not in ("irrelevance", "relevance"):
            what = f"the item {name!r} has no ground truth."
            remedy = "Keep its answers in possible_answer/ beside the file, under the same name."
            raise DataError(Problem(source, what, remedy))
        if truth:
            calls = _gold_calls(list_of_objects(truth, "ground_truth", source), source)
            required = {str(body.get("name")): _required(body) for body in raw}
            first = [_first(call, required.get(call.name, frozenset())) for call in calls]
            answer = {"role": "assistant", "tool_calls": [call.to_json() for call in first]}
        parts: dict[str, Any] = {
            "messages": with_trigger([*messages, answer]),
            "tools": [wrapped(_from_function(function)) for function in raw],
            "gold": Gold("bfcl", category, calls, tools=tuple(raw)).to_json(),
        }
        return [self._example({"id": name, **row}, parts, source, default_id)]

    def write(self, example: Example, values: Values, number: int) -> dict[str, Any]:
        """The question's row with its `ground_truth`, which `split_answer` takes out for the second file."""
        row = beside(example)
        row.pop("gold", None)
        gold = example.gold or Gold()
        tools = flat_tools(example.tools or [])
        functions = [_to_function(body) for body in tools]
        if gold.tools and [_from_function(body) for body in gold.tools] == tools:
            functions = [dict(body) for body in gold.tools]
        truth: list[dict[str, Any]] = [{call.name: dict(call.accepts)} for call in gold.calls]
        if gold.layout != "bfcl" or len(truth) != len(example.expected_calls):
            truth = _ground_truth(example)
        is_judged = decision(example) != "any_call"
        return {
            "id": row.pop("id"),
            "question": [without_trigger(example.messages[:-1])],
            "function": functions,
            **({"ground_truth": truth} if is_judged else {}),
            **row,
        }


def split_answer(row: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """A written row as the question and the line of the file of answers; None where the id's category says what is due."""
    question = dict(row)
    truth = question.pop("ground_truth", None)
    kind = str(row["id"]).removeprefix("live_")
    if truth is None or (not truth and kind.startswith("irrelevance_")):
        return question, None
    return question, {"id": row["id"], "ground_truth": truth}


def _from_function(body: Mapping[str, Any]) -> dict[str, Any]:
    return {k: from_bfcl(v) if k == "parameters" else v for k, v in body.items()}


def _to_function(body: Mapping[str, Any]) -> dict[str, Any]:
    return {k: to_bfcl(v) if k == "parameters" and v else v for k, v in body.items()}


def _gold_calls(truth: list[dict[str, Any]], source: str) -> tuple[GoldCall, ...]:
    found, problems = [], []
    for call in truth:
        if len(call) != 1 or not all(isinstance(arguments, Mapping) for arguments in call.values()):
            what = f"an entry of `ground_truth` is {str(call)[:80]!r}."
            problems.append(Problem(source, what, "Write {name: {parameter: [values]}}."))
            continue
        ((name, arguments),) = call.items()
        problems += [
            Problem(
                source,
                f"the values of {name}.{parameter} are {values!r}.",
                "Give a list of acceptable values.",
            )
            for parameter, values in arguments.items()
            if not isinstance(values, list)
        ]
        found.append(GoldCall(name, arguments))
    DataError.raise_if(problems)
    return tuple(found)


def _required(body: Mapping[str, Any]) -> frozenset[str]:
    schema = body.get("parameters")
    stated = schema.get("required") if isinstance(schema, Mapping) else None
    return frozenset(map(str, stated)) if isinstance(stated, list) else frozenset()


def _first(gold: GoldCall, required: frozenset[str]) -> Call:
    """The answer: the first acceptable value of each parameter; one whose first choice is to be left out is left out.

    What the function requires is given all the same, if gold names a value: BFCL's checker, too, asks for it first.
    """
    arguments: dict[str, Any] = {}
    for name, values in gold.accepts.items():
        kept = values if isinstance(values, list) else [values]
        if name in required:
            kept = [value for value in kept if value != ""]
        if kept and kept[0] != "":
            arguments[name] = next(spelled(kept[0]), kept[0])
    return Call(gold.name, arguments)


def _ground_truth(example: Example) -> list[dict[str, Any]]:
    """Acceptable values as BFCL lists them: `""` first where the answer leaves the parameter out, else last."""
    truth = []
    for one, call in zip(alternatives(example), example.expected_calls, strict=True):
        arguments: dict[str, list[Any]] = {}
        for name, values in one.values.items():
            choices = [listed(value) for value in values]
            if name in one.optional:
                choices = [*choices, ""] if name in call.arguments else ["", *choices]
            arguments[name] = choices
        truth.append({one.name: arguments})
    return truth
