"""Loading models, tokenizers and adapters: what is refused, and what the message says."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_model import build_model_folder, build_tokenizer
from train_rows import mixed_rows, write_rows

from fgdata.errors import ModelError
from fgdata.example import Example, example_from_row
from fgdata.hub.access import load_env
from fgeval.adapters import check_adapter
from fgeval.loading import (
    base_fingerprint,
    base_revision,
    check_chat_template,
    check_tokenizer,
    choose_device,
    choose_dtype,
    load_model,
    load_tokenizer,
    model_folder,
    stop_token_ids,
)
from fgtrain import TrainConfig, train_lora

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def adapter(tiny_model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter of one step on the tiny model; read only."""
    folder = tmp_path_factory.mktemp("adapter")
    rows = write_rows(folder / "train.jsonl", 4)
    train_lora(
        TrainConfig(
            model=str(tiny_model_dir),
            train_file=rows,
            output_dir=str(folder / "a"),
            max_steps=1,
            device="cpu",
        )
    )
    return folder / "a"


def copied(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target)
    return target


# ---------------------------------------------------------------- .env and where a model lies


@pytest.mark.parametrize("line", ["HF_TOKEN=abc", 'HUGGINGFACE_HUB_TOKEN="abc"', "export HF_TOKEN = abc "])
def test_env_file_gives_the_token(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both names of the token are read from .env, under the name the hub's library knows, and nothing is printed."""
    for name in ("HF_TOKEN", "HUGGINGFACE_HUB_TOKEN"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    (tmp_path / ".env").write_text(f"# tokens\nOTHER=1\n{line}\n", encoding="utf-8")
    load_env(tmp_path)
    assert os.environ["HF_TOKEN"] == "abc"
    assert "OTHER" not in os.environ
    assert capsys.readouterr() == ("", "")


def test_the_environment_wins_over_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that is set stays; a missing or unreadable .env is no error."""
    monkeypatch.setenv("HF_TOKEN", "set")
    (tmp_path / ".env").write_text("HF_TOKEN=file\n", encoding="utf-8")
    load_env(tmp_path)
    load_env(tmp_path / "nowhere")
    assert os.environ["HF_TOKEN"] == "set"


def test_a_hub_name_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Offline, the real model's name is one clear error: licence, token under either name, or a folder."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError) as caught:
        load_tokenizer("google/functiongemma-270m-it")
    said = str(caught.value)
    assert len(caught.value.problems) == 1
    for part in (
        "google/functiongemma-270m-it: is no folder here",
        "HF_TOKEN",
        "HUGGINGFACE_HUB_TOKEN",
        ".env",
        "licence",
    ):
        assert part in said
    assert "path of a folder" in said


def test_a_path_that_is_none() -> None:
    """What cannot be a name on the hub is said to be a missing folder."""
    with pytest.raises(ModelError, match="/no/such/folder: there is no such folder"):
        model_folder("/no/such/folder")


class Hub(http.server.BaseHTTPRequestHandler):
    """A hub that gives nothing out."""

    def do_GET(self) -> None:
        gated = "gated" in self.path
        self.send_response(403 if gated else 401)
        self.send_header("X-Error-Code", "GatedRepo" if gated else "RepoNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET  # noqa: N815 the name is http.server's

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_gated_and_unknown_models(hub: str, tmp_path: Path) -> None:
    """A gated model names its licence page and both token names; an unknown one says to check the name."""
    probe = (
        "from fgdata.errors import ModelError\nfrom fgeval.loading import model_folder\n"
        "for name in ('someone/gated', 'someone/unknown'):\n"
        "    try:\n        model_folder(name)\n    except ModelError as error:\n        print(error)\n"
    )
    environment = os.environ | {
        "HF_ENDPOINT": hub,
        "HF_HUB_OFFLINE": "0",
        "HF_HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    said = subprocess.check_output([sys.executable, "-c", probe], text=True, env=environment, cwd=tmp_path)
    gated, unknown = said.splitlines()
    assert "someone/gated: is gated" in gated
    assert "https://huggingface.co/someone/gated" in gated
    assert "HF_TOKEN or HUGGINGFACE_HUB_TOKEN" in gated
    assert "someone/unknown: is neither a folder here nor a model on the hub" in unknown


# ---------------------------------------------------------------- broken model folders


def without_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def broken_config(folder: Path) -> None:
    (folder / "config.json").write_text("{", encoding="utf-8")


def unknown_model(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "abacus"}', encoding="utf-8")


def broken_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"no weights")


def without_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def half_of_the_weights(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    save_file(
        {name: w for name, w in weights.items() if "layers.1." not in name},
        folder / "model.safetensors",
        {"format": "pt"},
    )


def another_width(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"intermediate_size": 96}))


def without_a_window(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"sliding_window": None}))


def with_an_adapter_inside(folder: Path) -> None:
    (folder / "adapter_config.json").write_text("{}")


BROKEN = {
    without_a_window: "`sliding_window` is None",
    with_an_adapter_inside: "holds a base model and an adapter",
    without_config: "is no model folder: it has no config.json",
    broken_config: r"config.json: cannot be read \(",
    unknown_model: "cannot be loaded as a model",
    broken_weights: "cannot be loaded as a model",
    without_weights: "cannot be loaded as a model",
    half_of_the_weights: "of its weights, 'model.layers.1.",
    another_width: "cannot be loaded as a model|of its weights",
}


@pytest.mark.parametrize("break_it", BROKEN, ids=lambda function: function.__name__)
def test_broken_model_folders(break_it: Any, tiny_model_dir: Path, tmp_path: Path) -> None:
    """Each broken folder is one error that names it; none is loaded with random weights in the gaps."""
    folder = copied(tiny_model_dir, tmp_path / "model")
    break_it(folder)
    with pytest.raises(ModelError, match=BROKEN[break_it]) as caught:
        load_model(folder, device="cpu")
    assert str(folder) in str(caught.value)


def test_an_adapter_given_as_the_model(adapter: Path) -> None:
    """An adapter folder in place of the base says where it belongs."""
    with pytest.raises(ModelError, match="an adapter goes to --adapter"):
        load_model(adapter)


def test_a_broken_tokenizer_file(tiny_model_dir: Path, tmp_path: Path) -> None:
    """A tokenizer.json that is none is an error with the folder's name."""
    folder = copied(tiny_model_dir, tmp_path / "model")
    (folder / "tokenizer.json").write_text('{"version": 1}', encoding="utf-8")
    with pytest.raises(ModelError, match="its tokenizer cannot be loaded"):
        load_tokenizer(folder)


# ---------------------------------------------------------------- tokenizer and template


def test_a_tokenizer_without_the_control_tokens() -> None:
    """Every control token that is cut in pieces is named."""
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    state = json.loads(build_tokenizer().backend_tokenizer.to_str())
    state["added_tokens"] = [token for token in state["added_tokens"] if "function" not in token["content"]]
    state["model"]["vocab"] = {
        name: number for name, number in state["model"]["vocab"].items() if "function_" not in name
    }
    state["post_processor"] = None
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(state)), unk_token="<unk>", bos_token="<bos>"
    )
    with pytest.raises(ModelError) as caught:
        check_tokenizer(tokenizer, "model")
    assert len(caught.value.problems) == 6
    assert "does not know <start_function_call>" in str(caught.value)


