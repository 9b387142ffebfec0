"""The byte-for-byte twin of the official chat template, its oddities included.

What it renders is what the template renders, good or bad; `fgdata.format.strict` is the careful writer. Each oddity is
named where it stands. The template is written in Jinja, so some of them are Jinja's: a missing key prints as nothing
and is false, `None` prints as `None`, names are sorted by `str.lower` and the sort is stable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from fgdata.errors import FormatError, Problem
from fgdata.format.tokens import (
    BOS,
    END_CALL,
    END_DECLARATION,
    END_RESPONSE,
    END_TURN,
    ESCAPE,
    IMAGE,
    START_CALL,
    START_DECLARATION,
    START_RESPONSE,
    START_TURN,
)


class _Missing:
    """What Jinja calls undefined: false, and printed as nothing."""

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return ""


MISSING: Final = _Missing()

HIDDEN_NAMES: Final = frozenset({"description", "type", "properties", "required", "nullable"})
"""Properties of these names never reach a declaration: the template takes them for words of JSON Schema."""


def render_conversation(
    messages: Sequence[Mapping[str, Any]],
    tools: Sequence[Mapping[str, Any]] | None = None,
    add_generation_prompt: bool = False,
) -> str:
    """The conversation as the official chat template renders it, to the byte.

    Args:
        messages: any number of them; the first may be the developer's (or `system`).
        tools: OpenAI entries (`{"type": "function", "function": {...}}`).
        add_generation_prompt: open the model's turn at the end, unless a tool response has left it open.
    Raises: FormatError where the template raises.
    """
    writer = ConversationWriter()
    try:
        declarations = [declare(tool, f"tools[{number}]") for number, tool in enumerate(tools or ())]
        writer.write(messages, declarations, add_generation_prompt)
    except RecursionError as error:
        raise FormatError("a value is nested too deep to be rendered. Flatten it.") from error
    return writer.text


class ConversationWriter:
    """Renders one conversation and remembers which stretches of it the model writes."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._awaits_marker = False
        self.spans: list[tuple[int, int]] = []
        """[start, end) of what the model writes, one for every model turn or part of a turn; sorted, disjoint."""

    @property
    def text(self) -> str:
        """The rendered conversation."""
        return "".join(self._pieces)

    def write(
        self, messages: Sequence[Mapping[str, Any]], declarations: Sequence[str], open_turn: bool
    ) -> None:
        """Render the whole conversation. See `render_conversation`."""
        if not messages:
            raise FormatError("the conversation is empty. Give it at least one message.")
        self._put(BOS)
        first = messages[0]
        has_developer = _item(first, "role") in ("system", "developer")
        if has_developer or declarations:
            self._put(f"{START_TURN}developer\n")
            if has_developer:
                self._put(_content_text(_item(first, "content"), "messages[0]"))
            for declaration in declarations:
                self._put(declaration)
            self._put(f"{END_TURN}\n")
        start = 1 if has_developer else 0
        previous = ""
        for index in range(start, len(messages)):
            message = messages[index]
            where = f"messages[{index}]"
            if _item(message, "role") == "tool":
                for response in _responses(message, where):
                    self._put_response(response)
                previous = "response"
            else:
                previous = self._write_turn(message, where, previous, index == len(messages) - 1)
        if open_turn and previous != "response":
            self._put(f"{START_TURN}model\n")

    def _write_turn(self, message: Mapping[str, Any], where: str, previous: str, is_last: bool) -> str:
        """Write a turn, or go on with the one that a tool response left open; `call` or `content`, whichever it ended in."""
        role = _item(message, "role")
        if not isinstance(role, str):
            raise FormatError(
                Problem(where, "has no role.", "Give it one of developer, user, assistant, tool.")
            )
        role = "model" if role == "assistant" else role
        if previous != "response":
            # After a tool response the model's text goes on in the same turn. The template does this for every role.
            self._put(f"{START_TURN}{role}\n")
        start = self._length
        self._put(_content_text(_item(message, "content"), where))
        calls = _item(message, "tool_calls")
        if calls and isinstance(calls, Iterable):
            for number, call in enumerate(calls):
                self._put(_write_call(call, f"{where}.tool_calls[{number}]"))
            if is_last:
                self._put(START_RESPONSE)
            self._mark(role, start)
            self._awaits_marker = role == "model" and not is_last
            return "call"
        self._put(END_TURN)
        self._mark(role, start)
        self._put("\n")
        return "content"

    def _put(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)
        self._awaits_marker = False

    def _put_response(self, text: str) -> None:
        # The marker that stops the model after its calls is the one that opens the first response.
        stops_model = self._awaits_marker
        self._put(text)
        if stops_model and self.spans:
            start, end = self.spans[-1]
            self.spans[-1] = (start, end + len(START_RESPONSE))

    def _mark(self, role: str, start: int) -> None:
        if role == "model":
            self.spans.append((start, self._length))


