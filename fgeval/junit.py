"""JUnit XML, which every CI system shows."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass

_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped."""


@dataclass(frozen=True, slots=True)
class Case:
    """One check."""

    group: str
    name: str
    passed: bool | None
    """None: left out."""
    message: str


def junit_xml(suite: str, cases: Sequence[Case]) -> str:
    """The cases as one test suite."""
    failures, skipped = (sum(case.passed is value for case in cases) for value in (False, None))
    counts = {"tests": str(len(cases)), "failures": str(failures), "errors": "0", "skipped": str(skipped)}
    root = ET.Element("testsuites", counts)
    parent = ET.SubElement(root, "testsuite", {"name": suite, **counts})
    for case in cases:
        element = ET.SubElement(
            parent, "testcase", {"classname": _clean(case.group), "name": _clean(case.name)}
        )
        if case.passed is None:
            ET.SubElement(element, "skipped", {"message": _clean(case.message)})
        elif not case.passed:
            ET.SubElement(element, "failure", {"message": _clean(case.message)}).text = _clean(case.message)
        else:
            ET.SubElement(element, "system-out").text = _clean(case.message)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _clean(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
