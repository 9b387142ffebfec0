"""ChatML with tags, Hermes' style: `<tools>` in the system message, `<tool_call>` in the answer, `<tool_response>` after it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from fgdata.dialects.layout import Layout, Values, beside, list_of_objects, with_trigger, without_trigger
from fgdata.dialects.messages import plain_call
from fgdata.dialects.turns import DEVELOPER, wrapped_tools
from fgdata.errors import DataError, Problem
from fgdata.example import Example
from fgdata.schema import read_json

_TOOLS = re.compile(r"\n*<tools>((?:(?!<tools>).)*?)</tools>\n*", re.DOTALL)
_CALL = re.compile(r"\s*<tool_call>(.*?)</tool_call>\s*", re.DOTALL)
_RESPONSE = re.compile(r"\s*<tool_response>(.*?)</tool_response>\s*", re.DOTALL)
_TURN = re.compile(r"<\|im_start\|>(\w+)\n(.*?)<\|im_end\|>\s*", re.DOTALL)
_ROLES = {
    "human": "user",
    "gpt": "assistant",
    "model": "assistant",
    "function": "tool",
    "function_call": "assistant",
    "observation": "tool",
}
_MARKS = ("<tools>", "<tool_call>", "<tool_response>")


class ChatML(Layout):
    """`messages` (`role`, `content`), `conversations` (`from`, `value`) or one `text` with `<|im_start|>`."""

    name = "chatml"
    title = "ChatML with <tools>, <tool_call> and <tool_response>, Hermes' style"
    columns = ("messages", "conversations", "text", "tools")
    holds = "every turn; no call ids"

    def detects(self, row: Mapping[str, Any]) -> bool:
        """Whether the messages hold tags, or lie under ChatML's own names."""
        if isinstance(row.get("conversations"), list):
            return True
        if isinstance(row.get("text"), str) and "<|im_start|>" in row["text"] and "messages" not in row:
            return True
        messages = row.get("messages")
        return isinstance(messages, list) and any(
            isinstance(message, dict)
            and isinstance(message.get("content"), str)
            and not message.get("tool_calls")
            and any(mark in message["content"] for mark in _MARKS)
            for message in messages
        )

    def read(self, row: Mapping[str, Any], source: str, default_id: str) -> list[Example]:
        """The example: tools out of the system message, calls out of the answers; the trigger is put into the developer message.

        Raises: DataError with everything that keeps it from being one.
        """
        messages: list[dict[str, Any]] = []
        tools = row.get("tools")
        if isinstance(tools, str):
            tools = _json(tools, "tools", source)
        for number, (role, message) in enumerate(_turns(row, source)):
            content = message.get("content")
            where = f"{source}: message {number}"
            if role in DEVELOPER and isinstance(content, str):
                text, found = _split_tools(content)
                tools = found or tools
                if text:
                    messages.append({**message, "content": text})
            elif role == "assistant" and isinstance(content, str) and "<tool_call>" in content:
                calls = [_json(found, "a call", where) for found in _CALL.findall(content)]
                if not calls or _CALL.sub("", content).count("<tool_call>"):
                    raise DataError(
                        Problem(where, "a <tool_call> is not closed.", "Close it with </tool_call>.")
                    )
                text = _CALL.sub("", content).strip()
                rest = {k: v for k, v in message.items() if k != "content"}
                entries = [
                    {"type": "function", "function": call}
                    for call in list_of_objects(calls, "tool_call", where)
                ]
                messages.append({**rest, **({"content": text} if text else {}), "tool_calls": entries})
            elif role == "tool" and isinstance(content, str) and (answers := _RESPONSE.findall(content)):
                messages += [_response(answer, message) for answer in answers]
            else:
                messages.append(message)
        parts = {
            "messages": with_trigger(messages),
            "tools": wrapped_tools(list_of_objects(tools, "tools", source)) if tools is not None else None,
        }
        return [self._example(row, parts, source, default_id)]

    def write(self, example: Example, values: Values, number: int) -> dict[str, Any]:
        """The row, as `messages`."""
        row = beside(example)
        messages = without_trigger(example.messages)
        system = ""
        if messages and messages[0].get("role") in DEVELOPER and isinstance(messages[0].get("content"), str):
            system, messages = messages[0]["content"], messages[1:]
        if example.tools is not None:
            lines = "\n".join(json.dumps(tool, ensure_ascii=False) for tool in wrapped_tools(example.tools))
            system = f"{system}\n\n<tools>\n{lines}\n</tools>".lstrip("\n")
        written = [{"role": "system", "content": system}] if system else []
        written += [_written(message) for message in messages]
        return {"id": row.pop("id"), "messages": written, **row}


def _turns(row: Mapping[str, Any], source: str) -> list[tuple[str, dict[str, Any]]]:
    """Role and message of each turn, whatever names the row has for them."""
    if isinstance(row.get("messages"), list | str):
        given = list_of_objects(_json(row["messages"], "messages", source), "messages", source)
    elif "conversations" in row:
        given = [
            {"role": turn.get("from"), "content": turn.get("value")} if "from" in turn else turn
            for turn in list_of_objects(row["conversations"], "conversations", source)
        ]
    else:
        given = [{"role": role, "content": text} for role, text in _TURN.findall(row["text"])]
    turns = []
    for message in given:
        role = message.get("role")
        name = _ROLES.get(role, role) if isinstance(role, str) else str(role)
        turns.append((name, {**message, "role": name}))
    return turns


def _split_tools(text: str) -> tuple[str, list[Any] | None]:
    """A system message without its tools, and the tools; prose that only names the tag is no tools."""
    for found in _TOOLS.finditer(text):
        tools = _tool_lines(found[1])
        if tools is not None:
            return f"{text[: found.start()]}\n\n{text[found.end() :]}".strip("\n"), tools
    return text, None


def _tool_lines(text: str) -> list[Any] | None:
    """Tools one a line, or all in one list."""
    try:
        whole = read_json(text)
    except (ValueError, RecursionError):
        try:
            whole = [read_json(line) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError):
            return None
    tools = whole if isinstance(whole, list) else [whole]
    return tools if tools and all(isinstance(tool, dict) for tool in tools) else None


def _json(text: Any, name: str, where: str) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return read_json(text)
    except (ValueError, RecursionError) as error:
        raise DataError(Problem(where, f"{name} is text that is no JSON ({error}).")) from error


def _response(text: str, message: Mapping[str, Any]) -> dict[str, Any]:
    """A tool message out of a tag: `{"name", "content"}`, or a text as it stands."""
    try:
        value = read_json(text)
    except (ValueError, RecursionError):
        return {**message, "content": text.strip()}
    if isinstance(value, dict) and value.keys() <= {"name", "content"} and "content" in value:
        return {**message, **value}
    return {**message, "content": value if isinstance(value, dict) else text.strip()}


def _written(message: Mapping[str, Any]) -> dict[str, Any]:
    role = message.get("role")
    if message.get("tool_calls"):
        tags = "\n".join(
            f"<tool_call>\n{json.dumps(plain_call(entry), ensure_ascii=False)}\n</tool_call>"
            for entry in message["tool_calls"]
        )
        text = message.get("content") or ""
        return {"role": "assistant", "content": f"{text}\n{tags}" if text else tags}
    if role == "tool":
        body = {k: message[k] for k in ("name", "content") if k in message}
        return {
            "role": "tool",
            "content": f"<tool_response>\n{json.dumps(body, ensure_ascii=False)}\n</tool_response>",
        }
    return {"role": "assistant" if role == "model" else role, "content": message.get("content")}
