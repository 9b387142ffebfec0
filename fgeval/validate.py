"""Test rows looked at before any model runs: gold that no completion can match, that contradicts itself, or that training has seen.

Every row is read in its own layout, and nothing stops at the first flaw: a finding names the item, its place and what to do.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from fgdata.characters import text_key
from fgdata.dialects import LayoutReader, scan_examples
from fgdata.dialects.alternatives import Alternatives, alternatives, decision
from fgdata.dialects.detect import in_words
from fgdata.errors import DataError, FgError, SchemaError
from fgdata.example import Example
from fgdata.format import parse_completion, render_call, render_prompt
from fgdata.hub.source import data_facts
from fgdata.linting.stems import SHORTEST_STEM, stem
from fgdata.schema import Call, Tool, canonical_json, coerce_call
from fgeval.items import tools_of

Level = Literal["error", "warning", "note"]
LEVELS: Final[tuple[Level, ...]] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Rule:
    """What is looked for."""

    id: str
    level: Level
    what: str
    """What breaks it, and what to do."""


RULES: Final[dict[str, Rule]] = {
    rule.id: rule
    for rule in (
        Rule("broken", "error", "The row, its tools or its answer do not read, or an item has no gold. Correct the row."),
        Rule("duplicate-id", "error", "Two items have one id; predictions are matched by it. Give every row its own."),
        Rule("unwritable", "error", "The prompt or the gold cannot be written in the format, or the gold does not read back. Correct the row."),
        Rule("unknown-tool", "error", "The gold calls a tool that is not declared. Declare it, or correct the name."),
        Rule("impossible", "error", "No call can match: no acceptable value is named, a required parameter is not in the gold, or the gold has one that the tool has not. Correct the gold."),
        Rule("off-schema", "error", "None of the acceptable values fits the tool's schema: a model that keeps to it cannot match. Correct the gold or the schema."),
        Rule("ambiguous", "error", "The same prompt has another gold elsewhere in the file: one of the two cannot be met. Keep one, or tell the prompts apart."),
        Rule("seen", "error", "The utterance stands in a training file: the score measures memory. Take it out of one of the two."),
        Rule("interchangeable", "warning", "A call fits two of the due calls, which accept different values: a greedy matcher's verdict depends on the order. Use a profile that assigns calls (strict, semantic)."),
        Rule("partly-off-schema", "warning", "Some acceptable values do not fit the tool's schema. Take them out of the gold."),
        Rule("seen-stem", "warning", "But for endings, particles and numbers the utterance stands in a training file. Report scores with and without."),
        Rule("duplicate", "warning", "The same prompt with the same gold stands in the file before: the item counts twice. Keep one."),
        Rule("decision-only", "note", "The row names no call and no text: only whether a call is made can be scored."),
    )
}  # fmt: skip


def rules_markdown() -> str:
    """The rules as a Markdown table, for docs/layouts.md."""
    lines = ["| rule | level | what breaks it, and what to do |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| `{rule.id}` | {rule.level} | {rule.what} |" for rule in RULES.values())])


@dataclass(frozen=True, slots=True)
class Flaw:
    """A rule that an item breaks."""

    rule: str
    id: str
    """The item's; empty for a line that is none."""
    where: str
    """`file:line`."""
    what: str

    @property
    def level(self) -> Level:
        """How grave it is."""
        return RULES[self.rule].level


@dataclass(slots=True)
class Validation:
    """What was found in a file of test rows."""

    file: str
    source: Mapping[str, str] = field(default_factory=dict)
    """Where rows of the Hub come from: data set, configuration, split and commit; empty for a file."""
    n_items: int = 0
    """Items that read."""
    layouts: Counter[str] = field(default_factory=Counter)
    flaws: list[Flaw] = field(default_factory=list)
    n_seen_texts: int | None = None
    """Utterances of the training files; None if none was given."""

    def flagged(self, *rules: str) -> list[str]:
        """Ids of items that break one of `rules`, in order; any of the errors if none are named."""
        wanted = rules or tuple(rule.id for rule in RULES.values() if rule.level == "error")
        return list(dict.fromkeys(flaw.id for flaw in self.flaws if flaw.rule in wanted and flaw.id))

    def fails(self, level: Level) -> bool:
        """Whether anything of this level, or graver, was found."""
        return any(LEVELS.index(flaw.level) <= LEVELS.index(level) for flaw in self.flaws)

    @property
    def counts(self) -> dict[str, int]:
        """Flaws by rule, in the order of `RULES`."""
        found = Counter(flaw.rule for flaw in self.flaws)
        return {name: found[name] for name in RULES if found[name]}

    @property
    def summary(self) -> str:
        """One line: what was read and what was found."""
        told = ", ".join(f"{count} {name}" for name, count in self.counts.items()) or "no flaw"
        return f"{self.file}: layout {in_words(self.layouts)}, {self.n_items} items: {told}."

    def to_json(self) -> dict[str, Any]:
        """The report as JSON, every flaw in it."""
        return {
            "file": self.file,
            **self.source,
            "layouts": dict(self.layouts),
            "n_items": self.n_items,
            "counts": self.counts,
            "flagged": self.flagged(),
            "flaws": [
                {"rule": f.rule, "level": f.level, "id": f.id, "where": f.where, "what": f.what}
                for f in self.flaws
            ],
        }


