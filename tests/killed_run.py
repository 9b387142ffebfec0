"""A run that kills itself with SIGKILL after a step, for the tests of resuming: `python -m tests.killed_run STEP fgtrain's flags`."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from transformers import TrainerCallback

from fgtrain.cli import build_parser, lora_config
from fgtrain.run import train_lora


class Kill(TrainerCallback):
    """The end, without a word, as a power cut would make it."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Die after the step, in the last of the processes."""
        if state.global_step == self.step and args.process_index == args.world_size - 1:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    config = lora_config(build_parser().parse_args(["lora", *sys.argv[2:]]))
    train_lora(config, callbacks=[Kill(int(sys.argv[1]))])
