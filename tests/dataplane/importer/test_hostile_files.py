"""Files may hold anything: what is wrong with a row or a file is told, and the rest goes on."""

import random

import numpy as np
import pyarrow as pa

from tests.dataplane.importer.conftest import Yard, numbered, table


def test_a_bad_row_is_left_out_or_ends_the_import(yard: Yard) -> None:
    yard.write("films/a.parquet", table(["first", "", "last"]))
    found = yard.import_all()
    assert (found["status"], found["recordsImported"]) == ("Completed", 2)
    assert found["validationResult"] == {"importSuccesses": 2, "importErrors": 1}
    reason = "films/a.parquet, row 1: id must have 1 to 512 ASCII characters."
    assert found["error"] == f"Not imported: 1 record. The first: {reason}"
    with yard.beside() as other:
        found = other.abort_all()
        assert (found["status"], found["recordsImported"]) == ("Failed", 0)
        assert found["error"] == reason
        assert other.counts() == {}


def test_what_came_before_the_end_counts(yard: Yard) -> None:
    """Batches have 500 rows here; that of the bad row is not written."""
    rows = pa.concat_tables([numbered(1100), table([""])], promote_options="default")
    yard.write("films/a.parquet", rows)
    import_id = yard.start(errorMode={"onError": "abort"})
    yard.plane.import_turn(import_id, STONEPINE_IMPORT_SAVE_S="60")
    found = yard.describe(import_id)
    assert (found["status"], found["recordsImported"]) == ("Failed", 1000)
    assert found["error"].startswith("films/a.parquet, row 1100: ")
    assert yard.counts() == {"films": 1000}


def test_a_file_of_a_wrong_schema_is_passed_over(yard: Yard) -> None:
    yard.write("films/a.parquet", pa.table({"id": ["a"]}))
    yard.write("films/b.parquet", table(["good"]))
    found = yard.import_all()
    assert (found["status"], found["recordsImported"]) == ("Completed", 1)
    reason = "films/a.parquet: it has no column 'values'."
    assert found["error"] == f"Not imported: 1 file. The first: {reason}"


def test_what_is_no_parquet_fails_where_nothing_else_comes(yard: Yard) -> None:
    (yard.folder / "films").mkdir()
    (yard.folder / "films" / "a.parquet").write_bytes(b"PAR1 but not really PAR1")
    (yard.folder / "films" / "b.parquet").write_bytes(b"")
    found = yard.import_all()
    assert found["status"] == "Failed"
    assert "Not imported: 2 files" in found["error"]
    assert "it cannot be read as Parquet" in found["error"]


def test_a_flipped_bit_never_breaks_the_importer(yard: Yard) -> None:
    """Whatever comes of it, the turn ends by telling so; the seed makes it the same every time."""
    whole = yard.write("films/a.parquet", numbered(300), compression="snappy").read_bytes()
    dice = random.Random(7)
    for number in range(20):
        damaged = bytearray(whole)
        for _ in range(3):
            damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
        (yard.folder / "films" / f"{number:02}.parquet").write_bytes(damaged)
    found = yard.import_all()
    assert found["status"] == "Completed"
    assert found["recordsImported"] >= 300


def test_a_file_that_unpacks_to_more_than_the_memory_is_told(yard: Yard) -> None:
    """One row of 60 million numbers: some kilobytes on disk, 240 MB in memory."""
    values = pa.ListArray.from_arrays([0, 60_000_000], pa.array(np.zeros(60_000_000, np.float32)))
    bomb = pa.table({"id": ["a"], "values": values})
    yard.write("films/a.parquet", bomb, compression="zstd", use_dictionary=False)
    yard.write("films/b.parquet", table(["good"]))
    import_id = yard.start()
    yard.plane.import_turn(import_id, STONEPINE_IMPORT_MEMORY_MB="256")
    found = yard.describe(import_id)
    assert (found["status"], found["recordsImported"]) == ("Completed", 1)
    assert "more memory than an import may use" in found["error"]
