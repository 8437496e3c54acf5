"""The importer's command: one turn of one import, one line of JSON about it."""

import argparse
import logging
import re
import resource
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pyarrow as pa

from dataplane.front.engines import ThreadEngines
from dataplane.importer.run import Turn, run_turn
from dataplane.importer.site import Site
from kit.environment import Environment, environment
from kit.errors import FailedPrecondition
from kit.logs import configure_logs
from storage.catalog import load_index
from storage.database import Connection, connect
from storage.imports import load_import, pass_over
from storage.outer_keys import open_keyring
from storage.project_keys import project_key

_log = logging.getLogger(__name__)
_MIB = 1024 * 1024
_STATUS = Path("/proc/self/status")
# The second word of the lock is the import's own.
_LOCK = "SELECT pg_try_advisory_lock(%s, hashtext(%s))"
_LOCK_CLASS = 0x5707


def main(arguments: list[str] | None = None) -> int:
    """0 whatever becomes of the import, 1 where the turn itself broke."""
    options = _parse(arguments)
    settings = environment()
    _bound_memory(settings.import_memory_mb)
    try:
        turn = _turn(settings, options.id, turn_s=options.turn_s)
    except Exception as error:  # noqa: BLE001 - the caller reads one line of JSON, whatever happens
        _log.exception("the turn broke")
        _report({"turn": "broken", "message": type(error).__name__})
        return 1
    _report({"turn": turn, "peak_mb": _peak_mb()})
    return 0


def _turn(settings: Environment, import_id: UUID, *, turn_s: float) -> Turn:
    url = settings.database_system_url.get_secret_value()
    with closing(connect(url, name="importer")) as connection:
        if not _is_ours(connection, import_id):
            # Most likely its process was killed, and the database has not noticed yet.
            pass_over(connection, import_id)
            return Turn.BUSY
        try:
            site = _site(connection, settings, import_id)
            return Turn.GONE if site is None else run_turn(site, import_id, turn_s=turn_s)
        except FailedPrecondition as refusal:
            # Its project's encryption key cannot be used: it waits until it can.
            _log.warning("the import waits: %s", refusal.message)
            pass_over(connection, import_id)
            return Turn.BUSY


def _is_ours(connection: Connection, import_id: UUID) -> bool:
    """Of two importers one works; the lock ends with the connection."""
    row = connection.execute(_LOCK, [_LOCK_CLASS, str(import_id)]).fetchone()
    return bool(row and row[0])


def _site(connection: Connection, settings: Environment, import_id: UUID) -> Site | None:
    """None where there is nothing to import into any more."""
    wish = load_import(connection, import_id)
    index = load_index(connection, wish.index_id) if wish else None
    if index is None:
        return None
    key = project_key(connection, open_keyring(settings), index.project_id)
    if key is None:
        return None
    return Site(connection, ThreadEngines(settings.engine_sockets), settings, index, key)


def _bound_memory(megabytes: int) -> None:
    """What a file makes us allocate ends here: it fails, and not the machine."""
    # Arrow's own allocator keeps what it has freed, the system's gives it back.
    pa.set_memory_pool(pa.system_memory_pool())
    resource.setrlimit(resource.RLIMIT_DATA, (megabytes * _MIB, megabytes * _MIB))


def _peak_mb() -> int:
    """Of this program's own memory; `getrusage` counts that of who started it, too."""
    found = re.search(r"VmHWM:\s+(\d+) kB", _STATUS.read_text())
    return int(found[1]) // 1024 if found else 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dataplane.importer", description=__doc__)
    parser.add_argument("--id", type=UUID, required=True, help="the import's id")
    parser.add_argument(
        "--turn-s", type=float, default=30.0, help="seconds, after which others have their turn"
    )
    return parser.parse_args(arguments)


def _report(line: dict[str, Any]) -> None:
    sys.stdout.write(orjson.dumps(line).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    configure_logs("importer", file=sys.stderr)
    sys.exit(main())
