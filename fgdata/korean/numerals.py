"""Numbers as Koreans say them: Sino-Korean, native, decimals, halves, percent."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from fgdata.errors import FgError, Problem

_DIGITS = "영일이삼사오육칠팔구"
_PLACES = ("", "십", "백", "천")
GROUPS = ("", "만", "억", "조", "경")
SINO_LIMIT = 10 ** (4 * len(GROUPS))
"""`sino` reads numbers whose size is below this."""
_NATIVE_ONES = ("", "하나", "둘", "셋", "넷", "다섯", "여섯", "일곱", "여덟", "아홉")
_NATIVE_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
_ATTRIBUTIVE = {"하나": "한", "둘": "두", "셋": "세", "넷": "네", "스물": "스무"}


def _four_digits(n: int) -> str:
    """`n` from 1 to 9999; a one before 십, 백, 천 is not said."""
    parts = []
    for place in (3, 2, 1, 0):
        digit = n // 10**place % 10
        if digit:
            parts.append(("" if digit == 1 and place else _DIGITS[digit]) + _PLACES[place])
    return "".join(parts)


@lru_cache(maxsize=4096)
def sino(n: int) -> str:
    """`n` in Sino-Korean, written without blanks: 24 -> "이십사", -3 -> "마이너스 삼".

    10,000 is 만, not 일만; from 억 up the one is said (일억).
    Raises: FgError at 10^20 and above.
    """
    if n < 0:
        return "마이너스 " + sino(-n)
    if n >= SINO_LIMIT:
        raise FgError(Problem("", f"{n} is too large to be read out.", "Numbers below 10^20 can be read."))
    if n == 0:
        return _DIGITS[0]
    parts = []
    for index in range(len(GROUPS) - 1, -1, -1):
        group = n // 10 ** (4 * index) % 10_000
        if group:
            said = "" if group == 1 and index == 1 and n < 20_000 else _four_digits(group)
            parts.append(said + GROUPS[index])
    return "".join(parts)


def sino_digits(digits: str, zero: str = "공") -> str:
    """Digits read one by one, as in a telephone number: "010" -> "공일공". Other characters are refused."""
    if not digits or not set(digits) <= set("0123456789"):
        raise FgError(
            Problem("", f"{digits!r} is not made of the digits 0 to 9.", "Take the other characters out.")
        )
    return "".join(zero if digit == "0" else _DIGITS[int(digit)] for digit in digits)


def decimal(value: int | float | str | Decimal) -> str:
    """A number with its decimals read out: 24.5 -> "이십사 점 오", "0.05" -> "영 점 영오", 24.0 -> "이십사".

    Zeros at the end of the decimals are not said; give a string to choose how many digits a value has.
    """
    number = to_decimal(value)
    whole, _, fraction = f"{abs(number):f}".partition(".")
    fraction = fraction.rstrip("0")
    said = sino(int(whole)) + (f" 점 {sino_digits(fraction, zero='영')}" if fraction else "")
    return f"마이너스 {said}" if number < 0 and (int(whole) or fraction) else said


def to_decimal(value: int | float | str | Decimal) -> Decimal:
    """`value` as it is written: 24.5 is 24.5, not the float next to it. Raises FgError for what is no finite number."""
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        number = Decimal("nan")
    if not number.is_finite():
        raise FgError(Problem("", f"{value!r} is no number.", "Give digits, such as 24.5."))
    return number


@lru_cache(maxsize=1024)
def native(n: int) -> str:
    """`n` in native Korean as it stands before a counter: 1 -> "한", 20 -> "스무", 21 -> "스물한".

    Hundreds and above are Sino-Korean, as in speech: 101 -> "백한". A multiple of a hundred has no native part.
    Raises: FgError below 1.
    """
    counted = native_count(n)
    for noun, attributive in _ATTRIBUTIVE.items():
        if counted.endswith(noun):
            return counted.removesuffix(noun) + attributive
    return counted


@lru_cache(maxsize=1024)
def native_count(n: int) -> str:
    """`n` in native Korean standing alone: 1 -> "하나", 20 -> "스물"."""
    if n < 1:
        raise FgError(
            Problem(
                "", f"{n} has no native Korean word.", "Native numerals start at 1; use sino for 0 and below."
            )
        )
    rest = n % 100
    hundreds = sino(n - rest) if n >= 100 else ""
    return hundreds + _NATIVE_TENS[rest // 10] + _NATIVE_ONES[rest % 10]


def half(amount: str, unit: str = "") -> str:
    """`amount` and a half: half("두", "시간") -> "두 시간 반", half("24", "도") -> "24도 반", half("이십사 도") -> "이십사 도 반"."""
    if not unit:
        return f"{amount} 반"
    return f"{amount}{'' if amount[-1:].isdigit() else ' '}{unit} 반"


def percent(n: int | float) -> tuple[str, ...]:
    """The ways to write and say `n` percent: 30 -> ("30%", "30퍼센트", "30프로", "삼십 퍼센트", "삼십 프로", "삼십퍼센트", "삼십프로")."""
    said = decimal(n)
    return (
        f"{n}%",
        f"{n}퍼센트",
        f"{n}프로",
        f"{said} 퍼센트",
        f"{said} 프로",
        f"{said}퍼센트",
        f"{said}프로",
    )
