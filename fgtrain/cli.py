"""`fgtrain lora`, `merge` and `publish`: flags in, one library call, a summary out."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import types
from collections.abc import Sequence
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from fgdata.arguments import Commands, named
from fgdata.console import out, run_command
from fgdata.hub.access import require_hub
from fgdata.publish.command import add_sending_flags, check_out, send
from fgtrain.config import TrainConfig
from fgtrain.settings import MODEL_ALIASES, PRESETS, make_config, presets_text

EPILOG = (
    "Every flag may be written with dashes instead of underscores. All defaults are in docs/training.md.\n\n"
    "presets (what one does not name keeps its default; flags and --config win):\n" + presets_text()
)


def build_parser() -> argparse.ArgumentParser:
    """The parser; the flags of `lora` are the fields of `TrainConfig`."""
    parser = argparse.ArgumentParser(
        prog="fgtrain", description="A LoRA adapter from examples.", allow_abbrev=False
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    lora = commands.add_parser(
        "lora",
        help="train an adapter",
        description=train_description(),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,  # what was not given is not there: a file or a preset may say it
        allow_abbrev=False,
    )
    lora.add_argument("--preset", choices=tuple(PRESETS), help="settings by name, listed below")
    lora.add_argument(
        "--config", metavar="FILE", help="TOML or YAML file with the flags' names as keys; flags win over it"
    )
    hints = get_type_hints(TrainConfig)
    for option in dataclasses.fields(TrainConfig):
        _add_flag(lora, option, hints[option.name])
    _add_merge(commands)
    _add_publish(commands)
    return parser


def _add_merge(commands: Commands) -> None:
    command = commands.add_parser(
        "merge",
        help="put an adapter into its base for good",
        description="Write base plus adapter as one model folder that needs no peft. What was written is read back and must give the logits of\n"
        "base and adapter apart, to 1e-4; else nothing is left. Computed and written in float32.",
        epilog="example:\n  fgtrain merge out/adapter --out out/merged --data data/test.jsonl",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_argument("adapter", metavar="RUN", help="the --output_dir of a finished run")
    command.add_argument(
        "--out", type=named, required=True, metavar="DIR", help="folder for the merged model"
    )
    command.add_argument(
        "--model", default=None, metavar="NAME", help="base model; default: the one the adapter names"
    )
    command.add_argument("--revision", default=None, help="branch, tag or commit of a hub model")
    command.add_argument(
        "--data",
        default=None,
        metavar="FILE",
        help="rows whose prompts are compared, 16 of them; default: texts that need no file",
    )
    command.add_argument("--force", action="store_true", help="replace an earlier merge in --out")


def merge(arguments: argparse.Namespace) -> None:
    """Merge, and print where the model is and how near it is."""
    from fgtrain.merge import merge_adapter

    result = merge_adapter(
        arguments.adapter,
        arguments.out,
        model=arguments.model,
        revision=arguments.revision,
        data=arguments.data,
        force=arguments.force,
    )
    out.print(
        f"Merged:  {result.folder}\n"
        f"Checked: read back, {result.n_texts} texts: logits differ by {result.difference:.1e} at most "
        f"(largest {result.largest:.1f}; the adapter moves them by up to {result.moved:.2g})",
        highlight=False,
        markup=False,
    )


def _add_publish(commands: Commands) -> None:
    command = commands.add_parser(
        "publish",
        help="send an adapter to the Hugging Face Hub",
        description="Send the adapter of a finished run, with a card made from run.json and the scores, as one commit. The second time the\n"
        "same run changes nothing. The token comes from .env, the environment (HF_TOKEN) or `hf auth login`. Needs the extra `hub`.\n"
        "docs/publishing.md shows the way from a run to a repository.",
        epilog="example:\n  fgtrain publish out/adapter me/climate-lora --scores out/adapter-run --base-scores out/base --dry-run --out look",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_argument("folder", metavar="RUN", help="the --output_dir of a finished run")
    add_sending_flags(command)
    command.add_argument(
        "--scores", default="", metavar="DIR", help="folder that `fgeval score` wrote for this adapter"
    )
    command.add_argument(
        "--base-scores", default="", metavar="DIR", help="the same for the base without it, on the same rows"
    )
    command.add_argument(
        "--base-model",
        default="",
        metavar="NAME",
        help="the base's name on the Hub, where the run had it in a folder",
    )
    command.add_argument(
        "--dataset", default="", metavar="NAME", help="the training data's name on the Hub, for the card"
    )


def publish_run(arguments: argparse.Namespace) -> None:
    """Build the repository of an adapter, and list it or send it."""
    require_hub("fgtrain publish")
    from fgtrain.publish import AdapterOptions, build_adapter

    check_out(arguments.out)
    options = AdapterOptions(
        scores=arguments.scores,
        base_scores=arguments.base_scores,
        base_model=arguments.base_model,
        dataset=arguments.dataset,
        licence=arguments.licence,
        title=arguments.title,
    )
    send(build_adapter(arguments.folder, arguments.repo, options), arguments)


def train_description() -> str:
    """One sentence for `--help`."""
    return "Train a LoRA adapter on JSONL rows and save it, with its tokenizer and run.json, in --output_dir."


def _add_flag(parser: argparse.ArgumentParser, option: dataclasses.Field[Any], hint: Any) -> None:
    """One flag for one field; its type, default and help come from the field."""
    names = [f"--{option.name}", *(f"--{alias}" for alias in MODEL_ALIASES if option.name == "model")]
    meaning = option.metadata["meaning"].replace("%", "%%")
    if get_origin(hint) in (Union, types.UnionType):  # `str | None`
        hint = next(member for member in get_args(hint) if member is not type(None))
    if hint is bool:
        parser.add_argument(*names, action="store_true", help=meaning)
        return
    details: dict[str, Any] = {
        "type": hint,
        "metavar": hint.__name__.upper() if isinstance(hint, type) else None,
    }
    default: Any = option.default
    if get_origin(hint) is Literal:
        details = {"choices": get_args(hint)}
    elif get_origin(hint) is tuple:
        details = {"type": _names, "metavar": "NAME,NAME"}
        default = ",".join(default)
    if default is not None and default is not dataclasses.MISSING:
        meaning += f" (default: {default})"
    parser.add_argument(*names, help=meaning, dest=option.name, **details)


def _names(text: str) -> tuple[str, ...]:
    """`q_proj,v_proj` or `q_proj v_proj` as names."""
    return tuple(text.replace(",", " ").split())


def with_underscores(arguments: Sequence[str]) -> list[str]:
    """The arguments with `--train-file` written `--train_file`; values are left alone."""
    spelled = []
    for argument in arguments:
        flag, equals, value = argument.partition("=")
        spelled.append(
            "--" + flag[2:].replace("-", "_") + equals + value if flag.startswith("--") else argument
        )
    return spelled


def lora_config(given: argparse.Namespace) -> TrainConfig:
    """The settings that the flags of `lora`, a config file and a preset make, checked before seconds of imports."""
    flags = {name: value for name, value in vars(given).items() if name != "command"}
    return make_config(flags, preset=flags.pop("preset", None), config_file=flags.pop("config", None))


def train(config: TrainConfig) -> None:
    """Run, and print where the adapter is and what to do with it."""
    if config.device != "tpu":  # where torch_xla is installed, transformers would take every run to it
        os.environ.setdefault("USE_TORCH_XLA", "0")
    from fgtrain.run import train_lora

    result = train_lora(config)
    if os.environ.get("RANK", "0") != "0":  # one of the processes that torchrun started: the first one speaks
        return
    losses = f"loss {result.loss:.4f}" + (
        f", evaluation loss {result.eval_loss:.4f}" if result.eval_loss is not None else ""
    )
    if result.exact_match is not None:
        losses += f", exact match {100 * result.exact_match:.1f}%"
    if config.eval_metric != "none":
        losses += f"; epoch {result.epoch:.4g} kept as the best"
    out.print(
        f"Adapter: {result.folder} ({result.steps} steps, {losses}, {result.seconds:.0f} s)", highlight=False
    )
    out.print(
        f"Next:    fgeval run --model {config.model} --adapter {result.folder} --data TEST.jsonl --out DIR",
        highlight=False,
        markup=False,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of the command line."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    given = build_parser().parse_args(with_underscores(words) if words[:1] == ["lora"] else words)
    if given.command == "publish":
        return run_command(lambda: publish_run(given))
    if given.command == "merge":
        return run_command(lambda: merge(given))
    return run_command(lambda: train(lora_config(given)))


if __name__ == "__main__":
    sys.exit(main())
