"""The scripts that measure packs: particles and endings, held-out learning, ours beside people's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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


def test_no_group_of_people_has_more_pairs_than_it_may() -> None:
    """Groups take turns, and none has more lines than the drawing allows."""
    lines = [blind_pairs.Line(f"{group}{number}", "formal", group) for group in "ab" for number in range(9)]
    turns = blind_pairs.by_turns(lines)
    assert [line.group for line in turns[:4]] == ["a", "b", "a", "b"]
    assert len(turns) == 2 * blind_pairs.MOST_OF_A_GROUP


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
