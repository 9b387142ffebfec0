"""What is wrong with data, anybody's: rows that cannot be learnt from, contradict each other or leak between files.

Files are read row by row; of each text only a few hashes are kept. Several files in one go are taken as splits of one
data set: a text that stands in two of them is a leak.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from rich.markup import escape
from rich.table import Column, Table

from fgdata.errors import DataError, FgError, FormatError, Problem, SchemaError, UsageError
from fgdata.example import Example, scan_jsonl
from fgdata.format import TRIGGER, Completion, find_control_tokens, parse_completion, render_training
from fgdata.generate import utterance_key
from fgdata.packs import load_tools
from fgdata.schema import Call, Tool, canonical_json, check_call, coerce_call, read_json, tools_by_name

Level = Literal["error", "note"]
"""An error makes the exit code 1; a note is worth knowing and may be meant."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is looked for."""

    id: str
    why: str
    """Why it hurts."""
    remedy: str
    """What to do."""
    level: Level = "error"


RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule("broken-line", "A row that does not read is lost, or stops the training run.", "Write one JSON object a line, in the layout of docs/format.md."),
        Rule("broken-tools", "The model reads a declaration that no call can fit.", "Correct the row's `tools`."),
        Rule("unparsable-call", "The model learns to write what no parser reads.", "Write calls as <start_function_call>call:NAME{...}<end_function_call>, or as `tool_calls`."),
        Rule("off-schema-call", "The model learns values and names that the device refuses.", "Correct the call, or the tool's schema."),
        Rule("conflicting-labels", "One text with two answers cannot be learnt; each copy undoes the other.", "Keep one answer, or make the texts differ."),
        Rule("duplicate", "The text counts more often than others, and memory passes for skill.", "Keep one of the rows."),
        Rule("split-leak", "What was trained on is tested on: the score is too good.", "Keep the text in one file; put whole template families into one split."),
        Rule("missing-developer-line", "Without the trigger sentence the model does not know that functions follow.", f"Begin with a developer message that holds: {TRIGGER}"),
        Rule("missing-user-message", "There is nothing to answer.", "Add the user's message."),
        Rule("mixed-values", "Numbers written in two ways split the model's guesses between them.", "Write all bare (native), or all inside <escape>."),
        Rule("control-token", "A mark of the format inside a text ends turns and calls where none ends.", "Take it out of the text."),
        Rule("unwritable", "Training refuses the row: the format cannot express it.", "Correct the row; `fgdata show FILE --id ID` says the same."),
        Rule("duplicate-id", "Predictions are matched to rows by id.", "Give every row of a file its own id."),
        Rule("unchecked-calls", "Calls of rows without tools cannot be checked against a schema.", "Name the tools with --tools FILE or --pack NAME.", "note"),
        Rule("no-no-call-rows", "A model that only ever saw calls, calls something whatever is said.", "Add rows whose right answer is no call, about a tenth.", "note"),
    )
}  # fmt: skip
"""By id."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that is broken, and where."""

    rule: str
    file: str
    line: int
    """From 1; 0 for the file as a whole."""
    what: str

    @property
    def where(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}" if self.line else self.file

    @property
    def level(self) -> Level:
        """`error` or `note`."""
        return RULES[self.rule].level

    def to_json(self) -> dict[str, Any]:
        """The finding with its rule's reasons."""
        rule = RULES[self.rule]
        return {"rule": rule.id, "level": rule.level, "file": self.file, "line": self.line, "what": self.what, "why": rule.why, "remedy": rule.remedy}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LintReport:
    """What was found in some files."""

    rows: Mapping[str, int]
    """Rows that read, by file."""
    findings: tuple[Finding, ...]
    """By file, in the order given, and line."""

    @property
    def is_clean(self) -> bool:
        """Whether there is no error; notes do not count."""
        return all(finding.level == "note" for finding in self.findings)

    @property
    def counts(self) -> dict[str, int]:
        """Findings by rule, in the order of `RULES`."""
        counted = Counter(finding.rule for finding in self.findings)
        return {name: counted[name] for name in RULES if counted[name]}

    @property
    def summary(self) -> str:
        """One line: how much was read, and what was found."""
        n_rows, n_notes = sum(self.rows.values()), sum(finding.level == "note" for finding in self.findings)
        n_errors = len(self.findings) - n_notes
        found = ", ".join(f"{count} {name}" for name, count in self.counts.items())
        notes = f", {n_notes} notes" if n_notes else ""
        return f"{n_rows} rows in {len(self.rows)} files: {n_errors} errors{notes}{f' ({found})' if found else ''}."

    def tables(self, limit: int) -> list[Table]:
        """A table for each rule that is broken, with why it hurts and what to do.

        Args:
            limit: places shown for each rule, the others counted; 0 for all.
        """
        tables = []
        for name, count in self.counts.items():
            rule = RULES[name]
            found = [finding for finding in self.findings if finding.rule == name]
            table = Table(
                Column("where", overflow="fold", min_width=20),
                "what",
                title=f"{name} ({rule.level}): {rule.why}\n→ {rule.remedy}",
                title_justify="left",
            )
            for finding in found[:limit] if limit else found:
                table.add_row(escape(finding.where), escape(finding.what))
            if limit and count > limit:
                table.add_row("…", f"and {count - limit} more (--limit 0 shows all)")
            tables.append(table)
        return tables

    def to_json(self) -> dict[str, Any]:
        """The report as JSON."""
        return {
            "rows": dict(self.rows),
            "is_clean": self.is_clean,
            "counts": self.counts,
            "findings": [finding.to_json() for finding in self.findings],
        }


