"""Pack + rows + seed -> examples. The same three give the same rows, whatever process or machine makes them."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from fgdata.chance import Chance, Deck, Weighted, shares
from fgdata.errors import FormatError, PackError, Problem, UsageError
from fgdata.example import Example, Message
from fgdata.format import TRIGGER, find_control_tokens, parse_completion, render_call
from fgdata.pack import SPLITS, Intent, Pack, SlotValue, TemplateFamily
from fgdata.positions import Place
from fgdata.schema import Call, JsonValue, canonical_json, check_call, coerce_call
from fgdata.template import Template, Wording

Shape = Literal["tool-calls", "text"]
"""`tool-calls`: calls as JSON and the tools in the row. `text`: calls as native text after a short developer message."""
Values = Literal["bare", "escaped"]
"""How numbers and booleans are written in native text: bare, as the official template does, or inside `<escape>`."""

MAX_ROWS = 1_000_000
"""Rows of one data set: all of them are held in memory until they are written."""
WORDING_TRIES = 8
"""Renderings tried with the same slot values before other values are drawn."""
VALUE_TRIES = 12
"""Draws of slot values in a row without a new text before a template counts as having run out."""


def utterance_key(text: str) -> str:
    """What makes two utterances the same text: Unicode form, case and blanks do not count."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A family that ran out of distinct texts before its share was reached."""

    split: str
    family: str
    asked: int
    made: int
    missing: int
    """Rows that the intent's other families of the split could not give either; counted once, at the last to run out."""


@dataclass(frozen=True, slots=True)
class Generated:
    """The rows of a data set and what fell short."""

    splits: Mapping[str, Sequence[Example]]
    shortfalls: tuple[Shortfall, ...]
    unseen_values: Mapping[str, Mapping[str, list[JsonValue]]]
    """Split -> slot -> listed values and ends of ranges that no row of the split has, of the slots that stand in calls."""

    @property
    def n_rows(self) -> int:
        """Rows in all splits."""
        return sum(len(rows) for rows in self.splits.values())


