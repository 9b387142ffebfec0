"""Expansions as numbers: as many as there are, each once, and the very texts that Jinja renders."""

from __future__ import annotations

import re
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest
import strategies  # noqa: F401  # sets how hypothesis runs
from hypothesis import assume, example, given
from hypothesis import strategies as st
from small_pack import INTENTS, KOREAN_SLOTS, SLOTS, write_korean_pack, write_pack
from template_texts import SLOTS as FEW_SLOTS
from template_texts import all_forms, derivations, read, slot, templates

from fgdata import korean
from fgdata.chance import Chance
from fgdata.errors import PackError
from fgdata.generator import Generator, Request
from fgdata.pack import Slot
from fgdata.pack_reader import read_pack
from fgdata.space import A_BIT_SHARE, MAX_ENTRIES, Cell, draws, make_cell
from fgdata.stock import Stock
from fgdata.template import Wording, tidied


def cell_of(text: str, slots: dict[str, Slot] | None = None, *, labels: tuple[str, ...] = (), is_kept: bool = True) -> Cell:  # fmt: skip
    """The cell of a template, bindings of all slots kept or only those that must be."""
    slots = slots or dict(FEW_SLOTS)
    return make_cell(read(text, slots), slots, lambda _: (), labels, slots if is_kept else ())


def texts_of(cell: Cell) -> list[str]:
    """All texts of the cell, in the order of their numbers."""
    return [cell.text(cell.unrank(index)) for index in range(cell.count)]


# Counting


@given(templates)
@example("s{{ a }}{{ pick(a, 'x') }}")
def test_the_count_is_that_of_distinct_derivations(text: str) -> None:
    """A cell has every derivation once: parts' texts and slots' fillings, found by brute force."""
    template = read(text)
    found = derivations(template)
    assume(0 < len(found) < 3000)
    cell = cell_of(text)
    assert cell.count == len(found)
    assert Counter(texts_of(cell)) == Counter(tidied("".join(texts)) for texts, _ in found)


@given(templates)
def test_bindings_are_what_was_printed(text: str) -> None:
    """What a cell says its slots were filled with is what the text holds, each slot once."""
    found = {(tidied("".join(texts)), filled) for texts, filled in derivations(read(text))}
    assume(0 < len(found) < 1000)
    cell = cell_of(text)
    said = set()
    for index in range(cell.count):
        digits = cell.unrank(index)
        bindings = list(cell.bindings(digits))
        assert len({binding.slot for binding in bindings}) == len(bindings)
        said.add((cell.text(digits), frozenset(tuple(binding) for binding in bindings)))
    assert said == found


@given(templates)
@example("s{{ w ~ ' or ' ~ w }}")
def test_texts_do_not_hang_on_what_is_kept(text: str) -> None:
    """Whether a call takes a slot changes what is noted of a text, never which texts there are."""
    found = derivations(read(text))
    assume(0 < len(found) < 3000)
    assert set(texts_of(cell_of(text, is_kept=False))) == {tidied("".join(texts)) for texts, _ in found}


@given(templates, st.data())
def test_numbers_and_digits_are_inverse(text: str, data: st.DataObject) -> None:
    """rank undoes unrank, and numbers outside are refused."""
    cell = cell_of(text)
    assume(cell.count)
    index = data.draw(st.integers(0, cell.count - 1))
    assert cell.rank(cell.unrank(index)) == index
    for outside in (-1, cell.count):
        with pytest.raises(IndexError):
            cell.unrank(outside)


# Jinja


@given(templates, st.integers(0, 10**6))
def test_whatever_jinja_renders_is_in_the_cell(text: str, seed: int) -> None:
    """The sandbox is the reference: each of its renderings is a text of the cell."""
    template = read(text)
    texts = set(texts_of(cell_of(text, is_kept=False)))
    chance, forms = Chance(seed), all_forms(FEW_SLOTS.values())
    for _ in range(20):
        filling = {name: chance.one_of(forms[name]) for name in template.slots}
        if {"a", "b"} <= filling.keys() and filling["a"][0] == filling["b"][0]:
            continue
        rendered = template.render(Wording(chance), {name: form for name, (_, form) in filling.items()})
        assert rendered in texts


@given(templates)
def test_jinja_can_render_every_text(text: str) -> None:
    """And the other way round: with enough renderings every text of the cell comes up."""
    template = read(text)
    found = derivations(template)
    assume(0 < len(found) < 40)
    assume("0.2" not in text)
    chance, forms, left = Chance(text), all_forms(FEW_SLOTS.values()), set(texts_of(cell_of(text)))
    for _ in range(6000):
        filling = {name: chance.one_of(forms[name]) for name in template.slots}
        if not {"a", "b"} <= filling.keys() or filling["a"][0] != filling["b"][0] or len(left) < 3:
            left.discard(
                template.render(Wording(chance), {name: form for name, (_, form) in filling.items()})
            )
        if not left:
            return
    assert not left


