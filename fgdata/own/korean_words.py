"""Korean from names and descriptions: what a tool acts on, its verb, and how parameters and values are called.

The tables hold everyday words of APIs; a word that is not in them stays as it is. No native speaker has checked them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from fgdata import korean
from fgdata.errors import FgError
from fgdata.korean.lexicon import LEXICON
from fgdata.own.words import said, words_of

HANGUL = re.compile(r"[가-힣]")

_VERBS = """
add 추가하다 | create 만들다 | make 만들다 | generate 생성하다 | insert 추가하다 | register 등록하다 | set 설정하다 | update 수정하다 | change 변경하다 | edit 수정하다
modify 수정하다 | adjust 조절하다 | replace 교체하다 | rename 변경하다 | delete 삭제하다 | remove 삭제하다 | clear 지우다 | cancel 취소하다 | get 알려주다 | fetch 가져오다
read 읽어주다 | show 보여주다 | view 보여주다 | display 보여주다 | list 보여주다 | find 찾다 | search 검색하다 | look 찾아보다 | query 조회하다 | retrieve 조회하다
check 확인하다 | verify 확인하다 | confirm 확인하다 | validate 검증하다 | count 세다 | calculate 계산하다 | compute 계산하다 | estimate 계산하다 | convert 변환하다 | translate 번역하다
send 보내다 | email 보내다 | message 보내다 | post 올리다 | publish 올리다 | share 공유하다 | forward 전송하다 | reply 보내다 | notify 알리다 | remind 알리다
book 예약하다 | reserve 예약하다 | schedule 예약하다 | reschedule 변경하다 | order 주문하다 | buy 구매하다 | purchase 구매하다 | pay 결제하다 | charge 결제하다 | refund 환불하다
play 재생하다 | pause 멈추다 | resume 재생하다 | stop 멈추다 | start 시작하다 | skip 건너뛰다 | open 열다 | close 닫다 | lock 잠그다 | unlock 풀다
enable 켜다 | disable 끄다 | activate 활성화하다 | deactivate 비활성화하다 | mute 음소거하다 | increase 올리다 | decrease 내리다 | raise 올리다 | lower 내리다 | move 옮기다
copy 복사하다 | save 저장하다 | store 저장하다 | load 불러오다 | download 내려받다 | upload 올리다 | import 가져오다 | export 내보내다 | sync 동기화하다 | refresh 새로고침하다
connect 연결하다 | disconnect 끊다 | join 참가하다 | invite 초대하다 | assign 배정하다 | approve 승인하다 | reject 거절하다 | submit 제출하다 | sign 서명하다 | track 추적하다
recommend 추천하다 | suggest 추천하다 | compare 비교하다 | summarize 요약하다 | analyze 분석하다 | sort 정렬하다 | filter 고르다 | select 선택하다 | pick 고르다 | rate 평가하다
review 검토하다 | report 보고하다 | log 기록하다 | record 기록하다 | print 출력하다 | scan 검사하다 | call 호출하다 | navigate 안내하다 | locate 찾다 | take 찍다
reset 초기화하다 | restart 다시 시작하다 | run 실행하다 | execute 실행하다 | launch 실행하다 | install 설치하다 | deploy 배포하다 | test 검사하다 | use 사용하다 | merge 합치다
split 나누다 | archive 보관하다 | restore 복원하다 | transfer 송금하다 | withdraw 출금하다 | subscribe 구독하다 | unsubscribe 해지하다 | clean 청소하다 | write 쓰다 | draw 그리다
"""
_NOUNS = """
account 계정 | address 주소 | age 나이 | agent 상담원 | air 공기 | alarm 알람 | album 앨범 | alert 알림 | amount 금액 | answer 답변 | app 앱 | appointment 예약 | area 지역 | article 글
artist 가수 | attachment 첨부 파일 | author 작성자 | balance 잔액 | bank 은행 | battery 배터리 | bedroom 침실 | bill 청구서 | bluetooth 블루투스 | board 게시판 | body 내용 | book 책 | booking 예약
branch 지점 | brand 상표 | brightness 밝기 | budget 예산 | calendar 일정표 | camera 카메라 | campaign 캠페인 | car 차 | card 카드 | cart 장바구니 | category 분류 | channel 채널 | chat 대화 | city 도시
client 고객 | code 코드 | color 색상 | colour 색상 | comment 댓글 | company 회사 | contact 연락처 | content 내용 | count 개수 | country 나라 | coupon 쿠폰 | currency 통화 | customer 고객 | daily 일간
data 데이터 | date 날짜 | day 날짜 | deadline 마감일 | delivery 배송 | department 부서 | description 설명 | destination 목적지 | detail 상세 | details 상세 정보 | device 기기 | direction 방향 | discount 할인 | distance 거리
document 문서 | door 문 | driver 기사 | duration 기간 | email 이메일 | employee 직원 | end 끝 | event 일정 | exchange 환전 | expense 지출 | fan 선풍기 | fast 빠르게 | fee 요금 | feedback 의견
file 파일 | filter 필터 | first 첫 | flight 항공편 | folder 폴더 | food 음식 | forecast 예보 | format 형식 | from 출발지 | full 전체 | game 게임 | gender 성별 | gift 선물 | goal 목표
group 그룹 | guest 손님 | guests 손님 | health 건강 | heart 심장 | height 높이 | high 높음 | history 내역 | home 집 | hotel 호텔 | hour 시간 | hours 시간 | house 집 | humidity 습도
id 번호 | image 이미지 | info 정보 | information 정보 | inventory 재고 | invoice 청구서 | issue 이슈 | item 상품 | items 상품 | job 작업 | key 열쇠 | keyword 검색어 | kitchen 주방 | label 라벨
language 언어 | last 마지막 | length 길이 | level 단계 | light 조명 | limit 최대 개수 | link 링크 | list 목록 | location 위치 | lock 잠금장치 | log 기록 | login 로그인 | low 낮음 | mail 메일
map 지도 | meal 식사 | medium 보통 | meeting 회의 | member 회원 | memo 메모 | menu 메뉴 | message 메시지 | method 방법 | minute 분 | minutes 분 | mode 모드 | model 모델 | money 돈
month 달 | monthly 월간 | movie 영화 | music 음악 | name 이름 | news 뉴스 | note 메모 | notes 메모 | notification 알림 | number 번호 | offer 제안 | office 사무실 | option 옵션 | order 주문
orders 주문 | origin 출발지 | owner 소유자 | page 쪽 | parking 주차 | passenger 승객 | passengers 승객 | password 비밀번호 | path 경로 | payment 결제 | person 사람 | phone 전화번호 | photo 사진 | place 장소
plan 계획 | playlist 재생 목록 | point 포인트 | points 포인트 | policy 정책 | position 위치 | post 글 | price 가격 | priority 우선순위 | product 상품 | profile 프로필 | project 프로젝트 | quantity 수량 | query 검색어
question 질문 | queue 대기열 | quote 견적 | radio 라디오 | rate 비율 | rating 평점 | reason 이유 | receipt 영수증 | recipe 요리법 | recipient 받는 사람 | record 기록 | refund 환불 | region 지역 | reminder 알림 | report 보고서
reservation 예약 | restaurant 식당 | result 결과 | review 후기 | role 역할 | room 방 | route 경로 | rule 규칙 | sale 판매 | sales 매출 | schedule 일정 | score 점수 | screen 화면 | search 검색
seat 좌석 | seats 좌석 | section 구역 | sender 보낸 사람 | service 서비스 | setting 설정 | settings 설정 | shipment 배송 | shipping 배송 | shop 가게 | size 크기 | song 노래 | sort 정렬 | source 출처
speed 속도 | start 시작 | state 상태 | station 역 | status 상태 | step 걸음 | steps 걸음 수 | stock 재고 | store 매장 | street 거리 | style 스타일 | subject 제목 | subscription 구독 | summary 요약
table 테이블 | tag 태그 | tags 태그 | task 할 일 | tax 세금 | taxi 택시 | team 팀 | temperature 온도 | text 글 | theme 테마 | ticket 표 | time 시간 | timer 타이머 | timezone 시간대
title 제목 | to 도착지 | today 오늘 | token 토큰 | topic 주제 | total 합계 | track 곡 | traffic 교통 상황 | train 기차 | transaction 거래 | trip 여행 | tv 티비 | type 종류 | unit 단위
url 주소 | used 중고 | user 사용자 | users 사용자 | value 값 | vehicle 차량 | version 버전 | video 영상 | visit 방문 | volume 음량 | wallet 지갑 | water 물 | weather 날씨 | website 사이트 | week 주
weekly 주간 | weight 무게 | width 너비 | wifi 와이파이 | window 창문 | word 단어 | work 업무 | year 연도 | zip 우편번호 | zone 구역 | red 빨간색 | blue 파란색 | green 초록색 | black 검은색
white 흰색 | yellow 노란색 | small 작음 | large 큼 | active 진행 중 | pending 대기 중 | done 완료 | closed 종료 | open 열림 | living 거실 | bathroom 욕실 | all 전체 | new 신규 | current 현재
asc 오름차순 | desc 내림차순 | datetime 일시 | timestamp 일시 | when 일시 | where 장소 | who 사람 | directory 폴더 | flashlight 손전등 | torch 손전등 | repo 저장소 | repository 저장소 | assignee 담당자 | kind 종류 | parent 상위 항목
available 가능 | sold 판매 완료 | next 다음 | location 위치 | celsius 섭씨 | fahrenheit 화씨 | indoor 실내 | outdoor 실외 | bar 바 | cat 고양이 | dog 개 | pet 반려동물 | ride 운행 | qty 수량 | num 번호
matrix 행렬 | ratio 비율 | party 일행 | env 환경 변수 | environment 환경 | variable 변수 | required 필수 | optional 선택 | nullable 빈 값 허용 | properties 속성 | property 속성 | include 포함 | exact 정확히 일치
force 강제 실행 | enabled 사용 | disabled 미사용 | width 너비 | depth 깊이 | day 날짜 | days 일수 | night 밤 | nights 박수 | check 확인 | lamp 램프 | color 색상 | fan 선풍기
appliance 가전 | heater 난방기 | curtain 커튼 | blind 블라인드 | vacuum 청소기 | robot 로봇 | speaker 스피커 | oven 오븐 | washer 세탁기 | fridge 냉장고 | device 기기 | sensor 센서 | plug 플러그 | switch 스위치
class 수업 | course 강좌 | student 학생 | teacher 교사 | school 학교 | lesson 수업 | exam 시험 | grade 등급 | doctor 의사 | patient 환자 | hospital 병원 | medicine 약 | symptom 증상 | dose 용량
cup 컵 | coffee 커피 | tea 차 | drink 음료 | dish 요리 | ingredient 재료 | topping 토핑 | espresso 에스프레소 | latte 라테 | bread 빵 | bus 버스 | subway 지하철 | bike 자전거 | seatbelt 안전벨트
host 호스트 | server 서버 | database 데이터베이스 | branch 지점 | commit 커밋 | build 빌드 | error 오류 | key 열쇠 | user 사용자 | admin 관리자 | guest 손님 | thought 생각 | needed 필요 | caption 설명
percent 퍼센트 | latitude 위도 | longitude 경도 | stock 재고 | bond 채권 | loan 대출 | insurance 보험 | deposit 입금액 | cc 참조 | bcc 숨은 참조
public 공개 | private 비공개 | express 빠른 | standard 일반 | cash 현금 | none 없음 | auto 자동 | cool 냉방 | heat 난방 | morning 아침 | evening 저녁 | urgent 긴급
"""
_WHOLE = {"calendar event": "일정", "party size": "인원", "date time": "일시", "sort by": "정렬 기준", "order by": "정렬 기준", "group by": "묶는 기준", "due date": "마감일", "end date": "종료일", "start date": "시작일", "start time": "시작 시각", "end time": "종료 시각", "first name": "이름", "last name": "성", "full name": "이름", "credit card": "신용카드", "air conditioner": "에어컨", "shopping cart": "장바구니", "living room": "거실", "zip code": "우편번호", "postal code": "우편번호", "check in": "체크인", "check out": "체크아웃", "phone number": "전화번호"}  # fmt: skip
_SMALL = frozenset(
    ["a", "an", "the", "of", "by", "for", "in", "on", "off", "with", "my", "and", "v1", "v2", "at"]
)


def _table(text: str) -> dict[str, str]:
    pairs = (entry.strip().partition(" ") for line in text.strip().splitlines() for entry in line.split("|"))
    return {key: value.strip() for key, _, value in pairs}


VERBS: Mapping[str, str] = _table(_VERBS)
"""English verb -> Korean lemma."""
NOUNS: Mapping[str, str] = _table(_NOUNS)
"""English noun -> Korean noun."""


_OWN = {"알려주다": "확인하다", "보여주다": "확인하다", "읽어주다": "읽다"}


@dataclass(frozen=True, slots=True)
class Deed:
    """What a tool does: `날씨` 을/를 `알려주다`."""

    thing: str
    """The noun the verb takes; never empty."""
    lemma: str
    """A verb that can be conjugated."""
    particle: str = "을/를"

    @property
    def own_lemma(self) -> str:
        """The verb where the speaker is the one who does it: nobody tells himself the weather, one looks it up."""
        return _OWN.get(self.lemma, self.lemma)

    @property
    def noun(self) -> str:
        """The deed as a noun: 날씨 확인, 창문 열기."""
        lemma = self.own_lemma
        verb = lemma.removesuffix("하다") if lemma.endswith("하다") else korean.conjugate(lemma, "기")
        return f"{self.thing} {verb}"


def translated(name: str) -> str:
    """A name in Korean, word by word; words that are not in the table stay as they are."""
    words = words_of(name)
    lowered = [word.lower() for word in words]
    if "by" in lowered[1:-1]:
        words, lowered = words[: lowered.index("by", 1)], lowered[: lowered.index("by", 1)]  # pet by id
    found: list[str] = []
    place = 0
    while place < len(words):
        pair = " ".join(lowered[place : place + 2])
        if pair in _WHOLE:
            found.append(_WHOLE[pair])
            place += 2
            continue
        word = lowered[place]
        if word not in _SMALL or len(words) == 1:
            found.append(NOUNS.get(word) or NOUNS.get(word.removesuffix("s")) or words[place])
        place += 1
    if lowered[0] == "include" and len(found) > 1:
        found = [*found[1:], found[0]]  # include_humidity: 습도 포함
    return " ".join(dict.fromkeys(found)) or "값"


_MAILED = {"to": "받는 사람", "from": "보낸 사람"}


def label_of(name: str, description: str, *, is_mail: bool = False) -> str:
    """How a parameter is called: by its own Korean name, by a short Korean description, or word by word."""
    if HANGUL.search(name):
        return said(" ".join(words_of(name))) or "값"
    text = said(re.split(r"[.(,:;]", description, maxsplit=1)[0])
    if (
        HANGUL.search(text)
        and len(text) <= 14
        and len(text.split()) <= 3
        and not re.search(r"(다|요|까)$", text)
    ):
        return text
    return (_MAILED.get(name.lower(), "") if is_mail else "") or translated(name)


@cache
def _finished() -> dict[str, str]:
    """How a description ends -> the lemma it ends in: 켭니다, 켠다, 켜기, 켬 -> 켜다."""
    found: dict[str, str] = {}
    for lemma, entry in LEXICON.items():
        if entry.kind != "verb" or lemma in ("하다", "말다", "않다", "못하다", "있다"):
            continue
        for ending in ("습니다", "는다", "기", "음", "어요", "어"):
            try:
                found.setdefault(korean.conjugate(lemma, ending), lemma)
            except FgError:
                continue
    return found


def _lemma(word: str) -> str:
    """The verb of a description's last word; empty if it has none."""
    made = re.fullmatch(r"([가-힣]{2,})(?:합니다|한다|해요|하기|함|하세요|해 줍니다|해줍니다|하는)", word)
    if made:
        return f"{made[1]}하다"
    return _finished().get(word, "")


