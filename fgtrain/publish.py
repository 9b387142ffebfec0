"""A run's folder -> the files of an adapter's repository, with a card made from run.json and the scores."""

from __future__ import annotations

import json
import os
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import yaml

from fgdata.errors import DataError, FgError, HubError, Problem, UsageError
from fgdata.files import file_sha256
from fgdata.hub.access import check_repo, licence_name
from fgdata.hub.source import hub_data
from fgdata.hub.upload import Publication
from fgdata.linting import LintReport, lint
from fgeval.model_card import CardScores, eval_results
from fgeval.scores import ScoredRun, read_scores
from fgtrain.output import OWN_FILES
from fgtrain.record import RUN_FILE, read_run

NEEDED = ("adapter_config.json", "adapter_model.safetensors", "tokenizer.json", "tokenizer_config.json")
REPO_ID = re.compile(r"[\w][\w.-]*/[\w][\w.-]*")
GEMMA = "gemma"
NOTICE = "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms\n"
"""What section 3.1 of Gemma's terms asks for in a file of this name beside whatever is made from it."""
SHOWN = 20
"""Leaks named one by one."""
LEAKS = ("split-leak", "near-leak", "family-leak", "contaminated-split")


@dataclass(frozen=True, slots=True)
class AdapterOptions:
    """How an adapter is published."""

    scores: str = ""
    """Folder that `fgeval score` wrote for this adapter."""
    base_scores: str = ""
    """The same for the base without it."""
    base_model: str = ""
    """The base's name on the Hub, where the run had it in a folder."""
    dataset: str = ""
    """The training data's name on the Hub."""
    licence: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class AdapterFacts:
    """All that the card says."""

    repo: str
    run: Mapping[str, Any]
    base: str
    licence: str
    datasets: tuple[str, ...]
    scores: ScoredRun | None
    base_scores: ScoredRun | None
    tools: tuple[dict[str, Any], ...]
    """The declarations of the first training row, where the data is at hand."""
    leaks: str
    """What was found out about leaks between training and test rows."""
    title: str


def build_adapter(folder: str | os.PathLike[str], repo: str, options: AdapterOptions) -> Publication:
    """The publication of the adapter in a run's folder. Nothing is sent.

    Raises: UsageError for a folder that is no finished run, or scores of something else; HubError for a leak between
        training and test, or an error in the training rows.
    """
    from fgtrain.card import adapter_card

    check_repo(repo, "model")
    if options.dataset and not REPO_ID.fullmatch(options.dataset):
        raise UsageError(
            Problem(
                "--dataset",
                f"{options.dataset!r} is no name of a data set on the Hub.",
                "Write OWNER/NAME, or leave it out.",
            )
        )
    place = Path(folder)
    run = _read_run(place)
    base = _base_name(run, options.base_model)
    scores, base_scores = _read_scores(place, run, options)
    licence = _licence(base, options.licence)
    leaks = _check_rows(run, scores)
    datasets = [str(options.dataset), str((run["data"]["train"]).get("dataset") or "")]
    facts = AdapterFacts(
        repo=repo,
        run=run,
        base=base,
        licence=licence,
        datasets=tuple(dict.fromkeys(name for name in datasets if name)),
        scores=scores,
        base_scores=base_scores,
        tools=_tools(run),
        leaks=leaks,
        title=options.title or repo.partition("/")[2],
    )
    files: dict[str, bytes | Path] = {name: place / name for name in OWN_FILES if (place / name).is_file()}
    files["adapter_config.json"] = _adapter_config(place / "adapter_config.json", base)
    files[RUN_FILE] = _json(without_folders(run))
    if licence == GEMMA:
        files["NOTICE"] = NOTICE.encode()
    if scores is not None and (entries := eval_results(CardScores.of_run(repo, scores), scores, base_scores)):
        text = yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=1000)
        files[f".eval_results/{entries[0]['dataset']['id'].replace('/', '--')}.yaml"] = text.encode()
    files["README.md"] = adapter_card(facts).encode()
    stated = {
        "kind": "adapter",
        "base": {**run["base"], "model": base},
        "adapter_sha256": file_sha256(place / NEEDED[1]),
    }
    return Publication(repo, "model", files, f"Publish an adapter of {base} with fgsuite", stated)


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def _read_run(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise UsageError(
            Problem("RUN", f"{str(folder)!r} is no folder.", "Name the --output_dir of `fgtrain lora`.")
        )
    run = read_run(folder)
    if run is None:
        raise UsageError(
            Problem(
                "RUN",
                f"{str(folder)!r} is no run: it holds no {RUN_FILE} of `fgtrain lora`.",
                "Name the --output_dir of a run.",
            )
        )
    if run.get("status") != "finished":
        raise UsageError(
            Problem(
                "RUN",
                f"the run in {str(folder)!r} is {run.get('status')!r}.",
                "Finish it: `fgtrain lora ... --resume`.",
            )
        )
    UsageError.raise_if(
        Problem(str(folder / name), "is missing or empty.", "Train again, or copy the folder again.")
        for name in NEEDED
        if not (folder / name).is_file() or not (folder / name).stat().st_size
    )
    if not is_whole_safetensors(folder / NEEDED[1]):
        raise UsageError(
            Problem(str(folder / NEEDED[1]), "is cut off or no safetensors file.", "Copy the folder again.")
        )
    return run


def is_whole_safetensors(file: Path) -> bool:
    """Whether a file is as long as its own header says."""
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            header = json.loads(stream.read(length)) if length < 10**8 else {}
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        return bool(ends) and file.stat().st_size == 8 + length + max(ends)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error):
        return False