def lint(files: Sequence[str | os.PathLike[str]], tools: Mapping[str, Tool] | None = None) -> LintReport:
    """Everything found in `files`.

    Args:
        tools: tools of rows that declare none; without them such a row's pack is looked up by its name.
    Raises: DataError if a file cannot be opened; UsageError if one is given twice.
    """
    paths = [str(file) for file in files]
    twice = [
        path for path, count in Counter(str(Path(path).resolve()) for path in paths).items() if count > 1
    ]
    UsageError.raise_if(Problem(path, "is given twice.", "Name every file once.") for path in twice)
    linter = _Linter(tools)
    rows: dict[str, int] = {}
    findings: list[Finding] = []
    for path in paths:
        found: list[Finding] = []
        rows[path] = 0
        for item in scan_jsonl(path):
            if isinstance(item, DataError):
                found += [Finding("broken-line", path, _line(p.where), f"{p.what}") for p in item.problems]
                continue
            rows[path] += 1
            found += linter.row_findings(item, path)
        if not rows[path] and not found:
            found.append(Finding("broken-line", path, 0, "has no rows."))
        findings += found
    findings += linter.closing_findings(paths)
    order = {path: number for number, path in enumerate(paths)}
    findings.sort(key=lambda finding: (order[finding.file], finding.line, finding.rule))
    return LintReport(rows, tuple(findings))


def read_tools(path: str | os.PathLike[str]) -> dict[str, Tool]:
    """The tools of a JSON file, by name.

    Raises: DataError if it is no list of tools.
    """
    file = Path(path)
    try:
        entries = read_json(file.read_text(encoding="utf-8-sig"))
        if not isinstance(entries, list):
            raise DataError(
                Problem(str(path), f"must be a JSON list of tools, not {type(entries).__name__}.")
            )
        return tools_by_name(entries)
    except OSError as error:
        raise DataError(Problem(str(path), f"cannot be read: {error.strerror or error}.")) from error
    except (ValueError, RecursionError) as error:
        raise DataError(Problem(str(path), f"is no JSON ({error}).", "Give a JSON list of tools.")) from error
    except SchemaError as error:
        raise DataError(*(Problem(str(path), str(problem)) for problem in error.problems)) from error


def _line(where: str) -> int:
    number = where.rpartition(":")[2]
    return int(number) if number.isdigit() else 0


@dataclass(frozen=True, slots=True)
class _Row:
    """A row, its answer read."""

    example: Example
    file: str
    line: int
    tools: Mapping[str, Tool] | None
    """None where they are not known."""
    calls: tuple[Call, ...]
    completion: Completion | None
    """The answer, where it is text."""
    unreadable: tuple[str, ...]
    """Why calls of the answer do not read."""

    @property
    def values(self) -> str:
        """How the answer writes what is no string: bare, escaped, mixed, or none if there is nothing to write."""
        if self.completion is not None:
            style = self.completion.values
            tools = self.tools
            if (
                tools is not None
                and style in ("escaped", "mixed")
                and all(coerce_call(c, tools) == c for c in self.calls)
            ):
                # Texts that only look like numbers: the tool wants them as texts.
                return "bare" if style == "mixed" else "none"
            return style
        has_any = any(not _is_text(value) for call in self.calls for value in call.arguments.values())
        return "bare" if has_any else "none"

    @property
    def typed_calls(self) -> tuple[Call, ...]:
        """The calls; where values stand inside <escape>, with the types that their tools state."""
        if self.tools is None or self.values not in ("escaped", "mixed"):
            return self.calls
        return tuple(coerce_call(call, self.tools) for call in self.calls)


def _is_text(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_text, value.values()))
    return all(map(_is_text, value)) if isinstance(value, list) else isinstance(value, str)


