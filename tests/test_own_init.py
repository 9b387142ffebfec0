"""fgdata init: every layout becomes a pack that checks, generates and lints clean; sixty tools go all the way without an edit."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from own_tools import CAFE, KOREAN, MODULE, sixty_tools, write_layouts

from fgdata import korean
from fgdata.cli import main
from fgdata.dataset import write_dataset
from fgdata.errors import DataError, FgError
from fgdata.format import render_declaration
from fgdata.generator import Request, generate
from fgdata.linting import lint
from fgdata.own import Started, find_coverage, init_pack
from fgdata.own.carry import Carrier, declared
from fgdata.own.notes import FEATURES, Notes
from fgdata.own.python_source import functions
from fgdata.own.sources import read_own_tools
from fgdata.pack import SPLITS
from fgdata.pack_reader import read_pack
from fgdata.schema import Tool

LAYOUTS = ("openapi", "python", "mcp", "mobile-actions", "bfcl", "tools")
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Started]]:
    """Layout -> the English and the Korean pack of its file."""
    folder = tmp_path_factory.mktemp("own")
    return {
        layout: init_pack(f"p_{layout}", file, out=folder, language="both")
        for layout, file in write_layouts(folder).items()
    }


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_becomes_a_pack(layout: str, started: dict[str, list[Started]], tmp_path: Path) -> None:
    """English and Korean: rows in all three splits, every tool called, no lint error, and the layout is named."""
    for one in started[layout]:
        assert one.layout == layout
        assert one.pack.language in one.folder.name
        out = tmp_path / one.pack.language
        manifest = write_dataset(one.pack, Request(rows=120, seed=3), out)
        assert all(manifest["files"][f"{split}.jsonl"]["rows"] >= 12 for split in SPLITS)
        report = lint([out / f"{split}.jsonl" for split in SPLITS])
        assert not report.fails("error"), [f for f in report.findings if f.level == "error"]
        assert not find_coverage(one.folder).of("tool never called")
        assert one.marks
        assert all("WRITE:" in _line(mark) for mark in one.marks)


def _line(place: str) -> str:
    file, _, number = place.rpartition(":")
    return Path(file).read_text("utf-8").splitlines()[int(number) - 1]


def test_families_of_splits_share_no_frame(started: dict[str, list[Started]]) -> None:
    """What stands around the deed and its arguments is another text in each split."""
    for one in started["tools"]:
        intent = next(i for i in one.pack.intents if i.kind == "call")
        texts = {
            split: {t.source.text for f in intent.families_in(split) for t in f.templates} for split in SPLITS
        }
        assert not (texts["train"] & texts["test"] or texts["train"] & texts["validation"])
        assert [len(intent.families_in(split)) for split in SPLITS] == [7, 2, 3]


NAMED = [
    ("openapi", "renamed parameter", "createOrder.type"),
    ("openapi", "renamed tool", "delete_orders_orderId"),
    ("openapi", "default", "listOrders.limit"),
    ("openapi", "limits", "delete_orders_orderId.orderId"),
    ("openapi", "null", "createOrder.customer.phone"),
    ("openapi", "recursion", "createOrder.parent.parent"),
    ("openapi", "left out", "listOrders.X-Trace"),
    ("openapi", "left out", "createOrder.id"),
    ("python", "nested array", "mixed.c"),
    ("python", "union", "mixed.a"),
    ("python", "union", "set_level.pair"),
    ("python", "free keys", "set_level.sizes"),
    ("python", "guessed type", "set_level.extra"),
    ("mcp", "union", "search_files.v"),
    ("mcp", "null", "search_files.query"),
    ("mcp", "never asked for", "search_files.opts"),
    ("mcp", "left out", "search_files"),
    ("mcp", "left out", "search_files: required names 'scope', which has no schema"),
    ("bfcl", "changed type", "math.area.p"),
    ("bfcl", "given twice", "math.area"),
]


@pytest.mark.parametrize(("layout", "feature", "where"), NAMED)
def test_what_is_not_carried_is_named(
    layout: str, feature: str, where: str, started: dict[str, list[Started]]
) -> None:
    """Each feature stands in the notes with its place, and in the pack's NOTES.md."""
    one = started[layout][0]
    where, _, what = where.partition(": ")
    assert any(note.feature == feature and note.where == where and what in note.what for note in one.notes), (
        one.notes
    )
    text = (one.folder / "NOTES.md").read_text("utf-8")
    assert f"## {feature} (" in text
    assert f"`{where}`" in text


