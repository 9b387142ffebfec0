"""Perturbed texts say what they said; the same key gives the same text; and the check that this rests on can fail."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fgdata.errors import FgError
from fgdata.format import find_control_tokens
from fgdata.korean.hangul import is_syllable
from fgdata.perturb import LEVELS, WEIGHTS, Language, perturb, perturb_one, recover, recovered
from fgdata.perturb import english_words as english
from fgdata.perturb import korean_words as korean
from fgdata.perturb.dice import Dice
from fgdata.perturb.hangul_keys import NEIGHBOURS, TURNING, carried_over, key_slips, tail_slips
from fgdata.perturb.rates import COUNTS
from tests import perturb_table

ROOT = Path(__file__).parents[1]
KEYS = st.integers(0, 2**64 - 1)
_KOREAN = (
    "하나 다섯 이십사 도로 안 방 안방 말고 켜지 마 에어컨 이 가 온도를 바람이 24도 2 4 ,5 . 오토 약 중 강 냉방 "
    "모드 이 도 이 시간 아니 그만 그 만 저기 빼고 않 되 돼 같이 a B 3.5 지 말 한 세게 네 야 여 홉 마이너스 차이, "
    "도와 차이를 도 에 외 너무 스무 세 줘, 꺼 켜 올려 내려 더 주세요 틀어"
)
_ENGLISH = (
    "no t not one on e two don't dont can't ten listen phone another another's turn off the AC ac light "
    "24 2 4 , 7:30 their it's w ' I Call Bob living room ABC wont won't n't half weather please twenty "
    "temperature, second"
)
KOREAN_WORDS, ENGLISH_WORDS = _KOREAN.split(), _ENGLISH.split()
ODD = "\u0301\u00a0\u3000<>①㎡２가\u1100\u1161\u11a8ㅎㅠ\uffa0½…ᄒ٣℃\n\t"


@st.composite
def _requests(draw: st.DrawFn) -> tuple[Language, str, tuple[str, ...]]:
    """A language, a text of words where edits are dangerous or of single letters, and values, most of them out of the text."""
    language: Language = draw(st.sampled_from(["ko", "en"]))
    words = KOREAN_WORDS if language == "ko" else ENGLISH_WORDS
    letters = sorted(set("".join(words)) | {" "})
    text = draw(
        st.one_of(
            st.lists(st.sampled_from(words), min_size=1, max_size=9).map(" ".join),
            st.lists(st.sampled_from([*words, " "]), min_size=1, max_size=9).map("".join),
            st.text(st.sampled_from(letters), max_size=16),
            st.text(st.sampled_from([*letters, *ODD]), max_size=12),
            st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
        )
    )
    inside = st.tuples(st.integers(0, len(text)), st.integers(1, 6)).map(
        lambda cut: text[cut[0] : cut[0] + cut[1]]
    )
    values = draw(st.lists(st.one_of(inside, inside, st.sampled_from(words)), max_size=3))
    return language, text, tuple(values)


@settings(max_examples=800)
@given(_requests(), KEYS)
def test_what_must_stay_stays(request_: tuple[Language, str, tuple[str, ...]], key: int):
    """Some 38,000 perturbed texts: nothing is lost, labels tell the truth, and no line break or control token appears."""
    language, text, protected = request_
    for step in range(48):
        made = perturb(text, language=language, level="strong", key=(key + step) % 2**64, protected=protected)
        assert recovered(text, made.text, language=language, protected=protected) == ""
        assert bool(made.kinds) is (made.text != text)
        assert made.text.strip() or not text.strip()
        assert made.text.count("\n") == text.count("\n")
        assert len(find_control_tokens(made.text)) <= len(find_control_tokens(text))


@given(_requests(), KEYS)
def test_every_kind_alone(request_: tuple[Language, str, tuple[str, ...]], key: int):
    """Each kind by itself changes the text if and only if it says so, and loses nothing."""
    language, text, protected = request_
    for kind in WEIGHTS[language]:
        made = perturb_one(text, kind, language=language, key=key, protected=protected)
        assert made.kinds == ((kind,) if made.text != text else ())
        assert recovered(text, made.text, language=language, protected=protected) == ""


def test_golden_lines():
    """The table that was read line by line, and the page that shows some of its lines."""
    assert perturb_table.TABLE.read_text("utf-8") == perturb_table.build_table()
    page = perturb_table.PAGE.read_text("utf-8")
    assert page == perturb_table.with_tables(page)
    assert {case[:2] for case in perturb_table.cases()} == {
        (language, kind) for language, weights in WEIGHTS.items() for kind in weights
    }


@pytest.mark.parametrize(
    ("kind", "language", "before", "after"),
    [
        ("missing_space", "ko", "불 꺼", "불꺼"),
        ("joined", "ko", "온도 좀 올려 줘", "온도좀올려줘"),
        ("dropped_particle", "ko", "불을 켜", "불 켜"),
        ("dropped_particle", "ko", "바람이 세다", "바람 세다"),
        ("homophone", "ko", "좋겠다", "좋겟다"),
        ("homophone", "ko", "같이 가", "가치 가"),
        ("fullwidth", "ko", "24도", "２４도"),
        ("nfd", "ko", "켜", "\u110f\u1167"),
        ("apostrophe", "en", "don't", "dont"),
        ("case", "en", "NASA", "nasa"),
        ("homophone", "en", "their car", "there car"),
        ("missing_space", "en", "turn on", "turnon"),
    ],
)
def test_kinds_with_one_outcome(kind: str, language: Language, before: str, after: str):
    """Where a kind has one thing to do, it does that."""
    assert perturb_one(before, kind, language=language, key=3).text == after


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("dropped_particle", "많이 틀어"),  # an adverb
        ("dropped_particle", "하는 모드"),  # an ending
        ("dropped_particle", "먹을 물"),
        ("dropped_particle", "일을 분담해"),  # 일 분 is a number
        ("dropped_particle", "차이를 도와"),  # 이 도, too
        ("missing_space", "24 25"),
        ("missing_space", "이십 오"),
        ("extra_space", "안방"),  # 안 방 negates
        ("slip", "켜 꺼"),  # 커 could be either
        ("jamo", "더"),  # 덜
        ("homophone", "네"),
    ],
)
def test_what_no_kind_does(kind: str, text: str):
    """Edits that would say something else find no place."""
    for key in range(200):
        assert perturb_one(text, kind, language="ko", key=key).kinds == ()


def test_every_kind_occurs():
    """At `strong`, plain requests meet every kind of their language."""
    for language, texts in perturb_table.TEXTS.items():
        seen = Counter(
            kind
            for text, protected in texts
            for key in range(1500)
            for kind in perturb(
                text, language=language, level="strong", key=key, protected=protected.split("|")
            ).kinds
        )
        assert set(seen) == set(WEIGHTS[language])


def test_levels():
    """`off` leaves the text alone; `light` and `strong` give as many perturbations as their table says."""
    text = "거실 에어컨 온도를 24도로 맞춰 줘"
    for level in LEVELS:
        counts = Counter(
            len(perturb(text, language="ko", level=level, key=key).kinds) for key in range(20_000)
        )
        assert set(counts) == set(COUNTS[level])
        assert all(abs(counts[n] / 20_000 - share) < 0.012 for n, share in COUNTS[level].items())


PROBE = """
import hashlib
from fgdata.perturb import perturb
made = [
    perturb(text, language=language, level="strong", key=key * 0x9E3779B97F4A7C15 % 2**64, protected=("거실", "24도", "heater"))
    for language, text in (("ko", "거실 바람이 세니까, 24도로 좀 맞춰 주세요"), ("en", "Don't turn on the heater, it's 24 degrees there"))
    for key in range(500)
]
print(hashlib.sha256(repr(made).encode()).hexdigest())
"""


def test_same_key_same_text_in_every_process():
    """Two processes that hash strings differently write the same thousand texts, and so did the first that ran this test."""
    seen = {
        subprocess.check_output(
            [sys.executable, "-c", PROBE],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            text=True,
        ).strip()
        for seed in ("1", "2")
    }
    assert seen == {FROZEN}


FROZEN = "ff0ba8a78fe28ca84a7d964b06cc57ca186525ce2d899083d25eaaaff846941d"


def test_dice_are_splitmix64():
    """The first numbers of splitmix64 for seed 1234567, as published with its reference code's ports."""
    dice = Dice(1234567)
    assert [dice.draw() for _ in range(3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


@pytest.mark.parametrize(
    ("language", "before", "after", "protected"),
    [
        ("ko", "24도로 해", "2도로 해", ()),
        ("ko", "24도로 해", "42도로 해", ()),
        ("ko", "24 25도", "2425도", ()),
        ("ko", "24.5도", "245도", ()),
        ("ko", "이십사 도", "이십 도", ()),
        ("ko", "이십 도", "십이 도", ()),
        ("ko", "이 도 올려", "도 올려", ()),
        ("ko", "두 시간", "시간", ()),
        ("ko", "두 시간", "세 시간", ()),
        ("ko", "다섯 개", "여섯 개", ()),
        ("ko", "하나 더", "하 더", ()),
        ("ko", "안 켜도 돼", "켜도 돼", ()),
        ("ko", "못 켜", "켜", ()),
        ("ko", "거실 말고 안방", "거실 안방", ()),
        ("ko", "거실 말고 안방", "거실 말거 안방", ()),
        ("ko", "끄지 마", "끄지", ()),
        ("ko", "거실은 빼고", "거실은", ()),
        ("ko", "아니 켜", "켜", ()),
        ("ko", "켜", "안 켜", ()),
        ("ko", "거실 켜", "안방 켜", ("거실",)),
        ("ko", "거실 켜", "거신 켜", ("거실",)),
        ("ko", "냉방 모드", "냉방", ("냉방 모드",)),
        ("ko", "거실 켜", "거실 중 켜", ("거실", "중")),
        ("en", "set 24", "set 2", ()),
        ("en", "set 2 4", "set 24", ()),
        ("en", "do not stop", "do stop", ()),
        ("en", "don't stop", "do stop", ()),
        ("en", "all except one", "all one", ()),
        ("en", "tea without milk", "tea with milk", ()),
        ("en", "two glasses", "too glasses", ()),
        ("en", "two glasses", "three glasses", ()),
        ("en", "the bedroom", "the kitchen", ("bedroom",)),
        ("en", "call Bob", "call bob", ("Bob",)),
    ],
)
def test_a_loss_is_named(language: Language, before: str, after: str, protected: tuple[str, ...]):
    """Dropped digits, swapped values and missing negations are found, and the sentence shows both texts."""
    assert recovered(before, before, language=language, protected=protected) == ""
    said = recovered(before, after, language=language, protected=protected)
    assert repr(before) in said and repr(after) in said and said.endswith(".")


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("ko", "거실 에어컨 이십사 도로 틀지 말고 24 도로 안 세게", "이십사 말고 24 안 세"),
        ("en", "do not set the AC to 24 but one without it", "not 24 but one without"),
    ],
)
def test_no_loss_goes_unseen(language: Language, text: str, words: str):
    """Whatever number or negation is cut out of a text, the check says so."""
    for word in words.split():
        assert recovered(text, text.replace(word, "", 1), language=language), word


