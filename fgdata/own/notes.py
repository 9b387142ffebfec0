"""What a tool's file says and the format, or the pack, cannot carry: each feature named, with every place that has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

FEATURES: dict[str, str] = {
    "renamed tool": "it has no name, or one that cannot stand in a call; the new one is declared, and you map it back",
    "renamed parameter": "the model's chat template drops parameters of this name, or a call cannot hold it; the new one is declared, and you map it back",
    "default": "the model never sees it; said in the description instead",
    "limits": "the model never sees them; said in the description, and calls are checked against them",
    "enum of numbers": "only enums of strings are shown; said in the description, and calls are checked against it",
    "null": "no call gives null: an optional argument is left out instead",
    "union": "one type only is declared: the first that can be said",
    "nested array": "the model reads the inner type in other spelling than elsewhere",
    "free keys": "an object whose keys are not listed; the keys that are listed are kept",
    "recursion": "a schema that holds itself; the inner one is left out",
    "too deep": "nested deeper than five levels; the inner part is left out",
    "no values": "no value could be made up that its schema allows; left out",
    "left out": "not part of what the model can fill in",
    "guessed type": "no type is stated; taken from the rest of the schema",
    "changed type": "a type that JSON Schema does not have",
    "keyword": "a word of the schema that is neither shown nor checked",
    "text": "control tokens, unseen characters or line breaks taken out of a description",
    "no Korean word": "a word of a name that we have no Korean for; said as it stands: put yours into the sentences",
    "never asked for": "no sentence of the pack gives it yet",
    "no asking back": "no sentence leaves its required argument out, so the model learns from others to ask for it",
    "given twice": "two declarations of one name; the first is kept",
}
"""Feature -> what becomes of it, in the order they are told."""


@dataclass(frozen=True, slots=True)
class Note:
    """One feature at one place."""

    feature: str
    """A key of `FEATURES`."""
    where: str
    """Tool and path of the parameter: `create_order.items[].type`."""
    what: str
    """The feature as it stands there."""


class Notes(list[Note]):
    """Notes in the order found, each once."""

    def add(self, feature: str, where: str, what: str) -> None:
        """Note a feature of `FEATURES`."""
        if feature not in FEATURES:
            raise AssertionError(feature)
        note = Note(feature, where, what)
        if note not in self:
            self.append(note)


def by_feature(notes: Iterable[Note]) -> dict[str, list[Note]]:
    """The notes of each feature that has any."""
    found: dict[str, list[Note]] = {feature: [] for feature in FEATURES}
    for note in notes:
        found[note.feature].append(note)
    return {feature: those for feature, those in found.items() if those}
