"""Writes tests/data/perturb.tsv and the tables of docs/perturbations.md. Read the diff: a line that changes is a promise that changes.

Run: `python -m tests.perturb_table` in the repository root.
"""

from __future__ import annotations

from pathlib import Path

from fgdata.perturb import WEIGHTS, Language, perturb_one

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "tests/data/perturb.tsv"
PAGE = ROOT / "docs/perturbations.md"
HEADER = """\
# Every kind of perturbation on requests that have a place for it, with fixed keys; protected values stand between bars.
# Made by tests/perturb_table.py and read line by line. Decomposed text stands as escapes, so that no editor composes it.
"""
TEXTS: dict[Language, tuple[tuple[str, str], ...]] = {
    "ko": (
        ("거실 에어컨 24도로 맞춰 줘", "거실|24도"),
        ("온도를 이십사 도로 올려 주세요", "이십사 도"),
        ("안방 바람이 너무 세니까 약하게 틀어 줘", "안방|약하게"),
        ("음악은 켜지 말고 불만 꺼 줘, 빨리!", ""),
        ("냉방 모드로 바꿔 줄 수 있어?", "냉방 모드"),
        ("타이머 좀 삼십 분으로 설정해 주실래요", "삼십 분"),
    ),
    "en": (
        ("Set the living room to 24 degrees", "living room|24 degrees"),
        ("Don't turn on the heater, just the light.", "heater"),
        ("I want to know whether it's colder than 19.5 degrees there", "19.5 degrees"),
        ("Please start a running workout for thirty minutes", "running|thirty minutes"),
        ("What's their heart rate now, is it over 120?", "120"),
    ),
}
WHAT: dict[Language, dict[str, str]] = {
    "ko": {
        "missing_space": "one blank left out",
        "joined": "all blanks left out",
        "extra_space": "a blank inside a word",
        "slip": "a neighbouring key of the two-set keyboard, or shift held too long or too short",
        "jamo": "a final consonant lost, doubled, or taken from the next syllable",
        "homophone": "written as it sounds",
        "filler": "a word of hesitation",
        "vocative": "somebody is called first",
        "dropped_particle": "을/를, 은/는 or 이/가 left out",
        "punctuation": "a sign added or left out",
        "nfd": "the text decomposed (Unicode NFD); it looks the same",
        "fullwidth": "wide digits and Latin letters",
    },
    "en": {
        "neighbour_key": "a neighbouring key",
        "transposition": "two letters change places",
        "dropped_letter": "a letter left out",
        "doubled_letter": "a letter twice",
        "apostrophe": "an apostrophe left out",
        "case": "all small, all capital, or one word shouted",
        "missing_space": "one blank left out",
        "extra_space": "a blank inside a word",
        "filler": "a word of hesitation",
        "homophone": "another word that sounds alike",
        "punctuation": "a sign added or left out",
        "fullwidth": "wide digits and Latin letters",
    },
}


def cases() -> list[tuple[Language, str, int, str, str, str]]:
    """Language, kind, key, protected values, text before, text after; each pair of texts once."""
    made_cases = (
        (language, kind, key, protected, text, made.text)
        for language, weights in WEIGHTS.items()
        for kind in weights
        for number, (text, protected) in enumerate(TEXTS[language])  # type: ignore[index]
        for key in (number + 1, number + 101)
        if (
            made := perturb_one(
                text,
                kind,
                language=language,  # type: ignore[arg-type]
                key=key,
                protected=tuple(filter(None, protected.split("|"))),
            )
        ).kinds
    )
    return list({(case[1], *case[3:]): case for case in made_cases}.values())  # type: ignore[misc]


def escaped(kind: str, text: str) -> str:
    """`text` as it stands in the table."""
    return text.encode("unicode_escape").decode() if kind == "nfd" else text


def build_table() -> str:
    """The whole file."""
    lines = ["language\tkind\tkey\tprotected\tbefore\tafter"]
    lines += [
        f"{language}\t{kind}\t{key}\t{protected}\t{before}\t{escaped(kind, after)}"
        for language, kind, key, protected, before, after in cases()
    ]
    return HEADER + "\n".join(lines) + "\n"


def build_page_table(language: Language) -> str:
    """The kinds of a language with their weights and an example each."""
    total = sum(WEIGHTS[language].values())
    # Tables show a kind's first case whose text differs from those shown before, as far as there is one.
    lines = ["| Kind | What | Share | Before | After |", "|---|---|---:|---|---|"]
    shown: list[str] = []
    for kind, weight in WEIGHTS[language].items():
        found = [case for case in cases() if case[:2] == (language, kind)]
        case = min(found, key=lambda case: shown.count(case[4]))
        shown.append(case[4])
        after = "`" + escaped(kind, case[5])[:30] + "...`" if kind == "nfd" else case[5].replace("~", "\\~")
        lines.append(f"| `{kind}` | {WHAT[language][kind]} | {weight / total:.0%} | {case[4]} | {after} |")
    return "\n".join(lines)


def with_tables(page: str) -> str:
    """The page with both tables put between their marks."""
    for language in TEXTS:
        opening, closing = f"<!-- kinds {language} -->\n", f"<!-- /kinds {language} -->"
        before, _, rest = page.partition(opening)
        page = f"{before}{opening}{build_page_table(language)}\n{closing}{rest.partition(closing)[2]}"
    return page


if __name__ == "__main__":
    TABLE.write_text(build_table(), encoding="utf-8")
    PAGE.write_text(with_tables(PAGE.read_text("utf-8")), encoding="utf-8")
