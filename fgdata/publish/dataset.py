"""A folder of rows -> the files of a data set's repository. Findings of the linter stop it."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fgdata.dataset import manifest_notes
from fgdata.dialects import scan_examples
from fgdata.errors import DataError, FgError, HubError, Problem, UsageError
from fgdata.example import Example
from fgdata.files import file_sha256
from fgdata.hub.access import check_repo, find_token, licence_name
from fgdata.hub.upload import Publication, secret_problems
from fgdata.linting import LintReport, lint
from fgdata.pack import ALL_SPLITS
from fgdata.packs import load_pack
from fgdata.part_folder import MANIFEST
from fgdata.publish.chart import bar_chart
from fgdata.publish.columns import Column, ColumnTypes, Layout, Row, row_writer
from fgdata.publish.parquet import write_parquet
from fgdata.schema import read_json

SHOWN = 20
"""Findings named one by one; the rest is counted."""
COUNTED = ("kind", "intent", "register", "language", "perturbation")
CHART = "counts.svg"
SPLIT = re.compile(r"\w+(\.\w+)*")
CONFIG = re.compile(r"[\w][\w.-]*")


@dataclass(slots=True)
class Config:
    """Files that together are one data set: a configuration of the repository."""

    name: str
    files: dict[str, Path]
    """Split -> its rows, training first."""
    manifest: dict[str, Any] | None
    """What `fgdata generate` says of the files; None for rows of another making."""
    rows: dict[str, int] = field(default_factory=dict)
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    """Column -> value -> rows, all splits together."""
    tools: Counter[str] = field(default_factory=Counter)
    """Tool -> rows whose answer calls it."""
    columns: dict[str, Column] = field(default_factory=dict)
    lint: LintReport | None = None

    @property
    def n_rows(self) -> int:
        """Rows in all splits."""
        return sum(self.rows.values())

    @property
    def notes(self) -> list[str]:
        """What fell short when the rows were made."""
        if self.manifest is None or "shortfalls" not in self.manifest:
            return []
        return list(manifest_notes(self.manifest))


@dataclass(frozen=True, slots=True)
class DatasetOptions:
    """How a data set is published."""

    layout: Layout = "rows"
    licence: str = ""
    """A licence's name on the Hub; without it, that of the pack."""
    title: str = ""


def read_configs(folder: str | os.PathLike[str]) -> list[Config]:
    """The configurations in a folder: its own JSONL files, or those of each of its folders.

    Raises: UsageError if there are none, or a name is not fit for the Hub; DataError if a file is not the one that its manifest is of.
    """
    place = Path(folder)
    if not place.is_dir():
        raise UsageError(
            Problem(
                "DIR",
                f"{str(folder)!r} is no folder.",
                "Name the folder that `fgdata generate --out` wrote, or one with your JSONL files.",
            )
        )
    found = (
        [("default", place)]
        if list(place.glob("*.jsonl"))
        else [(p.name, p) for p in sorted(place.iterdir()) if p.is_dir()]
    )
    configs = [_read_config(name, part) for name, part in found if list(part.glob("*.jsonl"))]
    if not configs:
        raise UsageError(
            Problem(
                "DIR",
                f"{str(folder)!r} holds no data set: no .jsonl file in it or in its folders.",
                "Name the folder that `fgdata generate --out` wrote.",
            )
        )
    return configs


def _read_config(name: str, folder: Path) -> Config:
    problems = []
    if not CONFIG.fullmatch(name):
        problems.append(
            Problem(
                str(folder),
                f"{name!r} is no name of a configuration.",
                "Rename the folder: letters, digits, - _ and .",
            )
        )
    order = {split: number for number, split in enumerate(ALL_SPLITS)}
    files = sorted(folder.glob("*.jsonl"), key=lambda file: (order.get(file.stem, len(order)), file.stem))
    for file in files:
        if not SPLIT.fullmatch(file.stem):
            problems.append(
                Problem(
                    str(file),
                    f"{file.stem!r} is no name of a split.",
                    "Rename the file: letters, digits and _.",
                )
            )
    UsageError.raise_if(problems)
    return Config(name, {file.stem: file for file in files}, _read_manifest(folder, files))


