"""A pack's YAML, read with positions: every complaint about it is collected with its file and line."""

from __future__ import annotations

import difflib
import errno
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from fgdata.characters import unseen_character
from fgdata.errors import Problem
from fgdata.format import find_control_tokens

MAX_NODES = 200_000
"""A file that holds more, aliases followed, is refused: nine lines of nested aliases can spell a billion values."""


MAX_INTEGER = 10**18
"""What a pack's integers stay below: shares and ranges are reckoned in floats and decimals."""

MAX_DEPTH = 100
"""Brackets open at once; the time YAML takes to read nested ones grows with the square of their number."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands: a file and a line, counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a file and its place."""

    text: str
    place: Place
    is_block: bool = False
    """Whether it was written as a block (`|` or `>`), whose text starts on the line after."""

    def __str__(self) -> str:
        return self.text


def shown_path(path: str | os.PathLike[str]) -> str:
    """The path as a person wants to read it: relative to the working folder where it lies below it."""
    whole = Path(path).resolve()
    here = Path.cwd()
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else str(path)


def _bracket_depth(text: str) -> int:
    """How many brackets are open at once, at most; those inside of texts count too."""
    depth = deepest = 0
    for character in re.findall(r"[\[\]{}]", text):
        depth = max(0, depth + (1 if character in "[{" else -1))
        deepest = max(deepest, depth)
    return deepest


def closest(name: str, known: Iterable[str]) -> str:
    """A hint for a misspelt name: `Did you mean 'x'?`, or the known names."""
    names = list(known)
    if near := difflib.get_close_matches(name, names, n=1):
        return f"Did you mean {near[0]!r}?"
    return f"Known: {', '.join(names) or 'none'}."


