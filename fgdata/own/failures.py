"""Where a scored run fails, by intent, argument, register and perturbation: the rows that `fgeval score` wrote, counted."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fgdata.errors import DataError, Problem
from fgdata.pack import Pack
from fgdata.schema import same_value

SCORES_FILE = "scores.jsonl"
ASPECTS = ("intent", "argument", "register", "perturbation")
N_EXAMPLES = 2
"""Utterances that went wrong, shown for each."""

_REMEDIES: Mapping[str, str] = {
    "intent": "write more families for {value} in `train`, each built in another way; these sentences themselves stay out of it",
    "argument": "give {value} more values and forms, and say it in more places of the sentence",
    "register": "write families in {value} for the intents above",
    "perturbation": "generate with --perturb, so that training rows are mistyped in this way too",
}


@dataclass(slots=True)
class Failure:
    """One value of one aspect, with its wrong rows."""

    aspect: str
    """One of `ASPECTS`."""
    value: str
    """The intent, `tool.argument`, register, or kind of perturbation."""
    n: int = 0
    wrong: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    """What went wrong, as the scorer calls it, or an argument's `missing` and `wrong value`."""
    examples: list[str] = field(default_factory=list)

    @property
    def remedy(self) -> str:
        """What to write next."""
        return _REMEDIES[self.aspect].format(value=self.value)

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "aspect": self.aspect,
            "value": self.value,
            "n": self.n,
            "wrong": self.wrong,
            "kinds": dict(self.kinds.most_common()),
            "examples": self.examples,
            "write": self.remedy,
        }


def read_failures(folder: str | os.PathLike[str], pack: Pack) -> tuple[list[Failure], dict[str, Any]]:
    """What went wrong in a scored run, most wrong rows first within each aspect, and the counts of its rows.

    Raises: DataError for a folder without scores, broken scores, or scores of another pack's rows.
    """
    rows = _read(Path(folder), pack)
    found: dict[tuple[str, str], Failure] = {}
    for row in rows:
        is_wrong = not row["exact"]
        for aspect, value in _aspects(row):
            failure = found.setdefault((aspect, value), Failure(aspect, value))
            failure.n += 1
            if is_wrong:
                _note(failure, row, str(row.get("error_type") or "wrong"))
        for argument, problem in _arguments(row):
            failure = found.setdefault(("argument", argument), Failure("argument", argument))
            failure.n += 1
            if problem:
                _note(failure, row, problem)
    failures = [failure for failure in found.values() if failure.wrong]
    failures.sort(key=lambda f: (ASPECTS.index(f.aspect), -f.wrong, -f.wrong / f.n, f.value))
    return failures, {"folder": str(folder), "n": len(rows), "wrong": sum(not row["exact"] for row in rows)}


def _note(failure: Failure, row: Mapping[str, Any], kind: str) -> None:
    failure.wrong += 1
    failure.kinds[kind] += 1
    utterance = str(row.get("utterance", ""))
    if len(failure.examples) < N_EXAMPLES and utterance not in failure.examples:
        failure.examples.append(utterance)


def _aspects(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for aspect in ("intent", "register"):
        if row.get(aspect):
            yield aspect, str(row[aspect])
    for kind in str(row.get("perturbation") or "").split("+"):
        if kind:
            yield "perturbation", kind


def _arguments(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each expected argument of the calls that were made at all, and what is wrong with it; empty if nothing is."""
    got = list(row.get("got") or ())
    for call in row.get("expected") or ():
        other = next((one for one in got if one.get("name") == call["name"]), None)
        if other is None:
            continue  # the wrong tool: that is the intent's failure
        got.remove(other)
        given = other.get("arguments") or {}
        for name, value in (call.get("arguments") or {}).items():
            problem = (
                "missing" if name not in given else "" if same_value(given[name], value) else "wrong value"
            )
            yield f"{call['name']}.{name}", problem
        for name in given:
            if name not in (call.get("arguments") or {}):
                yield f"{call['name']}.{name}", "not asked for"


def _read(folder: Path, pack: Pack) -> list[dict[str, Any]]:
    file = folder / SCORES_FILE
    remedy = "Name a folder that `fgeval score` wrote."
    if folder.is_dir() and not file.is_file() and (folder / "predictions.jsonl").is_file():
        remedy = f"Score it first: fgeval score --data TEST.jsonl --predictions {folder} --out {folder}."
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise DataError(Problem(str(file), f"cannot be read: {error.strerror or error}.", remedy)) from error
    except UnicodeDecodeError as error:
        raise DataError(Problem(str(file), f"is not UTF-8 (byte {error.start}).", remedy)) from error
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not isinstance(row, dict) or not isinstance(row.get("exact"), bool):
                raise ValueError("it has no `exact`")
            for name in ("expected", "got"):
                if not all(_is_call(call) for call in row.get(name) or ()):
                    raise ValueError(f"an {name} call has no name, or no arguments")
        except (ValueError, TypeError, RecursionError) as error:
            problems.append(Problem(f"{file}:{number}", f"is no score: {error}.", remedy))
            continue
        rows.append(row)
    DataError.raise_if(problems)
    if not rows:
        raise DataError(Problem(str(file), "holds no score.", remedy))
    packs = {str(row["pack"]) for row in rows if row.get("pack")}
    if packs and pack.name not in packs:
        what = f"scores rows of {', '.join(sorted(packs))}, not of {pack.name}."
        raise DataError(Problem(str(file), what, "Give the pack that the rows were made from."))
    return [row for row in rows if not row.get("pack") or row["pack"] == pack.name]


def _is_call(call: Any) -> bool:
    return (
        isinstance(call, dict)
        and isinstance(call.get("name"), str)
        and isinstance(call.get("arguments", {}), dict)
    )


def failure_lines(failures: list[Failure], limit: int) -> list[str]:
    """The failures for a terminal, as a list of what to write next."""
    lines: list[str] = []
    for aspect in ASPECTS:
        those = [failure for failure in failures if failure.aspect == aspect]
        if not those:
            continue
        lines += ["", f"wrong by {aspect} ({len(those)}):"]
        shown = those[:limit] if limit else those
        for failure in shown:
            kinds = ", ".join(f"{kind} {count}" for kind, count in failure.kinds.most_common(3))
            lines.append(
                f"  {failure.value}: {failure.wrong} of {failure.n} wrong ({kinds}); {failure.remedy}"
            )
            lines += [f"      {example}" for example in failure.examples]
        if len(those) > len(shown):
            lines.append(f"  … and {len(those) - len(shown)} more (--limit 0 shows all)")
    return lines[1:]
