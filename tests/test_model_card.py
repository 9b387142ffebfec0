"""The metadata of a model card: read back by the hub's own client, every value with n, interval, profile and base."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCardData, parse_eval_result_entries
from huggingface_hub.repocard_data import model_index_to_eval_results
from scored_runs import answers, family_rows, scored_run

from fgdata.errors import UsageError
from fgeval.cli import main
from fgeval.comparable import NotComparableError
from fgeval.model_card import CardScores, eval_results, model_index
from fgeval.scores import ScoredRun, read_scores

ROWS = family_rows()
CARD = CardScores("climate-lora", "someone/climate_ko", revision="a" * 40)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[ScoredRun]:
    place = tmp_path_factory.mktemp("card")
    return [
        read_scores(name, scored_run(place / name, ROWS, answers(ROWS, right, 1)))
        for name, right in (("base", 0.4), ("adapter", 0.9))
    ]


def test_model_index_reads_back(runs: list[ScoredRun]):
    """The hub's client reads the block and writes the same one; values are those of the scores."""
    base, run = runs
    block = model_index(CARD, run, base)
    name, results = model_index_to_eval_results(block)
    assert name == "climate-lora" and len(results) == 7
    exact = sum(row["exact"] for row in run.rows) / len(run.rows)
    assert results[0].metric_type == "fgeval_exact" and results[0].metric_value == round(exact, 4)
    assert results[0].dataset_split == "test" and results[0].dataset_revision == "a" * 40
    data = ModelCardData(model_name=name, eval_results=results)
    assert data.to_dict()["model-index"] == block
    assert all(result.metric_args["n"] and "95% interval" in result.metric_name for result in results)


def test_eval_results_read_back(runs: list[ScoredRun]):
    """n, interval, profile and the base's value stand in the notes; error rates say that less is better."""
    base, run = runs
    entries = {entry.task_id: entry for entry in parse_eval_result_entries(eval_results(CARD, run, base))}
    exact = entries["test_exact"]
    assert exact.dataset_id == "someone/climate_ko"
    for part in ("n=120 items in 30 clusters", "95% interval", "profile strict", "base base: 0."):
        assert part in exact.notes
    assert entries["test_over_call"].notes.startswith("lower is better")
    assert "few clusters" in entries["test_over_call"].notes
    assert "base" not in eval_results(CARD, run)[0]["notes"], "no base, no gain"


def test_a_base_of_other_items_is_refused(runs: list[ScoredRun], tmp_path: Path):
    """A base that answered other items is no base."""
    rows = family_rows(5)
    other = read_scores("other", scored_run(tmp_path / "other", rows, answers(rows, 0.5, 1)))
    with pytest.raises(NotComparableError, match=r"data\.sha256"):
        model_index(CARD, runs[1], other)


@pytest.mark.parametrize(
    ("card", "said"),
    [
        (CardScores("m", "climate_ko"), "is no data set on the hub"),
        (CardScores(" ", "a/b"), "--card: is empty"),
        (CardScores("m", "a/b", source_url="ftp://x"), "is no https:// address"),
    ],
)
def test_what_the_hub_would_not_take(runs: list[ScoredRun], card: CardScores, said: str):
    """Refused before anything is written."""
    with pytest.raises(UsageError, match=said):
        eval_results(card, runs[1])


def test_report_writes_it(runs: list[ScoredRun], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """`fgeval report --card`: both files beside the report; wrong combinations of flags are refused."""
    named = [word for run in runs for word in ("--run", f"{run.name}={run.folder}")]
    words = ["report", *named, "--out", str(tmp_path / "r"), "--card", "m", "--dataset", "a/b"]
    words += ["--source-url", "https://example.org/report"]
    assert main(words) == 0
    assert "eval-results.yaml" in capsys.readouterr().out.replace("\n", "")
    block: dict[str, Any] = yaml.safe_load((tmp_path / "r" / "model-index.yaml").read_text("utf-8"))
    assert block == {
        "model-index": model_index(
            CardScores("m", "a/b", source_url="https://example.org/report"), runs[1], runs[0]
        )
    }
    entries = yaml.safe_load((tmp_path / "r" / "eval-results.yaml").read_text("utf-8"))
    assert parse_eval_result_entries(entries)[0].source_url == "https://example.org/report"
    for wrong, said in (
        (["--card", "m"], "--dataset: is missing"),
        (["--card", "m", "--dataset", "b"], "is no data set"),
        (["--card", "m", "--dataset", "a/b", "--run", f"third={runs[0].folder}"], "3 runs are given"),
    ):
        assert main(["report", *named, "--out", str(tmp_path / "w"), *wrong]) == 2
        assert said in capsys.readouterr().err
    assert not (tmp_path / "w").exists()
