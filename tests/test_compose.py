"""Several calls in one utterance: grammatical joins, calls in order, one way to take it apart, held-out pairs held out."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from home_pack import EN_JOINS, KO_JOINS, write_home_pack
from small_pack import PACK, intent_text

from fgdata.characters import text_key
from fgdata.compose import Compositions
from fgdata.errors import UsageError
from fgdata.example import Example, example_from_row
from fgdata.generator import Generator, Request, utterance_key
from fgdata.joins import JOINS
from fgdata.pack import KINDS
from fgdata.pack_reader import read_pack

HELD = {("blind", "light"), ("warmth", "dark")}
Rows = dict[str, list[Example]]


@pytest.fixture(scope="module", params=["ko", "en"])
def generator(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator:
    """What makes 1,500 rows of the Korean and of the English home."""
    pack = read_pack(write_home_pack(tmp_path_factory.mktemp("home"), request.param))
    return Generator(pack, Request(1500, 1))


@pytest.fixture(scope="module")
def rows(generator: Generator) -> Rows:
    """Those rows, by split."""
    return {
        split: [
            example_from_row(json.loads(row.line), "", "")
            for row in generator.rows(split, range(generator.plan.rows(split)))
        ]
        for split in generator.plan.splits
    }


@pytest.fixture(scope="module")
def composed(rows: Rows) -> list[Example]:
    """Those of several clauses."""
    return [row for of_split in rows.values() for row in of_split if "+" in row.intent]


def joins_of(row: Example) -> list[str]:
    """The names of the joins in the row's id."""
    path = row.id.split("/", 1)[1].rpartition("/")[0].rpartition(".")[0]
    return path.split("+")[1::2]


def clauses_of(row: Example) -> list[str]:
    """The utterance cut at the marks of its joins."""
    rest, clauses = row.utterance, []
    for name in joins_of(row):
        mark = JOINS[row.language][name].mark
        ending = JOINS[row.language][name].ending
        head, found, rest = rest.partition(f"{ending}{mark}")
        assert found, (row.utterance, name)
        clauses.append(head + ending)
    return [*clauses, rest]


def test_every_join_and_length_is_there(composed: list[Example]) -> None:
    """Two, three and four clauses, with every join that was asked for."""
    language = composed[0].language
    wanted = set(json.loads(KO_JOINS)) if language == "ko" else set(EN_JOINS.strip("[]").split(", "))
    assert {name for row in composed for name in joins_of(row)} == wanted
    assert {row.intent.count("+") for row in composed} == {1, 2, 3}


def test_calls_come_in_the_order_of_the_clauses(composed: list[Example]) -> None:
    """Each clause's call is that of its intent, and its values stand in that clause."""
    tools = {"light": "light_on", "warmth": "set_warmth", "blind": "open_blind", "dark": "all_off"}
    forms = {"kitchen": ("주방", "부엌", "kitchen", "cooking area"), "bedroom": ("침실", "안방", "bedroom", "where I sleep"), "hall": ("현관", "hall")}  # fmt: skip
    for row in composed:
        intents, clauses = row.intent.split("+"), clauses_of(row)
        assert [call.name for call in row.expected_calls] == [tools[name] for name in intents]
        for call, clause in zip(row.expected_calls, clauses, strict=True):
            if "room" in call.arguments:
                assert any(form in clause for form in forms[call.arguments["room"]]), row.utterance
            if any(sign.isdigit() for sign in re.sub(r"word\d+", "", clause)):
                assert str(call.arguments["level"]) in clause


def test_joins_are_grammatical(composed: list[Example]) -> None:
    """Korean clauses but the last end in the stem with 고; no clause asks twice; 그리고 stands after a whole request."""
    for row in composed:
        assert row.utterance == " ".join(row.utterance.split())
        if row.language != "ko":
            continue
        for name, clause in zip(joins_of(row), clauses_of(row), strict=False):
            if name != "그리고":
                assert clause.endswith(("켜고", "맞추고", "열고", "끄고")), row.utterance
            else:
                assert not clause.endswith("고"), row.utterance


def test_the_softener_is_said_once(composed: list[Example]) -> None:
    """좀 stands in last clauses and in those that keep their ending, not in one that takes 고."""
    rows = [row for row in composed if row.language == "ko"]
    softened = {False: 0, True: 0}
    for row in rows:
        clauses = clauses_of(row)
        for name, clause in zip(joins_of(row), clauses, strict=False):
            assert name == "그리고" or "좀" not in clause.split(), row.utterance
        softened["좀" in clauses[-1].split()] += 1
    assert not rows or all(softened.values())


