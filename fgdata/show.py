"""Rows as the model sees them; what it is trained to write stands out."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator

from rich.text import Text

from fgdata.errors import DataError, FormatError, Problem, UsageError
from fgdata.example import Example, scan_jsonl
from fgdata.format import TrainingText, render_training
from fgdata.format.tokens import CONTROL_PATTERN, END_DECLARATION, START_DECLARATION

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
    for item in scan_jsonl(path):
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


def training_text(example: Example) -> TrainingText:
    """The row as it is trained on.

    Raises: DataError if it cannot be written.
    """
    try:
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
