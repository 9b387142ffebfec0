"""What is in a data set: counts of its rows, how their texts look beside people's, and how varied they are."""

from fgdata.stats.count import NOT_STATED, DataStats, count_rows
from fgdata.stats.endings import ENDING_CLASSES, NOT_PLACED, Ending, find_ending
from fgdata.stats.profile import FIRST_ROWS, Profile, profile_texts

__all__ = [
    "ENDING_CLASSES",
    "FIRST_ROWS",
    "NOT_PLACED",
    "NOT_STATED",
    "DataStats",
    "Ending",
    "Profile",
    "count_rows",
    "find_ending",
    "profile_texts",
]