def test_no_clause_holds_a_join(composed: list[Example]) -> None:
    """Between two joins there is no other, so that a text can be cut in one way alone."""
    marks = {"ko": re.compile(r"고[ ,]|그다음에|그리고"), "en": re.compile(r"\b(and|then)\b")}
    for row in composed:
        assert len(marks[row.language].findall(row.utterance)) >= len(joins_of(row))
        for clause in clauses_of(row):
            assert not marks[row.language].search(clause.removesuffix("고")), row.utterance


def test_a_text_can_be_made_in_one_way(generator: Generator, composed: list[Example]) -> None:
    """Of all the clauses and joins of the pack only those of the row's id spell its text."""
    compositions, by_text = generator.compositions, {}
    for split in ("train", "validation", "test", "test_compositions"):
        for group in compositions.groups(split):
            for number in range(min(group.count, 60)):
                joined, digits = group.at(number, 60, 7)
                if compositions.rival_of(joined, digits, joined.cell.text(digits)) is None:
                    path = (joined.path, joined.cell.rank(digits))
                    by_text.setdefault(utterance_key(joined.cell.text(digits)), set()).add(path)
    assert len(by_text) > 1000
    assert max(map(len, by_text.values())) == 1
    assert len({row.utterance for row in composed}) == len(composed)


def test_held_out_pairs_stand_in_their_split_alone(rows: Rows) -> None:
    """Rows that have both intents of a pair, in any order and place, are in test_compositions, and no others are."""
    seen = set()
    for split, of_split in rows.items():
        for row in of_split:
            pairs = set(itertools.permutations(row.intent.split("+"), 2))
            assert bool(pairs & HELD) == (split == "test_compositions"), (split, row.intent)
            if split == "test_compositions":
                seen |= {*itertools.combinations(row.intent.split("+"), 2)}
    assert seen >= HELD | {("light", "blind")}, "in either order"
    assert len(rows["test_compositions"]) == 75


def test_families_are_of_one_split(generator: Generator, rows: Rows) -> None:
    """Each clause comes from a family of the row's split; test_compositions has the words of the test families."""
    split_of = {s.path: s.split for s in generator.stock.base_sources}
    for split, of_split in rows.items():
        for row in of_split:
            found = {split_of[path] for path in row.family.split("+")}
            assert found == {"test" if split.startswith("test") else split}


def test_the_register_is_that_of_all_clauses(composed: list[Example]) -> None:
    """Every clause that asks does so in the register that the row names."""
    counts = Counter(row.register for row in composed)
    if composed[0].language == "en":
        assert set(counts) == {"plain"}
        return
    assert set(counts) == {"hae", "haeyo", "hapsyo"}
    polite = re.compile(r"요[?.]?$")
    formal = re.compile(r"(니다|시오|니까\??|바람)[?.]?$")
    for row in composed:
        whole = [
            clause
            for name, clause in itertools.zip_longest(joins_of(row), clauses_of(row))
            if name in (None, "그리고")
        ]
        for clause in whole:
            assert bool(polite.search(clause)) == (row.register == "haeyo"), row.utterance
            assert bool(formal.search(clause)) == (row.register == "hapsyo"), row.utterance


def test_texts_are_distinct_and_do_not_leak(rows: Rows) -> None:
    """No text twice, and none in two splits when blanks are taken out."""
    owner: dict[str, str] = {}
    texts = [utterance_key(row.utterance) for of_split in rows.values() for row in of_split]
    assert len(set(texts)) == len(texts)
    for split, of_split in rows.items():
        for row in of_split:
            assert owner.setdefault(text_key(row.utterance), split) == split


def test_ids_rebuild_their_rows(generator: Generator, rows: Rows) -> None:
    """An id is unique and all that is needed to make its row again, of several clauses or one."""
    ids = [row.id for of_split in rows.values() for row in of_split]
    assert len(set(ids)) == len(ids)
    for split in generator.plan.splits:
        for row in generator.rows(split, range(0, generator.plan.rows(split), 3)):
            assert generator.maker.rebuild(json.loads(row.line)["id"]) == row.line


