"""docs/packs.md and its Korean twin: what they write out reads, runs, and prints what the pages say; nothing is left out."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from documented_packs import (
    PACK_PAGES,
    named_blocks,
    write_additions,
    write_documented_packs,
    write_languages,
)
from test_docs import blocks

from fgdata import korean
from fgdata.cli import main
from fgdata.compose import Compositions
from fgdata.errors import PackError
from fgdata.file_schemas import file_schema
from fgdata.generator import generate
from fgdata.joins import JOINS
from fgdata.pack import ALL_SPLITS, KINDS
from fgdata.pack_reader import read_pack
from fgdata.positions import Place, Text
from fgdata.stock import Stock
from fgdata.template import FILTERS, read_template

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "docs" / name for name in PACK_PAGES]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@each_page
def test_complete_packs_work(page: Path, tmp_path: Path) -> None:
    """The page's pack is checked, makes the rows it is asked for, and lint finds no fault in them."""
    (folder,) = write_documented_packs(page, tmp_path)
    assert main(["check", str(folder)]) == 0
    out = tmp_path / "data"
    assert main(["generate", str(folder), "--rows", "400", "--out", str(out)]) == 0
    assert main(["lint", *map(str, sorted(out.glob("*.jsonl"))), "--fail-on", "warning"]) == 0


@each_page
def test_console_prints_what_the_page_says(page: Path, tmp_path: Path) -> None:
    """Every `$` line of a console block, run beside the page's pack, prints the lines below it."""
    write_documented_packs(page, tmp_path)
    shown = "\n".join(block.rstrip("\n") for block in blocks(page, "console")) + "\n"
    runs = re.findall(r"^\$ fgdata (.*)\n((?:(?!\$ ).*\n)*)", shown, re.MULTILINE)
    assert len(runs) == 3
    for command, said in runs:
        done = subprocess.run(
            [sys.executable, "-m", "fgdata.cli", *command.split()], cwd=tmp_path, capture_output=True, text=True
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == said.strip()


@each_page
def test_the_mistake_is_told_so(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message that the page shows for a misspelt slot is the one that is given."""
    write_documented_packs(page, tmp_path)
    said = re.search(
        r"^error: ((\S+?\.yaml):(\d+): unknown slot '(\w+)'.*'(\w+)'\?)$",
        page.read_text("utf-8"),
        re.MULTILINE,
    )
    assert said is not None
    file = tmp_path / said[2]
    lines = file.read_text("utf-8").splitlines()
    number = int(said[3]) - 1
    assert said[5] in lines[number]
    lines[number] = re.sub(rf"\b{said[5]}\b", said[4], lines[number], count=1)
    file.write_text("\n".join(lines), "utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PackError) as caught:
        read_pack(said[2].split("/")[0])
    assert said[1] in list(map(str, caught.value.problems))


@each_page
def test_everything_else_reads(page: Path, tmp_path: Path) -> None:
    """All that the page adds (keys, slots, intents of every kind), put into its pack at once, reads and makes rows."""
    (folder,) = write_documented_packs(page, tmp_path)
    names = write_additions(page, folder)
    assert len(names) >= 7
    pack = read_pack(folder)
    stock = Stock(pack)
    Compositions(stock)
    made = generate(pack, 600, 1)
    kinds = {row.kind for rows in made.splits.values() for row in rows}
    assert {"call", "several", "exception", "correction", "negation", "missing_tool", "ask"} <= kinds


@each_page
def test_two_languages(page: Path, tmp_path: Path) -> None:
    """The page's section on several languages, put into its pack, reads and makes rows of both, by their shares."""
    (folder,) = write_documented_packs(page, tmp_path)
    write_languages(page, folder)
    pack = read_pack(folder)
    assert set(pack.languages) == {"ko", "en"}
    made = generate(pack, 120, 1)
    for split, rows in made.splits.items():
        for language, share in pack.language_mix.items():
            count = sum(row.language == language for row in rows)
            assert abs(count - share * len(rows)) < 1, (split, language)
    assert {row.kind for rows in made.splits.values() for row in rows} == {"call", "ask"}


@each_page
def test_every_template_of_the_text_reads(page: Path) -> None:
    """What the page writes between double braces, in its tables and sentences, is a template."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    found = [code.replace("\\|", "|") for code in re.findall(r"`(\{\{[^`]*\}\})`", text)]
    assert len(found) >= 12
    problems: list[str] = []
    for code in found:
        is_form = bool(re.search(r"\bn\b", code))
        forms = {"n": ["5"]} if is_form else {"room": ["거실"], "lamp": ["lamp"], "device": ["가습기"]}
        read_template(
            Text(code, Place(page.name, 1)), "form" if is_form else "utterance", forms, ["hae"],
            lambda place, what, remedy: problems.append(f"{what} {remedy}"), is_korean=True,
        )  # fmt: skip
    assert problems == []


def _keys(kind: str) -> set[str]:
    """Every key that a file's schema knows, at any depth, but those of the writer's own names."""
    found, waiting = set(), [file_schema(kind)]
    while waiting:
        part = waiting.pop()
        found |= set(part.get("properties", {}))
        for value in part.values():
            waiting += [value] if isinstance(value, dict) else [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []  # fmt: skip
        waiting += [v for v in part.get("properties", {}).values() if isinstance(v, dict)]
    return found


@each_page
def test_pages_leave_nothing_out(page: Path) -> None:
    """Each page names every kind, split, join, register and filter, every key of the three files, and the flags of generate."""
    text = page.read_text("utf-8")
    words = {*KINDS, *ALL_SPLITS, *korean.REGISTERS}
    words |= {name for names in FILTERS.values() for name in names}
    words |= set(JOINS["ko"]) | (set(JOINS["en"]) if page.name == "packs.md" else set())
    words |= _keys("pack") | _keys("slots") | _keys("intents")
    flags = {
        "--rows",
        "--seed",
        "--workers",
        "--shard",
        "--mix",
        "--perturb",
        "--shape",
        "--values",
        "--force",
    }
    written = set(re.findall(r"[\w가-힣]+,?", text)) | set(re.findall(r"[\w가-힣]+", text))
    assert {word for word in words if word not in written} == set()
    assert {flag for flag in flags if flag not in text} == set()


def test_the_twins_are_twins() -> None:
    """Both pages have the same parts, and what each links to is there."""
    shapes = []
    for page in PAGES:
        text = re.sub(r"^```.*?^```$", "```", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        shapes.append(re.findall(r"^(#+) ", text, re.MULTILINE))
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            assert (page.parent / target).is_file(), target
        assert named_blocks(page)
    assert shapes[0] == shapes[1]
