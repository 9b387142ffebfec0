"""Counts and profiles of data: endings, numbers, variety, and the figures of people beside them."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from layout_rows import ROWS as LAYOUT_ROWS
from layout_rows import write_rows

from fgdata.cli import main
from fgdata.conversion import convert
from fgdata.dialects.files import read_examples
from fgdata.errors import DataError
from fgdata.example import scan_jsonl
from fgdata.stats import (
    ENDING_CLASSES,
    NOT_PLACED,
    NOT_STATED,
    Ending,
    count_rows,
    find_ending,
    profile_texts,
)
from fgdata.stats.human import HUMAN, REPORTED
from fgdata.stats.numbers import has_spoken_number, mask_numbers
from fgdata.stats.profile import DIVERSITY, SURFACE, measure_diversity

TABLE = Path(__file__).parent / "data" / "korean" / "ending_classes.tsv"
LINES = [
    line.split("\t") for line in TABLE.read_text("utf-8").splitlines() if line and not line.startswith("#")
][1:]
TOOLS = [{"type": "function", "function": {"name": "power_on", "description": "On.", "parameters": {"type": "object"}}}]  # fmt: skip


def row(text: str, calls: int = 1, **columns: Any) -> str:
    """A row as JSON whose right completion makes `calls` calls."""
    call = {"type": "function", "function": {"name": "power_on", "arguments": {}}}
    answer = {"role": "assistant", "tool_calls": [call] * calls} if calls else {"role": "assistant", "content": "네."}  # fmt: skip
    messages = [{"role": "user", "content": text}, answer]
    return json.dumps({"messages": messages, "tools": TOOLS, **columns}, ensure_ascii=False)


def write(path: Path, *lines: str) -> Path:
    """A file of these lines."""
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


# Endings


@pytest.mark.parametrize(("name", "is_last", "text"), LINES, ids=lambda value: value)
def test_ending_table(name: str, is_last: str, text: str) -> None:
    """Every line of the checked table is in its class."""
    assert find_ending(text) == Ending(name, is_last == "yes")


def test_table_covers_every_class() -> None:
    """The table has lines of every class, at least 150 in all, each once."""
    assert {name for name, _, _ in LINES} == set(ENDING_CLASSES)
    assert len({text for _, _, text in LINES}) == len(LINES) >= 150


def test_any_text_has_an_ending() -> None:
    """What is no Korean, or nothing at all, is not placed or a bare word; nothing raises."""
    for text in ("", " ", "?!", "ㅋㅋ", "turn it on", "꺼줘ㅠㅠ", "\u1101\u1165"):
        assert find_ending(text).name in ENDING_CLASSES
    assert find_ending("").name == NOT_PLACED
    assert find_ending("\u1101\u1165").name == "informal 해"  # 꺼 in decomposed form


# Numbers


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("이십사 도로 맞춰줘", "# 도로 맞춰줘"),
        ("이십사도로 24도 2.5도", "#도로 #도 #도"),
        ("삼단으로 켜", "#단으로 켜"),
        ("두 시간 뒤에 한 개만", "# 시간 뒤에 # 개만"),
        ("열두 시에 하나만 틀어", "# 시에 #만 틀어"),
        ("마이너스 삼 도", "# 도"),
        ("일단계로", "#단계로"),
        ("일단 꺼", "일단 꺼"),
        ("이번에는 다시 한번", "이번에는 다시 한번"),
        ("이 시간에 세탁기 두고", "이 시간에 세탁기 두고"),
        ("열대야라 하나도 안 시원해", "열대야라 하나도 안 시원해"),
    ],
)
def test_numbers(text: str, masked: str) -> None:
    """Digits and spoken numbers are masked; words that look like numbers are not."""
    assert mask_numbers(text) == masked
    assert has_spoken_number(text) == (mask_numbers(text) != text)


# Profiles


def test_diversity_by_hand() -> None:
    """Figures of four texts, counted by hand: 9 words, 5 different; 5 pairs, 3 different; 1 run of three."""
    found, openings = measure_diversity(["a b", "A  b", "20도 b", "30도 b c"])
    # words: a b, a b, #도 b, #도 b c; different: a, b, #도, c
    assert found["distinct_texts"] == 3 / 4
    assert found["distinct_1"] == 4 / 9
    assert found["distinct_2"] == 3 / 5
    assert found["distinct_3"] == 1
    assert openings == {"a": 0.5, "#도": 0.5}
    assert found["top_5_openings"] == 1
    assert set(found) == set(DIVERSITY)


def test_zlib_ratio_grows_with_repetition() -> None:
    """A text said a hundred times packs better than a hundred texts."""
    same, _ = measure_diversity(["거실 불 꺼 줘"] * 100)
    other, _ = measure_diversity([f"{chr(0xAC00 + n * 37)} 불 {chr(0xB000 + n * 53)}" for n in range(100)])
    assert same["zlib_ratio"] > 3 * other["zlib_ratio"]


def test_surface_by_hand() -> None:
    """Shares of four Korean texts, counted by hand."""
    texts = ["야 불 좀 꺼줘", "저기요, 불을 켜 주세요", "이십사 도로 맞춰 주실 수 있을까요?", "TV 켜"]
    surface = profile_texts(texts, korean=True).surface
    assert surface == {
        "mean_characters": (8 + 13 + 20 + 4) / 4,
        "median_characters": 10.5,
        "under_12_characters": 0.5,
        "digits_or_latin": 0.25,
        "punctuation": 0.5,
        "spoken_numbers": 0.25,
        "jom": 0.25,
        "give_attached": 1 / 3,
        "request_not_last": 0,
        "opens_ya": 0.25,
        "opens_jeogi": 0.25,
    }


def test_main_verb_give_is_not_counted() -> None:
    """주다 as the main verb (물 좀 주세요) is neither attached nor spaced."""
    assert "give_attached" not in profile_texts(["물 좀 주세요"], korean=True).surface


def test_first_rows_bound_the_diversity() -> None:
    """Variety is measured over the first rows alone; the surface over all."""
    profile = profile_texts(["a"] * 3 + ["b"] * 7, korean=False, first=3)
    assert (profile.rows, profile.diversity_rows) == (10, 3)
    assert profile.openings == {"a": 1.0}


# Files


def test_counts_and_profiles(tmp_path: Path) -> None:
    """Calls and perturbations are counted; texts are measured by language, requests apart from all rows."""
    file = write(
        tmp_path / "rows.jsonl",
        row("거실 불 꺼 줘", language="ko", perturbation="spacing"),
        row("불 켜고 창문 닫아 줘", 2),
        row("오늘 춥네", 0, language="ko"),
        row("turn it on", language="en"),
        row("1 2 3"),
    )
    stats = count_rows([file])
    assert stats.counts["calls"] == {"0": {str(file): 1}, "1": {str(file): 3}, "2": {str(file): 1}}
    assert stats.counts["perturbation"]["spacing"] == {str(file): 1}
    assert {language: groups["all rows"].rows for language, groups in stats.profiles.items()} == {NOT_STATED: 1, "en": 1, "ko": 3}  # fmt: skip
    assert stats.profiles["ko"]["requests"].endings == {"informal 줘": 1.0}
    assert stats.profiles["en"]["all rows"].endings == {}
    titles = [str(table.title) for table in stats.tables()]
    assert "rows by perturbation" in titles
    assert stats.to_json()["human"]["reported"] == REPORTED


def test_no_request_at_all(tmp_path: Path) -> None:
    """A file whose rows call nothing has no column of requests."""
    stats = count_rows([write(tmp_path / "rows.jsonl", row("오늘 춥네", 0))])
    assert set(stats.profiles["ko"]) == {"all rows"}
    assert stats.tables()


@pytest.mark.parametrize("layout", sorted(LAYOUT_ROWS))
def test_every_layout_is_counted(tmp_path: Path, layout: str) -> None:
    """Rows of anybody's layout, as JSONL and as Parquet: the layout, the rows and the calls are told."""
    file = write_rows(tmp_path / "theirs.jsonl", LAYOUT_ROWS[layout])
    files = [file]
    if importlib.util.find_spec("pyarrow"):
        convert(file, tmp_path / "theirs.parquet", layout)
        files.append(tmp_path / "theirs.parquet")
    for one in files:
        examples = read_examples(one)
        stats = count_rows([one])
        assert stats.broken == {str(one): 0}
        assert stats.counts["layout"] == {layout: {str(one): len(examples)}}
        calls = Counter(str(len(example.expected_calls)) for example in examples)
        assert {count: cells[str(one)] for count, cells in stats.counts["calls"].items()} == calls
        titles = [table.title for table in stats.tables()]
        assert ("rows by layout" in titles) == (layout != "rows")


