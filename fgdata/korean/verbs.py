"""Verbs and adjectives with their endings: conjugate("올리다", "어 줘") -> "올려 줘"."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from fgdata.errors import FgError, Problem
from fgdata.korean.hangul import is_syllable, join_syllable, split_syllable, tail_of, with_tail, with_vowel
from fgdata.korean.lexicon import AMBIGUOUS_TAILS, CLASSES, LEXICON, UNCONTRACTED, Entry, Kind

_LEMMA = re.compile(r"(?P<head>.*\s)?(?P<word>\S+다(?:\([^()]*\))?)", re.DOTALL)
_NAMED_CLASS = re.compile(r"(?P<lemma>.+)\((?P<conjugation>[^()]*)\)")
_BARE_JAMO = {"ㄴ": "은", "ㄹ": "을", "ㅁ": "음", "ㅂ": "읍"}
_CONJOINING = str.maketrans("ᆫᆯᆷᆸ", "ㄴㄹㅁㅂ")
# Written without its 으 by people who think of 켜면, 켜세요.
_LACKS_EU = re.compile(r"면|며|세요|셔|시|십시|십니|니까|니깐|려|러|므로|마$")
_GIVING = re.compile(r"[어아] ?(?=주|줘|줄|줬|달라|달란|다오)")
# What may follow a stem directly. An ending that begins otherwise (주세요, 봐) is one that lacks its 어.
_STARTS = "고 곤 구 군 거 건 걸 게 겐 겠 기 긴 길 김 지 진 질 죠 자 잖 잔 네 니 냐 나 는 느 늬 다 단 답 던 데 더 든 도 되 듯 디 대 댔 소 재"
_CONSONANT_STARTS = frozenset(_STARTS.split())
_OPEN_TO_CONTRACTED = {
    "ㅏ": "ㅏ",
    "ㅓ": "ㅓ",
    "ㅐ": "ㅐ",
    "ㅔ": "ㅔ",
    "ㅕ": "ㅕ",
    "ㅗ": "ㅘ",
    "ㅜ": "ㅝ",
    "ㅣ": "ㅕ",
    "ㅚ": "ㅙ",
}
_H_CONTRACTED = {"ㅏ": "ㅐ", "ㅑ": "ㅒ", "ㅓ": "ㅔ", "ㅕ": "ㅖ"}
_DEMONSTRATIVES = frozenset(["이렇", "그렇", "저렇", "어떻", "요렇", "고렇", "조렇", "아무렇"])
"""그렇다 becomes 그래, though 누렇다 becomes 누레."""
_SO_DOING = frozenset(["이러", "그러", "저러", "요러", "고러", "조러", "어쩌"])
"""그러다 becomes 그래, as its adjective 그렇다 does; 어쩌다 becomes 어째."""
_BRIGHT = "ㅏㅑㅗ"


@dataclass(frozen=True, slots=True)
class Stem:
    """A lemma without its 다, and what decides how it meets an ending."""

    text: str
    conjugation: str
    kind: Kind
    tail: str
    """Final consonant; "" if the stem is open."""


@lru_cache(maxsize=65_536)
def conjugate(lemma: str, ending: str) -> str:
    """`lemma` with `ending`: ("낮추다", "어주세요") -> "낮춰주세요", ("덥다", "으면") -> "더우면", ("켜다", "습니다") -> "켭니다".

    Args:
        lemma: dictionary form in 다; words may stand before it ("불을 끄다"). A class in brackets tells homographs apart
            and declares verbs that the table lacks: "굽다(규칙)", "깁다(ㅂ)".
        ending: named by its form after a consonant. 어... (also 아...) harmonises and contracts: 어 줘, 었어, 어라; 으...
            falls away after a vowel: 으면, 으세요; 은, 을, 음, 읍 merge into an open stem: 을래, 을까, 은데 (ㄹ래 and ㄴ데 name the same);
            습니다 and 는다 become ㅂ니다 and ㄴ다; the rest is glued on: 고, 지 마, 게, 기, 네, 는. After an adjective of the
            table 는, 는데, 는다 turn into 은, 은데, 다; after a verb 은데 into 는데. A lemma that already holds the
            auxiliary 주다 takes no second one: ("알려주다", "어 줘") -> "알려줘".

    Raises: FgError for a lemma without 다 or of unknown class, and for an ending that none of this covers.
    """
    head, word = split_lemma(lemma)
    stem = find_stem(word)
    return head + attach(stem, name_ending(stem, ending))


def split_lemma(lemma: str) -> tuple[str, str]:
    """What stands before the last word, blanks included, and that word: "불을 끄다" -> ("불을 ", "끄다")."""
    matched = _LEMMA.fullmatch(unicodedata.normalize("NFC", lemma).strip())
    if matched is None:
        raise _no_lemma(lemma)
    return matched["head"] or "", matched["word"]


def _no_lemma(lemma: str) -> FgError:
    remedy = "Write the dictionary form, which ends in 다, such as 켜다; for a noun use 켜기 or noun + 하다."
    return FgError(Problem("", f"{lemma!r} is no verb or adjective.", remedy))


@lru_cache(maxsize=4096)
def find_stem(word: str) -> Stem:
    """The stem of a lemma of one word, its class from the brackets, the table, a known end of the word, or the spelling."""
    named = _NAMED_CLASS.fullmatch(word)
    lemma = named["lemma"] if named else word
    text = lemma[:-1]
    if not is_syllable(text[-1]):
        raise _no_lemma(word)
    if lemma == "이다":
        raise FgError(
            Problem("", "'이다' is joined to a noun.", "Use josa: 이에요/예요, 이야/야, 입니다, 이면/면.")
        )
    entry = LEXICON.get(lemma)
    if named:
        if named["conjugation"] not in CLASSES:
            what = f"{word!r} names the unknown class {named['conjugation']!r}."
            raise FgError(Problem("", what, f"Known classes: {', '.join(CLASSES)}."))
        if entry is None or entry.conjugation != named["conjugation"]:
            entry = Entry(entry.kind if entry else "unknown", named["conjugation"])
        _check_class(word, text, entry.conjugation)
    tail = tail_of(text)
    if entry is None and ((tail and tail in AMBIGUOUS_TAILS) or text.endswith(("르", "있"))):
        entry = next(
            (LEXICON[lemma[start:]] for start in range(1, len(lemma) - 1) if lemma[start:] in LEXICON), None
        )
        if entry is None and tail and tail in AMBIGUOUS_TAILS:
            what = f"{word!r} is not in the table, and its spelling does not tell whether it is regular."
            raise FgError(
                Problem("", what, f"Write {lemma}({tail}) if it is irregular, {lemma}(규칙) if it is not.")
            )
    if entry is None and (tail in ("ㄴ", "ㅆ") or (text[-1] == "니" and tail_of(text[:-1]) == "ㅂ")):
        what = f"{word!r} looks like a form that already has its ending."
        remedy = (
            f"Write the dictionary form (켜다 for 켠다, 켰다, 켜겠다, 켭니다), or {lemma}(규칙) if it is one."
        )
        raise FgError(Problem("", what, remedy))
    if entry is None:
        entry = Entry("unknown", "르" if text.endswith("르") and len(text) > 1 else "규칙")
    return Stem(text, entry.conjugation, entry.kind, tail)


def _check_class(word: str, text: str, conjugation: str) -> None:
    """Raise FgError if `conjugation` does not go with the spelling of the stem `text`."""
    last = split_syllable(text[-1])
    fits = {
        "르": text[1:].endswith("르"),
        "러": text.endswith("르"),
        "우": last[1:] == ("ㅜ", ""),
        "규칙": True,
    }
    if not fits.get(conjugation, last[2] == conjugation):
        what = f"{word!r} cannot be of class {conjugation}: its stem ends in {text[-1]}."
        raise FgError(Problem("", what, "Name the class that the stem's end shows, or 규칙."))


def name_ending(stem: Stem, ending: str) -> str:
    """`ending` by the name that `attach` knows, and in the form that verbs or adjectives take."""
    name = unicodedata.normalize("NFC", ending).translate(_CONJOINING).lstrip("-~")
    if name.startswith("ㅂ니"):
        name = "습" + name[1:]
    elif name.startswith(("ㄴ다", "ㄴ대", "ㄴ답", "ㄴ단")):
        name = "는" + name[1:]
    elif name[:1] in _BARE_JAMO:
        name = _BARE_JAMO[name[0]] + name[1:]
    elif name[:1] in ("여", "였"):
        name = with_vowel(name[0], "ㅓ", tail_of(name[0])) + name[1:]
    elif _LACKS_EU.match(name):
        name = "으" + name
    if stem.kind == "adjective":
        if re.match("는[다대답단구군]", name):
            name = name[1:]
        elif not stem.text.endswith(("있", "없")) and re.match(r"는(데|지|가|걸|$|\s)|느냐", name):
            name = "은" + name[1:] if name[0] == "는" else "으" + name[1:]
        elif stem.text.endswith(("있", "없")) and re.match(r"은(데|지|가|걸|$|\s)", name):
            name = "는" + name[1:]  # 맛있는, 없는데: these two take a verb's endings
    elif stem.kind == "verb" and name.startswith("은데"):
        name = "는데" + name[2:]
    known = name[:1] in _CONSONANT_STARTS or (name[:1] == "습" and name[1:2] in ("니", "디"))
    if not known and not _is_vowel_ending(name):
        remedy = (
            "Name it by its form after a consonant: 어 줘, 어주세요, 었어, 으면, 을래, 습니다, 고, 지 마."
        )
        raise FgError(Problem("", f"{ending!r} is no ending that a stem can take.", remedy))
    return name


def _is_vowel_ending(name: str) -> bool:
    """Whether `name` starts with 어, 아, 었, 았, 으 or 은, 을, 음, 읍."""
    if not name or not is_syllable(name[0]):
        return False
    lead, vowel, tail = split_syllable(name[0])
    if lead != "ㅇ":
        return False
    return (vowel in "ㅓㅏ" and tail in ("", "ㅆ")) or (
        vowel == "ㅡ" and (tail in tuple("ㄴㄹㅁㅂ") or (not tail and len(name) > 1))
    )


def attach(stem: Stem, name: str) -> str:
    """Stem and ending, merged."""
    if _is_vowel_ending(name):
        return _attach_eu(stem, name) if split_syllable(name[0])[1] == "ㅡ" else _attach_a_eo(stem, name)
    if name.startswith("습") and stem.tail in ("", "ㄹ"):
        return with_tail(stem.text, "ㅂ") + name[1:]
    if re.match("는[다대답단]", name) and stem.tail in ("", "ㄹ"):
        return with_tail(stem.text, "ㄴ") + name[1:]
    if stem.tail == "ㄹ" and split_syllable(name[0])[0] == "ㄴ":
        return with_tail(stem.text, "") + name
    return stem.text + name


def _attach_eu(stem: Stem, name: str) -> str:
    """An ending in 으 or 은, 을, 음, 읍."""
    text, merged, rest = stem.text, tail_of(name[0]), name[1:]
    if stem.conjugation == "ㄷ":
        return with_tail(text, "ㄹ") + name  # 들으면: this ㄹ is no ㄹ stem and keeps its 으
    if stem.conjugation == "ㅅ":
        return with_tail(text, "") + name
    if stem.conjugation == "ㅂ":
        text = with_tail(text, "") + "우"
    elif stem.conjugation == "ㅎ":
        text = with_tail(text, "")
    elif stem.tail == "ㄹ":
        if merged:
            return with_tail(text, "ㄻ" if merged == "ㅁ" else merged) + rest
        drops = is_syllable(rest[0]) and (split_syllable(rest[0])[0] in "ㄴㅅㅂ" or rest[0] == "오")
        return (with_tail(text, "") if drops else text) + rest
    elif stem.tail:
        return text + name
    return with_tail(text, merged) + rest if merged else text + rest


def _attach_a_eo(stem: Stem, name: str) -> str:
    """An ending in 어 or 아; its final consonant (었) goes to the syllable that the contraction leaves."""
    if stem.text.endswith("주") and (giving := _GIVING.match(name)):
        return stem.text[:-1] + name[giving.end() :]  # 알려주다 + 어 줘: one 주다 is enough
    lemma = stem.text + "다"
    if lemma == "말다" and name[1:] in ("", "요", "라"):
        return "마" + name[1:]
    if lemma == "아니다" and name in ("어", "어요", "아", "아요"):
        return "아니야" if len(name) == 1 else "아니에요"
    open_form = _open_form(stem)
    merged = tail_of(name[0])
    return (with_tail(open_form, merged) if merged else open_form) + name[1:]


def _open_form(stem: Stem) -> str:
    """The stem with -어: 올려, 더워, 들어, 골라, 꺼, 해, 돼, 놔."""
    text = stem.text
    lead, vowel, tail = split_syllable(text[-1])
    harmonised = "아" if vowel in _BRIGHT else "어"
    match stem.conjugation:
        case "ㅂ":
            return with_tail(text, "") + ("와" if text[-1] in "돕곱" else "워")
        case "ㄷ":
            return with_tail(text, "ㄹ") + harmonised
        case "ㅅ":
            return with_tail(text, "") + harmonised
        case "ㅎ":
            return with_vowel(text, "ㅐ" if text in _DEMONSTRATIVES else _H_CONTRACTED[vowel])
        case "르":
            return with_tail(text[:-1], "ㄹ") + ("라" if split_syllable(text[-2])[1] in _BRIGHT else "러")
        case "러":
            return text + "러"
        case "우":
            return with_vowel(text, "ㅓ")
    if text[-1] == "하":
        return text[:-1] + "해"
    if text in _SO_DOING:
        return with_vowel(text, "ㅐ")
    if text[-1] == "놓":
        return text[:-1] + "놔"
    if tail:
        return text + harmonised
    if vowel == "ㅡ":
        bright = len(text) > 1 and is_syllable(text[-2]) and split_syllable(text[-2])[1] in _BRIGHT
        return with_vowel(text, "ㅏ" if bright else "ㅓ")
    if vowel in _OPEN_TO_CONTRACTED and text + "다" not in UNCONTRACTED:
        return text[:-1] + join_syllable(lead, _OPEN_TO_CONTRACTED[vowel])
    return text + "어"
