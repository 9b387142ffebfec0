"""Scores of a file of twins -> how often a verdict flips between an item and its twins, kind by kind."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from fgdata.errors import DataError, Problem, UsageError
from fgdata.example import scan_jsonl
from fgdata.files import file_sha256, write_whole
from fgdata.schema import canonical_json, read_json
from fgeval.clusters import FEW_CLUSTERS, ClusteredRate, clustered_rate, sum_by_cluster
from fgeval.robust.twins import KINDS
from fgeval.scores import read_scores
from fgeval.stats import Rate
from fgeval.tallies import cluster_of

FLIPS_FILES = ("robust.json", "robust.md")


@dataclass(frozen=True, slots=True)
class Flips:
    """One kind of twin. `Rate`s count; the intervals to go by are those of `clustered`: items of a template family, and twins of
    an item, are right or wrong together."""

    kind: str
    direction: str
    n_twins: int
    flipped: int
    """Twins whose verdict is not their own item's."""
    lost: int
    """Twins that are wrong while their item is right."""
    gained: int
    """Twins that are right while their item is wrong."""
    base: Rate
    """Items that are right, of those with a twin of this kind."""
    worst: Rate
    """Items whose twins are right, all of them: the worst of k."""
    flipped_items: Rate
    """Items with at least one flipped twin."""
    unmoved: Rate | None
    """Only where the call must change: of the twins of right items, those answered by the item's own calls."""
    clustered: Mapping[str, ClusteredRate]
    """`flips` (of the twins), `base`, `worst`, `flipped_items` and, where it applies, `unmoved`, with intervals by template family;
    an item that states none is a family of its own, its twins with it."""

    @property
    def flip_rate(self) -> float | None:
        """Share of the twins that flipped; None without twins."""
        return self.flipped / self.n_twins if self.n_twins else None

    def to_json(self) -> dict[str, Any]:
        """The kind as it stands in `robust.json`."""
        rates = {name: getattr(self, name).to_json() for name in ("base", "worst", "flipped_items")}
        counts = {name: getattr(self, name) for name in ("n_twins", "flipped", "flip_rate", "lost", "gained")}
        unmoved = {"unmoved": self.unmoved.to_json()} if self.unmoved else {}
        clustered = {name: rate.to_json() for name, rate in self.clustered.items()}
        return {
            "kind": self.kind,
            "direction": self.direction,
            **counts,
            **rates,
            **unmoved,
            "clustered": clustered,
        }


@dataclass(frozen=True, slots=True)
class _Scored:
    exact: bool
    got: str
    family: str


_Twin: TypeAlias = tuple[_Scored, _Scored]
"""An item and one of its twins."""


def measure_flips(
    data: str | os.PathLike[str], scores: str | os.PathLike[str], out: str | os.PathLike[str] | None = None
) -> list[Flips]:
    """Flips by kind, and of all kinds that ask for the same; written to `out` if it is given.

    Args:
        data: the file that `make_twins` wrote.
        scores: the folder that `score_predictions` wrote for it.
    Raises: DataError if the two do not belong together, or `data` holds no twins; UsageError if `out` holds a result.
    """
    if out is not None:
        UsageError.raise_if(
            Problem("--out", f"{str(out)!r} holds a {name} already.", "Choose another folder.")
            for name in FLIPS_FILES
            if (Path(out) / name).exists()
        )
    twins = _read_twins(Path(data))
    run = read_scores("twins", scores)
    made_for = (run.summary.get("data") or {}).get("sha256")
    if made_for != file_sha256(data):
        raise DataError(
            Problem(
                str(scores),
                f"holds scores of another file than {data}.",
                "Score the predictions for this file.",
            )
        )
    found = {
        str(row["id"]): _Scored(bool(row["exact"]), canonical_json(row.get("got") or []), cluster_of(row))
        for row in run.rows
    }
    missing = sum(name not in found for name, _, _ in twins)
    measured = [_measure(kind, [t for t in twins if t[2] == kind], found) for kind in KINDS]
    same = [t for t in twins if t[2] in KINDS and KINDS[t[2]].direction == "same"]
    result = [flips for flips in (*measured, _measure("all of the same", same, found)) if flips.n_twins]
    if out is not None:
        _write(Path(out), Path(data), run.summary, result, missing)
    return result


def _read_twins(file: Path) -> list[tuple[str, str, str]]:
    """Id, id of the item, and kind of every twin; items themselves left out.

    Raises: DataError with the problems of every line.
    """
    found: list[tuple[str, str, str]] = []
    problems: list[Problem] = []
    for example in scan_jsonl(file):
        if isinstance(example, DataError):
            problems += example.problems
    DataError.raise_if(problems)
    items: set[str] = set()
    with file.open(encoding="utf-8-sig") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            row = read_json(line)
            kind = row.get("twin")
            if kind == "item":
                items.add(str(row["id"]))
            elif kind not in KINDS or str(row.get("twin_of")) not in items:
                remedy = "Give the file that `fgeval twins` wrote, as it was written."
                problems.append(
                    Problem(f"{file}:{number}", f"is neither an item nor a twin of one ({kind!r}).", remedy)
                )
            else:
                found.append((str(row["id"]), str(row["twin_of"]), str(kind)))
    DataError.raise_if(problems[:20])
    if not found:
        raise DataError(Problem(str(file), "holds no twins.", "Make some with `fgeval twins`."))
    return found


