"""docs/publishing.md from its first command to its last, up to the loopback Hub, with fewer rows and steps."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hub_double import TOKEN, Hub, Repo
from test_docs import ROOT, commands

from fgdata.cli import main as fgdata_main
from fgeval.cli import main as fgeval_main
from fgtrain.cli import main as fgtrain_main

BASE = "google/functiongemma-270m-it"
PROGRAMS: dict[str, Callable[[list[str]], int]] = {
    "fgdata": fgdata_main,
    "fgeval": fgeval_main,
    "fgtrain": fgtrain_main,
}


def run_smaller(program: str, words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    """Run a command with fewer rows and steps; it must end well."""
    smaller = [{"--rows": "120"}.get(before, word) for before, word in zip(["", *words], words, strict=False)]
    smaller += {
        "lora": ["--max_steps", "1", "--gradient_accumulation_steps", "1", "--max_length", "4096"],
        "run": ["--limit", "3", "--max-new-tokens", "12"],
        "score": ["--allow-missing"],
    }.get(words[0], [])
    assert PROGRAMS[program](smaller) == 0, (program, smaller, capfd.readouterr())


def run_snippets(hub: Hub, capfd: pytest.CaptureFixture[str]) -> None:
    """The programs on both cards, as they stand there: the data set's for a shell, the adapter's in Python, which prints an answer."""
    card = hub.files("me/fitness-ko")["README.md"].decode()
    lines = card.split("```bash\n")[1].split("```")[0].splitlines()
    assert [line.split()[0] for line in lines] == ["fgdata", "fgtrain", "fgeval"]
    for line in lines:
        program, *words = line.replace("out/", "card/").split()
        run_smaller(program, words, capfd)
    capfd.readouterr()
    program = hub.files("me/fitness-ko-lora", "model")["README.md"].decode()
    exec(program.split("```python\n")[1].split("```")[0], {})
    assert capfd.readouterr().out.strip()


def test_the_walk(
    hub: Hub,
    tiny_model_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Every command ends well; both repositories stand there, tied to each other by commit; the token is in no output and no file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HF_TOKEN")
    (tmp_path / ".env").write_text(f"HF_TOKEN={TOKEN}\n", encoding="utf-8")
    hub.repos["model", BASE] = Repo()  # a small base under the real one's name
    tiny = {path.name: path.read_bytes() for path in tiny_model_dir.iterdir()}
    revision = hub.repos["model", BASE].commit("a small base", tiny)
    for program, *words in commands(ROOT / "docs" / "publishing.md"):
        run_smaller(program, words, capfd)
    run_snippets(hub, capfd)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    said = capfd.readouterr()
    assert TOKEN not in said.out + said.err
    data, adapter = hub.repos["dataset", "me/fitness-ko"], hub.repos["model", "me/fitness-ko-lora"]
    assert [len(repo.commits) for repo in (data, adapter)] == [2, 2]
    files = hub.files("me/fitness-ko-lora", "model")
    run = json.loads(files["run.json"])
    assert run["data"]["train"]["revision"] == data.commits[-1][0]
    assert run["base"]["revision"] == revision
    results = yaml.safe_load(files[".eval_results/me--fitness-ko.yaml"])
    assert results[0]["dataset"] == {
        "id": "me/fitness-ko",
        "task_id": "test_exact",
        "revision": data.commits[-1][0],
    }
    card = yaml.safe_load(files["README.md"].decode().split("---\n")[1])
    assert (card["base_model"], card["datasets"], card["license"]) == (BASE, ["me/fitness-ko"], "gemma")
    for file in tmp_path.rglob("*"):
        assert file.name == ".env" or not file.is_file() or TOKEN.encode() not in file.read_bytes(), file
