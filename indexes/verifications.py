"""Verifying a backup: asking for it, and what came of it. A worker's child does it."""

from uuid import UUID

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from indexes.backup_models import Backup, BackupStatus
from indexes.job_lines import note_asked
from indexes.verification_models import UNANSWERED, BackupVerification, VerificationStatus
from kit import clock
from kit.errors import FailedPrecondition, NotFound
from orgs.tenancy import tenant
from orgs.verbs import verb
from projects.encryption_keys import require_usable
from projects.models import Project

_SHOWN = 20


@verb(Action.BACKUP_VERIFICATION_STARTED)
def verify_backup(actor: Actor, backup: Backup) -> BackupVerification:
    """Wish for a verification; one at a time for each backup."""
    require(actor, Permission.INDEX_UPDATE, backup.scope)
    rows = Backup.objects.select_for_update(of=("self",), no_key=True)
    locked = rows.select_related("organization", "project").filter(pk=backup.pk).first()
    if locked is None:
        raise NotFound(f"Resource {backup.pk} not found")
    if locked.status != BackupStatus.READY:
        raise FailedPrecondition(f"The backup is {locked.status}: only a Ready one is verified.")
    if locked.verifications.filter(status__in=UNANSWERED).exists():
        raise FailedPrecondition("A verification of this backup is under way: wait for its answer.")
    require_usable(locked.project)
    wish = BackupVerification(organization_id=locked.organization_id, backup=locked)
    wish.save(force_insert=True)
    record(actor, Action.BACKUP_VERIFICATION_STARTED, target=locked.audit_target())
    note_asked(actor, locked.organization_id, wish.pk, "A verification was asked for.")
    return wish


@verb(Action.BACKUP_VERIFICATION_CANCELLED)
def cancel_verification(actor: Actor, backup: Backup) -> None:
    """Stop the one that is under way; what was found before about the backup stays."""
    require(actor, Permission.INDEX_UPDATE, backup.scope)
    rows = BackupVerification.objects.select_for_update(of=("self",)).filter(backup=backup)
    wish = rows.filter(status__in=UNANSWERED).first()
    if wish is None:
        raise FailedPrecondition("No verification of this backup is under way.")
    wish.status, wish.finished_at = VerificationStatus.CANCELLED, clock.now()
    wish.save(update_fields=["status", "finished_at"])
    record(actor, Action.BACKUP_VERIFICATION_CANCELLED, target=backup.audit_target())
    note_asked(actor, backup.organization_id, wish.pk, "Cancelled.")


def verifications_of(actor: Actor, backup: Backup) -> list[BackupVerification]:
    """The newest first."""
    require(actor, Permission.INDEX_READ, backup.scope)
    with tenant(backup.organization_id):
        return list(backup.verifications.order_by("-pk")[:_SHOWN])


def under_way(project: Project, backups: list[Backup]) -> set[UUID]:
    """Which of the project's backups, that somebody may see, are just being verified."""
    with tenant(project.organization_id):
        rows = BackupVerification.objects.filter(backup__in=backups, status__in=UNANSWERED)
        return set(rows.values_list("backup_id", flat=True))
