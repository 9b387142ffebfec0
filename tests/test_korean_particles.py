"""Particles after Hangul, digits, Latin letters, units, signs, brackets and quotes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fgdata.errors import FgError
from fgdata.korean import final_sound, josa
from fgdata.korean.particles import PAIRS

TABLE = Path(__file__).parent / "data" / "korean" / "particles.tsv"
ROWS = [
    tuple(line.split("\t"))
    for line in TABLE.read_text(encoding="utf-8").splitlines()
    if not line.startswith(("#", "word\t"))
]


def _by_reading(reading: str, particle: str) -> str:
    """The member of the pair that goes with the last syllable of `reading`; written apart from the code under test."""
    closed, _, opened = particle.partition("/")
    final = (ord(reading[-1]) - ord("가")) % 28
    is_open = final == 0 or (closed.startswith("으로") and final == 8)  # 8 is ㄹ
    return (opened or closed) if is_open else closed


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[2].replace('/', '')}")
def test_particles_follow_the_reading(row: tuple[str, str, str, str]):
    """A line of the checked table: the particle fits how the word is read aloud."""
    word, _, particle, expected = row
    assert josa(word, particle) == expected


def test_the_table_agrees_with_its_readings():
    """At least 250 lines, none twice, each worked out from its reading a second time."""
    assert len(ROWS) >= 250
    assert len({(word, particle) for word, _, particle, _ in ROWS}) == len(ROWS)
    assert not [row for row in ROWS if row[3] != row[0] + _by_reading(row[1], row[2])]
    assert len({particle for _, _, particle, _ in ROWS}) > 25


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
        ("은커녕/는커녕", "물은커녕", "차는커녕"),
        ("였던", "물이었던", "차였던"),
        ("구나", "물이구나", "차구나"),
        ("말고", "물말고", "차말고"),
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
