"""What a report says, as plain data: both templates and the terminal's table print it and compute nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from fgdata.schema import Call, calls_to_text
from fgeval.compare import compare_runs
from fgeval.metrics import SLICES
from fgeval.paired import PairedClusters
from fgeval.report.families import FamilyRates
from fgeval.report.language import speak
from fgeval.report.reasons import reason_in_korean, split_reasons
from fgeval.scores import ScoredRun
from fgeval.stats import Rate, paired_difference
from fgeval.tallies import METRICS, tally_rows

HEADLINES = (
    ("exact", "Exact match", "the right calls with the right arguments, and nothing else"),
    ("tool_names", "Right tools", "of the items where a call was due"),
    ("decision", "Call or no call", "a call if and only if one was due"),
    ("precision", "Argument precision", "of the arguments given, how many were right"),
    ("recall", "Argument recall", "of the arguments due, how many were given right"),
)
DETAILS = (
    ("schema", "Calls fit their tools", "of the items with calls: declared, required, type, range, enum"),
    ("read", "Output reads", "no broken or cut-off call"),
    ("over_call", "Called needlessly", "of the items where no call was due; lower is better"),
    ("missed_call", "Failed to call", "of the items where a call was due; lower is better"),
    ("too_many", "More calls than due", "of all items; lower is better"),
    ("too_few", "Fewer calls than due", "of the items where a call was due; lower is better"),
    ("asked", "Asked for what was missing", "of the items where that was due and the pack's markers tell"),
    ("call_precision", "Call precision", "of the calls made, how many were due, every argument right"),
    ("call_recall", "Call recall", "of the calls due, how many were made, every argument right"),
)
DIALECTS = ("bare", "escaped", "mixed", "none")
SLICE_TITLES = {name: name.replace("_", " ").capitalize() for name in SLICES}
_NOTHING = Rate(0, 0).to_json()


def build_view(
    runs: Sequence[ScoredRun], *, title: str, note: str, max_failures: int, language: str = "en"
) -> dict[str, Any]:
    """Everything the report shows."""
    items = _join_items(runs, language)
    failed = [item for item in items if not all(result["exact"] for result in item["results"])]
    flips = [_flips(items, 0, number, runs) for number in range(1, len(runs))]
    by_family = [FamilyRates(run) for run in runs]
    families = _family_rows(runs, language)
    flipped = [item for flip in flips for item in (*flip["gained"], *flip["lost"])]
    return {
        "title": title,
        "language": language,
        "note": note,
        "runs": [
            {
                "name": run.name,
                "n": run.summary["n"],
                "missing": len(run.summary["missing"]),
                "failed": len(run.summary.get("backend_errors", ())),
                "not_scored": len(run.summary.get("not_scored", ())),
                "left_out": len(run.summary.get("left_out", ())),
            }
            for run in runs
        ],
        "n": runs[0].summary["n"],
        "n_families": len({row["family"] for row in runs[0].rows if row.get("family")}),
        "profile": runs[0].summary["profile"],
        "headlines": [_metric_row(runs, by_family, *metric) for metric in HEADLINES],
        "families": families,
        "details": [_metric_row(runs, by_family, *metric) for metric in DETAILS],
        "f1": _f1_rows(runs),
        "comparisons": [
            _compare(runs[0], other, differences.get("exact"))
            for other, differences in zip(runs[1:], families.pop("differences"), strict=True)
        ],
        "slices": _slice_tables(runs, by_family),
        "same_for_all": _same_for_all(runs),
        "contamination": _contamination_rows(runs),
        "latency": _latency(runs),
        "slice_titles": SLICE_TITLES,
        "min_n": max(run.summary.get("min_n", 1) for run in runs),
        "suppressed": {
            name: len(small)
            for name in SLICES
            if (small := {value for run in runs for value in run.summary.get("suppressed", {}).get(name, ())})
        },
        "parameters": _parameter_rows(runs),
        "confusions": [{"name": run.name, **_confusion(run.summary["confusion"])} for run in runs],
        "dialects": [
            {"name": run.name, "rates": [run.summary["values"][d] for d in DIALECTS]} for run in runs
        ],
        "dialect_names": DIALECTS,
        "errors": _error_rows(runs),
        "flips": flips,
        "failures": failed[:max_failures],
        "n_failed": len(failed),
        "tools": _shown_tools(runs[0], [*failed[:max_failures], *flipped]),
        "caveats": _caveats(runs, speak(language)),
        "provenance": _provenance(runs, speak(language)),
    }


def _rate(metrics: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    # Summaries of older releases lack some metrics: those read as not applicable.
    if name.startswith("call_"):
        rate = metrics.get("calls", {}).get(name.removeprefix("call_"), _NOTHING)
    elif name in ("precision", "recall"):
        rate = metrics["arguments"][name]
    else:
        rate = metrics.get(name, _NOTHING)
    assert isinstance(rate, Mapping)
    return rate


def _metric_row(
    runs: Sequence[ScoredRun], by_family: Sequence[FamilyRates], key: str, label: str, hint: str
) -> dict[str, Any]:
    return {
        "key": key,
        "label": label,
        "hint": hint,
        "rates": [
            families.metric(key, _rate(run.summary["overall"], key))
            for run, families in zip(runs, by_family, strict=True)
        ],
    }


def _family_rows(runs: Sequence[ScoredRun], language: str) -> dict[str, Any]:
    """Every metric with its interval by template family, and the difference from the first run."""
    compared = [compare_runs(runs[0], [run]) for run in runs[1:]]
    tallies = [tally_rows(run.rows) for run in runs]
    names = [name for name in METRICS if all(name in tally.counts for tally in tallies)]
    warnings = dict.fromkeys(text for (found,) in compared for text in found.warnings)
    differences = [{one.metric: one.paired for one in found.metrics} for (found,) in compared]
    return {
        "warnings": [reason_in_korean(text) if language == "ko" else text for text in warnings],
        "differences": differences,
        "detectable": [difference["exact"].detectable for difference in differences if difference["exact"]],
        "rows": [
            {
                "label": METRICS[name].label,
                "is_error": METRICS[name].is_error,
                "rates": [asdict(tally.rate(name)) for tally in tallies],
                "differences": [paired.to_json() if (paired := d.get(name)) else None for d in differences],
            }
            for name in names
        ],
    }


def _slice_tables(
    runs: Sequence[ScoredRun], by_family: Sequence[FamilyRates]
) -> dict[str, list[dict[str, Any]]]:
    """Exact match by slice; a slice of one value says nothing new and is left out, except by tool."""
    tables = {}
    for name in SLICES:
        groups = [run.summary["by"].get(name, {}) for run in runs]
        rows = [
            {
                "label": label,
                "n": groups[0][label]["n"],
                "rates": [
                    families.part(name, label, group[label]["exact"])
                    for group, families in zip(groups, by_family, strict=True)
                ],
            }
            for label in groups[0]
            if all(label in group for group in groups)
        ]
        if len(rows) > 1 or (rows and name == "tool"):
            tables[name] = rows
    return tables


def _same_for_all(runs: Sequence[ScoredRun]) -> list[tuple[str, str]]:
    """The slices of which every item that states a value states the same, with that value."""
    found = []
    for name in SLICES:
        groups = [run.summary["by"].get(name, {}) for run in runs]
        if name != "tool" and all(
            len(group) == 1 and not run.summary.get("suppressed", {}).get(name)
            for group, run in zip(groups, runs, strict=True)
        ):
            found.append((name, next(iter(groups[0]))))
    return found


def _contamination_rows(runs: Sequence[ScoredRun]) -> list[dict[str, Any]]:
    """Exact match of the items clean of the training rows and of those touched by them; none unless all runs tell."""
    found = [run.summary.get("contamination") for run in runs]
    if not all(found):
        return []
    rates = [one["exact"] for one in found if one]
    return [
        {"label": part, "n": int(rates[0][part]["n"]), "rates": [rate[part] for rate in rates]}
        for part in ("clean", "touched")
    ]


def _latency(runs: Sequence[ScoredRun]) -> list[dict[str, Any]]:
    """Times of the runs that were timed."""
    rows = []
    for run in runs:
        speed = run.summary["speed"]
        if speed["timed"] and speed.get("median_s") is not None:
            tokens = speed["completion_tokens"]
            rate = tokens / speed["time_s"] if tokens and speed["time_s"] else None
            rows.append({"name": run.name, "mean_s": speed["time_s"] / speed["timed"], "rate": rate, **speed})
    return rows


def _f1_rows(runs: Sequence[ScoredRun]) -> list[dict[str, Any]]:
    """Harmonic means of precision and recall: of arguments, micro and macro, and of whole calls."""
    overall = [run.summary["overall"] for run in runs]
    return [
        {
            "label": "Argument F1, micro",
            "hint": "over all arguments",
            "values": [one["arguments"]["f1"] for one in overall],
        },
        {
            "label": "Argument F1, macro",
            "hint": "mean of the parameters' own",
            "values": [(one["arguments"].get("macro") or {}).get("f1") for one in overall],
        },
        {
            "label": "Call F1",
            "hint": "over whole calls",
            "values": [(one.get("calls") or {}).get("f1") for one in overall],
        },
    ]


def _parameter_rows(runs: Sequence[ScoredRun]) -> list[dict[str, Any]]:
    """Every parameter with its precision, recall and F1 in each run."""
    by_run = [{(one["tool"], one["name"]): one for one in run.summary.get("parameters", ())} for run in runs]
    places = sorted({place for parameters in by_run for place in parameters})
    nothing = {"precision": _NOTHING, "recall": _NOTHING, "f1": None}
    return [
        {
            "label": f"{tool}.{name}",
            "n": max(parameters.get((tool, name), {}).get("expected", 0) for parameters in by_run),
            "scores": [parameters.get((tool, name), nothing) for parameters in by_run],
        }
        for tool, name in places
    ]


def _compare(first: ScoredRun, other: ScoredRun, by_family: PairedClusters | None) -> dict[str, Any]:
    """Exact match of two runs; `by_family` where the rows state families, and then it is what the page goes by."""
    right = {row["id"]: row["exact"] for row in other.rows}
    difference = paired_difference(
        [row["exact"] for row in first.rows], [right[row["id"]] for row in first.rows]
    )
    known = by_family if any(row.get("family") for row in first.rows) else None
    return {
        "first": first.name,
        "second": other.name,
        **asdict(difference),
        "by_family": known.to_json() if known else None,
    }


def _confusion(matrix: Mapping[str, Any]) -> dict[str, Any]:
    rows = []
    for name, counts in zip(matrix["rows"], matrix["counts"], strict=True):
        total = sum(counts)
        cells = [
            {
                "count": count,
                "share": count / total if total else 0.0,
                "diagonal": column == name,
                "column": column,
            }
            for column, count in zip(matrix["columns"], counts, strict=True)
        ]
        rows.append({"name": name, "total": total, "cells": cells})
    return {"columns": matrix["columns"], "rows": rows}


def _error_rows(runs: Sequence[ScoredRun]) -> list[dict[str, Any]]:
    names = dict.fromkeys(name for run in runs for name in run.summary["errors"])
    counts = {name: [run.summary["errors"].get(name, 0) for run in runs] for name in names}
    return [
        {"name": name, "counts": counts[name]}
        for name in sorted(names, key=lambda name: (-sum(counts[name]), name))
    ]


def _join_items(runs: Sequence[ScoredRun], language: str) -> list[dict[str, Any]]:
    """Every item once, with its result in each run."""
    by_id = [{row["id"]: row for row in run.rows} for run in runs]
    return [
        {
            "id": row["id"],
            "utterance": row["utterance"],
            "before": row.get("before", []),
            "tools": [number for number in row.get("tools", ()) if number < len(runs[0].tools)],
            "expected": _calls_text(row["expected"]),
            "wrong_in": " ".join(
                str(number) for number, rows in enumerate(by_id) if not rows[row["id"]]["exact"]
            ),
            "where": " · ".join(
                row[name] for name in ("kind", "intent", "family", "register") if row.get(name)
            ),
            "results": [
                {
                    "run": run.name,
                    "exact": rows[row["id"]]["exact"],
                    "error_type": rows[row["id"]]["error_type"],
                    "got": _calls_text(rows[row["id"]]["got"]),
                    "raw": rows[row["id"]]["raw"],
                    "reason": _reason(rows[row["id"]], language),
                }
                for run, rows in zip(runs, by_id, strict=True)
            ],
        }
        for row in runs[0].rows
    ]


def _shown_tools(run: ScoredRun, items: Sequence[Mapping[str, Any]]) -> dict[int, dict[str, str]]:
    """The declarations of the tools that stand in the prompts of `items`, by number: name and JSON."""
    numbers = sorted({number for item in items for number in item["tools"]})
    shown = {}
    for number in numbers:
        entry = run.tools[number]
        function = entry.get("function", entry)
        shown[number] = {
            "name": str(function.get("name")),
            "text": json.dumps(function, ensure_ascii=False, indent=2),
        }
    return shown


def _reason(row: Mapping[str, Any], language: str) -> str:
    """Why points were lost, in the report's language."""
    if language != "ko":
        return str(row["reason"])
    return "; ".join(map(reason_in_korean, row.get("reasons") or split_reasons(row["reason"])))


