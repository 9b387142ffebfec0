"""Static shapes change the layout and the number of programs, and nothing that is computed."""

from __future__ import annotations

import importlib.util
import json
import random
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import get_peft_model_state_dict
from safetensors.torch import load_file
from test_train_loss import adapted_model, assert_same, gradients, plain_loss
from test_train_prefix import encoded
from torch import nn
from train_rows import call, mixed_rows, tool_calls_row, write_rows

from fgdata.errors import ModelError, UsageError
from fgeval.loading import load_tokenizer
from fgtrain import TrainConfig
from fgtrain.adapter import save_adapter
from fgtrain.batches import Batch, all_parts, in_steps
from fgtrain.devices.tpu import host_weights
from fgtrain.encode import IGNORED, Encoded
from fgtrain.run import train_lora
from fgtrain.static_attention import STATIC_PREFIX, static_loss
from fgtrain.static_run import static_trainer
from fgtrain.static_shapes import (
    MAX_ALONE,
    MAX_SCORED,
    Sizes,
    StaticCollator,
    choose_sizes,
    count_learnt,
    padded,
    slots_of,
)

SIZES = Sizes(in_group=3, alone=2)


@pytest.fixture(scope="module")
def rows(tiny_model_dir: Path) -> list[Encoded]:
    """Seven ragged rows with the same declarations, which are longer than the model's window of 16 tokens."""
    wishes = ["온도 올려줘" + " 너무 더워요" * (n % 4) for n in range(7)]
    return encoded(
        [
            tool_calls_row(wish, call("adjust_temperature", delta=n), number=n)
            for n, wish in enumerate(wishes)
        ],
        tiny_model_dir,
    )


def set_window(model: Any, window: int) -> None:
    for module in model.modules():  # the window lives in the configuration and in the layers
        if getattr(module, "sliding_window", None):
            module.sliding_window = window
    model.config.sliding_window = window


def loss_of(model: Any, batch: Batch) -> torch.Tensor:
    """The mean over the scored tokens of all parts."""
    model.config._attn_implementation = STATIC_PREFIX
    head, window = model.get_output_embeddings(), model.config.sliding_window
    parts = all_parts(batch)
    total = torch.stack([static_loss(model, head, part, window) for part in parts]).sum()
    return total / sum(map(count_learnt, parts))


@pytest.mark.parametrize("n_slots", [1, 4])
@pytest.mark.parametrize("window", [4, 16, 4096])
def test_loss_and_gradients_are_the_plain_ways(
    tiny_model_dir: Path, rows: list[Encoded], window: int, n_slots: int
) -> None:
    """Loss and every adapter gradient within 1e-5, with windows shorter than a rest, than the prefix, and than nothing."""
    model = adapted_model(tiny_model_dir)
    set_window(model, window)
    expected = plain_loss(model, rows)
    expected.backward()
    theirs = gradients(model)
    model.zero_grad()
    batch = StaticCollator(0, n_slots, SIZES)(rows)
    assert len(all_parts(batch)) == (3 if n_slots == 1 else 1)  # seven rows, three a slot
    loss = loss_of(model, batch)
    loss.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert_same(gradients(model), theirs)


def test_mixed_rows_are_the_plain_way(tiny_model_dir: Path, rows: list[Encoded]) -> None:
    """Groups of two declarations, rows of other layouts and rows that share nothing, in one batch and over three devices."""
    strange = [
        Encoded([number, *row.input_ids[1:]], list(row.labels)) for number, row in enumerate(rows[:2], 5)
    ]
    mixed = [*encoded(mixed_rows(8), tiny_model_dir), *rows[:5], *strange]
    model = adapted_model(tiny_model_dir)
    expected = plain_loss(model, mixed)
    expected.backward()
    theirs = gradients(model)
    model.zero_grad()
    batch = StaticCollator(0, 3, SIZES)(mixed)
    kinds = {part["shape"].n_prefix > 0 for part in all_parts(batch)}
    assert kinds == {True, False}
    loss = loss_of(model, batch)
    loss.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert_same(gradients(model), theirs)


