"""What index nodes read and report of keys, through the real views and as the system role."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from access.actor import OPERATOR
from access.keys import digest, parse
from indexes.lifecycle import create_index
from kit import clock
from kit.environment import environment
from orgs.secrets import installation_keyring
from projects.api_keys import create_api_key, disable_api_key
from projects.key_bounds import Bounds
from projects.models import ApiKey
from storage.catalog import load_api_key, load_index
from storage.database import Connection, connect
from storage.key_uses import KeyUse, Renewal, note_uses, renew_digests
from tests.support.world import World

_POD = {"pod": {"environment": "us-east-1-aws", "pod_type": "p1.x1", "pods": 1}}


@pytest.fixture
def node(world: World) -> Iterator[Connection]:
    with connect(environment().database_system_url.get_secret_value(), name="test") as connection:
        yield connection


def stored(key: ApiKey) -> ApiKey:
    return ApiKey.objects.using("system").filter(pk=key.pk)[0]


def test_a_use_is_written_at_most_once_a_minute_for_keys_of_all_tenants(
    world: World, node: Connection
) -> None:
    """Crosses tenants: the reports of one node are about keys of many."""
    ours, _ = world.key()
    theirs, _ = world.key(project=world.their_project)
    now = clock.now()
    first = [KeyUse(key.public_id, now, "192.0.2.5") for key in (ours, theirs)]
    note_uses(node, [*first, KeyUse("unknown0", now, None)])
    note_uses(node, [KeyUse(ours.public_id, now + timedelta(seconds=59), "192.0.2.6")])
    for key in (ours, theirs):
        assert (stored(key).last_used_at, stored(key).last_used_from) == (now, "192.0.2.5")
    later = now + timedelta(seconds=61)
    note_uses(node, [KeyUse(ours.public_id, later, None)])
    assert (stored(ours).last_used_at, stored(ours).last_used_from) == (later, None)


def test_a_key_that_somebody_is_changing_is_passed_over(world: World, node: Connection) -> None:
    key, _ = world.key()
    url = environment().database_system_url.get_secret_value()
    with connect(url, name="other") as other, other.transaction():
        other.execute(
            "SELECT 1 FROM projects_apikey WHERE public_id = %s FOR UPDATE", [key.public_id]
        )
        note_uses(node, [KeyUse(key.public_id, clock.now(), None)])
    assert stored(key).last_used_at is None


def test_a_digest_is_renewed_only_while_it_is_the_one_that_was_proven(
    world: World, node: Connection
) -> None:
    key, value = world.key()
    plain = parse(value)
    assert plain is not None
    _, pepper = installation_keyring().current_pepper()
    later = Renewal(key.public_id, key.pepper_id + 7, key.pepper_id + 8, digest(plain, pepper))
    renew_digests(node, [later])
    assert stored(key).pepper_id == key.pepper_id
    renew_digests(node, [Renewal(key.public_id, key.pepper_id, key.pepper_id + 8, b"d" * 32)])
    assert (stored(key).pepper_id, bytes(stored(key).digest)) == (key.pepper_id + 8, b"d" * 32)


def test_a_node_reads_what_confines_a_key_and_a_disabled_one_as_revoked(
    world: World, node: Connection
) -> None:
    index = world.index()
    bounds = Bounds((index.pk,), ("a",), ("10.0.0.0/8",))
    key, _ = create_api_key(OPERATOR, world.project, name="narrow", bounds=bounds)
    row = load_api_key(node, key.public_id)
    assert row is not None
    assert (row.index_ids, row.networks, row.key_id) == ([index.pk], ["10.0.0.0/8"], key.pk)
    assert (row.sealed_namespaces is not None, row.revoked_at) == (True, None)
    disable_api_key(OPERATOR, key)
    disabled = load_api_key(node, key.public_id)
    assert disabled is not None
    assert disabled.revoked_at is not None


def test_a_node_tells_pods_from_others(world: World, node: Connection) -> None:
    pod = create_index(OPERATOR, world.project, name="pod", spec=_POD, dimension=4)
    rows = [load_index(node, index.pk) for index in (pod, world.index())]
    assert [row.is_pod for row in rows if row is not None] == [True, False]
