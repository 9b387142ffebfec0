"""Writes tests/data/korean/requests.tsv: the words of a home with the endings of requests, plans, negations and joined clauses.

Run: `python -m tests.korean_requests` in the repository root. Read the diff: a line that changes is a promise that changes.
"""

from __future__ import annotations

from pathlib import Path

from fgdata.korean import conjugate
from fgdata.korean.lexicon import LEXICON

TABLE = Path(__file__).parent / "data" / "korean" / "requests.tsv"

# An ending of `conjugate`, and its morphemes for kiwipiepy: form/tag, with _ before a form that a blank stands before.
REQUESTS = """
어             | 어/EF
어요           | 어요/EF
어 줘          | 어/EC _주/VX 어/EF
어줘           | 어/EC 주/VX 어/EF
어 줘요        | 어/EC _주/VX 어요/EF
어줘요         | 어/EC 주/VX 어요/EF
어 주세요      | 어/EC _주/VX 세요/EF
어주세요       | 어/EC 주/VX 세요/EF
어 주라        | 어/EC _주/VX 라/EF
어 줄래        | 어/EC _주/VX ᆯ래/EF
어줄래요       | 어/EC 주/VX ᆯ래요/EF
어 줄 수 있어  | 어/EC _주/VX ᆯ/ETM _수/NNB _있/VA 어/EF
어 주겠니      | 어/EC _주/VX 겠/EP 니/EF
어 주시겠어요  | 어/EC _주/VX 시/EP 겠/EP 어요/EF
어 주실래요    | 어/EC _주/VX 시/EP ᆯ래요/EF
어 주실 수 있나요 | 어/EC _주/VX 시/EP ᆯ/ETM _수/NNB _있/VA 나요/EF
어 주실 수 있으신가요 | 어/EC _주/VX 시/EP ᆯ/ETM _수/NNB _있/VA 시/EP ᆫ가요/EF
어 주실 수 있으십니까 | 어/EC _주/VX 시/EP ᆯ/ETM _수/NNB _있/VA 시/EP ᆸ니까/EF
어 주길 부탁할게 | 어/EC _주/VX 기/ETN ᆯ/JKO _부탁/NNG 하/XSV ᆯ게/EF
어 주시길 부탁드릴게요 | 어/EC _주/VX 시/EP 기/ETN ᆯ/JKO _부탁/NNG 드리/XSV ᆯ게요/EF
어 주면 좋을 것 같아 | 어/EC _주/VX 면/EC _좋/VA ᆯ/ETM _것/NNB _같/VA 어/EF
어 주시면 안 될까요 | 어/EC _주/VX 시/EP 면/EC _안/MAG _되/VV ᆯ까요/EF
어 주십시오    | 어/EC _주/VX 십시오/EF
어 주시기 바랍니다 | 어/EC _주/VX 시/EP 기/ETN _바라/VV ᆸ니다/EF
어 줬으면 해   | 어/EC _주/VX 었/EP 으면/EC _하/VX 어/EF
어 주면 좋겠어 | 어/EC _주/VX 면/EC _좋/VA 겠/EP 어/EF
어 주면 고맙겠어 | 어/EC _주/VX 면/EC _고맙/VA-I 겠/EP 어/EF
어 주시면 감사하겠습니다 | 어/EC _주/VX 시/EP 면/EC _감사/NNG 하/XSV 겠/EP 습니다/EF
어 달라고      | 어/EC _달/VX 라고/EC
어 봐          | 어/EC _보/VX 어/EF
어라           | 어라/EF
자             | 자/EF
니             | 니/EF
냐             | 냐/EF
으마           | 으마/EF
으렴           | 으렴/EF
으세요         | 으세요/EF
으십시오       | 으십시오/EF
읍시다         | 읍시다/EF
겠습니다       | 겠/EP 습니다/EF
습니까         | 습니까/EF
을래           | ᆯ래/EF
을게           | ᆯ게/EF
을게요         | ᆯ게요/EF
겠어           | 겠/EP 어/EF
을 수 있어     | ᆯ/ETM _수/NNB _있/VA 어/EF
으면 좋겠어    | 으면/EC _좋/VA 겠/EP 어/EF
었으면 좋겠어  | 었/EP 으면/EC _좋/VA 겠/EP 어/EF
어야겠어       | 어야/EC 겠/EP 어/EF
고 싶어        | 고/EC _싶/VX 어/EF
기             | 기/ETN
을 것          | ᆯ/ETM _것/NNB
는 거 부탁해   | 는/ETM _거/NNB _부탁/NNG 하/XSV 어/EF
지 마          | 지/EC _말/VX 어/EF
지 말고        | 지/EC _말/VX 고/EC
지 말아 줘     | 지/EC _말/VX 어/EC _주/VX 어/EF
지 마세요      | 지/EC _말/VX 으세요/EF
지 않을래      | 지/EC _않/VX ᆯ래/EF
어 놔          | 어/EC _놓/VX 어/EF
어 두고        | 어/EC _두/VX 고/EC
어 버려        | 어/EC _버리/VX 어/EF
고 있어        | 고/EC _있/VX 어/EF
는             | 는/ETM
러             | 으러/EC
"""
BOTH = """
어서           | 어서/EC
어도           | 어도/EC
어야           | 어야/EC
었는데         | 었/EP 는데/EC
었던           | 었/EP 던/ETM
던             | 던/ETM
은             | ᆫ/ETM
을             | ᆯ/ETM
고             | 고/EC
으며           | 으며/EC
으면서         | 으면서/EC
으니까         | 으니까/EC
으면           | 으면/EC
을까           | ᆯ까/EF
을수록         | ᆯ수록/EC
은데           | ᆫ데/EC
다가           | 다가/EC
거나           | 거나/EC
지만           | 지만/EC
도록           | 도록/EC
게             | 게/EC
려고           | 으려고/EC
음             | 음/ETN
지 않아        | 지/EC _않/VX 어/EF
네요           | 네요/EF
습니다         | 습니다/EF
"""

