"""Profile: how the texts of a group of rows look, and how varied they are."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fgdata.generator import utterance_key
from fgdata.stats.endings import NOT_PLACED, OPEN_VOWEL, find_ending
from fgdata.stats.numbers import has_spoken_number, mask_numbers

FIRST_ROWS = 5000
"""Rows over which diversity is measured: distinct-n falls as a text grows, so only like sizes compare."""
SURFACE = {
    "mean_characters": "characters, mean",
    "median_characters": "characters, median",
    "under_12_characters": "under 12 characters",
    "digits_or_latin": "digits or Latin letters",
    "punctuation": "punctuation",
    "spoken_numbers": "numbers in Hangul (이십사 도)",
    "jom": "좀",
    "give_attached": "주다 attached (꺼줘), of all 주다",
    "request_not_last": "request word not last",
    "opens_ya": "opens with 야",
    "opens_jeogi": "opens with 저기",
}
"""Measures of the surface; but for the two counts of characters, shares of rows. The last six are for Korean."""
KOREAN_ONLY = tuple(SURFACE)[5:]
DIVERSITY = {
    "distinct_texts": "distinct texts",
    "distinct_1": "distinct-1",
    "distinct_2": "distinct-2",
    "distinct_3": "distinct-3",
    "zlib_ratio": "zlib ratio",
    "top_5_openings": "five most frequent first words",
}
"""Measures of variety. More of the same text makes distinct-n smaller and the zlib ratio larger."""

_DIGITS_OR_LATIN = re.compile(r"[0-9A-Za-z]")
_PUNCTUATION = re.compile(r"[^\w\s]|_")
_JOM = re.compile(r"좀(?![가-힣])|(?<=[가-힣])좀(?=\s)")
_GIVE = "(?:줘|줄|줬|주(?:세|셔|시|실|십|겠|라|면|길|기|렴))"
_ATTACHED = re.compile(f"{OPEN_VOWEL}{_GIVE}")
_SPACED = re.compile(rf"{OPEN_VOWEL}\s{_GIVE}")
_OPENS = re.compile(r"(야|저기)(?:요?(?=[\s,.!?~…]|$))")


@dataclass(frozen=True, slots=True)
class Profile:
    """What was measured in a group of texts."""

    rows: int
    surface: dict[str, float]
    """By the names of `SURFACE`; the Korean ones are left out for other languages, and what has no case is left out."""
    endings: dict[str, float]
    """Ending class -> share of rows; empty for other languages."""
    diversity: dict[str, float]
    """By the names of `DIVERSITY`."""
    diversity_rows: int
    """Rows, from the first on, over which `diversity` was measured."""
    openings: dict[str, float] = field(default_factory=dict)
    """The most frequent first words, numbers masked, and their shares of `diversity_rows`."""

    def to_json(self) -> dict[str, Any]:
        """The profile as JSON, shares rounded to four places."""
        return {
            "rows": self.rows,
            "surface": _rounded(self.surface),
            "endings": _rounded(self.endings),
            "diversity": _rounded(self.diversity),
            "diversity_rows": self.diversity_rows,
            "openings": _rounded(self.openings),
        }

    @property
    def not_placed(self) -> float:
        """Share of rows whose ending the classifier cannot place."""
        return self.endings.get(NOT_PLACED, 0.0)


def _rounded(shares: dict[str, float]) -> dict[str, float]:
    return {name: round(share, 4) for name, share in shares.items()}


class Look(NamedTuple):
    """How one text looks."""

    marks: list[str]
    """Names of `SURFACE` that hold of it; `attached` and `spaced` for its 주다."""
    ending: str
    """Its ending class; empty for other languages."""


def look_at(text: str, *, korean: bool) -> Look:
    """How `text` looks; only Korean is looked at for its ending."""
    marks = []
    if _DIGITS_OR_LATIN.search(text):
        marks.append("digits_or_latin")
    if _PUNCTUATION.search(text):
        marks.append("punctuation")
    if not korean:
        return Look(marks, "")
    if has_spoken_number(text):
        marks.append("spoken_numbers")
    if "좀" in text and _JOM.search(text):
        marks.append("jom")
    if _ATTACHED.search(text):
        marks.append("attached")
    if _SPACED.search(text):
        marks.append("spaced")
    if opens := _OPENS.match(text):
        marks.append("opens_ya" if opens[1] == "야" else "opens_jeogi")
    ending = find_ending(text)
    if not ending.is_last:
        marks.append("request_not_last")
    return Look(marks, ending.name)


@dataclass(slots=True)
class Tally:
    """A profile in the making: texts are added one by one and, but for the first `first`, not kept."""

    korean: bool
    """Whether the texts are Korean: their endings are classified."""
    first: int = FIRST_ROWS
    lengths: Counter[int] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    texts: list[str] = field(default_factory=list)

    def add(self, text: str, look: Look) -> None:
        """Count `text`, which looks like this."""
        if len(self.texts) < self.first:
            self.texts.append(text)
        self.lengths[len(text)] += 1
        for mark in look.marks:
            self.hits[mark] += 1
        if self.korean:
            self.endings[look.ending] += 1

    def profile(self) -> Profile:
        """The measures of what was added."""
        rows = self.lengths.total()
        surface = {
            "mean_characters": sum(length * count for length, count in self.lengths.items()) / rows,
            "median_characters": _median(self.lengths),
            "under_12_characters": sum(c for length, c in self.lengths.items() if length < 12) / rows,
        }
        for name in SURFACE:
            if name == "give_attached":
                gives = self.hits["attached"] + self.hits["spaced"]
                surface |= {name: self.hits["attached"] / gives} if gives else {}
            elif name not in surface and (self.korean or name not in KOREAN_ONLY):
                surface[name] = self.hits[name] / rows
        diversity, openings = measure_diversity(self.texts)
        return Profile(
            rows=rows,
            surface=surface,
            endings={name: count / rows for name, count in self.endings.most_common()},
            diversity=diversity,
            diversity_rows=len(self.texts),
            openings=openings,
        )


def profile_texts(texts: Iterable[str], *, korean: bool, first: int = FIRST_ROWS) -> Profile:
    """The profile of some texts, at least one."""
    tally = Tally(korean, first)
    for text in texts:
        tally.add(text, look_at(text, korean=korean))
    return tally.profile()


def measure_diversity(texts: list[str]) -> tuple[dict[str, float], dict[str, float]]:
    """The measures of `DIVERSITY`, and the ten most frequent first words with their shares. Numbers are masked by one sign.

    distinct-n is the number of different runs of n words over the number of all such runs, none across two texts. The zlib ratio is
    bytes before over bytes after compression of all texts, one a line.
    """
    keys = [utterance_key(text) for text in texts]
    words = [mask_numbers(key).split() for key in keys]
    found = {"distinct_texts": len(set(keys)) / max(1, len(keys))}
    for n in (1, 2, 3):
        runs = Counter(tuple(line[at : at + n]) for line in words for at in range(len(line) - n + 1))
        found[f"distinct_{n}"] = len(runs) / max(1, runs.total())
    joined = "\n".join(" ".join(line) for line in words).encode()
    found["zlib_ratio"] = len(joined) / len(zlib.compress(joined, 9))
    firsts = Counter(line[0] for line in words if line)
    openings = {word: count / len(keys) for word, count in firsts.most_common(10)}
    found["top_5_openings"] = sum(list(openings.values())[:5])
    return found, openings


def _median(lengths: Counter[int]) -> float:
    """The median of counted lengths; of an even number, the mean of the middle two."""
    rows = lengths.total()
    middle = ((rows - 1) // 2, rows // 2)
    found, seen = [], 0
    for length, count in sorted(lengths.items()):
        found += [length for rank in middle if seen <= rank < seen + count]
        seen += count
    return sum(found) / 2
