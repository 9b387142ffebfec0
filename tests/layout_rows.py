"""Made-up rows in each public layout, in the shapes of their published files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fgdata.format import TRIGGER

SET_TIMER = {
    "name": "set_timer",
    "description": "Sets a timer.",
    "parameters": {
        "type": "object",
        "properties": {
            "minutes": {"type": "integer", "description": "Minutes."},
            "label": {"type": "string", "description": "What it is for."},
        },
        "required": ["minutes"],
    },
}
OPEN_DOOR = {"name": "open_door", "description": "Opens the door.", "parameters": {}}
TOOLS = [{"type": "function", "function": SET_TIMER}, {"type": "function", "function": OPEN_DOOR}]
ARGUMENTS = {"minutes": 5, "label": "tea"}
CALL = {"name": "set_timer", "arguments": ARGUMENTS}
UPPER = json.loads(
    json.dumps(SET_TIMER)
    .replace('"object"', '"OBJECT"')
    .replace('"integer"', '"INTEGER"')
    .replace('"string"', '"STRING"')
)
DEVELOPER = {"role": "developer", "content": TRIGGER}
USER = {"role": "user", "content": "Five minutes for the tea, please."}
NATIVE = "<start_function_call>call:set_timer{label:<escape>tea<escape>,minutes:5}<end_function_call>"
OPENAI_CALL = {
    "id": "c1",
    "type": "function",
    "function": {"name": "set_timer", "arguments": json.dumps(ARGUMENTS)},
}

BFCL_FUNCTION = {
    "name": "kitchen.timer",
    "description": "Sets a timer.",
    "parameters": {
        "type": "dict",
        "properties": {
            "minutes": {"type": "integer", "description": "Minutes."},
            "unit": {"type": "string", "description": "Unit.", "default": "min"},
            "place": {"type": "tuple", "items": {"type": "float"}, "description": "Where."},
            "options": {
                "type": "dict",
                "description": "More.",
                "properties": {"loud": {"type": "boolean"}, "tone": {"type": "any"}},
            },
        },
        "required": ["minutes"],
    },
}
BFCL_QUESTION = {"id": "simple_python_7", "question": [[USER]], "function": [BFCL_FUNCTION]}
BFCL_TRUTH = [
    {
        "kitchen.timer": {
            "minutes": [5],
            "unit": ["", "min"],
            "place": [[1.0, 2.5]],
            "options": [{"loud": [True], "tone": ["low", "deep", ""]}],
        }
    }
]
BFCL_IRRELEVANT = {
    "id": "irrelevance_3",
    "question": [[{"role": "system", "content": "Be brief."}, USER]],
    "function": [BFCL_FUNCTION],
}
BFCL_RELEVANT = {"id": "live_relevance_1-1-0", "question": [[USER]], "function": [BFCL_FUNCTION]}

SINGLE_CALL = {
    "function_num": 3,
    "function_name": "set_timer",
    "function_info": SET_TIMER,
    "query": [{"serial_num": n, "content": f"차 {n}분만 끓일게"} for n in (1, 2)],
    "ground_truth": [
        {
            "serial_num": n,
            "content": json.dumps(
                {
                    "name": "set_timer",
                    "arguments": json.dumps({"minutes": n, "label": "차"}, ensure_ascii=False),
                },
                ensure_ascii=False,
            ),
        }
        for n in (1, 2)
    ],
    "acceptable_arguments": [
        {"serial_num": 1, "content": json.dumps({"label": ["차", "티"]}, ensure_ascii=False)},
        {"serial_num": 2, "content": "Only ground truth is allowed."},
    ],
    "tools": [{"type": "exact", "content": TOOLS[:1]}, {"type": "4_random", "content": TOOLS}],
}
DIALOG = {
    "dialog_num": 2,
    "tools_count": 2,
    "tools": TOOLS,
    "turns": [
        {
            "turn_num": 1,
            "serial_num": 11,
            "query": [USER],
            "ground_truth": {"role": "assistant", "content": "What for?"},
            "type_of_output": "slot",
            "acceptable_arguments": None,
        },
        {
            "turn_num": 2,
            "serial_num": 12,
            "query": [
                USER,
                {"role": "assistant", "content": "What for?"},
                {"role": "user", "content": "Tea."},
            ],
            "ground_truth": {"role": "assistant", "content": None, "tool_calls": [OPENAI_CALL]},
            "type_of_output": "call",
            "acceptable_arguments": {"label": ["Tea"], "minutes": 5},
        },
        {
            "turn_num": 3,
            "serial_num": 13,
            "query": [
                USER,
                {"role": "assistant", "content": None, "tool_calls": [OPENAI_CALL]},
                {"role": "tool", "name": "set_timer", "tool_call_id": "c1", "content": '{"ok": true}'},
            ],
            "ground_truth": {"role": "assistant", "content": "Done."},
            "type_of_output": "completion",
            "acceptable_arguments": None,
        },
    ],
}
DECISION = {
    "serial_num": 4,
    "category": "CALL",
    "input_messages": [USER],
    "input_tools": TOOLS,
    "ground_truth": json.dumps({"name": "set_timer", "arguments": json.dumps(ARGUMENTS)}),
    "acceptable_arguments": {"label": ["the tea"]},
}
REJECTED = {
    "serial_num": 5,
    "category": "REJECT",
    "input_messages": [USER],
    "input_tools": TOOLS,
    "ground_truth": None,
    "acceptable_arguments": None,
}

XLAM = {
    "id": 17,
    "query": USER["content"],
    "tools": json.dumps(
        [
            {
                "name": "set_timer",
                "description": "Sets a timer.",
                "parameters": {
                    "minutes": {"description": "Minutes.", "type": "int"},
                    "label": {"description": "What for.", "type": "str, optional", "default": ""},
                    "days": {"description": "Days.", "type": "List[str], optional"},
                    "at": {"description": "When.", "type": "Tuple[int, int], optional"},
                },
            }
        ]
    ),
    "answers": json.dumps([CALL, {"name": "set_timer", "arguments": {"minutes": 24, "days": ["mon"]}}]),
}

ROWS: dict[str, list[dict[str, Any]]] = {
    "rows": [
        {"id": "r1", "messages": [DEVELOPER, USER, {"role": "assistant", "tool_calls": [{"type": "function", "function": CALL}]}], "tools": TOOLS, "family": "timer/plain", "slots": {"n": 5}, "difficulty": 2.0},
        {"id": "r2", "messages": [DEVELOPER, USER, {"role": "assistant", "content": "I cannot do that."}], "tools": TOOLS, "kind": "no_call"},
    ],
    "native-text": [
        {"id": "n1", "messages": [DEVELOPER, USER, {"role": "assistant", "content": NATIVE}]},
        {"id": "n2", "messages": [DEVELOPER, USER, {"role": "assistant", "content": "Hello."}]},
    ],
    "json-columns": [{"messages": json.dumps([DEVELOPER, USER, {"role": "assistant", "tool_calls": [{"type": "function", "function": CALL}]}]), "tools": json.dumps(TOOLS)}],
    "prompt-columns": [{"system": TRIGGER, "user": USER["content"], "assistant": json.dumps(CALL), "tools": json.dumps([SET_TIMER, OPEN_DOOR])}],
    "mobile-actions": [
        {
            "metadata": "eval",
            "tools": [{"function": UPPER}],
            "messages": [
                {"role": "developer", "content": f"Current date and time given in YYYY-MM-DDTHH:MM:SS format: 2026-11-26T10:00:00\nDay of week is Thursday\n{TRIGGER}"},
                USER,
                {"role": "assistant", "tool_calls": [{"function": CALL}]},
            ],
        }
    ],
    "openai": [
        {
            "messages": [
                {"role": "system", "content": "Be brief."},
                USER,
                {"role": "assistant", "content": None, "tool_calls": [OPENAI_CALL]},
                {"role": "tool", "tool_call_id": "c1", "name": "set_timer", "content": '{"ok": true}'},
                {"role": "assistant", "content": "Done."},
            ],
            "tools": TOOLS,
        }
    ],
    "bfcl": [BFCL_QUESTION | {"ground_truth": BFCL_TRUTH}, BFCL_IRRELEVANT, BFCL_RELEVANT],
    "functionchat-singlecall": [SINGLE_CALL],
    "functionchat-dialog": [DIALOG],
    "functionchat-decision": [DECISION, REJECTED],
    "xlam": [XLAM],
    "chatml": [
        {
            "messages": [
                {"role": "system", "content": f"Call tools from <tools></tools>.\n\n<tools>\n{json.dumps(TOOLS[0])}\n{json.dumps(TOOLS[1])}\n</tools>"},
                USER,
                {"role": "assistant", "content": f"Sure.\n<tool_call>\n{json.dumps(CALL)}\n</tool_call>\n<tool_call>\n{json.dumps({'name': 'open_door', 'arguments': {}})}\n</tool_call>"},
            ]
        },
        {
            "conversations": [
                {"from": "system", "value": f"<tools> {json.dumps(TOOLS)} </tools>"},
                {"from": "human", "value": USER["content"]},
                {"from": "gpt", "value": f"<tool_call>{json.dumps(CALL)}</tool_call>"},
                {"from": "tool", "value": '<tool_response>\n{"name": "set_timer", "content": {"ok": true}}\n</tool_response>'},
                {"from": "gpt", "value": "Done."},
            ]
        },
    ],
}  # fmt: skip
"""Layout -> rows as they stand in a file (BFCL's with the answer beside the question)."""


def write_rows(file: Path, rows: list[dict[str, Any]]) -> Path:
    """A JSONL file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return file
