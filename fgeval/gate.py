"""The release gate: scores in, a verdict out. Every check says what it looked at, what it asks for and what it found."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fgdata.errors import Problem, UsageError
from fgdata.files import file_sha256, write_whole
from fgdata.hub.source import HubData, data_facts, hub_data
from fgeval.clusters import FEW_CLUSTERS, ClusteredRate
from fgeval.comparable import NotComparableError, check_comparable, check_distinct, list_unknown
from fgeval.contamination import find_contamination, mark_touched
from fgeval.gate_config import Evidence, Forgetting, GateConfig, Limit, SliceLimit
from fgeval.junit import Case, junit_xml
from fgeval.paired import compare_clusters, pool_seeds
from fgeval.predictions import json_text
from fgeval.scores import ScoredRun, read_scores
from fgeval.tallies import METRICS, Tally, mean_tally, tally_rows

VERDICT_FILE = "verdict.json"
JUNIT_FILE = "junit.xml"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing the gate asks for, and what came out."""

    kind: str
    """The section of the gate's file: `floors`, `slices`, …"""
    name: str
    passed: bool | None
    """None where there were too few items to judge."""
    reason: str
    """What was found and what is asked for, in words."""
    where: str
    """`file:line` of the gate's file."""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    evidence: str = ""
    n: float | None = None
    n_clusters: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says."""

    passed: bool
    """Whether every check that could be judged was met, and at least one could."""
    checks: tuple[Check, ...]
    warnings: tuple[str, ...]
    runs: Mapping[str, Any]
    """What was judged: folders and hashes, and the training rows that it was held against."""

    def to_json(self) -> dict[str, Any]:
        """The verdict as it stands in `verdict.json`."""
        return {"fgeval_gate": 1, **asdict(self)}


def run_gate(config: GateConfig) -> Verdict:
    """The verdict on the runs that `config` names.

    Raises: UsageError for a run given twice, or a check that nothing in the data can meet; NotComparableError; DataError for scores that do not read.
    """
    news = [read_scores(folder, folder) for folder in config.new]
    base = read_scores(config.base, config.base) if config.base else None
    check_distinct([base] if base else [], news)
    _check_profile(config, news)
    check_comparable([*([base] if base else []), *news], where=lambda run: str(run.folder))
    checks: list[Check] = [_complete(config, run) for run in news]
    train = _training_rows(config)
    if train:
        found = find_contamination(news[0].rows, train)
        for run in news:
            mark_touched(run.rows, found)
        checks += _contamination(config, len(found.touched) / found.n)
    tally = mean_tally([run.rows for run in news])
    UsageError.raise_if(_impossible(config, tally, news[0]))
    for kind, limits, is_ceiling in (("floors", config.floors, False), ("ceilings", config.ceilings, True)):
        for limit in limits:
            rate = tally.rate(limit.metric, confidence=config.confidence)
            checks.append(_rate_check(kind, limit.metric, rate, limit, is_ceiling=is_ceiling))
    for one in config.slices:
        checks += _slice_checks(one, tally, config.confidence)
    if base is not None:
        checks += [
            _loss_check("non_inferiority", limit.metric, limit, base, *news, confidence=config.confidence)
            for limit in config.non_inferiority
        ]
    for entry in config.forgetting:
        checks.append(_forgetting_check(entry, config, base, news))
    checks += _must_pass(config, news)
    checks += _latency(config, news)
    judged = [check for check in checks if check.passed is not None and check.kind != "complete"]
    return Verdict(
        passed=bool(judged) and all(check.passed is not False for check in checks),
        checks=tuple(checks),
        warnings=tuple(_warnings(checks, [*([base] if base else []), *news], has_judged=bool(judged))),
        runs={
            "base": _identity(base) if base else None,
            "new": [_identity(run) for run in news],
            "train": [{"file": str(one), **data_facts(one), "sha256": file_sha256(one)} for one in train],
        },
    )


def write_verdict(folder: str | os.PathLike[str], verdict: Verdict) -> None:
    """Write `verdict.json` and `junit.xml`. Each appears whole or not at all."""
    place = Path(folder)
    with write_whole(place / VERDICT_FILE) as stream:
        stream.write(json_text(verdict.to_json()))
    cases = [
        Case(f"fgeval.gate.{check.kind}", check.name, check.passed, check.reason) for check in verdict.checks
    ]
    with write_whole(place / JUNIT_FILE) as stream:
        stream.write(junit_xml("fgeval gate", cases))


def _training_rows(config: GateConfig) -> list[str | HubData]:
    """The training files, and the split `train` of data sets on the Hub as it is now."""
    on_hub = [hub_data(name, splits=["train"])[0] for name in config.train_on_hub]
    return [*config.train, *on_hub]


def _identity(run: ScoredRun) -> dict[str, Any]:
    head = run.summary["run"] or {}
    keys = (
        "model",
        "model_revision",
        "model_fingerprint",
        "adapter",
        "adapter_sha256",
        "merged",
        "prompts_sha256",
        "decoding",
    )
    return {
        "folder": str(run.folder),
        "profile": run.summary["profile"]["name"],
        "data_sha256": run.summary["data"]["sha256"],
        "predictions_sha256": run.summary["predictions"]["sha256"],
        **{key: head.get(key) for key in keys},
    }


def _check_profile(config: GateConfig, news: Sequence[ScoredRun]) -> None:
    NotComparableError.raise_if(
        Problem(
            str(run.folder),
            f"is scored by the profile {run.summary['profile']['name']!r}; the gate asks for {config.profile!r}.",
            f"Score again with --profile {config.profile}.",
        )
        for run in news
        if config.profile and run.summary["profile"]["name"] != config.profile
    )


def _impossible(config: GateConfig, tally: Tally, run: ScoredRun) -> Iterator[Problem]:
    """Checks that no item of the data speaks to: a gate that cannot fail is no gate."""
    limits = (
        *config.floors,
        *config.ceilings,
        *config.non_inferiority,
        *(one.limit for one in config.slices),
    )
    for limit in limits:
        if limit.metric not in tally.counts or not tally.counts[limit.metric][1].any():
            yield Problem(limit.where, f"{limit.metric!r} applies to no item of the data.", "Drop the check.")
    for one in config.slices:
        known = tally.values(one.by) if one.by in tally.slices else []
        if not known:
            yield Problem(
                one.limit.where,
                f"no item of the data states its {one.by}.",
                "Drop the check, or score rows that do.",
            )
        for value in one.values:
            if known and value not in known:
                yield Problem(
                    one.limit.where,
                    f"no item of the data is of {one.by} {value!r}.",
                    f"There are: {', '.join(known)}.",
                )
    known_ids = {*tally.ids, *_unjudged(run)}
    for name, where in config.must_pass:
        if name not in known_ids:
            yield Problem(where, f"the data has no item {name!r}.", "Correct the id.")


def _meets(low: float, value: float, high: float, least: float, evidence: Evidence) -> bool:
    """Whether a value with its interval reaches `least`, by the evidence that is asked for."""
    slack = 1e-12  # 0.8 of 120 items is 96, whatever the last bit says
    return {"shown": low, "point": value, "not_refuted": high}[evidence] >= least - slack


_ASKED = {
    "shown": "shown by the whole interval",
    "point": "by the estimate",
    "not_refuted": "not refuted by the interval",
}


def _rate_check(kind: str, name: str, rate: ClusteredRate, limit: Limit, *, is_ceiling: bool) -> Check:
    assert rate.value is not None and rate.low is not None and rate.high is not None
    ends = (rate.low, rate.value, rate.high)
    if is_ceiling:
        passed = _meets(-ends[2], -ends[1], -ends[0], -limit.value, limit.evidence)
    else:
        passed = _meets(*ends, limit.value, limit.evidence)
    asked = "at most" if is_ceiling else "at least"
    return Check(
        kind,
        name,
        passed,
        f"{METRICS[limit.metric].label} {rate.value:.1%} ({rate.low:.1%} to {rate.high:.1%}, {rate.n:g} counted, "
        f"{rate.n_clusters} families); asked: {asked} {limit.value:.1%}, {_ASKED[limit.evidence]}",
        limit.where,
        rate.value,
        rate.low,
        rate.high,
        limit.value,
        limit.evidence,
        rate.n,
        rate.n_clusters,
    )


def _slice_checks(one: SliceLimit, tally: Tally, confidence: float) -> Iterator[Check]:
    for value in one.values or tally.values(one.by):
        rate = tally.rate(one.limit.metric, tally.members(one.by, value), confidence)
        name = f"{one.by}: {value}"
        if rate.n < one.min_n:
            reason = f"not judged: {rate.n:g} items, fewer than {one.min_n}"
            yield Check("slices", name, None, reason, one.limit.where, n=rate.n, n_clusters=rate.n_clusters)
        else:
            yield _rate_check("slices", name, rate, one.limit, is_ceiling=False)


def _loss_check(
    kind: str, name: str, limit: Limit, base: ScoredRun, *news: ScoredRun, confidence: float
) -> Check:
    before = mean_tally([base.rows])
    after = mean_tally([run.rows for run in news], before.ids)
    known = limit.metric in before.counts and limit.metric in after.counts
    paired = compare_clusters(*after.gained(before, limit.metric), confidence=confidence) if known else None
    if paired is None:
        what = f"{limit.metric!r} applies to no item of {base.folder}."
        raise UsageError(Problem(limit.where, what, "Choose another metric."))
    rule = METRICS[limit.metric]
    rates = [tally.rate(limit.metric).value or 0.0 for tally in (before, after)]
    differences = [(tally_rows(run.rows).rate(limit.metric).value or 0.0) - rates[0] for run in news]
    spread = pool_seeds(differences, paired.standard_error, paired.n_clusters, confidence=confidence)
    low, high = (paired.low, paired.high) if spread is None else (spread.low, spread.high)
    ends = (low, paired.difference, high)
    if rule.is_error:
        passed = _meets(-ends[2], -ends[1], -ends[0], -limit.value, limit.evidence)
    else:
        passed = _meets(*ends, -limit.value, limit.evidence)
    worse = f"{'rise' if rule.is_error else 'loss'} of at most {100 * limit.value:.1f} points"
    return Check(
        kind,
        name,
        passed,
        f"{rule.label} {rates[0]:.1%} before, {rates[1]:.1%} after: {_points(ends)} points, {paired.n_clusters} families"
        f"{f' and {len(news)} seeds' if len(news) > 1 else ''}; "
        f"asked: a {worse}, {_ASKED[limit.evidence]}",
        limit.where,
        *(ends[1], ends[0], ends[2]),
        limit.value,
        limit.evidence,
        paired.n,
        paired.n_clusters,
    )


def _points(ends: tuple[float, float, float]) -> str:
    low, middle, high = (f"{100 * one:+.1f}" for one in ends)
    return f"{middle} ({low} to {high})"


def _forgetting_check(
    entry: Forgetting, config: GateConfig, base: ScoredRun | None, news: Sequence[ScoredRun]
) -> Check:
    before = read_scores(entry.base, entry.base)
    after = [read_scores(folder, folder) for folder in entry.new]
    check_distinct([before], after)
    check_comparable([before, *after], where=lambda run: f"{entry.limit.where}: {run.folder}")
    NotComparableError.raise_if(_other_models(entry, before, after, base, news))
    return _loss_check("forgetting", entry.name, entry.limit, before, *after, confidence=config.confidence)


def _other_models(
    entry: Forgetting,
    before: ScoredRun,
    after: Sequence[ScoredRun],
    base: ScoredRun | None,
    news: Sequence[ScoredRun],
) -> Iterator[Problem]:
    """Runs of a forgetting set that another model made than the one that is judged. What is not stated cannot be checked."""
    pairs = [(run, news) for run in after] + ([(before, [base])] if base else [])
    for run, models in pairs:
        for key in ("model_fingerprint", "adapter_sha256"):
            heads = [model.summary["run"] for model in models]
            if not run.summary["run"] or not all(heads):
                continue
            value, known = run.summary["run"].get(key), {head.get(key) for head in heads}
            if value not in known:
                yield Problem(
                    entry.limit.where,
                    f"{run.folder} is of another model: {key} {value!r}, not {', '.join(map(repr, sorted(map(str, known))))}.",
                    "Run the model that the gate judges on this set as well.",
                )


def _complete(config: GateConfig, run: ScoredRun) -> Check:
    missing = len(run.summary["missing"])
    reason = f"{missing} rows have no prediction; asked: at most {config.max_missing}"
    return Check(
        "complete",
        str(run.folder),
        missing <= config.max_missing,
        reason,
        config.path,
        missing,
        limit=config.max_missing,
    )


def _contamination(config: GateConfig, share: float) -> Iterator[Check]:
    if config.max_touched is not None:
        limit, where = config.max_touched
        reason = f"{share:.1%} of the items are touched by the training rows; asked: at most {limit:.1%}"
        yield Check("contamination", "touched", share <= limit + 1e-12, reason, where, share, limit=limit)


def _must_pass(config: GateConfig, news: Sequence[ScoredRun]) -> Iterator[Check]:
    found = [{row["id"]: row for row in run.rows} for run in news]
    for name, where in config.must_pass:
        if name in found[0]:
            wrong = [rows[name]["reason"] for rows in found if not rows[name]["exact"]]
        else:  # comparable runs lack the same items
            wrong = [_unjudged(run).get(name, "is not in the scores") for run in news]
        yield Check("must_pass", name, not wrong, "; ".join(dict.fromkeys(wrong)) or "right", where)


def _unjudged(run: ScoredRun) -> dict[str, str]:
    """Items of the data that stand in no line of scores, each with the reason."""
    left = {one["id"]: one["reason"] for one in run.summary.get("not_scored", ())}
    return left | dict.fromkeys(run.summary["missing"], "has no prediction")


def _latency(config: GateConfig, news: Sequence[ScoredRun]) -> Iterator[Check]:
    if not config.latency:
        return
    times = [row.get("time_s") for run in news for row in run.rows]
    known = np.array([time for time in times if time is not None])
    for name, limit, where in config.latency:
        if len(known) < len(times):
            what = f"{len(times) - len(known)} of {len(times)} items have no `time_s`."
            raise UsageError(
                Problem(where, what, "Predict with a backend that takes the time, and score again.")
            )
        statistic = name.removesuffix("_s")
        value = float(known.mean() if statistic == "mean" else np.percentile(known, float(statistic[1:])))
        reason = f"{statistic} {value:.3f} s over {len(known)} items; asked: at most {limit:g} s"
        yield Check("latency", name, value <= limit, reason, where, value, limit=limit, n=len(known))


def _warnings(checks: Sequence[Check], runs: Sequence[ScoredRun], *, has_judged: bool) -> Iterator[str]:
    if not has_judged:
        yield "every check was left out for want of items: nothing is shown, so the gate does not open"
    rough = [check.name for check in checks if check.n_clusters and check.n_clusters < FEW_CLUSTERS]
    if rough:
        shown = ", ".join(rough[:5]) + (f" and {len(rough) - 5} more" if len(rough) > 5 else "")
        yield f"fewer than {FEW_CLUSTERS} template families, so that intervals are a rough guide: {shown}"
    skipped = sum(check.passed is None for check in checks)
    if skipped:
        yield f"{skipped} slices have too few items to be judged"
    yield from list_unknown(runs)
