"""A value taken out of a request: then nothing can be called, and the value must be asked for.

What is left must be a whole request that says what to set and not to what (온도를 맞춰 주세요, Set the fan). 온도 올려 줘 and 너무 추워요 are
requests of their own, so a text with a verb of direction or with a second clause has no such twin.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from fgdata.korean import conjugate, request_endings
from fgdata.pack import WHICH_TOOL
from fgeval.items import Item
from fgeval.robust.changes import Change, find_numbers, language_of
from fgeval.robust.directions import load_pack_of, said_forms, said_numbers

_SETTING = (
    "맞추다",
    "바꾸다",
    "설정하다",
    "조절하다",
    "조정하다",
    "변경하다",
    "세팅하다",
    "지정하다",
    "고치다",
    "잡다",
)
"""Verbs that say nothing of the value: 올리다 and 낮추다 do."""
_SETTING_NOUNS = ("설정", "조절", "조정", "변경", "세팅", "지정", "맞추기", "바꾸기")
_QUANTITIES = frozenset(
    [
        "온도",
        "볼륨",
        "음량",
        "소리",
        "밝기",
        "조도",
        "광량",
        "채널",
        "풍량",
        "풍속",
        "바람",
        "세기",
        "강도",
        "속도",
        "모드",
        "색온도",
        "색",
        "위치",
        "높이",
        "번호",
        "단계",
        "목표",
        "걸음",
        "걸음수",
        "목표치",
    ]
)
"""Nouns that say what is set."""
_MARKS = "~!.?"
_REGISTERS = ("hae", "haeyo", "hapsyo", "haera")
_MORE_TEXT = re.compile(r"[,.!?…]|(?:고|서|니까|[는은인]데|면|다|요|네|어|지|래|야|말고|보다|더)(?:\s|$)")
_PARTICLE = re.compile(r"(?<=..)[을를은는]$")
_BEHIND = re.compile(r"\s?(?:정도)?(?:으?로|에)?(?=\s|$)")
_ENGLISH = re.compile(
    r"(?P<head>(?:(?:can|could|would|will) you )?(?:please )?(?:set|change|adjust|update)\b[^,.;!?]*?)"
    r"\s*\b(?:to|at|for|of|on) (?P<number>{number})(?:\s*%|\s*(?:percent|degrees?|minutes?|hours?|seconds?|steps?))?"
    r"(?P<tail>,? please)?(?P<mark>[.!?]*)",
    re.IGNORECASE,
)


def without_value(
    item: Item,
    key: int,
    filled: Collection[tuple[str, str]] = (),
    asked: Collection[str] = (),
) -> Change | None:
    """The request without a value that the call needs: it must be asked for. None unless one call is due and what is left says so.

    Args:
        filled: tool and parameter of values that data fills by a policy when a request does not say them.
        asked: parameters that the data asks for where they are not said, whatever fills them elsewhere.
    """
    if len(item.expected) != 1:
        return None
    call = item.expected[0]
    tool = item.tools.get(call.name)
    needed = {p.name for p in tool.parameters if p.required and "default" not in p.schema} if tool else set()
    asked = {*asked, *_asked_by_pack(item)}
    for start, end, name in _places(item):
        if name not in needed or ((call.name, name) in filled and name not in asked):
            continue
        left = (_left_in_english if language_of(item.example) == "en" else _left_in_korean)(
            item.example.utterance, start, end
        )
        if left is not None and not find_numbers(left, language_of(item.example)):
            # 맞춰 주세요 alone does not even say what.
            is_named = language_of(item.example) == "en" or left.rstrip(_MARKS) not in _requests()
            return Change(utterance=left, calls=(), asks_for=name if is_named else WHICH_TOOL)
    return None


def _places(item: Item) -> Iterator[tuple[int, int, str]]:
    """Where a value is said and whose it is; what is counted stands within."""
    for spot, _, name in said_numbers(item):
        counted = re.compile(rf"\s?{re.escape(spot.counter)}").match(item.example.utterance, spot.end)
        yield spot.start, counted.end() if counted else spot.end, name
    for _, name, said, _ in said_forms(item, any_type=True):
        start = item.example.utterance.index(said)
        yield start, start + len(said), name


def _asked_by_pack(item: Item) -> frozenset[str]:
    """The parameters that an intent of the row's pack asks for."""
    pack = load_pack_of(item)
    return _asks(pack.name) if pack else frozenset()


@lru_cache(maxsize=16)
def _asks(name: str) -> frozenset[str]:
    from fgdata.packs import load_pack

    return frozenset(intent.asks_for for intent in load_pack(name).intents if intent.asks_for)


def _left_in_english(text: str, start: int, end: int) -> str | None:
    """Set the fan to low for 10 minutes -> Set the fan to low."""
    number = re.escape(text[start:end])
    found = re.fullmatch(_ENGLISH.pattern.replace("{number}", number), text, re.IGNORECASE)
    return f"{found['head']}{found['tail'] or ''}{found['mark']}" if found else None


def _left_in_korean(text: str, start: int, end: int) -> str | None:
    """온도를 24도로 맞춰 주세요 -> 온도를 맞춰 주세요; 풍량 맞춰 줘, 자동으로 -> 풍량 맞춰 줘."""
    behind = _BEHIND.match(text, end)
    before = text[:start].rstrip()
    if behind is None and not before.endswith(","):
        return None
    after = text[behind.end() if behind else end :].strip()
    if before.endswith(",") and not after:
        whole = before.rstrip(", ")
        for cut in range(len(whole)):
            if whole[cut:] in _requests() and _says_what(whole[:cut]) and (not cut or whole[cut - 1] == " "):
                return whole
        return None
    if after.rstrip(_MARKS) not in _requests() or not _says_what(before):
        return None
    return f"{before} {after}".strip()


def _says_what(before: str) -> bool:
    """Whether the words before a request name what is set, and say nothing else."""
    words = before.split()
    if not words:
        return True
    if words[-1] == "좀":
        words.pop()
    return (
        bool(words)
        and _PARTICLE.sub("", words[-1]) in _QUANTITIES
        and _MORE_TEXT.search(" ".join(words[:-1])) is None
    )


@lru_cache(maxsize=1)
def _requests() -> frozenset[str]:
    """All that may stand behind the value: 맞춰 주세요, 설정해, 조절 부탁해요, 변경."""
    made = {
        conjugate(lemma, ending)
        for lemma in _SETTING
        for register in _REGISTERS
        for ending, _ in request_endings(register)
        if not ending.endswith("?")
    }
    for noun in _SETTING_NOUNS:
        made.add(noun)
        made |= {
            f"{noun} {word}"
            for word in (
                "부탁해",
                "부탁할게",
                "부탁해요",
                "부탁할게요",
                "부탁드려요",
                "부탁드릴게요",
                "부탁드립니다",
                "부탁드리겠습니다",
                "바랍니다",
                "요청드립니다",
            )
        }
    return frozenset(made | {f"좀 {one}" for one in made} | {f"다시 {one}" for one in made})
