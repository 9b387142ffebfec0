"""Scores on disk: a data file and a predictions file in, `scores.jsonl` and `summary.json` out. Needs no model."""

from __future__ import annotations

import importlib.metadata
import json
import os
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fgdata.errors import DataError, FormatError, Problem, UsageError
from fgdata.example import PROVENANCE, Example
from fgdata.files import file_sha256, write_whole
from fgdata.format import message_text
from fgdata.hub.source import data_facts
from fgeval.ask_markers import Markers, asks_for, find_markers, markers_sha256
from fgeval.items import Item, LeftOut, read_items, read_sound_items
from fgeval.metrics import DEFAULT_MIN_N, ScoredItem, split_of, summarise
from fgeval.predictions import (
    Prediction,
    current_header,
    json_line,
    predictions_file,
    read_failures,
    read_predictions,
    read_run,
    read_sound_predictions,
)
from fgeval.profiles import DEFAULT_PROFILE, Profile, load_profile
from fgeval.score import score_completion, score_to_row
from fgeval.seen import is_seen, read_values
from fgeval.tool_table import ToolTable, read_tool_table

SCORES_FILE = "scores.jsonl"
SUMMARY_FILE = "summary.json"
_SHOWN = 20
"""Missing items named one by one; the rest is counted."""


def score_predictions(
    data: str | os.PathLike[str],
    predictions: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    profile: str = DEFAULT_PROFILE,
    allow_missing: bool = False,
    skip_broken: bool = False,
    train: Sequence[str | os.PathLike[str]] = (),
    pack: str | os.PathLike[str] | None = None,
    min_n: int = DEFAULT_MIN_N,
    overwrite: bool = False,
) -> dict[str, Any]:
    """The summary of `predictions` (a file, or a run's folder) against `data`, written to `out` with a line for every item.

    Args:
        allow_missing: leave rows without a prediction out, and count them in the summary.
        skip_broken: leave rows out that cannot be scored, with their predictions, and lines that are no predictions, with their
            rows, and name them in the summary, instead of stopping.
        train: training files; every item is marked clean or touched by them, and the summary tells the rates of both,
            and of items whose argument values stand in their calls or are new.
        pack: whose markers tell asking from other texts; without it that of the rows, if it comes with fgsuite.
        min_n: items that a slice needs to be reported.
        overwrite: replace scores that `out` holds already.
    Raises: UsageError if `out` cannot be used; DataError for broken rows and predictions, ids that are unknown, given twice
        or, unless allowed, missing.
    """
    from fgeval.clustered import describe_rows  # numpy, which whoever only reads scores can do without

    rules = load_profile(profile)
    if min_n < 1:
        raise UsageError(Problem("--min-n", f"is {min_n}; it must be at least 1."))
    folder = _check_out(Path(out), overwrite)
    if skip_broken:
        items, left_out = read_sound_items(data)
        found, no_predictions = read_sound_predictions(predictions)
    else:
        items, left_out = read_items(data), LeftOut()
        found, no_predictions = read_predictions(predictions), LeftOut()
    run = read_run(predictions_file(predictions).parent)
    failures = read_failures(predictions_file(predictions).parent) if run else {}
    data_sha256 = file_sha256(data)
    _check_run(run, data, data_sha256, predictions_file(predictions))
    missing = _check_ids(
        items,
        found,
        str(data),
        predictions_file(predictions),
        allow_missing=allow_missing,
        failures=failures,
        left_out=left_out,
        no_predictions=no_predictions,
    )
    by_id = {prediction.id: prediction for prediction in found}
    pairs = [(item, by_id[item.example.id]) for item in items if item.example.id in by_id]
    scored = score_items(pairs, rules, pack=pack, train=train)
    summary = {
        "fgeval_scores": 1,
        "profile": {"name": rules.name, "rules": rules.rules},
        "scorer": {"fgsuite": installed_version()},
        "ask_markers": {
            name: markers_sha256(found) for name, found in _find_all_markers(items, pack).items()
        },
        "data": {
            "file": str(data),
            **data_facts(data),
            "sha256": data_sha256,
            "n": len(items),
            "layouts": dict(Counter(item.example.layout for item in items)),
        },
        "predictions": {
            "file": str(predictions_file(predictions)),
            "sha256": file_sha256(predictions_file(predictions)),
        },
        "run": run,
        "missing": missing,
        **{
            name: [str(problem) for problem in lost.problems]
            for name, lost in (("left_out", left_out), ("left_out_predictions", no_predictions))
            if lost.problems
        },
        "backend_errors": [{"id": name, "reason": failures[name]} for name in missing if name in failures],
        "speed": _measure_speed([p for _, p in pairs]),
        **summarise(scored, min_n=min_n),
    }
    tools = ToolTable()
    rows = [
        _to_row(one, prediction, tools)
        for one, (_, prediction) in zip(scored, pairs, strict=True)
        if one.score.is_scored
    ]
    summary |= describe_rows(rows, train)
    tools.write(folder)
    with write_whole(folder / SCORES_FILE) as stream:
        stream.writelines(map(json_line, rows))
    summary["scores"] = {"sha256": file_sha256(folder / SCORES_FILE)}
    with write_whole(folder / SUMMARY_FILE) as stream:
        json.dump(summary, stream, ensure_ascii=False, indent=2)
        stream.write("\n")
    return summary


