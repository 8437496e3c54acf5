"""Every verb leaves exactly one event: when it succeeds, and when it is refused."""

import importlib
import pkgutil
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from access.actor import OPERATOR, Actor
from access.keys import SecretKind
from access.permissions import Role
from audit.export import ExportForm
from audit.models import Event, Outcome
from billing.caps import MonthlyUnits, set_caps
from billing.contacts import set_billing_contact
from compliance.evidence import export_evidence
from compliance.retention import set_retention
from indexes.lifecycle import configure_index, create_index, delete_index
from kit import clock
from kit.errors import PermissionDenied
from orgs import audit_streams
from orgs.acceptance import accept_invitation
from orgs.access_tokens import issue_access_token
from orgs.audit_log import export_events
from orgs.departures import leave_organization, remove_member
from orgs.directory import role_bindings
from orgs.invitations import create_invitation, resend_invitation, revoke_invitation
from orgs.member_roles import set_member_roles, transfer_ownership
from orgs.members import add_member, create_member, set_member_password
from orgs.models import Membership, PrincipalType
from orgs.networks import set_sign_in_networks
from orgs.organizations import (
    create_organization,
    create_own_organization,
    delete_organization,
    rename_organization,
    resume_organization,
    set_plan,
    suspend_organization,
)
from orgs.plans import Plan
from orgs.role_bindings import Assignment, create_role_binding, delete_role_binding
from orgs.service_accounts import (
    add_secret,
    create_service_account,
    delete_service_account,
    rename_service_account,
    revoke_secret,
    rotate_secret,
    set_secret_expiry,
)
from orgs.setup import mint_setup_link, redeem_setup_link
from orgs.verbs import VERBS
from projects.api_keys import (
    create_api_key,
    disable_api_key,
    enable_api_key,
    revoke_api_key,
    update_api_key,
)
from projects.data_keys import retire_data_keys, rotate_data_key
from projects.key_rolling import roll_api_key
from projects.members import add_project_member, leave_project, remove_project_member
from projects.networks import set_network_policy
from projects.projects import create_project, delete_project, update_project
from projects.wrapping_keys import retire_wrapping_keys, rotate_wrapping_key
from tests.audit.backup_cases import BACKUP_CASES
from tests.audit.encryption_key_cases import ENCRYPTION_KEY_CASES
from tests.audit.import_cases import IMPORT_CASES
from tests.audit.notice_cases import NOTICE_CASES
from tests.audit.scim_cases import SCIM_CASES
from tests.audit.sso_cases import SSO_CASES
from tests.audit.support_cases import SUPPORT_CASES
from tests.audit.webhook_cases import WEBHOOK_CASES
from tests.support.world import PASSWORD, SPEC, World

Act = Callable[[], Any]


def _empty_organization(world: World) -> Any:
    del world
    return create_organization(OPERATOR, name="Fresh", plan=Plan.STARTER)


def _redemption(world: World) -> Callable[[Actor], Any]:
    token = mint_setup_link(OPERATOR, _empty_organization(world)).value
    return lambda _actor: redeem_setup_link(
        token, email="first@example.com", name="First", password=PASSWORD
    )


def _resumption(world: World) -> Callable[[Actor], Any]:
    organization = suspend_organization(OPERATOR, _empty_organization(world))
    return lambda actor: resume_organization(actor, organization)


def _deletion(world: World) -> Callable[[Actor], Any]:
    project = create_project(OPERATOR, world.organization, name="Empty")
    return lambda actor: delete_project(actor, project)


def _revocation(world: World) -> Callable[[Actor], Any]:
    key, _ = world.key()
    return lambda actor: revoke_api_key(actor, key, reason="leaked")


def _on_key(act: Callable[[Actor, Any], Any]) -> Callable[[World], Callable[[Actor], Any]]:
    def prepared(world: World) -> Callable[[Actor], Any]:
        key, _ = world.key()
        return lambda actor: act(actor, key)

    return prepared


