"""Runs that are stopped: whatever stops them, the same command ends in the bytes of an undisturbed run."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from home_pack import write_home_pack
from small_pack import write_pack

from fgdata.dataset import Shard, write_dataset
from fgdata.errors import UsageError
from fgdata.generator import Request
from fgdata.pack_reader import read_pack
from fgdata.part_folder import part_folder

HERE = Path(__file__).parent.parent
ROWS = 1500
FILES = (*(f"{split}.jsonl" for split in ("train", "validation", "test", "test_values", "test_compositions")), "manifest.json")  # fmt: skip
PROBE = """
import resource, sys
from fgdata import dataset
from fgdata.cli import main
dataset.CHUNK = 60
limit = int(sys.argv.pop(1))
if limit > 0:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
sys.exit(main(["generate", *sys.argv[1:]]))
"""
"""The command with small chunks, so that a small data set has many, and with a largest size of a file, or -1."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home's folder."""
    return write_home_pack(tmp_path_factory.mktemp("home"), "en")


@pytest.fixture(scope="module")
def whole(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undisturbed run."""
    out = tmp_path_factory.mktemp("whole") / "data"
    assert run(folder, out).returncode == 0
    return out


def command(folder: Path, out: Path, *options: str, limit: int = -1) -> list[str]:
    """The command that makes the data set."""
    return [sys.executable, "-c", PROBE, str(limit), str(folder), "--rows", str(ROWS), "--out", str(out), *options]  # fmt: skip


def run(folder: Path, out: Path, *options: str, limit: int = -1, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:  # fmt: skip
    """What it did."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(
        command(folder, out, *options, limit=limit), capture_output=True, text=True, cwd=HERE, env=environment
    )


def check_same(out: Path, whole: Path) -> None:
    """The folder is that of an undisturbed run, and nothing lies beside it."""
    assert sorted(file.name for file in out.iterdir()) == sorted(FILES)
    for name in FILES:
        assert (out / name).read_bytes() == (whole / name).read_bytes(), name
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def stop(
    folder: Path, out: Path, sign: signal.Signals, *options: str, group: bool = False
) -> tuple[int, str]:
    """The exit code and messages of a run that got a signal in the middle of its rows."""
    process = subprocess.Popen(
        command(folder, out, *options), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=HERE, start_new_session=True
    )  # fmt: skip
    part = out.parent / f".{out.name}.part" / "train.jsonl"
    for _ in range(4000):
        if part.exists() and part.stat().st_size > 50_000:
            break
        time.sleep(0.005)
    assert process.poll() is None, "the run was over before it could be stopped"
    if group:
        os.killpg(process.pid, sign)
    else:
        process.send_signal(sign)
    try:
        _, said = process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    leftover = workers_of(process.pid)
    assert leftover == [], "workers outlive their run"
    return process.returncode, said


def workers_now(session: int) -> list[int]:
    """Processes of the session that run."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            state = (entry / "stat").read_text().rpartition(")")[2].split() if entry.name.isdigit() else []
        except OSError:
            continue
        if state and int(state[3]) == session and state[0] != "Z":
            found.append(int(entry.name))
    return found


def workers_of(session: int) -> list[int]:
    """The same, after a while to end in."""
    for _ in range(100):
        if not (found := workers_now(session)):
            return []
        time.sleep(0.05)
    return found


# Stops


@pytest.mark.parametrize("limit", [1000, 700_000])
def test_a_full_disk(folder: Path, whole: Path, tmp_path: Path, limit: int) -> None:
    """A write that fails is one message; what was written stays, and the same command goes on once there is room."""
    out = tmp_path / "out" / "data"
    failed = run(folder, out, limit=limit)
    assert failed.returncode == 2
    assert "Traceback" not in failed.stderr
    assert "could not be written" in failed.stderr
    assert "run the same command again" in failed.stderr
    assert not out.exists()
    assert (out.parent / ".data.part" / "train.jsonl").stat().st_size <= limit
    assert run(folder, out).returncode == 0
    check_same(out, whole)


def test_a_disk_that_is_full_at_the_manifest(folder: Path, whole: Path, tmp_path: Path) -> None:
    """Rows are not thrown away because the last file found no room."""
    probe = """
