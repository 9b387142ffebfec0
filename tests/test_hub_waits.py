"""What the Hub's refusals and failures come to: on every address, what is waited for and for how long, and what stands there after."""

from __future__ import annotations

from pathlib import Path

import pytest
from eval_data import ROWS, write_rows
from hub_double import TOKEN, Hub, Repo
from test_hub_data import lines, put

from fgdata.cli import main
from fgdata.hub import patience

REPO = "me/air"
ADDRESSES = {
    "account": ("GET", "whoami"),
    "card": ("POST", "validate-yaml"),
    "look": ("GET", "/api/datasets/"),
    "make": ("POST", "repos/create"),
    "modes": ("POST", "preupload"),
    "batch": ("POST", "objects/batch"),
    "store": ("PUT", "lfs-store"),
    "commit": ("POST", "/commit/"),
}
BEFORE_A_REPOSITORY = ("account", "card", "look", "make")


@pytest.fixture
def waits(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that would have been slept, by us and by the hub's library."""
    from types import SimpleNamespace

    from huggingface_hub.utils import _http

    slept: list[float] = []
    clock = _http.time
    recorder = SimpleNamespace(sleep=slept.append, time=clock.time, monotonic=clock.monotonic)
    monkeypatch.setattr(_http, "time", recorder)
    monkeypatch.setattr(patience, "time", recorder)
    monkeypatch.setattr(patience, "FIRST_WAIT_S", 2.0)
    return slept


@pytest.fixture
def rows(tmp_path: Path) -> str:
    write_rows(tmp_path / "rows" / "train.jsonl", ROWS[:5])
    write_rows(tmp_path / "rows" / "test.jsonl", ROWS[5:])
    return str(tmp_path / "rows")


def publish(rows: str) -> int:
    return main(["publish", rows, REPO, "--licence", "mit"])


STATUSES = (400, 401, 403, 404, 409, 412, 413, 429, 500, 503, "cut")
# 404 to the look at a repository is no failure: the name is free.
LASTING = [(address, status) for address in ADDRESSES for status in STATUSES if (address, status) != ("look", 404)]  # fmt: skip


@pytest.mark.parametrize(("address", "status"), LASTING)
def test_whatever_fails_is_one_error_and_nothing_to_see(
    hub: Hub,
    rows: str,
    waits: list[float],
    capsys: pytest.CaptureFixture[str],
    address: str,
    status: int | str,
) -> None:
    """A failure that lasts, at each address: exit code 2, one message without the token, no revision, and not an hour of waiting."""
    hub.fail(*ADDRESSES[address], status, times=10**6)
    assert publish(rows) == 2
    said = capsys.readouterr()
    assert said.err.count("error:") == 1
    assert TOKEN not in said.out + said.err
    assert str(status) in said.err or "the connection to the Hub broke" in said.err
    stand = [set(files) for repo in hub.repos.values() for _, _, files in repo.commits]
    assert stand == ([] if address in BEFORE_A_REPOSITORY else [{".gitattributes"}])
    assert sum(waits) < 600
    hub.faults.clear()
    assert publish(rows) == 0
    assert len(hub.repos["dataset", REPO].commits) == 2


@pytest.mark.parametrize("status", [429, 503, "cut", "lost"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_what_passes_is_got_over(
    hub: Hub, rows: str, waits: list[float], address: str, status: int | str
) -> None:
    """A failure that passes, at each address: waited for, one repository, one commit."""
    hub.fail(*ADDRESSES[address], status, times=2)
    assert publish(rows) == 0
    assert waits
    assert len(hub.repos["dataset", REPO].commits) == 2


@pytest.mark.parametrize("address", ["account", "make", "store", "commit"])
@pytest.mark.parametrize("header", [{"Retry-After": "40"}, {"RateLimit": '"api";r=0;t=40'}])
def test_the_hub_says_how_long(
    hub: Hub,
    rows: str,
    waits: list[float],
    capsys: pytest.CaptureFixture[str],
    address: str,
    header: dict[str, str],
) -> None:
    """The wait that an answer asks for is kept, in either form, and the user is told."""
    hub.fail(*ADDRESSES[address], 429, headers=header)
    assert publish(rows) == 0
    assert max(waits) == 41
    assert "(429)" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["account", "make", "store", "commit"])
def test_nobody_waits_for_a_day(
    hub: Hub, rows: str, waits: list[float], capsys: pytest.CaptureFixture[str], address: str
) -> None:
    """A wait of a day is an error that names it, and not slept for."""
    hub.fail(*ADDRESSES[address], 429, times=10**6, headers={"Retry-After": "86400"})
    assert publish(rows) == 2
    assert "It asks to wait 86,400 s." in capsys.readouterr().err
    assert sum(waits) < 60


def test_reading_waits_too(hub: Hub, waits: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    """`fgdata lint REPO` gets over a busy Hub on every address that it asks, and ends where it asks for a day."""
    put(hub, {"train.jsonl": lines(ROWS)})
    for path in ("/api/datasets/me/air", "/resolve/"):
        hub.fail("GET", path, 429, headers={"Retry-After": "9"})
    assert main(["lint", REPO]) == 0
    assert max(waits) == 10
    put(hub, {"train.jsonl": lines(ROWS[:3])})
    hub.fail("GET", "/api/datasets", 429, times=10**6, headers={"Retry-After": "86400"})
    capsys.readouterr()
    assert main(["lint", REPO]) == 2
    assert "It asks to wait 86,400 s." in capsys.readouterr().err


def test_a_name_taken_after_a_lost_answer(
    hub: Hub, rows: str, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to making a repository is lost and somebody else's files stand under the name: nothing of ours is put there."""
    import hub_double

    def taken(self: hub_double.Handler, body: bytes) -> None:
        hub.repos["dataset", REPO] = Repo()
        hub.repos["dataset", REPO].commit("theirs", {"notes.txt": b"theirs"})
        self.answer(503, {"error": "busy"})

    monkeypatch.setattr(hub_double, "ROUTES", [(r"/api/repos/create", ("POST",), taken), *hub_double.ROUTES])
    assert publish(rows) == 2
    assert hub.files(REPO) == {"notes.txt": b"theirs"}


def test_storage_that_refuses(hub: Hub, rows: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An address that storage no longer takes is asked for anew; a batch with an error for a file is told in the Hub's words."""
    hub.fail("PUT", "lfs-store", 403, times=2)
    assert publish(rows) == 0
    hub.repos.clear()
    hub.objects.clear()
    hub.fail("PUT", "lfs-store", 403, times=10**6)
    assert publish(rows) == 2
    assert "the Hub's storage refused a large file (403)" in capsys.readouterr().err
    hub.faults.clear()
    hub.refused_objects = "You have no room left"
    assert publish(rows) == 2
    assert "the Hub refused what was sent: LFS batch API returned errors" in capsys.readouterr().err
    assert list(hub.files(REPO)) == [".gitattributes"]


def test_the_hubs_own_words(hub: Hub, rows: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What the Hub gives as its reason is passed on, without the token that it may repeat."""
    hub.fail("POST", "/commit/", 403)
    assert publish(rows) == 2
    assert "It says: planted 403, Bearer [token]" in capsys.readouterr().err


def test_xet_tells_the_status_in_words() -> None:
    """Xet's failures are plain ConnectionErrors; the status in their text is read, so that a refused token is one."""
    text = "Network error: Request error: HTTP status client error (403 Forbidden), domain: http://x/api/datasets/me/air/xet-write-token/main"
    assert patience.status_of(ConnectionError(text)) == 403
    assert not patience.may_pass(ConnectionError(text))
    assert patience.may_pass(ConnectionError("Network error: timed out"))