def installed_version() -> str | None:
    """The version of fgsuite that scores; None where it runs without having been installed."""
    try:
        return importlib.metadata.version("fgsuite")
    except importlib.metadata.PackageNotFoundError:
        return None


def score_items(
    pairs: Sequence[tuple[Item, Prediction]],
    profile: Profile,
    *,
    pack: str | os.PathLike[str] | None = None,
    train: Sequence[str | os.PathLike[str]] = (),
) -> list[ScoredItem]:
    """Every item with the score of its prediction; arguments as for `score_predictions`."""
    markers = _find_all_markers([item for item, _ in pairs], pack)
    seen = read_values(train) if train else None
    scored = []
    for item, prediction in pairs:
        example = item.example
        score = score_completion(
            item.expected,
            prediction.text if prediction.calls is None else prediction.completion,
            item.tools,
            profile,
            cut_off=prediction.finished == "length",
            gold=example.gold,
            is_ask=is_ask(example),
            asks=asks_for(prediction.completion.text, example.asks_for, markers[example.pack])
            if example.asks_for
            else None,
            request=example.utterance,
        )
        scored.append(ScoredItem(example, score, "" if seen is None else is_seen(item.expected, seen)))
    return scored


def _find_all_markers(items: Sequence[Item], pack: str | os.PathLike[str] | None) -> dict[str, Markers]:
    """The markers of every pack whose rows lack a value, by the pack's name."""
    names = {item.example.pack for item in items if item.example.asks_for}
    return {name: find_markers(pack, name) for name in sorted(names)}


def is_ask(example: Example) -> bool:
    """Whether the right answer to a row asks for what is missing."""
    gold = example.gold
    return (
        bool(example.asks_for)
        or example.kind == "ask"
        or (gold is not None and (gold.layout, gold.category) == ("functionchat", "slot"))
    )


def _to_row(item: ScoredItem, prediction: Prediction, tools: ToolTable) -> dict[str, Any]:
    example = item.example
    return {
        "id": example.id,
        **score_to_row(item.score),
        "utterance": example.utterance,
        "raw": prediction.text if prediction.calls is None else prediction.to_line().strip(),
        "finished": prediction.finished,
        "time_s": prediction.time_s,
        **({"values_seen": item.values_seen} if item.values_seen else {}),
        **(
            {"number_of_tools": len(example.tools), "tools": tools.add(example.tools)}
            if example.tools
            else {}
        ),
        **({"before": before} if (before := _before(example)) else {}),
        **({"split": split} if (split := split_of(example)) else {}),
        **{name: getattr(example, name) for name in PROVENANCE if getattr(example, name)},
    }


def _before(example: Example) -> list[dict[str, str]]:
    """What the prompt says before the last user message, declarations left out: role and text of every message."""
    messages = example.prompt_messages
    last = max((n for n, one in enumerate(messages) if one.get("role") == "user"), default=len(messages))
    return [
        {
            "role": str(one.get("role")),
            "text": _text_of(one),
        }
        for number, one in enumerate(messages)
        if number != last
    ]


def _text_of(message: Mapping[str, Any]) -> str:
    """What a message says: its text, or as JSON the calls or the values of a tool's response."""
    content = message.get("content")
    try:
        text = message_text(content)
    except FormatError:
        text = json.dumps(content, ensure_ascii=False)
    return text or (
        json.dumps(message["tool_calls"], ensure_ascii=False) if message.get("tool_calls") else ""
    )


def _measure_speed(predictions: Sequence[Prediction]) -> dict[str, Any]:
    times = [p.time_s for p in predictions if p.time_s is not None]
    tokens = [p.completion_tokens for p in predictions if p.completion_tokens is not None]
    cuts = statistics.quantiles(times, n=100, method="inclusive") if len(times) > 1 else times * 99
    return {
        "timed": len(times),
        "median_s": round(cuts[49], 6) if times else None,
        "p95_s": round(cuts[94], 6) if times else None,
        "slowest_s": round(max(times), 6) if times else None,
        "time_s": round(sum(times), 3) if times else None,
        "completion_tokens": sum(tokens) if tokens else None,
        "cut_off": sum(p.finished == "length" for p in predictions),
    }