def _calls_text(calls: Sequence[Mapping[str, Any]]) -> str:
    return calls_to_text([Call(call["name"], call["arguments"]) for call in calls])


def _flips(
    items: Sequence[Mapping[str, Any]], old: int, new: int, runs: Sequence[ScoredRun]
) -> dict[str, Any]:
    """Items that only one of two runs gets right. Of such an item the wrong result is shown."""

    def only(right: int, wrong: int) -> list[dict[str, Any]]:
        return [
            {**item, "wrong": item["results"][wrong]}
            for item in items
            if item["results"][right]["exact"] and not item["results"][wrong]["exact"]
        ]

    return {
        "first": runs[old].name,
        "second": runs[new].name,
        "gained": only(new, old),
        "lost": only(old, new),
    }


def _caveats(runs: Sequence[ScoredRun], say: Callable[..., str]) -> list[str]:
    """What a reader could wrongly conclude from the numbers, for these runs."""
    rows = runs[0].rows
    families = {row["family"] for row in rows if row.get("family")}
    caveats = [
        say(
            "Intervals and tests count the {families} template families that the {n} items come from: items of one family share "
            "their wording, and are right or wrong together."
            if families
            else "Wilson's intervals and McNemar's test take the {n} items for independent.",
            n=f"{len(rows):,}",
            families=f"{len(families):,}",
        ),
        say("A slice with few items says little: read its interval, not its percentage."),
    ]
    if families:
        caveats.append(
            say(
                "The utterances come from templates. The families here were kept out of training if the pack's own split was "
                "used, but the same hands wrote both sides; other people's wordings may score lower."
            )
        )
    if any(not row["expected"] for row in rows):
        caveats.append(
            say(
                "Where no call is due, an item is right if no call is made. Whether the text that is written instead is a good "
                "answer, or asks for the right thing, is not judged."
            )
        )
    if any((run.summary["run"] or {}).get("adapter") for run in runs):
        caveats.append(
            say(
                "An adapter here is one training run with one seed; another seed gives another adapter and other numbers."
            )
        )
    if any(run.summary["run"] is None for run in runs):
        caveats.append(say("A run without provenance: nothing here shows which model wrote its predictions."))
    return caveats


