"""`fgdata generate`."""

from __future__ import annotations

import argparse

from fgdata.arguments import RAW, Commands, named, positive
from fgdata.console import err, out, progress_bar
from fgdata.dataset import Shard, manifest_notes, write_dataset
from fgdata.generator import Request
from fgdata.packs import load_pack, pack_names
from fgdata.part_folder import check_folder
from fgdata.perturb import LEVELS as PERTURBATION_LEVELS
from fgdata.workers import processors


def add(commands: Commands) -> None:
    """Add the command to the parser."""
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
        "--out",
        type=named,
        required=True,
        metavar="DIR",
        help="folder to write; it appears whole or not at all",
    )
    command.add_argument(
        "--shape",
        choices=("tool-calls", "text"),
        default="tool-calls",
        help="calls as JSON with the tools in every row, or native text after the developer message (default: %(default)s)",
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
        type=positive,
        default=processors(),
        metavar="W",
        help="processes that make rows; the bytes stay the same (default: the processors that may be used, 8 at most)",
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
        type=positive,
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


def _shard(text: str) -> Shard:
    """`I/N`."""
    first, _, second = text.partition("/")
    if not (text.isascii() and first.isdigit() and second.isdigit()) or not 0 <= int(first) < int(second):
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
