"""Parquet, row by row in and out. Values keep their types: what Arrow would unify is kept as JSON text, and read back from it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from fgdata.errors import DataError, Problem, UsageError
from fgdata.example import Line
from fgdata.schema import read_json

MAGIC = b"PAR1"
BATCH_BYTES = 4_000_000
"""About how much text is written at a time; also bounds what a reader must hold."""
BATCH_ROWS = 256
"""Rows read at a time at most; fewer where rows are long."""
BUFFER_BYTES = 1 << 20
"""A column is read through a buffer: a group of rows may be the whole file."""
KEY = b"fgsuite"
"""Entry of the file's own metadata that names the columns kept as JSON text."""


def is_parquet(path: str | os.PathLike[str]) -> bool:
    """Whether a file begins as Parquet does."""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(4) == MAGIC
    except OSError:
        return False


def _arrow(path: str | os.PathLike[str]) -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        what = "is Parquet, and pyarrow is not installed."
        raise UsageError(Problem(str(path), what, "pip install 'fgsuite[parquet]'")) from error
    return pyarrow, pyarrow.parquet


class ParquetRows:
    """The rows of a Parquet file.

    Keys that Arrow filled with null in structs are taken out and counted: a struct has every key that any row has.
    JSON comes back as it was: columns of Arrow's own type for it (what `fgdata publish` writes), and text columns that the file's
    metadata name (what `fgdata convert` writes).
    """

    def __init__(self, path: str | os.PathLike[str], *, keep_nulls: bool = False) -> None:
        self.path = Path(path)
        self.keep_nulls = keep_nulls
        """Leave nulls in structs where they are."""
        self.n_nulls = 0
        """Nulls taken out of structs so far."""

    def lines(self, advance: Callable[[int], object] = lambda _: None) -> Iterator[Line | DataError]:
        """Row by row.

        Raises: DataError if the file is broken, or a column holds what JSON cannot.
        """
        arrow, parquet = _arrow(self.path)
        size = self.path.stat().st_size
        try:
            # No memory map: the pages of the file that were touched would count as ours until the end.
            with parquet.ParquetFile(self.path, pre_buffer=False, buffer_size=BUFFER_BYTES) as file:
                schema = file.schema_arrow
                DataError.raise_if(
                    Problem(
                        str(self.path),
                        f"the column {column.name!r} is of the type {column.type}.",
                        "Keep text, numbers, booleans, lists and structs.",
                    )
                    for column in schema
                    if not _is_json(arrow.types, column.type)
                )
                texts = set(_json_columns(schema.metadata))
                kinds = {column.name: column.type for column in schema}
                number, total = 0, max(1, file.metadata.num_rows)
                for batch in file.iter_batches(batch_size=_batch_rows(file.metadata)):
                    for row in batch.to_pylist():
                        number += 1
                        source = f"{self.path}:{number}"
                        try:
                            values = {
                                name: read_json(value) if name in texts else self._value(value, kinds[name])
                                for name, value in row.items()
                                if value is not None
                            }
                        except (ValueError, RecursionError) as error:
                            yield DataError(Problem(source, f"a column of JSON text holds none ({error})."))
                            continue
                        yield Line(values, source, f"{self.path.stem}:{number}")
                    advance(size * batch.num_rows // total)
        except arrow.ArrowException as error:
            what = f"cannot be read as Parquet ({str(error).splitlines()[0]})."
            raise DataError(Problem(str(self.path), what, "Download or write the file again.")) from error

    def _value(self, value: Any, kind: Any) -> Any:
        if value is None:
            return None
        if _is_json_text(kind):
            return read_json(value)
        if hasattr(kind, "index_type"):  # a dictionary of values
            kind = kind.value_type
        if isinstance(value, dict):
            kept = {
                name: self._value(item, kind.field(name).type)
                for name, item in value.items()
                if item is not None or self.keep_nulls
            }
            self.n_nulls += len(value) - len(kept)
            return kept
        return [self._value(item, kind.value_type) for item in value] if isinstance(value, list) else value


def _batch_rows(metadata: Any) -> int:
    """How many rows to read at a time, so that they hold about `BATCH_BYTES`."""
    n_rows, n_bytes = int(metadata.num_rows), 0
    for number in range(metadata.num_row_groups):
        n_bytes += int(metadata.row_group(number).total_byte_size)
    return max(1, min(BATCH_ROWS, BATCH_BYTES * n_rows // max(1, n_bytes)))


def _is_json_text(kind: Any) -> bool:
    return getattr(kind, "extension_name", "") == "arrow.json"


def _is_json(types: Any, kind: Any) -> bool:
    if _is_json_text(kind):
        return True
    if types.is_struct(kind):
        return all(_is_json(types, kind.field(number).type) for number in range(kind.num_fields))
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _is_json(types, kind.value_type)
    if types.is_dictionary(kind):
        return _is_json(types, kind.value_type)
    plain = (
        types.is_string,
        types.is_large_string,
        types.is_integer,
        types.is_floating,
        types.is_boolean,
        types.is_null,
    )
    return any(check(kind) for check in plain)


def _json_columns(metadata: Any) -> list[str]:
    try:
        found = json.loads((metadata or {}).get(KEY, b"{}")).get("json", [])
    except (ValueError, AttributeError):
        return []
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


class Columns:
    """What kind of value each column of some rows has, so that Parquet gets a column of one type."""

    _NAMES: ClassVar[dict[type, str]] = {str: "string", bool: "bool_", int: "int64", float: "float64"}
    _LARGEST = 2**63

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}

    def add(self, row: dict[str, Any]) -> None:
        """Look at a row."""
        for name, value in row.items():
            kind = self._NAMES.get(type(value), "json")
            if kind == "int64" and not -self._LARGEST <= value < self._LARGEST:
                kind = "json"
            known = self._kinds.setdefault(name, kind)
            if known != kind:
                self._kinds[name] = "json"

    def write(self, lines: Iterator[bytes], path: str | os.PathLike[str], layout: str) -> None:
        """Write rows, given as JSON lines whose columns were looked at, as a Parquet file."""
        arrow, parquet = _arrow(path)
        texts = [name for name, kind in self._kinds.items() if kind == "json"]
        fields = [
            (n, arrow.string() if kind == "json" else getattr(arrow, kind)())
            for n, kind in self._kinds.items()
        ]
        metadata = {KEY: json.dumps({"layout": layout, "json": texts}).encode()}
        schema = arrow.schema(fields).with_metadata(metadata)
        with parquet.ParquetWriter(str(path), schema, compression="zstd") as writer:
            for rows in _batches(lines):
                columns = {
                    name: [self._cell(row, name, kind) for row in rows] for name, kind in self._kinds.items()
                }
                writer.write_table(arrow.table(columns, schema=schema))

    @staticmethod
    def _cell(row: dict[str, Any], name: str, kind: str) -> Any:
        if name not in row:
            return None
        return json.dumps(row[name], ensure_ascii=False) if kind == "json" else row[name]


def _batches(lines: Iterator[bytes]) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    size = 0
    for line in lines:
        rows.append(json.loads(line))
        size += len(line)
        if size >= BATCH_BYTES:
            yield rows
            rows, size = [], 0
    if rows:
        yield rows
