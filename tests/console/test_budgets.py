"""A page asks the database as often for a large tenant as for a small one."""

from collections.abc import Callable

import pytest
from django.test import Client

from access.actor import OPERATOR
from accounts.models import User
from projects.projects import create_project
from tests.console.conftest import Site


@pytest.mark.parametrize(
    "page",
    [
        "",
        "/p/search",
        "/p/search/indexes",
        "/p/search/indexes/first",
        "/p/search/indexes/first/browse",
        "/p/search/keys",
        "/p/search/backups",
        "/p/search/restore-jobs",
        "/p/search/jobs",
        "/p/search/indexes/first/backups",
        "/roles",
        "/members",
        "/audit",
        "/service-accounts",
        "/settings",
    ],
)
def test_a_page_takes_the_same_number_of_statements_however_much_there_is(
    site: Site,
    as_user: Callable[[User], Client],
    queries_of: Callable[[Callable[[], object]], int],
    page: str,
) -> None:
    client = as_user(site.alice)
    site.world.index("first")
    site.world.key()
    assert client.get(site.home + page).status_code == 200
    few = queries_of(lambda: client.get(site.home + page))
    for number in range(4):
        create_project(OPERATOR, site.organization, name=f"More {number}")
        site.world.index(f"more-{number}")
        site.world.key()
    assert queries_of(lambda: client.get(site.home + page)) == few
