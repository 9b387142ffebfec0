"""Generation: the same bytes every time, distinct texts, families kept in their split, folders that appear whole."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_pack import INTENTS, PACK, SLOTS, write_korean_pack, write_pack

from fgdata import dataset
from fgdata.chance import Chance, Weighted, shares
from fgdata.dataset import Shard, write_dataset
from fgdata.errors import PackError, UsageError
from fgdata.example import Example, read_jsonl
from fgdata.files import file_sha256
from fgdata.format import TRIGGER, parse_completion, render_training
from fgdata.generator import Generated, Request, generate, utterance_key
from fgdata.lots import Shortfall
from fgdata.pack import Pack
from fgdata.pack_reader import read_pack
from fgdata.schema import Call, coerce_call

SPLITS = ("train", "validation", "test")
HERE = (*(f"{split}.jsonl" for split in SPLITS), "manifest.json")


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """The small pack."""
    return read_pack(write_pack(tmp_path_factory.mktemp("packs") / "lamp"))


@pytest.fixture(scope="module")
def made(pack: Pack) -> Generated:
    """400 rows of it."""
    return generate(pack, 400, 1)


def all_rows(generated: Generated) -> list[Example]:
    """The rows of all splits."""
    return [example for split in SPLITS for example in generated.splits[split]]


# Chance


def test_chance_repeats_itself() -> None:
    """The same seed text gives the same draws; these were written down, so another Python must give them too."""
    chance = Chance("climate_ko", 1)
    assert [chance.below(100) for _ in range(6)] == [Chance("climate_ko", 1).below(100), *_after_one()]
    assert Chance("a").shuffled(range(5)) == Chance("a").shuffled(range(5))
    assert Chance("a").below(10**9) != Chance("b").below(10**9)


def _after_one() -> list[int]:
    chance = Chance("climate_ko", 1)
    chance.below(100)
    return [chance.below(100) for _ in range(5)]


def test_chance_follows_weights() -> None:
    """Draws by weight come out near their shares."""
    chance, choices = Chance("w"), Weighted([("a", 7), ("b", 2), ("c", 1)])
    counts = Counter(chance.weighted(choices) for _ in range(10_000))
    assert [round(counts[name] / 1000) for name in "abc"] == [7, 2, 1]


@given(st.integers(0, 5000), st.lists(st.floats(0.01, 100), min_size=1, max_size=8))
def test_shares_add_up(total: int, weights: list[float]) -> None:
    """Whole shares add up to the total, and none is a row or more from its exact share."""
    named = {str(number): weight for number, weight in enumerate(weights)}
    dealt = shares(total, named)
    assert sum(dealt.values()) == total
    assert all(abs(dealt[name] - total * named[name] / sum(weights)) < 1 + 1e-6 for name in named)


# Rows


def test_rows_are_shared_out(pack: Pack, made: Generated) -> None:
    """Splits, kinds and intents get their shares exactly."""
    assert {split: len(rows) for split, rows in made.splits.items()} == {
        "train": 320,
        "validation": 40,
        "test": 40,
    }
    assert Counter(row.kind for row in made.splits["test"]) == {"call": 28, "no_call": 8, "ask": 4}
    counts = Counter(row.intent for row in made.splits["train"])
    assert counts["set_level"] in (149, 150)
    assert counts["cosy"] in (74, 75)
    assert made.shortfalls == ()
    assert {row.register for row in all_rows(made)} == {"plain"}


def test_families_keep_to_their_split(pack: Pack, made: Generated) -> None:
    """A family's rows stand in its split alone, and within an intent families take turns."""
    split_of = {f"{i.name}/{f.name}": f.split for i in pack.intents for f in i.families}
    for split in SPLITS:
        assert {split_of[row.family] for row in made.splits[split]} == {split}
    counts = Counter(row.family for row in made.splits["train"] if row.intent == "set_level")
    assert len(counts) == 6
    assert max(counts.values()) - min(counts.values()) <= 1


def test_texts_are_distinct_in_the_whole_set(made: Generated) -> None:
    """No text comes twice, whatever its case and blanks, in one split or two."""
    keys = [utterance_key(row.utterance) for row in all_rows(made)]
    assert len(set(keys)) == len(keys) == 400


