"""Random templates for tests, and everything that one can say, found the slow way: from the grammar alone, without a cell."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping

from hypothesis import strategies as st
from jinja2 import nodes

from fgdata.pack import Slot, SlotValue
from fgdata.positions import Place, Text
from fgdata.template import Template, read_template

HERE = Place("slots.yaml", 1)


def slot(name: str, *values: tuple[str, ...], differs_from: str = "", kind: str = "values") -> Slot:
    """A slot whose forms are drawn equally often."""
    n_forms = sum(map(len, values))
    made = tuple(
        SlotValue(None if kind == "words" else forms[0], forms, HERE, (1 / n_forms,) * len(forms))
        for forms in values
    )
    return Slot(name, kind, made, HERE, differs_from)  # type: ignore[arg-type]


SLOTS: Mapping[str, Slot] = {
    "a": slot("a", ("x", "xx"), ("y",)),
    "b": slot("b", ("x", "xx"), ("y",), differs_from="a"),
    "w": slot("w", ("p", "q"), kind="words"),
}


def read(text: str, slots: Mapping[str, Slot] = SLOTS) -> Template:
    """The template, which must be one."""
    problems: list[object] = []
    forms = {name: tuple(slot.forms) for name, slot in slots.items()}
    template = read_template(
        Text(text, Place("intents/test.yaml", 7)),
        "utterance",
        forms,
        (),
        lambda *said: problems.append(said),
        is_korean=False,
    )
    assert template is not None, (text, problems)
    return template


_leaves = st.sampled_from(["a", "b", "w", "'k'", "'x'", "''", "'p q'"])
_expressions = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda listed: f"pick({', '.join(listed)})"),
        inner.map(lambda one: f"maybe({one})"),
        inner.map(lambda one: f"maybe({one}, 0.2)"),
        st.tuples(inner, inner).map(" ~ ".join).map(lambda both: f"({both})"),
        inner.map(lambda one: f"({one}) | upper"),
    ),
    max_leaves=4,
)
_parts = st.one_of(
    _expressions.map(lambda text: f"{{{{ {text} }}}}"), st.sampled_from([" ", "k", "x", " and "])
)
templates = st.lists(_parts, min_size=1, max_size=4).map("".join).map(lambda text: f"s{text}")
"""Templates with slots that stand twice, slots that differ, optional parts and texts that run into one another."""


Filling = Mapping[str, tuple[int, str]]
"""Slot -> number of its value, and the form."""
Derivation = tuple[tuple[str, ...], frozenset[tuple[str, int, str]]]
"""The texts of a template's parts, and what the slots that they print were filled with."""


def derivations(template: Template, slots: Mapping[str, Slot] = SLOTS) -> set[Derivation]:
    """Everything the template can say: fill every slot, then make every choice."""
    names = sorted(template.slots)
    fillings = [
        [(number, form) for number, value in enumerate(slots[name].values) for form in value.forms]
        for name in names
    ]
    found = set()
    for chosen in itertools.product(*fillings):
        filling = dict(zip(names, chosen, strict=True))
        said = [list(_said(part, filling)) for part in template.parts]
        for outcome in itertools.product(*said):
            printed = frozenset(name for _, names in outcome for name in names)
            pairs = [(name, slots[name].differs_from) for name in printed]
            if any(other in printed and filling[name][0] == filling[other][0] for name, other in pairs):
                continue
            texts = tuple(text for text, _ in outcome)
            found.add((texts, frozenset((name, *filling[name]) for name in printed)))
    return found


def _said(part: str | nodes.Expr, filling: Filling) -> Iterator[tuple[str, frozenset[str]]]:
    """What a part prints with this filling, and the slots that stand in it."""
    match part:
        case str():
            yield part, frozenset()
        case nodes.Const():
            yield part.value, frozenset()
        case nodes.Name():
            yield filling[part.name][1], frozenset({part.name})
        case nodes.Filter(name="upper") if part.node is not None:
            yield from ((text.upper(), names) for text, names in _said(part.node, filling))
        case nodes.Concat():
            for outcome in itertools.product(*[list(_said(one, filling)) for one in part.nodes]):
                yield (
                    "".join(text for text, _ in outcome),
                    frozenset().union(*(names for _, names in outcome)),
                )
        case nodes.Call(node=nodes.Name(name="maybe")):
            yield "", frozenset()
            yield from _said(part.args[0], filling)
        case nodes.Call():
            for argument in part.args:
                yield from _said(argument, filling)
        case _:
            raise AssertionError(part)


def all_forms(slots: Iterable[Slot]) -> dict[str, list[tuple[int, str]]]:
    """Slot -> value's number and form, of all its forms."""
    return {
        one.name: [(number, form) for number, value in enumerate(one.values) for form in value.forms]
        for one in slots
    }
