"""Reads a pack's folder. Every problem of the pack is found in one go, each as `file:line: what. what to do`."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from yaml.nodes import MappingNode, Node

from fgdata import korean
from fgdata.errors import PackError, Problem, SchemaError
from fgdata.format import HIDDEN_NAMES, TRIGGER, find_control_tokens
from fgdata.intent_reader import NAME as PART_NAME
from fgdata.intent_reader import IntentReader, check_together
from fgdata.joins import joins_of
from fgdata.json_lines import line_of, lines_by_path
from fgdata.languages import by_language, languages_of
from fgdata.memory import collection_paused
from fgdata.pack import (
    ALL_SPLITS,
    BORROWED,
    KINDS,
    SPLITS,
    Composition,
    Intent,
    Pack,
    Policy,
    PromptRule,
    Slot,
)
from fgdata.positions import Place, Reader, closest, shown_path
from fgdata.schema import Tool, read_json
from fgdata.schema_faults import schema_faults
from fgdata.slot_reader import SlotReader
from fgdata.template import Template, read_template
from fgdata.unread import AnyName

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,39}")


def pack_files(folder: Path) -> list[Path]:
    """The files a pack is made of, in reading order."""
    return [
        folder / "pack.yaml",
        folder / "tools.json",
        folder / "slots.yaml",
        *sorted((folder / "intents").glob("*.yaml")),
    ]


def read_pack(folder: str | os.PathLike[str]) -> Pack:
    """The pack in a folder.

    Raises: PackError with everything that is wrong in any of its files.
    """
    with collection_paused():
        return _PackReader(Path(folder)).read()


def read_pack_tools(folder: str | os.PathLike[str]) -> dict[str, Tool]:
    """The tools of the pack in a folder, by name; nothing else of it is read.

    Raises: PackError with everything that is wrong in tools.json.
    """
    reader = _PackReader(Path(folder))
    tools = reader.tools(reader.folder / "tools.json")
    PackError.raise_if(reader.problems)
    return tools


class _PackReader:
    """The parts of a pack as far as they are read, and the problems found so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self.unread: set[str] = set()
        """Files that cannot be read."""
        self.lost_tools: set[str] = set()
        """Names of tools whose declarations do not read; an empty one may be any."""
        self.held_out_places: dict[tuple[str, str], Place] = {}

    def complain(self, place: Place, what: str, remedy: str) -> None:
        self.problems.append(Problem(str(place), what, remedy))

    def reader(self, path: Path, *, is_salvaged: bool = False) -> Reader:
        """The reader of one file."""
        reader = Reader(path, self.problems, is_salvaged=is_salvaged)
        if not reader.is_whole:
            self.unread.add(reader.file)
        return reader

    def read(self) -> Pack:
        pack_file = self.reader(self.folder / "pack.yaml", is_salvaged=True)
        head = self.head(pack_file)
        tools = self.tools(self.folder / "tools.json")
        self.check_distractors(head["prompt"], tools)
        slots_file = self.reader(self.folder / "slots.yaml")
        registers = {
            language: tuple(name for name, of in head["register_languages"].items() if of == language)
            for language in head["languages"]
        }
        if not pack_file.is_whole:
            self.open_up(head)
        # Nearly all that is read from here on hangs on the languages and their registers.
        are_known = pack_file.is_whole or all(registers.values())
        slots = SlotReader(slots_file, self.problems, registers).read() if are_known else {}
        if not slots_file.is_whole:
            slots = AnyName(lambda name: Slot(name, "values", (), Place(slots_file.file, 1)))
        files = sorted((self.folder / "intents").glob("*.yaml"))
        if not files:
            self.problems.append(
                Problem(
                    shown_path(self.folder / "intents"),
                    "holds no intent.",
                    "Add intents/NAME.yaml; see docs/packs.md.",
                )
            )
        reader = IntentReader(
            tools=tools,
            slots=slots,
            policies=head["policies"],
            registers=registers,
            mix=tuple(head["mix"]),
            problems=self.problems,
            lost_tools=frozenset(self.lost_tools),
        )
        readers = [self.reader(file) for file in files]
        intents = [intent for file in readers if are_known and (intent := reader.read(file)) is not None]
        check_together(intents, self.problems)
        if all(file.is_whole for file in readers) and are_known:
            self.check_compositions(head, intents)
        self.check_kinds(head, intents)
        PackError.raise_if(sorted(self.problems, key=self.by_place))
        digest = hashlib.sha256()
        for file in pack_files(self.folder):
            digest.update(
                f"{file.relative_to(self.folder).as_posix()}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode()
            )
        return Pack(
            tools=tuple(tools.values()),
            slots=slots,
            intents=tuple(intents),
            folder=shown_path(self.folder),
            sha256=digest.hexdigest(),
            **head,
        )

    def by_place(self, problem: Problem) -> tuple[bool, str, int]:
        """What problems are sorted by: files that cannot be read come first."""
        file, _, line = problem.where.rpartition(":")
        file, number = (file, int(line)) if line.isdigit() else (problem.where, 0)
        return (file not in self.unread, file, number)

    @staticmethod
    def open_up(head: dict[str, Any]) -> None:
        """Let everything stand in those parts of a broken pack.yaml that other files name and that did not read."""
        head["mix"] = head["mix"] or dict.fromkeys(KINDS, 1.0)
        if not head["policies"]:
            head["policies"] = AnyName(lambda name: Policy(name, None, "", Place("pack.yaml", 1)))

    def check_kinds(self, head: Mapping[str, Any], intents: Sequence[Intent]) -> None:
        """Note kinds of the mix that the pack lacks, or one of its languages does."""
        where = shown_path(self.folder / "pack.yaml")
        joins = joins_of(head["languages"])
        for language in head["languages"] if not self.problems else ():
            kinds: set[str] = {found.kind for found in intents if language in found.languages} | {BORROWED}
            if any(joins[name][0] == language for found in head["compositions"] for name in found.joins):
                kinds.add("several")
            several = len(head["languages"]) > 1
            for kind in head["mix"]:
                if kind in kinds:
                    continue
                what = f"the mix asks for {kind!r}, but no intent is of that kind."
                remedy = f"Add an intent with `kind: {kind}`, or take it out of `mix`."
                if several:
                    what = (
                        f"the mix asks for {kind!r}, but no intent of that kind has families in {language!r}."
                    )
                    remedy = (
                        f"Add families with `language: {language}` to one, or take {kind!r} out of `mix`."
                    )
                self.problems.append(Problem(where, what, remedy))

    def check_distractors(self, rule: PromptRule, tools: Mapping[str, Tool]) -> None:
        """Note more tools beside the right one than there are."""
        if tools and rule.place is not None and (rule.distractors or 0) >= len(tools):
            what = f"prompt.distractors is {rule.distractors}, but the pack has {len(tools)} tools, the right one among them."
            remedy = f"{len(tools) - 1} at most, or leave it out to declare all tools."
            self.complain(rule.place, what, remedy)

    def check_compositions(self, head: Mapping[str, Any], intents: Sequence[Intent]) -> None:
        """Note compositions and held-out pairs of intents that are none, or that call nothing."""
        known = {intent.name: intent for intent in intents}
        for composition in head["compositions"]:
            for name in dict.fromkeys(name for part in composition.parts for name in part):
                if name not in known:
                    self.complain(composition.place, f"the composition {composition.name!r} names an unknown intent {name!r}.", closest(name, known))  # fmt: skip
                elif known[name].kind != "call":
                    self.complain(composition.place, f"the composition {composition.name!r} names {name!r}, which is no intent of kind 'call'.", "Only calls are put together.")  # fmt: skip
            if "several" not in head["mix"]:
                self.complain(composition.place, "`mix` has no share for the kind 'several'.", "Add `several: 0.1` there.")  # fmt: skip
        for pair in sorted(head["held_out_pairs"]):
            for name in pair:
                if name not in known:
                    self.complain(self.held_out_places[pair], f"held_out.compositions names an unknown intent {name!r}.", closest(name, known))  # fmt: skip

    # pack.yaml

    def head(self, reader: Reader) -> dict[str, Any]:
        """The fields of pack.yaml; what could not be read is empty."""
        texts = ("name", "version", "title", "licence")
        optional = ["policies", "compositions", "held_out", "missing_tool", "prompt", "coverage"]
        said = "languages" if "languages" in reader.mapping(reader.root, "pack.yaml") else "language"
        required = [*texts[:2], said, *texts[2:], "developer", "splits", "mix", "registers"]
        fields = reader.fields(reader.root, "pack.yaml", required, ["language", "languages", *optional])
        languages = languages_of(reader, fields.get("language"), fields.get("languages"))
        head: dict[str, Any] = {"languages": languages}
        for name in texts:
            text = reader.text(fields.get(name), name)
            head[name] = text.text.strip() if text else ""
            if text and name == "name" and not NAME.fullmatch(text.text):
                reader.wrong(text.place, f"name is {text.text!r}.", "Use small letters, digits, _ and -.")
            if text and name == "version" and not VERSION.fullmatch(text.text):
                reader.wrong(text.place, f"version is {text.text!r}.", "Use letters, digits, dots, + and -, such as 1.0.0.")  # fmt: skip
        head["developers"] = self.developers(reader, fields.get("developer"), languages)
        head["splits"] = reader.weights(fields.get("splits"), "splits", ALL_SPLITS)
        if "splits" in fields:
            for name in SPLITS:
                if name not in head["splits"]:
                    reader.wrong(
                        fields["splits"], f"splits has no share for {name!r}.", f"Add `{name}: 0.1`."
                    )
        head |= self.mix(reader, fields.get("mix"), languages)
        head |= self.registers(reader, fields.get("registers"), languages)
        head["policies"] = self.policies(reader, fields.get("policies"), languages)
        head["compositions"] = self.compositions(reader, fields.get("compositions"), languages)
        head["held_out_pairs"] = self.held_out_pairs(reader, fields.get("held_out"))
        head["missing_tool_answers"] = self.missing_tool(
            reader, fields.get("missing_tool"), head["mix"], languages
        )
        head["prompt"] = self.prompt(reader, fields.get("prompt"))
        head |= self.coverage(reader, fields.get("coverage"))
        return head

    def developers(self, reader: Reader, node: Node | None, languages: Sequence[str]) -> dict[str, str]:
        """Language -> developer message: one for all, or one for each."""
        nodes = by_language(reader, node, "developer", languages)
        found = {}
        for language, body in nodes.items():
            text = reader.text(body, "developer")
            found[language] = text.text.strip() if text else ""
            if text and TRIGGER not in text.text:
                reader.wrong(
                    text.place,
                    "the developer message lacks the model's trigger sentence.",
                    f"Add the line {TRIGGER!r}.",
                )
        if isinstance(node, MappingNode):
            self.note_missing(reader, node, "developer", nodes, languages)
        one = next(iter(found.values()), "")
        return {language: found.get(language, one) for language in languages}

    def note_missing(
        self, reader: Reader, node: Node, what: str, found: Iterable[str], languages: Sequence[str]
    ) -> None:
        """Note the languages that a part of the pack leaves out."""
        for language in languages:
            if language not in found:
                remedy = f"Write `{what}: {{{', '.join(f'{name}: ...' for name in languages)}}}`."
                reader.wrong(node, f"{what} has nothing for the language {language!r}.", remedy)

    def mix(self, reader: Reader, node: Node | None, languages: Sequence[str]) -> dict[str, Any]:
        """Shares of kinds and, under `languages`, of languages: all alike if left out."""
        shares = reader.mapping(node, "mix").get("languages") if isinstance(node, MappingNode) else None
        even = dict.fromkeys(languages, 1.0)
        if shares is None or not isinstance(node, MappingNode):
            return {"mix": reader.weights(node, "mix", KINDS), "language_mix": even}
        pairs = [pair for pair in node.value if pair[0] is not shares[0]]
        rest = MappingNode(node.tag, pairs, node.start_mark, node.end_mark)
        found = reader.weights(shares[1], "mix.languages", languages)
        self.note_missing(reader, shares[1], "mix.languages", found, languages)
        return {"mix": reader.weights(rest, "mix", KINDS), "language_mix": {**even, **found}}

    def registers(self, reader: Reader, node: Node | None, languages: Sequence[str]) -> dict[str, Any]:
        """Shares of registers, each within its language, and which is of which."""
        nodes = (
            {languages[0]: node} if len(languages) == 1 else by_language(reader, node, "registers", languages)
        )
        if node is not None:
            self.note_missing(reader, node, "registers", nodes, languages)
        shares: dict[str, float] = {}
        owners: dict[str, str] = {}
        for language, body in nodes.items():
            known = korean.REGISTERS if language == "ko" else None
            shares |= reader.weights(body, "registers", known)
            for name, (key, _) in reader.mapping(body, "registers").items():
                if not PART_NAME.fullmatch(name):
                    reader.wrong(key, f"a register is {name!r}.", "Use letters, digits, _ and -.")
                if name in owners:
                    what = f"the register {name!r} is given for {owners[name]!r} already."
                    reader.wrong(
                        key, what, "A register's name says its language: choose another, as in en_polite."
                    )
                owners.setdefault(name, language)
        return {"registers": shares, "register_languages": {name: owners[name] for name in shares}}

    def policies(self, reader: Reader, node: Node | None, languages: Sequence[str]) -> dict[str, Policy]:
        found = {}
        for name, (key, body) in reader.mapping(node, "policies").items():
            fields = reader.fields(body, f"policy {name!r}", ["value", "why"], ["language"])
            why = reader.text(fields.get("why"), f"why of policy {name!r}")
            language = reader.language(fields.get("language"), languages)
            if why and "value" in fields:
                value = reader.value(fields["value"], f"value of policy {name!r}")
                found[name] = Policy(name, value, why.text.strip(), reader.place(key), language)
        return found

    def compositions(
        self, reader: Reader, node: Node | None, languages: Sequence[str]
    ) -> tuple[Composition, ...]:
        """How several intents make one utterance: in each language that one of the joins is of."""
        found: dict[str, Composition] = {}
        known = joins_of(languages)
        for item in reader.items(node, "compositions"):
            fields = reader.fields(item, "a composition", ["name", "parts", "joins"], ["weight"])
            name = reader.text(fields.get("name"), "name")
            weight = reader.weight(fields["weight"], "weight") if "weight" in fields else 1.0
            parts = tuple(
                tuple(text.text for text in reader.texts(part, "a part of a composition"))
                for part in reader.items(fields.get("parts"), "parts")
            )
            if "parts" in fields and not 2 <= len(parts) <= 4:
                reader.wrong(fields["parts"], f"a composition has {len(parts)} parts.", "Two to four.")
            joins = reader.texts(fields.get("joins"), "joins")
            for join in joins:
                if join.text not in known:
                    remedy = (
                        f"{closest(join.text, known)} Known: {', '.join(known) or 'none in this language'}."
                    )
                    reader.wrong(join.place, f"unknown join {join.text!r}.", remedy)
            if name is None:
                continue
            if name.text in found:
                reader.wrong(name.place, f"the composition {name.text!r} is given twice.", "Give every one its own name.")  # fmt: skip
            found[name.text] = Composition(
                name.text,
                weight or 1.0,
                parts,
                tuple(join.text for join in joins if join.text in known),
                reader.place(item),
            )
        return tuple(found.values())

    def held_out_pairs(self, reader: Reader, node: Node | None) -> frozenset[tuple[str, str]]:
        """Pairs of intents that only `test_compositions` has."""
        fields = reader.fields(node, "held_out", ["compositions"]) if node is not None else {}
        pairs = set()
        for item in reader.items(fields.get("compositions"), "held_out.compositions"):
            names = [text.text for text in reader.texts(item, "a pair of held_out.compositions")]
            if len(names) == 2:
                pairs.add((names[0], names[1]))
                self.held_out_places.setdefault((names[0], names[1]), reader.place(item))
            else:
                reader.wrong(item, f"a pair of intents has {len(names)} names.", "Write [first, second].")
        return frozenset(pairs)

    def missing_tool(
        self, reader: Reader, node: Node | None, mix: Mapping[str, float], languages: Sequence[str]
    ) -> tuple[Template, ...]:
        """What the model says where the tool it would call is not declared."""
        fields = reader.fields(node, "missing_tool", ["answers"]) if node is not None else {}
        nodes = by_language(reader, fields.get("answers"), "missing_tool.answers", languages)
        if "answers" in fields:
            self.note_missing(reader, fields["answers"], "answers", nodes, languages)
        if BORROWED in mix and node is None and reader.root is not None and reader.is_whole:
            reader.wrong(
                reader.root, f"`mix` asks for {BORROWED!r}, but there is nothing to say then.", "Add `missing_tool: {answers: [...]}`.",
            )  # fmt: skip
        read = [
            read_template(
                text, "answer", {}, (), self.complain, is_korean=language == "ko", language=language
            )
            for language, body in nodes.items()
            for text in reader.texts(body, "answers")
        ]
        return tuple(template for template in read if template is not None)

    def prompt(self, reader: Reader, node: Node | None) -> PromptRule:
        """Which tools are declared in a row, and how."""
        if node is None:
            return PromptRule()
        fields = reader.fields(node, "prompt", [], ["distractors", "shuffled", "masked"])
        values = {name: reader.value(value, f"prompt.{name}") for name, value in fields.items()}
        distractors, masked = values.get("distractors"), values.get("masked", 0.0)
        if distractors is not None and (
            not isinstance(distractors, int) or isinstance(distractors, bool) or distractors < 0
        ):
            reader.wrong(fields["distractors"], f"prompt.distractors is {distractors!r}.", "A whole number, or leave it out to declare all tools.")  # fmt: skip
            distractors = None
        if not isinstance(values.get("shuffled", False), bool):
            reader.wrong(
                fields["shuffled"], f"prompt.shuffled is {values['shuffled']!r}.", "Write true or false."
            )
        if isinstance(masked, bool) or not isinstance(masked, int | float) or not 0 <= masked <= 1:
            reader.wrong(fields["masked"], f"prompt.masked is {masked!r}.", "A share from 0 to 1.")
            masked = 0.0
        place = reader.place(fields["distractors"]) if "distractors" in fields else None
        return PromptRule(distractors, values.get("shuffled") is True, float(masked), place)

    def coverage(self, reader: Reader, node: Node | None) -> dict[str, Any]:
        """How often each value is there, at least and at most."""
        fields = reader.fields(node, "coverage", [], ["each_value", "at_most"]) if node is not None else {}
        found: dict[str, Any] = {}
        if "each_value" in fields:
            number = reader.number(fields["each_value"], "coverage.each_value")
            if number is not None and (not isinstance(number, int) or number < 0):
                reader.wrong(
                    fields["each_value"], f"coverage.each_value is {number}.", "A whole number of rows."
                )
            else:
                found["each_value"] = number or 0
        if "at_most" in fields:
            share = reader.weight(fields["at_most"], "coverage.at_most")
            if share is not None and share > 1:
                reader.wrong(fields["at_most"], f"coverage.at_most is {share}.", "A share up to 1.")
            found["at_most"] = min(share or 1.0, 1.0)
        return found

    # tools.json

    def tools(self, file: Path) -> dict[str, Tool]:
        """The tools by name."""
        where = shown_path(file)
        self.unread.add(where)
        try:
            if file.exists() and not file.is_file():
                raise OSError(errno.EINVAL, "it is no file")
            text = file.read_text(encoding="utf-8")
            entries = read_json(text)
        except OSError as error:
            self.problems.append(
                Problem(
                    where,
                    f"cannot be read: {error.strerror or error}.",
                    "Add the file: a JSON list of tools.",
                )
            )
            return {}
        except json.JSONDecodeError as error:
            self.problems.append(
                Problem(
                    f"{where}:{error.lineno}",
                    f"is no JSON: {error.msg}.",
                    "Check commas, quotes and brackets around this line.",
                )
            )
            return {}
        except UnicodeDecodeError as error:
            self.problems.append(Problem(where, f"is not UTF-8 (byte {error.start}).", "Save it as UTF-8."))
            return {}
        except (ValueError, RecursionError) as error:
            self.problems.append(Problem(where, f"is no JSON: {error}.", "Correct or flatten it."))
            return {}
        if not isinstance(entries, list) or not entries:
            self.problems.append(
                Problem(
                    f"{where}:1",
                    "must be a list of at least one tool.",
                    'Write [ {"type": "function", ...} ].',
                )
            )
            return {}
        self.unread.discard(where)
        for number, line in enumerate(text.splitlines(), 1):
            for token in find_control_tokens(line):
                self.complain(
                    Place(where, number),
                    f"holds the control token {token}.",
                    "Take it out: no text may hold one.",
                )
        tools: dict[str, Tool] = {}
        lines = lines_by_path(text)
        for number, entry in enumerate(entries, 1):
            inside = (
                ("function", "parameters")
                if isinstance(entry, dict) and "function" in entry
                else ("parameters",)
            )
            start = (number - 1, *inside[:-1])
            place = Place(where, line_of(lines, (*start, "name")))
            try:
                tool = Tool.from_json(entry)
            except SchemaError as error:
                path = getattr(error.__cause__, "absolute_path", ())
                if path:
                    place = Place(where, line_of(lines, (number - 1, *inside, *path)))
                self.problems += [
                    Problem(str(place), f"tool {number}: {problem.what}") for problem in error.problems
                ]
                self.lose(entry)
                continue
            wrong = list(schema_faults(tool))
            for path, what, remedy in wrong:
                self.complain(Place(where, line_of(lines, (number - 1, *inside, *path))), what, remedy)
            if wrong:
                self.lose(entry)
            if tool.name in tools:
                self.complain(
                    place, f"the tool {tool.name!r} is given twice.", "Give every tool its own name."
                )
            for parameter in tool.parameters:
                if parameter.name in HIDDEN_NAMES:
                    self.complain(
                        place,
                        f"{tool.name} has a parameter {parameter.name!r}, which the model's chat template drops.",
                        "Give it another name.",
                    )
            if not wrong:
                tools[tool.name] = tool
        return tools

    def lose(self, entry: Any) -> None:
        """Note the name of a tool whose declaration does not read."""
        body = entry.get("function", entry) if isinstance(entry, dict) else {}
        name = body.get("name") if isinstance(body, dict) else None
        self.lost_tools.add(name if isinstance(name, str) else "")
