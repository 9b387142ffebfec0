"""The words of a report: English as the templates hold it, or Korean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, get_args

from markupsafe import Markup, escape

from fgeval.report.korean import KOREAN

Language: TypeAlias = Literal["en", "ko"]
LANGUAGES: tuple[str, ...] = get_args(Language)
_WORDS: Mapping[str, Mapping[str, str]] = {"en": {}, "ko": KOREAN}


def speak(language: str, *, is_html: bool = False) -> Callable[..., str]:
    """What puts a text of the report into a language, its `{fields}` filled. What is no text of the report stays as it is.

    Args:
        is_html: whether the values of fields are escaped for HTML.
    """
    words = _WORDS[language]

    def say(text: str, **values: Any) -> str:
        if text not in KOREAN:  # a name out of the data
            return escape(text) if is_html else text
        found = words.get(text, text)
        if not is_html:
            return found.format(**values)
        return Markup(found.replace("&", "&amp;").replace("<", "&lt;")).format(**values)

    return say
