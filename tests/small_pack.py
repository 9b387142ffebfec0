"""A small pack that tests write to a folder and then break: an English lamp, or, with Korean texts, a Korean one."""

from __future__ import annotations

import json
from pathlib import Path

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "set_light",
            "description": "Sets a lamp's brightness.",
            "parameters": {
                "type": "object",
                "properties": {
                    "room": {"type": "string", "description": "Where.", "enum": ["kitchen", "bedroom"]},
                    "level": {"type": "integer", "description": "Percent.", "minimum": 0, "maximum": 100},
                },
                "required": ["level"],
            },
        },
    },
    {"type": "function", "function": {"name": "lights_off", "description": "Turns all lamps off."}},
]

PACK = """\
name: lamp
version: 1.0.0
language: en
title: A lamp
licence: CC0-1.0
developer: You are a model that can do function calling with the following functions
splits: {train: 0.8, validation: 0.1, test: 0.1}
mix: {call: 0.7, no_call: 0.2, ask: 0.1}
registers: {plain: 1}
policies:
  cosy: {value: 20, why: Cosy light is a fifth of the full one.}
"""

SLOTS = """\
slots:
  room:
    values:
      - {value: kitchen, forms: [kitchen, cooking area]}
      - {value: bedroom, forms: [bedroom, room where I sleep]}
  level:
    range: {from: 0, to: 100, step: 5}
    forms: ["{{ n }} percent", "{{ n }}%"]
  lamp:
    words: [lamp, light]
"""

FAMILY_SPLITS = ["train"] * 6 + ["validation"] * 2 + ["test"] * 3


def intent_text(name: str, head: str, template: str) -> str:
    """An intent file whose eleven families differ in a word; `template` holds WORD where it goes."""
    lines = [f"intent: {name}", *head.strip().splitlines(), "families:"]
    for number, split in enumerate(FAMILY_SPLITS):
        text = json.dumps(template.replace("WORD", f"word{number}"), ensure_ascii=False)
        lines += [f"  - name: family_{number}", f"    split: {split}", "    templates:", f"      - {text}"]
    return "\n".join(lines) + "\n"


INTENTS = {
    "set_level": intent_text(
        "set_level",
        'kind: call\ncalls:\n  - {tool: set_light, arguments: {room: "{room}", level: "{level}"}}',
        "{{ maybe('please') }} WORD {{ pick('set', 'put', 'turn') }} the {{ lamp }} in the {{ room }} to {{ level }}",
    ),
    "cosy": intent_text(
        "cosy",
        'kind: call\nweight: 0.5\ncalls:\n  - {tool: set_light, arguments: {level: "{policy.cosy}"}}',
        "WORD make the {{ lamp }} {{ pick('cosy', 'snug', 'dim and warm') }} {{ pick('now', 'tonight', 'please') }}",
    ),
    "weather": intent_text(
        "weather",
        "kind: no_call\nanswers: [I only look after the lamps., Ask a weather service.]",
        "WORD is it {{ pick('raining', 'snowing', 'windy', 'hot') }} {{ pick('today', 'outside', 'in town', 'now') }} ?",
    ),
    "how_bright": intent_text(
        "how_bright",
        'kind: ask\nasks_for: level\nanswers: ["How bright?"]',
        "WORD change the {{ lamp }} {{ pick('a bit', 'somehow', 'again', 'for me') }} {{ pick('now', 'later') }}",
    ),
}


def write_pack(folder: Path, **changes: str) -> Path:
    """The folder of the small pack.

    Args:
        changes: file contents to replace, by name: `pack`, `slots`, `tools`, or an intent's.
    """
    files = {"pack.yaml": PACK, "slots.yaml": SLOTS, "tools.json": json.dumps(TOOLS, indent=1)}
    files |= {f"intents/{name}.yaml": text for name, text in INTENTS.items()}
    names = {"pack": "pack.yaml", "slots": "slots.yaml", "tools": "tools.json"}
    files |= {names.get(name, f"intents/{name}.yaml"): text for name, text in changes.items()}
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


KOREAN_PACK = (
    PACK.replace("language: en", "language: ko")
    .replace("registers: {plain: 1}", "registers: {hae: 0.5, haeyo: 0.4, hapsyo: 0.1}")
    .replace("{call: 0.7, no_call: 0.2, ask: 0.1}", "{call: 1}")
)
KOREAN_SLOTS = """\
slots:
  room:
    values:
      - {value: kitchen, forms: [주방, 부엌]}
      - {value: bedroom, forms: [침실, 안방]}
  level:
    range: {from: 10, to: 100, step: 10}
    forms: ["{{ n }}%", "{{ n | sino }} 퍼센트"]
"""


def write_korean_pack(folder: Path, template: str | None = None) -> Path:
    """The folder of a Korean pack with one intent, all of whose families use `template`."""
    template = (
        template or "WORD {{ room | josa('을/를') }} {{ level | josa('으로/로') }} {{ '맞추다' | request }}"
    )
    write_pack(folder, pack=KOREAN_PACK, slots=KOREAN_SLOTS)
    for file in (folder / "intents").iterdir():
        file.unlink()
    head = 'kind: call\ncalls:\n  - {tool: set_light, arguments: {room: "{room}", level: "{level}"}}'
    (folder / "intents" / "set_level.yaml").write_text(
        intent_text("set_level", head, template), encoding="utf-8"
    )
    return folder
