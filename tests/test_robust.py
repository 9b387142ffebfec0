"""fgeval.robust: twins mean what they say they mean, the same every time; flips are counted against the item's own verdict."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from eval_data import ROWS, call, row, text_of, tool, write_predictions, write_rows

from fgdata.dataset import write_dataset
from fgdata.errors import FgError, UsageError
from fgdata.example import example_from_row, read_jsonl
from fgdata.generator import Request
from fgdata.packs import load_pack
from fgdata.perturb import recovered
from fgdata.schema import Call
from fgeval.cli import main
from fgeval.items import Item, example_to_item, read_items
from fgeval.robust import KINDS, Flips, make_twins, measure_flips
from fgeval.robust.changes import Change, find_numbers
from fgeval.robust.declarations import _say_otherwise
from fgeval.robust.flips import rough_kinds
from fgeval.robust.registers import Register, in_register
from fgeval.robust.removal import without_value
from fgeval.scores import score_predictions

MORE = [
    row(8, "Set the fan to low for 10 minutes", call("set_fan", speed="low", minutes=10)),
    row(9, "온도를 이십사 도로 맞춰 주세요", call("set_temperature", temperature=24)),
    row(10, "Set it to twenty degrees please", call("set_temperature", temperature=20)),
]
MORE[0]["tools"] = [
    tool("set_fan", ("speed", "minutes"), speed={"type": "string", "enum": ["low", "high"]},
         minutes={"type": "integer", "maximum": 60}),
    tool("power_off"),
]  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rows(tmp_path_factory.mktemp("robust") / "test.jsonl", ROWS + MORE)


@pytest.fixture(scope="module")
def twins(data: Path) -> Path:
    """The file of twins that most tests look at."""
    file = data.with_name("twins.jsonl")
    make_twins(data, file, k=2)
    return file


def rows_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def only(item: Item, kind: str, key: int = 7) -> Change:
    change = KINDS[kind].make(item, key)
    assert change is not None
    return change


def test_the_same_twins_every_time(data: Path, twins: Path, tmp_path: Path):
    """One file and seed give the same bytes; another seed gives others."""
    make_twins(data, tmp_path / "again.jsonl", k=2)
    make_twins(data, tmp_path / "other.jsonl", k=2, seed=1)
    assert (tmp_path / "again.jsonl").read_bytes() == twins.read_bytes()
    assert (tmp_path / "other.jsonl").read_bytes() != twins.read_bytes()


def test_every_kind_has_twins_and_all_can_be_scored(twins: Path):
    """No kind is empty on these rows, ids are distinct, and gold fits its own row's tools."""
    kinds = Counter(row["twin"] for row in rows_of(twins))
    assert set(kinds) == {"item", *KINDS}
    items = {item.example.id: item for item in read_items(twins)}  # raises for gold that cannot be right
    assert len(items) == sum(kinds.values())


def test_twins_that_ask_the_same(twins: Path):
    """They differ from their item in one thing, keep its calls, and numbers and negation can be read back."""
    items = {item.example.id: item for item in read_items(twins)}
    for made in rows_of(twins):
        if made["twin"] == "item" or KINDS[made["twin"]].direction == "other":
            continue
        twin, base = items[made["id"]], items[made["twin_of"]]
        if made["twin"] == "renamed":
            assert not {c.name for c in twin.expected} & set(base.tools)
            assert [list(c.arguments.values()) for c in twin.expected] == [
                list(c.arguments.values()) for c in base.expected
            ]
        else:
            assert twin.expected == base.expected
        same_words = twin.example.utterance == base.example.utterance
        same_tools = twin.example.tools == base.example.tools
        assert same_words is not same_tools
        language = "en" if base.example.utterance.isascii() else "ko"
        if made["twin"] in ("spacing", "particles", "typos", "chatter", "nfd", "fullwidth"):
            assert not recovered(base.example.utterance, twin.example.utterance, language=language)
        if made["twin"].startswith("distractors"):
            assert len(twin.tools) == len(base.tools) + int(made["twin"].rpartition("_")[2])
            assert base.expected


