"""Metadata by address: read once when the address is set, and daily from then on."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from access.actor import SYSTEM, Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from kit import clock
from kit.errors import NotFound, StonepineError
from kit.legible import legible
from kit.outbound import checked_url
from orgs.plans import Feature
from orgs.tenancy import tenant
from orgs.verbs import verb
from sso.connections import take_provider
from sso.fetching import fetch
from sso.metadata import ProviderMetadata, read_provider_metadata
from sso.models import SamlConnection
from sso.queries import find_connection, locked_connection

_EVERY = timedelta(hours=24)
_MAX_ERROR = 300
# By then the sweep has sent the same hint again.
_EXPIRES_S = 60


@verb(Action.SSO_CONNECTION_UPDATED)
def set_metadata_url(actor: Actor, connection: SamlConnection, *, url: str) -> None:
    """A worker reads it soon; what it finds stands on the connection's page. "" ends that."""
    require(actor, Permission.SSO_WRITE, connection.organization.scope)
    found = locked_connection(connection)
    found.organization.require_feature(Feature.SSO)
    found.metadata_url = checked_url(url, field="url") if url else ""
    found.metadata_error, found.metadata_read_at = "", None
    found.save(update_fields=["metadata_url", "metadata_error", "metadata_read_at"])
    record(actor, Action.SSO_CONNECTION_UPDATED, target=found.audit_target(), changed="metadata")
    if url:
        read_soon(found.pk)


def read_soon(connection_id: UUID) -> None:
    from sso.tasks import read_metadata

    transaction.on_commit(
        lambda: read_metadata.apply_async((str(connection_id),), expires=_EXPIRES_S), robust=True
    )


def connections_due() -> list[UUID]:
    """With an address that was not read for a day. Crosses tenants."""
    rows = SamlConnection.objects.using("system").exclude(metadata_url="")
    fresh = rows.filter(metadata_read_at__gt=clock.now() - _EVERY)
    due = rows.exclude(pk__in=fresh.values("pk")).order_by("pk")
    return list(due.values_list("pk", flat=True))


def read_metadata(connection_id: UUID) -> None:
    """Fetch and take what is there, unless that was done; whatever fails is kept for the page, and
    the last good description stays."""
    try:
        connection = find_connection(connection_id)
    except NotFound:
        return
    if not _is_due(connection):
        return
    try:
        provider = read_provider_metadata(fetch(connection.metadata_url), now=clock.now())
        _take(SYSTEM, connection, provider=provider)
    except StonepineError as error:
        _note(connection, error=legible(str(error), limit=_MAX_ERROR))


@verb(Action.SSO_METADATA_READ)
def _take(actor: Actor, connection: SamlConnection, *, provider: ProviderMetadata) -> None:
    require(actor, Permission.SSO_WRITE, connection.organization.scope)
    found = locked_connection(connection)
    if _asked(found) != _asked(connection):
        return  # another worker was faster, or the address is another one now
    take_provider(found, provider)
    _note(connection, error="")
    record(actor, Action.SSO_METADATA_READ, target=found.audit_target())


def _note(connection: SamlConnection, *, error: str) -> None:
    """Unless the row is not as it was when the address was asked."""
    url, read_at = _asked(connection)
    with tenant(connection.organization_id):
        rows = SamlConnection.objects.filter(pk=connection.pk, metadata_url=url)
        rows.filter(metadata_read_at=read_at).update(
            metadata_error=error, metadata_read_at=clock.now()
        )


def _asked(connection: SamlConnection) -> tuple[str, datetime | None]:
    """Which address was to be read, and since when."""
    return connection.metadata_url, connection.metadata_read_at


def _is_due(connection: SamlConnection) -> bool:
    read_at = connection.metadata_read_at
    return bool(connection.metadata_url) and (read_at is None or read_at <= clock.now() - _EVERY)
