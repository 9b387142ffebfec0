"""The loss over scored tokens only is the model's own loss, and so are its gradients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from train_rows import mixed_rows
from transformers import TrainerCallback, TrainingArguments

from fgdata.example import example_from_row
from fgeval.loading import load_model, load_tokenizer
from fgtrain import loss as loss_module
from fgtrain.adapter import add_lora, save_adapter
from fgtrain.batches import Collator, count_scored, scored_positions, scored_targets
from fgtrain.encode import IGNORED, Encoded, encode_example
from fgtrain.loss import scored_logits, scored_loss, summed_loss
from fgtrain.trainer import ScoredTokenTrainer


@pytest.fixture(scope="module")
def rows(tiny_model_dir: Path) -> list[Encoded]:
    """Eight rows of different lengths, all longer than the sliding window of 16 tokens."""
    tokenizer = load_tokenizer(tiny_model_dir)
    return [
        encode_example(example_from_row(row, "", f"{n}"), tokenizer) for n, row in enumerate(mixed_rows(8))
    ]


def adapted_model(folder: Path) -> Any:
    """The tiny model with an adapter whose second matrix is not zero, so that every gradient is one."""
    torch.manual_seed(3)
    model = add_lora(
        load_model(folder, device="cpu"),
        r=4,
        alpha=8,
        dropout=0.0,
        target_modules=("q_proj", "k_proj", "v_proj", "o_proj"),
        base_name="tiny",
        revision=None,
    )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.05)
    return model


def gradients(model: Any) -> dict[str, torch.Tensor]:
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def plain_loss(model: Any, rows: list[Encoded]) -> torch.Tensor:
    """The mean loss as transformers computes it itself, with logits at every position and the padding masked."""
    batch = Collator(0)(rows)
    lengths = torch.tensor([len(row.input_ids) for row in rows])
    mask = (torch.arange(batch["input_ids"].shape[1]) < lengths[:, None]).long()
    loss: torch.Tensor = model(**batch, attention_mask=mask).loss
    return loss


def assert_same(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> None:
    assert ours.keys() == theirs.keys()
    assert len(ours) == 16  # two layers, four modules, two matrices
    for name, gradient in theirs.items():
        assert float((ours[name] - gradient).norm() / gradient.norm()) < 1e-5, name


def test_loss_and_gradients_are_the_models_own(tiny_model_dir: Path, rows: list[Encoded]) -> None:
    """On a padded batch of ragged rows: loss and every adapter gradient within 1e-5 of the plain way."""
    model = adapted_model(tiny_model_dir)
    expected = plain_loss(model, rows)
    expected.backward()
    theirs = gradients(model)
    model.zero_grad()
    batch = Collator(0)(rows)
    loss = summed_loss(scored_logits(model, model.get_output_embeddings(), batch), batch) / count_scored(
        batch
    )
    loss.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert_same(gradients(model), theirs)


def test_the_output_layer_sees_scored_positions_only(tiny_model_dir: Path, rows: list[Encoded]) -> None:
    """Of all positions only those whose next token has loss reach the output layer; afterwards it is as before."""
    model = adapted_model(tiny_model_dir)
    head = model.get_output_embeddings()
    seen = []
    watch = head.register_forward_hook(lambda _, inputs, output: seen.append(tuple(output.shape)))
    batch = Collator(0)(rows)
    scored_logits(model, head, batch)
    model(input_ids=batch["input_ids"])
    watch.remove()
    n_scored = sum(row.n_scored for row in rows)
    assert seen == [(n_scored, head.out_features), (*batch["input_ids"].shape, head.out_features)]


@pytest.mark.parametrize("tile", [1, 7, 10_000])
def test_the_tiled_loss_is_the_plain_one(
    tiny_model_dir: Path, rows: list[Encoded], monkeypatch: pytest.MonkeyPatch, tile: int
) -> None:
    """Loss and every adapter gradient within 1e-5 of transformers' own, however few words have their logits at a time."""
    monkeypatch.setattr(loss_module, "TILE", tile)
    model = adapted_model(tiny_model_dir)
    expected = plain_loss(model, rows)
    expected.backward()
    theirs = gradients(model)
    model.zero_grad()
    batch = Collator(0)(rows)
    loss = scored_loss(model, model.get_output_embeddings(), batch) / count_scored(batch)
    loss.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert_same(gradients(model), theirs)


def test_the_tiled_loss_makes_no_logits(tiny_model_dir: Path, rows: list[Encoded]) -> None:
    """The output layer itself is given nothing, and without gradients the loss is the same."""
    model = adapted_model(tiny_model_dir)
    head, batch, seen = model.get_output_embeddings(), Collator(0)(rows), []
    watch = head.register_forward_hook(lambda _, inputs, output: seen.append(tuple(output.shape)))
    loss = scored_loss(model, head, batch)
    with torch.no_grad():
        assert scored_loss(model, head, batch).item() == loss.item()
    watch.remove()
    assert seen == [(len(rows), 0, head.out_features)] * 2


