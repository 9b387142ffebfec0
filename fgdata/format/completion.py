"""What a model wrote, read back: a scanner that goes over the text once and never raises.

The grammar it reads is a little wider than the one we write: white space between the parts, `null` beside `None`, bare
words, keys inside `<escape>`, a call without its end token. What it cannot read becomes a problem with its place.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from fgdata.format.tokens import (
    CONTROL_PATTERN,
    CONTROL_TOKENS,
    END_CALL,
    END_RESPONSE,
    END_TURN,
    EOS,
    ESCAPE,
    PAD,
    START_CALL,
    START_RESPONSE,
    START_TURN,
    STOP_TOKENS,
)
from fgdata.schema import Call, JsonValue

MAX_DEPTH: Final = 100
"""How many mappings and lists may stand inside one another in a call, its arguments included. No tool needs as many."""

MAX_VALUES: Final = 32_768
"""How many values one completion may hold. The model's whole context is as many tokens; a value takes at least two."""

ValueStyle = Literal["bare", "escaped", "mixed", "none"]


@dataclass(frozen=True, slots=True)
class ParseProblem:
    """A part of a completion that did not read."""

    offset: int
    """Where, in characters from the start of the completion."""
    what: str
    """What is wrong there."""
    is_odd: bool = field(default=False, compare=False)
    """Whether no call is lost by it: a key given twice, a number too large, a control token out of its place."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model wrote, and what it says."""

    raw: str
    """The text as it was given."""
    calls: tuple[Call, ...]
    """The calls that read, in the order they stand."""
    text: str
    """What stands around the calls, up to the first stop token; white space alone is no text."""
    problems: tuple[ParseProblem, ...]
    """What did not read, and keys given twice; in the order they stand."""
    values: ValueStyle
    """How the calls write values that are no strings: bare (`2`), escaped (`<escape>2<escape>`), both, or there is none."""


def parse_completion(text: str) -> Completion:
    """The calls, the text and the problems of what a model wrote. Never raises; takes time in proportion to the length.

    Types are strict: `2` is an integer, `2.0` a float, `<escape>2<escape>` a string. `fgdata.schema.coerce_call` is the
    separate step that reads strings as the type a tool's schema states.
    """
    scanner = _Scanner(text)
    scanner.scan()
    if scanner.n_bare:
        values: ValueStyle = "mixed" if scanner.n_escaped else "bare"
    else:
        values = "escaped" if scanner.n_escaped else "none"
    return Completion(text, tuple(scanner.calls), "".join(scanner.pieces), tuple(scanner.problems), values)


def _any_of(*tokens: str) -> str:
    return "|".join(map(re.escape, tokens))


# Possessive quantifiers (`*+`, `++`) never step back: no text makes a pattern go over it twice.
_CONTROL = f"(?:{CONTROL_PATTERN.pattern})"
_HEADER = re.compile(rf"{START_CALL}\s*+call\s*+:\s*+([^\s{{}}\[\],<]++)\s*+\{{")
_BLANKS = re.compile(r"\s*+")
# `key:24` and `key:<escape>word<escape>` with the comma or brace behind them: nearly every argument there is.
_PLAIN_PAIR = re.compile(
    rf"([^\s{{}}\[\],:<]++):(?:{ESCAPE}([^<]*+){ESCAPE}|(-?(?:[1-9][0-9]{{0,17}}+|0)))([,}}])"
)
_PLAIN_ITEM = re.compile(rf"()(?:{ESCAPE}([^<]*+){ESCAPE}|(-?(?:[1-9][0-9]{{0,17}}+|0)))([,\]])")
_BARE_KEY = re.compile(rf"[^{{}}\[\],:<]*+(?:(?!{_CONTROL})<[^{{}}\[\],:<]*+)*+")
_BARE_WORD = re.compile(rf"[^{{}}\[\],<]*+(?:(?!{_CONTROL})<[^{{}}\[\],<]*+)*+")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(\.[0-9]++)?([eE][+-]?[0-9]++)?")
_FIRST_OF_NUMBER = frozenset("-0123456789")
_KEYWORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "None": None, "null": None}
# A string ends at <escape>. If one of the others comes first it was never closed; reading on would swallow the next call.
_STRING_END = re.compile(
    _any_of(ESCAPE, START_CALL, END_CALL, START_RESPONSE, END_RESPONSE, START_TURN, END_TURN, EOS)
)
_STRAY = re.compile(
    f"(?:{_any_of(*(token for token in CONTROL_TOKENS if token not in (START_CALL, *STOP_TOKENS)))})++"
)
_RESUME = re.compile(_any_of(START_CALL, END_CALL, *STOP_TOKENS))
_AFTER_STOP = re.compile(rf"(?:\s|{_any_of(*STOP_TOKENS, PAD)})*+")
_STOPS = frozenset(STOP_TOKENS)
_LEN_ESCAPE = len(ESCAPE)