def test_parts_of_lists_are_told_apart(started: dict[str, list[Started]]) -> None:
    """A list in an object is called by both names, so that no two parts of one sentence are called alike."""
    for one in started["openapi"]:
        text = (one.folder / "intents" / "createOrder_with_parent.yaml").read_text("utf-8")
        assert ("parent lines drink" if one.language == "en" else "상위 항목 lines 음료") in text
        assert "lines drink 2" not in text


def test_what_nobody_can_say_is_given_only_where_it_must_be(tmp_path: Path) -> None:
    """An object without keys is given by a policy where it is required; an optional one is left out, and no policy is written."""
    for required in (["id", "extra"], ["id"]):
        file = tmp_path / "t.json"
        tool = _schema({"id": {"enum": ["a", "b"]}, "extra": {"type": "object"}}, required)
        file.write_text(json.dumps([tool]), "utf-8")
        (one,) = init_pack(f"p{len(required)}", file, out=tmp_path)
        assert bool(one.pack.policies) == ("extra" in required)
        assert [note.where.rpartition(".")[2] for note in one.notes if note.feature == "never asked for"] == [
            "extra"
        ]


def test_the_command_says_what_came_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Tools, layout, intents, the families of each split, and how many places are marked."""
    (tmp_path / "t.json").write_text(json.dumps(KOREAN, ensure_ascii=False), "utf-8")
    assert main(["init", "p", "--tools", str(tmp_path / "t.json"), "--out", str(tmp_path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert (
        "2 tools read as tools, 7 intents, 84 families (49 train, 14 validation, 21 test), language ko."
        in said
    )
    assert "places are marked `# WRITE:` for you" in said


def test_a_declaration_loses_nothing_silently(started: dict[str, list[Started]]) -> None:
    """A default, a range and a hidden name stand in the declaration that the model reads."""
    tools = started["openapi"][0].pack.tools_by_name
    assert "default 10" in render_declaration(tools["listOrders"])
    assert "1 to 20" in render_declaration(tools["listOrders"])
    assert "type_:{" in render_declaration(tools["createOrder"])


def test_a_module_is_never_run(started: dict[str, list[Started]]) -> None:
    """The module's first line would leave a file behind; reading it leaves none."""
    assert started["python"]
    assert not Path("EXECUTED").exists()
    assert not (started["python"][0].folder.parent / "EXECUTED").exists()


