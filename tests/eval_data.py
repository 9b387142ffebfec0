"""Rows and predictions for the evaluation's tests: a small air conditioner, made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fgdata.format import TRIGGER, render_call
from fgdata.schema import Call, tools_by_name
from fgeval.predictions import json_line


def tool(name: str, required: tuple[str, ...] = (), **properties: dict[str, Any]) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": list(required)}
    return {"type": "function", "function": {"name": name, "description": name, "parameters": parameters}}


TOOLS = [
    tool("set_temperature", ("temperature",), temperature={"type": "integer", "minimum": 16, "maximum": 30},
         zone={"type": "string"}),
    tool("adjust_temperature", ("delta",), delta={"type": "integer"}),
    tool("set_mode", ("mode",), mode={"type": "string", "enum": ["cooling", "heating", "auto"]}),
    tool("set_humidity", ("level",), level={"type": "number"}, silent={"type": "boolean"}),
    tool("set_code", ("code",), code={"type": "string"}),
    tool("power_on"),
    tool("power_off"),
]  # fmt: skip
BY_NAME = tools_by_name(TOOLS)


def call(name: str, **arguments: Any) -> Call:
    return Call(name, arguments)


def text_of(*calls: Call, values: Any = "bare") -> str:
    """What a model that makes these calls writes."""
    return "".join(render_call(one, values=values) for one in calls) + "<start_function_response>"


def row(number: int, utterance: str, *calls: Call, **provenance: Any) -> dict[str, Any]:
    answer: dict[str, Any] = {"role": "assistant", "content": "그건 할 수 없어요."}
    if calls:
        answer = {"role": "assistant", "tool_calls": [one.to_json() for one in calls]}
    messages = [{"role": "developer", "content": TRIGGER}, {"role": "user", "content": utterance}, answer]
    kind = {"kind": "call" if calls else "no_call"}
    return {"id": f"item-{number}", "messages": messages, "tools": TOOLS} | kind | provenance


ROWS = [
    row(0, "온도 2도 올려줘", call("adjust_temperature", delta=2), intent="up", family="up/plain", register="hae"),
    row(1, "24도로 맞춰 주세요", call("set_temperature", temperature=24), intent="set", family="set/plain", register="haeyo"),
    row(2, "냉방으로", call("set_mode", mode="cooling"), intent="mode", family="mode/short", register="fragment"),
    row(3, "켜줘", call("power_on"), intent="on", family="on/plain", register="hae"),
    row(4, "꺼 주세요", call("power_off"), intent="off", family="off/plain", register="haeyo"),
    row(5, "켜고 22도로", call("power_on"), call("set_temperature", temperature=22), intent="both", family="both/go",
        register="fragment"),
    row(6, "저녁 뭐 먹지", intent="chat", family="chat/food", register="hae"),
    row(7, "노래 틀어줘", intent="chat", family="chat/music", register="hae"),
]  # fmt: skip

BASE = {
    "item-0": text_of(call("adjust_temperature", delta=2), values="escaped"),
    "item-1": text_of(call("set_temperature", temperature=25)),
    "item-2": text_of(call("set_mode", mode="냉방")),
    "item-3": text_of(call("power_off")),
    "item-4": "죄송하지만 할 수 없어요.<end_of_turn>",
    "item-5": text_of(call("power_on")),
    "item-6": text_of(call("power_on")),
    "item-7": "노래는 틀 수 없어요.<end_of_turn>",
}
"""Right: 0 and 7. The rest are six different ways to be wrong."""

ADAPTER = {
    "item-0": text_of(call("adjust_temperature", delta=2)),
    "item-1": text_of(call("set_temperature", temperature=24)),
    "item-2": text_of(call("set_mode", mode="cooling")),
    "item-3": text_of(call("power_on")),
    "item-4": text_of(call("power_off")),
    "item-5": text_of(call("set_temperature", temperature=22), call("power_on")),
    "item-6": "음식은 잘 몰라요.<end_of_turn>",
    "item-7": text_of(call("power_on")),
}
"""Right: all but 7."""


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(map(json_line, rows)), encoding="utf-8")
    return path


def write_predictions(path: Path, texts: dict[str, str], **more: Any) -> Path:
    return write_rows(path, [{"id": name, "text": text, **more} for name, text in texts.items()])
