"""Things of the pretraining world, in both languages: devices, what can be set on them, figures to read.

None of the packs' devices is among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scripts.tiny_base.language import Code

HELD_OUT = frozenset(
    ["aquarium", "kiln", "robot_arm", "wiper", "feeder", "sauna", "telescope", "rice_cooker"]
)
"""Devices that only the development set knows."""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something with a slug for tool names; `ko` and `en` are how people name it, the usual name first."""

    slug: str
    ko: tuple[str, ...]
    en: tuple[str, ...]

    def names(self, code: Code) -> tuple[str, ...]:
        """How people name it in a language."""
        return self.ko if code == "ko" else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity(Thing):
    """Something with a number: whole steps from `low` to `high`."""

    units_ko: tuple[str, ...]
    units_en: tuple[str, ...]
    """How people name the unit; empty where the number stands alone."""
    low: int
    high: int
    step: int

    def units(self, code: Code) -> tuple[str, ...]:
        """How people name the unit in a language."""
        return self.units_ko if code == "ko" else self.units_en


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Thing):
    """Something with named values; a value's slug is what a call says, and a Korean name that ends in `*` is an adverb."""

    values: tuple[Thing, ...]
    is_described: bool = False
    """The declaration must say how the values are called in Korean: nobody could know."""


def _cells(line: str) -> Iterator[str]:
    return (cell.strip() for cell in line.split("|"))


def _names(cell: str) -> tuple[str, ...]:
    return tuple(cell.split(", "))


def _thing(line: str) -> Thing:
    slug, ko, en = _cells(line)
    return Thing(slug, _names(ko), _names(en))


def _things(text: str) -> tuple[Thing, ...]:
    return tuple(_thing(line) for line in text.strip().splitlines())


def _quantity(line: str) -> Quantity:
    slug, ko, en, units_ko, units_en, numbers = _cells(line)
    low, high, step = (int(number) for number in numbers.split())
    return Quantity(
        slug,
        _names(ko),
        _names(en),
        units_ko=_names(units_ko.replace("-", "")),
        units_en=_names(units_en.replace("-", "")),
        low=low,
        high=high,
        step=step,
    )


def _quantities(text: str) -> tuple[Quantity, ...]:
    return tuple(_quantity(line) for line in text.strip().splitlines())


def _choice(block: str) -> Choice:
    head, *values = (_thing(line) for line in block.splitlines())
    return Choice(head.slug, head.ko, head.en, values=tuple(values))


def _choices(text: str) -> tuple[Choice, ...]:
    return tuple(_choice(block) for block in text.strip().split("\n\n"))


DEVICES = _things("""
humidifier | 가습기 | humidifier
dehumidifier | 제습기 | dehumidifier
blanket | 전기장판, 전기요 | electric blanket, heated blanket
boiler | 보일러 | boiler
water_heater | 온수기 | water heater
oven | 오븐 | oven
microwave | 전자레인지 | microwave
rice_cooker | 밥솥, 전기밥솥 | rice cooker
washer | 세탁기 | washing machine, washer
dryer | 건조기 | dryer
dishwasher | 식기세척기 | dishwasher
fridge | 냉장고 | fridge, refrigerator
freezer | 냉동고 | freezer
cooktop | 인덕션, 전기레인지 | cooktop, stove
coffee_machine | 커피 머신, 커피 메이커 | coffee machine, coffee maker
water_purifier | 정수기 | water purifier
air_fryer | 에어프라이어 | air fryer
massage_chair | 안마의자 | massage chair
aquarium | 어항, 수조 | aquarium, fish tank
sprinkler | 스프링클러 | sprinkler
greenhouse | 온실, 비닐하우스 | greenhouse
garage | 차고 문, 차고 | garage door
front_door | 현관문, 현관 | front door
gate | 대문 | gate
safe | 금고 | safe
doorbell | 초인종 | doorbell
camera | 카메라, 감시 카메라 | camera, security camera
elevator | 엘리베이터, 승강기 | elevator, lift
printer | 프린터 | printer
scanner | 스캐너 | scanner
laptop | 노트북 | laptop
monitor | 모니터 | monitor
tablet | 태블릿 | tablet
drone | 드론 | drone
bed | 전동 침대, 침대 | adjustable bed, bed
desk | 책상, 모션 데스크 | standing desk, desk
bidet | 비데 | bidet
bathtub | 욕조 | bathtub
sauna | 사우나 | sauna
pool | 수영장 | pool
car_seat | 운전석, 시트 | car seat, driver seat
wiper | 와이퍼 | wiper
sunroof | 선루프 | sunroof
trunk | 트렁크 | trunk
navigation | 내비게이션, 내비 | navigation
dashcam | 블랙박스 | dash cam
scooter | 킥보드 | scooter
charger | 충전기 | charger
pump | 펌프 | pump
fountain | 분수대, 분수 | fountain
stove | 난로 | space heater
toaster | 토스터 | toaster
blender | 믹서기 | blender
kettle | 주전자, 전기포트 | kettle
iron | 다리미 | iron
sewing_machine | 재봉틀 | sewing machine
feeder | 급식기, 사료통 | pet feeder
robot_arm | 로봇 팔 | robot arm
conveyor | 컨베이어 | conveyor
microscope | 현미경 | microscope
telescope | 망원경 | telescope
incubator | 배양기, 부화기 | incubator
kiln | 가마 | kiln
crane | 크레인 | crane
mixer | 반죽기 | dough mixer
fan_heater | 온풍기 | fan heater
ceiling_fan | 선풍기, 실링팬 | fan, ceiling fan
air_purifier | 공기청정기 | air purifier
""")

