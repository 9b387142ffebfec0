"""Which templates of a large pack overlap, kept in the user's cache folder: finding it takes a quarter of the time that reading such a pack does.

What is kept was found by the same code, for a pack with the same contents: its file is named by a hash of both. A file that is missing,
broken or for another pack is as good as none. FGSUITE_CACHE names another folder; empty, nothing is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from fgdata.errors import FgError
from fgdata.files import write_whole

VARIABLE = "FGSUITE_CACHE"
_MOST_FILES = 16
"""The oldest go when there are more."""


@dataclass(frozen=True, slots=True)
class Overlaps:
    """Of the templates of a stock, in its order."""

    rivals: Sequence[Sequence[int]]
    """For each the numbers of earlier ones that spell some of its texts."""
    ambiguous: Sequence[bool]
    """For each whether some text of it can be cut into its parts in two ways."""


def read_overlaps(pack_sha256: str, n: int) -> Overlaps | None:
    """What was found out about a pack of `n` templates; None if that is not known."""
    file = _file(pack_sha256)
    if file is None:
        return None
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        rivals = [[int(earlier) for earlier in of] for of in content["rivals"]]
        ambiguous = [bool(one) for one in content["ambiguous"]]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    is_whole = len(rivals) == len(ambiguous) == n
    is_ordered = all(0 <= earlier < later for later, of in enumerate(rivals) for earlier in of)
    return Overlaps(rivals, ambiguous) if is_whole and is_ordered else None


def keep_overlaps(pack_sha256: str, found: Overlaps) -> None:
    """Keep it for the next process, if there is room and leave to."""
    file = _file(pack_sha256)
    if file is None:
        return
    content = {"rivals": [list(of) for of in found.rivals], "ambiguous": list(map(int, found.ambiguous))}
    with contextlib.suppress(OSError, FgError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with write_whole(file) as stream:
            json.dump(content, stream)
        kept = sorted(file.parent.glob("overlaps-*.json"), key=lambda one: one.stat().st_mtime)
        for old in kept[:-_MOST_FILES]:
            old.unlink(missing_ok=True)


def _file(pack_sha256: str) -> Path | None:
    named = os.environ.get(VARIABLE)
    if named is not None:
        folder = Path(named) if named else None
    else:
        try:
            folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fgsuite"
        except RuntimeError:  # nobody's home
            folder = None
    name = hashlib.sha256(f"{pack_sha256} {_code()}".encode()).hexdigest()
    return folder and folder / f"overlaps-{name}.json"


@cache
def _code() -> str:
    """A hash of all that an overlap follows from but the pack."""
    digest = hashlib.sha256(f"{sys.version} {metadata.version('jinja2')}".encode())
    root = Path(__file__).parent
    for file in sorted(root.rglob("*.py")):
        digest.update(f"{file.relative_to(root).as_posix()}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