def test_ids_are_distinct(made: Generated) -> None:
    """Every row has its own id."""
    assert len({row.id for row in all_rows(made)}) == 400


def test_values_are_covered(made: Generated) -> None:
    """Every enum value and both ends of every range stand in each split."""
    assert made.unseen_values == {}
    for split in SPLITS:
        slots = [row.slots for row in made.splits[split] if row.intent == "set_level"]
        assert {row["room"] for row in slots} == {"kitchen", "bedroom"}
        assert {0, 100} <= {row["level"] for row in slots}


def test_ends_come_first_where_rows_are_few(pack: Pack) -> None:
    """With a handful of rows the ends of a range are there before anything between."""
    few = generate(pack, 60, 1)
    assert few.unseen_values == {}
    for split in ("validation", "test"):
        assert {0, 100} <= {row.slots["level"] for row in few.splits[split] if row.intent == "set_level"}


def test_values_that_no_row_has_are_said(pack: Pack) -> None:
    """Where a split has fewer rows than ends and enum values, those left out are listed."""
    assert "level" in generate(pack, 10, 1).unseen_values["test"]


def test_calls_are_what_the_text_says(made: Generated) -> None:
    """Slots, text and call of a row agree."""
    for row in all_rows(made):
        if row.intent == "set_level":
            assert row.expected_calls == (Call("set_light", row.slots),)
            assert str(row.slots["level"]) in row.utterance
        elif row.kind != "call":
            assert row.expected_calls == ()
            assert row.messages[-1]["content"]


def test_rows_can_be_trained_on(made: Generated) -> None:
    """Every row renders strictly, with its tools and one answer that carries loss."""
    for row in all_rows(made)[::20]:
        training = render_training(row.messages, row.tools)
        assert len(training.spans) == 1
        assert training.text.count("<start_function_declaration>") == 2


def test_utterances_are_tidy(made: Generated) -> None:
    """No double blanks, no blank before a sign, no ends."""
    for row in all_rows(made):
        assert row.utterance == " ".join(row.utterance.split())
        assert " ?" not in row.utterance


def test_seeds_differ(pack: Pack, made: Generated) -> None:
    """Another seed gives another data set, the same seed the same."""
    assert generate(pack, 400, 1) == made
    assert {r.utterance for r in all_rows(generate(pack, 400, 2))} != {r.utterance for r in all_rows(made)}


def test_a_family_has_the_weight_it_is_given(tmp_path: Path) -> None:
    """Of six families one that weighs three gets three rows where the others get one; other splits are as they were."""
    name = "  - name: family_2\n"
    heavy = INTENTS["set_level"].replace(name, f"{name}    weight: 3\n")
    made = generate(read_pack(write_pack(tmp_path, set_level=heavy)), rows=600, seed=1)
    counts = Counter(row.family for row in made.splits["train"] if row.intent == "set_level")
    whole = counts.total()
    for family, n in counts.items():
        share = 3 / 8 if family == "set_level/family_2" else 1 / 8
        assert abs(n - share * whole) < 1, family
    tests = Counter(row.family for row in made.splits["test"] if row.intent == "set_level")
    assert max(tests.values()) - min(tests.values()) <= 1


def test_registers_follow_the_pack(tmp_path: Path) -> None:
    """Requests take endings of their row's register, in about the pack's shares."""
    rows = all_rows(generate(read_pack(write_korean_pack(tmp_path)), 1000, 1))
    counts = Counter(row.register for row in rows)
    assert 0.4 < counts["hae"] / len(rows) < 0.6
    assert counts["hapsyo"] > 50
    assert all(
        row.utterance.endswith(("니다", "시오", "니까", "니까?")) for row in rows if row.register == "hapsyo"
    )
    assert any("주방을" in row.utterance for row in rows)
    assert any("부엌을" in row.utterance for row in rows)
    assert not any("부엌를" in row.utterance for row in rows)


# Shapes


