"""The packs that the documentation writes out, as folders.

A block ```yaml my_lamp/slots.yaml is a file of a complete pack; ```yaml slots.yaml adds to that file of the page's pack, and
```yaml intents/NAME.yaml is a further intent, of which the page writes one family.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from fgdata.pack import MIN_FAMILIES

PACK_PAGES = ("packs.md", "packs.ko.md")
"""Pages of docs/ that hold complete packs."""
LANGUAGES = "languages/"
"""What the blocks of a page's section on several languages begin with."""
_BLOCK = re.compile(r"^```(?:yaml|json) (\S+\.(?:yaml|json))\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def named_blocks(page: Path) -> dict[str, str]:
    """Path -> contents of the blocks that say, after their language, which file they are."""
    return dict(_BLOCK.findall(page.read_text("utf-8")))


def is_addition(name: str) -> bool:
    """Whether a block adds to the page's pack and is no file of it."""
    return name in ("pack.yaml", "slots.yaml") or name.startswith("intents/")


def write_documented_packs(page: Path, folder: Path) -> list[Path]:
    """The folders of the page's complete packs, written below `folder`."""
    files = {
        name: text
        for name, text in named_blocks(page).items()
        if not is_addition(name) and not name.startswith(LANGUAGES)
    }
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return sorted({folder / name.split("/")[0] for name in files})


def write_additions(page: Path, pack: Path) -> list[str]:
    """Put everything else that the page writes into its pack; the names of the blocks.

    Of an intent's one family eleven are made, told apart by a word before and in the splits that are asked for; kinds that `mix`
    lacks get a share.
    """
    names = []
    for name, text in named_blocks(page).items():
        if is_addition(name):
            names.append(name)
            new = yaml.safe_load(text)
            if name.startswith("intents/"):
                new["families"] = _padded(new["families"])
                _write(pack / name, new)
                _ensure_share(pack / "pack.yaml", new["kind"])
            else:
                old = yaml.safe_load((pack / name).read_text("utf-8"))
                _write(pack / name, _merged(old, new))
    return names


def write_languages(page: Path, pack: Path) -> None:
    """Make the page's pack one of two languages, as its blocks `languages/...` say: their intents are all that stay.

    Of the one family of each language eleven are made, as in `write_additions`.
    """
    for file in (pack / "intents").iterdir():
        file.unlink()
    for name, text in named_blocks(page).items():
        if not name.startswith(LANGUAGES):
            continue
        file, new = pack / name.removeprefix(LANGUAGES), yaml.safe_load(text)
        if file.parent.name == "intents":
            new["families"] = [family for one in new["families"] for family in _padded([one])]
        else:
            old = yaml.safe_load(file.read_text("utf-8"))
            dropped = ("language", "compositions", "held_out", "missing_tool", "mix", "registers")
            kept = {key: value for key, value in old.items() if key not in dropped}
            new = _merged(kept, new)
            if file.name == "pack.yaml":
                new["splits"] = {"train": 0.8, "validation": 0.1, "test": 0.1}
        _write(file, new)


def _padded(families: list[dict[str, Any]]) -> list[dict[str, Any]]:
    splits = [split for split, least in MIN_FAMILIES.items() for _ in range(least)]
    first = families[0]
    return [
        {**first, "name": f"{first['name']}_{n}", "split": split, "templates": [f"w{n} {t}" for t in first["templates"]]}
        for n, split in enumerate(splits)
    ]  # fmt: skip


def _ensure_share(file: Path, kind: str) -> None:
    head = yaml.safe_load(file.read_text("utf-8"))
    head["mix"].setdefault(kind, 0.1)
    _write(file, head)


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return {
            **old,
            **{key: _merged(old[key], value) if key in old else value for key, value in new.items()},
        }
    return new


def _write(file: Path, value: Any) -> None:
    file.write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False), encoding="utf-8")
