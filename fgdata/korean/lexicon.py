"""The verbs and adjectives we know, with the class of conjugation where spelling cannot tell it.

Classes are named as Korean grammars name them: ㅂ (돕다, 도와), ㄷ (듣다, 들어), ㅅ (짓다, 지어), ㅎ (빨갛다, 빨개), 르 (고르다, 골라),
러 (이르다, 이르러), 우 (푸다, 퍼) and 규칙, the regular one. ㄹ, 으 and 하다 show in the spelling. A writer names the class of an
unknown or second word in brackets: `굽다(규칙)` is the bent one, `걷다(규칙)` rolls a curtain up, `묻다(규칙)` buries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["verb", "adjective", "unknown"]
CLASSES = ("규칙", "ㅂ", "ㄷ", "ㅅ", "ㅎ", "르", "러", "우")
"""The classes that a lemma may name in brackets."""

_VERBS = {
    "ㅂ": "돕다 눕다 굽다 줍다 깁다 여쭙다",
    "ㄷ": "듣다 걷다 묻다 싣다 깨닫다 긷다 붇다 일컫다 눋다",
    "ㅅ": "짓다 잇다 긋다 붓다 젓다 낫다",
    "르": "고르다 누르다 부르다 흐르다 모르다 자르다 오르다 바르다 기르다 나르다 두르다 찌르다 지르다 가르다 이르다 서두르다 머무르다 "
    "어지르다 저지르다 거르다 조르다 벼르다 마무르다 떠오르다 타오르다 무찌르다 문지르다",
    "우": "푸다",
    "규칙": "잡다 뽑다 입다 접다 집다 씹다 꼽다 업다 뒤집다 붙잡다 꼬집다 손꼽다 "
    "닫다 받다 믿다 얻다 쏟다 뜯다 뻗다 굳다 돋다 "
    "씻다 벗다 웃다 빗다 빼앗다 뺏다 솟다 "
    "놓다 넣다 쌓다 닿다 낳다 찧다 땋다 빻다 "
    "따르다 치르다 들르다 다다르다 우러르다 "
    "켜다 끄다 틀다 올리다 내리다 낮추다 높이다 줄이다 맞추다 바꾸다 돌리다 멈추다 세우다 열다 알리다 걸다 놀다 만들다 늘리다 "
    "키우다 늦추다 당기다 미루다 옮기다 넘기다 건너뛰다 이어가다 되돌리다 되감다 감다 풀다 잠그다 채우다 비우다 치우다 쓸다 닦다 빨다 "
    "말리다 널다 걷어내다 걸레질하다 보내다 받아적다 적다 쓰다 지우다 없애다 빼다 더하다 보태다 담다 꺼내다 사다 팔다 시키다 주다 드리다 "
    "보다 보이다 보여주다 들려주다 알려주다 찾다 찾아보다 읽다 외우다 기억하다 잊다 말하다 얘기하다 이야기하다 물어보다 대답하다 "
    "부치다 옮다 가다 오다 나가다 들어가다 들어오다 나오다 다녀오다 돌아가다 돌아오다 타다 내다 태우다 데려가다 데려오다 데려다주다 멈춰서다 서다 "
    "앉다 일어나다 자다 깨다 깨우다 쉬다 먹다 마시다 데우다 끓다 끓이다 식히다 식다 얼다 얼리다 녹다 녹이다 볶다 튀기다 찌다 삶다 "
    "하다 되다 두다 띄우다 펴다 펼치다 꽂다 뽑아내다 끊다 잇대다 연결하다 맡기다 챙기다 고치다 바뀌다 뛰다 줄다 늘다 커지다 꺼지다 켜지다 "
    "시작하다 정지하다 중지하다 중단하다 종료하다 취소하다 설정하다 조절하다 조정하다 변경하다 전환하다 가동하다 작동하다 작동시키다 가동시키다 "
    "실행하다 실행시키다 재생하다 녹음하다 녹화하다 예약하다 주문하다 결제하다 검색하다 번역하다 통역하다 저장하다 삭제하다 추가하다 등록하다 "
    "확인하다 추천하다 안내하다 전송하다 공유하다 호출하다 청소하다 충전하다 복귀하다 환기하다 환기시키다 냉방하다 난방하다 제습하다 틀어놓다 "
    "켜놓다 꺼놓다 맞춰놓다 내려놓다 올려놓다 읽어주다 불러주다 골라주다 꾸다 나누다 모으다 담그다 뜨다 치다 끼다 지다 빌리다 피우다 이기다 "
    "느끼다 즐기다 기다리다 움직이다 붙이다 붙다 눌리다 잠들다 흔들다 들다 밀다 끌다 떨다 털다 물다 살다 알다 달다 졸다 돌다 울다 불다 "
    "막다 찍다 묶다 섞다 꺾다 뜨이다 있다 없다 계시다 맛있다 맛없다 재미있다 재미없다 말다 원하다 바라다 싶어하다 줄어들다 올라가다 내려가다 "
    "넘어가다 지나다 남다 남기다 넘다 숨다 참다 심다 안다 신다 앓다 잃다 뚫다 밟다 밝히다 비다 기다 피다 띠다 띄다",
}
_ADJECTIVES = {
    "ㅂ": "덥다 춥다 어둡다 무겁다 가볍다 시끄럽다 뜨겁다 차갑다 무덥다 두껍다 가깝다 고맙다 맵다 싱겁다 어렵다 쉽다 귀엽다 반갑다 즐겁다 "
    "무섭다 어지럽다 더럽다 부드럽다 미끄럽다 가렵다 답다 스럽다 롭다 아깝다 밉다 곱다 싱그럽다 괴롭다 외롭다 새롭다 아름답다 "
    "간지럽다 우습다 그립다 아쉽다 안타깝다 까다롭다 번거롭다 해롭다 이롭다 날카롭다 자연스럽다 갑작스럽다",
    "ㅎ": "빨갛다 노랗다 파랗다 하얗다 까맣다 뽀얗다 허옇다 벌겋다 뻘겋다 누렇다 퍼렇다 꺼멓다 거멓다 뿌옇다 동그랗다 둥그렇다 커다랗다 "
    "이렇다 그렇다 저렇다 어떻다 요렇다 고렇다 조렇다 아무렇다 다랗다",
    "ㅅ": "낫다",
    "러": "푸르다 노르다",
    "르": "빠르다 다르다 이르다 게으르다 배부르다 부르다 무르다",
    "규칙": "좁다 수줍다 굳다 곧다 좋다 시원하다 따뜻하다 답답하다 쌀쌀하다 후덥지근하다 후텁지근하다 눅눅하다 습하다 건조하다 따듯하다 뜨뜻하다 "
    "서늘하다 포근하다 쾌적하다 조용하다 눈부시다 환하다 캄캄하다 깜깜하다 컴컴하다 피곤하다 심심하다 지루하다 급하다 필요하다 편하다 "
    "불편하다 깨끗하다 지저분하다 적당하다 충분하다 부족하다 강하다 약하다 세다 크다 작다 높다 낮다 길다 짧다 넓다 밝다 많다 적다 싫다 "
    "같다 아프다 나쁘다 바쁘다 고프다 예쁘다 기쁘다 슬프다 멀다 달다 짜다 쓰다 시다 싸다 비싸다 젖다 늦다 얇다 얕다 깊다 굵다 맑다 흐리다 붉다 "
    "검다 희다 젊다 괜찮다 아니다 멋지다 느리다 차다 옳다 밍밍하다 탁하다 뻑뻑하다 칼칼하다 으슬으슬하다",
}
UNCONTRACTED = frozenset(["비다", "기다", "피다", "띠다", "시다", "띄다", "희다"])
"""Stems of one syllable in ㅣ whose -어 stays apart: 비어, not 벼."""
AMBIGUOUS_TAILS = "ㅂㄷㅅㅎ"
"""Final consonants after which only the table knows the class."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the table knows of a lemma."""

    kind: Kind
    conjugation: str
    """One of `CLASSES`."""


def _read() -> dict[str, Entry]:
    """The table by lemma. A lemma that is both verb and adjective (적다, 쓰다) has the verb's class and kind "unknown"."""
    entries: dict[str, Entry] = {}
    kinds: tuple[tuple[Kind, dict[str, str]], ...] = (("verb", _VERBS), ("adjective", _ADJECTIVES))
    for kind, classes in kinds:
        for conjugation, lemmas in classes.items():
            for lemma in lemmas.split():
                known = entries.get(lemma)
                if known is None:
                    entries[lemma] = Entry(kind, conjugation)
                elif known.kind != kind:
                    entries[lemma] = Entry("unknown", known.conjugation)
    return entries


LEXICON = _read()
