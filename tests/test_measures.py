"""The scripts that measure packs: particles and endings, held-out learning, ours beside people's."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from fgdata.chance import Chance
from fgdata.generator import Generator, Request
from fgdata.packs import load_pack
from scripts import beside_human, blind_pairs, grammar_tags, held_out


def texts_of(pack: str, rows: int) -> list[str]:
    """Texts of a pack, of every split."""
    generator = Generator(load_pack(pack), Request(rows, 5))
    plan = generator.plan
    return [
        generator.maker.texts(plan, split, place)[0]
        for split in plan.splits
        for place in range(plan.rows(split))
    ]


@pytest.mark.parametrize(("text", "particle", "tag", "is_wrong"), [
    ("온도을 올려", "을", "JKO", True),
    ("온도를 올려", "를", "JKO", False),
    ("에어컨를 켜", "를", "JKO", True),
    ("에어컨을 켜", "을", "JKO", False),
    ("불가 켜졌어", "가", "JKS", True),
    ("TV을 켜", "을", "JKO", False),
    ("온도로 해", "로", "JKB", False),
])  # fmt: skip
def test_particle_for_the_other_sound_is_found(text: str, particle: str, tag: str, is_wrong: bool) -> None:
    """A particle that does not fit the syllable before it; after Latin letters nothing is said."""
    assert grammar_tags.does_not_fit(text, text.index(particle), particle, tag) is is_wrong


def test_accepted_forms_are_particles_and_endings_and_stay_sorted(tmp_path: Path) -> None:
    """The frozen list holds no other tags, and writing it again changes nothing."""
    accepted = grammar_tags.read_accepted()
    assert len(accepted) > 100
    assert {tag[0] for tag, _ in accepted} == set(grammar_tags.FIRST_LETTERS)
    copy = tmp_path / "accepted.tsv"
    copy.write_bytes(grammar_tags.ACCEPTED.read_bytes())
    grammar_tags.write_accepted(accepted, copy)
    assert copy.read_bytes() == grammar_tags.ACCEPTED.read_bytes()


def test_packs_have_accepted_particles_and_endings_only() -> None:
    """A sample of climate_ko has no form that was not looked at, and no particle for the other sound."""
    kiwi = pytest.importorskip("kiwipiepy").Kiwi()
    found = grammar_tags.tag_texts(texts_of("climate_ko", 400), kiwi)
    assert len(found.counts) > 50
    accepted = grammar_tags.read_accepted()
    assert {form: found.texts[form] for form in found.counts if form not in accepted} == {}
    assert found.misfits == {}


def test_wrong_particle_in_a_text_is_named() -> None:
    """The tagger's offsets and the rule agree."""
    kiwi = pytest.importorskip("kiwipiepy").Kiwi()
    assert grammar_tags.tag_texts(["에어컨를 켜 주세요", "에어컨을 켜 주세요"], kiwi).misfits == {
        "에어컨를 켜 주세요": "를"
    }


def items(*pairs: tuple[str, str]) -> list[held_out.Item]:
    """Items of a text and its labels, joined by +."""
    return [held_out.Item(text, frozenset(labels.split("+")), "family") for text, labels in pairs]


def test_regression_names_functions_it_has_seen() -> None:
    """One function, two, and none are told apart by their characters, and pairs that no row has are not named."""
    pytest.importorskip("sklearn")
    rows = [
        ("불 켜 줘", "light"),
        ("티비 켜 줘", "tv"),
        ("고마워", "none"),
        ("불이랑 티비 켜 줘", "light+tv"),
        ("창문 열어 줘", "window"),
    ]
    train = items(*rows * 8)
    namer = held_out.Namer(train, train)
    result = namer.name(
        "test", items(("불 켜", "light"), ("불이랑 티비 켜", "light+tv"), ("고마워요", "none"), ("불", "tv"))
    )
    assert [set(got) for got in result.named] == [{"light"}, {"light", "tv"}, {"none"}, {"light"}]
    assert (result.right, len(result.part(several=True).items)) == (3, 1)
    window, light = namer.labels.index("window"), namer.labels.index("light")
    assert not namer.together[window, light]


def test_hand_written_rows_of_a_pack_have_its_names() -> None:
    """climate_ko takes only rows that call its own device, under its names."""
    names = {tool.name for tool in load_pack("climate_ko").tools}
    ours = held_out.hand_items("climate_ko", "look")
    assert ours and all(item.labels <= names for item in ours)
    assert len(held_out.hand_items("home_ko", "look")) == 220


def test_tables_of_ours_beside_people_hold_no_line_of_theirs(tmp_path: Path) -> None:
    """Shares are printed; texts are not, and a file without requests is told."""
    file = tmp_path / "people.jsonl"
    lines = [{"text": "거실 불 좀 꺼줘", "act": "requirement"}, {"text": "불 켜졌어", "act": "wh_question"}]
    file.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    texts = beside_human.human_requests(file)
    assert texts == ["거실 불 좀 꺼줘"]
    printed = "\n".join(beside_human.table({"people": texts, "ours": ["에어컨 24도로 해 주세요", "불 켜"]}))
    assert "거실" not in printed and "| any form of 주다 | 100.0% | 50.0% |" in printed
    assert "| digits | 0.0% | 50.0% |" in printed
    assert beside_human.main(["climate_ko", "--human", str(tmp_path / "none.jsonl")]) == 2


