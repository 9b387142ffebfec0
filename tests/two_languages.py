"""The pack of `home_pack` in Korean and English at once, which tests write to a folder."""

from __future__ import annotations

import json
from pathlib import Path

from home_pack import CALLS, EN_JOINS, ENGLISH, HEAD, KO_JOINS, KOREAN, TOOLS
from small_pack import FAMILY_SPLITS

TRIGGER = "You are a model that can do function calling with the following functions"
DEVELOPERS = {"ko": f"한국어로 답한다. {TRIGGER}", "en": f"Answer in English. {TRIGGER}"}
SHARES = {"ko": 0.7, "en": 0.3}
REGISTERS = {"hae": "ko", "haeyo": "ko", "hapsyo": "ko", "plain": "en", "polite": "en"}
ANSWERS = {
    "talk": "{ko: [저는 집만 돌봐요.], en: [I look after the home.]}",
    "leave": "{en: ['All right, {{ room }} stays as it is.', All right.], ko: [\"네, {{ room | josa('은/는') }} 그대로 둘게요.\", 알겠어요.]}",
    "how_warm": "{ko: ['몇 도로 할까요?'], en: ['How warm?']}",
}
SLOTS = """\
slots:
  room:
    values:
      - {value: kitchen, forms: {ko: [주방, 부엌], en: [kitchen, cooking area]}, held_out: {ko: [요리하는 곳], en: [room where I cook]}}
      - {value: bedroom, forms: {ko: [침실, {text: 안방, registers: [hae, haeyo]}], en: [bedroom, {text: room where I sleep, weight: 0.5}]}}
      - {value: hall, forms: {ko: [현관], en: [hall]}}
  other: {like: room, differs_from: room}
  level:
    range: {from: 16, to: 30, unit: {ko: 도, en: degrees}}
    held_out: [19, 23]
  said: {like: level, differs_from: level}
  doing:
    values:
      - {value: open_blind, forms: {ko: [걷], en: [open]}}
      - {value: close_blind, forms: {ko: [닫], en: [close]}}
"""


def family_lines(language: str, name: str, template: str) -> list[str]:
    """The eleven families of an intent in one language."""
    lines = []
    for number, split in enumerate(FAMILY_SPLITS):
        text = json.dumps(template.replace("WORD", f"word{number}"), ensure_ascii=False)
        lines += [f"  - name: {language}_{number}", f"    split: {split}"]
        lines += [f"    language: {language}"] if language == "en" else []
        if language == "ko" and "request" not in template:
            lines.append("    registers: [hae]")
        if language == "en" and name in ("light", "warmth", "blind", "dark"):
            lines.append("    joins: true")
        if language == "en":
            lines.append("    registers: [plain]" if number % 2 else "    registers: [polite]")
        lines += ["    templates:", f"      - {text}"]
    return lines


def write_two_languages(folder: Path, changes: dict[str, str] | None = None) -> Path:
    """The folder of the pack.

    Args:
        changes: texts to replace, wherever they stand.
    """
    joins = f"[{KO_JOINS.strip('[]')}, {EN_JOINS.strip('[]')}]"
    head = (
        HEAD.replace("language: LANGUAGE", "languages: [ko, en]")
        .replace("REGISTERS", "{ko: {hae: 0.5, haeyo: 0.4, hapsyo: 0.1}, en: {plain: 0.6, polite: 0.4}}")
        .replace("mix: {", f"mix: {{languages: {json.dumps(SHARES)}, ")
        .replace("JOINS", joins)
        .replace(f"developer: {TRIGGER}", f"developer: {json.dumps(DEVELOPERS, ensure_ascii=False)}")
        .replace(
            "answers: [That I cannot do., No tool of mine does that.]",
            "answers: {ko: [그건 못 해요.], en: [That I cannot do.]}",
        )
    )
    files = {"pack.yaml": head, "slots.yaml": SLOTS, "tools.json": json.dumps(TOOLS, indent=1)}
    for name, calls in CALLS.items():
        kind = calls.partition("\nanswers:")[0]
        lines = [f"intent: {name}", *kind.splitlines()]
        lines += [f"answers: {ANSWERS[name]}"] if name in ANSWERS else []
        lines += [
            "families:",
            *family_lines("ko", name, KOREAN[name]),
            *family_lines("en", name, ENGLISH[name]),
        ]
        files[f"intents/{name}.yaml"] = "\n".join(lines) + "\n"
    left = dict(changes or {})
    for name, written in files.items():
        text = written
        for old, new in (changes or {}).items():
            if old in text:
                text = text.replace(old, new)
                left.pop(old, None)
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert not left, left
    return folder
