"""The probe proves that an index serves, opens to its own token only, and leaves no trace."""

from uuid import UUID

import httpx
import pytest

from access import probes
from kit.ids import new_id
from tests.dataplane.server.conftest import Served


def _probe(served: Served, index_id: UUID, authorization: str) -> httpx.Response:
    with served.plane.client(index_id) as client:
        return client.post("/.stonepine/probe", headers={"authorization": authorization})


def _token(served: Served, index_id: UUID) -> str:
    return f"{probes.SCHEME} {probes.mint(served.plane.keyring.derive('probe'), index_id)}"


@pytest.mark.parametrize("state", ["Ready", "Initializing"])
def test_an_index_that_serves_says_so_and_keeps_nothing_of_it(served: Served, state: str) -> None:
    index_id = served.plane.index(served.project, state=state)
    reply = _probe(served, index_id, _token(served, index_id))
    assert (reply.status_code, reply.json()) == (200, {})
    count = "SELECT count(*) FROM log_batch WHERE index_id = %s"
    assert served.plane.rows(count, [index_id]) == [(0,)]
    count = "SELECT count(*) FROM log_namespace WHERE index_id = %s"
    assert served.plane.rows(count, [index_id]) == [(0,)]
    with served.plane.client(index_id, served.key.value) as client:
        assert client.get("/describe_index_stats").json()["namespaces"] == {}


def test_an_index_that_is_not_there_does_not_serve(served: Served) -> None:
    index_id = new_id()
    assert _probe(served, index_id, _token(served, index_id)).status_code == 404


def test_a_probe_needs_a_token_of_its_own_index(served: Served) -> None:
    other = _token(served, new_id())
    for authorization in ("", "Bearer x", f"{probes.SCHEME} x", other, served.key.value):
        assert _probe(served, served.index_id, authorization).status_code == 401


def test_health_needs_no_key_and_tells_of_the_engine(served: Served) -> None:
    with served.plane.client() as client:
        reply = client.get("/.stonepine/healthz")
    assert (reply.status_code, reply.json()) == (200, {"status": "ok"})
