"""fgeval.metrics and fgeval.stats: sums over scores, by hand and against known values."""

from __future__ import annotations

import pytest
from eval_data import ADAPTER, BASE, BY_NAME, ROWS

from fgdata.example import example_from_row
from fgeval import ScoredItem, measure, paired_difference, score_completion, summarise, tallies
from fgeval.metrics import SLICES, confuse_tools, slice_by
from fgeval.stats import Rate, wilson


def scored(predictions: dict[str, str]) -> list[ScoredItem]:
    examples = [example_from_row(row, f"rows:{number}", "") for number, row in enumerate(ROWS, 1)]
    return [ScoredItem(e, score_completion(e.expected_calls, predictions[e.id], BY_NAME)) for e in examples]


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(81, 263, 0.2552, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718), (475, 500, 0.927, 0.966)],
)  # fmt: skip
def test_wilson_interval(k: int, n: int, low: float, high: float):
    """Newcombe's published examples (Statistics in Medicine 17, 1998, table I) and the 95 % of 500 of our notes."""
    assert wilson(k, n) == pytest.approx((low, high), abs=1e-3 if n == 500 else 1e-4)


def test_a_rate_of_nothing_is_none():
    """Nothing to count is not 0 %."""
    assert Rate(0, 0).to_json() == {"value": None, "k": 0, "n": 0, "low": None, "high": None}


def test_metrics_by_hand():
    """The base's eight items, counted on paper."""
    metrics = measure([item.score for item in scored(BASE)])
    assert (metrics.exact.k, metrics.exact.n) == (2, 8)
    assert (metrics.tool_names.k, metrics.tool_names.n) == (3, 6)  # 0, 1, 2 of the six with calls due
    assert (metrics.decision.k, metrics.decision.n) == (6, 8)  # 4 misses a call, 6 makes one
    assert (metrics.over_call.k, metrics.over_call.n) == (1, 2)
    assert (metrics.missed_call.k, metrics.missed_call.n) == (1, 6)
    assert (metrics.read.k, metrics.read.n) == (8, 8)
    assert (metrics.schema.k, metrics.schema.n) == (5, 6)  # 냉방 is in no enum
    assert (metrics.arguments.right, metrics.arguments.expected, metrics.arguments.got) == (1, 4, 3)
    arguments = metrics.to_json()["arguments"]
    assert (arguments["precision"]["value"], arguments["recall"]["value"]) == (1 / 3, 1 / 4)
    assert arguments["f1"] == pytest.approx(2 * (1 / 3) * (1 / 4) / (1 / 3 + 1 / 4))


def test_summary_by_hand():
    """Errors, dialects and slices of the base's eight items."""
    summary = summarise(scored(BASE))
    assert summary["errors"] == {
        "missed_call": 1, "over_call": 1, "wrong_tool": 1, "too_few_calls": 1, "user_language": 1, "wrong_value": 1,
    }  # fmt: skip
    assert {name: rate["k"] for name, rate in summary["values"].items()} == {
        "bare": 1,
        "escaped": 1,
        "mixed": 0,
        "none": 6,
    }
    by_tool = {name: (part["exact"]["k"], part["n"]) for name, part in summary["by"]["tool"].items()}
    assert by_tool == {
        "adjust_temperature": (1, 1), "no call": (1, 2), "power_off": (0, 1), "power_on": (0, 2), "set_mode": (0, 1),
        "set_temperature": (0, 2),
    }  # fmt: skip
    assert {name: part["n"] for name, part in summary["by"]["register"].items()} == {
        "fragment": 2,
        "hae": 4,
        "haeyo": 2,
    }
    assert "language" not in summary["by"], "no row says its language"


def test_confusion():
    """Every item in one cell: right answers on the diagonal, decisions and parallel calls apart."""
    matrix = confuse_tools(scored(BASE))
    cell = {
        (row, column): count
        for row, counts in zip(matrix.rows, matrix.counts, strict=True)
        for column, count in zip(matrix.columns, counts, strict=True)
        if count
    }
    assert cell == {
        ("adjust_temperature", "adjust_temperature"): 1,
        ("set_temperature", "set_temperature"): 1,
        ("set_mode", "set_mode"): 1,
        ("power_on", "power_off"): 1,
        ("power_off", "no call"): 1,
        ("several", "power_on"): 1,
        ("no call", "power_on"): 1,
        ("no call", "no call"): 1,
    }
    assert sum(map(sum, matrix.counts)) == len(ROWS)


def test_invented_and_unread_have_their_columns():
    """A tool that is not declared, and output that does not read, are told from wrong tools and from silence."""
    predictions = ADAPTER | {
        "item-3": "<start_function_call>call:turn_on{}<end_function_call>",
        "item-4": "<start_function_call>call:power_off{",
        "item-6": "<start_function_call>call:cook{}<end_function_call>",
    }
    matrix = confuse_tools(scored(predictions))
    assert matrix.columns[-4:] == ("several", "no call", "invented", "unread")
    counts = {
        row: dict(zip(matrix.columns, line, strict=True))
        for row, line in zip(matrix.rows, matrix.counts, strict=True)
    }
    assert (
        counts["power_on"]["invented"] == counts["power_off"]["unread"] == counts["no call"]["invented"] == 1
    )


def test_slices_cover_all_items():
    """Every slice of one value an item has its parts add up to the whole."""
    items = scored(ADAPTER)
    for name in set(SLICES) - {"tool", "argument_type", "language", "split", "values"}:
        assert sum(len(group) for group in slice_by(items, name).values()) == len(items)


def test_paired_difference():
    """Five gained, none lost: p = 2 * 0.5^5; nothing changed: p = 1."""
    base = [item.score.exact for item in scored(BASE)]
    adapter = [item.score.exact for item in scored(ADAPTER)]
    result = paired_difference(base, adapter)
    assert (result.gained, result.lost, result.n, result.difference) == (6, 1, 8, 5 / 8)
    assert result.p_value == pytest.approx(2 * (1 + 7) * 0.5**7)
    assert paired_difference([False] * 5, [True] * 5).p_value == pytest.approx(0.0625)
    assert paired_difference([False] * 6, [True] * 6).p_value == pytest.approx(0.03125)
    assert paired_difference(base, base).p_value == 1.0


def test_both_lists_of_slices_are_one():
    """What a summary is broken down by, a comparison and a gate are too."""
    assert set(tallies.SLICES) - {"contamination"} == set(SLICES)
