"""The Vector API against every key: REST over its routes, gRPC over the descriptors."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import grpc
import pytest

from cli.embedded.postgres import EmbeddedPostgres
from dataplane.front.import_routes import IMPORT_ROUTES
from dataplane.front.operations import OPERATIONS
from kit import clock
from kit.ids import new_id
from protocol.v1 import vector_service_pb2
from tests.matrix.cast import KeyHolder, with_wrong_checksum, with_wrong_secret
from tests.matrix.data_rows import REST, RPC
from tests.matrix.grid import Cell, told
from tests.matrix.reference import DATA_WRITE, KEYS_ROLES, PRESETS, may
from tests.support.dataplane import DataPlane, Project, running_data_plane

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_LOG = "SELECT count(*) FROM log_batch WHERE index_id = %s"


@dataclass(frozen=True)
class Field:
    plane: DataPlane
    project: Project
    index_id: UUID

    def logged(self) -> int:
        """How many batches of changes the matrix' index has."""
        return int(self.plane.rows(_LOG, [self.index_id])[0][0])

    def key(self, *roles: str, **options: object) -> str:
        return self.plane.api_key(self.project, *roles, **options).value


@pytest.fixture(scope="module")
def field(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Field]:
    with running_data_plane(postgres_server, tmp_path_factory.mktemp("dp")) as plane:
        project = plane.project()
        yield Field(plane, project, plane.index(project))


@pytest.fixture(scope="module")
def holders(field: Field) -> list[KeyHolder]:
    sets = {role: (role,) for role in KEYS_ROLES} | PRESETS
    good = [KeyHolder(label, field.key(*roles), frozenset(roles)) for label, roles in sets.items()]
    asked = field.key(namespaces=["", "absent"])
    editor = frozenset({"ProjectEditor"})
    good.append(KeyHolder("of the namespaces asked for", asked, editor, is_confined=True))
    return [*good, *_invalid(field), *_beside(field)]


def _invalid(field: Field) -> list[KeyHolder]:
    revoked = field.plane.api_key(field.project)
    field.plane.revoke(revoked)
    values = {
        "no key": None,
        "an empty key": "",
        "garbage": "garbage",
        "a uuid": str(new_id()),
        "a wrong secret": with_wrong_secret(field.key()),
        "a wrong checksum": with_wrong_checksum(field.key()),
        "expired": field.key(expires_at=clock.now() - timedelta(seconds=1)),
        "revoked": revoked.value,
        "of another network": field.key(networks=["203.0.113.0/24"]),
    }
    return [KeyHolder(label, value, None) for label, value in values.items()]


def _beside(field: Field) -> list[KeyHolder]:
    sibling = field.plane.project(org_id=field.project.org_id)
    values = {
        "of another project": field.plane.api_key(sibling).value,
        "of another organization": field.plane.api_key(field.plane.project()).value,
        "of another index": field.key(index_ids=[new_id()]),
    }
    return [
        KeyHolder(label, value, frozenset({"ProjectEditor"}), is_elsewhere=True)
        for label, value in values.items()
    ]


def test_every_route_and_every_rpc_has_a_row() -> None:
    served = {f"{route.method} {route.path}" for one in OPERATIONS for route in one.routes}
    served |= {f"{method} {path}" for path, by in IMPORT_ROUTES.items() for method in by}
    assert served == set(REST), "tests/matrix/data_rows.py: REST has one row per route"
    service = vector_service_pb2.DESCRIPTOR.services_by_name["VectorService"]
    described = {method.name for method in service.methods}
    assert described == set(RPC), "tests/matrix/data_rows.py: RPC has one row per method"
    assert {operation.name for operation in OPERATIONS} == described


def test_every_rest_route_answers_every_key_as_its_row_says(
    field: Field, holders: list[KeyHolder]
) -> None:
    found = [cell for holder in holders for cell in _rest_cells(field, holder)]
    surprising = [cell for cell in found if cell.is_surprising]
    assert not surprising, told(surprising)
    assert len(found) == len(holders) * len(_METHODS) * len({key.split()[1] for key in REST})
    assert field.logged() == 0


def test_every_rpc_answers_every_key_as_its_row_says(
    field: Field, holders: list[KeyHolder]
) -> None:
    with field.plane.channel() as channel:
        found = [cell for holder in holders for cell in _rpc_cells(field, holder, channel)]
    surprising = [cell for cell in found if cell.is_surprising]
    assert not surprising, told(surprising)
    assert len(found) == len(holders) * len(RPC)
    assert field.logged() == 0