def test_text_and_escaped_is_the_first_seeds_row(pack: Pack) -> None:
    """Shape text has a developer message, the utterance and the native call, and no tools."""
    made = generate(pack, 100, 1, shape="text", values="escaped")
    row = next(row for row in made.splits["train"] if row.intent == "set_level").to_row()
    level, room = row["slots"]["level"], row["slots"]["room"]
    assert "tools" not in row
    assert [message["role"] for message in row["messages"]] == ["developer", "user", "assistant"]
    assert row["messages"][0]["content"] == TRIGGER
    answer = f"<start_function_call>call:set_light{{level:<escape>{level}<escape>,room:<escape>{room}<escape>}}<end_function_call>"
    assert row["messages"][2] == {"role": "assistant", "content": answer}


def test_text_keeps_the_whole_developer_message(tmp_path: Path) -> None:
    """A date that requests are told against stands in rows of either shape."""
    dated = PACK.replace("developer: You", "developer: |-\n  Day of week is Wednesday\n  You")
    pack = read_pack(write_pack(tmp_path, pack=dated))
    wanted = f"Day of week is Wednesday\n{TRIGGER}"
    for shape in ("tool-calls", "text"):
        rows = generate(pack, 100, 1, shape=shape).splits["train"]  # type: ignore[arg-type]
        assert {row.messages[0]["content"] for row in rows} == {wanted}


def test_shapes_mean_the_same(pack: Pack, made: Generated) -> None:
    """Each shape holds the same utterances with the same calls."""
    bare, escaped = (generate(pack, 400, 1, shape="text", values=values) for values in ("bare", "escaped"))
    for row, text, old in zip(all_rows(made), all_rows(bare), all_rows(escaped), strict=True):
        assert row.utterance == text.utterance == old.utterance
        assert text.expected_calls == row.expected_calls
        assert parse_completion(text.messages[-1]["content"]).values in ("bare", "none")
        assert (
            tuple(coerce_call(call, pack.tools_by_name) for call in old.expected_calls) == row.expected_calls
        )


def test_escaped_needs_text(pack: Pack) -> None:
    """Escaped values in JSON calls are refused: nothing could be escaped there."""
    with pytest.raises(UsageError, match=r"--values escaped: .* Add --shape text"):
        generate(pack, 100, 1, values="escaped")


@pytest.mark.parametrize("rows", [0, -5, 1, 4])
def test_too_few_rows(pack: Pack, rows: int) -> None:
    """Fewer rows than splits can share are refused, with the least number that works."""
    with pytest.raises(UsageError, match=r"--rows: .*Ask for \d+ at least"):
        generate(pack, rows, 1)


# What a pack cannot give


def test_a_family_that_runs_out_is_said(tmp_path: Path) -> None:
    """Where texts run out there are fewer rows, no duplicates, and the shortfall is counted."""
    folder = write_pack(tmp_path, slots=SLOTS.replace("step: 5", "step: 100"))
    made = generate(read_pack(folder), 40_000, 1)
    texts = [row.utterance for row in all_rows(made)]
    assert len(set(texts)) == len(texts) < 40_000
    missing = [s for s in made.shortfalls if s.what.startswith("rows of kind")]
    assert sum(shortfall.asked - shortfall.made for shortfall in missing) == 40_000 - len(texts)
    assert Shortfall("train", "rows of kind no_call", 6400, 96) in made.shortfalls


def test_a_share_of_intents_that_is_missed_is_said(tmp_path: Path) -> None:
    """An intent with fewer texts than its weight asks for is named with its numbers, and `exact` fails; the rows are others'."""
    pack = read_pack(write_pack(tmp_path, cosy=INTENTS["cosy"].replace("weight: 0.5", "weight: 9")))
    made = generate(pack, 600, 1)
    assert made.n_rows == 600
    counts = Counter(row.intent for row in made.splits["train"])
    (missed,) = [s for s in made.shortfalls if (s.split, s.what) == ("train", "rows of intent cosy")]
    assert missed.made == counts["cosy"] < missed.asked
    assert abs(missed.asked - 0.7 * 480 * 9 / 10) < 1
    assert not [s for s in made.shortfalls if "set_level" in s.what]
    with pytest.raises(
        PackError, match=f"train: rows of intent cosy: {missed.asked} asked, {missed.made} possible"
    ):
        generate(pack, 600, 1, mix="exact")


