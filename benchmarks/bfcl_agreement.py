"""Whether the profile `bfcl` says what bfcl-eval's own checker says, verdict and error type, over its gold answers changed in many ways.

    python benchmarks/bfcl_agreement.py --site work/bfcl [--json OUT]

benchmarks/peers/README.md tells how to install bfcl-eval there. Only its checker and its data are used. Of the module that
lists the leaderboard's models, which needs every vendor's client, a stand-in is given: the checker asks it one thing, whether a
model writes `_` for `.` in names, and the answer is no.
"""

from __future__ import annotations

import argparse
import copy
import importlib
import itertools
import json
import sys
import types
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.table import Table

from fgdata.console import out
from fgdata.files import write_whole
from fgdata.format import Completion
from fgdata.gold import Gold, GoldCall
from fgdata.schema import Call
from fgeval.profiles import Judgement
from fgeval.profiles.bfcl import judge

CATEGORIES = (
    *("simple_python", "multiple", "parallel", "parallel_multiple"),
    *("live_simple", "live_multiple", "live_parallel", "live_parallel_multiple"),
)
Answer = list[dict[str, dict[str, Any]]]
Mutation = Callable[[Answer, dict[str, Any]], Answer | None]


def gold_answer(truth: list[dict[str, Any]], *, optional: bool = True, last: bool = False) -> Answer:
    """The calls that the ground truth asks for, with the first (or last) value it accepts of each argument."""
    return [
        {
            name: {
                key: concrete(pick(values, last=last), last=last)
                for key, values in arguments.items()
                if pick(values, last=last) != "" and (optional or "" not in values)
            }
            for name, arguments in call.items()
        }
        for call in truth
    ]


def pick(values: list[Any], *, last: bool) -> Any:
    """One of the values that will do; `""` only if there is no other."""
    told = [value for value in values if value != ""] or [""]
    return told[-1 if last else 0]


def concrete(value: Any, *, last: bool) -> Any:
    """A value that fits a pattern of gold: of a mapping's members the lists become values."""
    if isinstance(value, dict):
        picked = {
            key: pick(part, last=last) if isinstance(part, list) and part else part
            for key, part in value.items()
        }
        return {key: part for key, part in picked.items() if part != ""}
    if isinstance(value, list) and any(isinstance(part, dict) for part in value):
        return [concrete(part, last=last) for part in value]
    return value


def on_values(change: Callable[[Any], Any], which: int = 0) -> Mutation:
    """Change one argument's value, the first or the last; None if `change` has no use for any."""

    def mutate(answer: Answer, _entry: dict[str, Any]) -> Answer | None:
        places = [(call, name, key) for call in answer for name in call for key in call[name]]
        for call, name, key in places if which == 0 else reversed(places):
            changed = change(call[name][key])
            if changed is not None:
                call[name][key] = changed
                return answer
        return None

    return mutate


def of(kind: type | tuple[type, ...], change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`change` for values of this type (a bool is no int); None for others."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return lambda value: change(value) if type(value) in kinds else None


def renamed(change: Callable[[str], str]) -> Mutation:
    """The first call under another name."""
    return lambda answer, _: [{change(name): args for name, args in answer[0].items()}, *answer[1:]]


def on_arguments(change: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any] | None]) -> Mutation:
    """Change the last call's arguments, told of the parameters of its function."""

    def mutate(answer: Answer, entry: dict[str, Any]) -> Answer | None:
        ((name, arguments),) = answer[-1].items()
        found = next((one for one in entry["function"] if one["name"] == name), {"parameters": {}})
        changed = change(arguments, found["parameters"])
        return None if changed is None else [*answer[:-1], {name: changed}]

    return mutate


def drop(position: int) -> Callable[[dict[str, Any], dict[str, Any]], dict[str, Any] | None]:
    """The arguments without the one at this position."""
    return lambda arguments, _: (
        {key: arguments[key] for key in arguments if key != list(arguments)[position]} if arguments else None
    )