def test_perturbation_is_kept(tmp_path: Path) -> None:
    """The column is read and written again."""
    [example] = scan_jsonl(write(tmp_path / "rows.jsonl", row("a", perturbation="spacing")))
    assert not isinstance(example, DataError)
    assert example.to_row()["perturbation"] == "spacing"


# Human figures


def test_human_figures_are_whole() -> None:
    """The frozen figures carry every measure, shares are shares, and endings sum to 1."""
    for profile in HUMAN.values():
        assert set(profile.surface) == set(SURFACE)
        assert set(profile.diversity) == set(DIVERSITY)
        assert sum(profile.endings.values()) == pytest.approx(1, abs=0.001)
        assert not profile.openings
        assert set(profile.endings) <= set(ENDING_CLASSES)
    assert set(REPORTED["surface"]) <= set(SURFACE)
    assert set(REPORTED["endings"]) <= set(ENDING_CLASSES)


def test_command_says_what_it_cannot_place(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The table gives the share of rows that the classifier cannot place, and where the human figures are from."""
    file = write(tmp_path / "rows.jsonl", row("불 꺼 줘"), row("땀 줄줄", 0))
    assert main(["stats", str(file)]) == 0
    written = capfd.readouterr().out
    line = next(line for line in written.splitlines() if NOT_PLACED in line)
    assert ("0.0%" in line) and ("50.0%" in line)
    assert "StyleKQC" in written


def test_command_as_json(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The JSON form has the profiles, and --first bounds the rows of the variety."""
    file = write(tmp_path / "rows.jsonl", row("불 꺼 줘"), row("불 켜 줘"))
    assert main(["stats", "--json", "--first", "1", str(file)]) == 0
    texts = json.loads(capfd.readouterr().out)["texts"]["ko"]
    assert texts["all rows"]["diversity_rows"] == 1
    assert texts["requests"]["endings"] == {"informal 줘": 1.0}


def test_command_refuses_no_rows(tmp_path: Path) -> None:
    """Variety over no rows is refused as a flag."""
    with pytest.raises(SystemExit) as ended:
        main(["stats", "--first", "0", str(write(tmp_path / "rows.jsonl", row("a")))])
    assert ended.value.code == 2
