"""Dates and times of day in the forms people write them, as one form: 2025-06-01, 19:30."""

from __future__ import annotations

import datetime
import re
from functools import lru_cache

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            *("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul"),
            *("august aug", "september sep sept", "october oct", "november nov", "december dec"),
        ),
        1,
    )
    for name in names.split()
}
_MONTH = "|".join(_MONTHS)
_DATES = (
    re.compile(r"(?P<y>[0-9]{4})\s?(?P<sep>[-./])\s?(?P<m>[0-9]{1,2})\s?(?P=sep)\s?(?P<d>[0-9]{1,2})\.?"),
    re.compile(r"(?P<y>[0-9]{4})\s?년\s?(?P<m>[0-9]{1,2})\s?월\s?(?P<d>[0-9]{1,2})\s?일"),
    re.compile(rf"(?P<m>{_MONTH})\.? (?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)?,? (?P<y>[0-9]{{4}})", re.IGNORECASE),
    re.compile(
        rf"(?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<m>{_MONTH})\.?,? (?P<y>[0-9]{{4}})", re.IGNORECASE
    ),
)
_TIME = re.compile(
    r"(?P<h>[0-9]{1,2}):(?P<m>[0-9]{2})(?::00)?\s?(?P<half>[ap]\.?m\.?)?|(?P<h12>[0-9]{1,2})\s?(?P<half12>[ap]\.?m\.?)",
    re.IGNORECASE,
)


@lru_cache(maxsize=16_384)
def read_date(text: str) -> str | None:
    """A date with its year as 2025-06-01, or None. 01/02/2025 names two days, depending on the country, and is none."""
    for pattern in _DATES:
        if found := pattern.fullmatch(text):
            month = found["m"].lower()
            try:
                day = datetime.date(
                    int(found["y"]), _MONTHS[month] if month in _MONTHS else int(month), int(found["d"])
                )
            except ValueError:
                return None
            return day.isoformat()
    return None


@lru_cache(maxsize=16_384)
def read_time(text: str) -> str | None:
    """A time of day as 19:30, or None: 7:30 pm, 7pm, 19:30:00."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    hour, minute = int(found["h"] or found["h12"]), int(found["m"] or 0)
    half = (found["half"] or found["half12"] or "").lower().replace(".", "")
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else None
