"""Small rows of every layout that the trainer reads, for its tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fgdata.example import write_jsonl

TRIGGER = "You are a model that can do function calling with the following functions"
DEVELOPER = {"role": "developer", "content": TRIGGER}
TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": "adjust_temperature",
            "description": "Changes the target temperature.",
            "parameters": {
                "type": "object",
                "properties": {"delta": {"type": "integer", "description": "Degrees up or down."}},
                "required": ["delta"],
            },
        },
    },
    {"type": "function", "function": {"name": "power_off", "description": "Switches the device off."}},
]


def call(name: str, **arguments: Any) -> dict[str, Any]:
    """An entry of `tool_calls`."""
    return {"type": "function", "function": {"name": name, "arguments": arguments}}


def tool_calls_row(text: str, *calls: dict[str, Any], number: int = 0) -> dict[str, Any]:
    """A row whose answer is given as `tool_calls`."""
    return {
        "id": f"calls-{number}",
        "messages": [
            DEVELOPER,
            {"role": "user", "content": text},
            {"role": "assistant", "tool_calls": list(calls)},
        ],
        "tools": TOOLS,
    }


def text_row(text: str, answer: str, number: int = 0, *, with_tools: bool = False) -> dict[str, Any]:
    """A row in the first seed's layout: the answer is the model's raw text, and no tools are declared."""
    row: dict[str, Any] = {
        "id": f"text-{number}",
        "messages": [DEVELOPER, {"role": "user", "content": text}, {"role": "assistant", "content": answer}],
    }
    return row | {"tools": TOOLS} if with_tools else row


def mixed_rows(n: int) -> list[dict[str, Any]]:
    """`n` rows of different lengths: calls with tools, raw text without, answers without a call."""
    rows = []
    for number in range(n):
        wish = f"온도 {number}도 올려줘" + " 너무 더워요" * (number % 4)
        match number % 3:
            case 0:
                rows.append(tool_calls_row(wish, call("adjust_temperature", delta=number), number=number))
            case 1:
                value = f"<escape>{number}<escape>"
                raw = f"<start_function_call>call:adjust_temperature{{delta:{value}}}<end_function_call>"
                rows.append(text_row(wish, raw, number))
            case _:
                rows.append(
                    text_row(wish, "무엇을 바꿔 드릴까요?" + "!" * (number % 5), number, with_tools=True)
                )
    return rows


def write_rows(path: Path, n: int) -> str:
    """The path of a new JSONL file with `mixed_rows(n)`."""
    write_jsonl(path, mixed_rows(n))
    return str(path)
