"""A file of rows into another layout: read as a stream, every row written, read back and compared; whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from fgdata.dialects.answers import FOLDER, id_key
from fgdata.dialects.bfcl import BFCL, split_answer
from fgdata.dialects.detect import REMEDY, LayoutReader, detect, in_words, layout_named
from fgdata.dialects.files import RowFile
from fgdata.dialects.layout import Layout, Values
from fgdata.dialects.losses import Losses, differences, parts
from fgdata.dialects.messages import with_tool_calls
from fgdata.dialects.parquet import Columns
from fgdata.errors import DataError, FgError, Problem, UsageError
from fgdata.example import Example
from fgdata.files import whole_path, write_whole
from fgdata.schema import Tool, tools_by_name

MOST_PROBLEMS = 50
"""Broken rows that are told one by one; the rest is counted."""
MOST_TOOL_LISTS = 1024


@dataclass(slots=True)
class Conversion:
    """What became of a file."""

    source: str
    target: str
    layout: str
    """The layout that was written."""
    layouts: Counter[str] = field(default_factory=Counter)
    """Layout -> examples that were read in it."""
    n_written: int = 0
    is_written: bool = True
    """Whether the file is there; False if it was to be lossless and is not."""
    losses: Losses = field(default_factory=Losses)
    """What the layout could not hold."""
    left_out: Losses = field(default_factory=Losses)
    """Rows that the layout has no place for at all, by reason."""
    n_typed: int = 0
    """Calls with values inside `<escape>` that were read as their tool's schema says."""
    n_untyped: int = 0
    """Calls in native text whose tool is not known: what stands inside `<escape>` stays text."""
    n_nulls: int = 0
    """Nulls that Arrow had filled into structs, taken out."""

    @property
    def is_lossless(self) -> bool:
        """Whether the file that was written says all that was read."""
        return not self.losses.found and not self.left_out.found

    def lines(self) -> list[str]:
        """The report, line by line."""
        told = [f"{self.source}: layout {in_words(self.layouts)}, {self.layouts.total()} examples"]
        done = (
            f"{self.target}: layout {self.layout}, {self.n_written} rows"
            if self.is_written
            else f"{self.target}: not written, since it would lose something"
        )
        told.append(done + (", nothing lost" if self.is_lossless else ""))
        for loss in self.left_out.found.values():
            told.append(f"left out: {loss.count} rows: {loss.part} (first: {loss.first})")
        for loss in self.losses.found.values():
            told.append(f"not held: {loss.part}, {loss.count} rows (first: {loss.first})")
        if self.n_typed:
            told.append(
                f"typed: {self.n_typed} calls had values inside <escape>, read as their tools' schema says"
            )
        if self.n_untyped:
            told.append(
                f"untyped: {self.n_untyped} calls with values inside <escape> stay text: their tools are not known (--tools, --pack)"
            )
        if self.n_nulls:
            told.append(
                f"nulls: {self.n_nulls} taken out of structs, where Arrow fills them in for keys that a row does not have"
            )
        return told

    def to_json(self) -> dict[str, Any]:
        """The report as JSON."""
        return {
            "source": self.source,
            "layouts": dict(self.layouts),
            "target": self.target,
            "layout": self.layout,
            "n_written": self.n_written,
            "is_written": self.is_written,
            "is_lossless": self.is_lossless,
            "left_out": [asdict(loss) for loss in self.left_out.found.values()],
            "losses": [asdict(loss) for loss in self.losses.found.values()],
            "n_typed": self.n_typed,
            "n_untyped": self.n_untyped,
            "n_nulls": self.n_nulls,
        }


class _LossyError(Exception):
    """Something would be lost and must not be. Stays inside this module."""


