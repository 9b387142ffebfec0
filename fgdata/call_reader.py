"""Reads the calls of an intent: patterns whose arguments name slots and policies, against the tools' schemas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from yaml.nodes import MappingNode, Node, SequenceNode

from fgdata.errors import Problem, SchemaError
from fgdata.pack import CALLING, REFERENCE, CallPattern, Kind, Policy, Slot, filled
from fgdata.positions import Place, Reader, Text, closest
from fgdata.schema import JsonValue, Tool


@dataclass(frozen=True)
class CallReader:
    """Reads calls against the tools, slots and policies of their pack."""

    tools: Mapping[str, Tool]
    slots: Mapping[str, Slot]
    policies: Mapping[str, Policy]
    problems: list[Problem]
    """Those found are added here."""
    lost_tools: frozenset[str] = frozenset()
    """Names of tools whose declarations do not read; an empty one may be any."""
    refused: set[tuple[object, ...]] = field(default_factory=set)
    """Slot values already said to be off a tool's schema."""

    def complain(self, place: Place, what: str, remedy: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(str(place), what, remedy))

    def calls(self, reader: Reader, fields: Mapping[str, Node], kind: Kind | None) -> tuple[CallPattern, ...]:
        """The calls; none unless the kind is one that calls."""
        node = fields.get("calls")
        items = reader.items(node, "calls", may_be_empty=True)
        place = node or reader.root
        if kind in CALLING and not items and place is not None:
            remedy = "Add `calls: [{tool: NAME, arguments: {...}}]`."
            reader.wrong(place, f"an intent of kind {kind!r} has no calls.", remedy)
        if kind is not None and kind not in CALLING and items:
            reader.wrong(
                items[0],
                f"an intent of kind {kind!r} calls a tool.",
                "Take the calls out, or write `kind: call`.",
            )
        return tuple(call for item in items if (call := self.call(reader, item)) is not None)

    def call(self, reader: Reader, node: Node) -> CallPattern | None:
        """One call, its tool and arguments known."""
        fields = reader.fields(node, "a call", ["tool"], ["arguments", "each", "except"])
        name = reader.text(fields.get("tool"), "tool")
        if name is None:
            return None
        tools = self.tools_named(reader, name)
        if not tools:
            return None
        pairs = reader.mapping(fields["arguments"], "arguments") if "arguments" in fields else {}
        each = self.each(reader, fields, tools[0])
        arguments: dict[str, Any] = {}
        slots: dict[str, None] = dict.fromkeys(REFERENCE.findall(name.text))
        policies: dict[str, None] = {}
        for number, tool in enumerate(tools):
            known = {parameter.name: parameter for parameter in tool.parameters}
            for parameter in tool.parameters:
                if (
                    parameter.required
                    and parameter.name not in pairs
                    and not (each and each[0] == parameter.name)
                ):
                    reader.wrong(
                        node,
                        f"{tool.name} needs the argument {parameter.name!r}.",
                        f'Add it under `arguments`: {parameter.name}: "{{slot}}" or a policy.',
                    )
            for argument, (key, value) in pairs.items():
                if argument not in known and not tool.strict_schema.get("additionalProperties"):
                    reader.wrong(key, f"{tool.name} has no argument {argument!r}.", closest(argument, known))
                    continue
                count = len(self.problems)
                pattern, named, grounds = self.argument(reader, value)
                if number:
                    del self.problems[count:]  # said for the first tool
                # A policy that is not among the keys stood in a file that cannot be read: its value is not known.
                if len(self.problems) == count and self.policies.keys() >= set(grounds):
                    self.check_values(tool, argument, pattern, named, reader.place(value))
                if not named and not grounds and len(self.problems) == count:
                    reader.wrong(
                        value,
                        f"the argument {argument!r} has nothing in the text to stand on.",
                        'Name a slot ("{slot}"), or a policy that says why ("{policy.name}").',
                    )
                arguments[argument] = pattern
                slots |= dict.fromkeys(named)
                policies |= dict.fromkeys(grounds)
        if each and each[2]:
            slots[each[2]] = None
        return CallPattern(name.text, arguments, tuple(slots), reader.place(node), tuple(policies), each)

    def tools_named(self, reader: Reader, name: Text) -> list[Tool]:
        """The tool of that name, or all that a slot's values name."""
        if reference := REFERENCE.fullmatch(name.text):
            slot = self.slots.get(reference[1])
            if slot is None or not slot.has_value:
                reader.wrong(name.place, f"unknown slot {reference[1]!r}, or one without values.", closest(reference[1], self.slots))  # fmt: skip
                return []
            names = [str(value.value) for value in slot.values]
        else:
            names = [name.text]
        unknown = [one for one in names if one not in self.tools]
        for one in unknown if self.tools and not self.lost_tools.intersection(["", *unknown]) else ():
            reader.wrong(name.place, f"unknown tool {one!r}.", closest(one, self.tools))
        return [self.tools[one] for one in names] if not unknown else []

    def each(
        self, reader: Reader, fields: Mapping[str, Node], tool: Tool
    ) -> tuple[str, tuple[JsonValue, ...], str] | None:
        """`each: PARAMETER` makes one call for every value of its enum, but that of the slot under `except`."""
        if "each" not in fields:
            if "except" in fields:
                reader.wrong(fields["except"], "`except` stands without `each`.", "Add `each: PARAMETER`.")
            return None
        name = reader.text(fields["each"], "each")
        left_out = reader.text(fields.get("except"), "except")
        schema = {parameter.name: parameter.schema for parameter in tool.parameters}.get(
            name.text if name else ""
        )
        if name is None or schema is None or not isinstance(schema.get("enum"), list):
            reader.wrong(fields["each"], f"`each` needs a parameter of {tool.name} with an enum.", closest(name.text if name else "", [p.name for p in tool.parameters]))  # fmt: skip
            return None
        reference = REFERENCE.fullmatch(left_out.text) if left_out else None
        slot = reference[1] if reference else ""
        if left_out is not None and (slot not in self.slots or not self.slots[slot].has_value):
            reader.wrong(
                left_out.place,
                f"`except` is {left_out.text!r}.",
                'Name a slot with values: except: "{room}".',
            )
            return None
        if slot:
            for value in self.slots[slot].values:
                if value.value not in schema["enum"]:
                    reader.wrong(value.place, f"{value.value!r} of slot {slot!r} is none that `each: {name.text}` goes through: nothing would be left out.", f"Its values are {schema['enum']}.")  # fmt: skip
            if len(schema["enum"]) < 2:
                reader.wrong(fields["each"], f"{tool.name}.{name.text} has one value: with it left out there is no call.", "Write the call without `each`.")  # fmt: skip
        if name.text in reader.mapping(fields.get("arguments"), "arguments"):
            reader.wrong(name.place, f"the argument {name.text!r} stands under `arguments` too.", "Take it out there.")  # fmt: skip
        return name.text, tuple(schema["enum"]), slot

    def argument(self, reader: Reader, node: Node) -> tuple[Any, list[str], list[str]]:
        """An argument's pattern, policies put in, the slots it names, and the policies."""
        if isinstance(node, MappingNode):
            parts = {
                name: self.argument(reader, value)
                for name, (_, value) in reader.mapping(node, "an argument").items()
            }
            return (
                {name: pattern for name, (pattern, _, _) in parts.items()},
                [slot for _, named, _ in parts.values() for slot in named],
                [policy for _, _, grounds in parts.values() for policy in grounds],
            )
        if isinstance(node, SequenceNode):
            listed = [self.argument(reader, item) for item in node.value]
            return (
                [pattern for pattern, _, _ in listed],
                [slot for _, named, _ in listed for slot in named],
                [policy for _, _, grounds in listed for policy in grounds],
            )
        value = reader.value(node, "an argument")
        if not isinstance(value, str) or not (found := REFERENCE.search(value)):
            return value, [], []
        if found[0] != value:
            reader.wrong(
                node,
                f"{value!r} mixes a slot with other text.",
                f'An argument is the slot alone: "{found[0]}".',
            )
            return value, [], []
        name = found[1]
        if name.startswith("policy."):
            policy = self.policies.get(name.removeprefix("policy."))
            if policy is None:
                reader.wrong(
                    node,
                    f"unknown policy {name.removeprefix('policy.')!r}.",
                    closest(name.removeprefix("policy."), self.policies),
                )
                return value, [], []
            return policy.value, [], [policy.name]
        slot = self.slots.get(name)
        if slot is None:
            reader.wrong(
                node,
                f"unknown slot {name!r}.",
                f"Add `{name}:` under `slots` in slots.yaml. {closest(name, self.slots)}",
            )
        elif not slot.has_value:
            reader.wrong(
                node,
                f"the slot {name!r} holds words without a value.",
                "Give it `values:` with a value for each group of forms.",
            )
        return value, [name], []

    def check_values(
        self, tool: Tool, argument: str, pattern: Any, named: Sequence[str], place: Place
    ) -> None:
        """Note what the tool's schema refuses, for every value of every slot the argument names."""
        try:
            self.check_each(tool, argument, pattern, named, place)
        except SchemaError as error:
            for problem in error.problems:
                self.complain(place, problem.what, "Correct the schema in tools.json.")

    def check_each(self, tool: Tool, argument: str, pattern: Any, named: Sequence[str], place: Place) -> None:
        """As `check_values`. Raises: SchemaError if the schema holds a `$ref` in a circle."""
        alone = Tool(tool.name, "", {**tool.schema, "required": []})
        first = {name: self.slots[name].values[0].value for name in named if self.slots[name].values}
        if len(first) < len(set(named)):
            return  # a slot without values: said where it stands
        if not named:
            for complaint in alone.complaints({argument: pattern}):
                self.complain(place, f"{complaint}.", "Change it here, or the schema in tools.json.")
            return
        for name in dict.fromkeys(named):
            slot = self.slots[name]
            refused = [
                (value, complaints[0])
                for value in slot.values
                if (
                    complaints := alone.complaints(
                        {argument: filled(pattern, self.beside(first, name, value.value))}
                    )
                )
            ]
            remedy = "Change it here, or the schema in tools.json."
            for value, complaint in refused if slot.kind == "values" else refused[:1]:
                key = (value.place, tool.name, complaint)
                if key not in self.refused:
                    self.refused.add(key)
                    where = value.place if slot.kind == "values" else slot.place
                    more = (
                        f" ({len(refused)} of its {len(slot.values)} numbers)" if slot.kind == "range" else ""
                    )
                    self.complain(where, f"slot {name!r} does not fit {place}: {complaint}{more}.", remedy)

    def beside(self, first: Mapping[str, JsonValue], name: str, value: JsonValue) -> dict[str, JsonValue]:
        """`value` for the slot `name` beside the first values of others; of one that it differs from, another value."""
        values = {**first, name: value}
        for other, known in list(values.items()):
            is_twin = other != name and (
                self.slots[other].differs_from == name or self.slots[name].differs_from == other
            )
            if is_twin and known == value:
                different = (one.value for one in self.slots[other].values if one.value != value)
                values[other] = next(different, value)
        return values
