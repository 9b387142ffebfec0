"""The replay backend: completions that were recorded before. For tests, and to score other people's outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fgdata.errors import DataError, Problem, UsageError
from fgdata.files import file_sha256
from fgeval.backends import BackendOptions, Failure, Request, refuse_options
from fgeval.predictions import Prediction, predictions_file, read_predictions


def open_backend(options: BackendOptions) -> Replay:
    """The backend over the recorded predictions that `options` name.

    Raises: UsageError without a file, or with a model; DataError if the file is broken.
    """
    if options.predictions is None:
        raise UsageError(
            Problem(
                "--predictions", "is missing.", "The replay backend needs a file of recorded predictions."
            )
        )
    refuse_options(options, "replay", ("predictions",))
    return Replay(options.predictions)


class Replay:
    """Recorded completions by example id."""

    def __init__(self, path: str) -> None:
        self._file = predictions_file(path)
        self._recorded = {prediction.id: prediction for prediction in read_predictions(path)}

    def describe(self) -> dict[str, Any]:
        """The recorded file and its hash."""
        return {
            "model": str(self._file),
            "model_fingerprint": file_sha256(self._file),
            "decoding": {"recorded": True},
        }

    def check(self, requests: Sequence[Request]) -> None:
        """Raise DataError naming every request that has no recorded prediction."""
        DataError.raise_if(
            Problem(
                str(self._file), f"has no prediction for {request.id!r}.", "Record one, or leave the row out."
            )
            for request in requests
            if request.id not in self._recorded
        )

    def complete(self, requests: Sequence[Request]) -> list[Prediction | Failure]:
        """The recorded predictions."""
        return [self._recorded[request.id] for request in requests]
