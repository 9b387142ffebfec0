"""The corpus of the tiny base: scenes repeat, their calls are valid, and its rows keep requests apart."""

from __future__ import annotations

import hashlib
import json
import random
from itertools import islice
from pathlib import Path

import pytest
import torch

from fgdata.packs import find_pack_folder, load_tools, pack_names
from fgdata.schema import check_call
from scripts.tiny_base.corpus import PAD_SEGMENT, corpus_sample
from scripts.tiny_base.lexicon import HELD_OUT, MORE_QUANTITIES, QUANTITIES
from scripts.tiny_base.pieces import Pieces
from scripts.tiny_base.pretrain import row_mask, row_positions
from scripts.tiny_base.release import overlap
from scripts.tiny_base.scene import Request, Scene
from scripts.tiny_base.states import FELT
from scripts.tiny_base.variety import WIDER

N_SCENES = 300
EARLIER = "e61dcb483ebcfbf69c5e4171e528c2dbfd58c7244810f882cdf7835320fede80"
"""SHA-256 of a sample of the first two stages, from before there was a third."""


def scene_and_requests(seed: int, development: bool) -> tuple[Scene, list[Request]]:
    scene = Scene(random.Random(seed), 2 + seed % 8, development)
    return scene, [scene.request() for _ in range(5)]


@pytest.fixture(scope="module")
def scenes() -> list[tuple[Scene, list[Request]]]:
    """Scenes of both sets with five requests each."""
    return [scene_and_requests(seed, development=seed % 4 == 0) for seed in range(N_SCENES)]


def test_a_seed_gives_one_scene(scenes: list[tuple[Scene, list[Request]]]) -> None:
    """The same seed gives the same tools and requests; other seeds give others."""
    for seed in range(0, N_SCENES, 10):
        again, requests = scene_and_requests(seed, development=seed % 4 == 0)
        assert (again.tools, requests) == (scenes[seed][0].tools, scenes[seed][1])
    assert len({tuple(tool.name for tool in scene.tools) for scene, _ in scenes}) > N_SCENES * 0.9
    assert list(islice(corpus_sample(1, 2), 20)) == list(islice(corpus_sample(1, 2), 20))


def test_calls_fit_the_tools(scenes: list[tuple[Scene, list[Request]]]) -> None:
    """Every call is valid against the scene's tools, whose names differ; a request has calls or an answer, never both."""
    for scene, requests in scenes:
        tools = {tool.name: tool for tool in scene.tools}
        assert len(tools) == len(scene.tools)
        for request in requests:
            assert bool(request.calls) != bool(request.answer)
            for call in request.calls:
                assert not check_call(call, tools), request


def test_texts_are_filled_in(scenes: list[tuple[Scene, list[Request]]]) -> None:
    """No text keeps a sign of the phrase language."""
    texts = [request.text for _, requests in scenes for request in requests]
    assert not [text for text in texts if not text or set(text) & set("{}<>[]|")]


def test_no_tool_of_a_pack(scenes: list[tuple[Scene, list[Request]]]) -> None:
    """The base model meets a pack's tools for the first time when it is evaluated or trained on the pack."""
    taken = {tool for pack in pack_names() for tool in load_tools(pack)}
    assert taken
    assert not taken & {tool.name for scene, _ in scenes for tool in scene.tools}


PIECES = Pieces(json.loads(Path("models/tiny/tokenizer.json").read_text("utf-8"))["model"]["vocab"])


@pytest.fixture(scope="module")
def wide() -> list[tuple[Scene, list[Request]]]:
    """Scenes of the third stage with eight requests each."""
    scenes = [
        Scene(random.Random(seed), 2 + seed % 8, pieces=PIECES, is_wide=True) for seed in range(N_SCENES)
    ]
    return [(scene, [scene.request() for _ in range(8)]) for scene in scenes]


def test_third_stage_is_sound(wide: list[tuple[Scene, list[Request]]]) -> None:
    """Its calls are valid, its texts filled in, none of its tools is a pack's, and a third of its requests calls nothing."""
    taken = {tool for pack in pack_names() for tool in load_tools(pack)}
    for scene, requests in wide:
        tools = {tool.name: tool for tool in scene.tools}
        assert not taken & set(tools)
        for request in requests:
            assert request.text and not set(request.text) & set("{}<>[]|^"), request
            assert bool(request.calls) != bool(request.answer)
            for call in request.calls:
                assert not check_call(call, tools), request
    silent = [not request.calls for _, requests in wide for request in requests]
    assert 0.25 < sum(silent) / len(silent) < 0.4


def test_third_stage_repeats_no_held_out_pattern() -> None:
    """What the development set is made of stays unseen: every sixth pattern of a block, and the held-out devices."""
    for block, more in WIDER.items():
        assert len(set(more)) == len(more)
        assert not set(block[5::6]) & set(more)
    scenes = [Scene(random.Random(seed), 6, pieces=PIECES, is_wide=True) for seed in range(N_SCENES)]
    assert not HELD_OUT & {action.device for scene in scenes for action in scene.actions}


def test_states_ask_for_the_right_direction() -> None:
    """Words for too little raise a quantity, words for too much lower it, and no word is on both sides."""
    known = {item.slug for item in (*QUANTITIES, *MORE_QUANTITIES)}
    assert set(FELT) <= known
    assert not [slug for slug, (low, high) in FELT.items() if set(low) & set(high)]


def test_earlier_stages_stay_as_they_were() -> None:
    """The card's hashes of the first two stages hold: their first scenes draw what they drew."""
    texts = [*corpus_sample(1, 40), *corpus_sample(2, 40, PIECES)]
    assert hashlib.sha256("\n".join(texts).encode()).hexdigest() == EARLIER


ROWS = torch.tensor(
    [
        [0, 0, 0, 1, 1, 2, 2, 2, PAD_SEGMENT, PAD_SEGMENT],
        [0, 0, 1, 1, 1, 1, 2, 3, 3, PAD_SEGMENT],
    ]
)


def test_positions_restart_after_the_prefix() -> None:
    """Every request is placed as if it alone followed the prefix."""
    positions = row_positions(ROWS)
    assert positions[0, :8].tolist() == [0, 1, 2, 3, 4, 3, 4, 5]
    assert positions[1, :9].tolist() == [0, 1, 2, 3, 4, 5, 2, 2, 3]


@pytest.mark.parametrize("window", [None, 2, 4, 100])
def test_a_request_sees_the_prefix_and_itself(window: int | None) -> None:
    """A token sees what lies before it in the prefix and in its own request, no further back than the window."""
    positions = row_positions(ROWS)
    seen = row_mask(ROWS, positions, window) == 0
    assert seen.shape == (2, 1, 10, 10)
    for row, segments in enumerate(ROWS.tolist()):
        for at, segment in enumerate(segments):
            expected = [
                other
                for other in range(at + 1)
                if segments[other] in (0, segment)
                and (window is None or positions[row, at] - positions[row, other] < window)
            ]
            assert seen[row, 0, at].nonzero().flatten().tolist() == expected


def test_the_card_knows_the_packs() -> None:
    """The model card counts the words of the packs as they are: `make tiny-card` writes it again."""
    page = (Path(__file__).parents[1] / "models" / "tiny" / "README.md").read_text("utf-8")
    for name in pack_names():
        counts = overlap(find_pack_folder(name), set())
        section = page.partition(f"### {name}\n")[2].partition("<details>")[0]
        assert f" of {counts['words']} words of the pack's templates and slots" in section, name
