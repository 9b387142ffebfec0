"""Presets and config files: the values they give, who wins, and that a mistake is named with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fgdata.errors import UsageError
from fgtrain import PRESETS, TrainConfig, make_config
from fgtrain.cli import build_parser, lora_config, main
from fgtrain.settings import read_config_file

PRESET_VALUES: dict[str, dict[str, Any]] = {
    "korean-home": {
        "lora_r": 16,
        "lora_alpha": 32,
        "lora_dropout": 0.05,
        "target_modules": ("all-linear",),
        "learning_rate": 1e-4,
        "num_train_epochs": 3,
        "per_device_train_batch_size": 2,
        "gradient_accumulation_steps": 8,
        "optim": "adamw",
        "max_length": 2048,
    },
    "fitness": {
        "lora_r": 32,
        "lora_alpha": 64,
        "lora_dropout": 0.05,
        "target_modules": ("q_proj", "k_proj", "v_proj", "o_proj"),
        "learning_rate": 5e-5,
        "num_train_epochs": 3,
        "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": 2,
        "optim": "adafactor",
        "max_length": 512,
    },
}


@pytest.fixture
def rows(tmp_path: Path) -> str:
    """A file that exists; nothing here reads it."""
    file = tmp_path / "train.jsonl"
    file.write_text("{}\n")
    return str(file)


@pytest.mark.parametrize("name", PRESET_VALUES)
def test_presets(name: str, rows: str) -> None:
    """Each gives the settings of its seed, and a flag wins over it."""
    words = ["lora", "--preset", name, "--train_file", rows, "--output_dir", "o"]
    config = lora_config(build_parser().parse_args(words))
    assert {key: getattr(config, key) for key in PRESET_VALUES[name]} == PRESET_VALUES[name]
    config = lora_config(build_parser().parse_args([*words, "--lora_r", "5"]))
    assert (config.lora_r, config.lora_alpha) == (5, PRESET_VALUES[name]["lora_alpha"])
    assert set(PRESETS) == set(PRESET_VALUES)


YAML = """# a run
preset: fitness
train-file: {rows}
output_dir: out/a
learning_rate: 2e-4
lora_alpha: 8
target_modules: [q_proj, v_proj]
model_id: somewhere
"""
TOML = """# a run
preset = "fitness"
train-file = "{rows}"
output_dir = "out/a"
learning_rate = 2e-4
lora_alpha = 8
target_modules = "q_proj,v_proj"
model_id = "somewhere"
"""


@pytest.mark.parametrize(("ending", "text"), [(".yaml", YAML), (".yml", YAML), (".toml", TOML)])
def test_a_file_of_settings(ending: str, text: str, rows: str, tmp_path: Path) -> None:
    """The file wins over its preset, --preset over the file's, and flags over all; both formats say the same."""
    file = tmp_path / f"run{ending}"
    file.write_text(text.format(rows=rows))
    config = lora_config(build_parser().parse_args(["lora", "--config", str(file), "--seed", "7"]))
    assert config == TrainConfig(
        **{
            **PRESETS["fitness"],
            "train_file": rows,
            "output_dir": "out/a",
            "learning_rate": 2e-4,
            "lora_alpha": 8.0,
            "target_modules": ("q_proj", "v_proj"),
            "model": "somewhere",
            "seed": 7,
        }
    )
    assert isinstance(config.lora_alpha, float)
    config = make_config({"learning_rate": 3e-4}, preset="korean-home", config_file=str(file))
    assert (config.learning_rate, config.lora_alpha, config.lora_r) == (3e-4, 8, 16)


BAD: dict[str, tuple[str, str, list[str]]] = {
    "yaml": (
        ".yaml",
        "output_dir: o\n\nlora_rank: 8\nnum_train_epochs: three\nlora_r: 1.5\npreset: home\nforce: true\noptim: sgd\nseed: off\n",
        [
            ":3: unknown key 'lora_rank'. Did you mean 'lora_r'?",
            ":4: num_train_epochs is 'three'; it must be a number.",
            ":5: lora_r is 1.5; it must be a whole number.",
            ":6: there is no preset 'home'. It is one of korean-home, fitness.",
            ":7: 'force' belongs to one call. Give it as a flag: --force.",
            ":8: optim is 'sgd'; it must be one of adamw, adafactor.",
            ":9: YAML reads off in seed as false.",
        ],
    ),
    "toml": (
        ".toml",
        'output_dir = "o"\nlora_r = true\nmodel = 3\ntarget_modules = [1]\nmodel_id = "again"\n[lora]\nr = 8\n',
        [
            ":2: lora_r is True; it must be a whole number.",
            ":3: model is 3; it must be a text.",
            ":4: target_modules is [1]; it must be a list of names.",
            ":5: 'model_id' sets model again (",
            ":6: unknown key 'lora'.",
        ],
    ),
    "bounds": (
        ".yaml",
        "output_dir: o\ntrain_file: ROWS\nlora_r: 0\n",
        [":3: --lora_r: is 0; it must be at least 1."],
    ),
    "no yaml": (".yaml", "a: [1\n", ["is no YAML"]),
    "no toml": (".toml", "a = \n", [":1: is no TOML"]),
    "a list": (".yaml", "- a\n", [":1: the configuration must be a mapping"]),
    "empty": (".yaml", "", ["is empty. See docs/training.md"]),
    "twice": (".yaml", "seed: 1\nseed: 2\n", [":2: 'seed' is given twice"]),
    "another format": (".json", "{}", ["run.json'. Name a file that ends in .toml, .yaml or .yml."]),
    "no folder": (".toml", "seed = 1\n", ["--output_dir: is missing."]),
}


@pytest.mark.parametrize("name", BAD)
def test_mistakes_have_their_line(
    name: str, rows: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All mistakes of a file at once, each with file and line, exit code 2."""
    ending, text, complaints = BAD[name]
    file = tmp_path / f"run{ending}"
    file.write_text(text.replace("ROWS", rows))
    assert main(["lora", "--config", str(file)]) == 2
    said = capsys.readouterr().err
    for complaint in complaints:
        assert (f"{file}{complaint}" if complaint.startswith(":") else complaint) in said
    assert said.count("error: ") == len(complaints)


def test_a_flag_over_a_bad_value_of_the_file(rows: str, tmp_path: Path) -> None:
    """What a flag replaces is not complained about with the file's line; a flag's own mistake names the flag alone."""
    file = tmp_path / "run.yaml"
    file.write_text(f"output_dir: o\ntrain_file: {rows}\nlora_r: 0\n")
    assert make_config({"lora_r": 4}, config_file=str(file)).lora_r == 4
    with pytest.raises(UsageError, match=r"^--lora_r: is -1"):
        make_config({"lora_r": -1}, config_file=str(file))
    with pytest.raises(UsageError, match=r"none\.toml: cannot be read"):
        make_config({}, config_file=str(tmp_path / "none.toml"))


@given(rate=st.floats(1e-12, 1.0), rank=st.integers(1, 10**6))
def test_numbers_come_through(rate: float, rank: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A number is the same from YAML, from TOML and as a flag, however Python spells it."""
    folder = tmp_path_factory.getbasetemp()
    for ending, sign in ((".yaml", ":"), (".toml", " =")):
        file = folder / f"numbers{ending}"
        file.write_text(f"learning_rate{sign} {rate!r}\nlora_r{sign} {rank}\n")
        assert read_config_file(str(file))[0] == {"learning_rate": rate, "lora_r": rank}
    words = ["lora", f"--learning_rate={rate!r}", f"--lora_r={rank}"]
    assert build_parser().parse_args(words).learning_rate == rate
