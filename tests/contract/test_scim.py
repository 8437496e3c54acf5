"""The public conformance tester of SCIM 2.0 against a running stack, over the gateway."""

import httpx2
import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status

from tests.support.directory_in_stack import directory_in
from tests.support.scim import checked
from tests.support.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
_CHECKS_AT_LEAST = 70


def test_the_tester_finds_nothing_to_complain_about(stack: Stack) -> None:
    base, token = directory_in(stack)
    with httpx2.Client(
        base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=30
    ) as http:
        results = checked(SyncSCIMClient(http))
    other = [result for result in results if result.status is not Status.SUCCESS]
    assert not other, "\n".join(f"{one.status.name} {one.title}: {one.reason}" for one in other)
    assert len(results) >= _CHECKS_AT_LEAST
