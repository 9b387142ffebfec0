"""A Korean request in another register: 켜 -> 켜 주세요, 올려줄래 -> 올려주십시오, 춥네 -> 춥네요. Only where that is certain.

Every clause that ends a sentence changes; words before it stay as they are. Endings are those of `fgdata.korean`; a verb is only
taken for one that asks if it does something to a device or tells something (`_ACTIONS`): 잠이 안 와 asks for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, TypeAlias, get_args

from fgdata.korean import conjugate, request_endings
from fgdata.korean.lexicon import LEXICON
from fgdata.stats.endings import OPEN_VOWEL, find_ending

Register: TypeAlias = Literal["hae", "haeyo", "hapsyo", "haera"]
REGISTERS: tuple[Register, ...] = get_args(Register)

_ACTIONS = """켜다 끄다 틀다 올리다 내리다 낮추다 높이다 줄이다 키우다 늘리다 맞추다 바꾸다 돌리다 멈추다 세우다 열다 닫다 잠그다 젖히다
가리다 설정하다 조절하다 조정하다 변경하다 전환하다 가동하다 가동시키다 작동시키다 실행하다 실행시키다 재생하다 정지하다 정지시키다 중지하다
중단하다 종료하다 취소하다 청소하다 환기하다 환기시키다 유지하다 고정하다 세팅하다 선택하다 보여주다 알려주다 말하다 말해주다 알리다 읽어주다
확인하다 저장하다 추가하다 삭제하다 지우다 보내다 찾다 찾아보다 검색하다 예약하다 녹화하다 차단하다 개방하다 음소거하다 해제하다 넘기다 보이다
켜두다 꺼두다 열어두다 켜놓다 꺼놓다 틀어놓다 맞춰놓다 올려놓다 내려놓다 돌려놓다 띄우다 치다 걷다(규칙) 재개하다 시작하다 불러오다 비교하다
계산하다 요약하다 정리하다 설명하다 체크하다 점검하다 측정하다 기록하다 입력하다 등록하다 적용하다"""
_AFTER_A_VERB = ("두다", "놓다", "버리다", "보다")
"""Verbs that stand behind another one's 어 form: 꺼 둬, 바꿔놔."""
_DO = "하다"
"""Asks for something only behind 강하게, 24도로, 낮추도록."""
_MORE_ENDINGS: tuple[tuple[str, Register], ...] = (
    ("어도 돼", "hae"), ("어도 될까", "hae"), ("어도 돼요", "haeyo"), ("어도 될까요", "haeyo"), ("어도 되나요", "haeyo"),
    ("어도 됩니까", "hapsyo"), ("으면 돼", "hae"), ("으면 돼요", "haeyo"), ("으면 됩니다", "hapsyo"), ("으면 되겠어", "hae"),
    ("으면 되겠어요", "haeyo"), ("으면 좋겠어", "hae"), ("으면 좋겠어요", "haeyo"), ("으면 좋겠습니다", "hapsyo"),
    ("었으면 좋겠어", "hae"), ("었으면 해", "hae"), ("었으면 해요", "haeyo"), ("었으면 좋겠습니다", "hapsyo"),
    ("을 수 있을까", "hae"), ("을 수 있을까요", "haeyo"), ("을 수 있어", "hae"), ("을 수 있어요", "haeyo"), ("을 수 있나요", "haeyo"),
    ("을 수 없을까", "hae"), ("을 수 없을까요", "haeyo"), ("을 수 있습니까", "hapsyo"), ("을래", "hae"), ("을래요", "haeyo"),
    ("는 게 좋겠어", "hae"), ("는 게 좋겠어요", "haeyo"), ("는 게 낫겠어", "hae"), ("는 게 낫겠어요", "haeyo"), ("자", "hae"),
)  # fmt: skip
_TARGETS: dict[Register, tuple[str, ...]] = {
    "hae": ("어 줘", "어 줄래", "어 줄 수 있어"),
    "haeyo": ("어 주세요", "어 줄래요", "어 주실래요", "어 주시겠어요", "어 줘요"),
    "hapsyo": ("어 주십시오", "어 주시기 바랍니다", "어 주시겠습니까"),
    "haera": ("어 줘라",),
}
"""What a request becomes; with 주다, which every verb of `_ACTIONS` takes."""
_BARE: dict[Register, tuple[str, ...]] = {
    "hae": ("어",),
    "haeyo": ("어요", "으세요"),
    "hapsyo": ("으십시오",),
    "haera": ("어라",),
}
"""Without 주다, for requests that are said without it: 켜, 켜요, 켜라."""
_ALL_BARE = (*(ending for endings in _BARE.values() for ending in endings), "자")
_ASKING = ("줄래", "수 있어", "줄래요", "실래요", "겠어요", "겠습니까")
_BEG: dict[Register, tuple[str, ...]] = {
    "hae": ("부탁해",), "haeyo": ("부탁해요", "부탁드려요"), "hapsyo": ("부탁드립니다", "부탁드리겠습니다"), "haera": (),
}  # fmt: skip
_BEGGING = re.compile(
    r"(?<![가-힣])(부탁해|부탁할게|부탁해요|부탁할게요|부탁드려요|부탁드릴게요|부탁합니다|부탁드립니다|부탁드리겠습니다|요청드립니다"
    r"|요청드려요|요청합니다|(?<!기 )(?<!길 )(?<!니다 )바랍니다)$"
)
_MARKS = re.compile(r"[\s,.!?~…^]*$")
_PARTS = re.compile(r"[^,.!?…]+[,.!?…~\s]*")
_FINAL_B, _FINAL_SS = (f"[{''.join(chr(code) for code in range(0xAC00 + n, 0xD7A4, 28))}]" for n in (17, 20))
"""Syllables that end in ㅂ (합니다) and in ㅆ (했어)."""
_POLITE = re.compile(rf"(?:요|죠|{_FINAL_B}니[다까]|{_FINAL_B}시다|십시오)$")
_PLAIN = re.compile(
    rf"(?:{_FINAL_SS}[어네지]|(?<!동)(?<=[가-힣])네|싶어|(?<![보마에하])(?<=[가-힣])다|^[보하가끄]자)$"
)
"""Ends of a sentence that need no request: inside of a part they show a second sentence."""
_QUESTION = re.compile(r"몇|얼마|어느|어떤|무슨|뭐|뭘|언제|어디|왜|어때|어떻|누구|누가")
_NOUNS_IN_YO = re.compile(r"(?:필|담|동|수|주|중|개|소|자장|가|하|의)요$")
_OPEN_HAE = re.compile(rf"(?:네|래|까|데|거든|지|{OPEN_VOWEL})$")
"""Ends of 해 that 요 follows."""
_NOT_OPEN = re.compile(
    r"(?:[다자짜라나]|[세게제](?<!주세)|(?<![는은던])데|언어|영어|아래|노래|빨래|모래|내|개|위해|대해|까지|[인는은을]지|지만)$"
)
_SUBJECT = re.compile(r"(?:^|\s)\S*(?:[가-힣]가|[가-힣]이|께서)\s")
_CLEAR_YO = re.compile(rf"(?:네|래|까|데|거든|니까|서|지|건가|려나|{OPEN_VOWEL})요$")
_GOES_ON = re.compile(
    r"(?:고|서|니까|는데|은데|인데|면|면서|으?로|을|를|은|는|만|도|부터|까지|게|랑|하고|에|에서|좀|더|다음|쯤|정도|말고|인지|는지|은지)$"
)
_NO_BEGGING = re.compile(
    r"(?:부탁|[니냐라자좀고서면은는기것거함음임됨]|는데|지 마|어|여부)$|[이리추키]기 |너무"
)
_AUXILIARY = re.compile(r"[주줘줄줬두둬놓놔보봐볼버달도]")
_CALLS = re.compile(r"(?:야|저기|있잖아|[가-힣]{2,}(?<![이거도마])[야아])")
"""A part that only calls somebody."""


