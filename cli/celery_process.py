"""`python -m cli.celery_process worker|scheduler`: Celery as the supervisor wants it run."""

import signal
import sys
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


def run(role: str) -> None:
    if role == "worker":
        worker_ready.connect(_on_ready, weak=False)
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


def _on_ready(**_sender: Any) -> None:
    say_ready()


if __name__ == "__main__":
    run(sys.argv[1])
