"""`fgdata publish`: flags in, one library call, a summary out."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from fgdata.arguments import RAW, Commands, named
from fgdata.console import out
from fgdata.errors import Problem, UsageError
from fgdata.hub.access import find_token, require_hub
from fgdata.hub.upload import Publication, Published, publish, secret_problems, size_of, write_folder
from fgdata.publish.columns import LAYOUTS


def add_sending_flags(command: argparse.ArgumentParser) -> None:
    """The flags that both `publish` commands have."""
    command.add_argument("repo", metavar="REPO", help="OWNER/NAME on the Hub")
    command.add_argument("--private", action="store_true", help="make the repository private, if it is new")
    command.add_argument("--dry-run", action="store_true", help="build and check all files and list them; send nothing")  # fmt: skip
    command.add_argument(
        "--out", type=named, metavar="FOLDER", help="put the files into a new folder, too, to be looked at"
    )
    command.add_argument("--replace", action="store_true", help="write into a repository that fgsuite did not publish; its other files stay")  # fmt: skip
    command.add_argument("--licence", "--license", default="", metavar="NAME", help="a licence by its name on the Hub, such as cc-by-4.0")  # fmt: skip
    command.add_argument("--title", default="", help="heading of the card")


def add_publish(commands: Commands) -> None:
    """The verb `publish`."""
    command = commands.add_parser(
        "publish",
        help="send a data set to the Hugging Face Hub",
        description="Check the rows in DIR as `fgdata lint` does, write them as Parquet with a card made from facts, and send all as one\n"
        "commit. The second time the same rows change nothing. The token comes from .env, the environment (HF_TOKEN) or\n"
        "`hf auth login`. Needs the extra `hub`. docs/publishing.md shows the way from rows to a repository.",
        epilog="examples:\n  fgdata publish data/climate me/climate-ko --dry-run --out look\n"
        "  fgdata publish data/climate me/climate-ko --private",
        formatter_class=RAW,
    )
    command.add_argument("folder", metavar="DIR", help="folder with train.jsonl and other splits, or with a folder for each configuration")  # fmt: skip
    add_sending_flags(command)
    command.add_argument(
        "--layout",
        choices=LAYOUTS,
        default="rows",
        help="the rows as they are; messages and tools as JSON text; or columns system, user, assistant, tools (default: %(default)s)",
    )
    command.set_defaults(run=_publish)


def _publish(arguments: argparse.Namespace) -> None:
    require_hub("fgdata publish")
    from fgdata.publish.dataset import DatasetOptions, build_dataset

    check_out(arguments.out)
    options = DatasetOptions(arguments.layout, arguments.licence, arguments.title)
    with tempfile.TemporaryDirectory(prefix="fgdata-publish-") as work:
        publication, configs = build_dataset(arguments.folder, arguments.repo, Path(work), options)
        for config in configs:
            if config.lint is not None:
                out.print(f"{config.name}: {config.lint.summary}", markup=False, highlight=False)
        send(publication, arguments)


def check_out(folder: str | None) -> None:
    """Raise UsageError if `--out` names a folder that is in use."""
    if folder and Path(folder).exists() and (not Path(folder).is_dir() or any(Path(folder).iterdir())):
        raise UsageError(Problem(f"--out {folder}", "is in use.", "Name a new folder."))


def send(publication: Publication, arguments: argparse.Namespace) -> Published | None:
    """List the files of a publication (`--dry-run`), or send them and say what became of it."""
    files = publication.all_files()
    if arguments.out:
        write_folder(publication, Path(arguments.out))
    if arguments.dry_run:
        UsageError.raise_if(secret_problems(files, find_token()))
        for name, content in files.items():
            out.print(f"{size_of(content):>12,}  {name}", markup=False, highlight=False)
        total = sum(size_of(content) for content in files.values())
        visibility = "private" if arguments.private else "public"
        out.print(
            f"Would send {len(files)} files, {total:,} bytes, to the {visibility} {publication.kind} {publication.repo}. Nothing was sent.",
            markup=False,
            highlight=False,
        )
        return None
    done = publish(publication, private=arguments.private, replace=arguments.replace)
    if done.outcome == "unchanged":
        said = f"Nothing to do: {done.url} holds the same already, revision {done.revision}"
    else:
        removed = f", {len(done.removed)} removed" if done.removed else ""
        said = f"Published: {done.url}, revision {done.revision} ({len(done.sent)} of {len(files)} files sent{removed})"
    out.print(said, markup=False, highlight=False)
    return done