def _robot(world: World) -> Any:
    roles = [Assignment(Role.ORG_MEMBER)]
    return create_service_account(OPERATOR, world.organization, name="robot", assignments=roles)


def _on_robot(act: Callable[[Actor, Any], Any]) -> Callable[[World], Callable[[Actor], Any]]:
    def prepared(world: World) -> Callable[[Actor], Any]:
        account, _ = _robot(world)
        return lambda actor: act(actor, account)

    return prepared


def _enabling(world: World) -> Callable[[Actor], Any]:
    key, _ = world.key()
    disable_api_key(OPERATOR, key)
    return lambda actor: enable_api_key(actor, key)


def _on_secret(act: Callable[[Actor, Any], Any]) -> Callable[[World], Callable[[Actor], Any]]:
    def prepared(world: World) -> Callable[[Actor], Any]:
        secret, _ = add_secret(OPERATOR, _robot(world)[0])
        return lambda actor: act(actor, secret)

    return prepared


def _token(world: World) -> Callable[[Actor], Any]:
    account, plain = _robot(world)
    return lambda _actor: issue_access_token(account.client_id, plain.value)


def _binding(world: World) -> Callable[[Actor], Any]:
    bob = world.people["bob"].pk
    held = role_bindings(OPERATOR, world.organization, principal_id=bob, role=Role.PROJECT_EDITOR)
    (binding,) = held.rows
    return lambda actor: delete_role_binding(actor, binding)


def _on_invitation(
    act: Callable[[Actor, Any], Any],
) -> Callable[[World], Callable[[Actor], Any]]:
    def prepared(world: World) -> Callable[[Actor], Any]:
        invitation, _ = _invited(world, "nina@example.com")
        return lambda actor: act(actor, invitation)

    return prepared


def _acceptance(world: World) -> Callable[[Actor], Any]:
    _, plain = _invited(world, "mallory@example.com")
    return lambda _actor: accept_invitation(world.people["mallory"], plain.value)


def _invited(world: World, email: str) -> Any:
    roles = [Assignment(Role.ORG_MEMBER)]
    return create_invitation(OPERATOR, world.organization, email=email, assignments=roles)


def _on_index(act: Callable[[Actor, Any], Any]) -> Callable[[World], Callable[[Actor], Any]]:
    def prepared(world: World) -> Callable[[Actor], Any]:
        index = world.index()
        return lambda actor: act(actor, index)

    return prepared


def _on_empty_organization(
    act: Callable[[Actor, Any], Any],
) -> Callable[[World], Callable[[Actor], Any]]:
    def prepared(world: World) -> Callable[[Actor], Any]:
        organization = _empty_organization(world)
        return lambda actor: act(actor, organization)

    return prepared


def _data_key_retirement(world: World) -> Callable[[Actor], Any]:
    rotate_data_key(OPERATOR, world.project)
    return lambda actor: retire_data_keys(actor, world.project)


def _on_own_project(
    act: Callable[[Actor, Any], Any], *, before: Callable[[Actor, Any], Any] | None = None
) -> Callable[[World], Callable[[Actor], Any]]:
    """Of a project whose keys nobody else's tests need."""

    def prepared(world: World) -> Callable[[Actor], Any]:
        project = create_project(OPERATOR, world.organization, name="Own")
        if before is not None:
            before(OPERATOR, project)
        return lambda actor: act(actor, project)

    return prepared


_HOOK = {"url": "https://siem.invalid/hook"}


def _on_stream(
    act: Callable[[Actor, World, UUID], Any], *, is_paused: bool = False
) -> Callable[[World], Callable[[Actor], Any]]:
    def prepared(world: World) -> Callable[[Actor], Any]:
        organization = world.organization
        new = audit_streams.create_stream(
            OPERATOR, organization, name="siem", kind="http", config=_HOOK
        )
        if is_paused:
            audit_streams.pause_stream(OPERATOR, organization, new.stream.pk)
        return lambda actor: act(actor, world, new.stream.pk)

    return prepared


