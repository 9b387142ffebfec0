"""Scoring profiles: what counts as the same call. One module a profile, found by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from fgdata.errors import Problem, UsageError
from fgdata.format import Completion
from fgdata.gold import Gold
from fgdata.schema import Call, Tool

_MODULES = {name: f"fgeval.profiles.{name}" for name in ("strict", "semantic", "bfcl", "functionchat")}
PROFILES: tuple[str, ...] = tuple(_MODULES)
DEFAULT_PROFILE = "strict"


class Judgement(NamedTuple):
    """What a benchmark's own checker says about an item."""

    valid: bool | None
    """None where it has no verdict."""
    error_type: str = ""
    """In the benchmark's words; empty if the item is valid."""
    reason: str = ""
    """Why it is not valid, or why there is no verdict."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One named set of rules. Expected and predicted calls are read by the same function, then compared."""

    name: str
    rules: str
    """The rules in one or two sentences, for the report."""
    read_call: Callable[[Call, Mapping[str, Tool]], Call]
    """The call as this profile understands it, given the declared tools (none where the row declares none)."""
    same_value: Callable[[object, object], bool]
    """Whether two argument values, already read, are the same."""
    fills_defaults: bool = False
    """Whether leaving an optional parameter out is the same as giving the default its schema states."""
    judge: Callable[[tuple[Call, ...], Gold | None, Completion, Mapping[str, Tool]], Judgement] | None = None
    """A benchmark's own rule for the verdict, given expected calls, gold, completion and tools. Everything else about the
    item is then measured as in `strict`."""


@lru_cache(maxsize=16)
def load_profile(name: str) -> Profile:
    """The profile called `name`.

    Raises: UsageError if there is none.
    """
    if name not in _MODULES:
        raise UsageError(
            Problem("--profile", f"{name!r} is no scoring profile.", f"Choose one of: {', '.join(PROFILES)}.")
        )
    profile = importlib.import_module(_MODULES[name]).PROFILE
    assert isinstance(profile, Profile)
    return profile
