"""What a run reads: rows of files or of the Hub, as tokens, with what run.json says of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fgdata.console import err
from fgdata.dialects import read_examples, tell_layouts
from fgdata.errors import DataError, Problem
from fgdata.example import Example
from fgdata.files import file_sha256
from fgdata.hub.source import HubData, data_facts, hub_data
from fgdata.part_folder import MANIFEST
from fgtrain.config import TrainConfig
from fgtrain.encode import EncodedFile, encode_examples, token_report
from fgtrain.exact import ExactMatch


@dataclass(frozen=True, slots=True)
class Inputs:
    """Training and validation rows."""

    train: EncodedFile
    evaluation: EncodedFile | None
    exact: ExactMatch | None
    """What measures the exact match, if that is asked for."""
    facts: dict[str, Any]
    """For run.json: `train` and maybe `eval`."""


def find_sources(config: TrainConfig) -> dict[str, str | HubData]:
    """`train` and maybe `eval`: where the rows come from. Splits of the Hub are of one commit."""
    sources: dict[str, str | HubData] = {}
    if config.dataset_name is not None:
        splits = [config.train_split, *([config.eval_split] if config.eval_split else [])]
        found = hub_data(config.dataset_name, config=config.dataset_config, splits=splits)
        sources = dict(zip(("train", "eval"), found, strict=False))
        err.print(f"data: {found[0].repo}, revision {found[0].revision}", highlight=False, markup=False)
    elif config.train_file is not None:
        sources["train"] = config.train_file
    if config.eval_file is not None:
        sources["eval"] = config.eval_file
    return sources


def read_rows(sources: Mapping[str, str | HubData]) -> tuple[list[Example], list[Example]]:
    """Training and evaluation rows; the problems of both files in one error."""
    found: dict[str, list[Example]] = {}
    problems: list[Problem] = []
    for name, source in sources.items():
        try:
            found[name] = read_examples(source)
            tell_layouts(source, found[name])
        except DataError as error:
            problems += error.problems
    DataError.raise_if(problems)
    return found["train"], found.get("eval", [])


def encode_inputs(
    config: TrainConfig,
    sources: Mapping[str, str | HubData],
    train_examples: list[Example],
    eval_examples: list[Example],
    tokenizer: Any,
) -> Inputs:
    """Both files as tokens, with a report about each on stderr.

    Raises: DataError naming every row that cannot be used.
    """
    encoded: dict[str, EncodedFile] = {}
    for name, examples in (("train", train_examples), ("eval", eval_examples)):
        if examples:
            encoded[name] = encode_examples(
                examples, tokenizer, max_length=config.max_length, overlong=config.overlong
            )
            err.print(f"{name}: {token_report(encoded[name], config.max_length)}", highlight=False)
    evaluation = encoded.get("eval")
    facts = {
        name: {
            "file": str(source),
            **data_facts(source),
            "sha256": file_sha256(source),
            **pack_facts(source),
            **encoded[name].report,
        }
        for name, source in sources.items()
        if name in encoded
    }
    exact = _exact_match(config, eval_examples, evaluation, tokenizer)
    return Inputs(encoded["train"], evaluation, exact, facts)


def pack_facts(source: str | HubData) -> dict[str, Any]:
    """`pack` with its name, version and hash, where the manifest beside a file says that the file was made from one."""
    file = Path(source)
    try:
        manifest = json.loads((file.parent / MANIFEST).read_text(encoding="utf-8"))
        if manifest["files"][file.name]["sha256"] != file_sha256(file):
            return {}
        pack = {
            "name": manifest["pack"],
            "version": manifest["pack_version"],
            "sha256": manifest["pack_sha256"],
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # no manifest, or none of ours
        return {}
    return {"pack": pack}


def _exact_match(
    config: TrainConfig, examples: list[Example], evaluation: EncodedFile | None, tokenizer: Any
) -> ExactMatch | None:
    """What measures the exact match, if that is asked for; rows left out as too long are not among its rows."""
    if config.eval_metric != "exact_match" or evaluation is None:
        return None
    used = {row.source for row in evaluation.rows}
    rows = [row for row in examples if (row.source or row.id) in used]
    exact = ExactMatch(
        rows, tokenizer, n_rows=config.eval_metric_rows, batch_size=config.per_device_eval_batch_size
    )
    err.print(
        f"exact match: measured after every epoch on {len(exact.items)} of {len(rows)} validation rows",
        highlight=False,
    )
    return exact
