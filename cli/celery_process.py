"""`python -m cli.celery_process worker|scheduler`: Celery as the supervisor wants it run."""

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from typing import Any, NoReturn

from celery.beat import Scheduler, Service
from celery.signals import beat_init, worker_ready

from cli.notices import say_ready
from config.celery import app
from indexes.locks import Lock
from kit.environment import environment
from storage.database import HeldLock

# Threads: tasks wait on the database and on builders, and one process is one copy of Django.
# Nobody listens to gossip; the table of processes tells who is alive.
_WORKER = [
    "worker", "--pool", "threads", "--concurrency", "8",
    "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO",
]  # fmt: skip
_LISTENING_WITHIN_S = 10.0
_TURN_EVERY_S = 2.0


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
    signal.signal(signal.SIGTERM, _leave)
    if environment().has_parts:
        _wait_for_our_turn()
    else:
        beat_init.connect(_on_ready, weak=False)
    Service(app, scheduler_cls=Scheduler).start()


def _wait_for_our_turn() -> None:
    """Of the schedulers of several machines one sends; the next one begins when it is gone. Whoever
    only waits is ready for that."""
    say_ready()
    url = environment().database_system_url.get_secret_value()
    turn = HeldLock(url, Lock.SCHEDULING, name="scheduler")
    while not turn.take():
        time.sleep(_TURN_EVERY_S)
    threading.Thread(target=_end_with, args=[turn], name="turn", daemon=True).start()


def _end_with(turn: HeldLock) -> None:
    while turn.is_held():
        time.sleep(_TURN_EVERY_S)
    # Somebody else may send by now; the supervisor starts us again, to wait.
    os._exit(1)


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