def generate(
    pack: Pack,
    rows: int,
    seed: int,
    *,
    shape: Shape = "tool-calls",
    values: Values = "bare",
    advance: Callable[[int], object] = lambda _: None,
) -> Generated:
    """Examples of a pack, by split: distinct texts, every one checked.

    Args:
        rows: rows wanted in all splits together.
        advance: told how many more rows are done, now and then.

    Raises:
        UsageError: what is asked for cannot be made of any pack.
        PackError: one text with two labels, a text that holds a control token, a call that does not survive writing.
    """
    if values == "escaped" and shape != "text":
        raise UsageError(
            Problem(
                "--values escaped", "JSON calls have typed values, nothing to escape.", "Add --shape text."
            )
        )
    if rows > MAX_ROWS:
        raise UsageError(
            Problem("--rows", f"more than {MAX_ROWS:,} rows are asked for.", "Ask for that many at most.")
        )
    dealt = shares(rows, pack.splits)
    if rows < 1 or min(dealt.values()) < 1:
        least = next(n for n in range(1, 1_000_000) if min(shares(n, pack.splits).values()) >= 1)
        raise UsageError(Problem("--rows", f"{rows} rows leave a split empty.", f"Ask for {least} at least."))
    return _Run(pack, seed, shape, values, advance).run(dealt)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A row without its id."""

    utterance: str
    answer: Message
    intent: Intent
    family: TemplateFamily
    register: str
    slots: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class _Label:
    """What a text was given: what it means, and where it was spelt first."""

    meaning: str
    family: str
    template: Template


@dataclass(slots=True)
class _Run:
    """One run: what was made so far, over all splits."""

    pack: Pack
    seed: int
    shape: Shape
    values: Values
    advance: Callable[[int], object]
    labels: dict[str, _Label] = field(default_factory=dict)
    """Utterance key -> its label."""
    conflicts: dict[tuple[str, str], Problem] = field(default_factory=dict)
    """By the two families."""
    messages: dict[str, Message] = field(default_factory=dict)
    """Canonical JSON of calls, or an answer's text -> the checked assistant message."""
    shortfalls: list[Shortfall] = field(default_factory=list)

    def run(self, dealt: Mapping[str, int]) -> Generated:
        # The smallest split first: what two splits can both spell goes to the one that can least spare it.
        drafts = {
            split: self.drafts(split, dealt[split])
            for split in sorted(SPLITS, key=lambda split: dealt[split])
        }
        PackError.raise_if(self.conflicts.values())
        unseen = {split: missing for split in SPLITS if (missing := self.unseen_values(drafts[split]))}
        return Generated(
            {split: self.examples(split, drafts[split]) for split in SPLITS}, tuple(self.shortfalls), unseen
        )

    def drafts(self, split: str, count: int) -> list[_Draft]:
        """The rows of a split, intent by intent."""
        made: list[_Draft] = []
        for kind, of_kind in shares(count, self.pack.mix).items():
            intents = {intent.name: intent for intent in self.pack.intents if intent.kind == kind}
            asked = shares(of_kind, {intent.name: intent.weight for intent in intents.values()})
            for name, intent in intents.items():
                before = len(made)
                made += _Dealer(self, intent, split).rows(asked[name])
                self.advance(len(made) - before)
        return made

    def examples(self, split: str, drafts: Sequence[_Draft]) -> list[Example]:
        """The rows of a split in a mixed order, with their ids."""
        pack, has_tools = self.pack, self.shape == "tool-calls"
        developer = {"role": "developer", "content": pack.developer if has_tools else TRIGGER}
        shuffled = Chance(pack.name, self.seed, split, "order").shuffled(drafts)
        return [
            Example(
                id=f"{pack.name}-{self.seed}-{split}-{number:06d}",
                messages=[developer, {"role": "user", "content": draft.utterance}, draft.answer],
                tools=pack.tool_entries if has_tools else None,
                pack=pack.name,
                intent=draft.intent.name,
                family=f"{draft.intent.name}/{draft.family.name}",
                kind=draft.intent.kind,
                register=draft.register,
                language=pack.language,
                slots=draft.slots,
            )
            for number, draft in enumerate(shuffled, 1)
        ]

    def unseen_values(self, drafts: Sequence[_Draft]) -> dict[str, list[JsonValue]]:
        """Slot -> listed values and ends of ranges that no row has, of the slots that stand in calls."""
        seen = {(name, canonical_json(value)) for draft in drafts for name, value in draft.slots.items()}
        named = dict.fromkeys(
            slot for intent in self.pack.intents for call in intent.calls for slot in call.slots
        )
        unseen = {
            name: [
                v.value
                for v in (self.pack.slots[name].ends or self.pack.slots[name].values)
                if (name, canonical_json(v.value)) not in seen
            ]
            for name in named
        }
        return {name: missing for name, missing in unseen.items() if missing}

    def is_new(self, utterance: str, meaning: str, family: str, template: Template) -> bool:
        """Whether no row has this text yet; a text that means two things is noted."""
        key = utterance_key(utterance)
        first = self.labels.get(key)
        if first is None:
            self.labels[key] = _Label(meaning, family, template)
            return True
        if first.meaning != meaning and (first.family, family) not in self.conflicts:
            what = f"{utterance!r} means {meaning} in {family}, but {first.meaning} in {first.family} ({first.template.place})."
            remedy = "Take the template out of one of them, or make its wording say which is meant."
            self.conflicts[first.family, family] = Problem(str(template.place), what, remedy)
        return False

    def message_for_calls(self, calls: tuple[Call, ...], key: str, place: str) -> Message:
        """The assistant's message that makes `calls`, checked: on schema, and read back as it was written."""
        if (known := self.messages.get(key)) is not None:
            return known
        tools = self.pack.tools_by_name
        complaints = [complaint for call in calls for complaint in check_call(call, tools)]
        PackError.raise_if(
            Problem(place, f"{complaint}.", "Change the call, or the schema in tools.json.")
            for complaint in complaints
        )
        message: Message = {"role": "assistant", "tool_calls": [call.to_json() for call in calls]}
        try:
            text = "".join(render_call(call, values=self.values) for call in calls)
        except FormatError as error:
            raise PackError(
                *(Problem(place, problem.what, problem.remedy) for problem in error.problems)
            ) from error
        if self.shape == "text":
            message = {"role": "assistant", "content": text}
        read = parse_completion(text).calls
        if self.values == "escaped":
            read = tuple(coerce_call(call, tools) for call in read)
        if read != calls:
            raise PackError(
                Problem(
                    place,
                    f"the call {text!r} does not read back as it was meant.",
                    "Change the names or values in it.",
                )
            )
        self.messages[key] = message
        return message

    def message_for_answer(self, text: str, place: str) -> Message:
        """The assistant's message that answers with a text, checked."""
        if text not in self.messages:
            check_text(text, place)
            self.messages[text] = {"role": "assistant", "content": text}
        return self.messages[text]


def check_text(text: str, place: str) -> None:
    """Raise PackError if a rendered text is none, starts like the rest of one, or holds a control token."""
    if tokens := find_control_tokens(text):
        raise PackError(
            Problem(
                place,
                f"renders to {text!r}, which holds the control token {tokens[0]}.",
                "Change the wording.",
            )
        )
    if not text or text[0] in ",.?!":
        what = f"renders to {text!r}, which begins with a sign" if text else "renders to an empty text"
        raise PackError(
            Problem(
                place, f"{what}.", "Put the sign inside maybe(...), or keep a word that is always printed."
            )
        )


