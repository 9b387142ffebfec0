"""fgdata coverage: gaps of a pack, and the failures of a scored run, by intent, argument, register and perturbation."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from own_tools import KOREAN

from fgdata.cli import main
from fgdata.own import find_coverage, init_pack
from fgdata.own.coverage import GAPS
from fgdata.own.failures import ASPECTS


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of two tools."""
    folder = tmp_path_factory.mktemp("coverage")
    (folder / "t.json").write_text(json.dumps(KOREAN, ensure_ascii=False), "utf-8")
    (started,) = init_pack("home", folder / "t.json", out=folder)
    return started.folder


@pytest.fixture
def pack(fresh: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(fresh, tmp_path / "home"))


def _change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def test_a_started_pack_says_everything_once(fresh: Path) -> None:
    """Of a pack that was just started, tools, parameters and values are all there; what is thin is named."""
    coverage = find_coverage(fresh)
    for what in ("tool never called", "parameter never given", "value never used", "parameter never missing"):
        assert coverage.of(what) == []
    assert {gap.detail for gap in coverage.of("value said one way")} >= {'"거실": 거실'}
    assert {gap.where for gap in coverage.of("few families")} >= {"날씨_조회", "조명_켜기"}
    assert any(gap.detail == "hapsyo, fragment in validation" for gap in coverage.of("register missing"))
    assert {gap.where for gap in coverage.of("kind missing")} == {
        "several",
        "exception",
        "correction",
        "negation",
    }
    marks = coverage.of("marked")
    assert marks
    assert all("WRITE:" in Path(m.where.rpartition(":")[0]).read_text("utf-8") for m in marks)


def test_each_gap_is_found(pack: Path) -> None:
    """A parameter, a value and a tool that the pack loses are named, no others."""
    (pack / "intents" / "조명_켜기_with_밝기.yaml").unlink()
    (pack / "intents" / "ask_날씨_조회.yaml").unlink()
    _change(pack / "slots.yaml", '      - {value: "화씨", forms: ["화씨"]}\n', "")
    _change(pack / "tools.json", "[\n", '[\n  {"name": "끄기", "description": "끔"},\n')
    coverage = find_coverage(pack)
    assert [g.where for g in coverage.of("tool never called")] == ["끄기"]
    assert [g.where for g in coverage.of("parameter never given")] == ["조명_켜기.밝기"]
    assert [(g.where, g.detail) for g in coverage.of("value never used")] == [("날씨_조회.단위", '"화씨"')]
    assert [g.where for g in coverage.of("parameter never missing")] == ["날씨_조회.도시"]


def _row(number: int, **more: Any) -> dict[str, Any]:
    call = {"name": "날씨_조회", "arguments": {"도시": "서울", "단위": "섭씨"}}
    return {"id": str(number), "exact": False, "error_type": "wrong_value", "utterance": f"문장 {number}", "pack": "home", "intent": "날씨_조회",
            "register": "hae", "expected": [call], "got": [call], **more}  # fmt: skip


def _scored(folder: Path, rows: list[dict[str, Any]]) -> Path:
    folder.mkdir()
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (folder / "scores.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def test_failures_are_counted_by_what_they_hang_on(fresh: Path, tmp_path: Path) -> None:
    """Wrong rows of all rows under each intent, register, perturbation and argument, with examples; right ones count in n."""
    wrong = {"name": "날씨_조회", "arguments": {"도시": "부산", "x": 1}}
    rows = [
        _row(1, exact=True, error_type=""),
        _row(2, got=[wrong], perturbation="spacing+typo"),
        _row(3, got=[], register="haeyo", error_type="missed_call"),
        _row(4, got=[{"name": "조명_켜기", "arguments": {}}], error_type="wrong_tool"),
    ]
    coverage = find_coverage(fresh, _scored(tmp_path / "run", rows))
    assert coverage.scored["n"] == 4
    assert coverage.scored["wrong"] == 3
    found = {(f.aspect, f.value): (f.wrong, f.n) for f in coverage.failures}
    assert found == {
        ("intent", "날씨_조회"): (3, 4),
        ("argument", "날씨_조회.도시"): (1, 2),
        ("argument", "날씨_조회.단위"): (1, 2),
        ("argument", "날씨_조회.x"): (1, 1),
        ("register", "hae"): (2, 3),
        ("register", "haeyo"): (1, 1),
        ("perturbation", "spacing"): (1, 1),
        ("perturbation", "typo"): (1, 1),
    }
    kinds = {f.value: dict(f.kinds) for f in coverage.failures if f.aspect == "argument"}
    assert kinds == {
        "날씨_조회.도시": {"wrong value": 1},
        "날씨_조회.단위": {"missing": 1},
        "날씨_조회.x": {"not asked for": 1},
    }
    assert [f.aspect for f in coverage.failures] == sorted(
        (f.aspect for f in coverage.failures), key=ASPECTS.index
    )
    assert coverage.failures[0].examples == ["문장 2", "문장 3"]


def test_the_command_prints_a_list(fresh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For people a list with what to do, cut at --limit and said so; with --json all of it."""
    run = _scored(tmp_path / "run", [_row(1)])
    assert main(["coverage", str(fresh), "--from", str(run), "--limit", "1"]) == 0
    said = capsys.readouterr().out
    assert "날씨_조회: 1 of 1 wrong (wrong_value 1); write more families for 날씨_조회" in said
    assert "--limit 0 shows all" in said
    assert re.search(r"home: \d+ gaps; 1 of 1 scored rows are wrong\.", said)
    assert main(["coverage", str(fresh), "--from", str(run), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert {gap["what"] for gap in printed["gaps"]} <= set(GAPS)
    assert all(gap["remedy"] for gap in printed["gaps"])
    assert printed["failures"][0]["write"]


BAD = [
    (None, "cannot be read"),
    ("{", "scores.jsonl:1: is no score"),
    ('{"exact": true}\n[1]\n{"exact": 3}', "scores.jsonl:3: is no score"),
    ("\n", "holds no score"),
    ('{"exact": true, "pack": "other"}', "scores rows of other, not of home"),
    ('{"exact": true, "expected": [3]}', "an expected call has no name"),
    ('{"exact": true, "expected": 3}', "is no score"),
    ('{"exact": true, "expected": [{"name": "a", "arguments": 3}]}', "is no score"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), BAD)
def test_bad_runs_are_told(
    text: str | None, said: str, fresh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One clear error with its line, and exit code 2."""
    if text is not None:
        (tmp_path / "scores.jsonl").write_text(text, "utf-8")
    assert main(["coverage", str(fresh), "--from", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err


def test_a_run_without_scores_is_told_how(
    fresh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder of `fgeval run` that nobody scored yet: the command that does is named."""
    (tmp_path / "predictions.jsonl").write_text("{}\n", "utf-8")
    assert main(["coverage", str(fresh), "--from", str(tmp_path)]) == 2
    assert "fgeval score --data" in capsys.readouterr().err


def test_a_bundled_pack_is_covered() -> None:
    """Every tool of a pack of ours is called, and no place is marked."""
    coverage = find_coverage("fitness_en")
    for what in ("tool never called", "parameter never given", "value never used", "marked"):
        assert coverage.of(what) == []
