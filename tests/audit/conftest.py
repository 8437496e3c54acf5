"""Signed heads are kept outside the database: each test begins and ends without any."""

from collections.abc import Iterator

import pytest

from audit.heads import heads_file, stored_heads
from kit.environment import environment
from storage.objects import open_object_store
from tests.support.world import World


@pytest.fixture
def unsigned(world: World) -> Iterator[World]:
    """A world whose chains nobody has signed. Its organizations have the same ids in every test, so
    a head that another test left would vouch for events of this one."""
    _forget_heads()
    yield world
    _forget_heads()


def _forget_heads() -> None:
    store = open_object_store(environment().object_store_url)
    for head in list(stored_heads(store)):
        store.delete(head.path)
    heads_file().unlink(missing_ok=True)
