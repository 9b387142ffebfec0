"""The words of Korean perturbation: what must stay, homophones with their reasons, fillers, and nouns that lose particles."""

from __future__ import annotations

import re

SINO = frozenset("영공일이삼사오육칠팔구십백천만억조")
"""Sino-Korean numerals; 이 stands among them, though it is a particle and a demonstrative more often."""
COUNTERS = frozenset("도단시분초번개층칸퍼프회월일원명배달주살점년대")
"""First syllables of what is counted; 이 before one is a number."""
SENSE_WORDS = (
    "하나", "다섯", "여섯", "일곱", "여덟", "아홉", "스물", "스무", "서른", "마흔", "예순", "일흔", "여든", "아흔", "절반",
    "마이너스", "영하", "지말고", "지마", "지말", "지않", "지못", "말고", "말아", "빼고", "아니", "아닌", "제외", "대신", "외에", "금지", "그만", "취소",
)  # fmt: skip
"""Native numerals, signs, negation, exceptions: words of several syllables."""
SENSE_SYLLABLES = frozenset("한두세네둘셋넷열쉰첫반점안못말마빼않없싫")
"""The same, of one syllable: frozen wherever they stand, be it 안 in 안방."""
NUMERALS = SINO | frozenset("한두세네둘셋넷열쉰반점하나다섯여곱덟아홉스물무서른마흔예순든0123456789")
"""Two of these are not joined: 이십 사 and 이십사 may be two numbers and one."""

WORD_LETTERS = frozenset("".join(SENSE_WORDS))
NEVER_WRITTEN = SINO | SENSE_SYLLABLES | WORD_LETTERS
"""Syllables that no edit writes, so that none spells a number or a negation, not even with its neighbours."""
WORD_PAIRS = frozenset(word[at : at + 2] for word in SENSE_WORDS for at in range(len(word) - 1))
"""Neighbours within such a word: what stands between two syllables like these is not taken away."""

_WORDS = "|".join(" *".join(word) for word in SENSE_WORDS)
SENSE_SPAN = re.compile(
    f"({_WORDS}|[{''.join(sorted(SENSE_SYLLABLES))}])|[0-9](?:[ .,:/]*[0-9])*|[{''.join(sorted(SINO))}](?: *[{''.join(sorted(SINO))}])*"
)
"""What must stay; group 1 for what is no numeral with a counter after it."""

