"""fgeval.run: predictions on disk, resumed without losing or repeating an item."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from eval_data import ADAPTER, BASE, ROWS, write_predictions, write_rows

from fgdata.errors import DataError, FgError, UsageError
from fgdata.format import STOP_TOKENS
from fgeval.backends import BackendOptions, open_backend
from fgeval.comparable import find_differences
from fgeval.predictions import read_predictions, read_run
from fgeval.run import run_adapters, run_model
from fgeval.scores import read_scores, score_predictions


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "test.jsonl", ROWS)


def replay(tmp_path: Path, texts: dict[str, str] = ADAPTER, name: str = "recorded.jsonl") -> BackendOptions:
    return BackendOptions(predictions=str(write_predictions(tmp_path / name, texts)))


def test_replayed_run(tmp_path: Path, data: Path):
    """Every row has its prediction, and run.json says what they were made from."""
    result = run_model(data, tmp_path / "out", backend="replay", options=replay(tmp_path), batch_size=3)
    assert (result.n, result.n_done_before) == (8, 0)
    assert {p.id: p.text for p in read_predictions(tmp_path / "out")} == ADAPTER
    run = read_run(tmp_path / "out")
    assert run is not None
    assert run["backend"] == "replay"
    assert run["data"]["n"] == 8
    assert len(run["data"]["sha256"]) == len(run["prompts_sha256"]) == 64


@pytest.mark.parametrize("cut", [0, 1, 17])
def test_half_written_line_is_predicted_again(tmp_path: Path, data: Path, cut: int):
    """A line without its line feed is dropped, whatever is left of it; the items before it stay as they are."""
    out = tmp_path / "out"
    run_model(data, out, backend="replay", options=replay(tmp_path))
    file = out / "predictions.jsonl"
    whole = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(whole[:3]) + whole[3][: len(whole[3]) - 1 - cut])
    result = run_model(data, out, backend="replay", options=replay(tmp_path))
    assert result.n_done_before == 3
    assert file.read_bytes().splitlines(keepends=True)[:3] == whole[:3]
    assert sorted(p.id for p in read_predictions(out)) == sorted(ADAPTER)


def test_finished_run_is_left_alone(tmp_path: Path, data: Path):
    """Running again changes no byte."""
    out = tmp_path / "out"
    run_model(data, out, backend="replay", options=replay(tmp_path))
    before = (out / "predictions.jsonl").read_bytes()
    assert run_model(data, out, backend="replay", options=replay(tmp_path)).n_done_before == 8
    assert (out / "predictions.jsonl").read_bytes() == before


def test_another_run_is_refused(tmp_path: Path, data: Path):
    """A folder that holds another run is not continued; every difference is named."""
    out = tmp_path / "out"
    run_model(data, out, backend="replay", options=replay(tmp_path))
    other = write_rows(tmp_path / "other.jsonl", ROWS[:7])
    with pytest.raises(UsageError) as error:
        run_model(other, out, backend="replay", options=replay(tmp_path, BASE, "base.jsonl"))
    text = str(error.value)
    for name in (
        "run.json",
        "model_fingerprint",
        "data.sha256",
        "data.n: 8 there, 7 now",
        "prompts_sha256",
        "Choose another --out",
    ):
        assert name in text


def test_folder_in_use(tmp_path: Path, data: Path):
    """A file as --out, or predictions of nobody's run: refused before anything is written."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        run_model(data, tmp_path / "file", backend="replay", options=replay(tmp_path))
    write_predictions(tmp_path / "used" / "predictions.jsonl", BASE)
    with pytest.raises(UsageError, match="no run of ours wrote"):
        run_model(data, tmp_path / "used", backend="replay", options=replay(tmp_path))


def test_two_runs_in_one_folder(tmp_path: Path, data: Path):
    """While one run writes, a second one into the same folder is refused."""
    fcntl = pytest.importorskip("fcntl")
    out = tmp_path / "out"
    run_model(data, out, backend="replay", options=replay(tmp_path), limit=8)
    with (out / "predictions.jsonl").open("ab") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="is being written by another run"):
            run_model(data, out, backend="replay", options=replay(tmp_path))


