"""What a pack does not say yet, and where a model that was scored on its rows fails: a list of what to write next."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fgdata.own.draft import MARK
from fgdata.own.failures import Failure, read_failures
from fgdata.pack import CALLING, KINDS, REFERENCE, SPLITS, CallPattern, Pack, filled
from fgdata.pack_reader import pack_files
from fgdata.packs import load_pack
from fgdata.schema import JsonValue, canonical_json

FEW = 10
"""Families of an intent in `train`, below which it is named: with fewer, a model learns the wordings and not the wish."""

GAPS: Mapping[str, str] = {
    "tool never called": "Add an intent whose `calls` name it.",
    "parameter never given": "Add it to an intent's call, with a slot and sentences that say it.",
    "value never used": "Add the value to the slot, with the words for it.",
    "value said one way": "Add forms: other words that people use for the value.",
    "parameter never missing": "Add an intent of kind `ask` whose sentences leave it out.",
    "few families": "Add families in `train` that word and build the sentence in another way.",
    "register missing": "Add a family with this register.",
    "kind missing": "Add intents of this kind and a share in `mix`, or decide that your users never ask so.",
    "marked": "Write what the comment asks for, then take the comment out.",
}
"""What a pack may lack -> what to do, in the order told."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that the pack does not say."""

    what: str
    """A key of `GAPS`."""
    where: str
    """Tool, parameter, intent or `file:line`."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What to write next."""

    pack: Pack
    gaps: tuple[Gap, ...]
    failures: tuple[Failure, ...] = ()
    """Of a scored run, the gravest first."""
    scored: Mapping[str, Any] = field(default_factory=dict)
    """Rows of the run, and how many of them were wrong; empty without a run."""

    def of(self, what: str) -> list[Gap]:
        """The gaps of one key of `GAPS`."""
        return [gap for gap in self.gaps if gap.what == what]

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "pack": f"{self.pack.name}@{self.pack.version}",
            "gaps": [
                {"what": gap.what, "where": gap.where, "detail": gap.detail, "remedy": GAPS[gap.what]}
                for gap in self.gaps
            ],
            "scored": dict(self.scored),
            "failures": [failure.to_json() for failure in self.failures],
        }


def find_coverage(pack: str | os.PathLike[str], scored: str | os.PathLike[str] | None = None) -> Coverage:
    """What the pack lacks, and where a run that was scored on its rows fails.

    Args:
        scored: a folder that `fgeval score` wrote.
    Raises: UsageError or PackError for the pack; DataError for the run, or one on the rows of another pack.
    """
    read = load_pack(pack)
    gaps = tuple(
        sorted(
            (*_of_tools(read), *_of_intents(read), *_marks(read)),
            key=lambda gap: list(GAPS).index(gap.what),
        )
    )
    if scored is None:
        return Coverage(read, gaps)
    failures, counts = read_failures(scored, read)
    return Coverage(read, gaps, tuple(failures), counts)


# The pack


def _patterns(pack: Pack) -> list[CallPattern]:
    return [pattern for intent in pack.intents if intent.kind in CALLING for pattern in intent.calls]


def _tools_of(pattern: CallPattern, pack: Pack) -> list[str]:
    """The tools that a call may be of: its own, or all that a slot names."""
    found = REFERENCE.fullmatch(pattern.tool)
    return [str(v.value) for v in pack.slots[found[1]].values] if found else [pattern.tool]


