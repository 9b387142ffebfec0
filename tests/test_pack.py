"""Packs: what a good one reads as, and what is said about every way to break one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from small_pack import INTENTS, KOREAN_SLOTS, PACK, SLOTS, TOOLS, intent_text, write_korean_pack, write_pack

from fgdata.errors import PackError, UsageError
from fgdata.generator import generate
from fgdata.json_lines import line_of, lines_by_path
from fgdata.pack_reader import read_pack
from fgdata.packs import find_pack_folder, load_pack, pack_names
from fgdata.schema import Call


def problems_of(folder: Path) -> list[str]:
    """What reading the pack complains about, paths cut to the file's name."""
    with pytest.raises(PackError) as caught:
        read_pack(folder)
    return [re.sub(r"^\S*/", "", str(problem)) for problem in caught.value.problems]


def test_a_good_pack_keeps_places(tmp_path: Path) -> None:
    """Every part of a pack knows its file and line."""
    pack = read_pack(write_pack(tmp_path / "lamp"))
    assert (pack.name, pack.version, pack.language) == ("lamp", "1.0.0", "en")
    assert [tool.name for tool in pack.tools] == ["set_light", "lights_off"]
    assert pack.slots["level"].place.line == 6
    assert pack.slots["room"].values[1].place.line == 5
    intent = next(intent for intent in pack.intents if intent.name == "set_level")
    assert [len(intent.families_in(split)) for split in ("train", "validation", "test")] == [6, 2, 3]
    first = intent.families[0]
    assert str(first.place).endswith("intents/set_level.yaml:6")
    assert first.templates[0].place.line == 9
    assert first.templates[0].always == {"lamp", "room", "level"}


def test_calls_take_typed_values(tmp_path: Path) -> None:
    """A slot in a call is its canonical value, and a policy its number."""
    pack = read_pack(write_pack(tmp_path))
    calls = {intent.name: intent.calls for intent in pack.intents}
    assert calls["set_level"][0].calls({"room": "kitchen", "level": 5}) == [
        Call("set_light", {"room": "kitchen", "level": 5})
    ]
    assert calls["cosy"][0].calls({}) == [Call("set_light", {"level": 20})]


def test_ranges_hold_both_ends_and_exact_decimals(tmp_path: Path) -> None:
    """A range with a decimal step has no rounding errors, one of whole numbers stays whole."""
    slots = SLOTS + "  tenth:\n    range: {from: 0.1, to: 0.5, step: 0.1}\n    forms: ['{{ n }}']\n"
    pack = read_pack(write_pack(tmp_path, slots=slots))
    assert [value.value for value in pack.slots["tenth"].values] == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert [value.value for value in pack.slots["level"].ends] == [0, 100]
    assert pack.slots["level"].values[1].forms == ("5 percent", "5%")


def test_the_hash_follows_every_file(tmp_path: Path) -> None:
    """A changed file changes the pack's hash; the folder's place does not."""
    first = read_pack(write_pack(tmp_path / "a")).sha256
    assert read_pack(write_pack(tmp_path / "b")).sha256 == first
    assert read_pack(write_pack(tmp_path / "c", slots=SLOTS + "\n")).sha256 != first


