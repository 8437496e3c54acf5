"""A project's settings and members: its owner renames, adds, removes and ends it."""

from collections.abc import Callable

import pytest
from django.test import Client

from access.actor import OPERATOR
from access.permissions import Role
from accounts.models import User
from projects.projects import create_project
from projects.queries import find_project
from projects.roster import project_members
from tests.console.conftest import Site
from tests.matrix.cast import Person


@pytest.fixture
def owner(site: Site) -> Client:
    """Alice, who has proven herself just now."""
    return Person("owner", site.alice).browser()


def roles_of(site: Site, user: User) -> list[Role]:
    found = {one.principal_id: one.roles for one in project_members(OPERATOR, site.project)}
    return found.get(user.pk, [])


def test_a_project_is_renamed_and_its_address_stays(site: Site, owner: Client) -> None:
    assert owner.post(f"{site.place}/settings/name", {"name": "<i>Find"}).status_code == 302
    shown = owner.get(f"{site.place}/settings").text
    assert "&lt;i&gt;Find" in shown
    assert "<i>Find" not in shown


def test_a_project_that_holds_something_is_kept(site: Site, owner: Client) -> None:
    site.world.index("movies")
    assert "It still has 1 index: delete" in owner.get(f"{site.place}/settings").text
    reply = owner.post(f"{site.place}/settings/delete", {"confirmation": site.project.slug})
    assert reply.status_code == 422
    assert "still holds 1 indexes" in reply.text


def test_an_empty_project_is_deleted_once_its_name_was_typed(site: Site, owner: Client) -> None:
    # Another one than the world's: its key is gone for ever.
    doomed = create_project(OPERATOR, site.organization, name="Doomed")
    site.world.key(project=doomed)
    address = f"{site.home}/p/doomed/settings/delete"
    assert "1 API key: clients that use it are refused" in owner.get(address).text
    assert owner.post(address, {"confirmation": "Doomed"}).status_code == 422
    assert find_project(OPERATOR, site.organization, "doomed")
    assert owner.post(address, {"confirmation": "doomed"})["Location"] == site.home
    assert owner.get(address).status_code == 404


def test_members_of_the_organization_join_and_leave(site: Site, owner: Client) -> None:
    form = {"email": "vera@example.com", "role": "DataPlaneEditor"}
    assert owner.post(f"{site.place}/members/new", form).status_code == 302
    assert set(roles_of(site, site.vera)) == {Role.PROJECT_VIEWER, Role.DATA_PLANE_EDITOR}
    shown = owner.get(f"{site.place}/members").text
    assert "Data plane editor" in shown
    assert "Organization owner" in shown
    assert owner.post(f"{site.place}/members/{site.vera.pk}/remove").status_code == 302
    assert roles_of(site, site.vera) == []


@pytest.mark.parametrize("email", ["mallory@example.com", "nobody@example.com"])
def test_strangers_are_refused_in_the_same_words(site: Site, owner: Client, email: str) -> None:
    reply = owner.post(f"{site.place}/members/new", {"email": email, "role": "ProjectEditor"})
    assert reply.status_code == 422
    assert "Only members of the organization can join its projects." in reply.text


def test_a_viewer_sees_settings_and_nothing_to_press(
    site: Site, as_user: Callable[[User], Client]
) -> None:
    viewer = as_user(site.vera)
    shown = viewer.get(f"{site.place}/settings").text
    assert "Danger zone" not in shown
    assert "Rename" not in shown
    assert viewer.get(f"{site.place}/members").status_code == 403


def test_networks_are_changed_and_whoever_would_be_shut_out_is_warned_first(
    site: Site, owner: Client
) -> None:
    address = f"{site.place}/settings/networks"
    assert "You come from <code>127.0.0.1</code>" in owner.get(address).text
    wish = {"data_plane": "203.0.113.0/24\n", "control_plane": ""}
    refused = owner.post(address, wish)
    assert refused.status_code == 422
    assert "This would shut you out: 127.0.0.1" in refused.text
    assert "Save it although it shuts me out" in refused.text
    assert "from anywhere" in owner.get(f"{site.place}/settings").text
    assert owner.post(address, {**wish, "is_forced": "on"}).status_code == 302
    assert "<code>203.0.113.0/24</code>" in owner.get(f"{site.place}/settings").text
    assert "force" not in owner.get(address).text.lower().split("the same call")[0]
