"""JSON Schemas of a pack's files, of rows and of manifests: editors complete and check by them what a person writes.

They are built from the readers' own tables (kinds, splits, joins, filters), so what an editor offers is what `fgdata check` takes.
A schema sees one file and its shape. Whether a slot exists, a tool has an argument or a sentence has two labels, `check` says.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from fgdata import korean
from fgdata.errors import Problem, UsageError
from fgdata.example import PROVENANCE
from fgdata.files import write_whole
from fgdata.format import HIDDEN_NAMES, TRIGGER
from fgdata.gold import GoldLayout
from fgdata.joins import JOINS
from fgdata.languages import TAG
from fgdata.pack import ALL_SPLITS, BORROWED, CALLING, KINDS, MIN_FAMILIES, SPLITS
from fgdata.pack_reader import NAME
from fgdata.part_folder import FILES, MANIFEST
from fgdata.perturb import LEVELS
from fgdata.positions import closest
from fgdata.rows import ID
from fgdata.slot_reader import RESERVED
from fgdata.template import FILTERS

Schema = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
# Editors read patterns as JavaScript does, where \w is ASCII: names are told by the signs that they may not have.
_NAME_PART = r"^[^\s!-,./:-@\[-^`{-~]+$"
_IDENTIFIER = r"^[^\s0-9!-/:-@\[-^`{-~][^\s!-/:-@\[-^`{-~]*$"
_REFERENCE = r"^\{[^\s{}]+\}$"
_TAG = f"^{TAG.pattern}$"
_JSON_TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file that has a schema."""

    name: str
    files: str
    """Which files are of this kind."""
    build: Callable[[], Schema]

    @property
    def file_name(self) -> str:
        """What `write_schemas` calls its schema."""
        return f"{self.name}.schema.json"


def file_schema(kind: str) -> Schema:
    """The JSON Schema (draft 2020-12) of a kind of file.

    Raises: UsageError for a kind that is none.
    """
    if kind not in FILE_KINDS:
        raise UsageError(Problem("KIND", f"there is no schema {kind!r}.", closest(kind, FILE_KINDS)))
    return {"$schema": DRAFT, **FILE_KINDS[kind].build()}


def schema_text(kind: str) -> str:
    """The schema as its file holds it."""
    return json.dumps(file_schema(kind), ensure_ascii=False, indent=2)


def write_schemas(folder: str | os.PathLike[str], kinds: Iterable[str] = ()) -> list[Path]:
    """The files written to `folder`: the schemas of these kinds, or of all.

    Raises: UsageError for a kind that is none, and where the folder cannot be written.
    """
    texts = {kind: schema_text(kind) for kind in (list(kinds) or FILE_KINDS)}
    written = []
    for kind, text in texts.items():
        written.append(Path(folder) / FILE_KINDS[kind].file_name)
        with write_whole(written[-1]) as stream:
            stream.write(f"{text}\n")
    return written


# Parts that several files share


def _text(description: str, **more: Any) -> Schema:
    """A text that is not empty."""
    return {"type": "string", "pattern": r"\S", "description": description, **more}


def _weight(description: str) -> Schema:
    return {"type": "number", "exclusiveMinimum": 0, "description": description}


def _list(items: Schema, description: str, **more: Any) -> Schema:
    return {"type": "array", "minItems": 1, "items": items, "description": description, **more}