BAD_HEADS = [
    ("title: A lamp\n", "", "pack.yaml:1: pack.yaml has no 'title'. Add `title:`."),
    ("title:", "titel:", "pack.yaml:4: unknown key 'titel' in pack.yaml. Did you mean 'title'?"),
    ("title: A lamp", "title: 12", "pack.yaml:4: title must be a text, not a number (12). Put it in quotes."),
    ("title: A lamp", "title: [A]", "pack.yaml:4: title must be a text, not a list."),
    ("title: A lamp", "title: ''", "pack.yaml:4: title is an empty text. Write it, or take the line out."),
    ("title: A lamp", "title: A lamp\ntitle: B", "pack.yaml:5: 'title' is given twice in pack.yaml (line 4). Keep one of them."),
    ("title: A lamp", "title: a <bos> lamp", "pack.yaml:4: holds the control token <bos>. Take it out: no text may hold one."),
    ("name: lamp", "name: My Lamp", "pack.yaml:1: name is 'My Lamp'. Use small letters, digits, _ and -."),
    ("developer: You are a model", "developer: You may", "pack.yaml:6: the developer message lacks the model's trigger sentence."),
    ("train: 0.8", "train: 0", "pack.yaml:7: splits.train is 0; it must be above 0. Take the line out if nothing is wanted of it."),
    ("train: 0.8", "train: -1", "pack.yaml:7: splits.train is -1; it must be above 0."),
    ("train: 0.8", "train: .nan", "pack.yaml:7: splits.train must be a number, not a number (.nan)."),
    ("train: 0.8", "train: lots", "pack.yaml:7: splits.train must be a number, not a text (lots)."),
    ("train: 0.8", "trian: 0.8", "pack.yaml:7: splits names an unknown 'trian'. Did you mean 'train'?"),
    (", test: 0.1", "", "pack.yaml:7: splits has no share for 'test'. Add `test: 0.1`."),
    ("mix: {call: 0.7", "mix: {chat: 0.7", "pack.yaml:8: mix names an unknown 'chat'. Known: call, several, exception, correction, no_call, negation, missing_tool, ask."),
    ("mix: {call: 0.7, no_call: 0.2, ask: 0.1}", "mix: 1", "pack.yaml:8: mix must be a mapping (`key: value` lines), not a number."),
    ("registers: {plain: 1}", "registers: {}", "pack.yaml:9: registers is empty. Add `name: weight` lines."),
    ("value: 20, why: Cosy", "value: 2020-01-01, why: Cosy", "pack.yaml:11: value of policy 'cosy' is a date (2020-01-01). Quote it if a text is meant."),
    ("value: 20, why: Cosy", "value: off, why: Cosy", "pack.yaml:11: YAML reads off in value of policy 'cosy' as false. Quote it, or write true or false."),
    ("value: 20, why: Cosy", "value: 12:30, why: Cosy", "pack.yaml:11: YAML reads 12:30 in value of policy 'cosy' as 750. Quote it, or write the plain number."),
    ("splits: {", "splits: [", "pack.yaml:7: is no YAML: "),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), BAD_HEADS)
