"""Every kind of row: what it calls, what it says instead, which tools it declares; shares, coverage, held-out values."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from home_pack import CALLS, HEAD, KOREAN, ROOMS, TOOLS, write_home_pack
from small_pack import INTENTS, PACK, SLOTS, intent_text, write_pack
from small_pack import TOOLS as LAMP_TOOLS

from fgdata import rows as rows_module
from fgdata.covering import most_rows
from fgdata.dataset import write_dataset
from fgdata.errors import PackError
from fgdata.example import Example
from fgdata.generator import Generated, Generator, Request, generate, utterance_key
from fgdata.pack import KINDS, Pack
from fgdata.pack_reader import read_pack
from fgdata.schema import check_call, tools_by_name

HELD_FORMS = {"ko": ["요리하는 곳", "19도", "23도", r"(?<!이)십구 도", "이십삼 도"], "en": ["room where I cook", "19 degrees", "23 degrees", "19°", "23°"]}  # fmt: skip


@pytest.fixture(scope="module", params=["ko", "en"])
def pack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """The home, in Korean and in English."""
    return read_pack(write_home_pack(tmp_path_factory.mktemp("home"), request.param))


@pytest.fixture(scope="module")
def made(pack: Pack) -> Generated:
    """1,200 rows of it."""
    return generate(pack, 1200, 3)


@pytest.fixture(scope="module")
def by_kind(made: Generated) -> dict[str, list[Example]]:
    """Its rows by kind."""
    found: dict[str, list[Example]] = {}
    for of_split in made.splits.values():
        for row in of_split:
            found.setdefault(row.kind, []).append(row)
    return found


# What rows say


def test_every_kind_has_its_share(made: Generated, pack: Pack) -> None:
    """All eight kinds are there, in the mix's shares to the row."""
    for split in ("train", "validation", "test"):
        counts, n = Counter(row.kind for row in made.splits[split]), len(made.splits[split])
        for kind in KINDS:
            assert abs(counts[kind] - pack.mix[kind] * n) < 1, (split, kind)


def test_held_out_splits_have_their_rows(made: Generated) -> None:
    """A held-out split has all its rows, of the kinds that can have what is held out; nothing falls short of kinds."""
    assert len(made.splits["test_values"]) == len(made.splits["test_compositions"]) == 60
    assert {row.kind for row in made.splits["test_compositions"]} == {"several"}
    assert "no_call" not in {row.kind for row in made.splits["test_values"]}
    assert not [s for s in made.shortfalls if s.what.startswith("rows of kind")]


def test_an_exception_calls_all_but_one(by_kind: dict[str, list[Example]]) -> None:
    """One call for each value but the one that the text leaves out."""
    for row in by_kind["exception"]:
        left = [call.arguments["room"] for call in row.expected_calls]
        assert left == [room for room in ROOMS if room != row.slots["room"]]
    assert {row.slots["room"] for row in by_kind["exception"]} == set(ROOMS)


def test_a_correction_is_the_second_value(by_kind: dict[str, list[Example]]) -> None:
    """The call takes what was said last, and the two always differ."""
    for row in by_kind["correction"]:
        (call,) = row.expected_calls
        assert call.arguments == {"level": row.slots["level"]}
        assert row.slots["level"] != row.slots["said"]
        said = [int(number) for number in re.findall(r"\d+", re.sub(r"word\d+", "", row.utterance))]
        if len(said) == 2:
            assert said == [row.slots["said"], row.slots["level"]]
    assert len(by_kind["correction"]) > 80


