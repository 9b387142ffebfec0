"""A tool's parameters as slots: what stands in the call, what is said, and with which words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fgdata import korean
from fgdata.characters import text_key
from fgdata.errors import FgError
from fgdata.own import korean_words, words
from fgdata.own.carry import Schema
from fgdata.own.notes import Notes
from fgdata.own.samples import is_allowed, is_mail, listed_numbers, number_range, spread_numbers, text_values
from fgdata.own.spoken import is_code, moment_forms
from fgdata.schema import JsonValue
from fgdata.slot_reader import RESERVED

_EVERYDAY = frozenset([*korean_words.NOUNS, *words.VERBS, "on", "off", "yes", "no", "up", "out", "in"])
"""Words that are no codes, however they are written."""
MAX_ITEMS = 4
"""Items of an array that one sentence names at most."""
MAX_OPTIONAL = 3
"""Optional parts of one object that are given."""


@dataclass(frozen=True, slots=True)
class DraftSlot:
    """A slot of slots.yaml, as it is written."""

    body: tuple[str, ...]
    """Its YAML, without its name."""
    forms: tuple[str, ...]
    """What it may print (of a range: its ends)."""
    is_made_up: bool = False
    """Whether its values are examples of ours."""
    n_values: int = 1
    dropped: tuple[str, ...] = ()
    """Values that no word tells from another's, or that have none: `asc` beside `ASC`, a full stop."""

    @property
    def takes_particles(self) -> bool:
        """Whether every form's last sound can be told."""
        try:
            return all(korean.josa(form, "으로/로") and korean.josa(form, "이고/고") for form in self.forms)
        except FgError:
            return False


@dataclass(frozen=True, slots=True)
class Said:
    """A parameter as it stands in a sentence: its label, and the slots that say its value."""

    label: str
    slots: tuple[str, ...]
    takes_particles: bool = True


@dataclass(frozen=True, slots=True)
class Argument:
    """A parameter as an intent gives it."""

    name: str
    pattern: Any
    """What stands under `arguments`."""
    said: tuple[Said, ...]
    """Empty where a policy gives it."""


