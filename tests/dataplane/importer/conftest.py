"""A data plane that may import from one folder, and files to import."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.embedded.postgres import EmbeddedPostgres
from tests.dataplane.server.conftest import Served, serve
from tests.support.dataplane import DataPlane, running_data_plane
from tests.support.tiny_s3 import TinyS3, running_tiny_s3

DIMENSION = 4


@dataclass
class Yard:
    """An index of four dimensions and a folder whose files can be imported into it."""

    served: Served
    folder: Path

    @property
    def uri(self) -> str:
        return f"file://{self.folder}"

    @property
    def plane(self) -> DataPlane:
        return self.served.plane

    @property
    def client(self) -> httpx.Client:
        return self.served.client

    @contextmanager
    def beside(self, **options: Any) -> "Iterator[Yard]":
        """Another index of the project over the same folder."""
        index_id = self.plane.index(self.served.project, **options)
        with self.plane.client(index_id, self.served.key.value) as client:
            yield Yard(replace(self.served, index_id=index_id, client=client), self.folder)

    def write(self, path: str, table: pa.Table, **options: Any) -> Path:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, target, **options)
        return target

    def start(self, uri: str | None = None, **body: Any) -> str:
        reply = self.served.post("/bulk/imports", {"uri": uri or self.uri, **body})
        assert reply.status_code == 200, reply.text
        return str(reply.json()["id"])

    def run(self, import_id: str) -> dict[str, Any]:
        """One turn, and what the import then says of itself."""
        self.plane.import_turn(import_id)
        return self.describe(import_id)

    def import_all(self, uri: str | None = None, **body: Any) -> dict[str, Any]:
        return self.run(self.start(uri, **body))

    def abort_all(self, uri: str | None = None) -> dict[str, Any]:
        return self.import_all(uri, errorMode={"onError": "abort"})

    def describe(self, import_id: str) -> dict[str, Any]:
        reply = self.client.get(f"/bulk/imports/{import_id}")
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json()
        return found

    def counts(self) -> dict[str, int]:
        """Records by namespace."""
        found = self.served.post("/describe_index_stats", {}).json()["namespaces"]
        return {name: one["vectorCount"] for name, one in found.items()}

    def fetch(self, id_: str, namespace: str = "films") -> dict[str, Any]:
        params = {"ids": id_, "namespace": namespace}
        found: dict[str, Any] = self.client.get("/vectors/fetch", params=params).json()["vectors"]
        return found.get(id_, {})


def table(
    ids: Sequence[str | None],
    values: Sequence[Any] | None = None,
    metadata: Sequence[str | None] | None = None,
    **columns: Any,
) -> pa.Table:
    """Of four dimensions, unless the values are given."""
    given = values if values is not None else [[1.0, 2.0, 3.0, n + 1.0] for n in range(len(ids))]
    made: dict[str, Any] = {
        "id": pa.array(ids, pa.string()),
        "values": pa.array(given, pa.list_(pa.float32())),
        **columns,
    }
    if metadata is not None:
        made["metadata"] = pa.array(metadata, pa.string())
    return pa.table(made)


def numbered(count: int, *, start: int = 0, dimension: int = DIMENSION) -> pa.Table:
    """Records r0, r1, … whose first value tells their number."""
    matrix = np.ones((count, dimension), np.float32)
    matrix[:, 0] = np.arange(start, start + count)
    values = pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1)), dimension)
    return pa.table(
        {
            "id": [f"r{number}" for number in range(start, start + count)],
            "values": values.cast(pa.list_(pa.float32())),
            "metadata": [f'{{"number": {number}}}' for number in range(start, start + count)],
        }
    )


@pytest.fixture(scope="session")
def import_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("imports").resolve()


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyS3]:
    with running_tiny_s3(tmp_path_factory.mktemp("bucket")) as running:
        yield running


@pytest.fixture(scope="package")
def import_plane(
    postgres_server: EmbeddedPostgres,
    tmp_path_factory: pytest.TempPathFactory,
    import_root: Path,
    s3: TinyS3,
) -> Iterator[DataPlane]:
    """Its importers save after each batch. Whoever kills one of its processes starts it again."""
    settings = {
        "STONEPINE_IMPORT_FOLDERS": f"{import_root}/{{project_id}}",
        "STONEPINE_IMPORT_ENDPOINTS": s3.url,
        "STONEPINE_IMPORT_SAVE_S": "0",
    }
    folder = tmp_path_factory.mktemp("dp")
    with running_data_plane(postgres_server, folder, **settings) as running:
        yield running


@contextmanager
def opened_yard(plane: DataPlane, root: Path) -> Iterator[Yard]:
    with serve(plane) as served:
        folder = root / str(served.project.project_id) / "export"
        folder.mkdir(parents=True)
        yield Yard(served, folder)
        # What waits on would take turns from the next test's.
        plane.change("UPDATE indexes_import SET status = 'Cancelled'")


@pytest.fixture
def yard(import_plane: DataPlane, import_root: Path) -> Iterator[Yard]:
    with opened_yard(import_plane, import_root) as fresh:
        yield fresh
