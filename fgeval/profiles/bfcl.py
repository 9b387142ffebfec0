"""`bfcl`: the verdict and the error type of the Berkeley leaderboard's AST checker (bfcl-eval 2026.3.23), for comparison with its numbers.

Its weak points are part of it: "-5" equals "5", enums and ranges are never looked at, parallel calls are matched greedily. The
other measures of an item (arguments, decision, schema) are those of `strict`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fgdata.format import Completion
from fgdata.gold import Gold, GoldCall
from fgdata.schema import Call, Tool, same_value
from fgeval.profiles import Judgement, Profile
from fgeval.profiles.strict import read_call

_TYPES: Mapping[str, type] = {
    "string": str,
    "integer": int,
    "float": float,
    "boolean": bool,
    "array": list,
    "tuple": list,
    "dict": dict,
    "any": str,
}
_NAMES_OF_TYPES = {"number": "float", "object": "dict"}
"""JSON Schema's words in BFCL's, for tools that were never in BFCL's form."""
_IGNORED = str.maketrans(dict.fromkeys(" ,./-_*^", ""))
_ONE = "simple_function_checker"
_ANY_ORDER = "parallel_function_checker_no_order"

Found = tuple[str, str]
"""Error type and reason; both empty if there is none."""
_FINE: Found = ("", "")


def judge(
    expected: tuple[Call, ...], gold: Gold | None, completion: Completion, tools: Mapping[str, Tool]
) -> Judgement:
    """What BFCL's checker says; no verdict where it raises instead (types it does not know, among others).

    Values are taken as they were written: an escaped `2` is a string. A row without gold of BFCL's is judged by its answer.
    """
    gold = gold if gold is not None and gold.layout == "bfcl" else _gold_of(expected, tools)
    category, calls = gold.category, completion.calls
    if "relevance" in category:  # irrelevance, too
        return _judge_relevance(category, calls)
    if "java" in category:
        return Judgement(None, reason=f"the rules of {category!r} are not reproduced, only those for Python")
    if not calls and completion.problems:
        return Judgement(False, "ast_decoder:decoder_failed", "nothing that was written reads as a call")
    documents = gold.tools or tuple(map(_document_of, tools.values()))
    try:
        error_type, reason = _check(category, calls, gold.calls, documents)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        return Judgement(None, reason=f"BFCL's checker breaks off: {type(error).__name__} ({error})")
    return Judgement(not error_type, error_type, reason)


def _judge_relevance(category: str, calls: Sequence[Call]) -> Judgement:
    if "irrelevance" in category:
        if calls:
            return Judgement(False, "irrelevance_error:decoder_success", "no call was due, one was made")
        return Judgement(True)
    if calls:
        return Judgement(True)
    return Judgement(False, "relevance_error:decoder_failed", "a call was due, none was made")


def _gold_of(expected: tuple[Call, ...], tools: Mapping[str, Tool]) -> Gold:
    """The gold of a row that is not BFCL's: the answer's values, each alone."""
    if not expected:
        return Gold("bfcl", "irrelevance")
    calls = tuple(
        GoldCall(call.name, {name: [_listed(value)] for name, value in call.arguments.items()})
        for call in expected
    )
    category = "parallel" if len(calls) > 1 else "multiple" if len(tools) > 1 else "simple"
    return Gold("bfcl", category, calls)


def _listed(value: Any) -> Any:
    """A mapping as BFCL writes it: what will do for each member is a list."""
    if isinstance(value, dict):
        return {name: [item] for name, item in value.items()}
    if isinstance(value, list):
        return [_listed(item) if isinstance(item, dict) else item for item in value]
    return value


def _document_of(tool: Tool) -> dict[str, Any]:
    schema = tool.strict_schema

    def translate(part: Any) -> Any:
        if not isinstance(part, Mapping):
            return part
        kind = part.get("type")
        words = {"type": _NAMES_OF_TYPES.get(kind, kind)} if isinstance(kind, str) else {}
        return {**part, **words, **({"items": translate(part["items"])} if "items" in part else {})}

    properties = {name: translate(part) for name, part in schema.get("properties", {}).items()}
    parameters = {"properties": properties, "required": schema.get("required", [])}
    return {"name": tool.name, "parameters": parameters}


def _check(
    category: str,
    calls: Sequence[Call],
    gold: Sequence[GoldCall],
    documents: Sequence[Mapping[str, Any]],
) -> Found:
    if "parallel" in category:
        return _check_in_any_order(calls, gold, documents)
    if "multiple" in category:
        if len(calls) != len(gold):
            return "multiple_function_checker:wrong_count", _counts(calls, gold)
        return _check_one(_document_named(documents, gold[0].name), calls[0], gold[0])
    if len(calls) != 1:
        return f"{_ONE}:wrong_count", _counts(calls, gold)
    return _check_one(documents[0], calls[0], gold[0])


def _counts(calls: Sequence[Call], gold: Sequence[GoldCall]) -> str:
    return f"{len(gold)} calls were due, {len(calls)} were made"


