"""Tools that switch a device, set or read one of its attributes, or read a figure, and how each is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fgdata.schema import Call, JsonValue, Tool
from scripts.tiny_base.lexicon import CHOICES, MORE_CHOICES, MORE_QUANTITIES, QUANTITIES, READINGS, Quantity
from scripts.tiny_base.phrasing import Asked, resolve
from scripts.tiny_base.setting import NO_ATTRIBUTE, Setting, Subject
from scripts.tiny_base.states import FELT, REASONS, TOO

_DELTA_NAMES = ("delta", "change", "by", "diff", "amount", "steps")
_VALUE_NAMES = ("value", "level", "target", "to", "number")
_CHOICE_NAMES = ("option", "kind", "setting", "choice")
_OPENED = frozenset(["차고", "금고", "선루프", "트렁크", "현관", "gate", "safe", "sunroof", "trunk"])
"""Devices that are opened and closed, beside all that have a door in their name."""
_DIRECTIONS = {"up": 1, "down": -1}
_FELT_QUANTITIES = [item for item in (*QUANTITIES, *MORE_QUANTITIES) if item.slug in FELT]
"""Quantities that are spoken of by how they feel."""


@dataclass(frozen=True, slots=True)
class Action:
    """One tool of a scene and how it is asked for."""

    op: str
    tool: Tool
    device: str
    attribute: str
    """Slugs of the device and of its attribute; the attribute is empty where the tool is about the whole device."""
    ask: Callable[[], Asked]
    """Draws a request."""


def switches(setting: Setting, device: Subject) -> list[Action]:
    """Two tools that switch a device on and off or open and close it, or one tool with a state."""
    is_opened = any(name in _OPENED or "문" in name or "door" in name for name in device.spoken)
    ops = ("open", "close") if is_opened else ("on", "off")
    if setting.rng.random() < 0.15:
        return [_state_switch(setting, device, ops)]
    return [_switch(setting, device, op) for op in ops]


def _switch(setting: Setting, device: Subject, op: str) -> Action:
    tool, block = setting.tool(op, device), setting.language.switches[op]
    return Action(
        op,
        tool,
        device.slug,
        "",
        lambda: setting.asked(block, Call(tool.name), device, NO_ATTRIBUTE),
    )


def _state_switch(setting: Setting, device: Subject, ops: tuple[str, ...]) -> Action:
    key = setting.rng.choice(["state", "status", "power"])
    tool = setting.tool(
        "set",
        device,
        Subject(key, (), key),
        parameter=(key, {"type": "string", "description": key, "enum": list(ops)}),
    )

    def ask() -> Asked:
        op = setting.rng.choice(ops)
        pattern = setting.pattern(setting.language.switches[op])
        return Asked(pattern, Call(tool.name, {key: op}), setting.device_words(device))

    return Action("state", tool, device.slug, "", ask)


def quantity(setting: Setting, device: Subject) -> list[Action]:
    """Tools that set, change or read an attribute with a number; now and then none of them."""
    rng = setting.rng
    known = [*QUANTITIES, *MORE_QUANTITIES, *_FELT_QUANTITIES] if setting.is_wide else QUANTITIES
    item = rng.choice([item for item in known if item.slug not in setting.attributes])
    setting.attributes.add(item.slug)
    dial = _Dial(setting, device, setting.subject(item), item)
    actions = []
    if rng.random() < 0.75:
        actions.append(dial.setter())
    if rng.random() < 0.8:
        actions += dial.changers()
    if rng.random() < 0.6:
        actions.append(dial.getter())
    return actions


@dataclass(frozen=True, slots=True)
class _Dial:
    """A quantity on a device of a scene."""

    setting: Setting
    device: Subject
    attribute: Subject
    item: Quantity

    def setter(self) -> Action:
        """The tool that sets the quantity to a number."""
        setting, rng, item = self.setting, self.setting.rng, self.item
        key = rng.choice(_VALUE_NAMES) if setting.has_generic_parameters else item.slug
        limits: dict[str, JsonValue] = (
            {"minimum": item.low, "maximum": item.high} if rng.random() < 0.5 else {}
        )
        unit = f" in {item.units_en[0]}" if item.units_en[0] and rng.random() < 0.5 else ""
        about = {"type": "integer", "description": f"{self.attribute.noun}{unit}", **limits}
        tool = setting.tool("set", self.device, self.attribute, parameter=(key, about))

        def ask() -> Asked:
            number = self._number()
            return self._asked(setting.language.set_to, Call(tool.name, {key: number}), number)

        return self._action("set", tool, ask)

    def changers(self) -> list[Action]:
        """One tool that takes a signed change, or one tool for each direction."""
        rng = self.setting.rng
        unsaid = self.item.step * rng.choice([1, 1, 1, 2, 3])
        is_signed = rng.random() < 0.8
        return [self._adjuster(unsaid)] if is_signed else [self._mover(op, unsaid) for op in _DIRECTIONS]

    def getter(self) -> Action:
        """The tool that reads the quantity."""
        setting = self.setting
        tool = setting.tool("get", self.device, self.attribute)
        return self._action(
            "get",
            tool,
            lambda: setting.asked(setting.language.get, Call(tool.name), self.device, self.attribute),
        )

    def _adjuster(self, unsaid: int) -> Action:
        rng, key = self.setting.rng, self.setting.rng.choice(_DELTA_NAMES)
        meaning = (
            rng.choice(["positive to raise, negative to lower", "plus is up, minus is down", "signed change"])
            if self.setting.described_in == "en"
            else "올리면 양수, 내리면 음수"
        )
        tool = self._changing_tool("adjust", key, meaning, unsaid)

        def ask() -> Asked:
            direction = "up" if rng.random() < 0.5 else "down"
            sign = _DIRECTIONS[direction]
            return self._change(direction, unsaid, lambda amount: Call(tool.name, {key: sign * amount}))

        return self._action("adjust", tool, ask)

    def _mover(self, direction: str, unsaid: int) -> Action:
        key = self.setting.rng.choice(_DELTA_NAMES)
        tool = self._changing_tool(direction, key, "amount", unsaid)
        return self._action(
            direction,
            tool,
            lambda: self._change(direction, unsaid, lambda amount: Call(tool.name, {key: amount})),
        )

    def _changing_tool(self, op: str, key: str, meaning: str, unsaid: int) -> Tool:
        in_english = self.setting.described_in == "en"
        return self.setting.tool(
            op,
            self.device,
            self.attribute,
            parameter=(key, {"type": "integer", "description": meaning}),
            remark=f"{unsaid} if no amount is said" if in_english else f"말이 없으면 {unsaid}",
        )

    def _change(self, direction: str, unsaid: int, call: Callable[[int], Call]) -> Asked:
        rng, item = self.setting.rng, self.item
        block, vague = self.setting.language.changes[direction]
        felt = FELT[item.slug] if self._is_felt() else None
        if rng.random() < (0.4 if felt else 0.25):
            if felt and rng.random() < 0.6:
                return self._felt(direction, felt, call(unsaid))
            return self.setting.asked(vague, call(unsaid), self.device, self.attribute)
        most_steps = max(1, min(10, (item.high - item.low) // item.step // 2))
        amount = item.step * rng.randint(1, most_steps)
        asked = self._asked(block, call(amount), amount)
        if felt and rng.random() < 0.25:
            state = rng.choice(felt[direction == "down"])
            return asked._replace(pattern=f"{rng.choice(REASONS).replace('^', state)} {asked.pattern}")
        return asked

    def _is_felt(self) -> bool:
        setting = self.setting
        return setting.is_wide and setting.language.code == "ko" and self.item.slug in FELT

    def _felt(self, direction: str, felt: tuple[tuple[str, ...], ...], call: Call) -> Asked:
        """A request that says how it is, or how it should be, and names no change."""
        rng, (low, high) = self.setting.rng, felt
        now, wished = (low, high) if direction == "up" else (high, low)
        pattern = resolve(rng.choice(TOO), rng)
        pattern = pattern.replace("^반대", rng.choice(wished)).replace("^", rng.choice(now))
        words = {"A": rng.choice(self.attribute.spoken), **self.setting.device_words(self.device)}
        return Asked(pattern, call, words)

    def _asked(self, block: tuple[str, ...], call: Call, number: int) -> Asked:
        setting, units = self.setting, self.item.units(self.setting.language.code)
        pattern = setting.pattern(block)
        words = {
            "A": setting.rng.choice(self.attribute.spoken),
            "N": setting.number(number, units),
            "O": setting.number(self._number(), units),
        }
        while setting.is_wide and words["O"] == words["N"]:
            words["O"] = setting.number(self._number(), units)
        return Asked(pattern, call, words | setting.device_words(self.device))

    def _number(self) -> int:
        return self.setting.rng.randrange(self.item.low, self.item.high + 1, self.item.step)

    def _action(self, op: str, tool: Tool, ask: Callable[[], Asked]) -> Action:
        return Action(op, tool, self.device.slug, self.attribute.slug, ask)


def choice(setting: Setting, device: Subject) -> list[Action]:
    """A tool that sets an attribute to one of its named values; none if the scene has every such attribute."""
    rng, language = setting.rng, setting.language
    known = (*CHOICES, *MORE_CHOICES) if setting.is_wide else CHOICES
    free = [item for item in known if item.slug not in setting.attributes]
    if not free:
        return []
    item = setting.draw_choice(free)
    setting.attributes.add(item.slug)
    values = rng.sample(item.values, rng.randint(min(3, len(item.values)), min(6, len(item.values))))
    attribute = setting.subject(item)
    key = rng.choice(_CHOICE_NAMES) if setting.has_generic_parameters else item.slug
    about: dict[str, JsonValue] = {"type": "string", "description": attribute.noun}
    about["enum"] = [value.slug for value in values]
    if setting.is_wide and language.code == "ko" and (item.is_described or rng.random() < 0.4):
        meanings = [
            f"{value.slug}: {', '.join(dict.fromkeys(n.rstrip('*') for n in value.ko))}" for value in values
        ]
        about["description"] = f"{attribute.noun} ({'; '.join(meanings)})"
    tool = setting.tool("set", device, attribute, parameter=(key, about))

    def ask() -> Asked:
        value = rng.choice(values)
        other = rng.choice([other for other in values if other is not value])
        said, unsaid = rng.choice(value.names(language.code)), other.names(language.code)[0]
        block = language.choice_adverb if said.endswith("*") else language.choice
        pattern, call, words = setting.asked(block, Call(tool.name, {key: value.slug}), device, attribute)
        return Asked(pattern, call, {**words, "V": said.rstrip("*"), "W": unsaid.rstrip("*")})

    return [Action("choice", tool, device.slug, attribute.slug, ask)]


def readings(setting: Setting, room: int) -> list[Action]:
    """At most `room` tools without arguments that each read one figure, as trackers and dashboards have them."""
    rng = setting.rng
    prefix = rng.choice(["get_", "get_", "read_", "fetch_", "current_", "my_", ""])
    figures = rng.sample(READINGS, min(room, rng.randint(3, 8)))
    return [_reading(setting, prefix, setting.subject(figure)) for figure in figures]


def _reading(setting: Setting, prefix: str, figure: Subject) -> Action:
    verb = setting.rng.choice(["Get", "Returns", "Read", "Look up"])
    tool = Tool(
        setting.take_name(f"{prefix}{figure.slug}"),
        f"{figure.noun} 알려 준다" if setting.described_in == "ko" else f"{verb} the {figure.noun}",
        {"type": "object", "properties": {}},
    )
    return Action(
        "get",
        tool,
        figure.slug,
        figure.slug,
        lambda: setting.asked(setting.language.reading, Call(tool.name), figure, figure),
    )