def test_what_is_no_loss():
    """Form, blanks and, in English, case and apostrophes may change."""
    assert not recovered("24도 안 켜", "\uff12\uff14\u1103\u1169안켜", language="ko", protected=["24도"])
    assert not recovered("DON'T do Two", "dont do two", language="en")
    assert not recovered("바람이 안 좋아", "바람 안 좋아", language="ko")


def test_check_stands_alone():
    """recover.py imports nothing of the modules it checks, and they import nothing of it."""
    for path in (ROOT / "fgdata/perturb").glob("*.py"):
        imported = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module)
            elif isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
        if path.name == "recover.py":
            ours = {name for name in imported if name and name.startswith(("fgdata", "."))}
            assert ours == {"fgdata.errors"}
        elif path.name != "__init__.py":
            assert "fgdata.perturb.recover" not in imported


def test_both_sides_know_the_same_words():
    """Perturbing and checking hold lists of their own; what the check looks for is what edits keep away from."""
    assert set(english.SENSE_WORDS) == set(recover._ENGLISH_WORDS.split())
    assert set(korean.SENSE_WORDS) == set(recover._KOREAN_WORDS.split())
    assert set(recover._KOREAN_SYLLABLES) == korean.SENSE_SYLLABLES | korean.SINO - {"이"}
    assert set(recover._COUNTERS) == korean.COUNTERS