def test_other_families_make_up(tmp_path: Path) -> None:
    """A family with few texts leaves its share to the others of its intent, and that is said."""
    text = (
        INTENTS["cosy"]
        .replace("WORD", "")
        .replace(
            "word0 make the {{ lamp }} {{ pick('cosy', 'snug', 'dim and warm') }} {{ pick('now', 'tonight', 'please') }}",
            "just cosy",
        )
    )
    made = generate(read_pack(write_pack(tmp_path, cosy=text)), 400, 1)
    assert made.n_rows == 400
    assert made.shortfalls == (Shortfall("train", "texts of cosy/family_0", 12, 1),)


def test_one_text_with_two_labels(tmp_path: Path) -> None:
    """A text that two intents spell stops the run, and both places are named."""
    same = "word9 {{ pick('make it', 'Make  it') }} nice"
    folder = write_pack(
        tmp_path,
        cosy=INTENTS["cosy"].replace("word9 make the {{ lamp }}", same),
        weather=INTENTS["weather"].replace("word9 is it", same).replace("'raining'", "'cosy'").replace("'today'", "'now'").replace(" ?", ""),
    )  # fmt: skip
    with pytest.raises(PackError) as caught:
        generate(read_pack(folder), 2000, 1)
    said = str(caught.value)
    assert re.search(r"weather\.yaml:44: .*cosy\.yaml:46|cosy\.yaml:46: .*weather\.yaml:44", said)
    assert "means" in said
    assert "cosy/family_9" in said
    assert "weather/family_9" in said


def test_a_control_token_put_together(tmp_path: Path) -> None:
    """A control token that only rendering puts together is refused with the template's place."""
    folder = write_pack(tmp_path, cosy=INTENTS["cosy"].replace("word0 make", "<{{ 'bo' }}s> make"))
    with pytest.raises(PackError, match=r"cosy\.yaml:10: renders to .*<bos>"):
        generate(read_pack(folder), 200, 1)


@pytest.mark.parametrize(
    ("template", "said"),
    [("{{ maybe(lamp) }}", "empty text"), ("{{ maybe(lamp) }}, cosy", "begins with a sign")],
)
def test_texts_that_are_none(tmp_path: Path, template: str, said: str) -> None:
    """A template that can come out empty, or begin with a comma, is refused."""
    text = INTENTS["cosy"].split("\n")
    text[9] = f'      - "{template}"'
    with pytest.raises(PackError, match=said):
        generate(read_pack(write_pack(tmp_path, cosy="\n".join(text))), 400, 1)


# The folder


def write(pack: Pack, folder: Path, *, force: bool = False, **options: Any) -> dict[str, Any]:
    """The manifest of 400 rows in `folder`."""
    return write_dataset(pack, Request(400, 1), folder, force=force, **options)


def test_the_folder_holds_rows_and_manifest(pack: Pack, made: Generated, tmp_path: Path) -> None:
    """Rows read back as they were made; the manifest's hashes and counts are right."""
    manifest = write(pack, tmp_path / "out")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == sorted(HERE)
    assert json.loads((tmp_path / "out" / "manifest.json").read_text()) == manifest
    for split in SPLITS:
        file = tmp_path / "out" / f"{split}.jsonl"
        assert read_jsonl(file) == list(made.splits[split])
        assert manifest["files"][file.name] == {"rows": len(made.splits[split]), "sha256": file_sha256(file)}
        assert manifest["counts"][split]["kind"] == Counter(row.kind for row in made.splits[split])
    assert manifest["pack_sha256"] == pack.sha256
    assert (manifest["rows_asked"], manifest["rows_made"]) == (400, 400)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_rows_are_written_as_json_writes_them(pack: Pack, made: Generated, tmp_path: Path) -> None:
    """The quick way to write a row gives the same text as json.dumps."""
    write(pack, tmp_path / "out")
    lines = (tmp_path / "out" / "test.jsonl").read_text(encoding="utf-8").splitlines()
    assert lines == [json.dumps(row.to_row(), ensure_ascii=False) for row in made.splits["test"]]


