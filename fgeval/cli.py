"""fgeval run | score | report | ask: flags in, one library call, results out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from fgdata.console import err, out, run_command
from fgdata.errors import Problem, UsageError
from fgdata.hub.source import HubData, find_data
from fgdata.schema import calls_to_text
from fgeval.backends import BACKENDS, BackendOptions
from fgeval.profiles import DEFAULT_PROFILE, PROFILES

EXIT_NOT_COMPARABLE = 3
"""The runs differ in what must be the same for a comparison."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    parsed = _build_parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int | None] = parsed.command
    return run_command(lambda: command(parsed))


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fgeval", description="How good are the calls a model makes?")
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    run = verbs.add_parser("run", help="a model's predictions for the rows of a data file")
    run.set_defaults(command=_run)
    _add_data_flags(run, "JSONL rows, e.g. test.jsonl")
    run.add_argument(
        "--out",
        required=True,
        help="folder for predictions.jsonl and run.json; an unfinished run goes on there",
    )
    run.add_argument("--backend", choices=BACKENDS, default="transformers", help="default: %(default)s")
    _add_model_flags(run)
    run.add_argument("--predictions", help="recorded predictions, for --backend replay")
    run.add_argument(
        "--batch-size", type=int, default=16, metavar="N", help="prompts a batch (default: %(default)s)"
    )
    run.add_argument("--limit", type=int, metavar="N", help="only the first N rows")

    score = verbs.add_parser("score", help="score predictions; needs no model")
    score.set_defaults(command=_score)
    _add_data_flags(score, "the rows the predictions were made for")
    score.add_argument("--predictions", required=True, help="predictions.jsonl, or the folder it lies in")
    score.add_argument("--out", required=True, help="folder for scores.jsonl and summary.json")
    score.add_argument(
        "--profile", choices=PROFILES, default=DEFAULT_PROFILE, help="scoring rules (default: %(default)s)"
    )
    score.add_argument(
        "--allow-missing", action="store_true", help="leave rows without a prediction out, and count them"
    )
    score.add_argument("--overwrite", action="store_true", help="replace scores that --out holds")

    report = verbs.add_parser(
        "report", help="a test report of one or more scored runs: report.md and report.html"
    )
    report.set_defaults(command=_report)
    report.add_argument("--run", required=True, action="append", metavar="NAME=DIR", dest="runs",
                        help="a name and a folder that `score` wrote; the first is what the others are compared with")  # fmt: skip
    report.add_argument("--out", required=True, help="folder for the report")
    report.add_argument("--title", help="heading of the report")
    report.add_argument("--note", default="", help="a sentence shown at the top")
    report.add_argument(
        "--max-failures",
        type=int,
        default=1000,
        metavar="N",
        help="failed items listed (default: %(default)s)",
    )
    report.add_argument("--overwrite", action="store_true", help="replace a report that --out holds")

    ask = verbs.add_parser("ask", help="what a model makes of one utterance")
    ask.set_defaults(command=_ask)
    ask.add_argument("utterance")
    _add_model_flags(ask)
    tools = ask.add_mutually_exclusive_group(required=True)
    tools.add_argument("--pack", help="declare the tools of this pack: its name or folder")
    tools.add_argument("--tools", help="declare the tools of this JSON file")
    ask.add_argument("--developer", metavar="TEXT", help="the developer line (default: the pack's)")
    ask.add_argument("--show-prompt", action="store_true", help="print the prompt as the model sees it")
    return parser


def _add_data_flags(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "--data", required=True, help=f"{what}; or a data set on the Hub: OWNER/NAME, maybe @REVISION"
    )
    parser.add_argument("--data-config", metavar="NAME", help="of a data set on the Hub: its configuration")
    parser.add_argument("--data-split", metavar="NAME", help="of a data set on the Hub (default: test)")


def _data(parsed: argparse.Namespace) -> str | HubData:
    return find_data(parsed.data, parsed.data_config, parsed.data_split, default_split="test")


def _add_model_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", help="base model: a folder, or a name on the hub")
    parser.add_argument("--adapter", help="folder of a LoRA adapter for it")
    parser.add_argument("--revision", help="branch, tag or commit of a hub model")
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: %(default)s"
    )
    parser.add_argument("--dtype", choices=("auto", "float32", "bfloat16"), default="auto",
                        help="number type (default: %(default)s, float32 on a CPU, bfloat16 on a GPU)")  # fmt: skip
    parser.add_argument("--max-new-tokens", type=int, default=128, metavar="N", help="default: %(default)s")