def test_korean_tables():
    """No entry of the tables could write a number or a negation, alone or with its neighbours."""
    for spelt, heard, reason in korean.HOMOPHONES:
        changed = {new for old, new in zip(spelt, heard, strict=True) if old != new}
        assert changed and changed.isdisjoint(korean.NEVER_WRITTEN) and reason, (spelt, heard)
    for word in (*korean.FILLERS, *korean.VOCATIVES):
        assert not recovered("켜", f"켜{word}켜", language="ko"), word
        assert word[-1] not in korean.NEVER_WRITTEN
    assert {word[0] for word in korean.FILLERS} & korean.WORD_LETTERS <= {"그"}


def test_keys_of_the_two_set_keyboard():
    """Neighbouring keys, shift, compound vowels and finals."""
    assert set(NEIGHBOURS["ㅎ"]) == {"ㄹ", "ㅗ", "ㅅ", "ㅛ", "ㅠ", "ㅍ"}
    assert all(a in NEIGHBOURS[b] for a in NEIGHBOURS for b in NEIGHBOURS[a])
    assert {"거", "껴"} <= set(key_slips("꺼"))
    assert {"놔", "왜"} <= set(key_slips("와")) and "워" not in key_slips("와")
    assert set(tail_slips("했")) == {"해", "햇"} and tail_slips("해") == []
    assert carried_over("커", "튼") == "컽" and carried_over("커", "아") == ""
    assert all(map(is_syllable, key_slips("닭") + key_slips("꿔")))
    assert {"켜", "꺼", "올", "내"} <= TURNING


def test_wrong_requests():
    """Levels, languages, kinds and keys that are none end in an error that names what there is."""
    with pytest.raises(FgError, match=r"'loud' is no level.*off, light, strong"):
        perturb("켜", language="ko", level="loud", key=1)
    with pytest.raises(FgError, match="'de' cannot be perturbed"):
        perturb("an", language="de", level="light", key=1)  # type: ignore[arg-type]
    with pytest.raises(FgError, match="more than 64 bits"):
        perturb("켜", language="ko", level="off", key=2**64)
    with pytest.raises(FgError, match=r"'loud' is no kind.*missing_space"):
        perturb_one("켜", "loud", language="ko", key=1)
    with pytest.raises(FgError, match="'de' cannot be checked"):
        recovered("an", "an", language="de")  # type: ignore[arg-type]


def test_nothing_to_perturb():
    """An empty text stays one, at every level."""
    for level in LEVELS:
        assert perturb("", language="ko", level=level, key=5) == ("", ())
