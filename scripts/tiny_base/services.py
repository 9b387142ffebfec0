"""Services of the pretraining world: tools that are about no device, such as sending a message."""

from __future__ import annotations

from dataclasses import dataclass

from fgdata.korean import native
from fgdata.schema import Call, JsonValue, Tool
from scripts.tiny_base.actions import Action
from scripts.tiny_base.phrasing import Asked
from scripts.tiny_base.setting import Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """A parameter that takes words of one kind, or a made-up one."""

    letter: str
    name: str
    kind: str
    """Key of the language's words."""

    def draw(self, setting: Setting) -> tuple[str, str]:
        """What a request says and what the call has."""
        if setting.rng.random() < 0.25:
            word = setting.made_up_name()[1]
        else:
            word = setting.rng.choice(setting.language.words[self.kind])
        return word, word


@dataclass(frozen=True, slots=True, kw_only=True)
class _Number:
    """A parameter that takes a number from 1 on."""

    letter: str = "Q"
    name: str
    top: int
    before_counter: str | None = None
    """What stands between a native Korean numeral and its counter; nothing where only digits are said."""

    def draw(self, setting: Setting) -> tuple[str, int]:
        """What a request says and what the call has."""
        number = setting.rng.randint(1, self.top)
        if (
            setting.language.code == "ko"
            and self.before_counter is not None
            and number <= 12
            and setting.rng.random() < 0.5
        ):
            return f"{native(number)}{self.before_counter}", number
        return str(number), number


@dataclass(frozen=True, slots=True)
class Service:
    """A service: what its tool says of it and takes; how it is asked for stands with the language."""

    description: str
    parameters: tuple[_Text | _Number, ...]


SERVICES = {
    "send_message": Service(
        "Send a message to a person",
        (
            _Text(letter="R", name="recipient", kind="person"),
            _Text(letter="B", name="text", kind="note"),
        ),
    ),
    "call_contact": Service("Call a person", (_Text(letter="R", name="recipient", kind="person"),)),
    "add_to_cart": Service(
        "Put an item into the shopping cart",
        (
            _Text(letter="I", name="item", kind="item"),
            _Number(name="quantity", top=20, before_counter=" "),
        ),
    ),
    "get_weather": Service("Weather of a city", (_Text(letter="C", name="city", kind="city"),)),
    "book_taxi": Service("Order a taxi to a place", (_Text(letter="C", name="destination", kind="city"),)),
    "create_memo": Service("Write a memo", (_Text(letter="B", name="text", kind="note"),)),
    "search_recipe": Service("Find a recipe of a dish", (_Text(letter="I", name="item", kind="dish"),)),
    "start_timer": Service("Start a timer", (_Number(name="minutes", top=60),)),
    "set_alarm": Service("Set an alarm at an hour", (_Number(name="hour", top=12, before_counter=""),)),
    "translate_word": Service("Translate a word", (_Text(letter="I", name="item", kind="item"),)),
}


def service_action(setting: Setting, kind: str) -> Action:
    """The tool of a service and how it is asked for."""
    service, block = SERVICES[kind], setting.language.services[kind]
    properties: dict[str, JsonValue] = {
        parameter.name: {
            "type": "integer" if isinstance(parameter, _Number) else "string",
            "description": parameter.name,
        }
        for parameter in service.parameters
    }
    tool = Tool(
        setting.service_name(kind),
        service.description,
        {"type": "object", "properties": properties, "required": list(properties)},
    )

    def ask() -> Asked:
        words: dict[str, str] = {}
        arguments: dict[str, JsonValue] = {}
        for parameter in service.parameters:
            words[parameter.letter], arguments[parameter.name] = parameter.draw(setting)
        return Asked(setting.pattern(block), Call(tool.name, arguments), words)

    return Action("service", tool, kind, kind, ask)
