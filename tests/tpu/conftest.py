"""Before torch_xla is loaded: four virtual devices of its CPU backend stand for the chips of a TPU host."""

from __future__ import annotations

import os

os.environ.setdefault("PJRT_DEVICE", "CPU")
os.environ.setdefault("CPU_NUM_DEVICES", "4")
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")  # compiling is most of the time here
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
