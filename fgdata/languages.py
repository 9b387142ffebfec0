"""Parts of a pack that are written once for all its languages, or as `{ko: ..., en: ...}`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from yaml.nodes import MappingNode, Node

from fgdata.pack import Pack
from fgdata.positions import Reader, closest

TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")
"""What a language is called."""


def by_language(reader: Reader, node: Node | None, what: str, languages: Sequence[str]) -> dict[str, Node]:
    """Language -> its node. What is not written by language is of the first.

    A key that is none of the pack's languages is noted as a problem.
    """
    if node is None:
        return {}
    if not isinstance(node, MappingNode):
        return {languages[0]: node}
    keys = [getattr(key, "value", None) for key, _ in node.value]
    if len(languages) == 1 and keys != [languages[0]]:
        return {languages[0]: node}  # said where it is read: it must be something else than a mapping
    found = {}
    for name, (key, value) in reader.mapping(node, what).items():
        if name in languages:
            found[name] = value
        else:
            reader.wrong(
                key, f"{what} names {name!r}, which is no language of the pack.", closest(name, languages)
            )
    return found


def languages_of(reader: Reader, short: Node | None, several: Node | None) -> tuple[str, ...]:
    """The pack's languages, from `language: ko` or `languages: [ko, en]`; a wrong one is noted and left out."""
    if short is not None and several is not None:
        reader.wrong(several, "both `language` and `languages` are given.", "Keep `languages`.")
    if several is not None:
        texts = reader.texts(several, "languages")
    else:
        text = reader.text(short, "language")
        texts = () if text is None else (text,)
    for text in texts:
        if not TAG.fullmatch(text.text):
            name = "language" if several is None else "an item of languages"
            reader.wrong(text.place, f"{name} is {text.text!r}.", "Use a language tag, such as ko or en.")
    return tuple(text.text for text in texts) or ("",)


def in_language(pack: Pack, language: str) -> str:
    """` in en`, where the pack has several languages; else nothing."""
    return f" in {language}" if len(pack.languages) > 1 else ""