def test_bad_pack_yaml(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Wrong, unknown, missing and doubled keys, types and weights of pack.yaml are told with their line."""
    assert old in PACK
    found = problems_of(write_pack(tmp_path, pack=PACK.replace(old, new)))
    assert any(problem.startswith(said) for problem in found), found


BAD_SLOTS = [
    ("    words: [lamp, light]", "    words: []", "slots.yaml:10: words of slot 'lamp' is empty. Add at least one item."),
    ("    words: [lamp, light]", "    word: [lamp, light]", "slots.yaml:9: slot 'lamp' has no values. Give it one of `values:`"),
    ("    words: [lamp, light]", "    words: [lamp, 3]", "slots.yaml:10: an item of words of slot 'lamp' must be a text, not a number (3). Put it in quotes."),
    ("    words: [lamp, light]", "    words: [lamp, lamp]", "slots.yaml:10: 'lamp' is given twice in words of slot 'lamp'."),
    ("    words: [lamp, light]", "    words: ['{{ lamp }}']", "slots.yaml:10: '{{ lamp }}' in words of slot 'lamp' looks like a template."),
    ("    words: [lamp, light]", "    words: [lamp]\n    weight: 3", "slots.yaml:11: unknown key 'weight' in slot 'lamp'."),
    ("  lamp:\n", "  pick:\n", "slots.yaml:9: 'pick' cannot be a slot's name."),
    ("from: 0, to: 100", "from: 0, to: 101", "slots.yaml:7: slot 'level' never reaches 101 from 0 by 5."),
    ("from: 0, to: 100", "from: 9, to: 0", "slots.yaml:7: slot 'level' runs from 9 to 0 by 5. `from` is the smaller end"),
    ("from: 0, to: 100, step: 5", "from: 0, to: 1000000", "slots.yaml:7: slot 'level' holds 1000001 numbers. At most 10000"),
    ("from: 0, to: 100", "from: 0, to: 110", "slots.yaml:6: slot 'level' does not fit "),
    ("forms: [kitchen, cooking area]", "forms: []", "slots.yaml:4: forms of slot 'room' is empty."),
    ("value: kitchen", "value: cellar", "slots.yaml:4: slot 'room' does not fit "),
    ("value: bedroom", "value: kitchen", "slots.yaml:5: the value \"kitchen\" of slot 'room' is given twice (line 4). Join their forms."),
    ("[bedroom, room where", "[kitchen, room where", "slots.yaml:5: 'kitchen' says two values of slot 'room', or is held out and not (line 4)."),
    ('"{{ n }}%"', '"{{ n"', "slots.yaml:8: broken template: "),
    ('"{{ n }}%"', '"full"', "slots.yaml:8: the form 'full' of slot 'level' does not say the number. Print it with {{ n }}."),
    ('"{{ n }}%"', '"{{ n | sino }}"', "slots.yaml:8: unknown filter 'sino' in a number's form. Known: abs."),
    ('"{{ n }}%"', '"{{ m }}"', "slots.yaml:8: unknown slot 'm'."),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), BAD_SLOTS)
def test_bad_slots(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Slots without values, with wrong types, off the tools' schema or with broken forms are told with their line."""
    assert old in SLOTS
    found = problems_of(write_pack(tmp_path, slots=SLOTS.replace(old, new)))
    assert any(problem.startswith(said) for problem in found), found


BAD_INTENTS = [
    ("intent: set_level\n", "", "set_level.yaml:1: the intent has no 'intent'."),
    ("kind: call", "kind: cal", "set_level.yaml:2: unknown kind 'cal'. Did you mean 'call'?"),
    ("kind: call", "kind: call\nweight: 0", "set_level.yaml:3: weight is 0; it must be above 0."),
    ("  - name: family_0\n", "  - name: family_0\n    weight: -1\n", "set_level.yaml:7: weight is -1; it must be above 0."),
    ("  - name: family_0\n", "  - name: family_0\n    weight: much\n", "set_level.yaml:7: weight must be a number, not a text (much)."),
    ("kind: call", "kind: call\nanswers: [Yes.]", "set_level.yaml:3: an intent of kind 'call' has answers."),
    ("kind: call", "kind: call\nasks_for: level", "set_level.yaml:3: an intent of kind 'call' asks for nothing."),
    ("tool: set_light", "tool: set_ligth", "set_level.yaml:4: unknown tool 'set_ligth'. Did you mean 'set_light'?"),
    ('level: "{level}"', 'lvl: "{level}"', "set_level.yaml:4: set_light has no argument 'lvl'. Did you mean 'level'?"),
    (', level: "{level}"', "", "set_level.yaml:4: set_light needs the argument 'level'."),
    ('"{level}"', '"{room}"', "slots.yaml:4: slot 'room' does not fit "),
    ('"{level}"', "300", "set_level.yaml:4: set_light.level: 300 is greater than the maximum of 100."),
    ('"{level}"', '"5"', "set_level.yaml:4: set_light.level: '5' is not of type 'integer'."),
    ('"{level}"', "5.0", "set_level.yaml:4: set_light.level: 5.0 is not of type 'integer'."),
    ('"{level}"', '"{levle}"', "set_level.yaml:4: unknown slot 'levle'. Add `levle:` under `slots` in slots.yaml. Did you mean 'level'?"),
    ('"{level}"', '"about {level}"', "set_level.yaml:4: 'about {level}' mixes a slot with other text."),
    ('"{level}"', '"{lamp}"', "set_level.yaml:4: the slot 'lamp' holds words without a value."),
    ('"{level}"', '"{policy.cozy}"', "set_level.yaml:4: unknown policy 'cozy'. Did you mean 'cosy'?"),
    ("split: validation", "split: dev", "set_level.yaml:31: unknown split 'dev'."),
    ("split: validation", "split: test", "set_level.yaml:6: 0 of its families are in the split 'validation'; at least 2 are needed."),
    ("    split: validation\n", "", "set_level.yaml:30: a family has no 'split'. Add `split:`."),
    ("name: family_1\n", "name: family_0\n", "set_level.yaml:10: the family 'family_0' is given twice (line 6)."),
    ("name: family_0", "name: family_0\n    registers: [posh]", "set_level.yaml:7: unknown register 'posh'. Known: plain."),
    ("word1 ", "word0 ", "set_level.yaml:13: the template stands in set_level/family_0 already ("),
    ("{{ room }}", "{{ rom }}", "set_level.yaml:9: unknown slot 'rom'. Add `rom:` under `slots` in slots.yaml"),
    ("{{ room }}", "{{ maybe(room) }}", "set_level.yaml:9: the call takes {room}, which this template does not always print."),
    ("{{ room }}", "{{ room ", "set_level.yaml:9: broken template: "),
    ("{{ room }}", "{{ room | shout }}", "set_level.yaml:9: unknown filter 'shout' in an utterance."),
    ("{{ room }}", "{{ room | josa('을/를') }}", "set_level.yaml:9: unknown filter 'josa' in an utterance."),
    ("{{ room }}", "{{ pick(room) }}", "set_level.yaml:9: pick(...) takes two or more, not 1."),
    ("{{ room }}", "{{ maybe('a', 'b') }}", "set_level.yaml:9: maybe(...) takes one thing, and a share between 0 and 1 if you like, not 2 things."),
    ("{{ room }}", "{{ pick(*room) }}", "set_level.yaml:9: pick(...) takes texts in quotes and slots"),
    ("{{ room }}", "{{ pick(room.upper(), 'a') }}", "set_level.yaml:9: only pick(...) and maybe(...) are called."),
    ("{{ room }}", "{{ pick(3, 'a') }}", "set_level.yaml:9: 3 is no text."),
    ("{{ room }}", "{{ room.__class__ }}", "set_level.yaml:9: a template holds no getattr expression."),
    ("{{ room }}", "{{ room[0] }}", "set_level.yaml:9: a template holds no getitem expression."),
    ("{{ room }}", "{{ room + lamp }}", "set_level.yaml:9: texts are not added with +. Write `a ~ b`."),
    ("{{ room }}", "{{ room * 99999999 }}", "set_level.yaml:9: a template holds no mul expression."),
    ("{{ room }}", "{% for x in room %}a{% endfor %}", "set_level.yaml:9: a template holds no statements (for)."),
    ("{{ room }}", "{{ room }} <escape>", "set_level.yaml:9: holds the control token <escape>."),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), BAD_INTENTS)