def validate(
    data: str | os.PathLike[str],
    train: Sequence[str | os.PathLike[str]] = (),
    *,
    advance: Callable[[int], object] = lambda _: None,
) -> Validation:
    """What is wrong with the rows of `data` as test items.

    Args:
        train: files that the model is trained on; rows there that do not read are passed over, `fgdata lint` tells of them.
        advance: told from time to time how many bytes were read.
    Raises: DataError if a file cannot be read or has no rows.
    """
    report = Validation(str(data), data_facts(data))
    reader = LayoutReader(counts=report.layouts)
    check = _Checker(report, *_seen_texts(train, advance))
    for item in scan_examples(data, reader=reader, advance=advance):
        if isinstance(item, DataError):
            report.flaws += [
                Flaw("broken", "", p.where, f"{p.what} {p.remedy}".strip()) for p in item.problems
            ]
            continue
        report.n_items += 1
        for rule, what in check.flaws(item):
            report.flaws.append(Flaw(rule, item.id, item.source, what))
    if not report.n_items and not report.flaws:
        raise DataError(f"{data}: has no rows.")
    if train:
        report.n_seen_texts = len(check.seen)
    return report


def _seen_texts(
    files: Sequence[str | os.PathLike[str]], advance: Callable[[int], object]
) -> tuple[dict[bytes, str], dict[bytes, str]]:
    """Hashes of the training utterances and of their stems, each with its first place."""
    texts: dict[bytes, str] = {}
    stems: dict[bytes, str] = {}
    for file in files:
        for item in scan_examples(file, advance=advance):
            if isinstance(item, Example) and item.utterance:
                texts.setdefault(_hash(text_key(item.utterance)), item.source)
                if len(root := stem(item.utterance)) >= SHORTEST_STEM:
                    stems.setdefault(_hash(root), item.source)
    return texts, stems


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()


class _Checker:
    """Looks at one item after the other, and remembers what those before it asked and expected."""

    def __init__(self, report: Validation, seen: Mapping[bytes, str], stems: Mapping[bytes, str]) -> None:
        self.report, self.seen, self.stems = report, seen, stems
        self.ids: dict[bytes, str] = {}
        self.prompts: dict[bytes, tuple[bytes, str]] = {}
        """Prompt -> its first gold and the place of it."""

    def flaws(self, example: Example) -> Iterator[tuple[str, str]]:
        """Rule and words for everything that is wrong with an item."""
        known = self.ids.setdefault(_hash(example.id), example.source)
        if known is not example.source:
            yield "duplicate-id", f"the id {example.id!r} is taken by {known}."
        try:
            tools = tools_of(example)
            due = alternatives(example)
            if not example.messages[:-1]:
                raise DataError("nothing is asked: the answer is the only message.")
        except FgError as error:
            yield from (("broken", str(problem)) for problem in error.problems)
            return
        yield from _prompt_flaws(example)
        yield from _gold_flaws(example, due, tools)
        yield from self._repeats(example, due)
        yield from self._contaminated(example)

    def _repeats(self, example: Example, due: Sequence[Alternatives]) -> Iterator[tuple[str, str]]:
        prompt = _hash(canonical_json([_asked(example), example.tools]))
        gold = _hash(
            canonical_json([decision(example), sorted(canonical_json(one.to_json()) for one in due)])
        )
        first, place = self.prompts.setdefault(prompt, (gold, example.source))
        if place is not example.source:
            rule = "duplicate" if first == gold else "ambiguous"
            yield (
                rule,
                f"{place} asks the same{'' if first == gold else ', and expects something else'}: {example.utterance[:80]!r}.",
            )

    def _contaminated(self, example: Example) -> Iterator[tuple[str, str]]:
        if not self.seen or not example.utterance:
            return
        if place := self.seen.get(_hash(text_key(example.utterance))):
            yield "seen", f"{example.utterance[:80]!r} stands at {place}."
        elif place := self.stems.get(_hash(stem(example.utterance))):
            yield "seen-stem", f"{example.utterance[:80]!r} shares its stem with {place}."


