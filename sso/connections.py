"""Connections: making, describing and ruling them, and which one lets people in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from urllib.parse import urlsplit

from access.actor import Actor
from access.decide import require
from access.permissions import ORGANIZATION_ROLES, Permission, Role
from audit.actions import Action
from audit.record import record
from kit.errors import FailedPrecondition, InvalidArgument
from orgs.locks import locked
from orgs.models import EmailDomain, Organization
from orgs.plans import Feature
from orgs.verbs import verb
from sso.certificates import replace_certificates
from sso.key_pairs import new_key_pair
from sso.metadata import ProviderMetadata
from sso.models import Binding, KeyPairState, SamlConnection, Status
from sso.presets import PRESETS
from sso.queries import locked_connection
from sso.roles import parse_role
from sso.sessions import end_sessions_of

_MAX_NAME = 80
_MAX_CONNECTIONS = 5
_MAX_GROUPS = 200
_MAX_ATTRIBUTE = 256
_MAX_URL = 2048


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be changed at any time. An empty `email_attribute`: the NameID is the address."""

    email_attribute: str = "email"
    name_attribute: str = ""
    roles_attribute: str = "roles"
    groups_attribute: str = ""
    group_roles: Mapping[str, str] = field(default_factory=dict)
    default_role: Role = Role.ORG_MEMBER
    may_join: bool = True
    may_start_at_idp: bool = False
    must_encrypt: bool = False
    signs_requests: bool = True
    binding: Binding = Binding.REDIRECT


@verb(Action.SSO_CONNECTION_CREATED)
def create_connection(
    actor: Actor, organization: Organization, *, name: str, preset: str = "other"
) -> SamlConnection:
    """A draft, with a key pair of ours and the attribute names that such providers use."""
    require(actor, Permission.SSO_WRITE, organization.scope)
    organization = locked(organization.pk)
    organization.require_feature(Feature.SSO)
    if preset not in PRESETS:
        raise InvalidArgument(f"There is no preset {preset!r}.", field="preset")
    if SamlConnection.objects.filter(organization=organization).count() >= _MAX_CONNECTIONS:
        raise FailedPrecondition(
            f"An organization has at most {_MAX_CONNECTIONS} connections: delete one first."
        )
    usual = PRESETS[preset]
    connection = SamlConnection.objects.create(
        organization=organization,
        name=_checked_name(name),
        preset=preset,
        email_attribute=usual.email_attribute,
        name_attribute=usual.name_attribute,
        groups_attribute=usual.groups_attribute,
    )
    new_key_pair(connection, KeyPairState.CURRENT)
    record(actor, Action.SSO_CONNECTION_CREATED, target=connection.audit_target(), preset=preset)
    return connection


@verb(Action.SSO_CONNECTION_UPDATED)
def set_provider(actor: Actor, connection: SamlConnection, *, provider: ProviderMetadata) -> None:
    """Who the identity provider is. A connection that is in use keeps its provider: only
    certificates are added to it, as the next ones."""
    require(actor, Permission.SSO_WRITE, connection.organization.scope)
    found = locked_connection(connection)
    take_provider(found, provider)
    record(actor, Action.SSO_CONNECTION_UPDATED, target=found.audit_target(), changed="provider")


def take_provider(found: SamlConnection, provider: ProviderMetadata) -> None:
    """The same as a part of a verb's transaction, on the locked row."""
    found.organization.require_feature(Feature.SSO)
    described = _described(provider)
    if found.is_active:
        _require_same(found, described)
    else:
        for name, value in described.items():
            setattr(found, name, value)
        _void_test(found)
        found.save()
    replace_certificates(found, provider.certificates)


@verb(Action.SSO_CONNECTION_UPDATED)
def set_rules(actor: Actor, connection: SamlConnection, *, rules: Rules) -> None:
    """Which attributes mean what, who may join and how messages travel."""
    require(actor, Permission.SSO_WRITE, connection.organization.scope)
    found = locked_connection(connection)
    found.organization.require_feature(Feature.SSO)
    _require_sound(rules)
    for one in fields(rules):
        value = getattr(rules, one.name)
        setattr(found, one.name, dict(value) if isinstance(value, Mapping) else value)
    if not found.is_active:
        _void_test(found)
    found.save()
    record(actor, Action.SSO_CONNECTION_UPDATED, target=found.audit_target(), changed="rules")


@verb(Action.SSO_CONNECTION_ACTIVATED)
def activate_connection(actor: Actor, connection: SamlConnection) -> None:
    """Let people in through it, in place of the one that did so far."""
    require(actor, Permission.SSO_WRITE, connection.organization.scope)
    organization = locked(connection.organization_id)
    organization.require_feature(Feature.SSO)
    found = locked_connection(connection)
    if found.is_active:
        return
    if found.tested_at is None:
        raise FailedPrecondition("Sign in once by a test before you activate the connection.")
    verified = EmailDomain.objects.filter(organization=organization, verified_at__isnull=False)
    if not verified.exists():
        raise FailedPrecondition("Verify a mail domain before you activate the connection.")
    for other in SamlConnection.objects.filter(organization=organization, status=Status.ACTIVE):
        _close(other)
    found.status = Status.ACTIVE
    found.save(update_fields=["status"])
    record(actor, Action.SSO_CONNECTION_ACTIVATED, target=found.audit_target())


