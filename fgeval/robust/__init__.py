"""Robustness: twins of every item that mean the same, or something else by one value, and how often a verdict flips between them.

changes.py        Change: what a twin has other than its item
wording.py        the request said in another way: spacing, typing errors, register, numerals
declarations.py   the same tools declared in another way: order, distractors, names, descriptions
directions.py     one thing changed that must change the call
twins.py          a data file -> a file of items and twins, which `fgeval run` and `score` take as any other
flips.py          scores of that file -> flip rates by kind, worst of k
"""

from fgeval.robust.flips import Flips, measure_flips
from fgeval.robust.twins import KINDS, TwinCounts, make_twins

__all__ = ["KINDS", "Flips", "TwinCounts", "make_twins", "measure_flips"]
