"""Celery's shell around the upkeep of metrics."""

from celery import shared_task


@shared_task(name="metrics.forget_old")
def forget_old() -> None:
    from indexes.metrics.retention import forget_old_metrics

    forget_old_metrics()
