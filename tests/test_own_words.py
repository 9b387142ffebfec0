"""What generated sentences say: names, dates and values as people say them, and each schema word that is not carried named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fgdata.generator import generate
from fgdata.own import Started, init_pack, korean_words, words
from fgdata.own.notes import Notes
from fgdata.own.sources import read_own_tools
from fgdata.own.spoken import is_code, moment_forms

EVENTS: list[dict[str, Any]] = [
    {"name": "create_calendar_event", "description": "Creates a new calendar event.", "parameters": {"type": "object", "properties": {
        "title": {"type": "string", "description": "The title of the event."},
        "datetime": {"type": "string", "description": "When, in the format YYYY-MM-DDTHH:MM:SS."}}, "required": ["title", "datetime"]}},
    {"name": "send_email", "description": "Sends an email.", "parameters": {"type": "object", "properties": {
        "to": {"type": "string", "description": "The recipient email address."},
        "priority": {"type": "string", "enum": ["P0", "P1", "LOW"]},
        "draft": {"type": "boolean"}}, "required": ["to"]}},
    {"name": "reset", "description": "Reset the device"},
    {"name": "showPetById", "description": "택시를 호출합니다", "parameters": {"type": "object", "properties": {"petId": {"type": "integer", "minimum": 1, "maximum": 9}}, "required": ["petId"]}},
]  # fmt: skip


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Started]:
    """Language -> the pack of the tools above."""
    folder = tmp_path_factory.mktemp("words")
    (folder / "t.json").write_text(json.dumps(EVENTS, ensure_ascii=False), "utf-8")
    return {one.pack.language: one for one in init_pack("p", folder / "t.json", out=folder, language="both")}


def _said(one: Started, tool: str) -> list[tuple[str, dict[str, Any]]]:
    """Utterances of rows that call the tool, with their arguments."""
    rows = [row for rows in generate(one.pack, 240, 1).splits.values() for row in rows]
    return [
        (row.utterance, dict(row.expected_calls[0].arguments))
        for row in rows
        if row.kind == "call" and row.expected_calls[0].name == tool
    ]


@pytest.mark.parametrize(("language", "spoken"), [("ko", ("오전", "오후")), ("en", ("am", "pm"))])
def test_moments_are_said_not_spelt(
    language: str, spoken: tuple[str, ...], events: dict[str, Started]
) -> None:
    """A description tells the format, the call holds it, and the sentence says the hour as people do."""
    said = _said(events[language], "create_calendar_event")
    assert len(said) > 20
    for text, arguments in said:
        assert arguments["datetime"][10] == "T"
        assert arguments["datetime"] not in text
        assert any(word in text for word in spoken), text


@pytest.mark.parametrize(("language", "label"), [("ko", "받는 사람"), ("en", "recipient")])
def test_a_mailed_to_is_a_recipient(language: str, label: str, events: dict[str, Started]) -> None:
    """`to` is no noun: where addresses of mail go in, sentences speak of a recipient, and give one."""
    for text, arguments in _said(events[language], "send_email"):
        assert label in text
        assert arguments["to"] in text and "@" in arguments["to"]
        assert " the to " not in text and "도착지" not in text
        if arguments.get("priority") in ("P0", "P1"):
            assert arguments["priority"] in text  # a code keeps its capitals
        if "draft" in arguments and language == "en":
            assert "draft option" in text


def test_korean_deeds_come_from_the_best_text(events: dict[str, Started]) -> None:
    """The author's Korean before a translated name; a lone English verb takes its object from the description."""
    assert all("호출" in text and "택시" in text for text, _ in _said(events["ko"], "showPetById"))
    assert all("기기" in text and "초기화" in text for text, _ in _said(events["ko"], "reset"))
    assert not any("calendar" in text or "일정표 일정" in text for text, _ in _said(events["ko"], "create_calendar_event"))  # fmt: skip


DEEDS = [
    ("pay for an order", "주문 결제"),
    ("update a pet", "반려동물 수정"),
    ("find a song by title", "노래 찾기"),
    ("print all environment variables", "환경 변수 출력"),
    ("frobnicate a song", None),
    ("send a frobnicator", None),
]


@pytest.mark.parametrize(("phrase", "noun"), DEEDS)
def test_english_requests_in_korean(phrase: str, noun: str | None) -> None:
    """All words known: a Korean deed; one unknown: none, rather than half a sentence."""
    deed = korean_words.deed_of_english(phrase)
    assert (deed.noun if deed else None) == noun


LABELS = [
    ("to", "string", True, "recipient"),
    ("to", "array", True, "recipients"),
    ("to", "string", False, "destination"),
    ("sortBy", "string", False, "sort key"),
    ("force", "boolean", False, "force option"),
    ("darkMode", "boolean", False, "dark mode"),
    ("itemQty", "integer", False, "item quantity"),
]


@pytest.mark.parametrize(("name", "kind", "is_mail", "label"), LABELS)
def test_labels_are_nouns(name: str, kind: str, is_mail: bool, label: str) -> None:
    """A parameter's label can stand behind an article."""
    assert words.label_of(name, kind, is_mail=is_mail) == label


