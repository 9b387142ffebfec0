"""Scores of made-up runs over template families, written through the real scorer, for comparisons and gates."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from eval_data import call, row, text_of, write_predictions, write_rows

from fgeval.scores import score_predictions

N_FAMILIES, EACH = 30, 4


def _word(number: int) -> str:
    """A word of three syllables that no other number has."""
    return "".join(chr(0xAC00 + 28 * (number * step % 399)) for step in (7, 31, 101))


def family_rows(n_families: int = N_FAMILIES, each: int = EACH) -> list[dict[str, Any]]:
    """Rows of `n_families` families, every fifth family without a call due."""
    rows = []
    for family in range(n_families):
        for number in range(each):
            due = (
                () if family % 5 == 4 else (call("set_temperature", temperature=16 + (family + number) % 15),)
            )
            place = {"family": f"f{family}", "intent": "chat" if not due else f"set{family % 2}"}
            register = "hae" if family % 3 else "haeyo"
            rows.append(
                row(family * each + number, f"{_word(family)} 좀 {number}", *due, **place, register=register)
            )
    return rows


def answers(rows: list[dict[str, Any]], right: float, seed: int) -> dict[str, str]:
    """What a model writes that gets about a share `right` of the families' items right, families alike."""
    chance = random.Random(seed)
    texts = {}
    for family in sorted({one["family"] for one in rows}):
        level = min(1.0, max(0.0, right + chance.uniform(-0.25, 0.25)))
        for one in rows:
            if one["family"] == family:
                good = chance.random() < level
                due = one["messages"][-1].get("tool_calls")
                answer = (
                    text_of(call("power_on")) if not due else text_of(call("set_temperature", temperature=31))
                )
                if good:
                    answer = "아니요.<end_of_turn>"
                    if due:
                        arguments = due[0]["function"]["arguments"]
                        answer = text_of(call("set_temperature", **arguments))
                texts[one["id"]] = answer
    return texts


def scored_run(
    folder: Path,
    rows: list[dict[str, Any]],
    texts: dict[str, str],
    run: dict[str, Any] | None = None,
    **options: Any,
) -> Path:
    """A folder of scores; `run` is its run.json."""
    data = write_rows(folder.parent / "test.jsonl", rows)
    predictions = write_predictions(folder / "predictions.jsonl", texts, **options)
    if run is not None:
        (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    score_predictions(data, predictions, folder, allow_missing=len(texts) < len(rows))
    return folder