def test_bad_intents(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Wrong keys, tools, arguments, splits, families and templates of an intent are told with their line."""
    assert old in INTENTS["set_level"]
    found = problems_of(write_pack(tmp_path, set_level=INTENTS["set_level"].replace(old, new)))
    assert any(problem.startswith(said) for problem in found), found


BAD_TALK = [
    ("weather", "answers: [I only look after the lamps., Ask a weather service.]\n", "", "weather.yaml:1: an intent of kind 'no_call' has no answers."),
    ("weather", "kind: no_call", "kind: no_call\ncalls: [{tool: lights_off}]", "weather.yaml:3: an intent of kind 'no_call' calls a tool."),
    ("weather", "I only look", "In the {{ room }} I only look", "weather.yaml:3: is no YAML: "),
    ("weather", "[I only look after the lamps., Ask a weather service.]", '["In the {{ room }}?"]', "weather.yaml:8: every answer names a slot that this template does not print."),
    ("how_bright", "asks_for: level\n", "", "how_bright.yaml:1: an intent of kind 'ask' does not say what it asks for."),
    ("how_bright", "asks_for: level", "asks_for: colour", "how_bright.yaml:3: no tool has a parameter 'colour'."),
]  # fmt: skip


@pytest.mark.parametrize(("intent", "old", "new", "said"), BAD_TALK)
def test_bad_answers(tmp_path: Path, intent: str, old: str, new: str, said: str) -> None:
    """What a no-call or ask intent lacks, or has too much, is told with its line."""
    assert old in INTENTS[intent]
    found = problems_of(write_pack(tmp_path, **{intent: INTENTS[intent].replace(old, new)}))
    assert any(problem.startswith(said) for problem in found), found


BAD_TOOLS = [
    ('"name": "set_light",', '"name": "set_light"', "is no JSON: Expecting ',' delimiter."),
    ('"name": "lights_off"', '"name": "set_light"', "the tool 'set_light' is given twice."),
    ('"integer"', '"whole"', "tool 1: parameters of 'set_light' are no JSON Schema"),
    ('"level": {', '"type": {', "set_light has a parameter 'type', which the model's chat template drops."),
    ("Turns all", "<eos> all", "holds the control token <eos>."),
]


@pytest.mark.parametrize(("old", "new", "said"), BAD_TOOLS)
def test_bad_tools(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Broken JSON, tools and schemas are told with the line of tools.json."""
    text = json.dumps(TOOLS, indent=1)
    assert old in text
    found = problems_of(write_pack(tmp_path, tools=text.replace(old, new, 1)))
    assert any(re.match(rf"tools\.json:[1-9]\d*: {re.escape(said)}", problem) for problem in found), found


@pytest.mark.parametrize("text", ["", "{}", "[]", "3", "\x00"])
def test_tools_that_are_no_list(tmp_path: Path, text: str) -> None:
    """A tools.json that is no list of tools is one problem, not a crash."""
    assert any(problem.startswith("tools.json") for problem in problems_of(write_pack(tmp_path, tools=text)))


@pytest.mark.parametrize("name", ["pack", "slots", "set_level"])
@pytest.mark.parametrize(
    "text", ["", "- a", "just text", "a: &a [*a]", "? [1]\n: 2", "!!python/object:os.x {}", "a: \ud7ff\x07", "x: &x [" + "[" * 100_000],
)  # fmt: skip
def test_hostile_yaml(tmp_path: Path, name: str, text: str) -> None:
    """Any other YAML is told with its file, never a crash."""
    assert problems_of(write_pack(tmp_path, **{name: text}))


def test_aliases_do_not_explode(tmp_path: Path) -> None:
    """Nested aliases that spell a billion values are refused at once."""
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
    assert any("too many values" in problem for problem in problems_of(write_pack(tmp_path, slots=bomb)))


def test_missing_files(tmp_path: Path) -> None:
    """Each file that is not there is named."""
    found = problems_of(tmp_path)
    assert [problem.split(":")[0] for problem in found] == [
        "pack.yaml",
        "slots.yaml",
        "tools.json",
        "intents",
    ]


def test_all_problems_at_once(tmp_path: Path) -> None:
    """Problems of all files come in one go, sorted by file and line."""
    broken = INTENTS["set_level"].replace("{{ room }}", "{{ rom }}").replace("set_light", "set_x")
    found = problems_of(
        write_pack(
            tmp_path,
            pack=PACK.replace("title", "titel"),
            slots=SLOTS.replace("words", "word"),
            set_level=broken,
        )
    )
    assert len(found) > 13
    files = [problem.split(":")[0] for problem in found]
    assert {"pack.yaml", "slots.yaml", "set_level.yaml"} <= set(files)


BRACKET = SLOTS.replace("[kitchen, cooking area]", "[kitchen, cooking area")
WRONG_KIND = INTENTS["weather"].replace("kind: no_call", "kind: no_cal")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"slots": BRACKET}, ["slots.yaml:4: is no YAML"]),
        ({"slots": BRACKET, "weather": WRONG_KIND}, ["slots.yaml:4: is no YAML", "weather.yaml:2: unknown kind"]),
        ({"cosy": "intent: [", "weather": WRONG_KIND}, ["cosy.yaml:1: is no YAML", "weather.yaml:2: unknown kind"]),
        ({"cosy": "intent: [", "pack": PACK + "held_out: {compositions: [[cosy, set_level]]}\n"}, ["cosy.yaml:1: is no YAML"]),
        ({"tools": "[{", "weather": WRONG_KIND}, ["tools.json:1: is no JSON", "weather.yaml:2: unknown kind"]),
        ({"pack": PACK.replace("mix: {call", "mix: {call: [")}, ["pack.yaml:8: is no YAML"]),
        ({"pack": PACK.replace("cosy: {value", "cosy: [{value"), "weather": WRONG_KIND}, ["pack.yaml:12: is no YAML", "weather.yaml:2: unknown kind"]),
        ({"pack": PACK.replace("registers: {", "registers: {["), "weather": WRONG_KIND}, ["pack.yaml:9: is no YAML"]),
        ({"pack": PACK.replace("title: A", "title: [A"), "tools": json.dumps([*TOOLS, {"name": 3}], indent=1)}, ["pack.yaml:5: is no YAML", "tools.json:39: tool 3: a tool without a name"]),
        ({"tools": json.dumps([{"name": "set_ligth"}, *TOOLS[1:]])}, ["cosy.yaml:5: unknown tool", "set_level.yaml:4: unknown tool"]),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read(tmp_path: Path, changes: dict[str, str], expected: list[str]) -> None:
    """It is told first, real problems of the other files with it, and none that only follows from it."""
    with pytest.raises(PackError) as caught:
        read_pack(write_pack(tmp_path / "p", **changes))
    said = [str(problem) for problem in caught.value.problems]
    assert len(said) == len(expected), said
    assert all(part in line for part, line in zip(expected, said, strict=True)), said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"type": "integer"', '"$ref": "file:///etc/passwd"', "tools.json:19: parameters of 'set_light': $ref 'file:///etc/passwd' is not in the schema. Write"),
        ('"type": "integer"', '"type": "integr"', "tools.json:19: tool 1: parameters of 'set_light' are no JSON Schema: properties/level/type: 'integr' is not"),
        ('"type": "integer"', '"$ref": "#/properties/level"', "cosy.yaml:5: parameters of 'set_light': a $ref leads back to itself. Correct"),
        ('"name": "lights_off",', "", "tools.json:33: tool 2: a tool without a name: {"),
        ('"level"\n', '"level", "lvl"\n', "tools.json:26: set_light requires 'lvl', which is none of its parameters. Did you mean 'level'?"),
    ],
)  # fmt: skip
def test_places_in_tools(tmp_path: Path, old: str, new: str, said: str) -> None:
    """What is wrong in a schema is told at its own line, whole, and no intent is blamed for it."""
    text = json.dumps(TOOLS, indent=1)
    assert old in text
    with pytest.raises(PackError) as caught:
        read_pack(write_pack(tmp_path / "p", tools=text.replace(old, new)))
    assert said in str(caught.value)
    assert len({problem.where.rpartition(":")[0] for problem in caught.value.problems}) <= 2
    assert len(caught.value.problems) <= 2


