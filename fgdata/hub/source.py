"""Data sets read from the Hub: a split becomes a JSONL file of one commit, and the commit is part of what is recorded."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fgdata.dialects.parquet import ParquetRows
from fgdata.errors import DataError, HubError, Problem, UsageError
from fgdata.example import write_jsonl
from fgdata.hub.access import (
    asking,
    check_repo,
    find_token,
    hub_error,
    quiet_library,
    redact,
    require_hub,
)
from fgdata.hub.patience import answer_behind, is_hub_failure, patiently, status_of
from fgdata.schema import read_json

REPO_ID = re.compile(r"(?P<repo>[\w][\w.-]*/[\w][\w.-]*)(@(?P<revision>[\w./-]+))?")
FILE_ENDINGS = (".jsonl", ".json", ".parquet", ".jsonl.gz", ".csv", ".txt")
COMMIT = re.compile(r"[0-9a-f]{40}")
PLAIN_NAME = re.compile(r"\w[\w.-]*")
INDEX = "index.json"


@dataclass(frozen=True, slots=True)
class HubData(os.PathLike[str]):
    """A split of a data set on the Hub, as the file that it was written to; it stands wherever a path may."""

    repo: str
    config: str
    split: str
    revision: str
    """The commit."""
    file: Path

    def __fspath__(self) -> str:
        return str(self.file)

    def __str__(self) -> str:
        return f"{self.repo}@{self.revision} {self.config}/{self.split}"

    def facts(self) -> dict[str, str]:
        """What a record says of it."""
        return {"dataset": self.repo, "config": self.config, "split": self.split, "revision": self.revision}


def data_facts(data: str | os.PathLike[str]) -> dict[str, str]:
    """What a record says of where rows come from: nothing beside the name for a file, the commit for a data set of the Hub."""
    return data.facts() if isinstance(data, HubData) else {}


def is_hub_id(text: str, folder: str | os.PathLike[str] = ".") -> bool:
    """Whether a text names a data set on the Hub (OWNER/NAME, maybe @REVISION) and no file that is there, seen from `folder`."""
    is_name = bool(REPO_ID.fullmatch(text)) and not text.endswith(FILE_ENDINGS)
    return is_name and not (Path(folder) / text).exists()


def find_data(text: str, config: str | None, split: str | None, *, default_split: str) -> str | HubData:
    """The file that `text` names, or the split of a data set on the Hub.

    Raises: UsageError if a configuration or split is named for a file; what `hub_data` raises.
    """
    if is_hub_id(text):
        return hub_data(text, config=config, splits=[split or default_split])[0]
    if config or split:
        raise UsageError(
            Problem(
                text,
                "is a file; it has no configurations and splits.",
                "Leave the flags out, or name a data set on the Hub.",
            )
        )
    return text


def find_files(names: Sequence[str], config: str | None, splits: Sequence[str] | None) -> list[str | HubData]:
    """The files that are named, in a data set's place the splits that are asked for, all if none is.

    Raises: UsageError if a configuration or split is named and one of the names is a file's; what `hub_data` raises.
    """
    if (config or splits) and not all(map(is_hub_id, names)):
        raise UsageError(
            Problem(
                "--config, --split", "are for data sets on the Hub; a file has neither.", "Leave them out."
            )
        )
    found: list[str | HubData] = []
    for name in names:
        found += hub_data(name, config=config, splits=splits) if is_hub_id(name) else [name]
    return found


def hub_data(
    name: str, *, config: str | None = None, splits: Sequence[str] | None = None, revision: str | None = None
) -> list[HubData]:
    """The splits of a data set on the Hub, all of one commit; what was read before is not read again.

    Args:
        name: OWNER/NAME, or OWNER/NAME@REVISION.
        config: needed where the repository has several and names none as its default.
        splits: None for all.
        revision: a branch, a tag or a commit; the newest commit of the main branch without it.
    Raises: UsageError for a name, configuration or split that is not there; HubError; DataError for files that do not read.
    """
    require_hub(f"data set {name} on the Hub")
    quiet_library()
    found = REPO_ID.fullmatch(name)
    repo = found["repo"] if found else name
    check_repo(repo, "dataset")
    revision = revision or (found["revision"] if found else None)
    commit = _commit_of(repo, revision)
    listed = _index(repo, commit, config)
    wanted = list(splits) if splits is not None else list(listed["splits"])
    if missing := [split for split in wanted if split not in listed["splits"]]:
        raise UsageError(
            Problem(
                f"{repo} {listed['config']}",
                f"has no split {', '.join(map(repr, missing))}.",
                f"It has {', '.join(listed['splits'])}.",
            )
        )
    return [_split(repo, commit, listed["config"], split, listed["splits"][split]) for split in wanted]


def _commit_of(repo: str, revision: str | None) -> str:
    """The whole hash of a revision; a commit is taken at its word, so that what is here needs no network."""
    from huggingface_hub import HfApi

    if revision and COMMIT.fullmatch(revision):
        return revision
    info = asking(lambda: HfApi(token=find_token()).dataset_info(repo, revision=revision), repo, "dataset")
    return str(info.sha)


def _folder(repo: str, commit: str) -> Path:
    from huggingface_hub import constants

    return Path(constants.HF_HOME) / "fgsuite" / repo.replace("/", "--") / commit


def _index(repo: str, commit: str, config: str | None) -> dict[str, Any]:
    """`config`: the configuration's name; `splits`: split -> its files in the repository. Kept, since a commit never changes."""
    if config is not None and not PLAIN_NAME.fullmatch(config):
        raise UsageError(
            Problem(
                f"dataset {repo}",
                f"{config[:60]!r} is no name of a configuration.",
                "Use letters, digits, - _ and .",
            )
        )
    kept = _folder(repo, commit) / f"{config or ''}{INDEX}"
    if kept.is_file():
        return dict(json.loads(kept.read_text(encoding="utf-8")))
    listed = _ask_for_files(repo, commit, config)
    write_jsonl(kept, [listed])
    return listed


