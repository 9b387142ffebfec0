"""gate.toml: what a run must reach to be released. Every mistake in the file is found in one go, each with its line."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from fgdata.errors import Problem, UsageError
from fgdata.hub.source import is_hub_id
from fgeval.tallies import METRICS, SLICES
from fgeval.toml_lines import Key, TomlFile, read_toml

Evidence: TypeAlias = Literal[
    "shown",  # the whole interval must lie on the right side of the limit
    "point",  # the estimate must
    "not_refuted",  # some of the interval must: only what is shown to be worse fails
]
LATENCIES = ("mean_s", "p50_s", "p95_s", "p99_s")


@dataclass(frozen=True, slots=True)
class Limit:
    """A metric and what it must not pass."""

    metric: str
    value: float
    evidence: Evidence
    where: str
    """`file:line`."""


@dataclass(frozen=True, slots=True)
class SliceLimit:
    """A limit for every slice of one kind, or for the named ones."""

    by: str
    limit: Limit
    min_n: int
    values: tuple[str, ...] = ()
    """All that occur, if none is named."""


@dataclass(frozen=True, slots=True)
class Forgetting:
    """A set the model was good at before: what it may lose."""

    name: str
    base: str
    new: tuple[str, ...]
    limit: Limit


@dataclass(frozen=True, slots=True)
class GateConfig:
    """A gate.toml, checked."""

    path: str
    new: tuple[str, ...]
    """Scores; several are seeds of one recipe, and their mean is judged."""
    base: str | None
    profile: str | None
    confidence: float
    max_missing: int
    floors: tuple[Limit, ...]
    ceilings: tuple[Limit, ...]
    non_inferiority: tuple[Limit, ...]
    slices: tuple[SliceLimit, ...]
    must_pass: tuple[tuple[str, str], ...]
    """Item id and the place that names it."""
    forgetting: tuple[Forgetting, ...]
    latency: tuple[tuple[str, float, str], ...]
    """Statistic, seconds, place."""
    train: tuple[str, ...]
    """Training files."""
    train_on_hub: tuple[str, ...]
    """Data sets on the Hub whose split `train` was trained on."""
    max_touched: tuple[float, str] | None
    """Share of items that training may have touched, and its place."""


def read_gate(
    path: str | os.PathLike[str], *, base: str | None = None, new: Sequence[str] = ()
) -> GateConfig:
    """The gate's file.

    Args:
        base: scores of the base, in place of those that the file names.
        new: scores to be judged, in place of those that the file names.
    Raises: UsageError with every mistake of the file.
    """
    return _Reader(read_toml(path)).read(base, new)


_TOP = (
    *("base", "new", "profile", "confidence", "max_missing", "floors", "ceilings", "non_inferiority"),
    *("slices", "must_pass", "forgetting", "latency", "contamination"),
)
_LIMIT_KEYS = {"floors": "at_least", "ceilings": "at_most", "non_inferiority": "margin"}


@dataclass
class _Reader:
    file: TomlFile
    problems: list[Problem] = field(default_factory=list)

    def read(self, base: str | None, new: Sequence[str]) -> GateConfig:
        content = self.file.content
        self._only(content, _TOP)
        sections = {name: self._table(content, name) for name in _TOP if name in (*_LIMIT_KEYS, "forgetting")}
        touched = self._table(content, "contamination")
        self._only(touched, ("train", "max_touched"), "contamination")
        given_base = self._text(content, "base")
        must_pass = self._must_pass()
        share = self._number(touched, "contamination", "max_touched", low=0, high=1)
        trained = self._names(touched, "train", "contamination")
        on_hub = [name for name in trained if is_hub_id(name, self.file.path.parent)]
        files = [name for name in trained if name not in on_hub]
        config = GateConfig(
            path=str(self.file.path),
            new=tuple(new) or self._paths(content, "new"),
            base=base or (self._path(given_base) if given_base else None),
            profile=self._text(content, "profile"),
            confidence=self._number(content, "confidence", low=0.5, high=0.9999) or 0.95,
            max_missing=int(self._number(content, "max_missing", low=0, whole=True) or 0),
            floors=self._limits("floors", sections["floors"], "point", 0, 1),
            ceilings=self._limits("ceilings", sections["ceilings"], "point", 0, 1),
            non_inferiority=self._limits("non_inferiority", sections["non_inferiority"], "shown", -1, 1),
            slices=self._slices(),
            must_pass=must_pass,
            forgetting=tuple(
                one
                for name, entry in sections["forgetting"].items()
                if (one := self._forgetting(name, entry)) is not None
            ),
            latency=self._latency(),
            train=tuple(map(self._path, files)),
            train_on_hub=tuple(on_hub),
            max_touched=None if share is None else (share, self.file.where("contamination", "max_touched")),
        )
        self._check_whole(config)
        UsageError.raise_if(self.problems)
        return config

    def _check_whole(self, config: GateConfig) -> None:
        if not config.new and not self.problems:
            self._wrong("`new` is missing.", 'Name the scores to be judged: new = "out/adapter".')
        if config.non_inferiority and config.base is None:
            self._wrong(
                "there is no `base` to be compared with.",
                'Name its scores: base = "out/base".',
                "non_inferiority",
            )
        if config.max_touched is not None and not (config.train or config.train_on_hub):
            self._wrong("`train` is missing.", "Name the training files, or their data set on the Hub.", "contamination")  # fmt: skip
        checks = (
            *(config.floors, config.ceilings, config.non_inferiority, config.slices, config.must_pass),
            *(config.forgetting, config.latency, config.max_touched),
        )
        if not any(checks) and not self.problems:
            self._wrong("checks nothing.", "Add a section, e.g. [floors] with exact = 0.8.")

    def _wrong(self, what: str, remedy: str = "", *key: str | int) -> None:
        self.problems.append(Problem(self.file.where(*key), what, remedy))

    def _only(self, table: Mapping[str, Any], known: Sequence[str], *key: str | int) -> None:
        for name in table:
            if name not in known:
                self._wrong(
                    f"{name!r} is no key of the gate.", f"Known here: {', '.join(known)}.", *key, name
                )

    def _table(self, table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        value = table.get(name, {})
        if isinstance(value, Mapping):
            return value
        self._wrong(f"`{name}` must be a table, not {value!r}.", f"Write [{name}].", name)
        return {}

    def _text(self, table: Mapping[str, Any], name: str, *key: str | int) -> str | None:
        value = table.get(name)
        if value is None or (isinstance(value, str) and value):
            return value
        self._wrong(f"`{name}` must be text, not {value!r}.", "", *key, name)
        return None

    def _number(
        self,
        table: Mapping[str, Any],
        *key: str | int,
        low: float = -math.inf,
        high: float = math.inf,
        whole: bool = False,
    ) -> float | None:
        value = table.get(str(key[-1]))
        if value is None:
            return None
        kinds = (int,) if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
            kind = "a whole number" if whole else "a number"
            ends = f"from {low:g}" + (f" to {high:g}" if high < math.inf else "")
            self._wrong(f"`{key[-1]}` is {value!r}.", f"It must be {kind} {ends}.", *key)
            return None
        return float(value)

    def _path(self, name: str) -> str:
        return str(self.file.path.parent / name)

    def _paths(self, table: Mapping[str, Any], name: str, *key: str | int) -> tuple[str, ...]:
        return tuple(map(self._path, self._names(table, name, *key)))

    def _names(self, table: Mapping[str, Any], name: str, *key: str | int) -> tuple[str, ...]:
        value = table.get(name, ())
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, Sequence) or not all(isinstance(one, str) and one for one in values):
            self._wrong(f"`{name}` must be a path, or a list of paths, not {value!r}.", "", *key, name)
            return ()
        return tuple(values)

    def _evidence(self, entry: Mapping[str, Any], default: Evidence, *key: str | int) -> Evidence:
        value = entry.get("evidence", default)
        if value not in get_args(Evidence):
            self._wrong(
                f"`evidence` is {value!r}.",
                f"It must be one of {', '.join(get_args(Evidence))}.",
                *key,
                "evidence",
            )
            return default
        chosen: Evidence = value
        return chosen

    def _metric(self, name: Any, *key: str | int, is_paired: bool = False) -> bool:
        known = [one for one, rule in METRICS.items() if rule.is_paired or not is_paired]
        if name in known:
            return True
        self._wrong(f"{name!r} is no metric.", f"Choose one of: {', '.join(known)}.", *key)
        return False

    def _limits(
        self, section: str, table: Mapping[str, Any], default: Evidence, low: float, high: float
    ) -> tuple[Limit, ...]:
        limits = []
        name = _LIMIT_KEYS[section]
        for metric, given in table.items():
            key: Key = (section, metric)
            is_known = self._metric(metric, *key, is_paired=section == "non_inferiority")
            if isinstance(given, Mapping):
                self._only(given, (name, "evidence"), *key)
                evidence = self._evidence(given, default, *key)
                value = self._required(given, name, key, low, high)
            else:
                evidence, value = default, self._number(table, *key, low=low, high=high)
            if is_known and value is not None:
                limits.append(Limit(metric, value, evidence, self.file.where(*key)))
        return tuple(limits)

    def _required(
        self, entry: Mapping[str, Any], name: str, key: Key, low: float, high: float
    ) -> float | None:
        if name not in entry:
            self._wrong(
                f"`{name}` is missing.", f"Say e.g. {name} = {0.02 if name == 'margin' else 0.8}.", *key
            )
            return None
        return self._number(entry, *key, name, low=low, high=high)

    def _slices(self) -> tuple[SliceLimit, ...]:
        entries = self.file.content.get("slices", [])
        if not isinstance(entries, list) or not all(isinstance(one, Mapping) for one in entries):
            self._wrong("`slices` must be tables.", "Write [[slices]], once for each.", "slices")
            return ()
        found = []
        for number, entry in enumerate(entries):
            key: Key = ("slices", number)
            self._only(entry, ("by", "values", "metric", "at_least", "evidence", "min_n"), *key)
            by, metric = entry.get("by"), entry.get("metric", "exact")
            if by not in SLICES:
                self._wrong(f"`by` is {by!r}.", f"It must be one of {', '.join(SLICES)}.", *key, "by")
            is_known = self._metric(metric, *key, "metric")
            values = entry.get("values", [])
            if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
                self._wrong(f"`values` must be a list of texts, not {values!r}.", "", *key, "values")
                values = []
            least = self._required(entry, "at_least", key, 0, 1)
            min_n = self._number(entry, *key, "min_n", low=1, whole=True)
            evidence = self._evidence(entry, "not_refuted", *key)
            if by in SLICES and is_known and least is not None:
                limit = Limit(metric, least, evidence, self.file.where(*key))
                found.append(SliceLimit(by, limit, int(min_n or 1), tuple(values)))
        return tuple(found)

    def _must_pass(self) -> tuple[tuple[str, str], ...]:
        table = self._table(self.file.content, "must_pass")
        self._only(table, ("ids", "file"), "must_pass")
        found: list[tuple[str, str]] = []
        ids = table.get("ids", [])
        if isinstance(ids, list) and all(isinstance(one, str) for one in ids):
            found += [(one, self.file.where("must_pass", "ids")) for one in ids]
        else:
            self._wrong(f"`ids` must be a list of item ids, not {ids!r}.", "", "must_pass", "ids")
        if name := self._text(table, "file", "must_pass"):
            path = Path(self._path(name))
            try:
                lines = path.read_text(encoding="utf-8").split("\n")
            except (OSError, UnicodeDecodeError) as error:
                self._wrong(
                    f"{str(path)!r} cannot be read ({error}).",
                    "Name a file with one id a line.",
                    "must_pass",
                    "file",
                )
                lines = []
            found += [
                (line.strip(), f"{path}:{number}")
                for number, line in enumerate(lines, 1)
                if line.strip() and not line.startswith("#")
            ]
        first: dict[str, str] = {}
        for name_of_item, place in found:
            first.setdefault(name_of_item, place)
        return tuple(first.items())

    def _forgetting(self, name: str, entry: Any) -> Forgetting | None:
        key: Key = ("forgetting", name)
        if not isinstance(entry, Mapping):
            self._wrong(f"`{name}` must be a table, not {entry!r}.", f"Write [forgetting.{name}].", *key)
            return None
        self._only(entry, ("base", "new", "metric", "margin", "evidence"), *key)
        metric = entry.get("metric", "exact")
        is_known = self._metric(metric, *key, "metric", is_paired=True)
        base, new = self._text(entry, "base", *key), self._paths(entry, "new", *key)
        for side, is_given in (("base", base), ("new", new)):
            if not is_given and side not in entry:
                self._wrong(f"`{side}` is missing.", "Name the scores before (base) and after (new).", *key)
        margin = self._required(entry, "margin", key, -1, 1)
        evidence = self._evidence(entry, "shown", *key)
        if not is_known or not base or not new or margin is None:
            return None
        return Forgetting(name, self._path(base), new, Limit(metric, margin, evidence, self.file.where(*key)))

    def _latency(self) -> tuple[tuple[str, float, str], ...]:
        table = self._table(self.file.content, "latency")
        self._only(table, LATENCIES, "latency")
        limits = [
            (name, self._number(table, "latency", name, low=0), self.file.where("latency", name))
            for name in table
            if name in LATENCIES
        ]
        return tuple((name, value, place) for name, value, place in limits if value is not None)
