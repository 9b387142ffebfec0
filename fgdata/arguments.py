"""What the commands' parsers share."""

from __future__ import annotations

import argparse
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
RAW = argparse.RawDescriptionHelpFormatter


def named(text: str) -> str:
    """The name of a file or folder. An empty one would be the folder that one is in."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty; write . for the folder you are in")
    return text


def count(text: str) -> int:
    """A whole number, 0 or more."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of places; 0 is all")
    return int(text)


def positive(text: str) -> int:
    """A whole number above 0."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 10**6:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)
