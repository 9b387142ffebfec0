"""Rows in any layout, as JSON lines or Parquet: linted, validated and read for training as our own rows are."""

from __future__ import annotations

from pathlib import Path

import pytest
from layout_rows import ARGUMENTS, DEVELOPER, TOOLS, write_rows

from fgdata.conversion import convert
from fgdata.dialects import LAYOUTS, read_examples
from fgdata.linting import lint
from fgeval.loading import load_tokenizer
from fgeval.validate import validate
from fgtrain.config import TrainConfig
from fgtrain.encode import IGNORED, encode_examples
from fgtrain.inputs import find_sources, read_rows


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
@pytest.mark.parametrize("to", [layout.name for layout in LAYOUTS])
def test_every_layout_is_linted_validated_and_trained_on(
    tmp_path: Path, to: str, suffix: str, tiny_model_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The same calls in every layout, as JSON lines and as Parquet: the same tokens to train on, the layout named, nothing broken."""
    call = {"type": "function", "function": {"name": "set_timer", "arguments": ARGUMENTS}}
    answer = {"role": "assistant", "tool_calls": [call]}
    texts = ["차 우리게 tea 5분 맞춰 줘", "tea 타이머 5분 좀 켜 줘", "5분짜리 tea 타이머"]
    rows = [
        {"id": f"r{n}", "messages": [DEVELOPER, {"role": "user", "content": text}, answer], "tools": TOOLS}
        for n, text in enumerate(texts)
    ]  # fmt: skip
    source = write_rows(tmp_path / "in.jsonl", rows)
    target = tmp_path / f"out{suffix}"
    convert(source, target, to)

    sources = find_sources(TrainConfig(train_file=str(target), output_dir=str(tmp_path / "adapter")))
    read, _ = read_rows(sources)
    assert to == "rows" or to in capfd.readouterr().err
    tokenizer = load_tokenizer(tiny_model_dir)
    encoded = encode_examples(read, tokenizer, max_length=2048).rows
    expected = encode_examples(read_examples(source), tokenizer, max_length=2048).rows
    scored = [[token for token in row.labels if token != IGNORED] for row in encoded]
    assert len(encoded) == len(texts)
    assert scored == [[token for token in row.labels if token != IGNORED] for row in expected]
    for text, row in zip(texts, encoded, strict=True):
        assert text in tokenizer.decode(row.input_ids)

    linted, validated = lint([target]).to_json(), validate(target).to_json()
    assert linted["rows"] == {str(target): validated["n_items"]} == {str(target): len(texts)}
    assert linted["layouts"] == {str(target): {to: len(texts)}}
    assert validated["layouts"] == {to: len(texts)}
    assert linted["levels"]["error"] == 0, linted["findings"]
    assert not validated["flagged"], validated["flaws"]