def test_stop_tokens_by_name(tiny_model_dir: Path) -> None:
    """The official ids of <eos>, <start_function_response> and <end_of_turn>."""
    assert stop_token_ids(load_tokenizer(tiny_model_dir)) == [1, 50, 106]


@pytest.fixture
def examples() -> list[Example]:
    return [example_from_row(row, f"rows.jsonl:{n}", str(n)) for n, row in enumerate(mixed_rows(9), 1)]


def test_the_models_template_is_ours(tiny_model_dir: Path, examples: list[Example]) -> None:
    """The bundled template renders rows of every layout as `render_conversation` does."""
    check_chat_template(load_tokenizer(tiny_model_dir), examples, n=100)


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (lambda template: template.replace("<start_of_turn>", "<turn>"), "'<bos><turn>developer"),
        (lambda template: "Hello" + template, "they part at character 0. The model's: 'Hello<bos>"),
    ],
    ids=["another token", "a preamble"],
)
def test_another_template_is_shown(
    tiny_model_dir: Path, examples: list[Example], change: Any, shown: str
) -> None:
    """A template that differs stops, with the row, the first differing place and a piece of both texts."""
    tokenizer = load_tokenizer(tiny_model_dir)
    changed = change(tokenizer.chat_template)
    assert changed != tokenizer.chat_template
    tokenizer.chat_template = changed
    with pytest.raises(ModelError) as caught:
        check_chat_template(tokenizer, examples, where="some/model")
    said = str(caught.value)
    assert said.startswith(
        "some/model: its chat template is not FunctionGemma's: on rows.jsonl:1 they part at character"
    )
    assert shown in said
    assert "FunctionGemma's: '<bos><start_of_turn>developer" in said
    assert len(said) < 500