def declare(tool: Mapping[str, Any], where: str = "tool") -> str:
    """The declaration of an OpenAI entry, as the template writes it.

    Raises: FormatError if the entry is not wrapped in `function`, or a part that is iterated has the wrong shape.
    """
    body = _item(tool, "function")
    if body is MISSING:
        raise FormatError(
            Problem(
                where, "is not wrapped in `function`.", 'Write it as {"type": "function", "function": {...}}.'
            )
        )
    parts = [
        f"{START_DECLARATION}declaration:{_text(_item(body, 'name'))}"
        f"{{description:{ESCAPE}{_text(_item(body, 'description'))}{ESCAPE}"
    ]
    schema = _item(body, "parameters")
    if schema:
        parts.append(",parameters:{")
        if properties := _item(schema, "properties"):
            parts.append(f"properties:{{{_properties(properties, where)}}},")
        if required := _item(schema, "required"):
            parts.append(f"required:[{_names(required, where)}],")
        if kind := _item(schema, "type"):
            # The closing brace belongs to the type: a schema without one leaves a comma and lacks a brace.
            parts.append(f"type:{ESCAPE}{_text(kind).upper()}{ESCAPE}}}")
    parts.append(f"}}{END_DECLARATION}")
    return "".join(parts)


def _properties(properties: Any, where: str) -> str:
    return ",".join(
        _property(name, schema, where)
        for name, schema in _sorted_items(properties, where)
        if name not in HIDDEN_NAMES
    )


def _property(name: Any, schema: Any, where: str) -> str:
    where = f"{where}.{name}"
    kind = _text(_item(schema, "type")).upper()
    extra = ""
    if kind == "STRING":
        if choices := _item(schema, "enum"):
            extra = f",enum:{render_value(choices, escape_keys=True)}"
    elif kind == "OBJECT":
        inner = _item(schema, "properties")
        # Without properties the schema's own words (additionalProperties, title, …) are rendered in their place.
        extra = f",properties:{{{_properties(inner if isinstance(inner, Mapping) else schema, where)}}}"
        if required := _item(schema, "required"):
            extra += f",required:[{_names(required, where)}]"
    elif kind == "ARRAY":
        items = _item(schema, "items")
        if isinstance(items, Mapping) and items:
            extra = f",items:{{{_array_items(items, where)}}}"
    description = _text(_item(schema, "description"))
    return f"{_text(name)}:{{description:{ESCAPE}{description}{ESCAPE}{extra},type:{ESCAPE}{kind}{ESCAPE}}}"


def _array_items(items: Mapping[str, Any], where: str) -> str:
    parts = []
    for key, value in _sorted_items(items, where):
        if value is None:
            continue
        if key == "properties":
            parts.append(f"properties:{{{_properties(value, where) if isinstance(value, Mapping) else ''}}}")
        elif key == "required":
            parts.append(f"required:[{_names(value, where)}]")
        elif key == "type":
            kinds = (
                value.upper()
                if isinstance(value, str)
                else [_text(kind).upper() for kind in _each(value, where)]
            )
            parts.append(f"type:{render_value(kinds, escape_keys=True)}")
        else:
            # An inner `items` comes here too: escaped keys, types as they stand.
            parts.append(f"{_text(key)}:{render_value(value, escape_keys=True)}")
    return ",".join(parts)


def render_value(value: Any, *, escape_keys: bool = False) -> str:
    """A value as the template writes it.

    Args:
        escape_keys: keys of mappings as strings (in declarations) or bare (in calls and responses).
    """
    if isinstance(value, str):
        return f"{ESCAPE}{value}{ESCAPE}"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, Mapping):
        quote = ESCAPE if escape_keys else ""
        return (
            "{"
            + ",".join(
                f"{quote}{_text(key)}{quote}:{render_value(item, escape_keys=escape_keys)}"
                for key, item in _sorted_items(value, "value")
            )
            + "}"
        )
    if isinstance(value, Sequence):
        return "[" + ",".join(render_value(item, escape_keys=escape_keys) for item in value) + "]"
    return _text(value)


