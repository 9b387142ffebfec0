"""Writes tests/data/korean/conjugation.tsv. Read the diff: a line that changes is a promise that changes.

Run: `python tests/korean_table.py` in the repository root.
"""

from __future__ import annotations

from pathlib import Path

from fgdata.korean import conjugate
from fgdata.korean.lexicon import LEXICON

TABLE = Path(__file__).parent / "data" / "korean" / "conjugation.tsv"
ENDINGS = (
    "어",
    "었어요",
    "으면",
    "으세요",
    "으니까",
    "을까",
    "은",
    "음",
    "는데",
    "습니다",
    "는다",
    "네",
    "고",
    "지 마",
)
HOMOGRAPHS = ("굽다(규칙)", "걷다(규칙)", "묻다(규칙)", "이르다(러)")
HEADER = """\
# Every lemma of fgdata/korean/lexicon.py with fourteen endings; a class in brackets is the lemma's second word.
# Made by tests/korean_table.py, compared with kiwipiepy (test_korean_kiwi.py) and read line by line; no native speaker has checked it.
# After an adjective the columns 는데 and 는다 hold its forms 은데 and 다, as `conjugate` gives them. Some lemmas never take some of
# the endings (없다 has no imperative): the table freezes spelling, not use.
"""


def build_table() -> str:
    """The whole file."""
    lines = ["\t".join(("lemma", *ENDINGS))]
    lines += [
        "\t".join((lemma, *(conjugate(lemma, ending) for ending in ENDINGS)))
        for lemma in (*LEXICON, *HOMOGRAPHS)
    ]
    return HEADER + "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(build_table(), encoding="utf-8")
