"""Which keys were used, when and from where: noted in memory, carried to the control plane."""

import threading

import structlog

from kit import clock
from kit.errors import StonepineError
from storage.database import Connection, connect
from storage.key_uses import KeyUse, Renewal, note_uses, renew_digests

_NOTED_EVERY_S = 60.0
_MOST = 100_000
_STATEMENT_TIMEOUT = "5s"

_log = structlog.get_logger()


class KeyUses:
    """From any thread; a use costs a request one look into a dictionary, mostly."""

    def __init__(self) -> None:
        self._noted_s: dict[str, float] = {}
        self._uses: dict[str, KeyUse] = {}
        self._renewals: dict[str, Renewal] = {}
        self._lock = threading.Lock()

    def note(self, public_id: str, address: str | None) -> None:
        now_s = clock.monotonic_s()
        noted_s = self._noted_s.get(public_id)
        if noted_s is not None and now_s - noted_s < _NOTED_EVERY_S:
            return
        with self._lock:
            if len(self._noted_s) >= _MOST:
                self._noted_s.clear()
            self._noted_s[public_id] = now_s
            self._uses[public_id] = KeyUse(public_id, clock.now(), address)

    def renew(self, renewal: Renewal) -> None:
        with self._lock:
            self._renewals[renewal.public_id] = renewal

    def take(self) -> tuple[list[KeyUse], list[Renewal]]:
        """What was noted since it was last taken."""
        with self._lock:
            uses, self._uses = list(self._uses.values()), {}
            renewals, self._renewals = list(self._renewals.values()), {}
        return uses, renewals


class KeyUseReporter:
    """A thread and a connection apart: no request waits for it. What cannot be told is dropped:
    a use is noted again a minute later, a digest renewed at the next look-up."""

    def __init__(self, url: str, uses: KeyUses, *, every_s: float) -> None:
        self._url = url
        self._uses = uses
        self._every_s = every_s
        self._connection: Connection | None = None
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="key-uses", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Tell what is left, and end the thread."""
        self._is_stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_stopping.wait(self._every_s):
            self._round()
        self._round()
        self._drop()

    def _round(self) -> None:
        uses, renewals = self._uses.take()
        if not uses and not renewals:
            return
        try:
            if self._connection is None:
                self._connection = connect(self._url, name="key uses")
                self._connection.execute(f"SET statement_timeout = '{_STATEMENT_TIMEOUT}'")
            note_uses(self._connection, uses)
            renew_digests(self._connection, renewals)
        except StonepineError as error:
            _log.warning("key_uses.not_reported", reason=error.message)
            self._drop()
        except Exception:  # noqa: BLE001 - the thread has to go on; we get the traceback
            _log.exception("key_uses.not_reported")
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
