"""Errors that a user can act on.

    FgError                 bad input; the command line prints it without a traceback and exits 2
    ├── UsageError          a flag, or a folder that is in use
    ├── FormatError         what the FunctionGemma format cannot express, or a conversation the template refuses
    ├── SchemaError         a tool declaration that is none
    ├── PackError           a template pack
    ├── DataError           a JSONL file or one of its rows
    ├── ModelError          a model folder, tokenizer, chat template or adapter
    └── HubError            the Hub refuses, or what should go there may not

An error carries every problem found, not the first one: a person fixes a file in one sitting.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong."""

    where: str
    """`file:line`, a config key with its flag, or the flag alone."""
    what: str
    """What is wrong, with the value."""
    remedy: str = ""
    """What to do about it."""

    def __str__(self) -> str:
        return " ".join(
            part for part in (f"{self.where}: {self.what}" if self.where else self.what, self.remedy) if part
        )


class FgError(Exception):
    """Bad input, described by one or more problems."""

    def __init__(self, *problems: Problem | str) -> None:
        self.problems: tuple[Problem, ...] = tuple(
            problem if isinstance(problem, Problem) else Problem("", problem) for problem in problems
        )
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def raise_if(cls, problems: Iterable[Problem]) -> None:
        """Raise this error with all `problems`, or return if there are none."""
        if found := tuple(problems):
            raise cls(*found)


class UsageError(FgError):
    """A flag that cannot be used, or a folder that is in use."""


class FormatError(FgError):
    """What the FunctionGemma format cannot express, or a conversation its template refuses."""


class SchemaError(FgError):
    """A tool declaration that is none."""


class PackError(FgError):
    """A template pack that breaks a rule."""


class DataError(FgError):
    """A JSONL file, or rows of it, that cannot be used."""

    row_id: str = ""
    """The id of the row, where it could be read; whoever goes on without the row knows by it what belongs to it."""


class ModelError(FgError):
    """A model folder, tokenizer, chat template or adapter that cannot be used."""


class HubError(FgError):
    """The Hub refuses or cannot be reached, or what should be published may not be."""
