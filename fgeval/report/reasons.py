"""Why points were lost, in Korean. Scoring writes its reasons in English, for programs too; a report says them in its language.

Every sentence that scoring and reading can write stands in `REASONS` with its fields; a field is data, or another of the sentences.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

REASONS: Mapping[str, str] = {
    # fgeval.score
    "does not read as a call at character {n}: {why}": "{n}번째 글자에서 호출로 읽히지 않음: {why}",
    "written oddly at character {n}: {why}": "{n}번째 글자의 표기가 형식에 어긋남: {why}",
    "not in its place: {calls}": "순서가 맞지 않음: {calls}",
    "the calls stand in another order: expected {due}, got {made}": "호출 순서가 다름: 정답 {due}, 출력 {made}",
    "no call was made, expected {calls}": "호출이 없음, 정답 {calls}",
    "no call was due, got {calls}": "호출하지 말아야 하는데 {calls} 호출",
    "not called: {calls}": "호출하지 않음: {calls}",
    "called without being due: {calls}": "필요 없는 호출: {calls}",
    "{name} is not a declared tool": "{name}: 선언되지 않은 도구",
    "cut off at the token limit": "토큰 한도에서 잘림",
    "gold says that a call is due, and not which": "정답에는 호출해야 한다는 것만 있고 어떤 호출인지는 없음",
    # fgeval.matching
    "{where}: missing, expected {value}": "{where}: 누락, 정답 {value}",
    "{where}: not expected, got {value}": "{where}: 정답에 없는 인자, 출력 {value}",
    "{where}: expected {value}, got {other}, left in the language of the request": "{where}: 정답 {value}, 출력 {other}, 요청에 쓰인 언어 그대로 남음",
    "{where}: expected {value}, got {other}": "{where}: 정답 {value}, 출력 {other}",
    "expected {due}, got {made}": "정답 {due}, 출력 {made}",
    # fgeval.profiles.bfcl, functionchat
    "a call was due, none was made": "호출해야 하는데 호출이 없음",
    "no call was due, one was made": "호출하지 말아야 하는데 호출함",
    "nothing that was written reads as a call": "출력에서 호출로 읽히는 것이 없음",
    "{n} calls were due, {m} were made": "필요한 호출 {n}개, 실제 호출 {m}개",
    "no call fits {name}: {why}": "{name}에 맞는 호출이 없음: {why}",
    "a turn of type {kind} is left to the language-model judge": "{kind} 유형의 턴은 언어 모델 심판의 몫",
    "BFCL's checker breaks off: {type} ({error})": "BFCL 검사기가 멈춤: {type} ({error})",
    "call {n}: {why}": "{n}번째 호출: {why}",
    "the required argument {name} is missing": "필수 인자 {name} 누락",
    "the argument {name} is missing, and gold does not let it be left out": "인자 {name} 누락, 정답에서 생략할 수 없는 인자임",
    "the argument {name} is not expected": "인자 {name}: 정답에 없는 인자",
    "{name}: {value} is none of {accepted}": "{name}: {value}, 인정되는 값 {accepted}에 없음",
    "{name}: {value} is {type}, not {stated}": "{name}: {value}의 타입이 {type}, 선언은 {stated}",
    "{where}: not in the answer, got {value}": "{where}: 정답에 없는 인자, 출력 {value}",
    "the missing value was not asked for": "빠진 값을 묻지 않음",
    "its arguments are no JSON object": "인자가 JSON 객체가 아님",
    # fgdata.format: why text does not read
    "what follows the stop token {token} is not read": "정지 토큰 {token} 뒤의 글은 읽지 않음",
    "{text} has no place here": "{text}: 이 자리에 올 수 없음",
    "after {token} comes no `call:name{`": "{token} 뒤에 `call:name{`이 없음",
    "the call of {name} does not read: {why}": "{name} 호출을 읽을 수 없음: {why}",
    "the completion holds more than {n} values": "출력에 값이 {n}개보다 많음",
    "nested more than {n} deep": "{n}겹보다 깊게 겹침",
    "a string is never closed": "닫히지 않은 문자열",
    "the text ends before its braces close": "괄호가 닫히기 전에 글이 끝남",
    "the key {key} is given twice; the last value counts": "키 {key}가 두 번 나옴, 마지막 값을 씀",
    "a number too large to be read ({n} characters); it is kept as a string": "읽을 수 없이 큰 수({n}자), 문자열로 둠",
    "{why} before {found}": "{found} 앞: {why}",
    "a value is missing": "값이 빠짐",
    "a key and its `:` are missing": "키와 `:`이 빠짐",
    "`:` is missing after {key}": "{key} 뒤에 `:`이 빠짐",
    "{what} is missing": "{what} 빠짐",
    # fgeval.compare: warnings
    "only {n} template families: below {few} the intervals and tests by family are a rough guide": "템플릿 계열이 {n}개뿐입니다. {few}개보다 적으면 계열별 구간과 검정은 대략의 값입니다",
    "no item states a template family: all are taken for independent": "템플릿 계열이 적힌 문항이 없어 모두 독립으로 보았습니다",
    "{n} items state no template family; each counts as one of its own": "문항 {n}개에는 템플릿 계열이 없어 저마다 한 계열로 셉니다",
}  # fmt: skip
"""English sentence -> the Korean one, more special ones first."""
_NESTED = frozenset({"why"})
_OF_A_CALL = re.compile(r"call \d+: ")


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    compiled = []
    for english, korean in REASONS.items():
        parts = re.split(r"\{(\w+)\}", english)
        pattern = "".join(
            re.escape(part) if not number % 2 else f"(?P<{part}>{_shape(part)})"
            for number, part in enumerate(parts)
        )
        compiled.append((re.compile(pattern, re.DOTALL), korean))
    return tuple(compiled)


def _shape(field: str) -> str:
    """What a field looks like: a place (tool.parameter) has no blanks, numbers are digits, the rest is anything."""
    return {"where": r"[^\s:]+", "n": r"[\d,.]+", "m": r"\d+", "few": r"\d+", "type": r"\w+"}.get(
        field, ".+?"
    )


def reason_in_korean(text: str) -> str:
    """A reason in Korean; what is no sentence of ours stays as it is."""
    for pattern, korean in _patterns():
        if found := pattern.fullmatch(text):
            fields = found.groupdict()
            for name in _NESTED & fields.keys():
                fields[name] = "; ".join(map(reason_in_korean, split_reasons(fields[name])))
            return re.sub(r"\{(\w+)\}", lambda one: fields[one[1]], korean)  # noqa: B023
    return text


def split_reasons(text: str) -> list[str]:
    """The sentences of one text that `; ` joins. A `; ` inside of a sentence or a value, behind which none of ours begins, joins nothing."""
    first, mark, rest = text.partition("; ")
    while mark:
        is_part = _OF_A_CALL.match(rest) and not _OF_A_CALL.match(text)  # of `no call fits`
        if not is_part and _is_known(first) and all(map(_is_known, found := split_reasons(rest))):
            return [first, *found]
        more, mark, rest = rest.partition("; ")
        first = f"{first}; {more}"
    return [text]


def _is_known(text: str) -> bool:
    return any(pattern.fullmatch(text) for pattern, _ in _patterns())