@verb(Action.SSO_CONNECTION_DISABLED)
def disable_connection(actor: Actor, connection: SamlConnection) -> None:
    """Nobody comes in through it any more, and whoever has is signed out."""
    require(actor, Permission.SSO_WRITE, connection.organization.scope)
    organization = locked(connection.organization_id)
    found = locked_connection(connection)
    if not found.is_active:
        raise FailedPrecondition("Only an active connection can be disabled.")
    _require_not_required(organization)
    _close(found)
    record(actor, Action.SSO_CONNECTION_DISABLED, target=found.audit_target())


@verb(Action.SSO_CONNECTION_DELETED)
def delete_connection(actor: Actor, connection: SamlConnection) -> None:
    """With its keys, and with whom it knows."""
    require(actor, Permission.SSO_WRITE, connection.organization.scope)
    found = locked_connection(connection)
    if found.is_active:
        raise FailedPrecondition("Disable the connection before you delete it.")
    end_sessions_of(found)
    record(actor, Action.SSO_CONNECTION_DELETED, target=found.audit_target())
    found.delete()


def _close(connection: SamlConnection) -> None:
    connection.status = Status.DISABLED
    connection.save(update_fields=["status"])
    end_sessions_of(connection)


def _require_not_required(organization: Organization) -> None:
    required = EmailDomain.objects.filter(
        organization=organization, sso_required_at__isnull=False
    ).first()
    if required is not None:
        raise FailedPrecondition(
            f"Single sign-on is required for {required.domain}: lift that first, or activate "
            "another connection in this one's place."
        )


def _void_test(connection: SamlConnection) -> None:
    connection.tested_at = connection.tested_by = None
    if connection.status == Status.TESTED:
        connection.status = Status.DRAFT


def _described(provider: ProviderMetadata) -> dict[str, str]:
    """The fields of the row; HTTP-Redirect is preferred where the provider offers both."""
    sso_url = provider.sso_redirect_url or provider.sso_post_url or ""
    slo_url = provider.slo_redirect_url or ""
    for url in filter(None, (sso_url, slo_url)):
        _require_https(url)
    if not sso_url:
        raise InvalidArgument("The provider's sign-on address is missing.", field="sso_url")
    if not provider.entity_id.strip() or len(provider.entity_id) > _MAX_URL // 2:
        raise InvalidArgument(
            "The provider's entity id has 1 to 1024 characters.", field="entity_id"
        )
    is_redirect = provider.sso_redirect_url is not None
    return {
        "idp_entity_id": provider.entity_id.strip(),
        "sso_url": sso_url,
        "slo_url": slo_url,
        "binding": Binding.REDIRECT if is_redirect else Binding.POST,
    }


def _require_same(connection: SamlConnection, described: Mapping[str, str]) -> None:
    kept = ("idp_entity_id", "sso_url")
    if any(getattr(connection, name) != described[name] for name in kept):
        raise FailedPrecondition(
            "The connection is in use, and this describes another provider or address. Make "
            "another connection, test it, and activate it in this one's place."
        )


def _require_https(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or len(url) > _MAX_URL:
        raise InvalidArgument(f"The address {url[:200]!r} is not an https one.", field="sso_url")


def _require_sound(rules: Rules) -> None:
    names = (
        rules.email_attribute, rules.name_attribute, rules.roles_attribute, rules.groups_attribute,
    )  # fmt: skip
    if any(len(name) > _MAX_ATTRIBUTE for name in names):
        raise InvalidArgument(f"An attribute's name has at most {_MAX_ATTRIBUTE} characters.")
    if rules.default_role not in ORGANIZATION_ROLES or rules.default_role is Role.ORG_OWNER:
        raise InvalidArgument(
            "The default role is one of the organization's, below the owner's.",
            field="default_role",
        )
    if len(rules.group_roles) > _MAX_GROUPS:
        raise InvalidArgument(f"At most {_MAX_GROUPS} groups.", field="group_roles")
    for group, text in rules.group_roles.items():
        assignment = parse_role(text)
        if not re.search(r"\S", group) or assignment is None:
            raise InvalidArgument(
                f"{text!r} is no role: write pinecone:OrgMember or "
                "pinecone:project:<project id>:ProjectEditor.",
                field="group_roles",
            )
        if assignment.role is Role.ORG_OWNER:
            raise InvalidArgument("Groups cannot make owners.", field="group_roles")


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= _MAX_NAME:
        raise InvalidArgument("A connection's name has 1 to 80 characters.", field="name")
    return name
