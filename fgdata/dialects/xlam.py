"""xLAM (APIGen): `query`, `tools`, `answers`; the last two as JSON text, types by their Python names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fgdata.dialects.alternatives import no_answer
from fgdata.dialects.layout import Layout, Values, beside, json_text, list_of_objects, with_trigger
from fgdata.dialects.messages import plain_call
from fgdata.dialects.turns import flat_tools, user_text, wrapped
from fgdata.dialects.types import from_python, lower_types, to_python
from fgdata.errors import DataError, Problem
from fgdata.example import Example

RAW = "xlam_tools"
"""Column for the tools as they stood, where JSON Schema cannot say the same (`Callable`, `tuple`, …)."""


class XLam(Layout):
    """One question, its tools and its calls."""

    name = "xlam"
    title = "xLAM, APIGen: query, tools, answers"
    columns = ("query", "tools", "answers", RAW)
    holds = "one question and calls in JSON; no developer message but the trigger, no text of an answer, no second turn"

    def detects(self, row: Mapping[str, Any]) -> bool:
        """Whether a text asks, and tools and answers stand beside it."""
        return isinstance(row.get("query"), str) and "answers" in row and "tools" in row

    def read(self, row: Mapping[str, Any], source: str, default_id: str) -> list[Example]:
        """The example; no answers mean that no call is due.

        Raises: DataError with everything that keeps it from being one.
        """
        raw = list_of_objects(json_text(row["tools"], "tools", source), "tools", source)
        answers = list_of_objects(json_text(row["answers"], "answers", source), "answers", source)
        tools = [wrapped(_to_json_schema(body)) for body in raw]
        answer: dict[str, Any] = (
            {"role": "assistant", "tool_calls": answers} if answers else {"role": "assistant", "content": ""}
        )
        parts: dict[str, Any] = {
            "messages": with_trigger([{"role": "user", "content": row["query"]}, answer]),
            "tools": tools,
        }
        if not answers and not row.get("gold"):
            parts["gold"] = no_answer().to_json()
        if [_from_json_schema(tool["function"]) for tool in tools] != raw:
            parts[RAW] = raw
        return [self._example(row, parts, source, default_id)]

    def write(self, example: Example, values: Values, number: int) -> dict[str, Any]:
        """The row, with the last user message."""
        row = beside(example)
        raw = row.pop(RAW, None)
        tools = flat_tools(example.tools or [])
        if not (isinstance(raw, list) and [_to_json_schema(body) for body in raw] == tools):
            tools_written = [_from_json_schema(body) for body in tools]
        else:
            tools_written = raw
        calls = [plain_call(entry) for entry in example.messages[-1].get("tool_calls") or []]
        if example.gold == no_answer() and not calls:
            del row["gold"]
        return {
            **row,
            "query": user_text(example.messages),
            "tools": json.dumps(tools_written, ensure_ascii=False),
            "answers": json.dumps(calls, ensure_ascii=False),
        }


def _to_json_schema(body: Mapping[str, Any]) -> dict[str, Any]:
    """A tool of xLAM's with its parameters as JSON Schema; one that is JSON Schema already stays so."""
    parameters = body.get("parameters")
    if not isinstance(parameters, Mapping) or not parameters:
        return {k: v for k, v in body.items() if k != "parameters" or v is not None}
    if isinstance(parameters.get("properties"), Mapping) and isinstance(parameters.get("type"), str):
        return {**body, "parameters": lower_types(parameters)}
    properties: dict[str, Any] = {}
    required = []
    for name, stated in parameters.items():
        if not isinstance(stated, Mapping):
            raise DataError(
                Problem(
                    "",
                    f"the parameter {name!r} of {body.get('name')!r} is {stated!r}.",
                    "Give description and type.",
                )
            )
        words = dict(stated)
        text = words.pop("type", "")
        is_optional = False
        if isinstance(text, str):
            kind, _, behind = text.rpartition(",")
            is_optional = behind.strip() == "optional"
            schema = from_python(kind if is_optional else text)
            if schema is None:
                schema = {"type": text}
        else:
            schema = {"type": text}
        description = {"description": words.pop("description")} if "description" in words else {}
        properties[name] = {**schema, **description, **words}
        if not is_optional:
            required.append(name)
    schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    return {**body, "parameters": schema}


_ENVELOPE = {"type", "properties", "required"}


def _from_json_schema(body: Mapping[str, Any]) -> dict[str, Any]:
    """A tool with its parameters as xLAM writes them; one whose schema says more than that stays JSON Schema."""
    schema = body.get("parameters")
    if not isinstance(schema, Mapping) or not schema:
        return {k: v for k, v in body.items() if k != "parameters" or v is not None}
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if not isinstance(properties, Mapping) or not isinstance(required, list):
        return dict(body)
    in_order = [name for name in properties if name in required] == required
    plain = schema.keys() <= _ENVELOPE and all(isinstance(item, Mapping) for item in properties.values())
    if not plain or not in_order or {"type", "properties"} & properties.keys() or not properties:
        return dict(body)
    parameters = {}
    for name, stated in properties.items():
        text, rest = to_python(lower_types(stated))
        description = {"description": stated["description"]} if "description" in stated else {}
        parameters[name] = {**description, "type": text if name in required else f"{text}, optional", **rest}
    return {**body, "parameters": parameters}
