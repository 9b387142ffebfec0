"""A pack of two languages: every row is of one, in its own words; and what a pack lacks in one of them is said with its line."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from home_pack import ROOMS, write_home_pack
from small_pack import PACK, SLOTS, write_pack
from test_file_schemas import complaints, files_of
from two_languages import DEVELOPERS, REGISTERS, SHARES, write_two_languages

from fgdata.cli import main
from fgdata.compose import Compositions
from fgdata.dataset import Shard, write_dataset
from fgdata.errors import PackError, UsageError
from fgdata.example import Example
from fgdata.generator import Generated, Generator, Request, generate
from fgdata.joins import JOINS
from fgdata.pack import KINDS, Pack
from fgdata.pack_reader import read_pack
from fgdata.perturb.rates import WEIGHTS
from fgdata.perturb.recover import recovered
from fgdata.rows import Options, RowMaker
from fgdata.stock import Stock

HANGUL = re.compile("[가-힣]")
HELD = {"ko": ["요리하는 곳", "19 ?도", "23 ?도"], "en": ["room where I cook", "19 degrees", "23 degrees"]}
ROWS = 1000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pack's folder."""
    return write_two_languages(tmp_path_factory.mktemp("two") / "home")


@pytest.fixture(scope="module")
def pack(folder: Path) -> Pack:
    """The pack."""
    return read_pack(folder)


@pytest.fixture(scope="module")
def made(pack: Pack) -> Generated:
    """Rows of it."""
    return generate(pack, ROWS, 3)


@pytest.fixture(scope="module")
def rows(made: Generated) -> list[Example]:
    """The rows of all splits."""
    return [row for of_split in made.splits.values() for row in of_split]


@pytest.fixture(scope="module")
def maker(pack: Pack) -> RowMaker:
    """Makes its rows again."""
    stock = Stock(pack)
    return RowMaker(stock, Compositions(stock), Options())


