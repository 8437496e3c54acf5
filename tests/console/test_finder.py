"""The command palette finds what there is, and only for those who may see it."""

from collections.abc import Callable

import pytest
from django.test import Client

from access.actor import OPERATOR
from accounts.models import User
from projects.projects import create_project
from tests.console.conftest import Site

HTMX = {"HX-Request": "true"}
Look = Callable[[User, str], str]


@pytest.fixture
def look(site: Site, as_user: Callable[[User], Client]) -> Look:
    def found(user: User, path: str) -> str:
        answer = as_user(user).get(site.home + path, headers=HTMX)
        assert answer.status_code == 200
        return str(answer.content.decode())

    return found


def test_an_index_is_found_from_anywhere_in_the_organization(site: Site, look: Look) -> None:
    other = create_project(OPERATOR, site.organization, name="Other")
    site.world.index("support-articles", project=other)
    for path in ("/find?q=ARTICLES", "/p/search/find?q=articles"):
        assert f"{site.home}/p/other/indexes/support-articles" in look(site.alice, path)
    assert "support-articles" not in look(site.bob, "/find?q=articles")


def test_pages_and_acts_are_those_of_the_person(site: Site, look: Look) -> None:
    of_owner = look(site.alice, "/p/search/find?q=")
    of_viewer = look(site.vera, "/p/search/find?q=")
    for label in ("Audit log", "Create index", "Create API key", "Invite people"):
        assert label in of_owner
        assert label not in of_viewer
    assert "Indexes" in of_viewer


def test_what_is_nowhere_is_said_to_be_nowhere(site: Site, look: Look) -> None:
    assert "Nothing here is called that." in look(site.alice, "/find?q=%25")
    assert "Theirs" not in look(site.alice, "/find?q=theirs")


def test_without_scripts_it_is_a_page(site: Site, as_user: Callable[[User], Client]) -> None:
    page = as_user(site.alice).get(f"{site.home}/find?q=settings").content.decode()
    assert "<h1>Go to</h1>" in page
    assert f'href="{site.home}/settings" data-hit' in page
