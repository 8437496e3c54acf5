"""The archived log: whole whatever dies on the way, bound to its place, exact in time."""

from collections.abc import Iterable
from itertools import count
from uuid import UUID

import pytest

from keyring.envelope import DataKey
from kit.errors import DataLoss
from kit.ids import new_id
from storage.archive import retention, rows
from storage.archive.form import (
    Stretch,
    created_path,
    read_created,
    read_dropped,
    read_stretch,
    stretches,
)
from storage.archive.keep import Archiver
from storage.archive.read import ArchivedLog
from storage.archive.rows import Base
from storage.database import Connection
from storage.write_log import log
from storage.write_log.appender import LogAppender
from storage.write_log.batches import open_batch
from tests.storage.write_log.driving import Writer, upsert, write
from tests.support.memory_objects import MemoryObjectStore


class _Died(Exception):
    """The worker was killed."""


class _Dying(MemoryObjectStore):
    """A store whose worker dies before or after its n-th put."""

    def __init__(self, after_puts: int, *, is_late: bool) -> None:
        super().__init__()
        self._left, self._is_late = after_puts, is_late

    def put(self, path: str, chunks: Iterable[bytes], *, is_new: bool = False) -> int:
        self._left -= 1
        if self._left == 0 and not self._is_late:
            raise _Died
        size = super().put(path, chunks, is_new=is_new)
        if self._left == 0:
            raise _Died
        return size


def archived(writer: Writer, store: MemoryObjectStore) -> list[tuple[int, list[str]]]:
    found = ArchivedLog(store, writer.key, (writer.index_id, writer.namespace_id))
    last = max(one.last for one in stretches(store, found.place))
    return [(lsn, one.ids) for lsn, one in found.operations(after_lsn=0, up_to_lsn=last)]  # type: ignore[union-attr]


def archiver(connection: Connection, store: MemoryObjectStore, writer: Writer) -> Archiver:
    keys = {writer.index_id: writer.key}
    return Archiver(connection, store, keys.get)


def test_whoever_dies_on_the_way_the_next_one_completes_the_archive(
    appender: LogAppender,
    connection: Connection,
    writer: Writer,
) -> None:
    write(appender, *(writer.batch(upsert(f"r{number}")) for number in range(5)))
    wanted = [(number + 1, [f"r{number}"]) for number in range(5)]
    for number in count(1):
        for is_late in (False, True):
            connection.execute(
                "UPDATE log_namespace SET archived_lsn = -1 WHERE index_id = %s", [writer.index_id]
            )
            store = _Dying(number, is_late=is_late)
            try:
                archiver(connection, store, writer).archive(writer.index_id)
            except _Died:
                log.trim(connection, 0)
                archiver(connection, store, writer).archive(writer.index_id)
            else:
                assert number == 3, "two puts: the namespace's row, the batches"
                return
            assert archived(writer, store) == wanted
            assert archiver(connection, store, writer).archive(writer.index_id) == 0


def test_a_dropped_namespace_is_archived_to_its_end(
    appender: LogAppender,
    connection: Connection,
    writer: Writer,
) -> None:
    store = MemoryObjectStore()
    write(appender, writer.batch(upsert("a")))
    archiver(connection, store, writer).archive()
    write(appender, writer.batch(upsert("b")))
    log.drop_namespace(connection, writer.index_id, writer.namespace_id, epoch=writer.epoch)
    archiver(connection, store, writer).archive()
    assert archived(writer, store) == [(1, ["a"]), (2, ["b"])]
    place = (writer.index_id, writer.namespace_id)
    (life,) = rows.lives(connection, writer.index_id)
    end, begun = read_dropped(store, writer.key, place), read_created(store, writer.key, place)
    assert (end.last_lsn, begun.origin_lsn) == (2, 0)
    assert life.dropped_at is not None
    assert end.dropped_at_us == round(life.dropped_at.timestamp() * 1e6) > begun.created_at_us
    log.trim(connection, 0)
    assert log.last_lsn(connection, *place) == 0
    rows.forget_dropped(connection, place)
    assert rows.lives(connection, writer.index_id) == []


def test_a_time_finds_the_last_batch_that_was_acknowledged_until_then(
    appender: LogAppender,
    connection: Connection,
    writer: Writer,
) -> None:
    store = MemoryObjectStore()
    for number in range(6):
        write(appender, writer.batch(upsert(f"r{number}")))
        if number % 2:
            archiver(connection, store, writer).archive()
    place = (writer.index_id, writer.namespace_id)
    found = ArchivedLog(store, writer.key, place)
    for batch in rows.batches_after(connection, place, 0):
        at = batch.committed_at_us
        assert found.lsn_at(at, first_lsn=0, last_lsn=6) == batch.lsn
        assert found.lsn_at(at - 1, first_lsn=0, last_lsn=6) == batch.lsn - 1
    nothing = ArchivedLog(MemoryObjectStore(), writer.key, place)
    assert nothing.lsn_at(1, first_lsn=7, last_lsn=7) == 7