def test_what_calls_nothing_answers(by_kind: dict[str, list[Example]], pack: Pack) -> None:
    """Talk, negation and asking back answer with their intent's words; asking names the parameter."""
    for kind in ("no_call", "negation", "ask", "missing_tool"):
        for row in by_kind[kind]:
            assert row.expected_calls == ()
            assert row.messages[-1]["content"]
            assert (row.asks_for == "level") == (kind == "ask")
    rooms = {row.slots["room"]: row.messages[-1]["content"] for row in by_kind["negation"] if "stays" in row.messages[-1]["content"]}  # fmt: skip
    assert set(rooms) == set(ROOMS)
    for row in by_kind["negation"]:
        answer = re.match(r"All right, (.*) stays", row.messages[-1]["content"])
        assert answer is None or answer[1] in row.utterance


def test_a_missing_tool_is_not_declared(
    made: Generated, by_kind: dict[str, list[Example]], pack: Pack
) -> None:
    """The right tool is not among the declared ones, the answer is the pack's, and no such text calls anywhere else."""
    tools = {"light": "light_on", "warmth": "set_warmth", "blind": "open_blind", "dark": "all_off"}
    texts = {utterance_key(row.utterance) for row in by_kind["missing_tool"]}
    assert len(texts) == len(by_kind["missing_tool"]) == sum(Counter(r.kind for r in rows)["missing_tool"] for rows in made.splits.values())  # fmt: skip
    for row in by_kind["missing_tool"]:
        names = [entry["function"]["name"] for entry in row.tools or []]
        assert names == [tool.name for tool in pack.tools if tool.name != tools[row.intent]]
        assert row.messages[-1]["content"] in ("That I cannot do.", "No tool of mine does that.")
        assert row.id.endswith("!missing_tool")
    for kind, of_kind in by_kind.items():
        if kind != "missing_tool":
            assert texts.isdisjoint(utterance_key(row.utterance) for row in of_kind)


def test_several_with_two_slots_and_a_tool_slot(by_kind: dict[str, list[Example]]) -> None:
    """The tool is what the slot says, and two slots of the same values never have the same one."""
    rows = [row for row in by_kind["several"] if row.intent == "both"]
    assert {row.expected_calls[0].name for row in rows} == {"open_blind", "close_blind"}
    for row in rows:
        first, second = row.expected_calls
        assert first.name == row.slots["doing"]
        assert (first.arguments["room"], second.arguments["room"]) == (row.slots["room"], row.slots["other"])
        assert row.slots["room"] != row.slots["other"]


# Held-out values


def test_held_out_values_stand_in_their_split_alone(made: Generated, pack: Pack) -> None:
    """Each row of test_values has a held-out form or number; no row of another split has one."""
    held = HELD_FORMS[pack.language]
    for split, of_split in made.splits.items():
        for row in of_split:
            has = any(re.search(form, row.utterance) for form in held)
            assert has == (split == "test_values"), (split, row.utterance)
            numbers = {row.slots.get("level"), row.slots.get("said")} & {19, 23}
            assert not numbers or split == "test_values"
    kinds = {row.kind for row in made.splits["test_values"]}
    assert {"call", "correction", "exception"} <= kinds


def test_all_rows_keep_their_tools_schemas(made: Generated) -> None:
    """The calls of rows are those that their own declared tools allow."""
    for of_split in made.splits.values():
        for row in of_split[::8]:
            declared = tools_by_name(row.tools or [])
            assert not [complaint for call in row.expected_calls for complaint in check_call(call, declared)]


# Mix and coverage


def test_exact_stops_before_anything_is_written(tmp_path: Path) -> None:
    """With `exact` what cannot be met is told with its numbers, and no folder is made."""
    pack = read_pack(write_home_pack(tmp_path / "home"))
    with pytest.raises(PackError) as caught:
        write_dataset(pack, Request(6000, 1, mix="exact"), tmp_path / "out")
    assert re.search(r"--mix exact: train: rows of kind no_call: 210 asked, 72 possible\.", str(caught.value))
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_exact_is_met_where_it_can_be(tmp_path: Path) -> None:
    """With `exact` and enough texts the shares are exact, held-out splits included."""
    made = generate(read_pack(write_home_pack(tmp_path, "en")), 300, 1, mix="exact")
    assert made.shortfalls == ()
    assert made.n_rows == 300