def convert(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    to: str,
    *,
    layout: str = "",
    values: Values = "bare",
    tools: Mapping[str, Tool] | None = None,
    answers: str | os.PathLike[str] | None = None,
    lossless: bool = False,
    overwrite: bool = False,
    advance: Callable[[int], object] = lambda _: None,
) -> Conversion:
    """What became of the rows of `source`, written to `target` in the layout `to`: Parquet if its name ends so, else JSONL.

    Args:
        layout: the layout of `source`; empty to tell each row's from its columns.
        values: how native text writes numbers and booleans.
        tools: tools of rows that declare none; they say what type a value inside `<escape>` has, and are written where
            the layout has tools.
        answers: the file of answers to BFCL questions; without it the one in `possible_answer/` beside.
        lossless: write nothing if something would be lost.
        overwrite: replace files that are there.
        advance: told from time to time how many bytes were read.
    Raises: UsageError for names that are none and files that are there; DataError with the problems of every broken row:
        then nothing is written.
    """
    goal = layout_named(to)
    reader = LayoutReader(layout_named(layout) if layout else None)
    file = RowFile(source, reader=reader, answers=answers)
    report = Conversion(str(source), str(target), goal.name, layouts=reader.counts)
    work = _Converter(goal, values, tools or {}, report)
    outputs = [Path(target)]
    if isinstance(goal, BFCL):
        outputs.append(Path(target).parent / FOLDER / Path(target).name)
    if not overwrite:
        UsageError.raise_if(
            Problem(str(path), "is there already.", "Add --overwrite, or choose another name.")
            for path in outputs
            if path.exists()
        )
    rows = work.rows(file.examples(advance))
    try:
        with _writer(outputs, goal) as write:
            for row in rows:
                write(row)
                report.n_written += 1
            if file.parquet is not None:
                report.n_nulls = file.parquet.n_nulls
            work.check_end(lossless)
    except _LossyError:
        report.is_written = False
    return report


