"""The functions of a Python module as tools, by the rules of `transformers.utils.get_json_schema`.

The module is a text here: it is parsed with `ast`, and never imported, compiled or run. Type hints are read from the syntax
tree by their names, so a hint that only running code could tell is an error with its line.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fgdata.errors import DataError, FgError, Problem
from fgdata.own.notes import Notes

_BASIC: Mapping[str, dict[str, Any]] = {
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "str": {"type": "string"},
    "bool": {"type": "boolean"},
    "list": {"type": "array"},
    "List": {"type": "array"},
    "Sequence": {"type": "array"},
    "dict": {"type": "object"},
    "Dict": {"type": "object"},
    "Mapping": {"type": "object"},
    "tuple": {"type": "array"},
    "Tuple": {"type": "array"},
    "Any": {},
    "None": {"type": "null"},
}
_ARGS = re.compile(
    r"^\s*Args?(?:uments)?:\s*\n(?P<args>.*?)(?=^\s*(?:Returns?|Yields?|Raises?|Examples?|Notes?):\s*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
_END = re.compile(r"^\s*(?:Args?(?:uments)?|Returns?|Yields?|Raises?|Examples?|Notes?):\s*$", re.MULTILINE)
_ARG = re.compile(r"^(?P<indent>[ \t]*)(?P<name>\*{0,2}\w+)\s*(?:\([^)]*\))?:[ \t]*(?P<text>.*)$")
_CHOICES = re.compile(r"\(choices:\s*(\[.*?\])\s*\)\s*$", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Function:
    """A function as a tool."""

    name: str
    description: str
    parameters: dict[str, Any]
    line: int


def functions(text: str, shown: str, notes: Notes) -> list[Function]:
    """The public functions of a module's text.

    Raises: DataError with every function that cannot be a tool: no docstring, an argument without a type or a description.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise DataError(
            Problem(f"{shown}:{error.lineno or 1}", f"is no Python: {error.msg}.", "Correct this line.")
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise DataError(Problem(f"{shown}:1", "is no Python that can be read.", "Flatten it.")) from error
    listed = _all_names(tree)
    reader = _Reader(shown, _aliases(tree), _enums(tree))
    found = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.startswith("_") or (listed is not None and node.name not in listed):
                continue
            if (function := reader.function(node, notes)) is not None:
                found.append(function)
        elif (
            isinstance(node, ast.ClassDef) and not node.name.startswith("_") and node.name not in reader.enums
        ):
            notes.add("left out", node.name, "a class; only functions at the module's top are tools")
    DataError.raise_if(reader.problems)
    return found


def _all_names(tree: ast.Module) -> set[str] | None:
    """The names in a literal `__all__`; None if there is none."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets
        ):
            try:
                return {str(name) for name in ast.literal_eval(node.value)}
            except (ValueError, TypeError):
                return None
    return None


def _aliases(tree: ast.Module) -> dict[str, ast.expr]:
    """Names that the module gives to types: `Mode = Literal["a", "b"]`, and what imports call otherwise."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found[node.target.id] = node.value
        elif isinstance(node, ast.ImportFrom):
            for name in node.names:
                if name.asname:
                    found[name.asname] = ast.Name(id=name.name, ctx=ast.Load())
    return found


def _enums(tree: ast.Module) -> dict[str, list[Any]]:
    """The values of classes that are enums by the name of their base and list them as literals."""
    found: dict[str, list[Any]] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and any(
            ast.unparse(base).endswith(("Enum", "IntFlag")) for base in node.bases
        ):
            values = [
                part.value.value for part in node.body
                if isinstance(part, ast.Assign) and isinstance(part.value, ast.Constant) and type(part.value.value).__name__ in _BASIC
            ]  # fmt: skip
            if values:
                found[node.name] = values
    return found


def _enum_of(values: list[Any]) -> dict[str, Any]:
    """An enum, with each JSON type of its values once, in the order they first appear."""
    kinds = list(
        dict.fromkeys("null" if value is None else _BASIC[type(value).__name__]["type"] for value in values)
    )
    return {"type": kinds[0] if len(kinds) == 1 else kinds, "enum": values}


class _Reader:
    def __init__(self, shown: str, aliases: Mapping[str, ast.expr], enums: Mapping[str, list[Any]]) -> None:
        self.shown = shown
        self.aliases = aliases
        self.enums = enums
        self.problems: list[Problem] = []

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, notes: Notes) -> Function | None:
        count = len(self.problems)
        doc = ast.get_docstring(node)
        if not doc:
            self.wrong(
                node, f"{node.name} has no docstring.", "Say what it does, and each argument under `Args:`."
            )
            return None
        description, said = _read_docstring(doc)
        arguments = node.args
        for extra in (arguments.vararg, arguments.kwarg):
            if extra is not None:
                notes.add(
                    "left out",
                    f"{node.name}.{extra.arg}",
                    "*args and **kwargs have no names that a call could give",
                )
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults)) + list(
            arguments.defaults
        )
        pairs = [
            *zip(positional, defaults, strict=True),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        properties: dict[str, Any] = {}
        required: list[str] = []
        for argument, default in pairs:
            if argument.annotation is None:
                self.wrong(
                    argument,
                    f"{node.name}: the argument {argument.arg!r} has no type.",
                    f"Write {argument.arg}: int, str, bool …",
                )
                continue
            if argument.arg not in said:
                self.wrong(
                    argument,
                    f"{node.name}: the docstring does not describe the argument {argument.arg!r}.",
                    f"Add `{argument.arg}: ...` under `Args:`.",
                )
                continue
            try:
                schema = self.schema(argument.annotation, 0)
                text = said[argument.arg]
                if choices := _CHOICES.search(text):
                    schema["enum"] = json.loads(choices[1])
                    text = text[: choices.start()].strip()
            except FgError as error:
                self.wrong(
                    argument,
                    f"{node.name}: the type of {argument.arg!r}: {error}.",
                    "Use int, float, str, bool, list[...], dict, Literal[...], Optional[...].",
                )
                continue
            except ValueError:
                self.wrong(
                    argument,
                    f"{node.name}: the choices of {argument.arg!r} are no JSON list.",
                    'Write (choices: ["a", "b"]).',
                )
                continue
            schema["description"] = text
            properties[argument.arg] = schema
            if default is None:
                required.append(argument.arg)
            else:
                self.add_default(schema, default)
        for name in said:
            if name.lstrip("*") not in {a.arg for a, _ in pairs} | {
                a.arg for a in (arguments.vararg, arguments.kwarg) if a
            }:
                notes.add("left out", f"{node.name}.{name}", "described in the docstring, but no argument")
        if node.returns is not None or re.search(r"^\s*Returns?:", doc, re.MULTILINE):
            notes.add("left out", node.name, "return")
        if len(self.problems) > count:
            return None
        return Function(
            node.name,
            description,
            {"type": "object", "properties": properties, "required": required},
            node.lineno,
        )

    def add_default(self, schema: dict[str, Any], default: ast.expr) -> None:
        """Note a default that is written out; `get_json_schema` only takes the argument out of `required`."""
        try:
            value = ast.literal_eval(default)
            json.dumps(value, allow_nan=False)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return
        if value is not None:
            schema["default"] = value

    def schema(self, hint: ast.expr, depth: int) -> dict[str, Any]:
        """The JSON Schema of a type hint.

        Raises: FgError for a hint that is not understood.
        """
        if depth > 20:
            raise FgError("it is nested too deep")
        if isinstance(hint, ast.Constant):
            if hint.value is None:
                return {"type": "null"}
            if isinstance(hint.value, str):  # a hint in quotes
                try:
                    return self.schema(ast.parse(hint.value, mode="eval").body, depth + 1)
                except (SyntaxError, ValueError, RecursionError) as error:
                    raise FgError(f"{hint.value!r} is no type") from error
        if isinstance(hint, ast.Name | ast.Attribute):
            name = hint.attr if isinstance(hint, ast.Attribute) else hint.id
            if isinstance(hint, ast.Name) and name in self.aliases:
                return self.schema(self.aliases[name], depth + 1)
            if isinstance(hint, ast.Name) and name in self.enums:
                return _enum_of(self.enums[name])
            if name in _BASIC:
                return dict(_BASIC[name])
            raise FgError(f"{ast.unparse(hint)} is no type that JSON has")
        if isinstance(hint, ast.BinOp) and isinstance(hint.op, ast.BitOr):
            return self.union([hint.left, hint.right], depth)
        if isinstance(hint, ast.Subscript):
            return self.subscript(hint, depth)
        raise FgError(f"{ast.unparse(hint)[:60]} is no type that JSON has")

    def subscript(self, hint: ast.Subscript, depth: int) -> dict[str, Any]:
        base = (
            hint.value.attr
            if isinstance(hint.value, ast.Attribute)
            else hint.value.id
            if isinstance(hint.value, ast.Name)
            else ""
        )
        if isinstance(self.aliases.get(base), ast.Name):
            base = self.aliases[base].id  # type: ignore[attr-defined]  # a name, as was just seen
        parts = list(hint.slice.elts) if isinstance(hint.slice, ast.Tuple) else [hint.slice]
        if base == "Optional":
            return self.union([*parts, ast.Constant(None)], depth)
        if base == "Union":
            return self.union(parts, depth)
        if base == "Annotated":
            return self.schema(parts[0], depth + 1)
        if base == "Literal":
            values = []
            for part in parts:
                if not isinstance(part, ast.Constant) or isinstance(part.value, bytes | complex):
                    raise FgError(f"{ast.unparse(part)} is no value written out")
                values.append(part.value)
            return _enum_of(values)
        if base in ("list", "List", "Sequence"):
            return {"type": "array", "items": self.schema(parts[0], depth + 1)}
        if base in ("dict", "Dict", "Mapping"):
            found = {"type": "object"}
            return (
                {**found, "additionalProperties": self.schema(parts[1], depth + 1)}
                if len(parts) == 2
                else found
            )
        if base in ("tuple", "Tuple"):
            if any(isinstance(part, ast.Constant) and part.value is ... for part in parts):
                return {"type": "array", "items": self.schema(parts[0], depth + 1)}
            return {"type": "array", "prefixItems": [self.schema(part, depth + 1) for part in parts]}
        raise FgError(f"{ast.unparse(hint)[:60]} is no type that JSON has")

    def union(self, parts: list[ast.expr], depth: int) -> dict[str, Any]:
        """A union: several basic types as a list of types, others as `anyOf`; None makes it nullable."""
        schemas = [self.schema(part, depth + 1) for part in parts]
        kept = [schema for schema in schemas if schema.get("type") != "null"]
        is_nullable = len(kept) < len(schemas)
        if not kept:
            return {"type": "null"}
        if len(kept) == 1:
            found = dict(kept[0])
        elif all(set(schema) == {"type"} and isinstance(schema["type"], str) for schema in kept):
            names = sorted({schema["type"] for schema in kept})
            found = {"type": names[0] if len(names) == 1 else names}
        else:
            found = {"anyOf": kept}
        return {**found, "nullable": True} if is_nullable else found

    def wrong(self, node: ast.AST, what: str, remedy: str) -> None:
        self.problems.append(Problem(f"{self.shown}:{getattr(node, 'lineno', 1)}", what, remedy))


def _read_docstring(doc: str) -> tuple[str, dict[str, str]]:
    """What a docstring in Google's style says of the function, and of each argument."""
    end = _END.search(doc)
    description = (doc[: end.start()] if end else doc).strip()
    block = _ARGS.search(doc)
    said: dict[str, str] = {}
    indent: str | None = None
    name = ""
    for line in (block["args"] if block else "").splitlines():
        found = _ARG.match(line)
        if found and (indent is None or found["indent"] == indent):
            indent, name = found["indent"], found["name"]
            said[name] = found["text"].strip()
        elif name and line.strip():
            said[name] = f"{said[name]} {line.strip()}".strip()
    return description, said
