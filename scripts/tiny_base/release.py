"""Choose the checkpoint on the development set and write `models/tiny` with its model card.

    python -m scripts.tiny_base.release --run out/tiny-base --out models/tiny

The development set is fixed before pretraining: every sixth sentence pattern and eight devices that the training corpus
never has. No pack's rows are looked at. `training.json` beside the weights keeps the figures of all stages, for a run that goes
on from the released model and has no earlier stage's logs and checkpoints.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from fgdata.console import err
from fgdata.example import write_jsonl
from fgdata.files import write_whole
from fgdata.format import TRIGGER
from fgdata.packs import find_pack_folder, pack_names
from fgeval.backends import BackendOptions
from fgeval.run import run_model
from fgeval.scores import score_predictions
from scripts.tiny_base.corpus import answer_message, chunk_rng, corpus_sample
from scripts.tiny_base.pieces import Pieces
from scripts.tiny_base.scene import Scene
from scripts.tiny_base.tokenizer import save_tokenizer

DEVELOPMENT_SEED = 20
CARD = Path(__file__).with_name("card.md")


def development_rows(count: int) -> Iterator[dict[str, Any]]:
    """Rows with held-out sentence patterns and held-out devices."""
    for number in range(count):
        rng = chunk_rng(DEVELOPMENT_SEED, number)
        scene = Scene(rng, rng.randint(3, 7), development=True)
        text, calls, answer = scene.request()
        messages = [
            {"role": "developer", "content": TRIGGER},
            {"role": "user", "content": text},
            answer_message(calls, answer),
        ]
        yield {
            "id": f"dev-{number}",
            "messages": messages,
            "tools": [tool.to_json() for tool in scene.tools],
            "kind": "call" if calls else "no_call",
            "language": scene.language,
        }


def write_model(checkpoint: Path, tokenizer: Path, template: str, out: Path) -> None:
    """A model folder as transformers loads it."""
    out.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "model.safetensors"):
        shutil.copyfile(checkpoint / name, out / name)
    save_tokenizer(Tokenizer.from_file(str(tokenizer)), out, template)
    generation = {"bos_token_id": 2, "eos_token_id": [1, 50, 106], "pad_token_id": 0, "do_sample": False}
    (out / "generation_config.json").write_text(json.dumps(generation, indent=2) + "\n")


def words(text: str) -> set[str]:
    """Words of two or more letters."""
    return set(re.findall(r"[가-힣]{2,}|[a-z]{3,}", text.lower()))


def overlap(pack: Path, corpus_words: set[str]) -> dict[str, Any]:
    """What the corpus shares with a pack: words of its wording, names of tools, parameters and values."""
    wording = set()
    for path in [*sorted((pack / "intents").glob("*.yaml")), pack / "slots.yaml"]:
        wording |= words(path.read_text("utf-8"))
    tools = json.loads((pack / "tools.json").read_text("utf-8"))
    bodies = [tool.get("function", tool) for tool in tools]
    names = {body["name"] for body in bodies}
    properties = {
        name: schema
        for body in bodies
        for name, schema in body.get("parameters", {}).get("properties", {}).items()
    }
    values = {value for schema in properties.values() for value in schema.get("enum", ())}
    return {
        "pack": pack.name,
        "words": len(wording),
        "shared": sorted(wording & corpus_words),
        "tools": sorted(names & corpus_words),
        "parameters": sorted(set(properties) & corpus_words),
        "values": sorted(values & corpus_words),
    }


def corpus_vocabulary(seed: int, pieces: Pieces) -> set[str]:
    """Words, and whole names (`turn_on_boiler`), of a large sample of all stages."""
    found: set[str] = set()
    wide = corpus_sample(seed, 4000, pieces, is_wide=True)
    for text in chain(corpus_sample(seed, 4000), corpus_sample(seed, 1000, pieces), wide):
        found |= words(text) | set(re.findall(r"[A-Za-z_]{3,}", text))
    return found


def score_model(model: Path, data: Path, out: Path) -> dict[str, Any]:
    """Metrics of a model folder on the rows of `data`; predictions and scores are written to `out`."""
    shutil.rmtree(out, ignore_errors=True)
    options = BackendOptions(model=str(model))
    run_model(str(data), str(out), backend="transformers", options=options, batch_size=16)
    return score_predictions(str(data), str(out), str(out))


def stage_record(folder: Path, known: dict[str, Any] | None) -> dict[str, Any]:
    """Figures of a stage's data and the lines of its log that the card shows; the known ones if it has no log here."""
    log_file = folder / "model" / "log.jsonl"
    if known and not log_file.exists():
        return known
    log = [json.loads(line) for line in log_file.read_text("utf-8").splitlines()]
    figures = json.loads((folder / "corpus.json").read_text("utf-8"))
    return {
        "figures": figures,
        "log": [entry for entry in log if entry["step"] % 200 == 0 or entry is log[-1]],
    }


