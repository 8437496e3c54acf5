"""Bulk imports through the official clients and the whole stack: worker, importer, engine."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.dataplane.importer.conftest import numbered
from tests.support.clients import NEWEST, OLDER, run_scenario
from tests.support.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def uri(import_folder: Path) -> str:
    folder = import_folder / "export" / "films"
    folder.mkdir(parents=True)
    pq.write_table(numbered(1000), folder / "a.parquet")
    pq.write_table(numbered(500, start=1000), folder / "b.parquet")
    return f"file://{folder.parent}"


@pytest.mark.parametrize(("version", "transport"), [(OLDER, "rest"), (NEWEST, "grpc")])
def test_a_folder_is_imported(
    stack: Stack, name: str, uri: str, version: str, transport: str
) -> None:
    run_scenario(stack, "bulk_import", name, transport, uri, version=version)
