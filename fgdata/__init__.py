"""Examples for FunctionGemma from packs of templates: the format, tools and calls, generation, checks.

Importing this package loads no deep-learning library.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fgdata.conversion import Conversion, convert
    from fgdata.dataset import write_dataset
    from fgdata.dialects import read_examples
    from fgdata.errors import (
        DataError,
        FgError,
        FormatError,
        ModelError,
        PackError,
        Problem,
        SchemaError,
        UsageError,
    )
    from fgdata.example import Example, read_jsonl, scan_jsonl, write_jsonl
    from fgdata.format import (
        Completion,
        parse_completion,
        render_call,
        render_conversation,
        render_declaration,
        render_prompt,
        render_target,
        render_training,
    )
    from fgdata.generator import Generated, Generator, Request, generate
    from fgdata.linting import Finding, LintReport, lint
    from fgdata.pack import Intent, Pack, Slot, TemplateFamily
    from fgdata.packs import load_pack, load_tools, pack_names
    from fgdata.schema import Call, Parameter, Tool, check_call, coerce_call
    from fgdata.stats import DataStats, count_rows

__all__ = [
    "Call",
    "Completion",
    "Conversion",
    "DataError",
    "DataStats",
    "Example",
    "FgError",
    "Finding",
    "FormatError",
    "Generated",
    "Generator",
    "Intent",
    "LintReport",
    "ModelError",
    "Pack",
    "PackError",
    "Parameter",
    "Problem",
    "Request",
    "SchemaError",
    "Slot",
    "TemplateFamily",
    "Tool",
    "UsageError",
    "check_call",
    "coerce_call",
    "convert",
    "count_rows",
    "generate",
    "lint",
    "load_pack",
    "load_tools",
    "pack_names",
    "parse_completion",
    "read_examples",
    "read_jsonl",
    "render_call",
    "render_conversation",
    "render_declaration",
    "render_prompt",
    "render_target",
    "render_training",
    "scan_jsonl",
    "write_dataset",
    "write_jsonl",
]

_NAMES = {
    "fgdata.conversion": ("Conversion", "convert"),
    "fgdata.dataset": ("write_dataset",),
    "fgdata.dialects": ("read_examples",),
    "fgdata.errors": (
        "DataError",
        "FgError",
        "FormatError",
        "ModelError",
        "PackError",
        "Problem",
        "SchemaError",
        "UsageError",
    ),
    "fgdata.example": ("Example", "read_jsonl", "scan_jsonl", "write_jsonl"),
    "fgdata.format": (
        "Completion",
        "parse_completion",
        "render_call",
        "render_conversation",
        "render_declaration",
        "render_prompt",
        "render_target",
        "render_training",
    ),
    "fgdata.generator": ("Generated", "Generator", "Request", "generate"),
    "fgdata.linting": ("Finding", "LintReport", "lint"),
    "fgdata.pack": ("Intent", "Pack", "Slot", "TemplateFamily"),
    "fgdata.packs": ("load_pack", "load_tools", "pack_names"),
    "fgdata.schema": ("Call", "Parameter", "Tool", "check_call", "coerce_call"),
    "fgdata.stats": ("DataStats", "count_rows"),
}
_MODULE_OF = {name: module for module, names in _NAMES.items() for name in names}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """A public name, from its module: none is read before it is asked for, so each command starts with what it needs."""
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(importlib.import_module(_MODULE_OF[name]), name)
        return value


def __dir__() -> list[str]:
    """What can be asked for."""
    return sorted({*globals(), *__all__})
