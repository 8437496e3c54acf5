"""An organization's settings: owners rename and delete, everybody may leave."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from access.actor import OPERATOR
from accounts.models import User
from indexes.backup_models import Backup
from indexes.backups import create_backup
from kit import clock
from orgs.models import Organization
from orgs.queries import find_organization, members
from orgs.retention import shown_retention
from projects.projects import delete_project
from tests.console.conftest import Site
from tests.matrix.cast import Person

AsUser = Callable[[User], Client]


@pytest.fixture
def owner(site: Site) -> Client:
    """Alice, who has proven herself just now."""
    return Person("owner", site.alice).browser()


def found(site: Site) -> Organization | None:
    return find_organization(site.organization.slug)


def addresses(site: Site) -> list[str]:
    return [one.user.email for one in members(OPERATOR, site.organization)]


def test_an_owner_renames_it_and_its_address_stays(site: Site, owner: Client) -> None:
    address = f"{site.home}/settings/name"
    assert 'value="Pine"' in owner.get(address).content.decode()
    assert owner.post(address, {"name": "<i>Fir</i>"}).status_code == 302
    shown = owner.get(f"{site.home}/settings").content.decode()
    assert "&lt;i&gt;Fir" in shown
    assert "<i>Fir" not in shown
    for name in ("", "  ", "x" * 513):
        assert owner.post(address, {"name": name}).status_code == 422


def test_an_organization_with_projects_is_not_deleted(site: Site, owner: Client) -> None:
    assert "It still has 1 project:" in owner.get(f"{site.home}/settings").content.decode()
    reply = owner.post(f"{site.home}/settings/delete", {"confirmation": site.organization.slug})
    assert reply.status_code == 422
    assert "still has 1 projects" in reply.content.decode()
    assert found(site) is not None


def test_an_empty_one_is_deleted_once_its_name_was_typed(site: Site, owner: Client) -> None:
    delete_project(OPERATOR, site.project)
    address = f"{site.home}/settings/delete"
    assert address in owner.get(f"{site.home}/settings").content.decode()
    assert owner.post(address, {"confirmation": "oak"}).status_code == 422
    assert found(site) is not None
    assert owner.post(address, {"confirmation": "pine"})["Location"] == "/"
    assert found(site) is None
    assert owner.get(site.home).status_code == 404


def test_everybody_may_leave_but_the_last_owner(site: Site, owner: Client) -> None:
    bob = Person("bob", site.bob).browser()
    address = f"{site.home}/settings/leave"
    assert "Leave Pine?" in bob.get(address).content.decode()
    assert bob.post(address, {"confirmation": "no"}).status_code == 422
    assert "bob@example.com" in addresses(site)
    assert bob.post(address, {"confirmation": "pine"})["Location"] == "/"
    assert "bob@example.com" not in addresses(site)
    reply = owner.post(address, {"confirmation": "pine"})
    assert reply.status_code == 422
    assert "An organization needs an owner." in reply.content.decode()


def test_members_see_settings_without_what_owners_do(site: Site, as_user: AsUser) -> None:
    shown = as_user(site.vera).get(f"{site.home}/settings").content.decode()
    assert "/settings/leave" in shown
    assert "/settings/delete" not in shown
    assert "Delete organization" not in shown
    assert "/settings/name" not in shown
    vera = Person("vera", site.vera).browser()
    for act in ("name", "delete"):
        assert vera.get(f"{site.home}/settings/{act}").status_code == 403
    mallory = Person("mallory", site.mallory).browser()
    for act in ("", "/name", "/leave", "/delete"):
        assert mallory.get(f"{site.home}/settings{act}").status_code == 404


def test_what_ends_something_asks_for_a_fresh_proof(site: Site, as_user: AsUser) -> None:
    for act in ("leave", "delete"):
        reply = as_user(site.alice).post(f"{site.home}/settings/{act}", {"confirmation": "pine"})
        assert reply["Location"].startswith("/confirm?next=")
    assert found(site) is not None


def test_an_owner_chooses_how_long_things_are_kept_and_is_told_of_backups_that_would_go(
    site: Site, owner: Client
) -> None:
    address = f"{site.home}/settings/retention"
    shown = owner.get(address).text
    assert "Backups (days)" in shown
    assert "Empty: until somebody deletes them." in shown
    assert f"{site.organization.public_id}/retention" in shown
    made = create_backup(OPERATOR, site.world.index(), name="old")
    rows = Backup.objects.using("system").filter(pk=made.pk)
    rows.update(created_at=clock.now() - timedelta(days=8))
    refused = owner.post(address, {"backups": "7"})
    assert refused.status_code == 422
    assert "1 backup is older than 7 days" in refused.text
    assert "Delete the backups that are older" in refused.text
    assert owner.post(address, {"backups": "7", "is_forced": "on"}).status_code == 302
    assert "7 days" in owner.get(f"{site.home}/settings").text
    too_long = owner.post(address, {"metrics": "401"})
    assert too_long.status_code == 422
    assert owner.post(address, {}).status_code == 302
    now = found(site)
    assert now is not None
    assert shown_retention(now)["backups"] is None


def test_whoever_comes_from_outside_the_networks_is_told_so(site: Site) -> None:
    owner = Person("owner", site.alice).browser()
    address = f"{site.home}/settings/networks"
    wish = {"people": "203.0.113.0/24", "service_accounts": ""}
    refused = owner.post(address, wish)
    assert refused.status_code == 422
    assert "This would shut you out: 127.0.0.1" in refused.text
    assert owner.get(site.home).status_code == 200
    assert owner.post(address, {**wish, "is_forced": "on"}).status_code == 302
    shut = owner.get(site.home)
    assert shut.status_code == 403
    assert "lets its people in from its own networks only" in shut.text
    assert owner.get("/")["Location"] == site.home