_VERBS = (
    "켜다 끄다 틀다 잠그다 열다 닫다 올리다 내리다 높이다 낮추다 줄이다 키우다 맞추다 바꾸다 돌리다 멈추다 세우다 걷다 걷다(규칙) 치다 "
    "쓸다 닦다 빨다 털다 청소하다 환기하다 보내다 돌아가다 돌아오다 오다 듣다 싣다 짓다 붓다 낫다 굽다 굽다(규칙) 돕다 눕다 누르다 고르다 흐르다 "
    "이르다 이르다(러) 따르다 들르다 푸다 설정하다 조절하다 조정하다 변경하다 전환하다 가동하다 작동시키다 만들다 확인하다 알리다 말하다 "
    "세팅하다 유지하다 고정하다 종료하다 정지하다 시작하다 떨어뜨리다 끊다 재다 읽다 보다 보이다 쓰다 넣다 놓다 꽂다 뽑다 빼다 걸다 널다 개다 갈다 "
    "말리다 헹구다 데우다 끓이다 식히다 삶다 볶다 재우다 깨우다 찾다 부르다 주다 두다 울리다 들려주다 알려주다 묻다 묻다(규칙) 잇다 젓다 긋다 줍다 "
    "잡다 집다 접다 펴다 풀다 밀다 당기다 뒤집다 씻다 모으다 담그다 따라가다 기다리다 그러다 어쩌다"
)
_ADJECTIVES = (
    "덥다 춥다 어둡다 밝다 시끄럽다 조용하다 가깝다 무겁다 가볍다 뜨겁다 차갑다 눈부시다 시원하다 따뜻하다 답답하다 습하다 건조하다 눅눅하다 "
    "빠르다 느리다 이르다 푸르다 다르다 하얗다 빨갛다 까맣다 뿌옇다 그렇다 어떻다 이렇다 크다 작다 높다 낮다 많다 적다 세다 약하다 강하다 길다 짧다 "
    "멀다 좋다 싫다 아프다 바쁘다 나쁘다 좁다 넓다 고맙다 없다 있다 필요하다 흐리다 맑다 깊다"
)
VERBS = tuple(_VERBS.split())
ADJECTIVES = tuple(_ADJECTIVES.split())
HEADER = """\
# Verbs and adjectives of a home with the endings of requests, plans, negations and joined clauses; a dash where a word takes none.
# Made by tests/korean_requests.py, compared with kiwipiepy (test_korean_kiwi.py) and read line by line; no native speaker has checked it.
# A class in brackets is a lemma's second word. The table freezes spelling, not use: nobody asks water to flow (흘러 줘).
"""


def read_specification(text: str) -> dict[str, str]:
    """Ending to its morphemes."""
    rows = (line.split("|") for line in text.strip().splitlines())
    return {ending.strip(): morphemes.strip() for ending, morphemes in rows}


MORPHEMES = read_specification(REQUESTS) | read_specification(BOTH)
ONLY_VERBS = frozenset(read_specification(REQUESTS))


def is_adjective(lemma: str) -> bool:
    """Whether the table treats `lemma` as an adjective; 이르다 stands among both, and both are spelt alike."""
    entry = LEXICON.get(lemma)
    return entry is not None and (entry.kind == "adjective" or lemma in ("있다", "적다"))


def cells() -> list[tuple[str, str, str]]:
    """Lemma, ending, form: what the table holds, without its dashes."""
    lemmas = [*VERBS, *(lemma for lemma in ADJECTIVES if lemma not in VERBS)]
    return [
        (lemma, ending, conjugate(lemma, ending))
        for lemma in lemmas
        for ending in MORPHEMES
        if ending not in ONLY_VERBS or not is_adjective(lemma)
    ]


def build_table() -> str:
    """The whole file."""
    rows: dict[str, dict[str, str]] = {}
    for lemma, ending, form in cells():
        rows.setdefault(lemma, {})[ending] = form
    lines = ["\t".join(("lemma", *MORPHEMES))]
    lines += [
        "\t".join((lemma, *(forms.get(ending, "-") for ending in MORPHEMES))) for lemma, forms in rows.items()
    ]
    return HEADER + "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(build_table(), encoding="utf-8")