def _read_manifest(folder: Path, files: list[Path]) -> dict[str, Any] | None:
    path = folder / MANIFEST
    if not path.is_file():
        return None
    remedy = "Generate the data set again, or remove the manifest: the card then says nothing about how the rows were made."
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        listed = {name: entry["sha256"] for name, entry in manifest["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            Problem(str(path), f"cannot be read as a manifest ({type(error).__name__}).", remedy)
        ) from error
    there = {file.name: file for file in files}
    DataError.raise_if(
        Problem(
            str(folder / name),
            "is not there, and the manifest lists it."
            if name not in there
            else "is not the file that the manifest lists."
            if name in listed
            else "is not in the manifest.",
            remedy,
        )
        for name in sorted({*listed, *there})
        if name not in there or listed.get(name) != file_sha256(there[name])
    )
    return dict(manifest)


def _raw_rows(file: Path) -> Iterator[tuple[Any, str, str]]:
    """Decoded lines with their `file:line` and the id of a row that states none."""
    with file.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield read_json(line.decode("utf-8-sig")), f"{file}:{number}", f"{file.stem}:{number}"


def _published_rows(file: Path, layout: Layout, problems: list[Problem]) -> Iterator[Row]:
    write = row_writer(layout)
    for row, source, default_id in _raw_rows(file):
        try:
            yield write(row, source, default_id)
        except DataError as error:
            problems += error.problems


def check(config: Config) -> None:
    """Lint the files and count their rows.

    Raises: HubError with what the linter found, if any of it is an error: broken rows, conflicts, leaks between splits.
    """
    config.lint = lint(list(config.files.values()))
    errors = [finding for finding in config.lint.findings if finding.level == "error"]
    if errors:
        problems = [Problem(finding.where, f"{finding.rule}: {finding.what}") for finding in errors[:SHOWN]]
        more = f"{len(errors) - SHOWN} more. " if len(errors) > SHOWN else ""
        found = ", ".join(f"{n} {name}" for name, n in Counter(finding.rule for finding in errors).items())
        problems.append(
            Problem(
                "lint",
                f"{more}{len(errors)} errors ({found}); nothing was sent.",
                "Correct the rows; `fgdata lint` explains each rule.",
            )
        )
        raise HubError(*problems)
    config.counts = {name: Counter() for name in COUNTED}
    for split, file in config.files.items():
        config.rows[split] = 0
        for item in scan_examples(file):
            if isinstance(item, Example):
                config.rows[split] += 1
                _count(config, item)


def _count(config: Config, example: Example) -> None:
    for name in COUNTED:
        if value := getattr(example, name):
            config.counts[name][value] += 1
    try:
        called = {call.name for call in example.expected_calls}
    except FgError:  # an answer that does not read is an error of the linter
        called = set()
    config.tools.update(called or {"(no call)"})


def licence_of(configs: list[Config], given: str) -> str:
    """The licence's name on the Hub: the one given, or that of the packs.

    Raises: UsageError if it is not known, or the packs have several.
    """
    if given:
        return licence_name(given)
    found = {_pack_licence(config.manifest) for config in configs}
    licence = next(iter(found)) if len(found) == 1 else ""
    if not licence:
        raise UsageError(
            Problem(
                "--licence",
                "is needed: no pack that is at hand says it for all rows.",
                "Name one as the Hub does, such as cc-by-4.0 or apache-2.0.",
            )
        )
    return licence_name(licence)


def _pack_licence(manifest: Mapping[str, Any] | None) -> str:
    try:
        pack = load_pack(str((manifest or {}).get("pack", "")))
    except FgError:
        return ""
    return pack.licence if manifest and pack.sha256 == manifest.get("pack_sha256") else ""


def build_dataset(
    folder: str | os.PathLike[str], repo: str, work: Path, options: DatasetOptions
) -> tuple[Publication, list[Config]]:
    """The publication of the data set in `folder`, and what was found in it. Nothing is sent.

    Args:
        work: an empty folder for the Parquet files.
    Raises: UsageError, DataError, HubError with everything that keeps it from being published.
    """
    from fgdata.publish.card import dataset_card

    check_repo(repo, "dataset")
    configs = read_configs(folder)
    # In the sources: in Parquet a text may be packed beyond recognition.
    sources: dict[str, bytes | Path] = {
        str(file): file for config in configs for file in config.files.values()
    }
    HubError.raise_if(secret_problems(sources, find_token()))
    licence = licence_of(configs, options.licence)
    files: dict[str, bytes | Path] = {}
    for config in configs:
        check(config)
        for file in _write_config(config, options.layout, work):
            files[file.relative_to(work).as_posix()] = file
        if config.manifest is not None:
            text = json.dumps(config.manifest, ensure_ascii=False, indent=2) + "\n"
            files[f"manifests/{config.name}.json"] = text.encode()
    charted = {name: sum((config.counts[name] for config in configs), Counter[str]()) for name in COUNTED[:4]}
    charted["tool called"] = sum((config.tools for config in configs), Counter[str]())
    files[CHART] = bar_chart(charted, f"{repo}: {sum(config.n_rows for config in configs):,} rows").encode()
    files["README.md"] = dataset_card(repo, configs, options, licence).encode()
    facts = {
        "kind": "dataset",
        "layout": options.layout,
        "configs": {
            config.name: {
                "splits": {
                    split: {"rows": config.rows[split], "source_sha256": file_sha256(file)}
                    for split, file in config.files.items()
                },
                "columns": config.columns,
            }
            for config in configs
        },
    }
    n_rows = sum(config.n_rows for config in configs)
    return Publication(repo, "dataset", files, f"Publish {n_rows} rows with fgsuite", facts), configs


def _write_config(config: Config, layout: Layout, work: Path) -> list[Path]:
    types, problems = ColumnTypes(), list[Problem]()
    for split, file in config.files.items():
        config.rows[split] = 0  # of the table: a benchmark's row may hold several examples
        for row in _published_rows(file, layout, problems):
            types.add(row)
            config.rows[split] += 1
    DataError.raise_if(problems)
    config.columns = types.result()
    written = []
    for split, file in config.files.items():
        rows = _published_rows(file, layout, problems)
        written += write_parquet(work / "data" / config.name, split, rows, config.columns, config.rows[split])
    return written
