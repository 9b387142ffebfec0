"""The fgdata command line as a user meets it: exit codes, messages, help, and what it must not import."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from small_pack import PACK, write_pack

import fgdata
from fgdata.cli import main

ROOT = Path(__file__).parent.parent


@pytest.fixture
def lamp(tmp_path: Path) -> Path:
    """The small pack's folder."""
    return write_pack(tmp_path / "lamp")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set made by the command line."""
    folder = tmp_path_factory.mktemp("cli")
    pack = write_pack(folder / "lamp")
    assert main(["generate", str(pack), "--rows", "200", "--out", str(folder / "data")]) == 0
    return folder / "data"


def files(data: Path) -> list[str]:
    """The paths of a data set's rows."""
    return [str(data / f"{split}.jsonl") for split in ("train", "validation", "test")]


def test_generate_says_what_it_made(lamp: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """One line with the folder and the rows of each file; progress goes to stderr."""
    assert main(["generate", str(lamp), "--rows", "100", "--seed", "3", "--out", str(tmp_path / "out")]) == 0
    written = capfd.readouterr()
    first, second = written.out.splitlines()
    assert (
        first == f"100 of 100 rows in {tmp_path / 'out'}: train.jsonl 80, validation.jsonl 10, test.jsonl 10"
    )
    assert second == "22,726 expansions; 0.00% of draws left out as another template's text."
    assert "100/100" in written.err


def test_generate_says_what_fell_short(lamp: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Families that ran out are named on stderr, and the total is what was made."""
    assert main(["generate", str(lamp), "--rows", "5000", "--out", str(tmp_path / "out")]) == 0
    written = capfd.readouterr()
    assert re.search(r"note: train: rows of kind no_call: 800 asked, 96 made\.", written.err)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert f"{manifest['rows_made']} of 5000 rows" in written.out
    kinds = [missed for missed in manifest["shortfalls"] if missed["what"].startswith("rows of kind")]
    assert manifest["rows_made"] == 5000 - sum(missed["asked"] - missed["made"] for missed in kinds)


def test_generate_refuses_a_folder_in_use(
    lamp: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """An output folder in use is exit code 2 and stays as it is; --force replaces the data set."""
    out = tmp_path / "out"
    arguments = ["generate", str(lamp), "--rows", "100", "--out", str(out)]
    assert main(arguments) == 0
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    assert main([*arguments, "--seed", "2"]) == 2
    assert f"error: --out {out}: output folder in use." in capfd.readouterr().err
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before
    assert main([*arguments, "--seed", "2", "--force"]) == 0
    assert json.loads((out / "manifest.json").read_text())["seed"] == 2


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--rows", "2"], "--rows: 2 rows leave a split empty."),
        (["--values", "escaped"], "--values escaped: JSON calls have typed values"),
    ],
)
def test_generate_refuses_flags(
    lamp: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], flags: list[str], said: str
) -> None:
    """What cannot be made is exit code 2, with the flag, and nothing is written."""
    assert main(["generate", str(lamp), "--out", str(tmp_path / "out"), *flags]) == 2
    assert said in capfd.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", [["check"], ["generate", "--out", "out"]])
def test_a_broken_pack(
    lamp: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """Every problem of a pack is a line with file and line, relative to where the user stands; exit code 2."""
    (lamp / "pack.yaml").write_text(
        PACK.replace("title:", "titel:").replace("lamp\nversion", "LAMP\nversion")
    )
    monkeypatch.chdir(lamp.parent)
    assert main([command[0], "lamp", *command[1:]]) == 2
    said = capfd.readouterr().err
    assert "error: lamp/pack.yaml:1: name is 'LAMP'." in said
    assert "error: lamp/pack.yaml:4: unknown key 'titel' in pack.yaml. Did you mean 'title'?" in said
    assert [path.name for path in lamp.parent.iterdir()] == ["lamp"]


def test_check_says_what_a_pack_holds(lamp: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A pack without problems is summed up."""
    assert main(["check", str(lamp)]) == 0
    assert (
        "2 tools, 3 slots, 4 intents, 44 families (24 train, 8 validation, 12 test), 44 templates, 22,726 expansions."
        in capfd.readouterr().out
    )


@pytest.mark.parametrize(
    "name", ["climate_ko", "fitness_en", "fitness_ko", "fitness_plus_en", "fitness_plus_ko"]
)
def test_bundled_packs_are_sound(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The packs that come with fgsuite make a full, clean data set."""
    out = tmp_path / "out"
    assert main(["generate", name, "--rows", "1000", "--seed", "1", "--out", str(out)]) == 0
    made = sorted(map(str, out.glob("*.jsonl")))
    assert main(["lint", *made]) == 0
    assert f"1000 rows in {len(made)} files: 0 errors" in capfd.readouterr().out


def test_an_unknown_pack(capfd: pytest.CaptureFixture[str]) -> None:
    """A misspelt pack is exit code 2 with a hint."""
    assert main(["check", "fitnes_en"]) == 2
    assert "there is no pack 'fitnes_en'. Did you mean 'fitness_en'?" in capfd.readouterr().err


def test_lint_exit_codes(data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """0 for clean data, 1 for findings, 2 for a file that is not there."""
    assert main(["lint", *files(data)]) == 0
    assert "200 rows in 3 files: 0 errors" in capfd.readouterr().out
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes((data / "test.jsonl").read_bytes())
    assert main(["lint", *files(data), str(copy)]) == 1
    assert "20 split-leak" in capfd.readouterr().out
    assert main(["lint", str(tmp_path / "none.jsonl")]) == 2


def test_lint_as_json(data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The JSON form is all of stdout."""
    broken = tmp_path / "broken.jsonl"
    broken.write_text("{oops\n")
    assert main(["lint", "--format", "json", str(broken)]) == 1
    report = json.loads(capfd.readouterr().out)
    assert report["findings"][0]["rule"] == "broken-line"
    assert not report["is_clean"]


def test_lint_counts_what_it_does_not_show(
    data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Past the limit, findings are counted; with limit 0 all are there."""
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes((data / "test.jsonl").read_bytes())
    main(["lint", str(data / "test.jsonl"), str(copy), "--limit", "5"])
    assert "and 15 more (--limit 0 shows all)" in capfd.readouterr().out
    main(["lint", str(data / "test.jsonl"), str(copy), "--limit", "0"])
    assert "more" not in capfd.readouterr().out


def test_lint_takes_tools_or_a_pack(lamp: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Rows without tools are checked against a file of tools or a pack's."""
    out = tmp_path / "out"
    assert (
        main(
            [
                "generate",
                str(lamp),
                "--rows",
                "100",
                "--out",
                str(out),
                "--shape",
                "text",
                "--values",
                "escaped",
            ]
        )
        == 0
    )
    assert main(["lint", *files(out)]) == 0
    assert "unchecked-calls" in capfd.readouterr().out
    for flags in (["--tools", str(lamp / "tools.json")], ["--pack", str(lamp)]):
        assert main(["lint", *files(out), *flags]) == 0
        assert "100 rows in 3 files: 0 errors" in capfd.readouterr().out
    assert main(["lint", *files(out), "--pack", "fitness_en"]) == 1


def test_stats(data: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Counts by column as tables, or as JSON."""
    assert main(["stats", *files(data)]) == 0
    written = capfd.readouterr().out
    assert "rows by kind" in written
    assert "200 rows, 200 different utterances" in written
    assert main(["stats", "--json", *files(data)]) == 0
    counted = json.loads(capfd.readouterr().out)
    assert sum(counted["counts"]["kind"]["call"].values()) == 140


def test_stats_counts_broken_lines(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Lines that are no rows are said, not passed over."""
    (tmp_path / "rows.jsonl").write_text(
        "{oops\n"
        + json.dumps({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]})
    )
    assert main(["stats", str(tmp_path / "rows.jsonl")]) == 0
    assert "1 lines of" in capfd.readouterr().err


def test_show(data: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Rows as the model sees them, with brackets and a legend where there are no colours."""
    assert main(["show", str(data / "test.jsonl"), "--limit", "2", "--short"]) == 0
    written = capfd.readouterr().out
    assert written.count("<bos>") == 2
    assert "is what the model is trained to write" in written
    assert "… 2 declarations …" in written
    row_id = json.loads((data / "test.jsonl").read_text().splitlines()[2])["id"]
    assert main(["show", str(data / "test.jsonl"), "--id", row_id]) == 0
    assert row_id in capfd.readouterr().out
    assert main(["show", str(data / "test.jsonl"), "--id", "nobody"]) == 2


@pytest.mark.parametrize("command", ["", "generate", "check", "lint", "stats", "show", "schema"])
def test_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command explains itself, with an example."""
    with pytest.raises(SystemExit) as ended:
        main([*([command] if command else []), "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert "example" in text if command else "generate" in text


def test_importing_is_light() -> None:
    """The library and its command line load no deep-learning library."""
    probe = "import sys, fgdata, fgdata.cli; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", probe], text=True, cwd=ROOT).split()
    assert {"torch", "jax", "transformers", "peft", "numpy", "scipy", "kiwipiepy"}.isdisjoint(loaded)


def test_public_names() -> None:
    """Every public name is there, and the list is sorted."""
    assert sorted(fgdata.__all__) == fgdata.__all__
    assert all(hasattr(fgdata, name) for name in fgdata.__all__)


def test_a_closed_pipe_is_no_error(data: Path) -> None:
    """`fgdata show FILE | head -1` ends quietly."""
    command = f"{sys.executable} -m fgdata.cli show {data / 'train.jsonl'} --limit 0 | head -1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert done.stderr == ""
