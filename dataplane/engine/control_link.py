"""What the engine hears of others while it serves: new manifests, deleted indexes, limits.

One non-blocking connection: LISTEN tells at once, and a look at the tables every few seconds
finds what a lost notice would have told.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

import psycopg
import structlog
from psycopg import pq, sql
from psycopg.conninfo import make_conninfo

from kit import clock
from storage.access_watch import CHANNEL as ACCESS_CHANNEL
from storage.database import connection_parameters
from storage.manifests import NOTICE_CHANNEL

_BACK_OFF_S = 1.0
_ANSWER_TIMEOUT_S = 10.0
_INDEXES_EVERY_S = 1.0
_MANIFESTS_EVERY_S = 10.0

_LISTEN = f"LISTEN {NOTICE_CHANNEL}; LISTEN {ACCESS_CHANNEL}".encode()
_INDEXES = sql.SQL("""SELECT index_id::text, coalesce(namespaces_per_index::text, ''),
        array_to_string(engines, ' '), coalesce(key_id::text, ''),
        (SELECT coalesce(max(version), 0)::text FROM dataplane_project_key k
            WHERE k.project_id = dataplane_index.project_id)
    FROM dataplane_index LEFT JOIN dataplane_allowance USING (org_id)
        LEFT JOIN dataplane_outer_key USING (project_id)
    WHERE index_id = ANY($1::uuid[]) AND state <> 'Terminating' AND {engine} = ANY(engines)
        AND coalesce(node_name, {node}) = {node} AND disabled_at IS NULL""")
_MANIFESTS = b"""SELECT index_id::text, namespace_id::text, manifest_version::text
    FROM log_namespace WHERE index_id = ANY($1::uuid[]) AND manifest_version > 0"""
_MANIFEST = b"""SELECT index_id::text, namespace_id::text, manifest_version::text
    FROM log_namespace WHERE namespace_id = $1::uuid"""

_log = structlog.get_logger()

Rows = list[list[str]]
Question = tuple[bytes, str, Callable[[Rows], None]]


class IndexFacts(NamedTuple):
    """What holds of an index now: how many namespaces it may have (None: any number), which engines
    serve it, which outer key is around its project's, and the newest version of that one."""

    index_id: UUID
    namespaces_limit: int | None
    engines: tuple[int, ...]
    outer_key: UUID | None
    key_version: int


