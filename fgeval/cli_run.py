"""The verbs that ask a model, or prepare and read such runs: run, join, ask, twins, robust."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rich.markup import escape
from rich.table import Table

from fgdata.arguments import named
from fgdata.console import EXIT_FINDINGS, EXIT_OK, err, out
from fgdata.errors import Problem, UsageError
from fgdata.hub.source import HubData, find_data
from fgdata.schema import calls_to_text
from fgeval.backends import BACKENDS, BackendOptions

_SHOWN = 5
"""Failures that are printed; errors.jsonl has all."""


def add_data_flags(parser: argparse.ArgumentParser, what: str) -> None:
    """The flags that name the rows."""
    parser.add_argument(
        "--data", required=True, help=f"{what}; or a data set on the Hub: OWNER/NAME, maybe @REVISION"
    )
    parser.add_argument("--data-config", metavar="NAME", help="of a data set on the Hub: its configuration")
    parser.add_argument("--data-split", metavar="NAME", help="of a data set on the Hub (default: test)")


def find_rows(parsed: argparse.Namespace) -> str | HubData:
    """The rows that the flags name: a file, or a data set on the Hub."""
    return find_data(parsed.data, parsed.data_config, parsed.data_split, default_split="test")


def find_train(parsed: argparse.Namespace) -> list[str | HubData]:
    """The training rows of `--train`; a data set that the items are from, too, is read in their configuration."""
    data = getattr(parsed, "data", "").partition("@")[0]
    return [
        find_data(
            name, parsed.data_config if name.partition("@")[0] == data else None, None, default_split="train"
        )
        for name in parsed.train
    ]


def add_model_flags(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """The flags that say which model, and how it is run."""
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


def model_options(parsed: argparse.Namespace) -> BackendOptions:
    """What the flags of a model say."""
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


def add_run_verbs(verbs: Any) -> None:
    """The verbs run and join."""
    run = verbs.add_parser("run", help="a model's predictions for the rows of a data file")
    run.set_defaults(command=_run)
    add_data_flags(run, "rows in any layout, e.g. test.jsonl")
    run.add_argument(
        "--out",
        type=named,
        required=True,
        help="folder for predictions.jsonl and run.json; an unfinished run goes on there",
    )
    run.add_argument("--backend", choices=BACKENDS, default="transformers", help="default: %(default)s")
    add_model_flags(run, several=True)
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
    run.add_argument(
        "--skip-broken", action="store_true", help="leave rows out that cannot be scored, and name them"
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
    join.add_argument("--out", type=named, required=True, help="folder for predictions.jsonl and run.json")


def _run(parsed: argparse.Namespace) -> int:
    from fgeval.run import run_adapters

    options = replace(
        model_options(parsed),
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
        find_rows(parsed),
        parsed.out,
        parsed.adapters,
        backend=parsed.backend,
        options=options,
        batch_size=parsed.batch_size,
        limit=parsed.limit,
        shard=parsed.shard,
        filters=parsed.filters,
        skip_broken=parsed.skip_broken,
    )
    tell_left_out(results[0].left_out)
    for result in results:
        before = f", {result.n_done_before} of them from before" if result.n_done_before else ""
        err.print(f"{result.n} predictions{before}: {result.folder}", markup=False, highlight=False)
        tell_failures([{"id": failure.id, "reason": failure.reason} for failure in result.failures])
        if result.failures:
            text = f"{len(result.failures)} items have no prediction (errors.jsonl): no wrong answers, and not scored. Run again to try them again."
            err.print(text, markup=False, highlight=False)
    return EXIT_FINDINGS if any(result.failures for result in results) else EXIT_OK


def tell_failures(failures: Sequence[Mapping[str, str]]) -> None:
    """Name the items that the backend could not answer, with its reasons; the first of them where there are many."""
    for failure in failures[:_SHOWN]:
        err.print(f"no answer: {failure['id']}: {failure['reason']}", markup=False, highlight=False)
    if len(failures) > _SHOWN:
        err.print(f"no answer: {len(failures) - _SHOWN} more", markup=False, highlight=False)


def tell_left_out(problems: Sequence[object], what: str = "rows of the data") -> None:
    """Name the rows of the data, or what else was left out, and count them."""
    for problem in problems[:_SHOWN]:
        err.print(f"left out: {problem}", markup=False, highlight=False)
    if problems:
        err.print(f"{len(problems)} {what} are left out.", markup=False, highlight=False)


def _join(parsed: argparse.Namespace) -> None:
    from fgeval.run import join_runs

    n = join_runs(parsed.shards, parsed.out)
    err.print(f"{n} predictions: {parsed.out}", markup=False, highlight=False)


def _twins(parsed: argparse.Namespace) -> None:
    from fgeval.robust import make_twins

    counts = make_twins(find_rows(parsed), parsed.out, kinds=parsed.kinds, k=parsed.k, seed=parsed.seed)
    table = Table(
        "twins",
        "n",
        "items that have one",
        "of those with a call",
        title=f"{counts.items} items, {counts.call_items} with a call",
    )
    for kind, n in counts.twins.items():
        share = counts.calls_with[kind] / counts.call_items if counts.call_items else None
        table.add_row(kind, str(n), str(counts.items_with[kind]), "–" if share is None else f"{share:.1%}")
    out.print(table)
    err.print(
        f"{counts.items + sum(counts.twins.values())} rows: {parsed.out}", markup=False, highlight=False
    )


def _robust(parsed: argparse.Namespace) -> None:
    from fgeval.robust.flips import COLUMNS, LEGEND, N_TERMINAL, flips_cells, measure_flips, rough_kinds

    table = Table(caption=LEGEND, box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for number, column in enumerate(COLUMNS[:N_TERMINAL]):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    measured = measure_flips(find_rows(parsed), parsed.scores, parsed.out)
    for flips in measured:
        table.add_row(*flips_cells(flips)[:N_TERMINAL])
    out.print(table)
    if rough := rough_kinds(measured):
        out.print(f"Warning: {rough}.", markup=False, highlight=False)


def add_robust_verbs(verbs: Any) -> None:
    """The verbs twins and robust."""
    twins = verbs.add_parser("twins", help="items and their twins, for `run` and `score`; see `robust`")
    twins.set_defaults(command=_twins)
    add_data_flags(twins, "the rows to make twins of")
    twins.add_argument(
        "--out", type=named, required=True, metavar="FILE", help="JSONL file of items and twins"
    )
    twins.add_argument("--kind", action="append", default=[], dest="kinds",
                       help="only this kind of twin; may be given again (docs/robustness.md lists them)")  # fmt: skip
    twins.add_argument("--k", type=int, default=3, metavar="N", help="twins of a kind an item (default: %(default)s)")  # fmt: skip
    twins.add_argument("--seed", type=int, default=0, help="default: %(default)s")

    robust = verbs.add_parser("robust", help="how often verdicts flip between items and their twins")
    robust.set_defaults(command=_robust)
    add_data_flags(robust, "the file that `twins` wrote")
    robust.add_argument("--scores", required=True, metavar="DIR", help="the folder that `score` wrote for it")
    robust.add_argument("--out", type=named, metavar="DIR", help="folder for robust.json and robust.md")


def _ask(parsed: argparse.Namespace) -> None:
    from fgdata.format import TRIGGER
    from fgeval.ask import ask_model, read_tools

    if parsed.pack is not None:
        from fgdata.packs import load_pack

        pack = load_pack(parsed.pack)
        tools, developer = pack.tool_entries, pack.developer
    else:
        tools, developer = read_tools(parsed.tools), TRIGGER
    answer = ask_model(model_options(parsed), parsed.utterance, tools, parsed.developer or developer)
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


def add_ask(verbs: Any) -> None:
    """The verb ask."""
    ask = verbs.add_parser("ask", help="what a model makes of one utterance")
    ask.set_defaults(command=_ask)
    ask.add_argument("utterance")
    add_model_flags(ask)
    tools = ask.add_mutually_exclusive_group(required=True)
    tools.add_argument("--pack", help="declare the tools of this pack: its name or folder")
    tools.add_argument("--tools", help="declare the tools of this JSON file")
    ask.add_argument("--developer", metavar="TEXT", help="the developer line (default: the pack's)")
    ask.add_argument("--show-prompt", action="store_true", help="print the prompt as the model sees it")