def test_calls_that_run_short_are_shared(tmp_path: Path) -> None:
    """Where there are fewer texts of calls than `call` and `missing_tool` ask for, each has its proportion and its own numbers."""
    made = generate(read_pack(write_home_pack(tmp_path, "en")), 40_000, 1)
    counts = Counter(row.kind for row in made.splits["train"])
    assert counts["call"] // 3 == counts["missing_tool"] > 100  # 0.3 and 0.1 of the mix
    missed = {s.what: (s.asked, s.made) for s in made.shortfalls if s.split == "train"}
    assert missed["rows of kind call"] == (8400, counts["call"])
    assert missed["rows of kind missing_tool"] == (2800, counts["missing_tool"])


def covered(made: Generated, slot: str, least: int) -> list[str]:
    """Values that a split has fewer of than `least` and that nothing was said of."""
    unsaid = []
    for split in ("train", "validation", "test"):
        counts = Counter(json.dumps(row.slots[slot]) for row in made.splits[split] if slot in row.slots and row.kind != "negation")  # fmt: skip
        said = {s.what for s in made.shortfalls if s.split == split}
        for value, count in counts.items():
            if count < least and f"rows of {slot} = {json.loads(value)!r}" not in said:
                unsaid.append(f"{split}: {value} {count}")
    return unsaid


@pytest.mark.parametrize("least", [1, 3, 30])
def test_each_value_is_there_often_enough_or_it_is_said(tmp_path: Path, least: int) -> None:
    """`each_value` is met for every listed value and both ends of a range, or the value is named with numbers."""
    head = PACK + f"coverage: {{each_value: {least}}}\n"
    made = generate(read_pack(write_pack(tmp_path, pack=head)), 300, 1)
    assert not covered(made, "room", least)
    for split in ("train", "validation", "test"):
        levels = Counter(row.slots["level"] for row in made.splits[split] if "level" in row.slots)
        said = {s.what: s for s in made.shortfalls if s.split == split}
        for end in (0, 100):
            short = said.get(f"rows of level = {end}")
            assert levels[end] >= least or (short is not None and short.made == levels[end])


@pytest.mark.parametrize("most", [0.5, 0.6, 0.05])
def test_no_value_is_there_too_often_or_it_is_said(tmp_path: Path, most: float) -> None:
    """`at_most` is met by every value, or what is above is named."""
    slots = SLOTS.replace("- {value: kitchen,", "- {value: kitchen, weight: 9,")
    made = generate(read_pack(write_pack(tmp_path, slots=slots, pack=PACK + f"coverage: {{at_most: {most}}}\n")), 300, 1)  # fmt: skip
    for split in ("train", "validation", "test"):
        rooms = Counter(row.slots["room"] for row in made.splits[split] if "room" in row.slots)
        said = {s.what for s in made.shortfalls if s.split == split}
        for room, count in rooms.items():
            assert count <= max(1, most * rooms.total() + 0.5) or f"at most rows of room = {room!r}" in said


@pytest.mark.parametrize(
    ("at_most", "rows", "most"),
    [(0.5, 13, 7), (0.5, 12, 6), (0.29, 100, 29), (0.4, 13, 5), (0.6, 13, 7), (1.0, 3, 3)],
)
def test_rounding_alone_is_no_shortfall(tmp_path: Path, at_most: float, rows: int, most: int) -> None:
    """Two values in 13 rows have 7 and 6: half of them at most asks for no more. A share that two values cannot have stays."""
    pack = read_pack(write_pack(tmp_path, pack=PACK + f"coverage: {{at_most: {at_most}}}\n"))
    assert most_rows(pack, "room", rows) == most


