"""The fine-tuning log: a Markdown file to which every run adds what it was and how it ended, failed ones too."""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
import textwrap
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fgdata.console import err
from fgdata.errors import FgError, Problem, UsageError
from fgdata.files import file_sha256
from fgtrain.config import TrainConfig
from fgtrain.record import RunRecord

HEADER = "# Fine-tuning log\n"
COLUMNS = (
    ("epoch", "epoch"),
    ("step", "step"),
    ("loss", "loss"),
    ("eval_loss", "evaluation loss"),
    ("exact_match", "exact match"),
    ("seconds", "seconds"),
    ("rows_per_second", "rows/s"),
)
"""Figures of an epoch in run.json, and what the table calls them."""


@dataclass
class Entry:
    """What is known of a run so far."""

    config: TrainConfig
    record: RunRecord | None = None
    """None until rows and base are read."""
    kept: float | None = None
    """The epoch that was saved."""


@contextlib.contextmanager
def logged(config: TrainConfig) -> Iterator[Entry]:
    """Inside the block a run goes on; when it ends, however it does, `config.log_path` has an entry more.

    Raises: UsageError, before anything is done, if the file cannot be written.
    """
    entry = Entry(config)
    file = config.log_path
    if file is None:
        yield entry
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8"):
            pass
    except OSError as error:
        raise UsageError(
            Problem(
                "--log_file",
                f"{str(file)!r} cannot be written: {error.strerror or error}.",
                "Name another file.",
            )
        ) from error
    began = time.time()
    try:
        yield entry
    except KeyboardInterrupt:
        _append(file, entry_text(entry, began, "stopped"))
        raise
    except FgError as error:
        _append(file, entry_text(entry, began, "failed", str(error)))
        raise
    except Exception as error:
        _append(file, entry_text(entry, began, "failed", f"{type(error).__name__}: {error}"))
        raise
    _append(file, entry_text(entry, began, "finished"))


def enter_dead(config: TrainConfig, earlier: Mapping[str, Any]) -> None:
    """An entry for the run that stood in the output folder before, if it ended without a word: killed, or the power went.

    Args:
        earlier: its run.json.
    """
    file = config.log_path
    if file is None or earlier.get("status") != "running":
        return
    epochs = earlier.get("epochs") or []
    lines = [
        f"## {str(earlier.get('started', ''))[:19].replace('T', ' ')}, died",
        "",
        f"    {config.output_dir}",
        "",
        "- it left no error: it was killed, or the machine stopped",
        f"- it is {'gone on with' if config.resume else 'replaced'} by the run entered next",
        *(["", *_table(epochs)] if epochs else []),
    ]
    _append(file, "\n".join(lines) + "\n")


def _append(file: Path, text: str) -> None:
    """Add an entry. A run that is done is not lost for its log: what cannot be written is said."""
    try:
        with file.open("ab") as stream:
            head = HEADER if stream.tell() == 0 else ""
            stream.write(f"{head}\n{text}".encode("utf-8", "backslashreplace"))
    except OSError as error:
        err.print(
            f"note: the entry in {file} could not be written: {error.strerror or error}.",
            highlight=False,
            markup=False,
        )


def entry_text(entry: Entry, began: float, status: str, error: str = "") -> str:
    """The Markdown of an entry: command, data, base, figures of every epoch, and the error if there was one."""
    config, record = entry.config, entry.record
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(began))
    lines = [f"## {when}, {status}", "", textwrap.indent(command(config), "    "), ""]
    lines += [f"- {line}" for line in (_facts(record) if record else _file_facts(config))]
    lines.append(f"- time: {time.time() - began:.0f} s")
    if status == "finished":
        adapter = Path(config.output_dir) / "adapter_model.safetensors"
        lines.append(f"- adapter: SHA-256 {file_sha256(adapter)}, epoch {entry.kept:g}")
    if record and record.epochs:
        lines += ["", *_table(record.epochs)]
    if error:
        lines += ["", "The error:", "", textwrap.indent(error, "    ")]
    return "\n".join(lines) + "\n"


def command(config: TrainConfig) -> str:
    """The command line that gives this configuration: what differs from the defaults, as flags."""
    words = ["fgtrain", "lora"]
    for option in dataclasses.fields(config):
        value = getattr(config, option.name)
        if value == option.default:
            continue
        if value is True:
            words.append(f"--{option.name}")
        else:
            words += [f"--{option.name}", ",".join(value) if isinstance(value, tuple) else str(value)]
    return shlex.join(words)


def _facts(record: RunRecord) -> Iterator[str]:
    """Data, base and device of a run that got so far."""
    for name, data in record.facts["data"].items():
        revision = f", revision {data['revision']}" if data.get("revision") else ""
        yield f"{name}: {data['rows']} rows{revision}, SHA-256 {data['sha256']}"
    base = record.facts["base"]
    revision = f"revision {base['revision']}, " if base["revision"] else ""
    yield f"base: {revision}fingerprint {base['fingerprint']}"
    device = record.facts["device"]
    several = f", {device['processes']} processes" if device["processes"] > 1 else ""
    yield f"device: {device.get('name', device['type'])}, {device['dtype']}{several}"


def _file_facts(config: TrainConfig) -> Iterator[str]:
    """The hashes of the files, for a run that failed before it had read them."""
    for name, file in (("train", config.train_file), ("eval", config.eval_file)):
        if file is not None and Path(file).is_file():
            yield f"{name}: SHA-256 {file_sha256(file)}"


def _table(epochs: list[dict[str, Any]]) -> Iterator[str]:
    columns = [(key, title) for key, title in COLUMNS if any(key in epoch for epoch in epochs)]
    yield "| " + " | ".join(title for _, title in columns) + " |"
    yield "|" + "---|" * len(columns)
    for epoch in epochs:
        yield "| " + " | ".join(str(epoch.get(key, "")) for key, _ in columns) + " |"
