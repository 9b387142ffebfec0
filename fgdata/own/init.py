"""Starts a pack from a user's own tools; it is read and checked before it is there, and appears whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from fgdata.errors import PackError, Problem, UsageError
from fgdata.own.draft import MARK, Draft
from fgdata.own.korean_words import HANGUL
from fgdata.own.notes import FEATURES, Note, Notes, by_feature
from fgdata.own.sources import OwnTools, read_own_tools
from fgdata.pack import SPLITS, Pack
from fgdata.pack_reader import NAME, read_pack
from fgdata.stock import stock_of

Language = Literal["auto", "en", "ko", "both"]
LANGUAGES: tuple[Language, ...] = ("auto", "en", "ko", "both")
_ATTEMPTS = 4
"""How often sentences that two tools share are replaced by the tools' names."""


@dataclass(frozen=True)
class Started:
    """A pack that was started."""

    folder: Path
    language: str
    n_tools: int
    n_intents: int
    families: Mapping[str, int]
    """Split -> template families in it."""
    layout: str
    """The layout its tools were read in."""
    notes: tuple[Note, ...]
    """What the format, or the pack, does not carry."""
    marks: tuple[str, ...]
    """`file:line` of every place where a person should write more."""

    @cached_property
    def pack(self) -> Pack:
        """The pack, read from its folder."""
        return read_pack(self.folder)


def init_pack(
    name: str,
    tools: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str] = ".",
    language: Language = "auto",
) -> list[Started]:
    """The packs started from a file of tools: one, or with `both` an English one, NAME_en, and a Korean one, NAME_ko.

    Args:
        tools: OpenAI or JSON Schema tools, an OpenAPI document, a Python module, an MCP reply, Mobile Actions or BFCL rows.
        out: the folder that the pack's folder is put into.
        language: of the sentences; `auto` is Korean where a name or description holds Hangul.
    Raises: UsageError for a name or folder that cannot be used; DataError with everything wrong in `tools`.
    """
    if not NAME.fullmatch(name):
        raise UsageError(
            Problem(
                "NAME",
                f"{name!r} cannot name a pack.",
                "Use small letters, digits, _ and -; the folder goes to --out.",
            )
        )
    own = read_own_tools(tools)
    if language == "auto":
        text = " ".join(f"{tool.name} {tool.description} {tool.schema}" for tool in own.tools)
        language = "ko" if HANGUL.search(text) else "en"
    languages = ("en", "ko") if language == "both" else (language,)
    folders = [Path(out) / (f"{name}_{one}" if language == "both" else name) for one in languages]
    UsageError.raise_if(
        Problem(
            "NAME", f"{str(folder)!r} is there already.", "Choose another name or --out; nothing was changed."
        )
        for folder in folders
        if folder.exists()
    )
    try:
        Path(out).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".init-", dir=out) as scratch:
            made = [
                _checked(folder.name, one, own, Path(tools).name, Path(scratch))
                for one, folder in zip(languages, folders, strict=True)
            ]
            for (part, _, _), folder in zip(made, folders, strict=True):
                part.rename(folder)
    except OSError as error:
        raise UsageError(
            Problem(
                "--out",
                f"{str(out)!r} cannot be written: {error.strerror or error}.",
                "Choose another folder.",
            )
        ) from error
    return [
        Started(
            folder,
            draft.language,
            len(draft.tools),
            len(draft.intents),
            families,
            own.layout,
            tuple(draft.notes),
            _marks(folder),
        )
        for (_, draft, families), folder in zip(made, folders, strict=True)
    ]


def _checked(
    name: str, language: str, own: OwnTools, source: str, scratch: Path
) -> tuple[Path, Draft, dict[str, int]]:
    """The pack's folder below `scratch`, read and checked as `fgdata check` does, its draft, and its families of each split."""
    literal: frozenset[str] = frozenset()
    for attempt in range(_ATTEMPTS):
        notes = Notes(own.notes)
        draft = Draft(name, language, own.tools, source, notes, literal)
        if not draft.intents:
            raise UsageError(
                Problem(
                    "--tools",
                    "no tool has parameters that values could be made up for.",
                    "Give examples or enums in the schemas.",
                )
            )
        folder = scratch / f"{attempt}" / name
        _write(folder, draft.files(), _notes_file(name, source, own.layout, notes))
        try:
            pack = read_pack(folder)
            stock_of(pack)
            counts = {split: sum(len(i.families_in(split)) for i in pack.intents) for split in SPLITS}
            return folder, draft, counts
        except PackError as error:
            # The sentence stands in the later of two intents' files: its tool is called by its name from now on.
            files = {Path(problem.where.rpartition(":")[0]).stem for problem in error.problems}
            shared = {intent.tool for intent in draft.intents if intent.tool and intent.name in files}
            if attempt == _ATTEMPTS - 1 or shared <= literal:
                what = f"a pack of these tools does not pass its own check: {error.problems[0].what}"
                raise UsageError(
                    Problem("--tools", what, "This is a fault of ours; please report it.")
                ) from error
            literal |= shared
    raise AssertionError("every attempt returns or raises")


def _write(folder: Path, files: dict[str, str], notes: str) -> None:
    for path, text in {**files, "NOTES.md": notes}.items():
        # Written plainly: the folder as a whole is moved to its place once it is right.
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="\n")


def _marks(folder: Path) -> tuple[str, ...]:
    found = []
    for file in [folder / "pack.yaml", folder / "slots.yaml", *sorted((folder / "intents").glob("*.yaml"))]:
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            if f"# {MARK}" in line:
                found.append(f"{file}:{number}")
    return tuple(found)


def _notes_file(name: str, source: str, layout: str, notes: Sequence[Note]) -> str:
    """NOTES.md: every feature that is not carried, with all its places."""
    lines = [
        f"# {name}: what was read, and what is not carried",
        "",
        f"Started by `fgdata init` from {source} ({layout}).",
        "",
    ]
    for feature, those in by_feature(notes).items():
        lines += [
            f"## {feature} ({len(those)})",
            "",
            f"{FEATURES[feature][0].upper()}{FEATURES[feature][1:]}.",
            "",
        ]
        lines += [f"- `{note.where}`: {note.what}" for note in those]
        lines.append("")
    if not notes:
        lines += ["Everything is carried.", ""]
    lines += [
        "## What to do next",
        "",
        f'- `grep -rn "{MARK}" .` lists the places where a person should write more.',
        f"- `fgdata coverage {name}` says what the pack does not say yet.",
        "",
    ]
    return "\n".join(lines)


def notes_lines(notes: Sequence[Note], n_places: int = 3) -> list[str]:
    """The notes for a terminal: a line for each feature, with its first places."""
    lines = []
    for feature, those in by_feature(notes).items():
        places = "; ".join(f"{note.where} ({note.what})" for note in those[:n_places])
        more = f"; and {len(those) - n_places} more" if len(those) > n_places else ""
        lines.append(f"{feature} ({len(those)}): {FEATURES[feature]}. {places}{more}")
    return lines
