"""A model card's evaluation, made from `summary.json` and `scores.jsonl`: tables, `model-index`, `.eval_results`, failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fgdata.publish.card import inline
from fgdata.schema import Call, calls_to_text
from fgeval.scores import ScoredRun

METRICS: Final[Mapping[str, tuple[str, str]]] = {
    "exact": ("exact_match", "Exact match"),
    "tool_names": ("right_tools", "Right tools"),
    "decision": ("call_or_no_call", "Call or no call"),
    "arguments.precision": ("argument_precision", "Argument precision"),
    "arguments.recall": ("argument_recall", "Argument recall"),
}
"""Key in `summary.json` -> type and name in a card."""
SHOWN: Final = 10
"""Failures that a card lists."""


def rates_of(summary: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The rates of `METRICS` that apply: value, k, n, low and high."""
    found = {}
    for key in METRICS:
        rate: Any = summary["overall"]
        for name in key.split("."):
            rate = rate[name]
        if rate["value"] is not None:
            found[key] = rate
    return found


def rate_text(rate: Mapping[str, Any] | None) -> str:
    """`87.0% [84.1–89.5%], n = 600`; a dash where nothing applies."""
    if rate is None:
        return "–"
    return f"{100 * rate['value']:.1f}% [{100 * rate['low']:.1f}–{100 * rate['high']:.1f}%], n = {rate['n']}"


def evaluation_table(summaries: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A Markdown table: a column for each named summary, a line for each metric, every rate with its 95 % interval."""
    columns = [rates_of(summary) for summary in summaries.values()]
    lines = [f"| metric | {' | '.join(map(inline, summaries))} |", f"|---|{'---:|' * len(columns)}"]
    for key, (_, label) in METRICS.items():
        if any(key in column for column in columns):
            lines.append(f"| {label} | {' | '.join(rate_text(column.get(key)) for column in columns)} |")
    return lines


def dataset_name(summary: Mapping[str, Any]) -> str:
    """What the rows that were scored are called: the Hub's name and split, or the file's name without its folder."""
    data = summary["data"]
    if data.get("dataset"):
        return f"{data['dataset']} ({data['config']}/{data['split']})"
    return str(data["file"]).replace("\\", "/").rpartition("/")[2]


def model_index(name: str, summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The card's `model-index`: each metric with its interval and the number of items in its name, since the format has no field for them."""
    data = summary["data"]
    dataset = {"name": dataset_name(summary), "type": data.get("dataset") or "custom"}
    if data.get("dataset"):
        dataset |= {"config": data["config"], "split": data["split"], "revision": data["revision"]}
    metrics = [
        {
            "type": METRICS[key][0],
            "value": round(rate["value"], 4),
            "name": f"{METRICS[key][1]} (95 % interval {100 * rate['low']:.1f}–{100 * rate['high']:.1f} %, n = {rate['n']})",
            "verified": False,
        }
        for key, rate in rates_of(summary).items()
    ]
    task = {"type": "text-generation", "name": "Function calling"}
    return [{"name": name, "results": [{"task": task, "dataset": dataset, "metrics": metrics}]}]


def eval_results(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The entries of an `.eval_results/*.yaml`, one a metric; none if the rows are not on the Hub, which the format asks for."""
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

    data = summary["data"]
    if not data.get("dataset"):
        return []
    profile = summary["profile"]["name"]
    return list(
        eval_result_entries_to_yaml(
            [
                EvalResultEntry(
                    dataset_id=data["dataset"],
                    dataset_revision=data["revision"],
                    task_id=METRICS[key][0],
                    value=round(100 * rate["value"], 2),
                    notes=f"{METRICS[key][1]} in percent, 95 % interval {100 * rate['low']:.1f}–{100 * rate['high']:.1f}, n = {rate['n']}, "
                    f"split {data['config']}/{data['split']}, scored with fgeval, profile {profile}",
                )
                for key, rate in rates_of(summary).items()
            ]
        )
    )


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
