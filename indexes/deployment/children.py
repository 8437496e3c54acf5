"""Children of a worker: how they end when it does."""

import shutil
import threading

_is_stopping = threading.Event()


def stop_children() -> None:
    """The worker ends: let children go. Whatever they have done is kept, and goes on later."""
    _is_stopping.set()


def is_stopping() -> bool:
    return _is_stopping.is_set()


def dying_with_us() -> list[str]:
    """A prefix that ends the child when this process is killed; empty where it is not installed."""
    program = shutil.which("setpriv")
    return [program, "--pdeathsig", "KILL"] if program else []
