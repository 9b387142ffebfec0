"""Layers whose backward pass is written out: the same mathematics in fewer walks over memory, on a CPU.

Autograd keeps and adds up every step of `base(x) + scaling * B(A(x))` and of a normalisation by itself; beside the small
matrices of an adapter those steps, and the casts that autocast makes for each, cost more than the products. Here a LoRA
layer is four products forward and five backward, added where they are made, and a normalisation two walks forward and four backward.
A GPU gains from the same only in launches; it keeps the plain layers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import torch
from peft.tuners.lora.layer import Linear as LoraLinear
from torch import Tensor, nn
from transformers.models.gemma3.modeling_gemma3 import Gemma3RMSNorm

from fgtrain.adapter import ADAPTER
from fgtrain.rest_attention import computes_in


def fuse(model: Any) -> Any:
    """`model` itself, on a CPU with its LoRA layers and frozen normalisations exchanged for those of this module; weights and names stay.

    A layer that is more than one adapter on a linear layer without bias keeps its way, and so does every layer where nothing
    is trained (evaluation, answers while training).
    """
    if model.device.type != "cpu":
        return model
    for module in model.modules():
        if type(module) is LoraLinear and _is_plain(module):
            module.__class__ = FusedLora
        elif type(module) is Gemma3RMSNorm and not module.weight.requires_grad:
            module.__class__ = FusedNorm
    return model


def _is_plain(layer: LoraLinear) -> bool:
    """Whether the layer computes `base(x) + scaling * B(A(dropout(x)))` and nothing else."""
    base = layer.base_layer
    return (
        type(base) is nn.Linear
        and base.bias is None
        and not base.weight.requires_grad
        and list(layer.lora_A) == [ADAPTER]
        and not layer.lora_variant
        and layer.lora_A[ADAPTER].bias is None
        and layer.lora_B[ADAPTER].bias is None
    )


class FusedLora(LoraLinear):  # type: ignore[misc]
    """A LoRA layer of peft with one backward pass for base and adapter."""

    def forward(self, x: Tensor, *args: Any, **others: Any) -> Tensor:
        """(..., out): as peft's own."""
        weight = self.base_layer.weight
        plain = not (
            args or others or self.merged or self.disable_adapters or self.active_adapters != [ADAPTER]
        )
        if not (plain and self.training and torch.is_grad_enabled() and weight.dtype == computes_in(x)):
            return cast(Tensor, super().forward(x, *args, **others))
        dropout = self.lora_dropout[ADAPTER]
        share = dropout.p if isinstance(dropout, nn.Dropout) else 0.0
        kept, grown = draw_kept(x.shape, share) if share else (None, 1.0)
        a, b = self.lora_A[ADAPTER].weight, self.lora_B[ADAPTER].weight
        done: Tensor = _LoraProduct.apply(x, weight, a, b, self.scaling[ADAPTER], kept, grown)  # type: ignore[no-untyped-call]
        return done


class FusedNorm(Gemma3RMSNorm):  # type: ignore[misc]
    """Gemma 3's normalisation with its backward pass."""

    def forward(self, x: Tensor) -> Tensor:
        """(..., H): as transformers' own."""
        if not (self.training and torch.is_grad_enabled()):
            return cast(Tensor, super().forward(x))
        done: Tensor = _RootMeanSquare.apply(x, 1.0 + self.weight.float(), self.eps)  # type: ignore[no-untyped-call]
        return done


def draw_kept(shape: Sequence[int], share: float) -> tuple[Tensor, float]:
    """What dropout keeps, uint8 of ones and zeros, and what the kept is multiplied by so that the mean stays.

    Sixteen bits of torch's generator an element, and not a float: a third of the time of torch's own dropout. `share` is rounded
    to one of 65,536 parts.
    """
    count = math.prod(shape)
    bits = torch.empty(-(-count // 4), dtype=torch.int64).random_(-(2**63), None).view(torch.int16)[:count]
    n_dropped = min(max(round(share * 65536), 1), 65535)
    return (bits >= n_dropped - 32768).view(torch.uint8).view(*shape), 65536 / (65536 - n_dropped)


class _LoraProduct(torch.autograd.Function):
    """`x W' + scaling * dropout(x) A' B'`, in the type of W."""

    @staticmethod
    def forward(  # noqa: PLR0917 - an autograd function takes no names
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        a: Tensor,
        b: Tensor,
        scaling: float,
        kept: Tensor | None,
        grown: float,
    ) -> Tensor:
        """(..., out).

        Args:
            x: (..., in).
            weight: (out, in), not trained.
            a, b: (r, in), (out, r).
            kept, grown: of `draw_kept`, in the shape of x; None: nothing is dropped.
        """
        kind = weight.dtype
        wide = x.reshape(-1, x.shape[-1]).to(kind)
        taken = wide if kept is None else kept.view(wide.shape).to(kind).mul_(grown).mul_(wide)
        low_a, low_b = a.to(kind), b.to(kind)
        low = taken @ low_a.T  # (N, r)
        ctx.save_for_backward(taken, low, weight, low_a, low_b, kept)
        ctx.scaling, ctx.kinds, ctx.shape, ctx.grown = scaling, (x.dtype, a.dtype), x.shape, grown
        done = torch.mm(wide, weight.T).addmm_(low, low_b.T, alpha=scaling)
        return done.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of x, a and b."""
        taken, low, weight, a, b, kept = ctx.saved_tensors
        outer, inner = ctx.kinds
        wide = gradient.reshape(-1, gradient.shape[-1]).to(weight.dtype)
        back = (wide @ b).mul_(ctx.scaling)  # (N, r)
        of_x = None
        if ctx.needs_input_grad[0]:
            of_x = wide @ weight
            if kept is None:
                of_x.addmm_(back, a)
            else:
                of_x.addcmul_(back @ a, kept.view(of_x.shape).to(of_x.dtype), value=ctx.grown)
            of_x = of_x.view(ctx.shape).to(outer)
        of_a = (back.T @ taken).to(inner)
        of_b = (wide.T @ low).mul_(ctx.scaling).to(inner)
        return of_x, None, of_a, of_b, None, None, None


class _RootMeanSquare(torch.autograd.Function):
    """`x / sqrt(mean(x * x) + eps) * weight`, computed in float32."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, eps: float) -> Tensor:
        """(..., H), in the type of x.

        Args:
            weight: (H,) float32, not trained.
        """
        wide = x.float()
        norm = torch.linalg.vector_norm(wide, dim=-1, keepdim=True)
        inverse = norm.square_().div_(x.shape[-1]).add_(eps).rsqrt_()
        ctx.save_for_backward(x, inverse, weight)
        normed: Tensor = (wide * inverse).mul_(weight)
        return normed.to(x.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        """The gradient of x."""
        x, inverse, weight = ctx.saved_tensors
        wide, weighted = x.float(), gradient.float() * weight
        along = (weighted * wide).sum(-1, keepdim=True).mul_(inverse.square()).div_(-x.shape[-1])
        return weighted.addcmul_(wide, along).mul_(inverse).to(x.dtype), None, None
