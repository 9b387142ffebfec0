"""Every code block of the documentation runs as it stands; the shell lines of the pages run with smaller numbers."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from fgdata.linting import rules_markdown
from fgdata.packs import find_pack_folder, load_pack, pack_names
from scripts.docs import file_tree, with_parts
from scripts.pack_page import page_path, parts_of
from scripts.pack_table import table, with_table

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRAMS = ("fgdata", "fgtrain", "fgeval")
SMALLER = {"--rows": "150", "--limit": "6"}
"""Values that a page's commands run with here, so that a walk takes seconds."""


def blocks(page: Path, *languages: str) -> list[str]:
    """The page's code blocks in one of `languages`, in order."""
    return [text for language, text in BLOCK.findall(page.read_text("utf-8")) if language in languages]


def commands(page: Path) -> list[list[str]]:
    """The words of every command of the page's shell blocks, and of the `$` lines of console blocks; comments dropped."""
    said = "\n".join(blocks(page, "console")).splitlines()
    typed = "\n".join(blocks(page, "bash", "sh")).replace("\\\n", " ").splitlines()
    lines = [*typed, *(line.removeprefix("$ ") for line in said if line.startswith("$ "))]
    return [words for line in lines if (words := shlex.split(line, comments=True))]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks(page, "python")], ids=lambda page: page.name
)
def test_python_blocks_run(page: Path, tmp_path: Path) -> None:
    """The Python blocks of a page run, one after the other, in one interpreter and an empty folder."""
    code = "\n".join(blocks(page, "python"))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr


@cache
def help_of(program: str, verb: str) -> str:
    """What `--help` of a verb prints."""
    command = [sys.executable, "-m", f"{program}.cli", verb, "--help"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=lambda page: page.name)
def test_commands_exist(page: Path) -> None:
    """Every `make` target and every verb and flag of our programs that a page names exists."""
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for words in commands(page):
        if words[0] == "make":
            named = [word for word in words[1:] if "=" not in word and not word.startswith("-")]
            assert set(named) <= targets, words
        elif words[0] in PROGRAMS and len(words) > 1:
            usage = help_of(words[0], words[1])
            flags = [word.partition("=")[0] for word in words[2:] if word.startswith("--")]
            missing = [
                flag for flag in flags if flag not in usage and flag.replace("-", "_")[2:] not in usage
            ]
            assert not missing, (words, missing)


def test_lint_rules_are_documented() -> None:
    """docs/lint.md says of every rule what the table says."""
    assert rules_markdown() in (ROOT / "docs" / "lint.md").read_text("utf-8")


@pytest.mark.parametrize("name", ["README.md", "README.ko.md"])
def test_the_file_tree_is_fresh(name: str) -> None:
    """The tree is the one that `make docs` writes."""
    page = (ROOT / name).read_text("utf-8")
    assert with_parts(page, {"tree": file_tree()}) == page


@pytest.mark.parametrize(
    "name", ["climate_ko", "fitness_en", "fitness_ko", "fitness_plus_en", "fitness_plus_ko"]
)
def test_pack_tables_are_fresh(name: str) -> None:
    """The table of intents in a pack's README is the one that scripts/pack_table.py prints."""
    page = (find_pack_folder(name) / "README.md").read_text("utf-8")
    assert with_table(page, table(load_pack(name))) == page


@pytest.mark.parametrize("name", pack_names())
def test_pack_pages_are_fresh(name: str) -> None:
    """A pack's page says of functions, policies and intents what scripts/pack_page.py prints."""
    page = page_path(name).read_text("utf-8")
    assert with_parts(page, parts_of(load_pack(name), None)) == page
    assert all(
        f"<!-- {part} -->\n" in page for part in ("functions", "policies", "intents", "counts", "samples")
    )


def test_quickstart_walk(tmp_path: Path) -> None:
    """QUICKSTART.md from its first command to its last, on the tiny base, with fewer rows and steps."""
    walk = [words for words in commands(ROOT / "QUICKSTART.md") if words[0] in PROGRAMS]
    assert {(words[0], words[1]) for words in walk} >= {
        ("fgdata", "generate"), ("fgtrain", "lora"), ("fgeval", "run"), ("fgeval", "score"), ("fgeval", "report"), ("fgeval", "ask")
    }  # fmt: skip
    (tmp_path / "models").symlink_to(ROOT / "models")
    (tmp_path / "templates").symlink_to(ROOT / "templates")
    for program, *words in walk:
        smaller = [SMALLER.get(before, word) for before, word in zip(["", *words], words, strict=False)]
        if program == "fgtrain":
            smaller += ["--max_steps", "2"]
        if words[0] == "run":
            smaller += ["--limit", "6"]
        if words[0] == "score":
            smaller += ["--allow-missing"]
        done = subprocess.run(
            [sys.executable, "-m", f"{program}.cli", *smaller], cwd=tmp_path, capture_output=True, text=True, timeout=240
        )  # fmt: skip
        assert done.returncode == 0, (program, smaller, done.stdout, done.stderr)
    assert list(tmp_path.rglob("report.html"))
