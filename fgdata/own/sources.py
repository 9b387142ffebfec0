"""Reads the tools that a user has: which layout a file is in, and its tools as the format can carry them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, SequenceNode

from fgdata.errors import DataError, Problem, SchemaError
from fgdata.own.carry import BAD_NAME, Carrier, Schema, clean_text, declared
from fgdata.own.notes import Notes
from fgdata.own.openapi import operations
from fgdata.own.python_source import functions
from fgdata.positions import shown_path
from fgdata.schema import Tool, read_json

MAX_BYTES = 20_000_000
"""A file of tools that is larger is another file."""
MAX_TOOLS = 1_000
"""Tools of one pack; more need a search for tools in front of the model."""
MAX_NODES = 500_000
"""Values of one YAML file, aliases followed."""


@dataclass(frozen=True, slots=True)
class OwnTool:
    """A tool of the user's, as it is declared."""

    name: str
    description: str
    schema: Schema
    """An object schema, samples of values still in it."""
    where: str
    """`file:line`."""
    spoken: str = ""
    """What sentences call it, where its name is none that anybody gave it."""

    @property
    def tool(self) -> Tool:
        """The declared tool."""
        return Tool(self.name, self.description, declared(self.schema) if self.schema["properties"] else {})


@dataclass(frozen=True, slots=True)
class OwnTools:
    """What a file holds."""

    layout: str
    """`openapi`, `python`, `mcp`, `tools`, `mobile-actions` or `bfcl`."""
    tools: tuple[OwnTool, ...]
    notes: Notes


@dataclass(frozen=True, slots=True)
class RawTool:
    """A tool as its file has it."""

    name: str
    description: Any
    parameters: Any
    line: int
    document: Any = field(default=None, repr=False)
    """What references in its parameters point into."""
    spoken: str = ""


def read_own_tools(path: str | os.PathLike[str]) -> OwnTools:
    """The tools of a file in any layout that is known. Nothing in it is run, imported or fetched.

    Raises: DataError with every problem of the file, each with its line.
    """
    file, shown = Path(path), shown_path(path)
    text = _read(file, shown)
    notes = Notes()
    if file.suffix in (".py", ".pyi"):
        layout, raw = "python", [
            RawTool(f.name, f.description, f.parameters, f.line) for f in functions(text, shown, notes)
        ]  # fmt: skip
    else:
        layout, raw = _parsed(text, file, shown, notes)
    if not raw:
        raise DataError(
            Problem(f"{shown}:1", "holds no tool.", "See docs/own-tools.md for the layouts that are read.")
        )
    return OwnTools(layout, tuple(_carried(raw, shown, notes)), notes)