def card(best: str, record: dict[str, Any], overlaps: list[dict[str, Any]]) -> str:
    """The model card: the template's text with the figures of the record."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(CARD.read_text("utf-8")).render(
        best=best, results=record["development"], stages=record["stages"], overlaps=overlaps
    )


def write_card(out: Path, record: dict[str, Any]) -> None:
    """Write the model card from the record of the training and the packs as they are."""
    results = record["development"]
    pieces = Pieces(Tokenizer.from_file(str(out / "tokenizer.json")).get_vocab())
    vocabulary = corpus_vocabulary(record["stages"][0]["figures"]["seed"], pieces)
    overlaps = [overlap(find_pack_folder(name), vocabulary) for name in pack_names()]
    best = max(results, key=lambda name: float(results[name]["value"]))
    with write_whole(out / "README.md") as stream:
        stream.write(card(best, record, overlaps))


def candidates(run: Path, count: int) -> dict[str, Path]:
    """The ends of the first stages and the last `count` checkpoints of the third, by the name the card gives them."""
    third = run / "stage-3" / "model"
    steps = sorted(third.glob("step-*"), key=lambda path: int(path.name.split("-")[1]))
    last = [*steps, third / "final"][-count:]
    ends = {"stage 1, end": run / "model" / "final", "stage 2, final": run / "stage-2" / "model" / "final"}
    named = ends | {f"stage 3, {path.name.replace('-', ' ')}": path for path in last}
    return {name: path for name, path in named.items() if path.exists()}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, default=Path("out/tiny-base"))
    parser.add_argument("--out", type=Path, default=Path("models/tiny"))
    parser.add_argument("--rows", type=int, default=400, help="rows of the development set")
    parser.add_argument(
        "--checkpoints",
        type=int,
        default=2,
        help="how many of the third stage's last checkpoints to compare",
    )
    parser.add_argument(
        "--card", action="store_true", help="only write the card again, since the packs have changed"
    )
    args = parser.parse_args()
    if args.card:
        write_card(args.out, json.loads((args.out / "training.json").read_text("utf-8")))
        return
    template = (args.out / "chat_template.jinja").read_text("utf-8")
    data = args.run / "development.jsonl"
    write_jsonl(data, development_rows(args.rows))
    record_file = args.out / "training.json"
    known = json.loads(record_file.read_text("utf-8")) if record_file.exists() else {}
    results: dict[str, dict[str, Any]] = dict(known.get("development", {}))
    checkpoints = candidates(args.run, args.checkpoints)
    for name, checkpoint in checkpoints.items():
        folder = args.run / "candidates" / name.replace(" ", "-").replace(",", "")
        write_model(checkpoint, args.run / "tokenizer.json", template, folder)
        results[name] = score_model(folder, data, args.run / "development" / folder.name)["overall"]["exact"]
        err.print(name, results[name])
    best = max(checkpoints, key=lambda name: results[name]["value"])
    write_model(checkpoints[best], args.run / "tokenizer.json", template, args.out)
    folders = (args.run, args.run / "stage-2", args.run / "stage-3")
    before = [*known.get("stages", ()), None, None, None]
    record: dict[str, Any] = {
        "stages": [stage_record(folder, old) for folder, old in zip(folders, before, strict=False)],
        "development": results,
    }
    record_file.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    write_card(args.out, record)


if __name__ == "__main__":
    main()