def test_a_key_given_twice_is_told_once(tmp_path: Path) -> None:
    """However often the mapping is looked into."""
    slots = SLOTS.replace("    words: [lamp, light]", "    words: [lamp, light]\n    words: [a, b]")
    with pytest.raises(PackError) as caught:
        read_pack(write_pack(tmp_path / "p", pack=PACK + "title: B\n", slots=slots))
    assert [problem.what.partition(" in ")[0] for problem in caught.value.problems] == ["'title' is given twice", "'words' is given twice"]  # fmt: skip


def test_held_out_pairs_have_their_line(tmp_path: Path) -> None:
    """A pair of an intent that is none is told where it stands."""
    pack = PACK + "held_out:\n  compositions:\n    - [cosy, set_level]\n    - [cosy, nope]\n"
    with pytest.raises(
        PackError, match=r"pack.yaml:15: held_out.compositions names an unknown intent 'nope'"
    ):
        read_pack(write_pack(tmp_path / "p", pack=pack))


def test_lines_of_json() -> None:
    """Every value has the line of its name, or its own in a list; brackets and quotes in texts are no tokens."""
    text = '[\n{"a": [1,\n"]\\""], "b":\n{"c": {}, "d":\n[[],\n{"e": null}]}}\n]'
    lines = lines_by_path(text)
    assert lines == {
        (): 1, (0,): 2, (0, "a"): 2, (0, "a", 0): 2, (0, "a", 1): 3, (0, "b"): 3, (0, "b", "c"): 4, (0, "b", "d"): 4,
        (0, "b", "d", 0): 5, (0, "b", "d", 1): 6, (0, "b", "d", 1, "e"): 6,
    }  # fmt: skip
    assert line_of(lines, (0, "b", "x", "y")) == 3


