"""Webhooks themselves: made, changed, turned off and on, their secrets rotated, deleted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from kit import clock
from kit.errors import InvalidArgument, NotFound, QuotaExceeded
from kit.ids import new_id
from orgs.locks import locked
from orgs.models import Organization
from orgs.verbs import verb
from projects.models import Project
from projects.projects import locked_project
from webhooks.addresses import checked_url
from webhooks.catalogue import checked_events
from webhooks.models import Webhook
from webhooks.schedule import deliver_soon
from webhooks.secret_store import sealed_secret, sealed_url, url_of
from webhooks.signature import new_secret

MAX_WEBHOOKS = 50
MAX_OVERLAP = timedelta(days=7)
_MAX_NAME = 80
_MAX_REASON = 300


@dataclass(frozen=True, slots=True)
class NewSecret:
    """`secret` is returned only here, and kept sealed."""

    webhook: Webhook
    secret: str = field(repr=False)


@verb(Action.WEBHOOK_CREATED)
def create_webhook(
    actor: Actor, place: Organization | Project, *, name: str, url: str, events: Sequence[str]
) -> NewSecret:
    """Tell an address of what happens from now on, in one project or in the whole organization."""
    require(actor, Permission.WEBHOOK_WRITE, place.scope)
    is_of_project = isinstance(place, Project)
    webhook = Webhook(
        id=new_id(),
        organization_id=place.tenant_id,
        name=_checked_name(name),
        events=checked_events(events, is_of_project=is_of_project),
    )
    webhook.sealed_url = _sealed_url(webhook, checked_url(url))
    webhook.organization = locked(place.tenant_id)
    if isinstance(place, Project):
        webhook.project = locked_project(place.pk)
    if Webhook.objects.filter(organization_id=place.tenant_id).count() >= MAX_WEBHOOKS:
        raise QuotaExceeded(f"An organization has at most {MAX_WEBHOOKS} webhooks. Delete one.")
    secret = new_secret()
    webhook.sealed_secret = _sealed(webhook, secret)
    webhook.save(force_insert=True)
    told = {"events": webhook.events, "host": host_of(webhook)}
    record(actor, Action.WEBHOOK_CREATED, target=webhook.audit_target(), **told)
    return NewSecret(webhook, secret)


@verb(Action.WEBHOOK_UPDATED)
def update_webhook(
    actor: Actor,
    webhook: Webhook,
    *,
    name: str | None = None,
    url: str | None = None,
    events: Sequence[str] | None = None,
) -> Webhook:
    """Change what is not None; `events` replaces all there were. What waits goes to the new
    address."""
    require(actor, Permission.WEBHOOK_WRITE, webhook.scope)
    is_of_project = webhook.project_id is not None
    wanted: dict[str, Any] = {}
    if name is not None:
        wanted["name"] = _checked_name(name)
    if url is not None:
        wanted["url"] = checked_url(url)
    if events is not None:
        wanted["events"] = checked_events(events, is_of_project=is_of_project)
    found = locked_webhook(webhook.pk)
    held = {"name": found.name, "url": url_of(found), "events": found.events}
    changed = {key: value for key, value in wanted.items() if held[key] != value}
    if not changed:
        return found
    _change(found, changed)
    record(
        actor, Action.WEBHOOK_UPDATED, target=found.audit_target(),
        changed=sorted(changed), events=found.events, host=host_of(found),
    )  # fmt: skip
    return found


@verb(Action.WEBHOOK_DISABLED)
def disable_webhook(actor: Actor, webhook: Webhook, *, reason: str = "") -> None:
    """Hear nothing new and send nothing; what waits is sent when it is turned on again."""
    require(actor, Permission.WEBHOOK_WRITE, webhook.scope)
    found = locked_webhook(webhook.pk)
    if not found.is_enabled:
        return
    found.disabled_at, found.disabled_because = clock.now(), reason[:_MAX_REASON]
    found.save(update_fields=["disabled_at", "disabled_because"])
    record(actor, Action.WEBHOOK_DISABLED, target=found.audit_target(), reason=reason)


@verb(Action.WEBHOOK_ENABLED)
def enable_webhook(actor: Actor, webhook: Webhook) -> None:
    require(actor, Permission.WEBHOOK_WRITE, webhook.scope)
    found = locked_webhook(webhook.pk)
    if found.is_enabled:
        return
    found.disabled_at, found.disabled_because, found.failing_since = None, "", None
    found.save(update_fields=["disabled_at", "disabled_because", "failing_since"])
    record(actor, Action.WEBHOOK_ENABLED, target=found.audit_target())
    deliver_soon(found.pk)


@verb(Action.WEBHOOK_SECRET_ROTATED)
def rotate_secret(
    actor: Actor, webhook: Webhook, *, overlap: timedelta = timedelta(days=1)
) -> NewSecret:
    """A new secret; for the overlap each delivery is signed with the old one too."""
    require(actor, Permission.WEBHOOK_WRITE, webhook.scope)
    if not timedelta() <= overlap <= MAX_OVERLAP:
        raise InvalidArgument(
            "The old secret stays good for 0 to 168 hours.", field="overlap_hours"
        )
    found = locked_webhook(webhook.pk)
    until: datetime | None = clock.now() + overlap if overlap else None
    found.sealed_previous_secret = found.sealed_secret if overlap else None
    found.previous_secret_until = until
    secret = new_secret()
    found.sealed_secret = _sealed(found, secret)
    found.save(update_fields=["sealed_secret", "sealed_previous_secret", "previous_secret_until"])
    told = None if until is None else until.isoformat()
    record(
        actor, Action.WEBHOOK_SECRET_ROTATED, target=found.audit_target(), old_is_good_until=told
    )
    return NewSecret(found, secret)


@verb(Action.WEBHOOK_DELETED)
def delete_webhook(actor: Actor, webhook: Webhook) -> None:
    """Its deliveries and secrets go with it."""
    require(actor, Permission.WEBHOOK_WRITE, webhook.scope)
    found = locked_webhook(webhook.pk)
    record(actor, Action.WEBHOOK_DELETED, target=found.audit_target())
    found.delete()


def _change(webhook: Webhook, changed: dict[str, Any]) -> None:
    columns = dict(changed)
    if "url" in columns:
        columns |= {"url": "", "sealed_url": _sealed_url(webhook, columns["url"])}
    columns["updated_at"] = clock.now()
    for key, value in columns.items():
        setattr(webhook, key, value)
    webhook.save(update_fields=list(columns))


def locked_webhook(webhook_id: UUID) -> Webhook:
    rows = Webhook.objects.select_for_update(no_key=True, of=("self",))
    found = rows.select_related("organization", "project").filter(pk=webhook_id).first()
    if found is None:
        raise NotFound("Webhook not found.")
    return found


def host_of(webhook: Webhook) -> str:
    """What lists, logs and events say of the address: its path and query may be a secret."""
    return urlsplit(url_of(webhook)).netloc


def _sealed(webhook: Webhook, secret: str) -> bytes:
    return sealed_secret(secret, organization_id=webhook.organization_id, webhook_id=webhook.pk)


def _sealed_url(webhook: Webhook, url: str) -> bytes:
    return sealed_url(url, organization_id=webhook.organization_id, webhook_id=webhook.pk)


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= _MAX_NAME:
        raise InvalidArgument(f"A webhook's name has 1 to {_MAX_NAME} characters.", field="name")
    return name
