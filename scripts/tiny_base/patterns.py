"""Sentences of the pretraining corpus, in the phrase language of `phrasing`.

D device, P place, A attribute, N number with unit, V spoken value of a choice, R recipient, B body, I item, Q quantity, C city.
"""

SET_KO = """
[{D} ]{A을/를} {N으로/로} <맞추다/설정하다/바꾸다/변경하다/조절하다/조정하다/하다/두다>
{D} {A} {N으로/로} <맞추다/설정하다/바꾸다/하다/가다/변경하다/올리다/내리다>
{A} {N으로/로} [좀 ]<맞추다/설정하다/하다/바꾸다/놓다>
{N으로/로} [{D} ]{A} <맞추다/설정하다/조절하다>
[{D} ]{A} {N}
{D} {N으로/로} [좀 ]<맞추다/설정하다/하다>
{A은/는} {N이/가} (좋겠어|좋겠어요|좋아|딱 좋아|적당해|적당할 것 같아요)
{D} {A이/가} {N이/가} (되게|되도록) <하다/맞추다/설정하다>
{A을/를} {N} (정도로|정도) <맞추다/하다/유지하다>
[{D} ]{A} {N으로/로} (부탁해|부탁해요|부탁드려요|부탁합니다|부탁드립니다)
{D} {A} 지금부터 {N}
{N으로/로} {A} <바꾸다:을 수 있어>[?]
{D} {A을/를} {N으로/로} <맞추다/바꾸다/설정하다:고 싶어>
{D} {A을/를} {N으로/로} <맞추다/바꾸다/설정하다:았으면 좋겠어>
{D} {A} {N}이면 좋겠(어|는데|어요)
{P} {D} {A} {N으로/로} <맞추다/설정하다/바꾸다>
{D}[,] {A} {N}[ 부탁]
{A} 숫자를 {N으로/로} <바꾸다/맞추다>
지금 {A} 말고 {N으로/로} <하다/바꾸다/가다>
{D} {A은/는} {N으로/로} <하다/두다/맞추다>
{A} {N} 설정
[{D} ]{A} {N} 맞춤
{A을/를} 딱 {N으로/로} <맞추다>
{D(아|야)} {A} {N으로/로} <바꾸다/하다/맞추다>
목표 {A은/는} {N}
{A} {N}에 <맞추다/두다/놓다>
{N} {A으로/로} <돌리다/작동하다/바꾸다>
{O} 말고 {N으로/로} [{A} ]<하다/맞추다/바꾸다>
{A} {O}에서 {N으로/로} <바꾸다/변경하다/하다>
{A} 지금 {O}인데 {N으로/로} <바꾸다/맞추다/하다>
[{D} ]{A} {O} 아니고 {N으로/로} <하다/맞추다>
{N}까지 [{D} ]{A} <맞추다/조절하다>
{D} {N으로/로} 틀어[ 줘|주세요|줄래]
{D} {A}[ 지금] {N으로/로} <변경하다:을까>
"""

UP_KO = """
[{D} ]{A을/를} {N} [더 ]<올리다/높이다/키우다/늘리다>
{D} {A} {N} [더 ]<올리다/높이다/키우다/늘리다>
{A} {N} [더 |만 |만큼 ]<올리다/높이다>
{N} [더 ]<올리다/높이다>
{N}만 <올리다/높이다/더하다>
{N}만큼 [{D} ]{A} <올리다/높이다/늘리다>
지금보다 {N} [더 ](높게|올려서|높여서|세게) <하다/맞추다/설정하다>
현재 {A}에서 {N} <올리다/높이다/더하다>
{A이/가} (낮은데|낮으니까|너무 낮아|부족해|모자라) {N} <올리다/높이다>
{D} {A} {N} 올림
{A} {N} (업|상승|증가)[시켜 줘]
{N} <올리다/높이다:았으면 좋겠어>
[{D} ]{A} {N} <올리다/높이다:을 수 있어>[?]
{A을/를} {N} <올리다/높이다:고 싶어>
{D} {A을/를} 지금보다 {N} <올리다/높이다>
{A} {N} 올리기
{N} 더 <높이다:으면> (좋겠어|될 것 같아|돼)
{A을/를} {N} 더 [높게 ]<하다>
{A} 지금 {O}인데 {N} [더 ]<올리다/높이다>
{A을/를} <올리다/높이다:는데> 딱 {N}만 <하다/올리다>
{N} 정도 [더 ]<올리다/높이다>[ 될까]
{D} {A} {N} 위로 <올리다/맞추다>
"""

