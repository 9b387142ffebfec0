"""FunctionChat-Bench (Kakao): single calls, dialogs and call decisions, each a layout of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fgdata.dialects.alternatives import alternatives
from fgdata.dialects.layout import (
    Layout,
    Values,
    beside,
    json_text,
    list_of_objects,
    with_trigger,
    without_trigger,
)
from fgdata.dialects.messages import openai_messages, plain_call
from fgdata.dialects.turns import flat_tools, wrapped_tools
from fgdata.errors import DataError, Problem
from fgdata.example import Example
from fgdata.gold import Gold, GoldCall
from fgdata.schema import Call, canonical_json, read_json, same_value

_KINDS = {"call": "call", "completion": "no_call", "relevance": "no_call", "slot": "ask"}
_TYPES = {"call": "call", "no_call": "relevance", "ask": "slot"}
_FIRST_KINDS = {"call": "call", "reject": "no_call", "slot": "ask"}


def _answer(content: Any, source: str) -> dict[str, Any]:
    """The assistant's message: a message, a call or calls (maybe as JSON text), a text, or nothing."""
    if isinstance(content, str):
        try:
            decoded = read_json(content)
        except (ValueError, RecursionError):
            return {"role": "assistant", "content": content}
        if not isinstance(decoded, dict | list):
            return {"role": "assistant", "content": content}
        content = decoded
    if content is None:
        return {"role": "assistant", "content": ""}
    if isinstance(content, dict) and ("role" in content or "tool_calls" in content or "content" in content):
        message = {k: v for k, v in content.items() if v is not None or k == "content"}
        return {**message, "role": "assistant"}
    entries = list_of_objects(content if isinstance(content, list) else [content], "ground_truth", source)
    return {"role": "assistant", "tool_calls": [{"type": "function", "function": entry} for entry in entries]}


def _gold(answer: dict[str, Any], acceptable: Any, category: str, source: str) -> dict[str, Any]:
    """The column `gold` of a ground truth and its acceptable arguments."""
    entries = answer.get("tool_calls") or []
    calls = [Call.from_json(entry) for entry in list_of_objects(entries, "tool_calls", source)]
    accepts, note = acceptable, ""
    if isinstance(acceptable, str):
        try:
            accepts = read_json(acceptable)
        except (ValueError, RecursionError):
            accepts, note = None, acceptable
    if not isinstance(accepts, dict | None):
        accepts, note = None, canonical_json(accepts)
    # Only the first call is compared, and its arguments alone have alternatives.
    gold_calls = (GoldCall(calls[0].name, accepts or {}),) if calls else ()
    return Gold("functionchat", category, gold_calls, note=note).to_json()


def _acceptable(example: Example) -> Any:
    """Acceptable arguments as they stood, or those beside the answer's own."""
    gold, calls = example.gold or Gold(), example.expected_calls
    if gold.layout == "functionchat":
        return gold.note or (dict(gold.calls[0].accepts) or None if gold.calls else None)
    if not calls:
        return None
    own = calls[0].arguments
    more = {
        name: [value for value in values if name not in own or not same_value(value, own[name])]
        for name, values in alternatives(example)[0].values.items()
    }
    return {name: values for name, values in more.items() if values} or None


def _call_text(entry: Mapping[str, Any]) -> str:
    call = plain_call(entry)
    call["arguments"] = json.dumps(call["arguments"], ensure_ascii=False)
    return json.dumps(call, ensure_ascii=False)


