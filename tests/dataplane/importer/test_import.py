"""Bulk imports from a local folder, from the request to the records."""

import re

import pyarrow as pa

from dataplane.importer.run import Turn
from tests.dataplane.importer.conftest import Yard, numbered, table
from tests.support.dataplane import DataPlane


def test_records_of_every_folder_come_into_its_namespace(yard: Yard) -> None:
    yard.write("films/a.parquet", numbered(2500))
    yard.write("films/b.parquet", numbered(10, start=2500))
    yard.write("__default__/a.parquet", table(["x"], metadata=['{"genre": "drama"}']))
    yard.write("films/notes.txt", table(["no"]))
    yard.write("loose.parquet", table(["no"]))
    yard.write("films/deeper/a.parquet", table(["no"]))
    import_id = yard.start()
    waiting = yard.describe(import_id)
    assert (waiting["status"], waiting["percentComplete"]) == ("Pending", 0.0)
    found = yard.run(import_id)
    assert (found["status"], found["recordsImported"]) == ("Completed", 2511)
    assert found["percentComplete"] == 100.0
    assert found["uri"] == yard.uri
    assert "error" not in found
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", found["finishedAt"])
    assert yard.counts() == {"films": 2510, "__default__": 1}
    assert yard.fetch("x", "") == {
        "id": "x", "values": [1, 2, 3, 1], "metadata": {"genre": "drama"},
    }  # fmt: skip
    assert yard.fetch("r2509")["metadata"] == {"number": 2509}


def test_of_records_that_share_an_id_the_last_one_stays(yard: Yard) -> None:
    yard.write("films/a.parquet", table(["x", "x"]))
    yard.write("films/b.parquet", pa.concat_tables([numbered(3000), table(["x"], [[0, 0, 0, 9]])]
                                                   , promote_options="default"))  # fmt: skip
    assert yard.import_all()["status"] == "Completed"
    assert yard.fetch("x")["values"] == [0, 0, 0, 9]
    assert yard.counts() == {"films": 3001}


SPARSE = pa.struct([("indices", pa.list_(pa.uint32())), ("values", pa.list_(pa.float32()))])


def test_sparse_values_come_along(yard: Yard) -> None:
    sparse = pa.array([{"indices": [7, 2], "values": [1.0, 0.5]}, None], SPARSE)
    yard.write("films/a.parquet", table(["x", "y"], sparse_values=sparse))
    with yard.beside(metric="dotproduct") as hybrid:
        assert hybrid.import_all()["recordsImported"] == 2
        assert hybrid.fetch("x")["sparseValues"] == {"indices": [2, 7], "values": [0.5, 1.0]}
        assert "sparseValues" not in hybrid.fetch("y")
    found = yard.import_all()
    assert found["recordsImported"] == 1
    assert "Index configuration does not support sparse values" in found["error"]


def test_a_sparse_index_needs_sparse_values_only(yard: Yard) -> None:
    sparse = pa.array([{"indices": [7], "values": [1.0]}, None], SPARSE)
    rows = pa.table({"id": ["x", "y"], "sparse_values": sparse})
    yard.write("films/a.parquet", rows)
    with yard.beside(dimension=None, metric="dotproduct") as sparse_yard:
        found = sparse_yard.import_all()
    assert (found["recordsImported"], found["validationResult"]["importErrors"]) == (1, 1)
    assert "row 1: sparse_values is missing" in found["error"]


def test_a_namespace_that_holds_records_is_left_alone(yard: Yard) -> None:
    yard.served.upsert("mine", namespace="films")
    yard.write("books/a.parquet", table(["a"]))
    yard.write("films/a.parquet", table(["a"]))
    found = yard.import_all()
    assert found["status"] == "Failed"
    assert "'films' holds records already" in found["error"]
    assert yard.counts() == {"films": 1}


def test_imports_are_listed_the_newest_first_and_in_pages(yard: Yard) -> None:
    started = [yard.start() for _ in range(3)]
    first = yard.client.get("/bulk/imports", params={"limit": 2}).json()
    assert [one["id"] for one in first["data"]] == [started[2], started[1]]
    token = {"paginationToken": first["pagination"]["next"]}
    rest = yard.client.get("/bulk/imports", params=token).json()
    assert [one["id"] for one in rest["data"]] == [started[0]]
    assert "pagination" not in rest


def test_a_cancelled_import_does_not_begin(yard: Yard) -> None:
    yard.write("films/a.parquet", table(["a"]))
    import_id = yard.start()
    assert yard.client.delete(f"/bulk/imports/{import_id}").json() == {}
    assert yard.client.delete(f"/bulk/imports/{import_id}").json() == {}
    assert yard.plane.import_turn(import_id)["turn"] == Turn.GONE
    found = yard.describe(import_id)
    assert found["status"] == "Cancelled"
    assert "finishedAt" in found
    assert yard.counts() == {}


def test_start_and_cancel_leave_one_event_each(yard: Yard) -> None:
    import_id = yard.start()
    for _ in range(2):
        yard.client.delete(f"/bulk/imports/{import_id}")
    assert yard.client.delete(f"/bulk/imports/{yard.served.index_id}").status_code == 404
    assert yard.served.post("/bulk/imports", {"uri": "gopher://x"}).status_code == 400
    events = yard.plane.events(yard.served.index_id)
    assert [(one["action"], one["outcome"]) for one in events] == [
        ("import.started", "success"),
        ("import.cancelled", "success"),
        ("import.cancelled", "failure"),
        ("import.started", "failure"),
    ]
    assert events[0]["import_id"] == events[1]["import_id"] == import_id
    assert events[0]["parameters"] == {"uri": yard.uri, "on_error": "continue"}


def test_a_foreign_import_looks_like_a_missing_one(yard: Yard, import_plane: DataPlane) -> None:
    import_id = yard.start()
    other = import_plane.index(yard.served.project)
    with import_plane.client(other, yard.served.key.value) as client:
        for wanted in (import_id, str(other), "101", "x" * 2000):
            reply = client.get(f"/bulk/imports/{wanted}")
            assert (reply.status_code, reply.json()["message"]) == (404, "Import not found.")
            assert client.delete(f"/bulk/imports/{wanted}").status_code == 404
        assert client.get("/bulk/imports").json() == {"data": []}
    assert yard.describe(import_id)["status"] == "Pending"


def test_an_import_ends_when_its_key_is_revoked(yard: Yard) -> None:
    yard.write("films/a.parquet", table(["a"]))
    starter = yard.plane.api_key(yard.served.project)
    with yard.plane.client(yard.served.index_id, starter.value) as client:
        import_id = client.post("/bulk/imports", json={"uri": yard.uri}).json()["id"]
    yard.plane.revoke(starter)
    found = yard.run(import_id)
    assert found["status"] == "Failed"
    assert found["error"] == "The API key that started the import is no longer valid."
    assert yard.counts() == {}


def test_nothing_is_imported_past_the_cap_of_storage(yard: Yard) -> None:
    yard.write("films/a.parquet", table(["a"]))
    yard.plane.limit(yard.served.project, storage_bytes=0)
    found = yard.import_all()
    assert found["status"] == "Failed"
    assert "its storage is limited to 0 bytes" in found["error"]


def test_no_error_lies_in_the_database_in_clear(yard: Yard) -> None:
    yard.write("films/secret-name.parquet", table([""]))
    assert "secret-name" in yard.import_all()["error"]
    assert "secret-name" not in str(yard.plane.rows("SELECT * FROM indexes_import"))
    assert b"secret-name" not in b"".join(
        row[0] or b"" for row in yard.plane.rows("SELECT sealed_error FROM indexes_import")
    )
