"""fgeval run | join | score | validate | compare | gate | report | twins | robust | ask: flags in, one library call, results out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from fgdata.console import EXIT_FINDINGS, EXIT_OK, err, out, run_command
from fgdata.errors import FgError, Problem, UsageError
from fgdata.hub.source import HubData, find_data
from fgdata.schema import calls_to_text
from fgeval.backends import BACKENDS, BackendOptions
from fgeval.metrics import DEFAULT_MIN_N
from fgeval.profiles import DEFAULT_PROFILE, PROFILES

if TYPE_CHECKING:
    from fgeval.model_card import CardScores

EXIT_NOT_COMPARABLE = 3
"""The runs differ in what must be the same for a comparison."""
_SHOWN = 5
"""Failures that are printed; errors.jsonl has all."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    parsed = _build_parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int | None] = parsed.command
    return run_command(lambda: command(parsed))


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fgeval", description="How good are the calls a model makes?")
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    _add_run_verbs(verbs)

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
    score.add_argument(
        "--train",
        action="append",
        default=[],
        metavar="FILE",
        help="mark items seen in this training file, score both parts",
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
    validate.add_argument("--data", required=True, help="test rows: JSONL or Parquet, in any layout")
    validate.add_argument("--train", action="append", default=[], metavar="FILE",
                          help="rows the model is trained on; may be given several times")  # fmt: skip
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
    _add_comparing(verbs)

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
    _add_card_flags(report)

    _add_robust_verbs(verbs)

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


def _add_comparing(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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
        help="compare items clean of this training file apart",
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
    gate.add_argument("--out", metavar="DIR", help="folder for verdict.json and junit.xml")


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


def _add_run_verbs(verbs: Any) -> None:
    run = verbs.add_parser("run", help="a model's predictions for the rows of a data file")
    run.set_defaults(command=_run)
    _add_data_flags(run, "rows in any layout, e.g. test.jsonl")
    run.add_argument(
        "--out",
        required=True,
        help="folder for predictions.jsonl and run.json; an unfinished run goes on there",
    )
    run.add_argument("--backend", choices=BACKENDS, default="transformers", help="default: %(default)s")
    _add_model_flags(run, several=True)
    run.add_argument("--merge", action="store_true", help="merge the adapter into the weights first: faster")
    run.add_argument("--predictions", help="recorded predictions, for --backend replay")
    run.add_argument("--callable", metavar="MODULE:FUNCTION", help="what answers, for --backend python")
    run.add_argument("--base-url", metavar="URL", help="server with OpenAI's API, for --backend openai")
    run.add_argument("--endpoint", choices=("chat", "completions"), default="chat",
                     help="chat sends messages and tools, completions our own prompt (default: %(default)s)")  # fmt: skip
    run.add_argument("--api-key-env", default="OPENAI_API_KEY", metavar="NAME",
                     help="environment variable with the server's key (default: %(default)s)")  # fmt: skip
    run.add_argument("--concurrency", type=int, default=8, metavar="N",
                     help="requests to the server at once (default: %(default)s)")  # fmt: skip
    run.add_argument("--retries", type=int, default=4, metavar="N",
                     help="further tries of a request, with growing pauses (default: %(default)s)")  # fmt: skip
    run.add_argument("--timeout-s", type=float, default=120.0, metavar="S",
                     help="seconds until a request is given up (default: %(default)s)")  # fmt: skip
    run.add_argument(
        "--batch-size", type=int, default=16, metavar="N", help="prompts a batch (default: %(default)s)"
    )
    run.add_argument("--limit", type=int, metavar="N", help="only the first N rows that --filter leaves")
    run.add_argument("--filter", action="append", default=[], metavar="KEY=VALUE", dest="filters",
                     help="only rows with this kind, intent, family, ...; may be given again")  # fmt: skip
    run.add_argument(
        "--shard", metavar="I/N", help="only every N-th row, from the I-th on; see `fgeval join`"
    )

    join = verbs.add_parser("join", help="put the predictions of all shards together as one run")
    join.set_defaults(command=_join)
    join.add_argument("shards", nargs="+", metavar="DIR", help="folders that `run --shard` wrote")
    join.add_argument("--out", required=True, help="folder for predictions.jsonl and run.json")


def _add_robust_verbs(verbs: Any) -> None:
    twins = verbs.add_parser("twins", help="items and their twins, for `run` and `score`; see `robust`")
    twins.set_defaults(command=_twins)
    twins.add_argument("--data", required=True, help="the rows to make twins of")
    twins.add_argument("--out", required=True, metavar="FILE", help="JSONL file of items and twins")
    twins.add_argument("--kind", action="append", default=[], dest="kinds",
                       help="only this kind of twin; may be given again (docs/robustness.md lists them)")  # fmt: skip
    twins.add_argument("--k", type=int, default=3, metavar="N", help="twins of a kind an item (default: %(default)s)")  # fmt: skip
    twins.add_argument("--seed", type=int, default=0, help="default: %(default)s")

    robust = verbs.add_parser("robust", help="how often verdicts flip between items and their twins")
    robust.set_defaults(command=_robust)
    robust.add_argument("--data", required=True, help="the file that `twins` wrote")
    robust.add_argument("--scores", required=True, metavar="DIR", help="the folder that `score` wrote for it")
    robust.add_argument("--out", metavar="DIR", help="folder for robust.json and robust.md")


def _add_data_flags(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "--data", required=True, help=f"{what}; or a data set on the Hub: OWNER/NAME, maybe @REVISION"
    )
    parser.add_argument("--data-config", metavar="NAME", help="of a data set on the Hub: its configuration")
    parser.add_argument("--data-split", metavar="NAME", help="of a data set on the Hub (default: test)")


def _data(parsed: argparse.Namespace) -> str | HubData:
    return find_data(parsed.data, parsed.data_config, parsed.data_split, default_split="test")


def _add_model_flags(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    parser.add_argument("--model", help="base model: a folder, or a name on the hub")
    if several:
        parser.add_argument("--adapter", action="append", default=[], dest="adapters",
                            help="folder of a LoRA adapter for it; given again, each is a run in a folder of --out")  # fmt: skip
    else:
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
        adapter=getattr(parsed, "adapter", None),
        revision=parsed.revision,
        device=parsed.device,
        dtype=parsed.dtype,
        max_new_tokens=parsed.max_new_tokens,
        predictions=getattr(parsed, "predictions", None),
    )


def _run(parsed: argparse.Namespace) -> int:
    from fgeval.run import run_adapters

    options = replace(
        _options(parsed),
        merge=parsed.merge,
        function=parsed.callable,
        base_url=parsed.base_url,
        endpoint=parsed.endpoint,
        api_key_env=parsed.api_key_env,
        concurrency=parsed.concurrency,
        retries=parsed.retries,
        timeout_s=parsed.timeout_s,
    )
    results = run_adapters(
        _data(parsed),
        parsed.out,
        parsed.adapters,
        backend=parsed.backend,
        options=options,
        batch_size=parsed.batch_size,
        limit=parsed.limit,
        shard=parsed.shard,
        filters=parsed.filters,
    )
    for result in results:
        before = f", {result.n_done_before} of them from before" if result.n_done_before else ""
        err.print(f"{result.n} predictions{before}: {result.folder}", markup=False, highlight=False)
        for failure in result.failures[:_SHOWN]:
            err.print(f"no answer: {failure.id}: {failure.reason}", markup=False, highlight=False)
        if result.failures:
            text = f"{len(result.failures)} items have no prediction (errors.jsonl): no wrong answers, and not scored. Run again to try them again."
            err.print(text, markup=False, highlight=False)
    return EXIT_FINDINGS if any(result.failures for result in results) else EXIT_OK


def _join(parsed: argparse.Namespace) -> None:
    from fgeval.run import join_runs

    n = join_runs(parsed.shards, parsed.out)
    err.print(f"{n} predictions: {parsed.out}", markup=False, highlight=False)


def _score(parsed: argparse.Namespace) -> None:
    from fgeval.clustered import summary_lines
    from fgeval.report.view import interval, percent
    from fgeval.scores import score_predictions

    summary = score_predictions(
        _data(parsed),
        parsed.predictions,
        parsed.out,
        profile=parsed.profile,
        allow_missing=parsed.allow_missing,
        train=parsed.train,
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
    for text in summary_lines(summary):
        out.print(text, markup=False, highlight=False)


def _compare(parsed: argparse.Namespace) -> int | None:
    from fgeval import tables
    from fgeval.comparable import NotComparableError
    from fgeval.compare import compare_runs, write_comparisons
    from fgeval.scores import read_scores

    if parsed.min_n < 1:
        raise UsageError(Problem("--min-n", f"is {parsed.min_n}; it must be at least 1."))
    base, *news = (read_scores(*_maybe_named(text)) for text in (parsed.base, *parsed.new))
    try:
        found = compare_runs(base, news, pool=parsed.pool, train=parsed.train, min_n=parsed.min_n)
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


def _validate(parsed: argparse.Namespace) -> int:
    import json

    from fgdata.console import EXIT_FINDINGS, EXIT_OK, byte_progress
    from fgeval.validate import RULES, validate

    if parsed.limit < 0:
        raise UsageError(Problem("--limit", f"is {parsed.limit}; it must be at least 0."))
    with byte_progress([parsed.data, *parsed.train], "validating") as advance:
        found = validate(parsed.data, parsed.train, advance=advance)
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
            card=_card(parsed),
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


def _twins(parsed: argparse.Namespace) -> None:
    from fgeval.robust import make_twins

    counts = make_twins(parsed.data, parsed.out, kinds=parsed.kinds, k=parsed.k, seed=parsed.seed)
    table = Table("twins", "n", "items that have one", title=f"{counts.items} items")
    for kind, n in counts.twins.items():
        table.add_row(kind, str(n), str(counts.items_with[kind]))
    out.print(table)
    err.print(
        f"{counts.items + sum(counts.twins.values())} rows: {parsed.out}", markup=False, highlight=False
    )


def _robust(parsed: argparse.Namespace) -> None:
    from fgeval.robust.flips import COLUMNS, LEGEND, flips_cells, measure_flips

    table = Table(caption=LEGEND)
    for number, column in enumerate(COLUMNS[:-1]):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    for flips in measure_flips(parsed.data, parsed.scores, parsed.out):
        table.add_row(*flips_cells(flips)[:-1])
    out.print(table)


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