@pytest.mark.parametrize("at_most", [0.5, 0.01])
def test_no_value_is_in_too_many_clauses(tmp_path: Path, at_most: float) -> None:
    """`at_most` holds for rows of several, clause by clause, or the value is named; ids still rebuild their rows."""
    text = write_home_pack(tmp_path, "en") / "slots.yaml"
    text.write_text(
        text.read_text("utf-8").replace("{value: kitchen,", "{value: kitchen, weight: 40,"), "utf-8"
    )
    head = tmp_path / "pack.yaml"
    head.write_text(head.read_text("utf-8") + f"coverage: {{at_most: {at_most}}}\n", encoding="utf-8")
    generator = Generator(read_pack(tmp_path), Request(600, 1))
    texts = set()
    for split in ("train", "validation", "test", "test_compositions"):
        rooms: Counter[str] = Counter()
        for row in generator.rows(split, range(generator.plan.rows(split))):
            example = example_from_row(json.loads(row.line), "", "")
            texts.add(utterance_key(example.utterance))
            if "+" in example.intent:
                rooms.update(c.arguments["room"] for c in example.expected_calls if "room" in c.arguments)
                assert generator.maker.rebuild(example.id) == row.line
        said = {s.what for s in generator.plan.shortfalls if s.split == split}
        too_many = [room for room, n in rooms.items() if n > at_most * rooms.total() + 1]
        assert {f"at most rows of room = {room!r}" for room in too_many} <= said
        assert at_most < 0.5 or not too_many, (split, rooms)
    assert len(texts) == sum(map(generator.plan.rows, ("train", "validation", "test", "test_compositions")))


def test_ids_that_name_nothing(generator: Generator, composed: list[Example]) -> None:
    """A join, clause, register or number that there is not is an error, never another row."""
    good = next(row.id for row in composed if row.intent.count("+") == 1)
    head, _, index = good.rpartition("/")
    first, join, _ = head.split("+")
    register = head.rpartition(".")[2]
    for bad in (
        f"{first}+{join}.{register}/0",
        f"{head.replace(f'+{join}+', '+nope+')}/{index}",
        f"{head}x/{index}",
        f"{head}/{10**30}",
        f"{head.replace('family_', 'relatives_')}/{index}",
        good.replace("home@2.1.0", "home@2.1.1"),
        good.replace("home@", "house@"),
        f"{first}.{register}/{10**30}",
    ):
        with pytest.raises(UsageError):
            generator.maker.rebuild(bad)


def test_without_compositions_nothing_is_joined(tmp_path: Path) -> None:
    """A pack that asks for none has none."""
    text = write_home_pack(tmp_path) / "pack.yaml"
    kept = re.sub(r"compositions:\n(  - .*\n)+held_out:\n.*\n", "", text.read_text(encoding="utf-8"))
    text.write_text(kept.replace(", test_compositions: 0.05", ""), encoding="utf-8")
    generator = Generator(read_pack(tmp_path), Request(200, 1))
    assert Compositions(generator.stock).groups("train") == []
    assert not any("+" in row.line.split('"', 4)[3] for row in generator.rows("train", range(100)))


def changed_home(folder: Path, language: str = "en", **changes: tuple[str, str]) -> Generator:
    """600 rows of the home, one place of a file changed: file, what stood there, what does."""
    write_home_pack(folder, language)
    for name, (old, new) in changes.items():
        file = folder / ("intents" if name not in {"pack", "slots"} else "") / f"{name}.yaml"
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")
    return Generator(read_pack(folder), Request(600, 1))


def examples(generator: Generator, split: str) -> list[Example]:
    """The rows of a split that are put together."""
    rows = (json.loads(row.line) for row in generator.rows(split, range(generator.plan.rows(split))))
    return [row for row in (example_from_row(row, "", "") for row in rows) if "+" in row.intent]


@pytest.mark.parametrize("parts", ["[[light], [dark]]", "[[light], [dark, warmth]]", "[[dark], [light]]"])
def test_what_cannot_be_joined_is_said(tmp_path: Path, parts: str) -> None:
    """A composition, or a tuple of one, that no family of a split can be joined for is named with its rows, in that split alone."""
    more = f"  - {{name: night, parts: {parts}, joins: [and, then], weight: 2}}\nheld_out:"
    shut = "    split: validation\n    joins: true", "    split: validation\n    joins: false"
    generator = changed_home(tmp_path, pack=("held_out:", more), dark=shut)
    named = {(s.split, s.what): (s.asked, s.made) for s in generator.plan.shortfalls if "night" in s.what}
    tuple_said = "rows of composition night: light + dark"
    what = tuple_said if "warmth" in parts else "rows of composition night"
    ((split, said),) = named
    assert (split, said) == ("validation", what)
    asked, made = named[split, said]
    assert made == 0
    assert asked >= 3
    for seed in range(4):  # however few rows there are, and whatever the chance
        few = Generator(generator.pack, Request(60, seed)).plan.shortfalls
        found = [s for s in few if "night" in s.what and s.split == "validation"]
        assert "warmth" not in parts or [(s.what, s.made) for s in found] == [(what, 0)]
    for split in ("train", "validation", "test"):
        of = {tuple(row.intent.split("+")) for row in examples(generator, split)}
        assert any("dark" in intents for intents in of) == (split != "validation")


