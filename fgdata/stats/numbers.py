"""Where a text says a number: in digits, or in Hangul as spoken (이십사 도, 세 시간)."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SINO = "[영공일이삼사오육칠팔구십백천만]"
_NATIVE_TENS = "열|스물|스무|서른|마흔|쉰|예순|일흔|여든|아흔"
_NATIVE = rf"(?:{_NATIVE_TENS})?(?:하나|둘|셋|넷|한|두|세|네|다섯|여섯|일곱|여덟|아홉)|(?:{_NATIVE_TENS})"
_SINO_UNITS = r"도|단계|단|프로|퍼센트|분|초|시간|년|월|일|층|번|원|킬로|그램|미터|센티|인분|점|회|주"
_NATIVE_UNITS = r"번째|번|시간|시|개|컵|잔|명|마리|장|권|단계|단|칸|배|가지|살|대|알|벌|켤레|달|군데|사람|곳|송이|방울|병|그릇|숟갈|층|도"
_START = r"(?<![가-힣])"
_END = r"(?=$|[^가-힣]|[가이를을은는로에의만씩쯤짜만까도다면야예입였인더업반넘밑위아내올낮높]|정도|부터|으로)"

_SPOKEN = re.compile(
    rf"{_START}(?P<sino>(?:마이너스\s)?(?:{_SINO}{{2,}}(?<!만일)(?<!일일이)|{_SINO})(?=\s?(?:{_SINO_UNITS}){_END}))"
    rf"|{_START}(?P<native>(?:{_NATIVE})(?=\s?(?:{_NATIVE_UNITS}){_END})|하나(?=$|[^가-힣]|만|도|를|는|씩|하고|랑))"
)
"""A spoken numeral with a unit behind it; the unit is not part of the match. `is_spoken` leaves out words that only look like one."""
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_NO_NUMBER = re.compile(
    r"일단(?!계)|이번|이분|이주|이\s(?:분|시간|단계|층|번|일|주|월|점)|일일|만일|한\s?번(?!째)|일\s일|구도|일도\s안|하나도\s안|열대|한단다"
)
MASK = "#"


def spoken_numbers(text: str) -> Iterator[re.Match[str]]:
    """Every number written in Hangul with a unit behind it, in the group `sino` or `native`; the unit is not part of the match."""
    return (found for found in _SPOKEN.finditer(text) if not _NO_NUMBER.match(text, found.start()))


def has_spoken_number(text: str) -> bool:
    """Whether a number is written in Hangul. 일단 (first of all), 이번 (this time) and 이 분 (this person) are none."""
    return any(spoken_numbers(text))


def mask_numbers(text: str) -> str:
    """`text` with one sign for every number, so that a range of values does not pass for variety of wording."""
    masked = _DIGITS.sub(MASK, text)
    return _SPOKEN.sub(lambda found: found[0] if _NO_NUMBER.match(masked, found.start()) else MASK, masked)
