"""The same tools declared in another way: another order, distractors, other names, other words in descriptions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

from fgdata.masks import masked_calls, masked_tools
from fgdata.perturb.dice import Dice
from fgdata.schema import Tool
from fgeval.items import Item
from fgeval.robust.changes import Change

_HANGUL = re.compile("[가-힣]")
_THIRD_PERSON = re.compile(r"([A-Z][a-z]+?)(ies|(?<=ss|zz|ch|sh)es|(?<=x)es|s)(?: (or|and) ([a-z]+)s)?(?= )")
_NOT_VERBS = frozenset({"This", "Is", "Has", "Was", "Does", "Its"})
_VERBS = frozenset(
    re.findall(
        r"\w+",
        """Get Set Turn Adjust Read Start Stop Open Close Play Pause Return Show Search Find Create Send Add Remove Delete Update
        Check List Compute Calculate Launch Change Switch Make Book Convert Translate Fetch Retrieve Look""",
    )
)
_FRAMES = ("Use this to {}", "Call this when the user wants to {}", "This tool lets you {}")


def shuffled(item: Item, key: int) -> Change | None:
    """The tools in another order; None if there are fewer than two."""
    tools, dice = list(item.tools.values()), Dice(key)
    for place in range(len(tools) - 1, 0, -1):
        other = dice.below(place + 1)
        tools[place], tools[other] = tools[other], tools[place]
    if len(tools) > 1 and tools == list(item.tools.values()):
        tools.append(tools.pop(0))
    return Change(tools=tools) if len(tools) > 1 else None


@lru_cache(maxsize=1)
def distractors() -> tuple[Tool, ...]:
    """Tools of everyday services that no pack of ours is about."""
    text = files("fgeval.robust").joinpath("distractors.json").read_text(encoding="utf-8")
    return tuple(Tool.from_json(entry) for entry in json.loads(text))


def with_distractors(item: Item, key: int, n: int) -> Change | None:
    """The tools among `n` more that have nothing to do with the request; None where no call is due, for one could become right."""
    pool = [tool for tool in distractors() if tool.name not in item.tools]
    if not item.expected or not item.tools or len(pool) < n:
        return None
    tools, dice = list(item.tools.values()), Dice(key)
    for _ in range(n):
        tools.insert(dice.below(len(tools) + 1), pool.pop(dice.below(len(pool))))
    return Change(tools=tools)


def renamed(item: Item, key: int) -> Change | None:
    """Tools and parameters under names that mean nothing, as `fgdata` masks them; the calls due have those names, too."""
    earlier = "".join(str(message.get("content") or "") for message in item.example.prompt_messages)
    if not item.tools or any(name in earlier for name in item.tools):
        return None  # a name that the conversation says would be another one's
    if any(message.get("tool_calls") for message in item.example.prompt_messages):
        return None
    tools, names = masked_tools(list(item.tools.values()), key)
    return Change(tools=tools, calls=masked_calls(item.expected, names))


def paraphrased(item: Item, key: int) -> Change | None:
    """The tools with their descriptions put into other sentences; the words that carry the meaning stay."""
    dice = Dice(key)
    tools = [
        Tool(
            tool.name,
            _say_otherwise(tool.description, dice.below(len(_FRAMES))),
            _described_otherwise(tool.schema),
        )
        for tool in item.tools.values()
    ]
    return Change(tools=tools) if tools else None


def _say_otherwise(text: str, frame: int) -> str:
    """A tool's description in another sentence: Sets the mode. -> Use this to set the mode."""
    if not text.strip():
        return text
    if _HANGUL.search(text):
        return f"이 도구가 하는 일: {text}"
    first, _, rest = text.partition(" ")
    if first in _VERBS and rest:
        return _FRAMES[frame].format(f"{first.lower()} {rest}")
    found = _THIRD_PERSON.match(text)
    if found and found[0] not in _NOT_VERBS:
        verb = (found[1] + ("y" if found[2] == "ies" else "")).lower()
        verb += f" {found[3]} {found[4]}" if found[3] else ""
        return _FRAMES[frame].format(f"{verb}{text[found.end() :]}")
    return f"What this tool does: {text}"


def _described_otherwise(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema whose properties' descriptions stand in another sentence."""
    changed = dict(schema)
    properties: Mapping[str, Any] = schema.get("properties") or {}
    if properties:
        changed["properties"] = {name: _parameter(body) for name, body in properties.items()}
    return changed


def _parameter(body: Any) -> Any:
    text = body.get("description") if isinstance(body, Mapping) else None
    if not isinstance(text, str) or not text.strip():
        return body
    frame = "이 인자의 뜻: {}" if _HANGUL.search(text) else "What goes in here: {}"
    return {**body, "description": frame.format(text)}


def tool_rows(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """Tools as a row declares them."""
    return [tool.to_json() for tool in tools]