def in_register(text: str, register: Register, *, choice: int = 0, is_fragment: bool = False) -> str | None:
    """The text with every clause that ends a sentence in `register`; None if that is not certain, or if nothing would change.

    Args:
        choice: which of several endings of the register; any number.
        is_fragment: whether the text asks without any verb, so that a form of 부탁하다 may follow it.
    """
    parts = [found[0] for found in _PARTS.finditer(text)]
    if "".join(parts) != text:
        return None
    made, n_changed = [], 0
    for number, part in enumerate(parts):
        marks = _MARKS.search(part)
        assert marks is not None
        body, end = part[: marks.start()], part[marks.start() :]
        if is_fragment and number == len(parts) - 1:
            new = _with_action(body, register, choice, asks="?" in end) or _beg_for(
                body, register, choice, end
            )
        elif _goes_on(body) and not _inner_request(body):
            is_last = number == len(parts) - 1
            new = (_with_action(body, register, choice, asks="?" in end) if is_last else None) or body
        else:
            new = _convert(body, register, choice, asks="?" in end)
        if new is None:
            return None
        n_changed += new != body
        made.append(f"{new}{end}")
    return "".join(made) if n_changed else None


def _goes_on(body: str) -> bool:
    """Whether a part ends no sentence, so that it has no register: a noun, a clause that goes on, somebody called."""
    words = body.split()
    if not words or (len(words) == 1 and _CALLS.fullmatch(words[0])):
        return True
    if _POLITE.search(body) and not _NOUNS_IN_YO.search(body):
        return False
    return bool(_GOES_ON.search(body)) or find_ending(body).name == "bare noun"


