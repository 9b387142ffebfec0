"""The hand-written Korean requests: what the file promises."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

ROWS = [
    json.loads(line) for line in (Path(__file__).parent / "data" / "hand_ko.jsonl").open(encoding="utf-8")
]
RANGES = {
    "ac_set_temperature": ("temperature", range(16, 31)),
    "tv_set_channel": ("channel", range(1, 101)),
    "tv_set_volume": ("volume", range(101)),
    "light_set_brightness": ("brightness", range(101)),
    "light_set_color_temp": ("temp", range(2700, 6501)),
    "audio_set_volume": ("volume", range(101)),
    "curtain_set_position": ("position", range(101)),
    "ac_set_mode": ("mode", ("cooling", "heating", "auto", "ventilation")),
    "ac_set_fan_speed": ("speed", ("low", "medium", "high", "auto")),
    "ventilation_set_speed": ("speed", ("low", "medium", "high", "auto")),
    "vacuum_clean_zone": ("zone", ("living_room", "bedroom", "kitchen", "bathroom")),
}


def test_at_least_400_distinct_requests_in_halves() -> None:
    """Two halves of one size, every request once."""
    assert len(ROWS) >= 400
    assert (
        len({row["id"] for row in ROWS}) == len({"".join(row["text"].split()) for row in ROWS}) == len(ROWS)
    )
    sets = Counter(row["set"] for row in ROWS)
    assert set(sets) == {"look", "score"}
    assert abs(sets["look"] - sets["score"]) <= 4


def test_every_kind_register_and_function_in_both_halves() -> None:
    """Each half can judge alone."""
    for half in ("look", "score"):
        rows = [row for row in ROWS if row["set"] == half]
        assert {row["kind"] for row in rows} == {"call", "calls", "no_call", "ask"}
        assert {row["register"] for row in rows} == {"hae", "haeyo", "hapsyo", "haera", "fragment"}
        assert len({call["name"] for row in rows for call in row["calls"]}) >= 34


def test_calls_fit_kind_and_range() -> None:
    """As many calls as the kind says, with arguments in range."""
    counts = {"call": (1, 1), "calls": (2, 4), "no_call": (0, 0), "ask": (0, 0)}
    for row in ROWS:
        low, high = counts[row["kind"]]
        assert low <= len(row["calls"]) <= high, row["id"]
        for call in row["calls"]:
            assert set(call) == {"name", "arguments"}, row["id"]
            if call["name"] in RANGES:
                name, allowed = RANGES[call["name"]]
                assert set(call["arguments"]) == {name}, row["id"]
                assert call["arguments"][name] in allowed, row["id"]
    assert len({call["name"] for row in ROWS for call in row["calls"]}) == 37
