"""The row at a place of a plan, as the line that is written. Every check that a row must pass stands here or in what is called here.

What a row has beside its text follows from its id: which of an intent's answers it gets, which tools stand in its prompt. So the
id is all that is needed to make the row again (`rebuild`).

    climate_ko@1.0.0/lower_by/plain/2.hae/417                      pack, version, intent, family, template, register, index
    climate_ko@1.0.0/power_on/bare/1+고+set_mode/plain/3.haeyo/88   several intents and how they are joined
    .../417!missing_tool   .../417~light:9f3c...                   the right tool is not declared; a perturbation and its key
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any, Literal

from fgdata.compose import Compositions, Joined
from fgdata.entries import Binding
from fgdata.errors import FormatError, PackError, Problem, UsageError
from fgdata.format import parse_completion, render_call
from fgdata.lots import Lot, Plan
from fgdata.masks import masked_calls, masked_tools
from fgdata.pack import BORROWED, CALLING, Pack
from fgdata.permutation import MASK, Permutation, key_of, mix
from fgdata.perturb import Language, perturb
from fgdata.perturb.recover import recovered
from fgdata.schema import Call, JsonValue, Tool, canonical_json, check_call, coerce_call
from fgdata.space import Cell, make_cell
from fgdata.stock import Source, Stock, calls_of, check_control_tokens, values_of
from fgdata.template import Template

Shape = Literal["tool-calls", "text"]
"""`tool-calls`: calls as JSON and the tools in the row. `text`: calls as native text after the developer message, and no tools."""
Values = Literal["bare", "escaped"]
"""How numbers and booleans are written in native text: bare, as the official template does, or inside `<escape>`."""
MAX_CACHED = 50_000
"""Answers kept ready; a cache that outgrows it is emptied."""
ID = re.compile(
    r"(?P<pack>[a-z0-9][a-z0-9_-]*)@(?P<version>[^/@]+)/(?P<path>.+)/(?P<index>[0-9]+)"
    r"(?P<missing>!missing_tool)?(?:~(?P<level>light|strong):(?P<key>[0-9a-f]{1,16}))?"
)

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class Options:
    """How rows are written."""

    shape: Shape = "tool-calls"
    values: Values = "bare"
    level: str = "off"
    """Of the perturbations."""


@dataclass(frozen=True, slots=True)
class Written:
    """The parts of a row that the same label shares."""

    message: str
    """The assistant's message, JSON."""
    tail: str
    """Columns after the kind that follow from the label: slots, policies, what is asked for."""
    calls: tuple[Call, ...]
    values: frozenset[tuple[str, str]]
    """Slots and their values, as canonical JSON."""
    forms: tuple[str, ...]
    """What the call's slots were filled with."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it is written, and what is counted of it."""

    line: str
    """JSON, without a line end."""
    columns: tuple[str, ...]
    """As `COLUMNS` names them."""
    written: Written


COLUMNS = ("kind", "intent", "register", "language", "perturbation")
"""What rows are counted by."""


