"""When two texts are the same to a reader, and characters that no reader sees: those could tell two labels apart by nothing."""

from __future__ import annotations

import re
import unicodedata

_UNSEEN = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters but tab and line ends
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0e\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "]"
    # Inside of emoji these two have a meaning; elsewhere nobody sees them.
    "|(?<![#*0-9\u00a9\u00ae\u200d\u203c-\u3299\U0001f000-\U0001faff])\ufe0f"
    "|(?<![\ufe0f\u2190-\u2bff\U0001f000-\U0001faff])\u200d"
)


def text_key(text: str) -> str:
    """What two texts have in common that a label must not tell apart: Unicode form, case and blanks do not count."""
    return "".join(unicodedata.normalize("NFC", text).casefold().split())


def unseen_character(text: str) -> str:
    """The first character of the text that is not seen, as `U+200B`; empty if there is none.

    Format and control characters, fillers, and halves of a surrogate pair, which no file can hold.
    """
    if text.isascii() and text.isprintable():
        return ""
    found = _UNSEEN.search(text)
    return f"U+{ord(found[0]):04X}" if found else ""


def joins_backwards(text: str) -> bool:
    """Whether the text begins with a character that changes the one before it: a mark, or a vowel or final of Hangul alone."""
    if not text or text[0] < "\u0300":
        return False
    return (
        unicodedata.category(text[0]).startswith("M")
        or "\u1160" <= text[0] <= "\u11ff"
        or "\ud7b0" <= text[0] <= "\ud7fb"
    )
