"""Figures of requests that people wrote, to lay beside those of a data set.

`scripts/human_figures.py` computes `HUMAN` again from the corpus, by the code that measures a data set. No line of the corpus is
here. The ending classes were drawn up on these lines, so the share that is not placed is a lower bound for other people's lines.
"""

from __future__ import annotations

from typing import Any

from fgdata.stats.profile import Profile

SOURCE = (
    "StyleKQC (github.com/cynthia/stylekqc at f12bff2, CC BY-SA 4.0), 5,136 lines that speak of the home: "
    "ten paraphrases a meaning, five formal and five informal"
)
HUMAN: dict[str, Profile] = {
    "requests": Profile(
        rows=1294,
        surface={
            "mean_characters": 27.3825,
            "median_characters": 26.0,
            "under_12_characters": 0.007,
            "digits_or_latin": 0.0,
            "punctuation": 0.0,
            "spoken_numbers": 0.2056,
            "jom": 0.3145,
            "give_attached": 0.7267,
            "request_not_last": 0.0039,
            "opens_ya": 0.0,
            "opens_jeogi": 0.0325,
        },
        endings={
            "informal other": 0.2836,
            "formal 주시겠어요": 0.2187,
            "informal 줘": 0.1461,
            "formal 니다": 0.1059,
            "formal 주세요": 0.0788,
            "formal 부탁": 0.0433,
            "informal 부탁": 0.0425,
            "formal 요": 0.0355,
            "formal 십시오": 0.0216,
            "informal 해": 0.0185,
            "informal 해라": 0.0031,
            "bare noun": 0.0023,
        },
        diversity={
            "distinct_texts": 0.9992,
            "distinct_1": 0.2066,
            "distinct_2": 0.5235,
            "distinct_3": 0.6969,
            "zlib_ratio": 5.7286,
            "top_5_openings": 0.16,
        },
        diversity_rows=1294,
    ),
    "all lines": Profile(
        rows=5136,
        surface={
            "mean_characters": 29.5851,
            "median_characters": 28.0,
            "under_12_characters": 0.0027,
            "digits_or_latin": 0.0,
            "punctuation": 0.001,
            "spoken_numbers": 0.0715,
            "jom": 0.1673,
            "give_attached": 0.7628,
            "request_not_last": 0.0097,
            "opens_ya": 0.0016,
            "opens_jeogi": 0.0169,
        },
        endings={
            "informal other": 0.2484,
            "formal 요": 0.1896,
            "informal 줘": 0.1121,
            "formal 니다": 0.1051,
            "formal 주세요": 0.1014,
            "formal 주시겠어요": 0.0748,
            "informal 해": 0.0652,
            "informal 해라": 0.0368,
            "informal 부탁": 0.0187,
            "formal 부탁": 0.0171,
            "not placed": 0.0154,
            "bare noun": 0.0086,
            "formal 십시오": 0.0066,
        },
        diversity={
            "distinct_texts": 0.9998,
            "distinct_1": 0.1704,
            "distinct_2": 0.4838,
            "distinct_3": 0.6758,
            "zlib_ratio": 5.6105,
            "top_5_openings": 0.093,
        },
        diversity_rows=5000,
    ),
}
"""Requests (act "requirement"), and all lines, with questions and prohibitions."""

REPORTED: dict[str, Any] = {
    "source": "7,500 request lines of StyleKQC, all topics; regular expressions of another make, so the classes differ a little",
    "rows": 7500,
    "surface": {
        "mean_characters": 27.0,
        "digits_or_latin": 0.0,
        "punctuation": 0.001,
        "jom": 0.29,
        "give_attached": 0.86,
        "request_not_last": 0.05,
        "opens_ya": 0.05,
        "opens_jeogi": 0.04,
    },
    "endings": {
        "formal 주시겠어요": 0.22,
        "formal 요": 0.18,
        "formal 주세요": 0.16,
        "formal 부탁": 0.16,
        "formal 니다": 0.09,
        "formal 십시오": 0.045,
        "informal 줘": 0.30,
        "informal 해": 0.15,
        "informal 부탁": 0.10,
        "informal other": 0.37,
    },
}
"""Figures cited from a count that is not ours to repeat. Endings are shares of the formal or of the informal lines. Of the informal
lines 10 % open with 야 and 8 % with 저기; here it is halved, to be a share of all lines. "informal other" is what lay outside every class."""