def _object(description: str, required: Mapping[str, Schema], optional: Mapping[str, Schema], **more: Any) -> Schema:  # fmt: skip
    """A mapping that has all of `required`, may have `optional`, and nothing else."""
    return {
        "type": "object",
        "description": description,
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def _names(description: str, values: Schema, **more: Any) -> Schema:
    """A mapping whose names are the writer's own."""
    return {"type": "object", "description": description, "additionalProperties": values, **more}


def _by_language(schema: Schema) -> Schema:
    """The same, or one for each language."""
    return {"anyOf": [schema, _of_languages(schema)]}


def _of_languages(schema: Schema) -> Schema:
    """One for each language."""
    return _names("By language.", schema, minProperties=1, propertyNames={"pattern": _TAG})


def _any_value(description: str) -> Schema:
    return {"type": list(_JSON_TYPES), "description": description}


def _template(use: str) -> Schema:
    """A text in the small part of Jinja2 that packs know."""
    filters = ", ".join(FILTERS["utterance" if use == "utterance" else "answer"])
    return _text(
        "A text with slots: {{ slot }}, {{ pick(a, b) }}, {{ maybe('please') }}, {{ maybe('please', 0.2) }}, {{ a ~ b }}, "
        f"{{{{ word | filter }}}}. Filters: {filters}. No loops, conditions or attributes.",
        **{"not": {"pattern": r"\{%"}},
    )


# pack.yaml


def _pack() -> Schema:
    joins = {language: list(names) for language, names in JOINS.items()}
    known = sorted({name for names in joins.values() for name in names})
    said = "; ".join(f"{language}: {', '.join(names)}" for language, names in joins.items())
    composition = _object(
        "One way to say several things at once.",
        {
            "name": _text("Your own name for it."),
            "parts": _list(
                _list(_text("An intent of kind `call`."), "Intents that may stand here.", uniqueItems=True),
                "Two to four parts, in the order they are said.",
                minItems=2,
                maxItems=4,
            ),
            "joins": _list(
                {"enum": known}, f"How the parts are joined. {said}.", uniqueItems=True
            ),
        },
        {"weight": _weight("Share among compositions and intents of kind `several`; 1 if left out.")},
    )  # fmt: skip
    registers = _names(
        f"Shares of styles of speech. Korean: {', '.join(korean.REGISTERS)}; else names of your own.",
        _weight("Its share of the rows."),
        minProperties=1,
        propertyNames={"pattern": _NAME_PART},
    )
    required = {
        "name": _text("The pack's name, as its folder has it.", pattern=f"^{NAME.pattern}$"),
        "version": _text(
            "Changes whenever rows change: it stands in every id.",
            pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]*$",
            examples=["1.0.0"],
        ),
        "title": _text("One line that says what the pack is."),
        "licence": _text("Of the pack's texts.", examples=["CC-BY-4.0", "CC0-1.0"]),
        "developer": _by_language(
            _text(
                f"The developer message, without declarations. It holds the sentence {TRIGGER!r}.",
                pattern=re.escape(TRIGGER).replace("\\ ", " "),
                default=TRIGGER,
            )
        ),
        "splits": _object(
            "Shares of the files.",
            {split: _weight(_SPLIT_MEANINGS[split]) for split in SPLITS},
            {split: _weight(_SPLIT_MEANINGS[split]) for split in ALL_SPLITS if split not in SPLITS},
        ),
        "mix": _object(
            "Shares of what is asked for.",
            {},
            {
                **{kind: _weight(_KIND_MEANINGS[kind]) for kind in KINDS},
                "languages": _names(
                    "Shares of the pack's languages; alike if left out.",
                    _weight("Its share of the rows."),
                    minProperties=1,
                    propertyNames={"pattern": _TAG},
                ),
            },
            anyOf=[{"required": [kind]} for kind in KINDS],
        ),
        "registers": _by_language(registers),
    }
    optional = {
        "language": _text(
            "ko has particles, endings and registers of its own.", pattern=_TAG, examples=sorted(JOINS)
        ),
        "languages": _list(
            _text("A language.", pattern=_TAG, examples=sorted(JOINS)),
            "Instead of `language`: the first is that of what names none.",
            uniqueItems=True,
        ),
        "policies": _names(
            "What an unclear request means here, and why. `{policy.NAME}` in a call is the value.",
            _object(
                "One decision.",
                {
                    "value": _any_value("What stands in the call."),
                    "why": _text("The reason, in a sentence."),
                },
                {"language": _text("The only language that goes by it; all if left out.", pattern=_TAG)},
            ),
        ),
        "compositions": _list(
            composition, "Several intents in one utterance. `mix` needs a share for `several`."
        ),
        "held_out": _object(
            "What only one file has.",
            {
                "compositions": _list(
                    _list(_text("An intent."), "[one, another]", minItems=2, maxItems=2),
                    "Pairs of intents that only `test_compositions` has in one utterance, in whatever order and place.",
                )
            },
            {},
        ),
        "missing_tool": _object(
            "What the model says where the tool it would call is not declared.",
            {"answers": _by_language(_list(_template("answer"), "One of these.", uniqueItems=True))},
            {},
        ),
        "prompt": _object(
            "Which tools a row declares. Left out: all, in the order of tools.json.",
            {},
            {
                "distractors": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "Tools beside the right ones; fewer than the pack has.",
                },
                "shuffled": {"type": "boolean", "description": "In another order in every row."},
                "masked": {
                    "type": "number",
                    "minimum": 0,
                    "maximum": 1,
                    "description": "Share of rows whose tools and parameters have random names, so that descriptions must be read.",
                },
            },
        ),
        "coverage": _object(
            "How often a value is there, in each file.",
            {},
            {
                "each_value": {
                    "type": "integer",
                    "minimum": 0,
                    "default": 1,
                    "description": "Rows at least, of every listed value and both ends of every range.",
                },
                "at_most": {
                    "type": "number",
                    "exclusiveMinimum": 0,
                    "maximum": 1,
                    "default": 1,
                    "description": "Share of a slot's rows that one value has at most.",
                },
            },
        ),
    }
    korean_only = {"propertyNames": {"enum": list(korean.REGISTERS)}}
    rules: list[Schema] = [
        {"oneOf": [{"required": ["language"]}, {"required": ["languages"]}]},
        {
            "if": {"properties": {"language": {"const": "ko"}}, "required": ["language"]},
            "then": {"properties": {"registers": korean_only}},
        },
        {
            "if": {"required": ["language"]},
            "then": {"properties": {"registers": registers}},
        },
        {
            "if": {"properties": {"languages": {"minItems": 2}}, "required": ["languages"]},
            "then": {
                "properties": {
                    "registers": {
                        **_of_languages(registers),
                        "properties": {"ko": {**registers, **korean_only}},
                    }
                }
            },
        },
        {
            "if": {"properties": {"mix": {"required": [BORROWED]}}, "required": ["mix"]},
            "then": {"required": ["missing_tool"]},
        },
        {
            "if": {"required": ["compositions"]},
            "then": {"properties": {"mix": {"required": ["several"]}}},
        },
    ]
    for language, names in joins.items():
        rules.append(
            {
                "if": {"properties": {"language": {"const": language}}, "required": ["language"]},
                "then": {
                    "properties": {
                        "compositions": {"items": {"properties": {"joins": {"items": {"enum": names}}}}}
                    }
                },
            }
        )
        has_none: Schema = {"properties": {"languages": {"not": {"contains": {"const": language}}}}}
        other: Schema = {"items": {"properties": {"joins": {"items": {"not": {"enum": names}}}}}}
        rules.append(
            {
                "if": {**has_none, "required": ["languages"]},
                "then": {"properties": {"compositions": other}},
            }
        )
    what = "What a pack is called, how its rows are shared out, and what unclear requests mean."
    return {"title": "pack.yaml of an fgsuite pack", **_object(what, required, optional, allOf=rules)}