def test_coverage_of_many_values_is_counted_not_guessed(tmp_path: Path) -> None:
    """Two slots with more pairs of values than coverage can steer: what is said to fall short does."""
    names = [f"r{number}" for number in range(20)]
    tools = json.loads(json.dumps(LAMP_TOOLS))
    tools[0]["function"]["parameters"]["properties"] = {
        "room": {"type": "string", "description": "Where.", "enum": names},
        "level": {"type": "string", "description": "What.", "enum": names},
    }
    listed = "".join(f"      - {{value: {name}, forms: [{name}]}}\n" for name in names)
    slots = f"slots:\n  room:\n    values:\n{listed}  level:\n    values:\n{listed.replace('[r', '[l')}  lamp:\n    words: [lamp]\n"
    folder = write_pack(tmp_path, slots=slots, tools=json.dumps(tools), pack=PACK.replace("{call: 0.7, no_call: 0.2, ask: 0.1}", "{call: 1}"))  # fmt: skip
    for name in ("weather", "how_bright", "cosy"):
        (folder / "intents" / f"{name}.yaml").unlink()
    made = generate(read_pack(folder), 2000, 1)
    assert not [s for s in made.shortfalls if s.what.startswith("rows of")]
    few = generate(read_pack(folder), 150, 1)
    for split, rows in few.splits.items():
        counts = {slot: Counter(row.slots[slot] for row in rows) for slot in ("room", "level")}
        lacking = {
            f"rows of {slot} = {name!r}" for slot in counts for name in names if not counts[slot][name]
        }
        assert {
            s.what for s in few.shortfalls if s.split == split and s.what.startswith("rows of")
        } == lacking


