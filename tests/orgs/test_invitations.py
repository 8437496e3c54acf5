"""Invitations: made by owners, accepted once, by the invited address alone."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.core import mail

from access.actor import OPERATOR
from access.keys import parse
from access.permissions import Role
from accounts.throttle import require_attempts_left
from kit import clock
from kit.errors import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    QuotaExceeded,
    ResourceExhausted,
)
from kit.ids import new_id
from orgs.acceptance import accept_invitation, open_invitation
from orgs.directory import get_invitation, invitations, role_bindings
from orgs.invitations import (
    MAILS_AN_HOUR,
    MAILS_TO_ONE_AN_HOUR,
    create_invitation,
    resend_invitation,
    revoke_invitation,
)
from orgs.members import add_member
from orgs.models import Invitation, InvitationMail, InvitationStatus, Membership, PrincipalType
from orgs.organizations import create_organization, set_plan
from orgs.plans import Plan
from orgs.queries import organizations_of
from orgs.role_bindings import Assignment, create_role_binding, delete_role_binding
from orgs.tenancy import tenant
from tests.support.together import together
from tests.support.world import World

MEMBER = Assignment(Role.ORG_MEMBER)
INVITED = "mallory@example.com"


def invite(world: World, email: str = INVITED, *roles: Assignment) -> tuple[Invitation, str]:
    invitation, plain = create_invitation(
        world.alice, world.organization, email=email, assignments=roles or [MEMBER]
    )
    return invitation, plain.value


def expire(invitation: Invitation) -> None:
    with tenant(invitation.organization_id):
        Invitation.objects.filter(pk=invitation.pk).update(expires_at=clock.now())


def held_by(world: World, principal_id: UUID) -> set[tuple[str, str]]:
    rows = role_bindings(OPERATOR, world.organization, principal_id=principal_id).rows
    return {(one.role, one.principal_type) for one in rows}


def test_the_roles_of_an_invitation_move_to_who_accepts(world: World) -> None:
    mallory = world.people["mallory"]
    on_project = Assignment(Role.PROJECT_VIEWER, world.project.pk)
    invitation, token = invite(world, " Mallory@Example.COM", MEMBER, on_project, MEMBER)
    assert invitation.email == INVITED
    assert invitation.status == InvitationStatus.PENDING
    assert timedelta(days=6, hours=23) < invitation.expires_at - clock.now() < timedelta(days=7)
    assert held_by(world, invitation.pk) == {("OrgMember", "invite"), ("ProjectViewer", "invite")}
    assert accept_invitation(mallory, token) == world.organization
    assert held_by(world, invitation.pk) == set()
    assert held_by(world, mallory.pk) == {("OrgMember", "user"), ("ProjectViewer", "user")}
    assert [one.name for one in organizations_of(mallory)] == ["Oak", "Pine"]
    found = get_invitation(world.alice, world.organization, invitation.pk)
    assert found.status == InvitationStatus.PROCESSED
    assert invitations(world.alice, world.organization).rows == []


def test_the_mail_carries_the_link_to_the_invited_address(world: World) -> None:
    mail.outbox.clear()
    _, token = invite(world)
    (message,) = mail.outbox
    assert message.to == [INVITED]
    assert "Pine" in message.subject
    assert "Alice invites you to join Pine" in message.body
    assert f"/invite/{token}\n" in message.body


def test_a_name_with_line_breaks_makes_no_header_of_its_own(world: World) -> None:
    with tenant(world.organization.pk):
        world.organization.name = "Pine\r\nBcc: all@example.com"
        world.organization.save()
    mail.outbox.clear()
    invite(world)
    assert mail.outbox[0].subject == "You are invited to Pine Bcc: all@example.com on Stonepine"


def test_a_token_is_stored_as_a_digest_and_only_of_the_newest_mail(world: World) -> None:
    invitation, first = invite(world)
    row = Invitation.objects.using("system").get()
    plain = parse(first)
    assert plain is not None
    assert plain.public_id == row.public_id
    assert first.encode() not in bytes(row.digest)
    expire(invitation)
    _, second = resend_invitation(world.alice, invitation)
    with pytest.raises(NotFound):
        open_invitation(first)
    assert open_invitation(second.value).status == InvitationStatus.PENDING


@pytest.mark.parametrize("wrong", ["", "spinv_", "pcsk_00000000_x", "spinv_00000000_" + "a" * 46])
def test_a_made_up_token_opens_nothing(world: World, wrong: str) -> None:
    with pytest.raises(NotFound, match="not valid"):
        open_invitation(wrong)


def test_only_the_invited_address_accepts(world: World) -> None:
    _, token = invite(world, "nina@example.com")
    with pytest.raises(PermissionDenied, match="another e-mail address"):
        accept_invitation(world.people["mallory"], token)
    assert not Membership.objects.using("system").filter(
        user=world.people["mallory"], organization=world.organization
    )


def test_an_invitation_works_once_also_for_two_at_the_same_moment(world: World) -> None:
    _, token = invite(world)
    mallory = world.people["mallory"]
    results = together([lambda: accept_invitation(mallory, token)] * 10)
    assert results.count(world.organization) == 1
    assert sum(isinstance(one, FailedPrecondition) for one in results) == 9
    rows = Membership.objects.using("system").filter(user=mallory, organization=world.organization)
    assert rows.count() == 1
    with pytest.raises(FailedPrecondition, match="accepted already"):
        open_invitation(token)


def test_an_expired_invitation_is_not_accepted_and_gives_way_to_a_new_one(world: World) -> None:
    first, token = invite(world)
    expire(first)
    with pytest.raises(FailedPrecondition, match="expired"):
        accept_invitation(world.people["mallory"], token)
    (listed,) = invitations(world.alice, world.organization).rows
    assert listed.status == InvitationStatus.EXPIRED
    second, _ = invite(world)
    assert [one.pk for one in invitations(world.alice, world.organization).rows] == [second.pk]
    assert held_by(world, first.pk) == set()


def test_a_revoked_invitation_is_gone_with_its_roles(world: World) -> None:
    invitation, token = invite(world)
    revoke_invitation(world.alice, invitation)
    with pytest.raises(NotFound):
        accept_invitation(world.people["mallory"], token)
    assert held_by(world, invitation.pk) == set()
    with pytest.raises(NotFound):
        revoke_invitation(world.alice, invitation)


def test_what_is_pending_a_member_or_accepted_exists_already(world: World) -> None:
    pending, token = invite(world)
    with pytest.raises(AlreadyExists, match=f"exists already: {pending.pk}"):
        invite(world, "MALLORY@example.com")
    with pytest.raises(AlreadyExists, match="a member already"):
        invite(world, "bob@example.com")
    accept_invitation(world.people["mallory"], token)
    with pytest.raises(AlreadyExists, match="accepted already"):
        resend_invitation(world.alice, pending)


def test_an_invitation_needs_a_role_on_the_organization_and_real_projects(world: World) -> None:
    on_project = Assignment(Role.PROJECT_VIEWER, world.project.pk)
    for roles in ([on_project], []):
        with pytest.raises(InvalidArgument, match="at least one role on the organization"):
            create_invitation(world.alice, world.organization, email=INVITED, assignments=roles)
    for unknown in (new_id(), world.their_project.pk):
        with pytest.raises(NotFound):
            invite(world, INVITED, MEMBER, Assignment(Role.PROJECT_VIEWER, unknown))
    with pytest.raises(InvalidArgument, match="not an e-mail address"):
        invite(world, "nobody")
    assert invitations(world.alice, world.organization).rows == []


def test_roles_are_added_to_a_pending_invitation_and_the_last_stays(world: World) -> None:
    invitation, _ = invite(world)
    added = create_role_binding(
        world.alice, world.organization, principal_type=PrincipalType.INVITE,
        principal_id=invitation.pk, role=Role.PROJECT_EDITOR, project_id=world.project.pk,
    )  # fmt: skip
    delete_role_binding(world.alice, added)
    (last,) = role_bindings(OPERATOR, world.organization, principal_id=invitation.pk).rows
    with pytest.raises(Aborted, match="Delete the invitation instead"):
        delete_role_binding(world.alice, last)


def test_who_joined_in_the_meantime_gets_the_roles_too(world: World) -> None:
    _, token = invite(world, INVITED, Assignment(Role.ORG_MANAGER))
    mallory = world.people["mallory"]
    add_member(OPERATOR, world.organization, user=mallory, role=Role.ORG_MEMBER)
    accept_invitation(mallory, token)
    assert held_by(world, mallory.pk) == {("OrgMember", "user"), ("OrgManager", "user")}


def test_pending_invitations_take_places_of_the_plan(world: World) -> None:
    _, token = invite(world)
    set_plan(OPERATOR, world.organization, plan=Plan.STARTER)
    with pytest.raises(QuotaExceeded, match="The plan Starter allows 2 users, and 4 exist"):
        invite(world, "nina@example.com")
    with pytest.raises(QuotaExceeded):
        accept_invitation(world.people["mallory"], token)


def test_an_organization_sends_a_hundred_mails_an_hour(world: World) -> None:
    invitation, _ = invite(world)
    with tenant(world.organization.pk):
        InvitationMail.objects.bulk_create(
            InvitationMail(organization=world.organization, sent_at=clock.now()) for _ in range(99)
        )
    with pytest.raises(ResourceExhausted, match="at most 100 invitations an hour") as caught:
        resend_invitation(world.alice, invitation)
    assert 3000 < (caught.value.retry_after_s or 0) <= 3600
    with tenant(world.organization.pk):
        InvitationMail.objects.update(sent_at=clock.now() - timedelta(hours=1))
    resend_invitation(world.alice, invitation)


def test_a_new_organization_gives_its_owner_no_new_hundred(world: World) -> None:
    founded = create_organization(OPERATOR, name="Second", plan=Plan.ENTERPRISE)
    add_member(OPERATOR, founded, user=world.people["mallory"], role=Role.ORG_OWNER)
    inviter = f"{world.mallory.kind} {world.mallory.principal_id}"
    for _ in range(MAILS_AN_HOUR - 1):
        require_attempts_left("invitations-by", inviter, limit=MAILS_AN_HOUR)
    create_invitation(
        world.mallory, world.elsewhere, email="nina@example.com", assignments=[MEMBER]
    )
    with pytest.raises(ResourceExhausted):
        create_invitation(world.mallory, founded, email="otto@example.com", assignments=[MEMBER])
    assert invitations(OPERATOR, founded).rows == []
    invite(world)


def test_an_address_gets_few_mails_whoever_sends_them(world: World) -> None:
    invitation, _ = invite(world, "nina@example.com")
    for _ in range(MAILS_TO_ONE_AN_HOUR - 1):
        resend_invitation(world.alice, invitation)
    with pytest.raises(ResourceExhausted):
        create_invitation(
            world.mallory, world.elsewhere, email="nina@example.com", assignments=[MEMBER]
        )
    assert invitations(OPERATOR, world.elsewhere).rows == []
    create_invitation(
        world.mallory, world.elsewhere, email="otto@example.com", assignments=[MEMBER]
    )


def test_guesses_from_one_place_are_few(world: World) -> None:
    _, token = invite(world)
    for guess in range(50):
        with pytest.raises(NotFound):
            open_invitation(f"spinv_{guess}")
    with pytest.raises(ResourceExhausted):
        open_invitation(token)


def test_only_owners_see_invitations(world: World) -> None:
    invitation, _ = invite(world)
    for actor in (world.bob, world.mallory):
        with pytest.raises(PermissionDenied):
            invitations(actor, world.organization)
    with pytest.raises(NotFound):
        get_invitation(world.mallory, world.elsewhere, invitation.pk)


def test_an_invitation_is_found_by_its_token_from_outside_any_tenant(world: World) -> None:
    _, ours = invite(world)
    _, theirs = create_invitation(
        world.mallory, world.elsewhere, email="bob@example.com", assignments=[MEMBER]
    )
    assert open_invitation(ours).organization_id == world.organization.pk
    assert open_invitation(theirs.value).organization_id == world.elsewhere.pk