def deed_of_description(description: str) -> Deed | None:
    """What the first sentence of a Korean description says the tool does; None if it cannot be told."""
    first = re.split(r"[.!?;\n]|\s[-–—]\s", description.strip(), maxsplit=1)[0]
    text = said(re.sub(r"\([^)]*\)", " ", first))
    if not HANGUL.search(text) or "," in text:
        return None
    words = text.split()
    lemma = _lemma(words[-1]) if words else ""
    if not lemma or not 2 <= len(words) <= 8:
        return _noun_deed(words) if 1 <= len(words) <= 5 else None
    return _with_object(words[:-1], lemma)


def _with_object(words: list[str], lemma: str) -> Deed | None:
    """The deed whose object stands before the verb, with its particle taken off."""
    last = words[-1]
    for particles, name in (
        (("을", "를"), "을/를"),
        (("으로", "로"), "으로/로"),
        (("에서",), "에서"),
        (("에게",), "에게"),
        (("에",), "에"),
    ):
        for particle in particles:
            if last.endswith(particle) and len(last) > len(particle):
                stem = last.removesuffix(particle)
                if name in ("을/를", "으로/로") and not _fits(stem, name, last):
                    continue
                return Deed(" ".join([*words[:-1], stem]), lemma, name)
    if HANGUL.search(last) and not re.search(r"[은는이가도]$", last):
        return Deed(" ".join(words), lemma)
    return None


