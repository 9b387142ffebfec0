"""How dates, times and codes of a schema are said: a person asks for 9 in the morning, not for 2026-03-02T09:00:00Z."""

from __future__ import annotations

import datetime
import re

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_TIME = re.compile(r"(\d\d):(\d\d)(?::00)?")
_BOTH = re.compile(rf"({_DATE.pattern})T({_TIME.pattern})Z?")
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]  # fmt: skip
_CODE = 3
"""Capitals that are read as a code at most (KRW, P1); a longer word in capitals is a word."""


def moment_forms(text: str, *, is_korean: bool) -> tuple[str, ...]:
    """How a date, a time or both are said, as people write them too; empty for any other text."""
    try:
        if whole := _BOTH.fullmatch(text):
            date, time = whole[1], whole[5]
            joint = " " if is_korean else " at "
            return (f"{_date(date, is_korean)}{joint}{_time(time, is_korean)}",)
        if _DATE.fullmatch(text):
            return _date(text, is_korean), text
        if _TIME.fullmatch(text):
            return _time(text, is_korean), text
    except ValueError:  # a 13th month
        return ()
    return ()


def _date(text: str, is_korean: bool) -> str:
    day = datetime.date.fromisoformat(text)
    if is_korean:
        return f"{day.year}년 {day.month}월 {day.day}일"
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"


def _time(text: str, is_korean: bool) -> str:
    time = datetime.time.fromisoformat(text)
    hour = time.hour % 12 or 12
    if is_korean:
        minute = f" {time.minute}분" if time.minute else ""
        return f"{'오전' if time.hour < 12 else '오후'} {hour}시{minute}"
    minute = f":{time.minute:02}" if time.minute else ""
    return f"{hour}{minute} {'am' if time.hour < 12 else 'pm'}"


def is_code(value: str, words: frozenset[str]) -> bool:
    """Whether a text in capitals is a code that keeps them: KRW and P1, and not LOW, which is among the `words`."""
    is_short = value.isascii() and value.isalnum() and value.isupper()
    if not is_short or value.lower() in words:
        return False
    return len(value) <= _CODE or (any(map(str.isdigit, value)) and len(value) <= 2 * _CODE)