def test_the_window_is_honoured(tiny_model_dir: Path, rows: list[Encoded]) -> None:
    """The comparison above can fail: with a window that is wrong by a few positions the loss differs."""
    model = adapted_model(tiny_model_dir)
    plain = plain_loss(model, rows).item()
    model.config._attn_implementation = STATIC_PREFIX
    batch, head = StaticCollator(0, 3, SIZES)(rows), model.get_output_embeddings()
    right, wrong = (
        static_loss(model, head, batch, window).item() / count_learnt(batch) for window in (16, 8)
    )
    assert right == pytest.approx(plain, rel=1e-5)
    assert wrong != pytest.approx(right, rel=1e-4)


def test_padding_decides_nothing(tiny_model_dir: Path, rows: list[Encoded]) -> None:
    """Other tokens in every padded place of a batch, empty slots and empty places of a group among them, give the same loss and gradients."""
    model = adapted_model(tiny_model_dir)
    collate = [StaticCollator(token, 4, SIZES) for token in (0, 77)]
    first, second = (one(rows) for one in collate)
    assert (first["input_ids"] != second["input_ids"]).sum() > first["input_ids"].numel() // 4
    loss_of(model, first).backward()
    theirs = gradients(model)
    model.zero_grad()
    loss_of(model, second).backward()
    assert_same(gradients(model), theirs)


def test_bfloat16_is_near(tiny_model_dir: Path, rows: list[Encoded]) -> None:
    """Under autocast, as on a device that computes in bfloat16, the loss is that of float32 to 1 in 100."""
    model = adapted_model(tiny_model_dir)
    batch = StaticCollator(0, 4, SIZES)(rows)
    exact = loss_of(model, batch).item()
    with torch.autocast("cpu", torch.bfloat16):
        rounded = loss_of(model, batch).item()
    assert rounded != exact
    assert rounded == pytest.approx(exact, rel=1e-2)


def test_another_batch_takes_the_models_own_attention(tiny_model_dir: Path, rows: list[Encoded]) -> None:
    """Generation and plain batches in the same model give the same logits as before."""
    model = adapted_model(tiny_model_dir).eval()
    ids = torch.tensor([rows[0].input_ids])
    before = model(input_ids=ids).logits
    model.config._attn_implementation = STATIC_PREFIX
    assert torch.equal(model(input_ids=ids).logits, before)


def random_rows(n: int, seed: int) -> list[Encoded]:
    """Rows of one declaration and some without: lengths as a pack has them, tokens at random."""
    draw = random.Random(seed)
    prefix = [draw.randrange(200, 900) for _ in range(300)]
    made = []
    for number in range(n):
        request = [draw.randrange(200, 900) for _ in range(draw.randrange(8, 22))]
        answer = [draw.randrange(200, 900) for _ in range(draw.randrange(12, 46))]
        head = prefix if number % 16 else [draw.randrange(200, 900) for _ in range(draw.randrange(20, 400))]
        ids = [2, *head, *request, *answer]
        made.append(Encoded(ids, [IGNORED] * (len(ids) - len(answer)) + answer))
    return made


def test_few_shapes_in_many_steps() -> None:
    """Batches of 32 shuffled ragged rows, some of other layouts, need ten programs or fewer, and after 40 batches no new one."""
    rows = random_rows(640, seed=1)
    collate = StaticCollator(0, 4, choose_sizes(rows, rows_per_slot=8))
    draw, seen_early = random.Random(2), 0
    for step in range(160):
        batch = collate(draw.sample(rows, 32))
        for part in all_parts(batch):
            shape = part["shape"]
            assert part["input_ids"].shape == (4, shape.n_tokens)
            assert part["scored"].shape == (4, shape.n_rows * shape.n_scored)
        if step == 39:
            seen_early = len(collate.shapes)
    assert 2 <= seen_early == len(collate.shapes) <= 10


def test_one_pack_is_one_or_two_programs() -> None:
    """Rows that all share their declarations, as one pack's do, and a last batch that is not full."""
    rows = [row for number, row in enumerate(random_rows(320, seed=3)) if number % 16]
    collate = StaticCollator(0, 4, choose_sizes(rows, rows_per_slot=8))
    for start in range(0, len(rows), 32):
        assert len(all_parts(collate(rows[start : start + 32]))) == 1
    assert len(collate.shapes) <= 2