def test_values_are_counted_though_labels_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was seen is counted right when the cache of labels is small and its memory is used again."""
    pack = read_pack(write_pack(tmp_path))
    whole = generate(pack, 400, 1)
    monkeypatch.setattr(rows_module, "MAX_CACHED", 0)
    assert generate(pack, 400, 1).unseen_values == whole.unseen_values == {}


# The prompt


def with_prompt(folder: Path, rule: str) -> Generated:
    """400 rows of the home with a rule for its prompts."""
    text = write_home_pack(folder, "en") / "pack.yaml"
    text.write_text(text.read_text(encoding="utf-8") + f"prompt: {rule}\n", encoding="utf-8")
    return generate(read_pack(folder), 400, 1)


def every(made: Generated) -> list[Example]:
    """All rows."""
    return [row for rows in made.splits.values() for row in rows]


def names_of(row: Example) -> list[str]:
    """The names of the declared tools."""
    return [entry["function"]["name"] for entry in row.tools or []]


def test_without_a_rule_declarations_are_the_same(made: Generated, pack: Pack) -> None:
    """By default every row declares all tools in their order, and says nothing of it."""
    for row in every(made):
        assert row.prompt == ""
        if row.kind != "missing_tool":
            assert row.tools == pack.tool_entries


@pytest.mark.parametrize("number", [0, 2, len(TOOLS) - 1])
def test_distractors(tmp_path: Path, number: int) -> None:
    """Beside the tools that are called stand so many others, as far as there are any, and the row says how many."""
    seen = set()
    for row in every(with_prompt(tmp_path, f"{{distractors: {number}}}")):
        called = {call.name for call in row.expected_calls}
        assert called <= set(names_of(row))
        wanted = min(number, len(TOOLS) - len(called)) + len(called)
        more = min(number, len(TOOLS) - len(called))
        if row.kind == "missing_tool":
            wanted = more = min(number or 1, len(TOOLS) - 1)
        elif not wanted:  # no call, and no tool that the answer asks of
            wanted = more = 1
        assert len(set(names_of(row))) == len(names_of(row)) == wanted
        assert row.prompt == f"distractors={more}"
        seen |= set(names_of(row))
    assert len(seen) == len(TOOLS)


@pytest.mark.parametrize("number", [len(TOOLS), 10**9])
def test_more_distractors_than_tools(tmp_path: Path, number: int) -> None:
    """What no row can declare is told when the pack is read, with the line and the most there can be."""
    with pytest.raises(
        PackError, match=rf"pack\.yaml:\d+: prompt\.distractors is {number}, but .*{len(TOOLS) - 1} at most"
    ):
        with_prompt(tmp_path, f"{{distractors: {number}}}")


def test_text_rows_lack_no_tool(tmp_path: Path) -> None:
    """Native text declares nothing, so no row can lack the right tool: others take its place, and the shortfall is stated."""
    folder = write_home_pack(tmp_path)
    pack = read_pack(folder)
    made = generate(pack, 400, 3, shape="text")
    assert "missing_tool" not in {row.kind for row in every(made)}
    assert made.n_rows == 400
    missed = [m for m in made.shortfalls if "missing_tool" in m.what]
    composed = {"test_compositions"}  # all of its rows are of several calls
    assert {m.split for m in missed} == {*made.splits} - composed
    assert all(m.asked > 0 == m.made for m in missed)
    with pytest.raises(PackError, match="--mix exact: train: rows of kind missing_tool"):
        generate(pack, 400, 3, shape="text", mix="exact")


def test_shuffled(tmp_path: Path) -> None:
    """All tools in many orders; every tool stands first about equally often."""
    rows = every(with_prompt(tmp_path, "{shuffled: true}"))
    first = Counter(names_of(row)[0] for row in rows)
    assert min(first.values()) > len(rows) / len(TOOLS) / 2
    assert all(sorted(names_of(row)) == sorted(tool["function"]["name"] for tool in TOOLS) for row in rows if row.kind != "missing_tool")  # fmt: skip
    assert {row.prompt for row in rows} == {"shuffled"}


def shape_of(tool: dict[str, Any]) -> str:
    """A tool without the names in it."""
    body = tool["function"]
    schema = body.get("parameters") or {}
    return json.dumps([body["description"], list(schema.get("properties", {}).values()), len(schema.get("required", []))])  # fmt: skip


def test_masked(tmp_path: Path) -> None:
    """The share of rows that was asked for has random names, in declarations and calls alike; all else stays."""
    rows = every(with_prompt(tmp_path, "{masked: 0.5}"))
    masked = [row for row in rows if row.prompt == "masked"]
    assert abs(len(masked) - len(rows) / 2) < 45
    assert {row.prompt for row in rows} == {"masked", ""}
    known = {tool["function"]["name"] for tool in TOOLS} | {"room", "level"}
    shapes = [shape_of(tool) for tool in TOOLS]
    for row in masked:
        declared = tools_by_name(row.tools or [])
        assert not [complaint for call in row.expected_calls for complaint in check_call(call, declared)]
        assert known.isdisjoint(names_of(row))
        assert all(known.isdisjoint(call.arguments) for call in row.expected_calls)
        assert len(set(names_of(row))) == len(names_of(row))
        assert set(map(shape_of, row.tools or [])) <= set(shapes)
        if row.kind != "missing_tool":
            assert [shape_of(tool) for tool in row.tools or []] == shapes
    assert len({name for row in masked for name in names_of(row)}) > 500


def test_all_rules_together_rebuild(tmp_path: Path) -> None:
    """Chosen, shuffled and masked tools follow from the id."""
    text = write_home_pack(tmp_path) / "pack.yaml"
    text.write_text(text.read_text(encoding="utf-8") + "prompt: {distractors: 2, shuffled: true, masked: 0.5}\n", encoding="utf-8")  # fmt: skip
    generator = Generator(read_pack(tmp_path), Request(400, 1))
    for split in generator.plan.splits:
        for row in generator.rows(split, range(0, generator.plan.rows(split), 2)):
            assert generator.maker.rebuild(json.loads(row.line)["id"]) == row.line


# What cannot be labelled


def problems_of(folder: Path) -> str:
    """What reading the pack complains about, paths cut to the file's name."""
    with pytest.raises(PackError) as caught:
        read_pack(folder)
    return re.sub(r"[^ (\n]*/(?=\w+\.yaml)", "", str(caught.value))


