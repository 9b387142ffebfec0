"""What a row's gold lets pass beside the expected values, as `strict` and `semantic` read it.

A list holds whole values, each as good as the answer's own. A bare value, where a source forgot the list, is one more such
value and never a wildcard. BFCL writes the members of mappings as lists of their own, and `""` for what may be left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fgdata.gold import Gold, GoldCall
from fgdata.schema import Call, JsonValue

Same = Callable[[object, object], bool]


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one expected call may be besides what it is."""

    values: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """Parameter -> other values that will do."""
    optional: frozenset[str] = frozenset()
    """Parameters that may be left out, or given where the answer does not."""
    members_are_lists: bool = False
    """Whether a mapping among the values lists what will do for each of its members (BFCL)."""

    def accepts(self, name: str, value: JsonValue, same: Same) -> bool:
        """Whether `value` is one of the other values of the parameter `name`."""
        return any(self._fits(pattern, value, same) for pattern in self.values.get(name, ()))

    def _fits(self, pattern: Any, value: Any, same: Same) -> bool:
        if not self.members_are_lists:
            return same(pattern, value)
        if isinstance(pattern, Mapping):
            return (
                isinstance(value, Mapping)
                and value.keys() <= pattern.keys()
                and all(
                    any(self._fits(choice, value[key], same) for choice in _choices(listed))
                    if key in value
                    else "" in _choices(listed)
                    for key, listed in pattern.items()
                )
            )
        if isinstance(pattern, list) and any(isinstance(part, Mapping) for part in pattern):
            return (
                isinstance(value, list)
                and len(value) == len(pattern)
                and all(self._fits(one, other, same) for one, other in zip(pattern, value, strict=True))
            )
        return same(pattern, value)


def _choices(listed: Any) -> list[Any]:
    return listed if isinstance(listed, list) else [listed]


def read_allowances(
    gold: Gold | None, expected: tuple[Call, ...], read: Callable[[Call], Call]
) -> tuple[Allowance, ...]:
    """One allowance for each expected call; none at all where the answer is the only thing that is right.

    Args:
        read: reads a call as the profile does; acceptable values are read in the same way.
    """
    if gold is None or not gold.calls:
        return ()
    return tuple(
        _read_allowance(gold, gold.calls[number], call, read) if number < len(gold.calls) else Allowance()
        for number, call in enumerate(expected)
    )


def _read_allowance(gold: Gold, call: GoldCall, expected: Call, read: Callable[[Call], Call]) -> Allowance:
    if call.name != expected.name:
        return Allowance()
    values: dict[str, tuple[Any, ...]] = {}
    optional = set()
    for name, listed in call.accepts.items():
        choices = _choices(listed)
        if gold.layout == "bfcl" and "" in choices:
            optional.add(name)
            # `""` marks what may be left out. It is a value of its own only where it stands alone.
            choices = [choice for choice in choices if choice != ""]
        values[name] = tuple(
            choice
            if gold.layout == "bfcl" and isinstance(choice, Mapping)
            else read(Call(call.name, {name: choice})).arguments.get(name, choice)
            for choice in choices
        )
    return Allowance(values, frozenset(optional), members_are_lists=gold.layout == "bfcl")
