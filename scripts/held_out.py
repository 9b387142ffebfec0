"""How well a bag of characters names the functions: what a pack's held-out families, values and hand-written rows ask for.

    python scripts/held_out.py climate_ko home_ko               print the report
    python scripts/held_out.py climate_ko home_ko --write       put it into docs/packs/held_out.md, each pack between its marks
    python scripts/held_out.py home_ko --errors test            what is named wrong, row by row

A logistic regression over character n-grams learns, from the train split, which functions a text calls: one yes or no a function,
so that a text may call several. `none` stands for no call, `ask` for asking back. It sees the text alone, no declaration: rows
whose right tool was taken away are left out, since their texts are those of calls. No text of hand_ko.jsonl is ever printed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the checkout's own packages, whatever is installed

from fgdata.dataset import write_dataset  # noqa: E402
from fgdata.example import Example, read_jsonl  # noqa: E402
from fgdata.generator import Request  # noqa: E402
from fgdata.packs import load_pack  # noqa: E402
from fgeval.stats import wilson  # noqa: E402
from scripts.docs import with_parts  # noqa: E402

PAGE = ROOT / "docs" / "packs" / "held_out.md"
HAND = ROOT / "tests" / "data" / "hand_ko.jsonl"
EASY, HARD = 0.97, 0.75
"""Above the first a test split says little; below the second its labels are suspect."""
HAND_NAMES: Mapping[str, Mapping[str, str]] = {
    "home_ko": {},
    "climate_ko": {
        "ac_power_on": "power_on",
        "ac_power_off": "power_off",
        "ac_set_temperature": "set_temperature",
        "ac_adjust_temperature": "adjust_temperature",
        "ac_set_mode": "set_mode",
        "ac_set_fan_speed": "set_fan_speed",
    },
}
"""Pack -> the names of hand_ko.jsonl -> its own; where it has names of its own, only rows that call these alone are its."""
THRESHOLDS = tuple(np.linspace(0.1, 0.7, 25))
"""Where a second function is taken to be called; the best on the validation split is used."""


@dataclass(frozen=True, slots=True)
class Item:
    """A text and what it asks for."""

    text: str
    labels: frozenset[str]
    family: str


@dataclass(frozen=True, slots=True)
class Result:
    """What was named in the items of one split."""

    split: str
    items: tuple[Item, ...]
    named: tuple[frozenset[str], ...]

    @property
    def right(self) -> int:
        """Items whose functions are all named and no other."""
        return sum(item.labels == got for item, got in zip(self.items, self.named, strict=True))

    def part(self, several: bool) -> Result:
        """The items that call several functions, or the others."""
        pairs = zip(self.items, self.named, strict=True)
        kept = [(item, got) for item, got in pairs if (len(item.labels) > 1) == several]
        return Result(self.split, tuple(item for item, _ in kept), tuple(got for _, got in kept))


class Namer:
    """One logistic regression a label, over the character n-grams of a text."""

    def __init__(self, items: Sequence[Item], validation: Sequence[Item], strength: float = 30.0) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.multiclass import OneVsRestClassifier
        from sklearn.preprocessing import MultiLabelBinarizer

        self.vectors = TfidfVectorizer(analyzer="char", ngram_range=(1, 5), sublinear_tf=True, min_df=2)
        self.binarizer = MultiLabelBinarizer()
        one = LogisticRegression(C=strength, solver="liblinear")
        self.model = OneVsRestClassifier(one)
        asked = self.binarizer.fit_transform([item.labels for item in items])  # (rows, labels)
        self.model.fit(self.vectors.fit_transform([item.text for item in items]), asked)
        self.together = (asked.T @ asked) > 0
        """(labels, labels): the pairs that some row of the train split calls; no others are named together."""
        self.labels = [str(name) for name in self.binarizer.classes_]
        chances = self._chances(validation)
        self.threshold = max(THRESHOLDS, key=lambda at: self._hits(chances, validation, at))

    def _chances(self, items: Sequence[Item]) -> np.ndarray:
        return np.asarray(self.model.predict_proba(self.vectors.transform([item.text for item in items])))

    def _hits(self, chances: np.ndarray, items: Sequence[Item], threshold: float) -> int:
        named = self._decode(chances, threshold)
        return sum(item.labels == got for item, got in zip(items, named, strict=True))

    def _decode(self, chances: np.ndarray, threshold: float) -> list[frozenset[str]]:
        """The likeliest label of each row, and beside it, likeliest first, those above the threshold that go with it."""
        found = []
        for row in chances:  # (labels,)
            best, *others = (int(number) for number in np.argsort(-row, kind="stable"))
            named = [best]
            for other in others:
                if row[other] >= threshold and all(self.together[other, number] for number in named):
                    named.append(other)
            found.append(frozenset(self.labels[number] for number in named))
        return found

    def name(self, split: str, items: Sequence[Item]) -> Result:
        """The functions that the texts are taken to call."""
        return Result(split, tuple(items), tuple(self._decode(self._chances(items), self.threshold)))


def items_of(rows: Sequence[Example]) -> list[Item]:
    """The rows as items, those without their right tool left out."""
    return [
        Item(row.utterance, labels_of(row.kind, [call.name for call in row.expected_calls]), row.family)
        for row in rows
        if row.kind != "missing_tool"
    ]


def labels_of(kind: str, calls: Sequence[str]) -> frozenset[str]:
    """The functions called; without any, `ask` or `none`."""
    return frozenset(calls) or frozenset({"ask" if kind == "ask" else "none"})


def hand_items(pack: str, half: str) -> list[Item]:
    """The hand-written rows of one half that a pack's functions can answer."""
    names = HAND_NAMES[pack]
    rows = [json.loads(line) for line in HAND.read_text("utf-8").splitlines()]
    found = []
    for row in rows:
        called = [call["name"] for call in row["calls"]]
        if row["set"] != half or (names and not (called and set(called) <= set(names))):
            continue
        found.append(Item(row["text"], labels_of(row["kind"], [names.get(n, n) for n in called]), row["id"]))
    return found


