"""Reads the files under a pack's intents/: calls, answers and template families."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from yaml.nodes import Node, SequenceNode

from fgdata.call_reader import CallReader
from fgdata.errors import Problem
from fgdata.languages import by_language
from fgdata.pack import (
    BORROWED,
    CALLING,
    KINDS,
    MIN_FAMILIES,
    SPLITS,
    WHICH_TOOL,
    CallPattern,
    Intent,
    Kind,
    Policy,
    Slot,
    TemplateFamily,
)
from fgdata.positions import Place, Reader, Text, closest
from fgdata.schema import Tool
from fgdata.template import Template, TemplateUse, endings_of, read_template, tidied
from fgdata.unread import AnyName

NAME = re.compile(r"[\w-]{1,80}")
"""What intents, families and registers are called: a row's id joins such names with / . + and takes them apart again."""


@dataclass(frozen=True, kw_only=True)
class IntentReader:
    """Reads intents against the tools, slots and policies of their pack."""

    tools: Mapping[str, Tool]
    slots: Mapping[str, Slot]
    policies: Mapping[str, Policy]
    registers: Mapping[str, tuple[str, ...]]
    """The pack's languages, each with its registers."""
    mix: tuple[str, ...]
    problems: list[Problem]
    """Those found are added here."""
    lost_tools: frozenset[str] = frozenset()
    """Names of tools whose declarations do not read; an empty one may be any."""
    refused: set[tuple[object, ...]] = field(default_factory=set)
    """Slot values already said to lack a form in a language."""

    @cached_property
    def call_reader(self) -> CallReader:
        """Reads the calls."""
        return CallReader(self.tools, self.slots, self.policies, self.problems, self.lost_tools)

    @cached_property
    def forms(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """Language -> slot -> its surface forms."""
        if isinstance(self.slots, AnyName):
            return dict.fromkeys(self.registers, AnyName(lambda _: ()))
        return {
            language: {name: tuple(slot.forms_in(language)) for name, slot in self.slots.items()}
            for language in self.registers
        }

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The pack's languages."""
        return tuple(self.registers)

    def complain(self, place: Place, what: str, remedy: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(str(place), what, remedy))

    def read(self, reader: Reader) -> Intent | None:
        """The intent of one file; None if it lacks what the rest hangs on."""
        if reader.root is None:
            return None
        required, optional = (
            ["intent", "kind", "families"],
            [
                "weight",
                "calls",
                "answers",
                "asks_for",
                "asks_of",
                "language",
            ],
        )
        fields = reader.fields(reader.root, "the intent", required, optional)
        name, kind = reader.text(fields.get("intent"), "intent"), self.kind(reader, fields.get("kind"))
        weight = reader.weight(fields["weight"], "weight") if "weight" in fields else 1.0
        calls = self.call_reader.calls(reader, fields, kind)
        language = reader.language(fields.get("language"), self.languages) or self.languages[0]
        answers = self.answers(reader, fields, kind, language)
        asks_for = self.asks_for(reader, fields, kind)
        families = self.families(reader, fields.get("families"), calls, answers, language)
        self.check_name(reader, name, "intent")
        if name is None or kind is None:
            return None
        asks_of = self.asks_of(reader, fields, kind, asks_for)
        return Intent(name.text, kind, weight or 1.0, calls, answers, asks_for, families, name.place, asks_of)

    def check_name(self, reader: Reader, name: Text | None, what: str) -> None:
        """Note a name that an id could not hold."""
        if name is not None and not NAME.fullmatch(name.text):
            reader.wrong(name.place, f"{what} is {name.text!r}.", "Use letters, digits, _ and -.")

    def kind(self, reader: Reader, node: Node | None) -> Kind | None:
        """The intent's kind."""
        text = reader.text(node, "kind")
        if text is None:
            return None
        for kind in KINDS:
            if kind == text.text:
                if kind not in self.mix:
                    reader.wrong(
                        text.place,
                        f"`mix` in pack.yaml has no share for the kind {kind!r}.",
                        f"Add `{kind}: 0.1` there.",
                    )
                if kind == BORROWED:
                    reader.wrong(text.place, f"no intent is of kind {kind!r}.", "Its texts are those of `call`: give it a share in `mix`.")  # fmt: skip
                return kind
        reader.wrong(text.place, f"unknown kind {text.text!r}.", closest(text.text, KINDS))
        return None

    # What the model says where it calls nothing

    def answers(
        self, reader: Reader, fields: Mapping[str, Node], kind: Kind | None, language: str
    ) -> tuple[Template, ...]:
        """What the model says, by language or in that of the intent; nothing where it calls."""
        node = fields.get("answers")
        if kind is not None and kind not in CALLING and node is None and reader.root is not None:
            reader.wrong(
                reader.root,
                f"an intent of kind {kind!r} has no answers.",
                "Add `answers:` with what the model says.",
            )
        if kind in CALLING and node is not None:
            reader.wrong(
                node,
                f"an intent of kind {kind!r} has answers.",
                "Take them out: the model answers with its calls.",
            )
        order = [language, *(other for other in self.languages if other != language)]
        nodes = by_language(reader, node, "answers", order)
        return tuple(
            answer
            for of, listed in nodes.items()
            for answer in self.templates(reader.texts(listed, "answers"), "answer", (), of)
        )

    def asks_for(self, reader: Reader, fields: Mapping[str, Node], kind: Kind | None) -> str:
        """The parameter an `ask` intent lacks, or `tool`."""
        node = fields.get("asks_for")
        if kind == "ask" and node is None and reader.root is not None:
            reader.wrong(
                reader.root,
                "an intent of kind 'ask' does not say what it asks for.",
                "Add `asks_for: PARAMETER`.",
            )
        text = reader.text(node, "asks_for")
        if text is None:
            return ""
        if kind not in ("ask", None):
            reader.wrong(
                text.place,
                f"an intent of kind {kind!r} asks for nothing.",
                "Take `asks_for` out, or write `kind: ask`.",
            )
        known = {parameter.name for tool in self.tools.values() for parameter in tool.parameters}
        # Where no tool has parameters, what is asked for is which tool: any name will do.
        if known and not self.lost_tools and text.text not in known and text.text != WHICH_TOOL:
            hint = f"{closest(text.text, sorted(known))} Write {WHICH_TOOL!r} where it is open which tool is meant."
            reader.wrong(text.place, f"no tool has a parameter {text.text!r}.", hint)
        return text.text

    def asks_of(self, reader: Reader, fields: Mapping[str, Node], kind: Kind | None, asks_for: str) -> str:
        """The tool whose parameter an `ask` intent lacks; empty where the file names none."""
        text = reader.text(fields.get("asks_of"), "asks_of")
        if text is None:
            return ""
        if kind != "ask":
            reader.wrong(text.place, f"an intent of kind {kind!r} asks for nothing.", "Take `asks_of` out, or write `kind: ask`.")  # fmt: skip
        tool = self.tools.get(text.text)
        if tool is None and self.tools and not self.lost_tools.intersection(["", text.text]):
            reader.wrong(text.place, f"unknown tool {text.text!r}.", closest(text.text, self.tools))
        elif tool is not None and asks_for not in (known := [p.name for p in tool.parameters]):
            reader.wrong(text.place, f"{tool.name} has no parameter {asks_for!r}.", closest(asks_for, known))
        return text.text

    # How it is said

    def templates(
        self, texts: Iterable[Text], use: TemplateUse, registers: Sequence[str], language: str
    ) -> tuple[Template, ...]:
        """Those of the texts that are templates."""
        forms, is_korean = self.forms[language], language == "ko"
        read = (
            read_template(text, use, forms, registers, self.complain, is_korean=is_korean, language=language)
            for text in texts
        )
        return tuple(template for template in read if template is not None)

    def families(
        self,
        reader: Reader,
        node: Node | None,
        calls: Sequence[CallPattern],
        answers: Sequence[Template],
        default: str,
    ) -> tuple[TemplateFamily, ...]:
        """The families, of which there are enough for each split in each of their languages.

        Args:
            default: the language of those that name none.
        """
        found: dict[str, TemplateFamily] = {}
        splits: dict[str, list[str]] = {}
        optional = ["registers", "joins", "language", "weight"]
        for item in reader.items(node, "families"):
            fields = reader.fields(item, "a family", ["name", "split", "templates"], optional)
            name, split = reader.text(fields.get("name"), "name"), reader.text(fields.get("split"), "split")
            if split is not None and split.text not in SPLITS:
                reader.wrong(split.place, f"unknown split {split.text!r}.", closest(split.text, SPLITS))
            language = reader.language(fields.get("language"), self.languages) or default
            splits.setdefault(language, []).append(split.text if split else "")
            registers = self.family_registers(reader, fields.get("registers"), language)
            templates = self.templates(
                reader.texts(fields.get("templates"), "templates"), "utterance", registers, language
            )
            self.check_name(reader, name, "name of a family")
            if name is None or split is None:
                continue
            if name.text in found:
                first = found[name.text].place.line
                reader.wrong(
                    name.place,
                    f"the family {name.text!r} is given twice (line {first}).",
                    "Give every family of an intent its own name.",
                )
            joins = reader.value(fields["joins"], "joins") if "joins" in fields else None
            if not isinstance(joins, bool | None):
                reader.wrong(fields["joins"], f"joins is {joins!r}.", "Write true or false.")
                joins = None
            weight = (reader.weight(fields["weight"], "weight") if "weight" in fields else None) or 1.0
            family = TemplateFamily(
                name.text, split.text, registers, templates, name.place, joins, language, weight
            )
            self.check_family(family, calls, answers)
            found[name.text] = family
        if isinstance(node, SequenceNode):
            for language, of_language in (splits or {default: []}).items():
                said = f" in {language!r}" if len(self.languages) > 1 else ""
                for wanted, least in MIN_FAMILIES.items():
                    if (has := of_language.count(wanted)) < least:
                        reader.wrong(
                            node,
                            f"{has} of its families{said} are in the split {wanted!r}; at least {least} are needed.",
                            "Add families with other wordings.",
                        )
        return tuple(found.values())

    def family_registers(self, reader: Reader, node: Node | None, language: str) -> tuple[str, ...]:
        """The registers a family's rows may have: those it names, else all of its language (that can ask, in Korean)."""
        known = self.registers[language]
        if node is None:
            able = tuple(name for name in known if endings_of(name).items)
            return able if language == "ko" and able else known
        texts = reader.texts(node, "registers")
        for text in texts:
            if text.text in known:
                continue
            others = [name for name, registers in self.registers.items() if text.text in registers]
            if others:
                what = f"the register {text.text!r} is one of {others[0]!r}, the family of {language!r}."
                reader.wrong(text.place, what, f"Write `language: {others[0]}`, or another register.")
            else:
                reader.wrong(text.place, f"unknown register {text.text!r}.", closest(text.text, known))
        return tuple(text.text for text in texts if text.text in known)

    def check_family(
        self,
        family: TemplateFamily,
        calls: Sequence[CallPattern],
        answers: Sequence[Template],
    ) -> None:
        """Note templates that a row could not be labelled by: of unknown register, or without a value of the call."""
        fixed = [template for template in family.templates if not template.uses_request]
        if fixed and len(family.registers) > 1:
            remedy = "Name it (`registers: [NAME]`), or move these templates to another family."
            what = (
                f"the family {family.name!r} may have {len(family.registers)} registers, but {len(fixed)} of its templates "
                "do not use `request`: their wording has one."
            )
            self.complain(fixed[0].place, what, remedy)
        self.check_language(family, calls, answers)
        needed = dict.fromkeys(slot for call in calls for slot in call.slots if slot in self.slots)
        for template in family.templates:
            for slot in needed:
                if slot not in template.always:
                    self.complain(
                        template.place,
                        f"the call takes {{{slot}}}, which this template does not always print.",
                        f"Print it outside of pick and maybe: {{{{ {slot} }}}}.",
                    )
            own = [answer for answer in answers if answer.language == family.language]
            if own and not any(template.always.issuperset(answer.slots) for answer in own):
                self.complain(
                    template.place,
                    "every answer names a slot that this template does not print.",
                    "Add an answer without slots.",
                )

    def check_language(
        self, family: TemplateFamily, calls: Sequence[CallPattern], answers: Sequence[Template]
    ) -> None:
        """Note what the family's language lacks: answers, forms of the slots it prints; and policies that are another's."""
        language = family.language
        if len(self.languages) < 2:
            return
        if answers and not any(answer.language == language for answer in answers):
            what = f"the family {family.name!r} is of {language!r}, in which the intent has no answers."
            self.complain(
                family.place, what, f"Write `answers: {{{language}: [...]}}`, with those of the others."
            )
        for name in dict.fromkeys(name for call in calls for name in call.policies):
            owner = self.policies[name].language
            if owner not in ("", language):
                what = f"the policy {name!r} is for {owner!r}, the family {family.name!r} of {language!r}."
                self.complain(
                    family.place,
                    what,
                    "Give the languages an intent each, or take `language` off the policy.",
                )
        for name in dict.fromkeys(slot for template in family.templates for slot in template.slots):
            for value in self.slots[name].values:
                key = ("no form", name, value.place, str(value.value), language)
                if key not in self.refused and not any(value.forms_in(language)):
                    self.refused.add(key)
                    said = "" if value.value is None else f" for {value.value!r}"
                    what = f"slot {name!r} has no form in {language!r}{said}, but {family.place} prints it."
                    self.complain(
                        value.place, what, f"Write `{{{language}: [...]}}` there, beside the others."
                    )


def check_together(intents: Sequence[Intent], problems: list[Problem]) -> None:
    """Note names and texts that two intents, or two families, share."""
    names: dict[str, Intent] = {}
    texts: dict[tuple[str, str], tuple[str, Place]] = {}
    for intent in intents:
        if intent.name in names:
            problems.append(
                Problem(
                    str(intent.place),
                    f"the intent {intent.name!r} is given twice ({names[intent.name].place}).",
                    "Give every intent its own name.",
                )
            )
        names.setdefault(intent.name, intent)
        for family in intent.families:
            for template in family.templates:
                where = f"{intent.name}/{family.name}"
                other, place = texts.setdefault(
                    (family.language, tidied(template.source.text)), (where, template.place)
                )
                if place != template.place:
                    problems.append(
                        Problem(
                            str(template.place),
                            f"the template stands in {other} already ({place}).",
                            "Take one out: one text in two families is a leak or a conflict.",
                        )
                    )