def test_a_kind_without_intents(tmp_path: Path) -> None:
    """A mix that asks for a kind no intent has is told, and so is an intent of a kind outside the mix."""
    folder = write_pack(tmp_path)
    (folder / "intents" / "weather.yaml").unlink()
    assert any(
        "the mix asks for 'no_call', but no intent is of that kind" in problem
        for problem in problems_of(folder)
    )
    write_pack(tmp_path, pack=PACK.replace(", no_call: 0.2", ""))
    assert any(
        "`mix` in pack.yaml has no share for the kind 'no_call'" in problem for problem in problems_of(folder)
    )


def test_doubled_intents(tmp_path: Path) -> None:
    """Two files with one intent's name are told."""
    folder = write_pack(
        tmp_path,
        other=intent_text(
            "cosy", INTENTS["cosy"].split("families")[0].split("\n", 1)[1], "WORD snug {{ lamp }}"
        ),
    )
    assert any("the intent 'cosy' is given twice" in problem for problem in problems_of(folder))


def test_line_of_a_problem_inside_a_block(tmp_path: Path) -> None:
    """A problem in a template of several lines has the line it stands in."""
    text = INTENTS["cosy"] + "      - |\n        a b\n        {{ lamp }}\n        {{ nope }}\n"
    assert any(
        problem.startswith("cosy.yaml:54: unknown slot 'nope'")
        for problem in problems_of(write_pack(tmp_path, cosy=text))
    )