def _provenance(runs: Sequence[ScoredRun], say: Callable[..., str]) -> dict[str, Any]:
    data = runs[0].summary["data"]
    shared = [
        ("Data", data["file"]),
        ("Data SHA-256", data["sha256"]),
        ("Rows in the data", f"{data['n']:,}"),
    ]
    columns: list[dict[str, str]] = []
    for run in runs:
        head = run.summary["run"] or {}
        decoding, versions, speed = (
            head.get("decoding") or {},
            head.get("versions") or {},
            run.summary["speed"],
        )
        columns.append(
            {
                "Model": _text(head.get("model")),
                "Model revision": _text(head.get("model_revision")),
                "Model fingerprint": _text(head.get("model_fingerprint")),
                "Adapter": _text(head.get("adapter")),
                "Adapter SHA-256": _text(head.get("adapter_sha256")),
                "Adapter merged": say("yes") if head.get("merged") else "–",
                "Backend": _text(head.get("backend")),
                "Device": " ".join(str(head[key]) for key in ("device", "device_name") if head.get(key))
                or "–",
                "Decoding": ", ".join(f"{key} {_flat(value)}" for key, value in decoding.items()) or "–",
                "Prompts SHA-256": _text(head.get("prompts_sha256")),
                "Predictions SHA-256": run.summary["predictions"]["sha256"],
                "Versions": ", ".join(f"{name} {value}" for name, value in versions.items() if value) or "–",
                "Model time": say(
                    "{seconds} s for {n} items, in batches",
                    seconds=f"{speed['time_s']:,.1f}",
                    n=f"{speed['timed']:,}",
                )
                if speed["timed"]
                else "–",
                "Cut off at the token limit": f"{speed['cut_off']:,}",
                "Rows without a prediction": f"{len(run.summary['missing']):,}",
            }
        )
    rows = [{"label": label, "values": [column[label] for column in columns]} for label in columns[0]]
    return {"shared": shared, "rows": [row for row in rows if any(value != "–" for value in row["values"])]}


def _text(value: object) -> str:
    return str(value) if value else "–"


def _flat(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
