"""Naturalness judged blind: pairs of a request that a person wrote and one of a pack on a like subject, in random order.

    python scripts/blind_pairs.py draw --human stylekqc_ko_home.jsonl --pack home_ko --seed 1 --out out/blind
    python scripts/blind_pairs.py grade out/blind/key.json answers.txt

`draw` writes pairs.txt, for a judge who sees nothing else, and key.json. The judge answers with one line a pair, `7 A` where the
machine is thought to have written line A of pair 7. `grade` counts how often that is right: 50 % is a judge who cannot tell.

The human lines (`act` requirement, with `text`, `group` and `style`) are not part of the project. They are spoken: numbers are words,
and no sign, digit or Latin letter stands in them. A group of them is one request said in some ten ways. That a judge may go by the
wording alone, what differs for another reason is taken out of the drawing:

- ours are the rows of 30,000 that call something and hold no digit, Latin letter or sign either; both lines lose the sign at their end;
- a pair is of one style, formal or informal;
- the two share content words (nouns, and stems of verbs and adjectives, as kiwipiepy tags them), weighed by how rare they are in both files;
- of a person's group there are six pairs at most, and no line of either side stands in two pairs.
"""

from __future__ import annotations

import argparse
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
from fgdata.generator import Generator, Request  # noqa: E402
from fgdata.packs import load_pack  # noqa: E402

SUBJECT = re.compile(
    r"에어컨|난방|냉방|티비|TV|텔레비전|로봇 ?청소기|조명|전등|형광등|스탠드|불[을 좀]|커튼|블라인드|환풍기|환기|공기|스피커|볼륨|음악|노래|채널|온도"
)
"""What the packs speak of; a person's line on anything else has no counterpart."""
UNSPOKEN = re.compile(r"[0-9A-Za-z]|[^\w\s]|_")
"""What no person's line holds: a line of ours that does would be known by it."""
NO_CALLS = ("no_call", "missing_tool", "ask")
STYLES: Mapping[str, str] = {"hae": "informal", "haera": "informal", "haeyo": "formal", "hapsyo": "formal"}
"""Register of ours -> the style that the human file calls it; clipped commands are of neither."""
ROWS = 30_000
"""Rows of ours that lines are taken from."""
NEAREST = 8
"""How many of a pack's likest lines one is drawn from: the likest alone would make every pair a pair of twins."""
MOST_OF_A_GROUP = 6
CONTENT_TAGS = ("NNG", "NNP", "VV", "VA", "XR", "SL")
"""Sejong tags of words that say what a line is about."""


class Line(NamedTuple):
    """A request, of either side."""

    text: str
    style: str
    """`formal` or `informal`."""
    group: str = ""
    """Of a person's line: the request that it says in its own way."""


def bare(text: str) -> str:
    """The text without the sign at its end."""
    return text.strip().rstrip(".?!~… ")


def human_lines(file: Path) -> list[Line]:
    """Every request in the file that is about a subject of the packs."""
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return [
        Line(bare(row["text"]), row["style"], row["group"])
        for row in rows
        if row["act"] == "requirement" and SUBJECT.search(row["text"])
    ]


def our_lines(pack: str, seed: int, rows: int = ROWS) -> list[Line]:
    """Requests of a pack that call something and could have been written down by who only hears them."""
    generator = Generator(load_pack(pack), Request(rows, seed))
    plan, maker = generator.plan, generator.maker
    found: dict[str, Line] = {}
    for split in plan.splits:
        for place in range(plan.rows(split)):
            text, _, label = maker.texts(plan, split, place)
            style = STYLES.get(plan.lot(split, place)[0].register)
            line = bare(text)
            if (
                style
                and label.partition(":")[0] not in NO_CALLS
                and SUBJECT.search(text)
                and not UNSPOKEN.search(line)
            ):
                found.setdefault(line, Line(line, style))
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


def by_turns(lines: Sequence[Line]) -> list[Line]:
    """The lines in turns, one of each group at a time, and of no group more than it may have."""
    seen: Counter[str] = Counter()
    turn = []
    for line in lines:
        if seen[line.group] < MOST_OF_A_GROUP:
            turn.append((seen[line.group], line))
        seen[line.group] += 1
    return [line for _, line in sorted(turn, key=lambda entry: entry[0])]


def draw(human: Path, pack: str, seed: int, n: int, folder: Path) -> None:
    """Write pairs.txt and key.json: each line of either side stands in one pair."""
    from kiwipiepy import Kiwi

    kiwi = Kiwi()
    chance = Chance("blind pairs", seed)
    lines = human_lines(human)
    theirs = by_turns(sorted(lines, key=lambda _: chance.below(10**9)))[:n]
    ours = our_lines(pack, seed)
    content = dict(
        zip([*theirs, *ours], content_of([line.text for line in (*theirs, *ours)], kiwi), strict=True)
    )
    weights = rarity(content.values())
    pairs: list[str] = []
    key: dict[str, str] = {}
    taken: set[Line] = set()
    for line in theirs:
        free = [other for other in ours if other.style == line.style and other not in taken]
        free.sort(key=lambda other: -likeness(content[line], content[other], weights))
        other = free[chance.below(NEAREST)]
        taken.add(other)
        ours_first = bool(chance.below(2))
        number = str(len(pairs) + 1)
        first, second = (other, line) if ours_first else (line, other)
        pairs.append(f"{number}\n  A: {first.text}\n  B: {second.text}\n")
        key[number] = "A" if ours_first else "B"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pairs.txt").write_text("\n".join(pairs), "utf-8")
    (folder / "key.json").write_text(json.dumps(key), "utf-8")
    print(
        f"{len(pairs)} pairs of {len(lines)} human lines in {len({line.group for line in lines})} groups and {len(ours):,} of ours: {folder / 'pairs.txt'}"
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
    drawing.add_argument("--pairs", type=int, default=100)
    drawing.add_argument("--out", type=Path, required=True, metavar="DIR")
    grading = verbs.add_parser("grade", help="count a judge's answers")
    grading.add_argument("key", type=Path)
    grading.add_argument("answers", type=Path)
    args = parser.parse_args(argv)
    if args.verb == "draw":
        draw(args.human, args.pack, args.seed, args.pairs, args.out)
    else:
        grade(args.key, args.answers)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