@dataclass
class SlotMaker:
    """Makes the slots of a pack; parameters of the same name and values share one."""

    language: str
    notes: Notes
    slots: dict[str, DraftSlot] = field(default_factory=dict)
    policies: dict[str, tuple[JsonValue, str]] = field(default_factory=dict)
    """Policy -> its value, and why: what is given though nobody says it."""
    twins: dict[str, str] = field(default_factory=dict)
    """A slot that differs from another -> that other."""

    @property
    def is_korean(self) -> bool:
        """Whether the pack speaks Korean."""
        return self.language == "ko"

    def argument(self, tool: str, name: str, schema: Schema) -> Argument | None:
        """The parameter as an intent gives it; None if no value could be made up, which is noted."""
        made = self.pattern(f"{tool}.{name}", (name,), schema, "")
        return Argument(name, made[0], tuple(made[1])) if made else None

    def label(self, name: str, schema: Schema) -> str:
        """How a parameter is called in a sentence."""
        mailed = is_mail(name, schema)
        if not self.is_korean:
            return words.label_of(name, schema["type"], is_mail=mailed)
        found = korean_words.label_of(name, str(schema.get("description", "")), is_mail=mailed)
        self.told(found, name)
        return found

    def told(self, korean_text: str, name: str) -> None:
        """Note the words of a Korean text that are not Korean."""
        if foreign := re.findall(r"[A-Za-z]{3,}", korean_text):
            self.notes.add("no Korean word", name, ", ".join(foreign))

    def pattern(
        self, where: str, path: tuple[str, ...], schema: Schema, above: str
    ) -> tuple[Any, list[Said]] | None:
        """What stands in the call for a value, and how it is said.

        Args:
            path: the names that lead to it, below the tool.
            above: the label of the object it is in.
        """
        label = self.label(path[-1], schema)
        if above and text_key(above) not in text_key(label):
            label = f"{above} {label}"
        if schema["type"] == "object":
            return self.object(where, path, schema, label)
        if schema["type"] == "array":
            return self.array(where, path, schema, label)
        slot = self.scalar(where, path, schema)
        return (f"{{{slot}}}", [self.say(label, slot)]) if slot else None

    def say(self, label: str, *slots: str) -> Said:
        """The label with its slots."""
        return Said(
            label, slots, all(self.slots[self.twins.get(slot, slot)].takes_particles for slot in slots)
        )

    def object(
        self, where: str, path: tuple[str, ...], schema: Schema, label: str
    ) -> tuple[Any, list[Said]] | None:
        """An object: its required parts, and some of the others."""
        required = schema.get("required", [])
        pattern: dict[str, Any] = {}
        said: list[Said] = []
        optional = 0
        # Parts of a parameter are told apart by its name only where there is more than one object to mix them up with.
        for name, part in schema["properties"].items():
            place = f"{where}.{name}"
            if name not in required:
                if optional >= MAX_OPTIONAL:
                    self.notes.add("never asked for", place, "an optional part of an object that has others")
                    continue
                optional += 1
            made = self.pattern(place, (*path, name), part, label)
            if made is None:
                if name in required:
                    return None
                continue
            pattern[name] = made[0]
            said += made[1]
        if not pattern:
            if required or not is_allowed({}, schema):
                self.notes.add("no values", where, "an object")
                return None
            return self.policy(
                where, path, {}, "Its keys are not listed in the schema, so nothing can be asked for."
            )
        return pattern, said

    def policy(self, where: str, path: tuple[str, ...], value: JsonValue, why: str) -> tuple[Any, list[Said]]:
        """A value that is given though nobody says it."""
        name = _identifier("_".join(path), "given")
        stem, number = name, 2
        while name in self.policies and self.policies[name][0] != value:
            name, number = f"{stem}_{number}", number + 1
        self.policies[name] = (value, why)
        self.notes.add(
            "never asked for",
            where,
            f"no sentence can; {json.dumps(value, ensure_ascii=False)} where it must be given",
        )
        return f"{{policy.{name}}}", []

    def array(
        self, where: str, path: tuple[str, ...], schema: Schema, label: str
    ) -> tuple[Any, list[Said]] | None:
        """An array: a few plain values, or one object."""
        items = schema["items"]
        least, most = schema.get("minItems", 0), schema.get("maxItems", MAX_ITEMS)
        is_scalar = items["type"] not in ("object", "array")
        count = min(max(least, 2 if is_scalar else 1), max(most, least))
        if most == 0:
            return self.policy(where, path, [], "The schema allows no items.")
        if count > MAX_ITEMS:
            self.notes.add("no values", where, f"needs {least} items; a sentence names {MAX_ITEMS} at most")
            return None
        if not is_scalar:
            nested = self.object if items["type"] == "object" else self.array
            made = nested(f"{where}[]", path, items, label)
            # Further items are the same ones again: only one slot can differ from another.
            if made is None or (count > 1 and schema.get("uniqueItems")):
                self.notes.add("no values", where, "an array of items that are no plain values")
                return None
            return [made[0]] * count, made[1]
        first = self.scalar(f"{where}[]", path, items, is_item=count > 1)
        if first is None:
            return None
        slots = [first]
        if count > 1 and self.slots[first].n_values > 1:
            while len(slots) < count:
                twin = f"{first}_{len(slots) + 1}"
                self.twins[twin] = first
                slots.append(twin)
        if len(slots) < least or (len(slots) > 2 and schema.get("uniqueItems")):
            self.notes.add("no values", where, f"{least} different items")
            return None
        return [f"{{{slot}}}" for slot in slots], [self.say(label, *slots)]

    # Slots

    def scalar(
        self, where: str, path: tuple[str, ...], schema: Schema, *, is_item: bool = False
    ) -> str | None:
        """The name of the slot with the values of a text, number or boolean; None if there are none."""
        made = self.draft(path[-1], schema, is_item=is_item)
        if made is None:
            self.notes.add("no values", where, str(schema.get("pattern") or schema["type"]))
            return None
        for value in made.dropped:
            self.notes.add("never asked for", where, f"the value {value}: no word tells it from the others")
        for length in range(1, len(path) + 1):
            name = _identifier("_".join(path[-length:]), "value")
            if self.slots.setdefault(name, made) == made:
                return name
        name = _identifier(where.replace("[]", ""), "value")
        stem, number = name, 2
        while self.slots.setdefault(name, made) != made:
            name, number = f"{stem}_{number}", number + 1
        return name

    def draft(self, name: str, schema: Schema, *, is_item: bool = False) -> DraftSlot | None:
        """The slot of one parameter.

        Args:
            is_item: whether another slot differs from it: every pair of their values is counted, so there are few.
        """
        kind = schema["type"]
        if "enum" in schema:
            return _listed(
                [(value, self.forms(value)) for value in schema["enum"] if is_allowed(value, schema)]
            )
        if kind == "boolean":
            forms = (
                (("켬", "사용"), ("끔", "미사용"))
                if self.is_korean
                else (("on", "enabled"), ("off", "disabled"))
            )
            return _listed([(True, forms[0]), (False, forms[1])])
        if kind in ("integer", "number"):
            ends = number_range(schema)
            if ends is not None and is_item:
                spread = [number for number in spread_numbers(*ends) if is_allowed(number, schema)]
                return _listed([(number, (str(number),)) for number in spread], is_made_up=True)
            if ends is not None:
                body = (f"range: {{from: {ends[0]}, to: {ends[1]}, step: {ends[2]}}}", 'forms: ["{{ n }}"]')
                is_made_up = not (
                    {"minimum", "exclusiveMinimum"} & schema.keys()
                    and {"maximum", "exclusiveMaximum"} & schema.keys()
                )
                return DraftSlot(body, (str(ends[0]), str(ends[1])), is_made_up, 2)
            return _listed([(number, (str(number),)) for number in listed_numbers(schema)], is_made_up=True)
        texts, is_made_up = text_values(name, schema, is_korean=self.is_korean)
        spoken = [(text, moment_forms(text, is_korean=self.is_korean) or (text,)) for text in texts]
        return _listed(spoken, is_made_up=is_made_up)

    def forms(self, value: JsonValue) -> tuple[str, ...]:
        """How a listed value is said."""
        if isinstance(value, bool):
            return ((("켬", "끔") if self.is_korean else ("on", "off"))[not value],)
        if not isinstance(value, str):
            return (json.dumps(value, ensure_ascii=False),)
        if is_code(value, _EVERYDAY):
            return (value,)
        spoken = words.said(" ".join(words.words_of(value)) if not value.isdecimal() else value)
        if self.is_korean and not korean_words.HANGUL.search(value):
            new = korean_words.translated(value) if spoken else ""
            return (new,) if new and korean_words.HANGUL.search(new) else (spoken or value,)
        return (spoken or value,)


