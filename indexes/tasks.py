"""Celery's shells around the work on indexes: load, call, nothing else."""

from typing import Any
from uuid import UUID

from celery import shared_task
from celery.signals import worker_shutting_down
from django.core.cache import cache

from indexes.schedule import reconcile_soon
from kit import clock

HEARTBEAT_KEY = "worker-heartbeat"


@shared_task(name="indexes.reconcile", acks_late=True)
def reconcile(index_id: str) -> None:
    from indexes.deployment.reconcile import reconcile as make_true

    make_true(UUID(index_id))


@shared_task(name="indexes.sweep")
def sweep() -> None:
    """Send what is not converged once more; also the sign that a worker lives."""
    from indexes.deployment.sweep import mend, unconverged

    cache.set(HEARTBEAT_KEY, clock.now().timestamp(), timeout=60)
    mend()
    for index_id in unconverged():
        reconcile_soon(index_id)


@shared_task(name="indexes.build_segments")
def build_segments() -> None:
    from indexes.deployment.segments import build_what_is_due

    build_what_is_due()


@shared_task(name="indexes.trim_log")
def trim_log() -> None:
    from indexes.deployment.segments import trim_log as trim

    trim()


@shared_task(name="indexes.collect_objects")
def collect_objects() -> None:
    from indexes.deployment.garbage import collect_objects as collect

    collect()


@shared_task(name="indexes.import_records")
def import_records() -> None:
    from indexes.deployment.imports import import_what_is_due

    import_what_is_due()


@shared_task(name="indexes.forget_old_imports")
def forget_old_imports() -> None:
    from indexes.deployment.imports import forget_old_imports as forget

    forget()


@worker_shutting_down.connect
def _let_importers_go(**_sender: Any) -> None:
    from indexes.deployment.imports import stop_importing

    stop_importing()
