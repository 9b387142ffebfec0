"""Waiting for the Hub: what is asked again, how often, and for how long the Hub's own wishes are followed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fgdata.console import err

TRIES = 4
"""How often a request is sent whose answer was lost or was "try again"."""
FIRST_WAIT_S = 2.0
"""Seconds before the second try; each further wait is twice as long."""
LONGEST_WAIT_S = 300.0
"""The longest wait that the Hub is granted: it counts requests over five minutes. A longer one ends the command."""
TOLD_WAIT_S = 5.0
"""A wait from which the user is told of it."""
TRANSIENT = (429, 500, 502, 503, 504)
TOO_LONG = "X-Fgsuite-Retry-After"
"""Where a wait is kept that the hub's library must not see: it would sleep for it, however long, and say nothing."""
_STATUS_IN_TEXT = re.compile(r"HTTP status (?:client|server) error \((\d{3})")
_WINDOW = re.compile(r"\br\s*=\s*0\b.*?\bt\s*=\s*(\d+)")
"""`RateLimit: "api";r=0;t=55`: nothing is left for 55 seconds."""
T = TypeVar("T")


def is_hub_failure(error: BaseException) -> bool:
    """Whether the error is an answer of the Hub, or of the way there, and no bug of ours."""
    # The transport below the hub's library changes its name from version to version: httpx, httpx2.
    return isinstance(error, ConnectionError | TimeoutError) or any(
        kind.__module__.partition(".")[0] in ("httpx", "httpx2", "huggingface_hub", "hf_xet")
        for kind in type(error).__mro__
    )


def answer_behind(error: BaseException) -> BaseException:
    """The failure that kept the libraries from a file; whatever it was, they say that there is no file. Any other error is itself."""
    found: BaseException | None = error
    while isinstance(found, FileNotFoundError):
        found = found.__cause__ or found.__context__
    return found if found is not None and is_hub_failure(found) else error


def status_of(error: BaseException) -> int | None:
    """The HTTP status that an error of the hub's library tells of; None where there was no answer."""
    error = answer_behind(error)
    status: int | None = getattr(getattr(error, "response", None), "status_code", None)
    if status is None and (found := _STATUS_IN_TEXT.search(str(error))):  # Xet's errors are texts
        return int(found[1])
    return status


def may_pass(error: BaseException) -> bool:
    """Whether the same request may be answered a little later: too many requests, a failing server, a broken connection."""
    status = status_of(error)
    if status is not None:
        return status in TRANSIENT
    # Where nobody answers at all there is no network, and waiting does not make one.
    return is_hub_failure(error) and type(answer_behind(error)).__name__ not in (
        "ConnectError",
        "OfflineModeIsEnabled",
    )


def asked_wait_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer asks to wait; None if it does not, or in a form that is not read."""
    for name in (TOO_LONG, "Retry-After"):
        if (value := headers.get(name, "").strip()).isdigit():
            return float(value)
    found = _WINDOW.search(headers.get("RateLimit", ""))
    return float(found[1]) if found else None


def wait_of(error: BaseException) -> float | None:
    """Seconds that the answer behind an error asks to wait."""
    return asked_wait_s(getattr(getattr(answer_behind(error), "response", None), "headers", None) or {})


def pause(error: BaseException, least_s: float) -> bool:
    """Wait as long as the Hub asks, at least `least_s`; False at once if it asks for longer than anybody waits."""
    asked = wait_of(error)
    if asked is not None and asked > LONGEST_WAIT_S:
        return False
    seconds = max(least_s, asked + 1 if asked else 0.0)
    if seconds >= TOLD_WAIT_S:
        err.print(f"The Hub is asked again in {seconds:.0f} s ({status_of(error) or 'the connection broke'}).", markup=False, highlight=False)  # fmt: skip
    time.sleep(seconds)
    return True


def patiently(work: Callable[[], T]) -> T:
    """What `work`, a request that may be sent twice, gives; what may pass is waited for. Its last error is raised as it is."""
    wait = FIRST_WAIT_S
    for left in reversed(range(TRIES)):
        try:
            return work()
        except Exception as error:
            if not left or not may_pass(error) or not pause(error, wait):
                raise
        wait *= 2
    raise AssertionError("the last try returns or raises")


def limit_waits() -> None:
    """Keep the hub's library from sleeping for longer than `LONGEST_WAIT_S`, and tell of what it sleeps for."""
    from huggingface_hub import set_client_factory
    from huggingface_hub.utils import _http

    factory = _http._GLOBAL_CLIENT_FACTORY
    if getattr(factory, "waits_are_limited", False):
        return

    def limited() -> Any:
        client = factory()
        client.event_hooks["response"].append(_limit_wait)
        return client

    limited.waits_are_limited = True  # type: ignore[attr-defined]
    set_client_factory(limited)


def _limit_wait(response: Any) -> None:
    if response.status_code not in TRANSIENT or (asked := asked_wait_s(response.headers)) is None:
        return
    if asked > LONGEST_WAIT_S:
        for name in ("Retry-After", "RateLimit"):
            response.headers.pop(name, None)
        response.headers[TOO_LONG] = f"{asked:.0f}"
    elif asked >= TOLD_WAIT_S:
        err.print(f"The Hub asks to wait {asked:.0f} s ({response.status_code}).", markup=False, highlight=False)  # fmt: skip
