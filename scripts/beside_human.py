"""The shares of endings and the variety of a pack's requests beside those of requests that people wrote.

    python scripts/beside_human.py home_ko --human stylekqc_ko_home.jsonl            print the tables
    python scripts/beside_human.py home_ko --human stylekqc_ko_home.jsonl --write    put them into docs/packs/beside_human.md

FILE is JSONL with the lines of StyleKQC that speak of the home (`text`, `act`; CC BY-SA 4.0, no part of this project); of them the
requirements are measured. No line of it is printed. The measuring code is that of `fgdata stats`. Exit code: 0 the pack is as varied
as it should be (distinct-2 and zlib ratio), 1 it is not.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the checkout's own packages, whatever is installed

from fgdata.errors import DataError, Problem  # noqa: E402
from fgdata.stats.endings import ENDING_CLASSES  # noqa: E402
from fgdata.stats.human import SOURCE  # noqa: E402
from fgdata.stats.profile import DIVERSITY, SURFACE, Profile, look_at, profile_texts  # noqa: E402
from scripts.grammar_tags import texts_of  # noqa: E402

PAGE = ROOT / "docs" / "packs" / "beside_human.md"
LEAST_DISTINCT_2 = 0.15
MOST_ZLIB = 7.0
COUNTS = frozenset({"mean_characters", "median_characters", "zlib_ratio"})
"""Measures that are no share."""
GIVE = "any form of 주다"
WORDING: Mapping[str, re.Pattern[str]] = {
    "digits": re.compile(r"\d"),
    "얼른 or 빨리": re.compile(r"(?<!\S)(?:얼른|빨리)(?!\S)"),
    "opens with 자, 참, 응, 네, 어, 아 or 음": re.compile(r"^(?:자|참|응|네|어|아|음),? "),
    "an adverb behind the request": re.compile(r" (?:얼른|빨리|바로|어서|당장|제발|지금|좀)[.!~]*$"),
    "a reason in -니까": re.compile(r"니까,? "),
    "에 있는": re.compile(r"\S에 있는 "),
}
"""What a profile does not count: label -> what is found in a text that has it."""


def human_requests(path: Path) -> list[str]:
    """The lines of `path` that require something.

    Raises:
        DataError: the file cannot be read, or has no such lines.
    """
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        texts = [row["text"] for row in rows if row["act"] == "requirement"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            Problem(str(path), f"no lines of requests: {error}.", "Name the JSONL file.")
        ) from None
    if not texts:
        raise DataError(
            Problem(str(path), "no row whose act is requirement.", "Name the file of StyleKQC's lines.")
        )
    return texts


def pack_requests(pack: str, rows: int, seed: int) -> list[str]:
    """The texts of a pack's rows, of every kind and split, not perturbed."""
    return list(texts_of(pack, None, rows, seed))


def more_shares(texts: Sequence[str]) -> dict[str, float]:
    """What a profile does not have: rows that hold each of `WORDING`, and rows that say 주다."""
    gives = sum(bool({"attached", "spaced"} & set(look_at(text, korean=True).marks)) for text in texts)
    held = {label: sum(bool(has.search(text)) for text in texts) for label, has in WORDING.items()}
    return {label: count / len(texts) for label, count in {**held, GIVE: gives}.items()}


def table(columns: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Endings, surface and variety, a column for each group of texts."""
    profiles = {name: profile_texts(texts, korean=True) for name, texts in columns.items()}
    more = {name: more_shares(texts) for name, texts in columns.items()}

    def line(label: str, cells: Sequence[str]) -> str:
        return f"| {label} | {' | '.join(cells)} |"

    yield line("", list(columns))
    yield f"|---|{'--:|' * len(columns)}"
    yield line("rows", [f"{profile.rows:,}" for profile in profiles.values()])
    for name, said in ENDING_CLASSES.items():
        yield line(
            f"{name}: {said}", [f"{profile.endings.get(name, 0.0):.1%}" for profile in profiles.values()]
        )
    for label in (*WORDING, GIVE):
        yield line(label, [f"{shares[label]:.1%}" for shares in more.values()])
    for name, said in SURFACE.items():
        yield line(said, [_figure(name, profile.surface.get(name)) for profile in profiles.values()])
    for name, said in DIVERSITY.items():
        yield line(said, [_figure(name, profile.diversity.get(name)) for profile in profiles.values()])
    yield line("rows that variety is measured over", [f"{p.diversity_rows:,}" for p in profiles.values()])


def _figure(name: str, value: float | None) -> str:
    if value is None:
        return ""
    if name in COUNTS:
        return f"{value:.2f}"
    return f"{value:.3f}" if name.startswith("distinct") else f"{value:.1%}"


def is_varied(profile: Profile) -> bool:
    """Whether the texts repeat themselves no more than they may."""
    return (
        profile.diversity["distinct_2"] >= LEAST_DISTINCT_2 and profile.diversity["zlib_ratio"] <= MOST_ZLIB
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packs", nargs="+", metavar="PACK")
    parser.add_argument("--human", required=True, type=Path, metavar="FILE")
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help=f"rewrite {PAGE.relative_to(ROOT)}")
    arguments = parser.parse_args(argv)
    try:
        human = human_requests(arguments.human)
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    ours = {pack: pack_requests(pack, arguments.rows, arguments.seed) for pack in arguments.packs}
    text = "\n".join(table({"people": human, **ours}))
    for pack, texts in ours.items():
        verdict = "as varied as" if is_varied(profile_texts(texts, korean=True)) else "less varied than"
        text += f"\n\n{pack} is {verdict} it should be: distinct-2 at least {LEAST_DISTINCT_2}, zlib ratio at most {MOST_ZLIB:g}."
    if arguments.write:
        command = f"python scripts/beside_human.py {' '.join(arguments.packs)} --human FILE --rows {arguments.rows} --seed {arguments.seed} --write"
        head = f"# Beside requests that people wrote\n\nWritten by `{command}`. People: the requirements of {SOURCE}; their"
        head += " numbers are spelt out and their punctuation is taken away, so these two differ by nature. Ours: rows of every kind,"
        head += " among them talk and questions, not perturbed. Numbers are replaced by one sign before variety is measured.\n\n"
        PAGE.write_text(head + text + "\n", "utf-8")
        print(f"{PAGE.relative_to(ROOT)}: rewritten")
    else:
        print(text)
    return 0 if all(is_varied(profile_texts(texts, korean=True)) for texts in ours.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
