"""A run over files: every row read once, alone and beside the others; what shows only at the end; the report."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fgdata.dialects import LayoutReader, scan_examples
from fgdata.errors import DataError, FormatError, Problem, SchemaError, UsageError
from fgdata.example import Example
from fgdata.lengths import TokenCounter
from fgdata.linting.repeats import Repeats, text_hash
from fgdata.linting.report import Finding, LintReport
from fgdata.linting.rows import check_row, read_row
from fgdata.linting.rules import LEAST_SIMILAR, SIMILARITY
from fgdata.linting.tallies import Tallies
from fgdata.linting.toolsets import ToolSets, tool_set
from fgdata.schema import Tool, read_json, tools_by_name


def lint(
    files: Sequence[str | os.PathLike[str]],
    tools: Mapping[str, Tool] | None = None,
    *,
    similarity: float = SIMILARITY,
    max_length: int | None = None,
    tokenizer: str = "",
    advance: Callable[[int], object] = lambda _: None,
) -> LintReport:
    """Everything found in `files`, which together are taken as splits of one data set.

    Args:
        tools: tools of rows that declare none; without them such a row's pack is looked up by its name.
        similarity: Jaccard index of character trigrams from which texts are near duplicates, 0.5 to 1; 0 to leave them alone.
        max_length: tokens of a whole row, above which it is told; needs `tokenizer`.
        tokenizer: a tokenizer's folder, or its name on the Hub.
        advance: told after each line how many bytes it took.
    Raises: DataError if a file cannot be opened; UsageError if one is given twice or an argument cannot be used; ModelError if
        the tokenizer cannot be loaded.
    """
    paths = [str(file) for file in files]
    _check_arguments(paths, similarity, max_length, tokenizer)
    counter = TokenCounter(tokenizer) if max_length is not None else None
    linter = _Linter(
        ToolSets(tool_set(tools) if tools is not None else None),
        Repeats(paths, similarity),
        counter,
        max_length or 0,
    )
    rows: dict[str, int] = {}
    layouts: dict[str, dict[str, int]] = {}
    findings: list[Finding] = []
    for path in paths:
        reader = LayoutReader()
        found: list[Finding] = []
        for item in scan_examples(path, reader=reader, advance=advance):
            if isinstance(item, DataError):
                found += [Finding("broken-line", path, _line(p.where), p.what) for p in item.problems]
            else:
                found += linter.row_findings(item, path)
        layouts[path] = dict(reader.counts)
        rows[path] = reader.counts.total()
        if not rows[path] and not found:
            found.append(Finding("broken-line", path, 0, "has no rows."))
        findings += found
        linter.ids.clear()  # ids need to differ within a file only
    findings += linter.tallies.closing_findings(paths)
    findings += linter.repeats.closing_findings()
    order = {path: number for number, path in enumerate(paths)}
    findings.sort(key=lambda finding: (order[finding.file], finding.line, finding.rule))
    return LintReport(rows, tuple(findings), layouts)


def _check_arguments(paths: Sequence[str], similarity: float, max_length: int | None, tokenizer: str) -> None:
    """Raise UsageError with everything that keeps a run from starting."""
    counted = Counter(str(Path(path).resolve()) for path in paths)
    problems = [
        Problem(path, "is given twice.", "Name every file once.")
        for path, count in counted.items()
        if count > 1
    ]
    if similarity and not LEAST_SIMILAR <= similarity <= 1:
        problems.append(
            Problem(
                f"--near {similarity}",
                "is no similarity.",
                f"Give a number from {LEAST_SIMILAR} to 1, or 0 for none; usual is {SIMILARITY}.",
            )
        )
    if max_length is not None and max_length < 1:
        problems.append(
            Problem(f"--max-length {max_length}", "is no number of tokens.", "It must be at least 1.")
        )
    if (max_length is None) != (not tokenizer):
        given, missing = (
            ("--tokenizer", "--max-length N") if tokenizer else ("--max-length", "--tokenizer PATH_OR_NAME")
        )
        problems.append(
            Problem(given, "counts tokens only with both a length and a tokenizer.", f"Add {missing}.")
        )
    UsageError.raise_if(problems)


def _line(where: str) -> int:
    number = where.rpartition(":")[2]
    return int(number) if number.isdigit() else 0


@dataclass(slots=True)
class _Linter:
    """What rows of all files have shown so far."""

    tool_sets: ToolSets
    repeats: Repeats
    counter: TokenCounter | None
    max_length: int
    tallies: Tallies = field(default_factory=Tallies)
    ids: dict[bytes, int] = field(default_factory=dict)
    """Id -> its first line in this file."""

    def row_findings(self, example: Example, file: str) -> Iterator[Finding]:
        """What is wrong with a row, alone and beside those before it."""
        line = _line(example.source)
        row = read_row(example, file, line, self.tool_sets.of(example.tools, example.pack))
        for rule, what in (*check_row(row), *self.too_long(example), *self.repeats.add(row)):
            yield Finding(rule, file, line, what if what.endswith((".", "?", "!")) else f"{what}.")
        known = self.ids.setdefault(text_hash(example.id), line)
        if known != line:
            yield Finding("duplicate-id", file, line, f"the id {example.id!r} stands in line {known} too.")
        self.tallies.add(row)

    def too_long(self, example: Example) -> Iterator[tuple[str, str]]:
        if self.counter is None:
            return
        try:
            length = self.counter.count(example)
        except FormatError:
            return  # another rule says why the row cannot be written
        if length > self.max_length:
            yield "too-long", f"{length} tokens, {length - self.max_length} more than {self.max_length}"


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
