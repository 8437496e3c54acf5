"""One non-blocking libpq session to the write log: sign-in, set-up, one transaction at a time."""

from collections.abc import Sequence
from enum import Enum, auto

import psycopg
import structlog
from psycopg import pq
from psycopg.conninfo import make_conninfo
from psycopg.pq.abc import PGresult

from storage import events
from storage.database import connection_parameters
from storage.write_log import statements
from storage.write_log.batches import PendingBatch
from storage.write_log.statements import Outcome

_log = structlog.get_logger()


class LostConnection(Exception):
    """The session is over; the text is fit for a log."""


class Phase(Enum):
    SIGNING_IN = auto()
    SETTING_UP = auto()
    IDLE = auto()
    COMMITTING = auto()
    ROLLING_BACK = auto()


def session_conninfo(url: str) -> bytes:
    """What `LogSession` is opened with; raises for a URL that libpq cannot read."""
    name = "stonepine log appender"
    return make_conninfo(**connection_parameters(url, application_name=name)).encode()


class LogSession:
    """Call `advance()` whenever the socket is ready (and once after `begin`), then look at
    `phase`; once IDLE again, `outcome` is that of the transaction.

    Every method may raise `LostConnection`; the session is then good for nothing but `close`.
    """

    def __init__(self, conninfo: bytes, *, lock_timeout_s: float, commit_timeout_s: float) -> None:
        timeouts = (lock_timeout_s, commit_timeout_s)
        self._timeouts = [f"{round(1000 * one)}ms".encode() for one in timeouts]
        self._connection = pq.PGconn.connect_start(conninfo)
        self._polling = pq.PollingStatus.WRITING
        self._positions: list[int | None] = []
        self._results: list[PGresult] = []
        self._ending = statements.COMMIT
        self._is_flushed = True
        self.phase = Phase.SIGNING_IN
        self.outcome = Outcome()
        if self._connection.status == pq.ConnStatus.BAD:
            raise LostConnection(self._reason())

    def fileno(self) -> int:
        return self._connection.socket

    @property
    def wants_write(self) -> bool:
        if self.phase is Phase.SIGNING_IN:
            return self._polling == pq.PollingStatus.WRITING
        return not self._is_flushed

    def close(self) -> None:
        self._connection.finish()

    def begin(self, batches: Sequence[PendingBatch]) -> None:
        """Send one transaction of these batches, or of one probe that is rolled back."""
        try:
            self._begin(batches)
        except psycopg.OperationalError as error:
            raise LostConnection(self._reason()) from error

    def _begin(self, batches: Sequence[PendingBatch]) -> None:
        self._ending = statements.ROLLBACK if batches[0].is_probe else statements.COMMIT
        self._command(statements.BEGIN)
        for position, batch in enumerate(batches):
            if batch.new_namespace is not None:
                values = statements.namespace_values(batch, batch.new_namespace)
                self._execute(b"namespace", values, position)
            name = b"probe" if batch.is_probe else b"append"
            self._execute(name, statements.batch_values(batch), position)
            if batch.event is not None:
                self._connection.send_query_params(events.STATEMENT, [batch.event])
                self._positions.append(position)
        self._command(self._ending)
        self._send(Phase.COMMITTING)

    def advance(self) -> None:
        """Read and write whatever is possible without waiting."""
        try:
            if self.phase is Phase.SIGNING_IN:
                self._advance_sign_in()
                return
            self._connection.consume_input()
            self._is_flushed = self._connection.flush() == 0
            self._collect()
        except psycopg.OperationalError as error:
            raise LostConnection(self._reason()) from error

    def _advance_sign_in(self) -> None:
        self._polling = pq.PollingStatus(self._connection.connect_poll())
        if self._polling == pq.PollingStatus.FAILED:
            raise LostConnection(self._reason())
        if self._polling == pq.PollingStatus.OK:
            self._connection.nonblocking = 1
            self._connection.enter_pipeline_mode()
            self._command(statements.SETUP, [*self._timeouts])
            for name, statement, types in statements.PREPARED:
                self._connection.send_prepare(name, statement, types)
                self._positions.append(None)
            self._send(Phase.SETTING_UP)

    def _command(self, statement: bytes, values: statements.Values | None = None) -> None:
        self._connection.send_query_params(statement, values)
        self._positions.append(None)

    def _execute(self, name: bytes, values: statements.Values, position: int) -> None:
        binary = pq.Format.BINARY
        self._connection.send_query_prepared(name, values, [binary] * len(values), binary)
        self._positions.append(position)

    def _send(self, phase: Phase) -> None:
        self._connection.pipeline_sync()
        self._is_flushed = self._connection.flush() == 0
        self.phase = phase

    def _collect(self) -> None:
        was_end = False
        while self.phase is not Phase.IDLE and not self._connection.is_busy():
            result = self._connection.get_result()
            is_end = result is None  # of one command's results; twice: nothing is to come
            if self._connection.status == pq.ConnStatus.BAD or (is_end and was_end):
                raise LostConnection(self._reason())
            was_end = is_end
            if result is None:
                continue
            if result.status == pq.ExecStatus.PIPELINE_SYNC:
                self._finish()
            else:
                self._results.append(result)

    def _finish(self) -> None:
        positions, results = self._positions, self._results
        self._positions, self._results = [], []
        if len(positions) != len(results):
            raise LostConnection("the answers of the server do not match the commands")
        if self.phase is Phase.SETTING_UP:
            _check_set_up(results)
        elif self.phase is Phase.COMMITTING:
            self.outcome = statements.read_outcome(positions, results, self._ending)
            if self.outcome.refusal is not None:
                self._command(statements.ROLLBACK)
                self._send(Phase.ROLLING_BACK)
                return
        self.phase = Phase.IDLE

    def _reason(self) -> str:
        return self._connection.get_error_message().strip()


def _check_set_up(results: Sequence[PGresult]) -> None:
    for result in results:
        if result.status not in {pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK}:
            raise LostConnection(statements.error_text(result))
    synchronous_commit, fsync = (results[0].get_value(0, column) for column in (2, 3))
    if synchronous_commit == b"off":
        raise LostConnection(
            "synchronous_commit is off: acknowledged writes would be lost with the power. "
            "Set it to on for the write log's database or role."
        )
    if fsync != b"on":
        _log.warning("log.not_durable", reason="the server runs with fsync = off")