def _next_sequence(world: World) -> int:
    return audit_streams.stream_states(OPERATOR, world.organization)[0].stream.cursor + 1


# For each verb: what prepares it, giving the act itself as a function of the actor.
CASES: dict[str, Callable[[World], Callable[[Actor], Any]]] = {
    "compliance.evidence.export_evidence": lambda world: lambda actor: export_evidence(
        actor, world.organization
    ),
    "orgs.audit_log.export_events": lambda world: lambda actor: export_events(
        actor, world.organization, form=ExportForm.CSV
    ),
    "orgs.audit_streams.create_stream": lambda world: lambda actor: audit_streams.create_stream(
        actor, world.organization, name="new", kind="http", config=_HOOK
    ),
    "orgs.audit_streams.update_stream": _on_stream(
        lambda actor, world, stream: audit_streams.update_stream(
            actor, world.organization, stream, name="renamed"
        )
    ),
    "orgs.audit_streams.pause_stream": _on_stream(
        lambda actor, world, stream: audit_streams.pause_stream(actor, world.organization, stream)
    ),
    "orgs.audit_streams.resume_stream": _on_stream(
        lambda actor, world, stream: audit_streams.resume_stream(actor, world.organization, stream),
        is_paused=True,
    ),
    "orgs.audit_streams.delete_stream": _on_stream(
        lambda actor, world, stream: audit_streams.delete_stream(actor, world.organization, stream)
    ),
    "orgs.audit_streams.redeliver": _on_stream(
        lambda actor, world, stream: audit_streams.redeliver(
            actor, world.organization, stream, from_sequence=_next_sequence(world)
        )
    ),
    "orgs.audit_streams._note_test": _on_stream(
        lambda actor, world, stream: audit_streams.test_stream(actor, world.organization, stream)
    ),
    "orgs.organizations._create": lambda _world: lambda actor: create_organization(
        actor, name="New", plan=Plan.STARTER
    ),
    "orgs.organizations.set_plan": _on_empty_organization(
        lambda actor, one: set_plan(actor, one, plan=Plan.ENTERPRISE)
    ),
    "orgs.organizations._found": lambda world: lambda _actor: create_own_organization(
        world.people["vera"], name="Veras"
    ),
    "orgs.networks.set_sign_in_networks": lambda world: lambda actor: set_sign_in_networks(
        actor, world.organization, people=["10.0.0.0/8"], is_forced=True
    ),
    "compliance.retention.set_retention": lambda world: lambda actor: set_retention(
        actor, world.organization, days={"metrics": 90}
    ),
    "orgs.organizations.rename_organization": _on_empty_organization(
        lambda actor, one: rename_organization(actor, one, name="Renamed")
    ),
    "orgs.organizations.delete_organization": _on_empty_organization(delete_organization),
    "orgs.organizations.suspend_organization": _on_empty_organization(suspend_organization),
    "orgs.organizations.resume_organization": _resumption,
    "orgs.departures.remove_member": lambda world: lambda actor: remove_member(
        actor, world.organization, user=world.people["bob"], reason="moved on"
    ),
    "orgs.departures.leave_organization": lambda world: lambda _actor: leave_organization(
        world.bob, world.organization, user=world.people["bob"]
    ),
    "orgs.member_roles.set_member_roles": lambda world: lambda actor: set_member_roles(
        actor, world.organization, user=world.people["bob"], roles=[Role.ORG_MANAGER]
    ),
    "orgs.member_roles.transfer_ownership": lambda world: lambda actor: transfer_ownership(
        actor, world.organization, to=world.people["bob"]
    ),
    "orgs.members.add_member": lambda world: lambda actor: add_member(
        actor, world.organization, user=world.people["mallory"], role=Role.ORG_MEMBER
    ),
    "orgs.members.create_member": lambda world: lambda actor: create_member(
        actor, world.organization,
        email="new@example.com", name="New", password=PASSWORD, role=Role.ORG_MEMBER,
    ),
    "orgs.members.set_member_password": lambda world: lambda actor: set_member_password(
        actor, world.organization, user=world.people["bob"], password=PASSWORD + "!"
    ),
    "orgs.role_bindings.create_role_binding": lambda world: lambda actor: create_role_binding(
        actor, world.organization,
        principal_type=PrincipalType.USER, principal_id=world.people["bob"].pk,
        role=Role.ORG_MANAGER,
    ),
    "orgs.role_bindings.delete_role_binding": _binding,
    "orgs.invitations.create_invitation": lambda world: lambda actor: create_invitation(
        actor, world.organization,
        email="nina@example.com", assignments=[Assignment(Role.ORG_MEMBER)],
    ),
    "orgs.invitations.resend_invitation": _on_invitation(resend_invitation),
    "orgs.invitations.revoke_invitation": _on_invitation(revoke_invitation),
    "orgs.acceptance._accept": _acceptance,
    "orgs.access_tokens._issue": _token,
    "orgs.service_accounts.create_service_account": lambda world: lambda actor: (
        create_service_account(
            actor, world.organization, name="robot", assignments=[Assignment(Role.ORG_MEMBER)]
        )
    ),
    "orgs.service_accounts.rename_service_account": _on_robot(
        lambda actor, account: rename_service_account(actor, account, name="android")
    ),
    "orgs.service_accounts.delete_service_account": _on_robot(delete_service_account),
    "orgs.service_accounts.rotate_secret": _on_robot(rotate_secret),
    "orgs.service_accounts.add_secret": _on_robot(add_secret),
    "orgs.service_accounts.set_secret_expiry": _on_secret(
        lambda actor, secret: set_secret_expiry(
            actor, secret, expires_at=clock.now() + timedelta(days=1)
        )
    ),
    "orgs.service_accounts.revoke_secret": _on_secret(revoke_secret),
    "orgs.setup.mint_setup_link": _on_empty_organization(mint_setup_link),
    "orgs.setup._redeem": _redemption,
    "projects.projects.create_project": lambda world: lambda actor: create_project(
        actor, world.organization, name="New"
    ),
    "projects.projects.delete_project": _deletion,
    "projects.members.add_project_member": lambda world: lambda actor: add_project_member(
        actor, world.project, user=world.people["bob"], role=Role.PROJECT_VIEWER
    ),
    "projects.data_keys.rotate_data_key": lambda world: lambda actor: rotate_data_key(
        actor, world.project
    ),
    "projects.data_keys.retire_data_keys": _data_key_retirement,
    "projects.wrapping_keys.rotate_wrapping_key": _on_own_project(rotate_wrapping_key),
    "projects.wrapping_keys.retire_wrapping_keys": _on_own_project(
        retire_wrapping_keys, before=rotate_wrapping_key
    ),
    "projects.projects.update_project": lambda world: lambda actor: update_project(
        actor, world.project, name="Renamed"
    ),
    "projects.networks.set_network_policy": lambda world: lambda actor: set_network_policy(
        actor, world.project, data_plane=["10.0.0.0/8"], is_forced=True
    ),
    "projects.members.remove_project_member": lambda world: lambda actor: remove_project_member(
        actor, world.project, user=world.people["bob"]
    ),
    "projects.members.leave_project": lambda world: lambda _actor: leave_project(
        world.bob, world.project, user=world.people["bob"]
    ),
    "projects.api_keys.create_api_key": lambda world: lambda actor: create_api_key(
        actor, world.project, name="new"
    ),
    "projects.api_keys.disable_api_key": _on_key(disable_api_key),
    "projects.api_keys.enable_api_key": _enabling,
    "projects.api_keys.revoke_api_key": _revocation,
    "projects.api_keys.update_api_key": _on_key(
        lambda actor, key: update_api_key(actor, key, name="renamed")
    ),
    "projects.key_rolling.roll_api_key": _on_key(roll_api_key),
    "indexes.lifecycle.create_index": lambda world: lambda actor: create_index(
        actor, world.project, name="new", spec=SPEC, dimension=4
    ),
    "indexes.lifecycle.configure_index": _on_index(
        lambda actor, index: configure_index(actor, index, tags={"a": "b"})
    ),
    "indexes.lifecycle.delete_index": _on_index(delete_index),
    "billing.caps.set_caps": lambda world: lambda actor: set_caps(
        actor, world.organization, units=MonthlyUnits(read=10)
    ),
    "billing.contacts.set_billing_contact": lambda world: lambda actor: set_billing_contact(
        actor, world.organization, name="Cara", email="cara@example.com"
    ),
    **SUPPORT_CASES,
    **SCIM_CASES,
    **BACKUP_CASES,
    **ENCRYPTION_KEY_CASES,
    **IMPORT_CASES,
    **NOTICE_CASES,
    **SSO_CASES,
    **WEBHOOK_CASES,
}  # fmt: skip
# Whoever holds the link or the token may redeem it, everybody leaves and founds for themselves:
# there is no actor to refuse.
OPEN_TO_ALL = {
    "orgs.acceptance._accept", "orgs.access_tokens._issue",
    "orgs.departures.leave_organization", "orgs.organizations._found", "orgs.setup._redeem",
    "sso.sign_on._sign_in", "sso.sign_on._take_roles", "sso.signing_out._end",
    "projects.members.leave_project",
    # Every member has wishes of their own; strangers are refused (tests/notices).
    "notices.own.choose_mail",
}  # fmt: skip


