"""Lint across rows and files: near duplicates, stems, families, shares, scripts; lengths; layouts."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lint_rows import found, text_row, write_rows
from rich.console import Console
from small_pack import TOOLS

from fgdata import console
from fgdata.cli import main
from fgdata.errors import ModelError, UsageError
from fgdata.example import example_from_row
from fgdata.format import TRIGGER, render_training
from fgdata.lengths import TokenCounter
from fgdata.linting import LEVELS, lint
from fgdata.linting.near import jaccard, near_pairs, trigrams
from fgdata.linting.stems import stem

TINY = str(Path(__file__).parents[1] / "models" / "tiny")


def native(user: str, room: str) -> dict[str, Any]:
    """A native row that turns on the light of a room."""
    return text_row(user, f"light_on{{room:<escape>{room}<escape>}}")


# Stems


@pytest.mark.parametrize(
    "texts",
    [
        ["온도 24도로 맞춰 주세요", "온도를 이십육 도로 맞춰줘", "온도 좀 30도로 맞춰주실래요?", "온도 26.5도로 맞추기", "온도 24도로 맞췄으면 좋겠어"],
        ["에어컨 켜줘", "에어컨 켜", "에어컨을 켜 주세요", "에어컨 켜주시겠어요", "에어컨 좀 켜", "에어컨 켜기", "에어컨 켜줘요요", "에어컨 켜줘 부탁해"],
        ["에어컨 꺼", "에어컨 끄기", "에어컨 꺼 주십시오", "에어컨을 꺼라"],
        ["불 틀어줘", "불 틀어", "불을 틀기", "불 틀었으면 좋겠어요"],
        ["거실 불 올려", "거실에 불을 올릴 것", "거실 불 올려줘"],
        ["너무 더워", "너무 더워요", "너무 덥네요", "너무 덥다", "너무 더운데"],
        ["바람은 자동으로 설정해줘", "바람 자동으로 설정해 주시길 부탁드립니다"],
        ["Set it to 24 degrees, please", "set it to 25 degrees"],
    ],
)  # fmt: skip
def test_texts_of_one_stem(texts: list[str]) -> None:
    """Particles, endings, politeness, punctuation and numbers do not count."""
    assert len({stem(text) for text in texts}) == 1, [stem(text) for text in texts]
    assert stem(texts[0])


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("에어컨 켜줘", "에어컨 꺼줘"),
        ("온도 올려줘", "온도 내려줘"),
        ("창문 열어줘", "창문 열지 마"),
        ("거실 불 켜줘", "침실 불 켜줘"),
        ("볼륨 높여줘", "볼륨 낮춰줘"),
        ("거실 빼고 다 꺼줘", "거실 다 꺼줘"),
        ("play mp3", "play mp4"),
    ],
)
def test_texts_of_two_stems(left: str, right: str) -> None:
    """Another verb, place or negation is another stem."""
    assert stem(left) != stem(right)


@pytest.mark.parametrize("text", ["", "24", "?!", "요", " "])
def test_too_short_for_a_stem(text: str) -> None:
    """What leaves nothing to tell by has no stem, and leaks nothing."""
    assert stem(text) == ""


@given(st.text())
def test_stems_of_anything(text: str) -> None:
    """Any text has a stem, the same with blanks around it."""
    assert stem(text) == stem(f" {text} ")


# Near duplicates


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.85, 1])
def test_near_pairs_are_true(threshold: float) -> None:
    """What is found is what comparing all with all finds, at every threshold."""
    chance = random.Random(7)
    words = [
        "거실",
        "침실",
        "불",
        "온도",
        "바람",
        "켜",
        "줘",
        "올려",
        "주세요",
        "세게",
        "조금",
        "지금",
        "바로",
        "에어컨",
    ]
    texts = list(dict.fromkeys(" ".join(chance.choices(words, k=chance.randint(4, 14))) for _ in range(600)))
    texts += [f"{text}요" for text in texts[:150]]
    groups = [number % 2 for number in range(len(texts))]
    grams = [trigrams(text) for text in texts]
    expected = {
        (later, groups[later] == groups[earlier])
        for later in range(len(texts))
        for earlier in range(later)
        if jaccard(grams[later], grams[earlier]) >= threshold
    }
    pairs = list(near_pairs(texts, groups, threshold))
    assert {(pair.later, groups[pair.later] == groups[pair.earlier]) for pair in pairs} == expected
    assert all(
        jaccard(grams[pair.later], grams[pair.earlier]) == pair.similarity >= threshold for pair in pairs
    )
    assert len(expected) > 20 or threshold == 1


def test_near_duplicates(tmp_path: Path) -> None:
    """Of one file a note, counted; of two an error; with --near 0 nothing."""
    text = "could you please turn on the small reading lamp in the corner"
    train = write_rows(
        tmp_path / "train.jsonl",
        [native(text, "study"), native(f"{text} now", "study"), text_row("hello", "Hi.")],
    )
    test = write_rows(tmp_path / "test.jsonl", [native(f"{text}s", "study")])
    report = lint([train, test])
    assert found(report, "near-duplicate", "near-leak") == [("near-duplicate", "train.jsonl", 2), ("near-leak", "test.jsonl", 1)]  # fmt: skip
    assert not found(lint([train, test], similarity=0), "near-duplicate", "near-leak")
    assert not found(lint([train, test], similarity=1), "near-duplicate", "near-leak")


# Splits


def test_families_in_two_files(tmp_path: Path) -> None:
    """Told once a file, at its first row of the family, with their number; any kind of row counts."""
    train = write_rows(
        tmp_path / "a.jsonl",
        [text_row("one", "1.", family="f/x", kind="several"), text_row("two", "2.", family="f/y")],
    )
    test = write_rows(
        tmp_path / "b.jsonl",
        [
            text_row("six", "6.", family="f/z"),
            text_row("ten", "10.", family="f/x"),
            text_row("nil", "0.", family="f/x"),
        ],
    )
    report = lint([train, test])
    assert found(report) == [("family-leak", "b.jsonl", 2)]
    assert report.findings[0].what == f"2 rows are of the family 'f/x', as is {train}:1."


def test_test_files_share_stems_with_each_other_only(tmp_path: Path) -> None:
    """The words of test with held-out values are no leak; those of train are, and a text that stands twice is."""
    texts = [f"온도 {number}도로 맞춰 주세요" for number in range(30)]
    test = write_rows(tmp_path / "test.jsonl", [text_row(text, "1.") for text in texts])
    more = [text_row(text.replace("주세요", "줘"), "1.") for text in texts[:20]]
    values = write_rows(tmp_path / "test_values.jsonl", [*more, text_row(texts[0], "1.")])
    assert found(lint([test, values], similarity=0)) == [("split-leak", "test_values.jsonl", 21)]
    train = write_rows(tmp_path / "train.jsonl", [text_row("온도 31도로 맞춰줘", "1.")])
    rules = [rule for rule, _, _ in found(lint([train, test, values], similarity=0))]
    assert rules.count("stem-leak") == len(texts) + len(more)


def test_contamination_is_told_of_the_smaller_file(tmp_path: Path) -> None:
    """Whichever is named first."""
    many = write_rows(
        tmp_path / "many.jsonl",
        [text_row(f"{chr(97 + n % 26)}{chr(97 + n // 26)} words", "1.") for n in range(60)],
    )
    few = write_rows(
        tmp_path / "few.jsonl",
        [text_row(f"{chr(97 + n % 26)}{chr(97 + n // 26)} Words!", "1.") for n in range(30)],
    )
    for files in ([many, few], [few, many]):
        assert found(lint(files), "contaminated-split") == [("contaminated-split", "few.jsonl", 0)]


# Values and shares


def test_scripts(tmp_path: Path) -> None:
    """A value in Hangul among Latin ones is a warning, where the tools are not known; half and half is nothing."""
    rows = [native(f"turn on number {n}", "kitchen") for n in range(20)]
    file = write_rows(
        tmp_path / "rows.jsonl", [*rows, native("거실 불 켜", "거실"), text_row("hello", "Hi.")]
    )
    assert found(lint([file]), "odd-script") == [("odd-script", "rows.jsonl", 21)]
    file = write_rows(
        tmp_path / "names.jsonl", [*rows[:10], *(native(f"{n}번 불", "거실") for n in range(10))]
    )
    assert not found(lint([file]), "odd-script")


def test_few_several_calls(tmp_path: Path) -> None:
    """Said of a hundred calling rows and more, below one in a hundred."""
    rows = [native(f"light {n}", "hall") for n in range(150)]
    assert found(lint([write_rows(tmp_path / "a.jsonl", rows)]), "few-several-calls")
    two = text_row("both", "light_on{room:<escape>hall<escape>}+light_on{room:<escape>attic<escape>}")
    assert not found(
        lint([write_rows(tmp_path / "b.jsonl", [*rows, two, two | {"family": "x"}])]), "few-several-calls"
    )
    assert not found(lint([write_rows(tmp_path / "c.jsonl", rows[:50])]), "few-several-calls")


# Lengths


def test_rows_that_are_too_long(tmp_path: Path) -> None:
    """Counted as the trainer counts: the whole text, in one go or turn by turn."""
    rows = [text_row("short", "Yes."), text_row("long " * 200, "Yes.")]
    file = write_rows(tmp_path / "rows.jsonl", rows)
    report = lint([file], max_length=100, tokenizer=TINY)
    assert found(report) == [("too-long", "rows.jsonl", 2)]
    counter = TokenCounter(TINY)
    whole = counter._tokenizer(render_training(rows[1]["messages"]).text, add_special_tokens=False)[
        "input_ids"
    ]
    assert counter.count(example_from_row(rows[1], "", "x")) == len(whole)
    assert report.findings[0].what == f"{len(whole)} tokens, {len(whole) - 100} more than 100."
    assert not lint([file], max_length=len(whole), tokenizer=TINY).findings


def test_tokenizers_that_do_not_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that holds none, and a Python without transformers, are told with what to do."""
    file = write_rows(tmp_path / "rows.jsonl", [text_row("a", "b")])
    with pytest.raises(ModelError, match="is no tokenizer that can be loaded"):
        lint([file], max_length=9, tokenizer=str(tmp_path))
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UsageError, match=r"pip install 'fgsuite\[train\]'"):
        lint([file], max_length=9, tokenizer=TINY)


