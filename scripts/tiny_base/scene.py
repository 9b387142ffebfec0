"""Scenes of the pretraining corpus: a few devices and services, the tools declared for them, and requests with their calls.

A scene is built so that each request has one right answer: where two tools of a scene could be meant, the request names
the device or the attribute.

All draws of a scene come from one random stream, so their order is part of the corpus: draw one thing earlier or later and
every row after it is another.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from fgdata.schema import Call, Tool
from scripts.tiny_base.actions import Action, choice, quantity, readings, switches
from scripts.tiny_base.language import Code
from scripts.tiny_base.lexicon import DEVICES, HELD_OUT, MORE_QUANTITIES, QUANTITIES
from scripts.tiny_base.phrasing import fill, open_words
from scripts.tiny_base.pieces import Pieces
from scripts.tiny_base.services import SERVICES, service_action
from scripts.tiny_base.setting import Setting, Subject


class Request(NamedTuple):
    """What the user says, and the calls or the text that answer it."""

    text: str
    calls: tuple[Call, ...]
    answer: str
    """Empty where there are calls."""


class Scene:
    """Tools declared together, and the requests that they answer."""

    def __init__(
        self,
        rng: random.Random,
        n_tools: int,
        development: bool = False,
        pieces: Pieces | None = None,
        is_wide: bool = False,
    ) -> None:
        """A scene of the first stage; with `pieces` of the second; with `is_wide` too, of the third."""
        self._rng = rng
        self._setting = Setting(rng, development, pieces, is_wide)
        self.actions: list[Action] = []
        if rng.random() < 0.12:
            self.actions += readings(self._setting, n_tools)
        while len(self.actions) < n_tools and not (self._setting.is_anonymous and len(self.actions) > 1):
            if rng.random() < 0.82:
                self._add_device(n_tools - len(self.actions))
            else:
                self._add_service()
        rng.shuffle(self.actions)

    @property
    def language(self) -> Code:
        """The language of the requests."""
        return self._setting.language.code

    @property
    def tools(self) -> list[Tool]:
        """The declared tools."""
        return [action.tool for action in self.actions]

    def request(self) -> Request:
        """A request of any kind: for one tool or two, for a tool that is not there, or small talk."""
        if self._setting.is_wide:
            return self._without_blanks(self._calls_nothing() or self._wide_missing() or self._any_request())
        if self._setting.pieces and (nothing := self._calls_nothing()):
            return nothing
        return self._any_request()

    def _any_request(self) -> Request:
        rng, language = self._rng, self._setting.language
        draw = rng.random()
        if draw < 0.05:
            return Request(self._chat(), (), rng.choice(language.chat_answers))
        if draw < 0.10 and (missing := self._missing()):
            return Request(missing, (), rng.choice(language.missing_answers))
        if draw < 0.16 and len(self.actions) > 1:
            (first, call), (second, call2) = (self._ask(action) for action in rng.sample(self.actions, 2))
            joined = rng.choice(language.join).replace("{X}", first).replace("{Y}", second)
            return Request(joined, (call, call2), "")
        text, call = self._ask(rng.choice(self.actions))
        return Request(self._around(text), (call,), "")

    # -- building ---------------------------------------------------------------------------------------------------

    def _add_device(self, room: int) -> None:
        """Add at most `room` tools of a device; none if the device that was drawn is there already."""
        rng, device = self._rng, self._new_device()
        if device is None:
            return
        makers: list[Callable[[Setting, Subject], list[Action]]] = []
        if rng.random() < 0.7:
            makers.append(switches)
        more = 1 if self._setting.is_anonymous else 0
        makers += [quantity] * (more + rng.choice([0, 1, 1, 2]))
        makers += [choice] * (more + rng.choice([0, 1, 1, 2]))
        rng.shuffle(makers)
        made = [action for maker in makers for action in maker(self._setting, device)]
        self.actions += made[:room]

    def _new_device(self) -> Subject | None:
        rng, setting = self._rng, self._setting
        if setting.has_made_up_devices and rng.random() < 0.6:
            slug, name = setting.made_up_name()
            device = Subject(slug, (name,), name)
        else:
            known = [thing for thing in DEVICES if (thing.slug in HELD_OUT) == setting.development]
            device = setting.subject(rng.choice(known))
        if any(action.device == device.slug for action in self.actions):
            return None
        if not setting.is_anonymous:
            return device
        nouns = ["기기", "장치", ""] if setting.described_in == "ko" else ["device", "unit", "machine"]
        noun = rng.choice(nouns)
        return replace(device, noun=noun, slug=rng.choice(["", "", "device", "unit"]))

    def _add_service(self) -> None:
        """Add a service, unless the one that was drawn is there already."""
        kind = self._rng.choice(sorted(SERVICES))
        if not any(action.device == kind for action in self.actions):
            self.actions.append(service_action(self._setting, kind))

    # -- asking -----------------------------------------------------------------------------------------------------

    def _ask(self, action: Action) -> tuple[str, Call]:
        for _ in range(40):
            asked = action.ask()
            if self._is_clear(action, open_words(asked.pattern)):
                return self._setting.fill(asked.pattern, asked.words), asked.call
        # Only patterns that leave something open were drawn: name the device in front.
        return self._setting.fill("{D} " + asked.pattern, asked.words), asked.call

    def _is_clear(self, action: Action, letters: set[str]) -> bool:
        """Whether a request with these words can mean no other tool of the scene."""
        if action.op == "service" or "A" in letters:
            return True
        rivals = [other for other in self.actions if other is not action and other.op == action.op]
        if "D" in letters:
            return all(other.device != action.device for other in rivals)
        return not rivals

    def _around(self, text: str) -> str:
        """The request with talk before or behind it, in some of the cases."""
        rng, language = self._rng, self._setting.language
        draw = rng.random()
        if self._setting.is_wide and rng.random() < 0.06:  # the reason behind
            return f"{text}, {rng.choice(language.because).rstrip(',')}"
        if draw < 0.12:
            return f"{rng.choice(language.because)} {text}"
        if draw < 0.20:
            return f"{rng.choice(language.before)} {text}"
        if draw < 0.24:
            return f"{text} {rng.choice(language.behind)}"
        return text

    def _calls_nothing(self) -> Request | None:
        """From the second stage on, in a fifth of the cases: talk about a device, about something else, or a value left out."""
        rng, language, draw = self._rng, self._setting.language, self._rng.random()
        if draw < 0.08:
            text = self._setting.fill(self._setting.pattern(language.remarks), self._any_words())
            return Request(text, (), rng.choice(language.chat_answers))
        if draw < 0.16:
            text = self._setting.fill(self._setting.pattern(language.elsewhere), self._any_words())
            return Request(text, (), rng.choice(language.missing_answers))
        settable = [action for action in self.actions if action.op in {"set", "choice"}]
        if draw < 0.21 and settable:
            words = rng.choice(settable).ask().words
            text = self._setting.fill(self._setting.pattern(language.without_value), words)
            return Request(text, (), fill(rng.choice(language.questions), words, rng))
        return None

    def _any_words(self) -> dict[str, str]:
        """Words for a sentence about anything; the device is often one of the scene's."""
        rng, setting, item = self._rng, self._setting, self._rng.choice(QUANTITIES)
        if setting.is_wide:
            return self._own_words()
        own = self.actions[0].ask().words.get("D", "")
        words = {
            letter: rng.choice(setting.language.words[kind])
            for letter, kind in (("R", "person"), ("C", "city"), ("I", "item"))
        }
        words["D"] = (
            own if own and rng.random() < 0.5 else rng.choice(rng.choice(DEVICES).names(self.language))
        )
        words["A"] = rng.choice(item.names(self.language))
        words["N"] = setting.number(rng.randrange(item.low, item.high + 1), item.units(self.language))
        return words

    def _own_words(self) -> dict[str, str]:
        """Words for a sentence about anything; device and attribute are mostly ones that the scene has tools for."""
        rng, setting = self._rng, self._setting
        item = rng.choice([*QUANTITIES, *MORE_QUANTITIES])
        words = {
            "R": rng.choice(setting.language.words["person"]),
            "C": rng.choice(setting.language.words["city"]),
            "I": rng.choice(setting.language.words["item"]),
            "D": rng.choice(rng.choice(DEVICES).names(self.language)),
            "A": rng.choice(item.names(self.language)),
            "N": setting.number(rng.randrange(item.low, item.high + 1), item.units(self.language)),
            "P": rng.choice(setting.language.words["place"]),
            "Q": str(rng.randint(1, 99)),
        }
        if rng.random() < 0.75:
            own = rng.choice(self.actions).ask().words
            words |= {letter: own[letter] for letter in "DAN" if own.get(letter)}
        return words

    def _wide_missing(self) -> Request | None:
        """In the third stage, one request in twelve: what no declared tool can do, in the words of ones that are declared."""
        rng, setting = self._rng, self._setting
        if rng.random() >= 0.08:
            return None
        own_devices = {action.device for action in self.actions}
        own_words = {word for action in self.actions for word in action.ask().words.values()}
        for _ in range(4):
            other = Scene(rng, 3, pieces=setting.pieces, is_wide=True)
            action = rng.choice(other.actions)
            asked = action.ask()
            letters = open_words(asked.pattern)
            named = {asked.words[letter] for letter in letters & {"A", "D"}}
            if (
                other.language != self.language
                or not named
                or named & own_words
                or action.device in own_devices
                or action.attribute in setting.attributes
            ):
                continue
            # An attribute that is not to be set, of a device that is there.
            if letters >= {"A", "D"} and (own := self.actions[0].ask().words.get("D")) and rng.random() < 0.5:
                asked = asked._replace(words={**asked.words, "D": own})
            text = self._around(setting.fill(asked.pattern, asked.words))
            return Request(text, (), rng.choice(setting.language.missing_answers))
        return None

    def _without_blanks(self, request: Request) -> Request:
        """The request, a Korean one now and then written without blanks."""
        if self.language == "ko" and self._rng.random() < 0.05:
            return request._replace(text=request.text.replace(" ", ""))
        return request

    def _chat(self) -> str:
        """Something said that asks for no tool, perhaps about a device."""
        words = {"D": self._rng.choice(self._rng.choice(DEVICES).names(self.language))}
        return fill(self._setting.pattern(self._setting.language.chat), words, self._rng)

    def _missing(self) -> str:
        """A request that no declared tool answers; empty if none was found."""
        other = Scene(self._rng, 3, self._setting.development)
        if other.language != self.language:
            return ""
        known = {action.device for action in self.actions} | self._setting.attributes
        for action in other.actions:
            if (
                action.device not in known
                and action.attribute not in known
                and action.op in {"on", "off", "service", "open"}
            ):
                return other._ask(action)[0]
        return ""