def test_a_template_that_fails_and_no_template(tiny_model_dir: Path, examples: list[Example]) -> None:
    """A template that raises where ours renders is a difference; none at all is an error with a remedy."""
    tokenizer = load_tokenizer(tiny_model_dir)
    tokenizer.chat_template = "{{ raise_exception('no developer role here') }}"
    with pytest.raises(ModelError, match="refused: TemplateError: no developer role here"):
        check_chat_template(tokenizer, examples)
    tokenizer.chat_template = None
    with pytest.raises(ModelError, match=r"has no chat template .* Add the model's chat_template.jinja"):
        check_chat_template(tokenizer, examples)


# ---------------------------------------------------------------- model, device, adapter


def test_a_loaded_model_is_ready(tiny_model_dir: Path) -> None:
    """Eval mode, on the CPU in float32 by default, without a word on stdout."""
    model = load_model(tiny_model_dir, device="cpu")
    assert not model.training
    assert model.dtype == torch.float32
    assert load_model(tiny_model_dir, device="cpu", dtype="bfloat16").dtype == torch.bfloat16
    assert choose_dtype("auto", torch.device("cpu")) == torch.float32


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is such a device")
def test_a_device_that_is_not_there() -> None:
    """Asking for a GPU that is not there is an error, not a slow run on the CPU."""
    assert choose_device("auto").type == "cpu"
    with pytest.raises(ModelError, match="--device: is 'cuda', but this machine shows no such device"):
        choose_device("cuda")


def test_an_adapter_changes_the_logits(tiny_model_dir: Path, adapter: Path, tmp_path: Path) -> None:
    """Base with adapter is not the base; a copy of the base in another folder takes the adapter too."""
    ids = torch.tensor([[2, 105, 300]])
    other_folder = copied(tiny_model_dir, tmp_path / "copy")
    with torch.no_grad():
        plain = load_model(tiny_model_dir, device="cpu")(input_ids=ids).logits
        adapted = load_model(tiny_model_dir, adapter=adapter, device="cpu")(input_ids=ids).logits
        moved = load_model(other_folder, adapter=adapter, device="cpu")(input_ids=ids).logits
    assert not torch.equal(plain, adapted)
    assert torch.equal(adapted, moved)


def test_fingerprint_is_of_the_contents(tiny_model_dir: Path, tmp_path: Path) -> None:
    """A copy has the same fingerprint, whatever wrote it; other weights, another tokenizer or shape have another."""
    copy = copied(tiny_model_dir, tmp_path / "copy")
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"transformers_version": "9"}))
    assert base_fingerprint(copy) == base_fingerprint(tiny_model_dir)
    assert base_revision(copy) is None
    (copy / "config.json").write_text(json.dumps(config | {"sliding_window": 32}))
    assert base_fingerprint(copy) != base_fingerprint(tiny_model_dir)
    assert base_fingerprint(build_model_folder(tmp_path / "seed", seed=1)) != base_fingerprint(tiny_model_dir)


def test_an_adapter_of_other_weights_is_refused(tiny_model_dir: Path, adapter: Path, tmp_path: Path) -> None:
    """Same shape, other weights: the adapter would load and give nonsense. Both bases are named."""
    other = build_model_folder(tmp_path / "other", seed=1)
    with pytest.raises(ModelError) as caught:
        load_model(other, adapter=adapter, device="cpu")
    said = str(caught.value)
    assert f"was trained on another base: {str(tiny_model_dir)!r}" in said
    assert repr(str(other)) in said
    # A checkpoint of that run knows its base as well.
    with pytest.raises(ModelError, match="was trained on another base"):
        check_adapter(adapter / "checkpoint-1", other)


