"""Whole runs of the trainer on the tiny model: what they save, that they repeat, resume and refuse."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from tiny_model import build_model_folder, real_config
from train_rows import call, mixed_rows, text_row, tool_calls_row, write_rows

from fgdata.errors import DataError, FgError, ModelError, UsageError
from fgdata.example import write_jsonl
from fgdata.files import file_sha256
from fgeval.loading import base_fingerprint, load_model
from fgtrain import TrainConfig, train_lora
from fgtrain.adapter import has_finite_weights
from fgtrain.output import newest_checkpoint

ROOT = Path(__file__).parent.parent


def config(base: Path, folder: Path, **changes: Any) -> TrainConfig:
    """A run of a few steps on twelve rows, which are written if they are not there."""
    train_file = folder / "train.jsonl"
    if not train_file.exists():
        write_rows(train_file, 12)
    settings: dict[str, Any] = {
        "model": str(base),
        "train_file": str(train_file),
        "output_dir": str(folder / "adapter"),
        "per_device_train_batch_size": 2,
        "gradient_accumulation_steps": 2,
        "learning_rate": 5e-3,
        "logging_steps": 1,
        "device": "cpu",
        "dtype": "float32",  # what `auto` chooses on a CPU is measured
    }
    return TrainConfig(**(settings | changes))


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "adapter_model.safetensors")


def run_json(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def trained(tiny_model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of ten steps with an evaluation file; read only."""
    folder = tmp_path_factory.mktemp("run")
    eval_file = write_rows(folder / "eval.jsonl", 3)
    train_lora(config(tiny_model_dir, folder, max_steps=10, eval_file=eval_file))
    return folder / "adapter"


def test_ten_steps_repeat(tiny_model_dir: Path, trained: Path, tmp_path: Path) -> None:
    """The same seed gives the same losses and the same weights; another seed does not; and the loss falls."""
    eval_file = write_rows(tmp_path / "eval.jsonl", 3)
    train_lora(config(tiny_model_dir, tmp_path, max_steps=10, eval_file=eval_file))
    first, again = run_json(trained), run_json(tmp_path / "adapter")
    assert first["losses"] == again["losses"]
    assert len(first["losses"]) == 10
    assert first["losses"][-1] < first["losses"][0] - 0.5
    for name, weight in weights(trained).items():
        assert torch.equal(weight, weights(tmp_path / "adapter")[name]), name
    train_lora(config(tiny_model_dir, tmp_path, max_steps=1, seed=7, output_dir=str(tmp_path / "other")))
    assert run_json(tmp_path / "other")["losses"][0] != first["losses"][0]


def test_run_json_says_what_was_done(tiny_model_dir: Path, trained: Path) -> None:
    """Arguments, data with hashes and counts, base with fingerprint, versions, device, figures per epoch, time."""
    run = run_json(trained)
    assert run["status"] == "finished"
    assert run["arguments"]["learning_rate"] == 5e-3
    assert run["base"] == {
        "model": str(tiny_model_dir),
        "revision": None,
        "fingerprint": base_fingerprint(tiny_model_dir),
    }
    data = run["data"]["train"]
    assert data["sha256"] == file_sha256(data["file"])
    assert (data["rows"], data["skipped_overlong"]) == (12, 0)
    assert 0 < data["scored_tokens"] < data["tokens"]
    assert {"torch", "transformers", "peft"} <= run["packages"].keys()
    assert run["device"]["type"] == "cpu"
    assert [entry["step"] for entry in run["epochs"]] == [3, 6, 9, 10]
    assert all(entry["eval_loss"] > 0 and entry["seconds"] > 0 for entry in run["epochs"])
    assert run["steps"] == 10
    assert run["seconds"] > 0


