"""Numbers in words."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fgdata.errors import FgError
from fgdata.korean import decimal, final_sound, half, native, native_count, percent, sino, sino_digits
from fgdata.korean.hangul import tail_of
from fgdata.korean.numerals import SINO_LIMIT


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (0, "영"),
        (1, "일"),
        (10, "십"),
        (11, "십일"),
        (16, "십육"),
        (20, "이십"),
        (24, "이십사"),
        (99, "구십구"),
        (100, "백"),
        (101, "백일"),
        (110, "백십"),
        (1000, "천"),
        (1010, "천십"),
        (1111, "천백십일"),
        (2700, "이천칠백"),
        (6500, "육천오백"),
        (10_000, "만"),
        (10_001, "만일"),
        (20_000, "이만"),
        (110_000, "십일만"),
        (1_000_000, "백만"),
        (100_000_000, "일억"),
        (100_010_000, "일억일만"),
        (123_456_789, "일억이천삼백사십오만육천칠백팔십구"),
        (10**12, "일조"),
        (-3, "마이너스 삼"),
    ],
)
def test_sino(n: int, said: str):
    """Sino-Korean, as it is read."""
    assert sino(n) == said


def _value(said: str) -> int:
    """The number that Sino-Korean words mean; written apart from the code that makes them."""
    total = group = digit = 0
    for syllable in said:
        if syllable in "만억조경":
            group += digit
            total += (group or 1) * 10 ** (4 * ("만억조경".index(syllable) + 1))
            group = digit = 0
        elif syllable in "십백천":
            group += (digit or 1) * 10 ** ("십백천".index(syllable) + 1)
            digit = 0
        else:
            digit = "영일이삼사오육칠팔구".index(syllable)
    return total + group + digit


@given(st.integers(min_value=0, max_value=SINO_LIMIT - 1))
def test_sino_can_be_read_back(n: int):
    """No two numbers have one name, and the particle after the digits fits the words."""
    assert _value(sino(n)) == n
    assert final_sound(str(n)) == tail_of(sino(n))


@pytest.mark.parametrize(
    ("n", "before_counter", "alone"),
    [
        (1, "한", "하나"),
        (2, "두", "둘"),
        (3, "세", "셋"),
        (4, "네", "넷"),
        (5, "다섯", "다섯"),
        (9, "아홉", "아홉"),
        (10, "열", "열"),
        (11, "열한", "열하나"),
        (14, "열네", "열넷"),
        (20, "스무", "스물"),
        (21, "스물한", "스물하나"),
        (30, "서른", "서른"),
        (44, "마흔네", "마흔넷"),
        (55, "쉰다섯", "쉰다섯"),
        (66, "예순여섯", "예순여섯"),
        (77, "일흔일곱", "일흔일곱"),
        (88, "여든여덟", "여든여덟"),
        (99, "아흔아홉", "아흔아홉"),
        (100, "백", "백"),
        (101, "백한", "백하나"),
        (120, "백스무", "백스물"),
    ],
)
def test_native(n: int, before_counter: str, alone: str):
    """Native Korean before a counter and alone."""
    assert native(n) == before_counter
    assert native_count(n) == alone


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (24.5, "이십사 점 오"),
        ("24.50", "이십사 점 오"),
        (24.0, "이십사"),
        (24, "이십사"),
        ("0.05", "영 점 영오"),
        (-0.5, "마이너스 영 점 오"),
        (Decimal("3.14"), "삼 점 일사"),
        (-2, "마이너스 이"),
        (-0.0, "영"),
        (1e-7, "영 점 영영영영영영일"),
    ],
)
def test_decimal(value: float | str | Decimal, said: str):
    """Decimals digit by digit, without zeros at the end."""
    assert decimal(value) == said


def test_digits_half_and_percent():
    """Telephone digits, halves, and the ways to say percent."""
    assert sino_digits("010") == "공일공"
    assert half("두", "시간") == "두 시간 반"
    assert half("24", "도") == "24도 반"
    assert half("이십사 도") == "이십사 도 반"
    assert percent(30) == ("30%", "30퍼센트", "30프로", "삼십 퍼센트", "삼십 프로", "삼십퍼센트", "삼십프로")
    assert percent(2.5)[3] == "이 점 오 퍼센트"


@pytest.mark.parametrize("call", [lambda: sino(SINO_LIMIT), lambda: native(0), lambda: native_count(-1)])
def test_numbers_without_words_are_refused(call):
    """Too large, or not a count."""
    with pytest.raises(FgError):
        call()


@pytest.mark.parametrize("value", ["", "abc", "nan", float("inf"), "1,000"])
def test_what_is_no_number_is_refused(value: float | str):
    """The error shows the value."""
    with pytest.raises(FgError, match="is no number"):
        decimal(value)


def test_digits_only():
    """Anything but 0 to 9 has no digit name here."""
    with pytest.raises(FgError, match="0 to 9"):
        sino_digits("1-2")
