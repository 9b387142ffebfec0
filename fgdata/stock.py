"""What a pack can say: every template as a numbered space of texts, by split, and which of them overlap.

Building it is the pack's last check. A text that two templates spell with two labels is refused here, for all of the pack's
expansions and not only for those that a data set happens to hold.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from fgdata.chance import Chance
from fgdata.characters import text_key
from fgdata.entries import Binding, Entries, Label, entries_of, look_at_one
from fgdata.errors import PackError, Problem
from fgdata.format import find_control_tokens
from fgdata.kept_overlaps import Overlaps, keep_overlaps, read_overlaps
from fgdata.memory import collection_paused
from fgdata.overlap import MAX_CUTS, Ends, Language, without_twins, witnesses
from fgdata.pack import ALL_SPLITS, CALLING, HELD_OUT_SPLITS, Intent, Pack, TemplateFamily
from fgdata.parts import Parts
from fgdata.schema import Call, JsonValue, canonical_json
from fgdata.space import Cell, Dimension, KnownDimensions, make_cell, register_endings
from fgdata.template import Template, Wording

FIRST_SPLITS = ("test_values", "test", "validation", "train")
"""Whose text it is that two splits can spell: the split's that can least spare it."""


CONTROL_SAMPLE = 2000
"""Texts looked at when the pack is read if they hold a `<`; each row is looked at again when it is made."""


@dataclass(slots=True, eq=False)
class Source:
    """A template in a split."""

    split: str
    intent: Intent
    family: TemplateFamily
    number: int
    """Of the template in its family, from 1."""
    cells: Mapping[str, Cell]
    """By register."""
    whole: Mapping[str, Cell]
    """The same with all forms of all slots, held out or not: what an index in an id counts in."""
    language: Language
    has_two_labels: bool = False
    """Whether two values of a slot in the call are said alike: the stock refuses it."""
    rivals: list[tuple[Language, Source]] = field(default_factory=list)
    """Earlier templates that spell some of its texts; those are theirs."""
    register_rivals: Mapping[str, tuple[Language, ...]] = field(default_factory=dict)

    @property
    def template(self) -> Template:
        """The template itself."""
        return self.family.templates[self.number - 1]

    @property
    def path(self) -> str:
        """`intent/family`."""
        return f"{self.intent.name}/{self.family.name}"

    @property
    def is_checked(self) -> bool:
        """Whether its texts must be looked at one by one."""
        return bool(self.rivals) or self.language.is_ambiguous or bool(self.register_rivals)

    @property
    def n_cuts(self) -> int:
        """Places that `rival_of` looks at in one text, at most."""
        own = [self.language] if self.language.is_ambiguous else []
        registers = max(
            (sum(language.n_cuts for language in of) for of in self.register_rivals.values()), default=0
        )
        return registers + sum(language.n_cuts for language in (*own, *(of for of, _ in self.rivals)))

    def rival_of(self, register: str, cell: Cell, digits: Sequence[int], text: str) -> str | None:
        """Who derives the text first: a place, or None if that is this derivation."""
        key = text_key(text)
        for language, other in self.rivals:
            if language.derives(key):
                return str(other.template.place)
        if any(language.derives(key) for language in self.register_rivals.get(register, ())):
            return str(self.template.place)
        if self.language.is_ambiguous and self.language.first_cut(key) != self.language.cut_of(cell, digits):
            return str(self.template.place)
        return None


