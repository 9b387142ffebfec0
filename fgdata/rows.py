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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any, Literal

from fgdata.compose import Compositions, Joined
from fgdata.errors import FormatError, PackError, Problem, UsageError
from fgdata.format import TRIGGER, parse_completion, render_call
from fgdata.masks import masked_calls, masked_tools
from fgdata.pack import BORROWED, CALLING, Intent, Pack
from fgdata.permutation import MASK, Permutation, key_of, mix
from fgdata.plan import Plan
from fgdata.schema import Call, JsonValue, Tool, canonical_json, check_call, coerce_call
from fgdata.space import Binding, Cell, make_cell
from fgdata.stock import Source, Stock, calls_of, check_control_tokens, values_of
from fgdata.template import Template

Shape = Literal["tool-calls", "text"]
"""`tool-calls`: calls as JSON and the tools in the row. `text`: calls as native text after a short developer message."""
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


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it is written, and what is counted of it."""

    line: str
    """JSON, without a line end."""
    columns: tuple[str, ...]
    """As `COLUMNS` names them."""
    written: Written


COLUMNS = ("kind", "intent", "register", "perturbation")
"""What rows are counted by."""


class RowMaker:
    """Makes rows of a pack."""

    def __init__(self, stock: Stock, compositions: Compositions, options: Options) -> None:
        self.stock, self.compositions, self.options = stock, compositions, options
        self.pack: Pack = stock.pack
        self._tools = self.pack.tools_by_name
        self._all_tools = _encode(self.pack.tool_entries)
        self._declared: dict[tuple[str, ...], str] = {}
        self._written: dict[tuple[Any, ...], Written] = {}
        self._answers: dict[tuple[Any, ...], Cell] = {}
        self._bound: dict[int, tuple[Cell, tuple[int, ...]]] = {}
        self._keys: dict[str, int] = {}
        has_tools = options.shape == "tool-calls"
        self._head = f'{{"role": "developer", "content": {encode_basestring(self.pack.developer if has_tools else TRIGGER)}}}'
        self._front = encode_basestring(f"{self.pack.name}@{self.pack.version}/")[:-1]

    # One row

    def row(self, plan: Plan, split: str, place: int, *, stays_clean: bool = False) -> Row:
        """The row at a place of a split's file.

        Raises: PackError for a row that breaks a rule.
        """
        lot, row = plan.lot(split, place)
        joined, cell, digits = lot.draw(lot.accepted(row))
        kind = BORROWED if row >= lot.rows - lot.borrowed else lot.kind
        level, key = self.options.level, 0
        source: Source | Joined
        if joined is None:
            assert isinstance(lot.source, Source)
            source = lot.source
            digits = cell.whole_digits(digits)
            cell = source.whole[lot.register]
            path = f"{source.path}/{source.number}.{lot.register}"
        else:
            path, source = joined.path, joined
        index = cell.rank(digits)
        if level != "off" and not stays_clean:
            key = mix(key_of(path) ^ plan.seed, index & MASK)
        return self._row(
            path,
            source,
            register=lot.register,
            kind=kind,
            cell=cell,
            digits=digits,
            index=index,
            level=level,
            key=key,
        )

    def texts(self, plan: Plan, split: str, place: int) -> tuple[str, str, str]:
        """The row's text as its template has it, as it is perturbed, and its label: what is compared over all rows."""
        lot, row = plan.lot(split, place)
        joined, cell, digits = lot.draw(lot.accepted(row))
        kind = BORROWED if row >= lot.rows - lot.borrowed else lot.kind
        if joined is None:
            assert isinstance(lot.source, Source)
            digits = cell.whole_digits(digits)
            cell = lot.source.whole[lot.register]
            path = f"{lot.source.path}/{lot.source.number}.{lot.register}"
            parts = [(lot.source, digits, cell)]
        else:
            path = joined.path
            parts = [(clause.source, own, clause.cell) for clause, own in joined.cuts(digits)]
        text = cell.text(digits)
        key = mix(key_of(path) ^ plan.seed, cell.rank(digits) & MASK)
        forms = self._forms(parts)
        noisy, _ = perturbed(text, self.pack.language, key, forms, self.options.level)
        return text, noisy, f"{kind}:{self._label(parts)}"

    def rebuild(self, row_id: str) -> str:
        """The row with this id, as it is written.

        Raises: UsageError if the pack has none.
        """
        found = ID.fullmatch(row_id)
        if found is None or found["pack"] != self.pack.name or found["version"] != self.pack.version:
            what = f"is no id of {self.pack.name} {self.pack.version}."
            remedy = "An id looks like PACK@VERSION/INTENT/FAMILY/TEMPLATE.REGISTER/INDEX; name the pack's folder with --pack."
            raise UsageError(Problem(row_id, what, remedy))
        path, register = found["path"], found["path"].rpartition(".")[2]
        try:
            source: Source | Joined
            if "+" in path:
                source = self.compositions.find(path)
                cell = source.cell
            else:
                source = next(s for s in self.stock.base_sources if f"{s.path}/{s.number}.{register}" == path)
                cell = source.whole[register]
            digits = cell.unrank(int(found["index"]))
        except (StopIteration, KeyError, IndexError) as error:
            raise UsageError(
                Problem(row_id, "names no expansion of the pack.", "The pack may have changed since.")
            ) from error
        kind = "several" if isinstance(source, Joined) else source.intent.kind
        level, key = found["level"] or "off", int(found["key"] or "0", 16)
        return self._row(
            path, source, register=register, kind=BORROWED if found["missing"] else kind, cell=cell, digits=digits,
            index=int(found["index"]), level=level, key=key,
        ).line  # fmt: skip

    def _row(
        self,
        path: str,
        source: Source | Joined,
        *,
        register: str,
        kind: str,
        cell: Cell,
        digits: Sequence[int],
        index: int,
        level: str,
        key: int,
    ) -> Row:
        text = cell.text(digits)
        parts: list[tuple[Source, Sequence[int], Cell]]
        if isinstance(source, Source):
            parts = [(source, digits, cell)]
        else:
            parts = [(clause.source, own, clause.cell) for clause, own in source.cuts(digits)]
        if "<" in text:
            check_control_tokens(text, str(parts[0][0].template.place))
        written = self._written_for(path, parts, text, kind, index)
        row_id, noise, kinds = f"{self._front}{encode_basestring(path)[1:-1]}/{index}", "", ""
        if kind == BORROWED:
            row_id += "!missing_tool"
        if key:
            noisy, kinds = perturbed(text, self.pack.language, key, self._forms(parts), level)
            if kinds:
                check_recovered(text, noisy, self.pack.language, self._forms(parts), path)
                text, noise = noisy, f', "perturbation": "{kinds}"'
                row_id += f"~{level}:{key:x}"
        tools = how = ""
        message = written.message
        if self.options.shape == "tool-calls":
            tools, how, message = self._prompt(kind, written, path, index)
        intent = "+".join(part.intent.name for part, _, _ in parts)
        family = "+".join(part.path for part, _, _ in parts)
        line = (
            f'{{"id": {row_id}", "messages": [{self._head}, {{"role": "user", "content": {encode_basestring(text)}}}, {message}]'
            f'{tools}, "pack": "{self.pack.name}", "intent": {encode_basestring(intent)}, "family": {encode_basestring(family)}, '
            f'"kind": "{kind}", "register": {encode_basestring(register)}, "language": "{self.pack.language}"{noise}{how}{written.tail}}}'
        )
        return Row(line, (kind, intent, register, kinds), written)

    # What follows from the label

    def _bindings(self, cell: Cell, digits: Sequence[int]) -> list[Binding]:
        found = self._bound.get(id(cell))
        if found is None or found[0] is not cell:
            numbers = tuple(n for n, d in enumerate(cell.dimensions) if any(e.bindings for e in d.entries))
            if len(self._bound) > MAX_CACHED:
                self._bound.clear()
            found = self._bound[id(cell)] = (cell, numbers)
        return [b for n in found[1] for b in cell.dimensions[n].entries[digits[n]].bindings]

    def _forms(self, parts: Iterable[tuple[Source, Sequence[int], Cell]]) -> tuple[str, ...]:
        """What slots with values were filled with: these must survive a perturbation."""
        slots = self.pack.slots
        return tuple(
            b.form
            for _, digits, cell in parts
            for b in self._bindings(cell, digits)
            if slots[b.slot].has_value
        )

    def _label(self, parts: Iterable[tuple[Source, Sequence[int], Cell]]) -> str:
        said = []
        for source, digits, cell in parts:
            labels = source.intent.label_slots
            values = [(b.slot, b.value) for b in self._bindings(cell, digits) if b.slot in labels]
            said.append(
                f"{source.intent.name if source.intent.kind in CALLING else source.intent.asks_for}{values}"
            )
        return "+".join(said)

    def _written_for(
        self,
        path: str,
        parts: Sequence[tuple[Source, Sequence[int], Cell]],
        text: str,
        kind: str,
        index: int,
    ) -> Written:
        bound = [self._bindings(cell, digits) for _, digits, cell in parts]
        answer: tuple[Template, str] | None = None
        place = str(parts[0][0].template.place)
        if kind == BORROWED or parts[0][0].intent.kind not in CALLING:
            answer = self._answer(
                parts[0][0].intent, parts[0][0].template, bound[0], kind, mix(self._key(path), index & MASK)
            )
        key: list[Any] = [answer and answer[1]]
        for (source, _, _), bindings in zip(parts, bound, strict=True):
            key.append(id(source.intent))
            labels = source.intent.label_slots
            for binding in bindings:
                key.append(binding[:2])
                # Each argument is grounded: what its slot was filled with stands in the text.
                if (
                    binding.slot in labels
                    and binding.form not in text
                    and binding.form.casefold() not in text.casefold()
                ):
                    what = f"{binding.form!r}, which the call takes, does not stand in {text!r}."
                    raise PackError(
                        Problem(place, what, "Print the slot as it is, without a filter that changes it.")
                    )
        known = self._written.get(cached := (kind, *key))
        if known is None:
            if len(self._written) > MAX_CACHED:
                self._written.clear()
            known = self._written[cached] = self._write(parts, bound, kind, answer, place)
        return known

    def _key(self, path: str) -> int:
        key = self._keys.get(path)
        if key is None:
            if len(self._keys) > MAX_CACHED:
                self._keys.clear()
            key = self._keys[path] = key_of(path)
        return key

    def _write(
        self,
        parts: Sequence[tuple[Source, Sequence[int], Cell]],
        bound: Sequence[Sequence[Binding]],
        kind: str,
        answer: tuple[Template, str] | None,
        place: str,
    ) -> Written:
        slots: dict[str, JsonValue] = {}
        calls: list[Call] = []
        policies: dict[str, None] = {}
        for number, ((source, _, _), bindings) in enumerate(zip(parts, bound, strict=True), 1):
            values = values_of(self.pack, bindings)
            for name, value in values.items():
                slots[name if name not in slots else f"{name}_{number}"] = value
            calls += calls_of(source.intent, values)
            policies |= dict.fromkeys(name for pattern in source.intent.calls for name in pattern.policies)
        tail = ""
        if policies and kind != BORROWED:
            tail += f', "policy": {encode_basestring(", ".join(policies))}'
        if kind == "ask":
            tail += f', "asks_for": {encode_basestring(parts[0][0].intent.asks_for)}'
        if slots:
            tail += f', "slots": {_encode(slots)}'
        checked = self._checked(tuple(calls), place)
        used = frozenset((name, canonical_json(value)) for name, value in slots.items())
        if answer is None:
            return Written(self._calls_message(checked), tail, checked, used)
        check_control_tokens(answer[1], str(answer[0].place))
        message = f'{{"role": "assistant", "content": {encode_basestring(answer[1])}}}'
        return Written(message, tail, checked, used)

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

    def _answer(
        self, intent: Intent, template: Template, bindings: Sequence[Binding], kind: str, key: int
    ) -> tuple[Template, str]:
        """What the model says: one of the answers whose slots the utterance names, chosen by the row's key."""
        answers = self.pack.missing_tool_answers if kind == BORROWED else intent.answers
        fitting = [answer for answer in answers if template.always.issuperset(answer.slots)]
        chosen = fitting[key % len(fitting)]
        forms = tuple((b.slot, b.form) for b in bindings if b.slot in chosen.slots)
        cell = self._answers.get(cached := (id(chosen), forms))
        if cell is None:
            if len(self._answers) > MAX_CACHED:
                self._answers.clear()
            cell = self._answers[cached] = self._answer_cell(chosen, dict(forms))
        return chosen, cell.text(cell.unrank(mix(key, 3) % cell.count))

    def _answer_cell(self, answer: Template, forms: Mapping[str, str]) -> Cell:
        cell = make_cell(answer, self.pack.slots, lambda _: (), (), answer.slots)
        for number in range(len(cell.dimensions)):
            part = cell.restricted(number, lambda entry: all(b.form == forms[b.slot] for b in entry.bindings))
            assert part is not None, "an answer names only what its utterance always prints"
            cell = part
        return cell

    # What stands in the prompt

    def _prompt(self, kind: str, written: Written, path: str, index: int) -> tuple[str, str, str]:
        """The row's tools, how they were chosen, and the assistant's message with the names they then have."""
        rule = self.pack.prompt
        if rule.is_plain and kind != BORROWED:
            return f', "tools": {self._all_tools}', "", written.message
        key = mix(self._key(path), (index & MASK) ^ 0x5DEECE66D)
        called = {call.name for call in written.calls}
        names = list(self._tools)
        said = []
        if rule.distractors is not None:
            others = [name for name in names if name not in called]
            order = Permutation(max(1, len(others)), mix(key, 1))
            chosen = {others[order[n]] for n in range(min(rule.distractors, len(others)))} | called
            names = [name for name in names if name in chosen]
            said.append(f"distractors={rule.distractors}")
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
    from fgdata.perturb import perturb  # type: ignore[import-not-found]

    found = perturb(text, language=language, level=level, key=key, protected=protected)
    return found.text, "+".join(found.kinds)


def check_recovered(text: str, noisy: str, language: str, protected: tuple[str, ...], path: str) -> None:
    """Raise PackError if numbers, negation or slot values of a perturbed text cannot be told any more."""
    from fgdata.perturb.recover import recovered  # type: ignore[import-not-found]

    if lost := recovered(text, noisy, language=language, protected=protected):
        what = f"{text!r} perturbed to {noisy!r}: {lost}."
        raise PackError(Problem(path, what, "This is a fault of the perturbation; please report it."))
