"""BFCL's gold answers through our renderer and parser: does what is right come back as right?

    pip download bfcl-eval --no-deps -d /tmp/bfcl && unzip -q /tmp/bfcl/*.whl -d /tmp/bfcl
    python benchmarks/bfcl_data.py --data /tmp/bfcl/bfcl_eval/data

Every item of the sets is read, its gold written as native text, read back and judged; items whose gold does not pass must be
among those that `fgeval validate` flags. The exit code is 1 if one is not, or if a set is not read whole.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from fgdata.dialects import read_examples
from fgdata.dialects.alternatives import Alternatives, alternatives, decision
from fgdata.errors import FgError
from fgdata.example import Example
from fgdata.files import write_whole
from fgdata.format import Completion, parse_completion, render_call
from fgdata.schema import Call, coerce_call
from fgeval.items import tools_of
from fgeval.profiles import PROFILES, load_profile
from fgeval.score import score_completion
from fgeval.validate import validate

SETS = (
    "simple_python", "simple_java", "simple_javascript", "multiple", "parallel", "parallel_multiple", "irrelevance",
    "live_simple", "live_multiple", "live_parallel", "live_parallel_multiple", "live_irrelevance", "live_relevance",
)  # fmt: skip


def gold_text(example: Example) -> str:
    """What a model that is right writes; for the relevance set, which asks for any call, one of the first tool."""
    calls: Sequence[Call] = example.expected_calls
    if decision(example) == "any_call":
        calls = [Call(next(iter(tools_of(example))), {})]
    return "".join(map(render_call, calls)) or "I cannot do that."


def passes(example: Example, completion: Completion, profile: str) -> bool | None:
    """Whether the completion is right, by a profile, or by the values and types that the gold lists (`own`).

    None where the profile has no verdict: BFCL's rule for Java and JavaScript, any other rule for "some call, whichever".
    """
    tools = tools_of(example)
    if profile != "own":
        rules = load_profile(profile)
        score = score_completion(example.expected_calls, completion, tools, rules, gold=example.gold)
        return score.exact if score.is_scored else None
    due = alternatives(example)
    made = [coerce_call(call, tools) for call in completion.calls]
    if decision(example) == "any_call":
        return bool(made)
    return len(made) == len(due) and not completion.problems and _matched(due, made)


def _matched(due: Sequence[Alternatives], made: Sequence[Call]) -> bool:
    """Whether every call made can be given a due one of its own that accepts it (augmenting paths)."""
    taken: dict[int, int] = {}

    def place(number: int, tried: set[int]) -> bool:
        for other, one in enumerate(due):
            if other in tried or not one.accepts(made[number]):
                continue
            tried.add(other)
            if other not in taken or place(taken[other], tried):
                taken[other] = number
                return True
        return False

    return all(place(number, set()) for number in range(len(made)))


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="the package's data folder")
    parser.add_argument("--version", default="v4", help="of the file names (default: %(default)s)")
    parser.add_argument(
        "--profile",
        choices=("own", *PROFILES),
        default="own",
        help="who judges (default: the gold's own values and types)",
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the counts there as well")
    args = parser.parse_args()
    print(f"| {'set':<22} | items | right | not right | not scored | flagged by validate |")
    print(f"|{'-' * 24}|------:|------:|----------:|-----------:|--------------------:|")
    unexplained, total, n_right = [], 0, 0
    sets = {}
    started = time.perf_counter()
    for name in SETS:
        file = args.data / f"BFCL_{args.version}_{name}.json"
        examples = read_examples(file)
        flagged = set(validate(file).flagged())
        wrong: list[str] = []
        n_unscored = 0
        for example in examples:
            try:
                is_right = passes(example, parse_completion(gold_text(example)), args.profile)
            except FgError as error:
                print(f"{example.id}: {error}", file=sys.stderr)
                is_right = False
            n_unscored += is_right is None
            if is_right is False:
                wrong.append(example.id)
        unexplained += [identity for identity in wrong if identity not in flagged]
        total, n_right = total + len(examples) - n_unscored, n_right + len(examples) - len(wrong) - n_unscored
        print(
            f"| {name:<22} | {len(examples):>5} | {len(examples) - len(wrong) - n_unscored:>5} | {len(wrong):>9} | {n_unscored:>10} | {len(flagged):>19} |"
        )
        sets[name] = {
            "items": len(examples),
            "not_right": wrong,
            "not_scored": n_unscored,
            "flagged": sorted(flagged),
        }
        if wrong:
            print(f"    not right: {', '.join(wrong)}")
        if flagged:
            print(f"    flagged: {', '.join(sorted(flagged))}")
    seconds = time.perf_counter() - started
    print(
        f"{n_right} of {total} scored right by {args.profile}, {len(unexplained)} of the others not flagged: {', '.join(unexplained) or 'none'} ({seconds:.0f} s)"
    )
    if args.json:
        result = {
            "profile": args.profile,
            "scored": total,
            "right": n_right,
            "unexplained": unexplained,
            "sets": sets,
        }
        with write_whole(args.json) as stream:
            stream.write(json.dumps(result, indent=2) + "\n")
    return int(bool(unexplained))


if __name__ == "__main__":
    sys.exit(main())
