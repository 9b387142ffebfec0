"""Tag every row of Korean packs and name each particle and ending that is not among the accepted ones.

    python scripts/grammar_tags.py climate_ko home_ko fitness_ko fitness_plus_ko
    python scripts/grammar_tags.py home_ko --data data/home_ko        the rows of a data set already made
    python scripts/grammar_tags.py home_ko --accept                   add what is new to the list, after each was looked at

kiwipiepy tags the morphemes. The accepted forms, each with a text that has it, stand in scripts/accepted_tags.tsv: what is not there
is a rare form, a slip of a template, or a slip of the tagger, and has to be looked at once. A particle whose form does not fit the
sound before it (온도을) is named too, whatever the list says. Exit code: 0 nothing new, 1 something is.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the checkout's own packages, whatever is installed

from fgdata.example import read_jsonl  # noqa: E402
from fgdata.generator import Generator, Request  # noqa: E402
from fgdata.korean.hangul import is_syllable, tail_of  # noqa: E402
from fgdata.packs import load_pack  # noqa: E402

ACCEPTED = ROOT / "scripts" / "accepted_tags.tsv"
FIRST_LETTERS = "JE"
"""Particles (J…) and endings (E…) in the Sejong tags."""
AFTER_CONSONANT: Mapping[tuple[str, str], bool] = {
    ("이", "JKS"): True,
    ("가", "JKS"): False,
    ("을", "JKO"): True,
    ("를", "JKO"): False,
    ("은", "JX"): True,
    ("는", "JX"): False,
    ("과", "JKB"): True,
    ("와", "JKB"): False,
    ("과", "JC"): True,
    ("와", "JC"): False,
    ("이랑", "JKB"): True,
    ("랑", "JKB"): False,
    ("이랑", "JC"): True,
    ("랑", "JC"): False,
}
"""Particle -> whether the syllable before it ends in a consonant."""
Form = tuple[str, str]
"""A tag and the form it is given to."""


@dataclass(slots=True)
class Found:
    """What stands in the texts."""

    counts: dict[Form, int] = field(default_factory=dict)
    texts: dict[Form, list[str]] = field(default_factory=dict)
    """Form -> the first texts that have it."""
    misfits: dict[str, str] = field(default_factory=dict)
    """Text -> the particle in it that does not fit the sound before it."""


def tag_texts(texts: Iterable[str], kiwi: Any) -> Found:
    """The particles and endings of the texts, as `kiwi` tags them."""
    found = Found()
    kept = list(dict.fromkeys(texts))
    for text, tokens in zip(kept, kiwi.tokenize(kept), strict=True):
        for token in tokens:
            tag = token.tag.partition("-")[0]
            if tag[0] not in FIRST_LETTERS:
                continue
            form = (tag, token.form)
            found.counts[form] = found.counts.get(form, 0) + 1
            examples = found.texts.setdefault(form, [])
            if len(examples) < 3:
                examples.append(text)
            if does_not_fit(text, token.start, token.form, tag):
                found.misfits[text] = token.form
    return found


def does_not_fit(text: str, start: int, form: str, tag: str) -> bool:
    """Whether the particle at `start` is the form for the other kind of sound; False where Hangul does not tell."""
    after_consonant = AFTER_CONSONANT.get((form, tag))
    if after_consonant is None or not text.startswith(form, start) or start == 0:
        return False
    before = text[start - 1]
    return is_syllable(before) and bool(tail_of(before)) != after_consonant


def read_accepted(path: Path = ACCEPTED) -> dict[Form, str]:
    """The accepted forms, each with a text that has it."""
    found = {}
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            tag, form, text = line.split("\t")
            found[tag, form] = text
    return found


def write_accepted(forms: Mapping[Form, str], path: Path = ACCEPTED) -> None:
    """Write the list, sorted, its heading kept."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    head = [line for line in lines if line.startswith("#")]
    rows = [f"{tag}\t{form}\t{text}" for (tag, form), text in sorted(forms.items())]
    path.write_text("\n".join([*head, *rows]) + "\n", "utf-8")


def texts_of(pack: str, data: Path | None, rows: int, seed: int) -> Iterator[str]:
    """The texts of a data set, or of rows made for this."""
    if data is not None:
        for file in sorted(data.glob("*.jsonl")):
            yield from (row.utterance for row in read_jsonl(file))
        return
    generator = Generator(load_pack(pack), Request(rows, seed))
    plan, texts = generator.plan, generator.maker.texts  # texts alone: rows carry their declarations
    for split in plan.splits:
        yield from (texts(plan, split, place)[0] for place in range(plan.rows(split)))


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packs", nargs="+", metavar="PACK")
    parser.add_argument("--data", type=Path, metavar="DIR", help="a data set made from the one pack named")
    parser.add_argument("--rows", type=int, default=20000, help="rows of each pack")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--accept", action="store_true", help=f"add what is new to {ACCEPTED.relative_to(ROOT)}"
    )
    arguments = parser.parse_args(argv)
    if arguments.data and len(arguments.packs) > 1:
        parser.error("--data is the data of one pack; name one")
    from kiwipiepy import Kiwi

    kiwi = Kiwi()
    accepted, n_bad = read_accepted(), 0
    for pack in arguments.packs:
        found = tag_texts(texts_of(pack, arguments.data, arguments.rows, arguments.seed), kiwi)
        new = {form: texts for form, texts in found.texts.items() if form not in accepted}
        print(
            f"{pack}: {len(found.counts)} particles and endings, {len(new)} not accepted, {len(found.misfits)} misfits"
        )
        for (tag, form), texts in sorted(new.items(), key=lambda item: -found.counts[item[0]]):
            print(f"  {tag}\t{form}\t{found.counts[tag, form]}\t{' / '.join(texts)}")
        for text, particle in list(found.misfits.items()):
            print(f"  misfit {particle}\t{text}")
        n_bad += len(found.misfits) + (0 if arguments.accept else len(new))
        accepted |= {form: texts[0] for form, texts in new.items()}
    if arguments.accept:
        write_accepted(accepted)
    return int(bool(n_bad))


if __name__ == "__main__":
    sys.exit(main())
