"""Gold: what is right beside the calls of a row's answer. Rows of benchmarks list several values that will do.

A reader of a foreign layout fills it and gives it to `Example.gold`; a scoring profile decides by it. Everything in it is
kept as the source wrote it: the profiles that follow a benchmark's own checker need its quirks, and the others read it
through `fgeval.gold`. Rows of our own need none: their answer says all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from fgdata.errors import SchemaError
from fgdata.schema import JsonValue

GoldLayout: TypeAlias = Literal["", "bfcl", "functionchat"]
"""By whose convention `GoldCall.accepts` is written. See there."""


@dataclass(frozen=True, slots=True)
class GoldCall:
    """What one expected call may be."""

    name: str
    accepts: Mapping[str, JsonValue] = field(default_factory=dict)
    """Parameter -> what will do, word for word as the source states it.

    - layout `""`: a list of values, each as good as the answer's own.
    - layout `bfcl`: a list of values; `""` among them means that the argument may be left out; a mapping among them has such
      a list for each of its keys (lists of mappings likewise). Parameters that are missing here may not be given.
    - layout `functionchat`: a list of values beside the answer's own, or one bare value; empty where the source has `null` or
      a sentence in words (then `Gold.note`).
    """


@dataclass(frozen=True, slots=True)
class Gold:
    """What is right, in the source's own terms. The k-th of `calls` belongs to the k-th expected call of the row's answer."""

    layout: GoldLayout = ""
    category: str = ""
    """What the source's checker goes by.

    - `bfcl`: the test category as in the ids and file names (`simple_python`, `live_parallel_multiple`, `irrelevance`, …).
    - `functionchat`: the type of output (`call`, `completion`, `slot`, `relevance`); `call` for singlecall rows.
    """
    calls: tuple[GoldCall, ...] = ()
    """Empty where no call is due, and where the answer's own values are the only right ones."""
    ordered: bool = False
    """Whether the calls must come in the order of the answer. Most rows do not ask for it."""
    tools: tuple[Mapping[str, Any], ...] = ()
    """The function documents word for word (BFCL's `type: dict`, `float`, `tuple`), where the row's `tools` were translated."""
    note: str = ""
    """A remark of the source that no program can check, e.g. FunctionChat's acceptable arguments in words."""

    def to_json(self) -> dict[str, Any]:
        """The gold as it stands in a row's `gold` column; what is empty is left out."""
        row: dict[str, Any] = {
            "layout": self.layout,
            "category": self.category,
            "calls": [{"name": call.name, "accepts": dict(call.accepts)} for call in self.calls],
            "ordered": self.ordered,
            "tools": [dict(tool) for tool in self.tools],
            "note": self.note,
        }
        return {name: value for name, value in row.items() if value}

    @classmethod
    def from_json(cls, row: Any) -> Gold:
        """The gold in a row's `gold` column.

        Raises: SchemaError with what keeps it from being one.
        """
        if not isinstance(row, Mapping):
            raise SchemaError(f"`gold` must be an object, not {str(row)[:60]!r}.")
        calls, tools = row.get("calls") or [], row.get("tools") or []
        layouts = get_args(GoldLayout)
        wrong = [
            f"`gold.{name}` is {str(row[name])[:60]!r}; it must be {wanted}."
            for name, wanted, fits in (
                ("layout", f"one of {', '.join(map(repr, layouts))}", row.get("layout", "") in layouts),
                ("category", "text", isinstance(row.get("category", ""), str)),
                ("note", "text", isinstance(row.get("note", ""), str)),
                ("ordered", "true or false", isinstance(row.get("ordered", False), bool)),
                (
                    "calls",
                    'a list of {"name", "accepts"}',
                    isinstance(calls, list) and all(map(_is_call, calls)),
                ),
                (
                    "tools",
                    "a list of objects",
                    isinstance(tools, list) and all(isinstance(tool, Mapping) for tool in tools),
                ),
            )
            if not fits
        ]
        if wrong:
            raise SchemaError(" ".join(wrong))
        return cls(
            layout=row.get("layout", ""),
            category=row.get("category", ""),
            calls=tuple(GoldCall(call["name"], dict(call.get("accepts") or {})) for call in calls),
            ordered=row.get("ordered", False),
            tools=tuple(tools),
            note=row.get("note", ""),
        )


def _is_call(entry: Any) -> bool:
    return (
        isinstance(entry, Mapping)
        and isinstance(entry.get("name"), str)
        and isinstance(entry.get("accepts") or {}, Mapping)
    )
