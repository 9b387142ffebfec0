"""docs/own-tools.md and its Korean twin: the walk from an OpenAPI file to a scored adapter runs as it is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from documented_packs import named_blocks
from test_docs import SMALLER, blocks, commands

from fgdata.cli import main as fgdata_main

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "docs" / name for name in ("own-tools.md", "own-tools.ko.md")]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@each_page
def test_the_walk_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command of the page, in order, with fewer rows and steps; the notes that the page shows are told.

    The twin's commands are the same: of them only those run that its own document changes.
    """
    pytest.importorskip("torch")
    from fgeval.cli import main as fgeval_main
    from fgtrain.cli import main as fgtrain_main

    programs: dict[str, Callable[[list[str]], int]] = {
        "fgdata": fgdata_main, "fgtrain": fgtrain_main, "fgeval": fgeval_main
    }  # fmt: skip
    (tmp_path / "models").symlink_to(ROOT / "models")
    for name, text in named_blocks(page).items():
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    walk = commands(page)
    verbs = [f"{words[0]} {words[1]}" for words in walk]
    assert verbs == [
        "fgdata init", "fgdata check", "fgdata generate", "fgdata lint", "fgtrain lora", "fgeval run", "fgeval score", "fgdata coverage", "fgdata coverage"
    ]  # fmt: skip
    told = ("init", "check", "coverage")  # what the pages show or the document changes
    extra = {"lora": ["--max_steps", "1"], "run": ["--limit", "3"], "score": ["--allow-missing"]}
    said = {}
    assert walk == commands(PAGES[0])
    for program, *words in walk:
        if page != PAGES[0] and (words[0] not in told or "--from" in words):
            continue
        smaller = [SMALLER.get(before, word) for before, word in zip(["", *words], words, strict=False)]
        assert programs[program]([*smaller, *extra.get(words[0], [])]) == 0, (words, capsys.readouterr())
        printed = capsys.readouterr()
        said[words[0]] = printed.out + printed.err
    shown = [line for text in blocks(page, "text") for line in text.splitlines() if line.startswith("note: ")]
    assert len(shown) == 3
    for line in shown:
        for part in line.split("…"):
            assert part.strip() in said["init"], part
    marked = re.search(r"^  (# WRITE: .*)$", page.read_text("utf-8"), re.MULTILINE)
    assert marked is not None
    assert marked[1] in (tmp_path / "cafe" / "slots.yaml").read_text("utf-8")
    assert "gaps" in said["coverage"]
    assert page != PAGES[0] or "scored rows are wrong" in said["coverage"]


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    """What the page links to is there, and QUICKSTART.md links to the English one."""
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).is_file(), target
    assert "docs/own-tools.md" in (ROOT / "QUICKSTART.md").read_text("utf-8")


def test_the_twins_are_twins() -> None:
    """Both pages have the same parts."""
    shapes = []
    for page in PAGES:
        text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        shapes.append(re.findall(r"^(#+) ", text, re.MULTILINE))
    assert shapes[0] == shapes[1]
