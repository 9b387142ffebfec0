"""A data set's card, made from facts: its manifest, its counts, the linter's report. Nothing in it is written by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from fgdata.publish.columns import Layout
from fgdata.publish.dataset import CHART, Config, DatasetOptions

SIZES = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"),
)
SHOWN = 40
"""Values of a column that are listed; the rest is counted."""
LAYOUT_TEXTS: Mapping[Layout, str] = {
    "rows": "`messages` and `tools` are of the type `Json` of `datasets` (4.8 or newer): they come back as they were, with no key "
    "that only other rows have, and every argument keeps its type.",
    "json-columns": "`messages` and `tools` (and `slots`) are JSON text: decode them with `json.loads`. Arrow leaves texts alone, so every argument keeps its type.",
    "prompt-columns": "`system`, `user`, `assistant` and `tools` are texts. Where a call is due, `assistant` is JSON: one "
    '`{"name", "arguments"}`, or a list of them; else it is the answer\'s text. `tools` is a JSON list of declarations.',
}


def size_category(n_rows: int) -> str:
    """The Hub's name for a number of rows."""
    return next((name for limit, name in SIZES if n_rows < limit), "100M<n<1B")


def inline(text: object) -> str:
    """A value for a line of Markdown: one line, no mark that would be read as more."""
    shown = " ".join(str(text).split())
    return "".join(f"\\{mark}" if mark in "\\`*_[]<>|#~" else mark for mark in shown)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """A Markdown table; its first column is text, the others are numbers."""
    lines = [f"| {' | '.join(map(inline, head))} |", f"|---|{'---:|' * (len(head) - 1)}"]
    return [*lines, *(f"| {' | '.join(inline(cell) for cell in row)} |" for row in rows)]


def front_matter(metadata: Mapping[str, Any]) -> str:
    """Metadata as the Hub reads them at a card's top."""
    return f"---\n{yaml.safe_dump(dict(metadata), sort_keys=False, allow_unicode=True, width=1000)}---\n"


def dataset_card(repo: str, configs: Sequence[Config], options: DatasetOptions, licence: str) -> str:
    """The README.md of a data set's repository."""
    n_rows = sum(config.n_rows for config in configs)
    languages = sorted({language for config in configs for language in config.counts["language"]})
    title = options.title or f"{repo.partition('/')[2]}: requests and the calls they ask for"
    is_made = all(config.manifest for config in configs)
    metadata: dict[str, Any] = {"license": licence}
    if languages:
        metadata["language"] = languages
    metadata |= {
        "pretty_name": title,
        "task_categories": ["text-generation"],
        "size_categories": [size_category(n_rows)],
        "tags": [
            "function-calling",
            "tool-use",
            "functiongemma",
            "fgsuite",
            *(["synthetic"] if is_made else []),
        ],
        "configs": [
            {
                "config_name": config.name,
                "data_files": [
                    {"split": split, "path": f"data/{config.name}/{split}-*.parquet"}
                    for split in config.files
                ],
                **({"default": True} if number == 0 and len(configs) > 1 else {}),
            }
            for number, config in enumerate(configs)
        ],
    }
    lines = [
        f"# {inline(title)}",
        "",
        *_what(configs, n_rows, languages),
        "",
        f"![Counts of rows]({CHART})",
        "",
    ]
    lines += [
        "## Splits",
        "",
        *table(
            ("configuration", "split", "rows"),
            [(c.name, split, f"{c.rows[split]:,}") for c in configs for split in c.files],
        )[:1],
    ]
    lines += [
        "|---|---|---:|",
        *(
            f"| {inline(c.name)} | {inline(split)} | {c.rows[split]:,} |"
            for c in configs
            for split in c.files
        ),
        "",
    ]
    lines += ["## Columns", "", LAYOUT_TEXTS[options.layout], ""]
    for config in configs:
        listed = ", ".join(f"`{name}` ({kind})" for name, kind in config.columns.items())
        lines += [f"{inline(config.name)}: {listed}", ""]
    lines += [
        "## Load it",
        "",
        *_snippets(repo, configs, options.layout),
        "",
        "## How it was made",
        "",
        *_making(configs),
        "",
    ]
    lines += [
        "## Counts",
        "",
        *_counts(configs),
        "## Checks",
        "",
        *_checks(configs),
        "",
        "## Limits",
        "",
        *_limits(configs),
        "",
    ]
    lines += ["## Licence and citation", "", *_citation(repo, title, licence)]
    return front_matter(metadata) + "\n" + "\n".join(lines) + "\n"