def _options(parsed: argparse.Namespace) -> BackendOptions:
    if parsed.max_new_tokens < 1:
        raise UsageError(Problem("--max-new-tokens", f"is {parsed.max_new_tokens}; it must be at least 1."))
    return BackendOptions(
        model=parsed.model,
        adapter=parsed.adapter,
        revision=parsed.revision,
        device=parsed.device,
        dtype=parsed.dtype,
        max_new_tokens=parsed.max_new_tokens,
        predictions=getattr(parsed, "predictions", None),
    )


def _run(parsed: argparse.Namespace) -> None:
    from fgeval.run import run_model

    result = run_model(
        _data(parsed),
        parsed.out,
        backend=parsed.backend,
        options=_options(parsed),
        batch_size=parsed.batch_size,
        limit=parsed.limit,
    )
    before = f", {result.n_done_before} of them from before" if result.n_done_before else ""
    err.print(f"{result.n} predictions{before}: {result.folder}", markup=False, highlight=False)


def _score(parsed: argparse.Namespace) -> None:
    from fgeval.report.view import interval, percent
    from fgeval.scores import score_predictions

    summary = score_predictions(
        _data(parsed),
        parsed.predictions,
        parsed.out,
        profile=parsed.profile,
        allow_missing=parsed.allow_missing,
        overwrite=parsed.overwrite,
    )
    exact = summary["overall"]["exact"]
    line = f"Exact match {percent(exact['value'])} ({interval(exact)}), {exact['k']} of {exact['n']} items"
    if summary["missing"]:
        line += f"; {len(summary['missing'])} rows without a prediction are left out"
    out.print(f"{line}: {parsed.out}", markup=False, highlight=False)


def _report(parsed: argparse.Namespace) -> int | None:
    from fgeval.report import DEFAULT_TITLE, REPORT_FILES, NotComparableError, write_report
    from fgeval.scores import read_scores

    if parsed.max_failures < 0:
        raise UsageError(Problem("--max-failures", f"is {parsed.max_failures}; it must be at least 0."))
    runs = [read_scores(*_named(text)) for text in parsed.runs]
    try:
        view = write_report(
            runs,
            parsed.out,
            title=parsed.title or DEFAULT_TITLE,
            note=parsed.note,
            max_failures=parsed.max_failures,
            overwrite=parsed.overwrite,
        )
    except NotComparableError as error:
        for problem in error.problems:
            err.print(f"error: {problem}", markup=False, highlight=False)
        return EXIT_NOT_COMPARABLE
    out.print(_summary_table(view))
    for name in REPORT_FILES:
        out.print(f"{parsed.out}/{name}", markup=False, highlight=False)
    return None


def _named(text: str) -> tuple[str, str]:
    name, equals, folder = text.partition("=")
    if not equals or not name.strip() or not folder:
        raise UsageError(Problem("--run", f"{text!r} is no NAME=DIR.", "Write e.g. --run base=out/base."))
    return name.strip(), folder


def _summary_table(view: dict[str, Any]) -> Table:
    from fgeval.report.view import interval, percent, points

    table = Table(
        title=escape(view["title"]), caption=f"{view['n']} items; 95 % Wilson intervals in brackets"
    )
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


def _ask(parsed: argparse.Namespace) -> None:
    from fgdata.format import TRIGGER
    from fgeval.ask import ask_model, read_tools

    if parsed.pack is not None:
        from fgdata.packs import load_pack

        pack = load_pack(parsed.pack)
        tools, developer = pack.tool_entries, pack.developer
    else:
        tools, developer = read_tools(parsed.tools), TRIGGER
    answer = ask_model(_options(parsed), parsed.utterance, tools, parsed.developer or developer)
    prediction = answer.prediction
    if parsed.show_prompt:
        _print_part("prompt", answer.prompt)
    _print_part("raw", prediction.text)
    _print_part("calls", calls_to_text(answer.completion.calls))
    for problem in answer.completion.problems:
        _print_part("problem", f"character {problem.offset}: {problem.what}")
    _print_part(
        "time",
        f"{prediction.time_s:.2f} s, {prediction.prompt_tokens} + {prediction.completion_tokens} tokens",
    )


def _print_part(label: str, text: str) -> None:
    out.print(f"[bold]{label:<8}[/bold]{escape(text)}", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
