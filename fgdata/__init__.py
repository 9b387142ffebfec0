"""Examples for FunctionGemma from packs of templates: the format, tools and calls, generation, checks.

Importing this package loads no deep-learning library.
"""

from fgdata.convert import Conversion, convert
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
from fgdata.generate import Generated, Generator, Request, generate
from fgdata.lint import Finding, LintReport, lint
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
