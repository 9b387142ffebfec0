"""Overlaps: found without a list of texts, and exactly those that a list would show; no text twice, no text with two labels."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import strategies  # noqa: F401  # sets how hypothesis runs
from hypothesis import given
from hypothesis import strategies as st
from small_pack import INTENTS, KOREAN_PACK, SLOTS, intent_text, write_korean_pack, write_pack

from fgdata import kept_overlaps
from fgdata import stock as stock_module
from fgdata.characters import text_key
from fgdata.dataset import manifest_notes, write_dataset
from fgdata.entries import Binding, Entries, Entry, entries_of
from fgdata.errors import PackError
from fgdata.generator import Generated, Request, generate, utterance_key
from fgdata.overlap import Language, witnesses
from fgdata.pack_reader import read_pack
from fgdata.packs import load_pack
from fgdata.parts import Parts
from fgdata.space import Cell, Dimension, KnownDimensions, make_cell, register_endings
from fgdata.stock import Stock

Strings = list[list[str]]

_strings = st.text(alphabet="aab ", max_size=3)
part_lists = st.lists(st.lists(_strings, min_size=1, max_size=3, unique=True), min_size=1, max_size=4)
"""Parts whose strings run into one another."""


def cell_of(parts: Strings, slots: dict[int, str] | None = None) -> Cell:
    """A cell with these strings at each place; places under `slots` fill a slot, a value for each string."""
    slots = slots or {}
    dimensions = [
        Dimension(
            (place,),
            tuple(
                Entry((text,), (Binding(slots[place], number, text),) if place in slots else ())
                for number, text in enumerate(strings)
            ),
            tuple(range(1, len(strings) + 1)),
            place in slots,
        )
        for place, strings in enumerate(parts)
    ]
    return Cell(("",) * len(parts), tuple(dimensions))


def language_of(parts: Strings, known: Parts) -> Language:
    """The language of these parts."""
    return Language([cell_of(parts)], known)


def keys_of(parts: Strings) -> Counter[str]:
    """How many derivations each (normalised) text has, by brute force; strings that are normalised alike are one."""
    folded = [sorted({text_key(text) for text in strings}) for strings in parts]
    return Counter("".join(chosen) for chosen in itertools.product(*folded))


# Languages


@given(part_lists, part_lists)
def test_meets_as_brute_force_does(first: Strings, second: Strings) -> None:
    """Two languages meet if and only if some text is in both lists, whichever is asked."""
    known = Parts()
    mine, theirs = language_of(first, known), language_of(second, known)
    shared = keys_of(first).keys() & keys_of(second).keys()
    assert mine.meets(theirs) == theirs.meets(mine) == bool(shared)
    assert mine.meets(mine)
    if shared:
        assert mine.may_meet(theirs)


@given(part_lists)
def test_ambiguous_as_brute_force_is(parts: Strings) -> None:
    """A language is ambiguous if and only if some text has two derivations."""
    assert language_of(parts, Parts()).is_ambiguous == (max(keys_of(parts).values()) > 1)


@given(part_lists, st.text(alphabet="aabc", max_size=8))
def test_derives_what_brute_force_lists(parts: Strings, other: str) -> None:
    """All texts of the list are derived, and nothing else."""
    language, keys = language_of(parts, Parts()), keys_of(parts)
    assert all(language.derives(key) for key in keys)
    assert language.derives(other) == (other in keys)
    assert (language.first_cut(other) is not None) == (other in keys)


@given(part_lists)
def test_one_derivation_of_each_text_is_the_first(parts: Strings) -> None:
    """Of the derivations that spell a text exactly one has the first cut."""
    language = language_of(parts, Parts())
    folded = [sorted({text_key(text) for text in strings}) for strings in parts]
    cell = cell_of(folded)
    firsts = Counter[str]()
    for index in range(cell.count):
        digits = cell.unrank(index)
        key = text_key("".join(folded[place][digit] for place, digit in enumerate(digits)))
        firsts[key] += language.first_cut(key) == language.cut_of(cell, digits)
    assert set(firsts.values()) == {1}


@given(part_lists, part_lists, st.data())
def test_witnesses_show_every_pair_of_labels(first: Strings, second: Strings, data: st.DataObject) -> None:
    """For each pair of labels that a text of both can have there is a witness, and each witness is such a text."""
    folded = [
        [sorted({text_key(text) for text in strings}) for strings in parts] for parts in (first, second)
    ]
    places = [
        data.draw(st.dictionaries(st.integers(0, len(parts) - 1), st.sampled_from("rl"), max_size=2))
        for parts in folded
    ]
    places = [dict({slot: place for place, slot in chosen.items()}.items()) for chosen in places]
    cells = [
        cell_of(parts, {place: slot for slot, place in chosen.items()})
        for parts, chosen in zip(folded, places, strict=True)
    ]

    def labelled(cell: Cell) -> set[tuple[str, frozenset[tuple[str, int]]]]:
        found = set()
        for index in range(cell.count):
            digits = cell.unrank(index)
            label = frozenset((binding.slot, binding.value) for binding in cell.bindings(digits))
            found.add((text_key(cell.text(digits)), label))
        return found

    listed = [labelled(cell) for cell in cells]
    wanted = {(mine[1], theirs[1]) for mine, theirs in itertools.product(*listed) if mine[0] == theirs[0]}
    said = list(witnesses(cells[0], cells[1], (frozenset("rl"), frozenset("rl"))))
    assert {witness.labels for witness in said} == wanted
    for witness in said:
        assert (witness.text, witness.labels[0]) in listed[0]
        assert (witness.text, witness.labels[1]) in listed[1]


def test_dimensions_worked_out_before_are_the_same(tmp_path: Path) -> None:
    """A stock that shares dimensions between templates has the cells that each template has alone."""
    pack = read_pack(write_korean_pack(tmp_path))
    for source in Stock(pack).base_sources:
        valued = {name for name in source.template.slots if pack.slots[name].has_value}
        for register in source.family.registers:
            labels = source.intent.label_slots
            endings = register_endings(register)
            alone = make_cell(source.template, pack.slots, endings, labels, valued, registers=(register,))
            known = KnownDimensions(pack.slots)
            for _ in range(2):
                cell = make_cell(
                    source.template, pack.slots, endings, labels, valued, registers=(register,), known=known.in_style(register)
                )  # fmt: skip
                assert [(d.positions, d.entries, d.sums, d.is_label) for d in cell.dimensions] == [
                    (d.positions, d.entries, d.sums, d.is_label) for d in alone.dimensions
                ]


def test_styles_do_not_mix(tmp_path: Path) -> None:
    """A wording that asks has the endings of the register at hand, not those of the one that asked first."""
    pack = read_pack(write_korean_pack(tmp_path))
    template = next(t for i in pack.intents for f in i.families for t in f.templates if t.uses_request)
    known = KnownDimensions(pack.slots)
    spelt = [
        {entry.texts for d in make_cell(template, pack.slots, register_endings(r), (), (), registers=(r,), known=known.in_style(r)).dimensions for entry in d.entries}
        for r in ("hae", "hapsyo")
    ]  # fmt: skip
    assert spelt[0] != spelt[1]


def test_entries_keep_what_was_found() -> None:
    """Entries equal the tuple of them, and say the same of their strings and values each time."""
    plain = tuple(Entry((text,), (Binding("r", n, text),)) for n, text in enumerate(("A b", "ab", "", ", c")))
    entries = Entries(plain)
    assert entries == plain
    assert entries_of(entries) is entries
    assert entries.strings(0) == {"ab", "", ",c"}
    assert entries.strings(0) is entries.strings(0)
    assert entries.options(0, frozenset("r")) == {
        ("ab", frozenset({("r", 0)})), ("ab", frozenset({("r", 1)})), ("", frozenset({("r", 2)})), (",c", frozenset({("r", 3)}))
    }  # fmt: skip
    look = entries.look(0)
    assert (look.fault, look.sign, look.is_blank, look.is_angled) == (None, ", c", True, False)
    assert Entries([Entry(("a\u200b",), ())]).look(0).fault == ("a\u200b", "U+200B")


# Packs


def talk(**templates: str) -> str:
    """An intent that calls nothing, whose families say what is given and else words of their own."""
    text = intent_text("weather", "kind: no_call\nanswers: [I only look after the lamps.]", "WORD is it {{ pick('hot', 'cold', 'wet', 'dry') }} {{ pick('now', 'here') }} ?")  # fmt: skip
    for family, template in templates.items():
        number = family.removeprefix("family_")
        text = re.sub(rf'"word{number} .*"', lambda _, said=template: f'"{said}"', text)  # type: ignore[misc]
    return text


def check_no_text_twice(made: Generated) -> None:
    """No text comes twice, in a split or two, whatever its case and blanks; none without any blanks in two splits."""
    keys = [utterance_key(row.utterance) for rows in made.splits.values() for row in rows]
    assert len(set(keys)) == len(keys)
    splits: dict[str, set[str]] = {}
    for split, rows in made.splits.items():
        for row in rows:
            splits.setdefault(text_key(row.utterance), set()).add(split)
    assert max(map(len, splits.values())) == 1


OVERLAPPING = {
    "two families of a split": {"family_0": "is it {{ pick('warm', 'dim', 'bright', 'so') }} ?", "family_1": "Is  it {{ pick('bright', 'so', 'warm', 'foggy') }}?"},
    "train and test": {"family_0": "is it {{ pick('warm', 'dim', 'bright') }} ?", "family_9": "isit {{ pick('bright', 'warm', 'foggy') }} ?"},
    "an optional word that is an alternative": {"family_0": "is it {{ maybe('very') }} {{ pick('warm', 'very warm') }} {{ maybe('so') }} {{ pick('so', 'now') }} ?"},
    "parts that run together": {"family_2": "is it {{ pick('warm', 'war') }}{{ pick('m now', ' now', 'mer now') }} ?"},
    "blanks at the ends": {"family_2": "is it {{ pick('warm', 'warm ', ' warm') }} {{ pick('now', ' now') }} {{ pick('', ' ') }} ?"},
    "case": {"family_2": "is it {{ pick('warm', 'Warm', 'WARM') }} {{ lamp }} {{ lamp | upper }} {{ pick(lamp, lamp | capitalize) }} ?"},
    "a wording within another's": {"family_0": "is it {{ maybe('very') }} {{ maybe('warm') }} now ?", "family_6": "is it {{ pick('very warm', 'warm') }} now ?", "family_8": "is it {{ pick('warm', 'foggy') }} now ?"},
}  # fmt: skip


@pytest.mark.parametrize("templates", OVERLAPPING.values(), ids=OVERLAPPING.keys())
@pytest.mark.parametrize("seed", [1, 2])
def test_no_text_comes_twice(tmp_path: Path, templates: dict[str, str], seed: int) -> None:
    """Templates that spell the same texts share them out: each text once, in one split, at any size of the data set."""
    pack = read_pack(write_pack(tmp_path, weather=talk(**templates)))
    for rows in (60, 400, 1200):
        check_no_text_twice(generate(pack, rows, seed))


def test_the_share_left_out_is_said(tmp_path: Path) -> None:
    """Draws that are another template's texts are counted; above 5 % the pairs that overlap most are told with both places."""
    overlap = "is it {{ pick('warm', 'dim', 'bright', 'so', 'fine', 'ok', 'sunny', 'late') }} ?"
    templates = {
        "family_0": overlap,
        "family_1": overlap.replace("is", "Is"),
        "family_2": overlap.replace("is", "IS"),
    }
    pack = read_pack(write_pack(tmp_path / "lamp", weather=talk(**templates)))
    manifest = write_dataset(pack, Request(200, 1), tmp_path / "out")
    assert manifest["draws_rejected_share"] > 0.05
    notes = list(manifest_notes(manifest))
    assert any(
        re.match(r"\d+\.\d% of the texts drawn are spelt by another template first", note) for note in notes
    )
    assert any(re.search(r"weather\.yaml:12 and \S*weather\.yaml:8: \d+ draws\. Make their", note) for note in notes), notes  # fmt: skip
    quiet = write_dataset(read_pack(write_pack(tmp_path / "quiet")), Request(200, 1), tmp_path / "out2")
    assert quiet["draws_rejected_share"] == 0
    assert not any("spelt" in note for note in manifest_notes(quiet))


