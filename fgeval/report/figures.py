"""How numbers, names and texts are written in a report."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup, escape


def percent(value: float | None) -> str:
    """`87.0%`; a dash where nothing applies."""
    return "–" if value is None else f"{100 * value:.1f}%"


def interval(rate: Mapping[str, Any]) -> str:
    """`83.4–90.0%`; empty where nothing applies."""
    return "" if rate["value"] is None else f"{100 * rate['low']:.1f}–{100 * rate['high']:.1f}%"


def points(difference: float | None) -> str:
    """`+63.5`, in percentage points; a real minus sign."""
    # Rounded first: 0.835 - 0.2175 and 247 / 400 are one number to a reader, and differ in the last bit.
    return "–" if difference is None else f"{round(100 * difference, 6):+.1f}".replace("-", "−")


def p_value(p: float) -> str:
    """`p < 0.001` or `p = 0.042`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def words(name: str) -> str:
    """An error type as a reader says it: `missing_argument` is `missing argument`; a benchmark's own names stay."""
    return name if ":" in name else name.replace("_", " ")


def markdown_text(text: str) -> str:
    """The text as Markdown shows it, unchanged, on one line and inside a table cell."""
    line = " ".join(text.split()) if text.strip() else "–"
    escaped = re.sub(r"([\\`*{}\[\]<>#|~]|(?<!\w)_|_(?!\w))", r"\\\1", line)
    return escaped.replace("&", "&amp;")


def markdown_code(text: str) -> str:
    """The text as inline code, with a fence longer than any run of backticks in it."""
    line = text.replace("\r", "⏎").replace("\n", "⏎").replace("|", "\\|")
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {line} {fence}" if longest else f"{fence}{line}{fence}" if line else "–"


def seconds(value: float | None) -> str:
    """`0.081 s`; a dash where it is not known."""
    return "–" if value is None else f"{value:,.3f} s"


def breakable(name: str) -> Markup:
    """The name as HTML that may break behind `_`, `/` and `+`: long names fit a phone."""
    return Markup(re.sub(r"([_/+])", r"\1<wbr>", str(escape(name))))


FILTERS: dict[str, Callable[..., str]] = {
    "percent": percent,
    "interval": interval,
    "points": points,
    "seconds": seconds,
    "p_value": p_value,
    "words": words,
    "breakable": breakable,
    "md": markdown_text,
    "md_code": markdown_code,
}
