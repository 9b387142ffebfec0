"""English from names and descriptions: the words of a name, and what a tool does as a phrase that follows "please"."""

from __future__ import annotations

import re

_SPLIT = re.compile(
    r"[^0-9A-Za-z가-힣\u3131-\u318e]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[가-힣])(?=[A-Za-z])|(?<=[A-Za-z])(?=[가-힣])"
)
_NOT_SAID = re.compile(r"[^0-9A-Za-z가-힣\u3131-\u318e .,'/+&°%€$£₩-]+")
"""What a sentence made by us never holds: brackets, quotes, and all that a template reads as its own."""
LONGEST = 12
"""Words of a description that a request repeats at most."""

VERBS = frozenset(
    [
        "accept",
        "activate",
        "add",
        "adjust",
        "analyze",
        "answer",
        "apply",
        "approve",
        "archive",
        "arrange",
        "ask",
        "assign",
        "attach",
        "authorize",
        "block",
        "book",
        "browse",
        "buy",
        "calculate",
        "call",
        "cancel",
        "capture",
        "change",
        "charge",
        "check",
        "clean",
        "clear",
        "clone",
        "close",
        "compare",
        "complete",
        "compress",
        "compute",
        "configure",
        "confirm",
        "connect",
        "convert",
        "copy",
        "count",
        "create",
        "deactivate",
        "decrease",
        "delete",
        "deny",
        "deploy",
        "describe",
        "detect",
        "disable",
        "disconnect",
        "dismiss",
        "display",
        "divide",
        "download",
        "draw",
        "edit",
        "email",
        "enable",
        "encode",
        "estimate",
        "evaluate",
        "execute",
        "export",
        "extend",
        "extract",
        "fetch",
        "fill",
        "filter",
        "find",
        "finish",
        "fix",
        "follow",
        "format",
        "forward",
        "generate",
        "get",
        "give",
        "grant",
        "hide",
        "import",
        "include",
        "increase",
        "initialize",
        "insert",
        "inspect",
        "install",
        "invite",
        "invoke",
        "join",
        "launch",
        "like",
        "limit",
        "link",
        "list",
        "load",
        "locate",
        "lock",
        "log",
        "look",
        "lower",
        "make",
        "mark",
        "measure",
        "merge",
        "message",
        "modify",
        "monitor",
        "move",
        "multiply",
        "mute",
        "name",
        "navigate",
        "notify",
        "open",
        "order",
        "organize",
        "pause",
        "pay",
        "perform",
        "pick",
        "pin",
        "place",
        "plan",
        "play",
        "plot",
        "post",
        "predict",
        "prepare",
        "press",
        "preview",
        "print",
        "process",
        "provide",
        "publish",
        "purchase",
        "push",
        "put",
        "query",
        "raise",
        "rank",
        "rate",
        "read",
        "receive",
        "recommend",
        "record",
        "redeem",
        "refresh",
        "refund",
        "register",
        "reject",
        "release",
        "reload",
        "remind",
        "remove",
        "rename",
        "render",
        "renew",
        "rent",
        "repeat",
        "replace",
        "reply",
        "report",
        "request",
        "reschedule",
        "reserve",
        "reset",
        "resize",
        "resolve",
        "restart",
        "restore",
        "resume",
        "retrieve",
        "retry",
        "return",
        "review",
        "rotate",
        "run",
        "save",
        "scan",
        "schedule",
        "search",
        "select",
        "sell",
        "send",
        "set",
        "share",
        "ship",
        "show",
        "shuffle",
        "sign",
        "simulate",
        "skip",
        "solve",
        "sort",
        "split",
        "start",
        "stop",
        "store",
        "stream",
        "submit",
        "subscribe",
        "summarize",
        "suggest",
        "suspend",
        "switch",
        "sync",
        "take",
        "tell",
        "test",
        "text",
        "track",
        "train",
        "transfer",
        "translate",
        "trigger",
        "trim",
        "turn",
        "unblock",
        "uninstall",
        "unlock",
        "unmute",
        "unsubscribe",
        "update",
        "upgrade",
        "upload",
        "use",
        "validate",
        "verify",
        "view",
        "visualize",
        "void",
        "wait",
        "wake",
        "water",
        "withdraw",
        "write",
        "zoom",
    ]
)
"""Verbs that a tool's name, or the first sentence of its description, begins with."""


