"""fgeval: how good are the calls a model makes? Predictions, scores, metrics and the test report.

score.py, profiles/    expected calls x what a model wrote -> ItemScore; pure functions
matching.py, gold.py   which call made answers which call due; what else a row lets pass
metrics.py, stats.py   scores -> rates with intervals, slices; paired test
clusters.py, paired.py intervals and tests that count template families
confusion.py           which tool was called, and which decision taken, where which was due
ask_markers.py         whether a text asks for what is missing
seen.py                which argument values were seen in training
units.py, dates.py     quantities, dates and times read for the profile `semantic`
items.py               a data file made ready for scoring
predictions.py         predictions on disk
run.py, backends/      examples x a model -> predictions; resumes
scores.py              predictions -> scores on disk
compare.py             scores of several runs -> differences; refuses what is not comparable
gate.py                scores and gate.toml -> a verdict
contamination.py       which items training touched
report/                scores -> Markdown and HTML
loading.py             models and tokenizers, checked; shared with fgtrain
adapters.py            adapters, put on a base whole or not at all
"""

from fgeval.items import Item, example_to_item, read_items
from fgeval.metrics import ScoredItem, measure, summarise
from fgeval.predictions import Prediction, read_predictions
from fgeval.profiles import PROFILES, Judgement, Profile, load_profile
from fgeval.score import ArgumentVerdict, ItemScore, Score, score_completion
from fgeval.scores import read_scores, score_predictions
from fgeval.stats import Rate, paired_difference

__all__ = [
    "PROFILES",
    "ArgumentVerdict",
    "Item",
    "ItemScore",
    "Judgement",
    "Prediction",
    "Profile",
    "Rate",
    "Score",
    "ScoredItem",
    "example_to_item",
    "load_profile",
    "measure",
    "paired_difference",
    "read_items",
    "read_predictions",
    "read_scores",
    "score_completion",
    "score_predictions",
    "summarise",
]
