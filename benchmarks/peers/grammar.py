"""One Korean grammar of about 10^8 sentences, and how it is written for Chatette, for Chatito and as a pack.

    python benchmarks/peers/grammar.py          rewrite benchmarks/peers/pack/ and print the counts

A template is a text with `{slot}`; `{slot?}` may be left out. A template is a family: what is measured is whether a family of the
test rows is also in the training rows.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from fgdata.korean import sino

PACK = Path(__file__).parent / "pack"
_ASKS = (
    *("줘요", "주세요", "주셔요", "주실래요", "줄래요", "주시겠어요", "줄 수 있어요", "주실 수 있나요", "주실 수 있을까요"),
    *("주면 좋겠어요", "주시면 좋겠어요", "보세요"),
)  # fmt: skip


def _endings(*verbs: str) -> list[str]:
    """Every verb with every way to ask."""
    return [f"{verb} {ask}" for verb, ask in product(verbs, _ASKS)]


WORDS: dict[str, list[str]] = {
    "hey": [
        "저기요",
        "잠깐만요",
        "있잖아요",
        "미안한데요",
        "죄송한데요",
        "부탁이 있는데요",
        "혹시",
        "이제",
        "얼른",
    ],
    "device": ["에어컨", "에어콘", "냉난방기", "냉방기", "벽걸이 에어컨", "스탠드 에어컨"],
    "bit": ["좀", "조금", "바로", "빨리"],
    "end_set": _endings("맞춰", "설정해", "바꿔"),
    "end_on": _endings("켜", "틀어", "작동시켜"),
    "end_off": _endings("꺼", "멈춰", "정지시켜"),
}
"""Words that are no argument."""
_SINO = [sino(16 + n) for n in range(15)]
VALUES: dict[str, dict[str | int, list[str]]] = {
    "room": {
        "living_room": ["거실", "응접실"], "main_bedroom": ["안방", "큰방"], "small_room": ["작은방"], "bedroom": ["침실"],
        "study": ["서재", "공부방"], "kitchen": ["주방", "부엌"], "office": ["사무실"], "meeting_room": ["회의실"],
        "kids_room": ["아이 방"], "guest_room": ["손님방"],
    },
    "temperature": {16 + n: [f"{16 + n}도", f"{said} 도"] for n, said in enumerate(_SINO)},
    "mode": {
        "cooling": ["냉방 모드", "시원한 바람 모드", "쿨 모드"], "heating": ["난방 모드", "따뜻한 바람 모드", "히터 모드"],
        "auto": ["자동 모드", "오토 모드", "스마트 모드"], "ventilation": ["송풍 모드", "환기 모드", "바람만 나오는 모드"],
    },
    "speed": {
        "low": ["약한 세기", "일 단계", "최소 세기"], "medium": ["중간 세기", "이 단계", "보통 세기"],
        "high": ["강한 세기", "삼 단계", "최대 세기"], "auto": ["자동 세기", "알아서 정한 세기", "오토 세기"],
    },
}  # fmt: skip
"""Slots that are arguments: value -> how it is said."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A tool, the slots that are its arguments, and its templates by split."""

    name: str
    arguments: tuple[str, ...]
    templates: dict[str, list[str]]

    @property
    def families(self) -> list[str]:
        """The templates of all splits."""
        return [template for texts in self.templates.values() for template in texts]


def _with_value(slot: str) -> dict[str, list[str]]:
    """Templates that set `slot`."""
    tail = f"{{{slot}}}로 {{bit?}} {{end_set}}"
    return {
        "train": [
            f"{{hey?}} {{room}} {{device}} {tail}",
            f"{{hey?}} {{{slot}}}로 {{room}} {{device}} {{bit?}} {{end_set}}",
            f"{{room}}에 있는 {{device}} {{hey?}} {tail}",
            f"{{hey?}} {{room}} 쪽 {{device}} {tail}",
            f"지금 {{hey?}} {{room}} {{device}}만 {tail}",
            f"{{hey?}} {{bit?}} {{room}} {{device}}부터 {{{slot}}}로 {{end_set}}",
        ],
        "validation": [
            f"가능하면 {{hey?}} {{room}} {{device}} {tail}",
            f"{{hey?}} {{room}} {{device}} 말인데요 {tail}",
        ],
        "test": [
            f"{{bit?}} {{end_set}} {{room}} {{device}} {{{slot}}}로 {{hey?}}",
            f"아까 말한 대로 {{hey?}} {{room}} {{device}} {tail}",
            f"{{room}}에서 쓰는 {{device}} {{hey?}} 다시 {tail}",
        ],
    }