def test_broken_line_in_the_middle(tmp_path: Path, data: Path):
    """A broken line that no kill explains is named, with its number."""
    out = tmp_path / "out"
    run_model(data, out, backend="replay", options=replay(tmp_path))
    file = out / "predictions.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join([lines[0], "{broken\n", *lines[2:]]), encoding="utf-8")
    with pytest.raises(DataError, match=r"predictions\.jsonl:2"):
        run_model(data, out, backend="replay", options=replay(tmp_path))


def test_recorded_prediction_missing(tmp_path: Path, data: Path):
    """The replay backend names every row it has nothing for."""
    some = {name: text for name, text in BASE.items() if name not in ("item-2", "item-5")}
    with pytest.raises(DataError) as error:
        run_model(data, tmp_path / "out", backend="replay", options=replay(tmp_path, some))
    assert [p.what for p in error.value.problems] == [
        "has no prediction for 'item-2'.",
        "has no prediction for 'item-5'.",
    ]


@pytest.mark.parametrize(
    ("backend", "options", "flag"),
    [
        ("transformers", BackendOptions(), "--model"),
        ("transformers", BackendOptions(model="m", predictions="p"), "--predictions"),
        ("replay", BackendOptions(), "--predictions"),
        ("replay", BackendOptions(model="m", predictions="p"), "--model"),
        ("openai", BackendOptions(), "--base-url"),
        ("python", BackendOptions(), "--callable"),
        ("vllm", BackendOptions(), "--backend"),
    ],
)
def test_flags_that_do_not_fit(backend: str, options: BackendOptions, flag: str):
    """A backend refuses what it cannot honour, and names the flag."""
    with pytest.raises(UsageError) as error:
        open_backend(backend, options)
    assert error.value.problems[0].where == flag


def test_gold_that_cannot_be_right(tmp_path: Path):
    """Rows whose expected call breaks its schema, or whose answer does not read, are named before a model runs."""
    rows = json.loads(json.dumps(ROWS[:4]))
    rows[0]["messages"][-1]["tool_calls"][0]["function"]["arguments"] = {"delta": "two"}
    rows[1]["messages"][-1]["tool_calls"][0]["function"]["name"] = "set_heat"
    rows[2]["messages"][-1] = {"role": "assistant", "content": "<start_function_call>call:set_mode{"}
    data = write_rows(tmp_path / "bad.jsonl", rows)
    with pytest.raises(DataError) as error:
        run_model(data, tmp_path / "out", backend="replay", options=replay(tmp_path))
    assert [problem.where for problem in error.value.problems] == [f"{data}:{line}" for line in (1, 2, 3)]
    assert not (tmp_path / "out").exists()


# ---------------------------------------------------------------- a real model, random and tiny


def tiny(folder: Path, **more: Any) -> BackendOptions:
    return BackendOptions(model=str(folder), device="cpu", dtype="float32", max_new_tokens=12, **more)


def test_batches_write_what_single_prompts_write(tmp_path: Path, data: Path, tiny_model_dir: Path):
    """In float32, left padding changes no token: batches of 3 and one by one give the same texts."""
    for size in (1, 3):
        run_model(data, tmp_path / f"by-{size}", options=tiny(tiny_model_dir), batch_size=size)
    single, batched = ({p.id: p for p in read_predictions(tmp_path / f"by-{size}")} for size in (1, 3))
    assert {n: p.text for n, p in single.items()} == {n: p.text for n, p in batched.items()}
    assert len({p.prompt_tokens for p in single.values()}) > 1, (
        "prompts of different lengths, or nothing was padded"
    )
    assert {n: (p.prompt_tokens, p.completion_tokens, p.finished) for n, p in single.items()} == {
        n: (p.prompt_tokens, p.completion_tokens, p.finished) for n, p in batched.items()
    }


def make_adapter(folder: Path, base: Path, task_type: str | None) -> Path:
    """A LoRA adapter with random weights, so that it changes what is written."""
    import torch
    from peft import LoraConfig, get_peft_model

    from fgeval.loading import load_model

    torch.manual_seed(0)
    config = LoraConfig(
        r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False, task_type=task_type
    )
    get_peft_model(load_model(base, dtype="float32", device="cpu"), config).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", ["base", "adapter", "adapter without a task type"])
def test_generation_is_greedy_and_stops_by_name(tmp_path: Path, data: Path, tiny_model_dir: Path, kind: str):
    """The folder's own generation_config samples; what runs does not: a plain argmax loop writes the same tokens."""
    import torch

    from fgdata.example import read_jsonl
    from fgeval.backends import example_to_request
    from fgeval.loading import load_model, load_tokenizer, stop_token_ids

    adapter = None
    if kind != "base":
        adapter = str(
            make_adapter(tmp_path / "adapter", tiny_model_dir, "CAUSAL_LM" if kind == "adapter" else None)
        )
    model = load_model(tiny_model_dir, adapter=adapter, dtype="float32", device="cpu")
    tokenizer = load_tokenizer(tiny_model_dir)
    request = example_to_request(read_jsonl(data)[0])
    ids = tokenizer(request.prompt, add_special_tokens=False, return_tensors="pt")["input_ids"]
    n_prompt = ids.shape[1]
    with torch.inference_mode():
        for _ in range(40):
            best = model(input_ids=ids).logits[:, -1].argmax(-1, keepdim=True)
            ids = torch.cat([ids, best], dim=1)
            if best.item() in stop_token_ids(tokenizer):
                break
    options = BackendOptions(
        model=str(tiny_model_dir), adapter=adapter, device="cpu", dtype="float32", max_new_tokens=40
    )
    (prediction,) = open_backend("transformers", options).complete([request])
    assert prediction.text == tokenizer.decode(ids[0, n_prompt:].tolist(), skip_special_tokens=False)
    assert (prediction.prompt_tokens, prediction.completion_tokens) == (n_prompt, ids.shape[1] - n_prompt)
    assert (prediction.finished == "stop") == prediction.text.endswith(STOP_TOKENS)


def test_run_header_of_a_model(tmp_path: Path, data: Path, tiny_model_dir: Path):
    """run.json names the model, its fingerprint, the decoding and the versions; other decoding is another run."""
    out = tmp_path / "out"
    run_model(data, out, options=tiny(tiny_model_dir), limit=2)
    run = read_run(out)
    assert run is not None
    assert run["decoding"] == {
        "method": "greedy",
        "max_new_tokens": 12,
        "stop": list(STOP_TOKENS),
        "dtype": "float32",
    }
    assert len(run["model_fingerprint"]) == 64
    assert run["device"] == "cpu"
    assert run["versions"]["transformers"]
    with pytest.raises(UsageError, match=r"decoding\.max_new_tokens: 12 there, 13 now"):
        run_model(
            data,
            out,
            options=BackendOptions(model=str(tiny_model_dir), dtype="float32", max_new_tokens=13),
            limit=2,
        )


def test_adapter_is_another_run(tmp_path: Path, data: Path, tiny_model_dir: Path):
    """An adapter changes what is written, and its hash stands in run.json: base and adapter are two runs."""
    make_adapter(tmp_path / "adapter", tiny_model_dir, "CAUSAL_LM")
    adapter = tiny(tiny_model_dir, adapter=str(tmp_path / "adapter"))
    run_model(data, tmp_path / "base", options=tiny(tiny_model_dir))
    run_model(data, tmp_path / "tuned", options=adapter)
    texts = [{p.id: p.text for p in read_predictions(tmp_path / name)} for name in ("base", "tuned")]
    assert texts[0] != texts[1]
    with pytest.raises(UsageError, match="adapter_sha256: None there"):
        run_model(data, tmp_path / "base", options=adapter)


def test_a_folder_that_is_no_model(tmp_path: Path, data: Path):
    """No model: the folder is named, and nothing is written."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(FgError, match="empty: is no model folder"):
        run_model(data, tmp_path / "out", options=tiny(tmp_path / "empty"))
    assert not (tmp_path / "out").exists()


def test_prompt_longer_than_the_context(tmp_path: Path, data: Path, tiny_model_dir: Path):
    """A prompt that leaves no room is refused by name, not cut in silence."""
    options = BackendOptions(model=str(tiny_model_dir), device="cpu", dtype="float32", max_new_tokens=4090)
    with pytest.raises(FgError) as error:
        run_model(data, tmp_path / "out", options=options)
    assert {problem.where for problem in error.value.problems} == {row["id"] for row in ROWS}
    assert "6 fit into the model's context beside 4090 new ones" in str(error.value)
    assert not (tmp_path / "out").exists()


def test_run_survives_kill(tmp_path: Path):
    """kill -9 in the middle of a run: the second run adds what is missing, and no item stands twice."""
    rows = [dict(ROWS[n % len(ROWS)], id=f"row-{n}") for n in range(500)]
    data = write_rows(tmp_path / "test.jsonl", rows)
    recorded = write_predictions(tmp_path / "recorded.jsonl", {row["id"]: BASE["item-0"] for row in rows})
    out = tmp_path / "out"
    flags = [
        "--backend",
        "replay",
        "--predictions",
        recorded,
        "--data",
        data,
        "--out",
        out,
        "--batch-size",
        "1",
    ]
    command = [sys.executable, "-m", "fgeval.cli", "run", *map(str, flags)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    file = out / "predictions.jsonl"
    deadline = time.monotonic() + 60
    while (
        not (file.exists() and file.stat().st_size) and process.poll() is None and time.monotonic() < deadline
    ):
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = file.read_bytes()
    whole = before[: before.rindex(b"\n") + 1]
    assert 0 < whole.count(b"\n") < 500
    file.write_bytes(whole + b'{"id": "row-6')  # what a kill in mid-write leaves
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    assert file.read_bytes().startswith(whole)
    assert sorted(p.id for p in read_predictions(out)) == sorted(row["id"] for row in rows)


def test_prefixes_are_computed_once(tmp_path: Path, tiny_model_dir: Path):
    """Rows of three tool lists in one batch, of one list in many, and rows without tools write what left-padded batches write."""
    rows = []
    for number in range(18):
        row = json.loads(json.dumps(ROWS[number % len(ROWS)])) | {"id": f"row-{number}"}
        row["tools"] = row["tools"][: 7 - number % 3]
        if number % 6 == 5:  # no tools, no developer turn; some short, some long
            del row["tools"], row["messages"][0]
            row["messages"][0]["content"] *= number
        row["messages"][-1] = {"role": "assistant", "content": "."}
        rows.append(row)
    data = write_rows(tmp_path / "mixed.jsonl", rows)
    for name, packed, size in (("padded", False, 1), ("one batch", True, 18), ("many", True, 4)):
        options = BackendOptions(
            model=str(tiny_model_dir), device="cpu", dtype="float32", max_new_tokens=20, packed=packed
        )
        run_model(data, tmp_path / name, options=options, batch_size=size)
    padded, *others = (
        {p.id: (p.text, p.prompt_tokens, p.completion_tokens, p.finished) for p in read_predictions(tmp_path / name)}
        for name in ("padded", "one batch", "many")
    )  # fmt: skip
    assert others == [padded, padded]
    assert len({text for text, *_ in padded.values()}) > 3


def test_merged_adapter(tmp_path: Path, data: Path, tiny_model_dir: Path):
    """Merged into the weights, an adapter writes the same texts; run.json says that it was merged, today's and older ones; both runs compare."""
    make_adapter(tmp_path / "adapter", tiny_model_dir, "CAUSAL_LM")
    texts, runs = [], []
    for merge in (False, True):
        options = tiny(tiny_model_dir, adapter=str(tmp_path / "adapter"), merge=merge)
        run_model(data, tmp_path / f"merge-{merge}", options=options)
        texts.append({p.id: p.text for p in read_predictions(tmp_path / f"merge-{merge}")})
        run = read_run(tmp_path / f"merge-{merge}")
        assert run is not None
        assert (run.get("merged", False), "merged" in run["decoding"]) == (merge, False)
        place = tmp_path / f"merge-{merge}"
        score_predictions(data, place, place)
        runs.append(read_scores(str(merge), place))
    assert texts[0] == texts[1]
    assert find_differences(*runs) == []
    old = tmp_path / "merge-True"
    header = json.loads((old / "run.json").read_text("utf-8"))
    header["decoding"]["merged"] = header.pop("merged")
    (old / "run.json").write_text(json.dumps(header), "utf-8")  # as it was written once
    assert run_model(data, old, options=options).n_done_before == len(ROWS)
    score_predictions(data, old, old, overwrite=True)
    summary = json.loads((old / "summary.json").read_text("utf-8"))
    (old / "summary.json").write_text(json.dumps(summary | {"run": header}), "utf-8")
    assert find_differences(runs[0], read_scores("old", old)) == []
    with pytest.raises(UsageError, match="merged: True there, None now"):
        run_model(data, old, options=tiny(tiny_model_dir, adapter=str(tmp_path / "adapter")))
    with pytest.raises(UsageError, match="--merge: has nothing to merge"):
        open_backend("transformers", tiny(tiny_model_dir, merge=True))


def test_several_adapters(tmp_path: Path, data: Path, tiny_model_dir: Path):
    """Each adapter is a run of its own in a folder with its name; two of one name are refused before anything runs."""
    names = ["first", "second"]
    for name in names:
        make_adapter(tmp_path / name, tiny_model_dir, "CAUSAL_LM")
    adapters = [str(tmp_path / name) for name in names]
    options = tiny(tiny_model_dir)
    results = run_adapters(data, tmp_path / "out", adapters, options=options, limit=2)
    assert [result.folder for result in results] == [tmp_path / "out" / name for name in names]
    assert [read_run(result.folder)["adapter"] for result in results] == adapters  # type: ignore[index]
    with pytest.raises(UsageError, match="2 folders are called 'first'"):
        run_adapters(data, tmp_path / "more", [adapters[0], adapters[0]], options=options)
    assert not (tmp_path / "more").exists()
