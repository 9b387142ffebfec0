"""fgdata: make, check, count and show data."""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

from fgdata.cli_convert import add_convert
from fgdata.compose import Compositions
from fgdata.console import EXIT_FINDINGS, EXIT_OK, byte_progress, err, out, progress_bar, run_command
from fgdata.dataset import Shard, check_folder, manifest_notes, write_dataset
from fgdata.errors import Problem, UsageError
from fgdata.file_schemas import FILE_KINDS, schema_text, write_schemas
from fgdata.generate import Request
from fgdata.hub.source import HubData, find_files
from fgdata.lint import LEVELS, SIMILARITY, lint, read_tools, rules_text
from fgdata.own.commands import add_coverage, add_init
from fgdata.packs import load_pack, load_tools, pack_names
from fgdata.perturb import LEVELS as PERTURBATION_LEVELS
from fgdata.publish.command import add_publish
from fgdata.rows import Shape, Values
from fgdata.show import (
    LEGEND,
    find_examples,
    heading,
    is_row_id,
    rebuilt_example,
    styled,
    training_text,
)
from fgdata.stats import FIRST_ROWS, count_rows
from fgdata.stats.human import REPORTED, SOURCE
from fgdata.stock import stock_of

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
RAW = argparse.RawDescriptionHelpFormatter


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 findings, 2 bad input."""
    arguments = build_parser().parse_args(argv)
    return run_command(lambda: arguments.run(arguments))


def build_parser() -> argparse.ArgumentParser:
    """The command line's parser."""
    parser = argparse.ArgumentParser(
        prog="fgdata", description="Make, check, count and show data for FunctionGemma."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    add_init(commands)
    _add_generate(commands)
    _add_check(commands)
    _add_lint(commands)
    add_convert(commands)
    _add_stats(commands)
    _add_show(commands)
    _add_schema(commands)
    add_publish(commands)
    add_coverage(commands)
    return parser


def _count(text: str) -> int:
    """A whole number, 0 or more."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of places; 0 is all")
    return int(text)


def _rows(text: str) -> int:
    """A whole number, 1 or more."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:10]) < 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of rows; give 1 or more")
    return int(text)


def _add_generate(commands: Commands) -> None:
    command = commands.add_parser(
        "generate",
        help="make a data set from a pack",
        description="Make train.jsonl, validation.jsonl, test.jsonl and manifest.json from a pack of templates.\n"
        "The same pack, rows and seed give the same bytes.",
        epilog="examples:\n  fgdata generate climate_ko --rows 4000 --seed 1 --out data/climate\n"
        "  fgdata generate templates/my_pack --rows 500 --out data/mine --shape text",
        formatter_class=RAW,
    )
    command.add_argument("pack", metavar="PACK", help=f"a pack's name ({', '.join(pack_names())}) or folder")
    command.add_argument(
        "--rows",
        type=int,
        default=4000,
        metavar="N",
        help="rows in all files together (default: %(default)s)",
    )
    command.add_argument(
        "--seed",
        type=int,
        default=1,
        metavar="S",
        help="another seed, another data set (default: %(default)s)",
    )
    command.add_argument(
        "--out", required=True, metavar="DIR", help="folder to write; it appears whole or not at all"
    )
    command.add_argument(
        "--shape",
        choices=("tool-calls", "text"),
        default="tool-calls",
        help="calls as JSON with the tools in every row, or native text after a short developer message (default: %(default)s)",
    )
    command.add_argument(
        "--values",
        choices=("bare", "escaped"),
        default="bare",
        help="with --shape text: numbers as the official template writes them, or inside <escape> (default: %(default)s)",
    )
    command.add_argument(
        "--perturb",
        choices=PERTURBATION_LEVELS,
        default="off",
        help="mistype some rows as people do, labelled in the column `perturbation` (default: %(default)s)",
    )
    command.add_argument(
        "--mix",
        choices=("fill", "exact"),
        default="fill",
        help="what the pack cannot give is left out and stated, or stops the run (default: %(default)s)",
    )
    command.add_argument(
        "--workers",
        type=_positive,
        default=1,
        metavar="W",
        help="processes that make rows; the bytes stay the same (default: %(default)s)",
    )
    command.add_argument(
        "--shard",
        type=_shard,
        default=Shard(),
        metavar="I/N",
        help="only every N-th row from row I on, I from 0: all shards together are the whole set",
    )
    command.add_argument(
        "--max-length",
        type=_positive,
        metavar="N",
        help="stop at a row of more tokens, prompt and completion together (with --tokenizer)",
    )
    command.add_argument(
        "--tokenizer",
        default="",
        metavar="NAME",
        help="folder or name of the model whose tokenizer counts (needs the extra `train`)",
    )
    command.add_argument("--force", action="store_true", help="replace the data set that stands in DIR")
    command.set_defaults(run=_generate)