def test_phrases_of_names_and_descriptions() -> None:
    """Articles where English has them; what a description says of its parameters is cut."""
    assert words.name_phrase("turn_off_flashlight") == "turn off the flashlight"
    assert words.description_phrase("Gets the weather for the given city and day.") == "get the weather"
    assert words.description_phrase("Computes the area of a circle given its radius.") == "compute the area of a circle"  # fmt: skip


MOMENTS = [
    ("2026-07-08T07:45:00Z", ("2026년 7월 8일 오전 7시 45분",), ("July 8, 2026 at 7:45 am",)),
    ("2026-03-02", ("2026년 3월 2일", "2026-03-02"), ("March 2, 2026", "2026-03-02")),
    ("00:00", ("오전 12시", "00:00"), ("12 am", "00:00")),
    ("12:05", ("오후 12시 5분", "12:05"), ("12:05 pm", "12:05")),
    ("2026-02-30", (), ()),
    ("2026-07-08T07:45:30Z", (), ()),
    ("soon", (), ()),
]


@pytest.mark.parametrize(("text", "korean", "english"), MOMENTS)
def test_forms_of_moments(text: str, korean: tuple[str, ...], english: tuple[str, ...]) -> None:
    """Dates and times in both languages; a day that no month has, and seconds that nobody says, are left as they are."""
    assert moment_forms(text, is_korean=True) == korean
    assert moment_forms(text, is_korean=False) == english


def test_codes_keep_their_capitals() -> None:
    """KRW is a code, LOW is a word written loudly."""
    everyday = frozenset({"low"})
    assert is_code("KRW", everyday) and is_code("P1", everyday) and is_code("AB1234", everyday)
    assert not any(is_code(text, everyday) for text in ("LOW", "ACTIVE", "Krw", "A-1", ""))


def test_every_word_of_a_schema_is_carried_or_named(tmp_path: Path) -> None:
    """Formats of numbers, limits of another type, words beside a tool, and words of a request body: each has a note."""
    tool = {"name": "do_it", "title": "Do It", "strict": True, "parameters": {"type": "object", "properties": {
        "n": {"type": "integer", "format": "int64", "minLength": 2}, "s": {"type": "string", "minimum": 1}}}}  # fmt: skip
    (tmp_path / "t.json").write_text(json.dumps([tool]), "utf-8")
    body = {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}, "properties": {"a": {"type": "string"}}}  # fmt: skip
    api = {"openapi": "3.1.0", "paths": {"/orders/{id}": {"put": {
        "parameters": [{"name": "id", "in": "path", "schema": {"type": "string"}}],
        "requestBody": {"content": {"application/json": {"schema": body}}}}}}}  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps(api), "utf-8")
    notes = Notes([*read_own_tools(tmp_path / "t.json").notes, *read_own_tools(tmp_path / "a.json").notes])
    named = {(note.feature, note.where, note.what) for note in notes}
    assert named >= {
        ("keyword", "do_it.n", 'format "int64"'),
        ("keyword", "do_it.n", "minLength of an integer"),
        ("keyword", "do_it.s", "minimum of a string"),
        ("left out", "do_it", "title"),
        ("left out", "do_it", "strict"),
        ("keyword", "put_orders_id", "minProperties"),
        ("free keys", "put_orders_id", "additionalProperties"),
    }


OPERATIONS = [
    ("get", "/orders", "list_orders"),
    ("get", "/orders/{id}", "get_order"),
    ("post", "/orders", "create_order"),
    ("patch", "/stores/{s}/categories/{c}", "update_category"),
    ("delete", "/orders/{orderId}", "delete_order"),
    ("put", "/status", "update_status"),
    ("get", "/{id}", ""),
    ("trace", "/orders", ""),
]


@pytest.mark.parametrize(("method", "path", "spoken"), OPERATIONS)
def test_operations_without_an_id_are_spoken_of(method: str, path: str, spoken: str, tmp_path: Path) -> None:
    """Nobody says `put orders order id`: sentences name what the path ends in and what the method does."""
    document = {"openapi": "3.0.0", "paths": {path: {method: {"parameters": [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer"}} for name in ("id", "s", "c", "orderId") if f"{{{name}}}" in path]}}}}  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps(document), "utf-8")
    (tool,) = read_own_tools(tmp_path / "a.json").tools
    assert tool.spoken == spoken


def test_words_without_korean_are_named(tmp_path: Path) -> None:
    """A Korean pack tells which words of names it says in English."""
    tool = {"name": "get_frobnicator", "parameters": {"type": "object", "properties": {"wibble": {"enum": ["a1", "b2"]}}, "required": ["wibble"]}}  # fmt: skip
    (tmp_path / "t.json").write_text(json.dumps([tool]), "utf-8")
    (one,) = init_pack("p", tmp_path / "t.json", out=tmp_path, language="ko")
    found = {(note.where, note.what) for note in one.notes if note.feature == "no Korean word"}
    assert found == {("wibble", "wibble"), ("get_frobnicator", "frobnicator")}