def _base_name(run: Mapping[str, Any], given: str) -> str:
    base = run["base"]
    name = given or str(base["model"])
    if not REPO_ID.fullmatch(name) or (not given and not base.get("revision")):
        raise UsageError(
            Problem(
                "--base-model",
                f"is needed: the run's base is the folder {str(base['model'])!r}, where nobody else finds it."
                if not given
                else f"{given!r} is no name of a model on the Hub.",
                "Name the same model on the Hub, OWNER/NAME.",
            )
        )
    return name


def _licence(base: str, given: str) -> str:
    if given:
        return licence_name(given)
    if GEMMA in base.lower():
        return GEMMA
    raise UsageError(
        Problem(
            "--licence",
            f"is needed: the terms of {base} are not known here.",
            "Name one as the Hub does, such as gemma or apache-2.0.",
        )
    )


def _read_scores(
    folder: Path, run: Mapping[str, Any], options: AdapterOptions
) -> tuple[ScoredRun | None, ScoredRun | None]:
    if options.base_scores and not options.scores:
        raise UsageError(
            Problem("--base-scores", "are there to be compared with the adapter's.", "Add --scores.")
        )
    scores = read_scores("adapter", options.scores) if options.scores else None
    base = read_scores("base", options.base_scores) if options.base_scores else None
    problems = []
    if scores is not None:
        made_with = (scores.summary.get("run") or {}).get("adapter_sha256")
        if made_with != file_sha256(folder / NEEDED[1]):
            problems.append(
                Problem(
                    f"--scores {options.scores}",
                    "are not of this adapter.",
                    "Run and score it: `fgeval run --adapter`, `fgeval score`.",
                )
            )
    if base is not None and scores is not None:
        head = base.summary.get("run") or {}
        if head.get("adapter_sha256") or head.get("model_fingerprint") != run["base"].get("fingerprint"):
            problems.append(
                Problem(
                    f"--base-scores {options.base_scores}",
                    "are not of this adapter's base.",
                    "Run and score the base without an adapter.",
                )
            )
        if base.summary["data"]["sha256"] != scores.summary["data"]["sha256"]:
            problems.append(
                Problem(
                    f"--base-scores {options.base_scores}",
                    "are of other rows than --scores.",
                    "Score both on one file.",
                )
            )
    UsageError.raise_if(problems)
    return scores, base


