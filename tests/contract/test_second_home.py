"""A second home beside the first: both work, neither sees the other's."""

import pytest

from tests.support.stack import Stack, running_stack
from tests.support.wire import Wire, control, dense_index, ready_index

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

VECTOR = {"id": "a", "values": [1, 2, 3]}


def filled_index(stack: Stack, name: str) -> str:
    with control(stack.api_url, stack.api_key) as api:
        host = ready_index(api, dense_index(name, dimension=3))
    with Wire(host, api_key=stack.api_key) as index:
        assert index.post("/vectors/upsert", {"vectors": [VECTOR]}).status == 200
    return host


def test_two_homes_work_side_by_side_and_know_nothing_of_each_other(
    stack: Stack, name: str
) -> None:
    with running_stack() as second:
        assert second.port != stack.port
        hosts = {filled_index(one, name) for one in (stack, second)}
        assert len(hosts) == 2
        with control(second.api_url, stack.api_key) as trespasser:
            assert trespasser.get("/indexes").status == 401
        for host in hosts:
            answers = set()
            for key in (stack.api_key, second.api_key):
                with Wire(host, api_key=key) as index:
                    answers.add(index.get("/vectors/fetch?ids=a").status)
            assert answers == {200, 401}
    with control(stack.api_url, stack.api_key) as api:
        assert api.get(f"/indexes/{name}").status == 200
        api.request("DELETE", f"/indexes/{name}")
