"""Publishing from a shell: whole processes against the double, one of them killed in mid-upload, and a search of all they wrote."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from eval_data import ROWS, write_rows
from hub_double import ACCOUNTS, TOKEN, Hub

REPO = "me/air"
# Not of the shape of the Hub's tokens, so that no pattern finds it: only knowing the token does.
ODD_TOKEN = "planted.secret-of-these-tests_0123"


def program(name: str, *words: str) -> list[str]:
    code = f"import sys; from {name}.cli import main; sys.exit(main(sys.argv[1:]))"
    return [sys.executable, "-c", code, *words]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with rows and a token in `.env`, and nowhere else; Xet is installed and not turned off, as on a user's machine."""
    write_rows(tmp_path / "rows" / "train.jsonl", ROWS[:5])
    write_rows(tmp_path / "rows" / "test.jsonl", ROWS[5:])
    (tmp_path / ".env").write_text(f"HF_TOKEN={TOKEN}\n", encoding="utf-8")
    (tmp_path / "tmp").mkdir()
    for name in ("HF_TOKEN", "HF_HUB_DISABLE_XET"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_killed_in_mid_upload(hub: Hub, place: Path) -> None:
    """kill -9 while the second large file is on its way: no revision; the same command again sends that file alone, in one commit."""
    publish = program("fgdata", "publish", "rows", REPO, "--licence", "mit")
    look = subprocess.run([*publish, "--dry-run", "--out", "look"], capture_output=True, text=True)
    assert look.returncode == 0, look.stderr
    late = hashlib.sha256(
        (place / "look" / "data" / "default" / "train-00000-of-00001.parquet").read_bytes()
    ).hexdigest()
    hub.fail("PUT", late, "hang", times=10**6)
    with subprocess.Popen(publish, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        until = time.monotonic() + 120
        while len(hub.objects) < 1 or not any(late in path for _, path in hub.requests):
            assert running.poll() is None, running.communicate()
            assert time.monotonic() < until
            time.sleep(0.02)
        running.send_signal(signal.SIGKILL)
        running.communicate()
    assert list(hub.files(REPO)) == [".gitattributes"]
    hub.faults.clear()
    hub.requests.clear()
    again = subprocess.run(publish, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert [path for method, path in hub.requests if method == "PUT"] == [f"/lfs-store/{late}"]
    assert len(hub.repos["dataset", REPO].commits) == 2
    hub.requests.clear()
    same = subprocess.run(publish, capture_output=True, text=True)
    assert "Nothing to do" in same.stdout
    assert hub.writes() == []


def test_no_output_holds_the_token(hub: Hub, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is run, with the libraries' own debugging on, whatever fails: the token is in no output and in no file that was written."""
    token = ODD_TOKEN
    monkeypatch.setitem(ACCOUNTS, token, ("me", [], "write"))
    for name in ("HF_DEBUG", "HF_HUB_VERBOSITY", "DATASETS_VERBOSITY"):
        monkeypatch.setenv(name, "1" if name == "HF_DEBUG" else "debug")
    monkeypatch.setenv("PYTHONFAULTHANDLER", "1")
    (place / ".env").write_text(f"export HUGGINGFACE_HUB_TOKEN='{token}'\n", encoding="utf-8")
    said = ""
    publish = ("publish", "rows", REPO, "--licence", "mit")
    steps = [
        (None, (*publish[:2], "me/dry", "--licence", "mit", "--dry-run", "--out", "look"), 0),
        (("POST", "/commit/", 400), publish, 2),
        (None, publish, 0),
        (None, ("lint", REPO, "--format", "json"), 0),
        (("GET", "/api/datasets", 403), ("lint", f"{REPO}@main"), 2),
    ]
    for fault, words, code in steps:
        hub.faults.clear()
        if fault:
            hub.fail(*fault, times=10**6)
        done = subprocess.run(program("fgdata", *words), capture_output=True, text=True)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        said += done.stdout + done.stderr
    assert "error:" in said
    assert token not in said
    sent = [content for repo in hub.repos.values() for _, _, files in repo.commits for content in files.values()]  # fmt: skip
    assert not any(token.encode() in content for content in [*sent, *hub.objects.values()])
    written = [file for folder in (place, Path(os.environ["HF_HOME"])) for file in folder.rglob("*") if file.is_file()]  # fmt: skip
    assert len(written) > 5
    assert [file.name for file in written if token.encode() in file.read_bytes()] == [".env"]


def test_a_token_in_the_rows_is_found(hub: Hub, place: Path) -> None:
    """The user's own token in a row stops a dry run too, whatever the token looks like, and is not repeated."""
    (place / ".env").write_text(f"HF_TOKEN={ODD_TOKEN}\n", encoding="utf-8")
    write_rows(place / "rows" / "train.jsonl", [ROWS[0] | {"remark": f"x {ODD_TOKEN} y"}])
    words = ("publish", "rows", REPO, "--licence", "mit", "--dry-run")
    done = subprocess.run(program("fgdata", *words), capture_output=True, text=True)
    assert done.returncode == 2
    assert "train.jsonl: holds a token of the Hub" in done.stderr
    assert ODD_TOKEN not in done.stdout + done.stderr
    assert json.dumps(hub.requests) == "[]"
