"""Scoring profiles: what counts as the same call. One module a profile, found by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fgdata.errors import Problem, UsageError
from fgdata.schema import Call, Tool

_MODULES = {"strict": "fgeval.profiles.strict"}
PROFILES: tuple[str, ...] = tuple(_MODULES)
DEFAULT_PROFILE = "strict"


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
