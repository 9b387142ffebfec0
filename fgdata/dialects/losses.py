"""What a row lost on its way into a layout: found by reading the written row back and comparing, never by a list of promises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fgdata.dialects.alternatives import alternatives
from fgdata.dialects.layout import without_trigger
from fgdata.dialects.turns import DEVELOPER, flat_tools, tool_body
from fgdata.dialects.types import lower_types, to_bfcl
from fgdata.example import PROVENANCE, Example
from fgdata.schema import canonical_json

_EXACT = frozenset({"user message", "other messages", "answer's calls", "tools"})
"""Parts to which nothing may be added either."""


def parts(example: Example) -> dict[str, Any]:
    """What an example says, part by part, in one form for all layouts. The trigger, which layouts imply, is no part.

    Args:
        example: with its calls as `tool_calls`.
    """
    messages = without_trigger(example.messages)
    found: dict[str, Any] = {"id": example.id}
    if messages and messages[0].get("role") in DEVELOPER:
        found["developer message"] = _text(messages[0])
        messages = messages[1:]
    *asked, answer = messages
    if asked and asked[-1].get("role") == "user":
        found["user message"] = _text(asked.pop())
    found["other messages"] = [_message(message) for message in asked]
    found["answer's text"] = _text(answer)
    found["answer's calls"] = _calls(answer)
    found["call ids"] = [
        entry.get("id") or message.get("tool_call_id")
        for message in (*asked, answer)
        for entry in (message.get("tool_calls") or [message])
        if entry.get("id") or message.get("tool_call_id")
    ]
    found["tools"] = _tools(example.tools or [])
    found["acceptable values"] = [one.to_json() for one in alternatives(example)] if example.gold else []
    if example.gold is not None:
        found["gold's category"] = example.gold.category
        found["gold's note"] = example.gold.note
        found["order of the calls"] = example.gold.ordered
        found["type names of other systems"] = _own_types(example)
    found["slots"] = example.slots
    found |= {f"column {name}": getattr(example, name) for name in PROVENANCE}
    found |= {f"column {name}": value for name, value in example.extra.items()}
    return found


def _own_types(example: Example) -> list[Any]:
    """The function documents of the source, where JSON Schema cannot say the same (`tuple`)."""
    gold = example.gold
    kept = [dict(body) for body in gold.tools] if gold is not None else []
    bodies = flat_tools(example.tools or [])
    return kept if [{**b, "parameters": to_bfcl(b.get("parameters"))} for b in bodies] != kept else []


def _text(message: Mapping[str, Any]) -> Any:
    content = message.get("content") or ""
    return content.strip() if isinstance(content, str) else content  # the format trims texts


def _calls(message: Mapping[str, Any]) -> list[Any]:
    return [[e["function"]["name"], e["function"]["arguments"]] for e in message.get("tool_calls") or []]


def _message(message: Mapping[str, Any]) -> Any:
    role = "assistant" if message.get("role") == "model" else message.get("role")
    return [role, message.get("name"), _text(message), _calls(message)]


_KNOWN: dict[str, list[Any]] = {}
MOST_KNOWN = 256


def _tools(entries: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The tools in one form; the same object for the same tools, which most rows of a file share."""
    key = repr(entries)  # several times as fast as JSON
    if (known := _KNOWN.get(key)) is None:
        if len(_KNOWN) >= MOST_KNOWN:
            _KNOWN.clear()
        found = [_tool(entry) for entry in entries]
        known = _KNOWN[key] = _FORMS.setdefault(canonical_json(found), found)
        if len(_FORMS) > MOST_KNOWN:
            _FORMS.clear()
    return known


_FORMS: dict[str, list[Any]] = {}
"""Tools that two layouts write in two ways, by what they have in common."""


def _tool(entry: Mapping[str, Any]) -> Any:
    body = tool_body(entry)
    rest = {k: v for k, v in body.items() if k not in ("parameters", "description")}
    return [rest, body.get("description") or "", lower_types(body.get("parameters") or {})]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The parts that were lost or changed, each with where it first differs and how."""
    for name in dict.fromkeys((*before, *after)):
        one, other = before.get(name), after.get(name)
        if one is other:
            continue
        if one in (None, "", [], {}, False) and (name not in _EXACT or other in (None, "", [], {})):
            continue
        if canonical_json(one) != canonical_json(other):
            yield name, _first(one, other, "")


def _first(one: Any, other: Any, place: str) -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys((*one, *other)):
            if canonical_json(one.get(key)) != canonical_json(other.get(key)) or (key in one) != (
                key in other
            ):
                return _first(one.get(key), other.get(key), f"{place}.{key}")
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (left, right) in enumerate(zip(one, other, strict=True)):
            if canonical_json(left) != canonical_json(right):
                return _first(left, right, f"{place}[{number}]")
    told = f"{_short(one)} → {_short(other)}"
    return f"{place.lstrip('.')}: {told}" if place else told


def _short(value: Any) -> str:
    text = canonical_json(value) if value is not None else "nothing"
    return text if len(text) <= 60 else f"{text[:59]}…"


@dataclass(slots=True)
class Loss:
    """A part that a layout could not hold."""

    part: str
    count: int
    """Rows that lost it."""
    first: str
    """The first of them, with what differs."""


@dataclass(slots=True)
class Losses:
    """All parts that were lost, counted."""

    found: dict[str, Loss] = field(default_factory=dict)

    def add(self, part: str, where: str, how: str) -> None:
        """Count one."""
        if (known := self.found.get(part)) is not None:
            known.count += 1
        else:
            self.found[part] = Loss(part, 1, f"{where}: {how}" if how else where)