def test_a_template_of_another_ones_texts_alone(tmp_path: Path) -> None:
    """A template that has no text of its own gives its rows to the others of the intent, without long searching."""
    many = "is it {{ pick('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h') }} " * 5
    pack = read_pack(
        write_pack(tmp_path, weather=talk(family_0=f"{many}?", family_1=f"{many} {{{{ '?' }}}}"))
    )
    made = generate(pack, 3000, 1)
    counts = Counter(row.family for row in made.splits["train"] if row.kind == "no_call")
    assert counts["weather/family_1"] == 0
    assert counts["weather/family_0"] > 400
    check_no_text_twice(made)


def test_a_text_of_two_registers_is_the_firsts(tmp_path: Path) -> None:
    """Where two registers spell the same text one of them has it, and the ids of both still build their rows."""
    pack = KOREAN_PACK.replace("{hae: 0.5, haeyo: 0.4, hapsyo: 0.1}", "{hae: 0.5, fragment: 0.2, haera: 0.3}")
    folder = write_korean_pack(tmp_path, "WORD {{ room | josa('을/를') }} {{ level | josa('으로/로') }} {{ '맞추다' | request }} {{ '하다' | request }}")  # fmt: skip
    (folder / "pack.yaml").write_text(pack, encoding="utf-8")
    check_no_text_twice(generate(read_pack(folder), 4000, 1))