def _at_hand(data: Mapping[str, Any]) -> Path | None:
    """The rows of a record, if they are still there and the same; a data set of the Hub is fetched, as the commit it was."""
    file = Path(str(data.get("file", "")))
    if data.get("dataset"):
        try:
            [found] = hub_data(
                f"{data['dataset']}@{data['revision']}", config=data["config"], splits=[data["split"]]
            )
        except FgError:
            return None
        file = found.file
    return file if file.is_file() and file_sha256(file) == data.get("sha256") else None


def _check_rows(run: Mapping[str, Any], scores: ScoredRun | None) -> str:
    """What was found out about training and test rows having texts in common.

    Raises: HubError if they do, or if the linter finds an error in the training rows.
    """
    recorded = [*run["data"].values(), *([scores.summary["data"]] if scores is not None else [])]
    train = recorded[0]
    if scores is not None and train["sha256"] == recorded[-1]["sha256"]:
        raise HubError(
            Problem(
                "--scores",
                "are of the rows that were trained on; nothing was sent.",
                "Score on rows of other templates or authors.",
            )
        )
    different = {data["sha256"]: data for data in recorded}
    at_hand = {sha256: file for sha256, data in different.items() if (file := _at_hand(data)) is not None}
    report = lint(list(at_hand.values())) if at_hand else LintReport({}, ())
    _refuse_findings(report, str(at_hand.get(train["sha256"], "")))
    if scores is None:
        return ""
    if {train["sha256"], recorded[-1]["sha256"]} - set(at_hand):
        return "The training or test rows were not at hand when this card was made, so leaks between them were not looked for."
    stems = report.counts.get("stem-leak", 0)
    alike = f" {stems:,} texts differ from one of the other rows in endings, particles or numbers only." if stems else ""  # fmt: skip
    return f"`fgdata lint` found no text, near text or template family in both the training and the test rows.{alike}"


def _refuse_findings(report: LintReport, train: str) -> None:
    """Raise HubError for a leak between two files, or an error in the training rows.

    What else is wrong with test rows does not stop an adapter: a benchmark's gold is not its owner's to correct.
    """
    found = [
        finding
        for finding in report.findings
        if finding.rule in LEAKS or (finding.level == "error" and finding.file == train)
    ]
    if not found:
        return
    n_leaks = sum(finding.rule in LEAKS for finding in found)
    if n_leaks:
        what, remedy = f"{n_leaks} leaks between training and test rows", "Train and test on rows that share none."  # fmt: skip
    else:
        what = f"{len(found)} errors in the training rows"
        remedy = "Correct the rows and train again; `fgdata lint` explains each rule."
    raise HubError(
        *(Problem(finding.where, f"{finding.rule}: {finding.what}") for finding in found[:SHOWN]),
        Problem("lint", f"{what}; nothing was sent.", remedy),
    )


def _tools(run: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    from fgdata.dialects import scan_examples
    from fgdata.example import Example

    file = _at_hand(run["data"]["train"])
    if file is None:
        return ()
    try:
        first = next((item for item in scan_examples(file) if isinstance(item, Example)), None)
    except FgError:
        return ()
    return tuple(first.tools or ()) if first is not None else ()


def _adapter_config(file: Path, base: str) -> bytes:
    """The adapter's configuration with the base's name on the Hub, where others find it."""
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
        config["base_model_name_or_path"] = base
    except (ValueError, TypeError) as error:
        raise DataError(Problem(str(file), f"cannot be read ({error}).", "Copy the folder again.")) from error
    # peft writes a set here, in another order each time.
    if isinstance(config.get("target_modules"), list):
        config["target_modules"] = sorted(config["target_modules"])
    return _json(config)


def without_folders(value: Any) -> Any:
    """A record with the names of files and without the folders of the machine they lay on."""
    if isinstance(value, Mapping):
        return {name: without_folders(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_folders(item) for item in value]
    if isinstance(value, str) and (Path(value).is_absolute() or value.startswith(("./", "../", "~"))):
        return PurePath(value).name
    return value
