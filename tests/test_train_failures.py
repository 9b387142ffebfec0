"""What can end a run in the middle: memory, disk, kill -9, a value that is no number. One clear error each, and nothing is lost."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from test_loading import hub as closed_hub  # noqa: F401 - a fixture
from test_train_run import config, run_json, weights
from train_rows import write_rows
from transformers import TrainerCallback

from fgdata.errors import FgError, ModelError, UsageError
from fgdata.files import file_sha256
from fgeval.loading import load_model
from fgtrain import TrainConfig, train_lora
from fgtrain.adapter import add_lora
from fgtrain.failures import is_disk_full, is_out_of_memory, memory_remedy
from fgtrain.guard import FiniteGuard
from fgtrain.output import newest_checkpoint

ROOT = Path(__file__).parent.parent


class At(TrainerCallback):
    """Calls `what` after a step."""

    def __init__(self, step: int, what: Callable[[], Any]) -> None:
        self.step, self.what = step, what

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step == self.step:
            self.what()


def test_one_run_at_a_time(tiny_model_dir: Path, tmp_path: Path) -> None:
    """While a run writes in a folder neither `force` nor `resume` of another may: one line, and the run is not disturbed."""
    told: list[str] = []

    def other(**changes: Any) -> None:
        before = {path: path.stat().st_mtime_ns for path in (tmp_path / "adapter").rglob("*")}
        with pytest.raises(UsageError) as caught:
            train_lora(config(tiny_model_dir, tmp_path, **changes))
        told.append(str(caught.value))
        assert {path: path.stat().st_mtime_ns for path in (tmp_path / "adapter").rglob("*")} == before

    def both() -> None:
        other(force=True)
        other(resume=True)

    settings = config(tiny_model_dir, tmp_path, num_train_epochs=2)
    result = train_lora(settings, [At(4, both)])
    assert len(told) == 2
    assert all("--output_dir: another run is writing in" in line for line in told), told
    assert result.steps == 6
    assert run_json(tmp_path / "adapter")["status"] == "finished"
    assert not (tmp_path / "adapter" / ".lock").exists()
    (tmp_path / "left" / ".lock").parent.mkdir()
    (tmp_path / "left" / ".lock").touch()  # what kill -9 leaves
    assert (
        train_lora(config(tiny_model_dir, tmp_path, output_dir=str(tmp_path / "left"), max_steps=2)).steps
        == 2
    )


def test_kill_9_and_resume(tiny_model_dir: Path, tmp_path: Path) -> None:
    """Killed in the middle of the third epoch, with dropout: going on gives the weights of an undisturbed run; the log knows."""
    settings = config(tiny_model_dir, tmp_path, num_train_epochs=4)
    flags = ["--model", settings.model, "--train_file", str(settings.train_file), "--output_dir", settings.output_dir, "--num_train_epochs", "4",
             "--per_device_train_batch_size", "2", "--gradient_accumulation_steps", "2", "--learning_rate", "5e-3", "--device", "cpu",
             "--dtype", "float32", "--logging_steps", "1"]  # fmt: skip
    killed = subprocess.run(
        [sys.executable, "-m", "tests.killed_run", "7", *flags], cwd=ROOT, capture_output=True, text=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    folder = tmp_path / "adapter"
    assert run_json(folder)["status"] == "running"
    assert newest_checkpoint(folder).name == "checkpoint-6"
    train_lora(config(tiny_model_dir, tmp_path, num_train_epochs=4, resume=True))
    train_lora(config(tiny_model_dir, tmp_path, num_train_epochs=4, output_dir=str(tmp_path / "whole")))
    difference = max(
        float((weights(folder)[name] - weight).abs().max())
        for name, weight in weights(tmp_path / "whole").items()
    )
    print(f"resumed and undisturbed: weights differ by {difference:.1e}")
    assert difference < 1e-6
    assert [entry["loss"] for entry in run_json(folder)["epochs"]] == [
        entry["loss"] for entry in run_json(tmp_path / "whole")["epochs"]
    ]
    log = (tmp_path / "fine-tuning.md").read_text("utf-8")
    assert ", died\n" in log
    assert "it is gone on with by the run entered next" in log
    assert log.count(", finished\n") == 2


def test_the_same_seed_is_the_same_file(tiny_model_dir: Path, tmp_path: Path) -> None:
    """Two runs of one seed leave the same adapter, byte for byte."""
    for name in ("one", "two"):
        train_lora(config(tiny_model_dir, tmp_path, max_steps=4, output_dir=str(tmp_path / name)))
    hashes = {file_sha256(tmp_path / name / "adapter_model.safetensors") for name in ("one", "two")}
    assert len(hashes) == 1
    log = (tmp_path / "fine-tuning.md").read_text("utf-8")
    assert log.count(f"SHA-256 {hashes.pop()}") == 2


def test_a_full_disk_in_mid_checkpoint(tiny_model_dir: Path, tmp_path: Path) -> None:
    """The second checkpoint does not fit: the first survives, the torn one goes, and the run goes on from it to the same weights."""
    settings = config(tiny_model_dir, tmp_path, num_train_epochs=2, log_file="none")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def fill() -> None:
        """No file may be longer than the adapter and a bit: the optimizer's state, twice as long, is cut off."""
        size = (tmp_path / "adapter" / "checkpoint-3" / "adapter_model.safetensors").stat().st_size + 20_000
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))

    try:
        with pytest.raises(UsageError) as caught:
            train_lora(settings, callbacks=[At(4, fill)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert "a checkpoint could not be written" in str(caught.value)
    assert "checkpoint-3 is whole: free some space, then run the same command with --resume" in str(
        caught.value
    )
    folder = tmp_path / "adapter"
    assert [path.name for path in folder.glob("checkpoint-*")] == ["checkpoint-3"]
    assert run_json(folder)["status"] == "failed"
    assert "checkpoint-3 is whole" in run_json(folder)["error"]
    train_lora(config(tiny_model_dir, tmp_path, num_train_epochs=2, resume=True, log_file="none"))
    train_lora(config(tiny_model_dir, tmp_path, num_train_epochs=2, output_dir=str(tmp_path / "whole")))
    for name, weight in weights(tmp_path / "whole").items():
        assert torch.allclose(weight, weights(folder)[name], atol=1e-6), name


def test_no_room_for_the_adapter_itself(tiny_model_dir: Path, tmp_path: Path) -> None:
    """safetensors has an error of its own for a full disk; it is told like the others."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))

    try:
        with pytest.raises(UsageError, match="could not be saved") as caught:
            train_lora(config(tiny_model_dir, tmp_path, max_steps=2), callbacks=[At(1, fill)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert "no checkpoint was whole yet" in str(caught.value)
    assert not list((tmp_path / "adapter").glob("checkpoint-*"))


def test_out_of_memory_names_the_knob(tiny_model_dir: Path, tmp_path: Path) -> None:
    """A CPU without memory, as PyTorch tells it, and what to turn; run.json and the log hold the failure."""
    settings = config(tiny_model_dir, tmp_path, max_steps=3)
    with pytest.raises(ModelError, match=r"the device is out of memory\. Add --join_batches off") as caught:
        train_lora(settings, callbacks=[At(1, lambda: torch.empty(1 << 55))])
    assert "2 rows at once in place of 4, with the same result" in str(caught.value)
    assert run_json(tmp_path / "adapter")["status"] == "failed"
    assert "the device is out of memory" in (tmp_path / "fine-tuning.md").read_text("utf-8")


def test_the_knobs_in_turn() -> None:
    """Batches joined, then rows at once, then the longest rows."""
    many = TrainConfig(train_file="t", output_dir="o", per_device_train_batch_size=4)
    one = TrainConfig(train_file="t", output_dir="o", per_device_train_batch_size=1)
    assert memory_remedy(many, 2).startswith("Add --join_batches off: 4 rows at once in place of 8")
    assert memory_remedy(many, 1).startswith("Lower --per_device_train_batch_size")
    assert memory_remedy(one, 1).startswith("Leave out the longest rows")
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert not is_out_of_memory(RuntimeError("a shape is wrong"))
    assert is_disk_full(OSError(errno.ENOSPC, "No space left on device"))
    assert not is_disk_full(OSError(errno.ENOENT, "No such file"))
    assert not is_disk_full(None)


def test_an_error_of_a_callback_is_recorded(tiny_model_dir: Path, tmp_path: Path) -> None:
    """What is none of ours goes on upwards as it is; run.json does not stay `running`."""
    with pytest.raises(ZeroDivisionError):
        train_lora(config(tiny_model_dir, tmp_path, max_steps=3), callbacks=[At(1, lambda: 1 / 0)])
    run = run_json(tmp_path / "adapter")
    assert (run["status"], run["error"]) == ("failed", "ZeroDivisionError: division by zero")


def half_model(folder: Path, scale: float) -> Any:
    """The tiny model in float16, its second layer's output norm scaled up."""
    model = load_model(folder, dtype="float32", device="cpu")
    with torch.no_grad():
        model.model.layers[1].post_feedforward_layernorm.weight.fill_(scale)
    return add_lora(model.to(torch.float16), r=4, alpha=8, dropout=0.0, target_modules=("q_proj",), base_name="tiny", revision=None)  # fmt: skip


@pytest.mark.parametrize(("scale", "layer"), [(0.0, None), (60000.0, "layer 1")])
def test_the_guard_of_float16(tiny_model_dir: Path, scale: float, layer: str | None) -> None:
    """A value beyond 65,504 is seen in the layer where it arises, in the step in which it does; others pass."""
    model = half_model(tiny_model_dir, scale)
    guard = FiniteGuard(model)
    ids = torch.arange(300, 340)[None]
    loss = model(input_ids=ids, labels=ids, use_cache=False).loss
    if layer is None:
        guard.check(loss)
        guard.check(loss)
        with pytest.raises(ModelError, match="the loss holds a value that is no number"):
            guard.check(torch.tensor(float("inf")))
        return
    with pytest.raises(
        ModelError, match=f"float16: {layer} holds a value that is no number. Gemma 3's"
    ) as caught:
        guard.check(loss)
    assert "Unset FG_USE_FP16" in str(caught.value)
    guard.check(torch.tensor(1.0))  # what was seen is forgotten


def test_an_adapter_of_another_base_is_refused(tiny_model_dir: Path, tmp_path: Path) -> None:
    """A run begun on one base is not gone on with on another of the same shape, nor is its adapter merged into it."""
    from tiny_model import build_model_folder

    from fgtrain.merge import merge_adapter

    train_lora(config(tiny_model_dir, tmp_path, num_train_epochs=1))
    other = build_model_folder(tmp_path / "other", seed=5)
    with pytest.raises(UsageError, match="--model: is not the base that the run began with"):
        train_lora(config(other, tmp_path, num_train_epochs=2, resume=True))
    with pytest.raises(FgError, match="another base"):
        merge_adapter(tmp_path / "adapter", tmp_path / "merged", model=str(other))
    assert not (tmp_path / "merged").exists()


def test_models_that_are_not_given_out(closed_hub: str, tmp_path: Path) -> None:  # noqa: F811
    """`fgtrain lora` without a token, on a gated model and on one that is not there: one line each, exit code 2, nothing written."""
    train_file = write_rows(tmp_path / "t.jsonl", 2)
    probe = (
        "from fgtrain.cli import main\n"
        "for name in ('someone/gated', 'someone/unknown'):\n"
        f"    print(main(['lora', '--model', name, '--train_file', {train_file!r}, '--output_dir', 'out', '--log_file', 'none']))\n"
    )
    environment = os.environ | {
        "HF_ENDPOINT": closed_hub,
        "HF_HUB_OFFLINE": "0",
        "HF_HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", probe], text=True, env=environment, cwd=tmp_path, capture_output=True
    )
    assert done.stdout.split() == ["2", "2"], done.stderr
    gated, unknown = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert gated.startswith("error: someone/gated: is gated: its licence must be accepted first.")
    assert ".env as HF_TOKEN or HUGGINGFACE_HUB_TOKEN" in gated
    assert unknown.startswith("error: someone/unknown: is neither a folder here nor a model on the hub")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_tokenizer_of_another_model(tiny_model_dir: Path, tmp_path: Path) -> None:
    """One that cuts up a control token is refused by that token, before anything is written."""
    other = tmp_path / "model"
    shutil.copytree(tiny_model_dir, other)
    state = json.loads((other / "tokenizer.json").read_text("utf-8"))
    name = "<start_function_call>"
    state["added_tokens"] = [token for token in state["added_tokens"] if token["content"] != name]
    del state["model"]["vocab"][name]
    (other / "tokenizer.json").write_text(json.dumps(state), encoding="utf-8")
    with pytest.raises(ModelError, match=f"its tokenizer does not know {name}"):
        train_lora(config(other, tmp_path))
    assert not (tmp_path / "adapter").exists()


def test_a_reporter_that_is_not_there(tiny_model_dir: Path, tmp_path: Path) -> None:
    """Said before anything is read."""
    with pytest.raises(UsageError, match="--report_to: 'nowhere' is not there"):
        train_lora(config(tiny_model_dir, tmp_path, report_to=("nowhere",)))
    assert not (tmp_path / "adapter").exists()


def test_run_json_knows_the_pack(tiny_model_dir: Path, tmp_path: Path) -> None:
    """Rows that a manifest beside them says are a pack's are recorded with its hash; rows that were changed are not."""
    train_file = Path(write_rows(tmp_path / "train.jsonl", 6))
    manifest = {
        "pack": "climate_ko",
        "pack_version": "1.2.0",
        "pack_sha256": "ab" * 32,
        "files": {"train.jsonl": {"rows": 6, "sha256": file_sha256(train_file)}},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    settings = config(tiny_model_dir, tmp_path, max_steps=1)
    train_lora(settings)
    data = run_json(tmp_path / "adapter")["data"]["train"]
    assert data["pack"] == {"name": "climate_ko", "version": "1.2.0", "sha256": "ab" * 32}
    write_rows(train_file, 7)
    train_lora(config(tiny_model_dir, tmp_path, max_steps=1, force=True))
    assert "pack" not in run_json(tmp_path / "adapter")["data"]["train"]
    assert load_file(tmp_path / "adapter" / "adapter_model.safetensors")


def test_the_folder_has_a_card(tiny_model_dir: Path, tmp_path: Path) -> None:
    """README.md beside the adapter: base, data with hash, settings, figures of every epoch; no folder of this machine."""
    train_lora(config(tiny_model_dir, tmp_path, max_steps=3))
    card = (tmp_path / "adapter" / "README.md").read_text("utf-8")
    run = run_json(tmp_path / "adapter")
    assert card.startswith("---\n")
    assert "library_name: peft" in card
    assert run["data"]["train"]["sha256"] in card
    assert run["base"]["fingerprint"] in card
    assert r"| learning\_rate | 0.005 |" in card
    assert f"| {run['epochs'][0]['epoch']:g} | 3 | {run['epochs'][0]['loss']:.4f} |" in card
    assert "Not scored" in card
    assert str(tmp_path) not in card
    assert str(tiny_model_dir) not in card
