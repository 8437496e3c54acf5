"""Looking for what people should know: each look finds all that is so now. Crosses tenants."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import OuterRef, Subquery

from access.actor import SYSTEM
from billing.overview import Quota, plan_overview
from indexes.backup_models import Backup, BackupStatus
from kit import clock
from notices.kinds import Kind
from orgs.models import Organization
from orgs.support_models import SupportAccess
from projects.models import ApiKey
from sso.models import CertificateState, IdpCertificate
from webhooks.models import Webhook

KEY_HORIZON = timedelta(days=7)
CERTIFICATE_HORIZON = timedelta(days=30)
NEAR = 0.8
_FAILURES_KEPT = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is so now."""

    organization_id: UUID
    kind: Kind
    subject_id: str
    subject_name: str
    detail: str = ""
    project_id: UUID | None = None
    ends_at: datetime | None = None


def look() -> list[Finding]:
    """Everything that is so, in all organizations. Crosses tenants."""
    return [found for watcher in _WATCHERS for found in watcher()]


def _failed_backups() -> Iterator[Finding]:
    """Indexes whose newest backup failed. Crosses tenants."""
    rows = Backup.objects.using("system").exclude(status=BackupStatus.INITIALIZING)
    newest = rows.filter(source_index_id=OuterRef("source_index_id")).order_by("-id")
    failed = rows.filter(
        status=BackupStatus.FAILED,
        pk=Subquery(newest.values("pk")[:1]),
        finished_at__gte=clock.now() - _FAILURES_KEPT,
        source_deleted_at=None,
    )
    for one in failed:
        yield Finding(
            one.organization_id, Kind.BACKUP_FAILED, str(one.pk), one.source_index_name,
            one.failure, one.project_id,
        )  # fmt: skip


def _disabled_webhooks() -> Iterator[Finding]:
    """Those that no person turned off. Crosses tenants."""
    rows = Webhook.objects.using("system").filter(disabled_at__isnull=False)
    for one in rows.exclude(disabled_because=""):
        yield Finding(
            one.organization_id, Kind.WEBHOOK_DISABLED, str(one.pk), one.name,
            one.disabled_because, one.project_id,
        )  # fmt: skip


def _expiring_keys() -> Iterator[Finding]:
    """Keys in use that end soon and have no successor. Crosses tenants."""
    now = clock.now()
    rows = ApiKey.objects.using("system").filter(
        revoked_at=None, disabled_at=None, replaced_by_id=None,
        expires_at__gt=now, expires_at__lte=now + KEY_HORIZON,
    )  # fmt: skip
    for one in rows:
        yield Finding(
            one.organization_id, Kind.KEY_EXPIRING, str(one.pk), one.name,
            "Roll it: the old one goes on until its end.", one.project_id, one.expires_at,
        )  # fmt: skip


def _expiring_certificates() -> Iterator[Finding]:
    """Also those that have ended. Crosses tenants."""
    rows = IdpCertificate.objects.using("system").select_related("connection")
    soon = rows.filter(not_after__lte=clock.now() + CERTIFICATE_HORIZON)
    for one in soon.exclude(state=CertificateState.RETIRED):
        yield Finding(
            one.organization_id, Kind.CERTIFICATE_EXPIRING, str(one.pk), one.connection.name,
            "Nobody signs in by it afterwards: add the provider's next certificate.",
            None, one.not_after,
        )  # fmt: skip


def _near_quotas() -> Iterator[Finding]:
    """What a plan or a cap bounds and is nearly used up. Crosses tenants."""
    for organization in Organization.objects.using("system").filter(suspended_at=None):
        for quota in plan_overview(SYSTEM, organization):
            if quota.limit and quota.used >= NEAR * quota.limit:
                yield Finding(
                    organization.pk, Kind.QUOTA_NEAR, quota.label, quota.label, _measured(quota)
                )


def _support_requests() -> Iterator[Finding]:
    """Those that wait for an owner's word. Crosses tenants."""
    rows = SupportAccess.objects.using("system").select_related("organization")
    now = clock.now()
    for one in rows.filter(granted_at=None, ended_at=None, expires_at__gt=now):
        yield Finding(
            one.organization_id, Kind.SUPPORT_REQUESTED, str(one.pk), one.organization.name,
            f"{one.requested_by} says why: {one.reason}", None, one.expires_at,
        )  # fmt: skip


def _measured(quota: Quota) -> str:
    share = 100 * quota.used // (quota.limit or 1)
    return f"{share} % of what the plan or a cap allows is used."


_WATCHERS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _failed_backups,
    _disabled_webhooks,
    _expiring_keys,
    _expiring_certificates,
    _near_quotas,
    _support_requests,
)
