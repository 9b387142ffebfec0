"""Layers whose backward pass is written out: the same mathematics in fewer walks over memory, on a CPU.

Autograd keeps and adds up every step of `base(x) + scaling * B(A(x))` and of a normalisation by itself; beside the small
matrices of an adapter those steps, and the casts that autocast makes for each, cost more than the products. Here a LoRA
layer is four products forward and five backward, added where they are made, and a normalisation two walks forward and four backward.
A GPU gains from the same only in launches; it keeps the plain layers.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from peft.tuners.lora.layer import Linear as LoraLinear
from torch import Tensor, nn
from transformers.models.gemma3.modeling_gemma3 import Gemma3RMSNorm

ADAPTER = "default"
"""The name under which `fgtrain.adapter.add_lora` trains its weights."""


def fuse(model: Any) -> Any:
    """`model` itself, its LoRA layers and frozen normalisations exchanged for those of this module; weights and names stay.

    A layer that is more than one adapter on a linear layer without bias keeps its way, and so does every layer where nothing
    is trained (evaluation, answers while training).
    """
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


def _computes_in(x: Tensor) -> torch.dtype:
    """The type of a product of `x`: autocast's, where that is on."""
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype


class FusedLora(LoraLinear):  # type: ignore[misc]
    """A LoRA layer of peft with one backward pass for base and adapter."""

    def forward(self, x: Tensor, *args: Any, **others: Any) -> Tensor:
        """(..., out): as peft's own."""
        weight = self.base_layer.weight
        plain = not (
            args or others or self.merged or self.disable_adapters or self.active_adapters != [ADAPTER]
        )
        if not (plain and self.training and torch.is_grad_enabled() and weight.dtype == _computes_in(x)):
            return cast(Tensor, super().forward(x, *args, **others))
        dropout = self.lora_dropout[ADAPTER]
        dropped = None if isinstance(dropout, nn.Identity) else dropout(x)
        done: Tensor = _LoraProduct.apply(  # type: ignore[no-untyped-call]
            x,
            dropped,
            weight,
            self.lora_A[ADAPTER].weight,
            self.lora_B[ADAPTER].weight,
            self.scaling[ADAPTER],
        )
        return done


class FusedNorm(Gemma3RMSNorm):  # type: ignore[misc]
    """Gemma 3's normalisation with its backward pass."""

    def forward(self, x: Tensor) -> Tensor:
        """(..., H): as transformers' own."""
        if not (self.training and torch.is_grad_enabled()):
            return cast(Tensor, super().forward(x))
        done: Tensor = _RootMeanSquare.apply(x, 1.0 + self.weight.float(), self.eps)  # type: ignore[no-untyped-call]
        return done


class _LoraProduct(torch.autograd.Function):
    """`x W' + scaling * dropped A' B'`, in the type of W."""

    @staticmethod
    def forward(  # noqa: PLR0917 - an autograd function takes no names
        ctx: Any, x: Tensor, dropped: Tensor | None, weight: Tensor, a: Tensor, b: Tensor, scaling: float
    ) -> Tensor:
        """(..., out).

        Args:
            x: (..., in).
            dropped: `x` after dropout; None if it is `x`.
            weight: (out, in), not trained.
            a, b: (r, in), (out, r).
        """
        kind = weight.dtype
        wide = x.reshape(-1, x.shape[-1]).to(kind)
        taken = wide if dropped is None else dropped.reshape(wide.shape).to(kind)
        low_a, low_b = a.to(kind), b.to(kind)
        low = taken @ low_a.T  # (N, r)
        ctx.save_for_backward(taken, low, weight, low_a, low_b)
        ctx.scaling, ctx.kinds, ctx.shape, ctx.shared = scaling, (x.dtype, a.dtype), x.shape, dropped is None
        done = torch.mm(wide, weight.T).addmm_(low, low_b.T, alpha=scaling)
        return done.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of x, dropped, a and b."""
        taken, low, weight, a, b = ctx.saved_tensors
        outer, inner = ctx.kinds
        wide = gradient.reshape(-1, gradient.shape[-1]).to(weight.dtype)
        back = (wide @ b).mul_(ctx.scaling)  # (N, r)
        of_x = of_dropped = None
        if ctx.needs_input_grad[0]:
            of_x = wide @ weight
            if ctx.shared:
                of_x.addmm_(back, a)
            of_x = of_x.view(ctx.shape).to(outer)
        if ctx.needs_input_grad[1]:
            of_dropped = (back @ a).view(ctx.shape).to(outer)
        of_a = (back.T @ taken).to(inner)
        of_b = (wide.T @ low).mul_(ctx.scaling).to(inner)
        return of_x, of_dropped, None, of_a, of_b, None


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
