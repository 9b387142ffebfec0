"""`fgdata show`."""

from __future__ import annotations

import argparse
import json

from fgdata.arguments import RAW, Commands, count
from fgdata.console import EXIT_FINDINGS, EXIT_OK, err, out
from fgdata.errors import Problem, UsageError
from fgdata.rows import Shape, Values
from fgdata.show import (
    LEGEND,
    differences,
    find_examples,
    heading,
    is_row_id,
    rebuilt_example,
    styled,
    training_text,
)


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "show",
        help="print rows as the model sees them",
        description="Print rows as the model sees them: those of a file, or the row of an id, made again from its pack.\n"
        "What the model is trained to write is coloured, or in brackets where there are no colours.",
        epilog="examples:\n  fgdata show data/climate/test.jsonl --limit 1\n"
        "  fgdata show climate_ko@1.1.0/lower_by/plain/1.hae/417 --short",
        formatter_class=RAW,
    )
    command.add_argument("row", metavar="FILE|ID", help="a JSONL file, or the id of a row")
    command.add_argument("--id", metavar="ID", help="of a file, only the row of this id")
    command.add_argument(
        "--limit",
        type=count,
        default=3,
        metavar="N",
        help="rows of a file, 0 for all (default: %(default)s)",
    )
    command.add_argument("--short", action="store_true", help="fold the declarations")
    command.add_argument(
        "--json", action="store_true", help="print each row's JSON, too, in a line of its own"
    )
    command.add_argument(
        "--pack", metavar="PACK", help="with an id: its pack's folder, where it is not found by name"
    )
    command.add_argument(
        "--data", metavar="FILE", help="with an id: a file that holds its row; say where the two differ"
    )
    command.add_argument(
        "--shape", choices=("tool-calls", "text"), help="with an id: as in generate (default: tool-calls)"
    )
    command.add_argument(
        "--values", choices=("bare", "escaped"), help="with an id: as in generate (default: bare)"
    )
    command.set_defaults(run=_show)


def _show(arguments: argparse.Namespace) -> int:
    unlike: list[str] = []
    if is_row_id(arguments.row):
        if arguments.id:
            raise UsageError(Problem("--id", "the first argument is an id already.", "Give one of them."))
        shape: Shape = arguments.shape or "tool-calls"
        values: Values = arguments.values or "bare"
        made = rebuilt_example(arguments.row, arguments.pack, shape, values)
        examples = iter([made])
        if arguments.data:
            unlike = list(differences(made, next(find_examples(arguments.data, arguments.row, 1))))
    else:
        for flag in ("pack", "data", "shape", "values"):
            if getattr(arguments, flag):
                raise UsageError(Problem(f"--{flag}", f"{arguments.row} is no id of a row.", "A file's rows are shown as they are."))  # fmt: skip
        examples = find_examples(arguments.row, arguments.id, arguments.limit)
    has_colours = out.is_terminal and not out.no_color
    if not has_colours:
        out.print(LEGEND, markup=False, highlight=False)
    for example in examples:
        out.print(f"\n# {heading(example)}", style="bold", markup=False, highlight=False)
        out.print(styled(training_text(example), is_short=arguments.short, has_colours=has_colours))
        if arguments.json:
            print(json.dumps(example.to_row(), ensure_ascii=False))
    for line in unlike:
        err.print(f"differs: {line}", markup=False, highlight=False)
    return EXIT_FINDINGS if unlike else EXIT_OK