_SPLIT_MEANINGS: Mapping[str, str] = {
    "train": "What the model learns from.",
    "validation": "What is looked at while it learns.",
    "test": "What the score is: families that no other file has.",
    "test_values": "Texts of the test families with forms that no other file has (`held_out` in slots.yaml).",
    "test_compositions": "Pairs of intents that no other file has side by side (`held_out` in pack.yaml).",
}
_KIND_MEANINGS: Mapping[str, str] = {
    "call": "One call.",
    "several": "Two to four calls in one utterance.",
    "exception": "All but one: 거실만 빼고 다 꺼 줘.",
    "correction": "A value taken back in the same breath: 24도, 아니 25도.",
    "no_call": "Nothing that a tool does, or talk.",
    "negation": "To leave something as it is: 끄지 마.",
    "missing_tool": "Texts of `call` whose right tool is not declared; no intent is of this kind.",
    "ask": "A value that is needed is not said: the model asks for it.",
}


# slots.yaml


def _slots() -> Schema:
    forms = {"type": "string", "pattern": r"\S", "not": {"pattern": r"\{\{|\{%"}}
    weight = {"weight": _weight("1 if left out.")}
    registers = _list(
        _text("A register of pack.yaml."), "Registers it is said in; all if left out.", uniqueItems=True
    )
    said: Schema = {
        "anyOf": [
            forms,
            _object("A form, how often it is drawn, and in which registers.", {"text": forms}, {**weight, "registers": registers}),
        ]
    }  # fmt: skip
    number_form = {"type": "string", "pattern": r"\{\{.*\bn\b.*\}\}", "not": {"pattern": r"\{%"}}
    said_number: Schema = {
        "anyOf": [number_form, _object("A form and how often it is drawn.", {"text": number_form}, weight)]
    }
    number = {"type": "number"}
    value = _object(
        "A value and how people say it.",
        {
            "value": _any_value("What stands in the call."),
            "forms": _by_language(_list(said, "How it is said.", uniqueItems=True)),
        },
        {
            "weight": _weight("How often the value is drawn beside the others; 1 if left out."),
            "held_out": _by_language(
                _list(said, "More forms, which only `test_values` has.", uniqueItems=True)
            ),
        },
    )
    kinds = [
        _object(
            "Listed values: what stands in the call, and how it is said.",
            {"values": _list(value, "The values.")},
            {},
            title="values",
        ),
        _object(
            "Numbers from one end to the other.",
            {
                "range": _object(
                    "Both ends are used.",
                    {
                        "from": {**number, "description": "The smaller end."},
                        "to": {**number, "description": "The larger end."},
                    },
                    {
                        "step": _weight("1 if left out."),
                        "unit": _by_language(
                            _text(
                                "What is counted (도, 분, minutes), where there are no `forms`: they are then all that the unit is said with."
                            )
                        ),
                    },
                ),
            },
            {
                "forms": _by_language(
                    _list(
                        said_number,
                        f'How a number `n` is said: "{{{{ n }}}} percent". Filters: {", ".join(FILTERS["form"])}.',
                        uniqueItems=True,
                    )
                ),
                "weights": {
                    "type": "object",
                    "description": "Number -> how often it is drawn; 1 where not named.",
                    "patternProperties": {r"^-?[0-9]+(\.[0-9]+)?$": _weight("How often it is drawn.")},
                    "additionalProperties": False,
                },
                "held_out": _list(number, "Numbers between the ends that only `test_values` has."),
            },
            anyOf=[{"required": ["forms"]}, {"properties": {"range": {"required": ["unit"]}}}],
            title="range",
        ),
        _object(
            "Words that are no argument.",
            {"words": _by_language(_list(said, "One of these.", uniqueItems=True))},
            {},
            title="words",
        ),
        _object(
            "The values of another slot, given before, and never the same one as that in one row.",
            {
                "like": _text("The slot whose values these are."),
                "differs_from": _text("The slot whose value it never has."),
            },
            {},
            title="like",
        ),
    ]
    slots = _names(
        "The gaps of texts, by name.",
        {"oneOf": kinds},
        propertyNames={"pattern": _IDENTIFIER, "not": {"enum": sorted(RESERVED)}},
    )
    return {"title": "slots.yaml of an fgsuite pack", **_object("What fills the gaps of texts.", {"slots": slots}, {})}  # fmt: skip


