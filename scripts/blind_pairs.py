"""Naturalness judged blind: pairs of a request that a person wrote and one of a pack for the same thing, in random order.

    python scripts/blind_pairs.py draw --human stylekqc_ko_home.jsonl --pack home_ko --seed 1 --out out/blind
    python scripts/blind_pairs.py grade out/blind/key.json answers.txt

`draw` writes sheets of five pairs, each for a judge of its own who sees nothing else, and key.json. A judge answers with one line a pair,
`7 A` where the machine is thought to have written line A of pair 7. `grade` counts how often that is right: 50 % is a judge who cannot tell.

The human lines (`act` requirement, with `text`, `group` and `style`) are not part of the project. A group of them is one request said in
some ten ways, and they are spoken: numbers are words, and no sign, digit or Latin letter stands in them. That a judge may go by the
wording alone, what differs for another reason is taken out of the drawing:

- both lines of a pair ask for the same function: people's are of the groups whose request is a function of the pack (`REQUESTS`);
- a sheet has one pair of each request, so that no judge sees people say one thing twice;
- ours are the rows of 30,000 that ask for that function alone, correct or except nothing, and hold no digit, Latin letter or sign either; both lines lose the sign at their end;
- a pair is of one style, formal or informal;
- and of like length: a third of the pack's requests are short commands on purpose, and who paraphrases for a corpus writes none;
- the two share content words (nouns, and stems of verbs and adjectives, as kiwipiepy tags them), weighed by how rare they are in both files;
- no line of ours stands in two pairs; people's stand in as many as it takes, never twice on a sheet.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from scipy.stats import binomtest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the checkout's own packages, whatever is installed

from fgdata.chance import Chance  # noqa: E402
from fgdata.example import example_from_row  # noqa: E402
from fgdata.generator import Generator, Request  # noqa: E402
from fgdata.packs import load_pack  # noqa: E402

REQUESTS: Mapping[str, str] = {
    "train-706": "ac_power_off",
    "train-710": "audio_power_off",
    "train-716": "tv_set_channel",
    "train-780": "ac_set_temperature",
    "train-792": "ventilation_power_on",
}
"""Group of people's lines -> the function of home_ko that it asks for; every group that asks a device of the pack for one."""
UNSPOKEN = re.compile(r"[0-9A-Za-z]|[^\w\s]|_")
"""What no person's line holds: a line of ours that does would be known by it."""
STYLES: Mapping[str, str] = {"hae": "informal", "haera": "informal", "haeyo": "formal", "hapsyo": "formal"}
"""Register of ours -> the style that the human file calls it; clipped commands are of neither."""
ROWS = 30_000
"""Rows of ours that lines are taken from."""
NEAREST = 8
"""How many of a pack's likest lines one is drawn from: the likest alone would make every pair a pair of twins."""
CONTENT_TAGS = ("NNG", "NNP", "VV", "VA", "XR", "SL")
"""Sejong tags of words that say what a line is about."""


class Line(NamedTuple):
    """A request, of either side."""

    text: str
    style: str
    """`formal` or `informal`."""
    asks: str
    """The function."""


def bare(text: str) -> str:
    """The text without the sign at its end."""
    return text.strip().rstrip(".?!~… ")


def human_lines(file: Path) -> list[Line]:
    """Every request in the file that asks for a function of the pack."""
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return [
        Line(bare(row["text"]), row["style"], REQUESTS[row["group"]])
        for row in rows
        if row["act"] == "requirement" and row["group"] in REQUESTS
    ]


def our_lines(pack: str, seed: int, rows: int = ROWS) -> list[Line]:
    """Requests of a pack that ask for one of the functions and could have been written down by who only hears them."""
    generator = Generator(load_pack(pack), Request(rows, seed))
    asked = set(REQUESTS.values())
    found: dict[str, Line] = {}
    for split in generator.plan.splits:
        for row in generator.rows(split, range(generator.plan.rows(split))):
            example = example_from_row(json.loads(row.line), "", "")
            names = [call.name for call in example.expected_calls] if example.kind == "call" else []
            style = STYLES.get(example.register)
            line = bare(example.utterance)
            if style and len(names) == 1 and names[0] in asked and not UNSPOKEN.search(line):
                found.setdefault(line, Line(line, style, names[0]))
    return sorted(found.values())


def content_of(texts: Sequence[str], kiwi: Any) -> list[frozenset[str]]:
    """For each text, the words that say what it is about."""
    return [
        frozenset(token.form for token in tokens if token.tag.partition("-")[0] in CONTENT_TAGS)
        for tokens in kiwi.tokenize(texts)
    ]


def rarity(contents: Iterable[frozenset[str]]) -> dict[str, float]:
    """Word -> the logarithm of how many lines there are for each that has it."""
    kept = list(contents)
    counts = Counter(word for words in kept for word in words)
    return {word: math.log(len(kept) / count) for word, count in counts.items()}


