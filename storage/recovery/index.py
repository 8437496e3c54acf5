"""One index: its namespaces' rows and the end of their log, from the object store alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from uuid import UUID

from keyring.envelope import DataKey
from kit import clock
from storage.archive.form import ArchivedBatch, Place, Stretch, read_stretch
from storage.database import Connection, translated_errors
from storage.fsck.damage import Findings, Part
from storage.fsck.rows import namespace_ids, namespace_state
from storage.garbage import Stored, stored_by_place
from storage.objects import ObjectStore
from storage.pins import pins_by_place
from storage.recovery import rows
from storage.recovery.survey import MEANING, Survey, Surveyed
from storage.write_log.batches import open_batch
from storage.write_log.names import name_digest, open_name
from storage.write_log.operations import record_count


@dataclass(slots=True)
class Recovered:
    """What came back. `gone` are namespaces of which the database speaks and the store does not:
    they were deleted since. `until_us` is when the last batch was acknowledged."""

    namespaces: int = 0
    batches: int = 0
    until_us: int = 0
    gone: list[UUID] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)


@dataclass(frozen=True, slots=True)
class IndexRecovery:
    """The database may be as of any time before, with or without its log; of the same namespace
    the object store always knows later news. Nobody else may touch the index meanwhile.

    What is damaged is noted, and left so that an engine refuses it. Idempotent.
    """

    connection: Connection
    store: ObjectStore
    key: DataKey
    index_id: UUID
    recovered: Recovered = field(default_factory=Recovered)

    def recover(self) -> Recovered:
        """All in one transaction."""
        stored = stored_by_place(self.store.list(f"indexes/{self.index_id}/"))
        with translated_errors(), self.connection.transaction():
            known = namespace_ids(self.connection, self.index_id)
            surveyed = self._surveyed(stored, known)
            for one in self._once_a_name(surveyed):
                self._write(one)
        return self.recovered

    def _surveyed(self, stored: dict[Place, Stored], known: list[UUID]) -> list[Surveyed]:
        pins = pins_by_place(self.connection)
        survey = Survey(self.store, self.key, self.index_id, self.recovered.findings, pins)
        found = []
        for namespace_id in sorted({one for _, one in stored} | set(known)):
            place = (self.index_id, namespace_id)
            state = namespace_state(self.connection, place)
            objects = stored.get(place, Stored())
            if state is not None and not objects.all_paths:
                self._forget(place)
            elif (one := survey.of(namespace_id, objects, state)) is not None:
                found.append(one)
        return found

    def _forget(self, place: Place) -> None:
        """Unless its log is here, which then is all that there ever was of it."""
        if not rows.has_batches(self.connection, place):
            rows.forget(self.connection, place)
            self.recovered.gone.append(place[1])

    def _once_a_name(self, surveyed: list[Surveyed]) -> Iterator[Surveyed]:
        """Where two are alive under one name, the end of the older one is not archived yet."""

        def name_of(one: Surveyed) -> str:
            return open_name(self.key, one.created.name_sealed, *one.place)

        alive = sorted((one for one in surveyed if one.dropped is None), key=name_of)
        yield from (one for one in surveyed if one.dropped is not None)
        for _, same in groupby(alive, name_of):
            *older, newest = sorted(same, key=lambda one: one.created.created_at_us)
            yield from (one.ended(newest.created.created_at_us) for one in older)
            yield newest

    def _write(self, one: Surveyed) -> None:
        self.recovered.until_us = max(
            self.recovered.until_us, *(stretch.until_us for stretch in one.stretches), 0
        )
        rows.forget(self.connection, one.place)
        rows.write_bases(self.connection, one.place, one.bases)
        if one.dropped is not None:
            rows.write_dropped(self.connection, one.place, one.created, one.dropped)
            return
        if self._is_cut(one):
            one = one.begun_anew(round(clock.now().timestamp() * 1_000_000))
            rows.forget_batches(self.connection, one.place, one.manifest.lsn)
        self._write_batches(one)
        name = open_name(self.key, one.created.name_sealed, *one.place)
        rows.write_namespace(
            self.connection, one.place, one.created, one.manifest,
            name_digest=name_digest(self.key, self.index_id, name), archived_lsn=self._reach(one),
        )  # fmt: skip
        self.recovered.namespaces += 1

    def _is_cut(self, one: Surveyed) -> bool:
        """Whether segments hold what was never archived: the log goes on after a gap."""
        first, last = one.archived_lsn + 1, one.manifest.lsn
        return first <= last and not rows.has_all(self.connection, one.place, first, last)

    def _reach(self, one: Surveyed) -> int:
        """How far the log goes. Where it is known to have gone further than it can be read, an
        engine finds it missing, and refuses."""
        readable = max(one.archived_lsn, one.manifest.lsn)
        if one.known_lsn > readable and not rows.reaches(self.connection, one.place, one.known_lsn):
            return one.known_lsn
        return one.archived_lsn if one.stretches else -1

    def _write_batches(self, one: Surveyed) -> None:
        done = one.manifest.lsn
        for stretch in one.stretches:
            if stretch.last <= done:
                continue
            with self.recovered.findings.noting(
                Part.ARCHIVE, stretch.path(one.place), meaning=MEANING
            ):
                batches = [batch for batch in self._read(one.place, stretch) if batch.lsn > done]
                rows.write_batches(self.connection, one.place, self._counted(one.place, batches))
                done = stretch.last
                self.recovered.batches += len(batches)

    def _read(self, place: Place, stretch: Stretch) -> list[ArchivedBatch]:
        return read_stretch(self.store, self.key, place, stretch)

    def _counted(
        self, place: Place, batches: list[ArchivedBatch]
    ) -> Iterator[tuple[ArchivedBatch, int]]:
        index_id, namespace_id = place
        for batch in batches:
            operation = open_batch(
                self.key, batch.operation, batch.sealed,
                index_id=index_id, namespace_id=namespace_id, lsn=batch.lsn,
            )  # fmt: skip
            yield batch, record_count(operation)
