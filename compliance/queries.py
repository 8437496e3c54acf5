"""Gathering the facts of one organization, for who may read its audit log."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Count, Max, Q

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from compliance.facts import (
    AuditFacts,
    BackupFacts,
    Facts,
    KeyFact,
    Retention,
    SignInFacts,
)
from compliance.transport import transport
from indexes.backup_models import Backup, BackupStatus, RestoreJob, RestoreStatus
from indexes.backup_schedule_models import BackupSchedule
from indexes.models import Index, IndexState
from indexes.verification_models import VerificationStatus
from kit import clock
from orgs.audit_log import chain_state
from orgs.audit_streams import stream_states
from orgs.installation.copies import drills
from orgs.kept import RULES, Kept
from orgs.models import EmailDomain, Organization, UserManagement
from orgs.plans import FEATURES, Feature, Plan
from orgs.retention import kept_days, restore_window
from orgs.tenancy import tenant
from projects.access_review import access_review
from projects.models import DataKey, EncryptionKey
from sso.models import SamlConnection, Status


def compliance_facts(actor: Actor, organization: Organization) -> Facts:
    """As they are now. Crosses tenants for the last drill of the whole installation."""
    require(actor, Permission.AUDIT_READ, organization.scope)
    return Facts(
        organization=organization,
        collected_at=clock.now(),
        held_roles=access_review(actor, organization),
        keys=_keys(organization),
        backups=_backups(organization),
        sign_in=_sign_in(organization),
        audit=_audit(actor, organization),
        transport=transport(),
        retention=_retention(organization),
    )


def _keys(organization: Organization) -> list[KeyFact]:
    """Of each project, by its slug."""
    with tenant(organization.pk):
        rows = DataKey.objects.filter(organization=organization)
        counted = rows.values("project_id", "project__slug").order_by("project__slug")
        found = list(counted.annotate(versions=Count("pk"), newest=Max("created_at")))
        outer = EncryptionKey.objects.filter(organization=organization)
        around = {one.project_id: one for one in outer}
    return [_key(one, around.get(one["project_id"])) for one in found]


def _key(row: Mapping[str, Any], own: EncryptionKey | None) -> KeyFact:
    fact = KeyFact(row["project__slug"], row["versions"], row["newest"])
    if own is None:
        return fact
    return replace(
        fact,
        own_key=own.kind,
        own_key_answered_at=own.succeeded_at,
        own_key_disabled_at=own.disabled_at,
        own_key_failure=own.failure,
    )


def _backups(organization: Organization) -> BackupFacts:
    with tenant(organization.pk):
        living = Index.objects.filter(organization=organization)
        schedules = BackupSchedule.objects.filter(organization=organization, is_enabled=True)
        passed = Q(verification=VerificationStatus.PASSED)
        told = Backup.objects.filter(organization=organization, collection_name="").aggregate(
            ready=Count("pk", filter=Q(status=BackupStatus.READY)),
            damaged=Count("pk", filter=Q(verification=VerificationStatus.DAMAGED)),
            last_taken_at=Max("finished_at", filter=Q(status=BackupStatus.READY)),
            last_verified_at=Max("verified_at", filter=passed),
        )
        restored = RestoreJob.objects.filter(
            organization=organization, status=RestoreStatus.COMPLETED
        )
        return BackupFacts(
            indexes=living.exclude(state=IndexState.TERMINATING).count(),
            scheduled=schedules.values("index").distinct().count(),
            last_restored_at=restored.aggregate(last=Max("finished_at"))["last"],
            drill_passed_at=drills().values_list("created_at", flat=True).first(),
            **told,
        )


def _sign_in(organization: Organization) -> SignInFacts:
    with tenant(organization.pk):
        rows = EmailDomain.objects.filter(organization=organization, verified_at__isnull=False)
        domains = list(rows.order_by("domain"))
        active = SamlConnection.objects.filter(organization=organization, status=Status.ACTIVE)
        connection = active.first()
    has_sso = Feature.SSO in FEATURES[Plan(organization.plan)]
    return SignInFacts(
        connection=connection.name if connection and has_sso else "",
        verified_domains=[one.domain for one in domains],
        required_domains=[one.domain for one in domains if one.sso_required_at and has_sso],
        directory_decides=organization.user_management == UserManagement.SCIM,
        people_networks=list(organization.people_networks),
        service_account_networks=list(organization.service_account_networks),
    )


def _audit(actor: Actor, organization: Organization) -> AuditFacts:
    streams = [one.stream for one in stream_states(actor, organization)]
    return AuditFacts(
        chain=chain_state(actor, organization),
        streams=len(streams),
        streams_paused=sum(one.is_paused for one in streams),
        stream_failures=[one.name for one in streams if one.last_error and not one.is_paused],
    )


def _retention(organization: Organization) -> list[Retention]:
    window = restore_window(organization).days
    restorable = f"any second of the last {window} days" if window else "not kept for"
    bound = kept_days(organization, Kept.BACKUPS)
    backups = "until their schedule's days are over, or somebody deletes them"
    if bound is not None:
        backups = f"{bound} days at most, and {backups}"
    return [
        Retention("Audit events", "for good, chained and signed"),
        Retention(RULES[Kept.RESTORE_WINDOW].title, restorable),
        Retention(RULES[Kept.BACKUPS].title, backups),
        Retention("Keys of deleted projects", "destroyed; what they sealed cannot be opened again"),
        *(
            Retention(RULES[kept].title, f"{kept_days(organization, kept)} days")
            for kept in (Kept.FINISHED_JOBS, Kept.WEBHOOK_DELIVERIES, Kept.METRICS)
        ),
    ]
