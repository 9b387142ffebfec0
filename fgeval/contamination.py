"""Which test items were seen in training: the same text, the same stem, nearly the same text, or the same template family."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from fgdata.characters import text_key
from fgdata.dialects import scan_examples
from fgdata.errors import DataError, Problem, UsageError
from fgdata.example import Example
from fgdata.generator import utterance_key
from fgdata.linting.near import near_pairs
from fgdata.linting.stems import stem

Touch: TypeAlias = Literal[
    "exact",  # the utterance itself, but for case, blanks and Unicode form
    "stem",  # the utterance with other endings, particles or numbers
    "near",  # an utterance that shares most of its character trigrams
    "family",  # an utterance of the same template family
]
TOUCHES: tuple[str, ...] = get_args(Touch)
SIMILARITY = 0.85
"""Jaccard index of character trigrams from which two texts are nearly the same; that of `fgdata lint`."""


@dataclass(frozen=True, slots=True)
class Contamination:
    """What of a test set was seen in training."""

    touched: Mapping[str, tuple[str, ...]]
    """Item id -> in which ways; an item that is not there is clean."""
    n: int
    n_train: int
    train: tuple[str, ...]
    """The files."""

    def to_json(self) -> dict[str, Any]:
        """Counts, as they stand in `summary.json`."""
        kinds = {kind: sum(kind in ways for ways in self.touched.values()) for kind in TOUCHES}
        return {
            "train": list(self.train),
            "n_train": self.n_train,
            "n": self.n,
            "touched": len(self.touched),
            "by": kinds,
        }


def find_contamination(
    rows: Sequence[Mapping[str, Any]],
    train: Sequence[str | os.PathLike[str]],
    *,
    similarity: float = SIMILARITY,
) -> Contamination:
    """Which of `rows` (lines with `id`, `utterance` and, if known, `pack` and `family`) the training files touch.

    Raises: DataError with the problems of every broken training row; UsageError for a file without rows.
    """
    seen = _read_train(train)
    texts = {utterance_key(example.utterance) for example in seen} - {""}
    # `near` compares words as they are spaced; the same text is the same however it is spaced.
    unspaced = {text_key(text) for text in texts}
    stems = {stem(example.utterance) for example in seen} - {""}
    families = {(example.pack, example.family) for example in seen if example.family}
    near = _near({utterance_key(row["utterance"]) for row in rows} - texts, texts, similarity)
    touched = {}
    for row in rows:
        key = utterance_key(row["utterance"])
        is_same = bool(key) and text_key(key) in unspaced
        ways = {
            "exact": is_same,
            "stem": stem(row["utterance"]) in stems,
            "near": is_same or key in near,
            "family": (row.get("pack", ""), row.get("family")) in families,
        }
        if any(ways.values()):
            touched[row["id"]] = tuple(name for name, is_so in ways.items() if is_so)
    return Contamination(touched, len(rows), len(seen), tuple(str(file) for file in train))


def mark_touched(rows: Sequence[dict[str, Any]], found: Contamination) -> None:
    """Write into every line of scores in which ways it is touched; an empty list says that it is clean."""
    for row in rows:
        row["touched"] = list(found.touched.get(row["id"], ()))


def _read_train(files: Sequence[str | os.PathLike[str]]) -> list[Example]:
    examples: list[Example] = []
    problems: list[Problem] = []
    for file in files:
        before = len(examples) + len(problems)
        for item in scan_examples(file):
            if isinstance(item, DataError):
                problems += item.problems
            else:
                examples.append(item)
        if len(examples) + len(problems) == before:
            raise UsageError(
                Problem("--train", f"{str(file)!r} has no rows.", "Name the file that was trained on.")
            )
    DataError.raise_if(problems)
    return examples


def _near(tested: set[str], trained: set[str], similarity: float) -> set[str]:
    """Those of `tested` that nearly are a text of `trained`. The two have no text in common."""
    texts = [*sorted(trained), *sorted(tested - {""})]
    groups = [0] * len(trained) + [1] * (len(texts) - len(trained))
    return {
        texts[pair.later]
        for pair in near_pairs(texts, groups, similarity)
        if groups[pair.later] and not groups[pair.earlier]
    }