def test_forms_of_a_register_stay_in_it(tmp_path: Path) -> None:
    """A form that one register says stands in no clause that goes with another; its value is said by the other form."""
    bound = "forms: [침실, 안방]", "forms: [침실, {text: 안방, registers: [haeyo]}]"
    generator = changed_home(tmp_path, "ko", slots=bound)
    seen: Counter[str] = Counter()
    for split in generator.plan.splits:
        for row in examples(generator, split):
            first, last = clauses_of(row)[:-1], clauses_of(row)[-1]
            is_open = "그리고" in joins_of(row)
            seen["last"] += "안방" in last
            seen["other"] += any("침실" in clause for clause in first)
            if any("안방" in clause for clause in first):
                assert is_open, row.utterance
            assert "안방" not in row.utterance or row.register == "haeyo", row.utterance
    assert min(seen["last"], seen["other"]) >= 3


@pytest.mark.parametrize("least", [1, 4])
def test_each_value_in_rows_of_several_alone(tmp_path: Path, least: int) -> None:
    """Where nearly all rows that say a slot are of several, its rare values and both ends of its range stand there often enough, too."""
    rare = "{value: hall, ", "{value: hall, weight: 0.001, "
    mix = (
        "call: 0.3, several: 0.3, exception: 0.05, correction: 0.1, no_call: 0.05, negation: 0.05, missing_tool: 0.1, ask: 0.05}",
        f"several: 0.9, {', '.join(f'{kind}: 0.0001' for kind in KINDS if kind != 'several')}}}\ncoverage: {{each_value: {least}}}",
    )
    few = "kind: several", "kind: several\nweight: 0.0001"
    generator = changed_home(tmp_path, pack=mix, slots=rare, both=few)
    for split in ("train", "validation", "test", "test_compositions"):
        rows = examples(generator, split)
        assert len(rows) > 25
        calls = [call.arguments for row in rows for call in row.expected_calls]
        said = {
            (s.slot, s.value): s.made
            for s in generator.plan.shortfalls
            if s.split == split and s.slot in {"room", "level"}
        }
        for slot, value in [("room", "hall"), ("level", 16), ("level", 30)]:
            count = sum(arguments.get(slot) == value for arguments in calls)
            assert count >= least, (split, slot, value, count)
        assert not said, (split, said)


@pytest.mark.parametrize("n_values", [12, 17, 150])
def test_each_value_of_long_lists(tmp_path: Path, n_values: int) -> None:
    """Two slots with more pairs of values than can be told apart, half of them next to never drawn: each is there all the same."""
    folder, n_rows = write_pairs(tmp_path, n_values, "each_value: 1"), 40 * n_values
    generator = Generator(read_pack(folder), Request(n_rows, 1))
    assert not [s for s in generator.plan.shortfalls if s.slot]
    for split in ("train", "validation", "test"):
        calls = [c.arguments for row in examples(generator, split) for c in row.expected_calls]
        assert {name: len({one[name] for one in calls if name in one}) for name in "ab"} == dict.fromkeys("ab", n_values)  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_at_most_and_each_value_together(tmp_path: Path, seed: int) -> None:
    """Moves that give a value its least leave all others their most, in whatever lots they lie."""
    folder = write_pairs(tmp_path, 4, "each_value: 5, at_most: 0.6", often=9)
    plan = Generator(read_pack(folder), Request(120, seed)).plan
    assert not [s for s in plan.shortfalls if s.slot and s.split == "train"]
    plan = changed_home(tmp_path / "home", pack=("held_out:", "coverage: {at_most: 0.5}\nheld_out:")).plan
    assert not [s for s in plan.shortfalls if s.slot and s.split == "train"]