@pytest.mark.parametrize("reason", ["trained", "capped", "biased"])
def test_other_output_layers_take_the_plain_loss(
    tiny_model_dir: Path, rows: list[Encoded], reason: str
) -> None:
    """A layer that is trained, has a bias or whose logits are capped: the loss is that of its own logits, and it gets its gradient."""
    model = adapted_model(tiny_model_dir)
    head, batch, seen = model.get_output_embeddings(), Collator(0)(rows), []
    if reason == "trained":
        head.weight.requires_grad_()
    elif reason == "capped":
        model.config.final_logit_softcapping = 0.5
    else:
        head.bias = torch.nn.Parameter(torch.randn(head.out_features))
    watch = head.register_forward_hook(lambda _, inputs, output: seen.append(tuple(output.shape)))
    loss = scored_loss(model, head, batch)
    expected = summed_loss(scored_logits(model, head, batch), batch)
    watch.remove()
    assert loss.item() == expected.item()
    assert seen == [(count_scored(batch), head.out_features)] * 2
    loss.backward()
    assert (head.weight.grad is not None) == (reason == "trained")


@pytest.mark.parametrize("largest_last", [True, False])
def test_the_tiled_loss_of_large_logits_is_finite(
    largest_last: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Logits of hundreds, growing or falling along the vocabulary, neither overflow nor lose the gradient."""
    monkeypatch.setattr(loss_module, "TILE", 3)
    weight = torch.arange(-10.0, 10.0)[:, None] * torch.tensor([[30.0, 1.0]])
    weight = weight if largest_last else weight.flip(0)
    hidden = torch.tensor([[1.0, 0.5], [-1.0, 0.1]], requires_grad=True)
    targets = torch.tensor([0, 5])
    loss = loss_module._TiledLoss.apply(hidden, weight, targets)
    (ours,) = torch.autograd.grad(3 * loss, hidden)
    expected = torch.nn.functional.cross_entropy(hidden @ weight.T, targets, reduction="sum")
    (theirs,) = torch.autograd.grad(3 * expected, hidden)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    assert torch.allclose(ours, theirs, rtol=1e-5)


def test_targets_are_the_labelled_tokens_in_order(rows: list[Encoded]) -> None:
    """The target of a position is the next token, and the number of both is the number of labels."""
    batch = Collator(0)(rows)
    positions = scored_positions(batch)
    following = torch.roll(batch["input_ids"], -1, dims=1)[positions]
    assert following.tolist() == scored_targets(batch).tolist()
    assert scored_targets(batch).tolist() == [
        label for row in rows for label in row.labels if label != IGNORED
    ]
    assert count_scored(batch) == sum(row.n_scored for row in rows) == int(positions.sum())


def test_a_saved_adapter_gives_the_same_logits(
    tiny_model_dir: Path, rows: list[Encoded], tmp_path: Path
) -> None:
    """What is saved and loaded again is the adapter that was in memory, to the last bit."""
    model = adapted_model(tiny_model_dir).eval()
    save_adapter(model, load_tokenizer(tiny_model_dir), tmp_path)
    loaded = load_model(tiny_model_dir, adapter=tmp_path, device="cpu")
    ids = torch.tensor([rows[0].input_ids])
    with torch.no_grad():
        assert torch.equal(loaded(input_ids=ids).logits, model(input_ids=ids).logits)


class CatchGradients(TrainerCallback):
    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        self.caught = gradients(model)


@pytest.mark.parametrize(("batch_size", "accumulation"), [(8, 1), (2, 4), (3, 3), (1, 8)])
def test_accumulation_does_not_change_the_gradient(
    tiny_model_dir: Path, rows: list[Encoded], tmp_path: Path, batch_size: int, accumulation: int
) -> None:
    """However the batch is cut, the optimizer sees the gradient of the mean over all its scored tokens.

    Gemma 3 says `accepts_loss_kwargs = False` in some releases; then the Trainer divides once more by the number of batches.
    """
    model = adapted_model(tiny_model_dir)
    plain_loss(model, rows).backward()
    theirs = gradients(model)
    model.zero_grad()
    catch = CatchGradients()
    args = TrainingArguments(
        output_dir=str(tmp_path),
        max_steps=1,
        per_device_train_batch_size=batch_size,
        gradient_accumulation_steps=accumulation,
        max_grad_norm=0,
        use_cpu=True,
        remove_unused_columns=False,
        report_to="none",
        save_strategy="no",
        disable_tqdm=True,
    )
    trainer = ScoredTokenTrainer(
        model=model,
        args=args,
        collator=Collator(0),
        train_rows=rows,
        eval_rows=None,
        save=lambda _: None,
        callbacks=[catch],
    )
    trainer.train()
    assert_same(catch.caught, theirs)


@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_evaluation_loss_counts_tokens_not_batches(
    tiny_model_dir: Path, rows: list[Encoded], tmp_path: Path, batch_size: int
) -> None:
    """The evaluation loss is the mean over all scored tokens, whatever the batch size."""
    model = adapted_model(tiny_model_dir)
    args = TrainingArguments(
        output_dir=str(tmp_path),
        per_device_eval_batch_size=batch_size,
        use_cpu=True,
        report_to="none",
        disable_tqdm=True,
    )
    trainer = ScoredTokenTrainer(
        model=model,
        args=args,
        collator=Collator(0),
        train_rows=rows,
        eval_rows=rows,
        save=lambda _: None,
        callbacks=[],
    )
    with torch.no_grad():
        expected = float(plain_loss(model, rows))
    assert trainer.evaluate()["eval_loss"] == pytest.approx(expected, rel=1e-5)
