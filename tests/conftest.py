"""What several test files share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from hub_double import Hub

# The suite passes without a network: nothing may ask the hub, and a mistake here fails at once instead of waiting.
os.environ["HF_HUB_OFFLINE"] = "1"
# Test processes side by side (make tests) take a core each: two that compute with all cores wait for each other.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
# Large packs are read by many test processes: what one finds out about them the others need not.
os.environ.setdefault("FGSUITE_CACHE", str(Path(__file__).parents[1] / ".pytest_cache" / "fgsuite"))
# The same property cases every time, so that a red run is the change's; `make fuzz` draws new ones.
settings.register_profile("steady", derandomize=True)
settings.register_profile("fuzz")
settings.load_profile("fuzz" if os.environ.get("FUZZ") else "steady")
# In a shell's background Ctrl-C is ignored, and the programs that tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def tiny_model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random two-layer Gemma 3 model and its tokenizer (see tests/tiny_model.py); read only."""
    from tiny_model import build_model_folder

    return build_model_folder(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def hub(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A loopback double of the Hub that the real clients, in this process and in new ones, talk to, with an account's token set."""
    from hub_double import TOKEN, connect, run_hub

    with run_hub() as double:
        connect(double.url, tmp_path_factory.mktemp("hub"), monkeypatch)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield double
