"""The TPU's own code on four virtual devices: losses and adapters are those of a plain run on a CPU.

`make test-tpu` runs this where torch_xla is; elsewhere it skips itself.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch_xla")

import torch
from peft import get_peft_model_state_dict
from safetensors.torch import load_file
from train_rows import call, mixed_rows, tool_calls_row

from fgdata.errors import UsageError
from fgdata.example import write_jsonl
from fgeval.loading import load_model
from fgtrain import TrainConfig
from fgtrain.adapter import add_lora
from fgtrain.devices import Hardware
from fgtrain.devices.tpu import (
    find_chips,
    host_weights,
    run_collected,
    shard_model,
    shard_states,
    sharding_of,
    tpu_device,
)
from fgtrain.run import train_lora

TOLERANCE = 1e-5
"""Relative, in float32: on loss and on every weight of the adapter. Measured: 2e-6."""
SETTINGS: dict[str, Any] = {
    "lora_dropout": 0.0,
    "learning_rate": 1e-3,
    "lr_scheduler_type": "constant",  # the steps of a run do not hang on its length
    "logging_steps": 1,
    "dtype": "float32",
    "seed": 7,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 training rows, most of one declaration, and 6 for validation; with the outputs of all runs beside them."""
    folder = tmp_path_factory.mktemp("tpu")
    rows = [
        tool_calls_row(
            "온도 올려줘" + " 너무 더워요" * (n % 4), call("adjust_temperature", delta=n), number=100 + n
        )
        for n in range(28)
    ]
    write_jsonl(folder / "train.jsonl", [*rows[:24], *mixed_rows(6)])
    write_jsonl(
        folder / "eval.jsonl", [*rows[24:], *({**row, "id": f"e{row['id']}"} for row in mixed_rows(2))]
    )
    return folder


def run_json(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "run.json").read_text("utf-8"))
    return content


@pytest.fixture(scope="module")
def plain(tiny_model_dir: Path, data: Path) -> Path:
    """The plain run: one process without torch_xla, every row for itself, 2 x 8 rows a step, three epochs."""
    words = [f"--{name}={value}" for name, value in SETTINGS.items()]
    words += [f"--model={tiny_model_dir}", f"--output_dir={data / 'plain'}", "--device=cpu"]
    words += [f"--train_file={data / 'train.jsonl'}", f"--eval_file={data / 'eval.jsonl'}"]
    words += ["--eval_metric=exact_match", "--log_file=none", "--share_prefix=off", "--join_batches=off"]
    words += ["--per_device_train_batch_size=2", "--gradient_accumulation_steps=8"]
    environment = {name: value for name, value in os.environ.items() if name != "PJRT_DEVICE"}
    subprocess.run(
        [sys.executable, "-m", "fgtrain.cli", "lora", *words], check=True, env=environment, timeout=600
    )
    return data / "plain"


def on_chips(base: Path, data: Path, name: str, **changes: Any) -> str:
    """A run on the four devices, 2 x 2 rows of each a step, that writes into `name`; what it said comes back."""
    settings: dict[str, Any] = SETTINGS | {
        "model": str(base),
        "train_file": str(data / "train.jsonl"),
        "eval_file": str(data / "eval.jsonl"),
        "output_dir": str(data / name),
        "device": "tpu",
        "per_device_train_batch_size": 2,
        "gradient_accumulation_steps": 2,
        "log_file": "none",
    }
    with contextlib.redirect_stderr(io.StringIO()) as said:
        train_lora(TrainConfig(**(settings | changes)))
    return said.getvalue()


@pytest.fixture(scope="module")
def parallel(tiny_model_dir: Path, data: Path, plain: Path) -> tuple[Path, str]:
    """The same run, data parallel."""
    said = on_chips(tiny_model_dir, data, "parallel", eval_metric="exact_match")
    return data / "parallel", said


def assert_same_adapters(folder: Path, expected: Path, tolerance: float = TOLERANCE) -> None:
    ours, theirs = (load_file(one / "adapter_model.safetensors") for one in (folder, expected))
    assert ours.keys() == theirs.keys()
    assert len(theirs) == 16  # two layers, four modules, two matrices
    for name, weight in theirs.items():
        assert float((ours[name] - weight).norm() / weight.norm()) <= tolerance, name


def test_four_devices() -> None:
    """What the other tests run on is what they say."""
    chips = find_chips()
    assert (chips.kind, chips.hardware, chips.count) == ("xla", "CPU", 4)
    assert tpu_device().type == "xla"


def test_data_parallel_is_the_plain_run(plain: Path, parallel: tuple[Path, str]) -> None:
    """Losses of all steps, evaluation losses, exact match, the weights of the last epoch and those of the first, which was kept."""
    ours, theirs = run_json(parallel[0]), run_json(plain)
    assert ours["device"]["type"] == "xla"
    assert (ours["device"]["devices"], ours["device"]["dtype"]) == (4, "float32")
    assert len(theirs["losses"]) == 6
    assert ours["losses"] == pytest.approx(theirs["losses"], rel=TOLERANCE)
    for got, expected in zip(ours["epochs"], theirs["epochs"], strict=True):
        for name in ("loss", "eval_loss", "exact_match", "step"):
            assert got[name] == pytest.approx(expected[name], rel=TOLERANCE), name
    assert ours["kept"] == theirs["kept"]
    for name in ("checkpoint-6", "."):
        assert_same_adapters(parallel[0] / name, plain / name)
    # The comparison can fail: two epochs more move the weights by far more than the tolerance.
    with pytest.raises(AssertionError):
        assert_same_adapters(parallel[0], plain / "checkpoint-6", 1e-3)