def _write_call(call: Any, where: str) -> str:
    body = _item(call, "function")
    name = _item(body, "name")
    if not isinstance(name, str):
        raise FormatError(
            Problem(
                where,
                "has no `function` with a `name`.",
                'Write it as {"function": {"name": ..., "arguments": {...}}}.',
            )
        )
    arguments = _item(body, "arguments")
    inside = ""
    if isinstance(arguments, Mapping):
        inside = render_value(arguments)[1:-1]
    elif isinstance(arguments, str):
        inside = " " * 20 + arguments  # the template's own indentation
    return f"{START_CALL}call:{name}{{{inside}}}{END_CALL}"


def _responses(message: Mapping[str, Any], where: str) -> list[str]:
    """The responses that a tool message holds: none if its content is empty."""
    content = _item(message, "content")
    if not content:
        return []
    name = _item(message, "name")
    if isinstance(content, str):
        if name is MISSING:
            raise FormatError(
                Problem(where, "the tool's `name` must be provided.", 'Add "name" to the message.')
            )
        return [_response(name, content, where)]
    if isinstance(content, Mapping):
        if "name" in content and "response" in content:
            return [_response(content["name"], content["response"], where)]
        if name is not MISSING:
            return [_response(name, content, where)]
        raise FormatError(Problem(where, "a tool's content needs `name` and `response`.", "Add them."))
    if not isinstance(content, Iterable):
        raise FormatError(
            Problem(where, f"the content is {content!r}.", "Give a text, a mapping, or a list of mappings.")
        )
    responses = []
    for number, item in enumerate(content):
        if not isinstance(item, Mapping) or "name" not in item or "response" not in item:
            raise FormatError(
                Problem(
                    f"{where}.content[{number}]",
                    "is no mapping with `name` and `response`.",
                    "Write it as one.",
                )
            )
        responses.append(_response(item["name"], item["response"], where))
    return responses


def _response(name: Any, value: Any, where: str) -> str:
    if not isinstance(name, str):
        raise FormatError(Problem(where, f"the tool's name is {name!r}.", "Give its name as text."))
    inside = render_value(value)[1:-1] if isinstance(value, Mapping) else f"value:{render_value(value)}"
    return f"{START_RESPONSE}response:{name}{{{inside}}}{END_RESPONSE}"


def _content_text(content: Any, where: str) -> str:
    """The text of a message: trimmed; of parts, each trimmed and joined with nothing."""
    if content is None or content is MISSING:
        return ""
    if isinstance(content, str):
        return content.strip()
    if not isinstance(content, Iterable):
        raise FormatError(Problem(where, f"the content is {content!r}.", "Give a text or a list of parts."))
    parts = []
    for part in content:
        kind = _item(part, "type")
        if kind == "image":
            parts.append(IMAGE)
        elif kind == "text":
            parts.append(_text(_item(part, "text")).strip())
    return "".join(parts)


def _item(value: Any, key: str) -> Any:
    return value.get(key, MISSING) if isinstance(value, Mapping) else MISSING


def _text(value: Any) -> str:
    try:
        return str(value)
    except ValueError as error:  # Python writes no integer of more than 4,300 digits
        raise FormatError("an integer has too many digits to be written.") from error


def _sorted_items(mapping: Any, where: str) -> list[tuple[Any, Any]]:
    """The items by name, case folded, in the order given where two names differ in case only."""
    if not isinstance(mapping, Mapping):
        raise FormatError(Problem(where, f"{mapping!r} stands where a mapping belongs."))
    try:
        return sorted(
            mapping.items(), key=lambda item: item[0].lower() if isinstance(item[0], str) else item[0]
        )
    except TypeError as error:
        raise FormatError(
            Problem(where, f"the keys {list(mapping)!r} cannot be sorted.", "Use text for every key.")
        ) from error


def _names(names: Any, where: str) -> str:
    return ",".join(f"{ESCAPE}{_text(name)}{ESCAPE}" for name in _each(names, where))


def _each(values: Any, where: str) -> Iterable[Any]:
    if not isinstance(values, Iterable):
        raise FormatError(Problem(where, f"{values!r} stands where a list belongs."))
    return values