class Frame:
    """What the rows of one cell have in common, and how their digits are read.

    Args:
        parts: the templates of the utterance, each with the dimensions that are its own: from, to.
        whole: the cell that the index in an id counts in, where `cell` is a part of it.
    """

    __slots__ = (
        "bound", "cell", "front", "intent", "is_calling", "key", "language", "pack", "parts", "place", "places", "provenance",
        "register", "register_and_language", "written",
    )  # fmt: skip

    def __init__(
        self,
        pack: Pack,
        path: str,
        register: str,
        cell: Cell,
        *,
        parts: tuple[tuple[Source, int, int], ...],
        whole: Cell | None = None,
    ) -> None:
        self.pack, self.cell, self.parts, self.register = pack, cell, parts, register
        self.key = key_of(path)
        self.language = parts[0][0].family.language
        self.place = str(parts[0][0].template.place)
        self.is_calling = parts[0][0].intent.kind in CALLING
        self.intent = "+".join(source.intent.name for source, _, _ in parts)
        family = "+".join(source.path for source, _, _ in parts)
        self.front = f'{{"id": {encode_basestring(f"{pack.name}@{pack.version}/{path}/")[:-1]}'
        self.provenance = f', "pack": "{pack.name}", "intent": {encode_basestring(self.intent)}, "family": {encode_basestring(family)}, "kind": "'
        self.register_and_language = (
            f'", "register": {encode_basestring(register)}, "language": "{self.language}"'
        )
        self.bound = tuple(n for n, d in enumerate(cell.dimensions) if d.has_bindings)
        """Numbers of the dimensions that fill slots which matter."""
        self.written: dict[Any, Written] = {}
        whole = whole or cell
        self.places = [(d.numbers, w.size) for d, w in zip(cell.dimensions, whole.dimensions, strict=True)]

    def index(self, digits: Sequence[int]) -> int:
        """The number of the expansion, as an id has it."""
        index = 0
        for digit, (numbers, size) in zip(digits, self.places):  # noqa: B905  # one for each dimension
            index = index * size + (numbers[digit] if numbers else digit)
        return index

    def bindings(self, digits: Sequence[int]) -> Iterator[tuple[Source, list[Binding]]]:
        """Each template of the utterance with what its slots were filled with."""
        dimensions = self.cell.dimensions
        for source, start, end in self.parts:
            yield (
                source,
                [
                    b
                    for n in self.bound
                    if start <= n < end
                    for b in dimensions[n].entries[digits[n]].bindings
                ],
            )

    def forms(self, digits: Sequence[int]) -> tuple[str, ...]:
        """What slots with values were filled with: these must survive a perturbation."""
        slots, dimensions = self.pack.slots, self.cell.dimensions
        found = (b for n in self.bound for b in dimensions[n].entries[digits[n]].bindings)
        return tuple(b.form for b in found if slots[b.slot].has_value)

    def label(self, digits: Sequence[int]) -> str:
        """What tells one label from another, in words of no language."""
        said = []
        for source, bindings in self.bindings(digits):
            labels, intent = source.intent.label_slots, source.intent
            values = [(b.slot, b.value) for b in bindings if b.slot in labels]
            said.append(f"{intent.name if intent.kind in CALLING else intent.asks_for}{values}")
        return "+".join(said)