class Stock:
    """The sources of a pack.

    Raises: PackError for a text with two labels, a text that is none, and choices too many to be written out.
    """

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._parts = Parts()
        self.known = KnownDimensions(pack.slots)
        """Dimensions of its templates; the pack's compositions share them."""
        problems: list[Problem] = []
        self.sources: list[Source] = []
        for split in FIRST_SPLITS:
            for intent in pack.intents:
                for family in intent.families_in("test" if split in HELD_OUT_SPLITS else split):
                    for number, template in enumerate(family.templates, 1):
                        try:
                            self.sources += self._sources(split, intent, family, number, template)
                        except PackError as error:
                            problems += error.problems
        PackError.raise_if(dict.fromkeys(problems))
        is_large = len(self.sources) >= _LARGE
        known = read_overlaps(pack.sha256, len(self.sources)) if is_large else None
        if known is not None:
            self._recall(known)
            return
        PackError.raise_if(self._overlaps())
        if is_large:
            keep_overlaps(pack.sha256, self._found_overlaps())

    @cached_property
    def by_split(self) -> dict[str, list[Source]]:
        """The sources of each split, in the pack's order."""
        return {split: [source for source in self.sources if source.split == split] for split in ALL_SPLITS}

    @cached_property
    def count(self) -> int:
        """Expansions of all templates, held-out forms among them, each in one register."""
        return sum(cell.count for source in self.base_sources for cell in source.whole.values())

    @cached_property
    def base_sources(self) -> tuple[Source, ...]:
        """Every template once."""
        return tuple(source for source in self.sources if source.split not in HELD_OUT_SPLITS)

    def check_against_jinja(self) -> None:
        """Render every template once in Jinja's sandbox and find the text among ours.

        Raises: PackError naming a template where the two differ.
        """
        for source in self.base_sources:
            chance = Chance(source.path, source.number)
            register = next(iter(source.whole))
            forms = {
                name: chance.one_of(list(self.pack.slots[name].forms_in(source.family.language)))
                for name in source.template.slots
            }
            text = source.template.render(Wording(chance, register), forms)
            own = Language(list(source.whole.values()), self._parts)
            tied = any(
                len(d.positions) > 1 or len(d.entries[0].bindings) > 1
                for c in source.whole.values()
                for d in c.dimensions
            )
            if (
                not tied
                and not any(v.registers for n in source.template.slots for v in self.pack.slots[n].values)
                and not own.derives(text_key(text))
            ):
                what = f"Jinja renders {text!r}, which is not among the template's expansions."
                raise PackError(
                    Problem(str(source.template.place), what, "This is a fault of ours; please report it.")
                )

    def _sources(
        self, split: str, intent: Intent, family: TemplateFamily, number: int, template: Template
    ) -> Iterator[Source]:
        pack = self.pack
        answered = {slot for answer in intent.answers_in(family.language) for slot in answer.slots}
        held_slots = {
            name for name in template.slots if any(value.held_out for value in pack.slots[name].values)
        }
        valued = {name for name in template.slots if pack.slots[name].has_value}
        whole: dict[str, Cell] = {}
        has_two_labels = False
        for register in family.registers:
            cell = make_cell(
                template,
                pack.slots,
                register_endings(register),
                intent.label_slots,
                answered | held_slots | valued,
                registers=(register,),
                language=family.language,
                known=self.known.in_style(register),
            )
            whole[register], has_two = without_twins(cell, intent.label_slots)
            has_two_labels |= has_two
        whole, clashing = _told_apart(whole)
        for cell in whole.values():
            check_texts(cell, template)
        cells = {
            register: part
            for register, cell in whole.items()
            if (part := self._held_part(cell, is_held=split == "test_values")) is not None
        }
        if not cells:
            return
        language = Language(list(cells.values()), self._parts)
        rivals: dict[str, tuple[Language, ...]] = {}
        if clashing:
            names = list(cells)
            rivals = {
                name: tuple(Language([cells[earlier]], self._parts) for earlier in names[:place])
                for place, name in enumerate(names)
                if place
            }
        yield Source(
            split, intent, family, number, cells, whole, language, has_two_labels, register_rivals=rivals
        )

    def seen_part(self, cell: Cell) -> Cell | None:
        """The cell without held-out forms."""
        return self._held_part(cell, is_held=False)

    def _held_part(self, cell: Cell, *, is_held: bool) -> Cell | None:
        """The cell without held-out forms; or, with `is_held`, those of its texts that have one in their first such place."""

        part = cell
        for number in range(len(cell.dimensions)):
            held, seen = self._held_apart(part.dimensions[number])
            if is_held and held is not None:
                return part.with_dimension(number, held)
            if seen is None:
                return None
            if held is not None:
                part = part.with_dimension(number, seen)
        return None if is_held else part

    def _held_apart(self, dimension: Dimension) -> tuple[Dimension | None, Dimension | None]:
        """The dimension's entries with held-out forms, and those without."""
        entries = entries_of(dimension.entries)
        held: list[int] | None = entries.known("held out")  # type: ignore[assignment]
        if held is None:
            slots = self.pack.slots
            held = [
                digit
                for digit, entry in enumerate(entries)
                for binding in entry.bindings
                if binding.form in slots[binding.slot].values[binding.value].held_out
            ]
            entries.worked_out("held out", held)
        if not held:
            return None, dimension
        seen = sorted(set(range(dimension.size)) - set(held))
        return dimension.picked(sorted(set(held))), dimension.picked(seen) if seen else None

    # Overlaps

    def _overlaps(self) -> Iterator[Problem]:
        """Note who spells what first; yield the texts that would have two labels, and what cannot be checked for them."""
        told = set()
        ends = Ends()
        self._parts.effort.allow(len(self.sources))
        for number, later in enumerate(self.sources):
            for earlier_number in ends.shared(later.language):
                earlier = self.sources[earlier_number]
                try:
                    if earlier.template is later.template and self._are_apart(earlier, later):
                        continue
                    is_shared = earlier.language.meets(later.language)
                except OverflowError:
                    yield too_many_ways(earlier, later)
                    if self._parts.effort.is_spent:
                        return
                    continue
                if is_shared:
                    later.rivals.append((earlier.language, earlier))
                    pair = (earlier.path, later.path)
                    if pair not in told and (problem := self._conflict(earlier, later)) is not None:
                        told.add(pair)
                        yield problem
            ends.add(number, later.language)
            try:
                is_doubtful = later.language.is_ambiguous or later.has_two_labels
                is_long = later.n_cuts > MAX_CUTS
            except OverflowError:
                is_doubtful, is_long = False, True
            if is_long:
                yield _too_ambiguous(later)
            if is_doubtful and (problem := self._conflict(later, later)) is not None:
                yield problem
            if self._parts.effort.is_spent:
                return

    def _found_overlaps(self) -> Overlaps:
        """What `_overlaps` noted, as numbers."""
        numbers = {id(source): number for number, source in enumerate(self.sources)}
        rivals = [[numbers[id(other)] for _, other in source.rivals] for source in self.sources]
        return Overlaps(rivals, [source.language.is_ambiguous for source in self.sources])

    def _recall(self, known: Overlaps) -> None:
        """Note what `_overlaps` found in another process: nothing that it would refuse."""
        for source, rivals, is_ambiguous in zip(self.sources, known.rivals, known.ambiguous, strict=True):
            source.rivals = [(self.sources[number].language, self.sources[number]) for number in rivals]
            source.language.is_ambiguous = is_ambiguous

    def _are_apart(self, held: Source, seen: Source) -> bool:
        """Whether two parts of one template cannot share a text: each text has one derivation, which is in one of them.

        Their languages would not tell: of slots that hang together, held-out forms may fill either.
        """
        is_clashing = held.register_rivals or seen.register_rivals
        return not is_clashing and not Language(list(seen.whole.values()), self._parts).is_ambiguous

    def _conflict(self, earlier: Source, later: Source) -> Problem | None:
        """What two labels one text of two templates would have."""
        pairs = itertools.product(earlier.cells.values(), later.cells.values())
        found = (self.conflict((earlier, first), (later, second)) for first, second in pairs)
        return next((problem for problem in found if problem is not None), None)

    def conflict(self, first: tuple[Source, Cell], second: tuple[Source, Cell]) -> Problem | None:
        """What two labels one text of two cells would have; None if there is no such text."""
        (earlier, _), (later, _) = first, second
        slots = (earlier.intent.label_slots, later.intent.label_slots)
        if not any(slots) and meaning(earlier.intent, {}) == meaning(later.intent, {}):
            return None
        try:
            for witness in witnesses(first[1], second[1], slots, self._parts.effort):
                said = [
                    meaning(source.intent, self._values(label))
                    for source, label in zip((earlier, later), witness.labels, strict=True)
                ]
                if said[0] != said[1]:
                    what = f"{witness.text!r} (blanks taken out) means {said[1]} in {later.path}, but {said[0]} in {earlier.path} ({earlier.template.place})."
                    remedy = "Take the template out of one of them, or make its wording say which is meant."
                    return Problem(str(later.template.place), what, remedy)
        except OverflowError:
            return too_many_ways(earlier, later)
        return None

    def _values(self, label: Label) -> dict[str, JsonValue]:
        return {slot: self.pack.slots[slot].values[number].value for slot, number in label}


