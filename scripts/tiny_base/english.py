"""English patterns and words of the pretraining corpus; `language` explains their letters."""

from __future__ import annotations

from scripts.tiny_base.language import Language, lines, listed

_SWITCHES = {
    "on": lines("""
[please |can you |could you ](turn on|switch on|start|power up|activate) the {D}[ please| now]
(turn|switch) the {D} on[ please]
{D} on
start the {D} in the {P}
I (need|want) the {D} (on|running)
get the {D} (going|running|started)
"""),
    "off": lines("""
[please |can you |could you ](turn off|switch off|stop|shut down|deactivate) the {D}[ please| now]
(turn|switch|shut) the {D} off[ please]
{D} off
stop the {D} in the {P}
I (don't need|am done with) the {D} (anymore|now)
"""),
    "open": lines("""
[please |can you |could you ](open|unlock) the {D}[ please| now]
open up the {D}
I want the {D} open
"""),
    "close": lines("""
[please |can you |could you ](close|shut|lock) the {D}[ please| now]
I want the {D} closed
"""),
}

_CHANGES = {
    "up": (
        lines("""
[please |can you |could you ](raise|increase|turn up|bump up|boost) the [{D} ]{A} by {N}
(raise|increase) {A} by {N}[ please]
{A} up [by ]{N}
(make|set) the {A} {N} higher
add {N} to the {A}
the {A} is too low, (raise|increase) it by {N}
I want the {A} {N} higher
{N} more {A}
"""),
        lines("""
(raise|increase|turn up|bump up) the [{D} ]{A} [a bit|a little|slightly]
the {A} is [way |much |a bit ]too low
a (little|bit) more {A}[ please]
more {A}
"""),
    ),
    "down": (
        lines("""
[please |can you |could you ](lower|decrease|turn down|reduce|drop) the [{D} ]{A} by {N}
(lower|decrease|reduce) {A} by {N}[ please]
{A} down [by ]{N}
(make|set) the {A} {N} lower
take {N} off the {A}
the {A} is too high, (lower|reduce) it by {N}
I want the {A} {N} lower
{N} less {A}
"""),
        lines("""
(lower|decrease|turn down|reduce) the [{D} ]{A} [a bit|a little|slightly]
the {A} is [way |much |a bit ]too high
a (little|bit) less {A}[ please]
less {A}
"""),
    ),
}

_SERVICES = {
    "send_message": lines("""
(text|message|tell) {R} {B}
send [a message to ]{R}: {B}
let {R} know {B}
send {R} a text saying {B}
"""),
    "call_contact": lines("""
[please |can you ](call|phone|ring|dial) {R}[ please| now]
I want to talk to {R}
start a call with {R}
"""),
    "add_to_cart": lines("""
(add|put) {Q} {I} (to|in) [my |the ]cart
(order|buy|get) {Q} {I}[ please]
I need {Q} {I}
"""),
    "get_weather": lines("""
(what's|how is) the weather (in|like in) {C}[?]
weather (for|in) {C}
is it raining in {C}[?]
"""),
    "book_taxi": lines("""
(book|get|call|order) [me ]a (taxi|cab) to {C}
I need a ride to {C}
take me to {C} by taxi
"""),
    "create_memo": lines("""
(write|take|make) a (memo|note): {B}
(note|write) down {B}
remember this: {B}
"""),
    "search_recipe": lines("""
(find|show me|look up) a recipe for {I}
how do I (make|cook) {I}[?]
{I} recipe[ please]
"""),
    "start_timer": lines("""
(set|start) a timer for {Q} minutes
{Q} minute timer[ please]
tell me in {Q} minutes
"""),
    "set_alarm": lines("""
wake me [up ]at {Q}
(set|make) an alarm for {Q}[ o'clock]
alarm at {Q}
"""),
    "translate_word": lines("""
translate {I}[ for me]
what is {I} in Korean[?]
how do you say {I} in Korean[?]
"""),
}

_WORDS = {
    "place": listed("""
office | meeting room | garage | attic | basement | studio | classroom | yard | workshop | lobby |
study | guest room
"""),
    "person": listed("""
Mom | Dad | Alex | Maria | Dr. Lee | Sam | Grandma | Tom | Julia | Ben | Chris | Nina | Mr. Park |
Omar | Lucy | Peter
"""),
    "note": listed("""
I'll be late | bring an umbrella | take the medicine | see you at six | homework is done |
on my way home | water the plants | happy birthday | call the dentist | send the report | leaving now |
pay the bill | return the books | dinner is ready
"""),
    "item": listed("""
milk | eggs | apples | bread | paper towels | shampoo | potatoes | tofu | water bottles | noodles |
toothpaste | batteries | onions | coffee beans | rice | pencils
"""),
    "dish": listed("""
fried rice | pasta | curry | salad | pancakes | chicken soup | tacos | pizza | ramen | omelette |
steak | lasagna | stew | bibimbap
"""),
    "city": listed("""
Seoul | Busan | Paris | Tokyo | London | New York | Berlin | Madrid | Sydney | Toronto | Rome | Cairo |
Lima | Oslo | Chicago | Delhi
"""),
}

ENGLISH = Language(
    code="en",
    switches=_SWITCHES,
    changes=_CHANGES,
    services=_SERVICES,
    words=_WORDS,
    set_to=lines("""
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
"""),
    get=lines("""
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
"""),
    reading=lines("""
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
"""),
    choice=lines("""
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
"""),
    remarks=lines("""
(yesterday|earlier|last week) the {D} {A} was {N}
{R} (changed|touched|fixed) the {D} (yesterday|this morning)
(next month|some day) I (will|might) buy a new {D}
is it bad to leave the {D} on all night[?]
the {D} is already (on|off|fine)
(leave|don't touch) the {D}
I like it [just ]the way it is
what if we had no {D}[?]
"""),
    elsewhere=lines("""
how (far|long) is it to {C}[?]
where can I (buy|find) {I}[?]
find a (restaurant|pharmacy|cafe) nearby
what (day|date) is it[ today][?]
read me the news
congratulations on your (birthday|wedding|new job)
who is {R}[?]
(draw|paint) me some {I}
what should I get {R} as a present[?]
recommend a (movie|book|song)
"""),
    without_value=lines("""
(set|change) the [{D} ]{A}
I want to (set|change) the {A}
can you (adjust|change) the {A}[?]
the {A} needs to be (changed|set)
"""),
    questions=listed("What should the {A} be? | Which {A} would you like?"),
    chat=lines("""
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
"""),
    chat_answers=listed("""
Hello! How can I help? | I'm an assistant that controls devices. |
Thanks! Tell me if you need something. | I can't answer that.
"""),
    missing_answers=listed(
        "Sorry, I have no function for that. | I can't do that. | None of my functions fits that."
    ),
    because=listed("""
I just got home, | guests are coming, | it's noisy, | before I go to bed, | I'm in a hurry, |
the kids are asleep, | I feel tired, | my doctor asked me, | I went out for a walk this morning, |
it's getting late, | after a long day, | I'm curious, | since it rains,
"""),
    before=listed("hey, | hi, | okay, | so | um, | well, | quick question: | excuse me, | now | alright,"),
    behind=listed("thanks | right now | for me | if you can | thank you | quickly"),
    join=listed("{X} and {Y} | {X}, then {Y} | {X} and also {Y} | {X}, {Y} | first {X}, then {Y}"),
)