class _BrokenCallError(Exception):
    """Why a call does not read, and where. Stays inside this module."""

    def __init__(self, offset: int, what: str) -> None:
        super().__init__(what)
        self.offset = offset
        self.what = what


class _Scanner:
    """One pass over one completion."""

    __slots__ = ("calls", "n_bare", "n_escaped", "n_values", "pieces", "problems", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.calls: list[Call] = []
        self.pieces: list[str] = []
        self.problems: list[ParseProblem] = []
        self.n_bare = 0
        self.n_escaped = 0
        self.n_values = 0

    def scan(self) -> None:
        """Go over the whole text: calls, text between them, the first stop token."""
        text = self.text
        position = 0
        while True:
            if header := _HEADER.match(text, position):
                position = self._call(header)
                continue
            token = CONTROL_PATTERN.search(text, position)
            piece = text[position : token.start() if token else len(text)]
            if piece and not piece.isspace():
                self.pieces.append(piece)
            if token is None:
                return
            name = token.group()
            position = token.end()
            if name in _STOPS:
                rest = _AFTER_STOP.match(text, position)
                if rest and rest.end() < len(text):
                    self._problem(rest.end(), f"what follows the stop token {name} is not read")
                return
            if stray := _STRAY.match(text, token.start()):
                self._problem(token.start(), f"{_short(stray.group())} has no place here", is_odd=True)
                position = stray.end()
            elif header := _HEADER.match(text, token.start()):
                position = self._call(header)
            else:
                self._problem(position, f"after {START_CALL} comes no `call:name{{`")
                position = self._resume(position)

    def _call(self, header: re.Match[str]) -> int:
        """Read a call whose header stands at `header`; where to go on."""
        before = (self.n_bare, self.n_escaped)
        try:
            arguments, position = self._arguments(header.end())
        except _BrokenCallError as error:
            self.n_bare, self.n_escaped = before
            self._problem(
                error.offset, f"the call of {_short(header.group(1))!r} does not read: {error.what}"
            )
            return self._resume(error.offset)
        self.calls.append(Call(header.group(1), arguments))
        if self.text.startswith(END_CALL, position):
            return position + len(END_CALL)
        blanks = self._skip(position)
        # The end token may be missing: a model that is cut off, or that stops at once, still made the call.
        return blanks + len(END_CALL) if self.text.startswith(END_CALL, blanks) else position

    def _resume(self, position: int) -> int:
        """Where reading goes on after a call that did not read: behind its end token, or at the next call or stop."""
        token = _RESUME.search(self.text, position)
        if token is None:
            return len(self.text)
        return token.end() if token.group() == END_CALL else token.start()

    def _arguments(self, position: int) -> tuple[dict[str, JsonValue], int]:
        """The mapping whose opening brace stands before `position`, and where it ends. No recursion: depth costs no stack."""
        text = self.text
        arguments: dict[str, Any] = {}
        current: Any = arguments
        key = ""
        stack: list[tuple[Any, str]] = []
        while True:
            self.n_values += 1
            if self.n_values > MAX_VALUES:
                raise _BrokenCallError(position, f"the completion holds more than {MAX_VALUES:,} values")
            is_mapping = isinstance(current, dict)
            if plain := (_PLAIN_PAIR if is_mapping else _PLAIN_ITEM).match(text, position):
                key, string, digits, delimiter = plain.groups()
                if is_mapping and key in current:
                    self._twice(position, key)
                _store(current, key, self._plain_value(string, digits))
                position = plain.end()
                is_closed = delimiter != ","
            else:
                position = self._skip(position)
                closing = "}" if is_mapping else "]"
                if not current and text.startswith(closing, position):
                    position += 1
                    is_closed = True
                else:
                    if is_mapping:
                        key, position = self._key(position, current)
                    opening = text[position : position + 1]
                    if opening in ("{", "["):
                        if len(stack) + 2 > MAX_DEPTH:
                            raise _BrokenCallError(position, f"nested more than {MAX_DEPTH} deep")
                        stack.append((current, key))
                        current = {} if opening == "{" else []
                        position += 1
                        continue
                    value, position = self._scalar(position)
                    _store(current, key, value)
                    position, is_closed = self._delimiter(position, closing)
            while is_closed:
                if not stack:
                    return arguments, position
                value = current
                current, key = stack.pop()
                _store(current, key, value)
                position, is_closed = self._delimiter(position, "}" if isinstance(current, dict) else "]")

    def _delimiter(self, position: int, closing: str) -> tuple[int, bool]:
        """Where the next entry begins, or the end behind `closing`; whether it was the end."""
        position = self._skip(position)
        found = self.text[position : position + 1]
        if found == ",":
            return position + 1, False
        if found == closing:
            return position + 1, True
        raise self._unexpected(position, f"`,` or `{closing}` is missing")

    def _key(self, position: int, mapping: dict[str, Any]) -> tuple[str, int]:
        """A key of `mapping`, bare or inside <escape>, and the place of its value."""
        start = position
        if self.text.startswith(ESCAPE, position):
            key, position = self._string(position)
        else:
            word = _BARE_KEY.match(self.text, position)
            assert word is not None  # the pattern matches the empty text
            key, position = word.group().strip(), word.end()
        colon = self._skip(position)
        if not key or not self.text.startswith(":", colon):
            raise self._unexpected(
                colon, "a key and its `:` are missing" if not key else f"`:` is missing after {_short(key)!r}"
            )
        if key in mapping:
            self._twice(start, key)
        return key, self._skip(colon + 1)

    def _scalar(self, position: int) -> tuple[JsonValue, int]:
        """A string, number, boolean or None, and where it ends."""
        if self.text.startswith(ESCAPE, position):
            string, end = self._string(position)
            self._count_if_escaped(string)
            return string, end
        word = _BARE_WORD.match(self.text, position)
        assert word is not None  # the pattern matches the empty text
        bare = word.group().strip()
        if not bare:
            raise self._unexpected(position, "a value is missing")
        if bare in _KEYWORDS:
            self.n_bare += 1
            return _KEYWORDS[bare], word.end()
        number = _NUMBER.fullmatch(bare)
        # No number and no keyword: 2025-06-01, 100abc, living_room. A string, whole.
        return (self._number(bare, number, position) if number else bare), word.end()

    def _number(self, bare: str, number: re.Match[str], position: int) -> int | float | str:
        self.n_bare += 1
        if number.group(1) or number.group(2):
            value = float(bare)
            if math.isfinite(value):
                return value
        else:
            try:
                return int(bare)
            except ValueError:  # Python reads no integer of more than 4,300 digits
                pass
        self._problem(
            position,
            f"a number too large to be read ({len(bare)} characters); it is kept as a string",
            is_odd=True,
        )
        self.n_bare -= 1
        return bare

    def _string(self, position: int) -> tuple[str, int]:
        """The string whose opening <escape> stands at `position`, and where it ends."""
        start = position + _LEN_ESCAPE
        end = _STRING_END.search(self.text, start)
        if end is None or end.group() != ESCAPE:
            raise _BrokenCallError(position, "a string is never closed")
        return self.text[start : end.start()], end.end()

    def _plain_value(self, string: str | None, digits: str) -> JsonValue:
        if string is None:
            self.n_bare += 1
            return int(digits)
        self._count_if_escaped(string)
        return string

    def _count_if_escaped(self, string: str) -> None:
        """Count a string that looks exactly like a number or a boolean: that is how the escaped dialect writes them."""
        if string in ("true", "false") or (string[:1] in _FIRST_OF_NUMBER and _NUMBER.fullmatch(string)):
            self.n_escaped += 1

    def _skip(self, position: int) -> int:
        blanks = _BLANKS.match(self.text, position)
        return blanks.end() if blanks else position

    def _twice(self, position: int, key: str) -> None:
        self._problem(position, f"the key {_short(key)!r} is given twice; the last value counts", is_odd=True)

    def _unexpected(self, position: int, what: str) -> _BrokenCallError:
        if position >= len(self.text):
            return _BrokenCallError(position, "the text ends before its braces close")
        token = CONTROL_PATTERN.match(self.text, position)
        found = token.group() if token else self.text[position]
        return _BrokenCallError(position, f"{what} before {found!r}")

    def _problem(self, offset: int, what: str, *, is_odd: bool = False) -> None:
        self.problems.append(ParseProblem(offset, what, is_odd))


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"


def _store(container: Any, key: str, value: Any) -> None:
    if isinstance(container, dict):
        container[key] = value
    else:
        container.append(value)
