"""A pack of every kind of intent that tests write to a folder: lamps, warmth and blinds, in Korean or English."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from small_pack import intent_text

ROOMS = ["kitchen", "bedroom", "hall"]


def tool(name: str, description: str, required: list[str], **properties: Any) -> dict[str, Any]:
    """A tool as tools.json has it."""
    schema = {"type": "object", "properties": properties, "required": required}
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": schema},
    }


ROOM = {"type": "string", "description": "Where.", "enum": ROOMS}
LEVEL = {"type": "integer", "description": "Degrees.", "minimum": 16, "maximum": 30}
TOOLS = [
    tool("light_on", "Turns a lamp on.", ["room"], room=ROOM),
    tool("set_warmth", "Sets the warmth.", ["level"], level=LEVEL, room=ROOM),
    tool("open_blind", "Opens a blind.", ["room"], room=ROOM),
    tool("close_blind", "Closes a blind.", ["room"], room=ROOM),
    {"type": "function", "function": {"name": "all_off", "description": "Turns everything off."}},
]

HEAD = """\
name: home
version: 2.1.0
language: LANGUAGE
title: A home
licence: CC0-1.0
developer: You are a model that can do function calling with the following functions
splits: {train: 0.7, validation: 0.1, test: 0.1, test_values: 0.05, test_compositions: 0.05}
mix: {call: 0.3, several: 0.3, exception: 0.05, correction: 0.1, no_call: 0.05, negation: 0.05, missing_tool: 0.1, ask: 0.05}
registers: REGISTERS
compositions:
  - {name: two, parts: [[light, warmth, blind], [light, warmth, blind]], joins: JOINS}
  - {name: three, parts: [[light], [warmth, blind], [light, blind, warmth]], joins: JOINS, weight: 0.5}
  - {name: four, parts: [[light, blind], [warmth], [blind, dark], [dark, light]], joins: JOINS, weight: 0.5}
held_out:
  compositions: [[blind, light], [warmth, dark]]
missing_tool: {answers: [That I cannot do., No tool of mine does that.]}
"""

KO_SLOTS = """\
slots:
  room:
    values:
      - {value: kitchen, forms: [주방, 부엌], held_out: [요리하는 곳]}
      - {value: bedroom, forms: [침실, 안방]}
      - {value: hall, forms: [현관]}
  other: {like: room, differs_from: room}
  level:
    range: {from: 16, to: 30}
    forms: ["{{ n }}도", "{{ n | sino }} 도"]
    held_out: [19, 23]
  said: {like: level, differs_from: level}
  doing:
    values:
      - {value: open_blind, forms: [걷]}
      - {value: close_blind, forms: [닫]}
"""
EN_SLOTS = """\
slots:
  room:
    values:
      - {value: kitchen, forms: [kitchen, cooking area], held_out: [room where I cook]}
      - {value: bedroom, forms: [bedroom, room where I sleep]}
      - {value: hall, forms: [hall]}
  other: {like: room, differs_from: room}
  level:
    range: {from: 16, to: 30}
    forms: ["{{ n }} degrees", "{{ n }}°"]
    held_out: [19, 23]
  said: {like: level, differs_from: level}
  doing:
    values:
      - {value: open_blind, forms: [open]}
      - {value: close_blind, forms: [close]}
