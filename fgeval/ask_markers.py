"""Whether a text asks for what is missing. A pack says in `ask_markers.yaml` by what that is seen, parameter by parameter."""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import yaml

from fgdata.errors import PackError, Problem
from fgdata.packs import find_pack_folder, pack_names
from fgdata.patterns import SlowPatternError, is_found

MARKERS_FILE = "ask_markers.yaml"
Markers: TypeAlias = Mapping[str, tuple[re.Pattern[str], ...]]
"""Parameter -> patterns, any of which is enough."""
_REMEDY = "Write e.g. `temperature: ['몇 도']`: a parameter, and a list of regular expressions."


def find_markers(pack: str | os.PathLike[str] | None, named: str) -> Markers:
    """The markers of `pack`, a name or a folder; without it of the pack that rows name, if it comes with fgsuite.

    A pack without the file has none, and then asking cannot be told from other texts.

    Raises: UsageError if there is no such pack; PackError with everything that is wrong in its file.
    """
    if pack is None and named not in pack_names():
        return {}
    file = find_pack_folder(named if pack is None else pack) / MARKERS_FILE
    return read_markers(file) if file.exists() else {}


def markers_sha256(markers: Markers) -> str:
    """What tells one pack's markers from another's; spelling of the file aside."""
    patterns = {name: [pattern.pattern for pattern in found] for name, found in markers.items()}
    return hashlib.sha256(json.dumps(patterns, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def read_markers(file: Path) -> Markers:
    """The markers in a file.

    Raises: PackError with everything that is wrong in it.
    """
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        what = " ".join(str(error).split())
        raise PackError(Problem(str(file), f"cannot be read ({what}).", _REMEDY)) from error
    if not isinstance(content, dict):
        raise PackError(Problem(str(file), f"holds {str(content)[:60]!r} and no mapping.", _REMEDY))
    problems = []
    markers: dict[str, tuple[re.Pattern[str], ...]] = {}
    for name, written in content.items():
        listed = _of_all_languages(written)
        if (
            not isinstance(name, str)
            or not isinstance(listed, list)
            or not listed
            or not all(isinstance(one, str) and one for one in listed)
        ):
            problems.append(
                Problem(f"{file}: {name}", f"is {str(written)[:60]!r}, and no list of texts.", _REMEDY)
            )
            continue
        patterns = []
        for one in listed:
            try:
                patterns.append(re.compile(_normal(one).replace(" ", r"\s*"), re.IGNORECASE | re.DOTALL))
            except re.error as error:
                problems.append(
                    Problem(
                        f"{file}: {name}",
                        f"{one!r} is no regular expression ({error}).",
                        "Write \\ before ( ) [ ] . ? * + that stand for themselves.",
                    )
                )
        markers[name] = tuple(patterns)
    PackError.raise_if(problems)
    return markers


def _of_all_languages(written: object) -> object:
    """The list of a parameter; of one that is given by language (`{ko: [...], en: [...]}`), the lists of all: asking is asking."""
    if isinstance(written, dict) and written and all(isinstance(listed, list) for listed in written.values()):
        return [one for listed in written.values() for one in listed]
    return written


def asks_for(text: str, parameter: str, markers: Markers) -> bool | None:
    """Whether `text` asks for `parameter`; None if there are no markers for it.

    Raises: PackError for a marker that takes too long on the text.
    """
    patterns = markers.get(parameter)
    if patterns is None:
        return None
    normal = _normal(text)
    try:
        return any(is_found(pattern.pattern, normal, pattern.flags) for pattern in patterns)
    except SlowPatternError as error:
        what = f"{error}."
        raise PackError(Problem(f"{MARKERS_FILE}: {parameter}", what, "Change it in the pack.")) from None


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text)
