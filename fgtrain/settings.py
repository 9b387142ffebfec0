"""Where a run's settings come from: flags, over a config file (TOML or YAML), over a preset, over the defaults."""

from __future__ import annotations

import dataclasses
import textwrap
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from fgdata.errors import Problem, UsageError
from fgdata.positions import Reader, closest
from fgeval.toml_lines import read_toml
from fgtrain.config import TrainConfig

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "korean-home": {
        "lora_r": 16,
        "lora_alpha": 32.0,
        "lora_dropout": 0.05,
        "target_modules": ("all-linear",),
        "learning_rate": 1e-4,
        "num_train_epochs": 3.0,
        "per_device_train_batch_size": 2,
        "gradient_accumulation_steps": 8,
    },
    "fitness": {
        "lora_r": 32,
        "lora_alpha": 64.0,
        "lora_dropout": 0.05,
        "target_modules": ("q_proj", "k_proj", "v_proj", "o_proj"),
        "learning_rate": 5e-5,
        "optim": "adafactor",
        "num_train_epochs": 3.0,
        "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": 2,
        "max_length": 512,
    },
}
"""The settings of the two seeds by name; what one does not name keeps its default."""
MODEL_ALIASES = ("model_id", "model_name_or_path")
"""Other names of `model`, as a flag and in a file."""
FOR_ONE_CALL = ("resume", "force")
"""What belongs to a call and not to a configuration: a file that says `force` would replace every earlier run."""


def make_config(
    flags: Mapping[str, Any], *, preset: str | None = None, config_file: str | None = None
) -> TrainConfig:
    """The settings of a run, checked.

    Args:
        flags: what was given by hand, by the names of `TrainConfig`; it wins.
        preset: a key of `PRESETS`; a file may name one as `preset`.
        config_file: TOML or YAML.
    Raises: UsageError with every value that cannot be used; one of the file has its line.
    """
    listed, places = read_config_file(config_file) if config_file is not None else ({}, {})
    named = listed.pop("preset", None)
    name = preset or named
    values = {**(PRESETS[name] if name else {}), **listed, **flags}
    if "output_dir" not in values:
        raise UsageError(
            Problem(
                "--output_dir",
                "is missing.",
                "Name the folder for the adapter, as a flag or in the --config file.",
            )
        )
    config = TrainConfig(**values)
    UsageError.raise_if(
        dataclasses.replace(problem, where=f"{places[field]}: {problem.where}")
        if (field := problem.where.removeprefix("--")) in places and field not in flags
        else problem
        for problem in config.problems()
    )
    return config


def read_config_file(path: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The settings of a file (`preset` among them), and `file:line` of each.

    Raises: UsageError naming every key that is none and every value of another type, each with its line.
    """
    match Path(path).suffix.lower():
        case ".toml":
            pairs, problems = _toml_pairs(path)
        case ".yaml" | ".yml":
            pairs, problems = _yaml_pairs(path)
        case _:
            raise UsageError(
                Problem("--config", f"is {path!r}.", "Name a file that ends in .toml, .yaml or .yml.")
            )
    hints = get_type_hints(TrainConfig)
    known = [option.name for option in dataclasses.fields(TrainConfig) if option.name not in FOR_ONE_CALL]
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    for key, value, place in pairs:
        name = key.replace("-", "_")
        name = "model" if name in MODEL_ALIASES else name
        if name in places:
            problems.append(Problem(place, f"{key!r} sets {name} again ({places[name]}).", "Keep one."))
            continue
        places[name] = place
        if name in FOR_ONE_CALL:
            problems.append(Problem(place, f"{key!r} belongs to one call.", f"Give it as a flag: --{name}."))
        elif name != "preset" and name not in known:
            problems.append(Problem(place, f"unknown key {key!r}.", closest(name, [*known, "preset"])))
        elif name == "preset":
            if value in PRESETS:
                values[name] = value
            else:
                problems.append(
                    Problem(place, f"there is no preset {value!r}.", f"It is one of {', '.join(PRESETS)}.")
                )
        else:
            try:
                values[name] = _value(value, hints[name])
            except ValueError as error:
                problems.append(Problem(place, f"{key} is {value!r}; it must be {error}."))
    UsageError.raise_if(problems)
    return values, places


def _value(value: Any, hint: Any) -> Any:
    """A value of a file as the field has it.

    Raises: ValueError saying what it must be.
    """
    if get_origin(hint) in (Union, types.UnionType):  # `str | None`
        hint = next(member for member in get_args(hint) if member is not type(None))
    if hint is int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError("a whole number")
        return value
    if hint is float:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError("a number")
        try:
            return float(value)  # YAML reads 1e-4, which has no dot, as a text
        except ValueError:
            raise ValueError("a number") from None
    if get_origin(hint) is tuple:
        names = value.replace(",", " ").split() if isinstance(value, str) else value
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError("a list of names")
        return tuple(names)
    if get_origin(hint) is Literal and value not in get_args(hint):
        raise ValueError(f"one of {', '.join(get_args(hint))}")
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


def _toml_pairs(path: str) -> tuple[list[tuple[str, Any, str]], list[Problem]]:
    file = read_toml(path)
    return [(key, value, file.where(key)) for key, value in file.content.items()], []


def _yaml_pairs(path: str) -> tuple[list[tuple[str, Any, str]], list[Problem]]:
    problems: list[Problem] = []
    reader = Reader(Path(path), problems, page="docs/training.md")
    pairs = []
    for name, (key, node) in reader.mapping(reader.root, "the configuration").items():
        n_before = len(problems)
        value = reader.value(node, name)
        if len(problems) == n_before:  # else the reader has said what is wrong with it
            pairs.append((name, value, str(reader.place(key))))
    return pairs, problems


def presets_text() -> str:
    """The presets with their values, for `--help`."""
    lines = []
    for name, values in PRESETS.items():
        shown = ", ".join(f"{key} {_shown(value)}" for key, value in values.items())
        lines.append(
            textwrap.fill(f"  {name}: {shown}", 96, subsequent_indent="    ", break_on_hyphens=False)
        )
    return "\n".join(lines)


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
