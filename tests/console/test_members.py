"""Members and invitations on the console: seen by members, changed by owners who proved it."""

import pytest
from django.test import Client

from access.actor import OPERATOR
from access.permissions import Role
from console.views import members as views
from orgs.directory import invitations, roles_of, users
from orgs.invitations import create_invitation
from orgs.members import create_member
from orgs.models import Invitation
from orgs.queries import organization_roles
from orgs.role_bindings import Assignment
from tests.console.conftest import Site
from tests.console.test_directory import AsUser
from tests.matrix.cast import Person
from tests.support.world import PASSWORD

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
    for hidden in (NEW, "Invite people", "Remove "):
        assert hidden not in shown


def test_an_invitation_is_sent_without_scripts(site: Site, owner: Client) -> None:
    form = owner.get(f"{site.home}/members/invite").content.decode()
    assert "/admin/invites" in form
    wish = {"emails": NEW, "roles": ["OrgMember", "OrgBillingAdmin"]}
    reply = owner.post(f"{site.home}/members/invite", wish, follow=True)
    assert f"Invitation sent to {NEW}" in reply.content.decode()
    assert [one.email for one in open_invitations(site)] == [NEW]


def test_an_invitation_that_cannot_be_sent_comes_back_with_its_reason(
    site: Site, owner: Client
) -> None:
    for wish, reason in (
        ({"emails": NEW, "roles": []}, "Choose at least one role."),
        ({"emails": "nobody", "roles": ["OrgMember"]}, "nobody"),
        ({"emails": site.bob.email, "roles": ["OrgMember"]}, site.bob.email),
    ):
        reply = owner.post(f"{site.home}/members/invite", wish)
        assert reply.status_code == 422
        assert reason in reply.content.decode()
    assert open_invitations(site) == []


def test_many_are_invited_at_once_and_who_cannot_be_stays_in_the_form(
    site: Site, owner: Client
) -> None:
    wish = {
        "emails": f"{NEW}\r\n\r\n{site.bob.email}\r\nolaf@example.com\r\n{NEW}",
        "roles": ["OrgMember"],
        "project": str(site.project.pk),
        "project_role": "ProjectViewer",
    }
    reply = owner.post(f"{site.home}/members/invite", wish)
    assert reply.status_code == 422
    assert reply.context["form"]["emails"].value() == site.bob.email
    first, second = open_invitations(site)
    assert [first.email, second.email] == [NEW, "olaf@example.com"]
    held = roles_of(OPERATOR, site.organization, [first.pk])[first.pk]
    assert {one.role for one in held} == {"OrgMember", "ProjectViewer"}
    shown = owner.get(f"{site.home}/members").content.decode()
    assert "Search: project viewer" in shown


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"emails": " \r\n ", "roles": ["OrgMember"]}, "Name at least one address."),
        ({"emails": "\n".join(f"{n}@example.com" for n in range(51))}, "At most 50 addresses"),
        ({"emails": NEW, "roles": ["ProjectOwner"]}, "errorlist"),
        ({"emails": NEW, "roles": ["OrgMember"], "project": "elsewhere"}, "errorlist"),
    ],
)
def test_a_wrong_form_invites_nobody(
    site: Site, owner: Client, wish: dict[str, object], reason: str
) -> None:
    reply = owner.post(f"{site.home}/members/invite", wish)
    assert reply.status_code == 422
    assert reason in reply.content.decode()
    assert open_invitations(site) == []


def test_invitations_of_elsewhere_are_missing_ones(site: Site, owner: Client) -> None:
    theirs, _ = create_invitation(
        OPERATOR, site.world.elsewhere, email=NEW, assignments=[Assignment(Role.ORG_MEMBER)]
    )
    for act in ("resend", "revoke"):
        reply = owner.post(f"{site.home}/members/invitations/{theirs.pk}/{act}")
        assert reply.status_code == 404


def test_members_are_found_by_parts_of_name_and_address(site: Site, as_user: AsUser) -> None:
    client = as_user(site.vera)
    for text, count in (("bo", 1), ("EXAMPLE.com", 3), ("nobody", 0)):
        shown = client.get(f"{site.home}/members", {"q": text}).content.decode()
        assert shown.count('<th scope="row">') == count
    assert "No member matches." in shown


def test_a_long_list_has_pages_and_the_search_travels_along(
    site: Site, as_user: AsUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "ROWS", 2)
    client = as_user(site.alice)
    first = client.get(f"{site.home}/members?q=example")
    assert first.context["next"].startswith("q=example&after=")
    second = client.get(f"{site.home}/members?{first.context['next']}")
    assert second.context["next"] == ""
    shown = [row.membership.user.name for one in (first, second) for row in one.context["members"]]
    assert sorted(shown) == ["Alice", "Bob", "Vera"]
    assert client.get(f"{site.home}/members?after=never").status_code == 400


def test_owners_see_roles_on_projects_and_others_what_lists_tell(
    site: Site, as_user: AsUser
) -> None:
    role = "Search: project editor"
    shown = as_user(site.alice).get(f"{site.home}/members").content.decode()
    assert role in shown
    assert shown.count("every project") == 1
    assert role not in as_user(site.vera).get(f"{site.home}/members").content.decode()


def test_an_owner_who_removes_themselves_is_led_out(site: Site) -> None:
    other = create_member(
        OPERATOR, site.organization, email=NEW, name="Nora", password=PASSWORD, role=Role.ORG_OWNER
    )
    reply = Person("nora", other).browser().post(f"{site.home}/members/{other.pk}/remove")
    assert reply["Location"] == "/"


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
        reply = stale.post(f"{site.home}/members/{path}", {"roles": ["OrgOwner"], "emails": NEW})
        assert reply.status_code == 302
        assert reply["Location"].startswith("/confirm?")
    assert roles_of_bob(site) == [Role.ORG_MEMBER]
    assert open_invitations(site) == []
