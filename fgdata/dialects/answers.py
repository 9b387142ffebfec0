"""The file of answers that belongs to a file of BFCL questions: found beside it, read one by one by id, in little memory."""

from __future__ import annotations

import hashlib
import os
from array import array
from bisect import bisect_left
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from fgdata.errors import DataError, Problem
from fgdata.schema import read_json

FOLDER = "possible_answer"
"""Where bfcl-eval keeps the answers to the questions beside it, under the same file name."""


def answers_beside(questions: str | os.PathLike[str]) -> Path | None:
    """The file of answers to a file of questions, if there is one."""
    file = Path(questions)
    answers = file.parent / FOLDER / file.name
    return answers if answers.is_file() else None


def id_key(name: str) -> int:
    """64 bits that stand for an id."""
    return int.from_bytes(
        hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little"
    )


class Answers:
    """Answers by id. Of a line only its place and 64 bits of its id's hash are kept.

    Raises: DataError with every line that is no answer, and every id given twice.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        import numpy as np  # needed by this layout only

        self.path = Path(path)
        keys, places = array("Q"), array("Q")
        problems: list[Problem] = []
        offset = 0
        try:
            self._stream: BinaryIO = self.path.open("rb")
        except OSError as error:
            raise DataError(Problem(str(path), f"cannot be read: {error.strerror or error}.")) from error
        for number, line in enumerate(self._stream, 1):
            if line.strip():
                try:
                    keys.append(id_key(str(self._answer(line)["id"])))
                    places.append(offset)
                except (ValueError, RecursionError, KeyError, TypeError) as error:
                    what = f"is no answer ({type(error).__name__}: {error})."
                    problems.append(
                        Problem(f"{path}:{number}", what, 'Write {"id": …, "ground_truth": […]} a line.')
                    )
            offset += len(line)
        order = (
            np.argsort(np.frombuffer(keys, dtype=np.uint64), kind="stable")
            if keys
            else np.array([], dtype=np.int64)
        )
        self._keys = np.frombuffer(keys, dtype=np.uint64)[order] if keys else np.array([], dtype=np.uint64)
        self._places = np.frombuffer(places, dtype=np.uint64)[order] if keys else self._keys
        for place in np.flatnonzero(self._keys[1:] == self._keys[:-1]).tolist():
            first, second = (str(self._at(int(self._places[place + step]))["id"]) for step in (0, 1))
            if first == second:
                problems.append(
                    Problem(str(path), f"the id {first!r} is answered twice.", "Keep one of the two.")
                )
        DataError.raise_if(problems)

    @staticmethod
    def _answer(line: bytes) -> dict[str, Any]:
        answer = read_json(line.decode("utf-8-sig"))
        if not isinstance(answer, dict) or not isinstance(answer.get("ground_truth"), list):
            raise ValueError("`ground_truth` is no list")
        return answer

    def _at(self, place: int) -> dict[str, Any]:
        self._stream.seek(place)
        return self._answer(self._stream.readline())

    def get(self, name: str) -> list[Any] | None:
        """The ground truth of an item; None if there is none."""
        key = id_key(name)
        for index in range(bisect_left(self._keys, key), len(self._keys)):
            if int(self._keys[index]) != key:
                return None
            if str((answer := self._at(int(self._places[index])))["id"]) == name:
                truth: list[Any] = answer["ground_truth"]
                return truth
        return None

    def __enter__(self) -> Answers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