def _asked(example: Example) -> list[Any]:
    """The prompt's messages as a reader sees them."""
    return [[m.get("role"), m.get("content"), m.get("tool_calls")] for m in example.prompt_messages]


def _prompt_flaws(example: Example) -> Iterator[tuple[str, str]]:
    try:
        render_prompt(example.prompt_messages, example.tools)
    except FgError as error:
        yield from (("unwritable", f"the prompt: {problem}") for problem in error.problems)
    if not example.messages[-1].get("content") and not example.messages[-1].get("tool_calls"):
        due = "some call" if decision(example) == "any_call" else "no call"
        yield "decision-only", f"{due} is due."


def _gold_flaws(
    example: Example, due: Sequence[Alternatives], tools: Mapping[str, Tool]
) -> Iterator[tuple[str, str]]:
    for call in example.expected_calls:
        yield from _written_flaws(call, tools)
    for one in due:
        empty = [name for name, values in one.values.items() if not values and name not in one.optional]
        yield from (("impossible", f"{one.name}.{name}: no acceptable value is named.") for name in empty)
        if not tools:
            continue
        if one.name not in tools:
            declared = ", ".join(tools) or "none"
            yield "unknown-tool", f"{one.name!r} is not among the declared tools ({declared[:200]})."
            continue
        yield from _schema_flaws(one, tools)
    pairs = itertools.combinations(due, 2)
    names = [
        one.name
        for one, other in pairs
        if one.name == other.name and one.to_json() != other.to_json() and _overlap(one, other)
    ]
    for name in dict.fromkeys(names):
        yield "interchangeable", f"one call can be taken for either of two of {name!r}."


def _written_flaws(call: Call, tools: Mapping[str, Tool]) -> Iterator[tuple[str, str]]:
    try:
        read = parse_completion(render_call(call)).calls
    except FgError as error:
        yield from (("unwritable", f"the gold: {problem}") for problem in error.problems)
        return
    if tuple(coerce_call(one, tools) for one in read) != (coerce_call(call, tools),):
        yield "unwritable", f"the gold call of {call.name!r} does not read back as it is."


def _schema_flaws(due: Alternatives, tools: Mapping[str, Tool]) -> Iterator[tuple[str, str]]:
    """Parameter by parameter, then the call with the best value of each."""
    tool = tools[due.name]
    best: dict[str, Any] = {}
    try:
        for name, values in due.values.items():
            if name in due.optional and tuple(values) == ("",):
                continue  # BFCL's way to say that it is left out
            told = {n: _complaints(tool, name, value) for n, value in enumerate(values)}
            good = [values[n] for n, complaints in told.items() if not complaints]
            if values:
                best[name] = (good or list(values))[0]
            bad = [complaint for complaints in told.values() for complaint in complaints]
            if bad and good:
                yield "partly-off-schema", f"{bad[0]}."
            elif bad and name not in due.optional:
                yield "off-schema", f"{bad[0]}."
            elif bad:
                yield "partly-off-schema", f"{bad[0]}; it may be left out."
        call = coerce_call(Call(due.name, best), tools)
        for violation in tool.violations(call.arguments):
            if not violation.path:
                rule = (
                    "impossible" if violation.word in ("required", "additionalProperties") else "off-schema"
                )
                yield rule, f"{tool.complaint(violation)}."
    except SchemaError as error:  # a $ref that leads nowhere
        yield from (("broken", problem.what) for problem in error.problems)


def _complaints(tool: Tool, name: str, value: Any) -> list[str]:
    """What is wrong with one argument's value."""
    call = coerce_call(Call(tool.name, {name: value}), {tool.name: tool})
    return [tool.complaint(v) for v in tool.violations(call.arguments) if v.path[:1] == (name,)]


def _overlap(one: Alternatives, other: Alternatives) -> bool:
    """Whether some call fits both."""
    for name in one.values.keys() | other.values.keys():
        left, right = one.values.get(name), other.values.get(name)
        if left is None or right is None:
            if name not in (other if left is None else one).optional:
                return False
            continue
        shared = set(map(canonical_json, left)) & set(map(canonical_json, right))
        if not shared and not (name in one.optional and name in other.optional):
            return False
    return True
