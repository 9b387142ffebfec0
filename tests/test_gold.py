"""Gold: values beside a row's answer that will do, kept as their source wrote them."""

from __future__ import annotations

from typing import Any

import pytest
from eval_data import call, row

from fgdata.errors import DataError
from fgdata.example import example_from_row
from fgdata.gold import Gold, GoldCall

GOLD = Gold(
    layout="bfcl",
    category="live_simple",
    calls=(GoldCall("set_mode", {"mode": ["cooling", ""]}),),
    ordered=True,
    tools=({"name": "set_mode", "parameters": {"type": "dict"}},),
    note="words",
)


def test_gold_of_a_row():
    """What a reader put in comes back from the row that is written, and a row without gold has none."""
    written = row(0, "냉방", call("set_mode", mode="cooling")) | {"gold": GOLD.to_json()}
    example = example_from_row(written, "f:1", "")
    assert example.gold == GOLD
    assert example.to_row()["gold"] == GOLD.to_json()
    assert "gold" not in example_from_row(row(0, "냉방"), "f:1", "").to_row()


@pytest.mark.parametrize(
    ("gold", "word"),
    [
        ([], "must be an object"),
        ({"layout": "xlam"}, r"gold\.layout"),
        ({"category": 3}, r"gold\.category"),
        ({"calls": {"f": {}}}, r"gold\.calls"),
        ({"calls": [{"name": "f", "accepts": [1]}]}, r"gold\.calls"),
        ({"ordered": "yes", "tools": [1]}, r"gold\.ordered.*gold\.tools"),
    ],
)
def test_gold_that_is_none(gold: Any, word: str):
    """The row is named, and everything that is wrong with its gold."""
    with pytest.raises(DataError, match=rf"f:1: .*{word}"):
        example_from_row(row(0, "냉방") | {"gold": gold}, "f:1", "")
