"""The grammar of the peer benchmark: its three spellings say the same, and its pack is sound."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from fgdata.generator import generate
from fgdata.packs import load_pack

PEERS = Path(__file__).parents[1] / "benchmarks" / "peers"
sys.path.insert(0, str(PEERS))
from grammar import INTENTS, PACK, WORDS, FamilyFinder, chatette_text, chatito_text, forms, n_sentences, pack_files  # noqa: E402, I001  # a script's neighbour  # fmt: skip


def test_pack_is_what_the_grammar_writes() -> None:
    """The pack in the tree is up to date; `python benchmarks/peers/grammar.py` rewrites it."""
    assert {str(p.relative_to(PACK)): p.read_text("utf-8") for p in PACK.rglob("*.*")} == pack_files()


def test_readme_gives_the_counts() -> None:
    """The page's number of sentences is the grammar's."""
    assert f"{n_sentences():,} sentences" in (PEERS / "README.md").read_text("utf-8")
    assert 10**7 < n_sentences() < 10**9


def test_families_are_found() -> None:
    """The template of a text is found again, for every row that the pack makes."""
    finder = FamilyFinder()
    made = generate(load_pack(PACK), rows=600, seed=1)
    for examples in made.splits.values():
        for example in examples:
            found = finder(example.utterance, example.intent)
            assert found == example.family.replace("family_", ""), example.utterance
    assert finder("문 좀 열어 주세요", "power_on") is None


@pytest.mark.parametrize("write", [chatette_text, chatito_text])
def test_peer_files(write: object) -> None:
    """Every template, word and form stands in a peer's file, and the rows asked for sum up."""
    assert callable(write)
    text = write(103, 12)
    assert sum(map(int, re.findall(r"'training': '(\d+)'", text))) == 103
    assert sum(map(int, re.findall(r"'testing': '(\d+)'", text))) == 12
    assert text.count("@[device") == 0
    assert len(re.findall(r"^    .*~\[device\]", text, re.MULTILINE)) == sum(len(i.families) for i in INTENTS)
    said = [
        *(form for slot in ("room", "temperature", "mode", "speed") for form in forms(slot)),
        *WORDS["end_on"],
    ]
    assert all(re.search(rf"^    {re.escape(form)}(?: = \w+)?$", text, re.MULTILINE) for form in said)
