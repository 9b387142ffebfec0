"""Scenes of the pretraining corpus: a few devices and services, the tools declared for them, and requests with their calls.

A scene is built so that each request has one right answer: where two tools of a scene could be meant, the request names
the device or the attribute.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from fgdata.korean import native, sino
from fgdata.schema import Call, Tool
from scripts.tiny_base import lexicon as lex
from scripts.tiny_base import patterns as pat
from scripts.tiny_base.phrasing import fill, open_words, resolve

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

HELD_OUT = frozenset(
    ["aquarium", "kiln", "robot_arm", "wiper", "feeder", "sauna", "telescope", "rice_cooker"]
)
"""Devices that only the development set knows."""

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
_VERB_KO = {
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
_DELTA_NAMES = ("delta", "change", "by", "diff", "amount", "steps")
_VALUE_NAMES = ("value", "level", "target", "to", "number")
_CHOICE_NAMES = ("option", "kind", "setting", "choice")
_COUNTERS = frozenset(["번", "장", "부", "시간", "배"])


@dataclass
class Action:
    """One tool of a scene and how it is asked for."""

    op: str
    tool: Tool
    device: str
    ask: Callable[[random.Random, bool], tuple[str, Call, dict[str, str]]]
    """(rng, development patterns?) -> resolved pattern, call, words."""
    attribute: str = ""
    clear: Callable[[set[str]], bool] = field(default=lambda words: True)


def pattern_lines(block: str, development: bool) -> list[str]:
    """The patterns of a block: every sixth is kept for the development set."""
    lines = block.strip().splitlines()
    kept = [line for number, line in enumerate(lines) if (number % 6 == 5) == development]
    return kept or lines[-1:]  # a short block has no sixth line: its last one serves both


_SYLLABLES = [
    chr(0xAC00 + (i * 21 + v) * 28 + f)
    for i in (0, 2, 3, 5, 6, 7, 9, 11, 12, 14, 15, 16, 17, 18)
    for v in (0, 4, 8, 13, 20)
    for f in (0, 0, 4, 8, 16, 21)
]


def _nonsense(rng: random.Random, language: str) -> tuple[str, str]:
    """(slug, spoken name) of something that does not exist; the slug is spoken English, or goes with a Korean description."""
    slug = "".join(
        rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") + rng.choice(["", "", "n", "r", "l", "x"])
        for _ in range(rng.randint(2, 3))
    )
    return (
        (slug, "".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(2, 3))))
        if language == "ko"
        else (slug, slug)
    )


class Scene:
    """Tools declared together, and the requests that they answer."""

    def __init__(self, rng: random.Random, n_tools: int, development: bool = False) -> None:
        self.rng = rng
        self.development = development
        self.language = "ko" if rng.random() < 0.68 else "en"
        self.described_in = "ko" if self.language == "ko" and rng.random() < 0.35 else "en"
        self.style = rng.randrange(4)
        self.generic_names = rng.random() < 0.3
        self.made_up = rng.random() < 0.35
        self.actions: list[Action] = []
        self._names: set[str] = set()
        self._attributes: set[str] = set()
        self.anonymous = rng.random() < 0.25  # one device, and the declarations do not name it
        if rng.random() < 0.12:
            self._add_readings(n_tools)
        while len(self.actions) < n_tools and not (self.anonymous and self._names and len(self.actions) > 1):
            self._add_device(n_tools - len(self.actions)) if rng.random() < 0.82 else self._add_service()
        rng.shuffle(self.actions)
        self._make_clear()

    @property
    def tools(self) -> list[Tool]:
        """The declared tools."""
        return [action.tool for action in self.actions]

    def _make_clear(self) -> None:
        for action in self.actions:
            same_op = [other for other in self.actions if other.op == action.op]
            same_device = [other for other in same_op if other.device == action.device]

            def clear(
                words: set[str],
                alone: bool = len(same_op) == 1,
                alone_on_device: bool = len(same_device) == 1,
                op: str = action.op,
            ) -> bool:
                if op == "service" or "A" in words:
                    return True
                if "D" in words:
                    return alone_on_device
                return alone

            action.clear = clear

    # -- building ---------------------------------------------------------------------------------------------------

    def _name(self, verb: str, device: str, attribute: str) -> str:
        parts = [part for part in (verb, device, attribute) if part]
        if self.style == 1:
            parts = [part for part in (device, verb, attribute) if part]
        elif self.style == 2 and attribute:
            parts = [verb, attribute]
        name = "_".join(parts)
        if self.style == 3:
            head, *rest = name.split("_")
            name = head + "".join(word.capitalize() for word in rest)
        while name in self._names or name in PACK_TOOL_NAMES:
            name = f"{device}_{name}" if device and not name.startswith(device) else f"{name}_x"
        self._names.add(name)
        return name

    def _add_device(self, room: int) -> None:
        rng = self.rng
        if self.made_up and rng.random() < 0.6:
            slug, spoken = _nonsense(rng, self.language)
            names, nouns = (spoken,), spoken
        else:
            things = [thing for thing in lex.DEVICES if (thing.slug in HELD_OUT) == self.development]
            thing = rng.choice(things)
            slug, names = thing.slug, thing.ko if self.language == "ko" else thing.en
            nouns = thing.ko[0] if self.described_in == "ko" else thing.en[0]
        if any(action.device == slug for action in self.actions):
            return
        if self.anonymous:
            nouns = (
                rng.choice(["기기", "장치", ""])
                if self.described_in == "ko"
                else rng.choice(["device", "unit", "machine"])
            )
            slug = rng.choice(["", "", "device", "unit"])
        makers: list[Callable[[], list[Action]]] = []
        if rng.random() < 0.7:
            makers.append(lambda: self._switches(slug, names, nouns))
        more = 1 if self.anonymous else 0
        makers += [lambda: self._quantity(slug, names, nouns)] * (more + rng.choice([0, 1, 1, 2]))
        makers += [lambda: self._choice(slug, names, nouns)] * (more + rng.choice([0, 1, 1, 2]))
        rng.shuffle(makers)
        made = [action for maker in makers for action in maker()]
        self.actions += made[:room]

    def _add_readings(self, room: int) -> None:
        """Tools without arguments that each read one figure, as trackers and dashboards have them."""
        rng, english = self.rng, self.language == "en"
        prefix = rng.choice(["get_", "get_", "read_", "fetch_", "current_", "my_", ""])
        for item in rng.sample(lex.READINGS, min(room, rng.randint(3, 8))):
            name = f"{prefix}{item.slug}"
            noun = item.ko[0] if self.described_in == "ko" else item.en[0]
            lead = rng.choice(["Get", "Returns", "Read", "Look up"])
            tool = Tool(
                name,
                f"{noun} {_VERB_KO['get']}" if self.described_in == "ko" else f"{lead} the {noun}",
                {"type": "object", "properties": {}},
            )
            self._names.add(name)
            spoken = item.en if english else item.ko
            self.actions.append(
                Action(
                    "get",
                    tool,
                    item.slug,
                    self._plain_asker(pat.COUNT_EN if english else pat.COUNT_KO, name, spoken, spoken),
                    item.slug,
                )
            )

    def _described(self, op: str, noun: str, attribute: str, extra: str = "") -> str:
        rng, verb = self.rng, _VERBS[op][0].replace("_", " ")
        if self.described_in == "ko":
            what = f"{noun} {attribute}".strip()
            return f"{what} {rng.choice([_VERB_KO[op], _VERB_KO[op].replace('다', '다.')])}{' ' + extra if extra else ''}".strip()
        what = (
            f"the {attribute} of the {noun}"
            if attribute and rng.random() < 0.6
            else f"the {noun} {attribute}".strip()
        )
        first, *rest = verb.split(" ")
        third = " ".join([first.capitalize() + ("es" if first.endswith(("s", "sh", "ch")) else "s"), *rest])
        article = rng.choice([f"{verb.capitalize()} {what}", f"{third} {what}", f"Use this to {verb} {what}"])
        return f"{article}{', ' + extra if extra else ''}{rng.choice(['', '.'])}"

    def _tool(
        self,
        op: str,
        slug: str,
        attribute: str,
        description: str,
        properties: dict[str, object],
        required: list[str],
    ) -> Tool:
        name = self._name(self.rng.choice(_VERBS[op]), slug, attribute)
        schema = (
            {"type": "object", "properties": properties, "required": required}
            if properties
            else {"type": "object", "properties": {}}
        )
        return Tool(name, description, schema)

    def _switches(self, slug: str, names: tuple[str, ...], noun: str) -> list[Action]:
        rng = self.rng
        english = self.language == "en"
        pairs = [
            ("open", pat.OPEN_EN if english else pat.OPEN_KO),
            ("close", pat.CLOSE_EN if english else pat.CLOSE_KO),
        ]
        if not any(
            word
            in {"문", "차고", "금고", "선루프", "트렁크", "대문", "현관", "gate", "safe", "sunroof", "trunk"}
            or "문" in word
            or "door" in word
            for word in names
        ):
            pairs = [
                ("on", pat.ON_EN if english else pat.ON_KO),
                ("off", pat.OFF_EN if english else pat.OFF_KO),
            ]
        if rng.random() < 0.15:
            return [self._state_switch(slug, names, noun, pairs)]
        actions = []
        for op, block in pairs:
            tool = self._tool(op, slug, "", self._described(op, noun, ""), {}, [])
            actions.append(Action(op, tool, slug, self._plain_asker(block, tool.name, names)))
        return actions

    def _state_switch(
        self, slug: str, names: tuple[str, ...], noun: str, pairs: list[tuple[str, str]]
    ) -> Action:
        """One tool with an on/off state."""
        key = self.rng.choice(["state", "status", "power"])
        tool = self._tool(
            "set",
            slug,
            key,
            self._described("set", noun, key),
            {key: {"type": "string", "description": key, "enum": [op for op, _ in pairs]}},
            [key],
        )

        def ask(rng: random.Random, development: bool) -> tuple[str, Call, dict[str, str]]:
            op, block = rng.choice(pairs)
            return (
                resolve(rng.choice(pattern_lines(block, development)), rng),
                Call(tool.name, {key: op}),
                self._words(rng, names),
            )

        return Action("state", tool, slug, ask)

    def _words(self, rng: random.Random, names: tuple[str, ...], **more: str) -> dict[str, str]:
        places = lex.PLACES_KO if self.language == "ko" else lex.PLACES_EN
        return {"D": rng.choice(names), "P": rng.choice(places), **more}

    def _plain_asker(
        self, block: str, name: str, names: tuple[str, ...], attributes: tuple[str, ...] = ("",)
    ) -> Callable[[random.Random, bool], tuple[str, Call, dict[str, str]]]:
        def ask(rng: random.Random, development: bool) -> tuple[str, Call, dict[str, str]]:
            pattern = resolve(rng.choice(pattern_lines(block, development)), rng)
            return pattern, Call(name), self._words(rng, names, A=rng.choice(attributes))

        return ask

    def _number(self, rng: random.Random, number: int, units: tuple[str, ...]) -> str:
        unit = rng.choice(units) if rng.random() < 0.8 else ""
        if self.language == "en":
            return f"{number} {unit}".strip() if unit != "%" else f"{number}%"
        if unit == "%" or rng.random() < 0.6:
            return f"{number}{rng.choice(['', '', ' '])}{unit}".strip()
        if unit in _COUNTERS and 0 < number < 13:
            return f"{native(number)} {unit}"
        return f"{sino(number)}{rng.choice(['', ' '])}{unit}".strip()

    def _quantity(self, slug: str, names: tuple[str, ...], noun: str) -> list[Action]:
        rng, english = self.rng, self.language == "en"
        free = [item for item in lex.QUANTITIES if item.slug not in self._attributes]
        item = rng.choice(free)
        self._attributes.add(item.slug)
        spoken = item.en if english else item.ko
        noun_a = item.ko[0] if self.described_in == "ko" else item.en[0]
        units = item.units_en if english else item.units_ko
        step = item.step
        actions: list[Action] = []

        def asker(
            block: str, vague: str, make: Callable[[int], Call], small: bool, unsaid: int
        ) -> Callable[[random.Random, bool], tuple[str, Call, dict[str, str]]]:
            def ask(rng: random.Random, development: bool) -> tuple[str, Call, dict[str, str]]:
                if vague and rng.random() < 0.25:
                    pattern = resolve(rng.choice(pattern_lines(vague, development)), rng)
                    return pattern, make(unsaid), self._words(rng, names, A=rng.choice(spoken))
                top = max(1, min(10, (item.high - item.low) // step // 2))
                number = step * rng.randint(1, top) if small else rng.randrange(item.low, item.high + 1, step)
                pattern = resolve(rng.choice(pattern_lines(block, development)), rng)
                return (
                    pattern,
                    make(number),
                    self._words(
                        rng,
                        names,
                        A=rng.choice(spoken),
                        N=self._number(rng, number, units),
                        O=self._number(rng, rng.randrange(item.low, item.high + 1, step), units),
                    ),
                )

            return ask

        if rng.random() < 0.75:
            key = rng.choice(_VALUE_NAMES) if self.generic_names else item.slug
            limits = {"minimum": item.low, "maximum": item.high} if rng.random() < 0.5 else {}
            unit = f" in {item.units_en[0]}" if item.units_en[0] and rng.random() < 0.5 else ""
            tool = self._tool(
                "set",
                slug,
                item.slug,
                self._described("set", noun, noun_a),
                {key: {"type": "integer", "description": f"{noun_a}{unit}", **limits}},
                [key],
            )
            actions.append(
                Action(
                    "set",
                    tool,
                    slug,
                    asker(
                        pat.SET_EN if english else pat.SET_KO,
                        "",
                        lambda n: Call(tool.name, {key: n}),
                        False,
                        0,
                    ),
                    item.slug,
                )
            )
        up, up_vague = (pat.UP_EN, pat.UP_VAGUE_EN) if english else (pat.UP_KO, pat.UP_VAGUE_KO)
        down, down_vague = (pat.DOWN_EN, pat.DOWN_VAGUE_EN) if english else (pat.DOWN_KO, pat.DOWN_VAGUE_KO)
        if rng.random() < 0.8:
            unsaid = step * rng.choice([1, 1, 1, 2, 3])
            said = f"{unsaid} if no amount is said" if self.described_in == "en" else f"말이 없으면 {unsaid}"
            if rng.random() < 0.8:
                key2 = rng.choice(_DELTA_NAMES)
                meaning = (
                    rng.choice(
                        ["positive to raise, negative to lower", "plus is up, minus is down", "signed change"]
                    )
                    if self.described_in == "en"
                    else "올리면 양수, 내리면 음수"
                )
                tool2 = self._tool(
                    "adjust",
                    slug,
                    item.slug,
                    self._described("adjust", noun, noun_a, said),
                    {key2: {"type": "integer", "description": meaning}},
                    [key2],
                )
                plus = asker(up, up_vague, lambda n: Call(tool2.name, {key2: n}), True, unsaid)
                minus = asker(down, down_vague, lambda n: Call(tool2.name, {key2: -n}), True, unsaid)
                actions.append(
                    Action(
                        "adjust",
                        tool2,
                        slug,
                        lambda rng, dev: (plus if rng.random() < 0.5 else minus)(rng, dev),
                        item.slug,
                    )
                )
            else:
                for op, block, vague in (("up", up, up_vague), ("down", down, down_vague)):
                    key3 = rng.choice(_DELTA_NAMES)
                    tool3 = self._tool(
                        op,
                        slug,
                        item.slug,
                        self._described(op, noun, noun_a, said),
                        {key3: {"type": "integer", "description": "amount"}},
                        [key3],
                    )
                    make = lambda n, name=tool3.name, key=key3: Call(name, {key: n})  # noqa: E731
                    actions.append(
                        Action(op, tool3, slug, asker(block, vague, make, True, unsaid), item.slug)
                    )
        if rng.random() < 0.6:
            tool4 = self._tool("get", slug, item.slug, self._described("get", noun, noun_a), {}, [])
            actions.append(
                Action(
                    "get",
                    tool4,
                    slug,
                    self._plain_asker(pat.GET_EN if english else pat.GET_KO, tool4.name, names, spoken),
                    item.slug,
                )
            )
        return actions

    def _choice(self, slug: str, names: tuple[str, ...], noun: str) -> list[Action]:
        rng, english = self.rng, self.language == "en"
        free = [item for item in lex.CHOICES if item.slug not in self._attributes]
        if not free:
            return []
        item = rng.choice(free)
        self._attributes.add(item.slug)
        values = rng.sample(item.values, rng.randint(min(3, len(item.values)), min(6, len(item.values))))
        spoken = item.en if english else item.ko
        key = rng.choice(_CHOICE_NAMES) if self.generic_names else item.slug
        noun_a = item.ko[0] if self.described_in == "ko" else item.en[0]
        tool = self._tool(
            "set",
            slug,
            item.slug,
            self._described("set", noun, noun_a),
            {key: {"type": "string", "description": noun_a, "enum": [value for value, _, _ in values]}},
            [key],
        )

        def ask(rng: random.Random, development: bool) -> tuple[str, Call, dict[str, str]]:
            value, ko, en = rng.choice(values)
            other = rng.choice([v for v in values if v[0] != value])
            form = rng.choice(en if english else ko)
            block = (
                pat.CHOICE_EN if english else pat.CHOICE_ADVERB_KO if form.endswith("*") else pat.CHOICE_KO
            )
            pattern = resolve(rng.choice(pattern_lines(block, development)), rng)
            return (
                pattern,
                Call(tool.name, {key: value}),
                self._words(
                    rng,
                    names,
                    A=rng.choice(spoken),
                    V=form.rstrip("*"),
                    W=(other[2] if english else other[1])[0].rstrip("*"),
                ),
            )

        return [Action("choice", tool, slug, ask, item.slug)]

    def _add_service(self) -> None:
        rng, english = self.rng, self.language == "en"
        services = pat.SERVICES_EN if english else pat.SERVICES_KO
        kind = rng.choice(sorted(services))
        if any(action.device == kind for action in self.actions):
            return
        letters, description, block = services[kind]
        fields = {
            "R": ("recipient", lex.PEOPLE_EN if english else lex.PEOPLE_KO),
            "B": ("text", lex.NOTES_EN if english else lex.NOTES_KO),
            "I": (
                "item",
                (lex.DISHES_EN if english else lex.DISHES_KO)
                if kind == "search_recipe"
                else (lex.ITEMS_EN if english else lex.ITEMS_KO),
            ),
            "Q": ({"start_timer": "minutes", "set_alarm": "hour"}.get(kind, "quantity"), ()),
            "C": (
                "city" if kind == "get_weather" else "destination",
                lex.CITIES_EN if english else lex.CITIES_KO,
            ),
        }
        keys = {letter: fields[letter][0] for letter in letters.split()}
        properties = {
            key: {"type": "integer" if letter == "Q" else "string", "description": key}
            for letter, key in keys.items()
        }
        name = (
            kind
            if self.style != 3
            else "".join(w if not i else w.capitalize() for i, w in enumerate(kind.split("_")))
        )
        self._names.add(name)
        tool = Tool(
            name,
            description.capitalize(),
            {"type": "object", "properties": properties, "required": list(keys.values())},
        )

        def ask(rng: random.Random, development: bool) -> tuple[str, Call, dict[str, str]]:
            words, arguments = {}, {}
            for letter, key in keys.items():
                if letter == "Q":
                    number = rng.randint(
                        1, 12 if kind == "set_alarm" else 60 if kind == "start_timer" else 20
                    )
                    counted = (
                        not english
                        and kind in {"set_alarm", "add_to_cart"}
                        and number <= 12
                        and rng.random() < 0.5
                    )
                    words[letter] = (
                        native(number) + (" " if kind == "add_to_cart" else "") if counted else str(number)
                    )
                    arguments[key] = number
                elif rng.random() < 0.25:
                    words[letter] = arguments[key] = _nonsense(rng, self.language)[1]
                else:
                    words[letter] = arguments[key] = rng.choice(fields[letter][1])
            return (
                resolve(rng.choice(pattern_lines(block, development)), rng),
                Call(tool.name, arguments),
                words,
            )

        self.actions.append(Action("service", tool, kind, ask, kind))

    # -- asking -----------------------------------------------------------------------------------------------------

    def request(self, rng: random.Random) -> tuple[str, tuple[Call, ...], str]:
        """(utterance, calls, answer text); calls are empty where the answer is a text."""
        draw = rng.random()
        english = self.language == "en"
        if draw < 0.05:
            device = rng.choice(lex.DEVICES)
            words = {"D": rng.choice(device.en if english else device.ko)}
            block = pat.CHAT_EN if english else pat.CHAT_KO
            text = fill(resolve(rng.choice(pattern_lines(block, self.development)), rng), words, rng)
            return text, (), rng.choice(pat.ANSWERS_CHAT_EN if english else pat.ANSWERS_CHAT_KO)
        if draw < 0.10 and (missing := self._missing(rng)):
            return missing, (), rng.choice(pat.ANSWERS_MISSING_EN if english else pat.ANSWERS_MISSING_KO)
        if draw < 0.16 and len(self.actions) > 1:
            (first, call), (second, call2) = (
                self._one(action, rng) for action in rng.sample(self.actions, 2)
            )
            joined = (
                rng.choice(pat.JOIN_EN if english else pat.JOIN_KO)
                .replace("{X}", first)
                .replace("{Y}", second)
            )
            return joined, (call, call2), ""
        text, call = self._one(rng.choice(self.actions), rng)
        return self._around(text, rng), (call,), ""

    def _around(self, text: str, rng: random.Random) -> str:
        """The request with talk before or behind it, in some of the cases."""
        english, draw = self.language == "en", rng.random()
        if draw < 0.12:
            return f"{rng.choice(pat.BECAUSE_EN if english else pat.BECAUSE_KO)} {text}"
        if draw < 0.20:
            return f"{rng.choice(pat.BEFORE_EN if english else pat.BEFORE_KO)} {text}"
        if draw < 0.24:
            return f"{text} {rng.choice(pat.BEHIND_EN if english else pat.BEHIND_KO)}"
        return text

    def _one(self, action: Action, rng: random.Random) -> tuple[str, Call]:
        for _ in range(40):
            pattern, call, words = action.ask(rng, self.development)
            if action.clear(open_words(pattern)):
                return fill(pattern, words, rng), call
        # Only patterns that leave something open were drawn: name both in front.
        return fill("{D} " + pattern, words, rng), call

    def _missing(self, rng: random.Random) -> str:
        """A request that no declared tool answers; empty if none was found."""
        other = Scene(rng, 3, self.development)
        devices = {action.device for action in self.actions} | self._attributes
        for action in other.actions:
            if (
                other.language == self.language
                and action.device not in devices
                and action.attribute not in devices
                and action.op in {"on", "off", "service", "open"}
            ):
                return other._one(action, rng)[0]
        return ""