def _document_named(documents: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    for document in documents:
        if document["name"] == name:
            return document
    raise KeyError(name)


def _check_in_any_order(
    calls: Sequence[Call], gold: Sequence[GoldCall], documents: Sequence[Mapping[str, Any]]
) -> Found:
    """Every call due takes the first free one that fits, even if another call due needs it more."""
    if len(calls) != len(gold):
        return f"{_ANY_ORDER}:wrong_count", _counts(calls, gold)
    free = list(range(len(calls)))
    for wanted in gold:
        document = _document_named(documents, wanted.name)
        reasons = []
        for number in free:
            error_type, reason = _check_one(document, calls[number], wanted)
            if not error_type:
                free.remove(number)
                break
            reasons.append(f"call {number + 1}: {reason}")
        else:
            return f"{_ANY_ORDER}:cannot_find_match", f"no call fits {wanted.name!r}: {'; '.join(reasons)}"
    return _FINE


def _check_one(document: Mapping[str, Any], call: Call, gold: GoldCall) -> Found:
    """The first thing that is wrong, in the checker's order: name, required, each argument given, the rest of gold."""
    properties, required = document["parameters"]["properties"], document["parameters"]["required"]
    if call.name != document["name"]:
        return f"{_ONE}:wrong_func_name", f"expected {document['name']!r}, got {call.name!r}"
    for name in required:
        if name not in call.arguments:
            return f"{_ONE}:missing_required", f"the required argument {name!r} is missing"
    for name, value in call.arguments.items():
        if name not in properties or name not in gold.accepts:
            return f"{_ONE}:unexpected_param", f"the argument {name!r} is not expected"
        if (found := _check_argument(name, value, properties[name], gold.accepts[name]))[0]:
            return found
    accepts: Mapping[str, Any] = gold.accepts
    for name, listed in accepts.items():
        if name not in call.arguments and "" not in listed:
            return (
                f"{_ONE}:missing_optional",
                f"the argument {name!r} is missing, and gold does not let it be left out",
            )
    return _FINE


def _check_argument(name: str, value: Any, schema: Mapping[str, Any], accepted: Any) -> Found:
    stated = schema["type"]
    wanted = _TYPES[stated]
    item_type = _TYPES[schema["items"]["type"]] if stated in ("array", "tuple") else None
    if stated == "float" and type(value) is int:
        value = float(value)
    error, is_odd = _check_type(value, accepted, wanted, item_type)
    if error:
        return error, f"{name}: {value!r} is {type(value).__name__}, not {stated}"
    # Gold of another type than the schema's is taken as it is, and compared exactly.
    if is_odd:
        error = "" if value in accepted else "value_error:others"
    elif wanted is dict:
        error = _check_mapping(value, accepted)
    elif item_type is dict:
        error = _check_mappings(value, accepted)
    elif wanted is str:
        error = "" if _plain(value) in [_plain(one) for one in accepted if type(one) is str] else "value_error:string"  # fmt: skip
    elif wanted is list:
        plain = [_plain(item) for item in value]
        error = "" if plain in [[_plain(item) for item in one] for one in accepted] else "value_error:list/tuple"  # fmt: skip
    else:
        error = "" if value in accepted else "value_error:others"
    return (error, f"{name}: {value!r} is none of {accepted!r}") if error else _FINE


def _check_type(value: Any, accepted: Any, wanted: type, item_type: type | None) -> tuple[str, bool]:
    """The type's error, and whether gold's own values have another type than the schema states."""
    own = next((type(one) for one in accepted if one != ""), None)
    is_odd = own is not None and own is not wanted
    error = "type_error:simple"
    items: Any = value
    if type(value) is wanted:
        if item_type is None:
            return "", is_odd
        for one in accepted:
            if type(one) is not list or not any(_check_type(item, one, item_type, None)[0] for item in items):
                return "", is_odd
        error = "type_error:nested"
    if own is None or type(value) is not own:
        return "type_error:simple", False
    return ("", True) if error == "type_error:simple" else (error, False)


def _check_mapping(value: Any, accepted: Any) -> str:
    """The error of a mapping; of several that will do, the last one's."""
    result = "dict_checker:unclear"
    for one in accepted:
        if one == "":
            continue
        error = ""
        for name, item in value.items():
            if name not in one:
                error = "value_error:dict_key"
                break
            if _plain(item) not in [_plain(choice) for choice in one[name]]:
                error = "value_error:dict_value"
                break
        if any(name not in value and "" not in listed for name, listed in one.items()):
            error = "value_error:dict_key"
        if not error:
            return ""
        result = error
    return result


def _check_mappings(value: Any, accepted: Any) -> str:
    result = "list_dict_checker:unclear"
    for one in accepted:
        if len(value) != len(one):
            result = "value_error:list_dict_count"
            continue
        errors = (_check_mapping(item, [wanted]) for item, wanted in zip(value, one, strict=True))
        result = next((error for error in errors if error), "")
        if not result:
            return ""
    return result


def _plain(value: Any) -> Any:
    """A text without blanks, most punctuation and capitals; anything else as it is."""
    return value.translate(_IGNORED).lower().replace("'", '"') if type(value) is str else value


PROFILE = Profile(
    name="bfcl",
    rules=(
        "The verdict of the Berkeley leaderboard's AST checker: strings without blanks, capitals and , . / - _ * ^, numbers by "
        "Python's ==, no look at enums or ranges, parallel calls matched greedily. Values are taken as written, so an escaped "
        "number is a string. Argument and tool metrics are those of strict."
    ),
    read_call=read_call,
    same_value=same_value,
    judge=judge,
)