QUANTITIES = _quantities("""
humidity | 습도 | humidity | %, 퍼센트, 프로 | %, percent | 20 80 1
water_level | 수위, 물 높이 | water level | 단계, 센티 | - | 1 20 1
pressure | 압력 | pressure | 기압, 바 | bar | 1 12 1
spin | 회전수 | spin speed | 회전 | rpm | 100 1400 100
intensity | 세기, 강도 | intensity, strength | 단계, 단 | - | 1 10 1
height | 높이 | height | 센티, 센티미터 | cm, centimeters | 10 180 1
angle | 각도 | angle | 도 | degrees | 5 90 1
speed | 속도 | speed | 단계, 단 | - | 1 12 1
heat | 온도, 열 | temperature, heat | 도 | degrees | 10 260 1
water_temperature | 물 온도, 수온 | water temperature | 도 | degrees | 18 60 1
concentration | 농도 | concentration | %, 퍼센트, 프로 | percent, % | 1 60 1
thickness | 두께 | thickness | 밀리, 밀리미터 | mm, millimeters | 1 50 1
weight | 무게 | weight | 그램, 킬로 | grams, kilos | 1 900 1
capacity | 용량 | capacity | 리터 | liters | 1 90 1
distance | 거리 | distance | 미터, 킬로미터 | meters | 1 300 1
duration | 시간, 작동 시간 | duration, run time | 분 | minutes | 1 120 1
delay | 예약, 대기 시간 | delay, start delay | 시간 | hours | 1 24 1
sensitivity | 감도 | sensitivity | 단계, - | - | 1 10 1
zoom | 배율, 확대 | zoom | 배 | - | 1 40 1
contrast | 대비, 명암 | contrast | %, 퍼센트, - | percent, - | 0 100 1
grind | 굵기 | grind size | 단계 | - | 1 15 1
depth | 깊이 | depth | 센티, 미터 | cm, meters | 1 60 1
interval | 간격 | interval | 초, 분 | seconds, minutes | 1 60 1
repeats | 횟수, 반복 횟수 | repeats, cycles | 번, 회 | times | 1 12 1
copies | 매수, 장수 | copies | 장, 부 | copies | 1 99 1
flow | 유량 | flow rate | 리터 | liters | 1 60 1
salinity | 염도 | salinity | %, 퍼센트 | percent | 1 9 1
gear | 기어, 단수 | gear | 단 | - | 1 8 1
font_size | 글자 크기, 글씨 크기 | font size | 포인트, - | points, - | 8 48 1
resolution | 해상도 | resolution | - | - | 100 1200 50
power | 출력, 전력 | power, output | 와트, 단계 | watts | 1 20 1
steam | 스팀 양, 스팀 | steam level | 단계 | - | 1 6 1
""")

MORE_QUANTITIES = _quantities("""
volume | 음량, 소리, 볼륨 | volume, sound | 단계, 칸, - | - | 0 60 1
brightness | 밝기, 조도 | brightness | 단계, %, 퍼센트, - | percent, - | 0 100 1
tilt | 기울기, 경사 | tilt, slope | 도 | degrees | 1 45 1
softness | 푹신함, 쿠션 정도 | softness | 단계 | - | 1 9 1
channel | 채널, 번호 | channel | 번, - | - | 1 80 1
""")
"""Quantities that the third stage knows besides."""