def test_an_exception_that_leaves_nothing_out(tmp_path: Path) -> None:
    """A value that is none of those gone through would be left out of nothing: the label would be wrong."""
    folder = write_home_pack(tmp_path)
    slots = (folder / "slots.yaml").read_text(encoding="utf-8")
    more = (
        slots
        + "  place:\n    values:\n      - {value: hall, forms: [현관]}\n      - {value: roof, forms: [옥상]}\n"
    )
    (folder / "slots.yaml").write_text(more, encoding="utf-8")
    head = CALLS["but_one"].replace("{room}", "{place}")
    text = intent_text("but_one", head, KOREAN["but_one"].replace("room", "place"))
    (folder / "intents" / "but_one.yaml").write_text(text, encoding="utf-8")
    assert re.search(r"slots\.yaml:\d+: 'roof' of slot 'place' is none that `each: room` goes through", problems_of(folder))  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("each: room", "each: rooms", r"but_one\.yaml:4: `each` needs a parameter of light_on with an enum\. Did you mean 'room'"),
        ("each: room, ", "", r"but_one\.yaml:4: `except` stands without `each`"),
        ('except: "{room}"', "except: hall", r"but_one\.yaml:4: `except` is 'hall'"),
        ("each: room", 'arguments: {room: "{room}"}, each: room', r"but_one\.yaml:4: the argument 'room' stands under `arguments` too"),
        ("kind: exception", "kind: missing_tool", r"but_one\.yaml:2: no intent is of kind 'missing_tool'"),
    ],
)  # fmt: skip
def test_bad_exceptions(tmp_path: Path, old: str, new: str, said: str) -> None:
    """`each` and `except` that say nothing are told with their line."""
    text = intent_text("but_one", CALLS["but_one"], KOREAN["but_one"])
    assert old in text
    assert re.search(said, problems_of(write_home_pack(tmp_path, but_one=text.replace(old, new, 1))))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("missing_tool: {answers: [That I cannot do., No tool of mine does that.]}\n", "", "`mix` asks for 'missing_tool', but there is nothing to say then"),
        ("several: 0.3, ", "", "`mix` has no share for the kind 'several'"),
        ("[[blind, light],", "[[blind, lihgt],", "held_out.compositions names an unknown intent 'lihgt'. Did you mean 'light'?"),
        ("[[blind, light],", "[[blind, light, warmth],", "a pair of intents has 3 names"),
        ("parts: [[light], ", "parts: [[talk], ", "names 'talk', which is no intent of kind 'call'"),
        ("parts: [[light], [warmth, blind], [light, blind, warmth]]", "parts: [[light]]", "a composition has 1 parts. Two to four"),
        ("name: three", "name: two", "the composition 'two' is given twice"),
    ],
)  # fmt: skip
def test_bad_heads(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Compositions, held-out pairs and answers that are none are told with the line of pack.yaml."""
    assert old in HEAD
    found = problems_of(write_home_pack(tmp_path, head={old: new}))
    assert re.search(rf"pack\.yaml:\d+: .*{re.escape(said)}", found), found


def test_a_correction_of_one_value(tmp_path: Path) -> None:
    """A slot that must differ from one with a single value is refused with the template's line."""
    slots = SLOTS.replace("range: {from: 0, to: 100, step: 5}", "range: {from: 5, to: 5}") + "  said: {like: level, differs_from: level}\n"  # fmt: skip
    text = INTENTS["set_level"].replace("to {{ level }}", "to {{ said }}, no, {{ level }}")
    folder = write_pack(tmp_path, slots=slots, set_level=text)
    with pytest.raises(PackError, match=r"set_level\.yaml:9: prints slots that must differ"):
        generate(read_pack(folder), 200, 1)
