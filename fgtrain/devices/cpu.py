"""Whether this CPU multiplies faster in bfloat16: measured, not looked up."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from functools import cache

import torch

SHAPE = (512, 640, 2048)
"""Rows, width and inner width of the product: a group of samples in the real model's largest layer."""
WORTH_IT = 1.3
"""How many times as fast bfloat16 must be: what it gains in a whole step is less, and float32 is exact."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Milliseconds of one product in each number type."""

    float32_ms: float
    bfloat16_ms: float

    @property
    def ratio(self) -> float:
        """How many times as fast bfloat16 is."""
        return self.float32_ms / self.bfloat16_ms

    @property
    def dtype(self) -> torch.dtype:
        """What to compute in."""
        return torch.bfloat16 if self.ratio >= WORTH_IT else torch.float32


def has_bfloat16_units() -> bool:
    """Whether this CPU has instructions for bfloat16 (AMX or AVX-512-BF16); without them it is emulated, slowly."""
    names = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(bool(getattr(torch.cpu, name)()) for name in names if hasattr(torch.cpu, name))


@cache
def probe() -> Probe:
    """The product timed in both types in turns, the median of seven each; some tens of milliseconds, once a process."""
    rows, width, inner = SHAPE
    pairs = {
        dtype: (torch.ones(rows, width, dtype=dtype), torch.ones(inner, width, dtype=dtype))
        for dtype in (torch.float32, torch.bfloat16)
    }
    times: dict[torch.dtype, list[float]] = {dtype: [] for dtype in pairs}
    with torch.inference_mode():
        for _ in range(8):  # the first round warms up
            for dtype, (left, right) in pairs.items():
                begun = time.perf_counter()
                torch.nn.functional.linear(left, right)
                times[dtype].append(1000 * (time.perf_counter() - begun))
    medians = [statistics.median(times[dtype][1:]) for dtype in pairs]
    return Probe(*medians)
