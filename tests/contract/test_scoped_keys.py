"""Keys of chosen indexes, namespaces and networks, through gateway, both planes and both faces."""

from collections.abc import Callable, Iterator

import pytest

from tests.contract.test_keys import index_id
from tests.support.clients import run_scenario
from tests.support.key_desk import KeyDesk, key_desk
from tests.support.stack import Stack
from tests.support.wire import Wire, control, dense_index, ready_index

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def desk(stack: Stack) -> Iterator[KeyDesk]:
    with key_desk(stack) as found:
        yield found


@pytest.mark.parametrize("transport", ["rest", "grpc"])
def test_the_official_client_sees_only_what_its_key_reaches(
    stack: Stack, desk: KeyDesk, api: Wire, name: str, transport: str
) -> None:
    other = f"{name}-other"
    host, _ = [ready_index(api, dense_index(each, dimension=3)) for each in (name, other)]
    key = desk.make(index_ids=[index_id(stack, host)], namespaces=["mine"])
    run_scenario(stack, "scoped_key", name, other, transport, key)
    for each in (name, other):
        api.request("DELETE", f"/indexes/{each}")


def test_a_network_is_judged_by_what_the_gateway_saw(
    stack: Stack, desk: KeyDesk, open_index: Callable[..., Wire], api: Wire, name: str
) -> None:
    """The tests dial from loopback; whatever they write into headers changes nothing."""
    open_index(dimension=3)
    host = api.get(f"/indexes/{name}").json()["host"]
    near, far = desk.make(networks=["127.0.0.0/8"]), desk.make(networks=["203.0.113.0/24"])
    forged = [{}, *({header: "203.0.113.5"} for header in _FORGED)]
    for headers in forged:
        for key, status in ((near, 200), (far, 401)):
            with Wire(host, api_key=key) as index, control(stack.api_url, key) as plane:
                told = index.request("POST", "/describe_index_stats", {}, headers=headers)
                assert told.status == status, headers
                assert plane.request("GET", "/indexes", headers=headers).status == status, headers


_FORGED = (
    "X-Forwarded-For",
    "X-Real-Ip",
    "Forwarded",
    "X-Envoy-External-Address",
    "True-Client-Ip",
)