@pytest.fixture(scope="module")
def data(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows with perturbations, as the command writes them."""
    out = tmp_path_factory.mktemp("data") / "home"
    flags = ["--rows", "600", "--seed", "2", "--perturb", "strong", "--workers", "1"]
    assert main(["generate", str(folder), *flags, "--out", str(out)]) == 0
    return out


# Rows


def test_a_row_is_of_one_language(rows: list[Example], pack: Pack) -> None:
    """Its family's; and its words, register, answer and developer message are all of that language."""
    languages = {
        f"{intent.name}/{family.name}": family.language
        for intent in pack.intents
        for family in intent.families
    }
    for row in rows:
        assert {languages[name] for name in row.family.split("+")} == {row.language}
        assert REGISTERS[row.register] == row.language
        developer, answer = row.messages[0]["content"], row.messages[-1].get("content")
        assert developer == DEVELOPERS[row.language]
        # The test's Korean templates hold a Latin `word0`; nothing else of them is Latin.
        words = re.sub(r"word[0-9]+", "", row.utterance)
        assert bool(HANGUL.search(words)) == (row.language == "ko"), row.utterance
        assert bool(re.search("[A-Za-z]", words)) == (row.language == "en"), row.utterance
        if answer:
            assert bool(HANGUL.search(answer)) == (row.language == "ko"), answer


def test_compositions_do_not_mix(rows: list[Example]) -> None:
    """Every join of an utterance is of its row's language, and all joins of both are used."""
    used: Counter[str] = Counter()
    for row in rows:
        if "+" in row.intent:
            joins = row.id.split("/", 1)[1].split("+")[1::2]
            assert set(joins) <= set(JOINS[row.language]), row.id
            used.update(joins)
    assert set(used) == {name for language in ("ko", "en") for name in JOINS[language]}


def test_shares(made: Generated, pack: Pack) -> None:
    """Languages have their shares in every split, to the row, and each has the mix of kinds."""
    assert list(made.splits) == list(pack.splits)
    for split, of_split in made.splits.items():
        counts = Counter(row.language for row in of_split)
        for language, share in SHARES.items():
            assert abs(counts[language] - share * len(of_split)) < 1, (split, language)
            kinds = Counter(row.kind for row in of_split if row.language == language)
            for kind in KINDS if not split.startswith("test_") else ():
                assert abs(kinds[kind] - pack.mix[kind] * counts[language]) < 1, (split, language, kind)


def test_registers_have_their_shares_in_each_language(made: Generated, pack: Pack) -> None:
    """In train they are met to four hundredths of the language's rows: its families are few, and each has one or three of them."""
    for language in SHARES:
        train = [row for row in made.splits["train"] if row.language == language]
        counts = Counter(row.register for row in train)
        for register, share in pack.registers_of(language).items():
            assert abs(counts[register] / len(train) - share) < 0.04, register


def test_values_are_covered_in_each_language(made: Generated) -> None:
    """Every listed value and both ends of the range, in every split that families lie in."""
    for split in ("train", "validation", "test"):
        for language in SHARES:
            slots = [row.slots for row in made.splits[split] if row.language == language]
            assert {found["room"] for found in slots if "room" in found} == set(ROOMS)
            assert {16, 30} <= {found["level"] for found in slots if "level" in found}
    named = {
        "room": set(ROOMS),
        "other": set(ROOMS),
        "level": {16, 30},
        "doing": {"open_blind", "close_blind"},
    }
    missing: dict[str, dict[str, set[Any]]] = {}
    for split in ("train", "validation", "test"):
        for language in SHARES:
            singles = [row.slots for row in made.splits[split] if row.language == language]
            for name, wanted in named.items():
                if left := wanted - {found[name] for found in singles if name in found}:
                    missing.setdefault(f"{split} ({language})", {})[name] = left
    told = {
        place: {name: set(values) for name, values in of.items()} for place, of in made.unseen_values.items()
    }
    assert told == missing


def test_what_a_language_lacks_is_told_with_its_name(folder: Path) -> None:
    """Few rows cannot hold every value in both languages: the manifest says which, where and in what language."""
    made = generate(read_pack(folder), 130, 3)
    assert any(re.fullmatch(r"(train|validation|test) \((ko|en)\)", name) for name in made.unseen_values)
    assert any(short.what.endswith((" in ko", " in en")) for short in made.shortfalls)


def test_an_intent_of_one_language_is_lacking_in_none(tmp_path: Path) -> None:
    """Of an intent whose families are all English no Korean rows are expected, nor of tuples with it."""
    folder = write_two_languages(tmp_path)
    file = folder / "intents" / "blind.yaml"
    kept = re.sub(r"  - name: ko_(?:(?!  - name:).)*", "", file.read_text("utf-8"), flags=re.DOTALL)
    file.write_text(kept, encoding="utf-8")
    made = generate(read_pack(folder), ROWS, 3)
    assert any("blind" in row.intent for row in made.splits["train"])
    named = [s for s in made.shortfalls if "blind" in s.what and s.language == "ko"]
    assert not named


def test_held_out_forms_are_of_each_language(made: Generated) -> None:
    """They stand in `test_values` alone, and its rows of either language have one."""
    for split, of_split in made.splits.items():
        for row in of_split:
            has = any(re.search(rf"(?<![0-9]){form}", row.utterance) for form in HELD[row.language])
            spelt = row.language == "ko" and re.search("(?<!이)십구 ?도|이십삼 ?도", row.utterance)
            assert bool(has or spelt) == (split == "test_values"), (split, row.utterance)


def test_forms_keep_to_the_registers_of_their_language(rows: list[Example]) -> None:
    """안방 is said in two of the Korean registers; the English forms of the value are not touched by that."""
    said = Counter(row.register for row in rows if "안방" in row.utterance and "+" not in row.intent)
    assert set(said) == {"hae", "haeyo"}
    assert {row.register for row in rows if "room where I sleep" in row.utterance} == {"plain", "polite"}


def test_weights_are_of_one_language(pack: Pack) -> None:
    """In each language the three rooms are drawn alike, however many forms they have there or in the other."""
    for language in SHARES:
        weights = []
        for value in pack.slots["room"].values:
            pairs = zip(value.forms, value.shares, value.languages, strict=True)
            weights.append(sum(w for form, w, of in pairs if of == language and form not in value.held_out))
        assert weights == pytest.approx([weights[0]] * 3)


def test_texts_are_distinct(rows: list[Example]) -> None:
    """Of both languages together."""
    assert len({row.utterance for row in rows}) == len(rows)


# Ids, bytes, commands


def test_ids_rebuild_their_rows(maker: RowMaker, data: Path) -> None:
    """Of every kind in both languages, perturbed ones among them."""
    seen: Counter[tuple[str, str]] = Counter()
    for file in sorted(data.glob("*.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            seen[key := (row["language"], row["kind"])] += 1
            if seen[key] <= 4:
                assert maker.rebuild(row["id"]) == line
    assert set(seen) == {(language, kind) for language in SHARES for kind in KINDS}


def test_an_id_that_mixes_languages_names_nothing(maker: RowMaker) -> None:
    """Clauses of two languages, or a join of the other, are no expansion."""
    good = "home@2.1.0/light/ko_0/1+그리고+blind/ko_0/1.hae/0"
    assert json.loads(maker.rebuild(good))["language"] == "ko"
    for mixed in (
        good.replace("그리고", "and"),
        good.replace("blind/ko", "blind/en").replace("hae", "polite"),
    ):
        with pytest.raises(UsageError, match="names no expansion"):
            maker.rebuild(mixed)


@pytest.mark.parametrize("perturb", ["off", "light"])
def test_bytes_do_not_depend_on_workers_or_shards(pack: Pack, tmp_path: Path, perturb: str) -> None:
    """One worker, two, and the union of three shards."""
    request = Request(400, 5, perturb=perturb)
    one = write_dataset(pack, request, tmp_path / "one")
    assert write_dataset(pack, request, tmp_path / "two", workers=2)["files"] == one["files"]
    for number in range(3):
        write_dataset(pack, request, tmp_path / f"shard{number}", shard=Shard(number, 3))
    for name in one["files"]:
        parts = [(tmp_path / f"shard{n}" / name).read_text("utf-8").splitlines() for n in range(3)]
        whole = (tmp_path / "one" / name).read_text("utf-8").splitlines()
        assert whole == [parts[place % 3][place // 3] for place in range(len(whole))]


def test_perturbations_are_of_the_language(data: Path, maker: RowMaker) -> None:
    """English rows get English typos, Korean rows Korean ones, and what a row means is recovered from each."""
    kinds: dict[str, set[str]] = {"ko": set(), "en": set()}
    for file in data.glob("*.jsonl"):
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            if "perturbation" in row:
                kinds[row["language"]] |= set(row["perturbation"].split("+"))
                clean = json.loads(maker.rebuild(row["id"].partition("~")[0]))
                texts = clean["messages"][1]["content"], row["messages"][1]["content"]
                assert not recovered(*texts, language=row["language"]), texts
    assert kinds["ko"] <= set(WEIGHTS["ko"])
    assert kinds["en"] <= set(WEIGHTS["en"])
    assert kinds["ko"] - set(WEIGHTS["en"])
    assert kinds["en"] - set(WEIGHTS["ko"])


def test_commands_read_both(data: Path, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """`lint` finds nothing, `stats` has a table for each language, `show` names the row's, `check` both."""
    files = [str(file) for file in sorted(data.glob("*.jsonl"))]
    assert main(["lint", *files]) == 0
    capfd.readouterr()
    assert main(["stats", *files]) == 0
    said = capfd.readouterr().out
    assert all(f"texts ({language})" in said for language in SHARES)
    assert main(["check", str(folder)]) == 0
    assert "(ko, en)" in capfd.readouterr().out
    assert main(["show", files[0], "--limit", "5"]) == 0
    assert " · ko" in capfd.readouterr().out


def test_manifest_counts_by_language(data: Path) -> None:
    """In each split, as its rows say."""
    manifest = json.loads((data / "manifest.json").read_text("utf-8"))
    for split, counts in manifest["counts"].items():
        lines = (data / f"{split}.jsonl").read_text("utf-8").splitlines()
        assert counts["language"] == dict(
            sorted(Counter(json.loads(line)["language"] for line in lines).items())
        )


def test_files_fit_their_schemas(folder: Path, data: Path) -> None:
    """The pack's files, the manifest and the rows."""
    for kind, file in files_of(folder):
        assert complaints(kind, file.read_text("utf-8")) == [], file.name
    assert complaints("manifest", (data / "manifest.json").read_text("utf-8")) == []
    for line in (data / "test.jsonl").read_text("utf-8").splitlines():
        assert complaints("row", line) == []


# What is the same in a pack of one language


def test_a_list_of_one_language_is_the_short_form(tmp_path: Path) -> None:
    """The same rows, whichever way it is written."""
    short = read_pack(write_home_pack(tmp_path / "short"))
    listed = read_pack(write_home_pack(tmp_path / "listed", head={"language: ko": "languages: [ko]"}))
    by_name = "mix: {languages: {ko: 1}, "
    named = read_pack(write_home_pack(tmp_path / "named", head={"mix: {": by_name}))
    rows = [row.messages for row in generate(short, 300, 4).splits["train"]]
    for other in (listed, named):
        assert [row.messages for row in generate(other, 300, 4).splits["train"]] == rows


def test_an_intent_may_be_of_the_second_language(tmp_path: Path) -> None:
    """`language` on the intent is that of its families and answers."""
    folder = write_two_languages(tmp_path)
    talk = (folder / "intents" / "talk.yaml").read_text("utf-8")
    head, _, _ = talk.partition("families:")
    english = [
        line.replace("    language: en", "")
        for line in talk[talk.index("  - name: en_0") :].splitlines()
        if line.strip() != "language: en"
    ]
    text = head.replace("intent: talk", "intent: chat\nlanguage: en")
    text = (
        re.sub("answers: .*", "answers: [I look after the home.]", text) + "families:\n" + "\n".join(english)
    )
    (folder / "intents" / "chat.yaml").write_text(text.replace("what is", "tell me"), encoding="utf-8")
    pack = read_pack(folder)
    chat = next(intent for intent in pack.intents if intent.name == "chat")
    assert chat.languages == {"en"}
    rows = [row for row in generate(pack, 800, 1).splits["train"] if row.intent == "chat"]
    assert rows
    assert {row.language for row in rows} == {"en"}


def test_a_policy_of_one_language(tmp_path: Path) -> None:
    """Families of the other may not go by it."""
    policy = {
        "missing_tool: {a": "policies:\n  cosy: {value: 21, why: So it is here., language: ko}\nmissing_tool: {a"
    }
    call = {'set_warmth, arguments: {level: "{level}"}': 'set_warmth, arguments: {level: "{policy.cosy}"}'}
    with pytest.raises(PackError) as caught:
        read_pack(write_two_languages(tmp_path, policy | call))
    said = str(caught.value)
    assert "the policy 'cosy' is for 'ko', the family 'en_0' of 'en'" in said
    assert "the family 'ko_0'" not in said


# What is wrong, with its line

WRONG: dict[str, tuple[dict[str, str], str]] = {
    "no forms": (
        {"forms: {ko: [현관], en: [hall]}": "forms: {ko: [현관]}"},
        r"slots\.yaml:6: slot 'room' has no form in 'en' for 'hall', but \S+:\d+ prints it\.",
    ),
    "a list is of the first language": (
        {"forms: {ko: [현관], en: [hall]}": "forms: [현관]"},
        r"slots\.yaml:6: slot 'room' has no form in 'en' for 'hall'",
    ),
    "unknown language of forms": (
        {"forms: {ko: [현관], en: [hall]}": "forms: {ko: [현관], en: [hall], fr: [entrée]}"},
        r"slots\.yaml:6: forms of slot 'room' names 'fr', which is no language of the pack\.",
    ),
    "no unit": (
        {"unit: {ko: 도, en: degrees}": "unit: 도"},
        r"slots\.yaml:1: slot 'level' has no form in 'en' for 16",
    ),
    "one form, two values": (
        {"forms: {ko: [현관], en: [hall]}": "forms: {ko: [현관], en: [침실]}"},
        r"slots\.yaml:6: '침실' says two values of slot 'room'",
    ),
    "unknown family language": (
        {"name: en_0\n    split: train\n    language: en": "name: en_0\n    split: train\n    language: de"},
        r"intents/\w+\.yaml:\d+: 'de' is no language of the pack\.",
    ),
    "another language's register": (
        {"registers: [polite]": "registers: [haeyo]"},
        r"intents/\w+\.yaml:\d+: the register 'haeyo' is one of 'ko', the family of 'en'\. Write `language: ko`",
    ),
    "no answer": (
        {"answers: {ko: [저는 집만 돌봐요.], en: [I look after the home.]}": "answers: [저는 집만 돌봐요.]"},
        r"intents/talk\.yaml:\d+: the family 'en_0' is of 'en', in which the intent has no answers\.",
    ),
    "no answer for a missing tool": (
        {"answers: {ko: [그건 못 해요.], en: [That I cannot do.]}": "answers: {ko: [그건 못 해요.]}"},
        r"pack\.yaml:\d+: answers has nothing for the language 'en'\.",
    ),
    "no share": (
        {'{"ko": 0.7, "en": 0.3}': "{ko: 1}"},
        r"pack\.yaml:8: mix\.languages has nothing for the language 'en'\.",
    ),
    "a share of another": (
        {'{"ko": 0.7, "en": 0.3}': "{ko: 0.5, en: 0.3, de: 0.2}"},
        r"pack\.yaml:8: mix\.languages names an unknown 'de'\.",
    ),
    "registers of all": (
        {"{ko: {hae: 0.5, haeyo: 0.4, hapsyo: 0.1}, en: {plain: 0.6, polite: 0.4}}": "{hae: 1}"},
        r"pack\.yaml:9: registers names 'hae', which is no language of the pack\.",
    ),
    "a register twice": (
        {"en: {plain: 0.6, polite: 0.4}": "en: {plain: 0.6, polite: 0.4, hae: 1}"},
        r"pack\.yaml:9: the register 'hae' is given for 'ko' already\.",
    ),
    "both keys": (
        {"languages: [ko, en]": "language: ko\nlanguages: [ko, en]"},
        r"pack\.yaml:4: both `language` and `languages` are given\.",
    ),
    "no tag": (
        {"languages: [ko, en]": "languages: [ko, English]"},
        r"pack\.yaml:3: an item of languages is 'English'\.",
    ),
    "a language without a kind": (
        {"joins: [\"고\", \"고,\", \"고_나서\", \"고_그다음에\", \"그리고\", and, and_then, then, and_also]": "joins: [고]", "kind: several": "kind: call", "intent: both": "intent: both\nlanguage: ko"},
        r"pack\.yaml: the mix asks for 'several', but no intent of that kind has families in 'en'\.",
    ),
    "developer message of one": (
        {f'"en": "Answer in English. {"You are a model that can do function calling with the following functions"}"': '"ko2": "x"'},
        r"pack\.yaml:6: developer names 'ko2', which is no language of the pack\.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_its_line(name: str, tmp_path: Path) -> None:
    """One line for each, where it stands and what to do."""
    changes, said = WRONG[name]
    with pytest.raises(PackError, match=said):
        Generator(read_pack(write_two_languages(tmp_path, changes)), Request(400))


def test_few_families_of_one_language(tmp_path: Path) -> None:
    """Each language of an intent has the families it needs in every split."""
    folder = write_two_languages(tmp_path)
    file = folder / "intents" / "light.yaml"
    text = file.read_text("utf-8")
    file.write_text(text[: text.index("  - name: en_10")], encoding="utf-8")
    with pytest.raises(
        PackError, match=r"light\.yaml:\d+: 2 of its families in 'en' are in the split 'test'; at least 3"
    ):
        read_pack(folder)


def test_too_few_rows(pack: Pack) -> None:
    """Every language has a row in every split; how many rows that takes is said, and is enough."""
    with pytest.raises(UsageError, match=r"a language in one, empty\. Ask for (\d+) at least") as caught:
        generate(pack, 20, 1)
    found = re.search(r"Ask for (\d+)", str(caught.value))
    assert found
    assert all(generate(pack, int(found[1]), 1).splits.values())


@pytest.mark.parametrize(
    "change",
    [
        {"languages: [ko, en]": "languages: []"},
        {"languages: [ko, en]": "languages: [ko, English]"},
        {"languages: [ko, en]": "language: ko\nlanguages: [ko, en]"},
        {"languages: [ko, en]\n": ""},
        {"languages: [ko, en]": "languages: [ko, de]"},
        {
            "{ko: {hae: 0.5, haeyo: 0.4, hapsyo: 0.1}, en: {plain: 0.6, polite: 0.4}}": "{hae: 0.5, plain: 0.5}"
        },
        {"{hae: 0.5, haeyo": "{mumbled: 0.5, haeyo"},
        {"plain: 0.6": "plain: many"},
        {'{"ko": 0.7, "en": 0.3}': "{ko: -1}"},
    ],
)
def test_schema_refuses(change: dict[str, str], tmp_path: Path) -> None:
    """An editor tells, and so does the reader."""
    folder = write_two_languages(tmp_path, change)
    assert complaints("pack", (folder / "pack.yaml").read_text("utf-8"))
    with pytest.raises(PackError):
        read_pack(folder)


def test_a_pack_of_one_language_refuses_what_is_by_language(tmp_path: Path) -> None:
    """Its forms by another language are told where they stand."""
    folder = write_pack(tmp_path, slots=SLOTS.replace("words: [lamp, light]", "words: {ko: [등]}"))
    with pytest.raises(PackError, match=r"slots\.yaml:\d+: words of slot 'lamp' must be a list"):
        read_pack(folder)
    folder = write_pack(
        tmp_path, pack=PACK, slots=SLOTS.replace("words: [lamp, light]", "words: {en: [lamp]}")
    )
    assert list(read_pack(folder).slots["lamp"].forms) == ["lamp"]