def _without_value(end: str) -> dict[str, list[str]]:
    """Templates that switch the device."""
    tail = f"{{bit?}} {{{end}}}"
    return {
        "train": [
            f"{{hey?}} {{room}} {{device}} {tail}",
            f"{{hey?}} {{room}} 안 {{device}} {tail}",
            f"{{room}}에 있는 {{device}} {{hey?}} {tail}",
            f"{{hey?}} {{room}} 쪽 {{device}} {tail}",
            f"지금 {{hey?}} {{room}} {{device}}만 {tail}",
            f"{{hey?}} {{bit?}} {{room}} {{device}}부터 {{{end}}}",
        ],
        "validation": [
            f"가능하면 {{hey?}} {{room}} {{device}} {tail}",
            f"{{hey?}} {{room}} {{device}} 말인데요 {tail}",
        ],
        "test": [
            f"{{bit?}} {{{end}}} {{room}} {{device}} {{hey?}}",
            f"아까 말한 대로 {{hey?}} {{room}} {{device}} {tail}",
            f"{{room}}에서 쓰는 {{device}} {{hey?}} 다시 {tail}",
        ],
    }


INTENTS = (
    Intent("set_temperature", ("room", "temperature"), _with_value("temperature")),
    Intent("set_mode", ("room", "mode"), _with_value("mode")),
    Intent("set_fan_speed", ("room", "speed"), _with_value("speed")),
    Intent("power_on", ("room",), _without_value("end_on")),
    Intent("power_off", ("room",), _without_value("end_off")),
)
_GAP = re.compile(r"\{(\w+)(\??)\}")


def forms(slot: str) -> list[str]:
    """All that may fill `{slot}`."""
    if slot in WORDS:
        return WORDS[slot]
    return [form for said in VALUES[slot].values() for form in said]


def count(template: str) -> int:
    """How many sentences a template gives, by the ways to fill it."""
    total = 1
    for slot, optional in _GAP.findall(template):
        total *= len(forms(slot)) + bool(optional)
    return total


def n_sentences() -> int:
    """How many sentences the grammar gives."""
    return sum(count(template) for intent in INTENTS for template in intent.families)


