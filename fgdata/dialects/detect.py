"""Which layout a row has: told from its columns, row by row; the reader of a file counts what it finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fgdata.dialects.bfcl import BFCL
from fgdata.dialects.chatml import ChatML
from fgdata.dialects.functionchat import CallDecision, Dialog, SingleCall
from fgdata.dialects.json_columns import JsonColumns
from fgdata.dialects.layout import Layout
from fgdata.dialects.mobile_actions import MobileActions
from fgdata.dialects.native_text import NativeText
from fgdata.dialects.openai import OpenAI
from fgdata.dialects.prompt_columns import PromptColumns
from fgdata.dialects.rows import Rows, has_tool_calls
from fgdata.dialects.xlam import XLam
from fgdata.errors import DataError, FgError, Problem, UsageError
from fgdata.example import Example, example_from_row

REMEDY = "Leave --from out to have the layout told from the row."
"""Of a row that is not of the stated layout: most often none of its file is."""
_ROWS = Rows()
LAYOUTS: tuple[Layout, ...] = (
    BFCL(), SingleCall(), Dialog(), CallDecision(), XLam(), PromptColumns(), JsonColumns(), MobileActions(), ChatML(),
    OpenAI(), NativeText(), _ROWS,
)  # fmt: skip
"""In the order they are tried: what is told by more comes first, our own rows last."""


def layout_named(name: str) -> Layout:
    """The layout of this name. Raises: UsageError if there is none."""
    for layout in LAYOUTS:
        if layout.name == name:
            return layout
    names = ", ".join(layout.name for layout in LAYOUTS)
    raise UsageError(Problem("LAYOUT", f"there is no layout {name!r}.", f"Use one of {names}."))


def detect(row: Mapping[str, Any], source: str) -> Layout:
    """The layout of a row. Raises: DataError if no layout has its columns."""
    for layout in LAYOUTS:
        if layout.detects(row):
            return layout
    names = ", ".join(map(repr, row)) or "none"
    raise DataError(
        Problem(
            source, f"no layout has these columns: {names[:200]}.", "See docs/layouts.md for the layouts."
        )
    )


@dataclass(slots=True)
class LayoutReader:
    """Reads the rows of one file, each in the layout that detects it, and counts them."""

    layout: Layout | None = None
    """The layout that is stated; None to tell it from each row."""
    counts: Counter[str] = field(default_factory=Counter)
    """Layout -> examples read in it."""

    def fits(self, row: Mapping[str, Any]) -> bool:
        """Whether the row can be one of the stated layout. Native text may hold rows without a call; `rows` is the most general."""
        if self.layout is None or self.layout.name == "rows":
            return True
        if self.layout.name == "native-text":
            messages = row.get("messages")
            return isinstance(messages, list) and not any(map(has_tool_calls, messages))
        return self.layout.detects(row)

    def read(self, row: Any, source: str, default_id: str) -> list[Example]:
        """The examples in a decoded row: one, but in layouts that keep several in a row.

        Raises: DataError if no layout knows its columns, or with everything that keeps it from being read.
        """
        if not isinstance(row, dict):
            return [example_from_row(row, source, default_id)]  # says that a row must be an object
        layout = self.layout or detect(row, source)
        if self.layout is not None and not self.fits(row):
            what = f"is no row of the layout {layout.name!r}; its columns are {', '.join(map(repr, row))[:200] or 'none'}."
            raise DataError(Problem(source, what, REMEDY))
        try:
            examples = layout.read(row, source, default_id)
        except DataError as error:
            raise DataError(
                *(Problem(p.where or source, p.what, p.remedy) for p in error.problems)
            ) from error
        except FgError as error:
            raise DataError(*(Problem(source, str(p), p.remedy) for p in error.problems)) from error
        self.counts[layout.name] += len(examples)
        return [replace(example, layout=layout.name) for example in examples]


def in_words(counts: Mapping[str, int]) -> str:
    """The layouts of a file: `native-text`, or `rows 90, native-text 10` if it mixes them."""
    if len(counts) < 2:
        return next(iter(counts), "none")
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def layouts_markdown() -> str:
    """The layouts as a Markdown table, for docs/layouts.md."""
    lines = ["| layout | what it is | its columns | what it can hold |", "|---|---|---|---|"]
    for layout in LAYOUTS:
        columns = ", ".join(f"`{name}`" for name in layout.columns)
        lines.append(f"| `{layout.name}` | {layout.title} | {columns} | {layout.holds} |".replace("<", "\\<"))
    return "\n".join(lines)