def splits_of(data: Path) -> dict[str, list[Item]]:
    """The items of a data set by split."""
    return {path.stem: items_of(read_jsonl(path)) for path in sorted(data.glob("*.jsonl"))}


def measure(pack: str, rows: int, seed: int, data: Path | None = None) -> tuple[Namer, list[Result]]:
    """A namer trained on `rows` rows of a pack, or on those in `data`, and what it names in every split that was held out."""
    if data is not None:
        splits = splits_of(data)
    else:
        with tempfile.TemporaryDirectory() as folder:
            write_dataset(load_pack(pack), Request(rows, seed), folder)
            splits = splits_of(Path(folder))
    namer = Namer(splits.pop("train"), splits["validation"])
    if pack in HAND_NAMES:
        splits["hand-written, look half"] = hand_items(pack, "look")
        splits["hand-written, score half"] = hand_items(pack, "score")
    return namer, [namer.name(split, items) for split, items in splits.items() if split != "validation"]


def share(result: Result) -> str:
    """Right of all, and the interval, as a cell."""
    if not result.items:
        return "–"
    low, high = wilson(result.right, len(result.items))
    return f"{result.right / len(result.items):.1%} of {len(result.items):,} ({low:.1%} to {high:.1%})"


def accuracy_table(results: Sequence[Result]) -> Iterator[str]:
    """A row a split: all items, those of one function or none, those of several."""
    yield "| split | all | one function or none | several functions |"
    yield "|---|---|---|---|"
    for result in results:
        cells = (share(result), share(result.part(several=False)), share(result.part(several=True)))
        yield f"| {result.split} | {' | '.join(cells)} |"


def confusion(result: Result, labels: Sequence[str]) -> Iterator[str]:
    """The items by what they call, in rows, and what was named, in columns; zeros are left empty."""
    names = [*labels, "several"]
    counts: Counter[tuple[str, str]] = Counter()
    for item, got in zip(result.items, result.named, strict=True):
        counts[_column(item.labels), _column(got)] += 1
    yield f"| | asked for | {' | '.join(map(str, range(1, len(names) + 1)))} |"
    yield f"|--:|---|{'--:|' * len(names)}"
    for number, row in enumerate(names, 1):
        cells = (str(counts[row, column] or "") for column in names)
        yield f"| {number} | {row} | {' | '.join(cells)} |"


def _column(labels: frozenset[str]) -> str:
    return next(iter(labels)) if len(labels) == 1 else "several"


def verdict(result: Result) -> str:
    """What the accuracy on the test split says of the split."""
    rate = result.right / len(result.items)
    if rate > EASY:
        return f"Above {EASY:.0%} on test: too easy, the test families are to be made harder."
    if rate < HARD:
        return f"Below {HARD:.0%} on test: every error is to be read; hard rows stay, wrong labels are corrected."
    return f"Between {HARD:.0%} and {EASY:.0%} on test: neither too easy nor suspect."


def report(pack: str, namer: Namer, results: Sequence[Result]) -> str:
    """A pack's part of the page."""
    test = next(result for result in results if result.split == "test")
    lines = [*accuracy_table(results), "", verdict(test)]
    lines += [f"A second function is named from a probability of {namer.threshold:.3g} on.", ""]
    for result in results:
        if result.split == "test" or "score" in result.split:
            right = "of several, right or wrong, the last row and column tell only that they are several"
            lines += [f"Confusion, {result.split} ({right}):", "", *confusion(result, namer.labels), ""]
    return "\n".join(lines).rstrip()


def print_errors(result: Result) -> None:
    """What was named wrong, by what was asked for."""
    wrong = [(item, got) for item, got in zip(result.items, result.named, strict=True) if item.labels != got]
    for item, got in sorted(wrong, key=lambda pair: sorted(pair[0].labels)):
        print(f"{'+'.join(sorted(item.labels))}\t{'+'.join(sorted(got))}\t{item.family}\t{item.text}")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packs", nargs="+", metavar="PACK")
    parser.add_argument("--rows", type=int, default=20000, help="rows of each data set")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="a data set of those rows and that seed, made before, of one pack",
    )
    parser.add_argument(
        "--write", action="store_true", help=f"rewrite these packs in {PAGE.relative_to(ROOT)}"
    )
    parser.add_argument("--errors", choices=("test", "test_values"), help="print what is named wrong there")
    arguments = parser.parse_args(argv)
    if arguments.data and len(arguments.packs) > 1:
        parser.error("--data is the data of one pack; name one")
    reports: dict[str, str] = {}
    for pack in arguments.packs:
        namer, results = measure(pack, arguments.rows, arguments.seed, arguments.data)
        reports[pack] = report(pack, namer, results)
        for result in results:
            if result.split == arguments.errors:
                print_errors(result)
    if arguments.write:
        PAGE.write_text(with_parts(PAGE.read_text("utf-8"), reports), "utf-8")
        print(f"{PAGE.relative_to(ROOT)}: the parts of {', '.join(reports)} are rewritten")
    elif not arguments.errors:
        print("\n\n".join(f"## {pack}\n\n{text}" for pack, text in reports.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