def refused(folder: Path) -> str:
    """What the stock says of the pack, paths cut to the file's name."""
    with pytest.raises(PackError) as caught:
        Stock(read_pack(folder))
    return re.sub(r"[^ (\n]*/(?=\w+\.yaml)", "", str(caught.value))


def test_conflicts_are_told_though_never_drawn(tmp_path: Path) -> None:
    """One text of thousands that two intents spell is found when the pack is checked, with both places."""
    weather = talk(
        family_10="word0 make the {{ lamp }} {{ pick('nice', 'snug', 'tidy') }} {{ pick('soon', 'tonight') }}"
    )
    said = refused(write_pack(tmp_path, weather=weather))
    assert re.search(r"(weather\.yaml:\d+|cosy\.yaml:\d+): 'word0makethe(lamp|light)snugtonight' .*\((cosy|weather)\.yaml:\d+\)", said)  # fmt: skip
    assert "no call" in said
    assert 'set_light({"level":20})' in said


TWO_VALUES = {
    "forms that differ in case": SLOTS.replace("[bedroom, room where I sleep]", "[bedroom, Kitchen]"),
    "numbers without their sign": SLOTS.replace("from: 0, to: 100, step: 5", "from: 0, to: 100, step: 25") + '  off:\n    range: {from: -5, to: 5}\n    forms: ["{{ n | abs }}"]\n',
}  # fmt: skip


