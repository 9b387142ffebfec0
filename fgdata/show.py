"""Rows as the model sees them; what it is trained to write stands out."""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from rich.text import Text

from fgdata.compose import Compositions
from fgdata.dialects import scan_examples
from fgdata.errors import DataError, FormatError, Problem, UsageError
from fgdata.example import Example, example_from_row
from fgdata.format import TrainingText, render_prompt, render_training
from fgdata.format.tokens import CONTROL_PATTERN, END_DECLARATION, START_DECLARATION
from fgdata.generator import Request
from fgdata.packs import load_pack
from fgdata.rows import ID, Options, RowMaker, Shape, Values
from fgdata.stock import stock_of

OPENING, CLOSING = "⟦", "⟧"
"""What marks text with loss where there are no colours."""
LEGEND = f"{OPENING}…{CLOSING} is what the model is trained to write; all else it only reads."
LOSS_STYLE, CONTROL_STYLE, LOSS_CONTROL_STYLE = "bold green", "bright_black", "green"

_DECLARATIONS = re.compile(f"(?:{START_DECLARATION}.*?{END_DECLARATION})+", re.DOTALL)


def find_examples(path: str | os.PathLike[str], row_id: str | None, limit: int) -> Iterator[Example]:
    """The row of that id, or the first `limit` rows; 0 is all.

    Raises: DataError if the file, or a row on the way, cannot be read; UsageError if no row has the id.
    """
    found = 0
    for item in scan_examples(path):
        if isinstance(item, DataError):
            raise item
        if row_id is None or item.id == row_id:
            yield item
            found += 1
            if row_id is not None or found == limit:
                return
    if row_id is not None:
        raise UsageError(
            Problem(
                f"--id {row_id}", f"no row of {path} has this id.", "See the ids with `fgdata show FILE`."
            )
        )
    if not found:
        raise DataError(Problem(str(path), "has no rows."))


def is_row_id(file_or_id: str) -> bool:
    """Whether this is meant as the id of a row: there is no file of that name, and it looks like one.

    Raises: UsageError for what is no file and has the sign of an id, but not its shape.
    """
    try:
        if Path(file_or_id).exists():
            return False
    except (OSError, ValueError):
        pass  # no name that a file can have
    if ID.fullmatch(file_or_id):
        return True
    if "@" in file_or_id:
        what = "is neither a file nor the id of a row."
        raise UsageError(
            Problem(file_or_id, what, "An id looks like PACK@VERSION/INTENT/FAMILY/TEMPLATE.REGISTER/INDEX.")
        )
    return False


def rebuilt_line(
    row_id: str, pack: str | None = None, shape: Shape = "tool-calls", values: Values = "bare"
) -> str:
    """The row with this id as `fgdata generate` writes it, made again from its pack.

    Args:
        pack: the pack's folder or name; left out, the pack that the id names.

    Raises: UsageError if there is no such pack, version or expansion; PackError for a broken pack.
    """
    Request(1, shape=shape, values=values).check()
    found = ID.fullmatch(row_id)
    try:
        read = load_pack(pack or (found["pack"] if found else ""))
    except UsageError as error:
        if pack:
            raise
        problems = (
            Problem(row_id, p.what, "Name the folder of the id's pack with --pack.") for p in error.problems
        )
        raise UsageError(*problems) from error
    stock = stock_of(read)
    return RowMaker(stock, Compositions(stock), Options(shape, values)).rebuild(row_id)


def rebuilt_example(
    row_id: str, pack: str | None = None, shape: Shape = "tool-calls", values: Values = "bare"
) -> Example:
    """The row with this id, made again; arguments and errors as of `rebuilt_line`."""
    return example_from_row(json.loads(rebuilt_line(row_id, pack, shape, values)), "", row_id)


def differences(made: Example, found: Example) -> Iterator[str]:
    """Where two rows of one id are not the same, in words: as made again, and as found in a file."""
    rows = made.to_row(), found.to_row()
    for row in rows:
        row |= {f"message {number}": message for number, message in enumerate(row.pop("messages"))}
    for name in dict.fromkeys((*rows[0], *rows[1])):
        new, old = (_shown(row.get(name)) for row in rows)
        if new != old:
            at = next((n for n, pair in enumerate(zip(new, old, strict=False)) if pair[0] != pair[1]), 0)
            begin = max(0, at - 40)
            yield f"{name}: {new[begin : at + 80]!r} now, {old[begin : at + 80]!r} in {found.source}"


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def training_text(example: Example) -> TrainingText:
    """The row as it is trained on; the prompt alone, where a benchmark's row has no answer.

    Raises: DataError if it cannot be written.
    """
    answer = example.messages[-1]
    try:
        if not answer.get("content") and not answer.get("tool_calls"):
            return TrainingText(render_prompt(example.prompt_messages, example.tools), ())
        return render_training(example.messages, example.tools)
    except FormatError as error:
        problems = (Problem(example.source, f"{p.where}: {p.what}", p.remedy) for p in error.problems)
        raise DataError(*problems) from error


def heading(example: Example) -> str:
    """The row's id, place and provenance in one line."""
    parts = [
        example.id,
        example.source,
        example.pack,
        example.family,
        example.kind,
        example.register,
        example.language,
    ]
    return " · ".join(part for part in parts if part)


def styled(training: TrainingText, *, is_short: bool = False, has_colours: bool = True) -> Text:
    """The text with its loss coloured and control tokens dim, or, without colours, the loss in brackets.

    Args:
        is_short: fold the declarations.
    """
    marks = [
        0,
        *itertools.chain.from_iterable((span.start, span.end) for span in training.spans),
        len(training.text),
    ]
    text = Text()
    for index, (start, end) in enumerate(itertools.pairwise(marks)):
        has_loss = index % 2 == 1
        piece = training.text[start:end]
        if is_short and not has_loss:
            piece = _DECLARATIONS.sub(_folded, piece)
        if has_loss and not has_colours:
            text.append(f"{OPENING}{piece}{CLOSING}")
            continue
        part = Text(piece, style=LOSS_STYLE if has_loss and has_colours else "")
        if has_colours:
            part.highlight_regex(CONTROL_PATTERN, LOSS_CONTROL_STYLE if has_loss else CONTROL_STYLE)
        text.append_text(part)
    return text


def _folded(match: re.Match[str]) -> str:
    return f"… {match[0].count(START_DECLARATION)} declarations …"