SAID_OTHERWISE = [
    ("24도로 맞춰 주세요", "이십사 도로 맞춰 주세요"),
    ("온도를 이십사 도로 맞춰 주세요", "온도를 24 도로 맞춰 주세요"),
    ("Set it to twenty degrees please", "Set it to 20 degrees please"),
    ("Set the fan to low for 10 minutes", "Set the fan to low for ten minutes"),
]


@pytest.mark.parametrize(("said", "otherwise"), SAID_OTHERWISE)
def test_numerals(data: Path, said: str, otherwise: str):
    """Digits become words, with the numerals that their counter takes, and words become digits."""
    item = next(item for item in read_items(data) if item.example.utterance == said)
    assert only(item, "numerals").utterance == otherwise


def test_registers(data: Path):
    """A request changes its ending and nothing else; English gains or loses its please."""
    items = {item.example.utterance: item for item in read_items(data)}
    seen = {only(items["꺼 주세요"], "register", key).utterance for key in range(60)}
    assert {"꺼 줘", "꺼 주십시오", "꺼 줘라"} <= seen
    assert all(text and text.startswith("꺼") and "주세요" not in text for text in seen)
    assert only(items["Set it to twenty degrees please"], "register").utterance == "Set it to twenty degrees"
    assert only(items["Set the fan to low for 10 minutes"], "register").utterance == (
        "Set the fan to low for 10 minutes, please"
    )
    seen = {only(items["냉방으로"], "register", key).utterance for key in range(60)}
    assert seen == {
        f"냉방으로 {words}"
        for words in ("부탁해", "부탁해요", "부탁드려요", "부탁드립니다", "부탁드리겠습니다")
    }


IN_REGISTERS = [
    ("꺼줘", "haeyo", "꺼주세요"),
    ("켜 줄래?", "haeyo", "켜 줄래요?"),
    ("켜", "haera", "켜 줘라"),
    ("에어컨 켜요", "hapsyo", "에어컨 켜 주십시오"),
    ("불 켜라", "hae", "불 켜 줘"),
    ("방 좀 시원하게 해", "haeyo", "방 좀 시원하게 해 주세요"),
    ("24도로 맞춰 주십시오", "hae", "24도로 맞춰 줘"),
    ("온도 올리면 좋겠어요", "hae", "온도 올려 줘"),
    ("두 도 내릴 수 있을까", "hapsyo", "두 도 내려 주십시오"),
    ("바람 세기 낮추기", "haeyo", "바람 세기 낮춰 주세요"),
    ("난방으로 부탁드립니다", "haeyo", "난방으로 부탁해요"),
    ("방이 춥네", "haeyo", "방이 춥네요"),
    ("지금 몇 도예요?", "hae", "지금 몇 도야?"),
    ("지금 몇 도야", "haeyo", "지금 몇 도예요"),
    ("목표를 얼마나 채웠어?", "hapsyo", "목표를 얼마나 채웠습니까?"),
    ("방이 따뜻해졌으면 좋겠네요", "hae", "방이 따뜻해졌으면 좋겠네"),
    ("온도가 이십 도였으면 합니다", "haeyo", "온도가 이십 도였으면 해요"),
    ("아내가 히터 켜 달라네", "haeyo", "아내가 히터 켜 달라네요"),
    ("먼지가 많네요, 청소기 돌려 주세요", "hae", "먼지가 많네, 청소기 돌려 줘"),
    ("바꿔 줄래 풍량 중풍으로", "haeyo", "바꿔 주세요 풍량 중풍으로"),
    ("커튼 닫아 둬", "hapsyo", "커튼 닫아 두십시오"),
    # What is not certain stays: a statement made a request, a sentence hidden in another, endings that do not tell.
    ("비가 와", "haera", None),
    ("잠이 안 와요", "hapsyo", None),
    ("목표를 채웠어", "hapsyo", None),
    ("마음 바뀌었어 난방 모드로 해", "haeyo", None),
    ("전기 요금 무섭다 에어컨 꺼", "haeyo", None),
    ("몇 시에 꺼", "haera", None),
    ("에어컨이 멈췄으면 해요", "hapsyo", "에어컨이 멈췄으면 합니다"),
    ("나 눈 떴다", "haeyo", None),
    ("온도 올려 주세요?", "haera", None),
    ("심장이 몇 번 뛰냐", "haeyo", None),
    ("꺼 주세요", "haeyo", None),
]