HOMOPHONES: tuple[tuple[str, str, str], ...] = (
    ("에어컨", "에어콘", "loanword, the older spelling"),
    ("에어컨", "애어컨", "ㅔ and ㅐ sound alike"),
    ("에어컨", "에어껀", "as it is said"),
    ("리모컨", "리모콘", "loanword, the older spelling"),
    ("텔레비전", "텔레비젼", "ㅈ makes no difference between ㅓ and ㅕ"),
    ("볼륨", "볼룸", "ㅠ after ㄹ is heard as ㅜ"),
    ("스케줄", "스케쥴", "ㅈ makes no difference between ㅜ and ㅠ"),
    ("주세요", "쥬세요", "ㅈ makes no difference between ㅜ and ㅠ"),
    ("주실", "쥬실", "ㅈ makes no difference between ㅜ and ㅠ"),
    ("맞춰", "맞처", "춰 is said 처"),
    ("맞춰", "맞쳐", "ㅊ makes no difference between ㅓ and ㅕ"),
    ("낮춰", "낮처", "춰 is said 처"),
    ("낮춰", "낮쳐", "ㅊ makes no difference between ㅓ and ㅕ"),
    ("해", "헤", "ㅐ and ㅔ sound alike"),
    ("하게", "하개", "ㅔ and ㅐ sound alike"),
    ("되", "돼", "ㅚ and ㅙ sound alike"),
    ("돼", "되", "ㅚ and ㅙ sound alike"),
    ("됐", "됬", "ㅙ and ㅚ sound alike"),
    ("왠", "웬", "ㅙ and ㅞ sound alike"),
    ("웬", "왠", "ㅞ and ㅙ sound alike"),
    ("틀어", "트러", "liaison: the final consonant opens the next syllable"),
    ("높여", "노펴", "liaison"),
    ("같이", "가치", "liaison, ㅌ before ㅣ becomes ㅊ"),
    ("깨끗이", "깨끄시", "liaison"),
    ("좋겠", "좋겟", "ㅆ at the end is said ㄷ, as ㅅ is"),
    ("겠어", "게써", "liaison"),
    ("있어", "잇어", "ㅆ at the end is said ㄷ, as ㅅ is"),
    ("했어", "해써", "liaison"),
    ("어떻게", "어떡게", "ㅎ and ㄱ merge"),
    ("어떻게", "어떠케", "ㅎ and ㄱ merge to ㅋ"),
    ("그렇게", "그러케", "ㅎ and ㄱ merge to ㅋ"),
    ("좀", "쫌", "as it is said"),
    ("추워", "추어", "ㅝ is heard as ㅓ"),
    ("더워", "더어", "ㅝ is heard as ㅓ"),
    ("시원", "시언", "ㅝ is heard as ㅓ"),
    ("꺼줘", "꺼죠", "줘 is heard as 죠"),
    ("꺼 줘", "꺼 죠", "줘 is heard as 죠"),
    ("켜줘", "켜죠", "줘 is heard as 죠"),
    ("켜 줘", "켜 죠", "줘 is heard as 죠"),
    ("예약", "얘약", "ㅖ and ㅒ sound alike"),
    ("괜찮", "괜찬", "ㄶ at the end is said ㄴ"),
    ("환기", "황기", "ㄴ before ㄱ is said ㅇ"),
    ("한테", "한태", "ㅔ and ㅐ sound alike"),
    ("할게", "할께", "ㄱ after ㄹ is said ㄲ"),
    ("할께", "할게", "ㄱ after ㄹ is said ㄲ"),
    ("바꿀게", "바꿀께", "ㄱ after ㄹ is said ㄲ"),
    ("설정", "설쩡", "ㅈ after ㄹ is said ㅉ"),
    ("작동", "작똥", "ㄷ after ㄱ is said ㄸ"),
    ("부탁드", "부탁뜨", "ㄷ after ㄱ is said ㄸ"),
)
"""Spelling, the spelling that sounds like it, why. Of the same length, so that a syllable changes in its place.

Left out because the other spelling means something else here: 네/내, 세/새, 세게/세개 (three), 시켜/식혀, 난방/남방, 낮춰/나춰,
올려/놀려, 줘/져 after 켜 and 꺼. 좀/줌 is no pair: 줌 is a camera's zoom.
"""

FILLERS = ("음", "음..", "어..", "어", "그..", "저기", "저기..", "흠", "뭐랄까")
"""아니 is none: it negates. 그 comes with dots only, since 그 만들어 would read 그만."""
VOCATIVES = ("야", "야,", "얘,", "저기요", "저기요,", "여기요,", "저,", "헤이,", "있잖아,")
"""Whom one calls when any thing may listen: a pack may be of an air conditioner or of a watch."""
SIGNS = ("?", "!", "..", "~", ".", "!!", "ㅠㅠ", "ㅋㅋ", "~~", " ㅎㅎ")

_NOUN_ENDS = (
    "온도 세기 풍량 풍속 바람 모드 어컨 어콘 거실 안방 침실 주방 서재 날씨 음악 화면 알람 볼륨 조명 전원 예약 기능 방법 설정 상태 시간 운동 게임 실내 "
    "공기 습도 요금 모컨 비전 커튼 풍기 소기 탁기 난기 방기 손님 아기 엄마 아빠 우리 친구 이머 히터 창문 냉방 난방 송풍 환기 제습 메뉴 기록 목표 "
    "걸음 심박 문자 전화 메모 일정 영상 노래 사진 알림 기온"
)
PARTICLE_NOUNS = frozenset(_NOUN_ENDS.split())
"""Last two syllables of nouns after which 은, 는, 이 and 가 are particles: without a list they are endings as often (오는, 많이, 나가)."""
NO_OBJECT = frozenset(
    "있없같많좋맞먹입읽믿받앉얇넓높낮깊짧작싫젊얻닫잊잡찾씻벗신웃참남넘숨담죽적굵밝늙볶닦섞묶걷묻깎늦갚옳곧굳쏟솟검붉맑묽굶젖"
)
"""Stems after which 을 and 은 are endings of verbs (먹을, 같은), as they are after every ㅆ."""