def _fits(stem: str, particle: str, whole: str) -> bool:
    try:
        return korean.josa(stem, particle) == whole
    except FgError:
        return False


def _noun_deed(words: list[str]) -> Deed | None:
    """The deed of words that end in a noun of doing: 날씨 조회 -> 날씨를 조회하다."""
    if len(words) >= 2 and f"{words[-1]}하다" in {
        *LEXICON,
        *VERBS.values(),
        "조회하다",
        "생성하다",
        "수정하다",
        "변경하다",
        "발송하다",
        "계산하다",
        "제어하다",
        "관리하다",
    }:
        return Deed(" ".join(words[:-1]), f"{words[-1]}하다")
    return None


def deed_of_name(name: str) -> Deed:
    """What a tool does by its name; a name without a verb that we know is a function that is run."""
    words = words_of(name)
    if HANGUL.search(name):
        return _noun_deed(words) or _hangul_end(words) or Deed(f"{' '.join(words)} 기능", "실행하다")
    lowered = [word.lower() for word in words]
    if lowered[:2] in (["turn", "on"], ["switch", "on"]) and len(words) > 2:
        return Deed(translated("_".join(words[2:])), "켜다")
    if lowered[:2] in (["turn", "off"], ["switch", "off"]) and len(words) > 2:
        return Deed(translated("_".join(words[2:])), "끄다")
    place = next((n for n, word in enumerate(lowered) if word in VERBS), None)
    if place is None or len(words) < 2 or place > 1:
        return Deed(f"{translated(name)} 기능", "실행하다")
    rest = "_".join([*words[:place], *words[place + 1 :]])
    thing = translated(rest)
    is_list = lowered[place] == "list" and not thing.endswith("목록")
    return Deed(f"{thing} 목록" if is_list else thing, VERBS[lowered[place]])


_ENGLISH = re.compile(r"(?:(?:for|on|up|through|to|at)\s+)?((?:[a-z-]+\s+)*?[a-z-]+)(?=\s+(?:of|for|to|in|at|on|with|from|by|that|which|given|using|and)\b|$)")  # fmt: skip


def deed_of_english(phrase: str) -> Deed | None:
    """What a request in English does (`pay for an order`), if all its words have Korean: 주문을 결제하다; None if one has none."""
    verb, _, rest = phrase.lower().partition(" ")
    found = _ENGLISH.match(rest)
    if verb not in VERBS or found is None:
        return None
    words = [word for word in found[1].split() if word not in _SMALL and word not in ("all", "one", "new")]
    thing = translated("_".join(words)) if words else ""
    return Deed(thing, VERBS[verb]) if thing and not re.search(r"[A-Za-z]", thing) else None


def _hangul_end(words: list[str]) -> Deed | None:
    lemma = _lemma(words[-1]) if len(words) >= 2 else ""
    return Deed(" ".join(words[:-1]), lemma) if lemma else None
