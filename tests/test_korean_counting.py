"""Numbers with their counters, times of day, and all of them read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fgdata.errors import FgError
from fgdata.korean import (
    channel,
    clock,
    count,
    count_forms,
    decimal,
    half,
    native,
    native_count,
    percent,
    read_clock,
    read_number,
    sino,
    sino_digits,
)
from fgdata.korean.counting import COUNTERS
from fgdata.korean.numerals import SINO_LIMIT

# Number, counter, as it is said. Written by hand.
COUNTED = """
3 | 개 | 세 개
2 | 대 | 두 대
3 | 번 | 세 번
1 | 번째 | 첫 번째
3 | 번째 | 세 번째
3 | 시간 | 세 시간
24 | 시간 | 스물네 시간
1.5 | 시간 | 한 시간 반
0.5 | 시간 | 반 시간
1.5 | 컵 | 한 컵 반
7 | 시 | 일곱 시
12 | 시 | 열두 시
13 | 시 | 십삼 시
0 | 시 | 영 시
30 | 분 | 삼십 분
10 | 초 | 십 초
3 | 단계 | 삼 단계
5 | 층 | 오 층
21 | 명 | 스물한 명
20 | 명 | 스무 명
4 | 사람 | 네 사람
2 | 마리 | 두 마리
3 | 잔 | 세 잔
10 | 걸음 | 열 걸음
10000 | 보 | 만 보
300 | kcal | 삼백 킬로칼로리
24 | 도 | 이십사 도
24.5 | 도 | 이십사 점 오 도
-5 | 도 | 영하 오 도
-5 | ℃ | 영하 오 도
-3 | 단계 | 마이너스 삼 단계
30 | % | 삼십 퍼센트
30 | 프로 | 삼십 프로
2700 | 켈빈 | 이천칠백 켈빈
2700 | K | 이천칠백 켈빈
11 | 번 채널 | 십일 번 채널
11 | 채널 | 채널 십일
100 | 개 | 백 개
120 | 명 | 백이십 명
0 | 개 | 영 개
1.5 | 대 | 일 점 오 대
1.5 | kg | 일 점 오 킬로그램
2 | 주 | 이 주
2 | 달 | 두 달
2 | 개월 | 이 개월
3 | 일 | 삼 일
2 | 와트 | 이 와트
2 | 인분 | 이 인분
3 | 유닛 | 삼 유닛
""".strip()


@pytest.mark.parametrize("row", COUNTED.splitlines())
def test_counters_take_their_numerals(row: str):
    """Native, Sino-Korean, or a half, as each counter wants."""
    n, counter, said = row.split(" | ")
    assert count(n, counter) == said


def test_a_number_in_a_row_is_sino_korean():
    """번 counts times; asked for, it numbers, and so it does before a noun."""
    assert count(3, "번") == "세 번"
    assert count(3, "번", "sino") == "삼 번"
    assert count(3, "번 방") == "삼 번 방"


@pytest.mark.parametrize(
    ("n", "counter", "forms"),
    [
        (3, "시간", ("세 시간", "세시간", "3시간", "3 시간")),
        (24, "시간", ("스물네 시간", "이십사 시간", "스물네시간", "이십사시간", "24시간", "24 시간")),
        (24.5, "도", ("이십사 점 오 도", "이십사 도 반", "이십사도 반", "24.5도", "24.5 도", "24도 반")),
        (-5, "도", ("영하 오 도", "마이너스 오 도", "영하 오도", "마이너스 오도", "-5도", "-5 도", "영하 5도", "마이너스 5도")),
        (1.5, "시간", ("한 시간 반", "일 점 오 시간", "한시간 반", "1.5시간", "1.5 시간", "1시간 반")),
        (30, "%", ("삼십 퍼센트", "삼십퍼센트", "30퍼센트", "30 퍼센트", "30%")),
        (2, "번 채널", ("이 번 채널", "2번 채널", "2 번 채널")),
    ],
)  # fmt: skip
def test_forms(n: float, counter: str, forms: tuple[str, ...]):
    """All the ways, the commonest spoken one first."""
    assert count_forms(n, counter) == forms


def test_clock():
    """Part of the day, halves, noon and midnight, the 24-hour clock."""
    assert clock(19, 30) == (
        *("저녁 7시 반", "저녁 일곱 시 반", "저녁 7시 30분", "저녁 일곱 시 삼십 분"),
        *("오후 7시 반", "오후 일곱 시 반", "오후 7시 30분", "오후 일곱 시 삼십 분"),
        *("19시 30분", "십구 시 삼십 분", "19:30"),
    )
    assert clock(12)[0] == "정오"
    assert clock(0)[:1] + clock(0)[-1:] == ("자정", "00:00")
    assert "밤 12시" in clock(0)
    assert "새벽 세 시 오 분" in clock(3, 5)
    assert "아침 일곱 시" in clock(7)


@pytest.mark.parametrize("hour", range(24))
def test_clock_can_be_read_back(hour: int):
    """Every way to say every minute of the day means that minute."""
    for minute in range(60):
        for form in clock(hour, minute):
            assert read_clock(form) == (hour, minute), form


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("일곱 시 반", (7, 30)),
        ("7시 반", (7, 30)),
        ("7시 30분", (7, 30)),
        ("저녁 여덟시 십오분", (20, 15)),
        ("밤 12시", (0, 0)),
        ("오후 12시", (12, 0)),
        ("24시", (0, 0)),
        ("새벽 9시", None),
        ("25시", None),
        ("7:75", None),
        ("일곱 시간", None),
        ("거실", None),
        ("", None),
    ],
)
def test_clock_as_people_write_it(text: str, time: tuple[int, int] | None):
    """Without a part of the day the hour stands as said; what does not fit is no time."""
    assert read_clock(text) == time


@given(st.integers(min_value=0, max_value=SINO_LIMIT - 1))
def test_sino_is_read_back(n: int):
    """In words, in figures, with separators, with blanks between its groups."""
    assert read_number(sino(n)) == n
    assert read_number(str(n)) == n
    assert read_number(f"{n:,}") == n
    assert read_number(sino(n).replace("만", "만 ").strip()) == n


def test_every_number_to_a_million_is_read_back():
    """A sample of 0 to 10^6: Sino-Korean, native, and digit by digit."""
    for n in (*range(3000), *range(3001, 10**6 + 1, 997), 10**6):
        assert read_number(sino(n)) == n
        if n >= 10:
            assert read_number(sino_digits(str(n))) == n
        if n % 100:
            assert read_number(native(n)) == n
            assert read_number(native_count(n)) == n


@given(
    st.decimals(min_value=-100_000, max_value=100_000, places=2)
    | st.integers(min_value=-1_000_000, max_value=1_000_000),
    st.sampled_from([*COUNTERS, "kcal", "%", "℃", "K", "번 채널", "lx"]),
)
def test_counted_forms_are_read_back(n, counter: str):
    """Whatever the number and the counter, every form means the number."""
    for form in (count(n, counter), *count_forms(n, counter), decimal(n)):
        assert read_number(form) == pytest.approx(float(n)), form


@pytest.mark.parametrize("counter", [*sorted(COUNTERS), "kcal", "%", "번 채널"])
def test_small_counts_are_read_back(counter: str):
    """The numbers that people say, halves among them, with each counter."""
    for n in (*range(130), 0.5, 1.5, 2.5, 24.5, 99.5, 100.5, -0.5, -1, -5.5):
        for form in count_forms(n, counter):
            assert read_number(form) == n, form


def test_channels_halves_and_percent_are_read_back():
    """The forms of `channel`, `half` and `percent`."""
    for n in range(1200):
        assert {read_number(form) for form in channel(n)} == {n}
        assert {read_number(form) for form in percent(n)} == {n}
        assert read_number(half(str(n), "도")) == n + 0.5
    assert read_number(half("두", "시간")) == 2.5
    assert channel(11)[:5] == ("십일 번", "십일번", "11번", "채널 십일", "채널 일일")
    assert "이번" not in channel(2)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("이십 4", 24),
        ("2십", 20),
        ("2백 50", 250),
        ("1만 5천", 15_000),
        ("3천5백", 3500),
        ("2700만", 27_000_000),
        ("일억이천만", 120_000_000),
        ("일십", 10),
        ("이십사쩜오", 24.5),
        ("24 점 5", 24.5),
        ("반", 0.5),
        ("절반", 0.5),
        ("한 시간 반", 1.5),
        ("24도 반", 24.5),
        ("영하 5도", -5),
        ("영상 십 도", 10),
        ("마이너스 이 점 오", -2.5),
        ("삼십 프로", 30),
        ("이분의 일", 0.5),
        ("1/2", 0.5),
        ("½", 0.5),
        ("공일공", 10),
        ("일일", 11),
        ("일일 번", 11),
        ("육 일", 6),
        ("육일", 61),
        ("십 일", 10),
        ("이십 일 도", 21),
        ("백스물다섯 명", 125),
        ("첫 번째", 1),
        ("석 잔", 3),
        ("열두시", 12),
        ("１０", 10),
        ("24도.", 24),
        ("영", 0),
        ("제로", 0),
    ],
)
def test_spoken_numbers(text: str, value: float):
    """As people say and write them, figures and words mixed."""
    assert read_number(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "거실", "안방", "대", "시간", "사람", "반갑다", "도", "%", "점 오", "한두 개", "서너 개", "이삼 단계", "이 방", "이 시간", "이번"),
        *("십십", "백십백", "십 14", "이십 14", "만억", "억만", "열 4", "1/0", "영분의 일", "1e5", "Ⅹ", "온도 24도", "24도로", "일곱 시 반", "이십" * 30),
    ],
)  # fmt: skip
def test_what_is_no_number(text: str):
    """No guess is made at words, ranges, broken numbers and sentences."""
    assert read_number(text) is None


@given(st.text(alphabet="영공일이삼사오육십백천만억점반한두세 0123456789.,-/도시분개번", max_size=12))
def test_reading_never_fails(text: str):
    """Any text is a number or None; what is read is a number that can be said."""
    value = read_number(text)
    assert value is None or isinstance(value, (int, float))
    assert read_clock(text) is None or read_clock(text) < (24, 0)


@pytest.mark.parametrize(
    "call",
    [lambda: count("abc", "개"), lambda: count(1, " "), lambda: clock(24), lambda: clock(1, 60), lambda: channel(-1)],
)  # fmt: skip
def test_wrong_numbers_are_refused(call):
    """What cannot be said raises an error with a remedy."""
    with pytest.raises(FgError, match=r"Give|Channels"):
        call()
