"""Packs: what can be asked of a set of tools, in templates a person can write. Every part keeps its file and line.

Pack                        pack.yaml and tools.json
├── Slot                    slots.yaml: canonical values and how they are said
│   └── SlotValue
└── Intent                  intents/*.yaml: a call pattern, or no call, or asking back
    ├── CallPattern
    └── TemplateFamily      unrelated wordings; each lies in one split
        └── Template
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from fgdata.joins import joins_of
from fgdata.positions import Place
from fgdata.schema import Call, JsonValue, Tool
from fgdata.template import Template

Kind = Literal["call", "several", "exception", "correction", "no_call", "negation", "missing_tool", "ask"]
KINDS: tuple[Kind, ...] = (
    "call",
    "several",
    "exception",
    "correction",
    "no_call",
    "negation",
    "missing_tool",
    "ask",
)
"""What is asked: one call; two to four; all but one ("거실만 빼고"); a value taken back in the same breath ("24도, 아니 25도"); nothing that a
tool does, or talk; to leave something ("끄지 마"); what only a tool does that is not declared; something that lacks a value."""
CALLING: frozenset[Kind] = frozenset({"call", "several", "exception", "correction"})
"""Kinds whose right completion calls."""
WHICH_TOOL = "tool"
"""What an intent asks for where the words fit several tools: 켜 줘, of what?"""
BORROWED: Kind = "missing_tool"
"""The kind whose texts are those of `call`, with the right tool taken out of the declarations."""

SPLITS = ("train", "validation", "test")
"""Splits that families lie in, and every data set has."""
HELD_OUT_SPLITS = ("test_values", "test_compositions")
"""Splits of the test families: with slot values, or pairs of intents, that no other row has."""
ALL_SPLITS = (*SPLITS, *HELD_OUT_SPLITS)
MIN_FAMILIES: Mapping[str, int] = {"train": 6, "validation": 2, "test": 3}
"""Families every intent has at least in each split: with fewer, a test score says little about unseen wordings."""

REFERENCE = re.compile(r"\{([\w.]+)\}")
"""What names a slot, or `policy.NAME`, in a call's arguments; it must be the whole text."""


@dataclass(frozen=True, slots=True)
class SlotValue:
    """A canonical value and its surface forms."""

    value: JsonValue
    """What stands in the call; None for words."""
    forms: tuple[str, ...]
    place: Place
    shares: tuple[float, ...] = ()
    """How often each form is drawn, beside those of the slot's other values."""
    held_out: frozenset[str] = frozenset()
    """Forms that only `test_values` has."""
    registers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Form -> the registers it is said in, where not in all."""
    languages: tuple[str, ...] = ()
    """The language of each form; empty in a pack of one. A form that two languages have stands there twice."""

    def forms_in(self, language: str) -> Iterator[str]:
        """The forms of one language."""
        if not self.languages:
            return iter(self.forms)
        pairs = zip(self.forms, self.languages, strict=True)
        return (form for form, of in pairs if of == language)


@dataclass(frozen=True, slots=True)
class Slot:
    """A gap in an utterance."""

    name: str
    kind: Literal["values", "range", "words"]
    """Listed values, numbers from a range, or words that are no argument."""
    values: tuple[SlotValue, ...]
    """In the order written; a range from its first number to its last. Words are one value, None, with many forms."""
    place: Place
    differs_from: str = ""
    """A slot whose value this one never has in the same row; it has that slot's values."""

    @property
    def has_value(self) -> bool:
        """Whether it may be an argument."""
        return self.kind != "words"

    @property
    def ends(self) -> tuple[SlotValue, ...]:
        """First and last number of a range; else nothing."""
        return (self.values[0], self.values[-1]) if self.kind == "range" and len(self.values) > 1 else ()

    @property
    def forms(self) -> Iterator[str]:
        """Every surface form of every value."""
        return (form for value in self.values for form in value.forms)

    def forms_in(self, language: str) -> Iterator[str]:
        """Every surface form of every value in one language."""
        return (form for value in self.values for form in value.forms_in(language))