@pytest.mark.parametrize(("text", "register", "otherwise"), IN_REGISTERS)
def test_a_request_in_another_register(text: str, register: Register, otherwise: str | None):
    """The endings of every clause change together, or nothing does."""
    assert in_register(text, register) == otherwise


def test_most_requests_of_a_pack_have_another_register(tmp_path: Path):
    """The share that docs/robustness.md states; and there are requests of which a value can be left out."""
    write_dataset(load_pack("climate_ko"), Request(1500, 1), tmp_path / "data")
    counts = make_twins(
        tmp_path / "data/test.jsonl", tmp_path / "twins.jsonl", kinds=["register", "removed_value"]
    )
    assert counts.calls_with["register"] / counts.call_items > 0.8
    assert counts.twins["removed_value"] > 0
    for made in rows_of(tmp_path / "twins.jsonl"):
        if made["twin"] == "removed_value":
            assert made["kind"] == "ask" and made["asks_for"] and "slots" not in made


def test_changed_values(data: Path):
    """The value in the request and in the call change together, within what the tool takes; everything else stays."""
    items = {item.example.id: item for item in read_items(data)}
    for key in range(40):
        change = only(items["item-1"], "changed_value", key)
        assert change.calls is not None
        (due,) = change.calls
        value = due.arguments["temperature"]
        assert change.utterance == f"{value}도로 맞춰 주세요"
        assert value != 24
        assert isinstance(value, int)
        assert 16 <= value <= 30
        both = only(items["item-5"], "changed_value", key).calls
        assert both is not None
        assert both[0] == Call("power_on")
    minutes = only(items["item-8"], "changed_value").calls
    assert minutes is not None
    assert minutes[0].arguments["speed"] == "low"


def test_removed(data: Path):
    """Without its tool or its value a request has no right call; where another tool or value could serve, there is no twin."""
    items = {item.example.id: item for item in read_items(data)}
    gone = only(items["item-3"], "removed_tool")
    assert gone.calls == ()
    assert gone.tools is not None
    assert [t.name for t in gone.tools] == [name for name in items["item-3"].tools if name != "power_on"]
    assert KINDS["removed_tool"].make(items["item-5"], 7) is None  # two calls
    assert only(items["item-1"], "removed_value") == Change("맞춰 주세요", calls=(), asks_for="tool")
    marked = row(1, "24도로 설정 요청드립니다.", call("set_temperature", temperature=24))
    (item,) = read_items(write_rows(data.parent / "marked.jsonl", [marked]))
    assert only(item, "removed_value") == Change("설정 요청드립니다.", calls=(), asks_for="tool")
    assert only(items["item-9"], "removed_value") == Change(
        "온도를 맞춰 주세요", calls=(), asks_for="temperature"
    )
    assert only(items["item-8"], "removed_value").utterance == "Set the fan to low"
    assert only(items["item-10"], "removed_value").utterance == "Set it please"
    assert without_value(items["item-1"], 7, {("set_temperature", "temperature")}) is None


