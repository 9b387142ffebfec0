"""Layers with a backward pass of their own: losses and gradients of the plain ones, on the same weights."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_train_equal import furthest, made_rows
from test_train_loss import gradients
from transformers.models.gemma3.modeling_gemma3 import Gemma3RMSNorm

from fgeval.loading import load_model
from fgtrain import attention
from fgtrain import fused as fused_module
from fgtrain import loss as loss_module
from fgtrain.adapter import add_lora, save_adapter
from fgtrain.batches import ROWS, all_parts, count_scored
from fgtrain.fused import FusedLora, FusedNorm, fuse
from fgtrain.loss import scored_loss
from fgtrain.prefix import PrefixCollator, make_collator

EVERY = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def model_with(folder: Path, *, dropout: float = 0.0, dtype: Any = "float32") -> Any:
    """The tiny model with an adapter on all layers, its second matrices not zero, in training."""
    torch.manual_seed(3)
    base = load_model(folder, device="cpu", dtype=dtype)
    model = add_lora(base, r=4, alpha=8, dropout=dropout, target_modules=EVERY, base_name="tiny", revision=None)  # fmt: skip
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.05)
    make_collator(model, 0, share=True)
    return model.train()


def trained(model: Any, rows: Any, *, half: bool = False) -> tuple[float, dict[str, torch.Tensor]]:
    """Loss and gradients of a batch that shares its prefixes."""
    batch, head = PrefixCollator(0, 16)(rows), model.get_output_embeddings()
    model.zero_grad()
    torch.manual_seed(5)
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        parts = [scored_loss(model, head, part) for part in all_parts(batch)]
        loss = torch.stack(parts).sum() / count_scored(batch)
    loss.backward()
    return loss.item(), gradients(model)


def rows_of(seed: int, lengths: list[int], count: int, model: Any) -> Any:
    return made_rows(random.Random(seed), lengths, count, model.config.vocab_size)


@pytest.fixture(scope="module")
def plain(tiny_model_dir: Path) -> Any:
    return model_with(tiny_model_dir)


@pytest.fixture(scope="module")
def fused(tiny_model_dir: Path) -> Any:
    return fuse(model_with(tiny_model_dir))


def test_every_adapter_and_normalisation_is_exchanged(plain: Any, fused: Any) -> None:
    n_layers = fused.config.num_hidden_layers
    assert sum(type(module) is FusedLora for module in fused.modules()) == len(EVERY) * n_layers
    norms = sum(type(module) is Gemma3RMSNorm for module in plain.modules())
    assert norms == sum(type(module) is FusedNorm for module in fused.modules()) == 6 * n_layers + 1
    assert [name for name, _ in fused.named_parameters()] == [name for name, _ in plain.named_parameters()]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lengths=st.lists(st.integers(0, 60), min_size=1, max_size=4),
    count=st.integers(1, 12),
    seed=st.integers(0, 10**6),
)
def test_in_float32_they_are_the_plain_way(
    plain: Any, fused: Any, lengths: list[int], count: int, seed: int
) -> None:
    rows = rows_of(seed, lengths, count, plain)
    expected, theirs = trained(plain, rows)
    loss, ours = trained(fused, rows)
    assert loss == pytest.approx(expected, rel=1e-5)
    assert furthest(ours, theirs) < 1e-5


def test_dropout_has_its_gradients(tiny_model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same inputs dropped, loss and gradients are those of peft's layers."""
    plain, ours = (model_with(tiny_model_dir, dropout=0.3) for _ in range(2))
    rows = rows_of(1, [40], 6, plain)

    def drop(x: torch.Tensor, p: float, training: bool, inplace: bool) -> torch.Tensor:
        assert training and not inplace
        kept, grown = fused_module.draw_kept(x.shape, p)
        return x * kept * grown

    monkeypatch.setattr(torch.nn.functional, "dropout", drop)
    expected, theirs = trained(plain, rows)
    loss, gained = trained(fuse(ours), rows)
    without, _ = trained(model_with(tiny_model_dir), rows)
    assert loss == pytest.approx(expected, rel=1e-5)
    assert furthest(gained, theirs) < 1e-5
    assert abs(loss / without - 1) > 1e-4


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_dropout_drops_its_share(share: float) -> None:
    """Of a million elements the share, each element and each of its neighbours on its own; the mean stays; the seed decides."""
    torch.manual_seed(1)
    kept, grown = fused_module.draw_kept((1001, 999), share)
    assert kept.unique().tolist() == [0, 1]
    error = (share * (1 - share) / kept.numel()) ** 0.5
    assert abs(1 - kept.double().mean() - share) < 5 * error
    pairs = kept.double()
    together = (pairs[:, 1:] * pairs[:, :-1]).mean()
    assert abs(together - (1 - share) ** 2) < 10 * error
    assert kept.double().mean() * grown == pytest.approx(1, abs=10 * error / (1 - share))
    again, _ = fused_module.draw_kept((1001, 999), share)
    torch.manual_seed(1)
    assert torch.equal(kept, fused_module.draw_kept((1001, 999), share)[0])
    assert not torch.equal(kept, again)


