"""Driving a SCIM service with the public conformance tester."""

from collections.abc import Sequence
from typing import Any

from scim2_client import BaseSyncSCIMClient
from scim2_tester import check_server
from scim2_tester.utils import CheckResult

from kit.ids import random_base62
from tests.support.directory import PINE


class FreshAddresses(Sequence[str]):
    """Examples of which no two are the same: userNames that a provider could really send."""

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: Any) -> Any:
        return f"{random_base62(12).lower()}@{PINE}"


def checked(client: BaseSyncSCIMClient) -> list[CheckResult]:
    """All checks of the tester, on the models that the service itself publishes.

    No schema can say that a userName is an address of a verified domain: the tester is told.
    """
    client.discover()
    model: Any = client.provider.model_for("User")
    model.model_fields["user_name"].examples = FreshAddresses()
    return check_server(client)