def test_forms_that_differ_in_case_alone(tmp_path: Path) -> None:
    """Two values said alike but for case and blanks could not be told apart: refused with the line."""
    with pytest.raises(PackError, match=r"slots\.yaml:5: 'Kitchen' says two values of slot 'room'"):
        read_pack(write_pack(tmp_path, slots=TWO_VALUES["forms that differ in case"]))


def test_numbers_that_are_said_alike(tmp_path: Path) -> None:
    """-5 and 5, both said as 5, would be one text with two labels: refused with the line."""
    slots = SLOTS.replace("from: 0, to: 100, step: 5", "from: -5, to: 5, step: 5").replace(
        "{{ n }}", "{{ n | abs }}"
    )
    tools = (write_pack(tmp_path) / "tools.json").read_text().replace('"minimum": 0', '"minimum": -5')
    with pytest.raises(PackError, match=r"slots\.yaml:8: .*5 percent.* says -5 and 5 of slot 'level'"):
        read_pack(write_pack(tmp_path, slots=slots, tools=tools))


def test_two_slots_that_run_together(tmp_path: Path) -> None:
    """Two values in a row that can be cut in two ways are a conflict of the template with itself."""
    slots = SLOTS.replace("kitchen, cooking area]", "kit, bedroom 1]").replace("step: 5", "step: 1")
    text = INTENTS["set_level"].replace("in the {{ room }} to {{ level }}", "{{ room ~ level }}")
    said = refused(write_pack(tmp_path, slots=slots, set_level=text))
    assert re.search(r"set_level\.yaml:\d+: '\S+' \(blanks taken out\) means set_light\(.*\) in set_level/family_\d+, but set_light\(", said)  # fmt: skip


def test_composed_characters_across_parts(tmp_path: Path) -> None:
    """A part that begins with a mark would change the letter before it, unseen by any comparison: refused."""
    weather = talk(family_0="is it caf{{ pick('e', 'a') }}{{ '\\\\u0301' }} now ?")
    assert re.search(r"weather\.yaml:8: .*'\\u0301'", refused(write_pack(tmp_path, weather=weather)))


