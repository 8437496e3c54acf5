"""`python -m cli.celery_process worker|scheduler`: Celery as the supervisor wants it run."""

import signal
import sys
from contextlib import suppress
from typing import Any, NoReturn

from celery.beat import Scheduler, Service
from celery.signals import beat_init, worker_ready

from cli.notices import say_ready
from config.celery import app

# Threads: tasks wait on the database and on builders, and one process is one copy of Django.
# Nobody listens to gossip; the table of processes tells who is alive.
_WORKER = [
    "worker", "--pool", "threads", "--concurrency", "8",
    "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO",
]  # fmt: skip
_LISTENING_WITHIN_S = 10.0


def run(role: str) -> None:
    if role == "worker":
        worker_ready.connect(_on_worker_ready, weak=False)
        app.start(_WORKER)
    else:
        _run_scheduler()


def _run_scheduler() -> None:
    """Without `celery beat`, whose start imports every task and with them Django: 50 MB for names.

    The schedule stays in memory: a file of it does not survive every kill.
    """
    beat_init.connect(_on_ready, weak=False)
    signal.signal(signal.SIGTERM, _leave)
    Service(app, scheduler_cls=Scheduler).start()


def _leave(_number: int, _frame: object) -> NoReturn:
    sys.exit(0)


def _on_worker_ready(**_sender: Any) -> None:
    """Only then: a home that was restored, or lost its gateway's folder, has no listeners yet.

    What fails here is tried again by the worker itself, every few seconds.
    """
    from django.db import Error

    from indexes.deployment.listeners import wait_until_listening

    with suppress(Error, OSError):
        wait_until_listening(_LISTENING_WITHIN_S)
    say_ready()


def _on_ready(**_sender: Any) -> None:
    say_ready()


if __name__ == "__main__":
    run(sys.argv[1])