def _kind(row: Mapping[str, Any], answer: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The column `kind`, where it is not stated."""
    if row.get("kind"):
        return {}
    return {"kind": "several" if len(answer.get("tool_calls") or ()) > 1 else kind} if kind else {}


class SingleCall(Layout):
    """A line a function: queries with one call each, and lists of tools that every query is asked with."""

    name = "functionchat-singlecall"
    title = "FunctionChat-Bench, single calls: queries x lists of tools"
    columns = (
        "function_num",
        "function_name",
        "function_info",
        "query",
        "ground_truth",
        "acceptable_arguments",
        "tools",
    )
    holds = "one user message and one call; no developer message but the trigger"

    def detects(self, row: Mapping[str, Any]) -> bool:
        """Whether a function has queries."""
        return isinstance(row.get("query"), list) and "ground_truth" in row and "tools" in row

    def read(self, row: Mapping[str, Any], source: str, default_id: str) -> list[Example]:
        """An example for each query and list of tools.

        Raises: DataError with everything that keeps the line from being read.
        """
        queries, truths, acceptables, tool_lists = (
            list_of_objects(row.get(name) or [], name, source)
            for name in ("query", "ground_truth", "acceptable_arguments", "tools")
        )
        truth = {canonical_json(entry.get("serial_num")): entry.get("content") for entry in truths}
        acceptable = {canonical_json(entry.get("serial_num")): entry.get("content") for entry in acceptables}
        first = row.get("function_num", default_id)
        is_one = len(queries) == len(tool_lists) == 1 and "id" in row
        examples = []
        for query in queries:
            number = query.get("serial_num")
            key = canonical_json(number)
            if truth.get(key) is None:
                what = f"the query {number!r} of {row.get('function_name')!r} has no ground truth."
                raise DataError(Problem(source, what, "Give one with the same serial_num."))
            for listed in tool_lists:
                answer = _answer(truth[key], source)
                kept = {
                    "function_num": row.get("function_num"),
                    "serial_num": number,
                    "tools_type": listed.get("type"),
                }
                parts = {
                    **{k: v for k, v in kept.items() if v is not None},
                    "id": row["id"] if is_one else f"singlecall/{first}/{number}/{listed.get('type')}",
                    "messages": with_trigger([{"role": "user", "content": query.get("content")}, answer]),
                    "tools": wrapped_tools(list_of_objects(listed.get("content"), "tools", source)),
                    "gold": _gold(answer, acceptable.get(key), "call", source),
                    **_kind(row, answer, "call"),
                }
                examples.append(self._example(row, parts, source, default_id))
        return examples

    def write(self, example: Example, values: Values, number: int) -> dict[str, Any]:
        """A line with one query and one list of tools. Raises: DataError for what is no single call."""
        answer = example.messages[-1]
        entries = answer.get("tool_calls") or []
        if len(entries) != 1:
            raise DataError(
                Problem(
                    example.source or example.id, f"has {len(entries)} calls; this layout keeps exactly one."
                )
            )
        row = beside(example)
        acceptable = _acceptable(example)
        row.pop("gold", None)
        tools = wrapped_tools(example.tools or [])
        name = plain_call(entries[0])["name"]
        messages = without_trigger(example.messages[:-1])
        serial = row.pop("serial_num", 1)
        return {
            "id": row.pop("id"),
            "function_num": row.pop("function_num", number),
            "function_name": name,
            "function_info": next((body for body in flat_tools(tools) if body.get("name") == name), {}),
            "query": [{"serial_num": serial, "content": messages[-1].get("content") if messages else ""}],
            "ground_truth": [{"serial_num": serial, "content": _call_text(entries[0])}],
            "acceptable_arguments": [{"serial_num": serial, "content": acceptable}],
            "tools": [{"type": row.pop("tools_type", "exact"), "content": tools}],
            **row,
        }


class Dialog(Layout):
    """A line a dialog: turns, each a conversation so far with the message that is due."""

    name = "functionchat-dialog"
    title = "FunctionChat-Bench, dialogs: turns with what went before them"
    columns = ("dialog_num", "tools_count", "tools", "turns")
    holds = "everything"

    def detects(self, row: Mapping[str, Any]) -> bool:
        """Whether a dialog has turns."""
        return isinstance(row.get("turns"), list) and "tools" in row

    def read(self, row: Mapping[str, Any], source: str, default_id: str) -> list[Example]:
        """An example for each turn; turns that only a judge can mark (`slot`, `relevance`, `completion`) are no calls.

        Raises: DataError with everything that keeps the line from being read.
        """
        tools = wrapped_tools(list_of_objects(json_text(row["tools"], "tools", source), "tools", source))
        turns = list_of_objects(row["turns"], "turns", source)
        first = row.get("dialog_num", default_id)
        is_one = len(turns) == 1 and "id" in row
        examples = []
        for turn in turns:
            answer = _answer(turn.get("ground_truth"), source)
            kind = str(turn.get("type_of_output") or "")
            parts = {
                **({"dialog_num": row["dialog_num"]} if "dialog_num" in row else {}),
                **{
                    k: turn[k]
                    for k in ("turn_num", "serial_num", "type_of_output")
                    if turn.get(k) is not None
                },
                "id": row["id"] if is_one else f"dialog/{first}/{turn.get('turn_num')}",
                "messages": with_trigger([*list_of_objects(turn.get("query"), "query", source), answer]),
                "tools": tools,
                "gold": _gold(answer, turn.get("acceptable_arguments"), kind, source),
                **_kind(row, answer, _KINDS.get(kind, "")),
            }
            examples.append(self._example(row, parts, source, default_id))
        return examples

    def write(self, example: Example, values: Values, number: int) -> dict[str, Any]:
        """A dialog of one turn."""
        row = beside(example)
        acceptable = _acceptable(example)
        row.pop("gold", None)
        messages = openai_messages(without_trigger(example.messages))
        tools = wrapped_tools(example.tools or [])
        turn = {
            "turn_num": row.pop("turn_num", 1),
            "serial_num": row.pop("serial_num", number),
            "query": messages[:-1],
            "ground_truth": messages[-1],
            "acceptable_arguments": acceptable,
            "type_of_output": _type_of_output(example),
        }
        identity = {"id": row.pop("id"), "dialog_num": row.pop("dialog_num", number)}
        return {**identity, "tools_count": len(tools), "tools": tools, "turns": [turn], **row}


def _type_of_output(example: Example) -> str:
    if example.gold is not None and example.gold.layout == "functionchat" and example.gold.category:
        return example.gold.category
    if example.messages[-1].get("tool_calls"):
        return "call"
    if example.kind == "ask":
        return "slot"
    return (
        "completion"
        if example.messages[-2:-1] and example.messages[-2].get("role") == "tool"
        else "relevance"
    )


class CallDecision(Layout):
    """A line a decision: a conversation, tools, and whether to call, to ask or to decline."""

    name = "functionchat-decision"
    title = "FunctionChat-Bench, call decisions"
    columns = ("category", "input_messages", "input_tools", "ground_truth", "acceptable_arguments")
    holds = "everything"

    def detects(self, row: Mapping[str, Any]) -> bool:
        """Whether there are messages and tools to decide on."""
        return "input_messages" in row and "input_tools" in row

    def read(self, row: Mapping[str, Any], source: str, default_id: str) -> list[Example]:
        """The example; without a ground truth only the decision is due.

        Raises: DataError with everything that keeps the line from being read.
        """
        messages = list_of_objects(
            json_text(row["input_messages"], "input_messages", source), "input_messages", source
        )
        tools = list_of_objects(
            json_text(row["input_tools"], "input_tools", source) or [], "input_tools", source
        )
        answer = _answer(row.get("ground_truth"), source)
        category = str(row.get("category") or "")
        kind = next((kind for start, kind in _FIRST_KINDS.items() if category.lower().startswith(start)), "")
        if kind == "call" and not answer.get("tool_calls"):
            raise DataError(
                Problem(
                    source, "is of the category CALL and has no call as its ground truth.", "Give the call."
                )
            )
        parts = {
            **({"category": category} if category else {}),
            "id": row.get("id")
            or (f"decision/{row['serial_num']}" if row.get("serial_num") is not None else None),
            "messages": with_trigger([*messages, answer]),
            "tools": wrapped_tools(tools),
            "gold": _gold(answer, row.get("acceptable_arguments"), _TYPES.get(kind, kind), source),
            **_kind(row, answer, kind),
        }
        return [self._example(row, parts, source, default_id)]

    def write(self, example: Example, values: Values, number: int) -> dict[str, Any]:
        """The row."""
        row = beside(example)
        acceptable = _acceptable(example)
        row.pop("gold", None)
        messages = openai_messages(without_trigger(example.messages))
        answer = example.messages[-1]
        category = "CALL" if answer.get("tool_calls") else "SLOT" if example.kind == "ask" else "REJECT"
        has_answer = bool(answer.get("tool_calls") or answer.get("content"))
        return {
            "id": row.pop("id"),
            "serial_num": row.pop("serial_num", number),
            "category": row.pop("category", category),
            "input_messages": messages[:-1],
            "input_tools": wrapped_tools(example.tools or []),
            "ground_truth": messages[-1] if has_answer else None,
            "acceptable_arguments": acceptable,
            **row,
        }