DOWN_KO = """
[{D} ]{A을/를} {N} [더 ]<내리다/낮추다/줄이다/떨어뜨리다>
{D} {A} {N} [더 ]<내리다/낮추다/줄이다>
{A} {N} [더 |만 |만큼 ]<내리다/낮추다>
{N} [더 ]<내리다/낮추다>
{N}만 <내리다/낮추다/줄이다/빼다>
{N}만큼 [{D} ]{A} <내리다/낮추다/줄이다>
지금보다 {N} [더 ](낮게|내려서|낮춰서|약하게) <하다/맞추다/설정하다>
현재 {A}에서 {N} <내리다/낮추다/빼다>
{A이/가} (높은데|높으니까|너무 높아|과해|많아) {N} <내리다/낮추다/줄이다>
{D} {A} {N} 내림
{A} {N} (다운|하락|감소)[시켜 줘]
{N} <내리다/낮추다:았으면 좋겠어>
[{D} ]{A} {N} <내리다/낮추다/줄이다:을 수 있어>[?]
{A을/를} {N} <내리다/낮추다:고 싶어>
{D} {A을/를} 지금보다 {N} <내리다/낮추다>
{A} {N} 내리기
{N} 더 <낮추다:으면> (좋겠어|될 것 같아|돼)
{A을/를} {N} 더 [낮게 ]<하다>
{A} 지금 {O}인데 {N} [더 ]<내리다/낮추다/줄이다>
{A을/를} <내리다/낮추다:는데> 딱 {N}만 <하다/내리다>
{N} 정도 [더 ]<내리다/낮추다>[ 될까]
{D} {A} {N} 아래로 <내리다/맞추다>
"""

UP_VAGUE_KO = """
[{D} ]{A을/를} [좀 |조금 |약간 |살짝 ][더 ]<올리다/높이다/키우다/늘리다>
{D} {A} [좀 |조금 ]<올리다/높이다>
{A이/가} (너무|좀|많이) (낮아|낮네|낮아요|부족해|부족해요)
{A을/를} 지금보다 [좀 ](높게|높여서) <하다/맞추다>
{A} (업|올림)
{A이/가} 더 (높으면 좋겠어|높았으면 해요|높아야 할 것 같아)
"""

DOWN_VAGUE_KO = """
[{D} ]{A을/를} [좀 |조금 |약간 |살짝 ][더 ]<내리다/낮추다/줄이다>
{D} {A} [좀 |조금 ]<내리다/낮추다/줄이다>
{A이/가} (너무|좀|많이) (높아|높네|높아요|과해|과해요)
{A을/를} 지금보다 [좀 ](낮게|낮춰서) <하다/맞추다>
{A} (다운|내림)
{A이/가} 더 (낮으면 좋겠어|낮았으면 해요|낮아야 할 것 같아)
"""

GET_KO = """
[지금 |현재 ][{D} ]{A이/가} (얼마야|얼마예요|얼마지|얼마인가요|얼마나 돼|얼마나 되나요|어떻게 돼|어떻게 되나요)[?]
[지금 |현재 ]{D} {A} [좀 ]<알리다/말하다/보이다/확인하다/읽다>
{A} (몇이야|몇이에요|몇인지 알려 줘|몇인지 확인해 줘|몇으로 되어 있어|몇으로 돼 있나요)
{D} {A} 몇
지금 {A이/가} 몇인지 궁금해
{D} {A} (확인|조회|체크)[ 부탁해| 부탁드려요]
{A} (상태|값|수치) [좀 ]<알리다/보이다/확인하다>
{A을/를} <알다:고 싶어>
{D} 지금 {A} 어느 정도야
{A} <알리다:을 수 있어>[?]
"""

