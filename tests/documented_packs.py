"""The complete packs that the documentation writes out, as folders."""

from __future__ import annotations

import re
from pathlib import Path

PACK_PAGES = ("packs.md", "packs.ko.md")
"""Pages of docs/ that hold complete packs."""
_FILE = re.compile(r"^```(?:yaml|json) (\S+/\S+\.(?:yaml|json))\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def documented_files(page: Path) -> dict[str, str]:
    """Path -> contents of the blocks of a page that say, after their language, which file they are."""
    return dict(_FILE.findall(page.read_text("utf-8")))


def write_documented_packs(page: Path, folder: Path) -> list[Path]:
    """The folders of the page's packs, written below `folder`."""
    files = documented_files(page)
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return sorted({folder / name.split("/")[0] for name in files})