CHOICES = _choices("""
course | 코스, 프로그램 | course, program
standard | 표준, 일반, 기본 | standard, regular, normal
quick | 쾌속, 빠른, 급속 | quick, fast, express
delicate | 섬세, 울, 부드러운 | delicate, gentle, soft
heavy | 찌든 때, 강력, 묵은 때 | heavy, heavy duty
rinse | 헹굼, 헹구기 | rinse
eco | 절약, 절전, 에코 | eco, energy saving

mode | 모드, 기능, 동작, 운전 | mode, setting
manual | 수동, 직접 조작 | manual
sleep | 취침, 수면, 잠잘 때 쓰는 | sleep, night
turbo | 터보, 최대 출력 | turbo, boost
quiet | 저소음, 무소음, 조용한 | quiet, silent
away | 외출, 부재 | away, vacation
defrost | 해동, 녹이기 | defrost
steam | 스팀, 찜 | steam
dry | 건조, 말리기 | dry, drying
grill | 구이, 그릴, 굽기 | grill
keep_warm | 보온, 따뜻하게 유지 | keep warm, warming
smart | 스마트, 알아서* 하는, 자동 | smart, automatic
clean | 청소, 세척, 살균 | clean, cleaning
child_lock | 잠금, 어린이 보호 | child lock
massage | 안마, 마사지, 두드림 | massage

level | 세기, 강도, 단계 | level, power level
low | 약하게*, 약, 낮게*, 약한 단계, 살살* | low, weak, gentle
medium | 중간, 보통, 적당히*, 중 | medium, middle, moderate
high | 강하게*, 강, 세게*, 높게*, 강한 단계 | high, strong, hard
max | 최대, 제일 세게*, 끝까지* | max, maximum, full
auto | 자동, 알아서* | auto, automatic

color | 색, 색깔, 색상 | color
red | 빨간색, 빨강, 적색 | red
blue | 파란색, 파랑 | blue
green | 초록색, 녹색 | green
yellow | 노란색, 노랑 | yellow
white | 하얀색, 흰색 | white
black | 검은색, 검정 | black
purple | 보라색 | purple

direction | 방향 | direction
up | 위, 위쪽, 위로 | up, upward
down | 아래, 아래쪽, 밑 | down, downward
left | 왼쪽, 좌측 | left
right | 오른쪽, 우측 | right
forward | 앞, 앞쪽, 정면 | forward, front
backward | 뒤, 뒤쪽 | back, backward

size | 크기, 사이즈 | size
small | 작은, 소, 스몰, 작게* | small
medium | 중간, 미디엄, 중 | medium
large | 큰, 대, 라지, 크게* | large, big

language | 언어, 말 | language
korean | 한국어, 한국말, 우리말 | Korean
english | 영어 | English
japanese | 일본어 | Japanese
chinese | 중국어 | Chinese
french | 프랑스어, 불어 | French
spanish | 스페인어 | Spanish

drink | 음료, 메뉴 | drink
espresso | 에스프레소 | espresso
americano | 아메리카노 | americano
latte | 라떼, 카페라떼 | latte
green_tea | 녹차 | green tea
hot_water | 뜨거운 물, 온수 | hot water
cold_water | 찬물, 냉수, 시원한 물 | cold water

taste | 맛, 맵기 | flavor, spice level
mild | 순한맛, 순하게*, 안 맵게* | mild
spicy | 매운맛, 맵게* | spicy, hot
sweet | 단맛, 달게* | sweet
salty | 짠맛, 짜게* | salty

day | 요일, 날 | day
monday | 월요일 | Monday
tuesday | 화요일 | Tuesday
wednesday | 수요일 | Wednesday
thursday | 목요일 | Thursday
friday | 금요일 | Friday
saturday | 토요일 | Saturday
sunday | 일요일 | Sunday

quality | 화질, 품질 | quality
draft | 초안, 낮은 품질, 저화질 | draft, low quality
normal | 보통, 일반 | normal
best | 최고, 고화질, 고급 | best, high quality

material | 재질, 종류 | material
wood | 나무, 목재 | wood
steel | 강철, 쇠 | steel
glass | 유리 | glass
cotton | 면 | cotton
plastic | 플라스틱 | plastic
""")