COUNT_KO = """
[지금까지 |오늘 |현재 ]{A} (얼마나|얼마) (됐어|돼|되나요|됐나요|남았어|있어|나와)[?]
{A} [좀 ]<알리다/말하다/보이다/확인하다/조회하다/찾다>
[내 |우리 |오늘 ]{A} (어때|어떤가요|어떻게 되나요|알고 싶어|알려 줄래)[?]
{A을/를} <보다/알다/확인하다:고 싶어>
{A이/가} (궁금해|궁금한데|궁금해요|궁금합니다)
{A} (얼마야|몇이야|확인|조회|체크|몇인지 봐 줘)
[지금 ]{A} 좀 (볼까|볼 수 있어|봐 줘)
{A은/는}[ 지금| 오늘][?]
"""
COUNT_EN = """
(what is|what's) [my |the |our ][current ]{A}[ right now| now| today| so far][?]
how (is|about) [my |the |our ]{A}[ today][?]
(tell|show) me [my |the |our ]{A}[ please]
(check|pull up|look up|get|read out) [my |the |our ]{A}[ for me| please]
I (want|need|would like) to (know|see) [my |the |our ]{A}
[could you |can you ](tell me|give me|report) [my |the |our ]{A}[?]
(any idea what|do you know what) [my |the |our ]{A} is[?]
{A}[?]
{A} (status|check|please|now)
how much {A} (do I have|is there|have I got|did I get)[ today| so far| left][?]
how many {A} (do I have|are there|have I got|did I get)[ today| so far| left][?]
I'm (curious about|wondering about|interested in) [my |the |our ]{A}
where (am I|are we) with [my |the |our ]{A}[?]
what does [my |the |our ]{A} (say|look like)[ today][?]
"""

ON_KO = """
{D} [좀 |지금 |얼른 |당장 ]<켜다/틀다/작동시키다/가동하다/돌리다/시작하다>
{P} {D} <켜다/틀다/가동하다>
{D} 전원 [좀 ]<켜다/넣다>
{D을/를} <켜다/틀다/사용하다:고 싶어>
{D} (켜기|가동|온|시작|작동)
{D은/는} 꺼져 있는데 [좀 ]<켜다/틀다>
{D} <켜다/틀다:을 수 있어>[?]
{D이/가} (필요해|필요해요|필요한데)
{D(아|야)} [이제 ](켜져|일해|시작해)
{D} <켜다:았으면 좋겠어>
{D이/가} (돌아가게|작동하게) <하다>
{D을/를} 지금부터 <쓰다/돌리다>
"""

OFF_KO = """
{D} [좀 |지금 |얼른 |당장 ]<끄다/멈추다/중지하다/정지하다/종료하다/끝내다>
{P} {D} <끄다/멈추다/중단하다>
{D} 전원 [좀 ]<끄다/내리다/차단하다>
{D을/를} <끄다/멈추다:고 싶어>
{D} (끄기|정지|오프|중지|종료|그만)
{D이/가} 켜져 있는데 [좀 ]<끄다/멈추다>
{D} <끄다/멈추다:을 수 있어>[?]
{D은/는} (이제 필요 없어|이제 됐어|그만 써도 돼|그만해도 돼)
{D(아|야)} (꺼져|멈춰|그만해|쉬어)
{D} <끄다:았으면 좋겠어>
{D이/가} (멈추게|꺼지게) <하다>
다 썼으니까 {D} <끄다>
"""

OPEN_KO = """
{D} [좀 |지금 ]<열다/개방하다/풀다>
{P} {D} <열다>
{D을/를} <열다:고 싶어>
{D} (열기|오픈|개방)
{D} <열다:을 수 있어>[?]
{D이/가} 닫혀 있는데 <열다>
"""

CLOSE_KO = """
{D} [좀 |지금 ]<닫다/잠그다>
{P} {D} <닫다>
{D을/를} <닫다:고 싶어>
{D} (닫기|잠금)
{D} <닫다:을 수 있어>[?]
{D이/가} 열려 있는데 <닫다>
"""

