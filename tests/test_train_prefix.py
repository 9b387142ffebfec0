"""Sharing the prompt prefix changes the speed and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from test_train_loss import adapted_model, assert_same, gradients, plain_loss
from train_rows import call, tool_calls_row

from fgdata.example import example_from_row
from fgeval.loading import load_tokenizer
from fgtrain.attention import SHARED_PREFIX
from fgtrain.batches import Collator, all_parts, count_scored, scored_targets
from fgtrain.encode import IGNORED, Encoded, encode_example
from fgtrain.loss import scored_logits, scored_loss
from fgtrain.prefix import PrefixCollator, common_prefix, groups_of, make_collator


def encoded(rows: list[dict[str, Any]], folder: Path) -> list[Encoded]:
    tokenizer = load_tokenizer(folder)
    return [encode_example(example_from_row(row, "", str(n)), tokenizer) for n, row in enumerate(rows)]


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


def shared_loss(model: Any, batch: Any) -> torch.Tensor:
    head = model.get_output_embeddings()
    return sum(scored_loss(model, head, part) for part in all_parts(batch)) / count_scored(batch)  # type: ignore[return-value]


@pytest.mark.parametrize("window", [4, 16, 4096])
def test_loss_and_gradients_are_the_plain_ways(
    tiny_model_dir: Path, rows: list[Encoded], window: int
) -> None:
    """Loss and every adapter gradient within 1e-5, with windows shorter than a rest, than the prefix, and than nothing."""
    model = adapted_model(tiny_model_dir)
    for module in model.modules():  # the window lives in the configuration and in the layers
        if getattr(module, "sliding_window", None):
            module.sliding_window = window
    model.config.sliding_window = window
    expected = plain_loss(model, rows)
    expected.backward()
    theirs = gradients(model)
    model.zero_grad()
    make_collator(model, 0, share=True)
    batch = PrefixCollator(0, window)(rows)
    assert batch["input_ids"].shape[0] == 1
    loss = shared_loss(model, batch)
    loss.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert_same(gradients(model), theirs)


def test_the_window_is_honoured(tiny_model_dir: Path, rows: list[Encoded]) -> None:
    """The comparison above can fail: with a window that is wrong by a few positions the loss differs."""
    model = adapted_model(tiny_model_dir)
    plain = plain_loss(model, rows).item()
    make_collator(model, 0, share=True)
    right, wrong = (shared_loss(model, PrefixCollator(0, window)(rows)).item() for window in (16, 8))
    assert right == pytest.approx(plain, rel=1e-5)
    assert wrong != pytest.approx(right, rel=1e-4)


def test_same_tokens_carry_loss(rows: list[Encoded]) -> None:
    """A shared batch scores exactly the tokens that the padded one scores, in the same order, and is far smaller."""
    shared, padded = PrefixCollator(0, 16)(rows), Collator(0)(rows)
    assert scored_targets(shared).tolist() == scored_targets(padded).tolist()
    assert shared["input_ids"].numel() * 2 < padded["input_ids"].numel()


def test_a_batch_without_a_group_takes_the_plain_attention(tiny_model_dir: Path, rows: list[Encoded]) -> None:
    """In the same model: a padded batch gives the same logits before and after the model learned to share."""
    model, batch = adapted_model(tiny_model_dir).eval(), Collator(0)(rows)
    head = model.get_output_embeddings()
    before = scored_logits(model, head, batch)
    assert isinstance(make_collator(model, 0, share=True), PrefixCollator)
    assert model.config._attn_implementation == SHARED_PREFIX
    assert torch.equal(scored_logits(model, head, batch), before)


def test_prefix_ends_before_the_loss() -> None:
    """Rows that are equal up to their answers share one token less, since that one predicts the first answer token."""
    rows = [Encoded([1, 2, 3, 4, last], [IGNORED] * 4 + [last]) for last in (5, 6)]
    assert common_prefix(rows) == 3
    assert common_prefix([rows[0], rows[0]]) == 3
    assert common_prefix([Encoded([1, 2], [IGNORED, 2]), Encoded([7, 2], [IGNORED, 2])]) == 0


def test_rows_without_a_common_prefix_are_padded(tiny_model_dir: Path, rows: list[Encoded]) -> None:
    """A batch of one, and rows that share little, take the padded layout."""
    strange = [
        Encoded([number, *row.input_ids[1:]], list(row.labels)) for number, row in enumerate(rows[:4], 5)
    ]
    for batch_rows in (strange, rows[:1]):
        batch = PrefixCollator(0, 16)(batch_rows)
        assert batch.keys() == Collator(0)(batch_rows).keys()
        assert len(batch["input_ids"]) == len(batch_rows)


@pytest.mark.parametrize("n_alone", [0, 1, 2])
def test_mixed_batches_are_the_plain_way(tiny_model_dir: Path, rows: list[Encoded], n_alone: int) -> None:
    """Two groups of declarations and rows without a group in one batch: every row once, loss and gradients as one row a sample."""
    again = [
        Encoded([9, *row.input_ids[1:3], 8, *row.input_ids[3:]], [*row.labels[:3], IGNORED, *row.labels[3:]])
        for row in rows[:3]
    ]
    alone = [
        Encoded([number, *row.input_ids[1:]], list(row.labels))
        for number, row in enumerate(rows[:n_alone], 5)
    ]
    mixed = [again[0], *rows[:2], *alone, again[1], *rows[2:4], again[2]]
    assert [len(group) for group in groups_of(mixed)] == [4, 3, *[1] * n_alone]
    model = adapted_model(tiny_model_dir)
    expected = plain_loss(model, mixed)
    expected.backward()
    theirs = gradients(model)
    model.zero_grad()
    batch = make_collator(model, 0, share=True)(mixed)
    assert len(all_parts(batch)) == 2 + (n_alone > 0)
    assert count_scored(batch) == sum(label != IGNORED for row in mixed for label in row.labels)
    loss = shared_loss(model, batch)
    loss.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert_same(gradients(model), theirs)


def test_collator_fits_the_model(tiny_model_dir: Path) -> None:
    """Sharing is for models that take a mask a kind of layer, and can be switched off."""
    model = adapted_model(tiny_model_dir)
    assert make_collator(model, 0, share=True) == PrefixCollator(0, 16)
    assert make_collator(model, 0, share=False) == Collator(0)
    model.config._attn_implementation = "eager"
    assert make_collator(model, 0, share=True) == Collator(0)


def test_a_part_without_loss_changes_nothing(tiny_model_dir: Path, rows: list[Encoded]) -> None:
    """A process that has no rows in a step gives a loss of zero, whose gradient is zero for every weight and not missing."""
    model = adapted_model(tiny_model_dir)
    empty = {"input_ids": torch.zeros(1, 2, dtype=torch.long), "labels": torch.full((1, 2), IGNORED)}
    loss = scored_loss(model, model.get_output_embeddings(), empty)
    loss.backward()
    assert loss.item() == 0
    found = gradients(model)
    assert len(found) == 16
    assert all(bool((gradient == 0).all()) for gradient in found.values())
