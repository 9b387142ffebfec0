"""Rows made by the thousand are the rows made one by one; the arrays behind them count as integers do."""

from __future__ import annotations

import bisect as one_by_one
from pathlib import Path

import numpy as np
import pytest
import strategies  # noqa: F401  # sets how hypothesis runs
from home_pack import write_home_pack
from hypothesis import given
from hypothesis import strategies as st
from small_pack import write_korean_pack

from fgdata import arrays
from fgdata.bulk import fits
from fgdata.generator import Generator, Request, Tally
from fgdata.pack_reader import read_pack
from fgdata.packs import load_pack
from fgdata.permutation import MASK, Permutation, key_of, mix

HERE = Path(__file__).parent
words = st.integers(0, MASK)


def check_same(generator: Generator, step: int = 1) -> int:
    """Bytes and counts are the same both ways, for every `step`-th row of every split; the number of rows."""
    n = 0
    for split in generator.plan.splits:
        places = range(n % step, generator.plan.rows(split), step)
        single, bulk = Tally(generator.pack), Tally(generator.pack)
        expected = []
        for row in generator.rows(split, places):
            single.add(split, row)
            expected.append(f"{row.line}\n".encode())
        assert generator.data(split, places, bulk) == b"".join(expected)
        assert bulk.state() == single.state()
        n += len(places)
    return n


@pytest.mark.parametrize("level", ["off", "light", "strong"])
@pytest.mark.parametrize("name", ["climate_ko", "fitness_en", "fitness_plus_en", "fitness_plus_ko"])
def test_bundled_packs(name: str, level: str) -> None:
    """Answers, templates that spell others' texts, and perturbed rows among them."""
    assert check_same(Generator(load_pack(name), Request(1500, 5, perturb=level))) == 1500


@pytest.mark.parametrize("options", [{}, {"shape": "text", "values": "escaped"}, {"perturb": "light"}])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_kind_of_intent(tmp_path: Path, language: str, options: dict[str, str]) -> None:
    """Several calls, exceptions, corrections, rows without the right tool, values and pairs held out."""
    folder = write_home_pack(tmp_path / "home", language)
    request = Request(900, 2, **options)  # type: ignore[arg-type]
    assert check_same(Generator(read_pack(folder), request), step=2) > 400


def test_a_volume_pack_in_many_lots() -> None:
    """Cells divided for coverage, drawn by weight until the rows outnumber a weight."""
    pack = read_pack(HERE.parent / "benchmarks" / "peers" / "pack")
    for rows, step in ((2000, 1), (200_000, 97)):
        generator = Generator(pack, Request(rows, 9))
        assert all(map(fits, generator.plan.lots["train"]))
        assert check_same(generator, step) >= rows // step


def test_spaces_too_large_for_64_bits(tmp_path: Path) -> None:
    """They are drawn one by one, in the same file."""
    words = ", ".join(f"'w{n}'" for n in range(40))
    many = " ".join(f"{{{{ pick({words}) }}}}" for _ in range(14))
    folder = write_korean_pack(tmp_path / "lamp")
    path = min((folder / "intents").glob("*.yaml"))
    text = path.read_text("utf-8")
    start = text.index('- "') + 3
    path.write_text(text[:start] + many + " " + text[start:], "utf-8")
    generator = Generator(read_pack(folder), Request(400, 1))
    assert not all(map(fits, generator.plan.lots["train"]))
    assert check_same(generator) == 400


def test_prompts_that_differ_by_row(tmp_path: Path) -> None:
    """Distractors, shuffled tools and masked names follow from each row's own key."""
    folder = write_home_pack(tmp_path / "home")
    pack = folder / "pack.yaml"
    pack.write_text(
        pack.read_text("utf-8") + "prompt: {distractors: 2, shuffled: true, masked: 0.5}\n", "utf-8"
    )
    assert check_same(Generator(read_pack(folder), Request(600, 4))) == 600


# The arrays


@given(st.lists(st.tuples(words, words), min_size=1, max_size=20))
def test_mix(pairs: list[tuple[int, int]]) -> None:
    """The hash of each pair."""
    keys, values = np.array(pairs, np.uint64).T
    assert arrays.mix(keys, values).tolist() == [mix(key, value) for key, value in pairs]


sizes = st.one_of(
    st.integers(1, 5000), st.sampled_from([4095, 4096, 10**6 + 3, 2**32, 2**53 + 1, arrays.LIMIT - 1])
)


@given(st.lists(st.tuples(sizes, words, words), min_size=1, max_size=12))
def test_permutations(wanted: list[tuple[int, int, int]]) -> None:
    """Any mixture of sizes, keys and places."""
    orders = [Permutation(size, key) for size, key, _ in wanted]
    places = [place % size for size, _, place in wanted]
    found = arrays.Permutations([Permutation(size, 0) for size, _, _ in wanted])[
        np.arange(len(wanted)), np.array([key for _, key, _ in wanted], np.uint64), np.array(places)
    ]
    assert found.tolist() == [order[place] for order, place in zip(orders, places, strict=True)]


@given(st.lists(st.lists(st.integers(-50, 50), max_size=9), min_size=1, max_size=8), st.integers(-60, 60), st.booleans())  # fmt: skip
def test_bisect(parts: list[list[int]], wanted: int, right: bool) -> None:
    """A number's place in each of several sorted parts."""
    parts = [sorted(part) for part in parts]
    ends = np.cumsum([len(part) for part in parts])
    starts = ends - [len(part) for part in parts]
    values = np.array([n for part in parts for n in part] or [0])
    found = arrays.bisect(values, starts, ends, wanted, right=right) - starts
    find = one_by_one.bisect_right if right else one_by_one.bisect_left
    assert found.tolist() == [find(part, wanted) for part in parts]


def test_a_seed_beyond_64_bits_is_the_same_both_ways() -> None:
    """Perturbations go by the seed's low bits."""
    generator = Generator(load_pack("fitness_en"), Request(200, key_of("a seed") << 3, perturb="light"))
    assert check_same(generator) == 200
