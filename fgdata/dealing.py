"""How the rows of a data set are dealt: to splits and languages by their shares, and to whatever has a weight and an end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from math import fsum

from fgdata.chance import shares
from fgdata.compose import Compositions
from fgdata.errors import Problem, UsageError
from fgdata.pack import HELD_OUT_SPLITS
from fgdata.permutation import mix
from fgdata.stock import Stock


def dealt_rows(stock: Stock, compositions: Compositions, rows: int) -> dict[tuple[str, str], int]:
    """Split and language -> its rows: each split is dealt to the languages by their shares.

    Raises: UsageError if one of them has none.
    """
    pack = stock.pack
    speaks = {split: _languages(stock, compositions, split) for split in pack.splits}

    def deal(rows: int) -> dict[tuple[str, str], int]:
        by_split = shares(rows, pack.splits) if rows > 0 else dict.fromkeys(pack.splits, 0)
        return {
            (split, language): n
            for split, count in by_split.items()
            for language, n in shares(
                count, {name: pack.language_mix[name] for name in speaks[split]}
            ).items()
        }

    dealt = deal(rows)
    if min(dealt.values()) > 0:
        return dealt
    smallest = min(
        share * pack.language_mix[language] / fsum(pack.language_mix[name] for name in speaks[split])
        for split, share in pack.splits.items()
        for language in speaks[split]
    )
    enough = math.ceil(fsum(pack.splits.values()) / smallest)
    least = next((n for n in range(1, min(enough, 10_000)) if min(deal(n).values()) > 0), enough)
    empty = "a split" if len(pack.languages) == 1 else "a split, or a language in one,"
    raise UsageError(Problem("--rows", f"{rows} rows leave {empty} empty.", f"Ask for {least} at least."))


def _languages(stock: Stock, compositions: Compositions, split: str) -> tuple[str, ...]:
    """The pack's languages; in a held-out split, those that can have what is held out, if any can."""
    languages = stock.pack.languages
    if split not in HELD_OUT_SPLITS or len(languages) == 1:
        return languages
    able = {source.family.language for source in stock.by_split[split]}
    able |= {group.language for group in compositions.groups(split)}
    return tuple(language for language in languages if language in able) or languages


def allocate(total: int, weights: Sequence[float], caps: Sequence[int], key: int) -> list[int]:
    """`total` dealt by weight in whole numbers, none above its cap, each within one of its exact share where no cap binds.

    What does not divide goes by chance (a systematic sample with a random start, in a random order), so that no item is favoured
    for where it stands. Less than `total` is dealt only if the caps allow no more.
    """
    dealt = [0] * len(weights)
    left = total
    open_items = [i for i in range(len(weights)) if caps[i] > 0 and weights[i] > 0]
    while left > 0 and open_items:
        order = sorted(open_items, key=lambda i: mix(key, i))
        whole = fsum(weights[i] for i in order)
        start = (mix(key, left) >> 11) / (1 << 53)
        reached, before, given = 0.0, 0, 0
        for i in order:
            reached += weights[i] / whole * left
            upto = math.floor(reached + start) if i != order[-1] else left
            share = min(max(0, upto - before), caps[i] - dealt[i])
            before = max(before, upto)
            dealt[i] += share
            given += share
        left -= given
        open_items = [i for i in open_items if dealt[i] < caps[i]]
        key = mix(key, 77)
    return dealt
