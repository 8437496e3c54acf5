"""`python -m dataplane.importer.turns`: gives imports into the indexes of this node their turns.

For nodes on machines of their own; where everything runs on one machine a worker does that.
"""

import shutil
import signal
import threading

import structlog

from kit.environment import environment
from kit.errors import StonepineError
from kit.logs import configure_logs
from storage.database import connect
from storage.import_turns import Turns
from storage.outer_keys import open_keyring

_LOOK_EVERY_S = 2.0

_log = structlog.get_logger()


def main() -> None:
    configure_logs("imports")
    is_over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: is_over.set())
    here = environment()
    keyring = open_keyring(here)
    program = shutil.which("setpriv")
    prefix = [program, "--pdeathsig", "KILL"] if program else []
    while not is_over.is_set():
        try:
            url = here.database_system_url.get_secret_value()
            with connect(url, name="imports") as connection:
                turns = Turns(connection, keyring, is_over.is_set, prefix, here.node_name)
                while not is_over.is_set():
                    turns.take_due()
                    is_over.wait(_LOOK_EVERY_S)
        except StonepineError as error:
            _log.warning("imports_wait", reason=error.message)
            is_over.wait(_LOOK_EVERY_S)


if __name__ == "__main__":
    main()
