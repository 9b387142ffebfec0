"""A pack from tools: intents, families and slots, as they are written to files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fgdata.characters import text_key
from fgdata.format import TRIGGER, render_declaration
from fgdata.own import frames_en, frames_ko, korean_words, words
from fgdata.own.notes import Notes
from fgdata.own.slots import Argument, Said, SlotMaker, chunks, numbered
from fgdata.own.sources import OwnTool

MARK = "WRITE:"
"""Begins every comment that says where a person should write more."""
MAX_SAID = 5
"""Values that one sentence says, beyond those that its tool requires."""
MAX_OPTIONAL_INTENTS = 3
"""Intents of one tool that give optional arguments."""
MAX_ASKING = 20
"""Intents that ask back; every further one costs eleven families."""
MAX_DECLARED = 8
"""Tools up to which every row declares all of them, if they are short."""
DISTRACTORS = 6
"""Tools declared beside the right ones in larger packs, at most."""
MANY_TOOLS = 20
"""Tools from which on each family has one template."""
MAX_PROMPT = 5_500
"""Characters of declarations in a prompt, those beyond ASCII counted three times: about 1,600 tokens, below 2,048 with the rest."""


Family: TypeAlias = tuple[str, str, tuple[str, ...], list[str]]
"""Name, split, registers and templates."""


@dataclass(frozen=True, slots=True)
class DraftIntent:
    """One file under intents/."""

    name: str
    lines: tuple[str, ...]
    tool: str
    """The tool it is about; empty for talk."""


@dataclass
class Draft:
    """A pack before it is written."""

    name: str
    language: str
    tools: Sequence[OwnTool]
    source: str
    notes: Notes
    literal: frozenset[str] = frozenset()
    """Tools that are called by their names, since their words would mean another tool's."""
    slots: SlotMaker = field(init=False)
    intents: list[DraftIntent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.slots = SlotMaker(self.language, self.notes)
        self.phrases = _Phrases(self.is_korean, self.notes)
        self.frames: Any = frames_ko if self.is_korean else frames_en
        self.names: set[str] = set()
        asking: list[tuple[OwnTool, Sequence[Argument]]] = []
        for tool in self.tools:
            required = self.calls_of(tool)
            if required:
                asking.append((tool, required))
        self.ask(asking)
        if self.intents:
            self.talk()

    @property
    def is_korean(self) -> bool:
        """Whether its sentences are Korean."""
        return self.language == "ko"

    # Intents

    def calls_of(self, tool: OwnTool) -> Sequence[Argument]:
        """Add the intents that call the tool; its required arguments."""
        required: dict[str, Argument] = {}
        optional: dict[str, Argument] = {}
        needed = tool.schema.get("required", [])
        for name, schema in tool.schema["properties"].items():
            made = self.slots.argument(tool.name, name, schema)
            if made is None and name in needed:
                self.notes.add(
                    "never asked for",
                    tool.name,
                    f"its required parameter {name!r} has no values: the tool is declared, and never called",
                )
                return []
            if made is None:
                continue
            if name in needed:
                required[name] = made
            elif made.said:
                optional[name] = made
            # An optional argument that nobody can ask for is never given: it was noted when its value was made up.
        deeds = self.phrases.of(tool, is_literal=tool.name in self.literal)
        self.add_call(tool, tool.name, list(required.values()), deeds, 1.0)
        n_required = sum(len(one.said) for one in required.values())
        size = max(1, min(3, MAX_SAID - n_required))
        groups = list(chunks(optional, size))
        for group in groups[:MAX_OPTIONAL_INTENTS]:
            self.add_call(tool, f"{tool.name}_with_{group[0].name}", [*required.values(), *group], deeds, 0.5)
        for group in groups[MAX_OPTIONAL_INTENTS:]:
            for one in group:
                self.notes.add(
                    "never asked for",
                    f"{tool.name}.{one.name}",
                    "an optional parameter of a tool that has many",
                )
        return list(required.values())

    def add_call(
        self, tool: OwnTool, name: str, arguments: Sequence[Argument], deeds: Sequence[Any], weight: float
    ) -> None:
        """Add an intent that calls the tool with these arguments."""
        said = numbered([one for argument in arguments for one in argument.said])
        given = ", ".join(f"{_yaml(a.name)}: {_pattern(a.pattern)}" for a in arguments)
        head = [
            "kind: call",
            *([f"weight: {weight}"] if weight != 1 else []),
            "calls:",
            f"  - {{tool: {_yaml(tool.name)}, arguments: {{{given}}}}}",
        ]
        self.add(name, tool.name, head, self.families(deeds, said))

    def ask(self, asking: Sequence[tuple[OwnTool, Sequence[Argument]]]) -> None:
        """Add intents that lack one required argument and are asked for it, spread over the tools."""
        able = [
            (tool, arguments, one)
            for tool, arguments in asking
            if (one := next((a for a in arguments if a.said), None)) is not None
        ]
        step = max(1, -(-len(able) // MAX_ASKING))
        for number, (tool, arguments, missing) in enumerate(able):
            if number % step:
                self.notes.add(
                    "no asking back",
                    f"{tool.name}.{missing.name}",
                    f"{MAX_ASKING} tools at most have such sentences",
                )
                continue
            said = numbered(
                [one for argument in arguments if argument is not missing for one in argument.said]
            )
            answers = self.frames.ask_answers(
                self.slots.label(missing.name, tool.schema["properties"][missing.name])
            )
            head = [
                "kind: ask",
                f"asks_for: {_yaml(missing.name)}",
                f"asks_of: {_yaml(tool.name)}",
                f"answers: {_yaml(list(answers))}",
            ]
            deeds = self.phrases.of(tool, is_literal=tool.name in self.literal)
            self.add(f"ask_{tool.name}", tool.name, head, self.families(deeds, said))

    def talk(self) -> None:
        """Add small talk, which calls nothing."""
        families = [(name, split, (register,), [text]) for name, split, register, text in self.frames.TALK]
        head = ["kind: no_call", f"answers: {_yaml(list(self.frames.TALK_ANSWERS))}"]
        self.add("talk", "", head, families)

    def families(self, deeds: Sequence[Any], said: Sequence[Said]) -> list[Family]:
        """Name, split, registers and templates of every family."""
        found: list[Family] = []
        for number, frame in enumerate(self.frames.FRAMES):
            # A large pack's families say what the tool does in one way each, in turn: reading it takes half as long.
            ways = [deeds[number % len(deeds)]] if len(self.tools) > MANY_TOOLS else deeds
            registers = frame.registers if self.is_korean else (frame.register,)
            found.append((frame.name, frame.split, registers, self.frames.templates(frame, ways, said)))
        return found

    def add(self, name: str, tool: str, head: Sequence[str], families: Iterable[Family]) -> None:
        """Add an intent's file; `head` is what stands above its families."""
        name = self.unique(name)
        lines = [f"intent: {_yaml(name)}", *head, "families:"]
        split = ""
        for family, where, registers, templates in families:
            if where != split:
                split = where
                lines.append(f"  # {MARK} {_HINTS[split]}")
            lines.append(
                f"  - {{name: {family}, split: {where}, registers: [{', '.join(registers)}],"
                if len(templates) == 1
                else f"  - name: {family}"
            )
            if len(templates) == 1:
                lines[-1] += f" templates: {_yaml(templates)}}}"
            else:
                lines += [
                    f"    split: {where}",
                    f"    registers: [{', '.join(registers)}]",
                    "    templates:",
                    *(f"      - {_yaml(text)}" for text in templates),
                ]
        self.intents.append(DraftIntent(name, tuple(lines), tool))

    def unique(self, name: str) -> str:
        """The name as an intent's and a file's, not taken yet."""
        stem = re.sub(r"[^\w-]", "_", name)[:60] or "intent"
        found, number = stem, 2
        while found.casefold() in self.names:
            found, number = f"{stem}_{number}", number + 1
        self.names.add(found.casefold())
        return found

    # Files

    def files(self) -> dict[str, str]:
        """Path below the pack's folder -> contents."""
        tools = [tool.tool.to_json() for tool in self.tools]
        rows = ",\n".join(f"  {json.dumps(tool, ensure_ascii=False)}" for tool in tools)
        found = {
            "pack.yaml": self.pack_file(),
            "tools.json": f"[\n{rows}\n]\n",
            "slots.yaml": self.slots_file(),
        }
        for intent in self.intents:
            found[f"intents/{intent.name}.yaml"] = "\n".join(intent.lines) + "\n"
        return found

    def pack_file(self) -> str:
        """pack.yaml."""
        kinds = {
            line.partition(" ")[2]
            for intent in self.intents
            for line in intent.lines
            if line.startswith("kind:")
        }
        mix = {
            "call": 0.76,
            **({"ask": 0.06} if "ask" in kinds else {}),
            "no_call": 0.1,
            **({"missing_tool": 0.08} if len(self.tools) > 1 else {}),
        }
        lines = [
            f"# {MARK} the title, and the licence under which you share the sentences.",
            f"name: {_yaml(self.name)}",
            "version: 0.1.0",
            f"language: {self.language}",
            f"title: {_yaml(f'{len(self.tools)} tools of {self.source}')}",
            "licence: unknown",
            f"developer: {_yaml(TRIGGER)}",
            "splits: {train: 0.8, validation: 0.1, test: 0.1}",
            f"mix: {{{', '.join(f'{kind}: {share}' for kind, share in mix.items())}}}",
            f"registers: {{{', '.join(f'{name}: {share}' for name, share in self.frames.REGISTERS.items())}}}",
        ]
        given = "\n".join(line for intent in self.intents for line in intent.lines)
        policies = [
            f"  {name}: {{value: {_yaml(value)}, why: {_yaml(why)}}}"
            for name, (value, why) in self.slots.policies.items()
            if f"{{policy.{name}}}" in given
        ]
        if policies:
            lines += ["policies:", *policies]
        if "missing_tool" in mix:
            lines += ["missing_tool:", f"  answers: {_yaml(list(self.frames.MISSING_ANSWERS))}"]
        if (beside := self.distractors()) is not None:
            lines.append(f"prompt: {{distractors: {beside}, shuffled: true}}")
        return "\n".join(lines) + "\n"

    def distractors(self) -> int | None:
        """How many tools a row declares beside the right one; None for all of them."""
        texts = [render_declaration(tool.tool) for tool in self.tools]
        costs = sorted((len(text) + 2 * sum(not c.isascii() for c in text) for text in texts), reverse=True)
        if len(costs) <= MAX_DECLARED and sum(costs) <= MAX_PROMPT:
            return None
        fitting = sum(sum(costs[: n + 1]) <= MAX_PROMPT for n in range(1, DISTRACTORS + 1))
        return max(1, min(fitting, len(costs) - 1))

    def slots_file(self) -> str:
        """slots.yaml."""
        lines = ["slots:"]
        for name, slot in self.slots.slots.items():
            if slot.is_made_up:
                lines.append(
                    f"  # {MARK} {name}: these values are made up; put in real ones, as your users say them."
                )
            lines += [f"  {name}:", *(f"    {line}" for line in slot.body)]
        for name, other in self.slots.twins.items():
            lines.append(f"  {name}: {{like: {other}, differs_from: {other}}}")
        if not self.slots.slots:
            lines[0] = "slots: {}"
        return "\n".join(lines) + "\n"


_HINTS: Mapping[str, str] = {
    "train": "more ways to ask for this, as your users do; these come from the tool's name and description.",
    "validation": "sentences built in another way than those above.",
    "test": "sentences built in another way than all above; write them before you look at a score.",
}


class _Phrases:
    """What each tool does, in words that no other tool of the pack has."""

    def __init__(self, is_korean: bool, notes: Notes) -> None:
        self.is_korean = is_korean
        self.notes = notes
        self.taken: dict[str, str] = {}

    def of(self, tool: OwnTool, *, is_literal: bool) -> list[Any]:
        """Ways to say what the tool does, by its name and by its description."""
        found = []
        for deed in [] if is_literal else self.candidates(tool):
            keys = self.keys(deed)
            if all(self.taken.get(key, tool.name) == tool.name for key in keys):
                self.taken.update(dict.fromkeys(keys, tool.name))
                found.append(deed)
        return found or [self.literal(tool.name)]

    def keys(self, deed: Any) -> set[str]:
        """What two deeds may not have in common: no sentence would tell them apart."""
        if not self.is_korean:
            return {text_key(deed)}
        return {text_key(f"{deed.thing} {lemma}") for lemma in (deed.lemma, deed.own_lemma)}

    def candidates(self, tool: OwnTool) -> list[Any]:
        if not self.is_korean:
            by_description = words.description_phrase(tool.description)
            by_name = words.name_phrase(tool.spoken or tool.name)
            if by_name.startswith("run ") and by_description:
                return [by_description]
            return list(dict.fromkeys(p for p in (by_name, by_description) if p))
        stated = korean_words.deed_of_description(tool.description)
        named_so = korean_words.deed_of_name(tool.spoken or tool.name)
        if stated is not None and not korean_words.HANGUL.search(tool.name):
            return [stated]  # the author's own Korean beats ours: 택시를 호출하다, not 운행을 만들다
        in_english = korean_words.deed_of_english(words.description_phrase(tool.description))
        known = [deed for deed in (stated, named_so, in_english) if deed is not None]
        clean = [deed for deed in known if not deed.thing.endswith(" 기능")] or known
        korean_only = [deed for deed in clean if not re.search("[A-Za-z]", deed.thing)]
        chosen = list(dict.fromkeys(korean_only or clean[:1]))
        for deed in chosen:
            if foreign := re.findall("[A-Za-z]{3,}", deed.thing):
                self.notes.add("no Korean word", tool.name, ", ".join(foreign))
        return chosen

    def literal(self, name: str) -> Any:
        """The tool called by its name."""
        spoken = words.said(re.sub(r"[_-]+", " ", name)) or "it"
        if self.is_korean:
            return korean_words.Deed(f"{spoken} 기능", "사용하다")
        return f"use the tool called {spoken}"


def _yaml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _pattern(pattern: Any) -> str:
    return json.dumps(pattern, ensure_ascii=False)
