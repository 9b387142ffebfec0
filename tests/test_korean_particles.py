"""Particles after Hangul, digits, Latin letters, units, signs, brackets and quotes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fgdata.errors import FgError
from fgdata.korean import final_sound, josa
from fgdata.korean.particles import PAIRS

# Word, how it is read (for whoever checks the line), with 을/를, with 으로/로. Written by hand.
TABLE = """
온도 | 온도 | 온도를 | 온도로
에어컨 | 에어컨 | 에어컨을 | 에어컨으로
거실 | 거실 | 거실을 | 거실로
바람 | 바람 | 바람을 | 바람으로
24도 | 이십사 도 | 24도를 | 24도로
0 | 영 | 0을 | 0으로
1 | 일 | 1을 | 1로
2 | 이 | 2를 | 2로
3 | 삼 | 3을 | 3으로
4 | 사 | 4를 | 4로
5 | 오 | 5를 | 5로
6 | 육 | 6을 | 6으로
7 | 칠 | 7을 | 7로
8 | 팔 | 8을 | 8로
9 | 구 | 9를 | 9로
10 | 십 | 10을 | 10으로
16 | 십육 | 16을 | 16으로
21 | 이십일 | 21을 | 21로
30 | 삼십 | 30을 | 30으로
100 | 백 | 100을 | 100으로
110 | 백십 | 110을 | 110으로
1000 | 천 | 1000을 | 1000으로
1,000 | 천 | 1,000을 | 1,000으로
10000 | 만 | 10000을 | 10000으로
100000000 | 억 | 100000000을 | 100000000으로
1000000000000 | 조 | 1000000000000를 | 1000000000000로
2.5 | 이 점 오 | 2.5를 | 2.5로
0.10 | 영 점 일공 | 0.10을 | 0.10으로
-3 | 마이너스 삼 | -3을 | -3으로
007 | 공공칠 | 007을 | 007로
１０ | 십 | １０을 | １０으로
7:30 | 일곱 시 삼십 분 | 7:30을 | 7:30으로
7:00 | 일곱 시 | 7:00를 | 7:00로
TV | 티비 | TV를 | TV로
LED | 엘이디 | LED를 | LED로
AC | 에이시 | AC를 | AC로
DVD | 디브이디 | DVD를 | DVD로
PC | 피시 | PC를 | PC로
LG | 엘지 | LG를 | LG로
KBS | 케이비에스 | KBS를 | KBS로
URL | 유알엘 | URL을 | URL로
VR | 브이알 | VR을 | VR로
SBS2 | 에스비에스 투/이 | SBS2를 | SBS2로
FM | 에프엠 | FM을 | FM으로
YTN | 와이티엔 | YTN을 | YTN으로
MP3 | 엠피 삼/스리 | MP3을 | MP3으로
4K | 사 케이 | 4K를 | 4K로
6500K | 육천오백 켈빈 | 6500K을 | 6500K으로
5km | 오 킬로미터 | 5km를 | 5km로
5 km | 오 킬로미터 | 5 km를 | 5 km로
3kg | 삼 킬로그램 | 3kg을 | 3kg으로
50dB | 오십 데시벨 | 50dB을 | 50dB로
2L | 이 리터 | 2L를 | 2L로
90km/h | 구십 킬로미터 | 90km/h를 | 90km/h로
30% | 삼십 퍼센트 | 30%를 | 30%로
30％ | 삼십 퍼센트 | 30％를 | 30％로
24℃ | 이십사 도 | 24℃를 | 24℃로
24°C | 이십사 도 | 24°C를 | 24°C로
24° | 이십사 도 | 24°를 | 24°로
$5 | 오 달러 | $5를 | $5로
₩500 | 오백 원 | ₩500을 | ₩500으로
Netflix | 넷플릭스 | Netflix를 | Netflix로
YouTube | 유튜브 | YouTube를 | YouTube로
Disney+ | 디즈니 플러스 | Disney+를 | Disney+로
Google | 구글 | Google을 | Google로
Melon | 멜론 | Melon을 | Melon으로
Wi-Fi | 와이파이 | Wi-Fi를 | Wi-Fi로
app | 앱 | app을 | app으로
timer | 타이머 | timer를 | timer로
volume | 볼륨 | volume을 | volume으로
cool | 쿨 | cool을 | cool로
mode | 모드 | mode를 | mode로
heat | 히트 | heat를 | heat로
music | 뮤직 | music을 | music으로
거실(1층) | 거실 | 거실(1층)을 | 거실(1층)로
TV(65인치) | 티비 | TV(65인치)를 | TV(65인치)로
거실（2） | 거실 | 거실（2）을 | 거실（2）로
방[큰방(안방)] | 방 | 방[큰방(안방)]을 | 방[큰방(안방)]으로
(거실) | 거실 | (거실)을 | (거실)로
'침실' | 침실 | '침실'을 | '침실'로
“온도” | 온도 | “온도”를 | “온도”로
「바람」 | 바람 | 「바람」을 | 「바람」으로
"Netflix" | 넷플릭스 | "Netflix"를 | "Netflix"로
잘 자! | 자 | 잘 자!를 | 잘 자!로
ㅋ | 키읔 | ㅋ을 | ㅋ으로
ㄹ | 리을 | ㄹ을 | ㄹ로
ㅏ | 아 | ㅏ를 | ㅏ로
""".strip()


@pytest.mark.parametrize("row", TABLE.splitlines())
def test_particles_follow_the_reading(row: str):
    """을/를 and 으로/로 fit how the word is read aloud."""
    word, _, object_, direction = row.split(" | ")
    assert josa(word, "을/를") == object_
    assert josa(word, "으로/로") == direction


@pytest.mark.parametrize(
    ("particle", "closed", "opened"),
    [
        ("은/는", "물은", "차는"),
        ("가", "물이", "차가"),
        ("를", "물을", "차를"),
        ("와/과", "물과", "차와"),
        ("로", "물로", "차로"),
        ("(으)로", "물로", "차로"),
        ("을(를)", "물을", "차를"),
        ("나", "물이나", "차나"),
        ("(이)랑", "물이랑", "차랑"),
        ("라도", "물이라도", "차라도"),
        ("야", "물아", "차야"),
        ("이야/야", "물이야", "차야"),
        ("이에요/예요", "물이에요", "차예요"),
        ("예요", "물이에요", "차예요"),
        ("였어", "물이었어", "차였어"),
        ("이면/면", "물이면", "차면"),
        ("으로는", "물로는", "차로는"),
        ("랑은", "물이랑은", "차랑은"),
        ("도", "물도", "차도"),
        ("에서", "물에서", "차에서"),
        ("입니다", "물입니다", "차입니다"),
    ],
)
def test_any_member_names_the_pair(particle: str, closed: str, opened: str):
    """The pair in either order, a member alone, or the bracketed way to write it."""
    assert josa("물", particle) == closed
    assert josa("차", particle) == opened


def test_an_optional_word_takes_its_particle_along():
    """Nothing, or blanks, stay nothing."""
    assert josa("", "을/를") == ""
    assert josa("  ", "도") == ""
    assert josa("온도 ", "을/를") == "온도를"


@pytest.mark.parametrize("word", ["漢字", "→", "!!!", "()", "😀", "かな", "привет"])
def test_unreadable_words_are_refused(word: str):
    """Nobody can tell how the word ends, so the error says what to write."""
    with pytest.raises(FgError, match="Hangul, Latin letters or digits"):
        josa(word, "을/를")


@pytest.mark.parametrize("particle", ["", "을/가", "xx", "은/는/이"])
def test_unknown_particles_are_refused(particle: str):
    """The error lists the pairs."""
    with pytest.raises(FgError, match="은/는"):
        josa("온도", particle)


@given(st.text(max_size=20), st.sampled_from(PAIRS))
def test_result_starts_with_the_word(word: str, pair: tuple[str, str]):
    """The word itself is never changed; the particle is one of the pair."""
    try:
        result = josa(word, "/".join(pair))
    except FgError:
        assert final_sound(word.rstrip()) is None
        return
    assert result.startswith(word.rstrip())
    assert result.removeprefix(word.rstrip()) in ("", *pair)


@given(st.integers(min_value=0, max_value=10**21))
def test_numbers_take_the_particle_of_their_reading(n: int):
    """A number in digits and the same number with separators end alike, and never unreadable."""
    assert final_sound(str(n)) is not None
    assert final_sound(f"{n:,}") == final_sound(str(n))