def _what(configs: Sequence[Config], n_rows: int, languages: Sequence[str]) -> list[str]:
    tools = sorted({name for config in configs for name in config.tools} - {"(no call)"})
    no_call = sum(config.tools["(no call)"] for config in configs)
    spoken = f" in {', '.join(languages)}" if languages else ""
    return [
        f"{n_rows:,} requests{spoken}, each with the calls that are the right answer to it, or with a text where none is ({no_call:,} rows). "
        f"{len(tools)} tools are called: {', '.join(f'`{name}`' for name in tools[:SHOWN])}"
        f"{f' and {len(tools) - SHOWN} more' if len(tools) > SHOWN else ''}. "
        "It is meant for training and testing FunctionGemma and other models that call tools."
    ]


def _snippets(repo: str, configs: Sequence[Config], layout: Layout) -> list[str]:
    first = configs[0]
    split = next(iter(first.files))
    named = f', "{first.name}"' if len(configs) > 1 else ""
    config = f" --dataset_config {first.name}" if len(configs) > 1 else ""
    load = f'rows = load_dataset("{repo}"{named}, split="{split}")'
    lines = [
        "With `datasets`:",
        "",
        "```python",
        "from datasets import load_dataset",
        "",
        load,
        "print(rows[0])",
        "```",
        "",
        "With TRL:",
        "",
        "```python",
    ]
    lines += _trl_rows(load, layout)
    lines += [
        'trainer = SFTTrainer("google/functiongemma-270m-it", train_dataset=rows, args=SFTConfig(output_dir="out"))',
        "```",
        "",
    ]
    lines += [
        "With fgsuite, which keeps the revision in its records:",
        "",
        "```bash",
        f"fgdata lint {repo}",
    ]
    lines += [f"fgtrain lora --dataset_name {repo}{config} --train_split {split} --output_dir out/adapter"]
    if "test" in first.files:
        lines += [
            f"fgeval run --data {repo}{config.replace('dataset_config', 'data-config')} --data-split test --adapter out/adapter --model google/functiongemma-270m-it --out out/run"
        ]
    return [*lines, "```"]


CONVERSATION = """\
def conversation(row):
    answer = {"role": "assistant", "content": row["assistant"]}
    if row["assistant"].startswith(("{", "[")):
        calls = json.loads(row["assistant"])
        calls = calls if isinstance(calls, list) else [calls]
        answer = {"role": "assistant", "tool_calls": [{"type": "function", "function": call} for call in calls]}
    messages = [{"role": "developer", "content": row["system"]}, {"role": "user", "content": row["user"]}, answer]
    tools = [{"type": "function", "function": tool} for tool in json.loads(row["tools"])]
    return {"messages": json.dumps(messages), "tools": json.dumps(tools)}

rows = rows.map(conversation, remove_columns=rows.column_names)"""
"""What makes of prompt columns what TRL reads."""


def _trl_rows(load: str, layout: Layout) -> list[str]:
    """Lines of Python after which `rows` are what TRL reads."""
    library = [
        "from datasets import load_dataset" if layout == "rows" else "from datasets import Json, load_dataset"
    ]
    head = [
        *(["import json", ""] if layout == "prompt-columns" else []),
        *library,
        "from trl import SFTConfig, SFTTrainer",
        "",
    ]
    if layout == "prompt-columns":
        head += [load, "", *CONVERSATION.split("\n")]
    else:
        head.append(load + '.select_columns(["messages", "tools"])')
    # JSON text becomes JSON in a column of this type; as Arrow's own types the rows would get each other's keys.
    cast = ['for name in ("messages", "tools"):', "    rows = rows.cast_column(name, Json())"]
    return head + (cast if layout != "rows" else [])


