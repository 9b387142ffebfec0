"""What the tools of one scene have in common: language, how tools are named and described, what is already taken."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from fgdata.korean import native, sino
from fgdata.schema import Call, JsonValue, Tool
from scripts.tiny_base.english import ENGLISH
from scripts.tiny_base.korean import KOREAN
from scripts.tiny_base.language import Block, Code, made_up_name
from scripts.tiny_base.lexicon import Choice, Thing
from scripts.tiny_base.phrasing import Asked, fill, resolve
from scripts.tiny_base.pieces import Pieces
from scripts.tiny_base.variety import ENDINGS, WIDER

PACK_TOOL_NAMES = frozenset(
    [
        "get_current_temperature",
        "set_temperature",
        "adjust_temperature",
        "set_fan_speed",
        "set_mode",
        "power_on",
        "power_off",
        "get_steps",
        "get_daily_step_goal",
        "get_step_goal_progress",
        "get_sleeping_minutes",
        "get_active_minutes",
        "get_heart_rate",
        "get_body_battery_level",
    ]
)
"""Names that no tool of the corpus may have."""

# Operations on a device: words for tool names, the first of them also for English descriptions.
_VERBS = {
    "set": ("set", "change", "update", "configure", "choose"),
    "adjust": ("adjust", "modify", "shift", "step", "nudge"),
    "up": ("increase", "raise", "add"),
    "down": ("decrease", "lower", "reduce"),
    "get": ("get", "read", "check", "query", "fetch", "current", "show"),
    "on": ("turn_on", "switch_on", "start", "enable", "activate"),
    "off": ("turn_off", "switch_off", "stop", "disable", "deactivate"),
    "open": ("open", "unlock"),
    "close": ("close", "shut"),
}
_VERBS_KO = {
    "set": "설정한다",
    "adjust": "조절한다",
    "up": "올린다",
    "down": "내린다",
    "get": "알려 준다",
    "on": "켠다",
    "off": "끈다",
    "open": "연다",
    "close": "닫는다",
}
_COUNTERS = frozenset(["번", "장", "부", "시간", "배"])
"""Units that take native Korean numerals."""
_STEPS = frozenset(["단계", "칸"])
"""Units that take either; native ones only in the third stage."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a tool is about: a device, or an attribute of one."""

    slug: str
    """Its part of tool names."""
    spoken: tuple[str, ...]
    """How requests name it."""
    noun: str
    """How descriptions name it."""


NO_ATTRIBUTE = Subject("", ("",), "")
"""The attribute of a tool that is about the device as a whole."""