def shares(rows: int) -> list[int]:
    """Rows of each intent, in their order; they sum to `rows`."""
    return [rows // len(INTENTS) + (at < rows % len(INTENTS)) for at in range(len(INTENTS))]


def chatette_text(train: int, test: int) -> str:
    """The grammar as a Chatette template file, with the rows to make."""
    parts = []
    for intent, n_train, n_test in zip(INTENTS, shares(train), shares(test), strict=True):
        counts = f"'training': '{n_train}'" + (f", 'testing': '{n_test}'" if test else "")
        lines = [
            f"%[{intent.name}]({counts})",
            *(f"    {_peer_text(template)}" for template in intent.families),
        ]
        parts.append("\n".join(lines))
    for slot, values in VALUES.items():
        said = [f"    {form} = {value}" for value, texts in values.items() for form in texts]
        parts.append("\n".join([f"@[{slot}]", *said]))
    parts += ["\n".join([f"~[{name}]", *(f"    {word}" for word in words)]) for name, words in WORDS.items()]
    return "\n\n".join(parts) + "\n"


def chatito_text(train: int, test: int) -> str:
    """The grammar as a Chatito file, with the rows to make."""
    parts = []
    for intent, n_train, n_test in zip(INTENTS, shares(train), shares(test), strict=True):
        counts = f"'training': '{n_train}'" + (f", 'testing': '{n_test}'" if test else "")
        lines = [
            f"%[{intent.name}]({counts})",
            *(f"    {_peer_text(template)}" for template in intent.families),
        ]
        parts.append("\n".join(lines))
    parts += ["\n".join([f"@[{slot}]", *(f"    {form}" for form in forms(slot))]) for slot in VALUES]
    parts += ["\n".join([f"~[{name}]", *(f"    {word}" for word in words)]) for name, words in WORDS.items()]
    return "\n\n".join(parts) + "\n"


def _peer_text(template: str) -> str:
    """A template in the peers' notation, which is the same in both."""
    return _GAP.sub(lambda gap: f"{'@' if gap[1] in VALUES else '~'}[{gap[1]}{gap[2]}]", template)


class FamilyFinder:
    """Which template made a text."""

    def __init__(self) -> None:
        self._patterns = [
            (f"{intent.name}/{at}", re.compile(self._pattern(template)))
            for intent in INTENTS
            for at, template in enumerate(intent.families)
        ]

    @staticmethod
    def _pattern(template: str) -> str:
        def gap(found: re.Match[str]) -> str:
            said = "|".join(
                re.escape(form.replace(" ", "")) for form in sorted(forms(found[1]), key=len, reverse=True)
            )
            return f"(?:{said}){found[2]}"

        return _GAP.sub(gap, template.replace(" ", ""))

    def __call__(self, text: str, intent: str) -> str | None:
        """The intent and number of the first template that gives `text`, blanks aside; None if none does."""
        bare = text.replace(" ", "")
        mine = (pair for pair in self._patterns if pair[0].startswith(f"{intent}/"))
        return next((name for name, pattern in mine if pattern.fullmatch(bare)), None)


def pack_files() -> dict[str, str]:
    """The grammar as a pack: path in the pack -> text."""
    said = {
        slot: [{"value": value, "forms": texts} for value, texts in values.items()]
        for slot, values in VALUES.items()
    }
    slots = {
        **{slot: {"values": values} for slot, values in said.items()},
        **{name: {"words": words} for name, words in WORDS.items()},
    }
    tools = [_tool(intent) for intent in INTENTS]
    found = {
        "pack.yaml": "\n".join(
            ["# Made by benchmarks/peers/grammar.py.", "name: peers_ko", "version: 1.0.0", "language: ko",
             "title: The grammar that the peers of the benchmark run on", "licence: CC-BY-4.0",
             "developer: You are a model that can do function calling with the following functions",
             "splits: {train: 0.8, validation: 0.1, test: 0.1}", "mix: {call: 1}", "registers: {haeyo: 1}", "policies: {}", ""]
        ),
        "tools.json": json.dumps(tools, indent=2) + "\n",
        "slots.yaml": "slots:\n" + "".join(
            f"  {name}: {json.dumps(slot, ensure_ascii=False)}\n" for name, slot in slots.items()
        ),
    }  # fmt: skip
    for intent in INTENTS:
        arguments = ", ".join(f'{slot}: "{{{slot}}}"' for slot in intent.arguments)
        lines = [
            f"intent: {intent.name}",
            "kind: call",
            "calls:",
            f"  - {{tool: {intent.name}, arguments: {{{arguments}}}}}",
            "families:",
        ]
        number = 0
        for split, templates in intent.templates.items():
            for template in templates:
                text = _GAP.sub(
                    lambda gap: f"{{{{ maybe({gap[1]}) }}}}" if gap[2] else f"{{{{ {gap[1]} }}}}", template
                )
                lines.append(
                    f"  - {{name: family_{number}, split: {split}, templates: [{json.dumps(text, ensure_ascii=False)}]}}"
                )
                number += 1
        found[f"intents/{intent.name}.yaml"] = "\n".join(lines) + "\n"
    return found


def _tool(intent: Intent) -> dict[str, object]:
    """The tool an intent calls."""
    properties: dict[str, object] = {}
    for slot in intent.arguments:
        if slot == "temperature":
            properties[slot] = {
                "type": "integer",
                "description": "Degrees Celsius.",
                "minimum": 16,
                "maximum": 30,
            }
        else:
            properties[slot] = {"type": "string", "description": f"The {slot}.", "enum": list(VALUES[slot])}
    parameters = {"type": "object", "properties": properties, "required": list(intent.arguments)}
    function = {
        "name": intent.name,
        "description": f"{intent.name.replace('_', ' ').capitalize()}.",
        "parameters": parameters,
    }
    return {"type": "function", "function": function}


def main() -> None:
    """Write the pack, print the counts."""
    for name, text in pack_files().items():
        path = PACK / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    for intent in INTENTS:
        print(
            f"{intent.name}: {len(intent.families)} templates, {sum(map(count, intent.families)):,} sentences"
        )
    print(f"all: {n_sentences():,} sentences")


if __name__ == "__main__":
    main()
