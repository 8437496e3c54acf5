"""The workers: where messages travel, and what the scheduler sends how often."""

import os
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import structlog
from celery import Celery
from celery.signals import setup_logging, task_failure, task_postrun, task_prerun

from kit.environment import environment
from kit.ids import new_id

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def broker_url(redis_url: str) -> str:
    """kombu's spelling of a redis URL; without Redis messages stay in this process."""
    if not redis_url:
        return "memory://localhost/"
    parts = urlsplit(redis_url)
    if parts.scheme == "rediss":
        # Left to itself kombu takes any certificate.
        verified = {"ssl_cert_reqs": "required", "ssl_check_hostname": "true"}
        return parts._replace(query=urlencode(verified | dict(parse_qsl(parts.query)))).geturl()
    if parts.scheme != "unix":
        return redis_url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={database}"


app = Celery("stonepine")
app.conf.update(
    broker_url=broker_url(environment().redis_url.get_secret_value()),
    broker_connection_retry_on_startup=True,
    # Messages are hints: one that cannot be sent at once is not worth waiting for.
    task_publish_retry=False,
    broker_transport_options={
        "socket_connect_timeout": 1,
        # A broker whose machine is gone says nothing: neither a request nor a worker waits for it.
        "socket_timeout": 2,
        "health_check_interval": 5,
        "max_retries": 0,
        # Unfinished messages of a killed worker come back; the sweep is sooner anyway.
        "visibility_timeout": 300,
    },
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    task_default_queue="stonepine",
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_send_task_events=False,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    timezone="UTC",
    beat_schedule={
        "sweep": {"task": "indexes.sweep", "schedule": 5.0, "options": {"expires": 5}},
        "keep up nodes": {
            "task": "indexes.keep_up_nodes",
            "schedule": 2.0,
            "options": {"expires": 2},
        },
        "build segments": {
            "task": "indexes.build_segments",
            "schedule": 2.0,
            "options": {"expires": 2},
        },
        "sign audit heads": {
            "task": "audit.sign_heads",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "forget expired tokens": {
            "task": "orgs.forget_expired_tokens",
            "schedule": 300.0,
            "options": {"expires": 300},
        },
        "deliver audit streams": {
            "task": "audit.sweep_streams",
            "schedule": 5.0,
            "options": {"expires": 5},
        },
        "deliver webhooks": {
            "task": "webhooks.sweep",
            "schedule": 2.0,
            "options": {"expires": 2},
        },
        "settle notices": {
            "task": "notices.settle",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "forget old webhook deliveries": {
            "task": "webhooks.forget_old_deliveries",
            "schedule": 3600.0,
            "options": {"expires": 3600},
        },
        "keep up usage": {
            "task": "billing.keep_up",
            "schedule": 300.0,
            "options": {"expires": 300},
        },
        "collect objects": {
            "task": "indexes.collect_objects",
            "schedule": 600.0,
            "options": {"expires": 600},
        },
        "seal anew": {"task": "indexes.reseal", "schedule": 15.0, "options": {"expires": 15}},
        "keep up backups": {
            "task": "indexes.keep_up_backups",
            "schedule": 30.0,
            "options": {"expires": 30},
        },
        "verify backups": {
            "task": "indexes.verify_backups",
            "schedule": 5.0,
            "options": {"expires": 5},
        },
        "read metadata": {"task": "sso.sweep", "schedule": 10.0, "options": {"expires": 10}},
        "keep up sign-on": {
            "task": "sso.keep_up",
            "schedule": 3600.0,
            "options": {"expires": 3600},
        },
        "forget old metrics": {
            "task": "metrics.forget_old",
            "schedule": 3600.0,
            "options": {"expires": 3600},
        },
        "send letters": {
            "task": "accounts.send_letters",
            "schedule": 10.0,
            "options": {"expires": 10},
        },
        "sweep sessions": {
            "task": "accounts.sweep_sessions",
            "schedule": 3600.0,
            "options": {"expires": 3600},
        },
        "import records": {
            "task": "indexes.import_records",
            "schedule": 2.0,
            "options": {"expires": 2},
        },
        "check encryption keys": {
            "task": "projects.check_encryption_keys",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "forget old imports": {
            "task": "indexes.forget_old_imports",
            "schedule": 3600.0,
            "options": {"expires": 3600},
        },
        "archive log": {
            "task": "indexes.archive_log",
            "schedule": 5.0,
            "options": {"expires": 5},
        },
        "trim log": {"task": "indexes.trim_log", "schedule": 60.0, "options": {"expires": 60}},
    },
)
app.autodiscover_tasks(
    [
        "accounts",
        "audit",
        "billing",
        "indexes",
        "indexes.metrics",
        "notices",
        "orgs",
        "projects",
        "sso",
        "webhooks",
    ]
)


@setup_logging.connect
def _keep_logging_as_django_set_it(**_sender: Any) -> None:
    """Connected, so that Celery leaves the handlers alone."""


@task_prerun.connect
def _enter_task(task_id: str, task: Any, **_sender: Any) -> None:
    """Logs and audit events of a task carry its id."""
    from structlog.contextvars import bind_contextvars, clear_contextvars

    from audit.context import AuditContext, Source, enter

    clear_contextvars()
    bind_contextvars(task=task.name, task_id=task_id)
    enter(AuditContext(request_id=task_id or new_id().hex, source=Source.WORKER))


@task_failure.connect
def _tell_of_failure(exception: BaseException, **_sender: Any) -> None:
    """In the words of our own logs, which quote nothing of a task's arguments."""
    structlog.get_logger(__name__).error("task_failed", exc_info=exception)


@task_postrun.connect
def _leave_task(**_sender: Any) -> None:
    from structlog.contextvars import clear_contextvars

    from audit.context import leave

    clear_contextvars()
    leave()