def _listed(
    pairs: Sequence[tuple[JsonValue, tuple[str, ...]]], *, is_made_up: bool = False
) -> DraftSlot | None:
    """A slot of listed values; a form that two values share is replaced by the values themselves."""
    if not pairs:
        return None
    counts: dict[str, int] = {}
    for _, forms in pairs:
        for form in forms:
            counts[text_key(form)] = counts.get(text_key(form), 0) + 1
    lines, said, seen, dropped = ["values:"], [], set(), []
    for value, forms in pairs:
        kept = [form for form in forms if counts[text_key(form)] == 1] or [str(value)]
        kept = [form for form in kept if re.search(r"\w", form) and text_key(form) not in seen]
        if not kept:
            dropped.append(_yaml(value))
            continue
        seen |= {text_key(form) for form in kept}
        said += kept
        lines.append(f"  - {{value: {_yaml(value)}, forms: {_yaml(kept)}}}")
    count = len(lines) - 1
    return DraftSlot(tuple(lines), tuple(said), is_made_up, count, tuple(dropped)) if count else None


def _yaml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _identifier(text: str, instead: str) -> str:
    name = "_".join(words.words_of(text)) or instead
    name = name if name.isidentifier() else f"v_{name}"
    return f"{name}_" if name in RESERVED else name


def numbered(said: list[Said]) -> list[Said]:
    """What an intent says, labels told apart: two that are alike get a number."""
    seen: dict[str, int] = {}
    found = []
    for one in said:
        count = seen[text_key(one.label)] = seen.get(text_key(one.label), 0) + 1
        found.append(one if count == 1 else Said(f"{one.label} {count}", one.slots, one.takes_particles))
    return found


def chunks(arguments: Mapping[str, Argument], size: int) -> Iterator[list[Argument]]:
    """Optional arguments in groups that one sentence can say."""
    group: list[Argument] = []
    for argument in arguments.values():
        if group and sum(len(one.said) for one in [*group, argument]) > size:
            yield group
            group = []
        group.append(argument)
    if group:
        yield group