def events() -> list[Event]:
    return list(Event.objects.using("system").order_by("id"))


def test_every_verb_is_in_the_table() -> None:
    for name in (
        "accounts",
        "orgs",
        "projects",
        "indexes",
        "billing",
        "sso",
        "webhooks",
        "notices",
        "compliance",
    ):
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if ".migrations." not in found.name:
                importlib.import_module(found.name)
    assert set(CASES) == set(VERBS)


@pytest.mark.parametrize("verb", CASES)
def test_a_success_leaves_one_event_in_its_own_words(
    world: World, is_open: None, verb: str
) -> None:
    act = CASES[verb](world)
    before = len(events())
    act(OPERATOR)
    (event,) = events()[before:]
    assert (event.action, event.outcome) == (VERBS[verb], Outcome.SUCCESS)
    assert event.organization_id is not None
    assert event.organization_name
    assert (event.request_id, event.ip, event.source) == ("test-request", "192.0.2.1", "console")
    assert "{" not in event.sentence
    assert not any(f"{kind}_" in str(event.parameters) for kind in SecretKind)
    assert PASSWORD not in str(event.parameters)


@pytest.mark.parametrize("verb", sorted(set(CASES) - OPEN_TO_ALL))
def test_a_denial_leaves_one_event_and_no_other_trace(world: World, verb: str) -> None:
    act = CASES[verb](world)
    before, members = len(events()), Membership.objects.using("system").count()
    with pytest.raises(PermissionDenied):
        act(world.vera)
    (event,) = events()[before:]
    assert (event.action, event.outcome) == (VERBS[verb], Outcome.DENIED)
    assert event.actor_name == "Vera"
    assert event.error_code == "PERMISSION_DENIED"
    assert event.reason
    assert Membership.objects.using("system").count() == members


@pytest.mark.parametrize("verb", sorted(set(CASES) - OPEN_TO_ALL))
def test_a_stranger_is_denied_everywhere(world: World, verb: str) -> None:
    with pytest.raises(PermissionDenied):
        CASES[verb](world)(world.mallory)