def _check_out(folder: Path, overwrite: bool) -> Path:
    if folder.exists() and not folder.is_dir():
        raise UsageError(Problem("--out", f"{str(folder)!r} is a file.", "Name a folder."))
    if not overwrite:
        UsageError.raise_if(
            Problem(
                "--out",
                f"{str(folder)!r} holds a {name} already.",
                "Add --overwrite, or choose another folder.",
            )
            for name in (SCORES_FILE, SUMMARY_FILE)
            if (folder / name).exists()
        )
    return folder


def _check_run(
    run: Mapping[str, Any] | None, data: str | os.PathLike[str], sha256: str, predictions: Path
) -> None:
    made_for = ((run or {}).get("data") or {}).get("sha256", sha256)
    if made_for != sha256:
        what = f"was made for data with the SHA-256 {made_for[:12]}…; {data} has {sha256[:12]}…."
        raise DataError(
            Problem(str(predictions), what, "Give the data file of the run, or run the model on this one.")
        )


def _check_ids(
    items: Sequence[Item],
    found: Sequence[Prediction],
    data: str,
    file: Path,
    *,
    allow_missing: bool,
    failures: Mapping[str, str],
    left_out: LeftOut,
    no_predictions: LeftOut,
) -> list[str]:
    """The ids of rows without a prediction, if they are allowed.

    A row that was left out may have a prediction, and a line that was left out was one: as many may be without as had no id.

    Raises: DataError naming every prediction of an unknown id, and rows without a prediction unless they are allowed.
    """
    known = {item.example.id for item in items} | left_out.ids
    unknown = [p for p in found if p.id not in known]
    problems = [
        Problem(
            p.source, f"the id {p.id!r} is not in {data}.", "Score with the data file the run was made for."
        )
        for p in (unknown if len(unknown) > left_out.n_unknown else ())
    ]
    predicted = {prediction.id for prediction in found}
    missing = [item.example for item in items if item.example.id not in predicted]
    unexplained = [example for example in missing if example.id not in no_predictions.ids]
    if not allow_missing and len(unexplained) > no_predictions.n_unknown:
        remedy = f"Finish the run, or add --allow-missing. Predictions read: {file}."
        problems += [
            Problem(
                e.source,
                f"the row {e.id!r} has no prediction"
                + (f": the backend failed ({failures[e.id]})." if e.id in failures else "."),
                remedy,
            )
            for e in unexplained[:_SHOWN]
        ]
        if len(unexplained) > _SHOWN:
            problems.append(Problem(data, f"{len(unexplained) - _SHOWN} more rows have no prediction."))
    DataError.raise_if(problems)
    if items and len(missing) == len(items):
        raise DataError(Problem(str(file), "has no prediction for any row.", "Finish the run first."))
    return [example.id for example in missing]


@dataclass(frozen=True, slots=True)
class ScoredRun:
    """What a scores folder holds."""

    name: str
    """What the reader of a report calls the run."""
    folder: Path
    summary: dict[str, Any]
    rows: list[dict[str, Any]]
    tools: Sequence[Mapping[str, Any]] = ()
    """The declarations that the lines' `tools` number; none in scores of older releases."""


def read_scores(name: str, folder: str | os.PathLike[str]) -> ScoredRun:
    """The scores in `folder`.

    Raises: DataError if they are missing, broken, or do not belong together.
    """
    place = Path(folder)
    remedy = "Name a folder that `fgeval score` wrote."
    try:
        summary = json.loads((place / SUMMARY_FILE).read_text(encoding="utf-8"))
        lines = (place / SCORES_FILE).read_text(encoding="utf-8").split("\n")
        rows = [json.loads(line) for line in lines if line.strip()]
    except OSError as error:
        raise DataError(
            Problem(str(error.filename), f"cannot be read: {error.strerror or error}.", remedy)
        ) from error
    except ValueError as error:
        raise DataError(
            Problem(str(place), f"holds broken scores ({error}).", "Score again with --overwrite.")
        ) from error
    if not isinstance(summary, dict) or summary.get("fgeval_scores") != 1:
        raise DataError(Problem(str(place / SUMMARY_FILE), "is no summary of `fgeval score`.", remedy))
    if summary.get("scores") != {"sha256": file_sha256(place / SCORES_FILE)}:
        what = f"is not the file that {SUMMARY_FILE} was written with."
        raise DataError(Problem(str(place / SCORES_FILE), what, "Score again with --overwrite."))
    if isinstance(run := summary.get("run"), dict):
        summary["run"] = current_header(run)
    return ScoredRun(name, place, summary, rows, read_tool_table(place))
