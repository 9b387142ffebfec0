"""The published JSON Schemas: sound, true to every pack there is, and strict where `fgdata check` is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from documented_packs import PACK_PAGES, write_documented_packs
from jsonschema import Draft202012Validator
from small_pack import INTENTS, KOREAN_PACK, PACK, SLOTS, TOOLS, write_korean_pack, write_pack
from test_pack import BAD_HEADS, BAD_INTENTS, BAD_SLOTS, BAD_TALK, BAD_TOOLS

from fgdata.cli import main
from fgdata.dataset import write_dataset
from fgdata.errors import UsageError
from fgdata.file_schemas import FILE_KINDS, file_schema, write_schemas
from fgdata.generator import Request
from fgdata.gold import Gold, GoldCall
from fgdata.joins import JOINS
from fgdata.pack import KINDS
from fgdata.pack_reader import read_pack
from fgdata.packs import find_pack_folder, pack_names

ROOT = Path(__file__).parents[1]


class EditorLoader(yaml.SafeLoader):
    """YAML as editors read it: every key is a text."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}

    def construct_yaml_map(self, node: Any) -> Any:
        yield self.construct_mapping(node)


EditorLoader.add_constructor("tag:yaml.org,2002:map", EditorLoader.construct_yaml_map)


def complaints(kind: str, text: str) -> list[str]:
    """What the schema of a kind says about a file's text."""
    value = json.loads(text) if kind in ("tools", "manifest", "row") else yaml.load(text, EditorLoader)
    return [
        f"{error.json_path}: {error.message}"
        for error in Draft202012Validator(file_schema(kind)).iter_errors(value)
    ]


def files_of(folder: Path) -> list[tuple[str, Path]]:
    """A pack's files, each with the kind it is of."""
    intents = [("intents", file) for file in sorted((folder / "intents").glob("*.yaml"))]
    names = [("pack", "pack.yaml"), ("slots", "slots.yaml"), ("tools", "tools.json")]
    return [*((kind, folder / name) for kind, name in names), *intents]


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_schemas_are_sound(kind: str) -> None:
    """Each is a JSON Schema of the draft it names, with a title, and says the same twice."""
    schema = file_schema(kind)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert schema["title"]
    assert schema == file_schema(kind)


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_everything_is_described_and_closed(kind: str) -> None:
    """Every property says what it is; a mapping with stated keys takes no others, but for the open world of JSON Schema."""
    schema = file_schema(kind)
    waiting: list[tuple[str, Any]] = [("$", {key: value for key, value in schema.items() if key != "$defs"})]
    waiting += [
        (name, part) for name, part in schema.get("$defs", {}).items() if name not in ("parameters", "value")
    ]
    while waiting:
        path, part = waiting.pop()
        if isinstance(part, list):
            waiting += [(f"{path}[{number}]", item) for number, item in enumerate(part)]
        if not isinstance(part, dict):
            continue
        if "properties" in part and "type" in part:
            assert part["additionalProperties"] is False, path
            assert part["description"], path
        waiting += [
            (f"{path}.{key}", value)
            for key, value in part.items()
            if key not in ("if", "then", "else", "enum", "allOf")
        ]


@pytest.mark.parametrize("name", pack_names())
def test_bundled_packs_fit(name: str) -> None:
    """Every file of the packs that come with fgsuite."""
    for kind, file in files_of(find_pack_folder(name)):
        assert complaints(kind, file.read_text("utf-8")) == [], file


@pytest.mark.parametrize("write", [write_pack, write_korean_pack])
def test_small_packs_fit(write: Any, tmp_path: Path) -> None:
    """The packs of the tests."""
    for kind, file in files_of(write(tmp_path)):
        assert complaints(kind, file.read_text("utf-8")) == [], file


def test_documented_packs_fit(tmp_path: Path) -> None:
    """The complete packs of docs/packs.md and its Korean twin."""
    for page in PACK_PAGES:
        for folder in write_documented_packs(ROOT / "docs" / page, tmp_path / page):
            for kind, file in files_of(folder):
                assert complaints(kind, file.read_text("utf-8")) == [], (page, file.name)


