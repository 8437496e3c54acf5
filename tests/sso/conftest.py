"""A name server, and an organization that has proven its domain and has a connection."""

from collections.abc import Iterator

import pytest

from kit.environment import environment
from tests.support.name_server import NameServer, running_name_server


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    """A real name server, which Stonepine asks."""
    with running_name_server() as server:
        monkeypatch.setenv("STONEPINE_DNS_SERVERS", server.address)
        environment.cache_clear()
        yield server
    monkeypatch.undo()
    environment.cache_clear()