CHOICE_KO = """
[{D} ]{A을/를} {V으로/로} <바꾸다/맞추다/설정하다/변경하다/하다/전환하다/고르다/선택하다>
{D} {V} {A으로/로} <바꾸다/돌리다/하다/가다/전환하다/시작하다/변경하다/넘어가다>
{V} {A으로/로} [좀 ]<바꾸다/돌리다/하다/전환하다/가다/설정하다>
{D} {A} {V}
{D을/를} {V으로/로} <바꾸다/맞추다/설정하다/하다/돌리다/전환하다>
{D} {V으로/로} [좀 ]<하다/바꾸다/돌리다/가다/틀다>
{V} {A} (부탁해|부탁해요|부탁드려요)
{A은/는} {V으로/로} <하다/두다/부탁하다>
{A} {V으로/로} <바꾸다/설정하다:고 싶어>
{A을/를} {V으로/로} <바꾸다:았으면 좋겠어>
{V} {A이/가} (좋겠어|좋아|필요해|좋을 것 같아요|나을 것 같아)
지금 {A} 말고 {V으로/로} <바꾸다/하다>
{A을/를} {V으로/로} <바꾸다/맞추다/전환하다:을 수 있어>[?]
{V} {A} <켜다/틀다/쓰다/돌리다/시작하다/사용하다>
{D(아|야)} {V으로/로} <바꾸다/하다>
{A} {V} 설정
{V} {A으로/로} 전환
{P} {D} {V} {A으로/로} <돌리다/바꾸다/하다>
{A} 선택은 {V}
"""

CHOICE_ADVERB_KO = """
[{D} ]{A을/를} {V} <하다/맞추다/바꾸다/조절하다/설정하다>
{D} [좀 ]{V} <하다/틀다/돌리다/맞추다/조절하다>
{A} {V} <하다/바꾸다/맞추다>
{D} {A} {V}
[{D} ]{V} (해도 돼|부탁해|부탁해요|부탁드려요)
{D을/를} {V} <하다/돌리다/맞추다:고 싶어>
{A은/는} {V} <하다/두다/맞추다>
{D(아|야)} {V} <하다/돌리다>
{D} {A이/가} {V} (나오면|되면) 좋겠어
{D} 지금보다 {V} <하다/돌리다/틀다>
{V} <하다/틀다/돌리다>
"""

