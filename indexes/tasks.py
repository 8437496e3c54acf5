"""Celery's shells around the work on indexes: load, call, nothing else."""

from typing import Any
from uuid import UUID

from celery import shared_task
from celery.signals import worker_shutting_down
from django.core.cache import cache

from indexes.schedule import back_up_soon, reconcile_soon, restore_soon
from kit import clock

HEARTBEAT_KEY = "worker-heartbeat"


@shared_task(name="indexes.reconcile", acks_late=True)
def reconcile(index_id: str) -> None:
    from indexes.deployment.reconcile import reconcile as make_true

    make_true(UUID(index_id))


@shared_task(name="indexes.sweep")
def sweep() -> None:
    """Send what is not converged once more; also the sign that a worker lives."""
    from indexes.deployment.sweep import (
        mend,
        unconverged,
        unfinished_backups,
        unfinished_restores,
    )

    cache.set(HEARTBEAT_KEY, clock.now().timestamp(), timeout=60)
    mend()
    for index_id in unconverged():
        reconcile_soon(index_id)
    for backup_id in unfinished_backups():
        back_up_soon(backup_id)
    for job_id in unfinished_restores():
        restore_soon(job_id)


@shared_task(name="indexes.keep_up_nodes")
def keep_up_nodes() -> None:
    from indexes.deployment.relocation import keep_up_nodes as keep_up

    keep_up()


@shared_task(name="indexes.back_up", acks_late=True)
def back_up(backup_id: str) -> None:
    from indexes.deployment.backups import take_backup

    take_backup(UUID(backup_id))


@shared_task(name="indexes.keep_up_backups")
def keep_up_backups() -> None:
    from indexes.deployment.backup_schedules import delete_expired_backups, run_due_schedules

    run_due_schedules()
    delete_expired_backups()


@shared_task(name="indexes.verify_backups")
def verify_backups() -> None:
    from indexes.deployment.verifications import verify_what_is_due

    verify_what_is_due()


@shared_task(name="indexes.restore", acks_late=True)
def restore(job_id: str) -> None:
    from indexes.deployment.restores import carry_out_restore

    carry_out_restore(UUID(job_id))


@shared_task(name="indexes.build_segments")
def build_segments() -> None:
    from indexes.deployment.segments import build_what_is_due

    build_what_is_due()


@shared_task(name="indexes.trim_log")
def trim_log() -> None:
    from indexes.deployment.segments import trim_log as trim

    trim()


@shared_task(name="indexes.archive_log")
def archive_log() -> None:
    from indexes.deployment.archive import archive_log as archive

    archive()


@shared_task(name="indexes.collect_objects")
def collect_objects() -> None:
    from indexes.deployment.garbage import collect_objects as collect

    collect()


@shared_task(name="indexes.reseal")
def reseal() -> None:
    from indexes.deployment.rekeying import reseal_what_is_due

    reseal_what_is_due()


@shared_task(name="indexes.import_records")
def import_records() -> None:
    from indexes.deployment.imports import import_what_is_due

    import_what_is_due()


@shared_task(name="indexes.forget_old_imports")
def forget_old_imports() -> None:
    from indexes.deployment.imports import forget_old_imports as forget

    forget()


@worker_shutting_down.connect
def _let_children_go(**_sender: Any) -> None:
    from indexes.deployment.children import stop_children

    stop_children()