class RowMaker:
    """Makes rows of a pack."""

    def __init__(self, stock: Stock, compositions: Compositions, options: Options) -> None:
        self.stock, self.compositions, self.options = stock, compositions, options
        self.pack: Pack = stock.pack
        self._tools = self.pack.tools_by_name
        self._declared: dict[tuple[str, ...], str] = {}
        self._written: dict[tuple[Any, ...], Written] = {}
        self._labels: dict[
            tuple[Any, ...], tuple[str, str, tuple[Call, ...], frozenset[tuple[str, str]]]
        ] = {}
        self._answers: dict[tuple[Any, ...], Cell] = {}
        self._n_written = 0
        has_tools = options.shape == "tool-calls"
        self.heads = {
            language: f'{{"role": "developer", "content": {encode_basestring(text)}}}'
            for language, text in self.pack.developers.items()
        }
        """Language -> developer message, as JSON."""
        self.plain_tools = f', "tools": {_encode(self.pack.tool_entries)}' if has_tools else ""
        self.is_prompt_varied = not self.pack.prompt.is_plain

    # One row

    def row(self, plan: Plan, split: str, place: int, *, stays_clean: bool = False) -> Row:
        """The row at a place of a split's file.

        Raises: PackError for a row that breaks a rule.
        """
        lot, row = plan.lot(split, place)
        return self.row_of(lot, row, plan.seed, stays_clean=stays_clean)

    def row_of(self, lot: Lot, row: int, seed: int, *, stays_clean: bool = False) -> Row:
        """A lot's row."""
        frame, cell, digits = self._drawn(lot, row)
        level, key = "off", 0
        if self.options.level != "off" and not stays_clean:
            level, key = self.options.level, self._noise_key(frame, digits, seed)
        return self.finished(frame, cell, digits, lot.kind_of(row), (level, key))

    def texts(self, plan: Plan, split: str, place: int) -> tuple[str, tuple[str, str], str]:
        """The row's text as its template has it, as it is perturbed and how, and its label: what is compared over all rows."""
        lot, row = plan.lot(split, place)
        frame, cell, digits = self._drawn(lot, row)
        kind = lot.kind_of(row)
        text, key = cell.text(digits), self._noise_key(frame, digits, plan.seed)
        noisy = perturbed(text, frame.language, key, frame.forms(digits), self.options.level)
        return text, noisy, f"{kind}:{frame.label(digits)}"

    def rebuild(self, row_id: str) -> str:
        """The row with this id, as it is written.

        Raises: UsageError if the pack has none.
        """
        found = ID.fullmatch(row_id)
        if found is None or found["pack"] != self.pack.name:
            what = f"is no id of the pack {self.pack.name!r}."
            remedy = "An id looks like PACK@VERSION/INTENT/FAMILY/TEMPLATE.REGISTER/INDEX; name the pack's folder with --pack."
            raise UsageError(Problem(row_id, what, remedy))
        if found["version"] != self.pack.version:
            what = f"is of version {found['version']}; the pack {self.pack.name!r} in {self.pack.folder} is {self.pack.version}."
            remedy = "Take that version of the pack out of its history, and name its folder with --pack."
            raise UsageError(Problem(row_id, what, remedy))
        path, register = found["path"], found["path"].rpartition(".")[2]
        try:
            if "+" in path:
                joined = self.compositions.find(path)
                frame, cell, kind = self._frame_of_joined(joined), joined.cell, "several"
            else:
                source = next(s for s in self.stock.base_sources if f"{s.path}/{s.number}.{register}" == path)
                cell, kind = source.whole[register], str(source.intent.kind)
                frame = Frame(self.pack, path, register, cell, parts=((source, 0, len(cell.dimensions)),))
            if found["missing"] and (kind != "call" or not self.pack.missing_tool_answers):
                raise KeyError(kind)
            digits = cell.unrank(int(found["index"]))
        except (StopIteration, KeyError, IndexError, ValueError) as error:
            what = f"names no expansion of the pack in {self.pack.folder}."
            remedy = "The pack may have changed since: its version should have, too. See the ids with `fgdata show FILE`."
            raise UsageError(Problem(row_id, what, remedy)) from error
        level, key = found["level"] or "off", int(found["key"] or "0", 16)
        return self.finished(frame, cell, digits, BORROWED if found["missing"] else kind, (level, key)).line

    def _drawn(self, lot: Lot, row: int) -> tuple[Frame, Cell, tuple[int, ...]]:
        """The frame, cell and digits of a lot's row."""
        joined, cell, digits = lot.draw(lot.accepted(row))
        if joined is not None:
            return self._frame_of_joined(joined), cell, digits
        return self.frame(lot), cell, digits

    def frame(self, lot: Lot) -> Frame:
        """What the rows of a lot share; its source is a template, no group."""
        found: Frame | None = lot.frame
        if found is None:
            source, cell = lot.source, lot.cell
            assert isinstance(source, Source)
            assert cell is not None
            path = f"{source.path}/{source.number}.{lot.register}"
            whole = source.whole[lot.register]
            parts = ((source, 0, len(cell.dimensions)),)
            found = lot.frame = Frame(self.pack, path, lot.register, cell, parts=parts, whole=whole)
        return found

    def _frame_of_joined(self, joined: Joined) -> Frame:
        parts = []
        start = 0
        for clause in joined.clauses:
            end = start + len(clause.cell.dimensions)
            parts.append((clause.source, start, end))
            start = end
        return Frame(self.pack, joined.path, joined.clauses[-1].register, joined.cell, parts=tuple(parts))

    @staticmethod
    def _noise_key(frame: Frame, digits: Sequence[int], seed: int) -> int:
        return mix(frame.key ^ seed, frame.index(digits) & MASK)

    def finished(
        self, frame: Frame, cell: Cell, digits: Sequence[int], kind: str, noise_of: tuple[str, int]
    ) -> Row:
        """The row of these digits.

        Args:
            noise_of: level and key of the perturbation.
        """
        level, key = noise_of
        text = cell.text(digits)
        if "<" in text:
            check_control_tokens(text, frame.place)
        index = frame.index(digits)
        written = self.written_for(frame, digits, text, kind, index)
        suffix = noise = kinds = ""
        if kind == BORROWED:
            suffix = "!missing_tool"
        if level != "off":
            forms = frame.forms(digits)
            noisy, kinds = perturbed(text, frame.language, key, forms, level)
            if kinds:
                check_recovered(text, noisy, frame.language, forms, frame.place)
                text, noise = noisy, f', "perturbation": "{kinds}"'
                suffix += f"~{level}:{key:x}"
        tools, how, message = self.plain_tools, "", written.message
        if self.is_prompt_varied or kind == BORROWED:
            asked = frame.parts[0][0].intent.asks_of
            tools, how, message = self._prompt(kind, written, frame.key, index, asked)
        line = (
            f'{frame.front}{index}{suffix}", "messages": [{self.heads[frame.language]}, {{"role": "user", "content": {encode_basestring(text)}}}, {message}]'
            f"{tools}{frame.provenance}{kind}{frame.register_and_language}{noise}{how}{written.tail}}}"
        )
        return Row(line, (kind, frame.intent, frame.register, frame.language, kinds), written)

    # What follows from the label

    def written_for(self, frame: Frame, digits: Sequence[int], text: str, kind: str, index: int) -> Written:
        """What the row's label gives it; the label stands in the text."""
        answer: tuple[Template, str] | None = None
        cached: Any = (kind, *[digits[n] for n in frame.bound])
        if kind == BORROWED or not frame.is_calling:
            answer = self._answer(frame, digits, kind, mix(frame.key, index & MASK))
            cached = (answer[1], cached)
        found = frame.written.get(cached)
        if found is None:
            self._n_written += 1
            if self._n_written > MAX_CACHED:
                # Frames hold what they wrote; new ones are made when rows of theirs come again.
                self._n_written = 0
                self._written.clear()
                self._labels.clear()
                frame.written.clear()
            found = frame.written[cached] = self._write(frame, digits, kind, answer)
        for form in found.forms:
            if form not in text:
                check_grounded(form, text, frame.place)
        return found

    def _write(
        self, frame: Frame, digits: Sequence[int], kind: str, answer: tuple[Template, str] | None
    ) -> Written:
        """What the row's label gives it, checked; once for each label, intent and answer."""
        parts = list(frame.bindings(digits))
        key = (kind, answer and answer[1], *((source.intent.name, *bindings) for source, bindings in parts))
        known = self._written.get(key)
        if known is not None:
            return known
        forms = (
            b.form for source, bindings in parts for b in bindings if b.slot in source.intent.label_slots
        )
        label = self._label(frame, parts, kind, answer)
        known = self._written[key] = Written(*label, tuple(forms))
        return known

    def _label(
        self,
        frame: Frame,
        parts: Sequence[tuple[Source, list[Binding]]],
        kind: str,
        answer: tuple[Template, str] | None,
    ) -> tuple[str, str, tuple[Call, ...], frozenset[tuple[str, str]]]:
        """Message, tail, calls and values of `Written`: once for all ways to say the same values."""
        said = ((source.intent.name, *((b.slot, b.value) for b in bindings)) for source, bindings in parts)
        key = (kind, answer and answer[1], *said)
        if (known := self._labels.get(key)) is not None:
            return known
        slots: dict[str, JsonValue] = {}
        calls: list[Call] = []
        policies: dict[str, None] = {}
        for number, (source, bindings) in enumerate(parts, 1):
            values = values_of(self.pack, bindings)
            for name, value in values.items():
                slots[name if name not in slots else f"{name}_{number}"] = value
            calls += calls_of(source.intent, values)
            policies |= dict.fromkeys(name for pattern in source.intent.calls for name in pattern.policies)
        tail = ""
        if policies and kind != BORROWED:
            tail += f', "policy": {encode_basestring(", ".join(policies))}'
        if kind == "ask":
            tail += f', "asks_for": {encode_basestring(frame.parts[0][0].intent.asks_for)}'
        if slots:
            tail += f', "slots": {_encode(slots)}'
        checked = self._checked(tuple(calls), frame.place)
        if answer is None:
            message = self._calls_message(checked)
        else:
            check_control_tokens(answer[1], str(answer[0].place))
            message = f'{{"role": "assistant", "content": {encode_basestring(answer[1])}}}'
        used = frozenset((name, canonical_json(value)) for name, value in slots.items())
        known = self._labels[key] = message, tail, checked, used
        return known

    def _calls_message(self, calls: Sequence[Call]) -> str:
        if self.options.shape == "text":
            text = "".join(render_call(call, values=self.options.values) for call in calls)
            return _encode({"role": "assistant", "content": text})
        return _encode({"role": "assistant", "tool_calls": [call.to_json() for call in calls]})

    def _checked(self, calls: tuple[Call, ...], place: str) -> tuple[Call, ...]:
        """The calls; their schema is kept, and they read back as they are written.

        Raises: PackError.
        """
        complaints = [complaint for call in calls for complaint in check_call(call, self._tools)]
        PackError.raise_if(
            Problem(place, f"{complaint}.", "Change the call, or the schema in tools.json.")
            for complaint in complaints
        )
        try:
            text = "".join(render_call(call, values=self.options.values) for call in calls)
        except FormatError as error:
            raise PackError(*(Problem(place, p.what, p.remedy) for p in error.problems)) from error
        read = parse_completion(text).calls
        if self.options.values == "escaped":
            read = tuple(coerce_call(call, self._tools) for call in read)
        if read != calls:
            what = f"the call {text!r} does not read back as it was meant."
            raise PackError(Problem(place, what, "Change the names or values in it."))
        return calls

    def _answer(self, frame: Frame, digits: Sequence[int], kind: str, key: int) -> tuple[Template, str]:
        """What the model says: one of the answers whose slots the utterance names, chosen by the row's key."""
        source = frame.parts[0][0]
        answers = self.pack.missing_tool_answers if kind == BORROWED else source.intent.answers
        fitting = [
            answer
            for answer in answers
            if answer.language == frame.language and source.template.always.issuperset(answer.slots)
        ]
        chosen = fitting[key % len(fitting)]
        forms: tuple[tuple[str, str], ...] = ()
        if chosen.slots:
            _, bindings = next(frame.bindings(digits))
            forms = tuple((b.slot, b.form) for b in bindings if b.slot in chosen.slots)
        cell = self._answers.get(cached := (id(chosen), forms))
        if cell is None:
            if len(self._answers) > MAX_CACHED:
                self._answers.clear()
            cell = self._answers[cached] = self._answer_cell(chosen, dict(forms))
        return chosen, cell.text(cell.unrank(mix(key, 3) % cell.count))

    def _answer_cell(self, answer: Template, forms: Mapping[str, str]) -> Cell:
        cell = make_cell(
            answer, self.pack.slots, lambda use, _: (), (), answer.slots, language=answer.language
        )
        for number in range(len(cell.dimensions)):
            part = cell.restricted(number, lambda entry: all(b.form == forms[b.slot] for b in entry.bindings))
            assert part is not None, "an answer names only what its utterance always prints"
            cell = part
        return cell

    # What stands in the prompt

    def _prompt(self, kind: str, written: Written, key: int, index: int, asked: str) -> tuple[str, str, str]:
        """The row's tools, how they were chosen, and the assistant's message with the names they then have.

        Args:
            asked: a tool that is declared though nothing calls it: the answer asks for its parameter.
        """
        if self.options.shape != "tool-calls":
            return "", "", written.message
        rule = self.pack.prompt
        key = mix(key, (index & MASK) ^ 0x5DEECE66D)
        called = {call.name for call in written.calls}
        names = list(self._tools)
        said = []
        if rule.distractors is not None:
            kept = called | ({asked} & self._tools.keys())
            others = [name for name in names if name not in kept]
            order = Permutation(max(1, len(others)), mix(key, 1))
            # A prompt without any tool is none of the format's: rows that have no right one declare one other at least.
            more = rule.distractors or int(kind == BORROWED or not kept)
            # A row that calls several tools may leave fewer than the pack asks for: it says how many it has.
            more = min(more, len(others))
            chosen = {others[order[n]] for n in range(more)} | kept
            names = [name for name in names if name in chosen]
            said.append(f"distractors={more}")
        if kind == BORROWED:
            names = [name for name in names if name not in called]
        if rule.is_shuffled and len(names) > 1:
            order = Permutation(len(names), mix(key, 2))
            names = [names[order[n]] for n in range(len(names))]
            said.append("shuffled")
        message = written.message
        if rule.masked and mix(key, 3) < rule.masked * MASK:
            said.append("masked")
            tools, names_of = masked_tools([self._tools[name] for name in names], mix(key, 4))
            if kind != BORROWED and '"tool_calls"' in message:
                message = self._calls_message(self._read_back(masked_calls(written.calls, names_of), tools))
            declared = _encode([tool.to_json() for tool in tools])
        else:
            declared = self._declaration(tuple(names))
        how = f', "prompt": "{" ".join(said)}"' if said else ""
        return f', "tools": {declared}', how, message

    def _declaration(self, names: tuple[str, ...]) -> str:
        known = self._declared.get(names)
        if known is None:
            if len(self._declared) > 2000:
                self._declared.clear()
            known = self._declared[names] = _encode([self._tools[name].to_json() for name in names])
        return known

    def _read_back(self, calls: tuple[Call, ...], tools: Sequence[Tool]) -> tuple[Call, ...]:
        """Masked calls, checked like any."""
        by_name = {tool.name: tool for tool in tools}
        assert not [complaint for call in calls for complaint in check_call(call, by_name)]
        assert parse_completion("".join(map(render_call, calls))).calls == calls
        return calls


def perturbed(text: str, language: str, key: int, protected: tuple[str, ...], level: str) -> tuple[str, str]:
    """The text as people mistype it, and what was done, in one word for each; the text itself where nothing was."""
    spoken: Language = "ko" if language == "ko" else "en"
    found = perturb(text, language=spoken, level=level, key=key, protected=protected)
    return found.text, "+".join(found.kinds)


def check_grounded(form: str, text: str, place: str) -> None:
    """Raise PackError if what a slot of the call was filled with does not stand in the text, in whatever case."""
    if form.casefold() not in text.casefold():
        what = f"{form!r}, which the call takes, does not stand in {text!r}."
        raise PackError(Problem(place, what, "Print the slot as it is, without a filter that changes it."))


def check_recovered(text: str, noisy: str, language: str, protected: tuple[str, ...], place: str) -> None:
    """Raise PackError if numbers, negation or slot values of a perturbed text cannot be told any more."""
    spoken: Language = "ko" if language == "ko" else "en"
    if lost := recovered(text, noisy, language=spoken, protected=protected):
        what = f"{text!r} perturbed to {noisy!r}: {lost}."
        raise PackError(Problem(place, what, "This is a fault of the perturbation; please report it."))
