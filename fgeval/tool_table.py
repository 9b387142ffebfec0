"""The tools that prompts declared, each written once: `tools.json` beside the scores, whose lines name them by number."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fgdata.errors import DataError, Problem
from fgdata.files import write_whole
from fgdata.schema import canonical_json

TOOLS_FILE = "tools.json"


class ToolTable:
    """Declarations in the order in which they first stand in the data."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._known: dict[str, list[int]] = {}
        self.entries: list[Mapping[str, Any]] = []

    def add(self, tools: Sequence[Mapping[str, Any]]) -> list[int]:
        """The numbers of the tools of one prompt, in its order."""
        whole = canonical_json(list(tools))
        if whole not in self._known:
            self._known[whole] = [self._add(tool) for tool in tools]
        return self._known[whole]

    def _add(self, tool: Mapping[str, Any]) -> int:
        number = self._numbers.setdefault(canonical_json(tool), len(self.entries))
        if number == len(self.entries):
            self.entries.append(tool)
        return number

    def write(self, folder: Path) -> None:
        """`tools.json`, one declaration a line."""
        lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in self.entries)
        with write_whole(folder / TOOLS_FILE) as stream:
            stream.write(f"[\n{lines}\n]\n" if lines else "[]\n")


def read_tool_table(folder: Path) -> list[Mapping[str, Any]]:
    """The declarations that lie beside scores; none if they were written by an older release.

    Raises: DataError if the file is broken.
    """
    file = folder / TOOLS_FILE
    if not file.exists():
        return []
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            Problem(str(file), f"cannot be read ({error}).", "Score again with --overwrite.")
        ) from error
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise DataError(Problem(str(file), "holds no list of tools.", "Score again with --overwrite."))
    return found
