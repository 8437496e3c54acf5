"""A worker that dies at a given step of its work: `python -m tests.schedules.mortal`.

Each line that it reads is a list of messages and the number of the step before which it is killed;
each line that it writes says whether it was, or had done everything before. A step is a statement
to PostgreSQL, the end of a transaction, a change in the object store, or the start of a child.
"""

import json
import os
import signal
import subprocess
import sys
from types import FrameType
from typing import Any

import django
import psycopg

_STEPS = {
    one.__code__
    for one in (
        psycopg.Cursor.execute, psycopg.Cursor.executemany, psycopg.Connection.commit,
        psycopg.Transaction.__exit__, subprocess.Popen.__init__,
    )
}  # fmt: skip
_CHANGES = {os.replace, os.link, os.unlink, os.fsync}


def main() -> None:
    django.setup()
    from tests.schedules.scene import Message

    for line in sys.stdin:
        wish = json.loads(line)
        messages = [Message(task, tuple(given)) for task, given in wish["messages"]]
        child = os.fork()
        if child == 0:
            _die_before(wish["step"])
            for message in messages:
                message.deliver()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write("killed\n" if os.WIFSIGNALED(status) else "done\n")
        sys.stdout.flush()


def _die_before(step: int) -> None:
    left = step

    def count(frame: FrameType, event: str, what: Any) -> None:
        nonlocal left
        is_step = frame.f_code in _STEPS if event == "call" else False
        if is_step or (event == "c_call" and what in _CHANGES):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)


if __name__ == "__main__":
    main()
