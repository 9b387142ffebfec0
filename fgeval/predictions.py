"""Predictions on disk: one JSON line each, appended as they come, and `run.json` beside them, which says how they were made."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from fgdata.errors import DataError, FgError, Problem
from fgdata.format import Completion, ParseProblem, parse_completion
from fgdata.format.tokens import START_CALL
from fgdata.schema import Call
from fgeval.items import LeftOut

PREDICTIONS_FILE = "predictions.jsonl"
RUN_FILE = "run.json"
ERRORS_FILE = "errors.jsonl"
"""What a backend could not answer: `id` and `reason` a line. Such items have no prediction."""


def json_line(row: Mapping[str, Any]) -> str:
    """The row as a line of JSON that UTF-8 can hold: a model's bytes may decode to half a surrogate pair."""
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace").decode() + "\n"


def json_text(value: Any) -> str:
    """The value as indented JSON that UTF-8 can hold, as `json_line` makes it."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return text.encode("utf-8", "backslashreplace").decode() + "\n"


Finished: TypeAlias = Literal["stop", "length"]


@dataclass(frozen=True, slots=True)
class Prediction:
    """A completion with the id of its example."""

    id: str
    text: str
    """What the model wrote, control tokens kept, up to and with the stop token."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    time_s: float | None = None
    """Seconds; an item's even share of the time its batch took."""
    finished: Finished = "stop"
    """`length` if the token limit ended the completion."""
    calls: tuple[Call, ...] | None = None
    """The calls, where a server gave them as such and not as text; `text` is then what it said beside them."""
    unread: tuple[tuple[str, Any], ...] = ()
    """Calls given as such whose arguments are no JSON object, name and arguments as they came: the model's mistake."""
    key: str = ""
    """What it was made from: a hash of id, prompt, decoding, model and adapter; empty in other people's files."""
    source: str = field(default="", compare=False)
    """`file:line` it was read from; not written."""

    @property
    def completion(self) -> Completion:
        """What it says: the text read back, or the calls as they were given."""
        if self.calls is None:
            return parse_completion(self.text)
        problems = tuple(
            ParseProblem(0, f"the call of {name!r} does not read: its arguments are no JSON object")
            for name, _ in self.unread
        )
        return Completion(self.text, self.calls, self.text, problems, "none")

    def to_line(self) -> str:
        """The prediction as one line of `predictions.jsonl`, line feed included."""
        row = asdict(self)
        del row["source"], row["calls"], row["unread"]
        if self.calls is not None:
            calls = [(call.name, dict(call.arguments)) for call in self.calls]
            row["calls"] = [{"name": name, "arguments": given} for name, given in (*calls, *self.unread)]
        if not self.key:
            del row["key"]
        return json_line(row)


def prediction_from_row(row: Any, source: str) -> Prediction:
    """The prediction in a decoded JSON row: `{"id", "text"}` or `{"id", "calls": [{"name", "arguments"}]}`; the other keys may be missing.

    `tool_calls`, as OpenAI's API calls them, are `calls`. A call whose arguments are no JSON object is the model's, and kept unread.

    Raises: DataError if it is none.
    """
    problems: list[Problem] = []
    if not isinstance(row, dict):
        raise DataError(Problem(source, f"a prediction must be a JSON object, not {type(row).__name__}."))
    # Servers send an empty `tool_calls` beside text that holds the calls; an empty `calls` says that there are none.
    keys = [
        key for key, nothing in (("calls", None), ("tool_calls", [])) if row.get(key) not in (None, nothing)
    ]
    if len(keys) > 1 and row["calls"] != row["tool_calls"]:
        problems.append(Problem(source, "`calls` and `tool_calls` differ.", "Keep one of the two."))
    calls, unread = _read_calls(row[keys[0]], keys[0], source, problems) if keys else (None, ())
    given = row if calls is None or row.get("text") is not None else {**row, "text": ""}
    for name in ("id", "text"):
        if not isinstance(given.get(name), str):
            problems.append(Problem(source, f"`{name}` must be text, not {row.get(name)!r}."))
    for name in ("prompt_tokens", "completion_tokens", "time_s"):
        number = row.get(name)
        if number is not None and (
            isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number < math.inf
        ):
            problems.append(Problem(source, f"`{name}` must be a number from 0, not {number!r}."))
    finished = row.get("finished", "stop")
    if finished not in ("stop", "length"):
        problems.append(Problem(source, f"`finished` must be 'stop' or 'length', not {finished!r}."))
    DataError.raise_if(problems)
    text = given["text"]
    if keys == ["tool_calls"] and START_CALL in text:
        from fgeval.backends.openai_answers import (
            answer_to_text,
        )  # which needs this module's package to be there

        bodies = [entry.get("function", entry) for entry in row["tool_calls"]]
        text = answer_to_text(text, [(body["name"], body.get("arguments")) for body in bodies])
        calls, unread = None, ()
    return Prediction(
        row["id"],
        text,
        prompt_tokens=row.get("prompt_tokens"),
        completion_tokens=row.get("completion_tokens"),
        time_s=row.get("time_s"),
        finished=finished,
        calls=calls,
        unread=unread,
        key=str(row.get("key") or ""),
        source=source,
    )