def test_the_same_lots_under_every_hash_seed(tmp_path: Path) -> None:
    """Where intents spell one another's clauses, the first of the files counts, whatever order Python's sets have."""
    text = (write_home_pack(tmp_path) / "intents" / "light.yaml").read_text("utf-8")
    for name, noun in (("aone", "등"), ("btwo", "전등"), ("cthree", "조명")):
        own = text.replace("intent: light", f"intent: {name}").replace(
            " 불 ", f" {{{{ pick('불', '{noun}') }}}} "
        )
        (tmp_path / "intents" / f"{name}.yaml").write_text(own, "utf-8")
    head = tmp_path / "pack.yaml"
    parts = "parts: [[light, warmth, blind], [light, warmth, blind]]"
    assert parts in head.read_text("utf-8")
    text = head.read_text("utf-8").replace(parts, "parts: [[cthree, btwo, light, aone], [warmth]]")
    head.write_text(text, "utf-8")
    probe = (
        "import sys; from fgdata.compose import Compositions; from fgdata.stock import Stock; from fgdata.pack_reader import read_pack\n"
        "found = Compositions(Stock(read_pack(sys.argv[1])))._first\n"
        "print([(s, e, i, [len(c.rivals) for c in of]) for s, by in found.items() for e, all_ in by.items() for i, of in all_.items()])"
    )
    said = {
        subprocess.run([sys.executable, "-c", probe, str(tmp_path)], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True).stdout
        for seed in "1234"
    }  # fmt: skip
    (one,) = said
    assert re.search(r"'aone', \[[0, ]*\]", one)  # the first of the files
    assert re.search(r"'cthree', \[[1-9]", one)


def write_pairs(folder: Path, n_values: int, coverage: str, *, often: int = 0) -> Path:
    """A pack whose two slots of so many values stand in rows of several alone; every second value is rare.

    Args:
        often: instead, how much more often than the others the first value comes.
    """
    names = {name: [f"{name}{n}" for n in range(n_values)] for name in "ab"}
    tools, slots = [], ["slots:"]
    for name, values in names.items():
        schema = {"type": "object", "properties": {name: {"type": "string", "description": "Which.", "enum": values}}, "required": [name]}  # fmt: skip
        tools.append({"type": "function", "function": {"name": f"set_{name}", "description": "Sets it.", "parameters": schema}})  # fmt: skip
        slots += [f"  {name}:", "    values:"]
        for n, value in enumerate(values):
            weight = (often if n == 0 else 1) if often else 0.001 if n % 2 else 1
            slots.append(f"      - {{value: {value}, weight: {weight}, forms: [{value}x, {value}y]}}")
        head = f'kind: call\ncalls:\n  - {{tool: set_{name}, arguments: {{{name}: "{{{name}}}"}}}}'
        text = intent_text(f"do_{name}", head, f"WORD {{{{ pick('set', 'put') }}}} {name} {{{{ {name} }}}} {{{{ maybe('please') }}}}")  # fmt: skip
        file = folder / "intents" / f"do_{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("    templates:", "    joins: true\n    templates:"), encoding="utf-8")
    head = PACK.replace("{call: 0.7, no_call: 0.2, ask: 0.1}", "{several: 1, call: 0.0001}")
    policies = head.index("policies:") if "policies:" in head else len(head)
    head = head[:policies] + f"compositions:\n  - {{name: two, parts: [[do_a], [do_b]], joins: [and, then]}}\ncoverage: {{{coverage}}}\n"  # fmt: skip
    (folder / "pack.yaml").write_text(head, encoding="utf-8")
    (folder / "tools.json").write_text(json.dumps(tools), encoding="utf-8")
    (folder / "slots.yaml").write_text("\n".join(slots) + "\n", encoding="utf-8")
    return folder


def test_the_held_out_compositions_have_each_value(tmp_path: Path) -> None:
    """`test_compositions` keeps to `each_value`: a value too rare to come by itself is there, or it is said."""
    generator = changed_home(tmp_path, slots=("{value: hall, ", "{value: hall, weight: 0.0001, "))
    rows = examples(generator, "test_compositions")
    rooms = Counter(call.arguments.get("room") for row in rows for call in row.expected_calls)
    assert 1 <= rooms["hall"] <= 2
    assert not [s for s in generator.plan.shortfalls if s.split == "test_compositions" and s.slot]
    assert len({utterance_key(row.utterance) for row in rows}) == len(rows) == generator.plan.rows("test_compositions")  # fmt: skip
