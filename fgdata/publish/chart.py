"""The card's plot: counts as bars, an SVG made from facts alone, the same bytes for the same counts."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from xml.sax.saxutils import escape

WIDTH, BAR, GAP, LABELS = 760, 16, 6, 230
SHOWN = 24
"""Bars of a group; the rest is one bar."""
FONT = 'font-family="sans-serif" font-size="12"'


def bar_chart(groups: Mapping[str, Mapping[str, int]], title: str) -> str:
    """An SVG with a block of bars for each group: heading, then value, bar, count; the most frequent first."""
    body: list[str] = []
    y = 34
    for heading, counts in groups.items():
        if not counts:
            continue
        body.append(f'<text x="12" y="{y + 12}" font-weight="bold" {FONT}>{escape(heading)}</text>')
        y += BAR + GAP
        bars = _longest(counts)
        most = max(count for _, count in bars)
        for name, count in bars:
            width = max(1, round((WIDTH - LABELS - 80) * count / most))
            body += [
                f'<text x="{LABELS - 8}" y="{y + 12}" text-anchor="end" {FONT}>{escape(_short(name))}</text>',
                f'<rect x="{LABELS}" y="{y}" width="{width}" height="{BAR}" fill="#4c72b0"/>',
                f'<text x="{LABELS + width + 6}" y="{y + 12}" {FONT}>{count:,}</text>',
            ]
            y += BAR + GAP
        y += 2 * GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}" role="img">'
        f"<title>{escape(title)}</title>"
        f'<rect width="{WIDTH}" height="{y}" fill="#ffffff"/>'
        f'<text x="12" y="20" font-family="sans-serif" font-size="14" font-weight="bold">{escape(title)}</text>'
    )
    return "\n".join([head, *body, "</svg>", ""])


def _longest(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if len(ranked) <= SHOWN:
        return ranked
    rest = ranked[SHOWN - 1 :]
    return [*ranked[: SHOWN - 1], (f"({len(rest)} others)", sum(count for _, count in rest))]


def _short(name: str) -> str:
    """The name cut to the room for it; a Hangul syllable takes two places. Characters that XML has no room for are shown as `?`."""
    shown, width = "", 0
    for character in name:
        width += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if width > 32:
            return shown + "…"
        shown += character if character.isprintable() else "?"
    return shown