def test_long_templates_are_cut_without_recursion() -> None:
    """The first cut of a long text takes the shorter parts first, however many parts there are."""
    parts = Parts()
    maybes = language_of([("", "a")] * 5000, parts)
    assert maybes.is_ambiguous
    assert maybes.first_cut("a" * 3) == (0,) * 4997 + (1,) * 3
    assert maybes.derives("a" * 5000)
    assert maybes.first_cut("a" * 5001) is None


def test_the_work_of_comparisons_is_bounded() -> None:
    """Steps are counted, of one comparison and of all of a pack."""
    parts = Parts()
    maybes = [("", "a")] * 400
    mine, theirs = (
        language_of([*maybes, ("xyyyxyxxx",)], parts),
        language_of([*maybes, ("xyxyyyxxx",)], parts),
    )
    with pytest.raises(OverflowError):
        mine.meets(theirs)
    assert not parts.effort.is_spent
    parts.effort.left = 0
    with pytest.raises(OverflowError):
        mine.meets(mine)
    assert parts.effort.is_spent


def overlaps(stock: stock_module.Stock) -> list[tuple[list[str], bool]]:
    """Each template's rivals and whether it is ambiguous."""
    return [
        ([str(other.template.place) for _, other in source.rivals], source.language.is_ambiguous) for source in stock.sources
    ]  # fmt: skip


def test_overlaps_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process has them without looking; what is broken, of another pack or of other code is found anew."""
    pack = load_pack("fitness_ko")
    monkeypatch.setenv("FGSUITE_CACHE", "")
    expected = overlaps(stock_module.Stock(pack))
    assert any(rivals for rivals, _ in expected)
    folder = tmp_path / "not" / "there"
    monkeypatch.setenv("FGSUITE_CACHE", str(folder))
    stock_module.Stock(pack)
    (file,) = folder.iterdir()
    with monkeypatch.context() as blind:
        blind.setattr(stock_module.Stock, "_overlaps", lambda _: pytest.fail("looked again"))
        assert overlaps(stock_module.Stock(pack)) == expected
    for broken in (
        "",
        "{",
        "[]",
        '{"rivals": [[0]], "ambiguous": [0]}',
        file.read_text().replace("[", "[9999999, ", 3),
    ):
        file.write_text(broken)
        assert overlaps(stock_module.Stock(pack)) == expected
    assert json.loads(file.read_text())["ambiguous"]
    stock_module.Stock(replace(pack, sha256="0" * 64))
    assert len(list(folder.iterdir())) == 2
    monkeypatch.setattr(kept_overlaps, "_code", lambda: "another")
    stock_module.Stock(pack)
    assert len(list(folder.iterdir())) == 3


def test_kept_overlaps_are_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rivals and ambiguity, for the same pack and number of templates alone; the oldest files go."""
    monkeypatch.setenv("FGSUITE_CACHE", str(tmp_path))
    found = kept_overlaps.Overlaps([[], [0], [], [0, 1]], [False, True, False, True])
    kept_overlaps.keep_overlaps("a", found)
    assert kept_overlaps.read_overlaps("a", 4) == found
    assert kept_overlaps.read_overlaps("a", 5) is None
    assert kept_overlaps.read_overlaps("b", 4) is None
    for number in range(20):
        kept_overlaps.keep_overlaps(f"pack {number}", found)
    assert len(list(tmp_path.iterdir())) == 16
    assert kept_overlaps.read_overlaps("pack 19", 4) == found


def test_a_folder_that_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache folder that is none, or cannot be written, is done without."""
    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("FGSUITE_CACHE", str(tmp_path / "file"))
    assert stock_module.Stock(load_pack("fitness_en")).sources
    assert (tmp_path / "file").read_text() == "mine"


def test_a_large_stock_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the contents of its pack; a changed pack, or another folder, gets its own."""
    monkeypatch.setattr(stock_module, "_KNOWN", {})
    pack = load_pack("fitness_en")
    first = stock_module.stock_of(pack)
    assert stock_module.stock_of(load_pack("fitness_en")) is first
    other = stock_module.stock_of(replace(pack, sha256="0" * 64))
    assert other is not first
    assert [source.path for source in other.sources] == [source.path for source in first.sources]