def _convert(body: str, register: Register, choice: int, *, asks: bool) -> str | None:
    """A part of a text with its last clause in `register`; None if it cannot be told."""
    words = body.split(" ")
    if _hides_a_sentence(words[:-1]) and not _inner_request(body):
        return None
    for way in (_with_giving, _with_action, _with_begging, _with_yo):
        if (new := way(body, register, choice, asks=asks)) is not None:
            return new
    return None


def _hides_a_sentence(words: Sequence[str]) -> bool:
    """Whether one of the words ends a sentence, without a mark to show it."""
    for before, word, behind in zip(("", *words), words, (*words[1:], ""), strict=False):
        if _POLITE.search(word) and not _NOUNS_IN_YO.search(word):
            return True
        if _PLAIN.search(word) or word in _feelings():
            return True
        if behind and word.endswith("해") and len(word) > 1 and not _AUXILIARY.match(behind):
            return True
        if before in ("안", "못") and re.search(rf"{OPEN_VOWEL}$", word):
            return True
    return False


@lru_cache(maxsize=1)
def _feelings() -> frozenset[str]:
    """더워, 추워: a sentence of its own inside of a part."""
    forms = (conjugate(lemma, "어") for lemma, entry in LEXICON.items() if entry.kind == "adjective")
    return frozenset(forms) - {"없어", "있어", "노래", "이래", "그래", "저래", "같아", "달라"}


@lru_cache(maxsize=1)
def _giving_tails() -> dict[str, Register]:
    """What stands behind an 어 form where 주다 asks, without blanks in front, and its register."""
    tails: dict[str, Register] = {}
    for register in REGISTERS:
        for ending, _ in request_endings(register):
            tail = ending.removeprefix("어").lstrip()
            if (
                ending.startswith("어")
                and re.match(r"(?:줘|주[세셔시실십라겠면렴]|줄 수|줄래|줬으면|주면)", tail)
                and "부탁" not in tail
            ):
                tails.setdefault(tail.rstrip("?"), register)
    return tails


@lru_cache(maxsize=1)
def _giving() -> re.Pattern[str]:
    tails = sorted(map(re.escape, _giving_tails()), key=len, reverse=True)
    return re.compile(rf"(?<={OPEN_VOWEL})(?P<blank> ?)(?P<tail>{'|'.join(tails)})(?![가-힣])")


def _inner_request(body: str) -> bool:
    found = _giving().search(body)
    return (
        found is not None
        and found.end() < len(body)
        and not _hides_a_sentence(body[: found.start()].split(" ")[:-1])
    )


def _pick(targets: Sequence[str], choice: int, *, asks: bool) -> str | None:
    """One of the endings; before a question mark one that asks."""
    fitting = [one for one in targets if not asks or one.endswith(_ASKING)]
    return fitting[choice % len(fitting)] if fitting else None


def _with_giving(body: str, register: Register, choice: int, *, asks: bool) -> str | None:
    """꺼줘 -> 꺼주세요; words may follow: 바꿔 줄래 풍량 중풍으로."""
    found = list(_giving().finditer(body))
    if len(found) != 1:
        return None
    (one,) = found
    rest = body[one.end() :]
    if rest and not _goes_on(rest):
        said = _with_yo(rest, register, choice, asks=asks)
        if said is None:
            return None
        rest = said
    if _giving_tails()[one["tail"]] == register:
        return body if rest == body[one.end() :] else None
    target = _pick(_TARGETS[register], choice, asks=asks)
    return target and f"{body[: one.start()]}{one['blank']}{target.removeprefix('어 ')}{rest}"


@lru_cache(maxsize=1)
def _forms() -> dict[str, frozenset[tuple[str, str, Register]]]:
    """Form of a verb that asks -> the lemmas, endings and registers it may be. Forms with 주다 are left to `_with_giving`."""
    endings: dict[tuple[str, Register], None] = dict.fromkeys(_MORE_ENDINGS)
    for register in REGISTERS:
        for ending, _ in request_endings(register):
            if not re.match(r"어 ?(?:줘|주|줄|줬|달)", ending) and "부탁" not in ending:
                endings[ending.rstrip("?"), register] = None
    endings["기", "hae"] = endings["을 것", "hae"] = endings["기 바랍니다", "hapsyo"] = None
    forms: dict[str, set[tuple[str, str, Register]]] = {}
    for lemma in (*_ACTIONS.split(), *_AFTER_A_VERB, _DO):
        for ending, register in endings:
            forms.setdefault(conjugate(lemma, ending), set()).add((lemma, ending, register))
    return {form: frozenset(found) for form, found in forms.items()}