@dataclass(frozen=True, slots=True)
class Policy:
    """What an ambiguous request means in this pack."""

    name: str
    value: JsonValue
    why: str
    place: Place
    language: str = ""
    """The only language whose families may go by it; empty where all may."""


@dataclass(frozen=True, slots=True)
class CallPattern:
    """A call whose arguments may name slots."""

    tool: str
    arguments: Mapping[str, Any]
    """As written; a text `{slot}` stands for the slot's canonical value, policies are already put in."""
    slots: tuple[str, ...]
    """The slots it names, the tool's own among them."""
    place: Place
    policies: tuple[str, ...] = ()
    """The policies whose values stand in it."""
    each: tuple[str, tuple[JsonValue, ...], str] | None = None
    """One call for each value: the argument, the values, and the slot whose value is left out."""

    def calls(self, values: Mapping[str, JsonValue]) -> list[Call]:
        """The calls with `values` in the place of their slots."""
        tool = str(filled(self.tool, values))
        arguments = {name: filled(value, values) for name, value in self.arguments.items()}
        if self.each is None:
            return [Call(tool, arguments)]
        argument, each, left_out = self.each
        kept = [value for value in each if not left_out or value != values[left_out]]
        return [Call(tool, {**arguments, argument: value}) for value in kept]


def filled(pattern: Any, values: Mapping[str, JsonValue]) -> JsonValue:
    """An argument with the values of the slots it names."""
    if isinstance(pattern, str):
        reference = REFERENCE.fullmatch(pattern)
        return values[reference[1]] if reference else pattern
    if isinstance(pattern, Mapping):
        return {name: filled(value, values) for name, value in pattern.items()}
    if isinstance(pattern, list):
        return [filled(value, values) for value in pattern]
    return pattern  # type: ignore[no-any-return]  # null, a number or a boolean


@dataclass(frozen=True, slots=True)
class TemplateFamily:
    """Templates of one intent that share wording and structure; the unit that goes to a split."""

    name: str
    """Unique in the intent."""
    split: str
    registers: tuple[str, ...]
    """Registers its rows may have."""
    templates: tuple[Template, ...]
    place: Place
    joins: bool | None = None
    """Whether its texts may stand beside another's in one utterance; where not said, those that end in `request` may."""
    language: str = ""
    """Of all its texts."""
    weight: float = 1.0
    """Share among the intent's families of its split."""


@dataclass(frozen=True, slots=True)
class Composition:
    """Several calls in one utterance, put together from intents."""

    name: str
    weight: float
    parts: tuple[tuple[str, ...], ...]
    """Two to four: for each the intents that may stand there."""
    joins: tuple[str, ...]
    """How the parts are joined: names of joins, each of which is of one language (`fgdata.joins`)."""
    place: Place


@dataclass(frozen=True, slots=True)
class PromptRule:
    """Which tools stand in a row's prompt, and how. The default keeps declarations the same in all rows of a pack."""

    distractors: int | None = None
    """Tools beside the right ones; None for all of the pack."""
    is_shuffled: bool = False
    masked: float = 0.0
    """Share of rows whose names of tools and parameters are random: the model must read descriptions."""
    place: Place | None = field(default=None, compare=False)
    """Where the number of distractors stands."""

    @property
    def is_plain(self) -> bool:
        """Whether every row declares all tools in their order."""
        return self == PromptRule()


