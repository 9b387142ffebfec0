"""Regular expressions from strangers, searched for in texts under a limit of time: some take longer than anyone lives.

Python tries every way to split a text among repetitions. Nested or side by side they multiply: `^(([a-z])+)+$` looks at 2^n ways on n
letters. Patterns that could are told by their syntax tree, and only they, and long texts, are searched under a timer.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

LIMIT_S, LIMIT_LATER_S = 1.0, 0.05
"""Seconds of processor time that a search may take, and those that it may take once the same pattern ran out of time: rows that match take microseconds."""
LONG = 2_000
"""Characters from which on a text is searched under a limit by any pattern."""
_START_S = 10.0
"""Seconds that a process may take to start, where there is no timer."""
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})

_slow: set[str] = set()
"""Patterns that ran out of time."""


class SlowPatternError(Exception):
    """A search that takes too long to be ended."""

    def __init__(self, pattern: str, text: str) -> None:
        super().__init__(pattern, text)
        self.pattern, self.text = pattern, text

    def __str__(self) -> str:
        said = self.text if len(self.text) <= 40 else f"{self.text[:40]}…"
        return (
            f"the pattern {self.pattern[:200]!r} takes too long on {said!r}; make its repetitions unambiguous"
        )


def is_found(pattern: str, text: str, flags: int = 0) -> bool:
    """Whether the regular expression matches somewhere in the text.

    Raises: SlowPatternError if that takes too long to tell.
    """
    if len(text) < LONG and not is_risky(pattern):
        return re.search(pattern, text, flags) is not None
    limit_s = LIMIT_LATER_S if pattern in _slow else LIMIT_S
    found = _within(limit_s, pattern, text, flags) if _has_timer() else _beside(limit_s, pattern, text, flags)
    if found is None:
        _slow.add(pattern)
        raise SlowPatternError(pattern, text)
    return found


@lru_cache(maxsize=4096)
def is_risky(pattern: str) -> bool:
    """Whether a short text could take long: repetitions of a varying number of times in one another or side by side."""
    try:
        tree = re._parser.parse(pattern)  # type: ignore[attr-defined]  # the syntax tree has no public name
    except (re.error, RecursionError, OverflowError):
        return True
    return _n_free(tree) > 1


def _n_free(tree: Any) -> int:
    """Places where a match may go on in several ways; what is repeated counts as two."""
    found = 0
    for kind, value in tree:
        name = str(kind)
        if name in _REPEATS:
            least, most, inner = value
            inside = _n_free(inner)
            found += (least != most) + inside + (inside > 0 and int(most) > 1)
        elif name == "BRANCH":
            found += 1 + sum(map(_n_free, value[1]))
        else:
            found += sum(map(_n_free, _trees_in(value)))
    return found


def _trees_in(value: Any) -> list[Any]:
    """Syntax trees in what stands beside a node's name: of groups, looks ahead and conditions."""
    if isinstance(value, re._parser.SubPattern):  # type: ignore[attr-defined]
        return [value]
    return [tree for part in value for tree in _trees_in(part)] if isinstance(value, tuple) else []


def search_names(schema: Any, value: Any) -> None:
    """Search all names in a value for the schema's `patternProperties`: jsonschema does, in places where no limit can be set.

    Raises: SlowPatternError if one takes too long.
    """
    patterns = sorted(set(_name_patterns(schema)))
    for name in set(_names(value)) if patterns else ():
        for pattern in patterns:
            is_found(pattern, name)


def _name_patterns(schema: Any) -> list[str]:
    if isinstance(schema, list):
        return [pattern for part in schema for pattern in _name_patterns(part)]
    if not isinstance(schema, Mapping):
        return []
    named = schema.get("patternProperties")
    own = [name for name in named if isinstance(name, str)] if isinstance(named, Mapping) else []
    # Those that are joined to one are as risky together as alone.
    return own + [pattern for part in schema.values() for pattern in _name_patterns(part)]


def _names(value: Any) -> list[str]:
    if isinstance(value, list):
        return [name for part in value for name in _names(part)]
    if not isinstance(value, Mapping):
        return []
    return [*value, *(name for part in value.values() for name in _names(part))]


class _TimeUpError(Exception):
    """The timer rang."""


def _has_timer() -> bool:
    """Whether a timer can break off a search here: in the main thread, where the system has one that nobody uses."""
    return (
        hasattr(signal, "setitimer")
        and threading.current_thread() is threading.main_thread()
        and signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
        and signal.getsignal(signal.SIGVTALRM) is not None
    )


def _within(limit_s: float, pattern: str, text: str, flags: int) -> bool | None:
    """Whether it is found; None if the time is up first. Python looks for signals while it matches."""
    is_armed = True

    def ring(*_: object) -> None:
        if is_armed:
            raise _TimeUpError

    compiled = re.compile(pattern, flags)
    before = signal.signal(signal.SIGVTALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, limit_s)
        found = compiled.search(text) is not None
        is_armed = False  # a late ring is none
        return found
    except _TimeUpError:
        return None
    finally:
        is_armed = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


_SEARCH = "import json, re, sys\npattern, text, flags = json.load(sys.stdin)\nprint(re.search(pattern, text, flags) is not None)"


@lru_cache(maxsize=256)
def _beside(limit_s: float, pattern: str, text: str, flags: int) -> bool | None:
    """The same in a process of its own, which can be ended wherever this is."""
    command = [sys.executable, "-I", "-S", "-c", _SEARCH]
    try:
        done = subprocess.run(
            command,
            input=json.dumps([pattern, text, int(flags)]),
            capture_output=True,
            text=True,
            timeout=limit_s + (_START_S if limit_s == LIMIT_S else 1.0),
            check=True,
        )
    except (subprocess.SubprocessError, OSError):
        return None
    return done.stdout.strip() == "True"
