"""Work that the front does beside its requests: rounds on a thread and connection apart."""

import threading
from abc import ABC, abstractmethod

import structlog

from kit.errors import StonepineError
from storage.database import Connection, connect

_log = structlog.get_logger()


class Rounds(ABC):
    """A round every `every_s` seconds, and a last one when it is stopped. No request waits for it.

    A round that fails is logged under the name, its connection dropped, and the next one comes.
    """

    def __init__(
        self, url: str, *, name: str, every_s: float, statement_timeout_s: int = 10
    ) -> None:
        self._url = url
        self._name = name
        self._every_s = every_s
        self._statement_timeout_s = statement_timeout_s
        self._connection: Connection | None = None
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Make the last round, and end the thread."""
        self._is_stopping.set()
        self._thread.join()

    @abstractmethod
    def _round(self, *, is_last: bool) -> None: ...

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = connect(self._url, name=self._name)
            self._connection.execute(f"SET statement_timeout = '{self._statement_timeout_s}s'")
        return self._connection

    def _run(self) -> None:
        while not self._is_stopping.wait(self._every_s):
            self._guarded(is_last=False)
        self._guarded(is_last=True)
        self._drop()

    def _guarded(self, *, is_last: bool) -> None:
        try:
            self._round(is_last=is_last)
        except StonepineError as error:
            _log.warning(f"{self._name}.not_reported", reason=error.message)
            self._drop()
        except Exception:  # noqa: BLE001 - the thread has to go on; we get the traceback
            _log.exception(f"{self._name}.not_reported")
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