def test_an_adapter_that_names_another_base(
    tiny_model_dir: Path, adapter: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without run.json and with shapes that fit, another name or other weights under it are warned of; the same weights are not."""
    foreign = copied(adapter, tmp_path / "foreign")
    (foreign / "run.json").unlink()
    config = json.loads((foreign / "adapter_config.json").read_text())
    same = copied(tiny_model_dir, tmp_path / "same")
    other = copied(tiny_model_dir, tmp_path / "other")
    tokenizer = other / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text("utf-8") + "\n", "utf-8")
    elsewhere = tmp_path / "gone"
    for named, warned in (
        (same, False), (f"elsewhere/{tiny_model_dir.name}", False), (None, False), (other, True), (elsewhere, True)
    ):  # fmt: skip
        name = None if named is None else str(named)
        (foreign / "adapter_config.json").write_text(json.dumps(config | {"base_model_name_or_path": name}))
        check_adapter(foreign, tiny_model_dir)
        said = capsys.readouterr().err
        assert (f"names the base {name!r}, and the model given is {str(tiny_model_dir)!r}" in said) == warned


def test_an_adapter_from_elsewhere(tiny_model_dir: Path, adapter: Path, tmp_path: Path) -> None:
    """Without run.json the shapes must fit the base, and two names of the hub must be the same."""
    foreign = copied(adapter, tmp_path / "foreign")
    (foreign / "run.json").unlink()
    check_adapter(foreign, tiny_model_dir)
    with pytest.raises(
        ModelError,
        match=r"was made for another base .*o_proj is \(64, 128\) in the base, and lora_A is \(32, 64\)",
    ):
        check_adapter(foreign, build_model_folder(tmp_path / "wide", num_attention_heads=4))
    config = json.loads((foreign / "adapter_config.json").read_text())
    (foreign / "adapter_config.json").write_text(
        json.dumps(config | {"base_model_name_or_path": "google/gemma-3-270m-it"})
    )
    with pytest.raises(ModelError, match="was trained on another base: 'google/gemma-3-270m-it'"):
        check_adapter(foreign, "google/functiongemma-270m-it")


def no_adapter_config(folder: Path) -> None:
    (folder / "adapter_config.json").unlink()


def no_adapter_weights(folder: Path) -> None:
    (folder / "adapter_model.safetensors").unlink()


def broken_adapter_weights(folder: Path) -> None:
    (folder / "adapter_model.safetensors").write_bytes(b"\0" * 20)


def broken_adapter_config(folder: Path) -> None:
    (folder / "adapter_config.json").write_text("[]")


def changed_weights(folder: Path, change: Any) -> None:
    from safetensors.torch import load_file, save_file

    file = folder / "adapter_model.safetensors"
    save_file(change(load_file(file)), file)


def half_an_adapter(folder: Path) -> None:
    changed_weights(folder, lambda weights: dict(sorted(weights.items())[:2]))


def other_weight_names(folder: Path) -> None:
    changed_weights(folder, lambda weights: {n.removeprefix("base_model."): w for n, w in weights.items()})


def flat_weights(folder: Path) -> None:
    changed_weights(folder, lambda weights: {name: w.flatten() for name, w in weights.items()})


def weights_that_are_nan(folder: Path) -> None:
    changed_weights(folder, lambda weights: {name: w * float("nan") for name, w in weights.items()})


def changed_adapter_config(folder: Path, **changes: Any) -> None:
    file = folder / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def another_rank(folder: Path) -> None:
    changed_adapter_config(folder, r=8)


def no_adapter_type(folder: Path) -> None:
    changed_adapter_config(folder, peft_type=None)


def targets_that_are_not_there(folder: Path) -> None:
    changed_adapter_config(folder, target_modules=["nope"])


BROKEN_ADAPTERS = {
    half_an_adapter: "weights that its configuration calls for are missing",
    other_weight_names: "weights that its configuration calls for are missing",
    flat_weights: "and not a matrix",
    weights_that_are_nan: "weights are no numbers",
    another_rank: "cannot be loaded as an adapter",
    no_adapter_type: "`peft_type` is None",
    targets_that_are_not_there: "cannot be loaded as an adapter",
    shutil.rmtree: "there is no such adapter folder",
    no_adapter_config: "is no adapter folder: it has no adapter_config.json",
    no_adapter_weights: "has no adapter_model.safetensors",
    broken_adapter_weights: "adapter_model.safetensors: cannot be read",
    broken_adapter_config: "adapter_config.json: holds no JSON object",
}


@pytest.mark.parametrize("break_it", BROKEN_ADAPTERS, ids=lambda function: function.__name__)
def test_broken_adapter_folders(break_it: Any, tiny_model_dir: Path, adapter: Path, tmp_path: Path) -> None:
    """Each is one error with the folder's name and what to do."""
    folder = copied(adapter, tmp_path / "adapter")
    break_it(folder)
    with pytest.raises(ModelError, match=BROKEN_ADAPTERS[break_it]) as caught:
        load_model(tiny_model_dir, adapter=folder, device="cpu")
    assert str(folder) in str(caught.value)


def test_a_tokenizer_that_names_no_padding(tiny_model_dir: Path, tmp_path: Path) -> None:
    """`<pad>` is a token of the format: batches are padded with it whatever the tokenizer's file says."""
    folder = copied(tiny_model_dir, tmp_path / "model")
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    del settings["pad_token"]
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    assert load_tokenizer(folder).pad_token_id == 0
