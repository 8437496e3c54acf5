"""Acts at the same moment: threads that start together, each with connections of its own."""

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connections

_TIMEOUT_S = 60


def together(
    acts: list[Callable[[], Any]], *, threads: int = 20, timeout_s: float = _TIMEOUT_S
) -> list[Any]:
    """What each act returned, or the exception it raised, in the order of the acts.

    They begin at once, as many at a time as there are threads; each must end within its time.
    """
    start = threading.Barrier(min(threads, len(acts)))

    def enter() -> None:
        start.wait(timeout=_TIMEOUT_S)

    def run(act: Callable[[], Any], context: contextvars.Context) -> Any:
        try:
            return context.run(act)
        except Exception as error:  # noqa: BLE001 - the caller looks at what came of each
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(min(threads, len(acts)), initializer=enter) as pool:
        running = [pool.submit(run, act, contextvars.copy_context()) for act in acts]
        return [future.result(timeout=timeout_s) for future in running]
