"""What is right for a row, spelled out from its gold whatever layout that is in: values of each argument, and what may be left out."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fgdata.example import Example
from fgdata.gold import Gold
from fgdata.schema import Call, canonical_json

MOST_VALUES = 256
"""Values of one parameter that are spelled out from lists inside a value."""


@dataclass(frozen=True, slots=True)
class Alternatives:
    """A call with everything that may stand in it."""

    name: str
    values: Mapping[str, tuple[Any, ...]]
    """Parameter -> the values that are right, the answer's own first."""
    optional: frozenset[str] = frozenset()
    """Parameters that may be left out."""

    def to_json(self) -> Any:
        """In a form that can be compared."""
        values = {name: sorted(map(canonical_json, values)) for name, values in self.values.items()}
        return [self.name, values, sorted(self.optional)]

    def accepts(self, made: Call) -> bool:
        """Whether a call is one of those that are right, types included."""
        if made.name != self.name or not made.arguments.keys() <= self.values.keys():
            return False
        for name, values in self.values.items():
            if name not in made.arguments:
                if name not in self.optional:
                    return False
            elif canonical_json(made.arguments[name]) not in map(canonical_json, values):
                return False
        return True


def alternatives(example: Example) -> list[Alternatives]:
    """What may stand in each of the answer's calls.

    Raises: DataError if the answer's calls do not read.
    """
    calls = example.expected_calls
    stated = example.gold.calls if example.gold is not None else ()
    found = []
    for number, call in enumerate(calls):
        own = {name: (value,) for name, value in call.arguments.items()}
        if number >= len(stated) or example.gold is None:
            found.append(Alternatives(call.name, own))
        elif example.gold.layout == "bfcl":
            found.append(_of_bfcl(call, stated[number].accepts))
        else:
            more = {n: v if isinstance(v, list) else [v] for n, v in stated[number].accepts.items()}
            names = dict.fromkeys((*own, *more))
            values = {name: distinct([*own.get(name, ()), *more.get(name, ())]) for name in names}
            found.append(Alternatives(call.name, values, frozenset(more.keys() - own.keys())))
    return found


def decision(example: Example) -> str:
    """Whether a call is due: `call`, `any_call` (whichever), `no_call`."""
    category = example.gold.category if example.gold is not None else ""
    if category.removeprefix("live_") == "relevance" and example.gold and example.gold.layout == "bfcl":
        return "any_call"
    return "call" if example.expected_calls else "no_call"


def _of_bfcl(call: Call, accepts: Mapping[str, Any]) -> Alternatives:
    """Values as BFCL lists them; `""` among others means that the parameter may be left out."""
    values: dict[str, tuple[Any, ...]] = {}
    for name, listed in accepts.items():
        choices = listed if isinstance(listed, list) else [listed]
        kept = [value for value in choices if value != ""] or choices[:1]
        values[name] = distinct(one for value in kept for one in spelled(value))
    optional = frozenset(
        name for name, listed in accepts.items() if isinstance(listed, list) and "" in listed
    )
    return Alternatives(call.name, values, optional)


def spelled(value: Any) -> Iterator[Any]:
    """The values that one acceptable value of BFCL's stands for: members of a mapping are lists of acceptable ones."""
    if isinstance(value, Mapping) and all(isinstance(listed, list) for listed in value.values()):
        choices = [[(key, choice) for choice in listed] for key, listed in value.items()]
        for chosen in itertools.islice(itertools.product(*choices), MOST_VALUES):
            yield {key: choice for key, choice in chosen if choice != ""}
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for items in itertools.islice(itertools.product(*map(list, map(spelled, value))), MOST_VALUES):
            yield list(items)
    else:
        yield value


def listed(value: Any) -> Any:
    """A value with lists of acceptable values where BFCL expects them."""
    if isinstance(value, Mapping):
        return {key: [item] for key, item in value.items()}
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        return [listed(item) for item in value]
    return value


def distinct(values: Iterable[Any]) -> tuple[Any, ...]:
    """The values, each once, types told apart."""
    return tuple({canonical_json(value): value for value in reversed(list(values))}.values())[::-1]


def no_answer(category: str = "no_call") -> Gold:
    """The gold of a row that says whether a call is due, and no text to write."""
    return Gold(category=category)
