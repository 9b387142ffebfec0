"""A data set with every defect measured in published ones, made up for this test: each is found by its rule, in its line."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from lint_rows import found, text_row, write_rows

from fgdata.dataset import write_dataset
from fgdata.generator import Request
from fgdata.linting import RULES, LintReport, lint
from fgdata.pack import Pack
from fgdata.packs import load_pack, load_tools


def escaped(name: str, **arguments: object) -> str:
    """A native call with every value inside <escape>."""
    return f"{name}{{{','.join(f'{key}:<escape>{value}<escape>' for key, value in arguments.items())}}}"


TRAIN = [
    text_row("온도 2도 올려줘", escaped("adjust_temperature", delta=2)),
    text_row("바람 세게 해줘", escaped("set_fan_speed", speed="high")),
    text_row("바람세게 해줘", escaped("set_fan_speed", speed="auto")),  # 3: another answer to line 2, blanks apart
    text_row("제습으로 바꿔줘", escaped("set_mode", mode="dry")),  # 4: not in the enum
    text_row("바람 약하게 틀어줘", escaped("set_fan_speed", speed="약하게")),  # 5: the user's own word
    text_row("에어컨 켜줘요요", "power_on{}"),  # 6: an ending glued on
    text_row("방이 너무 덥다요", escaped("set_mode", mode="cooling")),  # 7: another
    text_row("에어컨 꺼줘", "power_off{}"),
    text_row("에어컨 꺼줘", "power_off{}"),  # 9: again
    text_row("온도 40도로 맞춰", escaped("set_temperature", temperature=40)),  # 10: out of range
    text_row("지금 몇 도야", "get_temperature{}"),  # 11: no such tool
    text_row("실내 온도를 스물여섯 도 정도로 맞춰줄래", escaped("set_temperature", temperature=26)),
    text_row("실내 온도를 스물여섯 도 정도로 맞춰 줄래요", escaped("set_temperature", temperature=26)),  # 13: near line 12
    *(text_row(f"{room} 냉방 {n}도", escaped("set_temperature", temperature=n)) for room in ("안방", "서재", "주방", "현관", "창고", "복도", "다락") for n in range(16, 31)),
]  # fmt: skip
VALIDATION = [
    text_row("온도를 2도 올려 주세요", escaped("adjust_temperature", delta=2)),  # 1: the stem of train's line 1
    text_row("온도 5도 올려주시겠어요?", escaped("adjust_temperature", delta=5)),  # 2: so is this
    text_row("에어컨 꺼줘", "power_off{}"),  # 3: stands in train
    text_row("실내 온도를 스물여섯 도 정도로 맞춰줄래요", escaped("set_temperature", temperature=26)),  # 4: near train's line 13
    *(text_row(f"{room} 송풍 {n}단계로 하고 창문은 열어둬", "power_on{}") for n, room in enumerate(("거실", "침실", "욕실", "차고", "마루"), 1)),
    *(text_row(f"{what} 괜찮으니 그냥 꺼도 된다고", "power_off{}") for what in ("선풍기", "조명", "난로", "라디오", "가습기", "청소기", "세탁기", "건조기", "보일러", "오븐", "공기청정기")),
]  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> LintReport:
    """Both files linted with the tools they were made for."""
    folder = tmp_path_factory.mktemp("field")
    files = [write_rows(folder / "train.jsonl", TRAIN), write_rows(folder / "validation.jsonl", VALIDATION)]
    return lint(files, load_tools("climate_ko"))


@pytest.mark.parametrize(
    ("rule", "places"),
    [
        ("conflicting-labels", [("train.jsonl", 3)]),
        ("off-enum", [("train.jsonl", 4)]),
        ("untranslated-value", [("train.jsonl", 5)]),
        ("glued-ending", [("train.jsonl", 6), ("train.jsonl", 7)]),
        ("duplicate", [("train.jsonl", 9)]),
        ("out-of-range", [("train.jsonl", 10)]),
        ("unknown-tool", [("train.jsonl", 11)]),
        (
            "stem-leak",
            [("validation.jsonl", 1), ("validation.jsonl", 2), ("validation.jsonl", 4)],
        ),
        ("split-leak", [("validation.jsonl", 3)]),
        ("near-leak", [("validation.jsonl", 4)]),
        ("contaminated-split", [("validation.jsonl", 0)]),
        ("no-no-call-rows", [("train.jsonl", 0)]),
        ("few-several-calls", [("train.jsonl", 0)]),
        ("escaped-values", [("train.jsonl", 1), ("validation.jsonl", 1)]),
    ],
)
def test_each_defect_is_found(report: LintReport, rule: str, places: list[tuple[str, int]]) -> None:
    """In its line, and nowhere else."""
    assert [(file, line) for _, file, line in found(report, rule)] == places, [
        finding.what for finding in report.findings if finding.rule == rule
    ]


def test_no_other_defect_is_found(report: LintReport) -> None:
    """Beside those above only near duplicates, which the files have."""
    assert set(report.counts) == {
        "conflicting-labels", "off-enum", "untranslated-value", "glued-ending", "duplicate", "out-of-range", "unknown-tool", "stem-leak",
        "split-leak", "near-leak", "contaminated-split", "no-no-call-rows", "few-several-calls", "escaped-values", "near-duplicate",
    }  # fmt: skip


def test_what_is_said(report: LintReport) -> None:
    """A finding names the value, the place of its counterpart and the share."""
    said = {finding.rule: finding.what for finding in report.findings}
    assert "'약하게' is not one of" in said["untranslated-value"]
    assert "the user's own word" in said["untranslated-value"]
    assert "train.jsonl:2" in said["conflicting-labels"]
    assert "of 20 rows (20%)" in said["contaminated-split"]
    assert all(set(layouts) == {"native-text"} for layouts in report.layouts.values())


@pytest.mark.parametrize(
    ("name", "n_rows"),
    [
        ("climate_ko", 4000),
        ("fitness_en", 4000),
        ("fitness_ko", 4000),
        ("fitness_plus_en", 4000),
        ("fitness_plus_ko", 4000),
        ("home_ko", 1000),
    ],
)
def test_what_we_generate_is_clean(name: str, n_rows: int, tmp_path: Path) -> None:
    """Thousands of rows of a pack have no error; the few stems that two splits share are warnings.

    What is held out stands in its file alone.
    """
    pack = load_pack(name)
    manifest = write_dataset(pack, Request(n_rows, 1), tmp_path / "data")
    files = [tmp_path / "data" / file for file in manifest["files"]]
    report = lint(files)
    assert report.is_clean, report.summary
    assert report.levels["warning"] <= 20, report.summary
    assert {finding.rule for finding in report.findings} <= {
        "stem-leak", "near-duplicate", "few-several-calls"
    }  # fmt: skip
    missed = n_rows - sum(
        report.rows.values()
    )  # small splits may have too few texts of an intent, and say so
    assert 0 <= missed <= n_rows // 500 and (not missed or manifest["shortfalls"])

    rows = {file.stem: [json.loads(line) for line in file.read_text("utf-8").splitlines()] for file in files}
    check_held_out(pack, rows)
    assert ("test_values" in rows) == ("test_compositions" in rows) == (name in HOLD_OUT)


HOLD_OUT = ("fitness_plus_en", "fitness_plus_ko", "home_ko")
"""Packs with held-out values and pairs; those of `fitness_*` have neither values nor compositions to hold out."""


def check_held_out(pack: Pack, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Assert that held-out forms of a row's values, and held-out pairs of intents, stand in their own files, and nowhere else."""
    forms = {
        (slot.name, json.dumps(value.value)): [re.escape(form) for form in value.held_out]
        for slot in pack.slots.values()
        for value in slot.values
        if value.held_out
    }
    for split, of_split in rows.items():
        for row in of_split:
            text = row["messages"][1]["content"]
            # The second of two clauses with one slot has it as `slot_2`.
            named = ((re.sub("_[0-9]$", "", slot), json.dumps(v)) for slot, v in row.get("slots", {}).items())
            held = [form for key in named for form in forms.get(key, ())]
            has = any(re.search(rf"(?<![0-9A-Za-z가-힣]){form}(?![0-9A-Za-z])", text) for form in held)
            assert has == (split == "test_values"), (split, text, row["slots"])
            found = pack.held_out_pairs & set(itertools.permutations(row["intent"].split("+"), 2))
            assert bool(found) == (split == "test_compositions"), (split, text)


def test_every_rule_says_why_and_what_to_do() -> None:
    """Whole sentences, for the report and the docs."""
    for rule in RULES.values():
        assert all(text[0].isupper() and text[-1] in ".s" for text in (rule.what, rule.why, rule.remedy)), (
            rule
        )
