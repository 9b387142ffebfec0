"""Example values for parameters whose schema lists none: made up by name, format and limits, always marked for a person to replace."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from fgdata.errors import SchemaError
from fgdata.own.carry import SAMPLES, Schema, declared
from fgdata.own.words import words_of
from fgdata.schema import JsonValue, Tool, same_value

N_SAMPLES = 8
"""Values made up for a text."""
N_NUMBERS = 100
"""Numbers that a range may hold; of a larger one every k-th is taken."""
DEFAULT_TOP = 30
"""Where a number without an upper limit ends."""

_EN: Mapping[str, tuple[str, ...]] = {
    "city": ("Seoul", "Busan", "Paris", "London", "Berlin", "Tokyo", "Lisbon", "Chicago"),
    "country": ("Korea", "Japan", "France", "Germany", "Canada", "Brazil", "Kenya", "Norway"),
    "address": (
        "12 Main Street",
        "7 Station Road",
        "45 Park Avenue",
        "3 River Lane",
        "88 Hill Street",
        "21 Market Square",
    ),
    "person": ("Minsu", "Jiwoo", "Anna Lee", "Tom Brown", "Maria", "Sora Kim", "David", "Emma"),
    "title": (
        "weekly review",
        "lunch plan",
        "budget draft",
        "team news",
        "garden ideas",
        "launch list",
        "travel notes",
        "open questions",
    ),
    "message": (
        "see you at noon",
        "the box has arrived",
        "please call me back",
        "running ten minutes late",
        "thanks for the help",
        "bring the blue folder",
    ),
    "query": (
        "red shoes",
        "coffee beans",
        "quiet hotel",
        "jazz piano",
        "garden chair",
        "cheap flights",
        "rain jacket",
        "tomato soup",
    ),
    "code": ("A102", "B207", "C315", "D418", "E524", "F633", "G741", "H856"),
    "product": (
        "desk lamp",
        "green tea",
        "paper towels",
        "running shoes",
        "phone case",
        "water bottle",
        "notebook",
        "headphones",
    ),
    "topic": ("work", "family", "travel", "music", "sport", "health", "school", "food"),
    "color": ("red", "blue", "green", "yellow", "white", "black"),
    "currency": ("KRW", "USD", "EUR", "JPY", "GBP", "CHF"),
    "language": ("ko", "en", "ja", "fr", "de", "es"),
    "any": ("alpine", "maple", "harbor", "orchid", "summit", "meadow", "copper", "lantern"),
}
_KO: Mapping[str, tuple[str, ...]] = {
    "city": ("서울", "부산", "대전", "광주", "제주", "인천", "강릉", "전주"),
    "country": ("한국", "일본", "프랑스", "독일", "캐나다", "브라질", "케냐", "노르웨이"),
    "address": ("세종대로 12", "역삼로 7", "해운대로 45", "중앙로 3", "서초대로 88", "시장길 21"),
    "person": ("민수", "지우", "김소라", "박지훈", "이서연", "최민지", "현우", "수진"),
    "title": (
        "주간 회의",
        "점심 약속",
        "예산 초안",
        "팀 소식",
        "여행 계획",
        "출시 목록",
        "독서 모임",
        "장보기",
    ),
    "message": ("정오 약속", "택배 도착", "전화 요망", "십 분 지각", "도움 감사", "파란 서류철"),
    "query": (
        "빨간 운동화",
        "원두커피",
        "조용한 호텔",
        "재즈 피아노",
        "정원 의자",
        "싼 항공권",
        "비옷",
        "토마토 수프",
    ),
    "product": ("책상 조명", "녹차", "휴지", "운동화", "휴대폰 케이스", "물병", "공책", "헤드폰"),
    "topic": ("업무", "가족", "여행", "음악", "운동", "건강", "학교", "음식"),
    "color": ("빨강", "파랑", "초록", "노랑", "하양", "검정"),
    "any": ("소나무", "단풍", "항구", "난초", "정상", "초원", "구리", "등불"),
}
_BY_WORD: Mapping[str, str] = {
    word: group
    for group, words in {
        "city": "city town location place region destination origin from to area station airport 도시 지역 위치 장소 출발지 도착지 목적지 역",
        "country": "country nation 나라 국가",
        "address": "address street 주소",
        "person": "person user username customer contact recipient sender author artist owner assignee guest member employee attendee attendees driver 사람 이름 고객 담당자 수신자 받는사람 사용자 작성자",
        "title": "title subject headline topic label summary 제목 일정 할일",
        "message": "message text body content comment note notes description reason feedback memo 메시지 내용 메모 설명 이유 글 의견",
        "query": "query q search keyword keywords term 검색어 키워드 질의",
        "code": "id code number sku key ref reference token uuid 번호 코드 식별자",
        "product": "product item items goods dish food menu 상품 물건 제품 품목 음식 메뉴",
        "topic": "tag tags category categories type kind group genre 태그 분류 종류 주제",
        "color": "color colour 색 색상",
        "currency": "currency 통화",
        "language": "language lang locale 언어",
    }.items()
    for word in words.split()
}  # fmt: skip
_FORMATS: Mapping[str, tuple[str, ...]] = {
    "date": ("2026-03-02", "2026-04-15", "2026-05-21", "2026-07-08", "2026-09-30", "2026-11-11", "2026-12-24", "2027-01-05"),
    "date-time": ("2026-03-02T09:00:00Z", "2026-04-15T14:30:00Z", "2026-05-21T18:15:00Z", "2026-07-08T07:45:00Z", "2026-11-11T11:00:00Z"),
    "local date-time": ("2026-03-02T09:00:00", "2026-04-15T14:30:00", "2026-05-21T18:15:00", "2026-07-08T07:45:00", "2026-11-11T11:00:00"),
    "path": ("notes/plan.txt", "reports/march.pdf", "photos/lake.jpg", "music/song.mp3", "backup/old.zip", "home/list.csv"),
    "time": ("09:00", "14:30", "18:15", "07:45", "21:20", "11:05"),
    "duration": ("PT15M", "PT1H", "PT2H", "P1D", "P7D"),
    "email": ("minsu@example.com", "jiwoo@example.com", "anna@example.org", "tom@example.net", "sora@example.com"),
    "uri": ("https://example.com/news", "https://example.org/help", "https://example.net/shop", "https://example.com/docs"),
    "hostname": ("mail.example.com", "shop.example.org", "news.example.net"),
    "ipv4": ("192.0.2.10", "198.51.100.24", "203.0.113.7"),
    "ipv6": ("2001:db8::1", "2001:db8::17", "2001:db8::2a"),
    "phone": ("010-1234-5678", "010-2345-6789", "010-8765-4321", "02-555-0100"),
    "uuid": ("3f2b8c1e-0d4a-4c57-9a61-5b7e2f90c8d1", "a81d4f2e-66b3-4f0f-8f5e-1c2d3e4f5a6b", "c0ffee00-1234-4abc-8def-0123456789ab"),
    "byte": ("aGVsbG8=", "d29ybGQ=", "dGVzdA=="),
    "password": ("plum-river-42", "stone-cloud-17", "maple-train-88"),
}  # fmt: skip
_FORMATS_BY_WORD = {
    "email": "email", "mail": "email", "이메일": "email", "date": "date", "day": "date", "birthday": "date", "deadline": "date", "날짜": "date", "일자": "date", "마감일": "date",
    "datetime": "date-time", "timestamp": "date-time", "when": "date-time", "일시": "date-time", "path": "path", "filename": "path", "file": "path", "경로": "path", "파일": "path",
    "time": "time", "시간": "time", "시각": "time", "url": "uri", "link": "uri", "website": "uri", "phone": "phone", "tel": "phone", "mobile": "phone", "전화번호": "phone",
}  # fmt: skip
_FORMATS_BY_TEXT = (
    (re.compile(r"YYYY-MM-DD[T ]HH:MM", re.IGNORECASE), "local date-time"),
    (re.compile(r"YYYY-MM-DD", re.IGNORECASE), "date"),
    (re.compile(r"(?<!:)HH:MM", re.IGNORECASE), "time"),
    (re.compile(r"e-?mail address|이메일 주소|메일 주소", re.IGNORECASE), "email"),
    (re.compile(r"(?:phone|telephone|mobile) number|전화 ?번호", re.IGNORECASE), "phone"),
)
"""What a description says of how its values are written -> their format."""
_SAME = {
    "datetime": "date-time",
    "url": "uri",
    "uri-reference": "uri",
    "iri": "uri",
    "idn-email": "email",
    "tel": "phone",
}


def is_allowed(value: JsonValue, schema: Schema) -> bool:
    """Whether a schema allows the value."""
    tool = Tool("t", "", {"type": "object", "properties": {"v": declared(schema)}})
    try:
        return not tool.complaints({"v": value})
    except SchemaError:
        return False


def text_values(name: str, schema: Schema, *, is_korean: bool) -> tuple[list[str], bool]:
    """Texts for a parameter, and whether they are made up; empty if none fits its schema."""
    given = [
        value
        for value in schema.get(SAMPLES, [])
        if isinstance(value, str) and value.strip() and is_allowed(value, schema)
    ]
    given = list(dict.fromkeys(given))
    if len(given) >= 3:
        return given[:N_SAMPLES], False
    made: list[str] = []
    for group in _made_up(name, schema, is_korean):
        made += [text for text in group if is_allowed(text, schema)]
        if len(made) >= 3:  # the nearest group that fits: nobody mails to a tree
            break
    return _apart([*given, *made])[:N_SAMPLES], True


def _apart(values: Iterable[str]) -> list[str]:
    found: dict[str, str] = {}
    for value in values:
        found.setdefault("".join(value.casefold().split()), value)
    return list(found.values())


def form_of(name: str, schema: Schema) -> str:
    """The format of a text: stated, told by its description, or by a word of its name; empty if none of these says."""
    if stated := str(schema.get("format") or ""):
        return _SAME.get(stated, stated)
    text = str(schema.get("description") or "")
    if told := next((form for pattern, form in _FORMATS_BY_TEXT if pattern.search(text)), ""):
        return told
    words = [word.lower() for word in words_of(name)]
    return next((_FORMATS_BY_WORD[word] for word in words[::-1] if word in _FORMATS_BY_WORD), "")


def is_mail(name: str, schema: Schema) -> bool:
    """Whether a text, or each text of a list, is an address of mail."""
    inner = schema.get("items") if schema.get("type") == "array" else schema
    return isinstance(inner, Mapping) and form_of(name, dict(inner)) == "email"


def _made_up(name: str, schema: Schema, is_korean: bool) -> Iterator[Iterable[str]]:
    """Groups of texts, the most fitting first."""
    words = [word.lower() for word in words_of(name)]
    if pattern := schema.get("pattern"):
        yield list(_matching(pattern))
    yield _FORMATS.get(form_of(name, schema), ())
    group = next(
        (_BY_WORD[word] for word in words[::-1] if word in _BY_WORD),
        "person" if words[-1:] == ["name"] else "any",
    )
    if is_korean:
        yield _KO.get(group, ())
    yield _EN[group]
    yield _KO["any"] if is_korean else _EN["any"]
    low, high = schema.get("minLength", 0), schema.get("maxLength", 10_000)
    texts = (*_EN[group], *_EN["any"])
    yield [
        ((text + " ") * (low // len(text) + 1))[:low].strip().ljust(low, "x")
        for text in texts
        if len(text) < low <= 200
    ]
    yield [text[:high].strip() for text in texts if len(text) > high > 0]


def _matching(pattern: str) -> Iterator[str]:
    """Texts that a regular expression is likely to match; the caller checks them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = list(re._parser.parse(pattern))  # type: ignore[attr-defined]  # the syntax tree has no public name
        except (re.error, RecursionError, AttributeError):
            return
    for number in range(N_SAMPLES):
        try:
            yield _spelt(tree, number)
        except (ValueError, RecursionError):
            return