class ControlLink:
    """A source of the loop.

    `open_indexes` tells what is of interest; `on_manifest` is called with the current version of
    a namespace's manifest, again and again; `on_index` alike with what holds of an index; `on_gone`
    for an index that was deleted, that is not served by this engine any more, or whose project's
    outer key is disabled.
    """

    def __init__(
        self,
        url: str,
        *,
        node: str,
        engine: int,
        open_indexes: Callable[[], Sequence[UUID]],
        on_manifest: Callable[[UUID, UUID, int], None],
        on_index: Callable[[IndexFacts], None],
        on_gone: Callable[[UUID], None],
    ) -> None:
        told = connection_parameters(url, application_name="stonepine engine notices")
        self._conninfo = make_conninfo(**told).encode()
        ours = {"node": sql.Literal(node), "engine": sql.Literal(engine)}
        self._indexes = _INDEXES.format(**ours).as_bytes(None)
        self._open_indexes = open_indexes
        self._on_manifest = on_manifest
        self._on_index = on_index
        self._on_gone = on_gone
        self._connection: pq.abc.PGconn | None = None
        self._polling = pq.PollingStatus.WRITING
        self._is_ready = False
        self._asked: Question | None = None
        self._questions: list[Question] = []
        self._due_at = 0.0
        self._indexes_at = self._manifests_at = 0.0

    def fileno(self) -> int:
        return -1 if self._connection is None else self._connection.socket

    @property
    def wants_write(self) -> bool:
        if self._connection is None:
            return False
        return not self._is_ready and self._polling == pq.PollingStatus.WRITING

    def wait_s(self) -> float | None:
        due_at = self._due_at
        if self._is_ready and self._asked is None:
            due_at = min(self._indexes_at, self._manifests_at)
        return max(0.0, due_at - clock.monotonic_s())

    def on_ready(self) -> None:
        try:
            self._advance()
        except psycopg.OperationalError as error:
            _log.warning("notices.lost", reason=str(error).strip())
            self._drop()

    def close(self) -> None:
        self._drop()

    def _advance(self) -> None:
        if self._connection is None:
            if clock.monotonic_s() >= self._due_at:
                self._connect()
        elif not self._is_ready:
            self._sign_in(self._connection)
        else:
            self._serve(self._connection)
        if self._connection is not None and clock.monotonic_s() >= self._due_at and self._is_late:
            raise psycopg.OperationalError("no answer in time")

    @property
    def _is_late(self) -> bool:
        return not self._is_ready or self._asked is not None

    def _connect(self) -> None:
        self._connection = pq.PGconn.connect_start(self._conninfo)
        self._polling = pq.PollingStatus.WRITING
        self._due_at = clock.monotonic_s() + _ANSWER_TIMEOUT_S
        if self._connection.status == pq.ConnStatus.BAD:
            raise psycopg.OperationalError("the server does not accept connections")

    def _sign_in(self, connection: pq.abc.PGconn) -> None:
        self._polling = pq.PollingStatus(connection.connect_poll())
        if self._polling == pq.PollingStatus.FAILED:
            raise psycopg.OperationalError(connection.get_error_message())
        if self._polling == pq.PollingStatus.OK:
            connection.nonblocking = 1
            self._is_ready = True
            # What changed before it listened is found by looking.
            self._indexes_at = self._manifests_at = 0.0
            self._asked = (_LISTEN, "", lambda _: None)
            self._due_at = clock.monotonic_s() + _ANSWER_TIMEOUT_S
            connection.send_query(_LISTEN)
            connection.flush()

    def _serve(self, connection: pq.abc.PGconn) -> None:
        connection.consume_input()
        connection.flush()
        while notice := connection.notifies():
            self._take_notice(notice.relname, notice.extra.decode("ascii", "replace"))
        if self._asked is not None and not connection.is_busy():
            self._take_answer(connection, self._asked)
        if self._asked is None:
            self._plan()
            if self._questions:
                self._ask(connection, self._questions.pop(0))

    def _take_notice(self, channel: bytes, text: str) -> None:
        if channel == ACCESS_CHANNEL.encode():
            self._indexes_at = 0.0
            return
        parts = text.split()
        if len(parts) == 2 and _is_uuid(parts[1]):
            self._questions.append((_MANIFEST, parts[1], self._see_manifests))

    def _plan(self) -> None:
        now = clock.monotonic_s()
        names = "{" + ",".join(str(index_id) for index_id in self._open_indexes()) + "}"
        if now >= self._indexes_at:
            self._indexes_at = now + _INDEXES_EVERY_S
            self._questions.append((self._indexes, names, self._see_indexes(self._open_indexes())))
        if now >= self._manifests_at:
            self._manifests_at = now + _MANIFESTS_EVERY_S
            self._questions.append((_MANIFESTS, names, self._see_manifests))

    def _ask(self, connection: pq.abc.PGconn, question: Question) -> None:
        statement, parameter, _ = question
        connection.send_query_params(statement, [parameter.encode()])
        connection.flush()
        self._asked = question
        self._due_at = clock.monotonic_s() + _ANSWER_TIMEOUT_S

    def _take_answer(self, connection: pq.abc.PGconn, question: Question) -> None:
        """Of one question all results have come: `is_busy` is only false between results."""
        rows: Rows = []
        while not connection.is_busy():
            result = connection.get_result()
            if result is None:
                self._asked = None
                question[2](rows)
                return
            if result.status not in {pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK}:
                raise psycopg.OperationalError(connection.get_error_message())
            rows += _rows(result)

    def _see_indexes(self, asked: Sequence[UUID]) -> Callable[[Rows], None]:
        def see(rows: Rows) -> None:
            found = {UUID(index_id): told for index_id, *told in rows}
            for index_id in asked:
                if index_id in found:
                    limit, engines, key_id, version = found[index_id]
                    facts = IndexFacts(
                        index_id,
                        int(limit) if limit else None,
                        tuple(map(int, engines.split())),
                        UUID(key_id) if key_id else None,
                        int(version),
                    )
                    self._on_index(facts)
                else:
                    self._on_gone(index_id)

        return see

    def _see_manifests(self, rows: Rows) -> None:
        for index_id, namespace_id, version in rows:
            self._on_manifest(UUID(index_id), UUID(namespace_id), int(version))

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.finish()
        self._connection, self._is_ready, self._asked = None, False, None
        self._questions.clear()
        self._due_at = clock.monotonic_s() + _BACK_OFF_S


def _rows(result: pq.abc.PGresult) -> Rows:
    return [
        [(result.get_value(row, column) or b"").decode() for column in range(result.nfields)]
        for row in range(result.ntuples)
    ]


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