# intents/*.yaml


def _intents() -> Schema:
    argument: Schema = {
        "description": 'A slot ("{room}"), a policy ("{policy.cosy}"), or a list or mapping of them.',
        "anyOf": [
            {"type": "string", "pattern": _REFERENCE},
            _list({"$ref": "#/$defs/part"}, "A list."),
            _names("A mapping.", {"$ref": "#/$defs/part"}, minProperties=1),
        ],
    }
    part: Schema = {
        "anyOf": [
            {"type": "string", "anyOf": [{"pattern": _REFERENCE}, {"not": {"pattern": r"\{[\w.]+\}"}}]},
            {"type": ["integer", "number", "boolean", "null"]},
            {"type": "array", "items": {"$ref": "#/$defs/part"}},
            _names("A mapping.", {"$ref": "#/$defs/part"}),
        ]
    }
    call = _object(
        "One call, or one for each value of a parameter.",
        {"tool": _text('A tool of tools.json, or "{slot}" where a slot\'s values are names of tools.')},
        {
            "arguments": _names("What the tool is given.", {"$ref": "#/$defs/argument"}),
            "each": _text("A parameter with an enum: one call for each of its values."),
            "except": _text(
                'The slot whose value is left out: "{room}".', pattern=_REFERENCE
            ),
        },
        dependentRequired={"except": ["each"]},
    )  # fmt: skip
    family = _object(
        "Templates that share wording and structure; all of them lie in one file.",
        {
            "name": _text("Your own name, once in this intent.", pattern=_NAME_PART),
            "split": {"enum": list(SPLITS), "description": "The file its rows stand in."},
            "templates": _list(_template("utterance"), "What people say.", uniqueItems=True),
        },
        {
            "registers": _list(
                _text("A register of pack.yaml."),
                "Registers of its rows: one, where the wording is fixed. Left out: all.",
                uniqueItems=True,
            ),
            "language": _text("Of its texts; the intent's if left out.", pattern=_TAG),
            "joins": {
                "type": "boolean",
                "description": "Whether its texts may stand in a composition. Left out: those that end in `request`.",
            },
            "weight": _weight("Share among the intent's families of its split; 1 if left out."),
        },
    )
    counted = [
        {
            "contains": {"properties": {"split": {"const": split}}, "required": ["split"]},
            "minContains": least,
        }
        for split, least in MIN_FAMILIES.items()
    ]
    needed = ", ".join(f"{least} in {split}" for split, least in MIN_FAMILIES.items())
    required = {
        "intent": _text("Its name, once in the pack.", pattern=_NAME_PART),
        "kind": {
            "enum": [kind for kind in KINDS if kind != BORROWED],
            "description": "\n".join(f"{kind}: {_KIND_MEANINGS[kind]}" for kind in KINDS if kind != BORROWED),
        },
        "families": _list(family, f"At least {needed}.", allOf=counted),
    }
    optional = {
        "weight": _weight("Share among the intents of its kind; 1 if left out."),
        "calls": {"type": "array", "items": call, "description": "The right calls, in order."},
        "language": _text("Of its families and answers; the pack's first if left out.", pattern=_TAG),
        "answers": _by_language(
            _list(_template("answer"), "What the model says instead of calling.", uniqueItems=True)
        ),
        "asks_for": _text(
            "The parameter that is not said, of kind `ask`; `tool` where it is open which tool is meant."
        ),
        "asks_of": _text("Its tool, which every row then declares, of kind `ask`."),
    }
    calling = [kind for kind in KINDS if kind in CALLING]
    rules: list[Schema] = [
        {
            "if": {"properties": {"kind": {"enum": calling}}, "required": ["kind"]},
            "then": {
                "required": ["calls"],
                "properties": {
                    "calls": {"minItems": 1},
                    "answers": False,
                    "asks_for": False,
                    "asks_of": False,
                },
            },
            "else": {"required": ["answers"], "properties": {"calls": {"maxItems": 0}}},
        },
        {
            "if": {"properties": {"kind": {"const": "ask"}}, "required": ["kind"]},
            "then": {"required": ["asks_for"]},
            "else": {"properties": {"asks_for": False, "asks_of": False}},
        },
    ]
    what = "One thing that is asked for: the right calls, and how people say it."
    return {
        "title": "An intent of an fgsuite pack",
        **_object(what, required, optional, allOf=rules),
        "$defs": {"argument": argument, "part": part},
    }