@pytest.mark.parametrize(
    ("label", "held", "not_held"),
    [
        ("얼른 or 빨리", "불 얼른 켜줘", "빨리감기 해줘"),
        ("opens with 자, 참, 응, 네, 어, 아 or 음", "자, 불 켜줘", "자동으로 해줘"),
        ("an adverb behind the request", "불 켜줘 얼른!", "얼른 불 켜줘"),
        ("a reason in -니까", "추우니까 에어컨 꺼줘", "켜도 됩니까"),
        ("에 있는", "거실에 있는 불 켜줘", "거실 불 켜줘"),
    ],
)
def test_wording_counted_beside_people(label: str, held: str, not_held: str) -> None:
    """Each kind of wording is found in the one text and not in the other."""
    assert beside_human.more_shares([held, not_held])[label] == 0.5
    assert beside_human.more_shares([not_held])[label] == 0.0


def test_no_judge_sees_a_request_twice() -> None:
    """A sheet has one line of each request, in some order, and all lines of a request are used before one comes again."""
    lines = [blind_pairs.Line(f"{asks}{n}", "formal", asks) for asks in ("a", "b", "c") for n in range(4)]
    sheets = blind_pairs.sheets_of(lines, 6, Chance("sheets", 1))
    assert [sorted(line.asks for line in sheet) for sheet in sheets] == [["a", "b", "c"]] * 6
    assert len({tuple(line.asks for line in sheet) for sheet in sheets}) > 1
    for asks in "abc":
        said = [line.text for sheet in sheets for line in sheet if line.asks == asks]
        assert len(set(said[:4])) == 4
        assert len(set(said[4:])) == 2


def test_pairs_are_of_like_length() -> None:
    """Every line that is about as long; where those are fewer than a choice needs, the nearest."""
    line = blind_pairs.Line("가" * 20, "formal", "a")
    others = [blind_pairs.Line("나" * n, "formal", "a") for n in range(1, 41) for _ in range(2)]
    assert {len(other.text) for other in blind_pairs.of_like_length(line, others)} == set(range(17, 24))
    near = blind_pairs.of_like_length(line, others[:12])  # 1 to 6 letters
    assert sorted(len(other.text) for other in near) == [3, 3, 4, 4, 5, 5, 6, 6]


def test_pairs_ask_for_the_same(tmp_path: Path) -> None:
    """Both lines of a pair ask for one function in one style, no line of ours stands twice, and the key says which is ours."""
    file = tmp_path / "people.jsonl"
    lines = [
        {"text": f"{word} {said}", "act": "requirement", "group": group, "style": style}
        for group, word in [("train-706", "거실 에어컨"), ("train-710", "인공지능 스피커"), ("train-716", "티비 칠번"), ("train-780", "에어컨 이십사 도로"), ("train-792", "화장실 환풍기")]
        for style, said in [("formal", "부탁드립니다만요"), ("informal", "부탁한다니까")]
    ]  # fmt: skip
    file.write_text("\n".join(json.dumps(line) for line in [*lines, {**lines[0], "group": "other"}]), "utf-8")
    ours = [
        blind_pairs.Line(f"{asks} {number} {style}", style, asks)
        for asks in blind_pairs.REQUESTS.values()
        for style in ("formal", "informal")
        for number in range(4)
    ]
    asks = {line.text: (line.asks, line.style) for line in ours}
    asks |= {line.text: (line.asks, line.style) for line in blind_pairs.human_lines(file)}
    blind_pairs.draw(file, ours, 1, 20, tmp_path / "out")
    key = json.loads((tmp_path / "out" / "key.json").read_text("utf-8"))
    assert len(key) == 20
    assert set(key.values()) == {"A", "B"}
    people, said = {line["text"] for line in lines}, []
    for place in range(1, 5):
        sheet = (tmp_path / "out" / f"pairs_{place:02}.txt").read_text("utf-8")
        for number, a, b in re.findall(r"^(\d+)\n  A: (.*)\n  B: (.*)$", sheet, re.MULTILINE):
            machine, person = (a, b) if key[number] == "A" else (b, a)
            assert person in people
            assert asks[machine] == asks[person]
            said.append(machine)
    assert len(set(said)) == len(said) == 20
    assert not people & set(said)


@pytest.mark.slow
def test_our_lines_ask_for_those_functions() -> None:
    """Of home_ko each function is asked for in both styles, by rows that could have been spoken."""
    lines = blind_pairs.our_lines("home_ko", 1, rows=6000)
    assert {(line.asks, line.style) for line in lines} == {
        (asks, style) for asks in blind_pairs.REQUESTS.values() for style in ("formal", "informal")
    }
    assert not [line for line in lines if blind_pairs.UNSPOKEN.search(line.text)]


def test_likeness_counts_rare_words_more() -> None:
    """Two lines that share a rare word are liker than two that share a frequent one."""
    contents = [frozenset(words) for words in ({"불", "끄"}, {"불"}, {"커튼", "끄"}, {"커튼"}, {"끄"})]
    weights = blind_pairs.rarity(contents)
    assert weights["불"] > weights["끄"]
    assert blind_pairs.likeness(contents[0], contents[1], weights) > blind_pairs.likeness(
        contents[0], contents[4], weights
    )
    assert blind_pairs.likeness(frozenset(), frozenset(), weights) == 0.0


@pytest.mark.parametrize("text", ["24도로 해줘", "TV 꺼줘", "불, 꺼줘"])
def test_what_no_person_spoke_is_left_out(text: str) -> None:
    """Digits, Latin letters and signs would give a line of ours away."""
    assert blind_pairs.UNSPOKEN.search(text)
    assert not blind_pairs.UNSPOKEN.search("이십사 도로 맞춰 주세요")