def _making(configs: Sequence[Config]) -> list[str]:
    lines = []
    for config in configs:
        manifest = config.manifest
        if manifest is None:
            lines.append(
                f"- {inline(config.name)}: rows of another making; fgsuite checked, counted and packed them, and does not know how they were made."
            )
            continue
        settings = ", ".join(
            f"{name} {manifest[name]}"
            for name in ("seed", "rows_asked", "shape", "values", "perturb", "mix")
            if name in manifest
        )
        lines.append(
            f"- {inline(config.name)}: made with `fgdata generate` of fgsuite {inline(manifest.get('fgsuite_version', '?'))} from the pack "
            f"{inline(manifest.get('pack'))} {inline(manifest.get('pack_version'))} (SHA-256 `{manifest.get('pack_sha256')}`); {inline(settings)}. "
            f"The same pack and settings give the same rows. A template family, all sentences of one wording, lies in one split; "
            f"`manifests/{config.name}.json` lists which."
        )
    return lines


def _counts(configs: Sequence[Config]) -> list[str]:
    lines: list[str] = []
    for column in ("kind", "intent", "register", "language", "perturbation"):
        counts: Counter[str] = sum((config.counts[column] for config in configs), Counter())
        if not counts:
            lines += [f"No row states its {column}.", ""] if column != "perturbation" else []
            continue
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        rows = [(name, f"{count:,}") for name, count in ranked[:SHOWN]]
        if len(ranked) > SHOWN:
            rows.append((f"({len(ranked) - SHOWN} others)", f"{sum(count for _, count in ranked[SHOWN:]):,}"))
        lines += [*table((column, "rows"), rows), ""]
    return lines


def _checks(configs: Sequence[Config]) -> list[str]:
    lines = [
        "`fgdata lint` read every row before this was published: each call against its tool's schema, conflicts, duplicates and leaks between splits.",
        "",
    ]
    for config in configs:
        if config.lint is not None:
            found = ", ".join(f"{count} {name}" for name, count in config.lint.counts.items()) or "nothing"
            lines.append(
                f"- {inline(config.name)}: {sum(config.lint.rows.values()):,} rows, no error; found: {inline(found)}."
            )
    return lines


def _limits(configs: Sequence[Config]) -> list[str]:
    lines = []
    if any(config.manifest for config in configs):
        lines.append(
            "- The sentences come from templates, not from people: they are fewer in kind than what people say."
        )
    for config in configs:
        stems = config.lint.counts.get("stem-leak", 0) if config.lint is not None else 0
        if stems:
            lines.append(
                f"- {inline(config.name)}: {stems:,} texts differ from one of another split in particles, endings or numbers only, such as "
                "켜줘 and 켜 주세요; scores on them are a little too good."
            )
    unknown = [
        column
        for column in ("kind", "intent", "register", "language")
        if not any(config.counts[column] for config in configs)
    ]
    if unknown:
        lines.append(f"- No row states its {', '.join(unknown)}.")
    lines.append(
        "- A call that is right here is right for these tools' declarations; other tools need other data."
    )
    lines += [
        f"- {inline(config.name)}: {inline(note)}" for config in configs for note in config.notes[:SHOWN]
    ]
    return lines


def _citation(repo: str, title: str, licence: str) -> list[str]:
    owner, _, name = repo.partition("/")
    key = "".join(character if character.isalnum() else "_" for character in f"{owner}_{name}")
    return [
        f"Licence: {inline(licence)}.", "", "```bibtex", f"@misc{{{key},", f"  title = {{{title}}},", f"  author = {{{owner}}},",
        f"  howpublished = {{\\url{{https://huggingface.co/datasets/{repo}}}}},", "  note = {Made with fgsuite}", "}", "```",
    ]  # fmt: skip
