"""Every page answers its people, and nobody else."""

from collections.abc import Callable

import pytest
from django.test import Client

from access.actor import OPERATOR
from accounts.models import User
from indexes.lifecycle import create_index
from tests.console.conftest import SPEC, World

ORGANIZATION_PAGES = ("", "/roles")
PROJECT_PAGES = ("", "/indexes", "/indexes/articles", "/new-index/call?name=x")
OWNER_PAGES = ("/keys", "/keys/new", "/new-index", "/indexes/articles/delete")


@pytest.fixture
def articles(world: World) -> None:
    create_index(OPERATOR, world.project, name="articles", spec=SPEC, dimension=384)


def addresses(world: World) -> list[str]:
    return [
        *(world.home + page for page in ORGANIZATION_PAGES),
        *(world.place + page for page in (*PROJECT_PAGES, *OWNER_PAGES)),
        world.home + "/projects/new",
    ]


def test_the_owner_sees_every_page(
    world: World, articles: None, as_user: Callable[[User], Client]
) -> None:
    client = as_user(world.alice)
    for address in addresses(world):
        assert client.get(address).status_code == 200, address
