"""What the text of a model card says of scores: rates side by side, and what the model gets wrong. `model_card` makes its metadata."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fgdata.publish.card import inline
from fgdata.schema import Call, calls_to_text
from fgeval.clusters import FEW_CLUSTERS, ClusteredRate
from fgeval.model_card import CARD_METRICS, card_rates
from fgeval.scores import ScoredRun
from fgeval.tallies import METRICS

SHOWN: Final = 10
"""Failures that a card lists."""


def evaluation_table(runs: Mapping[str, ScoredRun]) -> list[str]:
    """A Markdown table: a column for each named run, a line for each metric, every rate with its 95 % interval by template family."""
    columns = [card_rates(run) for run in runs.values()]
    lines = [f"| metric | {' | '.join(map(inline, runs))} |", f"|---|{'---:|' * len(columns)}"]
    for name in CARD_METRICS:
        if any(name in column for column in columns):
            label = METRICS[name].label + (" (lower is better)" if METRICS[name].is_error else "")
            lines.append(
                f"| {inline(label)} | {' | '.join(_rate_text(column.get(name)) for column in columns)} |"
            )
    if any(rate.is_rough for column in columns for rate in column.values()):
        lines += [
            "",
            f"Some rates are of fewer than {FEW_CLUSTERS} families: their intervals are a rough guide.",
        ]
    return lines


def _rate_text(rate: ClusteredRate | None) -> str:
    """`87.0% [84.1–89.5%], n = 600`; a dash where nothing applies."""
    if rate is None:
        return "–"
    value, low, high = (100 * (number or 0.0) for number in (rate.value, rate.low, rate.high))
    return f"{value:.1f}% [{low:.1f}–{high:.1f}%], n = {rate.n:g}"


def dataset_name(summary: Mapping[str, Any]) -> str:
    """What the rows that were scored are called: the Hub's name and split, or the file's name without its folder."""
    data = summary["data"]
    if data.get("dataset"):
        return f"{data['dataset']} ({data['config']}/{data['split']})"
    return str(data["file"]).replace("\\", "/").rpartition("/")[2]


def failure_lines(run: ScoredRun, n: int = SHOWN) -> list[str]:
    """What a run gets wrong, as Markdown: items by kind of error, then `n` of them, the most frequent kinds first and each in turn."""
    wrong = [row for row in run.rows if not row["exact"]]
    if not wrong:
        return [f"Nothing in these {len(run.rows)} items; that does not mean that it gets nothing wrong."]
    kinds = Counter(str(row["error_type"]) for row in wrong)
    lines = [
        f"{len(wrong)} of {len(run.rows)} items are not exact.",
        "",
        "| kind of error | items |",
        "|---|---:|",
    ]
    lines += [f"| {inline(kind)} | {count} |" for kind, count in kinds.most_common()]
    lines += ["", "| request | expected | got | reason |", "|---|---|---|---|"]
    for row in _in_turn(wrong, [kind for kind, _ in kinds.most_common()])[:n]:
        cells = (row["utterance"], _calls(row["expected"]), _calls(row["got"]), row["reason"])
        lines.append(f"| {' | '.join(inline(_shortened(str(cell))) for cell in cells)} |")
    return lines


def _in_turn(rows: Sequence[Mapping[str, Any]], kinds: Sequence[str]) -> list[Mapping[str, Any]]:
    """The first of each kind, then the second of each, and so on."""
    groups = [[row for row in rows if row["error_type"] == kind] for kind in kinds]
    longest = max(map(len, groups))
    return [group[place] for place in range(longest) for group in groups if place < len(group)]


def _calls(entries: Sequence[Mapping[str, Any]]) -> str:
    return calls_to_text([Call.from_json(entry) for entry in entries])


def _shortened(text: str, limit: int = 160) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