def test_unused_slots_pass(tmp_path: Path) -> None:
    """A slot that no template uses is no problem."""
    assert read_pack(write_pack(tmp_path, slots=SLOTS + "  spare:\n    words: [a, b]\n")).slots["spare"]


# Korean


def test_a_korean_pack_reads(tmp_path: Path) -> None:
    """Particles, numerals and request endings are at hand in a Korean pack."""
    pack = read_pack(write_korean_pack(tmp_path))
    assert pack.slots["level"].values[1].forms == ("20%", "이십 퍼센트")
    assert pack.intents[0].families[0].templates[0].uses_request


BAD_KOREAN = [
    ("{{ room | josa('헐') }} {{ level }} {{ '켜다' | request }}", "`josa` refuses"),
    ("{{ room }} {{ level }} {{ '켜' | request }}", "`request` refuses"),
    ("{{ room }} {{ level }} {{ pick('켜다', '불') | request }}", "`request` refuses"),
    ("{{ room }} {{ level }} {{ '켜다' | verb }}", "the filter 'verb' takes one text in quotes."),
    ("{{ room }} {{ level }} {{ '켜다' | verb(room) }}", "the filter 'verb' takes one text in quotes."),
    ("{{ room }} {{ level | sino }} {{ '켜다' | request }}", "unknown filter 'sino' in an utterance."),
    ("{{ room }} {{ level }} 켜 줘", "may have 3 registers, but 1 of its templates do not use `request`"),
]


