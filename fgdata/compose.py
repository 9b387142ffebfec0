"""Several calls in one utterance, put together from the templates of single ones: 에어컨 켜고 온도 24도로 맞춰 줘.

Every clause but the last gives up the ending that asks and takes that of the join, and its 좀. Only templates may stand in an utterance of
several whose own texts hold no join: what was put together can then be taken apart in one way alone.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from jinja2 import nodes

from fgdata.characters import text_key
from fgdata.entries import Entries, Entry, entries_of
from fgdata.errors import PackError, Problem
from fgdata.joins import JOINS, joins_of
from fgdata.korean.registers import SOFTENER
from fgdata.overlap import Ends, Language, without_twins
from fgdata.pack import SPLITS, Composition
from fgdata.parts import Parts
from fgdata.permutation import Permutation, mix
from fgdata.space import Cell, draws, make_cell
from fgdata.stock import Source, Stock, too_many_ways

_HOLDS_JOIN = {"ko": r"고($|[ ,])|^나서\b|그다음에", "en": r"(?i:\b(and|then)\b)"}
"""How the joins of a language are seen in a text; in a pack of several, those of all are looked for."""


_FEW = 8
"""Entries of a choice of words; what has more is filled by slots."""


@dataclass(frozen=True, slots=True, eq=False)
class Clause:
    """A template as a part of an utterance of several."""

    source: Source
    cell: Cell
    register: str = ""
    """Of the last clause; the others have none."""
    rivals: tuple[Language, ...] = ()
    """Earlier templates that spell some of its texts as the same part."""
    whole: Clause | None = None
    """The clause of which it is a part; None if it is no part. Rows are numbered in the whole."""


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """Clauses and the joins between them, as one cell."""

    clauses: tuple[Clause, ...]
    joins: tuple[str, ...]
    cell: Cell

    @property
    def path(self) -> str:
        """What an id calls it."""
        said = []
        for place, clause in enumerate(self.clauses):
            said.append(f"{clause.source.path}/{clause.source.number}")
            if place < len(self.joins):
                said.append(self.joins[place])
        return "+".join(said) + f".{self.clauses[-1].register}"

    @property
    def language(self) -> str:
        """Of its clauses."""
        return self.clauses[0].source.family.language

    def cuts(self, digits: Sequence[int]) -> Iterator[tuple[Clause, tuple[int, ...]]]:
        """Each clause with its own digits."""
        start = 0
        for clause in self.clauses:
            end = start + len(clause.cell.dimensions)
            yield clause, tuple(digits[start:end])
            start = end


def join_clauses(clauses: Sequence[Clause], names: Sequence[str]) -> Joined:
    """The clauses as one cell."""
    joins = JOINS[clauses[0].source.family.language]
    parts: list[str] = []
    dimensions = []
    for place, clause in enumerate(clauses):
        shift = len(parts)
        parts += clause.cell.parts
        dimensions += [
            replace(d, positions=tuple(position + shift for position in d.positions))
            for d in clause.cell.dimensions
        ]
        if place < len(names):
            parts.append(joins[names[place]].mark)
    return Joined(tuple(clauses), tuple(names), Cell(tuple(parts), tuple(dimensions)))


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The utterances of one tuple of intents in one split and register."""

    intents: tuple[str, ...]
    split: str
    register: str
    options: tuple[tuple[Clause, ...], ...]
    """For each part its clauses."""
    joins: tuple[tuple[str, ...], ...]
    language: str
    """Of all its clauses and joins."""
    composition: Composition

    @property
    def combinations(self) -> int:
        """Ways to choose clauses and joins."""
        return math.prod(map(len, self.options)) * len(self.joins)

    @property
    def count(self) -> int:
        """Utterances, at least: the smallest combination counts for all, so that each can give its share."""
        return self.combinations * math.prod(min(c.cell.count for c in clauses) for clauses in self.options)

    def at(self, place: int, rows: int, key: int) -> tuple[Joined, tuple[int, ...]]:
        """The row at `place` of `rows`: combinations in a permuted order, each again when all had their turn."""
        turn, number = divmod(place, self.combinations)
        turns = -(-(rows - number) // self.combinations)
        number = Permutation(self.combinations, key)[number]
        rest, join = divmod(number, len(self.joins))
        chosen = []
        for clauses in reversed(self.options):
            rest, digit = divmod(rest, len(clauses))
            chosen.append(clauses[digit])
        joined = join_clauses(chosen[::-1], self.joins[join])
        digits = draws(joined.cell, turns, mix(key, number)).digits(turn)
        if any(clause.whole for clause in chosen):
            digits = joined.cell.whole_digits(digits)
            joined = join_clauses([clause.whole or clause for clause in joined.clauses], joined.joins)
        return joined, digits


def _without_softener(cell: Cell) -> Cell:
    """The cell without 좀 where that may be left out: it is said once, in the last clause."""
    for number, dimension in enumerate(cell.dimensions):
        if len(dimension.entries) <= _FEW and (left := cell.restricted(number, _is_no_softener)):
            cell = left
    return cell


def _is_no_softener(entry: Entry) -> bool:
    return all(text.strip() != SOFTENER for text in entry.texts)


class Compositions:
    """All that a pack's compositions can say."""

    def __init__(self, stock: Stock) -> None:
        self.stock = stock
        self._joins = joins_of(stock.pack.languages)
        self._parts = Parts()
        self._are_joins: dict[str, bool] = {}
        self._lasts: dict[tuple[str, str], dict[str, list[Clause]]] = {}
        known = [_HOLDS_JOIN[language] for language in stock.pack.languages if language in _HOLDS_JOIN]
        self._holds_join = re.compile("|".join(f"(?:{one})" for one in known) or "(?!)")
        self._first = {
            split: self._clauses(split) for split in ("test", "validation", "train")
        } if stock.pack.compositions else {}  # fmt: skip
        if stock.pack.compositions:
            self._note_rivals()

    @cached_property
    def _spoken(self) -> dict[str, frozenset[str]]:
        """Language -> the registers that utterances of several may be in. A clause without a register of its own fits each."""
        found: dict[str, set[str]] = {language: set() for language in self.stock.pack.languages}
        for split, composition in itertools.product(SPLITS, self.stock.pack.compositions):
            for intent in composition.parts[-1]:
                for register in self._last(split, intent):
                    found[self.stock.pack.register_languages[register]].add(register)
        return {language: frozenset(registers) for language, registers in found.items()}

    @cached_property
    def look_alikes(self) -> tuple[Language, ...]:
        """Templates of single utterances that hold a join themselves."""
        return tuple(
            source.language
            for source in self.stock.sources
            if any(self._has_join(c) for c in source.cells.values())
        )

    def groups(self, split: str) -> list[Group]:
        """What a split can have. Held-out pairs stand in `test_compositions` alone, in the words of the test families."""
        pack, found = self.stock.pack, []
        families = "test" if split == "test_compositions" else split
        if families not in self._first:
            return []
        for composition in pack.compositions:
            for intents in pack.tuples_of(composition, held_out=split == "test_compositions"):
                for language, ending in self._join_groups(composition):
                    names = [
                        n
                        for n in composition.joins
                        if self._joins[n][0] == language and self._ending(n) == ending
                    ]
                    joins = tuple(itertools.product(*[names] * (len(intents) - 1)))
                    for register, last in self._last(families, intents[-1]).items():
                        if pack.register_languages[register] != language:
                            continue
                        # A clause that keeps its ending keeps to the register of the whole.
                        first = [
                            [c for c in self._first[families][ending][intent] if c.register in ("", register)]
                            for intent in intents[:-1]
                        ]
                        if all(first) and last:
                            options = (*map(tuple, first), tuple(last))
                            found.append(
                                Group(intents, split, register, options, joins, language, composition)
                            )
        return found

    def rival_of(self, joined: Joined, digits: Sequence[int], text: str) -> str | None:
        """Who else derives the text, and first; None if nobody."""
        for clause, own in joined.cuts(digits):
            place = str(clause.source.template.place)
            said = clause.cell.text(own)
            if clause.register:
                if clause.source.is_checked and (
                    found := clause.source.rival_of(clause.register, clause.cell, own, said)
                ):
                    return found
            elif any(language.derives(text_key(said)) for language in clause.rivals):
                return place
        key = text_key(text)
        if any(language.derives(key) for language in self.look_alikes):
            return "a template of one utterance"
        return None

    def find(self, path: str) -> Joined:
        """The clauses that an id names.

        Raises: KeyError if there are none such.
        """
        body, _, register = path.rpartition(".")
        words = body.split("+")
        names, joins = words[::2], words[1::2]
        if len(names) != len(joins) + 1:
            raise KeyError(path)
        clauses = []
        for place, name in enumerate(names):
            source = next(s for s in self.stock.base_sources if f"{s.path}/{s.number}" == name)
            options = (
                self._last(source.split, source.intent.name)[register]
                if place == len(joins)
                else self._first[source.split][self._ending(joins[place])][source.intent.name]
            )
            clauses.append(next(c for c in options if c.source is source and c.register in ("", register)))
        if not self._is_composed(clauses, joins):
            raise KeyError(path)
        return join_clauses(clauses, joins)

    def _is_composed(self, clauses: Sequence[Clause], joins: Sequence[str]) -> bool:
        """Whether one of the pack's compositions puts these clauses together so."""
        splits = {clause.source.split for clause in clauses}
        intents = [clause.source.intent.name for clause in clauses]
        endings = {self._ending(name) for name in joins}
        languages = {clause.source.family.language for clause in clauses}
        languages |= {self._joins[name][0] for name in joins}
        return len(splits) == len(endings) == len(languages) == 1 and any(
            len(composition.parts) == len(intents)
            and all(name in part for name, part in zip(intents, composition.parts, strict=True))
            and set(joins) <= set(composition.joins)
            for composition in self.stock.pack.compositions
        )

    def _ending(self, name: str) -> str:
        return self._joins[name][1].ending

    def _join_groups(self, composition: Composition) -> list[tuple[str, str]]:
        """The languages of the composition's joins with the endings that they ask for, each once."""
        return list(dict.fromkeys((self._joins[name][0], self._ending(name)) for name in composition.joins))

    def _may_join(self, source: Source) -> bool:
        if source.family.joins is not None:
            return source.family.joins
        last = source.template.parts[-1]
        is_korean = source.family.language == "ko"
        return is_korean and isinstance(last, nodes.Filter) and last.name == "request"

    def _has_join(self, cell: Cell) -> bool:
        return any(map(self._is_join, cell.parts)) or any(
            self._hold_join(entries_of(dimension.entries)) for dimension in cell.dimensions
        )

    def _hold_join(self, entries: Entries) -> bool:
        """Whether one of the entries' texts holds a join."""
        key = ("holds a join", self._holds_join)
        found: bool | None = entries.known(key)  # type: ignore[assignment]
        if found is None:
            found = any(map(self._is_join, {text for entry in entries for text in entry.texts}))
            entries.worked_out(key, found)
        return found

    def _is_join(self, text: str) -> bool:
        if (found := self._are_joins.get(text)) is None:
            found = self._are_joins[text] = bool(text.strip() and self._holds_join.search(text.strip()))
        return found

    def _without_joins(self, cell: Cell, ending: str = "") -> Cell | None:
        """The cell without the choices that hold a join (차고, 켜고 싶어); None if nothing is left.

        Args:
            ending: what its last part ends in, which is the join's own.
        """
        last = len(cell.parts) - 1

        def is_join(position: int, text: str) -> bool:
            return self._is_join(text.removesuffix(ending) if position == last else text)

        if any(is_join(position, text) for position, text in enumerate(cell.parts)):
            return None
        part: Cell | None = cell
        for number, dimension in enumerate(cell.dimensions):
            is_own = ending and last in dimension.positions
            if not is_own and not self._hold_join(entries_of(dimension.entries)):
                continue

            def is_free(entry: Entry, positions: tuple[int, ...] = dimension.positions) -> bool:
                return not any(map(is_join, positions, entry.texts))

            part = part and part.restricted(number, is_free)
        return part and Cell(part.parts, tuple(replace(d, numbers=()) for d in part.dimensions))

    def _clauses(self, split: str) -> dict[str, dict[str, list[Clause]]]:
        """Ending -> intent -> clauses that may stand before another."""
        pack = self.stock.pack
        endings = dict.fromkeys(
            self._ending(name) for composition in pack.compositions for name in composition.joins
        )
        named = {name for composition in pack.compositions for part in composition.parts for name in part}
        wanted = [intent.name for intent in pack.intents if intent.name in named]  # in the order of the files
        found: dict[str, dict[str, list[Clause]]] = {
            ending: {name: [] for name in wanted} for ending in endings
        }
        for source in self.stock.by_split[split]:
            if source.intent.name not in wanted or not self._may_join(source):
                continue
            for ending in endings:
                found[ending][source.intent.name] += self._first_clauses(source, ending)
        return found

    def _first_clauses(self, source: Source, ending: str) -> list[Clause]:
        """The template as a clause with this ending; with none, as it stands, in each of its registers."""
        if not ending:
            return [
                Clause(source, part, register)
                for register, cell in source.cells.items()
                if (part := self._without_joins(cell)) is not None
            ]
        last = source.template.parts[-1]
        if not (isinstance(last, nodes.Filter) and last.name == "request"):
            return []
        language = source.family.language
        try:
            cell = make_cell(
                source.template,
                self.stock.pack.slots,
                lambda use, _: ((ending, 1.0),),
                source.intent.label_slots,
                {name for name in source.template.slots if self.stock.pack.slots[name].has_value},
                registers=self._spoken[language],
                language=language,
                known=self.stock.known.in_style(f"{ending} alone"),
            )
        except PackError:  # no form of a slot is said in all registers that may follow; what is too much was told with the last clauses
            return []
        seen = self.stock.seen_part(without_twins(cell, source.intent.label_slots)[0])
        part = seen and self._without_joins(_without_softener(seen), ending)
        return [Clause(source, part)] if part is not None else []

    def _last(self, split: str, intent: str) -> dict[str, list[Clause]]:
        """Register -> clauses that may stand last."""
        if (known := self._lasts.get((split, intent))) is not None:
            return known
        found: dict[str, list[Clause]] = {}
        for source in self.stock.by_split[split]:
            if source.intent.name == intent and self._may_join(source):
                for register, cell in source.cells.items():
                    if (part := self._without_joins(cell)) is not None:
                        found.setdefault(register, []).append(Clause(source, part, register))
        self._lasts[split, intent] = found
        return found

    def _note_rivals(self) -> None:
        """Find clauses that spell the same text as a part of several, and refuse those that then have two labels."""
        problems: list[Problem] = []
        earlier: dict[str, tuple[Ends, list[tuple[Language, Clause]]]] = {}
        for of_split in self._first.values():
            for ending, by_intent in of_split.items():
                for clauses in by_intent.values() if ending else ():
                    for place, clause in enumerate(clauses):
                        language, rivals = Language([clause.cell], self._parts), []
                        self._parts.effort.allow(1)
                        ends, known = earlier.setdefault(ending, (Ends(), []))
                        for number in ends.shared(language):
                            other, theirs = known[number]
                            try:
                                if not other.meets(language):
                                    continue
                            except OverflowError:
                                raise PackError(too_many_ways(theirs.source, clause.source)) from None
                            if problem := self.stock.conflict(
                                (theirs.source, theirs.cell), (clause.source, clause.cell)
                            ):
                                problems.append(problem)
                            rivals.append(other)
                        clauses[place] = replace(clause, rivals=tuple(rivals))
                        ends.add(len(known), language)
                        known.append((language, clauses[place]))
        PackError.raise_if(dict.fromkeys(problems))
