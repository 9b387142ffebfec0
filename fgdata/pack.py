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

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from fgdata.positions import Place
from fgdata.schema import Call, JsonValue, Tool
from fgdata.template import Template

Kind = Literal["call", "no_call", "ask"]
KINDS: tuple[Kind, ...] = ("call", "no_call", "ask")
"""The right completion calls tools; calls none because none fits or it is talk; asks back for a value that is missing."""

SPLITS = ("train", "validation", "test")
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


@dataclass(frozen=True, slots=True)
class Slot:
    """A gap in an utterance."""

    name: str
    kind: Literal["values", "range", "words"]
    """Listed values, numbers from a range, or words that are no argument."""
    values: tuple[SlotValue, ...]
    """In the order written; a range from its first number to its last. Words are one value, None, with many forms."""
    place: Place

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


@dataclass(frozen=True, slots=True)
class Policy:
    """What an ambiguous request means in this pack."""

    name: str
    value: JsonValue
    why: str
    place: Place


@dataclass(frozen=True, slots=True)
class CallPattern:
    """A call whose arguments may name slots."""

    tool: str
    arguments: Mapping[str, Any]
    """As written; a text `{slot}` stands for the slot's canonical value, policies are already put in."""
    slots: tuple[str, ...]
    """The slots it names."""
    place: Place

    def call(self, values: Mapping[str, JsonValue]) -> Call:
        """The call with `values` in the place of their slots."""
        return Call(self.tool, {name: filled(value, values) for name, value in self.arguments.items()})


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
    """The parameter an `ask` intent lacks; else empty."""
    families: tuple[TemplateFamily, ...]
    place: Place

    def families_in(self, split: str) -> tuple[TemplateFamily, ...]:
        """The families of one split."""
        return tuple(family for family in self.families if family.split == split)


@dataclass(frozen=True)
class Pack:
    """A folder of templates, read and checked."""

    name: str
    version: str
    language: str
    title: str
    licence: str
    developer: str
    """The developer message, without declarations."""
    splits: Mapping[str, float]
    mix: Mapping[str, float]
    """Share of each kind."""
    registers: Mapping[str, float]
    policies: Mapping[str, Policy]
    tools: tuple[Tool, ...]
    slots: Mapping[str, Slot]
    intents: tuple[Intent, ...]
    folder: str
    sha256: str
    """Over names and contents of the pack's files."""

    @cached_property
    def tools_by_name(self) -> dict[str, Tool]:
        """The tools by name, in the order declared."""
        return {tool.name: tool for tool in self.tools}

    @cached_property
    def tool_entries(self) -> list[dict[str, Any]]:
        """The tools as a row declares them."""
        return [tool.to_json() for tool in self.tools]