def others(arguments: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any] | None:
    """The arguments and a legal optional one that is not given."""
    free = [name for name in parameters.get("properties", {}) if name not in arguments]
    return {**arguments, free[0]: "x"} if free else None


def permuted(number: int) -> Mutation:
    """The calls in the number-th of their orders."""

    def mutate(answer: Answer, _entry: dict[str, Any]) -> Answer | None:
        orders = list(itertools.islice(itertools.permutations(answer), number + 1))
        return list(orders[number]) if len(orders) > number else None

    return mutate


TEXTS: dict[str, Callable[[str], str]] = {
    "upper case": str.upper, "lower case": str.lower, "title case": str.title, "blanks around": lambda t: f"  {t} ",
    "blanks out": lambda t: t.replace(" ", ""), "blanks doubled": lambda t: t.replace(" ", "  "),
    "hyphens for blanks": lambda t: t.replace(" ", "-"), "underscores": lambda t: t.replace(" ", "_"),
    "full stop": lambda t: t + ".", "comma": lambda t: t + ",", "slash": lambda t: "/" + t, "caret and star": lambda t: f"*{t}^",
    "exclamation": lambda t: t + "!", "question mark": lambda t: t + "?", "colon": lambda t: t + ":", "semicolon": lambda t: t + ";",
    "parentheses": lambda t: f"({t})", "tab": lambda t: t + "\t", "line feed": lambda t: t + "\n", "quotes": lambda t: f"'{t}'",
    "double quotes": lambda t: f'"{t}"', "full width": lambda t: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in t),
    "no-break blank": lambda t: t.replace(" ", "\u00a0"), "minus": lambda t: "-" + t, "emptied": lambda t: "", "cut": lambda t: t[:-1],
    "letter more": lambda t: t + "s", "sharp s": lambda t: t + "ß", "Hangul": lambda t: "거실",
}  # fmt: skip
NUMBERS = (int, float)
MUTATIONS: dict[str, Mutation] = {
    "as it stands": lambda answer, _: answer,
    **{f"text: {name}": on_values(of(str, change)) for name, change in TEXTS.items()},
    **{f"last text: {name}": on_values(of(str, TEXTS[name]), 1) for name in ("upper case", "letter more", "comma", "emptied")},
    "text to list": on_values(of(str, lambda v: [v])), "text to mapping": on_values(of(str, lambda v: {"v": v})),
    "text to number": on_values(of(str, len)), "int to float": on_values(of(int, float)), "int to text": on_values(of(int, str)),
    "int to bool": on_values(of(int, bool)), "int plus one": on_values(of(int, lambda v: v + 1)),
    "int negated": on_values(of(int, lambda v: -v)), "int and a half": on_values(of(int, lambda v: v + 0.5)),
    "int to list": on_values(of(int, lambda v: [v])), "float to int": on_values(of(float, int)), "float to text": on_values(of(float, str)),
    "float nudged": on_values(of(float, lambda v: v + 1e-9)), "float negated": on_values(of(float, lambda v: -v)),
    "bool flipped": on_values(of(bool, lambda v: not v)), "bool to int": on_values(of(bool, int)),
    "bool to text": on_values(of(bool, lambda v: str(v).lower())), "bool to float": on_values(of(bool, float)),
    "list reversed": on_values(of(list, lambda v: v[::-1])), "list shorter": on_values(of(list, lambda v: v[:-1])),
    "list longer": on_values(of(list, lambda v: [*v, *v[-1:]])), "list emptied": on_values(of(list, lambda v: [])),
    "list to text": on_values(of(list, str)), "list nested": on_values(of(list, lambda v: [v])),
    "list: texts upper": on_values(of(list, lambda v: [i.upper() if isinstance(i, str) else i for i in v])),
    "list: items to text": on_values(of(list, lambda v: [str(i) for i in v])),
    "list: numbers to float": on_values(of(list, lambda v: [float(i) if type(i) is int else i for i in v])),
    "list: odd item": on_values(of(list, lambda v: [*v[:-1], {"x": 1}])),
    "list: mappings less a key": on_values(of(list, lambda v: [dict(list(i.items())[1:]) if isinstance(i, dict) else i for i in v])),
    "list: mappings plus a key": on_values(of(list, lambda v: [{**i, "zz": 1} if isinstance(i, dict) else i for i in v])),
    "mapping less its first key": on_values(of(dict, lambda v: dict(list(v.items())[1:]))),
    "mapping less its last key": on_values(of(dict, lambda v: dict(list(v.items())[:-1]))),
    "mapping plus a key": on_values(of(dict, lambda v: {**v, "zz": 1})), "mapping emptied": on_values(of(dict, lambda v: {})),
    "mapping: texts upper": on_values(of(dict, lambda v: {k: i.upper() if isinstance(i, str) else i for k, i in v.items()})),
    "mapping: values to text": on_values(of(dict, lambda v: {k: str(i) for k, i in v.items()})),
    "mapping: values wrapped": on_values(of(dict, lambda v: {k: [i] for k, i in v.items()})),
    "mapping to text": on_values(of(dict, json.dumps)), "mapping to list": on_values(of(dict, lambda v: [v])),
    "number as another": on_values(of(NUMBERS, lambda v: v * 2 + 1), 1), "first value null": on_values(lambda v: {}, 0),
    "name upper": renamed(str.upper), "name with a letter more": renamed(lambda n: n + "s"), "dots to underscores": renamed(lambda n: n.replace(".", "_")),
    "name without its module": renamed(lambda n: n.rsplit(".", maxsplit=1)[-1]),
    "first argument out": on_arguments(drop(0)), "last argument out": on_arguments(drop(-1)), "all arguments out": on_arguments(lambda a, p: {}),
    "unknown argument": on_arguments(lambda a, p: {**a, "zzz": 1}), "legal argument more": on_arguments(others),
    "unknown argument first": on_arguments(lambda a, p: {"zzz": 1, **a}),
    "arguments reversed": on_arguments(lambda a, p: dict(reversed(a.items()))),
    "argument names upper": on_arguments(lambda a, p: {k.upper(): v for k, v in a.items()}),
    "values exchanged": on_arguments(lambda a, p: dict(zip(a, reversed(list(a.values())), strict=True))),
    "no call": lambda answer, _: [], "last call out": lambda answer, _: answer[:-1] if len(answer) > 1 else None,
    "first call twice": lambda answer, _: [answer[0], *answer], "first call for the last": lambda answer, _: [answer[0], *answer[:-1]] if len(answer) > 1 else None,
    "calls reversed": lambda answer, _: answer[::-1] if len(answer) > 1 else None,
    **{f"calls in order {number}": permuted(number) for number in (1, 2, 3, 5, 11, 23)},
    "calls turned": lambda answer, _: [*answer[1:], answer[0]] if len(answer) > 2 else None,
    "arguments of two calls exchanged": lambda answer, _: (
        [dict(zip(a, b.values(), strict=True)) for a, b in zip(answer, [*answer[1:], answer[0]], strict=True)] if len(answer) > 1 else None
    ),
}  # fmt: skip


