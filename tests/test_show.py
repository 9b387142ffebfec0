"""`fgdata show ID`: a row made again from its id is the row that was written, and what is no id is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_pack import (
    INTENTS,
    KOREAN_PACK,
    KOREAN_SLOTS,
    PACK,
    SLOTS,
    intent_text,
    write_korean_pack,
    write_pack,
)

from fgdata import korean as korean_language
from fgdata.cli import main
from fgdata.compose import Compositions
from fgdata.dataset import write_dataset
from fgdata.errors import UsageError
from fgdata.generator import Request
from fgdata.pack_reader import read_pack
from fgdata.rows import ID, Options, RowMaker
from fgdata.show import is_row_id, rebuilt_line
from fgdata.stock import Stock

MORE = """\
compositions:
  - {name: two, parts: [[cosy], [set_level]], joins: [and, then]}
  - {name: three, parts: [[cosy], [set_level], [dark]], joins: [and_then]}
held_out: {compositions: [[set_level, dark]]}
missing_tool: {answers: [I cannot do that., No tool of mine does.]}
prompt: {distractors: 1, shuffled: true, masked: 0.2}
"""
DARK = intent_text(
    "dark",
    "kind: call\ncalls: [{tool: lights_off}]",
    "WORD {{ pick('switch', 'turn') }} {{ pick('everything', 'it all') }} off",
)

COSY = INTENTS["cosy"].replace("dim and warm", "warm")  # what holds "and" itself is not joined


def english(folder: Path) -> Path:
    """A pack with compositions, held-out forms and pairs, borrowed rows and prompts that differ."""
    head = PACK.replace("mix: {call: 0.7,", "mix: {call: 0.4, several: 0.3, missing_tool: 0.1,")
    head = head.replace("test: 0.1}", "test: 0.1, test_values: 0.1, test_compositions: 0.1}") + MORE
    slots = SLOTS.replace(
        "forms: [kitchen, cooking area]", "forms: [kitchen, cooking area], held_out: [scullery]"
    )
    joined = {
        name: text.replace("    split:", "    joins: true\n    split:")
        for name, text in {**INTENTS, "cosy": COSY, "dark": DARK}.items()
    }
    return write_pack(folder, pack=head, slots=slots, **joined)


def korean(folder: Path) -> Path:
    """A Korean pack whose clauses are joined with and without an ending of their own, in three registers."""
    write_korean_pack(folder)
    head = KOREAN_PACK.replace("mix: {call: 1}", "mix: {call: 0.5, several: 0.5}")
    joins = "joins: [고, 고_나서, 그리고]"
    (folder / "pack.yaml").write_text(
        head + f"compositions:\n  - {{name: two, parts: [[dark], [set_level]], {joins}}}\n", "utf-8"
    )
    (folder / "slots.yaml").write_text(KOREAN_SLOTS, "utf-8")
    template = "WORD {{ maybe('좀') }} 다 {{ pick('끄다', '치우다') | request }}"
    dark = intent_text("dark", "kind: call\ncalls: [{tool: lights_off}]", template)
    (folder / "intents" / "dark.yaml").write_text(dark, "utf-8")
    return folder


def lines_of(folder: Path, out: Path, **request: Any) -> list[str]:
    """The rows of all files of a data set of the pack."""
    manifest = write_dataset(read_pack(folder), Request(**{"rows": 600, "seed": 3, **request}), out)
    return [line for name in manifest["files"] for line in (out / name).read_text("utf-8").splitlines()]


@pytest.mark.parametrize("write", [english, korean])
@pytest.mark.parametrize(("shape", "values"), [("tool-calls", "bare"), ("text", "bare"), ("text", "escaped")])
def test_every_row_is_made_again(tmp_path: Path, write: Any, shape: Any, values: Any) -> None:
    """Whatever its file, kind and shape, a row follows from its id, byte for byte."""
    folder = write(tmp_path / "pack")
    lines = lines_of(folder, tmp_path / "out", shape=shape, values=values)
    stock = Stock(read_pack(folder))
    maker = RowMaker(stock, Compositions(stock), Options(shape, values))
    rows = [json.loads(line) for line in lines]
    assert len({row["id"] for row in rows}) == len(rows) > 500
    assert all(ID.fullmatch(row["id"]) for row in rows)
    kinds = {"call", "several"} if write is korean else {"call", "several", "missing_tool", "no_call", "ask"}
    if shape == "text":  # declares no tools, so none is missing
        kinds -= {"missing_tool"}
    assert {row["kind"] for row in rows} == kinds
    assert [maker.rebuild(row["id"]) for row in rows] == lines


@pytest.mark.parametrize("write", [english, korean])
@pytest.mark.parametrize("level", ["light", "strong"])
def test_mistyped_rows_are_made_again(tmp_path: Path, write: Any, level: str) -> None:
    """What was mistyped, and how, follows from the end of the id."""
    folder = write(tmp_path / "pack")
    lines = lines_of(folder, tmp_path / "out", perturb=level)
    stock = Stock(read_pack(folder))
    maker = RowMaker(stock, Compositions(stock), Options())
    rows = [json.loads(line) for line in lines]
    assert sum("perturbation" in row for row in rows) > 20
    assert [maker.rebuild(row["id"]) for row in rows] == lines


@pytest.mark.parametrize("name", ["fitness_en"])
def test_rows_of_a_bundled_pack(tmp_path: Path, name: str) -> None:
    """A pack that comes with fgsuite is found by the name in the id."""
    manifest = write_dataset(read_pack(f"templates/{name}"), Request(60), tmp_path / "out")
    assert manifest["rows_made"] == 60
    line = (tmp_path / "out" / "test.jsonl").read_text("utf-8").splitlines()[0]
    assert rebuilt_line(json.loads(line)["id"]) == line


def test_korean_clauses(tmp_path: Path) -> None:
    """Every join is used in every register, and what keeps its ending before 그리고 has the register of the last clause."""
    folder = korean(tmp_path / "pack")
    rows = [json.loads(line) for line in lines_of(folder, tmp_path / "out")]
    used = {(row["id"].split("+")[1], row["register"]) for row in rows if row["kind"] == "several"}
    assert used == {
        (join, name) for join in ("고", "고_나서", "그리고") for name in ("hae", "haeyo", "hapsyo")
    }
    both = [row for row in rows if " 그리고 " in row["messages"][1]["content"]]
    for row in both:
        first = row["messages"][1]["content"].partition(" 그리고 ")[0].rstrip("?.")
        assert (first[-1] in "요죠") == (row["register"] == "haeyo"), row["messages"][1]["content"]


@pytest.mark.parametrize("register", korean_language.REGISTERS)
def test_requests_hold_no_join(tmp_path: Path, register: str) -> None:
    """A template that asks in a register can stand in a composition: none of its endings is taken for a join."""
    folder = korean(tmp_path / "pack")
    head = (folder / "pack.yaml").read_text("utf-8")
    weights = "{hae: 0.5, haeyo: 0.4, hapsyo: 0.1}"
    (folder / "pack.yaml").write_text(head.replace(weights, f"{{{register}: 1}}"), "utf-8")
    groups = Compositions(Stock(read_pack(folder))).groups("train")
    assert {group.register for group in groups} == {register}
    assert {name for group in groups for (name,) in group.joins} == {"고", "고_나서", "그리고"}


def test_fixed_wording_takes_no_ending(tmp_path: Path) -> None:
    """A family that is joined by its own word, `joins: true`, keeps its ending: 그리고 may follow it, and 고 may not."""
    folder = korean(tmp_path / "pack")
    file = folder / "intents" / "dark.yaml"
    fixed = file.read_text("utf-8").replace("{{ pick('끄다', '치우다') | request }}", "꺼")
    file.write_text(fixed.replace("    split:", "    registers: [hae]\n    joins: true\n    split:"), "utf-8")
    groups = Compositions(Stock(read_pack(folder))).groups("train")
    assert {(group.register, join) for group in groups for (join,) in group.joins} == {("hae", "그리고")}


def test_the_command_shows_a_row(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The row as the model sees it, like a file's; with --json its JSON, which is the line as written."""
    folder = english(tmp_path / "pack")
    line = next(text for text in lines_of(folder, tmp_path / "out") if '"several"' in text)
    row_id = json.loads(line)["id"]
    assert main(["show", row_id, "--pack", str(folder), "--json"]) == 0
    said = capfd.readouterr().out
    assert said.splitlines()[-1] == line
    assert "<bos>" in said
    assert "⟦<start_function_call>" in said
    (tmp_path / "rows.jsonl").write_text(line + "\n", "utf-8")
    assert main(["show", str(tmp_path / "rows.jsonl"), "--json"]) == 0
    of_file = capfd.readouterr().out
    assert of_file.replace(f" · {tmp_path / 'rows.jsonl'}:1", "") == said
    flags = ["--shape", "text", "--values", "escaped", "--short"]
    assert main(["show", row_id, "--pack", str(folder), *flags]) == 0
    assert "<escape>20<escape>" in capfd.readouterr().out