def camel_case(name: str) -> str:
    """`turn_on_boiler` as `turnOnBoiler`."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


class Setting:
    """The choices that hold for a whole scene, drawn when it is made, and everything that is worded by them."""

    def __init__(
        self, rng: random.Random, development: bool, pieces: Pieces | None = None, is_wide: bool = False
    ) -> None:
        self.rng = rng
        self.is_wide = is_wide
        """In the third stage: the sentences of `variety` as well."""
        self.pieces = pieces
        """From the second stage on: what made-up words consist of."""
        self.development = development
        self.language = KOREAN if rng.random() < 0.68 else ENGLISH
        self.described_in: Code = "ko" if self.language is KOREAN and rng.random() < 0.35 else "en"
        self._naming = ("verb first", "device first", "no device", "camel case")[rng.randrange(4)]
        self.has_generic_parameters = rng.random() < 0.3
        """Parameters are called `value` or `level`, not by the attribute."""
        self.has_made_up_devices = rng.random() < 0.35
        self.is_anonymous = rng.random() < 0.25
        """One device, and the declarations do not name it."""
        self.attributes: set[str] = set()
        """Slugs of the attributes that some device of the scene already has."""
        self._tool_names: set[str] = set()

    def made_up_name(self) -> tuple[str, str]:
        """Slug and spoken name of something that does not exist."""
        code = self.language.code
        return self.pieces.name(self.rng, code) if self.pieces else made_up_name(self.rng, code)

    def draw_choice(self, free: list[Choice]) -> Choice:
        """One of the kinds of choice that are free, or from the second stage on mostly one that does not exist."""
        if self.pieces and self.rng.random() < (0.4 if self.is_wide else 0.65):
            if self.is_wide and self.language.code == "ko" and self.rng.random() < 0.5:
                return self.pieces.described_choice(self.rng)
            return self.pieces.choice(self.rng, self.language.code)
        return self.rng.choice(free)

    # -- tools ------------------------------------------------------------------------------------------------------

    def subject(self, thing: Thing) -> Subject:
        """The thing in the languages of this scene's requests and descriptions."""
        return Subject(thing.slug, thing.names(self.language.code), thing.names(self.described_in)[0])

    def tool(
        self,
        op: str,
        device: Subject,
        attribute: Subject = NO_ATTRIBUTE,
        *,
        parameter: tuple[str, Mapping[str, JsonValue]] | None = None,
        remark: str = "",
    ) -> Tool:
        """A tool for an operation on a device's attribute.

        Args:
            parameter: name and JSON Schema of the only parameter, which is required.
            remark: ends the description.
        """
        description = self._description(op, device.noun, attribute.noun, remark)
        name = self._new_name(self.rng.choice(_VERBS[op]), device.slug, attribute.slug)
        schema: dict[str, JsonValue] = {"type": "object", "properties": {}}
        if parameter:
            key, about = parameter
            schema = {"type": "object", "properties": {key: dict(about)}, "required": [key]}
        return Tool(name, description, schema)

    def service_name(self, kind: str) -> str:
        """The tool name of a service, in the style of this scene."""
        return self.take_name(camel_case(kind) if self._naming == "camel case" else kind)

    def take_name(self, name: str) -> str:
        """The name, which no other tool of the scene will get."""
        self._tool_names.add(name)
        return name

    def _new_name(self, verb: str, device: str, attribute: str) -> str:
        parts = [verb, device, attribute]
        if self._naming == "device first":
            parts = [device, verb, attribute]
        elif self._naming == "no device" and attribute:
            parts = [verb, attribute]
        name = "_".join(part for part in parts if part)
        if self._naming == "camel case":
            name = camel_case(name)
        while name in self._tool_names or name in PACK_TOOL_NAMES:
            name = f"{device}_{name}" if device and not name.startswith(device) else f"{name}_x"
        return self.take_name(name)

    def _description(self, op: str, noun: str, attribute: str, remark: str) -> str:
        rng, whole = self.rng, f"{noun} {attribute}".strip()
        if self.described_in == "ko":
            verb = rng.choice([_VERBS_KO[op], f"{_VERBS_KO[op]}."])
            return f"{whole} {verb} {remark}".strip()
        verb = _VERBS[op][0].replace("_", " ")
        first, *rest = verb.split(" ")
        third_person = " ".join([f"{first.capitalize()}s", *rest])
        what = (
            f"the {attribute} of the {noun}" if attribute and rng.random() < 0.6 else f"the {whole}".strip()
        )
        sentence = rng.choice(
            [f"{verb.capitalize()} {what}", f"{third_person} {what}", f"Use this to {verb} {what}"]
        )
        return f"{sentence}{', ' + remark if remark else ''}{rng.choice(['', '.'])}"

    # -- requests ---------------------------------------------------------------------------------------------------

    def pattern(self, block: Block) -> str:
        """A resolved pattern of the block: every sixth is kept for the development set."""
        if self.is_wide and (more := WIDER.get(block)) and self.rng.random() < 0.7:
            return resolve(self.rng.choice(more), self.rng)
        kept = [line for number, line in enumerate(block) if (number % 6 == 5) == self.development]
        # A short block has no sixth line: its last one serves both.
        return resolve(self.rng.choice(kept or block[-1:]), self.rng)

    def device_words(self, device: Subject) -> dict[str, str]:
        """Words for the device and a place where it may stand."""
        words = {
            "D": self.rng.choice(device.spoken),
            "P": self.rng.choice(self.language.words["place"]),
        }
        if self.is_wide:
            words["R"] = self.rng.choice(self.language.words["person"])
        return words

    def asked(self, block: Block, call: Call, device: Subject, attribute: Subject) -> Asked:
        """A request with words for a device and an attribute, nothing else."""
        pattern = self.pattern(block)
        return Asked(pattern, call, {"A": self.rng.choice(attribute.spoken), **self.device_words(device)})

    def fill(self, pattern: str, words: Mapping[str, str]) -> str:
        """The text of a resolved pattern."""
        return fill(pattern, words, self.rng, ENDINGS if self.is_wide else ())

    def number(self, number: int, units: tuple[str, ...]) -> str:
        """A number as people write it: with or without a unit, in Korean sometimes as a numeral."""
        rng = self.rng
        unit = rng.choice(units) if rng.random() < 0.8 else ""
        if self.language is ENGLISH:
            return f"{number} {unit}".strip() if unit != "%" else f"{number}%"
        if self.is_wide and unit in _STEPS and 0 < number < 11 and rng.random() < 0.5:
            return f"{native(number)} {unit}"
        if unit == "%" or rng.random() < (0.45 if self.is_wide else 0.6):
            return f"{number}{rng.choice(['', '', ' '])}{unit}".strip()
        if unit in _COUNTERS and 0 < number < 13:
            return f"{native(number)} {unit}"
        return f"{sino(number)}{rng.choice(['', ' '])}{unit}".strip()