def load_checker(site: Path) -> Callable[..., dict[str, Any]]:
    """bfcl-eval's `ast_checker`, from the folder it was installed into."""
    sys.path.insert(0, str(site))
    models = types.ModuleType("bfcl_eval.constants.model_config")
    plain = types.SimpleNamespace(underscore_to_dot=False)
    models.MODEL_CONFIG_MAPPING = defaultdict(lambda: plain)  # type: ignore[attr-defined]
    sys.modules[models.__name__] = models
    checker = importlib.import_module("bfcl_eval.eval_checker.ast_eval.ast_checker").ast_checker
    python = importlib.import_module("bfcl_eval.constants.enums").Language.PYTHON
    return lambda functions, made, truth, category: checker(
        functions, made, truth, python, category, "fgsuite"
    )


def items(site: Path, category: str) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Questions with their ground truth."""
    folder = site / "bfcl_eval" / "data"

    def rows(file: Path) -> list[dict[str, Any]]:
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]

    truth = {
        row["id"]: row["ground_truth"]
        for row in rows(folder / "possible_answer" / f"BFCL_v4_{category}.json")
    }
    for entry in rows(folder / f"BFCL_v4_{category}.json"):
        yield entry, truth[entry["id"]]


def ours(category: str, entry: dict[str, Any], made: Answer, truth: list[dict[str, Any]]) -> Judgement:
    """What the profile says."""
    gold = Gold(
        "bfcl",
        category,
        tuple(GoldCall(name, arguments) for call in truth for name, arguments in call.items()),
        tools=tuple(entry["function"]),
    )
    calls = tuple(Call(name, arguments) for call in made for name, arguments in call.items())
    return judge((), gold, Completion("", calls, "", (), "none"), {})


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--site", type=Path, required=True, help="folder with bfcl-eval (pip install --target)"
    )
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="only every N-th item (default: all)"
    )
    parser.add_argument("--show", type=int, default=10, metavar="N", help="disagreements printed")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    checker = load_checker(args.site)
    counts: Counter[str] = Counter()
    error_types: Counter[str] = Counter()
    used: Counter[str] = Counter()
    per_category: dict[str, Counter[str]] = {category: Counter() for category in CATEGORIES}
    for category in CATEGORIES:
        for entry, truth in itertools.islice(items(args.site, category), 0, None, args.every):
            starts = {
                "": gold_answer(truth),
                "required only, ": gold_answer(truth, optional=False),
                "last values, ": gold_answer(truth, last=True),
            }
            for prefix, start in starts.items():
                for name, mutate in MUTATIONS.items():
                    made = mutate(copy.deepcopy(start), entry)
                    if made is None:
                        continue
                    try:
                        theirs = checker(entry["function"], copy.deepcopy(made), truth, category)
                    except Exception as error:  # whatever it raises, it has no verdict
                        counts[f"no verdict: {type(error).__name__}"] += 1
                        counts["ours has none either"] += ours(category, entry, made, truth).valid is None
                        continue
                    verdict = ours(category, entry, made, truth)
                    error_type = "" if theirs["valid"] else theirs["error_type"]
                    used[f"{prefix}{name}"] += 1
                    error_types[error_type or "valid"] += 1
                    agrees = (verdict.valid, verdict.error_type) == (theirs["valid"], error_type)
                    per_category[category]["compared"] += 1
                    per_category[category]["agree"] += agrees
                    if not agrees:
                        counts["disagree"] += 1
                        if counts["disagree"] <= args.show:
                            out.print(f"{entry['id']}, {prefix}{name}: {theirs['valid']} {error_type} / {verdict}", made, markup=False)  # fmt: skip
    table = Table(title=f"bfcl-eval's checker and the profile `bfcl`, {len(used)} kinds of change")
    for column in ("category", "compared", "agree"):
        table.add_column(column, justify="left" if column == "category" else "right")
    for category, count in per_category.items():
        table.add_row(category, f"{count['compared']:,}", f"{count['agree']:,}")
    compared = sum(count["compared"] for count in per_category.values())
    agreed = sum(count["agree"] for count in per_category.values())
    table.add_row("all", f"{compared:,}", f"{agreed:,}")
    out.print(table)
    result = {
        "compared": compared,
        "agree": agreed,
        "mutations": len({name for name in MUTATIONS if used[name]}),
        "without_verdict": {k: n for k, n in counts.items() if k != "disagree"},
        "error_types": dict(sorted(error_types.items())),
        "per_category": {name: dict(count) for name, count in per_category.items()},
    }
    out.print_json(data=result)
    if args.json:
        with write_whole(args.json) as stream:
            stream.write(json.dumps(result, indent=2) + "\n")
    return 0 if compared and agreed == compared else 1


if __name__ == "__main__":
    sys.exit(main())