def test_a_row_is_compared_with_the_one_in_a_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    """What other code made of an id is told, and only that."""
    folder = english(tmp_path / "pack")
    line = lines_of(folder, tmp_path / "out")[0]
    row, file = json.loads(line), tmp_path / "rows.jsonl"
    command = ["show", row["id"], "--pack", str(folder), "--data", str(file)]
    file.write_text(line + "\n", "utf-8")
    assert main(command) == 0
    assert capfd.readouterr().err == ""
    text = row["messages"][1]["content"]
    row["messages"][1]["content"] = "Other" + text
    file.write_text(json.dumps(row) + "\n", "utf-8")
    assert main(command) == 1
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("differs: message 1: ")
    assert f"in {file}:1" in said[0]
    assert main([*command[:-1], str(tmp_path / "out" / "none.jsonl")]) == 2
    assert main(["show", str(file), "--data", str(file)]) == 2


def test_a_file_goes_before_an_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands on the disk is a file, whatever it is called."""
    monkeypatch.chdir(tmp_path)
    name = "lamp@1.0.0/a/b/1.plain/0"
    assert is_row_id(name)
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text("")
    assert not is_row_id(name)


SOUND = "lamp@1.0.0/set_level/family_0/1.plain/0"
BAD_IDS = [
    (SOUND.replace("1.0.0", "0.9"), "is of version 0.9; the pack 'lamp' in "),
    (SOUND.replace("lamp@", "lump@"), "is no id of the pack 'lamp'."),
    (SOUND.replace("set_level", "set_levle"), "names no expansion of the pack"),
    (SOUND.replace("1.plain", "2.plain"), "names no expansion of the pack"),
    (SOUND.replace("plain", "posh"), "names no expansion of the pack"),
    (SOUND + "999999", "names no expansion of the pack"),
    (SOUND + "9" * 5000, "names no expansion of the pack"),
    (SOUND.replace("set_level", "weather") + "!missing_tool", "names no expansion of the pack"),
    ("lamp@1.0.0/cosy/family_0/1+and.plain/0", "names no expansion of the pack"),
    ("lamp@1.0.0/cosy/family_0/1+with+set_level/family_0/1.plain/0", "names no expansion of the pack"),
    ("lamp@1.0.0/cosy/family_0/1+and+set_level/family_10/1.plain/0", "names no expansion of the pack"),
    ("lamp@1.0.0/cosy/family_0/1+and_then+set_level/family_0/1.plain/0", "names no expansion of the pack"),
    ("lamp@1.0.0/set_level/family_0", "is neither a file nor the id of a row."),
]  # fmt: skip


def test_bad_ids(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """An id of another pack or version, or of no expansion, is one error with what to do; exit code 2."""
    folder = english(tmp_path / "pack")
    assert main(["show", SOUND, "--pack", str(folder)]) == 0
    capfd.readouterr()
    for row_id, said in BAD_IDS:
        assert main(["show", row_id, "--pack", str(folder)]) == 2
        written = capfd.readouterr()
        assert len(written.err.splitlines()) == 1
        assert written.err.startswith(f"error: {row_id}: {said}"), (row_id, written.err)
        assert "⟦<start" not in written.out


def test_borrowed_rows_of_a_pack_without_any(tmp_path: Path) -> None:
    """An id that says a tool is missing, of a pack that has nothing to say then, names no row."""
    with pytest.raises(UsageError, match="names no expansion"):
        rebuilt_line(f"{SOUND}!missing_tool", str(write_pack(tmp_path)))


def test_flags_that_do_not_fit(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A pack that is not there, flags of ids with a file, and flags of files with an id."""
    folder = write_pack(tmp_path / "pack")
    lines = lines_of(folder, tmp_path / "out", rows=60)
    assert lines
    cases = [
        ([SOUND], "there is no pack 'lamp'."),
        ([SOUND, "--pack", str(tmp_path / "none")], "there is no pack"),
        ([SOUND, "--pack", str(folder), "--id", SOUND], "--id: the first argument is an id already."),
        ([SOUND, "--pack", str(folder), "--values", "escaped"], "--values escaped: "),
        ([str(tmp_path / "out" / "test.jsonl"), "--shape", "text"], "--shape: "),
    ]
    for words, said in cases:
        assert main(["show", *words]) == 2
        written = capfd.readouterr().err
        assert said in written
        assert len(written.splitlines()) == 1