def _positive(text: str) -> int:
    """A whole number above 0."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 10**6:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def _shard(text: str) -> Shard:
    """`I/N`."""
    first, _, second = text.partition("/")
    if not (first.isdigit() and second.isdigit()) or not 0 <= int(first) < int(second):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no shard; write I/N with I from 0 to N - 1, such as 0/4"
        )
    return Shard(int(first), int(second))


def _generate(arguments: argparse.Namespace) -> None:
    check_folder(arguments.out, force=arguments.force)
    pack = load_pack(arguments.pack)
    request = Request(
        arguments.rows,
        arguments.seed,
        arguments.shape,
        arguments.values,
        arguments.perturb,
        arguments.mix,
        arguments.tokenizer,
        arguments.max_length,
    )
    with progress_bar() as bar:
        task = bar.add_task(f"{pack.name} {pack.version}", total=-(-arguments.rows // arguments.shard.of))
        manifest = write_dataset(
            pack,
            request,
            arguments.out,
            workers=arguments.workers,
            shard=arguments.shard,
            force=arguments.force,
            advance=lambda n: bar.advance(task, n),
        )
    for note in manifest_notes(manifest):
        err.print(f"note: {note}", markup=False, highlight=False)
    files = ", ".join(f"{name} {entry['rows']}" for name, entry in manifest["files"].items())
    of = f" (shard {manifest['shard']})" if arguments.shard.of > 1 else ""
    out.print(
        f"{manifest['rows_made']} of {arguments.rows} rows{of} in {arguments.out}: {files}",
        markup=False,
        highlight=False,
    )
    out.print(
        f"{int(manifest['expansions']):,} expansions; {manifest['draws_rejected_share']:.2%} of draws left out as another template's text.",
        markup=False,
        highlight=False,
    )


def _add_check(commands: Commands) -> None:
    command = commands.add_parser(
        "check",
        help="check a pack and say what is in it",
        description="Read a pack and print every problem in it, or, if there is none, what it holds.",
        epilog="example:\n  fgdata check templates/climate_ko",
        formatter_class=RAW,
    )
    command.add_argument("pack", metavar="PACK", help="a pack's name or folder")
    command.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> None:
    pack = load_pack(arguments.pack)
    stock = stock_of(pack)
    Compositions(stock)
    stock.check_against_jinja()
    families = [family for intent in pack.intents for family in intent.families]
    by_split = Counter(family.split for family in families)
    templates = sum(len(family.templates) for family in families)
    out.print(f"{pack.name} {pack.version} ({pack.language}): {pack.title}", markup=False, highlight=False)
    out.print(
        f"{len(pack.tools)} tools, {len(pack.slots)} slots, {len(pack.intents)} intents, {len(families)} families "
        f"({', '.join(f'{count} {split}' for split, count in by_split.items())}), {templates} templates, {stock.count:,} expansions. No problems.",
        markup=False,
        highlight=False,
    )


def _add_lint(commands: Commands) -> None:
    command = commands.add_parser(
        "lint",
        help="find rows that hurt training or tests",
        description="Look for rows that do not read, break their tools' schema, contradict each other or stand in two files.\n"
        "Files named together are taken as splits of one data set. Layouts are recognised, other people's too\n"
        "(docs/layouts.md). docs/lint.md explains every rule.\n"
        "Exit code: 0 clean, 1 findings at or above --fail-on, 2 bad input.",
        epilog="examples:\n"
        "  fgdata lint data/climate/*.jsonl\n  fgdata lint old.jsonl --pack climate_ko --format json\n"
        "  fgdata lint train.jsonl test.jsonl --fail-on warning --format markdown > lint.md\n"
        "  fgdata lint train.jsonl --tokenizer models/tiny --max-length 1024",
        formatter_class=RAW,
    )
    command.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="files of rows: JSONL or Parquet, in any layout; or a data set on the Hub: OWNER/NAME, maybe @REVISION",
    )
    command.add_argument("--config", metavar="NAME", help="of a data set on the Hub: its configuration")
    command.add_argument(
        "--split",
        action="append",
        metavar="NAME",
        help="of a data set on the Hub: only this split; may be repeated (default: all)",
    )
    tools = command.add_mutually_exclusive_group()
    tools.add_argument("--tools", metavar="FILE", help="JSON list of tools, for rows that declare none")
    tools.add_argument("--pack", metavar="PACK", help="pack whose tools such rows call")
    command.add_argument(
        "--format", choices=("table", "json", "markdown"), default="table", help="default: %(default)s"
    )
    command.add_argument(
        "--fail-on",
        choices=LEVELS,
        default="error",
        help="the mildest level that makes the exit code 1 (default: %(default)s)",
    )
    command.add_argument(
        "--limit",
        type=_count,
        default=20,
        metavar="N",
        help="places shown for each rule, 0 for all; JSON holds all (default: %(default)s)",
    )
    command.add_argument(
        "--near",
        type=float,
        default=SIMILARITY,
        metavar="S",
        help="share of character trigrams that makes two texts near duplicates, 0 to skip them (default: %(default)s)",
    )
    command.add_argument(
        "--max-length", type=int, metavar="N", help="tokens a row may have; needs --tokenizer"
    )
    command.add_argument(
        "--tokenizer", default="", metavar="PATH_OR_NAME", help="the tokenizer that counts them"
    )
    command.add_argument("--rules", action="store_true", help="list the rules and stop")
    command.set_defaults(run=_lint)


def _lint(arguments: argparse.Namespace) -> int:
    if arguments.rules:
        out.print(rules_text(), markup=False, highlight=False)
        return EXIT_OK
    if not arguments.files:
        raise UsageError(
            Problem("FILE", "no file is named.", "Name JSONL files, or list the rules with --rules.")
        )
    tools = read_tools(arguments.tools) if arguments.tools else None
    if arguments.pack:
        tools = load_tools(arguments.pack)
    sources = find_files(arguments.files, arguments.config, arguments.split)
    for source in sources:
        if isinstance(source, HubData):
            err.print(f"{source.repo}, revision {source.revision}, {source.config}/{source.split}: {source.file}", markup=False, highlight=False)  # fmt: skip
    files = [os.fspath(source) for source in sources]
    with byte_progress(files, "reading") as advance:
        report = lint(
            files,
            tools,
            similarity=arguments.near,
            max_length=arguments.max_length,
            tokenizer=arguments.tokenizer,
            advance=advance,
        )
    if arguments.format == "json":
        print(json.dumps(report.to_json(), ensure_ascii=False, indent=2))
    elif arguments.format == "markdown":
        print(report.to_markdown(arguments.limit), end="")
    else:
        for table in report.tables(arguments.limit):
            out.print(table)
        for file in report.rows:
            out.print(f"{file}: layout {report.layout_of(file)}", markup=False, highlight=False)
        out.print(report.summary, markup=False, highlight=False)
    return EXIT_FINDINGS if report.fails(arguments.fail_on) else EXIT_OK


def _add_stats(commands: Commands) -> None:
    command = commands.add_parser(
        "stats",
        help="count rows and measure their texts",
        description="Count rows by kind, intent, register, language, perturbation and number of calls, files side by side, and\n"
        "measure how their texts look and how varied they are; Korean beside figures of requests that people wrote.",
        epilog="example:\n  fgdata stats data/climate/*.jsonl",
        formatter_class=RAW,
    )
    command.add_argument(
        "files", nargs="+", metavar="FILE", help="files of rows in any layout: JSONL, JSON lists, Parquet"
    )
    command.add_argument(
        "--first",
        type=_rows,
        default=FIRST_ROWS,
        metavar="N",
        help="measure variety over the first N rows of a language; it depends on the size (default: %(default)s)",
    )
    command.add_argument("--json", action="store_true", help="print the figures as JSON")
    command.set_defaults(run=_stats)


def _stats(arguments: argparse.Namespace) -> None:
    stats = count_rows(arguments.files, arguments.first)
    if arguments.json:
        print(json.dumps(stats.to_json(), ensure_ascii=False, indent=2))
    else:
        for table in stats.tables():
            out.print(table)
        if "ko" in stats.profiles:
            out.print(f"human: {SOURCE}.\nreported: {REPORTED['source']}.", markup=False, highlight=False)
        out.print(stats.summary, markup=False, highlight=False)
    for file, count in stats.broken.items():
        if count:
            err.print(
                f"note: {count} lines of {file} are no rows and were not counted; see `fgdata lint`.",
                markup=False,
            )


def _add_show(commands: Commands) -> None:
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
        type=_count,
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
        "--shape", choices=("tool-calls", "text"), help="with an id: as in generate (default: tool-calls)"
    )
    command.add_argument(
        "--values", choices=("bare", "escaped"), help="with an id: as in generate (default: bare)"
    )
    command.set_defaults(run=_show)


def _show(arguments: argparse.Namespace) -> None:
    if is_row_id(arguments.row):
        if arguments.id:
            raise UsageError(Problem("--id", "the first argument is an id already.", "Give one of them."))
        shape: Shape = arguments.shape or "tool-calls"
        values: Values = arguments.values or "bare"
        examples = iter([rebuilt_example(arguments.row, arguments.pack, shape, values)])
    else:
        for flag in ("pack", "shape", "values"):
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


def _add_schema(commands: Commands) -> None:
    command = commands.add_parser(
        "schema",
        help="print the JSON Schemas of a pack's files",
        description="Print the JSON Schema (draft 2020-12) of a kind of file, so that editors complete and check what you write.\n"
        "Without KIND and --out, list the kinds.",
        epilog="kinds:\n"
        + "\n".join(f"  {kind.name:<10}{kind.files}" for kind in FILE_KINDS.values())
        + "\n\nexamples:\n  fgdata schema pack\n  fgdata schema --out schemas",
        formatter_class=RAW,
    )
    command.add_argument(
        "kind", metavar="KIND", nargs="?", choices=tuple(FILE_KINDS), help="of the kinds below"
    )
    command.add_argument(
        "--out", metavar="DIR", help="write KIND.schema.json there instead, of every kind if none is named"
    )
    command.set_defaults(run=_schema)


def _schema(arguments: argparse.Namespace) -> None:
    if arguments.out:
        for file in write_schemas(arguments.out, [arguments.kind] if arguments.kind else []):
            out.print(str(file), markup=False, highlight=False)
    elif arguments.kind:
        print(schema_text(arguments.kind))
    else:
        for kind in FILE_KINDS.values():
            out.print(f"{kind.name:<10}{kind.files}", markup=False, highlight=False)


if __name__ == "__main__":
    raise SystemExit(main())