class _Converter:
    """Turns examples into rows of one layout, and keeps count."""

    def __init__(self, goal: Layout, values: Values, tools: Mapping[str, Tool], report: Conversion) -> None:
        self.goal, self.values, self.given, self.report = goal, values, tools, report
        self.given_entries = [tool.to_json() for tool in tools.values()]
        self.problems: list[Problem] = []
        self.n_problems = 0
        self.n_strange = 0
        """Rows that are not of the layout that was stated."""
        self.ids = array("Q")
        self._known: dict[str, Mapping[str, Tool]] = {}

    def rows(self, examples: Iterator[Example | DataError]) -> Iterator[dict[str, Any]]:
        """The rows to write. Broken ones are collected for `check_end`; from the first on nothing more is written."""
        number = 0
        for item in examples:
            try:
                if isinstance(item, DataError):
                    raise item
                typed = with_tool_calls(item, self._tools_of(item))
            except FgError as error:
                self._broken(error, item)
                continue
            if self.n_problems:
                continue
            self.report.n_typed += typed.n_typed
            self.report.n_untyped += typed.n_untyped
            row = self._row(typed.example, number + 1)
            if row is not None:
                number += 1
                yield row

    def _broken(self, error: FgError, item: Example | DataError) -> None:
        where = item.source if isinstance(item, Example) else ""
        if any(p.remedy == REMEDY for p in error.problems):
            self.n_strange += 1
            if self.n_strange > 1:  # the layout was stated wrongly: one error says it
                return
        self.n_problems += len(error.problems)
        room = max(0, MOST_PROBLEMS - len(self.problems))
        self.problems += [Problem(p.where or where, p.what, p.remedy) for p in error.problems[:room]]

    def _tools_of(self, example: Example) -> Mapping[str, Tool]:
        """The tools that a row's calls are typed by. Broken declarations type nothing: `fgdata lint` tells of them."""
        if example.tools is None:
            return self.given
        key = repr(example.tools)  # several times as fast as JSON
        if key not in self._known:
            if len(self._known) >= MOST_TOOL_LISTS:
                self._known.clear()
            try:
                self._known[key] = tools_by_name(example.tools)
            except FgError:
                self._known[key] = {}
        return self._known[key]

    def _row(self, example: Example, number: int) -> dict[str, Any] | None:
        """The row, what it lost counted; None if the layout has no row for the example."""
        where = example.source or example.id
        if example.tools is None and self.given_entries and self.goal.name != "native-text":
            example = replace(example, tools=self.given_entries)
        try:
            row = self.goal.write(example, self.values, number)
            # What a file would give back: JSON knows no tuples, and keys that are texts only.
            text = json.dumps(row, ensure_ascii=False, allow_nan=False)
            text.encode()
            again_row = json.loads(text)
            back = detect(again_row, where).read(again_row, where, example.id)
            if len(back) != 1:
                raise DataError(Problem(where, f"reads back as {len(back)} examples."))
            again = with_tool_calls(back[0], self._tools_of(back[0])).example
        except (FgError, ValueError) as error:
            reasons = error.problems if isinstance(error, FgError) else (Problem("", f"{error}."),)
            self.report.left_out.add(reasons[0].what.rstrip("."), where, "")
            return None
        if isinstance(self.goal, BFCL):
            self.ids.append(id_key(str(row["id"])))
        for part, how in differences(parts(example), parts(again)):
            self.report.losses.add(part, where, how)
        return row

    def check_end(self, lossless: bool) -> None:
        """Raise DataError for what must not be written: broken rows, no rows, ids that the layout joins by and that stand twice."""
        n_untold = self.n_problems - len(self.problems)
        if self.n_strange > 1:
            what = f"{self.n_strange - 1} more rows are not of that layout."
            self.problems.append(Problem(self.report.source, what))
        if n_untold:
            self.problems.append(Problem(self.report.source, f"{n_untold} more problems are not shown."))
        if not self.problems and not self.report.layouts.total():
            self.problems.append(Problem(self.report.source, "has no rows."))
        if n_twice := _n_twice(self.ids):
            what = f"{n_twice} ids stand twice; this layout joins its two files by them."
            self.problems.append(Problem(self.report.source, what, "Give every row its own id."))
        DataError.raise_if(self.problems)
        if not self.report.n_written:
            reasons = "; ".join(
                f"{loss.part} (first: {loss.first})" for loss in self.report.left_out.found.values()
            )
            raise DataError(
                Problem(
                    self.report.source,
                    f"has no row that the layout {self.goal.name!r} can hold: {reasons}.",
                    "Choose another layout.",
                )
            )
        if lossless and not self.report.is_lossless:
            raise _LossyError


def _n_twice(ids: array[int]) -> int:
    if not ids:
        return 0
    import numpy as np  # ids of millions of rows, in 8 bytes each

    keys = np.sort(np.frombuffer(ids, dtype=np.uint64))
    return int((keys[1:] == keys[:-1]).sum())


@contextlib.contextmanager
def _writer(outputs: list[Path], goal: Layout) -> Iterator[Callable[[dict[str, Any]], None]]:
    """What writes a row. The files appear when the block ends without an error."""
    with contextlib.ExitStack() as stack:
        answers = stack.enter_context(write_whole(outputs[1])) if len(outputs) > 1 else None
        if outputs[0].suffix != ".parquet":
            stream: IO[str] = stack.enter_context(write_whole(outputs[0]))
            yield lambda row: _write(_without_answer(row, answers), stream)
            return
        part = stack.enter_context(whole_path(outputs[0]))
        # A column's type is known when all rows have been seen: until then they wait in a file without a name.
        spool = stack.enter_context(
            tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n", dir=part.parent)
        )
        columns = Columns()

        def write(row: dict[str, Any]) -> None:
            question = _without_answer(row, answers)
            columns.add(question)
            _write(question, spool)

        yield write
        spool.flush()
        spool.seek(0)
        columns.write((line.encode() for line in spool), part, goal.name)


def _without_answer(row: dict[str, Any], answers: IO[str] | None) -> dict[str, Any]:
    if answers is None:
        return row
    question, answer = split_answer(row)
    if answer is not None:
        _write(answer, answers)
    return question


def _write(row: Mapping[str, Any], stream: IO[str]) -> None:
    stream.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