def _of_tools(pack: Pack) -> Iterator[Gap]:
    """Tools, parameters and values that no call has."""
    given: defaultdict[str, set[str]] = defaultdict(set)
    values: defaultdict[str, set[str]] = defaultdict(set)
    for pattern in _patterns(pack):
        for called in _tools_of(pattern, pack):
            for name, argument in pattern.arguments.items():
                for path, part in _leaves(argument, name):
                    given[called].add(path)
                    values[f"{called}.{path}"] |= set(_values(part, pack))
            if pattern.each is not None:
                given[called].add(pattern.each[0])
                values[f"{called}.{pattern.each[0]}"] |= set(map(canonical_json, pattern.each[1]))
    calling = {name for pattern in _patterns(pack) for name in _tools_of(pattern, pack)}
    for tool in pack.tools:
        if tool.name not in calling:
            yield Gap("tool never called", tool.name)
            continue
        for path, schema in _schema_leaves(tool.strict_schema, ""):
            if not any(path == one or path.startswith((f"{one}.", f"{one}[")) for one in given[tool.name]):
                yield Gap("parameter never given", f"{tool.name}.{path}")
                continue
            wanted = (
                [True, False]
                if schema.get("type") == "boolean" and "enum" not in schema
                else schema.get("enum")
            )
            known = values[f"{tool.name}.{path}"]
            for value in wanted if isinstance(wanted, list) and known else ():
                if canonical_json(value) not in known:
                    yield Gap("value never used", f"{tool.name}.{path}", canonical_json(value))
        asked = {i.asks_for for i in pack.intents if i.kind == "ask" and i.asks_of in ("", tool.name)}
        for parameter in tool.parameters:
            if parameter.required and parameter.name not in asked:
                yield Gap("parameter never missing", f"{tool.name}.{parameter.name}")


def _leaves(argument: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The parts of an argument that hold one value: `lines[].quantity` and its pattern."""
    if isinstance(argument, Mapping) and argument:
        for name, part in argument.items():
            yield from _leaves(part, f"{path}.{name}")
    elif isinstance(argument, list) and argument:
        for part in argument:
            yield from _leaves(part, f"{path}[]")
    else:
        yield path, argument


def _schema_leaves(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The same of a schema."""
    properties, items = schema.get("properties"), schema.get("items")
    if isinstance(properties, Mapping) and properties:
        for name, part in properties.items():
            if isinstance(part, Mapping):
                yield from _schema_leaves(part, f"{path}.{name}" if path else name)
    elif isinstance(items, Mapping):
        yield from _schema_leaves(items, f"{path}[]")
    elif path:
        yield path, schema


def _values(part: Any, pack: Pack) -> Iterator[str]:
    """What may stand in one place of a call."""
    found = REFERENCE.fullmatch(part) if isinstance(part, str) else None
    if found and found[1] in pack.slots:
        yield from (canonical_json(value.value) for value in pack.slots[found[1]].values)
    else:
        held: JsonValue = filled(part, {})
        yield canonical_json(held)


def _of_intents(pack: Pack) -> Iterator[Gap]:
    """Intents with few families, registers that an intent lacks, values with one form, kinds that are not there."""
    used = {slot for pattern in _patterns(pack) for slot in pattern.slots}
    for name in sorted(used):
        slot = pack.slots[name]
        if slot.kind == "values" and not slot.differs_from:
            for value in slot.values:
                if len(value.forms) == 1:
                    yield Gap("value said one way", name, f"{canonical_json(value.value)}: {value.forms[0]}")
    for intent in pack.intents:
        if (count := len(intent.families_in("train"))) < FEW:
            yield Gap("few families", intent.name, f"{count} in train, fewer than {FEW}")
        for split in SPLITS:
            said = {register for family in intent.families_in(split) for register in family.registers}
            wanted = [
                register
                for language in pack.languages
                if language in intent.languages
                for register in pack.registers_of(language)
            ]
            if missing := [register for register in wanted if register not in said]:
                yield Gap("register missing", intent.name, f"{', '.join(missing)} in {split}")
    for kind in KINDS:
        if kind not in pack.mix:
            yield Gap("kind missing", kind)


def _marks(pack: Pack) -> Iterator[Gap]:
    """Places that `fgdata init` left for a person."""
    for file in pack_files(Path(pack.folder)):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            _, found, text = line.partition(f"# {MARK}")
            if found:
                yield Gap("marked", f"{file}:{number}", text.strip())


def gap_lines(gaps: Iterable[Gap], limit: int) -> list[str]:
    """The gaps for a terminal: a heading for each kind, then its places."""
    by_what: dict[str, list[Gap]] = {}
    for gap in gaps:
        by_what.setdefault(gap.what, []).append(gap)
    lines: list[str] = []
    for what, those in by_what.items():
        lines += ["", f"{what} ({len(those)}): {GAPS[what]}"]
        shown = those[:limit] if limit else those
        lines += [f"  {gap.where}{f': {gap.detail}' if gap.detail else ''}" for gap in shown]
        if len(those) > len(shown):
            lines.append(f"  … and {len(those) - len(shown)} more (--limit 0 shows all)")
    return lines[1:]
