"""Parquet files that `datasets.load_dataset` gives back unchanged: JSON stays JSON, whatever keys other rows have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from fgdata.errors import DataError, Problem
from fgdata.publish.columns import Column, Row, json_text

ROWS_A_GROUP = 5000
ROWS_A_FILE = 200_000


def features(columns: Mapping[str, Column]) -> Any:
    """The columns as `datasets` describes them; JSON is its own type, since Arrow would give every row the keys of all."""
    from datasets import Features, Json, Value

    return Features({name: Json() if kind == "json" else Value(kind) for name, kind in columns.items()})


def write_parquet(
    folder: Path, split: str, rows: Iterable[Row], columns: Mapping[str, Column], n_rows: int
) -> list[Path]:
    """The files that hold `rows`, in order. The same rows give the same bytes under the same version of pyarrow.

    Args:
        n_rows: how many rows there are; decides the number of files.
    Raises: DataError for values that would come back changed.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = features(columns).arrow_schema
    n_files = max(1, -(-n_rows // ROWS_A_FILE))
    folder.mkdir(parents=True, exist_ok=True)
    stream = iter(rows)
    files = []
    problems: list[Problem] = []
    for number in range(n_files):
        file = folder / f"{split}-{number:05d}-of-{n_files:05d}.parquet"
        files.append(file)
        left = min(ROWS_A_FILE, n_rows - number * ROWS_A_FILE)
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            while left > 0:
                group = list(islice(stream, min(left, ROWS_A_GROUP)))
                if not group:
                    break
                left -= len(group)
                arrays = [_array(schema.field(name), group, problems) for name in columns]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    DataError.raise_if(problems)
    written = sum(pq.read_metadata(file).num_rows for file in files)
    assert (written, next(stream, None)) == (n_rows, None), f"{written} of {n_rows} rows were written"
    return files


def _array(column: Any, rows: Sequence[Row], problems: list[Problem]) -> Any:
    import pyarrow as pa

    name = column.name
    if column.type != pa.json_():
        return pa.array([row.get(name) for row in rows], column.type)
    texts = []
    for row in rows:
        value = row.get(name)
        text = None if value is None else json_text(value)
        if text is not None and (problem := _changed(text)):
            problems.append(
                Problem(
                    f"row {row.get('id', '')!r}",
                    f"column {name!r} {problem}.",
                    "Correct the row, or publish it as --layout json-columns.",
                )
            )
        texts.append(text)
    return pa.ExtensionArray.from_storage(pa.json_(), pa.array(texts, pa.string()))


@lru_cache(maxsize=4096)
def _changed(text: str) -> str:
    """Why `datasets` would give a JSON text back changed; empty if it does not."""
    from datasets import Json

    try:
        back = json_text(Json().decode_example(text))
    except (ValueError, RecursionError) as error:
        return f"holds what `datasets` cannot read back ({error})"
    return "" if back == text else "holds a number that `datasets` would round"
