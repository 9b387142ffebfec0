"""Threads that wait for each other soon sleep: a busy neighbour must not stop a training run."""

from __future__ import annotations

import os

import pytest

from fgdata.console import run_command


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, "3000"),
        ({"OMP_WAIT_POLICY": "active"}, None),
        ({"GOMP_SPINCOUNT": "5000"}, "5000"),
    ],
)
def test_waiting_threads_sleep_unless_told(
    monkeypatch: pytest.MonkeyPatch, before: dict[str, str], after: str | None
) -> None:
    """Set before a command loads anything; what the user has set stays."""
    monkeypatch.setattr(os, "environ", dict(before))
    seen: list[str | None] = []
    assert run_command(lambda: seen.append(os.environ.get("GOMP_SPINCOUNT"))) == 0
    assert seen == [after]