def test_python_schemas_are_those_of_transformers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a module that may be imported, `get_json_schema` gives the same names, texts, types and required parameters."""
    pytest.importorskip("transformers")
    from transformers.utils import get_json_schema

    file = tmp_path / "own_module_under_test.py"
    file.write_text(MODULE.replace('pathlib.Path("EXECUTED").touch()', ""), "utf-8")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, file.stem, module)
    spec.loader.exec_module(module)
    found = {f.name: f for f in functions(file.read_text("utf-8"), str(file), Notes())}
    assert list(found) == ["get_weather", "set_level", "mixed"]
    for name, function in found.items():
        theirs = get_json_schema(getattr(module, name))["function"]
        ours = json.loads(json.dumps(function.parameters))
        for schema in ours["properties"].values():
            schema.pop("default", None)  # theirs has none: it only takes the parameter out of `required`
        assert function.description == theirs["description"]
        assert ours == theirs["parameters"]


def test_openapi_json_is_read_like_yaml(tmp_path: Path) -> None:
    """The same document as JSON gives the same tools."""
    import yaml

    (tmp_path / "a.yaml").write_text(CAFE, "utf-8")
    (tmp_path / "a.json").write_text(json.dumps(yaml.safe_load(CAFE)), "utf-8")
    first, second = (read_own_tools(tmp_path / name) for name in ("a.yaml", "a.json"))
    assert [t.tool.to_json() for t in first.tools] == [t.tool.to_json() for t in second.tools]


def test_korean_is_said_with_its_particles(started: dict[str, list[Started]]) -> None:
    """Deeds come from Korean descriptions, labels and values take the particle of their last sound, and all rows say so."""
    pack = next(one.pack for one in started["tools"] if one.pack.language == "ko")
    rows = [row for rows in generate(pack, 200, 1).splits.values() for row in rows]
    said = [row.utterance for row in rows if row.kind == "call"]
    assert any("날씨를 조회" in text for text in said)
    assert any("조명을 켜" in text for text in said)
    for row in rows:
        for name, value in row.slots.items():
            for particle in ("으로/로", "을/를", "이고/고"):
                right = korean.josa(str(value), particle)
                wrong = {str(value) + form for form in particle.split("/")} - {right}
                assert not any(f" {bad} " in f" {row.utterance} " for bad in wrong), (row.utterance, name)


def _schema(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"name": "do_it", "description": "Do it.", "parameters": {"type": "object", "properties": properties, "required": required}}  # fmt: skip


CARRIED: list[tuple[str, dict[str, Any], Callable[[Any], bool]]] = [
    ("const", {"const": "x"}, lambda v: v == "x"),
    ("one value", {"type": "integer", "minimum": 3, "maximum": 3}, lambda v: v == 3),
    ("steps", {"type": "integer", "minimum": 0, "maximum": 100, "multipleOf": 25}, lambda v: v % 25 == 0),
    ("old exclusive", {"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 1}, lambda v: 0 < v <= 1),
    ("large range", {"type": "integer", "minimum": 0, "maximum": 10**7}, lambda v: 0 <= v <= 10**7),
    ("pattern", {"type": "string", "pattern": "^[A-Z]{2}-\\d+$"}, lambda v: v[2] == "-" and v[:2].isupper()),
    ("length", {"type": "string", "minLength": 3, "maxLength": 4}, lambda v: 3 <= len(v) <= 4),
    ("upper case", {"type": "STRING", "enum": ["A", "B"]}, lambda v: v in "AB"),
    ("enum of numbers", {"type": "integer", "enum": [1, 5, 9]}, lambda v: v in (1, 5, 9)),
    ("joined", {"allOf": [{"type": "object", "properties": {"a": {"enum": ["q", "r"]}}, "required": ["a"]}, {"properties": {"b": {"type": "boolean"}}}]}, lambda v: v["a"] in "qr" and isinstance(v["b"], bool)),
    ("two items", {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2, "uniqueItems": True}, lambda v: len(set(v)) == 2),
    ("date", {"type": "string", "format": "date"}, lambda v: len(v) == 10 and v[4] == "-"),
    ("address", {"type": "string", "format": "uri"}, lambda v: v.startswith("https://")),
    ("braces", {"type": "string", "enum": ["{{ x }}", "a'b"]}, lambda v: v in ("{{ x }}", "a'b")),
]  # fmt: skip


def test_every_kind_of_value_is_made(tmp_path: Path) -> None:
    """Values of every kind of schema stand in the calls, and every one is allowed."""
    tools = [
        {**_schema({"v": schema}, ["v"]), "name": f"make_{name.replace(' ', '_')}"}
        for name, schema, _ in CARRIED
    ]
    file = tmp_path / "t.json"
    file.write_text(json.dumps(tools), "utf-8")
    is_right = {f"make_{name.replace(' ', '_')}": check for name, _, check in CARRIED}
    for one in init_pack("v", file, out=tmp_path, language="en"):
        calls = [call for rows in generate(one.pack, 250, 1).splits.values() for row in rows for call in row.expected_calls]  # fmt: skip
        assert {call.name for call in calls} == set(is_right)
        for call in calls:
            assert is_right[call.name](call.arguments["v"]), call


BAD = [
    ("a.json", "{", "a.json:1: is no JSON"),
    ("a.json", "[]", "a.json:1: holds no tool"),
    ("a.json", "", "a.json:1: is empty"),
    ("a.json", '{"x": 1}', "neither tools nor an OpenAPI document"),
    ("a.json", '[{"description": "x"}]', "a.json:1: a tool without a name"),
    ("a.json", '[\n{"name": "a"},\n{"name": "a"}]', "a.json:2: the tool 'a' is given twice"),
    ("a.json", '[{"name": "a", "parameters": {"type": "array"}}]', "of type 'array'"),
    ("a.json", '[{"name": "a", "parameters": [1]}]', "are no mapping"),
    ("a.json", '{"question": [], "function": true}', "a.json:1: tools are no list"),
    ("a.jsonl", '{"question": [], "function": []}\n{oops', "a.jsonl:2: is no JSON object"),
    ("a.json", '{"jsonrpc": "2.0", "error": {"code": 1}}', "is an error reply"),
    ("a.yaml", "openapi: 3.0.0\npaths:\n", "a.yaml:2: has no `paths`"),
    (
        "a.yaml",
        "openapi: 3.0.0\npaths:\n  /a: {get: {}}\n  /a: {get: {}}\n",
        "a.yaml:4: the key '/a' is given twice",
    ),
    ("a.yaml", "a: [", "a.yaml:1: is no YAML"),
    ("a.yaml", "a: !!python/object/apply:os.system [ls]", "is no YAML"),
    ("a.py", "def f(:\n", "a.py:1: is no Python"),
    ("a.py", "x = 1\n", "holds no tool"),
    ("a.py", "def f(a):\n  '''Do.\n\n  Args:\n    a: x\n  '''\n", "a.py:1: f: the argument 'a' has no type"),
    ("a.py", "def f(a: int):\n  '''Do.'''\n", "does not describe the argument 'a'"),
    ("a.py", "def f(a: Foo):\n  '''Do.\n\n  Args:\n    a: x\n  '''\n", "Foo is no type that JSON has"),
    ("a.py", "\ndef f(): pass\n", "a.py:2: f has no docstring"),
    ("missing.json", None, "cannot be read"),
]


@pytest.mark.parametrize(("name", "text", "said"), BAD)
def test_bad_files_are_told_with_their_place(
    name: str, text: str | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One clear error, exit code 2, and nothing is written."""
    if text is not None:
        (tmp_path / name).write_text(text, "utf-8")
    out = tmp_path / "out"
    assert main(["init", "p", "--tools", str(tmp_path / name), "--out", str(out)]) == 2
    assert said in capsys.readouterr().err.replace("\n", " ")
    assert not out.exists() or not list(out.iterdir())