# Rules that look at one row: each says what is wrong with it, if anything is.


def unparsable_calls(row: _Row) -> Iterator[str]:
    """Parts of the answer that do not read."""
    yield from row.unreadable
    if row.completion is not None:
        yield from (f"{problem.what} (character {problem.offset})" for problem in row.completion.problems)


def off_schema_calls(row: _Row) -> Iterator[str]:
    """Calls that fit no declared tool."""
    if row.tools is None:
        return
    for call in row.typed_calls:
        try:
            yield from check_call(call, row.tools)
        except SchemaError as error:  # a $ref that leads nowhere shows only when a call is checked
            yield from (problem.what for problem in error.problems)


def missing_developer_line(row: _Row) -> Iterator[str]:
    """A conversation that does not begin with the trigger sentence."""
    first = row.example.messages[0]
    if first.get("role") not in ("developer", "system"):
        yield f"the first message is the {first.get('role')}'s"
    elif TRIGGER not in _text_of(first):
        yield f"the developer message is {_text_of(first)[:60]!r}"


def missing_user_message(row: _Row) -> Iterator[str]:
    """A conversation in which nobody says anything."""
    if not row.example.utterance.strip():
        yield "no user message holds a text"


def mixed_values(row: _Row) -> Iterator[str]:
    """An answer that writes values in both ways."""
    if row.values == "mixed":
        yield "the answer writes values bare and inside <escape>"


def control_tokens(row: _Row) -> Iterator[str]:
    """Control tokens in what is not native text: every message but the assistant's."""
    for message in row.example.messages:
        if message.get("role") not in ("assistant", "model"):
            yield from (
                f"the {message.get('role')}'s message holds {token}"
                for token in find_control_tokens(_text_of(message))
            )


def unwritable(row: _Row) -> Iterator[str]:
    """What training refuses: another order of messages, images, text behind a call, a control token in an argument."""
    try:
        render_training(row.example.messages, row.example.tools)
    except FormatError as error:
        yield from (f"{problem.where}: {problem.what}" for problem in error.problems)


UNWRITABLE_TOO = {"broken-tools", "unparsable-call", "control-token"}
"""Rules whose findings make a row unwritable, too: said once, by the rule that knows why."""


def _text_of(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))
    return content if isinstance(content, str) else ""


ROW_RULES: dict[str, Callable[[_Row], Iterable[str]]] = {
    "unparsable-call": unparsable_calls,
    "off-schema-call": off_schema_calls,
    "missing-developer-line": missing_developer_line,
    "missing-user-message": missing_user_message,
    "mixed-values": mixed_values,
    "control-token": control_tokens,
}


@dataclass(frozen=True, slots=True)
class _Seen:
    """One text as it stood in one row; all but the place as hashes."""

    label: bytes
    context: bytes
    """Developer message and names of the tools: what else decides the answer."""
    file: str
    line: int


