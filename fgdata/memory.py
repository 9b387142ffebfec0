"""Python's search for reference cycles, put off while much is built and nothing is thrown away."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collection_paused() -> Iterator[None]:
    """No search for cycles inside; afterwards as before.

    Reading a large pack makes millions of small tuples that all stay. The search would walk through them again and again, for as
    long as the reading itself takes, and find nothing.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
