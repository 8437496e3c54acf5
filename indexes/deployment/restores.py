"""Carrying out restore jobs in a worker, in turns; it may stop anywhere and go on later."""

import threading
from uuid import UUID

import msgspec
import structlog
from django.db.models import F

from indexes.backup_models import UNFINISHED, RestoreJob, RestoreStatus
from indexes.deployment.archive import archive_index
from indexes.deployment.claims import claim
from indexes.deployment.notices import notify_state
from indexes.deployment.own_store import own_store
from indexes.job_lines import note_step
from indexes.models import Index, IndexState
from indexes.schedule import reconcile_soon, restore_soon
from keyring.envelope import DataKey
from kit import clock
from kit.environment import environment
from kit.errors import Aborted, DataLoss, NotFound, StonepineError
from projects.keys import newest_data_key
from storage.archive.moment import Moment
from storage.backups.fill import Filling, Prepared, Source
from storage.backups.tail import StoredBackup
from storage.database import Connection, connect
from storage.objects import ObjectStore
from storage.write_log import log

MAX_ATTEMPTS = 5
# A worker has eight threads: most of them stay free for what is quick, and each soon is again.
TURN_S = 5.0
PLACES = threading.BoundedSemaphore(3)
_log = structlog.get_logger(__name__)


class _Unwanted(Aborted):
    """The job was cancelled, or its index deleted."""


def carry_out_restore(job_id: UUID, *, turn_s: float = TURN_S) -> None:
    """Fill the job's index for a turn, unless that is done, or another worker is on it.

    Where all places are taken it returns at once: the sweep sends the job again.
    """
    if not PLACES.acquire(blocking=False):
        return
    try:
        with claim(job_id) as is_ours:
            rows = RestoreJob.objects.using("system").filter(pk=job_id, status__in=UNFINISHED)
            job = rows.first() if is_ours else None
            if job is not None:
                _take_turn(job, turn_s=turn_s)
    finally:
        PLACES.release()


def _take_turn(job: RestoreJob, *, turn_s: float) -> None:
    started = clock.now() if job.started_at is None else job.started_at
    rows = RestoreJob.objects.using("system").filter(pk=job.pk, status__in=UNFINISHED)
    rows.update(status=RestoreStatus.IN_PROGRESS, started_at=started)
    if job.started_at is None:
        note_step(job.organization_id, job.pk, "A worker copies what the source refers to.")
    try:
        is_filled = _fill(job, until_s=clock.monotonic_s() + turn_s)
    except _Unwanted:
        _clear(job)
        _finish(job, RestoreStatus.CANCELLED)
    except Exception as error:
        _note_failure(job, error)
        raise
    else:
        if not is_filled:
            restore_soon(job.pk)
            return
        _finish(job, RestoreStatus.COMPLETED, percent_complete=100, prepared={})
        reconcile_soon(job.target_index_id)


def _fill(job: RestoreJob, *, until_s: float) -> bool:
    """Whether everything is there."""
    here = environment()
    index = _wanted_index(job)
    if index is None:
        raise _Unwanted("The index was deleted.")
    url = here.database_system_url.get_secret_value()
    prepared = msgspec.convert(job.prepared, Prepared)
    with connect(url, name="restore") as connection:
        if log.namespaces(connection, job.target_index_id):
            return True  # a worker that died after its last transaction
        store = own_store()
        key = newest_data_key(job.project_id, using="system")
        filling = Filling(
            connection=connection,
            store=store,
            key=key,
            source=_source(job, connection, store, key, dimension=index.dimension),
            target_id=job.target_index_id,
            progress=lambda done, total: _note_progress(job, prepared, 100 * done / total),
            confirm=lambda connection: _confirm(connection, job),
        )
        content = filling.content(dimension=index.dimension)
        if not filling.copy(content, prepared, may_go_on=lambda: clock.monotonic_s() < until_s):
            return False
        filling.write(content, prepared)
    return True


def _source(
    job: RestoreJob,
    connection: Connection,
    store: ObjectStore,
    key: DataKey,
    *,
    dimension: int | None,
) -> Source:
    if job.backup_id is not None:
        return StoredBackup(store, key, job.backup_id, job.source_index_id)
    assert job.restored_to is not None
    archive_index(connection, store, key, job.source_index_id)
    return Moment(connection, store, key, job.source_index_id, job.restored_to, dimension)


def _wanted_index(job: RestoreJob) -> Index | None:
    rows = Index.objects.using("system").filter(pk=job.target_index_id)
    return rows.filter(state=IndexState.INITIALIZING).first()


def _note_progress(job: RestoreJob, prepared: Prepared, percent: float) -> None:
    """Also what the next turn begins with, whichever worker has it."""
    rows = RestoreJob.objects.using("system").filter(pk=job.pk, status__in=UNFINISHED)
    kept = msgspec.to_builtins(prepared, str_keys=True)
    is_wanted = rows.update(percent_complete=min(percent, 99), prepared=kept)
    if not is_wanted or _wanted_index(job) is None:
        raise _Unwanted("The job was cancelled.")


def _confirm(connection: Connection, job: RestoreJob) -> None:
    """Whoever deletes the index waits for this transaction, and finds what it has written."""
    row = connection.execute(
        "SELECT 1 FROM indexes_index WHERE id = %s AND state = %s FOR UPDATE",
        [job.target_index_id, IndexState.INITIALIZING.value],
    ).fetchone()
    if row is None:
        raise _Unwanted("The index was deleted.")


def _clear(job: RestoreJob) -> None:
    """The objects that were written for an index which nobody wants any more."""
    store = own_store()
    for path in list(store.list(f"indexes/{job.target_index_id}/")):
        store.delete(path)


def _finish(job: RestoreJob, status: RestoreStatus, **changed: object) -> None:
    rows = RestoreJob.objects.using("system").filter(pk=job.pk, status__in=UNFINISHED)
    if rows.update(status=status, finished_at=clock.now(), **changed):
        told = ": ".join(filter(None, [status.label, str(changed.get("failure", ""))]))
        note_step(job.organization_id, job.pk, told)


def _note_failure(job: RestoreJob, error: Exception) -> None:
    """What is damaged or gone stays so: only what may pass is tried again."""
    message = error.message if isinstance(error, StonepineError) else type(error).__name__
    _log.warning("restore_failed", job_id=str(job.pk), error=message)
    RestoreJob.objects.using("system").filter(pk=job.pk).update(attempts=F("attempts") + 1)
    note_step(job.organization_id, job.pk, f"Try {job.attempts + 1} failed: {message}")
    if job.attempts + 1 < MAX_ATTEMPTS and not isinstance(error, DataLoss | NotFound):
        return
    rows = Index.objects.using("system").filter(pk=job.target_index_id)
    rows.filter(state=IndexState.INITIALIZING).update(
        state=IndexState.INITIALIZATION_FAILED,
        failure=message[:500],
        observed_generation=F("generation"),
    )
    _finish(job, RestoreStatus.FAILED, failure=message[:500])
    notify_state(job.target_index_id)