SET_EN = """
[please |can you |could you |I want you to |go ahead and ](set|change|put|adjust|switch) the {D} {A} to {N}[ please]
(set|change|make|turn) the {A} to {N}
(set|put) the {D} (at|to) {N}
{D} {A} {N}
{A} {N}[ please]
I'd like the {A} at {N}
I want the {D} {A} to be {N}
(make|get) the {A} of the {D} {N}
could the {A} be {N}
bring the {D} {A} to {N}
the {A} should be {N}
let's have the {A} at {N}
not {O}, {N} for the {A}
change the {A} from {O} to {N}
(adjust|change) {A} to {N} on the {D}
the {D} in the {P}: {A} {N}
"""
UP_EN = """
[please |can you |could you ](raise|increase|turn up|bump up|boost) the [{D} ]{A} by {N}
(raise|increase) {A} by {N}[ please]
{A} up [by ]{N}
(make|set) the {A} {N} higher
add {N} to the {A}
the {A} is too low, (raise|increase) it by {N}
I want the {A} {N} higher
{N} more {A}
"""
DOWN_EN = """
[please |can you |could you ](lower|decrease|turn down|reduce|drop) the [{D} ]{A} by {N}
(lower|decrease|reduce) {A} by {N}[ please]
{A} down [by ]{N}
(make|set) the {A} {N} lower
take {N} off the {A}
the {A} is too high, (lower|reduce) it by {N}
I want the {A} {N} lower
{N} less {A}
"""
UP_VAGUE_EN = """
(raise|increase|turn up|bump up) the [{D} ]{A} [a bit|a little|slightly]
the {A} is [way |much |a bit ]too low
a (little|bit) more {A}[ please]
more {A}
"""
DOWN_VAGUE_EN = """
(lower|decrease|turn down|reduce) the [{D} ]{A} [a bit|a little|slightly]
the {A} is [way |much |a bit ]too high
a (little|bit) less {A}[ please]
less {A}
"""
GET_EN = """
(what is|what's) the [current ][{D} ]{A}[ right now| now| today][?]
(tell|show) me the [current ][{D} ]{A}[ please]
(how much|what) {A} (is there|do we have|am I at|have I got)[ now| today| so far][?]
(check|get|read|show|look up) [my |the ][{D} ]{A}[ for me| please| now]
can you (tell me|check|look up|show me) [my |the ]{A}[?]
I (want|need|'d like) to (know|see|check) [my |the ]{A}
{A}[?]
my {A}[ please|?]
do you know [my |the ]{A}[?]
(how high|how good|how big) is [my |the ]{A}[?]
(what about|how about) [my |the ]{A}[?]
what does [my |the ]{A} look like[ now| today][?]
give me (my|the) {A}[ please]
I just got home, what's (my|the) {A}[?]
"""
ON_EN = """
[please |can you |could you ](turn on|switch on|start|power up|activate) the {D}[ please| now]
(turn|switch) the {D} on[ please]
{D} on
start the {D} in the {P}
I (need|want) the {D} (on|running)
get the {D} (going|running|started)
"""
OFF_EN = """
[please |can you |could you ](turn off|switch off|stop|shut down|deactivate) the {D}[ please| now]
(turn|switch|shut) the {D} off[ please]
{D} off
stop the {D} in the {P}
I (don't need|am done with) the {D} (anymore|now)
"""
OPEN_EN = """
[please |can you |could you ](open|unlock) the {D}[ please| now]
open up the {D}
I want the {D} open
"""
CLOSE_EN = """
[please |can you |could you ](close|shut|lock) the {D}[ please| now]
I want the {D} closed
"""
CHOICE_EN = """
[please |can you |could you ](set|change|switch) the {D} {A} to {V}
(set|put|switch) the {D} (to|on) {V}
(use|choose|pick|select) [the ]{V} {A}[ on the {D}]
{D} {A} {V}
{V} {A}[ please]
I('d like| want) the {A} to be {V}
(change|make) the {A} {V}
go to {V} {A}
the {A} should be {V}
not {W} but {V}
change the {A} from {W} to {V}
instead of {W}, use {V}
"""

BECAUSE_KO = (
    "손님이 와서",
    "시끄러워서",
    "이제 자야 하니까",
    "아이가 자고 있으니까",
    "너무 바빠서",
    "밖에 나가야 해서",
    "오늘은 피곤하니까",
    "날이 흐려서",
    "방금 집에 왔는데",
    "비가 오니까",
    "친구가 온다고 해서",
    "공부해야 하니까",
    "몸이 안 좋아서",
    "곧 나갈 거니까",
    "잘 안 보여서",
    "아까부터 불편했는데",
    "답답해서 그러는데",
    "추운 것 같은데",
    "더운 것 같아서",
    "요즘 계속 이래서",
    "사람이 많아서",
    "아직 모자란 것 같으니까",
)
BEFORE_KO = (
    "야",
    "저기",
    "저기요",
    "있잖아",
    "혹시",
    "미안한데",
    "지금",
    "그럼",
    "자",
    "음",
    "일단",
    "오늘은",
    "빨리",
    "얼른",
    "죄송한데요",
    "참",
)
BEHIND_KO = ("고마워", "빨리", "지금 바로", "부탁이야", "얼른", "고맙습니다", "알겠지", "제발")
BECAUSE_EN = (
    "I just got home,",
    "guests are coming,",
    "it's noisy,",
    "before I go to bed,",
    "I'm in a hurry,",
    "the kids are asleep,",
    "I feel tired,",
    "my doctor asked me,",
    "I went out for a walk this morning,",
    "it's getting late,",
    "after a long day,",
    "I'm curious,",
    "since it rains,",
)
BEFORE_EN = ("hey,", "hi,", "okay,", "so", "um,", "well,", "quick question:", "excuse me,", "now", "alright,")
BEHIND_EN = ("thanks", "right now", "for me", "if you can", "thank you", "quickly")