@pytest.mark.parametrize("register", ["hae", "haeyo", "hapsyo"])
def test_requests_are_those_of_the_register(tmp_path: Path, register: str) -> None:
    """A Korean template's texts in a register are Jinja's: particles, numerals and endings."""
    pack = read_pack(write_korean_pack(tmp_path))
    source = Stock(pack).sources[-1]
    texts = set(texts_of(source.whole[register]))
    chance, slots = Chance(register), {name: list(pack.slots[name].forms) for name in source.template.slots}
    rendered = {
        source.template.render(
            Wording(chance, register), {name: chance.one_of(forms) for name, forms in slots.items()}
        )
        for _ in range(3000)
    }
    assert rendered <= texts
    assert len(rendered) > 1000
    endings = {ending for ending, _ in korean.request_endings(register, "맞추다")}
    assert len(texts) == source.whole[register].count == 4 * 20 * len(endings)


# Drawing


@given(templates, st.integers(0, 2**64 - 1), st.data())
def test_draws_are_distinct(text: str, key: int, data: st.DataObject) -> None:
    """However many rows are asked for, up to all there are, no two have the same digits."""
    cell = cell_of(text, labels=data.draw(st.sampled_from([(), ("a",), ("a", "b")])))
    assume(1 < cell.count < 400)
    wanted = {1, 2, cell.count - 1, cell.count, *data.draw(st.lists(st.integers(1, cell.count), max_size=4))}
    for n in wanted:
        drawn = draws(cell, n, key)
        digits = {drawn.digits(place) for place in range(n)}
        assert len(digits) == n
        assert {cell.rank(one) for one in digits} <= set(range(cell.count))


def test_draws_are_distinct_for_every_number() -> None:
    """All numbers of rows of one cell with heavy and light entries."""
    cell = cell_of(
        "s{{ maybe(a, 0.05) }} {{ pick('i', 'ii', w) }} {{ b }} {{ maybe('k', 0.9) }}", labels=("b",)
    )
    for key in (0, 77):
        for n in range(cell.count + 1):
            drawn = draws(cell, n, key)
            assert len({drawn.digits(place) for place in range(n)}) == n
    with pytest.raises(ValueError, match="rows of"):
        draws(cell, cell.count + 1, 0)


def shares_of(cell: Cell, n: int, key: int = 5) -> Counter[str]:
    """How often each word stands in n rows, in shares."""
    drawn = draws(cell, n, key)
    words = Counter(word for place in range(n) for word in set(cell.text(drawn.digits(place)).split()))
    return Counter({word: count / n for word, count in words.items()})  # type: ignore[misc]


FILLER = "".join(f" {{{{ pick({', '.join(repr(f'{letter}{n}') for n in range(9))}) }}}}" for letter in "cdef")
"""6,561 ways to say the rest: room for a heavy word's rows."""


@pytest.mark.parametrize("n", [100, 1000, 5000])
def test_optional_words_are_as_rare_as_said(n: int) -> None:
    """maybe() prints in half the rows, its share where one is given, and 좀 as often as people say it."""
    cell = cell_of(f"s {{{{ maybe('half') }}}} {{{{ maybe('fifth', 0.2) }}}} {{{{ maybe('좀') }}}}{FILLER}")
    found = shares_of(cell, n)
    for word, share in (("half", 0.5), ("fifth", 0.2), ("좀", A_BIT_SHARE)):
        assert abs(found[word] - share) <= 4 / n + 0.01, (
            word
        )  # each of the choices before deals its part in whole rows
    assert abs(A_BIT_SHARE - 0.29) < 1e-9


@pytest.mark.parametrize("n", [1, 7, 100, 3000])
def test_few_rows_are_dealt_to_within_one(n: int) -> None:
    """A weighted choice is dealt in whole numbers: no entry is a row or more off its share."""
    cell = cell_of(f"s {{{{ a }}}}{FILLER}", labels=("a",))
    drawn = draws(cell, n, 11)
    counts = Counter(next(iter(cell.bindings(drawn.digits(place)))).form for place in range(n))
    assert all(abs(counts[form] - n / 3) < 1 for form in ("x", "xx", "y"))


def test_heavy_values_and_spelt_numbers(tmp_path: Path) -> None:
    """A number's weight is followed, and half of its rows have digits, half the words."""
    slots = KOREAN_SLOTS.replace(
        '퍼센트"]', '퍼센트", "{{ n | sino }} 프로", "{{ n | sino }}프로"]\n    weights: {50: 10}'
    )
    pack = read_pack(write_korean_pack(tmp_path, "WORD {{ room }} " + "{{ pick('가', '나', '다', '라', '마') }} " * 5 + "{{ level }} {{ '맞추다' | request }}"))  # fmt: skip
    assert pack.slots["level"].values[4].shares == (0.05, 0.05)
    (tmp_path / "slots.yaml").write_text(slots, encoding="utf-8")
    source = Stock(read_pack(tmp_path)).sources[-1]
    cell, n = source.cells["haeyo"], 1900
    drawn = draws(cell, n, 3)
    rows = [drawn.digits(place) for place in range(n)]
    levels = [binding for digits in rows for binding in cell.bindings(digits) if binding.slot == "level"]
    counts = Counter(binding.value for binding in levels)
    assert counts[4] == 1000
    assert {counts[number] for number in range(10) if number != 4} == {100}
    assert abs(sum(any(sign.isdigit() for sign in binding.form) for binding in levels) - n / 2) <= 10