def test_nothing_is_compiled_in_the_third_epoch(parallel: tuple[Path, str]) -> None:
    """Every shape has been met by then, and neither the learning rate nor the sums of the loss make a new program."""
    counts = [int(number) for number in re.findall(r"(\d+) programs compiled", parallel[1])]
    assert len(counts) == 3
    assert 0 < counts[0] <= counts[1] == counts[2]


def test_fsdp_v2_is_the_plain_run_and_its_save_holds_it(
    tiny_model_dir: Path, data: Path, plain: Path, parallel: tuple[Path, str]
) -> None:
    """Weights and optimizer spread over the devices: same losses, same adapter; on a fresh base it gives the plain run's logits, not the base's."""
    said = on_chips(tiny_model_dir, data, "fsdp", sharding="xla_fsdp_v2")
    ours, theirs = run_json(data / "fsdp"), run_json(plain)
    assert ours["losses"] == pytest.approx(theirs["losses"], rel=TOLERANCE)
    assert_same_adapters(data / "fsdp", plain / "checkpoint-6")
    counts = [int(number) for number in re.findall(r"(\d+) programs compiled", said)]
    assert counts[1] == counts[2]
    ids = torch.arange(200, 260)[None]
    with torch.no_grad():
        base, ours_, theirs_ = (
            load_model(tiny_model_dir, adapter=adapter, device="cpu")(input_ids=ids).logits
            for adapter in (None, data / "fsdp", plain / "checkpoint-6")
        )
    assert float((ours_ - theirs_).abs().max()) < 1e-4
    assert float((ours_ - base).abs().max()) > 1e-2


def test_fsdp_v2_spreads_weights_and_states(tiny_model_dir: Path) -> None:
    """Every weight, and what AdamW keeps of the trained ones, lies on the devices in parts; peft by itself would save names that nothing loads."""
    model = add_lora(
        load_model(tiny_model_dir, device="cpu"),
        r=8,
        alpha=8,
        dropout=0.0,
        target_modules=("q_proj",),
        base_name="tiny",
        revision=None,
    ).to(tpu_device())
    before = {
        name: weight.detach().cpu() for name, weight in model.named_parameters() if weight.requires_grad
    }
    wrapped = shard_model(model)
    trained = [weight for weight in wrapped.parameters() if weight.requires_grad]
    assert all("devices=[" in sharding_of(weight) for weight in wrapped.parameters())
    optimizer = torch.optim.AdamW(trained, lr=0.1)
    for weight in trained:
        weight.grad = torch.ones_like(weight)
    optimizer.step()
    run_collected()
    shard_states(optimizer)
    for weight in trained:
        for name in ("exp_avg", "exp_avg_sq"):
            assert sharding_of(optimizer.state[weight][name]) == sharding_of(weight), name
    assert all(
        "_orig_module" in name for name in get_peft_model_state_dict(model, save_embedding_layers=False)
    )
    after = host_weights(model)
    assert after.keys() == before.keys()
    for name, weight in after.items():
        assert torch.allclose(weight, before[name] * 0.999 - 0.1, atol=1e-5), name


def test_a_resumed_run_is_the_undisturbed_one(
    tiny_model_dir: Path, data: Path, parallel: tuple[Path, str]
) -> None:
    """Three steps, to the middle of the second epoch, then three more with --resume: the same weights to 1e-6."""
    on_chips(tiny_model_dir, data, "resumed", max_steps=3)
    on_chips(tiny_model_dir, data, "resumed", resume=True)
    assert_same_adapters(data / "resumed", parallel[0] / "checkpoint-6", 1e-6)


def test_bfloat16_is_the_default_and_near(tiny_model_dir: Path, data: Path, plain: Path) -> None:
    """Without --dtype the run computes in bfloat16, with dropout too, and its losses are those of float32 to 2 in 100."""
    on_chips(tiny_model_dir, data, "half", dtype="auto", lora_dropout=0.05, num_train_epochs=1.0)
    ours = run_json(data / "half")
    assert ours["device"]["dtype"] == "bfloat16"
    assert ours["losses"] == pytest.approx(run_json(plain)["losses"][:2], rel=2e-2)
    weights = load_file(data / "half" / "adapter_model.safetensors")
    assert all(bool(weight.isfinite().all()) for weight in weights.values())
    assert any(float(weight.abs().max()) > 0 for name, weight in weights.items() if "lora_B" in name)


def test_another_device_beside_torch_xla_is_refused() -> None:
    """transformers would take a run for the CPU to torch_xla's device; the error says how to prevent that."""
    with pytest.raises(UsageError, match="Set USE_TORCH_XLA=0 before Python starts"):
        Hardware(torch.device("cpu"), torch.float32, "for the test").trainer_options()
