"""What the intervals cover and how often the paired test cries wolf, in simulated runs whose truth is known.

    python benchmarks/intervals.py [--runs 2000] [--json OUT]

Families are drawn with a rate of their own (beta distribution), items with that rate: `correlation` is how alike the items of
a family are. In a pair of runs each run draws its own rates for the families (`own`: what one gets right says nothing about the
other, the differences are as clustered as they can be) or both share them (`shared`). Every cell makes `--runs` data sets.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from fgdata.console import out
from fgdata.files import write_whole
from fgeval.clusters import cluster_intervals
from fgeval.paired import DRAWS, flip_sums, flip_test

SIZES = {"10 each": (10,), "2 to 30": (2, 3, 5, 8, 12, 20, 30)}
"""Items of a family, repeated until there are enough families."""
CORRELATIONS = (0.0, 0.1, 0.3)
RATES = (0.1, 0.3, 0.5, 0.7, 0.9)
RARE_RATES = (0.02, 0.98)
"""Hardly anything right, or wrong: intervals are on the cautious side there, and have a column of their own."""
CLUSTERS = (10, 20, 40, 100)
PAIRS = ((0.1, 0.1), (0.5, 0.5), (0.9, 0.9), (0.5, 0.6), (0.8, 0.9))
"""Rates of first and second run: the first three are true nulls."""
BLOCK = 250
"""Data sets whose sign patterns are held in memory at once."""


def sizes_of(name: str, n_clusters: int) -> np.ndarray:
    return np.resize(np.array(SIZES[name], dtype=float), n_clusters)


def draw_rates(
    rng: np.random.Generator, rate: float, correlation: float, shape: tuple[int, int]
) -> np.ndarray:
    """A rate for every family of every data set."""
    if not correlation:
        return np.full(shape, rate)
    strength = (1 - correlation) / correlation
    return rng.beta(rate * strength, (1 - rate) * strength, shape)


def rate_cell(
    rng: np.random.Generator, counted: np.ndarray, rate: float, correlation: float, runs: int
) -> float:
    """Share of 95 % intervals that hold the true rate."""
    right = rng.binomial(counted.astype(int), draw_rates(rng, rate, correlation, (runs, len(counted))))
    low, high = cluster_intervals(right.astype(float), counted)
    return float(((low <= rate) & (rate <= high)).mean())


def pair_cell(
    rng: np.random.Generator,
    counted: np.ndarray,
    pair: tuple[float, float],
    correlation: float,
    runs: int,
    *,
    shared: bool,
) -> tuple[float, float]:
    """Share of 95 % intervals that hold the true difference, and share of p-values up to .05."""
    shape, whole = (runs, len(counted)), counted.astype(int)
    first = draw_rates(rng, pair[0], correlation, shape)
    second = first if shared else draw_rates(rng, pair[1], correlation, shape)
    gained = (rng.binomial(whole, second) - rng.binomial(whole, first)).astype(float)
    truth = pair[1] - pair[0]
    covered = rejected = 0
    for start in range(0, runs, BLOCK):
        block = gained[start : start + BLOCK]
        signed, plain = flip_sums(block, counted)
        p_values, low, high = flip_test(block, counted, signed, plain, 0.05, drawn=len(plain) == DRAWS)
        covered += int(((low <= truth + 1e-9) & (truth - 1e-9 <= high)).sum())
        rejected += int((p_values <= 0.05).sum())
    return covered / runs, rejected / runs


def simulate(runs: int, seed: int) -> dict[str, list[dict[str, Any]]]:
    """Every cell of the simulations."""
    rates, rare, pairs = [], [], []
    number = 0
    for clusters, sizes, correlation in itertools.product(CLUSTERS, SIZES, CORRELATIONS):
        cell = {"clusters": clusters, "sizes": sizes, "correlation": correlation}
        counted = sizes_of(sizes, clusters)
        for rate in RATES:
            number += 1
            rng = np.random.default_rng((seed, number))
            rates.append(cell | {"rate": rate, "covered": rate_cell(rng, counted, rate, correlation, runs)})
        for place, rate in enumerate(RARE_RATES):
            rng = np.random.default_rng((seed, number, place))
            rare.append(cell | {"rate": rate, "covered": rate_cell(rng, counted, rate, correlation, runs)})
        for pair, shared in itertools.product(PAIRS, (False, True)):
            if shared and (pair[0] != pair[1] or not correlation):
                continue
            number += 1
            rng = np.random.default_rng((seed, number))
            covered, rejected = pair_cell(rng, counted, pair, correlation, runs, shared=shared)
            how = "shared" if shared else "own"
            pairs.append(cell | {"pair": pair, "rates": how, "covered": covered, "rejected": rejected})
    return {"rates": rates, "rare": rare, "pairs": pairs}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    begun = time.perf_counter()
    found = simulate(args.runs, args.seed)
    table = Table(title=f"{args.runs} simulated data sets a cell; the least and the most of the cells")
    for column in (
        *("families", "items a family", "rate covered", "rare rate covered"),
        *("difference covered", "false positives"),
    ):
        table.add_column(column, justify="right")
    summary = []
    for clusters, sizes in itertools.product(CLUSTERS, SIZES):
        mine = {
            kind: [cell for cell in cells if cell["clusters"] == clusters and cell["sizes"] == sizes]
            for kind, cells in found.items()
        }
        nulls = [cell["rejected"] for cell in mine["pairs"] if cell["pair"][0] == cell["pair"][1]]
        columns = {
            "rate_covered": [cell["covered"] for cell in mine["rates"]],
            "rare_covered": [cell["covered"] for cell in mine["rare"]],
            "difference_covered": [cell["covered"] for cell in mine["pairs"]],
            "false_positives": nulls,
        }
        ends = {name: [min(values), max(values)] for name, values in columns.items()}
        summary.append({"clusters": clusters, "sizes": sizes, "cells": sum(map(len, mine.values()))} | ends)
        table.add_row(str(clusters), sizes, *(f"{low:.1%} – {high:.1%}" for low, high in ends.values()))
    out.print(table)
    out.print(f"{time.perf_counter() - begun:.0f} s")
    if args.json:
        with write_whole(args.json) as stream:
            json.dump({"runs": args.runs, "seed": args.seed, "summary": summary, **found}, stream, indent=1)
            stream.write("\n")


if __name__ == "__main__":
    main()
