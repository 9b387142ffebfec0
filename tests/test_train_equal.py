"""The engine's loss and gradients are transformers' own, whatever rows come together and however a step is cut."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from test_train_loss import CatchGradients, adapted_model, gradients, plain_loss
from test_train_prefix import shared_loss
from train_rows import write_rows
from transformers import TrainingArguments

from fgtrain import TrainConfig, train_lora
from fgtrain.batches import all_parts, count_scored
from fgtrain.encode import IGNORED, Encoded
from fgtrain.joining import batch_bytes, join_batches
from fgtrain.loss import scored_logits, summed_loss
from fgtrain.prefix import PrefixCollator, make_collator
from fgtrain.sampler import StepShape
from fgtrain.trainer import Sampling, ScoredTokenTrainer

ROOT = Path(__file__).parent.parent


def made_rows(random_: random.Random, lengths: list[int], n_rows: int, vocabulary: int) -> list[Encoded]:
    """Rows of random tokens behind as many prefixes as there are `lengths`; ragged, some with two answers.

    A prefix may be of length 0, and then its rows have nothing in common.
    """
    prefixes = [[2, *(random_.randrange(300, vocabulary) for _ in range(length))] for length in lengths]
    rows = []
    for number in range(n_rows):
        ids, labels = list(prefixes[number % len(prefixes)]), []
        labels = [IGNORED] * len(ids)
        for _ in range(random_.choice((1, 1, 1, 2))):
            asked = [random_.randrange(300, vocabulary) for _ in range(random_.randint(1, 9))]
            answer = [random_.randrange(300, vocabulary) for _ in range(random_.randint(1, 7))]
            ids += asked + answer
            labels += [IGNORED] * len(asked) + answer
        rows.append(Encoded(ids, labels))
    random_.shuffle(rows)
    return rows


def caught_gradients(
    model: Any, rows: list[Encoded], folder: Path, *, shape: StepShape, groups: list[int], share: bool = True
) -> dict[str, torch.Tensor]:
    """What the optimizer sees after the one step that all rows make."""
    catch = CatchGradients()
    args = TrainingArguments(
        output_dir=str(folder),
        max_steps=1,
        per_device_train_batch_size=shape.batch_size * shape.joined,
        gradient_accumulation_steps=shape.accumulation // shape.joined,
        max_grad_norm=0,
        learning_rate=0.0,
        use_cpu=True,
        remove_unused_columns=False,
        report_to="none",
        save_strategy="no",
        disable_tqdm=True,
    )
    trainer = ScoredTokenTrainer(
        model=model,
        args=args,
        collator=make_collator(model, 0, share=share),
        train_rows=rows,
        eval_rows=None,
        save=lambda _: None,
        callbacks=[catch],
        sampling=Sampling(groups, shape),
    )
    trainer.train()
    return catch.caught


def furthest(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> float:
    """The largest relative difference of two gradients of the same weight."""
    assert ours.keys() == theirs.keys()
    return max(float((ours[name] - theirs[name]).norm() / theirs[name].norm()) for name in theirs)


@pytest.fixture(scope="module")
def model(tiny_model_dir: Path) -> Any:
    return adapted_model(tiny_model_dir)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lengths=st.lists(st.integers(0, 60), min_size=1, max_size=4),
    n_rows=st.integers(1, 12),
    window=st.sampled_from([3, 16, 40, 4096]),
    seed=st.integers(0, 10**6),
)
def test_any_batch_is_the_plain_way(
    model: Any, lengths: list[int], n_rows: int, window: int, seed: int
) -> None:
    """Ragged rows in one to four groups, prefixes shorter and longer than the window: loss and every gradient within 1e-5."""
    _set_window(model, window)
    rows = made_rows(random.Random(seed), lengths, n_rows, model.config.vocab_size)
    model.zero_grad()
    expected = plain_loss(model, rows)
    expected.backward()
    theirs = gradients(model)
    model.zero_grad()
    make_collator(model, 0, share=True)
    batch = PrefixCollator(0, window)(rows)
    head = model.get_output_embeddings()
    losses = [summed_loss(scored_logits(model, head, part), part) for part in all_parts(batch)]
    loss = torch.stack(losses).sum() / count_scored(batch)
    loss.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert furthest(gradients(model), theirs) < 1e-5


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lengths=st.lists(st.integers(0, 40), min_size=1, max_size=3),
    shape=st.sampled_from([StepShape(2, 8), StepShape(2, 8, 8), StepShape(2, 8, 2), StepShape(4, 4, 4), StepShape(16, 1)]),
    seed=st.integers(0, 10**6),
)  # fmt: skip
def test_any_accumulated_step_is_the_plain_way(
    model: Any, tmp_path_factory: pytest.TempPathFactory, lengths: list[int], shape: StepShape, seed: int
) -> None:
    """A step of 2 x 8 rows, cut as asked for or joined, in groups as the sampler takes them: the gradient of all rows at once."""
    rows = made_rows(random.Random(seed), lengths, 14, model.config.vocab_size)
    starts = sorted({tuple(row.input_ids[:2]) for row in rows})
    groups = [starts.index(tuple(row.input_ids[:2])) for row in rows]
    _set_window(model, 16)
    model.zero_grad()
    plain_loss(model, rows).backward()
    theirs = gradients(model)
    model.zero_grad()
    ours = caught_gradients(model, rows, tmp_path_factory.mktemp("out"), shape=shape, groups=groups)
    model.zero_grad()
    assert furthest(ours, theirs) < 1e-5


def _set_window(model: Any, window: int) -> None:
    for module in model.modules():
        if getattr(module, "sliding_window", None):
            module.sliding_window = window
    model.config.sliding_window = window


def test_joined_batches_train_the_same_adapter(
    tiny_model_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """2 x 8 as one batch and as eight: the same losses and weights, and the run says what it does."""
    common: dict[str, Any] = {
        "model": str(tiny_model_dir),
        "train_file": write_rows(tmp_path / "rows.jsonl", 36),
        "lora_dropout": 0.0,
        "learning_rate": 1e-3,
        "logging_steps": 1,
        "device": "cpu",
        "dtype": "float32",
    }
    train_lora(TrainConfig(output_dir=str(tmp_path / "joined"), max_steps=4, **common))
    assert "a step of 2 x 8 rows is computed as one batch (" in capsys.readouterr().err
    train_lora(TrainConfig(output_dir=str(tmp_path / "cut"), max_steps=4, join_batches="off", **common))
    assert "computed as one batch" not in capsys.readouterr().err
    joined, cut = (json.loads((tmp_path / name / "run.json").read_text()) for name in ("joined", "cut"))
    assert (joined["batches_joined"], cut["batches_joined"]) == (8, 1)
    assert joined["losses"] == pytest.approx(cut["losses"], rel=1e-5)
    assert [epoch["rows"] for epoch in joined["epochs"]] == [36, 16]
    ours, theirs = (load_file(tmp_path / name / "adapter_model.safetensors") for name in ("joined", "cut"))
    assert max(float((ours[name] - theirs[name]).abs().max()) for name in ours) < 1e-5


def test_memory_decides_how_much_is_joined(model: Any) -> None:
    """As much as fits into a share of the memory, by divisors of the accumulation; nothing where the memory is not known."""
    rows = made_rows(random.Random(5), [50], 32, model.config.vocab_size)
    collator = make_collator(model, 0, share=True)
    needs = batch_bytes(collator(rows[:16]), model.config, 4)

    def joined(memory: int | None) -> int:
        return join_batches(
            rows,
            [0] * 32,
            StepShape(2, 8),
            collator=collator,
            config=model.config,
            memory=memory,
            item_bytes=4,
        ).batches

    assert joined(100 * needs) == 8
    assert joined(2 * needs) in (2, 4)
    assert joined(1) == 1
    assert joined(None) == 1


def test_dropout_is_shared_in_the_prefix_and_own_in_the_rest(tiny_model_dir: Path) -> None:
    """Two rows with the same tokens: plain, each drops its own inputs; shared, what is dropped in the prefix is the same.

    In evaluation nothing is dropped, and both ways are equal.
    """
    model = adapted_model(tiny_model_dir)
    rows = made_rows(random.Random(1), [40], 1, model.config.vocab_size) * 2
    for name, module in model.named_modules():
        if name.endswith("lora_dropout"):
            module["default"] = torch.nn.Dropout(0.5)
    make_collator(model, 0, share=True)
    batch = PrefixCollator(0, 16)(rows)
    seen: list[torch.Tensor] = []
    layer = next(module for name, module in model.named_modules() if name.endswith("lora_dropout"))
    layer["default"].register_forward_hook(lambda _, inputs, output: seen.append(output == 0))
    model.train()
    shared_loss(model, batch)
    n_prefix = len(batch["attention_mask"]["full_attention"]["prefix_seen"])
    n_rest = len(rows[0].input_ids) - n_prefix
    # One pass over the prefix, and each row's rest apart: 50 tokens are dropped from once, not twice.
    assert seen[0].shape[1] == n_prefix + 2 * n_rest
    first, second = seen[0][0, n_prefix : n_prefix + n_rest], seen[0][0, n_prefix + n_rest :]
    assert not torch.equal(first, second)
    model.eval()
    assert float(shared_loss(model, batch)) == pytest.approx(float(plain_loss(model, rows)), rel=1e-5)


@pytest.mark.slow
def test_the_real_shape_is_the_plain_way(tmp_path: Path) -> None:
    """Once on the 270M shape with random weights: ragged rows, a prefix longer than the window of 512, two groups."""
    report = subprocess.run(
        [sys.executable, "-c", REAL, str(tmp_path)],
        cwd=ROOT / "tests",
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert report.returncode == 0, report.stderr
    found = json.loads(report.stdout.splitlines()[-1])
    print(found)
    assert found["loss"] < 1e-5
    assert found["gradient"] < 1e-5
    assert found["peak_gib"] < 20


REAL = """
import json, random, resource, sys
from pathlib import Path
from test_train_equal import furthest, made_rows
from test_train_loss import adapted_model, gradients, plain_loss
from tiny_model import build_model_folder, real_config
from fgtrain.batches import all_parts, count_scored
from fgtrain.joining import batch_bytes
from fgtrain.loss import scored_logits, summed_loss
from fgtrain.prefix import make_collator

folder = build_model_folder(Path(sys.argv[1]) / "model", config=real_config())
model = adapted_model(folder)
rows = made_rows(random.Random(1), [600, 120], 6, 262_144)
collator = make_collator(model, 0, share=True)
batch, head = collator(rows), model.get_output_embeddings()
start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
loss = sum(summed_loss(scored_logits(model, head, part), part) for part in all_parts(batch)) / count_scored(batch)
loss.backward()
ours, shared_peak = gradients(model), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
model.zero_grad()
expected, n = 0.0, count_scored(batch)
for row in rows:  # logits at every position, one row at a time: all six at once take 12 GiB
    part = plain_loss(model, [row]) * row.n_scored / n
    part.backward()
    expected += float(part.detach())
print(json.dumps({
    "loss": abs(float(loss.detach()) / expected - 1), "gradient": furthest(ours, gradients(model)),
    "parts": len(all_parts(batch)), "expected_gib": batch_bytes(batch, model.config, 4) / 2**30,
    "held_gib": (shared_peak - start) / 2**20, "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20}))
"""