def test_a_folder_in_use_is_left_alone(pack: Pack, tmp_path: Path) -> None:
    """A folder with anything in it is refused; with force, other files in it stay."""
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"output folder in use\. Choose another, or replace .* --force"):
        write(pack, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]
    write(pack, tmp_path, force=True)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([*HERE, "notes.txt"])
    write(pack, tmp_path, force=True)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_an_empty_folder_is_taken(pack: Pack, tmp_path: Path) -> None:
    """An empty folder is no folder in use."""
    (tmp_path / "out").mkdir()
    write(pack, tmp_path / "out")
    assert (tmp_path / "out" / "manifest.json").is_file()


def test_a_file_in_the_way(pack: Pack, tmp_path: Path) -> None:
    """A file where the folder, or one of its parents, should be is told."""
    (tmp_path / "out").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        write(pack, tmp_path / "out", force=True)
    with pytest.raises(UsageError, match="cannot be written"):
        write(pack, tmp_path / "out" / "deeper")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


# Processes


def test_workers_and_shards_change_no_byte(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers write what one does, and the shards together are the whole set."""
    monkeypatch.setattr(dataset, "CHUNK", 30)
    write(pack, tmp_path / "one")
    write(pack, tmp_path / "two", workers=2)
    for number in range(3):
        write(pack, tmp_path / f"shard{number}", shard=Shard(number, 3))
    for name in HERE[:-1]:
        whole = (tmp_path / "one" / name).read_bytes()
        assert (tmp_path / "two" / name).read_bytes() == whole
        parts = [(tmp_path / f"shard{number}" / name).read_bytes() for number in range(3)]
        assert sorted(line for part in parts for line in part.splitlines()) == sorted(whole.splitlines())


def run_generate(folder: Path, out: Path, hash_seed: str) -> None:
    """Generate in another process."""
    command = [
        sys.executable,
        "-m",
        "fgdata.cli",
        "generate",
        str(folder),
        "--rows",
        "300",
        "--seed",
        "7",
        "--out",
        str(out),
    ]
    subprocess.run(
        command,
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        cwd=Path(__file__).parent.parent,
    )


def test_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    """PYTHONHASHSEED, the folder's place and the process change no byte."""
    first, second = write_korean_pack(tmp_path / "a" / "lamp"), write_korean_pack(tmp_path / "b" / "lamp")
    run_generate(first, tmp_path / "one", "1")
    run_generate(second, tmp_path / "two", "4242")
    for name in HERE:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_killed_run_is_gone_on_with(tmp_path: Path) -> None:
    """A run that is killed at work leaves no output folder; the same command then ends in the bytes of an undisturbed run."""
    folder, out = write_korean_pack(tmp_path / "lamp"), tmp_path / "out" / "data"
    out.parent.mkdir()
    command = [sys.executable, "-m", "fgdata.cli", "generate", str(folder), "--rows", "9000", "--out"]
    here = Path(__file__).parent.parent
    process = subprocess.Popen(
        [*command, str(out)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=here
    )
    part = out.parent / ".data.part" / "train.jsonl"
    for _ in range(3000):
        if part.exists() and part.stat().st_size > 100_000:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not out.exists()
    assert part.exists()
    with part.open("ab") as stream:
        stream.write(b'{"id": "half a row')
    other = [*command, str(out), "--seed", "2"]
    refused = subprocess.run(other, capture_output=True, text=True, cwd=here)
    assert refused.returncode == 2
    assert "an unfinished data set with other settings" in refused.stderr
    subprocess.run([*command, str(out)], check=True, capture_output=True, cwd=here)
    subprocess.run([*command, str(tmp_path / "undisturbed")], check=True, capture_output=True, cwd=here)
    for name in HERE:
        assert (out / name).read_bytes() == (tmp_path / "undisturbed" / name).read_bytes()
    assert [path.name for path in out.parent.iterdir()] == ["data"]