import resource, sys
from fgdata.dataset import Shard, write_dataset
from fgdata.generator import Request
from fgdata.pack_reader import read_pack
left = 1500
def advance(n):
    global left
    left -= n
    if not left:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3, resource.RLIM_INFINITY))
write_dataset(read_pack(sys.argv[1]), Request(1500, 1), sys.argv[2], advance=advance)
"""
    out = tmp_path / "out" / "data"
    failed = subprocess.run([sys.executable, "-c", probe, str(folder), str(out)], capture_output=True, text=True, cwd=HERE)  # fmt: skip
    assert "UsageError" in failed.stderr
    rows = (out.parent / ".data.part" / "train.jsonl").read_bytes()
    assert rows == (whole / "train.jsonl").read_bytes()
    assert run(folder, out).returncode == 0
    check_same(out, whole)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c(folder: Path, whole: Path, tmp_path: Path, workers: str) -> None:
    """Ctrl-C, which all processes get, stops without a traceback; the same command goes on."""
    out = tmp_path / "out" / "data"
    code, said = stop(folder, out, signal.SIGINT, "--workers", workers, group=True)
    assert code in (130, -signal.SIGINT)
    assert "Traceback" not in said
    assert not out.exists()
    assert run(folder, out, "--workers", workers).returncode == 0
    check_same(out, whole)


def test_two_workers_killed(folder: Path, whole: Path, tmp_path: Path) -> None:
    """A run of two workers that is killed outright leaves no process behind and is gone on with, by one worker or two."""
    out = tmp_path / "out" / "data"
    code, _ = stop(folder, out, signal.SIGKILL, "--workers", "2")
    assert code == -signal.SIGKILL
    assert run(folder, out, "--workers", "2").returncode == 0
    check_same(out, whole)


def test_force_gives_up_another_unfinished_run(folder: Path, whole: Path, tmp_path: Path) -> None:
    """Rows of other settings are refused, and with --force thrown away: none is mixed in."""
    out = tmp_path / "out" / "data"
    stop(folder, out, signal.SIGKILL, "--seed", "2")
    refused = run(folder, out)
    assert refused.returncode == 2
    assert "an unfinished data set with other settings lies there" in refused.stderr
    assert run(folder, out, "--force").returncode == 0
    check_same(out, whole)


def test_rows_of_nobody_knows_whom(folder: Path, whole: Path, tmp_path: Path) -> None:
    """A run killed on the way into its place left rows without their settings: they are made anew, not taken over."""
    out = tmp_path / "out" / "data"
    assert run(folder, out, "--seed", "2").returncode == 0
    part = out.parent / ".data.part"
    out.rename(part)
    (part / "train.jsonl").unlink()  # moved already
    assert run(folder, out).returncode == 0
    check_same(out, whole)


def test_half_a_row_is_made_anew(folder: Path, whole: Path, tmp_path: Path) -> None:
    """Wherever a file was cut, in the middle of a letter too, it is made whole."""
    out = tmp_path / "out" / "data"
    assert run(folder, out, limit=300_000).returncode == 2
    file = out.parent / ".data.part" / "train.jsonl"
    text = file.read_bytes()
    file.write_bytes(text[: text.rindex("°".encode()) + 1])
    assert run(folder, out).returncode == 0
    check_same(out, whole)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_rows_beyond_a_gap_are_made_anew(folder: Path, whole: Path, tmp_path: Path, workers: str) -> None:
    """A killed worker leaves a hole before the rows of another, which reads as zeros: what stands behind it goes."""
    out = tmp_path / "out" / "data"
    assert run(folder, out, limit=300_000).returncode == 2
    file = out.parent / ".data.part" / "train.jsonl"
    text = (whole / "train.jsonl").read_bytes()
    begin, end = text.index(b"\n", 100_000) - 40, text.index(b"\n", 200_000) + 1
    file.write_bytes(text[:begin])
    with file.open("r+b") as stream:
        stream.seek(end)
        stream.write(text[end : end + 50_000])
    assert b"\0" in file.read_bytes()
    assert run(folder, out, "--workers", workers).returncode == 0
    check_same(out, whole)


def test_a_full_disk_in_a_worker(folder: Path, whole: Path, tmp_path: Path) -> None:
    """What a worker cannot write stops the run with the disk's own words; its rows so far stay."""
    out = tmp_path / "out" / "data"
    stopped = run(folder, out, "--workers", "2", limit=300_000)
    assert stopped.returncode == 2
    assert "could not be written" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert not out.exists()
    assert run(folder, out).returncode == 0
    check_same(out, whole)