_MAX_SPELT = 5_000
"""Characters of a text that is made for a pattern; repetitions of repetitions would fill memory."""


def _spelt(tree: Any, number: int) -> str:
    """One text of a syntax tree, another one for each number.

    Raises: ValueError for what cannot be spelt out, such as a look ahead.
    """
    text = ""
    for place, (kind, value) in enumerate(tree):
        name, turn = str(kind), number * 7 + place * 3
        if name == "LITERAL":
            text += chr(value)
        elif name == "NOT_LITERAL":
            text += "a" if value != ord("a") else "b"
        elif name == "ANY":
            text += "abcdefgh"[turn % 8]
        elif name == "IN":
            text += _of_class(value, turn)
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, inner = value
            times = min(max(int(least), min(3, int(most))), 200)
            for n in range(times):
                text += _spelt(list(inner), number + n)
                if len(text) > _MAX_SPELT:
                    raise ValueError(name)
        elif name == "SUBPATTERN":
            text += _spelt(list(value[-1]), number)
        elif name == "BRANCH":
            options = value[1]
            text += _spelt(list(options[number % len(options)]), number)
        elif name != "AT":
            raise ValueError(name)
    return text


def _of_class(items: Any, turn: int) -> str:
    characters = ""
    for kind, value in items:
        name = str(kind)
        if name == "NEGATE":
            raise ValueError(name)
        if name == "LITERAL":
            characters += chr(value)
        elif name == "RANGE":
            characters += "".join(map(chr, range(value[0], min(value[1], value[0] + 60) + 1)))
        elif name == "CATEGORY":
            characters += {
                "CATEGORY_DIGIT": "0123456789",
                "CATEGORY_WORD": "abcdefgh01234567",
                "CATEGORY_SPACE": " ",
            }.get(str(value), "")
    if not characters:
        raise ValueError("empty class")
    return characters[turn % len(characters)]


