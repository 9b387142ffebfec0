"""fgeval run | join | score | validate | compare | gate | report | twins | robust | ask: flags in, one library call, results out."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from rich.markup import escape
from rich.table import Table

from fgdata.arguments import named
from fgdata.console import EXIT_FINDINGS, EXIT_OK, out, run_command
from fgdata.errors import Problem, UsageError
from fgeval.cli_compare import add_comparing, add_report
from fgeval.cli_run import (
    add_ask,
    add_data_flags,
    add_robust_verbs,
    add_run_verbs,
    find_rows,
    find_train,
    tell_failures,
    tell_left_out,
)
from fgeval.metrics import DEFAULT_MIN_N
from fgeval.profiles import DEFAULT_PROFILE, PROFILES


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    parsed = _build_parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int | None] = parsed.command
    return run_command(lambda: command(parsed))


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fgeval", description="How good are the calls a model makes?")
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    add_run_verbs(verbs)

    score = verbs.add_parser("score", help="score predictions; needs no model")
    score.set_defaults(command=_score)
    add_data_flags(score, "the rows the predictions were made for")
    score.add_argument("--predictions", required=True, help="predictions.jsonl, or the folder it lies in")
    score.add_argument("--out", type=named, required=True, help="folder for scores.jsonl and summary.json")
    score.add_argument(
        "--profile", choices=PROFILES, default=DEFAULT_PROFILE, help="scoring rules (default: %(default)s)"
    )
    score.add_argument(
        "--allow-missing", action="store_true", help="leave rows without a prediction out, and count them"
    )
    score.add_argument(
        "--skip-broken",
        action="store_true",
        help="leave rows of the data and lines of the predictions out that cannot be scored, and name them",
    )
    score.add_argument(
        "--train",
        action="append",
        default=[],
        metavar="FILE",
        help="mark items seen in this training file, or the split train of a data set on the Hub; score both parts",
    )
    score.add_argument(
        "--pack",
        help="pack whose ask_markers.yaml tells asking from other texts (default: that of the rows, if bundled)",
    )
    score.add_argument(
        "--min-n",
        type=int,
        default=DEFAULT_MIN_N,
        metavar="N",
        help="fewest items of a slice reported (default: %(default)s)",
    )
    score.add_argument("--overwrite", action="store_true", help="replace scores that --out holds")

    validate = verbs.add_parser(
        "validate",
        help="find gold that cannot pass, before any model runs",
        description="Look at test rows of any layout: gold that cannot pass, breaks its schema or contradicts itself, items that stand twice\n"
        "or in the training data. docs/layouts.md explains the rules. Exit code: 0 clean, 1 flaws at or above --fail-on, 2 bad input.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    validate.set_defaults(command=_validate)
    add_data_flags(validate, "test rows: JSONL or Parquet, in any layout")
    validate.add_argument("--train", action="append", default=[], metavar="FILE",
                          help="rows the model is trained on, a file or a data set on the Hub; may be given several times")  # fmt: skip
    validate.add_argument("--fail-on", choices=("error", "warning", "note"), default="error",
                          help="the mildest level that makes the exit code 1 (default: %(default)s)")  # fmt: skip
    validate.add_argument(
        "--limit",
        type=int,
        default=20,
        metavar="N",
        help="items shown for each rule, 0 for all; JSON holds all (default: %(default)s)",
    )
    validate.add_argument("--json", action="store_true", help="print the findings as JSON")
    add_comparing(verbs)

    add_report(verbs)
    add_robust_verbs(verbs)

    add_ask(verbs)
    return parser


def _score(parsed: argparse.Namespace) -> None:
    from fgeval.clustered import summary_lines
    from fgeval.report.figures import interval, percent
    from fgeval.scores import score_predictions

    summary = score_predictions(
        find_rows(parsed),
        parsed.predictions,
        parsed.out,
        profile=parsed.profile,
        allow_missing=parsed.allow_missing,
        skip_broken=parsed.skip_broken,
        train=find_train(parsed),
        pack=parsed.pack,
        min_n=parsed.min_n,
        overwrite=parsed.overwrite,
    )
    exact = summary["overall"]["exact"]
    line = f"Exact match {percent(exact['value'])} ({interval(exact)}), {exact['k']} of {exact['n']} items"
    if summary["missing"]:
        line += f"; {len(summary['missing'])} rows without a prediction are left out"
        if failed := len(summary["backend_errors"]):
            line += f", {failed} of them since the backend failed"
    if summary["not_scored"]:
        line += f"; {len(summary['not_scored'])} rows have no verdict under this profile and are left out"
    out.print(f"{line}: {parsed.out}", markup=False, highlight=False)
    tell_failures(summary["backend_errors"])
    tell_left_out(summary.get("left_out", ()))
    tell_left_out(summary.get("left_out_predictions", ()), "lines of the predictions")
    for text in summary_lines(summary):
        out.print(text, markup=False, highlight=False)


def _validate(parsed: argparse.Namespace) -> int:
    import json

    from fgdata.console import byte_progress
    from fgeval.validate import RULES, validate

    if parsed.limit < 0:
        raise UsageError(Problem("--limit", f"is {parsed.limit}; it must be at least 0."))
    data, train = find_rows(parsed), find_train(parsed)
    with byte_progress([os.fspath(file) for file in (data, *train)], "validating") as advance:
        found = validate(data, train, advance=advance)
    if parsed.json:
        print(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
    else:
        for name, count in found.counts.items():
            table = Table("item", "where", "what", title=escape(f"{name} ({RULES[name].level}): {RULES[name].what}"), title_justify="left")  # fmt: skip
            flaws = [flaw for flaw in found.flaws if flaw.rule == name]
            for flaw in flaws[: parsed.limit or None]:
                table.add_row(escape(flaw.id), escape(flaw.where), escape(flaw.what))
            if parsed.limit and count > parsed.limit:
                table.add_row("…", "", f"and {count - parsed.limit} more (--limit 0 shows all)")
            out.print(table)
        out.print(found.summary, markup=False, highlight=False)
    return EXIT_FINDINGS if found.fails(parsed.fail_on) else EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