class _Dealer:
    """Deals one intent's rows of one split to its families in turn."""

    def __init__(self, run: _Run, intent: Intent, split: str) -> None:
        self.run, self.intent, self.split = run, intent, split
        self.chance = chance = Chance(run.pack.name, run.seed, split, intent.name)
        self.families = chance.shuffled(intent.families_in(split))
        self.meanings: dict[tuple[int, ...], tuple[dict[str, JsonValue], tuple[Call, ...], str]] = {}
        self.misses = Counter[Place]()
        self.templates = {family.name: Deck(family.templates, chance) for family in self.families}
        self.registers = {
            family.name: Weighted((name, run.pack.registers[name]) for name in family.registers)
            for family in self.families
        }
        names = dict.fromkeys(
            slot for family in self.families for template in family.templates for slot in template.slots
        )
        slots = {name: run.pack.slots[name] for name in names}
        self.values = {name: Deck(slot.values, chance, slot.ends) for name, slot in slots.items()}
        self.valued = {name for name, slot in slots.items() if slot.has_value}

    def rows(self, asked: int) -> list[_Draft]:
        """As many rows as there are distinct texts for, at most `asked`."""
        made: list[_Draft] = []
        counts = Counter[str]()
        ran_out: list[TemplateFamily] = []
        active = list(self.families)
        while active and len(made) < asked:
            for family in list(active):
                if len(made) == asked:
                    break
                draft = self.new_row(family)
                if draft is None:
                    active.remove(family)
                    ran_out.append(family)
                else:
                    made.append(draft)
                    counts[family.name] += 1
        share = shares(asked, {family.name: 1.0 for family in self.families})
        for family in ran_out:
            missing = asked - len(made) if family is ran_out[-1] else 0
            if counts[family.name] < share[family.name] or missing:
                name = f"{self.intent.name}/{family.name}"
                self.run.shortfalls.append(
                    Shortfall(self.split, name, share[family.name], counts[family.name], missing)
                )
        return made

    def new_row(self, family: TemplateFamily) -> _Draft | None:
        """A row with a text that no row has; None if the family seems to have no more."""
        while self.templates[family.name]:
            template = self.templates[family.name].deal()
            values = {name: self.values[name].deal() for name in template.slots}
            if (draft := self.new_wording(family, template, values)) is not None:
                self.misses[template.place] = 0
                return draft
            self.misses[template.place] += 1
            if self.misses[template.place] == VALUE_TRIES:
                self.templates[family.name].remove(template)
        return None

    def new_wording(
        self, family: TemplateFamily, template: Template, values: Mapping[str, SlotValue]
    ) -> _Draft | None:
        """A row with these slot values and a text that no row has."""
        chance, run = self.chance, self.run
        key = tuple(map(id, values.values()))
        if (known := self.meanings.get(key)) is None:
            slots = {name: value.value for name, value in values.items() if name in self.valued}
            calls = tuple(pattern.call(slots) for pattern in self.intent.calls)
            known = self.meanings[key] = (slots, calls, meaning_of(self.intent, calls))
        slots, calls, meaning = known
        place = str(template.place)
        for _ in range(WORDING_TRIES):
            wording = Wording(chance, chance.weighted(self.registers[family.name]))
            forms: dict[str, Any] = {name: chance.one_of(value.forms) for name, value in values.items()}
            utterance = template.render(wording, forms)
            check_text(utterance, place)
            if run.is_new(utterance, meaning, f"{self.intent.name}/{family.name}", template):
                answer = (
                    run.message_for_calls(calls, meaning, place)
                    if calls
                    else self.answer(template, wording, forms)
                )
                return _Draft(utterance, answer, self.intent, family, wording.register, slots)
        return None

    def answer(self, template: Template, wording: Wording, forms: Mapping[str, Any]) -> Message:
        """One of the intent's answers whose slots the utterance names."""
        fitting = [answer for answer in self.intent.answers if template.always.issuperset(answer.slots)]
        chosen = self.chance.one_of(fitting)
        return self.run.message_for_answer(chosen.render(wording, forms), str(chosen.place))


def meaning_of(intent: Intent, calls: tuple[Call, ...]) -> str:
    """A label as text: the calls, `no call`, or what is asked for."""
    if calls:
        return ", ".join(f"{call.name}({canonical_json(call.arguments)})" for call in calls)
    return f"asking for {intent.asks_for}" if intent.kind == "ask" else "no call"