def number_range(schema: Schema) -> tuple[int | float, int | float, int | float] | None:
    """First, last and step of the numbers that a schema allows; None if there are fewer than two."""
    is_whole = schema["type"] == "integer"
    try:
        step = Decimal(
            str(
                schema.get("multipleOf")
                or (1 if is_whole or _span(schema) > 20 else "0.5" if _span(schema) > 2 else "0.1")
            )
        )
        if is_whole and step != step.to_integral_value():
            step = Decimal(1)
        low, high = _end(schema, "minimum", "exclusiveMinimum"), _end(schema, "maximum", "exclusiveMaximum")
        if low is None:
            low = Decimal(1) if high is None or high >= 1 else high - DEFAULT_TOP * step
        first = -(-low // step) * step if low >= 0 or low % step == 0 else low - low % step
        if first < low:
            first += step
        if schema.get("exclusiveMinimum") is not None and first <= Decimal(str(schema["exclusiveMinimum"])):
            first += step
        if high is None:
            high = max(Decimal(DEFAULT_TOP), first + DEFAULT_TOP * step)
        count = (high - first) // step
        if schema.get("exclusiveMaximum") is not None and first + count * step >= Decimal(
            str(schema["exclusiveMaximum"])
        ):
            count -= 1
        if count < 1:
            return None
        stride = max(Decimal(1), -(-count // N_NUMBERS))
        step, last = step * stride, first + (count // stride) * stride * step
        numbers = [
            int(n) if is_whole or all(x == x.to_integral_value() for x in (first, last, step)) else float(n)
            for n in (first, last, step)
        ]
    except (InvalidOperation, OverflowError):
        return None
    if not all(-(10**15) < n < 10**15 for n in numbers) or not (
        is_allowed(numbers[0], schema) and is_allowed(numbers[1], schema)
    ):
        return None
    return numbers[0], numbers[1], numbers[2]


def _span(schema: Schema) -> Decimal:
    low, high = _end(schema, "minimum", "exclusiveMinimum"), _end(schema, "maximum", "exclusiveMaximum")
    return high - low if low is not None and high is not None else Decimal(1000)


def _end(schema: Schema, word: str, exclusive: str) -> Decimal | None:
    ends = [Decimal(str(schema[key])) for key in (word, exclusive) if schema.get(key) is not None]
    if not ends:
        return None
    return max(ends) if word == "minimum" else min(ends)


def listed_numbers(schema: Schema) -> list[int | float]:
    """Numbers of a schema that holds no range: its samples, or one that it allows."""
    found: list[int | float] = []
    ends = [schema[word] for word in ("minimum", "maximum") if word in schema]
    for value in (*schema.get(SAMPLES, []), *ends, 1, 0):
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and is_allowed(value, schema)
            and not any(same_value(value, v) for v in found)
        ):
            found.append(value)
    return found[:N_SAMPLES]


def spread_numbers(first: int | float, last: int | float, step: int | float) -> list[int | float]:
    """A few numbers of a range, both ends among them."""
    start, stride = Decimal(str(first)), Decimal(str(step))
    count = int((Decimal(str(last)) - start) / stride)
    places = sorted({round(count * n / (N_SAMPLES - 1)) for n in range(N_SAMPLES)})
    is_whole = isinstance(first, int) and isinstance(step, int)
    return [int(start + stride * n) if is_whole else float(start + stride * n) for n in places]