def words_of(name: str) -> list[str]:
    """The words of a name: `createOrder_v2` -> create, order, v2. Capitals that are an abbreviation stay."""
    found = [word for word in _SPLIT.split(name) if word]
    return [word if word.isupper() and len(word) > 1 and len(found) > 1 else word.lower() for word in found]


def said(text: str) -> str:
    """A text without what no sentence of ours holds, on one line."""
    return " ".join(_NOT_SAID.sub(" ", text).split()).strip(" .,/+&-'")


_SHORT = {"qty": "quantity", "num": "number", "msg": "message", "desc": "description", "addr": "address", "lat": "latitude", "lon": "longitude", "lng": "longitude"}  # fmt: skip
_ALONE = {"to": "destination", "from": "origin", "when": "time", "q": "query", "n": "number", "datetime": "date and time", "timestamp": "date and time", "opts": "options", "any": "value", "where": "place", "who": "person"}  # fmt: skip
_MAILED = {"to": "recipient", "from": "sender"}
_PLACE = re.compile(
    r"\s+(?:given|based on|using|(?:for|in|at|of|from|to|with) (?:the|a|an) (?:given|specified|provided))\b.*"
)
"""Where a description goes on to its parameters, which a request names itself."""
_SWITCHES = frozenset(["option", "flag", "setting", "mode", "switch"])


def label_of(name: str, kind: str = "string", *, is_mail: bool = False) -> str:
    """A parameter's name as it is said: `checkInDate` -> check in date; where it is no noun, one is put in its place.

    Args:
        kind: the JSON type; a boolean is called an option: the force option is on.
        is_mail: whether its values are addresses of mail.
    """
    words = [_SHORT.get(word, word) for word in words_of(name)]
    if len(words) == 1:
        words = [(_MAILED if is_mail else {}).get(words[0]) or _ALONE.get(words[0], words[0])]
        if kind == "array" and words[0] in _MAILED.values():
            words[0] += "s"
    if words[-1:] == ["by"]:
        words[-1] = "key"  # sort by
    if kind == "boolean" and words and words[-1] not in _SWITCHES:
        words.append("option")
    return " ".join(words) or "value"


def name_phrase(name: str) -> str:
    """What a tool does, from its name: `get_weather` -> get the weather; `weather` -> run weather."""
    words = words_of(name)
    while len(words) > 1 and words[0] not in VERBS and words[1] in VERBS and len(words[0]) <= 12:
        words = (
            [*words[1:], "in", words[0]] if len(words) > 2 else words[::-1]
        )  # math.add, calendar_create_event
    if len(words) == 1:
        return words[0] if words[0] in VERBS else f"run {words[0]}"
    if words[0] not in VERBS:
        return f"run {' '.join(words)}"
    if words[0] in ("turn", "switch") and words[1] in ("on", "off", "up", "down") and len(words) > 2:
        return f"{words[0]} {words[1]} the {' '.join(words[2:])}"
    if words[1] in (
        "on",
        "off",
        "up",
        "down",
        "in",
        "out",
        "to",
        "for",
        "by",
        "from",
        "all",
        "the",
        "a",
        "my",
        "with",
    ):
        return " ".join(words)
    return f"{words[0]} the {' '.join(words[1:])}"


def description_phrase(description: str) -> str:
    """The first sentence of a description as a request: "Returns the current weather." -> return the current weather.

    Empty if it does not begin with a verb that we know, or is longer than a request would be.
    """
    first = re.split(r"(?<=[a-z가-힣)])[.;:!?](?:\s|$)|\s[-–—]\s|\n", description.strip(), maxsplit=1)[0]
    text = said(re.sub(r"\([^)]*\)|`", " ", first))
    if len((shorter := _PLACE.sub("", text)).split()) > 1:
        text = shorter
    words = text.split()
    if not 2 <= len(words) <= LONGEST or "," in text:
        return ""
    verb = base_form(words[0].lower())
    return f"{verb} {' '.join(words[1:])}" if verb else ""


def base_form(word: str) -> str:
    """The verb in its base form: returns, fetching -> return, fetch; empty if it is none that we know."""
    endings = (("", ""), ("s", ""), ("es", ""), ("ies", "y"), ("ing", ""), ("ing", "e"))
    for ending, instead in endings:
        if word.endswith(ending) and (base := word[: len(word) - len(ending)] + instead) in VERBS:
            return base
    doubled = re.fullmatch(r"(\w+)(\w)\2ing", word)
    return doubled[1] + doubled[2] if doubled and doubled[1] + doubled[2] in VERBS else ""
