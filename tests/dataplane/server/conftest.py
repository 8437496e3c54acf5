"""Engine and front as child processes, and an index in them for each test."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest

from access.keys import PlainKey
from cli.embedded.postgres import EmbeddedPostgres
from protocol.v1.vector_service_pb2_grpc import VectorServiceStub
from tests.support.dataplane import DataPlane, Project, running_data_plane


@dataclass
class Served:
    """An index of four dimensions with an editor's key."""

    plane: DataPlane
    project: Project
    index_id: UUID
    key: PlainKey
    client: httpx.Client

    def post(self, path: str, body: object) -> httpx.Response:
        return self.client.post(path, json=body)

    def upsert(self, *ids: str, namespace: str = "", **metadata: object) -> httpx.Response:
        vectors = [
            {"id": id_, "values": [1, 2, 3, number + 1], "metadata": metadata}
            for number, id_ in enumerate(ids)
        ]
        reply = self.post("/vectors/upsert", {"vectors": vectors, "namespace": namespace})
        assert reply.status_code == 200, reply.text
        return reply

    def ids(self, namespace: str = "") -> list[str]:
        reply = self.client.get("/vectors/list", params={"namespace": namespace})
        assert reply.status_code == 200, reply.text
        return [vector["id"] for vector in reply.json()["vectors"]]


@pytest.fixture(scope="package")
def plane(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DataPlane]:
    """One for all tests that leave the processes alone."""
    with running_data_plane(postgres_server, tmp_path_factory.mktemp("dp")) as running:
        yield running


@pytest.fixture(scope="module")
def mortal_plane(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DataPlane]:
    """One for a module whose tests kill, stop or cut off its processes, and start them again."""
    with running_data_plane(postgres_server, tmp_path_factory.mktemp("dp")) as running:
        yield running


@pytest.fixture
def served(plane: DataPlane) -> Iterator[Served]:
    """A fresh index for each test."""
    with serve(plane) as fresh:
        yield fresh


@pytest.fixture
def stub(served: Served) -> Iterator[VectorServiceStub]:
    with served.plane.channel() as channel:
        yield VectorServiceStub(channel)


@pytest.fixture
def mortal(mortal_plane: DataPlane) -> Iterator[Served]:
    with serve(mortal_plane) as fresh:
        yield fresh


@contextmanager
def serve(plane: DataPlane, *engines: int) -> Iterator[Served]:
    project = plane.project()
    index_id = plane.index(project, engines=engines or (0,))
    key = plane.api_key(project)
    with plane.client(index_id, key.value) as client:
        yield Served(plane, project, index_id, key, client)
