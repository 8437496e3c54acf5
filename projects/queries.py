"""Reads of projects and keys; the look-up of a presented key crosses tenants."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from django.db import DatabaseError, connections
from django.db.models import Q

from access.actor import Actor
from access.decide import decide, require
from access.keys import PlainKey, SecretKind, parse
from access.network_policy import admits
from access.networks import parse_networks
from access.permissions import Permission
from kit import clock
from kit.errors import NotFound, Unauthenticated
from orgs.models import Organization
from orgs.secrets import is_genuine, renewed_secret
from orgs.tenancy import tenant
from projects.key_actors import key_actor, key_obstacles
from projects.models import ApiKey, Project

_USE_NOTED_EVERY = timedelta(minutes=1)
_log = structlog.get_logger(__name__)


def visible_projects(actor: Actor, organization: Organization) -> list[Project]:
    """Those the actor may read, by name."""
    with tenant(organization.pk):
        rows = Project.objects.filter(organization=organization).select_related("organization")
        found = list(rows.order_by("name", "id"))
    return [one for one in found if _may_see(actor, one)]


def get_project(actor: Actor, organization: Organization, slug: str) -> Project:
    """By slug; `NotFound` where there is none or the actor has no role that reaches it."""
    with tenant(organization.pk):
        rows = Project.objects.filter(organization=organization).select_related("organization")
        project = rows.filter(slug=slug).first()
    if project is None or not _may_see(actor, project):
        raise NotFound(f"Project {slug} not found.")
    return project


def get_project_by_id(actor: Actor, organization: Organization, project_id: UUID) -> Project:
    """Like `get_project`, for those who know ids."""
    with tenant(organization.pk):
        rows = Project.objects.filter(organization=organization).select_related("organization")
        project = rows.filter(pk=project_id).first()
    if project is None or not _may_see(actor, project):
        raise NotFound(f"Project {project_id} not found.")
    return project


def find_project(actor: Actor, organization: Organization, reference: str) -> Project:
    """By slug, or else by id: what people type."""
    try:
        return get_project(actor, organization, reference)
    except NotFound:
        try:
            return get_project_by_id(actor, organization, UUID(reference))
        except ValueError:
            raise NotFound(f"Project {reference[:80]} not found.") from None


def first_project(organization: Organization) -> Project | None:
    """The oldest one: what set-up and bootstrap work on."""
    with tenant(organization.pk):
        rows = Project.objects.filter(organization=organization).select_related("organization")
        return rows.order_by("id").first()


@dataclass(frozen=True, slots=True)
class Contents:
    """How much a project holds; `indexes` and `backups` must go before it can."""

    indexes: int
    backups: int
    api_keys: int

    @property
    def obstacles(self) -> str:
        """What keeps it from being deleted, in words; empty where nothing does."""
        counted = ((self.indexes, "index", "indexes"), (self.backups, "backup", "backups"))
        found = [f"{count} {one if count == 1 else many}" for count, one, many in counted if count]
        return " and ".join(found)


def contents_of(actor: Actor, project: Project) -> Contents:
    require(actor, Permission.PROJECT_READ, project.scope)
    with tenant(project.organization_id):
        keys = ApiKey.objects.filter(project=project, revoked_at=None).count()
        # The reverse relations, because the package of indexes stands above this one.
        return Contents(project.indexes.count(), project.backups.count(), keys)


def api_keys(actor: Actor, project: Project) -> list[ApiKey]:
    """Keys that are not revoked, newest first."""
    require(actor, Permission.API_KEY_READ, project.scope)
    with tenant(project.organization_id):
        rows = ApiKey.objects.filter(project=project, revoked_at=None)
        return list(rows.order_by("-id"))


def get_api_key(actor: Actor, project: Project, key_id: UUID) -> ApiKey:
    require(actor, Permission.API_KEY_READ, project.scope)
    with tenant(project.organization_id):
        key = ApiKey.objects.filter(project=project, pk=key_id).first()
    if key is None:
        raise NotFound("API key not found.")
    return key


def get_api_key_by_id(actor: Actor, organization: Organization, key_id: UUID) -> ApiKey:
    """A living key of any project that the actor may see."""
    with tenant(organization.pk):
        rows = ApiKey.objects.filter(organization=organization, revoked_at=None)
        key = rows.select_related("project__organization").filter(pk=key_id).first()
    if key is None or not _may_see(actor, key.project):
        raise NotFound(f"API key {key_id} not found.")
    require(actor, Permission.API_KEY_READ, key.scope)
    return key


def authenticate_api_key(value: str, *, address: str | None = None) -> tuple[Actor, Project]:
    """The actor behind a presented key, and the project of the key. Crosses tenants.

    Malformed, unknown, wrong, expired, disabled and revoked keys get the same `Unauthenticated`,
    and so do keys of a suspended organization and keys that are used from outside their networks
    or their project's; `address` is the caller's.
    """
    plain = parse(value)
    if plain is None or plain.kind is not SecretKind.API_KEY:
        raise Unauthenticated("Invalid API key.")
    try:
        return _proven(plain, address)
    finally:
        # Back to its pool at once: what the request does next may wait long, and needs another one.
        connections["system"].close()


def _proven(plain: PlainKey, address: str | None) -> tuple[Actor, Project]:
    rows = ApiKey.objects.using("system").select_related("project__organization")
    key = rows.filter(public_id=plain.public_id).first()
    if (
        key is None
        or key_obstacles(key)
        or not is_genuine(plain, stored=key.digest, pepper_id=key.pepper_id)
    ):
        raise Unauthenticated("Invalid API key.")
    is_inside = admits(parse_networks(key.networks), address)
    if not is_inside or not key.project.network_policy.admits_to_control(address):
        raise Unauthenticated("Invalid API key.")
    actor = key_actor(key, using="system")
    _note_use(key, address)
    _renew_digest(key, plain)
    return actor, key.project


def _note_use(key: ApiKey, address: str | None) -> None:
    """At most once a minute, and never a reason to refuse the key. Crosses tenants."""
    before = clock.now() - _USE_NOTED_EVERY
    if key.last_used_at is not None and key.last_used_at > before:
        return
    is_due = Q(last_used_at=None) | Q(last_used_at__lte=before)
    rows = ApiKey.objects.using("system").filter(is_due, pk=key.pk)
    try:
        rows.update(last_used_at=clock.now(), last_used_from=address)
    except DatabaseError:
        _log.warning("key_use_not_noted", exc_info=True)


def _renew_digest(key: ApiKey, plain: PlainKey) -> None:
    """Move a key that was made under an earlier pepper to today's. Crosses tenants."""
    renewed = renewed_secret(plain, pepper_id=key.pepper_id)
    if renewed is None:
        return
    rows = ApiKey.objects.using("system").filter(pk=key.pk, pepper_id=key.pepper_id)
    try:
        rows.update(digest=renewed.digest, pepper_id=renewed.pepper_id)
    except DatabaseError:
        _log.warning("key_digest_not_renewed", exc_info=True)


def _may_see(actor: Actor, project: Project) -> bool:
    return decide(actor, Permission.PROJECT_READ, project.scope).is_allowed
