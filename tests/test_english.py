"""English filters: articles by sound, plurals, contractions."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_pack import INTENTS, write_pack

from fgdata.english import contracted, plural, with_article
from fgdata.generator import generate
from fgdata.pack_reader import read_pack


@pytest.mark.parametrize(
    ("noun", "said"),
    [("hour", "an hour"), ("user", "a user"), ("lamp", "a lamp"), ("LED", "an LED"), ("umbrella", "an umbrella"),
     ("one-time code", "a one-time code"), ("8-hour night", "an 8-hour night"), ("unit", "a unit"), ("", "")],
)  # fmt: skip
def test_articles_go_by_sound(noun: str, said: str) -> None:
    """The article follows what is heard, not what is written."""
    assert with_article(noun) == said


@pytest.mark.parametrize(
    ("noun", "said"),
    [("step", "steps"), ("person", "people"), ("goal", "goals"), ("day", "days"), ("battery", "batteries"),
     ("child", "children"), ("watch", "watches"), ("", "")],
)  # fmt: skip
def test_plurals(noun: str, said: str) -> None:
    """Regular and irregular plurals."""
    assert plural(noun) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [("I am cold", "I'm cold"), ("do not stop", "don't stop"), ("it is too hot", "it's too hot"), ("we will leave", "we'll leave"),
     ("I would like tea", "I'd like tea"), ("cannot", "can't"), ("will not", "won't"), ("let us go", "let's go"),
     ("What is my goal", "What's my goal"), ("Is it on", "Is it on"), ("I have a dog", "I have a dog"), ("I have walked", "I've walked")],
)  # fmt: skip
def test_contractions(text: str, said: str) -> None:
    """What people run together, and what they do not."""
    assert contracted(text) == said


def test_filters_in_a_template(tmp_path: Path) -> None:
    """The filters work on slots and texts of a pack."""
    text = INTENTS["cosy"].replace(
        "make the {{ lamp }}",
        "make {{ lamp | a }} of my {{ lamp | plural }}, {{ 'I am tired' | contracted }},",
    )
    made = generate(read_pack(write_pack(tmp_path, cosy=text)), 200, 1)
    rows = [row.utterance for row in made.splits["train"] if row.intent == "cosy"]
    assert rows
    assert all(("a lamp of" in row or "a light of" in row) and "I'm tired" in row for row in rows)
    assert all("lamps" in row or "lights" in row for row in rows)
