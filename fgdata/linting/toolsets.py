"""Declared tools as the rows of a file share them: read once, with what is wrong in them and every call already checked."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fgdata.errors import FgError, SchemaError
from fgdata.packs import load_tools
from fgdata.schema import Call, Tool, Violation, canonical_json, tools_by_name

_RULE_OF_WORD = {
    "enum": "off-enum",
    "const": "off-enum",
    "type": "wrong-type",
    "required": "missing-argument",
    "additionalProperties": "unknown-argument",
    **dict.fromkeys(
        [
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
            "minLength",
            "maxLength",
            "pattern",
            "minItems",
            "maxItems",
            "uniqueItems",
        ],
        "out-of-range",
    ),
}
_LETTER = re.compile(r"[^\W\d_]")
_LATIN_END = "\u024f"
MOST_KEPT = 4096
"""Tool lists, and calls of one list, that are kept to be recognised; when there are more, all are read anew."""
_DATA_WORDS = frozenset({"enum", "const", "default", "examples"})


@dataclass(frozen=True, slots=True)
class Issue:
    """A rule that a call or its tools break."""

    rule: str
    what: str
    value: str = ""
    """The text that is in the wrong language, if that is what is wrong."""


@dataclass(slots=True)
class ToolSet:
    """One list of declared tools."""

    tools: Mapping[str, Tool] | None
    """By name; None where they are not known, or are none."""
    issues: tuple[Issue, ...] = ()
    """What is wrong with the declarations."""
    names: str = ""
    """The names as one text."""
    is_written: bool = False
    """Whether a row with these declarations was written by the format's own writer, and passed."""
    checked: dict[str, tuple[Issue, ...]] = field(default_factory=dict)
    """What is wrong with a call, by its JSON."""

    def call_issues(self, call: Call) -> tuple[Issue, ...]:
        """What is wrong with a call; nothing where the tools are not known."""
        if self.tools is None:
            return ()
        key = canonical_json([call.name, call.arguments])
        if (known := self.checked.get(key)) is None:
            _make_room(self.checked)
            known = self.checked[key] = tuple(_call_issues(call, self.tools))
        return known


@dataclass(slots=True)
class ToolSets:
    """All tool lists of a run."""

    given: ToolSet | None
    """For rows that declare none."""
    declared: dict[str, ToolSet] = field(default_factory=dict)
    packs: dict[str, ToolSet] = field(default_factory=dict)

    def of(self, entries: Sequence[Mapping[str, Any]] | None, pack: str) -> ToolSet:
        """The tools of a row: those it declares, those given, or its pack's."""
        if entries is None:
            return self.given or self.of_pack(pack)
        # `repr` is several times as fast as sorted JSON; two orders of keys are merely read twice.
        key = repr(entries)
        if (known := self.declared.get(key)) is None:
            _make_room(self.declared)
            known = self.declared[key] = read_tool_set(entries)
        return known

    def of_pack(self, name: str) -> ToolSet:
        """The tools of a pack; a pack that is not here leaves its rows' calls unchecked."""
        if name not in self.packs:
            try:
                tools = load_tools(name) if name else None
            except FgError:
                tools = None
            self.packs[name] = ToolSet(tools, names=_names(tools))
        return self.packs[name]


def _make_room(kept: dict[str, Any]) -> None:
    if len(kept) >= MOST_KEPT:
        kept.clear()


def tool_set(tools: Mapping[str, Tool]) -> ToolSet:
    """Tools that were read already."""
    return ToolSet(tools, names=_names(tools))


def read_tool_set(entries: Sequence[Mapping[str, Any]]) -> ToolSet:
    """Tools as a row declares them, nulls taken out where Arrow put them."""
    phantoms = list(dict.fromkeys(_phantoms(entries)))
    issues = []
    if phantoms:
        more = f" and {len(phantoms) - 3} more" if len(phantoms) > 3 else ""
        issues.append(Issue("phantom-null", f"the tools hold null at {', '.join(phantoms[:3])}{more}"))
        entries = _without_nulls(entries)
    try:
        tools = tools_by_name(entries)
    except SchemaError as error:
        issues += [Issue("broken-tools", str(problem)) for problem in error.problems]
        return ToolSet(None, tuple(issues))
    return ToolSet(tools, tuple(issues), _names(tools))