def _read(file: Path, shown: str) -> str:
    try:
        if file.is_dir():
            raise DataError(Problem(shown, "is a folder.", "Name a file of tools."))
        if file.stat().st_size > MAX_BYTES:
            raise DataError(
                Problem(shown, f"is larger than {MAX_BYTES // 1_000_000} MB.", "Name a file of tools.")
            )
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(
            Problem(
                shown, f"cannot be read: {error.strerror or error}.", "Name a file of tools with --tools."
            )
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(Problem(shown, f"is not UTF-8 (byte {error.start}).", "Save it as UTF-8.")) from error
    if not text.strip():
        raise DataError(Problem(f"{shown}:1", "is empty.", "Name a file of tools with --tools."))
    return text


# Layouts


def _parsed(text: str, file: Path, shown: str, notes: Notes) -> tuple[str, list[RawTool]]:
    """The layout of a JSON, JSONL or YAML file, and its tools."""
    if file.suffix in (".yaml", ".yml"):
        document, lines = _read_yaml(text, shown)
        return _of_document(document, lines, shown, notes)
    try:
        document = read_json(text)
    except (ValueError, RecursionError) as error:
        if (rows := _rows(text, shown)) is not None:
            return _of_rows(rows, shown, notes)
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        what = error.msg if isinstance(error, json.JSONDecodeError) else str(error) or "nested too deep"
        raise DataError(
            Problem(
                f"{shown}:{line}",
                f"is no JSON: {what}.",
                "Correct it; YAML files end in .yaml, Python in .py.",
            )
        ) from error
    if (
        isinstance(document, dict)
        and ("question" in document or "messages" in document or "function" in document)
        and "type" not in document
    ):
        return _of_rows([(1, document)], shown, notes)
    return _of_document(document, _Lines(text), shown, notes)


class _Lines:
    """Finds the line of a key or a name in a JSON text, in the order asked."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self, *keys: str) -> int:
        place = 0
        for key in keys:
            found = re.compile(
                re.escape(json.dumps(key, ensure_ascii=False)) + "|" + re.escape(json.dumps(key))
            ).search(self.text, place)
            if found is None:
                break
            place = found.start()
        return self.text.count("\n", 0, place) + 1


class _YamlLines(_Lines):
    """The same in a YAML text."""

    def __call__(self, *keys: str) -> int:
        place = 0
        for key in keys:
            found = re.compile(rf"^[ \t-]*[^\n#]*?(?<![\w/]){re.escape(key)}(?![\w/])", re.MULTILINE).search(
                self.text, place
            )
            if found is None:
                break
            place = found.end()
        return self.text.count("\n", 0, place) + 1


class _Loader(yaml.SafeLoader):
    """YAML whose dates stay texts and whose keys stand once."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if tag != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _read_yaml(text: str, shown: str) -> tuple[Any, _Lines]:
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return None, _YamlLines(text)
        _check_nodes(root, shown)
        return loader.construct_document(root), _YamlLines(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DataError(
            Problem(f"{shown}:{line}", f"is no YAML: {error.problem}.", "Correct this line.")
        ) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise DataError(
            Problem(
                f"{shown}:1",
                f"is no YAML: {str(error).splitlines()[0] if str(error) else 'nested too deep'}.",
                "Correct it.",
            )
        ) from error
    finally:
        loader.dispose()


def _check_nodes(root: Node, shown: str) -> None:
    """Refuse keys given twice, and files whose aliases spell more than anybody can hold."""
    waiting, count = [root], 0
    problems: list[Problem] = []
    while waiting and count <= MAX_NODES:
        node = waiting.pop()
        count += 1
        if isinstance(node, SequenceNode):
            waiting += node.value
        elif isinstance(node, MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                waiting.append(value)
                name = str(key.value)
                if name in seen and name != "<<":
                    problems.append(
                        Problem(
                            f"{shown}:{key.start_mark.line + 1}",
                            f"the key {name!r} is given twice.",
                            "Take one out.",
                        )
                    )
                seen.add(name)
    if count > MAX_NODES:
        raise DataError(
            Problem(f"{shown}:1", f"holds more than {MAX_NODES} values, aliases followed.", "Split it.")
        )
    DataError.raise_if(dict.fromkeys(problems))


def _rows(text: str, shown: str) -> list[tuple[int, Any]] | None:
    """The rows of a JSONL file; None if its first line is no JSON object."""
    rows: list[tuple[int, Any]] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                row = read_json(line)
                if not isinstance(row, dict):
                    raise ValueError("it is no object")
                rows.append((number, row))
            except (ValueError, RecursionError) as error:
                if not rows:
                    return None
                problems.append(
                    Problem(f"{shown}:{number}", f"is no JSON object: {error}.", "Correct this line.")
                )
    DataError.raise_if(problems)
    return rows


def _of_document(document: Any, lines: _Lines, shown: str, notes: Notes) -> tuple[str, list[RawTool]]:
    """The tools of one JSON or YAML value."""
    if isinstance(document, dict) and ("openapi" in document or "swagger" in document):
        raw = [
            RawTool(o.name, o.description, o.parameters, lines("paths", o.path, o.method), document, o.spoken)
            for o in operations(document, shown, notes, lines)
        ]
        return "openapi", raw
    inner = document
    if isinstance(inner, dict) and isinstance(inner.get("result"), dict):
        inner = inner["result"]
    if isinstance(inner, dict) and "error" in inner and "tools" not in inner:
        raise DataError(
            Problem(f"{shown}:1", "is an error reply, no list of tools.", "Save the reply of `tools/list`.")
        )
    if isinstance(inner, dict) and inner.get("nextCursor"):
        notes.add("left out", shown, "nextCursor: the reply is one page of several; join them first")
    if isinstance(inner, dict) and isinstance(inner.get("tools"), list):
        inner = inner["tools"]
    if isinstance(inner, dict) and ("name" in inner or "function" in inner):
        inner = [inner]
    if not isinstance(inner, list):
        what = "holds neither tools nor an OpenAPI document."
        raise DataError(Problem(f"{shown}:1", what, "See docs/own-tools.md for the layouts that are read."))
    entries = [
        (lines("name", str(_body(entry).get("name", ""))) if _body(entry).get("name") else 1, entry)
        for entry in inner
    ]
    is_mcp = any(isinstance(entry, dict) and "inputSchema" in entry for entry in inner)
    if (
        all(isinstance(entry, dict) and ("messages" in entry or "question" in entry) for entry in inner)
        and inner
    ):
        return _of_rows([(1, entry) for entry in inner], shown, notes)
    return ("mcp" if is_mcp else "tools"), _entries(entries, shown, document, notes)


def _of_rows(
    rows: Sequence[tuple[int, dict[str, Any]]], shown: str, notes: Notes
) -> tuple[str, list[RawTool]]:
    """The tools that rows of data declare, each once."""
    found: dict[str, RawTool] = {}
    entries: list[tuple[int, Any]] = []
    layout = "bfcl" if any("function" in row and "question" in row for _, row in rows) else "mobile-actions"
    for number, row in rows:
        listed = (
            row.get("function")
            if "question" in row or ("function" in row and "name" not in row)
            else row.get("tools", row if "name" in row else None)
        )
        if isinstance(listed, str):
            try:
                listed = read_json(listed)
            except (ValueError, RecursionError) as error:
                raise DataError(
                    Problem(f"{shown}:{number}", f"tools are no JSON: {error}.", "Correct this line.")
                ) from error
        listed = [listed] if isinstance(listed, dict) else listed
        if not isinstance(listed, list | None):
            what = f"tools are no list: {json.dumps(listed, default=str)[:60]}."
            raise DataError(Problem(f"{shown}:{number}", what, "Correct this line."))
        entries += [(number, entry) for entry in listed or ()]
    for raw in _entries(entries, shown, None, notes):
        first = found.setdefault(raw.name, raw)
        if first is not raw and (first.parameters != raw.parameters or first.description != raw.description):
            notes.add("given twice", raw.name, f"line {first.line} is kept, line {raw.line} differs")
    return layout, list(found.values())


_TOOL_WORDS = frozenset(
    ["name", "description", "parameters", "inputSchema", "input_schema", "type", "function"]
)


def _body(entry: Any) -> Mapping[str, Any]:
    if not isinstance(entry, dict):
        return {}
    inner = entry.get("function")
    return inner if isinstance(inner, dict) else entry


def _entries(entries: Iterable[tuple[int, Any]], shown: str, document: Any, notes: Notes) -> list[RawTool]:
    found: list[RawTool] = []
    problems: list[Problem] = []
    for line, entry in entries:
        body = _body(entry)
        name = body.get("name")
        if not isinstance(name, str) or not name.strip():
            said = json.dumps(entry, ensure_ascii=False, default=str)[:80]
            problems.append(
                Problem(f"{shown}:{line}", f"a tool without a name: {said}.", "Give it a `name`.")
            )
            continue
        parameters = body.get("inputSchema", body.get("parameters", body.get("input_schema")))
        if parameters is not None and not isinstance(parameters, dict):
            problems.append(
                Problem(
                    f"{shown}:{line}",
                    f"the parameters of {name!r} are no mapping.",
                    "Write a JSON Schema of type object.",
                )
            )
            continue
        for word in (*body, *(entry if body is not entry and isinstance(entry, dict) else ())):
            if word not in _TOOL_WORDS and {**entry, **body}[word] is not None:
                notes.add("left out", name, str(word))
        # References in a tool's parameters point into those parameters.
        found.append(RawTool(name, body.get("description"), parameters or {}, line, parameters or document))
    DataError.raise_if(problems)
    return found


# Tools


def _carried(raw: Sequence[RawTool], shown: str, notes: Notes) -> list[OwnTool]:
    """The tools as they are declared."""
    found: dict[str, OwnTool] = {}
    problems: list[Problem] = []
    if len(raw) > MAX_TOOLS:
        raise DataError(
            Problem(f"{shown}:1", f"holds {len(raw)} tools.", f"At most {MAX_TOOLS}: make several packs.")
        )
    for one in raw:
        where = f"{shown}:{one.line}"
        name = clean_text(BAD_NAME.sub("_", one.name).strip("_"), one.name, Notes())
        if not name:
            problems.append(
                Problem(where, f"{one.name!r} cannot name a tool.", "Use letters, digits, _ and -.")
            )
            continue
        if name != one.name:
            notes.add("renamed tool", name, f"{one.name!r} is declared as {name!r}")
        if name in found:
            problems.append(
                Problem(
                    where,
                    f"the tool {name!r} is given twice (first at {found[name].where}).",
                    "Give every tool its own name.",
                )
            )
            continue
        carrier = Carrier(one.document, notes)
        schema = carrier.carried({"type": "object", **_named(one.parameters, name, notes)}, name)
        if schema is None or schema["type"] != "object":
            notes.add("left out", name, "the whole tool: a required parameter cannot be carried")
            continue
        schema.pop("description")
        if schema.get("required") == []:
            del schema["required"]
        tool = OwnTool(name, clean_text(one.description, name, notes), schema, where, one.spoken)
        try:
            Tool.from_json(tool.tool.to_json())
        except SchemaError as error:
            problems += [Problem(where, p.what, "Correct the schema.") for p in error.problems]
            continue
        found[name] = tool
    DataError.raise_if(problems)
    if not found:
        raise DataError(
            *(
                Problem(f"{shown}:1", f"no tool of {len(raw)} can be carried: {n.where}: {n.what}.")
                for n in notes[:5]
            )
        )
    return list(found.values())


def _named(parameters: Any, name: str, notes: Notes) -> dict[str, Any]:
    """The parameters' schema; a mapping of parameters without the envelope is given one."""
    if not isinstance(parameters, Mapping) or not parameters:
        return {"properties": {}}
    if (
        "properties" in parameters
        or "type" in parameters
        or "$ref" in parameters
        or "allOf" in parameters
        or "required" in parameters
    ):
        kind = str(parameters.get("type", "object")).lower()
        if kind not in ("object", "dict"):
            raise DataError(Problem(name, f"the parameters are of type {kind!r}.", "They must be an object."))
        return {**parameters, "type": "object"}
    if all(isinstance(value, Mapping) for value in parameters.values()):
        notes.add("guessed type", name, "parameters without an envelope are taken for properties")
        return {"properties": dict(parameters)}
    return {**parameters, "type": "object"}