# Layouts

FLAT = json.dumps([tool["function"] for tool in TOOLS])
CALL = {"name": "set_light", "arguments": {"level": 500}}
LAYOUT_ROWS: dict[str, dict[str, Any]] = {
    "rows": {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [{"function": CALL}]}], "tools": TOOLS},
    "native-text": text_row("a", "Hello."),
    "json-columns": {"messages": json.dumps([{"role": "developer", "content": TRIGGER}, {"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [{"type": "function", "function": CALL}]}]), "tools": json.dumps(TOOLS)},
    "prompt-columns": {"system": TRIGGER, "user": "a", "assistant": json.dumps(CALL), "tools": FLAT},
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUT_ROWS)
def test_layouts(tmp_path: Path, layout: str) -> None:
    """Each layout is recognised, and its calls are checked against its tools."""
    file = write_rows(tmp_path / "rows.jsonl", [LAYOUT_ROWS[layout]])
    report = lint([file])
    assert report.layouts == {str(file): {layout: 1}}
    assert bool(found(report, "out-of-range")) == (layout != "native-text")


@pytest.mark.parametrize(
    ("answer", "rules"),
    [
        (
            json.dumps(
                [CALL | {"arguments": {"level": 5}}, CALL | {"name": "lights_off", "arguments": None}]
            ),
            [],
        ),
        ("I cannot do that.", []),
        ("24", []),
        ('{"name": "set_light", "arguments": "{\\"level\\": 7}"}', []),
        ('{"arguments": {}}', ["unparsable-call"]),
        ("", ["broken-line"]),
        (None, ["broken-line"]),
    ],
)
def test_answers_in_a_column(tmp_path: Path, answer: Any, rules: list[str]) -> None:
    """Calls as JSON text, one or several, or a text; what is neither is told."""
    row = LAYOUT_ROWS["prompt-columns"] | {"assistant": answer}
    file = write_rows(
        tmp_path / "rows.jsonl", [row, text_row("b", "Hi."), row | {"user": "b", "assistant": "Hi."}]
    )
    report = lint([file])
    assert [finding.rule for finding in report.findings if finding.line == 1] == rules
    assert set(report.layouts[str(file)]) >= {"native-text", "prompt-columns"}


def test_columns_that_no_layout_has(tmp_path: Path) -> None:
    """A broken line that names the columns."""
    report = lint([write_rows(tmp_path / "rows.jsonl", [{"prompt": "a", "completion": "b"}])])
    assert found(report) == [("broken-line", "rows.jsonl", 1)]
    assert "'prompt', 'completion'" in report.findings[0].what


# The command


def test_fail_on(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The exit code is 1 from the level that is named upwards."""
    notes = write_rows(tmp_path / "notes.jsonl", [native("a", "hall")])
    stems = write_rows(tmp_path / "stems.jsonl", [text_row("turn it on", "Hi.")])
    more = write_rows(tmp_path / "more.jsonl", [text_row("Turn it on, please!", "Hi.")])
    codes = {
        (name, level): main(["lint", *map(str, files), "--fail-on", level])
        for name, files in {"note": [notes], "warning": [stems, more], "none": [stems]}.items()
        for level in LEVELS
    }
    assert {key for key, code in codes.items() if code == 1} == {("note", "note"), ("warning", "note"), ("warning", "warning")}  # fmt: skip
    assert set(codes.values()) == {0, 1}
    assert f"{stems}: layout native-text" in capfd.readouterr().out


def test_markdown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Files with their layouts, then each rule with its reasons and places; what rows say is text, never markup."""
    file = write_rows(
        tmp_path / "rows.jsonl",
        [text_row("<b>|[x](y)", "f{"), text_row("<b>|[x](y)", "Hi."), *[text_row("a", "b")] * 5],
    )
    assert main(["lint", str(file), "--format", "markdown", "--limit", "2"]) == 1
    text = capfd.readouterr().out
    assert text.startswith("# Lint report\n\n7 rows in 1 files: ")
    assert "| 7 | native-text |" in text
    assert "## duplicate (error, 4)" in text
    assert "**What to do:** Keep one of the rows." in text
    assert "| … | and 2 more |" in text
    assert "[x](y)" not in text
    assert "\\<b\\>\\|\\[x\\]" in text


def test_rules_are_listed(capfd: pytest.CaptureFixture[str]) -> None:
    """All of them, without a file; no file and no --rules is bad input."""
    assert main(["lint", "--rules"]) == 0
    assert "off-enum" in capfd.readouterr().out
    assert main(["lint"]) == 2
    assert "no file is named" in capfd.readouterr().err


@pytest.mark.parametrize(
    "flags",
    [["--near", "0.2"], ["--near", "nan"], ["--max-length", "5"], ["--tokenizer", TINY], ["--max-length", "0", "--tokenizer", TINY], ["--tools", "nowhere.json"], ["--pack", "nobody"]],
)  # fmt: skip
def test_flags_that_cannot_be_used(
    tmp_path: Path, flags: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, with the flag or the file."""
    file = write_rows(tmp_path / "rows.jsonl", [text_row("a", "b")])
    assert main(["lint", str(file), *flags]) == 2
    assert "error:" in capfd.readouterr().err


def test_linting_is_light(tmp_path: Path) -> None:
    """No deep-learning library is loaded unless tokens are counted."""
    file = write_rows(tmp_path / "rows.jsonl", [text_row("a", "b")])
    probe = f"import sys, fgdata; fgdata.lint([{str(file)!r}]); print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", probe], text=True).split()
    assert {"torch", "transformers", "numpy"}.isdisjoint(loaded)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["role", "content", "name", "function", "parameters", "properties", "type", "enum", "tool_calls", "arguments", "user"]) | st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
COLUMNS = st.sampled_from(
    ["messages", "tools", "user", "assistant", "system", "id", "family", "pack", "slots", "kind"]
)


@given(st.lists(JSON | st.dictionaries(COLUMNS, JSON, min_size=2), max_size=4))
def test_any_json_is_data(tmp_path_factory: pytest.TempPathFactory, rows: list[Any]) -> None:
    """Whatever a line holds, it is a row or a finding, never an error of ours."""
    file = write_rows(tmp_path_factory.mktemp("any") / "rows.jsonl", rows)
    report = lint([file])
    broken = {finding.line for finding in report.findings if finding.rule == "broken-line" and finding.line}
    assert report.rows[str(file)] + len(broken) == len(rows)
    json.dumps(report.to_json())
    assert report.to_markdown(0)


def test_long_files_show_a_bar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal; it counts bytes and goes when reading is done. Short files, and pipes, get none."""
    file = write_rows(tmp_path / "rows.jsonl", [text_row("a", "b")])
    shown = Console(file=io.StringIO(), force_terminal=True)
    monkeypatch.setattr(console, "err", shown)
    with console.byte_progress([str(file)], "reading") as advance:
        advance(1)
    assert shown.file.getvalue() == ""  # type: ignore[attr-defined]
    monkeypatch.setattr(console, "LONG", 1)
    with console.byte_progress([str(file)], "reading") as advance:
        lint([file], advance=advance)
    assert "reading" in shown.file.getvalue()  # type: ignore[attr-defined]