# Two runs into one folder


def test_one_run_at_a_time(folder: Path, whole: Path, tmp_path: Path) -> None:
    """A second run into a folder ends with one error, with --force too, and changes nothing; the first one's rows are whole."""
    out = tmp_path / "out" / "data"
    with pytest.raises(KeyboardInterrupt), part_folder(out, {}, force=False) as part:
        (part / "train.jsonl").write_bytes(b"{}\n")
        for options in ([], ["--force"]):
            refused = run(folder, out, *options)
            assert refused.returncode == 2
            assert "another run is writing there. Wait until it is done" in refused.stderr
        assert (part / "train.jsonl").read_bytes() == b"{}\n"
        assert (part / "run.json").read_text() == "{}"
        raise KeyboardInterrupt
    assert not out.exists()
    assert run(folder, out, "--force").returncode == 0  # the lock went with the run
    check_same(out, whole)


def test_a_run_that_waited_does_not_replace_what_the_first_made(folder: Path, whole: Path, tmp_path: Path) -> None:  # fmt: skip
    """Where the target was filled after it was looked at, it is in use."""
    out = tmp_path / "out" / "data"
    shutil.copytree(whole, out)
    with pytest.raises(UsageError, match="output folder in use"), part_folder(out, {}, force=False):
        pass
    check_same(out, whole)


def test_a_lock_of_a_folder_that_has_moved_is_none(tmp_path: Path) -> None:
    """A run that comes while another puts its folder in place has a new folder, and a lock in that one."""
    out = tmp_path / "data"
    with part_folder(out, {}, force=False) as first:
        first.rename(tmp_path / "elsewhere")
        with part_folder(out, {}, force=False) as second:
            (second / "train.jsonl").write_bytes(b"{}\n")
    assert (tmp_path / "elsewhere" / "run.json").exists()


# A disk that is full from the start


@pytest.mark.parametrize("left", ["", "{"])
def test_a_broken_state_without_rows_is_in_nobodys_way(folder: Path, whole: Path, tmp_path: Path, left: str) -> None:  # fmt: skip
    """What a run left that found no room for its settings, and no row, is replaced."""
    out = tmp_path / "out" / "data"
    part = out.parent / ".data.part"
    part.mkdir(parents=True)
    (part / "run.json").write_text(left)
    (part / "train.jsonl").touch()
    assert run(folder, out).returncode == 0
    check_same(out, whole)


def test_no_room_for_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk without a byte left is one error that says so, and nothing stays."""

    def write_text(path: Path, *_: Any, **__: Any) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", write_text)
    said = "cannot be written: No space left on device. Free some space"
    with pytest.raises(UsageError, match=said), part_folder(tmp_path / "data", {}, force=False):
        pass
    assert list(tmp_path.iterdir()) == []


# Processes


def test_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    """Hash seeds and workers change no byte of a data set with Korean compositions, held-out values and all kinds."""
    folder = write_home_pack(tmp_path / "home")
    one, other = tmp_path / "a" / "data", tmp_path / "b" / "data"
    assert run(folder, one, hash_seed="1").returncode == 0
    assert run(folder, other, "--workers", "3", hash_seed="4242").returncode == 0
    check_same(other, one)


EXACT_SUMS = """\
import builtins
import sys

