"""A worker that dies at a given step of its work: `python -m tests.schedules.mortal`.

Each line that it reads is a list of messages and the number of the step before which it is killed;
each line that it writes says whether it was, or had done everything before. A step is a statement
to PostgreSQL, the end of a transaction, a change in the object store, or the start of a child.
"""

import json
import subprocess
import sys

import django
import psycopg

from tests.support.mortality import is_killed

_STEPS = {
    one.__code__
    for one in (
        psycopg.Cursor.execute, psycopg.Cursor.executemany, psycopg.Connection.commit,
        psycopg.Transaction.__exit__, subprocess.Popen.__init__,
    )
}  # fmt: skip


def main() -> None:
    django.setup()
    from tests.schedules.scene import Message

    for line in sys.stdin:
        wish = json.loads(line)
        messages = [Message(task, tuple(given)) for task, given in wish["messages"]]

        def deliver(messages: list[Message] = messages) -> None:
            for message in messages:
                message.deliver()

        is_dead = is_killed(deliver, wish["step"], _STEPS)
        sys.stdout.write("killed\n" if is_dead else "done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