def _read_calls(
    entries: Any, key: str, source: str, problems: list[Problem]
) -> tuple[tuple[Call, ...], tuple[tuple[str, Any], ...]]:
    """The calls that a prediction gives as such, and those whose arguments do not read."""
    if not isinstance(entries, list):
        problems.append(Problem(source, f"`{key}` must be a list of calls, not {str(entries)[:60]!r}."))
        return (), ()
    calls: list[Call] = []
    unread: list[tuple[str, Any]] = []
    for entry in entries:
        try:
            calls.append(Call.from_json(entry))
        except FgError as error:
            body = entry.get("function", entry) if isinstance(entry, Mapping) else None
            if isinstance(body, Mapping) and isinstance(body.get("name"), str):
                unread.append((body["name"], body.get("arguments")))
            else:
                problems += [Problem(source, problem.what) for problem in error.problems]
    return tuple(calls), tuple(unread)


def predictions_file(path: str | os.PathLike[str]) -> Path:
    """The predictions file at `path`: the file itself, or the one in that folder."""
    place = Path(path)
    return place / PREDICTIONS_FILE if place.is_dir() else place


def read_predictions(path: str | os.PathLike[str]) -> list[Prediction]:
    """All predictions of a file, or of the one in a folder.

    Raises: DataError with the problems of every line, and every id given twice.
    """
    found, left_out = read_sound_predictions(path)
    DataError.raise_if(left_out.problems)
    return found


def read_sound_predictions(path: str | os.PathLike[str]) -> tuple[list[Prediction], LeftOut]:
    """The predictions of a file, or of the one in a folder, and the lines that are none; of one id given twice the first stays.

    Raises: DataError if the file cannot be read.
    """
    file = predictions_file(path)
    found: dict[str, Prediction] = {}
    left_out = LeftOut()
    for item in _scan(file):
        if isinstance(item, DataError):
            left_out.add(item, item.row_id)
        elif item.id in found:
            what = f"the id {item.id!r} is predicted at {found[item.id].source} already."
            left_out.add(DataError(Problem(item.source, what, "Keep one of the two.")), item.id)
        else:
            found[item.id] = item
    return list(found.values()), left_out


def _scan(file: Path) -> Iterator[Prediction | DataError]:
    try:
        with file.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if not line.strip():
                    continue
                source = f"{file}:{number}"
                row: Any = None
                try:
                    row = json.loads(line)
                    yield prediction_from_row(row, source)
                except (ValueError, RecursionError) as error:  # ValueError: no UTF-8, or no JSON
                    remedy = "If it is the last line of an unfinished run, `fgeval run` with the same flags mends it."
                    yield DataError(Problem(source, f"is no prediction ({error}).", remedy))
                except DataError as error:
                    name = row.get("id") if isinstance(row, dict) else None
                    error.row_id = name if isinstance(name, str) else ""
                    yield error
    except OSError as error:
        remedy = "Name the file, or the folder, that `fgeval run` wrote."
        raise DataError(Problem(str(file), f"cannot be read: {error.strerror or error}.", remedy)) from error


def read_failures(folder: str | os.PathLike[str]) -> dict[str, str]:
    """What a run in `folder` could not answer: item id -> reason; empty if it answered everything.

    Raises: DataError with every broken line.
    """
    file = Path(folder) / ERRORS_FILE
    if not file.exists():
        return {}
    failures: dict[str, str] = {}
    problems: list[Problem] = []
    for number, line in enumerate(file.read_bytes().split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            failures[str(row["id"])] = str(row["reason"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            what = f"is no failure of a run ({error!r})."
            problems.append(Problem(f"{file}:{number}", what, "Run again: the file is written anew."))
    DataError.raise_if(problems)
    return failures


def read_run(folder: str | os.PathLike[str]) -> dict[str, Any] | None:
    """What `run.json` in `folder` says; None if there is none.

    Raises: DataError if it is broken.
    """
    file = Path(folder) / RUN_FILE
    if not file.exists():
        return None
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            Problem(str(file), f"cannot be read ({error}).", "Run again into another folder.")
        ) from error
    if not isinstance(content, dict):
        raise DataError(Problem(str(file), "holds no JSON object.", "Run again into another folder."))
    DataError.raise_if(
        Problem(
            str(file), f"`{name}` must be a mapping, not {content[name]!r}.", "Run again into another folder."
        )
        for name in ("data", "decoding", "versions")
        if not isinstance(content.get(name), dict | None)
    )
    return current_header(content)


def current_header(header: dict[str, Any]) -> dict[str, Any]:
    """A run's header as it is written today: older ones say under `decoding` that the adapter was merged."""
    decoding = header.get("decoding")
    if not isinstance(decoding, dict) or "merged" not in decoding:
        return header
    decoding = dict(decoding)
    merged = decoding.pop("merged")
    return {**header, "decoding": decoding, **({"merged": True} if merged else {})}


def list_differences(old: Mapping[str, Any], new: Mapping[str, Any], keys: Sequence[str]) -> list[str]:
    """Where two run headers differ, in words: `decoding.max_new_tokens: 64 there, 128 now`. Dotted keys look into mappings."""
    differences = []
    for key in keys:
        left, right = _dig(old, key), _dig(new, key)
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            differences += [
                f"{key}.{name}: {left.get(name)!r} there, {right.get(name)!r} now"
                for name in sorted(left.keys() | right.keys())
                if left.get(name) != right.get(name)
            ]
        elif left != right:
            differences.append(f"{key}: {left!r} there, {right!r} now")
    return differences


def _dig(header: Mapping[str, Any], key: str) -> Any:
    value: Any = header
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