FULL_PACK = (
    PACK.replace("mix: {call: 0.7,", "mix: {call: 0.5, several: 0.1, missing_tool: 0.1,").replace(
        "test: 0.1}", "test: 0.1, test_values: 0.05, test_compositions: 0.05}"
    )
    + """\
compositions:
  - {name: two, weight: 2, parts: [[cosy], [set_level, cosy]], joins: [and, then]}
held_out: {compositions: [[cosy, set_level]]}
missing_tool: {answers: [I cannot do that.]}
prompt: {distractors: 1, shuffled: true, masked: 0.1}
coverage: {each_value: 2, at_most: 1}
"""
)
FULL_SLOTS = SLOTS.replace("step: 5}", "step: 5}\n    weights: {50: 3}\n    held_out: [35]").replace(
    "forms: [kitchen, cooking area]", "weight: 2, forms: [kitchen, {text: cooking area, weight: 0.5, registers: [plain]}], held_out: [scullery]"
) + "  other_room: {like: room, differs_from: room}\n  step: {range: {from: 1, to: 3, unit: steps}}\n"  # fmt: skip


def test_every_key_is_known() -> None:
    """Keys that the small packs do without."""
    assert complaints("pack", FULL_PACK) == []
    assert complaints("slots", FULL_SLOTS) == []
    exception = INTENTS["set_level"].replace("kind: call", "kind: exception").replace(
        'calls:\n  - {tool: set_light, arguments: {room: "{room}", level: "{level}"}}',
        'calls:\n  - {tool: "{tool}", arguments: {level: ["{level}", 3]}, each: room, except: "{room}"}',
    )  # fmt: skip
    assert complaints("intents", exception) == []


# What `check` refuses for its shape, by the beginning of what it says. All else needs other files, arithmetic, or YAML's own rules.
NOT_SHAPE = (
    "is no YAML", "is given twice", "holds the control token", ".nan", "never reaches", "runs from", "numbers. At most", "does not fit",
    "says two values", "broken template", "unknown filter", "unknown slot", "unknown tool", "has no argument", "needs the argument",
    "holds words without", "unknown policy", "unknown register", "stands in set_level", "does not always print", "takes two or more",
    "takes one thing", "takes texts", "only pick", "is no text", "holds no getattr", "holds no getitem", "not added with +", "holds no mul",
    "every answer names", "no tool has", "are no JSON Schema", "is no JSON", "YAML reads", "may have",
)  # fmt: skip
BROKEN = [
    *(("pack", PACK, old, new, said) for old, new, said in BAD_HEADS),
    *(("slots", SLOTS, old, new, said) for old, new, said in BAD_SLOTS),
    *(("intents", INTENTS["set_level"], old, new, said) for old, new, said in BAD_INTENTS),
    *(("intents", INTENTS[name], old, new, said) for name, old, new, said in BAD_TALK),
    *(("tools", json.dumps(TOOLS, indent=1), old, new, said) for old, new, said in BAD_TOOLS),
]
SHAPES = [
    case for case in BROKEN if not any(sign in case[4] for sign in NOT_SHAPE) or "[lamp, lamp]" in case[3]
]


@pytest.mark.parametrize(("kind", "text", "old", "new", "said"), SHAPES, ids=[case[4] for case in SHAPES])
def test_what_check_refuses_is_refused(kind: str, text: str, old: str, new: str, said: str) -> None:
    """Each broken case of tests/test_pack.py that is a fault of shape is one for the schema, too."""
    assert complaints(kind, text.replace(old, new))


def test_most_cases_are_of_shape() -> None:
    """The list above leaves a good part of the cases in."""
    assert len(SHAPES) > 40


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("pack", KOREAN_PACK.replace("hapsyo", "polite")),
        ("pack", FULL_PACK.replace("joins: [and, then]", "joins: [고]")),
        ("pack", FULL_PACK.replace("several: 0.1, ", "")),
        ("pack", re.sub("missing_tool: {.*\n", "", FULL_PACK)),
        ("pack", FULL_PACK.replace("parts: [[cosy], [set_level, cosy]]", "parts: [[cosy]]")),
        ("pack", FULL_PACK.replace("masked: 0.1", "masked: 2")),
        ("pack", FULL_PACK.replace("each_value: 2", "each_value: 1.5")),
        ("slots", FULL_SLOTS.replace("weights: {50: 3}", "weights: {half: 3}")),
        ("slots", FULL_SLOTS.replace(", differs_from: room", "")),
        ("slots", FULL_SLOTS.replace(", unit: steps", "")),
        ("intents", INTENTS["set_level"].replace("kind: call", "kind: missing_tool")),
        ("intents", INTENTS["set_level"].replace('"{level}"}', '"{level}"}, except: "{room}"')),
        ("tools", '[{"name": "a", "descripton": "b"}]'),
    ],
)  # fmt: skip
def test_more_faults(kind: str, text: str) -> None:
    """Faults of keys that the small pack does without."""
    assert complaints(kind, text)


