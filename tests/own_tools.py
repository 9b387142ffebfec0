"""Files of tools as users have them, one for each layout, and a set of sixty tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CAFE = """\
openapi: 3.0.3
info: {title: Cafe, version: "1"}
servers: [{url: https://cafe.example/api}]
paths:
  /orders:
    get:
      operationId: listOrders
      summary: List orders
      parameters:
        - {name: status, in: query, schema: {type: string, enum: [open, paid, cancelled]}}
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 20, default: 10}}
        - {name: X-Trace, in: header, schema: {type: string}}
    post:
      operationId: createOrder
      summary: Place an order
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: "#/components/schemas/Order"}
  /orders/{orderId}:
    parameters:
      - {name: orderId, in: path, required: true, schema: {type: string, pattern: "^A[0-9]{3}$"}}
    delete:
      summary: Cancel an order
components:
  schemas:
    Order:
      type: object
      required: [customer, lines]
      properties:
        id: {type: string, readOnly: true}
        customer:
          type: object
          required: [name]
          properties:
            name: {type: string}
            phone: {type: string, nullable: true}
        lines:
          type: array
          minItems: 1
          items:
            type: object
            required: [drink, quantity]
            properties:
              drink: {type: string, enum: [espresso, latte, green_tea]}
              quantity: {type: integer, minimum: 1, maximum: 9}
        type: {type: string, enum: [here, to_go]}
        parent: {$ref: "#/components/schemas/Order"}
