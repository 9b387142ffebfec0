"""A data set's folder: the rows of each split and the manifest that says what they are. It appears whole."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from fgdata.errors import Problem, UsageError
from fgdata.example import Example
from fgdata.files import file_sha256, write_whole
from fgdata.generate import Generated, Shape, Values
from fgdata.pack import SPLITS, Pack

MANIFEST = "manifest.json"
FILES = (*(f"{split}.jsonl" for split in SPLITS), MANIFEST)
"""All files of a data set, the manifest last: where it stands, the others are whole."""


def check_folder(folder: str | os.PathLike[str], *, force: bool) -> None:
    """Raise UsageError if the folder holds anything and `force` is off, or is a file."""
    target = Path(folder)
    try:
        is_in_use = target.is_dir() and any(target.iterdir())
        if target.exists() and not target.is_dir():
            raise UsageError(Problem(f"--out {folder}", "is a file.", "Name a folder."))
    except OSError as error:
        raise UsageError(
            Problem(
                f"--out {folder}", f"cannot be read: {error.strerror or error}.", "Choose another folder."
            )
        ) from error
    if is_in_use and not force:
        raise UsageError(
            Problem(
                f"--out {folder}",
                "output folder in use.",
                "Choose another, or replace the data set in it with --force.",
            )
        )


def write_dataset(
    generated: Generated,
    pack: Pack,
    folder: str | os.PathLike[str],
    *,
    rows: int,
    seed: int,
    shape: Shape = "tool-calls",
    values: Values = "bare",
    force: bool = False,
) -> dict[str, Any]:
    """The manifest of the data set that now stands in `folder`.

    Args:
        rows: how many were asked for.
        force: replace a data set that is there; other files of the folder stay.

    Raises: UsageError if the folder is in use or cannot be written; then nothing is left behind.
    """
    check_folder(folder, force=force)
    with _new_folder(Path(folder).resolve()) as part:  # a link is followed, not replaced
        for split in SPLITS:
            _write_rows(part / f"{split}.jsonl", generated.splits[split])
        manifest = {
            "pack": pack.name,
            "pack_version": pack.version,
            "pack_sha256": pack.sha256,
            "fgsuite_version": _version(),
            "seed": seed,
            "shape": shape,
            "values": values,
            "rows_asked": rows,
            "rows_made": generated.n_rows,
            "files": {
                f"{split}.jsonl": {
                    "rows": len(generated.splits[split]),
                    "sha256": file_sha256(part / f"{split}.jsonl"),
                }
                for split in SPLITS
            },
            "counts": {split: _counts(generated, split) for split in SPLITS},
            "shortfalls": [asdict(shortfall) for shortfall in generated.shortfalls],
            "unseen_values": generated.unseen_values,
        }
        with write_whole(part / MANIFEST) as stream:
            json.dump(manifest, stream, ensure_ascii=False, indent=2)
            stream.write("\n")
    return manifest


@contextlib.contextmanager
def _new_folder(target: Path) -> Iterator[Path]:
    """A new folder beside `target` that takes its place when the block ends without an error; else nothing is left."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
        mask = os.umask(0)
        os.umask(mask)
        part.chmod(0o777 & ~mask)  # mkdtemp makes folders that only the owner can read
    except OSError as error:
        raise UsageError(
            Problem(
                f"--out {target}", f"cannot be written: {error.strerror or error}.", "Choose another folder."
            )
        ) from error
    try:
        yield part
        if target.is_dir() and any(target.iterdir()):
            # Its other files are not ours to move. Without a manifest the folder is no data set until all is there.
            (target / MANIFEST).unlink(missing_ok=True)
            for name in FILES:
                (part / name).replace(target / name)
        else:
            part.replace(target)
    except OSError as error:
        raise UsageError(
            Problem(
                f"--out {target}",
                f"could not be written: {error.strerror or error}.",
                "Free some space, then run again.",
            )
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write_rows(file: Path, examples: Sequence[Example]) -> None:
    """The rows as `write_jsonl` writes them; the tools, the same in every row and most of it, are encoded once."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    tools = examples[0].tools
    encoded = encode(tools)
    with write_whole(file) as stream:
        for example in examples:
            row = example.to_row()
            if tools is None or example.tools is not tools:
                stream.write(f"{encode(row)}\n")
                continue
            del row["tools"]
            before = encode({"id": row.pop("id"), "messages": row.pop("messages")})
            stream.write(f'{before[:-1]}, "tools": {encoded}, {encode(row)[1:]}\n')


def _counts(generated: Generated, split: str) -> dict[str, dict[str, int]]:
    """Rows of a split by kind, intent and register."""
    rows = generated.splits[split]
    return {
        column: dict(sorted(Counter(getattr(example, column) for example in rows).items()))
        for column in ("kind", "intent", "register")
    }


def _version() -> str:
    try:
        return metadata.version("fgsuite")
    except metadata.PackageNotFoundError:
        return "not installed"