def _with_action(body: str, register: Register, choice: int, *, asks: bool) -> str | None:
    """켜 -> 켜 주세요 or 켜요, 올리면 좋겠어 -> 올려 주십시오."""
    for start in range(len(body)):
        found = _forms().get(body[start:])
        if found is None:
            continue
        before = body[:start]
        readings = [one for one in found if _stands_well(before, one[0])]
        is_bare = all(ending in _ALL_BARE for _, ending, _ in readings)
        if not readings or _SUBJECT.search(before) or (is_bare and _QUESTION.search(before)):
            return None
        if register in {one[2] for one in readings}:
            return None
        giving = () if any(lemma in _AFTER_A_VERB for lemma, *_ in readings) else _TARGETS[register]
        target = _pick((*giving, *(_BARE[register] if is_bare else ())), choice, asks=asks)
        made = {conjugate(lemma, target) for lemma, _, _ in readings} if target else set()
        return f"{before}{made.pop()}" if len(made) == 1 else None
    return None


def _stands_well(before: str, lemma: str) -> bool:
    """Whether a verb may begin behind these words."""
    if lemma == _DO:
        return re.search(r"(?:게|[가-힣0-9]로|도록) $", before) is not None
    if lemma in _AFTER_A_VERB:
        return re.search(rf"{OPEN_VOWEL} ?$", before) is not None
    if re.search(r"(?:^| )(?:안|못) $", before):
        return False
    return not before or before.endswith(" ")


def _with_begging(body: str, register: Register, choice: int, *, asks: bool) -> str | None:
    """24도로 부탁드립니다 -> 24도로 부탁해."""
    found = _BEGGING.search(body)
    targets = _BEG[register]
    if found is None or not targets or asks:
        return None
    polite = _POLITE.search(found[0])
    source = "hae" if polite is None else "haeyo" if found[0].endswith("요") else "hapsyo"
    return None if source == register else f"{body[: found.start()]}{targets[choice % len(targets)]}"


def _beg_for(body: str, register: Register, choice: int, end: str) -> str | None:
    """냉방으로 -> 냉방으로 부탁해요. What asks for a fact is left alone."""
    targets = _BEG[register]
    if not targets or "?" in end or _QUESTION.search(body) or _POLITE.search(body):
        return None
    if not re.search(r"[가-힣0-9A-Za-z%]$", body) or _NO_BEGGING.search(body):
        return None
    return f"{body} {targets[choice % len(targets)]}"


def _with_yo(body: str, register: Register, choice: int, *, asks: bool) -> str | None:
    """춥네 -> 춥네요, 몇 도예요 -> 몇 도야. 합쇼 only where it shows whether something is asked."""
    is_question = asks or _QUESTION.search(body) is not None
    for wish in ("면 해", "면 해요", "면 합니다"):
        if body.endswith(f"으{wish}") or re.search(rf"{_FINAL_SS}으{wish}$", body):
            new = {"hae": "면 해", "haeyo": "면 해요", "hapsyo": "면 합니다"}.get(register, wish)
            return None if new == wish else f"{body[: -len(wish)]}{new}"
    if register == "haeyo":
        return _more_polite(body)
    if register == "hapsyo":
        found = re.search(rf"(?<=[없{_FINAL_SS[1:-1]}])어요?$", body)
        if found is None or not (is_question or body[: found.start()].endswith("좋겠")):
            return None
        return f"{body[: found.start()]}{'습니까' if is_question else '습니다'}"
    if register != "hae" or _NOUNS_IN_YO.search(body):
        return None
    for polite, plain in (("이에요", "이야"), ("이예요", "이야"), ("예요", "야"), ("죠", "지")):
        if body.endswith(polite):
            return f"{body[: -len(polite)]}{plain}"
    if found := re.search(rf"(?<=[없{_FINAL_SS[1:-1]}])(?<!겠)습니[다까]$|(?<=좋겠)습니다$", body):
        return f"{body[: found.start()]}어"
    if body.endswith(("세요", "나요")):
        return None
    return body[:-1] if _CLEAR_YO.search(body) else None


def _more_polite(body: str) -> str | None:
    """해요 of a clause in 해."""
    if body.endswith("이야"):
        return f"{body[:-1]}에요"
    if re.search(r"(?:[도게거보시수치마뭐]|언제|어디|누구)야$", body):
        return f"{body[:-1]}예요"
    if _POLITE.search(body) or body.endswith("야"):
        return None
    return f"{body}요" if _OPEN_HAE.search(body) and not _NOT_OPEN.search(body) else None
