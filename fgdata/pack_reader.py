"""Reads a pack's folder. Every problem of the pack is found in one go, each as `file:line: what. what to do`."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import jinja2
from yaml.nodes import Node

from fgdata import korean
from fgdata.chance import Chance
from fgdata.errors import FgError, PackError, Problem, SchemaError
from fgdata.format import HIDDEN_NAMES, TRIGGER, find_control_tokens
from fgdata.intent_reader import IntentReader, check_together
from fgdata.pack import KINDS, SPLITS, Pack, Policy, Slot, SlotValue
from fgdata.positions import Place, Reader, shown_path
from fgdata.schema import Tool, read_json
from fgdata.template import CHOICES, Wording, read_template

MAX_RANGE = 10_000
"""Numbers a range may hold; a test of a larger one would say nothing about most of them."""
RESERVED = {
    *CHOICES,
    "policy",
    "n",
    "true",
    "false",
    "none",
    "True",
    "False",
    "None",
    "not",
    "and",
    "or",
    "in",
    "is",
    "if",
    "else",
}
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


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

    def complain(self, place: Place, what: str, remedy: str) -> None:
        self.problems.append(Problem(str(place), what, remedy))

    def read(self) -> Pack:
        head = self.head(Reader(self.folder / "pack.yaml", self.problems))
        tools = self.tools(self.folder / "tools.json")
        slots = self.slots(Reader(self.folder / "slots.yaml", self.problems), head["language"] == "ko")
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
            registers=tuple(head["registers"]),
            mix=tuple(head["mix"]),
            problems=self.problems,
            is_korean=head["language"] == "ko",
        )
        intents = [
            intent for file in files if (intent := reader.read(Reader(file, self.problems))) is not None
        ]
        check_together(intents, self.problems)
        for kind in head["mix"]:
            if kind not in {found.kind for found in intents} and not self.problems:
                where = shown_path(self.folder / "pack.yaml")
                self.problems.append(
                    Problem(
                        where,
                        f"the mix asks for {kind!r}, but no intent is of that kind.",
                        f"Add an intent with `kind: {kind}`, or take it out of `mix`.",
                    )
                )
        PackError.raise_if(sorted(self.problems, key=_by_place))
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

    # pack.yaml

    def head(self, reader: Reader) -> dict[str, Any]:
        """The fields of pack.yaml; what could not be read is empty."""
        texts = ("name", "version", "language", "title", "licence", "developer")
        fields = reader.fields(reader.root, "pack.yaml", [*texts, "splits", "mix", "registers"], ["policies"])
        head: dict[str, Any] = {}
        for name in texts:
            text = reader.text(fields.get(name), name)
            head[name] = text.text.strip() if text else ""
            if text and name == "name" and not NAME.fullmatch(text.text):
                reader.wrong(text.place, f"name is {text.text!r}.", "Use small letters, digits, _ and -.")
            if text and name == "developer" and TRIGGER not in text.text:
                reader.wrong(
                    text.place,
                    "the developer message lacks the model's trigger sentence.",
                    f"Add the line {TRIGGER!r}.",
                )
        head["splits"] = reader.weights(fields.get("splits"), "splits", SPLITS)
        if "splits" in fields:
            for name in SPLITS:
                if name not in head["splits"]:
                    reader.wrong(
                        fields["splits"], f"splits has no share for {name!r}.", f"Add `{name}: 0.1`."
                    )
        head["mix"] = reader.weights(fields.get("mix"), "mix", KINDS)
        known = korean.REGISTERS if head["language"] == "ko" else None
        head["registers"] = reader.weights(fields.get("registers"), "registers", known)
        head["policies"] = self.policies(reader, fields.get("policies"))
        return head

    def policies(self, reader: Reader, node: Node | None) -> dict[str, Policy]:
        found = {}
        for name, (key, body) in reader.mapping(node, "policies").items():
            fields = reader.fields(body, f"policy {name!r}", ["value", "why"])
            why = reader.text(fields.get("why"), f"why of policy {name!r}")
            if why and "value" in fields:
                value = reader.value(fields["value"], f"value of policy {name!r}")
                found[name] = Policy(name, value, why.text.strip(), reader.place(key))
        return found

    # tools.json

    def tools(self, file: Path) -> dict[str, Tool]:
        """The tools by name."""
        where = shown_path(file)
        try:
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
        for number, line in enumerate(text.splitlines(), 1):
            for token in find_control_tokens(line):
                self.complain(
                    Place(where, number),
                    f"holds the control token {token}.",
                    "Take it out: no text may hold one.",
                )
        tools: dict[str, Tool] = {}
        for number, entry in enumerate(entries, 1):
            place = Place(where, _line_of_tool(text, entry))
            try:
                tool = Tool.from_json(entry)
            except SchemaError as error:
                self.problems += [
                    Problem(str(place), f"tool {number} is {problem.what}") for problem in error.problems
                ]
                continue
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
            tools[tool.name] = tool
        return tools

    # slots.yaml

    def slots(self, reader: Reader, is_korean: bool) -> dict[str, Slot]:
        """The slots by name."""
        fields = reader.fields(reader.root, "slots.yaml", ["slots"])
        found: dict[str, Slot] = {}
        for name, (key, body) in reader.mapping(fields.get("slots"), "slots").items():
            place = reader.place(key)
            if not name.isidentifier() or name in RESERVED:
                reader.wrong(
                    key,
                    f"{name!r} cannot be a slot's name.",
                    "Use letters, digits and _, and none of the words that templates use themselves.",
                )
                continue
            pairs = reader.mapping(body, f"slot {name!r}")
            kinds = [kind for kind in ("values", "range", "words") if kind in pairs]
            if len(kinds) != 1:
                has = f"has {' and '.join(kinds)}" if kinds else "has no values"
                reader.wrong(
                    key,
                    f"slot {name!r} {has}.",
                    "Give it one of `values:`, `range:` with `forms:`, or `words:`.",
                )
                continue
            required = {"values": ["values"], "range": ["range", "forms"], "words": ["words"]}[kinds[0]]
            nodes = reader.fields(body, f"slot {name!r}", required)
            if kinds[0] == "range":
                values = self.range_values(reader, name, nodes, is_korean)
            elif kinds[0] == "values":
                values = self.listed_values(reader, name, nodes["values"])
            else:
                words = self.forms(reader, nodes["words"], f"words of slot {name!r}")
                values = (SlotValue(None, words, place),) if words else ()
            # A slot whose values do not read is kept without any: its templates are still checked.
            found[name] = Slot(name, kinds[0], values, place)
        return found

    def forms(self, reader: Reader, node: Node | None, what: str) -> tuple[str, ...]:
        """Plain surface forms."""
        texts = reader.texts(node, what)
        for text in texts:
            if "{{" in text.text or "{%" in text.text:
                reader.wrong(
                    text.place,
                    f"{text.text!r} in {what} looks like a template.",
                    "Only the forms of a range are templates; write the text itself.",
                )
        return tuple(text.text for text in texts)

    def listed_values(self, reader: Reader, slot: str, node: Node) -> tuple[SlotValue, ...]:
        found: dict[str, SlotValue] = {}
        said: dict[str, SlotValue] = {}
        for item in reader.items(node, f"values of slot {slot!r}"):
            fields = reader.fields(item, f"a value of slot {slot!r}", ["value", "forms"])
            if len(fields) < 2:
                continue
            value = SlotValue(
                reader.value(fields["value"], f"a value of slot {slot!r}"),
                self.forms(reader, fields["forms"], f"forms of slot {slot!r}"),
                reader.place(item),
            )
            key = json.dumps(value.value, sort_keys=True)
            if key in found:
                reader.wrong(
                    item,
                    f"the value {key} of slot {slot!r} is given twice (line {found[key].place.line}).",
                    "Join their forms.",
                )
            for form in value.forms:
                if form in said and said[form] is not value:
                    reader.wrong(
                        item,
                        f"{form!r} says two values of slot {slot!r} (line {said[form].place.line}).",
                        "Keep it with one: a row could not be labelled.",
                    )
                said[form] = value
            found[key] = value
        return tuple(value for value in found.values() if value.forms)

    def range_values(
        self, reader: Reader, slot: str, nodes: Mapping[str, Node], is_korean: bool
    ) -> tuple[SlotValue, ...]:
        ends = reader.fields(nodes.get("range"), f"range of slot {slot!r}", ["from", "to"], ["step"])
        numbers = {name: reader.number(node, f"`{name}` of slot {slot!r}") for name, node in ends.items()}
        first, last, step = numbers.get("from"), numbers.get("to"), numbers.get("step", 1)
        if first is None or last is None or step is None:
            return ()
        if step <= 0 or last < first:
            reader.wrong(
                nodes["range"],
                f"slot {slot!r} runs from {first} to {last} by {step}.",
                "`from` is the smaller end, `step` is above 0.",
            )
            return ()
        # Decimals, so that 0.1 + 0.2 is 0.3.
        start, stride = Decimal(str(first)), Decimal(str(step))
        span = Decimal(str(last)) - start
        # Beyond what decimals hold exactly the remainder is not reckoned: the range is too large anyhow.
        count, rest = divmod(span, stride) if span / stride < MAX_RANGE else (span / stride, Decimal(0))
        if rest:
            reader.wrong(
                nodes["range"],
                f"slot {slot!r} never reaches {last} from {first} by {step}.",
                "Both ends of a range are used; choose another end or step.",
            )
            return ()
        if count >= MAX_RANGE:
            reader.wrong(
                nodes["range"],
                f"slot {slot!r} holds {count + 1:f} numbers.",
                f"At most {MAX_RANGE}: choose a larger step.",
            )
            return ()
        is_whole = all(isinstance(number, int) for number in (first, step))
        values = [start + stride * index for index in range(int(count) + 1)]
        return self.said_numbers(
            reader, slot, [int(v) if is_whole else float(v) for v in values], nodes.get("forms"), is_korean
        )

    def said_numbers(
        self, reader: Reader, slot: str, numbers: list[int | float], node: Node | None, is_korean: bool
    ) -> tuple[SlotValue, ...]:
        """Each number with its forms, rendered once and for all."""
        forms: list[list[str]] = [[] for _ in numbers]
        wording = Wording(Chance("forms"))
        for text in reader.texts(node, f"forms of slot {slot!r}"):
            template = read_template(
                text,
                "form",
                {"n": [str(numbers[0]), str(numbers[-1])]},
                (),
                self.complain,
                is_korean=is_korean,
            )
            if template is None:
                continue
            if not template.slots:
                reader.wrong(
                    text.place,
                    f"the form {text.text!r} of slot {slot!r} does not say the number.",
                    "Print it with {{ n }}.",
                )
            try:
                for number, said in zip(numbers, forms, strict=True):
                    said.append(template.render(wording, {"n": number}))
            except (FgError, ValueError, TypeError, jinja2.TemplateError) as error:
                reader.wrong(
                    text.place,
                    f"the form {text.text!r} of slot {slot!r} fails for {number}: {error}",
                    "Another filter, or another range.",
                )
        place = reader.place(node) if node is not None else Place(reader.file, 1)
        return tuple(
            SlotValue(number, tuple(dict.fromkeys(said)), place)
            for number, said in zip(numbers, forms, strict=True)
            if said
        )


def _line_of_tool(text: str, entry: Any) -> int:
    """The line of tools.json where the tool's name stands; 1 if it has none."""
    body = entry.get("function", entry) if isinstance(entry, dict) else {}
    name = body.get("name") if isinstance(body, dict) else None
    found = (
        re.search(r'"name"\s*:\s*' + re.escape(json.dumps(name, ensure_ascii=False)), text) if name else None
    )
    return text.count("\n", 0, found.start()) + 1 if found else 1


def _by_place(problem: Problem) -> tuple[str, int]:
    file, _, line = problem.where.rpartition(":")
    return (file, int(line)) if line.isdigit() else (problem.where, 0)