_FAST_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same reader in C, where PyYAML was built with it."""


def _composed(text: str) -> Node | None:
    """The root of a YAML text. What the fast reader refuses the other reads again: its messages say more.

    Raises: yaml.YAMLError if the text is none; RecursionError if it is nested too deep.
    """
    # Blocks nest by what stands before their texts; the fast reader would follow it to the end of the C stack.
    if max(map(len, re.findall(r"(?m)^[ ?-]+", text)), default=0) <= MAX_DEPTH:
        try:
            quick: Node | None = yaml.compose(text, Loader=_FAST_LOADER)
            return quick
        except yaml.YAMLError:
            pass
    node: Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    return node


def _salvaged(path: Path) -> MappingNode | None:
    """A mapping of those outermost keys of a broken YAML file that read by themselves, at their lines; None if none does."""
    try:
        text = unicodedata.normalize("NFC", path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
    if _bracket_depth(text) > MAX_DEPTH:
        return None
    pairs: list[tuple[Node, Node]] = []
    for found in re.finditer(r"(?ms)^[\w\"'].*?(?=^[\w\"']|\Z)", text):
        try:
            node = _composed("\n" * text.count("\n", 0, found.start()) + found[0])
        except (yaml.YAMLError, RecursionError):
            continue
        if isinstance(node, MappingNode):
            pairs += node.value
    if not pairs:
        return None
    return MappingNode("tag:yaml.org,2002:map", pairs, pairs[0][0].start_mark, pairs[-1][1].end_mark)


class Reader:
    """Reads the nodes of one YAML file; what does not fit becomes a problem and reads as None or empty.

    Args:
        is_salvaged: of a file that is no YAML, read those of its outermost keys that are.
    """

    def __init__(
        self,
        path: Path,
        problems: list[Problem],
        *,
        page: str = "docs/packs.md",
        is_salvaged: bool = False,
    ) -> None:
        self.file = shown_path(path)
        self.problems = problems
        self.page = page
        """The documentation of what belongs in the file."""
        self.is_whole = True
        """Whether the file could be read."""
        self._told: set[int] = set()
        self.root = self._compose(path)
        if self.root is None:
            self.is_whole = False
            if is_salvaged:
                self.root = _salvaged(path)
        if self.root is not None and self._is_too_large(self.root):
            self.wrong(
                self.root, "holds too many values, or an alias that holds itself.", "Write the values out."
            )
            self.root, self.is_whole = None, False
        if self.root is not None:
            self._refuse_characters(self.root)

    def place(self, node: Node) -> Place:
        """Where `node` starts."""
        return Place(self.file, node.start_mark.line + 1)

    def wrong(self, node: Node | Place, what: str, remedy: str = "") -> None:
        """Note a problem at `node`."""
        place = node if isinstance(node, Place) else self.place(node)
        self.problems.append(Problem(str(place), what, remedy))

    def _compose(self, path: Path) -> Node | None:
        try:
            if path.exists() and not path.is_file():  # a pipe or a device may never end
                raise OSError(errno.EINVAL, "it is no file")
            text = unicodedata.normalize("NFC", path.read_text(encoding="utf-8"))
            if _bracket_depth(text) > MAX_DEPTH:
                raise RecursionError
            node = _composed(text)
        except OSError as error:
            self.problems.append(
                Problem(self.file, f"cannot be read: {error.strerror or error}.", "Add the file.")
            )
            return None
        except UnicodeDecodeError as error:
            self.problems.append(
                Problem(self.file, f"is not UTF-8 (byte {error.start}).", "Save it as UTF-8.")
            )
            return None
        except RecursionError:
            self.problems.append(Problem(self.file, "is nested too deep.", "Write it flatter."))
            return None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = f"{self.file}:{mark.line + 1}" if mark else self.file
            what = " ".join(part for part in (error.context, error.problem) if part)
            remedy = "Check indentation, quotes and colons around this line; quote a text that begins with { or holds `: `."
            self.problems.append(Problem(where, f"is no YAML: {what}.", remedy))
            return None
        except yaml.YAMLError as error:
            self.problems.append(Problem(self.file, f"is no YAML: {error}."))
            return None
        if node is None:
            self.problems.append(Problem(self.file, "is empty.", f"See {self.page} for what belongs in it."))
        return node

    def _is_too_large(self, node: Node) -> bool:
        waiting, count = [node], 0
        while waiting:
            count += 1
            if count > MAX_NODES:
                return True
            here = waiting.pop()
            if isinstance(here, MappingNode):
                waiting += [part for pair in here.value for part in pair]
            elif isinstance(here, SequenceNode):
                waiting += here.value
        return False

    def _refuse_characters(self, root: Node) -> None:
        """Note texts that hold a control token of the model or a character that nobody sees, and tags.

        Texts are brought to one Unicode form: an escape in quotes can spell another.
        """
        waiting = [root]
        while waiting:
            node = waiting.pop()
            if node.tag.rpartition(":")[0] != "tag:yaml.org,2002" or node.tag.count("/"):
                self.wrong(node, f"has the tag {node.tag}.", "Write the value without a tag.")
            if isinstance(node, MappingNode):
                waiting += [part for pair in node.value for part in pair]
            elif isinstance(node, SequenceNode):
                waiting += node.value
            else:
                node.value = unicodedata.normalize("NFC", node.value)
                for token in find_control_tokens(node.value):
                    self.wrong(
                        node, f"holds the control token {token}.", "Take it out: no text may hold one."
                    )
                if unseen := unseen_character(node.value):
                    self.wrong(node, f"holds a character that is not seen ({unseen}).", "Take it out.")

    def mapping(self, node: Node | None, what: str) -> dict[str, tuple[Node, Node]]:
        """Key -> (key node, value node) of a mapping; a key that is no text, or given twice, is a problem."""
        if node is None:
            return {}
        if not isinstance(node, MappingNode):
            self.wrong(node, f"{what} must be a mapping (`key: value` lines), not {_kind(node)}.")
            return {}
        found: dict[str, tuple[Node, Node]] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self.wrong(key, f"a key of {what} is {_kind(key)}.", "Write a plain name.")
            elif key.value in found:
                first = self.place(found[key.value][0]).line
                if id(key) not in self._told:  # a mapping may be looked into more than once
                    self._told.add(id(key))
                    self.wrong(
                        key, f"{key.value!r} is given twice in {what} (line {first}).", "Keep one of them."
                    )
            else:
                found[key.value] = (key, value)
        return found

    def fields(
        self, node: Node | None, what: str, required: Iterable[str], optional: Iterable[str] = ()
    ) -> dict[str, Node]:
        """The values of a mapping that has `required` keys, may have `optional` ones, and no others."""
        required, known = list(required), [*required, *optional]
        found = self.mapping(node, what)
        for name, (key, _) in found.items():
            if name not in known:
                self.wrong(key, f"unknown key {name!r} in {what}.", closest(name, known))
        if isinstance(node, MappingNode) and (self.is_whole or node is not self.root):
            for name in required:
                if name not in found:
                    self.wrong(node, f"{what} has no {name!r}.", f"Add `{name}:`.")
        return {name: value for name, (_, value) in found.items() if name in known}

    def items(self, node: Node | None, what: str, *, may_be_empty: bool = False) -> list[Node]:
        """The items of a list."""
        if node is None:
            return []
        if not isinstance(node, SequenceNode):
            self.wrong(node, f"{what} must be a list, not {_kind(node)}.", "Write `- item` lines or [a, b].")
            return []
        if not node.value and not may_be_empty:
            self.wrong(node, f"{what} is empty.", "Add at least one item.")
        return list(node.value)

    def text(self, node: Node | None, what: str) -> Text | None:
        """A text that is not empty."""
        if node is None:
            return None
        if not isinstance(node, ScalarNode) or node.tag != "tag:yaml.org,2002:str":
            said = f"{what} must be a text, not {_kind(node)}"
            remedy = "Put it in quotes." if isinstance(node, ScalarNode) else ""
            self.wrong(
                node, f"{said} ({node.value})." if isinstance(node, ScalarNode) else f"{said}.", remedy
            )
            return None
        if not node.value.strip():
            self.wrong(node, f"{what} is an empty text.", "Write it, or take the line out.")
            return None
        return Text(node.value, self.place(node), node.style in ("|", ">"))

    def texts(self, node: Node | None, what: str) -> tuple[Text, ...]:
        """A list of texts, none given twice."""
        found: dict[str, Text] = {}
        for item in self.items(node, what):
            text = self.text(item, f"an item of {what}")
            if text is None:
                continue
            if text.text in found:
                self.wrong(text.place, f"{text.text!r} is given twice in {what}.", "Take one out.")
            found[text.text] = text
        return tuple(found.values())

    def language(self, node: Node | None, languages: Sequence[str]) -> str:
        """One of the pack's languages; empty where none is named, or another."""
        text = self.text(node, "language")
        if text is not None and text.text not in languages:
            self.wrong(
                text.place, f"{text.text!r} is no language of the pack.", f"{closest(text.text, languages)} See `languages` in pack.yaml."
            )  # fmt: skip
            return ""
        return text.text if text else ""

    def number(self, node: Node | None, what: str) -> int | float | None:
        """An integer or a finite float."""
        if node is None:
            return None
        value = self.value(node, what)
        if isinstance(value, bool) or not isinstance(value, int | float) or value - value != 0:
            self.wrong(node, f"{what} must be a number, not {_kind(node)} ({node.value}).")
            return None
        return value

    def weight(self, node: Node | None, what: str) -> float | None:
        """A number above 0."""
        number = self.number(node, what)
        if number is not None and node is not None and number <= 0:
            self.wrong(
                node,
                f"{what} is {number}; it must be above 0.",
                "Take the line out if nothing is wanted of it.",
            )
            return None
        return number

    def weights(self, node: Node | None, what: str, known: Iterable[str] | None = None) -> dict[str, float]:
        """Name -> positive weight; with `known`, no other names."""
        names = None if known is None else list(known)
        found: dict[str, float] = {}
        pairs = self.mapping(node, what)
        for name, (key, value) in pairs.items():
            if names is not None and name not in names:
                self.wrong(key, f"{what} names an unknown {name!r}.", closest(name, names))
            elif (weight := self.weight(value, f"{what}.{name}")) is not None:
                found[name] = weight
        if node is not None and isinstance(node, MappingNode) and not pairs:
            self.wrong(node, f"{what} is empty.", "Add `name: weight` lines.")
        return found

    def value(self, node: Node, what: str) -> Any:
        """The JSON value of a node; what YAML reads as something else than it looks (`off`, `12:30`) is a problem."""
        if isinstance(node, MappingNode):
            return {name: self.value(value, what) for name, (_, value) in self.mapping(node, what).items()}
        if isinstance(node, SequenceNode):
            return [self.value(item, what) for item in node.value]
        try:
            read = yaml.SafeLoader("").construct_object(node)
        except (ValueError, OverflowError, yaml.YAMLError):
            read = yaml  # what no JSON value is: the last branch says so
        if isinstance(read, bool) and node.value not in ("true", "false"):
            self.wrong(
                node,
                f"YAML reads {node.value} in {what} as {str(read).lower()}.",
                "Quote it, or write true or false.",
            )
        elif isinstance(read, int) and abs(read) >= MAX_INTEGER:
            self.wrong(
                node, f"{what} is an integer of more than 18 digits.", "Quote it, or write a smaller one."
            )
            return None
        elif (
            isinstance(read, int) and not isinstance(read, bool) and str(read) != node.value.removeprefix("+")
        ):
            self.wrong(
                node, f"YAML reads {node.value} in {what} as {read}.", "Quote it, or write the plain number."
            )
        elif not isinstance(read, None | bool | int | float | str):
            self.wrong(node, f"{what} is {_kind(node)} ({node.value}).", "Quote it if a text is meant.")
            return None
        return read


_KINDS: Mapping[str, str] = {
    "str": "a text",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "null": "nothing",
    "timestamp": "a date",
    "map": "a mapping",
    "seq": "a list",
}


def _kind(node: Node) -> str:
    """What a node is, in words."""
    return _KINDS.get(node.tag.rpartition(":")[2], f"tagged {node.tag}")