JOIN_KO = ("{X} 그리고 {Y}", "{X} 다음에 {Y}", "{X}, {Y}", "{X} 그다음 {Y}", "{X}. {Y}", "{X} 또 {Y}")
JOIN_EN = ("{X} and {Y}", "{X}, then {Y}", "{X} and also {Y}", "{X}, {Y}", "first {X}, then {Y}")

SERVICES_KO = {
    "send_message": (
        "R B",
        "send a message to a person",
        """
{R}(한테|에게) {B}라고 [문자 |메시지 ]<보내다/전하다/남기다>
{R}(한테|에게) 메시지 <보내다>, 내용은 {B}
{B}라고 {R}(한테|에게) <보내다/전하다/말하다>
{R}(한테|에게) 문자로 {B} <보내다>
""",
    ),
    "call_contact": (
        "R",
        "call a person",
        """
{R}(한테|에게) [좀 ]전화 <걸다/하다>
{R} 전화 연결<하다>
{R을/를} <부르다:고 싶어>, 전화<걸다>
{R과/와} 통화<하다:고 싶어>
""",
    ),
    "add_to_cart": (
        "I Q",
        "put an item into the shopping cart",
        """
{I} {Q}개 [장바구니에 ]<담다/넣다/추가하다>
장바구니에 {I} {Q}개 <담다/넣다>
{I을/를} {Q}개 <사다/주문하다:고 싶어>
{I} {Q}개만 <주문하다/사다/담다>
""",
    ),
    "get_weather": (
        "C",
        "weather of a city",
        """
[오늘 |내일 ]{C} 날씨 [좀 ]<알리다/말하다/보이다>
{C} 날씨 어때[?]
{C은/는} 지금 날씨가 어떤가요[?]
{C}에 비 오는지 <알리다/확인하다>
""",
    ),
    "book_taxi": (
        "C",
        "order a taxi to a place",
        """
{C}까지 택시 <부르다/잡다/예약하다>
{C} 가는 택시 <부르다/잡다>
택시로 {C}에 <가다:고 싶어>
""",
    ),
    "create_memo": (
        "B",
        "write a memo",
        """
{B}라고 메모<하다>
메모장에 {B}라고 <적다/쓰다/남기다>
{B} [이거 ]메모 [좀 ]<남기다/하다>
""",
    ),
    "search_recipe": (
        "I",
        "find a recipe of a dish",
        """
{I} 레시피 [좀 ]<찾다/알리다/보이다>
{I} 만드는 법 <알리다/찾다>
{I} 어떻게 만들어[?]
{I을/를} <만들다:고 싶어>
""",
    ),
    "start_timer": (
        "Q",
        "start a timer",
        """
{Q}분 타이머 <맞추다/켜다/시작하다>
타이머 {Q}분[으로 <맞추다>]
{Q}분 뒤에 <알리다>
{Q}분만 <재다>
""",
    ),
    "set_alarm": (
        "Q",
        "set an alarm at an hour",
        """
{Q}시에 <깨우다>
{Q}시 알람 <맞추다/켜다/설정하다>
알람을 {Q}시로 <맞추다/설정하다>
{Q}시에 알람 울리게 <하다>
""",
    ),
    "translate_word": (
        "I",
        "translate a word",
        """
{I을/를} [영어로 ]<번역하다>
{I이/가} 영어로 뭐야[?]
{I} 번역 [좀 ]<하다>
""",
    ),
}
SERVICES_EN = {
    "send_message": (
        "R B",
        "send a message to a person",
        """
(text|message|tell) {R} {B}
send [a message to ]{R}: {B}
let {R} know {B}
send {R} a text saying {B}
""",
    ),
    "call_contact": (
        "R",
        "call a person",
        """
[please |can you ](call|phone|ring|dial) {R}[ please| now]
I want to talk to {R}
start a call with {R}
""",
    ),
    "add_to_cart": (
        "I Q",
        "put an item into the shopping cart",
        """
(add|put) {Q} {I} (to|in) [my |the ]cart
(order|buy|get) {Q} {I}[ please]
I need {Q} {I}
""",
    ),
    "get_weather": (
        "C",
        "weather of a city",
        """
(what's|how is) the weather (in|like in) {C}[?]
weather (for|in) {C}
is it raining in {C}[?]
""",
    ),
    "book_taxi": (
        "C",
        "order a taxi to a place",
        """
(book|get|call|order) [me ]a (taxi|cab) to {C}
I need a ride to {C}
take me to {C} by taxi
""",
    ),
    "create_memo": (
        "B",
        "write a memo",
        """
(write|take|make) a (memo|note): {B}
(note|write) down {B}
remember this: {B}
""",
    ),
    "search_recipe": (
        "I",
        "find a recipe of a dish",
        """
(find|show me|look up) a recipe for {I}
how do I (make|cook) {I}[?]
{I} recipe[ please]
""",
    ),
    "start_timer": (
        "Q",
        "start a timer",
        """
(set|start) a timer for {Q} minutes
{Q} minute timer[ please]
tell me in {Q} minutes
""",
    ),
    "set_alarm": (
        "Q",
        "set an alarm at an hour",
        """
wake me [up ]at {Q}
(set|make) an alarm for {Q}[ o'clock]
alarm at {Q}
""",
    ),
    "translate_word": (
        "I",
        "translate a word",
        """
translate {I}[ for me]
what is {I} in Korean[?]
how do you say {I} in Korean[?]
""",
    ),
}