# tools.json


def _tool() -> Schema:
    words = [*_JSON_TYPES, *(word.upper() for word in _JSON_TYPES)]
    body = _object(
        "What may be called.",
        {"name": _text("The tool's name.")},
        {
            "description": {"type": "string", "description": "What the model reads to choose it."},
            "parameters": {"$ref": "#/$defs/parameters"},
            "strict": {"type": "boolean", "description": "Of OpenAI's API; read over."},
        },
    )
    parameters: Schema = {
        "type": "object",
        "description": "JSON Schema of the parameters. The model sees types, descriptions and enums of texts; say all else in a description.",
        "properties": {
            "type": {"enum": ["object", "OBJECT"]},
            "properties": {
                "type": "object",
                "propertyNames": {"not": {"enum": sorted(HIDDEN_NAMES)}},
                "additionalProperties": {"$ref": "#/$defs/value"},
            },
            "required": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        },
    }
    value: Schema = {
        "type": ["object", "boolean"],
        "properties": {
            "type": {"anyOf": [{"enum": words}, {"type": "array", "items": {"enum": words}, "minItems": 1}]},
            "description": {"type": "string"},
            "enum": {"type": "array"},
            "minimum": {"type": "number"},
            "maximum": {"type": "number"},
            "items": {"$ref": "#/$defs/value"},
            "properties": {"type": "object", "additionalProperties": {"$ref": "#/$defs/value"}},
            "required": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        },
    }
    wrapped = _object(
        "A tool as OpenAI writes it.", {"type": {"const": "function"}, "function": {"$ref": "#/$defs/body"}}, {}
    )  # fmt: skip
    return {
        "tool": {"anyOf": [wrapped, {"$ref": "#/$defs/body"}]},
        "body": body,
        "parameters": parameters,
        "value": value,
    }


