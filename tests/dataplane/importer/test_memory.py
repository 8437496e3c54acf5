"""An importer's memory does not grow with the file, however large its row groups are."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.dataplane.importer.conftest import Yard

_DIMENSION = 384
_MIB = 1024 * 1024
_ROWS_A_TABLE = 20_000


def write_large(path: Path, rows: int) -> float:
    """Records of which one in a hundred is good, so that the engine's memory is no matter; all of
    them in one row group. Its size in MB."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(7)
    matrix = random.standard_normal((_ROWS_A_TABLE, _DIMENSION)).astype(np.float32)
    matrix[np.arange(_ROWS_A_TABLE) % 100 != 0, 0] = np.nan
    part = pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1)), _DIMENSION)
    values = pa.chunked_array([part.cast(pa.list_(pa.float32()))] * (rows // _ROWS_A_TABLE))
    table = pa.table({"id": [f"r{number}" for number in range(rows)], "values": values})
    pq.write_table(table, path, row_group_size=rows, use_dictionary=False, compression="none")
    return path.stat().st_size / _MIB


def peak_mb(yard: Yard, rows: int) -> tuple[float, float]:
    """Of an import: the file's size, and what the importer took at most."""
    size_mb = write_large(yard.folder / "films" / "a.parquet", rows)
    with yard.beside(dimension=_DIMENSION) as wide:
        import_id = wide.start()
        turn = wide.plane.import_turn(import_id, STONEPINE_IMPORT_SAVE_S="0.5")
        found = wide.describe(import_id)
    assert (found["status"], found["recordsImported"]) == ("Completed", rows // 100)
    return size_mb, float(turn["peak_mb"])


def test_ten_times_the_file_takes_no_more_memory(yard: Yard) -> None:
    _, small = peak_mb(yard, 20_000)
    size_mb, large = peak_mb(yard, 200_000)
    assert size_mb > 290
    assert large - small < size_mb / 10


@pytest.mark.nightly
def test_a_file_of_twenty_times_the_importers_memory_goes_through(yard: Yard) -> None:
    size_mb, peak = peak_mb(yard, 2_600_000)
    assert size_mb > 20 * peak