@dataclass(frozen=True, slots=True)
class Intent:
    """What is asked for."""

    name: str
    kind: Kind
    weight: float
    """Share among the intents of its kind."""
    calls: tuple[CallPattern, ...]
    answers: tuple[Template, ...]
    """What the model says instead of calling."""
    asks_for: str
    """The parameter an `ask` intent lacks, or `WHICH_TOOL`; else empty."""
    families: tuple[TemplateFamily, ...]
    place: Place
    asks_of: str = ""
    """The tool that an `ask` intent would call, which its rows always declare; empty where it may be any."""

    @property
    def label_slots(self) -> frozenset[str]:
        """Slots that its calls take."""
        return frozenset(slot for pattern in self.calls for slot in pattern.slots)

    @property
    def languages(self) -> frozenset[str]:
        """Languages of its families."""
        return frozenset(family.language for family in self.families)

    def answers_in(self, language: str) -> tuple[Template, ...]:
        """What the model says in one language."""
        return tuple(answer for answer in self.answers if answer.language == language)

    def families_in(self, split: str) -> tuple[TemplateFamily, ...]:
        """The families of one split."""
        return tuple(family for family in self.families if family.split == split)


@dataclass(frozen=True)
class Pack:
    """A folder of templates, read and checked."""

    name: str
    version: str
    languages: tuple[str, ...]
    """The first is that of what names none."""
    title: str
    licence: str
    developers: Mapping[str, str]
    """Language -> developer message, without declarations."""
    splits: Mapping[str, float]
    mix: Mapping[str, float]
    """Share of each kind."""
    language_mix: Mapping[str, float]
    """Share of each language."""
    registers: Mapping[str, float]
    """Shares of all languages' registers, each within its language; no two languages have one of the same name."""
    register_languages: Mapping[str, str]
    """Register -> its language."""
    policies: Mapping[str, Policy]
    tools: tuple[Tool, ...]
    slots: Mapping[str, Slot]
    intents: tuple[Intent, ...]
    folder: str
    sha256: str
    """Over names and contents of the pack's files."""
    compositions: tuple[Composition, ...] = ()
    held_out_pairs: frozenset[tuple[str, str]] = frozenset()
    """Pairs of intents that only `test_compositions` has in one utterance, in whatever order and place."""
    missing_tool_answers: tuple[Template, ...] = ()
    prompt: PromptRule = PromptRule()
    each_value: int = 1
    """Rows that every listed value, and both ends of every range, has in each split at least."""
    at_most: float = 1.0
    """Share of a slot's rows that one of its values has at most."""

    @property
    def language(self) -> str:
        """The first language."""
        return self.languages[0]

    @property
    def developer(self) -> str:
        """The developer message of the first language."""
        return self.developers[self.language]

    def is_held_out(self, intents: Collection[str]) -> bool:
        """Whether an utterance of these intents is for `test_compositions` alone."""
        return any(first in intents and second in intents for first, second in self.held_out_pairs)

    def tuples_of(self, composition: Composition, *, held_out: bool) -> list[tuple[str, ...]]:
        """The tuples of intents that a composition joins: those that are held out, or the others. None says an intent twice."""
        return [
            intents
            for intents in itertools.product(*composition.parts)
            if len(set(intents)) == len(intents) and self.is_held_out(intents) == held_out
        ]

    def tuples_in(self, split: str, language: str) -> dict[str, list[tuple[str, ...]]]:
        """Composition -> the tuples of intents that a split should have in a language, whether its families can be joined or not."""
        speaks = {intent.name for intent in self.intents if language in intent.languages}
        joins = joins_of([language])
        return {
            composition.name: [
                intents
                for intents in self.tuples_of(composition, held_out=split == "test_compositions")
                if speaks.issuperset(intents)
            ]
            for composition in self.compositions
            if split != "test_values" and not joins.keys().isdisjoint(composition.joins)
        }

    def registers_of(self, language: str) -> dict[str, float]:
        """Shares of one language's registers."""
        return {name: w for name, w in self.registers.items() if self.register_languages[name] == language}

    @cached_property
    def tools_by_name(self) -> dict[str, Tool]:
        """The tools by name, in the order declared."""
        return {tool.name: tool for tool in self.tools}

    @cached_property
    def tool_entries(self) -> list[dict[str, Any]]:
        """The tools as a row declares them."""
        return [tool.to_json() for tool in self.tools]