from fgdata import cli, console, memory  # and all that they load at once

plain = builtins.sum


def checked(values, /, start=0):
    values = list(values)
    assert not any(isinstance(value, float) for value in values), values
    return plain(values, start)


builtins.sum = checked
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("language", ["ko", "en"])
def test_no_sum_depends_on_the_python(tmp_path: Path, language: str) -> None:
    """Python 3.12 adds floats otherwise than 3.11 does: none that rows are dealt by are added by `sum`, but exactly."""
    folder = write_home_pack(tmp_path / "home", language)
    words = ["generate", str(folder), "--rows", "400", "--seed", "1", "--perturb", "strong", "--workers", "1"]
    done = subprocess.run(
        [sys.executable, "-c", EXACT_SUMS, *words, "--out", str(tmp_path / "data")],
        capture_output=True,
        text=True,
        cwd=HERE,
    )
    assert done.returncode == 0, done.stderr


def test_the_manifest_is_the_same_from_every_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where a pack lies nor where the command is typed stands in it, the places of overlaps included."""
    text = "is it {{ pick('warm', 'dim', 'bright', 'so') }} ?"
    manifests = []
    for place, here in [("a", "."), ("a", "a"), ("b/deeper", "b"), ("b/deeper", "b/deeper/lamp")]:
        pack = tmp_path / place / "lamp"
        write_pack(pack)
        weather = pack / "intents" / "weather.yaml"
        lines = [f"      - {json.dumps(one)}" for one in (text, text.replace("is", "IS"))]
        weather.write_text(weather.read_text("utf-8").replace("    templates:", "\n".join(["    templates:", *lines]), 1), "utf-8")  # fmt: skip
        monkeypatch.chdir(tmp_path / here)
        out = tmp_path / f"out{len(manifests)}"
        write_dataset(read_pack(os.path.relpath(pack)), Request(200, 1), out)
        manifests.append((out / "manifest.json").read_bytes())
    assert json.loads(manifests[0])["overlaps"][0]["template"].startswith("intents/weather.yaml:")
    assert len(set(manifests)) == 1


def test_shards_are_the_whole(folder: Path, whole: Path, tmp_path: Path) -> None:
    """Every row is in one shard, and the manifest counts the shard's own."""
    pack, lines = read_pack(folder), []
    for number in range(3):
        out = tmp_path / f"shard{number}"
        manifest = write_dataset(pack, Request(ROWS, 1), out, shard=Shard(number, 3))
        rows = (out / "train.jsonl").read_text(encoding="utf-8").splitlines()
        assert sum(manifest["counts"]["train"]["kind"].values()) == len(rows)
        lines += rows
    assert sorted(lines) == sorted((whole / "train.jsonl").read_text(encoding="utf-8").splitlines())
    with pytest.raises(UsageError, match="leave a split empty"):
        write_dataset(pack, Request(3, 1), tmp_path / "few")
    assert not (tmp_path / "few").exists()


def test_a_worker_that_is_killed(folder: Path, whole: Path, tmp_path: Path) -> None:
    """One worker that is gone ends the run with one message; the rows stay, and the same command goes on."""
    out = tmp_path / "out" / "data"
    process = subprocess.Popen(
        command(folder, out, "--workers", "2"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=HERE, start_new_session=True
    )  # fmt: skip
    part = out.parent / ".data.part" / "train.jsonl"
    for _ in range(4000):
        if part.exists() and part.stat().st_size > 50_000:
            break
        time.sleep(0.005)
    workers = [number for number in workers_now(process.pid) if number != process.pid]
    assert workers, "the run was over before a worker could be killed"
    os.kill(workers[0], signal.SIGKILL)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "Traceback" not in said
    assert "a worker process ended before its work was done" in said
    assert workers_of(process.pid) == []
    assert not out.exists()
    assert part.stat().st_size > 50_000
    assert run(folder, out, "--workers", "2").returncode == 0
    check_same(out, whole)