def test_rows_and_manifests_fit(tmp_path: Path) -> None:
    """What generate writes: rows of several kinds and both shapes, and the manifest."""
    folder = write_pack(tmp_path / "lamp", pack=FULL_PACK, slots=FULL_SLOTS)
    for file in (folder / "intents").iterdir():  # English clauses say themselves whether they may be joined
        text = file.read_text("utf-8").replace("dim and warm", "warm")
        file.write_text(text.replace("    split:", "    joins: true\n    split:"), "utf-8")
    for shape in ("tool-calls", "text"):
        manifest = write_dataset(read_pack(folder), Request(400, 1, shape), tmp_path / shape)  # type: ignore[arg-type]
        kinds = set()
        assert complaints("manifest", (tmp_path / shape / "manifest.json").read_text("utf-8")) == []
        for name in manifest["files"]:
            for line in (tmp_path / shape / name).read_text("utf-8").splitlines():
                assert complaints("row", line) == []
                kinds.add(json.loads(line)["kind"])
        undeclared = (
            {"missing_tool"} if shape == "tool-calls" else set()
        )  # native text cannot say which tool is missing
        assert kinds == {"call", "several", "no_call", "ask"} | undeclared


def test_rows_may_have_gold(tmp_path: Path) -> None:
    """What `Gold.to_json` writes fits a row's schema, and what it does not write is named."""
    folder = write_pack(tmp_path / "lamp", pack=FULL_PACK, slots=FULL_SLOTS)
    write_dataset(read_pack(folder), Request(40, 1), tmp_path / "rows")
    row = json.loads((tmp_path / "rows" / "train.jsonl").read_text("utf-8").splitlines()[0])
    gold = Gold("bfcl", "simple", (GoldCall("f", {"a": [1, ""]}),), True, ({"name": "f"},), "a remark")
    assert complaints("row", json.dumps({**row, "gold": gold.to_json()})) == []
    assert complaints("row", json.dumps({**row, "gold": {"layout": "mine"}}))
    assert complaints("row", json.dumps({**row, "gold": {"calls": [{}]}}))


def test_the_tables_are_the_readers(tmp_path: Path) -> None:
    """Every kind and every join of pack.yaml's schema is one that the reader takes, and there are no others."""
    schema = file_schema("pack")
    assert list(schema["properties"]["mix"]["properties"]) == [*KINDS, "languages"]
    joins = schema["properties"]["compositions"]["items"]["properties"]["joins"]["items"]["enum"]
    assert set(joins) == {name for names in JOINS.values() for name in names}


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("pack", "version: 1.0.0", "version: 1/2"),
        ("pack", "registers: {plain: 1}", "registers: {plain.1: 1}"),
        ("set_level", "intent: set_level", "intent: set/level"),
        ("set_level", "name: family_0", "name: family+0"),
    ],
)
def test_names_that_would_break_ids(kind: str, old: str, new: str) -> None:
    """Signs that ids are divided by stand in no name."""
    text = (PACK if kind == "pack" else INTENTS[kind]).replace(old, new)
    assert complaints("pack" if kind == "pack" else "intents", text)


# The command


def test_the_command_lists_and_prints(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a kind the kinds, with one its schema alone."""
    assert main(["schema"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(FILE_KINDS)
    for kind in FILE_KINDS:
        assert main(["schema", kind]) == 0
        assert json.loads(capsys.readouterr().out) == file_schema(kind)


def test_the_command_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--out` writes all schemas, or the one named, and says where."""
    assert main(["schema", "--out", str(tmp_path / "all")]) == 0
    names = [f"{kind}.schema.json" for kind in FILE_KINDS]
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / "all" / name) for name in names]
    for kind, name in zip(FILE_KINDS, names, strict=True):
        assert json.loads((tmp_path / "all" / name).read_text("utf-8")) == file_schema(kind)
    assert main(["schema", "slots", "--out", str(tmp_path / "one")]) == 0
    assert [file.name for file in (tmp_path / "one").iterdir()] == ["slots.schema.json"]
    (tmp_path / "file").write_text("")
    assert main(["schema", "--out", str(tmp_path / "file")]) == 2


def test_unknown_kinds(tmp_path: Path) -> None:
    """A kind that is none is refused with the nearest one, and nothing is written."""
    with pytest.raises(UsageError, match=r"there is no schema 'slot'\. Did you mean 'slots'"):
        write_schemas(tmp_path, ["pack", "slot"])
    assert list(tmp_path.iterdir()) == []