@dataclass(slots=True)
class _Linter:
    """What rows of all files have shown so far."""

    given_tools: Mapping[str, Tool] | None
    tools: dict[str, Mapping[str, Tool] | SchemaError] = field(default_factory=dict)
    """By the JSON of a row's tools: rows of one data set mostly share them."""
    packs: dict[str, Mapping[str, Tool] | None] = field(default_factory=dict)
    texts: dict[bytes, list[_Seen]] = field(default_factory=dict)
    ids: dict[tuple[str, bytes], int] = field(default_factory=dict)
    styles: dict[str, list[tuple[str, int]]] = field(default_factory=lambda: {"bare": [], "escaped": []})
    """How values are written -> the rows that write them so, only the first of each file."""
    style_counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    unchecked: Counter[str] = field(default_factory=Counter)
    n_calls: int = 0
    n_without: int = 0

    def row_findings(self, example: Example, file: str) -> Iterator[Finding]:
        """What is wrong with a row, alone and beside those before it."""
        line = _line(example.source)
        row, broken = self.read(example, file, line)
        alone = [*(("broken-tools", what) for what in broken), *_checked(row)]
        if not UNWRITABLE_TOO & {name for name, _ in alone}:
            alone += (("unwritable", what) for what in unwritable(row))
        for name, what in [*alone, *self.repeats(row)]:
            yield Finding(name, file, line, f"{what}." if not what.endswith((".", "?", "!")) else what)
        known = self.ids.setdefault((file, _hash(example.id)), line)
        if known != line:
            yield Finding("duplicate-id", file, line, f"the id {example.id!r} stands in line {known} too.")
        self.count(row)

    def read(self, example: Example, file: str, line: int) -> tuple[_Row, list[str]]:
        """The row with its answer read, and what is wrong with its tools."""
        tools, broken = self.tools_of(example)
        message, unreadable = example.messages[-1], []
        calls: tuple[Call, ...] = ()
        completion = None
        if message.get("tool_calls"):
            try:
                calls = tuple(Call.from_json(entry) for entry in message["tool_calls"])
            except FgError as error:
                unreadable = [problem.what for problem in error.problems]
        else:
            completion = parse_completion(_text_of(message))
            calls = completion.calls
        return _Row(example, file, line, tools, calls, completion, tuple(unreadable)), broken

    def tools_of(self, example: Example) -> tuple[Mapping[str, Tool] | None, list[str]]:
        """The tools a row's calls are checked against: its own, those given, or its pack's."""
        if example.tools is None:
            return (self.given_tools if self.given_tools is not None else self.pack_tools(example.pack)), []
        key = canonical_json(example.tools)
        if key not in self.tools:
            try:
                self.tools[key] = tools_by_name(example.tools)
            except SchemaError as error:
                self.tools[key] = error
        found = self.tools[key]
        if isinstance(found, SchemaError):
            return None, [str(problem) for problem in found.problems]
        return found, []

    def pack_tools(self, name: str) -> Mapping[str, Tool] | None:
        if name not in self.packs:
            try:
                self.packs[name] = load_tools(name) if name else None
            except FgError:
                self.packs[name] = (
                    None  # a data set of a pack that is not here: its calls are counted as unchecked
                )
        return self.packs[name]

    def repeats(self, row: _Row) -> Iterator[tuple[str, str]]:
        """Rows before this one with the same text: duplicates, leaks and contradictions."""
        said = [
            message
            for message in row.example.prompt_messages
            if message.get("role") not in ("developer", "system")
        ]
        developer = [
            _text_of(m) for m in row.example.prompt_messages if m.get("role") in ("developer", "system")
        ]
        text = "\x1f".join(f"{message.get('role')}\x1e{utterance_key(_text_of(message))}" for message in said)
        names = sorted(row.tools or ())
        seen = _Seen(_hash(_label(row)), _hash(canonical_json([developer, names])), row.file, row.line)
        before = self.texts.setdefault(_hash(text), [])
        utterance = row.example.utterance[:80]
        same = [other for other in before if other.context == seen.context]
        for other in before:
            if other.file == seen.file and other.context == seen.context and other.label == seen.label:
                yield "duplicate", f"{utterance!r} stands in line {other.line} too"
                return
        if leak := next((other for other in before if other.file != seen.file), None):
            yield "split-leak", f"{utterance!r} stands in {leak.file}:{leak.line} too"
        if conflict := next((other for other in same if other.label != seen.label), None):
            yield "conflicting-labels", f"{utterance!r} has another answer in {conflict.file}:{conflict.line}"
        before.append(seen)

    def count(self, row: _Row) -> None:
        """Take the row into what is said about the files as wholes."""
        if row.calls:
            self.n_calls += 1
            if row.tools is None:
                self.unchecked[row.file] += 1
        elif not any(unparsable_calls(row)):
            self.n_without += 1
        if row.values in self.styles:
            self.style_counts[row.values, row.file] += 1
            if self.style_counts[row.values, row.file] == 1:
                self.styles[row.values].append((row.file, row.line))

    def closing_findings(self, files: Sequence[str]) -> Iterator[Finding]:
        """What shows only when all rows were seen."""
        totals = {
            style: sum(n for (name, _), n in self.style_counts.items() if name == style)
            for style in self.styles
        }
        if all(totals.values()):
            rarer, other = sorted(totals, key=lambda style: (totals[style], style))
            for file, line in self.styles[rarer]:
                count = self.style_counts[rarer, file]
                what = f"{count} rows write values {rarer}, of which this is the first; {totals[other]} write them {other}."
                yield Finding("mixed-values", file, line, what)
        for file, count in self.unchecked.items():
            yield Finding("unchecked-calls", file, 0, f"{count} rows have calls and no tools.")
        if self.n_calls and not self.n_without:
            yield Finding("no-no-call-rows", files[0], 0, f"all {self.n_calls} rows call a tool.")


def _checked(row: _Row) -> Iterator[tuple[str, str]]:
    for name, check in ROW_RULES.items():
        yield from ((name, what) for what in check(row))


def _label(row: _Row) -> str:
    """What the row answers, as text: two rows with one text must agree in it."""
    if row.unreadable or (row.completion is not None and row.completion.problems):
        return canonical_json(row.example.messages[-1])
    if row.calls:
        return canonical_json([call.to_json() for call in row.typed_calls])
    return row.example.kind if row.example.kind == "ask" else "no_call"


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()