def too_many_ways(earlier: Source, later: Source) -> Problem:
    """The problem of two templates that cannot be compared to the end."""
    what = f"overlaps with {earlier.path} ({earlier.template.place}) in too many ways to be checked for two labels."
    return Problem(str(later.template.place), what, "Make the two wordings differ.")


def _too_ambiguous(source: Source) -> Problem:
    """That it cannot be told, for every row, who spells its text first."""
    what = "can spell its texts, with the templates that share them, in too many ways to be told apart."
    return Problem(
        str(source.template.place), what, "Write fewer choices side by side that print the same letters."
    )


_KNOWN: dict[tuple[str, str], Stock] = {}
_MAX_KNOWN, _LARGE = 4, 200
"""How many stocks are kept, and of how many sources on."""


def stock_of(pack: Pack) -> Stock:
    """The pack's stock; of large packs, which take seconds, the last are kept by their packs' contents.

    Raises: PackError, as `Stock` does.
    """
    key = (pack.sha256, pack.folder)
    stock = _KNOWN.pop(key, None)
    if stock is None:
        with collection_paused():
            stock = Stock(pack)
    if len(stock.sources) >= _LARGE:
        _KNOWN[key] = stock
        while len(_KNOWN) > _MAX_KNOWN:
            del _KNOWN[next(iter(_KNOWN))]
    return stock


