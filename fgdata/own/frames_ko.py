"""Korean families: in which words a deed and its arguments are asked for. Particles and endings are the pack filters'.

Frames of other splits differ in wording and structure. No native speaker has checked them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fgdata.own.korean_words import Deed
from fgdata.own.slots import Said

_MARKS = re.compile(r"V:(?P<ending>[^:]+):|REQUEST|\bDO\b|NOUN|ARGS")
REGISTERS = {"hae": 0.4, "haeyo": 0.35, "hapsyo": 0.15, "fragment": 0.1}


@dataclass(frozen=True, slots=True)
class Frame:
    """One family.

    `DO` is the object with its particle, `NOUN` the deed as a noun, `V:ENDING:` the verb with that ending, `REQUEST` the verb
    with one that asks. An argument is written for all but the last, and for the last: L its label, V its value; `V/JOSA/` and
    `L/JOSA/` take that particle.
    """

    name: str
    split: str
    registers: tuple[str, ...]
    each: str
    last: str
    with_arguments: str
    without: str


ALL = ("hae", "haeyo", "hapsyo")
FRAMES = (
    Frame("direct", "train", ALL, "L/은/는/ V/으로/로/", "L/은/는/ V/으로/로/", "ARGS DO REQUEST", "{{ maybe(pick('지금', '먼저')) }} DO REQUEST"),
    Frame("noun_pairs", "train", ALL, "L V,", "L V", "ARGS 조건으로 DO {{ maybe('좀') }} REQUEST", "{{ pick('가능하면', '괜찮으면', '시간 되면') }} DO {{ maybe('좀') }} REQUEST"),
    Frame("i_want", "train", ("hae",), "L/은/는/ V/이고/고/", "L/은/는/ V/이야/야/", "DO V:고 싶은데: ARGS", "{{ pick('나', '난') }} DO V:고 싶은데: {{ pick('해 줄래', '부탁할게', '도와줘') }}"),
    Frame("i_am_about_to", "train", ("haeyo",), "L/은/는/ V,", "L/은/는/ V/이에요/예요/", "DO V:으려고 하는데요:, ARGS", "{{ pick('제가', '지금') }} DO V:으려고 하는데요: {{ pick('부탁해요', '도와주세요') }}"),
    Frame("headline", "train", ("fragment",), "L V,", "L V", "NOUN, ARGS", "NOUN {{ pick('요청', '요망', '바로') }}"),
    Frame("put_in", "train", ALL, "L에 V,", "L에 V/을/를/", "ARGS 넣어서 DO REQUEST", "{{ pick('이번에도', '한 번 더', '이번에는') }} DO REQUEST"),
    Frame("formal", "train", ("hapsyo",), "L V,", "L V입니다", "ARGS. DO V:어 주시기 바랍니다:", "{{ pick('번거로우시겠지만', '바쁘시겠지만') }} DO V:어 주시기 바랍니다:"),
    Frame("have_to", "validation", ("hae",), "L/이/가/ V/이고/고/", "L/이/가/ V/이거든/거든/", "DO V:어야 하는데: ARGS", "{{ pick('오늘', '이제') }} DO V:어야 하는데: {{ pick('대신 해 줄 수 있어', '네가 해 줄래') }}"),
    Frame("could_one", "validation", ("haeyo",), "L/이/가/ V,", "L/이/가/ V인", "ARGS 걸로 DO V:을 수 있을까요:", "혹시 {{ pick('여기서', '지금 바로') }} DO V:을 수 있을까요:"),
    Frame("time_has_come", "test", ("haeyo",), "L/으로/로/는 V/이/가/ 좋겠고", "L/으로/로/는 V/이/가/ 좋겠어요", "DO V:을 때가 됐네요:. ARGS", "{{ pick('슬슬', '어느덧') }} DO V:을 때가 됐네요:"),
    Frame("taking_it_as", "test", ("hae",), "V/을/를/ L/으로/로/,", "V/을/를/ L/으로/로/", "ARGS 잡고 DO V:는 걸로 하자:", "{{ pick('그럼', '그러면') }} DO V:는 걸로 하자:"),
    Frame("intend", "test", ("hapsyo",), "L: V,", "L: V", "다음과 같이 DO V:고자 합니다:. ARGS", "{{ pick('금일', '본인은') }} DO V:고자 합니다:"),
)  # fmt: skip

TALK = (
    ("thanks", "train", "haeyo", "{{ maybe(pick('음', '아', '저기', '있잖아')) }} {{ pick('고마워요', '감사해요') }} {{ pick('덕분에 살았어요', '정말 도움이 됐어요', '늘 든든해요') }}"),
    ("hello", "train", "hae", "{{ maybe(pick('음', '아', '저기', '있잖아')) }} {{ pick('안녕', '반가워') }} {{ pick('오랜만이야', '잘 있었어', '또 왔어') }}"),
    ("how_are_you", "train", "haeyo", "{{ maybe(pick('음', '아', '저기', '있잖아')) }} {{ pick('오늘', '요즘') }} {{ pick('기분이 어때요', '어떻게 지내요', '별일 없어요') }}"),
    ("weary", "train", "hae", "{{ maybe(pick('음', '아', '저기', '있잖아')) }} {{ pick('나', '나는') }} {{ pick('요즘', '오늘따라') }} {{ pick('좀 피곤하네', '기운이 없어', '기분이 좋아') }}"),
    ("joke", "train", "hae", "{{ maybe(pick('음', '아', '저기', '있잖아')) }} {{ pick('방금 그 말', '그 얘기') }} {{ pick('진짜 웃겼어', '재미있었어', '마음에 들어') }}"),
    ("who_are_you", "train", "hapsyo", "{{ maybe(pick('음', '아', '저기', '있잖아')) }} {{ pick('당신은', '거기는') }} {{ pick('누구입니까', '어떤 분입니까') }}"),
    ("wait", "train", "haeyo", "{{ maybe(pick('음', '아', '저기', '있잖아')) }} {{ pick('잠깐만요', '잠시만요') }} {{ pick('생각 좀 할게요', '전화가 왔어요', '아직 준비가 안 됐어요') }}"),
    ("good_night", "validation", "hae", "{{ maybe(pick('음', '아', '저기', '있잖아')) }} {{ pick('잘 자', '나 먼저 잘게') }} {{ pick('내일 보자', '좋은 꿈 꿔') }}"),
    ("sorry", "validation", "haeyo", "{{ maybe(pick('음', '아', '저기', '있잖아')) }} {{ pick('미안해요', '죄송해요') }} {{ pick('제가 착각했어요', '말이 헛나왔어요') }}"),
    ("weekend", "test", "haeyo", "{{ maybe(pick('음', '아', '저기', '있잖아')) }} {{ pick('지난 주말은', '어제 모임은') }} {{ pick('참 즐거웠어요', '조금 지루했어요', '너무 짧았어요') }}"),
    ("opinion", "test", "hae", "{{ maybe(pick('음', '아', '저기', '있잖아')) }} 너도 {{ pick('비 오는 날', '옛날 영화', '산책') }} {{ pick('좋아해', '즐기는 편이야') }} ?"),
    ("never_mind", "test", "hae", "{{ maybe(pick('음', '아', '저기', '있잖아')) }} {{ pick('아무것도 아니야', '신경 쓰지 마') }} {{ pick('혼잣말이었어', '그냥 해 본 말이야') }}"),
)  # fmt: skip
TALK_ANSWERS = ("필요한 것이 있으면 말씀해 주세요.", "네. 할 일이 생기면 알려 주세요.")
MISSING_ANSWERS = ("그 일을 할 수 있는 기능이 없어요.", "지금 쓸 수 있는 기능으로는 할 수 없어요.")


def ask_answers(label: str) -> tuple[str, ...]:
    """What the model says where a parameter is missing; a template of an answer."""
    word = _quoted(label)
    return (
        f"{{{{ {word} | josa('을/를') }}}} 알려 주세요.",
        f"{{{{ {word} | josa('은/는') }}}} 무엇으로 할까요?",
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", " ") + "'"


def _argument(pattern: str, one: Said) -> str:
    """One argument in the words of a frame."""
    text, last = "", one.slots[-1]
    before = "".join(f"{{{{ {slot} }}}}, " for slot in one.slots[:-1])
    rest = pattern
    while rest:
        sign, rest = rest[0], rest[1:]
        if sign not in "LV":
            text += sign
            continue
        particle = ""
        if rest.startswith("/"):
            first, second, rest = rest[1:].split("/", 2)
            particle = f"{first}/{second}"
        if sign == "L":
            text += f"{{{{ {_quoted(one.label)} | josa('{particle}') }}}}" if particle else one.label
        elif not particle:
            text += f"{before}{{{{ {last} }}}}"
        elif one.takes_particles:
            text += f"{before}{{{{ {last} | josa('{particle}') }}}}"
        else:  # nobody can tell how it ends when read aloud: the particle goes to a noun after it
            text += f"{before}{{{{ {last} }}}} {{{{ '값' | josa('{particle}') }}}}"
    return text


def clause(said: Sequence[Said], frame: Frame) -> str:
    """The arguments in words; the test's frames name them the other way round."""
    listed = list(said)[::-1] if frame.split == "test" else list(said)
    return " ".join(
        _argument(frame.last if n == len(listed) - 1 else frame.each, one) for n, one in enumerate(listed)
    )


def templates(frame: Frame, deeds: Sequence[Deed], said: Sequence[Said]) -> list[str]:
    """The family's templates, one for each way to say what the tool does."""
    text = frame.with_arguments if said else frame.without
    return list(dict.fromkeys(_filled(text, deed, clause(said, frame)) for deed in deeds))


def _filled(text: str, deed: Deed, arguments: str) -> str:
    """The frame with its marks replaced, in one pass."""

    def of(mark: re.Match[str]) -> str:
        if mark["ending"]:
            # Endings with 주다 and those that ask are the hearer's; all others are said of oneself.
            is_asked = mark["ending"].startswith(("어 주", "을 수 있을까"))
            return f"{{{{ '{deed.lemma if is_asked else deed.own_lemma}' | verb('{mark['ending']}') }}}}"
        if mark[0] == "REQUEST":
            return f"{{{{ '{deed.lemma}' | request }}}}"
        if mark[0] == "DO":
            return f"{{{{ {_quoted(deed.thing)} | josa('{deed.particle}') }}}}"
        return deed.noun if mark[0] == "NOUN" else arguments

    return _MARKS.sub(of, text)