@pytest.mark.parametrize(("template", "said"), BAD_KOREAN)
def test_bad_korean(tmp_path: Path, template: str, said: str) -> None:
    """Particles, endings and verbs that Korean does not have are told when the pack is read."""
    found = problems_of(write_korean_pack(tmp_path, f"WORD {template}"))
    assert any(said in problem and problem.startswith("set_level.yaml:9") for problem in found), found


def test_korean_forms_that_fail_for_a_number(tmp_path: Path) -> None:
    """A numeral that a number of the range does not have is told."""
    folder = write_korean_pack(tmp_path)
    (folder / "slots.yaml").write_text(
        KOREAN_SLOTS.replace("from: 10", "from: -10").replace("| sino", "| native"), encoding="utf-8"
    )
    assert any("fails for -10" in problem for problem in problems_of(folder))


def test_asking_which_tool(tmp_path: Path) -> None:
    """`asks_for: tool` says that it is open which tool is meant; no tool need have such a parameter."""
    text = INTENTS["how_bright"].replace("asks_for: level", "asks_for: tool")
    pack = read_pack(write_pack(tmp_path, how_bright=text))
    assert [intent.asks_for for intent in pack.intents if intent.kind == "ask"] == ["tool"]


# Finding packs


def test_packs_come_by_name_and_by_folder(tmp_path: Path) -> None:
    """The bundled packs are found by name, any other by its folder."""
    assert {"climate_ko", "fitness_en"} <= set(pack_names())
    assert find_pack_folder("fitness_en").name == "fitness_en"
    assert load_pack(write_pack(tmp_path / "mine")).name == "lamp"


def test_packs_that_are_not_there(tmp_path: Path) -> None:
    """A misspelt name gets a hint, a folder that is no pack is told so."""
    with pytest.raises(UsageError, match=r"there is no pack 'climat_ko'\. Did you mean 'climate_ko'"):
        load_pack("climat_ko")
    with pytest.raises(UsageError, match=r"is no pack: it holds no pack\.yaml"):
        load_pack(tmp_path)


def test_a_changed_folder_is_read_again(tmp_path: Path) -> None:
    """A person who corrects a pack gets the corrected pack."""
    load_pack(write_pack(tmp_path))
    write_pack(tmp_path, pack=PACK.replace("1.0.0", "1.0.1"))
    assert load_pack(tmp_path).version == "1.0.1"


# Units and registers


def test_a_unit_says_its_numbers(tmp_path: Path) -> None:
    """A range with a unit needs no forms: they are those that the unit is said with."""
    slots = KOREAN_SLOTS.replace('    forms: ["{{ n }}%", "{{ n | sino }} 퍼센트"]\n', "").replace(
        "step: 10}", "step: 10, unit: 도}"
    )
    folder = write_korean_pack(tmp_path)
    (folder / "slots.yaml").write_text(slots, encoding="utf-8")
    forms = read_pack(folder).slots["level"].values[0].forms
    assert {"10도", "10 도", "십 도"} <= set(forms)
    (folder / "slots.yaml").write_text(slots.replace(", unit: 도", ""), encoding="utf-8")
    with pytest.raises(PackError, match=r"slots\.yaml:7: slot 'level' does not say how its numbers are said"):
        read_pack(folder)


def test_forms_of_one_register(tmp_path: Path) -> None:
    """A form that names registers is said in no other."""
    folder = write_korean_pack(tmp_path)
    slots = KOREAN_SLOTS.replace("forms: [침실, 안방]", "forms: [침실, {text: 안방, registers: [hae]}]")
    (folder / "slots.yaml").write_text(slots, encoding="utf-8")
    made = generate(read_pack(folder), 600, 1)
    spoken = [row.register for rows in made.splits.values() for row in rows if "안방" in row.utterance]
    assert spoken
    assert set(spoken) == {"hae"}
    (folder / "slots.yaml").write_text(slots.replace("[hae]", "[hey]"), encoding="utf-8")
    with pytest.raises(PackError, match=r"slots\.yaml:5: unknown register 'hey'"):
        read_pack(folder)
