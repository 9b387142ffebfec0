"""What conversion refuses or must not take: lists that are none, layouts stated wrongly, a full disk, and memory of a large group of rows."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from layout_rows import ROWS, XLAM, write_rows

from fgdata.conversion import convert
from fgdata.dialects import read_examples
from fgdata.dialects.parquet import BATCH_ROWS, ParquetRows
from fgdata.errors import DataError, UsageError
from fgdata.example import Line
from fgdata.files import write_whole

ROW = json.dumps(XLAM)
LISTS = [
    (f"[{ROW}] trailing", 2, "behind its end stands 'trailing'"),
    (f"[{ROW}]\n[{ROW}]", 2, "behind its end stands"),
    (f"[{ROW}]{' ' * (1 << 20)}x", 2, "behind its end stands 'x'"),
    (f"[{ROW} {ROW}]", 2, "a comma or ] is due, not '{'"),
    (f"[{ROW},,{ROW}]", 2, "is no JSON list of rows"),
    (f"[{ROW},]", 2, "is no JSON list of rows"),
    (f"[{ROW},", 2, "it breaks off"),
    (f"[{ROW}", 1, "it breaks off"),
]


@pytest.mark.parametrize(("text", "row", "told"), LISTS)
def test_lists_are_read_strictly(text: str, row: int, told: str, tmp_path: Path) -> None:
    """Two lists in one file, a comma too few or too many: an error at its row, never rows lost in silence."""
    (tmp_path / "in.json").write_text(text)
    with pytest.raises(DataError) as caught:
        convert(tmp_path / "in.json", tmp_path / "out.jsonl", "rows")
    assert f"in.json:{row}: " in str(caught.value)
    assert told in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["in.json"]


def test_lists_in_any_spacing(tmp_path: Path) -> None:
    """Blanks anywhere between rows, a byte order mark before them."""
    other = json.dumps(XLAM | {"id": "other"})
    text = f"\ufeff \n[\t{ROW}\r\n,\n {other} ]\n\n"
    (tmp_path / "in.json").write_text(text, "utf-8")
    assert len(read_examples_of(tmp_path / "in.json", tmp_path)) == 2


def read_examples_of(file: Path, folder: Path) -> list[Any]:
    """The examples of a file by way of a conversion."""
    convert(file, folder / "out.jsonl", "rows")
    return read_examples(folder / "out.jsonl")


@pytest.mark.parametrize("stated", ["xlam", "openai", "native-text", "bfcl", "mobile-actions"])
def test_a_layout_stated_wrongly_is_one_error(stated: str, tmp_path: Path) -> None:
    """The first row says it, the others are counted, and nothing is written."""
    called = [row for row in ROWS["rows"] if any(m.get("tool_calls") for m in row["messages"])]
    file = write_rows(tmp_path / "in.jsonl", called[:1] * 70)
    with pytest.raises(DataError) as caught:
        convert(file, tmp_path / "out.jsonl", "rows", layout=stated)
    assert [p.where for p in caught.value.problems] == [f"{file}:1", str(file)]
    assert f"is no row of the layout '{stated}'" in str(caught.value)
    assert "69 more rows are not of that layout" in str(caught.value)
    assert not (tmp_path / "out.jsonl").exists()


def test_rows_left_out_altogether_name_the_first(tmp_path: Path) -> None:
    """If no row can be written, the reason comes with the place of the first."""
    row = json.loads(json.dumps(ROWS["rows"][0]))
    text = json.dumps(row).replace('"content": "', '"content": "\\ud800', 1)
    (tmp_path / "in.jsonl").write_text(text)
    with pytest.raises(
        DataError, match=r"has no row that the layout 'openai' can hold: .*first: .*in.jsonl:1"
    ):
        convert(tmp_path / "in.jsonl", tmp_path / "out.jsonl", "openai")


def test_remedies_fit_the_error(tmp_path: Path) -> None:
    """A folder in the way is no full disk."""
    (tmp_path / "there").mkdir()
    with pytest.raises(UsageError, match="Name a file"), write_whole(tmp_path / "there") as stream:
        stream.write("x")
    with pytest.raises(UsageError, match="Free some space"), write_whole(tmp_path / "full") as stream:
        stream.write("x")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


PEAK = """
import sys
from pathlib import Path
from fgdata.dialects.parquet import ParquetRows
n = sum(1 for _ in ParquetRows(sys.argv[1]).lines())
peak = next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(n, peak // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the kernel tells no peak")
def test_a_group_of_rows_is_not_held(tmp_path: Path) -> None:
    """A Parquet file of one group of long rows is read in far less memory than it is large."""
    import pyarrow
    import pyarrow.parquet

    peaks = []
    for n_rows in (3_000, 30_000):
        file = tmp_path / f"{n_rows}.parquet"
        texts = [_noise(number) for number in range(n_rows)]
        pyarrow.parquet.write_table(
            pyarrow.table({"messages": texts}), file, row_group_size=n_rows, use_dictionary=False
        )
        told = subprocess.run([sys.executable, "-c", PEAK, str(file)], capture_output=True, text=True, check=True)  # fmt: skip
        count, peak = map(int, told.stdout.split())
        assert count == n_rows
        peaks.append(peak)
    assert peaks[1] - peaks[0] < 60  # MiB; the larger file is 110 MB larger


def _noise(number: int) -> str:
    import hashlib

    return hashlib.shake_256(str(number).encode()).hexdigest(2_000)


def test_short_rows_are_read_many_at_a_time(tmp_path: Path) -> None:
    """Rows in order, whatever their number beside the size of a batch."""
    import pyarrow
    import pyarrow.parquet

    n_rows = 3 * BATCH_ROWS + 1
    pyarrow.parquet.write_table(pyarrow.table({"n": list(range(n_rows))}), tmp_path / "a.parquet")
    found = list(ParquetRows(tmp_path / "a.parquet").lines())
    assert [line.value["n"] for line in found if isinstance(line, Line)] == list(range(n_rows))
