"""Files of rows in any layout, as JSONL, as one JSON list, or as Parquet; read as a stream."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

from fgdata.console import err
from fgdata.dialects.answers import Answers, answers_beside
from fgdata.dialects.detect import LayoutReader, in_words
from fgdata.dialects.parquet import ParquetRows, is_parquet
from fgdata.errors import DataError, Problem
from fgdata.example import Example, Line, collect, scan_lines
from fgdata.row_decoder import RowDecoder

_CHUNK = 1 << 20
MOST_BYTES = 64 << 20
"""The longest row of a JSON list that is read."""


class RowFile:
    """The examples of a file, whatever its form and layout; `reader.counts` says which layouts it has.

    Args:
        layout: what is known of the layout; without it each row's is told from its columns.
        answers: the file of answers to BFCL questions; without it the one in `possible_answer/` beside.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        reader: LayoutReader | None = None,
        answers: str | os.PathLike[str] | None = None,
    ) -> None:
        self.path = Path(path)
        self.reader = reader or LayoutReader()
        self.answers = answers or answers_beside(path)
        self.parquet = ParquetRows(path) if is_parquet(path) else None

    def lines(self, advance: Callable[[int], object] = lambda _: None) -> Iterator[Line | DataError]:
        """The decoded rows, or why a row is none. Raises: DataError if the file cannot be read."""
        if self.parquet is not None:
            return self.parquet.lines(advance)
        if _is_list(self.path):
            return _scan_list(self.path, advance)
        return scan_lines(self.path, advance)

    def examples(self, advance: Callable[[int], object] = lambda _: None) -> Iterator[Example | DataError]:
        """The examples, or why a row is none. Raises: DataError if a file cannot be read, or the file of answers is broken."""
        with contextlib.ExitStack() as stack:
            answers = stack.enter_context(Answers(self.answers)) if self.answers else None
            for line in self.lines(advance):
                if isinstance(line, DataError):
                    yield line
                    continue
                row = line.value
                if answers is not None and isinstance(row, dict) and "ground_truth" not in row:
                    truth = answers.get(str(row.get("id")))
                    row = row if truth is None else {**row, "ground_truth": truth}
                try:
                    found = self.reader.read(row, line.source, line.default_id)
                except DataError as error:
                    name = row.get("id") if isinstance(row, dict) else None
                    error.row_id = name if isinstance(name, str) else ""
                    yield error
                    continue
                yield from found


def scan_examples(
    path: str | os.PathLike[str],
    *,
    reader: LayoutReader | None = None,
    answers: str | os.PathLike[str] | None = None,
    advance: Callable[[int], object] = lambda _: None,
) -> Iterator[Example | DataError]:
    """The examples of a file in any layout, in constant memory, or why a row is none.

    Args:
        reader: counts the layouts that are found.
        answers: the file of answers to BFCL questions; without it the one in `possible_answer/` beside.
        advance: told from time to time how many bytes were read.
    Raises: DataError if a file cannot be read.
    """
    return RowFile(path, reader=reader, answers=answers).examples(advance)


def read_examples(path: str | os.PathLike[str]) -> list[Example]:
    """All examples of a file in any layout.

    Raises: DataError with the problems of every broken row and every id given twice, or if the file has no rows.
    """
    return collect(scan_examples(path), path)


def _is_list(path: Path) -> bool:
    """Whether a file is named as JSON, and begins as a list of objects does. One named as JSON lines has a row a line."""
    if path.suffix != ".json":
        return False
    try:
        with path.open("rb") as stream:
            start = stream.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError:
        return False
    return start[:1] == b"[" and start[1:].lstrip()[:1] == b"{"


def _scan_list(path: Path, advance: Callable[[int], object]) -> Iterator[Line | DataError]:
    """Row by row what one JSON list holds. Raises: DataError for what stands between or behind the rows, and a list that breaks off."""
    decoder, decode = json.JSONDecoder(), RowDecoder()
    number, text, position = 0, "", 0
    signs, takes_row = "[", False  # what may stand here
    try:
        with path.open(encoding="utf-8-sig") as stream:
            while True:
                position = _after_blanks(text, position)
                sign = text[position : position + 1]
                if sign and sign in signs:
                    position += 1
                    if sign == "]":
                        return _check_end(text[position:], stream, path, number)
                    signs, takes_row = ("]", True) if sign == "[" else ("", True)
                    continue
                if sign and not takes_row:
                    raise _no_list(path, number, f"a comma or ] is due, not {sign!r}")
                try:
                    _, end = decoder.raw_decode(text, position)
                    if end == len(text):
                        raise ValueError("it breaks off")  # or the chunk ends inside a number
                except (ValueError, RecursionError) as error:
                    more = stream.read(_CHUNK)
                    advance(len(more))
                    text, position = text[position:] + more, 0
                    if more and len(text) <= MOST_BYTES:
                        continue
                    raise _no_list(path, number, str(error) if text.strip() else "it breaks off") from error
                number += 1
                source = f"{path}:{number}"
                try:
                    yield Line(decode(text[position:end]), source, f"{path.stem}:{number}")
                except (ValueError, RecursionError) as error:
                    yield DataError(Problem(source, f"is no JSON ({error})."))
                position, signs, takes_row = end, ",]", False
    except UnicodeDecodeError as error:
        raise DataError(
            Problem(str(path), f"is not UTF-8 ({error.reason}).", "Save the file as UTF-8.")
        ) from error


def _no_list(path: Path, number: int, why: str) -> DataError:
    """The error of a list that is none after `number` rows."""
    what = f"is no JSON list of rows ({why})."
    return DataError(Problem(f"{path}:{number + 1}", what, "Write one JSON object a line."))


def _check_end(text: str, stream: IO[str], path: Path, number: int) -> None:
    """Raises: DataError for anything behind the list: rows there would be lost in silence."""
    more = text + stream.read(_CHUNK)
    while more:
        if rest := more.strip():
            raise _no_list(path, number, f"behind its end stands {rest[:20]!r}")
        more = stream.read(_CHUNK)


_BLANKS = re.compile(r"[ \t\r\n]*")


def _after_blanks(text: str, position: int) -> int:
    found = _BLANKS.match(text, position)
    return found.end() if found else position


def tell_layouts(path: str | os.PathLike[str], examples: Iterable[Example]) -> None:
    """Say on stderr which layouts a file's rows were read in, unless they are our own."""
    counts = Counter(example.layout for example in examples)
    if counts and set(counts) != {"rows"}:
        err.print(f"{path}: layout {in_words(counts)}", markup=False, highlight=False)
