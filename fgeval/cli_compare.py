"""The verbs that set scored runs side by side: compare, gate, report."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from fgdata.arguments import named
from fgdata.console import EXIT_FINDINGS, EXIT_OK, err, out
from fgdata.errors import FgError, Problem, UsageError
from fgeval.cli_run import find_train

if TYPE_CHECKING:
    from fgeval.model_card import CardScores

EXIT_NOT_COMPARABLE = 3
"""The runs differ in what must be the same for a comparison."""
LANGUAGES = ("en", "ko")
"""Languages of a report."""


def add_comparing(verbs: Any) -> None:
    """The verbs compare and gate."""
    compare = verbs.add_parser(
        "compare", help="scored runs against a base on the same items: differences, intervals, tests"
    )
    compare.set_defaults(command=_compare)
    compare.add_argument("base", metavar="BASE", help="scores of the base: a folder, or NAME=FOLDER")
    compare.add_argument("new", metavar="NEW", nargs="+", help="scores to compare with it, each for itself")
    compare.add_argument(
        "--pool", action="store_true", help="NEW are seeds of one recipe: compare their mean"
    )
    compare.add_argument(
        "--train",
        action="append",
        default=[],
        metavar="FILE",
        help="compare items clean of this training file, or the split train of a data set on the Hub, apart",
    )
    compare.add_argument(
        "--min-n",
        type=int,
        default=20,
        metavar="N",
        help="fewest items of a slice shown (default: %(default)s)",
    )
    compare.add_argument("--json", metavar="FILE", help="write the comparison there as well")

    gate = verbs.add_parser(
        "gate",
        help="judge scored runs by a gate.toml: exit code 0 passed, 1 failed, 2 usage, 3 not comparable",
    )
    gate.set_defaults(command=_gate)
    gate.add_argument("--config", required=True, metavar="FILE", help="what is asked for: gate.toml")
    gate.add_argument("--base", metavar="DIR", help="scores of the base, in place of the file's")
    gate.add_argument(
        "--new",
        action="append",
        default=[],
        metavar="DIR",
        help="scores to judge, in place of the file's; several are seeds",
    )
    gate.add_argument("--out", type=named, metavar="DIR", help="folder for verdict.json and junit.xml")


def _add_card_flags(report: argparse.ArgumentParser) -> None:
    card = report.add_argument_group("model card", "also write model-index.yaml and eval-results.yaml")
    card.add_argument(
        "--card", metavar="MODEL", help="what the card calls the model, whose run is the last one"
    )
    card.add_argument("--dataset", metavar="OWNER/NAME", help="the data set on the hub that holds the items")
    card.add_argument("--dataset-split", default="test", metavar="SPLIT", help="default: %(default)s")
    card.add_argument("--dataset-revision", metavar="COMMIT", help="commit of the data set")
    card.add_argument("--source-url", metavar="URL", help="where a reader finds the report")


def _card(parsed: argparse.Namespace) -> CardScores | None:
    from fgeval.model_card import CardScores

    if not parsed.card and not parsed.dataset:
        return None
    UsageError.raise_if(
        Problem(f"--{name}", "is missing.", "--card and --dataset go together.")
        for name in ("card", "dataset")
        if not getattr(parsed, name)
    )
    return CardScores(
        parsed.card, parsed.dataset, parsed.dataset_split, parsed.dataset_revision, parsed.source_url
    )


def _compare(parsed: argparse.Namespace) -> int | None:
    from fgeval import tables
    from fgeval.comparable import NotComparableError
    from fgeval.compare import compare_runs, write_comparisons
    from fgeval.scores import read_scores

    if parsed.min_n < 1:
        raise UsageError(Problem("--min-n", f"is {parsed.min_n}; it must be at least 1."))
    base, *news = (read_scores(*_maybe_named(text)) for text in (parsed.base, *parsed.new))
    try:
        found = compare_runs(base, news, pool=parsed.pool, train=find_train(parsed), min_n=parsed.min_n)
    except NotComparableError as error:
        return _not_comparable(error)
    if parsed.json:
        write_comparisons(parsed.json, found)
    for comparison in found:
        out.print(tables.metric_table(comparison))
        if table := tables.slice_table(comparison):
            out.print(table)
        for line in tables.comparison_lines(comparison):
            out.print(line, markup=False, highlight=False)
        for line in comparison.warnings:
            err.print(f"warning: {line}", markup=False, highlight=False)
    return None


def _gate(parsed: argparse.Namespace) -> int | None:
    from fgeval import tables
    from fgeval.comparable import NotComparableError
    from fgeval.gate import run_gate, write_verdict
    from fgeval.gate_config import read_gate

    config = read_gate(parsed.config, base=parsed.base, new=parsed.new)
    try:
        verdict = run_gate(config)
    except NotComparableError as error:
        return _not_comparable(error)
    if parsed.out:
        write_verdict(parsed.out, verdict)
    out.print(tables.verdict_table(verdict))
    for line in verdict.warnings:
        err.print(f"warning: {line}", markup=False, highlight=False)
    out.print("The gate is passed." if verdict.passed else "The gate is not passed.")
    return EXIT_OK if verdict.passed else EXIT_FINDINGS


def _not_comparable(error: FgError) -> int:
    for problem in error.problems:
        err.print(f"error: {problem}", markup=False, highlight=False)
    return EXIT_NOT_COMPARABLE


def _maybe_named(text: str) -> tuple[str, str]:
    name, equals, folder = text.partition("=")
    return (name.strip(), folder) if equals and name.strip() and folder else (text, text)


def _report(parsed: argparse.Namespace) -> int | None:
    from fgeval.report import REPORT_FILES, NotComparableError, write_report
    from fgeval.scores import read_scores

    if parsed.max_failures < 0:
        raise UsageError(Problem("--max-failures", f"is {parsed.max_failures}; it must be at least 0."))
    runs = [read_scores(*_named(text)) for text in parsed.runs]
    try:
        view = write_report(
            runs,
            parsed.out,
            title=parsed.title or "",
            language=parsed.language,
            note=parsed.note,
            max_failures=parsed.max_failures,
            overwrite=parsed.overwrite,
            card=_card(parsed),
            robust=parsed.robust,
        )
    except NotComparableError as error:
        return _not_comparable(error)
    out.print(_summary_table(view))
    for name in (*REPORT_FILES, *view["card_files"]):
        out.print(f"{parsed.out}/{name}", markup=False, highlight=False)
    return None


def _named(text: str) -> tuple[str, str]:
    name, equals, folder = text.partition("=")
    if not equals or not name.strip() or not folder:
        raise UsageError(Problem("--run", f"{text!r} is no NAME=DIR.", "Write e.g. --run base=out/base."))
    return name.strip(), folder


def _summary_table(view: dict[str, Any]) -> Table:
    from fgeval.report.figures import interval, percent, points

    kind = (
        f"intervals by {view['n_families']} template families" if view["n_families"] else "Wilson intervals"
    )
    table = Table(title=escape(view["title"]), caption=f"{view['n']} items; 95 % {kind} in brackets")
    table.add_column("metric")
    for run in view["runs"]:
        table.add_column(escape(run["name"]), justify="right")
    if paired := len(view["runs"]) == 2:
        table.add_column("points", justify="right")
    for metric in view["headlines"]:
        rates = metric["rates"]
        cells = [f"{percent(rate['value'])} \\[{interval(rate)}]" if rate["n"] else "–" for rate in rates]
        if paired:
            known = all(rate["n"] for rate in rates)
            cells.append(points(rates[1]["value"] - rates[0]["value"]) if known else "–")
        table.add_row(metric["label"], *cells)
    return table


def add_report(verbs: Any) -> None:
    """The verb report."""
    report = verbs.add_parser(
        "report", help="a test report of one or more scored runs: report.md and report.html"
    )
    report.set_defaults(command=_report)
    report.add_argument("--run", required=True, action="append", metavar="NAME=DIR", dest="runs",
                        help="a name and a folder that `score` wrote; the first is what the others are compared with")  # fmt: skip
    report.add_argument("--out", type=named, required=True, help="folder for the report")
    report.add_argument("--title", help="heading of the report")
    report.add_argument(
        "--language", choices=LANGUAGES, default="en", help="of headings and sentences (default: %(default)s)"
    )
    report.add_argument(
        "--robust",
        action="append",
        default=[],
        metavar="DIR",
        help="add the flip rates that `robust --out` wrote",
    )
    report.add_argument("--note", default="", help="a sentence shown at the top")
    report.add_argument(
        "--max-failures",
        type=int,
        default=1000,
        metavar="N",
        help="failed items listed (default: %(default)s)",
    )
    report.add_argument("--overwrite", action="store_true", help="replace a report that --out holds")
    _add_card_flags(report)