def test_values_that_data_fills(tmp_path: Path):
    """A parameter that some row's policy fills is not asked for, unless other rows ask for it."""
    vague = row(20, "편하게 맞춰줘", call("set_temperature", temperature=24), policy="comfortable")
    asking = row(21, "온도 바꿔줘", asks_for="temperature")
    for rows, n in (([ROWS[1], vague], 0), ([ROWS[1]], 1), ([ROWS[1], vague, asking], 1)):
        file = write_rows(tmp_path / "rows.jsonl", rows)
        assert make_twins(file, tmp_path / "a.jsonl", kinds=["removed_value"]).twins == {"removed_value": n}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("온도를 24도로 맞춰 주세요", "온도를 맞춰 주세요"),
        ("희망 온도 24도로 조정 바랍니다", "희망 온도 조정 바랍니다"),
        ("온도 바꿔줘, 24도로", "온도 바꿔줘"),
        ("온도 24도로 올려줘", None),  # 온도 올려줘 asks for a call
        ("24도로 맞춰 줘, 너무 추워", None),  # so does the second clause
        ("온도가 24도였으면 합니다", None),
        ("누나가 24도로 하래", None),
        ("온도를 24도로 맞추고 켜줘", None),
        ("지금보다 24도로 맞춰줘", None),
    ],
)
def test_what_is_left_of_a_request(text: str, left: str | None):
    """A whole request that says what to set; texts that still ask for something have no twin."""
    item = example_to_item(example_from_row(row(1, text, call("set_temperature", temperature=24)), "", "a"))
    change = without_value(item, 7)
    assert (change and change.utterance) == left


def test_numbers_with_commas():
    """4,500 is one number, and is changed as one."""
    assert [spot.value for spot in find_numbers("목표를 4,500보로", "ko")] == [4500]
    assert [spot.value for spot in find_numbers("1,2층", "ko")] == []


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("온도 24도로", [24]),
        ("24.5도로", []),
        ("이십사 도, 세 시간", [24, 3]),
        ("7:30에 켜줘", []),
        ("일단 켜줘", []),
        ("mp3 틀어줘", []),
    ],
)
def test_numbers_of_a_text(text: str, values: list[int]):
    """Whole numbers in digits and words; parts of decimals, times of day and names are none."""
    assert [spot.value for spot in find_numbers(text, "ko")] == values


@pytest.mark.parametrize(
    ("text", "otherwise"),
    [
        ("Sets the mode.", "Use this to set the mode."),
        ("Raises or lowers the temperature.", "Use this to raise or lower the temperature."),
        ("Switches it off.", "Use this to switch it off."),
        ("Queries a table.", "Use this to query a table."),
        ("Get the steps.", "Use this to get the steps."),
        ("Daily goal.", "What this tool does: Daily goal."),
        ("온도를 올린다", "이 도구가 하는 일: 온도를 올린다"),
        ("", ""),
    ],
)
def test_descriptions_in_other_sentences(text: str, otherwise: str):
    """Verbs are put into a frame, what begins with none into another; nothing is said of nothing."""
    assert _say_otherwise(text, 0) == otherwise


# ---------------------------------------------------------------- flips


def right(item: Item) -> str:
    return text_of(*item.expected) if item.expected else "그건 할 수 없어요.<end_of_turn>"


def scored(twins: Path, folder: Path, texts: dict[str, str]) -> Path:
    write_predictions(folder / "p.jsonl", texts)
    score_predictions(twins, folder / "p.jsonl", folder / "scores")
    return folder / "scores"


def test_a_model_that_is_always_right_never_flips(twins: Path, tmp_path: Path):
    """All rates are 0 or 1, and no call that must change stays."""
    texts = {item.example.id: right(item) for item in read_items(twins)}
    flips = measure_flips(twins, scored(twins, tmp_path, texts))
    assert [one.kind for one in flips] == [*KINDS, "all of the same"]
    for one in flips:
        assert (one.flipped, one.lost, one.gained) == (0, 0, 0)
        assert one.base.value == one.worst.value == 1.0
        assert one.unmoved is None or one.unmoved.k == 0