CHAT_KO = """
안녕[하세요]
고마워[요]
오늘 (기분|하루) 어때[요][?]
(농담|재미있는 이야기) 하나 <하다>
너는 (누구야|이름이 뭐야|몇 살이야)
(한국의 수도|가장 높은 산|가장 긴 강)[은] (어디야|뭐야|알려 줘)
나 (심심해|피곤해|배고파|졸려|기분이 좋아)
(아까|어제|지난주에) {D을/를} (켰어|껐어|샀어|고쳤어)
{D이/가} (고장 난 것 같아|마음에 들어|시끄러워|예쁘다)
{D은/는} (얼마에 팔아|어디서 사|누가 만들었어)[?]
(잘 자|잘 있어|다녀올게|좋은 아침|수고했어)
(요즘|오늘) 뭐 하고 지내[?]
{D} (청소는 어떻게 해|수명은 얼마나 돼|원리가 뭐야)[?]
(주말|휴가)에 뭐 <하다:을까>
사랑이 뭐라고 생각해[?]
"""
CHAT_EN = """
(hello|hi|hey)[ there]
(thanks|thank you)[ so much]
how are you[ today][?]
tell me a (joke|story)
(who|what) are you[?]
what is the capital of France[?]
I'm (bored|tired|hungry|happy)
I (bought|fixed|sold) the {D} yesterday
the {D} (looks nice|is noisy|seems broken)
(who invented|how does one clean|where can I buy) the {D}[?]
(good night|good morning|see you)
what should I (do|eat|wear) today[?]
"""
ANSWERS_CHAT_KO = (
    "네, 무엇을 도와드릴까요?",
    "저는 기기를 다루는 도우미예요.",
    "말씀 고마워요. 필요한 것이 있으면 알려 주세요.",
    "그건 제가 답하기 어려워요.",
)
ANSWERS_MISSING_KO = (
    "죄송하지만 그 기능은 없어요.",
    "그건 제가 할 수 없는 일이에요.",
    "지금 쓸 수 있는 기능으로는 어려워요.",
)
ANSWERS_ASK_KO = ("{A을/를} 얼마로 할까요?", "{A은/는} 얼마로 맞출까요?", "{A} 값을 알려 주세요.")
ANSWERS_CHAT_EN = (
    "Hello! How can I help?",
    "I'm an assistant that controls devices.",
    "Thanks! Tell me if you need something.",
    "I can't answer that.",
)
ANSWERS_MISSING_EN = (
    "Sorry, I have no function for that.",
    "I can't do that.",
    "None of my functions fits that.",
)
ANSWERS_ASK_EN = ("What should the {A} be?", "Which {A} would you like?")
ASK_KO = """
{D} {A} [좀 ]<맞추다/설정하다/바꾸다>
{A을/를} <바꾸다/설정하다/조절하다>
{A} 설정 [좀 ]<하다>
"""
ASK_EN = """
(set|change) the [{D} ]{A}
I want to (set|change) the {A}
"""
