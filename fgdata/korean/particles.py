"""Particles that change with the sound before them: 은/는, 이/가, 을/를, 으로/로, the copula and others."""

from __future__ import annotations

from functools import lru_cache

from fgdata.errors import FgError, Problem
from fgdata.korean.reading import final_sound

# After a consonant, after a vowel. A single member names its pair; where two pairs share a member the first one wins
# (야 alone is the vocative, 이야/야 the copula).
PAIRS: tuple[tuple[str, str], ...] = (
    ("은", "는"), ("이", "가"), ("을", "를"), ("과", "와"), ("으로", "로"), ("이나", "나"), ("이랑", "랑"), ("이라도", "라도"),
    ("아", "야"), ("이야", "야"), ("이에요", "예요"), ("이었", "였"), ("이었어", "였어"), ("이었어요", "였어요"), ("이어서", "여서"),
    ("이라", "라"), ("이라서", "라서"), ("이라고", "라고"), ("이라는", "라는"), ("이란", "란"), ("이라면", "라면"), ("이고", "고"),
    ("이며", "며"), ("이면", "면"), ("이니", "니"), ("이니까", "니까"), ("이거나", "거나"), ("이든", "든"), ("이든지", "든지"),
    ("이든가", "든가"), ("이지", "지"), ("이지만", "지만"), ("이죠", "죠"), ("이네", "네"), ("이네요", "네요"), ("이거든", "거든"), ("이자", "자"),
    ("이냐", "냐"), ("이다", "다"), ("이세요", "세요"), ("이요", "요"), ("이여", "여"), ("이나마", "나마"), ("이야말로", "야말로"),
    ("은커녕", "는커녕"), ("이든가요", "든가요"), ("이었던", "였던"), ("이었는데", "였는데"), ("이었으면", "였으면"), ("이었다", "였다"),
    ("이었습니다", "였습니다"), ("이었지", "였지"), ("이라도요", "라도요"), ("이라니", "라니"), ("이라며", "라며"), ("이라든지", "라든지"), ("이라든가", "라든가"),
    ("이래", "래"), ("이래요", "래요"), ("이라서요", "라서요"), ("이구나", "구나"), ("이군", "군"), ("이군요", "군요"), ("이더라", "더라"),
    ("이던데", "던데"), ("이므로", "므로"), ("이면서", "면서"), ("이면은", "면은"), ("이신가요", "신가요"), ("이시죠", "시죠"), ("이시면", "시면"), ("이라곤", "라곤"),
    ("이니까요", "니까요"), ("이고요", "고요"), ("이라고요", "라고요"), ("이란다", "란다"), ("이거든요", "거든요"), ("이지요", "지요"), ("이잖아", "잖아"),
    ("이잖아요", "잖아요"),
)  # fmt: skip
_INVARIABLE_TEXT = (
    "도 만 에 에서 에게 한테 께 께서 의 부터 까지 보다 처럼 만큼 마다 밖에 하고 조차 마저 뿐 대로 씩 쯤 같이 에는 에도 에만 에서는 에서도 에서만 까지만"
    " 까지는 까지도 부터는 한테는 에게는 만은 만이라도 만큼은 보단 까진 에선 에서부터 한테서 에게서 밖에는 마냥 말고 말고는 치고 치고는 하고는 하고도 에까지 에다 에다가 인데 인데요 입니다 입니까 인가 인가요 일까 일까요 인지 임 더러 보고"
)
INVARIABLE = frozenset(_INVARIABLE_TEXT.split())
"""Particles of one form; `josa` takes them so that a template may choose among particles."""
_TAIL_BASES = (("으로", "로"), ("이랑", "랑"), ("과", "와"), ("이나", "나"))
_TAILS = frozenset(["는", "도", "만", "은", "의", "부터", "까지", "써", "서", "요", "만은"])


@lru_cache(maxsize=512)
def _find_pair(particle: str) -> tuple[str, str]:
    """The two forms of `particle`: after a consonant, after a vowel."""
    for bracketed, spelt in (("(으)", "으"), ("(이)", "이")):
        if particle.startswith(bracketed):
            particle = spelt + particle.removeprefix(bracketed)
    names = particle.replace("(", "/").rstrip(")").split("/")
    for pair in PAIRS:
        if set(names) == set(pair) or (len(names) == 1 and names[0] in pair):
            return pair
    if len(names) == 1 and particle in INVARIABLE:
        return particle, particle
    for base in _TAIL_BASES:
        for tail in _TAILS:
            long = (base[0] + tail, base[1] + tail)
            if set(names) == set(long) or (len(names) == 1 and names[0] in long):
                return long
    known = " ".join("/".join(pair) for pair in PAIRS)
    raise FgError(
        Problem(
            "",
            f"{particle!r} is no particle that we know.",
            f"Use one of {known}, or 도, 만, 에, 에서 and the like.",
        )
    )


@lru_cache(maxsize=65_536)
def josa(word: str, particle: str) -> str:
    """`word` with the right form of `particle`: josa("온도", "을/를") -> "온도를", josa("10", "로") -> "10으로".

    A pair or either of its members names the particle. Blanks at the end of the word go; an empty word stays empty, so
    that an optional word takes its particle along. How words that are no Hangul are read: see `final_sound`.

    Raises: FgError for an unknown particle, or a word whose end cannot be read out (漢字, an arrow).
    """
    closed, opened = _find_pair(particle)
    word = word.rstrip()
    if not word or closed == opened:
        return word and word + closed
    sound = final_sound(word)
    if sound is None:
        remedy = "Write the word in Hangul, Latin letters or digits, or put the particle in by hand."
        raise FgError(
            Problem(
                "", f"the particle {particle!r} cannot be chosen: nobody can tell how {word!r} ends.", remedy
            )
        )
    if sound == "ㄹ" and closed.startswith("으로"):
        return word + opened
    return word + (closed if sound else opened)
