"""`python -m cli.celery_process worker|scheduler`: Celery as the supervisor wants it run."""

import sys
from typing import Any

from celery.signals import beat_init, worker_ready

from cli.notices import say_ready
from config.celery import app

# Threads: tasks wait on the database and on builders, and one process is one copy of Django.
# Nobody listens to gossip; the table of processes tells who is alive.
_WORKER = [
    "worker", "--pool", "threads", "--concurrency", "8",
    "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO",
]  # fmt: skip
# The schedule stays in memory: a file of it does not survive every kill.
_SCHEDULER = ["beat", "--scheduler", "celery.beat:Scheduler", "--pidfile=", "--loglevel", "WARNING"]


def _on_ready(**_sender: Any) -> None:
    say_ready()


def run(role: str) -> None:
    worker_ready.connect(_on_ready, weak=False)
    beat_init.connect(_on_ready, weak=False)
    app.start(_WORKER if role == "worker" else _SCHEDULER)


if __name__ == "__main__":
    run(sys.argv[1])
