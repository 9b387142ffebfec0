"""Merging: what is written answers as base and adapter apart, and a merge that does not is never left behind."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_model import build_model_folder
from train_rows import write_rows

from fgdata.errors import FgError, ModelError, UsageError
from fgdata.files import file_sha256
from fgeval.loading import base_fingerprint, load_model, load_tokenizer
from fgtrain.cli import main
from fgtrain.config import TrainConfig
from fgtrain.merge import check_equal, merge_adapter
from fgtrain.run import train_lora


@pytest.fixture(scope="module")
def adapter(tiny_model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The adapter of a few steps on all linear layers; read only."""
    folder = tmp_path_factory.mktemp("merge")
    write_rows(folder / "train.jsonl", 12)
    train_lora(
        TrainConfig(
            train_file=str(folder / "train.jsonl"),
            output_dir=str(folder / "adapter"),
            model=str(tiny_model_dir),
            target_modules=("all-linear",),
            learning_rate=1e-2,
            max_steps=4,
            device="cpu",
        )
    )
    return folder / "adapter"


def test_the_merged_model_answers_as_base_and_adapter_do(
    tiny_model_dir: Path, adapter: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the command line: logits equal to 1e-4 on a text of our own, far from the base's, and all files are there."""
    merged = tmp_path / "merged"
    assert (
        main(["merge", str(adapter), "--out", str(merged), "--data", write_rows(tmp_path / "d.jsonl", 5)])
        == 0
    )
    said = capsys.readouterr().out
    assert f"Merged:  {merged}" in said
    assert "read back, 5 texts" in said
    tokenizer = load_tokenizer(merged)
    ids = tokenizer(
        "<bos><start_of_turn>user\n지금 너무 더워요", add_special_tokens=False, return_tensors="pt"
    )
    with torch.no_grad():
        apart = load_model(tiny_model_dir, adapter=adapter, device="cpu")(**ids).logits
        together = load_model(merged, device="cpu")(**ids).logits
        base = load_model(tiny_model_dir, device="cpu")(**ids).logits
    assert torch.allclose(apart, together, atol=1e-4)
    assert (apart - base).abs().max() > 1e-2
    assert not [path for path in merged.iterdir() if path.name.startswith("adapter")]
    for name in ("tokenizer.json", "chat_template.jinja", "generation_config.json"):
        assert (merged / name).read_bytes() == (tiny_model_dir / name).read_bytes()
    record = json.loads((merged / "merge.json").read_text("utf-8"))
    assert record["adapter"]["sha256"] == file_sha256(adapter / "adapter_model.safetensors")
    assert record["base"]["fingerprint"] == base_fingerprint(tiny_model_dir)
    assert record["fingerprint"] == base_fingerprint(merged)
    assert record["compared"]["difference"] <= 1e-4 * max(1, record["compared"]["largest_logit"])
    assert record["compared"]["adapter_moves"] > 1e-2
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []

    # A folder in use is refused, and replaced when that is asked for; without rows the texts are our own.
    with pytest.raises(UsageError, match="holds an earlier merge"):
        merge_adapter(adapter, merged)
    assert merge_adapter(adapter, merged, force=True).n_texts == 5
    assert json.loads((merged / "merge.json").read_text("utf-8"))["compared"]["texts"] == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.jsonl", "merged"]


NAN = float("nan")


@pytest.mark.parametrize("change", [0.01, -0.01, NAN, float("inf")])
def test_a_merge_that_answers_otherwise_is_an_error(change: float) -> None:
    """One logit of many that is off, or no number, is seen; the same logits with a rounding error are not refused."""
    apart = [torch.randn(5, 7), torch.randn(3, 7)]
    assert check_equal(apart, [logits + 1e-6 for logits in apart], "adapter")[0] < 1e-5
    merged = [logits.clone() for logits in apart]
    merged[1][2, 3] += change
    with pytest.raises(
        ModelError, match=r"adapter: merged into the base it answers otherwise: a logit differs by"
    ):
        check_equal(apart, merged, "adapter")


def other_base(adapter: Path, tmp_path: Path) -> dict[str, Any]:
    return {"adapter": adapter, "model": str(build_model_folder(tmp_path / "other", seed=5))}


def no_numbers(adapter: Path, tmp_path: Path) -> dict[str, Any]:
    broken = tmp_path / "broken"
    shutil.copytree(adapter, broken)
    weights = load_file(broken / "adapter_model.safetensors")
    next(iter(weights.values()))[0, 0] = NAN
    save_file(weights, broken / "adapter_model.safetensors")
    return {"adapter": broken}


def no_name(adapter: Path, tmp_path: Path) -> dict[str, Any]:
    nameless = tmp_path / "nameless"
    shutil.copytree(adapter, nameless)
    config = json.loads((nameless / "adapter_config.json").read_text("utf-8"))
    (nameless / "adapter_config.json").write_text(json.dumps(config | {"base_model_name_or_path": None}))
    return {"adapter": nameless}


BAD: dict[str, tuple[Any, type[FgError], str]] = {
    "another base": (other_base, ModelError, "was trained on another base"),
    "no numbers": (no_numbers, ModelError, "weights are no numbers"),
    "no base named": (no_name, UsageError, "--model: is missing, and .* names no base"),
    "no adapter": (lambda _, tmp: {"adapter": tmp / "none"}, ModelError, "there is no such adapter folder"),
    "a folder without one": (lambda _, tmp: {"adapter": tmp}, ModelError, "is no adapter folder"),
    "no rows": (lambda a, tmp: {"adapter": a, "data": str(tmp / "no.jsonl")}, FgError, "no.jsonl"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name: str, adapter: Path, tmp_path: Path) -> None:
    """Each is one clear error, and no folder is left."""
    change, kind, text = BAD[name]
    with pytest.raises(kind, match=text):
        merge_adapter(**change(adapter, tmp_path), out=tmp_path / "merged")
    assert not (tmp_path / "merged").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_folder_of_somebody_else_is_left_alone(adapter: Path, tmp_path: Path) -> None:
    """Not even --force replaces what no merge wrote."""
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="is in use, and not by `fgtrain merge`"):
        merge_adapter(adapter, tmp_path, force=True)
    with pytest.raises(UsageError, match="is a file"):
        merge_adapter(adapter, tmp_path / "thesis.txt")
    assert (tmp_path / "thesis.txt").read_text() == "mine"
