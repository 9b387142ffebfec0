"""Where packs are found: by name among those that come with fgsuite, or by a folder's path."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from fgdata.errors import Problem, UsageError
from fgdata.pack import Pack
from fgdata.pack_reader import read_pack, read_pack_tools
from fgdata.positions import closest
from fgdata.schema import Tool

PACKAGE = Path(__file__).parent
ROOTS = (PACKAGE.parent / "templates", PACKAGE / "_templates")
"""A checkout keeps packs beside the packages, an installed wheel inside this one; the checkout's win."""


def pack_names() -> list[str]:
    """The names of the packs that come with fgsuite."""
    return sorted({file.parent.name for root in ROOTS for file in root.glob("*/pack.yaml")})


def find_pack_folder(name_or_path: str | os.PathLike[str]) -> Path:
    """The folder of a pack.

    Raises: UsageError if there is none.
    """
    for folder in (Path(name_or_path), *(root / name_or_path for root in ROOTS)):
        try:
            if (folder / "pack.yaml").is_file():
                return folder
        except OSError as error:
            raise UsageError(
                Problem("PACK", f"{str(name_or_path)[:60]!r} cannot be read: {error.strerror or error}.")
            ) from error
    if Path(name_or_path).is_dir():
        raise UsageError(
            Problem(
                str(name_or_path),
                "is no pack: it holds no pack.yaml.",
                "See docs/packs.md for what a pack holds.",
            )
        )
    remedy = f"{closest(str(name_or_path), pack_names())} A folder's path works too."
    raise UsageError(Problem("PACK", f"there is no pack {str(name_or_path)!r}.", remedy))


def load_pack(name_or_path: str | os.PathLike[str]) -> Pack:
    """A pack by its name or folder, read and checked. Those that come with fgsuite are read once a process.

    Raises: UsageError if there is none; PackError with everything that is wrong in it.
    """
    folder = find_pack_folder(name_or_path)
    return _load(folder) if folder.parent in ROOTS else read_pack(folder)


def load_tools(name_or_path: str | os.PathLike[str]) -> dict[str, Tool]:
    """The tools of a pack, by name.

    Raises: UsageError if there is no such pack; PackError with everything that is wrong in its tools.json.
    """
    return read_pack_tools(find_pack_folder(name_or_path))


@lru_cache(maxsize=16)
def _load(folder: Path) -> Pack:
    return read_pack(folder)