def test_weights_give_way_where_texts_run_out() -> None:
    """A heavy word that has too few texts for its share has all of them, and the others the rest."""
    cell = cell_of("s {{ maybe('never', 0.999) }} {{ pick('c', 'd') }}")
    drawn = draws(cell, 4, 1)
    assert {drawn.digits(place) for place in range(4)} == {cell.unrank(index) for index in range(4)}


# Size


def test_a_thousand_million_million_expansions() -> None:
    """Counting, naming and drawing from 10**15 texts holds none of them."""
    words = ", ".join(f"'{letter}'" for letter in "abcdefghij")
    text = "s " + " ".join(f"{{{{ pick({words}) }}}}" for _ in range(15))
    tracemalloc.start()
    cell = cell_of(text)
    assert cell.count == 10**15
    last = cell.unrank(10**15 - 1)
    assert cell.text(last) == "s" + " j" * 15
    assert cell.text(cell.unrank(123_456_789_012_345)) == "s " + " ".join("abcdefghij"[int(digit)] for digit in "123456789012345")  # fmt: skip
    drawn = draws(cell, 10**12, 9)
    found = {drawn.digits(place * 10**7) for place in range(3000)}
    assert len(found) == 3000
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 5_000_000


def test_a_pack_of_ten_to_the_fifteen(tmp_path: Path) -> None:
    """A pack whose templates have 10**15 texts is read, planned and drawn from like any."""
    words = ", ".join(f"'{letter}'" for letter in "abcdefghij")
    many = " ".join(f"{{{{ pick({words}) }}}}" for _ in range(15))
    pack = read_pack(write_pack(tmp_path, weather=INTENTS["weather"].replace("is it", f"is it {many} ,")))
    generator = Generator(pack, Request(200_000, 1))
    assert generator.stock.count > 11 * 10**15
    rows = list(generator.rows("train", range(0, generator.plan.rows("train"), 80)))
    assert len({row.line for row in rows}) == len(rows) > 400
    assert all(generator.maker.rebuild(id_of(row.line)) == row.line for row in rows[:50])


def id_of(line: str) -> str:
    """The id in a row's line."""
    found = re.match(r'{"id": "([^"]+)"', line)
    assert found is not None
    return found[1]


FIRST = next(number for number, line in enumerate(INTENTS["weather"].split("\n")) if "word0" in line)
"""Line of the first template, from 0."""
TOO_MANY = {
    "joined with ~": "{{ " + " ~ ".join(["pick('a','b','c','d','e','f','g','h','i','j')"] * 6) + " }}",
    "in a filter": "{{ ("
    + " ~ ".join(["pick('a','b','c','d','e','f','g','h','i','j')"] * 7)
    + ") | upper }}",
    "through a slot that stands twice": " ".join(["{{ level ~ pick('a','b','c','d','e','f','g','h') }}"] * 6),
}


@pytest.mark.parametrize("template", TOO_MANY.values(), ids=TOO_MANY.keys())
def test_too_many_linked_choices_are_refused(tmp_path: Path, template: str) -> None:
    """Choices that hang together and are too many to write out are told with the template's file and line."""
    text = INTENTS["weather"].split("\n")
    text[FIRST] = f'      - "word0 is it {template} ?"'
    pack = read_pack(write_pack(tmp_path, weather="\n".join(text), slots=SLOTS))
    with pytest.raises(PackError) as caught:
        Stock(pack)
    assert [re.sub(r"^\S*/", "", str(problem)) for problem in caught.value.problems] == [
        f"weather.yaml:{FIRST + 1}: more than {MAX_ENTRIES:,} choices hang together, through a slot that stands twice, a filter or `~`. "
        "Write the parts side by side, or split the template."
    ]


def test_a_slot_may_differ_from_nothing() -> None:
    """Two slots that must differ and have one value leave no text: refused, unless one of them may be left out."""
    slots = {"a": slot("a", ("x",)), "b": slot("b", ("x",), differs_from="a")}
    with pytest.raises(PackError, match=r"^intents/test\.yaml:7: prints slots that must differ"):
        cell_of("s {{ a }} {{ b }}", slots)
    assert cell_of("s {{ maybe(a) }} {{ b }}", slots).count == 1
