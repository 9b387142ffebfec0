"""Write what a pack's page says of its data: functions, policies, rows by kind, register and intent, and sample rows.

    fgdata generate home_ko --rows 20000 --seed 1 --out data/home_ko
    python scripts/pack_page.py home_ko --data data/home_ko            print the parts
    python scripts/pack_page.py home_ko --data data/home_ko --write    put them into docs/packs/home_ko.md, between their marks

Each part stands between `<!-- NAME -->` and `<!-- /NAME -->`. Without `--data` the parts that need no rows are made.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the checkout's own packages, whatever is installed

from fgdata.chance import Chance  # noqa: E402
from fgdata.example import Example, read_jsonl  # noqa: E402
from fgdata.pack import KINDS, Pack  # noqa: E402
from fgdata.packs import load_pack  # noqa: E402
from fgdata.schema import canonical_json  # noqa: E402
from scripts.docs import with_parts  # noqa: E402
from scripts.pack_table import table  # noqa: E402

SAMPLES = {"call": 10, "several": 5, "exception": 2, "correction": 2, "no_call": 3, "negation": 2, "missing_tool": 1, "ask": 3}  # fmt: skip
"""Sample rows by kind."""


def markdown_cell(text: str) -> str:
    """The text as it may stand in a cell of a Markdown table."""
    return " ".join(text.replace("|", "\\|").split())


def page_path(name: str) -> Path:
    """Where the page of a pack stands."""
    return ROOT / "docs" / "packs" / f"{name}.md"


def functions(pack: Pack) -> str:
    """The tools as a table: what each does, and its arguments with their ranges."""
    lines = ["| function | what it does | arguments |", "|---|---|---|"]
    for tool in pack.tools:
        schema: Mapping[str, Any] = tool.to_json()["function"].get("parameters", {})
        said = [f"`{name}`: {_span(body)}" for name, body in schema.get("properties", {}).items()]
        lines.append(f"| `{tool.name}` | {tool.description} | {'; '.join(said) or 'none'} |")
    return "\n".join(lines)


def _span(body: Mapping[str, Any]) -> str:
    """The type of a parameter with what its schema allows."""
    if "enum" in body:
        return ", ".join(map(str, body["enum"]))
    if "minimum" in body:
        return f"{body['type']}, {body['minimum']} to {body['maximum']}"
    return str(body["type"])


def policies(pack: Pack) -> str:
    """The policies as a table."""
    lines = ["| policy | value | why |", "|---|---|---|"]
    for name, policy in pack.policies.items():
        lines.append(f"| `{name}` | {markdown_cell(str(policy.value))} | {markdown_cell(policy.why)} |")
    return "\n".join(lines)


def counts(manifest: Mapping[str, Any]) -> str:
    """Rows by kind and by register in each file, then by intent; rows of several intents under each of them."""
    splits = list(manifest["counts"])
    lines = []
    for column in ("kind", "register"):
        found = {split: Counter(manifest["counts"][split][column]) for split in splits}
        names = sorted({name for of_split in found.values() for name in of_split}, key=_kind_order)
        lines += [f"| {column} | {' | '.join(splits)} | all |", f"|---|{'--:|' * (len(splits) + 1)}"]
        for name in names:
            numbers = [found[split][name] for split in splits]
            lines.append(f"| {name} | {' | '.join(map(str, numbers))} | {sum(numbers)} |")
        lines.append("")
    intents: Counter[str] = Counter()
    for split in splits:
        for name, number in manifest["counts"][split]["intent"].items():
            for part in name.split("+"):
                intents[part] += number
    said = ", ".join(f"{name} {number:,}" for name, number in sorted(intents.items()))
    made = f"{manifest['rows_made']:,} rows of seed {manifest['seed']}, of {int(manifest['expansions']):,} expansions"
    return "\n".join([f"{made}.", "", *lines, f"Rows by intent: {said}."])


def _kind_order(name: str) -> tuple[int, str]:
    return (KINDS.index(name) if name in KINDS else len(KINDS), name)


def samples(rows: Sequence[Example], seed: int = 1) -> str:
    """Rows drawn by kind, with what the model should do."""
    chance = Chance("page", seed)
    lines = ["| kind | register | request | answer |", "|---|---|---|---|"]
    for kind, number in SAMPLES.items():
        left = [row for row in rows if row.kind == kind]
        for _ in range(min(number, len(left))):
            row = left.pop(chance.below(len(left)))
            left = [other for other in left if other.intent != row.intent] or left
            lines.append(
                f"| {kind} | {row.register} | {markdown_cell(row.utterance)} | {markdown_cell(answer(row))} |"
            )
    return "\n".join(lines)


def answer(row: Example) -> str:
    """The calls of a row, or what the model says."""
    if row.expected_calls:
        return ", ".join(f"{call.name}({canonical_json(call.arguments)})" for call in row.expected_calls)
    return str(row.messages[-1]["content"])


def parts_of(pack: Pack, data: Path | None) -> dict[str, str]:
    """Name -> text of the page's generated parts."""
    parts = {"functions": functions(pack), "policies": policies(pack), "intents": table(pack)}
    if data is not None:
        parts["counts"] = counts(json.loads((data / "manifest.json").read_text("utf-8")))
        parts["samples"] = samples(list(read_jsonl(data / "test.jsonl")))
    return parts


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pack", metavar="PACK", help="a pack's name")
    parser.add_argument("--data", type=Path, metavar="DIR", help="a data set made from it")
    parser.add_argument("--write", action="store_true", help="rewrite the parts of docs/packs/PACK.md")
    arguments = parser.parse_args(argv)
    parts = parts_of(load_pack(arguments.pack), arguments.data)
    if not arguments.write:
        print("\n\n".join(parts.values()))
        return 0
    page = page_path(arguments.pack)
    page.write_text(with_parts(page.read_text("utf-8"), parts), "utf-8")
    print(f"{page}: rewritten")
    return 0


if __name__ == "__main__":
    sys.exit(main())
