"""What a file that cannot be read may have named: other files of the pack are not blamed for naming it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


class AnyName(dict[str, Value]):
    """A mapping that has every name. It lists none.

    Args:
        make: what a name stands for.
    """

    def __init__(self, make: Callable[[str], Value]) -> None:
        super().__init__()
        self._make = make

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> Value:
        return self._make(name)

    def get(self, name: str, default: object = None) -> Value:
        """What the name stands for; `dict.get` does not ask `__missing__`."""
        return self[name]
