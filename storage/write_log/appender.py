"""The appender: many writers' batches into one transaction at a time, without ever blocking."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from kit import clock
from kit.errors import Aborted, Internal, StonepineError, StorageFull, Unavailable
from storage.write_log.batches import Completed, Failed, PendingBatch
from storage.write_log.errors import Fenced
from storage.write_log.session import LogSession, LostConnection, Phase, session_conninfo
from storage.write_log.statements import Refusal

_log = structlog.get_logger()

# A PostgreSQL that restarts is back within a second or two, and an attempt costs a millisecond.
_FIRST_BACK_OFF_S, _LAST_BACK_OFF_S = 0.05, 0.2
_SIGN_IN_TIMEOUT_S = 3.0
_DISK_FULL = "53100"
_COMES_BETWEEN = {"23502", "23505"}  # the place in the log is taken, or the one before is not
# Not the fault of one batch: resources, operator intervention, I/O, lock and transaction state.
_OF_THE_SERVER = ("53", "57", "58", "55", "40", "25")


@dataclass(frozen=True, slots=True)
class Limits:
    """`outage_timeout_s`: how long a batch waits for a connection. `lock_timeout_s`: how long for
    the lease or another lock. `commit_timeout_s`: how long for the answer to its transaction,
    before the connection is given up and the outcome unknown."""

    transaction_bytes: int = 8 << 20
    outage_timeout_s: float = 1.0
    lock_timeout_s: float = 1.0
    commit_timeout_s: float = 10.0


class LogAppender:
    """For a single-threaded loop over `selectors`.

    Watch `fileno()` for reading, and for writing where `wants_write`; call `on_ready()` when it
    is ready and when `wait_s()` is over; then `take_done()`. The number changes with every new
    connection and is -1 between two. What is submitted while a transaction is in flight goes
    into the next one. Batches of one namespace are submitted, and come back, in LSN order; when
    one fails, those behind it fail too (of the whole index, where the index has to be opened
    again: `Fenced` and indeterminate failures).
    """

    def __init__(self, url: str, limits: Limits | None = None) -> None:
        self._conninfo = session_conninfo(url)
        self._limits = limits or Limits()
        self._session: LogSession | None = None
        self._since = clock.monotonic_s()  # when the session or its transaction began
        self._retry_at = 0.0
        self._back_off_s = _FIRST_BACK_OFF_S
        self._queue: deque[tuple[float, PendingBatch]] = deque()
        self._in_flight: list[tuple[float, PendingBatch]] = []
        self._done: list[Completed | Failed] = []
        self.pending_bytes = 0

    def fileno(self) -> int:
        return -1 if self._session is None else self._session.fileno()

    @property
    def wants_write(self) -> bool:
        session = self._session
        if session is None:
            return False
        return session.wants_write or (session.phase is Phase.IDLE and bool(self._queue))

    @property
    def is_connected(self) -> bool:
        return self._session is not None and self._session.phase not in {
            Phase.SIGNING_IN,
            Phase.SETTING_UP,
        }

    def wait_s(self) -> float | None:
        """Seconds until `on_ready` wants to be called even if nothing is ready; None: never."""
        times = [self._deadline()]
        if self._session is None:
            times.append(self._retry_at)
        if self._queue and not self.is_connected:
            times.append(self._queue[0][0] + self._limits.outage_timeout_s)
        due = min((at for at in times if at is not None), default=None)
        return None if due is None else max(0.0, due - clock.monotonic_s())

    def submit(self, batch: PendingBatch) -> None:
        """Queue the batch. Its outcome comes out of `take_done`, never out of here."""
        self._queue.append((clock.monotonic_s(), batch))
        self.pending_bytes += len(batch.sealed)

    def take_done(self) -> list[Completed | Failed]:
        """The outcomes since the last call, in the order of the log."""
        done, self._done = self._done, []
        return done

    def on_ready(self) -> None:
        """Move everything on as far as it goes without waiting. Raises nothing."""
        try:
            self._advance()
        except LostConnection as reason:
            self._lose(str(reason))
        self._expire()

    def close(self) -> None:
        """Give up the connection; what was pending fails, and what was in flight is unknown."""
        self._drop_session()
        self._give_up_in_flight()
        self._fail(lambda _: True, Unavailable("The engine is stopping.", retry_after_s=1))

    def _advance(self) -> None:
        now = clock.monotonic_s()
        if self._session is None:
            if now < self._retry_at:
                return
            self._since = now
            self._session = LogSession(
                self._conninfo,
                lock_timeout_s=self._limits.lock_timeout_s,
                commit_timeout_s=self._limits.commit_timeout_s,
            )
        self._session.advance()
        if self._session.phase is Phase.IDLE:
            self._back_off_s = _FIRST_BACK_OFF_S
            self._settle(self._session)
            self._begin(self._session)

    def _begin(self, session: LogSession) -> None:
        if not self._queue:
            return
        size = 0
        while self._queue:
            batch = self._queue[0][1]
            size += len(batch.sealed)
            if self._in_flight and (batch.is_alone or size > self._limits.transaction_bytes):
                break
            self._in_flight.append(self._queue.popleft())
            if batch.is_alone:
                break
        self._since = clock.monotonic_s()
        session.begin([batch for _, batch in self._in_flight])

    def _settle(self, session: LogSession) -> None:
        if not self._in_flight:
            return
        group, self._in_flight = self._in_flight, []
        refusal = session.outcome.refusal
        if refusal is None:
            for (_, batch), committed_at in zip(group, session.outcome.committed_at, strict=True):
                self._complete(batch, committed_at)
            return
        self._queue.extendleft(reversed(group))
        self._refuse([batch for _, batch in group], refusal)

    def _refuse(self, group: list[PendingBatch], refusal: Refusal) -> None:
        """Fail whom the refusal concerns; the others stay in the queue and are sent again."""
        culprit = None if refusal.position is None else group[refusal.position]
        _log.warning("log.refused", sqlstate=refusal.sqlstate, column=refusal.column)
        if culprit is not None and refusal.is_fenced:
            place = (culprit.index_id, culprit.epoch)
            self._fail(lambda batch: (batch.index_id, batch.epoch) == place, Fenced())
        elif culprit is None or refusal.sqlstate.startswith(_OF_THE_SERVER):
            self._fail_with_followers(group, _error_of(refusal))
        else:
            self._fail_with_followers([culprit], _error_of(refusal))

    def _lose(self, reason: str) -> None:
        _log.warning("log.connection_lost", reason=reason, in_flight=len(self._in_flight))
        self._drop_session()
        self._retry_at = clock.monotonic_s() + self._back_off_s
        self._back_off_s = min(2 * self._back_off_s, _LAST_BACK_OFF_S)
        self._give_up_in_flight()

    def _give_up_in_flight(self) -> None:
        group, self._in_flight = self._in_flight, []
        for _, batch in group:
            error = Unavailable(
                "The write may or may not have been applied: send it again.", retry_after_s=1
            )
            self._finish(batch, Failed(batch, error, indeterminate=not batch.is_probe))
        indexes = {batch.index_id for _, batch in group if not batch.is_probe}
        self._fail(lambda batch: batch.index_id in indexes, _unreachable())

    def _expire(self) -> None:
        now = clock.monotonic_s()
        deadline = self._deadline()
        if deadline is not None and now >= deadline:
            self._lose("no answer in time")
        if not self.is_connected:
            latest = now - self._limits.outage_timeout_s
            late = [batch for since, batch in self._queue if since <= latest]
            if late:
                self._fail_with_followers(late, _unreachable())

    def _deadline(self) -> float | None:
        if self._session is None or self._session.phase is Phase.IDLE:
            return None
        is_busy = self.is_connected
        return self._since + (self._limits.commit_timeout_s if is_busy else _SIGN_IN_TIMEOUT_S)

    def _fail_with_followers(self, batches: list[PendingBatch], error: StonepineError) -> None:
        heads: dict[object, int] = {}
        for batch in batches:
            heads.setdefault(_line(batch), batch.lsn)
        self._fail(lambda batch: batch.lsn >= heads.get(_line(batch), batch.lsn + 1), error)

    def _fail(self, concerns: Callable[[PendingBatch], bool], error: StonepineError) -> None:
        kept: deque[tuple[float, PendingBatch]] = deque()
        for since, batch in self._queue:
            if concerns(batch):
                self._finish(batch, Failed(batch, error))
            else:
                kept.append((since, batch))
        self._queue = kept

    def _complete(self, batch: PendingBatch, committed_at: datetime) -> None:
        self._finish(batch, Completed(batch, committed_at))

    def _finish(self, batch: PendingBatch, outcome: Completed | Failed) -> None:
        self.pending_bytes -= len(batch.sealed)
        self._done.append(outcome)

    def _drop_session(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


def _line(batch: PendingBatch) -> tuple[object, ...]:
    """What a batch stands in line with: the namespace's others."""
    return batch.index_id, batch.namespace_id, batch.is_probe


def _error_of(refusal: Refusal) -> StonepineError:
    if refusal.sqlstate == _DISK_FULL:
        return StorageFull("The write log's disk is full: free some space.", retry_after_s=5)
    if refusal.sqlstate in _COMES_BETWEEN:
        return Aborted("Another change came between: send the write again.")
    if refusal.sqlstate.startswith(_OF_THE_SERVER):
        return _unreachable()
    return Internal("The write could not be logged.")


def _unreachable() -> Unavailable:
    return Unavailable("The write log cannot take writes now: try again.", retry_after_s=1)
