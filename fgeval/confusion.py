"""Which tool was called where which was due: by item and by call; and which decision was taken where which was due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from fgeval.score import Decision, ItemScore

NO_CALL = "no call"
SEVERAL = "several"
INVENTED = "invented"
UNREAD = "unread"
NONE = "none"


@dataclass(frozen=True, slots=True)
class Confusion:
    """A matrix of counts."""

    rows: tuple[str, ...]
    """What was due."""
    columns: tuple[str, ...]
    """What was done, in the order of the rows and then what is never due."""
    counts: tuple[tuple[int, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """The matrix as it stands in `summary.json`."""
        return {
            "rows": list(self.rows),
            "columns": list(self.columns),
            "counts": [list(row) for row in self.counts],
        }


def confuse_items(scores: Iterable[ItemScore]) -> Confusion:
    """Every item once: the tool due, or `several`, or `no call`; columns have `invented` and `unread` besides."""
    cells = Counter((_due(score), _called(score)) for score in scores)
    return _matrix(cells, (SEVERAL, NO_CALL, INVENTED, UNREAD))


def confuse_calls(scores: Iterable[ItemScore]) -> Confusion:
    """Every call once: a call due against the call that answers it, `none` where the other side is empty.

    Calls that match no other stand side by side as they come in alphabetical order; a tool that is not declared is `invented`.
    """
    cells: Counter[tuple[str, str]] = Counter()
    for score in scores:
        cells.update((due.name, made.name) for due, made in score.matching.pairs)
        missed = sorted(call.name for call in score.matching.missed)
        extra = sorted(
            INVENTED if call.name in score.invented else call.name for call in score.matching.extra
        )
        longest = max(len(missed), len(extra))
        missed += [NONE] * (longest - len(missed))
        extra += [NONE] * (longest - len(extra))
        cells.update(zip(missed, extra, strict=True))
    return _matrix(cells, (NONE, INVENTED))


def confuse_decisions(scores: Iterable[ItemScore]) -> Confusion:
    """Every item once: call, no call or ask. Items whose asking no marker can tell count as `no_call` on the right side."""
    cells = Counter((score.due, score.decided) for score in scores)
    kinds: tuple[str, ...] = get_args(Decision)
    return Confusion(
        kinds, kinds, tuple(tuple(cells[due, done] for done in kinds) for due in kinds)  # type: ignore[index]
    )  # fmt: skip


def _matrix(cells: Counter[tuple[str, str]], special: Sequence[str]) -> Confusion:
    names = {name for cell in cells for name in cell}
    due = {row for row, _ in cells}
    # The same order on both sides keeps right answers on the diagonal.
    columns = (*sorted(names - set(special)), *(name for name in special if name in names))
    rows = tuple(name for name in columns if name in due)
    return Confusion(rows, columns, tuple(tuple(cells[row, column] for column in columns) for row in rows))


def _due(score: ItemScore) -> str:
    return NO_CALL if not score.expected else score.expected[0].name if len(score.expected) == 1 else SEVERAL


def _called(score: ItemScore) -> str:
    got = score.got
    if not got:
        return UNREAD if score.parse_problems else NO_CALL
    if score.invented:
        return INVENTED
    return got[0].name if len(got) == 1 else SEVERAL