def _tools() -> Schema:
    tools = _list({"$ref": "#/$defs/tool"}, "The tools: the one source of types, ranges and enums.")
    return {"title": "tools.json of an fgsuite pack", **tools, "$defs": _tool()}


# Rows and manifests


def _row() -> Schema:
    call = _object(
        "A call.",
        {
            "type": {"const": "function"},
            "function": _object(
                "Name and arguments.",
                {"name": _text("The tool."), "arguments": {"type": "object"}},
                {},
            ),
        },
        {},
    )
    content = {"type": "string", "description": "The text."}
    answer = _object(
        "What the model should write: calls or a text.",
        {"role": {"const": "assistant"}},
        {"content": content, "tool_calls": _list(call, "The calls, in order.")},
        oneOf=[{"required": ["content"]}, {"required": ["tool_calls"]}],
    )
    said = [
        _object(what, {"role": {"const": role}, "content": content}, {})
        for role, what in (
            ("developer", "The developer message, without declarations."),
            ("user", "The utterance."),
        )
    ]
    columns: dict[str, Schema] = {
        "pack": _text("The pack's name."),
        "intent": _text("The intent; of several, joined by +."),
        "family": _text("`intent/family`; of several, joined by +."),
        "kind": {"enum": list(KINDS), "description": "What is asked."},
        "register": _text("The style of speech."),
        "language": _text("The family's language."),
        "perturbation": _text("How the utterance was mistyped, kinds joined by +."),
        "prompt": _text("How the declared tools were chosen where rows differ: distractors=3 shuffled masked."),
        "policy": _text("Policies that gave arguments which do not stand in the text."),
        "asks_for": _text("The parameter that the answer asks for; `tool` where it asks which tool is meant."),
    }  # fmt: skip
    assert tuple(columns) == PROVENANCE
    always = ("pack", "intent", "family", "kind", "register", "language")
    required = {
        "id": _text(
            "Pack, version, path and number of the expansion: `fgdata show ID` makes the row again.",
            pattern=f"^(?:{_without_group_names(ID.pattern)})$",
        ),
        "messages": {
            "type": "array",
            "prefixItems": [*said, answer],
            "items": False,
            "minItems": 3,
            "description": "Developer, user, assistant.",
        },
        **{name: columns[name] for name in always},
    }
    optional = {
        "tools": {"type": "array", "items": {"$ref": "#/$defs/tool"}, "description": "The declared tools."},
        **{name: column for name, column in columns.items() if name not in always},
        "slots": _names("Values that fill the text's slots.", _any_value("A value.")),
        "gold": _gold(),
    }
    what = "A row as `fgdata generate` writes it. Rows from elsewhere need `messages` alone (docs/format.md)."
    return {"title": "A row of an fgsuite data set", **_object(what, required, optional), "$defs": _tool()}


def _gold() -> Schema:
    call = _object(
        "What an expected call may be.",
        {"name": _text("The tool.")},
        {"accepts": _names("Acceptable values by parameter.", _any_value("As the source has them."))},
    )
    optional: dict[str, Schema] = {
        "layout": {"enum": list(get_args(GoldLayout)), "description": "By whose convention it is written."},
        "category": {"type": "string", "description": "What the source's checker goes by."},
        "calls": {"type": "array", "items": call, "description": "One for each call of the answer."},
        "ordered": {"type": "boolean", "description": "Whether the calls must come in this order."},
        "tools": {"type": "array", "items": {"type": "object"}, "description": "The tools as the source has them."},
        "note": {"type": "string", "description": "What no program can check."},
    }  # fmt: skip
    return _object("What is right beside the answer: rows of benchmarks have it.", {}, optional)