def test_folders_and_names_that_are_taken(tmp_path: Path) -> None:
    """A folder that is there is left alone, also where only one of two is; a name must be one."""
    (tmp_path / "t.json").write_text(json.dumps(KOREAN), "utf-8")
    (tmp_path / "p_ko").mkdir()
    with pytest.raises(FgError, match="is there already"):
        init_pack("p", tmp_path / "t.json", out=tmp_path, language="both")
    assert not (tmp_path / "p_en").exists()
    with pytest.raises(FgError, match="cannot name a pack"):
        init_pack("../p", tmp_path / "t.json", out=tmp_path)


def test_aliases_that_explode_are_refused(tmp_path: Path) -> None:
    """Nine lines of nested aliases are told at once."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    (tmp_path / "a.yaml").write_text("\n".join(lines), "utf-8")
    with pytest.raises(DataError, match="aliases followed"):
        read_own_tools(tmp_path / "a.yaml")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.sampled_from(["string", "array", "x", "", "#/a", "<escape>"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([
        "type", "properties", "items", "enum", "anyOf", "allOf", "$ref", "required", "default", "minimum", "pattern", "description", "format", "a", "const", "examples"
    ]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(JSON_VALUES)
@example({"type": "string", "default": "<escape>"})
@example({"type": "string", "format": "<end_of_turn>"})
@example({"enum": [True, "<start_function_call>"]})
@example({"const": ["<escape>"]})
@example({"anyOf": [{"enum": None}]})
@example({"oneOf": [{"enum": []}, {"const": 1}]})
@settings(max_examples=80, deadline=None)
def test_whatever_stands_for_a_schema_is_carried_or_named(schema: Any) -> None:
    """Any JSON value becomes a valid schema whose names and texts the format takes, or nothing and a note."""
    notes = Notes()
    found = Carrier({"a": schema}, notes).carried(schema, "t.p")
    if found is None:
        assert notes
        return
    tool = Tool.from_json(
        {"name": "t", "parameters": {"type": "object", "properties": {"p": declared(found)}}}
    )
    assert render_declaration(tool)


def test_values_that_nobody_can_tell_apart_are_named(tmp_path: Path) -> None:
    """A value beside its twin in other case, and one without a letter, are in the schema, not in the sentences, and named."""
    schema = {"type": "string", "enum": ["asc", "ASC", "asc ", ".", "desc"]}
    (tmp_path / "t.json").write_text(json.dumps([_schema({"v": schema}, ["v"])]), "utf-8")
    (one,) = init_pack("p", tmp_path / "t.json", out=tmp_path)
    named = [note.what for note in one.notes if note.feature == "never asked for"]
    assert any('"."' in text for text in named)
    assert {value.value for value in one.pack.slots["v"].values} >= {"asc", "desc"}


def test_every_feature_is_explained() -> None:
    """A note of an unknown feature is a fault of ours; every known one has a sentence."""
    with pytest.raises(AssertionError):
        Notes().add("no such feature", "x", "y")
    assert all(text and not text.endswith(".") for text in FEATURES.values())


def test_sixty_tools_go_all_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sixty tools: init, generate, lint, train on the tiny base, run, score; no file is touched in between."""
    pytest.importorskip("torch")
    from fgeval.cli import main as fgeval
    from fgtrain.cli import main as fgtrain

    monkeypatch.chdir(tmp_path)
    tools = sixty_tools()
    assert len(tools) == 60
    Path("tools.json").write_text(json.dumps(tools, ensure_ascii=False), "utf-8")
    model = str(ROOT / "models" / "tiny")
    steps: list[tuple[Callable[[list[str]], int], str]] = [
        (main, "init sixty --tools tools.json --language ko"),
        (main, "generate sixty --rows 60 --out data"),
        (main, "lint data/train.jsonl data/validation.jsonl data/test.jsonl"),
        (fgtrain, f"lora --model {model} --train_file data/train.jsonl --output_dir adapter --max_steps 1 --lora_dropout 0 "
                  "--per_device_train_batch_size 1 --gradient_accumulation_steps 1"),
        (fgeval, f"run --model {model} --adapter adapter --data data/test.jsonl --out run --limit 2"),
        (fgeval, "score --data data/test.jsonl --predictions run --out run --allow-missing"),
    ]  # fmt: skip
    for program, line in steps:
        assert program(line.split()) == 0, (line, capsys.readouterr())
    assert "Exact match" in capsys.readouterr().out