def _measure(kind: str, twins: Sequence[tuple[str, str, str]], found: Mapping[str, _Scored]) -> Flips:
    """What became of the twins of one kind; those without a score, or whose item has none, are left out."""
    by_item: dict[str, list[_Twin]] = {}
    for name, item, _ in twins:
        if name in found and item in found:
            by_item.setdefault(item, []).append((found[item], found[name]))
    pairs = [pair for several in by_item.values() for pair in several]
    lost = sum(item.exact and not twin.exact for item, twin in pairs)
    gained = sum(twin.exact and not item.exact for item, twin in pairs)
    direction = KINDS[kind].direction if kind in KINDS else "same"
    # Flags by cluster: the item's family, whose twins follow it.
    items = [(several[0][0].family, several) for several in by_item.values()]
    flags: dict[str, list[tuple[str, bool]]] = {
        "flips": [(item.family, item.exact != twin.exact) for item, twin in pairs],
        "base": [(family, several[0][0].exact) for family, several in items],
        "worst": [(family, all(twin.exact for _, twin in several)) for family, several in items],
        "flipped_items": [
            (family, any(item.exact != twin.exact for item, twin in several)) for family, several in items
        ],
    }
    if direction == "other":
        flags["unmoved"] = [(item.family, item.got == twin.got) for item, twin in pairs if item.exact]
    rates = {name: Rate(sum(flag for _, flag in of), len(of)) for name, of in flags.items()}
    return Flips(
        kind,
        direction,
        n_twins=len(pairs),
        flipped=lost + gained,
        lost=lost,
        gained=gained,
        base=rates["base"],
        worst=rates["worst"],
        flipped_items=rates["flipped_items"],
        unmoved=rates.get("unmoved"),
        clustered={name: _by_family(of) for name, of in flags.items()},
    )


def _by_family(flags: Sequence[tuple[str, bool]]) -> ClusteredRate:
    right, counted = sum_by_cluster(
        [flag for _, flag in flags], [1.0] * len(flags), [family for family, _ in flags]
    )
    return clustered_rate(right, counted)


COLUMNS = (
    "twins",
    "families",
    "n",
    "right",
    "worst",
    "flips",
    "95 %",
    "lost",
    "gained",
    "unmoved",
    "items",
    "items flipped",
)
"""Headings of the table; for the last two a terminal has no room."""
N_TERMINAL = len(COLUMNS) - 2
LEGEND = "right: items; worst: items with all twins right; flips: twins with another verdict than their item; intervals by family"


def flips_cells(flips: Flips) -> tuple[str, ...]:
    """One row of the table."""
    flip_rate = flips.clustered["flips"]
    return (
        flips.kind,
        str(flip_rate.n_clusters),
        str(flips.n_twins),
        _percent(flips.base.value),
        _percent(flips.worst.value),
        _percent(flip_rate.value),
        _interval(flip_rate),
        str(flips.lost),
        str(flips.gained),
        _percent(flips.unmoved.value) if flips.unmoved else "–",
        str(flips.base.n),
        f"{_percent(flips.flipped_items.value)} ({_interval(flips.clustered['flipped_items'])})",
    )


def rough_kinds(result: Sequence[Flips]) -> str:
    """A warning that names the kinds with too few template families for their intervals; empty if there are none."""
    few = [flips.kind for flips in result if flips.clustered["flips"].is_rough]
    if not few:
        return ""
    return f"fewer than {FEW_CLUSTERS} template families, so that the interval is a rough guide: {', '.join(few)}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}%"


def _interval(rate: ClusteredRate) -> str:
    if rate.low is None or rate.high is None:
        return "–"
    return f"{100 * rate.low:.1f}–{100 * rate.high:.1f}"


def _write(
    folder: Path, data: Path, summary: Mapping[str, Any], result: Sequence[Flips], missing: int
) -> None:
    """`robust.json` and `robust.md`."""
    content = {
        "fgeval_robust": 1,
        "data": {"file": str(data), "sha256": file_sha256(data)},
        "profile": summary.get("profile"),
        "run": summary.get("run"),
        "twins_without_score": missing,
        "warnings": [rough] if (rough := rough_kinds(result)) else [],
        "kinds": [flips.to_json() for flips in result],
    }
    lines = ["# Robustness", "", f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    lines += [f"| {' | '.join(flips_cells(flips))} |" for flips in result]
    lines += ["", f"{LEGEND.capitalize()}."]
    lines += ["", f"Twins without a score: {missing}. Intervals: 95 %, cluster-robust by template family."]
    if rough := rough_kinds(result):
        lines += ["", f"Warning: {rough}."]
    with write_whole(folder / FLIPS_FILES[0]) as stream:
        json.dump(content, stream, ensure_ascii=False, indent=2)
        stream.write("\n")
    with write_whole(folder / FLIPS_FILES[1]) as stream:
        stream.write("\n".join(lines) + "\n")
