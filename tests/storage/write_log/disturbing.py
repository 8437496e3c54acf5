"""Held and failing inserts for the appender's tests, and what the log then holds."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from kit.ids import new_id
from storage.database import Connection
from storage.write_log import log
from storage.write_log.batches import PROBE_LSN, PendingBatch
from tests.storage.write_log.driving import Writer

FailingInserts = Callable[..., AbstractContextManager[None]]
TERMINATE = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name LIKE '%appender' AND datname = current_database()"""


class Gate:
    """Holds every insert into the log after it locked the lease and before it is done."""

    def __init__(self, admin: Connection) -> None:
        self._admin = admin

    @contextmanager
    def closed(self) -> Iterator[None]:
        self._admin.execute("SELECT pg_advisory_lock(1)")
        try:
            yield
        finally:
            self._admin.execute("SELECT pg_advisory_unlock(1)")


@contextmanager
def trigger(admin: Connection, body: str) -> Iterator[None]:
    admin.execute(
        "CREATE FUNCTION disturb() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {body} RETURN NEW; END $$"
    )
    admin.execute(
        "CREATE TRIGGER disturb BEFORE INSERT ON log_batch FOR EACH ROW EXECUTE FUNCTION disturb()"
    )
    try:
        yield
    finally:
        admin.execute("DROP FUNCTION disturb CASCADE")


def probe(writer: Writer) -> PendingBatch:
    return PendingBatch(
        writer.index_id, writer.epoch, new_id(), PROBE_LSN, 1, 0, b"probe", is_probe=True
    )


def waiting_for_locks(connection: Connection, name: str) -> int:
    row = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE %s "
        "AND wait_event_type = 'Lock' AND datname = current_database()",
        [f"%{name}"],
    ).fetchone()
    return row[0]


def ids_in_log(connection: Connection, writer: Writer) -> list[str]:
    batches = log.read_batches(
        connection, writer.key, writer.index_id, writer.namespace_id, after_lsn=0
    )
    return [name for _, operation, _ in batches for name in operation.ids]


def transactions_of(connection: Connection, writer: Writer) -> int:
    row = connection.execute(
        "SELECT count(DISTINCT xmin::text) FROM log_batch WHERE index_id = %s", [writer.index_id]
    ).fetchone()
    return row[0]