def test_a_key_of_other_namespaces_changes_nothing_and_reads_as_if_nothing_were_there(
    field: Field,
) -> None:
    holder = KeyHolder("of other namespaces", field.key(namespaces=["mine"]), None)
    with field.plane.channel() as channel:
        found = [*_confined_rest_cells(field, holder), *_confined_rpc_cells(field, holder, channel)]
    surprising = [cell for cell in found if cell.is_surprising]
    assert not surprising, told(surprising)
    assert len(found) == len(REST) + len(RPC)
    assert field.logged() == 0


def test_what_is_refused_to_keys_of_other_namespaces_would_have_an_effect(field: Field) -> None:
    """On an index of their own: the matrix' own stays empty."""
    index_id = field.plane.index(field.project)
    metadata = _metadata(index_id, field.key(namespaces=["", "absent"]))
    writes = [name for name, row in RPC.items() if row.right == DATA_WRITE]
    assert writes == ["Upsert", "Update", "Delete", "CreateNamespace", "DeleteNamespace"]
    with field.plane.channel() as channel:
        for name in writes:
            row = RPC[name]
            assert _status(channel, name, row.effective or row.message, metadata) == 0, name
    with field.plane.client(index_id, metadata[1][1]) as client:
        for key, row_ in REST.items():
            method, _, path = key.partition(" ")
            if row_.right == DATA_WRITE:
                body = {"json": row_.effective} if row_.effective else {}
                reply = client.request(method, _there(path), **body)
                expected = 403 if row_.is_of_all_namespaces else 200
                assert reply.status_code == expected, (key, reply.text)


def _there(path: str) -> str:
    return path.format(namespace="absent", id="absent")


def _confined_rest_cells(field: Field, holder: KeyHolder) -> Iterator[Cell]:
    with field.plane.client(field.index_id, holder.value) as client:
        for key, row in REST.items():
            method, _, path = key.partition(" ")
            body = row.effective or row.body
            sent = {} if body is None else {"json": body}
            reply = client.request(method, _there(path), **sent)
            expected = 403 if row.right == DATA_WRITE else row.allowed
            yield Cell(holder.label, method, path, str(expected), str(reply.status_code))


def _confined_rpc_cells(field: Field, holder: KeyHolder, channel: grpc.Channel) -> Iterator[Cell]:
    metadata = _metadata(field.index_id, holder.value)
    for name, row in RPC.items():
        got = _status(channel, name, row.effective or row.message, metadata)
        expected = 7 if row.right == DATA_WRITE else row.allowed
        yield Cell(holder.label, "RPC", name, str(expected), str(got))


def _rest_cells(field: Field, holder: KeyHolder) -> Iterator[Cell]:
    with field.plane.client(field.index_id, holder.value) as client:
        for path in sorted({key.split()[1] for key in REST}):
            for method in _METHODS:
                row = REST.get(f"{method} {path}")
                there = _there(path)
                reply = client.request(method, there, json=row.body if row else None)
                right, allowed = (row.right, row.allowed) if row else ("", 405)
                if row is not None and row.is_of_all_namespaces and holder.is_confined:
                    allowed = 403
                expected = _expected(holder, right, allowed, denied=403, foreign=404, unknown=401)
                yield Cell(holder.label, method, path, str(expected), str(reply.status_code))


def _rpc_cells(field: Field, holder: KeyHolder, channel: grpc.Channel) -> Iterator[Cell]:
    for name, row in RPC.items():
        metadata = _metadata(field.index_id, holder.value)
        got = _status(channel, name, row.message, metadata)
        expected = _expected(holder, row.right, row.allowed, denied=7, foreign=5, unknown=16)
        yield Cell(holder.label, "RPC", name, str(expected), str(got))


def _metadata(index_id: UUID, key: str | None) -> list[tuple[str, str]]:
    of_index = [("x-stonepine-index", str(index_id))]
    return of_index if key is None else [*of_index, ("api-key", key)]


def _status(
    channel: grpc.Channel, name: str, message: bytes, metadata: list[tuple[str, str]]
) -> int:
    try:
        channel.unary_unary(f"/VectorService/{name}")(message, metadata=metadata)
    except grpc.RpcError as error:
        return int(error.code().value[0])
    return 0


def _expected(
    holder: KeyHolder, right: str, allowed: int, *, denied: int, foreign: int, unknown: int
) -> int:
    if holder.roles is None:
        return unknown
    if holder.is_elsewhere:
        return foreign
    return allowed if not right or may(holder.roles, right) else denied
