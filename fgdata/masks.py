"""Tools and parameters under random names, so that a model learns to read descriptions (Hammer, Lin et al. 2024)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fgdata.permutation import mix
from fgdata.schema import Call, Tool

_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"

Names = Mapping[str, tuple[str, Mapping[str, str]]]
"""Tool -> its random name, and those of its parameters."""


def random_name(key: int) -> str:
    """A name that means nothing: three to four syllables."""
    syllables = []
    for _ in range(3 + key % 2):
        key = mix(key, 1)
        syllables.append(_CONSONANTS[key % len(_CONSONANTS)] + _VOWELS[(key >> 8) % len(_VOWELS)])
    return "".join(syllables)


def masked_tools(tools: Sequence[Tool], key: int) -> tuple[list[Tool], Names]:
    """The tools under random names, descriptions as they are, and which name stands for which."""
    taken: set[str] = set()

    def fresh() -> str:
        nonlocal key
        while True:
            key = mix(key, 2)
            if (name := random_name(key)) not in taken:
                taken.add(name)
                return name

    masked, names = [], {}
    for tool in tools:
        own = fresh()
        parameters = {name: fresh() for name in tool.schema.get("properties", {})}
        schema = dict(tool.schema)
        if parameters:
            schema["properties"] = {parameters[n]: body for n, body in schema["properties"].items()}
            if "required" in schema:
                schema["required"] = [parameters.get(n, n) for n in schema["required"]]
        masked.append(Tool(own, tool.description, schema))
        names[tool.name] = (own, parameters)
    return masked, names


def masked_calls(calls: Sequence[Call], names: Names) -> tuple[Call, ...]:
    """The calls under the tools' random names."""
    return tuple(
        Call(names[call.name][0], {names[call.name][1].get(n, n): v for n, v in call.arguments.items()})
        for call in calls
    )