def _ask_for_files(repo: str, commit: str, config: str | None) -> dict[str, Any]:
    from datasets import load_dataset_builder
    from datasets.exceptions import DataFilesNotFoundError

    try:
        # It knows the conventions: a card's `configs`, and the names of files and folders where there are none.
        builder = patiently(
            lambda: load_dataset_builder(repo, name=config, revision=commit, token=find_token())
        )
    except (DataFilesNotFoundError, FileNotFoundError) as error:
        if status_of(error) not in (None, 404) or is_hub_failure(answer_behind(error)):
            raise hub_error(error, repo, "dataset", writing=False) from None
        asking(lambda: _look(repo, commit), repo, "dataset")
        raise HubError(
            Problem(
                f"dataset {repo}",
                "holds no data that is known by its name or its card.",
                "Name another data set.",
            )
        ) from error
    except ValueError as error:
        if is_hub_failure(error):
            raise hub_error(error, repo, "dataset", writing=False) from None
        said = redact(" ".join(str(error).split()))[:300]
        what = f"has no configuration {config!r}" if config else "asks for a configuration"
        flags = "`fgdata lint --config`, `fgtrain lora --dataset_config`, `fgeval --data-config`"
        raise UsageError(Problem(f"dataset {repo}", f"{what} ({said}).", f"Name one: {flags}.")) from error
    except Exception as error:
        if not is_hub_failure(error):
            raise
        raise hub_error(error, repo, "dataset", writing=False) from None
    splits = {
        str(split): [_path_in_repo(str(file)) for file in files]
        for split, files in (builder.config.data_files or {}).items()
    }
    config = str(builder.config.name)
    # They become names of files here, and the card that they come from is anybody's.
    if odd := [name for name in (config, *splits) if not PLAIN_NAME.fullmatch(name)]:
        raise HubError(
            Problem(
                f"dataset {repo}",
                f"has a configuration or split of the name {odd[0][:60]!r}.",
                "Name another data set.",
            )
        )
    return {"config": config, "splits": splits}


def _look(repo: str, commit: str) -> Any:
    from huggingface_hub import HfApi

    return HfApi(token=find_token()).dataset_info(repo, revision=commit)


def _path_in_repo(address: str) -> str:
    """`data/train.parquet` of `hf://datasets/OWNER/NAME@COMMIT/data/train.parquet`."""
    return address.removeprefix("hf://").partition("@")[2].partition("/")[2]


def _split(repo: str, commit: str, config: str, split: str, files: Sequence[str]) -> HubData:
    target = _folder(repo, commit) / config / f"{split}.jsonl"
    if not target.is_file():
        write_jsonl(target, (row for file in files for row in _rows(repo, commit, file)))
    return HubData(repo, config, split, commit, target)


def _rows(repo: str, commit: str, name: str) -> Iterator[dict[str, Any]]:
    """The rows of a file. JSON is read here, line by line: Arrow would give every row the keys of all others."""
    from huggingface_hub import hf_hub_download

    if not name.endswith((".parquet", ".jsonl", ".jsonl.gz", ".json")):
        raise DataError(
            Problem(
                f"{repo}: {name}",
                "is of a kind that is not read.",
                "Parquet and JSON are; convert it, or give a file.",
            )
        )
    file = Path(
        asking(
            lambda: hf_hub_download(repo, name, repo_type="dataset", revision=commit, token=find_token()),
            repo,
            "dataset",
        )
    )
    if name.endswith(".parquet"):
        # Nulls stay: what Arrow made of keys that only other rows have is for the linter to find.
        for line in ParquetRows(file, keep_nulls=True).lines():
            if isinstance(line, DataError):
                raise line
            yield line.value
        return
    data = file.read_bytes()
    text = (gzip.decompress(data) if name.endswith(".gz") else data).decode("utf-8-sig")
    try:
        yield from _json_rows(text)
    except (ValueError, RecursionError) as error:
        raise DataError(
            Problem(f"{repo}: {name}", f"is no JSON ({error}).", "Name another data set.")
        ) from error


def _json_rows(text: str) -> Iterator[dict[str, Any]]:
    if text.lstrip().startswith("["):
        yield from read_json(text)
        return
    for line in text.split("\n"):
        if line.strip():
            yield read_json(line)
