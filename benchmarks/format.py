"""How fast the format is read, written and checked, and how many of the cases that models write are read right.

    python benchmarks/format.py [--json OUT]

Two naive parsers, of the kind that scorers often hold, run beside ours in the same run: one reads values inside <escape>
only, one takes bare values up to the next comma, too. Rates are per second of one core's processor time, the best of five
rounds.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from fgdata.console import out  # noqa: E402
from fgdata.files import write_whole  # noqa: E402
from fgdata.format import (  # noqa: E402
    TRIGGER,
    parse_completion,
    render_call,
    render_conversation,
    render_training,
)
from fgdata.schema import Call, Tool, check_call, coerce_call  # noqa: E402

ONE_ARGUMENT = (
    "<start_function_call>call:set_temperature{temperature:24}<end_function_call><start_function_response>"
)
TWO_ARGUMENTS = (
    "<start_function_call>call:set_alarm{label:<escape>출근<escape>,time:<escape>07:30<escape>}<end_function_call>"
    "<start_function_response>"
)
NESTED = (
    "<start_function_call>call:order{lines:[{qty:2,sku:<escape>A-1<escape>},{qty:1,sku:<escape>B<escape>}],paid:true}"
    "<end_function_call><start_function_response>"
)

_CALL = re.compile(r"<start_function_call>call:(\w+)\{(.*?)\}<end_function_call>", re.DOTALL)
_ESCAPED = re.compile(r"(\w+):<escape>(.*?)<escape>", re.DOTALL)
_PAIR = re.compile(r"(\w+):(?:<escape>(.*?)<escape>|([^,}]*))", re.DOTALL)


def naive_escaped(text: str) -> tuple[Call, ...]:
    """Calls found by a pattern; only values inside <escape> are seen."""
    return tuple(Call(name, dict(_ESCAPED.findall(body))) for name, body in _CALL.findall(text))


def naive_bare(text: str) -> tuple[Call, ...]:
    """Calls found by a pattern; bare values are read up to the next comma or brace."""
    calls = []
    for name, body in _CALL.findall(text):
        values: dict[str, Any] = {}
        for key, string, bare in _PAIR.findall(body):
            values[key] = _guess(bare) if bare else string
        calls.append(Call(name, values))
    return tuple(calls)


def _guess(word: str) -> Any:
    if word in ("true", "false"):
        return word == "true"
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


PARSERS: dict[str, Callable[[str], tuple[Call, ...]]] = {
    "fgdata.format": lambda text: parse_completion(text).calls,
    "pattern, <escape> only": naive_escaped,
    "pattern, bare values too": naive_bare,
}


def rate(work: Callable[[], object], seconds: float) -> float:
    """How often `work` runs in a second of processor time: the best of five rounds of about `seconds`."""
    n_runs = 1
    while True:
        start = time.process_time()
        for _ in range(n_runs):
            work()
        spent = time.process_time() - start
        if spent > seconds / 4:
            break
        n_runs *= 4
    n_runs = max(1, int(n_runs * seconds / spent))
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        for _ in range(n_runs):
            work()
        best = min(best, time.process_time() - start)
    return n_runs / best


def example_tools(n_tools: int) -> list[dict[str, Any]]:
    """Tools of the size that a pack declares."""
    parameters = {
        "type": "object",
        "properties": {
            "temperature": {
                "type": "integer",
                "description": "Target temperature in Celsius",
                "minimum": 16,
                "maximum": 30,
            },
            "mode": {
                "type": "string",
                "description": "Mode",
                "enum": ["cooling", "heating", "auto", "ventilation"],
            },
        },
        "required": ["temperature"],
    }
    return [
        {
            "type": "function",
            "function": {
                "name": f"set_{n}",
                "description": "Sets something at home.",
                "parameters": parameters,
            },
        }
        for n in range(n_tools)
    ]


def measure(seconds: float) -> dict[str, float]:
    """All rates, by name."""
    rates = {}
    for label, text in (("1 argument", ONE_ARGUMENT), ("2 arguments", TWO_ARGUMENTS), ("nested", NESTED)):
        for parser, parse in PARSERS.items():
            rates[f"parse, {label}: {parser}"] = rate(lambda parse=parse, text=text: parse(text), seconds)  # type: ignore[misc]
    tools = example_tools(7)
    call = Call("set_3", {"temperature": 24, "mode": "cooling"})
    messages = [
        {"role": "developer", "content": TRIGGER},
        {"role": "user", "content": "온도 24도로 냉방 켜 줘"},
    ]
    row = [*messages, {"role": "assistant", "tool_calls": [call.to_json()]}]
    declared = {tool.name: tool for tool in map(Tool.from_json, tools)}
    escaped = Call("set_3", {"temperature": "24", "mode": "cooling"})
    rates["render_call"] = rate(lambda: render_call(call), seconds)
    rates["render_conversation, 7 tools"] = rate(lambda: render_conversation(messages, tools, True), seconds)
    rates["render_training, 7 tools"] = rate(lambda: render_training(row, tools), seconds)
    rates["check_call"] = rate(lambda: check_call(call, declared), seconds)
    rates["coerce_call"] = rate(lambda: coerce_call(escaped, declared), seconds)
    return rates


def read_right() -> dict[str, tuple[int, int]]:
    """By parser: how many of the cases in tests/golden/parse.jsonl it reads right, and of how many."""
    cases = [
        json.loads(line)
        for line in (ROOT / "tests/golden/parse.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    expected = [tuple(Call(call["name"], call["arguments"]) for call in case["calls"]) for case in cases]
    return {
        name: (
            sum(parse(case["text"]) == calls for case, calls in zip(cases, expected, strict=True)),
            len(cases),
        )
        for name, parse in PARSERS.items()
    }


def main() -> None:
    """Measure, print two tables, write the figures if asked to."""
    parser = argparse.ArgumentParser(description="Rates of parsing, rendering and checking.")
    parser.add_argument("--json", metavar="OUT", help="also write the figures to this file")
    parser.add_argument("--seconds", type=float, default=0.2, help="length of a round (default: 0.2)")
    flags = parser.parse_args()
    rates, right = measure(flags.seconds), read_right()
    speed = Table("what", "per second", title=f"Python {platform.python_version()}, one core")
    speed.columns[1].justify = "right"
    for name, value in rates.items():
        speed.add_row(name, f"{value:,.0f}")
    correct = Table(
        "parser", "cases read right", "share", title="What models write (tests/golden/parse.jsonl)"
    )
    for name, (n_right, n_cases) in right.items():
        correct.add_row(name, f"{n_right} of {n_cases}", f"{n_right / n_cases:.0%}")
    out.print(speed, correct)
    if flags.json:
        figures = {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "per_second": rates,
            "right": right,
        }
        with write_whole(flags.json) as stream:
            json.dump(figures, stream, indent=2)
            stream.write("\n")


if __name__ == "__main__":
    main()
