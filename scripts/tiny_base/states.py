"""Korean words for how things are, each of which asks for a change, for the third stage of pretraining."""

from __future__ import annotations

from collections.abc import Mapping

from scripts.tiny_base.language import lines, listed

FELT: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    slug: (listed(low), listed(high))
    for slug, low, high in (
        ("brightness", "어둡다 | 침침하다 | 컴컴하다 | 캄캄하다", "밝다 | 눈부시다 | 환하다"),
        ("volume", "조용하다 | 작다", "시끄럽다 | 크다 | 요란하다"),
        (
            "heat",
            "춥다 | 차갑다 | 미지근하다 | 썰렁하다 | 서늘하다 | 쌀쌀하다",
            "덥다 | 뜨겁다 | 후끈하다 | 무덥다 | 따갑다",
        ),
        ("water_temperature", "차갑다 | 미지근하다 | 서늘하다", "뜨겁다 | 따갑다"),
        ("humidity", "건조하다 | 칼칼하다", "눅눅하다 | 습하다 | 축축하다"),
        ("speed", "느리다 | 답답하다", "빠르다 | 어지럽다"),
        ("intensity", "약하다", "세다 | 강하다"),
        ("pressure", "약하다", "세다 | 강하다"),
        ("power", "약하다", "세다 | 강하다"),
        ("flow", "약하다 | 적다", "세다 | 많다"),
        ("height", "낮다", "높다"),
        ("zoom", "작다", "크다"),
        ("font_size", "작다", "크다"),
        ("concentration", "연하다 | 싱겁다", "진하다 | 짜다"),
        ("salinity", "싱겁다 | 밍밍하다", "짜다"),
        ("thickness", "얇다", "두껍다"),
        ("depth", "얕다", "깊다"),
        ("water_level", "얕다 | 적다", "깊다 | 많다"),
        ("grind", "곱다", "굵다"),
        ("distance", "가깝다", "멀다"),
        ("duration", "짧다", "길다"),
        ("interval", "짧다", "길다"),
        ("weight", "가볍다", "무겁다"),
        ("sensitivity", "둔하다", "예민하다"),
        ("contrast", "흐리다", "진하다"),
    )
}
"""States that say a quantity is too low or too high."""

TOO = lines("""
너무 <^:어>
[{D} ](너무|좀|왜 이렇게|되게|엄청) <^:어[요]>
[{D} ](너무|좀|아직|꽤) (<^:네>|<^:은데>|<^:은데요>|<^:습니다>|<^:다>)
<^:은> (것 같아|것 같은데|듯|편이야|느낌이야)
[{D} ](좀|너무) <^:은> (것 같아|것 같아요|듯해|감이 있어|거 아니야)
<^:어서> (힘들어|못 살겠어|안 되겠어|불편해|짜증 나)
{D이/가} (너무|좀|살짝) <^:어>
{D} <^:어서> (힘들어|안 되겠어|못 쓰겠어)
<^:으니까> 어떻게 좀 <하다>
<^:은데> (조절 좀|어떻게 안 될까|방법 없을까)
여기 (왜 이렇게|너무) <^:어>
{R이/가} <^:다고> (하네|해|그래|난리야)
{D} <^:다고> {R이/가} 그러네
<^:어>, 좀 <^반대:게> <하다>
안 <^:게> 좀 <하다>
덜 <^:게> <하다>
(더|좀 더|조금 더|지금보다|훨씬) <^반대:게> <하다/만들다>
[{D} ](더|좀|조금 더) <^반대:었으면> (해|좋겠어|좋겠는데)
<^반대:으면> (좋겠다|좋을 텐데|좋겠어요)
[{D} ]덜 <^:었으면> (해|좋겠어)
{D} (더|좀 더) <^반대:게> <하다/만들다>
하나도 안 <^반대:어>
[{D} ]별로 안 <^반대:네>
{A} 때문에 <^:어>
{A이/가} (너무|좀) <^:어>
{A이/가} <^:은> 것 같아
""")
"""A state <^> that a change would end, or its opposite, which is wished for."""

REASONS = lines("""
<^:으니까>
<^:은데>
<^:어서>
너무 <^:어서>
좀 <^:은데>
<^:은> 것 같으니까
<^:어> 죽겠으니
<^:네>,
""")
"""Says why a change is wanted, before the request for it."""