def likeness(one: frozenset[str], other: frozenset[str], weights: Mapping[str, float]) -> float:
    """Weight of the words that both have, over that of the words that either has."""
    either = sum(weights[word] for word in one | other)
    return sum(weights[word] for word in one & other) / either if either else 0.0


def of_like_length(line: Line, others: Sequence[Line]) -> list[Line]:
    """Those of the others that are about as long; where there are too few, the nearest in length."""
    by_gap = sorted(others, key=lambda other: abs(len(other.text) - len(line.text)))
    close = sum(abs(len(other.text) - len(line.text)) <= max(2, len(line.text) // 6) for other in by_gap)
    return by_gap[: max(close, NEAREST)]


def sheets_of(lines: Sequence[Line], n: int, chance: Chance) -> list[list[Line]]:
    """`n` sheets of people's lines: one of each request, every line of a request once before any stands there again."""
    columns = []
    for asks in sorted({line.asks for line in lines}):
        of = [line for line in lines if line.asks == asks]
        turns = itertools.chain.from_iterable(chance.shuffled(of) for _ in itertools.count())
        columns.append(list(itertools.islice(turns, n)))
    return [chance.shuffled(sheet) for sheet in zip(*columns, strict=True)]


def draw(human: Path, ours: Sequence[Line], seed: int, n: int, folder: Path) -> None:
    """Write the sheets and key.json. Raises: SystemExit if there are fewer lines of ours than pairs."""
    from kiwipiepy import Kiwi

    kiwi = Kiwi()
    chance = Chance("blind pairs", seed)
    lines = human_lines(human)
    if missing := set(REQUESTS.values()) - {line.asks for line in lines}:
        raise SystemExit(f"{human} has no line that asks for {', '.join(sorted(missing))}.")
    sheets = sheets_of(lines, -(-n // len(REQUESTS)), chance)
    content = dict(
        zip([*lines, *ours], content_of([line.text for line in (*lines, *ours)], kiwi), strict=True)
    )
    weights = rarity(content.values())
    key: dict[str, str] = {}
    taken: set[Line] = set()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("pairs_*.txt"):
        old.unlink()
    for place, sheet in enumerate(sheets, 1):
        pairs = []
        for line in sheet:
            free = [o for o in ours if (o.style, o.asks) == (line.style, line.asks) and o not in taken]
            if not free:
                raise SystemExit(f"The pack has too few {line.style} lines that ask for {line.asks}.")
            free = of_like_length(line, free)
            free.sort(key=lambda other: -likeness(content[line], content[other], weights))
            other = free[chance.below(min(NEAREST, len(free)))]
            taken.add(other)
            number = str(len(key) + 1)
            ours_first = bool(chance.below(2))
            first, second = (other, line) if ours_first else (line, other)
            pairs.append(f"{number}\n  A: {first.text}\n  B: {second.text}\n")
            key[number] = "A" if ours_first else "B"
        (folder / f"pairs_{place:02}.txt").write_text("\n".join(pairs), "utf-8")
    (folder / "key.json").write_text(json.dumps(key), "utf-8")
    print(
        f"{len(key)} pairs on {len(sheets)} sheets of {len(lines)} human lines and {len(ours):,} of ours: {folder}"
    )


def grade(key_file: Path, answers_file: Path) -> None:
    """Print how often the machine's line was picked, with its interval and the chance of that by guessing."""
    key = json.loads(key_file.read_text("utf-8"))
    answers = dict(line.split()[:2] for line in answers_file.read_text("utf-8").splitlines() if line.strip())
    unknown = sorted(answers.keys() - key.keys()) + sorted(
        n for n, said in answers.items() if said not in ("A", "B")
    )
    if unknown or answers.keys() != key.keys():
        missing = sorted(key.keys() - answers.keys(), key=int)
        raise SystemExit(
            f"{answers_file}: one line `NUMBER A` or `NUMBER B` a pair is needed; not so: {unknown}; missing: {missing}"
        )
    right = sum(answers[n] == key[n] for n in key)
    test = binomtest(right, len(key), 0.5)
    low, high = test.proportion_ci(method="wilson")
    print(
        f"picked right: {right} of {len(key)}, {right / len(key):.0%} [{low:.0%}-{high:.0%}]; by guessing p = {test.pvalue:.3f}"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    drawing = verbs.add_parser("draw", help="write pairs and their key")
    drawing.add_argument("--human", type=Path, required=True, metavar="FILE")
    drawing.add_argument("--pack", default="home_ko")
    drawing.add_argument("--seed", type=int, default=1)
    drawing.add_argument("--pairs", type=int, default=100, help="rounded up to whole sheets")
    drawing.add_argument("--out", type=Path, required=True, metavar="DIR")
    grading = verbs.add_parser("grade", help="count a judge's answers")
    grading.add_argument("key", type=Path)
    grading.add_argument("answers", type=Path)
    args = parser.parse_args(argv)
    if args.verb == "draw":
        draw(args.human, our_lines(args.pack, args.seed), args.seed, args.pairs, args.out)
    else:
        grade(args.key, args.answers)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
