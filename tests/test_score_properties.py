"""What holds for every score, whatever the calls are."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st
from strategies import any_text, call_lists, calls

from fgdata.format import render_call
from fgdata.gold import Gold, GoldCall
from fgdata.schema import Call
from fgeval import score_completion


def written(made: list[Call]) -> str:
    return "".join(render_call(call) for call in made) + "<start_function_response>"


@given(call_lists)
def test_gold_replayed_is_exact(due: list[Call]):
    """The expected calls, rendered and read back, score full marks and lose no point."""
    score = score_completion(due, written(due), {})
    assert score.exact
    assert not score.reasons
    assert score.n_right == score.n_expected == score.n_got
    assert score.argument_f1.value in (None, 1.0)


@given(call_lists, st.randoms(use_true_random=False))
def test_order_is_free(due: list[Call], random: object):
    """Shuffled calls score as well as ordered ones."""
    made = list(due)
    random.shuffle(made)  # type: ignore[attr-defined]
    assert score_completion(due, written(made), {}).exact


@given(st.lists(calls, max_size=4), st.lists(calls, max_size=4))
def test_scores_stay_in_bounds(due: list[Call], made: list[Call]):
    """Every value lies from 0 to 1, no count passes its total, and a reason stands where and only where points are lost."""
    score = score_completion(due, written(made), {})
    for part in (score.decision, score.tool_names, score.schema, score.argument_f1):
        assert part.value is None or 0 <= part.value <= 1
    assert 0 <= score.n_right <= min(score.n_expected, score.n_got)
    assert bool(score.reasons) == (not score.exact)
    assert score.exact == (Counter(score.expected) == Counter(score.got))


@given(st.lists(calls, max_size=3), st.lists(calls, max_size=3))
def test_verdict_is_symmetric(left: list[Call], right: list[Call]):
    """What is exact one way round is exact the other way round, and the right arguments are as many."""
    one, other = score_completion(left, written(right), {}), score_completion(right, written(left), {})
    assert one.exact == other.exact
    assert one.n_right == other.n_right


@given(
    st.lists(calls, max_size=2),
    any_text | st.text(alphabet="<>{}:,call start_function_call end", max_size=60),
)
def test_any_text_can_be_scored(due: list[Call], text: str):
    """No text a model can write makes the scorer raise."""
    score = score_completion(due, text, {})
    assert score.exact == (not score.error_type)


few_values = st.sampled_from([1, 2, "a", "b"])
few_calls = st.builds(
    Call, st.sampled_from(["f", "g"]), st.dictionaries(st.sampled_from(["x", "y"]), few_values, max_size=2)
)


@given(st.lists(few_calls, max_size=4), st.lists(few_calls, max_size=4), st.data())
def test_matching_is_the_best_there_is(due: list[Call], made: list[Call], data: st.DataObject):
    """No other way to pair the calls gets more of them whole; with alternatives too, and whatever their order."""
    accepts = [{name: data.draw(st.lists(few_values, max_size=2)) for name in call.arguments} for call in due]
    gold = Gold("", "", tuple(GoldCall(c.name, a) for c, a in zip(due, accepts, strict=True)))

    def is_whole(i: int, j: int) -> bool:
        left, right = due[i].arguments, made[j].arguments
        return (
            due[i].name == made[j].name
            and left.keys() == right.keys()
            and all(right[name] in (value, *accepts[i][name]) for name, value in left.items())
        )

    longer, shorter = (made, due) if len(made) > len(due) else (due, made)
    best = max(
        sum(is_whole(i, j) if longer is made else is_whole(j, i) for i, j in enumerate(order))
        for order in permutations(range(len(longer)), len(shorter))
    )
    score = score_completion(due, written(made), {}, gold=gold)
    assert score.n_calls_right == best
    assert score.exact == (best == len(due) == len(made))
