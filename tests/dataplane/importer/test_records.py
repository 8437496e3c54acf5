"""What a row and a file must look like, without a server: each fault is told in words."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataplane.engine.spec import IndexSpec, Metric
from dataplane.importer.parquet_file import ParquetReader
from dataplane.importer.records import Examined, examine
from dataplane.importer.source import FileRefused
from kit.ids import new_id
from tests.dataplane.importer.conftest import numbered, table

_SPEC = IndexSpec(4, Metric.DOTPRODUCT)
_SPARSE = pa.struct([("indices", pa.list_(pa.uint32())), ("values", pa.list_(pa.float32()))])
_GOOD = [1.0, 2.0, 3.0, 4.0]
_BIG = json.dumps({"a": "x" * 50_000})

ROWS: dict[str, tuple[dict[str, Any], str]] = {
    "no id": ({"ids": [None]}, "id must have 1 to 512 ASCII characters"),
    "an empty id": ({"ids": [""]}, "id must have 1 to 512 ASCII characters"),
    "a long id": ({"ids": ["x" * 513]}, "id must have 1 to 512 ASCII characters"),
    "an id that is not ASCII": ({"ids": ["é"]}, "id must have 1 to 512 ASCII characters"),
    "no values": ({"values": [None]}, "values is missing"),
    "too few values": ({"values": [[1.0]]}, "Vector dimension 1 does not match"),
    "too many values": ({"values": [[1.0] * 5]}, "Vector dimension 5 does not match"),
    "no number": ({"values": [[1.0, np.nan, 2.0, 3.0]]}, "not finite"),
    "an infinity": ({"values": [[1.0, np.inf, 2.0, 3.0]]}, "not finite"),
    "a missing number": ({"values": [[1.0, None, 2.0, 3.0]]}, "not finite"),
    "only zeros": ({"values": [[0.0] * 4]}, "at least one non-zero value"),
    "metadata that are no JSON": ({"metadata": ["{"]}, "metadata is not a JSON object"),
    "metadata that are a list": ({"metadata": ["[1]"]}, "metadata is not a JSON object"),
    "nested metadata": ({"metadata": ['{"a": {"b": 1}}']}, "a nested object"),
    "metadata nested without end": ({"metadata": ['{"a":' + "[" * 20_000]}, "metadata is"),
    "a null in metadata": ({"metadata": ['{"a": null}']}, "null (leave the field out instead)"),
    "a reserved name": ({"metadata": ['{"$a": 1}']}, "must not start with '$'"),
    "too much metadata": ({"metadata": [_BIG]}, "the limit is 40960 bytes"),
}


def read(path: Path, rows: pa.Table, *, start: int = 0) -> list[Examined]:
    """Through a file, as an import would."""
    pq.write_table(rows, path)
    with path.open("rb") as file:
        reader = ParquetReader(file, _SPEC.dimension)
        return [examine(batch, new_id(), "films", _SPEC) for batch in reader.batches(start)]


@pytest.mark.parametrize("name", ROWS)
def test_a_bad_row_is_told_and_its_neighbours_are_good(tmp_path: Path, name: str) -> None:
    bad, expected = ROWS[name]
    good = {"ids": ["bad"], "values": [_GOOD], "metadata": ["{}"]}
    rows = {key: [*good[key], *(bad.get(key) or good[key]), *good[key]] for key in good}
    rows["ids"] = ["first", *(bad.get("ids") or ["bad"]), "last"]
    (found,) = read(tmp_path / "a.parquet", table(**rows))
    assert found.request is not None
    assert found.request.ids == ["first", "last"]
    assert found.request.values == np.array([_GOOD, _GOOD], "<f4").tobytes()
    ((row, reason),) = [(fault.row, fault.reason) for fault in found.faults]
    assert row == 1
    assert expected in reason


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    ids = pa.array([b"\xff\xfe", b"good", b"also"], pa.binary()).view(pa.string())
    metadata = pa.array([b"{}", b'{"a": "\xff"}', b"{}"], pa.binary()).view(pa.string())
    rows = table(["", "", ""]).set_column(0, "id", ids).append_column("metadata", metadata)
    (found,) = read(tmp_path / "a.parquet", rows)
    assert [fault.reason for fault in found.faults] == [
        "id must have 1 to 512 ASCII characters.",
        "metadata is not valid UTF-8.",
    ]


SPARSE_ROWS: dict[str, tuple[dict[str, Any], str]] = {
    "an index without value": ({"indices": [1, 2], "values": [1.0]}, "2 indices but 1 values"),
    "an index twice": ({"indices": [3, 3], "values": [1.0, 2.0]}, "more than once"),
    "no number": ({"indices": [3], "values": [np.nan]}, "not a finite number"),
    "a missing index": ({"indices": [None], "values": [1.0]}, "whole numbers from 0"),
    "too many": ({"indices": range(2049), "values": [1.0] * 2049}, "the limit is 2048"),
}


@pytest.mark.parametrize("name", SPARSE_ROWS)
def test_bad_sparse_values_are_told(tmp_path: Path, name: str) -> None:
    bad, expected = SPARSE_ROWS[name]
    good = {"indices": [9, 5], "values": [1.0, 2.0]}
    sparse = pa.array([good, bad, good], _SPARSE)
    (found,) = read(tmp_path / "a.parquet", table(["a", "b", "c"], sparse_values=sparse))
    assert found.request is not None
    assert found.request.ids == ["a", "c"]
    first = found.request.sparse[0]
    assert first is not None
    assert np.frombuffer(first.indices, "<u4").tolist() == [5, 9]
    assert expected in found.faults[0].reason


def test_reading_goes_on_in_the_middle_of_a_row_group(tmp_path: Path) -> None:
    """Columns that are slices mean the same rows as whole ones."""
    sparse = pa.array([{"indices": [n], "values": [n + 1.0]} for n in range(2500)], _SPARSE)
    rows = numbered(2500).append_column("sparse_values", sparse)
    found = read(tmp_path / "a.parquet", rows, start=1234)
    requests = [one.request for one in found if one.request is not None]
    assert [id_ for one in requests for id_ in one.ids] == [f"r{n}" for n in range(1234, 2500)]
    assert not any(one.faults for one in found)
    values = np.frombuffer(b"".join(one.values for one in requests), "<f4").reshape(-1, 4)
    assert values[:, 0].tolist() == list(range(1234, 2500))
    indices = [np.frombuffer(row.indices, "<u4") for one in requests for row in one.sparse if row]
    assert np.concatenate(indices).tolist() == list(range(1234, 2500))
    assert requests[0].metadata[0] == b'{"number":1234}'


@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.large_list(pa.float32()),
                                  pa.list_(pa.float16()), pa.list_(pa.float32(), 4)])  # fmt: skip
def test_other_lists_of_floats_will_do(tmp_path: Path, kind: pa.DataType) -> None:
    rows = numbered(50)
    rows = rows.set_column(1, "values", rows.column("values").cast(kind))
    (found,) = read(tmp_path / "a.parquet", rows)
    assert found.request is not None
    assert (
        found.request.values
        == rows.column("values")
        .combine_chunks()
        .flatten()
        .to_numpy(zero_copy_only=False)
        .astype("<f4")
        .tobytes()
    )


FILES: dict[str, tuple[pa.Table, str]] = {
    "no id column": (pa.table({"values": [_GOOD]}), "it has no column 'id'"),
    "no values column": (pa.table({"id": ["a"]}), "it has no column 'values'"),
    "numbers as ids": (pa.table({"id": [1], "values": [_GOOD]}), "'id' is of the type int64"),
    "texts as values": (
        pa.table({"id": ["a"], "values": [["1"]]}),
        "'values' is of the type list<element: string>",
    ),
    "structs as metadata": (
        pa.table({"id": ["a"], "values": [_GOOD], "metadata": [{"a": 1}]}),
        "'metadata' is of the type struct",
    ),
    "flat sparse values": (
        pa.table({"id": ["a"], "values": [_GOOD], "sparse_values": [[1.0]]}),
        "'sparse_values' is of the type list",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_a_wrong_schema_is_refused(tmp_path: Path, name: str) -> None:
    columns, expected = FILES[name]
    with pytest.raises(FileRefused, match=expected):
        read(tmp_path / "a.parquet", columns)