@settings(deadline=None)
@given(
    seed=st.integers(0, 10_000), n=st.integers(1, 40), n_slots=st.integers(1, 5), in_group=st.integers(1, 9)
)
def test_every_row_is_there_once(seed: int, n: int, n_slots: int, in_group: int) -> None:
    """Whatever the rows and devices: each row's tokens and scored tokens stand in the batch exactly once."""
    rows = random_rows(n, seed)
    collate = StaticCollator(0, n_slots, Sizes(in_group, max(1, in_group // 2)))
    got, targets = [], []
    for part in all_parts(collate(rows)):
        shape = part["shape"]
        for slot in range(n_slots):
            ids, weights = part["input_ids"][slot], part["weights"][slot] > 0
            targets += part["targets"][slot][weights].tolist()
            # What a scored place predicts is the token that follows it in the same rest.
            assert ids[part["scored"][slot][weights] + 1].tolist() == part["targets"][slot][weights].tolist()
            head = ids[: int(part["prefix_lengths"][slot])].tolist()
            for place in range(shape.n_rows):
                start = shape.n_prefix + place * shape.n_rest
                own = ids[start : start + shape.n_rest].tolist()
                if weights[place * shape.n_scored]:
                    while own[-1] == 0:
                        own.pop()
                    got.append(head + own)
    assert sorted(got) == sorted(row.input_ids for row in rows)
    assert sorted(targets) == sorted(label for row in rows for label in row.labels if label != IGNORED)


@settings(deadline=None)
@given(n=st.integers(1, 40_000), step=st.sampled_from([16, 32, 64]))
def test_buckets_are_few_and_tight(n: int, step: int) -> None:
    """A padded size holds what it pads, wastes at most a step or half, and of 40,000 lengths there are under 25."""
    size = padded(n, step)
    assert n <= size
    assert size == step or size < 2 * n
    assert size % (step // 2) == 0
    assert n <= in_steps(n, step) < n + step
    assert len({padded(length, step) for length in range(1, 40_000, 7)}) < 25


def test_groups_fit_the_memory() -> None:
    """Long answers and long rows without a prefix make smaller groups; nothing makes an empty one."""

    def groups(*rows: Encoded, rows_per_slot: int = 24) -> tuple[int, int]:
        sizes = choose_sizes(rows, rows_per_slot)
        return sizes.in_group, sizes.alone

    short, long = (
        Encoded([2, 3, 4], [IGNORED, IGNORED, 4]),
        Encoded([2] * 3000, [IGNORED] * 2000 + [2] * 1000),
    )
    assert groups(short) == (24, 24)
    assert groups(short, rows_per_slot=1000)[0] == MAX_SCORED // 16
    assert groups(short, long) == (1, 1)
    halves = Encoded([2] * (MAX_ALONE // 2), [IGNORED] * (MAX_ALONE // 2 - 1) + [2])
    assert groups(halves) == (24, 2)


def test_a_rare_long_row_is_not_everyones_padding() -> None:
    """One row of 400 rests in a size of its own; the others are padded to what they need."""
    rows = [row for number, row in enumerate(random_rows(426, seed=4)) if number % 16]
    answer = [300] * 400
    rows.append(Encoded(rows[0].input_ids + answer, rows[0].labels + answer))
    sizes = choose_sizes(rows, rows_per_slot=2)
    assert sizes.rests == (padded(sorted(len(row.input_ids) for row in rows)[-9] - 301, 32), 512)
    assert sizes.scored == (48, 512)


def test_slots_hold_all_rows(rows: list[Encoded]) -> None:
    """Rows beyond a slot go to the next; the shape of a slot holds its longest rest."""
    slots = slots_of(rows, SIZES)
    assert sorted(len(slot.rows) for slot in slots) == [1, 3, 3]
    for slot in slots:
        assert slot.shape.n_prefix >= slot.n_prefix > 0
        assert slot.shape.n_rest >= max(len(row.input_ids) for row in slot.rows) - slot.n_prefix


def test_weights_given_by_name_are_saved_as_ever(tiny_model_dir: Path, tmp_path: Path) -> None:
    """An adapter saved from weights in the host's memory is, file by file, the one that the model saves itself."""
    model, tokenizer = adapted_model(tiny_model_dir), load_tokenizer(tiny_model_dir)
    save_adapter(model, tokenizer, tmp_path / "plain")
    save_adapter(model, tokenizer, tmp_path / "named", weights=host_weights(model))
    assert_same_folders(tmp_path / "plain", tmp_path / "named")


def test_a_wrapped_models_adapter_is_saved_whole(tiny_model_dir: Path, tmp_path: Path) -> None:
    """With FSDPv2's names in the model, peft alone would save nothing that can be loaded; the files are those of the unwrapped model."""
    model, tokenizer = adapted_model(tiny_model_dir), load_tokenizer(tiny_model_dir)
    save_adapter(model, tokenizer, tmp_path / "plain")
    layers = model.get_base_model().model.layers
    for number, layer in enumerate(layers):
        layers[number] = nn.Module()
        layers[number]._orig_module = layer
    names = get_peft_model_state_dict(model, save_embedding_layers=False).keys()
    assert names and all("_orig_module" in name for name in names)
    save_adapter(model, tokenizer, tmp_path / "wrapped", weights=host_weights(model))
    assert_same_folders(tmp_path / "plain", tmp_path / "wrapped")


def assert_same_folders(first: Path, second: Path) -> None:
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(path.name for path in second.iterdir())
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def lora(base: Path, folder: Path, name: str, **changes: Any) -> dict[str, Any]:
    """What run.json says of a run on `folder`'s rows; its output folder is `name`."""
    settings: dict[str, Any] = {
        "model": str(base),
        "train_file": str(folder / "train.jsonl"),
        "eval_file": str(folder / "eval.jsonl"),
        "output_dir": str(folder / name),
        "num_train_epochs": 2.0,
        "lora_dropout": 0.0,
        "learning_rate": 1e-3,
        "logging_steps": 1,
        "device": "cpu",
        "dtype": "float32",
        "log_file": "none",
    }
    train_lora(TrainConfig(**(settings | changes)))
    content: dict[str, Any] = json.loads((folder / name / "run.json").read_text("utf-8"))
    return content


def test_a_whole_run_is_the_plain_run(tiny_model_dir: Path, tmp_path: Path) -> None:
    """`--static_shapes on`: 22 mixed rows, 2 x 4, two epochs: losses, evaluation and adapter of the run without, to 1e-5."""
    write_rows(tmp_path / "train.jsonl", 22)
    write_rows(tmp_path / "eval.jsonl", 5)
    sizes = {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 4}
    plain = lora(tiny_model_dir, tmp_path, "plain", share_prefix="off", **sizes)
    static = lora(tiny_model_dir, tmp_path, "static", static_shapes="on", **sizes)
    assert static["steps"] == plain["steps"] == 6
    assert static["losses"] == pytest.approx(plain["losses"], rel=1e-5)
    for ours, theirs in zip(static["epochs"], plain["epochs"], strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-5)
        assert ours["eval_loss"] == pytest.approx(theirs["eval_loss"], rel=1e-5)
    saved, expected = (
        load_file(tmp_path / name / "adapter_model.safetensors") for name in ("static", "plain")
    )
    for name, weight in expected.items():
        assert float((saved[name] - weight).norm() / weight.norm()) < 1e-5, name


def test_bad_input(tiny_model_dir: Path, tmp_path: Path) -> None:
    """No TPU here, sharding without one, a model whose layers take no such batches: each is one error before anything is trained."""
    write_rows(tmp_path / "train.jsonl", 4)
    write_rows(tmp_path / "eval.jsonl", 4)
    with pytest.raises(UsageError, match="--sharding: is 'xla_fsdp_v2' on --device cpu"):
        lora(tiny_model_dir, tmp_path, "a", sharding="xla_fsdp_v2")
    if importlib.util.find_spec("torch_xla") is None:
        with pytest.raises(
            ModelError, match=r"--device: is 'tpu', and torch knows of no such device here.*docs/tpu.md"
        ):
            lora(tiny_model_dir, tmp_path, "a", device="tpu")
    assert not (tmp_path / "a").exists()
    model = adapted_model(tiny_model_dir)
    model.config.model_type = "other"
    config = TrainConfig(train_file="x", output_dir="y", static_shapes="on")
    with pytest.raises(UsageError, match="--static_shapes: is for gemma3_text; the model is 'other'"):
        static_trainer(config, model, pad_token_id=0, train_rows=[], eval_rows=None)