def test_a_row_that_asks_back_declares_its_tool(tmp_path: Path) -> None:
    """Where rows declare only some tools, the one whose argument is missing is among them; a wrong `asks_of` is told."""
    tools = [
        {"name": f"get_{noun}", "parameters": {"type": "object", "properties": {"id": {"enum": ["a1", "b2"]}}, "required": ["id"]}}
        for noun in ("order", "user", "event", "room", "song", "route", "film", "book", "team")
    ]  # fmt: skip
    (tmp_path / "t.json").write_text(json.dumps(tools), "utf-8")
    (one,) = init_pack("many", tmp_path / "t.json", out=tmp_path)
    asking = {intent.name: intent.asks_of for intent in one.pack.intents if intent.kind == "ask"}
    assert set(asking.values()) == {tool["name"] for tool in tools}
    rows = [row for rows in generate(one.pack, 200, 1).splits.values() for row in rows if row.kind == "ask"]
    assert rows
    for row in rows:
        names = [tool["function"]["name"] for tool in row.tools or []]
        assert asking[row.intent] in names
        assert len(names) == 7
    file = one.folder / "intents" / "ask_get_order.yaml"
    file.write_text(file.read_text("utf-8").replace('asks_of: "get_order"', 'asks_of: "get_ordr"'), "utf-8")
    with pytest.raises(FgError, match=r"unknown tool 'get_ordr'.*Did you mean 'get_order'"):
        read_pack(one.folder)
