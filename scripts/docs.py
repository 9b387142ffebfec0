"""Rewrite what the documentation does not say by hand: the file tree, the programs' help, the linter's rules, the layouts.

    python scripts/docs.py            rewrite README.md, README.ko.md, docs/commands.md, docs/lint.md and docs/layouts.md
    python scripts/docs.py --check    change nothing; end with 1 if something is out of date

A generated part stands between `<!-- NAME -->` and `<!-- /NAME -->`.
"""

from __future__ import annotations

import argparse
import ast
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the checkout's own packages, whatever is installed

from fgdata.dialects.detect import layouts_markdown  # noqa: E402
from fgdata.linting import rules_markdown  # noqa: E402
from fgeval import validate  # noqa: E402

VERBS = {
    "fgdata": (
        "init",
        "generate",
        "check",
        "lint",
        "convert",
        "stats",
        "show",
        "schema",
        "coverage",
        "publish",
    ),
    "fgtrain": ("lora", "merge", "publish"),
    "fgeval": ("run", "join", "score", "validate", "compare", "gate", "report", "twins", "robust", "ask"),
}
FOLDERS = {
    "templates": "one folder a pack: tools, slots, intents with their template families; data, no Python",
    "models/tiny": "the tiny base model with its card",
    "tests": "mirrors the packages; golden/ and data/ hold what answers are compared with",
    "benchmarks": "old way and ours side by side; results/ holds what they printed",
    "scripts": "the demo, the documentation's generated parts, and how the tiny base is made",
    "docs": "one page a subject, and decisions/",
}


def file_tree() -> str:
    """The packages' files, each with the first line of its docstring, and the other folders."""
    lines = ["```text"]
    for package in ("fgdata", "fgtrain", "fgeval"):
        lines.append(f"{package}/")
        for path in sorted((ROOT / package).rglob("*.py")):
            doc = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
            name = str(path.relative_to(ROOT / package))
            if doc and (path.name != "__init__.py" or path.parent != ROOT / package):
                lines.append(f"  {name:<26} {doc.splitlines()[0]}")
    lines += [f"{folder + '/':<28} {what}" for folder, what in FOLDERS.items()]
    return "\n".join([*lines, "```"])


def command_help() -> str:
    """`--help` of every verb."""
    parts = []
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    for program, verbs in VERBS.items():
        for verb in verbs:
            text = subprocess.check_output(
                [sys.executable, "-m", f"{program}.cli", verb, "--help"], cwd=ROOT, env=environment, text=True
            )
            parts.append(f"## {program} {verb}\n\n```text\n{text.rstrip()}\n```")
    return "\n\n".join(parts)


def with_parts(text: str, parts: dict[str, str]) -> str:
    """`text` with each generated part put between its marks."""
    for name, part in parts.items():
        opening, closing = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, found, rest = text.partition(opening)
        if found:
            text = f"{before}{opening}{part}\n{closing}{rest.partition(closing)[2]}"
    return text


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    parts = {
        "tree": file_tree(),
        "help": command_help(),
        "rules": rules_markdown(),
        "layouts": layouts_markdown(),
        "validate": validate.rules_markdown(),
    }
    stale = []
    for name in ("README.md", "README.ko.md", "docs/commands.md", "docs/lint.md", "docs/layouts.md"):
        page = ROOT / name
        old = page.read_text("utf-8")
        if (new := with_parts(old, parts)) != old:
            stale.append(name)
            if not args.check:
                page.write_text(new, "utf-8")
    for name in stale:
        print(f"{name}: {'out of date; run make docs' if args.check else 'rewritten'}")
    return int(args.check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
