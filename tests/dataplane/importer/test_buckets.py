"""Imports from a bucket, by the account of a storage integration and of nobody else."""

import pyarrow.parquet as pq
import pytest

from tests.dataplane.importer.conftest import Yard, numbered, table
from tests.support.tiny_s3 import TinyS3

_URI = "s3://bucket/exports/today"
_ACCOUNT = {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "geheim"}


@pytest.fixture(autouse=True)
def bucket(s3: TinyS3) -> None:
    folder = s3.root / "exports" / "today"
    for namespace in ("films", "books", "__default__"):
        (folder / namespace).mkdir(parents=True, exist_ok=True)
        pq.write_table(numbered(700), folder / namespace / "a.parquet")
    pq.write_table(table(["loose"]), folder / "loose.parquet")


def test_files_of_a_private_bucket_are_imported(yard: Yard, s3: TinyS3) -> None:
    integration = yard.plane.storage_integration(
        yard.served.project, "s3", _ACCOUNT, endpoint=s3.url
    )
    found = yard.import_all(_URI, integrationId=integration)
    assert (found["status"], found["recordsImported"]) == ("Completed", 2100)
    assert yard.counts() == {"films": 700, "books": 700, "__default__": 700}
    assert yard.fetch("r699")["values"] == [699, 1, 1, 1]
    assert "exports/today/loose.parquet" not in s3.asked


def test_a_wrong_account_is_told(yard: Yard, s3: TinyS3) -> None:
    wrong = {**_ACCOUNT, "access_key_id": "SOMEBODY"}
    integration = yard.plane.storage_integration(yard.served.project, "s3", wrong, endpoint=s3.url)
    found = yard.import_all(_URI, integrationId=integration)
    assert found["status"] == "Failed"
    assert "The bucket may not be read" in found["error"]
    assert "geheim" not in str(found)


def test_an_endpoint_that_is_no_longer_allowed_is_not_asked(yard: Yard, s3: TinyS3) -> None:
    integration = yard.plane.storage_integration(
        yard.served.project, "s3", _ACCOUNT, endpoint=s3.url
    )
    import_id = yard.start(_URI, integrationId=integration)
    s3.asked.clear()
    yard.plane.import_turn(import_id, STONEPINE_IMPORT_ENDPOINTS="http://127.0.0.1:1")
    found = yard.describe(import_id)
    assert (found["status"], s3.asked) == ("Failed", [])
    assert "not allowed any more" in found["error"]


def test_an_integration_of_another_project_or_provider_is_none(yard: Yard, s3: TinyS3) -> None:
    stranger = yard.plane.project()
    theirs = yard.plane.storage_integration(stranger, "s3", _ACCOUNT, endpoint=s3.url)
    azure = yard.plane.storage_integration(yard.served.project, "azure", {"sas_token": "x"})
    for wanted in (theirs, azure, "101", "../x"):
        body = {"uri": _URI, "integrationId": wanted}
        reply = yard.served.post("/bulk/imports", body)
        assert reply.status_code == 400
        assert "no such storage integration" in reply.json()["message"]
