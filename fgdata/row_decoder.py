"""Rows from JSON text, the tools that a row shares with the one before decoded once and held once.

Declarations are most of a row's text, up to 30,000 characters of it, and mostly those of the row before.
"""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

from fgdata.schema import read_json

_KEY = re.compile(r'"tools"\s*:\s*')
_SCAN = json.JSONDecoder()
_MARK = secrets.token_hex(16)
"""Stands where the tools were; no row holds it by chance."""
_IN_PLACE = f'"tools": "{_MARK}"'


class RowDecoder:
    """`read_json` for the rows of one file.

    Rows with the same declarations get the same list: it is read, never written to.
    """

    def __init__(self) -> None:
        self._text = ""
        self._tools: Any = None

    def __call__(self, line: str) -> Any:
        """The row. Raises what `read_json` raises."""
        # A quotation mark inside a JSON string has a backslash before it, so what is found is a key and its value.
        start = line.find(self._text) if self._text else -1
        if start >= 0:
            try:
                row = read_json(f"{line[:start]}{_IN_PLACE}{line[start + len(self._text) :]}")
            except (ValueError, RecursionError):
                return read_json(line)  # whose complaint counts the characters of the line as it is
            if isinstance(row, dict) and row.get("tools") == _MARK:
                row["tools"] = self._tools
                return row
        row = read_json(line)
        if isinstance(row, dict) and isinstance(row.get("tools"), list) and (key := _KEY.search(line)):
            value, end = _SCAN.raw_decode(line, key.end())
            if value == row["tools"]:  # else the key is another object's
                self._text, self._tools = line[key.start() : end], row["tools"]
        return row