def test_a_time_is_never_found_over_a_hole_in_the_archive(
    appender: LogAppender,
    connection: Connection,
    writer: Writer,
) -> None:
    store = MemoryObjectStore()
    for number in range(3):
        write(appender, writer.batch(upsert(f"r{number}")))
        archiver(connection, store, writer).archive()
    place = (writer.index_id, writer.namespace_id)
    found = ArchivedLog(store, writer.key, place)
    times = [batch.committed_at_us for batch in rows.batches_after(connection, place, 0)]
    for number, stretch in enumerate(stretches(store, place)):
        path = stretch.path(place)
        kept = store.get(path)
        store.delete(path)
        with pytest.raises(DataLoss, match=f"Batch {number + 1} .* not in the archive"):
            found.lsn_at(times[number], first_lsn=0, last_lsn=3)
        store.put(path, [kept])


def test_a_hole_in_the_log_is_not_archived_over(
    appender: LogAppender,
    connection: Connection,
    writer: Writer,
) -> None:
    store = MemoryObjectStore()
    write(appender, *(writer.batch() for _ in range(3)))
    connection.execute("DELETE FROM log_batch WHERE index_id = %s AND lsn = 2", [writer.index_id])
    with pytest.raises(DataLoss, match="missing"):
        archiver(connection, store, writer).archive(writer.index_id)
    assert archiver(connection, store, writer).archive() == 0, "others go on"


def test_no_stretch_can_be_changed_cut_moved_or_renamed(
    appender: LogAppender,
    connection: Connection,
    writer: Writer,
    key: DataKey,
) -> None:
    store, place = MemoryObjectStore(), (writer.index_id, writer.namespace_id)
    write(appender, *(writer.batch() for _ in range(2)))
    archiver(connection, store, writer).archive()
    (stretch,) = stretches(store, place)
    sealed = store.get(stretch.path(place))
    assert len(read_stretch(store, key, place, stretch)) == 2
    other = (writer.index_id, new_id())
    for where, renamed in ((other, stretch), (place, stretch._replace(until_us=1))):
        store.put(renamed.path(where), [sealed])
        with pytest.raises(DataLoss):
            read_stretch(store, key, where, renamed)
    for bit in range(0, 8 * len(sealed), 101):
        damaged = bytearray(sealed)
        damaged[bit // 8] ^= 1 << bit % 8
        store.put(stretch.path(place), [bytes(damaged)])
        with pytest.raises(DataLoss):
            read_stretch(store, key, place, stretch)
    store.put(stretch.path(place), [sealed[:-1]])
    with pytest.raises(DataLoss):
        read_stretch(store, key, place, stretch)


def test_a_batch_keeps_its_own_seal(
    appender: LogAppender,
    connection: Connection,
    writer: Writer,
) -> None:
    store, place = MemoryObjectStore(), (writer.index_id, writer.namespace_id)
    write(appender, writer.batch(upsert("a")))
    archiver(connection, store, writer).archive()
    (stretch,) = stretches(store, place)
    ((lsn, code, sealed, _),) = read_stretch(store, writer.key, place, stretch)
    ids: tuple[UUID, UUID] = place
    again = open_batch(writer.key, code, sealed, index_id=ids[0], namespace_id=ids[1], lsn=lsn)
    assert again.ids == ["a"]  # type: ignore[union-attr]
    assert created_path(place) in store.objects


def test_the_window_begins_at_the_newest_base_before_it() -> None:
    found = [Stretch(1, 10, 100), Stretch(11, 20, 200), Stretch(21, 30, 300)]
    bases = [Base(5, 1), Base(12, 2), Base(28, 3)]
    assert retention.first_base(bases, found, 50) is None
    assert retention.first_base(bases, found, 100) == Base(5, 1)
    assert retention.first_base(bases, found, 250) == Base(12, 2)
    assert retention.first_base(bases, found, 300) == Base(28, 3)
    assert retention.first_base(bases, found[1:], 50) == Base(5, 1)
    assert retention.first_base(bases, [], 50) is None
    assert retention.unneeded(found, None) == []
    assert retention.unneeded(found, Base(12, 2)) == found[:1]
    assert retention.unneeded(found, Base(30, 4)) == found[:2], "the newest one stays"
