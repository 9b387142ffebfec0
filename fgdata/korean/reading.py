"""With what sound a written word ends when it is read aloud: Hangul, digits, Latin letters, units, signs."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from fgdata.korean.hangul import LEADS, VOWELS, is_syllable, tail_of
from fgdata.korean.numerals import SINO_LIMIT, sino, sino_digits

_NAMES = "에이 비 시 디 이 에프 지 에이치 아이 제이 케이 엘 엠 엔 오 피 큐 알 에스 티 유 브이 더블유 엑스 와이 제트"
_LETTER_NAMES = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", _NAMES.split(), strict=True))
_SIGNS = {
    "%": "퍼센트", "‰": "퍼밀", "°": "도", "′": "분", "″": "초", "+": "플러스", "-": "마이너스", "−": "마이너스", "&": "앤드",
    "#": "샵", "@": "골뱅이", "*": "별표", "$": "달러", "€": "유로", "£": "파운드", "¥": "엔", "₩": "원", "Ω": "옴", "∞": "무한대",
}  # fmt: skip
UNITS = {
    "km": "킬로미터", "m": "미터", "cm": "센티미터", "mm": "밀리미터", "kg": "킬로그램", "g": "그램", "mg": "밀리그램", "t": "톤",
    "l": "리터", "L": "리터", "ml": "밀리리터", "mL": "밀리리터", "W": "와트", "kW": "킬로와트", "kWh": "킬로와트시", "Wh": "와트시",
    "V": "볼트", "A": "암페어", "mA": "밀리암페어", "mAh": "밀리암페어시", "Hz": "헤르츠", "kHz": "킬로헤르츠", "MHz": "메가헤르츠",
    "GHz": "기가헤르츠", "dB": "데시벨", "lx": "럭스", "lm": "루멘", "KB": "킬로바이트", "MB": "메가바이트", "GB": "기가바이트",
    "TB": "테라바이트", "h": "시간", "hr": "시간", "min": "분", "s": "초", "sec": "초", "ms": "밀리초", "cal": "칼로리",
    "kcal": "킬로칼로리", "Pa": "파스칼", "hPa": "헥토파스칼", "ppm": "피피엠", "rpm": "알피엠", "bpm": "비피엠", "℃": "도", "°C": "도",
    "°F": "도", "m2": "제곱미터", "m3": "세제곱미터", "km/h": "킬로미터", "m/s": "미터",
    "μg/m3": "세제곱미터", "mg/m3": "세제곱미터",
}  # fmt: skip
_WORDS = {
    "wifi": "와이파이", "wi-fi": "와이파이", "fi": "파이", "ios": "아이오에스", "nasa": "나사", "ram": "램", "rom": "롬", "sim": "심",
    "pin": "핀", "led": "엘이디", "tv": "티비", "ac": "에이시", "dvd": "디브이디", "usb": "유에스비", "pc": "피시", "ai": "에이아이",
    "am": "에이엠", "pm": "피엠", "ok": "오케이", "web": "웹", "club": "클럽", "hiphop": "힙합", "app": "앱", "iphone": "아이폰",
    "ipad": "아이패드", "gmail": "지메일", "email": "이메일", "e-mail": "이메일", "mail": "메일", "one": "원", "line": "라인",
    "disney": "디즈니", "prime": "프라임", "note": "노트", "site": "사이트", "date": "데이트", "update": "업데이트", "good": "굿",
    "hot": "핫", "best": "베스트", "rock": "록", "jazz": "재즈", "radio": "라디오", "studio": "스튜디오", "home": "홈", "room": "룸",
    "the": "더", "bye": "바이", "eye": "아이", "live": "라이브", "drive": "드라이브", "youtube": "유튜브", "zoom": "줌", "zone": "존",
    "nfc": "엔에프시", "gps": "지피에스", "vpn": "브이피엔", "url": "유알엘", "sns": "에스엔에스", "kbs": "케이비에스", "mbc": "엠비시",
    "sbs": "에스비에스", "ebs": "이비에스", "jtbc": "제이티비시", "tvn": "티브이엔", "ytn": "와이티엔", "ocn": "오시엔", "mbn": "엠비엔",
    "hit": "히트", "kit": "키트", "check": "체크", "kakaotalk": "카카오톡", "job": "잡", "lab": "랩", "tab": "탭", "bag": "백",
    "watt": "와트", "me": "미", "soup": "수프", "shop": "숍", "laptop": "랩톱", "airpods": "에어팟", "edit": "에디트", "mic": "마이크",
    "bad": "배드", "off": "오프", "on": "온", "up": "업", "pad": "패드", "gym": "짐", "stop": "스톱", "top": "톱", "set": "세트",
    "pop": "팝", "jet": "제트", "net": "넷", "big": "빅", "mp3": "엠피스리",
}  # fmt: skip
_CLOSERS = {")": "(", "]": "[", "}": "{", "〕": "〔", "】": "【"}
_IGNORED = frozenset("'\"‘’“”「」『』《》〈〉`´()[]{}〔〕【】.,!?…~;: \t\n·")
_TIME = re.compile(r"(?:^|\D)\d{1,2}:(\d{2})$")
_NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?P<fraction>\.\d+)?$")
_UNIT = re.compile(r"(?P<number>\d)\s*(?P<unit>[A-Za-zμ°/]+[23]?)$")
_DATE = re.compile(r"(?<!\d)\d{4}(?P<sign>[-./])\d{1,2}(?P=sign)\d{1,2}$")
_MINUTES = re.compile(r"\d\s*h\s*\d+\s*m$")
_FRACTION = re.compile(r"(?:^|[^\d/.])(?P<above>\d+)[/\u2044](?P<below>\d+)$")
_MIXED = re.compile(r"[A-Za-z]+\d+$")
_LATIN = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*$")
_STOP_AFTER_SHORT_VOWEL = re.compile(r"(?:^|[^aeiou]|qu)[aeiou](?:pp|tt|ck|[ptkc])$")
_ENGLISH_ENDINGS = (
    (("ng",), "ㅇ"), (("l", "le"), "ㄹ"), (("m", "me", "mb"), "ㅁ"), (("n", "ne"), "ㄴ"), (("ook",), "ㄱ"), (("oup", "eep"), "ㅂ"),
)  # fmt: skip


@lru_cache(maxsize=16_384)
def final_sound(word: str) -> str | None:
    """The final consonant with which `word` ends in speech, "" after a vowel, None if nobody can say.

    A bracket at the end is a gloss and is passed over (거실(1층) ends like 거실) unless nothing stands before it;
    quotation marks and punctuation are passed over. Digits are read as numbers (10 is 십), times and fractions as such
    (7:30 ends in 분, 1/2 in 일), units after a digit as units (5km).

    A Latin word is read letter by letter if it is one letter, or capitals that are no word (TV, LED, HDMI; capitals of
    five letters and more with a vowel, NETFLIX, are one), as a word otherwise (Netflix, 넷플릭스): by a short table, and by rules of
    thumb for the usual Hangul spelling of English.
    """
    text = _without_gloss(unicodedata.normalize("NFC", word).strip())
    if not text:
        return None
    if is_syllable(text[-1]):
        return tail_of(text)
    if text[-1] in LEADS or text[-1] in VOWELS:
        return text[-1] if text[-1] in LEADS else ""  # 키읔, 리을: a consonant's name ends with its own sound
    text = _strip(unicodedata.normalize("NFKC", text))
    if not text:
        return None
    return tail_of(text) if is_syllable(text[-1]) else _final_of_reading(text)


def _final_of_reading(text: str) -> str | None:
    """As `final_sound`, for a text that ends in a digit, a Latin letter or a sign."""
    if _MINUTES.search(text):
        return tail_of("분")  # 1h30m: the m after hours is no metre
    if text.endswith("′′"):
        return tail_of("초")  # what NFKC makes of ″; as 인치 it ends in a vowel too
    if unit := _UNIT.search(text):
        if said := UNITS.get(unit["unit"]):
            return tail_of(said)
        if unit["unit"] == "K" and re.search(r"\d{4,}\s*K$", text):
            return tail_of("켈빈")
    if text in UNITS and len(text) > 1:
        return tail_of(UNITS[text])
    if (mixed := _MIXED.search(text)) and (said := _WORDS.get(mixed[0].lower())):
        return tail_of(said)
    if text[-1] in "0123456789":
        if re.search(r"(?:^|[^\w])[$€£¥₩]\s*[\d,.]+$", text):
            return tail_of(_SIGNS[re.findall(r"[$€£¥₩]", text)[-1]])
        return tail_of(_number_word(text))
    if text[-1] in _SIGNS:
        return tail_of(_SIGNS[text[-1]])
    if latin := _LATIN.search(text):
        return _latin_final(latin[0])
    return None


def _strip(text: str) -> str:
    """`text` without quotation marks, brackets and punctuation at its end."""
    while text and text[-1] in _IGNORED:
        text = text[:-1]
    return text


def _without_gloss(text: str) -> str:
    """`text` without a bracket at its end, if words stand before the bracket."""
    text = text.rstrip("'\"‘’“”」』》〉.,!?…~;: \t\n")
    if not text or unicodedata.normalize("NFKC", text[-1]) not in _CLOSERS:
        return _strip(text)
    closer = text[-1]
    opener = {"）": "（", "］": "［", "｝": "｛"}.get(closer) or _CLOSERS[
        unicodedata.normalize("NFKC", closer)
    ]
    depth = 0
    for index in range(len(text) - 1, -1, -1):
        depth += (text[index] == closer) - (text[index] == opener)
        if depth == 0:
            before = _strip(text[:index])
            return before or _without_gloss(text[index + 1 : -1])
    return _strip(text)


def _number_word(text: str) -> str:
    """How the number at the end of `text` is read; its last syllable is what counts."""
    if time := _TIME.search(text):
        return "시" if time[1] == "00" else "분"
    if _DATE.search(text):
        return "일"
    if (fraction := _FRACTION.search(text)) and int(fraction["above"]) < int(fraction["below"]):
        return sino(int(fraction["above"]) % SINO_LIMIT)  # 1/2 is 이분의 일; 24/7 is two numbers
    number = _NUMBER.search(text)
    digits = (number[0] if number else text[-1]).replace(",", "")
    if (number and number["fraction"]) or (digits[0] == "0" and len(digits) > 1) or int(digits) >= SINO_LIMIT:
        return sino_digits(digits[-1])
    return sino(int(digits))


def _latin_final(word: str) -> str | None:
    """Final sound of a Latin word by its usual Hangul spelling."""
    lower = word.lower()
    for known in (lower, lower.rpartition("-")[2]):
        if known in _WORDS:
            return tail_of(_WORDS[known])
    last = word.rpartition("-")[2]
    shouted_word = len(last) > 4 and last.isupper() and re.search(r"[AEIOU]", last) is not None
    if ((last.isupper() or last[-2:].isupper()) and not shouted_word) or len(last) == 1:
        return tail_of(_LETTER_NAMES[last[-1].upper()])
    return _english_final(last.lower())


def _english_final(word: str) -> str:
    """Rules of thumb for the Hangul spelling of English: 앱, 모드, 타이머, 볼륨, 홈, 애플.

    p, t, k and c close a syllable only after a short vowel (챗, 클릭; but 노트, 히트); voiced and hissing sounds open a syllable of
    their own (모드, 박스), and so does nothing at all for r (타이머).
    """
    for endings, sound in _ENGLISH_ENDINGS:
        if word.endswith(endings):
            return sound
    if stop := _STOP_AFTER_SHORT_VOWEL.search(word):
        return {"p": "ㅂ", "t": "ㅅ", "k": "ㄱ", "c": "ㄱ"}[stop[0][-1]]
    return ""
