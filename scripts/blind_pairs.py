"""Naturalness judged blind: pairs of a request that a person wrote and one of a pack on a like subject, in random order.

    python scripts/blind_pairs.py draw --human stylekqc_ko_home.jsonl --pack home_ko --seed 1 --out out/blind
    python scripts/blind_pairs.py grade out/blind/key.json answers.txt

`draw` writes pairs.txt, for a judge who sees nothing else, and key.json. The judge answers with one line a pair, `7 A` where the
machine is thought to have written line A of pair 7. `grade` counts how often that is right: 50 % is a judge who cannot tell.
The human lines (`act` requirement, `text`) are not part of the project. Both lines lose the sign at their end, since the people's file
has none.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from scipy.stats import binomtest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the checkout's own packages, whatever is installed

from fgdata.chance import Chance  # noqa: E402
from fgdata.dataset import write_dataset  # noqa: E402
from fgdata.example import read_jsonl  # noqa: E402
from fgdata.generator import Request  # noqa: E402
from fgdata.packs import load_pack  # noqa: E402

SUBJECT = re.compile(
    r"에어컨|난방|냉방|티비|TV|텔레비전|로봇 ?청소기|조명|전등|형광등|스탠드|불[을 좀]|커튼|블라인드|환풍기|환기|공기|스피커|볼륨|음악|노래|채널|온도"
)
"""What the packs speak of; a person's line on anything else has no counterpart."""
NO_CALLS = ("no_call", "missing_tool", "ask")
NEAREST = 8
"""How many of a pack's likest lines one is drawn from: the likest alone would make every pair a pair of twins."""


def trigrams(text: str) -> frozenset[str]:
    """The trigrams of a text's characters, its spaces left out."""
    letters = " " + re.sub(r"[\W_]", "", text) + " "
    return frozenset(letters[at : at + 3] for at in range(len(letters) - 2))


def bare(text: str) -> str:
    """The text without the sign at its end."""
    return text.strip().rstrip(".?!~… ")


def human_lines(file: Path) -> list[tuple[str, str]]:
    """Group and text of every request in the file that is about a subject of the packs."""
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return [
        (row["group"], bare(row["text"]))
        for row in rows
        if row["act"] == "requirement" and SUBJECT.search(row["text"])
    ]


def our_lines(pack: str, seed: int, n: int) -> list[str]:
    """Requests of a pack that call something, as `fgdata generate` makes them."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = write_dataset(load_pack(pack), Request(n, seed), Path(folder) / "rows")
        rows = [row for name in manifest["files"] for row in read_jsonl(Path(folder) / "rows" / name)]
    spoken = [row.utterance for row in rows if row.kind not in NO_CALLS and not row.perturbation]
    return sorted({bare(text) for text in spoken if SUBJECT.search(text)})


def by_turns(lines: Sequence[tuple[str, str]]) -> list[str]:
    """The lines in turns, one of each group at a time: a group is one request said in some ten ways."""
    seen: Counter[str] = Counter()
    turn = []
    for group, line in lines:
        turn.append((seen[group], line))
        seen[group] += 1
    return [line for _, line in sorted(turn, key=lambda entry: entry[0])]


def draw(human: Path, pack: str, seed: int, n: int, folder: Path) -> None:
    """Write pairs.txt and key.json: each line of either side stands in one pair."""
    chance = Chance("blind pairs", seed)
    theirs = sorted(human_lines(human), key=lambda _: chance.below(10**9))
    ours = [(line, trigrams(line)) for line in our_lines(pack, seed, 6000)]
    pairs: list[str] = []
    key: dict[str, str] = {}
    for line in by_turns(theirs)[:n]:
        mine = trigrams(line)
        ours.sort(key=lambda entry: -len(mine & entry[1]) / len(mine | entry[1]))
        other = ours.pop(chance.below(NEAREST))[0]
        ours_first = bool(chance.below(2))
        number = str(len(pairs) + 1)
        first, second = (other, line) if ours_first else (line, other)
        pairs.append(f"{number}\n  A: {first}\n  B: {second}\n")
        key[number] = "A" if ours_first else "B"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pairs.txt").write_text("\n".join(pairs), "utf-8")
    (folder / "key.json").write_text(json.dumps(key), "utf-8")
    print(f"{len(pairs)} pairs of {len(theirs)} human lines on like subjects: {folder / 'pairs.txt'}")


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