"""

MODULE = '''\
import pathlib
from enum import Enum
from typing import Any, Literal, Optional, Union

pathlib.Path("EXECUTED").touch()
Unit = Literal["celsius", "fahrenheit"]


class Level(Enum):
    LOW = "low"
    HIGH = "high"


def get_weather(city: str, unit: Unit = "celsius", days: int | None = None, tags: list[str] = ()) -> dict:
    """Gets the weather of a city.

    Args:
        city: The city.
        unit: The unit.
        days: How many days
            ahead.
        tags: Some tags.

    Returns:
        The weather.
    """


def set_level(level: Level, mode: str, sizes: dict[str, int], pair: tuple[int, str], *, extra: Any = None) -> None:
    """Sets the level.

    Args:
        level: The level.
        mode: The mode. (choices: ["eco", "full"])
        sizes: Sizes by name.
        pair: A pair.
        extra: Anything.
    """


def mixed(a: Union[int, str], b: Optional[float], c: list[list[int]] | None, d: "bool" = False) -> bool:
    """Mixes things.

    Args:
        a: One.
        b: Two.
        c: Three.
        d: Four.
    """


def _hidden(x):
    pass
'''

MCP = {
    "jsonrpc": "2.0",
    "id": 1,
    "result": {
        "tools": [
            {
                "name": "search_files",
                "description": "Search files",
                "inputSchema": {
                    "type": "object",
                    "properties": {
                        "query": {"type": ["string", "null"]},
                        "paths": {"type": "array", "items": {"type": "string"}},
                        "opts": {"type": "object", "additionalProperties": {"type": "string"}},
                        "v": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
                    },
                    "required": ["query", "opts", "scope"],
                },
                "outputSchema": {"type": "object"},
            }
        ]
    },
}  # fmt: skip

MOBILE_ACTIONS = {
    "metadata": "train",
    "tools": [
        {"function": {"name": "turn_on_flashlight", "description": "Turns the flashlight on.", "parameters": {"type": "OBJECT", "properties": {}}}},
        {"function": {"name": "create_contact", "description": "Creates a contact.", "parameters": {"type": "OBJECT", "properties": {"first_name": {"type": "STRING", "description": "The first name"}}, "required": ["first_name"]}}},
    ],
    "messages": [],
}  # fmt: skip

BFCL = [
    {"id": "simple_python_7", "question": [[{"role": "user", "content": "x"}]], "function": [{"name": "math.area", "description": "Compute the area.", "parameters": {"type": "dict", "properties": {"base": {"type": "float"}, "unit": {"type": "any"}, "p": {"type": "tuple", "items": {"type": "integer"}}}, "required": ["base"]}}]},
    {"id": "simple_python_8", "question": [[{"role": "user", "content": "x"}]], "function": [{"name": "math.area", "description": "Other.", "parameters": {"type": "dict", "properties": {}}}]},
]  # fmt: skip

KOREAN = [
    {"name": "날씨_조회", "description": "도시의 날씨를 조회합니다.", "parameters": {"type": "object", "properties": {"도시": {"type": "string", "description": "도시 이름"}, "단위": {"type": "string", "enum": ["섭씨", "화씨"]}}, "required": ["도시"]}},
    {"name": "조명_켜기", "description": "조명을 켭니다.", "parameters": {"type": "object", "properties": {"방": {"type": "string", "enum": ["거실", "침실"]}, "밝기": {"type": "integer", "minimum": 0, "maximum": 100}}, "required": ["방"]}},
]  # fmt: skip


def write_layouts(folder: Path) -> dict[str, Path]:
    """Layout -> a file of it."""
    rows = "\n".join(map(json.dumps, BFCL))
    texts = {
        "openapi": ("cafe.yaml", CAFE),
        "python": ("module.py", MODULE),
        "mcp": ("mcp.json", json.dumps(MCP)),
        "mobile-actions": ("mobile.jsonl", json.dumps(MOBILE_ACTIONS) + "\n"),
        "bfcl": ("bfcl.json", rows),
        "tools": ("tools.json", json.dumps(KOREAN, ensure_ascii=False)),
    }
    found = {}
    for layout, (name, text) in texts.items():
        found[layout] = folder / name
        found[layout].write_text(text, encoding="utf-8")
    return found


def sixty_tools() -> list[dict[str, Any]]:
    """Sixty tools with nested objects, arrays of objects, optional parameters, a parameter `type`, and Korean names."""
    nouns = [
        "order",
        "invoice",
        "event",
        "reservation",
        "room",
        "message",
        "song",
        "playlist",
        "route",
        "product",
        "coupon",
        "review",
        "device",
        "team",
    ]
    found: list[dict[str, Any]] = []

    def add(name: str, description: str, properties: dict[str, Any], *required: str) -> None:
        parameters = {"type": "object", "properties": properties, "required": list(required)}
        found.append({"type": "function", "function": {"name": name, "description": description, "parameters": parameters}})  # fmt: skip

    code = {"type": "string", "enum": ["a1", "b2", "c3"]}
    address = {"type": "object", "properties": {"city": {"type": "string"}, "zip": {"type": "string", "pattern": "^\\d{5}$"}}, "required": ["city"]}  # fmt: skip
    owner = {"type": "object", "properties": {"name": {"type": "string"}, "address": address}, "required": ["name"]}  # fmt: skip
    item = {"type": "object", "properties": {"sku": code, "quantity": {"type": "integer", "minimum": 1, "maximum": 3}}, "required": ["sku", "quantity"]}  # fmt: skip
    for noun in nouns:
        add(f"get_{noun}", f"Gets one {noun}.", {"id": code}, "id")
        add(f"list_{noun}s", f"Lists the {noun}s.", {"sort": {"type": "string", "enum": ["asc", "desc"], "default": "asc"}}, "sort")  # fmt: skip
        add(
            f"delete_{noun}",
            f"Deletes the {noun}.",
            {"id": code, "force": {"type": "boolean"}},
            "id",
            "force",
        )
        add(
            f"create_{noun}", f"Creates one new {noun}.",
            {"items": {"type": "array", "items": item}, "owner": owner, "type": {"type": "string", "enum": ["new", "used"]}}, "items",
        )  # fmt: skip
    found += [{"type": "function", "function": tool} for tool in KOREAN]
    add("ping", "", {})
    add("sumMatrix", "Sums a matrix.", {"rows": {"type": "array", "items": {"type": "array", "items": {"type": "integer", "maximum": 9}}}}, "rows")  # fmt: skip
    return found
