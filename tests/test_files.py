"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fgdata.errors import Problem, UsageError
from fgdata.files import file_sha256, lock_stream, write_whole


def test_the_file_appears_at_the_end(tmp_path: Path) -> None:
    """While it is written there is no file; afterwards it is whole, with \\n line ends and the user's usual rights."""
    target = tmp_path / "new" / "rows.jsonl"
    with write_whole(target) as stream:
        stream.write("온도\n")
        assert not target.exists()
    assert target.read_bytes() == "온도\n".encode()
    plain = tmp_path / "plain"
    plain.touch()
    assert target.stat().st_mode == plain.stat().st_mode
    assert os.listdir(target.parent) == ["rows.jsonl"]  # noqa: PTH208


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    """What stood there before is untouched by a failed write, and nothing else is left."""
    target = tmp_path / "rows.jsonl"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), write_whole(target) as stream:
        stream.write("new")
        stream.write(str(1 / 0))
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    """A path below a file is one clear error."""
    (tmp_path / "file").touch()
    with (
        pytest.raises(UsageError, match=r"file/rows.jsonl: cannot be written: .*Choose another folder"),
        write_whole(tmp_path / "file" / "rows.jsonl"),
    ):
        pass


def test_a_full_disk(tmp_path: Path) -> None:
    """Running out of room in mid-write is one clear error, and no half file stays."""
    code = (
        "import resource, signal; from fgdata.files import write_whole; from fgdata.errors import UsageError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try:\n"
        "    with write_whole('rows.jsonl') as stream: stream.write('x' * 100_000)\n"
        "except UsageError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.startswith("rows.jsonl: could not be written: File too large."), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_sha256(tmp_path: Path) -> None:
    """The digest is that of the file's bytes."""
    (tmp_path / "a").write_bytes(b"abc")
    assert file_sha256(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


def test_a_problem_reads_as_one_line() -> None:
    """Where, what, and what to do; parts that are not known are left out."""
    assert str(Problem("a.yaml:4", "is wrong.", "Mend it.")) == "a.yaml:4: is wrong. Mend it."
    assert str(Problem("", "is wrong.")) == "is wrong."
    assert str(UsageError("one", Problem("b", "two"))) == "one\nb: two"


def test_folders_made_for_nothing_go_again(tmp_path: Path) -> None:
    """When the block fails, folders that were made for the file are gone, and those that were there or hold something stay."""
    (tmp_path / "there").mkdir()
    with pytest.raises(ZeroDivisionError), write_whole(tmp_path / "there" / "a" / "b" / "file.txt"):
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]
    with pytest.raises(ZeroDivisionError), write_whole(tmp_path / "new" / "a" / "file.txt"):
        (tmp_path / "new" / "kept.txt").touch()
        raise ZeroDivisionError
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["kept.txt", "new", "there"]


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    """An open file is one process's until that is gone, however it goes; where a file system has no locks, nobody is kept out."""
    code = "import sys, time; from fgdata.files import lock_stream\nwith open('l', 'ab') as s: print(lock_stream(s), flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    with (tmp_path / "l").open("ab") as stream:
        assert not lock_stream(stream)
        process.kill()
        process.wait()
        assert lock_stream(stream)


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept apart there, and no run is refused."""

    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr("fcntl.flock", flock)
    with (tmp_path / "l").open("ab") as stream:
        assert lock_stream(stream)
