"""Having backups verified by child processes, one after the other."""

import json
import os
import subprocess
import sys
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F

from indexes.backup_models import Backup
from indexes.deployment.children import dying_with_us, is_stopping
from indexes.deployment.own_store import own_store
from indexes.job_lines import note_step
from indexes.locks import Lock
from indexes.verification_models import UNANSWERED, BackupVerification, VerificationStatus
from kit import clock
from kit.environment import environment
from storage.database import alone

MAX_ATTEMPTS = 3
_NICENESS = 10
_LOOK_EVERY_S = 0.5
_log = structlog.get_logger(__name__)


def verify_what_is_due() -> int:
    """Answer what is asked, the oldest question first; how many runs. Crosses tenants.

    A run that breaks is tried again, a few times.
    """
    runs = 0
    url = environment().database_system_url.get_secret_value()
    own_store()
    with alone(url, Lock.VERIFYING, name="verifications") as lock:
        while lock is not None and not is_stopping():
            rows = BackupVerification.objects.using("system").filter(status__in=UNANSWERED)
            due = rows.order_by("attempts", "pk").first()
            if due is None:
                break
            runs += 1
            _run(due)
    return runs


def _run(due: BackupVerification) -> None:
    backup = Backup.objects.using("system").filter(pk=due.backup_id).first()
    if backup is None or not _note(due, status=VerificationStatus.IN_PROGRESS):
        return
    note_step(due.organization_id, due.pk, "A worker restores it into a scratch place.")
    told = _told_by_child(due, backup)
    if told.get("status") == "verified":
        is_sound = not told["damage"]
        status = VerificationStatus.PASSED if is_sound else VerificationStatus.DAMAGED
        _finish(due, status, digest=told["digest"], finding=told["damage"][:500])
    elif not is_stopping():
        _log.error("verification_broke", verification_id=str(due.pk), told=told)
        _note(due, attempts=F("attempts") + 1)
        note_step(due.organization_id, due.pk, f"Try {due.attempts + 1} broke.")
        if due.attempts + 1 >= MAX_ATTEMPTS:
            finding = str(told.get("message", "The process that verified it crashed."))
            _finish(due, VerificationStatus.FAILED, finding=finding[:500])


def _told_by_child(due: BackupVerification, backup: Backup) -> dict[str, str]:
    """The last line that it printed; empty where it crashed."""
    argv = [sys.executable, "-m", "dataplane.builder.verification"]
    for name, value in (
        ("backup", backup.pk),
        ("index", backup.source_index_id),
        ("project", backup.project_id),
        ("scratch", due.pk),
    ):
        argv += [f"--{name}", str(value)]
    with subprocess.Popen(  # noqa: S603 - our own program, typed ids
        [*dying_with_us(), *argv], stdout=subprocess.PIPE
    ) as child:
        os.setpriority(os.PRIO_PROCESS, child.pid, _NICENESS)
        while True:
            try:
                return _last(child.communicate(timeout=_LOOK_EVERY_S)[0])
            except subprocess.TimeoutExpired as error:
                percent = _last(error.output or b"").get("percent", 0)
                if is_stopping() or not _note(due, percent_complete=percent):
                    child.kill()


def _last(output: bytes) -> dict[str, str]:
    """The last whole line."""
    lines = output.decode(errors="replace").split("\n")[:-1]
    told: dict[str, str] = json.loads(lines[-1]) if lines else {}
    return told


def _finish(due: BackupVerification, status: VerificationStatus, **changed: str) -> None:
    """The answer, and at once where the list of backups shows it: nobody asks a second time."""
    now = clock.now()
    with transaction.atomic(using="system"):
        if not _note(due, status=status, finished_at=now, percent_complete=100, **changed):
            return
        told = ": ".join(filter(None, [status.label, changed.get("finding", "")]))
        note_step(due.organization_id, due.pk, told)
        rows = Backup.objects.using("system").filter(pk=due.backup_id)
        if status != VerificationStatus.FAILED:
            rows.update(verified_at=now, verification=status)


def _note(due: BackupVerification, **changed: object) -> bool:
    """Whether anybody still wants to know."""
    rows = BackupVerification.objects.using("system").filter(pk=due.pk, status__in=UNANSWERED)
    return bool(rows.update(**changed))


def scratch_places() -> list[UUID]:
    """Indexes that verifications write to, and that never are. Crosses tenants."""
    rows = BackupVerification.objects.using("system").filter(status__in=UNANSWERED)
    return list(rows.values_list("pk", flat=True))
