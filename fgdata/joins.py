"""How the clauses of one utterance are joined, by language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Join:
    """What stands between two clauses, and what ending the first one takes."""

    ending: str
    """For `conjugate`; empty where the clause keeps the ending it has."""
    mark: str
    """What follows, up to the next clause."""


JOINS: Mapping[str, Mapping[str, Join]] = {
    "ko": {
        "고": Join("고", " "),
        "고,": Join("고", ", "),
        "고_나서": Join("고", " 나서 "),
        "고_그다음에": Join("고", " 그다음에 "),
        "그리고": Join("", " 그리고 "),
    },
    "en": {
        "and": Join("", " and "),
        "and_then": Join("", " and then "),
        "then": Join("", ", then "),
        "and_also": Join("", " and also "),
    },
}
"""Language -> name -> join. No two languages share a name: a join says which language it is of."""


def joins_of(languages: Iterable[str]) -> dict[str, tuple[str, Join]]:
    """Name -> language and join, of these languages."""
    return {
        name: (language, join) for language in languages for name, join in JOINS.get(language, {}).items()
    }