def _names(tools: Mapping[str, Tool] | None) -> str:
    return "\x1f".join(sorted(tools or ()))


def _phantoms(value: Any, path: str = "") -> Iterator[str]:
    """Places of nulls in declarations, but for those in values that may be null."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            # A wrapper adds nothing to the place: `set_light.level` says it.
            place = path if name in ("function", "parameters", "properties") else f"{path}.{name}".lstrip(".")
            if item is None:
                yield f"{path}.{name}".lstrip(".")
            elif name not in _DATA_WORDS:
                yield from _phantoms(item, place)
    elif isinstance(value, list):
        for item in value:
            name = item.get("function", item) if isinstance(item, Mapping) else None
            named = name.get("name") if isinstance(name, Mapping) else None
            yield from _phantoms(item, str(named) if named else path)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: item if name in _DATA_WORDS else _without_nulls(item)
            for name, item in value.items()
            if item is not None
        }
    return [_without_nulls(item) for item in value if item is not None] if isinstance(value, list) else value


def _call_issues(call: Call, tools: Mapping[str, Tool]) -> Iterator[Issue]:
    tool = tools.get(call.name)
    if tool is None:
        declared = ", ".join(tools) or "none"
        yield Issue("unknown-tool", f"{call.name!r} is not among the declared tools ({declared})")
        return
    try:
        violations = tool.violations(call.arguments)
    except SchemaError as error:  # a $ref that leads nowhere shows only when a call is checked
        yield from (Issue("off-schema-call", problem.what) for problem in error.problems)
        return
    strays = {path for violation in violations for path in _stray_nulls(violation)}
    if strays:  # they are no arguments at all: what else is wrong shows without them
        violations = tool.violations(_without(call.arguments, strays))
    nulls = {violation.path for violation in violations if _is_phantom(violation)}
    for path in sorted(nulls | strays, key=str):
        yield Issue("phantom-null", f"{call.name}.{'.'.join(map(str, path))} is null")
    # A value that is left in the user's language breaks enum, pattern and length at once: said once.
    for violation in violations:
        if violation.path in nulls:
            continue
        what = tool.complaint(violation)
        if is_left_over(violation):
            yield Issue("untranslated-value", what, violation.value)
        else:
            yield Issue(_RULE_OF_WORD.get(violation.word, "off-schema-call"), what)


def _stray_nulls(violation: Violation) -> Iterator[tuple[str | int, ...]]:
    """Places of nulls under names that the schema does not declare: the keys of other tools, which Arrow gave this call too."""
    if violation.word != "additionalProperties" or not isinstance(violation.value, Mapping):
        return
    for name, value in violation.value.items():
        if value is None and repr(name) in violation.message:  # which lists the names that are too many
            yield (*violation.path, name)


def _without(arguments: Mapping[str, Any], paths: Iterable[tuple[str | int, ...]]) -> dict[str, Any]:
    """A copy of the arguments without the values at these places."""
    kept = copy.deepcopy(dict(arguments))
    for path in paths:
        holder: Any = kept
        for part in path[:-1]:
            holder = holder[part]
        del holder[path[-1]]
    return kept


def _is_phantom(violation: Violation) -> bool:
    return violation.value is None and bool(violation.path) and violation.word in ("type", "enum", "const")


def is_left_over(violation: Violation) -> bool:
    """Whether a value in another script stands where the schema lists Latin ones."""
    return (
        violation.word == "enum"
        and script_of(violation.value) == "other"
        and any(script_of(choice) == "latin" for choice in violation.expected)
        and not any(script_of(choice) == "other" for choice in violation.expected)
    )


def script_of(value: object) -> str:
    """`latin` or `other` by the first letter that is not Latin; empty for what is no text or has no letters."""
    if not isinstance(value, str):
        return ""
    letters = _LETTER.findall(value)
    return "" if not letters else "latin" if all(letter <= _LATIN_END for letter in letters) else "other"
