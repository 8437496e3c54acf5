"""Members and invitations on the console: seen by members, changed by owners who proved it."""

import pytest
from django.test import Client

from access.actor import OPERATOR
from access.permissions import Role
from orgs.directory import invitations, users
from orgs.invitations import create_invitation
from orgs.models import Invitation
from orgs.queries import organization_roles
from orgs.role_bindings import Assignment
from tests.console.conftest import Site
from tests.console.test_directory import AsUser
from tests.matrix.cast import Person

NEW = "nora@example.com"


@pytest.fixture
def owner(site: Site) -> Client:
    """Alice, who has proven herself just now."""
    return Person("owner", site.alice).browser()


def open_invitations(site: Site) -> list[Invitation]:
    return invitations(OPERATOR, site.organization).rows


def invited(site: Site) -> Invitation:
    invitation, _ = create_invitation(
        OPERATOR, site.organization, email=NEW, assignments=[Assignment(Role.ORG_MEMBER)]
    )
    return invitation


def roles_of_bob(site: Site) -> list[Role]:
    rows = users(OPERATOR, site.organization).rows
    return sorted(organization_roles(OPERATOR, site.organization, rows).get(site.bob.pk, []))


def test_a_viewer_sees_members_and_neither_acts_nor_invitations(
    site: Site, as_user: AsUser
) -> None:
    invited(site)
    shown = as_user(site.vera).get(f"{site.home}/members").content.decode()
    assert site.alice.email in shown
    assert "Organization owner" in shown
    for hidden in (NEW, "Invite someone", "Remove "):
        assert hidden not in shown


def test_an_invitation_is_sent_without_scripts(site: Site, owner: Client) -> None:
    form = owner.get(f"{site.home}/members/invite").content.decode()
    assert "/admin/invites" in form
    wish = {"email": NEW, "roles": ["OrgMember", "OrgBillingAdmin"]}
    reply = owner.post(f"{site.home}/members/invite", wish, follow=True)
    assert f"Invitation sent to {NEW}" in reply.content.decode()
    assert [one.email for one in open_invitations(site)] == [NEW]


def test_an_invitation_that_cannot_be_sent_comes_back_with_its_reason(
    site: Site, owner: Client
) -> None:
    for wish, reason in (
        ({"email": NEW, "roles": []}, "Choose at least one role."),
        ({"email": "nobody", "roles": ["OrgMember"]}, "nobody"),
        ({"email": site.bob.email, "roles": ["OrgMember"]}, site.bob.email),
    ):
        reply = owner.post(f"{site.home}/members/invite", wish)
        assert reply.status_code == 422
        assert reason in reply.content.decode()
    assert open_invitations(site) == []


def test_sending_again_replaces_the_link_and_revoking_ends_it(site: Site, owner: Client) -> None:
    first = invited(site)
    place = f"{site.home}/members/invitations/{first.pk}"
    assert owner.post(f"{place}/resend").status_code == 302
    (second,) = open_invitations(site)
    assert second.public_id != first.public_id
    assert "stops working at once" in owner.get(f"{place}/revoke").content.decode()
    assert owner.post(f"{place}/revoke").status_code == 302
    assert open_invitations(site) == []


def test_roles_are_replaced_by_those_chosen(site: Site, owner: Client) -> None:
    place = f"{site.home}/members/{site.bob.pk}/roles"
    assert "Roles of" in owner.get(place).content.decode()
    assert owner.post(place, {"roles": []}).status_code == 422
    assert owner.post(place, {"roles": ["OrgManager"]}).status_code == 302
    assert roles_of_bob(site) == [Role.ORG_MANAGER]


def test_a_member_is_removed_and_the_last_owner_is_not(site: Site, owner: Client) -> None:
    assert owner.post(f"{site.home}/members/{site.bob.pk}/remove").status_code == 302
    assert site.bob.email not in owner.get(f"{site.home}/members").content.decode()
    reply = owner.post(f"{site.home}/members/{site.alice.pk}/remove")
    assert reply.status_code == 422
    assert site.alice.email in owner.get(f"{site.home}/members").content.decode()


def test_acts_want_a_fresh_proof(site: Site, as_user: AsUser) -> None:
    stale = as_user(site.alice)
    for path in ("invite", f"{site.bob.pk}/roles", f"{site.bob.pk}/remove"):
        reply = stale.post(f"{site.home}/members/{path}", {"roles": ["OrgOwner"], "email": NEW})
        assert reply.status_code == 302
        assert reply["Location"].startswith("/confirm?")
    assert roles_of_bob(site) == [Role.ORG_MEMBER]
    assert open_invitations(site) == []