def _without_group_names(pattern: str) -> str:
    """The pattern as JavaScript reads it, too."""
    return re.sub(r"\?P<\w+>", "?:", pattern)


def _manifest() -> Schema:
    count = {"type": "integer", "minimum": 0}
    digest = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    by_split = {"enum": list(ALL_SPLITS)}
    names = {"type": "array", "items": {"type": "string"}}

    def splits(values: Schema, description: str) -> Schema:
        return _names(description, values, propertyNames=by_split)

    required: dict[str, Schema] = {
        "pack": _text("The pack's name."),
        "pack_version": _text("Its version."),
        "pack_sha256": {**digest, "description": "Over names and contents of its files."},
        "fgsuite_version": _text("What made the rows."),
        "seed": {"type": "integer", "description": "--seed"},
        "shape": {"enum": ["tool-calls", "text"], "description": "--shape"},
        "values": {"enum": ["bare", "escaped"], "description": "--values"},
        "perturb": {"enum": list(LEVELS), "description": "--perturb"},
        "mix": {"enum": ["fill", "exact"], "description": "--mix"},
        "rows_asked": {**count, "description": "--rows, of all shards together."},
        "shard": _text("--shard", pattern="^[0-9]+/[0-9]+$"),
        "rows_made": {**count, "description": "Rows in the files here."},
        "files": _names(
            "The files of rows.",
            _object("Rows and SHA-256.", {"rows": count, "sha256": digest}, {}),
            propertyNames={"enum": [name for name in FILES if name != MANIFEST]},
        ),
        "families": splits(names, "Families of each file, as `intent/family`."),
        "held_out_values": _names("Slot -> forms that only `test_values` has.", names),
        "held_out_compositions": {
            "type": "array",
            "items": {**names, "minItems": 2, "maxItems": 2},
            "description": "Pairs of intents that only `test_compositions` has in one utterance.",
        },
        "counts": splits(_names("By column.", _names("Value -> rows.", count)), "Rows of each file."),
        "expansions": {
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "Texts that the pack can spell; as text, since it may be too large for a JSON number.",
        },
        "draws_rejected_share": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "description": "Draws left out because another template spells their text first.",
        },
        "overlaps": {
            "type": "array",
            "items": _object(
                "Two templates that spell the same texts.",
                {"template": {"type": "string"}, "spelt_first_by": {"type": "string"}, "draws": count},
                {},
            ),
            "description": "The pairs that overlap most.",
        },
        "rows_left_unperturbed": {
            **count,
            "description": "Rows that would have become equal to another by a perturbation.",
        },
        "shortfalls": {
            "type": "array",
            "items": _object(
                "What a file lacks.",
                {"split": by_split, "what": {"type": "string"}, "asked": count, "made": count},
                {
                    "slot": {"type": "string", "description": "Whose value it is that rows lack."},
                    "value": {"description": "That value."},
                    "language": {"type": "string", "description": "In a pack of several."},
                },
            ),
            "description": "What the pack could not give.",
        },
        "unseen_values": _names(
            "Values that a file should have and has not; in a pack of several languages `test (en)`.",
            _names("By slot.", {"type": "array"}),
            propertyNames={"pattern": rf"^({'|'.join(ALL_SPLITS)})( \({TAG.pattern}\))?$"},
        ),
    }
    what = "What a data set is, how it was made, and what it lacks."
    return {"title": "manifest.json of an fgsuite data set", **_object(what, required, {})}


FILE_KINDS: Mapping[str, FileKind] = {
    kind.name: kind
    for kind in (
        FileKind("pack", "pack.yaml", _pack),
        FileKind("slots", "slots.yaml", _slots),
        FileKind("intents", "intents/*.yaml", _intents),
        FileKind("tools", "tools.json", _tools),
        FileKind("row", "a line of train.jsonl, validation.jsonl, test.jsonl", _row),
        FileKind("manifest", MANIFEST, _manifest),
    )
}
"""The kinds of files that have a schema, by name."""
