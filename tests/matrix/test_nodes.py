"""Keys that the control plane made and ended, at a node that reads the control plane's views."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import grpc
import pytest

from access.actor import OPERATOR
from keyring.local import LocalKeyring
from kit.environment import environment
from kit.ids import new_id
from orgs.organizations import suspend_organization
from tests.matrix.cast import ended_keys, key_of
from tests.matrix.data_rows import REST, RPC
from tests.support.dataplane import DataPlane
from tests.support.world import World

_UNAUTHENTICATED = 16


@pytest.fixture
def node(database: None, installation: Path, tmp_path: Path) -> Iterator[DataPlane]:
    here = environment()
    settings = {
        "STONEPINE_KEYRING_DIR": str(here.keyring_dir),
        "OBJECT_STORE_URL": f"file://{tmp_path}/objects",
        "STONEPINE_USAGE_REPORT_S": "60",
    }
    (tmp_path / "objects").mkdir()
    plane = DataPlane(
        tmp_path,
        owner_url="",
        system_url=here.database_system_url.get_secret_value(),
        keyring=LocalKeyring(here.keyring_dir),
        settings=settings,
    )
    try:
        yield plane
    finally:
        plane.close()


def test_ended_keys_and_keys_of_a_suspended_organization_open_nothing(
    world: World, node: DataPlane
) -> None:
    ours, theirs = world.index(), world.index("filme", project=world.their_project)
    closed = {label: (ours.pk, value) for label, value in ended_keys(world).items()}
    their_key = key_of(world, project=world.their_project)
    closed["a key of a suspended organization"] = (theirs.pk, their_key)
    suspend_organization(OPERATOR, world.elsewhere, reason="for the matrix")
    good = key_of(world)
    node.start()
    for label, (index_id, value) in closed.items():
        assert _answers(node, index_id, value) == (
            dict.fromkeys(REST, 401) | dict.fromkeys(RPC, _UNAUTHENTICATED)
        ), label
    # The same node lets others in, and tells them apart: it is no node that is just down.
    assert set(_answers(node, ours.pk, good).values()) & {401, _UNAUTHENTICATED} == set()
    assert set(_answers(node, theirs.pk, good).values()) == {
        404,
        grpc.StatusCode.NOT_FOUND.value[0],
    }


def _answers(node: DataPlane, index_id: UUID, key: str) -> dict[str, int]:
    found = {}
    with node.client(index_id, key) as client, node.channel() as channel:
        for route, row in REST.items():
            method, _, path = route.partition(" ")
            sent = {} if row.body is None else {"json": row.body}
            reply = client.request(method, path.format(namespace="absent", id=new_id()), **sent)
            found[route] = reply.status_code
        metadata = [("x-stonepine-index", str(index_id)), ("api-key", key)]
        for name, message in RPC.items():
            found[name] = 0
            try:
                channel.unary_unary(f"/VectorService/{name}")(message.message, metadata=metadata)
            except grpc.RpcError as error:
                found[name] = error.code().value[0]
    return found