def test_in_bfloat16_they_are_no_further_from_float32_than_the_plain_way(tiny_model_dir: Path) -> None:
    rows = rows_of(2, [40, 30], 10, model_with(tiny_model_dir))
    exact, theirs = trained(model_with(tiny_model_dir), rows)
    plain_loss, plain_gradients = trained(model_with(tiny_model_dir, dtype="bfloat16"), rows, half=True)
    loss, ours = trained(fuse(model_with(tiny_model_dir, dtype="bfloat16")), rows, half=True)
    assert all(gradient.dtype is torch.float32 for gradient in ours.values())
    assert abs(loss - exact) < 2 * abs(plain_loss - exact) + 0.01 * exact
    assert furthest(ours, theirs) < 1.5 * furthest(plain_gradients, theirs)


def test_answers_while_training_take_the_plain_way(plain: Any, fused: Any) -> None:
    ids = torch.tensor([[2, 5, 9, 40, 7]])
    plain.eval(), fused.eval()
    with torch.no_grad():
        assert torch.equal(plain(input_ids=ids).logits, fused(input_ids=ids).logits)
        with fused.disable_adapter():
            bare = fused(input_ids=ids).logits
    assert not torch.equal(bare, plain(input_ids=ids).logits)
    plain.train(), fused.train()


def test_the_adapter_is_saved_under_its_names(
    plain: Any, fused: Any, tmp_path: Path, tiny_model_dir: Path
) -> None:
    from safetensors.torch import load_file

    from fgeval.loading import load_tokenizer

    saved = []
    for name, model in (("plain", plain), ("fused", fused)):
        save_adapter(model, load_tokenizer(tiny_model_dir), tmp_path / name)
        saved.append(load_file(tmp_path / name / "adapter_model.safetensors"))
    assert saved[0].keys() == saved[1].keys()
    assert all(torch.equal(saved[0][name], saved[1][name]) for name in saved[0])


def test_a_layer_that_is_more_keeps_its_way(tiny_model_dir: Path) -> None:
    model = model_with(tiny_model_dir)
    model.add_adapter("second", model.peft_config["default"])
    trained_norm = next(module for module in model.modules() if type(module) is Gemma3RMSNorm)
    trained_norm.weight.requires_grad = True
    fuse(model)
    assert not any(type(module) is FusedLora for module in model.modules())
    assert type(trained_norm) is Gemma3RMSNorm


@pytest.mark.parametrize("n_groups", [1, 2, 4])
def test_rests_by_hand_are_rests_by_autograd(n_groups: int) -> None:
    """One, two and four heads of keys for four of queries; a window that hides some of the prefix, and none."""
    generator = torch.Generator().manual_seed(n_groups)
    lengths, n_prefix, width = [3, 7, 1, 5], 20, 8
    for window in (None, 12):
        layout = attention.group_layout(n_prefix, lengths, window)
        shapes = ((4, 36, width), (n_groups, 36, width), (n_groups, 36, width))
        tensors = [torch.randn(shape, generator=generator).requires_grad_() for shape in shapes]
        weights = torch.randn((16, 4, width), generator=generator)
        results = []
        for way in (attention.rest_attention, attention._rest_attention):
            arguments = (layout,) if way is attention.rest_attention else (layout, 0.0)
            taken = way(*tensors, *arguments)  # type: ignore[operator]
            gained = torch.autograd.grad((taken * weights).sum(), tensors)
            results.append((taken, *gained))
        for ours, theirs in zip(*results, strict=True):
            assert float((ours - theirs).norm() / theirs.norm()) < 1e-5


def test_filled_up_rests_change_nothing(plain: Any) -> None:
    """Tokens that only make shapes repeat are seen by nothing and have no loss."""
    head = plain.get_output_embeddings()
    for seed in range(4):
        rows = rows_of(seed, [50, 20], 9, plain)
        found = []
        for few in (False, True):
            parts = all_parts(PrefixCollator(0, 16, few)(rows))
            shared = [part for part in parts if "position_ids" in part]
            assert shared
            assert all(
                len(part["attention_mask"]["full_attention"]["back"]) % (ROWS if few else 1) == 0
                for part in shared
            )
            plain.zero_grad()
            loss = torch.stack([scored_loss(plain, head, part) for part in parts]).sum()
            loss.backward()
            found.append((loss.item(), gradients(plain)))
        assert found[1][0] == pytest.approx(found[0][0], rel=1e-5)
        assert furthest(found[1][1], found[0][1]) < 1e-5


def test_bfloat16_on_a_cpu_has_few_shapes(tiny_model_dir: Path) -> None:
    """The collator and the loss of such a model fill up; those of float32 do not."""
    half = make_collator(model_with(tiny_model_dir, dtype="bfloat16"), 0, share=True)
    assert isinstance(half, PrefixCollator)
    assert half.few_shapes
    exact = make_collator(model_with(tiny_model_dir), 0, share=True)
    assert isinstance(exact, PrefixCollator)
    assert not exact.few_shapes
    hidden = torch.randn(5, 8).bfloat16().requires_grad_()
    weight, targets = torch.randn(30, 8).bfloat16(), torch.tensor([3, 1, 4, 1, 5])
    loss = loss_module._TiledLoss.apply(hidden, weight, targets)
    loss.backward()
    expected = torch.nn.functional.cross_entropy(hidden.float() @ weight.float().T, targets, reduction="sum")
    assert loss.item() == pytest.approx(expected.item(), rel=2e-2)
    assert hidden.grad is not None
    assert hidden.grad.shape == hidden.shape