def test_the_output_folder_is_complete(trained: Path) -> None:
    """Adapter, tokenizer and run.json for everybody to read, no half-written file, two checkpoints at most."""
    names = {path.name for path in trained.iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors", "tokenizer.json", "run.json"} <= names
    assert not [name for name in names if name.endswith(".part")]
    assert len([name for name in names if name.startswith("checkpoint-")]) == 2
    mask = os.umask(0)
    os.umask(mask)
    assert (trained / "adapter_model.safetensors").stat().st_mode & 0o777 == 0o666 & ~mask
    settings = json.loads((trained / "adapter_config.json").read_text())
    assert (settings["r"], settings["lora_alpha"], settings["lora_dropout"]) == (32, 64, 0.05)
    assert set(settings["target_modules"]) == {"q_proj", "k_proj", "v_proj", "o_proj"}


def test_the_first_seeds_inference_snippet_runs(tiny_model_dir: Path, trained: Path) -> None:
    """The snippet of the guide, word for word but for the two paths, gives the logits that our own loading gives."""
    snippet = f"""
from transformers import AutoProcessor, AutoModelForCausalLM
from peft import PeftModel
import torch

model_id = "{tiny_model_dir}"
adapter_path = "{trained}"

processor = AutoProcessor.from_pretrained(model_id, trust_remote_code=True)
base = AutoModelForCausalLM.from_pretrained(
    model_id,
    device_map="cpu",
    torch_dtype=torch.float32,
    trust_remote_code=True
)
model = PeftModel.from_pretrained(base, adapter_path)
model.eval()
"""
    names: dict[str, Any] = {}
    exec(snippet, names)
    ids = names["processor"](
        "<bos><start_of_turn>user\n온도 2도 올려줘", add_special_tokens=False, return_tensors="pt"
    )
    loaded = load_model(tiny_model_dir, adapter=trained, device="cpu")
    plain = load_model(tiny_model_dir, device="cpu")
    with torch.no_grad():
        theirs, ours = names["model"](**ids).logits, loaded(**ids).logits
        assert torch.equal(theirs, ours)
        assert not torch.allclose(ours, plain(**ids).logits)
    # The tokenizer saved beside the adapter cuts text as the base's does.
    from transformers import AutoProcessor

    beside = AutoProcessor.from_pretrained(trained, trust_remote_code=True)
    assert beside("온도 2도 올려줘")["input_ids"] == names["processor"]("온도 2도 올려줘")["input_ids"]


def test_adafactor_and_all_linear_layers(tiny_model_dir: Path, tmp_path: Path) -> None:
    """The fitness seed's optimizer and the Korean preset's target modules train too."""
    settings = {"optim": "adafactor", "target_modules": ("all-linear",), "lora_r": 16, "lora_alpha": 32.0}
    result = train_lora(config(tiny_model_dir, tmp_path, max_steps=4, **settings))
    assert result.steps == 4
    saved = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    assert {"gate_proj", "up_proj", "down_proj"} <= set(saved["target_modules"])
    losses = run_json(tmp_path / "adapter")["losses"]
    assert losses[-1] < losses[0]


def test_bfloat16_on_a_cpu_when_asked(tiny_model_dir: Path, tmp_path: Path) -> None:
    """bfloat16 computes the same loss to its precision, and the adapter stays in float32."""
    train_lora(config(tiny_model_dir, tmp_path, max_steps=2, dtype="bfloat16"))
    train_lora(config(tiny_model_dir, tmp_path, max_steps=2, output_dir=str(tmp_path / "float")))
    half, whole = (run_json(tmp_path / name)["losses"] for name in ("adapter", "float"))
    assert half == pytest.approx(whole, rel=0.02)
    assert all(weight.dtype == torch.float32 for weight in weights(tmp_path / "adapter").values())


def test_ctrl_c_leaves_a_checkpoint_and_resume_gives_the_same_weights(
    tiny_model_dir: Path, tmp_path: Path
) -> None:
    """A run stopped in the middle of an epoch and resumed ends with the weights of an undisturbed one."""
    write_rows(tmp_path / "train.jsonl", 24)
    settings = config(tiny_model_dir, tmp_path, num_train_epochs=8)
    flags = [
        f"--{name}={getattr(settings, name)}"
        for name in ("model", "train_file", "output_dir", "num_train_epochs")
    ]
    flags += [
        "--per_device_train_batch_size=2",
        "--gradient_accumulation_steps=2",
        "--learning_rate=5e-3",
        "--device=cpu",
        "--dtype=float32",
    ]
    flags += ["--logging_steps=1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "fgtrain.cli", "lora", *flags], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    folder = tmp_path / "adapter"
    try:
        deadline = time.monotonic() + 600  # imports alone take minutes on a machine that is busy
        while not list(folder.glob("checkpoint-*/trainer_state.json")):
            assert process.poll() is None, process.stderr and process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, messages = process.communicate(timeout=600)
    finally:
        process.kill()
    assert process.returncode == 130, messages
    assert "go on with --resume" in messages
    assert run_json(folder)["status"] == "stopped"
    assert not (folder / "adapter_model.safetensors").exists()

    # Go on with the same run, and do the same without a stop.
    stopped_at = max(int(path.name.partition("-")[2]) for path in folder.glob("checkpoint-*"))
    assert stopped_at < 48
    resumed = train_lora(config(tiny_model_dir, tmp_path, num_train_epochs=8, resume=True))
    whole = train_lora(
        config(tiny_model_dir, tmp_path, num_train_epochs=8, output_dir=str(tmp_path / "whole"))
    )
    assert resumed.steps == whole.steps == 48
    for name, weight in weights(tmp_path / "whole").items():
        assert torch.allclose(weight, weights(folder)[name], atol=1e-6), name
    epochs = [entry["epoch"] for entry in run_json(folder)["epochs"]]
    assert epochs == sorted(set(epochs))
    assert epochs[-1] == 8.0


def test_resume_passes_over_a_broken_checkpoint_and_refuses_another_run(
    tiny_model_dir: Path, tmp_path: Path
) -> None:
    """A checkpoint cut off in mid-writing is not used; other data or another rank is no continuation."""
    train_lora(config(tiny_model_dir, tmp_path, num_train_epochs=2))
    folder = tmp_path / "adapter"
    newest = folder / "checkpoint-6"
    whole = (newest / "optimizer.pt").read_bytes()
    (newest / "optimizer.pt").write_bytes(whole[:1000])
    assert newest_checkpoint(folder).name == "checkpoint-3"
    (newest / "optimizer.pt").write_bytes(whole)
    assert newest_checkpoint(folder) == newest
    whole = (newest / "adapter_model.safetensors").read_bytes()
    (newest / "adapter_model.safetensors").write_bytes(whole[:1000])
    more = config(tiny_model_dir, tmp_path, num_train_epochs=3, resume=True)
    assert train_lora(more).steps == 9
    with pytest.raises(UsageError, match=r"--resume: the run is at its end \(step 9\)"):
        train_lora(more)
    write_rows(tmp_path / "train.jsonl", 13)
    with pytest.raises(UsageError) as caught:
        train_lora(
            config(tiny_model_dir, tmp_path, num_train_epochs=5, resume=True, lora_r=8, learning_rate=1e-3)
        )
    assert "--lora_r: is 8; the run began with 32." in str(caught.value)
    assert "--learning_rate: is 0.001; the run began with 0.005." in str(caught.value)
    assert "--train_file: has changed since the run began." in str(caught.value)
    with pytest.raises(UsageError, match="there is no whole checkpoint in"):
        train_lora(config(tiny_model_dir, tmp_path, resume=True, output_dir=str(tmp_path / "nothing")))
    assert not (tmp_path / "nothing").exists()


def test_an_output_folder_in_use(tiny_model_dir: Path, tmp_path: Path) -> None:
    """A used folder is refused; --force replaces a run of ours and leaves every other file alone."""
    settings = config(tiny_model_dir, tmp_path, max_steps=1)
    train_lora(settings)
    folder = tmp_path / "adapter"
    with pytest.raises(UsageError, match=r"is in use by a run \(finished\)"):
        train_lora(settings)
    (folder / "notes.txt").write_text("mine")
    train_lora(config(tiny_model_dir, tmp_path, max_steps=2, force=True))
    assert run_json(folder)["steps"] == 2
    assert (folder / "notes.txt").read_text() == "mine"
    assert not (folder / "checkpoint-1").exists()

    foreign = tmp_path / "thesis"
    foreign.mkdir()
    (foreign / "chapter.txt").write_text("mine")
    with pytest.raises(UsageError, match="is in use, and not by a run of fgtrain"):
        train_lora(config(tiny_model_dir, tmp_path, output_dir=str(foreign), force=True))
    assert [path.name for path in foreign.iterdir()] == ["chapter.txt"]


def test_a_loss_that_is_no_number_stops_the_run(tiny_model_dir: Path, tmp_path: Path) -> None:
    """Training does not go on with nan: it stops, says what to do, and run.json holds the failure."""
    with pytest.raises(ModelError, match=r"the loss is (nan|inf) at step \d+\. Lower --learning_rate"):
        train_lora(config(tiny_model_dir, tmp_path, max_steps=20, learning_rate=1e30))
    run = run_json(tmp_path / "adapter")
    assert run["status"] == "failed"
    assert "Lower --learning_rate" in run["error"]
    assert not (tmp_path / "adapter" / "adapter_model.safetensors").exists()


def test_a_broken_loss_between_two_entries_of_the_log(tiny_model_dir: Path, tmp_path: Path) -> None:
    """A run that ends before its log would show nan is no finished run, and leaves no adapter."""
    with pytest.raises(ModelError, match="the loss is"):
        train_lora(config(tiny_model_dir, tmp_path, max_steps=3, learning_rate=1e30, logging_steps=50))
    assert not (tmp_path / "adapter" / "adapter_model.safetensors").exists()


def test_weights_that_are_no_numbers_are_seen() -> None:
    """The last step may break the weights after its loss was fine; they are looked at before they are saved."""
    layer = torch.nn.Linear(2, 2)
    assert has_finite_weights(layer)
    torch.nn.init.constant_(layer.bias, float("nan"))
    assert not has_finite_weights(layer)


def test_what_is_shown_while_it_runs(
    tiny_model_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Loss, exact match once it is known, tokens and samples a second, and the time left; the same rates in run.json."""
    monkeypatch.setattr("fgtrain.callbacks.LINE_EVERY_S", 0.0)
    rows = [tool_calls_row(f"{n}도", call("adjust_temperature", delta=n), number=n) for n in range(8)]
    write_jsonl(tmp_path / "rows.jsonl", rows)
    file = str(tmp_path / "rows.jsonl")
    train_lora(
        config(
            tiny_model_dir,
            tmp_path,
            train_file=file,
            eval_file=file,
            eval_metric="exact_match",
            num_train_epochs=2,
        )
    )
    said = capsys.readouterr().err
    rates = r"[\d,]+ tokens/s, [\d,.]+ samples/s, \d+:\d\d left"
    assert re.search(rf"^step 1 of 4: loss \d\.\d{{4}}, {rates}$", said, re.MULTILINE), said
    assert re.search(
        rf"^step 4 of 4: loss \d\.\d{{4}}, exact match \d+\.\d%, {rates}$", said, re.MULTILINE
    ), said
    for epoch in run_json(tmp_path / "adapter")["epochs"]:
        assert epoch["rows"] == 8
        assert epoch["rows_per_second"] == pytest.approx(8 / epoch["seconds"], rel=0.02)
        assert epoch["tokens_per_second"] > 20 * epoch["rows_per_second"]


def test_another_chat_template_stops_the_run(tiny_model_dir: Path, tmp_path: Path) -> None:
    """A model whose own template renders the rows otherwise is not trained: the first difference is shown."""
    other = tmp_path / "model"
    shutil.copytree(tiny_model_dir, other)
    template = (other / "chat_template.jinja").read_text(encoding="utf-8")
    (other / "chat_template.jinja").write_text(template.replace("description:", "desc:"), encoding="utf-8")
    with pytest.raises(
        ModelError,
        match=r"chat template is not FunctionGemma's: on .*train.jsonl:1 they part at character \d+",
    ):
        train_lora(config(other, tmp_path))
    assert not (tmp_path / "adapter").exists()


def bad_rows(path: Path) -> str:
    rows = mixed_rows(3)
    rows[1]["messages"][-1] = {"role": "user", "content": "?"}
    write_jsonl(path, rows)
    with path.open("a", encoding="utf-8") as stream:
        stream.write("{broken\n")
    return str(path)


def control_rows(path: Path) -> str:
    write_jsonl(path, [text_row("a<escape>b", "네")])
    return str(path)


BAD_INPUT: dict[str, tuple[Any, type[FgError], list[str]]] = {
    "values": (
        lambda _: {"lora_r": 0, "learning_rate": float("nan"), "lora_dropout": 1.0, "optim": "sgd"},
        UsageError,
        [
            "--lora_r: is 0; it must be at least 1",
            "--learning_rate: is nan",
            "--lora_dropout",
            "--optim: is 'sgd'",
        ],
    ),
    "files": (
        lambda tmp: {"train_file": str(tmp / "no.jsonl"), "eval_file": str(tmp / "nor.jsonl")},
        UsageError,
        ["--train_file: there is no file", "--eval_file: there is no file"],
    ),
    "resume and force": (lambda _: {"resume": True, "force": True}, UsageError, ["exclude each other"]),
    "broken rows": (
        lambda tmp: {"train_file": bad_rows(tmp / "bad.jsonl")},
        DataError,
        ["bad.jsonl:2: the last message is 'user'", "bad.jsonl:4: is no JSON"],
    ),
    "control token": (lambda tmp: {"train_file": control_rows(tmp / "c.jsonl")}, DataError, ["c.jsonl:1"]),
    "too short": (lambda _: {"max_length": 16}, DataError, ["tokens; --max_length is 16"]),
    "too long": (lambda _: {"max_length": 5000}, UsageError, ["the model has 4096 positions"]),
    "no model": (lambda tmp: {"model": str(tmp)}, ModelError, ["is no model folder: it has no config.json"]),
    "no layer": (
        lambda _: {"target_modules": ("query",)},
        ModelError,
        ["no linear layer 'query'. It has", "q_proj"],
    ),
    "a file": (
        lambda tmp: {"output_dir": str(tmp / "train.jsonl")},
        UsageError,
        ["is a file. Name a folder."],
    ),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input(name: str, tiny_model_dir: Path, tmp_path: Path) -> None:
    """Each is one clear error that names the flag or the line, before anything is written."""
    write_rows(tmp_path / "train.jsonl", 12)
    changes, kind, texts = BAD_INPUT[name]
    with pytest.raises(kind) as caught:
        train_lora(config(tiny_model_dir, tmp_path, **changes(tmp_path)))
    for text in texts:
        assert text in str(caught.value)
    assert not (tmp_path / "adapter").exists()


@pytest.mark.slow
def test_the_real_shape_trains_saves_and_reloads(tmp_path: Path) -> None:
    """Random weights of the 270M shape: two steps, and the saved adapter, reloaded on the base, changes its logits."""
    model = build_model_folder(tmp_path / "model", config=real_config())
    result = train_lora(
        config(model, tmp_path, max_steps=2, per_device_train_batch_size=1, gradient_accumulation_steps=2)
    )
    assert result.steps == 2
    run = run_json(tmp_path / "adapter")
    assert run["adapter"]["trainable_parameters"] == 2_949_120
    loaded = load_model(model, adapter=tmp_path / "adapter", device="cpu")
    base_size = sum(p.numel() for name, p in loaded.named_parameters() if "lora" not in name)
    assert base_size == 268_098_176
    ids = torch.tensor([[2, 105, 300, 107, 400]])
    with torch.no_grad(), loaded.disable_adapter():
        without = loaded(input_ids=ids).logits
    with torch.no_grad():
        assert not torch.equal(loaded(input_ids=ids).logits, without)
