"""A name server, and an organization that has proven its domain and has a connection."""

from collections.abc import Iterator

import pytest

from config.celery import app
from kit.environment import environment
from tests.console.conftest import Letters
from tests.sso.provider import Provider, provider_of
from tests.support.name_server import NameServer, running_name_server
from tests.support.world import World


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    """A real name server, which Stonepine asks."""
    with running_name_server() as server:
        monkeypatch.setenv("STONEPINE_DNS_SERVERS", server.address)
        environment.cache_clear()
        yield server
    monkeypatch.undo()
    environment.cache_clear()


@pytest.fixture
def provider(world: World, names: NameServer) -> Provider:
    """An active connection of Alice's organization, and who answers for it."""
    return provider_of(world, names)


@pytest.fixture
def letters() -> Letters:
    app.control.purge()
    return Letters()