"""

CALLS = {
    "light": 'kind: call\ncalls:\n  - {tool: light_on, arguments: {room: "{room}"}}',
    "warmth": 'kind: call\ncalls:\n  - {tool: set_warmth, arguments: {level: "{level}"}}',
    "blind": 'kind: call\ncalls:\n  - {tool: open_blind, arguments: {room: "{room}"}}',
    "dark": "kind: call\ncalls:\n  - {tool: all_off}",
    "both": 'kind: several\ncalls:\n  - {tool: "{doing}", arguments: {room: "{room}"}}\n  - {tool: light_on, arguments: {room: "{other}"}}',
    "but_one": 'kind: exception\ncalls:\n  - {tool: light_on, each: room, except: "{room}"}',
    "no_rather": 'kind: correction\ncalls:\n  - {tool: set_warmth, arguments: {level: "{level}"}}',
    "talk": "kind: no_call\nanswers: [I look after the home.]",
    "leave": 'kind: negation\nanswers: ["All right, {{ room }} stays as it is.", All right.]',
    "how_warm": 'kind: ask\nasks_for: level\nanswers: ["How warm?"]',
}
KOREAN = {
    "light": "WORD에서 {{ maybe('좀') }} {{ room }} 불 {{ '켜다' | request }}",
    "warmth": "WORD로 {{ maybe('좀') }} 온도 {{ level | josa('으로/로') }} {{ '맞추다' | request }}",
    "blind": "WORD처럼 {{ maybe('좀') }} {{ room }} 블라인드 {{ '열다' | request }}",
    "dark": "WORD만큼 {{ maybe('좀') }} {{ pick('전부', '모두', '싹') }} {{ '끄다' | request }}",
    "both": "WORD씩 {{ room }} 블라인드는 {{ doing }}고 {{ other }} 불은 {{ '켜다' | request }}",
    "but_one": "WORD마저 {{ room }}만 빼고 {{ pick('다', '전부', '싹') }} {{ '켜다' | request }}",
    "no_rather": "WORD부터 {{ said }}, 아니 {{ level | josa('으로/로') }} {{ '맞추다' | request }}",
    "talk": "WORD까지 {{ pick('날씨', '뉴스', '노래', '환율') }} {{ pick('알려', '찾아', '말해') }} 줘",
    "leave": "WORD조차 {{ room }} 불은 {{ pick('그냥', '제발', '아직') }} 끄지 마",
    "how_warm": "WORD밖에 온도 {{ pick('좀', '다시', '살짝') }} {{ '바꾸다' | request }}",
}
ENGLISH = {
    "light": "WORD {{ pick('turn', 'switch') }} on the lamp in the {{ room }} {{ maybe('please') }}",
    "warmth": "WORD {{ pick('make', 'set') }} it {{ level }} {{ maybe('please') }}",
    "blind": "WORD {{ pick('open', 'raise') }} the {{ room }} blind {{ maybe('please') }}",
    "dark": "WORD {{ pick('turn', 'switch') }} everything off {{ maybe('please') }}",
    "both": "WORD {{ doing }} the {{ room }} blind and light the {{ other }} {{ maybe('please') }}",
    "but_one": "WORD {{ pick('light', 'brighten') }} every room but the {{ room }} {{ maybe('please') }}",
    "no_rather": "WORD make it {{ said }}, no, {{ level }} {{ maybe('please') }}",
    "talk": "WORD what is the {{ pick('weather', 'news', 'time', 'score') }} {{ pick('now', 'there', 'like') }} ?",
    "leave": "WORD don't touch the {{ room }} lamp {{ maybe('please') }}",
    "how_warm": "WORD {{ maybe('please') }} {{ pick('change', 'adjust') }} the warmth {{ pick('a bit', 'now', 'again', 'later') }}",
}
KO_JOINS = '["고", "고,", "고_나서", "고_그다음에", "그리고"]'
EN_JOINS = "[and, and_then, then, and_also]"


def write_home_pack(
    folder: Path, language: str = "ko", *, head: dict[str, str] | None = None, **files: str
) -> Path:
    """The folder of the pack.

    Args:
        head: texts of pack.yaml to replace.
        files: intents to write instead, by name.
    """
    is_korean = language == "ko"
    registers = "{hae: 0.5, haeyo: 0.4, hapsyo: 0.1}" if is_korean else "{plain: 1}"
    text = (
        HEAD.replace("LANGUAGE", language)
        .replace("REGISTERS", registers)
        .replace("JOINS", KO_JOINS if is_korean else EN_JOINS)
    )
    for old, new in (head or {}).items():
        assert old in text, old
        text = text.replace(old, new)
    (folder / "intents").mkdir(parents=True, exist_ok=True)
    (folder / "pack.yaml").write_text(text, encoding="utf-8")
    (folder / "slots.yaml").write_text(KO_SLOTS if is_korean else EN_SLOTS, encoding="utf-8")
    (folder / "tools.json").write_text(json.dumps(TOOLS, indent=1), encoding="utf-8")
    for name, template in (KOREAN if is_korean else ENGLISH).items():
        made = intent_text(name, CALLS[name], template)
        if is_korean:
            fixed = "request" not in template
            made = made.replace("    templates:", "    registers: [hae]\n    templates:") if fixed else made
        elif name in ("light", "warmth", "blind", "dark"):
            made = made.replace("    templates:", "    joins: true\n    templates:")
        (folder / "intents" / f"{name}.yaml").write_text(files.get(name, made), encoding="utf-8")
    return folder