def test_flips_are_counted_by_hand(twins: Path, tmp_path: Path):
    """Against the item's own verdict: an item that is wrong already flips by getting right, not by staying wrong."""
    items = {item.example.id: item for item in read_items(twins)}
    texts = {name: right(item) for name, item in items.items()}
    wrong = text_of(call("power_on"), call("power_on"))
    spacing = [r for r in rows_of(twins) if r["twin"] == "spacing"]
    several = [name for name, n in Counter(r["twin_of"] for r in spacing).items() if n > 1]
    first, second = several[:2]
    texts[next(r["id"] for r in spacing if r["twin_of"] == first)] = wrong  # lost
    for r in spacing:  # the item is wrong, and so are its twins but one
        if r["twin_of"] == second:
            texts[r["id"]] = wrong
    texts[second] = wrong
    kept = next(r["id"] for r in spacing if r["twin_of"] == second)
    texts[kept] = right(items[kept])  # gained
    stuck = next(r for r in rows_of(twins) if r["twin"] == "changed_value" and r["twin_of"] == "item-1")
    texts[stuck["id"]] = texts["item-1"]  # the value changed, the call did not
    flips = {one.kind: one for one in measure_flips(twins, scored(twins, tmp_path, texts), tmp_path / "out")}
    one, n = flips["spacing"], len({r["twin_of"] for r in spacing})
    assert (one.flipped, one.lost, one.gained, one.n_twins) == (2, 1, 1, len(spacing))
    assert (one.base.k, one.base.n) == (n - 1, n)
    assert (one.worst.k, one.flipped_items.k) == (n - 2, 2)
    moved = flips["changed_value"].unmoved
    assert moved is not None
    assert moved.k == 1
    assert flips["changed_value"].lost == 1
    written = json.loads((tmp_path / "out" / "robust.json").read_text(encoding="utf-8"))
    assert {kind["kind"]: kind["flipped"] for kind in written["kinds"]}["spacing"] == 2
    assert "| spacing |" in (tmp_path / "out" / "robust.md").read_text(encoding="utf-8")
    with pytest.raises(UsageError, match=r"holds a robust\.json already"):
        measure_flips(twins, tmp_path / "scores", tmp_path / "out")


def test_flips_have_intervals_by_family(tmp_path: Path):
    """Families that flip as one widen the interval; few of them are named; twins follow their item where no family is stated."""
    items = [row(n, f"{n % 9 + 20}도로 맞춰 주세요", call("set_temperature", temperature=n % 9 + 20), family=f"f{n % 24}", pack="p")
             for n in range(240)]  # fmt: skip
    data = write_rows(tmp_path / "test.jsonl", items)
    make_twins(data, tmp_path / "twins.jsonl", kinds=["nfd"])
    rows = rows_of(tmp_path / "twins.jsonl")
    wrong = text_of(call("power_on"))
    texts = {item.example.id: right(item) for item in read_items(tmp_path / "twins.jsonl")}
    texts |= {r["id"]: wrong for r in rows if r["twin"] == "nfd" and int(r["family"][1:]) % 4 == 0}
    spread = {r["id"]: wrong for r in rows if r["twin"] == "nfd" and int(r["twin_of"][5:]) % 4 == 0}
    assert sum(text == wrong for text in texts.values()) == len(spread) == 60
    (alike, _) = measure_flips(
        tmp_path / "twins.jsonl", scored(tmp_path / "twins.jsonl", tmp_path / "a", texts)
    )
    one = alike.clustered["flips"]
    assert one.value == alike.flip_rate == 0.25
    assert (
        one.n_clusters == 24
        and one.design_effect is not None
        and one.low is not None
        and one.high is not None
    )
    assert 8 < one.design_effect < 12  # ten items a family, all alike
    assert alike.flipped_items.interval is not None
    assert one.high - one.low > 2.5 * (alike.flipped_items.interval[1] - alike.flipped_items.interval[0])
    assert rough_kinds([alike]) == ""
    lone = [{k: v for k, v in r.items() if k != "family"} for r in items[:30]]
    write_rows(tmp_path / "lone.jsonl", lone)
    make_twins(tmp_path / "lone.jsonl", tmp_path / "several.jsonl", kinds=["spacing", "typos"], k=3)
    texts = {item.example.id: right(item) for item in read_items(tmp_path / "several.jsonl")}
    measured = measure_flips(
        tmp_path / "several.jsonl",
        scored(tmp_path / "several.jsonl", tmp_path / "b", texts),
        tmp_path / "out",
    )
    assert {m.clustered["flips"].n_clusters for m in measured} == {30}
    few = measure_flips_of_few(tmp_path, items)
    assert few.clustered["flips"].n_clusters == 3
    assert rough_kinds([few]).endswith("rough guide: nfd")
    assert "Warning: fewer than 20 template families" in (tmp_path / "few-out" / "robust.md").read_text()