MORE_CHOICES = _choices("""
strength | 세기, 강도, 정도 | strength, power
gentle | 살살*, 약하게*, 약, 은은하게*, 약한 단계, 부드럽게* | gentle, soft
normal | 보통, 중간, 적당히*, 중간 단계, 표준 | normal, medium
strong | 세게*, 강하게*, 강, 힘차게*, 강한 단계 | strong, powerful
maximum | 최대, 최고, 제일 세게*, 끝까지*, 최고 단계 | maximum, full

scent | 향, 향기 | scent
lavender | 라벤더, 라벤더 향 | lavender
lemon | 레몬, 상큼한 | lemon
forest | 숲, 숲속, 나무 | forest
ocean | 바다, 시원한 바다 | ocean
none | 무향, 향 없음, 향 없는 | none, unscented

theme | 테마, 분위기, 화면 | theme
bright | 밝은, 환한, 낮 | bright, light
dark | 어두운, 다크, 밤 | dark
calm | 차분한, 잔잔한 | calm
party | 파티, 신나는, 흥겨운 | party
reading | 독서, 책 읽는 | reading
movie | 영화, 극장 | movie

operation | 동작, 운전, 작동 방식, 기능 | operation, mode
soak | 불림, 불리기 | soak
spin_dry | 탈수, 물 짜기 | spin dry
boil | 삶기, 끓이기 | boil
chill | 급랭, 차갑게*, 빠른 냉각 | chill
thaw | 해동, 녹이기 | thaw
sterilize | 살균, 소독 | sterilize
deodorize | 탈취, 냄새 제거 | deodorize
ferment | 발효, 숙성 | ferment
automatic | 자동, 알아서*, 스스로* | automatic
""")
"""Kinds of choice that the third stage knows besides."""

READINGS = _things("""
air_quality | 공기 질, 대기질 | air quality
rainfall | 강수량, 비의 양 | rainfall
wind | 바람 세기, 풍향 | wind speed, wind
fuel | 기름 양, 연료 | fuel level, fuel
tire | 타이어 압력, 타이어 상태 | tire pressure
mileage | 주행 거리 | mileage, distance driven
balance | 통장 잔액, 잔고 | bank balance, account balance
spending | 지출, 쓴 돈 | spending, money spent
bill | 전기 요금, 요금 | electricity bill, bill
electricity | 전력 사용량, 전기 사용량 | electricity usage, power usage
water_usage | 물 사용량, 수도 사용량 | water usage
mail | 안 읽은 메일, 새 메일 | unread mails, new mails
messages | 새 메시지, 안 읽은 문자 | new messages, unread messages
storage | 남은 용량, 저장 공간 | storage space, free space
signal | 신호 세기, 수신 상태 | signal strength
queue | 대기 인원, 줄 길이 | queue length, waiting line
score | 점수, 경기 점수 | score, game score
ranking | 순위, 등수 | ranking, rank
stock | 주가, 주식 가격 | stock price
exchange | 환율 | exchange rate
parcel | 택배 위치, 배송 상태 | parcel status, delivery status
traffic | 교통 상황, 길 막히는 정도 | traffic, road conditions
schedule | 일정, 오늘 할 일 | schedule, agenda
deadline | 마감일, 마감 시간 | deadline, due date
savings | 저축액, 모은 돈 | savings
savings_goal | 저축 목표, 목표 금액 | savings goal, target savings
savings_progress | 저축 진행률, 목표까지 모은 비율 | savings goal progress, progress toward the savings goal
pages | 읽은 쪽수, 읽은 페이지 | pages read, read pages
reading_goal | 독서 목표 | reading goal, daily reading goal
reading_time | 독서 시간, 책 읽은 시간 | reading time, minutes of reading
screen_time | 화면 사용 시간, 폰 사용 시간 | screen time, phone time
study_time | 공부 시간, 공부한 시간 | study time, study minutes
charge | 충전량, 배터리 | battery charge, charge level
printer_ink | 잉크 양, 남은 잉크 | ink level, remaining ink
soil | 흙 수분, 토양 수분 | soil moisture
noise | 소음, 소음 크기 | noise level, noise
tide | 물때, 조류 | tide level, tide
uv | 자외선, 자외선 지수 | UV index
pollen | 꽃가루 농도 | pollen count
visitors | 방문자 수, 손님 수 | visitors, visitor count
""")