def _told_apart(cells: Mapping[str, Cell]) -> tuple[dict[str, Cell], bool]:
    """The cells, each text in the first register that has it; and whether that could not be done entry by entry."""
    told: dict[str, Cell] = {}
    for register, cell in cells.items():
        part: Cell | None = cell
        for other in told.values():
            if part is None or len(part.dimensions) != len(other.dimensions) or part.parts != other.parts:
                return dict(cells), len(cells) > 1
            differing = [
                number
                for number, pair in enumerate(zip(part.dimensions, other.dimensions, strict=True))
                if pair[0].entries is not pair[1].entries and _spelt(pair[0]) != _spelt(pair[1])
            ]
            if len(differing) > 1:
                return dict(cells), True
            if not differing:
                part = None
                continue
            part = _without(part, differing[0], other.dimensions[differing[0]])
        if part is not None:
            # Numbers of the part are the cell's own from here on: an index counts what can be made.
            told[register] = Cell(part.parts, tuple(replace(d, numbers=()) for d in part.dimensions))
    return told, False


def _without(cell: Cell, number: int, other: Dimension) -> Cell | None:
    """The cell without the entries of one dimension that another spells; None if none are left."""
    dimension = cell.dimensions[number]
    entries, theirs = entries_of(dimension.entries), entries_of(other.entries)
    # The same two meet in many templates; both are kept, so that no others have their ids.
    key = ("without", id(theirs), dimension.sums, dimension.numbers)
    known: tuple[Dimension | None, Entries] | None = entries.known(key)  # type: ignore[assignment]
    if known is None:
        taken = frozenset(theirs.spelt())
        kept = [digit for digit, texts in enumerate(entries.spelt()) if texts not in taken]
        known = (dimension.picked(kept) if kept else None, theirs)
        entries.worked_out(key, known)
    left = known[0]
    return None if left is None else cell.with_dimension(number, replace(left, positions=dimension.positions))


def _spelt(dimension: Dimension) -> tuple[tuple[str, ...], ...]:
    return entries_of(dimension.entries).spelt()


def check_texts(cell: Cell, template: Template) -> None:
    """Raise PackError if a text can be none, begin like the rest of one, or hold a control token."""
    looks = list(map(look_at_one, cell.parts))
    for dimension in cell.dimensions:
        entries = entries_of(dimension.entries)
        for place, position in enumerate(dimension.positions):
            looks[position] = entries.look(place)
    place_of = str(template.place)
    for look in looks:
        if look.fault is not None and look.fault[1]:
            what = f"prints {look.fault[0]!r}, which holds a character that is not seen ({look.fault[1]})."
            raise PackError(Problem(place_of, what, "Take it out."))
        if look.fault is not None:
            what = f"prints {look.fault[0]!a}, which would change the letter before it."
            raise PackError(Problem(place_of, what, "Write the letter and its mark together."))
    for look in looks:
        if look.sign is not None:
            remedy = "Put the sign inside maybe(...), or keep a word that is always printed."
            raise PackError(
                Problem(place_of, f"renders to a text that begins with a sign: {look.sign!r}.", remedy)
            )
        if not look.is_blank:
            break
    else:
        raise PackError(Problem(place_of, "renders to an empty text.", "Keep a word that is always printed."))
    if any(look.is_angled for look in looks):
        for index in range(min(cell.count, CONTROL_SAMPLE)):
            check_control_tokens(cell.text(cell.unrank(index)), place_of)


def check_control_tokens(text: str, place: str) -> None:
    """Raise PackError if a text holds a control token, which only its parts together may spell."""
    if "<" in text and (tokens := find_control_tokens(text)):
        what = f"renders to {text!r}, which holds the control token {tokens[0]}."
        raise PackError(Problem(place, what, "Change the wording."))


def meaning(intent: Intent, values: Mapping[str, JsonValue]) -> str:
    """A label as text: the calls, `no call`, or what is asked for."""
    if intent.kind in CALLING:
        return ", ".join(
            f"{call.name}({canonical_json(call.arguments)})" for call in calls_of(intent, values)
        )
    return f"asking for {intent.asks_for}" if intent.kind == "ask" else "no call"


def calls_of(intent: Intent, values: Mapping[str, JsonValue]) -> tuple[Call, ...]:
    """The intent's calls with these slot values."""
    return tuple(call for pattern in intent.calls for call in pattern.calls(values))


def values_of(pack: Pack, bindings: Iterable[Binding]) -> dict[str, JsonValue]:
    """Slot -> canonical value, of the slots that have any."""
    return {
        binding.slot: pack.slots[binding.slot].values[binding.value].value
        for binding in bindings
        if pack.slots[binding.slot].has_value
    }
