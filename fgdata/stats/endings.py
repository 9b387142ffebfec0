"""With what ending a Korean request is made: a classifier of regular expressions, which says so when it cannot tell.

It looks at form alone: an ending of a class counts in that class whether or not the line asks for something. No native speaker has
checked it; tests/data/korean/ending_classes.tsv is the table of lines it must place.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

NOT_PLACED = "not placed"
ENDING_CLASSES = {
    "formal 주시겠어요": "-주시겠어요, -주실래요, -주실 수 있…",
    "formal 요": "other -요, -죠",
    "formal 주세요": "-주세요, -주셔요",
    "formal 부탁": "부탁드려요, 부탁합니다, …",
    "formal 니다": "-니다, -니까, -시다",
    "formal 십시오": "-십시오",
    "informal 줘": "-줘, -줄래, -줘 봐, -주라",
    "informal 해": "plain 해/어",
    "informal 부탁": "부탁해, 부탁할게, …",
    "informal other": "주겠니, 줄 수 있니, 고맙겠어, 싶어, 말이야, 있을까, 어때, 좀, …",
    "informal 해라": "-라, -렴, -자, -다",
    "bare noun": "a noun, -기, an adverb or a particle",
    NOT_PLACED: "none of these",
}
"""Class -> the endings in it. The first word is the level: formal, informal or bare."""


class Ending(NamedTuple):
    """How a line asks."""

    name: str
    """A key of `ENDING_CLASSES`."""
    is_last: bool
    """Whether nothing but particles of address follows the request."""


def _syllables(vowels: str = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ", final: int = 0) -> str:
    """A character class of the Hangul syllables with one of `vowels` and the final consonant of this number (0: none)."""
    order = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
    found = (
        chr(0xAC00 + (lead * 21 + order.index(vowel)) * 28 + final) for lead in range(19) for vowel in vowels
    )
    return f"[{''.join(found)}]"


OPEN_VOWEL = _syllables("ㅏㅓㅐㅔㅕㅘㅝㅙ")
"""The last syllable of an 어 form: 꺼, 해, 켜, 와, 둬, 돼; a character class."""
_N, _L, _M, _P, _SS = (_syllables(final=number) for number in (4, 8, 16, 17, 20))
# Request words that decide the class even if words follow them (틀어 주세요 방이 추우면). Each ends a word.
_REQUEST = re.compile(
    r"(?:줘\s?봐요?|줘(?:요|라)?|주(?:세|셔)요|줄래요?|주라|주렴|주십시오|주시겠(?:어요|나요|습니까|니)|주겠(?:니|어)"
    r"|주실래요?|주실\s?수\s?있\S+|줄\s?수\s?있\S+"
    r"|부탁\s?(?:드려도|해도|하면|드리면)\s?(?:될|되|돼)\S*|부탁\s?(?:드릴|할)\s?수\s\S+|부탁드리고\s싶\S+"
    r"|부탁을?\s?(?:좀\s)?(?:해|할|합|드)\S*|부탁(?:이\S+)?)(?=[\s,.!?~…]|$)"
)
_TRAILING = re.compile(r"[\s,.!?~…^;:'\")\]]+$")
_ADDRESS = re.compile(r"(?:[\s,.!?~…]+(?:좀|응|어|제발|당장|빨리|지금|얼른))*[\s,.!?~…]*$")

_RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(rf"(?:{pattern})$"))
    for name, pattern in (
        ("formal 부탁", r"부탁(?!인데|이야)\S*(?:\s\S+){0,2}(?:요|니다|니까|시오)"),
        ("informal 부탁", r"부탁(?:해|할게|한다|하네|하자|이야|이다|좀|드려|드릴게|함|하마|할래)?|부탁\s?(?:해도|하면|할|하고)\s(?:수\s)?\S+"),
        ("formal 주시겠어요", r"주시겠(?:어|나|는지)요|주실\s?(?:래|까|거죠|건가)요?|주실\s?수\s?(?:있|없)\S*"),
        ("formal 주세요", r"주(?:세|셔)요"),
        ("formal 십시오", r"[십으]시[오요]|십쇼"),
        ("formal 니다", rf"{_P}니[다까]|{_P}시다|{_P}니까요"),
        ("bare noun", r"(?:필|담|동|수|주|중|개|소|자장)요"),
        ("formal 요", r"[요죠]|시죠"),
        ("informal 줘", r"줘|줄래|줘\s?(?:봐|볼래)|주라|줄\s?거[니야]"),
        (
            "informal other",
            r"주겠\S|줄\s?수\s?(?:있|없)\S*|수\s(?:있|없)\S{1,2}|고[맙마]\S+|겠(?:어|네|다|니|냐|나|지|는데|으|음)|싶\S{1,2}|말이?야|어때|어떠\S|어떨까"
            rf"|좀|(?<![머노])니|냐|(?:{_SS}|되|는|없|된|건)나|{_L}까|(?<!빨)(?<![걸벌])(?<=[{_L[1:-1]}])래|바래|달래|(?:리|하|추|키|이|꾸|우|기|끄)래|[달다라자]니까"
            rf"|{_L}게|{_L}걸|거든|{_N}데|(?<!침)(?<=[는던텐])데|(?<!동)네|야|[것거]\s같아|(?:니|다|라|자|려)고|더라|구나|[네는]군"
            r"|(?:야|겠|하|되|있|없|었|았|했|맞|좋|렇|떻|크|춥|덥|였|인|이|르|리)지|(?:뭐|얼마|어디|언제|거|개|몇\s?도)지|몇\s도|얼마|뭐|으면\s?해|했으면",
        ),
        (
            "informal 해라",
            rf"(?:[아어여해져쳐켜꺼려춰워와둬봐돼써겨펴놔줘내빼마가서꿔]|[불눌들]러|{OPEN_VOWEL}\s?두어)라|렴|려무나|다오|자꾸나|도록"
            rf"|(?:하|보|주|두|가|오|끄|켜|추|이|리|꾸|우|기|내|틀|열|닫|놓|쓰|말|들|줄|키|되|빼|있|자)자|[{_N[1:-1]}{_P[1:-1]}]다|(?:{_SS}|[싶같없좋])다|[바하]여라|[이리하되크쁘프]다|[불눌]러라",
        ),
        ("bare noun", r"언어|영어|단어|용어|국어|상어|에어|참여|기여|부여|대여|고려|배려|염려|안내|실내|시내|이내|아시아|유아"),
        (
            "informal 해",
            r"[해켜꺼려여춰워와둬봐돼져쳐써셔겨펴놔어아깨빼춰꿔눠쪄]|[불눌들]러|(?:땀|일어|힘|화)\s?나|(?:꺼|보|끝|지|해)내|지\s?마|(?:들어|나|돌아|올라|내려)가|됐|가져다\s?놔",
        ),
        (
            "bare noun",
            rf"기|것|거|{_M}|바람|요망|[0-9A-Za-z%℃°]+|[영공일이삼사오육칠팔구십백천한두세네]*[도단]|단계|프로|퍼센트|정도|만|까지|부터|에서|으?로|쪽|을|를|은|는|이|에|게|히"
            r"|모드|온|오프|업|다운|설정|조절|변경|조정|운전|가동|정지|중지|취소|시작|종료|확인|예약|작동|냉방|난방|송풍|제습|자동|온도|습도|풍량|풍속|세기|속도"
            r"|[강약중미냉온]풍|전원|에어컨|조명|불|티비|음악|커튼|창문|청소|요청|플리즈|최[대소고저]|상승|하강|추가|재생|절전|취침|더|조금|살짝|하나|[약중강]|볼륨|상태|전환|세팅|선택|체크|[상하]향|차단|[켬끔]|스타트|스톱",
        ),
    )
)  # fmt: skip


@lru_cache(maxsize=65_536)
def _class_of(tail: str) -> str:
    """The class of a line that ends in `tail`."""
    return next((name for name, pattern in _RULES if pattern.search(tail)), NOT_PLACED)


def find_ending(text: str) -> Ending:
    """The class of a Korean line, and whether its request stands last.

    A request word such as 주세요 or 부탁해 decides wherever it stands; otherwise the end of the line does.
    """
    core = _TRAILING.sub("", unicodedata.normalize("NFC", text))
    ends = [found.end() for found in _REQUEST.finditer(core)] or [len(core)]
    tail = " ".join(core[: ends[-1]].split()[-3:])
    return Ending(_class_of(tail), is_last=_ADDRESS.match(core, ends[-1]) is not None)
