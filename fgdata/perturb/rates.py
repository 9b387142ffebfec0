"""How many perturbations a row gets, and which: all weights of the layer in one place.

The weights are choices, not measurements, unless a source is named. What was looked at is StyleKQC (Cho et al. 2022), 7,500
Korean request lines written by people, counted with our own patterns. Nothing here was measured on typed messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Language = Literal["ko", "en"]
"""Languages that can be perturbed."""

LEVELS = ("off", "light", "strong")
"""`off`: the text as it is. `light`: a data set that stays mostly clean. `strong`: every row is hit, for tests of robustness."""

COUNTS: Mapping[str, Mapping[int, float]] = {
    "off": {0: 1.0},
    # Four rows in ten, so that the clean wording stays what is learnt; two at once are rare, as in careful typing.
    "light": {0: 0.61, 1: 0.35, 2: 0.04},
    # Every row; three at once is what a hurried message on a telephone looks like.
    "strong": {1: 0.40, 2: 0.40, 3: 0.20},
}
"""Level -> number of perturbations in a row -> share of rows."""

KOREAN: Mapping[str, float] = {
    # Spacing is what Korean writers get wrong most: of the lines counted 86 % attach 주다 (꺼줘), where the norm lets both stand.
    "missing_space": 18,
    "joined": 8,
    "extra_space": 6,
    # Two-set keyboard: a neighbouring key, or shift held too long or too short.
    "slip": 12,
    # A final consonant lost, doubled, or taken from the next syllable.
    "jamo": 8,
    # What is written as it sounds, by people and by speech recognition.
    "homophone": 14,
    # Of the informal lines 10 % open with 야 and 8 % with 저기.
    "filler": 9,
    "vocative": 7,
    # Particles are left out in speech; in writing to a machine, too.
    "dropped_particle": 10,
    # 99.9 % of the lines counted have no punctuation at all: other sources do, so both ways are drawn.
    "punctuation": 12,
    # Encodings, not people: file names and clipboards of one system come decomposed, some input methods type wide digits.
    "nfd": 2,
    "fullwidth": 2,
}
"""Kind -> weight, Korean."""

ENGLISH: Mapping[str, float] = {
    "neighbour_key": 12,
    "transposition": 8,
    "dropped_letter": 8,
    "doubled_letter": 7,
    # Phones put the apostrophe in, keyboards and speech recognition leave it out. Few texts have one, hence the weight.
    "apostrophe": 14,
    "case": 14,
    "missing_space": 9,
    "extra_space": 4,
    "filler": 12,
    "homophone": 8,
    "punctuation": 12,
    "fullwidth": 1,
}
"""Kind -> weight, English."""

WEIGHTS: Mapping[str, Mapping[str, float]] = {"ko": KOREAN, "en": ENGLISH}
"""Language -> kind -> weight. A kind that a text gives no place for is drawn again."""
