"""Celery's shells around the work on projects: load, call, nothing else."""

from celery import shared_task


@shared_task(name="projects.check_encryption_keys")
def check_encryption_keys() -> None:
    from projects.encryption_key_health import check_encryption_keys as check

    check()
