"""Reads slots.yaml: canonical values, how they are said and how often, and which forms are held out for `test_values`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from math import fsum
from typing import NamedTuple

import jinja2
from yaml.nodes import MappingNode, Node

from fgdata import korean
from fgdata.chance import Chance
from fgdata.characters import text_key
from fgdata.errors import FgError, Problem
from fgdata.languages import by_language
from fgdata.pack import Slot, SlotValue
from fgdata.positions import Place, Reader, Text, closest
from fgdata.schema import JsonValue
from fgdata.template import CHOICES, Wording, read_template

MAX_RANGE = 10_000
"""Numbers a range may hold; a test of a larger one would say nothing about most of them."""
MAX_FORMS = 100_000
"""Forms that the numbers of a range may have in all."""
RESERVED = {*CHOICES, "policy", "n", "true", "false", "none", "True", "False", "None", "not", "and", "or", "in", "is", "if", "else"}  # fmt: skip
KINDS = ("values", "range", "words", "like")


class Form(NamedTuple):
    """How a value is said in one language."""

    language: str
    text: str


Said = dict[Form, float]
"""Forms with their weights."""


class SlotReader:
    """The slots of one file, and the problems found in them.

    Args:
        registers: the pack's languages, each with its registers.
    """

    def __init__(
        self, reader: Reader, problems: list[Problem], registers: Mapping[str, Sequence[str]]
    ) -> None:
        self.reader = reader
        self.registers = registers
        self.languages = tuple(registers)
        self.problems = problems

    def read(self) -> dict[str, Slot]:
        """The slots by name."""
        reader = self.reader
        fields = reader.fields(reader.root, "slots.yaml", ["slots"])
        found: dict[str, Slot] = {}
        for name, (key, body) in reader.mapping(fields.get("slots"), "slots").items():
            if not name.isidentifier() or name in RESERVED:
                reader.wrong(
                    key,
                    f"{name!r} cannot be a slot's name.",
                    "Use letters, digits and _, and none of the words that templates use themselves.",
                )
                continue
            kinds = [kind for kind in KINDS if kind in reader.mapping(body, f"slot {name!r}")]
            if len(kinds) != 1:
                has = f"has {' and '.join(kinds)}" if kinds else "has no values"
                reader.wrong(
                    key,
                    f"slot {name!r} {has}.",
                    "Give it one of `values:`, `range:` with `forms:`, `words:`, or `like:` with `differs_from:`.",
                )
                continue
            # A slot whose values do not read is kept without any: its templates are still checked.
            found[name] = self.slot(name, kinds[0], key, body, found)
        return found

    def slot(self, name: str, kind: str, key: Node, body: Node, known: Mapping[str, Slot]) -> Slot:
        """One slot."""
        reader, place = self.reader, self.reader.place(key)
        if kind == "like":
            return self.twin(name, place, body, known)
        if kind == "range":
            nodes = reader.fields(body, f"slot {name!r}", ["range"], ["forms", "weights", "held_out"])
            return Slot(name, "range", self.range_values(name, nodes), place)
        if kind == "values":
            nodes = reader.fields(body, f"slot {name!r}", ["values"])
            return Slot(name, "values", self.listed_values(name, nodes["values"]), place)
        nodes = reader.fields(body, f"slot {name!r}", ["words"])
        registers: dict[Form, frozenset[str]] = {}
        words = self.forms(nodes["words"], f"words of slot {name!r}", registers)
        values = [(self.slot_value(None, words, place, registers), list(words.values()))] if words else []
        return Slot(name, "words", shared_out(values), place)

    def slot_value(
        self,
        value: JsonValue,
        forms: Iterable[Form],
        place: Place,
        registers: Mapping[Form, frozenset[str]],
        held_out: Iterable[Form] = (),
    ) -> SlotValue:
        """A value with its forms."""
        forms = list(forms)
        # What is said in some registers of one language may be said in all of another.
        said: dict[str, frozenset[str]] = {}
        for text in {form.text for form in registers}:
            of_text = [form for form in forms if form.text == text]
            said[text] = frozenset[str]().union(
                *(registers.get(f, self.registers[f.language]) for f in of_text)
            )
        return SlotValue(
            value,
            tuple(form.text for form in forms),
            place,
            held_out=frozenset(form.text for form in held_out),
            registers=said,
            languages=tuple(form.language for form in forms) if len(self.languages) > 1 else (),
        )

    def twin(self, name: str, place: Place, body: Node, known: Mapping[str, Slot]) -> Slot:
        """A slot with another's values, that differs from it where both are printed."""
        fields = self.reader.fields(body, f"slot {name!r}", ["like", "differs_from"])
        texts = [
            self.reader.text(fields.get(key), f"`{key}` of slot {name!r}") for key in ("like", "differs_from")
        ]
        for text in texts:
            if text is not None and text.text not in known:
                self.reader.wrong(
                    text.place, f"slot {name!r} names an unknown slot {text.text!r}.",
                    f"Give that slot first. {closest(text.text, known)}",
                )  # fmt: skip
        like, other = (known.get(text.text) if text else None for text in texts)
        if like is None or other is None:
            return Slot(name, "values", (), place)
        if [v.value for v in like.values] != [v.value for v in other.values]:
            self.reader.wrong(place, f"slot {name!r} differs from {other.name!r}, whose values are others.", "Both need the same values.")  # fmt: skip
        return Slot(name, like.kind, like.values, place, other.name)

    def forms(
        self, node: Node | None, what: str, registers: dict[Form, frozenset[str]] | None = None
    ) -> Said:
        """Plain surface forms with their weights: a text, or `{text: ..., weight: ..., registers: [...]}`; by language, or of the first.

        Args:
            registers: takes the registers of forms that are not said in all.
        """
        found: Said = {}
        for language, listed in by_language(self.reader, node, what, self.languages).items():
            for item in self.reader.items(listed, what):
                self.form(item, what, language, found, registers)
        return found

    def form(
        self, item: Node, what: str, language: str, found: Said, registers: dict[Form, frozenset[str]] | None
    ) -> None:
        """Add one form to `found`."""
        reader, weight, named = self.reader, None, None
        text: Text | None
        if isinstance(item, MappingNode):
            fields = reader.fields(item, f"an item of {what}", ["text"], ["weight", "registers"])
            text = reader.text(fields.get("text"), f"an item of {what}")
            weight = reader.weight(fields["weight"], "weight") if "weight" in fields else None
            if text is not None and "registers" in fields and registers is not None:
                named = self.registers_of(fields["registers"], language)
        else:
            text = reader.text(item, f"an item of {what}")
        if text is None:
            return
        form = Form(language, text.text)
        if named is not None and registers is not None:
            registers[form] = named
        if form in found:
            reader.wrong(text.place, f"{text.text!r} is given twice in {what}.", "Take one out.")
        if "{{" in text.text or "{%" in text.text:
            reader.wrong(
                text.place,
                f"{text.text!r} in {what} looks like a template.",
                "Only the forms of a range are templates; write the text itself.",
            )
        found[form] = weight or 1.0

    def registers_of(self, node: Node, language: str) -> frozenset[str]:
        """Registers of the language that a form is said in."""
        texts = self.reader.texts(node, "registers")
        for text in texts:
            if text.text not in self.registers[language]:
                self.reader.wrong(
                    text.place,
                    f"unknown register {text.text!r}.",
                    closest(text.text, self.registers[language]),
                )
        return frozenset(text.text for text in texts)

    def listed_values(self, slot: str, node: Node) -> tuple[SlotValue, ...]:
        """Listed values, each with a weight for all its forms together."""
        reader = self.reader
        found: dict[str, tuple[SlotValue, list[float]]] = {}
        said: dict[str, tuple[Place, str, bool]] = {}
        for item in reader.items(node, f"values of slot {slot!r}"):
            fields = reader.fields(
                item, f"a value of slot {slot!r}", ["value", "forms"], ["weight", "held_out"]
            )
            if not {"value", "forms"} <= fields.keys():
                continue
            place, value = reader.place(item), reader.value(fields["value"], f"a value of slot {slot!r}")
            registers: dict[Form, frozenset[str]] = {}
            seen = self.forms(fields["forms"], f"forms of slot {slot!r}", registers)
            held = (
                self.forms(fields.get("held_out"), f"held_out of slot {slot!r}")
                if "held_out" in fields
                else {}
            )
            weight = (reader.weight(fields["weight"], "weight") if "weight" in fields else None) or 1.0
            key = json.dumps(value, sort_keys=True)
            if key in found:
                first = found[key][0].place.line
                reader.wrong(item, f"the value {key} of slot {slot!r} is given twice (line {first}).", "Join their forms.")  # fmt: skip
            for form in (*seen, *held):
                spelt = text_key(form.text)
                first_place, first_key, is_held = said.setdefault(spelt, (place, key, form in held))
                if (key, form in held) != (first_key, is_held):
                    reader.wrong(
                        item,
                        f"{form.text!r} says two values of slot {slot!r}, or is held out and not (line {first_place.line}).",
                        "Keep it with one, blanks and case aside: a row could not be labelled.",
                    )
            # In each language the value's forms have its weight together.
            whole = {
                language: fsum(w for form, w in seen.items() if form.language == language)
                for language in self.languages
            }
            kept = {language: sum(form.language == language for form in held) for language in self.languages}
            weights = [weight * share / whole[form.language] for form, share in seen.items()] + [
                weight * share / kept[form.language] for form, share in held.items()
            ]
            if seen:
                found[key] = (self.slot_value(value, (*seen, *held), place, registers, held), weights)
        return shared_out(list(found.values()))

    def range_values(self, slot: str, nodes: Mapping[str, Node]) -> tuple[SlotValue, ...]:
        """The numbers of a range."""
        reader = self.reader
        ends = reader.fields(nodes.get("range"), f"range of slot {slot!r}", ["from", "to"], ["step", "unit"])
        unit_nodes = by_language(reader, ends.pop("unit", None), f"`unit` of slot {slot!r}", self.languages)
        read = {name: reader.text(node, f"`unit` of slot {slot!r}") for name, node in unit_nodes.items()}
        units = {name: text.text.strip() for name, text in read.items() if text is not None}
        if not units and "forms" not in nodes:
            reader.wrong(
                nodes["range"], f"slot {slot!r} does not say how its numbers are said.", "Add `forms:`, or a `unit` to the range.",
            )  # fmt: skip
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
        said = [int(v) if is_whole else float(v) for v in values]
        return self.said_numbers(slot, said, nodes, units)

    def said_numbers(
        self, slot: str, numbers: list[int | float], nodes: Mapping[str, Node], units: Mapping[str, str]
    ) -> tuple[SlotValue, ...]:
        """Each number with its forms, rendered once and for all: those that are written, or all that its unit has.

        Forms with digits and forms without are drawn equally often, unless their weights say otherwise.
        """
        reader = self.reader
        written = by_language(reader, nodes.get("forms"), f"forms of slot {slot!r}", self.languages)
        texts = {name: self.number_forms(node, slot) for name, node in written.items()}
        if (count := sum(map(len, texts.values())) * len(numbers)) > MAX_FORMS:
            each = count // len(numbers)
            what = f"slot {slot!r} has {count} forms, {each} for each of its numbers."
            reader.wrong(nodes["forms"], what, f"At most {MAX_FORMS}: a larger step, or fewer ways to say a number.")  # fmt: skip
            return ()
        forms: list[Said] = [{} for _ in numbers]
        shares: list[list[float]] = [[] for _ in numbers]
        for language in self.languages:
            of_language: list[dict[str, float]] = [{} for _ in numbers]
            if language in written:
                self.add_rendered(slot, numbers, texts[language], of_language, language)
            elif unit := units.get(language):
                for number, one in zip(numbers, of_language, strict=True):
                    one.update(dict.fromkeys(self.unit_forms(number, unit, nodes, language), 1.0))
            for said, known, one in zip(forms, shares, of_language, strict=True):
                said.update((Form(language, text), weight) for text, weight in one.items())
                known.extend(_balanced(one))
        self.refuse_said_alike(slot, numbers, forms, nodes)
        weights, held = self.number_weights(slot, numbers, nodes), self.held_numbers(slot, numbers, nodes)
        place = reader.place(nodes["forms"]) if "forms" in nodes else Place(reader.file, 1)
        values = []
        for number, said, share in zip(numbers, forms, shares, strict=True):
            if said:
                value = self.slot_value(number, said, place, {}, said if number in held else ())
                values.append((value, [weights.get(number, 1.0) * one for one in share]))
        return shared_out(values)

    def add_rendered(
        self,
        slot: str,
        numbers: Sequence[int | float],
        texts: Sequence[tuple[Text, float]],
        forms: Sequence[dict[str, float]],
        language: str,
    ) -> None:
        """Add to each number's forms what these templates print for it."""
        wording, reader = Wording(Chance("forms")), self.reader
        for text, weight in texts:
            template = read_template(
                text, "form", {"n": [str(numbers[0]), str(numbers[-1])]}, (), self.complain, is_korean=language == "ko"
            )  # fmt: skip
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
                    said.setdefault(template.render(wording, {"n": number}), weight)
            except (FgError, ValueError, TypeError, jinja2.TemplateError) as error:
                reader.wrong(
                    text.place,
                    f"the form {text.text!r} of slot {slot!r} fails for {number}: {error}",
                    "Another filter, or another range.",
                )

    def unit_forms(
        self, number: int | float, unit: str, nodes: Mapping[str, Node], language: str
    ) -> tuple[str, ...]:
        """The ways to say a number with its unit."""
        if language != "ko":
            return (f"{number} {unit}" if abs(number) != 1 else f"{number} {unit.removesuffix('s')}",)
        try:
            return korean.count_forms(number, unit)
        except FgError as error:
            if not any(str(error.problems[0].what) in problem.what for problem in self.problems):
                self.reader.wrong(nodes["range"], str(error.problems[0].what), "Write `forms:` yourself.")
            return ()

    def refuse_said_alike(
        self,
        slot: str,
        numbers: Sequence[int | float],
        forms: Sequence[Said],
        nodes: Mapping[str, Node],
    ) -> None:
        """Note the first form that two numbers share."""
        first: dict[str, int | float] = {}
        for number, said in zip(numbers, forms, strict=True):
            for form in said:
                if (other := first.setdefault(text_key(form.text), number)) != number:
                    what = f"the form {form.text!r} says {other} and {number} of slot {slot!r}."
                    self.reader.wrong(
                        nodes.get("forms", nodes["range"]), what, "Make every number's forms its own."
                    )
                    return

    def number_forms(self, node: Node | None, slot: str) -> list[tuple[Text, float]]:
        """The templates of a number's forms, with their weights."""
        reader, found = self.reader, list[tuple[Text, float]]()
        for item in reader.items(node, f"forms of slot {slot!r}"):
            fields = (
                reader.fields(item, f"an item of forms of slot {slot!r}", ["text"], ["weight"])
                if isinstance(item, MappingNode)
                else {"text": item}
            )
            text = reader.text(fields.get("text"), f"an item of forms of slot {slot!r}")
            weight = reader.weight(fields["weight"], "weight") if "weight" in fields else 1.0
            if text is not None and any(text.text == other.text for other, _ in found):
                reader.wrong(text.place, f"{text.text!r} is given twice in forms of slot {slot!r}.", "Take one out.")  # fmt: skip
            elif text is not None:
                found.append((text, weight or 1.0))
        return found

    def number_weights(
        self, slot: str, numbers: Sequence[int | float], nodes: Mapping[str, Node]
    ) -> dict[int | float, float]:
        """Number -> weight, of those that are said more or less often than others."""
        found: dict[int | float, float] = {}
        for name, (key, node) in self.reader.mapping(
            nodes.get("weights"), f"weights of slot {slot!r}"
        ).items():
            number = self._number(name)
            if number not in numbers:
                self.reader.wrong(
                    key, f"slot {slot!r} has no number {name}.", "Weights are for its own numbers."
                )
            elif (weight := self.reader.weight(node, f"weights.{name}")) is not None and number is not None:
                found[number] = weight
        return found

    def held_numbers(
        self, slot: str, numbers: Sequence[int | float], nodes: Mapping[str, Node]
    ) -> frozenset[JsonValue]:
        """Numbers that only `test_values` has: interior ones alone, since both ends stand in every split."""
        found = set()
        for item in self.reader.items(nodes.get("held_out"), f"held_out of slot {slot!r}"):
            number = self.reader.number(item, f"held_out of slot {slot!r}")
            if number is None:
                continue
            if number not in numbers[1:-1]:
                self.reader.wrong(
                    item,
                    f"{number} cannot be held out of slot {slot!r}.",
                    "Hold out numbers between the two ends, which every split must have.",
                )
            found.add(number)
        return frozenset(found)

    @staticmethod
    def _number(text: str) -> int | float | None:
        if re.fullmatch(r"-?[0-9]{1,18}", text):
            return int(text)
        return float(text) if re.fullmatch(r"-?[0-9]{1,18}\.[0-9]{1,18}", text) else None

    def complain(self, place: Place, what: str, remedy: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(str(place), what, remedy))


def _balanced(forms: Mapping[str, float]) -> list[float]:
    """Weights of a number's forms: those with digits and those spelt out have half each."""
    has_digit = {form: any(sign.isdigit() for sign in form) for form in forms}
    sums = {
        kind: fsum(weight for form, weight in forms.items() if has_digit[form] is kind)
        for kind in (True, False)
    }
    groups = sum(1 for whole in sums.values() if whole)
    return [weight / sums[has_digit[form]] / groups for form, weight in forms.items()]


def shared_out(values: list[tuple[SlotValue, list[float]]]) -> tuple[SlotValue, ...]:
    """The values with their forms' weights scaled to a sum of 1 over the whole slot."""
    whole = fsum(fsum(weights) for _, weights in values)
    return tuple(
        replace(value, shares=tuple(weight / whole for weight in weights))
        for value, weights in values
        if value.forms
    )
