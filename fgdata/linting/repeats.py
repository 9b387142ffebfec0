"""Rows beside one another: one text with two answers, texts that come again, and what stands in two files.

Of each row a few hashes are kept, and of each different text the text itself until near duplicates are looked for.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fgdata.generator import utterance_key
from fgdata.linting.near import near_pairs
from fgdata.linting.report import Finding
from fgdata.linting.rows import Row, text_of
from fgdata.linting.rules import CONTAMINATED, FEWEST_ROWS
from fgdata.linting.stems import stem


def text_hash(text: str) -> bytes:
    """Twelve bytes that stand for a text."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()


TEST_SPLITS = frozenset({"test", "test_values", "test_compositions"})
"""Files that may share families, and with them stems: none of them is trained on."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """One text as it stood in one row."""

    label: bytes
    context: bytes
    """Developer message and tools: what else decides the answer."""
    kind: str
    """What kind of answer without calls the row says it is; empty if it does not say."""
    file: int
    line: int

    def contradicts(self, other: _Seen) -> bool:
        """Whether the answers differ. Two answers without calls differ if both rows name their kinds, and not the same."""
        return self.label != other.label or bool(self.kind and other.kind and self.kind != other.kind)

    def is_again(self, other: _Seen) -> bool:
        """Whether this is the other row again."""
        return self.context == other.context and not self.contradicts(other)


@dataclass(slots=True)
class Repeats:
    """What rows of all files have said so far."""

    files: Sequence[str]
    similarity: float
    """From which on texts are near duplicates; 0 to leave them alone."""
    texts: dict[bytes, list[_Seen]] = field(default_factory=dict)
    labels: dict[bytes, _Seen] = field(default_factory=dict)
    """First row of each text without its blanks, in its context."""
    stems: dict[bytes, dict[int, tuple[int, int]]] = field(default_factory=dict)
    """Stem -> file -> its first line there, and how many rows have it."""
    families: dict[tuple[str, str], dict[int, tuple[int, int]]] = field(default_factory=dict)
    n_rows: Counter[int] = field(default_factory=Counter)
    kept: list[str] = field(default_factory=list)
    """The different texts."""
    kept_files: array[int] = field(default_factory=lambda: array("L"))
    kept_lines: array[int] = field(default_factory=lambda: array("L"))

    def add(self, row: Row) -> Iterator[tuple[str, str]]:
        """What a row repeats of those before it: rule and words."""
        file = self.files.index(row.file)
        text = self._said(row)
        seen = _Seen(
            text_hash(row.label), self._context(row), "" if row.calls else row.example.kind, file, row.line
        )
        before = self.texts.setdefault(text_hash(text), [])
        utterance = row.utterance[:80]
        copied = next((other for other in before if other.file == file and seen.is_again(other)), None)
        leak = next((other for other in before if other.file != file), None)
        if copied:
            yield "duplicate", f"{utterance!r} stands in line {copied.line} too"
        elif leak:
            yield "split-leak", f"{utterance!r} stands in {self._place(leak.file, leak.line)} too"
        known = self.labels.setdefault(text_hash("".join(text.split())) + seen.context, seen)
        if known.contradicts(seen):
            yield (
                "conflicting-labels",
                f"{utterance!r} has another answer in {self._place(known.file, known.line)}",
            )
        if not before and self.similarity:
            self.kept.append(text)
            self.kept_files.append(file)
            self.kept_lines.append(row.line)
        if not copied:
            before.append(seen)
        yield from self._same_stem(row, file, text, has_leak=leak is not None)
        if row.example.family:
            _count(self.families.setdefault((row.example.pack, row.example.family), {}), file, row.line)
        self.n_rows[file] += 1

    def _said(self, row: Row) -> str:
        """All that is said before the answer, but for the developer; its Unicode form, case and blanks do not count."""
        turns = [m for m in row.example.prompt_messages if m.get("role") not in ("developer", "system")]
        if len(turns) == 1:
            return utterance_key(row.utterance)
        return "\x1f".join(f"{turn.get('role')}\x1e{utterance_key(text_of(turn))}" for turn in turns)

    def _context(self, row: Row) -> bytes:
        """Developer messages and tools, as a hash."""
        developer = [
            text_of(m) for m in row.example.prompt_messages if m.get("role") in ("developer", "system")
        ]
        return text_hash("\x1e".join([*developer, row.tool_set.names]))

    def _same_stem(self, row: Row, file: int, text: str, *, has_leak: bool) -> Iterator[tuple[str, str]]:
        """A row of another file that says the same with other endings."""
        short = stem(row.utterance)
        places = self.stems.setdefault(text_hash(short or f"={text}"), {})
        if short and not has_leak and (other := self._rival(file, places)) is not None:
            yield (
                "stem-leak",
                f"{row.utterance[:80]!r} is {self._place(other, places[other][0])} with other endings or numbers",
            )
        _count(places, file, row.line)

    def _rival(self, file: int, places: Iterable[int]) -> int | None:
        """The first of `places` that is another file; of a test file, one that is no test file."""
        is_test = self._is_test(file)
        return next((n for n in places if n != file and not (is_test and self._is_test(n))), None)

    def _is_test(self, file: int) -> bool:
        return Path(self.files[file]).stem in TEST_SPLITS

    def _place(self, file: int, line: int) -> str:
        """`file:line`."""
        return f"{self.files[file]}:{line}"

    def closing_findings(self) -> Iterator[Finding]:
        """What shows only when all rows were seen."""
        yield from self._family_leaks()
        yield from self._contaminated()
        if self.similarity:
            yield from self._near()

    def _family_leaks(self) -> Iterator[Finding]:
        for (_, family), places in self.families.items():
            (first, (line, _)), *others = places.items()
            if all(map(self._is_test, places)):
                continue  # values and pairs of intents are held out in the words of the test families
            for file, (other, count) in others:
                what = f"{count} rows are of the family {family!r}, as is {self._place(first, line)}."
                yield Finding("family-leak", self.files[file], other, what)

    def _contaminated(self) -> Iterator[Finding]:
        shared: Counter[int] = Counter()
        for places in self.stems.values():
            if len(places) > 1:
                for file, (_, count) in places.items():
                    # The smaller file is the one that tests; of two equal ones, the later.
                    larger = (other for other in places if self._is_larger(other, file))
                    if self._rival(file, larger) is not None:
                        shared[file] += count
        for file, count in sorted(shared.items()):
            if self.n_rows[file] >= FEWEST_ROWS and count > CONTAMINATED * self.n_rows[file]:
                what = f"{count} of {self.n_rows[file]} rows ({count / self.n_rows[file]:.0%}) share their text or stem with a larger file."
                yield Finding("contaminated-split", self.files[file], 0, what)

    def _is_larger(self, other: int, file: int) -> bool:
        return (-self.n_rows[other], other) < (-self.n_rows[file], file)

    def _near(self) -> Iterator[Finding]:
        within: dict[int, list[tuple[int, int]]] = {}
        for pair in near_pairs(self.kept, self.kept_files, self.similarity):
            file, line = self.kept_files[pair.later], self.kept_lines[pair.later]
            other, other_line = self.kept_files[pair.earlier], self.kept_lines[pair.earlier]
            if file == other:
                within.setdefault(file, []).append((line, other_line))
                continue
            if self._is_test(file) and self._is_test(other):
                continue
            what = f"{self.kept[pair.later][:80]!r} is {self.kept[pair.earlier][:80]!r} of {self._place(other, other_line)} but for {1 - pair.similarity:.0%} of its trigrams."
            yield Finding("near-leak", self.files[file], line, what)
        for file, pairs in within.items():
            line, other_line = min(pairs)
            what = f"{len(pairs)} of {self.n_rows[file]} texts are nearly the same as one before them; the first is this one, beside line {other_line}."
            yield Finding("near-duplicate", self.files[file], line, what)


def _count(places: dict[int, tuple[int, int]], file: int, line: int) -> None:
    first, count = places.get(file, (line, 0))
    places[file] = (first, count + 1)