def measure_flips_of_few(tmp_path: Path, items: list[dict[str, Any]]) -> Flips:
    """Flips of the items of three families."""
    write_rows(tmp_path / "few.jsonl", [r for r in items if r["family"] in ("f0", "f1", "f2")])
    make_twins(tmp_path / "few.jsonl", tmp_path / "few-twins.jsonl", kinds=["nfd"])
    texts = {item.example.id: right(item) for item in read_items(tmp_path / "few-twins.jsonl")}
    scores = scored(tmp_path / "few-twins.jsonl", tmp_path / "few", texts)
    return measure_flips(tmp_path / "few-twins.jsonl", scores, tmp_path / "few-out")[0]


def test_the_whole_way(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """twins, run, score and robust as commands; `score` and `run` take the file as any other."""
    twins = tmp_path / "twins.jsonl"
    assert (
        main(["twins", "--data", str(data), "--out", str(twins), "--kind", "nfd", "--kind", "removed_tool"])
        == 0
    )
    texts = {item.example.id: right(item) for item in read_items(data)}
    texts |= {e.id: texts[e.id.partition("~")[0]] for e in read_jsonl(twins)}  # blind to every change
    recorded = write_predictions(tmp_path / "p.jsonl", texts)
    flags = ["--data", str(twins), "--out", str(tmp_path / "out")]
    assert main(["run", "--backend", "replay", "--predictions", str(recorded), *flags]) == 0
    assert main(["score", "--predictions", str(tmp_path / "out"), *flags]) == 0
    capsys.readouterr()
    assert main(["robust", "--data", str(twins), "--scores", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    lines = printed.splitlines()
    assert any("nfd" in line and " 0.0%" in line for line in lines)
    assert any("removed_tool" in line and "100.0%" in line for line in lines), (
        printed
    )  # unmoved: it must have stopped


def _other_file(data: Path, twins: Path, tmp_path: Path) -> Any:
    texts = {item.example.id: right(item) for item in read_items(data)}
    return measure_flips(twins, scored(data, tmp_path, texts))


BAD = [
    (lambda data, twins, tmp: make_twins(data, tmp / "x", kinds=["spaces"]), "'spaces' is no kind of twin"),
    (lambda data, twins, tmp: make_twins(data, tmp / "x", k=0), "--k: is 0"),
    (lambda data, twins, tmp: make_twins(data, data), "is the data file"),
    (lambda data, twins, tmp: make_twins(tmp / "none.jsonl", tmp / "x"), "cannot be read"),
    (_other_file, "holds scores of another file"),
    (lambda data, twins, tmp: measure_flips(twins, tmp), r"summary\.json: cannot be read"),
]


@pytest.mark.parametrize(("make", "message"), BAD)
def test_bad_input(data: Path, twins: Path, tmp_path: Path, make: Any, message: str):
    """Named with what to do; nothing is written."""
    before = data.read_bytes()
    with pytest.raises(FgError, match=message):
        make(data, twins, tmp_path)
    assert data.read_bytes() == before
    assert not (tmp_path / "x").exists()


def test_rows_that_are_no_twins(data: Path, tmp_path: Path):
    """A file without twins' marks is refused line by line."""
    texts = {item.example.id: right(item) for item in read_items(data)}
    with pytest.raises(FgError, match=r"test\.jsonl:1: is neither an item nor a twin of one"):
        measure_flips(data, scored(data, tmp_path, texts))
