"""Which device and number type a run takes, why, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from test_train_run import config, run_json

from fgdata.errors import ModelError, UsageError
from fgtrain import train_lora
from fgtrain.devices import Hardware, choose_hardware, cpu, memory_bytes, runtime_name
from fgtrain.devices.cpu import Probe, probe
from fgtrain.devices.processes import Processes


@pytest.fixture(autouse=True)
def _no_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FG_USE_FP16", raising=False)


def test_the_probe_measures() -> None:
    """Both products were timed, and the faster one, by a margin, is chosen."""
    measured = probe()
    assert measured.float32_ms > 0
    assert measured.bfloat16_ms > 0
    assert Probe(10.0, 4.0).dtype is torch.bfloat16
    assert Probe(10.0, 9.0).dtype is torch.float32
    assert Probe(10.0, 70.0).ratio == pytest.approx(1 / 7)


@pytest.mark.parametrize(("times", "dtype"), [((9.0, 2.0), torch.bfloat16), ((2.0, 9.0), torch.float32)])
def test_a_cpu_with_bfloat16_is_measured(
    monkeypatch: pytest.MonkeyPatch, times: tuple[float, float], dtype: torch.dtype
) -> None:
    """A CPU that has the instructions takes what was faster; run.json says by how much."""
    from fgtrain import devices

    monkeypatch.setattr(devices, "has_bfloat16_units", lambda: True)
    monkeypatch.setattr(devices, "probe", lambda: Probe(*times))
    chosen = choose_hardware("cpu", "auto")
    assert chosen.dtype is dtype
    assert (
        chosen.why == f"measured: a product takes {times[0]:.2f} ms in float32, {times[1]:.2f} ms in bfloat16"
    )
    monkeypatch.setattr(devices, "has_bfloat16_units", lambda: False)
    assert choose_hardware("cpu", "auto").dtype is torch.float32


def test_the_instructions_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """AMX or AVX-512-BF16, either of them."""
    for amx, avx in ((True, False), (False, True), (False, False)):
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda amx=amx: amx)
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda avx=avx: avx)
        assert cpu.has_bfloat16_units() == (amx or avx)


def test_float16_is_for_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a CPU the flag is refused and the variable noted; on a GPU both take it, and --dtype wins over the variable."""
    with pytest.raises(UsageError, match="--dtype: is 'float16', which only a GPU gains from"):
        choose_hardware("cpu", "float16")
    monkeypatch.setenv("FG_USE_FP16", "1")
    on_cpu = choose_hardware("cpu", "auto")
    assert on_cpu.dtype in (torch.float32, torch.bfloat16)
    assert "FG_USE_FP16 is not used: only a GPU gains" in on_cpu.note
    assert "FG_USE_FP16 is not used: --dtype says bfloat16" in choose_hardware("cpu", "bfloat16").note
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    on_gpu = choose_hardware("cuda", "auto")
    assert (on_gpu.device.type, on_gpu.dtype, on_gpu.why) == (
        "cuda",
        torch.float16,
        "asked for by FG_USE_FP16",
    )
    options = on_gpu.trainer_options()
    assert (options["fp16"], options["bf16"], options["use_cpu"]) == (True, False, False)
    assert "65,504" in on_gpu.note


def test_a_gpu_takes_bfloat16_where_it_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """And float32 where it has not: float16 is never chosen unasked."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for has, dtype in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda has=has: has)
        assert choose_hardware("auto", "auto").dtype is dtype


def test_rocm_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch calls AMD's devices cuda; run.json says what they are."""

    class Properties:
        name, total_memory = "AMD Instinct MI300X", 192 << 30

    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: Properties)
    monkeypatch.setattr(torch.version, "hip", "6.4.0")
    facts = Hardware(torch.device("cuda"), torch.bfloat16, "").describe(Processes(1, 4, 4))
    assert (facts["runtime"], facts["name"]) == ("ROCm 6.4.0", "AMD Instinct MI300X")
    assert facts["processes"] == 4
    monkeypatch.setattr(torch.version, "hip", None)
    assert runtime_name().startswith("CUDA")


def test_no_gpu_where_one_is_asked_for() -> None:
    """Said, with what to do."""
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(ModelError, match="--device: is 'cuda', but this machine shows no such device"):
        choose_hardware("cuda", "auto")


def test_memory_is_known_here() -> None:
    """More than this process holds, and no more than the machine has."""
    found = memory_bytes(torch.device("cpu"))
    assert found is not None
    assert 2**28 < found < 2**45


def test_run_json_says_what_was_computed_in(
    tiny_model_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Type and reason; a resumed run keeps the type, whatever a new measurement would say."""
    from fgtrain import devices

    monkeypatch.setattr(devices, "has_bfloat16_units", lambda: True)
    monkeypatch.setattr(devices, "probe", lambda: Probe(9.0, 2.0))
    changes: dict[str, Any] = {"dtype": "auto"}
    train_lora(config(tiny_model_dir, tmp_path, num_train_epochs=1, **changes))
    device = run_json(tmp_path / "adapter")["device"]
    assert device["dtype"] == "bfloat16"
    assert device["dtype_chosen"].startswith("measured: ")
    assert device["processes"] == 1
    monkeypatch.setattr(devices, "probe", lambda: Probe(2.0, 9.0))
    train_lora(config(tiny_model_dir, tmp_path, num_train_epochs=2, resume=True, **changes))
    device = run_json(tmp_path / "adapter")["device"]
    assert (device["dtype"], device["dtype_chosen"]) == ("bfloat16", "as the run began")
